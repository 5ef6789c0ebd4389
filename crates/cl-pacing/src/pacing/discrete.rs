use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::{Pacing, entry::pacing_entry, rounding::Rounding};
use crate::{error::PacingError, validated::deserialise_through_new};

/// A table: from each of its times on, the fraction beside it.
///
/// ```text
/// g(t) = fraction_k           for the last k with time_k <= t
/// ```
///
/// Times are progress, 0 first. Fractions may fall as well as rise; the data are counted as full from the last time
/// on which the fraction becomes 1 and stays so. O(log of the entries) per call.
///
/// Source: the tables of published training recipes; curriculum stages of Bengio et al. (2009) among them. Counts
/// round upwards, our choice.
///
/// ```
/// use cl_pacing::{Discrete, Pacing};
///
/// let pacing = Discrete::new(vec![(0.0, 0.2), (0.3, 0.5), (0.6, 1.0)])?;
/// assert_eq!([0.0, 0.29, 0.3, 1.0].map(|progress| pacing.fraction(progress)), [0.2, 0.2, 0.5, 1.0]);
/// assert_eq!(pacing.full_at(), Some(0.6));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Discrete {
    table: Vec<(f64, f64)>,
}

deserialise_through_new!(Discrete { table: Vec<(f64, f64)> });

impl Discrete {
    /// From pairs of a time and the fraction from then on.
    ///
    /// # Errors
    /// Unless the first time is 0, times increase and are finite, and fractions lie in [0, 1].
    pub fn new(table: Vec<(f64, f64)>) -> Result<Self, PacingError> {
        let times: Vec<f64> = table.iter().map(|&(time, _)| time).collect();
        let increase = times.windows(2).all(|pair| pair[0] < pair[1]);
        if times.first() != Some(&0.0) || !increase || !times.iter().all(|time| time.is_finite()) {
            let found = format!("of times {times:?}");
            return Err(PacingError::argument("table", found, "finite numbers that start at 0 and increase"));
        }
        if let Some((_, fraction)) = table.iter().find(|(_, fraction)| !(0.0..=1.0).contains(fraction)) {
            let found = format!("with the fraction {fraction}");
            return Err(PacingError::argument("table", found, "fractions in [0, 1]"));
        }
        Ok(Self { table })
    }
}

impl Pacing for Discrete {
    fn fraction(&self, progress: f64) -> f64 {
        let progress = progress.max(0.0);
        let n_begun = self.table.partition_point(|&(time, _)| time <= progress);
        self.table[n_begun.max(1) - 1].1
    }

    fn full_at(&self) -> Option<f64> {
        self.table.iter().rev().take_while(|(_, fraction)| *fraction == 1.0).last().map(|&(time, _)| time)
    }

    fn grows_until(&self, progress: f64) -> f64 {
        let n_begun = self.table.partition_point(|&(time, _)| time <= progress).max(1);
        let falls = self.table[n_begun - 1..].windows(2).find(|pair| pair[1].1 < pair[0].1);
        falls.map_or(f64::INFINITY, |pair| pair[1].0)
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }

    fn reaches_full(&self) -> bool {
        self.table.iter().any(|&(time, fraction)| time <= 1.0 && fraction == 1.0)
    }
}

impl fmt::Display for Discrete {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<String> =
            self.table.iter().map(|(time, fraction)| format!("{time}: {fraction}")).collect();
        write!(formatter, "discrete ({})", entries.join(", "))
    }
}

pacing_entry! {
    ENTRY = "discrete": "a table of fractions",
    [Parameter::new("table", "progress:fraction, separated by commas, the first from 0")],
    |options, _| Discrete::new(options.pairs("table")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_is_what_stays_full() {
        let full_at = |table| Discrete::new(table).unwrap().full_at();
        assert_eq!(full_at(vec![(0.0, 1.0), (0.5, 0.5)]), None);
        assert_eq!(full_at(vec![(0.0, 1.0), (0.2, 0.5), (0.5, 1.0), (0.7, 1.0)]), Some(0.5));
        assert!(Discrete::new(vec![(0.0, 1.0), (0.5, 0.5)]).unwrap().reaches_full());
        assert!(!Discrete::new(vec![(0.0, 0.1), (1.5, 1.0)]).unwrap().reaches_full());
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for table in [
            vec![],
            vec![(0.1, 0.5)],
            vec![(0.0, 0.5), (0.0, 1.0)],
            vec![(0.0, 0.5), (f64::INFINITY, 1.0)],
            vec![(0.0, 1.5)],
            vec![(0.0, f64::NAN)],
        ] {
            assert!(Discrete::new(table.clone()).is_err(), "{table:?}");
        }
        assert_eq!(Discrete::new(vec![(0.0, 0.5)]).unwrap().fraction(f64::NAN), 0.5);
    }
}
