//! What the README has of a run, each part between two marks: the answer, and a table of claims.

use anyhow::{Result, bail};
use cl_study::shown;

use super::stored::StoredRun;
use crate::{
    claim::Part,
    report::{all_claims, answer},
    verdicts::Row,
};

const BEGIN: &str = "<!-- claims: begin -->";
const END: &str = "<!-- claims: end -->";

/// The claims of the README's table.
pub const ROWS: [&str; 9] = [
    "clusters/counts",
    "self-paced/epoch-0",
    "forgetting/unforgettable",
    "orderings/no-order",
    "orderings/short-time",
    "orderings/noise",
    "forgetting/can-go",
    "el2n/half-elsewhere",
    "life-cycle/best",
];

/// The answer, a sentence an item, and the table, in Markdown.
///
/// # Errors
/// Where the run lacks a claim that the README has.
pub(super) fn parts(run: &StoredRun) -> Result<[String; 2]> {
    let mut rows = run.rows()?;
    let answer: String = answer(&rows).iter().map(|sentence| format!("- {}\n", shown::lines(sentence))).collect();
    // Of the article's figures, what its own code gives; of all else, what holds beyond it.
    let is_own = |row: &Row<'_>| row.measured.part == Part::Article;
    rows.iter_mut().for_each(|rows| rows.retain(|row| ROWS.contains(&row.claim.id)));
    rows.iter_mut().for_each(|rows| {
        let own: Vec<&str> = rows.iter().filter(|row| is_own(row)).map(|row| row.claim.id).collect();
        rows.retain(|row| is_own(row) || !own.contains(&row.claim.id));
    });
    if let Some(id) = ROWS.iter().find(|id| !rows.iter().flatten().any(|row| row.claim.id == **id)) {
        bail!("the README has claim {id}, which this run did not measure");
    }
    Ok([answer, shown::lines(&all_claims(&rows)?.to_markdown()).into_owned()])
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
    fn rows_are_of_claims_that_there_are() {
        for id in ROWS {
            let claims = ALL.iter().flat_map(|experiment| experiment.claims);
            assert_eq!(claims.filter(|claim| claim.id == id).count(), 1, "{id}");
        }
    }
}
