//! `cargo xtask data` over small folders, and its table.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use xtask::data_sets::{DataSet, Part, State, Version, all, check};
use xtask::experiments::ALL;

fn data(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).arg("data").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn write(folder: &Path, file: &str, content: &[u8]) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// The sums are those of FIPS 180-2: "abc", and a million times "a".
fn made() -> DataSet {
    let version = |file: &str, version: &str, bytes, sha256: &str| Version {
        file: file.into(),
        version: version.into(),
        bytes,
        sha256: sha256.into(),
    };
    let (abc, million) = (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    );
    let parts = vec![
        Part {
            name: "words".into(),
            versions: vec![version("words.gz", "packed", 1_000_000, million), version("words", "plain", 3, abc)],
        },
        Part {
            name: "images".into(),
            versions: vec![
                version("images", "as published", 3, abc),
                version("images", "from a copy", 1_000_000, million),
            ],
        },
    ];
    DataSet {
        name: "Made".into(),
        folder: "made".into(),
        parts,
        shape: String::new(),
        licence: String::new(),
        published: Vec::new(),
        used_by: Vec::new(),
        named: String::new(),
        makes: String::new(),
        note: String::new(),
    }
}

#[test]
fn a_set_is_present_partly_present_damaged_or_absent() {
    let folder = tempfile::tempdir().unwrap();
    let look = || {
        let mut read = 0;
        let presence = check(&made(), folder.path(), |bytes| read += bytes).unwrap();
        (presence, read)
    };
    let (presence, read) = look();
    assert_eq!((presence.state, read), (State::Absent, 0));
    assert_eq!(presence.missing, ["words", "images"]);

    let million = vec![b'a'; 1_000_000];
    write(folder.path(), "made/images", &million);
    let (presence, read) = look();
    assert_eq!((presence.state, read), (State::PartlyPresent, 1_000_000));
    assert_eq!((presence.missing, presence.versions), (vec!["words".to_owned()], vec!["from a copy".to_owned()]));

    write(folder.path(), "made/words", b"abc");
    let (presence, _) = look();
    assert_eq!(presence.state, State::Present);
    assert_eq!(presence.versions, ["plain", "from a copy"]);

    // Packed beside unpacked: both are looked at, and each has a sum of its own.
    write(folder.path(), "made/words.gz", b"abc");
    let (presence, _) = look();
    assert_eq!((presence.state, presence.wrong.len()), (State::Damaged, 1));
    let wrong = &presence.wrong[0];
    assert_eq!((&*wrong.file, wrong.bytes), (&*folder.path().join("made/words.gz"), 3));
    assert!(wrong.sha256.starts_with("ba7816bf") && wrong.expected.len() == 1);

    // One byte of a million.
    let mut other = million.clone();
    other[999_999] = b'b';
    write(folder.path(), "made/words.gz", &million);
    write(folder.path(), "made/images", &other);
    let (presence, _) = look();
    assert_eq!((presence.state, presence.wrong.len(), presence.wrong[0].expected.len()), (State::Damaged, 1, 2));
}

#[test]
fn the_table_is_of_sets_that_are_used_and_of_files_that_tell_apart() {
    let sets = all().unwrap();
    for name in ["MNIST", "Fashion-MNIST", "CIFAR-10", "CIFAR-10N", "C-scores", "Multi30k", "WikiText-2"] {
        assert!(sets.iter().any(|set| set.name == name && !set.used_by.is_empty()), "{name}");
    }
    for name in ["tiny Shakespeare", "TREC", "SST", "Adult"] {
        assert!(sets.iter().any(|set| set.name == name), "{name}");
    }
    for set in &sets {
        assert!(!set.parts.is_empty() && !set.shape.is_empty() && !set.licence.is_empty(), "{}", set.name);
        assert!(set.published.iter().all(|address| address.starts_with("http")) && !set.published.is_empty());
        assert!(set.makes.is_empty() || sets.iter().any(|other| other.name == set.makes), "{}", set.makes);
        for user in &set.used_by {
            let is_known = user == "accuracy" || ALL.iter().any(|experiment| experiment.id == user);
            assert!(is_known, "{}: {user} is no experiment", set.name);
        }
        let mut sums: Vec<&str> =
            set.parts.iter().flat_map(|part| &part.versions).map(|version| &*version.sha256).collect();
        let n = sums.len();
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), n, "{}: two files of one sum", set.name);
    }
    // What the bundled batches of a format must be: 10,000 records of a label and 3 x 32 x 32 bytes.
    let cifar = sets.iter().find(|set| set.name == "CIFAR-10").unwrap();
    let mut batches = cifar.parts.iter().flat_map(|part| &part.versions);
    assert!(batches.all(|version| version.bytes == 10_000 * (1 + 3 * 32 * 32)));
}

#[test]
fn without_a_folder_the_sets_are_listed() {
    let run = data(&[]);
    assert!(run.status.success());
    let list = text(&run.stdout);
    for set in all().unwrap() {
        let paragraph = list.split("\n\n").find(|text| text.starts_with(&format!("{} (", set.name))).unwrap();
        assert!(paragraph.contains(&set.published[0]) && paragraph.contains(&set.licence), "{paragraph}");
        assert!(set.used_by.iter().all(|user| paragraph.contains(user)), "{paragraph}");
    }
}

/// The list of sums that lies beside the JPEG copy of CIFAR-10 has a sum of its own.
fn sums_of_the_copy() -> String {
    let sets = all().unwrap();
    let cifar = sets.iter().find(|set| set.name == "CIFAR-10").unwrap();
    let lines = cifar.parts.iter().map(|part| {
        let copy = part.versions.iter().find(|version| version.version.contains("JPEG")).unwrap();
        format!("{}  {}\n", copy.sha256, part.name)
    });
    let first =
        "0993cf8b8e43bc207603aef9787006995746513f5e3fa5a52e06d1b069926330  cifar10_lossless_first4000.bin\n";
    lines.collect::<String>() + first
}

#[test]
fn what_a_folder_has_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    write(folder.path(), "cifar-10-jpeg/DECODED.sha256", sums_of_the_copy().as_bytes());
    let run = data(&["--data-dir", path]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let list = text(&run.stdout);
    assert!(
        list.contains(
            "CIFAR-10, JPEG copy (cifar-10-jpeg/): partly present, its sums right, without cifar10-jpeg"
        ),
        "{list}"
    );
    assert!(list.contains("MNIST (mnist/): absent\n"), "{list}");

    // A sum that is wrong: said with the file and both sums, in words and in JSON, and the exit status is 1.
    write(folder.path(), "tinyshakespeare/input.txt", b"abc");
    let run = data(&["--data-dir", path, "--json"]);
    assert_eq!(run.status.code(), Some(1));
    let message = text(&run.stderr);
    for told in [
        "tinyshakespeare/input.txt: sha256 ba7816bf",
        "(3 bytes), expected 86c4e6aa",
        "(1115394 bytes, as published)",
    ] {
        assert!(message.contains(told), "{message}");
    }
    let sets: Value = serde_json::from_slice(&run.stdout).unwrap();
    let set = |name: &str| sets.as_array().unwrap().iter().find(|set| set["name"] == name).unwrap();
    assert_eq!(set("tiny Shakespeare")["found"]["state"], "damaged");
    assert_eq!(set("CIFAR-10, JPEG copy")["found"]["state"], "partly_present");
    assert_eq!(set("Adult")["found"]["state"], "absent");
    assert_eq!(set("Adult")["folder"], "adult");
}

#[test]
fn a_folder_that_is_none_is_an_error() {
    let run = data(&["--data-dir", "no such folder"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("no such folder"));
}
