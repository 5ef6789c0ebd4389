use cl_data::io::TableOptions;

/// What is said of a table of scores that its file does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// How its rows are written; without a format the content decides.
    pub table: TableOptions,
    /// The column of ids, where its name is not to decide.
    pub id_column: Option<String>,
}
