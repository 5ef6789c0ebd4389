use std::path::Path;

use cl_data::DataError;
use cl_data::io::{RowFormat, Signature, malformed};

use super::archive::Archive;
use super::beside::is_labels;
use super::epoch_arrays::EpochArrays;
use super::long::open_tables;
use super::numbered::{entries, numbered};
use super::options::Options;
use super::presentation_order::PresentationOrder;
use super::source::Source;

/// Opens a log of one run; its content decides about the layout:
///
/// - a table with a row per example and epoch, in any order: CSV, JSON lines or (with the feature `parquet`) Parquet, or
///   a folder of such files, as Dataset Cartography's `dynamics_epoch_E.jsonl`;
/// - a `.npz` file with `logits`, `probs` or other outputs (epochs, examples, classes), `labels` and perhaps `ids`;
/// - a `.npy` file of the same shape, with [`Options::labels`]; of losses without;
/// - a folder with one `.npy` file (examples, classes) per epoch, `labels.npy` and perhaps `ids.npy`;
/// - TDDS's or DUAL's folder of `E_Output.npy` and `E_Index.npy`, with `labels.npy`.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Malformed`] naming file and place, where it is of no layout, lacks something, holds
/// what cannot be, or holds several runs.
pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Box<dyn Source>, DataError> {
    let path = path.as_ref();
    let mut runs = open_runs(path, options)?;
    match (runs.pop(), runs.len()) {
        (Some(run), 0) => Ok(run),
        (_, n) => Err(malformed(path, "", format!("{} runs, expected one", n + 1))),
    }
}

/// The same of a log of one run or several: a table with a column of runs or seeds has several.
///
/// # Errors
/// As [`open`].
pub fn open_runs(path: impl AsRef<Path>, options: &Options) -> Result<Vec<Box<dyn Source>>, DataError> {
    let path = path.as_ref();
    if path.is_dir() {
        return open_folder(path, options);
    }
    let signature = match options.table.format {
        None => Signature::of(path)?,
        Some(_) => Signature::Other,
    };
    match signature {
        Signature::Npz => Ok(vec![Box::new(Archive::open(path, options)?)]),
        Signature::Npy => Ok(vec![Box::new(Archive::open_single(path, options)?)]),
        _ => open_tables(path, None, options),
    }
}

fn open_folder(path: &Path, options: &Options) -> Result<Vec<Box<dyn Source>>, DataError> {
    // Cartography and TDDS write into a folder of this name; people name the one above it.
    for folder in [path, &path.join("training_dynamics"), &path.join("npy")] {
        if !folder.is_dir() {
            continue;
        }
        if !numbered(folder, "", "_Output.npy")?.is_empty()
            && let Some(mut source) = PresentationOrder::open(folder, options)?
        {
            source.contents.path = path.to_path_buf();
            return Ok(vec![Box::new(source)]);
        }
        let names = entries(folder)?;
        let told = |path: &Path| options.labels.as_deref() == Some(path);
        let is_log = |(name, path): (&String, &std::path::PathBuf)| {
            RowFormat::of_name(path).is_some() && !told(path) && !is_labels(name)
        };
        let arrays =
            names.keys().any(|name| name.ends_with(".npy") && name.bytes().any(|byte| byte.is_ascii_digit()));
        if !arrays && names.iter().any(is_log) {
            return open_tables(path, Some(&names), options);
        }
    }
    if let Some(source) = EpochArrays::open(path, options)? {
        return Ok(vec![Box::new(source)]);
    }
    let expected = "tables (.csv, .jsonl, .parquet), E_Output.npy with E_Index.npy, or a .npy file per epoch";
    Err(malformed(path, "", format!("no training dynamics, expected {expected}")))
}
