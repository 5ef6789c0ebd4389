use std::path::{Path, PathBuf};

use anyhow::bail;
use cl_data::Ids;
use cl_data::io::{NpyReader, NpzReader, read_npy};

use super::check::kind_of_content;
use super::rows::Rows;
use super::{Contents, InputOptions, OutputKind, Source, Visitor, ids_of, indices_of, kind_of_name, read_labels};

/// One array of E x N x C (or N x C: one epoch), in an archive with labels, or in a file of its own.
pub(super) struct Archive {
    path: PathBuf,
    member: Option<String>,
    contents: Contents,
}

impl Archive {
    /// A `.npz` file with `logits` or `probs`, `labels`, and perhaps `ids`.
    pub(super) fn open(path: &Path, input: &InputOptions) -> anyhow::Result<Self> {
        let mut archive = NpzReader::open(path)?;
        let known = [("logits", OutputKind::Logits), ("probs", OutputKind::Probabilities)];
        let wanted = |kind| input.outputs.is_none_or(|outputs| outputs == kind);
        let has = |name: &str| archive.names().iter().any(|known| known == name);
        let found: Vec<_> = known.into_iter().filter(|&(name, kind)| has(name) && wanted(kind)).collect();
        let [(member, outputs)] = found[..] else {
            let names = archive.names().join(", ");
            if found.is_empty() {
                bail!("{}: no member `logits` or `probs`, the archive has {names}", path.display());
            }
            bail!("{}: members `logits` and `probs`, expected one of them, or --outputs", path.display());
        };
        let (has_labels, has_ids) = (has("labels"), has("ids"));
        let (n_epochs, n, n_classes) = dimensions(path, &archive.stream(member)?)?;
        let labels = match &input.labels {
            None if has_labels => indices_of(path, "labels", &archive.read("labels")?)?,
            None => bail!("{}: no member `labels`, expected one, or --labels FILE", path.display()),
            Some(labels) => read_labels(input, labels)?,
        };
        let ids = if has_ids { ids_of(path, archive.read("ids")?)? } else { Ids::range(n) };
        Self::checked(path, Some(member), (n_epochs, n, n_classes), outputs, ids, labels)
    }

    /// A `.npy` file; the labels are elsewhere.
    pub(super) fn open_single(path: &Path, input: &InputOptions) -> anyhow::Result<Self> {
        let (n_epochs, n, n_classes) = dimensions(path, &NpyReader::open(path)?)?;
        let labels = match &input.labels {
            Some(labels) => read_labels(input, labels)?,
            None => bail!("{}: a .npy file has no labels, expected --labels FILE", path.display()),
        };
        let outputs = kind_of_file(input, path, n_classes)?;
        Self::checked(path, None, (n_epochs, n, n_classes), outputs, Ids::range(n), labels)
    }

    fn checked(
        path: &Path,
        member: Option<&str>,
        (n_epochs, n, n_classes): (usize, usize, usize),
        outputs: OutputKind,
        ids: Ids,
        labels: Vec<usize>,
    ) -> anyhow::Result<Self> {
        if labels.len() != n {
            bail!("{}: {} labels for {n} examples, expected one each", path.display(), labels.len());
        }
        let format = if member.is_some() { "npz" } else { "npy" };
        let epochs = (0..n_epochs as u64).collect();
        let contents = Contents { format, outputs, ids, labels, n_classes, epochs, files: Vec::new() };
        let contents = contents.checked(path)?;
        Ok(Self { path: path.to_path_buf(), member: member.map(Into::into), contents })
    }
}

/// What a file's numbers are: told, or named, or found in its first rows.
pub(super) fn kind_of_file(input: &InputOptions, path: &Path, n_classes: usize) -> anyhow::Result<OutputKind> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    if let Some(kind) = input.outputs.or_else(|| kind_of_name(&name)) {
        return Ok(kind);
    }
    let mut values: Vec<f64> = Vec::new();
    // A whole number of rows; in Fortran order these are no rows, which is for a person to solve.
    let mut reader = NpyReader::open(path)?;
    if !reader.is_fortran_order() {
        reader.read_chunk(n_classes.saturating_mul(1000))?.append_floats(&mut values)?;
        if let Some(kind) = kind_of_content(&values, n_classes) {
            return Ok(kind);
        }
    }
    bail!("{}: logits or probabilities? expected --outputs to tell", path.display())
}

fn dimensions(path: &Path, reader: &NpyReader<'_>) -> anyhow::Result<(usize, usize, usize)> {
    match *reader.shape() {
        [n_epochs, n, n_classes] => Ok((n_epochs, n, n_classes)),
        [n, n_classes] => Ok((1, n, n_classes)),
        ref shape => bail!("{}: outputs of shape {shape:?}, expected (epochs, examples, classes)", path.display()),
    }
}

impl Source for Archive {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> anyhow::Result<()> {
        let Self { path, member, contents } = self;
        let mut archive;
        let mut rows = match member {
            Some(member) => {
                archive = NpzReader::open(&*path)?;
                if archive.stream(member)?.is_fortran_order() {
                    Rows::whole(archive.read(member)?)
                } else {
                    Rows::Streamed(archive.stream(member)?)
                }
            }
            None => open_rows(path)?,
        };
        let examples: Vec<usize> = (0..contents.n_examples()).collect();
        for position in 0..contents.epochs.len() {
            if position < first {
                rows.skip(contents)?;
            } else {
                rows.visit(contents, path, position, &examples, visitor)?;
            }
        }
        Ok(())
    }
}

/// The rows of a `.npy` file.
pub(super) fn open_rows(path: &Path) -> anyhow::Result<Rows<'static>> {
    let reader = NpyReader::open(path)?;
    Ok(if reader.is_fortran_order() { Rows::whole(read_npy(path)?) } else { Rows::Streamed(reader) })
}
