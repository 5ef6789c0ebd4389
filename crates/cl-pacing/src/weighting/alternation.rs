use std::sync::Arc;

use super::annealing::{Age, Annealing};
use super::{check_length, check_numbers, self_paced::SelfPaced};
use crate::error::PacingError;

/// The alternation of self-paced learning, for any model: choose the weights, train under them, anneal the age.
///
/// ```text
/// epoch e:   v = argmin over v of   sum_i v_i l_i + g(v; lambda_e)           w fixed: choose
///            w = the model after training on the losses weighted by v        v fixed: train, the caller's part
///            lambda_{e+1} by the annealing
/// ```
///
/// [`choose`](Self::choose) is the first line and the third, for a loop of one's own; [`run`](Self::run) takes
/// closures for the others and is the whole. [`SelfPacedSampler`](crate::SelfPacedSampler) is the same as a sampler. The state
/// is an [`Age`], which saves and goes on bit for bit. O(n) per epoch beside the regulariser's own cost.
///
/// Source: Kumar, Packer and Koller (2010), Self-paced learning for latent variable models, algorithm 1; any regulariser: Jiang,
/// Meng, Mitamura and Hauptmann (2014), Easy samples first.
///
/// ```
/// use cl_pacing::{Annealing, LinearSelfPaced, PacingError, SelfPacedAlternation};
///
/// // The weighted mean of a sample with an outlier: the loss is the squared distance from it.
/// let sample = [1.0, 1.2, 0.8, 9.0];
/// let mut alternation = SelfPacedAlternation::new(LinearSelfPaced::new(1.0)?, Annealing::growth(1.1)?);
/// let mut mean = 0.5;
/// alternation.run(
///     &mut mean,
///     8,
///     |mean, losses| Ok::<(), PacingError>(losses.extend(sample.iter().map(|x| (x - *mean) * (x - *mean)))),
///     |mean, weights| {
///         let sum: f64 = weights.iter().sum();
///         Ok(*mean = weights.iter().zip(sample).map(|(v, x)| v * x).sum::<f64>() / sum)
///     },
/// )?;
/// assert!((mean - 1.0).abs() < 1e-6);
/// # Ok::<(), PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SelfPacedAlternation {
    first: Arc<dyn SelfPaced>,
    annealing: Annealing,
    age: Option<Age>,
}

impl SelfPacedAlternation {
    /// From the regulariser, at its first age, and how the age goes on.
    pub fn new(regulariser: impl SelfPaced + 'static, annealing: Annealing) -> Self {
        Self { first: Arc::new(regulariser), annealing, age: None }
    }

    /// Writes into `weights` those of the next epoch, from the losses at its start; the epoch and its age are
    /// [`age`](Self::age) from then on.
    ///
    /// # Errors
    /// Unless there is one weight per loss and no loss is NaN, and as many losses as the regulariser needs; where the
    /// losses ask for an age that is none. The alternation stays where it was.
    pub fn choose(&mut self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        check_length(losses, weights)?;
        check_numbers(losses)?;
        let lambda = self.annealing.next(&*self.first, self.age, losses);
        self.first.with_lambda(lambda)?.weights(losses, weights)?;
        self.age = Some(Age { epoch: self.age.map_or(0, |age| age.epoch.saturating_add(1)), lambda });
        Ok(())
    }

    /// `n_epochs` epochs of choosing and training. `losses` appends the loss of every example to the empty vector that it is
    /// given, `train` trains under the weights that it is given.
    ///
    /// # Errors
    /// Of the closures, which end it, and those of [`choose`](Self::choose).
    pub fn run<M: ?Sized, E: From<PacingError>>(
        &mut self,
        model: &mut M,
        n_epochs: u64,
        mut losses: impl FnMut(&mut M, &mut Vec<f64>) -> Result<(), E>,
        mut train: impl FnMut(&mut M, &[f64]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut now, mut weights) = (Vec::new(), Vec::new());
        for _ in 0..n_epochs {
            now.clear();
            losses(model, &mut now)?;
            weights.resize(now.len(), 0.0);
            self.choose(&now, &mut weights)?;
            train(model, &weights)?;
        }
        Ok(())
    }

    /// The epoch chosen last and its age, or nothing before the first.
    pub fn age(&self) -> Option<Age> {
        self.age
    }

    /// Goes on after the epoch that a saved age is of.
    ///
    /// # Errors
    /// Where the age is outside of the regulariser's domain.
    pub fn set_age(&mut self, age: Option<Age>) -> Result<(), PacingError> {
        if let Some(age) = age {
            self.first.with_lambda(age.lambda)?;
        }
        self.age = age;
        Ok(())
    }

    /// The regulariser at its first age.
    pub fn regulariser(&self) -> &dyn SelfPaced {
        &*self.first
    }

    /// How the age goes on.
    pub fn annealing(&self) -> &Annealing {
        &self.annealing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        pacing::{FromFn, Linear, Pacing, Rounding},
        weighting::{HardSelfPaced, LogarithmicSelfPaced, Mixture2, SelfPacedLambda},
    };
    use proptest::prelude::*;

    /// Bit for bit the ladder of `SelfPacedLambda`, which ends at the largest finite number.
    #[test]
    fn growth_is_the_ladder() {
        let mut alternation =
            SelfPacedAlternation::new(HardSelfPaced::new(0.5).unwrap(), Annealing::growth(1.3).unwrap());
        let mut lambda = SelfPacedLambda::new(0.5, 1.3).unwrap();
        for epoch in 0..4000 {
            alternation.choose(&[1.0], &mut [0.0]).unwrap();
            assert_eq!(alternation.age(), Some(Age { epoch, lambda: lambda.value() }));
            lambda.grow();
        }
        assert_eq!(alternation.age().unwrap().lambda, f64::MAX);
    }

    #[test]
    fn a_logarithmic_age_stops_below_1() {
        let regulariser = LogarithmicSelfPaced::new(0.5).unwrap();
        for annealing in [Annealing::growth(1.5), Annealing::quantile(crate::pacing::Full, 1)] {
            let mut alternation = SelfPacedAlternation::new(regulariser, annealing.unwrap());
            (0..5).for_each(|_| alternation.choose(&[0.1, 7.0], &mut [0.0; 2]).unwrap());
            assert_eq!(alternation.age().unwrap().lambda, 1f64.next_down());
        }
    }

    proptest! {
        /// As many as the pacing says count, whatever the losses are, and those with the lowest losses.
        #[test]
        fn quantiles_admit_what_they_say(losses in prop::collection::vec(0.0..50.0f64, 1..60), b in 0.0..=1.0f64) {
            let mut distinct = losses.clone();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            let check = |regulariser: Arc<dyn SelfPaced>| {
                let annealing = Annealing::quantile(Linear::new(1.0, b).unwrap(), 4).unwrap();
                let mut alternation = SelfPacedAlternation { first: regulariser, annealing, age: None };
                let mut weights = vec![0.0; distinct.len()];
                for epoch in 0..6 {
                    alternation.choose(&distinct, &mut weights).unwrap();
                    let fraction = Linear::new(1.0, b).unwrap().fraction(f64::from(epoch) / 4.0);
                    let k = Rounding::Ceiling.count(fraction, distinct.len(), 1);
                    assert!(weights[k..].iter().all(|&weight| weight == 0.0));
                    assert!(weights[..k - 1].iter().all(|&weight| weight > 0.0), "{weights:?} {k}");
                }
            };
            check(Arc::new(HardSelfPaced::new(1.0).unwrap()));
            check(Arc::new(Mixture2::new(0.7, 1.0).unwrap()));
        }
    }

    #[test]
    fn hard_quantiles_admit_exactly_k_and_ties_with_it() {
        let mut alternation = SelfPacedAlternation::new(
            HardSelfPaced::new(1.0).unwrap(),
            Annealing::quantile(FromFn::new("half", None, Rounding::Ceiling, |_| 0.5), 1).unwrap(),
        );
        let mut weights = [0.0; 4];
        alternation.choose(&[3.0, 1.0, 4.0, 2.0], &mut weights).unwrap();
        assert_eq!(weights, [0.0, 1.0, 0.0, 1.0]);
        alternation.choose(&[0.0; 4], &mut weights).unwrap();
        assert_eq!(weights, [1.0; 4]);
        assert!(alternation.choose(&[-1.0; 4], &mut weights).unwrap_err().to_string().contains("lambda"));
        assert_eq!(alternation.age().unwrap().epoch, 1);
    }

    #[test]
    fn a_saved_age_goes_on_as_if_never_interrupted() {
        let new = || SelfPacedAlternation::new(HardSelfPaced::new(0.3).unwrap(), Annealing::growth(1.7).unwrap());
        let losses = |epoch: u64| [0.2, 0.9, 0.1 * epoch as f64];
        let (mut whole, mut weights) = (new(), [0.0; 3]);
        for epoch in 0..9 {
            let saved = serde_json::to_string(&whole.age()).unwrap();
            let mut resumed = new();
            resumed.set_age(serde_json::from_str(&saved).unwrap()).unwrap();
            whole.choose(&losses(epoch), &mut weights).unwrap();
            let mut again = [0.0; 3];
            resumed.choose(&losses(epoch), &mut again).unwrap();
            assert_eq!((whole.age(), weights), (resumed.age(), again));
        }
        assert!(new().set_age(Some(Age { epoch: 3, lambda: -1.0 })).is_err());
    }

    #[test]
    fn what_does_not_anneal_is_refused() {
        for mu in [1.0, 0.5, f64::NAN, f64::INFINITY] {
            let message = Annealing::growth(mu).unwrap_err().to_string();
            assert!(message.starts_with("argument mu is ") && message.contains("because"), "{message}");
        }
        assert!(Annealing::quantile(crate::pacing::Full, 0).is_err());
    }
}
