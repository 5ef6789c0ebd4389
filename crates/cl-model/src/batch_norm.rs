//! Batch normalisation: every channel to mean 0 and variance 1 over a batch, then a scale and a shift that are learned.
//!
//! ```text
//! n(i) = (z(i) - mean) / sqrt(variance + 1e-5)      out = gamma n + beta
//! dz   = gamma / sqrt(variance + 1e-5) (d - mean(d) - n mean(d n))      where the statistics are the batch's own
//! ```
//!
//! Pixels lie one after the other, the channels of a pixel side by side. Sums run over the pixels of an image in order, and
//! over images in order, in `f64`: the same bits for any number of threads.
//!
//! Source: Ioffe, Szegedy (2015), Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
//! Shift, algorithms 1 and 2; constants as PyTorch's.

use cl_data::Scalar;
use cl_data::instructions::vectorized;

/// What is added to a variance before its root is taken.
const EPSILON: f64 = 1e-5;

/// How far running statistics go towards those of a batch.
const MOMENTUM: f64 = 0.1;

/// What every channel is normalised by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statistics<T> {
    pub(crate) mean: Vec<T>,
    /// 1 / sqrt(variance + epsilon)
    pub(crate) inverse: Vec<T>,
    /// The variance without bias, of a batch.
    variance: Vec<f64>,
}

impl<T: Scalar> Statistics<T> {
    /// Those of a batch, from the means over each image and the squares about those means, of `n_pixels` pixels an image.
    pub(crate) fn of_batch<'a>(
        &mut self,
        n_pixels: usize,
        n_channels: usize,
        images: impl Iterator<Item = [&'a [T]; 2]>,
    ) {
        let (mut n, mut mean, mut squares) = (0.0, vec![0.0; n_channels], vec![0.0; n_channels]);
        let of_image = n_pixels as f64;
        for [means, squares_about] in images {
            let total = n + of_image;
            for channel in 0..n_channels {
                let apart = means[channel].as_f64() - mean[channel];
                mean[channel] += apart * of_image / total;
                squares[channel] += squares_about[channel].as_f64() + apart * apart * n * of_image / total;
            }
            n = total;
        }
        self.of(&mean, squares.iter().map(|square| square / n));
        self.variance.clear();
        // Of a single number there is none: PyTorch refuses to train on it, here it counts as 0.
        self.variance.extend(squares.iter().map(|square| square / (n - 1.0).max(1.0)));
    }

    /// Running ones: all means, then all variances.
    pub(crate) fn of_running(&mut self, running: &[T]) {
        let (mean, variance) = running.split_at(running.len() / 2);
        let mean: Vec<f64> = mean.iter().map(|mean| mean.as_f64()).collect();
        self.of(&mean, variance.iter().map(|variance| variance.as_f64()));
    }

    fn of(&mut self, mean: &[f64], variance: impl Iterator<Item = f64>) {
        self.mean.clear();
        self.mean.extend(mean.iter().map(|&mean| T::of_f64(mean)));
        self.inverse.clear();
        self.inverse.extend(variance.map(|variance| T::of_f64(1.0 / (variance + EPSILON).sqrt())));
    }

    /// Lets running statistics follow these, of a batch.
    pub(crate) fn update_running(&self, running: &mut [T]) {
        let (mean, variance) = running.split_at_mut(running.len() / 2);
        let follow = |running: &mut T, of_batch: f64| {
            *running = T::of_f64((1.0 - MOMENTUM) * running.as_f64() + MOMENTUM * of_batch);
        };
        mean.iter_mut().zip(&self.mean).for_each(|(running, mean)| follow(running, mean.as_f64()));
        variance.iter_mut().zip(&self.variance).for_each(|(running, &variance)| follow(running, variance));
    }
}

/// The mean of each channel over an image, and the sum of the squares about it.
pub(crate) fn moments<T: Scalar>(z: &[T], [mean, squares]: [&mut [T]; 2]) {
    let n_channels = mean.len();
    let of_one = T::of_f64(n_channels as f64 / z.len() as f64);
    vectorized(
        #[inline(always)]
        || {
            mean.fill(T::zero());
            for pixel in z.chunks_exact(n_channels) {
                mean.iter_mut().zip(pixel).for_each(|(sum, &z)| *sum += z);
            }
            mean.iter_mut().for_each(|sum| *sum *= of_one);
            squares.fill(T::zero());
            for pixel in z.chunks_exact(n_channels) {
                for ((square, &z), &mean) in squares.iter_mut().zip(pixel).zip(&*mean) {
                    *square += (z - mean) * (z - mean);
                }
            }
        },
    );
}

/// Turns z into n, and writes gamma n + beta into `out`.
pub(crate) fn normalize<T: Scalar>(
    z: &mut [T],
    out: &mut [T],
    statistics: &Statistics<T>,
    (gamma, beta): (&[T], &[T]),
) {
    let n_channels = gamma.len();
    let (mean, inverse) = (&statistics.mean[..n_channels], &statistics.inverse[..n_channels]);
    vectorized(
        #[inline(always)]
        || {
            for (z, out) in z.chunks_exact_mut(n_channels).zip(out.chunks_exact_mut(n_channels)) {
                for channel in 0..n_channels {
                    let n = (z[channel] - mean[channel]) * inverse[channel];
                    z[channel] = n;
                    out[channel] = gamma[channel] * n + beta[channel];
                }
            }
        },
    );
}

/// The sums of d and of d n over an image, for each channel.
pub(crate) fn delta_sums<T: Scalar>(deltas: &[T], n: &[T], [sums, products]: [&mut [T]; 2]) {
    let n_channels = sums.len();
    vectorized(
        #[inline(always)]
        || {
            sums.fill(T::zero());
            products.fill(T::zero());
            for (deltas, n) in deltas.chunks_exact(n_channels).zip(n.chunks_exact(n_channels)) {
                for channel in 0..n_channels {
                    sums[channel] += deltas[channel];
                    products[channel] += deltas[channel] * n[channel];
                }
            }
        },
    );
}

/// How the gradient with respect to gamma n + beta goes down to z.
#[derive(Debug, Clone, Default)]
pub(crate) struct Descent<T> {
    /// gamma / sqrt(variance + epsilon)
    scale: Vec<T>,
    /// Means of d and of d n over the batch; zeros where the statistics are not the batch's own.
    mean: Vec<T>,
    product: Vec<T>,
}

impl<T: Scalar> Descent<T> {
    /// Through these statistics, with the sums of d and d n over the batch where it is theirs.
    pub(crate) fn prepare(
        &mut self,
        statistics: &Statistics<T>,
        gamma: &[T],
        sums: [&[f64]; 2],
        n_pixels: Option<usize>,
    ) {
        let of_one = n_pixels.map_or(0.0, |n| 1.0 / n as f64);
        let means = |sums: &[f64], means: &mut Vec<T>| {
            means.clear();
            means.extend(sums.iter().map(|sum| T::of_f64(sum * of_one)));
        };
        means(sums[0], &mut self.mean);
        means(sums[1], &mut self.product);
        self.scale.clear();
        self.scale.extend(gamma.iter().zip(&statistics.inverse).map(|(&gamma, &inverse)| gamma * inverse));
    }

    /// Takes the deltas of an image down.
    pub(crate) fn apply(&self, deltas: &mut [T], n: &[T]) {
        let Self { scale, mean, product } = self;
        let n_channels = scale.len();
        let (mean, product) = (&mean[..n_channels], &product[..n_channels]);
        vectorized(
            #[inline(always)]
            || {
                for (deltas, n) in deltas.chunks_exact_mut(n_channels).zip(n.chunks_exact(n_channels)) {
                    for channel in 0..n_channels {
                        let apart = deltas[channel] - mean[channel] - n[channel] * product[channel];
                        deltas[channel] = scale[channel] * apart;
                    }
                }
            },
        );
    }
}
