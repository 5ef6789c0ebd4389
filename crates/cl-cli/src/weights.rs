//! `curriculum weights`: how much each example counts, by its loss.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::{Array, ArrayData, NpyReader, write_npy};
use cl_pacing::{Given, Weighting, weighting_by_name, weightings};
use clap::Args;
use serde::Serialize;

use crate::paths;
use crate::{
    difficulty::{chosen_column, read_values, write_part},
    named::{List, borrowed, key_value},
    output::{answer, place, print_beside, short},
    output_format::OutputFormat,
    rows::write_rows,
    tables::TableArguments,
};

/// Weigh examples by their losses: self-paced, focal, SuperLoss and others.
///
/// LOSSES is a .npy of one loss per example, or a table with a column of losses. OUT by its ending: .npy (one weight per
/// example), .csv or .jsonl (`id`, `loss`, `weight`).
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum weights losses.npy --weighting linear --param lambda=0.5 -o weights.npy
  curriculum weights losses.npy --weighting hard --param quantile=0.8 -o weights.csv
  curriculum weights losses.npy --weighting diversity --param lambda=0.5 --param gamma=0.2 --groups labels.npy -o w.npy
  curriculum weights --list")]
pub(crate) struct Arguments {
    /// The losses (.npy, or a table with a column of losses), or - for standard input
    #[arg(required_unless_present = "list")]
    losses: Option<PathBuf>,
    /// The weighting by name
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    weighting: Option<String>,
    /// Set a parameter of the weighting
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = key_value)]
    param: Vec<(String, String)>,
    /// The column of losses, where there are several
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// The group of each example, for diversity (.npy, or a table with `id` and `label`)
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// How late each example is to come, for a curriculum region (.npy)
    #[arg(long, value_name = "FILE.npy")]
    region: Option<PathBuf>,
    /// Where to write: .npy, .csv or .jsonl; - for standard output
    #[arg(short, long, value_name = "OUT", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// The format of OUT, whatever its name: csv, jsonl or npy
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    output_format: Option<OutputFormat>,
    #[command(flatten)]
    tables: TableArguments,
    /// List the weightings with their parameters
    #[arg(long)]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let read = [&arguments.losses, &arguments.groups, &arguments.region].into_iter().flatten();
    paths::check(read, &arguments.output)?;
    if arguments.list {
        return answer(&List(vec![("weightings", weightings())]), arguments.json);
    }
    let (Some(path), Some(name), Some(output)) = (&arguments.losses, &arguments.weighting, &arguments.output)
    else {
        bail!("no losses, no weighting or no output");
    };
    let format = OutputFormat::of(output, arguments.output_format, WRITTEN)?;
    let file = read_values("loss", path, &arguments.tables)?;
    let losses = &chosen_column(&file, arguments.column.as_deref())?.values;
    let n = losses.len();
    let ids = file.ids.clone().unwrap_or_else(|| Ids::range(n));
    let groups = match &arguments.groups {
        Some(groups) => Some(arguments.tables.read_labels(groups, &ids, path)?),
        None => file.labels.clone(),
    };
    let region = arguments.region.as_deref().map(|path| read_region(path, n)).transpose()?;
    let given = Given { classes: groups.as_deref(), a: region.as_deref(), ..Given::default() };
    let parameters: Vec<_> = borrowed(&arguments.param).collect();
    let weighting = weighting_by_name(name, &parameters, &given)?;
    let mut weights = vec![0.0; n];
    weighting.weights(losses, &mut weights).with_context(|| path.display().to_string())?;

    let report = Report {
        output: output.display().to_string(),
        losses: path.display().to_string(),
        part_of_sidecar: file.part_of_sidecar(),
        weighting: weighting.to_string(),
        n_examples: n,
        n_zero: weights.iter().filter(|&&weight| weight == 0.0).count(),
        sum: weights.iter().sum(),
        least: weights.iter().copied().fold(f64::INFINITY, f64::min),
        greatest: weights.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    };
    if format == OutputFormat::Npy {
        write_npy(output, &Array::new(vec![n], ArrayData::F64(weights))?)?;
    } else {
        let rows = ids.iter().zip(losses).zip(&weights);
        let rows = rows.map(|((id, &loss), &weight)| vec![id.into(), loss.into(), weight.into()]);
        write_rows(output, format, &["id", "loss", "weight"], rows)?;
    }
    print_beside(&report, arguments.json, &[Some(output)])
}

/// What is written.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Npy, OutputFormat::Csv, OutputFormat::Jsonl];

fn read_region(path: &Path, n: usize) -> anyhow::Result<Vec<f64>> {
    let place = || path.display().to_string();
    let reader = NpyReader::open(path)?;
    if reader.shape() != [n] {
        bail!("{}: shape {:?}, expected [{n}] as the losses", place(), reader.shape());
    }
    let region = reader.into_array()?.to_f64().with_context(place)?;
    if let Some(at) = region.iter().position(|a| !(a.is_finite() && *a >= 0.0)) {
        bail!("{}: element {at}: {}, expected a finite number of at least 0", place(), region[at]);
    }
    Ok(region)
}

#[derive(Serialize)]
struct Report {
    output: String,
    losses: String,
    /// How many examples there are of how many that the sidecar describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of_sidecar: Option<(usize, usize)>,
    weighting: String,
    n_examples: usize,
    n_zero: usize,
    sum: f64,
    least: f64,
    greatest: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_part(formatter, &self.losses, self.part_of_sidecar)?;
        let Self { weighting, n_examples, n_zero, output, .. } = self;
        writeln!(formatter, "{weighting}: {n_examples} examples, {n_zero} of them of weight 0")?;
        let [least, greatest, sum] = [self.least, self.greatest, self.sum].map(short);
        writeln!(formatter, "weights from {least} to {greatest}, in sum {sum}")?;
        writeln!(formatter, "written to {}", place(output))
    }
}
