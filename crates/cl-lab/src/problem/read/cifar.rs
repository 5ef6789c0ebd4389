use std::path::Path;

use cl_data::io::{CifarPart, PixelScale, read_cifar10, read_cifar10_batch};

use super::{content::Content, options::ReadOptions};
use crate::{error::LabError, problem::Task};

/// What the test part of the binary version of CIFAR-10 is called.
const TEST: &str = "test_batch.bin";

/// Whether a folder holds the binary version of CIFAR-10, or some of it.
pub(super) fn is_cifar10(folder: &Path) -> bool {
    (1..=5).any(|batch| folder.join(format!("data_batch_{batch}.bin")).is_file())
}

/// CIFAR-10 from a folder of its binary version; tested on its test part where that is there. Bytes become numbers from 0 to
/// 1.
pub(super) fn read_cifar(folder: &Path, options: &ReadOptions) -> Result<Content, LabError> {
    options.expect_no_columns("CIFAR-10")?;
    let data = read_cifar10(folder, CifarPart::Train, PixelScale::Unit)?;
    let mut content = Content::new(data, Task::Classification, "label");
    content.notes.push("pixels are divided by 255, from 0 to 1".into());
    let beside = folder.join(TEST);
    content.test = match &options.test {
        Some(told) => Some(read_cifar10_batch(told, PixelScale::Unit)?),
        None if beside.is_file() => {
            let note = format!("the test set is {TEST}, for it lies in the folder; --test names another");
            content.notes.push(note);
            Some(read_cifar10(folder, CifarPart::Test, PixelScale::Unit)?)
        }
        None => None,
    };
    Ok(content)
}
