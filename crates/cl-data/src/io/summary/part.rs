use serde::Serialize;

/// What an array, or a column of a CSV file, holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartSummary {
    /// The array's or column's name.
    pub name: String,
    /// What its elements are.
    #[serde(rename = "type")]
    pub element_type: String,
    /// The size along each axis.
    pub shape: Vec<usize>,
    /// The smallest finite number, where there is one.
    pub min: Option<f64>,
    /// The largest finite number.
    pub max: Option<f64>,
    /// The mean of the finite numbers.
    pub mean: Option<f64>,
    /// Elements that are NaN.
    pub n_nan: usize,
    /// Elements that are infinite.
    pub n_infinite: usize,
    /// Empty fields of a column.
    pub n_empty: usize,
    /// Rows (along the first axis) that equal an earlier one; for the `ids` of an archive, ids that do. None
    /// where there are no rows to compare, or too many to remember.
    pub n_duplicates: Option<usize>,
    /// The different values, where they are classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<ValueCount>>,
}

/// How often a value occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueCount {
    /// The value, as text.
    pub value: String,
    /// How often.
    pub count: usize,
}
