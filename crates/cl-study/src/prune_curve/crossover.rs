use std::cmp::Ordering;
use std::fmt;

use cl_data::random::{below, stream};
use serde::{Deserialize, Serialize};

use super::{curves::PruneCurves, prune_study::EqualBudget};
use crate::{error::StudyError, statistics::Bootstrap};

/// Which of several crossings counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crossing {
    /// The first from the full data: the method was not below the control at any larger fraction.
    #[default]
    First,
    /// The one after which it stays below, down to the smallest fraction.
    Stays,
}

impl Crossing {
    /// Where differences from a control, at falling parts of the data kept, fall below 0; between neighbours by linear
    /// interpolation. Of unequal lengths the shorter counts. O(n).
    ///
    /// ```
    /// use cl_study::{Crossing, CrossoverPoint};
    ///
    /// let at = Crossing::Stays.point(&[1.0, 0.5, 0.25], &[0.0, 0.25, -0.75]);
    /// assert_eq!(at, CrossoverPoint::At(0.4375)); // a quarter of the way from 0.5 to 0.25
    /// ```
    pub fn point(self, fractions: &[f64], differences: &[f64]) -> CrossoverPoint {
        let points: Vec<(f64, f64)> = fractions.iter().copied().zip(differences.iter().copied()).collect();
        let is_below = |&(_, difference): &(f64, f64)| difference < 0.0;
        let first = match self {
            Self::First => points.iter().position(is_below),
            Self::Stays => {
                let n_below = points.iter().rev().take_while(|point| is_below(point)).count();
                (n_below > 0).then(|| points.len() - n_below)
            }
        };
        match first {
            None => CrossoverPoint::NeverBelow,
            Some(0) => CrossoverPoint::AlwaysBelow,
            Some(at) => {
                let ((f, above), (g, below)) = (points[at - 1], points[at]);
                CrossoverPoint::At(f - (f - g) * above / (above - below))
            }
        }
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::First => "first",
            Self::Stays => "stays",
        })
    }
}

/// Where a method falls below a control, from what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossoverPoint {
    /// Undefined: it is not below at any fraction measured (or not at the smallest, for [`Crossing::Stays`]).
    NeverBelow,
    /// At this part of the data kept.
    At(f64),
    /// Undefined: it is below at the largest fraction measured already (at all of them, for [`Crossing::Stays`]).
    AlwaysBelow,
}

impl CrossoverPoint {
    /// The part kept, where it is defined.
    pub fn fraction(self) -> Option<f64> {
        match self {
            Self::At(fraction) => Some(fraction),
            _ => None,
        }
    }

    /// From the best for the method to the worst.
    fn compare(&self, other: &Self) -> Ordering {
        let key = |point: &Self| match *point {
            Self::NeverBelow => f64::NEG_INFINITY,
            Self::At(fraction) => fraction,
            Self::AlwaysBelow => f64::INFINITY,
        };
        key(self).total_cmp(&key(other))
    }
}

impl fmt::Display for CrossoverPoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverBelow => formatter.write_str("never below"),
            Self::At(fraction) => write!(formatter, "{fraction:.3}"),
            Self::AlwaysBelow => formatter.write_str("always below"),
        }
    }
}

/// How a crossover and its interval are computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrossoverSettings {
    /// Which crossing counts.
    pub crossing: Crossing,
    /// How often the seeds are resampled, from 100 to ten million times.
    pub n_resamples: usize,
    /// The level of the interval, inside (0, 1).
    pub level: f64,
    /// The seed of the resamples.
    pub seed: u64,
    /// A method is below the control where it is below by more than this, at least 0: what is not worth naming is no
    /// crossing. Where all is kept every method is the control, so that with 0 a first fraction that is below by
    /// luck moves the crossing to 1.
    pub margin: f64,
}

impl Default for CrossoverSettings {
    /// The first crossing, 95 % from 10,000 resamples, seed 0, no margin.
    fn default() -> Self {
        Self { crossing: Crossing::First, n_resamples: 10_000, level: 0.95, seed: 0, margin: 0.0 }
    }
}

/// Where a method falls below a control, with the bootstrap over seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crossover {
    /// The method.
    pub method: String,
    /// The control.
    pub control: String,
    /// What was held equal.
    pub budget: EqualBudget,
    /// Which crossing this is.
    pub crossing: Crossing,
    /// The crossover of the means over all seeds.
    pub at: CrossoverPoint,
    /// The interval, from the better end for the method to the worse, either of which may be undefined; none for one
    /// seed.
    pub interval: Option<[CrossoverPoint; 2]>,
    /// The level of the interval.
    pub level: f64,
    /// By how much it has to be below.
    pub margin: f64,
    /// The share of resamples in which it is not below anywhere.
    pub never_below: f64,
    /// The share of resamples in which it is below from the largest fraction on.
    pub always_below: f64,
    /// The number of seeds on which all runs of both ended well.
    pub n_seeds: usize,
}

impl PruneCurves {
    /// The part of the data kept at which `method` falls below `control`.
    ///
    /// ```text
    /// D(f) = mean over seeds of accuracy(method, f) - accuracy(control, f) + margin
    /// between neighbouring fractions f > g with D(f) >= 0 > D(g):   f - (f - g) D(f) / (D(f) - D(g))
    /// ```
    ///
    /// The interval is a percentile interval over resamples of the seeds, each with all of its runs, at a level
    /// [expanded](Bootstrap::expanded) for their number; with fewer than five or six seeds it is still too narrow.
    /// Resamples without a crossing count as beyond the fractions measured, so that an end may be undefined.
    /// O(resamples x seeds x fractions).
    ///
    /// # Errors
    /// For a name that the study does not have, settings outside of their domain, or no seed on which all runs of
    /// both ended well.
    pub fn crossover(
        &self,
        method: &str,
        control: &str,
        budget: EqualBudget,
        settings: &CrossoverSettings,
    ) -> Result<Crossover, StudyError> {
        let CrossoverSettings { crossing, n_resamples, level, seed, margin } = *settings;
        let bootstrap = Bootstrap::new(n_resamples, seed)?.with_level(level)?;
        if !(margin >= 0.0 && margin.is_finite()) {
            return Err(StudyError::argument("margin", margin, "a finite number of at least 0"));
        }
        let (own, theirs) = (self.runs_of(method, budget)?, self.runs_of(control, budget)?);
        let fractions = &self.study().kept;
        let n_seeds = self.study().seeds.len();
        // By seed, the difference at each fraction.
        let differences: Vec<Vec<f64>> = (0..n_seeds)
            .filter_map(|seed| {
                let runs = (0..fractions.len()).map(|at| at * n_seeds + seed);
                runs.map(|at| Some(own[at].outcome.as_ref()?.accuracy - theirs[at].outcome.as_ref()?.accuracy))
                    .collect()
            })
            .collect();
        if differences.is_empty() {
            let what = format!("seeds on which all runs of {method} and {control} ended well");
            return Err(StudyError::TooFew { what, found: 0, expected: 1 });
        }
        let point = |of: &dyn Fn(usize) -> usize| {
            let n = differences.len();
            let mean = |at: usize| margin + (0..n).map(|i| differences[of(i)][at]).sum::<f64>() / n as f64;
            let means: Vec<f64> = (0..fractions.len()).map(mean).collect();
            crossing.point(fractions, &means)
        };
        let mut rng = stream(seed, "crossover", 0);
        let mut resampled: Vec<CrossoverPoint> = (0..n_resamples)
            .map(|_| {
                let chosen: Vec<usize> = differences.iter().map(|_| below(&mut rng, differences.len())).collect();
                point(&|i| chosen[i])
            })
            .collect();
        resampled.sort_by(CrossoverPoint::compare);
        // Order statistics, for there is nothing between a fraction and what is undefined.
        let interval = (differences.len() > 1).then(|| bootstrap.expanded(differences.len())).transpose()?;
        let interval = interval.map(|expanded| {
            let tail = ((1.0 - expanded.level()) / 2.0 * (n_resamples - 1) as f64).floor() as usize;
            [resampled[tail], resampled[n_resamples - 1 - tail]]
        });
        let share = |kind: CrossoverPoint| {
            resampled.iter().filter(|&&point| point == kind).count() as f64 / n_resamples as f64
        };
        Ok(Crossover {
            method: method.to_owned(),
            control: control.to_owned(),
            budget,
            crossing,
            at: point(&|i| i),
            interval,
            level,
            margin,
            never_below: share(CrossoverPoint::NeverBelow),
            always_below: share(CrossoverPoint::AlwaysBelow),
            n_seeds: differences.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_by_linear_interpolation() {
        let fractions = [1.0, 0.5, 0.25, 0.1];
        let at = |differences: [f64; 4], crossing: Crossing| crossing.point(&fractions, &differences);
        let (first, stays) = (Crossing::First, Crossing::Stays);
        // A quarter of the way from 0.5 to 0.25.
        assert_eq!(at([0.0, 0.25, -0.75, -1.0], first), CrossoverPoint::At(0.4375));
        assert_eq!(at([0.0, -1.0, 1.0, -1.0], first), CrossoverPoint::At(1.0));
        assert_eq!(at([0.0, -1.0, 1.0, -1.0], stays), CrossoverPoint::At(0.175));
        assert_eq!(at([0.0, 1.0, 1.0, 0.0], first), CrossoverPoint::NeverBelow);
        assert_eq!(at([0.0, -1.0, 1.0, 0.0], stays), CrossoverPoint::NeverBelow);
        assert_eq!(at([-0.1, 1.0, 1.0, 1.0], first), CrossoverPoint::AlwaysBelow);
        assert_eq!(at([-0.1; 4], stays), CrossoverPoint::AlwaysBelow);
    }
}
