use serde::{Deserialize, Serialize};

use super::{
    interval::Interval,
    share::Share,
    sign_test::{SignTest, sign_test},
    summary::Summary,
    wilcoxon::{Wilcoxon, wilcoxon},
};
use crate::error::{StudyError, check_length, check_sample};

/// Two arms compared seed by seed: same data, same initial model, only the arm differs.
///
/// ```text
/// d_i = treatment_i - control_i over seeds i
/// mean difference with Student's 95 % interval;  effect size d_z = mean / s (Cohen)
/// ```
///
/// Source: Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, section 2.3.5.
///
/// ```
/// let paired = cl_study::Paired::between(&[0.93, 0.95, 0.94], &[0.90, 0.93, 0.93])?;
/// assert!((paired.mean_difference - 0.02).abs() < 1e-12);
/// assert_eq!((paired.higher.successes, paired.higher.total), (3, 3));
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Treatment minus control, one per seed.
    pub differences: Vec<f64>,
    /// Their mean.
    pub mean_difference: f64,
    /// Their sample standard deviation; none for one seed.
    pub standard_deviation: Option<f64>,
    /// Student's 95 % interval of the mean difference; none for one seed.
    pub interval: Option<Interval>,
    /// Cohen's d_z, the mean difference in standard deviations; none for one seed or where all differences
    /// are equal.
    pub effect_size: Option<f64>,
    /// The share of seeds on which the treatment's value is the higher one, a tie counting as none.
    pub higher: Share,
    /// The exact sign test.
    pub sign_test: SignTest,
    /// Wilcoxon's signed-rank test.
    pub wilcoxon: Wilcoxon,
}

impl Paired {
    /// The comparison of two arms whose values are in the same order of seeds. O(n log n), the exact
    /// signed-rank test O(n^3) up to 50 seeds.
    ///
    /// # Errors
    /// Where the lengths differ, there is no seed, or a value is not finite.
    pub fn between(treatment: &[f64], control: &[f64]) -> Result<Self, StudyError> {
        check_length("treatment", treatment.len(), control.len(), "one per value of the control")?;
        check_sample("treatment", treatment, 1)?;
        check_sample("control", control, 1)?;
        Self::of(treatment.iter().zip(control).map(|(treatment, control)| treatment - control).collect())
    }

    /// The comparison from its differences, treatment minus control.
    ///
    /// # Errors
    /// Where there is no difference, or one is not finite.
    pub fn of(differences: Vec<f64>) -> Result<Self, StudyError> {
        check_sample("differences", &differences, 1)?;
        let Summary { mean, standard_deviation, interval, .. } = Summary::of(&differences)?;
        let sign_test = sign_test(&differences)?;
        Ok(Self {
            mean_difference: mean,
            standard_deviation,
            interval,
            effect_size: standard_deviation.filter(|&s| s > 0.0).map(|s| mean / s),
            higher: Share::of(sign_test.positive, differences.len())?,
            sign_test,
            wilcoxon: wilcoxon(&differences)?,
            differences,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_paired_by_seed() {
        let paired = Paired::between(&[2.0, 5.0, 3.0, 4.0], &[1.0, 2.0, 4.0, 4.0]).unwrap();
        assert_eq!(paired.differences, [1.0, 3.0, -1.0, 0.0]);
        assert_eq!(paired.mean_difference, 0.75);
        // s^2 = (0.0625 + 5.0625 + 3.0625 + 0.5625) / 3
        assert!((paired.effect_size.unwrap() - 0.75 / (8.75f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!((paired.higher.successes, paired.higher.total), (2, 4));
        assert_eq!((paired.sign_test.positive, paired.sign_test.negative, paired.sign_test.zero), (2, 1, 1));
        assert_eq!(paired.interval, Summary::of(&[1.0, 3.0, -1.0, 0.0]).unwrap().interval);
    }

    #[test]
    fn undefined_is_not_zero() {
        assert_eq!(Paired::of(vec![1.0]).unwrap().interval, None);
        assert_eq!(Paired::of(vec![1.0; 3]).unwrap().effect_size, None);
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        assert!(Paired::between(&[1.0], &[1.0, 2.0]).is_err());
        assert!(Paired::between(&[], &[]).is_err());
        assert!(Paired::between(&[f64::NAN], &[1.0]).is_err());
        assert!(Paired::between(&[f64::MAX], &[-f64::MAX]).is_err());
    }
}
