use std::path::{Path, PathBuf};

use cl_data::io::{NpyReader, malformed, read_ids, read_indices};
use cl_data::{DataError, Ids};

use super::{check::kind_of_content, source::OutputKind};

/// What is said of a log that its files do not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// A `.npy` file of n integers, where the log has no labels.
    pub labels: Option<PathBuf>,
    /// What the numbers are, where neither names nor content tell.
    pub outputs: Option<OutputKind>,
}

impl Options {
    /// What a file's numbers are: told, or named, or found in its first rows.
    pub(super) fn kind_of_file(&self, path: &Path, n_classes: usize) -> Result<OutputKind, DataError> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Some(kind) = self.outputs.or_else(|| kind_of_name(&name)) {
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
        Err(malformed(path, "", "logits or probabilities? expected option `outputs` to tell"))
    }

    /// Labels from the file that was named, else from that of the layout.
    pub(super) fn read_labels(&self, beside: &Path) -> Result<Vec<usize>, DataError> {
        match &self.labels {
            Some(path) => read_indices(path, "labels"),
            None if beside.exists() => read_indices(beside, "labels"),
            None => Err(malformed(beside, "", "no such file, expected the labels there or in option `labels`")),
        }
    }
}

/// Names that say what the numbers are.
pub(super) fn kind_of_name(name: &str) -> Option<OutputKind> {
    let name = name.to_lowercase();
    match (name.contains("logit"), name.contains("prob") || name.contains("softmax")) {
        (true, false) => Some(OutputKind::Logits),
        (false, true) => Some(OutputKind::Probabilities),
        _ => None,
    }
}

/// `ids.npy`, where there is one, else 0..n.
pub(super) fn read_ids_beside(folder: &Path, n: usize) -> Result<Ids, DataError> {
    let path = folder.join("ids.npy");
    if path.exists() { read_ids(path) } else { Ok(Ids::range(n)) }
}

/// The only member or column of outputs of the kind that is wanted; else those that there are.
pub(super) fn only_outputs<'a>(
    options: &Options,
    has: impl Fn(&str) -> bool,
) -> Result<(&'a str, OutputKind), Vec<&'a str>> {
    let known = [("logits", OutputKind::Logits), ("probs", OutputKind::Probabilities)];
    let wanted = |kind| options.outputs.is_none_or(|outputs| outputs == kind);
    let found: Vec<_> = known.into_iter().filter(|&(name, kind)| has(name) && wanted(kind)).collect();
    match found[..] {
        [only] => Ok(only),
        _ => Err(found.into_iter().map(|(name, _)| name).collect()),
    }
}

/// As many labels as examples.
pub(super) fn check_n_labels(path: &Path, labels: &[usize], n: usize) -> Result<(), DataError> {
    match labels.len() {
        found if found == n => Ok(()),
        found => Err(malformed(path, "", format!("{found} labels for {n} examples, expected one each"))),
    }
}
