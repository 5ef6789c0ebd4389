use std::mem::size_of_val;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, GroupsAccumulator};

use super::groups::MetricGroups;
use super::number::Number;

/// Metrics of all rows as one example: [`MetricGroups`] with one group.
#[derive(Debug)]
pub(crate) struct MetricOfOne<N: Number>(MetricGroups<N>);

impl<N: Number> MetricOfOne<N> {
    pub(crate) fn new(mut groups: MetricGroups<N>) -> Self {
        // There is one, even before the first row.
        groups.grow(1);
        Self(groups)
    }
}

impl<N: Number> Accumulator for MetricOfOne<N> {
    fn update_batch(&mut self, arguments: &[ArrayRef]) -> Result<()> {
        let n = arguments.first().map_or(0, |array| array.len());
        self.0.update_batch(arguments, &vec![0; n], None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.0.value(self.0.rows())?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.rows().size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = MetricGroups::state_of(self.0.rows());
        state.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let n = states.first().map_or(0, |array| array.len());
        self.0.merge_batch(states, &vec![0; n], 1)
    }
}
