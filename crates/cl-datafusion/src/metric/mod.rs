//! The metrics of the training dynamics as aggregate functions.

mod call;
mod function;
mod groups;
mod layout;
mod lists;
mod mean_probabilities;
mod number;
mod options;
mod reduction;
mod rows;
mod single;
mod value_at;
mod values;

pub use call::{MetricColumns, dynamics_call, mean_probabilities_call, metric_call};
pub use function::{dynamics_function, mean_probabilities_function, metric_function, metric_functions};
pub(crate) use reduction::Reduction;
pub(crate) use value_at::{value_at, value_at_function};
pub(crate) use values::value_type;
