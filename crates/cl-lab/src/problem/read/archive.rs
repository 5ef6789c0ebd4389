use std::collections::BTreeMap;
use std::path::Path;

use cl_data::io::{Array, ArrayData, NpzReader, exact, ids_of, listed, malformed};
use cl_data::{DataError, Ids};

use super::{
    content::Content,
    memory::check_memory,
    missing::{MissingCells, median, note_of_filled, refusal},
    options::{Imputation, ReadOptions},
    scan::Groups,
    target::{Labels, Target},
};
use crate::{error::LabError, problem::Task};

/// What members of features are called, in any case.
const FEATURES: [&str; 3] = ["x", "features", "embeddings"];

/// What members of labels are called, in any case.
const LABELS: [&str; 5] = ["y", "labels", "label", "target", "targets"];

/// What else the archive of a data set may hold.
const IDS: &str = "ids";
const FEATURE_NAMES: &str = "feature_names";
const CLASS_NAMES: &str = "class_names";

/// An `.npz` archive, such as of the embeddings of a model.
///
/// ```text
/// X, x, features or embeddings          n x d, or n x any shape, which is made flat      numbers
/// y, labels, label, target or targets   n, or n x 1                                      integers, texts or numbers
/// ids                                   n                                                optional: 0..n
/// feature_names                         d                                                optional: x0, x1, ...
/// class_names                           C                                                optional: y are indices of them
/// ```
pub(super) fn read_archive(path: &Path, name: &str, options: &ReadOptions) -> Result<Content, LabError> {
    let mut archive = NpzReader::open(path)?;
    let members = Members::of(&archive, options)?;
    let mut features = Features::read(&mut archive, name, &members.features)?;
    let class_names = read_texts(&mut archive, CLASS_NAMES)?;
    let target = match class_names.filter(|_| options.task != Some(Task::Regression)) {
        Some(names) => {
            let array = read_flat(&mut archive, &members.labels, features.n_examples)?;
            let labels =
                array.to_indices().map_err(|error| of_member(path, &members.labels, error.to_string()))?;
            Target::of_named_classes(path, &members.labels, names, labels)?
        }
        None => {
            let labels = read_labels(&mut archive, &members.labels, features.n_examples)?;
            labels.decide(options.task, path, &members.labels)?
        }
    };
    let feature_names = match read_texts(&mut archive, FEATURE_NAMES)? {
        Some(names) if names.len() != features.n_features => {
            let problem = format!("{} names, expected {}, one per feature", names.len(), features.n_features);
            return Err(of_member(path, FEATURE_NAMES, problem).into());
        }
        names => names.unwrap_or_else(|| (0..features.n_features).map(|feature| format!("x{feature}")).collect()),
    };
    let filled = features.fill(path, options.imputation, &feature_names, None)?;
    let data = target.data(features.n_features, features.values)?.with_feature_names(feature_names.clone())?;
    let mut content = Content::new(data, target.task, &target.column);
    content.notes.extend(members.note.clone());
    content.notes.extend(target.note.clone());
    content.notes.extend(note_of_filled(&filled));
    let ids = options.id.as_deref().or(archive.names().iter().any(|known| known == IDS).then_some(IDS));
    if let Some(member) = ids {
        let ids = read_ids(&mut archive, member, content.data.n_examples())?;
        content.data = content.data.with_ids(ids)?;
    }
    if let Some(member) = &options.groups {
        let array = read_flat(&mut archive, member, content.data.n_examples())?;
        let mut groups = Groups::default();
        texts(array.into_data())?.into_iter().for_each(|group| groups.push(group));
        content.groups = Some(groups.of_example);
    }
    if let Some(test) = &options.test {
        let mut archive = NpzReader::open(test)?;
        let mut features = Features::read(&mut archive, name, &members.features)?;
        let (d, found) = (content.data.n_features(), features.n_features);
        if found != d {
            let problem = format!("{found} features, expected {d} as in {}", path.display());
            return Err(of_member(test, &members.features, problem).into());
        }
        let training = content.data.features().as_slice();
        let filled = features.fill(test, options.imputation, &feature_names, Some(training))?;
        content.notes.extend(note_of_filled(&filled).map(|note| format!("test set: {note}")));
        let labels = read_labels(&mut archive, &members.labels, features.n_examples)?;
        let test = target.test_data(&labels, test, path, d, features.values)?;
        content.test = Some(test.with_feature_names(feature_names)?);
    }
    Ok(content)
}

fn of_member(path: &Path, member: &str, problem: String) -> DataError {
    malformed(path, format!("member `{member}`"), problem)
}

/// Which members hold features and labels.
struct Members {
    features: String,
    labels: String,
    note: Option<String>,
}

impl Members {
    fn of(archive: &NpzReader, options: &ReadOptions) -> Result<Self, LabError> {
        let find = |known: &[&str], what: &str, option: &str| -> Result<String, LabError> {
            let is_known = |name: &&String| known.contains(&&*name.to_lowercase());
            let found: Vec<&String> = archive.names().iter().filter(is_known).collect();
            match found[..] {
                [name] => Ok(name.clone()),
                _ => {
                    let n =
                        if found.is_empty() { "no member".to_owned() } else { format!("{} members", found.len()) };
                    let (known, names) = (known.join(", "), listed(archive.names()));
                    let problem =
                        format!("{n} of {what}, expected one of {known}{option}; the archive has {names}");
                    Err(malformed(archive.path(), "", problem).into())
                }
            }
        };
        let features = find(&FEATURES, "features", "")?;
        let (labels, note) = match &options.label {
            Some(told) => (told.clone(), None),
            None => {
                let found = find(&LABELS, "labels", ", or --label with another")?;
                let note = format!("features are member `{features}`, labels `{found}`, by their names");
                (found, Some(note))
            }
        };
        Ok(Self { features, labels, note })
    }
}

/// Features in one piece.
struct Features {
    n_examples: usize,
    n_features: usize,
    /// Example by example.
    values: Vec<f32>,
    /// Of features that lack some.
    missing: BTreeMap<usize, MissingCells>,
}

impl Features {
    /// Reads a member. O(n d).
    fn read(archive: &mut NpzReader, name: &str, member: &str) -> Result<Self, LabError> {
        let path = archive.path().to_path_buf();
        let reader = archive.stream(member)?;
        let shape = reader.shape().to_vec();
        let wrong = |problem: String| LabError::from(of_member(&path, member, problem));
        let [n_examples, ref rest @ ..] = shape[..] else {
            return Err(wrong("a single number, expected a row for each example".into()));
        };
        let n_features =
            rest.iter().try_fold(1usize, |product, &size| product.checked_mul(size)).unwrap_or(usize::MAX);
        if n_examples == 0 || n_features == 0 {
            return Err(wrong(format!("shape {shape:?}, expected examples and features")));
        }
        check_memory(name, n_examples, n_features)?;
        let values = match reader.into_array()?.into_data() {
            ArrayData::F32(values) => values,
            data => {
                let mut values = Vec::with_capacity(data.len());
                data.append_floats(&mut values).map_err(|error| wrong(error.to_string()))?;
                values
            }
        };
        let mut missing = BTreeMap::<usize, MissingCells>::new();
        for (at, value) in values.iter().enumerate().filter(|(_, value)| !value.is_finite()) {
            let (row, feature) = (at / n_features, at % n_features);
            if !value.is_nan() {
                let place = format!("member `{member}`, row {row}, feature {feature}");
                let problem = format!("{value:?} in single precision, expected a finite number");
                return Err(malformed(&path, place, problem).into());
            }
            missing.entry(feature).or_default().add(|| format!("row {row}"));
        }
        Ok(Self { n_examples, n_features, values, missing })
    }

    /// Puts medians in the place of NaN, where that is asked for: those of `training`, or of these. What was filled, in words.
    fn fill(
        &mut self,
        path: &Path,
        imputation: Imputation,
        names: &[String],
        training: Option<&[f32]>,
    ) -> Result<Vec<String>, LabError> {
        let name = |feature: usize| names.get(feature).map_or("", String::as_str);
        if imputation == Imputation::Refuse {
            let columns = self.missing.iter().map(|(&feature, missing)| (name(feature), missing));
            return refusal(path, columns).map_or(Ok(Vec::new()), |refusal| Err(refusal.into()));
        }
        let (mut medians, mut filled) = (Vec::with_capacity(self.missing.len()), Vec::new());
        for (&feature, missing) in &self.missing {
            let values = training.unwrap_or(&self.values);
            let column = values.iter().skip(feature).step_by(self.n_features).copied();
            let Some(median) = median(column) else {
                let place = format!("feature `{}`", name(feature));
                return Err(malformed(path, place, "nothing but NaN, expected some numbers").into());
            };
            medians.push((feature, median));
            filled.push(format!("`{}` {} by the median {median}", name(feature), missing.n));
        }
        for (feature, median) in medians {
            let column = self.values.iter_mut().skip(feature).step_by(self.n_features);
            column.filter(|value| value.is_nan()).for_each(|value| *value = median);
        }
        Ok(filled)
    }
}

/// A member of one value per example.
fn read_flat(archive: &mut NpzReader, member: &str, n_examples: usize) -> Result<Array, LabError> {
    let path = archive.path().to_path_buf();
    let reader = archive.stream(member)?;
    match *reader.shape() {
        [n] | [n, 1] if n == n_examples => Ok(reader.into_array()?),
        _ => {
            let shape = reader.shape();
            let problem =
                format!("shape {shape:?}, expected [{n_examples}], one value for each row of the features");
            Err(of_member(&path, member, problem).into())
        }
    }
}

fn read_labels(archive: &mut NpzReader, member: &str, n_examples: usize) -> Result<Labels, LabError> {
    let array = read_flat(archive, member, n_examples)?;
    let mut labels = Labels::default();
    let texts = texts(array.into_data())?;
    texts.iter().enumerate().for_each(|(at, label)| labels.push(Some(label.trim()), || format!("element {at}")));
    Ok(labels)
}

/// Ids, which may stand in a column of their own.
fn read_ids(archive: &mut NpzReader, member: &str, n_examples: usize) -> Result<Ids, LabError> {
    let path = archive.path().to_path_buf();
    let flat = Array::new(vec![n_examples], read_flat(archive, member, n_examples)?.into_data())?;
    ids_of(&path, flat).map_err(|error| match error {
        DataError::Malformed { problem, .. } => of_member(&path, member, problem).into(),
        error => error.into(),
    })
}

/// The texts of a member, where it is there.
fn read_texts(archive: &mut NpzReader, member: &str) -> Result<Option<Vec<String>>, LabError> {
    if !archive.names().iter().any(|known| known == member) {
        return Ok(None);
    }
    let path = archive.path().to_path_buf();
    match archive.read(member)?.into_data() {
        ArrayData::Text(texts) => Ok(Some(texts)),
        other => Err(of_member(&path, member, format!("{}, expected texts", other.element_type())).into()),
    }
}

/// Elements as texts, whole numbers without a point.
fn texts(data: ArrayData) -> Result<Vec<String>, DataError> {
    Ok(match data {
        ArrayData::Text(texts) => texts,
        ArrayData::I64(values) => values.iter().map(i64::to_string).collect(),
        ArrayData::U64(values) => values.iter().map(u64::to_string).collect(),
        // The shortest text of the number as it is stored.
        ArrayData::F32(values) => {
            values.iter().map(|value| exact(value.to_string().parse().unwrap_or(f64::NAN))).collect()
        }
        data => {
            let mut values: Vec<f64> = Vec::with_capacity(data.len());
            data.append_floats(&mut values)?;
            values.into_iter().map(exact).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_texts_as_they_are_written_shortest() {
        let of = |data| texts(data).unwrap();
        assert_eq!(of(ArrayData::F32(vec![0.1, 3.0, f32::NAN])), ["0.1", "3", "NaN"]);
        assert_eq!(of(ArrayData::F64(vec![0.1, -2.0])), ["0.1", "-2"]);
        assert_eq!(of(ArrayData::Bool(vec![true, false])), ["1", "0"]);
        assert_eq!(of(ArrayData::I64(vec![i64::MAX])), ["9223372036854775807"]);
        assert_eq!(of(ArrayData::U8(vec![200])), ["200"]);
    }
}
