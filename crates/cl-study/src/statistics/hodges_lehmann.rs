use statrs::distribution::{ContinuousCDF, Normal};

use super::interval::Interval;

/// Above this number of values the normal approximation takes over, as in [`wilcoxon`](super::wilcoxon()).
const LARGEST_EXACT: usize = 50;

/// The Hodges-Lehmann estimate of a sample: the median of its Walsh averages, (x_i + x_j) / 2 over i <= j. O(n log n).
pub(crate) fn hodges_lehmann(sample: &[f64]) -> f64 {
    let walsh = Walsh::of(sample);
    let m = walsh.count();
    (walsh.at(m.div_ceil(2)) + walsh.at(m / 2 + 1)) / 2.0
}

/// The interval of the pseudo-median that Wilcoxon's signed-rank test does not reject at 1 - level; none where so few
/// values give none.
///
/// ```text
/// [W_(k), W_(m + 1 - k)],  m = n (n + 1) / 2,  k the largest with P(T <= k - 1) <= (1 - level) / 2
/// ```
///
/// W are the Walsh averages in order and T the signed-rank statistic. At 95 % it takes six values. O(n^3) up to 50 values,
/// O(n log n) beyond.
///
/// Source: Hollander and Wolfe (1999), Nonparametric statistical methods, section 3.3.
pub(crate) fn rank_interval(sample: &[f64], level: f64) -> Option<Interval> {
    let k = critical(sample.len(), (1.0 - level) / 2.0)?;
    let walsh = Walsh::of(sample);
    Some(Interval { low: walsh.at(k), high: walsh.at(walsh.count() + 1 - k) })
}

/// The largest k with P(T <= k - 1) <= tail, at least 1.
fn critical(n: usize, tail: f64) -> Option<usize> {
    let m = n * (n + 1) / 2;
    if n > LARGEST_EXACT {
        let n = n as f64;
        let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
        let k = (n * (n + 1.0) / 4.0 + Normal::standard().inverse_cdf(tail) * deviation + 0.5).floor();
        return (k >= 1.0).then_some(k as usize);
    }
    // The number of assignments of signs for each sum of ranks, exact in f64 up to 2^50.
    let mut counts = vec![0.0; m + 1];
    counts[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..=m).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    let (mut below, mut k) = (0.0, 0);
    let all = f64::powi(2.0, n as i32);
    for count in counts {
        below += count;
        if below > tail * all {
            break;
        }
        k += 1;
    }
    (k > 0).then_some(k)
}

/// The averages of all pairs of a sample, each value paired with itself, too; never listed.
struct Walsh {
    sorted: Vec<f64>,
}

impl Walsh {
    fn of(sample: &[f64]) -> Self {
        Self { sorted: super::sorted(sample) }
    }

    fn count(&self) -> usize {
        let n = self.sorted.len();
        n * (n + 1) / 2
    }

    /// How many are at most `bound`.
    fn up_to(&self, bound: f64) -> usize {
        // For each i the j >= i whose average is small enough are the first ones; their end falls as i rises.
        let x = &self.sorted;
        let (mut end, mut count) = (x.len(), 0);
        for i in 0..x.len() {
            while end > i && average(x[i], x[end - 1]) > bound {
                end -= 1;
            }
            if end <= i {
                break;
            }
            count += end - i;
        }
        count
    }

    /// The k-th smallest, from 1: the least number that k of them do not exceed, found among all numbers.
    fn at(&self, k: usize) -> f64 {
        let (Some(&low), Some(&high)) = (self.sorted.first(), self.sorted.last()) else { return f64::NAN };
        let (mut low, mut high) = (ordered(low), ordered(high));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.up_to(number(middle)) >= k {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        number(low)
    }
}

/// Halves first, so that the sum of large values stays finite.
fn average(a: f64, b: f64) -> f64 {
    a / 2.0 + b / 2.0
}

/// The bits of a number, in the order of the numbers.
fn ordered(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn number(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// R's `wilcox.test(x, conf.int = TRUE)` of Hollander and Wolfe's example 3.1, Hamilton's depression scale factor: the
    /// estimate is -0.46, the interval at 96.1 % (k = 6) from -0.786 to -0.010.
    #[test]
    fn the_textbooks_example() {
        // In thousandths.
        let x = [878, 647, 598, 2050, 1060, 1290, 1060, 3140, 1290];
        let y = [1830, 500, 1620, 2480, 1680, 1880, 1550, 3060, 1300];
        let z: Vec<f64> = x.iter().zip(y).map(|(x, y)| f64::from(x - y) / 1000.0).collect();
        assert!((hodges_lehmann(&z) + 0.46).abs() < 1e-9, "{}", hodges_lehmann(&z));
        assert_eq!(critical(9, 0.02), Some(6));
        let interval = rank_interval(&z, 0.96).unwrap();
        assert!((interval.low + 0.786).abs() < 1e-9 && (interval.high + 0.010).abs() < 1e-9, "{interval:?}");
    }

    /// The tables of the signed-rank statistic: the largest T with P(T <= t) <= 0.025 is 0, 2, 3, 5, 8, 52, 137 at
    /// n = 6, 7, 8, 9, 10, 20, 30.
    #[test]
    fn critical_values_are_those_of_the_tables() {
        assert_eq!((1..6).filter_map(|n| critical(n, 0.025)).next(), None);
        for (n, t) in [(6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (20, 52), (30, 137)] {
            assert_eq!(critical(n, 0.025), Some(t + 1), "{n}");
        }
        // The approximation takes over without a step: 434 and 434 at n = 50 (SciPy, exact and normal).
        assert_eq!(critical(50, 0.025), Some(435));
        assert!(critical(51, 0.025).unwrap().abs_diff(454) <= 2);
    }

    proptest! {
        /// Against the list of all averages, and against the test that the interval inverts.
        #[test]
        fn averages_in_order(sample in prop::collection::vec(-50..50i32, 1..20), scale in 1e-3..1e3f64) {
            let sample: Vec<f64> = sample.into_iter().map(|value| f64::from(value) * scale).collect();
            let mut averages = Vec::new();
            for i in 0..sample.len() {
                averages.extend((0..=i).map(|j| average(sample[i].min(sample[j]), sample[i].max(sample[j]))));
            }
            averages.sort_unstable_by(f64::total_cmp);
            let walsh = Walsh::of(&sample);
            prop_assert_eq!(walsh.count(), averages.len());
            for (at, &average) in averages.iter().enumerate() {
                prop_assert_eq!(walsh.at(at + 1), average);
            }
        }

        /// What lies strictly inside is not rejected by Wilcoxon's test, what lies strictly outside is.
        #[test]
        fn the_interval_inverts_the_test(
            sample in prop::collection::hash_set(-10_000..10_000i32, 6..25), at in -1.2..1.2f64,
        ) {
            let sample: Vec<f64> = sample.into_iter().map(|value| f64::from(value) / 7.0).collect();
            let interval = rank_interval(&sample, 0.95).unwrap();
            let centre = (interval.low + interval.high) / 2.0;
            let point = centre + at * (interval.high - interval.low) / 2.0 + 1e-4;
            let shifted: Vec<f64> = sample.iter().map(|value| value - point).collect();
            let p = crate::wilcoxon(&shifted).unwrap().p;
            if point > interval.low && point < interval.high {
                prop_assert!(p > 0.05, "{p}");
            } else if point < interval.low || point > interval.high {
                prop_assert!(p <= 0.05, "{p}");
            }
        }
    }
}
