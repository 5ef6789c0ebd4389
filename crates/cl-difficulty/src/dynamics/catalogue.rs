//! The metrics of the training dynamics by name, and what they are with their options set.

use std::sync::LazyLock;

use cl_data::catalogue::{CatalogueError, Options, find};
use serde::{Deserialize, Serialize};

use super::accumulators::{self, Accumulator, AnyReading};
use super::input::Input;
use super::metric::{self, MetricDescription, Needs, Range};
use super::output_kind::OutputKind;
use crate::{error::DifficultyError, scores::Metric};

static METRICS: LazyLock<Vec<metric::Metric<AnyReading>>> = LazyLock::new(accumulators::metrics);

static DESCRIPTIONS: LazyLock<Vec<MetricDescription>> =
    LazyLock::new(|| METRICS.iter().map(|metric| metric.description).collect());

/// Every metric of the training dynamics.
pub fn metrics() -> &'static [MetricDescription] {
    &DESCRIPTIONS
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
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Metric", into = "Metric")]
pub struct MetricSettings {
    metric: Metric,
    description: &'static MetricDescription,
    pub(crate) reading: AnyReading,
    range: Range,
}

/// All the rest follows from the metric.
impl PartialEq for MetricSettings {
    fn eq(&self, other: &Self) -> bool {
        self.metric == other.metric
    }
}

impl MetricSettings {
    /// The metric `name` with `options`, the others at their defaults.
    ///
    /// # Errors
    /// On an unknown metric, option or value: the known ones are named.
    pub fn parse(name: &str, options: &[(&str, &str)]) -> Result<Self, DifficultyError> {
        let entry = find("metric", &METRICS, |entry| &entry.description.method, &[], name)?;
        let description = &entry.description;
        let mut options = Options::new(&description.method, options)?;
        let reading = (entry.read)(&mut options)?;
        let range = range(&options)?;
        let metric = Metric { name: description.method.name.to_owned(), options: options.values().clone() };
        Ok(Self { metric, description, reading, range })
    }

    /// Every metric that outputs of this kind of one training run allow, with its defaults.
    pub fn all(kind: OutputKind) -> Vec<Self> {
        let one_run = metrics().iter().filter(|metric| metric.needs != Needs::SecondSplit);
        let parsed = one_run.filter_map(|metric| Self::parse(metric.method.name, &[]).ok());
        parsed.filter(|settings| settings.unavailable(kind).is_none()).collect()
    }

    /// Why it cannot be had from outputs of this kind; `None` where it can.
    ///
    /// ```
    /// use cl_difficulty::{MetricSettings, OutputKind};
    ///
    /// let aum = MetricSettings::parse("aum", &[])?;
    /// assert_eq!(aum.unavailable(OutputKind::Logits), None);
    /// let reason = aum.unavailable(OutputKind::Probabilities);
    /// assert_eq!(reason.as_deref(), Some("needs logits, the input has probabilities"));
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn unavailable(&self, kind: OutputKind) -> Option<String> {
        let inputs = self.reading.inputs();
        (!Input::all_of(inputs, kind))
            .then(|| format!("needs {}, the input has {}", Input::needed(inputs), in_text(kind)))
    }

    /// The metric and its options, defaults among them.
    pub fn metric(&self) -> &Metric {
        &self.metric
    }

    /// Whether a number per example **and class** is kept for it, which decides how much memory a recorder takes.
    pub fn keeps_probabilities(&self) -> bool {
        self.reading.accumulator().keeps_probabilities()
    }

    /// How the catalogue describes it.
    pub fn description(&self) -> &'static MetricDescription {
        self.description
    }

    /// What must be accumulated for it, and of which epochs.
    pub(crate) fn accumulator(&self) -> (Accumulator, Range) {
        (self.reading.accumulator(), self.range)
    }

    /// Whether it can be had from such outputs.
    pub(crate) fn check(&self, kind: OutputKind) -> Result<(), DifficultyError> {
        if self.unavailable(kind).is_none() {
            return Ok(());
        }
        let found = format!("{}, of which {} cannot be had with its options", in_text(kind), self.metric.name);
        Err(DifficultyError::argument("outputs", found, Input::needed(self.reading.inputs())))
    }
}

/// As a sentence has it.
fn in_text(kind: OutputKind) -> String {
    if kind == OutputKind::Correct { "`correct`".into() } else { kind.to_string() }
}

/// The epochs that enter.
fn range(options: &Options) -> Result<Range, CatalogueError> {
    let from = options.number_if_given("from")?.unwrap_or(0);
    let until = options.number_if_given("until")?;
    match until.is_some_and(|until| until <= from) {
        true => Err(options.invalid("until", "an epoch after option from")),
        false => Ok(Range { from, until }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_catalogue_parses_with_its_defaults() {
        for description in metrics() {
            let settings = MetricSettings::parse(description.method.name, &[]).unwrap();
            assert_eq!(settings.description(), description);
            let known = |key: &String| description.method.parameters.iter().any(|parameter| parameter.name == key);
            assert!(settings.metric.options.keys().all(known));
            assert_eq!(settings.reading.accumulator().order_bound(), description.order_bound);
        }
        assert_eq!(MetricSettings::all(OutputKind::Logits).len(), metrics().len() - 1);
        assert_eq!(MetricSettings::all(OutputKind::Probabilities).len(), metrics().len() - 2);
        assert_eq!(MetricSettings::all(OutputKind::LogProbabilities).len(), metrics().len() - 2);
    }

    #[test]
    fn what_a_kind_allows_is_said_metric_by_metric() {
        let names = |kind| -> Vec<_> {
            MetricSettings::all(kind).iter().map(|settings| settings.metric.name.clone()).collect()
        };
        let of_losses =
            ["l1_error", "loss", "confidence", "variability", "threshold_closeness", "dyn_unc", "dual"];
        assert_eq!(names(OutputKind::Losses), of_losses);
        let of_correct = [
            "forgetting",
            "forgetting_events",
            "never_learned",
            "unforgettable",
            "first_learned",
            "presentations_needed",
            "correctness",
        ];
        assert_eq!(names(OutputKind::Correct), of_correct);
        let reason = |name, kind| MetricSettings::parse(name, &[]).unwrap().unavailable(kind).unwrap();
        for (name, kind, expected) in [
            ("aum", OutputKind::Probabilities, "needs logits, the input has probabilities"),
            ("aum", OutputKind::LogProbabilities, "needs logits, the input has log-probabilities"),
            ("el2n", OutputKind::Losses, "needs logits or probabilities, the input has losses"),
            ("self_confidence", OutputKind::Losses, "needs logits or probabilities, the input has losses"),
            ("correctness", OutputKind::Losses, "needs logits, probabilities or `correct`, the input has losses"),
            ("confidence", OutputKind::Correct, "needs logits, probabilities or losses, the input has `correct`"),
        ] {
            assert_eq!(reason(name, kind), expected);
        }
        for average in ["last", "ema"] {
            let loss = MetricSettings::parse("loss", &[("average", average)]).unwrap();
            assert_eq!(loss.unavailable(OutputKind::Losses), None);
        }
        let aum = MetricSettings::parse("aum", &[("outputs", "probabilities")]).unwrap();
        assert_eq!(aum.unavailable(OutputKind::Probabilities), None);
    }

    /// The compiler tells of an accumulator that nothing takes, too.
    #[test]
    fn every_file_of_an_accumulator_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dynamics");
        for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            let stem = file.file_stem().unwrap().to_str().unwrap();
            let is_one = std::fs::read_to_string(&file).unwrap().contains("\nimpl Accumulate for ");
            assert_eq!(is_one, accumulators::FILES.contains(&stem), "{stem} in accumulators.rs");
        }
        let names: std::collections::BTreeSet<_> = metrics().iter().map(|metric| metric.method.name).collect();
        assert_eq!(names.len(), metrics().len());
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
