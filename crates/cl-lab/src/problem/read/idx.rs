use std::path::{Path, PathBuf};

use cl_data::Dataset;
use cl_data::io::{PixelScale, read_idx_pair};

use super::{content::Content, options::ReadOptions};
use crate::{error::LabError, problem::Task};

/// Whether a file begins as one of the format of MNIST: two zeros, a type and a number of axes.
pub(super) fn is_idx(head: &[u8]) -> bool {
    matches!(head, [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, 1..=255, ..])
}

/// Images and labels of the format of MNIST: a file of images with that of its labels beside it, or a folder with a pair to
/// train on and perhaps one to test on. Bytes become numbers from 0 to 1.
pub(super) fn read_idx_images(path: &Path, name: &str, options: &ReadOptions) -> Result<Content, LabError> {
    options.expect_no_columns("an IDX file")?;
    let (images, test) = match path.is_dir() {
        false => (path.to_path_buf(), None),
        true => (images_in(path, "train").unwrap_or_else(|| path.to_path_buf()), images_in(path, "t10k")),
    };
    let data: Dataset<f32> = read_pair(&images, name)?;
    let mut notes = vec!["pixels are divided by 255, from 0 to 1".to_owned()];
    let test = match &options.test {
        Some(told) => Some(told.clone()),
        None => test.inspect(|test| {
            notes.push(format!(
                "the test set is {}, for it lies in the folder; --test names another",
                test.display()
            ));
        }),
    };
    let mut content = Content::new(data, Task::Classification, "label");
    if let Some(test) = test {
        content.test = Some(of_classes(read_pair(&test, name)?, &content.data, &test, &images)?);
    }
    content.notes = notes;
    Ok(content)
}

/// The file of images of a part in a folder.
pub(super) fn images_in(folder: &Path, part: &str) -> Option<PathBuf> {
    let names = ["-images-idx3-ubyte", "-images.idx3-ubyte"];
    let names = names.iter().flat_map(|name| ["", ".gz"].map(|ending| format!("{part}{name}{ending}")));
    names.map(|name| folder.join(name)).find(|path| path.is_file())
}

fn read_pair(images: &Path, name: &str) -> Result<Dataset<f32>, LabError> {
    Ok(read_idx_pair(images, labels_beside(images, name)?, PixelScale::Unit)?)
}

/// The file of labels that belongs to one of images.
fn labels_beside(images: &Path, name: &str) -> Result<PathBuf, LabError> {
    let file = images.file_name().unwrap_or_default().to_string_lossy();
    if !file.contains("images") {
        let problem = format!(
            "{} is an IDX file whose name does not contain `images`, expected one such as train-images-idx3-ubyte.gz \
             with train-labels-idx1-ubyte.gz beside it",
            images.display()
        );
        return Err(LabError::problem(name, problem));
    }
    let labels = file.replace("images", "labels").replace("idx3", "idx1");
    let plain = labels.strip_suffix(".gz").unwrap_or(&labels);
    let candidates = [labels.clone(), plain.to_owned(), format!("{plain}.gz")];
    let found = candidates.iter().map(|name| images.with_file_name(name)).find(|path| path.is_file());
    found.ok_or_else(|| {
        let problem = format!("no labels beside {}, expected them in {labels}", images.display());
        LabError::problem(name, problem)
    })
}

/// A test set with the classes of the data, of which it may lack some.
pub(super) fn of_classes(
    test: Dataset<f32>,
    data: &Dataset<f32>,
    path: &Path,
    of: &Path,
) -> Result<Dataset<f32>, LabError> {
    let (own, others) = (data.n_features(), test.n_features());
    if own != others {
        let problem = format!("{others} numbers per example, expected {own} as in {}", of.display());
        return Err(LabError::problem(path.display().to_string(), problem));
    }
    if let Some(label) = test.labels().iter().find(|&&label| label >= data.n_classes()) {
        let problem = format!("class {label}, expected one below {} as in {}", data.n_classes(), of.display());
        return Err(LabError::problem(path.display().to_string(), problem));
    }
    if test.n_classes() == data.n_classes() {
        return Ok(test);
    }
    let (features, labels) = (test.features().as_slice().to_vec(), test.labels().to_vec());
    let same = Dataset::new(own, features, labels, data.n_classes())?;
    Ok(same.with_class_names(data.class_names().to_vec())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idx_files_are_known_by_their_first_bytes() {
        assert!(is_idx(&[0, 0, 8, 3, 0, 0, 0, 1]) && is_idx(&[0, 0, 0x0e, 1]));
        for other in [&b"\0\0\x0a\x01"[..], b"\0\0\x08\0", b"\0\0\x08", b"PK\x03\x04", b"id,y\n", b""] {
            assert!(!is_idx(other), "{other:?}");
        }
    }

    #[test]
    fn a_test_set_may_lack_classes_but_not_have_others() {
        let of =
            |labels: Vec<usize>, n_classes| Dataset::new(1, vec![0.5; labels.len()], labels, n_classes).unwrap();
        let data = of(vec![0, 1, 2], 3);
        let paths = [Path::new("t10k"), Path::new("train")];
        let same = of_classes(of(vec![1, 0], 2), &data, paths[0], paths[1]).unwrap();
        assert_eq!((same.n_classes(), same.labels()), (3, &[1, 0][..]));
        let others = of_classes(of(vec![3], 4), &data, paths[0], paths[1]).unwrap_err().to_string();
        assert_eq!(others, "t10k: class 3, expected one below 3 as in train");
        let wide = Dataset::new(2, vec![0.5; 2], vec![0], 3).unwrap();
        let wide = of_classes(wide, &data, paths[0], paths[1]).unwrap_err().to_string();
        assert_eq!(wide, "t10k: 2 numbers per example, expected 1 as in train");
    }
}
