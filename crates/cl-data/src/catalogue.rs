//! What is had by name: the mechanism that the lists of pacings, orders, weightings, samplers, selection rules,
//! coresets and metrics share. The entries stand in the files of the methods, the lists in the crates that have them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;

/// A method as a list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its parameters, under the names that they bear in the papers.
    pub parameters: &'static [Parameter],
}

/// A parameter of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means, and which values it takes.
    pub meaning: &'static str,
    /// The value that it has where none is given; none where one must be, or where it has no effect without.
    pub default: Option<&'static str>,
}

impl Parameter {
    /// One without a default.
    pub const fn new(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, default: None }
    }

    /// One that has the value `default` where none is given.
    pub const fn with_default(name: &'static str, meaning: &'static str, default: &'static str) -> Self {
        Self { name, meaning, default: Some(default) }
    }
}

/// What is wrong with a name or a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// A name that the list does not hold.
    #[error("unknown {what} \"{name}\", expected {}", if known.is_empty() { "none".into() } else { format!("one of: {known}") })]
    Unknown {
        /// What was named: a pacing, a rule, a parameter of one.
        what: &'static str,
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A parameter is missing, or its text means nothing.
    #[error("parameter {parameter} is {value}, expected {expected}")]
    Invalid {
        /// Of what, and its name.
        parameter: String,
        /// The text given, or "missing".
        value: String,
        /// What would have been accepted.
        expected: String,
    },
}

impl CatalogueError {
    /// A name that is none of the `known`.
    pub fn unknown(
        what: &'static str,
        name: impl Into<String>,
        known: impl IntoIterator<Item: AsRef<str>>,
    ) -> Self {
        Self::Unknown {
            what,
            name: name.into(),
            known: known.into_iter().map(|name| name.as_ref().to_owned()).collect::<Vec<_>>().join(", "),
        }
    }
}

/// The entry of a list that bears `name`; underscores stand for hyphens, too, and `other_names` are pairs of what
/// papers and their code call it and its name here.
///
/// # Errors
/// Where there is none: the names that there are.
pub fn find<E>(
    what: &'static str,
    entries: &'static [E],
    description: impl Fn(&E) -> &Description,
    other_names: &[(&str, &str)],
    name: &str,
) -> Result<&'static E, CatalogueError> {
    let hyphenated = name.replace('_', "-");
    let named = |name: &str| entries.iter().find(|entry| description(entry).name == name);
    let other = other_names.iter().find(|(other, _)| *other == hyphenated).map_or("", |(_, name)| name);
    let found = named(name).or_else(|| named(&hyphenated)).or_else(|| named(other));
    found.ok_or_else(|| CatalogueError::unknown(what, name, entries.iter().map(|entry| description(entry).name)))
}

/// The parameters of a method while it is made of them; a default that is read is written back, so that
/// [`values`](Self::values) are those that the method was made with.
///
/// ```
/// use cl_data::catalogue::{Description, Options, Parameter};
///
/// static ROOT: Description = Description {
///     name: "root",
///     summary: "from b to all at a, as the square root",
///     parameters: &[Parameter::new("a", "the progress at which all are available"),
///                   Parameter::with_default("b", "the fraction available at first", "0.2")],
/// };
/// let mut options = Options::new(&ROOT, &[("a", "0.8")])?;
/// assert_eq!((options.number("a"), options.number("b")), (Ok(0.8), Ok(0.2)));
/// assert!(Options::new(&ROOT, &[("c", "1")]).unwrap_err().to_string().contains("root.c"));
/// # Ok::<(), cl_data::catalogue::CatalogueError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    description: &'static Description,
    common: &'static [Parameter],
    values: BTreeMap<String, String>,
}

impl Options {
    /// What is given of the parameters of a method.
    ///
    /// # Errors
    /// On one that it does not have, of which the known ones are named, and on one given twice.
    pub fn new(description: &'static Description, given: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        Self::with_common(description, &[], given)
    }

    /// The same for a method that takes `common` parameters of its family, too.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_common(
        description: &'static Description,
        common: &'static [Parameter],
        given: &[(&str, &str)],
    ) -> Result<Self, CatalogueError> {
        let mut options = Self { description, common, values: BTreeMap::new() };
        for &(name, value) in given {
            if options.parameter(name).is_none() {
                let known = description.parameters.iter().chain(common).map(|parameter| parameter.name);
                return Err(CatalogueError::unknown("parameter", options.full(name), known));
            }
            if options.values.insert(name.into(), value.into()).is_some() {
                return Err(options.invalid(name, "to be given once"));
            }
        }
        Ok(options)
    }

    /// What was given and what was read.
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Whether a parameter was given (or had its default read).
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// That the value of a parameter is none that it takes, or is missing.
    pub fn invalid(&self, name: &str, expected: impl Display) -> CatalogueError {
        CatalogueError::Invalid {
            parameter: self.full(name),
            value: self.values.get(name).map_or("missing", String::as_str).to_owned(),
            expected: expected.to_string(),
        }
    }

    /// The text of a parameter, or its default.
    ///
    /// # Errors
    /// Where it has neither.
    pub fn text(&mut self, name: &str) -> Result<&str, CatalogueError> {
        if !self.values.contains_key(name) {
            let Some(default) = self.parameter(name).and_then(|parameter| parameter.default) else {
                return Err(self.invalid(name, self.meaning(name)));
            };
            self.values.insert(name.to_owned(), default.to_owned());
        }
        Ok(&self.values[name])
    }

    /// The number that a parameter is, or its default.
    ///
    /// # Errors
    /// Where it has neither, or the text is no such number.
    pub fn number<N: FromStr + Display>(&mut self, name: &str) -> Result<N, CatalogueError> {
        let text = self.text(name)?.to_owned();
        let number: N = self.read(name, &text)?;
        self.values.insert(name.to_owned(), number.to_string());
        Ok(number)
    }

    /// The number that a parameter is, where it was given.
    ///
    /// # Errors
    /// Where the text is no such number.
    pub fn number_if_given<N: FromStr>(&self, name: &str) -> Result<Option<N>, CatalogueError> {
        self.values.get(name).map(|text| self.read(name, text)).transpose()
    }

    /// A number for which `is_valid` holds.
    ///
    /// # Errors
    /// As [`number`](Self::number), and where it does not hold: what was `expected`.
    pub fn number_in<N: FromStr + Display>(
        &mut self,
        name: &str,
        is_valid: impl Fn(&N) -> bool,
        expected: &str,
    ) -> Result<N, CatalogueError> {
        let number = self.number(name).map_err(|_| self.invalid(name, expected))?;
        if is_valid(&number) { Ok(number) } else { Err(self.invalid(name, expected)) }
    }

    /// Numbers separated by commas.
    ///
    /// # Errors
    /// Where a part is none.
    pub fn list<N: FromStr>(&mut self, name: &str) -> Result<Vec<N>, CatalogueError> {
        let text = self.text(name)?.to_owned();
        text.split(',').filter(|part| !part.is_empty()).map(|part| self.read(name, part)).collect()
    }

    /// Pairs `x:y` separated by commas.
    ///
    /// # Errors
    /// Where a part is none.
    pub fn pairs(&mut self, name: &str) -> Result<Vec<(f64, f64)>, CatalogueError> {
        let text = self.text(name)?.to_owned();
        let pair = |part: &str| match part.split_once(':') {
            Some((x, y)) => Ok((self.read(name, x)?, self.read(name, y)?)),
            None => Err(self.invalid(name, format!("x:y in {part:?}: {}", self.meaning(name)))),
        };
        text.split(',').map(pair).collect()
    }

    /// What a parameter chooses, by name.
    ///
    /// # Errors
    /// Where it is none of these.
    pub fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Result<T, CatalogueError> {
        let text = self.text(name)?;
        let found = choices.iter().find(|(choice, _)| *choice == text).map(|&(_, choice)| choice);
        let names = || choices.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| self.invalid(name, format!("one of {}", names())))
    }

    /// What a method must be given beside its parameters.
    ///
    /// # Errors
    /// Where it is not given.
    pub fn given<T>(&self, data: Option<T>, name: &str, meaning: &str) -> Result<T, CatalogueError> {
        data.ok_or_else(|| self.invalid(name, meaning))
    }

    fn full(&self, name: &str) -> String {
        format!("{}.{name}", self.description.name)
    }

    fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.description.parameters.iter().chain(self.common).find(|parameter| parameter.name == name)
    }

    fn meaning(&self, name: &str) -> &'static str {
        self.parameter(name).map_or("a value", |parameter| parameter.meaning)
    }

    fn read<N: FromStr>(&self, name: &str, text: &str) -> Result<N, CatalogueError> {
        let kind = if text.trim().parse::<f64>().is_ok() { "a whole number of at least 0" } else { "a number" };
        text.trim().parse().map_err(|_| self.invalid(name, format!("{kind}: {}", self.meaning(name))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static METHOD: Description = Description {
        name: "method",
        summary: "for a test",
        parameters: &[
            Parameter::with_default("window", "epochs per window", "4"),
            Parameter::with_default("side", "far or near", "far"),
            Parameter::new("table", "progress:fraction"),
        ],
    };

    fn options(given: &[(&str, &str)]) -> Options {
        Options::new(&METHOD, given).unwrap()
    }

    #[test]
    fn what_is_read_is_what_the_method_was_made_with() {
        let mut options = options(&[("side", "near"), ("table", "0:0.25,0.5:1")]);
        assert_eq!(options.choice("side", &[("far", 0), ("near", 1)]), Ok(1));
        assert!(!options.has("window"));
        assert_eq!(options.number("window"), Ok(4));
        assert_eq!(options.values()["window"], "4");
        assert_eq!(options.pairs("table"), Ok(vec![(0.0, 0.25), (0.5, 1.0)]));
        assert_eq!(options.number_if_given::<u64>("until"), Ok(None));
        static COMMON: [Parameter; 1] = [Parameter::with_default("epsilon", "of the family", "0.1")];
        assert_eq!(Options::with_common(&METHOD, &COMMON, &[]).unwrap().number("epsilon"), Ok(0.1));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |error: CatalogueError| error.to_string();
        assert_eq!(
            error(options(&[("window", "4.5")]).number::<u64>("window").unwrap_err()),
            "parameter method.window is 4.5, expected a whole number of at least 0: epochs per window"
        );
        let window = |n: &u64| *n >= 2;
        assert!(
            error(options(&[("window", "1")]).number_in("window", window, "at least 2").unwrap_err())
                .ends_with("2")
        );
        assert_eq!(
            error(options(&[]).list::<u64>("table").unwrap_err()),
            "parameter method.table is missing, expected progress:fraction"
        );
        assert!(
            error(options(&[("side", "up")]).choice("side", &[("far", ())]).unwrap_err()).contains("one of far")
        );
        assert!(error(Options::new(&METHOD, &[("side", "far"); 2]).unwrap_err()).contains("once"));
        assert!(error(Options::new(&METHOD, &[("wide", "1")]).unwrap_err()).contains("window, side, table"));
        assert!(
            error(find("method", std::slice::from_ref(&METHOD), |entry| entry, &[], "x").unwrap_err())
                .contains("method")
        );
    }
}
