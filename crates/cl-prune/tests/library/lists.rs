//! Whatever can be chosen by is had by name.

use std::{fs, path::Path};

use cl_prune::{coreset::coresets, rules};

/// The files of a room by name, each with its text.
fn files(room: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// In each file of a method there is an entry, or it is one of the exceptions, and all entries are in the list. (That
/// one is there but in no list the compiler says, too: it would be dead code.)
fn check(room: &str, is_method: impl Fn(&str) -> bool, exceptions: &[(&str, &str)], listed: &[&str]) {
    let mut n_entries = 0;
    for (name, text) in files(room) {
        let of_file = text.matches(": Entry =").count();
        match exceptions.iter().find(|(exception, _)| *exception == name) {
            Some((_, why)) => assert!(is_method(&text) && of_file == 0, "{room}/{name}.rs is no exception: {why}"),
            None => assert_eq!(is_method(&text), of_file > 0, "{room}/{name}.rs: a method is had by an entry"),
        }
        n_entries += of_file;
    }
    assert_eq!(n_entries, listed.len(), "{room}: the entries and {listed:?}");
    assert!((1..listed.len()).all(|at| !listed[..at].contains(&listed[at])), "{listed:?}");
}

#[test]
fn every_rule_is_in_the_list() {
    let exceptions = [("class_balanced", "an option of every rule"), ("selection_rule", "any rule in a box")];
    let listed: Vec<&str> = rules().map(|rule| rule.method.name).collect();
    check("rule", |text| text.contains(" SelectionRule for "), &exceptions, &listed);
}

#[test]
fn every_coreset_is_in_the_list() {
    let optimizer = "an option of every submodular objective";
    let over_neighbors = "an option of its namesake: which examples are compared";
    let exceptions = [
        ("catalogue", "the list"),
        ("client_facility_location", over_neighbors),
        ("cost_effective", optimizer),
        ("given", "any objective in a box"),
        ("greedi", optimizer),
        ("greedy", optimizer),
        ("grouped", "any objective whose elements are groups"),
        ("sieve_streaming", optimizer),
        ("sparse_facility_location", over_neighbors),
        ("sparse_graph_cut", over_neighbors),
        ("sparse_saturated_coverage", over_neighbors),
    ];
    let selects = |text: &str| text.contains("pub fn select") && text.contains("Result<Coreset, PruneError>");
    let is_method = |text: &str| text.contains(" SubmodularObjective for ") || selects(text);
    let listed: Vec<&str> = coresets().map(|coreset| coreset.method.name).collect();
    check("coreset", is_method, &exceptions, &listed);
}
