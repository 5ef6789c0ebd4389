use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::ArrayData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;

use super::rows::show;
use super::{Contents, InputOptions, OutputKind, Source, Visitor};
use crate::score_file::integer;

/// Rows shown at a time.
const ROWS: usize = 4096;

/// A Parquet file with a row per presentation, epoch after epoch: `id` (integer or text), `epoch`, `label`, and
/// `logits` or `probs`, a list.
pub(super) struct LongTable {
    path: PathBuf,
    outputs: &'static str,
    contents: Contents,
    examples: HashMap<String, usize>,
}

/// The rows of some columns.
fn for_each_row(
    path: &Path,
    columns: &[&str],
    mut each: impl FnMut(&Row) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let place = || path.display().to_string();
    let reader = SerializedFileReader::new(File::open(path).with_context(place)?).with_context(place)?;
    let schema = reader.metadata().file_metadata().schema();
    let mut fields = Vec::new();
    for name in columns {
        let Some(field) = schema.get_fields().iter().find(|field| field.name() == *name) else {
            let known: Vec<_> = schema.get_fields().iter().map(|field| field.name()).collect();
            bail!("{}: no column `{name}`, the columns are {}", place(), known.join(", "));
        };
        fields.push(Arc::clone(field));
    }
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build().with_context(place)?;
    for (number, row) in reader.get_row_iter(Some(projection)).with_context(place)?.enumerate() {
        let row = row.map_err(anyhow::Error::from).and_then(|row| each(&row));
        row.with_context(|| format!("{}: row {number}", place()))?;
    }
    Ok(())
}

fn column<'a>(row: &'a Row, wanted: &str) -> anyhow::Result<&'a Field> {
    let found = row.get_column_iter().find(|(name, _)| *name == wanted);
    found.map(|(_, field)| field).with_context(|| format!("no column `{wanted}`"))
}

/// The id, epoch and label of a row.
fn key(row: &Row) -> anyhow::Result<(String, u64, usize)> {
    let id = match column(row, "id")? {
        Field::Str(id) => id.clone(),
        field => integer(field).with_context(|| format!("id {field}, expected an integer or a text"))?.to_string(),
    };
    let count = |name: &str| {
        let field = column(row, name)?;
        let value = integer(field).and_then(|value| u64::try_from(value).ok());
        value.with_context(|| format!("{name} {field} of id {id}, expected an integer from 0"))
    };
    let (epoch, label) = (count("epoch")?, count("label")?);
    Ok((id, epoch, usize::try_from(label)?))
}

fn values(row: &Row, name: &str, values: &mut Vec<f64>) -> anyhow::Result<usize> {
    let Field::ListInternal(list) = column(row, name)? else { bail!("{name}: expected a list of numbers") };
    for element in list.elements() {
        values.push(match element {
            Field::Float16(value) => value.to_f64(),
            Field::Float(value) => (*value).into(),
            Field::Double(value) => *value,
            other => bail!("{name}: element {other}, expected a floating-point number"),
        });
    }
    Ok(list.elements().len())
}

impl LongTable {
    pub(super) fn open(path: &Path, input: &InputOptions) -> anyhow::Result<Self> {
        let place = path.display();
        let reader = SerializedFileReader::new(File::open(path).with_context(|| place.to_string())?)
            .with_context(|| place.to_string())?;
        let names: Vec<_> =
            reader.metadata().file_metadata().schema().get_fields().iter().map(|field| field.name()).collect();
        let known = [("logits", OutputKind::Logits), ("probs", OutputKind::Probabilities)];
        let wanted = |kind| input.outputs.is_none_or(|outputs| outputs == kind);
        let found: Vec<_> =
            known.into_iter().filter(|&(name, kind)| names.contains(&name) && wanted(kind)).collect();
        let [(column, outputs)] = found[..] else {
            bail!("{place}: expected one column `logits` or `probs`, the columns are {}", names.join(", "));
        };
        if input.labels.is_some() {
            bail!("{place}: a Parquet file has a column of labels, expected no --labels");
        }
        let (mut ids, mut labels, mut epochs): (Vec<String>, Vec<usize>, Vec<u64>) = Default::default();
        for_each_row(path, &["id", "epoch", "label"], |row| {
            let (id, epoch, label) = key(row)?;
            match epochs.last() {
                Some(&last) if epoch == last => {}
                Some(&last) if epoch < last => bail!("epoch {epoch} after epoch {last}, expected them in order"),
                Some(&last) if epoch > last + 1 => {
                    bail!("epoch {} is missing, between {last} and {epoch}", last + 1)
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
        if let Some(first) = reader.get_row_iter(None).with_context(|| place.to_string())?.next() {
            n_classes = values(&first?, column, &mut Vec::new()).with_context(|| format!("{place}: row 0"))?;
        }
        let examples = ids.iter().enumerate().map(|(example, id)| (id.clone(), example)).collect();
        let ids = Ids::texts(ids).with_context(|| place.to_string())?;
        let (format, files) = ("Parquet", Vec::new());
        let contents = Contents { format, outputs, ids, labels, n_classes, epochs, files }.checked(path)?;
        Ok(Self { path: path.to_path_buf(), outputs: column, contents, examples })
    }
}

impl Source for LongTable {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> anyhow::Result<()> {
        let Self { path, outputs, contents, examples } = self;
        let begin = contents.epochs[0];
        let mut seen = vec![0; contents.n_examples()];
        let (mut indices, mut chunk, mut current) = (Vec::new(), Vec::new(), begin);
        let position = |epoch: u64| (epoch - begin) as usize;
        let mut flush =
            |indices: &mut Vec<usize>, values: &mut Vec<f64>, epoch: u64, ends: bool, seen: &[usize]| {
                let data = ArrayData::F64(std::mem::take(values));
                let indices = std::mem::take(indices);
                if position(epoch) < first {
                    return Ok(());
                }
                show(contents, path, position(epoch), &indices, &data, visitor)?;
                if !ends {
                    return Ok(());
                }
                if let Some(missing) = seen.iter().position(|&n| n <= position(epoch)) {
                    let id = contents.id(missing);
                    bail!("id {id} has no row in epoch {epoch}, expected the same examples as in epoch {begin}");
                }
                visitor.epoch_ended(contents, position(epoch))
            };
        for_each_row(path, &["id", "epoch", "label", outputs], |row| {
            let (id, epoch, label) = key(row)?;
            if epoch != current {
                flush(&mut indices, &mut chunk, current, true, &seen)?;
                current = epoch;
            }
            let Some(&example) = examples.get(&id) else {
                bail!("id {id} does not occur in epoch {begin}, expected the same examples");
            };
            // An id that an epoch lacks is found when that epoch ends.
            if seen[example] > position(epoch) {
                bail!("id {id} occurs twice in epoch {epoch}, expected each example once");
            }
            seen[example] = position(epoch) + 1;
            let expected = contents.labels[example];
            if label != expected {
                bail!("label {label} of id {id}, expected {expected} as in epoch {begin}");
            }
            let found = values(row, outputs, &mut chunk)?;
            if found != contents.n_classes {
                bail!("{found} {outputs} of id {id}, expected {} as in the first row", contents.n_classes);
            }
            indices.push(example);
            if indices.len() == ROWS { flush(&mut indices, &mut chunk, epoch, false, &seen) } else { Ok(()) }
        })?;
        flush(&mut indices, &mut chunk, current, true, &seen)
    }
}
