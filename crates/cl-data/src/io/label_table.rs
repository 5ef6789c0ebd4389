use super::table::TableOptions;

/// What is said of a table of labels that its file does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelTable {
    /// How its rows are written; without a format the content decides.
    pub table: TableOptions,
    /// The column of ids, where its name is not to decide.
    pub id_column: Option<String>,
    /// The column of labels, where its name is not to decide.
    pub label_column: Option<String>,
}
