//! Logs of arrays that are not plain, and several runs of them.

use std::path::{Path, PathBuf};

use cl_data::io::{Array, ArrayData, write_npy, write_npz};
use cl_difficulty::log::{self, Duplicates, Missing, NotNumbers, Options, Scored, Scoring, Source};
use cl_difficulty::{ColumnValues, MetricSettings, OutputKind};

fn array(shape: &[usize], values: Vec<f64>) -> Array {
    Array::new(shape.to_vec(), ArrayData::F64(values)).unwrap()
}

fn integers(values: &[i64]) -> Array {
    Array::new(vec![values.len()], ArrayData::I64(values.to_vec())).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// An archive of logits (epochs, 3 examples, 2 classes) in which an example is right where its sign says so.
    fn run(&self, name: &str, right: &[[bool; 3]], labels: [i64; 3], ids: [i64; 3]) -> PathBuf {
        let row = |epoch: &[bool; 3]| -> Vec<f64> {
            let pairs = epoch.iter().zip(labels).map(|(&right, label)| {
                let sign = if right == (label == 1) { 3.0 } else { -3.0 };
                [-sign, sign]
            });
            pairs.flatten().collect()
        };
        let logits = array(&[right.len(), 3, 2], right.iter().flat_map(row).collect());
        let (labels, ids) = (integers(&labels), integers(&ids));
        write_npz(self.path(name), [("logits", &logits), ("labels", &labels), ("ids", &ids)]).unwrap();
        self.path(name)
    }
}

fn open(paths: &[&Path], options: &Options) -> Vec<Box<dyn Source>> {
    paths.iter().flat_map(|path| log::open_runs(path, options).unwrap()).collect()
}

fn metric(name: &str) -> MetricSettings {
    MetricSettings::parse(name, &[]).unwrap()
}

fn score(paths: &[&Path], metrics: &[&str], options: &Options) -> Result<Scored, String> {
    let metrics: Vec<_> = metrics.iter().map(|name| metric(name)).collect();
    let mut runs = open(paths, options);
    let scored = log::score_runs(&mut runs, &metrics, &Scoring::default(), options.missing, &mut ());
    scored.map_err(|error| error.to_string())
}

const N: bool = false;
const Y: bool = true;

#[test]
fn runs_are_averaged_by_id_and_never_is_no_time() {
    let folder = Folder::new();
    let ids = [10, 20, 30];
    let a = folder.run("a.npz", &[[N, Y, N], [Y, Y, N]], [0, 1, 1], ids);
    let b = folder.run("b.npz", &[[N, N, N], [N, N, Y]], [1, 0, 1], [30, 10, 20]);
    let scored = score(&[&a, &b], &["first_learned", "correctness"], &Options::default()).unwrap();
    assert_eq!(scored.ids.iter().collect::<Vec<_>>(), ["10", "20", "30"]);
    assert_eq!(scored.n_runs, 2);
    let values: Vec<_> =
        scored.columns.iter().map(|column| (column.name.as_str(), column.values.to_floats())).collect();
    let half = 0.5f64.sqrt();
    assert_eq!(
        values,
        [
            // Learned in one run at 1, in both at 0 and 1, in none.
            ("first_learned", vec![1.0, 0.5, -1.0]),
            ("first_learned_sd", vec![0.0, half, 0.0]),
            ("correctness", vec![0.5, 1.5, 0.0]),
            ("correctness_sd", vec![half, half, 0.0]),
        ]
    );
    assert_eq!(scored.n_never_learned, Some(1));
    let other = folder.run("c.npz", &[[N, N, N]], [0, 0, 1], ids);
    let error = score(&[&a, &other], &["aum"], &Options::default()).unwrap_err();
    assert!(error.contains("c.npz") && error.contains("label 0 of id 20, expected 1"), "{error}");
    let strange = folder.run("d.npz", &[[Y, Y, Y]], [0, 1, 1], [10, 20, 40]);
    let error = score(&[&a, &strange], &["aum"], &Options::default()).unwrap_err();
    assert!(error.contains("id 40 is in no run before") && error.contains("`missing` skip"), "{error}");
    let skip = Options { missing: Missing::Skip, ..Options::default() };
    for paths in [[&a, &strange], [&strange, &a]] {
        let scored = score(&paths.map(PathBuf::as_path), &["correctness"], &skip).unwrap();
        let mut found: Vec<_> = scored.ids.iter().zip(scored.columns[0].values.to_floats()).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let found: Vec<_> = found.into_iter().map(|(id, value)| (id.into_owned(), value)).collect();
        let expected = [("10", 1.0), ("20", 1.5), ("30", 0.0), ("40", 1.0)];
        assert_eq!(found, expected.map(|(id, value)| (id.to_owned(), value)));
        assert!(scored.notes.iter().any(|note| note.what == "runs" && note.count == 2));
    }
}

#[test]
fn probabilities_of_runs_are_of_the_same_labels_and_examples() {
    let folder = Folder::new();
    let ids = [1, 2, 3];
    let a = folder.run("a.npz", &[[Y, Y, N]], [0, 1, 1], ids);
    let b = folder.run("b.npz", &[[N, Y, N]], [1, 1, 0], [3, 2, 1]);
    let mean = |paths: &[&Path], missing| {
        let mut runs = open(paths, &Options { missing, ..Options::default() });
        log::mean_probabilities_of_runs(&mut runs, false, missing, &mut ()).map_err(|error| error.to_string())
    };
    let found = mean(&[&a, &b], Missing::Error).unwrap();
    let sure = 1.0 / (1.0 + (-6.0f64).exp());
    let expected = [0.5, 0.5, 1.0 - sure, sure, sure, 1.0 - sure];
    assert!(found.probabilities.iter().zip(expected).all(|(p, q)| (p - q).abs() < 1e-12), "{found:?}");
    assert_eq!((found.labels, found.n_runs), (vec![0, 1, 1], 2));
    let other = folder.run("c.npz", &[[Y, Y, Y]], [0, 0, 1], ids);
    assert!(mean(&[&a, &other], Missing::Error).unwrap_err().contains("label 0 of id 2"));
    let strange = folder.run("d.npz", &[[Y, Y, Y]], [0, 1, 1], [1, 2, 4]);
    assert!(mean(&[&a, &strange], Missing::Error).unwrap_err().contains("id 4 is in no run before"));
    assert_eq!(mean(&[&a, &strange], Missing::Skip).unwrap().ids.len(), 4);
}

#[test]
fn the_rows_of_arrays_in_fortran_order_tell_what_they_are() {
    let folder = Folder::new();
    let header = "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }\n";
    // Rows (.25, .75), (.5, .5), (.875, .125), class by class.
    let values = [0.25f64, 0.5, 0.875, 0.75, 0.5, 0.125];
    let numbers: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let bytes = [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &numbers];
    std::fs::write(folder.path("logits.npy"), bytes.concat()).unwrap();
    write_npy(folder.path("labels.npy"), &integers(&[0, 1, 1])).unwrap();
    let options = Options { labels: Some(folder.path("labels.npy")), ..Options::default() };
    let source = log::open(folder.path("logits.npy"), &options).unwrap();
    assert_eq!(source.contents().outputs, OutputKind::Probabilities);
    assert!(source.contents().notes[0].text.contains("named logits"));
    let scored = score(&[&folder.path("logits.npy")], &["confidence"], &options).unwrap();
    assert_eq!(scored.columns[0].values, ColumnValues::Float(vec![0.25, 0.5, 0.125]));
}

#[test]
fn a_state_holds_to_the_rules_and_to_the_epochs_that_enter() {
    let folder = Folder::new();
    let epoch = |epoch: usize, nan: bool| {
        let mut values: Vec<f64> = (0..6).map(|at| ((epoch * 7 + at * 5) % 11) as f64).collect();
        values[0] = if nan { f64::NAN } else { values[0] };
        write_npy(folder.path(&format!("logits_{epoch}.npy")), &array(&[3, 2], values)).unwrap();
    };
    (0..5).for_each(|at| epoch(at, at == 3));
    write_npy(folder.path("labels.npy"), &integers(&[0, 1, 1])).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let state = Some(elsewhere.path().join("run.state"));
    let skip = Options { nan: NotNumbers::Skip, ..Options::default() };
    let metrics = [MetricSettings::parse("el2n", &[("from", "2")]).unwrap()];
    let score = |options: &Options, state: &Option<PathBuf>| {
        let mut source = log::open(folder.0.path(), options).unwrap();
        let scoring = Scoring { state: state.clone(), ..Scoring::default() };
        log::score(source.as_mut(), &metrics, &scoring, &mut ()).map_err(|error| error.to_string())
    };
    let whole = score(&skip, &None).unwrap();
    assert!(whole.notes.iter().any(|note| (note.what.as_str(), note.count) == ("nan", 1)));
    for _ in 0..2 {
        assert_eq!(score(&skip, &state).unwrap().columns, whole.columns);
    }
    assert!(score(&skip, &state).unwrap().notes.iter().any(|note| note.what == "state"));
    let error = score(&Options::default(), &state).unwrap_err();
    assert!(error.contains("the rules for rows that are not plain differ"), "{error}");
    // One number in the middle of a file that was read.
    epoch(4, true);
    assert!(score(&skip, &state).unwrap_err().contains("the file of epoch 4 differ"));
}

#[test]
fn rows_of_an_example_twice_in_presentation_order() {
    let folder = Folder::new();
    let outputs = vec![1.0, 0.0, 0.0, 2.0, 5.0, 0.0, 0.0, 4.0];
    write_npy(folder.path("0_Output.npy"), &array(&[4, 2], outputs)).unwrap();
    write_npy(folder.path("0_Index.npy"), &integers(&[2, 0, 1, 2])).unwrap();
    write_npy(folder.path("labels.npy"), &integers(&[1, 0, 0])).unwrap();
    let margins = |duplicates| {
        let options = Options { duplicates, ..Options::default() };
        let scored = score(&[folder.0.path()], &["aum"], &options)?;
        let count = scored.notes.iter().find(|note| note.what == "duplicates").map(|note| note.count);
        Ok::<_, String>((scored.columns[0].values.to_floats(), count))
    };
    assert_eq!(margins(Duplicates::First), Ok((vec![2.0, 5.0, 1.0], Some(1))));
    assert_eq!(margins(Duplicates::Last), Ok((vec![2.0, 5.0, -4.0], Some(1))));
    let error = margins(Duplicates::Error).unwrap_err();
    assert!(
        error.contains("0_Index.npy: index 2 occurs twice") && error.contains("`duplicates` first"),
        "{error}"
    );
}

#[test]
fn ranks_of_arrays_and_columns_of_tables_are_refused_by_name() {
    let folder = Folder::new();
    for rank in 0..2 {
        let name = format!("logits_epoch_0_rank{rank}.npy");
        write_npy(folder.path(&name), &array(&[1, 2], vec![5.0, 1.0])).unwrap();
    }
    write_npy(folder.path("labels.npy"), &integers(&[0, 1])).unwrap();
    let error = log::open(folder.0.path(), &Options::default()).err().unwrap().to_string();
    assert!(error.contains("logits_epoch_E_rank0.npy") && error.contains("need ids"), "{error}");
    let run = folder.run("a.npz", &[[Y, Y, Y]], [0, 1, 1], [1, 2, 3]);
    let options = Options { epoch_column: Some("step".into()), ..Options::default() };
    let error = log::open(&run, &options).err().unwrap().to_string();
    assert!(error.contains("`epoch_column` step names a column of a table"), "{error}");
    // Members are named as columns are.
    let logits = array(&[1, 2, 2], vec![3.0, 1.0, 3.0, 1.0]);
    write_npz(folder.path("b.npz"), [("arr_0", &logits), ("arr_1", &integers(&[0, 1]))]).unwrap();
    let [outputs_column, label_column] = ["arr_0", "arr_1"].map(|name| Some(name.to_owned()));
    let options = Options { outputs_column, label_column, ..Options::default() };
    let scored = score(&[&folder.path("b.npz")], &["correctness"], &options).unwrap();
    assert_eq!(scored.columns[0].values.to_floats(), [1.0, 0.0]);
}

#[test]
fn bits_of_bfloat16_in_a_table() {
    let folder = Folder::new();
    let path = folder.path("log.jsonl");
    // 1.5 and -2.
    std::fs::write(&path, "{\"id\": 1, \"epoch\": 0, \"label\": 0, \"logits\": [16320, 49152]}\n").unwrap();
    let options = Options { dtype: Some(log::Dtype::Bf16), ..Options::default() };
    let scored = score(&[&path], &["aum"], &options).unwrap();
    assert_eq!(scored.columns[0].values.to_floats(), [3.5]);
}
