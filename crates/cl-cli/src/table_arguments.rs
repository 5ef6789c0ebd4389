//! How tables are read: what the commands that read them have in common.

use cl_data::io::{RowFormat, TableOptions};
use clap::Args;

/// What a person says of a table that its file does not.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct TableArguments {
    /// The format of a table [default: by content]
    #[arg(long, value_name = "FORMAT", value_parser = ["csv", "jsonl", "parquet"])]
    format: Option<String>,
    /// The character between the fields of a CSV file [default: by its header]
    #[arg(long, value_name = "CHARACTER", value_parser = separator)]
    separator: Option<u8>,
    /// The character before the decimals of a CSV file
    #[arg(long, value_name = "CHARACTER", default_value = ".", value_parser = [".", ","])]
    decimal: String,
    /// The column of ids
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
}

fn separator(text: &str) -> Result<u8, String> {
    match (text, text.as_bytes()) {
        ("\\t" | "tab", _) => Ok(b'\t'),
        (_, &[byte]) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(byte),
        _ => Err("expected one ASCII character, or \\t".into()),
    }
}

impl TableArguments {
    pub(crate) fn options(&self) -> TableOptions {
        let format = self.format.as_deref().and_then(|format| format.parse::<RowFormat>().ok());
        TableOptions { format, separator: self.separator, decimal_comma: self.decimal == "," }
    }
}
