use std::ops::Range;

use cl_data::{Batch, Sampler, SamplerError};

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

/// Batches divided among machines, for every sampler.
pub trait Sharding: Sampler {
    /// Writes into `batch` what rank `rank` of `world_size` computes of the batch of `step`: its
    /// [share](share_of_rank), empty where the batch has fewer examples than there are ranks.
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
        share_of_rank(0, rank, world_size)?;
        self.batch(step, batch)?;
        let share = share_of_rank(batch.indices.len(), rank, world_size)?;
        if batch.weights.len() == batch.indices.len() {
            batch.weights.truncate(share.end);
            batch.weights.drain(..share.start);
        }
        batch.indices.truncate(share.end);
        batch.indices.drain(..share.start);
        Ok(())
    }
}

impl<S: Sampler + ?Sized> Sharding for S {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    }

    #[test]
    fn impossible_ranks_are_refused() {
        assert!(share_of_rank(10, 0, 0).is_err());
        assert!(share_of_rank(10, 3, 3).is_err());
        assert_eq!(share_of_rank(usize::MAX, 1, 2).unwrap().end, usize::MAX);
    }
}
