//! Demo 1: two networks train on the same data from the same weights, easy first against random order.

mod clusters;

use anyhow::Result;
use cl_data::{Dataset, Sampler, random};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Sgd, Trainer, evaluate};
use cl_pacing::{EasyFirst, Linear, Order, PrefixSampler, Random, ShuffleSampler};
use cl_study::{Better, Choice, Figure, LineFigure, Metric, Record, Share, Study, StudyResults, Table};
use rand_distr::{Distribution, StandardNormal};
use serde_json::{Value, json};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Experiment, Findings},
    stepwise,
};

const START: Claim = Claim {
    id: "race/start",
    place: "demo 1 (the article names no winner)",
    article: "two networks train on the same data, easy first against random; (not in the article) easy first leads early",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "mean test accuracy over the first quarter of the race, easy first less the other",
        margin: 0.005,
    },
};

const FINISH: Claim = Claim {
    id: "race/finish",
    place: "demo 1 (the article names no winner)",
    article: "two networks train on the same data, easy first against random; (not in the article) easy first ends ahead",
    about: About::Training,
    judge: Judge::Positive { quantity: "final test accuracy, easy first less the other", margin: 0.005 },
};

const EASY: &str = "easy first";
const RANDOM: &str = "random order";
const PACED: &str = "random order, same pacing";

const N_TRAIN: usize = 300;
const N_TEST: usize = 1_000;
const BATCH_SIZE: usize = 10;
const N_PASSES: usize = 40;
const WIDTHS: [usize; 3] = [2, 16, 1];
/// A fifth of the data at first, all at half of the race.
const PACING: (f64, f64) = (0.5, 0.2);

/// The race of two orders, over many seeds.
pub(super) static RACE: Experiment = Experiment {
    id: "race",
    section: "demo 1",
    question: "Which of two equal networks wins, easy first or random order?",
    claims: &[START, FINISH],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let n_races = races_of(context).len() as u64;
    let (rate, results) = races(&mut findings, context, Track::Moons, n_races)?;
    wins(&mut findings, &results, n_races)?;
    findings.number("learning_rate", rate)?;
    findings.notes.push(format!(
        "Two moons, {N_TRAIN} training and {N_TEST} test points, fresh ones for every seed; a 2-16-1 tanh network; \
         batches of {BATCH_SIZE}, learning rate {rate}, the best of {RATES:?} for random order on seeds of its own. \
         Difficulty is the loss under a teacher, the same network from other weights, trained on the same points. \
         Easy first begins with {} % of the data and has all of them at half of the race. All arms of a seed share \
         data, first weights and the number of updates.",
        100.0 * PACING.1
    ));
    let (rate, _) = races(&mut findings, context, Track::Clusters, n_races)?;
    findings.number("clusters_learning_rate", rate)?;
    findings.notes.push(format!(
        "The same race on the article's data: its two clusters, 200 training and 1,000 test points, fresh ones \
         for every seed, and its difficulty, 1 / (|x0| + 0.1) scaled to [0, 1]; network, batches, pacing, arms \
         and passes are those above, learning rate {rate}, chosen in the same way. The clusters hardly overlap \
         (the boundary x0 = 0 errs on 0.6 % of the points), so that there is little for an order to change."
    ));
    Ok(findings)
}

/// What is raced on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Track {
    /// Two moons; easy is what a teacher has learned.
    Moons,
    /// The article's clusters; easy is what is far from the boundary.
    Clusters,
}

impl Track {
    /// The name of its study, its choice and their journals.
    fn key(self) -> &'static str {
        match self {
            Self::Moons => "race",
            Self::Clusters => "race-clusters",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Moons => "two moons",
            Self::Clusters => "the article's clusters, difficulty by the distance from the boundary",
        }
    }

    /// The first of the seeds that the learning rate is chosen on.
    fn first_choosing(self) -> u64 {
        match self {
            Self::Moons => 1_000_000,
            Self::Clusters => clusters::FIRST_CHOOSING,
        }
    }

    /// The training and the test points of a seed.
    fn points(self, seed: u64) -> Result<[Dataset<f64>; 2]> {
        match self {
            Self::Moons => Ok([training_data(seed)?, moons(N_TEST, seed, "test moons")?]),
            Self::Clusters => clusters::points(seed),
        }
    }

    /// The training points from easy to hard.
    fn easy_order(self, train: &Dataset<f64>, rate: f64, seed: u64) -> Result<Vec<usize>> {
        match self {
            Self::Moons => easy_order(train, rate, seed),
            Self::Clusters => clusters::easy_order(train, seed),
        }
    }
}

/// All races of a track at the learning rate chosen for it, and what they say of the claims.
fn races(
    findings: &mut Findings,
    context: &Context<'_>,
    track: Track,
    n_races: u64,
) -> Result<(f64, StudyResults)> {
    let rate = tuned(context, track)?;
    let settings = |pacing: Value| json!({"learning_rate": rate, "pacing": pacing, "n_passes": N_PASSES});
    let pacing = json!({"linear": PACING});
    let study = Study::new(track.key(), races_of(context))
        .arm(EASY, settings(pacing.clone()))
        .arm(RANDOM, settings("full".into()))
        .arm(PACED, settings(pacing));
    let journal = format!("{}-{n_races}.jsonl", track.key());
    let results = context.study(&study, journal, |run| race(track, &run.arm.name, rate, run.seed))?;
    for (rival, what) in [(RANDOM, "all data in random order"), (PACED, "control: the same pacing at random")] {
        let conditions = format!("{}, against {what}, {n_races} seeds", track.name());
        for (claim, metric) in [(START, "first_quarter"), (FINISH, "final")] {
            let paired = results.paired("all", EASY, rival, &Metric::scalar(metric))?;
            let measurement = Measurement::over_seeds(&paired.differences)?;
            findings.measure(claim.id, Part::Real, &conditions, measurement);
        }
    }
    for (title, metric) in
        [("Mean test accuracy over the first quarter", "first_quarter"), ("Final test accuracy", "final")]
    {
        let table = results.table("all", EASY, &Metric::scalar(metric), 4)?;
        findings.tables.push((format!("{title}: {}", track.name()), table));
    }
    Ok((rate, results))
}

/// Two half circles that reach into each other, with normal noise of deviation 0.3.
fn moons(n: usize, seed: u64, purpose: &str) -> Result<Dataset<f64>> {
    let mut rng = random::stream(seed, purpose, 0);
    let mut features = Vec::with_capacity(2 * n);
    let labels: Vec<usize> = (0..n).map(|i| i % 2).collect();
    for &label in &labels {
        let angle = std::f64::consts::PI * random::uniform(&mut rng);
        let (x, y) = if label == 0 {
            (angle.cos() - 0.5, angle.sin() - 0.25)
        } else {
            (0.5 - angle.cos(), 0.25 - angle.sin())
        };
        for coordinate in [x, y] {
            let z: f64 = StandardNormal.sample(&mut rng);
            features.push(coordinate + 0.3 * z);
        }
    }
    Ok(Dataset::new(2, features, labels, 2)?)
}

fn training_data(seed: u64) -> Result<Dataset<f64>> {
    moons(N_TRAIN, seed, "training moons")
}

/// From easy to hard by the loss of a teacher: the same network from other weights.
fn easy_order(data: &Dataset<f64>, rate: f64, seed: u64) -> Result<Vec<usize>> {
    let mut teacher = Mlp::new(&WIDTHS, Activation::Tanh, Initialization::Xavier, seed + 2_000_000)?;
    let mut sampler = ShuffleSampler::new(N_TRAIN, BATCH_SIZE, seed + 2_000_000)?;
    let trainer = Trainer::new(Budget::Updates(per_pass(N_TRAIN) * N_PASSES as u64), rate)?;
    trainer.train(&mut teacher, &CrossEntropy, &mut Sgd::plain(), data, &mut sampler, &mut [])?;
    Ok(EasyFirst.order(&evaluate(&teacher, &CrossEntropy, data)?.losses, seed)?)
}

/// Updates that show as many examples as there are: a pass.
fn per_pass(n_train: usize) -> u64 {
    (n_train / BATCH_SIZE) as u64
}

/// One network's race: accuracy and available examples after every pass.
fn race(track: Track, arm: &str, rate: f64, seed: u64) -> Result<Record> {
    let [train, test] = track.points(seed)?;
    let n = train.n_examples();
    let per_pass = per_pass(n);
    let total = per_pass * N_PASSES as u64;
    let paced = |order| PrefixSampler::new(order, Linear::new(PACING.0, PACING.1)?, BATCH_SIZE, total, seed);
    let mut prefix = match arm {
        EASY => Some(paced(track.easy_order(&train, rate, seed)?)?),
        PACED => Some(paced(Random::of(n, seed))?),
        _ => None,
    };
    let mut shuffle = ShuffleSampler::new(n, BATCH_SIZE, seed)?;
    let mut model = Mlp::new(&WIDTHS, Activation::Tanh, Initialization::Xavier, seed)?;
    let trainer = Trainer::new(Budget::Updates(per_pass), rate)?;
    let (mut accuracy, mut available) = (Vec::new(), Vec::new());
    for pass in 0..=N_PASSES {
        let first_step = per_pass * pass as u64;
        accuracy.push(evaluate(&model, &CrossEntropy, &test)?.accuracy());
        available.push(prefix.as_ref().map_or(n, |prefix| prefix.n_available(first_step)) as f64);
        if pass < N_PASSES {
            let sampler: &mut dyn Sampler = prefix.as_mut().map_or(&mut shuffle, |prefix| prefix);
            let mut sampler = stepwise::From { sampler, first_step };
            trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &train, &mut sampler, &mut [])?;
        }
    }
    let quarter = &accuracy[1..=N_PASSES / 4];
    Ok(Record::new()
        .scalar("first_quarter", quarter.iter().sum::<f64>() / quarter.len() as f64)
        .scalar("final", accuracy[N_PASSES])
        .scalar("updates", total as f64)
        .curve("accuracy", accuracy)
        .curve("available", available))
}

const RATES: [f64; 4] = [0.1, 0.3, 1.0, 3.0];

/// The learning rate with which random order ends best, on five seeds of its own.
fn tuned(context: &Context<'_>, track: Track) -> Result<f64> {
    let first = track.first_choosing();
    let seeds: Vec<u64> = (first..first + 5).collect();
    let choice = Choice::new(track.key(), seeds, Metric::scalar("final"), Better::Higher);
    let judged = races_of(context);
    Ok(context.choose(&choice, &RATES, &judged, |&rate, seed| race(track, RANDOM, rate, seed))?.candidate)
}

/// One race is over in milliseconds: ten for each seed asked for.
fn races_of(context: &Context<'_>) -> Vec<u64> {
    context.seeds.iter().flat_map(|seed| (0..10).map(move |race| 10 * seed + race)).collect()
}

/// The share of seeds on which each is ahead, pass by pass.
fn wins(findings: &mut Findings, results: &StudyResults, n_races: u64) -> Result<()> {
    let curves = |arm| -> Result<Vec<&Vec<f64>>> {
        let records = results.records("all", arm)?;
        Ok(records.into_iter().flatten().map(|record| &record.curves["accuracy"]).collect())
    };
    let (easy, random) = (curves(EASY)?, curves(RANDOM)?);
    let passes: Vec<f64> = (0..=N_PASSES).map(|pass| pass as f64).collect();
    let share = |pass: usize, wins: fn(f64, f64) -> bool| {
        let count = easy.iter().zip(&random).filter(|(easy, random)| wins(easy[pass], random[pass])).count();
        Share::of(count, easy.len())
    };
    let mut table = Table::new(["pass", "easy first ahead", "random order ahead", "level"]);
    let mut figure =
        LineFigure::new("Who is ahead", "passes over the data (in updates)", "share of seeds (Wilson 95 %)");
    for (name, wins) in [(EASY, (|a, b| a > b) as fn(f64, f64) -> bool), (RANDOM, |a, b| a < b)] {
        let shares: Result<Vec<Share>, _> = (0..=N_PASSES).map(|pass| share(pass, wins)).collect();
        let shares = shares?;
        let of = |value: fn(&Share) -> f64| shares.iter().map(value).collect::<Vec<f64>>();
        let (mean, low, high) = (of(|s| s.share), of(|s| s.interval.low), of(|s| s.interval.high));
        figure = figure.line_with_band(format!("{name} ahead"), &passes, &mean, &low, &high);
        findings.number(format!("share_{}", name.replace(' ', "_")), mean)?;
    }
    for pass in [1, 2, 5, 10, 20, 30, 40] {
        let cell = |wins| -> Result<String> {
            let share = share(pass, wins)?;
            Ok(format!("{:.2} [{:.2}, {:.2}]", share.share, share.interval.low, share.interval.high))
        };
        table.row([pass.to_string(), cell(|a, b| a > b)?, cell(|a, b| a < b)?, cell(|a, b| a == b)?])?;
    }
    findings.tables.push((format!("Share of {n_races} seeds on which each is ahead: two moons"), table));
    let caption =
        "Share of seeds on which each network has the higher test accuracy on two moons; the rest are level.";
    let half = PACING.0 * N_PASSES as f64;
    findings.figure("race", caption, figure.vertical(half, "all data shown").render(760, 460)?);
    Ok(())
}
