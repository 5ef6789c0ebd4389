use cl_data::exponential::{exp, ln_1p};
use cl_data::{Scalar, instructions};
use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::{Loss, Target, largest};

/// Cross-entropy, in nats.
///
/// ```text
/// L(z, y) = -ln p_y,            p = softmax(z) (or sigmoid of a single logit);      dL/dz = p - onehot(y)
/// L(z, t) = -sum_k t_k ln p_k   where the target has values: soft labels;           dL/dz = p sum(t) - t
/// ```
///
/// Soft labels are a probability for each class, or for class 1 alone where there is a single logit. Finite and
/// exact to rounding for any finite logits. Whole batches, one example and the loss without its gradient go
/// through the same operations in the same order and agree bit for bit. O(c).
///
/// ```
/// use cl_model::{CrossEntropy, Loss, Target};
///
/// assert_eq!(CrossEntropy.loss(&[0.0, 0.0], 1.into()), 2f64.ln());
/// assert_eq!(CrossEntropy.loss(&[0.0, 800.0], 0.into()), 800.0);
/// let soft = Target { class: 1, values: &[0.25, 0.75] };
/// assert_eq!(CrossEntropy.loss(&[0.0, 0.0], soft), 2f64.ln());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CrossEntropy;

impl<T: Scalar> Loss<T> for CrossEntropy {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        if !target.values.is_empty() {
            return soft_cross_entropy(outputs, target, T::zero(), Some(gradient));
        }
        let mut loss = [0.0];
        hard_columns(outputs, &[target], &mut loss, gradient);
        loss[0]
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        if !target.values.is_empty() {
            return soft_cross_entropy(outputs, target, T::zero(), None);
        }
        if let [logit] = outputs {
            return binary_loss(if target.class == 1 { *logit } else { -*logit });
        }
        let (own, largest) = (outputs[target.class], largest(outputs));
        let part = |k: usize, z: T| if k == target.class { T::zero() } else { exp(z - largest) };
        let others = outputs.iter().enumerate().fold(T::zero(), |sum, (k, &z)| sum + part(k, z));
        (largest - own).as_f64() + ln_1p((others + (exp(own - largest) - T::one())).as_f64())
    }

    fn losses_and_gradients(
        &self,
        outputs: &[T],
        targets: &[Target<'_, T>],
        losses: &mut Vec<f64>,
        gradients: &mut [T],
    ) {
        losses.clear();
        losses.resize(targets.len(), 0.0);
        // With vector instructions; nothing is fused or reordered, so that no bit changes.
        instructions::arch().dispatch(Batch { outputs, targets, losses, gradients });
    }

    fn losses(&self, outputs: &[T], targets: &[Target<'_, T>], losses: &mut Vec<f64>) {
        losses.clear();
        losses.resize(targets.len(), 0.0);
        let arch = instructions::arch();
        let c = (outputs.len() / targets.len().max(1)).max(1);
        // Beside the exponentials, which both need, the gradients cost little; they stay in the innermost cache.
        let mut gradients = vec![T::zero(); CHUNK * c];
        let chunks = outputs.chunks(CHUNK * c).zip(targets.chunks(CHUNK)).zip(losses.chunks_mut(CHUNK));
        for ((outputs, targets), losses) in chunks {
            let gradients = &mut gradients[..outputs.len()];
            arch.dispatch(Batch { outputs, targets, losses, gradients });
        }
    }
}

struct Batch<'a, 't, T> {
    outputs: &'a [T],
    targets: &'a [Target<'t, T>],
    losses: &'a mut [f64],
    gradients: &'a mut [T],
}

impl<T: Scalar> WithSimd for Batch<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { outputs, targets, losses, gradients } = self;
        let c = (outputs.len() / targets.len().max(1)).max(1);
        // Soft labels one by one: no pass over a batch is shared there.
        let chunk = if targets.iter().all(|target| target.values.is_empty()) { CHUNK } else { 1 };
        let columns = outputs.chunks(chunk * c).zip(gradients.chunks_mut(chunk * c));
        for ((targets, losses), (z, gradients)) in targets.chunks(chunk).zip(losses.chunks_mut(chunk)).zip(columns)
        {
            if targets[0].values.is_empty() {
                hard_columns(z, targets, losses, gradients);
            } else {
                losses[0] = soft_cross_entropy(z, targets[0], T::zero(), Some(gradients));
            }
        }
    }
}

/// Examples at a time: their logits and what is kept of each stay in the innermost cache.
const CHUNK: usize = 32;

/// Losses and gradients of up to [`CHUNK`] examples with classes, in passes that vectorise.
#[inline(always)]
fn hard_columns<T: Scalar>(outputs: &[T], targets: &[Target<'_, T>], losses: &mut [f64], gradients: &mut [T]) {
    let c = outputs.len() / targets.len();
    if c == 1 {
        return binary_columns(outputs, targets, losses, gradients);
    }
    let mut own = [T::zero(); CHUNK];
    let columns = outputs.chunks_exact(c).zip(gradients.chunks_exact_mut(c));
    for ((target, loss), (z, part)) in targets.iter().zip(&mut *losses).zip(columns) {
        let largest = largest(z);
        *loss = (largest - z[target.class]).as_f64();
        part.iter_mut().zip(z).for_each(|(part, &z)| *part = z - largest);
    }
    gradients.iter_mut().for_each(|part| *part = exp(*part));
    // A pass of its own: reading a column right after a write into it would wait for the write.
    for ((target, own), parts) in targets.iter().zip(&mut own).zip(gradients.chunks_exact_mut(c)) {
        *own = std::mem::replace(&mut parts[target.class], T::zero());
    }
    let mut rest = [0.0; CHUNK];
    let columns = gradients.chunks_exact_mut(c).zip(&mut rest);
    for ((target, &own), (parts, rest)) in targets.iter().zip(&own).zip(columns) {
        let others = parts.iter().fold(T::zero(), |sum, &part| sum + part);
        // The sum less 1: all digits of the others where y is the largest, for then own is 1; elsewhere the
        // largest is among the others and nothing small is lost.
        *rest = (others + (own - T::one())).as_f64();
        let scale = T::one() / (others + own);
        parts.iter_mut().for_each(|part| *part *= scale);
        parts[target.class] = -others * scale;
    }
    losses.iter_mut().zip(&rest).for_each(|(loss, &rest)| *loss += ln_1p(rest));
}

#[inline(always)]
fn binary_columns<T: Scalar>(outputs: &[T], targets: &[Target<'_, T>], losses: &mut [f64], gradients: &mut [T]) {
    let towards = |target: &Target<'_, T>, x: T| if target.class == 1 { x } else { -x };
    for ((margin, target), &z) in gradients.iter_mut().zip(targets).zip(outputs) {
        *margin = towards(target, z);
    }
    let mut tails = [T::zero(); CHUNK];
    tails.iter_mut().zip(&*gradients).for_each(|(tail, margin)| *tail = exp(-margin.abs()));
    losses.iter_mut().zip(&tails).for_each(|(loss, tail)| *loss = ln_1p(tail.as_f64()));
    for ((loss, margin), &tail) in losses.iter_mut().zip(&mut *gradients).zip(&tails) {
        let wrong = *margin < T::zero();
        *loss += if wrong { -*margin } else { T::zero() }.as_f64();
        *margin = -if wrong { T::one() } else { tail } / (T::one() + tail);
    }
    gradients.iter_mut().zip(targets).for_each(|(gradient, target)| *gradient = towards(target, *gradient));
}

/// ln(1 + e^-m) of the margin m.
fn binary_loss<T: Scalar>(margin: T) -> f64 {
    let linear = if margin < T::zero() { -margin } else { T::zero() };
    ln_1p(exp(-margin.abs()).as_f64()) + linear.as_f64()
}

/// Cross-entropy with the labels (1 - epsilon) t + epsilon / c, where t is the target's values or, without any,
/// one for its class.
pub(super) fn soft_cross_entropy<T: Scalar>(
    outputs: &[T],
    target: Target<'_, T>,
    epsilon: T,
    gradient: Option<&mut [T]>,
) -> f64 {
    if let [logit] = outputs {
        let mut of_both = [T::zero(); 2];
        let values = target.values.first().map(|&t| [T::one() - t, t]);
        let target = Target { class: target.class, values: values.as_ref().map_or(&[][..], |values| values) };
        let loss = soft_cross_entropy(&[T::zero(), *logit], target, epsilon, Some(&mut of_both));
        if let Some([gradient]) = gradient {
            *gradient = of_both[1];
        }
        return loss;
    }
    let one_hot = |k: usize| if k == target.class { T::one() } else { T::zero() };
    let uniform = epsilon / T::of_f64(outputs.len() as f64);
    let label = |k: usize| {
        let label = if target.values.is_empty() { one_hot(k) } else { target.values[k] };
        (T::one() - epsilon) * label + uniform
    };
    let largest = largest(outputs);
    let at = outputs.iter().position(|&z| z == largest);
    let others = outputs.iter().enumerate().filter(|&(k, _)| Some(k) != at);
    let others = others.fold(T::zero(), |sum, (_, &z)| sum + exp(z - largest));
    let log_sum = ln_1p(others.as_f64());
    let (mut loss, mut total) = (0.0, T::zero());
    for (k, &z) in outputs.iter().enumerate() {
        loss += label(k).as_f64() * ((largest - z).as_f64() + log_sum);
        total += label(k);
    }
    if let Some(gradient) = gradient {
        let scale = total / (T::one() + others);
        for (k, (gradient, &z)) in gradient.iter_mut().zip(outputs).enumerate() {
            *gradient = exp(z - largest) * scale - label(k);
        }
    }
    loss
}

/// The article's binary cross-entropy, -(y ln(p + 1e-8) + (1 - y) ln(1 - p + 1e-8)).
///
/// The 1e-8 keeps the logarithm finite at p = 0 and makes the loss slightly negative at p = 1. It belongs to
/// the article's own code; everything else uses [`CrossEntropy`]. Of the two terms one has the factor zero and
/// is not computed, which changes no bit.
pub fn epsilon_cross_entropy(probability: f64, label: usize) -> f64 {
    -(if label == 1 { probability } else { 1.0 - probability } + 1e-8).ln()
}
