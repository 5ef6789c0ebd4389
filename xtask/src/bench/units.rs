//! Numbers as a person reads them.

use super::work::Work;

/// Three digits.
fn digits(value: f64) -> String {
    let places = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.places$}")
}

/// The unit of a time and how many seconds it is.
fn unit(seconds: f64) -> (&'static str, f64) {
    [("s", 1.0), ("ms", 1e-3), ("\u{b5}s", 1e-6)]
        .into_iter()
        .find(|(_, one)| seconds >= *one)
        .unwrap_or(("ns", 1e-9))
}

/// A time.
pub fn time(seconds: f64) -> String {
    let (name, one) = unit(seconds);
    format!("{} {name}", digits(seconds / one))
}

/// A time and the interval it lies in, in one unit.
pub fn interval(seconds: f64, low: f64, high: f64) -> String {
    let (name, one) = unit(seconds);
    format!("{} [{}, {}] {name}", digits(seconds / one), digits(low / one), digits(high / one))
}

/// A throughput; two operations per multiply-add.
pub fn throughput(work: Work, seconds: f64) -> String {
    let rate = work.amount() as f64 / seconds;
    match work {
        Work::MultiplyAdds { .. } => format!("{} GFLOP/s", digits(2e-9 * rate)),
        Work::Read { .. } | Work::Copy { .. } => format!("{} GB/s", digits(1e-9 * rate)),
        Work::Exponentials { .. } => per_second(rate, "exponentials"),
        Work::Elements { .. } => per_second(rate, "elements"),
    }
}

fn per_second(rate: f64, what: &str) -> String {
    let (thousands, one) = if rate >= 1e9 {
        ("G ", 1e9)
    } else if rate >= 1e6 {
        ("M ", 1e6)
    } else if rate >= 1e3 {
        ("k ", 1e3)
    } else {
        ("", 1.0)
    };
    format!("{} {thousands}{what}/s", digits(rate / one))
}

/// A share in per cent.
pub fn percent(share: f64) -> String {
    if share < 0.00995 { format!("{:.1} %", 100.0 * share) } else { format!("{:.0} %", 100.0 * share) }
}

/// How many times as long.
pub fn ratio(ratio: f64) -> String {
    format!("{} x", digits(ratio))
}

/// Memory in MB.
pub fn megabytes(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.0} MB"))
}

#[cfg(test)]
mod tests {
    use super::super::work::Precision;
    use super::*;

    #[test]
    fn times() {
        assert_eq!(time(1.234_5), "1.23 s");
        assert_eq!(time(0.098_76), "98.8 ms");
        assert_eq!(time(0.000_999_6), "1000 \u{b5}s");
        assert_eq!(time(3.2e-9), "3.20 ns");
        assert_eq!(interval(0.0105, 0.0099, 0.011), "10.5 [9.90, 11.0] ms");
    }

    #[test]
    fn throughputs() {
        let work = Work::MultiplyAdds { count: 1_000_000_000, of: Precision::F32 };
        assert_eq!(throughput(work, 0.02), "100 GFLOP/s");
        assert_eq!(throughput(Work::Read { bytes: 200_000_000 }, 0.01), "20.0 GB/s");
        assert_eq!(throughput(Work::Elements { count: 1 }, 0.0001), "10.0 k elements/s");
        assert_eq!(throughput(Work::Exponentials { count: 5_000_000 }, 0.002), "2.50 G exponentials/s");
    }

    #[test]
    fn shares() {
        assert_eq!(
            (percent(0.853), percent(1.1), percent(0.0042)),
            ("85 %".into(), "110 %".into(), "0.4 %".into())
        );
    }
}
