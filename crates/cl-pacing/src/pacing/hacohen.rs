//! What Hacohen's three functions share: a fraction s at first that is multiplied by a factor.

use cl_data::catalogue::Parameter;

use crate::error::PacingError;

pub(super) const S: Parameter = Parameter::with_default("s", "the fraction available at first, in (0, 1]", "0.04");
pub(super) const INCREASE: Parameter =
    Parameter::with_default("increase", "the factor of an increase, above 1", "1.9");

pub(super) fn check_start(s: f64) -> Result<(), PacingError> {
    PacingError::check("s", s, s > 0.0 && s <= 1.0, "a fraction in (0, 1], the share available at first")
}

pub(super) fn check_increase(increase: f64) -> Result<(), PacingError> {
    let expected = "a finite number above 1, because the share must grow to become all";
    PacingError::check("increase", increase, increase.is_finite() && increase > 1.0, expected)
}

/// min(1, s increase^k).
pub(super) fn grown(s: f64, increase: f64, k: u64) -> f64 {
    (s * increase.powf(k as f64)).min(1.0)
}

/// The least k with s increase^k >= 1.
pub(super) fn increases_until_full(s: f64, increase: f64) -> u64 {
    let mut k = (-s.ln() / increase.ln()).round().max(0.0) as u64;
    // The logarithms are rounded: the neighbours decide.
    while k > 0 && grown(s, increase, k - 1) >= 1.0 {
        k -= 1;
    }
    while grown(s, increase, k) < 1.0 {
        k += 1;
    }
    k
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn full_is_reached_then_and_not_before(s in 1e-6..=1.0, increase in 1.0001..20.0) {
            let k = increases_until_full(s, increase);
            prop_assert_eq!(grown(s, increase, k), 1.0);
            prop_assert!(k == 0 || grown(s, increase, k - 1) < 1.0);
        }
    }

    /// Six increases of the published settings give .04 * 1.9^5 = .9904 at the fifth: the sixth fills up.
    #[test]
    fn the_published_settings_need_six_increases() {
        assert_eq!(increases_until_full(0.04, 1.9), 6);
        assert_eq!(increases_until_full(1.0, 1.9), 0);
        assert_eq!(increases_until_full(0.25, 2.0), 2);
    }
}
