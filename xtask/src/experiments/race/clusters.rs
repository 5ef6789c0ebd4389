//! The article's own data for the race: its two clusters, and what it calls easy there.

use anyhow::Result;
use cl_data::{Clusters, Dataset};
use cl_pacing::{EasyFirst, Order};

/// As many as the article trains on.
const N_TRAIN: usize = 200;
const N_TEST: usize = 1_000;

/// The test points of a seed are those of the seed so far beyond it: no race is tested on what another trains on.
const TO_TEST_SEEDS: u64 = 1_000_000;

/// The first seed that the learning rate is chosen on, beyond the test seeds of all races.
pub(super) const FIRST_CHOOSING: u64 = 2_000_000;

/// The training and the test points of a seed.
pub(super) fn points(seed: u64) -> Result<[Dataset<f64>; 2]> {
    let clusters = Clusters::default();
    let train = clusters.generate(N_TRAIN, u32::try_from(seed)?)?;
    let test = clusters.generate(N_TEST, u32::try_from(seed + TO_TEST_SEEDS)?)?;
    Ok([train, test])
}

/// From easy to hard by the article's difficulty: from far to near the boundary.
pub(super) fn easy_order(data: &Dataset<f64>, seed: u64) -> Result<Vec<usize>> {
    Ok(EasyFirst.order(&Clusters::difficulty(data), seed)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easy_is_far_from_the_boundary() {
        let [train, test] = points(3).unwrap();
        assert_eq!((train.n_examples(), test.n_examples()), (N_TRAIN, N_TEST));
        let order = easy_order(&train, 3).unwrap();
        let distance = |at: usize| train.example(order[at])[0].abs();
        assert!((1..N_TRAIN).all(|at| distance(at - 1) >= distance(at)));
    }

    #[test]
    fn every_seed_draws_fresh_points() {
        let [one, other] = [1, 2].map(|seed| points(seed).unwrap());
        assert!(one[0] != other[0] && one[1] != other[1]);
        assert_ne!(one[0].example(0), one[1].example(0));
    }
}
