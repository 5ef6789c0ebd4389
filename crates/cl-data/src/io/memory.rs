use std::path::Path;

use super::malformed;
use crate::error::DataError;

/// The memory that programs may still take, where the system tells.
pub fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Refuses what does not fit into memory before any of it is read: a compressed file of some megabytes may promise, and
/// hold, terabytes.
pub(super) fn check_memory(path: &Path, place: &str, n_bytes: usize) -> Result<(), DataError> {
    // What is small fits, and the system need not be asked.
    if n_bytes < 1 << 26 {
        return Ok(());
    }
    match available_memory().filter(|&free| free < n_bytes as u64) {
        Some(free) => {
            let [needed, free] = [n_bytes as u64, free].map(|bytes| bytes >> 20);
            let problem =
                format!("{needed} MiB of elements, expected at most the memory that is free, {free} MiB");
            Err(malformed(path, place, problem))
        }
        None => Ok(()),
    }
}
