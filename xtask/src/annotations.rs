//! What others published about each training image of CIFAR-10: C-scores, and the labels that people gave.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cl_data::io::CsvRows;

const N_CLASSES: usize = 10;

/// The C-score of each example: the chance that networks trained without it classify it right, high = regular =
/// **easy**. A gzipped or plain CSV file of the columns `index`, `label`, `cscore`, joined to the data by index.
///
/// Source: Jiang, Zhang, Talwar, Mozer (2021), Characterizing Structural Regularities of Labeled Data.
///
/// # Errors
/// Where the file cannot be read, an example has not exactly one row, a C-score is outside [0, 1], or a label is not
/// that of `labels`: the scores are of other data then, or of another order.
pub fn read_c_scores(path: &Path, labels: &[usize]) -> Result<Vec<f64>> {
    let mut scores = vec![0.0; labels.len()];
    for_each_row(path, ["label", "cscore"], labels.len(), |example, [label, score]| {
        check_label("label", parse_label("label", label)?, labels[example])?;
        scores[example] = match score.parse() {
            Ok(score) if (0.0..=1.0).contains(&score) => score,
            _ => bail!("column `cscore`: {score:?}, expected a number in [0, 1]"),
        };
        Ok(())
    })?;
    Ok(scores)
}

/// CIFAR-10N: the labels that three people gave each image, and what was made of them.
///
/// Source: Wei, Zhu, Cheng, Liu, Niu, Liu (2022), Learning with Noisy Labels Revisited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanLabels {
    /// The label of the data set.
    pub clean: Vec<usize>,
    /// The vote of the three, a random one of them where all differ.
    pub aggregate: Vec<usize>,
    /// A wrong one of the three where there is one.
    pub worst: Vec<usize>,
    /// What each of the three said.
    pub annotators: [Vec<usize>; 3],
}

impl HumanLabels {
    /// Reads a gzipped or plain CSV file of the columns `index`, `clean`, `aggregate`, `worst` and `random1` to
    /// `random3`, joined to the data by index.
    ///
    /// # Errors
    /// Where the file cannot be read, an example has not exactly one row, or a clean label is not that of `labels`.
    pub fn read(path: &Path, labels: &[usize]) -> Result<Self> {
        const COLUMNS: [&str; 6] = ["clean", "aggregate", "worst", "random1", "random2", "random3"];
        let mut columns = [(); COLUMNS.len()].map(|()| vec![0; labels.len()]);
        for_each_row(path, COLUMNS, labels.len(), |example, fields| {
            for ((column, name), field) in columns.iter_mut().zip(COLUMNS).zip(fields) {
                column[example] = parse_label(name, field)?;
            }
            check_label("clean", columns[0][example], labels[example])
        })?;
        let [clean, aggregate, worst, first, second, third] = columns;
        Ok(Self { clean, aggregate, worst, annotators: [first, second, third] })
    }

    /// The share of the three annotators whose label is not the clean one: 0, 1/3, 2/3 or 1.
    pub fn disagreement(&self) -> Vec<f64> {
        let dissenters =
            |i: usize| self.annotators.iter().filter(|annotator| annotator[i] != self.clean[i]).count();
        (0..self.clean.len()).map(|i| dissenters(i) as f64 / self.annotators.len() as f64).collect()
    }
}

/// Every row of a CSV file with a header and one row per example, named by its column `index`, in any order.
fn for_each_row<const N: usize>(
    path: &Path,
    columns: [&str; N],
    n_examples: usize,
    mut take: impl FnMut(usize, [&str; N]) -> Result<()>,
) -> Result<()> {
    let mut rows = CsvRows::open(path, b',')?;
    let file = path.display();
    if !rows.advance()? {
        bail!("{file}: the file is empty, expected a header row");
    }
    let header: Vec<String> = rows.fields().map(Into::into).collect();
    let find = |name: &str| {
        let found = header.iter().position(|column| column == name);
        found.with_context(|| format!("{file}: no column `{name}`, the columns are {}", header.join(", ")))
    };
    let index = find("index")?;
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(columns) {
        *place = find(name)?;
    }
    let mut seen = vec![false; n_examples];
    while rows.advance()? {
        let at = || format!("{file}: line {}", rows.line());
        let fields: Vec<&str> = rows.fields().collect();
        let example = fields[index].parse().ok().filter(|&example: &usize| example < n_examples);
        let example = example.with_context(|| {
            format!("{}, column `index`: {:?}, expected one of 0..{n_examples}", at(), fields[index])
        })?;
        if std::mem::replace(&mut seen[example], true) {
            bail!("{}: index {example} is there twice", at());
        }
        take(example, places.map(|place| fields[place])).with_context(at)?;
    }
    match seen.iter().position(|seen| !seen) {
        Some(missing) => {
            bail!("{file}: no row of index {missing}, expected one for each of {n_examples} examples")
        }
        None => Ok(()),
    }
}

fn parse_label(column: &str, field: &str) -> Result<usize> {
    let label = field.parse().ok().filter(|&label: &usize| label < N_CLASSES);
    label.with_context(|| format!("column `{column}`: {field:?}, expected a class in 0..{N_CLASSES}"))
}

fn check_label(column: &str, found: usize, expected: usize) -> Result<()> {
    if found != expected {
        bail!(
            "column `{column}`: {found}, but the data has {expected} there: a file of other data or another order"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    #[test]
    fn c_scores_are_joined_by_index() {
        let file = file("index,label,cscore\n2,1,0.5\n0,3,1\n1,9,0.25\n");
        assert_eq!(read_c_scores(file.path(), &[3, 9, 1]).unwrap(), [1.0, 0.25, 0.5]);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_place() {
        let read = |content: &str| format!("{:#}", read_c_scores(file(content).path(), &[3, 9]).unwrap_err());
        for (content, told) in [
            ("", "header"),
            ("index,label\n0,3\n", "no column `cscore`, the columns are index, label"),
            ("index,label,cscore\n0,3,1\n0,3,1\n", "line 3: index 0 is there twice"),
            ("index,label,cscore\n0,3,1\n", "no row of index 1"),
            ("index,label,cscore\n0,3,1\n2,9,1\n", "\"2\", expected one of 0..2"),
            ("index,label,cscore\n0,3,1\n1,4,1\n", "line 3: column `label`: 4, but the data has 9"),
            ("index,label,cscore\n0,3,nan\n1,9,1\n", "\"nan\", expected a number in [0, 1]"),
            ("index,label,cscore\n0,3,1.5\n1,9,1\n", "\"1.5\""),
            ("index,label,cscore\n0,12,1\n1,9,1\n", "\"12\", expected a class"),
            ("index,label,cscore\n0,3\n", "line 2"),
        ] {
            assert!(read(content).contains(told), "{content:?}: {}", read(content));
        }
        assert!(read_c_scores(Path::new("nonesuch.csv"), &[]).is_err());
    }

    #[test]
    fn disagreement_counts_those_who_differ_from_the_clean_label() {
        const HEADER: &str = "index,clean,aggregate,worst,random1,random2,random3";
        let rows = format!("{HEADER}\n1,9,9,9,9,9,9\n0,6,6,4,6,4,6\n2,0,1,2,1,2,3\n");
        let labels = HumanLabels::read(file(&rows).path(), &[6, 9, 0]).unwrap();
        assert_eq!(labels.disagreement(), [1.0 / 3.0, 0.0, 1.0]);
        assert_eq!((labels.worst, labels.aggregate), (vec![4, 9, 2], vec![6, 9, 1]));
        let other = HumanLabels::read(file(&rows).path(), &[6, 8, 0]).unwrap_err();
        assert!(format!("{other:#}").contains("column `clean`: 9, but the data has 8"), "{other:#}");
    }
}
