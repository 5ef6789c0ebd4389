use cl_data::{Dataset, Fingerprint, FingerprintBuilder};
use serde::{Deserialize, Serialize};

use crate::split::Parts;

/// What tells data from other data: ids and labels of each part, and all numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    examples: [Fingerprint; 3],
    numbers: Fingerprint,
    scores: Option<Fingerprint>,
}

impl Identity {
    /// Of the parts as they are trained on. O(numbers).
    pub(super) fn of(parts: &Parts) -> Self {
        let all = [&parts.train, &parts.validation, &parts.test];
        let mut numbers = FingerprintBuilder::default();
        all.into_iter().for_each(|part| add(&mut numbers, part));
        let scores = parts.difficulty.as_ref().map(|scores| {
            let mut hash = FingerprintBuilder::default();
            hash.add(scores.iter().map(|score| score.to_bits()));
            hash.fingerprint()
        });
        Self { examples: all.map(Dataset::fingerprint), numbers: numbers.fingerprint(), scores }
    }

    /// What differs from another, in words.
    pub(super) fn difference(&self, other: &Self) -> Option<&'static str> {
        match self {
            _ if self.examples != other.examples => Some("ids or labels"),
            _ if self.numbers != other.numbers => Some("features or numbers to predict"),
            _ if self.scores != other.scores => Some("scores"),
            _ => None,
        }
    }
}

fn add(hash: &mut FingerprintBuilder, part: &Dataset<f32>) {
    let features: Vec<u32> = part.features().as_slice().iter().map(|value| value.to_bits()).collect();
    hash.add_u32s(&features);
    let targets = (0..part.n_examples()).flat_map(|example| part.targets(example)).map(|value| value.to_bits());
    hash.add_u32s(&targets.collect::<Vec<u32>>());
}
