use cl_data::io::{ID_COLUMNS, LABEL_COLUMNS};
use cl_difficulty::OutputKind;
use cl_difficulty::log::{CORRECT_COLUMNS, EPOCH_COLUMNS, LOSS_COLUMNS, OUTPUT_NAMES};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;

use crate::error::EngineError;
use crate::metric::MetricColumns;

/// What columns of outputs are called, and what they are; those that tell most come first.
fn output_columns() -> impl Iterator<Item = (&'static str, OutputKind)> {
    let of_classes = OUTPUT_NAMES.iter().filter_map(|&(name, kind)| Some((name, kind?)));
    let of_classes = of_classes.filter(|(_, kind)| !kind.is_scalar());
    let losses = LOSS_COLUMNS.iter().map(|&name| (name, OutputKind::Losses));
    let correct = CORRECT_COLUMNS.iter().map(|&name| (name, OutputKind::Correct));
    of_classes.chain(losses).chain(correct)
}

/// What is said of a log that its columns do not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The column of ids.
    pub id_column: Option<String>,
    /// The column of epochs.
    pub epoch_column: Option<String>,
    /// The column of labels.
    pub label_column: Option<String>,
    /// The column of outputs, or what numbered columns begin with.
    pub outputs_column: Option<String>,
    /// What the outputs are.
    pub outputs: Option<OutputKind>,
}

/// Which columns of a log mean what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogColumns {
    /// Integers or texts.
    pub id: String,
    /// All that metrics read.
    pub metric: MetricColumns,
}

impl LogColumns {
    /// By the names that `curriculum score` knows: of outputs the fullest, `logits`, `probs` or `log_probs` (lists, or
    /// numbered columns such as `logit_0`, `logit_1`, ...), `loss`, `correct`.
    ///
    /// ```
    /// use cl_datafusion::{LogColumns, LogOptions};
    /// use datafusion::arrow::datatypes::{DataType, Field, Schema};
    ///
    /// let field = |name, kind| Field::new(name, kind, false);
    /// let schema = Schema::new(vec![field("id", DataType::Int64), field("epoch", DataType::Int64), field("loss", DataType::Float32)]);
    /// let columns = LogColumns::find("log", &schema.try_into()?, &LogOptions::default())?;
    /// assert_eq!((columns.id.as_str(), &columns.metric.outputs[..]), ("id", &["loss".to_owned()][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where there is no column of ids, epochs or outputs, or not the one that was told, or no label where outputs are per
    /// class: the columns that there are are named.
    pub fn find(table: &str, schema: &DFSchema, options: &LogOptions) -> Result<Self, EngineError> {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let missing = |column: &str| {
            let (table, column) = (table.to_owned(), column.to_owned());
            EngineError::MissingColumn { table, column, columns: names.join(", ") }
        };
        let has = |name: &str| names.contains(&name).then(|| name.to_owned());
        let first_of = |known: &[&str]| known.iter().find_map(|name| has(name));
        let told = |name: &Option<String>, known: &[&str]| match name {
            Some(name) => has(name).map(Some).ok_or_else(|| missing(name)),
            None => Ok(first_of(known)),
        };
        let id = told(&options.id_column, ID_COLUMNS)?.ok_or_else(|| missing(ID_COLUMNS[0]))?;
        let epoch = told(&options.epoch_column, EPOCH_COLUMNS)?.ok_or_else(|| missing(EPOCH_COLUMNS[0]))?;
        let label = told(&options.label_column, LABEL_COLUMNS)?;
        let (outputs, named) = match &options.outputs_column {
            Some(name) => {
                let kind = output_columns().find(|(known, _)| *known == name.as_str()).map(|(_, kind)| kind);
                let found = columns_of(&names, name);
                (found.ok_or_else(|| missing(name))?, options.outputs.or(kind))
            }
            None => {
                let wanted = |kind: OutputKind| options.outputs.is_none_or(|told| told == kind);
                let mut found = output_columns().filter(|(_, kind)| wanted(*kind));
                let found = found.find_map(|(name, kind)| Some((columns_of(&names, name)?, Some(kind))));
                found.ok_or_else(|| missing("logits, probs, log_probs, loss or correct"))?
            }
        };
        let Some(kind) = named else {
            let value = format!("not told of column {}", outputs[0]);
            return Err(EngineError::argument(
                "outputs",
                value,
                "logits, probabilities, log-probabilities, losses or correct",
            ));
        };
        if label.is_none() && !kind.is_scalar() {
            return Err(missing(LABEL_COLUMNS[0]));
        }
        if let Some(label) = &label
            && let Ok(field) = schema.field_with_unqualified_name(label)
            && !field.data_type().is_integer()
        {
            let found = field.data_type().to_string();
            return Err(EngineError::cell(
                table,
                format!("column {label}"),
                found,
                "integers, the classes from 0",
            ));
        }
        Ok(Self { id, metric: MetricColumns { epoch: Some(epoch), outputs, label, kind } })
    }

    /// The number of classes that a schema tells: of lists of a fixed size, and of columns.
    pub(super) fn n_classes(&self, schema: &DFSchema) -> Option<usize> {
        let [outputs] = &self.metric.outputs[..] else { return Some(self.metric.outputs.len()) };
        match schema.field_with_unqualified_name(outputs).ok()?.data_type() {
            DataType::FixedSizeList(_, width) => Some(*width as usize),
            _ => None,
        }
    }
}

/// The column of this name, or those that are numbered behind it (`logits_0` or `logit_0`) from 0 or 1 without a gap.
pub(super) fn columns_of(names: &[&str], name: &str) -> Option<Vec<String>> {
    if names.contains(&name) {
        return Some(vec![name.to_owned()]);
    }
    let mut found: Vec<(u64, &str)> = Vec::new();
    for column in names {
        let before = column.trim_end_matches(|digit: char| digit.is_ascii_digit());
        let prefix = before.trim_end_matches(['_', '-', '.']);
        if before.len() < column.len() && (prefix == name || name.strip_suffix('s') == Some(prefix)) {
            found.extend(column[before.len()..].parse().ok().map(|number| (number, *column)));
        }
    }
    found.sort_unstable();
    let first = found.first()?.0;
    let whole = first <= 1 && found.len() > 1 && found.iter().zip(first..).all(|((number, _), at)| *number == at);
    whole.then(|| found.into_iter().map(|(_, column)| column.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{Field, Schema};

    use super::*;

    fn find(names: &[(&str, DataType)], options: &LogOptions) -> Result<LogColumns, String> {
        let fields: Vec<Field> = names.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect();
        LogColumns::find("log", &Schema::new(fields).try_into().unwrap(), options)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_tell() {
        let number = || DataType::Float32;
        let names = [
            ("uid", DataType::Utf8),
            ("step", DataType::Int32),
            ("target", DataType::Int64),
            ("logit_1", number()),
            ("logit_0", number()),
            ("loss", number()),
        ];
        let found = find(&names, &LogOptions::default()).unwrap();
        assert_eq!(found.metric.outputs, ["logit_0", "logit_1"]);
        assert_eq!((found.id.as_str(), found.metric.kind), ("uid", OutputKind::Logits));
        let losses = LogOptions { outputs: Some(OutputKind::Losses), ..LogOptions::default() };
        assert_eq!(find(&names, &losses).unwrap().metric.outputs, ["loss"]);
        let told = LogOptions {
            outputs_column: Some("logit".into()),
            outputs: Some(OutputKind::Probabilities),
            ..LogOptions::default()
        };
        assert_eq!(find(&names, &told).unwrap().metric.kind, OutputKind::Probabilities);
    }

    #[test]
    fn what_lacks_is_told_with_what_is_there() {
        let names = [
            ("id", DataType::Int64),
            ("epoch", DataType::Int64),
            ("logits", DataType::new_list(DataType::Float32, true)),
        ];
        let error = |names: &[(&str, DataType)], options: &LogOptions| find(names, options).unwrap_err();
        let plain = LogOptions::default();
        assert_eq!(error(&names, &plain), "log: no column `label`, the columns are id, epoch, logits");
        assert!(error(&names[1..], &plain).contains("no column `id`, the columns are epoch, logits"));
        assert!(error(&names[..2], &plain).contains("no column `logits, probs"));
        let told = LogOptions { epoch_column: Some("time".into()), ..LogOptions::default() };
        assert!(error(&names, &told).contains("no column `time`"));
        let texts = [&names[..], &[("label", DataType::Utf8)]].concat();
        assert!(error(&texts, &plain).contains("column label is Utf8, expected integers"));
        let unnamed = LogOptions { outputs_column: Some("id".into()), ..LogOptions::default() };
        assert!(error(&names, &unnamed).contains("outputs is not told of column id"));
    }
}
