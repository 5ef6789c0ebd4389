use cl_data::DataError;
use cl_data::io::{ID_COLUMNS, LABEL_COLUMNS, TableReader};

/// How pandas names the rows of a table that it was not told a name for, beside those among [`ID_COLUMNS`].
const PANDAS_INDEX: &str = "Unnamed: 0";

/// Which columns of a table hold what, by their places.
pub(super) struct Roles {
    pub(super) id: Option<usize>,
    pub(super) label: Option<usize>,
    pub(super) scores: Vec<usize>,
}

impl Roles {
    /// By the names of the columns; those that are known to be scores have no other role. O(columns).
    pub(super) fn of(
        reader: &TableReader,
        id_column: Option<&str>,
        is_score: impl Fn(&str) -> bool,
    ) -> Result<Self, DataError> {
        let names = reader.columns();
        let known = |name: &&str| reader.find(name).filter(|_| !is_score(name));
        let unnamed = || names.first().filter(|name| name.is_empty()).map(|_| 0);
        let id = match id_column {
            Some(name) => Some(reader.column(name)?),
            None => ID_COLUMNS.iter().chain([&PANDAS_INDEX]).find_map(known).or_else(unnamed),
        };
        let label = LABEL_COLUMNS.iter().find_map(known).filter(|&label| Some(label) != id);
        let reserved = |name: &str| {
            name.is_empty() || name == PANDAS_INDEX || ID_COLUMNS.contains(&name) || LABEL_COLUMNS.contains(&name)
        };
        let scores = (0..names.len())
            .filter(|&at| Some(at) != id && Some(at) != label)
            .filter(|&at| is_score(&names[at]) || !reserved(&names[at]))
            .collect();
        Ok(Self { id, label, scores })
    }
}
