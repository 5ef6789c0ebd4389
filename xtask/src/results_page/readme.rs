//! The tables of the README, each between two marks: first what the article's own code gives, then what holds beyond it.

use anyhow::{Result, bail};
use cl_study::{Table, shown};

use super::stored::StoredRun;
use crate::{claim::Part, report::all_claims, verdicts::Row};

const BEGIN: &str = "<!-- claims: begin -->";
const END: &str = "<!-- claims: end -->";

/// The claims of the second table, which are of what holds beyond the article's own code.
pub const BEYOND: [&str; 25] = [
    "clusters/rising-entropy",
    "shapes/lower-error",
    "vocabulary/convergence",
    "continuation/basin",
    "convergence/difficulty",
    "convergence/early",
    "transfer/early",
    "transfer/end",
    "self-paced/noise-accuracy",
    "self-paced/noise-selection",
    "competence/faster",
    "race/finish",
    "focal/average-precision",
    "orderings/no-order",
    "orderings/short-time",
    "orderings/noise",
    "orderings/class-distribution",
    "forgetting/can-go",
    "forgetting/beats-random",
    "el2n/half-elsewhere",
    "el2n/beats-random",
    "el2n/crossover",
    "life-cycle/best",
    "life-cycle/choice",
    "life-cycle/hard-early",
];

/// The two tables, in Markdown.
///
/// # Errors
/// Where the run lacks a claim that the README has.
pub(super) fn tables(run: &StoredRun) -> Result<[String; 2]> {
    let (articles, mut others): (Vec<_>, Vec<_>) = run
        .rows()?
        .into_iter()
        .map(|rows| rows.into_iter().partition::<Vec<Row<'_>>, _>(|row| row.measured.part == Part::Article))
        .unzip();
    others.iter_mut().for_each(|rows| rows.retain(|row| BEYOND.contains(&row.claim.id)));
    if let Some(id) = BEYOND.iter().find(|id| !others.iter().flatten().any(|row| row.claim.id == **id)) {
        bail!("the README has claim {id}, which this run did not measure");
    }
    let mut own_code = Table::new(["claim", "the article", "its own code", "verdict"]);
    for row in all_claims(&articles)?.to_json().as_array().into_iter().flatten() {
        own_code.row(
            ["claim", "the article", "measured", "verdict"].map(|column| row[column].as_str().unwrap_or("")),
        )?;
    }
    Ok([own_code, all_claims(&others)?].map(|table| shown::lines(&table.to_markdown()).into_owned()))
}

/// The README with these tables in the places of those that it has.
///
/// # Errors
/// Unless it has a place between two marks for each.
pub(super) fn with_tables(readme: &str, tables: &[String]) -> Result<String> {
    let mut pieces = readme.split(BEGIN);
    let mut text = pieces.next().unwrap_or("").to_owned();
    let places: Vec<&str> = pieces.collect();
    if places.len() != tables.len() || text.contains(END) {
        bail!("README.md: {} tables after {BEGIN}, expected {}", places.len(), tables.len());
    }
    for (at, (place, table)) in places.into_iter().zip(tables).enumerate() {
        let after: Vec<&str> = place.split(END).collect();
        let [_, after] = after[..] else {
            bail!("README.md: table {}: {} times {END}, expected one", at + 1, after.len() - 1);
        };
        text += &format!("{BEGIN}\n\n{table}\n{END}{after}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::ALL;

    #[test]
    fn tables_take_the_places_of_those_before() {
        let readme = format!("a\n{BEGIN}\n{END}\nb\n\n{BEGIN}\nold\n{END}\nc\n");
        let tables = ["| x |\n".to_owned(), "| y |\n".to_owned()];
        let new = with_tables(&readme, &tables).unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\n\n| x |\n\n{END}\nb\n\n{BEGIN}\n\n| y |\n\n{END}\nc\n"));
        assert_eq!(with_tables(&new, &tables).unwrap(), new, "once more changes nothing");
        for (readme, told) in [
            ("no place".to_owned(), "0 tables"),
            (format!("{BEGIN}{END}"), "1 tables"),
            (format!("{BEGIN}{BEGIN}{END}"), "table 1: 0 times"),
            (format!("{BEGIN}{END}{END}{BEGIN}{END}"), "table 1: 2 times"),
            (format!("{END}{BEGIN}{END}{BEGIN}{END}"), "2 tables"),
        ] {
            let error = with_tables(&readme, &tables).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn what_holds_beyond_is_of_claims_that_there_are() {
        for id in BEYOND {
            let claims = ALL.iter().flat_map(|experiment| experiment.claims);
            assert_eq!(claims.filter(|claim| claim.id == id).count(), 1, "{id}");
        }
    }
}
