use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::{Weighting, blocks::each, check_positive, entry::weighting_entry};
use crate::error::PacingError;

/// MentorNet's predefined curriculum (PD): all examples, then hard, then linear self-paced weights, relative to a
/// threshold that follows the losses.
///
/// ```text
/// d = l - threshold                     the threshold a PercentileAverage of the batches' losses
/// epoch <= 18            v = 1
/// 18 < epoch < 90        v = 1 if d <= 0, else 0         argmin of v d over v in [0, 1], the larger where d = 0
/// epoch >= 90            v = min(1, max(0, 1 - d / gamma))         argmin of v d + gamma (v^2 / 2 - v)
/// ```
///
/// Epochs as the code counts them; of 100 the first fifth is without weights. Unlike
/// [`HardSelfPaced`](crate::HardSelfPaced) an example at the threshold counts, as it does in the last phase.
///
/// Source: Jiang, Zhou, Leung, Li and Fei-Fei (2018), MentorNet: learning data-driven curriculum, and its code.
///
/// ```
/// use cl_pacing::{MentorNet, Weighting};
///
/// let weights = |epoch| {
///     let mut weights = [0.0; 3];
///     MentorNet::new(1.0, epoch, 0.5)?.weights(&[0.2, 0.75, 2.0], &mut weights).map(|()| weights)
/// };
/// assert_eq!(weights(18)?, [1.0, 1.0, 1.0]);
/// assert_eq!(weights(19)?, [1.0, 0.0, 0.0]);
/// assert_eq!(weights(90)?, [1.0, 0.75, 0.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MentorNet {
    gamma: f64,
    epoch: u64,
    threshold: f64,
}

impl MentorNet {
    /// From the width gamma of the last phase's soft part, the epoch, and the threshold now.
    ///
    /// # Errors
    /// Unless gamma is finite and above 0, and the threshold finite.
    pub fn new(gamma: f64, epoch: u64, threshold: f64) -> Result<Self, PacingError> {
        check_positive("gamma", gamma)?;
        PacingError::check("threshold", threshold, threshold.is_finite(), "a finite loss")?;
        Ok(Self { gamma, epoch, threshold })
    }

    /// The weight of an example with this loss.
    #[inline]
    pub fn weight(&self, loss: f64) -> f64 {
        match self.epoch {
            0..=18 => 1.0,
            19..90 => f64::from(u8::from(loss <= self.threshold)),
            _ => (1.0 - (loss - self.threshold) / self.gamma).clamp(0.0, 1.0),
        }
    }

    /// What the weights minimise in this epoch, over the shorter of the two slices.
    pub fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
        let regulariser = |v: f64| match self.epoch {
            0..=18 => (1.0 - v).powi(2),
            19..90 => 0.0,
            _ => self.gamma * (0.5 * v * v - v),
        };
        let counted = |loss: f64| if self.epoch <= 18 { 0.0 } else { loss - self.threshold };
        weights.iter().zip(losses).map(|(&v, &loss)| v * counted(loss) + regulariser(v)).sum()
    }
}

impl Weighting for MentorNet {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        each(
            losses,
            weights,
            #[inline(always)]
            |loss| self.weight(loss),
        )
    }
}

impl fmt::Display for MentorNet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gamma, epoch, threshold } = self;
        write!(formatter, "mentornet (gamma = {gamma}, epoch = {epoch}, threshold = {threshold})")
    }
}

/// The moving average of a percentile of each batch's losses: MentorNet's threshold.
///
/// ```text
/// average <- decay average + (1 - decay) percentile_p(batch)           from 0
/// ```
///
/// The percentile is interpolated linearly between the two nearest losses. The state is explicit and serialises. O(n) per
/// batch.
///
/// Source: Jiang, Zhou, Leung, Li and Fei-Fei (2018), MentorNet: learning data-driven curriculum, and its code (p = 0.7 or
/// 0.75; decay 0.5 in its instructions, 0.9 by default).
///
/// ```
/// use cl_pacing::PercentileAverage;
///
/// let mut average = PercentileAverage::new(0.75, 0.5)?;
/// average.observe(&[4.0, 1.0, 2.0, 3.0])?;
/// assert_eq!(average.value(), 0.5 * 3.25);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct PercentileAverage {
    p: f64,
    decay: f64,
    value: f64,
}

#[derive(Deserialize)]
struct Unchecked {
    p: f64,
    decay: f64,
    value: f64,
}

impl TryFrom<Unchecked> for PercentileAverage {
    type Error = PacingError;

    fn try_from(Unchecked { p, decay, value }: Unchecked) -> Result<Self, PacingError> {
        PacingError::check("value", value, value.is_finite(), "a finite loss")?;
        Ok(Self { value, ..Self::new(p, decay)? })
    }
}

impl PercentileAverage {
    /// From the percentile p, a fraction, and the decay of the average.
    ///
    /// # Errors
    /// Unless p lies in [0, 1] and the decay in [0, 1).
    pub fn new(p: f64, decay: f64) -> Result<Self, PacingError> {
        PacingError::check("p", p, (0.0..=1.0).contains(&p), "a fraction in [0, 1], the percentile")?;
        PacingError::check("decay", decay, (0.0..1.0).contains(&decay), "a number in [0, 1)")?;
        Ok(Self { p, decay, value: 0.0 })
    }

    /// The average now.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Takes note of the losses of a batch; of an empty one there is nothing to note.
    ///
    /// # Errors
    /// Where a loss is not finite; nothing is noted then.
    pub fn observe(&mut self, losses: &[f64]) -> Result<(), PacingError> {
        if let Some(loss) = losses.iter().find(|loss| !loss.is_finite()) {
            return Err(PacingError::argument("losses", loss, "finite losses, because their average goes on"));
        }
        if losses.is_empty() {
            return Ok(());
        }
        let mut sorted = losses.to_vec();
        let place = self.p * (losses.len() - 1) as f64;
        let (_, &mut lower, above) = sorted.select_nth_unstable_by(place as usize, f64::total_cmp);
        let upper = above.iter().copied().min_by(f64::total_cmp).unwrap_or(lower);
        let percentile = lower + place.fract() * (upper - lower);
        self.value = self.decay * self.value + (1.0 - self.decay) * percentile;
        Ok(())
    }
}

weighting_entry! {
    ENTRY = "mentornet": "MentorNet's predefined curriculum in one of its epochs",
    [
        Parameter::with_default("gamma", "the width of the soft part from epoch 90 on", "1"),
        Parameter::new("epoch", "the epoch"),
        Parameter::new("threshold", "the loss that weights are relative to"),
    ],
    |options, _| MentorNet::new(options.number("gamma")?, options.number("epoch")?, options.number("threshold")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_minimise_the_objective(
            epoch in 0u64..120, threshold in -1.0..2.0, gamma in 0.01..5.0, loss in -1.0..6.0,
        ) {
            let mentor = MentorNet::new(gamma, epoch, threshold).unwrap();
            let best = mentor.objective(&[mentor.weight(loss)], &[loss]);
            for k in 0..=200 {
                prop_assert!(mentor.objective(&[f64::from(k) / 200.0], &[loss]) >= best - 1e-14);
            }
        }

        #[test]
        fn percentiles_are_those_of_the_sorted_losses(losses in prop::collection::vec(0.0..9.0f64, 1..30), p in 0.0..=1.0) {
            let mut average = PercentileAverage::new(p, 0.0).unwrap();
            average.observe(&losses).unwrap();
            let mut sorted = losses.clone();
            sorted.sort_by(f64::total_cmp);
            let place = p * (losses.len() - 1) as f64;
            let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            prop_assert!((average.value() - (low + (high - low) * place.fract())).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_no_threshold_is_refused_and_what_is_saved_goes_on() {
        assert!(MentorNet::new(0.0, 1, 0.0).is_err() && MentorNet::new(1.0, 1, f64::NAN).is_err());
        assert!(PercentileAverage::new(1.1, 0.5).is_err() && PercentileAverage::new(0.5, 1.0).is_err());
        let mut average = PercentileAverage::new(0.7, 0.9).unwrap();
        average.observe(&[0.3, 0.1, 0.9]).unwrap();
        assert!(average.observe(&[f64::NAN]).is_err() && average.observe(&[]).is_ok());
        let mut saved: PercentileAverage =
            serde_json::from_str(&serde_json::to_string(&average).unwrap()).unwrap();
        average.observe(&[0.2, 0.4]).unwrap();
        saved.observe(&[0.2, 0.4]).unwrap();
        assert_eq!(average, saved);
    }
}
