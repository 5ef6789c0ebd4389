//! The footer of a Parquet file, gone through before the parquet crate reads it, which takes memory for as many elements
//! as the footer says that a list has.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// The deepest that structures of a footer lie in one another; those of writers are 6 deep.
const MAX_DEPTH: usize = 32;

/// Refuses a footer with lists or texts of more elements than it has bytes. What is wrong otherwise is the crate's to say.
pub(super) fn check_footer(mut file: &File) -> Result<(), String> {
    let mut tail = [0; 8];
    if file.seek(SeekFrom::End(-8)).and_then(|_| file.read_exact(&mut tail)).is_err() || tail[4..] != *b"PAR1" {
        return Ok(());
    }
    let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    if file.seek(SeekFrom::End(-8 - i64::from(length))).is_err() {
        return Ok(());
    }
    let mut footer = Vec::new();
    match file.take(length.into()).read_to_end(&mut footer) {
        Ok(_) => Thrift(&footer).structure(0),
        Err(_) => Ok(()),
    }
}

/// The unread rest of a structure in Thrift's compact protocol.
struct Thrift<'a>(&'a [u8]);

impl Thrift<'_> {
    fn byte(&mut self) -> Result<u8, String> {
        let (&byte, rest) = self.0.split_first().ok_or("the footer ends early, expected a whole Parquet file")?;
        self.0 = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number of more than 64 bits in the footer, expected a whole Parquet file".into())
    }

    /// A number of elements, each of which takes a byte at least.
    fn count(&mut self) -> Result<u64, String> {
        let count = self.number()?;
        self.check(count)?;
        Ok(count)
    }

    fn check(&self, count: u64) -> Result<(), String> {
        let left = self.0.len();
        match count > left as u64 {
            true => Err(format!("{count} elements in {left} bytes of the footer, expected a whole Parquet file")),
            false => Ok(()),
        }
    }

    fn skip(&mut self, n: u64) -> Result<(), String> {
        self.check(n)?;
        self.0 = &self.0[n as usize..];
        Ok(())
    }

    fn structure(&mut self, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("a footer more than {MAX_DEPTH} deep, expected a whole Parquet file"));
        }
        loop {
            let field = self.byte()?;
            match (field & 0x0f, field >> 4) {
                (0, _) => return Ok(()),
                // True and false have no other bytes.
                (1 | 2, delta) if delta > 0 => {}
                (kind, 0) => {
                    self.number()?;
                    if !matches!(kind, 1 | 2) {
                        self.value(kind, depth)?;
                    }
                }
                (kind, _) => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.number().map(drop),
            7 => self.skip(8),
            8 => {
                let n = self.count()?;
                self.skip(n)
            }
            9 | 10 => {
                let head = self.byte()?;
                let n = match head >> 4 {
                    15 => self.count()?,
                    n => n.into(),
                };
                self.check(n)?;
                (0..n).try_for_each(|_| self.value(head & 0x0f, depth + 1))
            }
            12 => self.structure(depth + 1),
            13 => self.skip(16),
            kind => Err(format!("a field of type {kind} in the footer, expected a whole Parquet file")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn check(footer: &[u8]) -> Result<(), String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()).unwrap();
        check_footer(&file)
    }

    #[test]
    fn lists_have_no_more_elements_than_the_footer_has_bytes() {
        // version = 1, then a list of structures: two, empty.
        assert_eq!(check(&[0x15, 0x02, 0x19, 0x2c, 0, 0, 0]), Ok(()));
        let endless = check(&[0x15, 0x02, 0x19, 0xfc, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0]).unwrap_err();
        assert!(endless.contains("268435455 elements in 3 bytes"), "{endless}");
        assert!(check(&[0x18, 0x7f, b'a', 0]).unwrap_err().contains("127 elements"));
        assert!(check(&[0x1c; 100]).unwrap_err().contains("deep"));
        assert!(check(&[0x15]).unwrap_err().contains("ends early"));
        assert!(check(&[0x1b, 0]).unwrap_err().contains("type 11"));
        assert_eq!(check_footer(&tempfile::tempfile().unwrap()), Ok(()));
    }
}
