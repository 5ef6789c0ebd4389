use super::objective::{Objective, basin, check_curvature, descend};
use crate::error::PacingError;

/// F_lambda of two objectives.
///
/// ```text
/// F_lambda = (1 - lambda) F_easy + lambda F_hard
/// ```
///
/// The minimum of F_0 is easy to find; from stage to stage lambda grows a little, and descent goes on from where
/// it was.
///
/// Source: Allgower and Georg (1980), Simplicial and continuation methods; Bengio, Louradour, Collobert and Weston
/// (2009), Curriculum learning, section 3.
///
/// ```
/// use cl_pacing::continuation::{Function, Homotopy};
///
/// let bowl = |centre: f64| {
///     let gradient = move |x: &[f64], g: &mut [f64]| g[0] = 2.0 * (x[0] - centre);
///     Function::new(move |x: &[f64]| (x[0] - centre).powi(2), gradient, 2.0)
/// };
/// let homotopy = Homotopy { easy: &bowl(0.0)?, hard: &bowl(1.0)? };
/// let path = homotopy.track(&[9.0], 5, 1_000)?;
/// assert!(path.stages().iter().all(|stage| (stage.position[0] - stage.lambda).abs() < 1e-9));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Clone, Copy)]
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
    /// F_lambda there.
    pub value: f64,
}

/// The tracked minimum, from stage to stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    stages: Vec<Stage>,
}

impl Path {
    /// The stages, lambda growing from 0 to 1.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Where the path ends: at lambda = 1.
    pub fn end(&self) -> &[f64] {
        self.stages.last().map_or(&[], |stage| &stage.position)
    }

    /// The minimum of `hard` in whose basin the path ends, as `n_evaluations` further gradients find it.
    pub fn minimum(&self, hard: &dyn Objective, n_evaluations: usize) -> Vec<f64> {
        descend(hard, self.end(), n_evaluations)
    }

    /// Which of `minima` the path ends at, if any: [`basin`](super::basin) of its [end](Self::end).
    pub fn basin(
        &self,
        hard: &dyn Objective,
        minima: &[Vec<f64>],
        n_evaluations: usize,
        tolerance: f64,
    ) -> Option<usize> {
        basin(hard, self.end(), minima, n_evaluations, tolerance)
    }
}

impl Homotopy<'_> {
    /// The value of F_lambda.
    pub fn value(&self, lambda: f64, x: &[f64]) -> f64 {
        (1.0 - lambda) * self.easy.value(x) + lambda * self.hard.value(x)
    }

    /// Follows the minimum from lambda = 0 to 1 in `n_stages` equal stages, by gradient descent with steps of one over
    /// the curvature.
    ///
    /// `n_evaluations` gradients are spent in all, divided equally among the stages; a step on a mixture costs
    /// two, one of each function. What a stage cannot spend is spent at its successor.
    ///
    /// # Errors
    /// Unless there are at least 2 stages and both curvatures are finite and above 0.
    pub fn track(&self, start: &[f64], n_stages: usize, n_evaluations: usize) -> Result<Path, PacingError> {
        PacingError::check("n_stages", n_stages, n_stages >= 2, "at least 2, lambda = 0 and lambda = 1")?;
        PacingError::check_memory::<Stage>("n_stages", n_stages.saturating_mul(start.len().max(1)))?;
        check_curvature(self.easy.curvature())?;
        check_curvature(self.hard.curvature())?;
        let mut x = start.to_vec();
        let (mut easy, mut hard) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut spent = 0;
        let stages = (0..n_stages)
            .map(|stage| {
                let lambda = stage as f64 / (n_stages - 1) as f64;
                let until = (n_evaluations as u128 * (stage as u128 + 1) / n_stages as u128) as usize;
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
                Stage { lambda, position: x.clone(), value: self.value(lambda, &x) }
            })
            .collect();
        Ok(Path { stages })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::continuation::Function;

    /// A bowl around 1 on the way from one around 0, in two dimensions: the minimum of F_lambda moves in a line.
    #[test]
    fn the_path_follows_the_minimum() {
        let bowl = |centre: f64, steepness: f64| {
            Function::new(
                move |x: &[f64]| x.iter().map(|x| steepness * (x - centre).powi(2)).sum(),
                move |x: &[f64], gradient: &mut [f64]| {
                    gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * steepness * (x - centre));
                },
                2.0 * steepness,
            )
            .unwrap()
        };
        let homotopy = Homotopy { easy: &bowl(0.0, 3.0), hard: &bowl(1.0, 1.0) };
        let path = homotopy.track(&[-3.0, 2.0], 5, 1_000).unwrap();
        assert_eq!(
            path.stages().iter().map(|stage| stage.lambda).collect::<Vec<_>>(),
            [0.0, 0.25, 0.5, 0.75, 1.0]
        );
        for Stage { lambda, position, value } in path.stages() {
            let expected = lambda / (3.0 * (1.0 - lambda) + lambda);
            assert!(position.iter().all(|x| (x - expected).abs() < 1e-9), "{position:?}");
            assert_eq!(*value, homotopy.value(*lambda, position));
            assert!(*value <= homotopy.value(*lambda, &[expected + 0.01; 2]));
        }
        assert_eq!(path.minimum(homotopy.hard, 10), [1.0, 1.0]);
        assert_eq!(path.basin(homotopy.hard, &[vec![0.0; 2], vec![1.0; 2]], 10, 1e-6), Some(1));
        assert!(homotopy.track(&[0.0], 1, 10).is_err());
    }
}
