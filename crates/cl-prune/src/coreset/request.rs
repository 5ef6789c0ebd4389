//! What a method is asked for, and how large the data are.

use super::{
    costs::Costs, features::AnyFeatures, start::Start, targets::Targets, validation_taylor::ValidationTaylor,
};

/// What is chosen of the examples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) count: usize,
    pub(super) seed: u64,
    /// The first example, where it is given.
    pub(super) start: Option<usize>,
    pub(super) validation: Option<&'a ValidationTaylor>,
    /// The predicted probabilities of classes, a row for each example.
    pub(super) probabilities: Option<AnyFeatures<'a>>,
    /// What is chosen towards, and away from.
    pub(super) targets: Targets<'a>,
    /// How much each example counts, where not all count the same.
    pub(super) weights: Option<&'a [f64]>,
    /// What is chosen already, is not chosen again, and is not counted.
    pub(super) before: &'a [usize],
    /// What examples cost, where they do not count one each.
    pub(super) costs: Option<Costs<'a>>,
    /// The group of each example, where groups are chosen whole.
    pub(super) groups: Option<&'a [usize]>,
    /// Those that are to be represented, where it is not all of them.
    pub(super) clients: Option<&'a [u32]>,
    /// What parts of the examples chose, where there is chosen among these.
    pub(super) chosen: Option<&'a [Vec<usize>]>,
}

impl Request<'_> {
    /// For so many examples, and nothing else said.
    pub(super) fn new(count: usize, seed: u64) -> Self {
        Self {
            count,
            seed,
            start: None,
            validation: None,
            probabilities: None,
            targets: Targets::default(),
            weights: None,
            before: &[],
            costs: None,
            groups: None,
            clients: None,
            chosen: None,
        }
    }

    pub(super) fn start(&self) -> Start {
        self.start.map_or(Start::Seeded(self.seed), Start::Example)
    }
}

/// How large the data are that a coreset is chosen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataSize {
    /// The number of examples.
    pub n_examples: usize,
    /// The number of features of each.
    pub n_features: usize,
    /// The bytes of a feature: 4 in single precision, 8 in double.
    pub width: usize,
    /// The number of examples of the largest class, where there is chosen within classes.
    pub largest_class: Option<usize>,
}

/// The examples that a method chooses from at a time, in numbers that do not overflow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) n: f64,
    pub(super) d: f64,
    pub(super) width: f64,
    /// How many are chosen.
    pub(super) k: f64,
}

impl Size {
    /// The largest class has its share of the count, rounded up.
    pub(super) fn new(data: &DataSize, count: usize) -> Self {
        let [n, d, width] = [data.n_examples, data.n_features, data.width].map(|value| value as f64);
        let largest = data.largest_class.map_or(n, |size| size as f64);
        Self { n: largest, d, width, k: (count as f64 * largest / n.max(1.0)).ceil() }
    }

    /// The bytes of all features in double precision, in panels of sixteen examples.
    pub(super) fn panels(&self) -> f64 {
        8.0 * 16.0 * (self.n / 16.0).ceil() * self.d
    }
}
