use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cl_data::DataError;
use cl_data::io::{Batch, beyond_outputs, io_error, malformed};
use rayon::prelude::*;

use super::super::note::Note;
use super::super::options::{Missing, Options};
use super::super::rows::within;
use super::super::screen::{LEFT_OUT, Screen};
use super::super::source::{Contents, Source, Visitor};
use super::by_epoch::{ByEpoch, ByEpochWriter};
use super::columns::OutputColumns;
use super::files::{Files, table, tables};
use super::look::Look;
use super::outputs::{OutputReader, RowOutputs};
use super::predicted::PredictedClasses;
use super::scan::{AVERAGED, LEFT, Scan, Slot};
use super::stream::for_each_batch;
use crate::error::DifficultyError;

/// Numbers shown at a time.
const CHUNK: usize = 1 << 20;

/// Rows that are worth more than one thread.
const PARALLEL: usize = 1 << 14;

/// Numbers of an epoch that are put in their places before they are shown: 256 MiB.
const PLACED: usize = 1 << 25;

/// One run of a log of tables.
struct LongTable {
    contents: Contents,
    slots: Vec<usize>,
    options: Options,
    /// Numbers of a row, and whether it is one where two classes are meant.
    width: usize,
    single: bool,
    n_runs: usize,
    shared: Arc<Mutex<Shared>>,
}

/// What the runs of a log have in common.
struct Shared {
    scan: Scan,
    by_epoch: Option<ByEpoch>,
}

/// Opens a table, or the tables of a folder: a source for each run that there is.
pub(in super::super) fn open_tables(
    path: &Path,
    names: Option<&BTreeMap<String, PathBuf>>,
    options: &Options,
) -> Result<Vec<Box<dyn Source>>, DataError> {
    let Files { mut files, broken, note, of_epochs, labels } = match names {
        Some(names) => tables(path, names, options)?,
        None => table(path, options)?,
    };
    let options = &Options { labels: options.labels.clone().or(labels), ..options.clone() };
    let look = Look::at(&mut files, options)?;
    let mut scan = Scan::of(path, files, broken, options)?;
    scan.notes.extend(note);
    scan.notes.extend(look.note.clone());
    let n_classes = match look.outputs.is_scalar() {
        true => scan.n_classes.max(2),
        false if look.width == 1 => 2,
        false => look.width,
    };
    // Where the outputs stand, where the labels stand elsewhere.
    let of_outputs = options.labels.as_ref().map_or_else(String::new, |_| format!(" of {}", path.display()));
    if let Some(example) = scan.labels.iter().position(|&label| label >= n_classes) {
        let (id, label) = (scan.ids.get(example).unwrap_or_default(), scan.labels[example]);
        let n_told = options.classes.classes.as_ref().map_or(0, Vec::len);
        let problem = beyond_outputs(label, n_classes, &of_outputs, n_told);
        let code = scan.known.book.find(&label.to_string()).filter(|_| options.labels.is_none());
        return Err(match code.and_then(|code| scan.known.label_place(code)) {
            Some((path, place)) => malformed(path, format!("{place}, id {id}"), problem),
            None => malformed(options.labels.as_deref().unwrap_or(path), format!("id {id}"), problem),
        });
    }
    if scan.soft_labels.is_some() && scan.n_classes != n_classes {
        let of = options.labels.as_deref().unwrap_or(path);
        let problem = format!(
            "soft labels of {} classes, expected {n_classes} as the outputs{of_outputs} have",
            scan.n_classes
        );
        return Err(malformed(of, "", problem));
    }
    let n_runs = scan.known.runs.len();
    let format = match &scan.files[..] {
        [file] => match file.table.format() {
            cl_data::io::RowFormat::Csv => "CSV",
            cl_data::io::RowFormat::JsonLines => "JSON lines",
            cl_data::io::RowFormat::Parquet => "Parquet",
        },
        _ if !of_epochs.is_empty() => "a table per epoch",
        _ => "tables",
    };
    let mut all = Vec::with_capacity(n_runs);
    let (ids, runs) = (scan.ids.clone(), scan.known.runs.clone());
    let slots_of: Vec<Vec<usize>> = (0..n_runs as u32).map(|run| scan.slots_of(run)).collect();
    let contents = |scan: &Scan, run: usize| {
        let slots = &slots_of[run];
        Contents {
            path: path.to_path_buf(),
            format,
            outputs: look.outputs,
            ids: ids.clone(),
            labels: scan.labels.clone(),
            soft_labels: scan.soft_labels.clone(),
            class_names: scan.class_names.clone(),
            n_classes,
            epochs: slots.iter().map(|&slot| scan.slots[slot].epoch).collect(),
            files: if of_epochs.len() == slots.len() && n_runs == 1 { of_epochs.clone() } else { Vec::new() },
            run: (n_runs > 1).then(|| runs[run].clone()),
            rules: options.rules(),
            notes: scan.notes.iter().cloned().chain(missing(scan, slots)).collect(),
        }
        .checked()
    };
    let contents: Vec<Contents> = (0..n_runs).map(|run| contents(&scan, run)).collect::<Result<_, _>>()?;
    let shared = Arc::new(Mutex::new(Shared { scan, by_epoch: None }));
    for (contents, slots) in contents.into_iter().zip(slots_of) {
        let (width, single) = (look.width, look.width == 1 && !look.outputs.is_scalar());
        let (options, shared) = (options.clone(), Arc::clone(&shared));
        all.push(
            Box::new(LongTable { contents, slots, options, width, single, n_runs, shared }) as Box<dyn Source>
        );
    }
    Ok(all)
}

/// What examples lack in the epochs of these slots.
fn missing(scan: &Scan, slots: &[usize]) -> Option<Note> {
    let n: usize = slots.iter().map(|&slot| scan.slots[slot].n_missing).sum();
    let (example, epoch) = slots.iter().find_map(|&slot| {
        let Slot { first_missing, epoch, .. } = scan.slots[slot];
        first_missing.map(|example| (example, epoch))
    })?;
    let id = scan.ids.get(example).unwrap_or_default();
    Some(Note::new("missing", n, format!("{n} rows missing, first of id {id} in epoch {epoch}")))
}

/// Who is given rows, in the order of the files: where they stand, their slot, their examples ([`LEFT`] where a row does not
/// count) and their numbers.
type TakeRows<'a> = dyn FnMut(&Path, usize, &[u32], &[f64]) -> Result<(), DifficultyError> + 'a;

impl Shared {
    /// Goes through all rows of these slots; what is wrong with one may be put off until its slot is asked for.
    fn rows(
        &mut self,
        wanted: &[bool],
        width: usize,
        options: &Options,
        put_off: bool,
        take: &mut TakeRows<'_>,
    ) -> Result<(), DifficultyError> {
        let path = self.scan.path.clone();
        let spooled = |error| DifficultyError::from(io_error(&path, error));
        let Scan { files, rank, rows, segments, labels, class_names, broken, .. } = &mut self.scan;
        let predicted = PredictedClasses::new(class_names.as_deref(), options.classes.classes.is_some());
        let mut examples = rows.reader().map_err(spooled)?;
        let mut slots = segments.rows().map_err(spooled)?;
        let mut numbers = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let mut left = broken.rows_of(number);
            let columns = &file.columns;
            let ignore = options.classes.ignore.as_deref();
            let reader = OutputReader::new(&file.table, &columns.outputs, columns.label, ignore, width)
                .of_dtype(options.dtype);
            let parts: Vec<usize> = (0..file.table.n_parts()).collect();
            let predictions = matches!(columns.outputs, OutputColumns::Prediction(_));
            let prepare = |batch: Batch| Ok(reader.read(&batch, &predicted));
            let mut each = |mut outputs: RowOutputs| {
                if let Some(left) = &mut left {
                    outputs.truncate(*left, width);
                    *left -= outputs.n_rows as u64;
                }
                examples.next(outputs.n_rows, &mut numbers).map_err(spooled)?;
                let place = |number: &mut u32| {
                    if *number != LEFT {
                        let place = rank[(*number & !AVERAGED) as usize];
                        *number = if place == LEFT { LEFT } else { place | *number & AVERAGED };
                    }
                };
                numbers.par_chunks_mut(PARALLEL).for_each(|numbers| numbers.iter_mut().for_each(place));
                if predictions {
                    for (&example, value) in numbers.iter().zip(&mut outputs.values) {
                        let label = labels.get((example & !AVERAGED) as usize);
                        let right = label.is_some_and(|&label| *value == label as f64);
                        *value = if value.is_nan() { f64::NAN } else { f64::from(u8::from(right)) };
                    }
                }
                let mut problems = outputs.problems.into_iter().peekable();
                let mut row = 0;
                while row < outputs.n_rows {
                    let (slot, n) = slots.next_run(outputs.n_rows - row).map_err(spooled)?;
                    let run = row..row + n;
                    row += n;
                    let of_run = |(at, _): &(usize, DataError)| *at < run.end;
                    if !wanted[slot as usize] {
                        while problems.next_if(of_run).is_some() {}
                        continue;
                    }
                    while let Some((at, problem)) = problems.next_if(of_run) {
                        match numbers[at] {
                            LEFT => {}
                            _ if put_off => broken.put(slot as usize, problem)?,
                            _ => return Err(problem.into()),
                        }
                    }
                    let values = &outputs.values[run.start * width..run.end * width];
                    take(file.table.path(), slot as usize, &numbers[run], values)?;
                }
                Ok::<(), DifficultyError>(())
            };
            let mut refused = false;
            let read = for_each_batch(&file.table, &reader.read, &parts, prepare, |outputs| {
                let done = each(outputs);
                refused |= done.is_err();
                done
            });
            // That a file ends too early is known.
            if refused || left != Some(0) {
                read?;
            }
        }
        Ok(())
    }

    /// The rows by epoch, written at the first call.
    fn by_epoch(&mut self, width: usize, options: &Options) -> Result<&mut ByEpoch, DifficultyError> {
        let path = self.scan.path.clone();
        let spooled = |error| DifficultyError::from(io_error(&path, error));
        if self.by_epoch.is_none() {
            let mut n_rows = vec![0; self.scan.slots.len()];
            let mut segments = self.scan.segments.iter().map_err(spooled)?;
            while let Some(segment) = segments.next().map_err(spooled)? {
                n_rows[segment.slot as usize] += u64::from(segment.n);
            }
            let mut writer = ByEpochWriter::new(&n_rows, width).map_err(spooled)?;
            let wanted = vec![true; n_rows.len()];
            self.rows(&wanted, width, options, true, &mut |_, slot, examples, values| {
                let mut rows =
                    examples.iter().zip(values.chunks_exact(width)).filter(|(example, _)| **example != LEFT);
                rows.try_for_each(|(&example, values)| writer.push(slot, example, values)).map_err(spooled)
            })?;
            self.by_epoch = Some(writer.finish().map_err(spooled)?);
        }
        self.by_epoch.as_mut().ok_or_else(|| spooled(io::Error::other("no rows")))
    }
}

/// Rows on their way to a visitor, those of one epoch together: each at the place of its example, where memory allows, so
/// that they are shown in the order of the examples, whatever the order in which they came.
struct Chunks<'a, 'b> {
    contents: &'a Contents,
    screen: &'a mut Screen,
    visitor: &'a mut (dyn Visitor + 'b),
    width: usize,
    file: PathBuf,
    position: usize,
    /// Whether rows are put in their places.
    placed: bool,
    /// Whether an example's place is taken.
    taken: Vec<bool>,
    examples: Vec<usize>,
    values: Vec<f64>,
    /// The sums of rows that are averaged, and how many there were.
    sums: HashMap<usize, (Vec<f64>, usize)>,
}

impl<'a, 'b> Chunks<'a, 'b> {
    fn new(
        contents: &'a Contents,
        screen: &'a mut Screen,
        visitor: &'a mut (dyn Visitor + 'b),
        width: usize,
    ) -> Self {
        let n = contents.n_examples();
        let placed = n.saturating_mul(width) <= PLACED;
        let (taken, values) =
            if placed { (vec![false; n], vec![0.0; n * width]) } else { (Vec::new(), Vec::new()) };
        let (file, position, examples, sums) = (contents.path.clone(), 0, Vec::new(), HashMap::new());
        Self { contents, screen, visitor, width, file, position, placed, taken, examples, values, sums }
    }

    fn push(&mut self, examples: &[u32], values: &[f64]) -> Result<(), DifficultyError> {
        let width = self.width;
        // As a rule all rows count, each for itself.
        let plain = examples.iter().fold(true, |plain, &example| plain & (example < AVERAGED));
        if plain && self.placed && examples.len() >= PARALLEL {
            self.put_all(examples, values);
            return Ok(());
        }
        for (&example, row) in examples.iter().zip(values.chunks_exact(width)) {
            if example < AVERAGED {
                self.put(example as usize, row);
            } else if example != LEFT {
                let example = (example & !AVERAGED) as usize;
                let (sums, n) = self.sums.entry(example).or_insert_with(|| (vec![0.0; width], 0));
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                *n += 1;
            }
        }
        if !self.placed && self.values.len() >= CHUNK { self.show() } else { Ok(()) }
    }

    /// Puts rows in their places, each thread those of a part of the examples: the places lie scattered over memory, which
    /// is what takes time.
    fn put_all(&mut self, examples: &[u32], rows: &[f64]) {
        let width = self.width;
        let n = self.taken.len().div_ceil(rayon::current_num_threads().min(4)).max(1);
        let parts = self.values.par_chunks_mut(n * width).zip(self.taken.par_chunks_mut(n)).enumerate();
        parts.for_each(|(part, (values, taken))| {
            let first = part * n;
            for (&example, row) in examples.iter().zip(rows.chunks_exact(width)) {
                // What is of an earlier part wraps around.
                let at = (example as usize).wrapping_sub(first);
                let Some(taken) = taken.get_mut(at) else { continue };
                *taken = true;
                match row {
                    [value] => values[at] = *value,
                    row => values[at * width..][..width].copy_from_slice(row),
                }
            }
        });
    }

    #[inline]
    fn put(&mut self, example: usize, row: &[f64]) {
        if self.placed {
            self.taken[example] = true;
            match row {
                [value] => self.values[example] = *value,
                row => self.values[example * self.width..][..self.width].copy_from_slice(row),
            }
        } else {
            self.examples.push(example);
            self.values.extend_from_slice(row);
        }
    }

    /// Shows what has come, of which nothing is kept.
    fn show(&mut self) -> Result<(), DifficultyError> {
        let Self { contents, screen, visitor, width, file, position, placed, taken, examples, values, .. } = self;
        if *placed {
            let whole = taken.iter().fold(true, |whole, &taken| whole & taken);
            let rows = (CHUNK / *width).max(1);
            for (first, taken) in (0..).step_by(rows).zip(taken.chunks_mut(rows)) {
                let values = &values[first * *width..(first + taken.len()) * *width];
                examples.clear();
                let place = |(at, &taken): (usize, &bool)| if taken { first + at } else { LEFT_OUT };
                examples.extend(taken.iter().enumerate().map(place));
                if whole || taken.contains(&true) {
                    screen.show_f64s(contents, file, *position, examples, values, *visitor)?;
                }
                taken.fill(false);
            }
        } else if !examples.is_empty() {
            screen.show_f64s(contents, file, *position, examples, values, *visitor)?;
            values.clear();
        }
        self.examples.clear();
        Ok(())
    }

    fn end_epoch(&mut self) -> Result<(), DifficultyError> {
        let mut sums: Vec<_> = self.sums.drain().collect();
        sums.sort_by_key(|(example, _)| *example);
        for (example, (sums, n)) in sums {
            let mean: Vec<f64> = sums.into_iter().map(|sum| sum / n as f64).collect();
            self.put(example, &mean);
        }
        self.show()?;
        self.visitor.epoch_ended(self.contents, self.position)
    }
}

impl LongTable {
    /// An epoch that lacks examples is an error, unless they may be missing.
    fn check_whole(&self, shared: &Shared, position: usize) -> Result<usize, DifficultyError> {
        let slot = &shared.scan.slots[self.slots[position]];
        match slot.first_missing {
            Some(example) if self.options.missing == Missing::Error => {
                let (id, epoch, n) = (self.contents.id(example), slot.epoch, self.contents.n_examples());
                let run = self.contents.run.as_ref().map_or(String::new(), |run| format!(" of run {run}"));
                let problem = format!(
                    "no row of id {id} in epoch {epoch}{run} ({} of {n} ids are missing there), expected every id in every epoch; option `missing` skip scores each by the epochs that it is in",
                    slot.n_missing
                );
                Err(malformed(&self.contents.path, "", problem).into())
            }
            _ => Ok(slot.n_missing),
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Source for LongTable {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, positions: Range<usize>, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let positions = within(positions, &self.contents);
        let shared = Arc::clone(&self.shared);
        let mut shared = lock(&shared);
        let mut n_missing = 0;
        for position in positions.clone() {
            shared.scan.broken.check(self.slots[position])?;
            n_missing += self.check_whole(&shared, position)?;
        }
        let mut screen = Screen::new(&self.options, 0.0, self.single);
        let mut chunks = Chunks::new(&self.contents, &mut screen, visitor, self.width);
        chunks.position = positions.start;
        if shared.scan.in_order && self.n_runs == 1 {
            let mut position_of = vec![usize::MAX; shared.scan.slots.len()];
            positions.clone().for_each(|position| position_of[self.slots[position]] = position);
            let wanted: Vec<bool> = position_of.iter().map(|&position| position != usize::MAX).collect();
            let mut file = PathBuf::new();
            shared.rows(&wanted, self.width, &self.options, false, &mut |path, slot, examples, values| {
                while chunks.position < position_of[slot] {
                    chunks.end_epoch()?;
                    chunks.position += 1;
                }
                if file != path {
                    file = path.to_path_buf();
                    chunks.file.clone_from(&file);
                }
                chunks.push(examples, values)
            })?;
            while chunks.position < positions.end {
                chunks.end_epoch()?;
                chunks.position += 1;
            }
        } else {
            let path = self.contents.path.clone();
            let rows = (CHUNK / self.width).max(1);
            shared.by_epoch(self.width, &self.options)?;
            positions.clone().try_for_each(|position| shared.scan.broken.check(self.slots[position]))?;
            let store = shared.by_epoch(self.width, &self.options)?;
            for position in positions {
                chunks.position = position;
                store
                    .for_each(self.slots[position], rows, |examples, values| {
                        chunks.push(examples, values).map_err(Stopped::Visit)
                    })
                    .map_err(|stopped| match stopped {
                        Stopped::Visit(error) => error,
                        Stopped::Io(error) => io_error(&path, error).into(),
                    })?;
                chunks.end_epoch()?;
            }
        }
        screen.note(&mut self.contents);
        self.contents.notes.retain(|note| note.what != "missing");
        if n_missing > 0 {
            let text =
                format!("{n_missing} rows missing: their examples are scored by the epochs that they are in");
            self.contents.note(Note::new("missing", n_missing, text));
        }
        Ok(())
    }
}

/// Why a pass over rows ended.
enum Stopped {
    Io(io::Error),
    Visit(DifficultyError),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
