//! Tables of scores on disk, with the sidecar that says which way they point and whose they are.

use std::collections::BTreeMap;

use cl_data::{Fingerprint, Ids};
use cl_difficulty::table::{Sidecar, Table, TableFormat, write_as};
use cl_difficulty::{Column, ColumnValues, Metric};
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Range, index_array, integers, numbers};
use crate::errors::{OrRaise, value_error};
use crate::process::path;

/// A column as Python has it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Given<'py> {
    name: String,
    values: Bound<'py, PyAny>,
    higher_is_harder: Option<bool>,
    metric: String,
    options: BTreeMap<String, String>,
}

/// Ids: texts, or whole numbers; the places where there are none.
fn ids_of(ids: Option<&Bound<'_, PyAny>>, n: usize) -> PyResult<Ids> {
    let Some(given) = ids else { return Ok(Ids::range(n)) };
    let ids = match given.extract::<Vec<String>>() {
        Ok(texts) => Ids::texts(texts).or_raise()?,
        Err(_) => match given.extract::<Vec<i64>>() {
            Ok(numbers) => Ids::integers(numbers).or_raise()?,
            Err(_) => return Err(value_error("ids", "of other things", "texts or whole numbers")),
        },
    };
    if ids.len() != n {
        return Err(value_error("ids", format!("of {} examples", ids.len()), &format!("{n}, as the scores")));
    }
    Ok(ids)
}

/// The fingerprint of ids and labels.
#[pyfunction]
#[pyo3(signature = (n, ids = None, labels = None))]
pub(crate) fn fingerprint(
    n: usize,
    ids: Option<&Bound<'_, PyAny>>,
    labels: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let labels = labels.map(|labels| integers("labels", labels, Range::Any)).transpose()?.unwrap_or_default();
    Ok(Fingerprint::of(&ids_of(ids, n)?, &labels).to_string())
}

/// Writes scores, in the format of the path, and their sidecar.
#[pyfunction]
#[pyo3(signature = (path, columns, ids = None, labels = None, epochs = Vec::new(), n_never_learned = None))]
pub(crate) fn write_scores(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    columns: Vec<Given<'_>>,
    ids: Option<&Bound<'_, PyAny>>,
    labels: Option<&Bound<'_, PyAny>>,
    epochs: Vec<u64>,
    n_never_learned: Option<usize>,
) -> PyResult<()> {
    let path = self::path("path", path)?;
    let columns: Vec<Column> = columns
        .into_iter()
        .map(|Given { name, values, higher_is_harder, metric, options }| {
            let values = numbers(&name, &values)?;
            // Readers would leave such a column out.
            if let Some(at) = values.iter().position(|value| value.is_nan() || *value == f64::NEG_INFINITY) {
                let expected = "numbers, or infinity of what is infinitely hard";
                return Err(value_error(&format!("{name}[{at}]"), values[at], expected));
            }
            let values = ColumnValues::Float(values);
            Ok(Column { name, values, higher_is_harder, metric: Metric { name: metric, options } })
        })
        .collect::<PyResult<_>>()?;
    let n = columns.first().map_or(0, |column| column.values.len());
    if n == 0 {
        return Err(PyValueError::new_err(
            "there are no scores to write, expected at least one example and metric",
        ));
    }
    let ids = ids_of(ids, n)?;
    let labels = labels.map(|labels| integers("labels", labels, Range::Any)).transpose()?;
    let n_classes = labels.as_ref().map_or(0, |labels| labels.iter().max().map_or(0, |&most| most + 1));
    let fingerprint = Fingerprint::of(&ids, labels.as_deref().unwrap_or_default());
    let sidecar = Sidecar {
        version: env!("CARGO_PKG_VERSION").into(),
        command: Vec::new(),
        input: "a recorder".into(),
        second_split: None,
        format: "recorded in a training loop".into(),
        outputs: None,
        n_examples: n,
        n_classes,
        epochs,
        fingerprint,
        set_fingerprint: None,
        classes: None,
        n_runs: 1,
        n_never_learned,
        notes: Vec::new(),
        columns: columns
            .iter()
            .map(|column| cl_difficulty::table::ColumnDescription {
                name: column.name.clone(),
                metric: column.metric.name.clone(),
                options: column.metric.options.clone(),
                higher_is_harder: column.higher_is_harder,
                provenance: None,
            })
            .collect(),
        skipped: Vec::new(),
    };
    let format = TableFormat::of(&path).or_raise()?;
    py.detach(|| write_as(format, &path, &ids, labels.as_deref(), columns, &sidecar)).or_raise()
}

/// Reads a table of scores: columns with their direction, ids, labels.
#[pyfunction]
pub(crate) fn read_scores<'py>(py: Python<'py>, path: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let path = self::path("path", path)?;
    let table = py.detach(|| Table::read(&path)).or_raise()?;
    let dict = PyDict::new(py);
    let mut columns = Vec::new();
    // As they were written, which the file may not say.
    let described = table.sidecar.as_ref().map_or(&[][..], |sidecar| &sidecar.columns);
    let mut in_order: Vec<_> = table.columns.iter().collect();
    in_order.sort_by_key(|column| described.iter().position(|known| known.name == column.name));
    for column in in_order {
        let entry = PyDict::new(py);
        entry.set_item("name", &column.name)?;
        entry.set_item("values", column.values.clone().into_pyarray(py))?;
        entry.set_item("higher_is_harder", table.higher_is_harder(&column.name))?;
        let described = table.described(&column.name);
        entry.set_item("metric", described.map_or(column.name.as_str(), |column| &column.metric))?;
        let options: BTreeMap<String, String> = described.map(|column| column.options.clone()).unwrap_or_default();
        entry.set_item("options", options)?;
        columns.push(entry);
    }
    dict.set_item("columns", columns)?;
    let ids: Option<Vec<String>> =
        table.ids.as_ref().map(|ids| ids.iter().map(std::borrow::Cow::into_owned).collect());
    dict.set_item("ids", ids)?;
    let labels: Option<Bound<'_, PyArray1<i64>>> =
        table.needed_labels().or_raise()?.map(|labels| index_array(py, labels.to_vec()));
    dict.set_item("labels", labels)?;
    dict.set_item("fingerprint", table.fingerprint().map(|fingerprint| fingerprint.to_string()))?;
    Ok(dict)
}
