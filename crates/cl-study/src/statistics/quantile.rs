use crate::error::{StudyError, check_sample};

/// The quantile of a sample by linear interpolation between order statistics (NumPy's default, type 7).
///
/// ```text
/// h = (n - 1) p,  q = x_(floor h) + (h - floor h) (x_(floor h + 1) - x_(floor h))
/// ```
///
/// O(n log n).
///
/// ```
/// assert_eq!(cl_study::quantile(&[4.0, 1.0, 3.0, 2.0], 0.25)?, 1.75);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where the sample is empty or holds a value that is not finite, or `p` is outside [0, 1].
pub fn quantile(sample: &[f64], p: f64) -> Result<f64, StudyError> {
    check_sample("sample", sample, 1)?;
    if !(0.0..=1.0).contains(&p) {
        return Err(StudyError::argument("p", p, "a probability in [0, 1]"));
    }
    Ok(sorted_quantile(&sorted(sample), p))
}

/// The middle of a sample, the mean of the middle two where their number is even. O(n log n).
///
/// # Errors
/// As [`quantile`].
pub fn median(sample: &[f64]) -> Result<f64, StudyError> {
    quantile(sample, 0.5)
}

pub(crate) fn sorted(sample: &[f64]) -> Vec<f64> {
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// As [`quantile`], of a sorted sample that is not empty.
pub(crate) fn sorted_quantile(sorted: &[f64], p: f64) -> f64 {
    let h = (sorted.len() - 1) as f64 * p;
    let (below, above) = (sorted[h.floor() as usize], sorted[h.ceil() as usize]);
    below + (h - h.floor()) * (above - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numpys() {
        let sample = [0.3, -1.2, 5.0, 2.5, 0.3, 7.1, -0.4];
        // numpy.quantile of the same sample.
        for (p, expected) in
            [(0.0, -1.2), (0.05, -0.96), (0.3, 0.16), (0.5, 0.3), (0.77, 4.05), (0.95, 6.47), (1.0, 7.1)]
        {
            assert!((quantile(&sample, p).unwrap() - expected).abs() < 1e-12, "{p}");
        }
        assert_eq!(median(&[1.0, 2.0, 4.0, 3.0]).unwrap(), 2.5);
        assert_eq!(quantile(&[3.0], 0.4).unwrap(), 3.0);
    }

    #[test]
    fn what_has_no_quantile_is_refused() {
        assert!(quantile(&[], 0.5).is_err());
        assert!(quantile(&[1.0, f64::NAN], 0.5).is_err());
        assert!(quantile(&[1.0], 1.1).is_err());
        assert!(quantile(&[1.0], f64::NAN).is_err());
    }
}
