use std::fmt;

use cl_data::FingerprintBuilder;

use crate::error::PacingError;

/// How proportions go from one knot to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    /// Those of the knot hold until the next.
    Stages,
    /// On a straight line.
    Lines,
}

/// The share of each of K sources at every step: constant, in stages, or along lines.
///
/// ```text
/// stages   p(t) = p_j                                           from the step t_j of knot j on, until t_{j+1}
/// lines    p(t) = p_j + (p_{j+1} - p_j) (t - t_j) / (t_{j+1} - t_j)      within; the first before, the last after
/// sizes    p_k = n_k^a / sum_j n_j^a      a = 1 by size, 0 for equal shares; 1 / a is the temperature
/// ```
///
/// Shares are at least 0 and sum to 1 at every knot, within 1e-6.
///
/// Source: sizes to a power by Conneau et al. (2020), XLM-R, section 3.1 (a = 0.3), and Raffel et al. (2020), T5,
/// section 3.5.2 (temperature).
///
/// ```
/// use cl_pacing::Proportions;
///
/// let proportions = Proportions::lines(vec![(0, vec![0.75, 0.25]), (100, vec![0.25, 0.75])])?;
/// assert_eq!(proportions.at(50), [0.5, 0.5]);
/// assert_eq!(proportions.at(1000), [0.25, 0.75]);
/// assert_eq!(Proportions::of_sizes(&[100, 400], 0.5)?.at(0), [1.0 / 3.0, 2.0 / 3.0]);
/// let error = Proportions::constant(vec![0.7, 0.2]).unwrap_err();
/// assert!(error.to_string().contains("0.9 in sum at step 0"));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Proportions {
    /// In the order of their steps.
    knots: Vec<(u64, Vec<f64>)>,
    between: Between,
}

impl Proportions {
    /// The same shares at every step.
    ///
    /// # Errors
    /// Unless there is a share, all are at least 0, and they sum to 1.
    pub fn constant(shares: Vec<f64>) -> Result<Self, PacingError> {
        Self::stages(vec![(0, shares)])
    }

    /// Shares that change at some steps, the first of which is taken for those before it, too.
    ///
    /// # Errors
    /// As [`constant`](Self::constant) for each stage, and unless steps increase and all stages have as many shares.
    pub fn stages(stages: Vec<(u64, Vec<f64>)>) -> Result<Self, PacingError> {
        Self::new(stages, Between::Stages)
    }

    /// Shares that move in straight lines between some steps.
    ///
    /// # Errors
    /// As [`stages`](Self::stages).
    pub fn lines(knots: Vec<(u64, Vec<f64>)>) -> Result<Self, PacingError> {
        Self::new(knots, Between::Lines)
    }

    /// Shares in proportion to weights.
    ///
    /// # Errors
    /// Unless they are finite and at least 0, with a finite sum above 0: the first that is not is named.
    pub fn weights(weights: &[f64]) -> Result<Self, PacingError> {
        if let Some(at) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
            let value = format!("{} of source {at}", weights[at]);
            return Err(PacingError::argument("weights", value, "finite numbers of at least 0"));
        }
        let sum: f64 = weights.iter().sum();
        if !(sum > 0.0 && sum.is_finite()) {
            return Err(PacingError::argument("weights", format!("{sum} in sum"), "a finite sum above 0"));
        }
        Self::constant(weights.iter().map(|weight| weight / sum).collect())
    }

    /// Shares in proportion to the sizes of the sources, each to a power.
    ///
    /// # Errors
    /// Unless the power is finite, and as [`weights`](Self::weights).
    pub fn of_sizes(sizes: &[usize], power: f64) -> Result<Self, PacingError> {
        PacingError::check("power", power, power.is_finite(), "a finite number, such as 1 or 0.3")?;
        let weights: Vec<f64> = sizes.iter().map(|&size| (size as f64).powf(power)).collect();
        Self::weights(&weights)
    }

    fn new(knots: Vec<(u64, Vec<f64>)>, between: Between) -> Result<Self, PacingError> {
        let n_sources = knots.first().map_or(0, |(_, shares)| shares.len());
        PacingError::check("proportions", n_sources, n_sources > 0, "at least one share")?;
        if let Some(pair) = knots.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            let value = format!("of step {} after step {}", pair[1].0, pair[0].0);
            return Err(PacingError::argument("proportions", value, "steps that increase"));
        }
        for (step, shares) in &knots {
            PacingError::check_length("the list of proportions", shares.len(), n_sources)?;
            if let Some(source) = shares.iter().position(|share| !(*share >= 0.0 && share.is_finite())) {
                let value = format!("{} of source {source} at step {step}", shares[source]);
                return Err(PacingError::argument("proportions", value, "at least 0"));
            }
            let sum: f64 = shares.iter().sum();
            if (sum - 1.0).abs() > 1e-6 {
                // In as many digits as it takes to see that it is not 1.
                let sum = (sum * 1e9).round() / 1e9;
                let value = format!("{sum} in sum at step {step} ({shares:?})");
                return Err(PacingError::argument("proportions", value, "shares that sum to 1"));
            }
        }
        Ok(Self { knots, between })
    }

    /// The number of sources.
    pub fn n_sources(&self) -> usize {
        self.knots[0].1.len()
    }

    /// The share of each source at `step`.
    pub fn at(&self, step: u64) -> Vec<f64> {
        let mut shares = Vec::new();
        self.write(step, &mut shares);
        shares
    }

    /// The same into memory that is used again.
    pub(super) fn write(&self, step: u64, shares: &mut Vec<f64>) {
        shares.clear();
        let next = self.knots.partition_point(|(from, _)| *from <= step);
        let (from, before) = &self.knots[next.saturating_sub(1)];
        match self.knots.get(next) {
            Some((to, after)) if self.between == Between::Lines && next > 0 => {
                let passed = (step - from) as f64 / (to - from) as f64;
                shares.extend(before.iter().zip(after).map(|(before, after)| before + (after - before) * passed));
            }
            _ => shares.extend_from_slice(before),
        }
    }

    /// Adds what decides the shares from `from` up to `to`: the knots within, and both ends.
    pub(super) fn add_to(&self, hash: &mut FingerprintBuilder, from: u64, to: u64) {
        let within = self.knots.iter().map(|(step, _)| *step).filter(|step| *step > from && *step < to);
        for step in [from].into_iter().chain(within).chain([to.saturating_sub(1)]) {
            hash.add([step]);
            hash.add(self.at(step).into_iter().map(f64::to_bits));
        }
    }
}

impl fmt::Display for Proportions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [(_, shares)] = &self.knots[..] {
            return write!(formatter, "{shares:?}");
        }
        formatter.write_str(if self.between == Between::Lines { "lines through " } else { "stages " })?;
        for (at, (step, shares)) in self.knots.iter().enumerate() {
            write!(formatter, "{}{step}: {shares:?}", if at > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Wherever the knots lie, shares are shares at every step.
        #[test]
        fn shares_sum_to_one_everywhere(
            weights in prop::collection::vec(prop::collection::vec(0.001f64..9.0, 4), 1..6), gaps in prop::collection::vec(1u64..40, 6),
            first in 0u64..30, lines: bool, step in 0u64..300,
        ) {
            let mut at = first;
            let knots: Vec<(u64, Vec<f64>)> = weights.iter().zip(gaps).map(|(weights, gap)| {
                at += gap;
                (at, Proportions::weights(weights).unwrap().at(0))
            }).collect();
            let proportions =
                if lines { Proportions::lines(knots.clone()) } else { Proportions::stages(knots.clone()) }.unwrap();
            let shares = proportions.at(step);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            for (source, share) in shares.iter().enumerate() {
                let of = |(_, shares): &(u64, Vec<f64>)| shares[source];
                let (least, most) = (knots.iter().map(of).fold(1.0, f64::min), knots.iter().map(of).fold(0.0, f64::max));
                prop_assert!((least - 1e-12..=most + 1e-12).contains(share));
            }
        }
    }

    #[test]
    fn what_is_no_mixture_is_named() {
        let error = |proportions: Result<Proportions, PacingError>| proportions.unwrap_err().to_string();
        for (error, what) in [
            (error(Proportions::constant(vec![])), "proportions is 0"),
            (error(Proportions::constant(vec![0.5, 0.4])), "0.9 in sum at step 0"),
            (error(Proportions::constant(vec![1.5, -0.5])), "-0.5 of source 1 at step 0"),
            (error(Proportions::constant(vec![f64::NAN, 1.0])), "NaN of source 0"),
            (error(Proportions::lines(vec![(0, vec![1.0, 0.0]), (9, vec![0.5, 0.6])])), "1.1 in sum at step 9"),
            (error(Proportions::stages(vec![(4, vec![1.0]), (4, vec![1.0])])), "of step 4 after step 4"),
            (error(Proportions::stages(vec![(0, vec![1.0]), (4, vec![0.5, 0.5])])), "has 2 entries, expected 1"),
            (error(Proportions::weights(&[0.0, 0.0])), "weights is 0 in sum"),
            (error(Proportions::weights(&[1.0, -1.0])), "weights is -1 of source 1"),
            (error(Proportions::of_sizes(&[3, 4], f64::NAN)), "power is NaN"),
            (error(Proportions::of_sizes(&[0, 4], -1.0)), "inf of source 0"),
        ] {
            assert!(error.contains(what), "{error}");
        }
        assert!(Proportions::constant(vec![0.333, 0.333, 0.334]).is_ok());
        let by_size = Proportions::of_sizes(&[1, 3], 1.0).unwrap();
        assert_eq!(by_size.at(7), [0.25, 0.75]);
        assert_eq!(Proportions::of_sizes(&[1, 3], 0.0).unwrap().at(7), [0.5, 0.5]);
    }
}
