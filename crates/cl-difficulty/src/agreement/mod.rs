//! How far scores agree with each other and with themselves, and one score out of several.

mod combination;
mod join;
mod matrix;
mod measure;
mod overlap;
mod stability;

pub use combination::{borda, mean_rank};
pub use join::{JoinedColumn, join};
pub use matrix::{Agreement, AgreementMatrix, Bootstrap, agreement_matrix};
pub use measure::RankCorrelation;
pub use overlap::top_overlap;
pub use stability::{Stability, stability};
