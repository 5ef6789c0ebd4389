use std::{collections::HashSet, fmt::Display, hash::Hash};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{StudyError, check_sample};

/// One way of training that is compared with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name in tables and figures.
    pub name: String,
    /// All that distinguishes it, as data.
    pub settings: Value,
}

/// One world in which all arms are compared: a data set, a noise level, a budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name in tables and figures.
    pub name: String,
    /// All that distinguishes it, as data.
    pub settings: Value,
}

/// A comparison declared as data: every arm in every setting with every seed.
///
/// ```
/// use cl_study::{Metric, Quiet, Record, Study};
/// use serde_json::json;
///
/// let study = Study::new("demo", [1, 2, 3]).arm("random", json!({"gain": 0.0})).arm("easy", json!({"gain": 0.1}));
/// let results = study.run(None, None, &Quiet, |run| {
///     let gain = run.arm.settings["gain"].as_f64().ok_or("no gain")?;
///     Ok::<_, &str>(Record::new().scalar("accuracy", gain + run.seed as f64 / 10.0))
/// })?;
/// let paired = results.paired("all", "easy", "random", &Metric::scalar("accuracy"))?;
/// assert!((paired.mean_difference - 0.1).abs() < 1e-12);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// What the study is called.
    pub name: String,
    /// The arms compared.
    pub arms: Vec<Arm>,
    /// The settings they are compared in; none declared stands for one, named `all`, without content.
    pub settings: Vec<Setting>,
    /// The seeds, the same for every arm, which makes comparisons paired.
    pub seeds: Vec<u64>,
}

/// One run of a study: what the closure that runs it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// Its place among the settings.
    pub setting_place: usize,
    /// The arm.
    pub arm: &'a Arm,
    /// Its place among the arms.
    pub arm_place: usize,
    /// The seed.
    pub seed: u64,
}

impl Study {
    /// A study without arms yet.
    pub fn new(name: impl Into<String>, seeds: impl Into<Vec<u64>>) -> Self {
        Self { name: name.into(), arms: Vec::new(), settings: Vec::new(), seeds: seeds.into() }
    }

    /// The same with one more arm.
    pub fn arm(mut self, name: impl Into<String>, settings: Value) -> Self {
        self.arms.push(Arm { name: name.into(), settings });
        self
    }

    /// The same with one more setting.
    pub fn setting(mut self, name: impl Into<String>, settings: Value) -> Self {
        self.settings.push(Setting { name: name.into(), settings });
        self
    }

    /// Every run, in the order of the declaration.
    pub fn runs(&self) -> Vec<Run<'_>> {
        let of_arm = |(setting_place, setting), (arm_place, arm)| {
            self.seeds.iter().map(move |&seed| Run { setting, setting_place, arm, arm_place, seed })
        };
        let arms = |setting| self.arms.iter().enumerate().flat_map(move |arm| of_arm(setting, arm));
        self.settings.iter().enumerate().flat_map(arms).collect()
    }

    /// The same with the one setting that stands for none, where all names and seeds are there once.
    pub(crate) fn validated(&self) -> Result<Self, StudyError> {
        for (what, n) in [("arms of the study", self.arms.len()), ("seeds of the study", self.seeds.len())] {
            check_sample(what, &vec![0.0; n], 1)?;
        }
        expect_unique("arms", self.arms.iter().map(|arm| &arm.name))?;
        expect_unique("settings", self.settings.iter().map(|setting| &setting.name))?;
        expect_unique("seeds", &self.seeds)?;
        let study = self.clone();
        Ok(if study.settings.is_empty() { study.setting("all", Value::Null) } else { study })
    }
}

fn expect_unique<T: Display + Eq + Hash>(
    what: &'static str,
    names: impl IntoIterator<Item = T>,
) -> Result<(), StudyError> {
    let mut seen = HashSet::new();
    for name in names {
        let text = name.to_string();
        if !seen.insert(name) {
            return Err(StudyError::Duplicate { what, name: text });
        }
    }
    Ok(())
}
