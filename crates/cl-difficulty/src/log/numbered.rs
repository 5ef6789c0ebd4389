use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cl_data::DataError;
use cl_data::io::{io_error, malformed};

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
            return Err(malformed(&path, "", format!("epoch {number} twice, also in {}", other.display())));
        }
    }
    Ok(files)
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
