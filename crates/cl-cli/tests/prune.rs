//! `curriculum prune` and `crossover` as a user meets them.

use std::path::Path;

use cl_data::io::{Array, ArrayData, read_npy, read_npz, write_npy, write_npz};
use cl_study::{EqualBudget, PruneOutcome, PruneStudy, Quiet};
use serde_json::Value;

use super::support::{Folder, curriculum, printed, refusal, report};

impl Folder {
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

const SCORES: &str = "\
id,label,el2n,confidence
a,0,0.1,0.9
b,0,0.4,0.6
\"c,1\",1,0.3,0.7
d,1,0.2,0.8
";

#[test]
fn every_example_is_written_with_its_reason() {
    let folder = Folder::new();
    let (scores, out) = (folder.text("scores.csv", SCORES), folder.path("kept.csv"));
    let arguments = ["prune", &scores, "--keep", "0.5", "--rule", "hardest", "--column", "el2n", "-o", &out];
    let report = report(&arguments);
    assert_eq!((report["n_kept"].as_u64(), report["n_examples"].as_u64()), (Some(2), Some(4)));
    assert_eq!(report["classes"][1]["n_kept"], 1);
    assert_eq!(
        folder.read("kept.csv"),
        "id,kept,reason\n\
         a,0,\"rank 4 of 4 by keep hardest, 2 kept\"\n\
         b,1,\"rank 1 of 4 by keep hardest, 2 kept\"\n\
         \"c,1\",1,\"rank 2 of 4 by keep hardest, 2 kept\"\n\
         d,0,\"rank 3 of 4 by keep hardest, 2 kept\"\n"
    );
    let text = printed(&arguments);
    assert!(text.contains("2 of 4 examples kept by hardest of el2n"), "{text}");
}

#[test]
fn the_metric_tells_which_end_is_hard() {
    let folder = Folder::new();
    let (scores, out) = (folder.text("scores.csv", SCORES), folder.path("kept.txt"));
    let kept = |extra: &[&str]| {
        printed(&[&["prune", &scores, "--rule", "hardest", "-o", &out], extra].concat());
        folder.read("kept.txt")
    };
    // A low confidence is hard.
    assert_eq!(kept(&["--count", "2", "--column", "confidence"]), "b\nc,1\n");
    assert_eq!(kept(&["--drop", "0.75", "--column", "confidence", "--high-is", "hard"]), "a\n");
}

#[test]
fn indices_as_an_array() {
    let folder = Folder::new();
    let (scores, out) = (folder.text("scores.csv", SCORES), folder.path("kept.npy"));
    printed(&["prune", &scores, "--count", "3", "--rule", "easiest", "--column", "el2n", "-o", &out]);
    assert_eq!(read_npy(Path::new(&out)).unwrap().to_indices().unwrap(), [0, 2, 3]);
}

#[test]
fn options_labels_confidence_and_neighbours() {
    let folder = Folder::new();
    let (scores, out) = (folder.text("scores.csv", SCORES), folder.path("kept.txt"));
    let kept = |rule: &str, extra: &[&str]| {
        printed(
            &[&["prune", &scores, "--count", "2", "--column", "el2n", "-o", &out, "--rule", rule], extra].concat(),
        );
        let mut kept: Vec<String> = folder.read("kept.txt").lines().map(str::to_owned).collect();
        kept.sort();
        kept
    };
    assert_eq!(kept("hardest", &["--option", "balance=equal"]), ["b", "c,1"]);
    // Other labels, by id and in another order: c and d apart.
    let labels = folder.text("labels.csv", "label,id\n1,d\n0,a\n0,b\n0,\"c,1\"\n");
    assert_eq!(kept("hardest", &["--option", "balance=equal", "--labels", &labels]), ["b", "d"]);
    let array = Array::new(vec![4], ArrayData::I64(vec![0, 1, 1, 1])).unwrap();
    write_npy(folder.path("labels.npy"), &array).unwrap();
    let labels = folder.path("labels.npy");
    assert_eq!(kept("hardest", &["--option", "balance=equal", "--labels", &labels]), ["a", "b"]);
    assert_eq!(kept("ccs", &["--option", "beta=0.25", "--option", "strata=1", "--seed", "3"]).len(), 2);
    assert_eq!(kept("dual", &["--option", "c=4"]).len(), 2);
    assert_eq!(kept("stratified-random", &[]).len(), 2);
    let square = |data| Array::new(vec![4, 1], data).unwrap();
    let (indices, distances) = (square(ArrayData::I64(vec![1, 0, 3, 2])), square(ArrayData::F32(vec![0.1; 4])));
    let graph = folder.path("graph.npz");
    write_npz(&graph, [("indices", &indices), ("distances", &distances)]).unwrap();
    assert_eq!(kept("d2", &["--neighbors", &graph]), ["b", "c,1"]);
}

#[test]
fn the_same_seed_keeps_the_same() {
    let folder = Folder::new();
    let rows: String = (0..200).map(|i| format!("{i},{}\n", i % 3)).collect();
    let (scores, out) = (folder.text("s.csv", format!("id,forgetting\n{rows}")), folder.path("kept.txt"));
    let kept = |seed: &str, count: &str| {
        printed(&["prune", &scores, "--count", count, "--rule", "forgetting", "--seed", seed, "-o", &out]);
        folder.read("kept.txt")
    };
    assert_eq!(kept("1", "90"), kept("1", "90"));
    assert_ne!(kept("1", "90"), kept("2", "90"));
    assert!(kept("1", "90").starts_with(&kept("1", "30")));
}

/// Five epochs of six examples, right where there is a 1: two unforgettable, two never learned, one forgotten once
/// and one twice.
const RIGHT: [&str; 6] = ["00111", "00000", "11101", "10101", "00000", "01111"];

/// What `curriculum score` makes of them, with this option of the metric.
fn forgetting_scores(folder: &Folder, name: &str, metric: &str, options: &[&str]) -> String {
    let logit = |epoch: usize, example: usize| f32::from(RIGHT[example].as_bytes()[epoch] == b'1');
    let logits = (0..5).flat_map(|epoch| (0..6).flat_map(move |example| [logit(epoch, example), 0.5])).collect();
    let logits = Array::new(vec![5, 6, 2], ArrayData::F32(logits)).unwrap();
    let labels = Array::new(vec![6], ArrayData::I64(vec![0; 6])).unwrap();
    let (dynamics, scores) = (folder.path("dynamics.npz"), folder.path(name));
    write_npz(&dynamics, [("logits", &logits), ("labels", &labels)]).unwrap();
    printed(&[&["score", &dynamics, "--metric", metric, "-o", &scores], options].concat());
    scores
}

/// Our own score files say from which count an example was never learned, whichever way they count it.
#[test]
fn the_never_learned_are_those_that_the_sidecar_tells() {
    let folder = Folder::new();
    let out = folder.path("kept.csv");
    let kept = |scores: &str, column: &str, count: &str, extra: &[&str]| {
        let fixed = ["prune", scores, "--rule", "forgetting", "--count", count, "--column", column, "-o", &out];
        printed(&[&fixed, extra].concat());
        let text = folder.read("kept.csv");
        let rows = text.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
        rows.filter(|row| row[1] == "1").map(|row| row[0].parse().unwrap()).collect::<Vec<usize>>()
    };
    let option = |fate: &'static str| ["--option", fate];
    for (name, options) in [
        ("toneva.csv", &[][..]),
        ("infinite.csv", &["--option", "forgetting.never_learned=infinite"]),
        ("cartography.csv", &["--option", "forgetting.never_learned=cartography"]),
        ("toneva.npz", &[]),
        // Four of the five epochs.
        ("part.csv", &["--option", "forgetting.from=1", "--option", "forgetting.until=5"]),
    ] {
        let scores = forgetting_scores(&folder, name, "forgetting", options);
        let kept = |count: &str, extra: &[&str]| kept(&scores, "forgetting", count, extra);
        assert_eq!(kept("4", &[]), [1, 2, 3, 4], "{name}");
        assert!(folder.read("kept.csv").contains("1,1,\"never learned, 2 of 2 kept by forgetting\""), "{name}");
        assert_eq!(kept("4", &option("never_learned=removed-first")), [0, 2, 3, 5], "{name}");
        assert_eq!(kept("2", &option("never_learned=unforgettable")), [2, 3], "{name}");
    }
    // What the user says comes first: all that was forgotten twice.
    let scores = forgetting_scores(&folder, "scores.csv", "forgetting,el2n", &[]);
    let given = ["--option", "never=2", "--option", "never_learned=removed-first"];
    assert_eq!(kept(&scores, "forgetting", "3", &given), [0, 2, 5]);
    let refused = |scores: &str, column: &str, extra: &[&str]| {
        let fixed = ["prune", scores, "--rule", "forgetting", "--count", "3", "--column", column, "-o", &out];
        refusal(&[&fixed, extra].concat())
    };
    let message = refused(&scores, "el2n", &[]);
    assert!(message.contains("`el2n` is el2n, the rule `forgetting` needs forgetting events"), "{message}");
    // Without the sidecar nothing tells 5 events from 5 presentations.
    std::fs::remove_file(folder.path("scores.csv.json")).unwrap();
    assert_eq!(kept(&scores, "forgetting", "4", &[]), [1, 2, 3, 4]);
    assert_eq!(kept(&scores, "forgetting", "4", &["--option", "never=5", given[2], given[3]]), [0, 2, 3, 5]);
    for fate in ["removed-first", "unforgettable"] {
        let message = refused(&scores, "forgetting", &["--option", &format!("never_learned={fate}")]);
        assert!(message.contains("no sidecar") && message.contains("expected --option never=T"), "{message}");
    }
    assert!(refused(&scores, "el2n", &[]).contains("needs forgetting events"));
    // Counts of 0 for what was never learned hide it among the unforgettable.
    let zero =
        forgetting_scores(&folder, "zero.csv", "forgetting", &["--option", "forgetting.never_learned=zero"]);
    assert!(refused(&zero, "forgetting", &[]).contains("2 examples never learned"));
    assert_eq!(kept(&zero, "forgetting", "2", &option("never_learned=unforgettable")), [2, 3]);
}

/// The distances and neighbours that rules take are made from features.
#[test]
fn distances_are_made_from_features() {
    let folder = Folder::new();
    let features = Array::new(vec![5, 1], ArrayData::F32(vec![0.0, 1.0, 5.0, 7.0, 7.5])).unwrap();
    write_npy(folder.path("features.npy"), &features).unwrap();
    let labels = Array::new(vec![5], ArrayData::I64(vec![0, 0, 0, 1, 1])).unwrap();
    write_npy(folder.path("labels.npy"), &labels).unwrap();
    let (features, labels, out) =
        (folder.path("features.npy"), folder.path("labels.npy"), folder.path("kept.txt"));
    let distances = folder.path("distances.csv");
    let metrics =
        "class_median_distance,prototype_distance,neighbor_distance,kth_neighbor_distance,neighbor_disagreement";
    let arguments =
        ["distance", &features, "--metric", metrics, "--labels", &labels, "--clusters", "2", "-k", "2"];
    let told = report(&[&arguments[..], &["-o", &distances]].concat());
    assert_eq!((&told["k"], told["columns"].as_array().unwrap().len()), (&2.into(), 5));
    // Class medians 1 and 7.25; clusters {0, 1} and {5, 7, 7.5} with means 0.5 and 6.5.
    assert_eq!(
        folder.read("distances.csv"),
        format!(
            "id,label,{metrics}\n0,0,1,0.5,3,5,0\n1,0,0,0.5,2.5,4,0\n2,0,4,1.5,2.25,2.5,1\n3,1,0.25,0.5,1.25,2,0.5\n\
             4,1,0.25,1,1.5,2.5,0.5\n"
        )
    );
    let kept = |rule: &[&str]| {
        printed(&[&["prune", distances.as_str(), "-o", &out, "--rule"], rule].concat());
        folder.read("kept.txt").lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(kept(&["middle", "--count", "1", "--column", "class_median_distance"]).len(), 1);
    assert_eq!(kept(&["prototypes", "--count", "1", "--column", "prototype_distance"]), ["2"]);
    // Labels from a table of one's own form.
    let table = folder.text("labels.txt", "name|gold\n4|1\n3|1\n2|0\n1|0\n0|0\n");
    let forms =
        ["--separator", "|", "--id-column", "name", "--labels", &table, "-o", &out, "--output-format", "csv"];
    printed(&[&["distance", &features, "--metric", "class_median_distance"], &forms[..]].concat());
    assert_eq!(
        folder.read("kept.txt"),
        "id,label,class_median_distance\n0,0,1\n1,0,0\n2,0,4\n3,1,0.25\n4,1,0.25\n"
    );
    // Without labels, and the neighbours.
    let graph = folder.path("graph.npz");
    let one = ["distance", &features, "--metric", "neighbor_distance", "-o", &distances];
    printed(&[&one[..], &["-k", "1", "--neighbors", &graph]].concat());
    assert_eq!(folder.read("distances.csv"), "id,neighbor_distance\n0,1\n1,1\n2,2\n3,0.5\n4,0.5\n");
    assert_eq!(read_npz(&graph).unwrap()["indices"].to_indices().unwrap(), [1, 0, 3, 4, 3]);
    assert_eq!(kept(&["d2", "--count", "1", "--neighbors", &graph]), ["2"]);
    let other = folder.text("other.csv", "id,el2n\n1,0\n0,0\n2,0\n3,0\n4,0\n");
    let message = refusal(&["prune", &other, "--rule", "d2", "--count", "1", "--neighbors", &graph, "-o", &out]);
    assert!(message.contains("row 0 is of id 0, that of the scores of 1; expected the same order"), "{message}");

    let refused = |metric: &str, more: &[&str]| {
        refusal(&[&["distance", &features, "--metric", metric, "-o", &distances], more].concat())
    };
    assert!(refused("class_median_distance", &[]).contains("expected --labels FILE"));
    assert!(refused("prototype_distance", &[]).contains("expected --clusters C"));
    assert!(refused("prototype_distance", &["--clusters", "6"]).contains("n_clusters is 6"));
    assert!(refused("neighbor_distance", &["-k", "5"]).contains("k is 5"));
    assert!(
        refused("class_median_distance", &["--labels", &labels, "--distance", "cosine"]).contains("Euclidean")
    );
    assert!(refused("neighbor_distance", &["--distance", "cosine"]).contains("example 0 is the zero vector"));
    folder.text("distances.csv.json", "{}");
    assert!(refused("neighbor_distance", &[]).contains("describes other scores"));
    assert_eq!(curriculum(&["distance", &features]).status.code(), Some(2));
}

#[test]
fn what_is_wrong_is_told() {
    let folder = Folder::new();
    let (scores, out) = (folder.text("scores.csv", SCORES), folder.path("kept.csv"));
    let refused = |extra: &[&str]| {
        let message = refusal(&[&["prune", &scores, "-o", &out], extra].concat());
        assert!(!Path::new(&out).exists());
        message.replace(&scores, "SCORES")
    };
    let one = ["--rule", "hardest", "--column", "el2n"];
    let with = |extra: &[&str]| refused(&[&one, extra].concat());
    assert_eq!(
        with(&[]),
        "how many examples? expected --keep F, --drop F, --count K or --cost COLUMN --budget TOKENS"
    );
    assert_eq!(with(&["--keep", "1.5"]), "argument keep is 1.5, expected a fraction in (0, 1]");
    assert_eq!(with(&["--drop", "0"]), "argument drop is 0, expected a fraction in (0, 1]");
    assert_eq!(with(&["--count", "5"]), "SCORES: argument count is 5, expected at most the number of examples, 4");
    assert_eq!(
        refused(&["--rule", "hardest", "--count", "1"]),
        "SCORES: 2 columns, expected --column with one of el2n, confidence"
    );
    assert!(
        refused(&["--rule", "hard", "--count", "1"])
            .starts_with("unknown rule \"hard\", expected one of: hardest, ")
    );
    assert_eq!(
        with(&["--count", "1", "--option", "beta=1"]),
        "unknown parameter \"hardest.beta\", expected one of: balance, floor, floor_share"
    );
    assert_eq!(
        with(&["--count", "2", "--option", "balance=equal", "--option", "floor=3"]),
        "SCORES: class 0 has 2 examples, fewer than its floor of 3"
    );
    let labels = folder.text("labels.csv", "id,label\na,0\n");
    assert!(
        with(&["--count", "2", "--option", "balance=equal", "--labels", &labels])
            .ends_with("no label for id b of SCORES, expected one of each example")
    );
    let array = Array::new(vec![3], ArrayData::I64(vec![0, 1, 1])).unwrap();
    write_npy(folder.path("short.npy"), &array).unwrap();
    let short = folder.path("short.npy");
    assert!(
        with(&["--count", "2", "--labels", &short])
            .contains("short.npy: 3 labels for 4 examples of SCORES, expected one each")
    );
    assert!(
        refused(&["--rule", "d2", "--count", "1", "--column", "el2n"]).contains("expected --neighbors FILE.npz")
    );
    let bare = folder.text("bare.csv", "id,el2n\na,0.5\nb,NaN\n");
    let kept = ["prune", &bare, "--rule", "hardest", "--count", "1", "-o", &out];
    assert!(refusal(&kept).contains("el2n of example b is NaN"));
    let bare = folder.text("bare.csv", "id,first_learned\na,5\nb,6\n");
    assert!(refusal(&kept).contains("a high first_learned is neither hard nor easy"));
    let twice = folder.text("twice.csv", "id,el2n\na,0.5\na,0.6\n");
    let kept = ["prune", &twice, "--rule", "hardest", "--count", "1", "-o", &out];
    assert!(refusal(&kept).contains("id a is borne by examples 0 and 1"));
    let unlabelled = folder.text("unlabelled.csv", "id,el2n\na,0.5\nb,0.6\n");
    let kept = ["prune", &unlabelled, "--rule", "stratified-random", "--count", "1", "-o", &out];
    assert!(refusal(&kept).contains("no labels, which stratified-random needs; expected --labels FILE"));
    assert_eq!(bare, folder.path("bare.csv"));
}

#[test]
fn rules_are_listed() {
    let text = printed(&["prune", "--list"]);
    for name in ["hardest", "stratified-random", "ccs", "dual", "d2", "beta: ", "floor_share: "] {
        assert!(text.contains(name), "{name}");
    }
    let json = report(&["prune", "--list"]);
    assert!(json.as_array().unwrap().iter().any(|rule| rule["name"] == "ccs" && rule["nested"] == true));
}

pub(crate) fn study(folder: &Folder) -> String {
    let study = PruneStudy::new("demo", [1, 2, 3], [1.0, 0.5, 0.25]).unwrap().method("hardest");
    let curves = study
        .run(None, None, &Quiet, |run| {
            let gain = if run.method == "hardest" { 0.2 * (run.kept - 0.4) } else { 0.0 };
            let accuracy = 0.9 - 0.1 * (1.0 - run.kept) + gain + run.seed as f64 / 1e3;
            let examples = if run.budget == EqualBudget::Epochs { 1000.0 * run.kept } else { 1000.0 } as u64;
            Ok::<_, String>(PruneOutcome { accuracy, examples, ..PruneOutcome::default() })
        })
        .unwrap();
    folder.text("study.json", serde_json::to_string(&curves).unwrap())
}

#[test]
fn crossovers_are_tabulated_and_drawn() {
    let folder = Folder::new();
    let (study, svg, csv) = (study(&folder), folder.path("curves.svg"), folder.path("curves.csv"));
    let arguments = ["crossover", &study, "-o", &svg, "--csv", &csv];
    let text = printed(&arguments);
    assert!(text.contains("0.400") && text.contains("at equal epochs"), "{text}");
    let json = report(&arguments);
    let hardest: Vec<&Value> =
        json["crossovers"].as_array().unwrap().iter().filter(|one| one["method"] == "hardest").collect();
    assert_eq!(hardest.len(), 2);
    assert!((hardest[0]["at"]["at"].as_f64().unwrap() - 0.4).abs() < 1e-9, "{}", hardest[0]);
    assert!(folder.read("curves.svg").contains("hardest 0.400"));
    let rows = folder.read("curves.csv");
    assert_eq!(rows.lines().count(), 1 + 2 * 3 * 3);
    assert!(rows.lines().any(|row| row.starts_with("epochs,hardest,0.5,")), "{rows}");
    let stratified = report(&[
        "crossover",
        &study,
        "--control",
        "stratified random",
        "--equal",
        "updates",
        "--crossing",
        "stays",
    ]);
    assert_eq!(stratified["crossovers"][0]["at"], "never_below");
}

#[test]
fn what_is_no_prune_study_is_refused() {
    let folder = Folder::new();
    let study = study(&folder);
    assert!(refusal(&["crossover", &study, "--control", "chance"]).contains("unknown method \"chance\""));
    assert!(refusal(&["crossover", &study, "-o", "x.png"]).contains("expected .svg"));
    assert!(refusal(&["crossover", &study, "--level", "1"]).contains("argument level is 1"));
    let many = refusal(&["crossover", &study, "--resamples", "4294967296"]);
    assert!(many.contains("n_resamples is 4294967296, expected from 100 to 10,000,000"), "{many}");
    let broken = folder.text("broken.json", folder.read("study.json").replacen("\"kept\":0.5", "\"kept\":0.6", 1));
    assert!(refusal(&["crossover", &broken]).contains("broken.json"));
    assert!(refusal(&["crossover", &folder.path("none.json")]).contains("none.json"));
}

/// Tokens instead of a number of examples, beside what has been chosen before.
#[test]
fn a_budget_is_spent_in_the_rules_order() {
    let folder = Folder::new();
    let text = "id,el2n,tokens,done\na,0.1,100,\nb,0.4,900,1\nc,0.3,500,-1\nd,0.2,300,-1\ne,0.05,600,\n";
    let (scores, out) = (folder.text("scores.csv", text), folder.path("kept.txt"));
    let base = ["prune", &scores, "--rule", "hardest", "--column", "el2n", "-o", &out];
    let budget = ["--cost", "tokens", "--budget", "1000"];
    let told = report(&[&base[..], &budget].concat());
    // 900, then no 500 and no 300 but the 100.
    assert_eq!(folder.read("kept.txt"), "b\na\n");
    assert_eq!((&told["spent"], &told["left"]), (&1000.0.into(), &0.0.into()));
    // b has a label already.
    let told = report(&[&base[..], &budget, &["--start", "done"]].concat());
    assert_eq!(folder.read("kept.txt"), "c\nd\na\n");
    assert_eq!((&told["n_before"], &told["left"]), (&1.into(), &100.0.into()));
    let before = folder.text("before.txt", "b\nc\n");
    let csv = folder.path("kept.csv");
    report(&[
        "prune", &scores, "--rule", "hardest", "--column", "el2n", "-o", &csv, "--start", &before, "--count", "1",
    ]);
    assert!(
        folder.read("kept.csv").contains("b,0,chosen before\nc,0,chosen before\nd,1,"),
        "{}",
        folder.read("kept.csv")
    );
    let printed = printed(&[&base[..], &budget].concat());
    assert!(printed.contains("1000 of the budget spent, 0 left"), "{printed}");
    let message = refusal(&[&base[..], &["--cost", "tokens", "--budget", "99"]].concat());
    assert!(
        message.contains("scores.csv: argument budget is 99, expected at least the cheapest, 100"),
        "{message}"
    );
    let negative = folder.text("negative.csv", text.replace("500", "-500"));
    let base = ["prune", &negative, "--rule", "hardest", "--column", "el2n", "-o", &out];
    let message = refusal(&[&base[..], &budget].concat());
    assert!(
        message.contains("negative.csv: line 4, column `tokens`: \"-500\", expected a number of at least 0"),
        "{message}"
    );
    let unknown = folder.text("unknown.txt", "b\nx\n");
    let base = ["prune", &scores, "--rule", "hardest", "--column", "el2n", "-o", &out, "--count", "1"];
    let message = refusal(&[&base[..], &["--start", &unknown]].concat());
    assert!(message.contains("unknown.txt: line 2: id x, expected one of "), "{message}");
}

/// DUAL draws by weight; of what has none it takes where nothing else is left, and says so.
#[test]
fn what_has_no_weight_is_told() {
    let folder = Folder::new();
    let text = "id,dual,confidence\na,0,0.5\nb,0.3,0.5\nc,0,0.5\nd,0.2,0.5\n";
    let (scores, out) = (folder.text("scores.csv", text), folder.path("kept.txt"));
    let base = ["prune", &scores, "--rule", "dual", "--column", "dual", "-o", &out, "--count"];
    assert_eq!(report(&[&base[..], &["2"]].concat())["n_of_weight_zero"], 0);
    assert_eq!(report(&[&base[..], &["3"]].concat())["n_of_weight_zero"], 1);
    assert!(printed(&[&base[..], &["3"]].concat()).contains("1 of those kept have weight 0"));
}
