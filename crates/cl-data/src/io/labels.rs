use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::label_book::{LabelBook, LabelClasses, LabelOptions};
use super::label_table::LabelTable;
use super::npy::{NpyReader, read_npy};
use super::table::{Cells, Lists, TableReader, listed};
use super::{Array, ArrayData, Signature, malformed};
use crate::{error::DataError, ids::Ids};

/// How far the soft labels of an example may be from summing to one.
const SUM_TOLERANCE: f64 = 1e-3;

/// The labels of a file as classes, known by position or by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// The class of each example; `None` where its label is one to be left out.
    pub classes: Vec<Option<usize>>,
    /// The label of each class, where these are not the integers themselves.
    pub names: Option<Vec<String>>,
    /// How many classes the labels are of, at least.
    pub n_classes: usize,
    /// Where labels are shares of classes: n x c of them, example by example.
    pub soft: Option<Vec<f64>>,
    path: PathBuf,
    ids: Option<Vec<String>>,
    /// What an example is called in messages, and where it stands.
    element: String,
    /// How many classes the option names, where it does.
    n_told: usize,
}

impl Labels {
    /// Reads labels: from a `.npy` file by position, from a table (CSV, JSON lines, Parquet) with a column of labels by id,
    /// or by position where it has no ids.
    ///
    /// An array has one axis (or (n, 1)) of integers, whole numbers, truth values or texts; or it is one-hot (n x c of 0
    /// and 1, a single 1 in each row), or soft (n x c, rows that sum to 1). O(n c).
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] naming file and element: where a label is no class, and where there are
    /// several of an example.
    pub fn read(path: impl AsRef<Path>, options: &LabelOptions) -> Result<Self, DataError> {
        Self::read_with(path, options, &LabelTable::default())
    }

    /// As [`read`](Self::read), from a table of which this is said.
    ///
    /// ```
    /// use cl_data::io::{LabelOptions, LabelTable, Labels, TableOptions};
    ///
    /// let file = tempfile::NamedTempFile::with_suffix(".csv")?;
    /// std::fs::write(file.path(), "name|species\na|1\nb|0\n")?;
    /// let table = LabelTable {
    ///     table: TableOptions { separator: Some(b'|'), ..TableOptions::default() },
    ///     id_column: Some("name".into()),
    ///     label_column: Some("species".into()),
    /// };
    /// let labels = Labels::read_with(file.path(), &LabelOptions::default(), &table)?;
    /// assert_eq!(labels.classes, [Some(1), Some(0)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`read`](Self::read); where there is no such column.
    pub fn read_with(
        path: impl AsRef<Path>,
        options: &LabelOptions,
        table: &LabelTable,
    ) -> Result<Self, DataError> {
        Self::read_at_most(path.as_ref(), options, table, usize::MAX, String::new)
    }

    /// The same of at most `most` examples, those of the file `of`; an array of more is refused before its elements are
    /// read.
    ///
    /// # Errors
    /// As [`read_with`](Self::read_with).
    pub fn read_for(
        path: impl AsRef<Path>,
        options: &LabelOptions,
        table: &LabelTable,
        most: usize,
        of: impl AsRef<Path>,
    ) -> Result<Self, DataError> {
        Self::read_at_most(path.as_ref(), options, table, most, || of_file(of.as_ref()))
    }

    fn read_at_most(
        path: &Path,
        options: &LabelOptions,
        table: &LabelTable,
        most: usize,
        of: impl Fn() -> String,
    ) -> Result<Self, DataError> {
        // Rows are told how to be read; an array is none.
        match Signature::of(path)? {
            Signature::Npy => {
                let reader = NpyReader::open(path)?;
                let shape = reader.shape();
                if let Some(n) = shape.first().filter(|&&n| n > most) {
                    let problem = format!("{n} labels for {most} examples{}, expected one each", of());
                    return Err(malformed(path, "", problem));
                }
                Self::of_array(path, "", reader.into_array()?, options)
            }
            Signature::Npz => Err(malformed(path, "", "an archive, expected labels in .npy or in a table")),
            _ => Self::read_table(path, options, table),
        }
    }

    /// The labels that an array of the file `path` holds, in its member `member` (empty for the file itself).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_array(path: &Path, member: &str, array: Array, options: &LabelOptions) -> Result<Self, DataError> {
        let place = |at: usize| format!("{} {at}", element_of(member));
        let shape = array.shape().to_vec();
        match shape[..] {
            [_] | [_, 1] => {}
            [n, c] => return several(path, member, [n, c], &array, options),
            _ => {
                let problem = format!("labels of shape {shape:?}, expected one axis");
                return Err(malformed(path, member, problem));
            }
        }
        let (mut book, mut codes) = (LabelBook::default(), Vec::with_capacity(array.data().len()));
        match array.data() {
            ArrayData::Text(texts) => codes.extend(texts.iter().map(|text| book.code(text))),
            ArrayData::I64(values) => {
                // As a rule a few labels that come again and again.
                let mut known: HashMap<i64, u32> = HashMap::new();
                codes.extend(
                    values
                        .iter()
                        .map(|&value| *known.entry(value).or_insert_with(|| book.code(&value.to_string()))),
                );
            }
            data => {
                let mut values: Vec<f64> = Vec::new();
                data.append_floats(&mut values)?;
                let mut known: HashMap<u64, u32> = HashMap::new();
                let code =
                    |value: f64| *known.entry(value.to_bits()).or_insert_with(|| book.code(&value.to_string()));
                codes.extend(values.into_iter().map(code));
            }
        }
        Self::of_codes(path, &book, &codes, options, None, &element_of(member), place)
    }

    fn read_table(
        path: &Path,
        options: &LabelOptions,
        LabelTable { table, id_column, label_column }: &LabelTable,
    ) -> Result<Self, DataError> {
        let table = TableReader::open(path, table)?;
        let label = match label_column {
            Some(name) => table.column(name)?,
            None => match LABEL_COLUMNS.iter().find_map(|name| table.find(name)) {
                Some(label) => label,
                None if table.columns().len() == 1 => 0,
                None => {
                    let problem = format!(
                        "no column of labels, the columns are {}; expected one of {}{}",
                        listed(table.columns()),
                        listed(LABEL_COLUMNS),
                        table.separator_hint()
                    );
                    return Err(malformed(path, "", problem));
                }
            },
        };
        let id = match id_column {
            Some(name) => Some(table.column(name)?),
            None => ID_COLUMNS.iter().find_map(|name| table.find(name)).filter(|&id| id != label),
        };
        let columns: Vec<usize> = [Some(label), id].into_iter().flatten().collect();
        let (mut book, mut codes, mut places) = (LabelBook::default(), Vec::new(), Vec::new());
        let mut ids: Option<Vec<String>> = id.map(|_| Vec::new());
        let mut seen: HashMap<String, ()> = HashMap::new();
        let (mut rows, mut lists) = (table.rows(&columns)?, Lists::default());
        while let Some(batch) = rows.next_batch()? {
            for row in 0..batch.n_rows {
                let text = |cells: &Cells, name: &str, expected: &str| match cells.text(row) {
                    Some(text) => Ok(text.into_owned()),
                    None => {
                        let place = format!("{}, column `{name}`", batch.place(row));
                        Err(malformed(path, place, format!("{}, expected {expected}", cells.shown(row))))
                    }
                };
                match batch.columns[0].list(row) {
                    Some(list) => lists.push(list.iter().copied()),
                    None => {
                        codes.push(book.code(&text(&batch.columns[0], &table.columns()[label], "a label")?));
                    }
                }
                places.push(batch.place(row));
                if let (Some(ids), Some(at)) = (&mut ids, id) {
                    let id = text(&batch.columns[1], &table.columns()[at], "an id")?;
                    if seen.insert(id.clone(), ()).is_some() {
                        return Err(malformed(
                            path,
                            batch.place(row),
                            format!("id {id} is there twice, expected each once"),
                        ));
                    }
                    ids.push(id);
                }
            }
        }
        if !lists.ends.is_empty() {
            let name = format!("column `{}`", table.columns()[label]);
            let width = lists.get(0).len();
            if let Some(at) = (0..places.len()).find(|&at| lists.get(at).len() != width) {
                let problem = format!("{} numbers, expected {width} as in the first row", lists.get(at).len());
                return Err(malformed(path, format!("{}, {name}", places[at]), problem));
            }
            let array = Array::new(vec![places.len(), width], ArrayData::F64(lists.values))?;
            let labels = Self::of_array(path, &name, array, options)?;
            let element = if ids.is_some() { "id" } else { "element" };
            return Ok(Self { ids, element: element.to_owned(), ..labels });
        }
        if codes.is_empty() {
            return Err(malformed(path, "", "no rows, expected a label per example"));
        }
        Self::of_codes(path, &book, &codes, options, ids, "element", |at| places[at].clone())
    }

    fn of_codes(
        path: &Path,
        book: &LabelBook,
        codes: &[u32],
        options: &LabelOptions,
        ids: Option<Vec<String>>,
        element: &str,
        place: impl Fn(usize) -> String,
    ) -> Result<Self, DataError> {
        check(path, options)?;
        let LabelClasses { of_code, names, n_classes } = book.classes(options).map_err(|problem| {
            let at = codes.iter().position(|&code| code == problem.code).unwrap_or(0);
            malformed(path, place(at), problem.problem)
        })?;
        let classes = codes.iter().map(|&code| of_code[code as usize]).collect();
        let element = if ids.is_some() { "id".into() } else { element.to_owned() };
        let n_told = options.classes.as_ref().map_or(0, Vec::len);
        Ok(Self { classes, names, n_classes, soft: None, path: path.to_path_buf(), ids, element, n_told })
    }

    /// The same for the examples with these ids, those of the file `of`: by id where the file of labels has ids, else by
    /// position.
    ///
    /// # Errors
    /// [`DataError::Malformed`] naming both files, where there are not as many, or none for an id.
    pub fn for_ids(self, ids: &Ids, of: impl AsRef<Path>) -> Result<Self, DataError> {
        let Some(own) = &self.ids else {
            if self.classes.len() != ids.len() {
                let (found, expected, of) = (self.classes.len(), ids.len(), self.of_file(of.as_ref()));
                let problem = format!("{found} labels for {expected} examples{of}, expected one each");
                return Err(malformed(&self.path, "", problem));
            }
            return Ok(self);
        };
        let places: HashMap<&str, usize> = own.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
        let place = |id: std::borrow::Cow<'_, str>| {
            places.get(&*id).copied().ok_or_else(|| {
                let of = self.of_file(of.as_ref());
                malformed(&self.path, "", format!("no label for id {id}{of}, expected one of each example"))
            })
        };
        let order = ids.iter().map(place).collect::<Result<Vec<usize>, _>>()?;
        let classes = order.iter().map(|&at| self.classes[at]).collect();
        let c = self.n_classes;
        let soft = self.soft.as_ref();
        let soft = soft.map(|soft| order.iter().flat_map(|&at| &soft[at * c..(at + 1) * c]).copied().collect());
        let own = order.iter().map(|&at| own[at].clone()).collect();
        Ok(Self { classes, soft, ids: Some(own), ..self })
    }

    /// In which file the examples stand, where that is another.
    fn of_file(&self, of: &Path) -> String {
        if of == self.path { String::new() } else { of_file(of) }
    }

    /// Refuses a label beyond the classes of the outputs in the file `of`, and soft labels of others.
    ///
    /// # Errors
    /// [`DataError::Malformed`] naming both files, the element and the label.
    pub fn check(&self, n_classes: usize, of: impl AsRef<Path>) -> Result<(), DataError> {
        if self.soft.is_some() && self.n_classes != n_classes {
            let problem = format!(
                "soft labels of {} classes, expected {n_classes} as the outputs{} have",
                self.n_classes,
                self.of_file(of.as_ref())
            );
            return Err(malformed(&self.path, "", problem));
        }
        let beyond = |class: &Option<usize>| class.is_some_and(|class| class >= n_classes);
        let Some(at) = self.classes.iter().position(beyond) else { return Ok(()) };
        let place = match &self.ids {
            Some(ids) => format!("{} {}", self.element, ids[at]),
            None => format!("{} {at}", self.element),
        };
        let label = self.classes[at].unwrap_or_default();
        Err(malformed(
            &self.path,
            place,
            beyond_outputs(label, n_classes, &self.of_file(of.as_ref()), self.n_told),
        ))
    }

    /// The classes, where no label is one to be left out.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where one is.
    pub fn all(self) -> Result<Vec<usize>, DataError> {
        let problem = "soft labels or labels to be left out, expected a class of each example";
        let all: Option<Vec<usize>> = self.classes.into_iter().collect();
        all.filter(|_| self.soft.is_none()).ok_or_else(|| malformed(&self.path, "", problem))
    }
}

/// What is wrong with a label beyond the classes of the outputs. `of`: where these stand, such as `" of log.npy"`, or
/// nothing. `n_told`: how many classes the option `classes` names, 0 where it is not given.
pub fn beyond_outputs(label: usize, n_classes: usize, of: &str, n_told: usize) -> String {
    let told = match n_told > n_classes {
        true => format!("; option `classes` has {n_told} names"),
        false => String::new(),
    };
    format!("label {label} is out of range, expected 0..{n_classes}, the classes of the outputs{of}{told}")
}

/// In which file examples stand, behind what is said of them.
fn of_file(path: &Path) -> String {
    format!(" of {}", path.display())
}

/// What columns of ids are called, the surest first.
pub const ID_COLUMNS: &[&str] =
    &["id", "ids", "guid", "sample_id", "example_id", "uid", "uuid", "idx", "index", "__index_level_0__"];

/// What columns of labels are called.
pub const LABEL_COLUMNS: &[&str] =
    &["label", "labels", "gold", "target", "targets", "y", "label_ids", "given_label"];

/// What an element of a member of an archive, or of the file itself, is called.
fn element_of(member: &str) -> String {
    if member.is_empty() { "element".into() } else { format!("`{member}`, element") }
}

fn check(path: &Path, options: &LabelOptions) -> Result<(), DataError> {
    options.check().map_err(|problem| malformed(path, "", problem))
}

/// One-hot or soft labels, or what is neither.
fn several(
    path: &Path,
    member: &str,
    [n, c]: [usize; 2],
    array: &Array,
    options: &LabelOptions,
) -> Result<Labels, DataError> {
    let wrong = |problem: String| Err(malformed(path, member, problem));
    let values: Vec<f64> = match array.data() {
        ArrayData::Text(_) => return wrong(format!("texts of shape [{n}, {c}], expected one axis")),
        _ => array.to_f64()?,
    };
    let rows = || values.chunks_exact(c.max(1));
    let integers = values.iter().all(|value| value.fract() == 0.0);
    let ones = |row: &[f64]| row.iter().filter(|&&value| value == 1.0).count();
    let zeros_and_ones = values.iter().all(|&value| value == 0.0 || value == 1.0);
    let mut labels = Labels {
        classes: Vec::with_capacity(n),
        names: None,
        n_classes: c,
        soft: None,
        path: path.to_path_buf(),
        ids: None,
        element: element_of(member),
        n_told: 0,
    };
    let largest = |row: &[f64]| (0..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best });
    if zeros_and_ones && rows().all(|row| ones(row) == 1) {
        check(path, options)?;
        if let Some(told) = options.classes.as_ref().filter(|told| told.len() != c) {
            let problem =
                format!("{c} columns for the {} classes of option `classes`, expected one each", told.len());
            return wrong(problem);
        }
        let ignored = options.ignored_column(c);
        labels.classes.extend(rows().map(|row| Some(largest(row)).filter(|&class| Some(class) != ignored)));
        labels.names.clone_from(&options.classes);
        return Ok(labels);
    }
    let sums_to_one = |row: &[f64]| {
        row.iter().all(|p| (0.0..=1.0).contains(p)) && (row.iter().sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE
    };
    if !integers && rows().all(sums_to_one) {
        let told = [("ignore_label", options.ignore.is_some()), ("classes", options.classes.is_some())];
        if let Some((option, _)) = told.iter().find(|(_, is_told)| *is_told) {
            let problem = format!(
                "soft labels (rows that sum to 1), expected a class of each example for option `{option}`"
            );
            return wrong(problem);
        }
        labels.classes.extend(rows().map(|row| Some(largest(row))));
        labels.soft = Some(values);
        return Ok(labels);
    }
    let what = match (zeros_and_ones, integers) {
        (true, _) => "several classes of an example (multi-label) are not supported",
        (_, true) => "labels of several annotators are not supported",
        _ => "targets of a regression are not supported",
    };
    wrong(format!(
        "labels of shape [{n}, {c}], expected one class each, one-hot rows, or rows that sum to 1; {what}"
    ))
}

/// Integers from 0 of one axis from a `.npy` file: labels, an order; `what` they are, for messages.
///
/// # Errors
/// As [`read_npy`] and [`indices_of`].
pub fn read_indices(path: impl AsRef<Path>, what: &str) -> Result<Vec<usize>, DataError> {
    indices_of(path.as_ref(), what, &read_npy(&path)?)
}

/// The same where there must be `n` of them, looked at before any is read.
///
/// # Errors
/// As [`read_indices`]; where there are not as many.
pub fn read_indices_for(path: impl AsRef<Path>, what: &str, n: usize) -> Result<Vec<usize>, DataError> {
    let (path, reader) = (path.as_ref(), NpyReader::open(&path)?);
    match *reader.shape() {
        [found] if found != n => {
            Err(malformed(path, "", format!("{found} {what}, expected {n}, one for each row")))
        }
        _ => indices_of(path, what, &reader.into_array()?),
    }
}

/// Integers from 0 of one axis that an array of the file `path` holds; `what` they are, for messages.
///
/// # Errors
/// [`DataError::Malformed`] where there is another axis, or an element that is none.
pub fn indices_of(path: &Path, what: &str, array: &Array) -> Result<Vec<usize>, DataError> {
    if array.shape().len() != 1 {
        return Err(malformed(path, "", format!("{what} of shape {:?}, expected one axis", array.shape())));
    }
    array.to_indices().map_err(|error| malformed(path, what, error.to_string()))
}
