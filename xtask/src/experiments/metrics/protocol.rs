//! One training run and every score that it allows.

use anyhow::{Result, anyhow};
use cl_data::Dataset;
use cl_difficulty::agreement::top_overlap;
use cl_difficulty::model_based::{
    Distance, KMeans, Neighbors, Recipe, ShapleyStart, SubsetRuns, Subsets, class_median_distance,
    cross_validated_loss, embed, grand, knn_shapley, kth_neighbor_distance, last_layer_grand,
    neighbor_disagreement, neighbor_distance, prototype_distance,
};
use cl_difficulty::{DynamicsRecorder, MetricSettings, Needs, average_ranks, kendall, metrics, spearman};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, ModelError, Sgd, Trainer, evaluate};
use cl_pacing::ShuffleSampler;
use cl_study::Record;
use serde_json::{Value, json};

/// A network with one hidden layer, how it is trained, and which scores are taken.
pub(super) struct Protocol {
    pub(super) n_hidden: usize,
    pub(super) batch_size: usize,
    pub(super) learning_rate: f64,
    pub(super) momentum: f64,
    pub(super) n_epochs: u64,
    /// After how many epochs the scores of the dynamics so far are taken, too; at least 4, a window.
    pub(super) checkpoints: Vec<u64>,
    /// Whether to take those that cost many searches or trainings.
    pub(super) costly: bool,
    /// What runs share, f / (1 - f) where each has a share f of the examples, drawn anew; 0 where all have the same.
    pub(super) shared: f64,
}

/// The share of the hardest examples whose overlap is reported.
pub(super) const TOP: f64 = 0.1;
/// Neighbours of the scores that ask neighbours.
pub(super) const K: usize = 10;
pub(super) const N_CLUSTERS: usize = 20;
pub(super) const N_FOLDS: usize = 4;
/// Subsets of half of the data: an example is in all or none of them once in eight million.
pub(super) const N_SUBSETS: usize = 24;

const OF_THE_MODEL: [&str; 5] =
    ["logit_margin", "grand", "last_layer_grand", "class_median_distance", "prototype_distance"];
const COSTLY: [&str; 7] = [
    "neighbor_distance",
    "kth_neighbor_distance",
    "neighbor_disagreement",
    "knn_shapley",
    "cross_validated_loss",
    "held_out_error",
    "memorization",
];

/// Every score of the training dynamics that is a difficulty, in the order of the catalogue.
fn of_the_dynamics() -> Vec<&'static str> {
    let one_run = metrics().iter().filter(|metric| metric.needs != Needs::SecondSplit);
    one_run.filter(|metric| metric.higher_is_harder.is_some()).map(|metric| metric.method.name).collect()
}

/// The difficulties of one run, higher = harder.
pub(super) struct Scored {
    pub(super) names: Vec<&'static str>,
    /// One score after the other.
    pub(super) scores: Vec<Vec<f64>>,
    /// At each checkpoint, those of the dynamics so far.
    earlier: Vec<Vec<Vec<f64>>>,
    pub(super) network: Mlp<f32>,
}

impl Protocol {
    /// The names of all scores, in order.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let costly = if self.costly { &COSTLY[..] } else { &[] };
        of_the_dynamics().into_iter().chain(OF_THE_MODEL).chain(costly.iter().copied()).collect()
    }

    /// All that the numbers depend on besides data and seed.
    pub(super) fn settings(&self, data: &Dataset<f32>) -> Value {
        json!({
            "data": data.fingerprint().to_string(),
            "n_examples": data.n_examples(),
            "widths": self.widths(data),
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "momentum": self.momentum,
            "n_epochs": self.n_epochs,
            "checkpoints": self.checkpoints,
            "metrics": self.names(),
            "shared": self.shared,
        })
    }

    /// The network and its training in words.
    pub(super) fn describe(&self, data: &Dataset<f32>) -> String {
        let [d, h, c] = self.widths(data);
        let momentum = if self.momentum > 0.0 { format!(", momentum {}", self.momentum) } else { String::new() };
        format!(
            "a {d}-{h}-{c} network of rectified units, SGD in batches of {} at learning rate {}{momentum}, {} epochs",
            self.batch_size, self.learning_rate, self.n_epochs
        )
    }

    /// The checkpoint in the middle of the run.
    pub(super) fn half(&self) -> Option<usize> {
        self.checkpoints.iter().position(|&epoch| epoch == self.n_epochs / 2)
    }

    fn widths(&self, data: &Dataset<f32>) -> [usize; 3] {
        [data.n_features(), self.n_hidden, data.n_classes()]
    }

    fn recipe(&self, n_epochs: u64) -> Recipe {
        Recipe {
            momentum: self.momentum,
            ..Recipe::plain(Budget::Epochs(n_epochs), self.batch_size, self.learning_rate)
        }
    }

    fn network(&self, data: &Dataset<f32>, seed: u64) -> Result<Mlp<f32>, ModelError> {
        Mlp::new(&self.widths(data), Activation::Relu, Initialization::He, seed)
    }

    /// Trains one network, its dynamics recorded in the training pass, and asks it for the other scores.
    pub(super) fn scores(&self, data: &Dataset<f32>, seed: u64) -> Result<Scored> {
        let of_the_dynamics = of_the_dynamics();
        let mut settings = Vec::new();
        for until in [None].into_iter().chain(self.checkpoints.iter().map(|epoch| Some(epoch.to_string()))) {
            let options: Vec<(&str, &str)> = until.iter().map(|until| ("until", until.as_str())).collect();
            for name in &of_the_dynamics {
                settings.push(MetricSettings::parse(name, &options)?);
            }
        }
        let mut recorder = DynamicsRecorder::new(data.n_examples(), data.n_classes(), &settings)?;
        let mut network = self.network(data, seed)?;
        let mut sampler = ShuffleSampler::new(data.n_examples(), self.batch_size, seed)?;
        let mut sgd = Sgd::new(self.momentum, 0.0)?;
        let trainer = Trainer::new(Budget::Epochs(self.n_epochs), self.learning_rate)?;
        trainer.train(&mut network, &CrossEntropy, &mut sgd, data, &mut sampler, &mut [&mut recorder])?;
        if let Some(error) = recorder.error() {
            return Err(anyhow!("{error}"));
        }
        let columns = recorder.columns()?;
        let difficulties: Vec<Vec<f64>> = columns.iter().filter_map(|column| column.difficulty()).collect();
        let mut parts = difficulties.chunks(of_the_dynamics.len()).map(<[_]>::to_vec);
        let mut scores = parts.next().unwrap_or_default();
        let earlier = parts.collect();
        self.ask_the_network(&network, data, seed, &mut scores)?;
        if self.costly {
            self.ask_neighbors_and_subsets(&network, data, seed, &mut scores)?;
        }
        Ok(Scored { names: self.names(), scores, earlier, network })
    }

    fn ask_the_network(
        &self,
        network: &Mlp<f32>,
        data: &Dataset<f32>,
        seed: u64,
        scores: &mut Vec<Vec<f64>>,
    ) -> Result<()> {
        let evaluation = evaluate(network, &CrossEntropy, data)?;
        let rows = evaluation.outputs.chunks_exact(data.n_classes()).zip(data.labels());
        let margin = rows.map(|(logits, &label)| {
            let others = logits.iter().enumerate().filter(|&(class, _)| class != label);
            f64::from(others.map(|(_, &z)| z).fold(f32::NEG_INFINITY, f32::max)) - f64::from(logits[label])
        });
        scores.push(margin.collect());
        let networks = std::slice::from_ref(network);
        scores.push(grand(networks, &CrossEntropy, data)?);
        scores.push(last_layer_grand(networks, &CrossEntropy, data)?);
        let embedded = embed(network, data)?;
        scores.push(class_median_distance(&embedded)?);
        let distance = Distance::Euclidean;
        let k_means = KMeans { n_clusters: N_CLUSTERS, distance, max_iterations: 100, seed };
        scores.push(prototype_distance(&embedded, &k_means)?);
        Ok(())
    }

    fn ask_neighbors_and_subsets(
        &self,
        network: &Mlp<f32>,
        data: &Dataset<f32>,
        seed: u64,
        scores: &mut Vec<Vec<f64>>,
    ) -> Result<()> {
        let (embedded, labels) = (embed(network, data)?, data.labels());
        let neighbors = Neighbors::within(&embedded, K, Distance::Euclidean, seed)?;
        scores.push(neighbor_distance(&neighbors));
        scores.push(kth_neighbor_distance(&neighbors));
        scores.push(neighbor_disagreement(&neighbors, labels, labels)?);
        let everybody = Neighbors::within(&embedded, data.n_examples() - 1, Distance::Euclidean, seed)?;
        let values = knn_shapley(&everybody, labels, labels, K, ShapleyStart::Exact)?;
        scores.push(values.into_iter().map(|value| -value).collect());
        let make = |seed| self.network(data, seed);
        let half = self.recipe(self.n_epochs.div_ceil(2));
        scores.push(cross_validated_loss(make, &half, &CrossEntropy, data, N_FOLDS, &[seed])?);
        let subsets = Subsets { fraction: 0.5, n_runs: N_SUBSETS, seed };
        let runs = SubsetRuns::train(make, &half, &CrossEntropy, data, None, subsets)?;
        scores.push(runs.held_out_error()?);
        scores.push(runs.memorization()?);
        Ok(())
    }
}

impl Scored {
    /// What is kept of a run: the agreement of every pair (`spearman`, `kendall`, `overlap`, pairs i > j row by row),
    /// the ranks of every score, and how far the dynamics' scores at each checkpoint agree with those at the end.
    /// NaN where a score ranks nothing.
    pub(super) fn record(&self, seed: u64) -> Result<Record> {
        let scores = &self.scores;
        let pairs = || (0..scores.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let (mut rho, mut tau, mut overlap) = (Vec::new(), Vec::new(), Vec::new());
        for (i, j) in pairs() {
            rho.push(spearman(&scores[i], &scores[j])?.unwrap_or(f64::NAN));
            tau.push(kendall(&scores[i], &scores[j])?.unwrap_or(f64::NAN));
            overlap.extend(top_overlap(&scores[i], &scores[j], &[TOP], seed)?.into_iter().flatten());
        }
        let mut record = Record::new().curve("spearman", rho).curve("kendall", tau).curve("overlap", overlap);
        for (at, (name, score)) in self.names.iter().zip(scores).enumerate() {
            record = record.curve(format!("ranks of {name}"), average_ranks(score)?);
            let earlier = self.earlier.iter().filter_map(|scores| scores.get(at));
            let with_the_end: Vec<f64> =
                earlier.map(|earlier| Ok(spearman(earlier, score)?.unwrap_or(f64::NAN))).collect::<Result<_>>()?;
            record = record.curve(format!("epochs of {name}"), with_the_end);
        }
        Ok(record)
    }

    /// The same of a run on the examples `kept` of `n`: ranks stand where their example does, NaN where it was left out.
    pub(super) fn record_of(&self, kept: &[usize], n: usize, seed: u64) -> Result<Record> {
        let mut record = self.record(seed)?;
        for name in &self.names {
            if let Some(ranks) = record.curves.get_mut(&format!("ranks of {name}")) {
                let mut all = vec![f64::NAN; n];
                kept.iter().zip(ranks.iter()).for_each(|(&example, &rank)| all[example] = rank);
                *ranks = all;
            }
        }
        Ok(record)
    }

    /// The correlation of each score with a difficulty from elsewhere; NaN where one of the two is constant.
    pub(super) fn with(&self, other: &[f64]) -> Result<Vec<f64>> {
        self.scores.iter().map(|score| Ok(spearman(score, other)?.unwrap_or(f64::NAN))).collect()
    }

    /// How well each score finds what is `wrong`, as the area under its ROC curve.
    pub(super) fn detection(&self, wrong: &[bool]) -> Result<Vec<f64>> {
        self.scores.iter().map(|score| area_under_roc(score, wrong)).collect()
    }
}

/// The chance that a wrong example scores higher than a right one, ties counting half; NaN without one of each.
///
/// ```text
/// (sum of the wrong ones' ranks - w (w + 1) / 2) / (w (n - w))          w wrong ones of n, ranks from 1
/// ```
pub(in crate::experiments) fn area_under_roc(scores: &[f64], wrong: &[bool]) -> Result<f64> {
    let ranks = average_ranks(scores)?;
    let n_wrong = wrong.iter().filter(|&&wrong| wrong).count() as f64;
    let sum: f64 = ranks.iter().zip(wrong).filter(|&(_, &wrong)| wrong).map(|(rank, _)| rank).sum();
    Ok((sum - n_wrong * (n_wrong + 1.0) / 2.0) / (n_wrong * (scores.len() as f64 - n_wrong)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let scores = [0.3f64, 0.9, 0.3, 0.1, 0.9, 0.5];
        let wrong = [true, true, false, false, false, true];
        let mut won = 0.0;
        for (i, j) in (0..6).flat_map(|i| (0..6).map(move |j| (i, j))).filter(|&(i, j)| wrong[i] && !wrong[j]) {
            let order = scores[i].total_cmp(&scores[j]) as i8;
            won += f64::from(order + 1) / 2.0;
        }
        assert_eq!(area_under_roc(&scores, &wrong).unwrap(), won / 9.0);
        assert!(area_under_roc(&scores, &[false; 6]).unwrap().is_nan());
    }

    #[test]
    fn a_run_gives_every_score_it_names() {
        let data = cl_data::bundled::iris().cast::<f32>().unwrap();
        let protocol = Protocol {
            n_hidden: 8,
            batch_size: 16,
            learning_rate: 0.05,
            momentum: 0.0,
            n_epochs: 8,
            checkpoints: vec![4],
            costly: true,
            shared: 0.0,
        };
        let scored = protocol.scores(&data, 1).unwrap();
        assert_eq!(scored.scores.len(), scored.names.len());
        assert!(scored.scores.iter().all(|score| score.len() == 150));
        let record = scored.record(1).unwrap();
        let n_pairs = scored.names.len() * (scored.names.len() - 1) / 2;
        for curve in ["spearman", "kendall", "overlap"] {
            assert_eq!(record.curves[curve].len(), n_pairs, "{curve}");
        }
        // Identical by definition: 1 - p_y, and its double.
        let at = |name: &str| scored.names.iter().position(|other| *other == name).unwrap();
        let (i, j) = (at("confidence"), at("l1_error"));
        assert!(spearman(&scored.scores[i], &scored.scores[j]).unwrap().unwrap() > 0.999);
        assert_eq!(record.curves["epochs of loss"].len(), 1);
        assert!(record.curves["epochs of grand"].is_empty());
    }
}
