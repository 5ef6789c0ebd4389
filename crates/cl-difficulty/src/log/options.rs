use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use cl_data::DataError;
use cl_data::catalogue::CatalogueError;
use cl_data::io::{LabelOptions, LabelTable, TableOptions, malformed};

use crate::{dynamics::OutputKind, error::DifficultyError};

/// What is said of a log that its files do not tell, and what is done with rows that are not plain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// A file of labels, where the log has none: see [`Labels::read`](cl_data::io::Labels::read).
    pub labels: Option<PathBuf>,
    /// The order of classes, and the label of examples that are left out.
    pub classes: LabelOptions,
    /// What the numbers are, where neither names nor content tell.
    pub outputs: Option<OutputKind>,
    /// What the bits of an array are, where NumPy has no name for it.
    pub dtype: Option<Dtype>,
    /// What the two axes of an array are, where its shape does not tell.
    pub axes: Option<Axes>,
    /// How a table is written.
    pub table: TableOptions,
    /// The column of ids of a table.
    pub id_column: Option<String>,
    /// The column of epochs or steps; `none` where all rows are of one epoch.
    pub epoch_column: Option<String>,
    /// The column of labels.
    pub label_column: Option<String>,
    /// The column of runs or seeds.
    pub run_column: Option<String>,
    /// The column of outputs: a list, or what numbered columns begin with.
    pub outputs_column: Option<String>,
    /// Of rows of the same example and epoch, which count.
    pub duplicates: Duplicates,
    /// Of an epoch that lacks examples, what becomes.
    pub missing: Missing,
    /// Of rows with a number that is NaN or infinite, what becomes.
    pub nan: NotNumbers,
    /// Whether probabilities that do not sum to 1 are divided by their sum.
    pub normalize: bool,
}

impl Options {
    /// How a file of labels is read that was named.
    pub(super) fn label_table(&self) -> LabelTable {
        let Self { table, id_column, label_column, .. } = self.clone();
        LabelTable { table, id_column, label_column }
    }

    /// The rules by which rows count, as a text.
    pub(super) fn rules(&self) -> String {
        let Self { duplicates, missing, nan, normalize, dtype, .. } = self;
        format!("duplicates={duplicates} missing={missing} nan={nan} normalize={normalize} dtype={dtype:?}")
    }
}

/// Refuses options that name columns of a table, of a log that has none such.
pub(super) fn refuse_columns(path: &Path, options: &Options, of_tables: &[&str]) -> Result<(), DataError> {
    let told = [
        ("epoch_column", &options.epoch_column),
        ("run_column", &options.run_column),
        ("outputs_column", &options.outputs_column),
    ];
    match told.into_iter().find(|(option, name)| name.is_some() && of_tables.contains(option)) {
        Some((option, Some(name))) => {
            let problem = format!("option `{option}` {name} names a column of a table, this is a log of arrays");
            Err(malformed(path, "", problem))
        }
        _ => Ok(()),
    }
}

/// An element type that NumPy has no name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// bfloat16, as its bits in `uint16`.
    Bf16,
}

/// What two axes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Axes {
    /// One number per epoch and example.
    EpochsExamples,
    /// One epoch: a number per example and class.
    ExamplesClasses,
}

/// Which of several rows of the same example and epoch count, as where data-parallel training pads its last batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Duplicates {
    /// None: they are an error.
    #[default]
    Error,
    /// The first.
    First,
    /// The last, as of a run that was resumed and wrote an epoch again.
    Last,
    /// The mean of their numbers.
    Mean,
}

/// What becomes of an epoch that lacks examples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Missing {
    /// It is an error.
    #[default]
    Error,
    /// Each example is scored by the epochs that it is in; what counts from epoch to epoch (forgetting) counts from one
    /// that it is in to the next.
    Skip,
}

/// What becomes of a row with a number that is NaN or infinite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum NotNumbers {
    /// It is an error.
    #[default]
    Error,
    /// It is left out and counted: its example is scored by its other epochs, and left out where it has none.
    Skip,
}

macro_rules! named {
    ($kind:ident, $what:literal, $n:literal, $($name:literal => $variant:ident),*) => {
        impl $kind {
            /// Every one by name.
            pub const NAMES: [(&'static str, Self); $n] = [$(($name, Self::$variant)),*];
        }

        impl fmt::Display for $kind {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                Self::NAMES.iter().filter(|(_, kind)| kind == self).try_for_each(|(name, _)| formatter.write_str(name))
            }
        }

        impl FromStr for $kind {
            type Err = DifficultyError;

            fn from_str(text: &str) -> Result<Self, DifficultyError> {
                let found = Self::NAMES.iter().find(|(name, _)| *name == text).map(|&(_, kind)| kind);
                Ok(found.ok_or_else(|| CatalogueError::unknown($what, text, Self::NAMES.map(|(name, _)| name)))?)
            }
        }
    };
}

named!(Dtype, "dtype", 1, "bf16" => Bf16);
named!(Axes, "order of axes", 2, "epochs-examples" => EpochsExamples, "examples-classes" => ExamplesClasses);
named!(Duplicates, "rule for duplicates", 4, "error" => Error, "first" => First, "last" => Last, "mean" => Mean);
named!(Missing, "rule for missing examples", 2, "error" => Error, "skip" => Skip);
named!(NotNumbers, "rule for NaN", 2, "error" => Error, "skip" => Skip);
