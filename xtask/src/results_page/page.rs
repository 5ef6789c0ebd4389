//! `RESULTS.md`: of each run how large it was and where it was run, every claim in a line, and every measurement.

use std::{cmp::Reverse, fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};
use cl_study::{Table, Verdict, shown};

use super::stored::{Settings, StoredRun};
use crate::{
    data_sets::{self, DataSet},
    experiments::ALL,
    report::all_claims,
    run_record::RunRecord,
    verdicts::{Expected, Row},
};

const HEAD: &str = "# Results

What `cargo xtask reproduce` measured, run by run: every claim in a line, once for the article's code and once for all else,
all its conditions counted, and every measurement by itself below. The `report.html` of a run has the rule by which each claim
is judged, its figures and what was run; the numbers are the same bytes on every machine, and only the time is its own.
`cargo xtask results` writes this page.
";

/// The page.
///
/// # Errors
/// Where a table cannot be laid out.
pub(super) fn page(runs: &[StoredRun]) -> Result<String> {
    let sections = runs.iter().map(section).collect::<Result<Vec<String>>>()?;
    Ok(shown::lines(&format!("{HEAD}{}", sections.concat())).into_owned())
}

fn section(run: &StoredRun) -> Result<String> {
    let rows = run.rows()?;
    let sets = data_sets::all()?;
    let data = real_data(&rows, &sets);
    let mut text = format!("\n## {}\n\n", heading(run.settings, &data));
    for (name, content) in facts(run, &data) {
        writeln!(text, "- {name}: {content}")?;
    }
    let measurements = measurements(&rows)?;
    write!(
        text,
        "\n{}\n\n{}\n<details>\n<summary>Every measurement</summary>\n\n{}\n</details>\n",
        counted(&rows),
        all_claims(&rows)?.to_markdown(),
        measurements.to_markdown()
    )?;
    Ok(text)
}

fn heading(settings: Settings, data: &[&str]) -> String {
    let size = match (settings.quick, settings.full) {
        (true, _) => "A quick run",
        (_, true) => "The full run",
        _ => "The usual run",
    };
    if data.is_empty() { size.to_owned() } else { format!("{size}, on real data, too") }
}

fn facts(run: &StoredRun, data: &[&str]) -> Vec<(&'static str, String)> {
    let (settings, record) = (run.settings, &run.record);
    let size = match (settings.quick, settings.full) {
        (true, _) => "fewer repetitions and epochs, for a first look",
        (_, true) => "the papers' sizes",
        _ => "smaller than the papers' where those take long",
    };
    let experiments: Vec<&str> = run.experiments().map(|experiment| experiment.id).collect();
    let experiments =
        if experiments.len() == ALL.len() { format!("all {}", ALL.len()) } else { experiments.join(", ") };
    let data = if data.is_empty() { "none but what is bundled".to_owned() } else { data.join(", ") };
    vec![
        ("experiments", experiments),
        ("size", format!("{size}; {} repetitions of every study", settings.n_seeds)),
        ("real data", data),
        ("time", duration(record.seconds)),
        ("machine", format!("{}, {} threads, {}", record.processor, record.cores, record.instructions)),
        ("sources", format!("version {}, commit {}", record.version, record.commit)),
    ]
}

/// The section of a finished run of `cargo xtask images`: where and how long it was run, and its tables.
///
/// # Errors
/// Where the run is not finished.
pub(super) fn images(folder: &Path) -> Result<String> {
    let record = RunRecord::read(folder)?;
    let path = folder.join("table.md");
    let tables = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut text = "\n## CIFAR-10 with a convolutional network\n\n".to_owned();
    for (name, content) in [
        ("command", "`cargo xtask images`".to_owned()),
        ("time", duration(record.seconds)),
        ("machine", format!("{}, {} threads, {}", record.processor, record.cores, record.instructions)),
        ("sources", format!("version {}, commit {}", record.version, record.commit)),
    ] {
        writeln!(text, "- {name}: {content}")?;
    }
    write!(text, "\n{tables}")?;
    Ok(shown::lines(&text).into_owned())
}

/// The sets on which something was measured, in the order of their list.
fn real_data<'a>(rows: &[Vec<Row<'_>>], sets: &'a [DataSet]) -> Vec<&'a str> {
    let measured: Vec<&str> = rows
        .iter()
        .flatten()
        .filter(|row| row.measured.measurement.estimate().is_some())
        .map(|row| &*row.measured.conditions)
        .collect();
    named(&measured, sets)
}

/// The sets that any of the conditions names.
fn named<'a>(conditions: &[&str], sets: &'a [DataSet]) -> Vec<&'a str> {
    // The longer name first: one set's may be a part of another's.
    let mut by_length: Vec<&DataSet> = sets.iter().filter(|set| !set.named.is_empty()).collect();
    by_length.sort_by_key(|set| Reverse(set.named.len()));
    let mut found = Vec::new();
    for conditions in conditions {
        let mut rest = (*conditions).to_owned();
        for set in &by_length {
            if rest.contains(&set.named) {
                rest = rest.replace(&set.named, "");
                found.push(&*set.name);
            }
        }
    }
    sets.iter().map(|set| &*set.name).filter(|name| found.contains(name)).collect()
}

/// How often each verdict was given, and how many of them may be false.
fn counted(rows: &[Vec<Row<'_>>]) -> String {
    let n = rows.iter().map(Vec::len).sum::<usize>();
    let count = |verdict: Verdict| rows.iter().flatten().filter(|row| row.verdict == verdict).count();
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .map(|verdict| (verdict, count(verdict)))
        .filter(|&(_, count)| count > 0)
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    let Expected { tested, decided, false_verdicts } = Expected::of(rows);
    format!(
        "{n} measurements: {}. Of {tested} with an interval {decided} are decided, of which at most {false_verdicts:.1} are \
         expected to be false.",
        counts.join(", ")
    )
}

fn measurements(rows: &[Vec<Row<'_>>]) -> Result<Table> {
    let mut table = Table::new(["claim", "conditions", "measured", "corrected p", "verdict", "note"]);
    for row in rows.iter().flatten() {
        let p = row.judged.as_ref().and_then(|judged| judged.q);
        table.row([
            row.claim.id.to_owned(),
            row.measured.conditions.clone(),
            row.measured.measurement.to_string(),
            p.map_or(String::new(), |p| if p < 0.0001 { "< 0.0001".to_owned() } else { format!("{p:.4}") }),
            row.in_words(),
            row.note.clone(),
        ])?;
    }
    Ok(table)
}

/// A time to two units.
fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (hours, minutes) = (seconds / 3600, seconds / 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {} min", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        let times = [0.4, 59.6, 3599.0, 3600.0, 100_000.0].map(duration);
        assert_eq!(times, ["0 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "27 h 46 min"]);
    }

    #[test]
    fn a_set_whose_name_holds_another_is_itself_alone() {
        let sets = data_sets::all().unwrap();
        let named = |conditions: &[&str]| named(conditions, &sets).join("; ");
        assert_eq!(named(&["Fashion-MNIST, 5000 training images"]), "Fashion-MNIST");
        assert_eq!(named(&["loss; permuted MNIST", "Fashion-MNIST"]), "MNIST; Fashion-MNIST");
        assert_eq!(named(&["loss, with three annotators; CIFAR-10, 10000 images"]), "CIFAR-10; CIFAR-10N");
        assert_eq!(named(&["UCI digits", "made language"]), "");
    }
}
