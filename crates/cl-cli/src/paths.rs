//! What is written must not be what is read, nor be written twice: found out before anything is read.

use std::fmt;
use std::path::{Path, PathBuf};

use cl_data::io::is_standard;
use cl_difficulty::table::sidecar_path;

/// A command line that cannot be meant; the exit status is then that of wrong usage.
#[derive(Debug)]
pub(crate) struct WrongUsage(String);

impl WrongUsage {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for WrongUsage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Refuses standard input for several inputs, an output that is an input, the file beside one, or a file of a folder that is one; and two outputs that are one
/// file, by whatever path and link.
pub(crate) fn check<'a>(
    read: impl IntoIterator<Item = &'a PathBuf>,
    written: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), WrongUsage> {
    let read: Vec<&PathBuf> = read.into_iter().collect();
    let n_standard = read.iter().filter(|path| is_standard(path)).count();
    if n_standard > 1 {
        return Err(WrongUsage(format!("{n_standard} inputs are -, expected standard input for one of them")));
    }
    let named = |path: &'a PathBuf| !is_standard(path) && !is_device(path);
    let read: Vec<&PathBuf> = read.into_iter().filter(|path| named(path)).collect();
    let written: Vec<&PathBuf> = written.into_iter().filter(|path| named(path)).collect();
    for (at, output) in written.iter().enumerate() {
        let shown = output.display();
        if let Some(other) = written[..at].iter().find(|other| is_same(output, other)) {
            return Err(WrongUsage(format!(
                "{shown} and {} are one file, expected one for each output",
                other.display()
            )));
        }
        for input in &read {
            let of_input = if is_same(output, input) {
                "it is read"
            } else if is_same(output, &sidecar_path(input)) {
                "it says where an input comes from"
            } else if input.is_dir() && is_part(output, input) {
                "it is in a folder that is read"
            } else {
                continue;
            };
            return Err(WrongUsage(format!("{shown}: {of_input} ({}), expected another output", input.display())));
        }
    }
    Ok(())
}

/// What is written through, as often as one likes.
fn is_device(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn is_same(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let (Ok(a), Ok(b)) = (a.metadata(), b.metadata()) {
            return (a.dev(), a.ino()) == (b.dev(), b.ino());
        }
    }
    whole(a) == whole(b)
}

/// The path without links and dots; of what is not there, its folder's.
fn whole(path: &Path) -> PathBuf {
    let of_folder = || {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(of_folder).unwrap_or_else(|| path.to_path_buf())
}

/// Whether a file that is there is one of those that a log in this folder is made of.
fn is_part(file: &Path, folder: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let of_a_log = name.ends_with(".npy") || ["epoch", "step"].iter().any(|word| name.contains(word));
    let folder = whole(folder);
    let inside = whole(file).parent().is_some_and(|parent| {
        [folder.clone(), folder.join("training_dynamics"), folder.join("npy")]
            .iter()
            .any(|folder| folder == parent)
    });
    file.exists() && of_a_log && inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_no_input_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("run")).unwrap();
        for name in ["a.csv", "run/labels.npy", "run/scores.csv", "run/dynamics_epoch_0.jsonl"] {
            std::fs::write(path(name), name).unwrap();
        }
        std::fs::hard_link(path("a.csv"), path("b.csv")).unwrap();
        let refused = |read: &[&str], written: &[&str]| {
            let [read, written] =
                [read, written].map(|names| names.iter().map(|name| path(name)).collect::<Vec<_>>());
            check(&read, &written).map_err(|error| error.to_string()).err()
        };
        assert!(refused(&["a.csv"], &["a.csv"]).unwrap().contains("a.csv: it is read"));
        assert!(refused(&["a.csv"], &["run/../b.csv"]).unwrap().contains("it is read"));
        assert!(refused(&["a.csv"], &["a.csv.json"]).unwrap().contains("where an input comes from"));
        assert!(refused(&["run"], &["run/labels.npy"]).unwrap().contains("in a folder that is read"));
        assert!(refused(&["run"], &["run/dynamics_epoch_0.jsonl"]).is_some());
        assert!(refused(&["a.csv"], &["new.csv", "run/../new.csv"]).unwrap().contains("are one file"));
        assert_eq!(refused(&["a.csv", "run"], &["new.csv", "run/scores.csv", "run/new.npy"]), None);
        assert!(check(&[PathBuf::from("-")], &[PathBuf::from("-"), PathBuf::from("/dev/null")]).is_ok());
        let twice = ["-", "a.csv", "-"].map(PathBuf::from);
        assert!(check(&twice, []).unwrap_err().to_string().contains("2 inputs are -"));
    }
}
