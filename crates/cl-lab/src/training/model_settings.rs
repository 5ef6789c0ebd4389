use cl_data::catalogue::{CatalogueError, Description, Options, Parameter};
use cl_model::{Activation, Initialization, Mlp, ModelError};

/// The key that is written as a list, be it of one.
pub(super) const LIST: &str = "hidden";

pub(super) static MODEL: Description = Description {
    name: "model",
    summary: "what learns",
    parameters: &[
        Parameter::with_default("kind", "mlp (dense layers), or linear (none of them hidden)", "mlp"),
        Parameter::with_default(LIST, "the widths of the hidden layers of mlp", "64"),
        Parameter::with_default("activation", "between its layers: relu, tanh, sigmoid or gelu", "relu"),
        Parameter::with_default(
            "dropout",
            "the probability that a hidden unit sits out an update, in [0, 1)",
            "0",
        ),
    ],
};

/// What learns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelSettings {
    hidden: Vec<usize>,
    activation: Activation,
    dropout: f64,
}

impl ModelSettings {
    pub(super) fn read(options: &mut Options) -> Result<Self, CatalogueError> {
        let is_linear = options.choice("kind", &[("mlp", false), ("linear", true)])?;
        let hidden: Vec<usize> = options.list(LIST)?;
        if hidden.contains(&0) {
            return Err(options.invalid(LIST, "widths of at least 1"));
        }
        let activations = [
            ("relu", Activation::Relu),
            ("tanh", Activation::Tanh),
            ("sigmoid", Activation::Sigmoid),
            ("gelu", Activation::Gelu),
        ];
        let activation = options.choice("activation", &activations)?;
        let dropout = options.number_in("dropout", |p: &f64| (0.0..1.0).contains(p), "a probability in [0, 1)")?;
        if dropout > 0.0 && (is_linear || hidden.is_empty()) {
            return Err(options.invalid("dropout", "0, for there is no hidden unit to drop"));
        }
        Ok(Self { hidden: if is_linear { Vec::new() } else { hidden }, activation, dropout })
    }

    /// A model with first weights from `seed`: He's where units are rectified, Xavier's elsewhere.
    ///
    /// # Errors
    /// Where it is larger than memory.
    pub(super) fn make(&self, n_features: usize, n_outputs: usize, seed: u64) -> Result<Mlp<f32>, ModelError> {
        let widths = [&[n_features], &self.hidden[..], &[n_outputs]].concat();
        let initialization = match self.activation {
            Activation::Relu | Activation::Gelu => Initialization::He,
            Activation::Tanh | Activation::Sigmoid => Initialization::Xavier,
        };
        Mlp::new(&widths, self.activation, initialization, seed)?.with_dropout(self.dropout)
    }
}
