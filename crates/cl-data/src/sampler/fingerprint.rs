use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::SamplerError;
use crate::fingerprint::{Fingerprint, FingerprintBuilder};

/// The settings that decide a sampler's batches, by name: two samplers with equal fingerprints give equal batches.
///
/// Unlike a hash it can say *what* differs. Orders and data enter as hashes.
///
/// ```
/// use cl_data::SamplerFingerprint;
///
/// let by = |batch_size| SamplerFingerprint::new("shuffle").with("batch size", batch_size);
/// let error = by(3).check(&by(2)).unwrap_err();
/// assert_eq!(error.to_string(), "the saved state was made with batch size 2, not with 3");
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

    /// The same with the data that the sampler is bound to, if it is.
    pub fn with_data(self, data: Option<Fingerprint>) -> Self {
        match data {
            Some(data) => self.with("data", data),
            None => self,
        }
    }

    /// The same with the hash of a list of numbers. O(n).
    pub fn with_hash(self, setting: &str, numbers: impl IntoIterator<Item = u64>) -> Self {
        let mut hash = FingerprintBuilder::default();
        hash.add(numbers);
        self.with(setting, hash.fingerprint())
    }

    /// The value of a setting, as text.
    pub fn get(&self, setting: &str) -> Option<&str> {
        self.0.get(setting).map(String::as_str)
    }

    /// Whether `saved` was made with these settings.
    ///
    /// # Errors
    /// [`SamplerError::OtherSettings`], which names the first setting that differs.
    pub fn check(&self, saved: &Self) -> Result<(), SamplerError> {
        // "sampler" first: settings of another kind of sampler are not comparable.
        let settings = ["sampler"].into_iter().chain(self.0.keys().chain(saved.0.keys()).map(String::as_str));
        for setting in settings {
            let value = |of: &Self| of.0.get(setting).cloned().unwrap_or_else(|| "none".to_owned());
            let (found, saved) = (value(self), value(saved));
            if found != saved {
                return Err(SamplerError::OtherSettings { setting: setting.to_owned(), saved, found });
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
