//! What the lists of pacings, orders and weightings hold: a method with its name, its parameters and how it is made of
//! them, as the method's own file says. The lists, in the `catalogue.rs` of each family, name the files.

use std::sync::Arc;

use cl_data::catalogue::{self, CatalogueError, Description, Options};

use crate::error::PacingError;

/// What some methods need beside their parameters: the run's length, and data that have one entry per example.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// The steps of the run, for pacings that count in steps.
    pub total: u64,
    /// The difficulty of each example, for pacings by difficulty.
    pub difficulty: Option<&'a [f64]>,
    /// Where there is no difficulty: how many examples there are, whose ranks from 1 on are taken for it.
    pub ranks: Option<usize>,
    /// The class of each example, for balanced orders and for diversity.
    pub classes: Option<&'a [usize]>,
    /// The order of the user's own.
    pub order: Option<&'a [usize]>,
    /// How late each example is to come, for curriculum regions.
    pub a: Option<&'a [f64]>,
}

/// A method of the family that `T` is the trait of.
pub(crate) struct Entry<T: ?Sized> {
    pub(crate) description: Description,
    /// What papers and their code call the same.
    pub(crate) other_names: &'static [&'static str],
    pub(crate) make: fn(&mut Options, &Given<'_>) -> Result<Arc<T>, PacingError>,
}

/// The entry of a method. Its family's macro, such as `pacing_entry!`, says the trait and what all of the family take; the
/// method's file the rest: `ENTRY = name | other names: summary, [its own parameters], |options, given| the method made`.
macro_rules! entry {
    (@ $made:ident, $options:ident, $given:ident) => {
        Ok(std::sync::Arc::new($made?))
    };
    (@ $made:ident, $options:ident, $given:ident, $wrap:path) => {
        $wrap($made?, $options, $given)
    };
    (
        $family:ty, [$($common:expr),*] $(, $wrap:path)?; $entry:ident = $name:literal $(| $other:literal)*:
        $summary:literal, [$($parameter:expr),* $(,)?], |$options:pat_param, $given:pat_param| $made:expr $(,)?
    ) => {
        pub(super) static $entry: $crate::entry::Entry<$family> = $crate::entry::Entry {
            description: cl_data::catalogue::Description {
                name: $name,
                summary: $summary,
                parameters: &[$($parameter,)* $($common),*],
            },
            other_names: &[$($other),*],
            make: |options, given| {
                let made: Result<_, $crate::error::PacingError> = {
                    let ($options, $given) = (&mut *options, given);
                    $made
                };
                $crate::entry::entry!(@ made, options, given $(, $wrap)?)
            },
        };
    };
}

pub(crate) use entry;

pub(crate) fn find<T: ?Sized>(
    what: &'static str,
    entries: &'static [&'static Entry<T>],
    name: &str,
) -> Result<&'static Entry<T>, CatalogueError> {
    let others = |entry: &&'static Entry<T>| {
        let name = entry.description.name;
        entry.other_names.iter().map(move |&other| (other, name))
    };
    let other_names: Vec<_> = entries.iter().flat_map(others).collect();
    catalogue::find(what, entries, |entry| &entry.description, &other_names, name).copied()
}

pub(crate) fn descriptions<T: ?Sized>(entries: &[&Entry<T>]) -> impl Iterator<Item = Description> {
    entries.iter().map(|entry| entry.description)
}

/// What the lists of all families are held to.
#[cfg(test)]
pub(crate) mod checks {
    use super::*;

    pub(crate) const GIVEN: Given<'_> = Given {
        total: 100,
        difficulty: Some(&[1.0, 5.0, 8.0]),
        ranks: None,
        classes: Some(&[0, 1, 0]),
        order: Some(&[2, 0, 1]),
        a: Some(&[1.0, 0.0, 2.0]),
    };

    /// A value of every parameter without a default, whosever it is.
    fn value(parameter: &str) -> &'static str {
        match parameter {
            "a" | "b" | "lambda2" | "fraction" => "0.25",
            "lambda" | "rho" | "threshold" => "0.5",
            "gamma" | "tau" | "lambda1" | "min" | "epoch" => "1",
            "n_buckets" | "bucket_length" | "step_length" => "4",
            "p" | "t" => "3",
            "max" | "total_step" => "8",
            "after" => "1,2,5",
            "table" => "0:0.25,0.5:1",
            "difficulties" => "1,8",
            "max_steps" => "3",
            name => panic!("no value of {name}"),
        }
    }

    /// Every method of a list is made of what it needs and not of less, and a name that is none is answered with all.
    pub(crate) fn check_list(
        list: &[Description],
        make: impl Fn(&str, &[(&str, &str)]) -> Result<String, PacingError>,
    ) {
        let unknown = make("", &[]).unwrap_err().to_string();
        for (at, description) in list.iter().enumerate() {
            let Description { name, parameters: all, .. } = *description;
            assert!(unknown.contains(name), "{unknown}");
            assert!(list[at + 1..].iter().all(|other| other.name != name), "{name} is twice in the list");
            let make = |parameters: &[(&str, &str)]| make(name, parameters);
            let optional = ["quantile", "c", "cap"];
            let needed = all.iter().filter(|parameter| parameter.default.is_none());
            let needed = needed.map(|parameter| parameter.name).filter(|name| !optional.contains(name));
            let parameters: Vec<_> = needed.map(|name| (name, value(name))).collect();
            let shown = make(&parameters).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(shown.starts_with(char::is_alphabetic), "{name} is shown as {shown:?}");
            for at in 0..parameters.len() {
                let mut fewer = parameters.clone();
                let (parameter, _) = fewer.remove(at);
                let error = make(&fewer).unwrap_err().to_string();
                assert!(error.starts_with(&format!("parameter {name}.{parameter} is missing")), "{error}");
                let mut wrong = parameters.clone();
                wrong[at].1 = "much";
                assert!(make(&wrong).unwrap_err().to_string().contains(parameter));
            }
            let error = make(&[("nonsense", "1")]).unwrap_err().to_string();
            assert!(all.iter().all(|parameter| error.contains(parameter.name)), "{error}");
        }
    }
}
