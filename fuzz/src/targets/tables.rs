//! Tables column by column, and what a file holds.

use cl_data::io::{
    CsvOptions, HeaderRow, LabelColumn, RowFormat, Rows, SummaryOptions, TableOptions, TableReader, open,
    read_csv, read_lines, summarize, write_csv,
};

use super::{input::Input, scratch};

/// No more columns and rows are looked at.
const MOST: usize = 40;

pub(crate) fn csv_table(data: &[u8]) {
    table(RowFormat::Csv, data);
}

pub(crate) fn json_table(data: &[u8]) {
    table(RowFormat::JsonLines, data);
}

pub(crate) fn parquet_table(data: &[u8]) {
    table(RowFormat::Parquet, data);
}

fn table(format: RowFormat, data: &[u8]) {
    let mut input = Input::new(data);
    let options = table_options(&mut input, format);
    let path = scratch::file("table", input.rest());
    let Ok(table) = TableReader::open(&path, &options) else { return };
    let columns: Vec<usize> = (0..table.columns().len().min(MOST)).collect();
    let _ = (table.separator_hint(), table.column("label"), table.find("id"));
    let any = table.rows_of_any_type(&columns).map(|mut rows| n_rows(rows.as_mut()));
    for &column in columns.iter().take(1) {
        if let (Ok(Some(n)), Ok(mut rows)) = (&any, table.rows(&[column]))
            && let Some(own) = n_rows(rows.as_mut())
        {
            assert_eq!(own, *n, "rows of column {column}");
        }
    }
    for part in 1..table.n_parts().min(3) {
        let _ = table.rows_of_part(part, &columns).map(|mut rows| n_rows(rows.as_mut()));
    }
    let _ = table.late_keys();
}

pub(crate) fn table_options(input: &mut Input<'_>, format: RowFormat) -> TableOptions {
    let choice = match format {
        RowFormat::Csv => input.byte(),
        _ => 0,
    };
    let separator = [None, Some(b','), Some(b';'), Some(b'\t')][usize::from(choice & 3)];
    TableOptions { format: Some(format), separator, decimal_comma: choice & 4 != 0 }
}

/// Looks at every cell; how many rows there were, if all could be read.
fn n_rows(rows: &mut dyn Rows) -> Option<usize> {
    let mut n = 0;
    while let Some(batch) = rows.next_batch().ok()? {
        for row in 0..batch.n_rows.min(MOST) {
            let _ = batch.place(row);
            for cells in &batch.columns {
                let _ = (cells.is_missing(row), cells.number(row), cells.integer(row), cells.flag(row));
                let _ = (cells.text(row), cells.list(row), cells.shown(row));
            }
        }
        assert!(batch.columns.iter().all(|cells| cells.values.len() == batch.n_rows));
        n += batch.n_rows;
    }
    Some(n)
}

pub(crate) fn csv_dataset(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let options = CsvOptions {
        label: match choice & 3 {
            0 => LabelColumn::Last,
            1 => LabelColumn::Index(0),
            _ => LabelColumn::Name("label".into()),
        },
        id: (choice & 4 != 0).then(|| "id".into()),
        header: [HeaderRow::Required, HeaderRow::Detected, HeaderRow::Absent][usize::from(choice >> 3) % 3],
        classes: (choice & 64 != 0).then(|| vec!["a".into(), "b".into()]),
        delimiter: if choice & 128 == 0 { b',' } else { b';' },
    };
    let path = scratch::file("data.csv", input.rest());
    let Ok(data) = read_csv::<f64>(&path, &options) else { return };
    let again = scratch::path("again.csv");
    if write_csv(&again, &data).is_ok() {
        let own = CsvOptions {
            id: Some("id".into()),
            classes: Some(data.class_names().to_vec()),
            ..CsvOptions::new(LabelColumn::Name("label".into()))
        };
        assert_eq!(read_csv::<f64>(&again, &own).expect("data that were written can be read"), data);
    }
}

/// Of any format, as its content tells.
pub(crate) fn summary(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let options = SummaryOptions {
        label: (choice & 1 != 0).then(|| "label".into()),
        id: (choice & 2 != 0).then(|| "id".into()),
        table: TableOptions::default(),
    };
    let path = scratch::file(input.one_of(&["data", "data.bin", "data.csv"]), input.rest());
    if let Ok(summary) = summarize(&path, &options) {
        serde_json::to_string(&summary).expect("a summary can be written");
    }
}

/// Bytes that may be compressed, and lines of text.
pub(crate) fn lines(data: &[u8]) {
    let path = scratch::file("texts", data);
    if let Ok(mut input) = open(&path) {
        let _ = input.read_up_to(1 << 20);
    }
    let _ = read_lines(&path);
}
