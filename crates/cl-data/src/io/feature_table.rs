//! Features in tables: a column for each, or lists of them.

use std::path::Path;

use super::{CellValues, ID_COLUMNS, LABEL_COLUMNS, TableOptions, TableReader, listed, malformed};
use crate::{error::DataError, ids::Ids};

/// What a table has of features: example by example, and the ids of these.
pub(super) struct FeatureTable {
    pub(super) values: Vec<f64>,
    pub(super) n_examples: usize,
    pub(super) ids: Option<Ids>,
}

impl FeatureTable {
    /// Reads all columns but those of ids and labels and those `beside` features, numbers or lists of as many numbers in each
    /// row.
    pub(super) fn read(path: &Path, beside: &[&str]) -> Result<Self, DataError> {
        let table = TableReader::open(path, &TableOptions::default())?;
        let id = ID_COLUMNS.iter().find_map(|name| table.find(name));
        let is_feature = |&column: &usize| {
            let name = table.columns()[column].as_str();
            Some(column) != id && !LABEL_COLUMNS.contains(&name) && !beside.contains(&name)
        };
        let features: Vec<usize> = (0..table.columns().len()).filter(is_feature).collect();
        if features.is_empty() {
            let problem = format!("columns {}, expected features beside ids and labels", listed(table.columns()));
            return Err(malformed(path, "header", problem));
        }
        let columns: Vec<usize> = features.iter().copied().chain(id).collect();
        let (mut values, mut ids, mut n_examples, mut width) = (Vec::new(), Vec::new(), 0, None);
        let mut rows = table.rows(&columns)?;
        while let Some(batch) = rows.next_batch()? {
            for row in 0..batch.n_rows {
                let first = values.len();
                for (&column, cells) in features.iter().zip(&batch.columns) {
                    let wrong = |expected: &str| {
                        let place = format!("{}, column `{}`", batch.place(row), table.columns()[column]);
                        malformed(path, place, format!("{}, expected {expected}", cells.shown(row)))
                    };
                    if let CellValues::Lists(lists) = &cells.values {
                        if cells.is_missing(row) {
                            return Err(wrong("a list of numbers"));
                        }
                        values.extend_from_slice(lists.get(row));
                    } else {
                        values.push(cells.number(row).ok_or_else(|| wrong("a number, as of a feature"))?);
                    }
                }
                let found = values.len() - first;
                let expected = *width.get_or_insert(found);
                if found != expected || found == 0 {
                    let problem = format!("{found} features, expected {} as in the first row", expected.max(1));
                    return Err(malformed(path, batch.place(row), problem));
                }
                if id.is_some() {
                    let name = batch.columns[features.len()].text(row);
                    let wrong = || malformed(path, batch.place(row), "no id, expected one in every row");
                    ids.push(name.ok_or_else(wrong)?.into_owned());
                }
                n_examples += 1;
            }
        }
        if n_examples == 0 {
            return Err(malformed(path, "", "no rows, expected at least one example"));
        }
        let ids =
            id.map(|_| Ids::texts(ids)).transpose().map_err(|error| malformed(path, "ids", error.to_string()))?;
        Ok(Self { values, n_examples, ids })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FeatureReader, FeatureRows, FeatureValues};

    #[test]
    fn columns_and_lists_are_features() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            FeatureReader::open(&path)
        };
        let reader = read("id,x,label,z\na,1,0,2.5\nb,3,1,-4\n").unwrap();
        assert_eq!((reader.shape().n_examples, reader.shape().n_features), (2, 2));
        assert_eq!(reader.ids().unwrap().iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(reader.read(&FeatureRows::Range(0..2)).unwrap(), FeatureValues::F64(vec![1.0, 2.5, 3.0, -4.0]));
        let reader = read("{\"embedding\": [1, 2]}\n{\"embedding\": [3, 4]}\n{\"embedding\": [5, 6]}\n").unwrap();
        assert_eq!(
            reader.read(&FeatureRows::These(vec![0, 2])).unwrap(),
            FeatureValues::F64(vec![1.0, 2.0, 5.0, 6.0])
        );
        let wrong = |text: &str| read(text).err().unwrap().to_string();
        assert!(
            wrong("x,z\n1,two\n").contains("line 2, column `z`: \"two\", expected a number"),
            "{}",
            wrong("x,z\n1,two\n")
        );
        assert!(wrong("id,label\na,1\n").contains("expected features beside ids and labels"));
        let ragged = wrong("{\"e\": [1, 2]}\n{\"e\": [3]}\n");
        assert!(ragged.contains("1 features, expected 2 as in the first row"), "{ragged}");
    }
}
