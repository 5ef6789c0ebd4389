//! Observations of a batch whose examples lie anywhere: few of them in each shard.

use std::ops::Range as Places;

use cl_data::instructions;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::accumulators::Accumulator;
use super::block::{Block, LANES, Positions};
use super::input::Wanted;
use super::metric::Range;
use super::observations::AnyObservations;
use super::shard::{SHARD, Shard, wanted};

/// Positions that one thread takes at a time: enough that its blocks are full.
const TASK: usize = 4 * LANES;

/// Some shards, and the positions of their examples.
struct Task<'a> {
    shards: &'a mut [Shard],
    positions: &'a [usize],
}

/// Takes in observations that were checked into shards that noted them. `order` are their positions, by shard; soft labels
/// are those of all examples.
///
/// The blocks go over the bounds of shards: a block for each of them would be empty but for an example or two.
pub(super) fn record(
    shards: &mut [Shard],
    observations: &AnyObservations<'_>,
    order: &[usize],
    accumulators: &[(Accumulator, Range)],
    soft_labels: Option<&[f64]>,
) {
    let live: Vec<bool> = accumulators.iter().map(|(_, range)| range.contains(observations.epoch)).collect();
    // A loss that is told is told whatever the labels.
    let soft_labels = soft_labels.filter(|_| !observations.outputs.kind.is_scalar());
    let asked = wanted(accumulators);
    let filled = if soft_labels.is_some() { asked.with_soft_labels() } else { asked };
    let with_probabilities = asked.probabilities;
    tasks(shards, observations.indices, order).into_par_iter().for_each(|task| {
        let live = &live[..];
        let pass = Pass { task, observations, wanted: filled, with_probabilities, live, soft_labels };
        instructions::arch().dispatch(pass);
    });
}

/// The shards in runs that have about [`TASK`] of the positions each.
fn tasks<'a>(mut shards: &'a mut [Shard], indices: &[usize], mut order: &'a [usize]) -> Vec<Task<'a>> {
    let Some(mut first) = shards.first().map(Shard::number) else { return Vec::new() };
    let mut tasks = Vec::new();
    while let Some(&last) = order.get(TASK.min(order.len()).wrapping_sub(1)) {
        let shard = indices[last] / SHARD;
        let n = order.partition_point(|&position| indices[position] / SHARD <= shard);
        let (positions, others) = order.split_at(n);
        let (own, rest) = shards.split_at_mut(shard + 1 - first);
        tasks.push(Task { shards: own, positions });
        (shards, order, first) = (rest, others, shard + 1);
    }
    tasks
}

struct Pass<'a, 'b> {
    task: Task<'a>,
    observations: &'a AnyObservations<'b>,
    wanted: Wanted,
    /// Whether an accumulator reads the probabilities.
    with_probabilities: bool,
    live: &'a [bool],
    soft_labels: Option<&'a [f64]>,
}

impl WithSimd for Pass<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { task: Task { shards, positions }, observations, wanted, with_probabilities, live, soft_labels } =
            self;
        let Some(before) = shards.first().map(Shard::number) else { return };
        let n_classes = shards[0].n_classes();
        let width = observations.outputs.width(n_classes);
        let mut block = Block::new(observations.epoch, width);
        let mut part = Block::new(observations.epoch, if with_probabilities { width } else { 0 });
        let mut each = [0; LANES];
        for chunk in positions.chunks(LANES) {
            block.n = chunk.len();
            for (lane, slot) in each.iter_mut().enumerate() {
                *slot = chunk[lane.min(chunk.len() - 1)];
                block.examples[lane] = observations.indices[*slot];
                block.labels[lane] = observations.labels[*slot];
            }
            if let Some(soft) = soft_labels {
                block.label_by(soft, n_classes);
            }
            block.fill(simd, observations.outputs, Positions::Each(&each), wanted);
            if let Some(soft) = soft_labels {
                block.soften(observations.outputs.kind, soft, wanted);
            }
            let mut start = 0;
            while start < block.n {
                let number = block.examples[start] / SHARD;
                let others = block.examples[start..block.n].iter().position(|example| example / SHARD != number);
                let lanes: Places<usize> = start..others.map_or(block.n, |n| start + n);
                start = lanes.end;
                part.take(&block, lanes, number * SHARD);
                shards[number - before].update(&part, live);
            }
        }
    }
}
