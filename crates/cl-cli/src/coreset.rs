//! `curriculum coreset`: few examples that stand for all, by their features.

mod input;
mod method;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::{Array, ArrayData, write_atomically, write_npy, write_npz};
use cl_prune::coreset::{Coreset, Features};
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::output::{csv_field, exact, print, short};
use input::{FeatureFile, Shape, Values, available_memory, ids_data, read_ids, read_indices, read_order};
use method::{METHODS, Request};

/// Choose few examples that stand for all, by their features or gradients.
///
/// FEATURES is a .npy file (examples, features) of any numeric type, or a .npz file with `features` and perhaps
/// `ids`. OUT has a row per example chosen, in the order of choice: its id (or index), its rank, what it added and,
/// for the methods that give one, its weight. The first K of a longer order are what a count of K gives, except for
/// the optimisers stochastic, lazier-than-lazy, sieve and greedi, and for the classes' shares with --labels.
///
/// Memory: the features twice (read and in double precision), facility location's lists, log-determinant's factor
/// of 8 bytes per example and pick; never a number per pair. Where that is more than there is, choose within parts
/// of the examples and bring them together: with --part the choice is made among what the parts chose.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum coreset features.npy --method k-center --count 1000 --start 0 -o coreset.csv
  curriculum coreset features.npy --method facility-location --option similarity=cosine --count 1000 -o coreset.npz
  curriculum coreset gradients.npy --method craig --labels labels.npy --count 500 -o coreset.csv
  curriculum coreset features.npy --method graph-cut --part a.npy --part b.npy --count 100 -o coreset.npy
  curriculum coreset --list")]
pub(crate) struct Arguments {
    /// The features or gradients
    #[arg(required_unless_present = "list")]
    features: Option<PathBuf>,
    /// The method
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    method: Option<String>,
    /// How many examples to choose
    #[arg(long, value_name = "K", required_unless_present = "list")]
    count: Option<usize>,
    /// Labels (.npy, N integers): choose within classes, each its share
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Ids (.npy, N integers or texts), where the input has none
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// The first example (k-center, disparity); drawn from the seed where it is not given
    #[arg(long, value_name = "INDEX")]
    start: Option<usize>,
    /// Set an option of the method
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = key_value)]
    options: Vec<(String, String)>,
    /// What a part of the examples has chosen (.npy of indices, or a .npz file of this command): the second round
    /// of GreeDi
    #[arg(long = "part", value_name = "FILE")]
    parts: Vec<PathBuf>,
    /// The seed of first examples, samples, ties and parts
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write: .csv, .npz (order, gains, weights, ids) or .npy (the order alone)
    #[arg(short, long, value_name = "OUT", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// List the methods with their options
    #[arg(long)]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as similarity=cosine")?;
    Ok((key.into(), value.into()))
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.list {
        return print(&Catalogue::new(), arguments.json);
    }
    let (Some(path), Some(method), Some(count), Some(output)) =
        (&arguments.features, &arguments.method, arguments.count, &arguments.output)
    else {
        bail!("no features, method, count or output");
    };
    let format = Format::of(output)?;
    let mut request = Request::new(method, &arguments.options, count, arguments.start, arguments.seed)?;
    if arguments.labels.is_some() && (arguments.start.is_some() || !arguments.parts.is_empty()) {
        bail!("--labels: choosing within classes goes with neither --start nor --part");
    }
    if !arguments.parts.is_empty() && !request.is_submodular() {
        bail!("--part: {method} maximises no submodular objective, whose choices could be merged");
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.set_message(format!("reading {}", path.display()));
    let file = FeatureFile::read(path, |shape| check(path, shape, &request))?;
    let n = file.n_examples;
    let ids = match &arguments.ids {
        Some(path) => Some(read_ids(path)?),
        None => file.ids,
    };
    if let Some(ids) = ids.as_ref().filter(|ids| ids.len() != n) {
        let ids_path = arguments.ids.as_ref().unwrap_or(path);
        bail!("{}: {} ids for {n} examples, expected one each", ids_path.display(), ids.len());
    }
    let labels = match &arguments.labels {
        None => None,
        Some(path) => {
            let labels = read_indices(path, "labels")?;
            if labels.len() != n {
                bail!("{}: {} labels for {n} examples, expected one each", path.display(), labels.len());
            }
            Some(labels)
        }
    };
    for path in &arguments.parts {
        let order = read_order(path)?;
        if let Some(index) = order.iter().find(|&&index| index >= n) {
            bail!("{}: index {index}, expected indices below {n}", path.display());
        }
        request.parts.push(order);
    }
    bar.set_message(format!("choosing {count} of {n} examples by {method}"));
    let place = || path.display().to_string();
    let coreset = match &file.values {
        Values::F32(values) => {
            let features = Features::new(values, file.n_features).with_context(place)?;
            request.run(&features, labels.as_deref())
        }
        Values::F64(values) => {
            let features = Features::new(values, file.n_features).with_context(place)?;
            request.run(&features, labels.as_deref())
        }
    }
    .with_context(place)?;
    bar.finish_and_clear();
    write(output, format, &coreset, ids.as_ref())?;
    let value = coreset.value();
    print(
        &Report {
            output: output.display().to_string(),
            method: method.clone(),
            options: request.options().clone(),
            n_examples: n,
            n_features: file.n_features,
            count,
            n_chosen: coreset.order.len(),
            within_classes: labels.is_some(),
            seed: arguments.seed,
            first: coreset.order.first().copied(),
            last_gain: coreset.gains.last().copied().filter(|gain| gain.is_finite()),
            value: value.is_finite().then_some(value),
            total_weight: coreset.weights.as_ref().map(|weights| weights.iter().sum()),
        },
        arguments.json,
    )
}

/// Refuses a count that cannot be met, and what does not fit into memory, before anything is read.
fn check(path: &Path, shape: &Shape, request: &Request) -> anyhow::Result<()> {
    let &Shape { n_examples, n_features, width } = shape;
    let (path, count, method) = (path.display(), request.count, request.method.name);
    if count > n_examples {
        bail!("{path}: --count {count}, expected at most the number of examples, {n_examples}");
    }
    let [n, d, k, width] = [n_examples, n_features, count, width].map(|value| value as u128);
    let kept = match method {
        // Candidates aside, k-center needs the centres alone.
        "k-center" | "disparity-min" => 8 * k * d + 24 * n,
        "feature-based" => 16 * n,
        "log-determinant" => 8 * n * d + 8 * n * k,
        _ => 8 * n * d + 64 * n,
    };
    let needed = n * d * width + kept + request.list_memory()? as u128;
    if let Some(available) = available_memory().map(u128::from).filter(|&available| available < needed) {
        let gib = |bytes: u128| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
        bail!(
            "{path}: {method} needs about {} of memory for {n} examples of {d} features, {} are free; choose within \
             parts of the examples and bring them together with --part",
            gib(needed),
            gib(available)
        );
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Csv,
    Npy,
    Npz,
}

impl Format {
    fn of(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            _ => bail!("{}: unknown ending, expected .csv, .npz or .npy", path.display()),
        }
    }
}

fn write(path: &Path, format: Format, coreset: &Coreset, ids: Option<&Ids>) -> anyhow::Result<()> {
    let Coreset { order, gains, weights } = coreset;
    let n = order.len();
    let name = |index: usize| ids.and_then(|ids| ids.get(index)).map(String::from);
    let indices = || Array::new(vec![n], ArrayData::I64(order.iter().map(|&index| index as i64).collect()));
    match format {
        Format::Csv => write_atomically(path, |writer| {
            let first = if ids.is_some() { "id" } else { "index" };
            writeln!(writer, "{first},rank,gain{}", if weights.is_some() { ",weight" } else { "" })?;
            for (rank, (&index, &gain)) in order.iter().zip(gains).enumerate() {
                let id = name(index).unwrap_or_else(|| index.to_string());
                write!(writer, "{},{rank},{}", csv_field(&id), exact(gain))?;
                if let Some(weights) = weights {
                    write!(writer, ",{}", exact(weights[rank]))?;
                }
                writeln!(writer)?;
            }
            Ok(())
        })?,
        Format::Npy => write_npy(path, &indices()?)?,
        Format::Npz => {
            let mut members =
                vec![("order", indices()?), ("gains", Array::new(vec![n], ArrayData::F64(gains.clone()))?)];
            if let Some(weights) = weights {
                members.push(("weights", Array::new(vec![n], ArrayData::F64(weights.clone()))?));
            }
            if ids.is_some() {
                let ids: Vec<String> = order.iter().filter_map(|&index| name(index)).collect();
                members.push(("ids", Array::new(vec![n], ids_data(&ids))?));
            }
            write_npz(path, members.iter().map(|(name, array)| (*name, array)))?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Report {
    output: String,
    method: String,
    options: BTreeMap<String, String>,
    n_examples: usize,
    n_features: usize,
    /// What was asked for; sieves and matching pursuit may choose fewer.
    count: usize,
    n_chosen: usize,
    within_classes: bool,
    seed: u64,
    /// The index of the first example chosen.
    first: Option<usize>,
    last_gain: Option<f64>,
    /// The sum of all gains, where that is finite.
    value: Option<f64>,
    total_weight: Option<f64>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, n_examples, n_features, count, n_chosen, .. } = self;
        let within = if self.within_classes { " within classes" } else { "" };
        writeln!(formatter, "{n_chosen} of {n_examples} examples of {n_features} features by {method}{within}")?;
        if n_chosen < count {
            writeln!(formatter, "fewer than the {count} asked for: no other would add anything")?;
        }
        if let Some(gain) = self.last_gain {
            writeln!(formatter, "gain of the last {}", short(gain))?;
        }
        if let Some(value) = self.value {
            writeln!(formatter, "sum of gains {}", short(value))?;
        }
        if let Some(weight) = self.total_weight {
            writeln!(formatter, "sum of weights {}", short(weight))?;
        }
        writeln!(formatter, "written to {}", self.output)
    }
}

/// The methods that there are.
#[derive(Serialize)]
#[serde(transparent)]
struct Catalogue(Vec<Entry>);

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    summary: &'static str,
    gain: &'static str,
    options: BTreeMap<&'static str, &'static str>,
}

impl Catalogue {
    fn new() -> Self {
        let entry = |method: &method::Description| Entry {
            name: method.name,
            summary: method.summary,
            gain: method.gain,
            options: method.options.iter().copied().collect(),
        };
        Self(METHODS.iter().map(entry).collect())
    }
}

impl fmt::Display for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Entry { name, summary, gain, options } in &self.0 {
            writeln!(formatter, "{name}: {summary}; gain: {gain}")?;
            for (key, meaning) in options {
                writeln!(formatter, "    {key}: {meaning}")?;
            }
        }
        Ok(())
    }
}
