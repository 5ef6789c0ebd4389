//! How long `import curriculum` takes.

use std::fmt;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// NumPy's import is in it, and is measured by itself.
const CODE: &str = "import time
start = time.perf_counter()
import numpy
between = time.perf_counter()
import curriculum
print(between - start, time.perf_counter() - between)";

/// How many processes import it.
const PROCESSES: usize = 5;

/// What an import takes, in seconds: the medians over some processes.
#[derive(Debug)]
pub(super) struct ImportTime {
    numpy: f64,
    own: f64,
}

impl ImportTime {
    /// Imports the package in several processes of Python, one after the other.
    pub(super) fn measure(python: impl Fn() -> Command) -> Result<Self> {
        let (mut numpy, mut own) = (Vec::new(), Vec::new());
        for _ in 0..PROCESSES {
            let output = python().args(["-I", "-c", CODE]).output().context("Python cannot be started")?;
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "`import curriculum` ended with {}: {}", output.status, said.trim());
            let (first, second) =
                seconds(&String::from_utf8_lossy(&output.stdout)).context("no times of an import")?;
            numpy.push(first);
            own.push(second);
        }
        Ok(Self { numpy: median(numpy), own: median(own) })
    }
}

impl fmt::Display for ImportTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [own, numpy] = [self.own, self.numpy].map(|seconds| seconds * 1e3);
        write!(formatter, "import curriculum: {own:.1} ms, after the {numpy:.1} ms of import numpy")
    }
}

fn seconds(line: &str) -> Option<(f64, f64)> {
    let (first, second) = line.trim().split_once(' ')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_milliseconds() {
        assert_eq!(seconds("0.0825 0.0125\n"), Some((0.0825, 0.0125)));
        assert_eq!(seconds("0.0825"), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0, 9.0, 0.5]), 2.0);
        let told = ImportTime { numpy: 0.0825, own: 0.0125 }.to_string();
        assert_eq!(told, "import curriculum: 12.5 ms, after the 82.5 ms of import numpy");
    }

    #[cfg(unix)]
    #[test]
    fn an_import_that_fails_says_why() {
        let failing = || {
            let mut command = Command::new("sh");
            command.args(["-c", "echo 'no module named curriculum' >&2; exit 1"]);
            command
        };
        let error = ImportTime::measure(failing).unwrap_err().to_string();
        assert!(error.contains("exit status: 1: no module named curriculum"), "{error}");
    }
}
