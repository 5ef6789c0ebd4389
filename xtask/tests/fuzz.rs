//! The fuzz targets on stable Rust: each goes through its corpus as it is, and damaged for some rounds.
//!
//! `FUZZ_ROUNDS` asks for more of them than the 500 of every target.

#[path = "../../fuzz/src/targets/mod.rs"]
#[allow(unreachable_pub, reason = "it is a part of a library for cargo fuzz")]
mod targets;

#[path = "../../fuzz/src/mutation.rs"]
#[allow(unreachable_pub, reason = "it is a part of a library for cargo fuzz")]
mod mutation;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cl_data::random::stream;
use mutation::damaged;
use targets::TARGETS;

const ROUNDS: u64 = 500;

/// As long as a round may take, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(120);

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn no_target_panics_on_its_corpus_or_on_what_is_near_it() {
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("FUZZ_ROUNDS"));
    let next = AtomicUsize::new(0);
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let found: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            let mut found = Vec::new();
            while let Some((name, _)) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
                found.extend(fuzzed(name, rounds));
            }
            found
        };
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What was found, if anything.
fn fuzzed(name: &str, rounds: u64) -> Option<String> {
    let corpus = files(&fuzz_folder().join("corpus").join(name));
    let inputs: Vec<_> = corpus.iter().map(|path| std::fs::read(path).unwrap()).collect();
    for (path, bytes) in corpus.iter().zip(&inputs) {
        if let Some(problem) = wrong(name, bytes) {
            return Some(format!("{name}: {} {problem}", path.display()));
        }
    }
    let mut rng = stream(0, name, 0);
    for round in 0..rounds {
        let bytes = damaged(&inputs, &mut rng);
        if let Some(problem) = wrong(name, &bytes) {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{round}"));
            std::fs::write(&path, bytes).unwrap();
            return Some(format!("{name}: {}, the input of round {round}, {problem}", path.display()));
        }
    }
    None
}

fn wrong(name: &str, bytes: &[u8]) -> Option<&'static str> {
    let start = Instant::now();
    if std::panic::catch_unwind(|| targets::run(name, bytes)).is_err() {
        return Some("makes it panic");
    }
    (start.elapsed() > LONGEST).then_some("takes too long")
}

/// A target is a program for cargo fuzz, and has a corpus; there are no others.
#[test]
fn every_target_has_its_program_and_its_corpus() {
    let listed: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let names = |folder: &str| -> BTreeSet<String> {
        let stem = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
        files(&fuzz_folder().join(folder)).iter().map(stem).collect()
    };
    assert_eq!(names("corpus"), listed);
    assert_eq!(names("fuzz_targets"), listed);
    let manifest = std::fs::read_to_string(fuzz_folder().join("Cargo.toml")).unwrap();
    for name in listed {
        let program = std::fs::read_to_string(fuzz_folder().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("fuzz!(\"{name}\")")), "{program}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is no program");
        let size: u64 = files(&fuzz_folder().join("corpus").join(&name))
            .iter()
            .map(|path| path.metadata().unwrap().len())
            .sum();
        assert!((1..100 << 10).contains(&size), "the corpus of {name} has {size} bytes");
    }
}
