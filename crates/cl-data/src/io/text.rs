use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::input::read_error;
use super::record_limit::{TooLong, read_line};
use super::utf8::no_utf8;
use super::{Input, malformed, open};
use crate::error::DataError;

/// Reads the lines of a UTF-8 text, gzipped or not, without their line ends (LF or CRLF) and the mark that Windows puts
/// before a text. O(bytes).
///
/// ```
/// use cl_data::io::read_lines;
///
/// let file = tempfile::NamedTempFile::new()?;
/// std::fs::write(file.path(), "one line\r\n\nand a third")?;
/// assert_eq!(read_lines(file.path())?, ["one line", "", "and a third"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`DataError::Io`], or [`DataError::Malformed`] with the line that is no UTF-8, or where a gzip stream is corrupt or
/// truncated.
pub fn read_lines(path: impl AsRef<Path>) -> Result<Vec<String>, DataError> {
    TextLines::open(path)?.collect()
}

/// The lines of a text one after the other, as [`read_lines`] has them.
pub struct TextLines {
    path: PathBuf,
    reader: BufReader<Input>,
    n_read: usize,
}

impl TextLines {
    /// Opens a text.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let reader = BufReader::with_capacity(1 << 16, open(path)?);
        Ok(Self { path: path.to_path_buf(), reader, n_read: 0 })
    }
}

impl Iterator for TextLines {
    type Item = Result<String, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        let number = self.n_read + 1;
        let place = || format!("line {number}");
        match read_line(&mut self.reader, &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => {
                return Some(Err(match TooLong::of(&error) {
                    Some(too_long) => malformed(&self.path, place(), too_long.to_string()),
                    None => read_error(&self.path, "", error),
                }));
            }
        }
        line.pop_if(|end| *end == b'\n');
        line.pop_if(|end| *end == b'\r');
        let first = self.n_read == 0;
        if first && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        self.n_read += 1;
        Some(String::from_utf8(line).map_err(|error| {
            let byte = error.utf8_error().valid_up_to() + 1;
            no_utf8(&self.path, format!("{}, byte {byte}", place()), if first { error.as_bytes() } else { &[] })
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<String>, DataError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read_lines(file.path())
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn lines_are_the_same_plain_and_gzipped() {
        for text in ["", "\n", "a", "a\n", "zwölf\n\n b \r\nc\rd"] {
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(read(text.as_bytes()).unwrap(), lines, "{text:?}");
            assert_eq!(read(&gzip(text.as_bytes())).unwrap(), lines, "{text:?}");
        }
    }

    #[test]
    fn the_mark_before_a_text_is_none_of_it() {
        assert_eq!(read(b"\xef\xbb\xbfcat\ndog").unwrap(), ["cat", "dog"]);
        assert_eq!(read(b"cat\n\xef\xbb\xbfdog").unwrap(), ["cat", "\u{feff}dog"]);
        let wide = read(b"\xff\xfec\0a\0t\0").unwrap_err().to_string();
        assert!(wide.contains("line 1, byte 1: no UTF-8 (UTF-16?), expected text in UTF-8"), "{wide}");
    }

    #[test]
    fn what_is_no_text_is_told_by_line() {
        let error = read(b"one\ntwo \xff\n").unwrap_err().to_string();
        assert!(error.contains("line 2, byte 5") && error.contains("UTF-8"), "{error}");
        let whole = gzip(b"some text that is cut short");
        assert!(matches!(read(&whole[..whole.len() - 9]), Err(DataError::Malformed { .. })));
        assert!(matches!(read_lines("no/such/file"), Err(DataError::Io { .. })));
    }
}
