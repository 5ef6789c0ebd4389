//! Choosing by similarities that are known: a square matrix, or a sparse one.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::io::{NpzReader, Signature};
use cl_prune::coreset::{
    CoresetInputs, CoresetSettings, Costs, GivenSimilarities, Guarantee, Similarities, SparseSimilarities,
};

use super::{
    arguments::Arguments,
    beside::Beside,
    neighbors,
    report::{Report, Spent},
    written::write,
};
use crate::features::{FeatureFile, Rows, Values, available_memory, read_ids_for};
use crate::output::print_beside;
use crate::output_format::OutputFormat;
use crate::progress::Spinner;

/// How far two similarities that should be the same may be apart, of the largest: the rounding of single precision.
const ROUNDING: f64 = 1e-6;

pub(super) fn run(
    arguments: &Arguments,
    settings: &CoresetSettings,
    (path, count): (&PathBuf, usize),
    (output, format): (&PathBuf, OutputFormat),
) -> anyhow::Result<()> {
    for (name, is_given) in [
        ("--neighbors", arguments.neighbors.is_some()),
        ("--labels", arguments.labels.is_some()),
        ("--rows", arguments.rows.is_some()),
        ("--part", !arguments.parts.is_empty()),
        ("--clients", arguments.clients.is_some()),
    ] {
        if is_given {
            bail!(
                "{name} does not go with --option similarity=precomputed, which has similarities and no features"
            );
        }
    }
    let spinner = Spinner::new(&format!("reading {}", path.display()));
    let of_file = || path.display().to_string();
    let similarities = read(path)?;
    let n = similarities.n_examples();
    let ids = arguments.ids.as_deref().map(|path| read_ids_for(path, n)).transpose()?;
    if count > n {
        bail!("{}: --count {count}, expected at most the number of examples, {n}", path.display());
    }
    spinner.say(&format!("choosing {count} of {n} examples"));
    let beside = Beside::read(arguments, path, n, ids.as_ref())?;
    let costs = beside.costs.as_deref().zip(arguments.budget).map(|(costs, budget)| Costs { costs, budget });
    let (weights, before, groups) =
        (beside.weights.as_deref(), beside.before.as_slice(), beside.groups.as_deref());
    let inputs = CoresetInputs { weights, before, groups, costs, ..CoresetInputs::default() };
    let coreset = settings.select_over(&similarities, count, arguments.seed, &inputs).with_context(of_file)?;
    drop(spinner);
    write(output, format, &coreset, n, ids.as_ref())?;
    let guarantee = settings.guarantee(count);
    let report = Report {
        n_features: n,
        n_read: n,
        n_before: beside.before.len(),
        costs: Spent::of(arguments.cost.as_ref(), costs, &coreset.order),
        guarantee: guarantee.as_ref().map(Guarantee::to_string),
        ..Report::new(output, settings, (n, count, arguments.seed), &coreset)
    };
    print_beside(&report, arguments.json, &[Some(output)])
}

fn read(path: &Path) -> anyhow::Result<GivenSimilarities> {
    if Signature::of(path)? == Signature::Npz {
        let mut archive = NpzReader::open(path)?;
        if archive.names().iter().any(|name| name == "indptr") {
            return read_csr(path, &mut archive);
        }
    }
    read_matrix(path)
}

fn read_csr(path: &Path, archive: &mut NpzReader) -> anyhow::Result<GivenSimilarities> {
    let of_file = || path.display().to_string();
    let (starts, indices) = neighbors::csr(path, archive, None)?;
    let values = archive.read("data")?.to_f64().with_context(of_file)?;
    if values.len() != indices.len() {
        bail!("{}: member `data`: {} numbers, expected {}", path.display(), values.len(), indices.len());
    }
    let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
    let n = starts.len() - 1;
    let similarities = SparseSimilarities::of_rows(n, &starts, &indices, &values).with_context(of_file)?;
    similarities.check_symmetric().with_context(of_file)?;
    Ok(GivenSimilarities::Sparse(similarities))
}

fn read_matrix(path: &Path) -> anyhow::Result<GivenSimilarities> {
    let shown = path.display();
    let file = FeatureFile::read(path, |shape, _| {
        let (n, m) = (shape.n_examples, shape.n_features);
        if n != m {
            bail!("{shown}: shape [{n}, {m}], expected as many rows as columns: similarities of all to all");
        }
        // As they are read, in double precision, and by column.
        let needed = (n as u128 * n as u128) * (shape.width as u128 + 16);
        if let Some(free) = available_memory().filter(|&free| u128::from(free) < needed) {
            let advice = "a SciPy CSR matrix of the nearest of each takes less";
            bail!("{shown}: needs about {} MiB of memory, {} are free; {advice}", needed >> 20, free >> 20);
        }
        Ok(Rows::Range(0..n))
    })?;
    let n = file.shape.n_examples;
    let values = match file.values {
        Values::F32(values) => values.into_iter().map(f64::from).collect(),
        Values::F64(values) => values,
    };
    if let Some(at) = values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
        let (row, column) = (at / n, at % n);
        bail!("{shown}: row {row}: similarity {} to {column}, expected a finite number of at least 0", values[at]);
    }
    let matrix = Similarities::of_matrix(n, &values).with_context(|| shown.to_string())?;
    let largest = values.iter().copied().fold(0.0, f64::max);
    for row in 0..n {
        for column in 0..row {
            let (one, other) = (values[row * n + column], values[column * n + row]);
            if (one - other).abs() > ROUNDING * largest {
                bail!(
                    "{shown}: row {row}: similarity {one} to {column}, whose to {row} is {other}; expected the same: \
                     symmetric similarities"
                );
            }
        }
    }
    Ok(GivenSimilarities::Dense(matrix))
}
