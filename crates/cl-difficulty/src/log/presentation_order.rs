use std::ops::Range;
use std::path::{Path, PathBuf};

use cl_data::DataError;
use cl_data::io::{Labels, NpyReader, malformed, read_indices, read_npy};

use super::beside::{NO_LABELS, read_ids_beside, read_labels};
use super::members::Members;
use super::note::Note;
use super::numbered::{numbered, others};
use super::options::{Missing, Options};
use super::rows::{open_rows, within};
use super::sample::Sample;
use super::screen::Screen;
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
    tolerance: f64,
}

/// Labels by presentation, under any of these names.
const LABELS: [&str; 3] = ["_Label.npy", "_Target.npy", "_Targets.npy"];

impl PresentationOrder {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, options: &Options) -> Result<Option<Self>, DataError> {
        let (epochs, files): (Vec<u64>, Vec<PathBuf>) = numbered(folder, "", "_Output.npy")?.into_iter().unzip();
        let Some(first) = files.first() else { return Ok(None) };
        let index_of = |epoch: &u64| {
            let path = folder.join(format!("{epoch}_Index.npy"));
            match path.exists() {
                true => Ok(path),
                false => Err(malformed(&path, "", format!("no such file, beside {epoch}_Output.npy"))),
            }
        };
        let indices = epochs.iter().map(index_of).collect::<Result<Vec<_>, DataError>>()?;
        let reader = NpyReader::open(first)?;
        let [n_rows, n_classes] = *reader.shape() else {
            let problem = format!("shape {:?}, expected (examples, classes)", reader.shape());
            return Err(malformed(first, "", problem));
        };
        let sample = Sample::of(first, reader, || read_npy(first), options)?;
        // These logs are of logits, whatever their range.
        let kind = sample.kind(first, options, Some(OutputKind::Logits), n_classes);
        let (outputs, note) = kind.unwrap_or((OutputKind::Logits, None));
        if outputs.is_scalar() {
            let problem =
                format!("E_Output.npy holds a number per class, option `outputs` {outputs} is of one alone");
            return Err(malformed(folder, "", problem));
        }
        let mut presented =
            LABELS.iter().map(|name| folder.join(format!("{}{name}", epochs[0]))).filter(|path| path.exists());
        let labels = match (presented.next(), read_labels(options, folder, false)?) {
            (_, Some(labels)) => labels,
            (Some(path), None) => {
                let mut labels = Labels::read(&path, &options.classes)?;
                let order = order(&indices[0], n_rows, n_rows, options.missing)?;
                if labels.classes.len() != n_rows {
                    let problem = format!("{} labels for {n_rows} rows, expected one each", labels.classes.len());
                    return Err(malformed(&path, "", problem));
                }
                let mut classes = vec![None; n_rows];
                order.iter().zip(&labels.classes).for_each(|(&example, &label)| classes[example] = label);
                labels.classes = classes;
                labels
            }
            (None, None) => {
                return Err(malformed(&folder.join("labels.npy"), "", NO_LABELS));
            }
        };
        // An epoch may lack examples; the labels have all.
        let n = labels.classes.len().max(n_rows);
        let members = Members::new(read_ids_beside(folder, n)?, Some(labels), Some(n_classes))?;
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
            tolerance: sample.tolerance,
        }))
    }
}

/// The example of each row, each example once, of `n` in all.
fn order(path: &Path, n_rows: usize, n: usize, missing: Missing) -> Result<Vec<usize>, DataError> {
    let order = read_indices(path, "indices")?;
    let wrong = |problem: String| Err(malformed(path, "", problem));
    if order.len() != n_rows {
        return wrong(format!("{} indices, expected {n_rows}, one for each row", order.len()));
    }
    let mut seen = vec![false; n];
    for &example in &order {
        match seen.get_mut(example) {
            None => return wrong(format!("index {example} is out of range, expected 0..{n}")),
            Some(true) => return wrong(format!("index {example} occurs twice, expected each example once")),
            Some(seen) => *seen = true,
        }
    }
    match seen.iter().position(|seen| !seen) {
        Some(example) if missing == Missing::Error => {
            let problem = format!(
                "{n_rows} indices of {n} examples, index {example} is missing; option `missing` skip goes on without"
            );
            wrong(problem)
        }
        _ => Ok(order),
    }
}

impl Source for PresentationOrder {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, positions: Range<usize>, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let mut screen = Screen::new(&self.options, self.tolerance, false);
        let (n, c) = (self.example_of_index.len(), self.contents.n_classes);
        let mut n_missing = 0;
        for position in within(positions, &self.contents) {
            let (contents, file) = (&self.contents, &self.contents.files[position]);
            let found = NpyReader::open(file)?.shape().to_vec();
            let [n_rows, found_c] = found[..] else {
                let problem = format!("shape {found:?}, expected (examples, classes)");
                return Err(malformed(file, "", problem).into());
            };
            if found_c != c || n_rows > n {
                let first = contents.files[0].display();
                let problem = format!("shape {found:?}, expected {:?} as in {first}", [n, c]);
                return Err(malformed(file, "", problem).into());
            }
            let order = order(&self.indices[position], n_rows, n, self.options.missing)?;
            n_missing += n - n_rows;
            let examples: Vec<usize> = order.into_iter().map(|index| self.example_of_index[index]).collect();
            let mut rows = open_rows(file, self.options.dtype)?;
            rows.visit(contents, file, position, &examples, c, &mut screen, visitor)?;
        }
        screen.note(&mut self.contents);
        if n_missing > 0 {
            let text = format!("{n_missing} rows missing: their examples are scored by their other epochs");
            self.contents.note(Note::new("missing", n_missing, text));
        }
        Ok(())
    }
}
