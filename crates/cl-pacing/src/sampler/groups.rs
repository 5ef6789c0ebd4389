use std::collections::BTreeMap;

use cl_data::{SamplerFingerprint, catalogue::Parameter, random};

use super::{
    check_batch_size, check_sizes,
    entry::{SamplerEntry, SamplerInput},
    members::Members,
    planned::{Plan, Planned, PlannedSampler},
};
use crate::error::PacingError;

/// Epochs over all examples in which each group lies whole in one batch: the answers to one prompt, the frames of one
/// video, or k of one class (P classes of K examples, as metric learning has its batches).
///
/// ```text
/// groups    the examples of one key or, of k, those of each key shuffled anew every epoch and cut into k, the last
///           of a key with what is left
/// batches   packed with group sizes, the largest first, each into the fullest batch that it fits (best fit
///           decreasing); in every epoch other groups of these sizes, in batches in another order
/// ```
///
/// Every example is shown exactly once an epoch, the examples of a group side by side. Sizes are packed once, so that
/// every epoch has as many batches. A batch has at most `batch size` examples, and fewer where no group fits into what
/// is left. As a [`PlannedSampler`]; O(groups log(batch size)) at first, 16 bytes an example.
///
/// Source: batches of P times K by Hermans, Beyer and Leibe (2017), In Defense of the Triplet Loss; best fit decreasing
/// by Johnson (1973), at most 11/9 of the batches that are needed, and 4.
///
/// ```
/// use cl_pacing::{Batch, GroupSampler, Sampler};
///
/// let prompt = [0, 0, 1, 1, 2, 2];
/// let mut sampler = GroupSampler::new(&prompt, None, 4, 1)?;
/// let mut batch = Batch::default();
/// let mut sizes = Vec::new();
/// for step in 0..sampler.epoch(0).n_steps {
///     sampler.batch(step, &mut batch)?;
///     assert!(batch.indices.chunks(2).all(|pair| prompt[pair[0]] == prompt[pair[1]]));
///     sizes.push(batch.indices.len());
/// }
/// sizes.sort_unstable();
/// assert_eq!(sizes, [2, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type GroupSampler = PlannedSampler<Groups>;

impl GroupSampler {
    /// Batches of at most `batch_size` in which the examples of one key are together, all or k of them at a time.
    ///
    /// # Errors
    /// Unless there is an example, `batch_size` is from 1 to their number, k at least 1, and each group fits into a
    /// batch: the first that does not is named.
    pub fn new(keys: &[usize], k: Option<usize>, batch_size: usize, seed: u64) -> Result<Self, PacingError> {
        check_sizes(keys.len(), batch_size)?;
        check_batch_size(keys.len(), batch_size)?;
        PacingError::check("k", 0, k != Some(0), "at least 1")?;
        let members = Members::of(keys);
        // How many groups of each size there are.
        let mut n_groups: BTreeMap<usize, usize> = BTreeMap::new();
        for key in 0..members.n_keys() {
            let of_key = members.of_key(key);
            for group in of_key.chunks(k.unwrap_or(of_key.len())) {
                if group.len() > batch_size {
                    let name = keys[of_key[0] as usize];
                    let value = format!("{batch_size}, and the group of key {name} has {}", group.len());
                    return Err(PacingError::argument("batch_size", value, "at least the largest group"));
                }
                *n_groups.entry(group.len()).or_default() += 1;
            }
        }
        Ok(Self::of(Groups { members, k, batch_size, batches: pack(&n_groups, batch_size) }, seed))
    }
}

/// Batches that hold groups whole.
#[derive(Debug, Clone)]
pub struct Groups {
    members: Members,
    k: Option<usize>,
    batch_size: usize,
    /// The sizes of the groups of each batch.
    batches: Vec<Vec<u32>>,
}

/// Best fit decreasing.
fn pack(n_groups: &BTreeMap<usize, usize>, batch_size: usize) -> Vec<Vec<u32>> {
    let mut batches: Vec<Vec<u32>> = Vec::new();
    // The batches that have room, by how much.
    let mut with_room: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (&size, &n) in n_groups.iter().rev() {
        for _ in 0..n {
            let fullest = with_room.range_mut(size..).next().and_then(|(&room, with)| Some((room, with.pop()?)));
            let (room, batch) = fullest.unwrap_or_else(|| {
                batches.push(Vec::new());
                (batch_size, batches.len() - 1)
            });
            if with_room.get(&room).is_some_and(Vec::is_empty) {
                with_room.remove(&room);
            }
            batches[batch].push(size as u32);
            if room > size {
                with_room.entry(room - size).or_default().push(batch);
            }
        }
    }
    batches
}

impl Plan for Groups {
    const NAME: &'static str = "groups";

    fn settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint {
        let settings = settings.with_hash("keys", self.members.numbers()).with("batch size", self.batch_size);
        self.k.iter().fold(settings, |settings, k| settings.with("k", k))
    }

    fn n_examples(&self) -> usize {
        self.members.n_examples()
    }

    fn n_batches(&self) -> u64 {
        self.batches.len() as u64
    }

    fn plan(&self, seed: u64, epoch: u64, planned: &mut Planned) {
        let mut rng = random::stream(seed, "groups", epoch);
        let mut examples: Vec<u32> = Vec::with_capacity(self.n_examples());
        // Where the groups of each size begin.
        let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for key in random::permutation(&mut rng, self.members.n_keys()) {
            let start = examples.len();
            examples.extend_from_slice(self.members.of_key(key));
            let of_key = &mut examples[start..];
            if self.k.is_some() {
                random::shuffle(&mut rng, of_key);
            }
            let k = self.k.unwrap_or(of_key.len());
            for (at, group) in of_key.chunks(k).enumerate() {
                groups.entry(group.len() as u32).or_default().push(start + at * k);
            }
        }
        // Those of one key were added side by side.
        groups.values_mut().for_each(|starts| random::shuffle(&mut rng, starts));
        for batch in random::permutation(&mut rng, self.batches.len()) {
            for size in &self.batches[batch] {
                if let Some(start) = groups.get_mut(size).and_then(Vec::pop) {
                    planned.examples.extend_from_slice(&examples[start..start + *size as usize]);
                }
            }
            planned.end_batch();
        }
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "groups",
    "epochs in which each class, or k of a class, lie whole in one batch",
    &[Parameter::new("k", "the examples of a group, at least 1; all of a class where it is not given")],
    &[SamplerInput::Classes],
    |o, of| {
        let keys = o.given(of.classes, "classes", "the group of each example, which lies whole in a batch")?;
        Ok(Box::new(GroupSampler::new(keys, o.number_if_given("k")?, of.batch_size, of.seed)?))
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::{Batch, Sampler};
    use proptest::prelude::*;

    fn batch(sampler: &mut GroupSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    proptest! {
        #[test]
        fn groups_are_whole_and_each_is_shown_once(
            keys in prop::collection::vec(0usize..9, 1..60), k in prop::option::of(1usize..5), extra in 0usize..12,
            epoch in 0u64..3, seed: u64,
        ) {
            let count = |key: usize| keys.iter().filter(|&&other| other == key).count();
            let commonest = (0..9).map(count).max().unwrap();
            let largest = commonest.min(k.unwrap_or(commonest));
            let batch_size = (largest + extra).min(keys.len());
            let mut sampler = GroupSampler::new(&keys, k, batch_size, seed).unwrap();
            let n_steps = sampler.epoch(0).n_steps;
            let mut shown = Vec::new();
            for step in epoch * n_steps..(epoch + 1) * n_steps {
                let examples = batch(&mut sampler, step);
                prop_assert!((1..=batch_size).contains(&examples.len()));
                for members in examples.chunk_by(|&a, &b| keys[a] == keys[b]) {
                    let of_key = count(keys[members[0]]);
                    let k = k.unwrap_or(of_key);
                    // Groups of k and the remainder of the key, side by side.
                    let rest = members.len() % k;
                    prop_assert!(rest == 0 || rest == of_key % k);
                }
                shown.extend(examples);
            }
            shown.sort_unstable();
            prop_assert_eq!(shown, (0..keys.len()).collect::<Vec<_>>());
            // Two batches could be one where they are half empty: best fit leaves one such at most.
            let half_empty = sampler.plan.batches.iter().filter(|sizes| 2 * sizes.iter().sum::<u32>() as usize <= batch_size);
            prop_assert!(half_empty.count() <= 1);
            let mut resumed = GroupSampler::new(&keys, k, batch_size, seed).unwrap();
            let at = epoch * n_steps;
            prop_assert_eq!(resumed.restore(&sampler.save(at).unwrap()).unwrap(), at);
            prop_assert_eq!(batch(&mut resumed, at), batch(&mut sampler, at));
        }
    }

    #[test]
    fn a_group_that_fits_no_batch_is_named() {
        let keys = [3, 8, 8, 8, 3];
        let error = GroupSampler::new(&keys, None, 2, 0).unwrap_err().to_string();
        assert_eq!(
            error,
            "argument batch_size is 2, and the group of key 8 has 3, expected at least the largest group"
        );
        assert!(GroupSampler::new(&keys, Some(2), 2, 0).is_ok());
        assert!(GroupSampler::new(&keys, Some(0), 2, 0).unwrap_err().to_string().contains("k is 0"));
        let mut sampler = GroupSampler::new(&keys, None, 3, 0).unwrap();
        let state = sampler.save(2).unwrap();
        assert!(GroupSampler::new(&keys, Some(2), 3, 0).unwrap().restore(&state).is_err());
        assert_eq!((0..8).map(|step| batch(&mut sampler, step).len()).sum::<usize>(), 20);
    }
}
