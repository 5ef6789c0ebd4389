use super::objective::{Objective, check_curvature};
use crate::error::PacingError;

/// Any function smoothed by a Gaussian, by the trapezoid rule: of spectral accuracy where the function is smooth,
/// O(17^d) evaluations.
///
/// ```text
/// E F(x + sigma z) = sum_k p_k F(x + sigma z_k),   z_k in {-4, -3.5, ..., 4}^d,   p_k ~ exp(-|z_k|^2 / 2)
/// ```
///
/// For few dimensions; the tails beyond four deviations are left out. Where the smoothed function is known in closed
/// form, that is an [`Objective`] of its own.
///
/// Source: Mobahi and Fisher (2015), On the link between Gaussian homotopy continuation and convex envelopes.
///
/// ```
/// use cl_pacing::continuation::{Function, GaussianSmoothing, Objective};
///
/// let wave = Function::new(|x: &[f64]| x[0].cos(), |x: &[f64], g: &mut [f64]| g[0] = -x[0].sin(), 1.0)?;
/// let smooth = GaussianSmoothing::new(&wave, 1, 2.0, 1.0)?;
/// assert!((smooth.value(&[0.3]) - (-2.0_f64).exp() * 0.3_f64.cos()).abs() < 1e-3); // exp(-sigma^2 / 2) cos x
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub struct GaussianSmoothing<'a> {
    objective: &'a dyn Objective,
    /// Shift and probability of each node.
    nodes: Vec<(Vec<f64>, f64)>,
    curvature: f64,
}

impl<'a> GaussianSmoothing<'a> {
    /// `objective` in `n_dimensions` smoothed by deviation `sigma`, with a bound on the second derivatives of
    /// the result.
    ///
    /// # Errors
    /// Unless there are 1 to 4 dimensions, sigma is finite and at least 0, and the bound finite and above 0.
    pub fn new(
        objective: &'a dyn Objective,
        n_dimensions: usize,
        sigma: f64,
        curvature: f64,
    ) -> Result<Self, PacingError> {
        let expected = "1 to 4, because every dimension multiplies the nodes by 17";
        PacingError::check("n_dimensions", n_dimensions, (1..=4).contains(&n_dimensions), expected)?;
        PacingError::check("sigma", sigma, sigma.is_finite() && sigma >= 0.0, "a finite number of at least 0")?;
        check_curvature(curvature)?;
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
        Ok(Self { objective, nodes, curvature })
    }

    fn shifted<'b>(&'b self, x: &'b [f64]) -> impl Iterator<Item = (Vec<f64>, f64)> + 'b {
        self.nodes.iter().map(|(shift, weight)| (x.iter().zip(shift).map(|(x, s)| x + s).collect(), *weight))
    }
}

impl Objective for GaussianSmoothing<'_> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::continuation::Function;

    /// Closed forms: a polynomial's moments and a plane wave's damping, values and gradients.
    #[test]
    fn smoothing_has_its_closed_form() {
        let quartic = Function::new(
            |x: &[f64]| x[0].powi(4) + x[1] * x[1],
            |x: &[f64], g: &mut [f64]| (g[0], g[1]) = (4.0 * x[0].powi(3), 2.0 * x[1]),
            1.0,
        )
        .unwrap();
        let wave = Function::new(
            |x: &[f64]| (3.0 * x[0] + x[1]).sin(),
            |x: &[f64], g: &mut [f64]| {
                let slope = (3.0 * x[0] + x[1]).cos();
                (g[0], g[1]) = (3.0 * slope, slope);
            },
            1.0,
        )
        .unwrap();
        let sigma = 0.4_f64;
        let (square, damping) = (sigma * sigma, (-5.0 * sigma * sigma).exp());
        let mut gradient = [0.0; 2];
        for x in [[0.0_f64, 0.0], [1.5, -0.3], [-2.0, 4.0]] {
            let smooth = GaussianSmoothing::new(&quartic, 2, sigma, 1.0).unwrap();
            let exact = x[0].powi(4) + 6.0 * x[0] * x[0] * square + 3.0 * square * square + x[1] * x[1] + square;
            // The tails left out hold 6e-5 of the mass.
            assert!((smooth.value(&x) - exact).abs() < 2e-3 * exact.max(1.0), "{x:?}");
            smooth.gradient(&x, &mut gradient);
            assert!((gradient[0] - 4.0 * x[0].powi(3) - 12.0 * x[0] * square).abs() < 2e-2);
            let smooth = GaussianSmoothing::new(&wave, 2, sigma, 1.0).unwrap();
            assert!((smooth.value(&x) - damping * wave.value(&x)).abs() < 1e-3);
            smooth.gradient(&x, &mut gradient);
            assert!((gradient[1] - damping * (3.0 * x[0] + x[1]).cos()).abs() < 1e-3);
        }
    }

    #[test]
    fn what_is_no_smoothing_is_refused() {
        let flat = Function::new(|_: &[f64]| 0.0, |_: &[f64], g: &mut [f64]| g.fill(0.0), 1.0).unwrap();
        for (n_dimensions, sigma, curvature) in [(0, 1.0, 1.0), (5, 1.0, 1.0), (1, -1.0, 1.0), (1, 1.0, 0.0)] {
            assert!(GaussianSmoothing::new(&flat, n_dimensions, sigma, curvature).is_err());
        }
        assert_eq!(GaussianSmoothing::new(&flat, 1, 0.0, 1.0).unwrap().value(&[1.0]), 0.0);
    }
}
