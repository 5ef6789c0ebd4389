use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use crate::{error::PacingError, validated::deserialise_through_new};

pub(super) const A: Parameter =
    Parameter::new("a", "the progress at which all data are available; above 1 they never are");
pub(super) const B: Parameter = Parameter::new("b", "the fraction available at first, in [0, 1]");

/// The two parameters that all of Wu's families share: the full data at a of the budget, b of them at first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub(super) struct Wu {
    a: f64,
    b: f64,
}

deserialise_through_new!(Wu { a: f64, b: f64 });

impl Wu {
    pub(super) fn new(a: f64, b: f64) -> Result<Self, PacingError> {
        let expected = "a finite number of at least 0, the progress at which all data are available";
        PacingError::check("a", a, a.is_finite() && a >= 0.0, expected)?;
        if !(0.0..=1.0).contains(&b) {
            return Err(PacingError::argument("b", b, "a fraction in [0, 1], the share available at first"));
        }
        Ok(Self { a, b })
    }

    /// b + (1 - b) growth(progress / a), with growth(0) = 0, and 1 from a on. "Any pacing function with a = 0 or
    /// b = 1 is equivalent to standard training": that case is kept from dividing by zero.
    pub(super) fn fraction(&self, progress: f64, growth: impl Fn(f64) -> f64) -> f64 {
        // Maps NaN to 0, too.
        let progress = progress.max(0.0);
        if progress >= self.full_at() {
            return 1.0;
        }
        (self.b + (1.0 - self.b) * growth(progress / self.a)).clamp(0.0, 1.0)
    }

    pub(super) fn full_at(&self) -> f64 {
        if self.b == 1.0 { 0.0 } else { self.a }
    }

    pub(super) fn write(&self, name: &str, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{name} (a = {}, b = {})", self.a, self.b)
    }
}

/// A family of Wu's from its name, its growth, a function of t / (a T) that goes from 0 at 0 to 1 at 1, what it is, and
/// what else it is called.
macro_rules! wu_family {
    ($family:ident, $name:literal, $growth:expr, $summary:literal $(, $other_name:literal)*) => {
        impl $family {
            /// From the progress `a` at which all data are available and the fraction `b` available at first.
            ///
            /// # Errors
            /// Unless a is finite and at least 0, and b lies in [0, 1].
            pub fn new(a: f64, b: f64) -> Result<Self, $crate::error::PacingError> {
                $crate::pacing::wu::Wu::new(a, b).map(Self)
            }
        }

        impl $crate::pacing::Pacing for $family {
            fn fraction(&self, progress: f64) -> f64 {
                self.0.fraction(progress, $growth)
            }

            fn full_at(&self) -> Option<f64> {
                Some(self.0.full_at())
            }

            fn grows_until(&self, _progress: f64) -> f64 {
                f64::INFINITY
            }

            fn rounding(&self) -> $crate::pacing::Rounding {
                $crate::pacing::Rounding::Truncate
            }
        }

        impl std::fmt::Display for $family {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.write($name, formatter)
            }
        }

        $crate::pacing::entry::pacing_entry! {
            ENTRY = $name $(| $other_name)*: $summary, [$crate::pacing::wu::A, $crate::pacing::wu::B],
            |options, _| $family::new(options.number("a")?, options.number("b")?)
        }
    };
}

pub(super) use wu_family;
