//! The house stands: a crate depends only on crates above it, and the two crates for other people's training
//! loops on the data alone.

use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// From top to bottom.
const LAYERS: [&str; 12] = [
    "cl-data",
    "cl-model",
    "cl-difficulty",
    "cl-pacing",
    "cl-prune",
    "cl-study",
    "cl-lab",
    "cl-web",
    "cl-cli",
    "cl-python",
    "xtask",
    "cl-benches",
];

#[test]
fn crates_depend_only_upwards() {
    let metadata = MetadataCommand::new().no_deps().other_options(["--offline".into()]).exec().unwrap();
    let layer = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let mut seen = 0;
    for package in metadata.workspace_packages() {
        let own = layer(&package.name).unwrap_or_else(|| panic!("{} has no layer", package.name));
        seen += 1;
        for dependency in &package.dependencies {
            let Some(other) = layer(&dependency.name) else { continue };
            assert!(other < own, "{} depends on {}, which is not above it", package.name, dependency.name);
            let alone = ["cl-pacing", "cl-prune"].contains(&package.name.as_str());
            assert!(
                !alone || dependency.name == "cl-data" || dependency.kind == DependencyKind::Development,
                "{} must be usable without {}",
                package.name,
                dependency.name
            );
        }
    }
    assert_eq!(seen, LAYERS.len(), "every layer is a crate of the workspace");
}

/// A crate's tests are one program, `tests/main.rs`; a file that it does not name would never run.
#[test]
fn every_file_of_tests_is_run() {
    let metadata = MetadataCommand::new().no_deps().other_options(["--offline".into()]).exec().unwrap();
    for package in metadata.workspace_packages() {
        let tests = Path::new(&package.manifest_path).parent().unwrap().join("tests");
        let Ok(main) = std::fs::read_to_string(tests.join("main.rs")) else { continue };
        for entry in std::fs::read_dir(&tests).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let is_module = path.extension().is_some_and(|extension| extension == "rs") && name != "main"
                || path.join("mod.rs").exists();
            let named = main.lines().any(|line| line == format!("mod {name};"));
            assert!(!is_module || named, "{} is in no program", path.display());
        }
    }
}
