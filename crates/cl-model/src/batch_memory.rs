use cl_data::instructions::vectorized;
use cl_data::{Batch, Dataset, Sampler, Scalar};
use rayon::prelude::*;

use crate::{
    error::ModelError,
    evaluate::{gather, target},
    loss::{Loss, Target},
    model::{Examples, Mode, Model},
};

/// The memory of a run's batches, made once and grown only by a larger batch: updates allocate nothing.
///
/// A batch with enough work in it is split into parts that threads take on their own. How many parts depends on
/// the shape alone, and their gradients are added in order, so that the sum has the same bits on any machine.
pub(crate) struct BatchMemory<'d, T: Scalar, M: Model<T>> {
    pub(crate) batch: Batch,
    pub(crate) labels: Vec<usize>,
    pub(crate) losses: Vec<f64>,
    targets: Vec<Target<'d, T>>,
    parts: Vec<Part<T, M>>,
    part_size: usize,
    part_capacity: usize,
    capacity: usize,
    features: Vec<T>,
    outputs: Vec<T>,
    deltas: Vec<T>,
}

struct Part<T: Scalar, M: Model<T>> {
    workspace: M::Workspace,
    gradient: Vec<T>,
}

/// Multiply-adds below which a batch is not worth waking another thread.
const WORTH_SPLITTING: usize = 1 << 22;

/// Examples of a part, at least; and parts, at most.
const SMALLEST_PART: usize = 64;
const MOST_PARTS: usize = 4;

impl<'d, T: Scalar, M: Model<T>> BatchMemory<'d, T, M> {
    pub(crate) fn new(model: &M) -> Self {
        let part = Part { workspace: model.workspace(0), gradient: vec![T::zero(); model.parameters().len()] };
        Self {
            batch: Batch::default(),
            labels: Vec::new(),
            losses: Vec::new(),
            targets: Vec::new(),
            parts: vec![part],
            part_size: 1,
            part_capacity: 0,
            capacity: 0,
            features: Vec::new(),
            outputs: Vec::new(),
            deltas: Vec::new(),
        }
    }

    /// Takes the batch of `step` from the sampler and checks it.
    pub(crate) fn draw(
        &mut self,
        data: &Dataset<T>,
        sampler: &mut dyn Sampler,
        step: u64,
    ) -> Result<(), ModelError> {
        sampler.batch(step, &mut self.batch)?;
        let Batch { indices, weights } = &self.batch;
        check_indices(indices, data.n_examples(), step)?;
        if !weights.is_empty() && weights.len() != indices.len() {
            let weight = format!("list of {} for {} examples", weights.len(), indices.len());
            return Err(ModelError::SamplerWeight { weight, step });
        }
        match weights.iter().find(|weight| !weight.is_finite()) {
            Some(weight) => Err(ModelError::SamplerWeight { weight: weight.to_string(), step }),
            None => Ok(()),
        }
    }

    /// Outputs, losses and the gradient of the mean weighted loss with respect to the outputs.
    pub(crate) fn forward(
        &mut self,
        model: &M,
        loss: &impl Loss<T>,
        data: &'d Dataset<T>,
        step: u64,
    ) -> Result<(), ModelError> {
        let (b, c, d) = (self.batch.indices.len(), model.n_outputs(), data.n_features());
        self.make_room(model, b);
        let part_size = self.part_size;
        let one_part =
            |k: usize, part: &mut Part<T, M>, indices: &[usize], features: &mut [T], outputs: &mut [T]| {
                gather(data, indices, features);
                let mode = Mode::Training { step, first: k * part_size };
                model.forward(Examples::new(features, d), mode, &mut part.workspace, outputs);
            };
        let (indices, features, outputs) =
            (&self.batch.indices[..], &mut self.features[..b * d], &mut self.outputs[..b * c]);
        if b <= part_size {
            one_part(0, &mut self.parts[0], indices, features, outputs);
        } else {
            let features = features.par_chunks_mut((part_size * d).max(1));
            let shares = indices.par_chunks(part_size).zip(features).zip(outputs.par_chunks_mut(part_size * c));
            self.parts.par_iter_mut().zip(shares).enumerate().for_each(
                |(k, (part, ((indices, features), outputs)))| one_part(k, part, indices, features, outputs),
            );
        }

        self.labels.clear();
        self.labels.extend(self.batch.indices.iter().map(|&index| data.labels()[index]));
        self.targets.clear();
        self.targets.extend(self.batch.indices.iter().map(|&index| target(data, index)));
        let deltas = &mut self.deltas[..b * c];
        loss.losses_and_gradients(&self.outputs[..b * c], &self.targets, &mut self.losses, deltas);
        if self.batch.weights.is_empty() {
            let scale = T::of_f64(1.0 / b as f64);
            vectorized(
                #[inline(always)]
                || deltas.iter_mut().for_each(|delta| *delta *= scale),
            );
        } else {
            for (delta, weight) in deltas.chunks_exact_mut(c).zip(&self.batch.weights) {
                let scale = T::of_f64(weight / b as f64);
                delta.iter_mut().for_each(|delta| *delta *= scale);
            }
        }
        check_losses(&self.losses, &self.batch.indices, step)
    }

    /// The gradient with respect to the parameters, for the batch of the last forward pass.
    pub(crate) fn backward(&mut self, model: &M) {
        let (b, c, d) = (self.batch.indices.len(), model.n_outputs(), model.n_features());
        let one_part = |part: &mut Part<T, M>, features: &[T], deltas: &[T]| {
            model.backward(Examples::new(features, d), deltas, &mut part.workspace, &mut part.gradient);
        };
        let (features, deltas) = (&self.features[..b * d], &self.deltas[..b * c]);
        if b <= self.part_size {
            return one_part(&mut self.parts[0], features, deltas);
        }
        let parts = self.parts.par_iter_mut().zip(features.par_chunks((self.part_size * d).max(1)));
        parts
            .zip(deltas.par_chunks(self.part_size * c))
            .for_each(|((part, features), deltas)| one_part(part, features, deltas));
        let n_parts = b.div_ceil(self.part_size);
        let Some((first, others)) = self.parts[..n_parts].split_first_mut() else { return };
        let mut addends: [&[T]; MOST_PARTS] = [&[]; MOST_PARTS];
        addends.iter_mut().zip(others).for_each(|(addend, other)| *addend = &other.gradient);
        const PIECE: usize = 1 << 14;
        first.gradient.par_chunks_mut(PIECE).enumerate().for_each(|(piece, sums)| {
            for addend in &addends[..n_parts - 1] {
                sums.iter_mut().zip(&addend[piece * PIECE..]).for_each(|(sum, &addend)| *sum += addend);
            }
        });
    }

    /// Lets the model's statistics follow the batch of the last forward pass.
    pub(crate) fn update_statistics(&self, model: &mut M) {
        // A model that has any sees its batches whole.
        model.update_statistics(&self.parts[0].workspace);
    }

    /// The gradient that the last backward pass left.
    pub(crate) fn gradient(&self) -> &[T] {
        &self.parts[0].gradient
    }

    /// The outputs of the last forward pass, c per example.
    pub(crate) fn outputs(&self, model: &M) -> &[T] {
        &self.outputs[..self.batch.indices.len() * model.n_outputs()]
    }

    fn make_room(&mut self, model: &M, b: usize) {
        let work = b.saturating_mul(model.parameters().len());
        let whole = work < WORTH_SPLITTING || model.couples_examples();
        let n_parts = if whole { 1 } else { (b / SMALLEST_PART).clamp(1, MOST_PARTS) };
        self.part_size = b.div_ceil(n_parts);
        if b > self.capacity {
            self.capacity = b;
            self.features.resize(b * model.n_features(), T::zero());
            self.outputs.resize(b * model.n_outputs(), T::zero());
            self.deltas.resize(b * model.n_outputs(), T::zero());
        }
        if n_parts > self.parts.len() || self.part_size > self.part_capacity {
            self.part_capacity = self.part_capacity.max(self.part_size);
            let n_parts = n_parts.max(self.parts.len());
            self.parts.clear();
            self.parts.extend((0..n_parts).map(|_| Part {
                workspace: model.workspace(self.part_capacity),
                gradient: vec![T::zero(); model.parameters().len()],
            }));
        }
    }
}

pub(crate) fn check_indices(indices: &[usize], n_examples: usize, step: u64) -> Result<(), ModelError> {
    match indices.iter().find(|&&index| index >= n_examples) {
        Some(&index) => Err(ModelError::SamplerIndex { index, step, n_examples }),
        None => Ok(()),
    }
}

pub(crate) fn check_losses(losses: &[f64], indices: &[usize], step: u64) -> Result<(), ModelError> {
    match losses.iter().position(|loss| !loss.is_finite()) {
        Some(at) => Err(ModelError::Diverged { step, example: indices[at], loss: losses[at] }),
        None => Ok(()),
    }
}
