//! Rows of a log as Parquet, in row groups of a few.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::long_log::{Kind, Row, name};

pub(crate) fn write(path: &Path, kind: Kind, rows: &[Row]) {
    let scalar = matches!(kind, Kind::Losses | Kind::Correct);
    let labelled = rows.iter().all(|row| row.label.is_some());
    let outputs = match scalar {
        true => format!("required double {};", name(kind)),
        false => format!(
            "optional group {} (LIST) {{ repeated group list {{ optional double element; }} }}",
            name(kind)
        ),
    };
    let label = if labelled { "required int64 label;" } else { "" };
    let schema = format!("message rows {{ required binary id (UTF8); required int64 epoch; {label} {outputs} }}");
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut file = SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::default()).unwrap();
    for rows in rows.chunks(7) {
        let mut group = file.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let ids: Vec<ByteArray> = rows.iter().map(|row| row.id.as_str().into()).collect();
        column.typed::<ByteArrayType>().write_batch(&ids, None, None).unwrap();
        column.close().unwrap();
        let epochs = rows.iter().map(|row| row.epoch as i64).collect();
        let labels =
            rows.iter().filter_map(|row| row.label.as_ref()).map(|label| label.parse().unwrap()).collect();
        let columns: Vec<Vec<i64>> = if labelled { vec![epochs, labels] } else { vec![epochs] };
        for values in columns {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<Int64Type>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
        let values: Vec<f64> = rows.iter().flat_map(|row| row.values.clone()).collect();
        let repetition: Vec<i16> =
            rows.iter().flat_map(|row| (0..row.values.len()).map(|at| i16::from(at > 0))).collect();
        let definition = vec![3; values.len()];
        let levels = (!scalar).then_some((&definition[..], &repetition[..]));
        let mut column = group.next_column().unwrap().unwrap();
        let (definition, repetition) = levels.unzip();
        column.typed::<DoubleType>().write_batch(&values, definition, repetition).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    file.close().unwrap();
}
