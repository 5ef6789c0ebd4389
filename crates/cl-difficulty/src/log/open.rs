use std::path::Path;

use cl_data::DataError;
use cl_data::io::{Signature, malformed};

use super::archive::Archive;
use super::cartography::Cartography;
use super::epoch_arrays::EpochArrays;
#[cfg(feature = "parquet")]
use super::long_table::LongTable;
use super::options::Options;
use super::presentation_order::PresentationOrder;
use super::source::Source;

/// Opens a log; its content decides about the layout:
///
/// - a `.npz` file with `logits` or `probs` (epochs, examples, classes), `labels` and perhaps `ids`;
/// - a `.npy` file of the same shape, with [`Options::labels`];
/// - a folder with one `.npy` file (examples, classes) per epoch, `labels.npy` and perhaps `ids.npy`;
/// - Dataset Cartography's folder of `dynamics_epoch_E.jsonl`;
/// - TDDS's or DUAL's folder of `E_Output.npy` and `E_Index.npy`, with `labels.npy`;
/// - with the feature `parquet`, a table of `id`, `epoch`, `label` and a list `logits` or `probs`.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Malformed`] naming file and place, where it is of no layout, lacks something, or holds
/// what cannot be.
pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Box<dyn Source>, DataError> {
    let path = path.as_ref();
    if path.is_dir() {
        return open_folder(path, options);
    }
    match Signature::of(path)? {
        Signature::Npz => Ok(Box::new(Archive::open(path, options)?)),
        Signature::Npy => Ok(Box::new(Archive::open_single(path, options)?)),
        #[cfg(feature = "parquet")]
        Signature::Parquet => Ok(Box::new(LongTable::open(path, options)?)),
        #[cfg(not(feature = "parquet"))]
        Signature::Parquet => {
            Err(malformed(path, "", "a Parquet file, which takes a build with the feature `parquet`"))
        }
        _ => Err(malformed(path, "", "neither .npz nor .npy, nor a folder of training dynamics")),
    }
}

fn open_folder(path: &Path, options: &Options) -> Result<Box<dyn Source>, DataError> {
    // The two systems write into a folder of this name; people name the one above it.
    for folder in [path, &path.join("training_dynamics"), &path.join("npy")] {
        if !folder.is_dir() {
            continue;
        }
        if let Some(mut source) = Cartography::open(folder, options)? {
            source.contents.path = path.to_path_buf();
            return Ok(Box::new(source));
        }
        if let Some(mut source) = PresentationOrder::open(folder, options)? {
            source.contents.path = path.to_path_buf();
            return Ok(Box::new(source));
        }
    }
    if let Some(source) = EpochArrays::open(path, options)? {
        return Ok(Box::new(source));
    }
    let expected = "dynamics_epoch_E.jsonl, E_Output.npy with E_Index.npy, or a .npy file per epoch";
    Err(malformed(path, "", format!("no training dynamics, expected {expected}")))
}
