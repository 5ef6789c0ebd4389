use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The files of a folder whose names are `before`, a number, `after`: by number.
pub(super) fn numbered(folder: &Path, before: &str, after: &str) -> anyhow::Result<BTreeMap<u64, PathBuf>> {
    let mut files = BTreeMap::new();
    for (name, path) in entries(folder)? {
        let number = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let Some(number) = number.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        if let Some(other) = files.insert(number, path.clone()) {
            bail!("{}: epoch {number} twice, also in {}", path.display(), other.display());
        }
    }
    Ok(files)
}

/// Refuses a numbering with a gap.
pub(super) fn without_gap(
    folder: &Path,
    files: BTreeMap<u64, PathBuf>,
) -> anyhow::Result<(Vec<u64>, Vec<PathBuf>)> {
    let (epochs, files): (Vec<u64>, Vec<PathBuf>) = files.into_iter().unzip();
    if let Some(pair) = epochs.windows(2).find(|pair| pair[1] != pair[0] + 1) {
        let (before, after) = (pair[0], pair[1]);
        bail!("{}: epoch {} is missing, between {before} and {after}", folder.display(), before + 1);
    }
    Ok((epochs, files))
}

/// The files of a folder, by name.
pub(super) fn entries(folder: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut names = BTreeMap::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            names.insert(name.to_owned(), path.clone());
        }
    }
    Ok(names)
}
