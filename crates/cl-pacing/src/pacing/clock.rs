use std::fmt;

use serde::{Deserialize, Serialize};

use super::units::check_total;
use crate::error::PacingError;

/// What progress is counted in: the clock that a [`Pacing`](crate::Pacing) is read by.
///
/// ```text
/// progress = what was counted / total                   updates, examples, tokens, epochs, plateaus
/// progress = (score - from) / (to - from)               a measured score, such as validation accuracy
/// ```
///
/// A pure function of a [`Reading`]: it remembers nothing. A score may fall again, and progress with it; give the
/// best one so far where it must not. To may lie below from: a loss is a clock as well.
///
/// ```
/// use cl_pacing::{Clock, Reading};
///
/// let reading = Reading { updates: 30, tokens: 5_000, score: Some(0.6), ..Reading::default() };
/// assert_eq!(Clock::Updates { total: 120 }.progress(&reading)?, 0.25);
/// assert_eq!(Clock::Tokens { total: 10_000 }.progress(&reading)?, 0.5);
/// assert!((Clock::Score { from: 0.1, to: 0.9 }.progress(&reading)? - 0.625).abs() < 1e-15);
/// assert!(Clock::Examples { total: 0 }.progress(&reading).is_err());
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Updates of the model, the mini-batches of most papers.
    Updates {
        /// Those of the whole run.
        total: u64,
    },
    /// Examples shown, each presentation counted.
    Examples {
        /// Those of the whole run.
        total: u64,
    },
    /// Tokens shown.
    Tokens {
        /// Those of the whole run.
        total: u64,
    },
    /// Epochs completed.
    Epochs {
        /// Those of the whole run.
        total: u64,
    },
    /// Times that validation stopped gaining, as [`Plateau`] counts them.
    Plateaus {
        /// How many make the whole.
        total: u64,
    },
    /// A measured score.
    Score {
        /// The score at which the curriculum starts.
        from: f64,
        /// The score at which it is done.
        to: f64,
    },
}

/// What the clocks are read from: the counts so far, before the step that is to be paced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Updates of the model.
    pub updates: u64,
    /// Examples shown.
    pub examples: u64,
    /// Tokens shown.
    pub tokens: u64,
    /// Epochs completed.
    pub epochs: u64,
    /// Plateaus passed.
    pub plateaus: u64,
    /// The latest score, if there is one yet. Without one a clock of scores stands at 0.
    pub score: Option<f64>,
}

impl Clock {
    /// The progress at `reading`: 0 at the start, 1 when the whole is done, at least 0 and finite.
    ///
    /// # Errors
    /// Where the total is 0, the two scores of a clock are equal or not finite, or the score read is NaN.
    pub fn progress(&self, reading: &Reading) -> Result<f64, PacingError> {
        let part = |count: u64, total: u64| {
            check_total("total", total)?;
            Ok(count as f64 / total as f64)
        };
        match *self {
            Self::Updates { total } => part(reading.updates, total),
            Self::Examples { total } => part(reading.examples, total),
            Self::Tokens { total } => part(reading.tokens, total),
            Self::Epochs { total } => part(reading.epochs, total),
            Self::Plateaus { total } => part(reading.plateaus, total),
            Self::Score { from, to } => {
                if !(from.is_finite() && to.is_finite() && from != to) {
                    let found = format!("{from} to {to}");
                    return Err(PacingError::argument("score", found, "two finite scores that differ"));
                }
                let Some(score) = reading.score else { return Ok(0.0) };
                PacingError::check("score", score, !score.is_nan(), "a number")?;
                Ok(((score - from) / (to - from)).clamp(0.0, 1.0))
            }
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Updates { total } => write!(formatter, "{total} updates"),
            Self::Examples { total } => write!(formatter, "{total} examples"),
            Self::Tokens { total } => write!(formatter, "{total} tokens"),
            Self::Epochs { total } => write!(formatter, "{total} epochs"),
            Self::Plateaus { total } => write!(formatter, "{total} plateaus"),
            Self::Score { from, to } => write!(formatter, "score from {from} to {to}"),
        }
    }
}

/// Counts plateaus: a score that has not gained for so many observations running.
///
/// ```text
/// observed    a gain where score > best + min_gain, which becomes the best
/// plateau     `patience` observations without a gain; the count starts anew, the best score stays
/// ```
///
/// The state that a clock of [plateaus](Clock::Plateaus) needs, kept apart from it: explicit, saved by serialising.
/// Higher is better; observe the negative of a loss.
///
/// ```
/// use cl_pacing::Plateau;
///
/// let mut plateau = Plateau::new(2, 0.0)?;
/// let passed: Vec<u64> = [0.5, 0.6, 0.6, 0.6, 0.7, 0.7, 0.7].into_iter()
///     .map(|score| plateau.observe(score)).collect::<Result<_, _>>()?;
/// assert_eq!(passed, [0, 0, 0, 1, 1, 1, 2]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedPlateau")]
pub struct Plateau {
    patience: u64,
    min_gain: f64,
    best: Option<f64>,
    waited: u64,
    passed: u64,
}

#[derive(Deserialize)]
struct UncheckedPlateau {
    patience: u64,
    min_gain: f64,
    best: Option<f64>,
    waited: u64,
    passed: u64,
}

impl TryFrom<UncheckedPlateau> for Plateau {
    type Error = PacingError;

    fn try_from(unchecked: UncheckedPlateau) -> Result<Self, PacingError> {
        let UncheckedPlateau { patience, min_gain, best, waited, passed } = unchecked;
        if best.is_some_and(f64::is_nan) {
            return Err(PacingError::argument("best", f64::NAN, "a number"));
        }
        PacingError::check("waited", waited, waited < patience, "fewer observations than the patience")?;
        Ok(Self { best, waited, passed, ..Self::new(patience, min_gain)? })
    }
}

impl Plateau {
    /// What stays of it, whatever was told.
    pub(crate) fn settings(&self) -> String {
        format!("patience {}, min_gain {}", self.patience, self.min_gain)
    }

    /// From the observations without a gain that make a plateau, and the least gain.
    ///
    /// # Errors
    /// Unless the patience is at least 1 and the gain finite and at least 0.
    pub fn new(patience: u64, min_gain: f64) -> Result<Self, PacingError> {
        PacingError::check("patience", patience, patience > 0, "at least 1")?;
        if !(min_gain.is_finite() && min_gain >= 0.0) {
            return Err(PacingError::argument("min_gain", min_gain, "a finite number of at least 0"));
        }
        Ok(Self { patience, min_gain, best: None, waited: 0, passed: 0 })
    }

    /// Takes note of a score and gives the number of plateaus passed.
    ///
    /// # Errors
    /// Where the score is NaN; nothing is noted then.
    pub fn observe(&mut self, score: f64) -> Result<u64, PacingError> {
        PacingError::check("score", score, !score.is_nan(), "a number")?;
        if self.best.is_none_or(|best| score > best + self.min_gain) {
            (self.best, self.waited) = (Some(score), 0);
        } else {
            self.waited += 1;
            if self.waited >= self.patience {
                (self.passed, self.waited) = (self.passed.saturating_add(1), 0);
            }
        }
        Ok(self.passed)
    }

    /// The plateaus passed so far.
    pub fn passed(&self) -> u64 {
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::{BabySteps, Pacing};

    #[test]
    fn each_clock_reads_its_own_count() {
        let reading = Reading { updates: 1, examples: 2, tokens: 3, epochs: 4, plateaus: 5, score: Some(0.6) };
        for (clock, progress) in [
            (Clock::Updates { total: 10 }, 0.1),
            (Clock::Examples { total: 10 }, 0.2),
            (Clock::Tokens { total: 10 }, 0.3),
            (Clock::Epochs { total: 10 }, 0.4),
            (Clock::Plateaus { total: 10 }, 0.5),
            (Clock::Score { from: 0.0, to: 1.0 }, 0.6),
            (Clock::Score { from: 1.0, to: 0.5 }, 0.8),
            (Clock::Score { from: 0.7, to: 1.0 }, 0.0),
        ] {
            assert!((clock.progress(&reading).unwrap() - progress).abs() < 1e-15, "{clock}");
        }
        assert_eq!(Clock::Score { from: 0.0, to: 1.0 }.progress(&Reading::default()), Ok(0.0));
        assert!(Clock::Score { from: 1.0, to: 1.0 }.progress(&reading).is_err());
        let nan = Reading { score: Some(f64::NAN), ..reading };
        assert!(Clock::Score { from: 0.0, to: 1.0 }.progress(&nan).is_err());
    }

    /// Baby Steps by validation: a bucket joins when the score has not gained twice, and a state saved in between
    /// goes on as if it had not been.
    #[test]
    fn buckets_open_on_plateaus() {
        let scores = [0.1, 0.2, 0.2, 0.15, 0.3, 0.3, 0.3, 0.3, 0.3];
        let (pacing, clock) = (BabySteps::new(4, 1, 4).unwrap(), Clock::Plateaus { total: 4 });
        for save_at in 0..scores.len() {
            let mut plateau = Plateau::new(2, 0.0).unwrap();
            let mut fractions = Vec::new();
            for (at, &score) in scores.iter().enumerate() {
                if at == save_at {
                    plateau = serde_json::from_str(&serde_json::to_string(&plateau).unwrap()).unwrap();
                }
                let plateaus = plateau.observe(score).unwrap();
                let progress = clock.progress(&Reading { plateaus, ..Reading::default() }).unwrap();
                fractions.push(pacing.fraction(progress));
            }
            assert_eq!(fractions, [0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.75, 0.75, 1.0]);
        }
    }

    /// A gain of less than the least is none, of more is one.
    #[test]
    fn a_small_gain_does_not_end_a_plateau() {
        let mut plateau = Plateau::new(2, 0.1).unwrap();
        let passed = [0.5, 0.55, 0.59, 0.61, 0.6, 0.8, 0.85, 0.86].map(|score| plateau.observe(score).unwrap());
        assert_eq!(passed, [0, 0, 1, 1, 1, 1, 1, 2]);
        assert_eq!(plateau.passed(), 2);
    }

    #[test]
    fn what_is_no_plateau_is_refused() {
        assert!(Plateau::new(0, 0.0).is_err() && Plateau::new(1, -0.1).is_err());
        assert!(Plateau::new(1, 0.0).unwrap().observe(f64::NAN).is_err());
        let saved = serde_json::to_string(&Plateau::new(2, 0.0).unwrap()).unwrap();
        assert!(serde_json::from_str::<Plateau>(&saved.replace("\"waited\":0", "\"waited\":2")).is_err());
    }
}
