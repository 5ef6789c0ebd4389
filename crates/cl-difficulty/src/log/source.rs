use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cl_data::{DataError, Fingerprint, Ids, io::malformed};

use super::note::Note;

pub use crate::dynamics::OutputKind;
use crate::error::DifficultyError;

/// What a log holds, known before its outputs are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// The file or folder.
    pub path: PathBuf,
    /// The layout's name.
    pub format: &'static str,
    /// What its numbers are.
    pub outputs: OutputKind,
    /// The names of the examples.
    pub ids: Ids,
    /// The label of each example; empty where the log has none, as one of losses may.
    pub labels: Vec<usize>,
    /// Where labels are shares of classes: n x c of them, example by example.
    pub soft_labels: Option<Vec<f64>>,
    /// The label of each class, where these are not the integers themselves.
    pub class_names: Option<Vec<String>>,
    /// Outputs per example; of losses, the classes of the labels, at least 2.
    pub n_classes: usize,
    /// The epochs, in increasing order, as the log counts.
    pub epochs: Vec<u64>,
    /// One file per epoch; none where the log is a single file.
    pub files: Vec<PathBuf>,
    /// Which run of several this is.
    pub run: Option<String>,
    /// The rules by which rows count, which a saved state holds to.
    pub rules: String,
    /// What is not plain about it.
    pub notes: Vec<Note>,
}

impl Contents {
    /// How many examples there are.
    pub fn n_examples(&self) -> usize {
        self.ids.len()
    }

    /// The label of an example; 0 where the log has none.
    pub fn label(&self, example: usize) -> usize {
        self.labels.get(example).copied().unwrap_or(0)
    }

    /// Of ids and labels.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.ids, &self.labels)
    }

    /// The id of an example, as messages name it.
    pub fn id(&self, example: usize) -> String {
        self.ids.get(example).map_or_else(|| format!("at {example}"), Into::into)
    }

    /// Takes down what is not plain, in place of what was noted of the same before.
    pub(super) fn note(&mut self, note: Note) {
        self.notes.retain(|known| known.what != note.what);
        self.notes.push(note);
    }

    /// The same, once it is found to be of a log.
    ///
    /// # Errors
    /// [`DataError::Malformed`] without an epoch, an example or a second class, where ids and labels are not as many,
    /// and where a label is no class.
    pub fn checked(mut self) -> Result<Self, DataError> {
        let (n_ids, n_labels, c) = (self.ids.len(), self.labels.len(), self.n_classes);
        let problem = if self.epochs.is_empty() {
            "0 epochs, expected at least one".into()
        } else if n_ids == 0 {
            "0 examples, expected at least one".into()
        } else if c < 2 {
            format!("{c} classes, expected at least 2 outputs per example")
        } else if n_labels == 0 && !self.outputs.is_scalar() {
            "no labels, expected a column or member of labels, or option `labels` or option `label_column`".into()
        } else if n_labels != 0 && n_ids != n_labels {
            format!("{n_ids} ids for {n_labels} labels, expected one each")
        } else if let Some(example) = self.labels.iter().position(|&label| label >= c) {
            let (id, label) = (self.id(example), self.labels[example]);
            format!("label {label} of example {id} is out of range, expected 0..{c}")
        } else {
            let gaps: Vec<_> = self.epochs.windows(2).filter(|pair| pair[1] > pair[0] + 1).collect();
            if let Some(gap) = gaps.first() {
                let (n, from, to) = (gaps.len(), gap[0], gap[1]);
                let text = format!("epochs are not consecutive in {n} places, first from {from} to {to}");
                let note = Note::new("gaps", n, text);
                self.note(note);
            }
            if let Some(names) = self.class_names.as_ref().filter(|_| n_labels > 0) {
                let pairs: Vec<_> =
                    names.iter().take(20).enumerate().map(|(k, name)| format!("{k} = {name}")).collect();
                let more = if names.len() > 20 { ", ..." } else { "" };
                let note = Note::new("classes", names.len(), format!("classes: {}{more}", pairs.join(", ")));
                self.note(note);
            }
            return Ok(self);
        };
        Err(malformed(&self.path, "", problem))
    }
}

/// Numbers in the precision they are stored in.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

/// Outputs of one model for some examples of one epoch.
#[derive(Debug)]
pub struct Chunk<'a> {
    /// Where they were read.
    pub file: &'a Path,
    /// Position of the epoch among those of the log.
    pub position: usize,
    /// The examples.
    pub examples: &'a [usize],
    /// As many rows of outputs as examples, each of [`OutputKind::width`] numbers, checked to be of the log's kind.
    pub values: Values<'a>,
}

/// Who is shown the chunks, epoch by epoch.
pub trait Visitor {
    /// Some examples of an epoch; each occurs once per epoch.
    ///
    /// # Errors
    /// What ends the visit; an error of one's own as [`DifficultyError::Visitor`].
    fn observe(&mut self, contents: &Contents, chunk: &Chunk<'_>) -> Result<(), DifficultyError>;

    /// All examples of the epoch at `position` were observed.
    ///
    /// # Errors
    /// What ends the visit.
    fn epoch_ended(&mut self, contents: &Contents, position: usize) -> Result<(), DifficultyError>;
}

/// Some neighbouring examples through all epochs.
#[derive(Debug)]
pub struct Block<'a> {
    /// The examples.
    pub examples: Range<usize>,
    /// Epochs x examples x classes, not checked.
    pub values: Values<'a>,
}

/// Who is shown blocks of examples.
pub trait BlockVisitor {
    /// The next block.
    ///
    /// # Errors
    /// What ends the visit.
    fn observe(&mut self, contents: &Contents, block: &Block<'_>) -> Result<(), DifficultyError>;
}

/// A log whose epochs all have the examples in the same order, so that blocks of examples can be read through all
/// epochs: what is kept of an example besides its scores is then kept for a block alone.
pub trait BlockSource {
    /// Shows the examples from `first` on, in order, `rows` at a time; as many as memory is set aside for where it
    /// is none.
    ///
    /// # Errors
    /// On a file that cannot be read, and what the visitor returns.
    fn visit_blocks(
        &mut self,
        first: usize,
        rows: Option<NonZeroUsize>,
        visitor: &mut dyn BlockVisitor,
    ) -> Result<(), DifficultyError>;
}

/// A log in one layout.
pub trait Source: Send {
    /// What it holds.
    fn contents(&self) -> &Contents;

    /// The same by blocks of examples, where the layout has them.
    fn blocks(&mut self) -> Option<&mut dyn BlockSource> {
        None
    }

    /// Shows the epochs at these positions, in order, in constant memory.
    ///
    /// # Errors
    /// On a file that cannot be read, an example missing or there twice, another label than in the first epoch, a
    /// number that is none of its kind (each named with file, epoch and example), and what the visitor returns.
    fn visit(&mut self, positions: Range<usize>, visitor: &mut dyn Visitor) -> Result<(), DifficultyError>;
}
