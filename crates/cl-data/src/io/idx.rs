use std::path::Path;

use super::array::{Array, ArrayData};
use super::element::ElementType;
use super::input::Input;
use super::memory::check_memory;
use super::{MAX_AXES, malformed, n_elements, open};
use crate::{
    dataset::{Dataset, MAX_CLASSES, Scalar},
    error::DataError,
};

/// How bytes of images become features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelScale {
    /// As they are, 0 to 255.
    Raw,
    /// Divided by 255, into [0, 1].
    Unit,
}

impl PixelScale {
    pub(crate) fn apply<T: Scalar>(self, pixel: u8) -> T {
        match self {
            Self::Raw => T::of_f64(pixel.into()),
            Self::Unit => T::of_f64(f64::from(pixel) / 255.0),
        }
    }
}

/// Reads an IDX file, the format of MNIST, gzipped or not.
///
/// ```text
/// 0 0 TYPE RANK | RANK sizes, 4 bytes each, big endian | elements in C order, big endian
/// TYPE: 08 uint8, 09 int8, 0b int16, 0c int32, 0d float32, 0e float64
/// ```
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Malformed`] with the byte offset where the file is no IDX file, or shorter or
/// longer than its header says.
pub fn read_idx(path: impl AsRef<Path>) -> Result<Array, DataError> {
    read_from(open(path)?)
}

fn read_from(mut input: Input) -> Result<Array, DataError> {
    let path = input.path().to_path_buf();
    let fail = |offset: usize, problem: String| malformed(&path, format!("byte {offset}"), problem);
    let magic = input.read_up_to(4)?;
    let (element, rank) = match *magic {
        [0, 0, 0x08, rank] => (ElementType::U8, rank),
        [0, 0, 0x09, rank] => (ElementType::I8, rank),
        [0, 0, 0x0b, rank] => (ElementType::I16, rank),
        [0, 0, 0x0c, rank] => (ElementType::I32, rank),
        [0, 0, 0x0d, rank] => (ElementType::F32, rank),
        [0, 0, 0x0e, rank] => (ElementType::F64, rank),
        [0, 0, other, _] => {
            return Err(fail(2, format!("type {other:#04x}, expected 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e")));
        }
        _ => return Err(fail(0, format!("magic {magic:02x?}, expected 00 00 TYPE RANK of an IDX file"))),
    };
    if !(1..=MAX_AXES).contains(&usize::from(rank)) {
        return Err(fail(3, format!("rank {rank}, expected from 1 to {MAX_AXES}")));
    }
    let sizes = input.read_up_to(4 * usize::from(rank))?;
    let offset = 4 + 4 * usize::from(rank);
    if 4 + sizes.len() < offset {
        let problem = format!("the file ends, expected {rank} sizes up to byte {offset}");
        return Err(fail(4 + sizes.len(), problem));
    }
    let shape: Vec<usize> = sizes.as_chunks().0.iter().map(|&size| u32::from_be_bytes(size) as usize).collect();
    let promised = n_elements(&shape).and_then(|n| n.checked_mul(element.n_bytes()));
    let promised =
        promised.ok_or_else(|| fail(4, format!("shape {shape:?}, expected one that memory can have")))?;
    let check = |held: u64| {
        let end = offset + promised.min(held as usize);
        match held.cmp(&(promised as u64)) {
            std::cmp::Ordering::Less => {
                let problem = format!(
                    "the file ends after {held} bytes of data, expected {promised} ({element}, shape {shape:?})"
                );
                Err(fail(end, problem))
            }
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => {
                Err(fail(end, format!("more data, expected the {promised} bytes of shape {shape:?}")))
            }
        }
    };
    if let Some(n) = input.n_bytes() {
        check(n.saturating_sub(offset as u64))?;
    }
    check_memory(&path, "", promised)?;
    // One byte more than promised, to see whether the file goes on.
    let bytes = input.read_up_to(promised.saturating_add(1))?;
    check(bytes.len() as u64)?;
    let mut data = ArrayData::with_capacity(element, promised / element.n_bytes());
    data.decode(element, true, &bytes).map_err(|problem| fail(offset, problem))?;
    Array::new(shape, data)
}

/// Reads images and labels from two IDX files, such as `train-images-idx3-ubyte.gz` and
/// `train-labels-idx1-ubyte.gz` of MNIST: an example per image, its bytes as features in the file's order, the
/// labels 0 up to the largest one as classes, ids by position.
///
/// # Errors
/// As [`read_idx`]; where the images are not bytes, the labels are not class indices, or there are not as many
/// labels as images.
pub fn read_idx_pair<T: Scalar>(
    images: impl AsRef<Path>,
    labels: impl AsRef<Path>,
    scale: PixelScale,
) -> Result<Dataset<T>, DataError> {
    let (images_path, labels_path) = (images.as_ref(), labels.as_ref());
    let images = read_idx(images_path)?;
    let ArrayData::U8(pixels) = images.data() else {
        return Err(malformed(images_path, "byte 2", format!("{} images, expected uint8", images.element_type())));
    };
    let array = read_idx(labels_path)?;
    let [n_labels] = *array.shape() else {
        return Err(malformed(
            labels_path,
            "byte 3",
            format!("shape {:?}, expected one label per image", array.shape()),
        ));
    };
    let n_images = images.shape()[0];
    if n_images != n_labels {
        let problem =
            format!("{n_labels} labels, expected {n_images}, as many as images in {}", images_path.display());
        return Err(malformed(labels_path, "byte 4", problem));
    }
    let labels = array.to_indices().map_err(|error| malformed(labels_path, "labels", error.to_string()))?;
    let n_classes = labels.iter().max().map_or(0, |&largest| largest.saturating_add(1));
    if n_classes > MAX_CLASSES {
        return Err(malformed(
            labels_path,
            "labels",
            format!("{}, expected less than {MAX_CLASSES}", n_classes - 1),
        ));
    }
    let n_features = pixels.len().checked_div(n_images).unwrap_or(0);
    Dataset::new(n_features, pixels.iter().map(|&pixel| scale.apply(pixel)).collect(), labels, n_classes)
}
