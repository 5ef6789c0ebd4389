//! GreeDi with local objectives in one command: each part is read, and chosen from, alone.

use std::path::Path;

use anyhow::{Context, bail};
use cl_data::io::FeatureReader;
use cl_prune::coreset::{
    AnyFeatures, Coreset, CoresetInputs, CoresetSettings, DataSize, GreeDi, Guarantee, NeighborSearch, Neighbors,
    SearchMethod,
};

use super::{arguments::Arguments, inputs::any_features, report::Report, size::PROGRAM, written::write};
use crate::features::{FeatureFile, Rows, available_memory, read_ids_for};
use crate::named::borrowed;
use crate::output::print_beside;
use crate::output_format::OutputFormat;
use crate::progress::Steps;

pub(super) fn run(
    arguments: &Arguments,
    settings: &CoresetSettings,
    (path, count): (&Path, usize),
    (output, format): (&Path, OutputFormat),
) -> anyhow::Result<()> {
    let Some(n_parts) = settings.n_parts() else {
        bail!("--local: expected --option optimizer=greedi, whose parts then see their own examples alone");
    };
    // Each part, and what they chose, by the optimiser that greedi has for them.
    let of_part: Vec<(&str, &str)> =
        borrowed(&arguments.options).filter(|(key, _)| !matches!(*key, "optimizer" | "parts")).collect();
    let of_part = CoresetSettings::parse(settings.description().method.name, &of_part)?;
    let of_file = || path.display().to_string();
    let member = arguments.member.as_deref();
    let (shape, ids) = {
        let reader = FeatureReader::open_with(path, member, &[])?;
        (reader.shape(), reader.ids().cloned())
    };
    let n = shape.n_examples;
    if count > n {
        bail!("{}: --count {count}, expected at most the number of examples, {n}", path.display());
    }
    let ids = match &arguments.ids {
        Some(path) => Some(read_ids_for(path, n)?),
        None => ids,
    };
    let parts = GreeDi::parts(n, n_parts, arguments.seed)?;
    let k = arguments.neighbors.as_deref().and_then(|given| given.parse::<usize>().ok());
    let size = DataSize {
        n_examples: n.div_ceil(n_parts),
        n_features: shape.n_features,
        width: shape.width,
        largest_class: None,
    };
    let memory = match k {
        Some(k) => of_part.memory_by_neighbors(&size, k),
        None => of_part.memory(&size, count),
    };
    // The parts themselves are 8 bytes for each example.
    let memory = memory.saturating_add(PROGRAM + 8 * n as u64);
    if let Some(free) = available_memory().filter(|&free| free < memory) {
        let advice = "more parts take less";
        bail!("{}: needs about {} MiB of memory, {} are free; {advice}", path.display(), memory >> 20, free >> 20);
    }
    let read = |rows: Vec<usize>| {
        let file = FeatureFile::read_with(path, (member, &[]), |_, _| Ok(Rows::These(rows)))?;
        anyhow::Ok(file)
    };
    let steps = Steps::new(parts.len() as u64 + 1, &format!("{n_parts} parts of {}", path.display()));
    let (mut chosen, mut lowest) = (Vec::new(), None::<f64>);
    for part in parts {
        let own = count.min(part.len());
        let file = read(part)?;
        let features = any_features(&file.values, shape.n_features).with_context(of_file)?;
        let (coreset, recall) = choose(arguments, &of_part, &features, own, k).with_context(of_file)?;
        lowest = lowest.into_iter().chain(recall).reduce(f64::min);
        chosen.push(coreset.order.into_iter().map(|at| file.rows.get(at)).collect::<Vec<usize>>());
        steps.advance();
    }
    let mut union = chosen.concat();
    union.sort_unstable();
    union.dedup();
    let file = read(union)?;
    let features = any_features(&file.values, shape.n_features).with_context(of_file)?;
    let place = |order: &Vec<usize>| order.iter().filter_map(|&row| file.rows.position(row)).collect();
    let places: Vec<Vec<usize>> = chosen.iter().map(place).collect();
    let mut coreset = of_part.merge(features, &places, count, arguments.seed).with_context(of_file)?;
    coreset.order.iter_mut().for_each(|at| *at = file.rows.get(*at));
    drop(steps);
    write(output, format, &coreset, n, ids.as_ref())?;
    let guarantee: Guarantee = of_part.merge_guarantee(&places, count)?;
    let report = Report {
        n_features: shape.n_features,
        memory,
        n_local: Some(places.len()),
        recall: lowest,
        guarantee: Some(guarantee.to_string()),
        ..Report::new(output, settings, (n, count, arguments.seed), &coreset)
    };
    print_beside(&report, arguments.json, &[Some(output)])
}

/// Of a part's examples, with the recall where neighbours are sought.
fn choose(
    arguments: &Arguments,
    settings: &CoresetSettings,
    features: &AnyFeatures<'_>,
    count: usize,
    k: Option<usize>,
) -> anyhow::Result<(Coreset, Option<f64>)> {
    let (seed, inputs) = (arguments.seed, CoresetInputs::default());
    let Some(k) = k else { return Ok((settings.select(*features, count, seed, &inputs)?, None)) };
    let search = NeighborSearch::new(k)?.with_method(arguments.search.unwrap_or(SearchMethod::Auto));
    let search = arguments.probes.map_or(Ok(search), |n_probes| search.with_probes(n_probes))?;
    let (coreset, report) =
        settings.select_by_neighbors(*features, Neighbors::Search(search), count, seed, &inputs)?;
    Ok((coreset, report.map(|report| report.recall)))
}

/// What does not go with parts that are read one at a time.
pub(super) fn check(arguments: &Arguments) -> anyhow::Result<()> {
    let given = [
        ("--labels", arguments.labels.is_some()),
        ("--rows", arguments.rows.is_some()),
        ("--part", !arguments.parts.is_empty()),
        ("--clients", arguments.clients.is_some()),
        ("--cost", arguments.cost.is_some()),
        ("--groups", arguments.groups.is_some()),
        ("--weights", arguments.weights.is_some()),
        ("--start", arguments.start.is_some()),
        ("--zero skip", arguments.zero == "skip"),
        ("--neighbors FILE", matches!(&arguments.neighbors, Some(given) if given.parse::<usize>().is_err())),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => bail!("{name} does not go with --local"),
        None => Ok(()),
    }
}
