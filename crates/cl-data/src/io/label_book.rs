use std::borrow::Cow;
use std::collections::HashMap;

use super::table::listed;
use crate::dataset::MAX_CLASSES;

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
    /// Another way in which the label of a number is written.
    spelled_again: HashMap<u32, String>,
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

impl LabelOptions {
    /// Refuses classes of which one has no name, or two have the same. O(classes).
    ///
    /// # Errors
    /// What was found, and what was expected.
    pub fn check(&self) -> Result<(), String> {
        let told = self.classes.as_deref().unwrap_or_default();
        if let Some(at) = told.iter().position(String::is_empty) {
            return Err(format!("option `classes` has no name for class {at}, expected one for each class"));
        }
        if told.len() > MAX_CLASSES {
            return Err(format!(
                "option `classes` has {} names, expected at most {MAX_CLASSES} classes",
                told.len()
            ));
        }
        let mut seen: HashMap<Cow<'_, str>, &str> = HashMap::new();
        for name in told {
            match seen.insert(key(name), name) {
                Some(same) if same == name => {
                    return Err(format!("option `classes` has {name} twice, expected each class once"));
                }
                Some(same) => {
                    let problem = "which are one number, expected each class once";
                    return Err(format!("option `classes` has {same} and {name}, {problem}"));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Of one-hot columns the one that is left out: by its name among the classes, else by its number.
    pub(super) fn ignored_column(&self, n_columns: usize) -> Option<usize> {
        let ignored = self.ignore.as_deref().map(key)?;
        let named = self.classes.iter().flatten().position(|name| key(name) == ignored);
        named.or_else(|| ignored.parse().ok().filter(|&class| class < n_columns))
    }
}

impl LabelBook {
    /// The number of a label, a new one where it was not there before; `1.0` and `1` are the same. O(1).
    pub fn code(&mut self, label: &str) -> u32 {
        if let Some(&code) = self.codes.get(label) {
            return code;
        }
        let key = key(label);
        let code = match self.codes.get(&*key) {
            Some(&code) => {
                self.spelled_again.insert(code, label.to_owned());
                code
            }
            None => {
                self.labels.push(label.to_owned());
                self.labels.len() as u32 - 1
            }
        };
        self.codes.insert(key.into_owned(), code);
        self.codes.insert(label.to_owned(), code);
        code
    }

    /// The number of a label that was there before. O(1).
    pub fn find(&self, label: &str) -> Option<u32> {
        self.codes.get(label).or_else(|| self.codes.get(&*key(label))).copied()
    }

    /// The label of a number, as it was written first.
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

    /// The labels as classes: truth values are 1 and 0 and numbers integers only where all that are kept are; else labels
    /// are texts, as they were written. O(labels log labels).
    ///
    /// # Errors
    /// Where a label is none of those that were told, negative, beyond [`MAX_CLASSES`], or a number that is no integer; where a number is written
    /// in two ways beside texts; as [`LabelOptions::check`].
    pub fn classes(&self, options: &LabelOptions) -> Result<LabelClasses, LabelProblem> {
        options.check().map_err(|problem| LabelProblem { code: 0, problem })?;
        let texts = &self.labels;
        let told = options.classes.as_deref();
        let ignored = options.ignore.as_deref();
        let is_ignored = |text: &str| ignored.is_some_and(|ignored| key(ignored) == key(text));
        let flags = texts.iter().filter(|text| !is_ignored(text)).chain(told.unwrap_or_default());
        let are_flags = flags.clone().next().is_some() && flags.clone().all(|text| flag(text).is_some());
        let value = |text: &'_ str| match flag(text) {
            Some(flag) if are_flags => Value::Integer(i64::from(flag)),
            _ => Value::of(text),
        };
        let values: Vec<Value> = texts.iter().map(|text| value(text)).collect();
        // In a column of truth values 0 is another word for false.
        let left_out = |at: usize| {
            is_ignored(&texts[at]) || ignored.is_some_and(|text| are_flags && value(text) == values[at])
        };
        let kept: Vec<usize> = (0..texts.len()).filter(|&at| !left_out(at)).collect();
        let wrong = |at: usize, expected: String| {
            Err(LabelProblem { code: at as u32, problem: format!("label {}, expected {expected}", texts[at]) })
        };
        let mut of_code = vec![None; texts.len()];
        if let Some(told) = told {
            let place = |(class, name): (usize, &String)| match value(name) {
                Value::Integer(number) => (number.to_string(), class),
                _ => (name.clone(), class),
            };
            let places: HashMap<String, usize> = told.iter().enumerate().map(place).collect();
            for at in kept {
                let class = match values[at] {
                    Value::Integer(number) => places.get(&number.to_string()),
                    _ => places.get(&texts[at]),
                };
                let Some(&class) = class else {
                    return wrong(at, format!("one of option `classes`: {}", listed(told)));
                };
                of_code[at] = Some(class);
            }
            return Ok(LabelClasses { of_code, names: Some(told.to_vec()), n_classes: told.len() });
        }
        if kept.iter().all(|&at| matches!(values[at], Value::Integer(_))) {
            for at in kept {
                match values[at] {
                    Value::Integer(number) if (0..MAX_CLASSES as i64).contains(&number) => {
                        of_code[at] = Some(number as usize);
                    }
                    Value::Integer(number) if number >= 0 => {
                        return wrong(at, format!("a class below {MAX_CLASSES}: an id taken for a label?"));
                    }
                    _ => {
                        let label = &texts[at];
                        let expected = format!("a class from 0, or option `ignore_label` {label} to leave it out");
                        return wrong(at, expected);
                    }
                }
            }
            let n_classes = of_code.iter().flatten().max().map_or(0, |&class: &usize| class.saturating_add(1));
            return Ok(LabelClasses { of_code, names: None, n_classes });
        }
        if kept.iter().all(|&at| values[at] != Value::Text) {
            let at = kept.iter().copied().find(|&at| values[at] == Value::Number).unwrap_or(0);
            return wrong(at, "a class: targets of a regression are not supported".into());
        }
        if let Some((&at, spelled)) = kept.iter().find_map(|at| Some((at, self.spelled_again.get(&(*at as u32))?)))
        {
            return wrong(at, format!("one way to write it beside labels that are texts, it is also {spelled}"));
        }
        if let Some(&at) = kept.get(MAX_CLASSES) {
            let n = kept.len();
            return wrong(at, format!("at most {MAX_CLASSES} different labels, not {n}: ids taken for labels?"));
        }
        let mut names: Vec<String> = kept.iter().map(|&at| texts[at].clone()).collect();
        names.sort_unstable();
        for at in kept {
            of_code[at] = names.binary_search(&texts[at]).ok();
        }
        Ok(LabelClasses { of_code, n_classes: names.len(), names: Some(names) })
    }
}

/// What a label is by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    /// An integer, `1` as well as `1.0`.
    Integer(i64),
    /// Another number.
    Number,
    /// What is no number, or is not written as one is: `01`.
    Text,
}

impl Value {
    fn of(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let padded = digits.starts_with('0') && digits[1..].starts_with(|next: char| next.is_ascii_digit());
        if padded || text.starts_with('+') {
            return Self::Text;
        }
        if let Ok(integer) = text.parse() {
            return Self::Integer(integer);
        }
        match text.parse::<f64>() {
            Ok(value) if value.fract() == 0.0 && value.abs() < 1e15 => Self::Integer(value as i64),
            Ok(_) => Self::Number,
            Err(_) => Self::Text,
        }
    }
}

/// The truth value that a label is as Python, pandas and JSON write it, or as a number.
fn flag(text: &str) -> Option<bool> {
    match text {
        "True" | "true" | "TRUE" => Some(true),
        "False" | "false" | "FALSE" => Some(false),
        _ => match Value::of(text) {
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            _ => None,
        },
    }
}

/// What labels that are the same have in common: whole numbers are without a point.
fn key(label: &str) -> Cow<'_, str> {
    match Value::of(label) {
        Value::Integer(value) => Cow::Owned(value.to_string()),
        _ => Cow::Borrowed(label),
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

    #[test]
    fn labels_are_texts_as_written_unless_all_are_numbers_or_truth_values() {
        let plain = LabelOptions::default();
        let names = |labels: &[&str]| {
            let mut book = LabelBook::default();
            labels.iter().for_each(|label| _ = book.code(label));
            book.classes(&plain).unwrap().names
        };
        assert_eq!(names(&["1", "01", "10"]).unwrap(), ["01", "1", "10"]);
        assert_eq!(classes(&["1", "01", "10"], &plain).unwrap(), [Some(1), Some(0), Some(2)]);
        assert_eq!(names(&["true", "false", "maybe"]).unwrap(), ["false", "maybe", "true"]);
        assert_eq!(names(&["1.0", "x"]).unwrap(), ["1.0", "x"]);
        assert_eq!(names(&["1.0", "1e0", "0", "-0"]), None);
        assert_eq!(classes(&["TRUE", "false", "1", "0.0"], &plain).unwrap(), [1, 0, 1, 0].map(Some));
        assert_eq!(classes(&["True", "2"], &plain).unwrap(), [Some(1), Some(0)]);
        assert!(
            classes(&["1", "1.0", "x"], &plain).unwrap_err().contains("label 1, expected one way to write it")
        );
        let ignoring = |label: &str| LabelOptions { ignore: Some(label.into()), ..plain.clone() };
        assert_eq!(classes(&["True", "False", "-100"], &ignoring("-100")).unwrap(), [Some(1), Some(0), None]);
        assert_eq!(classes(&["True", "False"], &ignoring("0")).unwrap(), [Some(1), None]);
        assert_eq!(classes(&["1", "01"], &ignoring("1")).unwrap(), [None, Some(0)]);
        let told =
            |names: [&str; 2]| LabelOptions { classes: Some(names.map(Into::into).into()), ..plain.clone() };
        assert_eq!(classes(&["True", "False"], &told(["true", "false"])).unwrap(), [Some(0), Some(1)]);
        assert_eq!(classes(&["True", "1.0"], &told(["1", "0"])).unwrap(), [Some(0), Some(0)]);
        assert_eq!(classes(&["2.0"], &told(["1", "2"])).unwrap(), [Some(1)]);
        assert!(classes(&["01"], &told(["1", "2"])).unwrap_err().contains("label 01, expected one of"));
    }

    #[test]
    fn labels_are_found_however_they_are_written() {
        let mut book = LabelBook::default();
        let codes = ["1", "x", "2.0", "01"].map(|label| book.code(label));
        assert_eq!(["1.0", "x", "2", "01"].map(|label| book.find(label)), codes.map(Some));
        assert_eq!((book.find("001"), book.find("3"), book.label(codes[2])), (None, None, "2.0"));
    }

    #[test]
    fn classes_have_a_name_each() {
        let check = |names: &[&str]| {
            let classes = Some(names.iter().map(|&name| name.to_owned()).collect());
            LabelOptions { classes, ignore: None }.check()
        };
        assert!(check(&["a", "b", "a"]).unwrap_err().contains("option `classes` has a twice"));
        assert!(check(&["1", "1.0"]).unwrap_err().contains("1 and 1.0"));
        assert!(check(&["a", ""]).unwrap_err().contains("no name for class 1"));
        assert!(check(&["a", "A", "1", "01"]).is_ok() && LabelOptions::default().check().is_ok());
        let twice = LabelOptions { classes: Some(vec!["a".into(), "a".into()]), ignore: None };
        assert!(classes(&["a"], &twice).unwrap_err().contains("twice"));
    }
}
