use std::path::Path;

use super::{Array, ArrayData, NpyReader, malformed, read_npy};
use crate::{error::DataError, ids::Ids};

/// Ids from a `.npy` file of integers of any width, or of texts.
///
/// # Errors
/// As [`read_npy`] and [`ids_of`].
pub fn read_ids(path: impl AsRef<Path>) -> Result<Ids, DataError> {
    ids_of(path.as_ref(), read_npy(&path)?)
}

/// The same of `n_examples` examples, of which each must have one: looked at before any id is read.
///
/// # Errors
/// As [`read_ids`]; where there are not as many.
pub fn read_ids_for(path: impl AsRef<Path>, n_examples: usize) -> Result<Ids, DataError> {
    let (path, reader) = (path.as_ref(), NpyReader::open(&path)?);
    match *reader.shape() {
        [n] if n != n_examples => {
            Err(malformed(path, "", format!("{n} ids for {n_examples} examples, expected one each")))
        }
        _ => ids_of(path, reader.into_array()?),
    }
}

/// The ids that an array of the file `path` holds: integers of any width, or texts. O(n).
///
/// # Errors
/// [`DataError::Malformed`] unless it has one axis, integers or texts, and each of them once.
pub fn ids_of(path: &Path, array: Array) -> Result<Ids, DataError> {
    if array.shape().len() != 1 {
        return Err(malformed(path, "", format!("ids of shape {:?}, expected one axis", array.shape())));
    }
    fn integers<T: Into<i64>>(ids: Vec<T>) -> Result<Ids, DataError> {
        Ids::integers(ids.into_iter().map(Into::into).collect())
    }
    let ids = match array.into_data() {
        ArrayData::Text(ids) => match ids.iter().position(String::is_empty) {
            Some(at) => return Err(malformed(path, format!("element {at}"), "empty, expected an id")),
            None => Ids::texts(ids),
        },
        ArrayData::U64(ids) => Ids::texts(ids.iter().map(u64::to_string).collect()),
        ArrayData::I64(ids) => Ids::integers(ids),
        ArrayData::I8(ids) => integers(ids),
        ArrayData::I16(ids) => integers(ids),
        ArrayData::I32(ids) => integers(ids),
        ArrayData::U8(ids) => integers(ids),
        ArrayData::U16(ids) => integers(ids),
        ArrayData::U32(ids) => integers(ids),
        other => {
            let problem = format!("ids are {}, expected integers or texts", other.element_type());
            return Err(malformed(path, "", problem));
        }
    };
    ids.map_err(|error| malformed(path, "ids", error.to_string()))
}

/// Ids as they are stored: integers where every id is the plain text of one, else texts. O(n).
///
/// ```
/// use cl_data::io::{ArrayData, ids_data};
///
/// assert_eq!(ids_data(["4", "17"]), ArrayData::I64(vec![4, 17]));
/// assert_eq!(ids_data(["4", "017"]), ArrayData::Text(vec!["4".into(), "017".into()]));
/// ```
pub fn ids_data<Id: AsRef<str>>(ids: impl IntoIterator<Item = Id, IntoIter: Clone>) -> ArrayData {
    let ids = ids.into_iter();
    let integer = |id: Id| id.as_ref().parse().ok().filter(|value: &i64| value.to_string() == id.as_ref());
    match ids.clone().map(integer).collect() {
        Some(integers) => ArrayData::I64(integers),
        None => ArrayData::Text(ids.map(|id| id.as_ref().to_owned()).collect()),
    }
}
