//! Optimisers: how a gradient changes parameters.

mod adam;
mod sgd;

use cl_data::Scalar;

pub use adam::Adam;
pub use sgd::Sgd;

/// How a gradient changes parameters.
///
/// The learning rate is an argument: its schedule is not the optimiser's business.
pub trait Optimizer<T: Scalar>: Send {
    /// One update of `parameters` along `gradient`, in place; O(parameters).
    fn update(&mut self, parameters: &mut [T], gradient: &[T], learning_rate: f64);
}
