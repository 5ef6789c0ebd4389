//! Tables of scores, and the files beside them.

use cl_data::Ids;
use cl_data::io::TableOptions;
use cl_difficulty::table::{ReadOptions, Sidecar, Table, TableFormat, write_as};
use cl_difficulty::{Column, ColumnValues, Metric};

use super::{input::Input, scratch};

/// A table in any format, with a sidecar or without.
pub(crate) fn score_table(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let options = ReadOptions {
        table: TableOptions { decimal_comma: choice & 1 != 0, ..TableOptions::default() },
        id_column: (choice & 2 != 0).then(|| "name".into()),
    };
    let sidecar = input.part();
    match sidecar.is_empty() {
        true => scratch::remove("scores.json"),
        false => drop(scratch::file("scores.json", sidecar)),
    }
    let path = scratch::file("scores", input.rest());
    let Ok(table) = Table::read_plain_with(&path, &options) else { return };
    look_at(&table);
    written_again(&table);
}

fn look_at(table: &Table) {
    let _ = (table.fingerprint(), table.part_of_sidecar(), table.needed_labels());
    let _ = (table.chosen(None), table.scores(None, None).map(|scores| scores.easiest_first(1)));
    for column in &table.columns {
        assert_eq!(column.values.len(), table.n_examples());
        assert!(column.values.iter().all(|value| !value.is_nan() && *value > f64::NEG_INFINITY));
        let _ = (table.direction(&column.name), table.scores(Some(&column.name), Some(false)));
        let _ = (table.difficulties(column, None), table.described(&column.name));
    }
    for column in &table.unusable {
        assert!(table.column(&column.name).is_err());
    }
}

/// Columns that were read and written again, in another format, are the same.
fn written_again(table: &Table) {
    let plain = |name: &str| !["id", "label", "ids", "labels", ""].contains(&name.trim());
    let Some(column) = table.columns.iter().find(|column| plain(&column.name)) else { return };
    let ids = table.ids.clone().unwrap_or_else(|| Ids::range(table.n_examples()));
    let Some(sidecar) = &table.sidecar else { return };
    let written = Column {
        name: column.name.clone(),
        values: ColumnValues::Float(column.values.clone()),
        higher_is_harder: Some(true),
        metric: Metric::new(&column.name),
    };
    let again = scratch::path("again.npz");
    if write_as(TableFormat::Npz, &again, &ids, table.labels.as_deref(), vec![written], sidecar).is_ok()
        && let Ok(read) = Table::read(&again)
        && let Ok(same) = read.column(&column.name)
    {
        assert_eq!(same.values, column.values);
    }
}

/// The file beside a table alone.
pub(crate) fn sidecar(data: &[u8]) {
    scratch::file("described.csv", b"id,label,el2n,aum\na,0,0.5,1\nb,1,0.25,inf\n");
    scratch::file("described.csv.json", data);
    let path = scratch::path("described.csv");
    let Ok(Some(sidecar)) = Sidecar::read(&path) else { return };
    if let Ok(table) = Table::read(&path) {
        look_at(&table);
    }
    let again = scratch::path("again.csv");
    sidecar.write(&again).expect("a sidecar that was read can be written");
    assert_eq!(Sidecar::read(&again).expect("a sidecar that was written can be read"), Some(sidecar));
}
