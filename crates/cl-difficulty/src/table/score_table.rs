use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cl_data::io::listed;
use cl_data::{Fingerprint, Ids};

use super::column_builder::ColumnBuilder;
use super::direction::{Direction, DirectionSource, Pointing, may_be_infinite, metric_may_be_infinite};
use super::sidecar::{ColumnDescription, Sidecar, sidecar_path};
use super::table_column::{TableColumn, UnusableColumn};
use crate::error::DifficultyError;

/// A table of scores, read.
#[derive(Debug)]
pub struct Table {
    /// The file.
    pub path: PathBuf,
    /// None in a `.npy` file, which knows its examples by the sidecar's fingerprint alone; the rows by position where the
    /// table has none.
    pub ids: Option<Ids>,
    /// The label of each example, where the file has them.
    pub labels: Option<Vec<usize>>,
    /// The columns that may be scores, as they stand in the file.
    pub columns: Vec<TableColumn>,
    /// Those that cannot, and why.
    pub unusable: Vec<UnusableColumn>,
    /// Where they come from, where that is known.
    pub sidecar: Option<Sidecar>,
    pub(super) n_rows: usize,
    /// The label of each class, where these are not the integers themselves.
    pub(super) label_names: Option<Vec<String>>,
    /// Whether its ids are the places of its rows.
    pub(super) by_position: bool,
    /// What may help where a column is missed.
    pub(super) hint: String,
    /// Place and problem of a column of labels that are no classes.
    pub(super) label_problem: Option<(String, String)>,
    /// Whether the column is a difficulty because nothing else is known of it.
    pub(super) by_convention: bool,
    /// The places of the sidecar's columns.
    described: HashMap<String, usize>,
}

impl Table {
    /// Of which nothing is read yet.
    pub(super) fn new(path: &Path, sidecar: Option<Sidecar>) -> Self {
        let columns = sidecar.iter().flat_map(|sidecar| &sidecar.columns).enumerate();
        let described = columns.map(|(at, column)| (column.name.clone(), at)).collect();
        Self {
            path: path.to_path_buf(),
            ids: None,
            labels: None,
            columns: Vec::new(),
            unusable: Vec::new(),
            sidecar,
            n_rows: 0,
            label_names: None,
            by_position: false,
            hint: String::new(),
            label_problem: None,
            by_convention: false,
            described,
        }
    }

    /// Takes a column that is read.
    pub(super) fn take(&mut self, name: String, column: ColumnBuilder, ids: &Ids) {
        let may_be_infinite = match self.described(&name) {
            Some(column) => metric_may_be_infinite(&column.metric),
            None => may_be_infinite(&name),
        };
        match column.finish(name, may_be_infinite, |row| ids.get(row).unwrap_or_default().into_owned()) {
            Ok(column) => self.columns.push(column),
            Err(unusable) => self.unusable.push(unusable),
        }
    }

    /// Takes the only column of a file without ids.
    pub(super) fn take_array(&mut self, name: String, values: Vec<f64>) {
        self.n_rows = values.len();
        let ids = Ids::range(self.n_rows);
        let column = ColumnBuilder::of_values(values, |element| format!("element {element}"));
        self.take(name, column, &ids);
    }

    /// The same, once it has columns and its sidecar is found to be its own.
    pub(super) fn checked(self) -> Result<Self, DifficultyError> {
        let wrong = |problem: String| Err(DifficultyError::malformed(&self.path, "", problem));
        if self.columns.is_empty() && self.unusable.is_empty() {
            return wrong("no column of scores, expected one of numbers".into());
        }
        if self.n_rows == 0 {
            if let (true, Some(unusable)) = (self.columns.is_empty(), self.unusable.first()) {
                return Err(self.refusal(unusable));
            }
            return wrong("0 examples, expected at least one".into());
        }
        let Some(sidecar) = &self.sidecar else { return Ok(self) };
        let (n, expected) = (self.n_rows, sidecar.n_examples);
        let beside = || sidecar_path(&self.path).display().to_string();
        if n > expected {
            let problem =
                format!("{n} examples, {} says {expected}: they belong to other data, expected its own", beside());
            return wrong(problem);
        }
        if let (Some(ids), Some(labels)) = (&self.ids, &self.labels)
            && n == expected
            && Fingerprint::of(ids, labels) != sidecar.fingerprint
            && sidecar.set_fingerprint != Some(Fingerprint::of_set(ids, labels))
        {
            let says = format!("{} says {}", beside(), sidecar.fingerprint);
            let own = format!("its ids and labels have fingerprint {}", Fingerprint::of(ids, labels));
            return wrong(format!("{own}, {says}: they belong to other data, expected its own"));
        }
        Ok(self)
    }

    /// How many examples there are. O(1).
    pub fn n_examples(&self) -> usize {
        self.n_rows
    }

    /// How many examples there are of how many that the sidecar describes, where some were filtered out. O(1).
    pub fn part_of_sidecar(&self) -> Option<(usize, usize)> {
        let of = self.sidecar.as_ref()?.n_examples;
        (self.n_rows < of).then_some((self.n_rows, of))
    }

    /// Of ids and labels, or as the sidecar of a file without ids says; `None` where neither tells.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        match (&self.ids, &self.labels, &self.sidecar) {
            (Some(ids), Some(labels), _) => Some(Fingerprint::of(ids, labels)),
            (Some(_), ..) => None,
            (None, _, sidecar) => sidecar.as_ref().map(|sidecar| sidecar.fingerprint),
        }
    }

    /// Whether its ids are the places of its rows, so that those of a part of it are others.
    pub(crate) fn is_by_position(&self) -> bool {
        self.by_position
    }

    /// The label of each class, where these are not the integers themselves and file or sidecar tell.
    pub(crate) fn label_names(&self) -> Option<&[String]> {
        let of_sidecar = || self.sidecar.as_ref().and_then(|sidecar| sidecar.classes.as_deref());
        self.label_names.as_deref().or_else(of_sidecar)
    }

    /// The labels, where they are needed.
    ///
    /// # Errors
    /// Where the column of labels holds none, naming the first at fault; `None` where there is no such column.
    pub fn needed_labels(&self) -> Result<Option<&[usize]>, DifficultyError> {
        match &self.label_problem {
            Some((place, problem)) => Err(DifficultyError::malformed(&self.path, place, problem)),
            None => Ok(self.labels.as_deref()),
        }
    }

    /// The column of this name.
    ///
    /// # Errors
    /// Where there is none, naming those that there are; where a cell of it is no number, NaN or -inf, or +inf although
    /// neither sidecar nor metric allow that, naming the place, the example and the value.
    pub fn column(&self, name: &str) -> Result<&TableColumn, DifficultyError> {
        if let Some(column) = self.columns.iter().find(|column| column.name == name) {
            return Ok(column);
        }
        if let Some(unusable) = self.unusable.iter().find(|column| column.name == name) {
            return Err(self.refusal(unusable));
        }
        let mut columns = self.candidates();
        if columns.is_empty() {
            columns.extend(self.unusable.iter().map(|column| column.name.as_str()));
        }
        let problem = format!("no column `{name}`, the columns are {}{}", listed(&columns), self.hint);
        Err(DifficultyError::malformed(&self.path, "", problem))
    }

    /// The column that was named, or the only one that holds numbers.
    ///
    /// # Errors
    /// As [`column`](Self::column); where there are several and no name.
    pub fn chosen(&self, name: Option<&str>) -> Result<&TableColumn, DifficultyError> {
        if let Some(name) = name {
            return self.column(name);
        }
        match (&self.candidates()[..], self.unusable.first()) {
            ([column], _) => self.column(column),
            ([], Some(unusable)) => Err(self.refusal(unusable)),
            ([], None) => {
                Err(DifficultyError::malformed(&self.path, "", "no column of scores, expected one of numbers"))
            }
            (columns, _) => {
                let (n, names) = (columns.len(), listed(columns));
                let problem = format!("{n} columns, expected option `column` with one of {names}");
                Err(DifficultyError::malformed(&self.path, "", problem))
            }
        }
    }

    /// The columns that may be meant.
    fn candidates(&self) -> Vec<&str> {
        let flawed = self.unusable.iter().filter(|column| column.numeric).map(|column| column.name.as_str());
        self.columns.iter().map(|column| column.name.as_str()).chain(flawed).collect()
    }

    /// Why a column cannot be used.
    pub(crate) fn refusal(&self, column: &UnusableColumn) -> DifficultyError {
        DifficultyError::malformed(&self.path, &column.place, format!("{}{}", column.problem, self.hint))
    }

    /// What the sidecar says of a column. O(1).
    pub fn described(&self, name: &str) -> Option<&ColumnDescription> {
        self.sidecar.as_ref()?.columns.get(*self.described.get(name)?)
    }

    pub(crate) fn pointing(&self, name: &str) -> Pointing {
        match self.described(name) {
            Some(column) => Pointing::new(column.higher_is_harder, DirectionSource::Sidecar),
            None if self.by_convention => Pointing::new(Some(true), DirectionSource::Convention),
            None => Pointing::of_name(name),
        }
    }

    /// Which way a column points: as the sidecar says, else the catalogue of [metrics](crate::metrics), else a well-known
    /// name. `None` where none of them tells, or where a high value is neither hard nor easy.
    ///
    /// Well-known names, in any case and also followed by `_seed1`, `_run2`, `_epoch3`, `_0`, `_mean`, `_last` and such:
    ///
    /// - high is hard: difficulty, loss, perplexity, nll, cross_entropy, surprisal, error, uncertainty, entropy, el2n,
    ///   grand, forgetting, gradient_norm, variability, memorization, distance, class_median_distance, prototype_distance,
    ///   neighbor_distance, kth_neighbor_distance, neighbor_disagreement, length, sentence_length, n_words, n_tokens,
    ///   rarity, word_rarity, vocabulary_rank and close relatives;
    /// - high is easy: confidence, label_quality, self_confidence, probability, likelihood, accuracy, correctness, margin,
    ///   aum, c_score and close relatives.
    ///
    /// ```
    /// use cl_difficulty::table::{DirectionSource, Table};
    ///
    /// let file = tempfile::NamedTempFile::with_suffix(".csv")?;
    /// std::fs::write(file.path(), "id,aum_seed1,mystery\n1,0.5,2\n")?;
    /// let table = Table::read(file.path())?;
    /// let direction = table.direction("aum_seed1").unwrap();
    /// assert_eq!((direction.higher_is_harder, direction.from), (false, DirectionSource::Name));
    /// assert_eq!(table.direction("mystery"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// O(names).
    pub fn direction(&self, name: &str) -> Option<Direction> {
        match self.pointing(name) {
            Pointing::Known(direction) => Some(direction),
            Pointing::Neither | Pointing::Unknown => None,
        }
    }

    /// Whether a high value means a hard example, by its [direction](Self::direction).
    pub fn higher_is_harder(&self, name: &str) -> Option<bool> {
        self.direction(name).map(|direction| direction.higher_is_harder)
    }

    /// The [direction](Self::direction) of a column, or that which is told.
    ///
    /// # Errors
    /// Where no direction is told, and it is unknown or a high value is neither.
    pub fn needed_direction(
        &self,
        name: &str,
        higher_is_harder: Option<bool>,
    ) -> Result<Direction, DifficultyError> {
        if let Some(higher_is_harder) = higher_is_harder {
            return Ok(Direction { higher_is_harder, from: DirectionSource::Told });
        }
        let problem = match self.pointing(name) {
            Pointing::Known(direction) => return Ok(direction),
            Pointing::Neither => format!("a high {name} is neither hard nor easy"),
            Pointing::Unknown => {
                format!("which way does column `{name}` point? neither a sidecar nor its name tells")
            }
        };
        let problem = format!("{problem}, expected option `high_is` hard or easy");
        Err(DifficultyError::malformed(&self.path, "", problem))
    }

    /// A column's values as difficulties, higher = harder, by its [direction](Self::direction) or that which is told.
    ///
    /// # Errors
    /// As [`needed_direction`](Self::needed_direction); where the easiest there is would be infinitely easy.
    pub fn difficulties(
        &self,
        column: &TableColumn,
        higher_is_harder: Option<bool>,
    ) -> Result<Vec<f64>, DifficultyError> {
        if self.needed_direction(&column.name, higher_is_harder)?.higher_is_harder {
            return Ok(column.values.clone());
        }
        if let Some(at) = column.values.iter().position(|value| value.is_infinite()) {
            let id = self.ids.as_ref().and_then(|ids| ids.get(at)).map_or(at.to_string(), Into::into);
            let name = &column.name;
            let problem = format!("as a difficulty {name} of example {id} is -inf, expected a number above -inf");
            return Err(DifficultyError::malformed(&self.path, "", problem));
        }
        Ok(column.values.iter().map(|value| -value).collect())
    }
}
