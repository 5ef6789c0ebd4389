use std::ops::Range;

use cl_data::Dataset;

use crate::problem::Task;

/// What was read, before it is a problem.
pub(super) struct Content {
    pub(super) data: Dataset<f32>,
    pub(super) task: Task,
    /// The name of what is to be predicted.
    pub(super) target: String,
    pub(super) groups: Option<Vec<usize>>,
    pub(super) test: Option<Dataset<f32>>,
    /// Columns of categories: their names, and which features they became.
    pub(super) categories: Vec<(String, Range<usize>)>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Content {
    /// Of data of which nothing else is known.
    pub(super) fn new(data: Dataset<f32>, task: Task, target: impl Into<String>) -> Self {
        Self {
            data,
            task,
            target: target.into(),
            groups: None,
            test: None,
            categories: Vec::new(),
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }
}
