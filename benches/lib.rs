//! Criterion benchmarks of the workspace: one target per crate or part of one, and `limits`, which they are compared
//! with. `cargo bench` runs them; `cargo xtask bench` runs them and writes a report, in which every row stands beside
//! the limit that it has by what it works on ([`Rows::row`]).

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use cl_data::instructions::Instructions;
use criterion::measurement::WallTime;
use criterion::{Bencher, BenchmarkGroup, Criterion, Throughput};
use xtask::bench::work::{RECORDS, Record};

pub mod inputs;

pub use cl_data::instructions::arch;
pub use xtask::bench::limits::Limit;
pub use xtask::bench::work::{Precision, Work};

/// The threads that work on what is done in parallel.
pub fn all_threads() -> usize {
    rayon::current_num_threads()
}

/// A group of rows.
pub struct Rows<'a> {
    name: String,
    group: BenchmarkGroup<'a, WallTime>,
}

impl<'a> Rows<'a> {
    /// The group `name`.
    pub fn new(criterion: &'a mut Criterion, name: &str) -> Self {
        Self { name: name.to_owned(), group: criterion.benchmark_group(name) }
    }

    /// Takes `n` samples of each row.
    pub fn sample_size(mut self, n: usize) -> Self {
        self.group.sample_size(n);
        self
    }

    /// Takes that long for each row.
    pub fn times(mut self, warm_up: Duration, measurement: Duration) -> Self {
        self.group.warm_up_time(warm_up).measurement_time(measurement);
        self
    }

    /// Measures a row: `threads` threads do `work` once per iteration. Where `cargo xtask bench` asks for it, what
    /// the row works on is written down beside what criterion measures.
    pub fn row(
        &mut self,
        name: impl Into<String>,
        work: Work,
        threads: usize,
        bench: impl FnMut(&mut Bencher<'_, WallTime>),
    ) {
        let name = name.into();
        if let Some(path) = std::env::var_os(RECORDS) {
            let id = format!("{}/{name}", self.name);
            write_down(
                Path::new(&path),
                &Record { id, work, threads, instructions: Instructions::in_use().name().to_owned() },
            );
        }
        self.group.throughput(match work {
            Work::Read { bytes } | Work::Copy { bytes } => Throughput::BytesDecimal(bytes),
            other => Throughput::Elements(other.amount()),
        });
        self.group.bench_function(name, bench);
    }
}

/// Appends the record.
///
/// # Panics
/// Where the file cannot be written: a row without its record would have no limit.
fn write_down(path: &Path, record: &Record) {
    let line = serde_json::to_string(record).expect("a record is plain data");
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{line}"));
    written
        .unwrap_or_else(|error| panic!("{RECORDS} is {}, expected a file to append to: {error}", path.display()));
}
