//! What `demos.wasm` is made of, as lines of text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

/// What is made, from the workspace's folder on.
pub const WASM: &str = "xtask/assets/demos.wasm";

/// The crates of the workspace that are compiled.
const CRATES: [&str; 4] = ["cl-data", "cl-model", "cl-pacing", "cl-web"];

const RUSTC: &str = "# rustc: ";

/// Everything that decides `demos.wasm`: the sources and manifests of its crates, the profile, the packages that are
/// locked, and the compiler; with the hash of the file itself.
///
/// Its text is a list of hashes that `sha256sum --check` reads, too; what is no file stands in lines that begin with `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    rustc: String,
    /// What each thing is, by its name.
    things: BTreeMap<String, String>,
}

impl Sources {
    /// Of the workspace in `root`, compiled by `rustc`.
    ///
    /// # Errors
    /// Where a file cannot be read, or is no manifest.
    pub fn of(root: &Path, rustc: &str) -> Result<Self> {
        let mut things = BTreeMap::new();
        let mut add = |path: &str| -> Result<()> {
            let bytes = fs::read(root.join(path)).with_context(|| format!("{path} cannot be read"))?;
            things.insert(
                path.to_owned(),
                Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
            );
            Ok(())
        };
        add(WASM)?;
        for name in CRATES {
            add(&format!("crates/{name}/Cargo.toml"))?;
            let mut files = Vec::new();
            rust_files(root, &format!("crates/{name}/src"), &mut files)?;
            files.iter().try_for_each(|file| add(file))?;
        }
        let workspace = table(root, "Cargo.toml")?;
        let at = |path: &[&str]| path.iter().try_fold(&workspace, |table, key| table.get(*key)?.as_table());
        let profile = at(&["profile", "web"]).context("Cargo.toml: there is no [profile.web]")?;
        things.insert("# profile: web".into(), serde_json::to_string(profile)?);
        let lock = Lock(table(root, "Cargo.lock")?);
        let mut packages = BTreeSet::new();
        for name in CRATES {
            for dependency in dependencies(&table(root, &format!("crates/{name}/Cargo.toml"))?) {
                if CRATES.contains(&&*dependency) {
                    continue;
                }
                let asked = at(&["workspace", "dependencies"]).and_then(|table| table.get(&dependency));
                things.insert(format!("# dependency: {dependency}"), serde_json::to_string(&asked)?);
                let of_name = lock.packages().filter(|package| string(package, "name") == dependency);
                of_name.for_each(|package| lock.add(package, &mut packages));
            }
        }
        for (name, version, checksum) in packages {
            things.insert(format!("# package: {name} {version}"), checksum);
        }
        Ok(Self { rustc: rustc.into(), things })
    }

    /// Reads what was written; a line that is none names something that no workspace has.
    pub fn read(text: &str) -> Self {
        let mut sources = Self { rustc: String::new(), things: BTreeMap::new() };
        for line in text.lines() {
            if let Some(rustc) = line.strip_prefix(RUSTC) {
                sources.rustc = rustc.into();
                continue;
            }
            let (name, value) = match (line.starts_with('#'), line.split_once(" = "), line.split_once("  ")) {
                (true, Some((name, value)), _) | (false, _, Some((value, name))) => (name, value),
                _ => (line, ""),
            };
            sources.things.insert(name.into(), value.into());
        }
        sources
    }

    /// The compiler, as it calls itself.
    pub fn rustc(&self) -> &str {
        &self.rustc
    }

    /// What is not the same in both, by name; of the compiler nothing is said.
    pub fn changed(&self, other: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.things.keys().chain(other.things.keys()).collect();
        let is_changed = |name: &&&String| self.things.get(**name) != other.things.get(**name);
        names.iter().filter(is_changed).map(|name| name.trim_start_matches("# ").to_owned()).collect()
    }
}

impl fmt::Display for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{RUSTC}{}", self.rustc)?;
        for (name, value) in &self.things {
            match name.starts_with('#') {
                true => writeln!(formatter, "{name} = {value}")?,
                false => writeln!(formatter, "{value}  {name}")?,
            }
        }
        Ok(())
    }
}

/// The Rust files of a folder and of those in it, as paths from the root on.
fn rust_files(root: &Path, folder: &str, files: &mut Vec<String>) -> Result<()> {
    let entries = fs::read_dir(root.join(folder)).with_context(|| format!("{folder} cannot be read"))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("{folder} cannot be read"))?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().with_context(|| path.clone())?.is_dir() {
            rust_files(root, &path, files)?;
        } else if path.ends_with(".rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn table(root: &Path, path: &str) -> Result<Table> {
    let text = fs::read_to_string(root.join(path)).with_context(|| format!("{path} cannot be read"))?;
    text.parse().with_context(|| format!("{path} is no TOML"))
}

/// What a crate takes for every target, and always.
fn dependencies(manifest: &Table) -> Vec<String> {
    let is_optional = |value: &Value| value.get("optional").and_then(Value::as_bool).unwrap_or(false);
    let dependencies = manifest.get("dependencies").and_then(Value::as_table).into_iter().flatten();
    dependencies.filter(|(_, value)| !is_optional(value)).map(|(name, _)| name.clone()).collect()
}

/// `Cargo.lock`.
struct Lock(Table);

impl Lock {
    fn packages(&self) -> impl Iterator<Item = &Table> {
        self.0.get("package").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
    }

    /// Adds a package and all that it takes: its name, version and checksum.
    fn add(&self, package: &Table, packages: &mut BTreeSet<(String, String, String)>) {
        let [name, version, checksum] = ["name", "version", "checksum"].map(|key| string(package, key).to_owned());
        if !packages.insert((name, version, checksum)) {
            return;
        }
        let taken = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        for taken in taken.filter_map(Value::as_str) {
            // The version stands beside a name that several packages have.
            let mut words = taken.split(' ');
            let (name, version) = (words.next(), words.next());
            let is_taken = |package: &&Table| {
                name == Some(string(package, "name"))
                    && version.is_none_or(|version| version == string(package, "version"))
            };
            self.packages().filter(is_taken).for_each(|package| self.add(package, packages));
        }
    }
}

fn string<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace of the four crates, with a package that takes another.
    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("Cargo.toml", "[profile.web]\nlto = true\n[workspace.dependencies]\none = \"1\"\nother = \"2\"\n");
        for name in CRATES {
            write(&format!("crates/{name}/src/lib.rs"), "");
            write(
                &format!("crates/{name}/Cargo.toml"),
                "[dependencies]\ncl-data.workspace = true\none.workspace = true\n",
            );
        }
        write("crates/cl-data/src/deep/file.rs", "fn one() {}");
        write("xtask/assets/demos.wasm", "wasm");
        let lock = "[[package]]\nname = \"one\"\nversion = \"1.0.0\"\nchecksum = \"aa\"\ndependencies = [\"taken 2.0.0\"]\n\
             [[package]]\nname = \"taken\"\nversion = \"1.0.0\"\n[[package]]\nname = \"taken\"\nversion = \"2.0.0\"\n\
             dependencies = [\"one\"]\n[[package]]\nname = \"other\"\nversion = \"2.0.0\"\n";
        write("Cargo.lock", lock);
        folder
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = workspace();
        let sources = Sources::of(folder.path(), "rustc 1.95.0").unwrap();
        assert_eq!(Sources::read(&sources.to_string()), sources);
        assert_eq!(sources.rustc(), "rustc 1.95.0");
        let names: Vec<&str> = sources.things.keys().map(String::as_str).collect();
        let expected = ["# dependency: one", "# package: one 1.0.0", "# package: taken 2.0.0", "# profile: web"];
        assert_eq!(names[..4], expected);
        assert_eq!((names.len(), names[names.len() - 1]), (4 + 2 * CRATES.len() + 2, WASM));
    }

    /// Each of them alone is noticed and named.
    #[test]
    fn a_change_is_noticed() {
        let folder = workspace();
        let before = Sources::of(folder.path(), "rustc 1.95.0").unwrap();
        assert!(before.changed(&Sources::of(folder.path(), "another").unwrap()).is_empty());
        for (path, from, to, changed) in [
            ("crates/cl-data/src/deep/file.rs", "one", "two", "crates/cl-data/src/deep/file.rs"),
            ("crates/cl-web/Cargo.toml", "[dep", "\n[dep", "crates/cl-web/Cargo.toml"),
            ("xtask/assets/demos.wasm", "wasm", "other", WASM),
            ("Cargo.toml", "lto = true", "lto = false", "profile: web"),
            ("Cargo.toml", "one = \"1\"", "one = \"1.1\"", "dependency: one"),
            ("Cargo.lock", "\"aa\"", "\"bb\"", "package: one 1.0.0"),
        ] {
            let path = folder.path().join(path);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from));
            fs::write(&path, text.replace(from, to)).unwrap();
            assert_eq!(before.changed(&Sources::of(folder.path(), "").unwrap()), [changed]);
            fs::write(&path, text).unwrap();
        }
        // What no crate takes, and what is no source.
        fs::write(folder.path().join("crates/cl-web/src/notes.txt"), "").unwrap();
        let lock = folder.path().join("Cargo.lock");
        let text = fs::read_to_string(&lock).unwrap() + "[[package]]\nname = \"third\"\nversion = \"1.0.0\"\n";
        fs::write(&lock, text).unwrap();
        assert!(before.changed(&Sources::of(folder.path(), "").unwrap()).is_empty());
        fs::remove_file(folder.path().join("crates/cl-data/src/deep/file.rs")).unwrap();
        assert_eq!(before.changed(&Sources::of(folder.path(), "").unwrap()), ["crates/cl-data/src/deep/file.rs"]);
    }

    #[test]
    fn a_broken_list_is_of_nothing() {
        let folder = workspace();
        let sources = Sources::of(folder.path(), "").unwrap();
        assert!(!Sources::read("").changed(&sources).is_empty());
        let damaged = sources.to_string().replacen("  crates", " crates", 1);
        assert!(!Sources::read(&damaged).changed(&sources).is_empty());
    }
}
