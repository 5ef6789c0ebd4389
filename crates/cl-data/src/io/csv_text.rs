/// The shortest text that reads back as the same number: integers as such.
///
/// ```
/// use cl_data::io::exact;
///
/// assert_eq!([exact(3.0), exact(0.1), exact(-0.0), exact(1e300)], ["3", "0.1", "0", "1e300"]);
/// ```
pub fn exact(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{}", value + 0.0) } else { format!("{value:?}") }
}

/// A text as a field of a CSV file: between quotes where it must be.
///
/// ```
/// assert_eq!(cl_data::io::csv_field("a \"b\", c"), "\"a \"\"b\"\", c\"");
/// ```
pub fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
