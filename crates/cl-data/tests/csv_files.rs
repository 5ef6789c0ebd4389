//! CSV: what is read, what is refused, and the round trip.

use std::io::Write;
use std::path::PathBuf;

use cl_data::io::{CsvOptions, HeaderRow, LabelColumn, read_csv, write_csv};
use cl_data::{DataError, Dataset, Ids};
use proptest::prelude::*;

fn read(text: impl AsRef<[u8]>, options: &CsvOptions) -> Result<Dataset<f64>, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("data.csv");
    std::fs::write(&path, text).unwrap();
    let data = read_csv(&path, options);
    if let Err(error) = &data {
        assert!(error.to_string().contains("data.csv: "), "{error}");
    }
    data
}

/// The message after the path.
fn refusal(text: impl AsRef<[u8]>, options: &CsvOptions) -> String {
    let message = read(text, options).unwrap_err().to_string();
    message.split_once("data.csv: ").unwrap().1.to_owned()
}

fn named(label: &str) -> CsvOptions {
    CsvOptions::new(LabelColumn::Name(label.into()))
}

#[test]
fn labels_ids_and_names_are_found() {
    let text = "name, a ,species,b\nx1, 1 ,wolf,2\nx2,3.5,\"cat, wild\",-4e-1\nx3,5,wolf,6\n";
    let data = read(text, &CsvOptions { id: Some("name".into()), ..named("species") }).unwrap();
    assert_eq!(data.features().as_slice(), [1.0, 2.0, 3.5, -0.4, 5.0, 6.0]);
    assert_eq!(data.feature_names(), ["a", "b"]);
    assert_eq!(
        (data.labels(), data.class_names()),
        (&[1, 0, 1][..], &["cat, wild".to_string(), "wolf".into()][..])
    );
    assert_eq!(*data.ids(), Ids::texts(["x1", "x2", "x3"].map(Into::into).into()).unwrap());
}

#[test]
fn integer_labels_keep_their_value() {
    let data = read("x,y\n1,2\n1,0\n1,2.0\n", &named("y")).unwrap();
    assert_eq!((data.labels(), data.n_classes()), (&[2, 0, 2][..], 3));
    assert_eq!(data.class_names(), ["0", "1", "2"]);
    let data = read("x,y\n1,-1\n1,1\n", &named("y")).unwrap();
    assert_eq!((data.labels(), data.class_names()), (&[0, 1][..], &["-1".to_string(), "1".into()][..]));
}

#[test]
fn header_by_option() {
    let with = |header| CsvOptions { header, ..CsvOptions::new(LabelColumn::Last) };
    let bare = read("1,2,cat\n3,4,dog\n", &with(HeaderRow::Detected)).unwrap();
    assert_eq!((bare.n_examples(), bare.feature_names()), (2, &["x0".to_string(), "x1".into()][..]));
    assert_eq!(read("a,b,c\n1,2,0\n", &with(HeaderRow::Detected)).unwrap().feature_names(), ["a", "b"]);
    assert_eq!(read("1,2,0\n3,4,1\n", &with(HeaderRow::Absent)).unwrap().n_examples(), 2);
    assert_eq!(
        refusal("1,2,0\n3,4,1\n", &with(HeaderRow::Required)),
        "line 1: only numbers, expected the names of the columns"
    );
    let tab = CsvOptions { delimiter: b'\t', ..with(HeaderRow::Required) };
    assert_eq!(read("a\tb\n1\t0\n", &tab).unwrap().n_features(), 1);
}

#[test]
fn gzip_and_given_classes() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"x,y\n1,b\n2,a\n").unwrap();
    let bytes = gzip.finish().unwrap();
    let options = CsvOptions { classes: Some(["c", "b", "a"].map(Into::into).into()), ..named("y") };
    let data = read(&bytes, &options).unwrap();
    assert_eq!((data.labels(), data.n_classes()), (&[1, 2][..], 3));
    assert!(refusal(&bytes[..bytes.len() - 9], &named("y")).starts_with("compressed data: "));
    assert_eq!(
        refusal("x,y\n1,a\n1,d\n", &options),
        "line 3, column `y`: \"d\", expected one of the classes c, b, a"
    );
}

#[test]
fn every_refusal_names_its_place() {
    let y = named("y");
    assert_eq!(refusal("", &y), "line 1: the file is empty, expected rows");
    assert_eq!(refusal("x,y\n", &y), "line 2: no row after the header, expected examples");
    assert_eq!(refusal("x,y\n1,0\n\n1,0,3\n", &y), "line 4: 3 columns, expected 2");
    assert_eq!(refusal("x,y\n1,0\n1\n", &y), "line 3: 1 columns, expected 2");
    assert_eq!(refusal("x,y\r\n1,0\r\n\r\n\r\n1,0\r\n1", &y), "line 6: 1 columns, expected 2");
    assert_eq!(refusal("x,y\n1,\"a\n\nb\"\n1\n", &y), "line 5: 1 columns, expected 2");
    let open = "line 3: a quote is opened, expected it to be closed before the end of the file";
    assert_eq!(refusal("x,y\n1,0\n1,\"a\n2,0\n3,0\n", &y), open);
    assert_eq!(refusal("a,b\n1,0\n", &y), "header: no label column `y`, the columns are a, b");
    assert_eq!(refusal("y,y\n1,0\n", &y), "header: several columns `y`, expected one");
    let index = CsvOptions::new(LabelColumn::Index(2));
    assert_eq!(refusal("a,b\n1,0\n", &index), "header: no label column 2, expected 0..2: a, b");
    assert_eq!(refusal("x,y\n1,0\nabc,0\n", &y), "line 3, column `x`: \"abc\", expected a finite number");
    for bad in ["", "nan", "NaN", "inf", "-infinity", "1e999", "1_000", "0x10"] {
        let expected = format!("line 2, column `x`: {bad:?}, expected a finite number");
        assert_eq!(refusal(format!("x,y\n{bad},0\n"), &y), expected);
    }
    assert_eq!(refusal("x,y\n1,\n", &y), "line 2, column `y`: empty, expected a label");
    assert_eq!(
        refusal("x,y\n1,0\n1,0.5\n", &y),
        "line 3, column `y`: \"0.5\", expected a class: an integer or a name"
    );
    assert!(refusal("x,y\n1,4000000000\n", &y).contains("expected a class index below 1048576"));
    let ids = |text| refusal(text, &CsvOptions { id: Some("id".into()), ..named("y") });
    assert_eq!(ids("x,y\n1,0\n"), "header: no id column `id`, the columns are x, y");
    assert_eq!(
        ids("id,y\n7,0\n7,1\n"),
        "column of ids: id 7 is borne by examples 0 and 1, expected every id once"
    );
    assert!(refusal(b"x,y\n1,\xff\n", &y).starts_with("line 2: no UTF-8 (Latin-1?)"));
    let missing = read_csv::<f64>("no such file.csv", &y).unwrap_err();
    assert!(matches!(&missing, DataError::Io { .. }) && missing.to_string().starts_with("no such file.csv: "));
}

#[test]
fn what_would_not_read_back_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let data = || Dataset::<f64>::new(1, vec![1.0, 2.0], vec![0, 1], 2).unwrap();
    let refused = [
        data().with_feature_names(vec!["label".into()]).unwrap(),
        data().with_class_names(vec!["a".into(), "a".into()]).unwrap(),
        data().with_class_names(vec![" a".into(), "b".into()]).unwrap(),
        data().with_ids(Ids::texts(vec!["".into(), "b".into()]).unwrap()).unwrap(),
    ];
    for data in refused {
        assert!(matches!(write_csv(&path, &data), Err(DataError::InvalidArgument { .. })));
    }
    assert!(!path.exists());
}

proptest! {
    #[test]
    fn what_is_written_reads_back_exactly(
        (d, rows) in (1usize..4).prop_flat_map(|d| {
            let value = any::<f64>().prop_filter("finite", |value| value.is_finite());
            (Just(d), prop::collection::vec((prop::collection::vec(value, d), 0usize..3), 1..12))
        }),
        text_ids: bool,
    ) {
        let features: Vec<f64> = rows.iter().flat_map(|(row, _)| row.clone()).collect();
        let labels: Vec<usize> = rows.iter().map(|&(_, label)| label).collect();
        let n = labels.len();
        let ids = if text_ids {
            Ids::texts((0..n).map(|i| format!("example \"{i}\", \u{e9}\n#")).collect())
        } else {
            Ids::integers((0..n).map(|i| 10 - i as i64).collect())
        };
        let data = Dataset::new(d, features, labels, 3).unwrap().with_ids(ids.unwrap()).unwrap()
            .with_class_names(vec!["z".into(), "a, b".into(), "m".into()]).unwrap();
        // What is beyond the range of f32 cannot be cast, and is left to f64.
        let small = data.features().iter().map(|x| x.clamp(-1e38, 1e38)).collect();
        let single = Dataset::new(d, small, data.labels().to_vec(), 3).unwrap().with_ids(data.ids().clone()).unwrap()
            .with_class_names(data.class_names().to_vec()).unwrap().cast::<f32>()?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        let options = CsvOptions {
            id: Some("id".into()),
            classes: Some(data.class_names().to_vec()),
            ..CsvOptions::new(LabelColumn::Name("label".into()))
        };
        write_csv(&path, &data).unwrap();
        let back: Dataset<f64> = read_csv(&path, &options).unwrap();
        prop_assert_eq!(&back, &data);
        for (a, b) in back.features().iter().zip(data.features().iter()) {
            prop_assert_eq!(a.to_bits(), b.to_bits());
        }
        if single.features().iter().all(|value| value.is_finite()) {
            write_csv(&path, &single).unwrap();
            prop_assert_eq!(&read_csv::<f32>(&path, &options).unwrap(), &single);
        }
    }
}
