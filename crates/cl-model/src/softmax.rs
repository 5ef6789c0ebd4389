use cl_data::Scalar;
use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::gemm::{Left, Packing, Right, gemm};
use crate::model::{Examples, Mode, Model, add_dense_gradient_squares};
use crate::sums;

/// Softmax (multinomial logistic) regression: z = W x + b, one logit per class.
///
/// Parameters are W (c x d, column by column), then b (c): c (d + 1) numbers. O(c d) per example.
///
/// ```
/// use cl_model::{Examples, Mode, Model, SoftmaxRegression};
///
/// let mut model = SoftmaxRegression::<f64>::zeros(2, 3);
/// model.parameters_mut()[6..].copy_from_slice(&[0.1, 0.2, 0.3]); // the biases
/// let mut logits = [0.0; 3];
/// model.forward(Examples::new(&[5.0, 7.0], 2), Mode::Evaluation, &mut model.workspace(1), &mut logits);
/// assert_eq!(logits, [0.1, 0.2, 0.3]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Parts<T>")]
pub struct SoftmaxRegression<T: Scalar> {
    parameters: Vec<T>,
    n_features: usize,
    n_classes: usize,
}

impl<T: Scalar> SoftmaxRegression<T> {
    /// All parameters zero: the usual start, since the loss is convex and every class begins equally likely.
    pub fn zeros(n_features: usize, n_classes: usize) -> Self {
        Self { parameters: vec![T::zero(); n_classes * (n_features + 1)], n_features, n_classes }
    }
}

impl<T: Scalar> Model<T> for SoftmaxRegression<T> {
    type Workspace = Packing<T>;

    fn n_features(&self) -> usize {
        self.n_features
    }

    fn n_outputs(&self) -> usize {
        self.n_classes
    }

    fn parameters(&self) -> &[T] {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    fn workspace(&self, _batch_size: usize) -> Packing<T> {
        Packing::default()
    }

    fn forward(&self, examples: Examples<'_, T>, _mode: Mode, packing: &mut Packing<T>, outputs: &mut [T]) {
        let (weights, biases) = self.parameters.split_at(self.n_classes * self.n_features);
        let shape = (self.n_classes, self.n_features, examples.len());
        gemm(Left::Plain(weights), Right::Plain(examples.as_slice()), biases, outputs, shape, packing);
    }

    fn backward(&self, examples: Examples<'_, T>, deltas: &[T], packing: &mut Packing<T>, gradient: &mut [T]) {
        let (weights, biases) = gradient.split_at_mut(self.n_classes * self.n_features);
        let shape = (self.n_classes, examples.len(), self.n_features);
        gemm(Left::Plain(deltas), Right::Transposed(examples.as_slice()), &[], weights, shape, packing);
        sums::sum_columns(deltas, biases);
    }

    fn gradient_norms(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        _packing: &mut Packing<T>,
        norms: &mut [f64],
    ) {
        norms.fill(0.0);
        add_dense_gradient_squares(examples.as_slice(), deltas, norms);
        norms.iter_mut().for_each(|norm| *norm = norm.sqrt());
    }
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
#[serde(bound = "")]
struct Parts<T: Scalar> {
    parameters: Vec<T>,
    n_features: usize,
    n_classes: usize,
}

impl<T: Scalar> TryFrom<Parts<T>> for SoftmaxRegression<T> {
    type Error = ModelError;

    fn try_from(Parts { parameters, n_features, n_classes }: Parts<T>) -> Result<Self, ModelError> {
        if n_classes == 0 {
            return Err(ModelError::argument("number of classes", n_classes, "at least 1"));
        }
        if Some(parameters.len()) != n_features.checked_add(1).and_then(|inputs| inputs.checked_mul(n_classes)) {
            return Err(ModelError::argument(
                "number of parameters",
                parameters.len(),
                "classes times (features + 1)",
            ));
        }
        Ok(Self { parameters, n_features, n_classes })
    }
}
