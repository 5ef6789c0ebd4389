use std::collections::HashMap;
use std::path::Path;

use cl_data::{DataError, Ids, io::malformed};

use super::note::Note;
use super::options::Missing;

/// The examples of several runs, joined by id: those of the first, and where examples may be missing those that others
/// have besides.
pub(super) struct RunJoin {
    ids: Ids,
    labels: Vec<usize>,
    missing: Missing,
    /// Where each id stands; made when a run has another order.
    places: Option<HashMap<String, usize>>,
    /// Ids that the first run lacks.
    more: Vec<String>,
    n_runs: usize,
    /// In how many runs each example is.
    counts: Vec<usize>,
}

impl RunJoin {
    pub(super) fn new(ids: Ids, labels: Vec<usize>, missing: Missing) -> Self {
        let (counts, places, more) = (vec![1; ids.len()], None, Vec::new());
        Self { ids, labels, missing, places, more, n_runs: 1, counts }
    }

    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// The places of the examples of a further run among all; those that are new take the next ones.
    pub(super) fn places(&mut self, path: &Path, ids: &Ids, labels: &[usize]) -> Result<Vec<usize>, DataError> {
        self.n_runs += 1;
        let mut places: Vec<usize> = Vec::with_capacity(ids.len());
        if self.more.is_empty() && *ids == self.ids {
            places.extend(0..ids.len());
        } else {
            let known = self.places.get_or_insert_with(|| {
                self.ids.iter().enumerate().map(|(at, id)| (id.into_owned(), at)).collect()
            });
            let n_before = known.len();
            for (example, id) in ids.iter().enumerate() {
                let next = known.len();
                let at = *known.entry(id.as_ref().to_owned()).or_insert(next);
                if at == next && next >= self.counts.len() {
                    self.more.push(id.into_owned());
                    self.counts.push(0);
                    self.labels.extend(labels.get(example));
                }
                places.push(at);
            }
            let n_new = known.len() - n_before;
            let n_lacking = n_before - (ids.len() - n_new);
            if self.missing == Missing::Error && n_new + n_lacking > 0 {
                let what = match self.more.first() {
                    Some(id) => format!("id {id} is in no run before"),
                    None => format!("{n_lacking} of {n_before} ids are missing"),
                };
                let problem = format!("{what}, expected the same ids in all runs, or option `missing` skip");
                return Err(malformed(path, "", problem));
            }
        }
        for (example, &at) in places.iter().enumerate() {
            self.counts[at] += 1;
            if let (Some(found), Some(expected)) = (labels.get(example), self.labels.get(at))
                && found != expected
            {
                let id = ids.get(example).unwrap_or_default();
                let problem = format!("label {found} of id {id}, expected {expected} as in the runs before");
                return Err(malformed(path, "", problem));
            }
        }
        Ok(places)
    }

    /// All examples with their labels, and what is to be told of those that are not in all runs.
    pub(super) fn finish(self) -> Result<(Ids, Vec<usize>, Option<Note>), DataError> {
        let n = self.counts.iter().filter(|&&count| count < self.n_runs).count();
        let text =
            format!("{n} examples are not in all {} runs, and scored by those that they are in", self.n_runs);
        let note = (n > 0).then(|| Note::new("runs", n, text));
        let ids = match self.more.is_empty() {
            true => self.ids,
            false => Ids::texts(self.ids.iter().map(Into::into).chain(self.more).collect())?,
        };
        Ok((ids, self.labels, note))
    }
}
