//! A data set cut by seed into training, validation and test part, of which the first two may be wrongly labelled.

use anyhow::Result;
use cl_data::{Dataset, NoisyLabels, Standardization, bundled, stratified_split, symmetric_noise};

/// Where the parts of every repetition come from.
pub(crate) struct Pool {
    data: Dataset<f32>,
    /// The test part, where it is a set of its own.
    test: Option<Dataset<f32>>,
    /// The shares of `data` that are trained and validated on.
    shares: [f64; 2],
}

impl Pool {
    /// UCI digits: three fifths to train on, a fifth to validate on and a fifth to test on, cut anew by every seed.
    pub(crate) fn digits() -> Result<Self> {
        Ok(Self { data: bundled::digits().cast::<f32>()?, test: None, shares: [0.6, 0.2] })
    }

    /// Images of a training set, `n` of them (or all) drawn anew by every seed, four fifths to train on, and one test set.
    pub(crate) fn images(data: Dataset<f32>, test: Dataset<f32>, n: usize) -> Self {
        let drawn = (n as f64 / data.n_examples() as f64).min(1.0);
        Self { data, test: Some(test), shares: [0.8 * drawn, 0.2 * drawn] }
    }

    /// All examples that parts are cut from.
    pub(crate) fn data(&self) -> &Dataset<f32> {
        &self.data
    }

    /// Examples in the training part.
    pub(crate) fn n_train(&self) -> usize {
        (self.shares[0] * self.data.n_examples() as f64).round() as usize
    }

    /// What repetitions share, as the ratio of Nadeau and Bengio: the test examples for each other one where all
    /// are cut from the same data. With a test set of its own it is what training parts share: of a share f of the data
    /// two of them have f in common, as two test parts of a share f have, whose ratio is f / (1 - f).
    pub(crate) fn test_to_train(&self) -> f64 {
        let [train, validation] = self.shares;
        match self.test {
            None => (1.0 - train - validation) / (train + validation),
            Some(_) => self.shared_training(),
        }
    }

    /// The same for what is measured on the training part: two of a share f have f in common.
    pub(crate) fn shared_training(&self) -> f64 {
        self.shares[0] / (1.0 - self.shares[0])
    }

    /// The parts of one repetition, a share `noise` of the training and validation labels wrong.
    pub(crate) fn split(&self, noise: f64, seed: u64) -> Result<NoisySplit> {
        let [train, validation] = self.shares;
        let shares = match self.test {
            None => vec![train, validation, 1.0 - train - validation],
            Some(_) => vec![train, validation],
        };
        let parts = stratified_split(self.data.labels(), &shares, seed)?;
        let part = |at: usize| self.data.subset(&parts[at]);
        let test = match &self.test {
            Some(test) => test.clone(),
            None => part(2)?,
        };
        let (train, validation) = (part(0)?, part(1)?);
        let noisy = |part: &Dataset<f32>, at: u64| -> Result<NoisyLabels> {
            Ok(symmetric_noise(part.labels(), part.n_classes(), noise, 2 * seed + at)?)
        };
        let (of_train, of_validation) = (noisy(&train, 0)?, noisy(&validation, 1)?);
        let standardization = Standardization::fit(&train)?;
        let right = standardization.apply(train)?;
        Ok(NoisySplit {
            train: of_train.apply(right.clone())?,
            right,
            validation: standardization.apply(of_validation.apply(validation)?)?,
            test: standardization.apply(test)?,
            mislabelled: of_train.changed,
        })
    }
}

/// The parts of one repetition, standardised by the training part; validation labels are as noisy as training labels,
/// test labels clean.
pub(crate) struct NoisySplit {
    /// What is trained on, with its noise.
    pub(crate) train: Dataset<f32>,
    /// The same under its right labels.
    pub(crate) right: Dataset<f32>,
    /// What settings are chosen on, with as much noise.
    pub(crate) validation: Dataset<f32>,
    /// What is read once.
    pub(crate) test: Dataset<f32>,
    /// Which training labels are wrong.
    pub(crate) mislabelled: Vec<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_cuts_all_parts_anew() {
        let pool = Pool::digits().unwrap();
        let [one, same, other] = [1, 1, 2].map(|seed| pool.split(0.2, seed).unwrap());
        assert_eq!((one.train.n_examples(), one.test.n_examples()), (pool.n_train(), 359));
        assert!(one.test == same.test && one.test != other.test && one.train != other.train);
        assert!((pool.test_to_train() - 0.25).abs() < 1e-12);
        assert_eq!(one.train.labels().len(), one.mislabelled.len());
        let wrong =
            one.train.labels().iter().zip(one.right.labels()).filter(|(given, right)| given != right).count();
        assert_eq!(wrong, one.mislabelled.iter().filter(|&&wrong| wrong).count());
        let images = Pool::images(pool.data.clone(), one.test.clone(), 500);
        let [one, other] = [1, 2].map(|seed| images.split(0.0, seed).unwrap());
        assert!(one.train.n_examples().abs_diff(400) <= 1 && one.train != other.train);
        // Test sets are the same images, standardised by each training part.
        assert_eq!(one.test.labels(), other.test.labels());
        assert!((images.test_to_train() - 400.0 / 1397.0).abs() < 1e-9);
    }
}
