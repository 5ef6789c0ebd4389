//! The honest comparison of orders, weightings and pruning with plain shuffling where the training is one's own: what it scored,
//! arm by arm and seed by seed, is judged as [`compare`](crate::compare) judges its own runs, and shown as it shows them.

mod findings;
mod page;
mod scores;
mod words;

pub use findings::{ArmFindings, BaselineFindings, Difference, OwnComparison, Run};
pub use scores::{ArmKind, OwnTraining, TrainedArm, Unit};

pub use crate::judging::{Count, Decision};
