use std::sync::{Mutex, MutexGuard, PoisonError};

use cl_data::{Scalar, lambert_w0};
use serde::{Deserialize, Serialize};

use super::{Loss, Target};
use crate::error::ModelError;

/// SuperLoss: any loss, weighted by how far it lies below or above a threshold tau; the weight solves its own
/// small problem in closed form.
///
/// ```text
/// S(l) = min_sigma (l - tau) sigma + lambda (ln sigma)^2
/// sigma(l) = exp(-W0(max(-2/e, (l - tau) / lambda) / 2)),     dS/dl = sigma(l)
/// ```
///
/// Easy examples (l < tau) count more, up to e times; hard ones less. S is negative where l < tau by much, and
/// its gradient is sigma times that of the inner loss, exactly: at the minimum the derivative through sigma is
/// zero, and where sigma is clamped it is constant.
///
/// A [`Threshold`] that follows the losses does so once per batch, **before** the batch is weighted, in
/// [`losses_and_gradients`](Loss::losses_and_gradients), which training alone calls; evaluation changes nothing.
/// A loop of its own calls [`observe`](Self::observe). The state is part of the value: it serialises, a clone
/// goes its own way, and two runs need a clone each. O(1) beside the inner loss.
///
/// Source: Castells, Weinzaepfel, Revaud (2020), SuperLoss: A Generic Loss for Robust Curriculum Learning,
/// equations 2 to 5.
///
/// ```
/// use cl_model::{CrossEntropy, Loss, SuperLoss, Threshold};
///
/// let loss = SuperLoss::new(CrossEntropy, Threshold::of_classes(2)?, 1.0)?;
/// assert_eq!(loss.weight(2f64.ln()), 1.0); // at the threshold
/// assert!((loss.weight(0.0) - 2.0).abs() < 1e-14 && loss.weight(5.0) < 0.5);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Unchecked<L>")]
pub struct SuperLoss<L> {
    inner: L,
    threshold: Mutex<Threshold>,
    lambda: f64,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked<L> {
    inner: L,
    threshold: Threshold,
    lambda: f64,
}

impl<L> TryFrom<Unchecked<L>> for SuperLoss<L> {
    type Error = ModelError;

    fn try_from(Unchecked { inner, threshold, lambda }: Unchecked<L>) -> Result<Self, ModelError> {
        Self::new(inner, threshold, lambda)
    }
}

/// The threshold tau between easy and hard of a [`SuperLoss`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedThreshold")]
pub struct Threshold {
    tau: f64,
    rule: Rule,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct UncheckedThreshold {
    tau: f64,
    rule: Rule,
}

impl TryFrom<UncheckedThreshold> for Threshold {
    type Error = ModelError;

    fn try_from(UncheckedThreshold { tau, rule }: UncheckedThreshold) -> Result<Self, ModelError> {
        match rule {
            Rule::MovingAverage { rate } => Self::moving_average(tau, rate),
            Rule::Fixed | Rule::RunningMean { .. } => Ok(Self { rule, ..Self::fixed(tau)? }),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Rule {
    Fixed,
    RunningMean { n: u64 },
    MovingAverage { rate: f64 },
}

impl Threshold {
    /// Always `tau`.
    ///
    /// # Errors
    /// Where it is not finite.
    pub fn fixed(tau: f64) -> Result<Self, ModelError> {
        if !tau.is_finite() {
            return Err(ModelError::argument("tau", tau, "a finite number"));
        }
        Ok(Self { tau, rule: Rule::Fixed })
    }

    /// Always ln C, the cross-entropy of a guess among C classes.
    ///
    /// # Errors
    /// Where there is no class.
    pub fn of_classes(n_classes: usize) -> Result<Self, ModelError> {
        if n_classes == 0 {
            return Err(ModelError::argument("n_classes", n_classes, "at least 1"));
        }
        Self::fixed((n_classes as f64).ln())
    }

    /// The mean of all losses observed; 0 before the first.
    pub fn running_mean() -> Self {
        Self { tau: 0.0, rule: Rule::RunningMean { n: 0 } }
    }

    /// The exponential moving average tau <- (1 - rate) tau + rate mean(batch), from `initial` (often ln C).
    /// `rate` is the weight of the new batch; published code calls either this or its complement `fac`.
    ///
    /// # Errors
    /// Where the start is not finite or the rate outside (0, 1].
    pub fn moving_average(initial: f64, rate: f64) -> Result<Self, ModelError> {
        if !(rate > 0.0 && rate <= 1.0) {
            return Err(ModelError::argument("rate", rate, "a number in (0, 1]"));
        }
        Ok(Self { rule: Rule::MovingAverage { rate }, ..Self::fixed(initial)? })
    }

    /// Its value now.
    pub fn tau(&self) -> f64 {
        self.tau
    }

    fn observe(&mut self, losses: &[f64]) {
        let (sum, count) = (losses.iter().sum::<f64>(), losses.len() as f64);
        if losses.is_empty() {
            return;
        }
        match &mut self.rule {
            Rule::Fixed => {}
            Rule::RunningMean { n } => {
                *n = n.saturating_add(losses.len() as u64);
                self.tau += (sum - count * self.tau) / *n as f64;
            }
            Rule::MovingAverage { rate } => self.tau = (1.0 - *rate) * self.tau + *rate * (sum / count),
        }
    }
}

impl<L> SuperLoss<L> {
    /// SuperLoss over `inner` with this threshold and regularisation lambda; the smaller lambda, the more the
    /// weights differ.
    ///
    /// # Errors
    /// Where lambda is not a positive finite number.
    pub fn new(inner: L, threshold: Threshold, lambda: f64) -> Result<Self, ModelError> {
        if !(lambda.is_finite() && lambda > 0.0) {
            return Err(ModelError::argument("lambda", lambda, "a finite number above 0"));
        }
        Ok(Self { inner, threshold: Mutex::new(threshold), lambda })
    }

    /// The threshold now.
    pub fn threshold(&self) -> Threshold {
        *self.lock()
    }

    /// Moves the threshold after the inner losses of a batch; a fixed one stays.
    pub fn observe(&self, losses: &[f64]) {
        self.lock().observe(losses);
    }

    /// The weight sigma of an example with this inner loss, in (0, e].
    pub fn weight(&self, loss: f64) -> f64 {
        self.log_weight(loss, self.threshold().tau).exp()
    }

    /// ln sigma.
    fn log_weight(&self, loss: f64, tau: f64) -> f64 {
        let half = (loss - tau) / (2.0 * self.lambda);
        if half <= -1.0 / std::f64::consts::E { 1.0 } else { -lambert_w0(half) }
    }

    /// S(l) and sigma.
    fn reweigh(&self, loss: f64, tau: f64) -> (f64, f64) {
        let log_weight = self.log_weight(loss, tau);
        let weight = log_weight.exp();
        ((loss - tau) * weight + self.lambda * log_weight * log_weight, weight)
    }

    fn lock(&self) -> MutexGuard<'_, Threshold> {
        // A threshold is written whole: one left by a panicking thread is a threshold still.
        self.threshold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Clone> Clone for SuperLoss<L> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), threshold: Mutex::new(self.threshold()), lambda: self.lambda }
    }
}

impl<L: PartialEq> PartialEq for SuperLoss<L> {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner && self.threshold() == other.threshold() && self.lambda == other.lambda
    }
}

impl<T: Scalar, L: Loss<T>> Loss<T> for SuperLoss<L> {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        let inner = self.inner.loss_and_gradient(outputs, target, gradient);
        let (loss, weight) = self.reweigh(inner, self.threshold().tau);
        gradient.iter_mut().for_each(|gradient| *gradient *= T::of_f64(weight));
        loss
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        self.reweigh(self.inner.loss(outputs, target), self.threshold().tau).0
    }

    fn check(&self, n_outputs: usize, n_classes: usize, n_targets: usize) -> Result<(), ModelError> {
        self.inner.check(n_outputs, n_classes, n_targets)
    }

    fn losses_and_gradients(
        &self,
        outputs: &[T],
        targets: &[Target<'_, T>],
        losses: &mut Vec<f64>,
        gradients: &mut [T],
    ) {
        self.inner.losses_and_gradients(outputs, targets, losses, gradients);
        self.observe(losses);
        let tau = self.threshold().tau;
        let c = (outputs.len() / targets.len().max(1)).max(1);
        for (loss, gradient) in losses.iter_mut().zip(gradients.chunks_exact_mut(c)) {
            let (reweighed, weight) = self.reweigh(*loss, tau);
            *loss = reweighed;
            gradient.iter_mut().for_each(|gradient| *gradient *= T::of_f64(weight));
        }
    }
}
