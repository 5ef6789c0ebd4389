use serde::{Deserialize, Serialize};

use crate::{
    error::LabError,
    judging::{FEWEST_SEEDS, MOST_SEEDS},
    metric::Metric,
};

/// What a training of one's own scored: arms, the first of which is the baseline, each with one score per seed.
///
/// Seeds are the same for all arms: a gain is the difference of two scores with the same seed, so that what a seed decides beside
/// the arm (first weights, a split) should be the same in both runs. As JSON it is what
/// [`judged`](OwnTraining::judged) takes from other languages.
///
/// ```
/// use cl_lab::own_training::{ArmKind, Decision, OwnTraining, TrainedArm};
///
/// let shuffling = vec![0.91, 0.92, 0.90, 0.93, 0.91, 0.92];
/// let gained = [0.031, 0.028, 0.034, 0.029, 0.030, 0.032];
/// let hard = shuffling.iter().zip(gained).map(|(score, gain)| score + gain).collect();
/// let training = OwnTraining {
///     data: "leaves".into(),
///     n_examples: 5_000,
///     n_updates: 2_000,
///     seeds: (0..6).collect(),
///     arms: vec![
///         TrainedArm::new("shuffling", ArmKind::Other, shuffling),
///         TrainedArm::new("hard-first", ArmKind::Order, hard),
///     ],
///     ..OwnTraining::of_metric("accuracy")
/// };
/// let comparison = training.judged()?;
/// assert_eq!((comparison.arms[0].verdict, comparison.winner.as_deref()), (Decision::Better, Some("hard-first")));
/// assert!((comparison.arms[0].difference - 3.07).abs() < 0.01);
/// # Ok::<(), cl_lab::LabError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnTraining {
    /// The name of the data.
    pub data: String,
    /// Examples that are trained on, pruned ones included.
    pub n_examples: usize,
    /// The budget of every run in updates.
    pub n_updates: u64,
    /// What is compared: a name of [`Metric`], or any other.
    pub metric: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// What differences are told in; none for that of a [`Metric`], of any other metric the metric itself.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// The largest difference that is not worth naming, as the metric has it; none for that of a [`Metric`].
    #[serde(default)]
    pub margin: Option<f64>,
    /// Examples tested on for each other one, where each seed cuts the same data anew, by which intervals are widened (Nadeau and
    /// Bengio 2003); 0 where all are tested on the same examples.
    #[serde(default)]
    pub test_to_train: f64,
    /// The seeds, in the order of the scores.
    pub seeds: Vec<u64>,
    /// An arm that was chosen before any of these scores was seen, and is therefore not corrected for all others.
    #[serde(default)]
    pub chosen: Option<String>,
    /// The arms, the baseline first.
    pub arms: Vec<TrainedArm>,
}

/// An arm, and what it scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainedArm {
    /// By what it is asked for.
    pub arm: String,
    /// Its name in sentences; none for the same.
    #[serde(default)]
    pub name: Option<String>,
    /// What kind of arm it is.
    pub kind: ArmKind,
    /// The arm that does the same without looking at the examples.
    #[serde(default)]
    pub control: Option<String>,
    /// Its settings, in words.
    #[serde(default)]
    pub settings: String,
    /// The score of each seed, as the metric has it.
    pub scores: Vec<f64>,
    /// The examples shown with each seed, each time counted; none where that was not counted.
    #[serde(default)]
    pub examples: Option<Vec<f64>>,
}

/// What kind of arm it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmKind {
    /// When examples are shown.
    Order,
    /// How much they count.
    Weighting,
    /// Whether they are shown at all.
    Pruning,
    /// Anything else.
    Other,
}

impl ArmKind {
    /// All of them, in the order of sentences.
    pub const ALL: [Self; 4] = [Self::Order, Self::Weighting, Self::Pruning, Self::Other];
}

/// What differences are told in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// How many of it a difference of 1 is.
    pub scale: f64,
}

/// Scores beyond this, in the unit shown, are none: their squares would have no room.
const LARGEST: f64 = 1e100;

impl OwnTraining {
    /// Without data, seeds and arms: a metric by the name of a [`Metric`], or any other, of which more is better.
    pub fn of_metric(metric: impl Into<String>) -> Self {
        let metric = metric.into();
        let higher_is_better = known(&metric).is_none_or(Metric::higher_is_better);
        Self {
            data: "own data".into(),
            n_examples: 0,
            n_updates: 0,
            metric,
            higher_is_better,
            unit: None,
            margin: None,
            test_to_train: 0.0,
            seeds: Vec::new(),
            chosen: None,
            arms: Vec::new(),
        }
    }

    /// The unit of differences, checked.
    pub(super) fn unit(&self) -> Result<Unit, LabError> {
        let unit = match (&self.unit, known(&self.metric)) {
            (Some(unit), _) => unit.clone(),
            (None, Some(metric)) => {
                let (name, scale) = metric.unit();
                Unit { name: name.into(), scale }
            }
            (None, None) => Unit { name: self.metric.clone(), scale: 1.0 },
        };
        if unit.name.trim().is_empty() {
            return Err(LabError::argument("unit", format!("{:?}", unit.name), "a name"));
        }
        if !(unit.scale > 0.0 && unit.scale <= LARGEST) {
            return Err(LabError::argument("unit scale", unit.scale, "a finite number above 0"));
        }
        Ok(unit)
    }

    /// The largest difference that is not worth naming, as the metric has it, checked.
    pub(super) fn margin(&self) -> Result<f64, LabError> {
        let default = || known(&self.metric).map(Metric::default_margin);
        let Some(margin) = self.margin.or_else(default) else {
            let names = Metric::ALL.map(Metric::name).join(", ");
            let expected = format!(
                "the largest difference that is not worth naming: only {names} have one that is taken where none is given"
            );
            return Err(LabError::argument("margin", format!("not given for {}", self.metric), expected));
        };
        if !(0.0..=LARGEST).contains(&margin) {
            return Err(LabError::argument("margin", margin, "a finite number of at least 0"));
        }
        Ok(margin)
    }

    /// How much better `value` is than `other`.
    pub(super) fn gain(&self, value: f64, other: f64) -> f64 {
        if self.higher_is_better { value - other } else { other - value }
    }

    /// The place of each arm's control.
    pub(super) fn controls(&self) -> Vec<Option<usize>> {
        let place = |name: &String| self.arms.iter().position(|arm| arm.arm == *name);
        self.arms.iter().map(|arm| arm.control.as_ref().and_then(place)).collect()
    }

    /// Checks everything but unit and margin.
    pub(super) fn check(&self) -> Result<(), LabError> {
        for (argument, text) in [("metric", &self.metric), ("data", &self.data)] {
            if text.trim().is_empty() {
                return Err(LabError::argument(argument, format!("{text:?}"), "a name"));
            }
        }
        if let Some(metric) = known(&self.metric)
            && metric.higher_is_better() != self.higher_is_better
        {
            let expected = format!("{}, for so {metric} is, or another name", metric.higher_is_better());
            return Err(LabError::argument("higher_is_better", self.higher_is_better, expected));
        }
        if self.n_examples == 0 {
            return Err(LabError::argument("n_examples", 0, "at least 1"));
        }
        if self.n_updates == 0 {
            return Err(LabError::argument("n_updates", 0, "at least 1"));
        }
        if !(0.0..=LARGEST).contains(&self.test_to_train) {
            return Err(LabError::argument("test_to_train", self.test_to_train, "a finite ratio of at least 0"));
        }
        self.check_seeds()?;
        self.check_arms()?;
        self.arms.iter().try_for_each(|arm| self.check_scores(arm))
    }

    fn check_seeds(&self) -> Result<(), LabError> {
        let n = self.seeds.len();
        if !(FEWEST_SEEDS..=MOST_SEEDS).contains(&n) {
            let expected =
                format!("at least {FEWEST_SEEDS}, for fewer repetitions decide nothing, and at most {MOST_SEEDS}");
            return Err(LabError::argument("seeds", n, expected));
        }
        let twice = (1..n).find(|&at| self.seeds[..at].contains(&self.seeds[at]));
        match twice {
            Some(at) => {
                let expected = "each seed once, for the same run twice tells nothing more";
                Err(LabError::argument("seeds", format!("{} more than once", self.seeds[at]), expected))
            }
            None => Ok(()),
        }
    }

    fn check_arms(&self) -> Result<(), LabError> {
        if self.arms.len() < 2 {
            let names: Vec<&str> = self.arms.iter().map(|arm| arm.arm.as_str()).collect();
            let found = if names.is_empty() { "empty".into() } else { format!("{} alone", names.join(", ")) };
            return Err(LabError::argument("arms", found, "a baseline and at least one arm to compare with it"));
        }
        let known = |name: &String| self.arms.iter().any(|arm| arm.arm == *name);
        let others: Vec<&str> = self.arms.iter().skip(1).map(|arm| arm.arm.as_str()).collect();
        for (at, arm) in self.arms.iter().enumerate() {
            if arm.arm.trim().is_empty() {
                return Err(LabError::argument("arms", format!("{:?}", arm.arm), "a name for each arm"));
            }
            if self.arms[..at].iter().any(|other| other.arm == arm.arm) {
                let value = format!("{} more than once", arm.arm);
                return Err(LabError::argument("arms", value, "another name for each arm"));
            }
            let Some(control) = &arm.control else { continue };
            let refused = |expected: String| {
                Err(LabError::argument(format!("control of arm {}", arm.arm), control, expected))
            };
            if at == 0 {
                return refused("none, for it is what all others are compared with".into());
            }
            if *control == arm.arm || *control == self.arms[0].arm {
                return refused("an arm beside it and the baseline, or none".into());
            }
            if !known(control) {
                return refused(format!("one of {}", others.join(", ")));
            }
        }
        match &self.chosen {
            Some(chosen) if !others.contains(&chosen.as_str()) => {
                Err(LabError::argument("chosen", chosen, format!("one of {}", others.join(", "))))
            }
            _ => Ok(()),
        }
    }

    fn check_scores(&self, arm: &TrainedArm) -> Result<(), LabError> {
        let n = self.seeds.len();
        let examples = arm.examples.as_ref();
        for (what, found) in
            [("scores", Some(arm.scores.len())), ("examples", examples.map(|examples| examples.len()))]
        {
            if let Some(found) = found
                && found != n
            {
                let argument = format!("{what} of arm {}", arm.arm);
                return Err(LabError::argument(argument, found, format!("{n}, one per seed")));
            }
        }
        let scale = self.unit()?.scale;
        for (&seed, &score) in self.seeds.iter().zip(&arm.scores) {
            let size = (scale * score).abs();
            if !(size <= LARGEST && score.abs() <= LARGEST) {
                let argument = format!("score of arm {} with seed {seed}", arm.arm);
                return Err(LabError::argument(argument, score, "a finite number"));
            }
        }
        for (&seed, &count) in self.seeds.iter().zip(examples.into_iter().flatten()) {
            if !(0.0..=LARGEST).contains(&count) {
                let argument = format!("examples of arm {} with seed {seed}", arm.arm);
                return Err(LabError::argument(argument, count, "a finite count of at least 0"));
            }
        }
        Ok(())
    }
}

impl TrainedArm {
    /// An arm without control and settings.
    pub fn new(arm: impl Into<String>, kind: ArmKind, scores: Vec<f64>) -> Self {
        Self { arm: arm.into(), name: None, kind, control: None, settings: String::new(), scores, examples: None }
    }

    /// The same with the arm that does the same without looking at the examples.
    pub fn with_control(mut self, control: impl Into<String>) -> Self {
        self.control = Some(control.into());
        self
    }

    /// Its name in sentences.
    pub(super) fn words(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.arm.clone())
    }
}

/// The metric of this name, as Python's libraries write it, too.
fn known(name: &str) -> Option<Metric> {
    name.replace('_', "-").parse().ok()
}
