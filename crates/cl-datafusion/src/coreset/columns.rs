/// The columns of a table with a row per example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoresetColumns {
    /// Integers or texts, each once.
    pub id: String,
    /// A column of lists of d numbers, or d columns of a number.
    pub features: Vec<String>,
}
