/// The columns of a table with a row per example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoiseColumns {
    /// Integers or texts, each once.
    pub id: String,
    /// Integers, the classes from 0.
    pub label: String,
    /// Lists of a probability per class, as of [`mean_probabilities_function`](crate::mean_probabilities_function).
    pub probabilities: String,
}
