//! The inputs of a comparison, as `.npy` files that NumPy reads, too.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use cl_data::io::{Array, ArrayData, read_npy, write_npy};

/// Where the files lie.
pub(crate) struct Folder(PathBuf);

/// A scalar that is stored as it is.
pub(crate) trait Stored: Sized {
    fn wrap(values: Vec<Self>) -> ArrayData;
    fn unwrap(data: ArrayData) -> Option<Vec<Self>>;
}

macro_rules! stored {
    ($($scalar:ty, $variant:ident;)*) => {$(
        impl Stored for $scalar {
            fn wrap(values: Vec<Self>) -> ArrayData {
                ArrayData::$variant(values)
            }

            fn unwrap(data: ArrayData) -> Option<Vec<Self>> {
                match data {
                    ArrayData::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    )*};
}

stored! { f32, F32; f64, F64; i64, I64; }

impl Folder {
    pub(crate) fn new(path: &str) -> Self {
        Self(path.into())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.npy"))
    }

    /// Writes an array of this shape.
    pub(crate) fn write<T: Stored>(&self, name: &str, shape: &[usize], values: Vec<T>) -> Result<()> {
        let array = Array::new(shape.to_vec(), T::wrap(values))?;
        write_npy(self.path(name), &array).with_context(|| name.to_owned())
    }

    /// Reads the numbers of an array.
    pub(crate) fn read<T: Stored>(&self, name: &str) -> Result<Vec<T>> {
        let array = read_npy(self.path(name))?;
        let found = array.element_type();
        let Some(mut values) = T::unwrap(array.into_data()) else {
            bail!("{name} has elements of type {found}, expected {}", std::any::type_name::<T>());
        };
        values.shrink_to_fit();
        Ok(values)
    }

    /// Writes class labels.
    pub(crate) fn write_labels(&self, labels: &[usize]) -> Result<()> {
        self.write("labels", &[labels.len()], labels.iter().map(|&label| label as i64).collect())
    }

    /// Reads class labels.
    pub(crate) fn labels(&self) -> Result<Vec<usize>> {
        self.read::<i64>("labels")?.into_iter().map(|label| usize::try_from(label).context("a label")).collect()
    }
}
