use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::wu::{A, B, Wu};
use super::{Pacing, entry::pacing_entry, rounding::Rounding};
use crate::{error::PacingError, validated::deserialise_through_new};

/// Grows as a power: from b of the data to all of them at a of the budget.
///
/// ```text
/// g(t) = b + (1 - b) (t / (a T))^p           and 1 from t = a T on
/// ```
///
/// where t is the step and T the budget, t / T the progress. Powers 1/2, 1 and 2 are [`Root`](crate::Root),
/// [`Linear`](crate::Linear) and [`Quadratic`](crate::Quadratic). With a = 0 or b = 1 it is standard training; with
/// a > 1 the budget ends before all data are available.
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, table of pacing functions (p = 1/2, 1, 2 there).
/// Counts truncate.
///
/// ```
/// use cl_pacing::{Pacing, Polynomial};
///
/// let pacing = Polynomial::new(0.8, 0.2, 3.0)?;
/// assert_eq!(pacing.fraction(0.4), 0.2 + 0.8 * 0.125);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Polynomial {
    #[serde(flatten)]
    wu: Wu,
    p: f64,
}

deserialise_through_new!(Polynomial { a: f64, b: f64, p: f64 });

impl Polynomial {
    /// From the progress `a` at which all data are available, the fraction `b` available at first and the power `p`.
    ///
    /// # Errors
    /// Unless a is finite and at least 0, b lies in [0, 1], and p is finite and above 0.
    pub fn new(a: f64, b: f64, p: f64) -> Result<Self, PacingError> {
        PacingError::check("p", p, p.is_finite() && p > 0.0, "a finite number above 0, the power")?;
        Ok(Self { wu: Wu::new(a, b)?, p })
    }
}

impl Pacing for Polynomial {
    fn fraction(&self, progress: f64) -> f64 {
        self.wu.fraction(progress, |x| x.powf(self.p))
    }

    fn full_at(&self) -> Option<f64> {
        Some(self.wu.full_at())
    }

    fn grows_until(&self, _progress: f64) -> f64 {
        f64::INFINITY
    }

    fn rounding(&self) -> Rounding {
        Rounding::Truncate
    }
}

impl fmt::Display for Polynomial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wu.write("polynomial", formatter)?;
        write!(formatter, ", p = {}", self.p)
    }
}

pacing_entry! {
    ENTRY = "polynomial": "Wu: from b to all at a, as a power",
    [A, B, Parameter::new("p", "the power, above 0")],
    |options, _| Polynomial::new(options.number("a")?, options.number("b")?, options.number("p")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::{Linear, Quadratic, Root};

    #[test]
    fn the_named_powers_are_the_named_families() {
        for progress in [0.0, 0.1, 0.33, 0.5, 0.7] {
            let power = |p| Polynomial::new(0.7, 0.1, p).unwrap().fraction(progress);
            let (root, quadratic) = (Root::new(0.7, 0.1).unwrap(), Quadratic::new(0.7, 0.1).unwrap());
            assert!((power(0.5) - root.fraction(progress)).abs() <= f64::EPSILON);
            assert_eq!(power(1.0), Linear::new(0.7, 0.1).unwrap().fraction(progress));
            assert!((power(2.0) - quadratic.fraction(progress)).abs() <= f64::EPSILON);
        }
    }

    #[test]
    fn a_power_of_0_or_less_is_refused() {
        for p in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Polynomial::new(0.5, 0.5, p).unwrap_err().to_string().starts_with("argument p is "));
        }
        let json = serde_json::to_string(&Polynomial::new(0.5, 0.25, 3.0).unwrap()).unwrap();
        assert_eq!(json, r#"{"a":0.5,"b":0.25,"p":3.0}"#);
        assert!(serde_json::from_str::<Polynomial>(&json).is_ok());
        assert!(serde_json::from_str::<Polynomial>(r#"{"a":0.5,"b":0.25,"p":0.0}"#).is_err());
    }
}
