//! Features from files, whole or by rows, and labels and ids.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use cl_data::io::{ArrayData, ElementType, NpyReader, NpzReader, open, read_npy};
use cl_data::{Ids, Scalar};

use crate::dynamics::ids_of;

/// Rows read at a time.
const ROWS: usize = 4096;

/// Features in the precision they are stored in.
pub(crate) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// The rows of a file that are read, in the file's order.
pub(crate) enum Rows {
    Range(Range<usize>),
    /// In ascending order.
    These(Vec<usize>),
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::These(rows) => rows.len(),
        }
    }

    /// The row of the file that was read as row `at`.
    pub(crate) fn get(&self, at: usize) -> usize {
        match self {
            Self::Range(range) => range.start + at,
            Self::These(rows) => rows[at],
        }
    }

    /// As what a row of the file was read, if it was.
    pub(crate) fn position(&self, row: usize) -> Option<usize> {
        match self {
            Self::Range(range) => range.contains(&row).then(|| row - range.start),
            Self::These(rows) => rows.binary_search(&row).ok(),
        }
    }

    /// The same as ranges of rows that lie side by side.
    fn ranges(&self) -> Vec<Range<usize>> {
        let rows = match self {
            Self::Range(range) => return vec![range.clone()],
            Self::These(rows) => rows,
        };
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for &row in rows {
            match ranges.last_mut().filter(|range| range.end == row) {
                Some(range) => range.end += 1,
                None => ranges.push(row..row + 1),
            }
        }
        ranges
    }
}

pub(crate) struct FeatureFile {
    pub(crate) values: Values,
    /// Of all the examples in the file those that were read.
    pub(crate) rows: Rows,
    pub(crate) shape: Shape,
    /// Of all the examples in the file.
    pub(crate) ids: Option<Ids>,
}

/// What is known of a feature file before its numbers are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) n_examples: usize,
    pub(crate) n_features: usize,
    /// Bytes of a number once it is read.
    pub(crate) width: usize,
}

impl FeatureFile {
    /// Reads a `.npy` file (examples, features), or a `.npz` file with `features` and perhaps `ids`. `plan` sees the
    /// shape and the ids before any feature is read, and says which rows are.
    pub(crate) fn read(
        path: &Path,
        plan: impl FnOnce(&Shape, Option<&Ids>) -> anyhow::Result<Rows>,
    ) -> anyhow::Result<Self> {
        match *open(path)?.read_up_to(6)? {
            [0x93, b'N', b'U', b'M', b'P', b'Y'] => read_array(path, NpyReader::open(path)?, None, plan),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
                let mut archive = NpzReader::open(path)?;
                let ids = match archive.names().iter().any(|name| name == "ids") {
                    true => Some(ids_of(path, archive.read("ids")?)?),
                    false => None,
                };
                read_array(path, archive.stream("features")?, ids, plan)
            }
            _ => bail!("{}: neither .npy nor .npz", path.display()),
        }
    }
}

fn read_array(
    path: &Path,
    mut reader: NpyReader<'_>,
    ids: Option<Ids>,
    plan: impl FnOnce(&Shape, Option<&Ids>) -> anyhow::Result<Rows>,
) -> anyhow::Result<FeatureFile> {
    let &[n_examples, n_features] = reader.shape() else {
        bail!("{}: shape {:?}, expected (examples, features)", path.display(), reader.shape());
    };
    if n_examples == 0 || n_features == 0 {
        bail!("{}: shape {:?}, expected at least one example and feature", path.display(), reader.shape());
    }
    // Integers of 32 bits and more are exact in double precision alone.
    let double = match reader.element_type() {
        ElementType::F64 | ElementType::I32 | ElementType::U32 | ElementType::I64 | ElementType::U64 => true,
        ElementType::Unicode(_) | ElementType::Bytes(_) => bail!("{}: texts, expected numbers", path.display()),
        _ => false,
    };
    let shape = Shape { n_examples, n_features, width: if double { 8 } else { 4 } };
    let rows = plan(&shape, ids.as_ref())?;
    let values = match double {
        true => Values::F64(read_values(path, &mut reader, &rows)?),
        false => Values::F32(read_values(path, &mut reader, &rows)?),
    };
    Ok(FeatureFile { values, rows, shape, ids })
}

fn read_values<T: Scalar>(path: &Path, reader: &mut NpyReader<'_>, rows: &Rows) -> anyhow::Result<Vec<T>> {
    let (n, d, ranges) = (reader.n_rows(), reader.row_len(), rows.ranges());
    let n_values = rows.len().saturating_mul(d);
    let mut values: Vec<T> = Vec::new();
    values
        .try_reserve_exact(n_values)
        .map_err(|error| anyhow!("{}: {n_values} numbers: {error}", path.display()))?;
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
        return Ok(values);
    }
    // Feature by feature, each number to where it belongs.
    values.resize(n_values, T::default());
    let mut chunk: Vec<T> = Vec::new();
    for feature in 0..d {
        let (mut at, mut own) = (0, feature);
        for range in &ranges {
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

/// Integers of one axis from a `.npy` file.
pub(crate) fn read_indices(path: &Path, what: &str) -> anyhow::Result<Vec<usize>> {
    let array = read_npy(path)?;
    if array.shape().len() != 1 {
        bail!("{}: {what} of shape {:?}, expected one axis", path.display(), array.shape());
    }
    array.to_indices().with_context(|| format!("{}: {what}", path.display()))
}

/// Ids from a `.npy` file.
pub(crate) fn read_ids(path: &Path) -> anyhow::Result<Ids> {
    ids_of(path, read_npy(path)?)
}

/// Integers where every id is the plain text of one, else texts.
pub(crate) fn ids_data(ids: &[String]) -> ArrayData {
    let integer = |id: &String| id.parse().ok().filter(|value: &i64| value.to_string() == *id);
    match ids.iter().map(integer).collect() {
        Some(integers) => ArrayData::I64(integers),
        None => ArrayData::Text(ids.to_vec()),
    }
}

/// The memory that programs may still take, where the system tells.
pub(crate) fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
