//! Class balance as in the paper's code: classes take turns, so that a prefix of any order holds all of them.

/// `order` with the classes in turn, each in the order that it had; a class that is used up is passed over.
pub(super) fn round_robin(order: &[usize], labels: &[usize]) -> Vec<usize> {
    let n_classes = labels.iter().max().map_or(0, |largest| largest + 1);
    let mut taken = vec![0; n_classes];
    let mut turns: Vec<(usize, usize, usize)> = order
        .iter()
        .map(|&example| {
            let class = labels[example];
            taken[class] += 1;
            (taken[class], class, example)
        })
        .collect();
    turns.sort_unstable();
    turns.into_iter().map(|(_, _, example)| example).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_take_turns_and_unequal_ones_run_out() {
        let labels = [0, 0, 0, 1, 2, 2, 0];
        assert_eq!(round_robin(&[6, 5, 0, 1, 3, 4, 2], &labels), [6, 3, 5, 0, 4, 1, 2]);
        assert_eq!(round_robin(&[], &[]), [0usize; 0]);
    }

    #[test]
    fn every_prefix_is_balanced_and_each_class_keeps_its_order() {
        let labels: Vec<usize> = (0..60).map(|i| i * i % 7 % 4).collect();
        let order: Vec<usize> = (0..60).map(|i| i * 37 % 60).collect();
        let balanced = round_robin(&order, &labels);
        let of_class = |order: &[usize], class| -> Vec<usize> {
            order.iter().copied().filter(|&example| labels[example] == class).collect()
        };
        for class in 0..4 {
            assert_eq!(of_class(&balanced, class), of_class(&order, class));
        }
        let sizes: Vec<usize> = (0..4).map(|class| of_class(&order, class).len()).collect();
        for length in 0..=60 {
            let counts: Vec<usize> = (0..4).map(|class| of_class(&balanced[..length], class).len()).collect();
            // A class is behind another by more than one only where it has run out.
            let most = counts.iter().max().unwrap();
            assert!(counts.iter().zip(&sizes).all(|(count, size)| count + 1 >= *most || count == size));
        }
    }
}
