use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use cl_data::io::{ArrayData, malformed};
use cl_data::{DataError, Ids};
use parquet::file::reader::FileReader;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;

use super::options::{Options, only_outputs};
use super::rows::show;
use super::source::{Contents, Source, Visitor};
use crate::{
    error::DifficultyError,
    parquet_fields::{float, id, integer, open_parquet, parquet_error},
};

/// Rows shown at a time.
const ROWS: usize = 4096;

/// A Parquet file with a row per presentation, epoch after epoch: `id` (integer or text), `epoch`, `label`, and
/// `logits` or `probs`, a list.
pub(super) struct LongTable {
    outputs: &'static str,
    contents: Contents,
    examples: HashMap<String, usize>,
}

/// Something wrong with a row.
fn in_row(path: &Path, number: usize, problem: impl Into<String>) -> DataError {
    malformed(path, format!("row {number}"), problem)
}

/// Calls `each` with the rows of some columns and their numbers, from 0.
fn for_each_row<E: From<DataError>>(
    path: &Path,
    columns: &[&str],
    mut each: impl FnMut(usize, &Row) -> Result<(), E>,
) -> Result<(), E> {
    let fail = |error| parquet_error(path, "", error);
    let reader = open_parquet(path)?;
    let schema = reader.metadata().file_metadata().schema();
    let mut fields = Vec::new();
    for name in columns {
        let Some(field) = schema.get_fields().iter().find(|field| field.name() == *name) else {
            let known: Vec<_> = schema.get_fields().iter().map(|field| field.name()).collect();
            let problem = format!("no column `{name}`, the columns are {}", known.join(", "));
            return Err(malformed(path, "", problem).into());
        };
        fields.push(Arc::clone(field));
    }
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build().map_err(fail)?;
    for (number, row) in reader.get_row_iter(Some(projection)).map_err(fail)?.enumerate() {
        each(number, &row.map_err(|error| in_row(path, number, error.to_string()))?)?;
    }
    Ok(())
}

fn column<'a>(row: &'a Row, wanted: &str) -> Result<&'a Field, String> {
    let found = row.get_column_iter().find(|(name, _)| *name == wanted);
    found.map(|(_, field)| field).ok_or_else(|| format!("no column `{wanted}`"))
}

/// The id, epoch and label of a row.
fn key(row: &Row) -> Result<(String, u64, usize), String> {
    let field = column(row, "id")?;
    let id = id(field).ok_or_else(|| format!("id {field}, expected an integer or a text"))?;
    let count = |name: &str| {
        let field = column(row, name)?;
        let value = integer(field).and_then(|value| u64::try_from(value).ok());
        value.ok_or_else(|| format!("{name} {field} of id {id}, expected an integer from 0"))
    };
    let (epoch, label) = (count("epoch")?, count("label")?);
    let label = usize::try_from(label).map_err(|error| error.to_string())?;
    Ok((id, epoch, label))
}

fn values(row: &Row, name: &str, values: &mut Vec<f64>) -> Result<usize, String> {
    let Field::ListInternal(list) = column(row, name)? else {
        return Err(format!("{name}: expected a list of numbers"));
    };
    for element in list.elements() {
        let number = float(element);
        values.push(number.ok_or_else(|| format!("{name}: element {element}, expected a floating-point number"))?);
    }
    Ok(list.elements().len())
}

impl LongTable {
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self, DataError> {
        let fail = |error| parquet_error(path, "", error);
        let reader = open_parquet(path)?;
        let fields = reader.metadata().file_metadata().schema().get_fields();
        let names: Vec<_> = fields.iter().map(|field| field.name()).collect();
        let (column, outputs) = only_outputs(options, |name| names.contains(&name)).map_err(|_| {
            let names = names.join(", ");
            malformed(path, "", format!("expected one column `logits` or `probs`, the columns are {names}"))
        })?;
        if options.labels.is_some() {
            let problem = "a Parquet file has a column of labels, expected no option `labels`";
            return Err(malformed(path, "", problem));
        }
        let (mut ids, mut labels, mut epochs): (Vec<String>, Vec<usize>, Vec<u64>) = Default::default();
        for_each_row(path, &["id", "epoch", "label"], |number, row| {
            let (id, epoch, label) = key(row).map_err(|problem| in_row(path, number, problem))?;
            match epochs.last() {
                Some(&last) if epoch == last => {}
                Some(&last) if epoch < last => {
                    let problem = format!("epoch {epoch} after epoch {last}, expected them in order");
                    return Err(in_row(path, number, problem));
                }
                Some(&last) if epoch > last + 1 => {
                    let problem = format!("epoch {} is missing, between {last} and {epoch}", last + 1);
                    return Err(in_row(path, number, problem));
                }
                _ => epochs.push(epoch),
            }
            if epochs.len() == 1 {
                ids.push(id);
                labels.push(label);
            }
            Ok(())
        })?;
        let mut n_classes = 0;
        if let Some(first) = reader.get_row_iter(None).map_err(fail)?.next() {
            let found = values(&first.map_err(fail)?, column, &mut Vec::new());
            n_classes = found.map_err(|problem| in_row(path, 0, problem))?;
        }
        let examples = ids.iter().enumerate().map(|(example, id)| (id.clone(), example)).collect();
        let ids = Ids::texts(ids).map_err(|error| malformed(path, "", error.to_string()))?;
        let (path, format, files) = (path.to_path_buf(), "Parquet", Vec::new());
        let contents = Contents { path, format, outputs, ids, labels, n_classes, epochs, files }.checked()?;
        Ok(Self { outputs: column, contents, examples })
    }
}

impl Source for LongTable {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let Self { outputs, contents, examples } = self;
        let path = &contents.path;
        let begin = contents.epochs[0];
        let mut seen = vec![0; contents.n_examples()];
        let (mut indices, mut chunk, mut current) = (Vec::new(), Vec::new(), begin);
        let position = |epoch: u64| (epoch - begin) as usize;
        let mut flush =
            |indices: &mut Vec<usize>, values: &mut Vec<f64>, epoch: u64, ends: bool, seen: &[usize]| {
                let data = ArrayData::F64(std::mem::take(values));
                let indices = std::mem::take(indices);
                if position(epoch) < first {
                    return Ok::<(), DifficultyError>(());
                }
                show(contents, path, position(epoch), &indices, &data, visitor)?;
                if !ends {
                    return Ok(());
                }
                if let Some(missing) = seen.iter().position(|&n| n <= position(epoch)) {
                    let id = contents.id(missing);
                    let same = format!("expected the same examples as in epoch {begin}");
                    return Err(malformed(path, "", format!("id {id} has no row in epoch {epoch}, {same}")).into());
                }
                visitor.epoch_ended(contents, position(epoch))
            };
        for_each_row(path, &["id", "epoch", "label", outputs], |number, row| {
            let wrong = |problem: String| in_row(path, number, problem);
            let (id, epoch, label) = key(row).map_err(wrong)?;
            if epoch != current {
                flush(&mut indices, &mut chunk, current, true, &seen)?;
                current = epoch;
            }
            let Some(&example) = examples.get(&id) else {
                let problem = format!("id {id} does not occur in epoch {begin}, expected the same examples");
                return Err(wrong(problem).into());
            };
            // An id that an epoch lacks is found when that epoch ends.
            if seen[example] > position(epoch) {
                let problem = format!("id {id} occurs twice in epoch {epoch}, expected each example once");
                return Err(wrong(problem).into());
            }
            seen[example] = position(epoch) + 1;
            let expected = contents.labels[example];
            if label != expected {
                let problem = format!("label {label} of id {id}, expected {expected} as in epoch {begin}");
                return Err(wrong(problem).into());
            }
            let found = values(row, outputs, &mut chunk).map_err(wrong)?;
            if found != contents.n_classes {
                let expected = contents.n_classes;
                let problem = format!("{found} {outputs} of id {id}, expected {expected} as in the first row");
                return Err(wrong(problem).into());
            }
            indices.push(example);
            if indices.len() == ROWS { flush(&mut indices, &mut chunk, epoch, false, &seen) } else { Ok(()) }
        })?;
        flush(&mut indices, &mut chunk, current, true, &seen)
    }
}
