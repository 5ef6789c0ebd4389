use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use super::partial_file::PartialFile;
use super::{io_error, standard_input::is_standard};
use crate::error::DataError;

/// Writes a file whole or not at all: into a temporary file of the same folder, without a name where the system has such,
/// flushed to disk and renamed to `path`, which keeps its former content until then.
///
/// An output that exists keeps its mode and, as far as the system lets it, its owner; a link stays, and what it points to is
/// written; a device or a pipe is written through. `-` is standard output, whole or not at all, too.
///
/// ```
/// use std::io::Write;
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("scores.txt");
/// cl_data::io::write_atomically(&path, |writer| writeln!(writer, "0.5"))?;
/// assert_eq!(std::fs::read_to_string(path).unwrap(), "0.5\n");
/// # Ok::<(), cl_data::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Io`] naming `path`, where the folder cannot be written, the file is read-only, or `write` fails.
pub fn write_atomically(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), DataError> {
    let path = path.as_ref();
    let written = if is_standard(path) { print(write) } else { replace(path, write) };
    written.map_err(|error| io_error(path, error))
}

fn print(write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    through(&mut stdout, write)
}

/// Writes all of it at once to what cannot be replaced: an archive goes back to where it began, which a pipe cannot.
fn through(target: &mut dyn Write, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let mut temporary = tempfile::tempfile()?;
    fill(&temporary, write)?;
    temporary.rewind()?;
    io::copy(&mut temporary, target)?;
    target.flush()
}

fn fill(file: &File, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    write(&mut writer)?;
    writer.flush()
}

fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let path = followed(path)?;
    let before = match path.metadata() {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if let Some(before) = &before {
        if before.is_dir() {
            return Err(io::Error::other("a folder, expected a file"));
        }
        if !before.is_file() {
            return through(&mut OpenOptions::new().write(true).open(&path)?, write);
        }
        if before.permissions().readonly() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
        }
    }
    let partial = PartialFile::beside(&path)?;
    fill(partial.file(), write)?;
    if let Some(before) = &before {
        keep(partial.file(), before)?;
    }
    partial.file().sync_all()?;
    partial.publish(&path)
}

/// Where a path leads, through links, one that leads nowhere yet among them.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    // As many as the system itself follows.
    for _ in 0..40 {
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => {
                let target = path.read_link()?;
                path = match path.parent() {
                    Some(folder) => folder.join(target),
                    None => target,
                };
            }
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many links lead from one to another"))
}

/// Gives a new file the mode and the owner of the one that it replaces.
fn keep(file: &File, before: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
            match fchown(file, Some(before.uid()), Some(before.gid())) {
                // Who may write a file of another's may not give it back to him.
                Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
                _ => {}
            }
        }
    }
    file.set_permissions(before.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_former_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write_atomically(&path, |writer| writer.write_all(b"first")).unwrap();
        let failed = write_atomically(&path, |writer| {
            writer.write_all(b"second")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.unwrap_err().to_string().contains("no more"));
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_was_there_keeps_its_mode_its_links_and_its_kind() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write =
            |name: &str, text: &str| write_atomically(path(name), |writer| writer.write_all(text.as_bytes()));
        let mode = |name: &str| path(name).metadata().unwrap().permissions().mode() & 0o777;
        let set_mode = |mode| std::fs::set_permissions(path("a"), std::fs::Permissions::from_mode(mode)).unwrap();
        write("a", "1").unwrap();
        set_mode(0o640);
        write("a", "2").unwrap();
        assert_eq!(mode("a"), 0o640);
        symlink("a", path("link")).unwrap();
        symlink("b", path("to nothing yet")).unwrap();
        write("link", "3").unwrap();
        write("to nothing yet", "4").unwrap();
        assert_eq!(std::fs::read(path("a")).unwrap(), b"3");
        assert_eq!(std::fs::read(path("b")).unwrap(), b"4");
        assert!(path("link").symlink_metadata().unwrap().is_symlink());
        set_mode(0o440);
        assert!(write("a", "5").unwrap_err().to_string().ends_with("the file is read-only"));
        assert_eq!(std::fs::read(path("link")).unwrap(), b"3");
        std::fs::create_dir(path("folder")).unwrap();
        assert!(write("folder", "6").unwrap_err().to_string().contains("a folder, expected a file"));
        symlink("circle", path("circle")).unwrap();
        assert!(write("circle", "7").is_err());
        write_atomically("/dev/null", |writer| writer.write_all(b"8")).unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a", "b", "circle", "folder", "link", "to nothing yet"]);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_atomically("no such folder/out", |_| Ok(())).unwrap_err();
        assert!(error.to_string().starts_with("no such folder/out: "), "{error}");
    }
}
