use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::{check_factor, check_positive};
use crate::{error::ModelError, plan::LearningRate};

/// A learning rate that falls when a metric has stopped improving.
///
/// ```text
/// better      metric < best (1 - threshold)
/// otherwise   one more bad observation; after more than `patience` in a row, eta <- max(eta factor, least)
/// ```
///
/// PyTorch's `ReduceLROnPlateau` with mode `min`, relative threshold 1e-4 and no cooldown: lower is better, so
/// give a loss, or an accuracy negated. A change of at most 1e-8 is not made. [`observe`](Self::observe) takes
/// the metric of each validation; the state serialises and a clone goes its own way. A `&Plateau` is a learning
/// rate, too: a trainer holds one while its owner observes. O(1).
///
/// ```
/// use cl_model::{LearningRate, Plateau};
///
/// let schedule = Plateau::new(0.1, 0.5, 1, 0.0)?;
/// [1.0, 0.9, 0.9].map(|metric| schedule.observe(metric)); // one bad observation is endured
/// assert_eq!(schedule.at(0), 0.1);
/// schedule.observe(0.95);
/// assert_eq!(schedule.at(0), 0.05);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Plateau {
    factor: f64,
    patience: u64,
    least: f64,
    state: Mutex<State>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    factor: f64,
    patience: u64,
    least: f64,
    state: State,
}

impl TryFrom<Unchecked> for Plateau {
    type Error = ModelError;

    fn try_from(Unchecked { factor, patience, least, state }: Unchecked) -> Result<Self, ModelError> {
        let plateau = Self::new(state.learning_rate, factor, patience, least)?;
        if state.best.is_some_and(f64::is_nan) {
            return Err(ModelError::argument("best", f64::NAN, "a number"));
        }
        if state.n_bad > patience {
            return Err(ModelError::argument("n_bad", state.n_bad, "at most the patience"));
        }
        Ok(Self { state: Mutex::new(state), ..plateau })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct State {
    learning_rate: f64,
    /// None before the first observation: JSON knows no infinity.
    best: Option<f64>,
    n_bad: u64,
}

const THRESHOLD: f64 = 1e-4;
const SMALLEST_CHANGE: f64 = 1e-8;

impl Plateau {
    /// From `initial`, multiplied by `factor` after more than `patience` observations without improvement, and
    /// never below `least`.
    ///
    /// # Errors
    /// Where the start is not positive, the factor outside (0, 1], or the least rate negative or above the start.
    pub fn new(initial: f64, factor: f64, patience: u64, least: f64) -> Result<Self, ModelError> {
        let initial = check_positive("initial", initial)?;
        if !(0.0..=initial).contains(&least) {
            return Err(ModelError::argument("least", least, "a number from 0 to the initial learning rate"));
        }
        let state = Mutex::new(State { learning_rate: initial, best: None, n_bad: 0 });
        Ok(Self { factor: check_factor("factor", factor)?, patience, least, state })
    }

    /// Takes the metric of one validation; NaN is no improvement.
    pub fn observe(&self, metric: f64) {
        // A metric of 0 or below turns the relative threshold around, as PyTorch's does.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let better = match state.best {
            None => !metric.is_nan(),
            Some(best) => metric < best * (1.0 - THRESHOLD),
        };
        if better {
            (state.best, state.n_bad) = (Some(metric), 0);
        } else {
            state.n_bad = state.n_bad.saturating_add(1);
        }
        if state.n_bad > self.patience {
            let reduced = (state.learning_rate * self.factor).max(self.least);
            if state.learning_rate - reduced > SMALLEST_CHANGE {
                state.learning_rate = reduced;
            }
            state.n_bad = 0;
        }
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Plateau {
    fn clone(&self) -> Self {
        Self { state: Mutex::new(self.state()), ..*self }
    }
}

impl PartialEq for Plateau {
    fn eq(&self, other: &Self) -> bool {
        let settings = |plateau: &Self| (plateau.factor, plateau.patience, plateau.least, plateau.state());
        settings(self) == settings(other)
    }
}

impl LearningRate for Plateau {
    fn at(&self, _step: u64) -> f64 {
        self.state().learning_rate
    }

    fn validated(&mut self, loss: f64) {
        self.observe(loss);
    }
}
