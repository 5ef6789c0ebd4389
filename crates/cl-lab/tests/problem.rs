//! One's own data, read as a problem: every format, every rule, and the words of every refusal.

use std::collections::BTreeSet;
use std::path::Path;

use cl_data::io::{Array, ArrayData, write_npz, write_npz_dataset};
use cl_data::{Dataset, Ids};
use cl_difficulty::table::{TableFormat, write_columns_as, write_scores};
use cl_difficulty::{Column, ColumnValues, Metric, Provenance, Scores};
use cl_lab::problem::{BUNDLED, Imputation, ReadOptions};
use cl_lab::{Problem, Shares, Task};
use proptest::prelude::*;
use tempfile::TempDir;

const N: usize = 60;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }
}

fn none() -> ReadOptions {
    ReadOptions::default()
}

fn read(path: &str, options: &ReadOptions) -> Problem {
    Problem::read(path, options).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(path: &str, options: &ReadOptions) -> String {
    Problem::read(path, options).map(|_| ()).unwrap_err().to_string()
}

/// A number that is another for each example, in no order, and no whole one.
fn size(i: usize) -> String {
    format!("{}.5", i * 37 % 61)
}

fn color(i: usize) -> &'static str {
    ["red", "blue", "green"][i * 5 / 7 % 3]
}

fn class(i: usize) -> &'static str {
    ["no", "yes"][i % 2]
}

/// Rows of fields below the names of their columns.
fn table<const D: usize>(names: [&str; D], n: usize, row: impl Fn(usize) -> [String; D]) -> String {
    let rows = (0..n).map(|i| row(i).join(",") + "\n");
    names.join(",") + "\n" + &rows.collect::<String>()
}

/// Sizes, colors and classes.
fn plain(n: usize) -> String {
    table(["size", "color", "class"], n, |i| [size(i), color(i).into(), class(i).into()])
}

fn contains(texts: &[String], part: &str) -> bool {
    texts.iter().any(|text| text.contains(part))
}

#[test]
fn numbers_stay_and_texts_become_a_feature_for_each_category() {
    let folder = Folder::new();
    let problem = read(&folder.write("plain.csv", plain(N)), &none());
    let data = problem.data();
    assert_eq!((problem.name(), problem.target(), problem.task()), ("plain.csv", "class", Task::Classification));
    assert_eq!(data.feature_names(), ["size", "color=blue", "color=green", "color=red"]);
    assert_eq!(data.class_names(), ["no", "yes"]);
    for i in 0..N {
        let is = |name: &str| f32::from(u8::from(color(i) == name));
        assert_eq!(data.example(i), [size(i).parse().unwrap(), is("blue"), is("green"), is("red")], "{i}");
        assert_eq!(data.labels()[i], i % 2);
    }
    assert!(contains(problem.notes(), "the labels are those of column `class`, by its name"));
    assert!(contains(problem.notes(), "`class` is a class, for its values are texts"));
    assert!(problem.warnings().is_empty(), "{:?}", problem.warnings());
    assert_eq!((problem.groups(), problem.test(), problem.difficulty()), (None, None, None));
}

#[test]
fn every_way_to_write_a_table_gives_the_same() {
    let folder = Folder::new();
    let commas = read(&folder.write("plain.csv", plain(N)), &none());
    let line =
        |i: usize| format!("{{\"size\":{},\"color\":\"{}\",\"class\":\"{}\"}}\n", size(i), color(i), class(i));
    let lines: String = (0..N).map(line).collect();
    for (name, content) in [
        ("semicolons.csv", plain(N).replace(',', ";")),
        ("tabs.tsv", plain(N).replace(',', "\t")),
        ("blanks.csv", plain(N).replace(',', " , ")),
        ("windows.csv", format!("\u{feff}{}", plain(N).replace('\n', "\r\n"))),
        ("lines.jsonl", lines),
    ] {
        assert!(read(&folder.write(name, content), &none()).data() == commas.data(), "{name}");
    }
    let gzipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../cl-data/assets/iris.csv.gz");
    let (iris, bundled) = (read(gzipped, &none()), read("iris", &none()));
    assert_eq!((iris.name(), iris.data().class_names().len()), ("iris.csv.gz", 3));
    assert!(
        iris.data().features() == bundled.data().features() && iris.data().labels() == bundled.data().labels()
    );
}

#[test]
fn parquet_is_read_where_it_is_built_in() {
    let folder = Folder::new();
    let path = folder.path("t.parquet");
    let Ok(format) = "parquet".parse::<TableFormat>() else {
        folder.write("t.parquet", b"PAR1 and more PAR1");
        assert!(refusal(&path, &none()).contains("feature `parquet`"));
        return;
    };
    let column = |name: &str, values: ColumnValues| Column {
        name: name.into(),
        values,
        higher_is_harder: None,
        metric: Metric::new(name),
    };
    let numbers: Vec<f64> = (0..N).map(|i| (i * 37 % 61) as f64 + 0.5).collect();
    let flags = (0..N).map(|i| i / 3 % 2 == 0).collect();
    let columns = vec![column("size", ColumnValues::Float(numbers)), column("round", ColumnValues::Flag(flags))];
    let labels: Vec<usize> = (0..N).map(|i| i % 3).collect();
    let ids = Ids::texts((0..N).map(|i| format!("r{i}")).collect()).unwrap();
    write_columns_as(format, Path::new(&path), &ids, Some(&labels), columns).unwrap();
    let problem = read(&path, &ReadOptions { id: Some("id".into()), ..none() });
    assert_eq!(problem.data().feature_names(), ["size", "round=False", "round=True"]);
    assert_eq!(problem.data().example(4), [26.5, 1.0, 0.0]);
    assert_eq!((problem.data().labels(), problem.data().ids()), (&labels[..], &ids));
}

/// As the files of UCI are written: a blank after each comma, `?` for what is missing.
fn adult(n: usize) -> String {
    let of = |i: usize| {
        let age = if i == 3 { "?".into() } else { (17 + i * 37 % 61).to_string() };
        let work = if i % 20 == 1 { "?" } else { ["Private", "State-gov"][i / 4 % 2] };
        [age, work.into(), format!("{}", 7 + i * i % 9), ["<=50K", ">50K"][i / 2 % 2].into()]
    };
    table(["age", "workclass", "education-num", "income"], n, of).replace(',', ", ")
}

#[test]
fn missing_cells_are_refused_by_column_or_filled_where_that_is_asked_for() {
    let folder = Folder::new();
    let path = folder.write("adult.csv", adult(N));
    let options = ReadOptions { label: Some("income".into()), ..none() };
    let refused = refusal(&path, &options);
    assert!(
        refused
            .contains("adult.csv: cells are missing: `age` 1 (first: line 5), `workclass` 3 (first: line 3); exp"),
        "{refused}"
    );
    let options = ReadOptions { imputation: Imputation::Impute, ..options };
    let problem = read(&path, &options);
    let names = ["age", "workclass=Private", "workclass=State-gov", "workclass=missing", "education-num"];
    assert_eq!(problem.data().feature_names(), names);
    let mut ages: Vec<f32> = (0..N).filter(|&i| i != 3).map(|i| (17 + i * 37 % 61) as f32).collect();
    ages.sort_by(f32::total_cmp);
    // Of 59 the 30th.
    assert_eq!(problem.data().example(3)[0], ages[29]);
    assert_eq!(problem.data().example(21)[1..4], [0.0, 0.0, 1.0]);
    assert_eq!(problem.data().class_names(), ["<=50K", ">50K"]);
    let note = format!("`age` 1 by the median {}, `workclass` 3 by the category `missing`", ages[29]);
    assert!(contains(problem.notes(), &note), "{:?}", problem.notes());
    // A column without a value is left out.
    let empty = table(["x", "hole", "y"], N, |i| [size(i), "NA".into(), (i % 2).to_string()]);
    let empty = folder.write("empty.csv", empty);
    assert!(refusal(&empty, &none()).contains("`hole` 60 (first: line 2)"));
    let problem = read(&empty, &ReadOptions { imputation: Imputation::Impute, ..none() });
    assert_eq!(problem.data().feature_names(), ["x"]);
    assert!(contains(problem.warnings(), "without a single value are left out: hole"));
}

#[test]
fn missing_labels_are_refused_whatever_is_asked_for() {
    let folder = Folder::new();
    let label = |i: usize| if i % 25 == 7 { "" } else { class(i) };
    let path = folder.write("gaps.csv", table(["size", "y"], N, |i| [size(i), label(i).into()]));
    let refused = refusal(&path, &ReadOptions { imputation: Imputation::Impute, ..none() });
    assert!(
        refused.contains("gaps.csv: column `y`: 3 of 60 labels are missing, the first on line 9"),
        "{refused}"
    );
}

#[test]
fn a_file_without_names_of_columns_is_told_so() {
    let folder = Folder::new();
    let rows: String = adult(N).lines().skip(1).map(|line| format!("{line}\n")).collect();
    let refused = refusal(&folder.write("adult.data", rows), &none());
    assert!(
        refused.contains("adult.data: no column is called label, target, class, y, the columns are 17"),
        "{refused}"
    );
    assert!(
        refused.contains("the first row holds the numbers 17, 7: expected the names of the columns"),
        "{refused}"
    );
    let path = folder.write("plain.csv", plain(N));
    let unknown = refusal(&path, &ReadOptions { label: Some("income".into()), ..none() });
    assert!(unknown.contains("no column `income`, the columns are size, color, class"), "{unknown}");
}

#[test]
fn ids_are_no_feature_and_unique() {
    let folder = Folder::new();
    let with_ids =
        |name: &str, id: fn(usize) -> String| table([name, "size", "y"], N, |i| [id(i), size(i), class(i).into()]);
    let path = folder.write("a.csv", with_ids("key", |i| format!("k{i}")));
    let told = ReadOptions { id: Some("key".into()), ..none() };
    let problem = read(&path, &told);
    assert_eq!((problem.data().n_features(), problem.data().ids().get(5).unwrap()), (1, "k5".into()));
    assert!(problem.warnings().is_empty());
    let twice = refusal(&folder.write("b.csv", with_ids("key", |i| format!("k{}", i % 59))), &told);
    assert!(twice.contains("b.csv: column `key`: id k0 is borne by examples 0 and 59"), "{twice}");
    // Texts that all differ are left out, and what is called an id is one.
    let problem = read(&path, &none());
    assert_eq!(problem.data().feature_names(), ["size"]);
    assert!(contains(
        problem.warnings(),
        "columns of texts that all differ are left out, for they name the examples"
    ));
    for name in ["Id", "index", "Unnamed: 0", ""] {
        let problem = read(&folder.write("c.csv", with_ids(name, |i| (i * 7 % 61).to_string())), &none());
        assert_eq!(
            (problem.data().n_features(), problem.data().ids().get(2).unwrap()),
            (1, "14".into()),
            "{name}"
        );
        assert!(contains(problem.warnings(), "is taken for ids and is no feature"), "{name}");
    }
    let again = read(&folder.write("d.csv", with_ids("index", |i| (i * i % 7).to_string())), &none());
    assert_eq!(again.data().n_features(), 2);
    assert!(contains(again.warnings(), "column `index` is called as ids are and is a feature"));
}

#[test]
fn numbers_that_look_like_ids_are_told() {
    let folder = Folder::new();
    let warned = |number: fn(usize) -> usize| {
        let table = table(["number", "size", "y"], N, |i| [number(i).to_string(), size(i), class(i).into()]);
        let problem = read(&folder.write("a.csv", table), &none());
        assert_eq!(problem.data().n_features(), 2);
        contains(problem.warnings(), "look like ids, and are features unless --id names them: `number`")
    };
    assert!(warned(|i| 3 * i + 2), "they increase");
    assert!(warned(|i| 100 + (i * 7) % 60), "each of 60 in a row once");
    assert!(!warned(|i| 100 + (i * 7) % 59), "one is there twice");
    assert!(!warned(|i| (i * 7) % 61), "in no order and with gaps");
}

#[test]
fn groups_stay_on_one_side() {
    let folder = Folder::new();
    let grouped = |n_groups: usize| {
        table(["patient", "size", "y"], N, |i| [format!("p{}", i % n_groups), size(i), class(i).into()])
    };
    let options = ReadOptions { groups: Some("patient".into()), ..none() };
    let problem = read(&folder.write("a.csv", grouped(15)), &options);
    assert_eq!(problem.data().feature_names(), ["size"]);
    let expected: Vec<usize> = (0..N).map(|i| i % 15).collect();
    assert_eq!(problem.groups(), Some(&expected[..]));
    let parts = problem.split(Shares::default(), None, 3).unwrap();
    let groups = |part: &Dataset<f32>| -> BTreeSet<usize> {
        part.ids().iter().map(|id| id.parse::<usize>().unwrap() % 15).collect()
    };
    let [train, validation, test] = [&parts.train, &parts.validation, &parts.test].map(groups);
    assert!(train.is_disjoint(&test) && train.is_disjoint(&validation) && validation.is_disjoint(&test));
    let few = refusal(&folder.write("b.csv", grouped(3)), &options);
    assert!(few.starts_with("argument groups is 3, expected at least 10 groups"), "{few}");
    let missing = folder.write("c.csv", grouped(15).replace("p7,", ","));
    assert!(refusal(&missing, &options).contains("c.csv: line 9, column `patient`: empty, expected a group"));
}

#[test]
fn a_test_file_is_read_as_the_training_file_was() {
    let folder = Folder::new();
    let training = folder.write("training.csv", plain(N));
    let test = |content: String| ReadOptions { test: Some(folder.write("test.csv", content).into()), ..none() };
    // In another order of columns, with one more, and a color that is not known.
    let of = |i: usize| {
        let color = if i == 1 { "violet" } else { color(i) };
        ["yes".into(), "7".into(), color.to_owned(), format!("{i}.25")]
    };
    let problem = read(&training, &test(table(["class", "more", "color", "size"], 9, of)));
    let data = problem.test().unwrap();
    assert_eq!((data.n_examples(), data.class_names()), (9, problem.data().class_names()));
    assert_eq!((data.example(0), data.example(1)), (&[0.25, 0.0, 0.0, 1.0][..], &[1.25, 0.0, 0.0, 0.0][..]));
    assert_eq!(data.labels(), [1; 9]);
    assert!(contains(problem.notes(), "are not read: more"), "{:?}", problem.notes());
    assert!(contains(problem.notes(), "count as none: `color` 1"), "{:?}", problem.notes());
    let refused = |content: String| refusal(&training, &test(content));
    let lacking = refused(table(["size", "class"], 9, |i| [size(i), class(i).into()]));
    assert!(lacking.contains("test.csv: no column color, expected all those of"), "{lacking}");
    let unknown = refused(plain(9).replace("yes", "yes."));
    assert!(
        unknown.contains("test.csv: column `class`: unknown classes \"yes.\", expected those of"),
        "{unknown}"
    );
    assert!(unknown.ends_with("training.csv: no, yes"), "{unknown}");
    let text = refused(plain(9).replace(&format!("{},", size(2)), "large,"));
    assert!(text.contains("test.csv: line 4, column `size`: \"large\", expected a finite number"), "{text}");
    let gap = refused(plain(9).replace(&format!("{},", size(2)), ","));
    assert!(gap.contains("test.csv: cells are missing: `size` 1 (first: line 4)"), "{gap}");
    assert!(refused(plain(0)).contains("test.csv: 0 examples, expected some to test on"));
    // What is tested on was trained on.
    assert!(contains(read(&training, &test(plain(9))).warnings(), "9 examples of the test set have the features"));
}

#[test]
fn a_test_file_is_filled_from_the_training_file_and_shares_no_group() {
    let folder = Folder::new();
    let training = table(["g", "x", "c", "y"], N, |i| {
        [format!("g{}", i % 12), format!("{}.5", i % 7), color(i).into(), class(i).into()]
    });
    let training = folder.write("training.csv", training);
    let test = "g,x,c,y\ng3,?,red,no\nh1,100.5,?,yes\n";
    let options = ReadOptions {
        groups: Some("g".into()),
        test: Some(folder.write("test.csv", test).into()),
        imputation: Imputation::Impute,
        ..none()
    };
    let problem = read(&training, &options);
    let data = problem.test().unwrap();
    // Of 60 numbers 0.5 to 6.5, nine each of the first four and eight of the rest, the 30th and 31st are 3.5.
    assert_eq!((data.example(0), data.example(1)), (&[3.5, 0.0, 0.0, 1.0][..], &[100.5, 0.0, 0.0, 0.0][..]));
    assert!(contains(problem.warnings(), "groups of the test set are trained on, too: g3"));
    assert!(contains(problem.notes(), "`x` 1 by the median 3.5, `c` 1 by no category"), "{:?}", problem.notes());
}

#[test]
fn labels_say_what_they_are_unless_it_is_told() {
    let folder = Folder::new();
    let path = |name: &str, label: fn(usize) -> String| {
        folder.write(name, table(["size", "y"], N, |i| [size(i), label(i)]))
    };
    let told = |task| ReadOptions { task: Some(task), ..none() };
    let numbers = path("numbers.csv", |i| format!("{}.25", i % 9));
    let problem = read(&numbers, &none());
    assert_eq!((problem.task(), problem.data().n_classes(), problem.data().n_targets()), (Task::Regression, 1, 1));
    assert!(
        (0..N).all(|i| problem.data().targets(i) == [(i % 9) as f32 + 0.25] && problem.data().labels()[i] == 0)
    );
    assert_eq!(read(&numbers, &told(Task::Classification)).data().n_classes(), 9);
    let whole = path("whole.csv", |i| (i * 7 % 23).to_string());
    assert_eq!(read(&whole, &none()).task(), Task::Regression);
    let classes = read(&whole, &told(Task::Classification));
    assert_eq!((classes.data().n_classes(), &*classes.data().class_names()[10]), (23, "10"));
    let signs = path("signs.csv", |i| ["-1", "1"][i % 2].into());
    let problem = read(&signs, &none());
    assert_eq!(
        (problem.task(), problem.data().class_names()),
        (Task::Classification, &["-1".into(), "1".into()][..])
    );
    assert_eq!(read(&signs, &told(Task::Regression)).data().targets(0), [-1.0]);
    let texts = refusal(&path("texts.csv", |i| class(i).into()), &told(Task::Regression));
    assert!(texts.contains("texts.csv: line 2, column `y`: \"no\", expected a number"), "{texts}");
    let infinite = refusal(&path("infinite.csv", |i| if i == 4 { "inf".into() } else { i.to_string() }), &none());
    assert!(
        infinite.contains("infinite.csv: line 6, column `y`: \"inf\", expected a finite number"),
        "{infinite}"
    );
}

#[test]
fn columns_of_too_many_categories_are_refused_by_name() {
    let folder = Folder::new();
    let of = |name: &str, second: fn(usize) -> String| {
        folder.write(name, table(["size", "city", "y"], N, |i| [size(i), second(i), class(i).into()]))
    };
    let cities = refusal(&of("cities.csv", |i| format!("c{}", i % 31)), &none());
    let expected = "cities.csv: too many categories: `city` has 31 in 60 rows (such as \"c0\" on line 2); expected at \
                    most 100 in a column and at most half as many as rows";
    assert!(cities.contains(expected), "{cities}");
    assert_eq!(read(&of("fewer.csv", |i| format!("c{}", i % 30)), &none()).data().n_features(), 31);
    let typed = refusal(&of("typed.csv", |i| if i == 9 { "1O".into() } else { (i % 40).to_string() }), &none());
    assert!(typed.contains("(among numbers \"1O\" on line 11)"), "{typed}");
    let few = read(&of("few.csv", |i| if i == 9 { "1O".into() } else { (i % 5).to_string() }), &none());
    assert_eq!(few.data().n_features(), 7);
    assert!(contains(few.warnings(), "column `city` holds 59 numbers and is taken for categories all the same"));
}

#[test]
fn features_that_give_the_answer_away_are_told() {
    let folder = Folder::new();
    let of = |leak: fn(usize) -> String| {
        let table = table(["size", "leak", "y"], N, |i| [size(i), leak(i), class(i).into()]);
        read(&folder.write("a.csv", table), &none()).warnings().to_vec()
    };
    for copy in [(|i: usize| (i % 2).to_string()) as fn(usize) -> String, |i: usize| ["off", "on"][i % 2].into()] {
        assert!(contains(&of(copy), "these give `y` away: `leak` (a copy: 2 values for 2 answers)"));
    }
    assert!(contains(&of(|i| format!("v{}", i % 4)), "`leak` (each of its 4 values goes with one answer)"));
    assert!(of(|i| format!("v{}", i % 3)).is_empty());
    let line = table(["size", "twice", "y"], N, |i| [size(i), (2 * (i % 9)).to_string(), format!("{}.5", i % 9)]);
    let problem = read(&folder.write("line.csv", line), &none());
    assert!(contains(problem.warnings(), "these give `y` away: `twice` (correlation 1.0000000)"));
}

#[test]
fn bundled_sets_are_read_and_give_nothing_away() {
    for name in BUNDLED.into_iter().chain(["breast_cancer"]) {
        let problem = read(name, &none());
        assert_eq!(problem.name(), name.replace('_', "-"));
        assert!(!contains(problem.warnings(), "a leak?"), "{name}: {:?}", problem.warnings());
    }
    assert!(contains(read("digits", &none()).warnings(), "3 features are constant (in single precision)"));
    let unknown = refusal("irises", &none());
    assert!(
        unknown.contains("expected a file, a folder, - for standard input, or one of digits, iris, wine, breast")
    );
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let folder = Folder::new();
    let few = refusal(&folder.write("few.csv", plain(19)), &none());
    assert!(few.starts_with("few.csv: 19 examples, expected at least 20"), "{few}");
    let one = refusal(&folder.write("one.csv", plain(N).replace("yes", "no")), &none());
    assert!(one.starts_with("one.csv: every label is no, expected at least two classes"), "{one}");
    let constant = table(["a", "b", "y"], N, |i| ["1".into(), "x".into(), class(i).into()]);
    let constant = refusal(&folder.write("constant.csv", constant), &none());
    assert!(constant.starts_with("constant.csv: every feature is constant (a, b=x)"), "{constant}");
    let alone = refusal(&folder.write("alone.csv", table(["y"], N, |i| [class(i).into()])), &none());
    assert!(alone.starts_with("alone.csv: no feature, expected at least one column"), "{alone}");
    let infinite = plain(N).replace(&format!("{},", size(3)), "inf,");
    let infinite = refusal(&folder.write("infinite.csv", infinite), &none());
    assert!(infinite.contains("infinite.csv: line 5, column `size`: inf, expected a finite number"), "{infinite}");
    let list = "{\"x\": [1, 2], \"y\": 0}\n".repeat(N);
    assert!(
        refusal(&folder.write("list.jsonl", list), &none()).contains("column `x`: a list of 2 numbers, expected")
    );
    let elsewhere = refusal(&folder.0.path().to_string_lossy(), &none());
    assert!(
        elsewhere.contains("a folder without data_batch_1.bin and train-images-idx3-ubyte(.gz)"),
        "{elsewhere}"
    );
}

fn floats(shape: &[usize]) -> Array {
    let n: usize = shape.iter().product();
    Array::new(shape.to_vec(), ArrayData::F64((0..n).map(|at| (at * 37 % 1009) as f64 / 8.0).collect())).unwrap()
}

#[test]
fn archives_of_features_and_labels_are_read() {
    let folder = Folder::new();
    let path = folder.path("embeddings.npz");
    let labels = Array::new(vec![N], ArrayData::U8((0..N).map(|i| (i % 3) as u8 + 1).collect())).unwrap();
    write_npz(&path, [("X", &floats(&[N, 2, 3])), ("y", &labels)]).unwrap();
    let problem = read(&path, &none());
    let data = problem.data();
    assert_eq!((data.n_examples(), data.n_features(), data.class_names().join(" ")), (N, 6, "1 2 3".into()));
    let expected: Vec<f32> = floats(&[N * 6]).to_floats().unwrap();
    assert_eq!(data.features().as_slice(), expected);
    assert_eq!((problem.target(), data.labels()[4]), ("y", 1));
    // Fractions are numbers, and columns of one axis are fine.
    let numbers = Array::new(vec![N, 1], ArrayData::F32((0..N).map(|i| (i % 7) as f32 + 0.1).collect())).unwrap();
    let groups = Array::new(vec![N], ArrayData::I64((0..N).map(|i| i as i64 % 15).collect())).unwrap();
    write_npz(&path, [("embeddings", &floats(&[N, 4])), ("target", &numbers), ("g", &groups)]).unwrap();
    let problem = read(&path, &ReadOptions { groups: Some("g".into()), ..none() });
    assert_eq!((problem.task(), problem.data().targets(8)), (Task::Regression, &[1.1f32][..]));
    assert_eq!(problem.groups().unwrap()[16], 1);
    // With a test set of its own.
    let test = folder.path("test.npz");
    write_npz(
        &test,
        [
            ("embeddings", &floats(&[5, 4])),
            ("target", &Array::new(vec![5], ArrayData::F64(vec![2.5; 5])).unwrap()),
        ],
    )
    .unwrap();
    let options = ReadOptions { test: Some(test.clone().into()), ..none() };
    assert_eq!(read(&path, &options).test().unwrap().targets(4), [2.5]);
    write_npz(&test, [("embeddings", &floats(&[5, 3])), ("target", &numbers)]).unwrap();
    assert!(refusal(&path, &options).contains("test.npz: member `embeddings`: 3 features, expected 4 as in"));
}

#[test]
fn an_archive_of_a_data_set_keeps_its_names() {
    let folder = Folder::new();
    let path = folder.path("set.npz");
    let values = (0..N * 2).map(|at| (at * 37 % 127) as f32).collect();
    let names = |names: [&str; 2]| names.map(String::from).to_vec();
    let data = Dataset::new(2, values, (0..N).map(|i| i % 2).collect(), 2)
        .and_then(|data| data.with_class_names(names(["zebra", "ant"])))
        .and_then(|data| data.with_feature_names(names(["a", "b"])))
        .and_then(|data| data.with_ids(Ids::texts((0..N).map(|i| format!("e{i}")).collect())?))
        .unwrap();
    write_npz_dataset(&path, &data).unwrap();
    assert!(*read(&path, &none()).data() == data);
}

#[test]
fn archives_without_labels_or_with_gaps_are_refused() {
    let folder = Folder::new();
    let path = folder.path("a.npz");
    let labels = Array::new(vec![N], ArrayData::I64((0..N).map(|i| i as i64 % 2).collect())).unwrap();
    write_npz(&path, [("X", &floats(&[N, 2])), ("z", &labels)]).unwrap();
    let missing = refusal(&path, &none());
    let expected = "a.npz: no member of labels, expected one of y, labels, label, target, targets, or --label with \
                    another; the archive has X, z";
    assert!(missing.ends_with(expected), "{missing}");
    assert_eq!(read(&path, &ReadOptions { label: Some("z".into()), ..none() }).target(), "z");
    let mut values: Vec<f64> = floats(&[N, 2]).to_f64().unwrap();
    (values[5], values[9]) = (f64::NAN, f64::NAN);
    let gaps = Array::new(vec![N, 2], ArrayData::F64(values.clone())).unwrap();
    write_npz(&path, [("X", &gaps), ("y", &labels)]).unwrap();
    let refused = refusal(&path, &none());
    assert!(refused.contains("a.npz: cells are missing: `x1` 2 (first: row 2)"), "{refused}");
    let filled = read(&path, &ReadOptions { imputation: Imputation::Impute, ..none() });
    assert_eq!(filled.data().example(2)[1], filled.data().example(4)[1]);
    assert!(contains(filled.notes(), "`x1` 2 by the median"));
    values[5] = f64::INFINITY;
    write_npz(&path, [("X", &Array::new(vec![N, 2], ArrayData::F64(values)).unwrap()), ("y", &labels)]).unwrap();
    let infinite = refusal(&path, &none());
    assert!(
        infinite.contains("a.npz: member `X`, row 2, feature 1: inf in single precision, expected"),
        "{infinite}"
    );
    let short = Array::new(vec![N - 1], ArrayData::I64(vec![0; N - 1])).unwrap();
    write_npz(&path, [("X", &floats(&[N, 2])), ("y", &short)]).unwrap();
    assert!(refusal(&path, &none()).contains("a.npz: member `y`: shape [59], expected [60]"));
}

fn idx(sizes: &[u32], data: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn images(n: usize) -> Vec<u8> {
    idx(&[n as u32, 2, 2], (0..4 * n).map(|at| (at * 37 % 256) as u8))
}

#[test]
fn images_in_the_format_of_mnist_are_read_with_their_labels() {
    let folder = Folder::new();
    let train = folder.write("train-images-idx3-ubyte", images(N));
    let alone = refusal(&train, &none());
    assert!(
        alone.contains("no labels beside") && alone.ends_with("expected them in train-labels-idx1-ubyte"),
        "{alone}"
    );
    folder.write("train-labels-idx1-ubyte", idx(&[N as u32], (0..N).map(|i| (i % 4) as u8)));
    let problem = read(&train, &none());
    assert_eq!((problem.data().n_features(), problem.data().n_classes(), problem.test()), (4, 4, None));
    assert_eq!(problem.data().example(1), [4, 5, 6, 7].map(|at| (f64::from(at * 37 % 256) / 255.0) as f32));
    // The folder has a test set, which lacks a class.
    folder.write("t10k-images-idx3-ubyte", images(5));
    folder.write("t10k-labels-idx1-ubyte", idx(&[5], [0, 1, 2, 1, 0]));
    let problem = read(&folder.0.path().to_string_lossy(), &none());
    let test = problem.test().unwrap();
    assert_eq!((test.n_examples(), test.n_classes(), test.labels()), (5, 4, &[0, 1, 2, 1, 0][..]));
    assert!(contains(problem.notes(), "t10k-images-idx3-ubyte, for it lies in the folder"));
    let named = refusal(&folder.write("pictures", images(N)), &none());
    assert!(named.contains("whose name does not contain `images`"), "{named}");
}

#[test]
fn cifar_is_read_from_its_folder() {
    let folder = Folder::new();
    let batch = |first: usize, n: usize| -> Vec<u8> {
        let record = |i: usize| {
            let pixels = (0..3072).map(move |at| ((i * 31 + at * 7 + i * at) % 256) as u8);
            std::iter::once((i % 10) as u8).chain(pixels)
        };
        (first..first + n).flat_map(record).collect()
    };
    for at in 1..=5 {
        folder.write(&format!("data_batch_{at}.bin"), batch(at * 8, 8));
    }
    let path = folder.0.path().to_string_lossy().into_owned();
    let problem = read(&path, &none());
    assert_eq!((problem.data().n_examples(), problem.data().n_features(), problem.test()), (40, 3072, None));
    assert!(problem.data().features().iter().all(|pixel| (0.0..=1.0).contains(pixel)));
    folder.write("test_batch.bin", batch(100, 3));
    let problem = read(&path, &none());
    assert_eq!(problem.test().unwrap().labels(), [0, 1, 2]);
    assert!(contains(problem.notes(), "the test set is test_batch.bin, for it lies in the folder"));
    let label = refusal(&path, &ReadOptions { label: Some("y".into()), ..none() });
    assert!(label.starts_with("argument --label is y, expected none, for CIFAR-10 has no columns"), "{label}");
}

/// A table with ids, and scores of its examples in a file.
fn scored(folder: &Folder, labels: impl Fn(usize) -> usize) -> (String, String) {
    let table = table(["key", "size", "y"], N, |i| [format!("k{i}"), size(i), (i % 2 + 1).to_string()]);
    let ids = Ids::texts((0..N).map(|i| format!("k{i}")).collect()).unwrap();
    let values = (0..N).map(|i| (i * 7 % 31) as f64).collect();
    let scores = Scores::of_examples(
        Metric::new("loss"),
        values,
        &ids,
        (0..N).map(labels).collect(),
        Provenance::default(),
    );
    write_scores(folder.path("scores.csv"), &ids, &[&scores.unwrap()]).unwrap();
    (folder.write("data.csv", table), folder.path("scores.csv"))
}

fn with_scores(path: &str) -> ReadOptions {
    ReadOptions { id: Some("key".into()), scores: Some(path.into()), ..none() }
}

#[test]
fn scores_are_joined_by_id_in_any_order() {
    let folder = Folder::new();
    let expected: Vec<f64> = (0..N).map(|i| (i * 7 % 31) as f64).collect();
    // Labels by class, as they are written, and none.
    for labels in [(|i: usize| i % 2) as fn(usize) -> usize, |i: usize| i % 2 + 1] {
        let (data, scores) = scored(&folder, labels);
        assert_eq!(read(&data, &with_scores(&scores)).difficulty(), Some(&expected[..]));
        let text = std::fs::read_to_string(&scores).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let reversed: String = rows.lines().rev().map(|row| format!("{row}\n")).collect();
        std::fs::write(&scores, format!("{header}\n{reversed}")).unwrap();
        let problem = read(&data, &with_scores(&scores));
        assert_eq!(problem.difficulty(), Some(&expected[..]));
        assert!(contains(problem.notes(), "high is hard (as the JSON file beside the scores says)"));
    }
}

#[test]
fn scores_of_other_data_are_refused() {
    let folder = Folder::new();
    let (data, scores) = scored(&folder, |i| i % 3);
    let other = refusal(&data, &with_scores(&scores));
    assert!(other.contains("scores.csv: the scores belong to data with fingerprint"), "{other}");
    // Without a sidecar the labels tell.
    std::fs::remove_file(format!("{scores}.json")).unwrap();
    let other = refusal(&data, &with_scores(&scores));
    assert!(other.contains("scores.csv: the label of id k2 is not that of the data"), "{other}");
    let (data, scores) = scored(&folder, |i| i % 2);
    let mut lines: Vec<String> = std::fs::read_to_string(&scores).unwrap().lines().map(Into::into).collect();
    lines.remove(5);
    std::fs::write(&scores, lines.join("\n")).unwrap();
    let lacking = refusal(&data, &with_scores(&scores));
    assert!(lacking.contains("scores.csv: no score for id k4 of example 4, expected one for each"), "{lacking}");
}

#[test]
fn scores_say_or_are_told_which_way_they_point() {
    let folder = Folder::new();
    let data = folder.write("plain.csv", plain(N));
    let scores = |name: &str, n: usize| {
        folder.write(
            "s.csv",
            table(["id", name], n, |i| [i.to_string(), if i == 8 { "inf".into() } else { i.to_string() }]),
        )
    };
    let options = |path: String| ReadOptions { scores: Some(path.into()), ..none() };
    let finite = |name: &str| {
        let rows = table(["id", name, "other"], N, |i| [i.to_string(), i.to_string(), (i * 2).to_string()]);
        ReadOptions { score_column: Some(name.into()), ..options(folder.write("f.csv", rows)) }
    };
    let unknown = refusal(&data, &finite("mystery"));
    assert!(unknown.contains("expected option `high_is` hard or easy"), "{unknown}");
    let easy = read(&data, &ReadOptions { high_is: Some(false), ..finite("mystery") });
    assert_eq!(easy.difficulty().unwrap()[3], -3.0);
    assert!(contains(easy.notes(), "high is easy (as told)"));
    assert_eq!(read(&data, &finite("margin")).difficulty().unwrap()[3], -3.0);
    let several = refusal(&data, &ReadOptions { score_column: None, ..finite("margin") });
    assert!(several.contains("2 columns, expected option `column` with one of margin, other"), "{several}");
    // What was never learned is harder than all else.
    let problem = read(&data, &options(scores("forgetting", N)));
    let difficulty = problem.difficulty().unwrap();
    assert!((0..N).all(|i| i == 8 || difficulty[8] > difficulty[i]) && difficulty[8].is_finite());
    assert!(contains(problem.notes(), "infinite scores count as harder than all others: 1"));
    let short = refusal(&data, &options(scores("forgetting", N - 1)));
    assert!(short.contains("s.csv: 59 scores, expected 60, one for each example"), "{short}");
    let alone = refusal(&data, &ReadOptions { score_column: Some("loss".into()), ..none() });
    assert!(alone.starts_with("argument --score-column is loss, expected --scores"), "{alone}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn numbers_are_read_as_they_are(
        values in proptest::collection::vec(-1e30f32..1e30, 40..120),
        d in 1usize..4,
    ) {
        let n = values.len() / d;
        prop_assume!(n >= 20);
        let header: String = (0..d).map(|feature| format!("f{feature},")).collect();
        let cells = |i: usize| values[i * d..][..d].iter().map(|value| format!("{value:e},")).collect::<String>();
        let rows: String = (0..n).map(|i| format!("{}{}\n", cells(i), i % 2)).collect();
        let folder = Folder::new();
        let problem = read(&folder.write("a.csv", format!("{header}y\n{rows}")), &none());
        prop_assert_eq!(problem.data().features().as_slice(), &values[..n * d]);
    }
}
