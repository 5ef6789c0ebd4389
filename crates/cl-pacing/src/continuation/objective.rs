use crate::error::PacingError;

/// A function to be minimised: of the parameters of a model, or any other.
pub trait Objective: Sync {
    /// Its value.
    fn value(&self, x: &[f64]) -> f64;

    /// Writes its gradient, as long as `x`.
    fn gradient(&self, x: &[f64], gradient: &mut [f64]);

    /// A bound on its second derivatives: descent takes steps of one over it.
    fn curvature(&self) -> f64;
}

/// An objective made of closures.
///
/// ```
/// use cl_pacing::continuation::{Function, descend};
///
/// let bowl = Function::new(
///     |x: &[f64]| x.iter().map(|x| (x - 1.0).powi(2)).sum(),
///     |x: &[f64], gradient: &mut [f64]| gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * (x - 1.0)),
///     2.0,
/// )?;
/// assert_eq!(descend(&bowl, &[4.0, -7.0], 1), [1.0, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Function<V, G> {
    value: V,
    gradient: G,
    curvature: f64,
}

impl<V, G> Function<V, G>
where
    V: Fn(&[f64]) -> f64 + Sync,
    G: Fn(&[f64], &mut [f64]) + Sync,
{
    /// From value, gradient and a bound on the second derivatives.
    ///
    /// # Errors
    /// Unless the bound is finite and above 0.
    pub fn new(value: V, gradient: G, curvature: f64) -> Result<Self, PacingError> {
        check_curvature(curvature)?;
        Ok(Self { value, gradient, curvature })
    }
}

impl<V, G> Objective for Function<V, G>
where
    V: Fn(&[f64]) -> f64 + Sync,
    G: Fn(&[f64], &mut [f64]) + Sync,
{
    fn value(&self, x: &[f64]) -> f64 {
        (self.value)(x)
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        (self.gradient)(x, gradient);
    }

    fn curvature(&self) -> f64 {
        self.curvature
    }
}

pub(super) fn check_curvature(curvature: f64) -> Result<(), PacingError> {
    let expected = "a finite number above 0, because descent takes steps of one over it";
    PacingError::check("curvature", curvature, curvature.is_finite() && curvature > 0.0, expected)
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

/// Whose basin `x` lies in: the first of `minima` to which [descent](descend) of `n_evaluations` gradients leads, each
/// coordinate to within `tolerance`; `None` where it leads to none of them.
pub fn basin(
    objective: &dyn Objective,
    x: &[f64],
    minima: &[Vec<f64>],
    n_evaluations: usize,
    tolerance: f64,
) -> Option<usize> {
    let end = descend(objective, x, n_evaluations);
    minima.iter().position(|minimum| end.iter().zip(minimum).all(|(x, best)| (x - best).abs() < tolerance))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (x^2 - 1)^2 has two basins, and the ridge between them at 0.
    #[test]
    fn a_basin_is_where_descent_ends() {
        let wells = Function::new(
            |x: &[f64]| (x[0] * x[0] - 1.0).powi(2),
            |x: &[f64], gradient: &mut [f64]| gradient[0] = 4.0 * x[0] * (x[0] * x[0] - 1.0),
            50.0,
        )
        .unwrap();
        let minima = [vec![-1.0], vec![1.0]];
        for (x, expected) in [(-1.7, Some(0)), (-0.01, Some(0)), (0.01, Some(1)), (1.9, Some(1)), (0.0, None)] {
            assert_eq!(basin(&wells, &[x], &minima, 2_000, 1e-6), expected, "{x}");
        }
        assert!(Function::new(|_: &[f64]| 0.0, |_: &[f64], _: &mut [f64]| (), 0.0).is_err());
    }
}
