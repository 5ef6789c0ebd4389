use std::collections::BTreeMap;

use cl_data::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::PruneError;

/// The settings that decide a sampler's batches, by name, saved with its state so that a state of another sampler is
/// refused with what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    pub(crate) fn new(sampler: &str) -> Self {
        Self(BTreeMap::from([("sampler".to_owned(), sampler.to_owned())]))
    }

    pub(crate) fn with(mut self, setting: &str, value: impl ToString) -> Self {
        self.0.insert(setting.to_owned(), value.to_string());
        self
    }

    pub(crate) fn with_data(self, data: Option<Fingerprint>) -> Self {
        match data {
            Some(data) => self.with("data", data),
            None => self,
        }
    }

    /// As the state of a sampler that remembers nothing else.
    pub(crate) fn saved(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Whether a state was [`saved`](Self::saved) with these settings.
    pub(crate) fn check_saved(&self, state: Option<&str>) -> Result<(), PruneError> {
        let saved = state.and_then(|state| serde_json::from_str(state).ok());
        self.check(&saved.ok_or_else(|| {
            PruneError::argument("state", state.unwrap_or("none"), "the settings of a sampler, as it saved them")
        })?)
    }

    /// Whether `saved` was made with these settings; the error names the first that differs.
    pub(crate) fn check(&self, saved: &Self) -> Result<(), PruneError> {
        // "sampler" first: settings of another kind of sampler are not comparable.
        let settings = ["sampler"].into_iter().chain(self.0.keys().chain(saved.0.keys()).map(String::as_str));
        for setting in settings {
            let value = |of: &Self| of.0.get(setting).cloned().unwrap_or_else(|| "none".to_owned());
            let (found, saved) = (value(self), value(saved));
            if found != saved {
                return Err(PruneError::OtherSettings { setting: setting.to_owned(), saved, found });
            }
        }
        Ok(())
    }
}
