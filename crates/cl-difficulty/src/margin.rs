use crate::error::DifficultyError;

/// The article's "margin": closeness to the boundary x0 = 0 between its two clusters, higher = harder.
///
/// ```text
/// closeness(x) = 1 / (|x0| + 0.1)
/// ```
///
/// It is the data's own difficulty before scaling, a margin to the **true** boundary and of no trained model.
/// O(1) per example.
///
/// ```
/// assert_eq!(cl_difficulty::boundary_closeness(&[-1.9, 7.0]), 0.5);
/// ```
pub fn boundary_closeness(x: &[f64]) -> f64 {
    1.0 / (x.first().copied().unwrap_or(0.0).abs() + 0.1)
}

/// The signed distance of an example to the hyperplane w . x + b = 0, positive on the side of its class.
///
/// ```text
/// margin(x, y) = (2 y - 1) (w . x + b) / |w|         y in {0, 1}
/// ```
///
/// In units of the features. As a difficulty it is negated: a small or negative margin is hard. O(d).
///
/// ```
/// let margin = cl_difficulty::hyperplane_margin(&[3.0, 0.0], 0, &[2.0, 0.0], -2.0)?;
/// assert_eq!(margin, -2.0);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where x and w differ in length or w is the zero vector (there is no hyperplane then).
pub fn hyperplane_margin(x: &[f64], label: usize, weights: &[f64], bias: f64) -> Result<f64, DifficultyError> {
    if x.len() != weights.len() {
        return Err(DifficultyError::LengthMismatch { what: "x", found: x.len(), expected: weights.len() });
    }
    let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
    if norm == 0.0 {
        return Err(DifficultyError::InvalidArgument {
            argument: "weights",
            value: "the zero vector".into(),
            expected: "the normal vector of a hyperplane",
        });
    }
    let logit = x.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() + bias;
    Ok(if label == 1 { logit } else { -logit } / norm)
}
