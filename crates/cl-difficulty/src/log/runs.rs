use std::collections::HashMap;

use super::mean_probabilities::{MeanProbabilities, mean_probabilities};
use super::note::Note;
use super::options::Missing;
use super::progress::Progress;
use super::score::{Scored, Scoring, score};
use super::source::Source;
use crate::{
    dynamics::{Column, ColumnValues, MetricSettings},
    error::DifficultyError,
    scores::Metric,
};

/// Scores the runs of a log and averages over them, as Data Diet does over ten networks: of each metric the mean, and
/// beside it, as `NAME_sd`, its spread.
///
/// ```text
/// mean_i = 1/R sum_r s_i(r)         sd_i = sqrt( 1/(R-1) sum_r (s_i(r) - mean_i)^2 )
/// ```
///
/// Examples are joined by id. One run is scored as it is. O(R) times what a run takes, in the memory of two.
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
    let n_runs = 1 + others.len();
    let mut scored = score(first.as_mut(), metrics, scoring, progress)?;
    let mut moments: Vec<Moments> = scored.columns.iter().map(|column| Moments::of(&column.values)).collect();
    let mut n_never_learned = scored.n_never_learned;
    let mut places: Option<HashMap<String, usize>> = None;
    let (mut absent, mut more) = (0, 0);
    for run in others {
        let other = score(run.as_mut(), metrics, scoring, progress)?;
        let place_of: Vec<Option<usize>> = if other.ids == scored.ids {
            (0..other.ids.len()).map(Some).collect()
        } else {
            let places = places.get_or_insert_with(|| {
                scored.ids.iter().enumerate().map(|(at, id)| (id.into_owned(), at)).collect()
            });
            other.ids.iter().map(|id| places.get(&*id).copied()).collect()
        };
        let path = run.contents().path.clone();
        let n_found = place_of.iter().flatten().count();
        if missing == Missing::Error && (n_found < other.ids.len() || n_found < scored.ids.len()) {
            let new = place_of.iter().position(Option::is_none).and_then(|at| other.ids.get(at));
            let what = match new {
                Some(id) => format!("id {id} is in no run before"),
                None => format!("{} of {} ids", n_found, scored.ids.len()),
            };
            let problem = format!("{what}, expected the same ids in all runs, or option `missing` skip");
            return Err(DifficultyError::malformed(&path, "", problem));
        }
        absent += scored.ids.len() - n_found;
        more += other.ids.len() - n_found;
        for (at, place) in place_of.iter().enumerate() {
            let Some(place) = *place else { continue };
            let labels = (other.labels.get(at), scored.labels.get(place));
            if let (Some(found), Some(expected)) = labels
                && found != expected
            {
                let id = other.ids.get(at).unwrap_or_default().into_owned();
                let problem = format!("label {found} of id {id}, expected {expected} as in the runs before");
                return Err(DifficultyError::malformed(&path, "", problem));
            }
        }
        for (moments, column) in moments.iter_mut().zip(&other.columns) {
            moments.add(&column.values, &place_of);
        }
        n_never_learned = n_never_learned.zip(other.n_never_learned).map(|(a, b)| a.min(b));
        for note in other.notes {
            if !scored.notes.contains(&note) {
                scored.notes.push(note);
            }
        }
    }
    if absent + more > 0 {
        let text = format!(
            "{absent} scores are over fewer than {n_runs} runs; {more} of examples that the first run lacks are left out"
        );
        scored.notes.push(Note::new("runs", absent + more, text));
    }
    let names: Vec<String> = runs.iter().filter_map(|run| run.contents().run.clone()).collect();
    let columns = std::mem::take(&mut scored.columns);
    for (column, moments) in columns.into_iter().zip(moments) {
        let mut options = column.metric.options.clone();
        options.insert("runs".into(), if names.is_empty() { n_runs.to_string() } else { names.join(",") });
        let (mean, sd) = moments.finish();
        let metric = Metric { name: column.metric.name.clone(), options: options.clone() };
        let spread = Column {
            name: format!("{}_sd", column.name),
            values: ColumnValues::Float(sd),
            higher_is_harder: None,
            metric: Metric { name: format!("{}_sd", column.metric.name), options },
        };
        scored.columns.extend([Column { values: ColumnValues::Float(mean), metric, ..column }, spread]);
    }
    Ok(Scored { n_never_learned, n_runs, ..scored })
}

/// The probabilities of each example averaged over runs, each of which is the mean over its epochs or, where `last`, its
/// last epoch; the examples are those of the first run, and others are joined by id.
///
/// # Errors
/// Without a run; where an example of one is in none before; as [`mean_probabilities`].
pub fn mean_probabilities_of_runs(
    runs: &mut [Box<dyn Source>],
    last: bool,
    progress: &mut dyn Progress,
) -> Result<MeanProbabilities, DifficultyError> {
    let first_position = |run: &dyn Source| if last { run.contents().epochs.len() - 1 } else { 0 };
    let Some((first, others)) = runs.split_first_mut() else {
        return Err(DifficultyError::argument("runs", "none", "at least one"));
    };
    let position = first_position(first.as_ref());
    let mut mean = mean_probabilities(first.as_mut(), position, progress)?;
    if others.is_empty() {
        return Ok(mean);
    }
    let (contents, c) = (first.contents(), first.contents().n_classes);
    let ids = mean.examples.iter().map(|&example| contents.id(example));
    let places: HashMap<String, usize> = ids.enumerate().map(|(at, id)| (id, at)).collect();
    let mut counts = vec![1.0; mean.examples.len()];
    for run in others {
        let position = first_position(run.as_ref());
        let other = mean_probabilities(run.as_mut(), position, progress)?;
        let of = run.contents();
        if of.n_classes != c {
            let problem = format!("{} classes, expected {c} as in the runs before", of.n_classes);
            return Err(DifficultyError::malformed(&of.path, "", problem));
        }
        for (&example, row) in other.examples.iter().zip(other.probabilities.chunks_exact(c)) {
            let id = of.id(example);
            let Some(&at) = places.get(&id) else {
                let problem = format!("id {id} is in no run before, expected the same ids in all runs");
                return Err(DifficultyError::malformed(&of.path, "", problem));
            };
            counts[at] += 1.0;
            mean.probabilities[at * c..][..c].iter_mut().zip(row).for_each(|(sum, p)| *sum += p);
        }
    }
    for (row, count) in mean.probabilities.chunks_exact_mut(c).zip(counts) {
        row.iter_mut().for_each(|p| *p = (*p / count).min(1.0));
    }
    Ok(mean)
}

/// Means and squared deviations by Welford's recurrence.
struct Moments {
    counts: Vec<u32>,
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Moments {
    fn of(values: &ColumnValues) -> Self {
        let means = values.to_floats();
        Self { counts: vec![1; means.len()], deviations: vec![0.0; means.len()], means }
    }

    fn add(&mut self, values: &ColumnValues, places: &[Option<usize>]) {
        for (value, place) in values.to_floats().into_iter().zip(places) {
            let Some(at) = *place else { continue };
            self.counts[at] += 1;
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
        (self.means, deviations)
    }
}
