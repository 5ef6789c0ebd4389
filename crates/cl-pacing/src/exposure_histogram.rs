use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::PacingError;

/// How often each group of examples was shown over time: classes, or tenths of the difficulty.
///
/// Time is cut into windows of equally many steps, at first one each. When there are more than the most that are kept,
/// neighbours are merged, so that a run of any length takes the same memory and every window stays exact. O(1) per
/// example shown, amortised; 4 bytes an example and 8 per window and group.
///
/// ```
/// use cl_pacing::ExposureHistogram;
///
/// let mut classes = ExposureHistogram::new(&[0, 1, 1], 2)?; // two windows at most
/// for step in 0..4 {
///     classes.record(step, &[(step % 3) as usize]);
/// }
/// let windows: Vec<_> = classes.windows().collect();
/// assert_eq!(windows, [(0..2, &[1, 1][..]), (2..4, &[1, 1][..])]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ExposureHistogram {
    groups: Vec<u32>,
    n_groups: usize,
    max_windows: usize,
    /// Steps per window.
    width: u64,
    /// Window by window.
    counts: Vec<u64>,
}

#[derive(Deserialize)]
struct Unchecked {
    groups: Vec<u32>,
    n_groups: usize,
    max_windows: usize,
    width: u64,
    counts: Vec<u64>,
}

impl TryFrom<Unchecked> for ExposureHistogram {
    type Error = PacingError;

    fn try_from(unchecked: Unchecked) -> Result<Self, PacingError> {
        let Unchecked { groups, n_groups, max_windows, width, counts } = unchecked;
        let groups: Vec<usize> = groups.into_iter().map(|group| group as usize).collect();
        let fresh = Self::new(&groups, max_windows)?;
        if n_groups < fresh.n_groups || n_groups > 1 << 24 || width == 0 {
            let value = format!("{n_groups} groups and windows of {width} steps");
            return Err(PacingError::argument(
                "n_groups",
                value,
                "the groups there are, and windows of a step or more",
            ));
        }
        if counts.len() % n_groups.max(1) != 0 || counts.len() / n_groups.max(1) > max_windows {
            let (found, expected) = (counts.len(), n_groups.saturating_mul(max_windows));
            return Err(PacingError::LengthMismatch { what: "counts of the windows", found, expected });
        }
        Ok(Self { n_groups, width, counts, ..fresh })
    }
}

impl ExposureHistogram {
    /// Nothing shown yet of the examples, whose group (such as the class) `groups` gives; at most `max_windows` are
    /// kept.
    ///
    /// # Errors
    /// Unless at least two windows are kept, and every group is below 2^24.
    pub fn new(groups: &[usize], max_windows: usize) -> Result<Self, PacingError> {
        if max_windows < 2 {
            return Err(PacingError::argument(
                "max_windows",
                max_windows,
                "at least 2, so that neighbours can merge",
            ));
        }
        let narrow = |&group| {
            u32::try_from(group).ok().filter(|&group| group < 1 << 24).ok_or_else(|| {
                PacingError::argument("groups", group, "groups numbered from 0, of which there are at most 2^24")
            })
        };
        let narrowed = groups.iter().map(narrow).collect::<Result<Vec<u32>, _>>()?;
        let n_groups = narrowed.iter().max().map_or(0, |&largest| largest as usize + 1);
        Ok(Self { groups: narrowed, n_groups, max_windows, width: 1, counts: Vec::new() })
    }

    /// The same for `n_quantiles` equal parts of the difficulty, easy to hard; equal difficulties stay together.
    ///
    /// ```text
    /// part of i = floor(n_quantiles #{j : d_j < d_i} / n)
    /// ```
    ///
    /// # Errors
    /// Also where a difficulty is NaN, or there are no parts.
    pub fn by_difficulty(difficulty: &[f64], n_quantiles: usize, max_windows: usize) -> Result<Self, PacingError> {
        if let Some(example) = difficulty.iter().position(|difficulty| difficulty.is_nan()) {
            return Err(PacingError::NotANumber { what: "difficulty", example });
        }
        PacingError::check("n_quantiles", n_quantiles, n_quantiles > 0, "at least 1")?;
        let mut order: Vec<usize> = (0..difficulty.len()).collect();
        order.sort_by(|&a, &b| (difficulty[a] + 0.0).total_cmp(&(difficulty[b] + 0.0)));
        let (mut groups, mut n_easier) = (vec![0; order.len()], 0);
        for equal in order.chunk_by(|&a, &b| difficulty[a] == difficulty[b]) {
            let part = (n_quantiles as u128 * n_easier as u128 / order.len() as u128) as usize;
            equal.iter().for_each(|&example| groups[example] = part);
            n_easier += equal.len();
        }
        let mut histogram = Self::new(&groups, max_windows)?;
        // The last parts may be empty where difficulties are equal.
        histogram.n_groups = histogram.n_groups.max(n_quantiles.min(1 << 24));
        Ok(histogram)
    }

    /// Notes that the examples at `indices` were shown at `step`; those there are not count nowhere.
    pub fn record(&mut self, step: u64, indices: &[usize]) {
        while step / self.width >= self.max_windows as u64 {
            self.merge();
        }
        let start = (step / self.width) as usize * self.n_groups;
        if self.counts.len() < start + self.n_groups {
            self.counts.resize(start + self.n_groups, 0);
        }
        for &index in indices {
            if let Some(&group) = self.groups.get(index) {
                let count = &mut self.counts[start + group as usize];
                *count = count.saturating_add(1);
            }
        }
    }

    /// Two windows become one.
    fn merge(&mut self) {
        let n_windows = self.counts.len() / self.n_groups.max(1);
        for window in 0..n_windows {
            for group in 0..self.n_groups {
                let count = self.counts[window * self.n_groups + group];
                let into = window / 2 * self.n_groups + group;
                self.counts[into] = if window % 2 == 0 { count } else { self.counts[into].saturating_add(count) };
            }
        }
        self.counts.truncate(n_windows.div_ceil(2) * self.n_groups);
        self.width = self.width.saturating_mul(2);
    }

    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        self.groups.len()
    }

    /// The number of groups.
    pub fn n_groups(&self) -> usize {
        self.n_groups
    }

    /// How many examples each group has.
    pub fn group_sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.n_groups];
        self.groups.iter().for_each(|&group| sizes[group as usize] += 1);
        sizes
    }

    /// The windows in the order of time: their steps, and how often examples of each group were shown in them.
    pub fn windows(&self) -> impl Iterator<Item = (Range<u64>, &[u64])> {
        self.counts.chunks_exact(self.n_groups.max(1)).enumerate().map(|(window, counts)| {
            let start = self.width.saturating_mul(window as u64);
            (start..start.saturating_add(self.width), counts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever was merged, each window holds what was shown in its steps.
        #[test]
        fn windows_are_exact(
            groups in prop::collection::vec(0usize..4, 1..20), max_windows in 2usize..9,
            shown in prop::collection::vec((0u64..300, prop::collection::vec(0usize..20, 0..4)), 0..60),
        ) {
            let mut histogram = ExposureHistogram::new(&groups, max_windows).unwrap();
            let shown: Vec<(u64, Vec<usize>)> = shown
                .into_iter()
                .map(|(step, indices)| (step, indices.into_iter().filter(|&i| i < groups.len()).collect()))
                .collect();
            shown.iter().for_each(|(step, indices)| histogram.record(*step, indices));
            prop_assert!(histogram.windows().count() <= max_windows);
            let mut total = 0;
            for (steps, counts) in histogram.windows() {
                for (group, &count) in counts.iter().enumerate() {
                    let inside = shown.iter().filter(|(step, _)| steps.contains(step));
                    let expected = inside.flat_map(|(_, indices)| indices).filter(|&&i| groups[i] == group).count();
                    prop_assert_eq!(count, expected as u64);
                    total += expected;
                }
            }
            prop_assert_eq!(total, shown.iter().map(|(_, indices)| indices.len()).sum::<usize>());
            let json = serde_json::to_string(&histogram).unwrap();
            prop_assert_eq!(serde_json::from_str::<ExposureHistogram>(&json).unwrap(), histogram);
        }
    }

    #[test]
    fn difficulty_is_cut_into_equal_parts() {
        let groups = |difficulty: &[f64]| ExposureHistogram::by_difficulty(difficulty, 10, 4).unwrap().groups;
        assert_eq!(groups(&(0..20).rev().map(f64::from).collect::<Vec<_>>())[..4], [9, 9, 8, 8]);
        assert_eq!(groups(&[5.0, 1.0, 1.0, f64::INFINITY]), [5, 0, 0, 7]);
        assert_eq!(groups(&[2.0; 3]), [0; 3]);
        assert_eq!(ExposureHistogram::by_difficulty(&[2.0; 3], 10, 4).unwrap().group_sizes()[..2], [3, 0]);
    }

    #[test]
    fn the_far_future_is_a_window() {
        let mut histogram = ExposureHistogram::new(&[0], 2).unwrap();
        histogram.record(0, &[0]);
        histogram.record(u64::MAX, &[0]);
        assert_eq!(histogram.windows().map(|(_, counts)| counts[0]).collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        assert!(ExposureHistogram::new(&[0], 1).is_err() && ExposureHistogram::new(&[usize::MAX], 2).is_err());
        assert!(ExposureHistogram::by_difficulty(&[f64::NAN], 10, 2).is_err());
        assert!(ExposureHistogram::by_difficulty(&[1.0], 0, 2).is_err());
        let json = serde_json::to_string(&ExposureHistogram::new(&[0, 1], 2).unwrap()).unwrap();
        for (from, to) in [("\"width\":1", "\"width\":0"), ("\"counts\":[]", "\"counts\":[1]"), ("[0,1]", "[0,7]")]
        {
            assert!(serde_json::from_str::<ExposureHistogram>(&json.replace(from, to)).is_err(), "{to}");
        }
    }
}
