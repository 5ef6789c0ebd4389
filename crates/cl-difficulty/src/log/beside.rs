use std::path::Path;

use cl_data::io::{Labels, malformed, read_ids};
use cl_data::{DataError, Ids};

use super::options::Options;

/// Labels from the file that was named, else from that of the layout.
pub(super) fn read_labels(options: &Options, beside: &Path) -> Result<Labels, DataError> {
    match &options.labels {
        Some(path) => Labels::read_with(path, &options.classes, &options.label_table()),
        None if beside.exists() => Labels::read(beside, &options.classes),
        None => Err(malformed(beside, "", "no such file, expected the labels there or in option `labels`")),
    }
}

/// `ids.npy`, where there is one, else 0..n.
pub(super) fn read_ids_beside(folder: &Path, n: usize) -> Result<Ids, DataError> {
    let path = folder.join("ids.npy");
    if path.exists() { read_ids(path) } else { Ok(Ids::range(n)) }
}
