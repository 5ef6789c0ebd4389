use cl_prune::coreset::CoresetSettings;

use crate::error::EngineError;

/// What a part is to choose.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PartOptions {
    pub(super) settings: CoresetSettings,
    pub(super) count: usize,
    pub(super) seed: u64,
}

impl PartOptions {
    /// From a text such as `method=facility-location, count=100, seed=7, similarity=cosine`.
    ///
    /// # Errors
    /// On what is no `key=value`, without a method or a count, and as [`CoresetSettings::parse`].
    pub(super) fn parse(text: &str) -> Result<Self, EngineError> {
        let (mut method, mut count, mut seed, mut options) = (None, None, 0, Vec::new());
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = |expected: &str| EngineError::argument("options of coreset", part, expected);
            let (key, value) = part.split_once('=').ok_or_else(|| wrong("key=value, parted by commas"))?;
            match (key.trim(), value.trim()) {
                ("method", name) => method = Some(name),
                ("count", number) => count = Some(number.parse().map_err(|_| wrong("a number of examples"))?),
                ("seed", number) => seed = number.parse().map_err(|_| wrong("a number from 0"))?,
                option => options.push(option),
            }
        }
        let lacks = |what: &str| EngineError::argument("options of coreset", text, format!("{what}=... in them"));
        let settings = CoresetSettings::parse(method.ok_or_else(|| lacks("method"))?, &options)?;
        settings.check_merge()?;
        Ok(Self { settings, count: count.ok_or_else(|| lacks("count"))?, seed })
    }

    /// The text that says this.
    pub(super) fn text(&self) -> String {
        let name = self.settings.description().method.name;
        let options = self.settings.options().iter().map(|(key, value)| format!(", {key}={value}"));
        format!("method={name}, count={}, seed={}{}", self.count, self.seed, options.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let options = PartOptions::parse("method=facility-location, count=100, similarity=cosine").unwrap();
        assert_eq!((options.count, options.seed), (100, 0));
        assert_eq!(options.settings.options()["similarity"], "cosine");
        assert_eq!(PartOptions::parse(&options.text()).unwrap(), options);
        for (text, problem) in [
            ("count=3", "method=... in them"),
            ("method=facility-location", "count=... in them"),
            ("method=facility-location, count", "key=value"),
            ("method=facility-location, count=-3", "a number of examples"),
            ("method=facility, count=3", "facility-location"),
            ("method=k-center, count=3", "one whose choices can be merged"),
            ("method=facility-location, count=3, optimizer=greedi", "a greedy one"),
        ] {
            let error = PartOptions::parse(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
