//! What the seeds of one mislabelled data set say.

use anyhow::Result;
use cl_study::{Cell, Figure, LineFigure, Record, Summary, Table};

use super::{
    super::claims::{KEEPS_WRONG, RELABELLED, RELABELLING, WORSE},
    landing::{GROUPS, SCORES, TENTHS, mean},
    rules::{HARDEST, KEPT, NOISE, RANDOM, RULES, TRAINED},
};
use crate::{
    claim::{Measurement, Part, significant},
    experiment::Findings,
};

/// What the seeds of one data set say.
pub(super) struct Report<'a> {
    pub(super) records: Vec<&'a Record>,
    pub(super) key: String,
    pub(super) conditions: String,
    /// What repetitions share where it is measured on the test part.
    pub(super) test_to_train: f64,
    /// The same where it is measured on the training part.
    pub(super) shared_training: f64,
}

impl Report<'_> {
    /// What is judged, with an interval that allows for what repetitions share.
    fn judged(&self, values: &[f64], shared: f64) -> Result<Measurement> {
        match measured(values)? {
            Measurement::Sampled { .. } => Ok(Measurement::over_splits(values, shared)?),
            undefined => Ok(undefined),
        }
    }

    fn scalar(&self, name: &str) -> Vec<f64> {
        self.records.iter().map(|record| record.scalars[name]).collect()
    }

    fn less(&self, a: &str, b: &str) -> Vec<f64> {
        self.scalar(a).iter().zip(self.scalar(b)).map(|(a, b)| a - b).collect()
    }

    /// One mean with its interval for each place of a curve.
    fn curve(&self, name: &str) -> Result<Vec<Summary>> {
        let n = self.records.first().map_or(0, |record| record.curves[name].len());
        let at = |at: usize| {
            let values: Vec<f64> = self.records.iter().map(|record| record.curves[name][at]).collect();
            Ok(Summary::of(&values)?)
        };
        (0..n).map(at).collect()
    }

    pub(super) fn landing(&self, findings: &mut Findings) -> Result<()> {
        for (what, counted) in
            [("events", "never learned left out"), ("score", "never learned as always forgotten")]
        {
            let conditions = format!("{counted}; {}", self.conditions);
            let difference = self.less(&format!("{what}, {}", GROUPS[0].0), &format!("{what}, {}", GROUPS[2].0));
            findings.measure(
                RELABELLED.id,
                Part::Real,
                &conditions,
                self.judged(&difference, self.shared_training)?,
            );
            let difference = self.less(&format!("added {what}, relabelled"), &format!("added {what}, others"));
            findings.measure(
                RELABELLING.id,
                Part::Real,
                &conditions,
                self.judged(&difference, self.shared_training)?,
            );
        }
        let mut table = Table::new(["examples", "events in a run", "never learned", "never forgotten"]);
        for (name, ..) in GROUPS {
            let cell = |what: &str, digits| cell(&self.scalar(&format!("{what}, {name}")), digits);
            table.row([
                Cell::text(name),
                cell("events", 2)?,
                cell("never learned", 3)?,
                cell("never forgotten", 3)?,
            ])?;
        }
        let title = format!("Forgetting events of relabelled examples, and shares of them: {}", self.conditions);
        findings.tables.push((title, table));
        let told = |name: &str| Ok::<_, anyhow::Error>(measured(&self.scalar(name))?.to_string());
        findings.notes.push(format!(
            "Relabelled among the never forgotten in a run: {}; among the never learned: {}. Area under the ROC curve of \
             the forgetting events for finding the relabelled: {}; of EL2N, averaged over the same passes: {}. The \
             noise adds {} events to a relabelled example and {} to another ({}).",
            told("wrong among the never forgotten")?,
            told("wrong among the never learned")?,
            told(&format!("area, {}", SCORES[0]))?,
            told(&format!("area, {}", SCORES[1]))?,
            told("added events, relabelled")?,
            told("added events, others")?,
            self.conditions,
        ));
        let tenths: Vec<f64> = (1..=TENTHS).map(|tenth| tenth as f64).collect();
        let mut figure = LineFigure::new(
            "Where do relabelled examples land?",
            "tenth of the ranking, hardest first",
            "share of relabelled",
        );
        for name in SCORES {
            figure = figure.line_of_means(name, &tenths, &self.curve(&format!("tenths, {name}"))?);
        }
        findings.figure(
            format!("forgetting-noise-{}-ranking", self.key),
            format!(
                "Share of relabelled examples in each tenth of the ranking, never learned as always forgotten; 95 % bands \
                 over repetitions. {}.",
                self.conditions
            ),
            figure.horizontal(NOISE, "everywhere, by chance").render(800, 460)?,
        );
        let mut figure = LineFigure::new(
            "How often are relabelled examples forgotten?",
            "forgetting events in a run",
            "share of the examples",
        );
        let mut shares = Vec::new();
        for (name, ..) in GROUPS {
            shares.push(self.curve(&format!("histogram, {name}"))?);
        }
        // As far as there are any, on average.
        let most = |of: &Vec<Summary>| of.iter().rposition(|share| share.mean > 0.0005).unwrap_or(0);
        let most = shares.iter().map(most).max().unwrap_or(0);
        let events: Vec<f64> = (0..=most).map(|events| events as f64).collect();
        for ((name, ..), shares) in GROUPS.iter().zip(&shares) {
            figure = figure.line_of_means(*name, &events, &shares[..=most]);
        }
        findings.figure(
            format!("forgetting-noise-{}-events", self.key),
            format!(
                "Distribution of the forgetting events in a run; what is missing to 1 was never learned. 95 % bands over \
                 repetitions. {}.",
                self.conditions
            ),
            figure.render(860, 480)?,
        );
        Ok(())
    }

    pub(super) fn kept(&self, findings: &mut Findings) -> Result<()> {
        let mut table = Table::new(
            ["rule".to_owned()].into_iter().chain(KEPT.map(|kept| format!("{:.0} % kept", 100.0 * kept))),
        );
        for rule in RULES {
            let cells = KEPT.map(|kept| cell(&self.scalar(&format!("wrong, {rule}, {kept} kept")), 3));
            let cells: Vec<Cell> = cells.into_iter().collect::<Result<_>>()?;
            table.row([Cell::text(rule)].into_iter().chain(cells))?;
        }
        let title = format!("Share of wrong labels among the kept ({NOISE} by chance): {}", self.conditions);
        findings.tables.push((title, table));
        for kept in KEPT {
            let difference =
                self.less(&format!("wrong, {HARDEST}, {kept} kept"), &format!("wrong, {RANDOM}, {kept} kept"));
            let conditions = format!("{kept} kept; {}", self.conditions);
            findings.measure(
                KEEPS_WRONG.id,
                Part::Real,
                conditions,
                self.judged(&difference, self.shared_training)?,
            );
        }
        Ok(())
    }

    pub(super) fn trained(&self, findings: &mut Findings) -> Result<()> {
        let name = |rule: &str, kept: f64| format!("accuracy, {rule}, {kept} kept");
        for kept in KEPT {
            let difference = self.less(&name(RANDOM, kept), &name(HARDEST, kept));
            let conditions = format!("{kept} kept; {}", self.conditions);
            findings.measure(WORSE.id, Part::Real, conditions, self.judged(&difference, self.test_to_train)?);
        }
        let percent = |kept: f64| format!("{:.0} % kept", 100.0 * kept);
        let mut table = Table::new(
            ["rule".to_owned()]
                .into_iter()
                .chain(KEPT.map(percent))
                .chain(KEPT.map(|kept| format!("{}, less random", percent(kept)))),
        );
        let mut figure =
            LineFigure::new("Which rule survives label noise?", "part of the data kept", "test accuracy");
        for rule in TRAINED {
            let mut cells = vec![Cell::text(rule)];
            let mut summaries = Vec::new();
            for kept in KEPT {
                let summary = Summary::of(&self.scalar(&name(rule, kept)))?;
                cells.push(Cell::mean(&summary, 3));
                summaries.push(summary);
            }
            for kept in KEPT {
                cells.push(cell(&self.less(&name(rule, kept), &name(RANDOM, kept)), 3)?);
            }
            table.row(cells)?;
            figure = figure.line_of_means(rule, &KEPT, &summaries);
        }
        let title = format!("Test accuracy of training on the kept, at equal updates: {}", self.conditions);
        findings.tables.push((title, table));
        let everything = ["accuracy, everything", "accuracy, right labels"].map(|name| self.scalar(name));
        let means = everything.each_ref().map(|values| mean(values.iter().copied()));
        findings.figure(
            format!("forgetting-noise-{}-accuracy", self.key),
            format!("Test accuracy of training on the kept, at equal updates; 95 % bands. {}.", self.conditions),
            figure
                .horizontal(means[0], "everything, wrong labels and all")
                .horizontal(means[1], "everything, right labels")
                .render(880, 540)?,
        );
        let cutoffs = KEPT.map(|kept| {
            let cutoffs = self.scalar(&format!("validated cut-off, {kept} kept"));
            format!("{} with {kept} kept", significant(mean(cutoffs.into_iter())))
        });
        findings.notes.push(format!(
            "Training on everything, at equal updates: {} with the wrong labels, {} with the right ones. Confident \
             learning estimates the share of wrong labels at {}; validation chooses a cut-off of {} on average ({}).",
            measured(&everything[0])?,
            measured(&everything[1])?,
            measured(&self.scalar("estimated noise"))?,
            cutoffs.join(", "),
            self.conditions,
        ));
        Ok(())
    }
}

/// The mean over seeds; undefined where a seed has no such example.
fn measured(values: &[f64]) -> Result<Measurement> {
    match values.iter().filter(|value| value.is_nan()).count() {
        0 => Ok(Measurement::over_seeds(values)?),
        missing => Ok(Measurement::Undefined {
            why: format!("no such example in {missing} of {} repetitions", values.len()),
        }),
    }
}

fn cell(values: &[f64], digits: usize) -> Result<Cell> {
    if values.iter().any(|value| value.is_nan()) {
        return Ok(Cell::text("undefined"));
    }
    Ok(Cell::mean(&Summary::of(values)?, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_is_undefined() {
        assert!(matches!(measured(&[f64::NAN, 1.0]).unwrap(), Measurement::Undefined { .. }));
    }
}
