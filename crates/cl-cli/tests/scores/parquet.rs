use std::fs::File;
use std::sync::Arc;

use parquet::data_type::{DoubleType, FloatType, Int64Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::{DYNAMICS, Dynamics, Folder, csv, refusal, report};

/// A row per presentation: id, epoch, label, logits.
type Presentation = (i64, i64, i64, Vec<f32>);

fn write(path: &str, rows: &[Presentation]) {
    let schema = "message log {
        required int64 id; required int64 epoch; required int64 label;
        required group logits (LIST) { repeated group list { required float element; } }
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::default()).unwrap();
    // Several row groups, as large files have.
    for rows in rows.chunks(100) {
        let mut group = file.next_row_group().unwrap();
        for integers in [|row: &Presentation| row.0, |row: &Presentation| row.1, |row: &Presentation| row.2] {
            let mut column = group.next_column().unwrap().unwrap();
            let values: Vec<i64> = rows.iter().map(integers).collect();
            column.typed::<Int64Type>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
        let values: Vec<f32> = rows.iter().flat_map(|row| row.3.clone()).collect();
        let repetition: Vec<i16> =
            rows.iter().flat_map(|row| (0..row.3.len()).map(|i| i16::from(i > 0))).collect();
        let mut column = group.next_column().unwrap().unwrap();
        let definition = vec![1; values.len()];
        column.typed::<FloatType>().write_batch(&values, Some(&definition), Some(&repetition)).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    file.close().unwrap();
}

fn rows() -> Vec<Presentation> {
    let dynamics = Dynamics::read();
    let row = |epoch: usize, i: usize| {
        let logits = dynamics.logits[epoch][i * Dynamics::C..][..Dynamics::C].to_vec();
        (dynamics.ids[i], epoch as i64, dynamics.labels[i], logits)
    };
    // The first epoch in order, as the fixture has it.
    let order = |epoch: usize| if epoch == 0 { (0..Dynamics::N).collect() } else { Dynamics::order(epoch) };
    (0..12).flat_map(|epoch| order(epoch).into_iter().map(move |i| (epoch, i))).map(|(e, i)| row(e, i)).collect()
}

#[test]
fn the_long_form_gives_the_same_scores() {
    let folder = Folder::new();
    let (input, out, expected) = (folder.path("log.parquet"), folder.path("s.csv"), folder.path("e.csv"));
    write(&input, &rows());
    let found = report(&["score", &input, "--metric", "all", "-o", &out]);
    assert_eq!(found["format"], "Parquet");
    report(&["score", DYNAMICS, "--metric", "all", "-o", &expected]);
    assert_eq!(csv(&out), csv(&expected));
}

#[test]
fn scores_are_written_as_parquet() {
    let folder = Folder::new();
    let (out, text) = (folder.path("s.parquet"), folder.path("s.csv"));
    let metric = ["score", DYNAMICS, "--metric", "el2n,forgetting_events,never_learned", "-o"];
    report(&[&metric[..], &[&out]].concat());
    report(&[&metric[..], &[&text]].concat());
    let reader = SerializedFileReader::new(File::open(&out).unwrap()).unwrap();
    let names: Vec<_> = reader.metadata().file_metadata().schema().get_fields().iter().map(|f| f.name()).collect();
    assert_eq!(names, ["id", "label", "el2n", "forgetting_events", "never_learned"]);
    let group = reader.get_row_group(0).unwrap();
    let parquet::column::reader::ColumnReader::DoubleColumnReader(mut column) =
        group.get_column_reader(2).unwrap()
    else {
        panic!("el2n is no column of doubles")
    };
    let mut values: Vec<<DoubleType as parquet::data_type::DataType>::T> = Vec::new();
    column.read_records(Dynamics::N, None, None, &mut values).unwrap();
    assert_eq!(values, csv(&text)[2].1);
    // The other commands read it as they read CSV.
    let agreement =
        |file: &str| report(&["agree", file, "--metric", "el2n,forgetting_events", "--resamples", "10"]);
    let (mut found, mut expected) = (agreement(&out), agreement(&text));
    for agreement in [&mut found, &mut expected] {
        agreement["columns"].as_array_mut().unwrap().iter_mut().for_each(|column| column["file"] = "".into());
    }
    assert_eq!(found, expected);
    report(&["score", DYNAMICS, "--metric", "confidence,variability,correctness", "-o", &out]);
    report(&["map", &out, "-o", &folder.path("map.svg")]);
    let other = folder.text("other.csv", "id,label,el2n\n1,0,0.5\n");
    assert!(refusal(&["agree", &out, &other]).ends_with("other data"));
}

#[test]
fn bad_rows_are_named() {
    let folder = Folder::new();
    let input = folder.path("log.parquet");
    let refused = |change: &dyn Fn(&mut Vec<Presentation>)| {
        let mut changed = rows();
        change(&mut changed);
        write(&input, &changed);
        let message = refusal(&["score", &input, "--metric", "el2n", "-o", &folder.path("s.csv")]);
        message.strip_prefix(&format!("{input}: ")).map(Into::into).unwrap_or(message)
    };
    let stranger = refused(&|rows| rows[50].0 = 12345);
    assert!(stranger.starts_with("no row of id ") && stranger.contains("--missing skip"), "{stranger}");
    let twice = refused(&|rows| rows[50] = rows[49].clone());
    assert!(twice.contains("1 rows of an id and epoch that another row has, first id "), "{twice}");
    assert!(twice.contains("in epoch 1; expected one each, or --duplicates"), "{twice}");
    let message = refused(&|rows| drop(rows.remove(479)));
    assert!(message.contains("in epoch 11 (1 of 40 ids are missing there)"), "{message}");
    let label = refused(&|rows| rows[50].2 += 1);
    assert!(label.starts_with("row 50, column `label`: ") && label.contains("as in an earlier row"), "{label}");
    let few = refused(&|rows| rows[50].3.truncate(6));
    assert!(few.starts_with("row 50, column `logits`: a list of 6 numbers, expected 7"), "{few}");
    assert!(refused(&|rows| rows[50].3[2] = f32::NAN).contains("logit of class 2 is NaN"));
    assert!(refused(&|rows| rows.clear()).contains("no rows"));
}

#[test]
fn rows_come_in_any_order_and_epochs_may_skip() {
    let folder = Folder::new();
    let (input, out) = (folder.path("log.parquet"), folder.path("s.csv"));
    let score = |change: &dyn Fn(&mut Vec<Presentation>)| {
        let mut changed = rows();
        change(&mut changed);
        write(&input, &changed);
        report(&["score", &input, "--metric", "all", "-o", &out]);
        csv(&out)
    };
    let expected = score(&|_| {});
    assert_eq!(score(&|rows| rows.reverse()), expected);
    assert_eq!(score(&|rows| rows.sort_by_key(|row| row.0)), expected);
    assert_eq!(score(&|rows| rows.iter_mut().for_each(|row| row.1 = 1 + 50 * row.1)), expected);
}
