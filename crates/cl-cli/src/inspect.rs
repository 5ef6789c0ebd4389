//! `curriculum inspect`: what a file holds.

mod report;
mod summary;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use cl_data::DataError;
use cl_data::io::{
    Array, ArrayData, Cifar100Label, NpyReader, NpzReader, PixelScale, open, read_cifar10_batch,
    read_cifar100_batch, read_idx,
};
use clap::Args;

use crate::output::print;
use report::{Part, Report, ValueCount};
use summary::ArraySummary;

/// Show what a data file holds: shapes, types, classes, ranges, NaN, duplicates.
///
/// The format is recognised by content, then by name: CSV, IDX (MNIST), CIFAR binary (.bin), .npy and .npz, all
/// but the last gzipped or not. Minimum, maximum and mean are those of the finite numbers; NaN and infinite
/// values are counted, not refused. Arrays are streamed, so that a .npy file may be larger than memory.
///
/// Values with their counts are shown for the label column, and for arrays of one axis of integers or texts
/// with at most 256 different values. A row is a duplicate where an earlier one is equal, its id aside.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum inspect train.csv --label species
  curriculum inspect train.csv --label 4 --id name
  curriculum inspect dynamics.npz --json

With --label a CSV file is looked at as a data set: a column that holds numbers and a text, such as n/a, is \
then an error that names the line.")]
pub(crate) struct Arguments {
    /// The file
    file: PathBuf,
    /// The column of a CSV file, by name or by index from 0, whose values are the classes
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The column of a CSV file, by name or index, that names the rows [default: `id`, where there is one]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The character between the fields of a CSV file
    #[arg(long, default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match (text, text.as_bytes()) {
        ("\\t", _) => Ok(b'\t'),
        (_, &[byte]) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(byte),
        _ => Err("expected one ASCII character, or \\t".into()),
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    print(&inspect(arguments)?, arguments.json)
}

fn inspect(arguments: &Arguments) -> anyhow::Result<Report> {
    let path = arguments.file.as_path();
    let format = Format::of(path)?;
    if format != Format::Csv && (arguments.label.is_some() || arguments.id.is_some()) {
        bail!("{}: --label and --id name columns of a CSV file, this is {}", path.display(), format.name());
    }
    let mut report = Report::new(path, format.name());
    match format {
        Format::Csv => table::inspect(arguments, &mut report)?,
        Format::Idx => report.parts.push(whole("data", &read_idx(path)?)?),
        Format::Npy => report.parts.push(streamed("data", NpyReader::open(path)?)?),
        Format::Npz => {
            let mut archive = NpzReader::open(path)?;
            for name in archive.names().to_vec() {
                report.parts.push(streamed(&name, archive.stream(&name)?)?);
            }
            let ids = report.parts.iter().find(|part| part.name == "ids");
            report.n_duplicate_ids = ids.and_then(|ids| ids.n_duplicates);
        }
        Format::Cifar => cifar(path, &mut report)?,
    }
    Ok(report)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Idx,
    Cifar,
    Npy,
    Npz,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Idx => "IDX",
            Self::Cifar => "CIFAR",
            Self::Npy => "NPY",
            Self::Npz => "NPZ",
        }
    }

    /// Content decides. A name decides where the content does not, so that a damaged file is told from a file
    /// of no format.
    fn of(path: &Path) -> anyhow::Result<Self> {
        let head = open(path)?.read_up_to(4096)?;
        match *head {
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return Ok(Self::Npy),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => return Ok(Self::Npz),
            _ => {}
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let suffixes = [
            (".npy", Self::Npy),
            (".npz", Self::Npz),
            (".bin", Self::Cifar),
            (".csv", Self::Csv),
            (".tsv", Self::Csv),
            ("-ubyte", Self::Idx),
            (".idx", Self::Idx),
        ];
        if let Some((_, format)) = suffixes.iter().find(|(suffix, _)| name.ends_with(suffix)) {
            return Ok(*format);
        }
        if matches!(*head, [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, 1..=u8::MAX, ..]) {
            return Ok(Self::Idx);
        }
        // The last character may be cut.
        let text = std::str::from_utf8(&head).map_or_else(|error| error.error_len().is_none(), |_| true);
        if text && !head.contains(&0) {
            return Ok(Self::Csv);
        }
        bail!("{}: format not recognised, expected CSV, IDX, CIFAR (.bin), .npy or .npz", path.display())
    }
}

fn whole(name: &str, array: &Array) -> Result<Part, DataError> {
    let mut summary = ArraySummary::new(array.shape(), false);
    summary.push(array.data())?;
    Ok(summary.finish(name, array.element_type()))
}

fn streamed(name: &str, mut reader: NpyReader<'_>) -> Result<Part, DataError> {
    let mut summary = ArraySummary::new(reader.shape(), reader.is_fortran_order());
    while reader.n_remaining() > 0 {
        summary.push(&reader.read_chunk(1 << 16)?)?;
    }
    Ok(summary.finish(name, reader.element_type()))
}

fn cifar(path: &Path, report: &mut Report) -> anyhow::Result<()> {
    let (data, format) = match read_cifar10_batch::<f32>(path, PixelScale::Raw) {
        Ok(data) => (data, "CIFAR-10"),
        Err(ten) => match read_cifar100_batch(path, Cifar100Label::Fine, PixelScale::Raw) {
            Ok(data) => (data, "CIFAR-100 (fine labels)"),
            Err(hundred) => return Err(anyhow!("neither CIFAR-10 ({ten}) nor CIFAR-100 ({hundred})")),
        },
    };
    report.format = format;
    let pixels = data.features().iter().map(|&pixel| pixel as u8).collect();
    report.parts.push(whole("images", &Array::new(vec![data.n_examples(), 3, 32, 32], ArrayData::U8(pixels))?)?);
    let labels = data.labels().iter().map(|&label| label as u8).collect();
    let mut labels = whole("labels", &Array::new(vec![data.n_examples()], ArrayData::U8(labels))?)?;
    let counts = data.class_names().iter().zip(data.class_counts());
    labels.values = Some(counts.map(|(name, count)| ValueCount { value: name.clone(), count }).collect());
    report.parts.push(labels);
    Ok(())
}
