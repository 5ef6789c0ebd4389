use cl_data::Scalar;

use super::features::Features;
use crate::error::PruneError;

/// A validation gradient at other parameters, to first order, from the validation examples' gradients at these.
///
/// ```text
/// grad L(theta + delta) = mean_v g_v + F delta,   F = mean_v g_v g_v^T
/// ```
///
/// F is the empirical Fisher matrix, which stands for the Hessian near a minimum of a likelihood; it is never formed.
/// O(n_v d) per call.
///
/// ```
/// use cl_prune::coreset::{Features, ValidationTaylor};
///
/// let validation = ValidationTaylor::new(&Features::new(&[1.0f32, 0.0, 3.0, 0.0], 2)?)?;
/// assert_eq!(validation.at(&[0.0, 0.0]), [2.0, 0.0]);
/// assert_eq!(validation.at(&[-0.1, 5.0]), [1.5, 0.0]); // 2 - 0.1 (1 + 9) / 2
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ValidationTaylor {
    gradients: Vec<Vec<f64>>,
    mean: Vec<f64>,
}

impl ValidationTaylor {
    /// From one gradient per validation example.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where there is none.
    pub fn new<T: Scalar>(gradients: &Features<'_, T>) -> Result<Self, PruneError> {
        if gradients.n_examples() == 0 {
            return Err(PruneError::argument("validation gradients", "empty", "at least one"));
        }
        let example = |example| gradients.example(example).iter().map(|value| value.as_f64()).collect();
        Ok(Self { gradients: (0..gradients.n_examples()).map(example).collect(), mean: gradients.mean() })
    }

    /// The gradient at parameters moved by `displacement`, of which missing entries count as 0.
    pub fn at(&self, displacement: &[f64]) -> Vec<f64> {
        let mut gradient = self.mean.clone();
        let n = self.gradients.len() as f64;
        for own in &self.gradients {
            let along = own.iter().zip(displacement).map(|(g, moved)| g * moved).sum::<f64>() / n;
            gradient.iter_mut().zip(own).for_each(|(gradient, g)| *gradient += along * g);
        }
        gradient
    }
}
