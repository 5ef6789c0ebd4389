use std::io::{self, Seek, SeekFrom, Write};

use super::element::ElementType;
use super::npy_header::header_of;

/// A `.npy` file of one axis of integers that are not known beforehand, however many there will be. O(1) memory.
///
/// ```
/// use cl_data::io::{NpyList, read_npy, write_atomically};
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("squares.npy");
/// write_atomically(&path, |writer| {
///     let mut list = NpyList::new(writer)?;
///     (0..4).try_for_each(|i| list.push(i * i))?;
///     list.finish()
/// })?;
/// assert_eq!(read_npy(&path)?.to_indices()?, [0, 1, 4, 9]);
/// # Ok::<(), cl_data::DataError>(())
/// ```
pub struct NpyList<'a, W> {
    writer: &'a mut W,
    len: usize,
    header_len: usize,
}

impl<'a, W: Write + Seek> NpyList<'a, W> {
    /// Without one yet, at the start of a file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new(writer: &'a mut W) -> io::Result<Self> {
        let header = header_of(ElementType::I64, &[0]);
        writer.write_all(&header)?;
        Ok(Self { writer, len: 0, header_len: header.len() })
    }

    /// Adds one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn push(&mut self, value: i64) -> io::Result<()> {
        self.len += 1;
        self.writer.write_all(&value.to_le_bytes())
    }

    /// Says at the start how many there are.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(self) -> io::Result<()> {
        let header = header_of(ElementType::I64, &[self.len]);
        // Padded to a multiple of 64 bytes, beyond which no length goes.
        if header.len() != self.header_len {
            return Err(io::Error::other(format!("{} integers, more than the header has room for", self.len)));
        }
        self.writer.seek(SeekFrom::Start(0))?;
        self.writer.write_all(&header)?;
        self.writer.seek(SeekFrom::End(0)).map(drop)
    }
}
