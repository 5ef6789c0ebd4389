use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{
    ElementType, NpyReader, NpzReader, Signature, feature_table::FeatureTable, ids_of, listed, malformed,
};
use crate::{dataset::Scalar, error::DataError, ids::Ids};

/// Rows read at a time.
const ROWS: usize = 4096;

/// A matrix of features (examples, features) in a `.npy` file, or in a `.npz` file under `features`, or as its only array of
/// two axes, with perhaps `ids`: its shape and its ids are known before any feature is read, so that memory can be reckoned
/// with. Or in a table (CSV, JSON lines, Parquet), whose columns are features but for those of ids and labels; it is read
/// when it is opened.
///
/// ```
/// use cl_data::io::{Array, ArrayData, FeatureReader, FeatureRows, FeatureValues, write_npy};
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("features.npy");
/// write_npy(&path, &Array::new(vec![3, 2], ArrayData::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))?)?;
///
/// let reader = FeatureReader::open(&path)?;
/// assert_eq!((reader.shape().n_examples, reader.shape().n_features), (3, 2));
/// let last = reader.read(&FeatureRows::Range(2..3))?;
/// assert!(matches!(last, FeatureValues::F32(values) if values == [5.0, 6.0]));
/// # Ok::<(), cl_data::DataError>(())
/// ```
pub struct FeatureReader {
    path: PathBuf,
    store: Store,
    shape: FeatureShape,
    ids: Option<Ids>,
}

enum Store {
    Array(NpyReader<'static>),
    Archive(NpzReader, String),
    Table(Vec<f64>),
}

/// The size of a matrix of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureShape {
    /// The rows of the file.
    pub n_examples: usize,
    /// The columns.
    pub n_features: usize,
    /// Bytes of a number once it is read.
    pub width: usize,
}

/// Features, example by example, in the precision they are stored in.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureValues {
    /// Single precision, with all types that are exact in it.
    F32(Vec<f32>),
    /// Double precision, with integers of 32 bits and more.
    F64(Vec<f64>),
}

/// The rows of a file that are read, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureRows {
    /// Rows side by side.
    Range(Range<usize>),
    /// In ascending order.
    These(Vec<usize>),
}

impl FeatureRows {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::These(rows) => rows.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of the file that is read as row `at`, one of [`len`](Self::len).
    pub fn get(&self, at: usize) -> usize {
        match self {
            Self::Range(range) => range.start + at,
            Self::These(rows) => rows[at],
        }
    }

    /// As what a row of the file is read, if it is.
    pub fn position(&self, row: usize) -> Option<usize> {
        match self {
            Self::Range(range) => range.contains(&row).then(|| row - range.start),
            Self::These(rows) => rows.binary_search(&row).ok(),
        }
    }

    /// The same as ranges of rows that lie side by side, none of them past `n_examples`.
    fn ranges(&self, n_examples: usize) -> Result<Vec<Range<usize>>, DataError> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        match self {
            Self::Range(range) => ranges.push(range.clone()),
            Self::These(rows) => {
                for &row in rows {
                    match ranges.last_mut().filter(|range| range.end == row) {
                        Some(range) => range.end += 1,
                        None => ranges.push(row..row.saturating_add(1)),
                    }
                }
            }
        }
        let mut end = 0;
        for range in &ranges {
            if range.start < end || range.end < range.start || range.end > n_examples {
                let found = format!("{}..{} after {end}", range.start, range.end);
                return Err(DataError::argument("rows", found, "rows of the file in ascending order, each once"));
            }
            end = range.end;
        }
        Ok(ranges)
    }
}

impl FeatureReader {
    /// Opens a file and reads what it says of itself.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where it holds no matrix of numbers with at least one example and feature,
    /// or several of which none is called `features`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Self::open_with(path, None, &[])
    }

    /// The same of the array `member`, where the file is an archive, and without the columns `beside` features, where it is a
    /// table.
    ///
    /// # Errors
    /// As [`open`](Self::open); where there is no such array, or the file is no archive.
    pub fn open_with(path: impl AsRef<Path>, member: Option<&str>, beside: &[&str]) -> Result<Self, DataError> {
        let path = path.as_ref().to_path_buf();
        if let (Some(name), Signature::Npy | Signature::Parquet | Signature::Other) =
            (member, Signature::of(&path)?)
        {
            return Err(malformed(&path, format!("member `{name}`"), "not there, expected it in a .npz file"));
        }
        match Signature::of(&path)? {
            Signature::Npy => {
                let reader = NpyReader::open(&path)?;
                let shape = shape_of(&path, &reader)?;
                Ok(Self { path, store: Store::Array(reader), shape, ids: None })
            }
            Signature::Npz => {
                let mut archive = NpzReader::open(&path)?;
                let name = match member {
                    Some(name) => name.to_owned(),
                    None => matrix(&path, &mut archive)?,
                };
                let shape = shape_of(&path, &archive.stream(&name)?)?;
                let ids = match archive.names().iter().any(|name| name == "ids") {
                    true => Some(ids_of(&path, archive.read_at_most("ids", shape.n_examples)?)?),
                    false => None,
                };
                Ok(Self { path, store: Store::Archive(archive, name), shape, ids })
            }
            _ => {
                let FeatureTable { values, n_examples, ids } = FeatureTable::read(&path, beside)?;
                let shape = FeatureShape { n_examples, n_features: values.len() / n_examples, width: 8 };
                Ok(Self { path, store: Store::Table(values), shape, ids })
            }
        }
    }

    /// The size of the matrix.
    pub fn shape(&self) -> FeatureShape {
        self.shape
    }

    /// The ids of all rows, where the file has them.
    pub fn ids(&self) -> Option<&Ids> {
        self.ids.as_ref()
    }

    /// Reads some rows, and passes over the others. O(bytes up to the last of them).
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where the file ends early or is corrupt, or where there is no
    /// memory for them; [`DataError::InvalidArgument`] where the rows are not in the file or not in its order.
    pub fn read(self, rows: &FeatureRows) -> Result<FeatureValues, DataError> {
        let Self { path, store, shape: FeatureShape { n_examples, n_features, width }, .. } = self;
        let ranges = rows.ranges(n_examples)?;
        let read = |reader: &mut NpyReader<'_>| {
            Ok(match width {
                8 => FeatureValues::F64(read_values(&path, reader, &ranges)?),
                _ => FeatureValues::F32(read_values(&path, reader, &ranges)?),
            })
        };
        match store {
            Store::Array(mut reader) => read(&mut reader),
            Store::Archive(mut archive, name) => read(&mut archive.stream(&name)?),
            Store::Table(values) => Ok(FeatureValues::F64(match &ranges[..] {
                [range] if range.len() == n_examples => values,
                _ => {
                    let of = |range: &Range<usize>| &values[range.start * n_features..range.end * n_features];
                    ranges.iter().flat_map(of).copied().collect()
                }
            })),
        }
    }
}

/// The array of features: of that name, or the only one of two axes.
fn matrix(path: &Path, archive: &mut NpzReader) -> Result<String, DataError> {
    let names = archive.names().to_vec();
    if names.iter().any(|name| name == "features") {
        return Ok("features".into());
    }
    let mut matrices = Vec::new();
    for name in &names {
        let stream = archive.stream(name)?;
        let is_text = matches!(stream.element_type(), ElementType::Unicode(_) | ElementType::Bytes(_));
        if stream.shape().len() == 2 && !is_text {
            matrices.push(name.clone());
        }
    }
    match matrices.pop() {
        Some(name) if matrices.is_empty() => Ok(name),
        _ => {
            let problem = format!("not there, expected it, or one matrix, among {}", listed(&names));
            Err(malformed(path, "member `features`", problem))
        }
    }
}

fn shape_of(path: &Path, reader: &NpyReader<'_>) -> Result<FeatureShape, DataError> {
    let shape = reader.shape();
    let &[n_examples, n_features] = shape else {
        return Err(malformed(path, "", format!("shape {shape:?}, expected (examples, features)")));
    };
    if n_examples == 0 || n_features == 0 {
        return Err(malformed(path, "", format!("shape {shape:?}, expected at least one example and feature")));
    }
    // Integers of 32 bits and more are exact in double precision alone.
    let width = match reader.element_type() {
        ElementType::F64 | ElementType::I32 | ElementType::U32 | ElementType::I64 | ElementType::U64 => 8,
        ElementType::Unicode(_) | ElementType::Bytes(_) => {
            return Err(malformed(path, "", "texts, expected numbers"));
        }
        _ => 4,
    };
    Ok(FeatureShape { n_examples, n_features, width })
}

fn read_values<T: Scalar>(
    path: &Path,
    reader: &mut NpyReader<'_>,
    ranges: &[Range<usize>],
) -> Result<Vec<T>, DataError> {
    let (n, d) = (reader.n_rows(), reader.row_len());
    let n_values = ranges.iter().map(Range::len).sum::<usize>().saturating_mul(d);
    let mut values: Vec<T> = Vec::new();
    values
        .try_reserve_exact(n_values)
        .map_err(|error| malformed(path, "", format!("{n_values} numbers: {error}")))?;
    if !reader.is_fortran_order() {
        let mut at = 0;
        for range in ranges {
            reader.skip((range.start - at) * d)?;
            at = range.end;
            let mut left = range.len();
            while left > 0 {
                left -= reader.read_rows(ROWS.min(left), &mut values)?;
            }
        }
        // At the end of what is compressed stands whether it is whole.
        reader.skip((n - at) * d)?;
        return Ok(values);
    }
    // Feature by feature, each number to where it belongs.
    values.resize(n_values, T::default());
    let mut chunk: Vec<T> = Vec::new();
    for feature in 0..d {
        let (mut at, mut own) = (0, feature);
        for range in ranges {
            reader.skip(range.start - at)?;
            at = range.end;
            let mut left = range.len();
            while left > 0 {
                chunk.clear();
                reader.read_chunk(ROWS.min(left))?.append_floats(&mut chunk)?;
                left -= chunk.len();
                for &value in &chunk {
                    values[own] = value;
                    own += d;
                }
            }
        }
        reader.skip(n - at)?;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::super::{Array, ArrayData, write_npy};
    use super::*;

    #[test]
    fn rows_are_those_of_the_file_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.npy");
        write_npy(&path, &Array::new(vec![4, 2], ArrayData::I32((0..8).collect())).unwrap()).unwrap();
        let read = |rows| FeatureReader::open(&path).unwrap().read(&rows);
        let rows = FeatureRows::These(vec![0, 2, 3]);
        assert_eq!((rows.position(2), rows.position(1), rows.get(2)), (Some(1), None, 3));
        assert_eq!(read(rows).unwrap(), FeatureValues::F64(vec![0.0, 1.0, 4.0, 5.0, 6.0, 7.0]));
        for rows in [FeatureRows::Range(3..5), FeatureRows::These(vec![2, 1]), FeatureRows::These(vec![1, 1])] {
            assert!(matches!(read(rows), Err(DataError::InvalidArgument { .. })));
        }
        write_npy(&path, &Array::new(vec![0, 2], ArrayData::F32(vec![])).unwrap()).unwrap();
        assert!(FeatureReader::open(&path).is_err());
    }
}
