//! What is written: `report.html`, `report.md`, `results.json`, a figure an experiment, and the table on the terminal.

use std::{fmt::Write as _, io::Write as _, path::Path};

use anyhow::{Context as _, Result, bail};
use cl_data::io::write_atomically;
use cl_study::{Evidence, Table, shown};
use serde_json::{Map, Value, json};

use crate::{
    claim::{Claim, Measurement, Part, significant},
    experiment::{FIRST_SEED, Figure, Measured, Outcome},
    html,
    verdicts::{self, Expected, Row},
};

/// How large the run was that is reported.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Seeds of every study.
    pub n_seeds: u64,
    /// Fewer seeds and epochs, for a first look.
    pub quick: bool,
    /// The sizes of the papers.
    pub full: bool,
}

/// Claim, what the article says, what was measured, verdict: a row for the article's code and a row for all other
/// conditions.
///
/// # Errors
/// Where a row does not fit the columns.
pub fn opening(rows: &[Vec<Row<'_>>]) -> Result<Table> {
    let mut table = Table::new(["claim", "conditions", "the article", "measured", "verdict"]);
    for (claim, [conditions, measured, verdict]) in rows.iter().flat_map(|rows| summarised(rows)) {
        table.row([claim.id.to_owned(), conditions, claim.article.to_owned(), measured, verdict])?;
    }
    Ok(table)
}

/// The claims of an experiment that has just ended, a line each, for who waits for the others: verdicts as if nothing else
/// were tested.
///
/// # Errors
/// As [`verdicts::rows`].
pub fn news(outcome: &Outcome) -> Result<String> {
    let rows = verdicts::rows(std::slice::from_ref(outcome))?;
    let lines = rows.iter().flat_map(|rows| summarised(rows));
    Ok(lines.map(|(claim, [_, measured, verdict])| format!("{}: {verdict} ({measured})\n", claim.id)).collect())
}

/// Each claim with conditions, measurement and verdict: once for the article's code, once for all else.
fn summarised(rows: &[Row<'_>]) -> Vec<(&'static Claim, [String; 3])> {
    let mut summarised = Vec::new();
    for of_claim in rows.chunk_by(|row, other| row.claim.id == other.claim.id) {
        let (articles, others): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
            of_claim.iter().partition(|row| row.measured.part == Part::Article);
        for group in [articles, others].into_iter().filter(|group| !group.is_empty()) {
            let row = match group[..] {
                [only] => {
                    let Measured { conditions, measurement, .. } = only.measured;
                    [conditions.clone(), measurement.to_string(), only.in_words()]
                }
                _ => folded(&group),
            };
            summarised.push((of_claim[0].claim, row));
        }
    }
    summarised
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

/// The same of several measurements: how many there are, from where to where, and how often each verdict.
fn folded(group: &[&Row<'_>]) -> [String; 3] {
    let mut range: Option<[f64; 2]> = None;
    let mut texts: Vec<String> = Vec::new();
    for Row { measured, .. } in group {
        match measured.measurement.estimate() {
            Some(value) => range = Some(range.map_or([value; 2], |[low, high]| [low.min(value), high.max(value)])),
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
    let measured = range.into_iter().chain(texts).collect::<Vec<String>>().join("; ");
    let mut verdicts: Vec<(String, usize)> = Vec::new();
    for row in group {
        let verdict = row.in_words();
        match verdicts.iter_mut().find(|(other, _)| *other == verdict) {
            Some((_, count)) => *count += 1,
            None => verdicts.push((verdict, 1)),
        }
    }
    // The most frequent first; of equally frequent ones, the first measured.
    verdicts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let verdicts: Vec<String> = match &verdicts[..] {
        [(verdict, _)] => vec![verdict.clone()],
        _ => verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect(),
    };
    let data: Vec<&str> =
        DATA.into_iter().filter(|data| group.iter().any(|row| row.measured.conditions.contains(data))).collect();
    let on = if data.is_empty() { String::new() } else { format!(": {}", data.join(", ")) };
    [format!("{} conditions{on}", group.len()), measured, verdicts.join(", ")]
}

/// Every measurement of one experiment.
fn measurements(rows: &[Row<'_>]) -> Result<Table> {
    let mut table =
        Table::new(["claim", "conditions", "measured", "Hodges-Lehmann", "corrected p", "verdict", "note"]);
    for row in rows {
        table.row([
            row.claim.id.to_owned(),
            row.measured.conditions.clone(),
            row.measured.measurement.to_string(),
            by_ranks(row).unwrap_or_default(),
            row.judged.as_ref().and_then(|judged| judged.q).map_or(String::new(), p_value),
            row.in_words(),
            row.note.clone(),
        ])?;
    }
    Ok(table)
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

/// The table as the terminal shows it, and where the report lies.
///
/// # Errors
/// Where the table cannot be laid out.
pub fn terminal(outcomes: &[Outcome], out: &Path) -> Result<String> {
    let rows = verdicts::rows(outcomes)?;
    let mut text = opening(&rows)?.to_terminal(terminal_width());
    let count = rows.iter().map(Vec::len).sum::<usize>();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.took.as_secs_f64()).sum();
    let Expected { tested, decided, false_verdicts } = Expected::of(&rows);
    write!(
        text,
        "\n{tested} of them with an interval, {decided} of these decided, of which {false_verdicts:.1} are expected to be \
         false at most"
    )?;
    write!(text, "\n{count} measurements in {seconds:.1} s; report: {}\n", out.join("report.html").display())?;
    Ok(text)
}

fn terminal_width() -> u16 {
    terminal_size::terminal_size().map_or(140, |(terminal_size::Width(columns), _)| columns)
}

/// Writes everything, each file whole or not at all, and nothing where one of them has no place.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(outcomes: &[Outcome], size: Size, out: &Path) -> Result<()> {
    let mut files: Vec<(String, String)> = Vec::new();
    for findings in outcomes.iter().filter_map(|outcome| outcome.findings.as_ref().ok()) {
        files.extend(findings.figures.iter().map(|figure| (format!("{}.svg", figure.name), figure.svg.clone())));
        files.extend(findings.files.iter().cloned());
    }
    let rows = verdicts::rows(outcomes)?;
    let results = results(outcomes, &rows, size)?;
    files.push(("results.json".into(), serde_json::to_string_pretty(&results)?));
    files.push(("table.md".into(), shown::lines(&opening(&rows)?.to_markdown()).into_owned()));
    let markdown = markdown(outcomes, &rows, size)?;
    let figures: Vec<&Figure> =
        outcomes.iter().filter_map(|outcome| outcome.findings.as_ref().ok()).flat_map(|f| &f.figures).collect();
    files.push(("report.html".into(), html::page(&markdown, &figures)));
    files.push(("report.md".into(), markdown));
    let files: Vec<_> = files.into_iter().map(|(name, content)| (out.join(name), content)).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| path.is_dir()) {
        bail!("{}: a folder stands where this file belongs; nothing was written", path.display());
    }
    files.iter().try_for_each(|(path, content)| {
        write_atomically(path, |file| file.write_all(content.as_bytes()))
            .with_context(|| path.display().to_string())
    })
}

/// Every number with its settings. Nothing in it depends on time or on the number of threads.
fn results(outcomes: &[Outcome], rows: &[Vec<Row<'_>>], Size { n_seeds, quick, full }: Size) -> Result<Value> {
    let mut experiments = Map::new();
    for (outcome, rows) in outcomes.iter().zip(rows) {
        let experiment = outcome.experiment;
        let claims: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({
                    "id": row.claim.id,
                    "place": row.claim.place,
                    "article": row.claim.article,
                    "about": row.claim.about,
                    "judged_by": row.claim.judge,
                    "part": row.measured.part,
                    "conditions": row.measured.conditions,
                    "measured": row.measured.measurement.to_string(),
                    "measurement": row.measured.measurement,
                    "judged": row.judged,
                    "verdict": row.verdict.to_string(),
                    "verdict_in_words": row.in_words(),
                    "note": row.note,
                })
            })
            .collect();
        let mut entry = json!({
            "section": experiment.section,
            "question": experiment.question,
            "claims": claims,
        });
        match &outcome.findings {
            Ok(findings) => {
                entry["numbers"] = Value::Object(findings.numbers.clone());
                entry["figures"] = findings.figures.iter().map(|figure| format!("{}.svg", figure.name)).collect();
            }
            Err(error) => entry["failed"] = format!("{error:#}").into(),
        }
        experiments.insert(experiment.id.to_owned(), entry);
    }
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "settings": { "full": full, "n_seeds": n_seeds, "seeds": (FIRST_SEED..FIRST_SEED + n_seeds).collect::<Vec<_>>(), "quick": quick },
        "experiments": experiments,
    }))
}

fn markdown(outcomes: &[Outcome], rows: &[Vec<Row<'_>>], Size { n_seeds, quick, full }: Size) -> Result<String> {
    let mut text = String::from("# Curriculum Learning from Scratch, reproduced\n\n");
    let Expected { tested, decided, false_verdicts } = Expected::of(rows);
    writeln!(
        text,
        "Verdicts are computed from the measurements and the rule stated with each claim. A difference is reproduced where \
         what its interval allows lies above the margin, opposite where it lies below minus the margin, no effect where it \
         lies between, and undecided otherwise; a number is reproduced inside its range and not reproduced outside. Not tested \
         is what could not be measured, or was measured on other data than the claim is about.\n\n\
         Intervals are 95 % over {n_seeds} repetitions unless the conditions say otherwise. Where repetitions cut the same \
         data anew, intervals are widened for what they share (Nadeau and Bengio 2003); correlations are averaged by Fisher's \
         z, ratios of times by their logarithms. A verdict is decided where p values, corrected for the conditions of a claim \
         (Holm) and for all that is tested here (Benjamini and Hochberg), are at most 0.05 and, where values of repetitions are \
         averaged, a rank-based interval (Hodges and Lehmann) says the same. Of {tested} measurements with an interval {decided} are decided, of which at \
         most {false_verdicts:.1} are expected to be false. `cargo xtask calibrate` shows that these rules keep what they \
         promise, on data of known truth.\n\n\
         The rule for differences and how verdicts are corrected were decided after results had been seen, and so was what \
         stands with the claims below as decided then; the repetitions judged here were run after that. Intervals in figures and in \
         tables other than those of measurements are Student's over the repetitions shown: they say how runs on these data \
         spread, and are not widened for what splits share.{}\n",
        match (quick, full) {
            (true, _) => " This was a quick run: fewer repetitions and epochs.",
            (_, true) => " This was a full run: the papers' sizes.",
            _ => "",
        }
    )?;
    text += &opening(rows)?.to_markdown();
    text += "\nWhere a claim was measured under several conditions, its section has them all.\n";
    for (outcome, rows) in outcomes.iter().zip(rows) {
        let experiment = outcome.experiment;
        write!(text, "\n## {}\n\nSection {}. {}\n", experiment.id, experiment.section, experiment.question)?;
        let findings = match &outcome.findings {
            Ok(findings) => findings,
            Err(error) => {
                write!(text, "\nFailed: {}\n", shown::message(&format!("{error:#}")))?;
                continue;
            }
        };
        for figure in &findings.figures {
            write!(text, "\n![{}]({}.svg)\n\n*{}*\n", figure.caption, figure.name, figure.caption)?;
        }
        for note in &findings.notes {
            write!(text, "\n{note}\n")?;
        }
        for (name, _) in &findings.files {
            write!(text, "\n[{name}]({name})\n")?;
        }
        write!(text, "\nEvery measurement:\n\n{}", measurements(rows)?.to_markdown())?;
        text += "\nHow the claims are judged:\n\n";
        for claim in experiment.claims {
            let measured_on =
                |part: Part| rows.iter().any(|row| row.claim.id == claim.id && row.measured.part == part);
            let kinds = [
                (Part::Article, "the article's code"),
                (Part::Changed, "a changed setting"),
                (Part::Real, "many repetitions or real data"),
            ];
            let parts: Vec<&str> =
                kinds.into_iter().filter(|&(part, _)| measured_on(part)).map(|(_, name)| name).collect();
            writeln!(
                text,
                "- `{}` ({}): {}. It is about {}; {}measured on {}",
                claim.id,
                claim.place,
                claim.judge.describe(),
                claim.about.describe(),
                claim
                    .decided_after()
                    .map_or(String::new(), |what| format!("{what} decided after results were seen; ")),
                parts.join(", ")
            )?;
        }
        for (title, table) in &findings.tables {
            write!(text, "\n{title}\n\n{}", table.to_markdown())?;
        }
        writeln!(text, "\nTook {:.1} s.", outcome.took.as_secs_f64())?;
    }
    // The page is made of it, too.
    Ok(shown::lines(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::anyhow;

    use super::*;
    use crate::experiments::ALL;

    #[test]
    fn what_an_error_quotes_steers_neither_terminal_nor_page() {
        let quoted = "\u{1b}]0;title\u{7}\r\n# forged \u{202e}<b>\u{9b}2J\0";
        let findings = Err(anyhow!("index.csv: line 2: {quoted}"));
        let outcome = Outcome { experiment: ALL[0], findings, took: Duration::ZERO };
        let size = Size { n_seeds: 3, quick: true, full: false };
        let outcomes = [outcome];
        let rows = verdicts::rows(&outcomes).unwrap();
        let markdown = markdown(&outcomes, &rows, size).unwrap();
        assert!(markdown.contains("\\u{1b}]0;title") && !markdown.contains("\n# forged"), "{markdown}");
        for text in [html::page(&markdown, &[]), markdown] {
            assert!(!text.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text}");
            assert!(text.contains("index.csv: line 2"));
        }
    }
}
