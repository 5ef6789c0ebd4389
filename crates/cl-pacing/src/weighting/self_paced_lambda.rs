use serde::{Deserialize, Serialize};

use super::hard_self_paced::check_lambda;
use crate::{error::PacingError, validated::deserialise_through_new};

/// The age of a self-paced learner: a threshold on the loss that grows by a factor every epoch.
///
/// ```text
/// lambda_0 given,   lambda_{t+1} = mu lambda_t,   mu > 1          (lambda_t = lambda_0 mu^t up to rounding)
/// ```
///
/// By repeated multiplication, as training code does it; it stops at the largest finite number, which admits
/// every finite loss. In the paper's notation K = 1/lambda is *divided* by mu.
///
/// Source: Kumar, Packer and Koller (2010), algorithm 1 (mu = 1.3 there).
///
/// ```
/// use cl_pacing::SelfPacedLambda;
///
/// let mut lambda = SelfPacedLambda::new(0.5, 1.3)?;
/// (0..10).for_each(|_| lambda.grow());
/// assert_eq!(format!("{:.4}", lambda.value()), "6.8929");
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct SelfPacedLambda {
    lambda: f64,
    mu: f64,
}

deserialise_through_new!(SelfPacedLambda { lambda: f64, mu: f64 });

impl SelfPacedLambda {
    /// From the first threshold and the factor of its growth.
    ///
    /// # Errors
    /// Unless lambda is finite and above 0, and mu finite and above 1.
    pub fn new(lambda: f64, mu: f64) -> Result<Self, PacingError> {
        check_lambda(lambda)?;
        check_mu(mu)?;
        Ok(Self { lambda, mu })
    }

    /// The threshold now.
    pub fn value(&self) -> f64 {
        self.lambda
    }

    /// The factor of its growth.
    pub fn mu(&self) -> f64 {
        self.mu
    }

    /// One epoch older.
    pub fn grow(&mut self) {
        self.lambda = (self.lambda * self.mu).min(f64::MAX);
    }
}

pub(super) fn check_mu(mu: f64) -> Result<(), PacingError> {
    let expected = "a finite number above 1, because the threshold must grow to admit harder examples";
    PacingError::check("mu", mu, mu.is_finite() && mu > 1.0, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NumPy 2.4.6: `lam = 0.5`, then `lam *= 1.3` before each further value.
    #[test]
    fn grows_as_training_code_multiplies() {
        let mut lambda = SelfPacedLambda::new(0.5, 1.3).unwrap();
        for expected in GROWN {
            assert_eq!(lambda.value(), expected);
            lambda.grow();
        }
        (0..5000).for_each(|_| lambda.grow());
        assert_eq!(lambda.value(), f64::MAX);
    }

    #[test]
    fn what_does_not_grow_is_refused_with_the_reason() {
        for (lambda, mu, name) in [
            (0.0, 1.3, "lambda"),
            (-0.5, 1.3, "lambda"),
            (f64::NAN, 1.3, "lambda"),
            (0.5, 1.0, "mu"),
            (0.5, 0.9, "mu"),
            (0.5, f64::NAN, "mu"),
            (0.5, f64::INFINITY, "mu"),
        ] {
            let message = SelfPacedLambda::new(lambda, mu).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("argument {name} is ")) && message.contains("because"),
                "{message}"
            );
        }
        assert!(serde_json::from_str::<SelfPacedLambda>(r#"{"lambda":0.5,"mu":0.5}"#).is_err());
    }

    const GROWN: [f64; 11] = [
        0.5,
        0.65,
        0.8450000000000001,
        1.0985000000000003,
        1.4280500000000005,
        1.8564650000000007,
        2.413404500000001,
        3.1374258500000014,
        4.078653605000002,
        5.302249686500003,
        6.892924592450004,
    ];
}
