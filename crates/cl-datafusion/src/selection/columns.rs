/// The columns by which a table is pruned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneColumns {
    /// Integers or texts, each once: their hashes decide ties.
    pub id: String,
    /// Numbers.
    pub score: String,
    /// Whether a high number means a hard example.
    pub higher_is_harder: bool,
    /// Integers from 0, where classes share the budget.
    pub label: Option<String>,
}
