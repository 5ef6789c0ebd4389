use std::ops::Range;
use std::sync::{Mutex, MutexGuard};

use cl_data::{Fingerprint, FingerprintBuilder, SamplerError, SamplerFingerprint};
use serde::{Deserialize, Serialize};

use crate::error::PacingError;

/// What a sampler that is a pure function of the step shows when.
pub(super) trait Timetable {
    /// The settings that enter every batch of the first `n_steps` steps, whatever the schedule.
    fn settings(&self, n_steps: u64) -> SamplerFingerprint;

    /// The schedule as it reads, for an error's sake.
    fn schedule(&self) -> String;

    /// The examples by place, as far as it matters which they are.
    fn order(&self) -> &[u32];

    /// What is available at `step`, as two numbers of which the second bounds the places of the order, and the step
    /// until which it is known to stay; `step` is 0 or such an end.
    fn available_until(&self, step: u64) -> (Range<u64>, u64);
}

/// What a sampler of a fixed order has shown, as far as a resumed run must agree with it.
///
/// A run that goes on must have had the same past: the same settings that shuffle and cut batches, the same part
/// available at every step so far, and the same examples in the places of the order that were ever available. What
/// comes after is free: another pacing or budget from here on, another order of the examples not yet reached.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The steps up to the latest batch.
    n_consumed: u64,
    /// As far as it was looked at, so that the next look begins where the last one ended.
    seen: Mutex<Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    /// The step from where to look on.
    next: u64,
    /// When what is available changed last, and to what.
    last: Option<(u64, Range<u64>)>,
    changes: FingerprintBuilder,
    /// The places of the order up to the last that was ever available.
    reached: usize,
    order: FingerprintBuilder,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    /// How much was available when: a hash.
    availability: Fingerprint,
    schedule: String,
    /// The places of the order up to the last that was ever available: a hash.
    order: Fingerprint,
}

impl Past {
    /// Notes that the batch of `step` was taken.
    pub(super) fn take(&mut self, step: u64) {
        self.n_consumed = step.saturating_add(1);
    }

    /// Before the schedule changes from `from_step` on.
    pub(super) fn change_from(&mut self, from_step: u64) -> Result<(), PacingError> {
        if from_step < self.n_consumed {
            return Err(PacingError::PastStep { from_step, n_consumed: self.n_consumed });
        }
        // It may have looked further than was taken.
        self.forget();
        Ok(())
    }

    /// What was looked at is no more what there is.
    pub(super) fn forget(&mut self) {
        *self.seen() = Seen::default();
    }

    /// The state after `n_steps` steps of `of`. O(changes and places reached since the last look), and all of them for
    /// fewer steps than then.
    pub(super) fn save(&self, n_steps: u64, of: &impl Timetable) -> Result<String, SamplerError> {
        of.settings(n_steps).save(n_steps, &self.saved(n_steps, of))
    }

    /// The steps of a saved state that `of` may go on from.
    pub(super) fn check(&self, state: &str, of: &impl Timetable) -> Result<u64, SamplerError> {
        let (_, n_steps) = SamplerFingerprint::of_state(state)?;
        let (n_steps, saved): (u64, Saved) = of.settings(n_steps).restore(state)?;
        let own = self.saved(n_steps, of);
        let what = if own.availability != saved.availability {
            "schedule"
        } else if own.order != saved.order {
            "order"
        } else {
            return Ok(n_steps);
        };
        Err(SamplerError::OtherPast { what, n_steps, saved: saved.schedule, found: own.schedule })
    }

    /// Goes on from there.
    pub(super) fn restore(&mut self, n_steps: u64) -> u64 {
        self.n_consumed = n_steps;
        n_steps
    }

    fn saved(&self, n_steps: u64, of: &impl Timetable) -> Saved {
        let mut seen = self.seen();
        seen.look(n_steps, of);
        let (availability, order) = (seen.changes.fingerprint(), seen.order.fingerprint());
        Saved { availability, schedule: of.schedule(), order }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(|poisoned| {
            // A pacing of the user's own panicked within a look.
            let mut seen = poisoned.into_inner();
            *seen = Seen::default();
            seen
        })
    }
}

impl Clone for Past {
    fn clone(&self) -> Self {
        Self { n_consumed: self.n_consumed, seen: Mutex::new(self.seen().clone()) }
    }
}

impl Seen {
    fn look(&mut self, n_steps: u64, of: &impl Timetable) {
        if self.last.as_ref().is_some_and(|(step, _)| *step >= n_steps) {
            *self = Self::default();
        }
        while self.next < n_steps {
            let (available, until) = of.available_until(self.next);
            if self.last.as_ref().is_none_or(|(_, last)| *last != available) {
                self.changes.add([self.next, available.start, available.end]);
                let order = of.order();
                let reached = usize::try_from(available.end).map_or(order.len(), |end| end.min(order.len()));
                if reached > self.reached {
                    self.order.add_u32s(&order[self.reached..reached]);
                    self.reached = reached;
                }
                self.last = Some((self.next, available));
            }
            self.next = until;
        }
    }
}
