//! `curriculum score`, `agree`, `map`, `noise` and `completions` as a user meets them.

mod agree;
mod bad_input;
mod completions;
mod map;
mod noise;
mod parquet;
mod score;

use std::path::{Path, PathBuf};

use cl_data::io::{Array, ArrayData, NpzReader, write_npz};
use serde_json::Value;

use super::support::{Folder, closed_pipe, curriculum, refusal, report};

/// Training dynamics with references, see `fixtures/README.md`.
const DYNAMICS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dynamics.npz");

impl Folder {
    fn npz(&self, name: &str, members: &[(&str, &[usize], ArrayData)]) -> String {
        let arrays: Vec<_> = members
            .iter()
            .map(|(name, shape, data)| (*name, Array::new(shape.to_vec(), data.clone()).unwrap()))
            .collect();
        write_npz(self.path(name), arrays.iter().map(|(name, array)| (*name, array))).unwrap();
        self.path(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The fixture's logits by epoch, labels and ids.
struct Dynamics {
    logits: Vec<Vec<f32>>,
    labels: Vec<i64>,
    ids: Vec<i64>,
}

impl Dynamics {
    const N: usize = 40;
    const C: usize = 7;

    fn read() -> Self {
        let mut archive = NpzReader::open(DYNAMICS).unwrap();
        let mut read = |name: &str| archive.read(name).unwrap();
        let logits: Vec<f32> = read("logits").to_floats().unwrap();
        let integers = |array: Array| array.to_indices().unwrap().into_iter().map(|value| value as i64).collect();
        Self {
            logits: logits.chunks(Self::N * Self::C).map(<[f32]>::to_vec).collect(),
            labels: integers(read("labels")),
            ids: integers(read("ids")),
        }
    }

    /// Softmax in double precision.
    fn probabilities(&self) -> Vec<f64> {
        let softmax = |row: &[f32]| {
            let largest = f64::from(row.iter().copied().fold(f32::MIN, f32::max));
            let powers: Vec<f64> = row.iter().map(|&z| (f64::from(z) - largest).exp()).collect();
            let sum: f64 = powers.iter().sum();
            powers.into_iter().map(move |power| power / sum)
        };
        self.logits.iter().flat_map(|epoch| epoch.chunks(Self::C)).flat_map(softmax).collect()
    }

    /// The order of presentation in an epoch.
    fn order(epoch: usize) -> Vec<usize> {
        (0..Self::N).map(|i| (i * 7 + epoch * 3) % Self::N).collect()
    }

    /// A folder of one `.npy` file per epoch.
    fn write_epochs(&self, folder: &Folder) {
        for (epoch, logits) in self.logits.iter().enumerate() {
            folder.npy(&format!("logits_{epoch:03}.npy"), &[Self::N, Self::C], ArrayData::F32(logits.clone()));
        }
        folder.npy("labels.npy", &[Self::N], ArrayData::I64(self.labels.clone()));
        folder.npy("ids.npy", &[Self::N], ArrayData::I64(self.ids.clone()));
    }

    /// Cartography's lines of an epoch.
    fn lines(&self, epoch: usize) -> Vec<String> {
        let line = |i: usize| {
            let logits: Vec<String> =
                self.logits[epoch][i * Self::C..][..Self::C].iter().map(|z| f64::from(*z).to_string()).collect();
            let (guid, gold, logits) = (self.ids[i], self.labels[i], logits.join(", "));
            format!("{{\"guid\": {guid}, \"logits_epoch_{epoch}\": [{logits}], \"gold\": {gold}}}\n")
        };
        Self::order(epoch).into_iter().map(line).collect()
    }

    fn write_cartography(&self, folder: &Folder) {
        for epoch in 0..self.logits.len() {
            folder.text(&format!("dynamics_epoch_{epoch}.jsonl"), self.lines(epoch).concat());
        }
    }

    /// TDDS's files of each epoch.
    fn write_tdds(&self, folder: &Folder) {
        for (epoch, logits) in self.logits.iter().enumerate() {
            let order = Self::order(epoch);
            let presented = order.iter().flat_map(|&i| logits[i * Self::C..][..Self::C].to_vec()).collect();
            folder.npy(&format!("{epoch}_Output.npy"), &[Self::N, Self::C], ArrayData::F32(presented));
            let order = order.into_iter().map(|i| i as i64).collect();
            folder.npy(&format!("{epoch}_Index.npy"), &[Self::N], ArrayData::I64(order));
            folder.npy(&format!("{epoch}_Loss.npy"), &[Self::N], ArrayData::F32(vec![0.0; Self::N]));
        }
    }
}

/// The columns of a CSV file of numbers.
fn csv(path: impl AsRef<Path>) -> Vec<(String, Vec<f64>)> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let mut columns: Vec<(String, Vec<f64>)> =
        lines.next().unwrap().split(',').map(|name| (name.to_owned(), Vec::new())).collect();
    for line in lines {
        for ((_, values), field) in columns.iter_mut().zip(line.split(',')) {
            values.push(field.parse().unwrap());
        }
    }
    columns
}

fn sidecar(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(PathBuf::from(format!("{path}.json"))).unwrap()).unwrap()
}
