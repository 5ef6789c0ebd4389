use std::fmt;

use cl_data::Epoch;

/// A number of examples, such as a batch size, that changes at some steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stepwise {
    /// In the order of their steps, the first of which is 0.
    pieces: Vec<(u64, usize)>,
}

impl Stepwise {
    /// The same at every step.
    pub(super) fn constant(n: usize) -> Self {
        Self { pieces: vec![(0, n)] }
    }

    pub(super) fn at(&self, step: u64) -> usize {
        self.pieces[self.piece(step)].1
    }

    /// The same up to `from_step`, and `n` from there on.
    pub(super) fn replace(&mut self, from_step: u64, n: usize) {
        self.pieces.retain(|&(from, _)| from < from_step);
        self.pieces.push((from_step, n));
    }

    /// The step at which the number of `step` may change.
    pub(super) fn end(&self, step: u64) -> u64 {
        self.pieces.get(self.piece(step) + 1).map_or(u64::MAX, |&(from, _)| from)
    }

    /// What it was up to `n_steps`, and what `future` is from there on.
    pub(super) fn then(&self, n_steps: u64, future: &Self) -> Self {
        let mut pieces: Vec<(u64, usize)> = self.past(n_steps).pieces;
        if n_steps == 0 {
            return future.clone();
        }
        let ahead = future.pieces.iter().copied().filter(|&(from, _)| from > n_steps);
        pieces.extend([(n_steps, future.at(n_steps))].into_iter().chain(ahead));
        pieces.dedup_by_key(|&mut (_, n)| n);
        Self { pieces }
    }

    /// What it was in the first `n_steps` steps, as far as it is known: no pieces that begin later.
    pub(super) fn past(&self, n_steps: u64) -> Self {
        let mut pieces = self.pieces.clone();
        pieces.retain(|&(from, _)| from == 0 || from < n_steps);
        pieces.dedup_by_key(|&mut (_, n)| n);
        Self { pieces }
    }

    /// The sum over the steps from `from` to `to`.
    pub(super) fn sum(&self, from: u64, to: u64) -> u128 {
        let (mut sum, mut step) = (0, from);
        while step < to {
            let end = self.end(step).min(to);
            sum += u128::from(end - step) * self.at(step) as u128;
            step = end;
        }
        sum
    }

    /// The steps from `from` on that make up at least `n` examples.
    pub(super) fn n_steps(&self, from: u64, n: usize) -> u64 {
        let (mut left, mut step) = (n as u64, from);
        loop {
            let (size, end) = (self.at(step) as u64, self.end(step));
            let n_steps = left.div_ceil(size);
            // Beyond the last step there is none, and so no other size.
            if n_steps <= end - step || end == u64::MAX {
                return step - from + n_steps;
            }
            left -= (end - step) * size;
            step = end;
        }
    }

    /// Where `step` stands in passes of `n` examples, the last batch of which may be short.
    pub(super) fn passes(&self, n: usize, step: u64) -> Epoch {
        let (mut index, mut first) = (0, 0);
        loop {
            let n_steps = self.n_steps(first, n);
            if step - first < n_steps {
                return Epoch { index, step: step - first, n_steps };
            }
            // As many of the same length as end before the size changes.
            let alike = ((self.end(first) - first) / n_steps).min((step - first) / n_steps).max(1);
            index += alike;
            first += alike * n_steps;
        }
    }

    fn piece(&self, step: u64) -> usize {
        self.pieces.partition_point(|&(from, _)| from <= step) - 1
    }

    /// What [`Display`](fmt::Display) has written.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let piece = |(at, piece): (usize, &str)| match piece.split_once(" from step ") {
            Some((n, from)) if at > 0 => Some((from.parse().ok()?, n.parse().ok()?)),
            None if at == 0 => Some((0, piece.parse().ok()?)),
            _ => None,
        };
        let pieces: Vec<(u64, usize)> = text.split(", ").enumerate().map(piece).collect::<Option<_>>()?;
        let is_sound = pieces.is_sorted_by(|a, b| a.0 < b.0) && pieces.iter().all(|&(_, n)| n > 0);
        is_sound.then_some(Self { pieces })
    }
}

/// As in settings: a single number where it never changes.
impl fmt::Display for Stepwise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (from, n)) in self.pieces.iter().enumerate() {
            match at {
                0 => write!(formatter, "{n}")?,
                _ => write!(formatter, ", {n} from step {from}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn any()(first in 1usize..9, more in prop::collection::vec((0u64..40, 1usize..9), 0..4)) -> Stepwise {
            let mut sizes = Stepwise::constant(first);
            more.into_iter().for_each(|(from, n)| sizes.replace(from, n));
            sizes
        }
    }

    proptest! {
        #[test]
        fn sums_and_passes_are_those_of_single_steps(sizes in any(), from in 0u64..30, n in 1usize..50) {
            let until = |n_steps: u64| (from..from + n_steps).map(|step| sizes.at(step) as u128).sum::<u128>();
            let n_steps = sizes.n_steps(from, n);
            prop_assert!(until(n_steps) >= n as u128 && until(n_steps - 1) < n as u128);
            prop_assert_eq!(sizes.sum(from, from + n_steps), until(n_steps));
            let (mut index, mut within, mut shown) = (0, 0, 0);
            for step in 0..120 {
                let epoch = sizes.passes(n, step);
                prop_assert_eq!((epoch.index, epoch.step), (index, within));
                shown += sizes.at(step);
                within += 1;
                if shown >= n {
                    prop_assert_eq!(epoch.n_steps, within);
                    (index, within, shown) = (index + 1, 0, 0);
                }
            }
            prop_assert_eq!(Stepwise::parse(&sizes.to_string()), Some(sizes));
        }

        #[test]
        fn the_past_is_of_one_and_the_future_of_the_other(past in any(), future in any(), n_steps in 0u64..50) {
            let both = past.then(n_steps, &future);
            for step in 0..100 {
                prop_assert_eq!(both.at(step), if step < n_steps { past.at(step) } else { future.at(step) });
            }
            prop_assert!(n_steps == 0 || both.past(n_steps) == past.past(n_steps));
        }
    }

    #[test]
    fn what_is_no_number_of_examples_is_none() {
        for text in
            ["", "0", "x", "4, 5", "4, 0 from step 3", "4, 5 from step 0", "4, 5 from step 3, 6 from step 2"]
        {
            assert_eq!(Stepwise::parse(text), None, "{text}");
        }
        assert_eq!(Stepwise::constant(3).passes(5, u64::MAX), Epoch { index: u64::MAX / 2, step: 1, n_steps: 2 });
    }
}
