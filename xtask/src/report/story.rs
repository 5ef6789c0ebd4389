//! The order in which the report tells: the article's sections, each with its experiments.

use std::iter;

use crate::{experiment::Outcome, verdicts::Row};

/// An experiment that was run, with every measurement of it.
pub(super) struct Told<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) rows: &'a [Row<'a>],
}

/// A section of the article.
pub(super) struct Chapter<'a> {
    /// Its number in the article.
    pub(super) number: &'static str,
    pub(super) title: &'static str,
    pub(super) experiments: Vec<Told<'a>>,
}

/// The article's sections and what they are about.
const SECTIONS: [(&str, &str); 6] = [
    ("1", "Easy examples first: data with a known difficulty"),
    ("2", "Why it could help: smoother problems and faster steps"),
    ("3", "What makes an example hard"),
    ("4", "Who sets the pace: the learner or a schedule"),
    ("5", "Whether the order matters, or the weight"),
    ("6", "Which examples are not needed"),
];

/// The sections in which the article has its demos.
const DEMOS: [(&str, &str); 2] = [("demo 1", "4"), ("demo 2", "4")];

/// The sections of these experiments, in their order.
pub(super) fn chapters<'a>(outcomes: &'a [Outcome], rows: &'a [Vec<Row<'_>>]) -> Vec<Chapter<'a>> {
    let mut chapters: Vec<Chapter<'a>> = Vec::new();
    for (outcome, rows) in iter::zip(outcomes, rows) {
        let section = outcome.experiment.section;
        let number = DEMOS.iter().find(|(demo, _)| *demo == section).map_or(section, |&(_, number)| number);
        let told = Told { outcome, rows };
        match chapters.iter_mut().find(|chapter| chapter.number == number) {
            Some(chapter) => chapter.experiments.push(told),
            None => {
                let title = SECTIONS.iter().find(|(known, _)| *known == number).map_or("", |&(_, title)| title);
                chapters.push(Chapter { number, title, experiments: vec![told] });
            }
        }
    }
    chapters
}

impl Chapter<'_> {
    /// Its number and what it is about.
    pub(super) fn heading(&self) -> String {
        match self.title {
            "" => format!("Section {}", self.number),
            title => format!("Section {}. {title}", self.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{experiment::Findings, experiments::ALL};

    #[test]
    fn every_experiment_is_told_once_in_a_section_of_the_article() {
        let outcome =
            |&experiment| Outcome { experiment, findings: Ok(Findings::default()), took: Duration::ZERO };
        let outcomes: Vec<Outcome> = ALL.iter().map(outcome).collect();
        let rows: Vec<Vec<Row<'_>>> = outcomes.iter().map(|_| Vec::new()).collect();
        let chapters = chapters(&outcomes, &rows);
        let numbers: Vec<&str> = chapters.iter().map(|chapter| chapter.number).collect();
        assert_eq!(numbers, SECTIONS.map(|(number, _)| number));
        let told: Vec<&str> = chapters
            .iter()
            .flat_map(|chapter| &chapter.experiments)
            .map(|told| told.outcome.experiment.id)
            .collect();
        assert_eq!(told, ALL.iter().map(|experiment| experiment.id).collect::<Vec<_>>());
    }
}
