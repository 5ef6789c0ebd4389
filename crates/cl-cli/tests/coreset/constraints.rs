//! Budgets as people have them: costs, what is chosen already, groups, weights, classes.

use cl_data::io::{Array, ArrayData, write_npz};
use serde_json::json;

use super::{D, Folder, N, curriculum, refusal, report, values};

impl Folder {
    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }
}

fn rows(header: &str, row: impl Fn(usize) -> String) -> String {
    format!("{header}\n") + &(0..N).map(|example| row(example) + "\n").collect::<String>()
}

#[test]
fn a_budget_is_never_exceeded() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let cost = |example: usize| 10 + example % 7;
    let table = folder.write("table.csv", rows("tokens", |example| cost(example).to_string()));
    let base = [input.as_str(), "--method", "facility-location", "-o", &out];
    let budget = ["--cost", "tokens", "--budget", "100"];
    let told = report(&[&base[..], &budget, &["--table", &table]].concat());
    let order = folder.order("out.npy");
    let spent: usize = order.iter().map(|&example| cost(example)).sum();
    assert!(spent <= 100 && order.len() >= 6, "{order:?}");
    assert_eq!(
        told["costs"],
        json!({"column": "tokens", "budget": 100.0, "spent": spent as f64, "left": (100 - spent) as f64})
    );
    let text = [&["coreset"], &base[..], &budget, &["--table", &table]].concat();
    let text = String::from_utf8(curriculum(&text).stdout).unwrap();
    assert!(
        text.contains(&format!("{spent} of the budget of 100 in tokens spent, {} left", 100 - spent)),
        "{text}"
    );
    // The same from a file of numbers, and from the archive of the features.
    let npy = folder.npy("costs.npy", &[N], ArrayData::I64((0..N).map(|example| cost(example) as i64).collect()));
    report(&[&base[..], &["--cost", &npy, "--budget", "100"]].concat());
    assert_eq!(folder.order("out.npy"), order);
    let archive = folder.path("all.npz");
    let features = Array::new(vec![N, D], ArrayData::F32(values())).unwrap();
    let tokens =
        Array::new(vec![N], ArrayData::I32((0..N).map(|example| cost(example) as i32).collect())).unwrap();
    write_npz(&archive, [("features", &features), ("tokens", &tokens)]).unwrap();
    report(&[&[archive.as_str()], &base[1..], &budget].concat());
    assert_eq!(folder.order("out.npy"), order);

    let refused = |more: &[&str]| refusal(&[&base[..], more].concat());
    let message = refused(&["--cost", "tokens", "--budget", "9", "--table", &table]);
    assert!(message.contains("budget is 9, expected at least the cheapest, 10"), "{message}");
    let negative =
        folder.write("negative.csv", rows("tokens", |example| if example == 5 { "-3" } else { "3" }.into()));
    let message = refused(&["--cost", "tokens", "--budget", "9", "--table", &negative]);
    assert!(
        message.contains("negative.csv: line 7, column `tokens`: \"-3\", expected a number of at least 0"),
        "{message}"
    );
    let message = refused(&["--cost", "prices", "--budget", "9", "--table", &table]);
    assert!(message.contains("--cost: no column `prices` among tokens"), "{message}");
    let short = folder.write("short.csv", "tokens\n1\n2\n");
    let message = refused(&["--cost", "tokens", "--budget", "9", "--table", &short]);
    assert!(message.contains("short.csv: no row of example 2"), "{message}");
    let message = refusal(&[
        &input, "--method", "herding", "-o", &out, "--cost", "tokens", "--budget", "99", "--table", &table,
    ]);
    assert!(message.contains("none for herding"), "{message}");
}

#[test]
fn groups_are_whole_and_weights_count() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let table = folder
        .write("table.csv", rows("document,weight", |at| format!("doc{},{}", at / 3, u8::from(at % 4 == 0))));
    let base = [input.as_str(), "--method", "facility-location", "-o", &out, "--table", &table, "--count"];
    let told = report(&[&base[..], &["7", "--groups", "document"]].concat());
    let mut order = folder.order("out.npy");
    order.sort_unstable();
    assert_eq!(order.len(), 6);
    assert!(order.chunks(3).all(|group| group[0] % 3 == 0 && group[2] == group[0] + 2), "{order:?}");
    assert_eq!(told["groups"], json!([2, 20]));
    let message = refusal(&[&base[..], &["2", "--groups", "document"]].concat());
    assert!(message.contains("of 3 examples that cost 3, expected groups within the budget, 2"), "{message}");
    // Every fourth example alone counts: the first is the nearest to these.
    report(&[&base[..], &["1", "--weights", "weight"]].concat());
    let values = values();
    let squared = |a: usize, b: usize| {
        let pairs = values[a * D..][..D].iter().zip(&values[b * D..][..D]);
        pairs.map(|(&a, &b)| f64::from(a - b).powi(2)).sum::<f64>()
    };
    let cost = |example: &usize| (0..N).step_by(4).map(|other| squared(*example, other)).sum::<f64>();
    let nearest = (0..N).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap();
    assert_eq!(folder.order("out.npy"), [nearest]);
    report(&[&base[..], &["1", "--weights", "weight", "--neighbors", "60"]].concat());
    assert_eq!(folder.order("out.npy"), [nearest]);
    let message = refusal(&[
        &input,
        "--method",
        "herding",
        "-o",
        &out,
        "--count",
        "1",
        "--weights",
        "weight",
        "--table",
        &table,
    ]);
    assert!(message.contains("herding represents all examples alike"), "{message}");
}

#[test]
fn what_is_chosen_already_is_given() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let before = [3usize, 17, 40];
    let indices = folder.npy("before.npy", &[3], ArrayData::I64(before.map(|index| index as i64).to_vec()));
    let lines = folder.write("before.txt", "3\n17\n40\n");
    let is_before = |at: usize| before.contains(&at);
    let kept = folder.write("kept.csv", rows("id,kept", |at| format!("{at},{}", u8::from(is_before(at)))));
    let label = |at: usize| {
        if is_before(at) { at.to_string() } else { [",-1", ""][at % 2].trim_start_matches(',').into() }
    };
    let labelled = folder.write("labelled.csv", rows("id,label", |at| format!("{at},{}", label(at))));
    let table = folder.write("table.csv", rows("number,label", |at| format!("{at},{}", label(at))));
    for method in ["k-center", "herding", "facility-location", "disparity-sum", "craig", "grad-match", "graph-cut"]
    {
        let base = [input.as_str(), "--method", method, "-o", &out, "--count", "9"];
        let run = |more: &[&str]| {
            let told = report(&[&base[..], more].concat());
            assert_eq!(told["n_before"], 3);
            folder.order("out.npy")
        };
        let order = run(&["--start", &indices]);
        assert!(order.iter().all(|&example| !is_before(example)), "{method} {order:?}");
        for file in [&lines, &kept, &labelled] {
            assert_eq!(run(&["--start", file]), order, "{method} {file}");
        }
        assert_eq!(run(&["--start", "label", "--table", &table]), order, "{method}");
    }
    let base = [input.as_str(), "--method", "herding", "-o", &out, "--count"];
    let text =
        String::from_utf8(curriculum(&[&["coreset"], &base[..], &["9", "--start", &lines]].concat()).stdout)
            .unwrap();
    assert!(text.contains("3 examples were chosen before"), "{text}");
    report(&[&base[..], &["57", "--start", &lines]].concat());
    let message = refusal(&[&base[..], &["58", "--start", &lines]].concat());
    assert!(message.contains("expected at most the 57 that are left beside 3 of --start"), "{message}");
    let unknown = folder.write("unknown.txt", "3\n61\n");
    let message = refusal(&[&base[..], &["9", "--start", &unknown]].concat());
    assert!(message.contains("unknown.txt: line 2: id 61, expected one of "), "{message}");
    let unknown = folder.write("unknown.csv", "id\n3\nx\n");
    let message = refusal(&[&base[..], &["9", "--start", &unknown]].concat());
    assert!(message.contains("unknown.csv: line 3, column `id`: \"x\", expected an example of "), "{message}");
    let message = refusal(&[&base[..], &["9", "--start", "label"]].concat());
    assert!(message.contains("--start: no column `label`"), "{message}");
}

#[test]
fn classes_share_the_count_as_they_are_told() {
    let folder = Folder::new();
    let labels: Vec<i64> = (0..N as i64)
        .map(|at| {
            if at < 40 {
                0
            } else if at < 56 {
                1
            } else {
                2
            }
        })
        .collect();
    let labels = folder.npy("uneven.npy", &[N], ArrayData::I64(labels));
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let base = [input.as_str(), "--method", "herding", "--labels", &labels, "-o", &out, "--count", "12"];
    let chosen = |more: &[&str]| {
        let told = report(&[&base[..], more].concat());
        let classes = told["classes"].as_array().unwrap().clone();
        classes.iter().map(|class| class["n_chosen"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(chosen(&[]), [8, 3, 1]);
    assert_eq!(chosen(&["--balance", "equal"]), [4, 4, 4]);
    assert_eq!(chosen(&["--balance", "sqrt"]), [6, 4, 2]);
    assert_eq!(chosen(&["--floor", "3"]), [6, 3, 3]);
    let message = refusal(&[&base[..], &["--floor", "5"]].concat());
    assert!(message.contains("class 2 has 4 examples, fewer than its floor of 5"), "{message}");
}

/// Each part sees its own examples alone, and the last round what these chose.
#[test]
fn parts_are_read_one_at_a_time() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let base = [input.as_str(), "--method", "facility-location", "-o", &out, "--count", "8", "--local"];
    let greedi = ["--option", "optimizer=greedi", "--option", "parts=3"];
    let told = report(&[&base[..], &greedi].concat());
    assert_eq!((&told["n_local"], &told["n_chosen"]), (&3.into(), &8.into()));
    assert!(
        told["guarantee"].as_str().unwrap().contains("of the best choice among what the parts chose"),
        "{told}"
    );
    let order = folder.order("out.npy");
    assert!((0..8).all(|at| order[at] < N && !order[..at].contains(&order[at])), "{order:?}");
    let told = report(&[&base[..], &greedi, &["--neighbors", "5"]].concat());
    assert_eq!(told["recall"], 1.0);
    let whole = report(&[&base[..7], &greedi].concat());
    assert_eq!(whole["n_local"], serde_json::Value::Null);
    assert!(refusal(&base).contains("expected --option optimizer=greedi"));
    assert!(
        refusal(&[&base[..], &greedi, &["--rows", "0..30"]].concat()).contains("--rows does not go with --local")
    );
}

#[test]
fn zeros_are_an_error_or_left_out() {
    let folder = Folder::new();
    let mut zeros = values();
    [4, 30].iter().for_each(|&row| zeros[row * D..][..D].fill(0.0));
    let input = folder.npy("zeros.npy", &[N, D], ArrayData::F32(zeros.clone()));
    let out = folder.path("out.npy");
    for method in
        [&["k-center", "--option", "distance=cosine"][..], &["facility-location", "--option", "similarity=cosine"]]
    {
        let base = [&[input.as_str(), "-o", &out, "--count", "58", "--method"], method].concat();
        let message = refusal(&base);
        assert!(message.contains("zeros.npy: feature 0 of example 4 is 0"), "{message}");
        let told = report(&[&base[..], &["--zero", "skip"]].concat());
        assert_eq!(told["n_zero"], 2);
        let order = folder.order("out.npy");
        assert!(order.len() == 58 && !order.contains(&4) && !order.contains(&30), "{order:?}");
        let more = [&base[..], &["--zero", "skip", "--neighbors", "59"]].concat();
        assert!(method[0] != "k-center" || refusal(&more).contains("--neighbors"));
    }
    // By cosine, the centre that is farthest from the first in angle, however short it is.
    let angles = folder.npy("angles.npy", &[3, 2], ArrayData::F32(vec![9.0, 0.0, 20.0, 1.0, 0.0, 0.1]));
    report(&[
        &angles,
        "-o",
        &out,
        "--count",
        "2",
        "--method",
        "k-center",
        "--start",
        "0",
        "--option",
        "distance=cosine",
    ]);
    assert_eq!(folder.order("out.npy"), [0, 2]);
}

#[test]
fn features_come_from_tables_and_any_member() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let base = ["--method", "k-center", "--start", "0", "--count", "5", "-o", &out];
    report(&[&[input.as_str()], &base[..]].concat());
    let order = folder.order("out.npy");
    let all = values();
    let row = |at: usize| {
        let features: Vec<String> = all[at * D..][..D].iter().map(f32::to_string).collect();
        format!("r{at},{},{}", features.join(","), 7)
    };
    let csv = folder.write("features.csv", rows("id,a,b,c,label", row));
    report(&[&[csv.as_str()], &base[..]].concat());
    assert_eq!(folder.order("out.npy"), order);
    let features = Array::new(vec![N, D], ArrayData::F32(all.clone())).unwrap();
    let other = Array::new(vec![N, 1], ArrayData::F32(vec![1.0; N])).unwrap();
    let archive = folder.path("embedding.npz");
    write_npz(&archive, [("embedding", &features)]).unwrap();
    report(&[&[archive.as_str()], &base[..]].concat());
    assert_eq!(folder.order("out.npy"), order);
    write_npz(&archive, [("embedding", &features), ("other", &other)]).unwrap();
    report(&[&[archive.as_str()], &base[..], &["--member", "embedding"]].concat());
    assert_eq!(folder.order("out.npy"), order);
    let message = refusal(&[&[archive.as_str()], &base[..]].concat());
    assert!(message.contains("expected it, or one matrix, among embedding, other"), "{message}");
    // A column that is named is no feature.
    let row = |at: usize| format!("{},{}", all[at * D], at + 1);
    let csv = folder.write("costs.csv", rows("a,tokens", row));
    let told = report(&[&csv, "--method", "facility-location", "-o", &out, "--cost", "tokens", "--budget", "30"]);
    assert_eq!(told["n_features"], 1);
}
