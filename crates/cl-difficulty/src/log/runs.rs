use std::path::Path;

use cl_data::Ids;

use super::mean_probabilities::{MeanProbabilities, mean_probabilities};
use super::note::Note;
use super::options::Missing;
use super::progress::Progress;
use super::run_join::RunJoin;
use super::score::{Scored, Scoring, score};
use super::source::{Contents, Source};
use crate::{
    dynamics::{Column, ColumnValues, MetricSettings},
    error::DifficultyError,
    scores::Metric,
};

/// Metrics that are -1 where an example was never learned, which is no time to be averaged.
const TIMES: [&str; 2] = ["first_learned", "learning_time"];

/// Scores the runs of a log and averages over them, as Data Diet does over ten networks: of each metric the mean, and
/// beside it, as `NAME_sd`, its spread.
///
/// ```text
/// mean_i = 1/R sum_r s_i(r)         sd_i = sqrt( 1/(R-1) sum_r (s_i(r) - mean_i)^2 )
/// ```
///
/// Times of learning are averaged over the runs that learned the example, and -1 where none did. Examples are joined by id;
/// never learned is what was right in no run. One run is scored as it is. O(R) times what a run takes, in the memory of two.
///
/// # Errors
/// Without a run; where runs are not of the same examples (unless they may be [missing](Missing::Skip): then the means are
/// over those that have them), or with other labels; a state of several runs; as [`score`].
pub fn score_runs(
    runs: &mut [Box<dyn Source>],
    metrics: &[MetricSettings],
    scoring: &Scoring,
    missing: Missing,
    progress: &mut dyn Progress,
) -> Result<Scored, DifficultyError> {
    let (first, others) = match runs {
        [] => return Err(DifficultyError::argument("runs", "none", "at least one")),
        [run] => return score(run.as_mut(), metrics, scoring, progress),
        [first, others @ ..] => (first, others),
    };
    if scoring.state.is_some() {
        return Err(DifficultyError::argument("state", "one of several runs", "one run"));
    }
    let mut scored = score(first.as_mut(), metrics, scoring, progress)?;
    let mut join = RunJoin::new(scored.ids.clone(), scored.labels.clone(), missing);
    let time = |column: &Column| TIMES.contains(&column.metric.name.as_str());
    let mut moments: Vec<Moments> = Vec::with_capacity(scored.columns.len());
    for column in &scored.columns {
        let mut of_column = Moments { times: time(column), ..Moments::default() };
        let all: Vec<usize> = (0..join.len()).collect();
        of_column.add(&column.values, &all, join.len());
        moments.push(of_column);
    }
    let (mut notes, path) = (Vec::new(), first.contents().path.clone());
    take_notes(&mut notes, std::mem::take(&mut scored.notes), first.contents(), &path);
    for run in others.iter_mut() {
        let other = score(run.as_mut(), metrics, scoring, progress)?;
        let places = join.places(&run.contents().path, &other.ids, &other.labels)?;
        for (moments, column) in moments.iter_mut().zip(&other.columns) {
            moments.add(&column.values, &places, join.len());
        }
        if let (Some(never), Some(others)) = (&mut scored.never_learned, &other.never_learned) {
            never.resize(join.len(), true);
            places.iter().zip(others).for_each(|(&at, &other)| never[at] &= other);
        }
        take_notes(&mut notes, other.notes, run.contents(), &path);
    }
    let (ids, labels, note) = join.finish()?;
    notes.extend(note);
    let names: Vec<String> = runs.iter().map(|run| name(run.contents())).collect();
    let columns = scored.columns.into_iter().zip(moments).flat_map(|(column, moments)| {
        let mut options = column.metric.options.clone();
        options.insert("runs".into(), names.join(","));
        let (mean, sd) = moments.finish();
        let metric = Metric { name: column.metric.name.clone(), options: options.clone() };
        let spread = Column {
            name: format!("{}_sd", column.name),
            values: ColumnValues::Float(sd),
            higher_is_harder: None,
            metric: Metric { name: format!("{}_sd", column.metric.name), options },
        };
        [Column { values: ColumnValues::Float(mean), metric, ..column }, spread]
    });
    let columns = columns.collect();
    let never_learned = scored.never_learned;
    let n_never_learned = never_learned.as_ref().map(|never| never.iter().filter(|&&never| never).count());
    Ok(Scored { ids, labels, columns, n_never_learned, never_learned, n_runs: names.len(), notes })
}

/// What a run is called: as its table has it, else as its file.
fn name(contents: &Contents) -> String {
    let of_file = || contents.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    contents.run.clone().unwrap_or_else(of_file)
}

/// Takes what a run has noted: what was found while it was read under its name; what is of the whole table once.
fn take_notes(notes: &mut Vec<Note>, of_run: Vec<Note>, contents: &Contents, first: &Path) {
    for note in of_run {
        let own = ["nan", "normalized", "missing", "unscored"].contains(&note.what.as_str());
        let text = match own || contents.path != first {
            true => format!("{}: {}", name(contents), note.text),
            false => note.text,
        };
        let note = Note { text, ..note };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

/// Probabilities averaged over runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunProbabilities {
    /// c per example, example by example.
    pub probabilities: Vec<f64>,
    /// The examples that they are of.
    pub ids: Ids,
    /// Their labels.
    pub labels: Vec<usize>,
    /// Over how many runs these are means.
    pub n_runs: usize,
    /// What was not plain about the runs, and what was done.
    pub notes: Vec<Note>,
}

/// Sums of probabilities over runs, and over how many of each example.
struct Sums {
    join: RunJoin,
    sums: Vec<f64>,
    counts: Vec<f64>,
}

/// The probabilities of each example averaged over runs, each of which is the mean over its epochs or, where `last`, its
/// last epoch; examples are joined by id.
///
/// # Errors
/// Without a run; where runs have other examples (unless they may be [missing](Missing::Skip)), labels or numbers of
/// classes; as [`mean_probabilities`].
pub fn mean_probabilities_of_runs(
    runs: &mut [Box<dyn Source>],
    last: bool,
    missing: Missing,
    progress: &mut dyn Progress,
) -> Result<RunProbabilities, DifficultyError> {
    let n_runs = runs.len();
    let (mut joined, mut notes): (Option<Sums>, Vec<Note>) = (None, Vec::new());
    let (mut n_classes, mut path) = (0, None);
    for run in runs {
        let first = if last { run.contents().epochs.len() - 1 } else { 0 };
        let MeanProbabilities { probabilities, examples } = mean_probabilities(run.as_mut(), first, progress)?;
        let contents = run.contents();
        let labels: Vec<usize> = examples.iter().map(|&example| contents.label(example)).collect();
        let ids = if examples.len() == contents.ids.len() {
            contents.ids.clone()
        } else {
            contents.ids.select(&examples)?
        };
        let path: &std::path::PathBuf = path.get_or_insert_with(|| contents.path.clone());
        let c = contents.n_classes;
        match &mut joined {
            None => {
                n_classes = c;
                let counts = vec![1.0; ids.len()];
                joined = Some(Sums { join: RunJoin::new(ids, labels, missing), sums: probabilities, counts });
            }
            Some(_) if c != n_classes => {
                let problem = format!("{c} classes, expected {n_classes} as in the runs before");
                return Err(DifficultyError::malformed(&contents.path, "", problem));
            }
            Some(Sums { join, sums, counts }) => {
                let places = join.places(&contents.path, &ids, &labels)?;
                sums.resize(join.len() * c, 0.0);
                counts.resize(join.len(), 0.0);
                for (&at, row) in places.iter().zip(probabilities.chunks_exact(c)) {
                    counts[at] += 1.0;
                    sums[at * c..][..c].iter_mut().zip(row).for_each(|(sum, p)| *sum += p);
                }
            }
        }
        if n_runs == 1 {
            notes.clone_from(&contents.notes);
        } else {
            take_notes(&mut notes, contents.notes.clone(), contents, path);
        }
    }
    let Some(Sums { join, sums: mut probabilities, counts }) = joined else {
        return Err(DifficultyError::argument("runs", "none", "at least one"));
    };
    for (row, count) in probabilities.chunks_exact_mut(n_classes.max(1)).zip(counts) {
        row.iter_mut().for_each(|p| *p = (*p / count).min(1.0));
    }
    let (ids, labels, note) = join.finish()?;
    notes.extend(note);
    Ok(RunProbabilities { probabilities, ids, labels, n_runs, notes })
}

/// Means and squared deviations by Welford's recurrence.
#[derive(Default)]
struct Moments {
    /// Whether -1 stands for never.
    times: bool,
    counts: Vec<u32>,
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Moments {
    /// Adds the values of a run, whose examples stand at these places of `n`.
    fn add(&mut self, values: &ColumnValues, places: &[usize], n: usize) {
        self.counts.resize(n, 0);
        self.means.resize(n, 0.0);
        self.deviations.resize(n, 0.0);
        for (value, &at) in values.to_floats().into_iter().zip(places) {
            if self.times && value < 0.0 {
                continue;
            }
            self.counts[at] += 1;
            if self.counts[at] == 1 {
                self.means[at] = value;
                continue;
            }
            let offset = value - self.means[at];
            // Equal ones of an infinite score differ by nothing, others by no finite number.
            if !offset.is_finite() && value != self.means[at] {
                self.means[at] = if value.is_finite() { self.means[at] } else { value };
                self.deviations[at] = f64::INFINITY;
            } else if value != self.means[at] {
                self.means[at] += offset / f64::from(self.counts[at]);
                self.deviations[at] += offset * (value - self.means[at]);
            }
        }
    }

    /// The means, and the sample standard deviations (0 of a single one).
    fn finish(self) -> (Vec<f64>, Vec<f64>) {
        let sd = |(deviation, &count): (&f64, &u32)| (deviation / f64::from(count.max(2) - 1)).sqrt();
        let deviations = self.deviations.iter().zip(&self.counts).map(sd).collect();
        let mean = |(mean, &count)| if count == 0 { -1.0 } else { mean };
        (self.means.into_iter().zip(&self.counts).map(mean).collect(), deviations)
    }
}
