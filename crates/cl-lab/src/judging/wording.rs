/// How many decimals numbers of a comparison have, wherever they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimals(pub(crate) usize);

impl Decimals {
    /// The most that are shown.
    pub(crate) const MOST: usize = 9;

    /// As many as show a fifth of `least`, the smallest difference that matters.
    pub(crate) fn telling(least: f64) -> Self {
        // Lest rounding ask for one more: a fifth of 0.5 is 0.1.
        let needed = -(least / 5.0).log10() - 1e-9;
        Self(if needed > 0.0 { (needed.ceil() as usize).min(Self::MOST) } else { 0 })
    }

    /// A number.
    pub(crate) fn number(self, value: f64) -> String {
        let text = format!("{value:.*}", self.0);
        // A zero has no sign.
        match text.strip_prefix('-') {
            Some(zero) if zero.bytes().all(|byte| matches!(byte, b'0' | b'.')) => zero.to_owned(),
            _ => text,
        }
    }

    /// A difference with its interval.
    pub(crate) fn interval(self, difference: f64, low: Option<f64>, high: Option<f64>) -> String {
        match (low, high) {
            (Some(low), Some(high)) => {
                format!("{} [{}, {}]", self.number(difference), self.number(low), self.number(high))
            }
            _ => self.number(difference),
        }
    }

    /// The same with the sign of what is above zero.
    pub(crate) fn signed(self, difference: f64, low: Option<f64>, high: Option<f64>) -> String {
        let shown = self.number(difference);
        let sign =
            if difference > 0.0 && shown.bytes().any(|byte| matches!(byte, b'1'..=b'9')) { "+" } else { "" };
        format!("{sign}{}", self.interval(difference, low, high))
    }
}

/// What a comparison could have seen: `gains` as they are told, the margin and the unit.
pub(crate) fn power(gains: &[String], margin: &str, unit: &str) -> String {
    format!(
        "What this comparison could have seen, in four of five such comparisons, whichever the arm: a gain of {}; \
         a difference of {margin} {unit} is not worth naming. Intervals are of each difference alone; verdicts allow for all that \
         is compared, and ask for more.",
        gains.join(", of "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_false_sign() {
        let points = |difference, low, high| Decimals(1).signed(difference, Some(low), Some(high));
        assert_eq!(points(2.31, 1.74, 2.88), "+2.3 [1.7, 2.9]");
        assert_eq!(points(-0.04, -0.31, 0.02), "0.0 [-0.3, 0.0]");
        assert_eq!(points(0.04, -0.31, 0.5), "0.0 [-0.3, 0.5]");
        assert_eq!(Decimals(3).signed(0.0123, None, None), "+0.012");
        assert_eq!(Decimals(1).interval(2.31, Some(1.74), Some(2.88)), "2.3 [1.7, 2.9]");
    }

    #[test]
    fn decimals_tell_what_matters() {
        let of = |least| Decimals::telling(least).0;
        // Half a point, a hundredth of a nat, and what is counted in thousands.
        assert_eq!((of(0.5), of(0.01), of(1_000.0), of(1e-300)), (1, 3, 0, Decimals::MOST));
    }
}
