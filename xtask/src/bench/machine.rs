//! Where and of what something was measured.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// The machine and the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model.
    pub processor: String,
    /// The threads that it runs at a time.
    pub threads: usize,
    /// The system and architecture, as Rust calls them.
    pub system: String,
    /// The compiler.
    pub rustc: String,
    /// The commit of the sources, and whether they were changed since.
    pub commit: String,
    /// The date, in UTC.
    pub date: String,
}

impl Machine {
    /// What is known of this one; what is not known is called unknown.
    pub fn here() -> Self {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        Self {
            processor: processor().unwrap_or_else(unknown),
            threads: std::thread::available_parallelism().map_or(1, Into::into),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            rustc: said(Command::new(rustc).arg("--version")).unwrap_or_else(unknown),
            commit: commit().unwrap_or_else(unknown),
            date: SystemTime::now().duration_since(UNIX_EPOCH).map_or_else(|_| unknown(), |d| date(d.as_secs())),
        }
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn processor() -> Option<String> {
    if cfg!(target_os = "macos") {
        return said(Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]));
    }
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = field("model name")?;
    // Virtual machines hide the model's number, and the generation with it.
    Some(match (field("cpu family"), field("model")) {
        (Some(family), Some(number)) => format!("{model} (family {family}, model {number})"),
        _ => model,
    })
}

fn commit() -> Option<String> {
    // Of the sources of this program, wherever it is run.
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-C", env!("CARGO_MANIFEST_DIR")]).args(arguments);
        git
    };
    let commit = said(&mut git(&["rev-parse", "--short=12", "HEAD"]))?;
    let changed = git(&["diff", "--quiet", "HEAD"]).status().ok()?;
    Some(if changed.success() { commit } else { format!("{commit} with changes") })
}

/// The first line that a command says, where it succeeds.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let line = String::from_utf8(output.stdout).ok()?.lines().next()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}

/// The day of a number of seconds since 1970.
///
/// Source: Hinnant, chrono-compatible low-level date algorithms: civil_from_days.
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_599, "2024-12-31"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }
}
