//! What is learned: fixed training, validation and test parts, label noise, and how hard each example is.

use anyhow::Result;
use cl_data::{Dataset, Standardization, bundled, random, stratified_split};
use cl_difficulty::model_based::{Recipe, cross_validated_loss};
use cl_model::{Budget, CrossEntropy};

use super::network::{BATCH_SIZE, MOMENTUM, WEIGHT_DECAY, network};
use crate::data_dir::DataDir;

/// The split of the grid is the same for every run, as the paper's is; what is judged is run on others.
pub(super) const GRID_SPLIT: u64 = 2021;

/// Seeds of the models behind the scores, which no run shares.
const FIRST_SCORING_SEED: u64 = 2_000_000;

/// The folds of a scoring run, as in the paper.
const N_FOLDS: usize = 4;

/// Where the parts of every split come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// One set, cut into all three parts.
    Digits(Dataset<f32>),
    /// A training set for two parts, a test set for the third.
    Images { train: Dataset<f32>, test: Dataset<f32> },
}

impl Source {
    pub(super) fn digits() -> Result<Self> {
        Ok(Self::Digits(bundled::digits().cast::<f32>()?))
    }

    /// Fashion-MNIST, pixels averaged two by two.
    pub(super) fn fashion_mnist(data_dir: &DataDir) -> Result<Self> {
        let [train, test] = ["train", "t10k"].map(|part| halved(&data_dir.images("fashion-mnist", part)?));
        Ok(Self::Images { train: train?, test: test? })
    }

    /// What repetitions share, as the ratio of Nadeau and Bengio: a quarter is tested on and the rest trained and validated
    /// on; of images 2,000 of 10,000 are tested on.
    pub(super) fn test_to_train(&self) -> f64 {
        match self {
            Self::Digits(_) => 0.25 / 0.75,
            Self::Images { .. } => 0.2 / 0.8,
        }
    }

    /// Digits: half to train on, a quarter to validate on, a quarter to test on. Images: 2,000 and 1,000 from the training
    /// set and 2,000 from the test set. An equal share of each class.
    pub(super) fn split(&self, seed: u64) -> Result<Problem> {
        let of = |data: &Dataset<f32>, shares: &[f64]| -> Result<Vec<Dataset<f32>>> {
            let parts = stratified_split(data.labels(), shares, seed)?;
            parts.iter().map(|part| Ok(data.subset(part)?)).collect()
        };
        let parts = match self {
            Self::Digits(digits) => of(digits, &[0.5, 0.25, 0.25])?,
            Self::Images { train, test } => {
                let share = |n: f64, data: &Dataset<f32>| n / data.n_examples() as f64;
                let mut parts = of(train, &[share(2_000.0, train), share(1_000.0, train)])?;
                parts.extend(of(test, &[share(2_000.0, test)])?.into_iter().take(1));
                parts
            }
        };
        let [train, validation, test] = [0, 1, 2].map(|at| parts[at].clone());
        Problem::standardized([train, validation, test], seed)
    }
}

/// Training, validation and test parts.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) train: Dataset<f32>,
    pub(super) validation: Dataset<f32>,
    pub(super) test: Dataset<f32>,
    /// The share of the training labels that the noise changed.
    pub(super) changed: f64,
    /// What the parts were cut by.
    seed: u64,
}

impl Problem {
    /// The training part is cut to whole batches, so that plain training never sees a short one.
    fn standardized([train, validation, test]: [Dataset<f32>; 3], seed: u64) -> Result<Self> {
        let n_train = train.n_examples() / BATCH_SIZE * BATCH_SIZE;
        let order = random::permutation(&mut random::stream(seed, "whole batches", 0), train.n_examples());
        let train = train.subset(&order[..n_train])?;
        let standardization = Standardization::fit(&train)?;
        let [train, validation, test] = [train, validation, test].map(|part| standardization.apply(part));
        Ok(Self { train: train?, validation: validation?, test: test?, changed: 0.0, seed })
    }

    /// The same trained on another part.
    pub(super) fn trained_on(&self, examples: &[usize]) -> Result<Self> {
        Ok(Self { train: self.train.subset(examples)?, ..self.clone() })
    }

    /// The same with the labels of a share of training and validation part permuted among themselves; the test part
    /// stays clean. A permuted label may be the one that it was.
    pub(super) fn with_noise(&self, share: f64) -> Result<Self> {
        let n_train = self.train.n_examples();
        let clean = [self.train.labels(), self.validation.labels()].concat();
        let noisy = permuted(&clean, share, self.seed);
        let changed = clean[..n_train].iter().zip(&noisy).filter(|(clean, noisy)| clean != noisy).count();
        Ok(Self {
            train: self.train.clone().with_labels(noisy[..n_train].to_vec())?,
            validation: self.validation.clone().with_labels(noisy[n_train..].to_vec())?,
            test: self.test.clone(),
            seed: self.seed,
            changed: changed as f64 / n_train as f64,
        })
    }

    /// The mean loss of each training example, under the labels given, of networks that have not seen it: the
    /// paper's loss-based c-score.
    pub(super) fn difficulty(&self, learning_rate: f64, n_seeds: u64, n_epochs: u64) -> Result<Vec<f64>> {
        let recipe = Recipe {
            momentum: MOMENTUM,
            weight_decay: WEIGHT_DECAY,
            ..Recipe::plain(Budget::Epochs(n_epochs), BATCH_SIZE, learning_rate)
        };
        // Other networks for every split.
        let first = FIRST_SCORING_SEED + 1_000 * self.seed;
        let seeds: Vec<u64> = (first..first + n_seeds).collect();
        let make = |seed| network(&self.train, seed);
        Ok(cross_validated_loss(make, &recipe, &CrossEntropy, &self.train, N_FOLDS, &seeds)?)
    }
}

/// The labels of floor(share n + 0.5) examples shuffled among them.
fn permuted(labels: &[usize], share: f64, seed: u64) -> Vec<usize> {
    let mut rng = random::stream(seed, "permuted labels", 0);
    let n_chosen = (share * labels.len() as f64 + 0.5).floor() as usize;
    let chosen = random::choose(&mut rng, labels.len(), n_chosen);
    let mut of_chosen: Vec<usize> = chosen.iter().map(|&example| labels[example]).collect();
    random::shuffle(&mut rng, &mut of_chosen);
    let mut noisy = labels.to_vec();
    chosen.into_iter().zip(of_chosen).for_each(|(example, label)| noisy[example] = label);
    noisy
}

/// Square images at half the width and height, each pixel the mean of four.
fn halved(images: &Dataset<f32>) -> Result<Dataset<f32>> {
    let side = images.n_features().isqrt();
    let half = side / 2;
    let mut features = Vec::with_capacity(images.n_examples() * half * half);
    for image in 0..images.n_examples() {
        let pixels = images.example(image);
        for at in 0..half * half {
            let corner = 2 * (at / half) * side + 2 * (at % half);
            features.push([0, 1, side, side + 1].map(|step| pixels[corner + step]).iter().sum::<f32>() / 4.0);
        }
    }
    Ok(Dataset::new(half * half, features, images.labels().to_vec(), images.n_classes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_permutes_and_leaves_the_test_part() {
        let clean = Source::digits().unwrap().split(GRID_SPLIT).unwrap();
        let (n_train, n_validation) = (clean.train.n_examples(), clean.validation.n_examples());
        assert_eq!((n_train, n_validation, clean.test.n_examples()), (896, 449, 447));
        assert_ne!(Source::digits().unwrap().split(1).unwrap().test, clean.test);
        for share in [0.2, 0.6] {
            let noisy = clean.with_noise(share).unwrap();
            assert_eq!(noisy.test, clean.test);
            let both = |problem: &Problem| [problem.train.labels(), problem.validation.labels()].concat();
            let (before, after) = (both(&clean), both(&noisy));
            // A permutation keeps the number of every label.
            let sorted = |mut labels: Vec<usize>| {
                labels.sort_unstable();
                labels
            };
            assert_eq!(sorted(before.clone()), sorted(after.clone()));
            // A tenth of the permuted stay what they are, within five standard deviations (0.3 sqrt(1345 share) / 1345).
            let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
            let share_changed = changed as f64 / before.len() as f64;
            assert!((share_changed - 0.9 * share).abs() < 5.0 * 0.3 * (share / 1345.0).sqrt(), "{share_changed}");
            assert!((noisy.changed - 0.9 * share).abs() < 0.05);
        }
        assert_eq!(clean.with_noise(0.0).unwrap().train, clean.train);
    }

    #[test]
    fn four_pixels_become_their_mean() {
        let pixels: Vec<f32> = (0..16u8).map(f32::from).collect();
        let halved = halved(&Dataset::new(16, pixels, vec![0], 1).unwrap()).unwrap();
        assert_eq!(halved.example(0), [2.5, 4.5, 10.5, 12.5]);
    }
}
