use cl_data::seal::Sealed;
use serde::{Deserialize, Serialize};

use crate::error::PacingError;

/// Dynamic instance hardness: how hard each example has been while the learner was learning, as a running average.
///
/// ```text
/// r_{t+1}(i) = gamma a_t(i) + (1 - gamma) r_t(i) if i was trained on at t, else r_t(i),   r_0 = 1
///
/// loss          a_t(i) = l_t(i) / eta_t
/// loss change   a_t(i) = |l_t(i) - l_s(i)| / sum_{u = s..t} eta_u        s the time before t at which i was trained on
/// flip          a_t(i) = 1[right_t(i) != right_s(i)] / sum_{u = s..t} eta_u
/// ```
///
/// eta_t is the learning rate, so that examples met at different rates compare. Of an example's first presentation there is no change
/// yet: it leaves r as it is. Sorted [hard first](crate::HardFirst), the hardness is a dynamic order. O(examples) per update,
/// 32 bytes per example. The state serialises and goes on bit for bit.
///
/// Source: Zhou, Wang and Bilmes (2020), Curriculum learning by dynamic instance hardness (gamma = 0.95 there). Their code differs:
/// it multiplies by 0.9 once per episode and caps changes at 10.
///
/// ```
/// use cl_pacing::{Hardness, HardFirst, InstanceHardness, Order};
///
/// let mut hardness = InstanceHardness::new(3, Hardness::Loss, 0.95)?;
/// hardness.update(0.1, &[0, 2], &[0.2, 0.05], &[true, true])?;
/// assert_eq!(hardness.values(), [0.95 * 2.0 + 0.05, 1.0, 0.95 * 0.5 + 0.05]);
/// assert_eq!(HardFirst.order(hardness.values(), 0)?, [0, 1, 2]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Sealed<1, Unchecked>", into = "Sealed<1, Unchecked>")]
pub struct InstanceHardness {
    measure: Hardness,
    gamma: f64,
    values: Vec<f64>,
    /// The sum of all learning rates so far.
    rates: f64,
    last: Vec<Option<Last>>,
}

/// What dynamic instance hardness averages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hardness {
    /// The loss.
    #[default]
    Loss,
    /// How much the loss changed since the example was trained on last.
    LossChange,
    /// Whether the prediction turned from right to wrong or back.
    Flip,
}

/// An example as it was when it was trained on last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Last {
    loss: f64,
    right: bool,
    /// The sum of the learning rates before that time.
    rates: f64,
}

#[derive(Serialize, Deserialize)]
struct Unchecked {
    measure: Hardness,
    gamma: f64,
    values: Vec<f64>,
    rates: f64,
    last: Vec<Option<Last>>,
}

impl From<InstanceHardness> for Sealed<1, Unchecked> {
    fn from(InstanceHardness { measure, gamma, values, rates, last }: InstanceHardness) -> Self {
        Self::new(Unchecked { measure, gamma, values, rates, last })
    }
}

impl TryFrom<Sealed<1, Unchecked>> for InstanceHardness {
    type Error = PacingError;

    fn try_from(sealed: Sealed<1, Unchecked>) -> Result<Self, PacingError> {
        let Unchecked { measure, gamma, values, rates, last } = sealed.into_inner();
        PacingError::check_length("what was last", last.len(), values.len())?;
        if let Some(example) = values.iter().position(|value| !value.is_finite()) {
            return Err(PacingError::NotANumber { what: "hardness", example });
        }
        PacingError::check("rates", rates, rates.is_finite() && rates >= 0.0, "a sum of learning rates")?;
        for last in last.iter().flatten() {
            let before = (0.0..=rates).contains(&last.rates);
            PacingError::check("rates", last.rates, before, "those up to an update of the past")?;
            PacingError::check("losses", last.loss, last.loss.is_finite(), "finite losses")?;
        }
        Ok(Self { rates, last, values, ..Self::new(0, measure, gamma)? })
    }
}

impl InstanceHardness {
    /// Of `n_examples` not met yet, each of hardness 1, from what to average and the weight gamma of the new.
    ///
    /// # Errors
    /// Unless gamma lies in (0, 1].
    pub fn new(n_examples: usize, measure: Hardness, gamma: f64) -> Result<Self, PacingError> {
        if !(gamma > 0.0 && gamma <= 1.0) {
            return Err(PacingError::argument("gamma", gamma, "a number in (0, 1], the weight of what is new"));
        }
        PacingError::check_memory::<[u64; 6]>("n_examples", n_examples)?;
        Ok(Self { measure, gamma, values: vec![1.0; n_examples], rates: 0.0, last: vec![None; n_examples] })
    }

    /// One update at the learning rate eta: the examples trained on, the loss of each and whether its prediction was right, before
    /// the update.
    ///
    /// # Errors
    /// Unless eta is finite and above 0, there is one of each per example, and losses are finite; nothing is noted then.
    pub fn update(
        &mut self,
        eta: f64,
        examples: &[usize],
        losses: &[f64],
        right: &[bool],
    ) -> Result<(), PacingError> {
        if !(eta.is_finite() && eta > 0.0) {
            return Err(PacingError::argument("eta", eta, "a finite number above 0, the learning rate"));
        }
        for (what, found) in [("losses", losses.len()), ("predictions", right.len())] {
            PacingError::check_length(what, found, examples.len())?;
        }
        let n_examples = self.values.len();
        for (&index, &loss) in examples.iter().zip(losses) {
            if index >= n_examples {
                return Err(PacingError::IndexOutOfRange { what: "example trained on", index, n_examples });
            }
            PacingError::check("losses", loss, loss.is_finite(), "finite losses, because their average goes on")?;
        }
        for ((&example, &loss), &right) in examples.iter().zip(losses).zip(right) {
            let last = self.last[example].replace(Last { loss, right, rates: self.rates });
            let since = last.map(|last| (last, self.rates + eta - last.rates));
            let a = match (self.measure, since) {
                (Hardness::Loss, _) => Some(loss / eta),
                (Hardness::LossChange, Some((last, rates))) => Some((loss - last.loss).abs() / rates),
                (Hardness::Flip, Some((last, rates))) => Some(f64::from(u8::from(right != last.right)) / rates),
                (Hardness::LossChange | Hardness::Flip, None) => None,
            };
            if let Some(a) = a {
                self.values[example] = self.gamma * a + (1.0 - self.gamma) * self.values[example];
            }
        }
        self.rates += eta;
        Ok(())
    }

    /// The hardness of each example: higher is harder.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The learning rate, the examples trained on, and the loss of each and whether it was right.
    type Update = (f64, Vec<usize>, Vec<(f64, bool)>);

    /// The definition, with all of history at hand.
    fn definition(measure: Hardness, gamma: f64, n: usize, updates: &[Update]) -> Vec<f64> {
        let mut r = vec![1.0; n];
        for (t, (eta, examples, seen)) in updates.iter().enumerate() {
            for (place, &i) in examples.iter().enumerate() {
                let (loss, right) = seen[place];
                let before = updates[..t].iter().rposition(|(_, examples, _)| examples.contains(&i));
                let since = before.map(|s| {
                    let rates: f64 = updates[s..=t].iter().map(|(eta, ..)| eta).sum();
                    let place = updates[s].1.iter().position(|&other| other == i).unwrap();
                    (updates[s].2[place], rates)
                });
                let a = match (measure, since) {
                    (Hardness::Loss, _) => loss / eta,
                    (_, None) => continue,
                    (Hardness::LossChange, Some(((last, _), rates))) => (loss - last).abs() / rates,
                    (Hardness::Flip, Some(((_, last), rates))) => f64::from(u8::from(right != last)) / rates,
                };
                r[i] = gamma * a + (1.0 - gamma) * r[i];
            }
        }
        r
    }

    proptest! {
        /// As the definition says, saved and restored after every update.
        #[test]
        fn hardness_is_its_definition(
            updates in prop::collection::vec((0.01..1.0f64, prop::collection::vec((0.0..5.0f64, any::<bool>()), 4)), 1..12),
            subsets in prop::collection::vec(prop::sample::subsequence(vec![0usize, 1, 2, 3], 0..=4), 12), gamma in 0.05..=1.0f64,
        ) {
            let history: Vec<Update> = updates.into_iter().zip(subsets).map(|((eta, seen), examples)| (eta, examples, seen)).collect();
            for measure in [Hardness::Loss, Hardness::LossChange, Hardness::Flip] {
                let mut hardness = InstanceHardness::new(4, measure, gamma).unwrap();
                for (eta, examples, seen) in &history {
                    let (losses, right): (Vec<f64>, Vec<bool>) = seen[..examples.len()].iter().copied().unzip();
                    hardness.update(*eta, examples, &losses, &right).unwrap();
                    hardness = serde_json::from_str(&serde_json::to_string(&hardness).unwrap()).unwrap();
                }
                prop_assert_eq!(hardness.values().len(), 4);
                for (ours, expected) in hardness.values().iter().zip(definition(measure, gamma, 4, &history)) {
                    prop_assert!((ours - expected).abs() <= 1e-9 * expected.max(1.0), "{:?} {} {}", measure, ours, expected);
                }
            }
        }
    }

    #[test]
    fn bad_updates_change_nothing() {
        let mut hardness = InstanceHardness::new(2, Hardness::Loss, 0.95).unwrap();
        let before = hardness.clone();
        assert!(hardness.update(0.0, &[0], &[1.0], &[true]).is_err());
        assert!(hardness.update(0.1, &[0, 2], &[1.0, 1.0], &[true, true]).is_err());
        assert!(hardness.update(0.1, &[0], &[f64::NAN], &[true]).is_err());
        assert!(hardness.update(0.1, &[0], &[1.0], &[]).is_err());
        assert_eq!(hardness, before);
        for gamma in [0.0, 1.1, f64::NAN] {
            assert!(InstanceHardness::new(2, Hardness::Loss, gamma).is_err());
        }
    }
}
