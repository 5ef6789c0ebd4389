/// That a column is of two types.
pub(super) fn mixed(found: &str, before: &str) -> String {
    format!("mixed types: {found} here, {before} in the rows before; expected one type")
}
