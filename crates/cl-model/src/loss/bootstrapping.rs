use cl_data::Scalar;
use serde::{Deserialize, Serialize};

use super::{Loss, Target, log_softmax};
use crate::{error::ModelError, validated::deserialise_through};

/// Bootstrapped cross-entropy: labels that may be wrong, mixed with what the model itself believes.
///
/// ```text
/// soft   L = -sum_k (beta t_k + (1 - beta) p_k) ln p_k
/// hard   L = -sum_k (beta t_k + (1 - beta) 1[k = argmax p]) ln p_k
///
/// dL/dz_k = beta (p_k sum(t) - t_k) + (1 - beta) b_k,   b_k = -p_k (ln p_k + H)  soft,  H = -sum_k p_k ln p_k
///                                                        b_k = p_k - 1[k = argmax p]  hard
/// ```
///
/// t is onehot(y) or the target's values; of a single logit p = (1 - sigmoid(z), sigmoid(z)). The gradient is that
/// of the loss: the soft one's goes through both factors p. The lowest class wins a tie of the argmax. The paper
/// uses beta = 0.95 soft and 0.8 hard; beta = 1 is cross-entropy. O(c).
///
/// Source: Reed, Lee, Anguelov, Szegedy, Erhan, Rabinovich (2015), Training Deep Neural Networks on Noisy Labels
/// with Bootstrapping, equations 6 and 7.
///
/// ```
/// use cl_model::{Bootstrapping, Loss};
///
/// // A model sure of class 1 pays a fifth less for the label 0.
/// let hard = Bootstrapping::hard(0.8)?;
/// assert!((hard.loss(&[0.0, 50.0], 0.into()) - 0.8 * 50.0f64).abs() < 1e-12);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Bootstrapping {
    beta: f64,
    soft: bool,
}

deserialise_through!(|beta, soft| if soft { Self::soft(beta) } else { Self::hard(beta) } => Bootstrapping { beta: f64, soft: bool });

impl Bootstrapping {
    /// Mixed with the model's probabilities.
    ///
    /// # Errors
    /// Where beta is outside [0, 1].
    pub fn soft(beta: f64) -> Result<Self, ModelError> {
        if !(0.0..=1.0).contains(&beta) {
            return Err(ModelError::argument("beta", beta, "a number in [0, 1]"));
        }
        Ok(Self { beta, soft: true })
    }

    /// Mixed with the class that the model predicts.
    ///
    /// # Errors
    /// Where beta is outside [0, 1].
    pub fn hard(beta: f64) -> Result<Self, ModelError> {
        Ok(Self { soft: false, ..Self::soft(beta)? })
    }

    fn compute<T: Scalar>(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        if let [logit] = outputs {
            let mut of_both = [T::zero(); 2];
            let values = target.values.first().map(|&t| [T::one() - t, t]);
            let target = Target { class: target.class, values: values.as_ref().map_or(&[][..], |both| both) };
            let loss = self.compute(&[T::zero(), *logit], target, &mut of_both);
            gradient[0] = of_both[1];
            return loss;
        }
        log_softmax(outputs, gradient);
        let beta = T::of_f64(self.beta);
        let rest = T::one() - beta;
        let predicted = (1..outputs.len()).fold(0, |best, k| if outputs[k] > outputs[best] { k } else { best });
        let entropy = -gradient.iter().fold(T::zero(), |sum, &log_p| sum + log_p.exp() * log_p);
        let indicator = |k: usize, class: usize| if k == class { T::one() } else { T::zero() };
        let label =
            |k: usize| if target.values.is_empty() { indicator(k, target.class) } else { target.values[k] };
        let total = (0..outputs.len()).fold(T::zero(), |sum, k| sum + label(k));
        let mut loss = 0.0;
        for (k, gradient) in gradient.iter_mut().enumerate() {
            let log_p = *gradient;
            let p = log_p.exp();
            let (own, slope) = match self.soft {
                true => (p, -p * (log_p + entropy)),
                false => (indicator(k, predicted), p - indicator(k, predicted)),
            };
            loss -= ((beta * label(k) + rest * own) * log_p).as_f64();
            *gradient = beta * (p * total - label(k)) + rest * slope;
        }
        loss
    }
}

impl<T: Scalar> Loss<T> for Bootstrapping {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        self.compute(outputs, target, gradient)
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        self.compute(outputs, target, &mut vec![T::zero(); outputs.len()])
    }
}
