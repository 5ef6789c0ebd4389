//! The house stands: a crate depends only on crates above it, and the two crates for other people's training
//! loops on the data alone.

use cargo_metadata::{DependencyKind, MetadataCommand};

/// From top to bottom.
const LAYERS: [&str; 9] =
    ["cl-data", "cl-model", "cl-difficulty", "cl-pacing", "cl-prune", "cl-study", "cl-cli", "xtask", "cl-benches"];

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
