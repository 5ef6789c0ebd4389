use cl_data::{Dataset, Scalar};
use rayon::prelude::*;

use crate::{
    error::ModelError,
    loss::{Loss, Target},
    model::{Examples, Mode, Model},
};

/// How a model does on a data set, example by example.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<T> {
    /// Outputs, c per example.
    pub outputs: Vec<T>,
    /// The loss of each example.
    pub losses: Vec<f64>,
    /// Whether each example is classified as its label says.
    pub correct: Vec<bool>,
}

impl<T> Evaluation<T> {
    /// The share of examples classified right; NaN of none.
    pub fn accuracy(&self) -> f64 {
        self.correct.iter().filter(|&&correct| correct).count() as f64 / self.correct.len() as f64
    }

    /// The mean loss; NaN of none.
    pub fn mean_loss(&self) -> f64 {
        self.losses.iter().sum::<f64>() / self.losses.len() as f64
    }
}

/// The predicted class: the largest output, the lowest class winning ties; of a single logit, class 1 where it
/// is above 0.
pub(crate) fn prediction<T: Scalar>(outputs: &[T]) -> usize {
    if let [logit] = outputs {
        return usize::from(*logit > T::zero());
    }
    let mut best = 0;
    for (class, output) in outputs.iter().enumerate() {
        if *output > outputs[best] {
            best = class;
        }
    }
    best
}

/// Evaluates every example of `data`, in order.
///
/// Chunks of examples go through in parallel. The products are such that the outputs for an example have the same
/// bits in any company: a score never depends on how many examples were evaluated with it. O(n) passes.
///
/// # Errors
/// [`ModelError::Mismatch`] where model and data do not fit.
pub fn evaluate<T: Scalar, M: Model<T>>(
    model: &M,
    loss: &impl Loss<T>,
    data: &Dataset<T>,
) -> Result<Evaluation<T>, ModelError> {
    check_fit(model, loss, data)?;
    let indices: Vec<usize> = (0..data.n_examples()).collect();
    let mut outputs = Vec::new();
    forward_all(model, data, &indices, &mut outputs);
    let columns = || outputs.chunks_exact(model.n_outputs()).enumerate();
    let targets: Vec<_> = indices.iter().map(|&index| target(data, index)).collect();
    let mut losses = Vec::new();
    loss.losses(&outputs, &targets, &mut losses);
    let correct = columns().map(|(i, outputs)| prediction(outputs) == data.labels()[i]).collect();
    Ok(Evaluation { losses, correct, outputs })
}

/// The norm of each example's own gradient with respect to all parameters, GraNd, in order.
///
/// ```text
/// grand_i = || d L(f(x_i), y_i) / d theta ||_2
/// ```
///
/// No gradient is ever materialised for the models of this crate; chunks go through in parallel. One forward and
/// about half a backward pass per example.
///
/// Source: Paul, Ganguli, Dziugaite (2021), Deep Learning on a Data Diet, definition 2.1.
///
/// # Errors
/// [`ModelError::Mismatch`] where model and data do not fit.
pub fn gradient_norms<T: Scalar, M: Model<T>>(
    model: &M,
    loss: &impl Loss<T>,
    data: &Dataset<T>,
) -> Result<Vec<f64>, ModelError> {
    check_fit(model, loss, data)?;
    let mut norms = vec![0.0; data.n_examples()];
    let (d, c) = (model.n_features(), model.n_outputs());
    norms.par_chunks_mut(CHUNK).enumerate().for_each_init(
        || (model.workspace(CHUNK), vec![T::zero(); CHUNK * c], vec![T::zero(); CHUNK * c], Vec::new()),
        |(workspace, outputs, deltas, losses), (chunk, norms)| {
            let first = chunk * CHUNK;
            let (outputs, deltas) = (&mut outputs[..norms.len() * c], &mut deltas[..norms.len() * c]);
            let examples = Examples::new(&data.features().as_slice()[first * d..][..norms.len() * d], d);
            model.forward(examples, Mode::Evaluation, workspace, outputs);
            let targets: Vec<_> = (first..first + norms.len()).map(|index| target(data, index)).collect();
            loss.losses_and_gradients(outputs, &targets, losses, deltas);
            model.gradient_norms(examples, deltas, workspace, norms);
        },
    );
    Ok(norms)
}

/// Examples that go through a model at a time.
const CHUNK: usize = 256;

/// Appends the outputs of the examples at `indices`.
pub(crate) fn forward_all<T: Scalar, M: Model<T>>(
    model: &M,
    data: &Dataset<T>,
    indices: &[usize],
    outputs: &mut Vec<T>,
) {
    let (d, c) = (model.n_features(), model.n_outputs());
    let start = outputs.len();
    outputs.resize(start + indices.len() * c, T::zero());
    let chunks = outputs[start..].par_chunks_mut(CHUNK * c).zip(indices.par_chunks(CHUNK));
    chunks.for_each_init(
        || (model.workspace(CHUNK), vec![T::zero(); CHUNK * d]),
        |(workspace, features), (outputs, indices)| {
            gather(data, indices, features);
            let examples = Examples::new(&features[..indices.len() * d], d);
            model.forward(examples, Mode::Evaluation, workspace, outputs);
        },
    );
}

/// Copies the columns at `indices` to the front of `features`.
pub(crate) fn gather<T: Scalar>(data: &Dataset<T>, indices: &[usize], features: &mut [T]) {
    for (column, &index) in features.chunks_exact_mut(data.n_features().max(1)).zip(indices) {
        column.copy_from_slice(data.example(index));
    }
}

/// What the outputs for example `index` should be.
pub(crate) fn target<T: Scalar>(data: &Dataset<T>, index: usize) -> Target<'_, T> {
    Target { class: data.labels()[index], values: data.targets(index) }
}

pub(crate) fn check_fit<T: Scalar, M: Model<T>>(
    model: &M,
    loss: &impl Loss<T>,
    data: &Dataset<T>,
) -> Result<(), ModelError> {
    if model.n_features() != data.n_features() {
        let (model, data) = (model.n_features(), data.n_features());
        return Err(ModelError::Mismatch { what: "features", model, data });
    }
    loss.check(model.n_outputs(), data.n_classes(), data.n_targets())
}
