use std::path::Path;

use cl_data::exponential::exp;
use cl_data::io::{ArrayData, malformed};
use cl_data::{DataError, Scalar};

use super::note::Note;
use super::options::{NotNumbers, Options};
use super::source::{Chunk, Contents, OutputKind, Values, Visitor};
use crate::error::DifficultyError;

/// How far probabilities may be from summing to one, as the recorder has it: more than single precision loses.
pub(super) const SUM_TOLERANCE: f64 = 1e-3;

/// A row that belongs to no example of the log.
pub(super) const LEFT_OUT: usize = usize::MAX;

/// What stands between the rows of a file and who is shown them: rows that are left out go, and each that stays is
/// found to be of its kind.
pub(super) struct Screen {
    nan: NotNumbers,
    normalize: bool,
    /// Probabilities that miss 1 by no more are divided by their sum: what half precision loses.
    tolerance: f64,
    /// Whether a row has one number where two classes are meant: that of class 1.
    single: bool,
    n_nan: usize,
    first_nan: Option<String>,
    n_normalized: usize,
}

/// What is wrong with a row.
enum Problem {
    /// It has a number that is NaN or infinite.
    NotNumber(String),
    /// Its probabilities do not sum to one.
    Sum(f64),
    /// One of its probabilities is larger than one: with their sum.
    Large(String, f64),
    Other(String),
}

impl Screen {
    pub(super) fn new(options: &Options, tolerance: f64, single: bool) -> Self {
        let (nan, normalize) = (options.nan, options.normalize);
        Self { nan, normalize, tolerance, single, n_nan: 0, first_nan: None, n_normalized: 0 }
    }

    /// Shows rows, once they are checked.
    pub(super) fn show(
        &mut self,
        contents: &Contents,
        file: &Path,
        position: usize,
        examples: &[usize],
        data: &ArrayData,
        visitor: &mut dyn Visitor,
    ) -> Result<(), DifficultyError> {
        match data {
            ArrayData::F32(values) => {
                let kind = |values: &[f32], chunk: &mut dyn FnMut(Values<'_>) -> _| chunk(Values::F32(values));
                self.show_as(contents, file, position, examples, values, kind, visitor)
            }
            ArrayData::F64(values) => self.show_f64s(contents, file, position, examples, values, visitor),
            other => {
                let mut values: Vec<f64> = Vec::new();
                other.append_floats(&mut values)?;
                self.show_f64s(contents, file, position, examples, &values, visitor)
            }
        }
    }

    /// The same of rows in double precision.
    pub(super) fn show_f64s(
        &mut self,
        contents: &Contents,
        file: &Path,
        position: usize,
        examples: &[usize],
        values: &[f64],
        visitor: &mut dyn Visitor,
    ) -> Result<(), DifficultyError> {
        let kind = |values: &[f64], chunk: &mut dyn FnMut(Values<'_>) -> _| chunk(Values::F64(values));
        self.show_as(contents, file, position, examples, values, kind, visitor)
    }

    #[expect(clippy::too_many_arguments, reason = "what a chunk is made of, before it is one")]
    fn show_as<T: Scalar>(
        &mut self,
        contents: &Contents,
        file: &Path,
        position: usize,
        examples: &[usize],
        values: &[T],
        kind: impl Fn(&[T], &mut dyn FnMut(Values<'_>) -> Result<(), DifficultyError>) -> Result<(), DifficultyError>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), DifficultyError> {
        let (outputs, c) = (contents.outputs, contents.n_classes);
        let pairs: Vec<T>;
        let values = match self.single {
            true => {
                pairs = values.iter().flat_map(|&value| pair(outputs, value)).collect();
                &pairs
            }
            false => values,
        };
        let width = outputs.width(c);
        if values.len() != examples.len() * width {
            let (found, expected) = (values.len(), examples.len() * width);
            return Err(DifficultyError::LengthMismatch { what: "outputs", found, expected });
        }
        let mut observe = |examples: &[usize], values: &[T]| {
            kind(values, &mut |values| visitor.observe(contents, &Chunk { file, position, examples, values }))
        };
        if !examples.contains(&LEFT_OUT) && are_plain(outputs, values, width) {
            return observe(examples, values);
        }
        let (mut kept, mut rows) = (Vec::with_capacity(examples.len()), Vec::with_capacity(values.len()));
        for (&example, row) in examples.iter().zip(values.chunks_exact(width)) {
            if example == LEFT_OUT {
                continue;
            }
            let place = || format!("epoch {}, example {}", contents.epochs[position], contents.id(example));
            match problem(outputs, row) {
                None => rows.extend_from_slice(row),
                Some(Problem::NotNumber(_)) if self.nan == NotNumbers::Skip => {
                    self.n_nan += 1;
                    self.first_nan.get_or_insert_with(place);
                    continue;
                }
                Some(Problem::Sum(sum) | Problem::Large(_, sum))
                    if self.normalize || (sum - 1.0).abs() <= self.tolerance =>
                {
                    self.n_normalized += 1;
                    rows.extend(row.iter().map(|&p| normalized(outputs, p, sum)));
                }
                Some(problem) => return Err(malformed(file, place(), problem.text()).into()),
            }
            kept.push(example);
        }
        if kept.is_empty() { Ok(()) } else { observe(&kept, &rows) }
    }

    /// What was left out or made fit, for those who read the scores.
    pub(super) fn note(&self, contents: &mut Contents) {
        if let Some(first) = &self.first_nan {
            let text = format!("{} rows with NaN or infinite numbers left out, first {first}", self.n_nan);
            contents.note(Note::new("nan", self.n_nan, text));
        }
        if self.n_normalized > 0 {
            let text = format!("{} rows of probabilities divided by their sum", self.n_normalized);
            contents.note(Note::new("normalized", self.n_normalized, text));
        }
    }
}

/// Both classes of a task with two, from the number of class 1.
fn pair<T: Scalar>(outputs: OutputKind, value: T) -> [T; 2] {
    let of = |f: fn(f64) -> f64| T::of_f64(f(value.as_f64()));
    match outputs {
        OutputKind::Probabilities => [of(|p| 1.0 - p), value],
        OutputKind::LogProbabilities => [of(|log_p| (-log_p.exp_m1()).ln()), value],
        _ => [of(|_| 0.0), value],
    }
}

fn normalized<T: Scalar>(outputs: OutputKind, value: T, sum: f64) -> T {
    match outputs {
        OutputKind::LogProbabilities => T::of_f64((value.as_f64() - sum.ln()).min(0.0)),
        _ => T::of_f64((value.as_f64() / sum).min(1.0)),
    }
}

/// Whether nothing is wrong with any row, as is the rule.
fn are_plain<T: Scalar>(outputs: OutputKind, values: &[T], width: usize) -> bool {
    match outputs {
        // Without a branch per value: this is done to every number that is read.
        OutputKind::Logits | OutputKind::Losses => {
            values.iter().fold(true, |finite, &value| finite & value.as_f64().is_finite())
        }
        _ => values.chunks_exact(width).all(|row| problem(outputs, row).is_none()),
    }
}

fn problem<T: Scalar>(outputs: OutputKind, row: &[T]) -> Option<Problem> {
    let numbers = || row.iter().map(|value| value.as_f64());
    let not_finite = |what: &str| {
        let (class, value) = numbers().enumerate().find(|(_, value)| !value.is_finite())?;
        Some(Problem::NotNumber(format!("{what} of class {class} is {value}, expected a finite number")))
    };
    match outputs {
        OutputKind::Logits => not_finite("logit"),
        OutputKind::Losses => {
            let loss = numbers().find(|loss| !loss.is_finite())?;
            Some(Problem::NotNumber(format!("the loss is {loss}, expected a finite number")))
        }
        OutputKind::Correct => {
            let value = numbers().find(|&value| value != 0.0 && value != 1.0)?;
            let text = format!("`correct` is {value}, expected 0 or 1");
            Some(if value.is_nan() { Problem::NotNumber(text) } else { Problem::Other(text) })
        }
        OutputKind::Probabilities => not_finite("probability").or_else(|| {
            if let Some((class, p)) =
                numbers().enumerate().find(|&(_, p)| !(0.0..=1.0 + SUM_TOLERANCE).contains(&p))
            {
                let text = format!("probability of class {class} is {p}, expected 0 to 1");
                let negative = numbers().any(|p| p < 0.0);
                return Some(if negative { Problem::Other(text) } else { Problem::Large(text, numbers().sum()) });
            }
            let sum: f64 = numbers().sum();
            ((sum - 1.0).abs() > SUM_TOLERANCE || numbers().any(|p| p > 1.0)).then_some(Problem::Sum(sum))
        }),
        OutputKind::LogProbabilities => {
            if let Some((class, value)) =
                numbers().enumerate().find(|&(_, value)| value.is_nan() || value > SUM_TOLERANCE)
            {
                let text = format!("log-probability of class {class} is {value}, expected at most 0");
                return Some(if value.is_nan() { Problem::NotNumber(text) } else { Problem::Other(text) });
            }
            let sum: f64 = numbers().map(exp).sum();
            ((sum - 1.0).abs() > SUM_TOLERANCE || numbers().any(|value| value > 0.0)).then_some(Problem::Sum(sum))
        }
    }
}

impl Problem {
    fn text(self) -> String {
        match self {
            Self::NotNumber(text) => format!("{text}; option `nan` skip leaves such rows out"),
            Self::Sum(sum) => {
                format!("the probabilities sum to {sum}, expected 1; option `normalize` divides them by their sum")
            }
            Self::Large(text, _) => format!("{text}; option `normalize` divides a row by its sum"),
            Self::Other(text) => text,
        }
    }
}

/// What the numbers of these rows must be: probabilities, logarithms of them where they can be nothing else, logits
/// (`None` where it cannot be told); rows with NaN tell nothing.
pub(super) fn kind_of_content(values: &[f64], n_classes: usize) -> Option<OutputKind> {
    let rows = || values.chunks_exact(n_classes.max(1)).filter(|row| !row.iter().any(|value| value.is_nan()));
    rows().next()?;
    let within = |p: &f64| (0.0..=1.0 + SUM_TOLERANCE).contains(p);
    let near_one = |sum: f64| (sum - 1.0).abs() <= 1e-2;
    if rows().flatten().all(within) {
        return rows().all(|row| near_one(row.iter().sum())).then_some(OutputKind::Probabilities);
    }
    let log_probabilities = |row: &[f64]| {
        row.iter().all(|&value| value <= SUM_TOLERANCE) && near_one(row.iter().map(|&value| exp(value)).sum())
    };
    // Without an infinite one they are logits, too, and all that is computed is the same.
    let infinite = rows().flatten().any(|&value| value == f64::NEG_INFINITY);
    Some(if infinite && rows().all(log_probabilities) { OutputKind::LogProbabilities } else { OutputKind::Logits })
}

/// The kind of outputs: told, else what content and name say; a name that says logits of what are probabilities is wrong,
/// as it is in public code. With what is to be told of it.
pub(super) fn kind_of(
    options: &Options,
    named: Option<OutputKind>,
    values: &[f64],
    n_classes: usize,
) -> Option<(OutputKind, Option<Note>)> {
    if values.is_empty() {
        // Of nothing that there is not is told elsewhere.
        return Some((options.outputs.or(named).unwrap_or(OutputKind::Logits), None));
    }
    let content = kind_of_content(values, n_classes);
    let note = |text: &str| Some(Note::new("outputs", 1, text));
    match (options.outputs, named, content) {
        (Some(OutputKind::Logits), _, Some(OutputKind::Probabilities)) => Some((
            OutputKind::Logits,
            note("the outputs were told to be logits, their rows are probabilities: look at option `outputs`"),
        )),
        (Some(told), ..) => Some((told, None)),
        (None, Some(OutputKind::Logits), Some(OutputKind::Probabilities)) => Some((
            OutputKind::Probabilities,
            note(
                "the outputs are named logits, their rows are probabilities and taken for these; option `outputs` tells",
            ),
        )),
        // All of them from 0 to 1, which logits hardly ever are: rounded probabilities, or those of one class.
        (None, None | Some(OutputKind::Logits), None) if options.normalize => Some((
            OutputKind::Probabilities,
            note("the outputs are from 0 to 1 and taken for probabilities; option `outputs` tells"),
        )),
        (None, Some(OutputKind::Logits), None) => Some((
            OutputKind::Logits,
            note("the outputs are named logits, all are from 0 to 1 and taken for logits; option `outputs` tells"),
        )),
        (None, Some(named), _) => Some((named, None)),
        (None, None, Some(content)) => Some((content, None)),
        (None, None, None) => None,
    }
}

/// That nothing tells what the numbers are.
pub(super) fn unknown_kind(path: &Path) -> DataError {
    malformed(
        path,
        "",
        "all outputs are from 0 to 1, and their rows do not sum to 1: logits or probabilities? expected option `outputs` to tell",
    )
}

/// By how much probabilities of this type may miss 1 and still be what their precision makes of it.
pub(super) fn tolerance(n_bits_of_mantissa: u32) -> f64 {
    match n_bits_of_mantissa {
        ..=8 => 0.05,
        9..=11 => 0.01,
        _ => SUM_TOLERANCE,
    }
}
