//! `curriculum coreset`: few examples that stand for all, by their features.

mod part;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::io::{Array, ArrayData, NpyReader, indices_of, write_npy, write_npz};
use cl_data::{Ids, MAX_CLASSES};
use cl_prune::PruneError;
use cl_prune::coreset::{
    AnyFeatures, Coreset, CoresetDescription, CoresetInputs, CoresetSettings, DataSize, Features, Guarantee,
    PartChoice, ValidationTaylor, coresets, join_parts, submodular_options,
};
use cl_study::shown;
use clap::Args;
use serde::Serialize;

use crate::features::{FeatureFile, Rows, Shape, Values, available_memory, ids_data, read_ids_for};
use crate::named::{borrowed, from_to, key_value, write_parameters};
use crate::output::{answer, place, print_beside, short};
use crate::output_format::OutputFormat;
use crate::paths;
use crate::progress::Spinner;
use crate::rows::{Field, write_rows};
use part::{N_EXAMPLES, n_examples_data};

/// Bytes that the program takes for itself.
const PROGRAM: u64 = 16 << 20;

/// Choose few examples that stand for all, by their features or gradients.
///
/// FEATURES is a .npy file (examples, features) of any numeric type, or a .npz file with `features` and perhaps
/// `ids`. OUT has a row per example chosen, in the order of choice: its id (or index), its rank, what it added and,
/// for the methods that give one, its weight. The first K of a longer order are what a count of K gives, except for
/// the optimisers stochastic, lazier-than-lazy, sieve and greedi, and for the classes' shares with --labels.
///
/// Memory: the features twice (read and in double precision), facility location's lists, log-determinant's factor
/// of 8 bytes per example and pick (of which `sieve` holds many); never a number per pair. What does not fit is said
/// before anything is read.
///
/// A file that is larger than memory: choose from some of its rows at a time with --rows, then among what these parts
/// chose with --part, for which no other row is read. A part is a .npz, .csv or .jsonl file of this command, joined by its ids
/// (or `index`, where FEATURES has no ids), or a .npy file of indices into FEATURES, whatever ids it has. That is GreeDi:
/// of the m parts' choices of k examples each, by the optimiser naive or lazy, it makes one worth at least
/// (1 - 1/e) / min(m, k) of the best, (1 - 1/e) / 2 in expectation where the parts are random, if the objective is
/// monotone and counts none but the chosen examples: feature-based, and log-determinant with a ridge of at least 1.
/// Facility location, saturated coverage and graph cut count all examples; the last round counts those that the parts
/// chose, and reaches 1 - 1/e of what is best among these and on these alone. Graph cut with a lambda below 2, its
/// default 1 too (in the form diversity above 1/2), is not monotone and has no guarantee. With
/// --option optimizer=greedi all is done in one run, in which both rounds count all examples.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum coreset features.npy --method k-center --count 1000 --start 0 -o coreset.csv
  curriculum coreset features.npy --method facility-location --option similarity=cosine --count 1000 -o coreset.npz
  curriculum coreset gradients.npy --method craig --labels labels.npy --count 500 -o coreset.csv
  curriculum coreset features.npy --method feature-based --rows 0..500000 --count 100 -o a.npz
  curriculum coreset features.npy --method feature-based --part a.npz --part b.npz --count 100 -o coreset.npy
  curriculum coreset --list")]
pub(crate) struct Arguments {
    /// The features or gradients, - for standard input
    #[arg(required_unless_present = "list")]
    features: Option<PathBuf>,
    /// The method
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    method: Option<String>,
    /// How many examples to choose
    #[arg(long, value_name = "K", required_unless_present = "list")]
    count: Option<usize>,
    /// Labels (.npy, N integers): choose within classes, each its share of the count
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Ids (.npy, N integers or texts), where the input has none
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// The first example (k-center, disparity), with --labels that of its class; drawn from the seed where it is not
    /// given
    #[arg(long, value_name = "INDEX")]
    start: Option<usize>,
    /// The gradients of validation examples (.npy or .npz as FEATURES), for glister
    #[arg(long, value_name = "FILE")]
    validation: Option<PathBuf>,
    /// Set an option of the method
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = key_value)]
    options: Vec<(String, String)>,
    /// Choose from these rows of FEATURES alone, the others are not read: FROM..TO, TO excluded
    #[arg(long, value_name = "FROM..TO", value_parser = from_to::<usize>, conflicts_with = "parts")]
    rows: Option<Range<usize>>,
    /// Choose among what this part of the examples has chosen, and others (.npz, .csv or .jsonl of this command, or .npy
    /// of indices)
    #[arg(long = "part", value_name = "FILE")]
    parts: Vec<PathBuf>,
    /// The seed of first examples, samples, ties and parts
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write: .csv, .jsonl, .npz (order, gains, weights, ids; n_examples of FEATURES) or .npy (the order alone);
    /// - for standard output. Indices count the rows of FEATURES, whatever was read of it
    #[arg(short, long, value_name = "OUT", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// The format of OUT, whatever its name: csv, jsonl, npz or npy
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    output_format: Option<OutputFormat>,
    /// List the methods with their options
    #[arg(long)]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { features, labels, ids, validation, parts, .. } = arguments;
    let read = [features, labels, ids, validation].into_iter().flatten().chain(parts);
    paths::check(read, &arguments.output)?;
    if arguments.list {
        return answer(&Catalogue(coresets().collect()), arguments.json);
    }
    let (Some(path), Some(method), Some(count), Some(output)) =
        (&arguments.features, &arguments.method, arguments.count, &arguments.output)
    else {
        bail!("no features, method, count or output");
    };
    let format = OutputFormat::of(output, arguments.output_format, WRITTEN)?;
    let settings = CoresetSettings::parse(method, &borrowed(&arguments.options).collect::<Vec<_>>())?;
    check_arguments(arguments, &settings)?;
    let spinner = Spinner::new(&format!("reading {}", path.display()));
    let (mut given_ids, mut all_labels) = (None, None);
    let mut parts = Vec::new();
    let mut validation = None;
    let of_file = || path.display().to_string();
    let (mut orders, mut memory) = (Vec::new(), 0);
    // What is wrong, or does not fit into memory, is told before any feature is read.
    let file = FeatureFile::read(path, |shape, ids| {
        let n = shape.n_examples;
        given_ids = arguments.ids.as_deref().map(|path| read_ids_for(path, n)).transpose()?;
        all_labels = arguments.labels.as_deref().map(|labels| read_labels(labels, n, path)).transpose()?;
        let ids = given_ids.as_ref().or(ids);
        if let Some(ids) = ids.filter(|ids| ids.len() != n) {
            bail!("{}: {} ids for {n} examples, expected one each", path.display(), ids.len());
        }
        parts = arguments.parts.iter().map(|path| part::read(path, n)).collect::<anyhow::Result<Vec<_>>>()?;
        let read = |path: &PathBuf| read_validation(path, shape.n_features);
        validation = arguments.validation.as_ref().map(read).transpose()?;
        orders = join_parts(&parts, n, ids)?;
        let rows = match &arguments.rows {
            Some(rows) if rows.end > n => {
                bail!("--rows {}..{}: expected at most the {n} rows of {}", rows.start, rows.end, path.display())
            }
            Some(rows) => Rows::Range(rows.clone()),
            None if orders.is_empty() => Rows::Range(0..n),
            None => {
                let mut union = orders.concat();
                union.sort_unstable();
                Rows::These(union)
            }
        };
        memory = check_size(path, shape, &rows, all_labels.as_deref(), &settings, count)?;
        Ok(rows)
    })?;
    let (rows, shape) = (&file.rows, file.shape);
    let ids = given_ids.or(file.ids);
    let labels: Option<Vec<usize>> =
        all_labels.map(|labels| (0..rows.len()).map(|at| labels[rows.get(at)]).collect());
    let start = arguments.start.map(|start| {
        let expected = || format!("--start is {start}, expected an example that is read, of {}", rows.len());
        rows.position(start).with_context(expected)
    });
    spinner.say(&format!("choosing {count} of {} examples by {method}", rows.len()));
    let features = any_features(&file.values, shape.n_features).with_context(of_file)?;
    let (mut coreset, guarantee) = if orders.is_empty() {
        let start = start.transpose()?;
        let inputs = CoresetInputs { labels: labels.as_deref(), start, validation: validation.as_ref() };
        let coreset = settings.select(features, count, arguments.seed, &inputs).with_context(of_file)?;
        (coreset, settings.guarantee(count))
    } else {
        let position = |order: &Vec<usize>| order.iter().filter_map(|&index| rows.position(index)).collect();
        let chosen: Vec<Vec<usize>> = orders.iter().map(position).collect();
        let coreset = settings.merge(features, &chosen, count, arguments.seed).with_context(of_file)?;
        (coreset, Some(settings.merge_guarantee(&chosen, count)?))
    };
    coreset.order.iter_mut().for_each(|index| *index = rows.get(*index));
    drop(spinner);
    write(output, format, &coreset, shape.n_examples, ids.as_ref())?;
    let value = coreset.value();
    print_beside(
        &Report {
            output: output.display().to_string(),
            method: method.clone(),
            options: settings.options().clone(),
            n_examples: shape.n_examples,
            n_features: shape.n_features,
            n_read: rows.len(),
            memory,
            count,
            n_chosen: coreset.order.len(),
            within_classes: labels.is_some(),
            parts: parts.into_iter().zip(&orders).map(|(part, order)| Joined::new(part, order.len())).collect(),
            guarantee: guarantee.as_ref().map(Guarantee::to_string),
            seed: arguments.seed,
            first: coreset.order.first().copied(),
            last_gain: coreset.gains.last().copied().filter(|gain| gain.is_finite()),
            value: value.is_finite().then_some(value),
            total_weight: coreset.weights.as_ref().map(|weights| weights.iter().sum()),
        },
        arguments.json,
        &[Some(output)],
    )
}

/// What is written.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Csv, OutputFormat::Jsonl, OutputFormat::Npz, OutputFormat::Npy];

/// What is wrong whatever the features are.
fn check_arguments(arguments: &Arguments, settings: &CoresetSettings) -> anyhow::Result<()> {
    let CoresetDescription { method, takes_start, needs_validation, .. } = settings.description();
    let name = method.name;
    if arguments.start.is_some() && !takes_start {
        bail!("--start: {name} has no first example, k-center and disparity have");
    }
    match (needs_validation, &arguments.validation) {
        (true, None) => bail!("{name} needs the gradients of validation examples, expected --validation FILE"),
        (false, Some(path)) => bail!("{}: {name} takes no gradients of validation examples", path.display()),
        _ => {}
    }
    if arguments.parts.is_empty() {
        return Ok(());
    }
    if arguments.labels.is_some() {
        bail!("--labels: choosing within classes does not go with --part");
    }
    settings.check_merge().context("--part")
}

fn any_features(values: &Values, n_features: usize) -> Result<AnyFeatures<'_>, PruneError> {
    Ok(match values {
        Values::F32(values) => Features::new(values, n_features)?.into(),
        Values::F64(values) => Features::new(values, n_features)?.into(),
    })
}

fn read_labels(path: &Path, n: usize, of: &Path) -> anyhow::Result<Vec<usize>> {
    let reader = NpyReader::open(path)?;
    if let Some(found) = reader.shape().first().filter(|&&found| found != n) {
        let (path, of) = (path.display(), of.display());
        bail!("{path}: {found} labels for {n} examples of {of}, expected one each");
    }
    let labels = indices_of(path, "labels", &reader.into_array()?)?;
    if let Some(at) = labels.iter().position(|&label| label >= MAX_CLASSES) {
        let label = labels[at];
        bail!("{}: element {at}: label {label}, expected a class below {MAX_CLASSES}", path.display());
    }
    Ok(labels)
}

fn read_validation(path: &Path, n_features: usize) -> anyhow::Result<ValidationTaylor> {
    let file = FeatureFile::read(path, |shape, _| {
        if shape.n_features != n_features {
            let (path, found) = (path.display(), shape.n_features);
            bail!("{path}: gradients of {found} numbers, expected {n_features} as those of the examples");
        }
        Ok(Rows::Range(0..shape.n_examples))
    })?;
    let of_file = || path.display().to_string();
    let validation = match any_features(&file.values, file.shape.n_features).with_context(of_file)? {
        AnyFeatures::F32(gradients) => ValidationTaylor::new(&gradients),
        AnyFeatures::F64(gradients) => ValidationTaylor::new(&gradients),
    };
    validation.with_context(of_file)
}

/// The bytes needed; refuses a count that cannot be met, and what does not fit into memory.
fn check_size(
    path: &Path,
    shape: &Shape,
    rows: &Rows,
    labels: Option<&[usize]>,
    settings: &CoresetSettings,
    count: usize,
) -> anyhow::Result<u64> {
    let &Shape { n_features, width, .. } = shape;
    let (path, method, n) = (path.display(), settings.description().method.name, rows.len());
    if count > n {
        let those = match rows {
            Rows::Range(range) if range.len() < shape.n_examples => ", of the rows that are read",
            Rows::Range(_) => "",
            Rows::These(_) => ", that the parts chose",
        };
        bail!("{path}: --count {count}, expected at most the number of examples, {n}{those}");
    }
    let largest_class = labels.map(|labels| {
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        (0..n).for_each(|at| *sizes.entry(labels[rows.get(at)]).or_default() += 1);
        sizes.into_values().max().unwrap_or(0)
    });
    let size = DataSize { n_examples: n, n_features, width, largest_class };
    let needed = settings.memory(&size, count).saturating_add(PROGRAM);
    if let Some(available) = available_memory().filter(|&available| available < needed) {
        let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
        let mut advice = if settings.description().submodular {
            "choose from some of its rows at a time with --rows FROM..TO, then among what these chose with --part"
                .to_owned()
        } else {
            format!(
                "{method} has no choices that could be merged: choose from some of its rows with --rows FROM..TO, or \
                 by a method that has, {}",
                mergeable()
            )
        };
        if width == 8 {
            advice += "; in single precision the file takes half";
        }
        bail!(
            "{path}: {method} needs about {} of memory for {n} examples of {n_features} features, {} are free; {advice}",
            gib(needed),
            gib(available)
        );
    }
    Ok(needed)
}

/// The methods whose choices can be merged.
fn mergeable() -> String {
    let names: Vec<_> = coresets().filter(|other| other.submodular).map(|other| other.method.name).collect();
    names.join(", ")
}

/// How a part was joined.
#[derive(Serialize)]
struct Joined {
    file: String,
    n_chosen: usize,
    /// By `id` or by `index`.
    by: &'static str,
}

impl Joined {
    fn new((file, choice): (String, PartChoice), n_chosen: usize) -> Self {
        Self { file, n_chosen, by: if matches!(choice, PartChoice::Ids(_)) { "id" } else { "index" } }
    }
}

fn write(
    path: &Path,
    format: OutputFormat,
    coreset: &Coreset,
    n_examples: usize,
    ids: Option<&Ids>,
) -> anyhow::Result<()> {
    let Coreset { order, gains, weights } = coreset;
    let n = order.len();
    let name = |index: usize| ids.and_then(|ids| ids.get(index)).map(String::from);
    let indices = || Array::new(vec![n], ArrayData::I64(order.iter().map(|&index| index as i64).collect()));
    match format {
        OutputFormat::Npy => write_npy(path, &indices()?)?,
        OutputFormat::Npz => {
            let mut members = vec![
                ("order", indices()?),
                ("gains", Array::new(vec![n], ArrayData::F64(gains.clone()))?),
                (N_EXAMPLES, Array::new(vec![1], n_examples_data(n_examples))?),
            ];
            if let Some(weights) = weights {
                members.push(("weights", Array::new(vec![n], ArrayData::F64(weights.clone()))?));
            }
            if ids.is_some() {
                let ids: Vec<String> = order.iter().filter_map(|&index| name(index)).collect();
                members.push(("ids", Array::new(vec![n], ids_data(&ids))?));
            }
            write_npz(path, members.iter().map(|(name, array)| (*name, array)))?;
        }
        _ => {
            let first = if ids.is_some() { "id" } else { "index" };
            let names = [first, "rank", "gain", "weight"];
            let n_names = if weights.is_some() { 4 } else { 3 };
            let rows = order.iter().zip(gains).enumerate().map(|(rank, (&index, &gain))| {
                let id = name(index).map_or(index.into(), |id| Field::Text(id.into()));
                let weight = weights.as_ref().map(|weights| weights[rank].into());
                [id, rank.into(), gain.into()].into_iter().chain(weight).collect()
            });
            write_rows(path, format, &names[..n_names], rows)?;
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
    /// The rows read.
    n_read: usize,
    /// The bytes of memory that this was reckoned to take.
    memory: u64,
    /// What was asked for; sieves and matching pursuit may choose fewer.
    count: usize,
    n_chosen: usize,
    within_classes: bool,
    /// What was brought together.
    parts: Vec<Joined>,
    /// Of a choice in two rounds.
    guarantee: Option<String>,
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
        let Self { method, n_examples, n_features, n_read, count, n_chosen, .. } = self;
        let within = if self.within_classes { " within classes" } else { "" };
        writeln!(formatter, "{n_chosen} of {n_examples} examples of {n_features} features by {method}{within}")?;
        for Joined { file, n_chosen, by } in &self.parts {
            let file = shown::line(file);
            writeln!(formatter, "of {file} {n_chosen} examples, found by their {by}")?;
        }
        if n_read < n_examples {
            writeln!(formatter, "{n_read} examples were read")?;
        }
        if let Some(guarantee) = &self.guarantee {
            writeln!(formatter, "guarantee: {guarantee}")?;
        }
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
        writeln!(formatter, "written to {}", place(&self.output))
    }
}

/// The methods that there are.
#[derive(Serialize)]
#[serde(transparent)]
struct Catalogue(Vec<&'static CoresetDescription>);

impl fmt::Display for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for CoresetDescription { method, gain, .. } in &self.0 {
            writeln!(formatter, "{}: {}; gain: {gain}", method.name, method.summary)?;
            write_parameters(formatter, method.parameters)?;
        }
        writeln!(formatter, "\nfor {} also:", mergeable())?;
        write_parameters(formatter, submodular_options())
    }
}
