//! Continuation: minimising a hard function by way of an easy one.
//!
//! ```text
//! F_lambda = (1 - lambda) F_easy + lambda F_hard,   lambda from 0 to 1
//! ```
//!
//! The minimum of F_0 is easy to find; from stage to stage lambda grows a little, and descent goes on from where
//! it was. Source: Allgower and Georg (1980); Bengio, Louradour, Collobert and Weston (2009), section 3.

use std::f64::consts::{E, PI};

use cl_data::{Batch, Epoch, Sampler, random};

/// A function to be minimised.
pub trait Objective: Sync {
    /// Its value.
    fn value(&self, x: &[f64]) -> f64;

    /// Writes its gradient.
    fn gradient(&self, x: &[f64], gradient: &mut [f64]);

    /// A bound on its second derivatives: descent takes steps of one over it.
    fn curvature(&self) -> f64;
}

/// F_lambda of two objectives.
pub struct Homotopy<'a> {
    /// F_easy.
    pub easy: &'a dyn Objective,
    /// F_hard.
    pub hard: &'a dyn Objective,
}

/// Where descent was at the end of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The share of F_hard.
    pub lambda: f64,
    /// The position.
    pub position: Vec<f64>,
}

impl Homotopy<'_> {
    /// The value of F_lambda.
    pub fn value(&self, lambda: f64, x: &[f64]) -> f64 {
        (1.0 - lambda) * self.easy.value(x) + lambda * self.hard.value(x)
    }

    /// Follows the minimum from lambda = 0 to 1 in `n_stages` (at least 2) equal stages, by gradient descent with
    /// steps of one over the curvature.
    ///
    /// `n_evaluations` gradients are spent in all, divided equally among the stages; a step on a mixture costs
    /// two, one of each function. What a stage cannot spend is spent at its successor.
    pub fn track(&self, start: &[f64], n_stages: usize, n_evaluations: usize) -> Vec<Stage> {
        let mut x = start.to_vec();
        let (mut easy, mut hard) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut spent = 0;
        (0..n_stages)
            .map(|stage| {
                let lambda = stage as f64 / (n_stages - 1) as f64;
                let until = n_evaluations * (stage + 1) / n_stages;
                let cost = if lambda > 0.0 && lambda < 1.0 { 2 } else { 1 };
                let step = 1.0 / ((1.0 - lambda) * self.easy.curvature() + lambda * self.hard.curvature());
                while spent + cost <= until {
                    easy.fill(0.0);
                    hard.fill(0.0);
                    if lambda < 1.0 {
                        self.easy.gradient(&x, &mut easy);
                    }
                    if lambda > 0.0 {
                        self.hard.gradient(&x, &mut hard);
                    }
                    for ((x, easy), hard) in x.iter_mut().zip(&easy).zip(&hard) {
                        *x -= step * ((1.0 - lambda) * easy + lambda * hard);
                    }
                    spent += cost;
                }
                Stage { lambda, position: x.clone() }
            })
            .collect()
    }
}

/// Gradient descent with steps of one over the curvature: where it is after `n_evaluations` gradients.
pub fn descend(objective: &dyn Objective, start: &[f64], n_evaluations: usize) -> Vec<f64> {
    let mut x = start.to_vec();
    let mut gradient = vec![0.0; x.len()];
    let step = 1.0 / objective.curvature();
    for _ in 0..n_evaluations {
        objective.gradient(&x, &mut gradient);
        x.iter_mut().zip(&gradient).for_each(|(x, gradient)| *x -= step * gradient);
    }
    x
}

/// Rastrigin's function, smoothed by a Gaussian of deviation sigma (0: not at all).
///
/// ```text
/// F(x)             = sum_j x_j^2 + A (1 - cos 2 pi x_j),                                A = 10
/// E F(x + sigma z) = sum_j x_j^2 + sigma^2 + A (1 - exp(-2 pi^2 sigma^2) cos 2 pi x_j)
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rastrigin {
    /// The deviation of the Gaussian.
    pub sigma: f64,
}

impl Rastrigin {
    fn amplitude(&self) -> f64 {
        10.0 * (-2.0 * (PI * self.sigma).powi(2)).exp()
    }
}

impl Objective for Rastrigin {
    fn value(&self, x: &[f64]) -> f64 {
        let of = |x: &f64| x * x + self.sigma * self.sigma + 10.0 - self.amplitude() * (2.0 * PI * x).cos();
        x.iter().map(of).sum()
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        let scale = 2.0 * PI * self.amplitude();
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * x + scale * (2.0 * PI * x).sin());
    }

    fn curvature(&self) -> f64 {
        2.0 + 4.0 * PI * PI * self.amplitude()
    }
}

/// Ackley's function.
///
/// ```text
/// F(x) = 20 (1 - exp(-0.2 |x| / sqrt(d))) + e - exp(sum_j cos(2 pi x_j) / d)
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Ackley;

impl Objective for Ackley {
    fn value(&self, x: &[f64]) -> f64 {
        let d = x.len() as f64;
        let norm = (x.iter().map(|x| x * x).sum::<f64>() / d).sqrt();
        let cosines = x.iter().map(|x| (2.0 * PI * x).cos()).sum::<f64>() / d;
        20.0 * (1.0 - (-0.2 * norm).exp()) + E - cosines.exp()
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        let d = x.len() as f64;
        let norm = (x.iter().map(|x| x * x).sum::<f64>() / d).sqrt();
        let cosines = x.iter().map(|x| (2.0 * PI * x).cos()).sum::<f64>() / d;
        // At the tip the gradient does not exist, and 0 is one of its subgradients.
        let radial = if norm > 0.0 { 4.0 * (-0.2 * norm).exp() / (d * norm) } else { 0.0 };
        let ripple = 2.0 * PI * cosines.exp() / d;
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = radial * x + ripple * (2.0 * PI * x).sin());
    }

    /// Away from the tip, which has none.
    fn curvature(&self) -> f64 {
        4.0 * PI * PI * E + 4.0
    }
}

/// A bowl with Gaussian wells in it, smoothed by a Gaussian of deviation sigma (0: not at all).
///
/// ```text
/// F(x)             = b |x|^2 - sum_k a_k exp(-|x - c_k|^2 / 2 s_k^2)
/// E F(x + sigma z) = b (|x|^2 + d sigma^2) - sum_k a_k (s_k^2 / t_k)^(d/2) exp(-|x - c_k|^2 / 2 t_k),
///                    t_k = s_k^2 + sigma^2
/// ```
#[derive(Debug, Clone)]
pub struct Wells {
    /// b.
    pub bowl: f64,
    /// Depth a, centre c and width s of each well.
    pub wells: Vec<(f64, Vec<f64>, f64)>,
    /// The deviation of the Gaussian.
    pub sigma: f64,
}

impl Wells {
    /// Twelve wells of depths 0.5 to 2 and widths 0.3 to 0.6, uniform in [-4, 4]^d.
    pub fn random(n_dimensions: usize, seed: u64) -> Self {
        let mut rng = random::stream(seed, "wells", n_dimensions as u64);
        let mut between = |low: f64, high: f64| low + (high - low) * random::uniform(&mut rng);
        let wells = (0..12)
            .map(|_| {
                let centre = (0..n_dimensions).map(|_| between(-4.0, 4.0)).collect();
                (between(0.5, 2.0), centre, between(0.3, 0.6))
            })
            .collect();
        Self { bowl: 0.02, wells, sigma: 0.0 }
    }

    /// The same smoothed.
    pub fn smoothed(&self, sigma: f64) -> Self {
        Self { sigma, ..self.clone() }
    }

    /// The global minimum: descent from every point of a grid of the cube [-4.5, 4.5]^d, and the best of it.
    pub fn minimizer(&self) -> Vec<f64> {
        let d = self.wells.first().map_or(1, |(_, centre, _)| centre.len());
        let per_axis = 46usize;
        let mut best: Option<(f64, Vec<f64>)> = None;
        for index in 0..per_axis.pow(d as u32) {
            let at = |axis: usize| (index / per_axis.pow(axis as u32) % per_axis) as f64 / 5.0 - 4.5;
            let point: Vec<f64> = (0..d).map(at).collect();
            let value = self.value(&point);
            if best.as_ref().is_none_or(|(least, _)| value < *least) {
                best = Some((value, point));
            }
        }
        // The grid is finer than any well, so that its best point lies in the best basin.
        descend(self, &best.map_or(vec![0.0; d], |(_, point)| point), 4_000)
    }

    /// Depth, exponent's denominator and e^(-distance) of each well at x.
    fn terms<'a>(&'a self, x: &'a [f64]) -> impl Iterator<Item = (f64, f64, &'a [f64])> {
        self.wells.iter().map(move |(depth, centre, width)| {
            let (square, spread) = (width * width, width * width + self.sigma * self.sigma);
            let distance: f64 = x.iter().zip(centre).map(|(x, c)| (x - c) * (x - c)).sum();
            let shrunk = depth * (square / spread).powf(x.len() as f64 / 2.0);
            (shrunk * (-distance / (2.0 * spread)).exp(), spread, centre.as_slice())
        })
    }
}

impl Objective for Wells {
    fn value(&self, x: &[f64]) -> f64 {
        let bowl: f64 = x.iter().map(|x| x * x + self.sigma * self.sigma).sum();
        self.bowl * bowl - self.terms(x).map(|(depth, _, _)| depth).sum::<f64>()
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * self.bowl * x);
        for (depth, spread, centre) in self.terms(x) {
            for ((g, x), c) in gradient.iter_mut().zip(x).zip(centre) {
                *g += depth * (x - c) / spread;
            }
        }
    }

    fn curvature(&self) -> f64 {
        let steepest = self.wells.iter().map(|(depth, centre, width)| {
            let (square, spread) = (width * width, width * width + self.sigma * self.sigma);
            depth * (square / spread).powf(centre.len() as f64 / 2.0) / spread
        });
        2.0 * self.bowl + steepest.fold(0.0, f64::max) * 2.0
    }
}

/// Any function smoothed by a Gaussian, by the trapezoid rule: of spectral accuracy where the function is smooth,
/// O(17^d) evaluations.
///
/// ```text
/// E F(x + sigma z) = sum_k p_k F(x + sigma z_k),   z_k in {-4, -3.5, ..., 4}^d,   p_k ~ exp(-|z_k|^2 / 2)
/// ```
pub struct Smoothed<'a> {
    objective: &'a dyn Objective,
    /// Shift and probability of each node.
    nodes: Vec<(Vec<f64>, f64)>,
    curvature: f64,
}

impl<'a> Smoothed<'a> {
    /// `objective` in `n_dimensions` smoothed by deviation `sigma`, with a bound on the second derivatives of
    /// the result.
    pub fn new(objective: &'a dyn Objective, n_dimensions: usize, sigma: f64, curvature: f64) -> Self {
        let axis: Vec<f64> = (-8..=8).map(|k| f64::from(k) / 2.0).collect();
        let mut nodes = vec![(Vec::new(), 1.0)];
        for _ in 0..n_dimensions {
            nodes = nodes
                .iter()
                .flat_map(|(shift, weight): &(Vec<f64>, f64)| {
                    axis.iter().map(move |z| ([&shift[..], &[sigma * z]].concat(), weight * (-z * z / 2.0).exp()))
                })
                .collect();
        }
        let total: f64 = nodes.iter().map(|(_, weight)| weight).sum();
        nodes.iter_mut().for_each(|(_, weight)| *weight /= total);
        Self { objective, nodes, curvature }
    }

    fn shifted<'b>(&'b self, x: &'b [f64]) -> impl Iterator<Item = (Vec<f64>, f64)> + 'b {
        self.nodes.iter().map(|(shift, weight)| (x.iter().zip(shift).map(|(x, s)| x + s).collect(), *weight))
    }
}

impl Objective for Smoothed<'_> {
    fn value(&self, x: &[f64]) -> f64 {
        self.shifted(x).map(|(x, weight)| weight * self.objective.value(&x)).sum()
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        let mut at_node = vec![0.0; x.len()];
        for (x, weight) in self.shifted(x) {
            self.objective.gradient(&x, &mut at_node);
            gradient.iter_mut().zip(&at_node).for_each(|(sum, g)| *sum += weight * g);
        }
    }

    fn curvature(&self) -> f64 {
        self.curvature
    }
}

/// Mini-batches of F_lambda for learning: each example is drawn from the easy ones with probability 1 - lambda
/// and from all with probability lambda, so that the expected gradient is that of
/// `(1 - lambda) L_easy + lambda L_all`.
///
/// Lambda grows linearly from 0 and is 1 from `ramp` steps on (0: at once). A pure function of the step.
#[derive(Debug, Clone)]
pub struct MixtureSampler {
    /// The easy examples, by index.
    pub easy: Vec<usize>,
    /// The number of all examples.
    pub n_examples: usize,
    /// Examples per batch.
    pub batch_size: usize,
    /// The step at which lambda reaches 1.
    pub ramp: u64,
    /// The seed of the draws.
    pub seed: u64,
}

impl Sampler for MixtureSampler {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) {
        let lambda = if step >= self.ramp { 1.0 } else { step as f64 / self.ramp as f64 };
        let mut rng = random::stream(self.seed, "mixture", step);
        batch.clear();
        batch.indices.extend((0..self.batch_size).map(|_| {
            if random::uniform(&mut rng) < lambda {
                random::below(&mut rng, self.n_examples)
            } else {
                self.easy[random::below(&mut rng, self.easy.len())]
            }
        }));
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = self.n_examples.div_ceil(self.batch_size) as u64;
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }
}

/// A start uniform in [-radius, radius]^d: number `index` of `seed`.
pub fn start(n_dimensions: usize, radius: f64, seed: u64, index: u64) -> Vec<f64> {
    let mut rng = random::stream(seed, "start", index);
    (0..n_dimensions).map(|_| radius * (2.0 * random::uniform(&mut rng) - 1.0)).collect()
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    const POINTS: [[f64; 2]; 4] = [[0.3, -1.7], [2.2, 0.1], [-3.9, 3.4], [0.01, 0.0]];

    /// A mean of `F(x + sigma z)` over `n` normal draws with its standard error.
    fn smoothed_by_sampling(objective: &dyn Objective, x: &[f64], sigma: f64, n: usize, seed: u64) -> (f64, f64) {
        let mut rng = random::stream(seed, "smoothing", 0);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let moved: Vec<f64> = x
                .iter()
                .map(|x| {
                    let z: f64 = StandardNormal.sample(&mut rng);
                    x + sigma * z
                })
                .collect();
            let value = objective.value(&moved);
            sum += value;
            squares += value * value;
        }
        let mean = sum / n as f64;
        (mean, ((squares / n as f64 - mean * mean) / n as f64).sqrt())
    }

    #[test]
    fn gradients_are_those_of_the_values() {
        let wells = Wells::random(2, 3);
        let broad = wells.smoothed(1.5);
        let smoothed = Smoothed::new(&Ackley, 2, 0.8, 10.0);
        let objectives: [&dyn Objective; 6] =
            [&Rastrigin { sigma: 0.0 }, &Rastrigin { sigma: 0.3 }, &Ackley, &wells, &broad, &smoothed];
        for (which, objective) in objectives.into_iter().enumerate() {
            for point in POINTS {
                let mut gradient = [0.0; 2];
                objective.gradient(&point, &mut gradient);
                for axis in 0..2 {
                    let h = 1e-6;
                    let at = |shift: f64| {
                        let mut moved = point;
                        moved[axis] += shift;
                        objective.value(&moved)
                    };
                    let numeric = (at(h) - at(-h)) / (2.0 * h);
                    assert!((gradient[axis] - numeric).abs() < 1e-4, "{which} {point:?} {gradient:?} {numeric}");
                }
            }
        }
    }

    /// Closed form, quadrature and sampling of the same smoothing.
    #[test]
    fn smoothings_agree() {
        let wells = Wells::random(2, 3);
        let sigma = 0.5;
        let broad = wells.smoothed(sigma);
        let pairs: [(&dyn Objective, &dyn Objective); 2] =
            [(&Rastrigin { sigma: 0.0 }, &Rastrigin { sigma }), (&wells, &broad)];
        for (hard, exact) in pairs {
            let quadrature = Smoothed::new(hard, 2, sigma, 1.0);
            for point in POINTS {
                let (exact, rule) = (exact.value(&point), quadrature.value(&point));
                // The rule leaves out the tails beyond 4 deviations: 6e-5 of the mass, on values of up to 50.
                assert!((exact - rule).abs() < 1e-2, "{exact} {rule}");
                let (mean, error) = smoothed_by_sampling(hard, &point, sigma, 20_000, 1);
                assert!((exact - mean).abs() < 5.0 * error, "{exact} {mean} {error}");
            }
        }
        let quadrature = Smoothed::new(&Ackley, 2, 1.0, 1.0);
        let (mean, error) = smoothed_by_sampling(&Ackley, &POINTS[1], 1.0, 20_000, 1);
        assert!((quadrature.value(&POINTS[1]) - mean).abs() < 5.0 * error);
    }

    struct Bowl;

    impl Objective for Bowl {
        fn value(&self, x: &[f64]) -> f64 {
            x.iter().map(|x| (x - 1.0) * (x - 1.0)).sum()
        }

        fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
            gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * (x - 1.0));
        }

        fn curvature(&self) -> f64 {
            2.0
        }
    }

    /// Between two bowls the minimum of F_lambda moves in a line.
    #[test]
    fn the_path_follows_the_minimum() {
        let easy = Wells { bowl: 1.0, wells: vec![], sigma: 0.0 };
        let homotopy = Homotopy { easy: &easy, hard: &Bowl };
        for stage in homotopy.track(&[-3.0, 2.0], 5, 1_000) {
            assert!(stage.position.iter().all(|x| (x - stage.lambda).abs() < 1e-9), "{stage:?}");
        }
        assert!(homotopy.value(0.25, &[0.0, 0.0]) > homotopy.value(0.25, &[0.25, 0.25]));
    }

    #[test]
    fn a_mixture_moves_from_easy_to_all() {
        let mut sampler = MixtureSampler { easy: vec![3, 4], n_examples: 10, batch_size: 200, ramp: 100, seed: 1 };
        let mut share = |step| {
            let mut batch = Batch::default();
            sampler.batch(step, &mut batch);
            batch.indices.iter().filter(|&&index| index == 3 || index == 4).count() as f64 / 200.0
        };
        assert_eq!(share(0), 1.0);
        // 0.5 + 0.5 * 0.2 and 0.2, each within five standard errors.
        assert!((share(50) - 0.6).abs() < 0.18 && (share(100) - 0.2).abs() < 0.15);
    }
}
