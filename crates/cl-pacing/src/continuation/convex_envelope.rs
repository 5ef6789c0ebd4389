use super::objective::{Objective, check_curvature};
use crate::error::PacingError;

/// The convex envelope of a function of one variable on an interval: the largest convex function below it.
///
/// ```text
/// conv F(x) = min { (1 - t) F(u) + t F(v) : (1 - t) u + t v = x }
/// ```
///
/// The lower hull of the function at equally spaced points: exact at those on it, linear in between, and so above the
/// envelope by at most C h^2 / 8 where C bounds the second derivatives and h is the spacing. Beyond the interval it
/// goes on as a parabola of that curvature, whose slopes lead back. Its global minimum is the function's (among the
/// points). O(points) once, O(log points) per value.
///
/// Source: Mobahi and Fisher (2015), On the link between Gaussian homotopy continuation and convex envelopes; the hull
/// by Andrew's monotone chain.
///
/// ```
/// use cl_pacing::continuation::{ConvexEnvelope, Function, Objective};
///
/// // Two wells, the left one deeper: the envelope is the common tangent between them.
/// let wells = Function::new(
///     |x: &[f64]| (x[0] * x[0] - 1.0).powi(2) + 0.1 * x[0],
///     |x: &[f64], g: &mut [f64]| g[0] = 4.0 * x[0] * (x[0] * x[0] - 1.0) + 0.1,
///     50.0,
/// )?;
/// let envelope = ConvexEnvelope::new(&wells, (-2.0, 2.0), 4001)?;
/// assert!(envelope.value(&[0.0]).abs() < 1e-6 && wells.value(&[0.0]) == 1.0);
/// let mut slope = [0.0];
/// envelope.gradient(&[0.3], &mut slope);
/// assert!((slope[0] - 0.1).abs() < 1e-6);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexEnvelope {
    /// The corners of the hull, at least two, from left to right.
    corners: Vec<(f64, f64)>,
    curvature: f64,
}

impl ConvexEnvelope {
    /// The envelope of `objective`, a function of one variable, on an interval, from `n_points` of its values.
    ///
    /// # Errors
    /// Unless the interval is finite and not empty, there are at least 2 points, every value is finite, and the
    /// curvature finite and above 0.
    pub fn new(objective: &dyn Objective, interval: (f64, f64), n_points: usize) -> Result<Self, PacingError> {
        let (low, high) = interval;
        if !(low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()) {
            return Err(PacingError::argument("interval", format!("{low} to {high}"), "finite and not empty"));
        }
        PacingError::check("n_points", n_points, n_points >= 2, "at least 2")?;
        PacingError::check_memory::<(f64, f64)>("n_points", n_points)?;
        check_curvature(objective.curvature())?;
        let mut corners: Vec<(f64, f64)> = Vec::new();
        for point in 0..n_points {
            let share = point as f64 / (n_points - 1) as f64;
            let x = low + (high - low) * share;
            let value = objective.value(&[x]);
            if !value.is_finite() {
                return Err(PacingError::argument(
                    "objective",
                    format!("{value} at {x}"),
                    "finite on the interval",
                ));
            }
            // A corner above the line from the one before it to the new point is none.
            while let [.., before, last] = corners[..]
                && (last.1 - before.1) * (x - before.0) >= (value - before.1) * (last.0 - before.0)
            {
                corners.pop();
            }
            corners.push((x, value));
        }
        Ok(Self { corners, curvature: objective.curvature() })
    }

    /// The minimum.
    pub fn minimizer(&self) -> f64 {
        let least = self.corners.iter().min_by(|left, right| left.1.total_cmp(&right.1));
        least.map_or(0.0, |corner| corner.0)
    }

    /// The hull at x with its slope.
    fn at(&self, x: f64) -> (f64, f64) {
        let right = self.corners.partition_point(|corner| corner.0 <= x).clamp(1, self.corners.len() - 1);
        let ((u, left), (v, value)) = (self.corners[right - 1], self.corners[right]);
        let slope = (value - left) / (v - u);
        // Outside, the distance from the interval.
        let beyond = x - x.clamp(self.corners[0].0, self.corners[self.corners.len() - 1].0);
        let curved = self.curvature * beyond;
        (left + slope * (x - u) + curved * beyond / 2.0, slope + curved)
    }
}

impl Objective for ConvexEnvelope {
    /// Of the first coordinate; a point without one has the value NaN.
    fn value(&self, x: &[f64]) -> f64 {
        x.first().map_or(f64::NAN, |&x| self.at(x).0)
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        if let (Some(&x), Some(slope)) = (x.first(), gradient.first_mut()) {
            *slope = self.at(x).1;
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
    use proptest::prelude::*;

    /// A sum of waves on a bowl.
    fn waves(a: [f64; 3]) -> impl Objective {
        Function::new(
            move |x: &[f64]| {
                0.1 * x[0] * x[0] + a[0] * x[0].sin() + a[1] * (2.3 * x[0]).cos() + a[2] * (5.0 * x[0]).sin()
            },
            |_: &[f64], g: &mut [f64]| g.fill(f64::NAN), // not needed here
            0.2 + a[0].abs() + 5.29 * a[1].abs() + 25.0 * a[2].abs(),
        )
        .unwrap()
    }

    proptest! {
        /// By the definition: below the function, convex, and the least that a chord of it reaches.
        #[test]
        fn the_envelope_is_the_definitions(a in prop::array::uniform3(-1.0..1.0)) {
            let objective = waves(a);
            let n = 81;
            let envelope = ConvexEnvelope::new(&objective, (-4.0, 4.0), n).unwrap();
            let x = |at: usize| -4.0 + 8.0 * at as f64 / (n - 1) as f64;
            let f: Vec<f64> = (0..n).map(|at| objective.value(&[x(at)])).collect();
            for at in 0..n {
                let mut least = f[at];
                for u in 0..at {
                    for v in at + 1..n {
                        let t = (at - u) as f64 / (v - u) as f64;
                        least = least.min((1.0 - t) * f[u] + t * f[v]);
                    }
                }
                prop_assert!((envelope.value(&[x(at)]) - least).abs() < 1e-9, "{} {}", envelope.value(&[x(at)]), least);
            }
            let best = (0..n).min_by(|&u, &v| f[u].total_cmp(&f[v])).unwrap();
            prop_assert_eq!(envelope.minimizer(), x(best));
            let slope = |x: f64| {
                let mut slope = [0.0];
                envelope.gradient(&[x], &mut slope);
                slope[0]
            };
            let slopes: Vec<f64> = (0..300).map(|at| slope(-6.0 + at as f64 * 0.04)).collect();
            prop_assert!(slopes.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9));
        }
    }

    #[test]
    fn a_convex_function_is_its_own_envelope() {
        let bowl =
            Function::new(|x: &[f64]| x[0] * x[0], |x: &[f64], g: &mut [f64]| g[0] = 2.0 * x[0], 2.0).unwrap();
        let envelope = ConvexEnvelope::new(&bowl, (-1.0, 3.0), 401).unwrap();
        for at in -15..=35 {
            let x = f64::from(at) / 10.0 + 0.003;
            // Within h^2 / 4 inside; outside, as the last slope is that of a chord, within its error times the distance.
            assert!((envelope.value(&[x]) - x * x).abs() < 6e-3, "{x}");
        }
    }

    #[test]
    fn what_has_no_envelope_is_refused() {
        let pole = Function::new(|x: &[f64]| 1.0 / x[0], |_: &[f64], _: &mut [f64]| (), 1.0).unwrap();
        for (interval, n_points) in [((1.0, 1.0), 9), ((0.0, f64::INFINITY), 9), ((1.0, 2.0), 1), ((-1.0, 1.0), 3)]
        {
            assert!(ConvexEnvelope::new(&pole, interval, n_points).is_err(), "{interval:?}");
        }
    }
}
