//! What Hacohen's three functions share: a fraction s at first that is multiplied by a factor.

use crate::PacingError;

pub(super) fn check_start(s: f64) -> Result<(), PacingError> {
    if s > 0.0 && s <= 1.0 {
        return Ok(());
    }
    Err(PacingError::argument("s", s, "a fraction in (0, 1], the share available at first"))
}

pub(super) fn check_increase(increase: f64) -> Result<(), PacingError> {
    if increase.is_finite() && increase > 1.0 {
        return Ok(());
    }
    let expected = "a finite number above 1, because the share must grow to become all";
    Err(PacingError::argument("increase", increase, expected))
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
