use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::standard_input::open_file;
use super::{io_error, malformed, with_expected};
use crate::error::DataError;

/// A file open for reading, decompressed on the way where it is gzipped or, with the feature `zstd`, compressed by
/// Zstandard. Reads are buffered.
#[derive(Debug)]
pub struct Input {
    path: PathBuf,
    n_bytes: Option<u64>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Plain(BufReader<File>),
    Gzip(Box<MultiGzDecoder<BufReader<File>>>),
    #[cfg(feature = "zstd")]
    Zstandard(Zstandard),
}

#[cfg(feature = "zstd")]
struct Zstandard(Box<zstd::Decoder<'static, BufReader<File>>>);

#[cfg(feature = "zstd")]
impl std::fmt::Debug for Zstandard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Zstandard")
    }
}

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Opens a file, compressed or not: the first bytes decide, not the name. `-` is standard input.
///
/// # Errors
/// [`DataError::Io`] naming the file; [`DataError::Malformed`] for Zstandard without the feature `zstd`. A corrupt or
/// truncated stream shows on reading.
pub fn open(path: impl AsRef<Path>) -> Result<Input, DataError> {
    let path = path.as_ref();
    let fail = |error| io_error(path, error);
    let file = open_file(path).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let head = reader.fill_buf().map_err(fail)?;
    let (gzipped, zstandard) = (head.starts_with(GZIP), head.starts_with(ZSTANDARD));
    let (n_bytes, source) = if gzipped {
        (None, Source::Gzip(Box::new(MultiGzDecoder::new(reader))))
    } else if zstandard {
        (None, zstandard_of(path, reader)?)
    } else {
        (metadata.is_file().then_some(metadata.len()), Source::Plain(reader))
    };
    Ok(Input { path: path.to_path_buf(), n_bytes, source })
}

#[cfg(feature = "zstd")]
fn zstandard_of(path: &Path, reader: BufReader<File>) -> Result<Source, DataError> {
    let decoder = zstd::Decoder::with_buffer(reader).map_err(|error| io_error(path, error))?;
    Ok(Source::Zstandard(Zstandard(Box::new(decoder))))
}

#[cfg(not(feature = "zstd"))]
fn zstandard_of(path: &Path, _: BufReader<File>) -> Result<Source, DataError> {
    Err(malformed(path, "", "compressed by Zstandard, which takes a build with the feature `zstd`"))
}

impl Input {
    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The length of the content, where it is known beforehand: not of a gzipped file, nor of a pipe.
    pub fn n_bytes(&self) -> Option<u64> {
        self.n_bytes
    }

    /// Reads up to `limit` bytes, fewer only at the end of the file. Memory grows with what is there.
    ///
    /// # Errors
    /// [`DataError::Io`], or [`DataError::Malformed`] where the gzip stream is corrupt or truncated.
    pub fn read_up_to(&mut self, limit: usize) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::with_capacity(limit.min(1 << 16));
        match self.by_ref().take(limit as u64).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(read_error(&self.path, "", error)),
        }
    }
}

impl Input {
    /// Goes past `n` bytes, by seeking where the length is known; how many there were.
    pub(crate) fn skip(&mut self, n: u64) -> io::Result<u64> {
        match (&mut self.source, self.n_bytes) {
            (Source::Plain(reader), Some(n_bytes)) => {
                let n = n.min(n_bytes.saturating_sub(reader.stream_position()?));
                reader.seek_relative(i64::try_from(n).map_err(io::Error::other)?)?;
                Ok(n)
            }
            _ => io::copy(&mut self.take(n), &mut io::sink()),
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Plain(reader) => reader.read(buffer),
            Source::Gzip(reader) => reader.read(buffer).map_err(|error| match error.kind() {
                // What flate2 says of truncated and corrupt streams alike.
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                    let problem = format!("{error}, expected a whole gzip stream");
                    io::Error::new(io::ErrorKind::InvalidData, problem)
                }
                _ => error,
            }),
            #[cfg(feature = "zstd")]
            Source::Zstandard(Zstandard(reader)) => reader.read(buffer).map_err(|error| {
                let problem = format!("{error}, expected a whole Zstandard stream");
                io::Error::new(io::ErrorKind::InvalidData, problem)
            }),
        }
    }
}

/// An error of reading: damage that a decompressor found is the file's, all else the system's.
pub(crate) fn read_error(path: &Path, prefix: &str, error: io::Error) -> DataError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            malformed(path, format!("{prefix}compressed data"), with_expected(error, "whole data"))
        }
        _ => io_error(path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn content(bytes: &[u8]) -> Result<Vec<u8>, DataError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        open(file.path())?.read_up_to(1 << 20)
    }

    #[test]
    fn gzip_is_recognised_by_content_and_may_have_several_members() {
        assert_eq!(content(b"plain").unwrap(), b"plain");
        assert_eq!(content(b"").unwrap(), b"");
        assert_eq!(content(&[gzip(b"one "), gzip(b"two")].concat()).unwrap(), b"one two");
    }

    #[test]
    fn every_truncated_or_damaged_gzip_is_an_error() {
        let whole = gzip(&(0..2000u32).flat_map(|i| (i * i).to_le_bytes()).collect::<Vec<_>>());
        for end in 2..whole.len() {
            assert!(matches!(content(&whole[..end]), Err(DataError::Malformed { .. })), "{end}");
        }
        // The checksum and length stand in the last eight bytes.
        for at in whole.len() - 8..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(content(&damaged).unwrap_err().to_string().contains("gzip"), "{at}");
        }
    }
}
