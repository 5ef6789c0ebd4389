//! What is known of the examples beside their features.

use std::path::Path;

use cl_data::Ids;

use super::arguments::Arguments;
use crate::columns::Columns;
use crate::features::Rows;

/// Costs, groups and weights of the examples, and which are chosen already.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) costs: Option<Vec<f64>>,
    pub(super) groups: Option<Vec<usize>>,
    pub(super) weights: Option<Vec<f64>>,
    pub(super) before: Vec<usize>,
}

impl Beside {
    pub(super) fn read(arguments: &Arguments, path: &Path, n: usize, ids: Option<&Ids>) -> anyhow::Result<Self> {
        let Arguments { cost, groups, weights, start, table, .. } = arguments;
        let columns = Columns { of: path, table: table.as_deref(), ids, n };
        let before = start.as_ref().filter(|_| arguments.first_example().is_none());
        Ok(Self {
            costs: cost.as_ref().map(|name| columns.amounts("--cost", name)).transpose()?,
            groups: groups.as_ref().map(|name| columns.groups("--groups", name)).transpose()?,
            weights: weights.as_ref().map(|name| columns.amounts("--weights", name)).transpose()?,
            before: before.map_or(Ok(Vec::new()), |name| columns.start("--start", name))?,
        })
    }

    /// Of the rows that are read.
    pub(super) fn among(self, rows: &Rows) -> Self {
        fn of<T: Copy>(values: Option<Vec<T>>, rows: &Rows) -> Option<Vec<T>> {
            values.map(|values| (0..rows.len()).map(|at| values[rows.get(at)]).collect())
        }
        Self {
            costs: of(self.costs, rows),
            groups: of(self.groups, rows),
            weights: of(self.weights, rows),
            before: self.before.into_iter().filter_map(|example| rows.position(example)).collect(),
        }
    }
}
