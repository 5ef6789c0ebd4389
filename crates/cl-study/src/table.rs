use std::fmt::Write;

use comfy_table::{Cell as TerminalCell, CellAlignment, ContentArrangement, presets};
use serde_json::{Map, Value, json};

use crate::{
    error::{StudyError, check_length},
    shown,
    statistics::{Interval, Summary},
};

/// One cell of a [`Table`].
///
/// The terminal and Markdown show numbers rounded; CSV and JSON hold them in full.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing to say: a dash for people, an empty field or null for programs.
    Missing,
    /// Words.
    Text(String),
    /// A count.
    Count(usize),
    /// A number, shown with this many decimals; one that is not finite is shown as `undefined`.
    Number {
        /// The number.
        value: f64,
        /// The decimals shown.
        digits: usize,
    },
    /// A mean shown as `0.92 ± 0.01`, half the width of its symmetric interval.
    Mean {
        /// The mean.
        value: f64,
        /// Its interval, if it has one.
        interval: Option<Interval>,
        /// The decimals shown.
        digits: usize,
    },
    /// A number shown as `0.92 [0.90, 0.93]`, with an interval of any shape.
    Interval {
        /// The number.
        value: f64,
        /// Its interval, if it has one.
        interval: Option<Interval>,
        /// The decimals shown.
        digits: usize,
    },
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A count.
    pub fn count(count: usize) -> Self {
        Self::Count(count)
    }

    /// A number with this many decimals.
    pub fn number(value: f64, digits: usize) -> Self {
        Self::Number { value, digits }
    }

    /// A mean over seeds, `0.92 ± 0.01`.
    pub fn mean(summary: &Summary, digits: usize) -> Self {
        Self::Mean { value: summary.mean, interval: summary.interval, digits }
    }

    /// A number with its interval, `0.92 [0.90, 0.93]`.
    pub fn interval(value: f64, interval: Option<Interval>, digits: usize) -> Self {
        Self::Interval { value, interval, digits }
    }

    fn shown(&self) -> String {
        match self {
            Self::Missing => "–".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Number { value, digits } => number(*value, *digits),
            Self::Mean { value, interval: Some(interval), digits } => {
                format!("{} ± {}", number(*value, *digits), number(interval.half_width(), *digits))
            }
            Self::Interval { value, interval: Some(Interval { low, high }), digits } => {
                format!("{} [{}, {}]", number(*value, *digits), number(*low, *digits), number(*high, *digits))
            }
            Self::Mean { value, interval: None, digits } | Self::Interval { value, interval: None, digits } => {
                number(*value, *digits)
            }
        }
    }

    fn is_words(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    fn bounds(&self) -> Option<Option<Interval>> {
        match self {
            Self::Mean { interval, .. } | Self::Interval { interval, .. } => Some(*interval),
            _ => None,
        }
    }

    fn csv(&self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::Text(text) => quoted(text),
            Self::Count(count) => count.to_string(),
            Self::Number { value, .. } | Self::Mean { value, .. } | Self::Interval { value, .. } => full(*value),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Missing => Value::Null,
            Self::Text(text) => json!(text),
            Self::Count(count) => json!(count),
            Self::Number { value, .. } => json!(value),
            Self::Mean { value, interval, .. } | Self::Interval { value, interval, .. } => {
                json!({ "value": value, "low": interval.map(|i| i.low), "high": interval.map(|i| i.high) })
            }
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Cell {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

fn number(value: f64, digits: usize) -> String {
    if value.is_finite() { format!("{value:.digits$}") } else { "undefined".to_owned() }
}

/// The shortest decimal that reads back as the same number; nothing where it is not finite.
fn full(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

/// A field of CSV as in RFC 4180.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A table that is written once and read by people and programs: in a terminal, Markdown, CSV and JSON.
///
/// ```
/// use cl_study::{Cell, Table};
///
/// let mut table = Table::new(["arm", "accuracy"]);
/// table.row([Cell::text("easy first"), Cell::number(0.9251, 3)])?;
/// assert_eq!(table.to_markdown(), "| arm | accuracy |\n|:--|--:|\n| easy first | 0.925 |\n");
/// assert_eq!(table.to_csv(), "arm,accuracy\neasy first,0.9251\n");
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns and no rows.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Unless there is one cell per column.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) -> Result<&mut Self, StudyError> {
        let cells: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        check_length("row of the table", cells.len(), self.columns.len(), "one cell per column")?;
        self.rows.push(cells);
        Ok(self)
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether a column holds words, which are set to the left; numbers are set to the right.
    fn is_words(&self, column: usize) -> bool {
        self.rows.iter().any(|row| row[column].is_words())
    }

    /// The table for a terminal of `width` characters, long words wrapped.
    pub fn to_terminal(&self, width: u16) -> String {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
        let cell = |column: usize, text: String| {
            let alignment = if self.is_words(column) { CellAlignment::Left } else { CellAlignment::Right };
            TerminalCell::new(shown::line(&text)).set_alignment(alignment)
        };
        table.set_header(self.columns.iter().enumerate().map(|(at, name)| cell(at, name.clone())));
        for row in &self.rows {
            table.add_row(row.iter().enumerate().map(|(at, content)| cell(at, content.shown())));
        }
        table.trim_fmt() + "\n"
    }

    /// The table in GitHub's Markdown.
    pub fn to_markdown(&self) -> String {
        let escaped = |text: &str| {
            text.replace('\\', "\\\\").replace('|', "\\|").replace("\r\n", "<br>").replace(['\n', '\r'], "<br>")
        };
        let mut markdown = String::from("|");
        for name in &self.columns {
            let _ = write!(markdown, " {} |", escaped(name));
        }
        markdown.push_str("\n|");
        for column in 0..self.columns.len() {
            markdown.push_str(if self.is_words(column) { ":--|" } else { "--:|" });
        }
        for row in &self.rows {
            markdown.push_str("\n|");
            for cell in row {
                let _ = write!(markdown, " {} |", escaped(&cell.shown()));
            }
        }
        markdown + "\n"
    }

    /// The table in CSV (RFC 4180 with plain line feeds), numbers in full; a column with intervals is followed
    /// by its lower and upper ends, named `NAME low` and `NAME high`.
    pub fn to_csv(&self) -> String {
        let has_bounds: Vec<bool> = (0..self.columns.len())
            .map(|column| self.rows.iter().any(|row| row[column].bounds().is_some()))
            .collect();
        let mut csv = String::new();
        let mut fields = Vec::new();
        for (name, &has_bounds) in self.columns.iter().zip(&has_bounds) {
            fields.push(quoted(name));
            if has_bounds {
                fields.extend([quoted(&format!("{name} low")), quoted(&format!("{name} high"))]);
            }
        }
        csv += &(fields.join(",") + "\n");
        for row in &self.rows {
            fields.clear();
            for (cell, &has_bounds) in row.iter().zip(&has_bounds) {
                fields.push(cell.csv());
                if has_bounds {
                    let interval = cell.bounds().flatten();
                    fields.push(interval.map_or(String::new(), |interval| full(interval.low)));
                    fields.push(interval.map_or(String::new(), |interval| full(interval.high)));
                }
            }
            csv += &(fields.join(",") + "\n");
        }
        csv
    }

    /// The table in JSON: one object per row, numbers in full, intervals as `{"value", "low", "high"}`.
    ///
    /// The last of two columns of the same name is the one that counts.
    pub fn to_json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let fields = self.columns.iter().cloned().zip(row.iter().map(Cell::json));
            Value::Object(fields.collect::<Map<String, Value>>())
        };
        Value::Array(self.rows.iter().map(object).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Table {
        let mut table = Table::new(["arm", "a|b", "difference", "n"]);
        let summary = Summary::of(&[0.25, 0.75]).unwrap();
        table.row([Cell::text("easy \"x\", |\nfirst"), Cell::mean(&summary, 1), Cell::Missing, 3.into()]).unwrap();
        let interval = Interval { low: -0.125, high: 0.5 };
        table
            .row([
                "random".into(),
                Cell::number(f64::NAN, 2),
                Cell::interval(0.25, Some(interval), 2),
                Cell::count(12),
            ])
            .unwrap();
        table
    }

    #[test]
    fn markdown_escapes_what_would_break_it() {
        assert_eq!(
            example().to_markdown(),
            "| arm | a\\|b | difference | n |\n|:--|--:|--:|--:|\n\
             | easy \"x\", \\|<br>first | 0.5 ± 3.2 | – | 3 |\n\
             | random | undefined | 0.25 [-0.12, 0.50] | 12 |\n"
        );
    }

    #[test]
    fn csv_holds_full_numbers_and_ends_of_intervals() {
        let csv = example().to_csv();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[0], "arm,a|b,a|b low,a|b high,difference,difference low,difference high,n");
        assert_eq!(lines[1], "\"easy \"\"x\"\", |");
        assert!(lines[2].starts_with("first\",0.5,-2.67655"), "{}", lines[2]);
        assert!(lines[2].ends_with(",,,,3"), "{}", lines[2]);
        assert_eq!(lines[3], "random,,,,0.25,-0.125,0.5,12");
    }

    #[test]
    fn json_holds_what_csv_holds() {
        let json = example().to_json();
        assert_eq!(json[0]["arm"], "easy \"x\", |\nfirst");
        assert_eq!(json[0]["difference"], Value::Null);
        assert_eq!(
            json[1],
            json!({
                "arm": "random", "a|b": null, "difference": {"value": 0.25, "low": -0.125, "high": 0.5}, "n": 12
            })
        );
    }

    #[test]
    fn a_terminal_of_any_width_shows_all_words() {
        for width in [24, 40, 200] {
            let shown = example().to_terminal(width);
            assert!(shown.lines().all(|line| line.chars().count() <= usize::from(width)), "{shown}");
            let letters: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
            assert!(width < 200 || letters.contains("0.25[-0.12,0.50]"), "{shown}");
        }
    }

    #[test]
    fn rows_fit_the_columns() {
        assert!(Table::new(["a", "b"]).row(["only one"]).is_err());
    }
}
