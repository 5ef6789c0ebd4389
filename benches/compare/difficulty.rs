//! Rank correlations and neighbours.

use anyhow::Result;
use cl_data::{Dataset, random};
use cl_difficulty::model_based::{Distance, Neighbors};
use cl_difficulty::{kendall, spearman};

use crate::folder::Folder;
use crate::task::{Entry, Task};

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        name: "spearman",
        write: write_pair,
        start: |folder| {
            let (a, b) = pair(folder)?;
            Ok(Task::new(
                move || Ok(spearman(&a, &b)?),
                |correlation: &Option<f64>| correlation.iter().copied().collect(),
            ))
        },
    },
    Entry {
        name: "kendall",
        write: write_pair,
        start: |folder| {
            let (a, b) = pair(folder)?;
            Ok(Task::new(
                move || Ok(kendall(&a, &b)?),
                |correlation: &Option<f64>| correlation.iter().copied().collect(),
            ))
        },
    },
    Entry { name: "neighbours", write: write_points, start: neighbours },
];

/// A score and another that is related to it.
fn write_pair(folder: &Folder) -> Result<()> {
    let (n, mut rng) = (1_000_000, random::stream(1, "bench", 0));
    let a: Vec<f64> = (0..n).map(|_| random::uniform(&mut rng)).collect();
    let b = a.iter().map(|a| a + random::uniform(&mut rng)).collect();
    folder.write("a", &[n], a)?;
    folder.write("b", &[n], b)
}

fn pair(folder: &Folder) -> Result<(Vec<f64>, Vec<f64>)> {
    Ok((folder.read("a")?, folder.read("b")?))
}

fn write_points(folder: &Folder) -> Result<()> {
    let (n, d, mut rng) = (30_000, 64, random::stream(1, "bench", 0));
    folder.write("features", &[n, d], (0..n * d).map(|_| random::uniform(&mut rng) as f32).collect())
}

fn neighbours(folder: &Folder) -> Result<Task> {
    let features = folder.read::<f32>("features")?;
    let labels = vec![0; features.len() / 64];
    let data = Dataset::new(64, features, labels, 1)?;
    let mean = |neighbors: &Neighbors| {
        let all = (0..neighbors.n_queries()).flat_map(|query| neighbors.distances(query));
        vec![all.sum::<f64>() / (neighbors.n_queries() * neighbors.k()) as f64]
    };
    Ok(Task::new(move || Ok(Neighbors::within(&data, 10, Distance::Euclidean, 1)?), mean))
}
