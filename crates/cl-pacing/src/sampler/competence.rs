use std::fmt;
use std::ops::Range;

use cl_data::{SamplerFingerprint, catalogue::Parameter};
use serde::{Deserialize, Serialize};

use super::{
    curriculum::{Curriculum, CurriculumSampler, Drawing},
    entry::{SamplerEntry, SamplerInput},
};
use crate::{error::PacingError, pacing::Pacing};

/// When equally difficult examples become available: always together, as the cumulative distribution has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EqualDifficulty {
    /// Once the competence covers all of them: the cumulative distribution counts what is at most as difficult.
    #[default]
    Covered,
    /// As soon as the competence reaches the first of them: it counts what is less difficult.
    Reached,
}

impl fmt::Display for EqualDifficulty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Covered => "covered",
            Self::Reached => "reached",
        })
    }
}

/// Every batch uniformly from the examples whose difficulty, as a share of the data, the competence has reached.
///
/// ```text
/// d(s)             share of the data at most as difficult as s: the difficulty's cumulative distribution
/// batch at step t  batch size of {s : d(s) <= c(t / T)}, uniformly, without replacement
/// ```
///
/// With distinct difficulties these are the `count(t / T)` easiest (by the pacing's rounding), with equal ones all or
/// none of them, by [`EqualDifficulty`]. Never fewer than one batch are available: where d admits fewer, the next
/// difficulties follow. The variant that runs through what it admitted at the start of an epoch before it looks
/// again is the [`PrefixSampler`](crate::PrefixSampler) of an easy-first order.
///
/// O(n log n) at first, O(batch + log n) per step at any step; 8 bytes an example.
///
/// Source: Platanios et al. (2019), Competence-based curriculum learning for neural machine translation, algorithm 1.
///
/// ```
/// use cl_pacing::{Batch, Competence, CompetenceSampler, EqualDifficulty, Sampler};
///
/// let lengths = [3.0, 9.0, 4.0, 4.0, 7.0];
/// let competence = Competence::linear(0.2)?;
/// let sampler = CompetenceSampler::new(&lengths, EqualDifficulty::Covered, competence, 1, 10, 0)?;
/// assert_eq!([0, 2, 5, 7, 10].map(|step| sampler.n_available(step)), [1, 1, 3, 4, 5]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub type CompetenceSampler = CurriculumSampler<ByCompetence>;

impl CompetenceSampler {
    /// Batches of `batch_size` from examples of these difficulties, under the competence `pacing` over `total_steps`.
    ///
    /// # Errors
    /// Where a difficulty is NaN, and unless the batch size is from 1 to the number of examples and total steps at
    /// least 1.
    pub fn new(
        difficulty: &[f64],
        equal: EqualDifficulty,
        pacing: impl Pacing + 'static,
        batch_size: usize,
        total_steps: u64,
        seed: u64,
    ) -> Result<Self, PacingError> {
        if let Some(example) = difficulty.iter().position(|difficulty| difficulty.is_nan()) {
            return Err(PacingError::NotANumber { what: "difficulty", example });
        }
        // Which of equals comes first makes no difference here: they are drawn from together.
        let mut order: Vec<usize> = (0..difficulty.len()).collect();
        order.sort_by(|&a, &b| (difficulty[a] + 0.0).total_cmp(&(difficulty[b] + 0.0)));
        let curriculum = Curriculum::new(&order, pacing, batch_size, total_steps, seed)?;
        let mut end = 0;
        let cumulative = order.chunk_by(|&a, &b| difficulty[a] == difficulty[b]).map(|equals| {
            end += equals.len() as u32;
            end
        });
        let drawing = ByCompetence { equal, cumulative: cumulative.collect() };
        Ok(Self::of(curriculum, drawing))
    }
}

/// Every batch drawn anew from what is at most as difficult as the competence.
#[derive(Debug, Clone)]
pub struct ByCompetence {
    equal: EqualDifficulty,
    /// How many examples are at most as difficult, for each difficulty upwards.
    cumulative: Vec<u32>,
}

impl Drawing for ByCompetence {
    const NAME: &'static str = "competence";

    fn settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint {
        settings.with("equal difficulty", self.equal)
    }

    fn further_settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint {
        settings.with_hash("cumulative distribution", self.cumulative.iter().map(|&end| u64::from(end)))
    }

    /// The places of the easy-first order that are available at `step`, with all that are as difficult or with none.
    fn available(&self, curriculum: &Curriculum, step: u64) -> Range<usize> {
        let Range { start, end } = curriculum.schedule.available(step);
        // The number of examples in the difficulties that are wholly within the first `count`.
        let covered = |count: usize| {
            let difficulties = self.cumulative.partition_point(|&end| end as usize <= count);
            difficulties.checked_sub(1).map_or(0, |last| self.cumulative[last] as usize)
        };
        // The same with the difficulty that the last of them belongs to.
        let reached = |count: usize| {
            let difficulty = self.cumulative.partition_point(|&end| (end as usize) < count);
            self.cumulative.get(difficulty).map_or(count, |&end| end as usize)
        };
        let admitted = match self.equal {
            EqualDifficulty::Covered => covered(end),
            EqualDifficulty::Reached => reached(end),
        };
        let start = covered(start);
        // Fewer than a batch: the difficulties that make up one.
        let least = curriculum.schedule.batch_size.at(step).min(end - start);
        start..if admitted < start + least { reached(start + least) } else { admitted }
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "competence",
    "every batch anew from what is at most as difficult as the competence (Platanios)",
    &[Parameter::with_default(
        "equal",
        "what is equally difficult comes when covered, or when reached",
        "covered",
    )],
    &[SamplerInput::Difficulty, SamplerInput::Pacing, SamplerInput::TotalSteps],
    |o, of| {
        let equal =
            o.choice("equal", &[("covered", EqualDifficulty::Covered), ("reached", EqualDifficulty::Reached)])?;
        let difficulty = o.given(of.difficulty, "difficulty", "the difficulty of each example")?;
        let (pacing, total_steps) = (of.pacing(), of.total_steps);
        let sampler = CompetenceSampler::new(difficulty, equal, pacing, of.batch_size, total_steps, of.seed)?;
        Ok(Box::new(sampler.with_batch_sizes(of.later_batch_sizes)?))
    },
)
.resized();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::{Full, Linear};
    use cl_data::{Batch, Sampler};
    use proptest::prelude::*;

    fn batch(sampler: &mut CompetenceSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    prop_compose! {
        fn any_sampler()(
            difficulty in prop::collection::vec((-4i8..4).prop_map(f64::from), 1..60),
            equal in prop_oneof![Just(EqualDifficulty::Covered), Just(EqualDifficulty::Reached)],
            a in prop_oneof![Just(0.0), 0.01..2.0], b in 0.0..=1.0, batch_size in 1usize..20,
            total_steps in 1u64..120, seed: u64,
        ) -> (CompetenceSampler, Vec<f64>) {
            let (pacing, batch_size) = (Linear::new(a, b).unwrap(), batch_size.min(difficulty.len()));
            (CompetenceSampler::new(&difficulty, equal, pacing, batch_size, total_steps, seed).unwrap(), difficulty)
        }
    }

    proptest! {
        #[test]
        fn seeking_is_walking((fresh, _) in any_sampler(), jumps in prop::collection::vec(0u64..200, 1..30)) {
            let mut walker = fresh.clone();
            let walked: Vec<_> = (0..200).map(|step| batch(&mut walker, step)).collect();
            let mut jumper = fresh.clone();
            for step in jumps {
                prop_assert_eq!(&batch(&mut fresh.clone(), step), &walked[step as usize]);
                prop_assert_eq!(&batch(&mut jumper, step), &walked[step as usize]);
            }
        }

        /// The set of the definition, by brute force: every difficulty whose share is below the count, or what is
        /// less difficult; and where this is less than a batch, difficulties until it is none.
        #[test]
        fn what_is_available_is_what_the_distribution_admits((sampler, difficulty) in any_sampler(), step in 0u64..200) {
            let (n, batch_size) = (difficulty.len(), sampler.batch_size(step));
            let total = sampler.curriculum.schedule.clone();
            let count = total.available(step).end;
            let easier = |i: usize| difficulty.iter().filter(|&&other| other < difficulty[i]).count();
            let at_most = |i: usize| difficulty.iter().filter(|&&other| other <= difficulty[i]).count();
            let admitted: Vec<usize> = (0..n)
                .filter(|&i| match sampler.drawing.equal {
                    EqualDifficulty::Covered => at_most(i) <= count,
                    EqualDifficulty::Reached => easier(i) < count,
                })
                .collect();
            let expected = if admitted.len() >= batch_size {
                admitted
            } else {
                (0..n).filter(|&i| easier(i) < batch_size).collect()
            };
            let mut available: Vec<usize> = sampler.curriculum.order[sampler.drawing.available(&sampler.curriculum, step)]
                .iter().map(|&example| example as usize).collect();
            available.sort_unstable();
            prop_assert_eq!(available, expected);
        }

        #[test]
        fn batches_are_distinct_and_available((mut sampler, _) in any_sampler(), step in 0u64..200) {
            let available = sampler.drawing.available(&sampler.curriculum, step);
            let available = sampler.curriculum.order[available].to_vec();
            let mut examples = batch(&mut sampler, step);
            prop_assert!(examples.iter().all(|&example| available.contains(&(example as u32))));
            prop_assert_eq!(examples.len(), sampler.batch_size(step));
            examples.sort_unstable();
            examples.dedup();
            prop_assert_eq!(examples.len(), sampler.batch_size(step));
        }

        #[test]
        fn resuming_is_not_interrupting((fresh, _) in any_sampler()) {
            let mut whole = fresh.clone();
            for step in 0..40 {
                let mut resumed = fresh.clone();
                resumed.restore(&whole.save(step).unwrap()).unwrap();
                prop_assert_eq!(resumed.save(step).unwrap(), whole.save(step).unwrap());
                prop_assert_eq!(batch(&mut resumed, step), batch(&mut whole, step));
            }
        }
    }

    #[test]
    fn states_and_arguments_of_others_are_refused() {
        let new = |difficulty: &[f64], equal, batch_size| {
            CompetenceSampler::new(difficulty, equal, Linear::new(0.5, 0.5).unwrap(), batch_size, 10, 0)
        };
        let mut own = new(&[1.0, 2.0, 2.0, 4.0], EqualDifficulty::Covered, 1).unwrap();
        batch(&mut own, 6);
        let saved = own.save(7).unwrap();
        for (other, what) in [
            (new(&[1.0, 2.0, 2.0, 4.0], EqualDifficulty::Reached, 1), "equal difficulty covered"),
            (new(&[1.0, 2.0, 3.0, 4.0], EqualDifficulty::Covered, 1), "the schedule of the first 7 steps"),
            (new(&[4.0, 2.0, 2.0, 1.0], EqualDifficulty::Covered, 1), "the order of the first 7 steps"),
        ] {
            let error = other.unwrap().restore(&saved).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        let mut edited = new(&[1.0, 2.0, 2.0, 4.0], EqualDifficulty::Covered, 1).unwrap();
        edited.replace_pacing(7, Full, 1).unwrap();
        edited.restore(&saved).unwrap();
        let error = new(&[1.0, f64::NAN], EqualDifficulty::Covered, 1).unwrap_err();
        assert_eq!(error, PacingError::NotANumber { what: "difficulty", example: 1 });
        assert!(new(&[1.0], EqualDifficulty::Covered, 2).is_err());
    }
}
