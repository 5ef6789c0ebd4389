use std::borrow::Cow;

use cl_data::io::{Cells, LabelBook, listed};

/// How predicted classes become the numbers that labels have.
#[derive(Default)]
pub(super) struct PredictedClasses {
    /// The labels by class, where these are not the integers themselves.
    names: Option<LabelBook>,
    shown: String,
    /// Whether the order of the classes was told: then a number is the class of that place.
    told: bool,
    n_classes: usize,
}

impl PredictedClasses {
    pub(super) fn new(class_names: Option<&[String]>, told: bool) -> Self {
        let book = |names: &[String]| {
            let mut book = LabelBook::default();
            names.iter().for_each(|name| _ = book.code(name));
            book
        };
        Self {
            names: class_names.map(book),
            shown: class_names.map(listed).unwrap_or_default(),
            told,
            n_classes: class_names.map_or(0, <[String]>::len),
        }
    }

    /// The class of a row, NaN where none stands there, -1 where it is none of the labels, or what was expected.
    pub(super) fn class(&self, cells: &Cells, row: usize) -> Result<f64, Cow<'static, str>> {
        if cells.is_missing(row) || cells.number(row).is_some_and(f64::is_nan) {
            return Ok(f64::NAN);
        }
        let integer = || cells.integer(row).or_else(|| cells.flag(row).map(i64::from));
        let Some(names) = &self.names else {
            return integer()
                .map(|class| class as f64)
                .ok_or_else(|| "a class, an integer as the labels are".into());
        };
        let text = cells.text(row).ok_or("a class")?;
        if let Some(class) = names.find(&text) {
            return Ok(f64::from(class));
        }
        match integer() {
            // A class that is predicted and no label.
            None if cells.number(row).is_none() => Ok(-1.0),
            Some(class) if self.told && usize::try_from(class).is_ok_and(|class| class < self.n_classes) => {
                Ok(class as f64)
            }
            _ => Err(format!(
                "one of the labels {}, or option `classes` with the labels in the order of their numbers",
                self.shown
            )
            .into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use cl_data::io::{CellValues, Texts};

    use super::*;

    fn texts(fields: &[&str]) -> Cells {
        let mut texts = Texts::default();
        fields.iter().for_each(|field| texts.push(field));
        Cells::full(CellValues::Texts(texts))
    }

    #[test]
    fn predictions_are_classes_as_labels_are() {
        let names = ["cat".to_owned(), "dog".to_owned()];
        let sorted = PredictedClasses::new(Some(&names), false);
        let cells = texts(&["dog", "emu", "", "1"]);
        assert_eq!((sorted.class(&cells, 0), sorted.class(&cells, 1)), (Ok(1.0), Ok(-1.0)));
        assert!(sorted.class(&cells, 2).unwrap().is_nan());
        assert!(sorted.class(&cells, 3).unwrap_err().contains("cat, dog, or option `classes`"));
        let told = PredictedClasses::new(Some(&names), true);
        assert_eq!(told.class(&cells, 3), Ok(1.0));
        assert!(told.class(&texts(&["2"]), 0).is_err());
        let plain = PredictedClasses::default();
        let cells = texts(&["2", "2.0", "True", "0.5", "cat"]);
        assert_eq!([0, 1, 2].map(|row| plain.class(&cells, row)), [Ok(2.0), Ok(2.0), Ok(1.0)]);
        assert!(plain.class(&cells, 3).is_err() && plain.class(&cells, 4).is_err());
    }
}
