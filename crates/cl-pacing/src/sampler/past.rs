use std::ops::Range;

use cl_data::{Fingerprint, Ids};
use serde::{Deserialize, Serialize};

use crate::{PacingError, SamplerFingerprint};

/// What a sampler of a fixed order has shown, as far as a resumed run must agree with it.
///
/// A run that goes on must have had the same past: the same settings that shuffle and cut batches, the same part
/// available at every step so far, and the same examples in the places of the order that were ever available. What
/// comes after is free: another pacing or budget from here on, another order of the examples not yet reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Past {
    /// The settings that enter every batch.
    settings: SamplerFingerprint,
    /// The steps taken.
    pub(super) n_steps: u64,
    /// How much was available when: a hash.
    availability: Fingerprint,
    /// The schedule as it reads, for the error's sake.
    schedule: String,
    /// The places of the order up to the last that was ever available: a hash.
    order: Fingerprint,
}

impl Past {
    /// The past of `n_steps` steps. `changes` are the steps below `n_steps` at which the available part became
    /// another, with the part. O(changes + places of the order available).
    pub(super) fn new(
        settings: SamplerFingerprint,
        n_steps: u64,
        changes: impl IntoIterator<Item = (u64, Range<usize>)>,
        schedule: &impl ToString,
        order: &[u32],
    ) -> Self {
        let (mut flat, mut reached) = (Vec::new(), 0);
        for (step, available) in changes {
            flat.extend([step, available.start as u64, available.end as u64]);
            reached = available.end.max(reached);
        }
        Self::of_changes(settings, n_steps, &flat, schedule, &order[..reached])
    }

    /// The same from the changes as numbers, and the places of the order that were ever available.
    pub(super) fn of_changes(
        settings: SamplerFingerprint,
        n_steps: u64,
        changes: &[u64],
        schedule: &impl ToString,
        order: &[u32],
    ) -> Self {
        // Halves, so that every bit enters on every platform.
        let halves = changes.iter().flat_map(|&number| [(number >> 32) as usize, number as u32 as usize]);
        let halves: Vec<usize> = halves.collect();
        let order: Vec<usize> = order.iter().map(|&example| example as usize).collect();
        Self {
            settings,
            n_steps,
            availability: Fingerprint::of(&Ids::range(halves.len()), &halves),
            schedule: schedule.to_string(),
            order: Fingerprint::of(&Ids::range(order.len()), &order),
        }
    }

    /// Whether a run with the past `saved` may go on with this one, both over the same steps.
    pub(super) fn check(&self, saved: &Self) -> Result<(), PacingError> {
        self.settings.check(&saved.settings)?;
        let what = if self.availability != saved.availability {
            "schedule"
        } else if self.order != saved.order {
            "order"
        } else {
            return Ok(());
        };
        let n_steps = self.n_steps;
        Err(PacingError::OtherPast { what, n_steps, saved: saved.schedule.clone(), found: self.schedule.clone() })
    }

    /// What [`save`](Self::save) gave.
    pub(super) fn parse(state: Option<&str>) -> Result<Self, PacingError> {
        state.and_then(|state| serde_json::from_str(state).ok()).ok_or_else(|| {
            PacingError::argument("state", state.unwrap_or("none"), "the past of a sampler, as it saved it")
        })
    }

    pub(super) fn save(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}
