use std::fmt;
use std::ops::Range;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, random};
use serde::{Deserialize, Serialize};

use super::{check_sizes, draw::Draw, ordered::Ordered, past::Past, past::Timetable};
use crate::{error::PacingError, pacing::DifficultySchedule};

/// What becomes of sequences that are longer than the schedule allows at a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LongSequences {
    /// They wait until it allows them.
    #[default]
    Wait,
    /// They are shown, to be cut to what it allows ([`LengthSampler::padded_length`]).
    Truncate,
}

impl fmt::Display for LongSequences {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Wait => "wait",
            Self::Truncate => "are truncated",
        })
    }
}

/// Batches of sequences of about one length and a budget of tokens, under a schedule of the longest length.
///
/// ```text
/// padded length     the next multiple, at most the longest of all; sequences of one padded length are a bucket
/// at step t         buckets of at most d(t), always the shortest (truncated where the budget cannot hold even that);
///                   longer sequences wait, or are one bucket of d(t)
/// bucket of a step  drawn in proportion to its number of batches, examples / batch size
/// batch size        floor(token budget / padded length), at most the bucket: drawn uniformly, without replacement
/// ```
///
/// Every available sequence is equally likely to be shown, long or short. The batch of a step depends on (seed, step)
/// alone. O(batch + log buckets) per step at any step; 4 bytes an example and 24 a bucket.
///
/// Source: Li, Zhang and He (2022), The stability-efficiency dilemma: investigating sequence length warmup for training
/// GPT models (the schedule, with truncation); bucketing as in common practice.
///
/// ```
/// use cl_pacing::{Batch, DifficultySchedule, LengthSampler, LongSequences, Sampler};
///
/// let schedule = DifficultySchedule::fixed_linear(8, 32, 10, 8)?;
/// let lengths = [5, 30, 8, 7, 17, 32, 3];
/// let mut sampler = LengthSampler::new(&lengths, 8, schedule, LongSequences::Wait, 32, 0)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// assert_eq!((batch.indices.len(), sampler.padded_length(0)), (4, 8)); // all of up to 8
/// assert!(batch.indices.iter().all(|&example| lengths[example] <= 8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LengthSampler {
    /// The examples from short to long.
    order: Ordered,
    buckets: Vec<Bucket>,
    multiple_of: u64,
    /// From which step on which holds.
    schedules: Vec<(u64, DifficultySchedule)>,
    long: LongSequences,
    token_budget: u64,
    seed: u64,
    data: Option<Fingerprint>,
    past: Past,
    draw: Draw,
}

/// Sequences of one padded length.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    padded_length: u64,
    /// Where it ends in the order.
    end: usize,
    /// The batches of this bucket and all shorter ones.
    n_batches: f64,
}

/// The bucket of a step.
struct Choice {
    padded_length: u64,
    examples: Range<usize>,
    batch_size: usize,
}

impl LengthSampler {
    /// Batches of up to `token_budget` tokens, padding included, from sequences of these lengths, padded to a multiple
    /// of `multiple_of`; `schedule` says how long they may be at each step.
    ///
    /// # Errors
    /// Unless there is a sequence, all are at least 1 long, `multiple_of` is at least 1 and the budget holds the
    /// longest, as truncated by the schedule where it is.
    pub fn new(
        lengths: &[u64],
        multiple_of: u64,
        schedule: DifficultySchedule,
        long: LongSequences,
        token_budget: u64,
        seed: u64,
    ) -> Result<Self, PacingError> {
        check_sizes(lengths.len(), 1)?;
        if let Some(example) = lengths.iter().position(|&length| length == 0) {
            let value = format!("0 of example {example}");
            return Err(PacingError::argument("lengths", value, "at least 1"));
        }
        if multiple_of == 0 {
            return Err(PacingError::argument("multiple_of", multiple_of, "at least 1"));
        }
        let longest = lengths.iter().copied().max().unwrap_or(1);
        check_budget(token_budget, longest, long, &schedule)?;
        let padded = |length: u64| {
            length.checked_next_multiple_of(multiple_of).map_or(longest, |padded| padded.min(longest))
        };
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&example| padded(lengths[example]));
        let mut buckets: Vec<Bucket> = Vec::new();
        for bucket in order.chunk_by(|&a, &b| padded(lengths[a]) == padded(lengths[b])) {
            let padded_length = padded(lengths[bucket[0]]);
            let (start, before) = buckets.last().map_or((0, 0.0), |last| (last.end, last.n_batches));
            let n_batches = before + batches(bucket.len(), padded_length, token_budget).1;
            buckets.push(Bucket { padded_length, end: start + bucket.len(), n_batches });
        }
        let (schedules, past, draw) = (vec![(0, schedule)], Past::default(), Draw::default());
        let order = Ordered::new(&order)?;
        Ok(Self { order, buckets, multiple_of, schedules, long, token_budget, seed, data: None, past, draw })
    }

    /// The same, bound to data: the fingerprint of their ids and labels enters [`fingerprint`](Self::fingerprint).
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// Edits the future: from `from_step` on another schedule, which counts from step 0 as well.
    ///
    /// # Errors
    /// Where `from_step` comes before the latest batch, whose past cannot change, or the schedule truncates to more
    /// than the budget.
    pub fn replace_schedule(&mut self, from_step: u64, schedule: DifficultySchedule) -> Result<(), PacingError> {
        let longest = self.buckets.last().map_or(1, |last| last.padded_length);
        check_budget(self.token_budget, longest, self.long, &schedule)?;
        self.past.change_from(from_step)?;
        self.schedules.retain(|(from, _)| *from < from_step);
        self.schedules.push((from_step, schedule));
        Ok(())
    }

    /// The length to which the sequences of the batch of `step` are to be padded or, where longer, cut.
    pub fn padded_length(&self, step: u64) -> u64 {
        self.choose(step).padded_length
    }

    /// How many sequences are available at `step`.
    pub fn n_available(&self, step: u64) -> usize {
        match self.long {
            LongSequences::Wait => self.buckets[self.n_short(self.limit(step)) - 1].end,
            LongSequences::Truncate => self.order.len(),
        }
    }

    /// The settings that decide every batch. O(n) at first.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let settings = self.settings(u64::MAX).with("order", self.order.hash());
        self.schedules.iter().fold(settings, |settings, (from, schedule)| {
            let since = if *from == 0 { String::new() } else { format!(" from step {from}") };
            settings.with(&format!("schedule{since}"), schedule)
        })
    }

    /// d(t).
    fn limit(&self, step: u64) -> u64 {
        let next = self.schedules.partition_point(|(from, _)| *from <= step);
        self.schedules[next - 1].1.difficulty(step)
    }

    /// The buckets within the limit, at least one where the budget holds it.
    fn n_short(&self, limit: u64) -> usize {
        let holds_shortest = self.buckets.first().is_some_and(|first| first.padded_length <= self.token_budget);
        self.buckets.partition_point(|bucket| bucket.padded_length <= limit).max(usize::from(holds_shortest))
    }

    fn choose(&self, step: u64) -> Choice {
        let limit = self.limit(step);
        let n_short = self.n_short(limit);
        let short = n_short.checked_sub(1).map_or(1, |last| self.buckets[last].padded_length);
        // Where long sequences are cut, they make up a bucket with those that are just so long.
        let (n_whole, cut) = match self.long {
            LongSequences::Truncate if n_short < self.buckets.len() => {
                let just_so = n_short > 0 && short >= limit;
                (n_short - usize::from(just_so), Some(limit.max(short)))
            }
            _ => (n_short, None),
        };
        let (whole_end, whole_batches) = match n_whole.checked_sub(1) {
            Some(last) => (self.buckets[last].end, self.buckets[last].n_batches),
            None => (0, 0.0),
        };
        let cut = cut.map(|padded_length| {
            let examples = whole_end..self.order.len();
            let (batch_size, n_batches) = batches(examples.len(), padded_length, self.token_budget);
            (Choice { padded_length, examples, batch_size }, n_batches)
        });
        let total = whole_batches + cut.as_ref().map_or(0.0, |(_, n_batches)| *n_batches);
        let at = random::uniform(&mut random::stream(self.seed, "length bucket", step)) * total;
        match cut {
            Some((cut, _)) if at >= whole_batches => cut,
            _ => {
                let bucket = self.buckets[..n_whole].partition_point(|bucket| bucket.n_batches <= at);
                // Rounding may take the draw to the very end.
                let bucket = bucket.min(n_whole - 1);
                let start = bucket.checked_sub(1).map_or(0, |before| self.buckets[before].end);
                let Bucket { padded_length, end, .. } = self.buckets[bucket];
                let (batch_size, _) = batches(end - start, padded_length, self.token_budget);
                Choice { padded_length, examples: start..end, batch_size }
            }
        }
    }
}

/// That a batch of one sequence fits, whatever the step.
fn check_budget(
    token_budget: u64,
    longest: u64,
    long: LongSequences,
    schedule: &DifficultySchedule,
) -> Result<(), PacingError> {
    let truncated = schedule.highest().max(1);
    if token_budget >= longest || (long == LongSequences::Truncate && token_budget >= truncated) {
        return Ok(());
    }
    let value = format!("{token_budget}, and the longest sequence has {longest}");
    Err(match long {
        LongSequences::Wait => PacingError::argument("token_budget", value, "at least the longest sequence"),
        LongSequences::Truncate => {
            let value = format!("{value}, truncated to {truncated}");
            PacingError::argument("token_budget", value, "at least what the schedule truncates sequences to")
        }
    })
}

/// The batch size of a bucket, and how many such batches it makes.
fn batches(n_examples: usize, padded_length: u64, token_budget: u64) -> (usize, f64) {
    // What is longer than the budget is truncated to fit it.
    let fit = usize::try_from(token_budget / padded_length).unwrap_or(usize::MAX).max(1);
    let batch_size = fit.min(n_examples);
    (batch_size, n_examples as f64 / batch_size as f64)
}

impl Timetable for LengthSampler {
    fn settings(&self, _: u64) -> SamplerFingerprint {
        let buckets = self.buckets.iter().flat_map(|bucket| [bucket.padded_length, bucket.end as u64]);
        SamplerFingerprint::new("length")
            .with_hash("lengths", buckets)
            .with("multiple of", self.multiple_of)
            .with("long sequences", self.long)
            .with("token budget", self.token_budget)
            .with("seed", self.seed)
            .with_data(self.data)
    }

    fn schedule(&self) -> String {
        let one = |(from, schedule): &(u64, DifficultySchedule)| format!("{schedule} from step {from}");
        self.schedules.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    fn order(&self) -> &[u32] {
        &self.order
    }

    fn available_until(&self, step: u64) -> (Range<u64>, u64) {
        // Truncated, the limit makes a difference of its own.
        let limit = if self.long == LongSequences::Truncate { self.limit(step) } else { 0 };
        let next = self.schedules.partition_point(|(from, _)| *from <= step);
        let end = self.schedules.get(next).map_or(u64::MAX, |(from, _)| *from);
        let until = if self.schedules[next - 1].1.has_ended(step) { end } else { step.saturating_add(1) };
        (limit..self.n_available(step) as u64, until)
    }
}

impl Sampler for LengthSampler {
    fn n_examples(&self) -> usize {
        self.order.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        self.past.take(step);
        let Choice { examples, batch_size, .. } = self.choose(step);
        let mut rng = random::stream(self.seed, "length batch", step);
        batch.clear();
        self.draw.without_replacement(&mut rng, &mut self.order[examples], batch_size, batch);
        Ok(())
    }

    /// As many steps as batches of all sequences: there are no epochs otherwise.
    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = self.buckets.last().map_or(1, |last| last.n_batches.ceil() as u64);
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        self.past.save(n_steps, self)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let n_steps = self.past.check(state, self)?;
        Ok(self.past.restore(n_steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batch(sampler: &mut LengthSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    prop_compose! {
        fn any_sampler()(
            lengths in prop::collection::vec(1u64..60, 1..50), multiple_of in 1u64..20, min in 1u64..40, more in 0u64..40,
            total in 1u64..80, step in 1u64..12, truncate: bool, extra in 0u64..300, seed: u64,
        ) -> (LengthSampler, Vec<u64>) {
            let schedule = DifficultySchedule::fixed_linear(min, min + more, total, step).unwrap();
            let long = if truncate { LongSequences::Truncate } else { LongSequences::Wait };
            let longest = *lengths.iter().max().unwrap();
            // Truncated, it is the schedule that must fit.
            let least = if truncate { longest.min(min + more) } else { longest };
            let budget = least + extra;
            (LengthSampler::new(&lengths, multiple_of, schedule, long, budget, seed).unwrap(), lengths)
        }
    }

    proptest! {
        #[test]
        fn batches_keep_to_budget_and_limit((mut sampler, lengths) in any_sampler(), step in 0u64..120) {
            let mut examples = batch(&mut sampler, step);
            let (padded, limit) = (sampler.padded_length(step), sampler.limit(step));
            let shortest = sampler.buckets[0].padded_length;
            prop_assert!(!examples.is_empty());
            prop_assert!(examples.len() as u64 * padded <= sampler.token_budget);
            prop_assert!(padded <= limit.max(shortest.min(sampler.token_budget)));
            let truncates = sampler.long == LongSequences::Truncate;
            for &example in &examples {
                // No more padding than to the next multiple, and nothing cut but where that is asked for.
                let length = lengths[example];
                prop_assert!(length > padded.saturating_sub(sampler.multiple_of));
                prop_assert!(length <= padded || truncates);
            }
            let n = examples.len();
            examples.sort_unstable();
            examples.dedup();
            prop_assert_eq!(examples.len(), n);
            prop_assert_eq!(&batch(&mut sampler.clone(), step), &batch(&mut sampler, step));
        }
    }

    /// Each available sequence is shown equally often, whatever its length.
    #[test]
    fn lengths_do_not_decide_how_often() {
        let lengths: Vec<u64> = (0..40).map(|i| if i < 30 { 4 } else { 16 }).collect();
        for long in [LongSequences::Wait, LongSequences::Truncate] {
            let schedule = DifficultySchedule::fixed_linear(8, 8, 1, 1).unwrap();
            let mut sampler = LengthSampler::new(&lengths, 4, schedule, long, 16, 5).unwrap();
            let (n_steps, mut counts) = (20_000, vec![0.0; 40]);
            for step in 0..n_steps {
                batch(&mut sampler, step).into_iter().for_each(|example| counts[example] += 1.0);
            }
            let available = sampler.n_available(0);
            assert_eq!(available, if long == LongSequences::Wait { 30 } else { 40 });
            let mean = counts.iter().sum::<f64>() / available as f64;
            // Counts of over 1000 with deviations of about 40.
            assert!(counts[..available].iter().all(|count| (count / mean - 1.0).abs() < 0.2), "{long} {counts:?}");
            assert!(counts[available..].iter().all(|&count| count == 0.0));
        }
    }

    /// One long document among short ones is no reason to refuse all of them.
    #[test]
    fn a_document_longer_than_the_budget_is_truncated() {
        let schedule = |max| DifficultySchedule::fixed_linear(8, max, 10, 8).unwrap();
        for lengths in [&[5, 8, 100_000][..], &[100_000], &[3, 9, 14, 100_000]] {
            let new = |max, long| LengthSampler::new(lengths, 8, schedule(max), long, 32, 1);
            let mut sampler = new(16, LongSequences::Truncate).unwrap();
            let mut shown = std::collections::BTreeSet::new();
            for step in 0..200 {
                let examples = batch(&mut sampler, step);
                assert!(examples.len() as u64 * sampler.padded_length(step) <= 32);
                assert!(sampler.padded_length(step) <= sampler.limit(step));
                shown.extend(examples);
            }
            assert_eq!(shown.len(), lengths.len());
            let error = new(40, LongSequences::Truncate).unwrap_err().to_string();
            assert!(error.contains("longest sequence has 100000, truncated to 40"), "{error}");
            assert!(new(16, LongSequences::Wait).unwrap_err().to_string().contains("longest sequence has 100000"));
            let error = sampler.replace_schedule(500, schedule(40)).unwrap_err().to_string();
            assert!(error.contains("truncated to 40"), "{error}");
        }
    }

    #[test]
    fn the_future_may_be_edited_and_the_past_may_not() {
        let (lengths, early) = ([3, 9, 14, 2], DifficultySchedule::fixed_linear(4, 16, 10, 4).unwrap());
        let late = DifficultySchedule::fixed_linear(16, 16, 1, 1).unwrap();
        let new = |schedule: &DifficultySchedule| {
            LengthSampler::new(&lengths, 4, schedule.clone(), LongSequences::Wait, 16, 1).unwrap()
        };
        let mut own = new(&early);
        (0..4).for_each(|step| drop(batch(&mut own, step)));
        let mut edited = new(&early);
        edited.replace_schedule(4, late.clone()).unwrap();
        edited.restore(&own.save(4).unwrap()).unwrap();
        assert!(edited.replace_schedule(3, late.clone()).is_err());
        assert!(own.fingerprint().check(&edited.fingerprint()).unwrap_err().to_string().contains("from step 4"));
        let error = new(&late).restore(&own.save(4).unwrap()).unwrap_err().to_string();
        assert!(error.contains("the schedule of the first 4 steps"), "{error}");
    }

    #[test]
    fn what_is_no_sampler_is_refused() {
        let new = |lengths: &[u64], multiple_of, budget| {
            let schedule = DifficultySchedule::fixed_linear(1, 2, 1, 1).unwrap();
            let sampler = LengthSampler::new(lengths, multiple_of, schedule, LongSequences::Wait, budget, 0);
            sampler.map(|_| ()).unwrap_err().to_string()
        };
        for (error, what) in [
            (new(&[], 1, 1), "n_examples"),
            (new(&[1, 0], 1, 1), "lengths is 0 of example 1"),
            (new(&[1], 0, 1), "multiple_of"),
            (new(&[5, 7], 1, 6), "token_budget is 6, and the longest sequence has 7"),
        ] {
            assert!(error.contains(what), "{error}");
        }
    }
}
