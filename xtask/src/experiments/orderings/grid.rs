//! The strategies of the paper: six families of pacing functions, 30 pairs of parameters, three orders.

use std::fmt;
use std::sync::Arc;

use cl_pacing::{
    EasyFirst, Exponential, HardFirst, Linear, Logarithmic, Order, Pacing, PacingError, PrefixSampler, Quadratic,
    Random, Root, Step,
};
use serde::{Deserialize, Serialize};

use super::balance::round_robin;

/// Fractions of the data at first.
pub(super) const B: [f64; 5] = [0.0025, 0.1, 0.2, 0.4, 0.8];

/// Shares of the budget at which the full data are reached.
pub(super) const A: [f64; 6] = [0.01, 0.1, 0.2, 0.4, 0.8, 1.6];

/// A family of pacing functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Family {
    Logarithmic,
    Exponential,
    Step,
    Linear,
    Quadratic,
    Root,
}

impl Family {
    pub(super) const ALL: [Self; 6] =
        [Self::Logarithmic, Self::Exponential, Self::Step, Self::Linear, Self::Quadratic, Self::Root];

    /// The member of the family that starts with `b` of the data and reaches all of them at `a` of the budget.
    pub(super) fn pacing(self, a: f64, b: f64) -> Result<Arc<dyn Pacing>, PacingError> {
        Ok(match self {
            Self::Logarithmic => Arc::new(Logarithmic::new(a, b)?),
            Self::Exponential => Arc::new(Exponential::new(a, b)?),
            Self::Step => Arc::new(Step::new(a, b)?),
            Self::Linear => Arc::new(Linear::new(a, b)?),
            Self::Quadratic => Arc::new(Quadratic::new(a, b)?),
            Self::Root => Arc::new(Root::new(a, b)?),
        })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Logarithmic => "logarithmic",
            Self::Exponential => "exponential",
            Self::Step => "step",
            Self::Linear => "linear",
            Self::Quadratic => "quadratic",
            Self::Root => "root",
        })
    }
}

/// An order of the examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ordering {
    EasyFirst,
    HardFirst,
    Random,
}

impl Ordering {
    pub(super) const ALL: [Self; 3] = [Self::EasyFirst, Self::HardFirst, Self::Random];

    fn order(self) -> &'static dyn Order {
        match self {
            Self::EasyFirst => &EasyFirst,
            Self::HardFirst => &HardFirst,
            Self::Random => &Random,
        }
    }
}

impl fmt::Display for Ordering {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.order())
    }
}

/// An order with a pacing function.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Strategy {
    pub(super) order: Ordering,
    pub(super) family: Family,
    pub(super) a: f64,
    pub(super) b: f64,
}

impl Strategy {
    /// Every combination, order by order.
    pub(super) fn grid(a: &[f64], b: &[f64]) -> Vec<Self> {
        let mut grid = Vec::with_capacity(18 * a.len() * b.len());
        for order in Ordering::ALL {
            for family in Family::ALL {
                for &a in a {
                    grid.extend(b.iter().map(|&b| Self { order, family, a, b }));
                }
            }
        }
        grid
    }

    /// The batches of one run: prefixes of the order with its classes in turn. `of_order` seeds what is random in the
    /// order, `seed` the shuffles of the epochs.
    pub(super) fn sampler(
        &self,
        difficulty: &[f64],
        labels: &[usize],
        batch_size: usize,
        n_updates: u64,
        (of_order, seed): (u64, u64),
    ) -> Result<PrefixSampler, PacingError> {
        let order = round_robin(&self.order.order().order(difficulty, of_order)?, labels);
        let pacing = self.family.pacing(self.a, self.b)?;
        PrefixSampler::new(order, pacing, batch_size, n_updates, seed)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {}, a = {}, b = {}", self.order, self.family, self.a, self.b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_the_papers() {
        let grid = Strategy::grid(&A, &B);
        assert_eq!(grid.len(), 540);
        for order in Ordering::ALL {
            assert_eq!(grid.iter().filter(|strategy| strategy.order == order).count(), 180);
        }
        let names: std::collections::HashSet<String> = grid.iter().map(Strategy::to_string).collect();
        assert_eq!(names.len(), 540);
    }

    /// Each family is its own function: at half of the way, between b and 1, no two agree.
    #[test]
    fn families_differ() {
        let at_half: Vec<f64> = Family::ALL
            .iter()
            .map(|family| {
                let pacing = family.pacing(0.8, 0.2).unwrap();
                assert_eq!(pacing.fraction(0.8), 1.0, "{family}");
                assert!(pacing.to_string().starts_with(&family.to_string()), "{family}: {pacing}");
                pacing.fraction(0.4)
            })
            .collect();
        for (at, fraction) in at_half.iter().enumerate() {
            assert!((0.2..1.0).contains(fraction) && !at_half[..at].contains(fraction), "{at_half:?}");
        }
    }
}
