use crate::error::{StudyError, check_sample};

/// Holm's step-down correction: p values of m tests, adjusted so that rejecting those below 0.05 makes any
/// false rejection at all at most 5 % likely.
///
/// ```text
/// adjusted_(i) = max over j <= i of min(1, (m - j + 1) p_(j)),  p_(1) <= ... <= p_(m)
/// ```
///
/// In the order given. O(m log m). Source: Holm (1979), A simple sequentially rejective multiple test
/// procedure.
///
/// ```
/// assert_eq!(cl_study::holm(&[0.01, 0.5, 0.02])?, [0.03, 0.5, 0.04]);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where a value is outside [0, 1].
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, StudyError> {
    check_sample("p values", p_values, 0)?;
    if let Some(p) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StudyError::argument("p values", p, "probabilities in [0, 1]"));
    }
    let m = p_values.len();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; m];
    let mut largest = 0.0f64;
    for (rank, &test) in order.iter().enumerate() {
        largest = largest.max(((m - rank) as f64 * p_values[test]).min(1.0));
        adjusted[test] = largest;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R: `p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.8), "holm")`.
    #[test]
    fn adjusted_values_are_rs() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005, 0.8]).unwrap();
        for (ours, rs) in adjusted.iter().zip([0.04, 0.09, 0.09, 0.025, 0.8]) {
            assert!((ours - rs).abs() < 1e-15);
        }
        assert!(holm(&[]).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        assert!(holm(&[1.1]).is_err());
        assert!(holm(&[-0.1]).is_err());
        assert!(holm(&[f64::NAN]).is_err());
    }

    proptest! {
        #[test]
        fn order_is_kept_and_bonferroni_bounds(p in prop::collection::vec(0.0..=1.0f64, 1..20)) {
            let adjusted = holm(&p)?;
            for i in 0..p.len() {
                prop_assert!(adjusted[i] >= p[i] && adjusted[i] <= (p[i] * p.len() as f64).min(1.0));
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }
}
