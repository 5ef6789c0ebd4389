//! What is had by name, with options: arguments on the command line, and lists of pacings, orders and weightings.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use cl_data::catalogue::Parameter;
use cl_pacing::Description;
use clap::Args;
use serde::Serialize;

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

/// An option of something that has a name.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as alpha=0.1")?;
    Ok((key.into(), value.into()))
}

/// FROM..TO, TO excluded.
pub(crate) fn from_to<N: FromStr + PartialOrd + fmt::Display>(text: &str) -> Result<Range<N>, String> {
    let ends = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    let (from, to): (N, N) = ends.ok_or("expected FROM..TO, such as 0..100")?;
    match from < to {
        true => Ok(from..to),
        false => Err(format!("{from} is not before {to}, expected FROM..TO, TO excluded")),
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

/// The parameters of a method, for `--list`.
pub(crate) fn write_parameters(formatter: &mut fmt::Formatter<'_>, parameters: &[Parameter]) -> fmt::Result {
    for Parameter { name, meaning, default } in parameters {
        let default = default.map_or(String::new(), |default| format!(" [{default}]"));
        writeln!(formatter, "    {name}: {meaning}{default}")?;
    }
    Ok(())
}
