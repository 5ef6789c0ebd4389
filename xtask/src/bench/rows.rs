//! The rows of one bench: what criterion measured, joined with what the bench said that it works on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::work::{Record, Work};

/// A measured row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Criterion's name: group, slash, function.
    pub id: String,
    /// What it works on, once.
    pub work: Work,
    /// The threads that work on it.
    pub threads: usize,
    /// The instruction set that the kernels used.
    pub instructions: String,
    /// Criterion's estimate: the slope of a regression, or the mean where an iteration is too long for one.
    pub seconds: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// An iteration of the fastest sample.
    pub fastest: f64,
}

impl Row {
    /// Multiply-adds, bytes, exponentials or elements per second.
    pub fn rate(&self) -> f64 {
        self.work.amount() as f64 / self.seconds
    }
}

/// Of `new/benchmark.json`.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
}

/// Of `new/estimates.json`, in nanoseconds.
#[derive(Debug, Clone, Deserialize)]
struct Estimates {
    mean: Estimate,
    slope: Option<Estimate>,
}

#[derive(Debug, Clone, Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Debug, Clone, Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// Of `new/sample.json`: how often each sample ran, and how long it took in all.
#[derive(Deserialize)]
struct Samples {
    iters: Vec<f64>,
    times: Vec<f64>,
}

impl Samples {
    /// Nanoseconds of an iteration of the fastest sample.
    fn fastest(&self) -> f64 {
        self.times
            .iter()
            .zip(&self.iters)
            .map(|(time, iterations)| time / iterations)
            .fold(f64::INFINITY, f64::min)
    }
}

/// What criterion says of a row.
struct Said {
    estimates: Estimates,
    fastest: f64,
}

/// The rows that were measured, in the order they ran, and the names of those that began and were not.
///
/// `records` is the file of the bench's own lines, `criterion` the folder that criterion wrote to. Where either is
/// missing, there are no rows: the bench did not come so far.
///
/// # Errors
/// Where a file is there and cannot be read, and where criterion measured what the bench did not write down.
pub fn read(records: &Path, criterion: &Path) -> Result<(Vec<Row>, Vec<String>)> {
    let mut measured = BTreeMap::new();
    if criterion.exists() {
        estimates(criterion, &mut measured)?;
    }
    let text = match fs::read_to_string(records) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.with_context(|| records.display().to_string())?,
    };
    join(&text, measured)
}

fn join(records: &str, mut measured: BTreeMap<String, Said>) -> Result<(Vec<Row>, Vec<String>)> {
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for (at, line) in records.lines().enumerate() {
        let record: Record = serde_json::from_str(line)
            .with_context(|| format!("line {} of the bench's rows: {line:?}, expected a row", at + 1))?;
        let Record { id, work, threads, instructions } = record;
        let Some(Said { estimates: Estimates { mean, slope }, fastest }) = measured.remove(&id) else {
            missing.push(id);
            continue;
        };
        let Estimate { point_estimate, confidence_interval } = slope.unwrap_or(mean);
        let Interval { lower_bound, upper_bound } = confidence_interval;
        let [seconds, low, high, fastest] =
            [point_estimate, lower_bound, upper_bound, fastest].map(|ns| ns * 1e-9);
        if ![seconds, fastest].iter().all(|time| time.is_finite() && *time > 0.0) {
            bail!("row {id}: {point_estimate} ns, the fastest {}, expected finite times above 0", 1e9 * fastest);
        }
        rows.push(Row { id, work, threads, instructions, seconds, low, high, fastest });
    }
    match measured.keys().next() {
        Some(id) => bail!("row {id} was measured, but its bench does not say what it works on"),
        None => Ok((rows, missing)),
    }
}

/// Every `new` folder below that holds a measurement; their names are shortened ones, the whole name is in a file.
fn estimates(folder: &Path, measured: &mut BTreeMap<String, Said>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let benchmark = path.join("benchmark.json");
        if path.ends_with("new") && benchmark.exists() {
            let Benchmark { full_id } = parsed(&benchmark)?;
            let samples: Samples = parsed(&path.join("sample.json"))?;
            let estimates = parsed(&path.join("estimates.json"))?;
            measured.insert(full_id, Said { estimates, fastest: samples.fastest() });
        } else {
            estimates(&path, measured)?;
        }
    }
    Ok(())
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: &str = r#"{"id":"forward/2 x 3","work":{"kind":"multiply-adds","count":6,"of":"f32"},"threads":1,"instructions":"avx2"}
{"id":"forward/again","work":{"kind":"read","bytes":8},"threads":2,"instructions":"avx2"}
"#;

    fn estimate(ns: f64) -> String {
        let bounds =
            format!(r#"{{"confidence_level":0.95,"lower_bound":{},"upper_bound":{}}}"#, ns - 1.0, ns + 1.0);
        format!(r#"{{"confidence_interval":{bounds},"point_estimate":{ns},"standard_error":1.0}}"#)
    }

    fn written(folder: &Path, name: &str, id: &str, slope: Option<f64>) {
        let new = folder.join(name).join("new");
        fs::create_dir_all(&new).unwrap();
        let slope = slope.map_or("null".to_owned(), estimate);
        let text = format!(r#"{{"mean":{},"median":{},"slope":{slope}}}"#, estimate(20.0), estimate(30.0));
        fs::write(new.join("estimates.json"), text).unwrap();
        let text = r#"{"sampling_mode":"Linear","iters":[1.0,2.0,3.0],"times":[11.0,16.0,30.0]}"#;
        fs::write(new.join("sample.json"), text).unwrap();
        let text = format!(r#"{{"group_id":"x","function_id":"y","full_id":{id:?},"title":"z"}}"#);
        fs::write(new.join("benchmark.json"), text).unwrap();
    }

    #[test]
    fn rows_keep_the_order_of_the_bench_and_say_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let records = folder.path().join("records");
        fs::write(&records, RECORDS).unwrap();
        let criterion = folder.path().join("criterion");
        written(&criterion, "forward/2_x_3", "forward/2 x 3", Some(10.0));
        let (rows, missing) = read(&records, &criterion).unwrap();
        assert_eq!(missing, ["forward/again"]);
        assert_eq!((rows.len(), rows[0].id.as_str()), (1, "forward/2 x 3"));
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
        assert!(near(rows[0].seconds, 10e-9) && near(rows[0].low, 9e-9) && near(rows[0].high, 11e-9));
        assert!(near(rows[0].rate(), 0.6e9) && near(rows[0].fastest, 8e-9));
    }

    #[test]
    fn the_mean_stands_where_there_is_no_slope() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), "a", "forward/again", None);
        let mut measured = BTreeMap::new();
        estimates(folder.path(), &mut measured).unwrap();
        let (rows, _) = join(RECORDS, measured).unwrap();
        assert!((rows[0].seconds / 20e-9 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_row_that_nobody_wrote_down_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), "a", "stray", None);
        let error = read(&folder.path().join("none"), folder.path()).unwrap_err();
        assert!(error.to_string().contains("row stray"), "{error}");
    }

    #[test]
    fn a_bench_that_wrote_nothing_has_no_rows() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = read(&folder.path().join("none"), &folder.path().join("neither")).unwrap();
        assert_eq!(nothing, (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_damaged_line_is_named() {
        let error = join("rubbish\n", BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
