use crate::error::PacingError;

/// The reducible loss of each example: what a learner has still to learn of it.
///
/// ```text
/// d_i = l_i - l*_i
/// ```
///
/// where l is the loss of the learner now and l* the irreducible one, that of a model trained on held-out data. High for
/// what is learnable, worth it and not learned yet; low for what is known, and for what is noise, which no model learns.
/// Sorted [hard first](crate::HardFirst), a dynamic order. O(n).
///
/// Source: Mindermann et al. (2022), Prioritized training on points that are learnable, worth learning, and not yet learnt,
/// equation 3.
///
/// ```
/// use cl_pacing::{HardFirst, Order, reducible_loss};
///
/// // Known, learnable, noise.
/// let reducible = reducible_loss(&[0.1, 2.0, 3.0], &[0.1, 0.2, 2.9])?;
/// assert_eq!(HardFirst.order(&reducible, 0)?, [1, 2, 0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
///
/// # Errors
/// Where lengths differ or a loss is not finite: infinity less infinity is no difficulty.
pub fn reducible_loss(losses: &[f64], irreducible: &[f64]) -> Result<Vec<f64>, PacingError> {
    PacingError::check_length("irreducible losses", irreducible.len(), losses.len())?;
    for (argument, losses) in [("losses", losses), ("irreducible losses", irreducible)] {
        if let Some(loss) = losses.iter().find(|loss| !loss.is_finite()) {
            return Err(PacingError::argument(argument, loss, "finite losses"));
        }
    }
    Ok(losses.iter().zip(irreducible).map(|(loss, irreducible)| loss - irreducible).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reducible_is_the_difference() {
        assert_eq!(reducible_loss(&[3.0, 0.5, 0.0], &[2.0, 0.75, 0.0]).unwrap(), [1.0, -0.25, 0.0]);
    }

    #[test]
    fn bad_losses_are_named() {
        let error = reducible_loss(&[0.0], &[]).unwrap_err();
        assert_eq!(error.to_string(), "irreducible losses has 0 entries, expected 1");
        let error = reducible_loss(&[0.0], &[f64::INFINITY]).unwrap_err();
        assert_eq!(error.to_string(), "argument irreducible losses is inf, expected finite losses");
    }
}
