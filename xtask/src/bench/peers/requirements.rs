//! The peers' packages, each of one version.

use anyhow::{Result, bail};

/// A package of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its name in the package index.
    pub name: String,
    /// The version.
    pub version: String,
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}=={}", self.name, self.version)
    }
}

/// Reads lines of `name==version`; what follows a `#` is a remark.
///
/// # Errors
/// Where a line is another.
pub fn parse(text: &str) -> Result<Vec<Requirement>> {
    let mut requirements = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let plain = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '=');
        match line.split_once("==") {
            Some((name, version)) if plain(name) && plain(version) => {
                requirements.push(Requirement { name: name.into(), version: version.into() });
            }
            _ => bail!("line {}: {line:?}, expected name==version", at + 1),
        }
    }
    Ok(requirements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_packages() {
        let found = parse("# for the peers\nnumpy==2.4.6\n\nnumba==0.68.1  # needs llvmlite\n").unwrap();
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["numpy==2.4.6", "numba==0.68.1"]);
    }

    #[test]
    fn what_is_not_pinned_is_an_error() {
        for line in ["numpy", "numpy>=2", "numpy==", "==2", "-r other.txt", "numpy == 2"] {
            let error = parse(line).unwrap_err();
            assert!(error.to_string().contains(line), "{error}");
        }
    }

    #[test]
    fn the_files_of_the_workspace() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/peers");
        let names = |file: &str| -> Vec<String> {
            let found = parse(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
            found.into_iter().map(|requirement| requirement.name).collect()
        };
        let (usual, torch) = (names("requirements.txt"), names("requirements-torch.txt"));
        for comparison in &super::super::comparisons::COMPARISONS {
            for peer in comparison.peers {
                assert!(usual.iter().chain(&torch).any(|name| name == peer.package), "{}", peer.package);
            }
        }
    }
}
