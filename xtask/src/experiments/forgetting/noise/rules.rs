//! The rules that choose what is kept of a mislabelled training set, with the scores that each goes by.

use anyhow::{Result, anyhow};
use cl_data::{Dataset, stratified_split};
use cl_difficulty::model_based::{Distance, KMeans, Neighbors, class_median_distance, prototype_distance};
use cl_difficulty::{ConfidentLearning, DynamicsRecorder, MetricSettings};
use cl_model::{CrossEntropy, evaluate, softmax};
use cl_prune::{
    BetaSampling, Budget as Keep, CoverageCentric, HardCutoff, KeepByPrototype, KeepEasiest, KeepHardest,
    KeepMiddle, KeepRandom, MessagePassing, NeighborLists, NeverLearnedFate, OffsetWindow, PrototypeSide,
    RemoveUnforgettable, Selection, SelectionRule, StratifiedRandom, WindowStart, choose_hard_cutoff,
};

use super::super::removal::{Forgotten, Recipe, scoring_seed};
use crate::noisy_split::NoisySplit;

/// The share of the training labels that is wrong.
pub(super) const NOISE: f64 = 0.2;

/// Parts of the training set that are kept.
pub(super) const KEPT: [f64; 3] = [0.3, 0.5, 0.7];

pub(super) const HARDEST: &str = "least forgotten removed";
pub(super) const EASIEST: &str = "most forgotten removed";
pub(super) const MIDDLE: &str = "middle";
pub(super) const RANDOM: &str = "random";
pub(super) const CCS_TOLD: &str = "ccs, told the noise rate";
pub(super) const CCS_ESTIMATED: &str = "ccs, noise rate by confident learning";
pub(super) const CCS_VALIDATED: &str = "ccs, cut-off by noisy validation";
const REMOVED_FIRST: &str = "least forgotten removed, never learned first";
const AS_UNFORGETTABLE: &str = "least forgotten removed, never learned as never forgotten";
const OFFSET: &str = "offset window, skips as many of the most forgotten as are wrong";
const STRATIFIED: &str = "stratified random";
const DUAL: &str = "DUAL, Beta sampling";
const D2: &str = "D2, message passing";
const MODERATE: &str = "moderate, middle distance to the class median";
const FAR: &str = "far from prototypes";
const NEAR: &str = "near to prototypes";

/// Every rule.
pub(super) const RULES: [&str; 16] = [
    HARDEST,
    REMOVED_FIRST,
    AS_UNFORGETTABLE,
    EASIEST,
    MIDDLE,
    OFFSET,
    RANDOM,
    STRATIFIED,
    CCS_TOLD,
    CCS_ESTIMATED,
    CCS_VALIDATED,
    DUAL,
    D2,
    MODERATE,
    FAR,
    NEAR,
];

/// Those whose choice is trained on.
pub(super) const TRAINED: [&str; 7] = [HARDEST, EASIEST, MIDDLE, RANDOM, CCS_TOLD, CCS_ESTIMATED, CCS_VALIDATED];

/// Cut-offs tried on validation.
const CUTOFFS: [f64; 5] = [0.0, 0.1, 0.2, 0.3, 0.4];

const N_FOLDS: usize = 5;
const N_NEIGHBORS: usize = 10;

/// What the rules go by; the labels of all of it are the noisy ones.
pub(super) struct Scores<'a> {
    parts: &'a NoisySplit,
    recipe: Recipe,
    seed: u64,
    /// Forgetting events over the scoring runs, by Toneva's rule.
    events: &'a [f64],
    /// The events of an example that no run ever learned.
    never: f64,
    dual: Vec<f64>,
    confidence: Vec<f64>,
    class_medians: Vec<f64>,
    prototypes: Vec<f64>,
    neighbors: NeighborLists,
    /// The share of wrong labels by confident learning.
    pub(super) estimated_noise: f64,
}

impl<'a> Scores<'a> {
    pub(super) fn new(parts: &'a NoisySplit, forgotten: &'a Forgotten, recipe: Recipe, seed: u64) -> Result<Self> {
        let train = &parts.train;
        let metrics = ["dual", "confidence"].map(|name| MetricSettings::parse(name, &[]));
        let metrics: Vec<MetricSettings> = metrics.into_iter().collect::<Result<_, _>>()?;
        let mut dynamics = DynamicsRecorder::new(train.n_examples(), train.n_classes(), &metrics)?;
        recipe.train(train, scoring_seed(forgotten.runs.len() as u64, seed, 0), &mut [&mut dynamics])?;
        if let Some(error) = dynamics.error() {
            return Err(anyhow!("{error}"));
        }
        let [dual, confidence]: [Vec<f64>; 2] = dynamics
            .columns()?
            .into_iter()
            .map(|column| column.values.to_floats())
            .collect::<Vec<_>>()
            .try_into()
            .map_err(|_| anyhow!("one column for each of two metrics"))?;
        let presentations = forgotten.runs.iter().map(|run| run.forgetting.presentations()[0]);
        let k_means =
            KMeans { n_clusters: train.n_classes(), distance: Distance::Euclidean, max_iterations: 100, seed };
        Ok(Self {
            parts,
            recipe,
            seed,
            events: &forgotten.scores,
            never: f64::from(presentations.sum::<u32>()),
            dual,
            confidence,
            class_medians: class_median_distance(train)?,
            prototypes: prototype_distance(train, &k_means)?,
            neighbors: neighbors(train, seed)?,
            estimated_noise: estimated_noise(train, recipe, seed)?,
        })
    }

    /// What `rule` keeps, where `cutoff` is the one that validation chose.
    pub(super) fn select(&self, rule: &str, kept: f64, cutoff: f64) -> Result<Selection> {
        let labels = || self.parts.train.labels().to_vec();
        let unforgettable = |fate| RemoveUnforgettable::new(self.never, fate);
        let ccs = |cutoff| CoverageCentric::with_cutoff(cutoff, CoverageCentric::STRATA);
        let (rule, scores): (Box<dyn SelectionRule>, &[f64]) = match rule {
            HARDEST => (Box::new(KeepHardest), self.events),
            EASIEST => (Box::new(KeepEasiest), self.events),
            MIDDLE => (Box::new(KeepMiddle), self.events),
            RANDOM => (Box::new(KeepRandom), self.events),
            STRATIFIED => (Box::new(StratifiedRandom::new(labels())?), self.events),
            REMOVED_FIRST => (Box::new(unforgettable(NeverLearnedFate::RemovedFirst)?), self.events),
            AS_UNFORGETTABLE => (Box::new(unforgettable(NeverLearnedFate::Unforgettable)?), self.events),
            OFFSET => {
                // As far as the budget lets it; half an example less, for the count is rounded up.
                let room = (1.0 - kept - 0.5 / self.events.len() as f64).max(0.0);
                (Box::new(OffsetWindow::new(NOISE.min(room), WindowStart::Hardest)?), self.events)
            }
            CCS_TOLD => (Box::new(ccs(HardCutoff::NoiseRate(NOISE))?), self.events),
            CCS_ESTIMATED => (Box::new(ccs(HardCutoff::NoiseRate(self.estimated_noise))?), self.events),
            CCS_VALIDATED => (Box::new(ccs(HardCutoff::Given(cutoff))?), self.events),
            DUAL => {
                // The paper's exponent for ten classes of images.
                (Box::new(BetaSampling::new(self.confidence.clone(), 5.5)?), &self.dual)
            }
            D2 => (Box::new(MessagePassing::new(self.neighbors.clone())), self.events),
            MODERATE => (Box::new(KeepMiddle), &self.class_medians),
            FAR => (Box::new(KeepByPrototype { side: PrototypeSide::Far }), &self.prototypes),
            NEAR => (Box::new(KeepByPrototype { side: PrototypeSide::Near }), &self.prototypes),
            other => return Err(anyhow!("no rule {other}")),
        };
        Ok(rule.select(scores, Keep::Keep(kept), self.seed)?)
    }

    /// The cut-off that trains best by validation labels that are as noisy as the others.
    pub(super) fn validated_cutoff(&self, kept: f64) -> Result<f64> {
        let room = 1.0 - kept;
        let candidates: Vec<f64> = CUTOFFS.into_iter().filter(|&cutoff| cutoff <= room + 1e-9).collect();
        let (budget, strata) = (Keep::Keep(kept), CoverageCentric::STRATA);
        let choice = choose_hard_cutoff(self.events, budget, strata, self.seed, &candidates, |selection| {
            let train = self.parts.train.subset(&selection.kept)?;
            self.recipe.accuracy(&train, &self.parts.validation, self.seed)
        })?;
        Ok(choice.beta)
    }
}

/// The nearest neighbours by features, with distances in units of their mean, so that messages neither vanish nor all
/// arrive whole.
fn neighbors(train: &Dataset<f32>, seed: u64) -> Result<NeighborLists> {
    let found = Neighbors::within(train, N_NEIGHBORS, Distance::Euclidean, seed)?;
    let queries = 0..found.n_queries();
    let distances: Vec<f64> = queries.clone().flat_map(|query| found.distances(query)).copied().collect();
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    let indices = queries.flat_map(|query| found.indices(query)).copied().collect();
    Ok(NeighborLists::new(N_NEIGHBORS, indices, distances.iter().map(|distance| distance / mean).collect())?)
}

/// The share of wrong labels by confident learning on probabilities of networks that have not seen the example.
fn estimated_noise(train: &Dataset<f32>, recipe: Recipe, seed: u64) -> Result<f64> {
    let (n, n_classes) = (train.n_examples(), train.n_classes());
    let folds = stratified_split(train.labels(), &[1.0 / N_FOLDS as f64; N_FOLDS], seed)?;
    let mut probabilities = vec![0.0; n * n_classes];
    for (fold, held_out) in folds.iter().enumerate() {
        let others = folds.iter().enumerate().filter(|&(other, _)| other != fold);
        let rest: Vec<usize> = others.flat_map(|(_, members)| members).copied().collect();
        // As many epochs as on the whole.
        let recipe = Recipe { n_updates: recipe.n_updates * rest.len() as u64 / n as u64, ..recipe };
        let network = recipe.train(&train.subset(&rest)?, 3_000_000 + seed, &mut [])?;
        let logits = evaluate(&network, &CrossEntropy, &train.subset(held_out)?)?.outputs;
        for (&example, logits) in held_out.iter().zip(logits.chunks_exact(n_classes)) {
            let logits: Vec<f64> = logits.iter().map(|&logit| f64::from(logit)).collect();
            softmax(&logits, &mut probabilities[example * n_classes..][..n_classes]);
        }
    }
    Ok(ConfidentLearning::fit(&probabilities, train.labels(), n_classes)?.noise_rate(1, 0.95, seed)?.estimate)
}
