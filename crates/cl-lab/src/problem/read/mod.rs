//! One's own data, read: files of several formats become a prediction problem, and what is likely wrong with them is said.

mod archive;
mod bundled_set;
mod by_feature;
mod categories;
mod cell;
mod cifar;
mod columns;
mod content;
mod duplicates;
mod encoding;
mod idx;
mod memory;
mod missing;
mod options;
mod roles;
mod scan;
mod scores;
mod suspicions;
mod table;
mod target;
mod tells;
mod test_table;

use std::borrow::Cow;
use std::path::Path;

use cl_data::io::{Signature, is_standard, malformed, open};

pub use options::{BUNDLED, Imputation, ReadOptions};

use self::{
    archive::read_archive,
    bundled_set::{bundled_name, read_bundled},
    cifar::{is_cifar10, read_cifar},
    content::Content,
    idx::{images_in, is_idx, read_idx_images},
    scores::with_scores,
    suspicions::suspicions,
    table::read_table,
};
use super::Problem;
use crate::error::LabError;

impl Problem {
    /// Reads data:
    ///
    /// - a table with a column of labels: CSV (with `,`, `;` or tab), JSON lines or Parquet, `-` from standard input;
    /// - an `.npz` of `X` and `y`, such as of the embeddings of a model;
    /// - images in the format of MNIST: a file, or the folder of one, whose `t10k` pair is the test set;
    /// - a folder of the binary version of CIFAR-10, whose test part is the test set;
    /// - the name of a [bundled](BUNDLED) set, where there is no file of that name.
    ///
    /// The content decides what a file is; tables and images may be gzipped. Numbers are features as they are, pixels from
    /// 0 to 1. Texts and truth values become a feature for each of their categories. What labels are, classes or numbers,
    /// they say themselves: texts are classes, fractions numbers; whole numbers are numbers where there are more than 20
    /// different ones and more than the root of the number of examples. [Notes](Self::notes) say how the data were read,
    /// [warnings](Self::warnings) what is likely wrong with them: features that give the answer away, that look like ids,
    /// that are constant; examples that are there twice.
    ///
    /// Reading takes O(n d) time and, beside what a format's own reader needs, 4 n d bytes.
    ///
    /// ```
    /// use cl_lab::{Problem, Task, problem::ReadOptions};
    ///
    /// let file = tempfile::NamedTempFile::with_suffix(".csv")?;
    /// let row = |i: usize| format!("{}.5,{},{}\n", i * i % 23, ["red", "blue"][i / 3 % 2], ["no", "yes"][i % 2]);
    /// std::fs::write(file.path(), format!("size,color,class\n{}", (0..40).map(row).collect::<String>()))?;
    /// let problem = Problem::read(&file.path().to_string_lossy(), &ReadOptions::default())?;
    /// assert_eq!((problem.task(), problem.target()), (Task::Classification, "class"));
    /// assert_eq!(problem.data().feature_names(), ["size", "color=blue", "color=red"]);
    /// assert_eq!(problem.data().class_names(), ["no", "yes"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Naming file, place, value and what was expected: where a file cannot be read; where there is no column of labels,
    /// or several may be; where labels are missing, or cells that are not to be filled; where a column of texts has too
    /// many categories; where numbers are not finite, or all features constant; where a test set has other columns or
    /// classes; where scores are of other data; and as [`new`](Self::new), [`with_groups`](Self::with_groups),
    /// [`with_test`](Self::with_test) and [`with_difficulty`](Self::with_difficulty).
    pub fn read(data: &str, options: &ReadOptions) -> Result<Self, LabError> {
        let (name, content) = read_data(data, options)?;
        let Content { data, task, target, groups, test, categories, notes, warnings } = content;
        let mut problem = Self::new(name, task, data)?.with_target(target);
        if let Some(groups) = groups {
            problem = problem.with_groups(groups)?;
        }
        if let Some(test) = test {
            problem = problem.with_test(test)?;
        }
        let suspicions = suspicions(&problem, &categories)?;
        problem = notes.into_iter().fold(problem, Self::with_note);
        problem = warnings.into_iter().chain(suspicions).fold(problem, Self::with_warning);
        with_scores(problem, options)
    }
}

/// What is read, and how it is called.
fn read_data(data: &str, options: &ReadOptions) -> Result<(String, Content), LabError> {
    let path = Path::new(data);
    let is_there = is_standard(path) || path.exists();
    let bundled = bundled_name(data);
    if !is_there {
        let unknown = || {
            let expected = format!("a file, a folder, - for standard input, or one of {}", BUNDLED.join(", "));
            LabError::argument("data", format!("{data:?}, which is not there"), expected)
        };
        let name = bundled.ok_or_else(unknown)?;
        return Ok((name.to_owned(), read_bundled(name, options)?));
    }
    let name: Cow<'_, str> = match (is_standard(path), path.file_name()) {
        (true, _) => "standard input".into(),
        (false, Some(name)) => name.to_string_lossy(),
        (false, None) => data.into(),
    };
    let mut content =
        if path.is_dir() { read_folder(path, &name, options)? } else { read_file(path, &name, options)? };
    if let Some(bundled) = bundled {
        content.notes.push(format!("{data} is the file of that name, not the bundled set {bundled}"));
    }
    Ok((name.into_owned(), content))
}

fn read_folder(path: &Path, name: &str, options: &ReadOptions) -> Result<Content, LabError> {
    if is_cifar10(path) {
        return read_cifar(path, options);
    }
    if images_in(path, "train").is_some() {
        return read_idx_images(path, name, options);
    }
    let problem = "a folder without data_batch_1.bin and train-images-idx3-ubyte(.gz), expected that of the binary \
                   CIFAR-10 or of images in the format of MNIST, or a file";
    Err(malformed(path, "", problem).into())
}

fn read_file(path: &Path, name: &str, options: &ReadOptions) -> Result<Content, LabError> {
    let head = open(path)?.read_up_to(6)?;
    match Signature::of_bytes(&head) {
        Signature::Npz => read_archive(path, name, options),
        Signature::Npy => {
            Err(malformed(path, "", "one array, which has no labels, expected an .npz of `X` and `y`").into())
        }
        _ if is_idx(&head) => read_idx_images(path, name, options),
        _ => read_table(path, name, options),
    }
}
