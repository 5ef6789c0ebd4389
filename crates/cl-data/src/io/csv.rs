use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use super::csv_rows::CsvRows;
use super::{malformed, open, write_atomically};
use crate::{
    dataset::{Dataset, MAX_CLASSES, Scalar},
    error::DataError,
    ids::Ids,
};

/// The column that holds the label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelColumn {
    /// The column of this name.
    Name(String),
    /// The column at this index, from 0.
    Index(usize),
    /// The last column.
    Last,
}

/// Whether the first row names the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderRow {
    /// It does; a first row of numbers alone is an error, so that no example is taken for a header.
    Required,
    /// It does unless one of its fields is a number.
    Detected,
    /// It does not; features are named `x0`, `x1`, ...
    Absent,
}

/// How to read a CSV file.
///
/// ```
/// use cl_data::io::{CsvOptions, LabelColumn};
///
/// let options = CsvOptions { id: Some("id".into()), ..CsvOptions::new(LabelColumn::Name("species".into())) };
/// assert_eq!(options.delimiter, b',');
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// The column of the label; all others but the id's are features.
    pub label: LabelColumn,
    /// The name of the column of the id; without one, ids are the positions `0..n`.
    pub id: Option<String>,
    /// Whether the first row names the columns.
    pub header: HeaderRow,
    /// The classes in their order, for files that must agree (a training and a test set); without them, the
    /// labels found decide.
    pub classes: Option<Vec<String>>,
    /// The byte between fields.
    pub delimiter: u8,
}

impl CsvOptions {
    /// Options for a file with a header row, commas, no id column and classes by the labels found.
    pub fn new(label: LabelColumn) -> Self {
        Self { label, id: None, header: HeaderRow::Required, classes: None, delimiter: b',' }
    }
}

/// Reads a CSV file, gzipped or not: one row per example, the label, numbers for features, perhaps an id.
///
/// Labels that are integers 0, 1, ... are class indices as they stand; texts are numbered in the sorted order
/// of the names. Fields are trimmed of blanks. O(file).
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Malformed`] with line and column: a row of another length, no such column
/// (the message lists those that there are), a feature that is no finite number, a label that is empty, a
/// fraction or none of the given classes, an id that occurs twice, a file without rows.
pub fn read_csv<T: Scalar>(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Dataset<T>, DataError> {
    let input = open(path)?;
    let path = input.path().to_path_buf();
    read_csv_from(input, &path, options)
}

pub(crate) fn read_csv_from<T: Scalar>(
    source: impl Read,
    path: &Path,
    options: &CsvOptions,
) -> Result<Dataset<T>, DataError> {
    let mut rows = CsvRows::new(source, path, options.delimiter);
    if !rows.advance()? {
        return Err(malformed(path, "line 1", "the file is empty, expected rows"));
    }
    let is_number = |field: &str| field.parse::<f64>().is_ok();
    let named = match options.header {
        HeaderRow::Required if rows.fields().all(is_number) => {
            let problem = "only numbers, expected the names of the columns";
            return Err(malformed(path, format!("line {}", rows.line()), problem));
        }
        HeaderRow::Required => true,
        HeaderRow::Detected => !rows.fields().any(is_number),
        HeaderRow::Absent => false,
    };
    let n_columns = rows.n_columns();
    let header: Option<Vec<String>> = named.then(|| rows.fields().map(Into::into).collect());
    let columns = Columns::find(path, header.as_deref(), n_columns, options)?;
    if named && !rows.advance()? {
        return Err(malformed(
            path,
            format!("line {}", rows.line() + 1),
            "no row after the header, expected examples",
        ));
    }

    let (mut features, mut labels, mut ids) = (Vec::new(), Labels::default(), Vec::new());
    loop {
        let line = rows.line();
        for (column, field) in rows.fields().enumerate() {
            if column == columns.label {
                if field.is_empty() {
                    return Err(malformed(path, columns.place(line, column), "empty, expected a label"));
                }
                labels.push(field, line);
            } else if Some(column) == columns.id {
                ids.push(field.to_owned());
            } else {
                let value = field.parse().ok().map(T::of_f64).filter(|value| value.is_finite());
                features.push(value.ok_or_else(|| {
                    malformed(path, columns.place(line, column), format!("{field:?}, expected a finite number"))
                })?);
            }
        }
        if !rows.advance()? {
            break;
        }
    }

    let (labels, class_names) = labels
        .classes(options.classes.as_deref())
        .map_err(|(line, problem)| malformed(path, columns.place(line, columns.label), problem))?;
    let mut data =
        Dataset::new(columns.n_features(), features, labels, class_names.len())?.with_class_names(class_names)?;
    if columns.id.is_some() {
        let ids = ids_of(ids).map_err(|error| malformed(path, "column of ids", error.to_string()))?;
        data = data.with_ids(ids)?;
    }
    match header {
        Some(header) => {
            let is_feature = |column: &usize| *column != columns.label && Some(*column) != columns.id;
            data.with_feature_names(
                (0..n_columns).filter(is_feature).map(|column| header[column].clone()).collect(),
            )
        }
        None => Ok(data),
    }
}

/// Writes a CSV file of the columns `id`, the features and `label` (the class's name), every number in the
/// shortest form that reads back exactly.
///
/// Reading it with `id: Some("id")`, [`LabelColumn::Name`] of `label` and `classes` of the data's class names
/// gives the same data.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::InvalidArgument`] where a feature is called `id` or `label`, two classes share
/// a name, or a name or id begins or ends with a blank or is empty, and so would not be read back.
pub fn write_csv<T: Scalar>(path: impl AsRef<Path>, data: &Dataset<T>) -> Result<(), DataError> {
    let taken = |name: &&String| name.as_str() == "id" || name.as_str() == "label";
    if let Some(name) = data.feature_names().iter().find(taken) {
        return Err(DataError::argument("feature name", name, "a name other than `id` and `label`"));
    }
    let texts = data.feature_names().iter().chain(data.class_names()).map(|text| text.as_str().into());
    if let Some(text) = texts.chain(data.ids().iter()).find(|text| text.is_empty() || text.trim() != &**text) {
        return Err(DataError::argument("name or id", format!("{text:?}"), "a text without blanks around it"));
    }
    let mut seen = std::collections::HashSet::new();
    if let Some(name) = data.class_names().iter().find(|name| !seen.insert(name.as_str())) {
        return Err(DataError::argument("class name", name, "a name for one class"));
    }
    write_atomically(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_field("id")?;
        data.feature_names().iter().try_for_each(|name| writer.write_field(name))?;
        writer.write_record(["label"])?;
        let mut number = Vec::new();
        for (index, id) in data.ids().iter().enumerate() {
            writer.write_field(id.as_bytes())?;
            for value in data.example(index) {
                number.clear();
                // Debug falls back to an exponent where Display would write hundreds of zeros.
                write!(number, "{value:?}")?;
                writer.write_field(number.strip_suffix(b".0").unwrap_or(&number))?;
            }
            writer.write_record([&data.class_names()[data.labels()[index]]])?;
        }
        writer.flush()
    })
}

/// Where in a row the label and the id stand.
struct Columns {
    label: usize,
    id: Option<usize>,
    n_columns: usize,
    header: Option<Vec<String>>,
}

impl Columns {
    fn find(
        path: &Path,
        header: Option<&[String]>,
        n_columns: usize,
        options: &CsvOptions,
    ) -> Result<Self, DataError> {
        let by_name = |name: &str, role: &str| {
            let Some(header) = header else {
                let problem = format!("no header row to find the {role} column `{name}` in");
                return Err(malformed(path, "header", problem));
            };
            let mut at = header.iter().enumerate().filter(|(_, known)| *known == name).map(|(column, _)| column);
            match (at.next(), at.next()) {
                (Some(column), None) => Ok(column),
                (Some(_), Some(_)) => {
                    Err(malformed(path, "header", format!("several columns `{name}`, expected one")))
                }
                (None, _) => {
                    let problem = format!("no {role} column `{name}`, the columns are {}", header.join(", "));
                    Err(malformed(path, "header", problem))
                }
            }
        };
        let label = match &options.label {
            LabelColumn::Name(name) => by_name(name, "label")?,
            LabelColumn::Index(column) if *column < n_columns => *column,
            LabelColumn::Index(column) => {
                let columns = match header {
                    Some(header) => format!(": {}", header.join(", ")),
                    None => String::new(),
                };
                let problem = format!("no label column {column}, expected 0..{n_columns}{columns}");
                return Err(malformed(path, "header", problem));
            }
            LabelColumn::Last => n_columns - 1,
        };
        let id = options.id.as_deref().map(|name| by_name(name, "id")).transpose()?;
        if id == Some(label) {
            return Err(malformed(path, "header", "the same column for id and label"));
        }
        Ok(Self { label, id, n_columns, header: header.map(Into::into) })
    }

    fn n_features(&self) -> usize {
        self.n_columns - 1 - usize::from(self.id.is_some())
    }

    fn place(&self, line: u64, column: usize) -> String {
        match self.header.as_ref().and_then(|header| header.get(column)) {
            Some(name) => format!("line {line}, column `{name}`"),
            None => format!("line {line}, column {column}"),
        }
    }
}

/// The labels as they stand, each text once.
#[derive(Default)]
struct Labels {
    numbers: HashMap<String, usize>,
    /// Each text with the line where it stands first.
    texts: Vec<(String, u64)>,
    rows: Vec<usize>,
}

impl Labels {
    fn push(&mut self, text: &str, line: u64) {
        let number = match self.numbers.get(text) {
            Some(&number) => number,
            None => {
                let number = self.texts.len();
                self.numbers.insert(text.to_owned(), number);
                self.texts.push((text.to_owned(), line));
                number
            }
        };
        self.rows.push(number);
    }

    /// The class of every row and the names of the classes; else a line and what is wrong there.
    fn classes(self, given: Option<&[String]>) -> Result<(Vec<usize>, Vec<String>), (u64, String)> {
        let (class_of, names) = if let Some(names) = given {
            let class_of = |(text, line): &(String, u64)| {
                let class = names.iter().position(|name| name == text);
                class.ok_or_else(|| (*line, format!("{text:?}, expected one of the classes {}", names.join(", "))))
            };
            (self.texts.iter().map(class_of).collect::<Result<Vec<_>, _>>()?, names.to_vec())
        } else {
            self.found_classes()?
        };
        Ok((self.rows.iter().map(|&number| class_of[number]).collect(), names))
    }

    fn found_classes(&self) -> Result<(Vec<usize>, Vec<String>), (u64, String)> {
        let numbers: Option<Vec<f64>> = self.texts.iter().map(|(text, _)| text.parse().ok()).collect();
        if let Some(numbers) = numbers {
            let first = |wrong: &dyn Fn(f64) -> bool| numbers.iter().position(|&number| wrong(number));
            if let Some(at) = first(&|number| number.fract() != 0.0 || !number.is_finite()) {
                let (text, line) = &self.texts[at];
                return Err((*line, format!("{text:?}, expected a class: an integer or a name")));
            }
            // Negative codes, as in -1 and 1, are names; so is the rest then.
            if first(&|number| number < 0.0).is_none() {
                if let Some(at) = first(&|number| number >= MAX_CLASSES as f64) {
                    let (text, line) = &self.texts[at];
                    return Err((*line, format!("{text:?}, expected a class index below {MAX_CLASSES}")));
                }
                let classes: Vec<usize> = numbers.iter().map(|&number| number as usize).collect();
                let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
                return Ok((classes, (0..n_classes).map(|class| class.to_string()).collect()));
            }
        }
        let mut names: Vec<String> = self.texts.iter().map(|(text, _)| text.clone()).collect();
        names.sort_unstable();
        let class: HashMap<&str, usize> =
            names.iter().enumerate().map(|(class, name)| (name.as_str(), class)).collect();
        let classes = self.texts.iter().map(|(text, _)| class[text.as_str()]).collect();
        Ok((classes, names))
    }
}

/// Integer ids where every text is one as it would be written, else texts.
fn ids_of(texts: Vec<String>) -> Result<Ids, DataError> {
    let integer = |id: &String| id.parse().ok().filter(|value: &i64| value.to_string() == *id);
    match texts.iter().map(integer).collect() {
        Some(integers) => Ids::integers(integers),
        None => Ids::texts(texts),
    }
}
