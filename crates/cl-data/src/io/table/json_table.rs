use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeSeed;

use super::super::input::{Input, open, read_error};
use super::super::record_limit::{TooLong, read_line};
use super::super::utf8::no_utf8;
use super::super::{malformed, with_expected};
use super::batch::{Batch, Rows};
use super::cells::{CellValues, Cells, Lists, Texts, Unreadable};
use super::json_array::{Elements, is_array};
use super::json_cell::{JsonCell, Object};
use super::mixed::mixed;
use crate::error::DataError;

/// Rows read at a time, and bytes after which fewer are.
const ROWS: usize = 16_384;
const BYTES: usize = 1 << 22;

/// Lines whose keys are the columns.
const LINES: usize = 64;

/// The lines of a file, without those that are blank; or the elements of the array that it is.
struct Lines {
    path: PathBuf,
    reader: BufReader<Input>,
    bytes: Vec<u8>,
    text: String,
    number: u64,
    array: Option<Elements>,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, DataError> {
        let reader = BufReader::with_capacity(1 << 16, open(path)?);
        let array = is_array(path)?.then(Elements::default);
        Ok(Self { path: path.to_path_buf(), reader, bytes: Vec::new(), text: String::new(), number: 0, array })
    }

    /// The length of the next line; `None` after the last.
    fn advance(&mut self) -> Result<Option<usize>, DataError> {
        loop {
            self.bytes.clear();
            self.number += 1;
            let is_there = match &mut self.array {
                Some(elements) => elements.next(&self.path, &mut self.reader, &mut self.bytes)?,
                None => {
                    let read = read_line(&mut self.reader, &mut self.bytes);
                    read.map_err(|error| match TooLong::of(&error) {
                        Some(too_long) => malformed(&self.path, self.place(), too_long.to_string()),
                        None => read_error(&self.path, "", error),
                    })? > 0
                }
            };
            if !is_there {
                return Ok(None);
            }
            let text = std::str::from_utf8(&self.bytes).map_err(|error| {
                let place = format!("{}, byte {}", self.place(), error.valid_up_to() + 1);
                no_utf8(&self.path, place, &self.bytes)
            })?;
            self.text.clear();
            self.text.push_str(text);
            if self.number == 1 && self.text.starts_with('\u{feff}') {
                self.text.drain(..'\u{feff}'.len_utf8());
            }
            if !self.text.trim().is_empty() {
                return Ok(Some(self.text.len()));
            }
        }
    }

    /// Where the line or element stands, as messages name it.
    fn place(&self) -> String {
        match self.array {
            Some(_) => format!("row {}", self.number - 1),
            None => format!("line {}", self.number),
        }
    }

    /// Reads the object of the line: the value of a key into the cell of its place.
    fn read(&self, place: &mut dyn FnMut(&str) -> Option<usize>, cells: &mut [JsonCell]) -> Result<(), DataError> {
        let read = |text: &str, place: &mut dyn FnMut(&str) -> Option<usize>, cells: &mut [JsonCell]| {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            Object(place, cells).deserialize(&mut deserializer)?;
            deserializer.end()
        };
        let Err(error) = read(&self.text, place, cells) else { return Ok(()) };
        // Python writes NaN and Infinity, which are no JSON.
        if ["Infinity", "NaN"].iter().any(|word| self.text.contains(word)) {
            let text = without_python_numbers(&self.text);
            cells.fill(JsonCell::Null);
            if read(&text, place, cells).is_ok() {
                return Ok(());
            }
        }
        Err(malformed(
            &self.path,
            self.place(),
            with_expected(error, "an object per line, or an array of objects"),
        ))
    }
}

/// The line with null in place of NaN, and an object that [`JsonCell`] knows in place of Infinity, but for those in texts.
fn without_python_numbers(line: &str) -> String {
    let (mut rest, mut text) = (line, String::with_capacity(line.len()));
    let (mut quoted, mut escaped) = (false, false);
    while let Some(first) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| !quoted && rest.starts_with(word));
        match word {
            Some(word) => {
                text.push_str(match word {
                    "NaN" => "null",
                    "Infinity" => "{\"Infinity\":1}",
                    _ => "{\"-Infinity\":1}",
                });
                rest = &rest[word.len()..];
            }
            None => {
                quoted ^= first == '"' && !escaped;
                escaped = quoted && first == '\\' && !escaped;
                text.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    text
}

/// The keys of the first lines, in the order in which they come.
pub(super) fn keys(path: &Path) -> Result<Vec<String>, DataError> {
    let (mut lines, mut keys, mut places) = (Lines::open(path)?, Vec::new(), HashMap::new());
    for _ in 0..LINES {
        match lines.advance() {
            Ok(None) => break,
            Err(_) if !keys.is_empty() => break,
            advanced => _ = advanced?,
        }
        let mut place = |key: &str| {
            if !places.contains_key(key) {
                places.insert(key.to_owned(), keys.len());
                keys.push(key.to_owned());
            }
            None
        };
        match lines.read(&mut place, &mut []) {
            // Whoever reads the rows is told.
            Err(_) if !keys.is_empty() => break,
            read => read?,
        }
    }
    match keys.is_empty() {
        true => Err(malformed(path, "line 1", "no rows, expected an object per line")),
        false => Ok(keys),
    }
}

/// The rows of a file of JSON lines; a key that a line lacks is missing in its row.
pub(super) struct JsonTable<'a> {
    lines: Lines,
    n_columns: usize,
    places: HashMap<String, usize>,
    late: &'a LateKeys,
    n_read: u64,
    /// What is wrong with the row behind those that were read.
    failed: Option<DataError>,
}

/// Keys that are no column, because the first lines lack them.
#[derive(Default)]
pub(super) struct LateKeys {
    columns: HashSet<String>,
    found: Mutex<BTreeSet<String>>,
}

impl LateKeys {
    pub(super) fn beside(columns: &[String]) -> Self {
        Self { columns: columns.iter().cloned().collect(), found: Mutex::default() }
    }

    /// Takes down a key that is not asked for, where it is no column.
    fn pass(&self, key: &str) {
        if !self.columns.contains(key) {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            if found.len() < 20 && !found.contains(key) {
                found.insert(key.to_owned());
            }
        }
    }

    pub(super) fn found(&self) -> Vec<String> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl<'a> JsonTable<'a> {
    pub(super) fn open(path: &Path, names: Vec<String>, late: &'a LateKeys) -> Result<Self, DataError> {
        let (n_columns, places) = (names.len(), names.into_iter().zip(0..).collect());
        Ok(Self { lines: Lines::open(path)?, n_columns, places, late, n_read: 0, failed: None })
    }
}

impl Rows for JsonTable<'_> {
    fn next_batch(&mut self) -> Result<Option<Batch>, DataError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut columns: Vec<Builder> = (0..self.n_columns).map(|_| Builder::default()).collect();
        let mut cells = vec![JsonCell::Null; self.n_columns];
        let (mut lines, mut n_rows, mut n_bytes) = (Vec::new(), 0, 0);
        while n_rows < ROWS && n_bytes < BYTES {
            match self.lines.advance() {
                Ok(Some(n)) => n_bytes += n,
                Ok(None) => break,
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
            cells.fill(JsonCell::Null);
            let (places, late) = (&self.places, self.late);
            let mut place = |key: &str| {
                let found = places.get(key).copied();
                if found.is_none() {
                    late.pass(key);
                }
                found
            };
            if let Err(error) = self.lines.read(&mut place, &mut cells) {
                self.failed = Some(error);
                break;
            }
            for (column, cell) in columns.iter_mut().zip(&mut cells) {
                column.push(std::mem::replace(cell, JsonCell::Null));
            }
            n_rows += 1;
            // An array may be one line.
            if self.lines.array.is_none() {
                lines.push(self.lines.number);
            }
        }
        if n_rows == 0 {
            return self.failed.take().map_or(Ok(None), Err);
        }
        let columns = columns.into_iter().map(Builder::finish).collect();
        let batch = Batch { columns, n_rows, first_row: self.n_read, lines };
        self.n_read += batch.n_rows as u64;
        Ok(Some(batch))
    }
}

/// A column on its way.
#[derive(Default)]
struct Builder {
    values: Option<CellValues>,
    missing: Vec<bool>,
}

impl Builder {
    /// Takes the value of a row: after one that does not go with those before, none is read.
    fn push(&mut self, cell: JsonCell) {
        let row = self.missing.len();
        if matches!(self.values, Some(CellValues::Other(_))) {
            self.missing.push(false);
        } else if let Err(problem) = self.read(cell) {
            self.values = Some(CellValues::Other(Unreadable { n: 0, row, problem }));
            self.missing.push(false);
        }
    }

    fn read(&mut self, cell: JsonCell) -> Result<(), String> {
        let n = self.missing.len();
        if let (JsonCell::Number(_), Some(CellValues::Integers(integers))) = (&cell, &self.values) {
            self.values = Some(CellValues::Numbers(integers.iter().map(|&value| value as f64).collect()));
        }
        if let (JsonCell::Large(_), Some(CellValues::Integers(integers))) = (&cell, &self.values) {
            let mut texts = Texts::of_integers();
            for (integer, &missing) in integers.iter().zip(&self.missing) {
                texts.push(&if missing { String::new() } else { integer.to_string() });
            }
            self.values = Some(CellValues::Texts(texts));
        }
        let values = self.values.get_or_insert_with(|| match &cell {
            JsonCell::Null | JsonCell::Other(_) => CellValues::Missing(n),
            JsonCell::Flag(_) => CellValues::Flags(vec![false; n]),
            JsonCell::Integer(_) => CellValues::Integers(vec![0; n]),
            JsonCell::Number(_) => CellValues::Numbers(vec![f64::NAN; n]),
            JsonCell::Text(_) | JsonCell::Large(_) => {
                let large = matches!(cell, JsonCell::Large(_));
                let mut texts = if large { Texts::of_integers() } else { Texts::default() };
                (0..n).for_each(|_| texts.push(""));
                CellValues::Texts(texts)
            }
            JsonCell::List(_) => CellValues::Lists(Lists { values: Vec::new(), ends: vec![0; n] }),
        });
        let missing = matches!(cell, JsonCell::Null);
        match (&mut *values, cell) {
            (_, JsonCell::Other(what)) => {
                return Err(format!("{what}, expected a number, a text or a list of numbers"));
            }
            (CellValues::Missing(n), JsonCell::Null) => *n += 1,
            (CellValues::Missing(_), cell) => {
                // Nothing stood before the first value.
                self.values = None;
                return self.read(cell);
            }
            (CellValues::Flags(values), JsonCell::Flag(value)) => values.push(value),
            (CellValues::Flags(values), JsonCell::Null) => values.push(false),
            (CellValues::Integers(values), JsonCell::Integer(value)) => values.push(value),
            (CellValues::Integers(values), JsonCell::Null) => values.push(0),
            (CellValues::Numbers(values), JsonCell::Number(value)) => values.push(value),
            (CellValues::Numbers(values), JsonCell::Integer(value)) => values.push(value as f64),
            (CellValues::Numbers(values), JsonCell::Null) => values.push(f64::NAN),
            (CellValues::Numbers(values), JsonCell::Large(value)) => values.push(value as f64),
            (CellValues::Texts(texts), JsonCell::Integer(value)) if texts.are_integers() => {
                texts.push(&value.to_string());
            }
            (CellValues::Texts(texts), JsonCell::Large(value)) if texts.are_integers() => {
                texts.push(&value.to_string());
            }
            (CellValues::Texts(texts), JsonCell::Text(text)) if !texts.are_integers() => texts.push(&text),
            (CellValues::Texts(texts), JsonCell::Null) => texts.push(""),
            (CellValues::Lists(lists), JsonCell::List(list)) => lists.push(list),
            (CellValues::Lists(lists), JsonCell::Null) => lists.push([]),
            (values, cell) => {
                let found = match cell {
                    JsonCell::Flag(_) => "true or false",
                    JsonCell::Integer(_) | JsonCell::Large(_) | JsonCell::Number(_) => "a number",
                    JsonCell::Text(_) => "a text",
                    _ => "a list",
                };
                return Err(mixed(found, values.kind()));
            }
        }
        self.missing.push(missing);
        Ok(())
    }

    fn finish(self) -> Cells {
        let n = self.missing.len();
        if let Some(CellValues::Other(other)) = self.values {
            return Cells::full(CellValues::Other(Unreadable { n, ..other }));
        }
        let missing = if self.missing.contains(&true) { self.missing } else { Vec::new() };
        Cells { values: self.values.unwrap_or(CellValues::Missing(n)), missing }
    }
}
