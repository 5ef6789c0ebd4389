use std::path::Path;

use super::array::{Array, ArrayData};
use super::element::ElementType;
use super::malformed;
use super::npz::{NpzReader, write_npz};
use crate::{
    dataset::{Dataset, MAX_CLASSES, Scalar},
    error::DataError,
    ids::Ids,
};

/// Reads a data set from a `.npz` file.
///
/// ```text
/// features        n x d, or n x any shape      numbers
/// labels          n                            integers from 0
/// ids             n                            integers or texts       optional: 0..n
/// feature_names   d                            texts                   optional
/// class_names     C                            texts                   optional: 0 up to the largest label
/// ```
///
/// # Errors
/// As [`NpzReader::read`]; where a member is missing or has another shape, or a value is not allowed in a
/// [`Dataset`].
pub fn read_npz_dataset<T: Scalar>(path: impl AsRef<Path>) -> Result<Dataset<T>, DataError> {
    let mut archive = NpzReader::open(path)?;
    let path = archive.path().to_path_buf();
    let wrong = |name: &str, problem: String| malformed(&path, format!("member `{name}`"), problem);
    let wrong_value = |name: &'static str| move |error: DataError| wrong(name, error.to_string());

    let features = archive.read("features")?;
    let [n, ref rest @ ..] = *features.shape() else {
        return Err(wrong("features", "a single number, expected one row per example".into()));
    };
    let n_features = super::n_elements(rest).unwrap_or(usize::MAX);
    // Without rows nothing in the file backs the other axes, and a data set names each of its features.
    if n == 0 && n_features > MAX_CLASSES {
        return Err(wrong("features", format!("shape {:?}, expected rows", features.shape())));
    }
    let array = archive.read("labels")?;
    if *array.shape() != [n] {
        return Err(wrong(
            "labels",
            format!("shape {:?}, expected [{n}], one per row of `features`", array.shape()),
        ));
    }
    let labels = array.to_indices().map_err(wrong_value("labels"))?;
    let names = archive.names().to_vec();
    let mut texts = |name: &'static str| match names.iter().any(|known| known == name) {
        false => Ok(None),
        true => match archive.read(name)?.into_data() {
            ArrayData::Text(texts) => Ok(Some(texts)),
            other => Err(wrong(name, format!("{}, expected texts", other.element_type()))),
        },
    };
    let (feature_names, class_names) = (texts("feature_names")?, texts("class_names")?);
    let n_classes = match &class_names {
        Some(names) => names.len(),
        None => labels.iter().max().map_or(0, |&largest| largest.saturating_add(1)),
    };
    if n_classes > MAX_CLASSES {
        return Err(wrong("labels", format!("{}, expected less than {MAX_CLASSES}", n_classes - 1)));
    }
    let mut data =
        Dataset::new(n_features, features.to_floats().map_err(wrong_value("features"))?, labels, n_classes)
            .map_err(|error| malformed(&path, "members", error.to_string()))?;
    if names.iter().any(|known| known == "ids") {
        let ids = read_ids(archive.read("ids")?).and_then(|ids| data.with_ids(ids));
        data = ids.map_err(wrong_value("ids"))?;
    }
    if let Some(names) = feature_names {
        data = data.with_feature_names(names).map_err(wrong_value("feature_names"))?;
    }
    if let Some(names) = class_names {
        data = data.with_class_names(names).map_err(wrong_value("class_names"))?;
    }
    Ok(data)
}

fn read_ids(array: Array) -> Result<Ids, DataError> {
    match array.into_data() {
        ArrayData::Text(ids) => Ids::texts(ids),
        ArrayData::I64(ids) => Ids::integers(ids),
        ArrayData::U64(ids) => Ids::texts(ids.iter().map(u64::to_string).collect()),
        ArrayData::I8(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::I16(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::I32(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::U8(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::U16(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        ArrayData::U32(ids) => Ids::integers(ids.into_iter().map(i64::from).collect()),
        other => Err(DataError::argument("ids", other.element_type(), "integers or texts")),
    }
}

/// Writes a data set as a `.npz` file with the five members of [`read_npz_dataset`], which reads it back
/// exactly.
///
/// # Errors
/// As [`write_npz`].
pub fn write_npz_dataset<T: Scalar>(path: impl AsRef<Path>, data: &Dataset<T>) -> Result<(), DataError> {
    let n = data.n_examples();
    let values = data.features().as_slice();
    // Only a scalar that single precision holds whole is stored in it.
    let element = if size_of::<T>() == size_of::<f32>() { ElementType::F32 } else { ElementType::F64 };
    let values = match element {
        ElementType::F32 => ArrayData::F32(values.iter().map(|value| value.as_f64() as f32).collect()),
        _ => ArrayData::F64(values.iter().map(|value| value.as_f64()).collect()),
    };
    let labels = ArrayData::I64(data.labels().iter().map(|&label| label as i64).collect());
    let texts = |texts: &[String]| Array::new(vec![texts.len()], ArrayData::Text(texts.to_vec()));
    let members = [
        ("features", Array::new(vec![n, data.n_features()], values)?),
        ("labels", Array::new(vec![n], labels)?),
        ("ids", Array::new(vec![n], ids_data(data.ids()))?),
        ("feature_names", texts(data.feature_names())?),
        ("class_names", texts(data.class_names())?),
    ];
    write_npz(path, members.iter().map(|(name, array)| (name, array)))
}

/// Integers where every id is the plain text of one, else texts.
fn ids_data(ids: &Ids) -> ArrayData {
    let integer = |id: &str| id.parse().ok().filter(|value: &i64| value.to_string() == id);
    match ids.iter().map(|id| integer(&id)).collect() {
        Some(integers) => ArrayData::I64(integers),
        None => ArrayData::Text(ids.iter().map(Into::into).collect()),
    }
}
