use std::path::{Path, PathBuf};

use cl_data::io::Labels;
use cl_data::{DataError, Ids};

use super::note::Note;
use super::options::Options;
use super::screen::LEFT_OUT;
use super::source::{Contents, OutputKind};

/// The examples of an array: its rows without those whose label is one to be left out.
pub(super) struct Members {
    pub(super) ids: Ids,
    pub(super) labels: Vec<usize>,
    pub(super) soft_labels: Option<Vec<f64>>,
    pub(super) class_names: Option<Vec<String>>,
    /// How many classes the labels are of, at least.
    pub(super) n_classes: usize,
    /// The example of each row, or [`LEFT_OUT`].
    pub(super) example_of_row: Vec<usize>,
}

impl Members {
    /// Of the rows of `path` with these ids, whose labels are by position or by id; `n_classes` is how many classes the
    /// outputs have, where they have.
    pub(super) fn new(
        path: &Path,
        ids: Ids,
        labels: Option<Labels>,
        n_classes: Option<usize>,
    ) -> Result<Self, DataError> {
        let n = ids.len();
        let Some(labels) = labels else {
            let example_of_row = (0..n).collect();
            let (labels, soft_labels, class_names) = (Vec::new(), None, None);
            return Ok(Self { ids, labels, soft_labels, class_names, n_classes: 0, example_of_row });
        };
        let labels = labels.for_ids(&ids, path)?;
        if let Some(n_classes) = n_classes {
            labels.check(n_classes, path)?;
        }
        let Labels { classes, names, n_classes, soft, .. } = labels;
        let kept: Vec<usize> = (0..n).filter(|&row| classes[row].is_some()).collect();
        let mut example_of_row = vec![LEFT_OUT; n];
        kept.iter().enumerate().for_each(|(example, &row)| example_of_row[row] = example);
        let all = kept.len() == n;
        let soft_labels = soft.map(|soft| match all {
            true => soft,
            false => kept.iter().flat_map(|&row| &soft[row * n_classes..(row + 1) * n_classes]).copied().collect(),
        });
        let ids = if all { ids } else { ids.select(&kept)? };
        let labels = classes.into_iter().flatten().collect();
        Ok(Self { ids, labels, soft_labels, class_names: names, n_classes, example_of_row })
    }

    /// What a log of these examples holds; `n_classes` is how many classes the outputs have, where they have.
    #[expect(clippy::too_many_arguments, reason = "all that a log is but for its examples")]
    pub(super) fn contents(
        &self,
        path: &Path,
        format: &'static str,
        outputs: OutputKind,
        n_classes: Option<usize>,
        epochs: Vec<u64>,
        files: Vec<PathBuf>,
        note: Option<Note>,
        options: &Options,
    ) -> Result<Contents, DataError> {
        let contents = Contents {
            path: path.to_path_buf(),
            format,
            outputs,
            ids: self.ids.clone(),
            labels: self.labels.clone(),
            soft_labels: self.soft_labels.clone(),
            class_names: self.class_names.clone(),
            n_classes: n_classes.unwrap_or(self.n_classes.max(2)),
            epochs,
            files,
            run: None,
            rules: options.rules(),
            notes: note.into_iter().collect(),
        };
        let mut contents = contents.checked()?;
        self.note(&mut contents);
        Ok(contents)
    }

    /// Takes down how many rows were left out.
    fn note(&self, contents: &mut Contents) {
        let n = self.example_of_row.iter().filter(|&&example| example == LEFT_OUT).count();
        if n > 0 {
            contents.note(Note::new("ignored", n, format!("{n} examples left out for their label")));
        }
    }
}
