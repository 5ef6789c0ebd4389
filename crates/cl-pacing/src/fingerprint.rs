use std::collections::BTreeMap;
use std::fmt;

use cl_data::{Fingerprint, Ids};
use serde::{Deserialize, Serialize};

use crate::PacingError;

/// The settings that decide a sampler's batches, by name: two samplers with equal fingerprints give equal batches.
///
/// Unlike a hash it can say *what* differs. Orders and data enter as hashes.
///
/// ```
/// use cl_pacing::ShuffleSampler;
///
/// let sampler = ShuffleSampler::new(10, 2, 1)?;
/// let error = ShuffleSampler::new(10, 3, 1)?.fingerprint().check(&sampler.fingerprint()).unwrap_err();
/// assert_eq!(error.to_string(), "the saved state was made with batch size 2, not with 3");
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplerFingerprint(BTreeMap<String, String>);

impl SamplerFingerprint {
    /// The fingerprint of a sampler of this name, with no settings yet.
    pub fn new(sampler: &str) -> Self {
        Self(BTreeMap::from([("sampler".to_owned(), sampler.to_owned())]))
    }

    /// The same with a setting.
    pub fn with(mut self, setting: &str, value: impl ToString) -> Self {
        self.0.insert(setting.to_owned(), value.to_string());
        self
    }

    /// The same with the hash of an order. O(n).
    pub fn with_order(self, order: &[usize]) -> Self {
        self.with_hash("order", order)
    }

    /// The same with the hash of a list. O(n).
    pub(crate) fn with_hash(self, setting: &str, list: &[usize]) -> Self {
        self.with(setting, Fingerprint::of(&Ids::range(list.len()), list))
    }

    /// As the state of a sampler that remembers nothing else: a run resumed with another one is refused.
    pub(crate) fn saved(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Whether a state was [`saved`](Self::saved) with these settings.
    pub(crate) fn check_saved(&self, state: Option<&str>) -> Result<(), PacingError> {
        let saved = state.and_then(|state| serde_json::from_str(state).ok());
        let saved = saved.ok_or_else(|| {
            PacingError::argument("state", state.unwrap_or("none"), "the settings of a sampler, as it saved them")
        })?;
        self.check(&saved)
    }

    /// Whether `saved` was made with these settings.
    ///
    /// # Errors
    /// [`PacingError::OtherSettings`], which names the first setting that differs.
    pub fn check(&self, saved: &Self) -> Result<(), PacingError> {
        // "sampler" first: settings of another kind of sampler are not comparable.
        let settings = ["sampler"].into_iter().chain(self.0.keys().chain(saved.0.keys()).map(String::as_str));
        for setting in settings {
            let value = |settings: &BTreeMap<String, String>| match settings.get(setting) {
                Some(value) => value.clone(),
                None => "none".to_owned(),
            };
            let (found, saved) = (value(&self.0), value(&saved.0));
            if found != saved {
                return Err(PacingError::OtherSettings { setting: setting.to_owned(), saved, found });
            }
        }
        Ok(())
    }
}

impl fmt::Display for SamplerFingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<String> = self.0.iter().map(|(setting, value)| format!("{setting} = {value}")).collect();
        formatter.write_str(&settings.join(", "))
    }
}
