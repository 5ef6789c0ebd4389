//! How many of each class were chosen.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::output::{new_table, right};

/// Longer tables are read in the JSON report.
const MOST_ROWS: usize = 100;

/// How many classes are named in a line.
const MOST_NAMES: usize = 20;

/// Of each class how many examples there are and how many of them were chosen.
#[derive(Serialize)]
pub(super) struct ClassCounts {
    classes: Vec<ClassCount>,
    /// The classes of which none was chosen.
    classes_without: Vec<usize>,
    /// The classes of one example, in which nothing is chosen but that one or none.
    classes_of_one: Vec<usize>,
}

#[derive(Serialize)]
struct ClassCount {
    class: usize,
    size: usize,
    n_chosen: usize,
}

impl ClassCounts {
    /// Of the examples with these labels those of `order`.
    pub(super) fn new(labels: &[usize], order: &[usize]) -> Self {
        let mut counts: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        labels.iter().for_each(|&class| counts.entry(class).or_default().0 += 1);
        order.iter().for_each(|&example| counts.entry(labels[example]).or_default().1 += 1);
        let classes = counts.into_iter().map(|(class, (size, n_chosen))| ClassCount { class, size, n_chosen });
        let classes: Vec<ClassCount> = classes.collect();
        let named = |is_such: fn(&ClassCount) -> bool| {
            classes.iter().filter(|count| is_such(count)).map(|count| count.class).collect()
        };
        let (classes_without, classes_of_one) =
            (named(|count| count.n_chosen == 0), named(|count| count.size == 1));
        Self { classes, classes_without, classes_of_one }
    }
}

/// The first of them, and how many others there are.
fn listed(classes: &[usize]) -> String {
    let mut names: Vec<String> = classes.iter().take(MOST_NAMES).map(usize::to_string).collect();
    if let Some(others @ 1..) = classes.len().checked_sub(MOST_NAMES) {
        names.push(format!("{others} others"));
    }
    names.join(", ")
}

impl fmt::Display for ClassCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chosen = || self.classes.iter().map(|count| count.n_chosen);
        if self.classes.len() <= MOST_ROWS {
            let mut table = new_table(&["class", "examples", "chosen"]);
            for ClassCount { class, size, n_chosen } in &self.classes {
                table.add_row([class, size, n_chosen].map(|number| right(number.to_string())));
            }
            writeln!(formatter, "{table}")?;
        } else if let (Some(least), Some(most)) = (chosen().min(), chosen().max()) {
            let n = self.classes.len();
            writeln!(formatter, "{least} to {most} chosen of each of {n} classes, see --json for all of them")?;
        }
        if !self.classes_without.is_empty() {
            writeln!(formatter, "none was chosen of class {}", listed(&self.classes_without))?;
        }
        if !self.classes_of_one.is_empty() {
            writeln!(formatter, "there is one example of class {}", listed(&self.classes_of_one))?;
        }
        Ok(())
    }
}
