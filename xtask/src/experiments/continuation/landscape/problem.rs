//! Digits of a split in an easy and a hard half.

use anyhow::Result;
use cl_data::{Dataset, Standardization, random, stratified_split};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Sgd, SoftmaxRegression, Trainer, evaluate};
use cl_pacing::{EasyFirst, Order, ShuffleSampler};

/// The share of digits that is trained on, and Nadeau and Bengio's ratio of what two such shares have in common.
pub(super) const TRAIN: f64 = 0.25;
pub(super) const SHARED: f64 = TRAIN / (1.0 - TRAIN);

pub(super) const BATCH_SIZE: usize = 20;

/// A training part, standardised, and its halves, the easy one first.
pub(super) struct Problem {
    pub(super) train: Dataset<f64>,
    pub(super) halves: [Dataset<f64>; 2],
}

impl Problem {
    /// Of so many of the ten digits, drawn by the seed; difficulty is a softmax regression's loss.
    pub(super) fn new(digits: &Dataset<f64>, n_digits: usize, seed: u64) -> Result<Self> {
        let drawn = random::choose(&mut random::stream(seed, "landscape digits", 0), digits.n_classes(), n_digits);
        let parts = stratified_split(digits.labels(), &[TRAIN], seed)?;
        let is_drawn = |example: &usize| drawn.contains(&digits.labels()[*example]);
        let examples: Vec<usize> = parts[0].iter().copied().filter(is_drawn).collect();
        let train = digits.subset(&examples)?;
        let train = Standardization::fit(&train)?.apply(train)?;
        let mut pilot = SoftmaxRegression::zeros(train.n_features(), train.n_classes());
        let mut sampler = ShuffleSampler::new(train.n_examples(), BATCH_SIZE, 1_000_000 + seed)?;
        let trainer = Trainer::new(Budget::Epochs(10), 0.05)?;
        trainer.train(&mut pilot, &CrossEntropy, &mut Sgd::plain(), &train, &mut sampler, &mut [])?;
        let order = EasyFirst.order(&evaluate(&pilot, &CrossEntropy, &train)?.losses, seed)?;
        let [easy, hard] = halves(&order, train.labels(), train.n_classes());
        let halves = [train.subset(&easy)?, train.subset(&hard)?];
        Ok(Self { train, halves })
    }
}

/// The first and the last half of each class in this order; of an odd number the one in the middle is in neither.
fn halves(order: &[usize], labels: &[usize], n_classes: usize) -> [Vec<usize>; 2] {
    let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); n_classes];
    order.iter().for_each(|&example| of_class[labels[example]].push(example));
    let mut halves: [Vec<usize>; 2] = [Vec::new(), Vec::new()];
    for examples in &of_class {
        let half = examples.len() / 2;
        halves[0].extend(&examples[..half]);
        halves[1].extend(&examples[examples.len() - half..]);
    }
    halves
}

/// So narrow that not every minimum fits the data.
pub(super) fn perceptron(data: &Dataset<f64>, n_hidden: usize, seed: u64) -> Result<Mlp<f64>> {
    let widths = [data.n_features(), n_hidden, data.n_classes()];
    Ok(Mlp::new(&widths, Activation::Tanh, Initialization::Xavier, seed)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::bundled;

    #[test]
    fn halves_are_taken_within_each_class() {
        let [easy, hard] = halves(&[4, 0, 3, 1, 2, 5, 6], &[0, 0, 1, 0, 1, 1, 0], 3);
        // Class 0 in this order is 0, 3, 1, 6, class 1 is 4, 2, 5, of which 2 is in the middle.
        assert_eq!((easy, hard), (vec![0, 3, 4], vec![1, 6, 5]));
    }

    #[test]
    fn halves_have_the_same_classes() {
        let digits = bundled::digits();
        for (n_digits, seed) in [(10, 0), (4, 1), (4, 2)] {
            let Problem { train, halves: [easy, hard] } = Problem::new(&digits, n_digits, seed).unwrap();
            assert_eq!(easy.class_counts(), hard.class_counts());
            assert_eq!(easy.class_counts().iter().filter(|&&count| count > 0).count(), n_digits);
            assert!(train.n_examples() - 2 * easy.n_examples() <= n_digits);
            assert!(easy.ids().iter().all(|id| hard.ids().iter().all(|other| id != other)));
        }
    }
}
