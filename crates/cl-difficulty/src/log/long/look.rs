use std::path::Path;

use cl_data::DataError;
use cl_data::io::{Batch, malformed};

use super::super::note::Note;
use super::super::options::Options;
use super::super::screen::{kind_of, unknown_kind};
use super::super::source::OutputKind;
use super::columns::OutputColumns;
use super::outputs::OutputReader;
use super::predicted::PredictedClasses;
use super::scan::File;

/// What the first rows tell of the outputs.
pub(super) struct Look {
    pub(super) outputs: OutputKind,
    pub(super) width: usize,
    pub(super) note: Option<Note>,
}

impl Look {
    pub(super) fn at(files: &mut [File], options: &Options) -> Result<Self, DataError> {
        let (number, batch, width) = first_rows(files)?;
        let file = &files[number];
        let path = file.table.path().to_path_buf();
        let named = file.columns.named;
        if matches!(file.columns.outputs, OutputColumns::List(_))
            && named.is_none()
            && width <= 1
            && options.outputs.is_none()
            && (file.columns.label.is_some() || options.labels.is_some())
        {
            // Predicted classes, under a name that outputs have elsewhere.
            for file in files.iter_mut() {
                if let (OutputColumns::List(column), None) = (&file.columns.outputs, file.columns.named) {
                    file.columns.outputs = OutputColumns::Prediction(*column);
                }
            }
            alike(files, 1)?;
            return Ok(Self { outputs: OutputKind::Correct, width: 1, note: None });
        }
        alike(files, width)?;
        if width == 0 {
            let reader = OutputReader::new(&file.table, &file.columns.outputs, None, None, 1);
            let name = &file.table.columns()[reader.read[0]];
            let place = format!("{}, column `{name}`", batch.place(0));
            let problem = format!("{}, expected a list of numbers", batch.columns[0].shown(0));
            return Err(malformed(&path, place, problem));
        }
        if let Some(kind) = named.filter(|kind| kind.is_scalar()) {
            return Ok(Self { outputs: kind, width: 1, note: None });
        }
        let label = None;
        let reader =
            OutputReader::new(&file.table, &file.columns.outputs, label, None, width).of_dtype(options.dtype);
        let values = reader.read(&batch, &PredictedClasses::default()).values;
        let (outputs, note) = kind_of(options, named, &values, width).ok_or_else(|| unknown_kind(&path))?;
        Ok(Self { outputs, width, note })
    }
}

/// The first file with rows that can be read, by its place; its first rows, and how many numbers one has.
fn first_rows(files: &[File]) -> Result<(usize, Batch, usize), DataError> {
    let mut failed = None;
    for (number, file) in files.iter().enumerate() {
        let reader = OutputReader::new(&file.table, &file.columns.outputs, None, None, 1);
        match file.table.rows(&reader.read)?.next_batch() {
            Ok(Some(batch)) => {
                let width = reader.width_of(&batch);
                return Ok((number, batch, width));
            }
            Ok(None) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let path = files.first().map_or(Path::new(""), |file| file.table.path());
    Err(failed.unwrap_or_else(|| malformed(path, "", "no rows, expected one per example and epoch")))
}

/// Files with other outputs than the first are of another log.
fn alike(files: &[File], width: usize) -> Result<(), DataError> {
    let Some((first, others)) = files.split_first() else { return Ok(()) };
    let of_first = &first.columns;
    for other in others {
        let (outputs, named) = (&other.columns.outputs, other.columns.named);
        let same_width = match outputs {
            OutputColumns::Numbered(columns) => columns.len() == width,
            _ => true,
        };
        if named != of_first.named || outputs.rank() != of_first.outputs.rank() || !same_width {
            let (found, expected) = (outputs.shown(&other.table), of_first.outputs.shown(&first.table));
            let file = first.table.path().display();
            let problem = format!(
                "outputs in {found}, expected {expected} as in {file}; option `outputs_column` names a column that both have"
            );
            return Err(malformed(other.table.path(), "", problem));
        }
    }
    Ok(())
}
