use std::ops::Range;
use std::path::{Path, PathBuf};

use cl_data::io::{ID_COLUMNS, LABEL_COLUMNS, Labels, NpyReader, NpzReader, ids_of, listed, malformed, read_npy};
use cl_data::{DataError, Ids};

use super::array_shape::ArrayShape;
use super::members::Members;
use super::names::{OUTPUT_NAMES, kind_of_name};
use super::options::{Dtype, Options, refuse_columns};
use super::rows::{Rows, open_rows, within};
use super::sample::Sample;
use super::screen::Screen;
use super::source::{Contents, OutputKind, Source, Visitor};
use crate::error::DifficultyError;

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
        refuse_columns(path, options, &["epoch_column", "run_column"])?;
        let role = |told: &Option<String>, known: &[&str]| match told {
            Some(name) if names.contains(name) => Ok(Some(name.clone())),
            Some(name) => {
                let problem = format!("no member `{name}`, the archive has {}", listed(&names));
                Err(malformed(path, "", problem))
            }
            None => {
                Ok(known.iter().find(|known| names.iter().any(|name| name == *known)).map(|&name| name.to_owned()))
            }
        };
        let (member, named) = match role(&options.outputs_column, &[])? {
            Some(member) => (member.clone(), kind_of_name(&member)),
            None => outputs_of(path, &names, options)?,
        };
        let dimensions = archive.stream(&member)?.shape().to_vec();
        // Examples are along one of the axes.
        let most = dimensions.iter().copied().max().unwrap_or(1);
        let label_column = if options.labels.is_some() { &None } else { &options.label_column };
        let labels = match (&options.labels, role(label_column, LABEL_COLUMNS)?) {
            (Some(labels), _) => {
                Some(Labels::read_for(labels, &options.classes, &options.label_table(), most, path)?)
            }
            (None, Some(name)) => {
                Some(Labels::of_array(path, &name, archive.read_at_most(&name, most)?, &options.classes)?)
            }
            (None, None) => None,
        };
        let id_column = if options.labels.is_some() { &None } else { &options.id_column };
        let ids = match role(id_column, ID_COLUMNS)? {
            Some(name) => Some(ids_of(path, archive.read_at_most(&name, most)?)?),
            None => None,
        };
        let reader = archive.stream(&member)?;
        let sample = Sample::of(path, reader, || NpzReader::open(path)?.read(&member), options)?;
        Self::of_sample(Found { path, member: Some(member), named, ids, labels }, &dimensions, sample, options)
    }

    /// A `.npy` file; the labels are elsewhere.
    pub(super) fn open_single(path: &Path, options: &Options) -> Result<Self, DataError> {
        refuse_columns(path, options, &["epoch_column", "run_column", "outputs_column"])?;
        let reader = NpyReader::open(path)?;
        let dimensions = reader.shape().to_vec();
        let most = dimensions.iter().copied().max().unwrap_or(1);
        let read = |labels| Labels::read_for(labels, &options.classes, &options.label_table(), most, path);
        let labels = options.labels.as_ref().map(read).transpose()?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let named = kind_of_name(&name);
        let sample = Sample::of(path, reader, || read_npy(path), options)?;
        Self::of_sample(Found { path, member: None, named, ids: None, labels }, &dimensions, sample, options)
    }

    fn of_sample(
        found: Found<'_>,
        dimensions: &[usize],
        Sample { values, tolerance }: Sample,
        options: &Options,
    ) -> Result<Self, DataError> {
        let Found { path, member, named, ids, labels } = found;
        let told = options.outputs.or(named.filter(|kind| kind.is_scalar()));
        let n_labels = labels.as_ref().map(|labels| labels.classes.len());
        let shape = ArrayShape::of(path, dimensions, told, n_labels, options.axes, &values)?;
        let sample = Sample { values, tolerance };
        let (outputs, note) = sample.kind(path, options, named, shape.row_len)?;
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
        let members = Members::new(path, ids, labels, n_classes)?;
        let format = if member.is_some() { "npz" } else { "npy" };
        let (epochs, files) = ((0..shape.n_epochs as u64).collect(), Vec::new());
        let contents = members.contents(path, format, outputs, n_classes, epochs, files, note, options)?;
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
    let has = |name: &str| names.iter().any(|found| found == name);
    // A name may be wrong where none is what was told.
    let misnamed = !OUTPUT_NAMES.iter().any(|(name, kind)| has(name) && *kind == options.outputs);
    let wanted = |kind: Option<OutputKind>| match (options.outputs, kind) {
        (Some(told), Some(kind)) => told == kind || (misnamed && !told.is_scalar() && !kind.is_scalar()),
        (told, None) => told.is_none_or(|told| !told.is_scalar()),
        (None, Some(_)) => true,
    };
    let known = OUTPUT_NAMES.iter().filter(|(name, kind)| has(name) && wanted(*kind));
    let found: Vec<_> = known.copied().collect();
    // What is computed of outputs stands beside them.
    let of_classes: Vec<_> = found.iter().filter(|(_, kind)| kind.is_none_or(|kind| !kind.is_scalar())).collect();
    match (&of_classes[..], &found[..]) {
        ([(name, kind)], _) | ([], [(name, kind)]) => Ok(((*name).to_owned(), *kind)),
        ([], []) => {
            let problem = format!("no member `logits` or `probs`, the archive has {}", listed(names));
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
    let per_epoch = shape.n_rows * shape.row_len;
    rows.skip(positions.start * per_epoch)?;
    let n_behind = shape.n_epochs - positions.end;
    for position in positions {
        rows.visit(contents, &contents.path, position, example_of_row, shape.row_len, screen, visitor)?;
    }
    // At the end of what is compressed stands whether it is whole.
    rows.skip(n_behind * per_epoch)?;
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
