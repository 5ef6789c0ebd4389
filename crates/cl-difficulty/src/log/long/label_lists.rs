use std::path::Path;

use cl_data::DataError;
use cl_data::io::{Array, ArrayData, LabelOptions, Labels, malformed};

/// Labels that are lists, by example: one-hot, or shares of classes.
#[derive(Default)]
pub(super) struct LabelLists {
    lists: Vec<Option<Box<[f64]>>>,
    /// The column that they are in, for messages.
    column: String,
}

impl LabelLists {
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Adds the list of a row; where another of the same example was another, or of another length, what was expected.
    pub(super) fn add(&mut self, example: u32, list: &[f64], column: &str) -> Result<(), String> {
        if let Some(first) = self.lists.iter().flatten().next()
            && first.len() != list.len()
        {
            return Err(format!("{} numbers as in the first row", first.len()));
        }
        if self.lists.len() <= example as usize {
            self.lists.resize(example as usize + 1, None);
        }
        self.column.replace_range(.., column);
        match &self.lists[example as usize] {
            Some(first) if **first != *list => Err(format!("{first:?} as in an earlier row of this id")),
            Some(_) => Ok(()),
            None => {
                self.lists[example as usize] = Some(list.into());
                Ok(())
            }
        }
    }

    /// The labels of these examples; `id` is how one is called in messages.
    pub(super) fn labels(
        &self,
        path: &Path,
        order: &[u32],
        options: &LabelOptions,
        id: impl Fn(u32) -> String,
    ) -> Result<Labels, DataError> {
        let mut values = Vec::new();
        for &example in order {
            match self.lists.get(example as usize) {
                Some(Some(list)) => values.extend_from_slice(list),
                _ => {
                    return Err(malformed(
                        path,
                        "",
                        format!("id {} has no label that is a list, expected one as of the others", id(example)),
                    ));
                }
            }
        }
        let width = values.len() / order.len().max(1);
        let array = Array::new(vec![order.len(), width], ArrayData::F64(values))?;
        Labels::of_array(path, &format!("column `{}`", self.column), array, options)
    }
}
