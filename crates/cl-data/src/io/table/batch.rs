use super::cells::Cells;
use crate::error::DataError;

/// Some rows of the columns that were asked for.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The columns, in the order in which they were asked for.
    pub columns: Vec<Cells>,
    /// How many rows these are.
    pub n_rows: usize,
    /// The first of them among all rows of the file, from 0.
    pub first_row: u64,
    /// The line of each row, where the file has lines.
    pub(super) lines: Vec<u64>,
}

impl Batch {
    /// Where a row stands, as messages name it.
    pub fn place(&self, row: usize) -> String {
        match self.lines.get(row) {
            Some(line) => format!("line {line}"),
            None => format!("row {}", self.first_row + row as u64),
        }
    }
}

/// The rows of a table, batch after batch.
pub trait Rows: Send {
    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] naming the place.
    fn next_batch(&mut self) -> Result<Option<Batch>, DataError>;
}
