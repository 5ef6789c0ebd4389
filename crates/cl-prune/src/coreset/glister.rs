use std::sync::Arc;

use cl_data::{Scalar, catalogue::Parameter};

use super::{
    entry::{Entry, Method},
    features::Features,
    grad_match::{check_gradient, correlations},
    greedy::check_left,
    kernel::Panels,
    objective::Coreset,
    request::{Request, Size},
};
use crate::error::PruneError;

/// GLISTER: examples whose gradient step lowers the loss on a validation set most.
///
/// ```text
/// gain(j) = eta g_j grad L_val(theta - eta sum_{k in S} g_k)
/// ```
///
/// The first term of the Taylor series of the validation loss, at the parameters to which the examples chosen so far
/// lead: after every pick (or every `refresh` picks) the validation gradient is asked for anew. Without that the method
/// would be the top k of one product, as in a published implementation whose refresh never runs. Gains may rise and
/// become negative. Nested. O(n k d), besides the validation gradients.
///
/// Source: Killamsetty et al. (2021), GLISTER: generalization based data subset selection for efficient and robust
/// learning.
///
/// ```
/// use cl_prune::coreset::{Features, Glister};
///
/// // L_val = |theta - (1, 1)|^2 / 2 at theta = 0: two steps to the right would be one too many.
/// let gradients = Features::new(&[-1.1f32, 0.0, -1.0, 0.0, 0.0, -0.9], 2)?;
/// let validation = |displacement: &[f64]| displacement.iter().map(|moved| moved - 1.0).collect();
/// let coreset = Glister::new(1.0, 1)?.select(&gradients, validation, 2)?;
/// assert_eq!(coreset.order, [0, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glister {
    learning_rate: f64,
    refresh: usize,
}

pub(super) static ENTRY: Entry = Entry::new(
    "glister",
    "gradients whose step lowers the validation loss, its gradient renewed as picks move the model",
    "loss removed, to first order",
    &[
        Parameter::with_default("learning_rate", "the step per pick", "0.01"),
        Parameter::with_default("refresh", "picks between renewals", "1"),
    ],
    |options| Ok(Arc::new(Glister::new(options.number("learning_rate")?, options.number("refresh")?)?)),
)
.needs_validation();

impl Method for Glister {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        let missing = PruneError::Missing { rule: "glister", what: "the gradients of validation examples" };
        let validation = request.validation.ok_or(missing)?;
        self.extend(features, |displacement| validation.at(displacement), request.before, request.count)
    }

    fn bytes(&self, size: &Size) -> f64 {
        size.panels() + 32.0 * size.n
    }
}

impl Glister {
    /// With the learning rate eta, and the validation gradient renewed after every `refresh` picks.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where eta is not above 0 or `refresh` is 0.
    pub fn new(learning_rate: f64, refresh: usize) -> Result<Self, PruneError> {
        if !(learning_rate > 0.0 && learning_rate.is_finite()) {
            return Err(PruneError::argument("learning_rate", learning_rate, "a finite number above 0"));
        }
        if refresh == 0 {
            return Err(PruneError::argument("refresh", refresh, "at least one pick"));
        }
        Ok(Self { learning_rate, refresh })
    }

    /// `count` examples by their gradients. `validation` returns the gradient of the validation loss at parameters moved
    /// by the displacement that it is given; [`ValidationTaylor::at`](super::ValidationTaylor::at) is one that needs no model.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer examples; [`PruneError::InvalidArgument`] where a validation gradient has another
    /// length than those of the examples or is not finite.
    pub fn select<T: Scalar>(
        &self,
        gradients: &Features<'_, T>,
        validation: impl FnMut(&[f64]) -> Vec<f64>,
        count: usize,
    ) -> Result<Coreset, PruneError> {
        self.extend(gradients, validation, &[], count)
    }

    /// The same after steps by those `chosen` before.
    ///
    /// # Errors
    /// As [`select`](Self::select); [`PruneError::InvalidArgument`] where one of those is no example or occurs twice.
    pub fn extend<T: Scalar>(
        &self,
        gradients: &Features<'_, T>,
        mut validation: impl FnMut(&[f64]) -> Vec<f64>,
        chosen: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        let (n_examples, d) = (gradients.n_examples(), gradients.n_features());
        check_left(chosen, n_examples, count)?;
        let panels = Panels::new(n_examples, d, |example, values| {
            values.iter_mut().zip(gradients.example(example)).for_each(|(value, own)| *value = own.as_f64());
        });
        let mut displacement = vec![0.0; d];
        let mut is_open = vec![true; n_examples];
        for &example in chosen {
            is_open[example] = false;
            let step = panels.gather(&[example]);
            displacement.iter_mut().zip(step).for_each(|(moved, g)| *moved -= self.learning_rate * g);
        }
        let mut products = Vec::new();
        let mut coreset = Coreset::with_capacity(count);
        for pick in 0..count {
            if pick % self.refresh == 0 {
                let gradient = validation(&displacement);
                check_gradient("validation gradient", &gradient, d)?;
                products = correlations(&panels, &gradient);
                check_products(gradients, &products)?;
            }
            let better = |best, example| if products[example] > products[best] { example } else { best };
            let Some(next) = (0..n_examples).filter(|&example| is_open[example]).reduce(better) else { break };
            is_open[next] = false;
            let step = panels.gather(&[next]);
            displacement.iter_mut().zip(step).for_each(|(moved, g)| *moved -= self.learning_rate * g);
            coreset.push(next, self.learning_rate * products[next]);
        }
        Ok(coreset)
    }
}

/// Large gradients times a large validation gradient can be more than a number holds.
fn check_products<T: Scalar>(gradients: &Features<'_, T>, products: &[f64]) -> Result<(), PruneError> {
    let examples = products.iter().take(gradients.n_examples());
    let Some(example) = examples.into_iter().position(|product| !product.is_finite()) else { return Ok(()) };
    let own = gradients.example(example);
    let larger = |best: usize, feature: usize| if own[feature].abs() > own[best].abs() { feature } else { best };
    let feature = (0..own.len()).fold(0, larger);
    let expected = "a gradient whose product with the validation gradient is finite";
    Err(PruneError::Feature { example, feature, value: format!("{:e}", own[feature].as_f64()), expected })
}
