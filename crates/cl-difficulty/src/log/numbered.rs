use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cl_data::DataError;
use cl_data::io::{io_error, malformed};

use super::beside::is_labels;
use super::options::Options;

/// The files of a folder whose names are `before`, a number, `after`: by number.
pub(super) fn numbered(folder: &Path, before: &str, after: &str) -> Result<BTreeMap<u64, PathBuf>, DataError> {
    let mut files = BTreeMap::new();
    for (name, path) in entries(folder)? {
        let number = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let Some(number) = number.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        if let Some(other) = files.insert(number, path.clone()) {
            return Err(malformed(
                &path,
                "",
                format!("epoch {number} twice, also in {}, expected each once", other.display()),
            ));
        }
    }
    Ok(files)
}

/// The files of a folder that are no part of a log of arrays, besides labels and ids.
pub(super) fn others(
    folder: &Path,
    options: &Options,
    is_part: impl Fn(&str, &Path) -> bool,
) -> Result<Vec<String>, DataError> {
    let known = |name: &str, path: &Path| {
        is_labels(name) || name == "ids.npy" || name.starts_with('.') || options.labels.as_deref() == Some(path)
    };
    let names = entries(folder)?.into_iter();
    Ok(names.filter(|(name, path)| !known(name, path) && !is_part(name, path)).map(|(name, _)| name).collect())
}

/// The files of a folder, by name.
pub(super) fn entries(folder: &Path) -> Result<BTreeMap<String, PathBuf>, DataError> {
    let fail = |error| io_error(folder, error);
    let mut names = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            names.insert(name.to_owned(), path.clone());
        }
    }
    Ok(names)
}
