use cl_data::io::ArrayData;
use cl_difficulty::{kendall, spearman};
use serde_json::json;

use super::{DYNAMICS, Dynamics, Folder, closed_pipe, csv, curriculum, refusal, report};

fn scores(folder: &Folder, name: &str, metric: &str) -> String {
    let out = folder.path(name);
    report(&["score", DYNAMICS, "--metric", metric, "-o", &out]);
    out
}

#[test]
fn the_matrix_is_that_of_the_columns_as_difficulties() {
    let folder = Folder::new();
    let file = scores(&folder, "scores.csv", "el2n,confidence,forgetting,forgetting_events");
    let columns = csv(&file);
    let (el2n, confidence, forgetting) = (&columns[2].1, &columns[3].1, &columns[4].1);
    let hard: Vec<f64> = confidence.iter().map(|value| -value).collect();
    let figure = folder.path("agreement.svg");
    let found = report(&["agree", &file, "-o", &figure, "--top-k", "0.2"]);
    // What is no difficulty is left out.
    let names: Vec<_> = found["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(names, ["el2n", "confidence", "forgetting"]);
    assert_eq!(found["columns"][1]["negated"], true);
    let value = |a: usize, b: usize| found["matrix"][a][b].as_f64();
    assert_eq!(value(0, 1), spearman(el2n, &hard).unwrap());
    assert_eq!(value(1, 2), spearman(&hard, forgetting).unwrap());
    assert_eq!((value(2, 1), value(0, 0)), (value(1, 2), Some(1.0)));
    let interval = &found["pairs"][0]["interval"];
    let (low, high) = (interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap());
    assert!(low < value(0, 1).unwrap() && value(0, 1).unwrap() < high);
    assert!(found["pairs"][0]["overlap"].as_f64().is_some_and(|overlap| (0.0..=1.0).contains(&overlap)));
    let svg = std::fs::read_to_string(figure).unwrap();
    assert!(svg.contains("Spearman") && svg.contains("forgetting"));
    let found =
        report(&["agree", &file, "--method", "kendall", "--metric", "el2n,forgetting", "--resamples", "0"]);
    assert_eq!(found["matrix"][0][1].as_f64(), kendall(el2n, forgetting).unwrap());
    assert_eq!(found["pairs"][0]["interval"], json!(null));
    // Named, it is compared as it stands.
    let found = report(&["agree", &file, "--metric", "el2n,forgetting_events"]);
    assert_eq!(found["columns"][1]["negated"], false);
    let text = String::from_utf8(curriculum(&["agree", &file]).stdout).unwrap();
    assert!(
        text.contains("negated, so that high is hard: confidence") && text.contains("95 % interval"),
        "{text}"
    );
    assert_eq!(closed_pipe(&["agree", &file]), (Some(0), String::new()));
}

#[test]
fn rows_join_by_id_whatever_the_file() {
    let folder = Folder::new();
    let file = scores(&folder, "a.csv", "el2n");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    lines[1..].reverse();
    let reversed = folder.text("b.csv", lines.join("\n"));
    let archive = scores(&folder, "c.npz", "el2n");
    let array = scores(&folder, "d.npy", "el2n");
    let found = report(&["agree", &reversed, &file, &archive]);
    assert_eq!(found["matrix"], json!([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]));
    assert_eq!(found["columns"][2]["name"], "el2n (c)");
    // A `.npy` file has no ids, and the order of the data that it belongs to.
    let found = report(&["agree", &array, &file, &archive]);
    assert_eq!(found["matrix"][0], json!([1.0, 1.0, 1.0]));
    assert!(refusal(&["agree", &array, &reversed]).contains("d.npy: of data with fingerprint "));
    let foreign = "id,length\n".to_owned()
        + &lines[1..]
            .iter()
            .map(|line| {
                let id = line.split(',').next().unwrap();
                format!("{id},{}\n", id.len())
            })
            .collect::<String>();
    let foreign = folder.text("e.csv", &foreign);
    let found = report(&["agree", &foreign, &file]);
    let direction = json!({"high_is": "hard", "from": "name"});
    assert_eq!(
        found["columns"][0],
        json!({"name": "length", "metric": "length", "file": foreign, "negated": false, "direction": direction})
    );
    assert_eq!(found["columns"][1]["direction"]["from"], "sidecar");
}

#[test]
fn other_data_are_refused() {
    let folder = Folder::new();
    let file = scores(&folder, "a.csv", "el2n,aum");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = |name: &str, from: &str, to: &str| folder.text(name, text.replacen(from, to, 1));
    // The fixture's first example has id 0.
    let label = Dynamics::read().labels[0];
    let id = changed("b.csv", &format!("\n0,{label},"), &format!("\n999,{label},"));
    let found = report(&["agree", &file, &id, "--metric", "el2n", "--resamples", "0"]);
    let of = |file: &str| json!({"file": file, "n_examples": 39, "of": 40});
    assert_eq!((&found["n_examples"], &found["common"]), (&json!(39), &json!([of(&file), of(&id)])));
    let other = changed("c.csv", &format!("\n0,{label},"), &format!("\n0,{},", label + 1));
    let message = refusal(&["agree", &file, &other]);
    let said = format!("c.csv: label {} of id 0, expected {label} as in ", label + 1);
    assert!(message.contains(&said), "{message}");
    let rows: Vec<_> = text.lines().take(10).collect();
    let one = folder.text("d.csv", rows[..2].join("\n"));
    assert!(refusal(&["agree", &file, &one]).contains("d.csv: 1 examples in common with "));
    let foreign = folder.text("d.csv", "id,el2n\nx,1\ny,2\n");
    assert!(refusal(&["agree", &file, &foreign]).contains("expected at least 2: other data"));
    let twice = folder.text("e.csv", format!("{text}{}\n", rows[3]));
    assert!(refusal(&["agree", &file, &twice]).contains("is borne by examples 2 and 40"));
    // Edited beside its sidecar.
    changed("a.csv", &format!("\n0,{label},"), &format!("\n0,{},", label + 1));
    assert!(refusal(&["agree", &file, &file]).contains("they belong to other data"));
}

#[test]
fn bad_files_and_arguments() {
    let folder = Folder::new();
    let read = |text: &str| refusal(&["agree", &folder.text("x.csv", text), "--high-is", "hard"]);
    assert!(read("").contains("line 1: the file is empty"));
    assert!(read("id,a\n1,0.5\n2,high\n").contains("line 3, column `a`: \"high\", expected a number"));
    assert!(read("id,a\n1,0.5\n2,nan\n").contains("a of example 2 is NaN"));
    assert!(read("id,a,a\n1,0.5,1\n").contains("column `a` occurs twice"));
    assert!(read("id,a\n").contains("0 examples"));
    assert!(read("id,label\n1,0\n").contains("no column of scores"));
    assert!(read("id,a\n1,0.5\n").contains("1 columns to compare, expected at least 2"));
    assert!(read("id,text\n1,cat\n").contains("line 2, column `text`: \"cat\", expected a number"));
    let bare = folder.npy("bare.npy", &[2], ArrayData::F64(vec![0.0, 1.0]));
    assert!(refusal(&["agree", &bare]).contains("has no ids, expected"));
    let file = folder.text("y.csv", "id,a,b\n1,0.5,1\n2,0.7,1\n");
    // Nothing tells which way they point.
    assert!(refusal(&["agree", &file]).contains("which way does column `a` point?"));
    let found = report(&["agree", &file, "--high-is", "hard"]);
    assert_eq!(found["matrix"], json!([[1.0, null], [null, null]]));
    assert_eq!(found["columns"][0]["direction"], json!({"high_is": "hard", "from": "--high-is"}));
    let wide: Vec<String> = (0..300).map(|at| format!("loss_{at}")).collect();
    let wide = folder.text("wide.csv", format!("id,{}\n1,{}\n", wide.join(","), vec!["1"; 300].join(",")));
    assert!(
        refusal(&["agree", &wide])
            .contains("300 columns to compare, expected at most 256, or --metric to name some")
    );
    assert_eq!(refusal(&["agree", &file, "--metric", "c"]), "--metric: no file has a column `c`");
    assert_eq!(refusal(&["agree", &file, "--top-k", "1.5"]), "--top-k is 1.5, expected a share in (0, 1]");
    assert!(refusal(&["agree", &file, "--high-is", "hard", "--level", "95"]).contains("argument level is 95"));
    let many = refusal(&["agree", &file, "--high-is", "hard", "--resamples", "4294967296"]);
    assert!(many.contains("n_resamples is 4294967296, expected from 1 to 10,000,000"), "{many}");
    assert!(refusal(&["agree", &file, "-o", &folder.path("m.png")]).ends_with("expected .svg"));
    assert_eq!(curriculum(&["agree"]).status.code(), Some(2));
    assert_eq!(curriculum(&["agree", &file, "--method", "pearson"]).status.code(), Some(2));
}

/// Columns of texts are left out and told, filtered rows are told.
#[test]
fn what_is_left_out_is_told() {
    let folder = Folder::new();
    let file = scores(&folder, "a.csv", "el2n,aum");
    let text = std::fs::read_to_string(&file).unwrap();
    let with_names = |(row, line): (usize, &str)| format!("{line},{}\n", if row == 0 { "name" } else { "x" });
    std::fs::write(&file, text.lines().enumerate().map(with_names).take(31).collect::<String>()).unwrap();
    let found = report(&["agree", &file]);
    assert_eq!(found["left_out"], json!(["name"]));
    assert_eq!(found["parts"], json!([{"file": file, "n_examples": 30, "of": 40}]));
    let text = String::from_utf8(curriculum(&["agree", &file]).stdout).unwrap();
    assert!(text.contains("30 of 40 examples of its sidecar, not checked against it"), "{text}");
    assert!(text.contains("aum: high is easy (as the JSON file beside the scores says)"), "{text}");
}

#[test]
fn a_part_is_compared_with_the_whole() {
    let folder = Folder::new();
    let whole = folder.text("whole.csv", "id,gold,loss\na,cat,1\nb,dog,2\nc,dog,3\nd,emu,4\n");
    let part = folder.text("part.csv", "id,gold,el2n\nd,emu,4\nx,emu,9\nb,dog,1\nc,dog,2\n");
    let found = report(&["agree", &whole, &part, "--resamples", "0"]);
    assert_eq!((&found["n_examples"], &found["pairs"][0]["value"]), (&json!(3), &json!(1.0)));
    let text = String::from_utf8(curriculum(&["agree", &whole, &part]).stdout).unwrap();
    assert!(text.contains("whole.csv: 3 of its 4 examples are in all files"), "{text}");
    let other = folder.text("other.csv", "id,gold,el2n\nb,dog,1\nc,emu,2\n");
    let message = refusal(&["agree", &whole, &other]);
    assert!(message.contains("other.csv: label emu of id c, expected dog as in "), "{message}");
    // By its places a part is not found in the whole.
    let [all, some] =
        [("all.csv", "loss\n1\n2\n3\n"), ("some.csv", "el2n\n1\n2\n")].map(|(name, text)| folder.text(name, text));
    let message = refusal(&["agree", &all, &some]);
    assert!(message.contains("some.csv: 2 examples without ids, expected the 3 of"), "{message}");
    // Three files, of which no two lack the same.
    let [a, b, c] = [("a.csv", [0, 1, 2]), ("b.csv", [1, 2, 3]), ("c.csv", [2, 3, 1])].map(|(name, ids)| {
        folder.text(name, format!("id,loss\n{}", ids.map(|id| format!("{id},{}\n", id * id)).concat()))
    });
    let found = report(&["agree", &a, &b, &c, "--resamples", "0"]);
    assert_eq!((&found["n_examples"], &found["matrix"][0]), (&json!(2), &json!([1.0, 1.0, 1.0])));
}
