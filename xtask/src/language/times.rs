//! When runs arrive at a target, and how they get there.

use anyhow::{Result, bail};
use cl_study::{Better, LineFigure, Record, Replications, Scale, StudyResults, Summary, time_to_target};

use super::training::trailing_means;

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

/// The share of the updates that a treatment saves, seed by seed, one less the ratio of its updates to the control's: a run
/// that never arrives counts as arriving at its `end`, and one that is there from the start as arriving at `first`.
///
/// # Errors
/// Where there is no run.
pub fn saved(
    (first, end): (u64, u64),
    treatment: &[Option<f64>],
    control: &[Option<f64>],
) -> Result<Replications> {
    let time = |time: &Option<f64>| time.unwrap_or(end as f64).max(first as f64);
    let saved = treatment.iter().zip(control).map(|(treatment, control)| 1.0 - time(treatment) / time(control));
    Ok(Replications::independent(saved.collect())?.on(Scale::Saving)?)
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
    use super::*;

    #[test]
    fn arrivals_are_those_of_trailing_means() {
        let record = Record::new().curve("updates", [0.0, 10.0, 20.0, 30.0]).curve("loss", [4.0, 1.0, 3.0, 1.0]);
        assert_eq!(arrivals(&[&record; 2], "loss", 2, &[2.0, 1.0]).unwrap(), [Some(20.0), None]);
        assert_eq!(arrivals(&[&record], "loss", 1, &[1.0]).unwrap(), [Some(10.0)]);
        assert!(arrivals(&[&record], "log_rank", 1, &[1.0]).is_err());
    }

    #[test]
    fn what_is_saved_is_what_is_not_taken() {
        let saved =
            saved((10, 30), &[Some(20.0), None, Some(0.0)], &[Some(40.0), Some(20.0), Some(20.0)]).unwrap();
        assert_eq!(saved.values(), [0.5, -0.5, 0.5]);
        // The mean of ratios by their logarithms: 1/2, 3/2, 1/2.
        assert!((saved.mean() - (1.0 - (0.375f64).cbrt())).abs() < 1e-12);
        assert!(super::saved((1, 3), &[], &[]).is_err());
    }
}
