//! The criterion benches by name.

/// A bench target of `cl-benches`.
#[derive(Debug)]
pub struct Target {
    /// Its name for cargo and for `--only`.
    pub name: &'static str,
    /// What it measures.
    pub summary: &'static str,
}

const fn target(name: &'static str, summary: &'static str) -> Target {
    Target { name, summary }
}

/// All of them; the limits come first, because all others are compared with them.
pub const TARGETS: [Target; 10] = [
    target(LIMITS, "what processor and memory can do"),
    target("article", "the article's training blocks"),
    target("coreset", "coresets"),
    target("data", "generators, shuffles and label noise"),
    target("difficulty", "agreement of scores, neighbours, valuation"),
    target("dynamics", "scores of the training dynamics, label issues"),
    target("model", "products, training, gradient norms"),
    target("sampler", "batches, seeks and saves"),
    target("selection", "selection by score, pruning while training"),
    target("weighting", "weights of losses"),
];

/// The bench that always runs, and runs first.
pub const LIMITS: &str = "limits";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_that_of_the_manifest() {
        let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/Cargo.toml");
        let text = std::fs::read_to_string(manifest).unwrap();
        let benches = text.split("[[bench]]").skip(1);
        let names: Vec<&str> = benches.map(|part| part.split('"').nth(1).unwrap()).collect();
        assert_eq!(names, TARGETS.map(|target| target.name));
    }
}
