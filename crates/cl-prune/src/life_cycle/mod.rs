//! First from easy to hard, then without what the model has mastered.

mod mastery;
mod maturity;
mod retirement;
mod sampler;

pub use mastery::{Learned, Mastery};
pub use maturity::{Maturity, Plateau};
pub use retirement::{MasteryScore, Retirement};
pub use sampler::{LifeCycleSampler, Switch};
