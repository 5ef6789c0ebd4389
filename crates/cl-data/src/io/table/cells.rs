use std::borrow::Cow;

/// The values of a column in some rows. A missing one (an empty field, null) is told by
/// [`is_missing`](Self::is_missing); as a number it is NaN, as a text it is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    /// The values, one per row.
    pub values: CellValues,
    /// Whether a row's is missing; empty where none is.
    pub missing: Vec<bool>,
}

/// Values of one type.
#[derive(Debug, Clone, PartialEq)]
pub enum CellValues {
    /// Nothing but missing ones, so many.
    Missing(usize),
    /// True or false.
    Flags(Vec<bool>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Other numbers.
    Numbers(Vec<f64>),
    /// Texts: every field of a CSV file is one.
    Texts(Texts),
    /// Lists of numbers.
    Lists(Lists),
    /// What no column holds, or several types: met only where [every column](super::TableReader::rows_of_any_type) is read.
    Other(Unreadable),
}

/// Values that are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// How many there are.
    pub n: usize,
    /// The first that could not be.
    pub row: usize,
    /// What was found, and what was expected.
    pub problem: String,
}

/// Texts one behind the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Texts {
    bytes: String,
    ends: Vec<usize>,
    decimal_comma: bool,
    integers: bool,
}

/// Lists of numbers one behind the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lists {
    /// The numbers of all lists.
    pub values: Vec<f64>,
    /// Where each ends.
    pub ends: Vec<usize>,
}

impl Texts {
    /// None yet; whether a comma stands before the decimals of those that are numbers.
    pub fn new(decimal_comma: bool) -> Self {
        Self { decimal_comma, ..Self::default() }
    }

    /// None yet of integers, some of them too large for [`CellValues::Integers`].
    pub fn of_integers() -> Self {
        Self { integers: true, ..Self::default() }
    }

    /// Whether they are integers.
    pub fn are_integers(&self) -> bool {
        self.integers
    }

    /// Appends one.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a row; empty past the end.
    pub fn get(&self, row: usize) -> &str {
        let start = if row == 0 { Some(0) } else { self.ends.get(row - 1).copied() };
        start.zip(self.ends.get(row)).map_or("", |(start, &end)| &self.bytes[start..end])
    }

    /// The number that a text is: NaN where it is empty, and as Python writes what is none.
    fn number(&self, row: usize) -> Option<f64> {
        number(self.get(row), self.decimal_comma)
    }
}

/// The number that a field is, NaN where it is empty; `None` where it is none.
pub(crate) fn number(text: &str, decimal_comma: bool) -> Option<f64> {
    if text.is_empty() {
        return Some(f64::NAN);
    }
    if decimal_comma && text.contains(',') {
        return text.replace('.', "").replace(',', ".").parse().ok();
    }
    text.parse().ok()
}

impl Lists {
    /// Appends one.
    pub fn push(&mut self, list: impl IntoIterator<Item = f64>) {
        self.values.extend(list);
        self.ends.push(self.values.len());
    }

    /// The list of a row; empty past the end.
    pub fn get(&self, row: usize) -> &[f64] {
        let start = if row == 0 { Some(0) } else { self.ends.get(row - 1).copied() };
        start.zip(self.ends.get(row)).map_or(&[], |(start, &end)| &self.values[start..end])
    }
}

impl CellValues {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Missing(n) => *n,
            Self::Flags(values) => values.len(),
            Self::Integers(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Texts(texts) => texts.len(),
            Self::Lists(lists) => lists.ends.len(),
            Self::Other(other) => other.n,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What they are, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Missing(_) => "nothing",
            Self::Flags(_) => "true or false",
            Self::Integers(_) => "integers",
            Self::Numbers(_) => "numbers",
            Self::Texts(texts) if texts.integers => "integers",
            Self::Texts(_) => "texts",
            Self::Lists(_) => "lists of numbers",
            Self::Other(_) => "other values",
        }
    }
}

impl Cells {
    /// Of which none is missing.
    pub fn full(values: CellValues) -> Self {
        Self { values, missing: Vec::new() }
    }

    /// Whether the value of a row is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            CellValues::Missing(_) => true,
            CellValues::Texts(texts) if texts.get(row).is_empty() => true,
            _ => self.missing.get(row).copied().unwrap_or(false),
        }
    }

    /// The value as a number, NaN where it is missing; `None` where it is none.
    pub fn number(&self, row: usize) -> Option<f64> {
        if self.missing.get(row).copied().unwrap_or(false) {
            return Some(f64::NAN);
        }
        match &self.values {
            CellValues::Missing(_) => Some(f64::NAN),
            CellValues::Flags(values) => values.get(row).map(|&value| f64::from(u8::from(value))),
            CellValues::Integers(values) => values.get(row).map(|&value| value as f64),
            CellValues::Numbers(values) => values.get(row).copied(),
            CellValues::Texts(texts) => texts.number(row),
            CellValues::Lists(_) | CellValues::Other(_) => None,
        }
    }

    /// The value as an integer: one that is written as 7, 7.0 or "7"; `None` where it is missing or none.
    pub fn integer(&self, row: usize) -> Option<i64> {
        if self.is_missing(row) {
            return None;
        }
        match &self.values {
            CellValues::Integers(values) => values.get(row).copied(),
            CellValues::Texts(texts) => {
                let text = texts.get(row);
                text.parse().ok().or_else(|| whole(number(text, texts.decimal_comma)?))
            }
            _ => whole(self.number(row)?),
        }
    }

    /// Whether the value is right, true or 1; `None` where it is missing or neither.
    pub fn flag(&self, row: usize) -> Option<bool> {
        if self.is_missing(row) {
            return None;
        }
        if let CellValues::Texts(texts) = &self.values {
            match texts.get(row) {
                "True" | "true" | "TRUE" => return Some(true),
                "False" | "false" | "FALSE" => return Some(false),
                _ => {}
            }
        }
        match self.number(row)? {
            0.0 => Some(false),
            1.0 => Some(true),
            _ => None,
        }
    }

    /// The value as a text, whole numbers without a point; `None` where it is missing or a list.
    pub fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        if self.is_missing(row) {
            return None;
        }
        Some(match &self.values {
            CellValues::Texts(texts) => Cow::Borrowed(texts.get(row)),
            CellValues::Integers(values) => Cow::Owned(values.get(row)?.to_string()),
            CellValues::Flags(values) => Cow::Owned(if *values.get(row)? { "True" } else { "False" }.to_owned()),
            CellValues::Numbers(values) => {
                let value = *values.get(row)?;
                Cow::Owned(whole(value).map_or_else(|| value.to_string(), |whole| whole.to_string()))
            }
            CellValues::Missing(_) | CellValues::Lists(_) | CellValues::Other(_) => return None,
        })
    }

    /// The list of a row, where the column holds lists.
    pub fn list(&self, row: usize) -> Option<&[f64]> {
        match &self.values {
            CellValues::Lists(lists) if !self.is_missing(row) => Some(lists.get(row)),
            _ => None,
        }
    }

    /// The value as it may stand in a message.
    pub fn shown(&self, row: usize) -> String {
        match (&self.values, self.text(row)) {
            (CellValues::Texts(texts), Some(text)) if !texts.integers => format!("{text:?}"),
            (_, Some(text)) => text.into_owned(),
            (CellValues::Other(other), _) => other.problem.clone(),
            (CellValues::Lists(lists), None) => format!("a list of {} numbers", lists.get(row).len()),
            (_, None) => "empty".into(),
        }
    }
}

/// The whole number that a number is, exactly.
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}
