//! `curriculum order`: which examples at which step.

use std::fmt;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::{NpyList, NpyReader};
use cl_pacing::{
    Batch, Cursor, Exposure, Given, Sampler, SamplerInputs, SeveralScores, order_by_name, orders, pacing_by_name,
    pacings, sampler_by_name, samplers,
};
use cl_study::shown;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::paths;
use crate::{
    difficulty::{Direction, ReadDirection, chosen_column, difficulties, read_scores, write_part},
    named::{List, PacingParameters, borrowed, from_to, key_value},
    output::{answer, check_results, place, print_beside, written},
    output_format::OutputFormat,
    rows::{Field, RowWriter},
    score_file::ScoreFile,
    tables::TableArguments,
};

/// The most that can be shown: it would take a year.
const MOST_SHOWN: u128 = 1 << 48;

/// Epochs of all data in the budget where none is given.
const DEFAULT_EPOCHS: u64 = 100;

/// Say which examples a curriculum shows at which step.
///
/// A pure function of its arguments: the same call always gives the same answer, any part of it can be asked for on
/// its own, and the parts of all ranks make up the batch. SCORES is what `curriculum score` writes or another table of
/// scores (which way a column points its sidecar says, else the metric or the name that it has; the report tells), or a
/// .npy of one difficulty per example. Batches are written as they come, however many (2^48 presentations at most). Steps are counted from 0, FROM included and TO not. OUT by its ending: .csv or
/// .jsonl (`step`, `index` into SCORES from 0, `id`) or .npy (the indices, batch after batch).
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum order scores.csv --order easy-first --pacing root --a 0.8 --b 0.2 --batch-size 128 --seed 1 \\
      --total-steps 39100 --steps 0..391 -o first.csv
  curriculum order scores.npy --order random --batch-size 32 --steps 500..600 --rank 3 --world-size 8 -o part.npy
  curriculum order scores.csv --column length,rarity --join intersection --sampler competence --pacing competence \\
      --batch-size 64 --total-steps 5000 --steps 0..5000 --exposure seen.csv -o order.npy
  curriculum order --list")]
pub(crate) struct Arguments {
    /// The scores (.csv, .tsv, .jsonl, .parquet, .npz, .npy), or - for standard input
    #[arg(required_unless_present = "list")]
    scores: Option<PathBuf>,
    /// The column of scores, where there are several; more than one are joined
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    column: Vec<String>,
    /// How several columns become one difficulty
    #[arg(long, value_enum, default_value_t = Join::Intersection)]
    join: Join,
    /// The weight of each column's ranks, for --join weighted-rank [default: 1 each]
    #[arg(long, value_name = "W", value_delimiter = ',')]
    join_weights: Vec<f64>,
    /// What a high value means, where nothing else tells or that is wrong
    #[arg(long, value_enum, value_name = "WHICH")]
    high_is: Option<Direction>,
    /// The order by name
    #[arg(long, value_name = "NAME", default_value = "easy-first")]
    order: String,
    /// Set a parameter of the order
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    order_param: Vec<(String, String)>,
    /// The order of one's own, for --order permutation (.npy of each index once)
    #[arg(long, value_name = "FILE.npy")]
    permutation: Option<PathBuf>,
    /// Labels for balanced orders (.npy, or a table with `id` and `label`), where SCORES has none
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The pacing by name
    #[arg(long, value_name = "NAME", default_value = "full")]
    pacing: String,
    #[command(flatten)]
    parameters: PacingParameters,
    /// The sampler by name: how batches are drawn from what is available
    #[arg(long, value_name = "NAME", default_value = "prefix")]
    sampler: String,
    /// Set a parameter of the sampler
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    sampler_param: Vec<(String, String)>,
    /// Examples in a batch, over all ranks
    #[arg(long, value_name = "B", required_unless_present = "list")]
    batch_size: Option<usize>,
    /// The seed of ties, shuffles and draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// The steps to tell: FROM..TO, TO excluded
    #[arg(long, value_name = "FROM..TO", value_parser = from_to::<u64>, required_unless_present = "list")]
    steps: Option<Range<u64>>,
    /// The budget T, the steps of the whole run [default: 100 epochs of all data]
    #[arg(long, value_name = "T")]
    total_steps: Option<u64>,
    /// The part of this rank alone
    #[arg(long, value_name = "R", default_value_t = 0)]
    rank: usize,
    /// The number of ranks
    #[arg(long, value_name = "W", default_value_t = 1)]
    world_size: usize,
    /// Write how often and when first each example was shown in these steps, over all ranks (.csv or .jsonl)
    #[arg(long, value_name = "OUT.csv")]
    exposure: Option<PathBuf>,
    /// Where to write: .csv, .jsonl or .npy; - for standard output
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// The format of OUT, whatever its name: csv, jsonl or npy
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    output_format: Option<OutputFormat>,
    #[command(flatten)]
    tables: TableArguments,
    /// List orders, pacings and samplers with their parameters
    #[arg(long)]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Join {
    /// Hard by one is hard: the prefixes are those of every column at once
    Intersection,
    /// The mean of the ranks
    WeightedRank,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let read = [&arguments.scores, &arguments.labels, &arguments.permutation].into_iter().flatten();
    paths::check(read, std::iter::once(&arguments.output).chain(&arguments.exposure))?;
    if arguments.list {
        let lists = vec![("orders", orders()), ("pacings", pacings()), ("samplers", samplers())];
        return answer(&List(lists), arguments.json);
    }
    let (Some(path), Some(batch_size), Some(steps)) =
        (&arguments.scores, arguments.batch_size, arguments.steps.clone())
    else {
        bail!("no scores, no batch size or no steps");
    };
    let format = OutputFormat::of(&arguments.output, arguments.output_format, WRITTEN)?;
    let exposure_format = |path: &PathBuf| OutputFormat::of(path, None, &WRITTEN[..2]);
    let exposure_format = arguments.exposure.as_ref().map(exposure_format).transpose()?;
    let results = [Some(arguments.output.as_path()), arguments.exposure.as_deref()];
    check_results(&results)?;
    let n_steps = steps.end - steps.start;
    if u128::from(n_steps) * batch_size as u128 > MOST_SHOWN {
        let Range { start, end } = steps;
        bail!("--steps is {start}..{end} in batches of {batch_size}, expected at most 2^48 presentations");
    }
    // A rank that there is not is wrong for every file.
    cl_pacing::share_of_rank(0, arguments.rank, arguments.world_size)?;
    let file = read_scores(path, &arguments.tables)?;
    let (difficulty, columns) = difficulty(arguments, &file)?;
    let n = difficulty.len();
    let ids = file.ids.clone().unwrap_or_else(|| Ids::range(n));
    let mut cursor = Cursor::new(sampler(arguments, &file, &difficulty, batch_size)?);
    cursor.seek(steps.start);

    let mut shown = Shown { arguments, cursor, end: steps.end, exposure: Exposure::new(n), n_shown: 0 };
    match (&arguments.exposure, exposure_format) {
        // Both are there in the end, or none.
        (Some(path), Some(exposure_format)) => written(path, |writer| {
            shown.write(format, &ids)?;
            write_exposure(writer, exposure_format, &ids, &shown.exposure)
        })?,
        _ => shown.write(format, &ids)?,
    }
    let Shown { exposure, n_shown, .. } = shown;
    let report = Report {
        output: arguments.output.display().to_string(),
        scores: path.display().to_string(),
        part_of_sidecar: file.part_of_sidecar(),
        columns,
        n_examples: n,
        steps: (steps.start, steps.end),
        total_steps: total_steps(arguments, n, batch_size),
        rank: arguments.rank,
        world_size: arguments.world_size,
        n_shown,
        n_never_shown: exposure.never_shown().len(),
    };
    print_beside(&report, arguments.json, &results)
}

/// The steps asked for, as they are gone through.
struct Shown<'a> {
    arguments: &'a Arguments,
    cursor: Cursor<Box<dyn Sampler>>,
    end: u64,
    /// Of all ranks.
    exposure: Exposure,
    /// By this rank.
    n_shown: u64,
}

impl Shown<'_> {
    /// Writes them batch by batch: however many steps there are, none is kept.
    fn write(&mut self, format: OutputFormat, ids: &Ids) -> anyhow::Result<()> {
        written(&self.arguments.output, |writer| {
            if format == OutputFormat::Npy {
                let mut list = NpyList::new(writer)?;
                self.for_each(|_, indices| Ok(indices.iter().try_for_each(|&index| list.push(index as i64))?))?;
                return Ok(list.finish()?);
            }
            let mut rows = RowWriter::new(writer, format, &["step", "index", "id"])?;
            self.for_each(|step, indices| {
                indices.iter().try_for_each(|&index| {
                    let id = ids.get(index).unwrap_or_default();
                    rows.write(&[Field::Count(step), index.into(), id.into()])
                })
            })
        })
    }

    /// Hands on each step with what this rank shows in it.
    fn for_each(&mut self, mut take: impl FnMut(u64, &[usize]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Arguments { rank, world_size, sampler, .. } = self.arguments;
        let mut batch = Batch::default();
        while self.cursor.position() < self.end {
            let step = self.cursor.next_into(&mut batch).with_context(|| format!("--sampler {sampler}"))?;
            self.exposure.record(step, &batch.indices)?;
            let share = cl_pacing::share_of_rank(batch.indices.len(), *rank, *world_size)?;
            self.n_shown += share.len() as u64;
            take(step, &batch.indices[share])?;
        }
        Ok(())
    }
}

/// What is written.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Csv, OutputFormat::Jsonl, OutputFormat::Npy];

fn total_steps(arguments: &Arguments, n: usize, batch_size: usize) -> u64 {
    // Never of FROM..TO: another part would be of another curriculum.
    arguments.total_steps.unwrap_or_else(|| DEFAULT_EPOCHS * n.div_ceil(batch_size.max(1)) as u64)
}

/// The difficulty of each example, of one column or of several joined, and which way they were read.
fn difficulty(arguments: &Arguments, file: &ScoreFile) -> anyhow::Result<(Vec<f64>, Vec<ReadColumn>)> {
    let names: Vec<Option<&str>> = match &arguments.column[..] {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let (mut columns, mut read) = (Vec::new(), Vec::new());
    for name in names {
        let column = chosen_column(file, name)?;
        let (values, direction) = difficulties(file, column, arguments.high_is)?;
        columns.push(values);
        read.push(ReadColumn { name: column.name.clone(), direction });
    }
    if let [column] = &mut columns[..] {
        return Ok((std::mem::take(column), read));
    }
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let joined = || -> anyhow::Result<Vec<f64>> {
        let scores = SeveralScores::new(&columns)?;
        Ok(match arguments.join {
            Join::Intersection => scores.intersection(),
            Join::WeightedRank if arguments.join_weights.is_empty() => {
                scores.weighted_rank(&vec![1.0; columns.len()])?
            }
            Join::WeightedRank => scores.weighted_rank(&arguments.join_weights).context("--join-weights")?,
        })
    };
    Ok((joined().with_context(|| file.path.display().to_string())?, read))
}

fn sampler(
    arguments: &Arguments,
    file: &ScoreFile,
    difficulty: &[f64],
    batch_size: usize,
) -> anyhow::Result<Box<dyn Sampler>> {
    let n = difficulty.len();
    let ids = file.ids.clone().unwrap_or_else(|| Ids::range(n));
    let classes = match &arguments.labels {
        Some(labels) => Some(arguments.tables.read_labels(labels, &ids, &file.path)?),
        None => file.labels.clone(),
    };
    let permutation = arguments.permutation.as_deref().map(|path| read_permutation(path, n)).transpose()?;
    let total = total_steps(arguments, n, batch_size);
    let given = Given {
        total,
        difficulty: Some(difficulty),
        classes: classes.as_deref(),
        order: permutation.as_deref(),
        ..Given::default()
    };
    let seed = arguments.seed;
    let order_parameters: Vec<_> = borrowed(&arguments.order_param).collect();
    let order = order_by_name(&arguments.order, &order_parameters, &given)?.order(difficulty, seed)?;
    let pacing = pacing_by_name(&arguments.pacing, &arguments.parameters.pairs(), &given)?;
    if arguments.sampler == "competence" && arguments.order != "easy-first" {
        bail!("--sampler competence goes by difficulty itself, expected --order easy-first");
    }
    let inputs = SamplerInputs {
        n_examples: n,
        order: Some(&order),
        difficulty: Some(difficulty),
        classes: classes.as_deref(),
        irreducible: None,
        lengths: None,
        weights: None,
        pacing: Some(pacing),
        batch_size,
        total_steps: total,
        seed,
    };
    let parameters: Vec<_> = borrowed(&arguments.sampler_param).collect();
    Ok(sampler_by_name(&arguments.sampler, &parameters, &inputs)?)
}

fn read_permutation(path: &Path, n: usize) -> anyhow::Result<Vec<usize>> {
    let place = || path.display().to_string();
    let reader = NpyReader::open(path)?;
    if reader.shape() != [n] {
        bail!("{}: shape {:?}, expected [{n}] as the scores", place(), reader.shape());
    }
    let order = reader.into_array()?.to_indices().with_context(place)?;
    let mut seen = vec![false; n];
    for (at, &index) in order.iter().enumerate() {
        match seen.get_mut(index) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => {
                bail!("{}: element {at}: index {index} is there before, expected each of 0..{n} once", place())
            }
            None => bail!("{}: element {at}: index {index}, expected each of 0..{n} once", place()),
        }
    }
    Ok(order)
}

fn write_exposure(
    writer: &mut dyn Write,
    format: OutputFormat,
    ids: &Ids,
    exposure: &Exposure,
) -> anyhow::Result<()> {
    let mut rows = RowWriter::new(writer, format, &["id", "count", "first_step"])?;
    let counts = exposure.counts().iter().zip(exposure.first_steps());
    ids.iter().zip(counts).try_for_each(|(id, (&count, first))| {
        rows.write(&[id.into(), Field::Count(count), first.map_or(Field::Missing, Field::Count)])
    })
}

/// A column, and which way it was read.
#[derive(Serialize)]
struct ReadColumn {
    name: String,
    direction: ReadDirection,
}

#[derive(Serialize)]
struct Report {
    output: String,
    scores: String,
    /// How many examples there are of how many that the sidecar describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of_sidecar: Option<(usize, usize)>,
    columns: Vec<ReadColumn>,
    n_examples: usize,
    /// From and to, the latter excluded.
    steps: (u64, u64),
    total_steps: u64,
    rank: usize,
    world_size: usize,
    /// By this rank, each presentation counted.
    n_shown: u64,
    /// In these steps, by any rank.
    n_never_shown: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_part(formatter, &self.scores, self.part_of_sidecar)?;
        for ReadColumn { name, direction } in &self.columns {
            writeln!(formatter, "{}: {direction}", shown::name(name))?;
        }
        let Self { n_examples, steps: (from, to), total_steps, rank, world_size, n_shown, .. } = self;
        writeln!(
            formatter,
            "steps {from}..{to} of {total_steps}, rank {rank} of {world_size}: {n_shown} examples shown"
        )?;
        writeln!(formatter, "{} of {n_examples} examples are shown in none of these steps", self.n_never_shown)?;
        writeln!(formatter, "written to {}", place(&self.output))
    }
}
