//! Pacings, orders and weightings by name: their arguments on the command line, and their lists.

use std::fmt;

use cl_pacing::Description;
use clap::Args;
use serde::Serialize;

use crate::difficulty::key_value;

/// The parameters of a pacing.
#[derive(Args)]
pub(crate) struct PacingParameters {
    /// The progress at which all data are available (the pacings of Wu et al.): --param a=A
    #[arg(long, value_name = "A", allow_negative_numbers = true)]
    a: Option<String>,
    /// The fraction available at first (the pacings of Wu et al.): --param b=B
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    b: Option<String>,
    /// Set a parameter of the pacing
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = key_value)]
    param: Vec<(String, String)>,
}

impl PacingParameters {
    /// All of them, as texts.
    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        let short = [("a", &self.a), ("b", &self.b)];
        let short = short.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
        short.chain(borrowed(&self.param)).collect()
    }
}

/// Keys and values, borrowed.
pub(crate) fn borrowed(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

/// What there is, for `--list`.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct List(pub(crate) Vec<(&'static str, Vec<Description>)>);

impl fmt::Display for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (what, descriptions)) in self.0.iter().enumerate() {
            if self.0.len() > 1 {
                writeln!(formatter, "{}{what}:", if index > 0 { "\n" } else { "" })?;
            }
            for Description { name, summary, parameters } in descriptions {
                writeln!(formatter, "{name}: {summary}")?;
                for parameter in *parameters {
                    let default = parameter.default.map_or(String::new(), |default| format!(" [{default}]"));
                    writeln!(formatter, "    {}: {}{default}", parameter.name, parameter.meaning)?;
                }
            }
        }
        Ok(())
    }
}
