//! Commands over files, each file of which may be damaged.

use std::path::Path;

use super::data::{Array, Cell, Data, Form, Packed, Table, Values, study};
use super::{measured, reading};

/// A command, what it reads and what it writes.
pub(super) struct Command {
    pub(super) line: &'static str,
    pub(super) files: Vec<File>,
    /// What it writes; without any its standard output counts.
    pub(super) outputs: &'static [&'static str],
}

/// A file that a command reads.
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) data: Data,
    pub(super) form: Form,
    pub(super) packed: Packed,
    /// Whether it is one of those that are damaged.
    pub(super) is_damaged: bool,
    pub(super) id: Option<&'static str>,
    pub(super) numbers: &'static [&'static str],
    pub(super) label: Option<&'static str>,
    /// The classes that labels may be of.
    n_classes: Option<i64>,
    /// Whether +inf is a number that may be used.
    may_be_infinite: bool,
}

const N: usize = 24;
const C: usize = 3;
const E: usize = 4;

impl File {
    fn new(name: &'static str, data: Data, form: Form) -> Self {
        let (id, label, packed) = (None, None, Packed::No);
        Self {
            name,
            data,
            form,
            packed,
            is_damaged: true,
            id,
            numbers: &[],
            label,
            n_classes: None,
            may_be_infinite: false,
        }
    }

    fn ids(self, id: &'static str) -> Self {
        Self { id: Some(id), ..self }
    }

    fn numbers(self, numbers: &'static [&'static str]) -> Self {
        Self { numbers, ..self }
    }

    fn labels(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }

    fn of_classes(self, n: usize) -> Self {
        Self { n_classes: Some(n as i64), ..self }
    }

    fn infinite(self) -> Self {
        Self { may_be_infinite: true, ..self }
    }

    fn packed(self, packed: Packed) -> Self {
        Self { packed, ..self }
    }

    /// The same beside one that is damaged.
    fn whole(self) -> Self {
        Self { is_damaged: false, ..self }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.packed.pack(&self.data.written(self.form))
    }

    /// Why a command that uses this must refuse it, whatever else it holds.
    pub(super) fn refused(&self, data: &Data) -> Option<String> {
        match data {
            Data::Table(table) => self.refused_table(table),
            Data::Array(array) => self.refused_array("", array),
            Data::Archive(members) => members.iter().find_map(|(name, array)| self.refused_array(name, array)),
            _ => None,
        }
    }

    fn refused_table(&self, table: &Table) -> Option<String> {
        let cells = |name: &str| {
            let at = table.column(name)?;
            Some(table.rows.iter().map(move |row| &row[at]))
        };
        for name in self.numbers {
            for cell in cells(name)? {
                let numbers = match cell {
                    Cell::List(list) => list.clone(),
                    cell => match list_of(&cell.text()) {
                        Some(list) => list,
                        None => vec![cell.number().unwrap_or(f64::NAN)],
                    },
                };
                if numbers.iter().any(|&value| !self.is_allowed(value)) {
                    return Some(format!("{name} is {}", cell.text()));
                }
            }
        }
        let label = self.label.zip(self.n_classes).and_then(|(name, n)| Some((cells(name)?, n)));
        if let Some((mut labels, n)) = label {
            let wrong = |cell: &&Cell| {
                let flag = ["True", "true", "TRUE", "False", "false", "FALSE"].contains(&&*cell.text());
                let class = cell.number();
                !flag && !class.is_some_and(|class| class.fract() == 0.0 && (0.0..n as f64).contains(&class))
            };
            if let Some(cell) = labels.find(wrong) {
                return Some(format!("a label is {:?}", cell.text()));
            }
        }
        // Of a log rows of several epochs have the same id.
        if let Some(ids) = self.id.filter(|_| table.column("epoch").is_none()).and_then(cells) {
            let mut ids: Vec<String> = ids.map(Cell::text).collect();
            if ids.iter().any(String::is_empty) {
                return Some("an id is empty".into());
            }
            ids.sort();
            if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
                return Some(format!("id {} is there twice", pair[0]));
            }
        }
        None
    }

    fn refused_array(&self, name: &str, array: &Array) -> Option<String> {
        if self.numbers.contains(&name)
            && let Some(&value) = array.numbers().iter().find(|&&value| !self.is_allowed(value))
        {
            return Some(format!("a number is {value}"));
        }
        if self.label == Some(name) && array.shape.len() == 1 && !matches!(array.values, Values::Texts(_)) {
            let n = self.n_classes.unwrap_or(i64::MAX) as f64;
            let wrong = |class: &&f64| !(class.fract() == 0.0 && (0.0..n).contains(*class));
            if let Some(class) = array.numbers().iter().find(wrong) {
                return Some(format!("a label is {class}"));
            }
        }
        if self.id == Some(name) {
            let mut ids = array.texts();
            ids.sort();
            if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
                return Some(format!("id {} is there twice", pair[0]));
            }
        }
        None
    }

    fn is_allowed(&self, value: f64) -> bool {
        value.is_finite() || value == f64::INFINITY && self.may_be_infinite
    }
}

fn list_of(text: &str) -> Option<Vec<f64>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    inner.split(',').map(|part| part.trim().parse().ok()).collect()
}

// What the files hold.

fn logit(epoch: usize, example: usize, class: usize) -> f64 {
    let learned = if example.is_multiple_of(5) { 0.2 } else { 1.0 };
    let right = if class == example % C { 1.5 * learned * epoch as f64 } else { 0.0 };
    f64::from((((epoch * 31 + example * 7 + class * 13) % 23) as f32) / 8.0 - 1.0 + right as f32)
}

fn logits(shape: &[usize]) -> Array {
    let values = (0..E).flat_map(|e| (0..N).flat_map(move |i| (0..C).map(move |k| logit(e, i, k))));
    Array { shape: shape.to_vec(), values: Values::Singles(values.collect()) }
}

fn probabilities() -> Array {
    let mut values = Vec::new();
    for epoch in 0..E {
        for example in 0..N {
            let row: Vec<f64> = (0..C).map(|class| logit(epoch, example, class).exp()).collect();
            let sum: f64 = row.iter().sum();
            values.extend(row.iter().map(|value| value / sum));
        }
    }
    Array { shape: vec![E, N, C], values: Values::Doubles(values) }
}

fn epoch(epoch: usize) -> Array {
    let values = (0..N).flat_map(|i| (0..C).map(move |k| logit(epoch, i, k))).collect();
    Array { shape: vec![N, C], values: Values::Singles(values) }
}

fn integers(values: impl IntoIterator<Item = i64>) -> Array {
    let values: Vec<i64> = values.into_iter().collect();
    Array { shape: vec![values.len()], values: Values::Integers(values) }
}

fn doubles(shape: &[usize], value: impl Fn(usize) -> f64) -> Array {
    let n = shape.iter().product();
    Array { shape: shape.to_vec(), values: Values::Doubles((0..n).map(value).collect()) }
}

fn classes() -> Array {
    integers((0..N as i64).map(|i| i % C as i64))
}

fn id(example: usize) -> String {
    format!("e{example}")
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn number(value: f64) -> Cell {
    Cell::Number(value)
}

fn score(example: usize, salt: usize) -> f64 {
    ((example * 37 + salt * 11) % 101) as f64 / 16.0
}

fn scores() -> Data {
    let row = |i| vec![text(id(i)), number((i % C) as f64), number(score(i, 1)), number(score(i, 2))];
    Data::Table(Table::new(&["id", "label", "el2n", "aum"], (0..N).map(row)))
}

fn score_members() -> Data {
    let members = [
        ("ids", integers(100..100 + N as i64)),
        ("labels", classes()),
        ("el2n", doubles(&[N], |i| score(i, 1))),
        ("aum", doubles(&[N], |i| score(i, 2))),
    ];
    Data::Archive(members.map(|(name, array)| (name.to_owned(), array)).to_vec())
}

fn label_table(named: bool) -> Data {
    let name = |i: usize| if named { id(i) } else { i.to_string() };
    Data::Table(Table::new(&["id", "label"], (0..N).map(|i| vec![text(name(i)), number((i % C) as f64)])))
}

/// A log by rows: a column per class.
fn rows_of_log() -> Data {
    let row = |(e, i): (usize, usize)| {
        let mut row = vec![text(id(i)), number(e as f64), number((i % C) as f64)];
        row.extend((0..C).map(|k| number(logit(e, i, k))));
        row
    };
    let rows = (0..E).flat_map(|e| (0..N).map(move |i| (e, i))).map(row);
    Data::Table(Table::new(&["id", "epoch", "label", "logit_0", "logit_1", "logit_2"], rows))
}

/// The same with lists.
fn lists_of_log() -> Data {
    let row = |(e, i): (usize, usize)| {
        let list = (0..C).map(|k| logit(e, i, k)).collect();
        vec![text(id(i)), number(e as f64), number((i % C) as f64), Cell::List(list)]
    };
    let rows = (0..E).flat_map(|e| (0..N).map(move |i| (e, i))).map(row);
    Data::Table(Table::new(&["id", "epoch", "label", "logits"], rows))
}

fn named_log() -> Data {
    let row = |(e, i): (usize, usize)| {
        let list = (0..C).map(|k| logit(e, i, k)).collect();
        vec![text(id(i)), number(e as f64), text(["cat", "dog", "emu"][i % C]), Cell::List(list)]
    };
    let rows = (0..E).flat_map(|e| (0..N).map(move |i| (e, i))).map(row);
    Data::Table(Table::new(&["id", "epoch", "label", "logits"], rows))
}

fn cartography(e: usize) -> Data {
    let row = |i| {
        let list = (0..C).map(|k| logit(e, i, k)).collect();
        vec![number(i as f64), Cell::List(list), number((i % C) as f64)]
    };
    let names = [["guid", "logits_epoch_0", "gold"], ["guid", "logits_epoch_1", "gold"]][e];
    Data::Table(Table::new(&names, (0..N).map(row)))
}

fn losses_of_log() -> Data {
    let row = |(e, i): (usize, usize)| vec![text(id(i)), number(e as f64), number(score(i, e) / 4.0)];
    let rows = (0..E).flat_map(|e| (0..N).map(move |i| (e, i))).map(row);
    Data::Table(Table::new(&["id", "epoch", "loss"], rows))
}

fn dynamics() -> Data {
    let members = [("logits", logits(&[E, N, C])), ("labels", classes()), ("ids", integers(100..100 + N as i64))];
    Data::Archive(members.map(|(name, array)| (name.to_owned(), array)).to_vec())
}

fn features() -> Array {
    let value = |at: usize| f64::from(((at * 29 + at * at * 3) % 61) as f32 / 16.0);
    let values = Values::Singles((0..N * 4).map(value).collect());
    Array { shape: vec![N, 4], values }
}

fn feature_members() -> Data {
    Data::Archive(vec![("features".into(), features()), ("ids".into(), integers(100..100 + N as i64))])
}

fn neighbours() -> Data {
    let indices = Array {
        shape: vec![N, 2],
        values: Values::Integers((0..N).flat_map(|i| [(i + 1) % N, (i + 5) % N]).map(|i| i as i64).collect()),
    };
    Data::Archive(vec![("indices".into(), indices), ("distances".into(), doubles(&[N, 2], |at| score(at, 3)))])
}

/// Scores and their sidecar, as the command writes them.
fn with_sidecar(numbers: &'static [&'static str]) -> [File; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let data = dynamics();
    std::fs::write(path("d.npz"), data.written(Form::Npz)).unwrap();
    let line = "score d.npz --metric el2n,aum,forgetting -o s.csv";
    let ended = measured::run(folder.path(), &arguments(line));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let read = |path: &Path, form| reading::read(&std::fs::read(path).unwrap(), form).unwrap();
    let scores =
        File::new("s.csv", read(&path("s.csv"), Form::Csv), Form::Csv).ids("id").numbers(numbers).infinite();
    [scores, File::new("s.csv.json", read(&path("s.csv.json"), Form::Json), Form::Json)]
}

/// A command line as words.
pub(super) fn arguments(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn array(name: &'static str, array: Array) -> File {
    File::new(name, Data::Array(array), Form::Npy)
}

fn table_of_scores(name: &'static str, form: Form) -> File {
    File::new(name, scores(), form).ids("id").numbers(&["el2n"]).labels("label")
}

fn log_of_rows(name: &'static str, form: Form) -> File {
    let data = if matches!(form, Form::JsonLines | Form::JsonArray) { lists_of_log() } else { rows_of_log() };
    let numbers: &[&str] = if data == rows_of_log() { &["logit_0", "logit_1", "logit_2"] } else { &["logits"] };
    File::new(name, data, form).ids("id").numbers(numbers).labels("label").of_classes(C)
}

fn archive_of_log(name: &'static str) -> File {
    File::new(name, dynamics(), Form::Npz).ids("ids").numbers(&["logits"]).labels("labels").of_classes(C)
}

fn labels(name: &'static str) -> File {
    array(name, classes()).labels("").of_classes(C)
}

fn labels_by_id(name: &'static str, named: bool) -> File {
    File::new(name, label_table(named), Form::Csv).ids("id").labels("label").of_classes(C)
}

fn losses() -> File {
    array("l.npy", doubles(&[N], |i| score(i, 1))).numbers(&[""])
}

fn log_of_epochs() -> Vec<File> {
    const NAMES: [&str; E] = ["run/logits_0.npy", "run/logits_1.npy", "run/logits_2.npy", "run/logits_3.npy"];
    let mut files: Vec<File> = (0..E).map(|e| array(NAMES[e], epoch(e)).numbers(&[""])).collect();
    files[2].is_damaged = false;
    files[3].is_damaged = false;
    files.push(labels("run/labels.npy"));
    files.push(array("run/ids.npy", integers(100..100 + N as i64)).ids(""));
    files
}

fn study_file(name: &'static str) -> File {
    File::new(name, Data::Json(study()), Form::Json)
}

fn command(line: &'static str, files: impl Into<Vec<File>>, outputs: &'static [&'static str]) -> Command {
    Command { line, files: files.into(), outputs }
}

/// All that is damaged.
pub(super) fn commands() -> Vec<Command> {
    let tree = |name, form| File::new(name, scores(), form);
    let features_file = || array("f.npy", features()).numbers(&[""]);
    let orders = |order: &str| match order {
        "ids" => array("ids.npy", integers(500..500 + N as i64)).ids(""),
        _ => array("p.npy", integers((0..N as i64).map(|i| i * 7 % N as i64))).ids(""),
    };
    let part = |rows: Vec<i64>| {
        Data::Table(Table::new(&["index", "rank"], rows.into_iter().map(|i| vec![number(i as f64), number(0.0)])))
    };
    let second = || {
        let mut file = archive_of_log("second.npz");
        if let Data::Archive(members) = &mut file.data {
            members[0].1 = Array {
                values: Values::Singles(logits(&[E, N, C]).numbers().iter().rev().copied().collect()),
                ..logits(&[E, N, C])
            };
        }
        file
    };
    vec![
        // What a file holds.
        command("inspect s.csv --json", [tree("s.csv", Form::Csv)], &[]),
        command("inspect s.csv --label label --json", [tree("s.csv", Form::Csv)], &[]),
        command("inspect s.tsv --json", [tree("s.tsv", Form::Tsv)], &[]),
        command("inspect s.csv.gz --json", [tree("s.csv.gz", Form::Csv).packed(Packed::Gzip)], &[]),
        command("inspect s.jsonl --json", [tree("s.jsonl", Form::JsonLines)], &[]),
        command(
            "inspect s.jsonl.zst --json",
            [tree("s.jsonl.zst", Form::JsonLines).packed(Packed::Zstandard)],
            &[],
        ),
        command("inspect s.parquet --json", [tree("s.parquet", Form::Parquet)], &[]),
        command("inspect a.npy --json", [array("a.npy", features())], &[]),
        command("inspect a.npy.gz --json", [array("a.npy.gz", classes()).packed(Packed::Gzip)], &[]),
        command("inspect d.npz --json", [File::new("d.npz", dynamics(), Form::Npz)], &[]),
        command(
            "inspect images-idx3-ubyte --json",
            [File::new("images-idx3-ubyte", Data::Idx(vec![5, 4, 3], (0..60).collect()), Form::Idx)],
            &[],
        ),
        command(
            "inspect images-idx3-ubyte.gz --json",
            [File::new("images-idx3-ubyte.gz", Data::Idx(vec![5, 4, 3], (0..60).collect()), Form::Idx)
                .packed(Packed::Gzip)],
            &[],
        ),
        command(
            "inspect batch.bin --json",
            [File::new(
                "batch.bin",
                Data::Cifar((0..2 * 3073).map(|at| (at % 3073 % 251 % 9) as u8).collect()),
                Form::Cifar,
            )],
            &[],
        ),
        // Logs.
        command("score d.npz --metric all -o out.csv", [archive_of_log("d.npz")], &["out.csv", "out.csv.json"]),
        command(
            "score d.npz --metric el2n,aum -o out.npz",
            [archive_of_log("d.npz")],
            &["out.npz", "out.npz.json"],
        ),
        command(
            "score l.npy --labels labels.npy --metric all -o out.npz",
            [array("l.npy", logits(&[E, N, C])).numbers(&[""]), labels("labels.npy")],
            &["out.npz", "out.npz.json"],
        ),
        command(
            "score l.npy --labels labels.csv --metric el2n,forgetting -o out.csv",
            [array("l.npy", logits(&[E, N, C])).numbers(&[""]).whole(), labels_by_id("labels.csv", false)],
            &["out.csv", "out.csv.json"],
        ),
        command("score run --metric all -o out.csv", log_of_epochs(), &["out.csv", "out.csv.json"]),
        command(
            "score run --by examples --block 7 --metric el2n,tdds --option tdds.epochs=4 --option tdds.window=2 -o out.csv",
            log_of_epochs(),
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score log.csv --metric all -o out.csv",
            [log_of_rows("log.csv", Form::Csv)],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score log.tsv.gz --metric el2n -o out.csv",
            [log_of_rows("log.tsv.gz", Form::Tsv).packed(Packed::Gzip)],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score log.jsonl --metric all -o out.csv",
            [log_of_rows("log.jsonl", Form::JsonLines)],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score log.json --metric el2n,aum -o out.csv",
            [log_of_rows("log.json", Form::JsonArray)],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score log.jsonl.zst --metric el2n -o out.csv",
            [log_of_rows("log.jsonl.zst", Form::JsonLines).packed(Packed::Zstandard)],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score log.parquet --metric el2n,aum -o out.csv",
            [log_of_rows("log.parquet", Form::Parquet)],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score log.jsonl --labels labels.csv --metric el2n -o out.csv",
            [log_of_rows("log.jsonl", Form::JsonLines).whole(), labels_by_id("labels.csv", true)],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score carto --metric el2n,confidence -o out.csv",
            [
                File::new("carto/dynamics_epoch_0.jsonl", cartography(0), Form::JsonLines)
                    .ids("guid")
                    .numbers(&["logits_epoch_0"])
                    .labels("gold")
                    .of_classes(C),
                File::new("carto/dynamics_epoch_1.jsonl", cartography(1), Form::JsonLines)
                    .ids("guid")
                    .numbers(&["logits_epoch_1"])
                    .labels("gold")
                    .of_classes(C),
            ],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score tdds --metric el2n,aum -o out.csv",
            [
                array("tdds/0_Output.npy", epoch(0)).numbers(&[""]),
                array("tdds/1_Output.npy", epoch(1)).numbers(&[""]),
                array("tdds/0_Index.npy", integers((0..N as i64).map(|i| i * 7 % N as i64))).ids(""),
                array("tdds/1_Index.npy", integers((0..N as i64).map(|i| i * 5 % N as i64))).ids(""),
                labels("tdds/labels.npy"),
            ],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score d.npz --second-split second.npz --metric second_split_forgetting -o out.csv",
            [archive_of_log("d.npz").whole(), second()],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score d.npz second.npz --metric el2n -o out.csv",
            [archive_of_log("d.npz"), second()],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score log.jsonl --classes classes.txt --metric el2n -o out.csv",
            [
                File::new("log.jsonl", named_log(), Form::JsonLines).ids("id").numbers(&["logits"]),
                File::new(
                    "classes.txt",
                    Data::Lines(["emu", "cat", "dog"].map(str::to_owned).to_vec()),
                    Form::Lines,
                ),
            ],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score losses.npy --metric all -o out.csv",
            [array("losses.npy", doubles(&[E, N], |at| score(at, 2))).numbers(&[""])],
            &["out.csv", "out.csv.json"],
        ),
        command(
            "score losses.csv --metric all -o out.csv",
            [File::new("losses.csv", losses_of_log(), Form::Csv).ids("id").numbers(&["loss"])],
            &["out.csv", "out.csv.json"],
        ),
        command("map d.npz -o map.svg", [archive_of_log("d.npz")], &["map.svg"]),
        command("noise d.npz -o issues.csv", [archive_of_log("d.npz")], &["issues.csv"]),
        command(
            "noise probs.npy --labels labels.npy -o issues.csv",
            [array("probs.npy", probabilities()).numbers(&[""]), labels("labels.npy")],
            &["issues.csv"],
        ),
        // Features.
        command(
            "distance f.npy --metric class_median_distance --labels labels.npy -o out.csv",
            [features_file(), array("labels.npy", classes()).labels("")],
            &["out.csv"],
        ),
        command(
            "distance f.npz --metric neighbor_distance,kth_neighbor_distance -k 3 -o out.npz --neighbors g.npz",
            [File::new("f.npz", feature_members(), Form::Npz).ids("ids").numbers(&["features"])],
            &["out.npz", "g.npz"],
        ),
        command(
            "distance f.npy --metric neighbor_disagreement --labels labels.csv --ids ids.npy -o out.csv",
            [
                features_file().whole(),
                File::new(
                    "labels.csv",
                    Data::Table(Table::new(
                        &["id", "label"],
                        (0..N).map(|i| vec![text((500 + i).to_string()), number((i % C) as f64)]),
                    )),
                    Form::Csv,
                )
                .ids("id")
                .labels("label"),
                orders("ids"),
            ],
            &["out.csv"],
        ),
        command("coreset f.npy --method k-center --count 5 --start 0 -o out.csv", [features_file()], &["out.csv"]),
        command(
            "coreset f.npz --method facility-location --count 5 -o out.npz",
            [File::new("f.npz", feature_members(), Form::Npz).ids("ids").numbers(&["features"])],
            &["out.npz"],
        ),
        command(
            "coreset f.npy --method craig --labels labels.npy --ids ids.npy --count 6 -o out.csv",
            [features_file().whole(), array("labels.npy", classes()).labels(""), orders("ids")],
            &["out.csv"],
        ),
        command(
            "coreset f.npy --method glister --validation v.npy --count 5 -o out.csv",
            [
                features_file(),
                array(
                    "v.npy",
                    Array { shape: vec![3, 4], values: Values::Doubles((0..12).map(|at| score(at, 4)).collect()) },
                )
                .numbers(&[""]),
            ],
            &["out.csv"],
        ),
        command(
            "coreset f.npy --method k-center --rows 3..20 --count 4 --start 5 -o out.npy",
            [array("f.npy", features())],
            &["out.npy"],
        ),
        command(
            "coreset f.npy --method feature-based --part a.csv --part b.jsonl --part c.npy --part d.npz --count 4 -o out.csv",
            [
                array("f.npy", features()),
                File::new("a.csv", part(vec![0, 3, 6]), Form::Csv).ids("index"),
                File::new("b.jsonl", part(vec![1, 4]), Form::JsonLines).ids("index"),
                array("c.npy", integers([2, 5, 8])).ids(""),
                File::new(
                    "d.npz",
                    Data::Archive(vec![
                        ("order".into(), integers([9, 12])),
                        ("n_examples".into(), integers([N as i64])),
                    ]),
                    Form::Npz,
                )
                .ids("order"),
            ],
            &["out.csv"],
        ),
        // Scores.
        command(
            "agree a.csv b.jsonl --resamples 20 --json",
            [
                table_of_scores("a.csv", Form::Csv).numbers(&["el2n", "aum"]),
                table_of_scores("b.jsonl", Form::JsonLines).numbers(&["el2n", "aum"]),
            ],
            &[],
        ),
        command(
            "agree s.npz --resamples 20 --json",
            [File::new("s.npz", score_members(), Form::Npz).ids("ids").numbers(&["el2n", "aum"])],
            &[],
        ),
        command("agree s.csv --metric el2n,aum --resamples 20 --json", with_sidecar(&["el2n", "aum"]), &[]),
        command(
            "map s.csv -o map.svg",
            [File::new(
                "s.csv",
                Data::Table(Table::new(
                    &["id", "variability", "confidence", "correctness"],
                    (0..N).map(|i| {
                        vec![
                            text(id(i)),
                            number(score(i, 1) / 16.0),
                            number(score(i, 2) / 8.0),
                            number((i % 5) as f64),
                        ]
                    }),
                )),
                Form::Csv,
            )
            .ids("id")
            .numbers(&["variability", "confidence", "correctness"])],
            &["map.svg"],
        ),
        command(
            "prune s.csv --keep 0.5 --rule hardest --column el2n -o out.csv",
            [table_of_scores("s.csv", Form::Csv)],
            &["out.csv"],
        ),
        command(
            "prune s.tsv --keep 0.5 --rule hardest --column el2n -o out.txt",
            [table_of_scores("s.tsv", Form::Tsv)],
            &["out.txt"],
        ),
        command(
            "prune s.csv.gz --keep 0.5 --rule easiest --column el2n -o out.csv",
            [table_of_scores("s.csv.gz", Form::Csv).packed(Packed::Gzip)],
            &["out.csv"],
        ),
        command(
            "prune s.jsonl --drop 0.5 --rule hardest --column el2n -o out.csv",
            [table_of_scores("s.jsonl", Form::JsonLines)],
            &["out.csv"],
        ),
        command(
            "prune s.json --drop 0.5 --rule hardest --column el2n -o out.csv",
            [table_of_scores("s.json", Form::JsonArray)],
            &["out.csv"],
        ),
        command(
            "prune s.parquet --count 7 --rule hardest --column el2n -o out.csv",
            [table_of_scores("s.parquet", Form::Parquet)],
            &["out.csv"],
        ),
        command(
            "prune s.npz --keep 0.5 --rule ccs --column el2n -o out.csv",
            [File::new("s.npz", score_members(), Form::Npz).ids("ids").numbers(&["el2n"])],
            &["out.csv"],
        ),
        command(
            "prune s.npy --keep 0.5 --rule hardest -o out.npy",
            [array("s.npy", doubles(&[N], |i| score(i, 1))).numbers(&[""])],
            &["out.npy"],
        ),
        command(
            "prune s.csv --keep 0.5 --rule hardest --column aum -o out.csv",
            with_sidecar(&["aum"]),
            &["out.csv"],
        ),
        command(
            "prune s.csv --keep 0.5 --rule forgetting --column forgetting -o out.csv",
            with_sidecar(&["forgetting"]),
            &["out.csv"],
        ),
        command(
            "prune s.csv --keep 0.5 --rule forgetting --column forgetting -o out.csv",
            [File::new(
                "s.csv",
                Data::Table(Table::new(
                    &["id", "forgetting"],
                    (0..N).map(|i| {
                        vec![text(id(i)), number(if i % 6 == 5 { f64::INFINITY } else { (i % 4) as f64 })]
                    }),
                )),
                Form::Csv,
            )
            .ids("id")
            .numbers(&["forgetting"])
            .infinite()],
            &["out.csv"],
        ),
        command(
            "prune s.csv --keep 0.5 --rule hardest --option balance=equal --column el2n --labels labels.npy -o out.csv",
            [table_of_scores("s.csv", Form::Csv).whole(), array("labels.npy", classes()).labels("")],
            &["out.csv"],
        ),
        command(
            "prune s.csv --keep 0.5 --rule hardest --option balance=equal --column el2n --labels labels.csv -o out.csv",
            [
                table_of_scores("s.csv", Form::Csv).whole(),
                File::new("labels.csv", label_table(true), Form::Csv).ids("id").labels("label"),
            ],
            &["out.csv"],
        ),
        command(
            "prune s.csv --keep 0.5 --rule d2 --column el2n --neighbors g.npz -o out.csv",
            [
                table_of_scores("s.csv", Form::Csv).whole(),
                File::new("g.npz", neighbours(), Form::Npz).numbers(&["distances"]),
            ],
            &["out.csv"],
        ),
        command(
            "order s.csv --column el2n --batch-size 5 --steps 0..6 --seed 3 -o out.csv --exposure seen.csv",
            [table_of_scores("s.csv", Form::Csv)],
            &["out.csv", "seen.csv"],
        ),
        command(
            "order s.jsonl --column el2n,aum --batch-size 5 --steps 0..6 -o out.npy",
            [table_of_scores("s.jsonl", Form::JsonLines).numbers(&["el2n", "aum"])],
            &["out.npy"],
        ),
        command(
            "order s.npy --pacing root --a 0.8 --b 0.2 --batch-size 5 --total-steps 10 --steps 0..6 -o out.csv",
            [array("s.npy", doubles(&[N], |i| score(i, 1))).numbers(&[""])],
            &["out.csv"],
        ),
        command(
            "order s.csv --column el2n --order permutation --permutation p.npy --batch-size 5 --steps 0..6 -o out.csv",
            [table_of_scores("s.csv", Form::Csv).whole(), orders("p")],
            &["out.csv"],
        ),
        command(
            "order s.csv --column el2n --order-param balance=round-robin --labels labels.npy --batch-size 6 --steps 0..6 -o out.csv",
            [table_of_scores("s.csv", Form::Csv).whole(), array("labels.npy", classes()).labels("")],
            &["out.csv"],
        ),
        command("weights l.npy --weighting linear --param lambda=3 -o out.npy", [losses()], &["out.npy"]),
        command(
            "weights l.csv --weighting superloss --param tau=1 --column loss -o out.csv",
            [File::new(
                "l.csv",
                Data::Table(Table::new(&["id", "loss"], (0..N).map(|i| vec![text(id(i)), number(score(i, 2))]))),
                Form::Csv,
            )
            .ids("id")
            .numbers(&["loss"])],
            &["out.csv"],
        ),
        command(
            "weights l.npy --weighting diversity --param lambda=2 --param gamma=0.5 --groups labels.npy -o out.npy",
            [losses().whole(), array("labels.npy", classes()).labels("")],
            &["out.npy"],
        ),
        command(
            "weights l.npy --weighting linear --param lambda=3 --param c=4 --region r.npy -o out.npy",
            [losses().whole(), array("r.npy", doubles(&[N], |i| 1.0 + score(i, 5))).numbers(&[""])],
            &["out.npy"],
        ),
        // Studies.
        command("crossover study.json --resamples 200 --csv out.csv", [study_file("study.json")], &["out.csv"]),
        command(
            "crossover study.json --resamples 200 -o out.svg --json",
            [study_file("study.json").packed(Packed::Gzip)],
            &["out.svg"],
        ),
    ]
}
