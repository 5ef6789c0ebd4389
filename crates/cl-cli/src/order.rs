//! `curriculum order`: which examples at which step.

mod batches;
mod examples;
mod mix;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::NpyReader;
use cl_pacing::{
    Cursor, Exposure, Given, Padding, Remainder, Sampler, SamplerInput, SamplerInputs, SeveralScores,
    SourcesSampler, TokenBudgetSampler, order_by_name, orders, pacing_by_name, pacings, sampler_by_name,
    sampler_inputs, samplers,
};
use cl_study::shown;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::paths;
use crate::{
    difficulty::{Direction, ReadDirection, chosen_column, difficulties, read_scores, write_part},
    named::{List, PacingParameters, borrowed, from_to, key_value},
    output::{answer, check_results, place, print_beside, short, written},
    output_format::OutputFormat,
    score_file::ScoreFile,
    tables::TableArguments,
};
use batches::{Batches, Division};
use examples::{Examples, Source};
use mix::MixArguments;

/// The most that can be shown: it would take a year.
const MOST_SHOWN: u128 = 1 << 48;

/// Epochs of all data in the budget where none is given, and none has a part in what is shown.
const DEFAULT_EPOCHS: u64 = 100;

/// Say which examples a curriculum shows at which step.
///
/// A pure function of its arguments: the same call always gives the same answer, any part of it can be asked for on
/// its own, and the parts of all ranks make up the batch. SCORES is what `curriculum score` writes or another table of
/// scores (which way a column points its sidecar says, else the metric or the name that it has; the report tells), or a
/// .npy of one difficulty per example. Batches are written as they come, however many (2^48 presentations at most). Steps
/// are counted from 0, FROM included and TO not. OUT by its ending: .csv or .jsonl (`step`, `index` into SCORES from 0,
/// `id`; with --mix also `source`, whose index it is, with --accumulate `micro_batch`, with --remainder pad `weight`),
/// .npz (`indices`, batch b being those from `indptr[b]` to `indptr[b + 1]`, and the `steps` of the batches; with --mix
/// the sources lie one after the other, from each `source_indptr` on) or .npy (the indices, batch after batch, without
/// their bounds).
///
/// A pacing is over the run, whose steps --total-steps says; `full` needs none. Of a batch that ranks cannot divide
/// evenly each gets a share, which is an error where it is empty: --remainder says what becomes of it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum order scores.csv --order easy-first --pacing root --a 0.8 --b 0.2 --batch-size 128 --seed 1 \\
      --total-steps 39100 --steps 0..391 -o first.csv
  curriculum order scores.npy --order random --batch-size 32 --steps 500..600 --rank 3 --world-size 8 -o part.npy
  curriculum order scores.csv --column length,rarity --join intersection --sampler competence --pacing competence \\
      --batch-size 64 --total-steps 5000 --steps 0..5000 --exposure seen.csv -o order.npy
  curriculum order scores.csv --token-budget 8192 --lengths n_tokens --sampler-param multiple_of=8 --steps 0..1000 \\
      -o batches.npz
  curriculum order --mix web.csv=0.7..0.2,code.csv=0.3..0.8 --batch-size 256 --total-steps 10000 --steps 0..10000 \\
      -o mixed.npz
  curriculum order --list")]
pub(crate) struct Arguments {
    /// The scores (.csv, .tsv, .jsonl, .parquet, .npz, .npy), or - for standard input
    #[arg(required_unless_present_any = ["list", "mix"])]
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
    /// Labels for balanced orders, keys to keep apart or groups to keep whole (.npy, or a table with `id` and `label`),
    /// where SCORES has none
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
    /// Epochs in batches of at most so many tokens, padding included: --sampler token-budget
    #[arg(long, value_name = "TOKENS", requires = "lengths", conflicts_with = "sampler")]
    token_budget: Option<u64>,
    /// The length of each example in tokens: a column of SCORES, or a .npy
    #[arg(long, value_name = "COLUMN|FILE.npy")]
    lengths: Option<String>,
    /// The weight of each example, for --sampler weighted: a column of SCORES, or a .npy
    #[arg(long, value_name = "COLUMN|FILE.npy")]
    weights: Option<String>,
    #[command(flatten)]
    mix: MixArguments,
    /// Examples in a batch, over all ranks; with --token-budget the most of them
    #[arg(long, value_name = "B", required_unless_present_any = ["list", "token_budget"])]
    batch_size: Option<usize>,
    /// Batches of another size from some step on, in increasing steps: what an epoch has not shown yet it goes on with
    #[arg(long, value_name = "STEP=B", value_delimiter = ',', value_parser = step_and_size)]
    batch_size_from: Vec<(u64, usize)>,
    /// The seed of ties, shuffles and draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// The steps to tell: FROM..TO, TO excluded
    #[arg(long, value_name = "FROM..TO", value_parser = from_to::<u64>, required_unless_present = "list")]
    steps: Option<Range<u64>>,
    /// The budget T, the steps of the whole run, which every pacing but full is over
    #[arg(long, value_name = "T")]
    total_steps: Option<u64>,
    /// The part of this rank alone
    #[arg(long, value_name = "R", default_value_t = 0)]
    rank: usize,
    /// The number of ranks
    #[arg(long, value_name = "W", default_value_t = 1)]
    world_size: usize,
    /// What becomes of a batch that the ranks cannot divide evenly
    #[arg(long, value_enum, value_name = "WHAT")]
    remainder: Option<RemainderName>,
    /// Cut each batch of this rank into so many micro-batches, whose gradients one update sums up
    #[arg(long, value_name = "N")]
    accumulate: Option<usize>,
    /// Write how often and when first each example was shown in these steps, over all ranks (.csv or .jsonl)
    #[arg(long, value_name = "OUT.csv")]
    exposure: Option<PathBuf>,
    /// Where to write: .csv, .jsonl, .npz or .npy; - for standard output
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// The format of OUT, whatever its name: csv, jsonl, npz or npy
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RemainderName {
    /// The last examples are left out, so that every rank has as many
    DropLast,
    /// Ranks with fewer get one of the batch again, with weight 0
    Pad,
    /// A rank without an example gets an empty batch
    Empty,
}

impl From<RemainderName> for Remainder {
    fn from(name: RemainderName) -> Self {
        match name {
            RemainderName::DropLast => Self::DropLast,
            RemainderName::Pad => Self::Pad,
            RemainderName::Empty => Self::Empty,
        }
    }
}

/// From which step on how many examples.
fn step_and_size(text: &str) -> Result<(u64, usize), String> {
    let parts = text.split_once('=').and_then(|(step, size)| Some((step.parse().ok()?, size.parse().ok()?)));
    parts.ok_or_else(|| "expected STEP=B, such as 1000=64".into())
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let sources = &arguments.mix.mix;
    let read = [&arguments.scores, &arguments.labels, &arguments.permutation].into_iter().flatten();
    let read = read.chain(sources.iter().map(|source| &source.path));
    paths::check(read, std::iter::once(&arguments.output).chain(&arguments.exposure))?;
    if arguments.list {
        let lists = vec![("orders", orders()), ("pacings", pacings()), ("samplers", samplers())];
        return answer(&List(lists), arguments.json);
    }
    let (Some(steps), true) = (arguments.steps.clone(), arguments.scores.is_some() == sources.is_empty()) else {
        bail!("no scores or no steps");
    };
    if arguments.accumulate == Some(0) {
        bail!("--accumulate is 0, expected at least 1");
    }
    let format = OutputFormat::of(&arguments.output, arguments.output_format, WRITTEN)?;
    let exposure_format = |path: &PathBuf| OutputFormat::of(path, None, &WRITTEN[..2]);
    let exposure_format = arguments.exposure.as_ref().map(exposure_format).transpose()?;
    let results = [Some(arguments.output.as_path()), arguments.exposure.as_deref()];
    check_results(&results)?;
    let n_steps = steps.end - steps.start;
    let batch_size = arguments.batch_size.unwrap_or(1);
    if u128::from(n_steps) * batch_size as u128 > MOST_SHOWN {
        let Range { start, end } = steps;
        bail!("--steps is {start}..{end} in batches of {batch_size}, expected at most 2^48 presentations");
    }
    // A rank that there is not is wrong for every file.
    cl_pacing::share_of_rank(0, arguments.rank, arguments.world_size)?;
    let Drawn { sampler, examples, about } = match &arguments.scores {
        Some(path) => of_scores(arguments, path)?,
        None => of_sources(arguments)?,
    };
    let mut cursor = Cursor::new(sampler);
    cursor.seek(steps.start);

    let n = examples.len();
    let (rank, world_size, accumulate) = (arguments.rank, arguments.world_size, arguments.accumulate);
    let remainder = arguments.remainder.map(Remainder::from);
    let mut batches = Batches {
        sampler_name: arguments.sampler_name(),
        cursor,
        end: steps.end,
        division: Division { rank, world_size, remainder, accumulate },
        exposure: Exposure::new(n),
        n_shown: 0,
    };
    match (&arguments.exposure, exposure_format) {
        // Both are there in the end, or none.
        (Some(path), Some(exposure_format)) => written(path, |writer| {
            batches.save(&arguments.output, format, &examples)?;
            examples.write_exposure(writer, exposure_format, &batches.exposure)
        })?,
        _ => batches.save(&arguments.output, format, &examples)?,
    }
    let Batches { exposure, n_shown, .. } = batches;
    let report = Report {
        output: arguments.output.display().to_string(),
        about,
        n_examples: n,
        steps: (steps.start, steps.end),
        total_steps: total_steps(arguments, n),
        rank,
        world_size,
        n_shown,
        n_never_shown: exposure.never_shown().len(),
    };
    print_beside(&report, arguments.json, &results)
}

/// What is written.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Csv, OutputFormat::Jsonl, OutputFormat::Npz, OutputFormat::Npy];

impl Arguments {
    fn sampler_name(&self) -> &str {
        match (self.token_budget, self.mix.mix.is_empty()) {
            (Some(_), _) => TOKEN_BUDGET,
            (None, false) => "sources",
            (None, true) => &self.sampler,
        }
    }
}

const TOKEN_BUDGET: &str = "token-budget";

fn total_steps(arguments: &Arguments, n: usize) -> u64 {
    // Never of FROM..TO: another part would be of another curriculum.
    let n_batches = n.div_ceil(arguments.batch_size.unwrap_or(1).max(1)) as u64;
    arguments.total_steps.unwrap_or(DEFAULT_EPOCHS * n_batches)
}

/// A sampler, and what it draws from.
struct Drawn {
    sampler: Box<dyn Sampler>,
    examples: Examples,
    about: About,
}

fn of_scores(arguments: &Arguments, path: &Path) -> anyhow::Result<Drawn> {
    let file = read_scores(path, &arguments.tables)?;
    let (difficulty, columns) = match arguments.sampler_name() {
        // What knows no order needs no column for one.
        TOKEN_BUDGET | "weighted" if arguments.column.is_empty() => (vec![0.0; file.n_examples()], Vec::new()),
        _ => difficulty(arguments, &file)?,
    };
    let ids = file.ids.clone().unwrap_or_else(|| Ids::range(difficulty.len()));
    let (sampler, padding) = sampler(arguments, &file, &difficulty)?;
    let (scores, part_of_sidecar) = (path.display().to_string(), file.part_of_sidecar());
    Ok(Drawn {
        sampler,
        examples: Examples(vec![Source { name: None, ids }]),
        about: About::Scores { scores, part_of_sidecar, columns, padding: padding.map(PaddingReport::from) },
    })
}

fn of_sources(arguments: &Arguments) -> anyhow::Result<Drawn> {
    let (mut sources, mut reports) = (Vec::new(), Vec::new());
    for source in &arguments.mix.mix {
        let file = read_scores(&source.path, &arguments.tables)?;
        let ids = file.ids.clone().unwrap_or_else(|| Ids::range(file.n_examples()));
        sources.push(Source { name: Some(source.path.display().to_string()), ids });
    }
    let sizes: Vec<usize> = sources.iter().map(|source| source.ids.len()).collect();
    let proportions = arguments.mix.proportions(&sizes, arguments.total_steps)?;
    let batch_size = arguments.batch_size.unwrap_or(0);
    let mut sampler = SourcesSampler::new(&sizes, proportions, batch_size, arguments.seed)?;
    for &(step, size) in &arguments.batch_size_from {
        sampler.replace_batch_size(step, size).context("--batch-size-from")?;
    }
    let end = arguments.steps.as_ref().map_or(0, |steps| steps.end);
    let last = sampler.shares(end.saturating_sub(1));
    for (at, (source, share)) in sources.iter().zip(last).enumerate() {
        let (epoch, shown) = sampler.position(end, at);
        let epochs = epoch as f64 + shown as f64 / sizes[at] as f64;
        reports.push(SourceReport { source: source.name.clone(), n_examples: sizes[at], share, epochs });
    }
    Ok(Drawn { sampler: Box::new(sampler), examples: Examples(sources), about: About::Mix { sources: reports } })
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
) -> anyhow::Result<(Box<dyn Sampler>, Option<Padding>)> {
    let n = difficulty.len();
    let ids = file.ids.clone().unwrap_or_else(|| Ids::range(n));
    let classes = match &arguments.labels {
        Some(labels) => Some(arguments.tables.read_labels(labels, &ids, &file.path)?),
        None => file.labels.clone(),
    };
    let permutation = arguments.permutation.as_deref().map(|path| read_permutation(path, n)).transpose()?;
    let name = arguments.sampler_name();
    if arguments.total_steps.is_none()
        && arguments.pacing != "full"
        && sampler_inputs(name)?.contains(&SamplerInput::TotalSteps)
    {
        let pacing = &arguments.pacing;
        bail!("no --total-steps, expected the steps of the whole run, which --pacing {pacing} is over");
    }
    let total = total_steps(arguments, n);
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
    if name == "competence" && arguments.order != "easy-first" {
        bail!("--sampler competence goes by difficulty itself, expected --order easy-first");
    }
    let lengths = arguments.lengths.as_deref().map(|from| lengths(file, from)).transpose()?;
    let weights = arguments.weights.as_deref().map(|from| values(file, "--weights", from)).transpose()?;
    let inputs = SamplerInputs {
        n_examples: n,
        order: Some(&order),
        difficulty: Some(difficulty),
        classes: classes.as_deref(),
        irreducible: None,
        lengths: lengths.as_deref(),
        weights: weights.as_deref(),
        pacing: Some(pacing),
        batch_size: arguments.batch_size.unwrap_or(0),
        later_batch_sizes: &arguments.batch_size_from,
        total_steps: total,
        seed,
    };
    let tokens = arguments.token_budget.map(|tokens| tokens.to_string());
    let mut parameters: Vec<_> = borrowed(&arguments.sampler_param).collect();
    parameters.extend(tokens.as_deref().map(|tokens| ("tokens", tokens)));
    if name.replace('_', "-") == TOKEN_BUDGET && arguments.batch_size_from.is_empty() {
        if arguments.batch_size == Some(0) {
            bail!("--batch-size is 0, expected at least 1");
        }
        let sampler = TokenBudgetSampler::by_parameters(&parameters, &inputs)?;
        let padding = sampler.padding();
        return Ok((Box::new(sampler), Some(padding)));
    }
    Ok((sampler_by_name(name, &parameters, &inputs)?, None))
}

/// A number of each example: a column of the scores, or an array.
fn values(file: &ScoreFile, flag: &str, from: &str) -> anyhow::Result<Vec<f64>> {
    if !from.ends_with(".npy") {
        return Ok(file.column(from).with_context(|| flag.to_owned())?.values.clone());
    }
    let (reader, n) = (NpyReader::open(from)?, file.n_examples());
    if reader.shape() != [n] {
        bail!("{from}: shape {:?}, expected [{n}] as the scores", reader.shape());
    }
    reader.into_array()?.to_f64().with_context(|| from.to_owned())
}

/// The tokens of each example.
fn lengths(file: &ScoreFile, from: &str) -> anyhow::Result<Vec<u64>> {
    let whole = |(example, length): (usize, f64)| {
        if !(length.fract() == 0.0 && (1.0..=u32::MAX.into()).contains(&length)) {
            let id = file.ids.as_ref().and_then(|ids| ids.get(example));
            let of = id.map_or_else(|| format!("example {example}"), |id| format!("id {id}"));
            let file = if from.ends_with(".npy") { from.to_owned() } else { file.path.display().to_string() };
            bail!("{file}: --lengths {from}: {length} of {of}, expected a whole number of tokens, at least 1");
        }
        Ok(length as u64)
    };
    values(file, "--lengths", from)?.into_iter().enumerate().map(whole).collect()
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

/// A column, and which way it was read.
#[derive(Serialize)]
struct ReadColumn {
    name: String,
    direction: ReadDirection,
}

/// What the batches are drawn from.
#[derive(Serialize)]
#[serde(untagged)]
enum About {
    Scores {
        scores: String,
        /// How many examples there are of how many that the sidecar describes.
        #[serde(skip_serializing_if = "Option::is_none")]
        part_of_sidecar: Option<(usize, usize)>,
        columns: Vec<ReadColumn>,
        #[serde(skip_serializing_if = "Option::is_none")]
        padding: Option<PaddingReport>,
    },
    Mix {
        sources: Vec<SourceReport>,
    },
}

/// An epoch in batches of tokens.
#[derive(Serialize)]
struct PaddingReport {
    #[serde(flatten)]
    padding: Padding,
    /// The part of the tokens that is padding.
    waste: f64,
}

impl From<Padding> for PaddingReport {
    fn from(padding: Padding) -> Self {
        Self { waste: padding.waste(), padding }
    }
}

/// A source at the end of the steps.
#[derive(Serialize)]
struct SourceReport {
    source: Option<String>,
    n_examples: usize,
    share: f64,
    /// How often it was gone through since step 0.
    epochs: f64,
}

#[derive(Serialize)]
struct Report {
    output: String,
    #[serde(flatten)]
    about: About,
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
        match &self.about {
            About::Scores { scores, part_of_sidecar, columns, padding } => {
                write_part(formatter, scores, *part_of_sidecar)?;
                for ReadColumn { name, direction } in columns {
                    writeln!(formatter, "{}: {direction}", shown::name(name))?;
                }
                if let Some(PaddingReport { padding, waste }) = padding {
                    let Padding { n_batches, n_tokens, n_padded_tokens, .. } = padding;
                    let waste = short(100.0 * waste);
                    writeln!(
                        formatter,
                        "an epoch: {n_batches} batches of {n_padded_tokens} tokens, {waste} % of them padding to {n_tokens}"
                    )?;
                }
            }
            About::Mix { sources } => {
                for SourceReport { source, n_examples, share, epochs } in sources {
                    let name = shown::name(source.as_deref().unwrap_or_default());
                    let (share, epochs) = (short(100.0 * share), short(*epochs));
                    writeln!(
                        formatter,
                        "{name}: {n_examples} examples, {share} % of the last batch, {epochs} epochs since step 0"
                    )?;
                }
            }
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
