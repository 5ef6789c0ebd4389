use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a folder for temporary files");
}

/// The path of this name in a folder of the thread's own.
pub(crate) fn path(name: &str) -> PathBuf {
    FOLDER.with(|folder| folder.path().join(name))
}

/// Writes a file of this name, in place of what was there.
pub(crate) fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = path(name);
    fs::write(&path, bytes).expect("a temporary file can be written");
    path
}

/// Removes a file that may be there.
pub(crate) fn remove(name: &str) {
    let _ = fs::remove_file(path(name));
}

/// An empty folder of this name.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = path(name);
    match fs::read_dir(&folder) {
        Ok(entries) => entries.flatten().for_each(|entry| drop(fs::remove_file(entry.path()))),
        Err(_) => fs::create_dir(&folder).expect("a temporary folder can be made"),
    }
    folder
}
