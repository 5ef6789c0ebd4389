//! When runs arrive at a target, and how they get there.

use anyhow::{Result, bail};
use cl_study::{
    Better, Bootstrap, LineFigure, Record, StudyResults, Summary, TimeRatio, time_ratio, time_to_target,
};

use super::training::trailing_means;
use crate::claim::Measurement;

/// When each run's curve, in means of `n` measurements, first comes down to its target, seed by seed; none where it
/// never does.
///
/// # Errors
/// Where a curve is not there.
pub fn arrivals(records: &[&Record], curve: &str, n: usize, targets: &[f64]) -> Result<Vec<Option<f64>>> {
    let arrival = |(record, &target): (&&Record, &f64)| {
        let Some((updates, values)) = record.curves.get("updates").zip(record.curves.get(curve)) else {
            bail!("no curve {curve}")
        };
        let values = trailing_means(values, n);
        Ok(time_to_target(updates, &values, target, Better::Lower)?)
    };
    records.iter().zip(targets).map(arrival).collect()
}

/// The ratio of updates, of a treatment and a control, to their targets: a run that never arrives counts as arriving at
/// its `end`.
///
/// # Errors
/// Where there is no run.
pub fn ratio_by(end: u64, treatment: &[Option<f64>], control: &[Option<f64>]) -> Result<TimeRatio> {
    let by = |times: &[Option<f64>]| times.iter().map(|time| Some(time.unwrap_or(end as f64))).collect::<Vec<_>>();
    Ok(time_ratio(&by(treatment), &by(control), &Bootstrap::new(10_000, 0)?)?)
}

/// The share of updates that a treatment saves: one less the ratio of times.
pub fn saved(ratio: &TimeRatio) -> Measurement {
    match (ratio.ratio, ratio.interval) {
        (Some(mean), Some(interval)) => Measurement::Interval {
            mean: 1.0 - mean,
            low: 1.0 - interval.high,
            high: 1.0 - interval.low,
            n: ratio.both,
        },
        _ => Measurement::Undefined { why: "fewer than two seeds arrive".into() },
    }
}

/// Adds the mean of a curve over seeds with its 95 % interval, from update `from` on.
///
/// # Errors
/// Where a run failed or the curve is not there.
pub fn with_mean_curve(
    figure: LineFigure,
    results: &StudyResults,
    (setting, arm): (&str, &str),
    curve: &str,
    from: f64,
) -> Result<LineFigure> {
    let records: Vec<&Record> = results.records(setting, arm)?.into_iter().flatten().collect();
    let Some(first) = records.first() else { bail!("no run of {arm}") };
    let updates = &first.curves["updates"];
    let (mut x, mut summaries) = (Vec::new(), Vec::new());
    for (at, &update) in updates.iter().enumerate().filter(|&(_, &update)| update >= from) {
        let values: Vec<f64> = records.iter().map(|record| record.curves[curve][at]).collect();
        x.push(update);
        summaries.push(Summary::of(&values)?);
    }
    Ok(figure.line_of_means(arm, &x, &summaries))
}

#[cfg(test)]
mod tests {
    use cl_study::Interval;

    use super::*;

    #[test]
    fn arrivals_are_those_of_trailing_means() {
        let record = Record::new().curve("updates", [0.0, 10.0, 20.0, 30.0]).curve("loss", [4.0, 1.0, 3.0, 1.0]);
        assert_eq!(arrivals(&[&record; 2], "loss", 2, &[2.0, 1.0]).unwrap(), [Some(20.0), None]);
        assert_eq!(arrivals(&[&record], "loss", 1, &[1.0]).unwrap(), [Some(10.0)]);
        assert!(arrivals(&[&record], "log_rank", 1, &[1.0]).is_err());
        let ratio = ratio_by(30, &[Some(20.0), None], &[Some(20.0), Some(30.0)]).unwrap();
        assert_eq!((ratio.ratio, ratio.both), (Some(1.0), 2));
    }

    #[test]
    fn what_is_saved_is_what_is_not_taken() {
        let interval = Some(Interval { low: 0.5, high: 1.25 });
        let ratio =
            TimeRatio { ratio: Some(0.75), interval, both: 3, only_treatment: 0, only_control: 0, neither: 0 };
        assert_eq!(saved(&ratio), Measurement::Interval { mean: 0.25, low: -0.25, high: 0.5, n: 3 });
        assert!(matches!(saved(&TimeRatio { interval: None, ..ratio }), Measurement::Undefined { .. }));
    }
}
