//! What is written: `report.html`, `report.md`, `results.json`, a figure an experiment, and the table on the terminal.

use std::{fmt::Write as _, io::Write as _, path::Path};

use anyhow::{Context as _, Result, bail};
use cl_data::io::write_atomically;
use cl_study::{Table, shown};
use serde_json::{Map, Value, json};

use crate::{
    claim::{Claim, Measurement, Part, judge, significant},
    experiment::{Figure, Measured, Outcome},
    html,
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
pub fn opening(outcomes: &[Outcome]) -> Result<Table> {
    let mut table = Table::new(["claim", "conditions", "the article", "measured", "verdict"]);
    for (claim, [conditions, measured, verdict]) in outcomes.iter().flat_map(rows) {
        table.row([claim.id.to_owned(), conditions, claim.article.to_owned(), measured, verdict])?;
    }
    Ok(table)
}

/// The claims of an experiment that has just ended, a line each, for who waits for the others.
pub fn news(outcome: &Outcome) -> String {
    let lines = rows(outcome).into_iter();
    lines.map(|(claim, [_, measured, verdict])| format!("{}: {verdict} ({measured})\n", claim.id)).collect()
}

/// Each claim of an experiment with conditions, measurement and verdict: once for the article's code, once for all else.
fn rows(outcome: &Outcome) -> Vec<(&'static Claim, [String; 3])> {
    let mut rows = Vec::new();
    for claim in outcome.experiment.claims {
        let of_claim: Vec<&Measured> =
            outcome.judged().filter(|(other, _)| other.id == claim.id).map(|(_, measured)| measured).collect();
        let (articles, others): (Vec<&Measured>, Vec<&Measured>) =
            of_claim.into_iter().partition(|measured| measured.part == Part::Article);
        for group in [articles, others].into_iter().filter(|group| !group.is_empty()) {
            let row = match group[..] {
                [only] => row(claim, only),
                _ => folded(claim, &group),
            };
            rows.push((claim, row));
        }
    }
    rows
}

/// Conditions, measurement and verdict.
fn row(claim: &Claim, measured: &Measured) -> [String; 3] {
    let verdict = judge(&claim.judge, &measured.measurement).to_string();
    [measured.conditions.clone(), measured.measurement.to_string(), verdict]
}

/// The same of several measurements: how many there are, from where to where, and how often each verdict.
fn folded(claim: &Claim, group: &[&Measured]) -> [String; 3] {
    let mut range: Option<[f64; 2]> = None;
    let mut texts: Vec<String> = Vec::new();
    for measured in group {
        match measured.measurement {
            Measurement::Number { value } | Measurement::Interval { mean: value, .. } => {
                range = Some(range.map_or([value; 2], |[low, high]| [low.min(value), high.max(value)]));
            }
            Measurement::Text { .. } | Measurement::Undefined { .. } => {
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
    for measured in group {
        let verdict = judge(&claim.judge, &measured.measurement).to_string();
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
    [format!("{} conditions", group.len()), measured, verdicts.join(", ")]
}

/// Every measurement of one experiment.
fn measurements(outcome: &Outcome) -> Result<Table> {
    let mut table = Table::new(["claim", "conditions", "measured", "verdict"]);
    for (claim, measured) in outcome.judged() {
        let [conditions, measured, verdict] = row(claim, measured);
        table.row([claim.id.to_owned(), conditions, measured, verdict])?;
    }
    Ok(table)
}

/// The table as the terminal shows it, and where the report lies.
///
/// # Errors
/// Where the table cannot be laid out.
pub fn terminal(outcomes: &[Outcome], out: &Path) -> Result<String> {
    let mut text = opening(outcomes)?.to_terminal(terminal_width());
    let count = outcomes.iter().map(|outcome| outcome.judged().count()).sum::<usize>();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.took.as_secs_f64()).sum();
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
    let results = results(outcomes, size)?;
    files.push(("results.json".into(), serde_json::to_string_pretty(&results)?));
    let markdown = markdown(outcomes, size)?;
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
fn results(outcomes: &[Outcome], Size { n_seeds, quick, full }: Size) -> Result<Value> {
    let mut experiments = Map::new();
    for outcome in outcomes {
        let experiment = outcome.experiment;
        let claims: Vec<Value> = outcome
            .judged()
            .map(|(claim, measured)| {
                json!({
                    "id": claim.id,
                    "place": claim.place,
                    "article": claim.article,
                    "judged_by": claim.judge,
                    "part": measured.part,
                    "conditions": measured.conditions,
                    "measured": measured.measurement.to_string(),
                    "measurement": measured.measurement,
                    "verdict": judge(&claim.judge, &measured.measurement).to_string(),
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
        "settings": { "full": full, "n_seeds": n_seeds, "seeds": (0..n_seeds).collect::<Vec<_>>(), "quick": quick },
        "experiments": experiments,
    }))
}

fn markdown(outcomes: &[Outcome], Size { n_seeds, quick, full }: Size) -> Result<String> {
    let mut text = String::from("# Curriculum Learning from Scratch, reproduced\n\n");
    writeln!(
        text,
        "Verdicts are computed from the measurement and the rule stated with the claim. Intervals are 95 % over {n_seeds} \
         seeds unless the conditions say otherwise. Rules and margins stand beside each claim; the rule for \
         differences (reproduced above the margin, opposite below minus the margin, no effect between, else undecided) was \
         decided after results had been seen, and so were the wordings and ranges of `forgetting/a-third`, `self-paced/learning` and `self-paced/first-selection`, the half point \
         that `orderings` asks of an improvement and two of its learning rates, the last age of the logarithmic regulariser in \
         `self-paced`, the class balance in `transfer`, the memorising learning rate and the two smallest \
         ones under label noise in `forgetting`, the lengths of training and the averaging in `vocabulary` and \
         `competence`, the margin of the crossover in `el2n`, and in `life-cycle` the last weights in place of those that \
         validated best; learning-rate grids were widened where a choice lay at an end.{}\n",
        match (quick, full) {
            (true, _) => " This was a quick run: fewer seeds and epochs.",
            (_, true) => " This was a full run: the papers' sizes.",
            _ => "",
        }
    )?;
    text += &opening(outcomes)?.to_markdown();
    text += "\nWhere a claim was measured under several conditions, its section has them all.\n";
    for outcome in outcomes {
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
        write!(text, "\nEvery measurement:\n\n{}", measurements(outcome)?.to_markdown())?;
        text += "\nHow the claims are judged:\n\n";
        for claim in experiment.claims {
            let measured_on = |part: Part| {
                outcome.judged().any(|(other, measured)| other.id == claim.id && measured.part == part)
            };
            let kinds = [
                (Part::Article, "the article's code"),
                (Part::Changed, "a changed setting"),
                (Part::Real, "many seeds or real data"),
            ];
            let parts: Vec<&str> =
                kinds.into_iter().filter(|&(part, _)| measured_on(part)).map(|(_, name)| name).collect();
            writeln!(
                text,
                "- `{}` ({}): {}; measured on {}",
                claim.id,
                claim.place,
                claim.judge.describe(),
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
        let markdown = markdown(&[outcome], size).unwrap();
        assert!(markdown.contains("\\u{1b}]0;title") && !markdown.contains("\n# forged"), "{markdown}");
        for text in [html::page(&markdown, &[]), markdown] {
            assert!(!text.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text}");
            assert!(text.contains("index.csv: line 2"));
        }
    }
}
