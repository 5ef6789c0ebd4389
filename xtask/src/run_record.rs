//! `run.json`, beside `results.json`: where and how long a run was run. Of what depends on time nothing stands in the
//! results themselves, which are the same bytes from any machine.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use cl_data::{instructions::Instructions, io::write_atomically};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::bench::machine::Machine;

const NAME: &str = "run.json";
const RESULTS: &str = "results.json";

/// Ends as journals do, which are removed with it once the run is finished.
const CLOCK: &str = "time.jsonl";

/// How much of a killed session may not be counted.
const TICK: Duration = Duration::from_secs(5);

/// What is known of a finished run beside its results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The version of the program.
    pub version: String,
    /// The commit of its sources, and whether they were changed since.
    pub commit: String,
    /// The processor's model.
    pub processor: String,
    /// The threads that it runs at a time.
    pub cores: usize,
    /// The vector instructions in use.
    pub instructions: String,
    /// How long it took, in seconds, summed over all calls in which it was run.
    pub seconds: f64,
    /// The SHA-256 of the `results.json` that it belongs to.
    pub results: String,
}

impl RunRecord {
    /// The record in the folder `out`.
    ///
    /// # Errors
    /// Where there is none, it is malformed, or it is of other results than lie beside it.
    pub fn read(out: &Path) -> Result<Self> {
        let path = out.join(NAME);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: expected, as a finished run writes it", path.display()))?;
        let record: Self = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        let results = sum_of_results(out)?;
        if record.results != results {
            bail!(
                "{}: of results with the sum {}, expected {results}, as {RESULTS} has",
                path.display(),
                record.results
            );
        }
        Ok(record)
    }
}

/// Writes `run.json` to the folder `out` of a run whose results lie there, and which took so long in all its sessions.
///
/// # Errors
/// Where there are no results, or the file cannot be written.
pub fn run_record(out: &Path, took: Duration) -> Result<()> {
    let machine = Machine::here();
    let record = RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: machine.commit,
        processor: machine.processor,
        cores: machine.threads,
        instructions: Instructions::in_use().name().to_owned(),
        seconds: took.as_secs_f64(),
        results: sum_of_results(out)?,
    };
    let text = serde_json::to_string_pretty(&record)? + "\n";
    let path = out.join(NAME);
    write_atomically(&path, |file| file.write_all(text.as_bytes())).with_context(|| path.display().to_string())
}

fn sum_of_results(out: &Path) -> Result<String> {
    let path = out.join(RESULTS);
    let results = fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(Sha256::digest(results).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// How long a run has taken, counted on over the sessions in which it is run: the time so far lies beside its journals.
pub struct Clock {
    stop: Sender<()>,
    counting: JoinHandle<io::Result<Duration>>,
}

/// The line of the file.
#[derive(Serialize, Deserialize)]
struct Spent {
    seconds: f64,
}

impl Clock {
    /// Goes on with the time that lies in the folder `journals`, or begins at 0.
    ///
    /// # Errors
    /// Where the folder cannot be written, or no thread can be had.
    pub fn start(journals: &Path) -> Result<Self> {
        let path = journals.join(CLOCK);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.with_context(|| path.display().to_string())?;
        let mut text = String::new();
        // What is no text is as damaged as what is no time.
        let read = file.read_to_string(&mut text);
        let before = spent(&text).filter(|_| read.is_ok()).unwrap_or_else(|| {
            eprintln!("{}: damaged, the time of sessions before this one is not counted", path.display());
            Duration::ZERO
        });
        let (start, (stop, stopped)) = (Instant::now(), mpsc::channel());
        let count = move || loop {
            let ended = stopped.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout);
            let took = before.saturating_add(start.elapsed());
            let written = write(&mut file, took);
            // A time that could not be written now is written later, and only the last one must be.
            if ended {
                return written.map(|()| took);
            }
        };
        let counting = thread::Builder::new().name("clock".into()).spawn(count).context("the clock")?;
        Ok(Self { stop, counting })
    }

    /// The time of all sessions so far, which is written.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn stop(self) -> Result<Duration> {
        drop(self.stop);
        match self.counting.join() {
            Ok(took) => took.context(CLOCK),
            Err(_) => bail!("{CLOCK}: the clock stopped before the run did"),
        }
    }
}

/// The time in the file's text; none where it is damaged.
fn spent(text: &str) -> Option<Duration> {
    if text.is_empty() {
        return Some(Duration::ZERO);
    }
    let Spent { seconds } = serde_json::from_str(text).ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Over what was there, with a line of one length, so that a killed run leaves one of the two.
fn write(file: &mut File, took: Duration) -> io::Result<()> {
    file.rewind()?;
    file.write_all(format!("{{\"seconds\":{:>20.3}}}\n", took.as_secs_f64()).as_bytes())?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_belongs_to_its_results() {
        let folder = tempfile::tempdir().unwrap();
        assert!(run_record(folder.path(), Duration::ZERO).is_err(), "no results");
        fs::write(folder.path().join(RESULTS), "abc").unwrap();
        run_record(folder.path(), Duration::from_millis(61_500)).unwrap();
        let record = RunRecord::read(folder.path()).unwrap();
        assert_eq!((record.seconds, &*record.version), (61.5, env!("CARGO_PKG_VERSION")));
        assert!(record.results.starts_with("ba7816bf") && record.cores > 0 && !record.commit.is_empty());
        fs::write(folder.path().join(RESULTS), "abd").unwrap();
        let error = RunRecord::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("ba7816bf") && error.contains(NAME), "{error}");
    }

    #[test]
    fn time_is_counted_over_sessions() {
        let folder = tempfile::tempdir().unwrap();
        let session = |least: u64| {
            let clock = Clock::start(folder.path()).unwrap();
            thread::sleep(Duration::from_millis(least));
            clock.stop().unwrap()
        };
        let first = session(20);
        assert!(first >= Duration::from_millis(20));
        let both = session(20);
        // The file has milliseconds.
        assert!(both + Duration::from_millis(1) >= first + Duration::from_millis(20), "{first:?} {both:?}");
        let path = folder.path().join(CLOCK);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);

        fs::write(&path, "{\"seconds\":              3600.250}\n").unwrap();
        assert!(session(0) >= Duration::from_millis(3_600_250));
        for damaged in ["{\"seconds\": 12", "{\"seconds\": -1}", "?"] {
            fs::write(&path, damaged).unwrap();
            assert!(session(0) < Duration::from_secs(3600), "{damaged}");
        }
    }

    #[test]
    fn a_shorter_time_leaves_nothing_of_a_longer_one() {
        let mut file = tempfile::tempfile().unwrap();
        for seconds in [1e9, 0.0, 86_400.0] {
            write(&mut file, Duration::from_secs_f64(seconds)).unwrap();
            file.rewind().unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(spent(&text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
    }
}
