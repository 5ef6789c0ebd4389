use std::path::Path;

use serde::Serialize;

use super::array::{streamed, whole};
use super::format::FileFormat;
use super::options::SummaryOptions;
use super::part::{PartSummary, ValueCount};
use super::table::{Table, csv_table};
use super::typed_table::typed_table;
use crate::{
    error::DataError,
    io::{
        Array, ArrayData, Cifar100Label, NpyReader, NpzReader, PixelScale, malformed, read_cifar10_batch,
        read_cifar100_batch, read_idx,
    },
};

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileSummary {
    /// The file.
    pub file: String,
    /// Its format.
    pub format: &'static str,
    /// Rows of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_rows: Option<usize>,
    /// Rows of a table that equal an earlier one, ids aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_duplicate_rows: Option<usize>,
    /// Ids that an earlier row has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_duplicate_ids: Option<usize>,
    /// The arrays, or the columns.
    pub parts: Vec<PartSummary>,
}

/// Looks through a file of any [`FileFormat`], gzipped or not: one pass, arrays in constant memory but for 8 bytes a
/// row, by which duplicates are known.
///
/// ```
/// use cl_data::io::{SummaryOptions, summarize};
///
/// let file = tempfile::NamedTempFile::with_suffix(".csv")?;
/// std::fs::write(file.path(), "id,a,kind\n1,0.5,cat\n2,nan,dog\n3,0.5,cat\n")?;
/// let found = summarize(file.path(), &SummaryOptions { label: Some("kind".into()), ..Default::default() })?;
/// assert_eq!((found.format, found.n_rows, found.n_duplicate_rows), ("CSV", Some(3), Some(1)));
/// assert_eq!((found.parts[1].mean, found.parts[1].n_nan), (Some(0.5), 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Malformed`] naming the place where the file is not of its format, or has no column
/// of a name in `options`.
pub fn summarize(path: impl AsRef<Path>, options: &SummaryOptions) -> Result<FileSummary, DataError> {
    let path = path.as_ref();
    let format = match options.table.format {
        Some(format) => format.into(),
        None => FileFormat::of(path)?,
    };
    let mut summary = FileSummary {
        file: path.display().to_string(),
        format: format.name(),
        n_rows: None,
        n_duplicate_rows: None,
        n_duplicate_ids: None,
        parts: Vec::new(),
    };
    match format {
        FileFormat::Csv | FileFormat::JsonLines | FileFormat::Parquet => {
            let table = if format == FileFormat::Csv { csv_table } else { typed_table };
            let Table { n_rows, n_duplicate_rows, n_duplicate_ids, parts } = table(path, options)?;
            summary = FileSummary {
                n_rows: Some(n_rows),
                n_duplicate_rows: Some(n_duplicate_rows),
                n_duplicate_ids,
                parts,
                ..summary
            };
        }
        FileFormat::Idx => summary.parts.push(whole("data", &read_idx(path)?)?),
        FileFormat::Npy => summary.parts.push(streamed("data", NpyReader::open(path)?)?),
        FileFormat::Npz => {
            let mut archive = NpzReader::open(path)?;
            if archive.names().is_empty() {
                return Err(malformed(path, "zip archive", "no members `NAME.npy`, expected at least one array"));
            }
            for name in archive.names().to_vec() {
                summary.parts.push(streamed(&name, archive.stream(&name)?)?);
            }
            let ids = summary.parts.iter().find(|part| part.name == "ids");
            summary.n_duplicate_ids = ids.and_then(|ids| ids.n_duplicates);
        }
        FileFormat::Cifar => (summary.format, summary.parts) = cifar(path)?,
    }
    Ok(summary)
}

fn cifar(path: &Path) -> Result<(&'static str, Vec<PartSummary>), DataError> {
    let (data, format) = match read_cifar10_batch::<f32>(path, PixelScale::Raw) {
        Ok(data) => (data, "CIFAR-10"),
        Err(ten) => match read_cifar100_batch(path, Cifar100Label::Fine, PixelScale::Raw) {
            Ok(data) => (data, "CIFAR-100 (fine labels)"),
            Err(hundred) => {
                return Err(DataError::Neither([("CIFAR-10", ten.into()), ("CIFAR-100", hundred.into())]));
            }
        },
    };
    let pixels = data.features().iter().map(|&pixel| pixel as u8).collect();
    let images = whole("images", &Array::new(vec![data.n_examples(), 3, 32, 32], ArrayData::U8(pixels))?)?;
    let labels = data.labels().iter().map(|&label| label as u8).collect();
    let mut labels = whole("labels", &Array::new(vec![data.n_examples()], ArrayData::U8(labels))?)?;
    let counts = data.class_names().iter().zip(data.class_counts());
    labels.values = Some(counts.map(|(name, count)| ValueCount { value: name.clone(), count }).collect());
    Ok((format, vec![images, labels]))
}
