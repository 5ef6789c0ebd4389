//! What numbers from several seeds say, and how sure one may be of it.

mod benjamini_hochberg;
mod best_of;
mod better;
mod bootstrap;
mod hodges_lehmann;
mod holm;
mod interval;
mod paired;
mod quantile;
mod replications;
mod scale;
mod share;
mod sign_test;
mod summary;
mod superiority;
mod time_to_target;
mod wilcoxon;

pub use benjamini_hochberg::benjamini_hochberg;
pub use best_of::{BestOf, StandardBaselines, best_of, standard_baselines};
pub use better::Better;
pub use bootstrap::Bootstrap;
pub use holm::holm;
pub use interval::Interval;
pub use paired::Paired;
pub use quantile::{median, quantile};
pub(crate) use quantile::{sorted, sorted_quantile};
pub use replications::Replications;
pub use scale::Scale;
pub use share::Share;
pub use sign_test::{SignTest, sign_test};
pub use summary::Summary;
pub use superiority::Superiority;
pub use time_to_target::{TimeRatio, time_ratio, time_to_target, value_at};
pub use wilcoxon::{Wilcoxon, WilcoxonMethod, wilcoxon};
