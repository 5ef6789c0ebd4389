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
    assert!(refusal(&["agree", &out, &other]).contains("1 examples, expected the 40"));
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
    let message = refused(&|rows| rows.retain(|row| row.1 != 3));
    assert_eq!(message, "row 120: epoch 3 is missing, between 2 and 4");
    assert_eq!(refused(&|rows| rows[100].1 = 1), "row 100: epoch 1 after epoch 2, expected them in order");
    assert!(refused(&|rows| rows[50].0 = 12345).contains("row 50: id 12345 does not occur in epoch 0"));
    let twice = refused(&|rows| rows[50].0 = rows[49].0);
    assert!(twice.contains("row 50: id ") && twice.contains("occurs twice in epoch 1"), "{twice}");
    let message = refused(&|rows| drop(rows.remove(479)));
    assert!(message.contains("has no row in epoch 11"), "{message}");
    assert!(refused(&|rows| rows[50].2 += 1).contains("as in epoch 0"));
    assert!(refused(&|rows| rows[50].3.truncate(6)).contains("6 logits of id "));
    assert!(refused(&|rows| rows[50].3[2] = f32::NAN).contains("logit of class 2 is NaN"));
    assert!(refused(&|rows| rows[1].0 = rows[0].0).contains("is borne by examples 0 and 1"));
    assert!(refused(&|rows| rows.clear()).contains("0 epochs"));
}
