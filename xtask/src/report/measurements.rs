//! Every measurement in tables, and how claims are judged in words.

use anyhow::Result;
use cl_study::{Evidence, Table};

use crate::{
    claim::{Claim, Measurement, Part, significant},
    verdicts::Row,
};

/// What stands in a row beside the claim.
const COLUMNS: [&str; 6] = ["conditions", "measured", "Hodges-Lehmann", "corrected p", "verdict", "note"];

/// Every measurement of one experiment.
///
/// # Errors
/// Where a row does not fit the columns.
pub(super) fn of_experiment(rows: &[Row<'_>]) -> Result<Table> {
    let mut table = Table::new(["claim"].into_iter().chain(COLUMNS));
    for row in rows {
        table.row([row.claim.id.to_owned()].into_iter().chain(cells(row)))?;
    }
    Ok(table)
}

/// Every measurement of one claim.
///
/// # Errors
/// Where a row does not fit the columns.
pub(super) fn of_claim(rows: &[Row<'_>]) -> Result<Table> {
    let mut table = Table::new(COLUMNS);
    for row in rows {
        table.row(cells(row))?;
    }
    Ok(table)
}

fn cells(row: &Row<'_>) -> [String; 6] {
    [
        row.measured.conditions.clone(),
        row.measured.measurement.to_string(),
        by_ranks(row).unwrap_or_default(),
        row.judged.as_ref().and_then(|judged| judged.q).map_or(String::new(), p_value),
        row.in_words(),
        row.note.clone(),
    ]
}

/// The Hodges-Lehmann estimate with its interval.
fn by_ranks(row: &Row<'_>) -> Option<String> {
    let Measurement::Sampled { evidence: Evidence::Replications(values) } = &row.measured.measurement else {
        return None;
    };
    let interval = row.judged.as_ref()?.finding.rank_interval?;
    let [low, high] = [interval.low, interval.high].map(significant);
    Some(format!("{} [{low}, {high}]", significant(values.hodges_lehmann())))
}

fn p_value(p: f64) -> String {
    if p < 0.0001 { "< 0.0001".into() } else { format!("{p:.4}") }
}

/// The rule of a claim, what it is about and what its rows were measured on, in Markdown.
pub(super) fn rule(claim: &Claim, rows: &[Row<'_>]) -> String {
    let measured_on = |part: Part| rows.iter().any(|row| row.claim.id == claim.id && row.measured.part == part);
    let kinds = [
        (Part::Article, "the article's code"),
        (Part::Changed, "a changed setting"),
        (Part::Real, "many repetitions or real data"),
    ];
    let parts: Vec<&str> =
        kinds.into_iter().filter(|&(part, _)| measured_on(part)).map(|(_, name)| name).collect();
    let after = claim.decided_after();
    format!(
        "{}. It is about {}; {}measured on {}",
        claim.judge.describe(),
        claim.about.describe(),
        after.map_or(String::new(), |what| format!("{what} decided after results were seen; ")),
        parts.join(", ")
    )
}
