//! The mean loss as a function of the weights: its slope, its curvature, and how far the slopes of examples agree.

use cl_data::{Dataset, random};
use cl_model::{CrossEntropy, Examples, Loss, Mlp, MlpWorkspace, Mode, Model, Target};
use serde::Serialize;

/// The mean loss of some data as a function of the weights, with the memory that it takes.
pub(super) struct Surface<'d> {
    examples: Examples<'d, f64>,
    targets: Vec<Target<'static, f64>>,
    workspace: MlpWorkspace<f64>,
    outputs: Vec<f64>,
    deltas: Vec<f64>,
    losses: Vec<f64>,
}

/// The step of the differences of gradients.
const EPSILON: f64 = 1e-4;

impl<'d> Surface<'d> {
    /// For weights of the shape of `model`.
    pub(super) fn new(model: &Mlp<f64>, data: &'d Dataset<f64>) -> Self {
        let n_outputs = data.n_examples() * model.n_outputs();
        Self {
            examples: Examples::new(data.features().as_slice(), data.n_features()),
            targets: data.labels().iter().map(|&label| Target::from(label)).collect(),
            workspace: model.workspace(data.n_examples()),
            outputs: vec![0.0; n_outputs],
            deltas: vec![0.0; n_outputs],
            losses: Vec::new(),
        }
    }

    pub(super) fn loss(&mut self, model: &Mlp<f64>) -> f64 {
        model.forward(self.examples, Mode::Evaluation, &mut self.workspace, &mut self.outputs);
        CrossEntropy.losses(&self.outputs, &self.targets, &mut self.losses);
        self.losses.iter().sum::<f64>() / self.losses.len() as f64
    }

    /// The outputs of the last pass, example by example.
    pub(super) fn outputs(&self) -> &[f64] {
        &self.outputs
    }

    pub(super) fn gradient(&mut self, model: &Mlp<f64>) -> Vec<f64> {
        model.forward(self.examples, Mode::Evaluation, &mut self.workspace, &mut self.outputs);
        CrossEntropy.losses_and_gradients(&self.outputs, &self.targets, &mut self.losses, &mut self.deltas);
        let n = self.targets.len() as f64;
        self.deltas.iter_mut().for_each(|delta| *delta /= n);
        let mut gradient = vec![0.0; model.parameters().len()];
        model.backward(self.examples, &self.deltas, &mut self.workspace, &mut gradient);
        gradient
    }

    /// H v by central differences of gradients.
    fn hessian_times(&mut self, model: &Mlp<f64>, v: &[f64]) -> Vec<f64> {
        let [ahead, behind] = [EPSILON, -EPSILON].map(|step| {
            let mut moved = model.clone();
            moved.parameters_mut().iter_mut().zip(v).for_each(|(weight, v)| *weight += step * v);
            self.gradient(&moved)
        });
        ahead.iter().zip(&behind).map(|(ahead, behind)| (ahead - behind) / (2.0 * EPSILON)).collect()
    }

    /// Trace and Frobenius norm of the Hessian H.
    ///
    /// ```text
    /// E v'Hv = tr H,   E |Hv|^2 = tr H^2          for v of independent random signs
    /// ```
    ///
    /// The trace can be negative, and near 0 where the loss bends up as much as down; the norm counts either.
    ///
    /// Source: Hutchinson (1990), A stochastic estimator of the trace of the influence matrix.
    fn trace_and_norm(&mut self, model: &Mlp<f64>, signs: &[Vec<f64>]) -> [f64; 2] {
        let (mut trace, mut square) = (0.0, 0.0);
        for v in signs {
            let product = self.hessian_times(model, v);
            trace += dot(v, &product);
            square += dot(&product, &product);
        }
        let n = signs.len() as f64;
        [trace / n, (square / n).sqrt()]
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `n_draws` vectors of `n` independent random signs.
pub(super) fn random_signs(n: usize, n_draws: u64, seed: u64) -> Vec<Vec<f64>> {
    let of_draw = |draw: u64| -> Vec<f64> {
        let mut rng = random::stream(seed, "landscape signs", draw);
        (0..n).map(|_| if random::below(&mut rng, 2) == 0 { -1.0 } else { 1.0 }).collect()
    };
    (0..n_draws).map(of_draw).collect()
}

/// Two halves at the same weights; the first of two values is that of the first half.
#[derive(Serialize)]
pub(super) struct Place {
    trace: [f64; 2],
    norm: [f64; 2],
    cosine: [f64; 2],
}

impl Place {
    pub(super) fn see(model: &Mlp<f64>, halves: &[Dataset<f64>; 2], signs: &[Vec<f64>]) -> Self {
        let [first, second] = halves.each_ref().map(|half| Surface::new(model, half).trace_and_norm(model, signs));
        let cosine = halves.each_ref().map(|half| mean_cosine(&example_gradients(model, half)));
        Self { trace: [first[0], second[0]], norm: [first[1], second[1]], cosine }
    }

    /// Trace and Frobenius norm of the Hessian, and the mean cosine of two gradients.
    pub(super) fn values(&self) -> [[f64; 2]; 3] {
        [self.trace, self.norm, self.cosine]
    }
}

/// The gradient of the loss of each example by itself.
fn example_gradients(model: &Mlp<f64>, data: &Dataset<f64>) -> Vec<Vec<f64>> {
    let mut workspace = model.workspace(1);
    let (mut outputs, mut deltas) = (vec![0.0; model.n_outputs()], vec![0.0; model.n_outputs()]);
    let mut gradients = Vec::with_capacity(data.n_examples());
    for (at, &label) in data.labels().iter().enumerate() {
        let example = Examples::new(data.example(at), data.n_features());
        model.forward(example, Mode::Evaluation, &mut workspace, &mut outputs);
        CrossEntropy.loss_and_gradient(&outputs, Target::from(label), &mut deltas);
        let mut gradient = vec![0.0; model.parameters().len()];
        model.backward(example, &deltas, &mut workspace, &mut gradient);
        gradients.push(gradient);
    }
    gradients
}

/// The mean cosine over all pairs of n vectors, O(n).
///
/// ```text
/// (|sum_i u_i|^2 - n) / (n (n - 1)),          u_i = vector i over its length
/// ```
///
/// Vectors of length 0 have no direction and are left out; 0 where there is no pair.
fn mean_cosine(vectors: &[Vec<f64>]) -> f64 {
    let mut sum = vec![0.0; vectors.first().map_or(0, Vec::len)];
    let mut n = 0.0;
    for vector in vectors {
        let length = dot(vector, vector).sqrt();
        if length > 0.0 {
            sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value / length);
            n += 1.0;
        }
    }
    if n < 2.0 { 0.0 } else { (dot(&sum, &sum) - n) / (n * (n - 1.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_model::{Activation, Initialization, gradient_norms};

    /// Six examples of two features in two classes, and the 12 weights of a 2-2-2 network.
    fn tiny() -> (Dataset<f64>, Mlp<f64>) {
        let features = vec![0.3, -1.2, 1.5, 0.4, -0.7, 0.9, 0.2, 0.1, -1.1, -0.6, 0.8, -0.3];
        let data = Dataset::new(2, features, vec![0, 1, 0, 1, 1, 0], 2).unwrap();
        (data, Mlp::new(&[2, 2, 2], Activation::Tanh, Initialization::Xavier, 5).unwrap())
    }

    /// All 2^12 vectors of signs, whose means are the expectations, against second differences of the loss.
    #[test]
    fn trace_and_norm_are_the_hessians() {
        let (data, model) = tiny();
        let n = model.parameters().len();
        let mut surface = Surface::new(&model, &data);
        let h = 1e-3;
        let mut at = |moves: [(usize, f64); 2]| {
            let mut moved = model.clone();
            moves.iter().for_each(|&(weight, step)| moved.parameters_mut()[weight] += step);
            surface.loss(&moved)
        };
        let (mut trace, mut square) = (0.0, 0.0);
        for i in 0..n {
            for j in 0..n {
                let both = at([(i, h), (j, h)]) + at([(i, -h), (j, -h)]);
                let second = (both - at([(i, h), (j, -h)]) - at([(i, -h), (j, h)])) / (4.0 * h * h);
                trace += if i == j { second } else { 0.0 };
                square += second * second;
            }
        }
        let n_vectors = 1u32 << n;
        let sign = |bits: u32, weight: usize| if (bits >> weight) & 1 == 0 { -1.0 } else { 1.0 };
        let signs: Vec<Vec<f64>> =
            (0..n_vectors).map(|bits| (0..n).map(|weight| sign(bits, weight)).collect()).collect();
        let [own_trace, own_norm] = surface.trace_and_norm(&model, &signs);
        assert!((own_trace - trace).abs() < 1e-3, "{own_trace} {trace}");
        assert!((own_norm - square.sqrt()).abs() < 1e-3, "{own_norm} {}", square.sqrt());
        // Random signs come near: their error is the off-diagonal's, sqrt(2 tr H^2 / draws) at most.
        let [drawn, _] = surface.trace_and_norm(&model, &random_signs(n, 400, 3));
        assert!((drawn - trace).abs() < 5.0 * (2.0 * square / 400.0).sqrt(), "{drawn} {trace}");
    }

    #[test]
    fn gradients_of_examples_average_to_that_of_the_mean_loss() {
        let (data, model) = tiny();
        let each = example_gradients(&model, &data);
        let whole = Surface::new(&model, &data).gradient(&model);
        for (at, slope) in whole.iter().enumerate() {
            let mean = each.iter().map(|gradient| gradient[at]).sum::<f64>() / each.len() as f64;
            assert!((mean - slope).abs() < 1e-12);
        }
        for (own, norm) in each.iter().zip(gradient_norms(&model, &CrossEntropy, &data).unwrap()) {
            assert!((dot(own, own).sqrt() - norm).abs() < 1e-12);
        }
    }

    #[test]
    fn the_mean_cosine_is_that_over_all_pairs() {
        let mut vectors = random_signs(5, 4, 1);
        vectors.extend([vec![0.5, -2.0, 0.1, 0.0, 3.0], vec![-1.0, 0.2, 0.3, -0.4, 0.5]]);
        let cosine = |a: &[f64], b: &[f64]| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        let (mut sum, mut n_pairs) = (0.0, 0.0);
        for (at, a) in vectors.iter().enumerate() {
            for b in &vectors[at + 1..] {
                sum += cosine(a, b);
                n_pairs += 1.0;
            }
        }
        assert!((mean_cosine(&vectors) - sum / n_pairs).abs() < 1e-12);
        // What has no direction is in no pair.
        let expected = mean_cosine(&vectors);
        vectors.push(vec![0.0; 5]);
        assert_eq!(mean_cosine(&vectors), expected);
        assert_eq!((mean_cosine(&[]), mean_cosine(&vectors[..1])), (0.0, 0.0));
    }
}
