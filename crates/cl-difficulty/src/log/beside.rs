use std::path::Path;

use cl_data::io::{LabelTable, Labels, malformed, read_ids_for};
use cl_data::{DataError, Ids};

use super::options::Options;

/// What files of labels beside a log are called.
const LABELS: [&str; 7] =
    ["labels.npy", "targets.npy", "y.npy", "labels.csv", "labels.jsonl", "labels.parquet", "labels.tsv"];

/// That none of them is there.
pub(super) const NO_LABELS: &str = "no such file, expected the labels there or in option `labels`";

/// Labels of at most so many examples, those of the file `first`, from the file that was named, else from one that lies in
/// the folder; they must be there where they are `needed`.
pub(super) fn read_labels(
    options: &Options,
    folder: &Path,
    first: &Path,
    most: usize,
    needed: bool,
) -> Result<Option<Labels>, DataError> {
    let beside = || LABELS.iter().map(|name| folder.join(name)).find(|path| path.exists());
    match (&options.labels, beside()) {
        (Some(path), _) => Labels::read_for(path, &options.classes, &options.label_table(), most, first).map(Some),
        (None, Some(path)) => {
            Labels::read_for(path, &options.classes, &LabelTable::default(), most, first).map(Some)
        }
        (None, None) if needed => Err(malformed(&folder.join(LABELS[0]), "", NO_LABELS)),
        (None, None) => Ok(None),
    }
}

/// Whether a file of a folder may be that of its labels.
pub(super) fn is_labels(name: &str) -> bool {
    LABELS.contains(&name)
}

/// `ids.npy`, where there is one, else 0..n.
pub(super) fn read_ids_beside(folder: &Path, n: usize) -> Result<Ids, DataError> {
    let path = folder.join("ids.npy");
    if path.exists() { read_ids_for(path, n) } else { Ok(Ids::range(n)) }
}
