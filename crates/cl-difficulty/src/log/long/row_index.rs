use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use tempfile::{SpooledTempFile, spooled_tempfile};

/// Bytes kept in memory before they go to a temporary file.
const MEMORY: usize = 512 << 20;

/// A number per row, written once in order and read again: in memory while it is small, else in a temporary file.
pub(super) struct RowNumbers {
    file: SpooledTempFile,
    n: u64,
}

/// Numbers read or written at a time.
const CHUNK: usize = 1 << 16;

impl RowNumbers {
    /// Writes those that `write` pushes.
    pub(super) fn writer() -> Writer {
        Writer { writer: BufWriter::with_capacity(1 << 20, spooled_tempfile(MEMORY)), n: 0, bytes: Vec::new() }
    }

    /// Replaces all of them in order, chunk by chunk.
    pub(super) fn update(&mut self, mut change: impl FnMut(&mut [u32]) -> io::Result<()>) -> io::Result<()> {
        let (mut at, mut bytes, mut numbers) = (0, vec![0; CHUNK * 4], Vec::new());
        while at < self.n {
            let n = CHUNK.min((self.n - at) as usize);
            self.file.seek(SeekFrom::Start(at * 4))?;
            self.file.read_exact(&mut bytes[..n * 4])?;
            decode(&bytes[..n * 4], &mut numbers);
            change(&mut numbers)?;
            encode(&numbers, &mut bytes);
            self.file.seek(SeekFrom::Start(at * 4))?;
            self.file.write_all(&bytes[..n * 4])?;
            bytes.resize(CHUNK * 4, 0);
            at += n as u64;
        }
        Ok(())
    }

    /// Reads them from the start on.
    pub(super) fn reader(&mut self) -> io::Result<Reader<'_>> {
        self.file.seek(SeekFrom::Start(0))?;
        let reader = BufReader::with_capacity(1 << 18, &mut self.file);
        Ok(Reader { reader, n_left: self.n, bytes: Vec::new() })
    }
}

fn decode(bytes: &[u8], numbers: &mut Vec<u32>) {
    numbers.clear();
    let (quads, _) = bytes.as_chunks();
    numbers.extend(quads.iter().map(|&quad| u32::from_le_bytes(quad)));
}

fn encode(numbers: &[u32], bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

pub(super) struct Writer {
    writer: BufWriter<SpooledTempFile>,
    n: u64,
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn push(&mut self, numbers: &[u32]) -> io::Result<()> {
        self.n += numbers.len() as u64;
        encode(numbers, &mut self.bytes);
        self.writer.write_all(&self.bytes)
    }

    pub(super) fn finish(self) -> io::Result<RowNumbers> {
        let file = self.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(RowNumbers { file, n: self.n })
    }
}

pub(super) struct Reader<'a> {
    reader: BufReader<&'a mut SpooledTempFile>,
    n_left: u64,
    bytes: Vec<u8>,
}

impl Reader<'_> {
    /// The next `n` numbers, fewer at the end, in place of those in `numbers`.
    pub(super) fn next(&mut self, n: usize, numbers: &mut Vec<u32>) -> io::Result<()> {
        let n = self.n_left.min(n as u64) as usize;
        self.n_left -= n as u64;
        self.bytes.resize(n * 4, 0);
        self.reader.read_exact(&mut self.bytes)?;
        decode(&self.bytes, numbers);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_changed() {
        let mut writer = RowNumbers::writer();
        let numbers: Vec<u32> = (0..200_000).collect();
        numbers.chunks(777).for_each(|chunk| writer.push(chunk).unwrap());
        let mut rows = writer.finish().unwrap();
        rows.update(|numbers| {
            numbers.iter_mut().for_each(|number| *number += 5);
            Ok(())
        })
        .unwrap();
        let (mut reader, mut read) = (rows.reader().unwrap(), Vec::new());
        reader.next(100, &mut read).unwrap();
        reader.next(1 << 20, &mut read).unwrap();
        assert_eq!(read.len(), 199_900);
        assert!(read.iter().zip(105..).all(|(&number, expected)| number == expected));
    }
}
