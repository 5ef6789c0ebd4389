use std::path::{Path, PathBuf};

use super::{Input, PixelScale, malformed, open};
use crate::{
    dataset::{Dataset, Scalar},
    error::DataError,
};

/// Bytes of an image: red, green and blue planes of 32 x 32, row by row.
const N_PIXELS: usize = 3 * 32 * 32;

/// The part of a CIFAR set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CifarPart {
    /// 50 000 images.
    Train,
    /// 10 000 images.
    Test,
}

/// Which of its two labels classifies an image of CIFAR-100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cifar100Label {
    /// The superclass, of 20.
    Coarse,
    /// The class, of 100.
    Fine,
}

/// The fields before the image of a record: their names and numbers of classes, and which of them is the label.
struct Layout {
    fields: &'static [(&'static str, usize)],
    label: usize,
    names: &'static str,
}

const CIFAR_10: Layout = Layout { fields: &[("label", 10)], label: 0, names: "batches.meta.txt" };

fn cifar_100(label: Cifar100Label) -> Layout {
    let (label, names) = match label {
        Cifar100Label::Coarse => (0, "coarse_label_names.txt"),
        Cifar100Label::Fine => (1, "fine_label_names.txt"),
    };
    Layout { fields: &[("coarse label", 20), ("fine label", 100)], label, names }
}

/// Reads CIFAR-10 from a folder with the files of its binary version: `data_batch_1.bin` to
/// `data_batch_5.bin`, or `test_batch.bin`.
///
/// ```text
/// record = label (1 byte) | red 32 x 32 | green 32 x 32 | blue 32 x 32      3073 bytes
/// ```
///
/// Features are the 3072 bytes in that order; ids count on from file to file; class names are read from
/// `batches.meta.txt` where the folder has it. Files may be gzipped.
///
/// Source: Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images.
///
/// # Errors
/// [`DataError::Io`] naming the file that is missing; [`DataError::Malformed`] where a length is no multiple of
/// the record or a label is out of range.
pub fn read_cifar10<T: Scalar>(
    folder: impl AsRef<Path>,
    part: CifarPart,
    scale: PixelScale,
) -> Result<Dataset<T>, DataError> {
    let folder = folder.as_ref();
    let files: Vec<PathBuf> = match part {
        CifarPart::Train => (1..=5).map(|batch| folder.join(format!("data_batch_{batch}.bin"))).collect(),
        CifarPart::Test => vec![folder.join("test_batch.bin")],
    };
    read(&files, &CIFAR_10, scale)
}

/// Reads one batch file of CIFAR-10; see [`read_cifar10`].
///
/// # Errors
/// As [`read_cifar10`].
pub fn read_cifar10_batch<T: Scalar>(file: impl AsRef<Path>, scale: PixelScale) -> Result<Dataset<T>, DataError> {
    read(&[file.as_ref().to_path_buf()], &CIFAR_10, scale)
}

/// Reads CIFAR-100 from a folder with the files of its binary version, `train.bin` and `test.bin`.
///
/// ```text
/// record = coarse label | fine label | red 32 x 32 | green 32 x 32 | blue 32 x 32      3074 bytes
/// ```
///
/// As [`read_cifar10`], with class names from `fine_label_names.txt` or `coarse_label_names.txt`.
///
/// # Errors
/// As [`read_cifar10`].
pub fn read_cifar100<T: Scalar>(
    folder: impl AsRef<Path>,
    part: CifarPart,
    label: Cifar100Label,
    scale: PixelScale,
) -> Result<Dataset<T>, DataError> {
    let name = match part {
        CifarPart::Train => "train.bin",
        CifarPart::Test => "test.bin",
    };
    read_cifar100_batch(folder.as_ref().join(name), label, scale)
}

/// Reads one file of CIFAR-100; see [`read_cifar100`].
///
/// # Errors
/// As [`read_cifar10`].
pub fn read_cifar100_batch<T: Scalar>(
    file: impl AsRef<Path>,
    label: Cifar100Label,
    scale: PixelScale,
) -> Result<Dataset<T>, DataError> {
    read(&[file.as_ref().to_path_buf()], &cifar_100(label), scale)
}

fn read<T: Scalar>(files: &[PathBuf], layout: &Layout, scale: PixelScale) -> Result<Dataset<T>, DataError> {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for file in files {
        read_records(open(file)?, layout, scale, &mut features, &mut labels)?;
    }
    let (_, n_classes) = layout.fields[layout.label];
    let data = Dataset::new(N_PIXELS, features, labels, n_classes)?;
    let names = files.first().map(|file| file.with_file_name(layout.names)).filter(|names| names.is_file());
    match names {
        Some(names) => data.with_class_names(read_names(&names, n_classes)?),
        None => Ok(data),
    }
}

fn read_records<T: Scalar>(
    mut input: Input,
    layout: &Layout,
    scale: PixelScale,
    features: &mut Vec<T>,
    labels: &mut Vec<usize>,
) -> Result<(), DataError> {
    let path = input.path().to_path_buf();
    let n_fields = layout.fields.len();
    let size = n_fields + N_PIXELS;
    let wrong_length = |held: u64| {
        malformed(&path, "length", format!("{held} bytes, expected a multiple of {size}, at least one"))
    };
    if let Some(n) = input.n_bytes().filter(|&n| n == 0 || n % size as u64 != 0) {
        return Err(wrong_length(n));
    }
    for record in 0.. {
        let bytes = input.read_up_to(size)?;
        if bytes.len() < size {
            let held = record * size + bytes.len();
            return if bytes.is_empty() && record > 0 { Ok(()) } else { Err(wrong_length(held as u64)) };
        }
        for (field, &(name, n_classes)) in layout.fields.iter().enumerate() {
            if usize::from(bytes[field]) >= n_classes {
                let place = format!("record {record} (byte {})", record * size + field);
                return Err(malformed(&path, place, format!("{name} {}, expected 0..{n_classes}", bytes[field])));
            }
        }
        labels.push(bytes[layout.label].into());
        features.extend(bytes[n_fields..].iter().map(|&pixel| scale.apply::<T>(pixel)));
    }
    Ok(())
}

/// A class name per line.
fn read_names(path: &Path, n_classes: usize) -> Result<Vec<String>, DataError> {
    let bytes = open(path)?.read_up_to(1 << 16)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| malformed(path, "text", format!("{error}, expected text in UTF-8")))?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect();
    if names.len() != n_classes {
        return Err(malformed(path, "lines", format!("{} class names, expected {n_classes}", names.len())));
    }
    Ok(names)
}
