use cl_data::{Dataset, Scalar};
use cl_model::{Examples, Mode, Model, ModelError};
use rayon::prelude::*;

use crate::error::DifficultyError;

/// The examples of `data` as the last layer of `model` sees them: the same ids and labels, with the h features
/// before the last layer for features.
///
/// What a distance between examples is taken in: of the raw features where `data` itself is passed on. One forward
/// pass per example, chunks in parallel.
///
/// ```
/// use cl_data::bundled;
/// use cl_model::{Activation, Initialization, Mlp};
///
/// let mlp = Mlp::new(&[4, 8, 3], Activation::Relu, Initialization::He, 1)?;
/// let embedded = cl_difficulty::model_based::embed(&mlp, &bundled::iris())?;
/// assert_eq!((embedded.n_features(), embedded.n_examples()), (8, 150));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where model and data do not fit, or a feature comes out NaN or infinite.
pub fn embed<T: Scalar, M: Model<T>>(model: &M, data: &Dataset<T>) -> Result<Dataset<T>, DifficultyError> {
    let h = model.n_last_features();
    let mut embedded = vec![T::default(); data.n_examples() * h];
    for_each_chunk(model, data, &mut embedded, h, |_, _, features, out| out.copy_from_slice(features))?;
    let embedded = Dataset::new(h, embedded, data.labels().to_vec(), data.n_classes())?;
    Ok(embedded.with_ids(data.ids().clone())?.with_class_names(data.class_names().to_vec())?)
}

/// Examples that go through a model at a time.
const CHUNK: usize = 256;

/// Runs every chunk of `data` through `model`, in parallel: `work(first example, outputs, last features, out)` with
/// `out` the chunk's part of `results`, `width` entries per example.
pub(super) fn for_each_chunk<T: Scalar, M: Model<T>, R: Send>(
    model: &M,
    data: &Dataset<T>,
    results: &mut [R],
    width: usize,
    work: impl Fn(usize, &[T], &[T], &mut [R]) + Sync,
) -> Result<(), DifficultyError> {
    let (d, c) = (model.n_features(), model.n_outputs());
    if d != data.n_features() {
        return Err(ModelError::Mismatch { what: "features", model: d, data: data.n_features() }.into());
    }
    if width == 0 {
        return Ok(());
    }
    results.par_chunks_mut(CHUNK * width).enumerate().for_each_init(
        || (model.workspace(CHUNK), vec![T::default(); CHUNK * c]),
        |(workspace, outputs), (chunk, results)| {
            let (first, n) = (chunk * CHUNK, results.len() / width);
            let outputs = &mut outputs[..n * c];
            let examples = Examples::new(&data.features().as_slice()[first * d..][..n * d], d);
            model.forward(examples, Mode::Evaluation, workspace, outputs);
            let features = model.last_features(examples, workspace);
            work(first, outputs, features, results);
        },
    );
    Ok(())
}
