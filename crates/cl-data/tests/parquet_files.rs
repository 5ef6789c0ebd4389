//! Columns of Parquet files, of every kind that writers have.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cl_data::io::{Batch, CellValues, TableOptions, TableReader};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// Values, definition levels and repetition levels of a row group.
type Group<'a, Value> = (&'a [Value], &'a [i16], &'a [i16]);

/// One column with values, definition and repetition levels for each row group.
fn write<T: DataType>(folder: &Path, column: &str, groups: &[Group<'_, T::T>]) -> PathBuf {
    let path = folder.join("t.parquet");
    let schema = Arc::new(parse_message_type(&format!("message rows {{ {column} }}")).unwrap());
    let mut file = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::default()).unwrap();
    for &(values, definition, repetition) in groups {
        let mut group = file.next_row_group().unwrap();
        let mut writer = group.next_column().unwrap().unwrap();
        let definition = (!definition.is_empty()).then_some(definition);
        let repetition = (!repetition.is_empty()).then_some(repetition);
        writer.typed::<T>().write_batch(values, definition, repetition).unwrap();
        writer.close().unwrap();
        group.close().unwrap();
    }
    file.close().unwrap();
    path
}

fn batches(path: &Path) -> Result<Vec<Batch>, String> {
    let table = TableReader::open(path, &TableOptions::default()).map_err(|error| error.to_string())?;
    let mut rows = table.rows(&[0]).map_err(|error| error.to_string())?;
    let mut batches = Vec::new();
    while let Some(batch) = rows.next_batch().map_err(|error| error.to_string())? {
        batches.push(batch);
    }
    Ok(batches)
}

fn texts(path: &Path) -> Vec<Option<String>> {
    let text = |batch: &Batch| -> Vec<Option<String>> {
        (0..batch.n_rows).map(|row| batch.columns[0].text(row).map(Into::into)).collect()
    };
    batches(path).unwrap().iter().flat_map(text).collect()
}

fn numbers(path: &Path) -> Vec<f64> {
    let number = |batch: &Batch| -> Vec<f64> {
        (0..batch.n_rows).map(|row| batch.columns[0].number(row).unwrap()).collect()
    };
    batches(path).unwrap().iter().flat_map(number).collect()
}

#[test]
fn values_that_are_missing_stay_in_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path =
        write::<Int64Type>(folder.path(), "optional int64 v;", &[(&[7, 9], &[0, 1, 0, 1], &[]), (&[], &[0], &[])]);
    let expected = [None, Some("7"), None, Some("9"), None];
    assert_eq!(texts(&path), expected.map(|text| text.map(str::to_owned)));
    let found = batches(&path).unwrap();
    assert_eq!((found.len(), found[1].first_row, found[1].place(0)), (2, 4, "row 4".to_owned()));
    assert_eq!(found[1].columns[0].values, CellValues::Missing(1));
    let path = write::<DoubleType>(folder.path(), "optional double v;", &[(&[0.5], &[1, 0], &[])]);
    let found = numbers(&path);
    assert!(found[0] == 0.5 && found[1].is_nan());
    let path = write::<BoolType>(folder.path(), "optional boolean v;", &[(&[true], &[0, 1], &[])]);
    let found = batches(&path).unwrap();
    assert_eq!((found[0].columns[0].flag(0), found[0].columns[0].flag(1)), (None, Some(true)));
    let words: [ByteArray; 1] = ["word".into()];
    let path = write::<ByteArrayType>(folder.path(), "optional binary v (UTF8);", &[(&words, &[0, 1], &[])]);
    assert_eq!(texts(&path), [None, Some("word".to_owned())]);
}

#[test]
fn lists_that_are_empty_or_missing_are_not_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let column = "optional group v (LIST) { repeated group list { optional double element; } }";
    // [1, null], null, [], [2]
    let levels: (&[f64], &[i16], &[i16]) = (&[1.0, 2.0], &[3, 2, 0, 1, 3], &[0, 1, 0, 0, 0]);
    let path = write::<DoubleType>(folder.path(), column, &[levels, (&[3.0], &[3], &[0])]);
    let found = batches(&path).unwrap();
    let cells = &found[0].columns[0];
    let first = cells.list(0).unwrap();
    assert!(first.len() == 2 && first[0] == 1.0 && first[1].is_nan());
    assert_eq!((cells.list(1), cells.list(2), cells.list(3)), (None, Some(&[][..]), Some(&[2.0][..])));
    assert_eq!(found[1].columns[0].list(0), Some(&[3.0][..]));
    // As old writers have lists, and none of whose elements may be missing.
    let path = write::<DoubleType>(folder.path(), "repeated double v;", &[(&[1.0, 2.0], &[1, 1, 0], &[0, 1, 0])]);
    let cells = &batches(&path).unwrap()[0].columns[0];
    assert_eq!((cells.list(0), cells.list(1)), (Some(&[1.0, 2.0][..]), Some(&[][..])));
}

#[test]
fn a_list_in_a_list_is_that_of_a_batch_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let inner = "repeated group list { optional double element; }";
    let column = format!(
        "optional group v (LIST) {{ repeated group list {{ optional group element (LIST) {{ {inner} }} }} }}"
    );
    let path = write::<DoubleType>(folder.path(), &column, &[(&[1.0, 2.0, 3.0], &[5, 5, 5], &[0, 2, 0])]);
    let cells = &batches(&path).unwrap()[0].columns[0];
    assert_eq!((cells.list(0), cells.list(1)), (Some(&[1.0, 2.0][..]), Some(&[3.0][..])));
    let path = write::<DoubleType>(folder.path(), &column, &[(&[1.0, 2.0], &[5, 5], &[0, 1])]);
    let error = batches(&path).unwrap_err();
    assert!(error.contains("t.parquet: row 0, column `v`: lists of lists"), "{error}");
}

#[test]
fn decimals_are_numbers_of_either_sign() {
    let folder = tempfile::tempdir().unwrap();
    let path = write::<Int32Type>(folder.path(), "required int32 v (DECIMAL(9, 2));", &[(&[125, -50], &[], &[])]);
    assert_eq!(numbers(&path), [1.25, -0.5]);
    let path = write::<Int64Type>(folder.path(), "required int64 v (DECIMAL(18, 1));", &[(&[-15], &[], &[])]);
    assert_eq!(numbers(&path), [-1.5]);
    let fixed = |value: i128| FixedLenByteArray::from(ByteArray::from(value.to_be_bytes()[4..].to_vec()));
    let values = [fixed(125), fixed(-125), fixed(0), fixed(-1_000_000_000_000_000)];
    let column = "required fixed_len_byte_array(12) v (DECIMAL(28, 2));";
    let path = write::<FixedLenByteArrayType>(folder.path(), column, &[(&values, &[], &[])]);
    assert_eq!(numbers(&path), [1.25, -1.25, 0.0, -1e13]);
    let bytes = [ByteArray::from(vec![0xff]), ByteArray::from(vec![0x01, 0x00]), ByteArray::from(Vec::new())];
    let path = write::<ByteArrayType>(folder.path(), "required binary v (DECIMAL(9, 0));", &[(&bytes, &[], &[])]);
    assert_eq!(numbers(&path), [-1.0, 256.0, 0.0]);
}

#[test]
fn integers_beyond_i64_stay_exact_and_integers() {
    let folder = tempfile::tempdir().unwrap();
    let column = "optional int64 v (UINT_64);";
    // The groups have small ones, large ones, and both with one missing.
    let groups: [(&[i64], &[i16], &[i16]); 3] =
        [(&[3], &[1], &[]), (&[-1], &[1], &[]), (&[9_007_199_254_740_993, i64::MIN], &[1, 0, 1], &[])];
    let path = write::<Int64Type>(folder.path(), column, &groups);
    let expected = ["3", "18446744073709551615", "9007199254740993", "", "9223372036854775808"];
    assert_eq!(texts(&path), expected.map(|text| (!text.is_empty()).then(|| text.to_owned())));
    assert!(batches(&path).unwrap().iter().all(|batch| batch.columns[0].values.kind() == "integers"));
    let path = write::<Int32Type>(folder.path(), "required int32 v (UINT_32);", &[(&[-1], &[], &[])]);
    assert_eq!(texts(&path), [Some("4294967295".to_owned())]);
}

#[test]
fn halves_and_uuids() {
    let folder = tempfile::tempdir().unwrap();
    let fixed = |bytes: &[u8]| FixedLenByteArray::from(ByteArray::from(bytes.to_vec()));
    let halves = [fixed(&[0x00, 0x3e]), fixed(&[0x00, 0xfc])];
    let column = "required fixed_len_byte_array(2) v (FLOAT16);";
    let path = write::<FixedLenByteArrayType>(folder.path(), column, &[(&halves, &[], &[])]);
    assert_eq!(numbers(&path), [1.5, f64::NEG_INFINITY]);
    let uuid: Vec<u8> = (0..16).map(|byte| byte * 17).collect();
    let column = "required fixed_len_byte_array(16) v (UUID);";
    let path = write::<FixedLenByteArrayType>(folder.path(), column, &[(&[fixed(&uuid)], &[], &[])]);
    assert_eq!(texts(&path), [Some("00112233-4455-6677-8899-aabbccddeeff".to_owned())]);
    let path = write::<FixedLenByteArrayType>(
        folder.path(),
        "required fixed_len_byte_array(16) v;",
        &[(&[fixed(&uuid)], &[], &[])],
    );
    let error = batches(&path).unwrap_err();
    assert!(error.contains("row 0, column `v`: bytes"), "{error}");
}
