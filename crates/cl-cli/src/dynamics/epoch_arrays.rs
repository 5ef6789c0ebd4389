use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::bail;
use cl_data::Scalar;
use cl_data::io::{ElementType, NpyReader};

use super::archive::{kind_of_file, open_rows};
use super::numbered::{entries, numbered, without_gap};
use super::{
    Block, BlockSource, BlockVisitor, Contents, InputOptions, Source, Values, Visitor, kind_of_name, read_ids,
    read_labels,
};

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
    pub(super) fn open(folder: &Path, input: &InputOptions) -> anyhow::Result<Option<Self>> {
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
        if let Some(outputs) = input.outputs
            && series.len() > 1
        {
            series.retain(|(before, _), _| kind_of_name(before) == Some(outputs));
        }
        let names: Vec<_> = series.keys().map(|(before, after)| format!("{before}E{after}")).collect();
        let Some(((before, after), _)) = series.pop_first() else { return Ok(None) };
        if names.len() > 1 {
            bail!(
                "{}: files of {} kinds, expected one .npy per epoch: {}",
                folder.display(),
                names.len(),
                names.join(", ")
            );
        }
        let (epochs, files) = without_gap(folder, numbered(folder, &before, &after)?)?;
        let mut shape: Option<(usize, usize)> = None;
        let mut c_order = true;
        for file in &files {
            let reader = NpyReader::open(file)?;
            let [n, n_classes] = *reader.shape() else {
                bail!("{}: shape {:?}, expected (examples, classes)", file.display(), reader.shape());
            };
            c_order &= !reader.is_fortran_order();
            let expected = *shape.get_or_insert((n, n_classes));
            if expected != (n, n_classes) {
                let first = files[0].display();
                bail!("{}: shape {:?}, expected {expected:?} as in {first}", file.display(), (n, n_classes));
            }
        }
        let (n, n_classes) = shape.unwrap_or_default();
        let labels = read_labels(input, &folder.join("labels.npy"))?;
        if labels.len() != n {
            bail!("{}: {} labels for {n} examples, expected one each", folder.display(), labels.len());
        }
        let ids = read_ids(folder, n)?;
        let outputs = kind_of_file(input, &files[0], n_classes)?;
        let contents = Contents { format: "npy per epoch", outputs, ids, labels, n_classes, epochs, files };
        Ok(Some(Self { contents: contents.checked(folder)?, c_order }))
    }
}

impl Source for EpochArrays {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn blocks(&mut self) -> Option<&mut dyn BlockSource> {
        if self.c_order { Some(self) } else { None }
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> anyhow::Result<()> {
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
    ) -> anyhow::Result<()> {
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
) -> anyhow::Result<()> {
    let (n, c) = (contents.n_examples(), contents.n_classes);
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
                bail!("{}: {found} rows from row {start}, expected {}", file.display(), examples.len());
            }
        }
        visitor.observe(contents, &Block { examples, values: kind(&values) })?;
    }
    Ok(())
}
