//! `curriculum agree`: how far scores agree.

use std::fmt;
use std::path::PathBuf;

use anyhow::bail;
use cl_data::catalogue::CatalogueError;
use cl_data::io::is_standard;
use cl_data::io::listed;
use cl_difficulty::DifficultyError;
use cl_difficulty::agreement::{Bootstrap, JoinedColumn, RankCorrelation, agreement_matrix, join, top_overlap};
use cl_difficulty::table::Table;
use cl_study::{HeatMap, shown};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::difficulty::{Direction, ReadDirection, write_part};
use crate::output::{answer, check_svg, names, new_table, place, print_beside, right, save_figure};
use crate::paths;
use crate::tables::TableArguments;

/// Compare scores: rank correlations with bootstrap intervals, and how far the hardest examples are the same.
///
/// Files are what `curriculum score` writes, or other tables of scores: CSV, JSON lines, Parquet, .npz, and .npy with its
/// sidecar. Rows join by id, whatever their order: what is compared are the examples that all files have. Files with other
/// labels are refused. Every column is turned so that high means hard, as the sidecar, the list of metrics or its name says.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum agree scores.csv -o agreement.svg
  curriculum agree seed0.csv seed1.csv seed2.csv --metric el2n --top-k 0.1
  curriculum agree scores.npz --method kendall --json")]
pub(crate) struct Arguments {
    /// Files of scores, - for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Compare these columns alone [default: all that are difficulties]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    metric: Vec<String>,
    /// What a high value means in columns of which nothing else tells
    #[arg(long, value_enum, value_name = "WHICH")]
    high_is: Option<Direction>,
    /// The correlation
    #[arg(long, value_enum, default_value_t = Method::Spearman)]
    method: Method,
    /// Compare the hardest examples, too: the share of all that they are
    #[arg(long, value_name = "SHARE")]
    top_k: Option<f64>,
    /// Resamples of the bootstrap, at most 10000000; 0 for no intervals
    #[arg(long, value_name = "N", default_value_t = 1000)]
    resamples: usize,
    /// The level of the intervals
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    level: f64,
    /// The seed of resamples and ties
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Draw the matrix (.svg)
    #[arg(short, long, value_name = "OUT.svg")]
    output: Option<PathBuf>,
    #[command(flatten)]
    tables: TableArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    Spearman,
    Kendall,
}

impl Method {
    fn title(self) -> &'static str {
        match self {
            Self::Spearman => "Spearman's rank correlation",
            Self::Kendall => "Kendall's tau-b",
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    paths::check(&arguments.files, &arguments.output)?;
    if let Some(output) = &arguments.output {
        check_svg(output)?;
    }
    if let Some(share) = arguments.top_k.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
        bail!("--top-k is {share}, expected a share in (0, 1]");
    }
    let options = arguments.tables.read_options();
    let read = |path| Table::read_with(path, &options);
    let files = arguments.files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let columns = match join(&files, &arguments.metric, Direction::told(arguments.high_is)) {
        Err(DifficultyError::Catalogue(CatalogueError::Unknown { name, .. })) => {
            bail!("--metric: no file has a column `{name}`")
        }
        joined => joined?,
    };
    if columns.len() < 2 {
        let paths: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
        // What cannot be used may be what was meant.
        let flawed = |file: &Table| Some(file.column(&file.unusable.first()?.name).err()?.to_string());
        let flaw = files.iter().find_map(flawed).map_or(String::new(), |flaw| format!("; {flaw}"));
        bail!("{}: {} columns to compare, expected at least 2{flaw}", listed(&paths), columns.len());
    }
    let names = display_names(&columns);
    let scores: Vec<_> =
        names.iter().zip(&columns).map(|(name, c)| (name.as_str(), c.values.as_slice())).collect();
    let correlation = match arguments.method {
        Method::Spearman => RankCorrelation::Spearman,
        Method::Kendall => RankCorrelation::Kendall,
    };
    let Arguments { resamples: n_resamples, level, seed, .. } = *arguments;
    let bootstrap = (n_resamples > 0).then_some(Bootstrap { n_resamples, level, seed });
    let matrix = agreement_matrix(&scores, correlation, bootstrap)?;

    let mut pairs = Vec::new();
    for a in 0..columns.len() {
        for b in a + 1..columns.len() {
            let Some(agreement) = matrix.get(a, b) else { continue };
            let overlap = match arguments.top_k {
                Some(share) => top_overlap(scores[a].1, scores[b].1, &[share], seed)?.into_iter().next().flatten(),
                None => None,
            };
            pairs.push(Pair {
                a: names[a].clone(),
                b: names[b].clone(),
                value: agreement.value,
                interval: agreement.interval,
                n_undefined: agreement.n_undefined,
                overlap,
            });
        }
    }
    let cells: Vec<Vec<Option<f64>>> = (0..columns.len())
        .map(|a| (0..columns.len()).map(|b| matrix.get(a, b).and_then(|agreement| agreement.value)).collect())
        .collect();
    if let Some(output) = &arguments.output {
        let side = 320 + 60 * names.len() as u32;
        let title = format!("Agreement of scores: {}", arguments.method.title());
        let figure = HeatMap::new(title, &names, &names, cells.clone())
            .diverging(-1.0, 1.0)
            .value_name(arguments.method.title());
        save_figure(&figure, output, side + 80, side - 80)?;
    }
    let compared = |name: &str| columns.iter().any(|column| column.name == name);
    let all = files.iter().flat_map(|file| {
        let columns = file.columns.iter().map(|column| &column.name);
        columns.chain(file.unusable.iter().map(|column| &column.name))
    });
    let left_out = match arguments.metric.is_empty() {
        true => all.filter(|name| !compared(name)).cloned().collect(),
        false => Vec::new(),
    };
    let parts = files.iter().filter_map(|file| {
        let (n_examples, of) = file.part_of_sidecar()?;
        Some(SomeExamples { file: file.path.display().to_string(), n_examples, of })
    });
    let parts = parts.collect();
    let n_examples = columns.first().map_or(0, |column| column.values.len());
    let some = files.iter().filter(|file| file.n_examples() != n_examples);
    let compared =
        some.map(|file| SomeExamples { file: file.path.display().to_string(), n_examples, of: file.n_examples() });
    let common = compared.collect();
    let columns = names.into_iter().zip(columns).map(|(name, column)| {
        let JoinedColumn { name: metric, path, negated, direction, .. } = column;
        let direction = direction.map(Into::into);
        ComparedColumn { name, metric, file: path.display().to_string(), negated, direction }
    });
    let Arguments { method, top_k, .. } = *arguments;
    let report = Report {
        method,
        n_examples,
        n_resamples,
        level,
        top_k,
        columns: columns.collect(),
        left_out,
        parts,
        common,
        matrix: cells,
        pairs,
        output: arguments.output.as_ref().map(|path| path.display().to_string()),
    };
    match arguments.output.as_deref().is_some_and(is_standard) {
        true => print_beside(&report, arguments.json, &[arguments.output.as_deref()]),
        // How far they agree is what was asked for, quiet or not.
        false => answer(&report, arguments.json),
    }
}

/// The columns' names, with their files where one name is in several.
fn display_names(columns: &[JoinedColumn]) -> Vec<String> {
    let unique = |names: &[String]| (1..names.len()).all(|at| !names[..at].contains(&names[at]));
    let stem = |column: &JoinedColumn| {
        let stem = column.path.file_stem().unwrap_or_default();
        format!("{} ({})", column.name, stem.to_string_lossy())
    };
    let plain: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let stems: Vec<String> = columns.iter().map(stem).collect();
    match (unique(&plain), unique(&stems)) {
        (true, _) => plain,
        (_, true) => stems,
        _ => columns.iter().map(|column| format!("{} ({})", column.name, column.path.display())).collect(),
    }
}

#[derive(Serialize)]
struct Report {
    method: Method,
    n_examples: usize,
    n_resamples: usize,
    level: f64,
    top_k: Option<f64>,
    columns: Vec<ComparedColumn>,
    /// Columns that hold no numbers, or of which a high value is neither hard nor easy.
    left_out: Vec<String>,
    /// Files that hold some of the examples that their sidecar describes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<SomeExamples>,
    /// Files of which not all examples are in all others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    common: Vec<SomeExamples>,
    /// Null where a column is constant.
    matrix: Vec<Vec<Option<f64>>>,
    pairs: Vec<Pair>,
    #[serde(skip)]
    output: Option<String>,
}

#[derive(Serialize)]
struct ComparedColumn {
    name: String,
    metric: String,
    file: String,
    /// Whether it was negated, so that high is hard.
    negated: bool,
    /// Which way it was read; null where a high value is neither.
    direction: Option<ReadDirection>,
}

/// Of a file, how many examples of how many.
#[derive(Serialize)]
struct SomeExamples {
    file: String,
    n_examples: usize,
    of: usize,
}

#[derive(Serialize)]
struct Pair {
    a: String,
    b: String,
    value: Option<f64>,
    interval: Option<(f64, f64)>,
    /// Resamples in which a column was constant.
    n_undefined: usize,
    /// Jaccard's index of the hardest examples.
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap: Option<f64>,
}

fn decimals(value: Option<f64>) -> String {
    // Adding 0.0 to a rounded value lets no -0.000 be printed.
    value.map_or("-".into(), |value| format!("{:.3}", (value * 1000.0).round() / 1000.0 + 0.0))
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}, {} examples", self.method.title(), self.n_examples)?;
        for SomeExamples { file, n_examples, of } in &self.parts {
            write_part(formatter, file, Some((*n_examples, *of)))?;
        }
        for SomeExamples { file, n_examples, of } in &self.common {
            let file = shown::line(file);
            writeln!(formatter, "{file}: {n_examples} of its {of} examples are in all files")?;
        }
        for column in &self.columns {
            let name = shown::name(&column.name);
            match column.direction {
                Some(direction) => writeln!(formatter, "{name}: {direction}")?,
                None => writeln!(formatter, "{name}: as it stands, a high value is neither hard nor easy")?,
            }
        }
        if !self.left_out.is_empty() {
            writeln!(formatter, "left out, no difficulties: {}", shown::message(&listed(&self.left_out)))?;
        }
        let negated: Vec<_> = self.columns.iter().filter(|c| c.negated).map(|c| c.name.as_str()).collect();
        if !negated.is_empty() {
            writeln!(formatter, "negated, so that high is hard: {}", names(&negated))?;
        }
        let mut header = vec![""];
        header.extend(self.columns.iter().map(|column| column.name.as_str()));
        let mut table = new_table(&header);
        for (column, row) in self.columns.iter().zip(&self.matrix) {
            let cells = row.iter().map(|&value| right(decimals(value)));
            table.add_row(std::iter::once(right(column.name.as_str())).chain(cells));
        }
        writeln!(formatter, "{table}\n")?;
        let interval = format!("{} % interval", self.level * 100.0);
        let overlap = self.top_k.map(|share| format!("overlap of the hardest {} %", share * 100.0));
        let mut header = vec!["", "", "correlation"];
        header.extend((self.n_resamples > 0).then_some(interval.as_str()));
        header.extend(overlap.as_deref());
        let mut table = new_table(&header);
        for pair in &self.pairs {
            let mut cells = vec![right(&*pair.a), right(&*pair.b), right(decimals(pair.value))];
            if self.n_resamples > 0 {
                let between = |(low, high)| format!("{} to {}", decimals(Some(low)), decimals(Some(high)));
                cells.push(right(pair.interval.map_or("-".into(), between)));
            }
            if self.top_k.is_some() {
                cells.push(right(decimals(pair.overlap)));
            }
            table.add_row(cells);
        }
        writeln!(formatter, "{table}")?;
        match &self.output {
            Some(output) => writeln!(formatter, "written to {}", place(output)),
            None => Ok(()),
        }
    }
}
