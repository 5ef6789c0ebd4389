//! Millions of rounds without libFuzzer's counting, each on an input near one of the corpus:
//! `cargo run --release --example rounds -- TARGET|all ROUNDS [SEED]`.
//!
//! The corpus is the committed one with what cargo-fuzz kept in `target/corpus`. Prints a line a target; an input on which
//! a target panics or takes too long is written to `artifacts`, and the rounds of that target end there. An abort leaves nothing.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cl_data::random::stream;
use curriculum_fuzz::{mutation::damaged, on_one_thread, targets};

/// As long as a round may take.
const LONGEST: Duration = Duration::from_secs(20);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let usage = "rounds TARGET|all ROUNDS [SEED]";
    let target = arguments.next().expect(usage);
    let rounds: u64 = arguments.next().expect(usage).parse().expect(usage);
    let seed: u64 = arguments.next().map_or(0, |seed| seed.parse().expect(usage));
    on_one_thread();
    let names = targets::TARGETS.iter().map(|(name, _)| *name);
    let chosen: Vec<&str> = names.filter(|name| target == "all" || target == *name).collect();
    assert!(!chosen.is_empty(), "no target {target}: {usage}");
    let mut n_found = 0;
    for name in chosen {
        let start = Instant::now();
        let (done, found) = fuzzed(name, rounds, seed);
        let each = start.elapsed() / u32::try_from(done.max(1)).unwrap_or(u32::MAX);
        let said = found.map_or("nothing found".into(), |path| format!("FOUND: {}", path.display()));
        n_found += usize::from(said.starts_with("FOUND"));
        println!("{name}\t{done} rounds\t{each:?} a round\t{said}");
    }
    std::process::exit(i32::from(n_found > 0));
}

/// How many rounds were gone through, and the input in which something was found.
fn fuzzed(name: &str, rounds: u64, seed: u64) -> (u64, Option<PathBuf>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = ["corpus", "target/corpus"]
        .iter()
        .filter_map(|corpus| fs::read_dir(folder.join(corpus).join(name)).ok())
        .flat_map(|entries| entries.map(|entry| entry.expect("a folder can be listed").path()))
        .collect();
    paths.sort();
    let corpus: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("a file of the corpus")).collect();
    let mut rng = stream(seed, name, 0);
    for round in 0..rounds {
        let bytes = damaged(&corpus, &mut rng);
        let start = Instant::now();
        if catch_unwind(|| targets::run(name, &bytes)).is_err() || start.elapsed() > LONGEST {
            let artifacts = folder.join("artifacts").join(name);
            fs::create_dir_all(&artifacts).expect("a folder for what is found");
            let path = artifacts.join(format!("round-{seed}-{round}"));
            fs::write(&path, bytes).expect("an input can be written");
            return (round, Some(path));
        }
    }
    (rounds, None)
}
