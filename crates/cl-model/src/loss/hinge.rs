use cl_data::Scalar;
use serde::{Deserialize, Serialize};

use super::{Loss, Target};
use crate::error::ModelError;

/// Hinge loss of two classes: with a linear model, the support vector machine.
///
/// ```text
/// L(z, y) = max(0, 1 - s z),   s = +1 for class 1, -1 for class 0;      dL/dz = -s where s z < 1, else 0
/// ```
///
/// One output; at the kink the derivative is 0. O(1).
///
/// Source: Cortes, Vapnik (1995), Support-Vector Networks.
///
/// ```
/// use cl_model::{Hinge, Loss};
///
/// assert_eq!(Hinge.loss(&[0.25], 1.into()), 0.75);
/// assert_eq!(Hinge.loss(&[0.25], 0.into()), 1.25);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hinge;

impl<T: Scalar> Loss<T> for Hinge {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        let sign = if target.class == 1 { T::one() } else { -T::one() };
        let margin = T::one() - sign * outputs[0];
        gradient[0] = if margin > T::zero() { -sign } else { T::zero() };
        positive(margin).as_f64()
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        let sign = if target.class == 1 { T::one() } else { -T::one() };
        positive(T::one() - sign * outputs[0]).as_f64()
    }

    /// One output, at most two classes.
    fn check(&self, n_outputs: usize, n_classes: usize, _n_targets: usize) -> Result<(), ModelError> {
        match (n_outputs, n_classes) {
            (1, ..=2) => Ok(()),
            (1, _) => Err(ModelError::argument("classes", n_classes, "at most 2 for the binary hinge loss")),
            _ => Err(ModelError::argument("outputs", n_outputs, "1 for the binary hinge loss")),
        }
    }
}

/// Hinge loss of many classes, summed over the wrong ones (Weston and Watkins).
///
/// ```text
/// L(z, y) = (1/c) sum_{k != y} max(0, 1 - z_y + z_k)
/// ```
///
/// One output per class; the factor 1/c is that of PyTorch's `MultiMarginLoss`. O(c).
///
/// Source: Weston, Watkins (1999), Support Vector Machines for Multi-Class Pattern Recognition, equation 3.
///
/// ```
/// use cl_model::{Loss, MultiMargin};
///
/// assert_eq!(MultiMargin.loss(&[2.0, 1.5, 0.0, 3.0], 0.into()), (0.5 + 0.0 + 2.0) / 4.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MultiMargin;

impl<T: Scalar> Loss<T> for MultiMargin {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        let share = T::one() / T::of_f64(outputs.len() as f64);
        let mut violations = T::zero();
        for (k, (gradient, margin)) in gradient.iter_mut().zip(margins(outputs, target.class)).enumerate() {
            let violated = k != target.class && margin > T::zero();
            *gradient = if violated { share } else { T::zero() };
            violations += *gradient;
        }
        gradient[target.class] = -violations;
        self.loss(outputs, target)
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        let wrong = margins(outputs, target.class).enumerate().filter(|&(k, _)| k != target.class);
        wrong.map(|(_, margin)| positive(margin).as_f64()).sum::<f64>() / outputs.len() as f64
    }

    /// One output per class, two at least.
    fn check(&self, n_outputs: usize, n_classes: usize, _n_targets: usize) -> Result<(), ModelError> {
        check_multiclass(n_outputs, n_classes)
    }
}

/// Hinge loss of many classes, of the worst wrong one alone (Crammer and Singer).
///
/// ```text
/// L(z, y) = max(0, 1 - z_y + max_{k != y} z_k)
/// ```
///
/// One output per class; among equal wrong ones the first bears the gradient. O(c).
///
/// Source: Crammer, Singer (2001), On the Algorithmic Implementation of Multiclass Kernel-Based Vector Machines,
/// equation 3.
///
/// ```
/// use cl_model::{CrammerSinger, Loss};
///
/// assert_eq!(CrammerSinger.loss(&[2.0, 1.5, 0.0, 3.0], 0.into()), 2.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CrammerSinger;

impl CrammerSinger {
    /// The first of the largest wrong outputs and its margin.
    fn worst<T: Scalar>(outputs: &[T], class: usize) -> (usize, T) {
        let mut wrong = margins(outputs, class).enumerate().filter(|&(k, _)| k != class);
        let first = wrong.next().unwrap_or((class, T::zero()));
        wrong.fold(first, |worst, next| if next.1 > worst.1 { next } else { worst })
    }
}

impl<T: Scalar> Loss<T> for CrammerSinger {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        let (worst, margin) = Self::worst(outputs, target.class);
        gradient.fill(T::zero());
        if margin > T::zero() {
            gradient[worst] = T::one();
            gradient[target.class] = -T::one();
        }
        positive(margin).as_f64()
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        positive(Self::worst(outputs, target.class).1).as_f64()
    }

    /// One output per class, two at least.
    fn check(&self, n_outputs: usize, n_classes: usize, _n_targets: usize) -> Result<(), ModelError> {
        check_multiclass(n_outputs, n_classes)
    }
}

/// Ranking hinge loss: a window of words s should score above the same window with a wrong last word, s~.
///
/// ```text
/// L = max(0, 1 - f(s) + f(s~)),      outputs (f(s), f(s~))
/// ```
///
/// Two outputs; neither classes nor targets matter. O(1).
///
/// Source: Collobert, Weston (2008); Bengio, Louradour, Collobert, Weston (2009), Curriculum Learning, section 6.
///
/// ```
/// use cl_model::{Loss, RankingHinge};
///
/// assert_eq!(RankingHinge.loss(&[0.5, 0.75], 0.into()), 1.25);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RankingHinge;

impl<T: Scalar> Loss<T> for RankingHinge {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        let slope = if T::one() - outputs[0] + outputs[1] > T::zero() { T::one() } else { T::zero() };
        gradient.copy_from_slice(&[-slope, slope]);
        self.loss(outputs, target)
    }

    fn loss(&self, outputs: &[T], _target: Target<'_, T>) -> f64 {
        positive(T::one() - outputs[0] + outputs[1]).as_f64()
    }

    /// Two outputs.
    fn check(&self, n_outputs: usize, _n_classes: usize, _n_targets: usize) -> Result<(), ModelError> {
        match n_outputs {
            2 => Ok(()),
            _ => Err(ModelError::argument("outputs", n_outputs, "2 for the ranking hinge loss")),
        }
    }
}

/// 1 - z_y + z_k for each k.
fn margins<T: Scalar>(outputs: &[T], class: usize) -> impl Iterator<Item = T> {
    let own = outputs[class];
    outputs.iter().map(move |&z| T::one() - own + z)
}

/// max(0, x) that keeps NaN.
fn positive<T: Scalar>(x: T) -> T {
    if x < T::zero() { T::zero() } else { x }
}

fn check_multiclass(n_outputs: usize, n_classes: usize) -> Result<(), ModelError> {
    if n_outputs < n_classes.max(2) {
        return Err(ModelError::Mismatch { what: "outputs", model: n_outputs, data: n_classes });
    }
    Ok(())
}
