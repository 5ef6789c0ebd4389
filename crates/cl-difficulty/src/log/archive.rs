use std::path::Path;

use cl_data::io::{NpyReader, NpzReader, ids_of, indices_of, malformed};
use cl_data::{DataError, Ids};

use super::options::{Options, check_n_labels, only_outputs};
use super::rows::{Rows, open_rows};
use super::source::{Contents, OutputKind, Source, Visitor};
use crate::error::DifficultyError;

/// One array of E x N x C (or N x C: one epoch), in an archive with labels, or in a file of its own.
pub(super) struct Archive {
    member: Option<&'static str>,
    contents: Contents,
}

impl Archive {
    /// A `.npz` file with `logits` or `probs`, `labels`, and perhaps `ids`.
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self, DataError> {
        let mut archive = NpzReader::open(path)?;
        let has = |name: &str| archive.names().iter().any(|known| known == name);
        let (member, outputs) = only_outputs(options, has).map_err(|found| {
            let problem = match found.is_empty() {
                true => format!("no member `logits` or `probs`, the archive has {}", archive.names().join(", ")),
                false => "members `logits` and `probs`, expected one of them, or option `outputs`".into(),
            };
            malformed(path, "", problem)
        })?;
        let (has_labels, has_ids) = (has("labels"), has("ids"));
        let shape = dimensions(path, &archive.stream(member)?)?;
        let labels = match &options.labels {
            None if has_labels => indices_of(path, "labels", &archive.read("labels")?)?,
            None => {
                return Err(malformed(path, "", "no member `labels`, expected one, or option `labels`"));
            }
            Some(labels) => options.read_labels(labels)?,
        };
        let ids = if has_ids { ids_of(path, archive.read("ids")?)? } else { Ids::range(shape.1) };
        Self::checked(path, Some(member), shape, outputs, ids, labels)
    }

    /// A `.npy` file; the labels are elsewhere.
    pub(super) fn open_single(path: &Path, options: &Options) -> Result<Self, DataError> {
        let shape = dimensions(path, &NpyReader::open(path)?)?;
        let labels = match &options.labels {
            Some(labels) => options.read_labels(labels)?,
            None => return Err(malformed(path, "", "a .npy file has no labels, expected option `labels`")),
        };
        let outputs = options.kind_of_file(path, shape.2)?;
        Self::checked(path, None, shape, outputs, Ids::range(shape.1), labels)
    }

    fn checked(
        path: &Path,
        member: Option<&'static str>,
        (n_epochs, n, n_classes): (usize, usize, usize),
        outputs: OutputKind,
        ids: Ids,
        labels: Vec<usize>,
    ) -> Result<Self, DataError> {
        check_n_labels(path, &labels, n)?;
        let format = if member.is_some() { "npz" } else { "npy" };
        let (path, epochs, files) = (path.to_path_buf(), (0..n_epochs as u64).collect(), Vec::new());
        let contents = Contents { path, format, outputs, ids, labels, n_classes, epochs, files }.checked()?;
        Ok(Self { member, contents })
    }
}

fn dimensions(path: &Path, reader: &NpyReader<'_>) -> Result<(usize, usize, usize), DataError> {
    match *reader.shape() {
        [n_epochs, n, n_classes] => Ok((n_epochs, n, n_classes)),
        [n, n_classes] => Ok((1, n, n_classes)),
        ref shape => {
            let problem = format!("outputs of shape {shape:?}, expected (epochs, examples, classes)");
            Err(malformed(path, "", problem))
        }
    }
}

impl Source for Archive {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let Self { member, contents } = self;
        let mut archive;
        let mut rows = match *member {
            Some(member) => {
                archive = NpzReader::open(&contents.path)?;
                if archive.stream(member)?.is_fortran_order() {
                    Rows::whole(archive.read(member)?)
                } else {
                    Rows::Streamed(archive.stream(member)?)
                }
            }
            None => open_rows(&contents.path)?,
        };
        let examples: Vec<usize> = (0..contents.n_examples()).collect();
        for position in 0..contents.epochs.len() {
            if position < first {
                rows.skip(contents)?;
            } else {
                rows.visit(contents, &contents.path, position, &examples, visitor)?;
            }
        }
        Ok(())
    }
}
