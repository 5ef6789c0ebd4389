//! The memory of this process, where the system tells (Linux).

use std::fs;

/// Sets the peak back to what is resident now.
pub(crate) fn forget_peak() {
    // Where that cannot be, the peak of reading counts, too.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Resident memory in MB.
pub(crate) fn resident_mb() -> Option<f64> {
    field("VmRSS:")
}

/// The most that was resident, in MB.
pub(crate) fn peak_mb() -> Option<f64> {
    field("VmHWM:")
}

fn field(name: &str) -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? * 1024.0 / 1e6)
}
