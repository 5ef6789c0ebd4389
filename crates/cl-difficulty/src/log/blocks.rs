//! Scores block by block of examples: what is kept of an example besides its scores is kept for one block alone.

use std::path::Path;

use super::journal::{Done, Journal};
use super::note::Note;
use super::options::Options;
use super::progress::Progress;
use super::purpose::Purpose;
use super::screen::Screen;
use super::source::{Block, BlockVisitor, Chunk, Contents, Values, Visitor};
use crate::{
    dynamics::MetricSettings,
    dynamics::{Column, ColumnValues, DynamicsRecorder, Log},
    error::DifficultyError,
};

/// The columns of the blocks so far, as a visitor.
pub(super) struct Blocks<'a> {
    settings: &'a [MetricSettings],
    columns: Vec<Column>,
    journal: Option<Journal>,
    notes: Vec<Note>,
    progress: &'a mut dyn Progress,
}

impl<'a> Blocks<'a> {
    /// Goes on from the file `state`, where there is one.
    pub(super) fn new(
        contents: &Contents,
        settings: &'a [MetricSettings],
        state: Option<&Path>,
        progress: &'a mut dyn Progress,
    ) -> Result<Self, DifficultyError> {
        let none = |settings: &MetricSettings| {
            let (metric, higher_is_harder) = (settings.metric().clone(), settings.description().higher_is_harder);
            Column { name: metric.name.clone(), values: ColumnValues::Float(Vec::new()), higher_is_harder, metric }
        };
        let columns = settings.iter().map(none).collect();
        let mut blocks = Self { settings, columns, journal: None, notes: Vec::new(), progress };
        if let Some(path) = state {
            let purpose = Purpose::of_all(path, contents, settings)?;
            let (journal, Done { blocks: done, n_cut }) = Journal::open(path, contents, &purpose)?;
            if n_cut > 0 {
                let (n_blocks, path) = (done.len(), path.display());
                let text = format!(
                    "{path}: {n_cut} bytes after the first {n_blocks} blocks of examples are not as they were written, or \
                     not whole: those blocks are done again"
                );
                blocks.notes.push(Note::new(Note::REPAIRED, n_cut as usize, text));
            }
            blocks.journal = Some(journal);
            for values in done {
                blocks.append(contents, values)?;
            }
        }
        blocks.progress.advanced(blocks.n_done() * contents.epochs.len());
        Ok(blocks)
    }

    /// How many examples have their scores.
    pub(super) fn n_done(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// The columns, and what there is to say of the state.
    pub(super) fn into_columns(self) -> (Vec<Column>, Vec<Note>) {
        (self.columns, self.notes)
    }

    fn append(&mut self, contents: &Contents, values: Vec<ColumnValues>) -> Result<(), DifficultyError> {
        let is_like =
            |(column, part): (&Column, &ColumnValues)| column.values.is_empty() || column.values.is_like(part);
        if !self.columns.iter().zip(&values).all(is_like) {
            let problem = "the state is damaged: its blocks are of other metrics";
            let path = self.journal.as_ref().map_or(&contents.path, |journal| journal.path());
            return Err(DifficultyError::malformed(path, "", problem));
        }
        for (column, part) in self.columns.iter_mut().zip(values) {
            column.values.append(part, contents.n_examples());
        }
        Ok(())
    }
}

impl BlockVisitor for Blocks<'_> {
    fn observe(&mut self, contents: &Contents, block: &Block<'_>) -> Result<(), DifficultyError> {
        let labels: Vec<usize> = block.examples.clone().map(|example| contents.label(example)).collect();
        let (labels, epochs) = (&labels[..], &contents.epochs[..]);
        let (n, kind) = (labels.len(), contents.outputs);
        let mut recorder = DynamicsRecorder::new(n, contents.n_classes, self.settings)?;
        let recorded = match block.values {
            Values::F32(values) => recorder.record_log(&Log { epochs, labels, outputs: kind.outputs(values) }),
            Values::F64(values) => recorder.record_log(&Log { epochs, labels, outputs: kind.outputs(values) }),
        };
        if recorded.is_err() {
            // It counts from the start of the block; this names file and id.
            find(contents, block)?;
        }
        recorded?;
        let values: Vec<ColumnValues> = recorder.columns()?.into_iter().map(|column| column.values).collect();
        if let Some(journal) = &mut self.journal {
            journal.append(&values)?;
        }
        self.append(contents, values)?;
        self.progress.advanced(n * epochs.len());
        Ok(())
    }
}

/// The first number of a block that is none.
fn find(contents: &Contents, block: &Block<'_>) -> Result<(), DifficultyError> {
    let examples: Vec<usize> = block.examples.clone().collect();
    let n = examples.len() * contents.outputs.width(contents.n_classes);
    let mut screen = Screen::new(&Options::default(), 0.0, false);
    for (position, file) in contents.files.iter().enumerate() {
        let range = position * n..(position + 1) * n;
        match block.values {
            Values::F32(values) => {
                let values: Vec<f64> = values[range].iter().map(|&value| value.into()).collect();
                screen.show_f64s(contents, file, position, &examples, &values, &mut Nobody)?;
            }
            Values::F64(values) => {
                screen.show_f64s(contents, file, position, &examples, &values[range], &mut Nobody)?;
            }
        }
    }
    Ok(())
}

/// Who looks at nothing: rows are checked on the way.
struct Nobody;

impl Visitor for Nobody {
    fn observe(&mut self, _: &Contents, _: &Chunk<'_>) -> Result<(), DifficultyError> {
        Ok(())
    }

    fn epoch_ended(&mut self, _: &Contents, _: usize) -> Result<(), DifficultyError> {
        Ok(())
    }
}
