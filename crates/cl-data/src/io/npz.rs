use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::array::Array;
use super::npy::{NpyReader, Source, check_texts, n_file_bytes, write_array};
use super::standard_input::open_file;
use super::table::listed;
use super::{io_error, malformed, with_expected, write_atomically};
use crate::error::DataError;

/// A `.npz` archive open for reading, member by member: a zip file of `.npy` files, stored or deflated.
///
/// ```
/// use cl_data::io::{Array, ArrayData, NpzReader, write_npz};
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("dynamics.npz");
/// write_npz(&path, [("labels", &Array::new(vec![2], ArrayData::I64(vec![0, 1]))?)])?;
///
/// let mut archive = NpzReader::open(&path)?;
/// assert_eq!(archive.names(), ["labels"]);
/// assert_eq!(archive.read("labels")?.to_indices()?, [0, 1]);
/// # Ok::<(), cl_data::DataError>(())
/// ```
pub struct NpzReader {
    path: PathBuf,
    names: Vec<String>,
    archive: ZipArchive<BufReader<File>>,
}

impl NpzReader {
    /// Opens an archive and reads its directory.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where the file is no zip archive or a truncated one.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let file = open_file(path).map_err(|error| io_error(path, error))?;
        let damaged = |error| zip_error(path, "zip archive", error);
        let archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        let mut names = Vec::new();
        for name in archive.file_names() {
            let name = name.map_err(damaged)?;
            if name.contains('\0') {
                let problem = format!("a member is called {name:?}, expected a name without zero bytes");
                return Err(malformed(path, "zip archive", problem));
            }
            names.extend(name.strip_suffix(".npy").map(String::from));
        }
        names.sort_unstable();
        Ok(Self { path: path.to_path_buf(), names, archive })
    }

    /// The names of the arrays, sorted.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A reader of one array, piece by piece.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where there is no such array (the message lists those that there are), the
    /// member is encrypted or compressed otherwise, or for a reason of [`NpyReader::open`].
    pub fn stream(&mut self, name: &str) -> Result<NpyReader<'_>, DataError> {
        let place = format!("member `{name}`");
        let names = &self.names;
        if names.binary_search_by(|known| known.as_str().cmp(name)).is_err() {
            return Err(malformed(&self.path, place, format!("not there, expected it among {}", listed(names))));
        }
        let member =
            self.archive.by_name(&format!("{name}.npy")).map_err(|error| zip_error(&self.path, &place, error))?;
        let size = member.size();
        let source = Source::Member(Box::new(member));
        NpyReader::new(self.path.clone(), format!("{place}: "), source, Some(size))
    }

    /// One array, whole.
    ///
    /// # Errors
    /// As [`stream`](Self::stream) and [`NpyReader::read_chunk`].
    pub fn read(&mut self, name: &str) -> Result<Array, DataError> {
        self.stream(name)?.into_array()
    }

    /// The same of at most so many rows; an array of more is refused before its elements are read.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_at_most(&mut self, name: &str, most: usize) -> Result<Array, DataError> {
        let reader = self.stream(name)?;
        match reader.shape().first() {
            Some(&n) if n > most => {
                let problem =
                    format!("shape {:?}, expected one row for each of at most {most} examples", reader.shape());
                drop(reader);
                Err(malformed(&self.path, format!("member `{name}`"), problem))
            }
            _ => reader.into_array(),
        }
    }

    /// The archive's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads all arrays of a `.npz` file.
///
/// # Errors
/// As [`NpzReader::open`] and [`NpzReader::read`].
pub fn read_npz(path: impl AsRef<Path>) -> Result<BTreeMap<String, Array>, DataError> {
    let mut archive = NpzReader::open(path)?;
    let names = archive.names().to_vec();
    names.into_iter().map(|name| archive.read(&name).map(|array| (name, array))).collect()
}

/// Writes a `.npz` file of these arrays, stored without compression as `numpy.savez` does; the same arrays give
/// the same bytes.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::InvalidArgument`] where a name occurs twice, or as [`write_npy`](super::write_npy).
pub fn write_npz<'a, Name: AsRef<str>>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (Name, &'a Array)>,
) -> Result<(), DataError> {
    let mut members: BTreeMap<String, &Array> = BTreeMap::new();
    for (name, array) in arrays {
        check_texts(array)?;
        let name = name.as_ref().to_owned();
        if members.contains_key(&name) {
            return Err(DataError::argument("arrays", format!("{name:?} twice"), "every name once"));
        }
        members.insert(name, array);
    }
    write_atomically(path, |writer| {
        let mut archive = ZipWriter::new(writer);
        for (name, array) in members {
            // Beyond this size a member needs the 64-bit fields.
            let large = n_file_bytes(array) >= u64::from(u32::MAX);
            let options =
                SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(large);
            archive.start_file(format!("{name}.npy"), options)?;
            write_array(&mut archive, array)?;
        }
        archive.finish()?;
        Ok(())
    })
}

fn zip_error(path: &Path, place: &str, error: ZipError) -> DataError {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error {
        ZipError::Io(error) if !matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) => {
            io_error(path, error)
        }
        error => malformed(path, place, with_expected(error, "a whole zip archive of .npy files")),
    }
}
