use datafusion::error::Result;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionContext;

use crate::metric::{dynamics_function, metric_functions, value_at_function};
use crate::selection::key_functions;

/// All aggregate functions of this crate.
pub(crate) fn aggregates() -> Vec<AggregateUDF> {
    metric_functions().into_iter().chain([dynamics_function()]).collect()
}

/// All scalar functions of this crate.
pub(crate) fn scalars() -> Vec<ScalarUDF> {
    key_functions().into_iter().chain([value_at_function()]).collect()
}

/// Makes all functions of this crate known to a session, so that its SQL may call them.
///
/// # Errors
/// None that is known.
pub fn register(context: &SessionContext) -> Result<()> {
    aggregates().into_iter().for_each(|function| context.register_udaf(function));
    scalars().into_iter().for_each(|function| context.register_udf(function));
    Ok(())
}
