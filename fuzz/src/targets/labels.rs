use cl_data::Ids;
use cl_data::io::{LabelOptions, LabelTable, Labels, TableOptions};

use super::{input::Input, scratch};

/// Files of labels, arrays and tables, through the book of their classes.
pub(crate) fn labels(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let classes =
        [None, Some(&["cat", "dog", "1"][..]), Some(&["0", "1.0", "2"][..])][usize::from(choice & 3) % 3];
    let options = LabelOptions {
        classes: classes.map(|names| names.iter().map(|&name| name.into()).collect()),
        ignore: [None, Some("-100"), Some("cat"), Some("1")][usize::from(choice >> 2 & 3)].map(Into::into),
    };
    let table = LabelTable {
        table: TableOptions { decimal_comma: choice & 16 != 0, ..TableOptions::default() },
        id_column: (choice & 32 != 0).then(|| "name".into()),
        label_column: (choice & 64 != 0).then(|| "label".into()),
    };
    let path = scratch::file("labels", input.rest());
    let Ok(labels) = Labels::read_with(&path, &options, &table) else { return };
    assert!(labels.classes.iter().flatten().all(|&class| class < labels.n_classes));
    if let Some(soft) = &labels.soft {
        assert_eq!(soft.len(), labels.classes.len() * labels.n_classes);
    }
    let _ = (labels.check(2, "log.npy"), labels.check(labels.n_classes, "log.npy"));
    let _ = labels.clone().for_ids(&Ids::range(labels.classes.len()), "log.npy");
    let _ = labels.all();
}
