//! Schedules: the learning rate as a function of the update. A plain `f64` is the constant one.
//!
//! All count updates from 0. PyTorch's schedulers are usually stepped once per epoch: multiply their periods by
//! the updates of an epoch.

mod cosine;
mod exponential;
mod plateau;
mod step;
mod warm_up;

pub use cosine::Cosine;
pub use exponential::Exponential;
pub use plateau::Plateau;
pub use step::Step;
pub use warm_up::WarmUp;

use crate::{error::ModelError, plan::LearningRate};

impl<R: LearningRate + ?Sized> LearningRate for &R {
    fn at(&self, step: u64) -> f64 {
        (**self).at(step)
    }
}

impl<R: LearningRate + ?Sized> LearningRate for Box<R> {
    fn at(&self, step: u64) -> f64 {
        (**self).at(step)
    }
}

fn check_positive(argument: &'static str, value: f64) -> Result<f64, ModelError> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(ModelError::argument(argument, value, "a finite number above 0"))
}

fn check_factor(argument: &'static str, value: f64) -> Result<f64, ModelError> {
    if value > 0.0 && value <= 1.0 {
        return Ok(value);
    }
    Err(ModelError::argument(argument, value, "a number in (0, 1]"))
}

fn check_count(argument: &'static str, value: u64) -> Result<u64, ModelError> {
    if value > 0 {
        return Ok(value);
    }
    Err(ModelError::argument(argument, value, "at least 1"))
}
