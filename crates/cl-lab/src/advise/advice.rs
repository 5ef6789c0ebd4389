use std::fmt;

use cl_data::Ids;
use serde::Serialize;

use super::{
    balance::Balance,
    commands::Command,
    duplicates::Duplicates,
    forgetting::Forgetting,
    given_scores::ScoreFacts,
    keep::Keep,
    noise::{Noise, Suspect},
    order::OrderAdvice,
    outliers::Outliers,
    plan::Plan,
    sentence::{Fact, Sentence},
};
use crate::compare::DataFacts;

/// What is advised of one's data, a log or scores: `docs/schema/advise-1.json` describes its JSON.
///
/// Its `Display` is the page: every number of it is a [`Fact`], and stands in the JSON where the fact says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// The version of this form.
    pub version: u32,
    /// `advise`.
    pub command: &'static str,
    /// The data; none where there are none.
    pub data: Option<DataFacts>,
    /// The log of one's own model; none where there is none.
    pub log: Option<LogFacts>,
    /// Scores of one's own without data.
    pub scores: Option<ScoreFacts>,
    /// How much of everything was run; none without data.
    pub plan: Option<Plan>,
    /// How many examples each class has.
    pub balance: Balance,
    /// The same features twice, and nearly.
    pub duplicates: Duplicates,
    /// The share of wrong labels.
    pub noise: Noise,
    /// All labels that are probably wrong, the most suspect first.
    pub suspects: Vec<Suspect>,
    /// Numbers that are far from what models say; none where classes are predicted.
    pub outliers: Option<Outliers>,
    /// The share that is never forgotten.
    pub forgetting: Forgetting,
    /// How much can go.
    pub keep: Keep,
    /// Which order helps.
    pub order: OrderAdvice,
    /// The commands that do each.
    pub commands: Vec<Command>,
    /// The page, section by section.
    pub page: Vec<Section>,
    /// Every number and name of the page, in order.
    pub facts: Vec<Fact>,
    /// What models that had not seen them say of the examples; none where none were asked.
    #[serde(skip)]
    pub held_out: Option<HeldOutExamples>,
}

/// A log of one's own model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogFacts {
    /// The file or folder; of several runs the first.
    pub name: String,
    /// Its layout.
    pub format: String,
    /// Its runs.
    pub runs: usize,
    /// Its epochs.
    pub epochs: usize,
    /// Its examples.
    pub examples: usize,
    /// Its classes.
    pub classes: usize,
    /// What was not plain about it.
    pub notes: Vec<String>,
}

/// A part of the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// Its sentences.
    pub sentences: Vec<String>,
}

/// What models that had not seen them say of examples.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutExamples {
    /// The examples.
    pub ids: Ids,
    /// Their labels; of numbers all 0.
    pub labels: Vec<usize>,
    /// The classes; 1 of numbers.
    pub n_classes: usize,
    /// Of classes their probabilities, c per example.
    pub probabilities: Vec<f64>,
    /// The loss of each example: its difficulty.
    pub losses: Vec<f64>,
}

/// What advice is made of, before it is written out.
pub(super) struct Parts {
    pub(super) data: Option<DataFacts>,
    pub(super) log: Option<LogFacts>,
    pub(super) scores: Option<ScoreFacts>,
    pub(super) plan: Option<Plan>,
    pub(super) balance: Balance,
    pub(super) duplicates: Duplicates,
    pub(super) noise: Noise,
    pub(super) suspects: Vec<Suspect>,
    pub(super) outliers: Option<Outliers>,
    pub(super) forgetting: Forgetting,
    pub(super) keep: Keep,
    pub(super) order: OrderAdvice,
    pub(super) commands: Vec<Command>,
    pub(super) held_out: Option<HeldOutExamples>,
}

impl Parts {
    /// Writes the page.
    pub(super) fn advice(self) -> Advice {
        let sections = self.sections();
        let facts =
            sections.iter().flat_map(|(_, sentences)| sentences).flat_map(|sentence| sentence.facts.clone());
        let facts = facts.collect();
        let section = |(title, sentences): (&'static str, Vec<Sentence>)| Section {
            title,
            sentences: sentences.into_iter().map(|sentence| sentence.text).collect(),
        };
        let page = sections.into_iter().map(section).collect();
        let Self {
            data,
            log,
            scores,
            plan,
            balance,
            duplicates,
            noise,
            suspects,
            outliers,
            forgetting,
            keep,
            order,
            commands,
            held_out,
        } = self;
        Advice {
            version: 1,
            command: "advise",
            data,
            log,
            scores,
            plan,
            balance,
            duplicates,
            noise,
            suspects,
            outliers,
            forgetting,
            keep,
            order,
            commands,
            page,
            facts,
            held_out,
        }
    }

    fn sections(&self) -> Vec<(&'static str, Vec<Sentence>)> {
        let mut sections = Vec::new();
        let source = self.source();
        if !source.is_empty() {
            sections.push(("Data", source));
        }
        if let Some(scores) = &self.scores {
            sections.push(("Scores", scores.sentences()));
        }
        sections.push(("Class balance", self.balance.sentences()));
        sections.push(("Duplicates", self.duplicates.sentences()));
        sections.push(("Label noise", self.noise.sentences(&self.suspects)));
        if let Some(outliers) = &self.outliers {
            sections.push(("Outliers", outliers.sentences()));
        }
        sections.push(("Forgetting", self.forgetting.sentences()));
        sections.push(("How much can go", self.keep.sentences()));
        sections.push(("Order", self.order.sentences()));
        let left_out: Vec<Sentence> = self.left_out();
        if !left_out.is_empty() {
            sections.push(("Left out to keep the time limit", left_out));
        }
        let commands = self.commands.iter().enumerate().map(|(at, command)| command.sentence(at)).collect();
        sections.push(("Commands", commands));
        sections
    }

    fn source(&self) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        if let Some(data) = &self.data {
            let mut sentence = Sentence::default()
                .name("/data/name", &data.name)
                .words(": ")
                .count("/data/examples", data.examples)
                .words(" examples, ")
                .count("/data/features", data.features)
                .words(" features");
            if data.classes > 0 {
                sentence = sentence.words(", ").count("/data/classes", data.classes).words(" classes");
            }
            sentences.push(sentence.words("; predicted is ").name("/data/target", &data.target).words("."));
            for (at, warning) in data.warnings.iter().enumerate() {
                let sentence = Sentence::new("Warning: ").name(format!("/data/warnings/{at}"), warning);
                sentences.push(sentence.words("."));
            }
        }
        if let Some(log) = &self.log {
            sentences.push(
                Sentence::default()
                    .name("/log/name", &log.name)
                    .words(": a log of ")
                    .count("/log/examples", log.examples)
                    .words(" examples, ")
                    .count("/log/classes", log.classes)
                    .words(" classes, ")
                    .count("/log/epochs", log.epochs)
                    .words(" epochs; runs: ")
                    .count("/log/runs", log.runs)
                    .words("."),
            );
        }
        sentences
    }

    fn left_out(&self) -> Vec<Sentence> {
        let of_plan = self.plan.iter().flat_map(|plan| plan.left_out.iter().enumerate());
        let of_plan = of_plan.map(|(at, text)| (format!("/plan/left_out/{at}"), text));
        let of_order = self.order.left_out.iter().enumerate();
        let of_order = of_order.map(|(at, text)| (format!("/order/left_out/{at}"), text));
        of_plan.chain(of_order).map(|(of, text)| Sentence::default().name(of, text).words(".")).collect()
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Section { title, sentences }) in self.page.iter().enumerate() {
            if at > 0 {
                writeln!(formatter)?;
            }
            writeln!(formatter, "{title}")?;
            for sentence in sentences {
                writeln!(formatter, "  {sentence}")?;
            }
        }
        Ok(())
    }
}
