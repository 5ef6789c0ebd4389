//! `curriculum example`: a small log of training with scores, features and a table, to try the other commands on.

mod training;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use cl_data::io::{Array, ArrayData, ids_data, io_error, is_standard, write_atomically, write_npy, write_npz};
use cl_difficulty::MetricSettings;
use cl_difficulty::log::{self, Scoring};
use cl_difficulty::table::{self, Sidecar};
use clap::Args;
use serde::Serialize;

use crate::output::{check_results, names, place, print, short};
use crate::output_format::OutputFormat;
use crate::rows::{Field, write_rows};
use training::{N_EPOCHS, Trained};

/// Write a small training log with scores, features and a table, to try the other commands on.
///
/// It is of 500 of the UCI digits, 25 of them under a wrong label, which a small network learns in 15 epochs: the
/// same bytes every time. README.txt in DIR says what each file is, and what to try. DIR is made where it is not
/// there; a folder that holds something else than such an example is left alone.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum example example/
  curriculum score example/dynamics.npz --metric all -o example/scores.csv")]
pub(crate) struct Arguments {
    /// The folder: a new one, an empty one, or an example, which is written anew
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What each file is, and what to try; its first line tells an example from other folders.
const README: &str = include_str!("example/readme.txt");

const README_NAME: &str = "README.txt";

/// All that is written beside it.
const FILES: [&str; 9] = [
    "train.csv",
    "labels.npy",
    "wrong.txt",
    "dynamics.npz",
    "losses.csv",
    "losses.npy",
    "features.npy",
    "scores.csv",
    "scores.csv.json",
];

/// The scores that are written: what the commands that take scores ask for.
const METRICS: [&str; 6] = ["el2n", "forgetting", "aum", "confidence", "variability", "correctness"];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = &arguments.folder;
    let is_new = is_new(folder)?;
    let trained = Trained::new()?;
    if is_new {
        fs::create_dir(folder).map_err(|error| io_error(folder, error))?;
    }
    let outcome = write(folder, &trained);
    if outcome.is_err() && is_new {
        take_back(folder);
    }
    outcome?;
    let report = Report {
        folder: folder.display().to_string(),
        files: std::iter::once(README_NAME).chain(FILES).collect(),
        n_examples: trained.digits.n_examples(),
        n_wrong: trained.is_wrong.iter().filter(|&&wrong| wrong).count(),
        n_epochs: N_EPOCHS,
        accuracy: trained.accuracy,
    };
    print(&report, arguments.json)
}

/// Whether the folder is still to be made; refuses what is none, and one that holds what is not ours.
fn is_new(folder: &Path) -> anyhow::Result<bool> {
    let shown = folder.display();
    if is_standard(folder) {
        bail!("{shown}: standard output, expected a folder");
    }
    check_results(&[Some(folder)])?;
    match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => bail!("{shown}: not a folder, expected one or a name that is free"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(io_error(folder, error).into()),
    }
    let entry = fs::read_dir(folder).and_then(|mut entries| entries.next().transpose());
    match entry.map_err(|error| io_error(folder, error))? {
        Some(entry) if !is_example(folder) => {
            let name = entry.file_name();
            let name = Path::new(&name).display();
            bail!("{shown}: holds other files ({name}), expected a new folder, an empty one or an example")
        }
        _ => Ok(false),
    }
}

/// Whether this command wrote into the folder before.
fn is_example(folder: &Path) -> bool {
    let title = README.lines().next().unwrap_or_default();
    let mut start = vec![0u8; title.len()];
    let read = File::open(folder.join(README_NAME)).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == title.as_bytes()
}

/// Removes what was written into a folder that was not there before.
fn take_back(folder: &Path) {
    for name in FILES.into_iter().chain([README_NAME]) {
        // What is not there is not to be removed.
        let _ = fs::remove_file(folder.join(name));
    }
    let _ = fs::remove_dir(folder);
}

fn write(folder: &Path, trained: &Trained) -> anyhow::Result<()> {
    let Trained { digits, is_wrong, logits, training_losses, losses, features, .. } = trained;
    let (n, c) = (digits.n_examples(), digits.n_classes());
    let path = |name: &str| folder.join(name);
    // First, so that a run that was killed can be made good by another.
    write_atomically(path(README_NAME), |writer| writer.write_all(README.as_bytes()))?;
    write_table(&path("train.csv"), trained)?;
    write_losses(&path("losses.csv"), trained)?;
    let mut wrong = digits.ids().iter().zip(is_wrong).filter(|(_, is_wrong)| **is_wrong);
    write_atomically(path("wrong.txt"), |writer| wrong.try_for_each(|(id, _)| writeln!(writer, "{id}")))?;

    let labels = digits.labels().iter().map(|&label| label as i64).collect();
    let labels = Array::new(vec![n], ArrayData::I64(labels))?;
    let ids = Array::new(vec![n], ids_data(digits.ids().iter()))?;
    let n_epochs = training_losses.len() / n;
    let logits = Array::new(vec![n_epochs, n, c], ArrayData::F32(logits.clone()))?;
    let losses = Array::new(vec![n], ArrayData::F64(losses.clone()))?;
    let features = Array::new(vec![n, features.len() / n], ArrayData::F32(features.clone()))?;
    write_npy(path("labels.npy"), &labels)?;
    write_npy(path("losses.npy"), &losses)?;
    write_npy(path("features.npy"), &features)?;
    let dynamics = path("dynamics.npz");
    write_npz(&dynamics, [("logits", &logits), ("labels", &labels), ("ids", &ids)])?;
    write_scores(&path("scores.csv"), &dynamics)
}

/// A row per digit: its pixels and the label that it was given.
fn write_table(path: &Path, Trained { digits, .. }: &Trained) -> anyhow::Result<()> {
    let pixels = digits.feature_names().iter().map(String::as_str);
    let names: Vec<&str> = std::iter::once("id").chain(pixels).chain(["digit"]).collect();
    let rows = digits.ids().iter().enumerate().map(|(example, id)| {
        let pixels = digits.example(example).iter().map(|&pixel| Field::from(pixel));
        let label = Field::from(digits.labels()[example]);
        std::iter::once(Field::from(id)).chain(pixels).chain([label]).collect()
    });
    write_rows(path, OutputFormat::Csv, &names, rows)
}

/// A row per digit and epoch: its loss.
fn write_losses(path: &Path, Trained { digits, training_losses, .. }: &Trained) -> anyhow::Result<()> {
    let n = digits.n_examples();
    let rows = training_losses.iter().enumerate().map(|(at, &loss)| {
        let (epoch, example) = (at / n, at % n);
        let id = digits.ids().get(example).unwrap_or_default();
        vec![Field::from(id), Field::from(epoch), Field::from(digits.labels()[example]), Field::from(loss)]
    });
    write_rows(path, OutputFormat::Csv, &["id", "epoch", "label", "loss"], rows)
}

/// What `curriculum score` writes of the log, under names that hold wherever the folder is.
fn write_scores(path: &Path, dynamics: &Path) -> anyhow::Result<()> {
    let metrics = METRICS.map(|name| MetricSettings::parse(name, &[]));
    let metrics: Vec<MetricSettings> = metrics.into_iter().collect::<Result<_, _>>()?;
    let mut source = log::open(dynamics, &log::Options::default())?;
    let scored = log::score(source.as_mut(), &metrics, &Scoring::default(), &mut ())?;
    let sidecar = Sidecar {
        command: ["curriculum", "example"].map(String::from).into(),
        input: dynamics.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        ..Sidecar::of_log(source.contents(), &scored)
    };
    Ok(table::write(path, &scored.ids, Some(&scored.labels[..]), scored.columns, &sidecar)?)
}

/// What was written.
#[derive(Serialize)]
struct Report {
    folder: String,
    files: Vec<&'static str>,
    n_examples: usize,
    n_wrong: usize,
    n_epochs: usize,
    /// The share of the labels given, wrong ones among them, that the network tells in the end.
    accuracy: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, files, n_examples, n_wrong, n_epochs, accuracy } = self;
        let share = short(accuracy * 100.0);
        writeln!(formatter, "{n_examples} digits, {n_wrong} of them under a wrong label")?;
        writeln!(formatter, "after {n_epochs} epochs a small network tells {share} % of the labels")?;
        writeln!(formatter, "files: {}", names(files))?;
        writeln!(formatter, "written to {}; {README_NAME} says what each is, and what to try", place(folder))
    }
}
