use serde::{Deserialize, Serialize};

/// How a fraction of the data becomes a count.
///
/// A product within 1e-12 (relative) of an integer is that integer. Most fractions have no exact binary value, and
/// without this 0.29 of 100 (28.999999999999996) would truncate to 28, and 0.07 of 100 (7.000000000000001) would
/// round up to 8.
///
/// ```
/// use cl_pacing::Rounding;
///
/// assert_eq!(Rounding::Truncate.count(0.5, 7, 1), 3);
/// assert_eq!(Rounding::Ceiling.count(0.5, 7, 1), 4);
/// assert_eq!(Rounding::Truncate.count(0.01, 7, 2), 2); // at least one batch
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rounding {
    /// Towards zero: Wu, Dyer and Neyshabur (2021).
    Truncate,
    /// Upwards: Hacohen and Weinshall (2019); Platanios et al. (2019).
    Ceiling,
}

impl Rounding {
    /// `fraction` of `n_examples`, rounded, then at least one batch and at most all.
    ///
    /// ```text
    /// count = min(max(round(n fraction), batch size), n)
    /// ```
    pub fn count(self, fraction: f64, n_examples: usize, batch_size: usize) -> usize {
        let product = n_examples as f64 * fraction;
        let nearest = product.round();
        let count = if (product - nearest).abs() <= 1e-12 * nearest {
            nearest
        } else {
            match self {
                Self::Truncate => product.trunc(),
                Self::Ceiling => product.ceil(),
            }
        };
        (count as usize).max(batch_size).min(n_examples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_fractions_mean_what_they_say() {
        for percent in 1..=100 {
            let fraction = f64::from(percent) / 100.0;
            for rounding in [Rounding::Truncate, Rounding::Ceiling] {
                for n in [100, 5000, 60_000, 1_000_000_000] {
                    assert_eq!(rounding.count(fraction, n, 1), n / 100 * percent as usize, "{fraction} of {n}");
                }
            }
        }
    }

    #[test]
    fn the_names_hold() {
        assert_eq!(Rounding::Truncate.count(0.999, 1000, 1), 999);
        assert_eq!(Rounding::Truncate.count(0.9999, 1000, 1), 999);
        assert_eq!(Rounding::Ceiling.count(0.9981, 1000, 1), 999);
        assert_eq!(Rounding::Ceiling.count(0.0, 1000, 64), 64);
        assert_eq!(Rounding::Ceiling.count(0.0, 10, 64), 10);
    }
}
