use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cl_data::Ids;

use super::blocks::Blocks;
use super::note::Note;
use super::options::Options;
use super::positions::{positions, range};
use super::progress::Progress;
use super::recording::{Recording, Saving};
use super::source::{Contents, OutputKind, Source};
use super::state::StateFile;
use crate::{
    dynamics::{Column, ColumnValues, DynamicsRecorder},
    dynamics::{MetricSettings, Needs, metrics},
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
    /// Saves the work to this file, after an epoch (as often as takes a twentieth of the time) or a block of examples, and
    /// goes on from it where it exists.
    pub state: Option<PathBuf>,
}

/// The metrics of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The examples that have scores: those of the log that were in an epoch that counts.
    pub ids: Ids,
    /// Their labels; empty where the log has none.
    pub labels: Vec<usize>,
    /// One each, in the order in which they were asked for; of several runs, each followed by its standard deviation.
    pub columns: Vec<Column>,
    /// How many examples were right in no epoch; `None` where the log does not tell what was right.
    pub n_never_learned: Option<usize>,
    /// Which these are.
    pub(super) never_learned: Option<Vec<bool>>,
    /// Over how many runs these are means.
    pub n_runs: usize,
    /// What was not plain about the log, and what was done.
    pub notes: Vec<Note>,
}

/// Scores a log, in the memory of a [`DynamicsRecorder`] of all examples or of a block of them; the result is the
/// same by epochs and by examples, and where a state was gone on from. Only epochs are read that a metric's `from` and
/// `until` let in. O(C) per observation.
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
    let (recorded, known) = with_never_learned(metrics, source.contents())?;
    let position = recorded.iter().position(|settings| settings.metric().name == NEVER_LEARNED).filter(|_| known);
    let positions = positions(metrics, source.contents())?;
    check_windows(metrics, source.contents())?;
    let state = scoring.state.as_deref();
    let mut scored = match by(scoring.by, source, &recorded, &positions) {
        By::Epochs => by_epochs(source, &recorded, &positions, state, progress)?,
        By::Examples => by_examples(source, &recorded, state, scoring.block, progress)?,
    };
    scored.never_learned = position.and_then(|position| match &scored.columns[position].values {
        ColumnValues::Flag(flags) => Some(flags.clone()),
        _ => None,
    });
    scored.n_never_learned =
        scored.never_learned.as_ref().map(|flags| flags.iter().filter(|&&never| never).count());
    scored.columns.truncate(metrics.len());
    let of_p =
        |settings: &&MetricSettings| !["loss", "learning_time"].contains(&settings.description().method.name);
    let n = metrics.iter().filter(of_p).count();
    if source.contents().outputs == OutputKind::Losses && n > 0 {
        let text = format!("exp(-loss) is taken for the probability of the label by {n} of the metrics");
        scored.notes.push(Note::new("losses", n, text));
    }
    Ok(scored)
}

/// That there are epochs for each metric, and that windows hold no more of them, before memory is taken for these.
fn check_windows(metrics: &[MetricSettings], contents: &Contents) -> Result<(), DifficultyError> {
    for settings in metrics {
        let (from, until) = settings.epochs();
        let entered = |epoch: &&u64| **epoch >= from && until.is_none_or(|until| **epoch < until);
        let found = contents.epochs.iter().filter(entered).count();
        if found == 0 {
            let until = until.map_or(String::new(), |until| format!(" until {until}"));
            let (first, last) = (contents.epochs.first(), contents.epochs.last());
            let has =
                first.zip(last).map_or(String::new(), |(first, last)| format!(", the log has {first} to {last}"));
            let problem = format!("{}: no epoch from {from}{until}{has}", settings.metric().name);
            return Err(DifficultyError::malformed(&contents.path, "", problem));
        }
        if let Some(window) = settings.window().filter(|&window| window > found) {
            let metric = settings.metric().name.clone();
            let (needed, found) = (window as u64, found as u64);
            return Err(DifficultyError::TooFewEpochs { metric, example: 0, needed, found });
        }
    }
    Ok(())
}

/// The metrics and, where the log tells it, how many were never learned in the epochs that they are of.
fn with_never_learned(
    metrics: &[MetricSettings],
    contents: &Contents,
) -> Result<(Vec<MetricSettings>, bool), DifficultyError> {
    let mut recorded = metrics.to_vec();
    if metrics.iter().any(|settings| settings.metric().name == NEVER_LEARNED) {
        return Ok((recorded, true));
    }
    let (from, until) = range(metrics);
    let (from, until) = (from.to_string(), until.map(|until| until.to_string()));
    let mut options = Vec::new();
    if from != "0" {
        options.push(("from", from.as_str()));
    }
    options.extend(until.as_deref().map(|until| ("until", until)));
    let settings = MetricSettings::parse(NEVER_LEARNED, &options)?;
    let known = unavailable(&settings, contents, false).is_none();
    recorded.extend(known.then_some(settings));
    Ok((recorded, known))
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
    let positions = positions(metrics, second.contents())?;
    Ok(by_epochs(second, metrics, &positions, None, progress)?.columns)
}

/// Why a log does not allow a metric; `None` where it does, given a log of a second split where `second_split`.
pub fn unavailable(settings: &MetricSettings, contents: &Contents, second_split: bool) -> Option<String> {
    let options = &settings.metric().options;
    let n_epochs = contents.epochs.len();
    match settings.description().needs {
        Needs::SecondSplit if second_split => None,
        Needs::SecondSplit => Some("needs the log of training on another split, in option `second_split`".into()),
        _ => settings
            .unavailable(contents.outputs)
            .or_else(|| contents.soft_labels.as_ref().and_then(|_| settings.unavailable_with_soft_labels()))
            .or_else(|| {
                let window: usize = options.get("window")?.parse().ok()?;
                (window > n_epochs).then(|| format!("needs a window of {window} epochs, the input has {n_epochs}"))
            }),
    }
}

/// The metrics that a log allows, with their defaults.
pub fn available(contents: &Contents) -> Vec<MetricSettings> {
    let parsed = metrics().iter().filter_map(|metric| MetricSettings::parse(metric.method.name, &[]).ok());
    parsed.filter(|settings| unavailable(settings, contents, false).is_none()).collect()
}

/// By examples where the layout allows it and what is kept by epochs would be too much.
fn by(told: Option<By>, source: &mut dyn Source, settings: &[MetricSettings], positions: &Range<usize>) -> By {
    let contents = source.contents();
    let all = *positions == (0..contents.epochs.len()) && contents.soft_labels.is_none();
    let n_kept = settings.iter().filter(|settings| settings.keeps_probabilities()).count();
    let kept = [contents.n_examples(), contents.n_classes, size_of::<f64>()]
        .into_iter()
        .fold(n_kept, usize::saturating_mul);
    match told {
        Some(by) => by,
        None if kept > MEMORY && all && source.blocks().is_some() => By::Examples,
        None => By::Epochs,
    }
}

fn by_epochs(
    source: &mut dyn Source,
    settings: &[MetricSettings],
    positions: &Range<usize>,
    path: Option<&Path>,
    progress: &mut dyn Progress,
) -> Result<Scored, DifficultyError> {
    let contents = source.contents();
    let mut state = path.map(|path| StateFile::new(path, contents, settings)).transpose()?;
    let recorder = match &mut state {
        Some(state) => state.load(contents)?,
        None => None,
    };
    let n_done = state.as_ref().map_or(0, StateFile::n_epochs);
    let recorder = match (recorder, &contents.soft_labels) {
        (Some(recorder), _) => recorder,
        (None, soft) => {
            // What an epoch may lack is the source's to say.
            let (n, c) = (contents.n_examples(), contents.n_classes);
            let recorder = DynamicsRecorder::new(n, c, settings)?.with_partial_epochs();
            match soft {
                Some(soft) => recorder.with_soft_labels(soft.clone())?,
                None => recorder,
            }
        }
    };
    progress.advanced(n_done * contents.n_examples());
    let state = state.map(|file| Saving::new(file, positions.end));
    let mut recording = Recording { recorder, state, labels: Vec::new(), progress };
    source.visit(positions.start + n_done..positions.end, &mut recording)?;
    let (mut recorder, contents) = (recording.recorder, source.contents());
    let (mut ids, mut labels, mut notes) = (contents.ids.clone(), contents.labels.clone(), contents.notes.clone());
    if n_done > 0 && contents.rules != Options::default().rules() {
        let text = format!("{n_done} epochs were recorded before: what was left out of them is counted no more");
        notes.push(Note::new("state", n_done, text));
    }
    let observed = recorder.observed();
    if observed.contains(&false) {
        let kept: Vec<usize> = (0..observed.len()).filter(|&example| observed[example]).collect();
        let n = observed.len() - kept.len();
        if kept.is_empty() {
            let problem = "no row that counts, expected at least one example";
            return Err(DifficultyError::malformed(&contents.path, "", problem));
        }
        notes.push(Note::new("unscored", n, format!("{n} examples without a row that counts have no score")));
        ids = ids.select(&kept)?;
        labels = kept.iter().filter_map(|&example| labels.get(example).copied()).collect();
        recorder = recorder.select(&kept)?;
    }
    let columns = recorder.columns().map_err(|error| error.in_file(&contents.path))?;
    Ok(Scored { ids, labels, columns, n_never_learned: None, never_learned: None, n_runs: 1, notes })
}

fn by_examples(
    source: &mut dyn Source,
    settings: &[MetricSettings],
    path: Option<&Path>,
    rows: Option<NonZeroUsize>,
    progress: &mut dyn Progress,
) -> Result<Scored, DifficultyError> {
    if source.blocks().is_none() || source.contents().soft_labels.is_some() {
        let expected = "epochs unless the log is a folder with one .npy file in C order per epoch";
        return Err(DifficultyError::argument("by", "examples", expected));
    }
    let mut blocks = Blocks::new(source.contents(), settings, path, progress)?;
    if let Some(source) = source.blocks() {
        source.visit_blocks(blocks.n_done(), rows, &mut blocks)?;
    }
    let (columns, of_state) = blocks.into_columns();
    let Contents { ids, labels, mut notes, .. } = source.contents().clone();
    notes.extend(of_state);
    Ok(Scored { ids, labels, columns, n_never_learned: None, never_learned: None, n_runs: 1, notes })
}
