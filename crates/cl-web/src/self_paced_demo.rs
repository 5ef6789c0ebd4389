use cl_data::{Clusters, Dataset, numpy::RandomState};
use cl_model::{LogisticRegression, epsilon_cross_entropy};
use cl_pacing::{HardSelfPaced, SelfPacedLambda, Weighting};

use crate::error::WebError;

/// The points of the demo.
pub const N_POINTS: usize = 150;

/// The epochs after the start.
pub const N_EPOCHS: usize = 30;

/// The learning rate of the article's learner.
const LEARNING_RATE: f64 = 0.1;

/// How lambda goes on from its first value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Growth {
    /// Times mu each epoch; the article's learner has 1.3.
    Factor(f64),
    /// The quantile of the current losses, from 0.3 at epoch 1 up by 0.05 each epoch.
    Quantile,
}

/// The weights that are trained from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The article's: `randn(2) * 0.01`, drawn with the seed of the points.
    NearZero,
    /// `randn(2) * 5` of a seed at which they point the wrong way: most points are hard at first.
    WrongWay,
}

impl Start {
    fn model(self, seed: u32) -> LogisticRegression<f64> {
        let (seed, scale) = match self {
            Self::NearZero => (seed, 0.01),
            Self::WrongWay => (735, 5.0),
        };
        let mut rng = RandomState::new(seed);
        let weights = [rng.randn() * scale, rng.randn() * scale];
        LogisticRegression::from_parts(&weights, 0.0)
    }
}

/// What the learner is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelfPacedSettings {
    /// The first lambda: examples are selected whose loss is below.
    pub lambda: f64,
    /// How it goes on.
    pub growth: Growth,
    /// The weights that are trained from.
    pub start: Start,
}

impl Default for SelfPacedSettings {
    /// What the article's page opens with: lambda = 0.68; and the article's factor and start.
    fn default() -> Self {
        Self { lambda: 0.68, growth: Growth::Factor(1.3), start: Start::NearZero }
    }
}

/// An epoch, before its updates.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfPacedEpoch {
    /// The threshold on the loss.
    pub lambda: f64,
    /// The share of all points classified right.
    pub accuracy: f64,
    /// The two weights and the bias.
    pub parameters: [f64; 3],
    /// The loss of each point.
    pub losses: Vec<f64>,
    /// Whether a point's loss is below lambda.
    pub selected: Vec<bool>,
}

impl SelfPacedEpoch {
    /// How many points are selected.
    pub fn n_selected(&self) -> usize {
        self.selected.iter().filter(|&&selected| selected).count()
    }

    /// The mean of the losses of all points.
    pub fn loss(&self) -> f64 {
        self.losses.iter().sum::<f64>() / self.losses.len() as f64
    }
}

/// The article's self-paced learner on 150 of the article's points.
///
/// ```text
/// each epoch   l_i = the loss of point i under the model, for all i
///              selected: l_i < lambda
///              one step of gradient descent on each selected point, in index order; then lambda grows
/// ```
///
/// Source: the article, section 4 and demo 2; Kumar, Packer and Koller (2010). O(points) an epoch.
///
/// ```
/// use cl_web::{SelfPacedDemo, SelfPacedSettings};
///
/// let mut demo = SelfPacedDemo::new(SelfPacedSettings::default(), 42)?;
/// while demo.step()? {}
/// assert_eq!(demo.epochs()[0].lambda, 0.68);
/// assert_eq!(demo.epochs().last().map(|epoch| epoch.n_selected()), Some(150));
/// # Ok::<(), cl_web::WebError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SelfPacedDemo {
    settings: SelfPacedSettings,
    seed: u32,
    data: Dataset<f64>,
    model: LogisticRegression<f64>,
    epochs: Vec<SelfPacedEpoch>,
}

impl SelfPacedDemo {
    /// Draws the points and evaluates them under the first weights.
    ///
    /// # Errors
    /// Unless lambda is finite and above 0, and a factor finite and above 1.
    pub fn new(settings: SelfPacedSettings, seed: u32) -> Result<Self, WebError> {
        if let Growth::Factor(mu) = settings.growth {
            SelfPacedLambda::new(settings.lambda, mu)?;
        }
        let data = Clusters::default().generate(N_POINTS, seed)?;
        let mut demo = Self { settings, seed, data, model: settings.start.model(seed), epochs: Vec::new() };
        demo.reset()?;
        Ok(demo)
    }

    /// Goes back to the start.
    ///
    /// # Errors
    /// None where the demo could be made.
    pub fn reset(&mut self) -> Result<(), WebError> {
        self.model = self.settings.start.model(self.seed);
        self.epochs = vec![evaluated(&self.data, &self.model, |_| self.settings.lambda)?];
        Ok(())
    }

    /// Trains on what is selected, then looks again with the next lambda. Returns whether an epoch was left.
    ///
    /// # Errors
    /// Where a loss is no number; the demo then stays where it was.
    pub fn step(&mut self) -> Result<bool, WebError> {
        let n_done = self.epochs.len();
        let Some(last) = self.epochs.last().filter(|_| n_done <= N_EPOCHS) else { return Ok(false) };
        let mut model = self.model.clone();
        for (i, &label) in self.data.labels().iter().enumerate().filter(|&(i, _)| last.selected[i]) {
            model.step(self.data.example(i), label, LEARNING_RATE);
        }
        let epoch = match self.settings.growth {
            Growth::Factor(mu) => {
                let mut lambda = SelfPacedLambda::new(last.lambda, mu)?;
                lambda.grow();
                evaluated(&self.data, &model, |_| lambda.value())?
            }
            Growth::Quantile => {
                let share = (0.3 + 0.05 * (n_done - 1) as f64).min(1.0);
                // A loss is selected below lambda: the next number after the quantile takes that one, too.
                evaluated(&self.data, &model, |losses| quantile(losses, share).next_up())?
            }
        };
        self.model = model;
        self.epochs.push(epoch);
        Ok(true)
    }

    /// What it is told.
    pub fn settings(&self) -> SelfPacedSettings {
        self.settings
    }

    /// The points.
    pub fn data(&self) -> &Dataset<f64> {
        &self.data
    }

    /// The start, and every epoch so far.
    pub fn epochs(&self) -> &[SelfPacedEpoch] {
        &self.epochs
    }
}

/// How the points stand under a model, and which of them lambda, which may follow from the losses, selects.
fn evaluated(
    data: &Dataset<f64>,
    model: &LogisticRegression<f64>,
    lambda: impl FnOnce(&[f64]) -> f64,
) -> Result<SelfPacedEpoch, WebError> {
    let n = data.n_examples();
    let probabilities: Vec<f64> = (0..n).map(|i| model.probability(data.example(i))).collect();
    let with_labels = || probabilities.iter().zip(data.labels());
    let losses: Vec<f64> = with_labels().map(|(&p, &label)| epsilon_cross_entropy(p, label)).collect();
    let n_correct = with_labels().filter(|&(&p, &label)| (p > 0.5) == (label == 1)).count();
    let lambda = lambda(&losses);
    let mut weights = vec![0.0; n];
    HardSelfPaced::new(lambda)?.weights(&losses, &mut weights)?;
    Ok(SelfPacedEpoch {
        lambda,
        accuracy: n_correct as f64 / n as f64,
        parameters: [model.weights()[0], model.weights()[1], model.bias()],
        selected: weights.iter().map(|&weight| weight > 0.0).collect(),
        losses,
    })
}

/// The p-quantile of losses, between two of them in proportion; 0 of none.
fn quantile(losses: &[f64], p: f64) -> f64 {
    let mut sorted = losses.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let h = sorted.len().saturating_sub(1) as f64 * p;
    let at = |h: f64| sorted.get(h as usize).copied().unwrap_or(0.0);
    let (below, above) = (at(h.floor()), at(h.ceil()));
    below + (h - h.floor()) * (above - below)
}
