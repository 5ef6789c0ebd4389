use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{at_quantile, self_paced::SelfPaced, self_paced_lambda::check_mu};
use crate::{error::PacingError, pacing::Pacing};

/// How the age lambda of a self-paced learner goes on from epoch to epoch.
///
/// ```text
/// growth:     lambda_0 that of the regulariser,   lambda_{e+1} = mu lambda_e
/// quantile:   lambda_e admits the k_e lowest losses of the epoch,   k_e = ceil(q_e n),   q_e = pacing(e / E)
/// ```
///
/// Losses fall while a learner learns, so that a ladder of fixed factors may admit everything early; a quantile admits
/// as many as it says, and with it any [`Pacing`] paces self-paced learning. Losses equal to the k-th lowest are
/// admitted with it. Either stops at the regulariser's [largest age](SelfPaced::largest_lambda).
///
/// ```
/// use cl_pacing::{Annealing, Linear};
///
/// assert_eq!(Annealing::growth(1.3)?.to_string(), "growth (mu = 1.3)");
/// let quantile = Annealing::quantile(Linear::new(0.8, 0.2)?, 10)?;
/// assert_eq!(quantile.to_string(), "quantile (linear (a = 0.8, b = 0.2), 10 epochs)");
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Annealing(Rule);

#[derive(Debug, Clone)]
enum Rule {
    Growth { mu: f64 },
    Quantile { pacing: Arc<dyn Pacing>, n_epochs: u64 },
}

/// How far an alternation is: the epoch chosen last and its age.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Age {
    /// The epoch, counted from 0.
    pub epoch: u64,
    /// Its lambda.
    pub lambda: f64,
}

impl Annealing {
    /// By the factor mu every epoch, from the age that the regulariser has.
    ///
    /// # Errors
    /// Unless mu is finite and above 1.
    pub fn growth(mu: f64) -> Result<Self, PacingError> {
        check_mu(mu)?;
        Ok(Self(Rule::Growth { mu }))
    }

    /// So that the fraction of `pacing` counts, at progress e / `n_epochs` in epoch e. At least one example does.
    ///
    /// # Errors
    /// Unless there is at least one epoch.
    pub fn quantile(pacing: impl Pacing + 'static, n_epochs: u64) -> Result<Self, PacingError> {
        PacingError::check("n_epochs", n_epochs, n_epochs > 0, "at least 1, the length of the pacing")?;
        Ok(Self(Rule::Quantile { pacing: Arc::new(pacing), n_epochs }))
    }

    /// The age of the epoch after `last` (of the first where there is none), for these losses.
    pub(super) fn next(&self, first: &dyn SelfPaced, last: Option<Age>, losses: &[f64]) -> f64 {
        match (&self.0, last) {
            (Rule::Growth { .. }, None) => first.lambda(),
            (Rule::Growth { mu }, Some(last)) => (last.lambda * mu).min(first.largest_lambda()),
            (Rule::Quantile { pacing, n_epochs }, last) => {
                let epoch = last.map_or(0, |last| last.epoch.saturating_add(1));
                at_quantile::lambda(first, pacing.fraction(epoch as f64 / *n_epochs as f64), losses)
            }
        }
    }
}

impl fmt::Display for Annealing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Rule::Growth { mu } => write!(formatter, "growth (mu = {mu})"),
            Rule::Quantile { pacing, n_epochs } => write!(formatter, "quantile ({pacing}, {n_epochs} epochs)"),
        }
    }
}
