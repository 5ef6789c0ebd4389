//! Label issues by confident learning as aggregations.

mod columns;
mod cuts;
mod functions;
mod label_issues;
mod place;
mod quotas;

pub use columns::NoiseColumns;
pub(crate) use functions::noise_functions;
pub use label_issues::{LabelIssues, label_issues};
