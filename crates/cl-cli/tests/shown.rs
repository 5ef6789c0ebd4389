//! What files and arguments hold is shown, never obeyed: ids, classes, columns, names of files and of methods that
//! would steer a terminal, in every command that shows any of them.

use std::process::{Command, Output};

use cl_data::io::{Array, ArrayData, write_npz};

use super::support::Folder;

/// Sets the title of a terminal, clears it, goes to the line's start, forges a message, turns the text around, and more.
const HOSTILE: &str =
    "a\u{1b}]0;title\u{7}\u{1b}[2J\r\nerror: forged \u{202e}cba\u{2066}\u{85}\u{9b}2J\u{8}\t\u{7f}\u{200b}b";

/// The same in a name of a file.
const FILE: &str = "f\u{1b}]0;title\u{7}\u{1b}[2J\r\nerror: forged \u{202e}\u{2066}\u{85}\u{9b}2J\u{7f}";

/// [`HOSTILE`], and what no argument can hold.
fn hostile() -> String {
    format!("{HOSTILE}\0")
}

/// Whether a character must not reach a terminal.
fn steers(character: char) -> bool {
    let format = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character != '\n' && (character.is_control() || format)
}

/// As CSV has it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn harmless(text: &str, arguments: &[&str]) {
    assert!(!text.contains(steers), "{arguments:?}: {text:?}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("error: forged")), "{arguments:?}: {text}");
}

/// Runs a command, of which both streams are for people, and returns what it said.
#[track_caller]
fn told(exit: i32, arguments: &[&str]) -> String {
    let output = run(arguments);
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {stderr:?}");
    harmless(&stdout, arguments);
    harmless(&stderr, arguments);
    stdout + &stderr
}

/// The same, of which standard output is a result.
#[track_caller]
fn result(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = run(arguments);
    let told = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{arguments:?}: {told:?}");
    harmless(&told, arguments);
    String::from_utf8(stdout).unwrap()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curriculum")).args(arguments).output().unwrap()
}

/// The same in text and in JSON; what the JSON report says is what there is.
#[track_caller]
fn told_twice(arguments: &[&str]) -> (String, serde_json::Value) {
    let report = result(&[arguments, &["--json"]].concat());
    harmless(&report, arguments);
    (told(0, arguments), serde_json::from_str(&report).unwrap())
}

/// An XML parser takes it, and it holds nothing that steers.
#[track_caller]
fn drawn(path: &str) {
    let svg = std::fs::read_to_string(path).unwrap();
    roxmltree::Document::parse(&svg).unwrap();
    assert!(!svg.contains(steers) && svg.contains("\\u{1b}"), "{svg}");
}

/// Of three examples with ids, labels and two columns of scores.
fn scores() -> String {
    let (id, column) = (quoted(&hostile()), quoted(&format!("el2n {}", hostile())));
    format!("id,label,el2n,{column},confidence\n{id},0,0.1,3,0.9\n\"{HOSTILE}2\",1,0.4,2,0.6\nc,0,0.3,1,0.7\n")
}

/// Two epochs of two examples, of which the second is told by the network to be of the other's class.
fn log() -> String {
    let mut rows = String::new();
    for epoch in 0..2 {
        for (id, label, logits) in [("1", "", "3,-1"), ("2", "", "2.5,-1"), ("3", "x", "-1,3"), ("4", "x", "5,-5")]
        {
            let (id, label) = (json(&(hostile() + id)), json(&(hostile() + label)));
            rows += &format!("{{\"id\":{id},\"epoch\":{epoch},\"label\":{label},\"logits\":[{logits}]}}\n");
        }
    }
    rows
}

#[test]
fn inspect() {
    let folder = Folder::new();
    let table = folder.text(
        &format!("{FILE}.csv"),
        format!("id,{},class\n1,x,{1}\n2,y,{1}\n3,z,b\n", quoted(&hostile()), quoted(HOSTILE)),
    );
    let (text, json) = told_twice(&["inspect", &table, "--label", "class"]);
    assert!(text.contains("a\\u{1b}]0;title\\u{7}\\u{1b}[2J\\r\\nerror: forged"), "{text}");
    assert!(json.to_string().contains(&json_of(&hostile())));
    told(1, &["inspect", &table, "--label", HOSTILE]);
    told(1, &["inspect", &folder.path(&format!("none{FILE}"))]);
    let log = folder.text("log.jsonl", log());
    let (text, json) = told_twice(&["inspect", &log]);
    assert!(text.contains("ids: ") && json["log"]["first_ids"][0].as_str().unwrap() == hostile() + "1");
    let array = folder.path("archive.npz");
    write_npz(&array, [(HOSTILE, &Array::new(vec![1], ArrayData::F64(vec![1.0])).unwrap())]).unwrap();
    told_twice(&["inspect", &array]);
    told(1, &["inspect", &folder.text("broken.csv", format!("id,{}\n1,2\n3\n", quoted(HOSTILE)))]);
}

fn json_of(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[test]
fn score_noise_and_map() {
    let folder = Folder::new();
    let log = folder.text(&format!("{FILE}.jsonl"), log());
    let [out, svg] = [format!("{FILE}.csv"), format!("{FILE}.svg")].map(|name| folder.path(&name));
    told_twice(&["score", &log, "--metric", "el2n", "-o", &out]);
    let rows = std::fs::read_to_string(&out).unwrap();
    assert!(rows.contains(&(quoted(&(hostile() + "1")) + ",0,")), "{rows}");
    assert_eq!(result(&["score", &log, "--metric", "el2n", "-o", "-"]), rows);
    let (text, _) = told_twice(&["noise", &log, "-o", &folder.path("issues.csv")]);
    assert!(text.contains("issues of lowest") && text.contains("\\u{202e}cba"), "{text}");
    told_twice(&["map", &log, "-o", &svg]);
    drawn(&svg);
    let score = ["score", &log, "-o", &out];
    assert!(told(1, &[&score[..], &["--metric", HOSTILE]].concat()).contains("forged"));
    assert!(told(2, &[&score[..], &["--metric", "el2n", "--option", HOSTILE]].concat()).contains("--option"));
    for extra in [
        ["--option", "el2n.FILE=1"],
        ["--labels", FILE],
        ["--epoch-column", HOSTILE],
        ["--classes", "a,b"],
        ["--classes", FILE],
        ["--outputs-column", HOSTILE],
    ] {
        told(1, &[&score[..], &["--metric", "el2n"], &extra].concat());
    }
    let twice = std::fs::read_to_string(&log).unwrap();
    let twice = folder.text("twice.jsonl", format!("{twice}{}\n", twice.lines().next().unwrap()));
    assert!(told(1, &["score", &twice, "--metric", "el2n", "-o", &out]).contains("\\u{1b}]0;title"));
    told(0, &["score", &twice, "--metric", "el2n", "--duplicates", "first", "-o", &out]);
    // Runs, and a file that is left out.
    let runs = log_of_runs();
    let runs = folder.text("runs.jsonl", runs);
    told_twice(&["score", &runs, "--metric", "el2n", "-o", &out]);
    told_twice(&["inspect", &runs]);
    std::fs::create_dir(folder.path("log")).unwrap();
    folder.text("log/epoch_0.jsonl", "{\"id\":1,\"loss\":1}\n{\"id\":2,\"loss\":2}\n");
    folder.text(&format!("log/{FILE}.txt"), "no log");
    let directory = folder.path("log");
    told(0, &["score", &directory, "--metric", "loss_mean", "-o", &out]);
    told_twice(&["inspect", &directory]);
}

fn log_of_runs() -> String {
    let of_run = |run: &str| log().replace("{\"id\"", &format!("{{\"run\":{},\"id\"", json(&(hostile() + run))));
    of_run("1") + &of_run("2")
}

#[test]
fn agree() {
    let folder = Folder::new();
    let [a, b] = ["a", "b"].map(|name| folder.text(&format!("{name}{FILE}.csv"), scores()));
    let svg = folder.path("agreement.svg");
    let (text, json) = told_twice(&["agree", &a, &b, "--high-is", "hard", "-o", &svg]);
    assert!(text.contains("el2n a\\u{1b}]0;"), "{text}");
    assert!(
        json["columns"].as_array().unwrap().iter().any(|column| column["metric"] == format!("el2n {}", hostile()))
    );
    drawn(&svg);
    told(1, &["agree", &a, &b, "--metric", HOSTILE]);
    told(1, &["agree", &a, &folder.text("other.csv", "id,el2n\nz,1\n")]);
}

#[test]
fn prune_order_and_weights() {
    let folder = Folder::new();
    let scores = folder.text(&format!("{FILE}.csv"), scores());
    let column = format!("el2n {HOSTILE}");
    let kept = folder.path(&format!("{FILE}.jsonl"));
    let rule = ["prune", &scores, "--count", "2", "--rule", "hardest"];
    told_twice(&[&rule[..], &["--column", "el2n", "-o", &kept]].concat());
    // Data stays what it is.
    let rows = result(&[&rule[..], &["--column", "el2n", "--output-format", "csv", "-o", "-"]].concat());
    assert!(rows.contains(&quoted(&hostile())), "{rows}");
    let ids = result(&[
        "prune",
        &folder.text("ids.csv", "id,el2n\n=1+1\u{202e}\u{1b}[2J,1\n@b,2\n"),
        "--count",
        "2",
        "--rule",
        "hardest",
        "-o",
        "-",
    ]);
    assert_eq!(ids, "@b\n=1+1\u{202e}\u{1b}[2J\n");
    told(1, &[&rule[..], &["--column", "el2n", "-o", &folder.path("ids")]].concat());
    told(1, &[&rule[..], &["--column", &column, "-o", &kept]].concat());
    told(1, &[&rule[..], &["--column", "el2n", "--labels", FILE, "-o", &kept]].concat());
    told(1, &["prune", &scores, "--count", "2", "--rule", HOSTILE, "--column", "el2n", "-o", &kept]);
    let twice = folder.text("twice.csv", format!("id,el2n\n{0},1\n{0},2\n", quoted(HOSTILE)));
    told(1, &["prune", &twice, "--count", "1", "--rule", "hardest", "-o", &kept]);
    let text = folder.text("text.csv", format!("id,el2n\n1,{0}\n2,{0}\n", quoted(HOSTILE)));
    told(1, &["prune", &text, "--count", "1", "--rule", "hardest", "-o", &kept]);
    let labels = folder.text("labels.csv", format!("id,label\n{},0\n", quoted(HOSTILE)));
    told(1, &[&rule[..], &["--column", "el2n", "--labels", &labels, "-o", &kept]].concat());

    let order = ["order", &scores, "--batch-size", "2", "--steps", "0..2", "-o", &kept];
    told_twice(&[&order[..], &["--column", "el2n"]].concat());
    let paced = ["--column", "el2n", "--pacing", "linear", "--a", "1", "--b", "0.5", "--total-steps", "2"];
    told_twice(&[&order[..], &["--high-is", "hard"], &paced].concat());
    for extra in [["--column", HOSTILE], ["--pacing", HOSTILE], ["--order", HOSTILE], ["--sampler", HOSTILE]] {
        told(1, &[&order[..], &extra].concat());
    }
    told(1, &[&order[..], &["--column", "el2n", "--exposure", FILE]].concat());

    let weights = ["weights", &scores, "--weighting", "linear", "-o", &kept];
    told_twice(&[&weights[..], &["--column", "el2n", "--param", "lambda=0.5"]].concat());
    for extra in
        [["--column", HOSTILE], ["--param", &format!("{HOSTILE}=1")], ["--param", &format!("lambda={HOSTILE}")]]
    {
        told(1, &[&weights[..], &extra].concat());
    }
}

#[test]
fn distance_and_coreset() {
    let folder = Folder::new();
    let features = folder.path(&format!("{FILE}.npz"));
    let values = Array::new(vec![3, 2], ArrayData::F64(vec![0.0, 0.0, 1.0, 0.0, 0.0, 3.0])).unwrap();
    let ids =
        Array::new(vec![3], cl_data::io::ids_data(&[HOSTILE.into(), format!("{HOSTILE}2"), "c".into()])).unwrap();
    write_npz(&features, [("features", &values), ("ids", &ids)]).unwrap();
    let [out, graph] = [format!("{FILE}.csv"), format!("{FILE}2.npz")].map(|name| folder.path(&name));
    let distance = ["distance", &features, "--metric", "neighbor_distance", "-k", "1", "-o", &out];
    told_twice(&[&distance[..], &["--neighbors", &graph]].concat());
    let labels = folder.text(&format!("{FILE}l.csv"), format!("id,label\n{0},0\n{0},1\n", quoted(HOSTILE)));
    told(1, &[&distance[..], &["--labels", &labels]].concat());
    told(2, &["distance", &features, "--metric", HOSTILE, "-o", &out]);

    let coreset = ["coreset", &features, "--method", "feature-based", "--count", "1"];
    told_twice(&[&coreset[..], &["-o", &out]].concat());
    told_twice(&[&coreset[..], &["--part", &out, "-o", &folder.path("second.csv")]].concat());
    let part = folder.text(&format!("{FILE}p.csv"), format!("id\n{}\n", quoted(&(hostile() + "none"))));
    told(1, &[&coreset[..], &["--part", &part, "-o", &out]].concat());
    let part = folder.text(&format!("{FILE}q.csv"), format!("index\n{}\n", quoted(&hostile())));
    told(1, &[&coreset[..], &["--part", &part, "-o", &out]].concat());
    told(1, &["coreset", &features, "--method", HOSTILE, "--count", "1", "-o", &out]);
    told(1, &[&coreset[..], &["--option", &format!("{HOSTILE}=1"), "-o", &out]].concat());
}

#[test]
fn schedule_and_crossover() {
    let folder = Folder::new();
    let [out, svg] = [format!("{FILE}.csv"), format!("{FILE}.svg")].map(|name| folder.path(&name));
    let schedule = ["schedule", "-n", "10", "--steps", "10", "-o", &out];
    told_twice(&[&schedule[..], &["--pacing", "linear", "--a", "0.5", "--b", "0.1", "--plot", &svg]].concat());
    told(1, &[&schedule[..], &["--pacing", HOSTILE]].concat());
    told(1, &[&schedule[..], &["--pacing", "linear", "--a", HOSTILE]].concat());
    let study = super::prune::study(&folder);
    let text = std::fs::read_to_string(study)
        .unwrap()
        .replace("\"hardest\"", &json(&hostile()))
        .replace("\"demo\"", &json(&hostile()));
    let study = folder.text(&format!("{FILE}.json"), text);
    let (text, _) = told_twice(&["crossover", &study, "-o", &svg, "--csv", &out]);
    assert!(text.contains("\\u{1b}]0;title"), "{text}");
    drawn(&svg);
    told(1, &["crossover", &study, "--control", HOSTILE]);
    told(1, &["crossover", &folder.text("broken.json", format!("{{{}: 1}}", json(&hostile())))]);
}

/// clap quotes what it does not take, with colours of its own where these are wanted.
#[test]
fn arguments() {
    let inspect = ["inspect", "x.csv"];
    for arguments in [
        &[HOSTILE][..],
        &["formats", HOSTILE],
        &["completions", HOSTILE],
        &["schedule", "--steps", HOSTILE],
        &["inspect", &format!("--{HOSTILE}"), "x.csv"],
        &["inspect", "x.csv", "--separator", HOSTILE],
        &["inspect", "x.csv", "--format", HOSTILE],
        &["order", "x.csv", "--steps", HOSTILE],
        &["score", "x.csv", "--nan", HOSTILE],
    ] {
        assert!(
            told(2, arguments).contains("\\u{1b}]0;title\\u{7}\\u{1b}[2J\\r\\nerror: forged"),
            "{arguments:?}"
        );
        let mut coloured = Command::new(env!("CARGO_BIN_EXE_curriculum"));
        let output = coloured.args(arguments).env("CLICOLOR_FORCE", "1").output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("\u{1b}[1m"), "{text:?}");
        // Ours are of colours and weights alone.
        let rest =
            text.split("\u{1b}[").map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
        let rest: String = rest.map(|part| part.strip_prefix('m').unwrap_or(part)).collect();
        harmless(&rest, arguments);
    }
    let mut wrong = Command::new(env!("CARGO_BIN_EXE_curriculum"));
    let output = wrong.args(inspect).env("CURRICULUM_INSTRUCTIONS", HOSTILE).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && text.contains("forged"), "{text}");
    harmless(&text, &inspect);
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let broken = std::ffi::OsStr::from_bytes(b"x\xff\x1b[2J");
    for arguments in [&["schedule", "--pacing"][..], &["inspect"], &["formats"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_curriculum"));
        let output = command.args(arguments).arg(broken).output().unwrap();
        assert!(matches!(output.status.code(), Some(1 | 2)));
        harmless(&String::from_utf8(output.stderr).unwrap(), arguments);
    }
}

#[test]
fn a_long_id_does_not_flood() {
    let folder = Folder::new();
    for id in ["0123456789".repeat(100_000), "option `a` ".repeat(100_000)] {
        let twice = folder.text("twice.csv", format!("id,el2n\n{0},1\n{0},2\n", quoted(&id)));
        let text = told(1, &["prune", &twice, "--count", "1", "--rule", "hardest", "-o", "-"]);
        assert!(text.contains("twice.csv") && text.contains("...") && text.len() < 5000, "{text}");
        let label = folder.text("label.csv", format!("id,label\n1,{}\n", quoted(&id)));
        let text = told(0, &["inspect", &label, "--label", "label"]);
        assert!(text.len() < 5000, "{text}");
    }
}
