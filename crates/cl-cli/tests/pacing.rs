//! `curriculum schedule`, `order` and `weights` as a user meets them.

use std::collections::BTreeSet;

use cl_data::io::{Array, ArrayData, read_npy, write_npy};
use cl_pacing::{EasyFirst, Order, Pacing, PrefixSampler, Root, Sampler};
use serde_json::{Value, json};

use super::support::{Folder, curriculum, printed, report};

/// The exit status and the message of a command that must fail.
fn refusal(arguments: &[&str]) -> (Option<i32>, String) {
    let output = curriculum(arguments);
    assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

impl Folder {
    fn values(&self, name: &str, values: &[f64]) -> String {
        let array = Array::new(vec![values.len()], ArrayData::F64(values.to_vec())).unwrap();
        write_npy(self.path(name), &array).unwrap();
        self.path(name)
    }
}

fn indices(path: &str) -> Vec<usize> {
    read_npy(path).unwrap().to_indices().unwrap()
}

/// Steps, fractions and counts.
fn rows(csv: &str) -> Vec<(u64, f64, usize)> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("step,fraction,count"));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[0].parse().unwrap(), fields[1].parse().unwrap(), fields[2].parse().unwrap())
        })
        .collect()
}

#[test]
fn a_schedule_is_the_pacing_step_by_step() {
    let folder = Folder::new();
    let arguments = ["schedule", "--pacing", "root", "--a", "0.8", "--b", "0.1", "-n", "5000", "--steps", "400"];
    let pacing = Root::new(0.8, 0.1).unwrap();
    let all = rows(&printed(&arguments));
    assert_eq!(all.len(), 400);
    for &(step, fraction, count) in &all {
        let progress = step as f64 / 400.0;
        assert_eq!((fraction, count), (pacing.fraction(progress), pacing.count(progress, 5000, 1)));
    }
    let (out, plot) = (folder.path("s.csv"), folder.path("s.svg"));
    let found = report(&[&arguments[..], &["--every", "30", "-o", &out, "--plot", &plot]].concat());
    let every: Vec<_> = all.iter().copied().filter(|row| row.0 % 30 == 0).collect();
    assert_eq!(rows(&std::fs::read_to_string(out).unwrap()), every);
    assert_eq!((&found["full_at"], &found["n_never_available"]), (&json!(0.8), &json!(0)));
    assert!(std::fs::read_to_string(plot).unwrap().contains("root (a = 0.8, b = 0.1)"));
}

#[test]
fn what_is_never_available_is_told() {
    let linear = ["schedule", "--pacing", "linear", "--a", "1.6", "--b", "0.1", "-n", "1000", "--steps", "400"];
    let last = rows(&printed(&linear)).last().unwrap().2;
    let found = report(&linear);
    assert_eq!(found["never_available"], json!([[last, 1000]]));
    assert_eq!(found["n_never_available"], 1000 - last);
    assert_eq!(found["reaches_full"], false);
    assert_eq!(found["schedule"].as_array().unwrap().len(), 400);
    let told = String::from_utf8(curriculum(&linear).stderr).unwrap();
    assert!(
        told.contains(&format!("never available: {} of 1000, the places {last}..1000", 1000 - last)),
        "{told}"
    );
    // A window that moves on shows everything, if never at once.
    let window = ["schedule", "--pacing", "one-pass", "--param", "n_buckets=4", "--param", "bucket_length=100"];
    let found = report(&[&window[..], &["-n", "1000", "--steps", "400"]].concat());
    assert_eq!((&found["reaches_full"], &found["full_at"]), (&json!(true), &Value::Null));
}

/// A trillion examples and steps are as soon told as few, and more rows than anybody reads are refused.
#[test]
fn neither_examples_nor_steps_of_a_schedule_cost_anything() {
    let few = |pacing: &[&str]| {
        let arguments = ["schedule", "-n", "1000000000000", "--steps", "1000000000000", "--every", "250000000000"];
        report(&[&arguments[..], pacing].concat())
    };
    let found = few(&["--pacing", "linear", "--a", "1.6", "--b", "0.1"]);
    assert_eq!(found["never_available"], json!([[662_499_999_999u64, 1_000_000_000_000u64]]));
    assert_eq!(found["schedule"][3]["count"], 521_875_000_000u64);
    let ranks = ["min=1", "max=1000000000000", "total_step=500000000000"].map(|parameter| ["--param", parameter]);
    let found = few(&[&["--pacing", "fixed-linear"][..], &ranks.concat()].concat());
    assert_eq!((&found["full_at"], &found["n_never_available"]), (&json!(0.5), &json!(0)));
    let folder = Folder::new();
    let many = ["schedule", "--pacing", "full", "-n", "10", "--steps", "4294967296"];
    let (code, message) = refusal(&many);
    assert!(message.contains("--steps is 4294967296, of which 4294967296 would be told"), "{message}");
    assert_eq!(code, Some(1));
    let plot = folder.path("s.svg");
    let (_, message) = refusal(&[&many[..], &["--every", "4000", "--plot", &plot]].concat());
    assert!(message.contains("s.svg: 1073742 of the 4294967296 --steps to draw"), "{message}");
    assert!(!std::path::Path::new(&plot).exists());
}

/// Of two results both are there or none.
#[test]
fn a_second_result_that_fails_takes_the_first_with_it() {
    let folder = Folder::new();
    let scores = folder.values("scores.npy", &[0.5, 0.25, 0.75]);
    let (out, exposure) = (folder.path("order.csv"), folder.path("not there/seen.csv"));
    let order = ["order", &scores, "--batch-size", "2", "--steps", "0..4", "-o", &out, "--exposure", &exposure];
    assert!(refusal(&order).1.contains("not there/seen.csv: No such file"));
    assert!(!std::path::Path::new(&out).exists());
    let (code, message) = refusal(&["order", &scores, "--batch-size", "2", "--steps", "0..9223372036854775807"]);
    assert!(code == Some(1) && message.contains("--steps is 0..9223372036854775807 in batches of 2"), "{message}");
    let losing = ["order", &scores, "--batch-size", "2", "--steps", "0..4", "--sampler", "self-paced"];
    let (_, message) = refusal(&[&losing[..], &["--sampler-param", "lambda=1", "-o", &out]].concat());
    assert!(message.contains("--sampler self-paced") && !std::path::Path::new(&out).exists(), "{message}");
}

/// DeepSpeed's own pair: difficulties from 8 in multiples of 8, the highest at the end. Ranks are the difficulties.
#[test]
fn difficulties_are_ranks() {
    let arguments = ["schedule", "--pacing", "fixed-linear", "-n", "1024", "--steps", "1001"];
    let parameters =
        ["min=8", "max=1024", "total_step=1000", "difficulty_step=8"].map(|parameter| ["--param", parameter]);
    let all = rows(&printed(&[&arguments[..], &parameters.concat()].concat()));
    assert_eq!((all[0].2, all[500].2, all[1000].2), (8, 512, 1024));
    assert!(all.iter().all(|row| row.2 % 8 == 0));
}

#[test]
fn an_order_is_the_sampler_and_any_part_of_it_stands_alone() {
    let folder = Folder::new();
    let difficulty: Vec<f64> = (0..97).map(|i| f64::from(i * 37 % 97)).collect();
    let scores = folder.values("scores.npy", &difficulty);
    let common =
        ["order", &scores, "--pacing", "root", "--a", "0.8", "--b", "0.2", "--batch-size", "10", "--seed", "3"];
    let order = EasyFirst.order(&difficulty, 3).unwrap();
    let (_, message) = refusal(&[&common[..], &["--steps", "0..60"]].concat());
    assert!(
        message.contains("no --total-steps, expected the steps of the whole run, which --pacing root"),
        "{message}"
    );
    for (total, flag) in [(1000, ["--total-steps", "1000"]), (50, ["--total-steps", "50"])] {
        let common = [&common[..], &flag[..]].concat();
        let mut sampler = PrefixSampler::new(order.clone(), Root::new(0.8, 0.2).unwrap(), 10, total, 3).unwrap();
        let mut expected: Vec<(u64, Vec<usize>)> = Vec::new();
        for step in 0..60 {
            let mut batch = cl_pacing::Batch::default();
            sampler.batch(step, &mut batch).unwrap();
            expected.push((step, batch.indices));
        }
        let flat = |steps: std::ops::Range<usize>| expected[steps].concat_indices();
        let out = folder.path("order.npy");
        printed(&[&common[..], &["--steps", "0..60", "-o", &out]].concat());
        assert_eq!(indices(&out), flat(0..60));
        printed(&[&common[..], &["--steps", "41..47", "-o", &out]].concat());
        assert_eq!(indices(&out), flat(41..47));
        let text = printed(&[&common[..], &["--steps", "41..43"]].concat());
        let lines: Vec<String> = expected[41..43]
            .iter()
            .flat_map(|(step, batch)| batch.iter().map(move |index| format!("{step},{index},{index}")))
            .collect();
        assert_eq!(text, format!("step,index,id\n{}\n", lines.join("\n")));
    }
}

trait Concat {
    fn concat_indices(&self) -> Vec<usize>;
}

impl Concat for [(u64, Vec<usize>)] {
    fn concat_indices(&self) -> Vec<usize> {
        self.iter().flat_map(|(_, batch)| batch.iter().copied()).collect()
    }
}

#[test]
fn ranks_make_up_the_batches_of_every_sampler() {
    let folder = Folder::new();
    let difficulty: Vec<f64> = (0..50).map(|i| f64::from(i % 17)).collect();
    let scores = folder.values("scores.npy", &difficulty);
    for sampler in ["prefix", "mini-batch", "competence", "shuffle", "sequential"] {
        let common = ["order", &scores, "--pacing", "competence", "--batch-size", "7", "--sampler", sampler];
        let common = [&common[..], &["--total-steps", "800", "--remainder", "empty"]].concat();
        let step = |step: u64, rank: usize, world_size: usize| {
            let steps = format!("{step}..{}", step + 1);
            let out = folder.path("part.npy");
            let (rank, world_size) = (rank.to_string(), world_size.to_string());
            let part = ["--steps", &steps, "--rank", &rank, "--world-size", &world_size, "-o", &out];
            printed(&[&common[..], &part].concat());
            indices(&out)
        };
        for at in [0, 3, 500] {
            let whole = step(at, 0, 1);
            let parts: Vec<usize> = (0..3).flat_map(|rank| step(at, rank, 3)).collect();
            assert_eq!(parts, whole, "{sampler}");
        }
    }
}

#[test]
fn directions_columns_and_exposure() {
    let folder = Folder::new();
    let rows = (0..20).map(|i| format!("x{i},{},{i},{}\n", i % 2, 0.9 - f64::from(i) / 50.0));
    // A high confidence is easy; a column that nobody knows is a difficulty.
    let scores = folder.text("s.csv", format!("id,label,length,confidence\n{}", rows.collect::<String>()));
    let seen = folder.path("seen.csv");
    for column in ["length", "confidence", "length,confidence"] {
        let out = folder.path("out.csv");
        let found = report(&[
            "order",
            &scores,
            "--column",
            column,
            "--pacing",
            "step",
            "--a",
            "0.5",
            "--b",
            "0.25",
            "--batch-size",
            "5",
            "--total-steps",
            "100",
            "--steps",
            "0..10",
            "--exposure",
            &seen,
            "-o",
            &out,
        ]);
        let text = std::fs::read_to_string(&out).unwrap();
        let shown: BTreeSet<&str> = text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
        assert_eq!(shown, BTreeSet::from(["x0", "x1", "x2", "x3", "x4"]), "{column}");
        assert_eq!(found["n_never_shown"], 15);
        let seen = std::fs::read_to_string(&seen).unwrap();
        assert!(seen.starts_with("id,count,first_step\nx0,10,0\n") && seen.ends_with("x19,0,\n"), "{seen}");
    }
    let balanced = ["--order", "hard-first", "--order-param", "balance=round-robin", "--column", "length"];
    let text = printed(&[&["order", &scores, "--batch-size", "20", "--steps", "0..1"], &balanced[..]].concat());
    assert_eq!(text.lines().count(), 21);
    let (_, message) = refusal(&["order", &scores, "--batch-size", "5", "--steps", "0..1"]);
    assert!(message.contains("expected --column with one of length, confidence"), "{message}");
}

#[test]
fn weights_are_the_weightings() {
    let folder = Folder::new();
    let losses = folder.values("losses.npy", &[0.1, 0.4, 0.5, 0.9]);
    let weigh = |name: &str, parameters: &[&str]| {
        let out = folder.path("w.npy");
        let parameters: Vec<&str> = parameters.iter().flat_map(|parameter| ["--param", parameter]).collect();
        let found = report(&[&["weights", &losses, "--weighting", name, "-o", &out], &parameters[..]].concat());
        (read_npy(&out).unwrap().to_f64().unwrap(), found)
    };
    let (weights, found) = weigh("hard", &["lambda=0.5"]);
    assert_eq!(weights, [1.0, 1.0, 0.0, 0.0]); // strict
    assert_eq!((&found["n_zero"], &found["sum"]), (&json!(2), &json!(2.0)));
    assert_eq!(weigh("linear", &["lambda=0.8"]).0, [0.1, 0.4, 0.5, 0.9].map(|l: f64| (1.0 - l / 0.8).max(0.0)));
    assert_eq!(weigh("hard", &["quantile=0.75"]).0, [1.0, 1.0, 1.0, 0.0]);
    let groups = folder.values("groups.npy", &[0.0, 0.0, 1.0, 1.0]);
    let out = folder.path("w.csv");
    let diversity = ["--param", "lambda=0.2", "--param", "gamma=0.4", "--groups", &groups];
    printed(&[&["weights", &losses, "--weighting", "diversity", "-o", &out], &diversity[..]].concat());
    // The first of a group has a threshold of 0.2 + 0.4, the second of 0.2 + 0.4 / (1 + sqrt 2) = 0.366.
    let text = std::fs::read_to_string(out).unwrap();
    assert_eq!(text, "id,loss,weight\n0,0.1,1\n1,0.4,0\n2,0.5,1\n3,0.9,0\n");
}

#[test]
fn names_are_listed_and_wrong_input_is_explained() {
    let folder = Folder::new();
    let losses = folder.values("losses.npy", &[0.1, f64::NAN]);
    let scores = folder.values("scores.npy", &[0.1, 0.2, 0.3]);
    let out = folder.path("out.npy");
    for (command, name) in [
        ("schedule", "varied-exponential"),
        ("order", "easy-first"),
        ("order", "rho-loss"),
        ("weights", "mixture2"),
    ] {
        assert!(printed(&[command, "--list"]).contains(&format!("{name}: ")));
        assert!(report(&[command, "--list"]).to_string().contains(name));
    }
    // Underscores and the names of the papers' code are understood.
    let wu = ["--a", "1", "--b", "0.5"];
    for (name, other, parameters) in
        [("logarithmic", "log", &wu[..]), ("fixed-exponential", "fixed_exponential", &[])]
    {
        let of =
            |name| printed(&[&["schedule", "--pacing", name, "-n", "9", "--steps", "3"], parameters].concat());
        assert_eq!(of(name), of(other));
    }
    let schedule = |arguments: &[&'static str]| [&["schedule", "-n", "10", "--steps", "5"], arguments].concat();
    let weights = |arguments: &[&'static str]| {
        let all = [&["weights", "LOSSES", "-o", "OUT"], arguments].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let order = |arguments: &[&'static str]| {
        [&["order", "SCORES", "--batch-size", "2", "--steps", "0..1"], arguments].concat()
    };
    let own = |arguments: Vec<&str>| arguments.into_iter().map(str::to_owned).collect::<Vec<_>>();
    for (arguments, expected) in [
        (own(schedule(&["--pacing", "rout"])), "expected one of: full, linear"),
        (own(schedule(&["--pacing", "root", "--a", "0.5"])), "b"),
        (own(schedule(&["--pacing", "root", "--a", "-1", "--b", "0.5"])), "a is -1"),
        (own(schedule(&["--pacing", "root", "--a", "1", "--b", "0.5", "--param", "c=1"])), "c"),
        (own(schedule(&["--pacing", "full", "--every", "0"])), "--every is 0"),
        (own(schedule(&["--pacing", "full", "--batch-size", "11"])), "--batch-size is 11"),
        (weights(&["--weighting", "hard", "--param", "lambda=1"]), "of example 1 is NaN"),
        (own(order(&["--rank", "2", "--world-size", "2"])), "rank is 2 of 2"),
        (own(order(&["--world-size", "0"])), "world_size is 0"),
        (own(order(&["--order", "easiest"])), "easy-first, hard-first, random"),
        (own(order(&["--sampler", "prefixes"])), "prefix, mini-batch, competence"),
        (own(order(&["--sampler", "prefix", "--sampler-param", "k=1"])), "prefix.k"),
        (own(order(&["--sampler", "self-paced", "--sampler-param", "lambda=1"])), "wait for losses"),
        (own(order(&["--sampler", "competence", "--order", "random"])), "goes by difficulty itself"),
        (own(vec!["order", "SCORES", "--batch-size", "4", "--steps", "0..1"]), "batch_size is 4"),
        (own(vec!["order", "SCORES", "--batch-size", "0", "--steps", "0..1"]), "batch_size is 0"),
    ] {
        let replaced: Vec<&str> = arguments
            .iter()
            .map(|argument| match argument.as_str() {
                "LOSSES" => losses.as_str(),
                "SCORES" => scores.as_str(),
                "OUT" => out.as_str(),
                other => other,
            })
            .collect();
        let (code, message) = refusal(&replaced);
        assert_eq!(code, Some(1), "{message}");
        assert!(message.starts_with("error: ") && message.contains(expected), "{message}");
    }
    for (name, parameter, expected) in [
        ("hard", "lambda=0", "lambda is 0"),
        ("logarithmic", "lambda=1", "lambda is 1"),
        ("polynomial", "lambda=1", "t"),
    ] {
        let losses = folder.values("fine.npy", &[0.1, 0.2]);
        let (_, message) = refusal(&["weights", &losses, "--weighting", name, "--param", parameter, "-o", &out]);
        assert!(message.contains(expected), "{message}");
    }
    let (code, message) = refusal(&["order", &scores, "--batch-size", "1", "--steps", "5..5"]);
    assert!(code == Some(2) && message.contains("TO excluded"), "{message}");
    assert!(!std::path::Path::new(&out).exists());
}
