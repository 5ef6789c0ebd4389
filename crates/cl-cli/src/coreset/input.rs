//! Features, labels, ids and orders from files.

use std::path::Path;

use anyhow::{Context, bail};
use cl_data::io::{ArrayData, ElementType, NpyReader, NpzReader, open, read_npy};
use cl_data::{Ids, Scalar};

use crate::dynamics::ids_of;

/// Rows read at a time.
const ROWS: usize = 4096;

/// Features in the precision they are stored in.
pub(super) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

pub(super) struct FeatureFile {
    pub(super) values: Values,
    pub(super) n_examples: usize,
    pub(super) n_features: usize,
    pub(super) ids: Option<Ids>,
}

/// What is known of a feature file before its numbers are read.
pub(super) struct Shape {
    pub(super) n_examples: usize,
    pub(super) n_features: usize,
    /// Bytes of a number once it is read.
    pub(super) width: usize,
}

impl FeatureFile {
    /// Reads a `.npy` file (examples, features), or a `.npz` file with `features` and perhaps `ids`. `check` sees the
    /// shape before anything is read.
    pub(super) fn read(path: &Path, check: impl Fn(&Shape) -> anyhow::Result<()>) -> anyhow::Result<Self> {
        match *open(path)?.read_up_to(6)? {
            [0x93, b'N', b'U', b'M', b'P', b'Y'] => read_array(path, NpyReader::open(path)?, check),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
                let mut archive = NpzReader::open(path)?;
                let mut file = read_array(path, archive.stream("features")?, check)?;
                if archive.names().iter().any(|name| name == "ids") {
                    file.ids = Some(ids_of(path, archive.read("ids")?)?);
                }
                Ok(file)
            }
            _ => bail!("{}: neither .npy nor .npz", path.display()),
        }
    }
}

fn read_array(
    path: &Path,
    mut reader: NpyReader<'_>,
    check: impl Fn(&Shape) -> anyhow::Result<()>,
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
    check(&Shape { n_examples, n_features, width: if double { 8 } else { 4 } })?;
    let values =
        if double { Values::F64(read_values(&mut reader)?) } else { Values::F32(read_values(&mut reader)?) };
    Ok(FeatureFile { values, n_examples, n_features, ids: None })
}

fn read_values<T: Scalar>(reader: &mut NpyReader<'_>) -> anyhow::Result<Vec<T>> {
    let mut values = Vec::new();
    if !reader.is_fortran_order() {
        while reader.read_rows(ROWS, &mut values)? > 0 {}
        return Ok(values);
    }
    // Feature by feature; the order is made good in one piece.
    let (n, d) = (reader.n_rows(), reader.row_len());
    let mut columns: Vec<T> = Vec::new();
    while reader.n_remaining() > 0 {
        reader.read_chunk(ROWS)?.append_floats(&mut columns)?;
    }
    values.reserve(columns.len());
    (0..n).for_each(|example| values.extend((0..d).map(|feature| columns[feature * n + example])));
    Ok(values)
}

/// Integers of one axis from a `.npy` file.
pub(super) fn read_indices(path: &Path, what: &str) -> anyhow::Result<Vec<usize>> {
    let array = read_npy(path)?;
    if array.shape().len() != 1 {
        bail!("{}: {what} of shape {:?}, expected one axis", path.display(), array.shape());
    }
    array.to_indices().with_context(|| format!("{}: {what}", path.display()))
}

/// Ids from a `.npy` file.
pub(super) fn read_ids(path: &Path) -> anyhow::Result<Ids> {
    ids_of(path, read_npy(path)?)
}

/// The order that another run chose: a `.npy` file, or the `order` of a `.npz` file.
pub(super) fn read_order(path: &Path) -> anyhow::Result<Vec<usize>> {
    match *open(path)?.read_up_to(2)? {
        [b'P', b'K'] => {
            let order = NpzReader::open(path)?.read("order")?;
            order.to_indices().with_context(|| format!("{}: order", path.display()))
        }
        _ => read_indices(path, "order"),
    }
}

/// Integers where every id is the plain text of one, else texts.
pub(super) fn ids_data(ids: &[String]) -> ArrayData {
    let integer = |id: &String| id.parse().ok().filter(|value: &i64| value.to_string() == *id);
    match ids.iter().map(integer).collect() {
        Some(integers) => ArrayData::I64(integers),
        None => ArrayData::Text(ids.to_vec()),
    }
}

/// The memory that programs may still take, where the system tells.
pub(super) fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
