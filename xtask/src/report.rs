//! What is written: `report.html`, `report.md`, `results.json`, a figure an experiment, and the table on the terminal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cl_data::io::write_atomically;
use cl_study::Table;
use serde_json::{Map, Value, json};

use crate::claim::{Part, judge};
use crate::experiment::Figure;
use crate::html;
use crate::reproduce::{Outcome, Reproduce};

/// Claim, what the article says, what was measured, verdict.
///
/// # Errors
/// Where a row does not fit the columns.
pub fn table(outcomes: &[Outcome]) -> Result<Table> {
    let mut table = Table::new(["claim", "conditions", "the article", "measured", "verdict"]);
    for outcome in outcomes {
        for (claim, measured) in outcome.judged() {
            table.row([
                claim.id.to_owned(),
                measured.conditions.clone(),
                claim.article.to_owned(),
                measured.measurement.to_string(),
                judge(&claim.judge, &measured.measurement).to_string(),
            ])?;
        }
    }
    Ok(table)
}

/// The table as the terminal shows it, and where the report lies.
///
/// # Errors
/// Where the table cannot be laid out.
pub fn terminal(outcomes: &[Outcome], out: &Path) -> Result<String> {
    let mut text = table(outcomes)?.to_terminal(terminal_width());
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
pub fn write(outcomes: &[Outcome], n_seeds: u64, arguments: &Reproduce) -> Result<()> {
    let mut files: Vec<(String, String)> = Vec::new();
    for findings in outcomes.iter().filter_map(|outcome| outcome.findings.as_ref().ok()) {
        files.extend(findings.figures.iter().map(|figure| (format!("{}.svg", figure.name), figure.svg.clone())));
        files.extend(findings.files.iter().cloned());
    }
    let results = results(outcomes, n_seeds, arguments.quick, arguments.full)?;
    files.push(("results.json".into(), serde_json::to_string_pretty(&results)?));
    let markdown = markdown(outcomes, n_seeds, arguments)?;
    let figures: Vec<&Figure> =
        outcomes.iter().filter_map(|outcome| outcome.findings.as_ref().ok()).flat_map(|f| &f.figures).collect();
    files.push(("report.html".into(), html::page(&markdown, &figures)));
    files.push(("report.md".into(), markdown));
    let files: Vec<_> = files.into_iter().map(|(name, content)| (arguments.out.join(name), content)).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| path.is_dir()) {
        bail!("{}: a folder stands where this file belongs; nothing was written", path.display());
    }
    files.iter().try_for_each(|(path, content)| {
        write_atomically(path, |file| file.write_all(content.as_bytes()))
            .with_context(|| path.display().to_string())
    })
}

/// Every number with its settings. Nothing in it depends on time or on the number of threads.
fn results(outcomes: &[Outcome], n_seeds: u64, quick: bool, full: bool) -> Result<Value> {
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
            "section": experiment.section(),
            "question": experiment.question(),
            "claims": claims,
        });
        match &outcome.findings {
            Ok(findings) => {
                entry["numbers"] = Value::Object(findings.numbers.clone());
                entry["figures"] = findings.figures.iter().map(|figure| format!("{}.svg", figure.name)).collect();
            }
            Err(error) => entry["failed"] = format!("{error:#}").into(),
        }
        experiments.insert(experiment.id().to_owned(), entry);
    }
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "settings": { "full": full, "n_seeds": n_seeds, "seeds": (0..n_seeds).collect::<Vec<_>>(), "quick": quick },
        "experiments": experiments,
    }))
}

fn markdown(outcomes: &[Outcome], n_seeds: u64, arguments: &Reproduce) -> Result<String> {
    let mut text = String::from("# Curriculum Learning from Scratch, reproduced\n\n");
    writeln!(
        text,
        "Verdicts are computed from the measurement and the rule stated with the claim. Intervals are 95 % over {n_seeds} \
         seeds unless the conditions say otherwise. Rules and margins stand beside each claim; that an effect wholly \
         within its margin is no effect, whatever its sign, was decided after first results had been seen, and so were \
         the wordings and ranges of `forgetting/a-third`, `self-paced/learning` and `self-paced/first-selection`, the half point \
         that `orderings` asks of an improvement and two of its learning rates, the last age of the logarithmic regulariser in \
         `self-paced`, the class balance in `transfer`, the memorising learning rate and the two smallest \
         ones under label noise in `forgetting`, the lengths of training and the averaging in `vocabulary` and \
         `competence`, the margin of the crossover in `el2n`, and in `life-cycle` the last weights in place of those that \
         validated best; learning-rate grids were widened where a choice lay at an end.{}\n",
        match (arguments.quick, arguments.full) {
            (true, _) => " This was a quick run: fewer seeds and epochs.",
            (_, true) => " This was a full run: the papers' sizes.",
            _ => "",
        }
    )?;
    text += &table(outcomes)?.to_markdown();
    for outcome in outcomes {
        let experiment = outcome.experiment;
        write!(text, "\n## {}\n\nSection {}. {}\n", experiment.id(), experiment.section(), experiment.question())?;
        let findings = match &outcome.findings {
            Ok(findings) => findings,
            Err(error) => {
                write!(text, "\nFailed: {error:#}\n")?;
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
        text += "\nHow the claims are judged:\n\n";
        for claim in experiment.claims() {
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
    Ok(text)
}
