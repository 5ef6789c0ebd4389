use cl_data::io::{ID_COLUMNS, LABEL_COLUMNS};

/// How pandas names the rows of a table that it was not told a name for, beside those among [`ID_COLUMNS`].
const PANDAS_INDEX: &str = "Unnamed: 0";

/// Which columns of a table hold what, by their places.
pub(super) struct Roles {
    pub(super) id: Option<usize>,
    pub(super) label: Option<usize>,
    pub(super) scores: Vec<usize>,
}

impl Roles {
    /// By the names of the columns, which `find` finds; those that are known to be scores have no other role; `told` is
    /// the column of ids, where that is told. O(columns).
    pub(super) fn of(
        names: &[String],
        find: impl Fn(&str) -> Option<usize>,
        told: Option<usize>,
        is_score: impl Fn(&str) -> bool,
    ) -> Self {
        let known = |name: &&str| find(name).filter(|_| !is_score(name));
        let unnamed = || names.first().filter(|name| name.is_empty()).map(|_| 0);
        let usual = || ID_COLUMNS.iter().chain([&PANDAS_INDEX]).find_map(known).or_else(unnamed);
        let id = told.or_else(usual);
        let label = LABEL_COLUMNS.iter().find_map(known).filter(|&label| Some(label) != id);
        let reserved = |name: &str| {
            name.is_empty() || name == PANDAS_INDEX || ID_COLUMNS.contains(&name) || LABEL_COLUMNS.contains(&name)
        };
        let scores = (0..names.len())
            .filter(|&at| Some(at) != id && Some(at) != label)
            .filter(|&at| is_score(&names[at]) || !reserved(&names[at]))
            .collect();
        Self { id, label, scores }
    }
}
