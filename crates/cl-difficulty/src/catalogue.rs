//! The metrics of the training dynamics by name: what they are, what they need, which options they take.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::dynamics::{Accumulator, Margins, Quantity, Range, View};
use crate::{DifficultyError, Metric, NeverLearned};

/// What a metric must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Needs {
    /// Logits or probabilities, in training order or not.
    Outputs,
    /// Logits: probabilities do not tell them.
    Logits,
    /// Logits or probabilities of the **first** split while the network is trained on a second one.
    SecondSplit,
}

/// A metric as a list of metrics shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricDescription {
    /// Its name, which is the name of its column, too.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// The columns that it yields.
    pub columns: &'static [&'static str],
    /// What it must be given.
    pub needs: Needs,
    /// Its options and what they mean.
    pub options: &'static [(&'static str, &'static str)],
    /// Whether a high value means a hard example; `None` where it is neither.
    pub higher_is_harder: Option<bool>,
    /// Whether the epochs of an example must come in increasing order.
    pub order_bound: bool,
}

const FROM: (&str, &str) = ("from", "the first epoch that enters, counted as the log counts (default: the first)");
const UNTIL: (&str, &str) = ("until", "the epoch before which to stop (default: after the last)");
const WINDOW: (&str, &str) = ("window", "epochs per window, J, at least 2 (default 4)");
const EPOCHS: (&str, &str) = ("epochs", "how many epochs of each example enter, T, at least J (default all, E)");
const AVERAGED: (&str, &str) =
    ("probabilities", "of which the score is taken: mean (over epochs, default) or last");
const RANGE: &[(&str, &str)] = &[FROM, UNTIL];

/// `order` is "free" or "bound": whether epochs may come in any order.
const fn metric(
    columns: &'static [&'static str; 1],
    summary: &'static str,
    options: &'static [(&'static str, &'static str)],
    higher_is_harder: Option<bool>,
    order_bound: bool,
) -> MetricDescription {
    let name = columns[0];
    MetricDescription { name, summary, columns, needs: Needs::Outputs, options, higher_is_harder, order_bound }
}

const HARD: Option<bool> = Some(true);
const EASY: Option<bool> = Some(false);

static METRICS: &[MetricDescription] = &[
    metric(&["el2n"], "mean L2 norm of p - onehot(y)", RANGE, HARD, false),
    metric(&["l1_error"], "mean L1 norm of p - onehot(y), which is 2 (1 - p_y)", RANGE, HARD, false),
    metric(
        &["loss"],
        "cross-entropy in nats: its mean, its last value or its moving average",
        &[
            ("average", "mean (over epochs, default), last or ema (epochs in order)"),
            ("decay", "what the moving average keeps of itself per epoch, in [0, 1) (default 0.9)"),
            FROM,
            UNTIL,
        ],
        HARD,
        false,
    ),
    metric(
        &["forgetting"],
        "right-to-wrong transitions between consecutive presentations",
        &[
            (
                "never_learned",
                "what one never learned scores: toneva (its presentations, default), infinite, cartography (1000) or zero",
            ),
            FROM,
            UNTIL,
        ],
        HARD,
        true,
    ),
    metric(
        &["forgetting_events"],
        "forgetting as a raw count, 0 where never learned: no score",
        RANGE,
        None,
        true,
    ),
    metric(&["never_learned"], "whether it was never right", RANGE, HARD, true),
    metric(&["unforgettable"], "whether it was learned and never forgotten", RANGE, EASY, true),
    metric(&["first_learned"], "the first right presentation, from 0; -1 where never right", RANGE, None, true),
    metric(&["presentations_needed"], "the last wrong presentation + 1, from 0", RANGE, HARD, true),
    metric(&["confidence"], "mean p_y", RANGE, EASY, false),
    metric(&["variability"], "population standard deviation of p_y", RANGE, HARD, false),
    metric(&["correctness"], "in how many epochs it was right", RANGE, EASY, false),
    metric(&["threshold_closeness"], "confidence (1 - confidence)", RANGE, HARD, false),
    MetricDescription {
        needs: Needs::Logits,
        ..metric(
            &["aum"],
            "area under the margin: mean of z_y - the largest other logit",
            &[("outputs", "whose margins: logits (default) or probabilities"), FROM, UNTIL],
            EASY,
            false,
        )
    },
    metric(&["entropy"], "entropy of p in nats, last epoch", RANGE, HARD, false),
    metric(&["least_confidence"], "1 - max p, last epoch", RANGE, HARD, false),
    metric(&["margin"], "largest minus second largest p, last epoch", RANGE, EASY, false),
    metric(
        &["dyn_unc"],
        "Dyn-Unc: mean over windows of the sample standard deviation of p_y",
        &[WINDOW, FROM, UNTIL],
        HARD,
        true,
    ),
    metric(
        &["dual"],
        "DUAL: mean over windows of the sample standard deviation of p_y times (1 - window mean)",
        &[WINDOW, EPOCHS, FROM, UNTIL],
        HARD,
        true,
    ),
    metric(
        &["tdds"],
        "TDDS: deviations of the divergence between epochs, averaged over windows with decay",
        &[WINDOW, EPOCHS, FROM, UNTIL],
        HARD,
        true,
    ),
    metric(&["self_confidence"], "label quality p_y", &[AVERAGED, FROM, UNTIL], EASY, false),
    metric(
        &["normalized_margin"],
        "label quality (p_y - the largest other p + 1) / 2",
        &[AVERAGED, FROM, UNTIL],
        EASY,
        false,
    ),
    metric(
        &["confidence_weighted_entropy"],
        "label quality ln(1 + H / p_y) p_y / H with normalised entropy H",
        &[
            AVERAGED,
            (
                "certain",
                "a right example with H = 0 scores: limit (1, default) or cleanlab (about 0, as that code has it)",
            ),
            FROM,
            UNTIL,
        ],
        EASY,
        false,
    ),
    MetricDescription {
        needs: Needs::SecondSplit,
        ..metric(
            &["second_split_forgetting"],
            "the presentation from which it stays wrong while another split is trained; E where never forgotten",
            RANGE,
            EASY,
            true,
        )
    },
];

/// Every metric of the training dynamics.
pub fn metrics() -> &'static [MetricDescription] {
    METRICS
}

/// A metric with its options set and checked.
///
/// ```
/// use cl_difficulty::MetricSettings;
///
/// let tdds = MetricSettings::parse("tdds", &[("window", "10"), ("epochs", "30")])?;
/// assert_eq!(tdds.metric().options["window"], "10");
/// assert!(MetricSettings::parse("tdss", &[]).unwrap_err().to_string().contains("tdds"));
/// assert!(MetricSettings::parse("tdds", &[("windows", "4")]).unwrap_err().to_string().contains("window"));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Metric", into = "Metric")]
pub struct MetricSettings {
    pub(crate) metric: Metric,
    pub(crate) accumulator: Accumulator,
    pub(crate) view: View,
    pub(crate) range: Range,
}

impl MetricSettings {
    /// The metric `name` with `options`, the others at their defaults.
    ///
    /// # Errors
    /// On an unknown metric, option or value: the known ones are named.
    pub fn parse(name: &str, options: &[(&str, &str)]) -> Result<Self, DifficultyError> {
        let description = describe(name)?;
        let mut metric = Metric::new(name);
        for &(key, value) in options {
            if !description.options.iter().any(|(known, _)| *known == key) {
                let known = description.options.iter().map(|(known, _)| *known);
                return Err(unknown("option", format!("{name}.{key}"), known));
            }
            if metric.options.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(DifficultyError::InvalidOption {
                    option: format!("{name}.{key}"),
                    value: value.to_owned(),
                    expected: "to be given once".into(),
                });
            }
        }
        let mut reader = Options { metric };
        let (accumulator, view) = reader.accumulator(name)?;
        let from = reader.number::<u64>("from", "an epoch, a whole number")?.unwrap_or(0);
        let until = reader.number::<u64>("until", "an epoch, a whole number")?;
        if until.is_some_and(|until| until <= from) {
            return Err(reader.invalid("until", "an epoch after option from"));
        }
        Ok(Self { metric: reader.metric, accumulator, view, range: Range { from, until } })
    }

    /// Every metric that logits (or, without `logits`, probabilities) of one training run allow, with its
    /// defaults.
    pub fn all(logits: bool) -> Vec<Self> {
        let allowed = |description: &&MetricDescription| match description.needs {
            Needs::Outputs => true,
            Needs::Logits => logits,
            Needs::SecondSplit => false,
        };
        let parsed = METRICS.iter().filter(allowed).map(|description| Self::parse(description.name, &[]));
        parsed.filter_map(Result::ok).collect()
    }

    /// The metric and its options, defaults among them.
    pub fn metric(&self) -> &Metric {
        &self.metric
    }

    /// Whether a number per example **and class** is kept for it, which decides how much memory a recorder takes.
    pub fn keeps_probabilities(&self) -> bool {
        matches!(self.accumulator, Accumulator::Tdds { .. } | Accumulator::MeanProbabilities)
    }

    /// How the catalogue describes it.
    ///
    /// # Errors
    /// Where the settings were read from a file that names an unknown metric.
    pub fn description(&self) -> Result<&'static MetricDescription, DifficultyError> {
        describe(&self.metric.name)
    }
}

impl TryFrom<Metric> for MetricSettings {
    type Error = DifficultyError;

    fn try_from(metric: Metric) -> Result<Self, DifficultyError> {
        let options: Vec<_> = metric.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        Self::parse(&metric.name, &options)
    }
}

impl From<MetricSettings> for Metric {
    fn from(settings: MetricSettings) -> Self {
        settings.metric
    }
}

fn describe(name: &str) -> Result<&'static MetricDescription, DifficultyError> {
    let found = METRICS.iter().find(|description| description.name == name);
    found.ok_or_else(|| unknown("metric", name.to_owned(), METRICS.iter().map(|description| description.name)))
}

fn unknown(what: &'static str, name: String, known: impl Iterator<Item = &'static str>) -> DifficultyError {
    DifficultyError::Unknown { what, name, known: known.collect::<Vec<_>>().join(", ") }
}

/// The options of one metric while they are read; defaults are written back.
struct Options {
    metric: Metric,
}

impl Options {
    fn invalid(&self, key: &str, expected: impl Into<String>) -> DifficultyError {
        DifficultyError::InvalidOption {
            option: format!("{}.{key}", self.metric.name),
            value: self.metric.options.get(key).cloned().unwrap_or_default(),
            expected: expected.into(),
        }
    }

    fn number<N: FromStr>(&self, key: &str, expected: &str) -> Result<Option<N>, DifficultyError> {
        let value = self.metric.options.get(key);
        value.map(|value| value.parse().map_err(|_| self.invalid(key, expected))).transpose()
    }

    fn number_or<N: FromStr + Display + Copy>(
        &mut self,
        key: &str,
        default: N,
        expected: &str,
    ) -> Result<N, DifficultyError> {
        let value = self.number(key, expected)?.unwrap_or(default);
        self.metric.options.insert(key.to_owned(), value.to_string());
        Ok(value)
    }

    /// The first choice is the default.
    fn choice(&mut self, key: &str, choices: &'static [&'static str]) -> Result<&'static str, DifficultyError> {
        let value = self.metric.options.entry(key.to_owned()).or_insert_with(|| choices[0].to_owned());
        let found = choices.iter().find(|choice| *choice == value).copied();
        found.ok_or_else(|| self.invalid(key, format!("one of {}", choices.join(", "))))
    }

    fn window(&mut self) -> Result<usize, DifficultyError> {
        let expected = "a number of epochs, at least 2 and at most 65536";
        let window = self.number_or("window", 4, expected)?;
        if (2..=65_536).contains(&window) { Ok(window) } else { Err(self.invalid("window", expected)) }
    }

    fn epochs(&self, window: usize) -> Result<Option<u32>, DifficultyError> {
        let expected = "a number of epochs, at least the window";
        let epochs: Option<u32> = self.number("epochs", expected)?;
        if epochs.is_some_and(|epochs| (epochs as usize) < window) {
            return Err(self.invalid("epochs", expected));
        }
        Ok(epochs)
    }

    fn averaged(&mut self, quantity: Quantity) -> Result<(Accumulator, View), DifficultyError> {
        Ok(match self.choice("probabilities", &["mean", "last"])? {
            "last" => (Accumulator::LastEpoch(quantity), View::Value),
            _ => (Accumulator::MeanProbabilities, View::Quality(quantity)),
        })
    }

    fn accumulator(&mut self, name: &str) -> Result<(Accumulator, View), DifficultyError> {
        Ok(match name {
            "el2n" => (Accumulator::El2n, View::Value),
            "l1_error" => (Accumulator::L1Error, View::Value),
            "loss" => match self.choice("average", &["mean", "last", "ema"])? {
                "last" => (Accumulator::LastEpoch(Quantity::Loss), View::Value),
                "ema" => {
                    let decay = self.number_or("decay", 0.9, "a number in [0, 1)")?;
                    if !(0.0..1.0).contains(&decay) {
                        return Err(self.invalid("decay", "a number in [0, 1)"));
                    }
                    (Accumulator::LossAverage { decay }, View::Value)
                }
                _ => (Accumulator::MeanLoss, View::Value),
            },
            "forgetting" => {
                let rule: NeverLearned =
                    self.choice("never_learned", &["toneva", "infinite", "cartography", "zero"])?.parse()?;
                (Accumulator::Forgetting, View::Forgetting(rule))
            }
            "forgetting_events" => (Accumulator::Forgetting, View::ForgettingEvents),
            "never_learned" => (Accumulator::Forgetting, View::NeverLearned),
            "unforgettable" => (Accumulator::Forgetting, View::Unforgettable),
            "first_learned" => (Accumulator::LearningTime, View::FirstLearned),
            "presentations_needed" => (Accumulator::LearningTime, View::PresentationsNeeded),
            "second_split_forgetting" => (Accumulator::LearningTime, View::SecondSplitForgetting),
            "confidence" => (Accumulator::Cartography, View::Confidence),
            "variability" => (Accumulator::Cartography, View::Variability),
            "correctness" => (Accumulator::Cartography, View::Correctness),
            "threshold_closeness" => (Accumulator::Cartography, View::ThresholdCloseness),
            "aum" => match self.choice("outputs", &["logits", "probabilities"])? {
                "probabilities" => (Accumulator::Aum(Margins::Probabilities), View::Value),
                _ => (Accumulator::Aum(Margins::Logits), View::Value),
            },
            "entropy" => (Accumulator::LastEpoch(Quantity::Entropy), View::Value),
            "least_confidence" => (Accumulator::LastEpoch(Quantity::LeastConfidence), View::Value),
            "margin" => (Accumulator::LastEpoch(Quantity::Margin), View::Value),
            "dyn_unc" => (Accumulator::DynUnc { window: self.window()? }, View::Value),
            "dual" => {
                let window = self.window()?;
                (Accumulator::Dual { window, epochs: self.epochs(window)? }, View::Value)
            }
            "tdds" => {
                let window = self.window()?;
                (Accumulator::Tdds { window, epochs: self.epochs(window)? }, View::Value)
            }
            "self_confidence" => self.averaged(Quantity::SelfConfidence)?,
            "normalized_margin" => self.averaged(Quantity::NormalizedMargin)?,
            "confidence_weighted_entropy" => {
                let cleanlab = self.choice("certain", &["limit", "cleanlab"])? == "cleanlab";
                self.averaged(Quantity::ConfidenceWeightedEntropy { cleanlab })?
            }
            _ => return Err(unknown("metric", name.to_owned(), METRICS.iter().map(|metric| metric.name))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_catalogue_parses_with_its_defaults() {
        for description in metrics() {
            let settings = MetricSettings::parse(description.name, &[]).unwrap();
            assert_eq!(settings.description().unwrap(), description);
            assert!(settings.metric.options.keys().all(|key| description.options.iter().any(|(k, _)| k == key)));
        }
        assert_eq!(MetricSettings::all(true).len(), metrics().len() - 1);
        assert_eq!(MetricSettings::all(false).len(), metrics().len() - 2);
    }

    #[test]
    fn what_is_unknown_is_refused_with_what_is_known() {
        let error = |name, options: &[(&str, &str)]| MetricSettings::parse(name, options).unwrap_err().to_string();
        assert!(error("aumm", &[]).contains("aum, "), "{}", error("aumm", &[]));
        assert!(error("dual", &[("T", "30")]).contains("window, epochs"));
        assert!(error("dual", &[("epochs", "3")]).contains("at least the window"));
        assert!(error("dyn_unc", &[("window", "1")]).contains("at least 2"));
        assert!(error("loss", &[("average", "median")]).contains("mean, last, ema"));
        assert!(error("loss", &[("average", "ema"), ("decay", "1")]).contains("[0, 1)"));
        assert!(error("el2n", &[("from", "5"), ("until", "5")]).contains("after"));
        assert!(error("el2n", &[("from", "5"), ("from", "6")]).contains("once"));
    }
}
