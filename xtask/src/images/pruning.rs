//! Training from scratch without some of the images, for as many updates as on all of them.

use anyhow::Result;
use cl_prune::{Budget as Keep, KeepHardest, KeepRandom, SelectionRule};
use cl_study::{Record, Study, StudyResults};
use serde_json::json;

use super::problem::{CLEAN, Problem, Studies, TEST};
use super::scores::{EL2N, FORGETTING, Scores};

/// Shares kept by forgetting, under the labels of the data set.
pub(super) const KEPT: [f64; 2] = [0.7, 0.5];

/// The half that EL2N keeps.
pub(super) const HALF: f64 = 0.5;

/// Which images are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    MostForgotten,
    HighestEl2n,
    Random,
}

/// The name of an arm.
pub(super) fn arm(labels: &str, kept: Kept, share: f64) -> String {
    let which = match kept {
        Kept::MostForgotten => "most forgotten",
        Kept::HighestEl2n => "highest EL2N",
        Kept::Random => "random",
    };
    format!("{labels}, {which} {}", (100.0 * share).round())
}

/// Every arm: its labels, what it keeps, and how much.
fn arms(problem: &Problem) -> Vec<(&'static str, Kept, f64)> {
    let mut arms = Vec::new();
    for share in KEPT {
        arms.extend([(CLEAN, Kept::MostForgotten, share), (CLEAN, Kept::Random, share)]);
    }
    for &(labels, _) in &problem.labels {
        arms.push((labels, Kept::HighestEl2n, HALF));
        // Half at random under the labels of the data set is there already.
        if labels != CLEAN {
            arms.push((labels, Kept::Random, HALF));
        }
    }
    arms
}

pub(super) fn pruning(problem: &Problem, scores: &Scores, studies: &Studies) -> Result<StudyResults> {
    let arms = arms(problem);
    let mut study = Study::new("pruning", problem.seeds.clone());
    for &(labels, kept, share) in &arms {
        let settings = json!({ "problem": problem.settings(), "labels": labels, "share": share });
        study = study.arm(arm(labels, kept, share), settings);
    }
    studies.run(&study, |run| {
        let (labels, kept, share) = arms[run.arm_place];
        let score = if kept == Kept::HighestEl2n { EL2N } else { FORGETTING };
        let score = scores.of(problem, labels, run.seed, score)?;
        let rule: &dyn SelectionRule = if kept == Kept::Random { &KeepRandom } else { &KeepHardest };
        let n = (share * score.len() as f64).round() as usize;
        let selection = rule.select(score, Keep::Count(n), run.seed)?;
        let train =
            problem.train.clone().with_labels(problem.labels(labels)?.to_vec())?.subset(&selection.kept)?;
        let seed = other_seed(run.seed);
        let mut sampler = problem.recipe.shuffled(&train, seed)?;
        let accuracy = problem.recipe.test_accuracy(&train, &problem.test, &mut sampler, seed, &mut [])?;
        Ok(Record::new().scalar(TEST, accuracy))
    })
}

/// No arm trains with the first weights and the order that its images were chosen by.
pub(super) fn other_seed(seed: u64) -> u64 {
    1_000_000 + seed
}
