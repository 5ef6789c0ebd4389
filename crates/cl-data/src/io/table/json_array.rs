use std::io::BufRead;
use std::path::Path;

use super::super::input::{open, read_error};
use super::super::malformed;
use super::super::record_limit::{MAX_RECORD, TooLong};
use crate::error::DataError;

/// Whether a file is a JSON array, as pandas and `json.dump` write rows, and no object per line.
pub(super) fn is_array(path: &Path) -> Result<bool, DataError> {
    Ok(first_bytes(&open(path)?.read_up_to(4096)?)[0] == Some(b'['))
}

/// The first two bytes of a text that are no blanks.
pub(super) fn first_bytes(head: &[u8]) -> [Option<u8>; 2] {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut bytes = head.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    [bytes.next(), bytes.next()]
}

/// The elements of an array one after the other, each as its text.
#[derive(Default)]
pub(super) struct Elements {
    expected: Expected,
    /// How many came so far.
    n: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Expected {
    #[default]
    Array,
    FirstElement,
    Comma,
    Element,
    Nothing,
}

impl Elements {
    /// Reads the next element into `text`; whether there is one.
    pub(super) fn next(
        &mut self,
        path: &Path,
        reader: &mut impl BufRead,
        text: &mut Vec<u8>,
    ) -> Result<bool, DataError> {
        text.clear();
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let bytes = reader.fill_buf().map_err(|error| read_error(path, "", error))?;
            if bytes.is_empty() {
                return match self.expected {
                    Expected::Nothing => Ok(false),
                    _ => Err(malformed(path, self.place(), "the file ends within a JSON array, expected ]")),
                };
            }
            let mut n_used = 0;
            for &byte in bytes {
                n_used += 1;
                if depth == 0 {
                    if self.opens(path, byte)? {
                        depth = 1;
                        text.push(byte);
                    }
                    continue;
                }
                text.push(byte);
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            reader.consume(n_used);
            if text.len() > MAX_RECORD {
                return Err(malformed(path, self.place(), TooLong::Bytes.to_string()));
            }
            if depth == 0 && !text.is_empty() {
                self.expected = Expected::Comma;
                self.n += 1;
                return Ok(true);
            }
        }
    }

    /// Whether a byte between elements opens one.
    fn opens(&mut self, path: &Path, byte: u8) -> Result<bool, DataError> {
        self.expected = match (self.expected, byte) {
            (_, byte) if byte.is_ascii_whitespace() => return Ok(false),
            // The mark of UTF-8 stands before it.
            (Expected::Array, 0xef | 0xbb | 0xbf) => return Ok(false),
            (Expected::Array, b'[') => Expected::FirstElement,
            (Expected::FirstElement | Expected::Element, b'{') => return Ok(true),
            (Expected::FirstElement | Expected::Comma, b']') => Expected::Nothing,
            (Expected::Comma, b',') => Expected::Element,
            (expected, byte) => {
                let expected = match expected {
                    Expected::Comma => "a comma or the end of the JSON array",
                    Expected::Nothing => "nothing after the JSON array",
                    _ => "an object: a JSON array of objects, or an object per line",
                };
                let found = char::from(byte);
                return Err(malformed(path, self.place(), format!("{found:?}, expected {expected}")));
            }
        };
        Ok(false)
    }

    fn place(&self) -> String {
        format!("row {}", self.n)
    }
}
