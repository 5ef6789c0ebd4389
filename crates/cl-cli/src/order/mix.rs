//! `--mix`: several sources, and their proportions over the steps.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail};
use cl_pacing::Proportions;
use clap::{Args, ValueEnum};

/// A mixture of sources.
#[derive(Args)]
pub(super) struct MixArguments {
    /// Mix several tables in these proportions, which sum to 1: a share, FROM..TO on a line over the run, or
    /// STEP:SHARE/STEP:SHARE/...; each is shown without replacement, in epochs of its own
    #[arg(
        long,
        value_name = "FILE=SHARE,...",
        value_delimiter = ',',
        conflicts_with_all = [
            "scores", "column", "join_weights", "high_is", "order", "order_param", "permutation", "labels", "pacing",
            "a", "b", "param", "sampler", "sampler_param", "token_budget", "lengths", "weights",
        ]
    )]
    pub(super) mix: Vec<MixedSource>,
    /// Proportions as the sizes of the sources to this power, where --mix names no shares: 1 by size, 0 for equal ones
    #[arg(long, value_name = "POWER", requires = "mix", allow_negative_numbers = true)]
    mix_power: Option<f64>,
    /// How shares go from one STEP to the next
    #[arg(long, value_enum, requires = "mix", default_value_t = Between::Lines)]
    mix_between: Between,
    /// Take the shares for weights, which need not sum to 1
    #[arg(long, requires = "mix")]
    mix_weights: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Between {
    /// On straight lines
    Lines,
    /// Each holds until the next
    Stages,
}

/// A source as it is named.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MixedSource {
    pub(super) path: PathBuf,
    share: Option<Share>,
}

#[derive(Debug, Clone, PartialEq)]
enum Share {
    /// The same throughout.
    Constant(f64),
    /// From one at step 0 to another at the end.
    Line(f64, f64),
    /// At some steps, which increase.
    Knots(Vec<(u64, f64)>),
}

impl FromStr for MixedSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((path, share)) = text.rsplit_once('=') else {
            return Ok(Self { path: text.into(), share: None });
        };
        let number = |text: &str| {
            let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
            number.ok_or_else(|| format!("the share of {path} is {text:?}, expected a number of at least 0"))
        };
        let share = if let Some((from, to)) = share.split_once("..") {
            Share::Line(number(from)?, number(to)?)
        } else if share.contains(':') {
            let knot = |knot: &str| {
                let (step, share) = knot.split_once(':').unwrap_or((knot, ""));
                let step = step.trim().parse::<u64>();
                let step =
                    step.map_err(|_| format!("{knot:?} of {path}, expected STEP:SHARE, such as 1000:0.2"))?;
                Ok((step, number(share)?))
            };
            let knots: Vec<(u64, f64)> = share.split('/').map(knot).collect::<Result<_, String>>()?;
            if !knots.is_sorted_by(|a, b| a.0 < b.0) {
                return Err(format!("{share} of {path}, expected steps that increase"));
            }
            Share::Knots(knots)
        } else {
            Share::Constant(number(share)?)
        };
        Ok(Self { path: path.into(), share: Some(share) })
    }
}

impl Share {
    fn steps(&self, total: Option<u64>) -> Vec<u64> {
        match self {
            Self::Constant(_) => vec![0],
            Self::Line(..) => [0].into_iter().chain(total).collect(),
            Self::Knots(knots) => knots.iter().map(|&(step, _)| step).collect(),
        }
    }

    fn at(&self, step: u64, total: Option<u64>, between: Between) -> f64 {
        let knots = match self {
            Self::Constant(share) => return *share,
            Self::Line(from, to) => vec![(0, *from), (total.unwrap_or(u64::MAX), *to)],
            Self::Knots(knots) => knots.clone(),
        };
        let next = knots.partition_point(|&(from, _)| from <= step);
        let (from, before) = knots[next.saturating_sub(1)];
        match knots.get(next) {
            Some(&(to, after)) if between == Between::Lines && next > 0 => {
                before + (after - before) * ((step - from) as f64 / (to - from) as f64)
            }
            _ => before,
        }
    }
}

impl MixArguments {
    /// The proportions of sources of these sizes over a run of `total` steps.
    pub(super) fn proportions(&self, sizes: &[usize], total: Option<u64>) -> anyhow::Result<Proportions> {
        let shares: Vec<&Share> = self.mix.iter().filter_map(|source| source.share.as_ref()).collect();
        if shares.is_empty() {
            let power =
                self.mix_power.context("--mix names no shares, expected FILE=SHARE of each, or --mix-power")?;
            return Proportions::of_sizes(sizes, power).context("--mix-power");
        }
        if let Some(source) = self.mix.iter().find(|source| source.share.is_none()) {
            bail!("--mix: {} has no share, expected FILE=SHARE of each, or of none", source.path.display());
        }
        if self.mix_power.is_some() {
            bail!("--mix names shares, expected none with --mix-power");
        }
        if shares.iter().any(|share| matches!(share, Share::Line(..))) {
            if self.mix_between == Between::Stages {
                bail!("--mix has FROM..TO, a line, expected STEP:SHARE with --mix-between stages");
            }
            if total.is_none_or(|total| total == 0) {
                bail!("--mix has FROM..TO, expected --total-steps T, the steps that it is over");
            }
        }
        let steps: BTreeSet<u64> = shares.iter().flat_map(|share| share.steps(total)).collect();
        let knot = |step: u64| -> anyhow::Result<(u64, Vec<f64>)> {
            let mut at: Vec<f64> = shares.iter().map(|share| share.at(step, total, self.mix_between)).collect();
            if self.mix_weights {
                at = Proportions::weights(&at).with_context(|| format!("--mix at step {step}"))?.at(0);
            }
            Ok((step, at))
        };
        let knots = steps.into_iter().map(knot).collect::<anyhow::Result<Vec<_>>>()?;
        match self.mix_between {
            Between::Lines => Proportions::lines(knots),
            Between::Stages => Proportions::stages(knots),
        }
        .context("--mix")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read() {
        let read = |text: &str| text.parse::<MixedSource>().map(|source| source.share);
        assert_eq!(read("a.csv"), Ok(None));
        assert_eq!(read("a=b.csv=0.5"), Ok(Some(Share::Constant(0.5))));
        assert_eq!(read("a.csv=0.7..0.2"), Ok(Some(Share::Line(0.7, 0.2))));
        assert_eq!(read("a.csv=0:1/50:0.25"), Ok(Some(Share::Knots(vec![(0, 1.0), (50, 0.25)]))));
        for (text, expected) in [
            ("a.csv=much", "the share of a.csv is \"much\""),
            ("a.csv=-0.5", "at least 0"),
            ("a.csv=0.5..", "is \"\""),
            ("a.csv=x:0.5", "expected STEP:SHARE"),
            ("a.csv=5:0.5/5:0.6", "steps that increase"),
        ] {
            assert!(read(text).unwrap_err().contains(expected), "{text}");
        }
    }
}
