//! The lists of what is had by name, as Python makes its classes of them: no method is named here.

use cl_data::catalogue::Description;
use cl_difficulty::{IssueFilter, MetricDescription, Needs, OutputKind, metrics};
use cl_pacing::{SamplerInput, orders, pacings, sampler_inputs, samplers, weightings};
use cl_prune::coreset::{CoresetDescription, coresets, submodular_options};
use cl_prune::{RuleDescription, class_options, dynamic_prunings, rules};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::errors::OrRaise;

fn parameters<'py>(
    py: Python<'py>,
    parameters: impl IntoIterator<Item = cl_data::catalogue::Parameter>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for parameter in parameters {
        let entry = PyDict::new(py);
        entry.set_item("name", parameter.name)?;
        entry.set_item("meaning", parameter.meaning)?;
        entry.set_item("default", parameter.default)?;
        list.append(entry)?;
    }
    Ok(list)
}

fn entry<'py>(py: Python<'py>, method: &Description) -> PyResult<Bound<'py, PyDict>> {
    let entry = PyDict::new(py);
    entry.set_item("name", method.name)?;
    entry.set_item("summary", method.summary)?;
    entry.set_item("parameters", parameters(py, method.parameters.iter().copied())?)?;
    Ok(entry)
}

fn family<'py>(py: Python<'py>, methods: &[Description]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for method in methods {
        list.append(entry(py, method)?)?;
    }
    Ok(list)
}

/// Every list: name of the family to its methods, each with its name, summary and parameters.
#[pyfunction]
pub(crate) fn catalogue(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let lists = PyDict::new(py);
    lists.set_item("pacing", family(py, &pacings())?)?;
    lists.set_item("orders", family(py, &orders())?)?;
    lists.set_item("weightings", family(py, &weightings())?)?;
    let of_samplers = PyList::empty(py);
    for method in samplers() {
        let entry = entry(py, &method)?;
        let inputs = sampler_inputs(method.name).or_raise()?;
        entry.set_item("inputs", inputs.iter().map(|input| input.name()).collect::<Vec<_>>())?;
        of_samplers.append(entry)?;
    }
    for method in dynamic_prunings() {
        let entry = entry(py, &method)?;
        entry.set_item("inputs", [SamplerInput::NExamples.name()])?;
        of_samplers.append(entry)?;
    }
    lists.set_item("samplers", of_samplers)?;
    let of_rules = PyList::empty(py);
    for RuleDescription { method, needs, nested } in rules() {
        let entry = entry(py, method)?;
        entry.set_item("needs", needs.to_string())?;
        entry.set_item("nested", nested)?;
        of_rules.append(entry)?;
    }
    lists.set_item("rules", of_rules)?;
    lists.set_item("class_options", parameters(py, class_options().iter().copied())?)?;
    let of_coresets = PyList::empty(py);
    for CoresetDescription {
        method,
        gain,
        submodular,
        takes_start,
        needs_validation,
        needs_query,
        needs_private,
        needs_probabilities,
        domain,
        ..
    } in coresets()
    {
        let entry = entry(py, method)?;
        entry.set_item("gain", gain)?;
        entry.set_item("submodular", submodular)?;
        entry.set_item("takes_start", takes_start)?;
        entry.set_item("needs_validation", needs_validation)?;
        entry.set_item("needs_query", needs_query)?;
        entry.set_item("needs_private", needs_private)?;
        entry.set_item("needs_probabilities", needs_probabilities)?;
        entry.set_item("domain", domain.name())?;
        of_coresets.append(entry)?;
    }
    lists.set_item("coresets", of_coresets)?;
    lists.set_item("submodular_options", parameters(py, submodular_options().iter().copied())?)?;
    let of_metrics = PyList::empty(py);
    for MetricDescription { method, needs, higher_is_harder, order_bound } in metrics() {
        if *needs == Needs::SecondSplit {
            continue;
        }
        let entry = entry(py, method)?;
        entry.set_item("higher_is_harder", higher_is_harder)?;
        entry.set_item("order_bound", order_bound)?;
        of_metrics.append(entry)?;
    }
    lists.set_item("metrics", of_metrics)?;
    lists.set_item("output_kinds", OutputKind::NAMES.map(|(name, _)| name))?;
    lists.set_item("issue_filters", IssueFilter::NAMES.map(|(name, _)| name))?;
    Ok(lists)
}

/// Parameters as names and texts, borrowed.
pub(crate) fn borrowed(parameters: &[(String, String)]) -> Vec<(&str, &str)> {
    parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
