//! TOML as sections of texts, each with its line: what a value means is for its section to say.

use cl_data::io::exact;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Place};

/// A section as it is written.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) place: Place,
    /// Keys, and their values as texts: numbers in one way of writing, lists with commas.
    pub(super) entries: Vec<(String, String, Place)>,
}

/// The sections of a text; what is no TOML, and what is no value of a section, is a fault.
pub(super) fn read(text: &str, faults: &mut Vec<Fault>) -> Vec<Part> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        faults.extend(errors.iter().map(|error| {
            let at = error.span().map_or(0, |span| span.start);
            Fault::new(line(text, at), format!("column {}: {}", column(text, at), error.message()))
        }));
        return Vec::new();
    }
    let mut parts = Vec::new();
    for (name, value) in document.get_ref().iter() {
        let place = line(text, name.span().start);
        let name = name.get_ref().to_string();
        let DeValue::Table(table) = value.get_ref() else {
            faults.push(Fault::new(place, format!("`{name}` stands in no section, expected [section] before it")));
            continue;
        };
        let mut entries = Vec::new();
        for (key, value) in table.iter() {
            let place = line(text, key.span().start);
            match text_of(value.get_ref()) {
                Ok(value) => entries.push((key.get_ref().to_string(), value, place)),
                Err(found) => {
                    let expected = "expected a number, a text, true or false, or a list of these";
                    faults.push(Fault::new(place, format!("`{name}.{}` is {found}, {expected}", key.get_ref())));
                }
            }
        }
        parts.push(Part { name, place, entries });
    }
    parts
}

/// A value as it is set beside a file: as in a file, but that a text needs no quotation marks.
pub(super) fn value(text: &str) -> Result<String, &'static str> {
    DeValue::parse(text).map_or_else(|_| Ok(text.to_owned()), |value| text_of(value.get_ref()))
}

fn text_of(value: &DeValue<'_>) -> Result<String, &'static str> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Boolean(value) => Ok(value.to_string()),
        DeValue::Integer(number) => {
            let value = i128::from_str_radix(number.as_str(), number.radix());
            value.map(|value| value.to_string()).map_err(|_| "an integer that is too long")
        }
        DeValue::Float(number) => number.as_str().parse().map(exact).map_err(|_| "no number"),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::Array(_) => Err("a list of lists"),
                item => text_of(item),
            });
            Ok(texts.collect::<Result<Vec<String>, _>>()?.join(","))
        }
        DeValue::Datetime(_) => Err("a date"),
        DeValue::Table(_) => Err("a table"),
    }
}

fn line(text: &str, at: usize) -> Place {
    let before = text.bytes().take(at);
    Place::Line(before.filter(|&byte| byte == b'\n').count() + 1)
}

fn column(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    String::from_utf8_lossy(&before[start..]).chars().count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_texts_with_their_lines() {
        let mut faults = Vec::new();
        let text = "[a]\nx = 0.10\n\ny = [64, 32]\n# more\n[b]\nz = \"ccs\"\non = true\nn = 0x10\n";
        let parts = read(text, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        let entry = |key: &str, text: &str, line| (key.to_owned(), text.to_owned(), Place::Line(line));
        assert_eq!((parts[0].name.as_str(), &parts[0].place), ("a", &Place::Line(1)));
        assert_eq!(parts[0].entries, [entry("x", "0.1", 2), entry("y", "64,32", 4)]);
        assert_eq!(parts[1].entries, [entry("n", "16", 9), entry("on", "true", 8), entry("z", "ccs", 7)]);
    }

    #[test]
    fn what_is_no_section_is_told_with_its_line() {
        for (text, told) in [
            ("epochs = 3\n", "line 1: `epochs` stands in no section"),
            ("[a]\n\nx = \n", "line 3: column "),
            ("[a]\nx = 1979-05-27\n", "line 2: `a.x` is a date"),
            ("[a]\nx = [[1]]\n", "line 2: `a.x` is a list of lists"),
            ("[a]\nx = 1\nx = 2\n", "line 3: "),
        ] {
            let mut faults = Vec::new();
            read(text, &mut faults);
            assert!(faults.iter().any(|fault| fault.to_string().starts_with(told)), "{text}: {faults:?}");
        }
    }

    #[test]
    fn what_is_set_needs_no_quotation_marks() {
        let values = ["5", "easy-first", "[64, 32]", "\"1e-3\"", "1e-3", "true"].map(|text| value(text).unwrap());
        assert_eq!(values, ["5", "easy-first", "64,32", "1e-3", "0.001", "true"]);
    }
}
