use cl_data::Scalar;
use cl_data::instructions::vectorized;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Optimizer;
use crate::error::ModelError;

/// Stochastic gradient descent with momentum, Nesterov's variant and weight decay, in PyTorch's conventions.
///
/// ```text
/// g <- gradient + weight_decay theta
/// v <- g                  at the first update,   v <- momentum v + g   after it
/// theta <- theta - eta v                         (Nesterov: theta <- theta - eta (g + momentum v))
/// ```
///
/// ```
/// use cl_model::{Optimizer, Sgd};
///
/// let mut parameters = [1.0, 1.0];
/// Sgd::plain().update(&mut parameters, &[0.5, -0.5], 0.1);
/// assert_eq!(parameters, [0.95, 1.05]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Unchecked<T>")]
pub struct Sgd<T: Scalar> {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    velocity: Vec<T>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
#[serde(bound = "")]
struct Unchecked<T: Scalar> {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    velocity: Vec<T>,
}

impl<T: Scalar> TryFrom<Unchecked<T>> for Sgd<T> {
    type Error = ModelError;

    fn try_from(unchecked: Unchecked<T>) -> Result<Self, ModelError> {
        let Unchecked { momentum, nesterov, weight_decay, velocity } = unchecked;
        Ok(Self { nesterov, velocity, ..Self::new(momentum, weight_decay)? })
    }
}

impl<T: Scalar> Sgd<T> {
    /// Without momentum or weight decay.
    pub fn plain() -> Self {
        Self { momentum: 0.0, nesterov: false, weight_decay: 0.0, velocity: Vec::new() }
    }

    /// With this momentum and weight decay.
    ///
    /// # Errors
    /// Where momentum is outside [0, 1) or weight decay negative or not finite.
    pub fn new(momentum: f64, weight_decay: f64) -> Result<Self, ModelError> {
        if !(0.0..1.0).contains(&momentum) {
            return Err(ModelError::argument("momentum", momentum, "a number in [0, 1)"));
        }
        if !(weight_decay.is_finite() && weight_decay >= 0.0) {
            return Err(ModelError::argument("weight_decay", weight_decay, "a finite number of at least 0"));
        }
        Ok(Self { momentum, weight_decay, ..Self::plain() })
    }

    /// The same with Nesterov's variant of momentum.
    pub fn with_nesterov(self) -> Self {
        Self { nesterov: true, ..self }
    }
}

impl<T: Scalar> Optimizer<T> for Sgd<T> {
    fn update(&mut self, parameters: &mut [T], gradient: &[T], learning_rate: f64) {
        let (eta, momentum) = (T::of_f64(learning_rate), T::of_f64(self.momentum));
        let decay = T::of_f64(self.weight_decay);
        if self.momentum == 0.0 {
            return vectorized(
                #[inline(always)]
                || {
                    for (theta, &gradient) in parameters.iter_mut().zip(gradient) {
                        *theta -= eta * (gradient + decay * *theta);
                    }
                },
            );
        }
        // The first update starts the velocity at the gradient: momentum times zero, plus it.
        if self.velocity.len() != parameters.len() {
            self.velocity = vec![T::zero(); parameters.len()];
        }
        // theta - eta (g + momentum v) and theta - eta v are one expression: a loop without a branch vectorises.
        let (of_gradient, of_velocity) = if self.nesterov { (eta, eta * momentum) } else { (T::zero(), eta) };
        let piece = |theta: &mut [T], gradient: &[T], velocity: &mut [T]| {
            vectorized(
                #[inline(always)]
                || {
                    for ((theta, &gradient), velocity) in theta.iter_mut().zip(gradient).zip(velocity) {
                        let gradient = gradient + decay * *theta;
                        *velocity = momentum * *velocity + gradient;
                        *theta -= of_gradient * gradient + of_velocity * *velocity;
                    }
                },
            );
        };
        // Every entry goes its own way, so cutting changes no bit; below a few pieces it is not worth a thread.
        if parameters.len() < 4 * PIECE {
            return piece(parameters, gradient, &mut self.velocity);
        }
        let pieces = parameters.par_chunks_mut(PIECE).zip(gradient.par_chunks(PIECE));
        pieces
            .zip(self.velocity.par_chunks_mut(PIECE))
            .for_each(|((theta, gradient), velocity)| piece(theta, gradient, velocity));
    }
}

/// Parameters that a thread takes at a time.
const PIECE: usize = 1 << 14;
