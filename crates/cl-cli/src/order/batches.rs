//! The batches of some steps, written as they are drawn: however many there are, none is kept.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, bail};
use cl_data::io::{NpyList, NpzLists};
use cl_pacing::{Batch, Cursor, Exposure, Remainder, Sampler, micro_batches};

use super::examples::Examples;
use crate::output::written;
use crate::output_format::OutputFormat;
use crate::rows::{Field, RowWriter};

/// What is done with a batch of all ranks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Division {
    pub(super) rank: usize,
    pub(super) world_size: usize,
    /// What becomes of what cannot be divided; where none is told, a rank without an example is an error.
    pub(super) remainder: Option<Remainder>,
    /// The micro-batches of an update, where they are asked for.
    pub(super) accumulate: Option<usize>,
}

impl Division {
    fn has_weights(&self) -> bool {
        self.remainder == Some(Remainder::Pad)
    }

    /// This rank's part of the batch of `step`, as its micro-batches.
    fn parts(&self, step: u64, mut batch: Batch) -> anyhow::Result<Vec<Batch>> {
        let Self { rank, world_size, remainder, accumulate } = *self;
        let n = batch.indices.len();
        remainder.unwrap_or(Remainder::Empty).divide(&mut batch, rank, world_size)?;
        if remainder.is_none() && batch.indices.is_empty() && n > 0 {
            bail!(
                "rank {rank} of {world_size} has none of the {n} examples of step {step}, expected --remainder pad, \
                 drop-last or empty"
            );
        }
        Ok(match accumulate {
            Some(n_parts) => micro_batches(&batch, n_parts)?.collect(),
            None => vec![batch],
        })
    }
}

/// The steps asked for, as they are gone through.
pub(super) struct Batches<'a> {
    pub(super) sampler_name: &'a str,
    pub(super) cursor: Cursor<Box<dyn Sampler>>,
    pub(super) end: u64,
    pub(super) division: Division,
    /// Of all ranks.
    pub(super) exposure: Exposure,
    /// By this rank, what is repeated as well.
    pub(super) n_shown: u64,
}

impl Batches<'_> {
    pub(super) fn save(&mut self, path: &Path, format: OutputFormat, examples: &Examples) -> anyhow::Result<()> {
        written(path, |writer| match format {
            OutputFormat::Npy => self.write_npy(writer),
            OutputFormat::Npz => self.write_npz(writer, examples),
            _ => self.write_rows(writer, format, examples),
        })
    }

    fn write_npy(&mut self, writer: &mut BufWriter<&File>) -> anyhow::Result<()> {
        if self.division.has_weights() {
            bail!("--remainder pad has weights, expected .csv, .jsonl or .npz to write them to");
        }
        let mut list = NpyList::new(writer)?;
        self.for_each(|_, _, batch| Ok(batch.indices.iter().try_for_each(|&index| list.push(index as i64))?))?;
        Ok(list.finish()?)
    }

    /// As the rows of a sparse matrix: batch b has `indices[indptr[b]..indptr[b + 1]]`.
    fn write_npz(&mut self, writer: &mut BufWriter<&File>, examples: &Examples) -> anyhow::Result<()> {
        let mut lists = NpzLists::default();
        let [indptr, indices, steps] = ["indptr", "indices", "steps"].map(|name| lists.integers(name));
        let (indptr, indices, steps) = (indptr?, indices?, steps?);
        let weights = self.division.has_weights().then(|| lists.numbers("weights")).transpose()?;
        if examples.are_named() {
            let bounds = lists.integers("source_indptr")?;
            examples.bounds().try_for_each(|bound| lists.push(bounds, bound as i64))?;
        }
        let mut end = 0;
        lists.push(indptr, end)?;
        self.for_each(|step, _, batch| {
            batch.indices.iter().try_for_each(|&index| lists.push(indices, index as i64))?;
            if let Some(weights) = weights {
                (0..batch.indices.len()).try_for_each(|at| lists.push_number(weights, weight(batch, at)))?;
            }
            end += batch.indices.len() as i64;
            lists.push(steps, i64::try_from(step)?)?;
            Ok(lists.push(indptr, end)?)
        })?;
        Ok(lists.write(writer)?)
    }

    fn write_rows(
        &mut self,
        writer: &mut BufWriter<&File>,
        format: OutputFormat,
        examples: &Examples,
    ) -> anyhow::Result<()> {
        let (has_parts, has_sources) = (self.division.accumulate.is_some(), examples.are_named());
        let has_weights = self.division.has_weights();
        let names = [
            (true, "step"),
            (has_parts, "micro_batch"),
            (has_sources, "source"),
            (true, "index"),
            (true, "id"),
            (has_weights, "weight"),
        ];
        let names: Vec<&str> = names.iter().filter(|(is_there, _)| *is_there).map(|&(_, name)| name).collect();
        let mut rows = RowWriter::new(writer, format, &names)?;
        self.for_each(|step, part, batch| {
            (0..batch.indices.len()).try_for_each(|at| {
                let (source, index, id) = examples.of(batch.indices[at]);
                let mut row = vec![Field::Count(step)];
                row.extend(has_parts.then(|| part.into()));
                row.extend(has_sources.then(|| Cow::Borrowed(source).into()));
                row.extend([index.into(), id.into()]);
                row.extend(has_weights.then(|| weight(batch, at).into()));
                rows.write(&row)
            })
        })
    }

    /// Hands on each step with what this rank shows in it, one micro-batch after the other.
    fn for_each(&mut self, mut take: impl FnMut(u64, usize, &Batch) -> anyhow::Result<()>) -> anyhow::Result<()> {
        while self.cursor.position() < self.end {
            let (step, batch) =
                self.cursor.next_batch().with_context(|| format!("--sampler {}", self.sampler_name))?;
            self.exposure.record(step, &batch.indices)?;
            for (part, batch) in self.division.parts(step, batch)?.iter().enumerate() {
                self.n_shown += batch.indices.len() as u64;
                take(step, part, batch)?;
            }
        }
        Ok(())
    }
}

fn weight(batch: &Batch, at: usize) -> f64 {
    batch.weights.get(at).copied().unwrap_or(1.0)
}
