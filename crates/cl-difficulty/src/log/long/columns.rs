use std::collections::HashMap;

use cl_data::DataError;
use cl_data::io::{ID_COLUMNS, LABEL_COLUMNS, RowFormat, TableReader, malformed};

use super::super::names::{
    CORRECT_COLUMNS, EPOCH_COLUMNS, LOSS_COLUMNS, OUTPUT_NAMES, kind_of_name, number_behind,
};
use super::super::options::Options;
use super::super::source::OutputKind;

/// What columns of runs are called.
const RUN_COLUMNS: &[&str] = &["run", "seed", "run_id", "run_seed"];

const PREDICTION_COLUMNS: &[&str] = &["pred", "prediction", "predictions", "predicted", "pred_label", "y_pred"];

/// Which columns of a file mean what.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) id: usize,
    pub(super) epoch: Epoch,
    pub(super) label: Option<usize>,
    pub(super) run: Run,
    pub(super) outputs: OutputColumns,
    /// What the outputs' name says that they are.
    pub(super) named: Option<OutputKind>,
}

#[derive(Debug, Clone)]
pub(super) enum Epoch {
    Column(usize),
    /// All rows are of one, by the file's name or because it was told.
    Of(u64),
}

#[derive(Debug, Clone)]
pub(super) enum Run {
    Column(usize),
    Of(Option<u64>),
}

/// Where a row's outputs stand.
#[derive(Debug, Clone)]
pub(super) enum OutputColumns {
    /// A list, one number per class; of losses, one per token.
    List(usize),
    /// A column per class, by class.
    Numbered(Vec<usize>),
    /// A loss.
    Loss(usize),
    /// Whether it was right.
    Correct(usize),
    /// The class predicted, which is right where it is the label.
    Prediction(usize),
}

impl OutputColumns {
    /// The columns as a message has them.
    pub(super) fn shown(&self, table: &TableReader) -> String {
        let name = |column: usize| format!("column `{}`", table.columns()[column]);
        match self {
            Self::List(column) | Self::Loss(column) | Self::Correct(column) | Self::Prediction(column) => {
                name(*column)
            }
            Self::Numbered(columns) => {
                let first = columns.first().map(|&column| name(column)).unwrap_or_default();
                format!("{} columns from {first} on", columns.len())
            }
        }
    }

    /// The same number for those that hold the same.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::List(_) | Self::Numbered(_) => 0,
            Self::Loss(_) => 1,
            Self::Correct(_) => 2,
            Self::Prediction(_) => 3,
        }
    }
}

impl Columns {
    pub(super) fn find(table: &TableReader, options: &Options) -> Result<Self, DataError> {
        let path = table.path();
        let names = Names::of(table);
        let first_of = |known: &[&str]| names.first_of(known);
        let role = |told: &Option<String>, known: &[&str]| match told {
            Some(name) => table.column(name).map(Some),
            None => Ok(first_of(known)),
        };
        let missing = |what: &str, known: &[&str], option: &str| {
            let known = known[..known.len().min(6)].join(", ");
            let one = table.format() == RowFormat::Csv && table.columns().len() == 1;
            let hint = if one { ", or option `separator` where another stands between the fields" } else { "" };
            let problem = format!(
                "no column of {what}, the columns are {}; expected one of {known}, or option `{option}`{hint}",
                some(table.columns())
            );
            malformed(path, "", problem)
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // The index that pandas writes without a name.
        let unnamed = || ["", "Unnamed: 0"].iter().find_map(|name| table.find(name));
        let id = role(&options.id_column, ID_COLUMNS)?.or_else(|| options.id_column.is_none().then(unnamed)?);
        let id = id.ok_or_else(|| missing("ids", ID_COLUMNS, "id_column"))?;
        let epoch = match options.epoch_column.as_deref() {
            Some("none") => Epoch::Of(0),
            told => match told.map(|name| table.column(name)).transpose()?.or_else(|| first_of(EPOCH_COLUMNS)) {
                Some(column) => Epoch::Column(column),
                None => match number_behind(&name, &["epoch", "step"]) {
                    Some(epoch) => Epoch::Of(epoch),
                    None => {
                        let error = missing("epochs", EPOCH_COLUMNS, "epoch_column");
                        let hint = "(`none` where all rows are of one epoch)";
                        return Err(malformed(path, "", format!("{} {hint}", problem_of(error))));
                    }
                },
            },
        };
        let run = match role(&options.run_column, RUN_COLUMNS)? {
            Some(column) => Run::Column(column),
            None => Run::Of(run_of_name(&name)),
        };
        // With a file of labels the option names a column of that.
        let told = if options.labels.is_some() { &None } else { &options.label_column };
        let label = role(told, LABEL_COLUMNS)?;
        let (outputs, named) = outputs(table, &names, options, label)?;
        Ok(Self { id, epoch, label, run, outputs, named })
    }
}

/// The run that the name of a file tells.
pub(super) fn run_of_name(name: &str) -> Option<u64> {
    number_behind(name, &["seed", "run"])
}

/// The columns by name, where none has it in its case also by name in small letters.
struct Names<'a> {
    table: &'a TableReader,
    lower: HashMap<String, usize>,
}

impl<'a> Names<'a> {
    fn of(table: &'a TableReader) -> Self {
        // Of two names that differ by case alone, the first.
        let lower = table.columns().iter().enumerate().rev().map(|(at, name)| (name.to_lowercase(), at)).collect();
        Self { table, lower }
    }

    fn first_of(&self, known: &[&str]) -> Option<usize> {
        let exact = known.iter().find_map(|name| self.table.find(name));
        exact.or_else(|| known.iter().find_map(|&name| self.lower.get(name).copied()))
    }
}

/// Some names, no more than a message can hold.
fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(20).map(String::as_str).collect();
    format!("{}{}", shown.join(", "), if names.len() > 20 { ", ..." } else { "" })
}

fn problem_of(error: DataError) -> String {
    match error {
        DataError::Malformed { problem, .. } => problem,
        error => error.to_string(),
    }
}

/// The outputs: those of the kind told, else the fullest that there are.
fn outputs(
    table: &TableReader,
    lower: &Names<'_>,
    options: &Options,
    label: Option<usize>,
) -> Result<(OutputColumns, Option<OutputKind>), DataError> {
    let names = table.columns();
    let told = options.outputs;
    if let Some(name) = &options.outputs_column {
        let kind = told.or_else(|| kind_of_name(name));
        let numbered = numbered(names, |before| before == name || before.trim_end_matches(['_', '-']) == name);
        return match (table.find(name), kind) {
            (Some(column), Some(OutputKind::Losses)) => Ok((OutputColumns::Loss(column), kind)),
            (Some(column), Some(OutputKind::Correct)) => Ok((OutputColumns::Correct(column), kind)),
            (Some(column), _) => Ok((OutputColumns::List(column), kind)),
            (None, _) if !numbered.is_empty() => Ok((OutputColumns::Numbered(numbered), kind)),
            (None, _) => table.column(name).map(|column| (OutputColumns::List(column), kind)),
        };
    }
    let wanted = |kind: Option<OutputKind>| match (told, kind) {
        (Some(told), Some(kind)) => told.is_scalar() == kind.is_scalar() && (!told.is_scalar() || told == kind),
        (Some(told), None) => !told.is_scalar(),
        (None, _) => true,
    };
    let of_classes = OUTPUT_NAMES.iter().filter(|(_, kind)| kind.is_none_or(|kind| !kind.is_scalar()));
    let mut of_classes: Vec<_> = of_classes.filter(|(_, kind)| wanted(*kind)).collect();
    // What bears the name of what was told comes before what may be misnamed.
    of_classes.sort_by_key(|(_, kind)| told.is_some() && *kind != told);
    for (name, kind) in of_classes {
        if let Some(column) = lower.first_of(&[name]) {
            return Ok((OutputColumns::List(column), *kind));
        }
        let numbered = numbered(names, |before| {
            let before = before.trim_end_matches(['_', '-', '.']);
            before == *name
                || before.strip_suffix("_class") == Some(name)
                || name.strip_suffix('s') == Some(before)
        });
        if !numbered.is_empty() {
            return Ok((OutputColumns::Numbered(numbered), *kind));
        }
    }
    if wanted(Some(OutputKind::Logits))
        && let Some(column) = names.iter().position(|name| name.starts_with("logits_epoch_"))
    {
        return Ok((OutputColumns::List(column), Some(OutputKind::Logits)));
    }
    let numbered = numbered(names, |before| before == "p_" || before == "p");
    if wanted(Some(OutputKind::Probabilities)) && numbered.len() > 1 {
        return Ok((OutputColumns::Numbered(numbered), Some(OutputKind::Probabilities)));
    }
    let first_of = |known: &[&str]| lower.first_of(known);
    if wanted(Some(OutputKind::Losses))
        && let Some(column) = first_of(LOSS_COLUMNS)
    {
        return Ok((OutputColumns::Loss(column), Some(OutputKind::Losses)));
    }
    if wanted(Some(OutputKind::Correct)) {
        if let Some(column) = first_of(CORRECT_COLUMNS) {
            return Ok((OutputColumns::Correct(column), Some(OutputKind::Correct)));
        }
        if let Some(column) = first_of(PREDICTION_COLUMNS) {
            if label.is_none() && options.labels.is_none() {
                let problem = format!(
                    "column `{}` is right where it is the label, and there is no column of labels; expected one, or option `label_column` or option `labels`",
                    names[column]
                );
                return Err(malformed(table.path(), "", problem));
            }
            return Ok((OutputColumns::Prediction(column), Some(OutputKind::Correct)));
        }
    }
    let what = told.map_or(String::new(), |told| format!(" that are {told}"));
    let problem = format!(
        "no column of outputs{what}, the columns are {}; expected logits, probs, log_probs (lists or numbered columns), loss, correct or pred, or option `outputs_column`",
        some(names)
    );
    Err(malformed(table.path(), "", problem))
}

/// The columns of a name with a number behind it, where they count from 0 or 1 without a gap: in that order.
fn numbered(names: &[String], is_prefix: impl Fn(&str) -> bool) -> Vec<usize> {
    let mut found: Vec<(u64, usize)> = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let before = name.trim_end_matches(|c: char| c.is_ascii_digit());
        if before.len() < name.len() && is_prefix(before) {
            found.extend(name[before.len()..].parse().ok().map(|number: u64| (number, column)));
        }
    }
    found.sort_unstable();
    let first = found.first().map_or(0, |(number, _)| *number);
    let whole = first <= 1 && found.iter().zip(first..).all(|((number, _), expected)| *number == expected);
    if whole { found.into_iter().map(|(_, column)| column).collect() } else { Vec::new() }
}
