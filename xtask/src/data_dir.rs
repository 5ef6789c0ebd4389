//! The folder of real data sets that `--data-dir` names, in the layout that EXPERIMENTS and README state.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cl_data::Dataset;
use cl_data::io::{CifarPart, PixelScale, read_cifar10, read_idx_pair};

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
}
