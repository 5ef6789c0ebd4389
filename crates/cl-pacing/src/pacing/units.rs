//! Progress back into what a clock counts: mini-batches, epochs, buckets.

use crate::error::PacingError;

/// How many of `total` whole units have passed at `progress`.
///
/// A product within 1e-12 (relative) of an integer is that integer, because progress is a rounded quotient: 29 of 100
/// batches is 0.29, of which 100 make 28.999999999999996.
pub(super) fn units_passed(progress: f64, total: u64) -> u64 {
    let units = progress.max(0.0) * total as f64;
    let nearest = units.round();
    (if (units - nearest).abs() <= 1e-12 * nearest { nearest } else { units.floor() }) as u64
}

/// The progress before which fewer than `unit` of `total` whole units have passed, whatever is rounded.
pub(super) fn before(unit: f64, total: u64) -> f64 {
    unit * (1.0 - 1e-12) / total as f64 * (1.0 - 1e-15)
}

pub(super) fn check_total(argument: &'static str, total: u64) -> Result<(), PacingError> {
    PacingError::check(argument, total, total > 0, "at least 1, the whole of what progress is a part of")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_every_total_is_found_again() {
        for total in (1..300).chain([39_100, 1_000_003]) {
            for unit in (0..2 * total).step_by(1 + total as usize / 150) {
                assert_eq!(units_passed(unit as f64 / total as f64, total), unit);
                assert_eq!(units_passed((unit as f64 + 0.999) / total as f64, total), unit);
            }
        }
        assert_eq!([f64::NAN, -1.0, f64::INFINITY].map(|progress| units_passed(progress, 7)), [0, 0, u64::MAX]);
    }
}
