use crate::error::PacingError;

/// F_lambda of the losses of an easy and a hard set of examples, as one weight per example.
///
/// ```text
/// F_lambda = (1 - lambda) (sum of l_i over E) / |E| + lambda (sum of l_i over H) / |H| = sum_i w_i l_i
/// w_i      = (1 - lambda) [i in E] / |E| + lambda [i in H] / |H|
/// ```
///
/// The sets may overlap; H is often all of the data. The weights are at least 0 and their sum is 1. The
/// [`MixtureSampler`](crate::MixtureSampler) draws examples in proportion to them.
///
/// Source: Bengio, Louradour, Collobert and Weston (2009), Curriculum learning, section 3.
///
/// ```
/// use cl_pacing::continuation::HomotopyWeights;
///
/// let homotopy = HomotopyWeights::new(4, &[0, 1], &[0, 1, 2, 3])?;
/// let mut weights = [0.0; 4];
/// homotopy.weights(0.5, &mut weights)?;
/// assert_eq!(weights, [0.375, 0.375, 0.125, 0.125]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HomotopyWeights {
    /// 1 / |E| and 1 / |H| of each example, or 0.
    shares: Vec<[f64; 2]>,
}

impl HomotopyWeights {
    /// From the number of examples and the two sets.
    ///
    /// # Errors
    /// Where a set is empty, names an example twice or one there is not.
    pub fn new(n_examples: usize, easy: &[usize], hard: &[usize]) -> Result<Self, PacingError> {
        PacingError::check_memory::<[f64; 2]>("n_examples", n_examples)?;
        let mut shares = vec![[0.0; 2]; n_examples];
        for (side, (name, set)) in [("easy", easy), ("hard", hard)].into_iter().enumerate() {
            check_set(name, set, n_examples)?;
            for &index in set {
                if shares[index][side] > 0.0 {
                    return Err(PacingError::NotAPermutation { example: index });
                }
                shares[index][side] = 1.0 / set.len() as f64;
            }
        }
        Ok(Self { shares })
    }

    /// Writes the weights. O(n).
    ///
    /// # Errors
    /// Unless lambda lies in [0, 1] and there is one weight an example.
    pub fn weights(&self, lambda: f64, weights: &mut [f64]) -> Result<(), PacingError> {
        check_lambda(lambda)?;
        PacingError::check_length("weights", weights.len(), self.shares.len())?;
        for (weight, [easy, hard]) in weights.iter_mut().zip(&self.shares) {
            *weight = (1.0 - lambda) * easy + lambda * hard;
        }
        Ok(())
    }

    /// F_lambda of these losses. O(n).
    ///
    /// # Errors
    /// Unless lambda lies in [0, 1] and there is one loss an example.
    pub fn value(&self, lambda: f64, losses: &[f64]) -> Result<f64, PacingError> {
        let mut weights = vec![0.0; self.shares.len()];
        self.weights(lambda, &mut weights)?;
        PacingError::check_length("losses", losses.len(), weights.len())?;
        // A loss without weight does not count, were it infinite.
        Ok(weights
            .iter()
            .zip(losses)
            .filter(|(weight, _)| **weight > 0.0)
            .map(|(weight, loss)| weight * loss)
            .sum())
    }
}

/// Writes F_lambda of two losses of the same examples: an easy one, such as a convex surrogate, and a hard one.
///
/// ```text
/// mixed_i = (1 - lambda) easy_i + lambda hard_i
/// ```
///
/// At either end the other loss does not count, were it infinite.
///
/// # Errors
/// Unless lambda lies in [0, 1] and all three are equally long.
pub fn homotopy_losses(lambda: f64, easy: &[f64], hard: &[f64], mixed: &mut [f64]) -> Result<(), PacingError> {
    check_lambda(lambda)?;
    PacingError::check_length("hard", hard.len(), easy.len())?;
    PacingError::check_length("mixed", mixed.len(), easy.len())?;
    let side = |share: f64, loss: f64| if share > 0.0 { share * loss } else { 0.0 };
    for ((mixed, &easy), &hard) in mixed.iter_mut().zip(easy).zip(hard) {
        *mixed = side(1.0 - lambda, easy) + side(lambda, hard);
    }
    Ok(())
}

/// A set with examples, all of which there are.
pub(crate) fn check_set(name: &'static str, set: &[usize], n_examples: usize) -> Result<(), PacingError> {
    PacingError::check(name, "empty", !set.is_empty(), "at least one example")?;
    match set.iter().find(|&&index| index >= n_examples) {
        Some(&index) => Err(PacingError::IndexOutOfRange { what: name, index, n_examples }),
        None => Ok(()),
    }
}

fn check_lambda(lambda: f64) -> Result<(), PacingError> {
    if (0.0..=1.0).contains(&lambda) {
        return Ok(());
    }
    Err(PacingError::argument("lambda", lambda, "the share of the hard function, in [0, 1]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_make_up_f_lambda(
            losses in prop::collection::vec(0.0..5.0, 2..30), n_easy in 1usize..30, n_hard in 1usize..30, lambda in 0.0..=1.0,
        ) {
            let n = losses.len();
            let easy: Vec<usize> = (0..n_easy.min(n)).collect();
            let hard: Vec<usize> = (0..n).rev().take(n_hard).collect();
            let homotopy = HomotopyWeights::new(n, &easy, &hard).unwrap();
            let mut weights = vec![f64::NAN; n];
            homotopy.weights(lambda, &mut weights).unwrap();
            prop_assert!(weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0));
            prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let mean = |set: &[usize]| set.iter().map(|&i| losses[i]).sum::<f64>() / set.len() as f64;
            let expected = (1.0 - lambda) * mean(&easy) + lambda * mean(&hard);
            prop_assert!((homotopy.value(lambda, &losses).unwrap() - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn two_losses_are_mixed() {
        let mut mixed = [0.0; 2];
        for (lambda, expected) in [(0.0, [1.0, 2.0]), (0.25, [1.5, f64::INFINITY]), (1.0, [3.0, f64::INFINITY])] {
            homotopy_losses(lambda, &[1.0, 2.0], &[3.0, f64::INFINITY], &mut mixed).unwrap();
            assert_eq!(mixed, expected);
        }
        assert!(homotopy_losses(1.1, &[1.0], &[1.0], &mut [0.0]).is_err());
        assert!(homotopy_losses(0.5, &[1.0], &[1.0, 2.0], &mut [0.0]).is_err());
    }

    #[test]
    fn what_is_no_pair_of_sets_is_refused() {
        for (easy, hard) in [(vec![], vec![0]), (vec![0], vec![]), (vec![3], vec![0]), (vec![0, 0], vec![1])] {
            assert!(HomotopyWeights::new(3, &easy, &hard).is_err());
        }
        let homotopy = HomotopyWeights::new(2, &[0], &[1]).unwrap();
        assert!(homotopy.weights(f64::NAN, &mut [0.0; 2]).is_err() && homotopy.weights(0.5, &mut [0.0]).is_err());
    }
}
