use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;
use cl_data::io::NpyReader;

use super::archive::{kind_of_file, open_rows};
use super::numbered::{entries, numbered, without_gap};
use super::{Contents, InputOptions, Source, Visitor, kind_of_name, read_ids, read_labels};

/// A folder with a `.npy` file of N x C outputs per epoch, `labels.npy` and perhaps `ids.npy`.
pub(super) struct EpochArrays(Contents);

impl EpochArrays {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, input: &InputOptions) -> anyhow::Result<Option<Self>> {
        let mut series = BTreeMap::new();
        for name in entries(folder)?.keys() {
            let Some(stem) = name.strip_suffix(".npy") else { continue };
            // The last run of digits is the epoch: `seed1_epoch_20` is of epoch 20.
            let Some(end) = stem.rfind(|c: char| c.is_ascii_digit()) else { continue };
            let start = stem[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
            // A character before the digits may be wider than a byte.
            let start = (start..=end).find(|&at| stem.is_char_boundary(at)).unwrap_or(end);
            let series: &mut u64 =
                series.entry((stem[..start].to_owned(), format!("{}.npy", &stem[end + 1..]))).or_default();
            *series += 1;
        }
        if let Some(outputs) = input.outputs
            && series.len() > 1
        {
            series.retain(|(before, _), _| kind_of_name(before) == Some(outputs));
        }
        let names: Vec<_> = series.keys().map(|(before, after)| format!("{before}E{after}")).collect();
        let Some(((before, after), _)) = series.pop_first() else { return Ok(None) };
        if names.len() > 1 {
            bail!(
                "{}: files of {} kinds, expected one .npy per epoch: {}",
                folder.display(),
                names.len(),
                names.join(", ")
            );
        }
        let (epochs, files) = without_gap(folder, numbered(folder, &before, &after)?)?;
        let mut shape: Option<(usize, usize)> = None;
        for file in &files {
            let reader = NpyReader::open(file)?;
            let [n, n_classes] = *reader.shape() else {
                bail!("{}: shape {:?}, expected (examples, classes)", file.display(), reader.shape());
            };
            let expected = *shape.get_or_insert((n, n_classes));
            if expected != (n, n_classes) {
                let first = files[0].display();
                bail!("{}: shape {:?}, expected {expected:?} as in {first}", file.display(), (n, n_classes));
            }
        }
        let (n, n_classes) = shape.unwrap_or_default();
        let labels = read_labels(input, &folder.join("labels.npy"))?;
        if labels.len() != n {
            bail!("{}: {} labels for {n} examples, expected one each", folder.display(), labels.len());
        }
        let ids = read_ids(folder, n)?;
        let outputs = kind_of_file(input, &files[0], n_classes)?;
        let contents = Contents { format: "npy per epoch", outputs, ids, labels, n_classes, epochs, files };
        Ok(Some(Self(contents.checked(folder)?)))
    }
}

impl Source for EpochArrays {
    fn contents(&self) -> &Contents {
        &self.0
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> anyhow::Result<()> {
        let examples: Vec<usize> = (0..self.0.n_examples()).collect();
        for (position, file) in self.0.files.iter().enumerate().skip(first) {
            open_rows(file)?.visit(&self.0, file, position, &examples, visitor)?;
        }
        Ok(())
    }
}
