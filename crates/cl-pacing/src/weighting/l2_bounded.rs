use std::fmt;

use cl_data::catalogue::Parameter;

use super::{Weighting, check_length, check_numbers, check_positive, entry::weighting_entry};
use crate::error::PacingError;

/// Weights towards the hard or the easy examples whose L2 distance from equal ones is bounded.
///
/// ```text
/// v* = argmax (hard) or argmin (easy) of   sum_i v_i l_i
///      over v >= 0 with sum_i v_i = n and (1/n) sum_i (v_i - 1)^2 <= rho
/// ```
///
/// The bound caps the norm: sum_i v_i^2 <= (1 + rho) n, so that no less than n / (1 + rho) examples effectively count
/// (Kish's effective size), and no weight passes 1 + sqrt(rho n). Within the bound nothing is better: towards the hard
/// it is the worst case over a chi-squared ball around the data.
///
/// Where no weight would fall below 0 the solution is v_i = 1 + sqrt(rho) (l_i - mean) / standard deviation, O(n).
/// Otherwise v_i is proportional to max(0, l_i - eta), and eta is found by halving until its neighbours among doubles
/// are reached, about 60 passes. Examples of equal highest loss share equally where the bound does not bind. The norm
/// is met to about 1e-9, relative.
///
/// Source: Duchi and Namkoong (2019), Variance-based regularization with convex objectives.
///
/// ```
/// use cl_pacing::{L2Bounded, Weighting};
///
/// let mut weights = [0.0; 4];
/// L2Bounded::towards_hard(0.04)?.weights(&[1.0, 1.0, 3.0, 3.0], &mut weights)?;
/// assert_eq!(weights, [0.8, 0.8, 1.2, 1.2]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L2Bounded {
    rho: f64,
    /// 1 towards hard examples, -1 towards easy ones.
    sign: f64,
}

impl L2Bounded {
    /// Weights towards examples with high losses, at most rho from 1 in mean square.
    ///
    /// # Errors
    /// Unless rho is finite and above 0.
    pub fn towards_hard(rho: f64) -> Result<Self, PacingError> {
        check_positive("rho", rho)?;
        Ok(Self { rho, sign: 1.0 })
    }

    /// Weights towards examples with low losses, at most rho from 1 in mean square.
    ///
    /// # Errors
    /// Unless rho is finite and above 0.
    pub fn towards_easy(rho: f64) -> Result<Self, PacingError> {
        check_positive("rho", rho)?;
        Ok(Self { rho, sign: -1.0 })
    }

    /// What the weights minimise within the bound: the sum of v_i l_i, negative where it goes towards the hard; over the
    /// shorter of the two slices.
    pub fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
        -self.sign * weights.iter().zip(losses).map(|(weight, loss)| weight * loss).sum::<f64>()
    }
}

impl Weighting for L2Bounded {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        check_length(losses, weights)?;
        check_numbers(losses)?;
        if let Some(loss) = losses.iter().find(|loss| !loss.is_finite()) {
            let expected = "finite losses, because the weights depend on their mean";
            return Err(PacingError::argument("losses", loss, expected));
        }
        if losses.is_empty() {
            return Ok(());
        }
        let n = losses.len() as f64;
        let highest = losses.iter().map(|loss| self.sign * loss).fold(f64::NEG_INFINITY, f64::max);
        // Distances from the highest, which lose nothing near it: 0 there, positive elsewhere.
        let below = |loss: f64| highest - self.sign * loss;
        let mean = losses.iter().map(|&loss| below(loss) / n).sum::<f64>();
        let deviation = (losses.iter().map(|&loss| (below(loss) - mean).powi(2) / n).sum::<f64>()).sqrt();
        if deviation == 0.0 {
            weights.fill(1.0);
            return Ok(());
        }
        let lowest = losses.iter().map(|&loss| below(loss)).fold(0.0, f64::max);
        let slope = self.rho.sqrt() / deviation;
        if 1.0 + slope * (mean - lowest) >= 0.0 {
            weights.iter_mut().zip(losses).for_each(|(out, &loss)| *out = 1.0 + slope * (mean - below(loss)));
            return Ok(());
        }
        // v_i is proportional to max(0, reach - below_i); the shorter the reach, the larger the norm.
        let share = |reach: f64, loss: f64| (1.0 - below(loss) / reach).max(0.0);
        let excess = |reach: f64| {
            let (sum, squares) = losses
                .iter()
                .map(|&loss| share(reach, loss))
                .fold((0.0, 0.0), |(sum, squares), v| (sum + v, squares + v * v));
            n * squares / (sum * sum) - 1.0
        };
        // Positive doubles are ordered as their bits are.
        let (mut short, mut long) = (0u64, lowest.to_bits());
        while long - short > 1 {
            let middle = short + (long - short) / 2;
            if excess(f64::from_bits(middle)) > self.rho { short = middle } else { long = middle }
        }
        let reach = f64::from_bits(long);
        let sum = losses.iter().map(|&loss| share(reach, loss)).sum::<f64>();
        weights.iter_mut().zip(losses).for_each(|(out, &loss)| *out = n * share(reach, loss) / sum);
        Ok(())
    }
}

impl fmt::Display for L2Bounded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let towards = if self.sign > 0.0 { "hard" } else { "easy" };
        write!(formatter, "L2 bounded towards {towards} (rho = {})", self.rho)
    }
}

const RHO: Parameter = Parameter::new("rho", "the mean squared distance of the weights from 1, at most");

weighting_entry! {
    TOWARDS_HARD = "l2-hard": "towards hard examples within a bound on the L2 norm", [RHO],
    |options, _| L2Bounded::towards_hard(options.number("rho")?)
}

weighting_entry! {
    TOWARDS_EASY = "l2-easy": "towards easy examples within a bound on the L2 norm", [RHO],
    |options, _| L2Bounded::towards_easy(options.number("rho")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weights(weighting: &L2Bounded, losses: &[f64]) -> Vec<f64> {
        let mut weights = vec![f64::NAN; losses.len()];
        weighting.weights(losses, &mut weights).unwrap();
        weights
    }

    proptest! {
        /// Feasible, and no other feasible point does better: neither random ones, scaled onto the bound, nor small
        /// moves of weight from one example to another.
        #[test]
        fn weights_minimise_the_objective_within_the_bound(
            losses in prop::collection::vec(0.0..5.0f64, 1..9), rho in (-3.0..1.0).prop_map(|power| 10f64.powf(power)),
            easy: bool, others in prop::collection::vec(prop::collection::vec(0.0..1.0f64, 9), 40),
        ) {
            let weighting = if easy { L2Bounded::towards_easy(rho) } else { L2Bounded::towards_hard(rho) }.unwrap();
            let n = losses.len() as f64;
            let best = weights(&weighting, &losses);
            let distance = |v: &[f64]| v.iter().map(|v| (v - 1.0).powi(2)).sum::<f64>() / n;
            prop_assert!(best.iter().all(|&v| v >= 0.0));
            prop_assert!((best.iter().sum::<f64>() - n).abs() < 1e-9 * n);
            prop_assert!(distance(&best) <= rho * (1.0 + 1e-8), "{} {}", distance(&best), rho);
            let least = weighting.objective(&best, &losses);
            let spread = losses.iter().fold(0.0, |most: f64, loss| most.max(*loss)) * n;
            for other in &others {
                let sum: f64 = other[..losses.len()].iter().sum();
                let mut other: Vec<f64> = other[..losses.len()].iter().map(|v| v * n / sum).collect();
                let scale = (rho / distance(&other)).sqrt().min(1.0);
                other.iter_mut().for_each(|v| *v = 1.0 + scale * (*v - 1.0));
                prop_assert!(weighting.objective(&other, &losses) >= least - 1e-8 * spread);
            }
            for (from, to) in (0..losses.len()).flat_map(|from| (0..losses.len()).map(move |to| (from, to))) {
                let mut other = best.clone();
                let moved = 1e-3f64.min(other[from]);
                other[from] -= moved;
                other[to] += moved;
                let scale = (rho / distance(&other)).sqrt().min(1.0);
                other.iter_mut().for_each(|v| *v = 1.0 + scale * (*v - 1.0));
                prop_assert!(weighting.objective(&other, &losses) >= least - 1e-8 * spread);
            }
        }
    }

    #[test]
    fn the_objective_and_the_name_say_where_it_goes() {
        let (hard, easy) = (L2Bounded::towards_hard(0.5).unwrap(), L2Bounded::towards_easy(0.5).unwrap());
        let (weights, losses) = ([0.5, 1.5], [4.0, 2.0]);
        assert_eq!([hard.objective(&weights, &losses), easy.objective(&weights, &losses)], [-5.0, 5.0]);
        assert_eq!(
            [hard.to_string(), easy.to_string()],
            ["L2 bounded towards hard (rho = 0.5)", "L2 bounded towards easy (rho = 0.5)"]
        );
    }

    #[test]
    fn a_bound_too_wide_to_bind_leaves_the_extremes() {
        assert_eq!(weights(&L2Bounded::towards_hard(100.0).unwrap(), &[1.0, 3.0, 2.0, 3.0]), [0.0, 2.0, 0.0, 2.0]);
        assert_eq!(weights(&L2Bounded::towards_easy(100.0).unwrap(), &[1.0, 3.0, 2.0]), [3.0, 0.0, 0.0]);
        assert_eq!(weights(&L2Bounded::towards_easy(1.0).unwrap(), &[2.0; 3]), [1.0; 3]);
        assert!(L2Bounded::towards_hard(0.0).is_err());
        assert!(L2Bounded::towards_hard(1.0).unwrap().weights(&[f64::INFINITY], &mut [0.0]).is_err());
        assert!(L2Bounded::towards_hard(1.0).unwrap().weights(&[f64::NAN], &mut [0.0]).is_err());
    }
}
