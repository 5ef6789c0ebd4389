use std::path::{Path, PathBuf};

use cl_data::DataError;
use cl_data::io::{NpyReader, malformed, read_indices};

use super::numbered::{numbered, without_gap};
use super::options::{Options, check_n_labels, read_ids_beside};
use super::rows::open_rows;
use super::source::{Contents, OutputKind, Source, Visitor};
use crate::error::DifficultyError;

/// TDDS's and DUAL's logs: `E_Output.npy`, logits in the order of presentation, with `E_Index.npy`, the example
/// of each row. Labels are in `labels.npy` by example, or in `E_Label.npy`, `E_Target.npy` or `E_Targets.npy`
/// by presentation.
pub(super) struct PresentationOrder {
    pub(super) contents: Contents,
    indices: Vec<PathBuf>,
}

/// Labels by presentation, under any of these names.
const LABELS: [&str; 3] = ["_Label.npy", "_Target.npy", "_Targets.npy"];

impl PresentationOrder {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, options: &Options) -> Result<Option<Self>, DataError> {
        let found = numbered(folder, "", "_Output.npy")?;
        if found.is_empty() {
            return Ok(None);
        }
        let (epochs, files) = without_gap(folder, found)?;
        let index_of = |epoch: &u64| {
            let path = folder.join(format!("{epoch}_Index.npy"));
            match path.exists() {
                true => Ok(path),
                false => Err(malformed(&path, "", format!("no such file, beside {epoch}_Output.npy"))),
            }
        };
        let indices = epochs.iter().map(index_of).collect::<Result<Vec<_>, DataError>>()?;
        let reader = NpyReader::open(&files[0])?;
        let [n, n_classes] = *reader.shape() else {
            let problem = format!("shape {:?}, expected (examples, classes)", reader.shape());
            return Err(malformed(&files[0], "", problem));
        };
        let mut presented =
            LABELS.iter().map(|name| folder.join(format!("{}{name}", epochs[0]))).filter(|path| path.exists());
        let beside = folder.join("labels.npy");
        let labels = match presented.next() {
            Some(path) if options.labels.is_none() && !beside.exists() => {
                let presented = read_indices(&path, "labels")?;
                let order = order(&indices[0], n)?;
                check_n_labels(&path, &presented, n)?;
                let mut labels = vec![0; n];
                order.iter().zip(presented).for_each(|(&example, label)| labels[example] = label);
                labels
            }
            _ => options.read_labels(&beside)?,
        };
        check_n_labels(folder, &labels, n)?;
        let outputs = options.outputs.unwrap_or(OutputKind::Logits);
        let (path, format, ids) = (folder.to_path_buf(), "TDDS", read_ids_beside(folder, n)?);
        let contents = Contents { path, format, outputs, ids, labels, n_classes, epochs, files }.checked()?;
        Ok(Some(Self { contents, indices }))
    }
}

/// The example of each row, each example once.
fn order(path: &Path, n: usize) -> Result<Vec<usize>, DataError> {
    let order = read_indices(path, "indices")?;
    let wrong = |problem: String| Err(malformed(path, "", problem));
    if order.len() != n {
        return wrong(format!("{} indices, expected {n}, each example once", order.len()));
    }
    let mut seen = vec![false; n];
    for &example in &order {
        match seen.get_mut(example) {
            None => return wrong(format!("index {example} is out of range, expected 0..{n}")),
            Some(true) => return wrong(format!("index {example} occurs twice, expected each example once")),
            Some(seen) => *seen = true,
        }
    }
    Ok(order)
}

impl Source for PresentationOrder {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let shape = [self.contents.n_examples(), self.contents.n_classes];
        for (position, file) in self.contents.files.iter().enumerate().skip(first) {
            let found = NpyReader::open(file)?.shape().to_vec();
            if found != shape {
                let first = self.contents.files[0].display();
                let problem = format!("shape {found:?}, expected {shape:?} as in {first}");
                return Err(malformed(file, "", problem).into());
            }
            let order = order(&self.indices[position], shape[0])?;
            open_rows(file)?.visit(&self.contents, file, position, &order, visitor)?;
        }
        Ok(())
    }
}
