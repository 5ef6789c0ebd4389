use cl_data::{Scalar, random};
use rand::Rng;

use crate::error::ModelError;
use crate::image_shape::ImageShape;
use crate::model::{Examples, Mode, Model};

/// A model that sees its training images shifted and mirrored at random, and others as they are.
///
/// ```text
/// out(c, y, x) = in(c, y + v, mirrored ? width - 1 - x + u : x + u), 0 beyond the image
/// v, u uniform in -padding..=padding, mirrored with probability 1/2
/// ```
///
/// The usual augmentation of CIFAR-10 with a padding of 4: crops of the size of the image from the image in a frame of
/// zeros, and horizontal flips. Zero is the mean where features are standardised. What happens to an image is a pure
/// function of the seed, the update and the place in the batch: a resumed run sees what the uninterrupted one would have.
/// O(features) an image.
///
/// Source: He, Zhang, Ren, Sun (2016), Deep Residual Learning for Image Recognition, section 4.2.
///
/// ```
/// use cl_model::{Activation, Augmented, ConvNet, ImageShape, Initialization, Model};
///
/// let shape = ImageShape::new(3, 32, 32)?;
/// let network = ConvNet::<f32>::new(shape, &[16, 32], 10, Activation::Relu, Initialization::He, 7)?;
/// let augmented = Augmented::new(network, shape, 4, 7)?;
/// assert_eq!(Model::<f32>::n_features(&augmented), 3072);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Augmented<M> {
    model: M,
    shape: ImageShape,
    padding: usize,
    seed: u64,
}

impl<M> Augmented<M> {
    /// `model` with its training images of `shape` shifted by up to `padding` rows and columns.
    ///
    /// # Errors
    /// Where the padding is not below height and width, so that an image could be shifted out of itself.
    pub fn new(model: M, shape: ImageShape, padding: usize, seed: u64) -> Result<Self, ModelError> {
        if padding >= shape.height().min(shape.width()) {
            return Err(ModelError::argument("padding", padding, "less than the image's height and width"));
        }
        Ok(Self { model, shape, padding, seed })
    }

    /// The model itself.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The model itself.
    pub fn into_model(self) -> M {
        self.model
    }

    /// Images as the update `step` sees them, `first` being the place of the first in its batch.
    fn transform<T: Scalar>(&self, images: Examples<'_, T>, step: u64, first: usize, out: &mut [T]) {
        let (height, width) = (self.shape.height(), self.shape.width());
        let mut rng = random::stream(self.seed, "augmentation", step);
        for (i, (image, out)) in images.iter().zip(out.chunks_exact_mut(images.n_features().max(1))).enumerate() {
            // So many words that no image takes more of them: a part of a batch draws what the whole would.
            rng.set_word_pos(64 * (first + i) as u128);
            let mirrored = rng.next_u32() & 1 == 1;
            let mut shift = || random::below(&mut rng, 2 * self.padding + 1);
            let (down, right) = (shift(), shift());
            let planes = image.chunks_exact(height * width).zip(out.chunks_exact_mut(height * width));
            for (plane, out) in planes {
                for (y, out) in out.chunks_exact_mut(width).enumerate() {
                    out.fill(T::zero());
                    let Some(from) = (y + down).checked_sub(self.padding).filter(|&y| y < height) else {
                        continue;
                    };
                    let row = &plane[from * width..][..width];
                    // Columns of the result that lie in the image: x + right - padding in 0..width.
                    let begin = self.padding.saturating_sub(right);
                    let end = width.min(width + self.padding - right);
                    out[begin..end]
                        .copy_from_slice(&row[begin + right - self.padding..end + right - self.padding]);
                    if mirrored {
                        out.reverse();
                    }
                }
            }
        }
    }
}

/// Scratch memory of an [`Augmented`] model.
#[derive(Debug, Clone)]
pub struct AugmentedWorkspace<T, W> {
    inner: W,
    features: Vec<T>,
    /// Whether the last forward pass saw them.
    transformed: bool,
}

impl<T: Scalar, W> AugmentedWorkspace<T, W> {
    /// What the last forward pass saw, and the memory of the model itself.
    fn seen<'a>(&'a mut self, examples: Examples<'a, T>) -> (Examples<'a, T>, &'a mut W) {
        let Self { inner, features, transformed } = self;
        match transformed {
            true => (Examples::new(&features[..examples.as_slice().len()], examples.n_features()), inner),
            false => (examples, inner),
        }
    }
}

impl<T: Scalar, M: Model<T>> Model<T> for Augmented<M> {
    type Workspace = AugmentedWorkspace<T, M::Workspace>;

    fn n_features(&self) -> usize {
        self.model.n_features()
    }

    fn n_outputs(&self) -> usize {
        self.model.n_outputs()
    }

    fn parameters(&self) -> &[T] {
        self.model.parameters()
    }

    fn parameters_mut(&mut self) -> &mut [T] {
        self.model.parameters_mut()
    }

    fn couples_examples(&self) -> bool {
        self.model.couples_examples()
    }

    fn statistics(&self) -> &[T] {
        self.model.statistics()
    }

    fn statistics_mut(&mut self) -> &mut [T] {
        self.model.statistics_mut()
    }

    fn update_statistics(&mut self, workspace: &Self::Workspace) {
        self.model.update_statistics(&workspace.inner);
    }

    fn workspace(&self, batch_size: usize) -> Self::Workspace {
        let features = vec![T::zero(); batch_size * self.model.n_features()];
        AugmentedWorkspace { inner: self.model.workspace(batch_size), features, transformed: false }
    }

    fn forward(&self, examples: Examples<'_, T>, mode: Mode, workspace: &mut Self::Workspace, outputs: &mut [T]) {
        workspace.transformed = mode != Mode::Evaluation;
        if let Mode::Training { step, first } = mode {
            self.transform(examples, step, first, &mut workspace.features[..examples.as_slice().len()]);
        }
        let (seen, inner) = workspace.seen(examples);
        self.model.forward(seen, mode, inner, outputs);
    }

    fn backward(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        gradient: &mut [T],
    ) {
        let (seen, inner) = workspace.seen(examples);
        self.model.backward(seen, deltas, inner, gradient);
    }

    fn gradient_norms(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        norms: &mut [f64],
    ) {
        let (seen, inner) = workspace.seen(examples);
        self.model.gradient_norms(seen, deltas, inner, norms);
    }

    fn n_last_features(&self) -> usize {
        self.model.n_last_features()
    }

    fn last_features<'a>(&self, examples: Examples<'a, T>, workspace: &'a Self::Workspace) -> &'a [T] {
        let AugmentedWorkspace { inner, features, transformed } = workspace;
        let seen = match transformed {
            true => Examples::new(&features[..examples.as_slice().len()], examples.n_features()),
            false => examples,
        };
        self.model.last_features(seen, inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::softmax::SoftmaxRegression;

    /// Every result is one of the shifts of the image or its mirror image, all of them occur, and a part of a batch sees
    /// what the whole does.
    #[test]
    fn images_are_shifted_and_mirrored() {
        let shape = ImageShape::new(2, 3, 4).unwrap();
        let model = Augmented::new(SoftmaxRegression::<f64>::zeros(24, 2), shape, 1, 5).unwrap();
        let image: Vec<f64> = (1..=24).map(f64::from).collect();
        let pixel = |c: usize, y: Option<usize>, x: Option<usize>| match (y, x) {
            (Some(y), Some(x)) if y < 3 && x < 4 => image[(c * 3 + y) * 4 + x],
            _ => 0.0,
        };
        let mut possible = Vec::new();
        for (down, right, mirrored) in (0..18).map(|at| (at / 6, at / 2 % 3, at % 2 == 1)) {
            let places = (0..24).map(|at| (at / 12, at / 4 % 3, at % 4));
            possible.push(
                places
                    .map(|(c, y, x)| {
                        let x = if mirrored { 3 - x } else { x };
                        pixel(c, (y + down).checked_sub(1), (x + right).checked_sub(1))
                    })
                    .collect::<Vec<_>>(),
            );
        }
        let batch = image.repeat(400);
        let mut whole = vec![f64::NAN; batch.len()];
        model.transform(Examples::new(&batch, 24), 7, 0, &mut whole);
        let mut seen = [0; 18];
        for found in whole.chunks_exact(24) {
            seen[possible.iter().position(|one| one == found).expect("a shift of the image")] += 1;
        }
        // 400 / 18 = 22 +- 4 * 4.6 times
        assert!(seen.iter().all(|&n| n > 3 && n < 41), "{seen:?}");
        let mut part = vec![f64::NAN; 24 * 10];
        model.transform(Examples::new(&batch[..240], 24), 7, 300, &mut part);
        assert_eq!(part, whole[24 * 300..][..240]);
        assert!(Augmented::new((), shape, 3, 0).is_err());
    }
}
