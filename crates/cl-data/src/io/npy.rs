use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::array::{Array, ArrayData};
use super::element::ElementType;
use super::input::read_error;
use super::memory::check_memory;
use super::npy_header::{Header, MAGIC, header_bytes, parse_header};
use super::{Input, malformed, n_elements, open, write_atomically};
use crate::{dataset::Scalar, error::DataError};

/// Longer headers belong to structured types, which are not read.
const MAX_HEADER_BYTES: usize = 65_536;

/// Elements decoded at a time.
const CHUNK: usize = 16_384;

/// A `.npy` array read piece by piece, in constant memory: for files larger than memory.
///
/// Reads all integer widths, `bool`, half, single and double precision and texts, in both byte orders. The
/// header is checked against the length of the file before anything is read.
///
/// ```
/// use cl_data::io::{Array, ArrayData, NpyReader, write_npy};
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("losses.npy");
/// write_npy(&path, &Array::new(vec![3, 2], ArrayData::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))?)?;
///
/// let mut reader = NpyReader::open(&path)?;
/// let mut rows: Vec<f64> = Vec::new();
/// while reader.read_rows(2, &mut rows)? > 0 {
///     // One or two rows of two losses.
///     rows.clear();
/// }
/// # Ok::<(), cl_data::DataError>(())
/// ```
pub struct NpyReader<'a> {
    path: PathBuf,
    /// What places begin with: nothing for a file of its own, the member's name in an archive.
    prefix: String,
    source: Source<'a>,
    header: Header,
    n_elements: usize,
    n_read: usize,
    bytes: Vec<u8>,
}

/// Where the bytes come from.
pub(crate) enum Source<'a> {
    File(Box<Input>),
    /// Of an archive.
    Member(Box<dyn Read + 'a>),
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(input) => input.read(buffer),
            Self::Member(member) => member.read(buffer),
        }
    }
}

impl Source<'_> {
    /// Goes past `n` bytes; how many there were.
    fn skip(&mut self, n: u64) -> io::Result<u64> {
        match self {
            Self::File(input) => input.skip(n),
            Self::Member(member) => io::copy(&mut member.take(n), &mut io::sink()),
        }
    }
}

impl NpyReader<'static> {
    /// Opens a `.npy` file, gzipped or not, and reads its header.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where the file is no `.npy` file, has an element type that is
    /// not read (objects, records, complex numbers, dates), or is not as long as its header says.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Self::from_input(open(path)?)
    }

    /// Reads the header of a file opened by [`open`].
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_input(input: Input) -> Result<Self, DataError> {
        let (path, n_bytes) = (input.path().to_path_buf(), input.n_bytes());
        Self::new(path, String::new(), Source::File(Box::new(input)), n_bytes)
    }
}

impl<'a> NpyReader<'a> {
    pub(crate) fn new(
        path: PathBuf,
        prefix: String,
        mut source: Source<'a>,
        n_bytes: Option<u64>,
    ) -> Result<Self, DataError> {
        let fail = |place: &str, problem: String| malformed(&path, format!("{prefix}{place}"), problem);
        let mut exactly = |n: usize, place: &str| {
            let mut bytes = Vec::new();
            let read = source.by_ref().take(n as u64).read_to_end(&mut bytes);
            read.map_err(|error| read_error(&path, &prefix, error))?;
            if bytes.len() < n {
                let problem = format!("the file ends after {} bytes, expected {n}", bytes.len());
                return Err(fail(place, problem));
            }
            Ok(bytes)
        };
        let start = exactly(8, "magic")?;
        if !start.starts_with(MAGIC) {
            return Err(fail("magic", format!("{}, expected \\x93NUMPY", start[..6].escape_ascii())));
        }
        let length_bytes = match (start[6], start[7]) {
            (1, 0) => 2,
            (2 | 3, 0) => 4,
            (major, minor) => {
                return Err(fail("version", format!("{major}.{minor}, expected 1.0, 2.0 or 3.0")));
            }
        };
        let length = exactly(length_bytes, "header length")?;
        let length = length.iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte));
        if length > MAX_HEADER_BYTES {
            return Err(fail("header length", format!("{length} bytes, expected at most {MAX_HEADER_BYTES}")));
        }
        let text = exactly(length, "header")?;
        let header = parse_header(&text).map_err(|problem| fail("header", problem))?;
        let overflow = || fail("header", format!("shape {:?}, expected one that memory can have", header.shape));
        let n_elements = n_elements(&header.shape).ok_or_else(overflow)?;
        let promised = n_elements.checked_mul(header.element.n_bytes()).ok_or_else(overflow)?;
        let offset = 8 + length_bytes + length;
        if let Some(held) = n_bytes.map(|n| n.saturating_sub(offset as u64))
            && held != promised as u64
        {
            let Header { element, shape, .. } = &header;
            let problem = format!("{held} bytes, expected {promised} ({element}, shape {shape:?})");
            return Err(fail(&format!("data from byte {offset}"), problem));
        }
        let mut reader = Self { path, prefix, source, header, n_elements, n_read: 0, bytes: Vec::new() };
        reader.expect_end_if_done()?;
        Ok(reader)
    }

    /// The size along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// The type of the elements.
    pub fn element_type(&self) -> ElementType {
        self.header.element
    }

    /// Whether the elements stand in Fortran order (first index fastest) in the file.
    pub fn is_fortran_order(&self) -> bool {
        self.header.fortran_order
    }

    /// The number of elements not read yet.
    pub fn n_remaining(&self) -> usize {
        self.n_elements - self.n_read
    }

    /// The number of rows (the first axis); 1 for an array without axes.
    pub fn n_rows(&self) -> usize {
        self.header.shape.first().copied().unwrap_or(1)
    }

    /// The number of elements in a row: the product of all axes after the first.
    pub fn row_len(&self) -> usize {
        // It fits where the whole shape does, unless there are no rows.
        n_elements(self.header.shape.get(1..).unwrap_or(&[])).unwrap_or(0)
    }

    /// The next `max_elements` elements, fewer at the end of the array, in the order and type they are stored.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where the file ends early, goes on after the array, or holds
    /// a text that is none.
    pub fn read_chunk(&mut self, max_elements: usize) -> Result<ArrayData, DataError> {
        let n = max_elements.min(self.n_remaining());
        let mut data = ArrayData::with_capacity(self.header.element, n.min(CHUNK));
        self.append(n, &mut data)?;
        Ok(data)
    }

    /// Appends up to `max_rows` whole rows to `rows`; how many, 0 at the end of the array.
    ///
    /// # Errors
    /// As [`read_chunk`](Self::read_chunk), where the array is in Fortran order, whose rows lie scattered, and
    /// where its elements are texts.
    pub fn read_rows<T: Scalar>(&mut self, max_rows: usize, rows: &mut Vec<T>) -> Result<usize, DataError> {
        let scattered = self.header.shape.iter().filter(|&&dimension| dimension != 1).count() > 1;
        if self.header.fortran_order && scattered {
            let problem = "rows of an array in Fortran order cannot be streamed, expected C order";
            return Err(self.fail("header", problem));
        }
        let row_len = self.row_len();
        if row_len == 0 {
            return Ok(0);
        }
        let n_rows = max_rows.min(self.n_remaining() / row_len);
        let mut left = n_rows * row_len;
        while left > 0 {
            let chunk = self.read_chunk(left.min(CHUNK))?;
            left -= chunk.len();
            chunk.append_floats(rows)?;
        }
        Ok(n_rows)
    }

    /// Goes past the next `n_elements` elements in the order they are stored, or past all that are left where these
    /// are fewer: at once in a file that is not compressed, else by reading them.
    ///
    /// # Errors
    /// As [`read_chunk`](Self::read_chunk).
    pub fn skip(&mut self, n_elements: usize) -> Result<(), DataError> {
        let (n, width) = (n_elements.min(self.n_remaining()), self.header.element.n_bytes());
        let n_bytes = n as u64 * width as u64;
        let skipped = self.source.skip(n_bytes).map_err(|error| read_error(&self.path, &self.prefix, error))?;
        if skipped < n_bytes {
            let held = (self.n_read * width) as u64 + skipped;
            return Err(self.fail("data", format!("{held} bytes, expected {}", self.n_elements * width)));
        }
        self.n_read += n;
        self.expect_end_if_done()
    }

    /// All of an array of which nothing was read, in C order: for those who look at its shape first.
    ///
    /// # Errors
    /// As [`read_chunk`](Self::read_chunk); where it is larger than the memory that is free.
    pub fn into_array(mut self) -> Result<Array, DataError> {
        let place = format!("{}data", self.prefix);
        check_memory(&self.path, &place, self.n_elements.saturating_mul(self.header.element.n_bytes()))?;
        let mut data = ArrayData::with_capacity(self.header.element, self.n_elements.min(CHUNK));
        self.append(self.n_elements, &mut data)?;
        if self.header.fortran_order {
            data = data.into_c_order(&self.header.shape);
        }
        Array::new(self.header.shape, data)
    }

    /// Memory grows with what the file holds, never with what it promises.
    fn append(&mut self, n: usize, data: &mut ArrayData) -> Result<(), DataError> {
        let Header { element, big_endian, .. } = self.header;
        let width = element.n_bytes();
        let mut left = n;
        while left > 0 {
            // A text may be wider than a chunk; then one at a time.
            let n = left.min((CHUNK * 8 / width).max(1));
            self.bytes.clear();
            let read = self.source.by_ref().take((n * width) as u64).read_to_end(&mut self.bytes);
            read.map_err(|error| read_error(&self.path, &self.prefix, error))?;
            if self.bytes.len() < n * width {
                let held = self.n_read * width + self.bytes.len();
                let expected = self.n_elements * width;
                return Err(self.fail("data", format!("{held} bytes, expected {expected}")));
            }
            data.decode(element, big_endian, &self.bytes).map_err(|problem| {
                let place = format!("elements {}..{}", self.n_read, self.n_read + n);
                self.fail(&place, problem)
            })?;
            self.n_read += n;
            left -= n;
        }
        self.expect_end_if_done()
    }

    /// After the last element: an archive's checksum, and bytes that no header promised.
    fn expect_end_if_done(&mut self) -> Result<(), DataError> {
        if self.n_remaining() > 0 {
            return Ok(());
        }
        let mut more = Vec::new();
        let read = self.source.by_ref().take(1).read_to_end(&mut more);
        read.map_err(|error| read_error(&self.path, &self.prefix, error))?;
        if more.is_empty() {
            return Ok(());
        }
        let promised = self.n_elements * self.header.element.n_bytes();
        Err(self.fail("data", format!("more bytes, expected {promised} as the header promises")))
    }

    fn fail(&self, place: &str, problem: impl Into<String>) -> DataError {
        malformed(&self.path, format!("{}{place}", self.prefix), problem)
    }
}

/// Reads a whole `.npy` file, gzipped or not; Fortran order becomes C order. See [`NpyReader`] for the types.
///
/// # Errors
/// As [`NpyReader::open`] and [`NpyReader::read_chunk`].
pub fn read_npy(path: impl AsRef<Path>) -> Result<Array, DataError> {
    NpyReader::open(path)?.into_array()
}

/// Writes a `.npy` file (version 1.0, little endian, C order).
///
/// # Errors
/// [`DataError::Io`]; [`DataError::InvalidArgument`] where a text ends in a zero character, which the format
/// cannot tell from padding.
pub fn write_npy(path: impl AsRef<Path>, array: &Array) -> Result<(), DataError> {
    check_texts(array)?;
    write_atomically(path, |writer| write_array(writer, array))
}

pub(crate) fn check_texts(array: &Array) -> Result<(), DataError> {
    match array.data() {
        ArrayData::Text(texts) => match texts.iter().find(|text| text.ends_with('\0')) {
            Some(text) => {
                Err(DataError::argument("array", format!("{text:?}"), "texts that end in no zero character"))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The length of the file that [`write_array`] writes.
pub(crate) fn n_file_bytes(array: &Array) -> u64 {
    let n_data = array.data().len() as u64 * array.element_type().n_bytes() as u64;
    header_bytes(array).len() as u64 + n_data
}

pub(crate) fn write_array(writer: &mut dyn Write, array: &Array) -> std::io::Result<()> {
    writer.write_all(&header_bytes(array))?;
    array.data().encode(writer)
}
