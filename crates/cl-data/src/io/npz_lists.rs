use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::element::ElementType;
use super::npy_header::header_of;

/// A `.npz` file of lists of numbers that are not known beforehand, however many there will be: each waits in a
/// temporary file until all are known. O(1) memory.
///
/// ```
/// use cl_data::io::{NpzLists, read_npz, write_atomically};
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("batches.npz");
/// write_atomically(&path, |writer| {
///     let mut lists = NpzLists::default();
///     let (indptr, indices) = (lists.integers("indptr")?, lists.integers("indices")?);
///     lists.push(indptr, 0)?;
///     (0..4).try_for_each(|i| lists.push(indices, i * i))?;
///     lists.push(indptr, 4)?;
///     lists.write(writer)
/// })?;
/// assert_eq!(read_npz(&path)?["indices"].to_indices()?, [0, 1, 4, 9]);
/// # Ok::<(), cl_data::DataError>(())
/// ```
#[derive(Debug, Default)]
pub struct NpzLists(Vec<List>);

/// A list of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListId(usize);

#[derive(Debug)]
struct List {
    name: String,
    element: ElementType,
    len: usize,
    waiting: BufWriter<File>,
}

impl NpzLists {
    /// Begins a list of 64-bit integers, whose name no other list has.
    ///
    /// # Errors
    /// Where there can be no temporary file.
    pub fn integers(&mut self, name: impl Into<String>) -> io::Result<ListId> {
        self.begin(name.into(), ElementType::I64)
    }

    /// Begins a list of 64-bit numbers, whose name no other list has.
    ///
    /// # Errors
    /// Where there can be no temporary file.
    pub fn numbers(&mut self, name: impl Into<String>) -> io::Result<ListId> {
        self.begin(name.into(), ElementType::F64)
    }

    fn begin(&mut self, name: String, element: ElementType) -> io::Result<ListId> {
        self.0.push(List { name, element, len: 0, waiting: BufWriter::new(tempfile::tempfile()?) });
        Ok(ListId(self.0.len() - 1))
    }

    /// Adds an integer to a list of those.
    ///
    /// # Errors
    /// Where it cannot be written, or the list is another.
    pub fn push(&mut self, list: ListId, value: i64) -> io::Result<()> {
        self.add(list, ElementType::I64, value.to_le_bytes())
    }

    /// Adds a number to a list of those.
    ///
    /// # Errors
    /// Where it cannot be written, or the list is another.
    pub fn push_number(&mut self, list: ListId, value: f64) -> io::Result<()> {
        self.add(list, ElementType::F64, value.to_le_bytes())
    }

    fn add(&mut self, list: ListId, element: ElementType, bytes: [u8; 8]) -> io::Result<()> {
        let list = self.0.get_mut(list.0).filter(|list| list.element == element);
        let list = list.ok_or_else(|| io::Error::other("a number for a list that is not there"))?;
        list.len += 1;
        list.waiting.write_all(&bytes)
    }

    /// Writes the archive, its members stored as `numpy.savez` does; the same lists give the same bytes.
    ///
    /// # Errors
    /// Where it cannot be written, or two lists have one name.
    pub fn write(self, writer: &mut (impl Write + Seek)) -> io::Result<()> {
        let mut archive = ZipWriter::new(writer);
        for List { name, element, len, waiting } in self.0 {
            let mut waiting = waiting.into_inner().map_err(io::IntoInnerError::into_error)?;
            waiting.seek(SeekFrom::Start(0))?;
            let header = header_of(element, &[len]);
            // Beyond this size a member needs the 64-bit fields.
            let large = (header.len() as u64).saturating_add(8 * len as u64) >= u64::from(u32::MAX);
            let options =
                SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(large);
            archive.start_file(format!("{name}.npy"), options)?;
            archive.write_all(&header)?;
            io::copy(&mut waiting, &mut archive)?;
        }
        archive.finish()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{read_npz, write_atomically};

    #[test]
    fn lists_of_both_kinds_and_of_none_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists.npz");
        write_atomically(&path, |writer| {
            let mut lists = NpzLists::default();
            let (whole, real, _) = (lists.integers("a")?, lists.numbers("b")?, lists.integers("c")?);
            for at in 0..10_000 {
                lists.push(whole, at - 5000)?;
                lists.push_number(real, at as f64 / 3.0)?;
            }
            assert!(lists.push(real, 1).is_err() && lists.push_number(whole, 1.0).is_err());
            lists.write(writer)
        })
        .unwrap();
        let arrays = read_npz(&path).unwrap();
        assert_eq!(arrays["a"].to_f64().unwrap(), (0..10_000).map(|at| f64::from(at - 5000)).collect::<Vec<_>>());
        assert_eq!(arrays["b"].to_f64().unwrap()[2], 2.0 / 3.0);
        assert_eq!(arrays["c"].shape(), [0]);
        let mut twice = NpzLists::default();
        twice.integers("a").and_then(|_| twice.integers("a")).unwrap();
        assert!(twice.write(&mut io::Cursor::new(Vec::new())).is_err());
    }
}
