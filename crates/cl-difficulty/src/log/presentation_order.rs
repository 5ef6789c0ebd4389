use std::ops::Range;
use std::path::{Path, PathBuf};

use cl_data::DataError;
use cl_data::io::{LabelTable, Labels, NpyReader, malformed, read_indices_for, read_npy};

use super::beside::{NO_LABELS, read_ids_beside, read_labels};
use super::members::Members;
use super::note::Note;
use super::numbered::{numbered, others};
use super::options::{Duplicates, Missing, Options, refuse_columns};
use super::rows::{open_rows, within};
use super::sample::Sample;
use super::screen::{LEFT_OUT, Screen};
use super::source::{Contents, OutputKind, Source, Visitor};
use crate::error::DifficultyError;

/// TDDS's and DUAL's logs: `E_Output.npy`, logits in the order of presentation, with `E_Index.npy`, the example
/// of each row. Labels are in `labels.npy` by example, or in `E_Label.npy`, `E_Target.npy` or `E_Targets.npy`
/// by presentation.
pub(super) struct PresentationOrder {
    pub(super) contents: Contents,
    indices: Vec<PathBuf>,
    /// Of the data's examples those of the log, or [`LEFT_OUT`](super::screen::LEFT_OUT).
    example_of_index: Vec<usize>,
    options: Options,
    /// Numbers of a row: one where two classes are meant.
    row_len: usize,
    tolerance: f64,
}

/// Labels by presentation, under any of these names.
const LABELS: [&str; 3] = ["_Label.npy", "_Target.npy", "_Targets.npy"];

impl PresentationOrder {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, options: &Options) -> Result<Option<Self>, DataError> {
        let (epochs, files): (Vec<u64>, Vec<PathBuf>) = numbered(folder, "", "_Output.npy")?.into_iter().unzip();
        let Some(first) = files.first() else { return Ok(None) };
        refuse_columns(folder, options, &["epoch_column", "run_column", "outputs_column"])?;
        let index_of = |epoch: &u64| {
            let path = folder.join(format!("{epoch}_Index.npy"));
            match path.exists() {
                true => Ok(path),
                false => Err(malformed(&path, "", format!("no such file, beside {epoch}_Output.npy"))),
            }
        };
        let indices = epochs.iter().map(index_of).collect::<Result<Vec<_>, DataError>>()?;
        let reader = NpyReader::open(first)?;
        let [n_rows, row_len] = *reader.shape() else {
            let problem = format!("shape {:?}, expected (examples, classes)", reader.shape());
            return Err(malformed(first, "", problem));
        };
        let sample = Sample::of(first, reader, || read_npy(first), options)?;
        // These logs are of logits, whatever their range.
        let kind = sample.kind(first, options, Some(OutputKind::Logits), row_len);
        let (outputs, note) = kind.unwrap_or((OutputKind::Logits, None));
        if outputs.is_scalar() {
            let problem =
                format!("E_Output.npy holds a number per class, option `outputs` {outputs} is of one alone");
            return Err(malformed(folder, "", problem));
        }
        let n_classes = row_len.max(2);
        let mut presented =
            LABELS.iter().map(|name| folder.join(format!("{}{name}", epochs[0]))).filter(|path| path.exists());
        let labels = match (presented.next(), read_labels(options, folder, first, usize::MAX, false)?) {
            (_, Some(labels)) => labels,
            (Some(path), None) => {
                let table = LabelTable::default();
                let mut labels = Labels::read_for(&path, &options.classes, &table, n_rows, first)?;
                if labels.classes.len() != n_rows {
                    let problem = format!(
                        "{} labels for the {n_rows} rows of {}, expected one each",
                        labels.classes.len(),
                        first.display()
                    );
                    return Err(malformed(&path, "", problem));
                }
                let n = read_indices_for(&indices[0], "indices", n_rows)?
                    .iter()
                    .max()
                    .map_or(0, |&last| last.saturating_add(1));
                let n = if n <= n_rows { n } else { n_rows };
                let order = Order::read(&indices[0], n_rows, n, options)?;
                let mut classes = vec![None; n];
                let rows = order.examples.iter().zip(&labels.classes).filter(|(example, _)| **example != LEFT_OUT);
                rows.for_each(|(&example, &label)| classes[example] = label);
                labels.classes = classes;
                labels
            }
            (None, None) => {
                return Err(malformed(&folder.join("labels.npy"), "", NO_LABELS));
            }
        };
        // An epoch may lack examples, and have some twice; the labels have each once.
        let n = labels.classes.len();
        let members = Members::new(first, read_ids_beside(folder, n)?, Some(labels), Some(n_classes))?;
        let mut contents =
            members.contents(folder, "TDDS", outputs, Some(n_classes), epochs, files, note, options)?;
        let is_part = |name: &str, _: &Path| {
            let number = name.trim_start_matches(|c: char| c.is_ascii_digit());
            number.len() < name.len()
                && (["_Output.npy", "_Index.npy"].contains(&number) || LABELS.contains(&number))
        };
        contents.notes.extend(Note::files_left_out(&others(folder, options, is_part)?));
        let example_of_index = members.example_of_row;
        Ok(Some(Self {
            contents,
            indices,
            example_of_index,
            options: options.clone(),
            row_len,
            tolerance: sample.tolerance,
        }))
    }
}

/// Of which example each row is.
struct Order {
    /// [`LEFT_OUT`] for a row that another of its example stands for.
    examples: Vec<usize>,
    n_twice: usize,
    n_missing: usize,
}

impl Order {
    /// Of `n_rows` rows, each example of `n` once, unless the options allow less or more.
    fn read(path: &Path, n_rows: usize, n: usize, options: &Options) -> Result<Self, DataError> {
        let mut examples = read_indices_for(path, "indices", n_rows)?;
        let wrong = |problem: String| Err(malformed(path, "", problem));
        let mut row_of = vec![LEFT_OUT; n];
        let mut n_twice = 0;
        for row in 0..n_rows {
            let example = examples[row];
            let Some(before) = row_of.get_mut(example) else {
                return wrong(format!("index {example} is out of range, expected 0..{n}"));
            };
            if *before == LEFT_OUT {
                *before = row;
                continue;
            }
            n_twice += 1;
            match options.duplicates {
                Duplicates::First => examples[row] = LEFT_OUT,
                Duplicates::Last => examples[std::mem::replace(before, row)] = LEFT_OUT,
                Duplicates::Error | Duplicates::Mean => {
                    let expected = "each example once, or option `duplicates` first or last";
                    return wrong(format!("index {example} occurs twice, expected {expected}"));
                }
            }
        }
        let n_missing = row_of.iter().filter(|&&row| row == LEFT_OUT).count();
        match row_of.iter().position(|&row| row == LEFT_OUT) {
            Some(example) if options.missing == Missing::Error => wrong(format!(
                "{n_rows} indices of {n} examples, index {example} is missing; option `missing` skip goes on without"
            )),
            _ => Ok(Self { examples, n_twice, n_missing }),
        }
    }
}

impl Source for PresentationOrder {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, positions: Range<usize>, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let mut screen = Screen::new(&self.options, self.tolerance, self.row_len == 1);
        let (n, c) = (self.example_of_index.len(), self.row_len);
        let (mut n_missing, mut n_twice) = (0, 0);
        for position in within(positions, &self.contents) {
            let (contents, file) = (&self.contents, &self.contents.files[position]);
            let found = NpyReader::open(file)?.shape().to_vec();
            let [n_rows, found_c] = found[..] else {
                let problem = format!("shape {found:?}, expected (examples, classes)");
                return Err(malformed(file, "", problem).into());
            };
            if found_c != c {
                let first = contents.files[0].display();
                let problem = format!("shape {found:?}, expected {:?} as in {first}", [n, c]);
                return Err(malformed(file, "", problem).into());
            }
            let order = Order::read(&self.indices[position], n_rows, n, &self.options)?;
            n_missing += order.n_missing;
            n_twice += order.n_twice;
            let example = |index: usize| if index == LEFT_OUT { LEFT_OUT } else { self.example_of_index[index] };
            let examples: Vec<usize> = order.examples.into_iter().map(example).collect();
            let mut rows = open_rows(file, self.options.dtype)?;
            rows.visit(contents, file, position, &examples, c, &mut screen, visitor)?;
        }
        screen.note(&mut self.contents);
        if n_missing > 0 {
            let text = format!("{n_missing} rows missing: their examples are scored by their other epochs");
            self.contents.note(Note::new("missing", n_missing, text));
        }
        if n_twice > 0 {
            let rule = self.options.duplicates;
            let text = format!("{n_twice} rows of an example and epoch that another row has: the {rule} counts");
            self.contents.note(Note::new("duplicates", n_twice, text));
        }
        Ok(())
    }
}
