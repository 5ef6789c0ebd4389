//! What the commands that read training dynamics have in common.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::anyhow;
use cl_data::io::{LabelOptions, TextLines, malformed};
use cl_data::{DataError, MAX_CLASSES};
use cl_difficulty::OutputKind;
use cl_difficulty::log::{self, Axes, Dtype, Duplicates, Missing, NotNumbers, Source};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::tables::TableArguments;

pub(crate) use cl_data::io::ids_of;

const HEADING: &str = "How logs are read (`curriculum formats` has the rules)";

/// What a person says of training dynamics that the files do not.
#[derive(Args)]
pub(crate) struct InputOptions {
    #[command(flatten)]
    pub(crate) log: LogOptions,
    #[command(flatten)]
    rules: Rules,
}

/// What becomes of rows that are not plain.
#[derive(Args, Clone, Copy)]
struct Rules {
    /// Rows with NaN or infinite numbers
    #[arg(long, help_heading = HEADING, value_name = "RULE", default_value_t, value_parser = named(NotNumbers::NAMES))]
    nan: NotNumbers,
    /// Epochs that lack examples
    #[arg(long, help_heading = HEADING, value_name = "RULE", default_value_t, value_parser = named(Missing::NAMES))]
    missing: Missing,
    /// Several rows of the same example and epoch
    #[arg(long, help_heading = HEADING, value_name = "RULE", default_value_t, value_parser = named(Duplicates::NAMES))]
    duplicates: Duplicates,
}

/// What logs are.
#[derive(Args)]
pub(crate) struct LogOptions {
    /// Labels, where the input has none: .npy, or a table with ids
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The labels in the order of their classes: a,b,c or a file with one per line [default: sorted]
    #[arg(long, help_heading = HEADING, hide_short_help = true, value_name = "A,B,C|FILE")]
    classes: Option<String>,
    /// Leave out examples (of losses by token: tokens) with this label
    #[arg(long, help_heading = HEADING, value_name = "LABEL", allow_hyphen_values = true)]
    ignore_label: Option<String>,
    /// What the numbers are, where neither names nor content tell
    #[arg(long, help_heading = HEADING, value_name = "KIND", value_parser = named(OutputKind::NAMES))]
    outputs: Option<OutputKind>,
    /// What the bits of an array are
    #[arg(long, help_heading = HEADING, hide_short_help = true, value_name = "TYPE", value_parser = named(Dtype::NAMES))]
    dtype: Option<Dtype>,
    /// What the two axes of an array are
    #[arg(long, help_heading = HEADING, hide_short_help = true, value_name = "AXES", value_parser = named(Axes::NAMES))]
    axes: Option<Axes>,
    /// Divide probabilities that do not sum to 1 by their sum
    #[arg(long, help_heading = HEADING, hide_short_help = true)]
    normalize: bool,
    /// The column of epochs or steps; `none` where all rows are of one
    #[arg(long, help_heading = HEADING, hide_short_help = true, value_name = "NAME")]
    epoch_column: Option<String>,
    /// The column of labels
    #[arg(long, help_heading = HEADING, hide_short_help = true, value_name = "NAME")]
    label_column: Option<String>,
    /// The column of runs or seeds
    #[arg(long, help_heading = HEADING, hide_short_help = true, value_name = "NAME")]
    run_column: Option<String>,
    /// The column of outputs, or what numbered columns begin with
    #[arg(long, help_heading = HEADING, hide_short_help = true, value_name = "NAME")]
    outputs_column: Option<String>,
    #[command(flatten)]
    pub(crate) table: TableArguments,
}

fn named<T>(names: impl IntoIterator<Item = (&'static str, T)>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Display + Into<Box<dyn std::error::Error + Send + Sync>>> + Clone + Send + Sync + 'static,
{
    let names: Vec<&'static str> = names.into_iter().map(|(name, _)| name).collect();
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

impl LogOptions {
    /// With these rules for rows that are not plain.
    pub(crate) fn options(
        &self,
        nan: NotNumbers,
        missing: Missing,
        duplicates: Duplicates,
    ) -> anyhow::Result<log::Options> {
        Ok(log::Options {
            labels: self.labels.clone(),
            classes: LabelOptions { classes: self.classes()?, ignore: self.ignore_label.clone() },
            outputs: self.outputs,
            dtype: self.dtype,
            axes: self.axes,
            table: self.table.table(),
            id_column: self.table.id_column.clone(),
            epoch_column: self.epoch_column.clone(),
            label_column: self.label_column.clone(),
            run_column: self.run_column.clone(),
            outputs_column: self.outputs_column.clone(),
            duplicates,
            missing,
            nan,
            normalize: self.normalize,
        })
    }

    /// An error of labels that are none of the classes, with the file that these are read from.
    pub(crate) fn with_classes(&self, error: DataError) -> anyhow::Error {
        match &self.classes {
            Some(file) if !file.contains(',') && error.to_string().contains("option `classes`") => {
                anyhow!("{error} of {file}")
            }
            _ => error.into(),
        }
    }

    fn classes(&self) -> anyhow::Result<Option<Vec<String>>> {
        Ok(match &self.classes {
            None => None,
            Some(list) if list.contains(',') => Some(list.split(',').map(|name| name.trim().to_owned()).collect()),
            Some(file) => {
                let mut classes = TextLines::open(file)?.take(MAX_CLASSES + 1).collect::<Result<Vec<_>, _>>()?;
                if classes.len() > MAX_CLASSES {
                    let problem = format!("more than {MAX_CLASSES} lines, expected at most as many classes");
                    return Err(malformed(Path::new(file), "", problem).into());
                }
                classes.retain(|line| !line.is_empty());
                let options = LabelOptions { classes: Some(classes), ignore: None };
                options.check().map_err(|problem| malformed(Path::new(file), "", problem))?;
                options.classes
            }
        })
    }
}

impl InputOptions {
    pub(crate) fn log(&self) -> anyhow::Result<log::Options> {
        let Rules { nan, missing, duplicates } = self.rules;
        self.log.options(nan, missing, duplicates)
    }

    /// The files that are read beside the input.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.log.labels.iter()
    }

    pub(crate) fn missing(&self) -> Missing {
        self.rules.missing
    }

    /// The runs of all inputs: each input is a run, a table may hold several.
    pub(crate) fn open(&self, inputs: &[PathBuf]) -> anyhow::Result<Vec<Box<dyn Source>>> {
        let options = self.log()?;
        let mut runs = Vec::new();
        for input in inputs {
            runs.extend(log::open_runs(input, &options).map_err(|error| self.log.with_classes(error))?);
        }
        Ok(runs)
    }
}
