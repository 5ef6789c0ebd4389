//! Criterion benchmarks of the workspace, one target per crate; run them with `cargo bench`.
