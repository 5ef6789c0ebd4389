use serde::{Deserialize, Serialize};

/// The scale of a layer's first weights, normal with mean 0.
///
/// ```text
/// He      std = sqrt(2 / inputs)                      He, Zhang, Ren, Sun (2015): for ReLU
/// Xavier  std = sqrt(2 / (inputs + outputs))          Glorot, Bengio (2010): for tanh and sigmoid
/// LeCun   std = sqrt(1 / inputs)                      LeCun, Bottou, Orr, Mueller (1998)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Initialization {
    /// sqrt(2 / inputs).
    He,
    /// sqrt(2 / (inputs + outputs)).
    Xavier,
    /// sqrt(1 / inputs).
    LeCun,
}

impl Initialization {
    /// The standard deviation of a weight.
    pub fn std(self, n_inputs: usize, n_outputs: usize) -> f64 {
        let (n_inputs, n_outputs) = (n_inputs as f64, n_outputs as f64);
        match self {
            Self::He => (2.0 / n_inputs).sqrt(),
            Self::Xavier => (2.0 / (n_inputs + n_outputs)).sqrt(),
            Self::LeCun => (1.0 / n_inputs).sqrt(),
        }
    }
}
