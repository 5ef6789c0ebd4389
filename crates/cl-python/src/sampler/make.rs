//! A sampler of the catalogues, made of what Python gives.

use cl_data::FingerprintBuilder;
use cl_pacing::{PacingError, SamplerInputs, sampler_by_name, samplers};
use cl_prune::{DynamicInputs, dynamic_pruning_by_name, dynamic_prunings};
use pyo3::prelude::*;

use crate::arrays::{Range, integers, numbers};
use crate::catalogue::borrowed;
use crate::errors::{IntoException, OrRaise, value_error};
use crate::pacing::Pacing;
use crate::process::compute;

/// What a sampler is made of.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Inputs<'py> {
    order: Option<Bound<'py, PyAny>>,
    difficulty: Option<Bound<'py, PyAny>>,
    classes: Option<Bound<'py, PyAny>>,
    irreducible: Option<Bound<'py, PyAny>>,
    lengths: Option<Bound<'py, PyAny>>,
    weights: Option<Bound<'py, PyAny>>,
    pacing: Option<Bound<'py, Pacing>>,
    n_examples: Option<usize>,
    examples: Option<Bound<'py, PyAny>>,
    pub(super) batch_size: usize,
    total_steps: Option<u64>,
    seed: u64,
    pub(super) num_replicas: usize,
    pub(super) rank: usize,
    pub(super) allow_empty: bool,
}

/// A sampler, and the examples that it draws from where these are not all.
pub(super) struct Made {
    pub(super) sampler: Box<dyn cl_data::Sampler>,
    pub(super) examples: Option<Vec<usize>>,
    /// The hash of these examples.
    pub(super) examples_hash: Option<String>,
}

pub(super) fn make(
    py: Python<'_>,
    name: &str,
    parameters: &[(String, String)],
    inputs: &Inputs<'_>,
) -> PyResult<Made> {
    let examples = inputs.examples.as_ref().map(|given| integers("examples", given, Range::Any)).transpose()?;
    if let Some(examples) = &examples {
        check_distinct(examples)?;
    }
    let order = inputs.order.as_ref().map(|given| integers("order", given, Range::Any)).transpose()?;
    let optional = |name: &'static str, given: &Option<Bound<'_, PyAny>>| {
        given.as_ref().map(|given| numbers(name, given)).transpose()
    };
    let difficulty = optional("difficulty", &inputs.difficulty)?;
    let irreducible = optional("irreducible", &inputs.irreducible)?;
    let weights = optional("weights", &inputs.weights)?;
    let token_counts = inputs.lengths.as_ref().map(|given| integers("lengths", given, Range::Any)).transpose()?;
    let token_counts: Option<Vec<u64>> =
        token_counts.map(|counts| counts.into_iter().map(|count| count as u64).collect());
    let classes = inputs.classes.as_ref().map(|given| integers("classes", given, Range::Any)).transpose()?;
    let lengths = [
        ("examples", examples.as_ref().map(Vec::len)),
        ("n_examples", inputs.n_examples),
        ("order", order.as_ref().map(Vec::len)),
        ("difficulty", difficulty.as_ref().map(Vec::len)),
        ("irreducible", irreducible.as_ref().map(Vec::len)),
        ("classes", classes.as_ref().map(Vec::len)),
        ("lengths", token_counts.as_ref().map(Vec::len)),
        ("weights", weights.as_ref().map(Vec::len)),
    ];
    let mut given = lengths.iter().filter_map(|&(name, length)| Some((name, length?)));
    let Some((first, n_examples)) = given.next() else {
        return Err(value_error("n_examples", "missing", "the number of examples"));
    };
    if let Some((other, length)) = given.find(|&(_, length)| length != n_examples) {
        let (found, expected) = (format!("of {length} examples"), format!("{n_examples} as {first}"));
        return Err(value_error(other, found, &expected));
    }
    let pacing = inputs.pacing.as_ref();
    let pacing = pacing
        .map(|pacing| pacing.get().of_run(inputs.total_steps, difficulty.as_deref(), n_examples))
        .transpose()?;
    let is_dynamic = |method: &cl_data::catalogue::Description| method.name == name.replace('_', "-");
    let sampler = if dynamic_prunings().iter().any(is_dynamic) {
        let inputs = DynamicInputs { n_examples, batch_size: inputs.batch_size, seed: inputs.seed };
        dynamic_pruning_by_name(name, &borrowed(parameters), inputs).or_raise()?
    } else {
        let of = SamplerInputs {
            n_examples,
            order: order.as_deref(),
            difficulty: difficulty.as_deref(),
            classes: classes.as_deref(),
            irreducible: irreducible.as_deref(),
            lengths: token_counts.as_deref(),
            weights: weights.as_deref(),
            pacing,
            batch_size: inputs.batch_size,
            total_steps: inputs.total_steps.unwrap_or(0),
            seed: inputs.seed,
            ..SamplerInputs::default()
        };
        let made = compute(py, || sampler_by_name(name, &borrowed(parameters), &of))?;
        made.map_err(|error| told(error, name, inputs.total_steps))?
    };
    let examples_hash = examples.as_ref().map(|examples| {
        let mut hash = FingerprintBuilder::default();
        hash.add(examples.iter().map(|&example| example as u64));
        hash.fingerprint().to_string()
    });
    Ok(Made { sampler, examples, examples_hash })
}

/// What is wrong, where it is a budget that nobody gave.
fn told(error: PacingError, name: &str, total_steps: Option<u64>) -> PyErr {
    match error {
        PacingError::InvalidArgument { argument: "total_steps", .. } if total_steps.is_none() => value_error(
            "total_steps",
            "missing",
            "the steps of the whole run, of which the pacing is over its share",
        ),
        PacingError::Catalogue(cl_pacing::CatalogueError::Unknown { what: "sampler", .. }) => {
            let known: Vec<&str> =
                samplers().iter().chain(&dynamic_prunings()).map(|method| method.name).collect();
            value_error("sampler", name, &format!("one of {}", known.join(", ")))
        }
        error => error.into_exception(),
    }
}

fn check_distinct(examples: &[usize]) -> PyResult<()> {
    let mut sorted = examples.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(value_error("examples", format!("{} twice", pair[0]), "each example once")),
        None => Ok(()),
    }
}
