use serde::{Deserialize, Serialize};

use super::wu::{Wu, wu_family};

/// Grows linearly: from b of the data to all of them at a of the budget.
///
/// ```text
/// g(t) = b + (1 - b) t / (a T)               and 1 from t = a T on
/// ```
///
/// where t is the step and T the budget, t / T the progress. With a = 0 or b = 1 it is standard training; with
/// a > 1 the budget ends before all data are available.
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, table of pacing functions. Counts truncate.
///
/// ```
/// use cl_pacing::{Linear, Pacing};
///
/// let pacing = Linear::new(0.8, 0.1)?;
/// assert_eq!(pacing.fraction(0.4), 0.55);
/// assert!(pacing.reaches_full() && !Linear::new(1.6, 0.1)?.reaches_full());
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Linear(Wu);

wu_family!(Linear, "linear", |x| x, "Wu: from b to all at a, linearly");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_outside_their_domain_are_named() {
        for (a, b, name) in [(-0.1, 0.5, "a"), (f64::NAN, 0.5, "a"), (f64::INFINITY, 0.5, "a"), (0.5, 1.1, "b")] {
            let message = Linear::new(a, b).unwrap_err().to_string();
            assert!(message.starts_with(&format!("argument {name} is ")), "{message}");
        }
        assert!(Linear::new(0.5, f64::NAN).is_err());
        assert!(serde_json::from_str::<Linear>(r#"{"a":-1.0,"b":0.5}"#).is_err());
    }
}
