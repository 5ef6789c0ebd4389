use std::path::{Path, PathBuf};

use anyhow::bail;
use cl_data::io::{NpyReader, read_npy};

use super::archive::open_rows;
use super::numbered::{numbered, without_gap};
use super::{Contents, InputOptions, OutputKind, Source, Visitor, indices_of, read_ids, read_labels};

/// TDDS's and DUAL's logs: `E_Output.npy`, logits in the order of presentation, with `E_Index.npy`, the example
/// of each row. Labels are in `labels.npy` by example, or in `E_Label.npy`, `E_Target.npy` or `E_Targets.npy`
/// by presentation.
pub(super) struct PresentationOrder {
    contents: Contents,
    indices: Vec<PathBuf>,
}

/// Labels by presentation, under any of these names.
const LABELS: [&str; 3] = ["_Label.npy", "_Target.npy", "_Targets.npy"];

impl PresentationOrder {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, input: &InputOptions) -> anyhow::Result<Option<Self>> {
        let found = numbered(folder, "", "_Output.npy")?;
        if found.is_empty() {
            return Ok(None);
        }
        let (epochs, files) = without_gap(folder, found)?;
        let index_of = |epoch: &u64| {
            let path = folder.join(format!("{epoch}_Index.npy"));
            if path.exists() {
                Ok(path)
            } else {
                bail!("{}: no such file, beside {epoch}_Output.npy", path.display())
            }
        };
        let indices = epochs.iter().map(index_of).collect::<anyhow::Result<Vec<_>>>()?;
        let reader = NpyReader::open(&files[0])?;
        let [n, n_classes] = *reader.shape() else {
            bail!("{}: shape {:?}, expected (examples, classes)", files[0].display(), reader.shape());
        };
        let mut presented =
            LABELS.iter().map(|name| folder.join(format!("{}{name}", epochs[0]))).filter(|path| path.exists());
        let beside = folder.join("labels.npy");
        let labels = match presented.next() {
            Some(path) if input.labels.is_none() && !beside.exists() => {
                let presented = indices_of(&path, "labels", &read_npy(&path)?)?;
                let order = order(&indices[0], n)?;
                if presented.len() != n {
                    bail!("{}: {} labels for {n} examples, expected one each", path.display(), presented.len());
                }
                let mut labels = vec![0; n];
                order.iter().zip(presented).for_each(|(&example, label)| labels[example] = label);
                labels
            }
            _ => read_labels(input, &beside)?,
        };
        if labels.len() != n {
            bail!("{}: {} labels for {n} examples, expected one each", folder.display(), labels.len());
        }
        let outputs = input.outputs.unwrap_or(OutputKind::Logits);
        let (format, ids) = ("TDDS", read_ids(folder, n)?);
        let contents = Contents { format, outputs, ids, labels, n_classes, epochs, files }.checked(folder)?;
        Ok(Some(Self { contents, indices }))
    }
}

/// The example of each row, each example once.
fn order(path: &Path, n: usize) -> anyhow::Result<Vec<usize>> {
    let order = indices_of(path, "indices", &read_npy(path)?)?;
    let file = path.display();
    if order.len() != n {
        bail!("{file}: {} indices, expected {n}, each example once", order.len());
    }
    let mut seen = vec![false; n];
    for &example in &order {
        match seen.get_mut(example) {
            None => bail!("{file}: index {example} is out of range, expected 0..{n}"),
            Some(true) => bail!("{file}: index {example} occurs twice, expected each example once"),
            Some(seen) => *seen = true,
        }
    }
    Ok(order)
}

impl Source for PresentationOrder {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> anyhow::Result<()> {
        let shape = [self.contents.n_examples(), self.contents.n_classes];
        for (position, file) in self.contents.files.iter().enumerate().skip(first) {
            let found = NpyReader::open(file)?.shape().to_vec();
            if found != shape {
                let first = self.contents.files[0].display();
                bail!("{}: shape {found:?}, expected {shape:?} as in {first}", file.display());
            }
            let order = order(&self.indices[position], shape[0])?;
            open_rows(file)?.visit(&self.contents, file, position, &order, visitor)?;
        }
        Ok(())
    }
}
