use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use super::{io_error, standard_input::is_standard};
use crate::error::DataError;

/// Writes a file whole or not at all: into a temporary file of the same folder, flushed to disk and renamed to
/// `path`, which keeps its former content until then. `-` is standard output, whole or not at all, too.
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
/// [`DataError::Io`] naming `path`, where the folder cannot be written or `write` fails.
pub fn write_atomically(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), DataError> {
    let path = path.as_ref();
    let written = if is_standard(path) { print(write) } else { replace(path, write) };
    written.map_err(|error| io_error(path, error))
}

fn print(write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    // An archive goes back to where it began, which standard output cannot.
    let mut temporary = tempfile::tempfile()?;
    let mut writer = BufWriter::new(&temporary);
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    temporary.rewind()?;
    let mut stdout = io::stdout().lock();
    io::copy(&mut temporary, &mut stdout)?;
    stdout.flush()
}

fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".partial-");
    #[cfg(unix)]
    {
        // A temporary file is private by default; an output is as readable as the user's umask lets it be.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let temporary = builder.tempfile_in(folder)?;
    let mut writer = BufWriter::new(temporary.as_file());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    Ok(())
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

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_atomically("no such folder/out", |_| Ok(())).unwrap_err();
        assert!(error.to_string().starts_with("no such folder/out: "), "{error}");
    }
}
