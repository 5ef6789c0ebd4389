//! `curriculum prune`: which examples are kept, by a score.

mod never_learned;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::io::{Array, ArrayData, NpzReader, write_atomically, write_npy};
use cl_data::{DataError, Ids};
use cl_prune::coreset::Costs;
use cl_prune::{
    Budget, Decision, NeighborLists, PruneError, RemoveUnforgettable, RuleDescription, RuleInputs, RuleNeeds,
    RuleSettings, Selection, SelectionRule, class_options, rules, within_costs,
};
use cl_study::shown;
use clap::Args;
use serde::Serialize;

use crate::columns::Columns;
use crate::difficulty::{Direction, ReadDirection, chosen_column, difficulties, read_scores, write_part};
use crate::dynamics::ids_of;
use crate::named::{borrowed, key_value, write_parameters};
use crate::output::{answer, new_table, place, print_beside, right, short};
use crate::output_format::OutputFormat;
use crate::paths;
use crate::rows::{Field, write_rows};
use crate::tables::TableArguments;

/// Keep a part of the data by a score, and say of every example why it was kept or dropped.
///
/// SCORES is what `curriculum score` writes, or any table (CSV, JSON lines, Parquet, .npz) with a column of scores and
/// perhaps ids. Which way a column points its sidecar says, else the metric or the name that it has, so that `hardest`
/// means hard for a confidence, too; the report says which way it was read. The sidecar also says how `forgetting` counts
/// what was never learned. A .npy without one is a difficulty, high = hard. `curriculum distance` makes the distances for `middle` and `prototypes` and the neighbours
/// for `d2`. The number kept is exact, floor(F N + 0.5), and ties are decided by the seed. OUT is
///   - a .csv or .jsonl file of `id`, `kept` (0 or 1) and `reason`, one row per example in the order of SCORES;
///   - a .npy file of the indices kept, in increasing order;
///   - any other name, and `-` (standard output): the ids kept, one per line, the most important first.
#[derive(Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  curriculum prune scores.csv --keep 0.5 --rule hardest --column el2n -o kept.csv
  curriculum prune scores.csv --drop 0.7 --rule ccs --option beta=0.1 --column aum -o kept.npy
  curriculum prune scores.csv --count 5000 --rule forgetting --option balance=equal --column forgetting -o kept.txt
  curriculum prune distances.csv --keep 0.5 --rule middle --column class_median_distance -o kept.csv
  curriculum prune scores.csv --rule hardest --column el2n --cost tokens --budget 1e6 -o kept.csv
  curriculum prune --list"
)]
pub(crate) struct Arguments {
    /// The scores (.csv, .tsv, .jsonl, .parquet, .npz, .npy), or - for standard input
    #[arg(required_unless_present = "list")]
    scores: Option<PathBuf>,
    #[command(flatten)]
    budget: BudgetArguments,
    /// What each example costs, such as its tokens: a column of SCORES or of --table, or a .npy file
    #[arg(long, value_name = "COLUMN", requires = "budget")]
    cost: Option<String>,
    /// What is chosen already, is not kept again and not counted: a FILE (.npy of indices, .txt of ids, a table with `id` or
    /// `index`, of which the rows count whose `label` is neither empty nor -1 and whose `kept` is 1), or a COLUMN of labels,
    /// those of the pool empty or -1
    #[arg(long, value_name = "FILE|COLUMN")]
    start: Option<String>,
    /// A table with columns of the examples beside SCORES, joined by its `id`
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// The rule by name
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    rule: Option<String>,
    /// Set an option of the rule
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = key_value)]
    options: Vec<(String, String)>,
    /// The column of scores, where there are several
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// What a high value means, where nothing else tells or that is wrong
    #[arg(long, value_enum, value_name = "WHICH")]
    high_is: Option<Direction>,
    /// Labels (.npy, or a table with `id` and `label`), where SCORES has none
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Nearest neighbours for the rule d2 (.npz with `indices` and `distances`, N x k, from `curriculum distance`)
    #[arg(long, value_name = "FILE.npz")]
    neighbors: Option<PathBuf>,
    /// The seed of ties and of all that is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write: .csv, .jsonl, .npy, or ids as lines; - for standard output
    #[arg(short, long, value_name = "OUT", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// The format of OUT, whatever its name: csv, jsonl, npy or ids
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    output_format: Option<OutputFormat>,
    #[command(flatten)]
    tables: TableArguments,
    /// List the rules with their options
    #[arg(long)]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[group(multiple = false)]
struct BudgetArguments {
    /// Keep this part, in (0, 1]
    #[arg(long, value_name = "F")]
    keep: Option<f64>,
    /// Drop this part, in (0, 1]
    #[arg(long, value_name = "F")]
    drop: Option<f64>,
    /// Keep so many
    #[arg(long, value_name = "K")]
    count: Option<usize>,
    /// Keep what costs so much together at most, by --cost: in the rule's order each example that still fits, or, for a
    /// rule that is not nested, the largest number that does
    #[arg(long, value_name = "TOKENS", requires = "cost")]
    budget: Option<f64>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let start_file = arguments.start.as_ref().map(PathBuf::from).filter(|path| path.is_file());
    let read = [&arguments.scores, &arguments.labels, &arguments.neighbors, &arguments.table, &start_file];
    let read = read.into_iter().flatten();
    paths::check(read, &arguments.output)?;
    if arguments.list {
        return answer(&Catalogue(rules().collect()), arguments.json);
    }
    let (Some(path), Some(name), Some(output)) = (&arguments.scores, &arguments.rule, &arguments.output) else {
        bail!("no scores, no rule or no output");
    };
    let budget = match arguments.budget {
        BudgetArguments { keep: Some(keep), .. } => Budget::Keep(keep),
        BudgetArguments { drop: Some(drop), .. } => Budget::Drop(drop),
        BudgetArguments { count: Some(count), .. } => Budget::Count(count),
        // The costs limit it.
        BudgetArguments { budget: Some(_), .. } => Budget::Keep(1.0),
        _ => bail!("how many examples? expected --keep F, --drop F, --count K or --cost COLUMN --budget TOKENS"),
    };
    let options: Vec<(&str, &str)> = borrowed(&arguments.options).collect();
    let mut settings = RuleSettings::parse(name, &options)?;
    let (name, needs) = (settings.description().method.name, settings.description().needs);
    let format = OutputFormat::of(output, arguments.output_format, WRITTEN)?;
    // Before anything is read: a budget that is none is wrong for every file.
    budget.resolve(usize::MAX)?;

    let file = read_scores(path, &arguments.tables)?;
    let column = chosen_column(&file, arguments.column.as_deref())?;
    let n = column.values.len();
    let ids = file.ids.clone().unwrap_or_else(|| Ids::range(n));
    let (scores, direction) = difficulties(&file, column, arguments.high_is)?;
    if name == RemoveUnforgettable::NAME
        && let Some(never) = never_learned::count(&file, column, &arguments.options)?
    {
        let never = never.to_string();
        settings = RuleSettings::parse(name, &[options, vec![("never", never.as_str())]].concat())?;
    }
    let labels = match &arguments.labels {
        Some(labels) => Some(arguments.tables.read_labels(labels, &ids, path)?),
        None => file.labels.clone(),
    };
    if settings.needs_labels() && labels.is_none() {
        file.needed_labels()?;
        bail!("{}: no labels, which {name} needs; expected --labels FILE", path.display());
    }
    let confidence = match needs {
        RuleNeeds::Confidence => {
            Some(file.column("confidence").with_context(|| format!("{name} needs confidence"))?)
        }
        _ => None,
    };
    let neighbors = match (&arguments.neighbors, needs) {
        (Some(neighbors), RuleNeeds::Neighbors) => Some(read_neighbors(neighbors, &ids)?),
        (None, RuleNeeds::Neighbors) => bail!("{name} needs nearest neighbours, expected --neighbors FILE.npz"),
        (Some(neighbors), _) => bail!("{}: {name} takes no neighbours", neighbors.display()),
        (None, _) => None,
    };
    let rule = settings.rule(&RuleInputs {
        labels: labels.as_deref(),
        confidence: confidence.map(|column| column.values.as_slice()),
        neighbors: neighbors.as_ref(),
    })?;
    let of_file = || path.display().to_string();
    let columns = Columns { of: path, table: arguments.table.as_deref(), ids: Some(&ids), n };
    let start =
        arguments.start.as_ref().map(|given| columns.start("--start", given)).transpose()?.unwrap_or_default();
    let costs = arguments.cost.as_ref().map(|name| columns.amounts("--cost", name)).transpose()?;
    let costs = costs.as_deref().zip(arguments.budget.budget).map(|(costs, budget)| Costs { costs, budget });
    let pool = Pool::new(rule.as_ref(), n, &start);
    let selection = match (costs, &pool) {
        (None, None) => rule.select(&scores, budget, arguments.seed).with_context(of_file)?,
        (Some(costs), None) => within_costs(&rule, &scores, costs, arguments.seed).with_context(of_file)?,
        (costs, Some(pool)) => {
            let selection = match costs {
                None => rule.select_among(&scores, &pool.members, budget, arguments.seed),
                Some(Costs { costs, budget }) => {
                    let own =
                        |values: &[f64]| pool.members.iter().map(|&member| values[member]).collect::<Vec<_>>();
                    let costs = Costs { costs: &own(costs), budget };
                    within_costs(&pool.rule(&scores), &own(&scores), costs, arguments.seed)
                }
            };
            selection.and_then(|selection| selection.spread(&pool.members, n)).with_context(of_file)?
        }
    };
    write_selection(output, format, &ids, &selection, &start)?;
    let spent = costs.map(|Costs { costs, .. }| selection.kept.iter().map(|&example| costs[example]).sum::<f64>());

    let report = Report {
        output: output.display().to_string(),
        scores: path.display().to_string(),
        part_of_sidecar: file.part_of_sidecar(),
        column: column.name.clone(),
        direction,
        rule: name,
        options: settings.options().clone(),
        seed: arguments.seed,
        n_examples: n,
        n_kept: selection.n_kept(),
        n_before: start.len(),
        spent,
        left: costs.zip(spent).map(|(Costs { budget, .. }, spent)| budget - spent),
        n_of_weight_zero: rule.n_of_weight_zero(&scores, &selection, arguments.seed),
        nested: rule.is_nested(),
        n_tied: selection.decisions.iter().filter(|decision| decision.tied).count(),
        classes: labels.map(|labels| class_counts(&labels, &selection)).unwrap_or_default(),
    };
    print_beside(&report, arguments.json, &[Some(output)])
}

/// What is written, ids for all other names.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Csv, OutputFormat::Jsonl, OutputFormat::Npy, OutputFormat::Ids];

fn read_neighbors(path: &Path, ids: &Ids) -> anyhow::Result<NeighborLists> {
    let (shown, n) = (path.display(), ids.len());
    let mut archive = NpzReader::open(path)?;
    let mut shape = |name: &str| Ok::<_, DataError>(archive.stream(name)?.shape().to_vec());
    let shapes = [shape("indices")?, shape("distances")?];
    let k = match shapes[0][..] {
        [rows, k] if rows == n && shapes[1] == [rows, k] => k,
        _ => bail!(
            "{shown}: `indices` of shape {:?} and `distances` of shape {:?}, expected both [{n}, k]",
            shapes[0],
            shapes[1]
        ),
    };
    let (indices, distances) = (archive.read("indices")?, archive.read("distances")?);
    if archive.names().iter().any(|name| name == "ids") {
        let own = ids_of(path, archive.read("ids")?)?;
        if let Some(at) = (0..n).find(|&at| own.get(at) != ids.get(at)) {
            let [own, other] = [&own, ids].map(|ids| ids.get(at).unwrap_or_default().into_owned());
            bail!("{shown}: row {at} is of id {own}, that of the scores of {other}; expected the same order");
        }
    }
    let place = || shown.to_string();
    let indices = indices.to_indices().with_context(place)?;
    NeighborLists::new(k, indices, distances.to_f64().with_context(place)?).with_context(place)
}

/// The examples that are not chosen already.
struct Pool<'a> {
    rule: &'a dyn SelectionRule,
    members: Vec<usize>,
}

impl<'a> Pool<'a> {
    /// None where nothing is chosen already.
    fn new(rule: &'a dyn SelectionRule, n: usize, start: &[usize]) -> Option<Self> {
        let members = (0..n).filter(|example| start.binary_search(example).is_err()).collect();
        (!start.is_empty()).then_some(Self { rule, members })
    }

    /// The rule among these, by their places.
    fn rule<'b>(&'b self, scores: &'b [f64]) -> Among<'b> {
        Among { pool: self, scores }
    }
}

/// A rule as if there were no examples but the members.
#[derive(Clone, Copy)]
struct Among<'a> {
    pool: &'a Pool<'a>,
    scores: &'a [f64],
}

impl fmt::Debug for Among<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} among {}", self.pool.rule, self.pool.members.len())
    }
}

impl SelectionRule for Among<'_> {
    fn name(&self) -> &'static str {
        self.pool.rule.name()
    }

    fn is_nested(&self) -> bool {
        self.pool.rule.is_nested()
    }

    fn select(&self, _: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        self.pool.rule.select_among(self.scores, &self.pool.members, budget, seed)
    }
}

fn write_selection(
    path: &Path,
    format: OutputFormat,
    ids: &Ids,
    selection: &Selection,
    start: &[usize],
) -> anyhow::Result<()> {
    let id = |example: usize| ids.get(example).unwrap_or_default();
    match format {
        OutputFormat::Ids => {
            if let Some(example) = selection.kept.iter().find(|&&example| id(example).contains(['\n', '\r'])) {
                let (id, path) = (id(*example), path.display());
                bail!("{path}: id {id:?} is more than a line, expected --output-format csv or jsonl");
            }
            Ok(write_atomically(path, |writer| {
                selection.kept.iter().try_for_each(|&example| writeln!(writer, "{}", id(example)))
            })?)
        }
        OutputFormat::Npy => {
            let kept: Vec<i64> = selection.kept_sorted().into_iter().map(|example| example as i64).collect();
            Ok(write_npy(path, &Array::new(vec![kept.len()], ArrayData::I64(kept))?)?)
        }
        _ => {
            let row = |(example, decision): (usize, &Decision)| {
                let reason = selection.reason(example).unwrap_or_default();
                // The column before says it.
                let reason = match start.binary_search(&example) {
                    Ok(_) => "chosen before".into(),
                    Err(_) => reason.split_once(": ").map_or(reason.as_str(), |(_, why)| why).to_owned(),
                };
                vec![id(example).into(), usize::from(decision.kept).into(), Field::Text(reason.into())]
            };
            let rows = selection.decisions.iter().enumerate().map(row);
            write_rows(path, format, &["id", "kept", "reason"], rows)
        }
    }
}

/// How many examples of each class there are, and are kept.
fn class_counts(labels: &[usize], selection: &Selection) -> Vec<ClassCount> {
    let mut counts: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (&class, decision) in labels.iter().zip(&selection.decisions) {
        let (size, n_kept) = counts.entry(class).or_default();
        *size += 1;
        *n_kept += usize::from(decision.kept);
    }
    counts.into_iter().map(|(class, (size, n_kept))| ClassCount { class, size, n_kept }).collect()
}

#[derive(Serialize)]
struct ClassCount {
    class: usize,
    size: usize,
    n_kept: usize,
}

#[derive(Serialize)]
struct Report {
    output: String,
    scores: String,
    /// How many examples there are of how many that the sidecar describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of_sidecar: Option<(usize, usize)>,
    column: String,
    direction: ReadDirection,
    rule: &'static str,
    options: BTreeMap<String, String>,
    seed: u64,
    n_examples: usize,
    n_kept: usize,
    /// How many were chosen before, and are neither kept again nor counted.
    n_before: usize,
    /// What those kept cost, and what is left of the budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    spent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<f64>,
    /// How many of those kept have weight 0, where the rule draws by weights: there were no others left.
    #[serde(skip_serializing_if = "Option::is_none")]
    n_of_weight_zero: Option<usize>,
    /// Whether under this seed a smaller budget keeps a part of these.
    nested: bool,
    /// How many were tied at the cut.
    n_tied: usize,
    classes: Vec<ClassCount>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scores, column, direction, rule, n_examples, n_kept, n_tied, seed, .. } = self;
        write_part(formatter, scores, self.part_of_sidecar)?;
        let (scores, column) = (shown::line(scores), shown::name(column));
        writeln!(formatter, "{scores}: {n_kept} of {n_examples} examples kept by {rule} of {column}")?;
        writeln!(formatter, "{column}: {direction}")?;
        if self.n_before > 0 {
            writeln!(
                formatter,
                "{} examples were chosen before, and are neither kept again nor counted",
                self.n_before
            )?;
        }
        if let (Some(spent), Some(left)) = (self.spent, self.left) {
            writeln!(formatter, "{} of the budget spent, {} left", short(spent), short(left))?;
        }
        if let Some(n @ 1..) = self.n_of_weight_zero {
            writeln!(formatter, "{n} of those kept have weight 0: there were too few others")?;
        }
        if *n_tied > 0 {
            writeln!(formatter, "{n_tied} examples were tied at the cut and decided by the seed, {seed}")?;
        }
        // Longer tables fit no terminal.
        if (2..=30).contains(&self.classes.len()) {
            let mut table = new_table(&["class", "examples", "kept", "%"]);
            for ClassCount { class, size, n_kept } in &self.classes {
                let share = format!("{:.1}", *n_kept as f64 / *size as f64 * 100.0);
                table.add_row([class.to_string(), size.to_string(), n_kept.to_string(), share].map(right));
            }
            writeln!(formatter, "{table}")?;
        }
        writeln!(formatter, "written to {}", place(&self.output))
    }
}

/// The rules that there are.
#[derive(Serialize)]
#[serde(transparent)]
struct Catalogue(Vec<&'static RuleDescription>);

impl fmt::Display for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for RuleDescription { method, needs, nested } in &self.0 {
            let nested = if *nested { "nested" } else { "not nested" };
            write!(formatter, "{}: {} ({nested}", method.name, method.summary)?;
            match needs {
                RuleNeeds::Scores => writeln!(formatter, ")")?,
                needs => writeln!(formatter, "; needs {needs})")?,
            }
            write_parameters(formatter, method.parameters)?;
        }
        writeln!(formatter, "\nfor any rule but stratified-random, with labels:")?;
        write_parameters(formatter, class_options())
    }
}
