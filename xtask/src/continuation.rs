//! Multimodal functions to continue to: [`cl_pacing::continuation`] minimises them by way of their smoothed selves.

use std::f64::consts::{E, PI};

use cl_data::random;
use cl_pacing::continuation::{Objective, descend};

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

/// A start uniform in [-radius, radius]^d: number `index` of `seed`.
pub fn start(n_dimensions: usize, radius: f64, seed: u64, index: u64) -> Vec<f64> {
    let mut rng = random::stream(seed, "start", index);
    (0..n_dimensions).map(|_| radius * (2.0 * random::uniform(&mut rng) - 1.0)).collect()
}

#[cfg(test)]
mod tests {
    use cl_pacing::continuation::GaussianSmoothing;
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
        let smoothed = GaussianSmoothing::new(&Ackley, 2, 0.8, 10.0).unwrap();
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
            let quadrature = GaussianSmoothing::new(hard, 2, sigma, 1.0).unwrap();
            for point in POINTS {
                let (exact, rule) = (exact.value(&point), quadrature.value(&point));
                // The rule leaves out the tails beyond 4 deviations: 6e-5 of the mass, on values of up to 50.
                assert!((exact - rule).abs() < 1e-2, "{exact} {rule}");
                let (mean, error) = smoothed_by_sampling(hard, &point, sigma, 20_000, 1);
                assert!((exact - mean).abs() < 5.0 * error, "{exact} {mean} {error}");
            }
        }
        let quadrature = GaussianSmoothing::new(&Ackley, 2, 1.0, 1.0).unwrap();
        let (mean, error) = smoothed_by_sampling(&Ackley, &POINTS[1], 1.0, 20_000, 1);
        assert!((quadrature.value(&POINTS[1]) - mean).abs() < 5.0 * error);
    }
}
