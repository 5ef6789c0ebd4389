use crate::error::PacingError;

/// Batch sizes that grow (or shrink) in equal steps: from which step on how many examples.
///
/// ```text
/// size_j = from + j increment, up to `to`,     from step floor(n_steps j / J) on,  j = 0..=J,  J the changes
/// ```
///
/// Source: Smith et al. (2018), Don't decay the learning rate, increase the batch size; in equal increments as
/// Megatron-LM's `--rampup-batch-size`, in steps where that counts samples.
///
/// ```
/// use cl_pacing::{ShuffleSampler, batch_size_ramp};
///
/// let ramp = batch_size_ramp(16, 64, 16, 300)?;
/// assert_eq!(ramp, [(0, 16), (100, 32), (200, 48), (300, 64)]);
/// let mut sampler = ShuffleSampler::new(1000, 16, 0)?;
/// for &(step, size) in &ramp[1..] {
///     sampler.replace_batch_size(step, size)?;
/// }
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
///
/// # Errors
/// Unless both sizes and the increment are at least 1, and there are as many steps as changes.
pub fn batch_size_ramp(
    from: usize,
    to: usize,
    increment: usize,
    n_steps: u64,
) -> Result<Vec<(u64, usize)>, PacingError> {
    for (argument, value) in [("from", from), ("to", to), ("increment", increment)] {
        PacingError::check(argument, value, value > 0, "at least 1")?;
    }
    let n_changes = from.abs_diff(to).div_ceil(increment) as u64;
    PacingError::check_memory::<(u64, usize)>("increment", n_changes as usize)?;
    PacingError::check("n_steps", n_steps, n_steps >= n_changes, "at least as many steps as changes of the size")?;
    let size = |change: u64| {
        let moved = (change as usize).saturating_mul(increment);
        if from <= to { from.saturating_add(moved).min(to) } else { from.saturating_sub(moved).max(to) }
    };
    // Wide enough for any product.
    let step = |change: u64| (u128::from(n_steps) * u128::from(change) / u128::from(n_changes.max(1))) as u64;
    Ok((0..=n_changes).map(|change| (step(change), size(change))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sizes_go_from_one_to_the_other(from in 1usize..99, to in 1usize..99, increment in 1usize..40, more in 0u64..200) {
            let n_changes = from.abs_diff(to).div_ceil(increment) as u64;
            let ramp = batch_size_ramp(from, to, increment, n_changes + more).unwrap();
            prop_assert_eq!((ramp[0], ramp[ramp.len() - 1].1), ((0, from), to));
            prop_assert!(n_changes == 0 || ramp[ramp.len() - 1].0 == n_changes + more);
            prop_assert!(ramp.is_sorted_by(|a, b| a.0 < b.0 && a.1.abs_diff(b.1) <= increment && a.1 != b.1));
        }
    }

    #[test]
    fn what_is_no_ramp_is_refused() {
        let error =
            |from, to, increment, n_steps| batch_size_ramp(from, to, increment, n_steps).unwrap_err().to_string();
        assert!(error(0, 4, 1, 9).contains("from is 0") && error(4, 8, 0, 9).contains("increment is 0"));
        assert!(error(1, 9, 2, 3).contains("n_steps is 3"));
    }
}
