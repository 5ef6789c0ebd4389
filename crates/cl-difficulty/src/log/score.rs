use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::blocks::Blocks;
use super::progress::Progress;
use super::recording::Recording;
use super::source::{Contents, Source};
use super::state::StateFile;
use crate::{
    dynamics::{Column, ColumnValues, DynamicsRecorder},
    dynamics::{MetricSettings, Needs},
    error::DifficultyError,
};

/// Bytes of numbers per example and class that are kept before examples are visited in blocks.
const MEMORY: usize = 512 << 20;

const NEVER_LEARNED: &str = "never_learned";

/// What is read one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// Epoch after epoch.
    Epochs,
    /// Block after block of examples, each through all epochs.
    Examples,
}

/// How a log is scored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scoring {
    /// By epochs, unless that takes more than 512 MiB for numbers per example and class and the log has blocks.
    pub by: Option<By>,
    /// How many examples are read at a time by examples: as many as 400 MiB hold.
    pub block: Option<NonZeroUsize>,
    /// Saves the work after each epoch or block of examples to this file, and goes on from it where it exists.
    pub state: Option<PathBuf>,
}

/// The metrics of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// One each, in the order in which they were asked for.
    pub columns: Vec<Column>,
    /// How many examples were right in no epoch.
    pub n_never_learned: usize,
}

/// Scores a log, in the memory of a [`DynamicsRecorder`] of all examples or of a block of them; the result is the
/// same by epochs and by examples, and where a state was gone on from. O(C) per observation.
///
/// # Errors
/// Where a metric is not [available](unavailable); as [`Source::visit`], [`DynamicsRecorder::columns`] and
/// [`StateFile::load`]; by examples, where the log has no blocks.
pub fn score(
    source: &mut dyn Source,
    metrics: &[MetricSettings],
    scoring: &Scoring,
    progress: &mut dyn Progress,
) -> Result<Scored, DifficultyError> {
    for settings in metrics {
        if let Some(reason) = unavailable(settings, source.contents(), false) {
            let error = DifficultyError::Unavailable { metric: settings.metric().name.clone(), reason };
            return Err(error.in_file(&source.contents().path));
        }
    }
    // How many were never learned is always told.
    let mut recorded = metrics.to_vec();
    if !metrics.iter().any(|settings| settings.metric().name == NEVER_LEARNED) {
        recorded.push(MetricSettings::parse(NEVER_LEARNED, &[])?);
    }
    let state = scoring.state.as_deref();
    let mut columns = match by(scoring.by, source, &recorded) {
        By::Epochs => by_epochs(source, &recorded, state, progress)?,
        By::Examples => by_examples(source, &recorded, state, scoring.block, progress)?,
    };
    let flags = columns.iter().filter(|column| column.name == NEVER_LEARNED).map(|column| &column.values);
    let n_never_learned = flags.take(1).map(|flags| match flags {
        ColumnValues::Flag(flags) => flags.iter().filter(|&&never| never).count(),
        _ => 0,
    });
    let n_never_learned = n_never_learned.sum();
    columns.truncate(metrics.len());
    Ok(Scored { columns, n_never_learned })
}

/// Scores a log of the examples of `contents` that was written while the model was trained on another split: for
/// metrics that [need](Needs::SecondSplit) one.
///
/// # Errors
/// [`DifficultyError::OtherLog`] where the two logs are not of the same examples; as [`score`].
pub fn second_split(
    second: &mut dyn Source,
    contents: &Contents,
    metrics: &[MetricSettings],
    progress: &mut dyn Progress,
) -> Result<Vec<Column>, DifficultyError> {
    let (found, expected) = (second.contents().fingerprint(), contents.fingerprint());
    if found != expected {
        return Err(DifficultyError::OtherLog { path: second.contents().path.clone(), found, expected });
    }
    by_epochs(second, metrics, None, progress)
}

/// Why a log does not allow a metric; `None` where it does, given a log of a second split where `second_split`.
pub fn unavailable(settings: &MetricSettings, contents: &Contents, second_split: bool) -> Option<String> {
    let options = &settings.metric().options;
    let n_epochs = contents.epochs.len();
    match settings.description().needs {
        Needs::SecondSplit if second_split => None,
        Needs::SecondSplit => Some("needs the log of training on another split, in option `second_split`".into()),
        _ => settings.unavailable(contents.outputs).or_else(|| {
            let window: usize = options.get("window")?.parse().ok()?;
            (window > n_epochs).then(|| format!("needs a window of {window} epochs, the input has {n_epochs}"))
        }),
    }
}

/// By examples where the layout allows it and what is kept by epochs would be too much.
fn by(told: Option<By>, source: &mut dyn Source, settings: &[MetricSettings]) -> By {
    let contents = source.contents();
    let n_kept = settings.iter().filter(|settings| settings.keeps_probabilities()).count();
    let kept = [contents.n_examples(), contents.n_classes, size_of::<f64>()]
        .into_iter()
        .fold(n_kept, usize::saturating_mul);
    match told {
        Some(by) => by,
        None if kept > MEMORY && source.blocks().is_some() => By::Examples,
        None => By::Epochs,
    }
}

fn by_epochs(
    source: &mut dyn Source,
    settings: &[MetricSettings],
    path: Option<&Path>,
    progress: &mut dyn Progress,
) -> Result<Vec<Column>, DifficultyError> {
    let contents = source.contents();
    let mut state = path.map(|path| StateFile::new(path, contents, settings)).transpose()?;
    let recorder = match &mut state {
        Some(state) => state.load(contents)?,
        None => None,
    };
    let n_done = state.as_ref().map_or(0, StateFile::n_epochs);
    let recorder = match recorder {
        Some(recorder) => recorder,
        None => DynamicsRecorder::new(contents.n_examples(), contents.n_classes, settings)?,
    };
    progress.advanced(n_done * contents.n_examples());
    let mut recording = Recording { recorder, state, labels: Vec::new(), progress };
    source.visit(n_done, &mut recording)?;
    recording.recorder.columns().map_err(|error| error.in_file(&source.contents().path))
}

fn by_examples(
    source: &mut dyn Source,
    settings: &[MetricSettings],
    path: Option<&Path>,
    rows: Option<NonZeroUsize>,
    progress: &mut dyn Progress,
) -> Result<Vec<Column>, DifficultyError> {
    if source.blocks().is_none() {
        let expected = "epochs unless the log is a folder with one .npy file in C order per epoch";
        return Err(DifficultyError::argument("by", "examples", expected));
    }
    let mut blocks = Blocks::new(source.contents(), settings, path, progress)?;
    if let Some(source) = source.blocks() {
        source.visit_blocks(blocks.n_done(), rows, &mut blocks)?;
    }
    Ok(blocks.into_columns())
}
