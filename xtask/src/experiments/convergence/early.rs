//! Section 2: do easy examples contribute most to early convergence?

use anyhow::Result;
use cl_data::Dataset;
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Sgd, Trainer, evaluate};
use cl_pacing::{EasyFirst, Order, Random, ShuffleSampler};
use cl_study::{Figure, LineFigure, Summary, Table, over_seeds};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Findings},
    noisy_split::{NoisySplit, Pool},
    teacher::Teacher,
};

pub(super) const EARLY: Claim = Claim {
    id: "convergence/early",
    place: "section 2, text",
    article: "easy examples contribute most to early convergence",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "fall of the test loss (nats) in the first updates, trained on the easy half alone less \
                   trained on another half alone",
        margin: 0.01,
    },
};

/// What is trained on, the half that the claim is about first.
const HALVES: [&str; 3] = ["easy half", "hard half", "random half"];

const N_HIDDEN: usize = 32;
const BATCH_SIZE: usize = 32;
const RATE: f64 = 0.1;

/// Epochs after which the network that tells what is easy stops.
const TEACHER_EPOCHS: u64 = 4;

/// Test losses of a seed: before the first update and after each, half by half.
type Curves = [Vec<f64>; 3];

pub(super) fn run(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let pool = Pool::digits()?;
    let n_updates = pool.n_train().div_ceil(BATCH_SIZE);
    let tenth = n_updates.div_ceil(10);
    let runs: Result<Vec<Curves>> =
        over_seeds(&context.seeds, context.jobs, context.progress, |seed| curves(&pool, n_updates, seed))?
            .into_iter()
            .collect();
    let runs = runs?;
    for (at, worth) in [(tenth, "a tenth of an epoch's worth"), (n_updates, "an epoch's worth")] {
        for (rival, name) in HALVES.iter().enumerate().skip(1) {
            let fall = |curve: &[f64]| curve[0] - curve[at];
            let values: Vec<f64> = runs.iter().map(|curves| fall(&curves[0]) - fall(&curves[rival])).collect();
            let conditions = format!(
                "against the {name} after {at} updates, {worth}: UCI digits, perceptron 64-{N_HIDDEN}-10, {} \
                 splits",
                runs.len()
            );
            let measured = Measurement::over_splits(&values, pool.test_to_train())?;
            findings.measure(EARLY.id, Part::Real, conditions, measured);
        }
    }
    let columns = [0, tenth, n_updates];
    let mut table =
        Table::new(["trained on".to_owned()].into_iter().chain(columns.map(|at| format!("after {at} updates"))));
    for (half, name) in HALVES.into_iter().enumerate() {
        let mut cells = vec![name.to_owned()];
        for at in columns {
            let losses: Vec<f64> = runs.iter().map(|curves| curves[half][at]).collect();
            cells.push(Measurement::over_splits(&losses, pool.test_to_train())?.to_string());
        }
        table.row(cells)?;
    }
    findings.tables.push(("Test loss (nats) after the first updates".into(), table));
    findings.figure(
        "convergence-early",
        "Test loss in the first epoch's worth of updates, trained on the easy, the hard or a random half of the \
         digits; 95 % bands over splits.",
        figure(&runs, n_updates, tenth)?,
    );
    findings.number("early_test_loss", &runs)?;
    findings.notes.push(format!(
        "Early convergence: three networks from the same first weights train on the easy half of the training \
         part alone, on the hard half alone and on a random half alone, with batches of {BATCH_SIZE}, each half \
         in epochs of its own, and learning rate {RATE}, the same for all and not chosen for any. Difficulty is \
         the loss under a network of other first weights after {TEACHER_EPOCHS} epochs on the whole training \
         part. Halves are taken within each class, so that none has more of one. {n_updates} updates are as many \
         as an epoch of the whole training part has, {tenth} a tenth of that. The loss is that of the test part, \
         which has examples of every difficulty."
    ));
    Ok(())
}

fn curves(pool: &Pool, n_updates: usize, seed: u64) -> Result<Curves> {
    let split = pool.split(0.0, seed)?;
    let easy_first = EasyFirst.order(&difficulty(&split.train, seed)?, seed)?;
    let hard_first: Vec<usize> = easy_first.iter().rev().copied().collect();
    let random = Random::of(easy_first.len(), 4_000_000 + seed);
    let train = |order: &[usize]| curve(&split, order, n_updates, seed);
    Ok([train(&easy_first)?, train(&hard_first)?, train(&random)?])
}

/// Test losses of training on the first half in this order.
fn curve(split: &NoisySplit, order: &[usize], n_updates: usize, seed: u64) -> Result<Vec<f64>> {
    let data = split.train.subset(&first_half(order, split.train.labels(), split.train.n_classes()))?;
    let mut network = network(&data, seed)?;
    let mut sampler = ShuffleSampler::new(data.n_examples(), BATCH_SIZE, seed)?;
    let mut sgd = Sgd::plain();
    let trainer = Trainer::new(Budget::Updates(n_updates as u64), RATE)?;
    let mut run = trainer.start(&network, &CrossEntropy, &data, None, &sampler)?;
    let mut losses = vec![evaluate(&network, &CrossEntropy, &split.test)?.mean_loss()];
    // The sampler shows something at every step, so that each is an update.
    for _ in 0..n_updates {
        run.step(&mut network, &CrossEntropy, &mut sgd, &mut sampler, &mut [])?;
        losses.push(evaluate(&network, &CrossEntropy, &split.test)?.mean_loss());
    }
    Ok(losses)
}

fn network(data: &Dataset<f32>, seed: u64) -> Result<Mlp<f32>> {
    let widths = [data.n_features(), N_HIDDEN, data.n_classes()];
    Ok(Mlp::new(&widths, Activation::Relu, Initialization::He, seed)?)
}

/// Losses under a network of other first weights, after a few epochs.
fn difficulty(data: &Dataset<f32>, seed: u64) -> Result<Vec<f64>> {
    let teacher = Teacher { batch_size: BATCH_SIZE, n_epochs: TEACHER_EPOCHS, learning_rate: RATE };
    teacher.losses(data, seed, |seed| network(data, seed))
}

/// The first half of each class in this order, an odd example left out.
fn first_half(order: &[usize], labels: &[usize], n_classes: usize) -> Vec<usize> {
    let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); n_classes];
    order.iter().for_each(|&example| of_class[labels[example]].push(example));
    of_class.iter().flat_map(|examples| &examples[..examples.len() / 2]).copied().collect()
}

fn figure(runs: &[Curves], n_updates: usize, tenth: usize) -> Result<String> {
    let updates: Vec<f64> = (0..=n_updates).map(|at| at as f64).collect();
    let mut figure = LineFigure::new("The first updates on half of the digits", "updates", "test loss (nats)");
    for (half, name) in HALVES.into_iter().enumerate() {
        let mut summaries = Vec::new();
        for at in 0..=n_updates {
            let losses: Vec<f64> = runs.iter().map(|curves| curves[half][at]).collect();
            summaries.push(Summary::of(&losses)?);
        }
        figure = figure.line_of_means(name, &updates, &summaries);
    }
    Ok(figure.vertical(tenth as f64, "a tenth").render(760, 460)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_taken_within_each_class() {
        let labels = [0, 0, 1, 0, 1, 1, 0];
        assert_eq!(first_half(&[4, 0, 3, 1, 2, 5, 6], &labels, 3), [0, 3, 4]);
        assert_eq!(first_half(&[6, 5, 2, 1, 3, 0, 4], &labels, 3), [6, 1, 5]);
    }

    #[test]
    fn all_halves_start_from_the_same_weights() {
        let pool = Pool::digits().unwrap();
        let curves = curves(&pool, 6, 2).unwrap();
        assert!(curves.iter().all(|curve| curve.len() == 7 && curve[0] == curves[0][0]));
        // Whatever easy and hard ones do, examples at random teach something.
        assert!(curves[2][6] < curves[2][0], "{curves:?}");
        assert!(curves[0] != curves[1] && curves[1] != curves[2]);
    }
}
