use cl_data::{Dataset, Scalar};
use cl_model::{Loss, Model, Target, gradient_norms};

use super::features::for_each_chunk;
use super::of_models;
use crate::error::DifficultyError;

/// GraNd: the norm of each example's own gradient with respect to all parameters, averaged over models (seeds,
/// epochs), higher = harder.
///
/// ```text
/// grand_i = mean over models of || d L(f(x_i), y_i) / d theta ||_2
/// ```
///
/// Each example's gradient is of its own loss alone: code that differentiates a batch's mean loss divides by the
/// batch size, which inflates the scores of a short last batch. The paper trains ten or more models for a few
/// epochs. One forward and about half a backward pass per model and example; no gradient is materialised.
///
/// Source: Paul, Ganguli, Dziugaite (2021), Deep Learning on a Data Diet, definition 2.1.
///
/// # Errors
/// Where there is no model or one does not fit the data.
pub fn grand<T: Scalar, M: Model<T>>(
    models: &[M],
    loss: &impl Loss<T>,
    data: &Dataset<T>,
) -> Result<Vec<f64>, DifficultyError> {
    of_models(models, |model| Ok(gradient_norms(model, loss, data)?))
}

/// GraNd of the last layer alone, in closed form, averaged over models, higher = harder.
///
/// ```text
/// || d L / d (W_L, b_L) ||_F = || d L / d z ||_2 sqrt(1 + |h|^2)          h: the features that the last layer sees
///                            = EL2N sqrt(1 + |h|^2)                        for cross-entropy of softmax
/// ```
///
/// For models whose last layer is dense with a bias, as all of `cl-model`'s are. One forward pass per model and
/// example.
///
/// Source: Paul, Ganguli, Dziugaite (2021), section 2.2, from which the identity follows.
///
/// # Errors
/// As [`grand`].
pub fn last_layer_grand<T: Scalar, M: Model<T>>(
    models: &[M],
    loss: &impl Loss<T>,
    data: &Dataset<T>,
) -> Result<Vec<f64>, DifficultyError> {
    of_models(models, |model| {
        loss.check(model.n_outputs(), data.n_classes(), data.n_targets())?;
        let (c, h) = (model.n_outputs(), model.n_last_features());
        let mut norms = vec![0.0; data.n_examples()];
        for_each_chunk(model, data, &mut norms, 1, |first, outputs, features, norms| {
            let mut delta = vec![T::default(); c];
            for (at, norm) in norms.iter_mut().enumerate() {
                let target = Target { class: data.labels()[first + at], values: data.targets(first + at) };
                loss.loss_and_gradient(&outputs[at * c..][..c], target, &mut delta);
                *norm = (squares(&delta) * (1.0 + squares(&features[at * h..][..h]))).sqrt();
            }
        })?;
        Ok(norms)
    })
}

fn squares<T: Scalar>(values: &[T]) -> f64 {
    values.iter().map(|value| value.as_f64() * value.as_f64()).sum()
}
