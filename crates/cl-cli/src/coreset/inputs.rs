//! What is read beside the features, and how these are looked at.

use std::path::Path;

use anyhow::{Context, bail};
use cl_data::MAX_CLASSES;
use cl_data::io::{NpyReader, indices_of};
use cl_prune::PruneError;
use cl_prune::coreset::{AnyFeatures, Features, ValidationTaylor, coresets};

use super::arguments::Arguments;
use crate::features::{FeatureFile, Rows, Values};
use crate::output::note;

/// As many numbers for each example as there are examples may be their similarities to each other.
pub(super) fn ask_about_square(arguments: &Arguments, path: &Path, n: usize) -> anyhow::Result<()> {
    if arguments.options.iter().any(|(key, _)| key == "similarity") {
        return Ok(());
    }
    let is_compared = coresets().any(|known| {
        let takes = known.method.parameters.iter().any(|parameter| parameter.name == "similarity");
        Some(known.method.name) == arguments.method.as_deref() && known.over_neighbors && takes
    });
    let shown = path.display();
    if is_compared {
        bail!(
            "{shown}: shape [{n}, {n}]: similarities of the examples to each other, or {n} features of each? expected \
             --option similarity=precomputed for the one, and for the other the similarity by name, such as --option \
             similarity=max-squared"
        );
    }
    note(&format!(
        "{shown}: shape [{n}, {n}] is read as {n} features of each example, not as similarities to each other"
    ));
    Ok(())
}

/// Leaves out the examples whose features are all zero, of which no part may have chosen one; how many they are.
pub(super) fn skip_zeros(file: &mut FeatureFile, orders: &[Vec<usize>]) -> anyhow::Result<usize> {
    fn others<T: Copy + Default + PartialEq>(values: &mut Vec<T>, d: usize) -> Vec<usize> {
        let is_zero = |example: &[T]| example.iter().all(|value| *value == T::default());
        let kept: Vec<usize> = values
            .chunks_exact(d)
            .enumerate()
            .filter(|(_, example)| !is_zero(example))
            .map(|(at, _)| at)
            .collect();
        for (to, &from) in kept.iter().enumerate() {
            values.copy_within(from * d..(from + 1) * d, to * d);
        }
        values.truncate(kept.len() * d);
        kept
    }
    let d = file.shape.n_features;
    let kept = match &mut file.values {
        Values::F32(values) => others(values, d),
        Values::F64(values) => others(values, d),
    };
    let n_zero = file.rows.len() - kept.len();
    if n_zero > 0 {
        file.rows = Rows::These(kept.into_iter().map(|at| file.rows.get(at)).collect());
        if let Some(row) = orders.iter().flatten().find(|&&row| file.rows.position(row).is_none()) {
            bail!("--zero skip: a part chose row {row}, whose features are all zero");
        }
    }
    Ok(n_zero)
}

pub(super) fn any_features(values: &Values, n_features: usize) -> Result<AnyFeatures<'_>, PruneError> {
    Ok(match values {
        Values::F32(values) => Features::new(values, n_features)?.into(),
        Values::F64(values) => Features::new(values, n_features)?.into(),
    })
}

pub(super) fn read_labels(path: &Path, n: usize, of: &Path) -> anyhow::Result<Vec<usize>> {
    let reader = NpyReader::open(path)?;
    if let Some(found) = reader.shape().first().filter(|&&found| found != n) {
        let (path, of) = (path.display(), of.display());
        bail!("{path}: {found} labels for {n} examples of {of}, expected one each");
    }
    let labels = indices_of(path, "labels", &reader.into_array()?)?;
    if let Some(at) = labels.iter().position(|&label| label >= MAX_CLASSES) {
        let label = labels[at];
        bail!("{}: element {at}: label {label}, expected a class below {MAX_CLASSES}", path.display());
    }
    Ok(labels)
}

/// The query or the private examples, whose features must be those of the examples.
pub(super) fn read_target(path: &Path, n_features: usize) -> anyhow::Result<FeatureFile> {
    FeatureFile::read(path, |shape, _| {
        if shape.n_features != n_features {
            let (path, found) = (path.display(), shape.n_features);
            bail!("{path}: examples of {found} features, expected {n_features} as those to choose from have");
        }
        Ok(Rows::Range(0..shape.n_examples))
    })
}

/// The predicted probabilities of `n` examples.
pub(super) fn read_probabilities(path: &Path, n: usize, of: &Path) -> anyhow::Result<FeatureFile> {
    FeatureFile::read(path, |shape, _| {
        if shape.n_examples != n {
            let (path, of, found) = (path.display(), of.display(), shape.n_examples);
            bail!("{path}: probabilities of {found} examples, expected one row for each of the {n} of {of}");
        }
        Ok(Rows::Range(0..n))
    })
}

/// The numbers of these rows of a file that was read whole.
pub(super) fn rows_of(file: &FeatureFile, rows: &Rows) -> Vec<f64> {
    let n_features = file.shape.n_features;
    let places = (0..rows.len()).map(|at| rows.get(at) * n_features);
    match &file.values {
        Values::F32(values) => {
            places.flat_map(|place| values[place..][..n_features].iter().map(|&value| f64::from(value))).collect()
        }
        Values::F64(values) => places.flat_map(|place| values[place..][..n_features].iter().copied()).collect(),
    }
}

pub(super) fn any_of<'a>(file: &'a FeatureFile, path: Option<&Path>) -> anyhow::Result<AnyFeatures<'a>> {
    let of_file = || path.map_or_else(String::new, |path| path.display().to_string());
    any_features(&file.values, file.shape.n_features).with_context(of_file)
}

pub(super) fn read_validation(path: &Path, n_features: usize) -> anyhow::Result<ValidationTaylor> {
    let file = FeatureFile::read(path, |shape, _| {
        if shape.n_features != n_features {
            let (path, found) = (path.display(), shape.n_features);
            bail!("{path}: gradients of {found} numbers, expected {n_features} as those of the examples");
        }
        Ok(Rows::Range(0..shape.n_examples))
    })?;
    let of_file = || path.display().to_string();
    let validation = match any_features(&file.values, file.shape.n_features).with_context(of_file)? {
        AnyFeatures::F32(gradients) => ValidationTaylor::new(&gradients),
        AnyFeatures::F64(gradients) => ValidationTaylor::new(&gradients),
    };
    validation.with_context(of_file)
}
