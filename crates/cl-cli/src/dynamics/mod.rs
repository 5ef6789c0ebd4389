//! Training dynamics in the layouts that the field's systems write, one reader per layout, each streamed.

mod archive;
mod cartography;
pub(crate) mod check;
mod epoch_arrays;
#[cfg(feature = "parquet")]
mod long_table;
mod numbered;
mod presentation_order;
mod rows;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::bail;
use cl_data::io::{Array, ArrayData, open, read_npy};
use cl_data::{Fingerprint, Ids};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// What a person says of training dynamics that the files do not.
#[derive(Args)]
pub(crate) struct InputOptions {
    /// Labels (.npy, N integers), where the input has none
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// What the numbers are, where neither names nor content tell
    #[arg(long, value_enum)]
    outputs: Option<OutputKind>,
}

/// What a model's outputs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OutputKind {
    Logits,
    Probabilities,
}

/// What an input holds, known before its outputs are read.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) format: &'static str,
    pub(crate) outputs: OutputKind,
    pub(crate) ids: Ids,
    pub(crate) labels: Vec<usize>,
    pub(crate) n_classes: usize,
    pub(crate) epochs: Vec<u64>,
    /// One file per epoch; none where the input is a single file.
    pub(crate) files: Vec<PathBuf>,
}

impl Contents {
    pub(crate) fn n_examples(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.ids, &self.labels)
    }

    /// The id of an example, as messages name it.
    pub(crate) fn id(&self, example: usize) -> String {
        self.ids.get(example).map_or_else(|| format!("at {example}"), Into::into)
    }

    fn checked(self, path: &Path) -> anyhow::Result<Self> {
        let path = path.display();
        if self.epochs.is_empty() {
            bail!("{path}: 0 epochs, expected at least one");
        }
        if self.labels.is_empty() {
            bail!("{path}: 0 examples, expected at least one");
        }
        if self.n_classes < 2 {
            bail!("{path}: {} classes, expected at least 2 outputs per example", self.n_classes);
        }
        if self.ids.len() != self.labels.len() {
            bail!("{path}: {} ids for {} labels, expected one each", self.ids.len(), self.labels.len());
        }
        if let Some(example) = self.labels.iter().position(|&label| label >= self.n_classes) {
            let (id, label) = (self.id(example), self.labels[example]);
            bail!("{path}: label {label} of example {id} is out of range, expected 0..{}", self.n_classes);
        }
        Ok(self)
    }
}

/// Outputs of one model for some examples of one epoch.
#[derive(Debug)]
pub(crate) struct Chunk<'a> {
    pub(crate) file: &'a Path,
    /// Position of the epoch among those of the input.
    pub(crate) position: usize,
    pub(crate) examples: &'a [usize],
    /// As many rows of outputs as examples.
    pub(crate) values: Values<'a>,
}

/// Numbers in the precision they are stored in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
}

/// Who is shown the chunks, epoch by epoch.
pub(crate) trait Visitor {
    /// Some examples of an epoch; each occurs once per epoch.
    fn observe(&mut self, contents: &Contents, chunk: &Chunk<'_>) -> anyhow::Result<()>;

    /// All examples of the epoch at `position` were observed.
    fn epoch_ended(&mut self, contents: &Contents, position: usize) -> anyhow::Result<()>;
}

/// Some neighbouring examples through all epochs.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    pub(crate) examples: Range<usize>,
    /// Epochs x examples x classes.
    pub(crate) values: Values<'a>,
}

/// Who is shown blocks of examples.
pub(crate) trait BlockVisitor {
    /// The next block.
    fn observe(&mut self, contents: &Contents, block: &Block<'_>) -> anyhow::Result<()>;
}

/// Training dynamics whose epochs all have the examples in the same order, so that blocks of examples can be read
/// through all epochs: what is kept of an example besides its scores is then kept for a block alone.
pub(crate) trait BlockSource {
    /// Shows the examples from `first` on, in order, `rows` at a time; as many as memory is set aside for where it
    /// is none.
    fn visit_blocks(
        &mut self,
        first: usize,
        rows: Option<NonZeroUsize>,
        visitor: &mut dyn BlockVisitor,
    ) -> anyhow::Result<()>;
}

/// Training dynamics in one layout.
pub(crate) trait Source {
    fn contents(&self) -> &Contents;

    /// The same by blocks of examples, where the layout has them.
    fn blocks(&mut self) -> Option<&mut dyn BlockSource> {
        None
    }

    /// Shows the epochs from the one at position `first` on, in order.
    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> anyhow::Result<()>;
}

/// Opens training dynamics; content decides about the layout.
pub(crate) fn open_source(path: &Path, input: &InputOptions) -> anyhow::Result<Box<dyn Source>> {
    if path.is_dir() {
        return open_folder(path, input);
    }
    match *open(path)?.read_up_to(6)? {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Ok(Box::new(archive::Archive::open(path, input)?)),
        #[cfg(feature = "parquet")]
        [b'P', b'A', b'R', b'1', ..] => Ok(Box::new(long_table::LongTable::open(path, input)?)),
        #[cfg(not(feature = "parquet"))]
        [b'P', b'A', b'R', b'1', ..] => {
            bail!("{}: a Parquet file, which takes a build with the feature `parquet`", path.display())
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y'] => Ok(Box::new(archive::Archive::open_single(path, input)?)),
        _ => bail!("{}: neither .npz nor .npy, nor a folder of training dynamics", path.display()),
    }
}

fn open_folder(folder: &Path, input: &InputOptions) -> anyhow::Result<Box<dyn Source>> {
    // The two systems write into a folder of this name; people name the one above it.
    for folder in [folder, &folder.join("training_dynamics"), &folder.join("npy")] {
        if !folder.is_dir() {
            continue;
        }
        if let Some(source) = cartography::Cartography::open(folder, input)? {
            return Ok(Box::new(source));
        }
        if let Some(source) = presentation_order::PresentationOrder::open(folder, input)? {
            return Ok(Box::new(source));
        }
    }
    if let Some(source) = epoch_arrays::EpochArrays::open(folder, input)? {
        return Ok(Box::new(source));
    }
    bail!(
        "{}: no training dynamics, expected dynamics_epoch_E.jsonl, E_Output.npy with E_Index.npy, or a .npy \
         file per epoch",
        folder.display()
    )
}

/// Names that say what the numbers are.
fn kind_of_name(name: &str) -> Option<OutputKind> {
    let name = name.to_lowercase();
    match (name.contains("logit"), name.contains("prob") || name.contains("softmax")) {
        (true, false) => Some(OutputKind::Logits),
        (false, true) => Some(OutputKind::Probabilities),
        _ => None,
    }
}

/// Labels from `--labels`, else from the file of the layout.
fn read_labels(input: &InputOptions, beside: &Path) -> anyhow::Result<Vec<usize>> {
    let path = match &input.labels {
        Some(path) => path.as_path(),
        None if beside.exists() => beside,
        None => bail!("{}: no such file, expected the labels there or in --labels FILE", beside.display()),
    };
    indices_of(path, "labels", &read_npy(path)?)
}

/// `ids.npy`, where there is one, else 0..n.
fn read_ids(folder: &Path, n: usize) -> anyhow::Result<Ids> {
    let path = folder.join("ids.npy");
    if path.exists() { ids_of(&path, read_npy(&path)?) } else { Ok(Ids::range(n)) }
}

fn indices_of(path: &Path, what: &str, array: &Array) -> anyhow::Result<Vec<usize>> {
    let path = path.display();
    if array.shape().len() != 1 {
        bail!("{path}: {what} of shape {:?}, expected one axis", array.shape());
    }
    array.to_indices().map_err(|error| anyhow::anyhow!("{path}: {what}: {error}"))
}

/// Ids of any integer type or texts.
pub(crate) fn ids_of(path: &Path, array: Array) -> anyhow::Result<Ids> {
    if array.shape().len() != 1 {
        bail!("{}: ids of shape {:?}, expected one axis", path.display(), array.shape());
    }
    let ids = match array.into_data() {
        ArrayData::Text(ids) => Ids::texts(ids),
        ArrayData::I64(ids) => Ids::integers(ids),
        ArrayData::U64(ids) => Ids::texts(ids.iter().map(u64::to_string).collect()),
        ArrayData::I8(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::I16(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::I32(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::U8(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::U16(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::U32(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        other => bail!("{}: ids are {}, expected integers or texts", path.display(), other.element_type()),
    };
    ids.map_err(|error| anyhow::anyhow!("{}: ids: {error}", path.display()))
}
