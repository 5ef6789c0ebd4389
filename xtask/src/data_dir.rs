//! The folder of real data sets that `--data-dir` names, in the layout that EXPERIMENTS and README state.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cl_data::Dataset;
use cl_data::io::{CifarPart, PixelScale, read_cifar10, read_idx_pair};

use crate::annotations::{HumanLabels, read_c_scores};

/// The folder of the binary version of CIFAR-10, as its archive names it.
pub const CIFAR_10: &str = "cifar-10-batches-bin";

/// A folder with one folder per data set.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The folder at `path`.
    ///
    /// # Errors
    /// Where there is no such folder.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            bail!("--data-dir {}: expected a folder of data sets", path.display());
        }
        Ok(Self(path.to_path_buf()))
    }

    /// The folder of one data set, where it is present.
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        let folder = self.0.join(name);
        folder.is_dir().then_some(folder)
    }

    /// The images and labels of one part, `train` or `t10k`, of `mnist` or `fashion-mnist`, pixels from 0 to 1.
    ///
    /// # Errors
    /// Where the files are missing or malformed.
    pub fn images(&self, name: &str, part: &str) -> Result<Dataset<f32>> {
        let folder = self.0.join(name);
        let path = |kind: &str| {
            let plain = folder.join(format!("{part}-{kind}-ubyte"));
            if plain.exists() { plain } else { plain.with_extension("gz") }
        };
        read_idx_pair(path("images-idx3"), path("labels-idx1"), PixelScale::Unit)
            .with_context(|| format!("{name} is read from {}", folder.display()))
    }

    /// A part of CIFAR-10, pixels from 0 to 1.
    ///
    /// # Errors
    /// Where the files are missing or malformed.
    pub fn cifar10(&self, part: CifarPart) -> Result<Dataset<f32>> {
        let folder = self.0.join(CIFAR_10);
        read_cifar10(&folder, part, PixelScale::Unit)
            .with_context(|| format!("CIFAR-10 is read from {}", folder.display()))
    }

    /// The published C-scores of CIFAR-10's training images, whose labels are `labels`; none where the folder has no
    /// `cscores/`.
    ///
    /// # Errors
    /// Where the file is missing, malformed or of other labels.
    pub fn c_scores(&self, labels: &[usize]) -> Result<Option<Vec<f64>>> {
        let file = self.folder("cscores").map(|folder| plain_or_gzipped(&folder, "cifar10_cscores.csv"));
        file.map(|file| read_c_scores(&file, labels)).transpose()
    }

    /// The labels that people gave CIFAR-10's training images, whose labels are `labels`; none where the folder has
    /// no `cifar-10n/`.
    ///
    /// # Errors
    /// Where the file is missing, malformed or of other labels.
    pub fn human_labels(&self, labels: &[usize]) -> Result<Option<HumanLabels>> {
        let file = self.folder("cifar-10n").map(|folder| plain_or_gzipped(&folder, "cifar10n_train_labels.csv"));
        file.map(|file| HumanLabels::read(&file, labels)).transpose()
    }
}

/// The first `n` examples, or all where there are not so many.
///
/// # Errors
/// Where there is no example.
pub fn first(data: &Dataset<f32>, n: usize) -> Result<Dataset<f32>> {
    Ok(data.subset(&(0..n.min(data.n_examples())).collect::<Vec<_>>())?)
}

/// The file of this name, or the one with `.gz` after it.
fn plain_or_gzipped(folder: &Path, name: &str) -> PathBuf {
    let plain = folder.join(name);
    if plain.exists() { plain } else { folder.join(format!("{name}.gz")) }
}
