//! Coresets: examples chosen by their features, so that few stand for all.
//!
//! Every method takes [`Features`], a slice with one example after the other in single or double precision, and returns
//! a [`Coreset`]: the order in which examples were chosen and what each added. All arithmetic is in double precision and
//! in one fixed order, so that a result is the same for any number of threads, and for the lazy optimisers as for the
//! naive ones.
//!
//! | method | chooses | nested |
//! |---|---|---|
//! | [`KCenter`] | the farthest from all chosen | yes |
//! | [`Herding`] | what keeps the chosen mean at the mean | yes |
//! | [`FacilityLocation`] | what serves all best | yes |
//! | [`GraphCut`] | the representative and not redundant | yes |
//! | [`LogDeterminant`] | what spans the largest volume | yes |
//! | [`SaturatedCoverage`] | what covers all up to a share | yes |
//! | [`FeatureBased`] | enough of every feature | yes |
//! | [`Disparity`] | the far apart | yes |
//! | [`Craig`] | representative gradients, with weights | within classes |
//! | [`GradMatch`] | gradients that sum to the full one, with weights | yes |
//! | [`Glister`] | what lowers the validation loss | yes |
//! | [`SieveStreaming`] | for any objective, in one pass | no |
//! | [`GreeDi`] | for any objective, from several machines | no |
//!
//! A new objective implements [`SubmodularObjective`] and has all of [`Greedy`]'s optimisers, [`SieveStreaming`] and
//! [`GreeDi`]; [`per_class`] makes any method choose within classes. Nested means: one run gives every smaller count.

mod craig;
mod disparity;
mod facility_location;
mod feature_based;
mod features;
mod glister;
mod grad_match;
mod graph_cut;
mod greedi;
mod greedy;
mod herding;
mod k_center;
mod kernel;
mod log_determinant;
mod objective;
mod per_class;
mod saturated_coverage;
mod sieve_streaming;
mod similarity;

pub use craig::Craig;
pub use disparity::Disparity;
pub use facility_location::FacilityLocation;
pub use feature_based::{Concave, FeatureBased};
pub use features::Features;
pub use glister::{Glister, ValidationTaylor};
pub use grad_match::GradMatch;
pub use graph_cut::{GraphCut, GraphCutForm};
pub use greedi::GreeDi;
pub use greedy::{Greedy, Optimizer, Ties};
pub use herding::Herding;
pub use k_center::{KCenter, Start};
pub use log_determinant::LogDeterminant;
pub use objective::{Bound, Coreset, SubmodularObjective};
pub use per_class::per_class;
pub use saturated_coverage::SaturatedCoverage;
pub use sieve_streaming::SieveStreaming;
pub use similarity::{Similarities, Similarity};
