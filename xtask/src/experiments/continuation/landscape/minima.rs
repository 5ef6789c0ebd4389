//! Where descent from random starts ends, how many minima that are, and how broad their basins.

use anyhow::Result;
use cl_data::{Dataset, random};
use cl_model::{Mlp, Model, Optimizer, Sgd, softmax};
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

use super::{
    problem::perceptron,
    surface::{Surface, dot},
};

/// Without decay of the weights the loss of a half that can be fitted falls for ever and has no minimum.
pub(super) const DECAY: f64 = 0.01;
pub(super) const MOMENTUM: f64 = 0.9;
pub(super) const RATE: f64 = 0.5;

/// The norm of the gradient at which descent has arrived, and the steps after which it gives up.
pub(super) const FLAT: f64 = 1e-4;
pub(super) const MOST_STEPS: usize = 3_000;

/// Two ends are one minimum where neither mean losses (nats) nor any two probabilities are so far apart.
pub(super) const SAME_LOSS: f64 = 2e-3;
pub(super) const SAME_PROBABILITY: f64 = 0.03;

/// Noise on the weights in units of their root mean square.
pub(super) const SIGMAS: [f64; 6] = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0];

/// How many random starts, and how many draws of noise at the end of each.
pub(super) struct Effort {
    pub(super) n_starts: u64,
    pub(super) n_draws: u64,
}

/// Where descent ends on one half.
#[derive(Serialize)]
pub(super) struct Ends {
    pub(super) n_minima: usize,
    /// Ends at which the gradient is not flat yet.
    pub(super) n_under_way: usize,
    /// The mean loss at an end, without the decay.
    pub(super) loss: f64,
    /// How far it rises for each of [`SIGMAS`].
    pub(super) rises: Vec<f64>,
}

impl Ends {
    /// Two halves under one seed have the same starts and the same noise.
    pub(super) fn reach(half: &Dataset<f64>, n_hidden: usize, effort: &Effort, seed: u64) -> Result<Self> {
        let (mut ends, mut n_under_way) = (Vec::new(), 0);
        let mut rises = vec![0.0; SIGMAS.len()];
        for start in 0..effort.n_starts {
            let mut model = perceptron(half, n_hidden, 1_000 * seed + start)?;
            let mut surface = Surface::new(&model, half);
            n_under_way += usize::from(!descend(&mut surface, &mut model)?);
            let end = End::of(&mut surface, &model);
            for draw in 0..effort.n_draws {
                let mut rng = random::stream(seed, "landscape noise", start * effort.n_draws + draw);
                let normals: Vec<f64> =
                    model.parameters().iter().map(|_| StandardNormal.sample(&mut rng)).collect();
                for (rise, sigma) in rises.iter_mut().zip(SIGMAS) {
                    *rise += surface.loss(&perturbed(&model, sigma, &normals)) - end.loss;
                }
            }
            ends.push(end);
        }
        let n_draws = (effort.n_starts * effort.n_draws) as f64;
        rises.iter_mut().for_each(|rise| *rise /= n_draws);
        let loss = ends.iter().map(|end| end.loss).sum::<f64>() / ends.len() as f64;
        Ok(Self { n_minima: n_distinct(&ends), n_under_way, loss, rises })
    }
}

/// Gradient descent with momentum on the mean loss with decay, half of [`DECAY`] times the squared weights;
/// whether it arrived.
fn descend(surface: &mut Surface<'_>, model: &mut Mlp<f64>) -> Result<bool> {
    let mut sgd: Sgd<f64> = Sgd::new(MOMENTUM, 0.0)?;
    for _ in 0..MOST_STEPS {
        let mut gradient = surface.gradient(model);
        gradient.iter_mut().zip(model.parameters()).for_each(|(slope, weight)| *slope += DECAY * weight);
        if dot(&gradient, &gradient).sqrt() < FLAT {
            return Ok(true);
        }
        sgd.update(model.parameters_mut(), &gradient, RATE);
    }
    Ok(false)
}

/// What tells minima apart, whatever the order of the hidden units and their signs.
struct End {
    loss: f64,
    probabilities: Vec<f64>,
}

impl End {
    fn of(surface: &mut Surface<'_>, model: &Mlp<f64>) -> Self {
        let loss = surface.loss(model);
        let outputs = surface.outputs();
        let mut probabilities = vec![0.0; outputs.len()];
        let columns = outputs.chunks_exact(model.n_outputs());
        columns.zip(probabilities.chunks_exact_mut(model.n_outputs())).for_each(|(z, p)| softmax(z, p));
        Self { loss, probabilities }
    }

    fn is_same(&self, other: &Self) -> bool {
        let mut pairs = self.probabilities.iter().zip(&other.probabilities);
        (self.loss - other.loss).abs() < SAME_LOSS && pairs.all(|(p, q)| (p - q).abs() < SAME_PROBABILITY)
    }
}

/// Ends that are not the same as one counted before.
fn n_distinct(ends: &[End]) -> usize {
    let mut distinct: Vec<&End> = Vec::new();
    for end in ends {
        if !distinct.iter().any(|other| other.is_same(end)) {
            distinct.push(end);
        }
    }
    distinct.len()
}

/// Every matrix and every vector of biases moved by normal noise of sigma times its root mean square.
fn perturbed(model: &Mlp<f64>, sigma: f64, normals: &[f64]) -> Mlp<f64> {
    let mut moved = model.clone();
    let mut first = 0;
    for size in model.widths().windows(2).flat_map(|pair| [pair[0] * pair[1], pair[1]]) {
        let block = &mut moved.parameters_mut()[first..first + size];
        let scale = sigma * (dot(block, block) / size as f64).sqrt();
        block.iter_mut().zip(&normals[first..]).for_each(|(weight, z)| *weight += scale * z);
        first += size;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::{Standardization, bundled};

    #[test]
    fn the_same_end_counts_once() {
        let end = |loss: f64, probabilities: &[f64]| End { loss, probabilities: probabilities.to_vec() };
        let ends = [
            end(0.5, &[0.9, 0.1, 0.2, 0.8]),
            // Within both tolerances of the first.
            end(0.501, &[0.88, 0.12, 0.21, 0.79]),
            // The same loss, other probabilities.
            end(0.5, &[0.1, 0.9, 0.2, 0.8]),
            // The same probabilities, another loss.
            end(0.51, &[0.9, 0.1, 0.2, 0.8]),
            end(0.5, &[0.11, 0.89, 0.2, 0.8]),
        ];
        assert_eq!(n_distinct(&ends), 3);
        assert_eq!((n_distinct(&ends[..2]), n_distinct(&[])), (1, 0));
    }

    #[test]
    fn noise_is_relative_to_each_matrix_and_vector() {
        let mut model = perceptron(&bundled::iris(), 3, 1).unwrap();
        model.parameters_mut()[12..15].copy_from_slice(&[0.3, -0.4, 1.2]);
        let ones = vec![1.0; model.parameters().len()];
        let moved = perturbed(&model, 0.5, &ones);
        let differences: Vec<f64> =
            moved.parameters().iter().zip(model.parameters()).map(|(a, b)| a - b).collect();
        // 4 x 3 and 3, 3 x 3 and 3; the last biases are 0 and stay so.
        for block in [0..12, 12..15, 15..24, 24..27] {
            let own = &model.parameters()[block.clone()];
            let moved = &differences[block];
            assert!((dot(moved, moved).sqrt() - 0.5 * dot(own, own).sqrt()).abs() < 1e-12);
        }
        assert!((differences[12] - 0.5 * (1.69f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn descent_ends_where_the_loss_with_decay_is_flat() {
        let iris = bundled::iris();
        let iris = Standardization::fit(&iris).unwrap().apply(iris).unwrap();
        let mut model = perceptron(&iris, 2, 4).unwrap();
        let mut surface = Surface::new(&model, &iris);
        let objective = |surface: &mut Surface<'_>, model: &Mlp<f64>| {
            surface.loss(model) + DECAY / 2.0 * dot(model.parameters(), model.parameters())
        };
        let first = objective(&mut surface, &model);
        assert!(descend(&mut surface, &mut model).unwrap());
        let last = objective(&mut surface, &model);
        assert!(last < first);
        // Along the gradient nothing is left to gain.
        let mut gradient = surface.gradient(&model);
        gradient.iter_mut().zip(model.parameters()).for_each(|(slope, weight)| *slope += DECAY * weight);
        let mut further = model.clone();
        further.parameters_mut().iter_mut().zip(&gradient).for_each(|(weight, slope)| *weight -= 0.1 * slope);
        assert!((objective(&mut surface, &further) - last).abs() < 1e-8);
    }
}
