use std::collections::HashMap;

use cl_data::DataError;
use cl_data::io::malformed;

/// Runs and epochs whose rows cannot be read: that is told once they are asked for, since a run may have ended while it
/// wrote its last epoch, and the others may be all that counts.
#[derive(Default)]
pub(super) struct Broken {
    errors: HashMap<usize, DataError>,
    /// How many rows are read of a file before the one that is wrong.
    rows: HashMap<usize, u64>,
}

impl Broken {
    /// That something is wrong with a slot, the first error of which counts; it comes back where it is of another kind.
    pub(super) fn put(&mut self, slot: usize, error: DataError) -> Result<(), DataError> {
        match error {
            DataError::Malformed { .. } => {
                self.errors.entry(slot).or_insert(error);
                Ok(())
            }
            error => Err(error),
        }
    }

    /// That of a file so many rows are read.
    pub(super) fn end_file(&mut self, file: usize, n_rows: u64) {
        self.rows.insert(file, n_rows);
    }

    /// How many rows of a file are read, where these are not all.
    pub(super) fn rows_of(&self, file: usize) -> Option<u64> {
        self.rows.get(&file).copied()
    }

    /// The error of a slot.
    pub(super) fn check(&self, slot: usize) -> Result<(), DataError> {
        match self.errors.get(&slot) {
            Some(DataError::Malformed { path, place, problem }) => Err(malformed(path, place, problem.as_str())),
            _ => Ok(()),
        }
    }

    /// Any of the errors.
    pub(super) fn any(&self) -> Result<(), DataError> {
        self.errors.keys().min().map_or(Ok(()), |&slot| self.check(slot))
    }
}
