use cl_data::Scalar;
use cl_data::instructions::vectorized;
use serde::{Deserialize, Serialize};

use super::Optimizer;
use crate::error::ModelError;

/// Adam and AdamW, in PyTorch's conventions.
///
/// ```text
/// g <- gradient (+ weight_decay theta, Adam)            theta <- (1 - eta weight_decay) theta  (AdamW)
/// m <- beta_1 m + (1 - beta_1) g,    v <- beta_2 v + (1 - beta_2) g^2
/// theta <- theta - eta (m / (1 - beta_1^t)) / (sqrt(v / (1 - beta_2^t)) + epsilon),    t = 1, 2, ...
/// ```
///
/// Moments begin at zero, and anew where the number of parameters changes. O(parameters).
///
/// Sources: Kingma, Ba (2015), Adam: A Method for Stochastic Optimization, algorithm 1; Loshchilov, Hutter (2019),
/// Decoupled Weight Decay Regularization, algorithm 2.
///
/// ```
/// use cl_model::{Adam, Optimizer};
///
/// // The first step has the length of the learning rate, whatever the gradient.
/// let mut parameters = [1.0, 1.0];
/// Adam::default().update(&mut parameters, &[50.0, -0.02], 0.1);
/// assert!((parameters[0] - 0.9f64).abs() < 1e-6 && (parameters[1] - 1.1f64).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Unchecked<T>")]
pub struct Adam<T: Scalar> {
    betas: (f64, f64),
    epsilon: f64,
    weight_decay: f64,
    decoupled: bool,
    n_updates: u64,
    first: Vec<T>,
    second: Vec<T>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
#[serde(bound = "")]
struct Unchecked<T: Scalar> {
    betas: (f64, f64),
    epsilon: f64,
    weight_decay: f64,
    decoupled: bool,
    n_updates: u64,
    first: Vec<T>,
    second: Vec<T>,
}

impl<T: Scalar> TryFrom<Unchecked<T>> for Adam<T> {
    type Error = ModelError;

    fn try_from(unchecked: Unchecked<T>) -> Result<Self, ModelError> {
        let Unchecked { betas, epsilon, weight_decay, decoupled, n_updates, first, second } = unchecked;
        if first.len() != second.len() || first.is_empty() != (n_updates == 0) {
            let found = format!("{} and {} after {n_updates} updates", first.len(), second.len());
            return Err(ModelError::argument("moments", found, "a first and a second one of each parameter"));
        }
        Ok(Self { decoupled, n_updates, first, second, ..Self::new(betas, epsilon, weight_decay)? })
    }
}

impl<T: Scalar> Default for Adam<T> {
    /// beta = (0.9, 0.999), epsilon = 1e-8, no weight decay.
    fn default() -> Self {
        Self {
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            n_updates: 0,
            first: Vec::new(),
            second: Vec::new(),
        }
    }
}

impl<T: Scalar> Adam<T> {
    /// Adam, whose weight decay is part of the gradient.
    ///
    /// # Errors
    /// Where a beta is outside [0, 1), epsilon not positive, or weight decay negative or not finite.
    pub fn new(betas: (f64, f64), epsilon: f64, weight_decay: f64) -> Result<Self, ModelError> {
        for beta in [betas.0, betas.1] {
            if !(0.0..1.0).contains(&beta) {
                return Err(ModelError::argument("betas", beta, "numbers in [0, 1)"));
            }
        }
        if !(epsilon.is_finite() && epsilon > 0.0) {
            return Err(ModelError::argument("epsilon", epsilon, "a finite number above 0"));
        }
        if !(weight_decay.is_finite() && weight_decay >= 0.0) {
            return Err(ModelError::argument("weight_decay", weight_decay, "a finite number of at least 0"));
        }
        Ok(Self { betas, epsilon, weight_decay, ..Self::default() })
    }

    /// AdamW, whose weight decay shrinks the parameters by themselves.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn decoupled(betas: (f64, f64), epsilon: f64, weight_decay: f64) -> Result<Self, ModelError> {
        Ok(Self { decoupled: true, ..Self::new(betas, epsilon, weight_decay)? })
    }
}

impl<T: Scalar> Optimizer<T> for Adam<T> {
    fn update(&mut self, parameters: &mut [T], gradient: &[T], learning_rate: f64) {
        if self.first.len() != parameters.len() {
            self.n_updates = 0;
            self.first = vec![T::zero(); parameters.len()];
            self.second = vec![T::zero(); parameters.len()];
        }
        self.n_updates = self.n_updates.saturating_add(1);
        let t = self.n_updates as f64;
        let (beta_1, beta_2) = self.betas;
        let step = T::of_f64(learning_rate / (1.0 - beta_1.powf(t)));
        let correction = T::of_f64((1.0 - beta_2.powf(t)).sqrt());
        let shrink = T::of_f64(if self.decoupled { 1.0 - learning_rate * self.weight_decay } else { 1.0 });
        let decay = T::of_f64(if self.decoupled { 0.0 } else { self.weight_decay });
        let (new_1, beta_2, new_2) = (T::of_f64(1.0 - beta_1), T::of_f64(beta_2), T::of_f64(1.0 - beta_2));
        let epsilon = T::of_f64(self.epsilon);
        let moments = self.first.iter_mut().zip(&mut self.second);
        vectorized(
            #[inline(always)]
            || {
                for ((theta, &gradient), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
                    let gradient = gradient + decay * *theta;
                    *m += new_1 * (gradient - *m);
                    *v = beta_2 * *v + new_2 * (gradient * gradient);
                    *theta = shrink * *theta - step * *m / (v.sqrt() / correction + epsilon);
                }
            },
        );
    }
}
