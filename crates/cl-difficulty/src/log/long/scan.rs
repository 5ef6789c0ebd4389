use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

use cl_data::io::{Batch, Labels, TableReader, io_error, malformed};
use cl_data::{DataError, Ids};

use super::super::note::Note;
use super::super::options::{Duplicates, Options};
use super::columns::Columns;
use super::examples::UNKNOWN;
use super::keys::{Keys, Known, NO_LABEL};
use super::row_index::RowNumbers;
use super::segments::{SegmentWriter, Segments};
use super::stream::for_each_batch;

/// A file of the log.
pub(super) struct File {
    pub(super) table: TableReader,
    pub(super) columns: Columns,
}

/// A row that is of a pair of example and epoch with others, which are averaged.
pub(super) const AVERAGED: u32 = 1 << 31;

/// A row that does not count.
pub(super) const LEFT: u32 = u32::MAX;

/// The rows of one run and epoch.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) run: u32,
    pub(super) epoch: u64,
    /// Rows that count, those that are averaged each for itself.
    pub(super) n_rows: u64,
    /// How many examples have none, and the first of them.
    pub(super) n_missing: usize,
    pub(super) first_missing: Option<usize>,
}

/// What the rows of a log are of, found in a pass over all but their outputs.
pub(super) struct Scan {
    pub(super) path: PathBuf,
    pub(super) files: Vec<File>,
    pub(super) known: Known,
    pub(super) ids: Ids,
    /// The class of each example; empty where there are no labels.
    pub(super) labels: Vec<usize>,
    /// The label of each example by its number in the book.
    pub(super) label_codes: Vec<u32>,
    pub(super) soft_labels: Option<Vec<f64>>,
    pub(super) class_names: Option<Vec<String>>,
    pub(super) n_classes: usize,
    /// The example of each row, in the order of `ids`.
    pub(super) rows: RowNumbers,
    pub(super) segments: Segments,
    pub(super) slots: Vec<Slot>,
    /// Whether each run's rows come epoch after epoch.
    pub(super) in_order: bool,
    pub(super) notes: Vec<Note>,
}

impl Scan {
    pub(super) fn of(path: &Path, files: Vec<File>, options: &Options) -> Result<Self, DataError> {
        let spooled = |error| io_error(path, error);
        let (mut known, mut rows, mut segments) = (Known::default(), RowNumbers::writer(), SegmentWriter::new());
        let shared = RwLock::new(&mut known);
        let poisoned = || malformed(path, "", "a thread that read it panicked");
        for file in &files {
            let keys = Keys::new(&file.table, &file.columns);
            let parts: Vec<usize> = (0..file.table.n_parts()).collect();
            let prepare = |batch: Batch| {
                let known = shared.read().map_err(|_| poisoned())?;
                let found = known.examples.find(&batch.columns[0]);
                Ok((batch, found))
            };
            for_each_batch(&file.table, &keys.read, &parts, prepare, |(batch, mut found)| {
                let mut found_segments = Vec::new();
                let mut known = shared.write().map_err(|_| poisoned())?;
                keys.take(&batch, &mut found, &mut known, &mut found_segments)?;
                drop(known);
                rows.push(&found).map_err(spooled)?;
                found_segments.into_iter().try_for_each(|segment| segments.push(segment)).map_err(spooled)?;
                Ok::<(), DataError>(())
            })?;
        }
        if known.examples.len() == 0 {
            return Err(malformed(path, "", "no rows, expected one per example and epoch"));
        }
        let (rows, segments) = (rows.finish().map_err(spooled)?, segments.finish().map_err(spooled)?);
        Self::with_labels(path, files, known, rows, segments, options)
    }

    /// The same once examples have labels and their order.
    fn with_labels(
        path: &Path,
        files: Vec<File>,
        known: Known,
        rows: RowNumbers,
        segments: Segments,
        options: &Options,
    ) -> Result<Self, DataError> {
        let order = known.examples.in_order();
        let all = known.examples.ids(&order)?;
        let mut class_of = vec![Some(0); order.len()];
        let (mut soft, mut class_names, mut n_classes, mut labelled) = (None, None, 0, false);
        if let Some(file) = &options.labels {
            let labels = Labels::read(file, &options.classes)?.for_ids(&all)?;
            (class_of, n_classes, labelled) = (labels.classes, labels.n_classes, true);
            (soft, class_names) = (labels.soft, labels.names);
        } else if known.labels.iter().any(|&label| label != NO_LABEL) {
            if let Some(example) = known.labels.iter().position(|&label| label == NO_LABEL) {
                let problem = format!("id {} has no label", known.examples.id(example as u32));
                return Err(malformed(path, "", problem));
            }
            let classes = known.book.classes(&options.classes).map_err(|problem| {
                let example = known.labels.iter().position(|&label| label == problem.code).unwrap_or(0);
                malformed(path, format!("id {}", known.examples.id(example as u32)), problem.problem)
            })?;
            let class = |&example: &u32| classes.of_code[known.labels[example as usize] as usize];
            class_of = order.iter().map(class).collect();
            (n_classes, labelled, class_names) = (classes.n_classes, true, classes.names);
        }
        let kept: Vec<usize> = (0..order.len()).filter(|&at| class_of[at].is_some()).collect();
        let mut rank = vec![UNKNOWN; order.len()];
        kept.iter().enumerate().for_each(|(example, &at)| rank[order[at] as usize] = example as u32);
        let mut notes = Vec::new();
        if kept.len() < order.len() {
            let n = order.len() - kept.len();
            notes.push(Note::new("ignored", n, format!("{n} examples left out for their label")));
        }
        let whole = kept.len() == order.len();
        let soft_labels = soft.map(|soft: Vec<f64>| {
            kept.iter().flat_map(|&at| &soft[at * n_classes..(at + 1) * n_classes]).copied().collect()
        });
        let slots = known.slots.iter();
        let slots = slots.map(|&(run, epoch)| Slot { run, epoch, n_rows: 0, n_missing: 0, first_missing: None });
        let mut scan = Self {
            path: path.to_path_buf(),
            files,
            ids: if whole { all } else { all.select(&kept)? },
            labels: if labelled { kept.iter().filter_map(|&at| class_of[at]).collect() } else { Vec::new() },
            label_codes: kept.iter().map(|&at| known.labels[order[at] as usize]).collect(),
            soft_labels,
            class_names,
            n_classes,
            slots: slots.collect(),
            known,
            rows,
            segments,
            in_order: true,
            notes,
        };
        scan.settle(&rank, options)?;
        Ok(scan)
    }

    /// Numbers the rows' examples in their order, finds rows that are twice and examples that have none.
    fn settle(&mut self, rank: &[u32], options: &Options) -> Result<(), DataError> {
        let path = self.path.clone();
        let spooled = |error| io_error(&path, error);
        let n = self.ids.len();
        let (mut last_of_slot, mut n_segments) = (vec![0u64; self.slots.len()], 0);
        let mut epoch_of_run: HashMap<u32, u64> = HashMap::new();
        let mut segments = self.segments.iter().map_err(spooled)?;
        while let Some(segment) = segments.next().map_err(spooled)? {
            last_of_slot[segment.slot as usize] = n_segments;
            n_segments += 1;
            let Slot { run, epoch, .. } = self.slots[segment.slot as usize];
            let before = epoch_of_run.insert(run, epoch);
            self.in_order &= before.is_none_or(|before| before <= epoch);
        }
        let mut seen: Vec<Option<Vec<u64>>> = vec![None; self.slots.len()];
        let mut twice: HashMap<(u32, u32), u32> = HashMap::new();
        let (mut n_twice, mut first_twice) = (0, Vec::new());
        let mut row_slots = self.segments.rows().map_err(spooled)?;
        let slots = &mut self.slots;
        let settled = self.rows.update(|rows| {
            for row in rows {
                let slot = row_slots.next()? as usize;
                let example = rank[*row as usize];
                *row = example;
                if example != LEFT {
                    let bits = seen[slot].get_or_insert_with(|| vec![0; n.div_ceil(64)]);
                    let (word, bit) = (example as usize / 64, 1u64 << (example % 64));
                    if bits[word] & bit == 0 {
                        bits[word] |= bit;
                        slots[slot].n_rows += 1;
                    } else {
                        n_twice += 1;
                        if first_twice.len() < 3 {
                            first_twice.push((slot, example as usize));
                        }
                        *twice.entry((slot as u32, example)).or_insert(1) += 1;
                        match options.duplicates {
                            Duplicates::First => *row = LEFT,
                            Duplicates::Mean => slots[slot].n_rows += 1,
                            _ => {}
                        }
                    }
                }
                if row_slots.ended() == Some(last_of_slot[slot]) {
                    let bits = seen[slot].take().unwrap_or_else(|| vec![0; n.div_ceil(64)]);
                    let n_seen: usize = bits.iter().map(|bits| bits.count_ones() as usize).sum();
                    slots[slot].n_missing = n - n_seen;
                    slots[slot].first_missing = (0..n).find(|&i| bits[i / 64] >> (i % 64) & 1 == 0);
                }
            }
            Ok(())
        });
        settled.map_err(spooled)?;
        if n_twice == 0 {
            return Ok(());
        }
        let pairs = first_twice.iter().map(|&(slot, example): &(usize, usize)| {
            format!("id {} in epoch {}", self.ids.get(example).unwrap_or_default(), self.slots[slot].epoch)
        });
        let first = pairs.collect::<Vec<_>>().join(", ");
        let what = format!("{n_twice} rows of an id and epoch that another row has, first {first}");
        let text = match options.duplicates {
            Duplicates::Error => {
                let runs = "; rows of several runs need a column `run` or `seed`, or option `run_column`";
                let problem =
                    format!("{what}; expected one each, or option `duplicates` first, last or mean{runs}");
                return Err(malformed(&path, "", problem));
            }
            rule => format!("{what}: {rule} counts"),
        };
        self.notes.push(Note::new("duplicates", n_twice, text));
        if options.duplicates == Duplicates::First {
            return Ok(());
        }
        let mut row_slots = self.segments.rows().map_err(spooled)?;
        let marked = self.rows.update(|rows| {
            for row in rows {
                if let Some(others) = twice.get_mut(&(row_slots.next()?, *row)) {
                    *others -= 1;
                    match options.duplicates {
                        Duplicates::Mean => *row |= AVERAGED,
                        _ if *others > 0 => *row = LEFT,
                        _ => {}
                    }
                }
            }
            Ok(())
        });
        marked.map_err(spooled)
    }

    /// The slots of a run by epoch.
    pub(super) fn slots_of(&self, run: u32) -> Vec<usize> {
        let mut slots: Vec<usize> = (0..self.slots.len()).filter(|&slot| self.slots[slot].run == run).collect();
        slots.sort_by_key(|&slot| self.slots[slot].epoch);
        slots
    }
}
