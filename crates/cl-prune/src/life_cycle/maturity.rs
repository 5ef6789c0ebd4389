use serde::{Deserialize, Serialize};

use crate::error::PruneError;

/// When a model has matured, so that pruning begins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Maturity {
    /// Its validation score has not improved for some evaluations.
    Plateau {
        /// How many evaluations in a row, at least 1.
        patience: u32,
        /// What an improvement must exceed, at least 0.
        min_delta: f64,
    },
    /// It has learned, and never forgotten, this share of all examples, in (0, 1].
    MasteredShare(f64),
    /// This epoch of the curriculum begins, whatever was learned: for controls.
    Epoch(u64),
}

impl Maturity {
    pub(super) fn check(self) -> Result<(), PruneError> {
        match self {
            Self::Plateau { patience: 0, .. } => Err(PruneError::argument("patience", 0, "at least 1")),
            Self::Plateau { min_delta, .. } if !(min_delta >= 0.0 && min_delta.is_finite()) => {
                Err(PruneError::argument("min_delta", min_delta, "a finite number of at least 0"))
            }
            Self::MasteredShare(value) if !(value > 0.0 && value <= 1.0) => {
                Err(PruneError::Fraction { argument: "mastered share", value })
            }
            _ => Ok(()),
        }
    }
}

/// How long a validation score has not improved.
///
/// ```
/// use cl_prune::Plateau;
///
/// let mut plateau = Plateau::new(0.0)?;
/// [0.5, 0.7, 0.6, 0.7].into_iter().for_each(|score| plateau.tell(score));
/// assert_eq!(plateau.n_without_improvement(), 2);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedPlateau")]
pub struct Plateau {
    min_delta: f64,
    best: Option<f64>,
    n_without: u32,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct UncheckedPlateau {
    min_delta: f64,
    best: Option<f64>,
    n_without: u32,
}

impl TryFrom<UncheckedPlateau> for Plateau {
    type Error = PruneError;

    fn try_from(UncheckedPlateau { min_delta, best, n_without }: UncheckedPlateau) -> Result<Self, PruneError> {
        match best.is_some_and(f64::is_nan) {
            true => Err(PruneError::argument("best", f64::NAN, "a number")),
            false => Ok(Self { best, n_without, ..Self::new(min_delta)? }),
        }
    }
}

impl Plateau {
    /// No score yet; an improvement must exceed the best by more than `min_delta`.
    ///
    /// # Errors
    /// Unless it is finite and at least 0.
    pub fn new(min_delta: f64) -> Result<Self, PruneError> {
        Maturity::Plateau { patience: 1, min_delta }.check()?;
        Ok(Self { min_delta, best: None, n_without: 0 })
    }

    /// The next validation score, higher being better; NaN is no improvement.
    pub fn tell(&mut self, score: f64) {
        if self.best.map_or(!score.is_nan(), |best| score > best + self.min_delta) {
            self.best = Some(score);
            self.n_without = 0;
        } else {
            self.n_without = self.n_without.saturating_add(1);
        }
    }

    /// What an improvement must exceed.
    pub(super) fn min_delta(&self) -> f64 {
        self.min_delta
    }

    /// How many scores in a row were no improvement.
    pub fn n_without_improvement(&self) -> u32 {
        self.n_without
    }
}
