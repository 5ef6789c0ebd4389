use cl_data::io::{ID_COLUMNS, LABEL_COLUMNS, RowFormat, TableReader, listed, malformed};

use super::options::ReadOptions;
use crate::error::LabError;

/// What columns of labels are called, in any case, beside [`LABEL_COLUMNS`].
const LABELS: [&str; 4] = ["label", "target", "class", "y"];

/// How pandas names the rows of a table that it was not told a name for, beside those among [`ID_COLUMNS`].
const PANDAS_INDEX: &str = "unnamed: 0";

/// Which columns of a table hold what, by their places.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Roles {
    pub(super) label: usize,
    pub(super) id: Option<usize>,
    pub(super) groups: Option<usize>,
    /// All others, in their order.
    pub(super) others: Vec<usize>,
    /// Those of them that are called as ids are, where no column of ids is told.
    pub(super) called_id: Vec<usize>,
    /// How the column of labels was found, where it was not told.
    pub(super) note: Option<String>,
}

impl Roles {
    /// As they are told, else by the names of the columns. O(columns).
    pub(super) fn of(table: &TableReader, options: &ReadOptions) -> Result<Self, LabError> {
        let columns = table.columns();
        expect_names(table)?;
        let told = |name: &Option<String>| name.as_deref().map(|name| table.column(name)).transpose();
        let (id, groups) = (told(&options.id)?, told(&options.groups)?);
        let (label, note) = label(table, options, [id, groups])?;
        for (option, own, others) in [("--id", id, [Some(label), groups]), ("--groups", groups, [Some(label), id])]
        {
            if let Some(own) = own.filter(|&own| others.contains(&Some(own))) {
                let expected =
                    "another column than those of labels, ids and groups, each of which is one of its own";
                return Err(LabError::argument(option, &columns[own], expected));
            }
        }
        let others: Vec<usize> =
            (0..columns.len()).filter(|&at| at != label && Some(at) != id && Some(at) != groups).collect();
        let is_called_id = |at: usize| {
            let name = columns[at].to_lowercase();
            name == PANDAS_INDEX || ID_COLUMNS.contains(&&*name) || (name.is_empty() && at == 0)
        };
        let called_id = match id {
            Some(_) => Vec::new(),
            None => others.iter().copied().filter(|&at| is_called_id(at)).collect(),
        };
        Ok(Self { label, id, groups, others, called_id, note })
    }
}

/// The name of a column as messages and features have it.
pub(super) fn name_of(table: &TableReader, column: usize) -> String {
    match table.columns().get(column) {
        Some(name) if !name.is_empty() => name.clone(),
        _ => format!("column {}", column + 1),
    }
}

/// Refuses two columns without a name, which a test set could not be read by.
fn expect_names(table: &TableReader) -> Result<(), LabError> {
    let mut unnamed =
        table.columns().iter().zip(1..).filter(|(name, _)| name.is_empty()).map(|(_, number)| number);
    match (unnamed.next(), unnamed.next()) {
        (Some(first), Some(second)) => {
            let problem = format!("columns {first} and {second} have no name, expected one for each column");
            Err(malformed(table.path(), "header", problem).into())
        }
        _ => Ok(()),
    }
}

fn label(
    table: &TableReader,
    options: &ReadOptions,
    taken: [Option<usize>; 2],
) -> Result<(usize, Option<String>), LabError> {
    if let Some(name) = &options.label {
        return Ok((table.column(name)?, None));
    }
    let columns = table.columns();
    let is_known = |name: &str| {
        let name = name.to_lowercase();
        LABELS.contains(&&*name) || LABEL_COLUMNS.contains(&&*name)
    };
    let free = |at: &usize| !taken.contains(&Some(*at));
    let found: Vec<usize> = (0..columns.len()).filter(free).filter(|&at| is_known(&columns[at])).collect();
    let refuse = |problem: String| Err(malformed(table.path(), "", problem).into());
    match found[..] {
        [at] => {
            let note =
                format!("the labels are those of column `{}`, by its name; --label names another", columns[at]);
            Ok((at, Some(note)))
        }
        [] => refuse(format!(
            "no column is called {}, the columns are {}; expected --label with the one to predict{}{}",
            LABELS.join(", "),
            listed(columns),
            separator_hint(table),
            header_hint(table)
        )),
        [..] => {
            let names: Vec<&str> = found.iter().map(|&at| &*columns[at]).collect();
            refuse(format!(
                "columns {} may be the labels, expected --label with one of them: another would be a feature that \
                 gives the answer away",
                listed(&names)
            ))
        }
    }
}

/// What to say where the only column may be several.
fn separator_hint(table: &TableReader) -> &'static str {
    match (table.format(), table.columns()) {
        (RowFormat::Csv, [_]) => {
            "; there is one column alone: expected commas, semicolons or tabs between columns"
        }
        _ => "",
    }
}

/// What to say where the first row looks like one of data.
fn header_hint(table: &TableReader) -> String {
    let numbers: Vec<&String> = table.columns().iter().filter(|name| name.parse::<f64>().is_ok()).collect();
    if table.format() != RowFormat::Csv || numbers.is_empty() {
        return String::new();
    }
    format!("; the first row holds the numbers {}: expected the names of the columns there", listed(&numbers))
}

#[cfg(test)]
mod tests {
    use cl_data::io::TableOptions;

    use super::*;

    fn roles(header: &str, options: &ReadOptions) -> Result<Roles, String> {
        let file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
        std::fs::write(file.path(), format!("{header}\n")).unwrap();
        let table = TableReader::open(file.path(), &TableOptions::default()).unwrap();
        Roles::of(&table, options).map_err(|error| {
            let error = error.to_string();
            error.split_once(".csv: ").map_or(error.clone(), |(_, problem)| problem.to_owned())
        })
    }

    fn told(label: Option<&str>, id: Option<&str>, groups: Option<&str>) -> ReadOptions {
        let [label, id, groups] = [label, id, groups].map(|name| name.map(Into::into));
        ReadOptions { label, id, groups, ..ReadOptions::default() }
    }

    #[test]
    fn labels_are_found_by_name_in_any_case() {
        for name in ["label", "Target", "CLASS", "y", "Y", "gold", "given_label"] {
            let found = roles(&format!("a,{name},b"), &told(None, None, None)).unwrap();
            assert_eq!((found.label, found.others), (1, vec![0, 2]), "{name}");
            assert!(found.note.unwrap().contains(&format!("column `{name}`, by its name")));
        }
        let found = roles("a,label,b", &told(Some("b"), Some("a"), None)).unwrap();
        assert_eq!((found.label, found.id, found.others, found.note), (2, Some(0), vec![1], None));
        // What has another role is no label.
        assert_eq!(roles("class,y,b", &told(None, None, Some("class"))).unwrap().label, 1);
    }

    #[test]
    fn without_one_label_the_columns_are_listed() {
        let none = roles("a,b", &told(None, None, None)).unwrap_err();
        assert_eq!(
            none,
            "no column is called label, target, class, y, the columns are a, b; expected --label with the one to predict"
        );
        let several = roles("label,x,y", &told(None, None, None)).unwrap_err();
        assert!(several.starts_with("columns label, y may be the labels, expected --label"), "{several}");
        let headless = roles("39, State-gov, 77516, <=50K", &told(None, None, None)).unwrap_err();
        assert!(
            headless
                .ends_with("the first row holds the numbers 39, 77516: expected the names of the columns there")
        );
        let unknown = roles("a,b", &told(Some("c"), None, None)).unwrap_err();
        assert_eq!(unknown, "no column `c`, the columns are a, b");
        let one = roles("a|label", &told(None, None, None)).unwrap_err();
        assert!(one.ends_with("expected commas, semicolons or tabs between columns"), "{one}");
    }

    #[test]
    fn a_column_has_one_role() {
        let twice = roles("a,y", &told(None, Some("y"), Some("y"))).unwrap_err();
        assert!(twice.contains("--label with the one to predict"), "{twice}");
        let twice = roles("a,y", &told(Some("y"), Some("y"), None)).unwrap_err();
        assert!(twice.starts_with("argument --id is y, expected another column"), "{twice}");
        let twice = roles("a,b,y", &told(None, Some("a"), Some("a"))).unwrap_err();
        assert!(twice.starts_with("argument --id is a, expected another column"), "{twice}");
    }

    #[test]
    fn what_is_called_as_ids_are_is_known() {
        let called = |header: &str| roles(header, &told(None, None, None)).unwrap().called_id;
        assert_eq!(called("Id,x,index,y"), [0, 2]);
        assert_eq!(called("Unnamed: 0,x,y"), [0]);
        assert_eq!(called(",x,y"), [0]);
        assert!(called("x,,y").is_empty());
        assert!(roles("id,key,y", &told(None, Some("key"), None)).unwrap().called_id.is_empty());
        assert!(roles(",x,,y", &told(None, None, None)).unwrap_err().contains("columns 1 and 3 have no name"));
    }
}
