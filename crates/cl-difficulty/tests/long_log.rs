//! A log as an array and as tables of every form, for tests that compare them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cl_data::io::{Array, ArrayData, write_npz};
use cl_difficulty::log::{self, Options, Scored, Scoring};
use cl_difficulty::{DifficultyError, MetricSettings};

/// What the rows of a log hold besides ids and epochs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Logits,
    Probabilities,
    LogProbabilities,
    Losses,
    Correct,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// A column per class.
    CsvColumns,
    /// Lists as texts.
    CsvLists,
    JsonLines,
    #[cfg(feature = "parquet")]
    Parquet,
}

pub(crate) const FORMS: &[Form] = &[
    Form::CsvColumns,
    Form::CsvLists,
    Form::JsonLines,
    #[cfg(feature = "parquet")]
    Form::Parquet,
];

/// A row of a table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) epoch: u64,
    pub(crate) label: Option<String>,
    pub(crate) values: Vec<f64>,
}

/// Epochs x examples x classes of numbers without a pattern, and what follows from them.
pub(crate) struct Log {
    pub(crate) kind: Kind,
    pub(crate) n_epochs: usize,
    pub(crate) n: usize,
    pub(crate) n_classes: usize,
    pub(crate) labels: Vec<usize>,
    /// Epochs x examples x width.
    pub(crate) values: Vec<f64>,
}

impl Log {
    pub(crate) fn new(kind: Kind, n_epochs: usize, n: usize, n_classes: usize) -> Self {
        let logit = |at: usize| ((at * 7919 + 13) % 1009) as f64 / 250.0 - 2.0;
        let labels: Vec<usize> = (0..n).map(|i| (i * 5 + i / 3) % n_classes).collect();
        let mut values = Vec::new();
        for row in 0..n_epochs * n {
            let logits: Vec<f64> = (0..n_classes).map(|k| logit(row * n_classes + k)).collect();
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
            let logarithm = |z: f64| z - largest - total.ln();
            let label = labels[row % n];
            match kind {
                Kind::Logits => values.extend(logits),
                Kind::Probabilities => values.extend(logits.iter().map(|&z| (z - largest).exp() / total)),
                Kind::LogProbabilities => values.extend(logits.iter().map(|&z| logarithm(z))),
                Kind::Losses => values.push(-logarithm(logits[label])),
                Kind::Correct => values.push(f64::from(u8::from(logits[label] == largest))),
            }
        }
        Self { kind, n_epochs, n, n_classes, labels, values }
    }

    pub(crate) fn width(&self) -> usize {
        self.values.len() / (self.n_epochs * self.n)
    }

    pub(crate) fn of(&self, epoch: usize, example: usize) -> &[f64] {
        &self.values[(epoch * self.n + example) * self.width()..][..self.width()]
    }

    /// The rows, epoch after epoch, with these ids.
    pub(crate) fn rows(&self, id: impl Fn(usize) -> String) -> Vec<Row> {
        let pairs = (0..self.n_epochs).flat_map(|epoch| (0..self.n).map(move |example| (epoch, example)));
        let row = |(epoch, example): (usize, usize)| Row {
            id: id(example),
            epoch: epoch as u64,
            label: Some(self.labels[example].to_string()),
            values: self.of(epoch, example).to_vec(),
        };
        pairs.map(row).collect()
    }

    /// The same log as an archive of arrays.
    pub(crate) fn write_npz(&self, path: &Path) {
        let array = |shape: Vec<usize>, data| Array::new(shape, data).unwrap();
        let scalar = matches!(self.kind, Kind::Losses | Kind::Correct);
        let shape = if scalar { vec![self.n_epochs, self.n] } else { vec![self.n_epochs, self.n, self.n_classes] };
        let values = array(shape, ArrayData::F64(self.values.clone()));
        let labels = array(vec![self.n], ArrayData::I64(self.labels.iter().map(|&label| label as i64).collect()));
        write_npz(path, [(name(self.kind), &values), ("labels", &labels)]).unwrap();
    }
}

/// What a column or member of outputs is called.
pub(crate) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Logits => "logits",
        Kind::Probabilities => "probs",
        Kind::LogProbabilities => "log_probs",
        Kind::Losses => "losses",
        Kind::Correct => "correct",
    }
}

/// All metrics of outputs of a kind, whose scores are compared.
pub(crate) fn metrics(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Logits => &["el2n", "forgetting", "aum", "loss_mean", "variability", "tdds", "self_confidence"],
        Kind::Probabilities => &["el2n", "forgetting", "loss_mean", "entropy", "dyn_unc"],
        Kind::LogProbabilities => &["el2n", "forgetting", "loss_mean", "correctness"],
        Kind::Losses => &["loss_mean", "loss_last", "variability", "learning_time"],
        Kind::Correct => &["forgetting", "correctness", "first_learned"],
    }
}

/// Shortest texts that read back as the same number.
fn texts(values: &[f64], separator: &str) -> String {
    values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(separator)
}

/// Writes rows as a table into a file of a folder.
pub(crate) fn write(folder: &Path, stem: &str, form: Form, kind: Kind, rows: &[Row]) -> PathBuf {
    let scalar = matches!(kind, Kind::Losses | Kind::Correct);
    let labelled = rows.iter().all(|row| row.label.is_some());
    let width = rows.first().map_or(0, |row| row.values.len());
    let mut text = String::new();
    let ending = match form {
        Form::CsvColumns | Form::CsvLists => {
            let outputs = match (form, scalar) {
                (_, true) | (Form::CsvLists, _) => name(kind).to_owned(),
                _ => (0..width).map(|k| format!("{}_{k}", name(kind))).collect::<Vec<_>>().join(","),
            };
            _ = writeln!(text, "id,epoch,{}{outputs}", if labelled { "label," } else { "" });
            for Row { id, epoch, label, values } in rows {
                let label = label.as_ref().map_or(String::new(), |label| format!("{label},"));
                let outputs = match (form, scalar) {
                    (Form::CsvLists, false) => format!("\"[{}]\"", texts(values, ", ")),
                    _ => texts(values, ","),
                };
                _ = writeln!(text, "{id},{epoch},{label}{outputs}");
            }
            "csv"
        }
        Form::JsonLines => {
            for Row { id, epoch, label, values } in rows {
                let label = label.as_ref().map_or(String::new(), |label| format!("\"label\":{label},"));
                let (open, close) = if scalar { ("", "") } else { ("[", "]") };
                let values = texts(values, ", ");
                let key = name(kind);
                _ = writeln!(text, "{{\"id\":\"{id}\",\"epoch\":{epoch},{label}\"{key}\":{open}{values}{close}}}");
            }
            "jsonl"
        }
        #[cfg(feature = "parquet")]
        Form::Parquet => {
            let path = folder.join(format!("{stem}.parquet"));
            super::parquet_rows::write(&path, kind, rows);
            return path;
        }
    };
    let path = folder.join(format!("{stem}.{ending}"));
    std::fs::write(&path, text).unwrap();
    path
}

/// Scores a log of one run or several.
pub(crate) fn score(path: &Path, metrics: &[&str], options: &Options) -> Result<Scored, DifficultyError> {
    let settings: Vec<_> = metrics.iter().map(|name| MetricSettings::parse(name, &[]).unwrap()).collect();
    score_with(path, &settings, options)
}

pub(crate) fn score_with(
    path: &Path,
    metrics: &[MetricSettings],
    options: &Options,
) -> Result<Scored, DifficultyError> {
    let mut runs = log::open_runs(path, options)?;
    log::score_runs(&mut runs, metrics, &Scoring::default(), options.missing, &mut ())
}

/// The scores bit for bit.
pub(crate) fn bits(scored: &Scored) -> Vec<(String, Vec<u64>)> {
    let of = |column: &cl_difficulty::Column| {
        (column.name.clone(), column.values.to_floats().into_iter().map(f64::to_bits).collect())
    };
    scored.columns.iter().map(of).collect()
}

/// The scores of a column.
pub(crate) fn values(scored: &Scored, name: &str) -> Vec<f64> {
    scored.columns.iter().find(|column| column.name == name).unwrap().values.to_floats()
}
