//! The figures of the README come from runs that are kept, and those from the claims that there are.

use std::collections::BTreeSet;

use xtask::experiments::ALL;
use xtask::results_page::ROWS;

const README: &str = include_str!("../../README.md");
/// What `cargo xtask results` writes of runs of `cargo xtask reproduce`.
const RESULTS: &str = include_str!("../../RESULTS.md");
const SPEED: &str = include_str!("../../docs/speed.md");
const BENCHMARKS: &str = include_str!("../../BENCHMARKS.md");

fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.starts_with("| "))
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split(" | ").map(str::trim).collect()
}

/// The rows of the tables of claims; those of every measurement have more cells.
fn claims(text: &str) -> impl Iterator<Item = Vec<&str>> {
    rows(text).map(cells).filter(|cells| cells.len() == 5 && cells[0].contains('/'))
}

/// Of every run that was kept.
#[test]
fn kept_results_are_of_the_claims_that_there_are() {
    let there: BTreeSet<(&str, String)> = ALL
        .iter()
        .flat_map(|experiment| experiment.claims)
        .map(|claim| (claim.id, claim.article.replace('|', "\\|")))
        .collect();
    let mut n = 0;
    for run in RESULTS.split("\n## ").filter(|run| claims(run).next().is_some()) {
        let name = run.lines().next().unwrap_or_default();
        let kept: BTreeSet<(&str, String)> = claims(run).map(|cells| (cells[0], cells[2].to_owned())).collect();
        let missing: Vec<_> = there.difference(&kept).collect();
        let gone: Vec<_> = kept.difference(&there).collect();
        assert!(missing.is_empty() && gone.is_empty(), "RESULTS.md, {name}: lacks {missing:?}, and has {gone:?}");
        n += 1;
    }
    assert!(n > 0, "RESULTS.md has no run");
}

/// Every row of the README with a claim is a row of the kept results.
#[test]
fn what_the_readme_says_of_claims_is_what_was_measured() {
    let kept: BTreeSet<&str> = rows(RESULTS).collect();
    let mut named = Vec::new();
    for row in rows(README).filter(|row| cells(row)[0].contains('/') && cells(row).len() == 5) {
        assert!(kept.contains(row), "RESULTS.md lacks the README's {row}");
        named.push(cells(row)[0]);
    }
    // In the order of the report.
    named.dedup();
    assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), ROWS.into_iter().collect());
}

/// Times that are told stand in the benchmarks, to the digits that they have.
#[test]
fn what_is_told_of_speed_was_measured() {
    let speed = SPEED;
    let measured: Vec<(f64, &str)> =
        rows(BENCHMARKS).flat_map(times).map(|(_, value, unit)| (value, unit)).collect();
    let mut n = 0;
    for row in rows(speed) {
        for (text, value, unit) in times(row) {
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len()) as i32;
            let room = 0.5 * 10f64.powi(-decimals) * (1.0 + 1e-9);
            let is_this = |&(other, of): &(f64, &str)| of == unit && (other - value).abs() <= room;
            assert!(measured.iter().any(is_this), "BENCHMARKS.md lacks {text} {unit} of {row}");
            n += 1;
        }
    }
    assert!(n > 15, "{n} figures");
    assert!(times(speed).count() == n, "figures outside of the table: {:?}", times(speed).collect::<Vec<_>>());
}

/// Numbers with a unit of time, an interval between the two left out.
fn times(text: &str) -> impl Iterator<Item = (&str, f64, &str)> {
    const UNITS: [&str; 4] = ["ns", "us", "ms", "s"];
    let mut last = None;
    let mut in_interval = false;
    text.split([' ', '\n', '|', ',', ';', '(', ')']).filter(|word| !word.is_empty()).filter_map(move |word| {
        let unit = if word == "µs" { "us" } else { word };
        if word.starts_with('[') || in_interval {
            in_interval = !word.ends_with(']');
            return None;
        }
        let number = last.take();
        if let (Some((text, value)), Some(unit)) = (number, UNITS.into_iter().find(|known| *known == unit)) {
            return Some((text, value, unit));
        }
        last = word.parse().ok().map(|value: f64| (word, value));
        None
    })
}
