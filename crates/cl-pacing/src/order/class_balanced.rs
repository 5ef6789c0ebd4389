use std::fmt;

use cl_data::{Fingerprint, Ids};

use super::{Order, easy_first::EasyFirst};
use crate::error::PacingError;

/// Another order, dealt out so that every prefix holds its share of each class: a curriculum over difficulty that is
/// none over classes.
///
/// ```text
/// round robin     round r takes the r-th example of every class that has one still, in the order among them
/// proportional    by (r + 1/2) / n_c, where r counts within class c of n_c examples; ties as in the order
/// ```
///
/// Round robin shows classes equally until one runs out, and from then on the others: a rare class comes early. With
/// proportional shares every prefix holds each class as often as the data do, give or take one example. With classes of equal
/// size both deal in rounds. O(n log n).
///
/// Source: Hacohen and Weinshall (2019), whose code deals equal classes; Wu, Dyer and Neyshabur (2021), whose code goes on with the
/// classes that are left.
///
/// ```
/// use cl_pacing::{ClassBalanced, EasyFirst, Order};
///
/// let order = ClassBalanced::round_robin(EasyFirst, vec![0, 0, 0, 1]);
/// assert_eq!(order.order(&[0.1, 0.2, 0.3, 0.9], 0)?, [0, 3, 1, 2]);
/// let order = ClassBalanced::proportional(EasyFirst, vec![0, 0, 0, 1]);
/// assert_eq!(order.order(&[0.1, 0.2, 0.3, 0.9], 0)?, [0, 1, 3, 2]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassBalanced<O = EasyFirst> {
    order: O,
    classes: Vec<usize>,
    proportional: bool,
}

impl<O: Order> ClassBalanced<O> {
    /// From the order within classes and the class of each example: in rounds of one of each.
    pub fn round_robin(order: O, classes: Vec<usize>) -> Self {
        Self { order, classes, proportional: false }
    }

    /// From the order within classes and the class of each example: in the proportions of the data.
    pub fn proportional(order: O, classes: Vec<usize>) -> Self {
        Self { order, classes, proportional: true }
    }
}

impl<O: Order> Order for ClassBalanced<O> {
    fn order(&self, difficulty: &[f64], seed: u64) -> Result<Vec<usize>, PacingError> {
        PacingError::check_length("classes", self.classes.len(), difficulty.len())?;
        let order = self.order.order(difficulty, seed)?;
        // Class by class, each in the order: what stands r-th there comes in round r.
        let mut by_class: Vec<usize> = (0..order.len()).collect();
        by_class.sort_by_key(|&place| self.classes[order[place]]);
        let mut rounds = vec![0.0; order.len()];
        for class in by_class.chunk_by(|&a, &b| self.classes[order[a]] == self.classes[order[b]]) {
            for (round, &place) in class.iter().enumerate() {
                let round = round as f64;
                rounds[place] = if self.proportional { (round + 0.5) / class.len() as f64 } else { round };
            }
        }
        let mut dealt: Vec<usize> = (0..order.len()).collect();
        dealt.sort_by(|&a, &b| rounds[a].total_cmp(&rounds[b]));
        Ok(dealt.into_iter().map(|place| order[place]).collect())
    }
}

impl<O: Order> fmt::Display for ClassBalanced<O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = if self.proportional { "proportional" } else { "round robin" };
        let classes = Fingerprint::of(&Ids::range(self.classes.len()), &self.classes);
        write!(formatter, "{}, {rule} over classes {classes}", self.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Permutation;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prefixes_are_balanced(examples in prop::collection::vec((0usize..4, 0i8..20), 0..60), seed: u64) {
            let (classes, scores): (Vec<usize>, Vec<i8>) = examples.into_iter().unzip();
            let scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
            let n = scores.len();
            let size = |class| classes.iter().filter(|&&other| other == class).count();
            let robin = ClassBalanced::round_robin(EasyFirst, classes.clone()).order(&scores, seed).unwrap();
            let shares = ClassBalanced::proportional(EasyFirst, classes.clone()).order(&scores, seed).unwrap();
            for order in [&robin, &shares] {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, (0..n).collect::<Vec<_>>());
                for class in 0..4 {
                    let own: Vec<f64> = order.iter().filter(|&&i| classes[i] == class).map(|&i| scores[i]).collect();
                    prop_assert!(own.windows(2).all(|pair| pair[0] <= pair[1]));
                }
            }
            for k in 0..=n {
                let count = |order: &[usize], class| order[..k].iter().filter(|&&i| classes[i] == class).count();
                for (class, other) in (0..4).flat_map(|class| (0..4).map(move |other| (class, other))) {
                    // Ahead of another class by more than one only where that has run out.
                    let (own, others) = (count(&robin, class), count(&robin, other));
                    prop_assert!(own <= others + 1 || others == size(other));
                }
                for class in 0..4 {
                    let share = k as f64 * size(class) as f64 / n.max(1) as f64;
                    // Each of the four may be half an example before its share or behind, and so may the others.
                    prop_assert!((count(&shares, class) as f64 - share).abs() <= 2.5, "{} {}", count(&shares, class), share);
                }
            }
        }
    }

    /// Example r of the n of a class has its place at (r + 1/2) / n: of four at 1/8, 3/8, 5/8 and 7/8, of one at 1/2.
    #[test]
    fn shares_are_dealt_from_the_middle() {
        let order = ClassBalanced::proportional(EasyFirst, vec![1, 0, 0, 0, 0]);
        assert_eq!(order.order(&[0.0, 1.0, 2.0, 3.0, 4.0], 0).unwrap(), [1, 2, 0, 3, 4]);
    }

    #[test]
    fn classes_that_do_not_fit_are_refused() {
        let error = ClassBalanced::round_robin(EasyFirst, vec![0]).order(&[0.0, 1.0], 0).unwrap_err();
        assert_eq!(error.to_string(), "classes has 1 entries, expected 2");
        let given = Permutation::new(vec![1, 0, 2]).unwrap();
        assert_eq!(ClassBalanced::round_robin(given, vec![5, 5, 9]).order(&[0.0; 3], 0).unwrap(), [1, 2, 0]);
    }
}
