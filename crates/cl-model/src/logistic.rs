use cl_data::Scalar;
use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::model::{Examples, Mode, Model, add_dense_gradient_squares};
use crate::sums::{self, dot};

/// The logistic function 1 / (1 + e^-z).
pub fn sigmoid<T: Scalar>(z: T) -> T {
    T::one() / (T::one() + (-z).exp())
}

/// Binary logistic regression: P(y = 1 | x) = sigmoid(w . x + b), with the logit as its one output.
///
/// Parameters are w (d), then b: d + 1 numbers. O(d) per example. Besides the passes over batches that every
/// [`Model`] has, it can be trained example by example ([`step`](Self::step)), as the article does it.
///
/// ```
/// use cl_model::LogisticRegression;
///
/// let mut model = LogisticRegression::<f64>::zeros(2);
/// let before = model.step(&[1.0, 2.0], 1, 0.1); // the probability before the update
/// assert_eq!(before, 0.5);
/// assert_eq!(model.weights(), [0.05, 0.1]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Parts<T>")]
pub struct LogisticRegression<T: Scalar> {
    parameters: Vec<T>,
}

impl<T: Scalar> LogisticRegression<T> {
    /// All parameters zero.
    pub fn zeros(n_features: usize) -> Self {
        Self { parameters: vec![T::zero(); n_features + 1] }
    }

    /// These weights and this bias.
    pub fn from_parts(weights: &[T], bias: T) -> Self {
        Self { parameters: weights.iter().copied().chain([bias]).collect() }
    }

    /// The weights, w.
    pub fn weights(&self) -> &[T] {
        &self.parameters[..self.parameters.len() - 1]
    }

    /// The bias, b.
    pub fn bias(&self) -> T {
        self.parameters[self.parameters.len() - 1]
    }

    /// The logit w . x + b.
    #[inline]
    pub fn logit(&self, x: &[T]) -> T {
        dot(x, self.weights()) + self.bias()
    }

    /// P(y = 1 | x).
    #[inline]
    pub fn probability(&self, x: &[T]) -> T {
        sigmoid(self.logit(x))
    }

    /// One step of stochastic gradient descent on one example, in the article's order of operations; returns
    /// P(y = 1 | x) as it was **before** the update.
    ///
    /// ```text
    /// p = sigmoid(w . x + b);   w <- w - eta (p - y) x;   b <- b - eta (p - y)
    /// ```
    #[inline]
    pub fn step(&mut self, x: &[T], label: usize, learning_rate: T) -> T {
        let probability = self.probability(x);
        let y = if label == 1 { T::one() } else { T::zero() };
        let scaled = learning_rate * (probability - y);
        let last = self.parameters.len() - 1;
        self.parameters[..last].iter_mut().zip(x).for_each(|(weight, &x)| *weight -= scaled * x);
        self.parameters[last] -= scaled;
        probability
    }
}

impl<T: Scalar> Model<T> for LogisticRegression<T> {
    type Workspace = ();

    fn n_features(&self) -> usize {
        self.parameters.len() - 1
    }

    fn n_outputs(&self) -> usize {
        1
    }

    fn parameters(&self) -> &[T] {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    fn workspace(&self, _batch_size: usize) {}

    fn forward(&self, examples: Examples<'_, T>, _mode: Mode, (): &mut (), outputs: &mut [T]) {
        outputs.iter_mut().zip(examples.iter()).for_each(|(output, x)| *output = self.logit(x));
    }

    fn backward(&self, examples: Examples<'_, T>, deltas: &[T], (): &mut (), gradient: &mut [T]) {
        let (weights, bias) = gradient.split_at_mut(self.parameters.len() - 1);
        weights.fill(T::zero());
        examples.iter().zip(deltas).for_each(|(x, &delta)| sums::add_scaled(delta, x, weights));
        bias[0] = deltas.iter().fold(T::zero(), |sum, &delta| sum + delta);
    }

    fn gradient_norms(&self, examples: Examples<'_, T>, deltas: &[T], (): &mut (), norms: &mut [f64]) {
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
}

impl<T: Scalar> TryFrom<Parts<T>> for LogisticRegression<T> {
    type Error = ModelError;

    fn try_from(Parts { parameters }: Parts<T>) -> Result<Self, ModelError> {
        if parameters.is_empty() {
            return Err(ModelError::argument("number of parameters", 0, "at least the bias"));
        }
        Ok(Self { parameters })
    }
}
