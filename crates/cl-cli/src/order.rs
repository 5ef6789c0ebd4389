//! `curriculum order`: which examples at which step.

use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::{Array, ArrayData, read_npy, write_atomically, write_npy};
use cl_pacing::{
    Cursor, Exposure, Given, Sampler, SamplerInputs, SeveralScores, order_by_name, orders, pacing_by_name,
    pacings, sampler_by_name, samplers,
};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::{
    difficulty::{Direction, chosen_column, difficulties, read_labels, read_scores},
    named::{List, PacingParameters, borrowed, from_to, key_value},
    output::{csv_field, print},
    score_file::ScoreFile,
};

/// Epochs of all data in the budget where none is given.
const DEFAULT_EPOCHS: u64 = 100;

/// Say which examples a curriculum shows at which step.
///
/// A pure function of its arguments: the same call always gives the same answer, any part of it can be asked for on
/// its own, and the parts of all ranks make up the batch. SCORES is what `curriculum score` writes (its sidecar says
/// which way a column points), or a .npy of one difficulty per example. Steps are counted from 0, FROM included and
/// TO not. OUT by its ending: .csv (`step`, `index` into SCORES from 0, `id`) or .npy (the indices, batch after batch).
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
    /// The scores (.csv, .npz, .npy, and .parquet in a build with that feature)
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
    /// What a high value means, where the column is neither or the file is wrong
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
    /// Labels for balanced orders (.npy, N integers, or .csv with `id` and `label`), where SCORES has none
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
    /// Write how often and when first each example was shown in these steps, over all ranks (.csv)
    #[arg(long, value_name = "OUT.csv")]
    exposure: Option<PathBuf>,
    /// Where to write: .csv or .npy [default: CSV on standard output]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
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
    if arguments.list {
        let lists = vec![("orders", orders()), ("pacings", pacings()), ("samplers", samplers())];
        return print(&List(lists), arguments.json);
    }
    let (Some(path), Some(batch_size), Some(steps)) =
        (&arguments.scores, arguments.batch_size, arguments.steps.clone())
    else {
        bail!("no scores, no batch size or no steps");
    };
    if arguments.json && arguments.output.is_none() {
        bail!("--json reports on what is written, expected --output, too");
    }
    let ending = arguments.output.as_ref().map(|path| path.extension().and_then(|ending| ending.to_str()));
    if let (Some(output), false) = (&arguments.output, matches!(ending, None | Some(Some("csv" | "npy")))) {
        bail!("{}: unknown ending, expected .csv or .npy", output.display());
    }
    // A rank that there is not is wrong for every file.
    cl_pacing::share_of_rank(0, arguments.rank, arguments.world_size)?;
    let file = read_scores(path)?;
    let place = || path.display().to_string();
    let difficulty = difficulty(arguments, &file).with_context(place)?;
    let n = difficulty.len();
    let ids = file.ids.clone().unwrap_or_else(|| Ids::range(n));
    let mut cursor = Cursor::new(sampler(arguments, &file, &difficulty, batch_size)?);
    cursor.seek(steps.start);

    let (mut shown, mut exposure) = (Vec::new(), Exposure::new(n));
    while cursor.position() < steps.end {
        let (step, batch) = cursor.next_batch().with_context(|| format!("--sampler {}", arguments.sampler))?;
        exposure.record(step, &batch.indices)?;
        let share = cl_pacing::share_of_rank(batch.indices.len(), arguments.rank, arguments.world_size)?;
        shown.extend(batch.indices[share].iter().map(|&index| (step, index)));
    }
    if let Some(path) = &arguments.exposure {
        write_atomically(path, |writer| write_exposure(writer, &ids, &exposure))?;
    }
    match (&arguments.output, ending) {
        (Some(output), Some(Some("npy"))) => {
            let indices = shown.iter().map(|&(_, index)| index as i64).collect();
            write_npy(output, &Array::new(vec![shown.len()], ArrayData::I64(indices))?)?;
        }
        (Some(output), _) => write_atomically(output, |writer| write_rows(writer, &ids, &shown))?,
        (None, _) => {
            let mut stdout = io::stdout().lock();
            write_rows(&mut stdout, &ids, &shown)?;
            return Ok(stdout.flush()?);
        }
    }
    let report = Report {
        output: arguments.output.as_ref().map(|path| path.display().to_string()),
        n_examples: n,
        steps: (steps.start, steps.end),
        total_steps: total_steps(arguments, n, batch_size),
        rank: arguments.rank,
        world_size: arguments.world_size,
        n_shown: shown.len(),
        n_never_shown: exposure.never_shown().len(),
    };
    print(&report, arguments.json)
}

fn total_steps(arguments: &Arguments, n: usize, batch_size: usize) -> u64 {
    // Never of FROM..TO: another part would be of another curriculum.
    arguments.total_steps.unwrap_or_else(|| DEFAULT_EPOCHS * n.div_ceil(batch_size.max(1)) as u64)
}

/// The difficulty of each example, of one column or of several joined.
fn difficulty(arguments: &Arguments, file: &ScoreFile) -> anyhow::Result<Vec<f64>> {
    let of = |name: Option<&str>| difficulties(file, chosen_column(file, name)?, arguments.high_is);
    let columns = match &arguments.column[..] {
        [] => vec![of(None)?],
        names => names.iter().map(|name| of(Some(name))).collect::<anyhow::Result<_>>()?,
    };
    if let [column] = &columns[..] {
        return Ok(column.clone());
    }
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let scores = SeveralScores::new(&columns)?;
    Ok(match arguments.join {
        Join::Intersection => scores.intersection(),
        Join::WeightedRank if arguments.join_weights.is_empty() => {
            scores.weighted_rank(&vec![1.0; columns.len()])?
        }
        Join::WeightedRank => scores.weighted_rank(&arguments.join_weights)?,
    })
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
        Some(path) => Some(read_labels(path, &ids)?),
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
    let array = read_npy(path)?;
    if array.shape() != [n] {
        bail!("{}: shape {:?}, expected [{n}] as the scores", place(), array.shape());
    }
    array.to_indices().with_context(place)
}

fn write_rows(writer: &mut dyn Write, ids: &Ids, shown: &[(u64, usize)]) -> io::Result<()> {
    writeln!(writer, "step,index,id")?;
    shown.iter().try_for_each(|&(step, index)| {
        let id = ids.get(index).unwrap_or_default();
        writeln!(writer, "{step},{index},{}", csv_field(&id))
    })
}

fn write_exposure(writer: &mut dyn Write, ids: &Ids, exposure: &Exposure) -> io::Result<()> {
    writeln!(writer, "id,count,first_step")?;
    let mut rows = ids.iter().zip(exposure.counts()).zip(exposure.first_steps());
    rows.try_for_each(|((id, count), first)| {
        let first = first.map_or(String::new(), |step| step.to_string());
        writeln!(writer, "{},{count},{first}", csv_field(&id))
    })
}

#[derive(Serialize)]
struct Report {
    output: Option<String>,
    n_examples: usize,
    /// From and to, the latter excluded.
    steps: (u64, u64),
    total_steps: u64,
    rank: usize,
    world_size: usize,
    /// By this rank, each presentation counted.
    n_shown: usize,
    /// In these steps, by any rank.
    n_never_shown: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_examples, steps: (from, to), total_steps, rank, world_size, n_shown, .. } = self;
        writeln!(
            formatter,
            "steps {from}..{to} of {total_steps}, rank {rank} of {world_size}: {n_shown} examples shown"
        )?;
        writeln!(formatter, "{} of {n_examples} examples are shown in none of these steps", self.n_never_shown)?;
        match &self.output {
            Some(output) => writeln!(formatter, "written to {output}"),
            None => Ok(()),
        }
    }
}
