use std::{fmt, sync::Arc};

use cl_pacing::{PacingError, SelfPaced, Weighting};

/// A self-paced regulariser that was had by name, as one.
#[derive(Debug, Clone)]
pub(super) struct Regulariser(pub(super) Arc<dyn SelfPaced>);

impl fmt::Display for Regulariser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Weighting for Regulariser {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        self.0.weights(losses, weights)
    }
}

impl SelfPaced for Regulariser {
    fn lambda(&self) -> f64 {
        self.0.lambda()
    }

    fn with_lambda(&self, lambda: f64) -> Result<Arc<dyn SelfPaced>, PacingError> {
        self.0.with_lambda(lambda)
    }

    fn largest_lambda(&self) -> f64 {
        self.0.largest_lambda()
    }

    fn lambda_admitting(&self, loss: f64) -> f64 {
        self.0.lambda_admitting(loss)
    }

    fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
        self.0.objective(weights, losses)
    }
}
