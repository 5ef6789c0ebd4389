//! Easy first in a tenth of the updates, beside random order with the same pacing and as many runs of plain shuffling.

use anyhow::Result;
use cl_data::Sampler;
use cl_pacing::{EasyFirst, Linear, Order, PrefixSampler, Random};
use cl_study::{Record, Study, StudyResults};
use serde_json::json;

use super::problem::{CLEAN, Problem, Studies, TEST};
use super::pruning::other_seed;
use super::scores::{EL2N, Scores};

/// Linear pacing: the share of the budget at which all is available, and the share of the data at its start.
pub(super) const PACINGS: [(f64, f64); 4] = [(0.4, 0.2), (0.8, 0.2), (0.4, 0.5), (0.8, 0.5)];

/// The name of an arm: an order with a pacing, or plain shuffling for the so-manieth time.
pub(super) fn arm(order: &str, (a, b): (f64, f64)) -> String {
    format!("{order}, a = {a}, b = {b}")
}

pub(super) fn shuffled(time: usize) -> String {
    format!("shuffled {}", time + 1)
}

pub(super) const EASY: &str = "easy first";
pub(super) const RANDOM: &str = "random order";

pub(super) fn short(problem: &Problem, scores: &Scores, studies: &Studies) -> Result<StudyResults> {
    let mut study = Study::new("short", problem.seeds.clone());
    for pacing in PACINGS {
        for order in [EASY, RANDOM] {
            let settings = json!({ "problem": problem.settings(), "pacing": pacing });
            study = study.arm(arm(order, pacing), settings);
        }
    }
    for time in 0..PACINGS.len() {
        study = study.arm(shuffled(time), problem.settings());
    }
    let recipe = problem.recipe.tenth();
    studies.run(&study, |run| {
        let paced = PACINGS.get(run.arm_place / 2).map(|&(a, b)| (a, b, run.arm_place % 2 == 0));
        let time = run.arm_place.saturating_sub(2 * PACINGS.len()) as u64;
        let seed = other_seed(run.seed) + 1_000_000 * time;
        let mut sampler: Box<dyn Sampler> = match paced {
            None => Box::new(recipe.shuffled(&problem.train, seed)?),
            Some((a, b, easy)) => {
                let order: &dyn Order = if easy { &EasyFirst } else { &Random };
                let order = order.order(scores.of(problem, CLEAN, run.seed, EL2N)?, seed)?;
                let (pacing, batch_size) = (Linear::new(a, b)?, recipe.batch_size);
                Box::new(PrefixSampler::new(order, pacing, batch_size, recipe.n_updates, seed)?)
            }
        };
        let accuracy = recipe.test_accuracy(&problem.train, &problem.test, &mut *sampler, seed, &mut [])?;
        Ok(Record::new().scalar(TEST, accuracy))
    })
}
