use std::collections::{BTreeMap, HashMap};

use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use candle_nn::{Optimizer, ParamsAdamW, VarMap};

use crate::{error::CandleError, variables::named};

/// AdamW that can be saved: candle's own hides its moments, without which no run goes on to the same bytes.
///
/// ```text
/// m = b1 m + (1 - b1) g         v = b2 v + (1 - b2) g^2
/// w = (1 - lr decay) w - lr m_hat / (sqrt(v_hat) + eps),   m_hat = m / (1 - b1^t),  v_hat = v / (1 - b2^t)
/// ```
///
/// Updates are those of `candle_nn::AdamW`, to the bit. O(variables) per step.
///
/// Source: Loshchilov and Hutter (2019), Decoupled Weight Decay Regularization, algorithm 2.
///
/// ```
/// use candle_core::{DType, Device};
/// use candle_nn::{Module, Optimizer, ParamsAdamW, VarBuilder, VarMap};
/// use cl_candle::AdamW;
///
/// let variables = VarMap::new();
/// let layer = candle_nn::linear(2, 1, VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu))?;
/// let mut optimizer = AdamW::of(&variables, ParamsAdamW::default())?;
/// let outputs = layer.forward(&candle_core::Tensor::ones((3, 2), DType::F32, &Device::Cpu)?)?;
/// optimizer.backward_step(&outputs.sqr()?.mean_all()?)?;
/// assert_eq!(optimizer.n_updates(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AdamW {
    variables: BTreeMap<String, Moments>,
    n_updates: u64,
    parameters: ParamsAdamW,
}

#[derive(Debug)]
struct Moments {
    variable: Var,
    first: Tensor,
    second: Tensor,
}

impl AdamW {
    /// Of the variables of a network, each of which remembers by its name.
    ///
    /// # Errors
    /// Where the device has no memory for the moments.
    pub fn of(variables: &VarMap, parameters: ParamsAdamW) -> Result<Self, CandleError> {
        let variables = named(variables);
        Ok(Self::of_named(variables, parameters)?)
    }

    fn of_named(variables: BTreeMap<String, Var>, parameters: ParamsAdamW) -> candle_core::Result<Self> {
        let floats = variables.into_iter().filter(|(_, variable)| variable.dtype().is_float());
        let moments = floats.map(|(name, variable)| {
            let (first, second) = (variable.zeros_like()?.detach(), variable.zeros_like()?.detach());
            Ok((name, Moments { variable, first, second }))
        });
        Ok(Self { variables: moments.collect::<candle_core::Result<_>>()?, n_updates: 0, parameters })
    }

    /// How many updates it has made.
    pub fn n_updates(&self) -> u64 {
        self.n_updates
    }

    /// What it remembers, by name.
    pub(crate) fn moments(&self) -> HashMap<String, Tensor> {
        let both = |(name, moments): (&String, &Moments)| {
            [(format!("first.{name}"), moments.first.clone()), (format!("second.{name}"), moments.second.clone())]
        };
        self.variables.iter().flat_map(both).collect()
    }

    /// Takes back what one of the same variables remembered: all of their names are there.
    pub(crate) fn set_moments(&mut self, n_updates: u64, mut moments: HashMap<String, Tensor>) {
        for (name, own) in &mut self.variables {
            if let Some(first) = moments.remove(&format!("first.{name}")) {
                own.first = first;
            }
            if let Some(second) = moments.remove(&format!("second.{name}")) {
                own.second = second;
            }
        }
        self.n_updates = n_updates;
    }
}

impl Optimizer for AdamW {
    type Config = ParamsAdamW;

    /// Of variables that are named by their places: what is saved belongs to the same ones in the same order.
    fn new(variables: Vec<Var>, parameters: ParamsAdamW) -> candle_core::Result<Self> {
        let names = (0..variables.len()).map(|place| format!("{place:09}"));
        Self::of_named(names.zip(variables).collect(), parameters)
    }

    fn step(&mut self, gradients: &GradStore) -> candle_core::Result<()> {
        self.n_updates += 1;
        let ParamsAdamW { lr, beta1, beta2, eps, weight_decay } = self.parameters;
        // Far beyond where a power has become 0.
        let t = i32::try_from(self.n_updates).unwrap_or(i32::MAX);
        let (first_scale, second_scale) = (1.0 / (1.0 - beta1.powi(t)), 1.0 / (1.0 - beta2.powi(t)));
        for Moments { variable, first, second } in self.variables.values_mut() {
            let Some(gradient) = gradients.get(variable) else { continue };
            *first = ((&*first * beta1)? + (gradient * (1.0 - beta1))?)?.detach();
            *second = ((&*second * beta2)? + (gradient.sqr()? * (1.0 - beta2))?)?.detach();
            let (first_hat, second_hat) = ((&*first * first_scale)?, (&*second * second_scale)?);
            let step = (first_hat / (second_hat.sqrt()? + eps)?)?;
            let decayed = (variable.as_tensor() * (1.0 - lr * weight_decay))?;
            variable.set(&(decayed - (step * lr)?)?)?;
        }
        Ok(())
    }

    fn learning_rate(&self) -> f64 {
        self.parameters.lr
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.parameters.lr = learning_rate;
    }
}
