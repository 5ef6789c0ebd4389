use std::collections::HashMap;
use std::path::Path;

use super::{Array, CsvRows, Signature, malformed, read_npy};
use crate::{error::DataError, ids::Ids};

/// The labels of the examples with these ids: by position from a `.npy` file, by id from a `.csv` file with columns
/// `id` and `label`. O(n).
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Malformed`] naming the place, unless there is a class (an integer from 0) for
/// each id, and each id once.
pub fn read_labels(path: impl AsRef<Path>, ids: &Ids) -> Result<Vec<usize>, DataError> {
    let path = path.as_ref();
    if Signature::of(path)? == Signature::Npy {
        let array = read_npy(path)?;
        if array.shape() != [ids.len()] {
            let problem = format!("labels of shape {:?}, expected [{}] as the scores", array.shape(), ids.len());
            return Err(malformed(path, "", problem));
        }
        return array.to_indices().map_err(|error| malformed(path, "", error.to_string()));
    }
    let mut rows = CsvRows::open(path, b',')?;
    let names = rows.header()?;
    let (id_at, label_at) = (rows.column(&names, "id")?, rows.column(&names, "label")?);
    let mut label_of = HashMap::new();
    while rows.advance()? {
        let fields: Vec<&str> = rows.fields().collect();
        let (id, label) = (fields[id_at], fields[label_at]);
        let class = label.parse().map_err(|_| rows.unexpected("label", label, "a class, an integer from 0"))?;
        if label_of.insert(id.to_owned(), class).is_some() {
            return Err(malformed(path, format!("line {}", rows.line()), format!("id {id} is there twice")));
        }
    }
    let label = |id: std::borrow::Cow<'_, str>| {
        let label = label_of.get(id.as_ref()).copied();
        label.ok_or_else(|| malformed(path, "", format!("no label for id {id}")))
    };
    ids.iter().map(label).collect()
}

/// Integers from 0 of one axis from a `.npy` file: labels, an order; `what` they are, for messages.
///
/// # Errors
/// As [`read_npy`] and [`indices_of`].
pub fn read_indices(path: impl AsRef<Path>, what: &str) -> Result<Vec<usize>, DataError> {
    indices_of(path.as_ref(), what, &read_npy(&path)?)
}

/// Integers from 0 of one axis that an array of the file `path` holds; `what` they are, for messages.
///
/// # Errors
/// [`DataError::Malformed`] where there is another axis, or an element that is none.
pub fn indices_of(path: &Path, what: &str, array: &Array) -> Result<Vec<usize>, DataError> {
    if array.shape().len() != 1 {
        return Err(malformed(path, "", format!("{what} of shape {:?}, expected one axis", array.shape())));
    }
    array.to_indices().map_err(|error| malformed(path, what, error.to_string()))
}
