//! `curriculum order` over ranks, micro-batches, budgets of tokens and mixtures.

use std::collections::BTreeMap;

use cl_data::io::{ArrayData, read_npy, read_npz};
use cl_pacing::{Batch, Proportions, Sampler, SourcesSampler};

use super::support::{Folder, curriculum, printed, refusal, report};

fn scores(folder: &Folder, name: &str, n: usize) -> String {
    let rows = (0..n).map(|i| format!("{name}{i},{},{},{}\n", i * 7 % 11, 1 + i * 5 % 9, i % 3));
    folder.text(&format!("{name}.csv"), format!("id,difficulty,n_tokens,w\n{}", rows.collect::<String>()))
}

fn line<'a>(scores: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["order", scores, "--column", "difficulty", "--batch-size", "4", "--seed", "3"], more].concat()
}

/// What a flat list loses: where a short batch ends.
#[test]
fn an_archive_has_the_bounds_of_batches() {
    let folder = Folder::new();
    let scores = scores(&folder, "s", 10);
    let (npz, npy) = (folder.path("x.npz"), folder.path("x.npy"));
    for out in [&npz, &npy] {
        printed(&line(&scores, &["--steps", "1..7", "-o", out]));
    }
    let arrays = read_npz(&npz).unwrap();
    assert_eq!(arrays["indptr"].to_indices().unwrap(), [0, 4, 6, 10, 14, 16, 20]);
    assert_eq!(arrays["steps"].to_indices().unwrap(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(arrays["indices"].to_indices().unwrap(), read_npy(&npy).unwrap().to_indices().unwrap());
    assert!(!arrays.contains_key("weights"));
}

/// Every rank as many, each example counted once; what is not told is an error and not an empty batch.
#[test]
fn ranks_divide_what_cannot_be_divided() {
    let folder = Folder::new();
    let scores = scores(&folder, "s", 9); // batches of 4, 4 and 1
    let part = |rank: &str, remainder: &str, out: &str| {
        let ranks = ["--steps", "0..3", "--rank", rank, "--world-size", "3"];
        printed(&line(&scores, &[&ranks[..], &["--remainder", remainder, "-o", out]].concat()));
    };
    let out = folder.path("out.npz");
    let (mut counted, mut sizes) = (vec![0.0; 9], BTreeMap::new());
    for rank in ["0", "1", "2"] {
        part(rank, "pad", &out);
        let arrays = read_npz(&out).unwrap();
        sizes.insert(rank, arrays["indptr"].to_indices().unwrap());
        let weights = arrays["weights"].to_f64().unwrap();
        for (index, weight) in arrays["indices"].to_indices().unwrap().into_iter().zip(weights) {
            counted[index] += weight;
        }
    }
    assert_eq!(counted, [1.0; 9]);
    assert!(sizes.values().all(|indptr| indptr[..] == [0, 2, 4, 5]), "{sizes:?}");
    part("1", "drop-last", &out);
    assert_eq!(read_npz(&out).unwrap()["indptr"].to_indices().unwrap(), [0, 1, 2, 2]);
    let csv = folder.path("out.csv");
    part("0", "pad", &csv);
    let text = std::fs::read_to_string(&csv).unwrap();
    assert!(
        text.starts_with("step,index,id,weight\n") && text.contains(",0.0\n") || text.contains(",0\n"),
        "{text}"
    );
    let ranks = ["--steps", "0..3", "--rank", "0", "--world-size", "3"];
    let message = refusal(&line(&scores, &ranks));
    assert!(
        message.contains("rank 0 of 3 has none of the 1 examples of step 2, expected --remainder pad"),
        "{message}"
    );
    let message =
        refusal(&line(&scores, &[&ranks[..], &["--remainder", "pad", "-o", &folder.path("o.npy")]].concat()));
    assert!(message.contains("has weights, expected .csv, .jsonl or .npz"), "{message}");
    part("0", "empty", &out);
    assert_eq!(read_npz(&out).unwrap()["indptr"].to_indices().unwrap(), [0, 1, 2, 2]);
}

#[test]
fn updates_are_cut_into_micro_batches_and_batches_change_in_size() {
    let folder = Folder::new();
    let scores = scores(&folder, "s", 10);
    let text = printed(&line(&scores, &["--steps", "0..1", "--accumulate", "3"]));
    let parts: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert!(text.starts_with("step,micro_batch,index,id\n"), "{text}");
    assert_eq!(parts, ["0", "1", "2", "2"]);
    let out = folder.path("x.npz");
    printed(&line(&scores, &["--steps", "0..5", "--batch-size-from", "1=1,3=7", "-o", &out]));
    // Of ten: 4, 1, 1, and the four that are left.
    assert_eq!(read_npz(&out).unwrap()["indptr"].to_indices().unwrap(), [0, 4, 5, 6, 10, 17]);
    assert!(refusal(&line(&scores, &["--steps", "0..1", "--accumulate", "0"])).contains("--accumulate is 0"));
    let sized = ["--steps", "0..1", "--sampler", "sequential", "--batch-size-from", "1=2"];
    assert!(refusal(&line(&scores, &sized)).contains("later_batch_sizes is from step 1 of sequential"));
}

#[test]
fn batches_keep_to_a_budget_of_tokens() {
    let folder = Folder::new();
    let path = scores(&folder, "s", 50);
    let tokens: Vec<usize> = (0..50).map(|i| 1 + i * 5 % 9).collect();
    let out = folder.path("x.npz");
    let common = ["order", &path, "--token-budget", "20", "--lengths", "n_tokens", "--steps"];
    let found = report(&[&common[..], &["0..1", "-o", &out]].concat());
    let n_batches = found["padding"]["n_batches"].as_u64().unwrap();
    let steps = format!("0..{n_batches}");
    let found = report(&[&common[..], &[&steps, "-o", &out]].concat());
    let arrays = read_npz(&out).unwrap();
    let (indptr, indices) = (arrays["indptr"].to_indices().unwrap(), arrays["indices"].to_indices().unwrap());
    let mut padded = 0;
    for bounds in indptr.windows(2) {
        let batch = &indices[bounds[0]..bounds[1]];
        let longest = batch.iter().map(|&index| tokens[index]).max().unwrap();
        assert!(longest * batch.len() <= 20);
        padded += longest * batch.len();
    }
    let mut once = indices.clone();
    once.sort_unstable();
    assert_eq!(once, (0..50).collect::<Vec<_>>());
    assert_eq!(found["padding"]["n_padded_tokens"], padded);
    assert_eq!(found["padding"]["n_tokens"], tokens.iter().sum::<usize>());
    let waste = found["padding"]["waste"].as_f64().unwrap();
    assert!((waste - (1.0 - tokens.iter().sum::<usize>() as f64 / padded as f64)).abs() < 1e-12);
    assert!(printed(&[&common[..], &["0..1", "-o", &out]].concat()).contains("% of them padding"));
    // Too long for the budget: named, or truncated.
    let short = ["order", &path, "--token-budget", "8", "--lengths", "n_tokens", "--steps", "0..1"];
    let message = refusal(&short);
    assert!(
        message.contains("tokens is 8, and example 7 has 9, expected at least the longest sequence"),
        "{message}"
    );
    printed(&[&short[..], &["--sampler-param", "truncate=8", "-o", &out]].concat());
    let message = refusal(&["order", &path, "--token-budget", "8", "--lengths", "w", "--steps", "0..1"]);
    assert!(message.contains("s.csv: --lengths w: 0 of id s0, expected a whole number of tokens"), "{message}");
    let lengths = folder.npy("l.npy", &[3], ArrayData::I64(vec![1, 2, 3]));
    let message = refusal(&["order", &path, "--token-budget", "8", "--lengths", &lengths, "--steps", "0..1"]);
    assert!(message.contains("l.npy: shape [3], expected [50] as the scores"), "{message}");
}

#[test]
fn what_has_no_weight_is_not_drawn() {
    let folder = Folder::new();
    let path = scores(&folder, "s", 30);
    let out = folder.path("x.npy");
    let weighted = ["--sampler", "weighted", "--weights", "w", "--steps", "0..200", "-o", &out];
    printed(&line(&path, &weighted));
    let drawn = read_npy(&out).unwrap().to_indices().unwrap();
    assert!(drawn.len() == 750 && drawn.iter().all(|index| index % 3 > 0));
    let keys = folder.npy("keys.npy", &[30], ArrayData::I64((0..30).map(|i| i % 10).collect()));
    printed(&line(&path, &["--sampler", "apart", "--labels", &keys, "--steps", "0..8", "-o", &out]));
    let shown = read_npy(&out).unwrap().to_indices().unwrap();
    assert_eq!(shown.len(), 30);
}

#[test]
fn sources_are_mixed_and_mixtures_must_sum() {
    let folder = Folder::new();
    let (a, b) = (scores(&folder, "a", 20), scores(&folder, "b", 7));
    let mix = format!("{a}=0.75..0.25,{b}=0.25..0.75");
    let common = ["order", "--mix", &mix, "--batch-size", "8", "--seed", "5", "--total-steps", "10"];
    let out = folder.path("x.npz");
    let found = report(&[&common[..], &["--steps", "0..12", "-o", &out]].concat());
    let proportions = Proportions::lines(vec![(0, vec![0.75, 0.25]), (10, vec![0.25, 0.75])]).unwrap();
    let mut sampler = SourcesSampler::new(&[20, 7], proportions, 8, 5).unwrap();
    let (mut expected, mut batch) = (Vec::new(), Batch::default());
    for step in 0..12 {
        sampler.batch(step, &mut batch).unwrap();
        expected.extend_from_slice(&batch.indices);
    }
    let arrays = read_npz(&out).unwrap();
    assert_eq!(arrays["indices"].to_indices().unwrap(), expected);
    assert_eq!(arrays["source_indptr"].to_indices().unwrap(), [0, 20, 27]);
    assert_eq!((&found["sources"][1]["share"], &found["n_examples"]), (&0.75.into(), &27.into()));
    // Any part alone, and rows that name the source.
    let seen = folder.path("seen.csv");
    let text = printed(&[&common[..], &["--steps", "3..5", "--exposure", &seen]].concat());
    let rows = expected[24..40].iter().enumerate().map(|(at, &index)| {
        let (step, source, index, name) = match index {
            index if index < 20 => (3 + at / 8, &a, index, "a"),
            index => (3 + at / 8, &b, index - 20, "b"),
        };
        format!("{step},{source},{index},{name}{index}\n")
    });
    assert_eq!(text, format!("step,source,index,id\n{}", rows.collect::<String>()));
    assert!(std::fs::read_to_string(&seen).unwrap().starts_with(&format!("source,id,count,first_step\n{a},a0,")));
    // By size to a power, and in stages.
    let names = format!("{a},{b}");
    let powered =
        ["order", "--mix", &names, "--mix-power", "0.5", "--batch-size", "8", "--steps", "0..1", "-o", &out];
    assert!((report(&powered)["sources"][0]["share"].as_f64().unwrap() - 0.6283).abs() < 1e-4);
    let staged = format!("{a}=0:1/5:0,{b}=0:0/5:1");
    let staged = ["order", "--mix", &staged, "--mix-between", "stages", "--batch-size", "8", "--steps"];
    printed(&[&staged[..], &["4..6", "-o", &out]].concat());
    let found = read_npz(&out).unwrap()["indices"].to_indices().unwrap();
    assert!(found[..8].iter().all(|&index| index < 20) && found[8..].iter().all(|&index| index >= 20));

    let refused = |mix: &str, more: &[&str]| {
        refusal(&[&["order", "--mix", mix, "--batch-size", "8", "--steps", "0..1"], more].concat())
    };
    let with = |a_share: &str, b_share: &str| format!("{a}={a_share},{b}={b_share}");
    for (message, what) in [
        (refused(&with("0.7", "0.2"), &[]), "0.9 in sum at step 0"),
        (refused(&with("0.7..0.2", "0.3..0.7"), &["--total-steps", "9"]), "0.9 in sum at step 9"),
        (refused(&with("0.7..0.2", "0.3..0.8"), &[]), "expected --total-steps T"),
        (refused(&format!("{a}=0.7,{b}"), &[]), "b.csv has no share"),
        (refused(&names, &[]), "names no shares"),
        (refused(&with("0.5", "0.5"), &["--mix-power", "1"]), "expected none with --mix-power"),
        (refused(&with("0", "0"), &["--mix-weights"]), "weights is 0 in sum"),
        (refused(&format!("{a}=0.5,{}=0.5", folder.path("none.csv")), &[]), "none.csv: No such file"),
    ] {
        assert!(message.contains("--mix") || message.contains("none.csv"), "{message}");
        assert!(message.contains(what), "{message}");
    }
    let usage = curriculum(&["order", "--mix", &format!("{a}=x"), "--batch-size", "8", "--steps", "0..1"]);
    let message = String::from_utf8(usage.stderr).unwrap();
    assert!(usage.status.code() == Some(2) && message.contains("is \"x\", expected a number"), "{message}");
}

/// Losses that are no numbers are called losses.
#[test]
fn losses_are_no_difficulties() {
    let folder = Folder::new();
    let losses = folder.npy("l.npy", &[3], ArrayData::F64(vec![0.5, f64::NAN, 1.0]));
    let out = folder.path("w.npy");
    let message = refusal(&["weights", &losses, "--weighting", "hard", "--param", "lambda=1", "-o", &out]);
    assert!(message.contains("l.npy") && message.contains("loss") && !message.contains("difficulty"), "{message}");
}
