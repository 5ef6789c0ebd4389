/// A column of scores, one value per example, none NaN or -inf.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its values, as they stand in the file.
    pub values: Vec<f64>,
}

/// A column that cannot be used as scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableColumn {
    /// Its name.
    pub name: String,
    /// Where the first of its cells stands that is no score.
    pub place: String,
    /// What stands there, and what was expected.
    pub problem: String,
    /// Whether it holds numbers and gaps, NaN or infinities alone: it may be what was meant.
    pub numeric: bool,
    /// How many numbers it holds.
    pub n_numbers: usize,
}
