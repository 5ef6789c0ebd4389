use std::ops::Range;

use cl_data::io::{TableReader, malformed};

use super::{
    cell::{Cell, text},
    memory::check_memory,
    missing::{MissingCells, median},
};
use crate::error::LabError;

/// How a column becomes features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encoding {
    /// One, as it is.
    Number,
    /// One for each of these sorted categories: 1 where it is the cell's, else 0.
    OneHot(Vec<String>),
}

/// The category of cells that are missing.
pub(super) const MISSING: &str = "missing";

/// A column that becomes features.
#[derive(Debug)]
pub(super) struct EncodedColumn {
    pub(super) name: String,
    /// As the file has it, by which it is found in another.
    pub(super) header: String,
    pub(super) encoding: Encoding,
    /// The first of its features.
    first: usize,
}

/// How a table becomes features: the same for the training file and a test file.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    pub(super) columns: Vec<EncodedColumn>,
    n_features: usize,
}

/// What was read, and what is not there or not known of each column.
pub(super) struct Encoded {
    /// n x d, example by example; NaN where a number is missing.
    pub(super) values: Vec<f32>,
    pub(super) missing: Vec<MissingCells>,
    /// Cells whose category the encoder does not know, so that all of the column's features are 0.
    pub(super) unknown: Vec<usize>,
}

impl Encoding {
    /// How many features it gives.
    fn width(&self) -> usize {
        match self {
            Self::Number => 1,
            Self::OneHot(categories) => categories.len(),
        }
    }
}

impl EncodedColumn {
    /// The features that it becomes.
    pub(super) fn features(&self) -> Range<usize> {
        self.first..self.first + self.encoding.width()
    }

    /// The place of a category among the features.
    fn feature_of(&self, category: &str) -> Option<usize> {
        match &self.encoding {
            Encoding::Number => None,
            Encoding::OneHot(categories) => {
                let place = categories.binary_search_by(|known| known.as_str().cmp(category)).ok()?;
                Some(self.first + place)
            }
        }
    }
}

impl Encoder {
    /// Appends a column.
    pub(super) fn push(&mut self, name: String, header: String, encoding: Encoding) {
        let first = self.n_features;
        self.n_features += encoding.width();
        self.columns.push(EncodedColumn { name, header, encoding, first });
    }

    /// How many features there are.
    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    /// A name for each: the column's, of categories followed by `=` and the category.
    pub(super) fn feature_names(&self) -> Vec<String> {
        let names = |column: &EncodedColumn| match &column.encoding {
            Encoding::Number => vec![column.name.clone()],
            Encoding::OneHot(categories) => {
                categories.iter().map(|category| format!("{}={category}", column.name)).collect()
            }
        };
        self.columns.iter().flat_map(names).collect()
    }

    /// Columns of categories and the features they became.
    pub(super) fn categories(&self) -> Vec<(String, Range<usize>)> {
        let columns = self.columns.iter().filter(|column| column.encoding != Encoding::Number);
        columns.map(|column| (column.name.clone(), column.features())).collect()
    }

    /// Reads `n_rows` rows, the encoder's columns from these places of the table. O(cells + n d).
    pub(super) fn read(
        &self,
        table: &TableReader,
        name: &str,
        places: &[usize],
        n_rows: usize,
    ) -> Result<Encoded, LabError> {
        let d = self.n_features;
        check_memory(name, n_rows, d)?;
        let mut encoded = Encoded {
            values: vec![0.0; n_rows * d],
            missing: vec![MissingCells::default(); self.columns.len()],
            unknown: vec![0; self.columns.len()],
        };
        let changed =
            || malformed(table.path(), "", format!("it changed while it was read, expected {n_rows} rows"));
        let (mut rows, mut start) = (table.rows(places)?, 0);
        while let Some(batch) = rows.next_batch()? {
            let end = start + batch.n_rows;
            let Some(examples) = encoded.values.get_mut(start * d..end * d) else { return Err(changed().into()) };
            for (row, example) in examples.chunks_exact_mut(d.max(1)).enumerate() {
                for (at, (column, cells)) in self.columns.iter().zip(&batch.columns).enumerate() {
                    if column.encoding == Encoding::Number {
                        example[column.first] = match Cell::of(cells, row) {
                            Cell::Number(value) if (value as f32).is_finite() => value as f32,
                            Cell::Missing => {
                                encoded.missing[at].add(|| batch.place(row));
                                f32::NAN
                            }
                            _ => {
                                let place = format!("{}, column `{}`", batch.place(row), column.name);
                                let problem = format!("{}, expected a finite number", cells.shown(row));
                                return Err(malformed(table.path(), place, problem).into());
                            }
                        };
                        continue;
                    }
                    let category = text(cells, row);
                    if category.is_none() {
                        encoded.missing[at].add(|| batch.place(row));
                    }
                    match column.feature_of(category.as_deref().unwrap_or(MISSING)) {
                        Some(feature) => example[feature] = 1.0,
                        None => encoded.unknown[at] += usize::from(category.is_some()),
                    }
                }
            }
            start = end;
        }
        if start == n_rows { Ok(encoded) } else { Err(changed().into()) }
    }

    /// Puts medians in the place of missing numbers: those of `training`, which is encoded, too, else of these. What was
    /// filled in each column, in words. O(n) per column that lacks some.
    pub(super) fn impute(&self, encoded: &mut Encoded, training: Option<&[f32]>) -> Vec<String> {
        let d = self.n_features.max(1);
        let mut filled = Vec::new();
        for (column, missing) in self.columns.iter().zip(&encoded.missing).filter(|(_, missing)| missing.n > 0) {
            let first = column.first;
            let by = match column.encoding {
                Encoding::Number => {
                    let values = training.unwrap_or(&encoded.values);
                    let Some(median) = median(values.iter().skip(first).step_by(d).copied()) else { continue };
                    let own = encoded.values.iter_mut().skip(first).step_by(d);
                    own.filter(|value| value.is_nan()).for_each(|value| *value = median);
                    format!("the median {median}")
                }
                Encoding::OneHot(_) if column.feature_of(MISSING).is_some() => format!("the category `{MISSING}`"),
                Encoding::OneHot(_) => "no category".into(),
            };
            filled.push(format!("`{}` {} by {by}", column.name, missing.n));
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use cl_data::io::TableOptions;

    use super::*;

    fn encoder() -> Encoder {
        let mut encoder = Encoder::default();
        encoder.push("n".into(), "n".into(), Encoding::Number);
        encoder.push("c".into(), "c".into(), Encoding::OneHot(vec!["blue".into(), "red".into()]));
        encoder.push("m".into(), "m".into(), Encoding::Number);
        encoder
    }

    fn read(table: &str, n_rows: usize) -> Result<Encoded, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), table).unwrap();
        let table = TableReader::open(file.path(), &TableOptions::default()).unwrap();
        let places = ["n", "c", "m"].map(|name| table.column(name).unwrap());
        encoder().read(&table, "f.csv", &places, n_rows).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_stay_and_categories_become_a_feature_each() {
        assert_eq!(encoder().feature_names(), ["n", "c=blue", "c=red", "m"]);
        assert_eq!(encoder().categories(), [("c".to_owned(), 1..3)]);
        // Columns in another order, and one more.
        let encoded = read("m,z,c,n\n4,q, red,0.5\n?,q,green,-1\n6,q,,2\n", 3).unwrap();
        let values = &encoded.values;
        assert_eq!(values[..4], [0.5, 0.0, 1.0, 4.0]);
        assert_eq!(values[4..7], [-1.0, 0.0, 0.0]);
        assert!(values[7].is_nan());
        assert_eq!(values[8..], [2.0, 0.0, 0.0, 6.0]);
        let missing = encoded.missing.iter().map(|missing| (missing.n, missing.first()));
        assert_eq!(missing.collect::<Vec<_>>(), [(0, ""), (1, "line 4"), (1, "line 3")]);
        assert_eq!(encoded.unknown, [0, 1, 0]);
    }

    #[test]
    fn medians_stand_in_for_missing_numbers() {
        let gaps = || read("n,c,m\n1,red,7\n?,red,7\n4,?,7\n2,blue,7\n", 4).unwrap();
        let mut encoded = gaps();
        let filled = encoder().impute(&mut encoded, None);
        assert_eq!(filled, ["`n` 1 by the median 2", "`c` 1 by no category"]);
        assert_eq!(encoded.values[4..8], [2.0, 0.0, 1.0, 7.0]);
        // Of a test set those of the training data.
        let mut encoded = gaps();
        encoder().impute(&mut encoded, Some(&[10.0, 0.0, 0.0, 0.0, 30.0, 0.0, 0.0, 0.0]));
        assert_eq!(encoded.values[4], 20.0);
    }

    #[test]
    fn what_is_no_number_or_another_file_is_refused() {
        let text = read("n,c,m\nmany,red,7\n", 1).map(|_| ()).unwrap_err();
        assert!(text.ends_with("line 2, column `n`: \"many\", expected a finite number"), "{text}");
        for n_rows in [1, 3] {
            let changed = read("n,c,m\n1,red,7\n2,red,7\n", n_rows).map(|_| ()).unwrap_err();
            assert!(changed.contains("it changed while it was read"), "{changed}");
        }
    }
}
