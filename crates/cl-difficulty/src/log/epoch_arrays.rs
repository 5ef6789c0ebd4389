use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use cl_data::io::{ElementType, NpyReader, malformed};
use cl_data::{DataError, Scalar};

use super::numbered::{entries, numbered, without_gap};
use super::options::{Options, check_n_labels, kind_of_name, read_ids_beside};
use super::rows::open_rows;
use super::source::{Block, BlockSource, BlockVisitor, Contents, Source, Values, Visitor};
use crate::error::DifficultyError;

/// Bytes of a block.
const BLOCK: usize = 400 << 20;

/// Examples that a block is a multiple of, where it has as many: enough for all threads.
const EXAMPLES: usize = 8192;

/// A folder with a `.npy` file of N x C outputs per epoch, `labels.npy` and perhaps `ids.npy`.
pub(super) struct EpochArrays {
    contents: Contents,
    /// Whether rows are whole in all files.
    c_order: bool,
}

impl EpochArrays {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, options: &Options) -> Result<Option<Self>, DataError> {
        let mut series = BTreeMap::new();
        for name in entries(folder)?.keys() {
            let Some(stem) = name.strip_suffix(".npy") else { continue };
            // The last run of digits is the epoch: `seed1_epoch_20` is of epoch 20.
            let Some(end) = stem.rfind(|c: char| c.is_ascii_digit()) else { continue };
            let start = stem[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
            // A character before the digits may be wider than a byte.
            let start = (start..=end).find(|&at| stem.is_char_boundary(at)).unwrap_or(end);
            let series: &mut u64 =
                series.entry((stem[..start].to_owned(), format!("{}.npy", &stem[end + 1..]))).or_default();
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
            let problem = format!("files of {n} kinds, expected one .npy per epoch: {names}");
            return Err(malformed(folder, "", problem));
        }
        let (epochs, files) = without_gap(folder, numbered(folder, &before, &after)?)?;
        let mut shape: Option<(usize, usize)> = None;
        let mut c_order = true;
        for file in &files {
            let reader = NpyReader::open(file)?;
            let [n, n_classes] = *reader.shape() else {
                let problem = format!("shape {:?}, expected (examples, classes)", reader.shape());
                return Err(malformed(file, "", problem));
            };
            c_order &= !reader.is_fortran_order();
            let expected = *shape.get_or_insert((n, n_classes));
            if expected != (n, n_classes) {
                let first = files[0].display();
                let problem = format!("shape {:?}, expected {expected:?} as in {first}", (n, n_classes));
                return Err(malformed(file, "", problem));
            }
        }
        let (n, n_classes) = shape.unwrap_or_default();
        let labels = options.read_labels(&folder.join("labels.npy"))?;
        check_n_labels(folder, &labels, n)?;
        let ids = read_ids_beside(folder, n)?;
        let outputs = options.kind_of_file(&files[0], n_classes)?;
        let (path, format) = (folder.to_path_buf(), "npy per epoch");
        let contents = Contents { path, format, outputs, ids, labels, n_classes, epochs, files };
        Ok(Some(Self { contents: contents.checked()?, c_order }))
    }
}

impl Source for EpochArrays {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn blocks(&mut self) -> Option<&mut dyn BlockSource> {
        if self.c_order { Some(self) } else { None }
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let Self { contents, .. } = self;
        let examples: Vec<usize> = (0..contents.n_examples()).collect();
        for (position, file) in contents.files.iter().enumerate().skip(first) {
            open_rows(file)?.visit(contents, file, position, &examples, visitor)?;
        }
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
        let readers = contents.files.iter().map(NpyReader::open).collect::<Result<Vec<_>, _>>()?;
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
    let (n, c) = (contents.n_examples(), contents.n_classes);
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
