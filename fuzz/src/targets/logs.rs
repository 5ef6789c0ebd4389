//! Logs of training in every layout, opened and scored.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use cl_data::io::{LabelOptions, RowFormat};
use cl_difficulty::log::{
    self, Axes, By, Dtype, Duplicates, Missing, NotNumbers, Options, Scored, Scoring, Source, available,
};
use cl_difficulty::{ColumnValues, OutputKind};

use super::tables::table_options;
use super::{input::Input, scratch};

/// One file with a row per example and epoch.
pub(crate) fn log_table(data: &[u8]) {
    let mut input = Input::new(data);
    let mut options = options(&mut input);
    let format = input.one_of(&[None, Some(RowFormat::Csv), Some(RowFormat::JsonLines), Some(RowFormat::Parquet)]);
    if let Some(format) = format {
        options.table = table_options(&mut input, format);
    }
    let path = scratch::file("log", input.rest());
    scored(&path, &options, &mut input);
}

/// One array, in an archive or with labels beside it.
pub(crate) fn log_arrays(data: &[u8]) {
    let mut input = Input::new(data);
    let mut options = options(&mut input);
    let labels = input.part();
    if !labels.is_empty() {
        options.labels = Some(scratch::file("log_labels", labels));
    }
    let path = scratch::file("log", input.rest());
    scored(&path, &options, &mut input);
}

/// A folder with an array, or a table, per epoch.
pub(crate) fn log_folder(data: &[u8]) {
    let mut input = Input::new(data);
    let options = options(&mut input);
    let names = input.one_of(&[
        &["epoch_0.npy", "epoch_1.npy", "labels.npy", "ids.npy"][..],
        &["losses_0.npy", "losses_1.npy", "labels.csv", "ids.npy"],
        &["dynamics_epoch_0.jsonl", "dynamics_epoch_1.jsonl", "labels.jsonl", "notes.txt"],
        &["epoch0.csv", "epoch1.csv", "labels.npy", "epoch2.parquet"],
    ]);
    let folder = folder(names, &mut input);
    scored(&folder, &options, &mut input);
}

/// A folder of outputs in the order in which they were presented.
pub(crate) fn log_order(data: &[u8]) {
    let mut input = Input::new(data);
    let options = options(&mut input);
    let names = input.one_of(&[
        &["0_Output.npy", "0_Index.npy", "1_Output.npy", "1_Index.npy", "labels.npy", "ids.npy"][..],
        &["3_Output.npy", "3_Index.npy", "3_Label.npy", "5_Output.npy", "5_Index.npy", "ids.npy"],
    ]);
    let folder = folder(names, &mut input);
    scored(&folder, &options, &mut input);
}

/// A folder of these files, those without bytes left out.
fn folder(names: &[&str], input: &mut Input<'_>) -> PathBuf {
    let folder = scratch::folder("log_folder");
    for name in names {
        let bytes = input.part();
        if !bytes.is_empty() {
            std::fs::write(folder.join(name), bytes).expect("a temporary file can be written");
        }
    }
    folder
}

fn options(input: &mut Input<'_>) -> Options {
    let (rows, kinds) = (input.byte(), input.byte());
    Options {
        classes: LabelOptions {
            classes: (kinds & 128 != 0).then(|| vec!["cat".into(), "dog".into()]),
            ignore: (kinds & 64 != 0).then(|| "-100".into()),
        },
        outputs: [
            None,
            Some(OutputKind::Logits),
            Some(OutputKind::Probabilities),
            Some(OutputKind::LogProbabilities),
            Some(OutputKind::Losses),
            Some(OutputKind::Correct),
            None,
            None,
        ][usize::from(kinds & 7)],
        axes: [None, None, Some(Axes::EpochsExamples), Some(Axes::ExamplesClasses)][usize::from(kinds >> 3 & 3)],
        dtype: (kinds & 32 != 0).then_some(Dtype::Bf16),
        epoch_column: (rows & 1 != 0).then(|| "none".into()),
        duplicates: [Duplicates::Error, Duplicates::First, Duplicates::Last, Duplicates::Mean]
            [usize::from(rows >> 1 & 3)],
        missing: if rows & 8 == 0 { Missing::Error } else { Missing::Skip },
        nan: if rows & 16 == 0 { NotNumbers::Error } else { NotNumbers::Skip },
        normalize: rows & 32 != 0,
        ..Options::default()
    }
}

fn scored(path: &Path, options: &Options, input: &mut Input<'_>) {
    // What is left over of the content, if anything, chooses the metrics: all of them take long.
    let choice = usize::from(input.byte()) + path.as_os_str().len();
    let Ok(runs) = log::open_runs(path, options) else { return };
    for mut run in runs.into_iter().take(2) {
        let available = available(run.contents());
        let metrics: Vec<_> = available.into_iter().skip(choice % 5).step_by(5).collect();
        if let Ok(by_epochs) = log::score(run.as_mut(), &metrics, &Scoring::default(), &mut ()) {
            check(&by_epochs);
            by_examples(run.as_mut(), &metrics, &by_epochs);
        }
        let _ = log::mean_probabilities(run.as_mut(), 0, &mut ());
    }
}

fn check(scored: &Scored) {
    for column in &scored.columns {
        assert_eq!(column.values.len(), scored.ids.len(), "{}", column.name);
    }
}

/// Where the layout has blocks, the scores by examples are those by epochs.
fn by_examples(run: &mut dyn Source, metrics: &[cl_difficulty::MetricSettings], by_epochs: &Scored) {
    if run.blocks().is_none() {
        return;
    }
    let scoring = Scoring { by: Some(By::Examples), block: NonZeroUsize::new(2), state: None };
    let Ok(scored) = log::score(run, metrics, &scoring, &mut ()) else { return };
    for (found, expected) in scored.columns.iter().zip(&by_epochs.columns) {
        assert!(bits(&found.values) == bits(&expected.values), "{} by examples", found.name);
    }
}

fn bits(values: &ColumnValues) -> Vec<u64> {
    values.to_floats().iter().map(|value| value.to_bits()).collect()
}
