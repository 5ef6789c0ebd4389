use std::ops::Range;
use std::path::{Path, PathBuf};

use cl_data::io::{ID_COLUMNS, LABEL_COLUMNS, Labels, NpyReader, NpzReader, ids_of, malformed};
use cl_data::{DataError, Ids};

use super::array_shape::ArrayShape;
use super::members::Members;
use super::names::{OUTPUT_NAMES, kind_of_name};
use super::options::{Dtype, Options};
use super::rows::{Rows, check_type, mantissa, open_rows, within};
use super::screen::{Screen, kind_of, tolerance, unknown_kind};
use super::source::{Contents, OutputKind, Source, Visitor};
use crate::error::DifficultyError;

/// Elements that are looked at to tell what they are.
const SAMPLE: usize = 1 << 18;

/// One array of E x N x C (or N x C: one epoch; or E x N: one number per example), in an archive with labels, or in a file
/// of its own.
pub(super) struct Archive {
    member: Option<String>,
    contents: Contents,
    shape: ArrayShape,
    example_of_row: Vec<usize>,
    options: Options,
    tolerance: f64,
}

/// The array while it is found out what it is.
struct Found<'a> {
    path: &'a Path,
    member: Option<String>,
    named: Option<OutputKind>,
    ids: Option<Ids>,
    labels: Option<Labels>,
}

impl Archive {
    /// A `.npz` file with outputs, labels and perhaps ids, under any of their names.
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self, DataError> {
        let mut archive = NpzReader::open(path)?;
        let names = archive.names().to_vec();
        let first_of =
            |known: &[&'static str]| known.iter().find(|known| names.iter().any(|name| name == *known)).copied();
        let (member, named) = outputs_of(path, &names, options)?;
        let labels = match (&options.labels, first_of(LABEL_COLUMNS)) {
            (Some(labels), _) => Some(Labels::read_with(labels, &options.classes, &options.label_table())?),
            (None, Some(name)) => Some(Labels::of_array(path, name, archive.read(name)?, &options.classes)?),
            (None, None) => None,
        };
        let ids = match first_of(ID_COLUMNS) {
            Some(name) => Some(ids_of(path, archive.read(name)?)?),
            None => None,
        };
        let found = Found { path, member: Some(member.clone()), named, ids, labels };
        let reader = archive.stream(&member)?;
        Self::of_reader(found, reader, options)
    }

    /// A `.npy` file; the labels are elsewhere.
    pub(super) fn open_single(path: &Path, options: &Options) -> Result<Self, DataError> {
        let read = |labels| Labels::read_with(labels, &options.classes, &options.label_table());
        let labels = options.labels.as_ref().map(read).transpose()?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let named = kind_of_name(&name);
        Self::of_reader(Found { path, member: None, named, ids: None, labels }, NpyReader::open(path)?, options)
    }

    fn of_reader(found: Found<'_>, reader: NpyReader<'_>, options: &Options) -> Result<Self, DataError> {
        let Found { path, member, named, ids, labels } = found;
        check_type(path, reader.element_type(), options.dtype)?;
        let tolerance = tolerance(mantissa(reader.element_type(), options.dtype));
        let dimensions = reader.shape().to_vec();
        let told = options.outputs.or(named.filter(|kind| kind.is_scalar()));
        let sample = match reader.is_fortran_order() {
            // These are no rows.
            true => Vec::new(),
            false => {
                let last = dimensions.last().copied().unwrap_or(1).max(1);
                let n = if last > SAMPLE { last } else { SAMPLE / last * last };
                let mut values: Vec<f64> = Vec::new();
                let n = n.min(reader.n_remaining());
                let mut rows = Rows::streamed(reader, options.dtype);
                rows.next(n)?.append_floats(&mut values)?;
                values
            }
        };
        let n_labels = labels.as_ref().map(|labels| labels.classes.len());
        let shape = ArrayShape::of(path, &dimensions, told, n_labels, options.axes, &sample)?;
        let (outputs, note) = match told {
            Some(told) if told.is_scalar() => (told, None),
            _ => kind_of(options.outputs, named, &sample, shape.row_len).ok_or_else(|| unknown_kind(path))?,
        };
        if labels.is_none() && !outputs.is_scalar() {
            let problem = match &member {
                Some(_) => "no member `labels`, expected one, or option `labels`",
                None => "a .npy file has no labels, expected option `labels`",
            };
            return Err(malformed(path, "", problem));
        }
        let n_classes = (!outputs.is_scalar()).then_some(if shape.single() { 2 } else { shape.row_len });
        let ids = match ids {
            Some(ids) if ids.len() != shape.n_rows => {
                let problem = format!("{} ids for {} examples, expected one each", ids.len(), shape.n_rows);
                return Err(malformed(path, "", problem));
            }
            Some(ids) => ids,
            None => Ids::range(shape.n_rows),
        };
        let members = Members::new(ids, labels, n_classes)?;
        let mut contents = Contents {
            path: path.to_path_buf(),
            format: if member.is_some() { "npz" } else { "npy" },
            outputs,
            n_classes: n_classes.unwrap_or(members.n_classes.max(2)),
            ids: members.ids.clone(),
            labels: members.labels.clone(),
            soft_labels: members.soft_labels.clone(),
            class_names: members.class_names.clone(),
            epochs: (0..shape.n_epochs as u64).collect(),
            files: Vec::new(),
            run: None,
            notes: note.into_iter().collect(),
        }
        .checked()?;
        members.note(&mut contents);
        let example_of_row = members.example_of_row;
        Ok(Self { member, contents, shape, example_of_row, options: options.clone(), tolerance })
    }
}

/// The only member of outputs of the kind that is wanted.
fn outputs_of(
    path: &Path,
    names: &[String],
    options: &Options,
) -> Result<(String, Option<OutputKind>), DataError> {
    let wanted = |kind: Option<OutputKind>| match (options.outputs, kind) {
        (Some(told), Some(kind)) => told == kind,
        (told, None) => told.is_none_or(|told| !told.is_scalar()),
        (None, Some(_)) => true,
    };
    let known =
        OUTPUT_NAMES.iter().filter(|(name, kind)| names.iter().any(|found| found == name) && wanted(*kind));
    let found: Vec<_> = known.copied().collect();
    // What is computed of outputs stands beside them.
    let of_classes: Vec<_> = found.iter().filter(|(_, kind)| kind.is_none_or(|kind| !kind.is_scalar())).collect();
    match (&of_classes[..], &found[..]) {
        ([(name, kind)], _) | ([], [(name, kind)]) => Ok(((*name).to_owned(), *kind)),
        ([], []) => {
            let problem = format!("no member `logits` or `probs`, the archive has {}", names.join(", "));
            Err(malformed(path, "", problem))
        }
        _ => {
            let several: Vec<_> = found.iter().map(|(name, _)| format!("`{name}`")).collect();
            let problem = format!("members {}, expected one of them, or option `outputs`", several.join(" and "));
            Err(malformed(path, "", problem))
        }
    }
}

/// The rows of the array.
fn visit_rows(
    mut rows: Rows<'_>,
    archive: &Parts<'_>,
    positions: Range<usize>,
    screen: &mut Screen,
    visitor: &mut dyn Visitor,
) -> Result<(), DifficultyError> {
    let Parts { contents, shape, example_of_row } = *archive;
    rows.skip(positions.start * shape.n_rows * shape.row_len)?;
    for position in positions {
        rows.visit(contents, &contents.path, position, example_of_row, shape.row_len, screen, visitor)?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Parts<'a> {
    contents: &'a Contents,
    shape: &'a ArrayShape,
    example_of_row: &'a [usize],
}

impl Source for Archive {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, positions: Range<usize>, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let mut screen = Screen::new(&self.options, self.tolerance, self.shape.single());
        let positions = within(positions, &self.contents);
        let parts = Parts { contents: &self.contents, shape: &self.shape, example_of_row: &self.example_of_row };
        let (path, dtype): (PathBuf, Option<Dtype>) = (self.contents.path.clone(), self.options.dtype);
        match &self.member {
            Some(member) => {
                let mut archive = NpzReader::open(&path)?;
                let rows = if archive.stream(member)?.is_fortran_order() {
                    Rows::whole(archive.read(member)?, dtype)
                } else {
                    Rows::streamed(archive.stream(member)?, dtype)
                };
                visit_rows(rows, &parts, positions, &mut screen, visitor)?;
            }
            None => visit_rows(open_rows(&path, dtype)?, &parts, positions, &mut screen, visitor)?,
        }
        screen.note(&mut self.contents);
        Ok(())
    }
}
