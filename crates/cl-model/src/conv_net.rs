use cl_data::{Scalar, memory, random};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::batch_norm::{self, Descent, Statistics};
use crate::error::ModelError;
use crate::gemm::convolution::{Grid, add_weight_gradient, convolve};
use crate::gemm::{Left, Packing, Right, gemm};
use crate::image_shape::ImageShape;
use crate::initialization::Initialization;
use crate::model::{Examples, Mode, Model};
use crate::pooling;
use crate::sums;

/// A convolutional network: blocks of a 3 x 3 convolution, 2 x 2 max pooling, batch normalisation and an activation, and a
/// dense layer.
///
/// ```text
/// a_0 = x;   z_l = pool(W_l * a_(l-1));   n_l = (z_l - mean_l) / sqrt(variance_l + 1e-5)
/// a_l = f(gamma_l n_l + beta_l);   outputs = V a_L + b
/// ```
///
/// where `*` continues an image by zeros and keeps its size, and pooling halves it, leaving out an odd row or column.
/// Mean and variance of a channel are those of the batch in training, over its images and pixels, and in evaluation
/// running ones, which go a tenth of the way to those of each batch, with the variance's unbiased estimate: PyTorch's
/// `Conv2d(bias=False)`, `MaxPool2d(2)` and `BatchNorm2d`.
///
/// Parameters are block by block W_l (outputs x 9 inputs, column by column, the columns row by row and column by column of
/// the kernel, then by input channel), gamma_l and beta_l, then V (outputs x inputs, column by column, the inputs pixel by
/// pixel and then by channel) and b. The running statistics are [`Model::statistics`]: block by block all means, then all
/// variances.
///
/// O(sum over blocks of 9 x inputs x outputs x pixels) an image. Images of a batch go through in parallel, in groups that
/// depend on the batch alone: the same bits for any number of threads.
///
/// Source of batch normalisation: Ioffe, Szegedy (2015), Batch Normalization: Accelerating Deep Network Training by
/// Reducing Internal Covariate Shift.
///
/// ```
/// use cl_model::{Activation, ConvNet, ImageShape, Initialization, Model};
///
/// let shape = ImageShape::new(3, 32, 32)?;
/// let network = ConvNet::<f32>::new(shape, &[16, 32, 64], 10, Activation::Relu, Initialization::He, 7)?;
/// let of_blocks = (27 * 16 + 2 * 16) + (9 * 16 * 32 + 2 * 32) + (9 * 32 * 64 + 2 * 64);
/// assert_eq!(network.parameters().len(), of_blocks + (4 * 4 * 64 + 1) * 10);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Parts<T>")]
pub struct ConvNet<T: Scalar> {
    shape: ImageShape,
    widths: Vec<usize>,
    n_outputs: usize,
    activation: Activation,
    parameters: Vec<T>,
    statistics: Vec<T>,
    #[serde(skip)]
    blocks: Vec<Block>,
}

/// The shape of a block, and where its numbers begin.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Block {
    grid: Grid,
    pooled: Grid,
    n_inputs: usize,
    n_outputs: usize,
    parameters: usize,
    statistics: usize,
}

impl Block {
    fn n_weights(&self) -> usize {
        9 * self.n_inputs * self.n_outputs
    }

    /// Numbers that come out of it.
    fn n_pooled(&self) -> usize {
        self.pooled.n_pixels() * self.n_outputs
    }

    /// W, gamma and beta.
    fn of<'a, T>(&self, parameters: &'a [T]) -> [&'a [T]; 3] {
        let (weights, rest) = parameters[self.parameters..].split_at(self.n_weights());
        let (gamma, rest) = rest.split_at(self.n_outputs);
        [weights, gamma, &rest[..self.n_outputs]]
    }

    fn of_mut<'a, T>(&self, parameters: &'a mut [T]) -> [&'a mut [T]; 3] {
        let (weights, rest) = parameters[self.parameters..].split_at_mut(self.n_weights());
        let (gamma, rest) = rest.split_at_mut(self.n_outputs);
        [weights, gamma, &mut rest[..self.n_outputs]]
    }

    /// All means, then all variances.
    fn statistics_of<'a, T>(&self, statistics: &'a [T]) -> &'a [T] {
        &statistics[self.statistics..][..2 * self.n_outputs]
    }
}

/// The blocks of a network that can be.
fn blocks(shape: ImageShape, widths: &[usize], n_outputs: usize) -> Result<Vec<Block>, ModelError> {
    if widths.is_empty() || widths.contains(&0) {
        return Err(ModelError::argument("widths", format!("{widths:?}"), "at least one width above 0"));
    }
    if n_outputs == 0 {
        return Err(ModelError::argument("n_outputs", n_outputs, "at least 1"));
    }
    let (mut blocks, mut n_inputs) = (Vec::new(), shape.channels());
    let (mut grid, mut parameters, mut statistics) =
        (Grid { height: shape.height(), width: shape.width() }, 0usize, 0usize);
    // Most numbers that lie in one piece: parameters, and an image between two blocks in its frame.
    let mut largest = 0usize;
    for &n_outputs in widths {
        let pooled = pooling::pooled(grid);
        if pooled.n_pixels() == 0 {
            let (n, height, width) = (widths.len(), shape.height(), shape.width());
            let value = format!("{n} for images of {height} x {width}");
            return Err(ModelError::argument("number of widths", value, "no more than an image can be halved"));
        }
        blocks.push(Block { grid, pooled, n_inputs, n_outputs, parameters, statistics });
        let of_block = n_inputs.saturating_mul(9).saturating_add(2).saturating_mul(n_outputs);
        parameters = parameters.saturating_add(of_block);
        statistics = statistics.saturating_add(n_outputs.saturating_mul(2));
        largest = largest.max(grid.n_framed().saturating_mul(n_outputs)).max(parameters);
        (grid, n_inputs) = (pooled, n_outputs);
    }
    let last = grid.n_pixels().saturating_mul(n_inputs);
    largest = largest.max(parameters.saturating_add(last.saturating_add(1).saturating_mul(n_outputs)));
    memory::check::<f64>(largest).map_err(|needed| {
        let value = format!("{widths:?} with {n_outputs} outputs, of {needed} numbers");
        ModelError::argument("widths", value, memory::EXPECTED)
    })?;
    Ok(blocks)
}

impl<T: Scalar> ConvNet<T> {
    /// A network for images of `shape` with a block of each of these numbers of channels; weights are drawn from the stream
    /// of `seed`, gammas start at one, biases and betas at zero, and running statistics at mean 0 and variance 1.
    ///
    /// # Errors
    /// Unless there is at least one width, none is zero, the image can be halved so often and there is an output.
    pub fn new(
        shape: ImageShape,
        widths: &[usize],
        n_outputs: usize,
        activation: Activation,
        initialization: Initialization,
        seed: u64,
    ) -> Result<Self, ModelError> {
        let blocks = blocks(shape, widths, n_outputs)?;
        let (mut parameters, mut statistics) = (Vec::new(), Vec::new());
        let draw = |layer: usize, n_inputs: usize, n_outputs: usize| {
            let mut rng = random::stream(seed, "initialization", layer as u64);
            let std = initialization.std(n_inputs, n_outputs);
            (0..n_inputs * n_outputs).map(move |_| {
                let z: f64 = StandardNormal.sample(&mut rng);
                T::of_f64(z * std)
            })
        };
        let repeat = std::iter::repeat_n;
        for (layer, block) in blocks.iter().enumerate() {
            parameters.extend(draw(layer, 9 * block.n_inputs, block.n_outputs));
            parameters.extend(repeat(T::one(), block.n_outputs).chain(repeat(T::zero(), block.n_outputs)));
            statistics.extend(repeat(T::zero(), block.n_outputs).chain(repeat(T::one(), block.n_outputs)));
        }
        let n_last = blocks.last().map_or(0, Block::n_pooled);
        parameters.extend(draw(blocks.len(), n_last, n_outputs));
        parameters.extend(repeat(T::zero(), n_outputs));
        Ok(Self { shape, widths: widths.to_vec(), n_outputs, activation, parameters, statistics, blocks })
    }

    /// The shape of an image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The number of channels of each block.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// Multiply-adds of a forward pass for one image.
    pub fn n_multiply_adds(&self) -> usize {
        let of_blocks = self.blocks.iter().map(|block| block.n_weights() * block.grid.n_pixels()).sum::<usize>();
        of_blocks + self.n_last() * self.n_outputs
    }

    /// Numbers that the dense layer sees.
    fn n_last(&self) -> usize {
        self.blocks.last().map_or(0, Block::n_pooled)
    }

    /// Where V begins.
    fn dense(&self) -> usize {
        self.parameters.len() - (self.n_last() + 1) * self.n_outputs
    }
}

/// Images that a thread takes at a time, and whose gradients are one sum.
const GROUP: usize = 16;

/// Scratch memory of a [`ConvNet`].
#[derive(Debug, Clone)]
pub struct ConvNetWorkspace<T> {
    images: Vec<ImageMemory<T>>,
    groups: Vec<GroupMemory<T>>,
    /// What the dense layer sees, and the gradient with respect to it.
    features: Vec<T>,
    feature_deltas: Vec<T>,
    /// Of each block.
    statistics: Vec<Statistics<T>>,
    descent: Descent<T>,
    flipped: Vec<T>,
    packing: Packing<T>,
    /// Whether the last forward pass was one of training.
    trains: bool,
}

/// What the passes know of an image.
#[derive(Debug, Clone)]
struct ImageMemory<T> {
    /// The image in its frame, and the outputs of each block but the last in theirs.
    framed: Vec<Vec<T>>,
    blocks: Vec<BlockMemory<T>>,
}

/// What the passes know of an image at a block: numbers lie pixel by pixel, but for the first two channel by channel.
#[derive(Debug, Clone)]
struct BlockMemory<T> {
    /// Means and squares about them in the forward pass; sums of d and of d n in the backward pass.
    sums: [Vec<T>; 2],
    winners: Vec<T>,
    /// z, then n.
    normalized: Vec<T>,
    /// What the derivative of the activation is computed from.
    before: Vec<T>,
    deltas: Vec<T>,
}

/// Memory for one image of a group after the other.
#[derive(Debug, Clone)]
struct GroupMemory<T> {
    /// The outputs of a convolution, either way.
    convolved: Vec<T>,
    framed_deltas: Vec<T>,
    /// The gradient of the weights of a block, over the group.
    gradient: Vec<T>,
    packing: Packing<T>,
}

impl<T: Scalar> Model<T> for ConvNet<T> {
    type Workspace = ConvNetWorkspace<T>;

    fn n_features(&self) -> usize {
        self.shape.n_features()
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn parameters(&self) -> &[T] {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    fn couples_examples(&self) -> bool {
        true
    }

    fn statistics(&self) -> &[T] {
        &self.statistics
    }

    fn statistics_mut(&mut self) -> &mut [T] {
        &mut self.statistics
    }

    fn update_statistics(&mut self, workspace: &Self::Workspace) {
        for (block, of_batch) in self.blocks.iter().zip(&workspace.statistics) {
            of_batch.update_running(&mut self.statistics[block.statistics..][..2 * block.n_outputs]);
        }
    }

    fn workspace(&self, batch_size: usize) -> Self::Workspace {
        let zeros = |n: usize| vec![T::zero(); n];
        let most = |of: fn(&Block) -> usize| self.blocks.iter().map(of).max().unwrap_or(0);
        let image = ImageMemory {
            framed: self.blocks.iter().map(|block| zeros(block.grid.n_framed() * block.n_inputs)).collect(),
            blocks: self.blocks.iter().map(BlockMemory::new).collect(),
        };
        let group = GroupMemory {
            convolved: zeros(most(|block| block.grid.n_places() * block.n_inputs.max(block.n_outputs))),
            framed_deltas: zeros(most(|block| block.grid.n_framed() * block.n_outputs)),
            gradient: zeros(most(Block::n_weights)),
            packing: Packing::default(),
        };
        ConvNetWorkspace {
            images: vec![image; batch_size],
            groups: vec![group; batch_size.div_ceil(GROUP)],
            features: zeros(batch_size * self.n_last()),
            feature_deltas: zeros(batch_size * self.n_last()),
            statistics: vec![Statistics::default(); self.blocks.len()],
            descent: Descent::default(),
            flipped: Vec::new(),
            packing: Packing::default(),
            trains: false,
        }
    }

    fn forward(&self, examples: Examples<'_, T>, mode: Mode, workspace: &mut Self::Workspace, outputs: &mut [T]) {
        let (b, h) = (examples.len(), self.n_last());
        if b == 0 {
            return;
        }
        workspace.trains = mode != Mode::Evaluation;
        let ConvNetWorkspace { images, groups, features, statistics, packing, trains, .. } = workspace;
        let (images, features) = (&mut images[..b], &mut features[..b * h]);
        let planes = examples.as_slice().par_chunks(GROUP * examples.n_features());
        images.par_chunks_mut(GROUP).zip(planes).for_each(|(images, planes)| {
            let planes = planes.chunks_exact(examples.n_features());
            images.iter_mut().zip(planes).for_each(|(image, planes)| self.frame(planes, &mut image.framed[0]));
        });
        for (l, block) in self.blocks.iter().enumerate() {
            let (below, of_block) = statistics.split_at_mut(l);
            images.par_chunks_mut(GROUP).zip(&mut *groups).for_each(|(images, group)| {
                for image in images {
                    if let Some(below) = below.last() {
                        self.activate_into_frame(l - 1, image, below);
                    }
                    self.convolve_and_pool(l, image, group);
                }
            });
            let of_block = &mut of_block[0];
            if *trains {
                let moments = images.iter().map(|image| image.blocks[l].sums.each_ref().map(|sums| &sums[..]));
                of_block.of_batch(block.pooled.n_pixels(), block.n_outputs, moments);
            } else {
                of_block.of_running(block.statistics_of(&self.statistics));
            }
        }
        let last = self.blocks.len() - 1;
        images.par_chunks_mut(GROUP).zip(features.par_chunks_mut(GROUP * h)).for_each(|(images, features)| {
            for (image, features) in images.iter_mut().zip(features.chunks_exact_mut(h)) {
                let memory = self.normalize(last, image, &statistics[last]);
                self.activation.apply(&mut memory.before, features);
            }
        });
        let (weights, biases) = self.parameters[self.dense()..].split_at(h * self.n_outputs);
        let shape = (self.n_outputs, h, b);
        gemm(Left::Plain(weights), Right::Plain(features), biases, &mut outputs[..b * shape.0], shape, packing);
    }

    fn backward(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        gradient: &mut [T],
    ) {
        let (b, c, h) = (examples.len(), self.n_outputs, self.n_last());
        if b == 0 {
            return gradient.fill(T::zero());
        }
        let ConvNetWorkspace {
            images,
            groups,
            features,
            feature_deltas,
            statistics,
            descent,
            flipped,
            packing,
            trains,
        } = workspace;
        let (images, features, feature_deltas) =
            (&mut images[..b], &features[..b * h], &mut feature_deltas[..b * h]);
        let (of_blocks, of_dense) = gradient.split_at_mut(self.dense());
        let (of_weights, of_biases) = of_dense.split_at_mut(h * c);
        gemm(Left::Plain(deltas), Right::Transposed(features), &[], of_weights, (c, b, h), packing);
        sums::sum_columns(deltas, of_biases);
        let weights = &self.parameters[self.dense()..][..h * c];
        gemm(Left::Transposed(weights), Right::Plain(deltas), &[], feature_deltas, (h, c, b), packing);
        let last = self.blocks.len() - 1;
        images.par_chunks_mut(GROUP).zip(feature_deltas.par_chunks(GROUP * h)).for_each(|(images, deltas)| {
            for (image, deltas) in images.iter_mut().zip(deltas.chunks_exact(h)) {
                image.blocks[last].deltas.copy_from_slice(deltas);
                self.through_activation(&mut image.blocks[last]);
            }
        });
        for (l, block) in self.blocks.iter().enumerate().rev() {
            let [of_weights, of_gamma, of_beta] = block.of_mut(of_blocks);
            let totals = [0, 1].map(|which| {
                let mut totals = vec![0.0; block.n_outputs];
                for image in &*images {
                    let sums = &image.blocks[l].sums[which];
                    totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum.as_f64());
                }
                totals
            });
            of_beta.iter_mut().zip(&totals[0]).for_each(|(beta, &total)| *beta = T::of_f64(total));
            of_gamma.iter_mut().zip(&totals[1]).for_each(|(gamma, &total)| *gamma = T::of_f64(total));
            let [weights, gamma, _] = block.of(&self.parameters);
            let n_pixels = trains.then_some(b * block.pooled.n_pixels());
            descent.prepare(&statistics[l], gamma, totals.each_ref().map(|totals| &totals[..]), n_pixels);
            flip(weights, (block.n_outputs, block.n_inputs), flipped);
            images.par_chunks_mut(GROUP).zip(&mut *groups).for_each(|(images, group)| {
                group.gradient[..block.n_weights()].fill(T::zero());
                images.iter_mut().for_each(|image| self.descend(l, image, group, descent, flipped));
            });
            of_weights.fill(T::zero());
            for group in &groups[..b.div_ceil(GROUP)] {
                sums::add_scaled(T::one(), &group.gradient[..block.n_weights()], of_weights);
            }
        }
    }

    fn n_last_features(&self) -> usize {
        self.n_last()
    }

    fn last_features<'a>(&self, examples: Examples<'a, T>, workspace: &'a Self::Workspace) -> &'a [T] {
        &workspace.features[..examples.len() * self.n_last()]
    }
}

impl<T: Scalar> BlockMemory<T> {
    fn new(block: &Block) -> Self {
        let zeros = |n: usize| vec![T::zero(); n];
        let n = block.n_pooled();
        Self {
            sums: [zeros(block.n_outputs), zeros(block.n_outputs)],
            winners: zeros(n),
            normalized: zeros(n),
            before: zeros(n),
            deltas: zeros(n),
        }
    }
}

impl<T: Scalar> ConvNet<T> {
    /// Lays an image that comes plane by plane out pixel by pixel, in its frame.
    fn frame(&self, planes: &[T], framed: &mut [T]) {
        let Block { grid, n_inputs, .. } = self.blocks[0];
        for (channel, plane) in planes.chunks_exact(grid.n_pixels()).enumerate() {
            for (y, row) in plane.chunks_exact(grid.width).enumerate() {
                let places = framed[(grid.first() + y * grid.stride()) * n_inputs..].chunks_exact_mut(n_inputs);
                places.zip(row).for_each(|(place, &value)| place[channel] = value);
            }
        }
    }

    /// W_l * a_(l-1), pooled, and its moments.
    fn convolve_and_pool(&self, l: usize, image: &mut ImageMemory<T>, group: &mut GroupMemory<T>) {
        let block = &self.blocks[l];
        let Block { grid, n_inputs, n_outputs, .. } = *block;
        let convolved = &mut group.convolved[..grid.n_places() * n_outputs];
        let [weights, ..] = block.of(&self.parameters);
        convolve(weights, &image.framed[l], convolved, grid, (n_outputs, n_inputs), &mut group.packing);
        let BlockMemory { sums, winners, normalized, .. } = &mut image.blocks[l];
        pooling::max_pool(convolved, grid, n_outputs, normalized, winners);
        batch_norm::moments(normalized, sums.each_mut().map(|sums| &mut sums[..]));
    }

    /// n_l, and the inputs of the activation.
    fn normalize<'a>(
        &self,
        l: usize,
        image: &'a mut ImageMemory<T>,
        statistics: &Statistics<T>,
    ) -> &'a mut BlockMemory<T> {
        let [_, gamma, beta] = self.blocks[l].of(&self.parameters);
        let memory = &mut image.blocks[l];
        batch_norm::normalize(&mut memory.normalized, &mut memory.before, statistics, (gamma, beta));
        memory
    }

    /// a_l, in its frame.
    fn activate_into_frame(&self, l: usize, image: &mut ImageMemory<T>, statistics: &Statistics<T>) {
        let Block { pooled, n_outputs, .. } = self.blocks[l];
        self.normalize(l, image, statistics);
        let (framed, before) = (&mut image.framed[l + 1], &mut image.blocks[l].before);
        for (y, before) in before.chunks_exact_mut(pooled.width * n_outputs).enumerate() {
            let first = (pooled.first() + y * pooled.stride()) * n_outputs;
            self.activation.apply(before, &mut framed[first..][..before.len()]);
        }
    }

    /// Takes the gradient with respect to a_l through the activation, and sums it.
    fn through_activation(&self, BlockMemory { sums, normalized, before, deltas, .. }: &mut BlockMemory<T>) {
        self.activation.multiply_by_derivative(before, deltas);
        batch_norm::delta_sums(deltas, normalized, sums.each_mut().map(|sums| &mut sums[..]));
    }

    /// Takes the gradient of an image through normalisation and pooling, adds the gradient of the weights to the group's,
    /// and takes it down to the inputs of the block below's normalisation.
    fn descend(
        &self,
        l: usize,
        image: &mut ImageMemory<T>,
        group: &mut GroupMemory<T>,
        descent: &Descent<T>,
        flipped: &[T],
    ) {
        let Block { grid, n_inputs, n_outputs, .. } = self.blocks[l];
        let GroupMemory { convolved, framed_deltas, gradient, packing } = group;
        let framed_deltas = &mut framed_deltas[..grid.n_framed() * n_outputs];
        let BlockMemory { winners, normalized, deltas, .. } = &mut image.blocks[l];
        descent.apply(deltas, normalized);
        pooling::unpool(deltas, winners, grid, n_outputs, framed_deltas);
        let gradient = &mut gradient[..9 * n_inputs * n_outputs];
        add_weight_gradient(&image.framed[l], framed_deltas, gradient, grid, (n_outputs, n_inputs), packing);
        let Some(below) = l.checked_sub(1) else { return };
        let below = &mut image.blocks[below];
        let convolved = &mut convolved[..grid.n_places() * n_inputs];
        convolve(flipped, framed_deltas, convolved, grid, (n_inputs, n_outputs), packing);
        let rows = below.deltas.chunks_exact_mut(grid.width * n_inputs);
        for (deltas, row) in rows.zip(convolved.chunks_exact(grid.stride() * n_inputs)) {
            deltas.copy_from_slice(&row[..deltas.len()]);
        }
        self.through_activation(below);
    }
}

/// The kernels that take a gradient down: turned by half a turn, inputs and outputs exchanged.
fn flip<T: Scalar>(weights: &[T], (n_outputs, n_inputs): (usize, usize), flipped: &mut Vec<T>) {
    flipped.resize(weights.len(), T::zero());
    for place in 0..9 {
        for output in 0..n_outputs {
            for input in 0..n_inputs {
                let from = ((8 - place) * n_inputs + input) * n_outputs + output;
                flipped[(place * n_outputs + output) * n_inputs + input] = weights[from];
            }
        }
    }
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
#[serde(bound = "")]
struct Parts<T: Scalar> {
    shape: ImageShape,
    widths: Vec<usize>,
    n_outputs: usize,
    activation: Activation,
    parameters: Vec<T>,
    statistics: Vec<T>,
}

impl<T: Scalar> TryFrom<Parts<T>> for ConvNet<T> {
    type Error = ModelError;

    fn try_from(parts: Parts<T>) -> Result<Self, ModelError> {
        let Parts { shape, widths, n_outputs, activation, parameters, statistics } = parts;
        let blocks = blocks(shape, &widths, n_outputs)?;
        let of_block = |block: &Block| block.n_weights() + 2 * block.n_outputs;
        let n_last = blocks.last().map_or(0, Block::n_pooled);
        if parameters.len() != blocks.iter().map(of_block).sum::<usize>() + (n_last + 1) * n_outputs {
            let expected = "what the blocks and the dense layer have";
            return Err(ModelError::argument("number of parameters", parameters.len(), expected));
        }
        if statistics.len() != 2 * widths.iter().sum::<usize>() {
            let expected = "a mean and a variance for every channel of a block";
            return Err(ModelError::argument("number of statistics", statistics.len(), expected));
        }
        Ok(Self { shape, widths, n_outputs, activation, parameters, statistics, blocks })
    }
}
