use serde::{Deserialize, Serialize};

use super::{better::Better, bootstrap::Bootstrap, interval::Interval};
use crate::error::{StudyError, check_length, check_sample};

/// The first step at which a curve is as good as `target`, or `None` where it never is (censored).
///
/// `steps` are updates, examples or seconds, rising; no interpolation between them. O(n).
///
/// ```
/// use cl_study::{Better, time_to_target};
///
/// let (steps, accuracy) = ([100.0, 200.0, 300.0], [0.5, 0.8, 0.9]);
/// assert_eq!(time_to_target(&steps, &accuracy, 0.75, Better::Higher)?, Some(200.0));
/// assert_eq!(time_to_target(&steps, &accuracy, 0.95, Better::Higher)?, None);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where the lengths differ, the curve is empty, a number is not finite, or the steps do not rise.
pub fn time_to_target(
    steps: &[f64],
    values: &[f64],
    target: f64,
    better: Better,
) -> Result<Option<f64>, StudyError> {
    check_curve(steps, values)?;
    check_sample("target", &[target], 1)?;
    Ok(values.iter().position(|&value| better.reaches(value, target)).map(|at| steps[at]))
}

/// The value of a curve when `budget` steps have been spent: the last one measured by then, or `None` where
/// nothing was. The same curve over updates and over examples gives both equal-budget comparisons. O(n).
///
/// # Errors
/// As [`time_to_target`].
pub fn value_at(steps: &[f64], values: &[f64], budget: f64) -> Result<Option<f64>, StudyError> {
    check_curve(steps, values)?;
    check_sample("budget", &[budget], 1)?;
    Ok(steps.partition_point(|&step| step <= budget).checked_sub(1).map(|at| values[at]))
}

fn check_curve(steps: &[f64], values: &[f64]) -> Result<(), StudyError> {
    check_sample("steps of the curve", steps, 1)?;
    check_sample("values of the curve", values, 1)?;
    check_length("curve", values.len(), steps.len(), "one value per step")?;
    match steps.windows(2).find(|pair| pair[1] <= pair[0]) {
        Some(pair) => Err(StudyError::argument("steps", format!("{} after {}", pair[1], pair[0]), "rising steps")),
        None => Ok(()),
    }
}

/// How much faster a treatment reaches a target than its control.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeRatio {
    /// Mean time of the treatment over mean time of the control, over seeds where both arrive; none where
    /// there is no such seed. Below 1 the treatment is faster.
    pub ratio: Option<f64>,
    /// The 95 % percentile bootstrap interval of the ratio, seeds resampled in pairs, expanded for their number
    /// ([`Bootstrap::expanded`]); none for fewer than two such seeds.
    pub interval: Option<Interval>,
    /// Seeds where both arrive, the only ones in the ratio.
    pub both: usize,
    /// Seeds where only the treatment arrives.
    pub only_treatment: usize,
    /// Seeds where only the control arrives.
    pub only_control: usize,
    /// Seeds where neither arrives.
    pub neither: usize,
}

/// The ratio of times to a target over paired seeds.
///
/// ```text
/// ratio = sum of t_treatment / sum of t_control over seeds where both are known
/// ```
///
/// A time that is not known (`None`) enters no mean: the counts beside the ratio say for how many seeds it
/// does not speak. O(resamples n).
///
/// # Errors
/// Where the lengths differ, there is no seed, a time is negative or not finite, or a control's time is not
/// above 0.
pub fn time_ratio(
    treatment: &[Option<f64>],
    control: &[Option<f64>],
    bootstrap: &Bootstrap,
) -> Result<TimeRatio, StudyError> {
    check_length("treatment", treatment.len(), control.len(), "one per time of the control")?;
    if control.is_empty() {
        return Err(StudyError::TooFew { what: "control".into(), found: 0, expected: 1 });
    }
    if let Some(time) = treatment.iter().flatten().find(|&&time| !(time.is_finite() && time >= 0.0)) {
        return Err(StudyError::argument("treatment", time, "times of at least 0"));
    }
    if let Some(time) = control.iter().flatten().find(|&&time| !(time.is_finite() && time > 0.0)) {
        return Err(StudyError::argument("control", time, "times above 0, for there to be time to save"));
    }
    let pairs: Vec<(f64, f64)> = treatment.iter().zip(control).filter_map(|(&t, &c)| t.zip(c)).collect();
    let count = |of: fn(&(&Option<f64>, &Option<f64>)) -> bool| treatment.iter().zip(control).filter(of).count();
    let ratio = |pairs: &[(f64, f64)]| {
        let (treatment, control) = pairs.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
        treatment / control
    };
    Ok(TimeRatio {
        ratio: (!pairs.is_empty()).then(|| ratio(&pairs)),
        interval: if pairs.len() < 2 {
            None
        } else {
            Some(bootstrap.expanded(pairs.len())?.percentile(&pairs, ratio)?)
        },
        both: pairs.len(),
        only_treatment: count(|(t, c)| t.is_some() && c.is_none()),
        only_control: count(|(t, c)| t.is_none() && c.is_some()),
        neither: count(|(t, c)| t.is_none() && c.is_none()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_arrival_counts() {
        let (steps, loss) = ([1.0, 2.0, 3.0, 4.0], [2.0, 0.5, 0.9, 0.1]);
        assert_eq!(time_to_target(&steps, &loss, 0.5, Better::Lower).unwrap(), Some(2.0));
        assert_eq!(time_to_target(&steps, &loss, 0.0, Better::Lower).unwrap(), None);
        assert_eq!(time_to_target(&steps, &loss, 2.0, Better::Higher).unwrap(), Some(1.0));
    }

    #[test]
    fn a_budget_buys_what_was_measured_by_then() {
        let (steps, loss) = ([10.0, 20.0, 30.0], [3.0, 2.0, 1.0]);
        for (budget, expected) in
            [(9.0, None), (10.0, Some(3.0)), (29.9, Some(2.0)), (30.0, Some(1.0)), (1e9, Some(1.0))]
        {
            assert_eq!(value_at(&steps, &loss, budget).unwrap(), expected);
        }
    }

    #[test]
    fn ratios_speak_for_seeds_where_both_arrive() {
        let bootstrap = Bootstrap::new(2000, 0).unwrap();
        let treatment = [Some(50.0), Some(30.0), None, Some(5.0), None];
        let control = [Some(100.0), Some(60.0), Some(9.0), None, None];
        let times = time_ratio(&treatment, &control, &bootstrap).unwrap();
        assert_eq!(times.ratio, Some(0.5));
        assert_eq!(times.interval, Some(Interval { low: 0.5, high: 0.5 }));
        assert_eq!((times.both, times.only_treatment, times.only_control, times.neither), (2, 1, 1, 1));
        let none = time_ratio(&[None], &[Some(1.0)], &bootstrap).unwrap();
        assert_eq!((none.ratio, none.interval, none.only_control), (None, None, 1));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let bootstrap = Bootstrap::new(100, 0).unwrap();
        assert!(time_to_target(&[], &[], 0.0, Better::Lower).is_err());
        assert!(time_to_target(&[1.0, 1.0], &[1.0, 1.0], 0.0, Better::Lower).is_err());
        assert!(time_to_target(&[1.0], &[1.0, 1.0], 0.0, Better::Lower).is_err());
        assert!(time_to_target(&[1.0], &[f64::NAN], 0.0, Better::Lower).is_err());
        assert!(time_to_target(&[1.0], &[1.0], f64::NAN, Better::Lower).is_err());
        assert!(value_at(&[1.0], &[1.0], f64::NAN).is_err());
        assert!(time_ratio(&[], &[], &bootstrap).is_err());
        assert!(time_ratio(&[None], &[], &bootstrap).is_err());
        assert!(time_ratio(&[Some(-1.0)], &[None], &bootstrap).is_err());
        assert!(time_ratio(&[Some(1.0)], &[Some(0.0)], &bootstrap).is_err());
    }
}
