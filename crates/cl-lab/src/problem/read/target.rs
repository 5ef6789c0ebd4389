use std::path::Path;

use cl_data::Dataset;
use cl_data::io::{LabelBook, listed, malformed};

use super::{cell::is_missing, missing::MissingCells};
use crate::{error::LabError, problem::Task};

/// Whole numbers of at most so many different values are classes.
const FEW: usize = 20;

/// The labels of a file as they stand there, each different one under a number.
#[derive(Default)]
pub(super) struct Labels {
    book: LabelBook,
    codes: Vec<u32>,
    /// The number that each different label is, where it is one.
    numbers: Vec<Option<f64>>,
    missing: MissingCells,
    /// Place and text of the first that is no number, and of the first that is no finite one.
    text: Option<(String, String)>,
    infinite: Option<(String, String)>,
}

impl Labels {
    /// Takes the label of the next example.
    pub(super) fn push(&mut self, label: Option<&str>, place: impl FnOnce() -> String) {
        let Some(label) = label.filter(|label| !is_missing(label)) else { return self.missing.add(place) };
        let code = self.book.code(label);
        if code as usize == self.numbers.len() {
            let number = label.parse::<f64>().ok();
            let first = match number {
                None => Some(&mut self.text),
                Some(number) if !number.is_finite() => Some(&mut self.infinite),
                Some(_) => None,
            };
            if let Some(first) = first {
                first.get_or_insert_with(|| (place(), label.to_owned()));
            }
            self.numbers.push(number);
        }
        self.codes.push(code);
    }

    /// How many examples there are.
    pub(super) fn len(&self) -> usize {
        self.codes.len() + self.missing.n
    }

    /// What is to be predicted, and why it is taken for that:
    ///
    /// ```text
    /// texts                                                                      classes, sorted by name
    /// numbers, some with a fraction                                              numbers
    /// whole numbers: more than 20 different ones, and more than sqrt(examples)   numbers
    ///                else                                                        classes, sorted by number
    /// ```
    ///
    /// unless the task is told.
    pub(super) fn decide(self, told: Option<Task>, path: &Path, column: &str) -> Result<Target, LabError> {
        self.expect_all(path, column)?;
        let wrong = |(place, label): &(String, String), expected: &str| {
            Err(malformed(path, format!("{place}, column `{column}`"), format!("{label:?}, expected {expected}"))
                .into())
        };
        let (n, n_distinct) = (self.codes.len(), self.book.len());
        let has_fraction = self.numbers.iter().flatten().any(|number| number.fract() != 0.0);
        let (task, why) = match told {
            Some(task) => (task, None),
            None if self.text.is_some() => (Task::Classification, Some("its values are texts".to_owned())),
            None if has_fraction => (Task::Regression, Some("its values have fractions".into())),
            None if n_distinct > FEW && n_distinct.saturating_mul(n_distinct) > n => {
                let why = format!("it has {n_distinct} different whole numbers, many for {n} examples");
                (Task::Regression, Some(why))
            }
            None => (Task::Classification, Some(format!("it has {n_distinct} different whole numbers"))),
        };
        if let (Task::Regression, Some(text)) = (task, &self.text) {
            return wrong(text, "a number, for a number is to be predicted");
        }
        // Beside texts an infinity is the name of a class.
        if let (None, Some(infinite)) = (&self.text, &self.infinite) {
            return wrong(infinite, "a finite number");
        }
        let note = why.map(|why| match task {
            Task::Classification => {
                format!("`{column}` is a class, for {why}; --task regression takes it for a number")
            }
            Task::Regression => {
                format!("`{column}` is a number, for {why}; --task classification takes it for a class")
            }
        });
        let mut order: Vec<u32> = (0..n_distinct as u32).collect();
        let number = |code: u32| self.numbers[code as usize].unwrap_or(f64::NAN);
        match self.text {
            Some(_) => order.sort_unstable_by(|&a, &b| self.book.label(a).cmp(self.book.label(b))),
            // 1 and 01 are one number under two names.
            None => order.sort_unstable_by(|&a, &b| {
                number(a).total_cmp(&number(b)).then_with(|| self.book.label(a).cmp(self.book.label(b)))
            }),
        }
        let mut classes = vec![0; n_distinct];
        order.iter().enumerate().for_each(|(class, &code)| classes[code as usize] = class);
        let names = order.iter().map(|&code| self.book.label(code).to_owned()).collect();
        let numbers = self.numbers.iter().map(|number| number.unwrap_or(0.0)).collect();
        let Self { book, codes, .. } = self;
        Ok(Target { task, column: column.to_owned(), note, book, codes, classes, names, numbers })
    }

    fn expect_all(&self, path: &Path, column: &str) -> Result<(), LabError> {
        if self.missing.n == 0 {
            return Ok(());
        }
        let problem = format!(
            "column `{column}`: {} of {} labels are missing, the first on {}; expected one for every example: leave \
             those without out",
            self.missing.n,
            self.len(),
            self.missing.first()
        );
        Err(malformed(path, "", problem).into())
    }
}

/// What is to be predicted of each example.
pub(super) struct Target {
    pub(super) task: Task,
    /// The name of what is to be predicted.
    pub(super) column: String,
    /// How that was decided, where it was not told.
    pub(super) note: Option<String>,
    book: LabelBook,
    codes: Vec<u32>,
    /// Of each different label its class.
    classes: Vec<usize>,
    /// Of each class its label.
    names: Vec<String>,
    /// Of each different label the number that it is.
    numbers: Vec<f64>,
}

impl Target {
    /// Classes that have names already, each label the index of one.
    pub(super) fn of_named_classes(
        path: &Path,
        column: &str,
        names: Vec<String>,
        labels: Vec<usize>,
    ) -> Result<Self, LabError> {
        if let Some(example) = labels.iter().position(|&label| label >= names.len()) {
            let problem = format!("{}, expected the index of one of {} names", labels[example], names.len());
            return Err(malformed(path, format!("member `{column}`, element {example}"), problem).into());
        }
        let mut book = LabelBook::default();
        (0..names.len()).for_each(|class| _ = book.code(&class.to_string()));
        Ok(Self {
            task: Task::Classification,
            column: column.to_owned(),
            note: None,
            book,
            codes: labels.into_iter().map(|label| label as u32).collect(),
            classes: (0..names.len()).collect(),
            numbers: (0..names.len()).map(|class| class as f64).collect(),
            names,
        })
    }

    /// The examples with these features.
    pub(super) fn data(&self, n_features: usize, features: Vec<f32>) -> Result<Dataset<f32>, LabError> {
        match self.task {
            Task::Classification => {
                let labels = self.codes.iter().map(|&code| self.classes[code as usize]).collect();
                self.classified(n_features, features, labels)
            }
            Task::Regression => {
                let targets = self.codes.iter().map(|&code| self.numbers[code as usize] as f32).collect();
                numbered(n_features, features, targets)
            }
        }
    }

    /// Those of a test set, whose labels must be of the same classes: those of the file `of`.
    pub(super) fn test_data(
        &self,
        labels: &Labels,
        path: &Path,
        of: &Path,
        n_features: usize,
        features: Vec<f32>,
    ) -> Result<Dataset<f32>, LabError> {
        let column = &self.column;
        labels.expect_all(path, column)?;
        if self.task == Task::Regression {
            if let Some((place, label)) = labels.text.as_ref().or(labels.infinite.as_ref()) {
                let place = format!("{place}, column `{column}`");
                let problem = format!("{label:?}, expected a finite number as in {}", of.display());
                return Err(malformed(path, place, problem).into());
            }
            let number = |&code: &u32| labels.numbers[code as usize].unwrap_or(0.0) as f32;
            return numbered(n_features, features, labels.codes.iter().map(number).collect());
        }
        let (mut classes, mut unknown) = (Vec::with_capacity(labels.book.len()), Vec::new());
        for code in 0..labels.book.len() as u32 {
            let label = labels.book.label(code);
            match self.book.find(label) {
                Some(known) => classes.push(self.classes[known as usize]),
                None => unknown.push(format!("{label:?}")),
            }
        }
        if !unknown.is_empty() {
            let problem = format!(
                "unknown classes {}, expected those of {}: {}",
                listed(&unknown),
                of.display(),
                listed(&self.names)
            );
            return Err(malformed(path, format!("column `{column}`"), problem).into());
        }
        let labels = labels.codes.iter().map(|&code| classes[code as usize]).collect();
        self.classified(n_features, features, labels)
    }

    fn classified(
        &self,
        n_features: usize,
        features: Vec<f32>,
        labels: Vec<usize>,
    ) -> Result<Dataset<f32>, LabError> {
        Ok(Dataset::new(n_features, features, labels, self.names.len())?.with_class_names(self.names.clone())?)
    }
}

/// Examples of which a number is to be predicted: all of one class.
fn numbered(n_features: usize, features: Vec<f32>, targets: Vec<f32>) -> Result<Dataset<f32>, LabError> {
    Ok(Dataset::new(n_features, features, vec![0; targets.len()], 1)?.with_targets(1, targets)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(of: &[&str]) -> Labels {
        let mut labels = Labels::default();
        of.iter().enumerate().for_each(|(row, label)| labels.push(Some(label), || format!("line {}", row + 2)));
        labels
    }

    fn decide(of: &[&str], told: Option<Task>) -> Result<Target, String> {
        labels(of).decide(told, Path::new("a.csv"), "y").map_err(|error| error.to_string())
    }

    fn classes(of: &[&str], told: Option<Task>) -> (Vec<usize>, Vec<String>) {
        let data = decide(of, told).unwrap().data(1, vec![0.0; of.len()]).unwrap();
        (data.labels().to_vec(), data.class_names().to_vec())
    }

    fn strings(of: &[&str]) -> Vec<String> {
        of.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn texts_are_sorted_by_name_and_whole_numbers_by_number() {
        assert_eq!(classes(&["dog", "cat", "dog"], None), (vec![1, 0, 1], strings(&["cat", "dog"])));
        assert_eq!(classes(&["10", "-1", "9", "9.0"], None), (vec![2, 0, 1, 1], strings(&["-1", "9", "10"])));
        assert_eq!(classes(&["10", "9", "x"], None), (vec![0, 1, 2], strings(&["10", "9", "x"])));
        let told = classes(&["2.5", "0.5", "2.5"], Some(Task::Classification));
        assert_eq!(told, (vec![1, 0, 1], strings(&["0.5", "2.5"])));
        assert_eq!(classes(&["01", "1"], None), (vec![0, 1], strings(&["01", "1"])));
    }

    #[test]
    fn many_whole_numbers_and_fractions_are_numbers() {
        let task = |of: &[String]| {
            let of: Vec<&str> = of.iter().map(String::as_str).collect();
            let target = decide(&of, None).unwrap();
            (target.task, target.note.unwrap())
        };
        // 21 different ones: many for 440 examples, few for 441.
        let of = |n: usize, distinct: usize| (0..n).map(|i| (i % distinct).to_string()).collect::<Vec<_>>();
        assert_eq!(task(&of(440, 21)).0, Task::Regression);
        assert_eq!(task(&of(441, 21)).0, Task::Classification);
        assert_eq!(task(&of(40, 20)).0, Task::Classification);
        assert!(task(&of(440, 21)).1.contains("it has 21 different whole numbers, many for 440 examples"));
        let (found, note) = task(&["0.5".into(), "1".into()]);
        assert_eq!(found, Task::Regression);
        assert!(note.starts_with("`y` is a number, for its values have fractions"), "{note}");
        let target = decide(&["3", "4"], Some(Task::Regression)).unwrap();
        let data = target.data(1, vec![0.0; 2]).unwrap();
        assert_eq!((data.targets(0), data.targets(1), data.labels()), (&[3.0][..], &[4.0][..], &[0, 0][..]));
        assert_eq!(target.note, None);
    }

    #[test]
    fn what_is_no_label_is_told_with_its_place() {
        let refusal = |of: &[&str], told| decide(of, told).map(|_| ()).unwrap_err();
        let text = refusal(&["1", "2", "many"], Some(Task::Regression));
        assert!(text.starts_with("a.csv: line 4, column `y`: \"many\", expected a number"), "{text}");
        let infinite = refusal(&["1.5", "inf"], None);
        assert_eq!(infinite, "a.csv: line 3, column `y`: \"inf\", expected a finite number");
        let missing = refusal(&["a", "?", "b", "NaN"], None);
        let expected = "a.csv: column `y`: 2 of 4 labels are missing, the first on line 3; expected one";
        assert!(missing.starts_with(expected), "{missing}");
        assert_eq!(classes(&["inf", "x"], None).1, strings(&["inf", "x"]));
    }

    #[test]
    fn a_test_set_has_the_same_classes() {
        let (training, test) = (Path::new("a.csv"), Path::new("b.csv"));
        let target = decide(&["b", "a", "c"], None).unwrap();
        let read = |of: &[&str]| target.test_data(&labels(of), test, training, 1, vec![0.0; of.len()]);
        let data = read(&["c", "c", "b"]).unwrap();
        assert_eq!((data.labels(), data.n_classes()), (&[2, 2, 1][..], 3));
        let unknown = read(&["a", "a."]).unwrap_err().to_string();
        assert_eq!(unknown, "b.csv: column `y`: unknown classes \"a.\", expected those of a.csv: a, b, c");
        let numbers = decide(&["0.5", "1.5"], None).unwrap();
        let read = |of: &[&str]| numbers.test_data(&labels(of), test, training, 1, vec![0.0; of.len()]);
        assert_eq!(read(&["7.5"]).unwrap().targets(0), [7.5]);
        assert!(read(&["x"]).unwrap_err().to_string().starts_with("b.csv: line 2, column `y`: \"x\", expected"));
    }

    #[test]
    fn named_classes_keep_their_order() {
        let path = Path::new("a.npz");
        let names = strings(&["zebra", "ant"]);
        let target = Target::of_named_classes(path, "labels", names.clone(), vec![1, 0, 1]).unwrap();
        let data = target.data(1, vec![0.0; 3]).unwrap();
        assert_eq!((data.labels(), data.class_names()), (&[1, 0, 1][..], &names[..]));
        let refused = Target::of_named_classes(path, "labels", names, vec![0, 2]).map(|_| ()).unwrap_err();
        let expected = "a.npz: member `labels`, element 1: 2, expected the index of one of 2 names";
        assert_eq!(refused.to_string(), expected);
    }
}
