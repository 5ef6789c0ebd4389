use std::borrow::Cow;

use cl_data::io::{CellValues, Cells};

/// What stands for no value, beside empty cells: as R, pandas, SQL and the archives of UCI write it.
const NO_VALUE: [&str; 10] = ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "<NA>"];

/// Whether a text, without the blanks around it, stands for no value.
pub(super) fn is_missing(text: &str) -> bool {
    NO_VALUE.contains(&text)
}

/// What a cell holds.
#[derive(Debug, PartialEq)]
pub(super) enum Cell {
    Missing,
    Number(f64),
    /// A text, or true or false.
    Category,
    /// A list of so many numbers.
    List(usize),
}

impl Cell {
    /// The cell of a row. A text that is written as a number is one.
    pub(super) fn of(cells: &Cells, row: usize) -> Self {
        if cells.is_missing(row) {
            return Self::Missing;
        }
        let number = |value: f64| if value.is_nan() { Self::Missing } else { Self::Number(value) };
        match &cells.values {
            CellValues::Texts(texts) => {
                let text = texts.get(row).trim();
                match text.parse() {
                    Ok(value) => number(value),
                    Err(_) if is_missing(text) => Self::Missing,
                    Err(_) => Self::Category,
                }
            }
            CellValues::Integers(_) | CellValues::Numbers(_) => cells.number(row).map_or(Self::Missing, number),
            CellValues::Flags(_) => Self::Category,
            CellValues::Lists(lists) => Self::List(lists.get(row).len()),
            CellValues::Missing(_) | CellValues::Other(_) => Self::Missing,
        }
    }
}

/// A cell as a label, an id or a category: its text without the blanks around it, `None` where it is missing.
pub(super) fn text(cells: &Cells, row: usize) -> Option<Cow<'_, str>> {
    let text = match cells.text(row)? {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        owned => owned,
    };
    (!is_missing(&text)).then_some(text)
}

#[cfg(test)]
mod tests {
    use cl_data::io::Texts;

    use super::*;

    fn texts(cells: &[&str]) -> Cells {
        let mut texts = Texts::new(false);
        cells.iter().for_each(|text| texts.push(text));
        Cells::full(CellValues::Texts(texts))
    }

    #[test]
    fn texts_are_numbers_categories_or_nothing() {
        let cells = texts(&["1.5", " 7 ", "-2e3", "red", " ?", "NA", "NaN", "-nan", "", "None", "0x1"]);
        let found: Vec<Cell> = (0..11).map(|row| Cell::of(&cells, row)).collect();
        use Cell::{Category, Missing, Number};
        let numbers = [Number(1.5), Number(7.0), Number(-2000.0)];
        assert_eq!(found[..3], numbers);
        assert_eq!(found[3..], [Category, Missing, Missing, Missing, Missing, Missing, Category, Category]);
        assert_eq!(text(&cells, 1).as_deref(), Some("7"));
        assert_eq!([3, 4, 5, 8].map(|row| text(&cells, row).is_some()), [true, false, false, false]);
    }

    #[test]
    fn typed_cells_are_what_they_are() {
        let numbers = Cells::full(CellValues::Numbers(vec![0.5, f64::NAN, f64::INFINITY]));
        assert_eq!(Cell::of(&numbers, 0), Cell::Number(0.5));
        assert_eq!((Cell::of(&numbers, 1), text(&numbers, 1)), (Cell::Missing, None));
        assert_eq!(Cell::of(&numbers, 2), Cell::Number(f64::INFINITY));
        let integers = Cells { values: CellValues::Integers(vec![3, 0]), missing: vec![false, true] };
        assert_eq!((Cell::of(&integers, 0), Cell::of(&integers, 1)), (Cell::Number(3.0), Cell::Missing));
        let flags = Cells::full(CellValues::Flags(vec![true]));
        assert_eq!((Cell::of(&flags, 0), text(&flags, 0).as_deref()), (Cell::Category, Some("True")));
        let mut lists = cl_data::io::Lists::default();
        lists.push([1.0, 2.0]);
        assert_eq!(Cell::of(&Cells::full(CellValues::Lists(lists)), 0), Cell::List(2));
    }
}
