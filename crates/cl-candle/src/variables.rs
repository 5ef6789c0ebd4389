use std::collections::BTreeMap;
use std::sync::PoisonError;

use candle_core::{Tensor, Var};
use candle_nn::VarMap;
use cl_data::random;

use crate::error::CandleError;

/// The variables of a network in the order of their names, which is the same in every run.
pub(crate) fn named(variables: &VarMap) -> BTreeMap<String, Var> {
    let variables = variables.data().lock().unwrap_or_else(PoisonError::into_inner);
    variables.iter().map(|(name, variable)| (name.clone(), variable.clone())).collect()
}

/// Draws the weights of a network anew, from streams of our own: candle's generator on the CPU cannot be seeded.
///
/// ```text
/// w ~ U(-1 / sqrt(f), 1 / sqrt(f)),   f = the inputs of an output, the product of all dimensions but the first
/// ```
///
/// for every variable of two dimensions or more, by a stream of the seed and its name; biases, those whose name ends in
/// `bias`, become 0, and other vectors stay.
///
/// Source: LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.6, with the uniform's width of PyTorch's
/// layers.
///
/// # Errors
/// Where a variable cannot be set.
pub fn draw_weights(variables: &VarMap, seed: u64) -> Result<(), CandleError> {
    for (name, variable) in named(variables) {
        let shape = variable.shape().clone();
        if shape.rank() >= 2 && variable.dtype().is_float() {
            let inputs: usize = shape.dims()[1..].iter().product();
            let bound = 1.0 / (inputs.max(1) as f64).sqrt();
            let mut stream = random::stream(seed, &format!("weights of {name}"), 0);
            let draw = |_| (2.0 * random::uniform(&mut stream) - 1.0) * bound;
            let weights: Vec<f64> = (0..shape.elem_count()).map(draw).collect();
            variable.set(
                &Tensor::from_vec(weights, shape, &candle_core::Device::Cpu)?
                    .to_dtype(variable.dtype())?
                    .to_device(variable.device())?,
            )?;
        } else if name.ends_with("bias") {
            variable.set(&variable.zeros_like()?.detach())?;
        }
    }
    Ok(())
}
