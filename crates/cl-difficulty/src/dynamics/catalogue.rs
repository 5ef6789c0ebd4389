//! The metrics of the training dynamics by name, and what they are with their options set.

use std::sync::LazyLock;

use cl_data::catalogue::{CatalogueError, Options, find};
use serde::{Deserialize, Serialize};

use super::accumulators::{self, Accumulator, AnyReading};
use super::input::Input;
use super::metric::{self, MetricDescription, Needs, OtherName, Range};
use super::output_kind::OutputKind;
use crate::{error::DifficultyError, scores::Metric};

static METRICS: LazyLock<Vec<metric::Metric<AnyReading>>> = LazyLock::new(accumulators::metrics);

static DESCRIPTIONS: LazyLock<Vec<MetricDescription>> =
    LazyLock::new(|| METRICS.iter().map(|metric| metric.description).collect());

/// Every metric of the training dynamics.
pub fn metrics() -> &'static [MetricDescription] {
    &DESCRIPTIONS
}

/// How the catalogue describes the metric that bears a name: one of [`metrics`], or another name of one with an option
/// set, `loss_mean`, `loss_last` or `loss_ema`.
///
/// ```
/// let loss = cl_difficulty::description_of("loss_last").unwrap();
/// assert_eq!((loss.method.name, loss.higher_is_harder), ("loss", Some(true)));
/// assert!(cl_difficulty::description_of("lost").is_none());
/// ```
pub fn description_of(name: &str) -> Option<&'static MetricDescription> {
    let bears =
        |metric: &&metric::Metric<_>| metric.description.method.name == name || other_name(metric, name).is_some();
    METRICS.iter().find(bears).map(|metric| &metric.description)
}

/// The other name of a metric, where it is one.
fn other_name(metric: &metric::Metric<AnyReading>, name: &str) -> Option<OtherName> {
    metric.other_names.iter().find(|other| other.name == name).copied()
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
    /// What was asked for, where that was not the metric's own name.
    other_name: Option<OtherName>,
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
    /// The metric `name` with `options`, the others at their defaults; `loss_mean`, `loss_last` and `loss_ema` are `loss`
    /// with that average, under the name asked for.
    ///
    /// # Errors
    /// On an unknown metric, option or value: the known ones are named. Where the name and an option differ.
    pub fn parse(name: &str, options: &[(&str, &str)]) -> Result<Self, DifficultyError> {
        let other = METRICS.iter().find_map(|metric| Some((metric, other_name(metric, name)?)));
        let (entry, other) = match other {
            Some((entry, other)) => (entry, Some(other)),
            None => (find("metric", &METRICS, |entry| &entry.description.method, &[], name)?, None),
        };
        let description = &entry.description;
        let mut given = options.to_vec();
        if let Some(OtherName { option, value, .. }) = other
            && !options.iter().any(|(name, _)| *name == option)
        {
            given.push((option, value));
        }
        let mut options = Options::new(&description.method, &given)?;
        if let Some(OtherName { name, option, value }) = other
            && options.text(option)? != value
        {
            return Err(options.invalid(option, format!("{value}, as {name} says")).into());
        }
        let reading = (entry.read)(&mut options)?;
        let range = range(&options)?;
        let name = other.map_or(description.method.name, |other| other.name).to_owned();
        let metric = Metric { name, options: options.values().clone() };
        Ok(Self { metric, other_name: other, description, reading, range })
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

    /// Why it cannot be had with [soft labels](super::DynamicsRecorder::with_soft_labels); `None` where it can.
    ///
    /// ```
    /// use cl_difficulty::MetricSettings;
    ///
    /// assert_eq!(MetricSettings::parse("el2n", &[])?.unavailable_with_soft_labels(), None);
    /// let reason = MetricSettings::parse("aum", &[])?.unavailable_with_soft_labels();
    /// assert_eq!(reason.as_deref(), Some("needs one class per example, the labels are soft"));
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn unavailable_with_soft_labels(&self) -> Option<String> {
        let soft = Input::all_of_soft_labels(self.reading.inputs());
        (!soft).then(|| "needs one class per example, the labels are soft".into())
    }

    /// The metric and its options, defaults among them.
    pub fn metric(&self) -> &Metric {
        &self.metric
    }

    /// Whether a number per example **and class** is kept for it, which decides how much memory a recorder takes.
    pub fn keeps_probabilities(&self) -> bool {
        self.reading.accumulator().keeps_probabilities()
    }

    /// The epochs of its window, so many numbers of which are kept per example.
    pub(crate) fn window(&self) -> Option<usize> {
        self.metric.options.get(metric::WINDOW.name)?.parse().ok()
    }

    /// How many numbers per example a recorder keeps for it, at the least.
    pub(crate) fn n_numbers(&self, n_classes: usize) -> usize {
        self.window().unwrap_or(1).saturating_add(if self.keeps_probabilities() { n_classes } else { 0 })
    }

    /// The name asked for, which is that of its column.
    pub(crate) fn name(&self) -> &'static str {
        self.other_name.map_or(self.description.method.name, |other| other.name)
    }

    /// How the catalogue describes it.
    pub fn description(&self) -> &'static MetricDescription {
        self.description
    }

    /// The first epoch that enters, and the one before which it stops, where there is one.
    pub fn epochs(&self) -> (u64, Option<u64>) {
        (self.range.from, self.range.until)
    }

    /// What must be accumulated for it, and of which epochs.
    pub(crate) fn accumulator(&self) -> (Accumulator, Range) {
        (self.reading.accumulator(), self.range)
    }

    /// Whether it can be had from such outputs, given soft labels that it allows, or none.
    pub(crate) fn check(&self, kind: OutputKind, soft_labels: bool) -> Result<(), DifficultyError> {
        // Of one class the loss tells the error.
        let untold = soft_labels && kind == OutputKind::Losses && self.reading.inputs().contains(&Input::Residual);
        if untold {
            let found = format!("losses of soft labels, of which {} cannot be had", self.metric.name);
            return Err(DifficultyError::argument("outputs", found, "logits or probabilities"));
        }
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
        let of_losses = [
            "l1_error",
            "loss",
            "learning_time",
            "confidence",
            "variability",
            "threshold_closeness",
            "dyn_unc",
            "dual",
        ];
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
        for name in ["loss_mean", "loss_last", "loss_ema"] {
            let loss = MetricSettings::parse(name, &[]).unwrap();
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
    fn a_loss_is_known_by_its_average() {
        for (name, average) in [("loss_mean", "mean"), ("loss_last", "last"), ("loss_ema", "ema")] {
            let plain = MetricSettings::parse("loss", &[("average", average)]).unwrap();
            let named = MetricSettings::parse(name, &[]).unwrap();
            assert_eq!(named.metric.options, plain.metric.options);
            assert_eq!((named.metric.name.as_str(), named.name()), (name, name));
            assert_eq!(named.accumulator(), plain.accumulator());
            assert_eq!(MetricSettings::try_from(Metric::from(named.clone())).unwrap(), named);
            assert_eq!(MetricSettings::parse(name, &[("average", average)]).unwrap(), named);
            assert_eq!(description_of(name), description_of("loss"));
        }
        let error = MetricSettings::parse("loss_last", &[("average", "ema")]).unwrap_err().to_string();
        assert!(error.contains("loss.average is ema, expected last, as loss_last says"), "{error}");
        assert!(MetricSettings::parse("loss_ema", &[("decay", "1")]).is_err());
        assert!(metrics().iter().all(|metric| !metric.method.name.starts_with("loss_")));
        assert!(metrics().iter().all(|metric| description_of(metric.method.name) == Some(metric)));
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
