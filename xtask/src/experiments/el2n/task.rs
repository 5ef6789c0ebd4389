//! One data set: how it is cut and mislabelled, how a network on it is scored, and trained on what is kept.

use anyhow::{Result, anyhow};
use cl_data::Dataset;
use cl_difficulty::model_based::grand;
use cl_difficulty::{ConfidentLearning, El2n, spearman};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Sgd, Trainer, evaluate, softmax};
use cl_pacing::ShuffleSampler;
use cl_prune::{
    Budget as Keep, CoverageCentric, HardCutoff, KeepEasiest, KeepHardest, KeepRandom, OffsetWindow, Selection,
    SelectionRule, StratifiedRandom, WindowStart,
};
use cl_study::{EqualBudget, PruneOutcome, PruneRun, PruneStudy, Record};

use crate::noisy_split::{NoisySplit, Pool};

/// Runs averaged for a score, as many as in the paper; as many others are the reference of its stability.
pub(super) const N_RUNS: usize = 10;

/// Numbers of runs whose mean is compared with the reference.
pub(super) const RUNS: [usize; 4] = [1, 2, 5, N_RUNS];

/// Learning rates tried for training on everything.
pub(super) const RATES: [f64; 6] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

pub(super) const HARDEST: &str = "EL2N, hardest";
pub(super) const EASIEST: &str = "EL2N, easiest";
pub(super) const CCS: &str = "EL2N, ccs (true rate)";
pub(super) const CCS_ESTIMATED: &str = "EL2N, ccs (estimated rate)";
pub(super) const GRAND: &str = "GraNd, hardest";
pub(super) const GRAND_FIRST: &str = "GraNd at initialisation, hardest";

/// Shares of the hardest that the offset sweep skips.
pub(super) const OFFSETS: [f64; 3] = [0.1, 0.2, 0.3];

pub(super) fn offset(share: f64) -> String {
    format!("EL2N, hardest but {:.0} %", 100.0 * share)
}

/// A data set and the sizes of what is done with it.
pub(super) struct Task {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) pool: Pool,
    pub(super) n_hidden: usize,
    pub(super) batch_size: usize,
    pub(super) n_epochs: u64,
    /// The epochs after which scores are taken, ascending; the last is the end.
    pub(super) checkpoints: Vec<u64>,
    /// The place of the early one.
    pub(super) early: usize,
    pub(super) kept: Vec<f64>,
    /// The parts kept of the offset sweep, small enough for every offset.
    pub(super) swept: Vec<f64>,
    pub(super) seeds: Vec<u64>,
}

impl Task {
    pub(super) fn parts(&self, noise: f64, seed: u64) -> Result<NoisySplit> {
        self.pool.split(noise, seed)
    }

    fn network(&self, data: &Dataset<f32>, seed: u64) -> Result<Mlp<f32>> {
        let widths = [data.n_features(), self.n_hidden, data.n_classes()];
        Ok(Mlp::new(&widths, Activation::Relu, Initialization::He, seed)?)
    }

    /// The updates of the whole budget on `n` examples.
    pub(super) fn updates(&self, n: usize) -> u64 {
        self.n_epochs * n.div_ceil(self.batch_size) as u64
    }

    /// A network trained on `data` for so many updates, and the examples that it was shown.
    pub(super) fn trained(&self, data: &Dataset<f32>, rate: f64, n: u64, seed: u64) -> Result<(Mlp<f32>, u64)> {
        let mut network = self.network(data, seed)?;
        let mut sampler = ShuffleSampler::new(data.n_examples(), self.batch_size.min(data.n_examples()), seed)?;
        let trainer = Trainer::new(Budget::Updates(n), rate)?;
        let training =
            trainer.train(&mut network, &CrossEntropy, &mut Sgd::plain(), data, &mut sampler, &mut [])?;
        Ok((network, training.n_presented))
    }

    /// The scores from [`N_RUNS`] runs at the early checkpoint, and how stable EL2N is: for each checkpoint and each
    /// of [`RUNS`], its Spearman correlation with the mean of as many other runs, at the same checkpoint and the last.
    pub(super) fn scores(&self, train: &Dataset<f32>, rate: f64, seed: u64) -> Result<Record> {
        let n_checkpoints = self.checkpoints.len();
        let mut el2n = vec![Vec::with_capacity(2 * N_RUNS); n_checkpoints];
        let (mut early, mut first) = (Vec::new(), Vec::new());
        for run in 0..2 * N_RUNS {
            // Seeds of their own: no arm trains on the run that its examples were chosen by.
            let seed = 1_000_000 + (2 * N_RUNS) as u64 * seed + run as u64;
            let mut network = self.network(train, seed)?;
            if run < N_RUNS {
                first.push(network.clone());
            }
            let mut sampler = ShuffleSampler::new(train.n_examples(), self.batch_size, seed)?;
            let per_epoch = train.n_examples().div_ceil(self.batch_size) as u64;
            let last = self.checkpoints[n_checkpoints - 1];
            let trainer = Trainer::new(Budget::Updates(last * per_epoch), rate)?;
            let mut training = trainer.start(&network, &CrossEntropy, train, None, &sampler)?;
            for (at, &epoch) in self.checkpoints.iter().enumerate() {
                let before = if at == 0 { 0 } else { self.checkpoints[at - 1] };
                for _ in 0..(epoch - before) * per_epoch {
                    training.step(&mut network, &CrossEntropy, &mut Sgd::plain(), &mut sampler, &mut [])?;
                }
                el2n[at].push(error_norms(&network, train)?);
                if at == self.early && run < N_RUNS {
                    early.push(network.clone());
                }
            }
        }
        let mut record = Record::new();
        let probabilities = mean_probabilities(&early, train)?;
        let learned = ConfidentLearning::fit(&probabilities, train.labels(), train.n_classes())?;
        record = record.scalar("estimated noise", learned.noise_rate(100, 0.95, seed)?.estimate);
        let reference = |at: usize| mean(&el2n[at][N_RUNS..]);
        for n_runs in RUNS {
            let (mut same, mut last) = (Vec::new(), Vec::new());
            for (at, scores) in el2n.iter().enumerate() {
                let own = mean(&scores[..n_runs])?;
                same.push(spearman(&own, &reference(at)?)?.unwrap_or(f64::NAN));
                last.push(spearman(&own, &reference(n_checkpoints - 1)?)?.unwrap_or(f64::NAN));
            }
            record = record.curve(format!("same epoch, {n_runs} runs"), same);
            record = record.curve(format!("last epoch, {n_runs} runs"), last);
        }
        let end = reference(n_checkpoints - 1)?;
        let one_network: Vec<El2n> = el2n[..=self.early].iter().map(|runs| runs[0].clone()).collect();
        let (epochs, networks) = (mean(&one_network)?, mean(&el2n[self.early][..=self.early])?);
        let [epochs, networks] = [epochs, networks].map(|scores| spearman(&scores, &end));
        let less = epochs?.unwrap_or(f64::NAN) - networks?.unwrap_or(f64::NAN);
        record = record.scalar("epochs less networks", less);
        let early = grand(&early, &CrossEntropy, train)?;
        let first = grand(&first, &CrossEntropy, train)?;
        record =
            record.scalar("grand at initialisation with grand", spearman(&first, &early)?.unwrap_or(f64::NAN));
        let of_el2n = mean(&el2n[self.early][..N_RUNS])?;
        record = record.scalar("grand with el2n", spearman(&early, &of_el2n)?.unwrap_or(f64::NAN));
        Ok(record.curve("el2n", of_el2n).curve("grand", early).curve("grand at initialisation", first))
    }

    /// Trains from scratch on what a method keeps; the test set is read once, at the end.
    pub(super) fn pruned(
        &self,
        run: &PruneRun<'_>,
        noise: f64,
        rate: f64,
        scores: &Record,
    ) -> Result<PruneOutcome> {
        let parts = self.parts(noise, run.seed)?;
        let selection = select(run, noise, parts.train.labels(), scores)?;
        let kept = parts.train.subset(&selection.kept)?;
        let n = parts.train.n_examples();
        let updates = match run.budget {
            EqualBudget::Updates => self.updates(n),
            EqualBudget::Epochs => self.updates(kept.n_examples()),
        };
        let (network, examples) = self.trained(&kept, rate, updates, run.seed)?;
        let mut kept_per_class = vec![0; kept.n_classes()];
        kept.labels().iter().for_each(|&label| kept_per_class[label] += 1);
        let scoring_passes = match run.method {
            PruneStudy::RANDOM | PruneStudy::STRATIFIED_RANDOM => 0,
            // One pass for the scores of each run.
            GRAND_FIRST => 1,
            _ => self.checkpoints[self.early] + 1,
        };
        Ok(PruneOutcome {
            accuracy: evaluate(&network, &CrossEntropy, &parts.test)?.accuracy(),
            kept_per_class,
            wrong_labels: Some(selection.kept.iter().filter(|&&example| parts.mislabelled[example]).count()),
            n_kept: selection.kept.len(),
            updates,
            examples,
            scoring_examples: scoring_passes * (N_RUNS * n) as u64,
        })
    }
}

/// What a method keeps.
fn select(run: &PruneRun<'_>, noise: f64, labels: &[usize], scores: &Record) -> Result<Selection> {
    let (rule, score): (Box<dyn SelectionRule>, &str) = match run.method {
        PruneStudy::RANDOM => (Box::new(KeepRandom), "el2n"),
        PruneStudy::STRATIFIED_RANDOM => (Box::new(StratifiedRandom::new(labels.to_vec())?), "el2n"),
        HARDEST => (Box::new(KeepHardest), "el2n"),
        EASIEST => (Box::new(KeepEasiest), "el2n"),
        GRAND => (Box::new(KeepHardest), "grand"),
        GRAND_FIRST => (Box::new(KeepHardest), "grand at initialisation"),
        CCS | CCS_ESTIMATED => {
            let estimate =
                *scores.scalars.get("estimated noise").ok_or_else(|| anyhow!("no estimate of the noise"))?;
            let cutoff = HardCutoff::NoiseRate(if run.method == CCS { noise } else { estimate });
            (Box::new(CoverageCentric::with_cutoff(cutoff, CoverageCentric::STRATA)?), "el2n")
        }
        method => {
            let share = OFFSETS.into_iter().find(|&share| offset(share) == method);
            let share = share.ok_or_else(|| anyhow!("no method {method}"))?;
            // Half an example less where both make up the whole, for the count is rounded up.
            let room = (1.0 - run.kept - 0.5 / labels.len() as f64).max(0.0);
            (Box::new(OffsetWindow::new(share.min(room), WindowStart::Hardest)?), "el2n")
        }
    };
    let scores = scores.curves.get(score).ok_or_else(|| anyhow!("no score {score}"))?;
    Ok(rule.select(scores, Keep::Keep(run.kept), run.seed)?)
}

/// The probabilities of every example under one network, in evaluation mode.
fn probabilities(network: &Mlp<f32>, data: &Dataset<f32>) -> Result<Vec<f64>> {
    let outputs = evaluate(network, &CrossEntropy, data)?.outputs;
    let logits: Vec<f64> = outputs.into_iter().map(f64::from).collect();
    let mut probabilities = vec![0.0; logits.len()];
    let n_classes = data.n_classes();
    for (logits, probabilities) in logits.chunks_exact(n_classes).zip(probabilities.chunks_exact_mut(n_classes)) {
        softmax(logits, probabilities);
    }
    Ok(probabilities)
}

fn mean_probabilities(networks: &[Mlp<f32>], data: &Dataset<f32>) -> Result<Vec<f64>> {
    let mut mean = vec![0.0; data.n_examples() * data.n_classes()];
    for network in networks {
        let of_one = probabilities(network, data)?;
        mean.iter_mut().zip(of_one).for_each(|(mean, one)| *mean += one / networks.len() as f64);
    }
    Ok(mean)
}

/// The EL2N of every example under one network.
fn error_norms(network: &Mlp<f32>, data: &Dataset<f32>) -> Result<El2n> {
    let mut el2n = El2n::new(data.n_examples());
    let probabilities = probabilities(network, data)?;
    for (example, probabilities) in probabilities.chunks_exact(data.n_classes()).enumerate() {
        el2n.record(example, probabilities, data.labels()[example])?;
    }
    Ok(el2n)
}

fn mean(runs: &[El2n]) -> Result<Vec<f64>> {
    let (first, others) = runs.split_first().ok_or_else(|| anyhow!("no run"))?;
    let mut all = first.clone();
    for other in others {
        all.merge(other)?;
    }
    Ok(all.values()?)
}
