//! Section 2: does following the minimum from an easy function to the hard one end near a good one?

mod landscape;

use anyhow::{Context as _, Result};
use cl_data::{Dataset, Standardization, bundled, stratified_split};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Sgd, SoftmaxRegression, Trainer, evaluate};
use cl_pacing::continuation::{GaussianSmoothing, Homotopy, Objective, basin, descend};
use cl_pacing::{EasyFirst, Linear, MixtureSampler, Order, Random, ShuffleSampler};
use cl_study::{Bar, BarFigure, Better, Choice, Figure, LineFigure, Metric, Record, Share, Table, over_seeds};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    continuation::{Ackley, Rastrigin, Wells, start},
    experiment::{Context, Experiment, Findings},
};

const BASIN: Claim = Claim {
    id: "continuation/basin",
    place: "section 2, text",
    article: "F_lambda = (1 - lambda) F_easy + lambda F_hard keeps the solution near a good basin",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of starts that end in the basin of the global minimum, continuation less direct descent \
                   with as many gradients",
        margin: 0.02,
    },
};

const MIXTURE: Claim = Claim {
    id: "continuation/mixture",
    place: "section 2, text",
    article: "the same with lambda as the share of all data beside the easy ones",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "final loss on all training data (nats), direct training less continuation",
        margin: 0.005,
    },
};

/// Continuation on multimodal functions, and as a mixture of data.
pub(super) static CONTINUATION: Experiment = Experiment {
    id: "continuation",
    section: "2",
    question: "Does the way from an easy function to the hard one end near a good minimum?",
    claims: &[
        BASIN,
        MIXTURE,
        landscape::SMOOTHER,
        landscape::FEWER_MINIMA,
        landscape::BROADER_BASINS,
        landscape::FEWER_CONFLICTS,
    ],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    functions(&mut findings, context)?;
    mixture(&mut findings, context)?;
    landscape::run(&mut findings, context)?;
    Ok(findings)
}

/// The deviation of the Gaussian that makes the hard function easy.
const SIGMA: f64 = 1.0;
const N_STAGES: usize = 11;
const N_EVALUATIONS: usize = 2_000;
const RADIUS: f64 = 4.5;

/// Name, dimensions, and what makes the functions from a seed.
const PROBLEMS: [(&str, usize); 6] =
    [("Rastrigin", 1), ("Rastrigin", 2), ("Ackley", 1), ("Ackley", 2), ("wells", 1), ("wells", 2)];

/// F_easy, F_hard and where the latter is least.
struct Problem {
    easy: Box<dyn Objective>,
    hard: Box<dyn Objective>,
    minimizer: Vec<f64>,
}

impl Problem {
    fn new(name: &str, n_dimensions: usize, seed: u64) -> Result<Self> {
        let minimizer = vec![0.0; n_dimensions];
        Ok(match name {
            "Rastrigin" => {
                let hard = Box::new(Rastrigin { sigma: 0.0 });
                Self { easy: Box::new(Rastrigin { sigma: SIGMA }), hard, minimizer }
            }
            "Ackley" => {
                // The smoothed tip is a bowl of curvature 4 / sigma at most, and the ripples are gone.
                let easy = GaussianSmoothing::new(&Ackley, n_dimensions, SIGMA, 8.0)?;
                Self { easy: Box::new(easy), hard: Box::new(Ackley), minimizer }
            }
            _ => {
                let hard = Wells::random(n_dimensions, seed);
                let (easy, minimizer) = (hard.smoothed(SIGMA), hard.minimizer());
                Self { easy: Box::new(easy), hard: Box::new(hard), minimizer }
            }
        })
    }

    /// Whether descent from `x` ends at the global minimum; these steps only classify and are nobody's.
    fn in_best_basin(&self, x: &[f64]) -> bool {
        basin(&*self.hard, x, std::slice::from_ref(&self.minimizer), 2 * N_EVALUATIONS, 0.1).is_some()
    }
}

fn functions(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let n_starts = if context.quick { 10 } else { 40 };
    // One unit of work per problem and seed.
    let n_seeds = context.seeds.len();
    let units: Vec<u64> = (0..(PROBLEMS.len() * n_seeds) as u64).collect();
    let counts: Result<Vec<[usize; 2]>> = over_seeds(&units, context.jobs, context.progress, |unit| {
        let ((name, n_dimensions), seed) =
            (PROBLEMS[unit as usize / n_seeds], context.seeds[unit as usize % n_seeds]);
        let problem = Problem::new(name, n_dimensions, seed)?;
        let homotopy = Homotopy { easy: &*problem.easy, hard: &*problem.hard };
        let mut counts = [0; 2];
        for index in 0..n_starts {
            let start = start(n_dimensions, RADIUS, seed, index);
            let direct = descend(&*problem.hard, &start, N_EVALUATIONS);
            let tracked = homotopy.track(&start, N_STAGES, N_EVALUATIONS)?;
            counts[0] += usize::from(problem.in_best_basin(&direct));
            counts[1] += usize::from(problem.in_best_basin(tracked.end()));
        }
        Ok(counts)
    })?
    .into_iter()
    .collect();
    let counts = counts?;
    let mut table = Table::new(["function", "direct", "continuation", "starts"]);
    let (mut names, mut bars) = (Vec::new(), [Vec::new(), Vec::new()]);
    for ((name, n_dimensions), counts) in PROBLEMS.iter().zip(counts.chunks_exact(n_seeds)) {
        let differences: Vec<f64> =
            counts.iter().map(|[direct, tracked]| (*tracked as f64 - *direct as f64) / n_starts as f64).collect();
        let each = if *name == "wells" { "each with its own landscape and" } else { "each with" };
        let conditions = format!("{name}, {n_dimensions}-D, {n_seeds} seeds {each} {n_starts} starts");
        findings.measure(BASIN.id, Part::Real, conditions, Measurement::over_seeds(&differences)?);
        let total = n_seeds * n_starts as usize;
        let mut row = vec![format!("{name}, {n_dimensions}-D")];
        for (arm, bars) in bars.iter_mut().enumerate() {
            let share = Share::of(counts.iter().map(|counts| counts[arm]).sum(), total)?;
            row.push(format!("{:.3} [{:.3}, {:.3}]", share.share, share.interval.low, share.interval.high));
            bars.push(Bar { value: share.share, interval: Some(share.interval) });
        }
        row.push(total.to_string());
        table.row(row)?;
        names.push(format!("{name} {n_dimensions}-D"));
        findings.number(format!("{}_{n_dimensions}d_counts", name.to_lowercase()), counts)?;
    }
    findings.number("n_starts", n_starts)?;
    findings.tables.push(("Share of starts that reach the global minimum (Wilson 95 %)".into(), table));
    findings.notes.push(format!(
        "F_easy is F_hard smoothed by a Gaussian of deviation {SIGMA} (closed form for Rastrigin and the wells, \
         quadrature for Ackley), lambda grows in {} stages, starts are uniform in [-{RADIUS}, {RADIUS}]^d. Both sides \
         spend {N_EVALUATIONS} gradients, where one of F_lambda between its ends counts as two. Rastrigin and Ackley \
         flatter continuation: smoothing leaves their global minimum where it was, at the centre. The wells are \
         random, and there the smoothed function has its minimum where wells are broad or many, not where one is \
         deepest.",
        N_STAGES - 1,
    ));
    let caption = "A random sum of wells as lambda grows (seed 0), with the path of the tracked minimum.";
    let svg = landscape(findings)?;
    findings.figure("continuation", caption, svg);
    let [direct, tracked] = bars;
    let figure = BarFigure::new("Starts that reach the global minimum", "", "share of starts", names)
        .series("direct descent", direct)
        .series("continuation", tracked);
    findings.figure(
        "continuation-shares",
        "Starts that reach the global minimum (Wilson 95 %).",
        figure.render(820, 440)?,
    );
    Ok(())
}

/// F_lambda of the first 1-D wells, and the path from one start.
fn landscape(findings: &mut Findings) -> Result<String> {
    let problem = Problem::new("wells", 1, 0)?;
    let homotopy = Homotopy { easy: &*problem.easy, hard: &*problem.hard };
    let begin = start(1, RADIUS, 0, 0);
    let path = homotopy.track(&begin, N_STAGES, N_EVALUATIONS)?;
    let direct = descend(&*problem.hard, &begin, N_EVALUATIONS)[0];
    let x: Vec<f64> = (0..=300).map(|i| -RADIUS + f64::from(i) * 2.0 * RADIUS / 300.0).collect();
    let mut figure = LineFigure::new("F_lambda and the tracked minimum", "x", "F_lambda(x)");
    for quarter in 0..=4 {
        let lambda = f64::from(quarter) / 4.0;
        let y: Vec<f64> = x.iter().map(|&x| homotopy.value(lambda, &[x])).collect();
        figure = figure.line(format!("lambda = {lambda}"), &x, &y);
    }
    let positions: Vec<f64> = path.stages().iter().map(|stage| stage.position[0]).collect();
    let values: Vec<f64> = path.stages().iter().map(|stage| stage.value).collect();
    findings.number("path_lambda", path.stages().iter().map(|stage| stage.lambda).collect::<Vec<_>>())?;
    findings.number("path_position", &positions)?;
    findings.number("path_start", begin[0])?;
    findings.number("path_direct_end", direct)?;
    findings.number("path_global_minimum", problem.minimizer[0])?;
    Ok(figure
        .line("tracked minimum", &positions, &values)
        .vertical(begin[0], "start")
        .vertical(problem.minimizer[0], "global minimum")
        .vertical(direct, "direct")
        .render(860, 520)?)
}

/// The three ways of training on digits.
const ARMS: [&str; 3] = ["direct", "continuation", "continuation, random half"];
const BATCH_SIZE: usize = 20;

/// The share of digits that is trained on: two of this share have it in common.
const TRAIN: f64 = 0.4;

/// What every run on digits shares.
struct Digits {
    train: Dataset<f64>,
    test: Dataset<f64>,
    /// From easy to hard, by a softmax regression's loss.
    order: Vec<usize>,
    n_updates: u64,
}

impl Digits {
    fn new(quick: bool, seed: u64) -> Result<Self> {
        let digits = bundled::digits();
        let parts = stratified_split(digits.labels(), &[TRAIN, 1.0 - TRAIN], seed)?;
        let (train, test) = (digits.subset(&parts[0])?, digits.subset(&parts[1])?);
        let standardization = Standardization::fit(&train)?;
        let (train, test) = (standardization.apply(train)?, standardization.apply(test)?);
        let mut pilot = SoftmaxRegression::zeros(train.n_features(), train.n_classes());
        let mut sampler = ShuffleSampler::new(train.n_examples(), BATCH_SIZE, 1_000_000 + seed)?;
        let trainer = Trainer::new(Budget::Epochs(10), 0.05)?;
        trainer.train(&mut pilot, &CrossEntropy, &mut Sgd::plain(), &train, &mut sampler, &mut [])?;
        let order = EasyFirst.order(&evaluate(&pilot, &CrossEntropy, &train)?.losses, 0)?;
        Ok(Self { train, test, order, n_updates: if quick { 300 } else { 2_000 } })
    }

    /// Final loss on all training data and accuracy on the test set.
    fn run(&self, arm: &str, learning_rate: f64, seed: u64) -> Result<[f64; 2]> {
        let n = self.train.n_examples();
        let half = n / 2;
        let (easy, ramp) = match arm {
            "direct" => (self.order.clone(), 0),
            "continuation" => (self.order[..half].to_vec(), self.n_updates / 2),
            _ => (Random::of(n, seed)[..half].to_vec(), self.n_updates / 2),
        };
        // lambda grows to 1 over the ramp; without one it is 1 at once.
        let lambda = Linear::new(if ramp == 0 { 0.0 } else { 1.0 }, 0.0)?;
        let mut sampler = MixtureSampler::new(n, easy, (0..n).collect(), lambda, BATCH_SIZE, ramp.max(1), seed)?;
        // So narrow that not every minimum fits the data: with 16 units all reach a loss of nearly 0.
        let widths = [self.train.n_features(), 4, self.train.n_classes()];
        let mut model = Mlp::new(&widths, Activation::Tanh, Initialization::Xavier, seed)?;
        let trainer = Trainer::new(Budget::Updates(self.n_updates), learning_rate)?;
        trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &self.train, &mut sampler, &mut [])?;
        let loss = evaluate(&model, &CrossEntropy, &self.train)?.mean_loss();
        Ok([loss, evaluate(&model, &CrossEntropy, &self.test)?.accuracy()])
    }
}

fn mixture(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    // The learning rate is direct training's best, on seeds of its own.
    let rates = [0.05, 0.1, 0.2, 0.5, 1.0];
    let choice =
        Choice::new("continuation", [1_000_000, 1_000_001, 1_000_002], Metric::scalar("loss"), Better::Lower);
    let chosen = context.choose(&choice, &rates, &context.seeds, |&rate, seed| {
        Ok(Record::new().scalar("loss", Digits::new(context.quick, seed)?.run("direct", rate, seed)?[0]))
    })?;
    let rate = chosen.candidate;

    let n_seeds = context.seeds.len();
    let units: Vec<u64> = (0..(ARMS.len() * n_seeds) as u64).collect();
    let runs: Result<Vec<[f64; 2]>> = over_seeds(&units, context.jobs, context.progress, |unit| {
        let (arm, seed) = (ARMS[unit as usize / n_seeds], context.seeds[unit as usize % n_seeds]);
        let run = Digits::new(context.quick, seed).and_then(|digits| digits.run(arm, rate, seed));
        run.with_context(|| format!("{arm}, seed {seed}, learning rate {rate}"))
    })?
    .into_iter()
    .collect();
    let runs = runs?;
    let digits = Digits::new(context.quick, 0)?;
    let column = |arm: usize, which: usize| -> Vec<f64> {
        runs[arm * n_seeds..(arm + 1) * n_seeds].iter().map(|run| run[which]).collect()
    };
    let mut table = Table::new(["arm", "final training loss (nats)", "test accuracy"]);
    for (at, arm) in ARMS.iter().enumerate() {
        let cell = |which| Measurement::over_seeds(&column(at, which)).map(|m| m.to_string());
        table.row([(*arm).to_owned(), cell(0)?, cell(1)?])?;
        findings.number(format!("mixture_{}_loss", arm.replace([',', ' '], "_")), column(at, 0))?;
        findings.number(format!("mixture_{}_accuracy", arm.replace([',', ' '], "_")), column(at, 1))?;
        if at > 0 {
            let gains: Vec<f64> =
                column(0, 0).iter().zip(column(at, 0)).map(|(direct, own)| direct - own).collect();
            let half =
                if at == 1 { "easy half by a softmax regression" } else { "control: a random half as F_easy" };
            let n = digits.train.n_examples();
            let conditions = format!("{n} UCI digits, 64-4-10 tanh, {half}, {n_seeds} splits");
            let measured = Measurement::over_splits(&gains, TRAIN / (1.0 - TRAIN))?;
            findings.measure(MIXTURE.id, Part::Real, conditions, measured);
        }
    }
    findings.number("mixture_learning_rate", rate)?;
    findings.tables.push(("lambda as a mixture of data".into(), table));
    findings.notes.push(format!(
        "On digits each example of a batch is drawn from the easy half with probability 1 - lambda and from all with \
         probability lambda, which grows from 0 to 1 over the first half of {} updates; learning rate {rate}, direct \
         training's best of {rates:?} by training loss on seeds of its own. The control takes a random half for \
         the easy one: what it shares with continuation is not due to easiness. The network has 4 hidden units \
         because with 16 every arm fits the data and no minimum is worse than another: that was seen before the \
         width was chosen.",
        digits.n_updates
    ));
    Ok(())
}
