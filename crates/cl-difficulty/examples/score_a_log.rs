//! Scores a training log, marks the hardest half as kept and writes the table: `score_a_log [LOG [OUT.csv]]`.

use std::{error::Error, path::Path, path::PathBuf};

use cl_data::io::{Array, ArrayData, write_npz};
use cl_difficulty::log::{self, Options, Scored, Scoring};
use cl_difficulty::table::{self, Sidecar};
use cl_difficulty::{Column, ColumnValues, Metric, MetricSettings, Provenance, Scores};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let input = arguments.next().map_or_else(|| small_log(folder.path()), Ok)?;
    score(&input, &arguments.next().unwrap_or_else(|| folder.path().join("scores.csv")))
}

/// Three epochs of eight examples of four classes.
pub(crate) fn small_log(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let logits = Array::new(vec![3, 8, 4], ArrayData::F32((0..96).map(|i| (i * i % 13) as f32).collect()))?;
    let labels = Array::new(vec![8], ArrayData::I64(vec![0, 1, 2, 3, 0, 1, 2, 3]))?;
    write_npz(folder.join("log.npz"), [("logits", &logits), ("labels", &labels)])?;
    Ok(folder.join("log.npz"))
}

pub(crate) fn score(input: &Path, output: &Path) -> Result<(), Box<dyn Error>> {
    let mut source = log::open(input, &Options::default())?;
    let metrics = [MetricSettings::parse("el2n", &[])?, MetricSettings::parse("forgetting", &[])?];
    let mut scored = log::score(source.as_mut(), &metrics, &Scoring::default(), &mut ())?;
    let Scored { ids, labels, columns, .. } = &mut scored;
    let (metric, el2n) = (columns[0].metric.clone(), columns[0].values.to_floats());
    let el2n = Scores::of_examples(metric, el2n, ids, labels.clone(), Provenance::default())?;
    let mut kept = vec![false; labels.len()];
    el2n.easiest_first(0)[labels.len() / 2..].iter().for_each(|&hard| kept[hard] = true);
    let (name, metric, higher_is_harder) = ("kept".to_owned(), Metric::new("kept"), None);
    columns.push(Column { name, values: ColumnValues::Flag(kept), higher_is_harder, metric });
    let sidecar = Sidecar::of_log(source.contents(), &scored);
    Ok(table::write(output, &scored.ids, Some(&scored.labels), scored.columns, &sidecar)?)
}
