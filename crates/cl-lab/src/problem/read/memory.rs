use cl_data::io::available_memory;

use crate::error::LabError;

/// Refuses features for which there is no memory, before any of it is taken.
pub(super) fn check_memory(name: &str, n_examples: usize, n_features: usize) -> Result<(), LabError> {
    let refuse = |needed: String| {
        let problem = format!(
            "{n_examples} examples of {n_features} features need {needed}, expected at most the memory that is free"
        );
        Err(LabError::problem(name, problem))
    };
    let Some(bytes) = n_examples.checked_mul(n_features).and_then(|n| n.checked_mul(size_of::<f32>())) else {
        return refuse("more than any memory".into());
    };
    match available_memory() {
        Some(free) if free < bytes as u64 => refuse(format!("{} MiB of {} MiB", bytes >> 20, free >> 20)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_memory_holds_is_refused() {
        assert!(check_memory("a.csv", 1000, 1000).is_ok());
        let overflow = check_memory("a.csv", usize::MAX, 2).unwrap_err().to_string();
        assert!(overflow.starts_with("a.csv: ") && overflow.contains("more than any memory"), "{overflow}");
        if available_memory().is_some() {
            let large = check_memory("a.csv", 1 << 40, 1 << 10).unwrap_err().to_string();
            assert!(large.contains("1099511627776 examples of 1024 features need 4294967296 MiB"), "{large}");
        }
    }
}
