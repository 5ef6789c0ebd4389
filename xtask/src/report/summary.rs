//! Each claim in a line: its conditions, what was measured and the verdict, once for the article's code and once for
//! all else.

use anyhow::Result;
use cl_study::{Table, Verdict};

use crate::{
    claim::{Claim, Part, significant},
    verdicts::Row,
};

/// What was measured of a claim with the article's code, or under all other conditions.
pub(super) struct Summary<'a> {
    pub(super) claim: &'static Claim,
    /// One row a condition, at least one.
    pub(super) rows: Vec<&'a Row<'a>>,
}

/// Data that conditions name.
const DATA: [&str; 11] = [
    "UCI digits",
    "made language",
    "two moons",
    "the article's clusters",
    "two clusters",
    "MNIST",
    "CIFAR-10",
    "WikiText-2",
    "Multi30k",
    "tiny Shakespeare",
    "made shapes",
];

/// The summaries of these rows, which stand claim by claim.
pub(super) fn summaries<'a>(rows: &'a [Row<'_>]) -> Vec<Summary<'a>> {
    let mut summaries = Vec::new();
    for of_claim in rows.chunk_by(|row, other| row.claim.id == other.claim.id) {
        let (articles, others): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
            of_claim.iter().partition(|row| row.measured.part == Part::Article);
        let groups = [articles, others].into_iter().filter(|group| !group.is_empty());
        summaries.extend(groups.map(|rows| Summary { claim: rows[0].claim, rows }));
    }
    summaries
}

/// Claim, what the article says, what was measured, verdict: a row a summary.
///
/// # Errors
/// Where a row does not fit the columns.
pub(crate) fn all_claims(rows: &[Vec<Row<'_>>]) -> Result<Table> {
    let mut table = Table::new(["claim", "conditions", "the article", "measured", "verdict"]);
    for summary in rows.iter().flat_map(|rows| summaries(rows)) {
        let Claim { id, article, .. } = *summary.claim;
        table.row([id, &summary.conditions(), article, &summary.measured(), &summary.verdict()])?;
    }
    Ok(table)
}

impl Summary<'_> {
    /// Whether it is of the article's own code.
    pub(super) fn is_of_the_article(&self) -> bool {
        self.rows.iter().all(|row| row.measured.part == Part::Article)
    }

    /// The condition, or how many there are and on which data.
    pub(super) fn conditions(&self) -> String {
        if let [only] = self.rows[..] {
            return only.measured.conditions.clone();
        }
        let is_named = |data: &&str| self.rows.iter().any(|row| row.measured.conditions.contains(data));
        let data: Vec<&str> = DATA.into_iter().filter(is_named).collect();
        let on = if data.is_empty() { String::new() } else { format!(": {}", data.join(", ")) };
        format!("{} conditions{on}", self.rows.len())
    }

    /// The measurement, or from where to where the estimates go.
    pub(super) fn measured(&self) -> String {
        if let [only] = self.rows[..] {
            return only.measured.measurement.to_string();
        }
        let mut range: Option<[f64; 2]> = None;
        let mut texts: Vec<String> = Vec::new();
        for Row { measured, .. } in &self.rows {
            match measured.measurement.estimate() {
                Some(value) => {
                    range = Some(range.map_or([value; 2], |[low, high]| [low.min(value), high.max(value)]));
                }
                None => {
                    let text = measured.measurement.to_string();
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
            }
        }
        let range = range.map(|[low, high]| match (significant(low), significant(high)) {
            (low, high) if low == high => low,
            (low, high) => format!("{low} to {high}"),
        });
        range.into_iter().chain(texts).collect::<Vec<String>>().join("; ")
    }

    /// Each verdict in words and how often it was given, the most frequent first; of equally frequent ones, the first
    /// measured.
    pub(super) fn verdicts(&self) -> Vec<(Verdict, String, usize)> {
        let mut verdicts: Vec<(Verdict, String, usize)> = Vec::new();
        for row in &self.rows {
            let words = row.in_words();
            match verdicts.iter_mut().find(|(_, other, _)| *other == words) {
                Some((.., count)) => *count += 1,
                None => verdicts.push((row.verdict, words, 1)),
            }
        }
        verdicts.sort_by_key(|&(.., count)| std::cmp::Reverse(count));
        verdicts
    }

    /// The verdict, or each one with its count.
    pub(super) fn verdict(&self) -> String {
        match &self.verdicts()[..] {
            [(_, words, _)] => words.clone(),
            verdicts => {
                let counted = verdicts.iter().map(|(_, words, count)| format!("{count} {words}"));
                counted.collect::<Vec<String>>().join(", ")
            }
        }
    }
}
