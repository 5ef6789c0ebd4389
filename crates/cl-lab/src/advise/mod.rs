//! One page of advice on one's data: what is in them, what is wrong with them, what can go, and which order helps.

mod advice;
mod balance;
mod commands;
mod duplicates;
mod folds;
mod forgetting;
mod given_scores;
mod held_out;
mod keep;
mod learned;
mod noise;
mod of_data;
mod of_files;
mod options;
mod order;
mod outliers;
mod plan;
mod sentence;
mod tuning;

pub use advice::{Advice, HeldOutExamples, LogFacts, Section};
pub use balance::{Balance, ClassCount, Spread};
pub use commands::{Command, quoted};
pub use duplicates::{Duplicates, Exact, MOST_LISTED, Near, NearPair};
pub use forgetting::Forgetting;
pub use given_scores::{ClassKept, GivenScores, ScoreFacts};
pub use keep::{Keep, KeepPoint, KeepVerdict, PruningRule};
pub use noise::{Noise, Rate, RestsOn, Suspect};
pub use of_data::{advise, advise_with_log};
pub use of_files::advise_files;
pub use options::Options;
pub use order::{OrderAdvice, OrderArm, OrderBudget};
pub use outliers::{Outlier, Outliers};
pub use plan::{KeepPlan, NoisePlan, OrderPlan, Plan};
pub use sentence::{CannotSay, Fact};
pub use tuning::Grid;
