use datafusion::error::Result;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionContext;

use crate::coreset::coreset_function;
use crate::id_order::id_order_function;
use crate::metric::{dynamics_function, mean_probabilities_function, metric_functions, value_at_function};
use crate::noise::noise_functions;
use crate::selection::key_functions;

/// All aggregate functions of this crate.
pub(crate) fn aggregates() -> Vec<AggregateUDF> {
    let others = [dynamics_function(), mean_probabilities_function(), coreset_function()];
    metric_functions().into_iter().chain(others).collect()
}

/// All scalar functions of this crate.
pub(crate) fn scalars() -> Vec<ScalarUDF> {
    let others = [value_at_function(), id_order_function()];
    key_functions().into_iter().chain(noise_functions()).chain(others).collect()
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
