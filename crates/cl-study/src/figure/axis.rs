use crate::error::StudyError;

/// How an axis maps numbers to places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scale {
    #[default]
    Linear,
    Log,
}

/// A range of numbers with its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    scale: Scale,
    /// The ends, in logarithms on a logarithmic axis.
    low: f64,
    high: f64,
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis over all `values`, with a little room on either side, and about `n_ticks` ticks.
    pub(crate) fn over(
        what: &str,
        values: impl IntoIterator<Item = f64>,
        scale: Scale,
        n_ticks: usize,
    ) -> Result<Self, StudyError> {
        let (low, high) =
            range(values).ok_or_else(|| StudyError::TooFew { what: what.to_owned(), found: 0, expected: 1 })?;
        if scale == Scale::Log && low <= 0.0 {
            return Err(StudyError::InvalidArgument {
                argument: "log axis",
                value: format!("{low} ({what})"),
                expected: "numbers above 0".into(),
            });
        }
        let (low, high) = if scale == Scale::Log { (low.log10(), high.log10()) } else { (low, high) };
        let room = match high - low {
            0.0 => {
                if scale == Scale::Log {
                    0.5
                } else {
                    0.5f64.max(low.abs() * 0.05)
                }
            }
            width => width * 0.04,
        };
        Ok(Self::exactly(low - room, high + room, scale, n_ticks))
    }

    /// As [`over`](Self::over), from zero where no value is below it, as bars need.
    pub(crate) fn from_zero(what: &str, values: &[f64], n_ticks: usize) -> Result<Self, StudyError> {
        let axis = Self::over(what, values.iter().copied().chain([0.0]), Scale::Linear, n_ticks)?;
        let low = if values.iter().all(|&value| value >= 0.0) { 0.0 } else { axis.low };
        let high = if values.iter().all(|&value| value <= 0.0) && low < 0.0 { 0.0 } else { axis.high };
        Ok(Self::exactly(low, high, Scale::Linear, n_ticks))
    }

    /// An axis with these very ends (in logarithms on a logarithmic axis).
    pub(crate) fn exactly(low: f64, high: f64, scale: Scale, n_ticks: usize) -> Self {
        let ticks = match scale {
            Scale::Linear => linear_ticks(low, high, n_ticks),
            Scale::Log => log_ticks(low, high, n_ticks),
        };
        Self { scale, low, high, ticks }
    }

    /// An axis of `n` categories, at 0, 1, ..., n - 1.
    pub(crate) fn of_categories(n: usize) -> Self {
        Self { scale: Scale::Linear, low: -0.5, high: n as f64 - 0.5, ticks: Vec::new() }
    }

    /// Where `value` lies between the ends, 0 to 1.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let value = if self.scale == Scale::Log { value.log10() } else { value };
        (value - self.low) / (self.high - self.low)
    }

    /// Where zero (or the lower end, on a logarithmic axis) lies.
    pub(crate) fn ground(&self) -> f64 {
        if self.scale == Scale::Log { 0.0 } else { self.share(0.0).clamp(0.0, 1.0) }
    }
}

pub(crate) fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(low: f64, high: f64, n_ticks: usize) -> Vec<(f64, String)> {
    let rough = (high - low) / n_ticks.max(1) as f64;
    let power = rough.log10().floor() as i32;
    let factor = rough / 10f64.powi(power);
    let (digit, power) = match factor {
        f if f <= 1.0 => (1.0, power),
        f if f <= 2.0 => (2.0, power),
        f if f <= 5.0 => (5.0, power),
        _ => (1.0, power + 1),
    };
    let step = digit * 10f64.powi(power);
    if !(step.is_finite() && step > 0.0) {
        return Vec::new();
    }
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    let large = low.abs().max(high.abs());
    // Adding 0.0 makes -0 read 0.
    (first..=last)
        .take(50)
        .map(|at| at as f64 * step + 0.0)
        .map(|tick| (tick, tick_label(tick, power, large)))
        .collect()
}

fn tick_label(tick: f64, power: i32, large: f64) -> String {
    if tick == 0.0 {
        "0".to_owned()
    } else if large >= 1e6 || power < -5 {
        scientific(tick)
    } else {
        format!("{tick:.*}", (-power).max(0) as usize)
    }
}

/// `2.5e6` without a tail of rounding.
fn scientific(value: f64) -> String {
    let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    format!("{rounded:e}")
}

/// Powers of ten, and 2 and 5 times them where there are few.
fn log_ticks(low: f64, high: f64, n_ticks: usize) -> Vec<(f64, String)> {
    let digits: &[f64] = if high - low < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let every = (((high - low) / n_ticks.max(1) as f64).ceil() as i32).max(1);
    let powers = (low.floor() as i32..=high.ceil() as i32).filter(|power| power.rem_euclid(every) == 0);
    powers
        .flat_map(|power| digits.iter().map(move |digit| (digit * 10f64.powi(power), power)))
        .filter(|(tick, _)| (low - 1e-9..=high + 1e-9).contains(&tick.log10()))
        .map(|(tick, power)| {
            let label = if (-4..=4).contains(&power) {
                format!("{tick:.*}", (-power).max(0) as usize)
            } else {
                scientific(tick)
            };
            (tick, label)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<(f64, String)>) -> Vec<String> {
        ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(linear_ticks(0.0, 1.0, 5)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(linear_ticks(-0.011, 0.012, 5)), ["-0.010", "-0.005", "0", "0.005", "0.010"]);
        assert_eq!(labels(linear_ticks(0.0, 3.9e6, 4)), ["0", "1e6", "2e6", "3e6"]);
        assert_eq!(labels(linear_ticks(995.0, 1005.0, 5)), ["996", "998", "1000", "1002", "1004"]);
        assert_eq!(labels(log_ticks(-2.0, 3.0, 6)), ["0.01", "0.1", "1", "10", "100", "1000"]);
        assert_eq!(labels(log_ticks(0.0, 1.0, 6)), ["1", "2", "5", "10"]);
        assert_eq!(labels(log_ticks(-7.0, -5.0, 6)), ["1e-7", "1e-6", "1e-5"]);
    }

    #[test]
    fn ranges_without_width_get_one() {
        let axis = Axis::over("a", [3.0], Scale::Linear, 5).unwrap();
        assert_eq!(axis.share(3.0), 0.5);
        assert!(Axis::over("a", [], Scale::Linear, 5).is_err());
        assert!(Axis::over("a", [0.0, 1.0], Scale::Log, 5).is_err());
    }
}
