use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// The names of the examples: what a row is joined by, never its position.
///
/// An id is compared and hashed by its text, so that `7` read from a CSV file and the integer 7 read from an
/// array are the same id.
///
/// ```
/// use cl_data::Ids;
///
/// let ids = Ids::range(3);
/// assert_eq!(ids.get(2).unwrap(), "2");
/// assert!(Ids::integers(vec![4, 9, 4]).is_err());
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Representation")]
pub struct Ids(Representation);

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Representation {
    Range(usize),
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

impl Ids {
    /// The ids `0..n`, in O(1) memory.
    pub fn range(n: usize) -> Self {
        Self(Representation::Range(n))
    }

    /// Integer ids.
    ///
    /// # Errors
    /// [`DataError::DuplicateId`] where an id occurs twice.
    pub fn integers(ids: Vec<i64>) -> Result<Self, DataError> {
        // What increases is there once.
        if !ids.is_sorted_by(|a, b| a < b) {
            reject_duplicates(ids.iter())?;
        }
        Ok(Self(Representation::Integers(ids)))
    }

    /// Textual ids.
    ///
    /// # Errors
    /// [`DataError::DuplicateId`] where an id occurs twice.
    pub fn texts(ids: Vec<String>) -> Result<Self, DataError> {
        if !ids.is_sorted_by(|a, b| a < b) {
            reject_duplicates(ids.iter())?;
        }
        Ok(Self(Representation::Texts(ids)))
    }

    /// The number of ids.
    pub fn len(&self) -> usize {
        match &self.0 {
            Representation::Range(n) => *n,
            Representation::Integers(ids) => ids.len(),
            Representation::Texts(ids) => ids.len(),
        }
    }

    /// Whether there is no id at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of example `index` as text; `None` past the end.
    pub fn get(&self, index: usize) -> Option<Cow<'_, str>> {
        match &self.0 {
            Representation::Range(n) => (index < *n).then(|| Cow::Owned(index.to_string())),
            Representation::Integers(ids) => ids.get(index).map(|id| Cow::Owned(id.to_string())),
            Representation::Texts(ids) => ids.get(index).map(|id| Cow::Borrowed(id.as_str())),
        }
    }

    /// All ids in order, as text.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, str>> + Clone {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The texts of integer ids, each with zeros behind, and where it stands; `None` of other ids. Zeros come before all
    /// that texts of integers hold, so that these compare as the texts do.
    pub(crate) fn integer_texts(&self) -> Option<Vec<([u8; 20], usize)>> {
        let text = |(index, id): (usize, i64)| {
            let mut text = [0; 20];
            // As many characters as the longest has.
            let _ = write!(&mut text[..], "{id}");
            (text, index)
        };
        match &self.0 {
            Representation::Range(n) => Some((0..*n).map(|id| text((id, id as i64))).collect()),
            Representation::Integers(ids) => Some(ids.iter().copied().enumerate().map(text).collect()),
            Representation::Texts(_) => None,
        }
    }

    /// The ids of the examples at `indices`.
    ///
    /// # Errors
    /// [`DataError::IndexOutOfRange`], or [`DataError::DuplicateId`] where an index is named twice.
    pub fn select(&self, indices: &[usize]) -> Result<Self, DataError> {
        let n_examples = self.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= n_examples) {
            return Err(DataError::IndexOutOfRange { index, n_examples });
        }
        match &self.0 {
            // A range's subset names the rows of the whole, so that it can be joined back.
            Representation::Range(_) => Self::integers(indices.iter().map(|&index| index as i64).collect()),
            Representation::Integers(ids) => Self::integers(indices.iter().map(|&index| ids[index]).collect()),
            Representation::Texts(ids) => Self::texts(indices.iter().map(|&index| ids[index].clone()).collect()),
        }
    }
}

impl TryFrom<Representation> for Ids {
    type Error = DataError;

    fn try_from(representation: Representation) -> Result<Self, DataError> {
        match representation {
            Representation::Range(n) => Ok(Self::range(n)),
            Representation::Integers(ids) => Self::integers(ids),
            Representation::Texts(ids) => Self::texts(ids),
        }
    }
}

impl PartialEq for Ids {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Ids {}

fn reject_duplicates<'a, Id: std::hash::Hash + Eq + ToString + 'a>(
    ids: impl ExactSizeIterator<Item = &'a Id>,
) -> Result<(), DataError> {
    let mut seen = HashMap::with_capacity(ids.len());
    for (second, id) in ids.enumerate() {
        if let Some(first) = seen.insert(id, second) {
            return Err(DataError::DuplicateId { id: id.to_string(), first, second });
        }
    }
    Ok(())
}
