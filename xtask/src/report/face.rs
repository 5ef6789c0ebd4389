//! The one figure of the first screen.

use std::borrow::Cow;

use anyhow::Result;
use cl_study::{Bar, BarFigure, Figure as _, Interval};

use crate::{
    claim::{Judge, Measurement},
    experiment::{Figure, Outcome},
    verdicts::Row,
};

/// The experiment whose first figure answers the first question.
const TELLING: &str = "orderings";

/// Bars that can be read beside each other.
const MOST_BARS: usize = 8;

/// The figure that tells most of what was run: the gains of each order where they were measured, else every claimed
/// difference of accuracies, else the first figure there is.
///
/// # Errors
/// Where the figure cannot be drawn.
pub(super) fn face<'a>(outcomes: &'a [Outcome], rows: &[Vec<Row<'_>>]) -> Result<Option<Cow<'a, Figure>>> {
    let first =
        |outcome: &'a Outcome| outcome.findings.as_ref().ok().and_then(|findings| findings.figures.first());
    let telling = outcomes.iter().filter(|outcome| outcome.experiment.id == TELLING).find_map(first);
    if let Some(figure) = telling {
        return Ok(Some(Cow::Borrowed(figure)));
    }
    Ok(match differences(rows)? {
        Some(figure) => Some(Cow::Owned(figure)),
        None => outcomes.iter().find_map(first).map(Cow::Borrowed),
    })
}

/// For each claimed difference of accuracies the one of its conditions that lies farthest from 0, with its interval.
fn differences(rows: &[Vec<Row<'_>>]) -> Result<Option<Figure>> {
    let mut bars: Vec<(&str, Bar)> = Vec::new();
    let rows: Vec<&Row<'_>> = rows.iter().flatten().filter(|row| is_difference(row)).collect();
    for of_claim in rows.chunk_by(|row, other| row.claim.id == other.claim.id) {
        let estimate = |row: &Row<'_>| row.measured.measurement.estimate().unwrap_or(0.0);
        let Some(farthest) = of_claim.iter().max_by(|a, b| estimate(a).abs().total_cmp(&estimate(b).abs())) else {
            continue;
        };
        let interval = farthest.judged.as_ref().and_then(|judged| judged.finding.interval);
        let interval = interval.map(|Interval { low, high }| Interval { low: 100.0 * low, high: 100.0 * high });
        bars.push((farthest.claim.id, Bar { value: 100.0 * estimate(farthest), interval }));
    }
    bars.truncate(MOST_BARS);
    if bars.is_empty() {
        return Ok(None);
    }
    let (names, bars): (Vec<&str>, Vec<Bar>) = bars.into_iter().unzip();
    let figure =
        BarFigure::new("Claimed gains, measured", "", "points of accuracy", names).series("measured", bars);
    Ok(Some(Figure {
        name: "gains".into(),
        caption:
            "What claims say is better, less what it is compared with, in percentage points of accuracy: for each \
                  claim the condition farthest from 0, with its 95 % interval."
                .into(),
        svg: figure.render(760, 420)?,
    }))
}

fn is_difference(row: &Row<'_>) -> bool {
    let Judge::Positive { quantity, .. } = row.claim.judge else { return false };
    quantity.contains("accuracy") && matches!(row.measured.measurement, Measurement::Sampled { .. })
}
