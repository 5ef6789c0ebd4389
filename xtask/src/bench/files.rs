//! The report's files.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use cl_data::io::write_atomically;

use super::markdown;
use super::report::Report;

/// Writes `BENCHMARKS.md` and `BENCHMARKS.json` to `folder`; the path `private` stands in neither.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(report: &Report, folder: &Path, private: &Path) -> Result<()> {
    let json = serde_json::to_string_pretty(report).context("the report")? + "\n";
    for (name, text) in [("BENCHMARKS.md", markdown::report(report)), ("BENCHMARKS.json", json)] {
        let path = folder.join(name);
        let text = without(&text, private);
        write_atomically(&path, |file| file.write_all(text.as_bytes()))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Messages of programs name files of theirs; from the workspace on is enough.
fn without(text: &str, private: &Path) -> String {
    let private = private.to_string_lossy();
    text.replace(&format!("{private}{}", std::path::MAIN_SEPARATOR), "").replace(&*private, ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_machine_stay_there() {
        let text =
            without("in /home/someone/work/target/bench: /home/someone/work", Path::new("/home/someone/work"));
        assert_eq!(text, "in target/bench: .");
    }
}
