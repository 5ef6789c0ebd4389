//! Every method of a family is in its list: what the files declare, against what the library makes by name.

use std::path::Path;

use cl_pacing::{Description, orders, pacings, weightings};

/// What implements a family's trait and has no name, with the reason.
const NOT_BY_NAME: [(&str, &str); 7] = [
    ("FromFn", "is the user's own"),
    ("Cyclic", "wraps any pacing, by n_cycles"),
    ("DifficultyPacing", "is what a DifficultySchedule makes"),
    ("ClassBalanced", "wraps any order, by balance"),
    ("AtQuantile", "wraps any self-paced weighting, by quantile"),
    ("SelfPacedCurriculum", "wraps any separable weighting, by c"),
    ("Capped", "wraps any weighting, by cap"),
];

/// The methods' files of a family by name, each up to its tests.
fn files(family: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(family);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !["mod.rs", "entry.rs", "catalogue.rs"].contains(&name.as_str()) {
            let text = std::fs::read_to_string(&path).unwrap();
            files.push((name, text.split("#[cfg(test)]").next().unwrap().to_owned()));
        }
    }
    files
}

/// The entries of a file, each a paragraph.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").filter(|paragraph| {
        let line = paragraph.lines().next().unwrap_or_default();
        !line.starts_with(' ') && (line.ends_with("_entry! {") || line.starts_with("wu_family!("))
    })
}

/// The first text in quotes.
fn name(entry: &str) -> &str {
    entry.split('"').nth(1).unwrap()
}

/// The types for which a file implements one of the traits.
fn implementors<'a>(text: &'a str, traits: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let impls = text.lines().filter_map(|line| line.strip_prefix("impl")?.split_once(" for "));
    let ours =
        impls.filter(|(what, _)| traits.iter().any(|name| what.split([' ', '>']).any(|word| word == *name)));
    let types = ours.map(|(_, name)| name.split(|c: char| !c.is_alphanumeric()).next().unwrap());
    // A letter is whatever implements another trait.
    types.filter(|name| name.len() > 1)
}

#[test]
fn every_method_is_in_the_list_of_its_family() {
    let families: [(&str, &[&str], Vec<Description>); 3] = [
        ("pacing", &["Pacing"], pacings()),
        ("order", &["Order"], orders()),
        ("weighting", &["Weighting", "SelfPaced", "Separable"], weightings()),
    ];
    let mut not_by_name = Vec::new();
    for (family, traits, list) in families {
        let mut listed: Vec<&str> = list.iter().map(|description| description.name).collect();
        for (file, text) in files(family) {
            for implementor in implementors(&text, traits) {
                let is_made = entries(&text)
                    .any(|entry| entry.split(|c: char| !c.is_alphanumeric()).any(|word| word == implementor));
                if !is_made {
                    let known = NOT_BY_NAME.iter().any(|(name, _)| *name == implementor);
                    assert!(
                        known,
                        "{family}/{file}: {implementor} has no entry, see any other file of the family"
                    );
                    not_by_name.push(implementor.to_owned());
                }
            }
            for name in entries(&text).map(name) {
                let at = listed.iter().position(|listed| *listed == name);
                let at = at.unwrap_or_else(|| panic!("{family}/{file}: {name} is not in {family}/catalogue.rs"));
                listed.swap_remove(at);
            }
        }
        assert!(listed.is_empty(), "{family}/catalogue.rs: {listed:?} are in no file");
    }
    not_by_name.sort();
    not_by_name.dedup();
    let mut expected = NOT_BY_NAME.map(|(name, _)| name);
    expected.sort();
    assert_eq!(not_by_name, expected, "an exception that is none");
}

/// What the walk through adding a method shows is what stands in the files.
#[test]
fn the_walk_through_adding_a_method_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guide = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let diff = guide.split("```diff\n").nth(1).unwrap().split("\n```\n").next().unwrap();
    let files: Vec<&str> = diff.split("+++ b/").skip(1).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        let (path, lines) = file.split_once('\n').unwrap();
        let text = std::fs::read_to_string(root.join(path)).unwrap();
        for line in lines.lines().filter_map(|line| line.strip_prefix('+')) {
            assert!(text.lines().any(|there| there == line), "{path} has no line {line:?}");
        }
    }
}
