use crate::error::{StudyError, check_sample};

/// Benjamini and Hochberg's step-up correction: p values of m tests, adjusted so that of those rejected at 0.05 at most 5 %
/// are expected to be false.
///
/// ```text
/// adjusted_(i) = min over j >= i of min(1, m p_(j) / j),  p_(1) <= ... <= p_(m)
/// ```
///
/// In the order given. O(m log m). The expectation holds for independent tests and for those that depend on one another
/// positively, as tests on the same data do.
///
/// Source: Benjamini and Hochberg (1995), Controlling the false discovery rate; Benjamini and Yekutieli (2001).
///
/// ```
/// assert_eq!(cl_study::benjamini_hochberg(&[0.01, 0.5, 0.02, 1.0])?, [0.04, 2.0 / 3.0, 0.04, 1.0]);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where a value is outside [0, 1].
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, StudyError> {
    check_sample("p values", p_values, 0)?;
    if let Some(p) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StudyError::argument("p values", p, "probabilities in [0, 1]"));
    }
    let m = p_values.len();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| p_values[b].total_cmp(&p_values[a]));
    let mut adjusted = vec![0.0; m];
    let mut least = 1.0f64;
    for (above, &test) in order.iter().enumerate() {
        least = least.min(p_values[test] * (m as f64 / (m - above) as f64));
        adjusted[test] = least;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R: `p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.8), "BH")`.
    #[test]
    fn adjusted_values_are_rs() {
        let adjusted = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.005, 0.8]).unwrap();
        for (ours, rs) in adjusted.iter().zip([0.025, 0.05, 0.05, 0.025, 0.8]) {
            assert!((ours - rs).abs() < 1e-15, "{adjusted:?}");
        }
        assert!(benjamini_hochberg(&[]).unwrap().is_empty());
        assert!(benjamini_hochberg(&[1.1]).is_err() && benjamini_hochberg(&[f64::NAN]).is_err());
    }

    proptest! {
        /// Rejected by the adjusted values is what the procedure's own words reject: the k smallest, k the largest with
        /// p_(k) <= 0.05 k / m.
        #[test]
        fn it_is_the_step_up_procedure(p in prop::collection::vec(0.0..=1.0f64, 1..30), small in 0.0..1.0f64) {
            let p: Vec<f64> = p.into_iter().map(|p| if p < small { p / 50.0 } else { p }).collect();
            let adjusted = benjamini_hochberg(&p)?;
            let sorted = crate::statistics::sorted(&p);
            let m = p.len() as f64;
            let k = (1..=p.len()).rev().find(|&k| sorted[k - 1] * (m / k as f64) <= 0.05).unwrap_or(0);
            for (p, adjusted) in p.iter().zip(&adjusted) {
                prop_assert_eq!(*adjusted <= 0.05, k > 0 && *p <= sorted[k - 1]);
                prop_assert!(adjusted >= p);
            }
        }
    }
}
