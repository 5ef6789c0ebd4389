//! The tables of the three studies: means over seeds with 95 % intervals, differences paired by seed.

use anyhow::Result;
use cl_study::{Better, StudyResults, Table, standard_baselines};

use super::problem::{CLEAN, Problem, TEST, values};
use super::pruning::{self, HALF, KEPT, Kept};
use super::scores::{NEVER_FORGOTTEN, NEVER_LEARNED, PERCEPTRON, Scores, early};
use super::short::{self, EASY, PACINGS, RANDOM};
use crate::claim::{Measurement, significant};

/// Draws of a best of several.
const N_SIMULATIONS: usize = 10_000;

fn told(values: &[f64]) -> Result<String> {
    Ok(Measurement::over_seeds(values)?.to_string())
}

fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

pub(super) fn tables(
    problem: &Problem,
    scores: &Scores,
    pruned: &StudyResults,
    short: &StudyResults,
) -> Result<Vec<(String, Table)>> {
    Ok(vec![
        whole(problem, scores)?,
        removal(scores, pruned)?,
        half(problem, scores, pruned)?,
        tenth(problem, short)?,
    ])
}

/// Training on everything.
fn whole(problem: &Problem, scores: &Scores) -> Result<(String, Table)> {
    let recipe = problem.recipe;
    let mut table =
        Table::new(["network and labels", "wrong labels", "test accuracy", "never forgotten", "never learned"]);
    let names =
        problem.labels.iter().map(|&(name, _)| (name, format!("convolutional, {name}"), problem.noise(name)));
    let perceptron = (PERCEPTRON, format!("perceptron, {CLEAN}"), problem.noise(CLEAN));
    for (arm, name, noise) in names.chain([perceptron]) {
        let of = |metric: &str| told(&values(&scores.results, arm, metric)?);
        let noise = format!("{} %", significant((1e4 * noise?).round() / 100.0));
        table.row([name, noise, of(TEST)?, of(NEVER_FORGOTTEN)?, of(NEVER_LEARNED)?])?;
    }
    let title = format!(
        "Training on {} images for {} epochs, {} updates of {} images: channels {:?}, learning rate {}, weight decay {}, \
         shifts by up to {} and mirror images; EL2N from the training pass of epochs {} to {}. The paper's convolutional \
         networks never forget .31 to .35 of CIFAR-10 in 200 epochs.",
        problem.train.n_examples(),
        recipe.n_epochs,
        recipe.n_updates,
        recipe.batch_size,
        recipe.widths,
        recipe.learning_rate,
        recipe.weight_decay,
        recipe.padding,
        early(recipe.n_epochs).start + 1,
        early(recipe.n_epochs).end,
    );
    Ok((title, table))
}

/// What removing the least forgotten costs.
fn removal(scores: &Scores, pruned: &StudyResults) -> Result<(String, Table)> {
    let all = values(&scores.results, CLEAN, TEST)?;
    let mut table =
        Table::new(["removed", "least forgotten removed", "random removed", "difference", "cost of the former"]);
    table.row(["0 %".to_owned(), told(&all)?, told(&all)?, String::new(), String::new()])?;
    for share in KEPT {
        let of = |kept| values(pruned, &pruning::arm(CLEAN, kept, share), TEST);
        let (selected, random) = (of(Kept::MostForgotten)?, of(Kept::Random)?);
        let removed = format!("{} %", significant((100.0 * (1.0 - share)).round()));
        let cost = told(&less(&selected, &all))?;
        table.row([removed, told(&selected)?, told(&random)?, told(&less(&selected, &random))?, cost])?;
    }
    Ok((
        "Test accuracy after removal, for equally many updates. Forgetting of one run on everything".into(),
        table,
    ))
}

/// EL2N's half, with more and more wrong labels.
fn half(problem: &Problem, scores: &Scores, pruned: &StudyResults) -> Result<(String, Table)> {
    let mut table =
        Table::new(["labels", "wrong labels", "all", "half of highest EL2N", "half at random", "difference"]);
    for &(labels, _) in &problem.labels {
        let of = |kept| values(pruned, &pruning::arm(labels, kept, HALF), TEST);
        let (hardest, random) = (of(Kept::HighestEl2n)?, of(Kept::Random)?);
        let noise = format!("{} %", significant((1e4 * problem.noise(labels)?).round() / 100.0));
        let all = told(&values(&scores.results, labels, TEST)?)?;
        let difference = told(&less(&hardest, &random))?;
        table.row([labels.to_owned(), noise, all, told(&hardest)?, told(&random)?, difference])?;
    }
    Ok(("Test accuracy with the half that EL2N calls hardest, for equally many updates".into(), table))
}

/// Easy first in a tenth of the updates.
fn tenth(problem: &Problem, short: &StudyResults) -> Result<(String, Table)> {
    let mut table = Table::new(["pacing", "easy first", "random order, same pacing", "difference"]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let mut best = [f64::NEG_INFINITY; 2];
    for pacing in PACINGS {
        let of = |order: &str| values(short, &short::arm(order, pacing), TEST);
        let arms = [of(EASY)?, of(RANDOM)?];
        for (best, arm) in best.iter_mut().zip(&arms) {
            *best = best.max(mean(arm));
        }
        let (a, b) = pacing;
        let [easy, random] = arms;
        table.row([
            format!("linear, a = {a}, b = {b}"),
            told(&easy)?,
            told(&random)?,
            told(&less(&easy, &random))?,
        ])?;
    }
    let mut runs = Vec::new();
    for time in 0..PACINGS.len() {
        runs.extend(values(short, &short::shuffled(time), TEST)?);
    }
    let (group, k) = (problem.seeds.len(), PACINGS.len());
    let baselines = standard_baselines(&runs, group, k, Better::Higher, N_SIMULATIONS, 0)?;
    let [easy, random] = best.map(significant);
    table.row(["the best of the four".to_owned(), easy, random, significant(best[0] - best[1])])?;
    for (name, value) in [
        ("shuffled, mean of all (standard1)", baselines.standard1),
        ("shuffled, best of four means (standard2)", baselines.standard2),
        ("shuffled, median of the best of four drawn (standard3)", baselines.standard3),
    ] {
        let difference = format!("{} for the best of easy first", significant(best[0] - value));
        table.row([name.to_owned(), String::new(), significant(value), difference])?;
    }
    let title = format!(
        "A tenth of the time: test accuracy after {} updates, ordered by EL2N, whose run is not counted",
        problem.recipe.tenth().n_updates
    );
    Ok((title, table))
}
