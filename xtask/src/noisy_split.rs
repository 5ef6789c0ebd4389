//! A data set cut into a training and a validation part, which may be wrongly labelled, beside a test part.

use anyhow::Result;
use cl_data::{Dataset, NoisyLabels, Standardization, bundled, stratified_split, symmetric_noise};

/// UCI digits in two parts, always the same: four fifths to train and to choose on, and a fifth to judge by, of which no
/// choice knows anything.
pub(crate) fn digits_and_test() -> Result<(Dataset<f32>, Dataset<f32>)> {
    let digits = bundled::digits().cast::<f32>()?;
    let parts = stratified_split(digits.labels(), &[0.8, 0.2], 0)?;
    Ok((digits.subset(&parts[0])?, digits.subset(&parts[1])?))
}

/// The parts of a data set under one seed, standardised by the training part; validation labels are as noisy as
/// training labels, test labels clean.
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

impl NoisySplit {
    /// Cuts `data` into a part to train on, a `share` of it, and one to validate on.
    pub(crate) fn new(
        data: &Dataset<f32>,
        test: &Dataset<f32>,
        share: f64,
        noise: f64,
        seed: u64,
    ) -> Result<Self> {
        let parts = stratified_split(data.labels(), &[share, 1.0 - share], seed)?;
        let (train, validation) = (data.subset(&parts[0])?, data.subset(&parts[1])?);
        let noisy = |part: &Dataset<f32>, at: u64| -> Result<NoisyLabels> {
            Ok(symmetric_noise(part.labels(), part.n_classes(), noise, 2 * seed + at)?)
        };
        let (of_train, of_validation) = (noisy(&train, 0)?, noisy(&validation, 1)?);
        let standardization = Standardization::fit(&train)?;
        let right = standardization.apply(train)?;
        Ok(Self {
            train: of_train.apply(right.clone())?,
            right,
            validation: standardization.apply(of_validation.apply(validation)?)?,
            test: standardization.apply(test.clone())?,
            mislabelled: of_train.changed,
        })
    }
}
