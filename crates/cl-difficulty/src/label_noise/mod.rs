//! Which labels are wrong, and how many.

mod aum_threshold;
mod calibration;
mod confident_learning;
mod issues;
mod label_issue;
mod noise_rate;
mod quality;
mod sparse_counts;

pub use aum_threshold::ThresholdSamples;
pub use confident_learning::{ConfidentLearning, confident_class};
pub use issues::{IssueFilter, agrees_with_label};
pub use label_issue::LabelIssue;
pub use noise_rate::NoiseRate;
pub(crate) use quality::entropy;
pub use quality::{LabelQuality, confidence_weighted_entropy, normalized_margin};
