use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cl_data::io::{ElementType, NpyReader, malformed, read_npy};
use cl_data::{DataError, Scalar};

use super::beside::{read_ids_beside, read_labels};
use super::members::Members;
use super::names::kind_of_name;
use super::note::Note;
use super::numbered::{entries, numbered, others};
use super::options::{NotNumbers, Options, refuse_columns};
use super::rows::{check_type, open_rows, within};
use super::sample::Sample;
use super::screen::{SUM_TOLERANCE, Screen};
use super::source::{Block, BlockSource, BlockVisitor, Contents, OutputKind, Source, Values, Visitor};
use crate::error::DifficultyError;

/// Bytes of a block.
const BLOCK: usize = 400 << 20;

/// Examples that a block is a multiple of, where it has as many: enough for all threads.
const EXAMPLES: usize = 8192;

/// A folder with a `.npy` file of N x C outputs per epoch, `labels.npy` and perhaps `ids.npy`.
pub(super) struct EpochArrays {
    contents: Contents,
    /// Rows, and numbers per row.
    shape: (usize, usize),
    /// Whether there is one number per row where two classes are meant.
    single: bool,
    example_of_row: Vec<usize>,
    options: Options,
    tolerance: f64,
    /// Whether rows can be shown as they stand.
    blocks: bool,
}

impl EpochArrays {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, options: &Options) -> Result<Option<Self>, DataError> {
        let mut series = BTreeMap::new();
        for name in entries(folder)?.keys() {
            let Some(stem) = name.strip_suffix(".npy") else { continue };
            let Some((start, end)) = place_of_epoch(stem) else { continue };
            let series: &mut u64 =
                series.entry((stem[..start].to_owned(), format!("{}.npy", &stem[end..]))).or_default();
            *series += 1;
        }
        if let Some(outputs) = options.outputs
            && series.len() > 1
        {
            series.retain(|(before, _), _| kind_of_name(before) == Some(outputs));
        }
        let names: Vec<_> = series.keys().map(|(before, after)| format!("{before}E{after}")).collect();
        let Some(((before, after), _)) = series.pop_first() else { return Ok(None) };
        if names.len() > 1 {
            let (n, names) = (names.len(), names.join(", "));
            let ranks = "; arrays of several ranks need ids: tables, or E_Index.npy beside E_Output.npy";
            let ranks = if names.contains("rank") { ranks } else { "" };
            let problem = format!("files of {n} kinds, expected one .npy per epoch: {names}{ranks}");
            return Err(malformed(folder, "", problem));
        }
        let (epochs, files): (Vec<u64>, Vec<PathBuf>) = numbered(folder, &before, &after)?.into_iter().unzip();
        let Some(first) = files.first() else { return Ok(None) };
        refuse_columns(folder, options, &["epoch_column", "run_column", "outputs_column"])?;
        let reader = NpyReader::open(first)?;
        let (n, row_len) = match *reader.shape() {
            [n, c] => (n, c),
            [n] => (n, 1),
            ref shape => {
                let problem = format!("shape {shape:?}, expected (examples, classes)");
                return Err(malformed(first, "", problem));
            }
        };
        let sample = Sample::of(first, reader, || read_npy(first), options)?;
        let name = first.file_stem().unwrap_or_default().to_string_lossy();
        let named = kind_of_name(&name).filter(|kind| !kind.is_scalar() || row_len == 1);
        let (outputs, note) = sample.kind(first, options, named, row_len)?;
        let single = row_len == 1 && !outputs.is_scalar();
        let n_classes = (!outputs.is_scalar()).then_some(if single { 2 } else { row_len });
        let of_rows = || {
            let labels = read_labels(options, folder, first, n, !outputs.is_scalar())?;
            Members::new(first, read_ids_beside(folder, n)?, labels, n_classes)
        };
        let members = of_rows().map_err(|error| another_shape(&files, n).unwrap_or(error))?;
        let mut contents =
            members.contents(folder, "npy per epoch", outputs, n_classes, epochs, files, note, options)?;
        let left_out = others(folder, options, |_, path| contents.files.iter().any(|file| file == path))?;
        contents.notes.extend(Note::files_left_out(&left_out));
        // Blocks are read without a screen.
        let plain = options.nan == NotNumbers::Error && !options.normalize && options.dtype.is_none() && !single;
        let exact = outputs != OutputKind::Probabilities || sample.tolerance <= SUM_TOLERANCE;
        let all = members.example_of_row.len() == contents.n_examples();
        let shape = (n, row_len);
        let example_of_row = members.example_of_row;
        let (options, single) = (options.clone(), single);
        Ok(Some(Self {
            contents,
            shape,
            single,
            example_of_row,
            options,
            tolerance: sample.tolerance,
            blocks: plain && exact && all,
        }))
    }

    /// A file of the same shape as the first.
    fn check(&self, file: &Path) -> Result<NpyReader<'static>, DataError> {
        let reader = NpyReader::open(file)?;
        let (n, c) = self.shape;
        let same = match *reader.shape() {
            [rows, columns] => (rows, columns) == (n, c),
            [rows] => (rows, 1) == (n, c),
            _ => false,
        };
        if !same {
            let first = self.contents.files[0].display();
            let ids = "epochs of other examples need ids: a table, or E_Index.npy beside E_Output.npy";
            let problem = format!("shape {:?}, expected {:?} as in {first}; {ids}", reader.shape(), [n, c]);
            return Err(malformed(file, "", problem));
        }
        check_type(file, reader.element_type(), self.options.dtype)?;
        Ok(reader)
    }
}

/// Of files that are not all of `n` examples, which says more than labels that do not fit the first.
fn another_shape(files: &[PathBuf], n: usize) -> Option<DataError> {
    files.iter().skip(1).find_map(|file| {
        let shape = NpyReader::open(file).ok()?.shape().to_vec();
        let other = shape.first().is_some_and(|&rows| rows != n);
        other.then(|| {
            let first = files[0].display();
            malformed(file, "", format!("shape {shape:?}, expected {n} examples as in {first}"))
        })
    })
}

/// Where the digits of the epoch stand in a name: behind `epoch` or `step`, else the last ones (`seed1_20` is of epoch 20).
fn place_of_epoch(stem: &str) -> Option<(usize, usize)> {
    let digits = |from: usize| stem[from..].bytes().take_while(u8::is_ascii_digit).count();
    for word in ["epoch", "step"] {
        for (at, _) in stem.match_indices(word) {
            let start = at + word.len() + usize::from(stem[at + word.len()..].starts_with(['_', '-', '=']));
            if digits(start) > 0 {
                return Some((start, start + digits(start)));
            }
        }
    }
    let end = stem.rfind(|c: char| c.is_ascii_digit())? + 1;
    let n = stem[..end].bytes().rev().take_while(u8::is_ascii_digit).count();
    Some((end - n, end))
}

impl Source for EpochArrays {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn blocks(&mut self) -> Option<&mut dyn BlockSource> {
        // What is wrong with a file is told once it is read.
        let c_order = |file: &PathBuf| self.check(file).map_or(true, |reader| !reader.is_fortran_order());
        let blocks = self.blocks && self.contents.files.iter().all(c_order);
        if blocks { Some(self) } else { None }
    }

    fn visit(&mut self, positions: Range<usize>, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let mut screen = Screen::new(&self.options, self.tolerance, self.single);
        for position in within(positions, &self.contents) {
            let (contents, file) = (&self.contents, &self.contents.files[position]);
            self.check(file)?;
            let (examples, row_len) = (&self.example_of_row, self.shape.1);
            let mut rows = open_rows(file, self.options.dtype)?;
            rows.visit(contents, file, position, examples, row_len, &mut screen, visitor)?;
        }
        screen.note(&mut self.contents);
        Ok(())
    }
}

impl BlockSource for EpochArrays {
    fn visit_blocks(
        &mut self,
        first: usize,
        rows: Option<NonZeroUsize>,
        visitor: &mut dyn BlockVisitor,
    ) -> Result<(), DifficultyError> {
        let contents = &self.contents;
        let readers = contents.files.iter().map(|file| self.check(file)).collect::<Result<Vec<_>, _>>()?;
        // Half precision is exact in single precision, too.
        let single = |reader: &NpyReader<'_>| matches!(reader.element_type(), ElementType::F16 | ElementType::F32);
        if readers.iter().all(single) {
            visit_as::<f32>(contents, readers, (first, rows), visitor, |values| Values::F32(values))
        } else {
            visit_as::<f64>(contents, readers, (first, rows), visitor, |values| Values::F64(values))
        }
    }
}

/// The files are read side by side, each from its beginning to its end.
fn visit_as<T: Scalar>(
    contents: &Contents,
    mut readers: Vec<NpyReader<'_>>,
    (first, rows): (usize, Option<NonZeroUsize>),
    visitor: &mut dyn BlockVisitor,
    kind: impl Fn(&[T]) -> Values<'_>,
) -> Result<(), DifficultyError> {
    let (n, c) = (contents.n_examples(), contents.outputs.width(contents.n_classes));
    if first > n {
        return Err(DifficultyError::argument("first", first, "at most the number of examples"));
    }
    for reader in &mut readers {
        let mut left = first * c;
        while left > 0 {
            left -= reader.read_chunk(left.min(1 << 16))?.len();
        }
    }
    let fit = (BLOCK / (readers.len() * c * size_of::<T>())).max(1);
    let fit = if fit < EXAMPLES { fit } else { fit / EXAMPLES * EXAMPLES };
    let rows = rows.map_or(fit, NonZeroUsize::get);
    let mut values = Vec::with_capacity(readers.len() * rows.min(n) * c);
    for start in (first..n).step_by(rows) {
        let examples = start..n.min(start + rows);
        values.clear();
        for (reader, file) in readers.iter_mut().zip(&contents.files) {
            let found = reader.read_rows(examples.len(), &mut values)?;
            if found != examples.len() {
                let problem = format!("{found} rows from row {start}, expected {}", examples.len());
                return Err(malformed(file, "", problem).into());
            }
        }
        visitor.observe(contents, &Block { examples, values: kind(&values) })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_of_a_name() {
        for (stem, epoch) in [
            ("logits_004", Some("004")),
            ("seed1_epoch_20", Some("20")),
            ("logits_epoch_3_rank1", Some("3")),
            ("zwölf7", Some("7")),
            ("epoch", None),
            ("12", Some("12")),
        ] {
            assert_eq!(place_of_epoch(stem).map(|(start, end)| &stem[start..end]), epoch, "{stem}");
        }
    }
}
