//! The library as a program uses it.

mod active;
mod covers;
mod gradients;
mod information;
mod lists;
mod methods;
mod mixtures;
mod objectives;
mod references;

use std::collections::BTreeMap;

use cl_data::io::{Array, read_npz};
use cl_data::random::{stream, uniform};
use cl_prune::coreset::{Features, SubmodularObjective};

/// Six hundred examples with references, see `fixtures/README.md`.
struct Golden {
    arrays: BTreeMap<String, Array>,
    x: Vec<f32>,
}

impl Golden {
    fn read() -> Self {
        let arrays = read_npz(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/coreset.npz")).unwrap();
        let x = arrays["X"].to_floats().unwrap();
        Self { arrays, x }
    }

    fn features(&self) -> Features<'_, f32> {
        Features::new(&self.x, 16).unwrap()
    }

    fn indices(&self, name: &str) -> Vec<usize> {
        self.arrays[name].to_indices().unwrap()
    }

    fn floats(&self, name: &str) -> Vec<f64> {
        self.arrays[name].to_f64().unwrap()
    }
}

/// The value of a set, by adding its elements in this order.
fn value(objective: &mut dyn SubmodularObjective, set: &[usize]) -> f64 {
    set.iter()
        .map(|&element| {
            let gain = objective.gain(element);
            objective.add(element);
            gain
        })
        .sum()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{at}: {found} {expected}");
    }
}

fn points(n: usize, d: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, "test points", 1);
    (0..n * d).map(|_| 2.0 * uniform(&mut rng) - 1.0).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// The solution of a symmetric positive definite system by Gaussian elimination with pivoting, and its log-determinant.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> (Vec<f64>, f64) {
    let k = right.len();
    let mut log_determinant = 0.0;
    for column in 0..k {
        let pivot =
            (column..k).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs())).unwrap();
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        log_determinant += matrix[column][column].abs().ln();
        let pivot = matrix[column].clone();
        for row in column + 1..k {
            let factor = matrix[row][column] / pivot[column];
            matrix[row].iter_mut().zip(&pivot).for_each(|(entry, pivot)| *entry -= factor * pivot);
            right[row] -= factor * right[column];
        }
    }
    for row in (0..k).rev() {
        let known: f64 = (row + 1..k).map(|at| matrix[row][at] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    (right, log_determinant)
}
