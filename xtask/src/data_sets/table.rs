//! The table of the data sets, `assets/data.tsv`.

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

const TABLE: &str = include_str!("../../assets/data.tsv");
const NAME: &str = "assets/data.tsv";

/// The columns of the table. Those of a set are filled in its first row alone; a row is a version of a file.
const COLUMNS: [&str; 13] = [
    "set",
    "folder",
    "file",
    "version",
    "bytes",
    "sha256",
    "shape",
    "licence",
    "published",
    "used by",
    "named",
    "makes",
    "note",
];

/// A real data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataSet {
    /// Its name.
    pub name: String,
    /// The folder that it has in a folder of data sets.
    pub folder: String,
    /// Its parts, each a file.
    pub parts: Vec<Part>,
    /// How many examples there are of what.
    pub shape: String,
    /// The licence, as far as one is stated.
    pub licence: String,
    /// The addresses where it is published.
    pub published: Vec<String>,
    /// The experiments and tasks that use it, by name; none where it is there for other programs.
    pub used_by: Vec<String>,
    /// What conditions of measurements on it say; empty where nothing is measured on it.
    pub named: String,
    /// The set that is made of it; empty where none is.
    pub makes: String,
    /// What else is to be known of it.
    pub note: String,
}

/// A part of a data set, in any of its versions: packed or not, say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The file's name without `.gz`.
    pub name: String,
    /// Its versions, one at least; files of the same name are alternatives.
    pub versions: Vec<Version>,
}

/// A file as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its name.
    pub file: String,
    /// Which version of the part it is; empty where there is one.
    pub version: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// The data sets, in the order of the table.
///
/// # Errors
/// Where the table is malformed, which the one that is built in is not.
pub fn all() -> Result<Vec<DataSet>> {
    parse(TABLE)
}

fn parse(table: &str) -> Result<Vec<DataSet>> {
    let mut lines = table.lines().enumerate();
    let header: Option<Vec<&str>> = lines.next().map(|(_, line)| line.split('\t').collect());
    if header.as_deref() != Some(&COLUMNS[..]) {
        bail!("{NAME}: line 1: expected the columns {}", COLUMNS.join(", "));
    }
    let mut sets = Vec::new();
    for (at, line) in lines {
        add(&mut sets, line).with_context(|| format!("{NAME}: line {}", at + 1))?;
    }
    Ok(sets)
}

/// Adds a row.
fn add(sets: &mut Vec<DataSet>, line: &str) -> Result<()> {
    let cells: Vec<&str> = line.split('\t').collect();
    let &[set, folder, file, version, bytes, sha256, shape, licence, published, used_by, named, makes, note] =
        &cells[..]
    else {
        bail!("{} cells, expected {}", cells.len(), COLUMNS.len());
    };
    let words = |cell: &str| cell.split_whitespace().map(str::to_owned).collect();
    if !set.is_empty() {
        sets.push(DataSet {
            name: set.into(),
            folder: folder.into(),
            parts: Vec::new(),
            shape: shape.into(),
            licence: licence.into(),
            published: words(published),
            used_by: words(used_by),
            named: named.into(),
            makes: makes.into(),
            note: note.into(),
        });
    }
    let Some(set) = sets.last_mut() else { bail!("set: empty, expected a name in the first row") };
    if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        bail!("sha256: {sha256:?}, expected 64 hexadecimal digits");
    }
    let bytes = bytes.parse().with_context(|| format!("bytes: {bytes:?}, expected a number"))?;
    let version = Version { file: file.into(), version: version.into(), bytes, sha256: sha256.into() };
    let name = file.strip_suffix(".gz").unwrap_or(file);
    match set.parts.iter_mut().find(|part| part.name == name) {
        Some(part) => part.versions.push(version),
        None => set.parts.push(Part { name: name.into(), versions: vec![version] }),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_its_versions_whatever_they_are_called() {
        let sets = all().unwrap();
        let part = |set: &str, part: &str| {
            let set = sets.iter().find(|other| other.name == set).unwrap();
            set.parts.iter().find(|other| other.name == part).unwrap().clone()
        };
        let files = |part: Part| part.versions.into_iter().map(|version| version.file).collect::<Vec<_>>();
        assert_eq!(files(part("tiny Shakespeare", "input.txt")), ["input.txt.gz", "input.txt"]);
        assert_eq!(files(part("CIFAR-10", "test_batch.bin")), ["test_batch.bin"; 2]);
    }

    #[test]
    fn what_is_wrong_in_a_table_is_named_by_its_line() {
        let sum = "0".repeat(64);
        let row = |set: &str, bytes: &str, sum: &str| format!("{set}\tf\tx.gz\t\t{bytes}\t{sum}\t\t\t\t\t\t\t");
        let table = |rows: &[String]| format!("{}\n{}\n", COLUMNS.join("\t"), rows.join("\n"));
        assert_eq!(parse(&table(&[row("a", "1", &sum)])).unwrap()[0].parts[0].name, "x");
        for (table, told) in [
            (String::new(), "line 1: expected the columns set, folder"),
            (table(&[row("a", "1", &sum), "b\tf".into()]), "line 3: 2 cells, expected 13"),
            (table(&[row("", "1", &sum)]), "line 2: set: empty"),
            (table(&[row("a", "one", &sum)]), "line 2: bytes: \"one\""),
            (table(&[row("a", "1", "ABC")]), "line 2: sha256: \"ABC\""),
        ] {
            let error = format!("{:#}", parse(&table).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }
}
