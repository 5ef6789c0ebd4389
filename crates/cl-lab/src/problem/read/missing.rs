use std::path::Path;

use cl_data::DataError;
use cl_data::io::{listed, malformed};

/// Cells of a column that are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MissingCells {
    /// How many.
    pub(super) n: usize,
    /// Where the first of them stands.
    first: Option<String>,
}

impl MissingCells {
    /// One more, at this place.
    pub(super) fn add(&mut self, place: impl FnOnce() -> String) {
        self.n += 1;
        self.first.get_or_insert_with(place);
    }

    /// Where the first stands.
    pub(super) fn first(&self) -> &str {
        self.first.as_deref().unwrap_or_default()
    }
}

/// The error of columns with missing cells that are not to be filled: all of them by name.
pub(super) fn refusal<'a>(
    path: &Path,
    columns: impl IntoIterator<Item = (&'a str, &'a MissingCells)>,
) -> Option<DataError> {
    let columns = columns.into_iter().filter(|(_, missing)| missing.n > 0);
    let shown: Vec<String> =
        columns.map(|(name, missing)| format!("`{name}` {} (first: {})", missing.n, missing.first())).collect();
    if shown.is_empty() {
        return None;
    }
    let problem = format!(
        "cells are missing: {}; expected a value in each, or --impute to put medians and a category `missing` there",
        listed(&shown)
    );
    Some(malformed(path, "", problem))
}

/// What to tell of cells that were filled, each column's in words.
pub(super) fn note_of_filled(filled: &[String]) -> Option<String> {
    let note = || format!("missing cells were filled (medians are of all rows): {}", listed(filled));
    (!filled.is_empty()).then(note)
}

/// The median of the numbers among these, NaN aside; `None` without one. O(n).
pub(super) fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.filter(|value| !value.is_nan()).collect();
    let half = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let is_even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f32::total_cmp);
    let lower = below.iter().copied().max_by(f32::total_cmp).filter(|_| is_even).unwrap_or(upper);
    // Of two halves, so that the largest numbers do not overflow.
    Some(lower / 2.0 + upper / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_between_the_two() {
        let of = |values: &[f32]| median(values.iter().copied());
        assert_eq!(of(&[3.0, f32::NAN, 1.0, 2.0]), Some(2.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 8.0]), Some(3.0));
        assert_eq!(of(&[f32::MAX, f32::MAX]), Some(f32::MAX));
        assert_eq!((of(&[5.0]), of(&[f32::NAN]), of(&[])), (Some(5.0), None, None));
    }

    #[test]
    fn every_column_is_named_with_how_many_and_where() {
        let (mut some, none) = (MissingCells::default(), MissingCells::default());
        ["line 3", "line 9"].into_iter().for_each(|place| some.add(|| place.into()));
        let error = refusal(Path::new("a.csv"), [("age", &some), ("sex", &none)]).unwrap().to_string();
        assert!(error.starts_with("a.csv: cells are missing: `age` 2 (first: line 3); expected"), "{error}");
        assert_eq!(refusal(Path::new("a.csv"), [("sex", &none)]).map(|error| error.to_string()), None);
    }
}
