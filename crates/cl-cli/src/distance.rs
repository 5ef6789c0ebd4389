//! `curriculum distance`: difficulty scores from features, and nearest neighbours.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::io::{Array, ArrayData, is_standard, write_npz};
use cl_data::{Dataset, Ids, Scalar};
use cl_difficulty::model_based::{
    Distance, KMeans, Neighbors, class_median_distance, kth_neighbor_distance, neighbor_disagreement,
    neighbor_distance, prototype_distance,
};
use cl_difficulty::{Column, ColumnValues, Metric};
use cl_study::shown;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::features::{FeatureFile, Rows, Values, available_memory, ids_data, read_ids_for};
use crate::output::{check_results, place, print_beside};
use crate::output_format::score_format;
use crate::paths;
use crate::score_file::{ScoreFormat, sidecar_path, write_columns_as};
use crate::tables::TableArguments;

/// Score how hard examples are from where they lie among the others, by their features.
///
/// FEATURES is a .npy file (examples, features) of any numeric type, or a .npz file with `features` and perhaps
/// `ids`: raw, or a model's embedding. It gives `curriculum prune` what its rules of distances take: `middle`
/// class_median_distance, `prototypes` prototype_distance, `d2` the file of --neighbors. In every column high is hard;
/// there is no JSON file beside OUT. Distances of all pairs are computed, none is kept but the nearest.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum distance features.npy --metric class_median_distance --labels labels.npy -o distances.csv
  curriculum prune distances.csv --keep 0.5 --rule middle -o kept.csv
  curriculum distance embedding.npy --metric prototype_distance --clusters 100 --distance cosine -o distances.npz
  curriculum distance features.npy --neighbors graph.npz -k 5
  curriculum prune scores.csv --keep 0.5 --rule d2 --column el2n --neighbors graph.npz -o kept.csv")]
pub(crate) struct Arguments {
    /// The features, - for standard input
    features: PathBuf,
    /// The scores
    #[arg(long, value_enum, value_name = "NAME", value_delimiter = ',', requires = "output")]
    metric: Vec<Score>,
    /// Labels (.npy, or a table with `id` and `label`)
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Ids (.npy, N integers or texts), where FEATURES has none
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// How far apart two examples are
    #[arg(long, value_enum, default_value_t = Kind::Euclidean)]
    distance: Kind,
    /// How many nearest neighbours of each example count
    #[arg(short, value_name = "K", default_value_t = 5)]
    k: usize,
    /// The clusters of k-means, whose centres are the prototypes
    #[arg(long, value_name = "C")]
    clusters: Option<usize>,
    /// The iterations after which k-means stops, should examples still move
    #[arg(long, value_name = "N", default_value_t = 100)]
    iterations: usize,
    /// The seed of k-means' start and of ties between neighbours
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write each example's nearest others (.npz: `indices` and `distances`, N x K, and `ids`), for the rule d2
    #[arg(long, value_name = "OUT.npz")]
    neighbors: Option<PathBuf>,
    /// Where to write the scores: .csv, .jsonl, .npz, .parquet or, for one metric, .npy; - for standard output
    #[arg(short, long, value_name = "OUT", requires = "metric", required_unless_present = "neighbors")]
    output: Option<PathBuf>,
    /// The format of OUT, whatever its name
    #[arg(long, value_name = "NAME", value_parser = score_format())]
    output_format: Option<ScoreFormat>,
    #[command(flatten)]
    tables: TableArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Score {
    /// The distance to the coordinate-wise median of the class (moderate coreset)
    ClassMedianDistance,
    /// The distance to the nearest of the centres of --clusters clusters
    PrototypeDistance,
    /// The mean distance to the K nearest others
    NeighborDistance,
    /// The distance to the K-th nearest other
    KthNeighborDistance,
    /// The share of the K nearest others with another label
    NeighborDisagreement,
}

impl Score {
    fn name(self) -> &'static str {
        match self {
            Self::ClassMedianDistance => "class_median_distance",
            Self::PrototypeDistance => "prototype_distance",
            Self::NeighborDistance => "neighbor_distance",
            Self::KthNeighborDistance => "kth_neighbor_distance",
            Self::NeighborDisagreement => "neighbor_disagreement",
        }
    }

    fn needs_labels(self) -> bool {
        matches!(self, Self::ClassMedianDistance | Self::NeighborDisagreement)
    }

    fn needs_neighbors(self) -> bool {
        matches!(self, Self::NeighborDistance | Self::KthNeighborDistance | Self::NeighborDisagreement)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Euclidean,
    /// 1 - cos
    Cosine,
}

impl From<Kind> for Distance {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Euclidean => Self::Euclidean,
            Kind::Cosine => Self::Cosine,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { features, labels, ids, output, neighbors, .. } = arguments;
    let read = std::iter::once(features).chain(labels).chain(ids);
    paths::check(read, [output, neighbors].into_iter().flatten())?;
    let path = &arguments.features;
    check(arguments)?;
    let file = FeatureFile::read(path, |shape, _| {
        // As they are read, and twice in double precision while neighbours are sought.
        let needed =
            (shape.n_examples as u128 * shape.n_features as u128).saturating_mul(shape.width as u128 + 16);
        if let Some(free) = available_memory().filter(|&free| u128::from(free) < needed) {
            bail!("{}: needs about {} MiB of memory, {} are free", path.display(), needed >> 20, free >> 20);
        }
        Ok(Rows::Range(0..shape.n_examples))
    })?;
    let n = file.shape.n_examples;
    let ids = match &arguments.ids {
        Some(path) => read_ids_for(path, n)?,
        None => file.ids.unwrap_or_else(|| Ids::range(n)),
    };
    if ids.len() != n {
        bail!("{}: {} ids for {n} examples, expected one each", path.display(), ids.len());
    }
    // Which of the two files is wrong nobody knows.
    let examples_of = arguments.ids.as_deref().unwrap_or(path);
    let labels = arguments.labels.as_deref().map(|path| arguments.tables.read_labels(path, &ids, examples_of));
    let labels = labels.transpose()?;
    let of_file = || path.display().to_string();
    let d = file.shape.n_features;
    let (columns, neighbors) = match file.values {
        Values::F32(values) => scores(arguments, values, d, labels.as_deref()),
        Values::F64(values) => scores(arguments, values, d, labels.as_deref()),
    }
    .with_context(of_file)?;
    let names = columns.iter().map(|column| column.name.clone()).collect();
    if let Some(output) = &arguments.output {
        write_columns_as(format_of(arguments, output)?, output, &ids, labels.as_deref(), columns)?;
    }
    if let (Some(output), Some(neighbors)) = (&arguments.neighbors, &neighbors) {
        write_neighbors(output, neighbors, &ids)?;
    }
    let shown = |path: &PathBuf| path.display().to_string();
    print_beside(
        &Report {
            features: path.display().to_string(),
            n_examples: n,
            n_features: d,
            columns: names,
            k: neighbors.map(|neighbors| neighbors.k()),
            output: arguments.output.as_ref().map(shown),
            neighbors: arguments.neighbors.as_ref().map(shown),
        },
        arguments.json,
        &[arguments.output.as_deref(), arguments.neighbors.as_deref()],
    )
}

fn format_of(arguments: &Arguments, output: &Path) -> anyhow::Result<ScoreFormat> {
    Ok(arguments.output_format.map_or_else(|| ScoreFormat::of(output), Ok)?)
}

/// What is wrong whatever the features are.
fn check(arguments: &Arguments) -> anyhow::Result<()> {
    let metrics = &arguments.metric;
    if let Some(twice) = (1..metrics.len()).find(|&at| metrics[..at].contains(&metrics[at])) {
        bail!("--metric: `{}` twice", metrics[twice].name());
    }
    if let Some(metric) = metrics.iter().find(|metric| metric.needs_labels() && arguments.labels.is_none()) {
        bail!("{} needs labels, expected --labels FILE", metric.name());
    }
    if metrics.contains(&Score::PrototypeDistance) && arguments.clusters.is_none() {
        bail!("prototype_distance needs a number of clusters, expected --clusters C");
    }
    if metrics.contains(&Score::ClassMedianDistance) && arguments.distance == Kind::Cosine {
        bail!("class_median_distance is Euclidean, expected no --distance cosine");
    }
    if let Some(path) = &arguments.neighbors
        && !is_standard(path)
        && path.extension().is_none_or(|ending| ending != "npz")
    {
        bail!("{}: unknown ending, expected .npz", path.display());
    }
    check_results(&[arguments.output.as_deref(), arguments.neighbors.as_deref()])?;
    let Some(output) = &arguments.output else { return Ok(()) };
    if format_of(arguments, output)? == ScoreFormat::Npy && metrics.len() != 1 {
        bail!("{}: a .npy file holds one column, expected one metric, not {}", output.display(), metrics.len());
    }
    let sidecar = sidecar_path(output);
    if !is_standard(output) && sidecar.exists() {
        bail!("{}: describes other scores of this name, expected another output", sidecar.display());
    }
    Ok(())
}

fn scores<T: Scalar>(
    arguments: &Arguments,
    values: Vec<T>,
    n_features: usize,
    labels: Option<&[usize]>,
) -> anyhow::Result<(Vec<Column>, Option<Neighbors>)> {
    let &Arguments { k, seed, .. } = arguments;
    let own = labels.map_or_else(|| vec![0; values.len() / n_features], <[usize]>::to_vec);
    let n_classes = own.iter().max().map_or(0, |&largest| largest.saturating_add(1));
    let data = Dataset::new(n_features, values, own, n_classes)?;
    let distance = arguments.distance.into();
    let seeks = arguments.neighbors.is_some() || arguments.metric.iter().any(|metric| metric.needs_neighbors());
    let neighbors = seeks.then(|| Neighbors::within(&data, k, distance, seed)).transpose()?;
    let mut columns = Vec::new();
    for &metric in &arguments.metric {
        let mut options = BTreeMap::from([("distance".to_owned(), format!("{distance:?}").to_lowercase())]);
        let found = match (metric, &neighbors) {
            (Score::ClassMedianDistance, _) => class_median_distance(&data)?,
            (Score::PrototypeDistance, _) => {
                let n_clusters = arguments.clusters.context("no number of clusters")?;
                options.insert("clusters".to_owned(), n_clusters.to_string());
                let max_iterations = arguments.iterations;
                prototype_distance(&data, &KMeans { n_clusters, distance, max_iterations, seed })?
            }
            (Score::NeighborDistance, Some(neighbors)) => neighbor_distance(neighbors),
            (Score::KthNeighborDistance, Some(neighbors)) => kth_neighbor_distance(neighbors),
            (Score::NeighborDisagreement, Some(neighbors)) => {
                neighbor_disagreement(neighbors, data.labels(), data.labels())?
            }
            (metric, None) => bail!("{}: no neighbours were sought", metric.name()),
        };
        if metric.needs_neighbors() {
            options.insert("k".to_owned(), k.to_string());
        }
        let name = metric.name().to_owned();
        columns.push(Column {
            name: name.clone(),
            values: ColumnValues::Float(found),
            higher_is_harder: Some(true),
            metric: Metric { name, options },
        });
    }
    Ok((columns, neighbors))
}

fn write_neighbors(path: &Path, neighbors: &Neighbors, ids: &Ids) -> anyhow::Result<()> {
    let (n, k) = (neighbors.n_queries(), neighbors.k());
    let indices = (0..n).flat_map(|query| neighbors.indices(query)).map(|&index| index as i64).collect();
    let distances = (0..n).flat_map(|query| neighbors.distances(query)).copied().collect();
    let indices = Array::new(vec![n, k], ArrayData::I64(indices))?;
    let distances = Array::new(vec![n, k], ArrayData::F64(distances))?;
    let ids: Vec<String> = ids.iter().map(Into::into).collect();
    let ids = Array::new(vec![n], ids_data(&ids))?;
    Ok(write_npz(path, [("indices", &indices), ("distances", &distances), ("ids", &ids)])?)
}

#[derive(Serialize)]
struct Report {
    features: String,
    n_examples: usize,
    n_features: usize,
    columns: Vec<String>,
    /// Of the neighbours, where they were sought.
    k: Option<usize>,
    output: Option<String>,
    neighbors: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { features, n_examples, n_features, columns, .. } = self;
        let features = shown::line(features);
        writeln!(formatter, "{features}: {n_examples} examples of {n_features} features")?;
        if let Some(output) = &self.output {
            writeln!(formatter, "{} written to {}", columns.join(", "), place(output))?;
        }
        match (&self.neighbors, self.k) {
            (Some(neighbors), Some(k)) => {
                writeln!(formatter, "{k} nearest neighbours of each written to {}", place(neighbors))
            }
            _ => Ok(()),
        }
    }
}
