use std::fmt;
use std::ops::Range;

use cl_data::{Batch, Sampler, SamplerError};
use serde::{Deserialize, Serialize};

use crate::error::PacingError;

/// The part of a list of `len` entries that is rank `rank`'s of `world_size`: the parts in order of rank make up
/// the list, and their lengths differ by at most one.
///
/// ```text
/// floor(len rank / world) .. floor(len (rank + 1) / world)
/// ```
///
/// ```
/// let parts: Vec<_> = (0..3).map(|rank| cl_pacing::share_of_rank(7, rank, 3).unwrap()).collect();
/// assert_eq!(parts, [0..2, 2..4, 4..7]);
/// ```
///
/// # Errors
/// Unless there is at least one rank, and `rank` is below their number.
pub fn share_of_rank(len: usize, rank: usize, world_size: usize) -> Result<Range<usize>, PacingError> {
    if world_size == 0 {
        return Err(PacingError::argument("world_size", world_size, "at least 1"));
    }
    if rank >= world_size {
        let value = format!("{rank} of {world_size}");
        return Err(PacingError::argument("rank", value, "a rank below world_size"));
    }
    // Wide enough for any product of two lengths.
    let bound = |rank: usize| (len as u128 * rank as u128 / world_size as u128) as usize;
    Ok(bound(rank)..bound(rank + 1))
}

/// What becomes of a batch that cannot be divided evenly among the ranks.
///
/// For a batch of n examples on w ranks, where the share of a rank is that of [`share_of_rank`]:
///
/// | | examples of a rank | shown of the n |
/// |---|---|---|
/// | `Share` | its share; where that is empty, one of the batch with weight 0 | all, each counted once |
/// | `Empty` | its share, which may be empty | all |
/// | `DropLast` | floor(n / w), the last n mod w are left out | n - n mod w |
/// | `Pad` | ceil(n / w): its share and, where that is shorter, one of the batch with weight 0 | all, each counted once |
///
/// Weights are written where one of them is 0 on any rank, so that a weighted mean over all ranks (of losses, of
/// hits) counts each example once. An empty batch of the sampler itself is empty on every rank.
///
/// Source: `drop_last` and padding as those of PyTorch's `DistributedSampler`, which repeats examples at full weight.
///
/// ```
/// use cl_pacing::{Batch, Remainder};
///
/// let part = |rank, remainder: Remainder| {
///     let mut batch = Batch { indices: vec![7, 8, 9, 10, 11], weights: vec![] };
///     remainder.divide(&mut batch, rank, 2)?;
///     Ok::<_, cl_pacing::PacingError>((batch.indices, batch.weights))
/// };
/// assert_eq!(part(1, Remainder::Share)?, (vec![9, 10, 11], vec![]));
/// assert_eq!(part(1, Remainder::DropLast)?, (vec![9, 10], vec![]));
/// assert_eq!(part(0, Remainder::Pad)?, (vec![7, 8, 7], vec![1.0, 1.0, 0.0]));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remainder {
    /// Shares differ by at most one, and no rank is left without an example.
    #[default]
    Share,
    /// Shares differ by at most one; ranks without an example get an empty batch.
    Empty,
    /// Every rank gets as many, the rest is left out: of a batch of fewer examples than ranks, all.
    DropLast,
    /// Every rank gets as many, what is missing is repeated with weight 0.
    Pad,
}

impl Remainder {
    /// Turns the batch of all ranks into that of one. O(batch).
    ///
    /// # Errors
    /// Unless there is at least one rank, and `rank` is below their number.
    pub fn divide(self, batch: &mut Batch, rank: usize, world_size: usize) -> Result<(), PacingError> {
        let n = batch.indices.len();
        let n_even = match self {
            Self::DropLast => n - n % world_size.max(1),
            _ => n,
        };
        let share = share_of_rank(n_even, rank, world_size)?;
        let n_padded = match self {
            Self::Share => usize::from(n > 0),
            Self::Pad => n.div_ceil(world_size),
            Self::Empty | Self::DropLast => 0,
        };
        // The shortest share is the first.
        let is_padded = n / world_size < n_padded;
        if is_padded && batch.weights.len() != n {
            batch.weights = vec![1.0; n];
        }
        let repeated = (share.len() < n_padded).then(|| batch.indices[rank % n]);
        let has_weights = batch.weights.len() == n;
        batch.indices.truncate(share.end);
        batch.indices.drain(..share.start);
        if has_weights {
            batch.weights.truncate(share.end);
            batch.weights.drain(..share.start);
        }
        if let Some(repeated) = repeated {
            batch.indices.push(repeated);
            batch.weights.push(0.0);
        }
        Ok(())
    }
}

impl fmt::Display for Remainder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Share => "share",
            Self::Empty => "empty",
            Self::DropLast => "drop-last",
            Self::Pad => "pad",
        })
    }
}

/// Batches divided among machines, for every sampler.
///
/// Each rank has a sampler of its own, made alike, and takes its part of the same batch. One that learns must be told
/// the same on every rank: gather the losses of all parts before [`feedback`](Sampler::feedback). One that was told
/// those of its own part only gives no batch after its epoch, but [`SamplerError::OutOfTurn`].
pub trait Sharding: Sampler {
    /// Writes into `batch` what rank `rank` of `world_size` computes of the batch of `step`: its
    /// [share](share_of_rank), or one example of weight 0 where the batch has fewer examples than there are ranks.
    ///
    /// # Errors
    /// As [`Sampler::batch`], and unless there is at least one rank, and `rank` is below their number.
    fn batch_of_rank(
        &mut self,
        step: u64,
        rank: usize,
        world_size: usize,
        batch: &mut Batch,
    ) -> Result<(), SamplerError> {
        self.batch_of_rank_with(step, rank, world_size, Remainder::Share, batch)
    }

    /// The same, divided as `remainder` says.
    ///
    /// # Errors
    /// As [`batch_of_rank`](Self::batch_of_rank).
    fn batch_of_rank_with(
        &mut self,
        step: u64,
        rank: usize,
        world_size: usize,
        remainder: Remainder,
        batch: &mut Batch,
    ) -> Result<(), SamplerError> {
        share_of_rank(0, rank, world_size)?;
        self.batch(step, batch)?;
        Ok(remainder.divide(batch, rank, world_size)?)
    }
}

impl<S: Sampler + ?Sized> Sharding for S {}

/// The micro-batches of an update: a batch cut into `n_parts`, in order, whose sizes differ by at most one and none of
/// which is empty, so that a batch of fewer examples has fewer.
///
/// The gradient of the update is the sum of those of the parts, each with the sum of its losses, over the batch size:
/// means of parts of other sizes do not add up to it.
///
/// ```
/// use cl_pacing::{Batch, micro_batches};
///
/// let batch = Batch { indices: vec![4, 8, 1, 5, 2], weights: vec![] };
/// let parts: Vec<_> = micro_batches(&batch, 2)?.map(|part| part.indices).collect();
/// assert_eq!(parts, [vec![4, 8], vec![1, 5, 2]]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
///
/// # Errors
/// Unless `n_parts` is at least 1.
pub fn micro_batches(batch: &Batch, n_parts: usize) -> Result<impl Iterator<Item = Batch> + '_, PacingError> {
    if n_parts == 0 {
        return Err(PacingError::argument("n_parts", n_parts, "at least 1"));
    }
    let n = batch.indices.len();
    let n_parts = n_parts.min(n);
    let part = move |part: usize| {
        let share = share_of_rank(n, part, n_parts).unwrap_or(0..n);
        let weights = batch.weights.get(share.clone()).unwrap_or_default();
        Batch { indices: batch.indices[share].to_vec(), weights: weights.to_vec() }
    };
    Ok((0..n_parts).map(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Remainder; 4] = [Remainder::Share, Remainder::Empty, Remainder::DropLast, Remainder::Pad];

    proptest! {
        #[test]
        fn shares_make_up_the_whole(len in 0usize..200, world_size in 1usize..10) {
            let mut next = 0;
            for rank in 0..world_size {
                let share = share_of_rank(len, rank, world_size).unwrap();
                prop_assert_eq!(share.start, next);
                prop_assert!((len / world_size..=len.div_ceil(world_size)).contains(&share.len()));
                next = share.end;
            }
            prop_assert_eq!(next, len);
        }

        /// Whatever becomes of the remainder, what has a weight is there once, and the ranks get what they are promised.
        #[test]
        fn what_counts_counts_once(len in 0usize..60, world_size in 1usize..12, weighted: bool) {
            let weights = if weighted { (0..len).map(|at| 0.5 + at as f64).collect() } else { vec![] };
            let whole = Batch { indices: (100..100 + len).collect(), weights };
            for remainder in ALL {
                let parts: Vec<Batch> = (0..world_size).map(|rank| {
                    let mut batch = whole.clone();
                    remainder.divide(&mut batch, rank, world_size).unwrap();
                    batch
                }).collect();
                let mut counted = Batch::default();
                for part in &parts {
                    let weight = |at: usize| part.weights.get(at).copied().unwrap_or(1.0);
                    prop_assert!(part.weights.is_empty() || part.weights.len() == part.indices.len());
                    for (at, &index) in part.indices.iter().enumerate().filter(|(at, _)| weight(*at) > 0.0) {
                        counted.indices.push(index);
                        counted.weights.push(weight(at));
                    }
                }
                let n_counted = if remainder == Remainder::DropLast { len - len % world_size } else { len };
                prop_assert_eq!(&counted.indices[..], &whole.indices[..n_counted]);
                prop_assert!(!weighted || counted.weights[..] == whole.weights[..n_counted]);
                let sizes: Vec<usize> = parts.iter().map(|part| part.indices.len()).collect();
                let (least, most) = (*sizes.iter().min().unwrap(), *sizes.iter().max().unwrap());
                match remainder {
                    Remainder::Share => prop_assert!(most - least <= 1 && (least > 0 || len == 0)),
                    Remainder::Empty => prop_assert!(most - least <= 1),
                    Remainder::DropLast => prop_assert_eq!((least, most), (len / world_size, len / world_size)),
                    Remainder::Pad => prop_assert_eq!((least, most), (most, len.div_ceil(world_size))),
                }
                // All ranks have weights, or none: their sums can be gathered.
                let n_weighted = parts.iter().filter(|part| !part.weights.is_empty()).count();
                prop_assert!(n_weighted == 0 || parts.iter().all(|p| p.weights.len() == p.indices.len()));
            }
        }

        #[test]
        fn micro_batches_make_up_the_batch(len in 0usize..50, n_parts in 1usize..9, weighted: bool) {
            let weights = if weighted { (0..len).map(|at| at as f64).collect() } else { vec![] };
            let whole = Batch { indices: (0..len).rev().collect(), weights };
            let mut union = Batch::default();
            let parts: Vec<Batch> = micro_batches(&whole, n_parts).unwrap().collect();
            prop_assert_eq!(parts.len(), n_parts.min(len));
            for part in &parts {
                prop_assert!((len / n_parts.min(len)..=len.div_ceil(n_parts.min(len))).contains(&part.indices.len()));
                union.indices.extend(&part.indices);
                union.weights.extend(&part.weights);
            }
            prop_assert_eq!(union, whole);
        }
    }

    #[test]
    fn impossible_ranks_are_refused() {
        assert!(share_of_rank(10, 0, 0).is_err());
        assert!(share_of_rank(10, 3, 3).is_err());
        assert_eq!(share_of_rank(usize::MAX, 1, 2).unwrap().end, usize::MAX);
        let mut batch = Batch { indices: vec![1, 2], weights: vec![] };
        for remainder in ALL {
            assert!(remainder.divide(&mut batch, 0, 0).is_err() && remainder.divide(&mut batch, 2, 2).is_err());
        }
        assert!(micro_batches(&batch, 0).is_err());
    }
}
