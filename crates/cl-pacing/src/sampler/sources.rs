use cl_data::{Batch, Epoch, Fingerprint, FingerprintBuilder, Sampler, SamplerError, SamplerFingerprint, random};
use serde::{Deserialize, Serialize};

use super::{check_sizes, proportions::Proportions, stepwise::Stepwise};
use crate::error::PacingError;

/// A mixture of K sources whose proportions change over steps, each shown without replacement in epochs of its own.
///
/// ```text
/// c_k(t)   of the B examples of step t, those of source k: floor or ceil of B p_k(t), in expectation B p_k(t)
///          (systematic sampling: one uniform u_t, and a point u_t + i for each i = 0..B-1 on the line of the B p_k)
/// shown    the next c_k(t) of source k, whose epochs are shuffled by (seed, k, its epoch)
/// a batch  shuffled by (seed, t), so that every rank's share of it has every source
/// ```
///
/// A source of share 0 is not shown. A batch may end one epoch of a source and begin the next. The examples are those
/// of the sources one after the other: those of source k begin where the ones before it end. After t steps the count
/// of source k differs from the sum of B p_k by less than any sum of t independent draws would, as each step's is
/// within 1 of its expectation.
///
/// Batches depend on (seed, step) and on what was consumed before, which is counted by walking: O(K) a step, from the
/// nearest of the positions that are kept for every 1024th. A batch takes O(B + K), and the first of an epoch of source
/// k O(n_k); 4 bytes an example. The state has the position in each source, so that a run may go on with another batch
/// size, with other proportions from there on, and with sources that have grown, each from its next epoch on.
///
/// Source: the proportions as in Xie et al. (2023), DoReMi, and Albalak et al. (2023), ODM; systematic sampling by
/// Madow (1949).
///
/// ```
/// use cl_pacing::{Batch, Proportions, Sampler, SourcesSampler};
///
/// let proportions = Proportions::lines(vec![(0, vec![0.75, 0.25]), (100, vec![0.25, 0.75])])?;
/// let mut sampler = SourcesSampler::new(&[1000, 50], proportions, 8, 1)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// assert_eq!(batch.indices.iter().filter(|&&example| sampler.source(example) == Some(0)).count(), 6);
/// sampler.batch(100, &mut batch)?;
/// assert_eq!(batch.indices.iter().filter(|&&example| example >= 1000).count(), 6);
/// // The small source has been shown half of 101 batches, eight times over.
/// let (epoch, place) = sampler.position(101, 1);
/// assert!((390..420).contains(&(50 * epoch as usize + place)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SourcesSampler {
    sizes: Vec<usize>,
    /// In the order of their first steps, the first of which is 0.
    proportions: Vec<(u64, Proportions)>,
    batch_size: Stepwise,
    seed: u64,
    data: Option<Fingerprint>,
    n_consumed: u64,
    /// Where the sampler was made, or restored, and what it has not walked itself.
    origin: Origin,
    /// The positions before the steps that are multiples of [`EVERY`] from the origin's, and before one step besides.
    kept: Vec<Vec<Position>>,
    latest: (u64, Vec<Position>),
    /// The epoch of each source that was shown last.
    shuffled: Vec<Option<(Position, Vec<u32>)>>,
}

/// The steps between positions that are kept.
const EVERY: u64 = 1024;

/// Where a walk begins.
#[derive(Debug, Clone)]
struct Origin {
    step: u64,
    positions: Vec<Position>,
}

/// How far a source has been shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    epoch: u64,
    /// The examples that the epoch has shown.
    shown: usize,
    /// The examples of the epoch: a source that has grown shows the new ones from the next on.
    size: usize,
}

impl Position {
    /// The next `n`, as parts of epochs that are handed to `take`.
    fn advance(&mut self, mut n: usize, size: usize, mut take: impl FnMut(Position, usize)) {
        while n > 0 {
            if self.shown == 0 {
                self.size = size;
            }
            let of_epoch = n.min(self.size - self.shown);
            take(*self, of_epoch);
            self.shown += of_epoch;
            n -= of_epoch;
            if self.shown == self.size {
                *self = Self { epoch: self.epoch + 1, shown: 0, size };
            }
        }
    }

    fn is_sound(&self) -> bool {
        self.shown < self.size || (self.shown, self.size) == (0, 0)
    }
}

#[derive(Serialize, Deserialize)]
struct Saved {
    positions: Vec<Position>,
    /// What the proportions were: a hash.
    proportions: Fingerprint,
    schedule: String,
}

impl SourcesSampler {
    /// Batches of `batch_size` from sources of these sizes, in these proportions.
    ///
    /// # Errors
    /// Unless there is a share for each source, every source has an example, `batch_size` is at least 1, and all
    /// examples together are as many as an order can hold.
    pub fn new(
        sizes: &[usize],
        proportions: Proportions,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, PacingError> {
        PacingError::check_length("the list of proportions", proportions.n_sources(), sizes.len())?;
        if let Some(source) = sizes.iter().position(|&size| size == 0) {
            let value = format!("0 of source {source}");
            return Err(PacingError::argument("sizes", value, "at least one example of each source"));
        }
        check_sizes(sizes.iter().fold(0, |sum: usize, &size| sum.saturating_add(size)), batch_size)?;
        let positions = vec![Position::default(); sizes.len()];
        Ok(Self {
            sizes: sizes.to_vec(),
            proportions: vec![(0, proportions)],
            batch_size: Stepwise::constant(batch_size),
            seed,
            data: None,
            n_consumed: 0,
            origin: Origin { step: 0, positions: positions.clone() },
            kept: vec![positions.clone()],
            latest: (0, positions),
            shuffled: vec![None; sizes.len()],
        })
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// Edits the future: other proportions from `from_step` on, whose steps count from 0 as well.
    ///
    /// # Errors
    /// Where `from_step` comes before the latest batch, whose past cannot change, and unless there is a share for each
    /// source.
    pub fn replace_proportions(&mut self, from_step: u64, proportions: Proportions) -> Result<(), PacingError> {
        PacingError::check_length("the list of proportions", proportions.n_sources(), self.sizes.len())?;
        self.change_from(from_step)?;
        self.proportions.retain(|(from, _)| *from < from_step);
        self.proportions.push((from_step, proportions));
        Ok(())
    }

    /// Edits the future: batches of `batch_size` from `from_step` on.
    ///
    /// # Errors
    /// Where `from_step` comes before the latest batch, whose past cannot change, and unless `batch_size` is at least 1.
    pub fn replace_batch_size(&mut self, from_step: u64, batch_size: usize) -> Result<(), PacingError> {
        PacingError::check("batch_size", batch_size, batch_size > 0, "at least 1")?;
        self.change_from(from_step)?;
        self.batch_size.replace(from_step, batch_size);
        Ok(())
    }

    /// The share of each source at `step`.
    pub fn shares(&self, step: u64) -> Vec<f64> {
        self.piece(step).at(step)
    }

    /// The source of an example.
    pub fn source(&self, example: usize) -> Option<usize> {
        let mut end = 0;
        self.sizes.iter().position(|&size| {
            end += size;
            example < end
        })
    }

    /// How far a source has been shown before `step`: its epoch, and the examples of that which were shown.
    pub fn position(&self, step: u64, source: usize) -> (u64, usize) {
        let position = self.positions(step).get(source).copied().unwrap_or_default();
        (position.epoch, position.shown)
    }

    /// The settings that decide every batch. O(knots).
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let settings =
            self.settings().with("sizes", format!("{:?}", self.sizes)).with("batch size", &self.batch_size);
        self.proportions.iter().fold(settings, |settings, (from, proportions)| {
            let since = if *from == 0 { String::new() } else { format!(" from step {from}") };
            settings.with(&format!("proportions{since}"), proportions)
        })
    }

    /// Those that a state must agree with: the rest of its past it carries.
    fn settings(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("sources")
            .with("number of sources", self.sizes.len())
            .with("seed", self.seed)
            .with_data(self.data)
    }

    fn change_from(&mut self, from_step: u64) -> Result<(), PacingError> {
        if from_step < self.n_consumed {
            return Err(PacingError::PastStep { from_step, n_consumed: self.n_consumed });
        }
        // It may have walked further than was taken.
        let kept = (from_step.saturating_sub(self.origin.step) / EVERY).saturating_add(1);
        self.kept.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        if self.latest.0 > from_step {
            self.latest = (self.origin.step, self.origin.positions.clone());
        }
        Ok(())
    }

    /// The proportions that hold at `step`.
    fn piece(&self, step: u64) -> &Proportions {
        let next = self.proportions.partition_point(|(from, _)| *from <= step);
        &self.proportions[next - 1].1
    }

    /// How many examples of each source the batch of `step` has.
    fn counts(&self, step: u64, shares: &mut Vec<f64>, counts: &mut Vec<usize>) {
        self.piece(step).write(step, shares);
        let batch_size = self.batch_size.at(step);
        let sum: f64 = shares.iter().sum();
        let u = random::uniform(&mut random::stream(self.seed, "sources", step));
        // The points u, u + 1, ... below a place of the line, whose end has all of them.
        let below = |place: f64| ((place - u).ceil().max(0.0) as usize).min(batch_size);
        let last = shares.iter().rposition(|&share| share > 0.0).unwrap_or(0);
        let (mut line, mut before) = (0.0, 0);
        counts.clear();
        for (source, share) in shares.iter().enumerate() {
            line += share / sum;
            let until = if source < last { below(line * batch_size as f64) } else { batch_size };
            counts.push(until - before);
            before = until;
        }
    }

    /// The positions before `step`, from the nearest that are known.
    fn positions(&self, step: u64) -> Vec<Position> {
        let (mut at, mut positions) = self.nearest(step);
        self.walk(&mut at, &mut positions, step, |_, _| ());
        positions
    }

    fn nearest(&self, step: u64) -> (u64, Vec<Position>) {
        let kept = step.saturating_sub(self.origin.step) / EVERY;
        let kept = usize::try_from(kept).unwrap_or(usize::MAX).min(self.kept.len() - 1);
        let at = self.origin.step + kept as u64 * EVERY;
        if (at..=step).contains(&self.latest.0) { self.latest.clone() } else { (at, self.kept[kept].clone()) }
    }

    /// Walks to `step`, and hands on the positions before each on the way.
    fn walk(&self, at: &mut u64, positions: &mut [Position], step: u64, mut pass: impl FnMut(u64, &[Position])) {
        let (mut shares, mut counts) = (Vec::new(), Vec::new());
        while *at < step {
            pass(*at, positions);
            self.counts(*at, &mut shares, &mut counts);
            for ((position, &count), &size) in positions.iter_mut().zip(&counts).zip(&self.sizes) {
                position.advance(count, size, |_, _| ());
            }
            *at += 1;
        }
    }

    /// Stands before `step`, and keeps positions on the way.
    fn stand_at(&mut self, step: u64) {
        let (mut at, mut positions) = self.nearest(step);
        let (first, mut n_kept) = (self.origin.step, self.kept.len() as u64);
        let mut kept = Vec::new();
        self.walk(&mut at, &mut positions, step, |at, positions| {
            if at - first == n_kept * EVERY {
                kept.push(positions.to_vec());
                n_kept += 1;
            }
        });
        if step - first == n_kept * EVERY {
            kept.push(positions.clone());
        }
        self.kept.extend(kept);
        self.latest = (step, positions);
    }

    /// What the proportions were in the first `n_steps` steps, as a hash.
    fn past(&self, n_steps: u64) -> Fingerprint {
        let mut hash = FingerprintBuilder::default();
        let begun = self.proportions.iter().filter(|(from, _)| *from < n_steps);
        for (at, (from, proportions)) in begun.enumerate() {
            let end = self.proportions.get(at + 1).map_or(n_steps, |(next, _)| n_steps.min(*next));
            proportions.add_to(&mut hash, *from, end);
        }
        hash.fingerprint()
    }

    fn schedule(&self) -> String {
        let one = |(from, proportions): &(u64, Proportions)| format!("{proportions} from step {from}");
        self.proportions.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

impl Sampler for SourcesSampler {
    fn n_examples(&self) -> usize {
        self.sizes.iter().sum()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        if step < self.origin.step {
            return Err(SamplerError::out_of_turn(step, self.origin.step..u64::MAX));
        }
        self.stand_at(step);
        let (mut shares, mut counts) = (Vec::new(), Vec::new());
        self.counts(step, &mut shares, &mut counts);
        let mut first = 0;
        for (source, &count) in counts.iter().enumerate() {
            let (size, seed, shuffled) = (self.sizes[source], self.seed, &mut self.shuffled[source]);
            self.latest.1[source].advance(count, size, |position, n| {
                let (epoch, mut order) = shuffled.take().unwrap_or_default();
                if (epoch.epoch, epoch.size) != (position.epoch, position.size) || order.is_empty() {
                    order.clear();
                    order.extend(0..position.size as u32);
                    let purpose = format!("epoch of source {source}");
                    random::shuffle(&mut random::stream(seed, &purpose, position.epoch), &mut order);
                }
                let examples = &order[position.shown..position.shown + n];
                batch.indices.extend(examples.iter().map(|&example| first + example as usize));
                *shuffled = Some((position, order));
            });
            first += size;
        }
        self.latest.0 = step + 1;
        random::shuffle(&mut random::stream(self.seed, "sources batch", step), &mut batch.indices);
        self.n_consumed = step.saturating_add(1);
        Ok(())
    }

    /// Passes of as many examples as all sources have: there are no epochs otherwise.
    fn epoch(&self, step: u64) -> Epoch {
        self.batch_size.passes(self.n_examples(), step)
    }

    /// O(K) after the latest batch, up to 1024 K otherwise.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        if n_steps < self.origin.step {
            return Err(SamplerError::out_of_turn(n_steps, self.origin.step..u64::MAX));
        }
        let (positions, proportions) = (self.positions(n_steps), self.past(n_steps));
        let settings = self.settings().with("batch size", self.batch_size.past(n_steps));
        settings.save(n_steps, &Saved { positions, proportions, schedule: self.schedule() })
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (saved_settings, _) = SamplerFingerprint::of_state(state)?;
        let text = saved_settings.get("batch size").unwrap_or_default();
        let settings = self.settings().with("batch size", text);
        let (n_steps, saved): (u64, Saved) = settings.restore(state)?;
        let batch_size = Stepwise::parse(text);
        let is_sound = saved.positions.len() == self.sizes.len() && saved.positions.iter().all(Position::is_sound);
        // A source may have grown, and then shows fewer than it has.
        let fits = saved.positions.iter().zip(&self.sizes).all(|(position, &size)| position.size <= size);
        let Some(past) = batch_size.filter(|_| is_sound) else {
            return Err(SamplerError::Unusable(format!("expected that of {} sources", self.sizes.len())));
        };
        if !fits {
            let sizes: Vec<usize> = saved.positions.iter().map(|position| position.size).collect();
            let (setting, saved) = ("sizes".to_owned(), format!("{sizes:?}"));
            return Err(SamplerError::OtherSettings { setting, saved, found: format!("{:?}", self.sizes) });
        }
        if saved.proportions != self.past(n_steps) {
            let (what, saved, found) = ("mixture", saved.schedule, self.schedule());
            return Err(SamplerError::OtherPast { what, n_steps, saved, found });
        }
        self.batch_size = past.then(n_steps, &self.batch_size);
        self.kept = vec![saved.positions.clone()];
        self.latest = (n_steps, saved.positions.clone());
        self.origin = Origin { step: n_steps, positions: saved.positions };
        self.n_consumed = n_steps;
        Ok(n_steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sharding::{Remainder, Sharding};
    use proptest::prelude::*;

    fn batch(sampler: &mut SourcesSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    prop_compose! {
        fn any_sampler()(
            sizes in prop::collection::vec(1usize..40, 1..5),
            weights in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0.0), 0.01..5.0], 4), 1..4),
            lines: bool, gap in 1u64..40, batch_size in 1usize..20, seed: u64,
        ) -> SourcesSampler {
            let shares = |weights: &Vec<f64>| {
                let weights = &weights[..sizes.len()];
                let one = vec![1.0; sizes.len()];
                Proportions::weights(weights).or_else(|_| Proportions::weights(&one)).unwrap().at(0)
            };
            let knots = weights.iter().enumerate().map(|(at, weights)| (at as u64 * gap, shares(weights))).collect();
            let proportions = if lines { Proportions::lines(knots) } else { Proportions::stages(knots) };
            SourcesSampler::new(&sizes, proportions.unwrap(), batch_size, seed).unwrap()
        }
    }

    proptest! {
        /// Each batch has of each source the floor or the ceiling of its share, and each source shows its examples in
        /// whole epochs.
        #[test]
        fn shares_are_kept_and_epochs_are_whole(mut sampler in any_sampler()) {
            let sizes = sampler.sizes.clone();
            let mut shown: Vec<Vec<usize>> = vec![Vec::new(); sizes.len()];
            for step in 0..120 {
                let examples = batch(&mut sampler, step);
                let (shares, batch_size) = (sampler.shares(step), sampler.batch_size.at(step));
                prop_assert_eq!(examples.len(), batch_size);
                let mut counts = vec![0.0; sizes.len()];
                let mut of_step: Vec<Vec<usize>> = vec![Vec::new(); sizes.len()];
                for example in examples {
                    let source = sampler.source(example).unwrap();
                    counts[source] += 1.0;
                    of_step[source].push(example - sizes[..source].iter().sum::<usize>());
                }
                for ((source, count), share) in counts.into_iter().enumerate().zip(shares) {
                    prop_assert!((count - share * batch_size as f64).abs() < 1.0 + 1e-9);
                    prop_assert!(share > 0.0 || count == 0.0);
                    // Batches are shuffled: within an epoch the order is free.
                    shown[source].append(&mut of_step[source]);
                    let (epoch, within) = sampler.position(step + 1, source);
                    prop_assert_eq!(epoch as usize * sizes[source] + within, shown[source].len());
                }
            }
            for (shown, size) in shown.iter().zip(&sizes) {
                // Batches that lie within one epoch show nothing twice; over all, counts differ by what is under way.
                let mut counts = vec![0usize; *size];
                shown.iter().for_each(|&example| counts[example] += 1);
                let whole = shown.len() / size;
                prop_assert!(counts.iter().all(|&count| count == whole || count == whole + 1), "{:?}", counts);
            }
        }

        #[test]
        fn seeking_is_walking(fresh in any_sampler(), jumps in prop::collection::vec(0u64..150, 1..20)) {
            let mut walker = fresh.clone();
            let walked: Vec<_> = (0..150).map(|step| batch(&mut walker, step)).collect();
            let mut jumper = fresh.clone();
            for step in jumps {
                prop_assert_eq!(&batch(&mut jumper, step), &walked[step as usize]);
                prop_assert_eq!(jumper.save(step).unwrap(), fresh.save(step).unwrap());
            }
        }

        /// With another batch size, other proportions and grown sources from there on, it goes on from what was consumed.
        #[test]
        fn a_run_goes_on_from_what_was_consumed(
            fresh in any_sampler(), at in 0u64..60, batch_size in 1usize..20, grown in 0usize..30,
        ) {
            let mut own = fresh.clone();
            (0..at).for_each(|step| drop(batch(&mut own, step)));
            let state = own.save(at).unwrap();
            let mut same = fresh.clone();
            prop_assert_eq!(same.restore(&state).unwrap(), at);
            let sizes: Vec<usize> = fresh.sizes.iter().map(|size| size + grown).collect();
            let mut other = SourcesSampler::new(&sizes, fresh.proportions[0].1.clone(), batch_size, fresh.seed).unwrap();
            prop_assert_eq!(other.restore(&state).unwrap(), at);
            let equal = Proportions::weights(&vec![1.0; sizes.len()]).unwrap();
            other.replace_proportions(at + 3, equal.clone()).unwrap();
            let mut again = other.clone();
            for source in 0..sizes.len() {
                prop_assert_eq!(other.position(at, source), own.position(at, source));
            }
            for step in at..at + 30 {
                prop_assert_eq!(batch(&mut same, step), batch(&mut own, step));
                let shown = batch(&mut other, step);
                prop_assert_eq!(shown.len(), batch_size);
                // Saved at any step and restored, into one that was edited alike.
                let mut resumed = SourcesSampler::new(&sizes, fresh.proportions[0].1.clone(), batch_size, fresh.seed).unwrap();
                resumed.replace_proportions(at + 3, equal.clone()).unwrap();
                resumed.restore(&other.save(step).unwrap()).unwrap();
                prop_assert_eq!(&batch(&mut resumed, step), &shown);
                prop_assert_eq!(&batch(&mut again, step), &shown);
            }
        }
    }

    /// 10^6 steps of five sources: counts within five standard errors of independent draws, resumed at fifty steps,
    /// on two ranks and then three.
    #[test]
    fn a_million_steps_of_five_sources() {
        const N_STEPS: u64 = 1_000_000;
        let sizes = [300, 5_000, 40, 900, 2_000];
        let proportions = || {
            let knots = vec![
                (0, vec![0.5, 0.2, 0.2, 0.1, 0.0]),
                (N_STEPS / 2, vec![0.2, 0.3, 0.1, 0.1, 0.3]),
                (N_STEPS, vec![0.0, 0.1, 0.05, 0.35, 0.5]),
            ];
            Proportions::lines(knots).unwrap()
        };
        let new = || SourcesSampler::new(&sizes, proportions(), 6, 11).unwrap();
        let mut whole = new();
        let mut rng = random::stream(5, "steps", 0);
        let mut resumed_at: Vec<u64> = (0..50).map(|_| random::below(&mut rng, N_STEPS as usize) as u64).collect();
        resumed_at.sort_unstable();
        let (mut counts, mut expected, mut variance) = ([0.0f64; 5], [0.0f64; 5], [0.0f64; 5]);
        let (mut shown, mut batch, mut part) =
            (vec![0u32; whole.n_examples()], Batch::default(), Batch::default());
        let (mut resume, mut size) = (resumed_at.iter().peekable(), 0);
        for step in 0..N_STEPS {
            if resume.next_if(|at| **at == step).is_some() {
                while resume.next_if(|at| **at == step).is_some() {}
                let state = whole.save(step).unwrap();
                size = size.max(state.len());
                let world_size = if step < N_STEPS / 2 { 2 } else { 3 };
                let mut ranks: Vec<SourcesSampler> = (0..world_size).map(|_| new()).collect();
                for rank in &mut ranks {
                    assert_eq!(rank.restore(&state).unwrap(), step);
                }
                let mut ahead = whole.clone();
                for step in step..step + 3 {
                    ahead.batch(step, &mut batch).unwrap();
                    let mut union = Vec::new();
                    for (rank, sampler) in ranks.iter_mut().enumerate() {
                        sampler
                            .batch_of_rank_with(step, rank, world_size, Remainder::DropLast, &mut part)
                            .unwrap();
                        union.extend_from_slice(&part.indices);
                    }
                    assert_eq!(union, batch.indices);
                }
            }
            whole.batch(step, &mut batch).unwrap();
            for &example in &batch.indices {
                counts[whole.source(example).unwrap()] += 1.0;
                shown[example] += 1;
            }
            for (source, share) in whole.shares(step).into_iter().enumerate() {
                expected[source] += 6.0 * share;
                variance[source] += 6.0 * share * (1.0 - share);
            }
        }
        for source in 0..5 {
            let error = (counts[source] - expected[source]).abs();
            assert!(error < 3.0 * variance[source].sqrt(), "{source}: {error} of {}", variance[source].sqrt());
            let first: usize = sizes[..source].iter().sum();
            let of_source = &shown[first..first + sizes[source]];
            assert!(of_source.iter().max().unwrap() - of_source.iter().min().unwrap() <= 1);
        }
        assert!(size < 1500, "a state of {size} bytes");
    }

    #[test]
    fn what_is_no_mixture_is_refused() {
        let half = || Proportions::constant(vec![0.5, 0.5]).unwrap();
        let new = |sizes: &[usize], batch_size| SourcesSampler::new(sizes, half(), batch_size, 1);
        let error = |sizes: &[usize], batch_size| new(sizes, batch_size).map(|_| ()).unwrap_err().to_string();
        assert!(error(&[3], 1).contains("list of proportions has 2 entries, expected 1"));
        assert!(error(&[3, 0], 1).contains("sizes is 0 of source 1"));
        assert!(error(&[3, 4], 0).contains("batch_size is 0"));
        let mut own = new(&[3, 9], 2).unwrap();
        (0..10).for_each(|step| drop(batch(&mut own, step)));
        assert!(own.replace_proportions(9, half()).is_err() && own.replace_batch_size(9, 1).is_err());
        assert!(own.replace_batch_size(10, 0).is_err());
        let state = own.save(10).unwrap();
        let with = |sizes: &[usize], shares: Vec<f64>, seed| {
            let proportions = Proportions::constant(shares).unwrap();
            SourcesSampler::new(sizes, proportions, 2, seed).unwrap().restore(&state).unwrap_err().to_string()
        };
        assert!(with(&[3, 9], vec![0.5, 0.5], 2).contains("seed 1, not with 2"));
        assert!(with(&[3, 8], vec![0.5, 0.5], 1).contains("made with sizes [3, 9], not with [3, 8]"));
        assert!(with(&[3, 9], vec![0.4, 0.6], 1).contains("the mixture of the first 10 steps"));
        assert!(with(&[3, 9, 1], vec![0.5, 0.5, 0.0], 1).contains("number of sources 2, not with 3"));
        let mut resumed = new(&[3, 9], 2).unwrap();
        resumed.restore(&state).unwrap();
        assert!(matches!(resumed.batch(9, &mut Batch::default()), Err(SamplerError::OutOfTurn { .. })));
        assert!(resumed.save(9).is_err());
    }
}
