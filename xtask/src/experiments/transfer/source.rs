//! Where a task's data come from, and how they are cut by seed.

use anyhow::Result;
use cl_data::{Dataset, Fingerprint, Standardization, stratified_split};

use crate::data_dir::DataDir;

pub(super) const FASHION: &str = "fashion-mnist";

/// Where the data of a task come from.
pub(super) enum Source {
    /// One set, cut by seed into training, validation and test data.
    Digits(Dataset<f32>),
    /// A training set to draw from by seed, and a test set.
    Fashion { train: Dataset<f32>, test: Dataset<f32> },
}

/// Training, validation and test data.
pub(super) struct Parts {
    pub(super) train: Dataset<f32>,
    pub(super) validation: Dataset<f32>,
    pub(super) test: Dataset<f32>,
}

impl Source {
    /// Fashion-MNIST.
    pub(super) fn fashion(folder: &DataDir) -> Result<Self> {
        Ok(Self::Fashion { train: folder.images(FASHION, "train")?, test: folder.images(FASHION, "t10k")? })
    }

    /// By seed, standardised by the training data.
    pub(super) fn parts(&self, n_train: usize, n_validation: usize, seed: u64) -> Result<Parts> {
        let (train, validation, test) = match self {
            Self::Digits(digits) => {
                let parts = stratified_split(digits.labels(), &[0.6, 0.2, 0.2], seed)?;
                (digits.subset(&parts[0])?, digits.subset(&parts[1])?, digits.subset(&parts[2])?)
            }
            Self::Fashion { train, test } => {
                let share = |n: usize| (n as f64 / train.n_examples() as f64).min(0.5);
                let parts = stratified_split(train.labels(), &[share(n_train), share(n_validation)], seed)?;
                (train.subset(&parts[0])?, train.subset(&parts[1])?, test.clone())
            }
        };
        let standardization = Standardization::fit(&train)?;
        Ok(Parts {
            train: standardization.apply(train)?,
            validation: standardization.apply(validation)?,
            test: standardization.apply(test)?,
        })
    }

    /// Of what the examples are drawn from.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Digits(train) | Self::Fashion { train, .. } => train.fingerprint(),
        }
    }
}
