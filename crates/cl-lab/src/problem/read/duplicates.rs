use std::hash::{DefaultHasher, Hasher};

use cl_data::Dataset;
use rayon::prelude::*;

/// Examples with the features of another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Duplicates {
    /// How many have those of an earlier one.
    pub(super) n_again: usize,
    /// The first two that have the same.
    pub(super) first: Option<(usize, usize)>,
    /// How many have the features of one with another label or number.
    pub(super) n_contradicting: usize,
}

/// The examples of a data set by their features.
pub(super) struct ByFeatures<'a> {
    data: &'a Dataset<f32>,
    /// Hashes and examples, sorted.
    order: Vec<(u64, usize)>,
}

impl<'a> ByFeatures<'a> {
    /// O(n d + n log n).
    pub(super) fn new(data: &'a Dataset<f32>) -> Self {
        let hashes = (0..data.n_examples()).into_par_iter().map(|example| (hash(data.example(example)), example));
        let mut order: Vec<(u64, usize)> = hashes.collect();
        order.par_sort_unstable();
        Self { data, order }
    }

    /// Those that are there more than once; `answers` is what is to be predicted of each.
    pub(super) fn duplicates(&self, answers: &[u32]) -> Duplicates {
        let mut found = Duplicates::default();
        for group in self.order.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
            let (_, first) = group[0];
            let alike = |example: &usize| self.data.example(*example) == self.data.example(first);
            let same: Vec<usize> = group.iter().map(|&(_, example)| example).filter(alike).collect();
            let [_, second, ..] = same[..] else { continue };
            found.n_again += same.len() - 1;
            found.first = found.first.filter(|&(_, known)| known < second).or(Some((first, second)));
            if same.iter().any(|&example| answers[example] != answers[first]) {
                found.n_contradicting += same.len();
            }
        }
        found
    }

    /// How many of other examples with as many features are among them.
    pub(super) fn n_shared(&self, others: &Dataset<f32>) -> usize {
        let is_here = |&example: &usize| {
            let features = others.example(example);
            let hash = hash(features);
            let start = self.order.partition_point(|&(known, _)| known < hash);
            let mut same = self.order[start..].iter().take_while(|&&(known, _)| known == hash);
            same.any(|&(_, known)| self.data.example(known) == features)
        };
        (0..others.n_examples()).into_par_iter().filter(is_here).count()
    }
}

fn hash(features: &[f32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    // With one zero.
    features.iter().for_each(|&value| hasher.write_u32((value + 0.0).to_bits()));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(examples: &[[f32; 2]]) -> Dataset<f32> {
        Dataset::new(2, examples.concat(), vec![0; examples.len()], 1).unwrap()
    }

    #[test]
    fn pairs_and_contradictions_are_counted() {
        let examples = [[1.0, 2.0], [0.0, 3.0], [1.0, 2.0], [-0.0, 3.0], [2.0, 1.0], [1.0, 2.0]];
        let data = data(&examples);
        let by_features = ByFeatures::new(&data);
        let found = by_features.duplicates(&[0, 1, 0, 0, 1, 0]);
        assert_eq!(found, Duplicates { n_again: 3, first: Some((0, 2)), n_contradicting: 2 });
        assert_eq!(by_features.duplicates(&[0, 1, 1, 1, 1, 0]).n_contradicting, 3);
        let none = ByFeatures::new(&data.subset(&[0, 1, 4]).unwrap()).duplicates(&[0, 1, 0, 0, 0]);
        assert_eq!(none, Duplicates::default());
    }

    #[test]
    fn examples_of_another_set_are_found() {
        let (training, test) = (data(&[[1.0, 2.0], [0.0, 3.0]]), data(&[[0.0, 3.0], [3.0, 0.0], [-0.0, 3.0]]));
        assert_eq!(ByFeatures::new(&training).n_shared(&test), 2);
        assert_eq!(ByFeatures::new(&test).n_shared(&training), 1);
    }
}
