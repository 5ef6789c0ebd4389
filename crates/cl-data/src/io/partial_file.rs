//! A file that is not there before it is whole.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// What the names of files begin with that are not whole; the number of the process follows.
const PREFIX: &str = ".partial-";

/// A file that is written in the folder of the one that it will be.
pub(super) struct PartialFile(Kind);

enum Kind {
    /// It goes with the process, however that ends.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// Where the system has no files without a name.
    Named(NamedTempFile),
}

impl PartialFile {
    pub(super) fn beside(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        #[cfg(target_os = "linux")]
        if let Ok(file) = unnamed(folder) {
            return Ok(Self(Kind::Unnamed(file)));
        }
        remove_stale(folder);
        let mut builder = Builder::new();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        builder.prefix(&prefix);
        #[cfg(unix)]
        {
            // A temporary file is private by default; an output is as readable as the user's umask lets it be.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        Ok(Self(Kind::Named(builder.tempfile_in(folder).map_err(|error| without_path(&error))?)))
    }

    pub(super) fn file(&self) -> &File {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Kind::Unnamed(file) => file,
            Kind::Named(file) => file.as_file(),
        }
    }

    /// Makes it the file of this path, in place of what was there.
    pub(super) fn publish(self, path: &Path) -> io::Result<()> {
        match self.0 {
            #[cfg(target_os = "linux")]
            Kind::Unnamed(file) => link(&file, path),
            Kind::Named(file) => file.persist(path).map(drop).map_err(|error| error.error),
        }
    }
}

/// What the system said, without the name of a file that nobody asked for.
fn without_path(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let said = text.rsplit_once(" at path ").map_or(&*text, |(said, _)| said);
    io::Error::new(error.kind(), said)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    // As readable as the user's umask lets it be.
    Ok(open(folder, flags, Mode::from_raw_mode(0o666))?.into())
}

/// A link cannot take the place of a file, a rename can: the name between is there for a moment.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::fs::{AtFlags, CWD, linkat};
    static N_LINKED: AtomicU64 = AtomicU64::new(0);

    let of_file = format!("/proc/self/fd/{}", file.as_raw_fd());
    let to = |path: &Path| linkat(CWD, &of_file, CWD, path, AtFlags::SYMLINK_FOLLOW);
    if to(path).is_ok() {
        return Ok(());
    }
    let folder = folder_of(path);
    remove_stale(folder);
    let n = N_LINKED.fetch_add(1, Ordering::Relaxed);
    let between = folder.join(format!("{PREFIX}{}-{n}", std::process::id()));
    to(&between)?;
    std::fs::rename(&between, path).inspect_err(|_| _ = std::fs::remove_file(&between))
}

/// Removes what processes of ours left that are no more. What cannot be looked at or removed stays.
fn remove_stale(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if writer_of(&path).is_some_and(is_gone) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The process that wrote a file that is not whole.
fn writer_of(path: &Path) -> Option<u32> {
    let (process, _) = path.file_name()?.to_str()?.strip_prefix(PREFIX)?.split_once('-')?;
    process.parse().ok()
}

#[cfg(target_os = "linux")]
fn is_gone(process: u32) -> bool {
    Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{process}")).exists()
}

/// Elsewhere nothing tells.
#[cfg(not(target_os = "linux"))]
fn is_gone(_: u32) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn errors_name_no_file_that_nobody_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let error = crate::io::write_atomically(folder.path().join("not there/out"), |_| Ok(())).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("not there/out: ") && !text.contains(PREFIX), "{text}");
        assert!(!text.contains("at path") && (text.contains("No such file") || !cfg!(unix)), "{text}");
    }

    #[test]
    fn what_is_not_published_leaves_nothing_and_what_was_left_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let names = || {
            let entries = std::fs::read_dir(folder.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        let partial = PartialFile::beside(&path).unwrap();
        partial.file().write_all(b"half").unwrap();
        drop(partial);
        assert!(names().is_empty());
        // Of a process that cannot be: numbers end below.
        std::fs::write(folder.path().join(".partial-4194999-7"), "left").unwrap();
        std::fs::write(&path, "before").unwrap();
        let partial = PartialFile::beside(&path).unwrap();
        partial.file().write_all(b"after").unwrap();
        partial.publish(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"after");
        if cfg!(target_os = "linux") {
            assert_eq!(names(), ["out"]);
        }
        assert_eq!(writer_of(&folder.path().join(".partial-12-x")), Some(12));
        assert_eq!(writer_of(&folder.path().join(".partial-x")), None);
    }
}
