use cl_data::{Clusters, Dataset, symmetric_noise};
use cl_model::{
    Activation, Budget, CrossEntropy, Examples, Initialization, Mlp, Mode, Model, Sgd, Trainer, evaluate, sigmoid,
};
use cl_pacing::{EasyFirst, Full, Linear, Order, PrefixSampler, Random};

use crate::{
    error::WebError,
    race_settings::{Difficulty, RaceSettings},
    rest::Rest,
};

/// How long a race is: in each pass as many examples are shown as there are.
pub const N_PASSES: usize = 40;

/// Examples of an update, where a pass has at least twenty of them; fewer of fewer points.
const BATCH_SIZE: usize = 10;

/// The teacher's weights and batches are of the seed so far beyond that of the race.
const TO_TEACHERS: u64 = 2_000_000;

/// More hidden units than two features need, few enough to train at once.
const MOST_HIDDEN: usize = 256;

/// One of the two that race.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Sees the easy points first.
    EasyFirst,
    /// Sees all points from the start, in random order.
    Random,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::EasyFirst, Self::Random];
}

/// How a network stands after a pass; the first is the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// The share of test points that it classifies right.
    pub accuracy: f64,
    /// Its mean loss on the test points.
    pub loss: f64,
    /// How many training points it may be shown in the next pass: the first so many of its order.
    pub n_available: usize,
    /// Its weights and biases.
    pub parameters: Vec<f64>,
}

/// Two equal networks on the same points from the same weights, easy first against random order.
///
/// ```text
/// network        2 - hidden - 1, tanh, Xavier; plain SGD on batches of 10 (n div 20 below 200 points)
/// easy first     epochs over a prefix of the points from easy to hard: b of them at first, all at a of the race, linear
/// random         epochs over all points, each in a new order
/// a pass         n div (batch size) updates of both
/// ```
///
/// The arithmetic is that of the experiment `race`: the same seed and settings give its numbers. A pass costs
/// O(n hidden), and 8 bytes are kept for each parameter.
///
/// ```
/// use cl_web::{Lane, Race, RaceSettings};
///
/// let mut race = Race::new(RaceSettings::article(), 7)?;
/// race.step()?;
/// let passes = race.passes(Lane::EasyFirst);
/// assert_eq!(passes.len(), 2);
/// assert!(passes[0].n_available < race.train().n_examples());
/// # Ok::<(), cl_web::WebError>(())
/// ```
#[derive(Debug)]
pub struct Race {
    settings: RaceSettings,
    seed: u32,
    train: Dataset<f64>,
    test: Dataset<f64>,
    changed: Vec<bool>,
    rank: Vec<usize>,
    runners: [Runner; 2],
}

/// One network with its sampler and its past.
#[derive(Debug, Clone)]
struct Runner {
    model: Mlp<f64>,
    sampler: PrefixSampler,
    passes: Vec<Pass>,
}

impl Race {
    /// Draws the points, orders them by difficulty and sets both networks on the start.
    ///
    /// # Errors
    /// Names the setting that is outside of its domain; where the teacher diverges.
    pub fn new(settings: RaceSettings, seed: u32) -> Result<Self, WebError> {
        let hidden = settings.n_hidden;
        WebError::check("the number of hidden units", hidden, (1..=MOST_HIDDEN).contains(&hidden), "1 to 256")?;
        let [train, test] = settings.points.generate(seed)?;
        let noisy = symmetric_noise(train.labels(), train.n_classes(), settings.flipped, u64::from(seed))?;
        let train = noisy.apply(train)?;
        let easy = easy_order(&settings, &train, u64::from(seed))?;
        let mut rank = vec![0; easy.len()];
        easy.iter().enumerate().for_each(|(at, &example)| rank[example] = at);
        let n = train.n_examples();
        let (batch_size, total) = (batch_size(n), per_pass(n) * N_PASSES as u64);
        let seed_of_runs = u64::from(seed);
        let pacing = Linear::new(settings.a, settings.b)?;
        let samplers =
            [PrefixSampler::new(easy, pacing, batch_size, total, seed_of_runs)?, shuffled(n, seed_of_runs)?];
        let model = network(&settings, seed_of_runs)?;
        let runners = samplers.map(|sampler| Runner { model: model.clone(), sampler, passes: Vec::new() });
        let mut race = Self { settings, seed, train, test, changed: noisy.changed, rank, runners };
        race.reset()?;
        Ok(race)
    }

    /// Sets both networks back to the start.
    ///
    /// # Errors
    /// None where the race could be made.
    pub fn reset(&mut self) -> Result<(), WebError> {
        let model = network(&self.settings, u64::from(self.seed))?;
        for runner in &mut self.runners {
            runner.model = model.clone();
            runner.passes = vec![runner.pass(&self.test, 0)?];
        }
        Ok(())
    }

    /// Trains both for a pass. Returns whether there was one left.
    ///
    /// # Errors
    /// Where training diverges; both then stay where they were.
    pub fn step(&mut self) -> Result<bool, WebError> {
        let done = self.runners[0].passes.len() - 1;
        if done >= N_PASSES {
            return Ok(false);
        }
        let mut runners = self.runners.clone();
        for runner in &mut runners {
            runner.train(&self.train, self.settings.learning_rate, done)?;
            let pass = runner.pass(&self.test, per_pass(self.train.n_examples()) * (done + 1) as u64)?;
            runner.passes.push(pass);
        }
        self.runners = runners;
        Ok(true)
    }

    /// What it is about.
    pub fn settings(&self) -> &RaceSettings {
        &self.settings
    }

    /// The points that are trained on, with the labels that are trained on.
    pub fn train(&self) -> &Dataset<f64> {
        &self.train
    }

    /// Whether a training point's label was turned over.
    pub fn flipped(&self) -> &[bool] {
        &self.changed
    }

    /// The place of each training point in the order from easy to hard.
    pub fn rank(&self) -> &[usize] {
        &self.rank
    }

    /// How a network stood at the start and after each pass so far.
    pub fn passes(&self, lane: Lane) -> &[Pass] {
        &self.runner(lane).passes
    }

    /// P(class 1) at `points`, x and y in turns, by a network as it was after a pass: what a picture of its decision
    /// shows. The last pass there is, where `pass` is beyond.
    pub fn probabilities(&self, lane: Lane, pass: usize, points: &[f64]) -> Vec<f64> {
        let runner = self.runner(lane);
        let mut model = runner.model.clone();
        if let Some(pass) = runner.passes.get(pass) {
            model.parameters_mut().copy_from_slice(&pass.parameters);
        }
        let examples = Examples::new(points, 2);
        let mut outputs = vec![0.0; examples.len()];
        let mut workspace = model.workspace(examples.len());
        model.forward(examples, Mode::Evaluation, &mut workspace, &mut outputs);
        outputs.into_iter().map(sigmoid).collect()
    }

    fn runner(&self, lane: Lane) -> &Runner {
        match lane {
            Lane::EasyFirst => &self.runners[0],
            Lane::Random => &self.runners[1],
        }
    }
}

impl Runner {
    /// Trains for the pass after `done` of them.
    fn train(&mut self, train: &Dataset<f64>, learning_rate: f64, done: usize) -> Result<(), WebError> {
        let per_pass = per_pass(train.n_examples());
        let trainer = Trainer::new(Budget::Updates(per_pass), learning_rate)?;
        let mut sampler = Rest { sampler: &mut self.sampler, first_step: per_pass * done as u64 };
        trainer.train(&mut self.model, &CrossEntropy, &mut Sgd::plain(), train, &mut sampler, &mut [])?;
        Ok(())
    }

    /// How it stands before `step`.
    fn pass(&self, test: &Dataset<f64>, step: u64) -> Result<Pass, WebError> {
        let evaluation = evaluate(&self.model, &CrossEntropy, test)?;
        Ok(Pass {
            accuracy: evaluation.accuracy(),
            loss: evaluation.mean_loss(),
            n_available: self.sampler.n_available(step),
            parameters: self.model.parameters().to_vec(),
        })
    }
}

fn batch_size(n: usize) -> usize {
    (n / 20).clamp(1, BATCH_SIZE)
}

/// Updates that show as many examples as there are, up to a last batch that would be short.
fn per_pass(n: usize) -> u64 {
    (n / batch_size(n)) as u64
}

/// All points from the start, in a new order each epoch: standard training.
fn shuffled(n: usize, seed: u64) -> Result<PrefixSampler, WebError> {
    Ok(PrefixSampler::new(Random::of(n, seed), Full, batch_size(n), 1, seed)?)
}

fn network(settings: &RaceSettings, seed: u64) -> Result<Mlp<f64>, WebError> {
    Ok(Mlp::new(&[2, settings.n_hidden, 1], Activation::Tanh, Initialization::Xavier, seed)?)
}

/// The training points from easy to hard.
fn easy_order(settings: &RaceSettings, train: &Dataset<f64>, seed: u64) -> Result<Vec<usize>, WebError> {
    let difficulty = match settings.difficulty {
        Difficulty::Boundary => Clusters::difficulty(train),
        Difficulty::Teacher => {
            let seed = seed + TO_TEACHERS;
            let mut teacher = network(settings, seed)?;
            let updates = per_pass(train.n_examples()) * N_PASSES as u64;
            let mut sampler = shuffled(train.n_examples(), seed)?;
            let mut sampler = Rest { sampler: &mut sampler, first_step: 0 };
            let trainer = Trainer::new(Budget::Updates(updates), settings.learning_rate)?;
            trainer.train(&mut teacher, &CrossEntropy, &mut Sgd::plain(), train, &mut sampler, &mut [])?;
            evaluate(&teacher, &CrossEntropy, train)?.losses
        }
    };
    Ok(EasyFirst.order(&difficulty, seed)?)
}
