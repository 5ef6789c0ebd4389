use std::fmt;
use std::ops::Range;

use cl_data::{
    SamplerFingerprint,
    catalogue::{Options, Parameter},
    random,
};
use serde::{Deserialize, Serialize};

use super::{
    check_sizes,
    entry::{SamplerEntry, SamplerInput, SamplerInputs},
    planned::{Plan, Planned, PlannedSampler},
};
use crate::{error::PacingError, pacing::DifficultySchedule};

/// In which order the batches of an epoch come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BatchOrder {
    /// In random order, anew in every epoch.
    #[default]
    Shuffled,
    /// Those of short sequences first.
    ShortFirst,
}

impl fmt::Display for BatchOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Shuffled => "shuffled",
            Self::ShortFirst => "short-first",
        })
    }
}

/// What a batch may hold.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenBudget {
    /// The most tokens of a batch, padding included.
    pub tokens: u64,
    /// Sequences are padded to a multiple of this, at most to the longest of all: what has one padded length is a
    /// bucket, whose sequences are mixed anew in every epoch. More of them is more mixing and more padding.
    pub multiple_of: u64,
    /// The most sequences of a batch.
    pub sequences: Option<usize>,
    /// How long sequences may be at each step; longer ones are shown, to be truncated.
    pub schedule: Option<DifficultySchedule>,
}

impl TokenBudget {
    /// At most so many tokens, of sequences that are neither rounded up in length nor truncated.
    pub fn new(tokens: u64) -> Self {
        Self { tokens, multiple_of: 1, sequences: None, schedule: None }
    }
}

/// What an epoch pads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Padding {
    /// The batches of the epoch.
    pub n_batches: u64,
    /// The tokens of the sequences, truncated to what the schedule allows at its end.
    pub n_tokens: u64,
    /// The tokens of the batches, padding included.
    pub n_padded_tokens: u64,
}

impl Padding {
    /// The part of the tokens that is padding, in [0, 1).
    pub fn waste(&self) -> f64 {
        1.0 - self.n_tokens as f64 / self.n_padded_tokens as f64
    }
}

/// Epochs over all sequences in batches of about one length and at most so many tokens, padding included.
///
/// ```text
/// padded length   the next multiple of the length (truncated to the highest d(t) of a schedule), at most the longest
/// sorted          by padded length, equals in random order, anew in every epoch
/// batches         cut from the sorted ones, each as long as   sequences * longest padded length <= tokens
/// an epoch        every batch once: in random order, or the short ones first
/// at step t       a batch is padded to its longest, and truncated to d(t)
/// ```
///
/// Every sequence is shown exactly once an epoch. Where batches are cut depends on the lengths alone, so that every
/// epoch has as many and any step can be asked for directly. A schedule shortens sequences and not batches, as its
/// source does: an early batch has fewer tokens. O(n log n) at first, then as a [`PlannedSampler`]; 12 bytes a
/// sequence and 16 a batch.
///
/// Source: buckets by length and batches of a number of tokens as in common practice (Ott et al. 2019, fairseq's
/// `--max-tokens`); the schedule as in Li, Zhang and He (2022), sequence length warmup.
///
/// ```
/// use cl_pacing::{Batch, BatchOrder, Sampler, TokenBudget, TokenBudgetSampler};
///
/// let lengths = [5, 30, 8, 7, 17, 32, 3];
/// let mut sampler = TokenBudgetSampler::new(&lengths, TokenBudget::new(32), BatchOrder::ShortFirst, 0)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// batch.indices.sort_unstable();
/// assert_eq!(batch.indices, [0, 2, 3, 6]); // four of up to 8
/// assert_eq!(sampler.padded_length(0), 8);
/// assert_eq!((sampler.epoch(0).n_steps, sampler.padding().n_padded_tokens), (4, 32 + 17 + 30 + 32));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type TokenBudgetSampler = PlannedSampler<TokenBatches>;

impl TokenBudgetSampler {
    /// Batches of sequences of these lengths, in tokens.
    ///
    /// # Errors
    /// Unless there is a sequence, all are at least 1 long, `multiple_of` and `sequences` are at least 1, and each
    /// sequence, truncated by the schedule, fits the budget: the first that does not is named.
    pub fn new(lengths: &[u64], budget: TokenBudget, order: BatchOrder, seed: u64) -> Result<Self, PacingError> {
        Ok(Self::of(TokenBatches::new(lengths, budget, order)?, seed))
    }

    /// The sampler `token-budget` with `parameters`, as [`sampler_by_name`](crate::sampler_by_name) makes it; `batch_size`
    /// is the most sequences of a batch, 0 for any number.
    ///
    /// # Errors
    /// As there.
    pub fn by_parameters(parameters: &[(&str, &str)], inputs: &SamplerInputs<'_>) -> Result<Self, PacingError> {
        from_options(&mut Options::new(&ENTRY.description, parameters)?, inputs)
    }

    /// What an epoch pads.
    pub fn padding(&self) -> Padding {
        self.plan.padding
    }

    /// The length to which the sequences of the batch of `step` are to be padded or, where longer, truncated.
    pub fn padded_length(&mut self, step: u64) -> u64 {
        let longest = self.examples(step).last().copied();
        let padded = longest.map_or(1, |example| u64::from(self.plan.padded[example as usize]));
        self.plan.budget.schedule.as_ref().map_or(padded, |schedule| padded.min(schedule.difficulty(step).max(1)))
    }
}

/// The batches of a token budget.
#[derive(Debug, Clone)]
pub struct TokenBatches {
    /// The padded length of each sequence.
    padded: Vec<u32>,
    /// The sequences from short to long.
    sorted: Vec<u32>,
    /// Where sequences of one padded length lie in `sorted`.
    buckets: Vec<Range<u32>>,
    /// The batches as places of `sorted`.
    batches: Vec<Range<u32>>,
    budget: TokenBudget,
    order: BatchOrder,
    padding: Padding,
}

impl TokenBatches {
    fn new(lengths: &[u64], budget: TokenBudget, order: BatchOrder) -> Result<Self, PacingError> {
        check_sizes(lengths.len(), 1)?;
        let TokenBudget { tokens, multiple_of, sequences, ref schedule } = budget;
        PacingError::check("multiple_of", multiple_of, multiple_of > 0, "at least 1")?;
        PacingError::check("sequences", 0, sequences != Some(0), "at least 1")?;
        let most = schedule.as_ref().map_or(u64::MAX, |schedule| schedule.highest().max(1));
        for (example, &length) in lengths.iter().enumerate() {
            if length == 0 {
                return Err(PacingError::argument("lengths", format!("0 of example {example}"), "at least 1"));
            }
            if length.min(most) > tokens {
                let truncated = if length > most { format!(", truncated to {most}") } else { String::new() };
                let value = format!("{tokens}, and example {example} has {length}{truncated}");
                return Err(PacingError::argument(
                    "tokens",
                    value,
                    "at least the longest sequence, or a schedule that truncates it",
                ));
            }
        }
        let longest = lengths.iter().copied().max().unwrap_or(1).min(most);
        if u32::try_from(longest).is_err() {
            return Err(PacingError::argument("lengths", longest, "sequences of below 2^32"));
        }
        // Not beyond the longest, and so within 32 bits.
        let pad = |length: u64| {
            let length = length.min(most);
            length.checked_next_multiple_of(multiple_of).map_or(longest, |padded| padded.min(longest)) as u32
        };
        let padded: Vec<u32> = lengths.iter().map(|&length| pad(length)).collect();
        let mut sorted: Vec<u32> = (0..lengths.len() as u32).collect();
        sorted.sort_unstable_by_key(|&example| (padded[example as usize], example));
        let length_of = |example: u32| padded[example as usize];
        let mut buckets: Vec<Range<u32>> = Vec::new();
        for bucket in sorted.chunk_by(|&a, &b| length_of(a) == length_of(b)) {
            let start = buckets.last().map_or(0, |last| last.end);
            buckets.push(start..start + bucket.len() as u32);
        }
        let fit = |padded: u32| (tokens / u64::from(padded)).min(sequences.map_or(u64::MAX, |most| most as u64));
        let (mut batches, mut n_padded_tokens, mut start) = (Vec::new(), 0u64, 0u32);
        while (start as usize) < sorted.len() {
            // The longest is the last: a longer batch fits as many or fewer.
            let mut end = start + 1;
            while let Some(&next) = sorted.get(end as usize)
                && u64::from(end + 1 - start) <= fit(length_of(next))
            {
                end += 1;
            }
            let longest = u64::from(length_of(sorted[end as usize - 1]));
            n_padded_tokens = n_padded_tokens.saturating_add(u64::from(end - start) * longest);
            batches.push(start..end);
            start = end;
        }
        let n_tokens = lengths.iter().fold(0u64, |sum, &length| sum.saturating_add(length.min(most)));
        let padding = Padding { n_batches: batches.len() as u64, n_tokens, n_padded_tokens };
        Ok(Self { padded, sorted, buckets, batches, budget, order, padding })
    }
}

impl Plan for TokenBatches {
    const NAME: &'static str = "token budget";

    fn settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint {
        let TokenBudget { tokens, multiple_of, sequences, schedule } = &self.budget;
        let settings = settings
            .with_hash("lengths", self.padded.iter().map(|&padded| u64::from(padded)))
            .with("tokens", tokens)
            .with("multiple of", multiple_of)
            .with("batches", self.order);
        let settings = sequences.iter().fold(settings, |settings, most| settings.with("sequences", most));
        schedule.iter().fold(settings, |settings, schedule| settings.with("schedule", schedule))
    }

    fn n_examples(&self) -> usize {
        self.sorted.len()
    }

    fn n_batches(&self) -> u64 {
        self.batches.len() as u64
    }

    fn plan(&self, seed: u64, epoch: u64, planned: &mut Planned) {
        planned.examples.extend_from_slice(&self.sorted);
        let mut rng = random::stream(seed, "token budget buckets", epoch);
        for bucket in &self.buckets {
            random::shuffle(&mut rng, &mut planned.examples[bucket.start as usize..bucket.end as usize]);
        }
        planned.batches.extend_from_slice(&self.batches);
        if self.order == BatchOrder::Shuffled {
            random::shuffle(&mut random::stream(seed, "token budget batches", epoch), &mut planned.batches);
        }
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "token-budget",
    "epochs in batches of about one length and at most so many tokens, padding included",
    &[
        Parameter::new("tokens", "the most tokens of a batch, padding included"),
        Parameter::with_default("multiple_of", "the multiple to which sequences are padded, at least 1", "1"),
        Parameter::with_default("batches", "shuffled, or short-first", "shuffled"),
        Parameter::new("truncate", "the length to which longer sequences are cut; none are where it is not given"),
        Parameter::with_default(
            "truncate_from",
            "the length to which they are cut at first, growing to truncate; 0 for truncate itself",
            "0",
        ),
        Parameter::with_default("truncate_steps", "the steps over which that grows, at least 1", "1"),
    ],
    &[SamplerInput::Lengths],
    |o, of| Ok(Box::new(from_options(o, of)?)),
);

fn from_options(o: &mut Options, of: &SamplerInputs<'_>) -> Result<TokenBudgetSampler, PacingError> {
    let lengths = o.given(of.lengths, "lengths", "the length of each example, in tokens")?;
    let orders = [("shuffled", BatchOrder::Shuffled), ("short-first", BatchOrder::ShortFirst)];
    let (from, steps) = (o.number("truncate_from")?, o.number("truncate_steps")?);
    let schedule = match o.number_if_given("truncate")? {
        Some(to) => {
            let from = if from == 0 { to } else { from };
            Some(DifficultySchedule::fixed_linear(from, to, steps, 1)?)
        }
        None if from > 0 => return Err(o.invalid("truncate", "given where truncate_from is").into()),
        None => None,
    };
    let sequences = (of.batch_size > 0).then_some(of.batch_size);
    let (tokens, multiple_of) = (o.number("tokens")?, o.number("multiple_of")?);
    let budget = TokenBudget { tokens, multiple_of, sequences, schedule };
    TokenBudgetSampler::new(lengths, budget, o.choice("batches", &orders)?, of.seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::{Batch, Sampler};
    use proptest::prelude::*;

    fn batch(sampler: &mut TokenBudgetSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    prop_compose! {
        fn any_sampler()(
            lengths in prop::collection::vec(1u64..200, 1..80), multiple_of in 1u64..40, extra in 0u64..600,
            sequences in prop::option::of(1usize..9), short_first: bool, truncate in prop::option::of(1u64..150),
            from in 1u64..150, seed: u64,
        ) -> (TokenBudgetSampler, Vec<u64>) {
            let longest = *lengths.iter().max().unwrap();
            let schedule =
                truncate.map(|to| DifficultySchedule::fixed_linear(from.min(to), to, 7, 1).unwrap());
            let tokens = longest.min(truncate.unwrap_or(u64::MAX)) + extra;
            let order = if short_first { BatchOrder::ShortFirst } else { BatchOrder::Shuffled };
            let budget = TokenBudget { tokens, multiple_of, sequences, schedule };
            (TokenBudgetSampler::new(&lengths, budget, order, seed).unwrap(), lengths)
        }
    }

    proptest! {
        #[test]
        fn an_epoch_shows_each_once_within_the_budget((mut sampler, lengths) in any_sampler(), epoch in 0u64..4) {
            let budget = sampler.plan.budget.clone();
            let n_steps = sampler.epoch(0).n_steps;
            let most = budget.schedule.as_ref().map_or(u64::MAX, DifficultySchedule::highest);
            let (mut shown, mut padded_tokens, mut paddeds) = (Vec::new(), 0, Vec::new());
            for step in epoch * n_steps..(epoch + 1) * n_steps {
                let examples = batch(&mut sampler, step);
                let padded = sampler.padded_length(step);
                prop_assert!(!examples.is_empty() && examples.len() <= budget.sequences.unwrap_or(usize::MAX));
                let longest = examples.iter().map(|&example| lengths[example].min(most)).max().unwrap();
                let limit = budget.schedule.as_ref().map_or(u64::MAX, |schedule| schedule.difficulty(step));
                prop_assert!(padded >= longest.min(limit) && padded < longest + budget.multiple_of);
                prop_assert!(padded <= limit);
                prop_assert!(examples.len() as u64 * longest <= budget.tokens);
                prop_assert!(examples.len() as u64 * padded <= budget.tokens);
                padded_tokens += examples.len() as u64 * padded;
                paddeds.push(padded);
                shown.extend(examples);
            }
            shown.sort_unstable();
            prop_assert_eq!(shown, (0..lengths.len()).collect::<Vec<_>>());
            let padding = sampler.padding();
            if budget.schedule.is_none() {
                prop_assert_eq!((padding.n_batches, padding.n_padded_tokens), (n_steps, padded_tokens));
                prop_assert_eq!(padding.n_tokens, lengths.iter().sum::<u64>());
                prop_assert!(sampler.plan.order == BatchOrder::Shuffled || paddeds.is_sorted());
            }
            prop_assert!((0.0..1.0).contains(&padding.waste()));
        }

        /// No more batches than where each bucket is cut by itself.
        #[test]
        fn cuts_are_no_worse_than_buckets_alone((sampler, _) in any_sampler()) {
            let TokenBatches { padded, sorted, buckets, budget, .. } = &sampler.plan;
            let alone = |bucket: &Range<u32>| {
                let length = u64::from(padded[sorted[bucket.start as usize] as usize]);
                let fit = (budget.tokens / length).min(budget.sequences.map_or(u64::MAX, |most| most as u64));
                (bucket.len() as u64).div_ceil(fit)
            };
            prop_assert!(sampler.padding().n_batches <= buckets.iter().map(alone).sum::<u64>());
        }

        #[test]
        fn seeking_is_walking_and_resuming_is_not_interrupting((fresh, _) in any_sampler(), step in 0u64..300) {
            let mut walker = fresh.clone();
            let walked: Vec<_> = (0..=step).map(|step| batch(&mut walker, step)).collect();
            let mut resumed = fresh.clone();
            prop_assert_eq!(resumed.restore(&walker.save(step).unwrap()).unwrap(), step);
            prop_assert_eq!(&batch(&mut resumed, step), &walked[step as usize]);
            prop_assert_eq!(resumed.save(step).unwrap(), fresh.save(step).unwrap());
        }
    }

    #[test]
    fn epochs_differ_and_follow_from_the_seed() {
        let lengths: Vec<u64> = (0..200).map(|i| 1 + i * 7 % 13).collect();
        let epoch = |seed, epoch: u64| {
            let mut sampler =
                TokenBudgetSampler::new(&lengths, TokenBudget::new(40), BatchOrder::Shuffled, seed).unwrap();
            let n_steps = sampler.epoch(0).n_steps;
            (epoch * n_steps..(epoch + 1) * n_steps).map(|step| batch(&mut sampler, step)).collect::<Vec<_>>()
        };
        assert_eq!(epoch(1, 2), epoch(1, 2));
        assert_ne!(epoch(1, 2), epoch(1, 3));
        assert_ne!(epoch(1, 2), epoch(2, 2));
    }

    #[test]
    fn states_and_arguments_of_others_are_refused() {
        let new = |lengths: &[u64], budget| TokenBudgetSampler::new(lengths, budget, BatchOrder::Shuffled, 1);
        let state = new(&[1, 2, 3], TokenBudget::new(4)).unwrap().save(2).unwrap();
        for (mut other, what) in [
            (new(&[1, 2, 4], TokenBudget::new(4)).unwrap(), "lengths"),
            (new(&[1, 2, 3], TokenBudget::new(5)).unwrap(), "tokens 4, not with 5"),
            (new(&[1, 2, 3], TokenBudget { sequences: Some(2), ..TokenBudget::new(4) }).unwrap(), "sequences"),
        ] {
            let error = other.restore(&state).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        let refused = |lengths: &[u64], budget| new(lengths, budget).map(|_| ()).unwrap_err().to_string();
        let schedule = DifficultySchedule::fixed_linear(2, 8, 4, 1).ok();
        for (error, what) in [
            (refused(&[], TokenBudget::new(1)), "n_examples"),
            (refused(&[3, 0], TokenBudget::new(4)), "lengths is 0 of example 1"),
            (refused(&[3, 9, 5], TokenBudget::new(4)), "tokens is 4, and example 1 has 9, expected"),
            (
                refused(&[3, 9], TokenBudget { schedule, ..TokenBudget::new(4) }),
                "tokens is 4, and example 1 has 9, truncated to 8",
            ),
            (refused(&[1], TokenBudget { multiple_of: 0, ..TokenBudget::new(4) }), "multiple_of is 0"),
            (refused(&[1], TokenBudget { sequences: Some(0), ..TokenBudget::new(4) }), "sequences is 0"),
        ] {
            assert!(error.contains(what), "{error}");
        }
    }
}
