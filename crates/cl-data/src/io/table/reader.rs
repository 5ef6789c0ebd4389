use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::super::malformed;
use super::batch::{Batch, Rows};
use super::cells::CellValues;
use super::csv_table::{self, CsvTable};
use super::format::RowFormat;
use super::json_table::{self, JsonTable, LateKeys};
use super::mixed::mixed;
#[cfg(feature = "parquet")]
use super::parquet_table::ParquetTable;
use crate::error::DataError;

/// What is said of a table that its file does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// The format, where the content is not to decide.
    pub format: Option<RowFormat>,
    /// The character between the fields of a CSV file, where the header is not to decide.
    pub separator: Option<u8>,
    /// Whether a comma stands before the decimals of a CSV file.
    pub decimal_comma: bool,
}

/// A table in a file: CSV (with `,`, `;` or tab), JSON lines or Parquet (with the feature `parquet`), gzipped or not;
/// read column by column in batches of rows, in memory that does not grow with the file.
///
/// ```
/// use cl_data::io::{TableOptions, TableReader};
///
/// let file = tempfile::NamedTempFile::with_suffix(".csv")?;
/// std::fs::write(file.path(), "id;loss\na;0,5\nb;1,5\n")?;
/// let options = TableOptions { decimal_comma: true, ..TableOptions::default() };
/// let table = TableReader::open(file.path(), &options)?;
/// assert_eq!(table.columns(), ["id", "loss"]);
/// let mut rows = table.rows(&[1])?;
/// let batch = rows.next_batch()?.unwrap();
/// assert_eq!((batch.columns[0].number(0), batch.columns[0].number(1)), (Some(0.5), Some(1.5)));
/// assert_eq!(batch.place(1), "line 3");
/// assert!(rows.next_batch()?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableReader {
    path: PathBuf,
    format: RowFormat,
    columns: Vec<String>,
    places: HashMap<String, usize>,
    separator: u8,
    decimal_comma: bool,
    late: LateKeys,
    #[cfg(feature = "parquet")]
    parquet: Option<ParquetTable>,
}

impl TableReader {
    /// Opens a table and reads the names of its columns: of JSON lines, the keys of the first 64 lines.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where it is no table, has no row of names, or a name twice.
    pub fn open(path: impl AsRef<Path>, options: &TableOptions) -> Result<Self, DataError> {
        let path = path.as_ref();
        let format = match options.format {
            Some(format) => format,
            None => RowFormat::of(path)?,
        };
        let mut table = Self {
            path: path.to_path_buf(),
            format,
            columns: Vec::new(),
            places: HashMap::new(),
            separator: b',',
            decimal_comma: options.decimal_comma,
            late: LateKeys::default(),
            #[cfg(feature = "parquet")]
            parquet: None,
        };
        table.columns = match format {
            RowFormat::Csv => {
                table.separator = csv_table::separator(path, options.separator)?;
                csv_table::header(path, table.separator)?
            }
            RowFormat::JsonLines => {
                let keys = json_table::keys(path)?;
                table.late = LateKeys::beside(&keys);
                keys
            }
            #[cfg(feature = "parquet")]
            RowFormat::Parquet => {
                let parquet = ParquetTable::open(path)?;
                let names = parquet.names().to_vec();
                table.parquet = Some(parquet);
                names
            }
            #[cfg(not(feature = "parquet"))]
            RowFormat::Parquet => {
                return Err(malformed(path, "", "a Parquet file, which takes a build with the feature `parquet`"));
            }
        };
        let mut seen = HashSet::with_capacity(table.columns.len());
        if let Some(twice) = table.columns.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
            return Err(malformed(
                path,
                "header",
                format!("column `{twice}` occurs twice, expected each name once"),
            ));
        }
        table.places = table.columns.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        Ok(table)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How its rows are written.
    pub fn format(&self) -> RowFormat {
        self.format
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The place of the column of a name. O(1).
    pub fn find(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The place of a column that there must be.
    ///
    /// # Errors
    /// [`DataError::Malformed`] with the columns that there are.
    pub fn column(&self, name: &str) -> Result<usize, DataError> {
        self.find(name).ok_or_else(|| {
            let hint = self.separator_hint();
            let problem = format!("no column `{name}`, the columns are {}{hint}", listed(&self.columns));
            malformed(&self.path, "", problem)
        })
    }

    /// What to say where a column is missed and the only one that there is looks like several.
    pub fn separator_hint(&self) -> String {
        match (self.format, &self.columns[..]) {
            (RowFormat::Csv, [only]) => csv_table::separator_hint(only),
            _ => String::new(),
        }
    }

    /// Keys of JSON lines in rows read so far that are no columns, because the first 64 lines lack them: at most 20.
    pub fn late_keys(&self) -> Vec<String> {
        self.late.found()
    }

    /// Into how many parts the rows fall that can be read beside one another: those of a Parquet file, else one.
    pub fn n_parts(&self) -> usize {
        #[cfg(feature = "parquet")]
        if let Some(parquet) = &self.parquet {
            return parquet.n_parts();
        }
        1
    }

    /// Some columns of all rows, by their places.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where a column holds what is not read.
    pub fn rows(&self, columns: &[usize]) -> Result<Box<dyn Rows + '_>, DataError> {
        self.checked(self.rows_of_any_type(columns)?, columns)
    }

    /// The same, where a column that cannot be read is no obstacle: its values are [`CellValues::Other`], and those of
    /// another may be of one type in a batch and of another in the next.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where a row is none.
    pub fn rows_of_any_type(&self, columns: &[usize]) -> Result<Box<dyn Rows + '_>, DataError> {
        Ok(Box::new(AllParts { table: self, columns: columns.to_vec(), part: 0, rows: None }))
    }

    /// The same of one part.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn rows_of_part(&self, part: usize, columns: &[usize]) -> Result<Box<dyn Rows + '_>, DataError> {
        self.checked(self.unchecked(part, columns)?, columns)
    }

    fn unchecked(&self, part: usize, columns: &[usize]) -> Result<Box<dyn Rows + '_>, DataError> {
        self.check(columns)?;
        match self.format {
            #[cfg(feature = "parquet")]
            RowFormat::Parquet => match &self.parquet {
                Some(parquet) => parquet.rows(part, columns),
                None => Err(malformed(&self.path, "", "not open")),
            },
            #[cfg(not(feature = "parquet"))]
            RowFormat::Parquet => Err(malformed(&self.path, "", "takes a build with the feature `parquet`")),
            _ if part > 0 => Err(DataError::argument("part", part, "0, there are no others")),
            RowFormat::Csv => {
                Ok(Box::new(CsvTable::open(&self.path, self.separator, self.decimal_comma, columns)?))
            }
            RowFormat::JsonLines => {
                let names = columns.iter().map(|&column| self.columns[column].clone()).collect();
                Ok(Box::new(JsonTable::open(&self.path, names, &self.late)?))
            }
        }
    }

    /// Refuses places of columns that there are not.
    fn check(&self, columns: &[usize]) -> Result<(), DataError> {
        match columns.iter().find(|&&column| column >= self.columns.len()) {
            Some(column) => Err(DataError::argument("column", column, "the place of a column")),
            None => Ok(()),
        }
    }

    fn checked<'a>(
        &'a self,
        rows: Box<dyn Rows + 'a>,
        columns: &[usize],
    ) -> Result<Box<dyn Rows + 'a>, DataError> {
        self.check(columns)?;
        let names = columns.iter().map(|&column| &*self.columns[column]).collect();
        Ok(Box::new(OneType { path: &self.path, rows, names, kinds: Vec::new() }))
    }
}

/// Some names, no more than a message can hold. O(1).
///
/// ```
/// assert_eq!(cl_data::io::listed(&["el2n", "aum"]), "el2n, aum");
/// assert!(cl_data::io::listed(&["c"; 100]).ends_with("c, c and 80 more"));
/// ```
pub fn listed(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(20).map(AsRef::as_ref).collect();
    let more = if names.len() > 20 { format!(" and {} more", names.len() - 20) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// One part after the other.
struct AllParts<'a> {
    table: &'a TableReader,
    columns: Vec<usize>,
    part: usize,
    rows: Option<Box<dyn Rows + 'a>>,
}

impl Rows for AllParts<'_> {
    fn next_batch(&mut self) -> Result<Option<Batch>, DataError> {
        loop {
            let rows = match &mut self.rows {
                Some(rows) => rows,
                None if self.part >= self.table.n_parts() => return Ok(None),
                None => self.rows.insert(self.table.unchecked(self.part, &self.columns)?),
            };
            if let Some(batch) = rows.next_batch()? {
                return Ok(Some(batch));
            }
            self.rows = None;
            self.part += 1;
        }
    }
}

/// Refuses a column that cannot be read, or holds one type first and another later.
struct OneType<'a> {
    path: &'a Path,
    rows: Box<dyn Rows + 'a>,
    names: Vec<&'a str>,
    kinds: Vec<Option<&'static str>>,
}

impl Rows for OneType<'_> {
    fn next_batch(&mut self) -> Result<Option<Batch>, DataError> {
        let Some(batch) = self.rows.next_batch()? else { return Ok(None) };
        self.kinds.resize(batch.columns.len(), None);
        for ((cells, kind), name) in batch.columns.iter().zip(&mut self.kinds).zip(&self.names) {
            if matches!(cells.values, CellValues::Missing(_)) {
                continue;
            }
            if let CellValues::Other(other) = &cells.values {
                let place = format!("{}, column `{name}`", batch.place(other.row));
                return Err(malformed(self.path, place, other.problem.clone()));
            }
            let found = match cells.values.kind() {
                "integers" => "numbers",
                kind => kind,
            };
            let before = *kind.get_or_insert(found);
            if before != found {
                let place = format!("{}, column `{name}`", batch.place(0));
                return Err(malformed(self.path, place, mixed(found, before)));
            }
        }
        Ok(Some(batch))
    }
}
