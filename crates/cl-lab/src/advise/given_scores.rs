use std::path::Path;

use cl_difficulty::table::{ReadOptions, Table};
use cl_prune::{Budget, KeepHardest, SelectionRule};
use serde::Serialize;

use super::{balance::Spread, sentence::Sentence};
use crate::error::LabError;

/// A difficulty of one's own, without the data that it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenScores {
    /// The file.
    pub name: String,
    /// The column.
    pub column: String,
    /// Whether a high score stands for a hard example, as it was read.
    pub higher_is_harder: bool,
    /// Higher = harder, one per example; +inf where the metric has that.
    pub difficulty: Vec<f64>,
    /// The label of each example, where the file has them.
    pub labels: Option<Vec<usize>>,
}

impl GivenScores {
    /// From a table of scores, or a `.npy` of one difficulty per example.
    ///
    /// # Errors
    /// Where the file is none, the column is not there, or nothing tells which way it points.
    pub fn read(path: &Path, column: Option<&str>, high_is_hard: Option<bool>) -> Result<Self, LabError> {
        let table = Table::read_plain_with(path, &ReadOptions::default())?;
        let column = table.chosen(column)?;
        let direction = table.needed_direction(&column.name, high_is_hard)?;
        Ok(Self {
            name: path.display().to_string(),
            column: column.name.clone(),
            higher_is_harder: direction.higher_is_harder,
            difficulty: table.difficulties(column, high_is_hard)?,
            labels: table.labels.clone(),
        })
    }
}

/// How a difficulty of one's own is spread, and what pruning by it would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreFacts {
    /// The file.
    pub name: String,
    /// The column.
    pub column: String,
    /// `hard` or `easy`.
    pub high_is: &'static str,
    /// Examples.
    pub examples: usize,
    /// Different scores.
    pub distinct: usize,
    /// Examples that are infinitely hard.
    pub infinite: usize,
    /// How the finite ones are spread, higher = harder; none where there is none.
    pub difficulty: Option<Spread>,
    /// The share that the classes below are of.
    pub kept: f64,
    /// What keeping the hardest of that share would keep of each class, where labels are there.
    pub classes: Vec<ClassKept>,
    /// The least share of a class that would be kept.
    pub least_kept: Option<f64>,
    /// The class that it is of.
    pub least_kept_class: Option<usize>,
}

/// A class before and after pruning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassKept {
    /// The class.
    pub class: usize,
    /// Its examples.
    pub examples: usize,
    /// Those that would be kept.
    pub kept: usize,
}

/// The share whose keeping is looked at.
const KEPT: f64 = 0.5;

impl ScoreFacts {
    /// Of scores.
    ///
    /// # Errors
    /// Where there is no score.
    pub(super) fn of(scores: &GivenScores) -> Result<Self, LabError> {
        let n = scores.difficulty.len();
        let finite: Vec<f64> = scores.difficulty.iter().copied().filter(|score| score.is_finite()).collect();
        let mut sorted = scores.difficulty.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.dedup();
        let selection = KeepHardest.select(&scores.difficulty, Budget::Keep(KEPT), 0)?;
        let mut classes: Vec<ClassKept> = Vec::new();
        if let Some(labels) = &scores.labels {
            let n_classes = labels.iter().max().map_or(0, |most| most + 1);
            classes = (0..n_classes).map(|class| ClassKept { class, examples: 0, kept: 0 }).collect();
            labels.iter().for_each(|&label| classes[label].examples += 1);
            selection.kept.iter().for_each(|&example| classes[labels[example]].kept += 1);
            classes.retain(|class| class.examples > 0);
        }
        let share = |class: &ClassKept| class.kept as f64 / class.examples as f64;
        let least = classes.iter().min_by(|a, b| share(a).total_cmp(&share(b)));
        Ok(Self {
            name: scores.name.clone(),
            column: scores.column.clone(),
            high_is: if scores.higher_is_harder { "hard" } else { "easy" },
            examples: n,
            distinct: sorted.len(),
            infinite: n - finite.len(),
            difficulty: if finite.is_empty() { None } else { Some(Spread::of(&finite)?) },
            kept: KEPT,
            least_kept: least.map(share),
            least_kept_class: least.map(|class| class.class),
            classes,
        })
    }

    /// In words.
    pub(super) fn sentences(&self) -> Vec<Sentence> {
        let mut sentences = vec![
            Sentence::new("Column ")
                .name("/scores/column", &self.column)
                .words(" of ")
                .name("/scores/name", &self.name)
                .words(": ")
                .count("/scores/examples", self.examples)
                .words(" examples, ")
                .count("/scores/distinct", self.distinct)
                .words(" different scores, infinitely hard: ")
                .count("/scores/infinite", self.infinite)
                .words("; high is ")
                .words(self.high_is)
                .words("."),
        ];
        sentences
            .extend(self.difficulty.iter().map(|spread| spread.sentence("The difficulty", "/scores/difficulty")));
        if let (Some(least), Some(class)) = (self.least_kept, self.least_kept_class) {
            sentences.push(
                Sentence::new("Keeping the hardest ")
                    .percent("/scores/kept", self.kept)
                    .words(" would keep ")
                    .percent("/scores/least_kept", least)
                    .words(" of class ")
                    .count("/scores/least_kept_class", class)
                    .words(", the least of all classes."),
            );
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pruning_would_take_is_told() {
        let scores = GivenScores {
            name: "scores.csv".into(),
            column: "forgetting".into(),
            higher_is_harder: true,
            difficulty: vec![0.0, 1.0, 2.0, 3.0, f64::INFINITY, 5.0],
            labels: Some(vec![0, 0, 0, 2, 2, 2]),
        };
        let facts = ScoreFacts::of(&scores).unwrap();
        assert_eq!(
            (facts.distinct, facts.infinite, facts.least_kept, facts.least_kept_class),
            (6, 1, Some(0.0), Some(0))
        );
        let kept: Vec<(usize, usize, usize)> =
            facts.classes.iter().map(|class| (class.class, class.examples, class.kept)).collect();
        assert_eq!(kept, [(0, 3, 0), (2, 3, 3)]);
        assert_eq!(facts.difficulty.unwrap().max, 5.0);
        assert!(facts.sentences()[2].text.contains("50.0 % would keep 0.0 % of class 0"));
    }
}
