use cl_data::bundled::{breast_cancer, digits, iris, wine};

use super::{
    content::Content,
    options::{BUNDLED, ReadOptions},
};
use crate::{error::LabError, problem::Task};

/// The name of the bundled set that is meant.
pub(super) fn bundled_name(data: &str) -> Option<&'static str> {
    let data = data.replace('_', "-");
    BUNDLED.into_iter().find(|name| *name == data)
}

/// A bundled set.
pub(super) fn read_bundled(name: &str, options: &ReadOptions) -> Result<Content, LabError> {
    options.expect_no_columns(&format!("the bundled set {name}"))?;
    if let Some(test) = &options.test {
        let expected =
            format!("none, for the bundled set {name} has no other file; its test parts are cut from it");
        return Err(LabError::argument("--test", test.display(), expected));
    }
    let (data, target) = match name {
        "digits" => (digits(), "digit"),
        "iris" => (iris(), "species"),
        "wine" => (wine(), "cultivar"),
        _ => (breast_cancer(), "diagnosis"),
    };
    Ok(Content::new(data.cast()?, Task::Classification, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_set_is_read_under_each_of_its_names() {
        for name in BUNDLED {
            assert_eq!(bundled_name(name), Some(name));
            let content = read_bundled(name, &ReadOptions::default()).unwrap();
            assert_eq!(content.task, Task::Classification);
            let expected = match name {
                "digits" => (1797, 64, 10),
                "iris" => (150, 4, 3),
                "wine" => (178, 13, 3),
                _ => (569, 30, 2),
            };
            let data = &content.data;
            assert_eq!((data.n_examples(), data.n_features(), data.n_classes()), expected, "{name}");
        }
        assert_eq!(bundled_name("breast_cancer"), Some("breast-cancer"));
        assert_eq!(bundled_name("Iris"), None);
    }

    #[test]
    fn what_is_said_of_columns_is_refused() {
        let refusal = |options: ReadOptions| read_bundled("iris", &options).map(|_| ()).unwrap_err().to_string();
        let label = refusal(ReadOptions { label: Some("y".into()), ..ReadOptions::default() });
        assert_eq!(label, "argument --label is y, expected none, for the bundled set iris has no columns to name");
        let test = refusal(ReadOptions { test: Some("t.csv".into()), ..ReadOptions::default() });
        assert!(test.starts_with("argument --test is t.csv, expected none"), "{test}");
        let task = refusal(ReadOptions { task: Some(Task::Regression), ..ReadOptions::default() });
        assert!(task.starts_with("argument --task is regression, expected classification"), "{task}");
    }
}
