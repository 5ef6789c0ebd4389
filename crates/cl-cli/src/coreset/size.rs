//! Whether a choice fits into memory.

use std::collections::HashMap;
use std::path::Path;

use anyhow::bail;
use cl_prune::coreset::{CoresetSettings, DataSize, coresets};

use crate::features::{Rows, Shape, available_memory};

/// Bytes that the program takes for itself.
pub(super) const PROGRAM: u64 = 16 << 20;

/// The bytes needed; refuses a count that cannot be met, and what does not fit into memory.
pub(super) fn check_size(
    path: &Path,
    shape: &Shape,
    rows: &Rows,
    labels: Option<&[usize]>,
    settings: &CoresetSettings,
    (count, neighbors): (usize, Option<usize>),
) -> anyhow::Result<u64> {
    let &Shape { n_features, width, .. } = shape;
    let (path, method, n) = (path.display(), settings.description().method.name, rows.len());
    if count > n {
        let those = match rows {
            Rows::Range(range) if range.len() < shape.n_examples => ", of the rows that are read",
            Rows::Range(_) => "",
            Rows::These(_) => ", that the parts chose",
        };
        bail!("{path}: --count {count}, expected at most the number of examples, {n}{those}");
    }
    let largest_class = labels.map(|labels| {
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        (0..n).for_each(|at| *sizes.entry(labels[rows.get(at)]).or_default() += 1);
        sizes.into_values().max().unwrap_or(0)
    });
    let size = DataSize { n_examples: n, n_features, width, largest_class };
    let needed = match neighbors {
        Some(k) => settings.memory_by_neighbors(&size, k),
        None => settings.memory(&size, count),
    };
    let needed = needed.saturating_add(PROGRAM);
    if let Some(available) = available_memory().filter(|&available| available < needed) {
        let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
        let mut advice = if settings.description().submodular {
            "choose from some of its rows at a time with --rows FROM..TO, then among what these chose with --part"
                .to_owned()
        } else {
            format!(
                "{method} has no choices that could be merged: choose from some of its rows with --rows FROM..TO, or \
                 by a method that has, {}",
                mergeable()
            )
        };
        if width == 8 {
            advice += "; in single precision the file takes half";
        }
        bail!(
            "{path}: {method} needs about {} of memory for {n} examples of {n_features} features, {} are free; {advice}",
            gib(needed),
            gib(available)
        );
    }
    Ok(needed)
}

/// The methods whose choices can be merged.
pub(super) fn mergeable() -> String {
    let names: Vec<_> = coresets().filter(|other| other.submodular).map(|other| other.method.name).collect();
    names.join(", ")
}
