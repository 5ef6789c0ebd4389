use std::{
    any::Any,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use rayon::prelude::*;

use crate::{
    error::StudyError,
    journal::{Found, Journal},
    record::{EndedRun, Outcome, Record},
    results::StudyResults,
    study::{Run, Study},
};

/// Who watches many runs: a progress bar, a log, or nobody.
pub trait Progress: Sync {
    /// This many runs are to be done, those already on disk included.
    fn started(&self, total: usize);

    /// This many of them were read back and take no time.
    fn resumed(&self, done: usize) {
        let _ = done;
    }

    /// These lines of the journal, counted from 1, are not as they were written: their runs are done again.
    fn damaged(&self, journal: &Path, lines: &[usize]) {
        let _ = (journal, lines);
    }

    /// One more has ended.
    fn advanced(&self);

    /// All have ended.
    fn finished(&self);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quiet;

impl Progress for Quiet {
    fn started(&self, _total: usize) {}

    fn advanced(&self) {}

    fn finished(&self) {}
}

/// Runs `run` once per seed on `jobs` threads (`None`: one per core), with the results in the order of the
/// seeds, whichever ends first.
///
/// The same for any number of threads as long as a run depends on its seed alone.
///
/// ```
/// use cl_study::{Quiet, over_seeds};
///
/// assert_eq!(over_seeds(&[3, 1, 2], Some(2), &Quiet, |seed| seed * seed)?, [9, 1, 4]);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where `jobs` is 0 or threads cannot be started.
///
/// # Panics
/// Where `run` does.
pub fn over_seeds<T: Send>(
    seeds: &[u64],
    jobs: Option<usize>,
    progress: &dyn Progress,
    run: impl Fn(u64) -> T + Sync,
) -> Result<Vec<T>, StudyError> {
    progress.started(seeds.len());
    let results = in_parallel(seeds, jobs, |&seed| {
        let result = run(seed);
        progress.advanced();
        Ok(result)
    })?;
    progress.finished();
    Ok(results)
}

impl Study {
    /// Runs what is not yet in the journal, on `jobs` threads (`None`: one per core).
    ///
    /// A run that gives an error or panics is recorded as failed, and the others go on. Each run is written to
    /// the journal as it ends: a study that was killed goes on where it was, and of one that is finished
    /// nothing runs. The results are in the order of the declaration (settings, arms, seeds), and byte for byte
    /// the same for any number of threads and after any interruption, as long as each run depends on its
    /// [`Run`] alone. A failed run counts as ended; a study without its journal runs it again.
    ///
    /// # Errors
    /// Where names or seeds repeat or are missing, the journal is of another study, in use by another process or
    /// corrupt (a torn last line is no corruption, but where the killed run was), or it cannot be written.
    pub fn run<E: Display>(
        &self,
        jobs: Option<usize>,
        journal: Option<&Path>,
        progress: &dyn Progress,
        run: impl Fn(&Run<'_>) -> Result<Record, E> + Sync,
    ) -> Result<StudyResults, StudyError> {
        let study = self.validated()?;
        let runs = study.runs();
        let (journal, mut ended) = match journal {
            Some(path) => {
                let (journal, Found { ended, damaged }) = Journal::open(path, &study)?;
                if !damaged.is_empty() {
                    progress.damaged(path, &damaged);
                }
                (Some(journal), ended)
            }
            None => (None, vec![None; runs.len()]),
        };
        let waiting: Vec<usize> = (0..runs.len()).filter(|&at| ended[at].is_none()).collect();
        progress.started(runs.len());
        progress.resumed(runs.len() - waiting.len());
        let new = in_parallel(&waiting, jobs, |&at| {
            let outcome = match catch_unwind(AssertUnwindSafe(|| run(&runs[at]))) {
                Ok(Ok(record)) => Outcome::Record(record),
                Ok(Err(error)) => Outcome::Failed(error.to_string()),
                Err(panic) => Outcome::Failed(format!("panicked: {}", panic_message(&*panic))),
            };
            let Run { setting, arm, seed, .. } = runs[at];
            let run = EndedRun { setting: setting.name.clone(), arm: arm.name.clone(), seed, outcome };
            if let Some(journal) = &journal {
                journal.append(&run)?;
            }
            progress.advanced();
            Ok(run)
        })?;
        for (at, run) in waiting.into_iter().zip(new) {
            ended[at] = Some(run);
        }
        progress.finished();
        let ended = ended.into_iter().flatten().collect();
        drop(runs);
        Ok(StudyResults::new(study, ended))
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

/// Applies `run` to every item on a pool of its own, results in the order of the items; the first error stops
/// those that have not begun.
fn in_parallel<I: Sync, T: Send>(
    items: &[I],
    jobs: Option<usize>,
    run: impl Fn(&I) -> Result<T, StudyError> + Sync,
) -> Result<Vec<T>, StudyError> {
    if jobs == Some(0) {
        return Err(StudyError::argument("jobs", 0, "at least 1"));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.unwrap_or(0))
        .build()
        .map_err(|problem| StudyError::Failed { what: "starting threads", problem: problem.to_string() })?;
    // Runs differ in length by orders of magnitude: one item is the unit of work.
    pool.install(|| items.par_iter().with_max_len(1).map(&run).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);

    impl Progress for Log {
        fn started(&self, total: usize) {
            self.0.lock().unwrap().push(format!("started {total}"));
        }

        fn advanced(&self) {
            self.0.lock().unwrap().push("advanced".into());
        }

        fn finished(&self) {
            self.0.lock().unwrap().push("finished".into());
        }
    }

    #[test]
    fn results_are_in_the_order_of_the_seeds() {
        let seeds: Vec<u64> = (0..40).rev().collect();
        for jobs in [Some(1), Some(2), Some(7), None] {
            assert_eq!(over_seeds(&seeds, jobs, &Quiet, |seed| seed).unwrap(), seeds);
        }
        assert!(over_seeds(&seeds, Some(0), &Quiet, |seed| seed).is_err());
    }

    #[test]
    fn progress_is_told_of_every_run() {
        let log = Log::default();
        over_seeds(&[1, 2], Some(2), &log, |_| ()).unwrap();
        assert_eq!(*log.0.lock().unwrap(), ["started 2", "advanced", "advanced", "finished"]);
    }
}
