use std::fs::File;
use std::io::{self, Read};

use tempfile::NamedTempFile;

/// What could be read only once, in a temporary file that can be opened as often as one likes: without a name where the
/// system opens such files again, so that nothing stays behind of a program that is killed.
pub(super) enum Spool {
    Unnamed(File),
    Named(NamedTempFile),
}

impl Spool {
    /// All that `reader` gives, O(1) memory.
    pub(super) fn of(reader: &mut impl Read) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        let mut spool = match again(&file) {
            Ok(_) => Self::Unnamed(file),
            Err(_) => Self::Named(NamedTempFile::new()?),
        };
        match &mut spool {
            Self::Unnamed(file) => io::copy(reader, file)?,
            Self::Named(file) => io::copy(reader, file)?,
        };
        Ok(spool)
    }

    /// The file at its start, with a position of its own.
    pub(super) fn open(&self) -> io::Result<File> {
        match self {
            Self::Unnamed(file) => again(file),
            Self::Named(file) => file.reopen(),
        }
    }
}

#[cfg(target_os = "linux")]
fn again(file: &File) -> io::Result<File> {
    use std::os::fd::AsRawFd;
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(not(target_os = "linux"))]
fn again(_: &File) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_opening_reads_all() {
        let spool = Spool::of(&mut &b"some text"[..]).unwrap();
        let read = |mut file: File| io::read_to_string(&mut file).unwrap();
        let (first, second) = (spool.open().unwrap(), spool.open().unwrap());
        assert_eq!((read(first), read(second)), ("some text".to_owned(), "some text".to_owned()));
    }
}
