//! Are hard examples useless early? What the first updates teach on the hard half, and as many on other halves.

use anyhow::Result;
use cl_data::{Dataset, random};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, ModelError, Sgd, Trainer, evaluate};
use cl_pacing::{EasyFirst, Order, ShuffleSampler};
use cl_study::{Cell, Metric, Record, Study, Table};
use serde_json::{Value, json};

use super::strategy::TEACHER_EPOCHS;
use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Findings},
    noisy_split::{NoisySplit, Pool},
    teacher::Teacher,
};

/// Useless is what is less than half as useful.
pub(super) const HARD_EARLY: Claim = Claim {
    id: "life-cycle/hard-early",
    place: "section 6, text",
    article: "hard examples are useless early",
    about: About::Training,
    judge: Judge::Within {
        quantity: "gain of test accuracy over the first weights from training on the hard half alone for the \
                   first epochs, less half the gain from as many updates on a random half",
        low: f64::NEG_INFINITY,
        high: 0.0,
    },
};

pub(super) const HARD_EARLY_WORSE: Claim = Claim {
    id: "life-cycle/hard-early-worse",
    place: "section 6, text",
    article: "hard examples are useless early",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy after the first epochs, a random half less the hard half",
        margin: 0.005,
    },
};

const DATA: &str = "UCI digits";

const HARD: &str = "hard half";
const EASY: &str = "easy half";
const RANDOM: &str = "random half";
const EVERYTHING: &str = "everything";
const ARMS: [&str; 4] = [HARD, EASY, RANDOM, EVERYTHING];

const N_HIDDEN: usize = 32;
const BATCH_SIZE: usize = 32;
const LEARNING_RATE: f64 = 0.1;

/// After how many epochs' worth of updates arms are compared; the last of them ends the training.
const EPOCHS: [(usize, &str); 2] = [(1, "one epoch's worth"), (LAST, "three epochs' worth")];
const LAST: usize = 3;

fn network(data: &Dataset<f32>, seed: u64) -> Result<Mlp<f32>> {
    let widths = [data.n_features(), N_HIDDEN, data.n_classes()];
    Ok(Mlp::new(&widths, Activation::Relu, Initialization::He, seed)?)
}

/// Losses under a network of other first weights, after a few epochs.
fn difficulty(data: &Dataset<f32>, seed: u64) -> Result<Vec<f64>> {
    let teacher = Teacher { batch_size: BATCH_SIZE, n_epochs: TEACHER_EPOCHS, learning_rate: LEARNING_RATE };
    teacher.losses(data, seed, |seed| network(data, seed))
}

/// The examples that an arm trains on.
fn examples(train: &Dataset<f32>, arm: &str, seed: u64) -> Result<Vec<usize>> {
    let n = train.n_examples();
    let half = n / 2;
    let by_difficulty = || -> Result<Vec<usize>> { Ok(EasyFirst.order(&difficulty(train, seed)?, seed)?) };
    Ok(match arm {
        HARD => by_difficulty()?.split_off(n - half),
        EASY => by_difficulty()?.into_iter().take(half).collect(),
        RANDOM => random::choose(&mut random::stream(seed, "random half", 0), n, half),
        _ => (0..n).collect(),
    })
}

fn after(n_epochs: usize) -> String {
    format!("test, after {n_epochs} epochs' worth")
}

/// Test accuracy with the first weights, and after every epoch's worth of updates on what an arm trains on.
fn run(split: &NoisySplit, arm: &str, seed: u64) -> Result<Record> {
    let data = split.train.subset(&examples(&split.train, arm, seed)?)?;
    // Of everything: arms make equally many updates.
    let per_epoch = split.train.n_examples().div_ceil(BATCH_SIZE) as u64;
    let mut network = network(&data, seed)?;
    let mut sampler = ShuffleSampler::new(data.n_examples(), BATCH_SIZE, seed)?;
    let trainer = Trainer::new(Budget::Updates(LAST as u64 * per_epoch), LEARNING_RATE)?;
    let mut sgd = Sgd::plain();
    let test = |network: &Mlp<f32>| Ok::<_, ModelError>(evaluate(network, &CrossEntropy, &split.test)?.accuracy());
    let mut record = Record::new().scalar(after(0), test(&network)?);
    let mut run = trainer.start(&network, &CrossEntropy, &data, None, &sampler)?;
    while run.step(&mut network, &CrossEntropy, &mut sgd, &mut sampler, &mut [])? {
        let n_updates = run.training().n_updates;
        if n_updates.is_multiple_of(per_epoch) {
            record = record.scalar(after((n_updates / per_epoch) as usize), test(&network)?);
        }
    }
    let training = run.training();
    Ok(record.scalar("updates", training.n_updates as f64).scalar("examples", training.n_presented as f64))
}

/// The first epochs on halves of the data, without label noise.
pub(super) fn early(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let pool = Pool::digits()?;
    let settings = json!({
        "data": pool.data().fingerprint().to_string(), "hidden": N_HIDDEN, "batch_size": BATCH_SIZE,
        "rate": LEARNING_RATE, "epochs": LAST, "teacher_epochs": TEACHER_EPOCHS,
    });
    let mut study = Study::new("Hard examples early", context.seeds.clone()).setting(DATA, settings);
    for arm in ARMS {
        study = study.arm(arm, Value::Null);
    }
    let journal = format!("life-cycle-early-{}.jsonl", context.seeds.len());
    let results =
        context.study(&study, journal, |one| run(&pool.split(0.0, one.seed)?, &one.arm.name, one.seed))?;

    let conditions = format!(
        "{DATA}, about {} training examples, perceptron 64-{N_HIDDEN}-10, learning rate {LEARNING_RATE}, \
         {} splits",
        pool.n_train(),
        context.seeds.len()
    );
    let values = |arm: &str, n_epochs: usize| -> Result<Vec<f64>> {
        let values = results.values(DATA, arm, &Metric::scalar(after(n_epochs)))?;
        Ok(values.into_iter().flatten().collect())
    };
    // The first weights are the same in every arm.
    let start = values(RANDOM, 0)?;
    for (n_epochs, worth) in EPOCHS {
        let (hard, random) = (values(HARD, n_epochs)?, values(RANDOM, n_epochs)?);
        let differences: Vec<f64> = random.iter().zip(&hard).map(|(random, hard)| random - hard).collect();
        let gains = start.iter().zip(hard.iter().zip(&random));
        let beyond_half: Vec<f64> =
            gains.map(|(start, (hard, random))| (hard - start) - (random - start) / 2.0).collect();
        let conditions = format!("after {worth} of updates; {conditions}");
        let of_gains = Measurement::over_splits(&beyond_half, pool.test_to_train())?;
        findings.measure(HARD_EARLY.id, Part::Real, &conditions, of_gains);
        let of_accuracy = Measurement::over_splits(&differences, pool.test_to_train())?;
        findings.measure(HARD_EARLY_WORSE.id, Part::Real, conditions, of_accuracy);
    }

    let head = ["trained on", "first weights"].map(str::to_owned).into_iter();
    let mut table = Table::new(head.chain(EPOCHS.map(|(_, worth)| format!("after {worth} of updates"))));
    for arm in ARMS {
        let mut row = vec![Cell::text(arm)];
        for n_epochs in [0].into_iter().chain(EPOCHS.map(|(n_epochs, _)| n_epochs)) {
            row.push(Cell::mean(&results.summary(DATA, arm, &Metric::scalar(after(n_epochs)))?, 4));
        }
        table.row(row)?;
    }
    findings.tables.push((format!("Test accuracy early in training: {conditions}"), table));
    findings.notes.push(format!(
        "Hard examples early: four networks with the same first weights make as many updates, at a constant \
         learning rate of {LEARNING_RATE} in batches of {BATCH_SIZE}, on the hard half of the training part, \
         its easy half, a random half or everything, without label noise. An epoch's worth is the updates of a \
         pass over everything, which shows a half twice. What is hard the losses of a network of other first \
         weights say, after {TEACHER_EPOCHS} epochs. Halves are taken as they come, whatever their classes."
    ));
    findings.number("early_runs", json!({ "study": results.study, "runs": results.runs }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_halves() {
        let split = Pool::digits().unwrap().split(0.0, 1).unwrap();
        let n = split.train.n_examples();
        let [hard, easy, random, everything] = ARMS.map(|arm| examples(&split.train, arm, 1).unwrap());
        assert_eq!([&hard, &easy, &random, &everything].map(Vec::len), [n / 2, n / 2, n / 2, n]);
        let losses = difficulty(&split.train, 1).unwrap();
        let largest = easy.iter().map(|&example| losses[example]).fold(0.0, f64::max);
        assert!(hard.iter().all(|&example| losses[example] >= largest && !easy.contains(&example)));
    }

    #[test]
    fn arms_start_alike_and_make_equal_updates() {
        let split = Pool::digits().unwrap().split(0.0, 1).unwrap();
        let records = ARMS.map(|arm| run(&split, arm, 1).unwrap().scalars);
        let updates = (LAST * split.train.n_examples().div_ceil(BATCH_SIZE)) as f64;
        for record in &records {
            assert_eq!((record[&after(0)], record["updates"]), (records[0][&after(0)], updates));
            assert!(EPOCHS.iter().all(|&(n_epochs, _)| record.contains_key(&after(n_epochs))));
        }
    }
}
