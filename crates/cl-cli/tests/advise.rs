//! `curriculum advise`, its files, and the commands that it names.

#[path = "../../cl-lab/tests/schema/mod.rs"]
mod schema;

use std::path::Path;
use std::process::{Command, Output};

use cl_data::io::ArrayData;
use serde_json::Value;

use crate::support::{Folder, curriculum, printed, refusal};
use schema::Schema;

/// Runs a line as a shell has it, in a folder.
fn in_shell(line: &str, folder: &Path) -> Output {
    let command = line.strip_prefix("curriculum ").unwrap();
    let program = env!("CARGO_BIN_EXE_curriculum");
    Command::new("sh").args(["-c", &format!("'{program}' {command}")]).current_dir(folder).output().unwrap()
}

fn read(path: &str) -> Value {
    let advice: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let problems = Schema::read("advise-1.json").problems(&advice);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    advice
}

#[test]
fn advice_is_written_and_its_commands_run() {
    let folder = Folder::new();
    // A name that a shell would take apart.
    let rows: String = (0..150)
        .map(|at| {
            let x = |k: usize| ((at * k) % 211) as f64 / 105.0 - 1.0;
            let class = if x(37) + x(53) > 0.0 { "up" } else { "it's down" };
            format!("e{at},{},{},{},{class}\n", x(37), x(53), x(71))
        })
        .collect();
    let data = folder.text("my data.csv", format!("id,a,b,c,class\n{rows}"));
    let [json, again] = ["advice.json", "again.json"].map(|name| folder.path(name));
    let page = printed(&["advise", &data, "--label", "class", "--time-limit", "15s", "--json", &json]);
    for title in
        ["Class balance", "Duplicates", "Label noise", "Forgetting", "How much can go", "Order", "Commands"]
    {
        assert!(page.contains(title), "{page}");
    }
    let advice = read(&json);
    // What the page has of numbers, the JSON has: its lines are broken, its facts are not.
    let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = flat.as_str();
    for fact in advice["facts"].as_array().unwrap() {
        let text = fact["text"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        let (before, after) = rest.split_once(&text).unwrap_or_else(|| panic!("{fact} is not in {rest}"));
        assert!(!before.contains(|character: char| character.is_ascii_digit()), "{before:?} is no fact");
        rest = after;
    }
    assert!(!rest.contains(|character: char| character.is_ascii_digit()), "{rest:?} is no fact");

    let lines: Vec<&str> =
        advice["commands"].as_array().unwrap().iter().map(|command| command["line"].as_str().unwrap()).collect();
    assert!(lines.len() >= 4 && lines[0].contains("my data.csv'"), "{lines:?}");
    for line in &lines {
        // Nobody waits for all of it here.
        let line =
            line.replace("--time-limit 10m", "--time-limit 20s").replace("--seeds 40", "--seeds 6 --budget 2");
        let output = in_shell(&line, folder.0.path());
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for name in ["suspects.csv", "difficulty.csv", "held-out.npz", "issues.csv", "order.csv"] {
        assert!(Path::new(&folder.path(name)).exists(), "{name}");
    }
    let difficulty = std::fs::read_to_string(folder.path("difficulty.csv")).unwrap();
    assert_eq!((difficulty.lines().count(), difficulty.lines().next()), (151, Some("id,loss")));
    let suspects = std::fs::read_to_string(folder.path("suspects.csv")).unwrap();
    assert_eq!(suspects.lines().next(), Some("id,given,suggested,margin,self_confidence"));

    // The plan of it can be followed.
    printed(&["advise", &data, "--label", "class", "--plan", &json, "--json", &again]);
    let again = read(&again);
    for part in ["balance", "duplicates", "noise", "suspects", "forgetting", "keep"] {
        assert_eq!(again[part], advice[part], "{part}");
    }
}

#[test]
fn logs_and_scores_tell_what_they_tell() {
    let folder = Folder::new();
    let scores: String = (0..40).map(|at| format!("e{at},{}\n", at * 7 % 40)).collect();
    let scores = folder.text("own.csv", format!("id,el2n\n{scores}"));
    let json = folder.path("advice.json");
    printed(&["advise", "--scores", &scores, "--json", &json]);
    let advice = read(&json);
    assert_eq!(advice["scores"]["distinct"], 40);
    assert_eq!(advice["order"]["best"], Value::Null);
    let run_all = |advice: &Value| {
        for command in advice["commands"].as_array().unwrap() {
            let output = in_shell(command["line"].as_str().unwrap(), folder.0.path());
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        }
    };
    run_all(&advice);

    let logits: Vec<f32> = (0..3 * 60 * 2).map(|at| ((at * 31) % 17) as f32 / 4.0).collect();
    std::fs::create_dir(folder.path("log")).unwrap();
    folder.npy("log/labels.npy", &[60], ArrayData::I64((0..60).map(|at| at % 2).collect()));
    for (epoch, logits) in logits.chunks_exact(120).enumerate() {
        folder.npy(&format!("log/epoch_{epoch}.npy"), &[60, 2], ArrayData::F32(logits.to_vec()));
    }
    printed(&["advise", "--dynamics", &folder.path("log"), "--json", &json]);
    let advice = read(&json);
    assert_eq!((&advice["log"]["epochs"], &advice["forgetting"]["from"]), (&3.into(), &"log".into()));
    run_all(&advice);

    // JSON on standard output is JSON alone.
    let output = curriculum(&["advise", "--scores", &scores, "--json", "-"]);
    assert!(output.status.success() && !output.stderr.is_empty());
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["command"], "advise");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let folder = Folder::new();
    let scores = folder.text("scores.csv", "id,el2n\na,1\nb,2\n");
    assert!(refusal(&["advise", "--scores", &scores, "--suspects", "suspects.txt"]).contains("expected .csv"));
    let difficulty = folder.path("difficulty.csv");
    assert!(refusal(&["advise", "--scores", &scores, "--difficulty", &difficulty]).contains("expected DATA"));
    assert!(refusal(&["advise", "iris", "--plan", &scores]).contains("scores.csv"));
    let output = curriculum(&["advise", "iris", "--margin", "0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("argument margin is 0, expected"));
    assert_eq!(curriculum(&["advise"]).status.code(), Some(2));
    assert_eq!(curriculum(&["advise", "--scores", &scores, "--json", &scores]).status.code(), Some(2));
}
