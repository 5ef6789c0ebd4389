//! Tables of scores as trainers write them, by the commands that read them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cl_data::io::{Array, ArrayData, write_npy};
use parquet::basic::{BrotliLevel, Compression, GzipLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};

use super::support::{Folder, curriculum, printed, refusal, report};

const N: usize = 50;

/// Perplexities, all different.
fn perplexity(at: usize) -> f64 {
    1.0 + (at * 37 % N) as f64 / 8.0
}

/// The ids of the hardest half.
fn hardest() -> Vec<String> {
    let mut order: Vec<usize> = (0..N).collect();
    order.sort_by(|&a, &b| perplexity(b).total_cmp(&perplexity(a)));
    order[..N / 2].iter().map(|at| format!("doc-{at}")).collect()
}

fn rows(separator: &str, decimal: &str, end: &str) -> String {
    let row = |at: usize| format!("doc-{at}{separator}{}{end}", perplexity(at).to_string().replace('.', decimal));
    (0..N).map(row).collect()
}

fn prune(file: &str, more: &[&str]) -> Vec<String> {
    let fixed = ["prune", file, "--keep", "0.5", "--rule", "hardest", "--column", "perplexity", "-o", "-"];
    printed(&[&fixed, more].concat()).lines().map(str::to_owned).collect()
}

/// A Parquet file of ids, dates, decimals and perplexities.
fn write_parquet(path: &str, compression: Compression) {
    let schema = "message scores { required byte_array id (utf8); required int32 day (date);
        required int64 price (decimal(10, 2)); optional double gap; required double perplexity; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut file = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    for half in [0..N / 2, N / 2..N] {
        let mut group = file.next_row_group().unwrap();
        let ids: Vec<ByteArray> = half.clone().map(|at| ByteArray::from(&*format!("doc-{at}"))).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&ids, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(&vec![20_000; half.len()], None, None).unwrap();
        column.close().unwrap();
        let prices: Vec<i64> = half.clone().map(|at| 100 + 25 * at as i64).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&prices, None, None).unwrap();
        column.close().unwrap();
        let levels: Vec<i16> = half.clone().map(|at| i16::from(at % 2 == 0)).collect();
        let gaps: Vec<f64> = half.clone().filter(|at| at % 2 == 0).map(|at| at as f64).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(&gaps, Some(&levels), None).unwrap();
        column.close().unwrap();
        let values: Vec<f64> = half.map(perplexity).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    file.close().unwrap();
}

#[test]
fn every_dialect_keeps_the_same() {
    let folder = Folder::new();
    let index: String =
        rows(",", ".", "\n").lines().enumerate().map(|(at, row)| format!("{at},{row}\n")).collect();
    let lines: String =
        (0..N).map(|at| format!("{{\"id\":\"doc-{at}\",\"perplexity\":{}}}\n", perplexity(at))).collect();
    for (name, text, more) in [
        ("plain.csv", format!("id,perplexity\n{}", rows(",", ".", "\n")), &[][..]),
        ("pandas_index.csv", format!(",id,perplexity\n{index}"), &[]),
        ("semicolon_comma.csv", format!("id;perplexity\n{}", rows(";", ",", "\n")), &["--decimal", ","]),
        ("tab.tsv", format!("id\tperplexity\n{}", rows("\t", ".", "\n")), &[]),
        ("told.txt", format!("id|perplexity\n{}", rows("|", ".", "\n")), &["--separator", "|", "--format", "csv"]),
        ("bom_crlf.csv", format!("\u{feff}id,perplexity\r\n{}", rows(",", ".", "\r\n")), &[]),
        ("rows.jsonl", lines, &[]),
    ] {
        assert_eq!(prune(&folder.text(name, text), more), hardest(), "{name}");
    }
    for (name, compression) in [
        ("plain", Compression::UNCOMPRESSED),
        ("snappy", Compression::SNAPPY),
        ("gzip", Compression::GZIP(GzipLevel::default())),
        ("brotli", Compression::BROTLI(BrotliLevel::default())),
        ("lz4", Compression::LZ4_RAW),
    ] {
        let path = folder.path(name);
        write_parquet(&path, compression);
        assert_eq!(prune(&path, &[]), hardest(), "{name}");
    }
    // Columns that are no scores are told when they are asked for; decimals are numbers.
    let parquet = folder.path("plain");
    let of = |column: &str| {
        let fixed = ["prune", &parquet, "--count", "1", "--rule", "hardest", "-o", "-", "--high-is", "hard"];
        curriculum(&[&fixed[..], &["--column", column]].concat())
    };
    assert_eq!(String::from_utf8(of("price").stdout).unwrap(), "doc-49\n");
    let message = String::from_utf8(of("day").stderr).unwrap();
    assert!(message.contains("row 0, column `day`: dates, expected numbers or texts"), "{message}");
    let message = String::from_utf8(of("gap").stderr).unwrap();
    assert!(message.contains("row 1, column `gap`: empty, expected a number"), "{message}");
}

#[test]
fn the_report_says_which_way_a_column_was_read() {
    let folder = Folder::new();
    let file = folder.text("s.csv", "id,perplexity,aum,aum_seed1,mystery\na,1,2,3,4\nb,2,1,2,3\n");
    let out = folder.path("kept.txt");
    let direction = |column: &str, more: &[&str]| {
        let fixed = ["prune", &file, "--count", "1", "--rule", "hardest", "-o", &out, "--column", column];
        let found = report(&[&fixed[..], more].concat())["direction"].clone();
        (found, std::fs::read_to_string(&out).unwrap())
    };
    let read = |high_is: &str, from: &str| json!({"high_is": high_is, "from": from});
    assert_eq!(direction("perplexity", &[]), (read("hard", "name"), "b\n".into()));
    assert_eq!(direction("aum", &[]), (read("easy", "metric"), "b\n".into()));
    assert_eq!(direction("aum_seed1", &[]), (read("easy", "name"), "b\n".into()));
    assert_eq!(direction("mystery", &["--high-is", "easy"]), (read("easy", "--high-is"), "b\n".into()));
    let unknown =
        refusal(&["prune", &file, "--count", "1", "--rule", "hardest", "-o", &out, "--column", "mystery"]);
    assert!(
        unknown.contains("column `mystery` point?") && unknown.contains("expected --high-is hard or easy"),
        "{unknown}"
    );
    let array = folder.path("s.npy");
    let order = ["order", &file, "--batch-size", "1", "--steps", "0..1", "--column", "aum", "-o", &array];
    assert_eq!(report(&order)["columns"], json!([{"name": "aum", "direction": read("easy", "metric")}]));
    assert!(printed(&order).contains("aum: high is easy (as the metric defines it)"));
    let values = vec![1.0, 2.0, 3.0, f64::NEG_INFINITY];
    write_npy(&array, &Array::new(vec![4], ArrayData::F64(values)).unwrap()).unwrap();
    let hardest = ["prune", &array, "--keep", "0.5", "--rule", "hardest", "-o", &out];
    assert!(refusal(&hardest).contains("element 3: difficulty of example 3 is -inf"));
    write_npy(&array, &Array::new(vec![2], ArrayData::F64(vec![1.0, 2.0])).unwrap()).unwrap();
    assert_eq!(report(&hardest)["direction"], read("hard", "convention"));
}

#[test]
fn filtered_and_sorted_tables_go_with_their_sidecar() {
    let folder = Folder::new();
    let dynamics = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dynamics.npz");
    let scores = folder.path("scores.csv");
    printed(&["score", dynamics, "--metric", "aum", "-o", &scores]);
    let text = std::fs::read_to_string(&scores).unwrap();
    let hardest = ["prune", &scores, "--count", "10", "--rule", "hardest", "-o", "-"];
    let expected = printed(&hardest);
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    folder.text("scores.csv", lines.join("\n"));
    assert_eq!(printed(&hardest), expected);
    folder.text("scores.csv", lines[..31].join("\n"));
    let told = String::from_utf8(curriculum(&hardest).stderr).unwrap();
    assert!(told.contains("30 of 40 examples of its sidecar") && told.contains("high is easy"), "{told}");
    folder.text("scores.csv", format!("{text}12345,0,0.5\n"));
    assert!(refusal(&hardest).contains("41 examples") && refusal(&hardest).contains("other data"));
}

#[test]
fn tables_of_all_formats_are_inspected() {
    let folder = Folder::new();
    let semicolon = folder.text("s.csv", "id;loss\na;0,5\nb;1,5\n");
    let found = report(&["inspect", &semicolon, "--decimal", ","]);
    assert_eq!((&found["format"], &found["n_rows"]), (&json!("CSV"), &json!(2)));
    assert_eq!((&found["parts"][1]["name"], &found["parts"][1]["mean"]), (&json!("loss"), &json!(1.0)));
    let lines = "{\"id\":\"a\",\"loss\":1,\"gold\":\"x\",\"p\":[0.5,0.5]}\n{\"id\":\"a\",\"loss\":null,\"gold\":\"y\",\"p\":[1]}\n";
    let found = report(&["inspect", &folder.text("rows", lines), "--label", "gold"]);
    assert_eq!((&found["format"], &found["n_duplicate_ids"]), (&json!("JSON lines"), &json!(1)));
    let types: Vec<_> = found["parts"].as_array().unwrap().iter().map(|part| &part["type"]).collect();
    assert_eq!(types, ["text", "integer", "text", "list of numbers"]);
    assert_eq!((&found["parts"][1]["n_empty"], &found["parts"][3]["max"]), (&json!(1), &json!(1.0)));
    assert_eq!(found["parts"][2]["values"][1], json!({"value": "y", "count": 1}));
    let parquet = folder.path("s.parquet");
    write_parquet(&parquet, Compression::SNAPPY);
    let found = report(&["inspect", &parquet]);
    assert_eq!((&found["format"], &found["n_rows"]), (&json!("Parquet"), &json!(N)));
    let types: Vec<_> = found["parts"].as_array().unwrap().iter().map(|part| &part["type"]).collect();
    assert_eq!(types, ["text", "dates", "number", "number", "number"]);
    assert_eq!((&found["parts"][2]["min"], &found["parts"][3]["n_empty"]), (&json!(1.0), &json!(N / 2)));
    let names: Vec<String> = (0..1500).map(|at| format!("c{at}")).collect();
    let wide = folder.text("wide.csv", format!("id,{}\na,{}\n", names.join(","), vec!["1"; 1500].join(",")));
    let text = printed(&["inspect", &wide]);
    assert!(text.contains("c998") && !text.contains("c1000") && text.contains("and 501 more"), "{}", text.len());
    assert_eq!(report(&["inspect", &wide])["parts"].as_array().unwrap().len(), 1501);
}

#[test]
fn tables_are_written_in_every_format() {
    let folder = Folder::new();
    let dynamics = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dynamics.npz");
    let csv = folder.path("s.csv");
    let score = ["score", dynamics, "--metric", "el2n,aum,never_learned", "-o"];
    printed(&[&score[..], &[&csv]].concat());
    let kept = |file: &str| {
        printed(&["prune", file, "--count", "12", "--rule", "hardest", "--column", "el2n", "-o", "-"])
    };
    let expected = kept(&csv);
    for name in ["s.jsonl", "s.parquet", "s.npz"] {
        let file = folder.path(name);
        printed(&[&score[..], &[&file]].concat());
        assert_eq!(kept(&file), expected, "{name}");
        assert!(Path::new(&format!("{file}.json")).exists());
    }
    // Rows of a selection, of an order and of weights as JSON lines.
    let out = folder.path("kept.jsonl");
    let line = |arguments: &[&str]| -> Value {
        printed(arguments);
        serde_json::from_str(std::fs::read_to_string(&out).unwrap().lines().next().unwrap()).unwrap()
    };
    let losses = folder.text("l.csv", "id,loss\n\"a, b\",0.5\nc,2\n");
    let first = line(&["prune", &losses, "--count", "1", "--rule", "easiest", "-o", &out]);
    assert_eq!((&first["id"], &first["kept"]), (&json!("a, b"), &json!(1)));
    let first =
        line(&["order", &losses, "--batch-size", "2", "--steps", "0..1", "--order", "hard-first", "-o", &out]);
    assert_eq!(first["step"], 0);
    let weigh = ["weights", &losses, "--weighting", "hard", "--param", "lambda=1", "-o", &out];
    assert_eq!(line(&weigh), json!({"id": "a, b", "loss": 0.5, "weight": 1}));
}

#[test]
fn labels_that_are_no_classes_matter_only_where_they_are_needed() {
    let folder = Folder::new();
    let file = folder.text("s.csv", "id,target,loss\na,0.5,1\nb,0.7,2\n");
    let prune = ["prune", &file, "--count", "1", "--rule", "hardest", "-o", "-"];
    let output = curriculum(&prune);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "b\n");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("note: labels are not used: ") && told.contains("line 2, column `target`"), "{told}");
    let message = refusal(&[&prune[..], &["--quiet", "--option", "balance=equal"]].concat());
    assert!(message.contains("line 2, column `target`: label 0.5"), "{message}");
    // A file of labels is read as the scores are, and a told format says nothing of an array.
    let scores = folder.text("s.csv", "who|loss\na|1\nb|2\n");
    let labels = folder.text("l.csv", "who|label\nb|1\na|0\n");
    let told = ["--separator", "|", "--id-column", "who", "--labels"];
    let kept = folder.path("kept.txt");
    let prune_told = ["prune", &scores, "--count", "1", "--rule", "hardest", "-o", &kept];
    let found = report(&[&prune_told[..], &told, &[&labels]].concat());
    assert_eq!(found["classes"][1], json!({"class": 1, "size": 1, "n_kept": 1}));
    let message = refusal(&["prune", &scores, "--count", "1", "--rule", "hardest", "-o", &kept]);
    assert!(message.contains("; --separator reads others than , ; and tabs, such as |"), "{message}");
    // Texts are classes by their order.
    let file = folder.text("t.csv", "id,gold,loss\na,dog,1\nb,cat,2\nc,dog,3\n");
    let found = report(&["prune", &file, "--count", "2", "--rule", "hardest", "-o", &folder.path("kept.txt")]);
    assert_eq!(found["classes"][1], json!({"class": 1, "size": 2, "n_kept": 1}));
}

/// A list searched for each of 100,000 columns would take minutes.
#[test]
fn wide_tables_are_read_in_time_that_grows_with_their_cells() {
    let folder = Folder::new();
    let n = 100_000;
    let names: String = (0..n).map(|at| format!(",c{at}")).collect();
    let row: String = (0..n).map(|at| format!(",{at}")).collect();
    let wide = folder.text("wide.csv", format!("id{names}\na{row}\nb{row}\n"));
    let start = Instant::now();
    assert!(printed(&["inspect", &wide]).contains("wide.csv: CSV, 2 rows"));
    let hardest = ["prune", &wide, "--keep", "0.5", "--rule", "hardest", "--column", "c1", "-o", "-"];
    assert_eq!(printed(&[&hardest[..], &["--high-is", "hard"]].concat()).lines().count(), 1);
    assert!(refusal(&hardest).contains("which way does column `c1` point?"));
    assert!(refusal(&["agree", &wide]).contains("100000 columns to compare"));
    let missing = refusal(&["prune", &wide, "--keep", "0.5", "--rule", "hardest", "-o", "-"]);
    assert!(missing.contains("c19 and 99980 more"), "{missing}");
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn outputs_are_named_as_they_were_asked_for() {
    let folder = Folder::new();
    let scores = folder.text("s.csv", "id,loss\na,1\nb,2\n");
    let prune = ["prune", &scores, "--count", "1", "--rule", "hardest", "-o"];
    let missing = folder.path("not there/kept.csv");
    let message = refusal(&[&prune[..], &[&missing]].concat());
    assert!(message.starts_with(&format!("{missing}: ")) && !message.contains(".partial"), "{message}");
    let weights = ["weights", &scores, "--weighting", "hard", "--param", "lambda=1", "-o"];
    let score =
        ["score", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dynamics.npz"), "--metric", "aum", "-o"];
    for command in [&prune[..], &weights, &score] {
        for name in ["out.csv.gz", "out.jsonl.zst"] {
            let message = refusal(&[command, &[&folder.path(name)]].concat());
            assert!(message.contains(&format!("{name}: outputs are not compressed, expected .")), "{message}");
        }
    }
}
