use std::fmt;

use serde::{Deserialize, Serialize};

/// Something about a log that is not plain, and what was done about it: counted, never silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What it is about: `outputs`, `losses`, `classes`, `ignored`, `duplicates`, `missing`, `gaps`, `nan`, `normalized`,
    /// `files`, `empty`, `keys`, `runs`, `state`, `repaired`, `unscored`.
    pub what: String,
    /// How many.
    pub count: u64,
    /// The same as a sentence.
    pub text: String,
}

impl Note {
    /// Of a saved state, which changes nothing about the scores: no sidecar has it.
    pub(crate) const REPAIRED: &'static str = "repaired";

    pub(crate) fn new(what: &str, count: usize, text: impl Into<String>) -> Self {
        Self { what: what.into(), count: count as u64, text: text.into() }
    }

    /// That these files of a folder are no part of the log.
    pub(crate) fn files_left_out(names: &[String]) -> Option<Self> {
        let shown: Vec<&str> = names.iter().take(10).map(String::as_str).collect();
        let more = if names.len() > 10 { ", ..." } else { "" };
        let text = format!("files left out: {}{more}", shown.join(", "));
        (!names.is_empty()).then(|| Self::new("files", names.len(), text))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
