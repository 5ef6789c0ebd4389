//! Examples that say the same: exact copies, nearly equal features, nearly equal texts; and which of a group stays.
//!
//! | function | two examples are duplicates where |
//! |---|---|
//! | [`exact_duplicates`] | all numbers are equal |
//! | [`exact_texts`] | all characters are equal |
//! | [`NearDuplicates`] | the cosine of their features is at least a threshold (as SemDeDup) |
//! | [`MinHash`] | the Jaccard similarity of their word n-grams is at least a threshold |
//!
//! Duplicates of duplicates are duplicates: all give [`DuplicateGroups`], the components of the pairs found.

mod exact;
mod groups;
mod min_hash;
mod near;

pub use exact::{exact_duplicates, exact_texts};
pub use groups::{DuplicateGroups, Survivor, nearness_to_center};
pub use min_hash::{MinHash, MinHashReport};
pub use near::{NearDuplicates, NearReport};
