use cl_data::memory;
use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::validated::deserialise_through;

/// The shape of an image whose features are its planes one after the other, each row by row: feature
/// (channel x height + y) x width + x is what the channel has at row y and column x.
///
/// CIFAR-10's files, NumPy's arrays of images for PyTorch and, with one channel, MNIST's files are such.
///
/// ```
/// use cl_model::ImageShape;
///
/// let cifar = ImageShape::new(3, 32, 32)?;
/// assert_eq!(cifar.n_features(), 3072);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ImageShape {
    channels: usize,
    height: usize,
    width: usize,
}

deserialise_through!(Self::new => ImageShape { channels: usize, height: usize, width: usize });

impl ImageShape {
    /// Images with so many channels of `height` rows and `width` columns.
    ///
    /// # Errors
    /// Where a number is 0 or an image would be larger than memory.
    pub fn new(channels: usize, height: usize, width: usize) -> Result<Self, ModelError> {
        let value = || format!("{channels} x {height} x {width}");
        if channels == 0 || height == 0 || width == 0 {
            return Err(ModelError::argument("shape", value(), "channels x height x width above 0"));
        }
        // A frame of zeros takes more than three times the place of an image with a row or column alone.
        let framed = [channels, height.saturating_add(2), width.saturating_add(2)];
        memory::check::<f64>(framed.into_iter().fold(1, usize::saturating_mul))
            .map_err(|_| ModelError::argument("shape", value(), memory::EXPECTED))?;
        Ok(Self { channels, height, width })
    }

    /// Number of channels.
    pub fn channels(self) -> usize {
        self.channels
    }

    /// Number of rows.
    pub fn height(self) -> usize {
        self.height
    }

    /// Number of columns.
    pub fn width(self) -> usize {
        self.width
    }

    /// Number of features: channels x height x width.
    pub fn n_features(self) -> usize {
        self.channels * self.height * self.width
    }
}
