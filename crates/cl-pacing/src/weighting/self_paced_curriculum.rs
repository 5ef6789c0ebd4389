use std::fmt;
use std::sync::Arc;

use cl_data::{Fingerprint, Ids};

use super::self_paced::{SelfPaced, Separable};
use super::{Weighting, check_length};
use crate::error::PacingError;

/// Self-paced curriculum learning (SPCL): self-paced weights within a region that prior knowledge allows.
///
/// ```text
/// v* = argmin over v in [0, 1]^n with a' v <= c of   sum_i v_i l_i + g(v; lambda)
///    = v*(l + mu a; lambda)           mu >= 0 the least for which a' v <= c
/// ```
///
/// a_i says how late example i is to come, and c how much lateness is allowed: a small a_i is earlier in the
/// curriculum. g is any [`Separable`] regulariser. By duality the constraint adds mu a_i to the loss; mu is found by
/// halving until its neighbours among doubles are reached, at most 64 passes over the data and two vectors of memory.
/// Between those two neighbours the weights are interpolated so that a' v = c: where weights jump, as hard ones do,
/// both are minimisers of the Lagrangian and so is all between (at most the examples at the jump are fractional);
/// where they do not, the two are equal up to rounding.
///
/// Source: Jiang, Meng, Zhao, Shan and Hauptmann (2015), Self-paced curriculum learning, with its linear curriculum region.
///
/// ```
/// use cl_pacing::{LinearSelfPaced, SelfPacedCurriculum, Weighting};
///
/// // Equal losses, but the second example is to come later, and one unit of lateness is allowed in all.
/// let weighting = SelfPacedCurriculum::new(LinearSelfPaced::new(1.0)?, vec![1.0, 2.0], 1.0)?;
/// let mut weights = [0.0; 2];
/// weighting.weights(&[0.0, 0.0], &mut weights)?;
/// assert!((weights[0] - 0.6).abs() < 1e-12 && (weights[1] - 0.2).abs() < 1e-12);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SelfPacedCurriculum<R> {
    regulariser: R,
    a: Arc<[f64]>,
    c: f64,
}

impl<R: Separable> SelfPacedCurriculum<R> {
    /// From the regulariser, how late each example is, and how much lateness is allowed.
    ///
    /// # Errors
    /// Unless every a_i and c are finite and at least 0.
    pub fn new(regulariser: R, a: Vec<f64>, c: f64) -> Result<Self, PacingError> {
        let expected = "finite numbers of at least 0, how late each example is to come";
        if let Some(found) = a.iter().find(|a| !(a.is_finite() && **a >= 0.0)) {
            return Err(PacingError::argument("a", found, expected));
        }
        let expected = "a finite number of at least 0, because no weights have less lateness";
        PacingError::check("c", c, c.is_finite() && c >= 0.0, expected)?;
        Ok(Self { regulariser, a: a.into(), c })
    }

    /// a' v, which is at most c.
    pub fn lateness(&self, weights: &[f64]) -> f64 {
        weights.iter().zip(&*self.a).map(|(weight, a)| weight * a).sum()
    }
}

impl<R: Separable> Weighting for SelfPacedCurriculum<R> {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        check_length(losses, weights)?;
        PacingError::check_length("losses", losses.len(), self.a.len())?;
        self.regulariser.weights(losses, weights)?;
        if self.lateness(weights) <= self.c {
            return Ok(());
        }
        let weight = |mu: f64, loss: f64, a: f64| {
            // An infinite multiplier times no lateness is no loss.
            if a == 0.0 { self.regulariser.weight(loss) } else { self.regulariser.weight(loss + mu * a) }
        };
        let lateness = |mu: f64| -> f64 {
            losses
                .iter()
                .zip(&*self.a)
                .map(|(&loss, &a)| if a == 0.0 { 0.0 } else { a * weight(mu, loss, a) })
                .sum()
        };
        // Positive doubles are ordered as their bits are. At infinity all that is late at all is left out.
        let (mut less, mut more) = (0u64, f64::INFINITY.to_bits());
        while more - less > 1 {
            let middle = less + (more - less) / 2;
            if lateness(f64::from_bits(middle)) > self.c { less = middle } else { more = middle }
        }
        let (less, more) = (f64::from_bits(less), f64::from_bits(more));
        let (late, early) = (lateness(less), lateness(more));
        let share = ((self.c - early) / (late - early)).clamp(0.0, 1.0);
        for ((out, &loss), &a) in weights.iter_mut().zip(losses).zip(&*self.a) {
            let (high, low) = (weight(less, loss, a), weight(more, loss, a));
            *out = if high == low { low } else { low + share * (high - low) };
        }
        Ok(())
    }
}

impl<R: Separable + 'static> SelfPaced for SelfPacedCurriculum<R> {
    fn lambda(&self) -> f64 {
        self.regulariser.lambda()
    }

    fn with_lambda(&self, lambda: f64) -> Result<Arc<dyn SelfPaced>, PacingError> {
        Ok(Arc::new(Self { regulariser: self.regulariser.at(lambda)?, a: Arc::clone(&self.a), c: self.c }))
    }

    fn largest_lambda(&self) -> f64 {
        self.regulariser.largest_lambda()
    }

    fn lambda_admitting(&self, loss: f64) -> f64 {
        self.regulariser.lambda_admitting(loss)
    }

    fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
        self.regulariser.objective(weights, losses)
    }
}

impl<R: fmt::Display> fmt::Display for SelfPacedCurriculum<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits: Vec<usize> = self.a.iter().map(|a| a.to_bits() as usize).collect();
        let fingerprint = Fingerprint::of(&Ids::range(bits.len()), &bits);
        write!(formatter, "{} within a curriculum region (c = {}, a {fingerprint})", self.regulariser, self.c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighting::{HardSelfPaced, LinearSelfPaced, LogisticSelfPaced, Mixture, PolynomialSelfPaced};
    use proptest::prelude::*;

    #[test]
    fn the_name_tells_regulariser_region_and_bound() {
        let of = |a| SelfPacedCurriculum::new(HardSelfPaced::new(0.5).unwrap(), a, 2.0).unwrap().to_string();
        let (one, other) = (of(vec![1.0, 3.0]), of(vec![1.0, 2.0]));
        assert!(one.starts_with("hard") && one.contains("within a curriculum region (c = 2, a "), "{one}");
        assert_ne!(one, other);
    }

    fn check<R: Separable>(regulariser: R, losses: &[f64], a: &[f64], c: f64, others: &[Vec<f64>]) {
        let weighting = SelfPacedCurriculum::new(regulariser, a.to_vec(), c).unwrap();
        let mut best = vec![f64::NAN; losses.len()];
        weighting.weights(losses, &mut best).unwrap();
        assert!(best.iter().all(|weight| (0.0..=1.0).contains(weight)), "{best:?}");
        assert!(weighting.lateness(&best) <= c * (1.0 + 1e-12), "{} {c}", weighting.lateness(&best));
        let objective = |weights: &[f64]| {
            let term = |(&weight, &loss): (&f64, &f64)| weight * loss + weighting.regulariser.penalty(weight);
            weights.iter().zip(losses).map(term).sum::<f64>()
        };
        let least = objective(&best);
        let compare = |mut other: Vec<f64>| {
            // Back into the region, along the ray to 0, which lies in it.
            let shrink = (c / weighting.lateness(&other)).min(1.0);
            if shrink.is_finite() {
                other.iter_mut().for_each(|weight| *weight = (*weight * shrink).clamp(0.0, 1.0));
            }
            assert!(objective(&other) >= least - 1e-9, "{weighting}: {other:?} beats {best:?}");
        };
        for other in others {
            compare(other[..losses.len()].to_vec());
            // Steps from the best towards it.
            for step in [0.1, 1e-3] {
                compare(best.iter().zip(other).map(|(best, other)| best + step * (other - best)).collect());
            }
        }
        // Moves of lateness from one example to another.
        for from in 0..losses.len() {
            for to in (0..losses.len()).filter(|&to| to != from && a[to] > 0.0) {
                let mut other = best.clone();
                let moved = 1e-3f64.min(other[from]);
                other[from] -= moved;
                other[to] = (other[to] + moved * a[from] / a[to]).min(1.0);
                compare(other);
            }
        }
    }

    proptest! {
        /// Feasible, and no other feasible point does better.
        #[test]
        fn weights_minimise_the_objective_within_the_region(
            examples in prop::collection::vec((0.0..2.0f64, prop_oneof![Just(0.0), Just(1.0), 0.01..3.0f64]), 1..8),
            lambda in 0.1..2.0, c in prop_oneof![Just(0.0), 0.0..4.0],
            others in prop::collection::vec(prop::collection::vec(0.0..=1.0f64, 8), 20),
        ) {
            let (losses, a): (Vec<f64>, Vec<f64>) = examples.into_iter().unzip();
            check(HardSelfPaced::new(lambda).unwrap(), &losses, &a, c, &others);
            check(LinearSelfPaced::new(lambda).unwrap(), &losses, &a, c, &others);
            check(PolynomialSelfPaced::new(lambda, 3.5).unwrap(), &losses, &a, c, &others);
            check(LogisticSelfPaced::new(lambda).unwrap(), &losses, &a, c, &others);
            check(Mixture::new(lambda, 0.4 * lambda).unwrap(), &losses, &a, c, &others);
        }
    }

    /// Hard weights are a fractional knapsack: by gain per lateness, the last one in part.
    #[test]
    fn hard_weights_fill_the_region() {
        let weighting =
            SelfPacedCurriculum::new(HardSelfPaced::new(1.0).unwrap(), vec![1.0, 2.0, 1.0], 2.0).unwrap();
        let mut weights = [0.0; 3];
        weighting.weights(&[0.5, 0.2, 0.9], &mut weights).unwrap();
        assert_eq!(weights, [1.0, 0.5, 0.0]);
    }

    #[test]
    fn what_is_no_region_is_refused() {
        let hard = HardSelfPaced::new(1.0).unwrap();
        assert!(SelfPacedCurriculum::new(hard, vec![-1.0], 1.0).is_err());
        assert!(SelfPacedCurriculum::new(hard, vec![1.0], -1.0).is_err());
        let weighting = SelfPacedCurriculum::new(hard, vec![1.0], 1.0).unwrap();
        assert!(weighting.weights(&[0.0; 2], &mut [0.0; 2]).is_err());
        assert!(weighting.weights(&[f64::NAN], &mut [0.0]).is_err());
        assert_eq!(weighting.with_lambda(3.0).unwrap().lambda(), 3.0);
    }
}
