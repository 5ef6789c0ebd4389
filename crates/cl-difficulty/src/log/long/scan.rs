use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

use cl_data::io::{Batch, Labels, TableReader, io_error, listed, malformed};
use cl_data::{DataError, Ids};

use super::super::note::Note;
use super::super::options::{Duplicates, Missing, Options};
use super::broken::Broken;
use super::columns::Columns;
use super::examples::{Examples, UNKNOWN};
use super::keys::{Keys, Known, NO_LABEL};
use super::row_index::RowNumbers;
use super::seen::Seen;
use super::segments::{Segment, SegmentWriter, Segments};
use super::stream::for_each_batch;

/// A file of the log.
pub(super) struct File {
    pub(super) table: TableReader,
    pub(super) columns: Columns,
}

/// A file that cannot be read, of the epoch that its name tells.
pub(super) struct BrokenFile {
    pub(super) run: String,
    pub(super) epoch: u64,
    pub(super) error: DataError,
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
    /// How many examples have none, and the first of them.
    pub(super) n_missing: usize,
    pub(super) first_missing: Option<usize>,
}

/// What the rows of a log are of, found in a pass over all but their outputs.
pub(super) struct Scan {
    pub(super) path: PathBuf,
    pub(super) files: Vec<File>,
    pub(super) known: Known,
    /// The place of each example among `ids`, in the order in which they came; [`LEFT`] where it is left out.
    pub(super) rank: Vec<u32>,
    pub(super) ids: Ids,
    /// The class of each example; empty where there are no labels.
    pub(super) labels: Vec<usize>,
    pub(super) soft_labels: Option<Vec<f64>>,
    pub(super) class_names: Option<Vec<String>>,
    pub(super) n_classes: usize,
    /// The example of each row, in the order in which they came.
    pub(super) rows: RowNumbers,
    pub(super) segments: Segments,
    pub(super) slots: Vec<Slot>,
    /// Whether each run's rows come epoch after epoch.
    pub(super) in_order: bool,
    pub(super) broken: Broken,
    pub(super) notes: Vec<Note>,
}

impl Scan {
    /// Of files that can be read, and others of an epoch each.
    pub(super) fn of(
        path: &Path,
        files: Vec<File>,
        others: Vec<BrokenFile>,
        options: &Options,
    ) -> Result<Self, DataError> {
        let spooled = |error| io_error(path, error);
        let (mut known, mut rows, mut segments) = (Known::default(), RowNumbers::writer(), SegmentWriter::new());
        let (mut seen, mut twice): (Vec<Seen>, Twice) = (Vec::new(), Twice::default());
        let examples = RwLock::new(Examples::default());
        let poisoned = || malformed(path, "", "a thread that read it panicked");
        let (mut in_batch, mut late, mut empty, mut broken) =
            (Vec::new(), Vec::new(), Vec::new(), Broken::default());
        for BrokenFile { run, epoch, error } in others {
            broken.put(known.slot_of(&run, epoch) as usize, error)?;
        }
        for (number, file) in files.iter().enumerate() {
            let (mut n_rows, mut last): (u64, Option<Segment>) = (0, None);
            let keys = Keys::new(&file.table, &file.columns);
            let parts: Vec<usize> = (0..file.table.n_parts()).collect();
            let prepare = |batch: Batch| {
                let found = examples.read().map_err(|_| poisoned())?.find(&batch.columns[0]);
                Ok((batch, found))
            };
            let read = for_each_batch(&file.table, &keys.read, &parts, prepare, |(batch, mut found)| {
                if found.contains(&UNKNOWN) {
                    let mut examples = examples.write().map_err(|_| poisoned())?;
                    for (row, example) in found.iter_mut().enumerate().filter(|(_, example)| **example == UNKNOWN)
                    {
                        let inserted = examples.insert(&batch.columns[0], row);
                        *example = inserted.ok_or_else(|| keys.no_id(&batch, row))?;
                    }
                }
                in_batch.clear();
                let id = |example: u32| {
                    examples.read().map_or_else(|_| "?".into(), |examples| examples.id(example).into_owned())
                };
                keys.take(&batch, &found, id, &mut known, &mut in_batch)?;
                let mut row = 0;
                for &segment in &in_batch {
                    let slot = segment.slot as usize;
                    if seen.len() <= slot {
                        seen.resize_with(slot + 1, Seen::default);
                    }
                    for example in &mut found[row..row + segment.n as usize] {
                        if !seen[slot].insert(*example) {
                            twice.add(segment.slot, *example, number);
                            if options.duplicates == Duplicates::First {
                                *example = LEFT;
                            }
                        }
                    }
                    row += segment.n as usize;
                    let epoch = |slot: u32| known.slots[slot as usize].1;
                    last = last.filter(|last| epoch(last.slot) >= epoch(segment.slot)).or(Some(segment));
                    segments.push(segment).map_err(spooled)?;
                }
                n_rows += batch.n_rows as u64;
                rows.push(&found).map_err(spooled)
            });
            if let Err(error) = read {
                // Of a file of one epoch that is the one; else rows of the last may be lost, and of those after.
                let slot = keys.slot_of_file(&mut known).or_else(|| {
                    let last = last.filter(|_| keys.has_one_run() && options.missing == Missing::Error)?;
                    Some(last.slot)
                });
                match slot {
                    Some(slot) => broken.put(slot as usize, error)?,
                    None => return Err(error),
                }
                broken.end_file(number, n_rows);
            }
            if n_rows == 0 && keys.slot_of_file(&mut known).is_none() {
                empty.push(file.table.path().file_name().unwrap_or_default().to_string_lossy().into_owned());
            }
            late.extend(file.table.late_keys());
        }
        let examples = examples.into_inner().map_err(|_| poisoned())?;
        if examples.len() == 0 {
            broken.any()?;
            return Err(malformed(path, "", "no rows, expected one per example and epoch"));
        }
        let rows = Rows { rows: rows.finish().map_err(spooled)?, segments: segments.finish().map_err(spooled)? };
        seen.resize_with(known.slots.len(), Seen::default);
        let mut scan = Self::with_labels(path, files, (examples, known), rows, (seen, twice), &broken, options)?;
        scan.broken = broken;
        if !empty.is_empty() {
            let text = format!("files without rows: {}", listed(&empty));
            scan.notes.push(Note::new("empty", empty.len(), text));
        }
        if !late.is_empty() {
            let text = format!("keys left out that the first 64 lines of a file lack: {}", listed(&late));
            scan.notes.push(Note::new("keys", late.len(), text));
        }
        Ok(scan)
    }

    /// The same once examples have labels and their order.
    fn with_labels(
        path: &Path,
        files: Vec<File>,
        (examples, mut known): (Examples, Known),
        Rows { rows, segments }: Rows,
        (seen, twice): (Vec<Seen>, Twice),
        broken: &Broken,
        options: &Options,
    ) -> Result<Self, DataError> {
        let what =
            twice.describe(|example| examples.id(example).into_owned(), |slot| known.slots[slot as usize].1);
        // Said first: who has an id twice may lack another, and its label.
        if twice.n > 0 && options.duplicates == Duplicates::Error {
            let runs = "; rows of several runs need a column `run` or `seed`, or option `run_column`";
            let problem = format!("{what}; expected one each, or option `duplicates` first, last or mean{runs}");
            let path = files.get(twice.file).map_or(path, |file| file.table.path());
            return Err(malformed(path, "", problem));
        }
        let order = examples.in_order();
        let all = examples.ids(&order)?;
        known.labels.resize(order.len(), NO_LABEL);
        let mut class_of = vec![Some(0); order.len()];
        let (mut soft, mut class_names, mut n_classes, mut labelled) = (None, None, 0, false);
        if let Some(file) = &options.labels {
            let labels = Labels::read_for(file, &options.classes, &options.label_table(), all.len(), path)?;
            let labels = labels.for_ids(&all, path)?;
            (class_of, n_classes, labelled) = (labels.classes, labels.n_classes, true);
            (soft, class_names) = (labels.soft, labels.names);
        } else if !known.label_lists.is_empty() {
            let path = files.first().map_or(path, |file| file.table.path());
            let id = |example| examples.id(example).into_owned();
            let labels = known.label_lists.labels(path, &order, &options.classes, id)?;
            (class_of, n_classes, labelled) = (labels.classes, labels.n_classes, true);
            (soft, class_names) = (labels.soft, labels.names);
        } else if known.labels.iter().any(|&label| label != NO_LABEL) {
            if let Some(example) = known.labels.iter().position(|&label| label == NO_LABEL) {
                // Behind what cannot be read there may be one.
                broken.any()?;
                let problem =
                    format!("id {} has no label, expected one of each example", examples.id(example as u32));
                return Err(malformed(path, "", problem));
            }
            options.classes.check().map_err(|problem| malformed(path, "", problem))?;
            let classes = known.book.classes(&options.classes).map_err(|problem| {
                let example = known.labels.iter().position(|&label| label == problem.code).unwrap_or(0);
                let id = format!("id {}", examples.id(example as u32));
                match known.label_place(problem.code) {
                    Some((path, place)) => malformed(path, format!("{place}, {id}"), problem.problem),
                    None => malformed(path, id, problem.problem),
                }
            })?;
            let class = |&example: &u32| classes.of_code[known.labels[example as usize] as usize];
            class_of = order.iter().map(class).collect();
            (n_classes, labelled, class_names) = (classes.n_classes, true, classes.names);
        }
        let kept: Vec<usize> = (0..order.len()).filter(|&at| class_of[at].is_some()).collect();
        let mut rank = vec![UNKNOWN; order.len()];
        kept.iter().enumerate().for_each(|(example, &at)| rank[order[at] as usize] = example as u32);
        let (n_left, mut notes) = (order.len() - kept.len(), Vec::new());
        if n_left > 0 {
            let n = n_left;
            notes.push(Note::new("ignored", n, format!("{n} examples left out for their label")));
        }
        let whole = kept.len() == order.len();
        let soft_labels = soft.map(|soft: Vec<f64>| {
            kept.iter().flat_map(|&at| &soft[at * n_classes..(at + 1) * n_classes]).copied().collect()
        });
        // Those left out are missed nowhere.
        let slot = |(&(run, epoch), seen): (&(u32, u64), &Seen)| {
            let whole = seen.len() == order.len();
            let lacks = |&at: &usize| !seen.contains(order[at]);
            let n_missing = if whole { 0 } else { kept.iter().filter(|at| lacks(at)).count() };
            let first = (n_missing > 0).then(|| kept.iter().position(lacks)).flatten();
            Slot { run, epoch, n_missing, first_missing: first }
        };
        let slots = known.slots.iter().zip(&seen).map(slot).collect();
        let mut scan = Self {
            path: path.to_path_buf(),
            files,
            ids: if whole { all } else { all.select(&kept)? },
            labels: if labelled { kept.iter().filter_map(|&at| class_of[at]).collect() } else { Vec::new() },
            soft_labels,
            class_names,
            n_classes,
            slots,
            known,
            rank,
            rows,
            segments,
            in_order: true,
            broken: Broken::default(),
            notes,
        };
        scan.settle(twice, &what, options)?;
        Ok(scan)
    }

    /// Finds whether rows come epoch after epoch, and what becomes of those that are twice, as `what` says.
    fn settle(&mut self, twice: Twice, what: &str, options: &Options) -> Result<(), DataError> {
        let path = self.path.clone();
        let spooled = |error| io_error(&path, error);
        let mut epoch_of_run: HashMap<u32, u64> = HashMap::new();
        let mut segments = self.segments.iter().map_err(spooled)?;
        while let Some(segment) = segments.next().map_err(spooled)? {
            let Slot { run, epoch, .. } = self.slots[segment.slot as usize];
            let before = epoch_of_run.insert(run, epoch);
            self.in_order &= before.is_none_or(|before| before <= epoch);
        }
        if twice.n == 0 {
            return Ok(());
        }
        let Twice { n, mut rows, .. } = twice;
        let text = match options.duplicates {
            Duplicates::Mean => format!("{what}: they are averaged"),
            rule => format!("{what}: the {rule} counts"),
        };
        self.notes.push(Note::new("duplicates", n, text));
        if options.duplicates == Duplicates::First {
            return Ok(());
        }
        let mut row_slots = self.segments.rows().map_err(spooled)?;
        let marked = self.rows.update(|numbers| {
            for example in numbers {
                if let Some(others) = rows.get_mut(&(row_slots.next()?, *example)) {
                    *others -= 1;
                    match options.duplicates {
                        Duplicates::Mean => *example |= AVERAGED,
                        _ if *others > 0 => *example = LEFT,
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

/// The rows' examples and segments.
struct Rows {
    rows: RowNumbers,
    segments: Segments,
}

/// Rows of a run, epoch and example that another row has.
#[derive(Default)]
struct Twice {
    n: usize,
    /// The slots and examples of the first of them.
    first: Vec<(u32, u32)>,
    /// The file of the very first.
    file: usize,
    /// How many rows a slot and example have, where these are several.
    rows: HashMap<(u32, u32), u32>,
}

impl Twice {
    fn add(&mut self, slot: u32, example: u32, file: usize) {
        if self.n == 0 {
            self.file = file;
        }
        self.n += 1;
        if self.first.len() < 3 {
            self.first.push((slot, example));
        }
        *self.rows.entry((slot, example)).or_insert(1) += 1;
    }

    /// How many there are, and the first of them.
    fn describe(&self, id: impl Fn(u32) -> String, epoch: impl Fn(u32) -> u64) -> String {
        let place = |&(slot, example): &(u32, u32)| format!("id {} in epoch {}", id(example), epoch(slot));
        let first = self.first.iter().map(place).collect::<Vec<_>>().join(", ");
        format!("{} rows of an id and epoch that another row has, first {first}", self.n)
    }
}
