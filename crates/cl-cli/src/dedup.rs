//! `curriculum dedup`: examples that say the same, and which of them stay.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use cl_data::Ids;
use cl_data::io::{TableOptions, TableReader, read_lines};
use cl_prune::PruneError;
use cl_prune::coreset::{AnyFeatures, Features, NeighborSearch};
use cl_prune::duplicate::{
    DuplicateGroups, MinHash, MinHashReport, NearDuplicates, NearReport, Survivor, exact_duplicates, exact_texts,
    nearness_to_center,
};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::columns::Columns;
use crate::features::{FeatureFile, Rows, Values, read_ids_for};
use crate::output::{new_table, place, print_beside, right, written};
use crate::output_format::OutputFormat;
use crate::paths;
use crate::progress::Spinner;
use crate::rows::{Field, write_rows};

/// Groups that the report shows.
const N_SHOWN: usize = 10;

/// Find examples that say the same, and keep one of each.
///
/// INPUT is features as `curriculum coreset` takes them, or texts: a .txt file of a text per line, or the column of a table that
/// --text names. OUT has a row per example: its id (or index), the id of the first of its group, how many the group has and whether it
/// is kept; with the ending .txt, or none that is known, the ids kept, one per line. `coreset --part` and all that reads lists of
/// ids take either.
///
/// Methods: `exact`, all numbers or all characters are equal; `cosine`, the cosine of features is at least the threshold
/// (SemDeDup, Abbas et al. 2023), sought among the K nearest of each example, the recall measured and printed; `minhash`, the
/// Jaccard similarity of sets of words in a row is at least the threshold (Broder 1997), candidates by MinHash, pairs counted exactly.
/// Duplicates of duplicates are of one group.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum dedup embeddings.npy --threshold 0.95 -o groups.csv
  curriculum dedup corpus.jsonl --text content --threshold 0.8 -o kept.txt
  curriculum dedup embeddings.npz --keep highest --score scores.npy -o groups.csv
  curriculum dedup train.txt --method exact -o kept.txt")]
pub(crate) struct Arguments {
    /// The features or texts
    input: PathBuf,
    /// The column of texts of a table
    #[arg(long, value_name = "COLUMN")]
    text: Option<String>,
    /// What makes duplicates [default: cosine for features, minhash for texts]
    #[arg(long, value_enum)]
    method: Option<Method>,
    /// From which similarity on: a cosine [default: 0.95] or a Jaccard similarity [default: 0.8]
    #[arg(long, value_name = "SIMILARITY")]
    threshold: Option<f64>,
    /// How many of the nearest of each example are looked at (cosine) [default: 16]
    #[arg(long, value_name = "K")]
    neighbors: Option<usize>,
    /// How many words in a row are compared (minhash) [default: 5]
    #[arg(long, value_name = "N")]
    shingle: Option<usize>,
    /// How many hashes a text has (minhash) [default: 128]
    #[arg(long, value_name = "H")]
    hashes: Option<usize>,
    /// Which of a group stays
    #[arg(long, value_enum, default_value_t = Keep::First)]
    keep: Keep,
    /// The scores of highest and lowest: a column of INPUT or of --table, or a .npy file
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// A table with the column of --score, joined by its ids, else row by row
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Ids (.npy, N integers or texts), where the input has none
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// The seed of cells, hashes and samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write: .csv, .jsonl, or the ids kept as lines; - for standard output
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The format of OUT, whatever its name: csv, jsonl or ids
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    output_format: Option<OutputFormat>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    /// All numbers, or all characters, are equal
    Exact,
    /// The cosine of features
    Cosine,
    /// The Jaccard similarity of words in a row
    #[value(name = "minhash")]
    MinHash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Keep {
    /// The first
    First,
    /// The one of the highest score
    Highest,
    /// The one of the lowest score
    Lowest,
    /// The one nearest to the mean of its group's features
    Center,
}

/// What is written.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Csv, OutputFormat::Jsonl, OutputFormat::Ids];

/// What was found in features or texts.
struct Found {
    groups: DuplicateGroups,
    kept: Vec<usize>,
    ids: Option<Ids>,
    near: Option<NearReport>,
    min_hash: Option<MinHashReport>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { input, output, table, ids, .. } = arguments;
    paths::check([Some(input), table.as_ref(), ids.as_ref()].into_iter().flatten(), [output])?;
    let format = OutputFormat::of(output, arguments.output_format, WRITTEN)?;
    let of_texts = arguments.text.is_some() || input.extension().is_some_and(|ending| ending == "txt");
    let method = arguments.method.unwrap_or(if of_texts { Method::MinHash } else { Method::Cosine });
    check(arguments, method, of_texts)?;
    let spinner = Spinner::new(&format!("reading {}", input.display()));
    let found =
        if of_texts { texts(arguments, method, &spinner)? } else { features(arguments, method, &spinner)? };
    drop(spinner);
    write(output, format, &found)?;

    let Found { groups, kept, ids, near, min_hash } = found;
    let name = |example: usize| {
        ids.as_ref().and_then(|ids| ids.get(example)).map_or(example.to_string(), Cow::into_owned)
    };
    let mut largest = groups.groups();
    largest.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let (n_groups, n_largest) = (largest.len(), largest.first().map_or(1, Vec::len));
    largest.truncate(N_SHOWN);
    let shown = |group: Vec<usize>| Shown {
        size: group.len(),
        kept: group.iter().find(|&&example| kept.binary_search(&example).is_ok()).map(|&example| name(example)),
        examples: group.iter().take(N_SHOWN).map(|&example| name(example)).collect(),
    };
    let report = Report {
        output: output.display().to_string(),
        method,
        threshold: (method != Method::Exact).then(|| threshold(arguments, method)),
        keep: arguments.keep,
        n_examples: groups.n_examples(),
        n_kept: kept.len(),
        n_groups,
        n_largest,
        cosine: near,
        minhash: min_hash,
        largest: largest.into_iter().map(shown).collect(),
    };
    print_beside(&report, arguments.json, &[Some(output)])
}

/// What is wrong whatever the input holds.
fn check(arguments: &Arguments, method: Method, of_texts: bool) -> anyhow::Result<()> {
    let Arguments { threshold, neighbors, shingle, hashes, keep, score, .. } = arguments;
    match (method, of_texts) {
        (Method::MinHash, false) => {
            bail!("--method minhash: expected texts, a .txt file or --text COLUMN of a table")
        }
        (Method::Cosine, true) => {
            bail!("--method cosine: expected features, not texts; texts go by minhash or exact")
        }
        _ => {}
    }
    let of = |given: bool, flag: &str, wanted: &str, is: bool| match given && !is {
        true => bail!("{flag}: only of --method {wanted}"),
        false => Ok(()),
    };
    of(threshold.is_some(), "--threshold", "cosine or minhash", method != Method::Exact)?;
    of(neighbors.is_some(), "--neighbors", "cosine", method == Method::Cosine)?;
    of(shingle.is_some(), "--shingle", "minhash", method == Method::MinHash)?;
    of(hashes.is_some(), "--hashes", "minhash", method == Method::MinHash)?;
    match (keep, score) {
        (Keep::Highest | Keep::Lowest, None) => {
            bail!("--keep highest and lowest go by a score, expected --score COLUMN")
        }
        (Keep::First | Keep::Center, Some(_)) => bail!("--score: only of --keep highest or lowest"),
        (Keep::Center, _) if of_texts => {
            bail!("--keep center: texts have no mean, expected first, highest or lowest")
        }
        _ => Ok(()),
    }
}

fn threshold(arguments: &Arguments, method: Method) -> f64 {
    arguments.threshold.unwrap_or(if method == Method::MinHash { 0.8 } else { 0.95 })
}

/// The scores, where they decide.
fn scores(arguments: &Arguments, ids: Option<&Ids>, n: usize) -> anyhow::Result<Option<Vec<f64>>> {
    let Some(score) = &arguments.score else { return Ok(None) };
    let columns = Columns { of: &arguments.input, table: arguments.table.as_deref(), ids, n };
    Ok(Some(columns.numbers("--score", score)?))
}

fn kept(
    keep: Keep,
    groups: &DuplicateGroups,
    scores: Option<&[f64]>,
    nearness: impl FnOnce() -> Result<Vec<f64>, PruneError>,
) -> Result<Vec<usize>, PruneError> {
    match (keep, scores) {
        (Keep::Highest, Some(scores)) => groups.kept(Survivor::Highest(scores)),
        (Keep::Lowest, Some(scores)) => groups.kept(Survivor::Lowest(scores)),
        (Keep::Center, _) => groups.kept(Survivor::Highest(&nearness()?)),
        _ => groups.kept(Survivor::First),
    }
}

fn features(arguments: &Arguments, method: Method, spinner: &Spinner) -> anyhow::Result<Found> {
    let path = &arguments.input;
    let file = FeatureFile::read(path, |shape, _| Ok(Rows::Range(0..shape.n_examples)))?;
    let n = file.shape.n_examples;
    let ids = match &arguments.ids {
        Some(ids) => Some(read_ids_for(ids, n)?),
        None => file.ids,
    };
    let scores = scores(arguments, ids.as_ref(), n)?;
    let of_file = || path.display().to_string();
    let all: AnyFeatures<'_> = match &file.values {
        Values::F32(values) => Features::new(values, file.shape.n_features).with_context(of_file)?.into(),
        Values::F64(values) => Features::new(values, file.shape.n_features).with_context(of_file)?.into(),
    };
    spinner.say(&format!("comparing {n} examples"));
    let near = NearDuplicates::new(threshold(arguments, method))?;
    let search = NeighborSearch::new(arguments.neighbors.map_or(17, |k| k.saturating_add(1)))?;
    let near = near.with_search(search).with_seed(arguments.seed);
    let found = match (all, method) {
        (AnyFeatures::F32(features), Method::Exact) => (exact_duplicates(&features), None),
        (AnyFeatures::F64(features), Method::Exact) => (exact_duplicates(&features), None),
        (AnyFeatures::F32(features), _) => with_report(near.of(&features).with_context(of_file)?),
        (AnyFeatures::F64(features), _) => with_report(near.of(&features).with_context(of_file)?),
    };
    let (groups, near) = (found.0?, found.1);
    let nearness = || match all {
        AnyFeatures::F32(features) => nearness_to_center(&features, &groups),
        AnyFeatures::F64(features) => nearness_to_center(&features, &groups),
    };
    let kept = kept(arguments.keep, &groups, scores.as_deref(), nearness)?;
    Ok(Found { groups, kept, ids, near, min_hash: None })
}

type WithReport = (Result<DuplicateGroups, PruneError>, Option<NearReport>);

fn with_report((groups, report): (DuplicateGroups, NearReport)) -> WithReport {
    (Ok(groups), Some(report))
}

fn texts(arguments: &Arguments, method: Method, spinner: &Spinner) -> anyhow::Result<Found> {
    let path = &arguments.input;
    let (texts, own) = match &arguments.text {
        Some(column) => read_column(path, column)?,
        None => (read_lines(path)?, None),
    };
    let n = texts.len();
    let ids = match &arguments.ids {
        Some(ids) => Some(read_ids_for(ids, n)?),
        None => own,
    };
    let scores = scores(arguments, ids.as_ref(), n)?;
    spinner.say(&format!("comparing {n} texts"));
    let (groups, min_hash) = match method {
        Method::MinHash => {
            let min_hash = MinHash::new(threshold(arguments, method))?.with_seed(arguments.seed);
            let min_hash = min_hash.with_shingle(arguments.shingle.unwrap_or(5))?;
            let (groups, report) = min_hash.with_hashes(arguments.hashes.unwrap_or(128))?.of(&texts)?;
            (groups, Some(report))
        }
        _ => (exact_texts(&texts)?, None),
    };
    let kept = kept(arguments.keep, &groups, scores.as_deref(), || Ok(Vec::new()))?;
    Ok(Found { groups, kept, ids, near: None, min_hash })
}

/// The texts of a column, and ids where the table has some.
fn read_column(path: &Path, name: &str) -> anyhow::Result<(Vec<String>, Option<Ids>)> {
    let shown = path.display();
    let table = TableReader::open(path, &TableOptions::default())?;
    let column = table.column(name)?;
    let id = table.find("id").filter(|&id| id != column);
    let columns: Vec<usize> = [column].into_iter().chain(id).collect();
    let (mut texts, mut ids) = (Vec::new(), Vec::new());
    let mut rows = table.rows(&columns)?;
    while let Some(batch) = rows.next_batch()? {
        for row in 0..batch.n_rows {
            let cell = |at: usize, what: &str| {
                let (place, column) = (batch.place(row), &table.columns()[columns[at]]);
                let text = batch.columns[at].text(row).map(Cow::into_owned);
                text.ok_or_else(|| {
                    anyhow!(
                        "{shown}: {place}, column `{column}`: {}, expected {what}",
                        batch.columns[at].shown(row)
                    )
                })
            };
            texts.push(cell(0, "a text")?);
            if id.is_some() {
                ids.push(cell(1, "an id")?);
            }
        }
    }
    let ids = id.map(|_| Ids::texts(ids)).transpose().with_context(|| shown.to_string())?;
    Ok((texts, ids))
}

fn write(path: &Path, format: OutputFormat, found: &Found) -> anyhow::Result<()> {
    let Found { groups, kept, ids, .. } = found;
    let name = |example: usize| -> Field<'_> {
        match ids.as_ref().and_then(|ids| ids.get(example)) {
            Some(id) => Field::Text(id),
            None => example.into(),
        }
    };
    if format == OutputFormat::Ids {
        let id = |example: usize| {
            let id = ids.as_ref().and_then(|ids| ids.get(example));
            id.unwrap_or_else(|| example.to_string().into())
        };
        if let Some(&example) = kept.iter().find(|&&example| id(example).contains(['\n', '\r'])) {
            bail!(
                "{}: id {:?} is more than a line, expected --output-format csv or jsonl",
                path.display(),
                id(example)
            );
        }
        return written(path, |writer| {
            Ok(kept.iter().try_for_each(|&example| writeln!(writer, "{}", id(example)))?)
        });
    }
    let mut sizes = vec![0usize; groups.n_examples()];
    let first = |example: usize| groups.first_of(example).unwrap_or(example);
    (0..sizes.len()).for_each(|example| sizes[first(example)] += 1);
    let mut is_kept = vec![false; sizes.len()];
    kept.iter().for_each(|&example| is_kept[example] = true);
    let names = [if ids.is_some() { "id" } else { "index" }, "group", "size", "kept"];
    let rows = (0..sizes.len()).map(|example| {
        let first = first(example);
        vec![name(example), name(first), sizes[first].into(), usize::from(is_kept[example]).into()]
    });
    write_rows(path, format, &names, rows)
}

/// A group as it is shown.
#[derive(Serialize)]
struct Shown {
    size: usize,
    kept: Option<String>,
    /// The first of its examples.
    examples: Vec<String>,
}

#[derive(Serialize)]
struct Report {
    output: String,
    method: Method,
    threshold: Option<f64>,
    keep: Keep,
    n_examples: usize,
    n_kept: usize,
    /// How many groups have at least two examples.
    n_groups: usize,
    /// How many examples the largest has.
    n_largest: usize,
    cosine: Option<NearReport>,
    minhash: Option<MinHashReport>,
    /// The largest groups.
    largest: Vec<Shown>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_examples, n_kept, n_groups, n_largest, .. } = self;
        let n_gone = n_examples - n_kept;
        writeln!(formatter, "{n_kept} of {n_examples} examples are kept, {n_gone} are duplicates of these")?;
        if *n_groups > 0 {
            writeln!(formatter, "{n_groups} groups of duplicates, of up to {n_largest} examples")?;
        }
        if let Some(NearReport { n_exact, search, recall, n_sampled, .. }) = &self.cosine {
            writeln!(formatter, "{n_exact} are exact copies")?;
            if let Some(search) = search {
                let share = recall * 100.0;
                let how = match search.n_cells {
                    0 => "all pairs were compared, of each example its nearest".to_owned(),
                    n => format!("sought in {} of {n} cells", search.n_probes),
                };
                writeln!(
                    formatter,
                    "{how}; of {n_sampled} duplicates of a sample {share:.1} % are in the same group"
                )?;
            }
        }
        if let Some(MinHashReport { n_exact, n_bands, n_rows, n_candidates, n_pairs, recall_at_threshold }) =
            &self.minhash
        {
            writeln!(
                formatter,
                "{n_exact} are exact copies; {n_pairs} of {n_candidates} candidates are near enough"
            )?;
            let recall = recall_at_threshold * 100.0;
            writeln!(
                formatter,
                "{n_bands} bands of {n_rows} hashes: a pair at the threshold is found with {recall:.1} %"
            )?;
        }
        if !self.largest.is_empty() {
            let mut table = new_table(&["group", "examples", "kept"]);
            for Shown { size, kept, examples } in &self.largest {
                let first = examples.first().cloned().unwrap_or_default();
                table.add_row([right(first), right(size.to_string()), right(kept.clone().unwrap_or_default())]);
            }
            writeln!(formatter, "\n{table}")?;
        }
        writeln!(formatter, "written to {}", place(&self.output))
    }
}
