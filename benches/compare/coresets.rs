//! Coresets: facility location and k-center.

use anyhow::Result;
use cl_data::random;
use cl_prune::coreset::{Coreset, FacilityLocation, Features, Greedy, KCenter, Similarities, Similarity, Start};
use rand_distr::{Distribution as _, StandardNormal};

use crate::folder::Folder;
use crate::task::{Entry, Task};

pub(crate) const ENTRIES: &[Entry] = &[
    Entry { name: "facility-location", write: |folder| write(folder, 10_000, 32), start: facility_location },
    Entry { name: "k-center", write: |folder| write(folder, 60_000, 64), start: k_center },
];

/// Independent normal features, the hardest case for bounds: all distances are nearly equal.
fn write(folder: &Folder, n: usize, d: usize) -> Result<()> {
    let mut rng = random::stream(1, "bench", 0);
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    folder.write("features", &[n, d], (0..n * d).map(|_| normal()).collect())
}

fn facility_location(folder: &Folder) -> Result<Task> {
    let values = folder.read::<f32>("features")?;
    let points = values.clone();
    let run = move || {
        let similarities = Similarities::new(&Features::new(&values, 32)?, Similarity::MaxSquared)?;
        Ok(Greedy::default().select(&mut FacilityLocation::new(similarities), 1000)?)
    };
    let total = |nearest: Vec<f64>| nearest.into_iter().sum();
    Ok(Task::new(run, move |coreset: &Coreset| vec![total(nearest(&points, 32, &coreset.order))]))
}

fn k_center(folder: &Folder) -> Result<Task> {
    let values = folder.read::<f32>("features")?;
    let points = values.clone();
    let run = move || Ok(KCenter::new(Start::Example(0)).select(&Features::new(&values, 64)?, 6000)?);
    let radius = |nearest: Vec<f64>| nearest.into_iter().fold(0.0, f64::max).sqrt();
    Ok(Task::new(run, move |coreset: &Coreset| vec![radius(nearest(&points, 64, &coreset.order))]))
}

/// The squared distance of each point to the nearest of those chosen.
fn nearest(points: &[f32], d: usize, chosen: &[usize]) -> Vec<f64> {
    let squared = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum() };
    let of = |point: &[f32]| {
        let distances = chosen.iter().map(|&centre| squared(point, &points[centre * d..][..d]));
        f64::from(distances.fold(f32::INFINITY, f32::min))
    };
    points.chunks_exact(d).map(of).collect()
}
