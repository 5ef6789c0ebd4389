//! The one form that every sampler's state is saved in.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{error::SamplerError, fingerprint::SamplerFingerprint};
use crate::seal::{open_json, seal_json};
use crate::version::Version;

type CurrentVersion = Version<2>;

#[derive(Serialize)]
struct State<'a, P> {
    version: CurrentVersion,
    settings: &'a SamplerFingerprint,
    n_steps: u64,
    progress: &'a P,
}

impl SamplerFingerprint {
    /// The state of a sampler with these settings after `n_steps` steps: what it remembers is its `progress`.
    ///
    /// It is JSON with a [checksum](crate::seal) of its text, to be kept as it is.
    ///
    /// # Errors
    /// Where the progress cannot be written down.
    ///
    /// ```
    /// use cl_data::SamplerFingerprint;
    ///
    /// let settings = SamplerFingerprint::new("in order").with("batch size", 2);
    /// let state = settings.save(7, &"all that it knows")?;
    /// assert_eq!(settings.restore::<String>(&state)?, (7, "all that it knows".to_owned()));
    /// let error = settings.restore::<String>(&state.replace("n\":2", "n\":1")).unwrap_err();
    /// assert!(error.to_string().ends_with("saved in version 1, expected version 2"));
    /// assert!(settings.restore::<String>(&state.replace("\"n_steps\":7", "\"n_steps\":8")).is_err());
    /// # Ok::<(), cl_data::SamplerError>(())
    /// ```
    pub fn save<P: Serialize>(&self, n_steps: u64, progress: &P) -> Result<String, SamplerError> {
        let state = State { version: Version, settings: self, n_steps, progress };
        Ok(seal_json(&serde_json::to_string(&state).map_err(unusable)?))
    }

    /// The settings of a saved state, and the steps that it was saved after: what can be read of any sampler's.
    ///
    /// # Errors
    /// In this order: where the text is no state, of another version, or damaged.
    pub fn of_state(state: &str) -> Result<(Self, u64), SamplerError> {
        let mut parts = parts(state)?;
        let mut part = |name: &str| parts.remove(name).unwrap_or(Value::Null);
        let settings = serde_json::from_value(part("settings")).map_err(unusable)?;
        Ok((settings, serde_json::from_value(part("n_steps")).map_err(unusable)?))
    }

    /// The steps and the progress that [`save`](Self::save) was given.
    ///
    /// # Errors
    /// In this order: where the text is no state, of another version, damaged, of other settings, or its progress
    /// another's.
    pub fn restore<P: DeserializeOwned>(&self, state: &str) -> Result<(u64, P), SamplerError> {
        let mut parts = parts(state)?;
        let mut part = |name: &str| parts.remove(name).unwrap_or(Value::Null);
        // Settings before progress: that of another kind of sampler cannot be read.
        self.check(&serde_json::from_value(part("settings")).map_err(unusable)?)?;
        let n_steps = serde_json::from_value(part("n_steps")).map_err(unusable)?;
        Ok((n_steps, serde_json::from_value(part("progress")).map_err(unusable)?))
    }
}

/// The parts of a state of this version that is whole.
fn parts(state: &str) -> Result<BTreeMap<String, Value>, SamplerError> {
    let mut parts: BTreeMap<String, Value> = serde_json::from_str(state).map_err(unusable)?;
    let version = parts.remove("version").unwrap_or(Value::Null);
    CurrentVersion::deserialize(version).map_err(|error| SamplerError::Version(error.to_string()))?;
    open_json(state).map_err(unusable)?;
    Ok(parts)
}

fn unusable(error: impl Display) -> SamplerError {
    SamplerError::Unusable(error.to_string())
}
