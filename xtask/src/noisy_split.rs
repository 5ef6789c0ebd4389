//! A data set cut into training, validation and test part, of which the first two may be wrongly labelled.

use anyhow::Result;
use cl_data::{Dataset, NoisyLabels, Standardization, stratified_split, symmetric_noise};

/// The parts of a data set under one seed, standardised by the training part; validation labels are as noisy as
/// training labels, test labels clean.
pub(crate) struct NoisySplit {
    /// What is trained on, with its noise.
    pub(crate) train: Dataset<f32>,
    /// What settings are chosen on, with as much noise.
    pub(crate) validation: Dataset<f32>,
    /// What is read once.
    pub(crate) test: Dataset<f32>,
    /// Which training labels are wrong.
    pub(crate) mislabelled: Vec<bool>,
}

impl NoisySplit {
    /// Cuts `data` into shares to train and to validate on; the rest is the test part, where no `test` is given.
    pub(crate) fn new(
        data: &Dataset<f32>,
        test: Option<&Dataset<f32>>,
        [train, validation]: [f64; 2],
        noise: f64,
        seed: u64,
    ) -> Result<Self> {
        let rest = if test.is_some() { 0.0 } else { 1.0 - train - validation };
        let parts = stratified_split(data.labels(), &[train, validation, rest], seed)?;
        let (train, validation) = (data.subset(&parts[0])?, data.subset(&parts[1])?);
        let test = match test {
            Some(test) => test.clone(),
            None => data.subset(&parts[2])?,
        };
        let noisy = |part: &Dataset<f32>, at: u64| -> Result<NoisyLabels> {
            Ok(symmetric_noise(part.labels(), part.n_classes(), noise, 2 * seed + at)?)
        };
        let (of_train, of_validation) = (noisy(&train, 0)?, noisy(&validation, 1)?);
        let standardization = Standardization::fit(&train)?;
        Ok(Self {
            train: standardization.apply(of_train.apply(train)?)?,
            validation: standardization.apply(of_validation.apply(validation)?)?,
            test: standardization.apply(test)?,
            mislabelled: of_train.changed,
        })
    }
}
