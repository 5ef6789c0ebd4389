use cl_data::{Dataset, Scalar};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::DifficultyError;

/// In which order the features of an example hold the pixels of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PixelOrder {
    /// Channel by channel, each row by row, as in CIFAR's files: c, h, w.
    Planes,
    /// Pixel by pixel, row by row, the channels of a pixel together: h, w, c.
    Interleaved,
}

/// The images that the columns of a data set are.
///
/// Image statistics say how busy an image is. Which way that is difficult, if at all, depends on the data: each is
/// returned as it is defined, and only correlation with a score of learning can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels.
    pub channels: usize,
    /// In which order they lie.
    pub order: PixelOrder,
}

impl ImageShape {
    /// Images of one channel.
    pub fn gray(height: usize, width: usize) -> Self {
        Self { height, width, channels: 1, order: PixelOrder::Planes }
    }

    fn at(&self, row: usize, column: usize, channel: usize) -> usize {
        match self.order {
            PixelOrder::Planes => (channel * self.height + row) * self.width + column,
            PixelOrder::Interleaved => (row * self.width + column) * self.channels + channel,
        }
    }

    fn check<T: Scalar>(&self, data: &Dataset<T>) -> Result<(), DifficultyError> {
        let n = self.height.checked_mul(self.width).and_then(|n| n.checked_mul(self.channels));
        if n == Some(data.n_features()) && n != Some(0) {
            return Ok(());
        }
        Err(DifficultyError::InvalidArgument {
            argument: "shape",
            value: format!("{} x {} x {}", self.height, self.width, self.channels),
            expected: "height x width x channels equal to the number of features, at least one",
        })
    }

    /// Applies `statistic` to every image, in parallel.
    fn map<T: Scalar>(
        &self,
        data: &Dataset<T>,
        statistic: impl Fn(&[T]) -> f64 + Sync + Send,
    ) -> Result<Vec<f64>, DifficultyError> {
        self.check(data)?;
        Ok((0..data.n_examples()).into_par_iter().map(|example| statistic(data.example(example))).collect())
    }

    /// Every pixel value with its differences to the right and below, 0 past the border.
    fn differences<T: Scalar>(&self, image: &[T]) -> impl Iterator<Item = (f64, f64)> {
        let pixel = |row, column, channel| image[self.at(row, column, channel)].as_f64();
        (0..self.channels).flat_map(move |channel| {
            (0..self.height).flat_map(move |row| {
                (0..self.width).map(move |column| {
                    let here = pixel(row, column, channel);
                    let right = if column + 1 < self.width { pixel(row, column + 1, channel) - here } else { 0.0 };
                    let below = if row + 1 < self.height { pixel(row + 1, column, channel) - here } else { 0.0 };
                    (right, below)
                })
            })
        })
    }
}

/// The mean of all pixel values of each image, in their units. O(n d).
///
/// ```
/// use cl_data::Dataset;
/// use cl_difficulty::data_based::{ImageShape, contrast, mean_intensity, total_variation};
///
/// let image = Dataset::new(4, vec![0.0, 1.0, 0.0, 1.0], vec![0], 1)?; // rows 0 1 and 0 1
/// let shape = ImageShape::gray(2, 2);
/// assert_eq!(mean_intensity(&image, shape)?, [0.5]);
/// assert_eq!(contrast(&image, shape)?, [0.5]);
/// assert_eq!(total_variation(&image, shape)?, [0.5]); // two steps of 1, four pixels
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where the shape is not that of the data.
pub fn mean_intensity<T: Scalar>(data: &Dataset<T>, shape: ImageShape) -> Result<Vec<f64>, DifficultyError> {
    shape.map(data, mean)
}

/// The root-mean-square contrast of each image: the population standard deviation of its pixel values. O(n d).
///
/// Source: Peli (1990), Contrast in Complex Images.
///
/// # Errors
/// Where the shape is not that of the data.
pub fn contrast<T: Scalar>(data: &Dataset<T>, shape: ImageShape) -> Result<Vec<f64>, DifficultyError> {
    shape.map(data, |image| {
        let mean = mean(image);
        let squares: f64 = image.iter().map(|pixel| (pixel.as_f64() - mean).powi(2)).sum();
        (squares / image.len() as f64).sqrt()
    })
}

/// The anisotropic total variation of each image, per pixel value.
///
/// ```text
/// tv = (1 / (h w c)) sum |right - here| + |below - here|          0 past the border
/// ```
///
/// O(n d).
///
/// Source: Rudin, Osher, Fatemi (1992), in its anisotropic form.
///
/// # Errors
/// Where the shape is not that of the data.
pub fn total_variation<T: Scalar>(data: &Dataset<T>, shape: ImageShape) -> Result<Vec<f64>, DifficultyError> {
    shape.map(data, |image| {
        shape.differences(image).map(|(right, below)| right.abs() + below.abs()).sum::<f64>() / image.len() as f64
    })
}

/// The edge energy of each image: the mean squared magnitude of its gradient by forward differences.
///
/// ```text
/// energy = (1 / (h w c)) sum (right - here)^2 + (below - here)^2          0 past the border
/// ```
///
/// O(n d).
///
/// # Errors
/// Where the shape is not that of the data.
pub fn edge_energy<T: Scalar>(data: &Dataset<T>, shape: ImageShape) -> Result<Vec<f64>, DifficultyError> {
    shape.map(data, |image| {
        shape.differences(image).map(|(right, below)| right * right + below * below).sum::<f64>()
            / image.len() as f64
    })
}

/// The entropy of the histogram of each image's pixel values, in nats.
///
/// ```text
/// H = - sum over bins of q ln q          q: share of the values in the bin
/// ```
///
/// Bins are of equal width on `range` = [low, high], the same for all images; the last one includes `high`.
/// O(n (d + bins)).
///
/// # Errors
/// Where the shape is not that of the data, there is no bin, the range is empty, or a pixel lies outside of it.
pub fn histogram_entropy<T: Scalar>(
    data: &Dataset<T>,
    shape: ImageShape,
    n_bins: usize,
    range: (f64, f64),
) -> Result<Vec<f64>, DifficultyError> {
    let (low, high) = range;
    if n_bins == 0 {
        return Err(DifficultyError::argument("n_bins", 0, "at least 1"));
    }
    // One histogram for each thread.
    DifficultyError::check_memory::<usize>("n_bins", n_bins.saturating_mul(rayon::current_num_threads()))?;
    if !(low < high && (high - low).is_finite()) {
        let value = format!("[{low}, {high}]");
        return Err(DifficultyError::argument("range", value, "finite bounds, the first below the second"));
    }
    shape.check(data)?;
    if let Some(pixel) = data.features().iter().map(|p| p.as_f64()).find(|p| !(low..=high).contains(p)) {
        let value = format!("[{low}, {high}], but a pixel is {pixel}");
        return Err(DifficultyError::argument("range", value, "one that holds every pixel"));
    }
    shape.map(data, |image| {
        let mut counts = vec![0usize; n_bins];
        for pixel in image {
            let bin = ((pixel.as_f64() - low) / (high - low) * n_bins as f64) as usize;
            counts[bin.min(n_bins - 1)] += 1;
        }
        let shares = counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / image.len() as f64);
        // A single occupied bin gives -(1 ln 1), which is -0.
        shares.map(|q| -q * q.ln()).sum::<f64>() + 0.0
    })
}

fn mean<T: Scalar>(image: &[T]) -> f64 {
    image.iter().map(|pixel| pixel.as_f64()).sum::<f64>() / image.len() as f64
}
