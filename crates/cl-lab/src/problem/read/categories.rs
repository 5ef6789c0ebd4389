use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use cl_data::io::TableReader;

use super::cell::text;
use crate::error::LabError;

/// The most categories of a column that becomes a feature each.
pub(super) const MOST: usize = 100;

/// What the texts of a column are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Categories {
    /// Few different ones, sorted.
    Few(Vec<String>),
    /// As many as rows, each another: they name the examples, or are free text.
    AllDiffer,
    /// So many different ones, too many of them.
    TooMany(usize),
}

impl Categories {
    /// Those of some columns, by their places, in a reading of its own: at most 101 texts of a column are kept, else
    /// their hashes. O(cells).
    pub(super) fn read(table: &TableReader, columns: &[usize]) -> Result<Vec<Self>, LabError> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let mut counts: Vec<Count> = columns.iter().map(|_| Count::default()).collect();
        let (mut rows, mut n_rows) = (table.rows(columns)?, 0);
        while let Some(batch) = rows.next_batch()? {
            for (count, cells) in counts.iter_mut().zip(&batch.columns) {
                (0..batch.n_rows).filter_map(|row| text(cells, row)).for_each(|text| count.push(&text));
            }
            n_rows += batch.n_rows;
        }
        Ok(counts.into_iter().map(|count| count.finish(n_rows)).collect())
    }
}

/// The different texts of a column on their way.
#[derive(Default)]
struct Count {
    texts: HashSet<String>,
    /// The hashes of all, once there are more than are kept.
    hashes: HashSet<u64>,
    n_present: usize,
}

/// The same hash in every run.
type Hashed = BuildHasherDefault<DefaultHasher>;

impl Count {
    fn push(&mut self, text: &str) {
        self.n_present += 1;
        if self.texts.contains(text) {
            return;
        }
        if self.texts.len() <= MOST {
            self.texts.insert(text.to_owned());
        } else {
            self.hashes.insert(Hashed::default().hash_one(text));
        }
    }

    fn finish(self, n_rows: usize) -> Categories {
        let n = self.texts.len() + self.hashes.len();
        if n == n_rows && self.n_present == n_rows {
            return Categories::AllDiffer;
        }
        if n > MOST || 2 * n > n_rows {
            return Categories::TooMany(n);
        }
        let mut texts: Vec<String> = self.texts.into_iter().collect();
        texts.sort_unstable();
        Categories::Few(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: impl IntoIterator<Item = String>, n_missing: usize) -> Categories {
        let mut count = Count::default();
        let mut n = n_missing;
        texts.into_iter().for_each(|text| {
            count.push(&text);
            n += 1;
        });
        count.finish(n)
    }

    #[test]
    fn few_are_sorted_and_many_are_counted() {
        let rows = |n: usize, distinct: usize| (0..n).map(move |row| format!("c{:03}", row * 7 % distinct));
        assert_eq!(of(rows(9, 3), 0), Categories::Few(vec!["c000".into(), "c001".into(), "c002".into()]));
        let Categories::Few(hundred) = of(rows(1000, 100), 0) else { panic!("100 are few") };
        assert_eq!((hundred.len(), &*hundred[99]), (100, "c099"));
        assert_eq!(of(rows(1000, 101), 0), Categories::TooMany(101));
        assert_eq!(of(rows(5000, 1234), 0), Categories::TooMany(1234));
    }

    #[test]
    fn more_than_half_as_many_as_rows_are_too_many_and_all_different_ones_are_ids() {
        let rows = |n: usize, distinct: usize| (0..n).map(move |row| (row % distinct).to_string());
        assert!(matches!(of(rows(20, 10), 0), Categories::Few(_)));
        assert_eq!(of(rows(20, 11), 0), Categories::TooMany(11));
        assert_eq!(of(rows(50, 50), 0), Categories::AllDiffer);
        assert_eq!(of(rows(500, 500), 0), Categories::AllDiffer);
        // With a gap they name nothing.
        assert_eq!(of(rows(50, 50), 1), Categories::TooMany(50));
    }
}
