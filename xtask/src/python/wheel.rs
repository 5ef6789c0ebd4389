//! The wheel: how large it is, and where it can be installed.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

/// The most bytes that a wheel may have. Coresets are a third of it: smaller code of theirs takes 2.6 times the time.
const LIMIT: u64 = 6_500_000;

/// A wheel that was built.
#[derive(Debug)]
pub(super) struct Wheel {
    path: PathBuf,
    n_bytes: u64,
    tags: Tags,
}

impl Wheel {
    /// The wheel of a folder that has one.
    pub(super) fn only_one(folder: &Path) -> Result<Self> {
        let wheels = wheels(folder)?;
        match &wheels[..] {
            [path] => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let n_bytes = path.metadata().with_context(|| path.display().to_string())?.len();
                Ok(Self { path: path.clone(), n_bytes, tags: Tags::of(&name)? })
            }
            [] => bail!("{}: no wheel is there, expected one; without --no-build it is built", folder.display()),
            more => bail!("{}: {} wheels are there, expected one", folder.display(), more.len()),
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses a wheel that is larger than is allowed.
    pub(super) fn check_size(&self) -> Result<()> {
        let Self { path, n_bytes, .. } = self;
        ensure!(*n_bytes <= LIMIT, "{}: {n_bytes} bytes, expected {LIMIT} at most", path.display());
        Ok(())
    }
}

impl fmt::Display for Wheel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, n_bytes, tags } = self;
        let megabytes = *n_bytes as f64 / 1e6;
        write!(formatter, "{}: {megabytes:.2} MB, for {tags}", path.display())
    }
}

/// Removes every wheel of a folder, which is made where it is not there.
pub(super) fn clear(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for path in wheels(folder)? {
        fs::remove_file(&path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn wheels(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut wheels = Vec::new();
    // A folder that is not there has none.
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "whl") {
            wheels.push(path);
        }
    }
    wheels.sort();
    Ok(wheels)
}

/// What the name of a wheel says of where it can be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tags {
    /// The interpreter, such as `cp310`.
    python: String,
    /// What is had of it, such as `abi3`.
    abi: String,
    /// The machines, such as `manylinux_2_28_x86_64`.
    platforms: Vec<String>,
}

impl Tags {
    /// Of a file's name: `DISTRIBUTION-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl`, with dots between platforms.
    fn of(name: &str) -> Result<Self> {
        let parts: Vec<&str> = name.strip_suffix(".whl").unwrap_or_default().split('-').collect();
        match parts[..] {
            [_, _, python, abi, platform] | [_, _, _, python, abi, platform] => Ok(Self {
                python: python.into(),
                abi: abi.into(),
                platforms: platform.split('.').map(Into::into).collect(),
            }),
            _ => bail!("{name}: no name of a wheel, expected DISTRIBUTION-VERSION-PYTHON-ABI-PLATFORM.whl"),
        }
    }
}

impl fmt::Display for Tags {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { python, abi, platforms } = self;
        write!(formatter, "{python}-{abi} on {}", platforms.join(", "))?;
        match platforms.iter().find_map(|platform| oldest_glibc(platform)) {
            Some((major, minor)) => write!(formatter, " (Linux with glibc {major}.{minor} or later)"),
            None => Ok(()),
        }
    }
}

/// The oldest C library with which a platform's wheels work, where it is a Linux that says so.
fn oldest_glibc(platform: &str) -> Option<(u32, u32)> {
    let mut numbers = platform.strip_prefix("manylinux_")?.split('_').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "curriculum_learning-0.1.0-cp310-abi3-manylinux_2_28_x86_64.whl";

    #[test]
    fn tags_are_read_from_the_name() {
        let tags = Tags::of(NAME).unwrap();
        assert_eq!((&tags.python[..], &tags.abi[..]), ("cp310", "abi3"));
        assert_eq!(tags.platforms, ["manylinux_2_28_x86_64"]);
        let told = "cp310-abi3 on manylinux_2_28_x86_64 (Linux with glibc 2.28 or later)";
        assert_eq!(tags.to_string(), told);
        let several = Tags::of("a-1-7-cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64.whl").unwrap();
        assert_eq!(several.python, "cp312");
        assert_eq!(several.platforms, ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]);
        for (platform, glibc) in [
            ("manylinux_2_17_aarch64", Some((2, 17))),
            ("manylinux2014_x86_64", None),
            ("linux_x86_64", None),
            ("macosx_11_0_arm64", None),
        ] {
            assert_eq!(oldest_glibc(platform), glibc, "{platform}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in ["curriculum.whl", "a-1-cp310-abi3.whl", "a-1-cp310-abi3-linux_x86_64.zip", ""] {
            let error = Tags::of(name).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: no name of a wheel")), "{error}");
        }
    }

    #[test]
    fn a_folder_has_one_wheel() {
        let folder = tempfile::tempdir().unwrap();
        let error = || Wheel::only_one(folder.path()).unwrap_err().to_string();
        assert!(error().contains("no wheel is there"), "{}", error());
        fs::write(folder.path().join(NAME), [0; 12_345]).unwrap();
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        let wheel = Wheel::only_one(folder.path()).unwrap();
        assert!(wheel.to_string().contains(".whl: 0.01 MB, for cp310-abi3 on manylinux_2_28_x86_64"), "{wheel}");
        wheel.check_size().unwrap();
        let large = Wheel { n_bytes: LIMIT + 1, ..wheel };
        let refused = large.check_size().unwrap_err().to_string();
        assert!(refused.contains("6500001 bytes, expected 6500000 at most"), "{refused}");
        fs::write(folder.path().join("a-1-cp310-abi3-linux_x86_64.whl"), "").unwrap();
        assert!(error().contains("2 wheels are there, expected one"), "{}", error());
        clear(folder.path()).unwrap();
        assert!(error().contains("no wheel is there") && folder.path().join("notes.txt").exists());
    }
}
