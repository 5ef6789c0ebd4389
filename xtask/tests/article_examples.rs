//! `docs/article.md`: its Rust is that of the examples it names, and they print what it says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An example as the document has it.
struct Listing {
    /// The line before the code, which names the file and the command.
    line: String,
    package: String,
    name: String,
    code: String,
    output: String,
}

impl Listing {
    fn path(&self) -> PathBuf {
        root().join("crates").join(&self.package).join("examples").join(&self.name).with_extension("rs")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// All of them: text, code, text and output in turns, and text at the end.
fn listings() -> Vec<Listing> {
    let document = std::fs::read_to_string(root().join("docs/article.md")).unwrap();
    let parts: Vec<&str> = document.split("```").collect();
    let (listings, rest) = parts.as_chunks::<4>();
    assert_eq!(rest.len(), 1, "every block of Rust is followed by one of text");
    listings.iter().map(|[before, code, between, output]| listing(before, code, between, output)).collect()
}

fn listing(before: &str, code: &str, between: &str, output: &str) -> Listing {
    let line = before.trim_end().lines().next_back().unwrap();
    let path: Vec<&str> = line.split('`').nth(1).unwrap_or_default().split('/').collect();
    let ["crates", package, "examples", file] = path[..] else { panic!("no example is named by: {line}") };
    assert_eq!(between, "\n\n", "the output of {file} stands next to its code");
    let block = |language: &str, block: &str| {
        let content = block.strip_prefix(language).and_then(|block| block.strip_prefix('\n'));
        content.unwrap_or_else(|| panic!("{file}: no block of {language}: {block}")).to_owned()
    };
    Listing {
        line: line.to_owned(),
        package: package.to_owned(),
        name: file.trim_end_matches(".rs").to_owned(),
        code: block("rust", code),
        output: block("text", output),
    }
}

/// What an example prints. `cargo test --workspace` has built it; the tests of one package have not.
fn printed(listing: &Listing) -> String {
    // target/PROFILE/deps/THIS beside target/PROFILE/examples/NAME
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let (package, name) = (listing.package.as_str(), listing.name.as_str());
    let program = folder.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let written = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    if written(&program) < written(&listing.path()) {
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--locked", "--offline", "--profile", profile]);
        build.args(["--package", package, "--example", name, "--target-dir"]).arg(folder.parent().unwrap());
        assert!(build.current_dir(root()).status().unwrap().success(), "{package}: {name} cannot be built");
    }
    let run = Command::new(&program).output().unwrap();
    assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn the_code_is_that_of_the_examples() {
    for listing in listings() {
        let Listing { line, package, name, code, .. } = &listing;
        let command = format!("cargo run -p {package} --example {name}");
        assert_eq!(*line, format!("`crates/{package}/examples/{name}.rs`, run by `{command}`:"));
        assert_eq!(*code, std::fs::read_to_string(listing.path()).unwrap(), "{name}");
    }
}

#[test]
fn every_example_of_the_article_has_its_place() {
    let named: BTreeSet<PathBuf> = listings().iter().map(Listing::path).collect();
    let mut found = BTreeSet::new();
    for package in std::fs::read_dir(root().join("crates")).unwrap() {
        let Ok(files) = std::fs::read_dir(package.unwrap().path().join("examples")) else { continue };
        let paths = files.map(|file| file.unwrap().path());
        let is_listing = |path: &PathBuf| std::fs::read_to_string(path).unwrap().starts_with("//! Section ");
        found.extend(paths.filter(is_listing));
    }
    assert!(!found.is_empty());
    assert_eq!(named, found);
}

#[test]
fn examples_print_what_the_document_says() {
    for listing in listings() {
        assert_eq!(printed(&listing), listing.output, "{}", listing.name);
    }
}
