use std::{io::Write as _, path::Path, time::Duration};

use cl_data::{FingerprintBuilder, io::write_atomically};
use serde::{Deserialize, Serialize};

use super::{facts::DataFacts, options::Checked, plan::Plan};
use crate::{error::LabError, problem::Problem};

/// What is kept beside the journals, by which a comparison that goes on is known to be the same one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) version: u32,
    pub(super) data: DataFacts,
    pub(super) content: String,
    pub(super) checked: Checked,
    pub(super) time_limit: Option<Duration>,
    pub(super) plan: Plan,
    /// Repetitions run, once time has ended.
    pub(super) ended_at: Option<usize>,
}

/// The hash of all that decides a run and that ids and labels do not tell: numbers, groups, scores and the test set.
pub(super) fn content(problem: &Problem) -> String {
    let mut hash = FingerprintBuilder::default();
    for data in std::iter::once(problem.data()).chain(problem.test()) {
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
        hash.add_u32s(&bits(data.features().as_slice()));
        (0..data.n_examples()).for_each(|example| hash.add_u32s(&bits(data.targets(example))));
        hash.add(data.labels().iter().map(|&label| label as u64));
    }
    hash.add(problem.groups().unwrap_or_default().iter().map(|&group| group as u64));
    hash.add(problem.difficulty().unwrap_or_default().iter().map(|score| score.to_bits()));
    hash.fingerprint().to_string()
}

impl Saved {
    const NAME: &'static str = "plan.json";

    pub(super) fn read(folder: &Path) -> Result<Option<Self>, LabError> {
        let path = folder.join(Self::NAME);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|source| LabError::Io { path: path.clone(), source })?,
        };
        let kept = serde_json::from_str(&text).map_err(|problem| LabError::Configuration {
            path,
            problem: format!("{problem}, expected the plan of a comparison; remove the folder to begin anew"),
        })?;
        Ok(Some(kept))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), LabError> {
        let path = folder.join(Self::NAME);
        let failed = |source| LabError::Io { path: path.clone(), source };
        std::fs::create_dir_all(folder.join("journals")).map_err(failed)?;
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        Ok(write_atomically(&path, |file| file.write_all(text.as_bytes()))?)
    }

    /// The same, where it is of the same data and options.
    pub(super) fn expect(
        self,
        data: &DataFacts,
        content: &str,
        checked: &Checked,
        time_limit: Option<Duration>,
    ) -> Result<Self, LabError> {
        let other = |what: &str, found: String, expected: String| {
            let value = format!("of a comparison with {what} {found}");
            let expected = format!("one with {expected}, or another folder");
            Err(LabError::argument("folder", value, expected))
        };
        if self.data != *data {
            let name =
                |data: &DataFacts| format!("{} ({} examples, {})", data.name, data.examples, data.fingerprint);
            return other("data", name(&self.data), name(data));
        }
        if self.content != content {
            let what = "other features, numbers to predict, groups, scores or test examples";
            return other("data of", what.into(), "these".into());
        }
        if self.checked != *checked {
            return other("options", format!("{:?}", self.checked), format!("{checked:?}"));
        }
        if self.time_limit != time_limit {
            return other("time limit", format!("{:?}", self.time_limit), format!("{time_limit:?}"));
        }
        Ok(self)
    }
}
