//! Permutations, selection and weights: what is one number or a few per example.

use anyhow::Result;
use cl_data::numpy::RandomState;
use cl_data::random;
use cl_pacing::{FocalGradient, SuperLossWeight, Weighting};
use cl_prune::{Budget, KeepHardest, Selection, SelectionRule as _};

use crate::folder::Folder;
use crate::task::{Entry, Task, moments};

pub(crate) const ENTRIES: &[Entry] = &[
    Entry { name: "permutation", write: |_| Ok(()), start: permutation },
    Entry { name: "keep-hardest", write: write_scores, start: keep_hardest },
    Entry { name: "keep-hardest-ranked", write: write_scores, start: keep_hardest },
    Entry {
        name: "super-loss",
        write: write_losses,
        start: |folder| weights(folder, SuperLossWeight::new(0.5, 1.0)?),
    },
    Entry { name: "focal", write: write_losses, start: |folder| weights(folder, FocalGradient::new(2.0)?) },
];

fn permutation(_: &Folder) -> Result<Task> {
    // Exact in a float: a million places times a million, and as many of them as a prime leaves.
    let checksum = |order: &Vec<usize>| {
        let sum = order.iter().enumerate().map(|(place, value)| (place + 1) * value % 1_000_003).sum::<usize>();
        vec![sum as f64]
    };
    Ok(Task::new(|| Ok(RandomState::new(42).permutation(1_000_000)), checksum))
}

fn write_scores(folder: &Folder) -> Result<()> {
    let (n, mut rng) = (10_000_000, random::stream(1, "bench", 0));
    folder.write("scores", &[n], (0..n).map(|_| random::uniform(&mut rng)).collect())
}

fn keep_hardest(folder: &Folder) -> Result<Task> {
    let scores = std::rc::Rc::new(folder.read::<f64>("scores")?);
    let selected = std::rc::Rc::clone(&scores);
    let run = move || Ok(KeepHardest.select(&scores, Budget::Keep(0.3), 1)?);
    let sum = move |selection: &Selection| vec![selection.kept.iter().map(|&example| selected[example]).sum()];
    Ok(Task::new(run, sum))
}

/// Losses like those of a classifier: most are small, some are large.
fn write_losses(folder: &Folder) -> Result<()> {
    let (n, mut rng) = (1_000_000, random::stream(1, "losses", 0));
    let mut uniform = || random::uniform(&mut rng);
    folder.write("losses", &[n], (0..n).map(|_| -uniform().max(1e-12).ln() * (0.1 + uniform())).collect())
}

fn weights(folder: &Folder, weighting: impl Weighting + 'static) -> Result<Task> {
    let losses = folder.read::<f64>("losses")?;
    let run = move || {
        let mut weights = vec![0.0; losses.len()];
        weighting.weights(&losses, &mut weights)?;
        Ok(weights)
    };
    Ok(Task::new(run, |weights: &Vec<f64>| moments(weights.iter().copied())))
}
