//! Section 1: what a curriculum is, a sequence of distributions of rising entropy with nested supports, and which samplers
//! are one.

use std::sync::Arc;

use anyhow::Result;
use cl_data::{Batch, Clusters, Dataset, Epoch, Sampler, SamplerError};
use cl_model::{Budget, CrossEntropy, Sgd, SoftmaxRegression, Trainer, evaluate};
use cl_pacing::{
    BabySteps, Competence, EasyFirst, FixedExponential, HardFirst, Linear, MixtureSampler, OnePass, Order, Pacing,
    SamplerInputs, ShuffleSampler, Step, sampler_by_name,
};
use cl_study::{Figure, LineFigure, Table, over_seeds};
use serde_json::json;

use crate::{
    article,
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Findings},
};

const PLACE: &str = "section 1, text (Bengio 2009, section 3)";

pub(super) const ENTROPY: Claim = Claim {
    id: "clusters/rising-entropy",
    place: PLACE,
    article: "a curriculum is a sequence of distributions of rising entropy",
    about: About::Training,
    judge: Judge::Within {
        quantity: "largest fall of the entropy of what is drawn, from a tenth of the run to the next (nats)",
        low: f64::NEG_INFINITY,
        high: 0.02,
    },
};

pub(super) const NESTED: Claim = Claim {
    id: "clusters/nested-supports",
    place: PLACE,
    article: "what a curriculum has shown once, it goes on showing",
    about: About::Training,
    judge: Judge::Within {
        quantity: "largest share of the draws of a tenth of the run that are of examples that the next tenth never draws",
        low: 0.0,
        high: 0.01,
    },
};

const N: usize = 60;
const BATCH_SIZE: usize = 6;
const N_STEPS: u64 = 200;
const RATE: f64 = 0.05;
const WINDOWS: usize = 10;

/// A sampler by its name in tables, and what makes it from a seed.
struct Entry {
    name: &'static str,
    make: fn(&Problem, u64) -> Result<Box<dyn Sampler>>,
}

/// Overlapping clusters, so that losses differ, with the article's difficulty.
struct Problem {
    data: Dataset<f64>,
    difficulty: Vec<f64>,
    easy_first: Vec<usize>,
    hard_first: Vec<usize>,
    /// Losses under a model of other points of the same clusters.
    irreducible: Vec<f64>,
}

impl Problem {
    fn new() -> Result<Self> {
        let clusters = Clusters { std: 1.7, ..Clusters::default() };
        let data = clusters.generate(N, article::SEED)?;
        let difficulty = Clusters::difficulty(&data);
        let (easy_first, hard_first) = (EasyFirst.order(&difficulty, 0)?, HardFirst.order(&difficulty, 0)?);
        let others = clusters.generate(N, article::SEED + 1)?;
        let mut model = SoftmaxRegression::zeros(2, 2);
        let mut sampler = ShuffleSampler::new(N, BATCH_SIZE, 0)?;
        let trainer = Trainer::new(Budget::Epochs(50), RATE)?;
        trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &others, &mut sampler, &mut [])?;
        let irreducible = evaluate(&model, &CrossEntropy, &data)?.losses;
        Ok(Self { data, difficulty, easy_first, hard_first, irreducible })
    }

    fn named(
        &self,
        name: &str,
        parameters: &[(&str, &str)],
        order: &[usize],
        pacing: Arc<dyn Pacing>,
        seed: u64,
    ) -> Result<Box<dyn Sampler>> {
        let inputs = SamplerInputs {
            n_examples: N,
            order: Some(order),
            difficulty: Some(&self.difficulty),
            classes: Some(self.data.labels()),
            irreducible: Some(&self.irreducible),
            pacing: Some(pacing),
            batch_size: BATCH_SIZE,
            total_steps: N_STEPS,
            seed,
            ..SamplerInputs::default()
        };
        Ok(sampler_by_name(name, parameters, &inputs)?)
    }
}

fn linear() -> Result<Arc<dyn Pacing>> {
    Ok(Arc::new(Linear::new(0.8, 0.2)?))
}

const ENTRIES: [Entry; 15] = [
    Entry { name: "shuffle", make: |p, seed| p.named("shuffle", &[], &p.easy_first, linear()?, seed) },
    Entry { name: "sequential", make: |p, seed| p.named("sequential", &[], &p.easy_first, linear()?, seed) },
    Entry {
        name: "prefix, easy first, linear",
        make: |p, seed| p.named("prefix", &[], &p.easy_first, linear()?, seed),
    },
    Entry {
        name: "prefix, easy first, step",
        make: |p, seed| p.named("prefix", &[], &p.easy_first, Arc::new(Step::new(0.5, 0.2)?), seed),
    },
    Entry {
        name: "prefix, hard first, linear",
        make: |p, seed| p.named("prefix", &[], &p.hard_first, linear()?, seed),
    },
    Entry {
        name: "mini-batch, fixed exponential",
        make: |p, seed| {
            let pacing = Arc::new(FixedExponential::new(0.2, 1.5, N_STEPS / 8, N_STEPS)?);
            p.named("mini-batch", &[], &p.easy_first, pacing, seed)
        },
    },
    Entry {
        name: "competence, square root",
        make: |p, seed| {
            let pacing = Arc::new(Competence::square_root(0.1)?);
            p.named("competence", &[], &p.easy_first, pacing, seed)
        },
    },
    Entry {
        name: "clocked, by examples",
        make: |p, seed| {
            let total = (N_STEPS * BATCH_SIZE as u64).to_string();
            p.named("clocked", &[("clock", "examples"), ("total", &total)], &p.easy_first, linear()?, seed)
        },
    },
    Entry {
        name: "Baby Steps",
        make: |p, seed| {
            let pacing = Arc::new(BabySteps::new(5, N_STEPS / 5, N_STEPS)?);
            p.named("mini-batch", &[], &p.easy_first, pacing, seed)
        },
    },
    Entry {
        name: "One-Pass",
        make: |p, seed| {
            let pacing = Arc::new(OnePass::new(5, N_STEPS / 5, N_STEPS)?);
            p.named("mini-batch", &[], &p.easy_first, pacing, seed)
        },
    },
    Entry {
        name: "mixture of the easy half and all",
        make: |p, seed| {
            let easy = p.easy_first[..N / 2].to_vec();
            let pacing = Linear::new(1.0, 0.0)?;
            Ok(Box::new(MixtureSampler::new(N, easy, (0..N).collect(), pacing, BATCH_SIZE, N_STEPS, seed)?))
        },
    },
    Entry {
        name: "self-paced, lambda 0.4 times 1.1",
        make: |p, seed| p.named("self-paced", &[("lambda", "0.4"), ("mu", "1.1")], &p.easy_first, linear()?, seed),
    },
    Entry {
        name: "instance hardness (DIHCL)",
        make: |p, seed| p.named("instance-hardness", &[], &p.easy_first, linear()?, seed),
    },
    Entry {
        name: "reducible loss (RHO-LOSS)",
        make: |p, seed| p.named("rho-loss", &[("factor", "4")], &p.easy_first, linear()?, seed),
    },
    Entry {
        name: "teacher of classes, window",
        make: |p, seed| p.named("teacher", &[], &p.easy_first, linear()?, seed),
    },
];

/// Counts what a sampler draws, tenth by tenth of the run.
struct Counting<'a> {
    sampler: &'a mut dyn Sampler,
    counts: Vec<[u64; N]>,
}

impl Sampler for Counting<'_> {
    fn n_examples(&self) -> usize {
        self.sampler.n_examples()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        self.sampler.batch(step, batch)?;
        let window = (step as usize * WINDOWS / N_STEPS as usize).min(WINDOWS - 1);
        batch.indices.iter().for_each(|&example| self.counts[window][example] += 1);
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        self.sampler.epoch(step)
    }

    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        self.sampler.wanted(step, wanted);
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        self.sampler.feedback(step, indices, losses)
    }
}

/// What one run of a sampler draws; a model is trained on it, whose losses it is told.
fn draws(problem: &Problem, entry: &Entry, seed: u64) -> Result<Vec<[u64; N]>> {
    let mut sampler = (entry.make)(problem, seed)?;
    let mut counting = Counting { sampler: sampler.as_mut(), counts: vec![[0; N]; WINDOWS] };
    let mut model = SoftmaxRegression::zeros(2, 2);
    let trainer = Trainer::new(Budget::Updates(u64::MAX), RATE)?;
    let mut run = trainer.start(&model, &CrossEntropy, &problem.data, None, &counting)?;
    while run.training().n_steps < N_STEPS {
        run.step(&mut model, &CrossEntropy, &mut Sgd::plain(), &mut counting, &mut [])?;
    }
    Ok(counting.counts)
}

/// -sum p ln p of counts, in nats.
fn entropy(counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    let terms = counts.iter().filter(|&&count| count > 0).map(|&count| {
        let p = count as f64 / total as f64;
        -p * p.ln()
    });
    terms.sum()
}

/// The share of `now` that is of examples that `next` lacks.
fn lost(now: &[u64], next: &[u64]) -> f64 {
    let gone: u64 = now.iter().zip(next).filter(|(_, next)| **next == 0).map(|(now, _)| now).sum();
    gone as f64 / now.iter().sum::<u64>().max(1) as f64
}

/// Every sampler of the library, run many times.
pub(super) fn run(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let n_runs = if context.quick { 60 } else { 300 };
    let problem = Problem::new()?;
    let places: Vec<u64> = (0..ENTRIES.len() as u64).collect();
    let of_entries = over_seeds(&places, context.jobs, context.progress, |place| -> Result<Vec<[u64; N]>> {
        let mut all = vec![[0; N]; WINDOWS];
        for seed in 0..n_runs {
            for (all, one) in all.iter_mut().zip(draws(&problem, &ENTRIES[place as usize], seed)?) {
                all.iter_mut().zip(one).for_each(|(all, one)| *all += one);
            }
        }
        Ok(all)
    })?;
    let mut table =
        Table::new(["sampler", "entropy of the first tenth", "of the last", "largest fall", "draws lost"]);
    let tenths: Vec<f64> = (1..=WINDOWS).map(|tenth| tenth as f64).collect();
    let mut figure = LineFigure::new("Which samplers are curricula?", "tenth of the run", "entropy (nats)");
    for (entry, counts) in ENTRIES.iter().zip(of_entries) {
        let counts = counts?;
        let entropies: Vec<f64> = counts.iter().map(|counts| entropy(counts)).collect();
        let fall = entropies.windows(2).map(|pair| pair[0] - pair[1]).fold(f64::NEG_INFINITY, f64::max);
        let gone = counts.windows(2).map(|pair| lost(&pair[0], &pair[1])).fold(0.0, f64::max);
        let conditions = format!("{}; {N} points of the article's clusters, {n_runs} runs", entry.name);
        findings.measure(ENTROPY.id, Part::Real, &conditions, Measurement::Number { value: fall });
        findings.measure(NESTED.id, Part::Real, conditions, Measurement::Number { value: gone });
        table.row([
            entry.name.to_owned(),
            format!("{:.3}", entropies[0]),
            format!("{:.3}", entropies[WINDOWS - 1]),
            format!("{fall:.3}"),
            format!("{gone:.3}"),
        ])?;
        if DRAWN.contains(&entry.name) {
            figure = figure.line(entry.name, &tenths, &entropies);
        }
        findings.number(
            format!("draws, {}", entry.name),
            json!(counts.iter().map(|c| c.to_vec()).collect::<Vec<_>>()),
        )?;
    }
    findings.tables.push(("Entropy (nats) and supports of what samplers draw".into(), table));
    let svg = figure.horizontal((N as f64).ln(), "all alike").render(860, 480)?;
    findings.figure("clusters-entropy", "Entropy of the examples drawn, tenth by tenth of the run.", svg);
    findings.notes.push(format!(
        "What a sampler's distributions are is counted: {n_runs} runs of {N_STEPS} steps of {BATCH_SIZE} examples each, from \
         {N} points of two clusters that overlap (deviation 1.7), difficulty as in the article, a softmax regression trained \
         on what is drawn so that those that go by losses are told losses. A tenth of the run has {} draws, so that the \
         entropy is low by {:.4} nats at most and an example that is drawn as often as the others is missed never; a fall up \
         to 0.02 nats and a hundredth of the draws count as none.",
        n_runs * N_STEPS * BATCH_SIZE as u64 / WINDOWS as u64,
        (N - 1) as f64 / (2.0 * (n_runs * N_STEPS * BATCH_SIZE as u64) as f64 / WINDOWS as f64),
    ));
    Ok(())
}

/// Those in the figure.
const DRAWN: [&str; 7] = [
    "shuffle",
    "prefix, easy first, linear",
    "competence, square root",
    "Baby Steps",
    "One-Pass",
    "self-paced, lambda 0.4 times 1.1",
    "instance hardness (DIHCL)",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropies_and_supports_are_as_defined() {
        assert!((entropy(&[5, 5, 5, 5]) - 4f64.ln()).abs() < 1e-12 && entropy(&[7, 0]) == 0.0);
        assert_eq!((lost(&[3, 1, 0], &[3, 0, 9]), lost(&[3, 1], &[1, 1])), (0.25, 0.0));
    }

    /// A prefix of k of n examples has the entropy ln k; One-Pass leaves its buckets behind.
    #[test]
    fn a_prefix_rises_and_one_pass_forgets() {
        let problem = Problem::new().unwrap();
        let of = |name: &str| {
            let entry = ENTRIES.iter().find(|entry| entry.name == name).unwrap();
            let mut all = vec![[0; N]; WINDOWS];
            for seed in 0..40 {
                for (all, one) in all.iter_mut().zip(draws(&problem, entry, seed).unwrap()) {
                    all.iter_mut().zip(one).for_each(|(all, one)| *all += one);
                }
            }
            all
        };
        let steps = of("Baby Steps");
        assert!((entropy(&steps[0]) - 12f64.ln()).abs() < 0.02 && (entropy(&steps[9]) - 60f64.ln()).abs() < 0.02);
        assert!(steps.windows(2).all(|pair| lost(&pair[0], &pair[1]) == 0.0));
        let pass = of("One-Pass");
        assert!(pass.windows(2).any(|pair| lost(&pair[0], &pair[1]) > 0.99));
    }
}
