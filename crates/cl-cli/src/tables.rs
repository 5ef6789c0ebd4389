//! How tables are read: the same arguments for every command that reads scores.

use std::path::Path;

use cl_data::Ids;
use cl_data::io::{LabelOptions, LabelTable, Labels, RowFormat, TableOptions};
use cl_difficulty::table::ReadOptions;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

const HEADING: &str = "How tables are read";

/// What a person says of a table that its file does not tell.
#[derive(Args)]
pub(crate) struct TableArguments {
    /// How the rows are written, where their content is not to decide; .npy and .npz are recognised without
    #[arg(long, value_name = "NAME", value_parser = row_format(), help_heading = HEADING)]
    format: Option<RowFormat>,
    /// The character between the fields of CSV, such as ; or \t [default: found in the first line]
    #[arg(long, alias = "delimiter", value_name = "CHAR", value_parser = separator, help_heading = HEADING)]
    separator: Option<u8>,
    /// What stands before the decimals of CSV
    #[arg(long, value_name = "CHAR", value_parser = [".", ","], default_value = ".", help_heading = HEADING)]
    decimal: String,
    /// The column of ids, where its name does not tell
    #[arg(long, alias = "id", value_name = "NAME", help_heading = HEADING)]
    pub(crate) id_column: Option<String>,
}

fn row_format() -> impl TypedValueParser<Value = RowFormat> {
    let names = RowFormat::NAMES.map(|(name, _)| name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<RowFormat>())
}

fn separator(text: &str) -> Result<u8, String> {
    match (text, text.as_bytes()) {
        ("\\t", _) => Ok(b'\t'),
        (_, &[byte]) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(byte),
        _ => Err("expected one ASCII character, or \\t".into()),
    }
}

impl TableArguments {
    /// How the rows are written.
    pub(crate) fn table(&self) -> TableOptions {
        let Self { format, separator, decimal, .. } = self;
        TableOptions { format: *format, separator: *separator, decimal_comma: decimal == "," }
    }

    /// The labels of the examples with these ids, those of the file `of`: by position (.npy) or by id (a table that is
    /// read so).
    pub(crate) fn read_labels(&self, path: &Path, ids: &Ids, of: &Path) -> anyhow::Result<Vec<usize>> {
        let table = LabelTable { table: self.table(), id_column: self.id_column.clone(), label_column: None };
        let labels = Labels::read_for(path, &LabelOptions::default(), &table, ids.len(), of)?;
        Ok(labels.for_ids(ids, of)?.all()?)
    }

    /// How a table of scores is read.
    pub(crate) fn read_options(&self) -> ReadOptions {
        ReadOptions { table: self.table(), id_column: self.id_column.clone() }
    }
}
