//! `curriculum coreset`: few examples that stand for all, by their features.

mod arguments;
mod beside;
mod classes;
mod inputs;
mod local;
mod neighbors;
mod part;
mod precomputed;
mod report;
mod size;
mod written;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_prune::PruneError;
use cl_prune::coreset::{
    AnyFeatures, ClassShares, ClientSample, CoresetDescription, CoresetInputs, CoresetSettings, Costs, Features,
    Guarantee, coresets, join_parts, submodular_options,
};
use serde::Serialize;

use crate::features::{FeatureFile, Rows, read_ids_for};
use crate::named::{borrowed, write_parameters};
use crate::output::{answer, print_beside};
use crate::output_format::OutputFormat;
use crate::paths;
use crate::progress::Spinner;
pub(crate) use arguments::Arguments;
use beside::Beside;
use classes::ClassCounts;
use inputs::{
    any_features, any_of, ask_about_square, read_labels, read_probabilities, read_target, read_validation,
    rows_of, skip_zeros,
};
use neighbors::NeighborSource;
use report::{Clients, Joined, Nearest, Report, Spent};
use size::{check_size, mergeable};
use written::write;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { features, labels, ids, validation, parts, query, private, probabilities, .. } = arguments;
    let start_file = arguments.start.as_ref().map(PathBuf::from).filter(|path| path.is_file());
    let given = arguments.neighbors.as_ref().filter(|given| given.parse::<usize>().is_err()).map(PathBuf::from);
    let read =
        [features, labels, ids, validation, query, private, probabilities, &given, &arguments.table, &start_file]
            .into_iter()
            .flatten()
            .chain(parts);
    paths::check(read, &arguments.output)?;
    if arguments.list {
        return answer(&Catalogue(coresets().collect()), arguments.json);
    }
    let (Some(path), Some(method), Some(output)) = (&arguments.features, &arguments.method, &arguments.output)
    else {
        bail!("no features, method or output");
    };
    // Within a budget there may be any number.
    let count = arguments.count.unwrap_or(0);
    let format = OutputFormat::of(output, arguments.output_format, WRITTEN)?;
    let settings = CoresetSettings::parse(method, &borrowed(&arguments.options).collect::<Vec<_>>())?;
    check_arguments(arguments, &settings)?;
    if settings.is_precomputed() {
        return precomputed::run(arguments, &settings, (path, count), (output, format));
    }
    if arguments.local {
        local::check(arguments)?;
        return local::run(arguments, &settings, (path, count), (output, format));
    }
    let mut neighbors = NeighborSource::of(arguments, &settings)?;
    let spinner = Spinner::new(&format!("reading {}", path.display()));
    let (mut given_ids, mut all_labels) = (None, None);
    let mut parts = Vec::new();
    let (mut validation, mut query, mut private, mut probabilities) = (None, None, None, None);
    let of_file = || path.display().to_string();
    let (mut orders, mut memory) = (Vec::new(), 0);
    let mut beside = Beside::default();
    // What is wrong, or does not fit into memory, is told before any feature is read.
    let beside_features = arguments.columns();
    let file = FeatureFile::read_with(path, (arguments.member.as_deref(), &beside_features), |shape, ids| {
        let n = shape.n_examples;
        given_ids = arguments.ids.as_deref().map(|path| read_ids_for(path, n)).transpose()?;
        all_labels = arguments.labels.as_deref().map(|labels| read_labels(labels, n, path)).transpose()?;
        let ids = given_ids.as_ref().or(ids);
        if let Some(ids) = ids.filter(|ids| ids.len() != n) {
            bail!("{}: {} ids for {n} examples, expected one each", path.display(), ids.len());
        }
        parts = arguments.parts.iter().map(|path| part::read(path, n)).collect::<anyhow::Result<Vec<_>>>()?;
        beside = Beside::read(arguments, path, n, ids)?;
        let read = |path: &PathBuf| read_validation(path, shape.n_features);
        validation = arguments.validation.as_ref().map(read).transpose()?;
        let read = |path: &PathBuf| read_target(path, shape.n_features);
        query = arguments.query.as_ref().map(read).transpose()?;
        private = arguments.private.as_ref().map(read).transpose()?;
        let read = |of: &PathBuf| read_probabilities(of, n, path);
        probabilities = arguments.probabilities.as_ref().map(read).transpose()?;
        let choices: Vec<_> = parts.iter().map(|part| (part.file.as_str(), part.choice.clone())).collect();
        orders = join_parts(&choices, n, ids)?;
        let rows = match &arguments.rows {
            Some(rows) if rows.end > n => {
                bail!("--rows {}..{}: expected at most the {n} rows of {}", rows.start, rows.end, path.display())
            }
            Some(rows) => Rows::Range(rows.clone()),
            None if orders.is_empty() => Rows::Range(0..n),
            None => {
                let mut union = orders.concat();
                union.sort_unstable();
                union.dedup();
                Rows::These(union)
            }
        };
        if shape.n_examples == shape.n_features && n > 1 {
            ask_about_square(arguments, path, n)?;
        }
        if let Some(neighbors) = &mut neighbors {
            neighbors.read(&rows, shape, ids)?;
        }
        let k = neighbors.as_ref().map(NeighborSource::k);
        memory = check_size(path, shape, &rows, all_labels.as_deref(), &settings, (count, k))?;
        Ok(rows)
    })?;
    let mut file = file;
    if arguments.zero == "skip" && neighbors.as_ref().is_some_and(|neighbors| neighbors.file().is_some()) {
        bail!("--zero skip does not go with a file of neighbours, which names rows");
    }
    let n_zero = if arguments.zero == "skip" { skip_zeros(&mut file, &orders)? } else { 0 };
    let (rows, shape) = (&file.rows, file.shape);
    if count > rows.len() {
        bail!("{}: --count {count}, expected at most the {} that are not zero", path.display(), rows.len());
    }
    let ids = given_ids.or(file.ids);
    let labels: Option<Vec<usize>> =
        all_labels.map(|labels| (0..rows.len()).map(|at| labels[rows.get(at)]).collect());
    let start = arguments.first_example().map(|start| {
        let expected = || format!("--start is {start}, expected an example that is read, of {}", rows.len());
        rows.position(start).with_context(expected)
    });
    let beside = beside.among(rows);
    if beside.before.len() + count > rows.len() {
        let (left, before) = (rows.len() - beside.before.len(), beside.before.len());
        bail!(
            "{}: --count {count}, expected at most the {left} that are left beside {before} of --start",
            path.display()
        );
    }
    spinner.say(&format!("choosing {count} of {} examples by {method}", rows.len()));
    let features = any_features(&file.values, shape.n_features).with_context(of_file)?;
    let start = start.transpose()?;
    let validation = validation.as_ref();
    let clients = arguments.clients.map(|size| ClientSample::new(rows.len(), size, arguments.seed)).transpose();
    let clients = clients.context("--clients")?;
    let clients = clients.as_ref();
    let shares =
        ClassShares { balance: arguments.balance.unwrap_or_default(), floor: arguments.floor.unwrap_or(0) };
    let costs = beside.costs.as_deref().zip(arguments.budget).map(|(costs, budget)| Costs { costs, budget });
    let (weights, before, groups) =
        (beside.weights.as_deref(), beside.before.as_slice(), beside.groups.as_deref());
    let labels_of = labels.as_deref();
    let query = query.as_ref().map(|file| any_of(file, arguments.query.as_deref())).transpose()?;
    let private = private.as_ref().map(|file| any_of(file, arguments.private.as_deref())).transpose()?;
    let probabilities = probabilities.as_ref().map(|file| (rows_of(file, rows), file.shape.n_features));
    let probabilities = probabilities.as_ref().map(|(values, n_classes)| Features::new(values, *n_classes));
    let probabilities = probabilities.transpose().context("--probabilities")?.map(AnyFeatures::from);
    let given = CoresetInputs { query, private, probabilities, ..CoresetInputs::default() };
    let given = CoresetInputs { labels: labels_of, start, validation, weights, clients, ..given };
    let inputs = CoresetInputs { before, costs, groups, shares, ..given };
    let mut search = None;
    let (mut coreset, guarantee) = if let Some(neighbors) = &neighbors {
        let coreset;
        (coreset, search) = settings
            .select_by_neighbors(features, neighbors.neighbors(), count, arguments.seed, &inputs)
            .map_err(|error| located(error, arguments, neighbors.file().unwrap_or(path)))?;
        (coreset, settings.guarantee(count))
    } else if orders.is_empty() {
        let coreset = settings
            .select(features, count, arguments.seed, &inputs)
            .map_err(|error| located(error, arguments, path))?;
        (coreset, settings.guarantee(count))
    } else {
        let position = |order: &Vec<usize>| order.iter().filter_map(|&index| rows.position(index)).collect();
        let chosen: Vec<Vec<usize>> = orders.iter().map(position).collect();
        let coreset = settings
            .merge_with(features, &chosen, count, arguments.seed, &inputs)
            .map_err(|error| located(error, arguments, path))?;
        let guarantee = settings.merge_guarantee(&chosen, count)?;
        let by_score = parts.iter().any(|part| part.kept.is_some());
        (coreset, Some(if by_score { guarantee.of_any_parts() } else { guarantee }))
    };
    let nearest = match (neighbors.is_some() || clients.is_some()) && settings.compares_by_distance() {
        true if !coreset.order.is_empty() => Some(Nearest::of(&features, &coreset.order)?),
        _ => None,
    };
    let spent = Spent::of(arguments.cost.as_ref(), costs, &coreset.order);
    let n_groups = groups.map(|groups| {
        let distinct = |groups: &mut dyn Iterator<Item = usize>| groups.collect::<HashSet<_>>().len();
        let chosen = distinct(&mut coreset.order.iter().map(|&example| groups[example]));
        (chosen, distinct(&mut groups.iter().copied()))
    });
    let n_before = before.len();
    let classes = labels.as_deref().map(|labels| ClassCounts::new(labels, &coreset.order));
    coreset.order.iter_mut().for_each(|index| *index = rows.get(*index));
    drop(spinner);
    write(output, format, &coreset, shape.n_examples, ids.as_ref())?;
    let parts = parts.into_iter().zip(&orders).map(|(part, order)| Joined::new(part, order.len())).collect();
    let report = Report {
        n_features: shape.n_features,
        n_read: rows.len(),
        memory,
        within_classes: labels.is_some(),
        classes,
        parts,
        neighbors: neighbors.as_ref().map(|neighbors| neighbors.report(search)),
        clients: clients.map(|clients| Clients::of(clients, count)).transpose()?,
        nearest,
        n_zero,
        n_before,
        costs: spent,
        groups: n_groups,
        guarantee: guarantee.as_ref().map(Guarantee::to_string),
        ..Report::new(output, &settings, (shape.n_examples, count, arguments.seed), &coreset)
    };
    print_beside(&report, arguments.json, &[Some(output)])
}

/// What is written.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Csv, OutputFormat::Jsonl, OutputFormat::Npz, OutputFormat::Npy];

/// What is wrong whatever the features are.
/// What is wrong with a choice, with the file that it is about.
fn located(error: PruneError, arguments: &Arguments, path: &Path) -> anyhow::Error {
    let beside = match &error {
        PruneError::InvalidArgument { argument: "probabilities", .. } => arguments.probabilities.as_deref(),
        PruneError::InvalidArgument { argument: "query", .. } => arguments.query.as_deref(),
        PruneError::InvalidArgument { argument: "private", .. } => arguments.private.as_deref(),
        _ => None,
    };
    let file = beside.unwrap_or(path).display().to_string();
    anyhow::Error::new(error).context(file)
}

fn check_arguments(arguments: &Arguments, settings: &CoresetSettings) -> anyhow::Result<()> {
    let CoresetDescription { method, takes_start, needs_validation, .. } = settings.description();
    let name = method.name;
    if arguments.first_example().is_some() && !takes_start {
        bail!("--start: {name} has no first example, k-center and disparity have");
    }
    match (needs_validation, &arguments.validation) {
        (true, None) => bail!("{name} needs the gradients of validation examples, expected --validation FILE"),
        (false, Some(path)) => bail!("{}: {name} takes no gradients of validation examples", path.display()),
        _ => {}
    }
    match (settings.description().needs_probabilities, &arguments.probabilities) {
        (true, None) => bail!("{name} needs predicted probabilities, expected --probabilities FILE"),
        (false, Some(path)) => bail!("{}: {name} takes no predicted probabilities", path.display()),
        _ => {}
    }
    for (is_needed, given, what) in [
        (settings.needs_query(), &arguments.query, "query"),
        (settings.needs_private(), &arguments.private, "private"),
    ] {
        match (is_needed, given) {
            (true, None) => bail!("{name} needs {what} examples, expected --{what} FILE"),
            (false, Some(path)) => bail!("{}: {name} takes no {what} examples", path.display()),
            _ => {}
        }
    }
    if arguments.parts.is_empty() {
        return Ok(());
    }
    if arguments.labels.is_some() {
        bail!("--labels: choosing within classes does not go with --part");
    }
    if arguments.start.is_some() {
        bail!("--start: what is chosen already does not go with --part");
    }
    settings.check_merge().context("--part")
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
