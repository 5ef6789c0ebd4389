use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::spool::Spool;

/// What came in on standard input: read once, wherever it is read from again.
static SPOOLED: Mutex<Option<Spool>> = Mutex::new(None);

/// Whether a path means standard input or output: `-` alone does.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Opens a file of this path; standard input for `-`, which is kept in a temporary file, because files are looked at more
/// than once.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    if !is_standard(path) {
        return File::open(path);
    }
    let mut spooled = SPOOLED.lock().unwrap_or_else(PoisonError::into_inner);
    let spool = match &mut *spooled {
        Some(spool) => spool,
        none => none.insert(Spool::of(&mut io::stdin().lock())?),
    };
    spool.open()
}

/// Removes what was kept of standard input: at the end of a program that read `-`.
pub fn forget_standard_input() {
    *SPOOLED.lock().unwrap_or_else(PoisonError::into_inner) = None;
}
