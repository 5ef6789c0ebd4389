use std::collections::HashMap;

/// What is said of labels that a file does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelOptions {
    /// The labels in the order of their classes, from 0; without it integers are their own classes, and texts are sorted
    /// by code point, as scikit-learn's `LabelEncoder` has them.
    pub classes: Option<Vec<String>>,
    /// The label of examples that are left out, such as -100.
    pub ignore: Option<String>,
}

/// Labels as they stand in files, each different one under a number, until all are known and become classes.
///
/// ```
/// use cl_data::io::{LabelBook, LabelOptions};
///
/// let mut book = LabelBook::default();
/// let codes = ["dog", "cat", "dog"].map(|label| book.code(label));
/// let classes = book.classes(&LabelOptions::default()).unwrap();
/// assert_eq!(codes.map(|code| classes.of_code[code as usize]), [Some(1), Some(0), Some(1)]);
/// assert_eq!(classes.names, Some(vec!["cat".to_owned(), "dog".to_owned()]));
/// ```
#[derive(Debug, Clone, Default)]
pub struct LabelBook {
    labels: Vec<String>,
    codes: HashMap<String, u32>,
}

/// What the labels of a [`LabelBook`] are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelClasses {
    /// The class of each label by its number; `None` where it is left out.
    pub of_code: Vec<Option<usize>>,
    /// The label of each class, where these are not the integers themselves.
    pub names: Option<Vec<String>>,
    /// How many classes there are at least.
    pub n_classes: usize,
}

/// Why labels are no classes: the first label at fault, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelProblem {
    /// Its number.
    pub code: u32,
    /// What was found, and what was expected.
    pub problem: String,
}

impl LabelBook {
    /// The number of a label, a new one where it was not there before; `1.0` and `1` are the same. O(1).
    pub fn code(&mut self, label: &str) -> u32 {
        if let Some(&code) = self.codes.get(label) {
            return code;
        }
        let text = canonical(label);
        let code = self.codes.get(&text).copied().unwrap_or_else(|| {
            self.labels.push(text.clone());
            self.labels.len() as u32 - 1
        });
        self.codes.insert(text, code);
        self.codes.insert(label.to_owned(), code);
        code
    }

    /// The number of a label that was there before. O(1).
    pub fn find(&self, label: &str) -> Option<u32> {
        self.codes.get(label).or_else(|| self.codes.get(&canonical(label))).copied()
    }

    /// The label of a number.
    pub fn label(&self, code: u32) -> &str {
        self.labels.get(code as usize).map_or("", String::as_str)
    }

    /// How many different labels there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The labels as classes. O(labels log labels).
    ///
    /// # Errors
    /// Where a label is none of those that were told, negative, or a number that is no integer.
    pub fn classes(&self, options: &LabelOptions) -> Result<LabelClasses, LabelProblem> {
        let ignored = options.ignore.as_deref().map(canonical);
        let texts = &self.labels;
        let left_out = |text: &String| ignored.as_ref() == Some(text);
        let wrong = |at: usize, expected: String| {
            Err(LabelProblem {
                code: at as u32,
                problem: format!("label {}, expected {expected}", self.labels[at]),
            })
        };
        if let Some(told) = &options.classes {
            let places: HashMap<String, usize> =
                told.iter().enumerate().map(|(class, name)| (canonical(name), class)).collect();
            let mut of_code = Vec::with_capacity(texts.len());
            for (at, text) in texts.iter().enumerate() {
                let class = places.get(text).copied();
                if class.is_none() && !left_out(text) {
                    return wrong(at, format!("one of option `classes`: {}", told.join(", ")));
                }
                of_code.push(class.filter(|_| !left_out(text)));
            }
            return Ok(LabelClasses { of_code, names: Some(told.clone()), n_classes: told.len() });
        }
        let numbers: Vec<Option<i64>> = texts.iter().map(|text| text.parse().ok()).collect();
        let kept = |at: &usize| !left_out(&texts[*at]);
        if (0..texts.len()).filter(kept).all(|at| numbers[at].is_some()) {
            let mut of_code = Vec::with_capacity(texts.len());
            for (at, number) in numbers.iter().enumerate() {
                match (number, kept(&at)) {
                    (_, false) => of_code.push(None),
                    (Some(number), true) if *number >= 0 => of_code.push(Some(*number as usize)),
                    _ => {
                        let label = &self.labels[at];
                        return wrong(
                            at,
                            format!("a class from 0, or option `ignore_label` {label} to leave it out"),
                        );
                    }
                }
            }
            let n_classes = of_code.iter().flatten().max().map_or(0, |&class| class.saturating_add(1));
            return Ok(LabelClasses { of_code, names: None, n_classes });
        }
        if (0..texts.len()).filter(kept).all(|at| texts[at].parse::<f64>().is_ok()) {
            let at = (0..texts.len()).filter(kept).find(|&at| numbers[at].is_none()).unwrap_or(0);
            return wrong(at, "a class: targets of a regression are not supported".into());
        }
        let mut names: Vec<String> = (0..texts.len()).filter(kept).map(|at| texts[at].clone()).collect();
        names.sort_unstable();
        names.dedup();
        let of_code =
            texts.iter().map(|text| names.binary_search(text).ok().filter(|_| !left_out(text))).collect();
        Ok(LabelClasses { of_code, n_classes: names.len(), names: Some(names) })
    }
}

/// Whole numbers without a point: `1.0` is the label 1.
fn canonical(label: &str) -> String {
    let whole = |label: &str| label.parse::<f64>().ok().filter(|value| value.fract() == 0.0 && value.abs() < 1e15);
    match label {
        "True" | "true" => "1".into(),
        "False" | "false" => "0".into(),
        _ if label.contains(['.', 'e', 'E']) => {
            whole(label).map_or_else(|| label.to_owned(), |value| format!("{value}"))
        }
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(labels: &[&str], options: &LabelOptions) -> Result<Vec<Option<usize>>, String> {
        let mut book = LabelBook::default();
        let codes: Vec<u32> = labels.iter().map(|label| book.code(label)).collect();
        let classes = book.classes(options).map_err(|problem| problem.problem)?;
        Ok(codes.into_iter().map(|code| classes.of_code[code as usize]).collect())
    }

    #[test]
    fn integers_are_classes_and_texts_are_sorted() {
        let plain = LabelOptions::default();
        assert_eq!(classes(&["2", "0", "2.0"], &plain).unwrap(), [Some(2), Some(0), Some(2)]);
        assert_eq!(classes(&["b", "B", "a", "10"], &plain).unwrap(), [Some(3), Some(1), Some(2), Some(0)]);
        assert_eq!(classes(&["True", "False"], &plain).unwrap(), [Some(1), Some(0)]);
        let ignoring = LabelOptions { ignore: Some("-100".into()), ..plain.clone() };
        assert_eq!(classes(&["1", "-100", "-100.0"], &ignoring).unwrap(), [Some(1), None, None]);
        assert!(classes(&["1", "-100"], &plain).unwrap_err().contains("`ignore_label` -100"));
        assert!(classes(&["0.5", "1"], &plain).unwrap_err().contains("regression"));
        let told = LabelOptions { classes: Some(vec!["no".into(), "yes".into()]), ..plain };
        assert_eq!(classes(&["yes", "no"], &told).unwrap(), [Some(1), Some(0)]);
        assert!(classes(&["maybe"], &told).unwrap_err().contains("no, yes"));
    }
}
