use std::fmt;
use std::str::FromStr;

use cl_data::{Scalar, catalogue::CatalogueError};
use rayon::prelude::*;

use super::confident_learning::{CHUNK, ConfidentLearning, check, confident_class};
use super::quality::LabelQuality;
use crate::error::DifficultyError;

/// What the given label is ahead when a prediction is compared with it (cleanlab).
const AHEAD: f64 = 1e-6;

/// Which examples have a wrong label, given the joint distribution: the filters of cleanlab 2.9.
///
/// Whatever the filter (but for the two lowest ones), no label is an issue that the model predicts, where the
/// label is 1e-6 ahead.
///
/// Equal to cleanlab's but for exact ties: it takes the first n of an unstable sort, and which of equal keys come
/// first there depends on the processor that NumPy runs on. Here they go by the order of the examples, which is what
/// cleanlab has with a stable sort. The same holds for the counts of
/// [`ConfidentLearning::calibrated_joint`] of more than eight classes, where several of a row round equally far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IssueFilter {
    /// For each pair of label i and class j, the Q_ij examples with the largest p_j - p_i. The default.
    #[default]
    PruneByNoiseRate,
    /// For each label i, the n_i - Q_ii examples with the lowest p_i.
    PruneByClass,
    /// Those that both flag.
    Both,
    /// Those counted off the diagonal of the confident joint.
    ConfidentLearning,
    /// Those for which the model predicts another class.
    PredictedNeqGiven,
    /// As many as [`Self::ConfidentLearning`] finds, those with the lowest normalised margin.
    LowNormalizedMargin,
    /// As many as [`Self::ConfidentLearning`] finds, those with the lowest self-confidence.
    LowSelfConfidence,
}

impl IssueFilter {
    /// Every filter by name.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("prune_by_noise_rate", Self::PruneByNoiseRate),
        ("prune_by_class", Self::PruneByClass),
        ("both", Self::Both),
        ("confident_learning", Self::ConfidentLearning),
        ("predicted_neq_given", Self::PredictedNeqGiven),
        ("low_normalized_margin", Self::LowNormalizedMargin),
        ("low_self_confidence", Self::LowSelfConfidence),
    ];
}

impl fmt::Display for IssueFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::NAMES.iter().filter(|(_, filter)| filter == self).try_for_each(|(name, _)| formatter.write_str(name))
    }
}

impl FromStr for IssueFilter {
    type Err = DifficultyError;

    fn from_str(text: &str) -> Result<Self, DifficultyError> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        let unknown = || CatalogueError::unknown("filter", text, Self::NAMES.map(|(name, _)| name));
        found.map(|&(_, filter)| filter).ok_or_else(|| unknown().into())
    }
}

/// The examples of one label.
struct Class<'a, T> {
    label: usize,
    members: &'a [u32],
    /// Of each example, whether another class is ahead.
    ahead: &'a [bool],
    probabilities: &'a [T],
    n_classes: usize,
}

impl<T: Scalar> Class<'_, T> {
    fn p(&self, member: u32, class: usize) -> f64 {
        self.probabilities[member as usize * self.n_classes + class].as_f64()
    }
}

impl ConfidentLearning {
    /// Whether the label of each example is an issue; `probabilities` and `labels` are those of
    /// [`Self::fit`]. Ties go by the order of the examples. O(n C) expected.
    ///
    /// # Errors
    /// As [`Self::fit`], and where the number of examples is another.
    pub fn issues<T: Scalar>(
        &self,
        probabilities: &[T],
        labels: &[usize],
        filter: IssueFilter,
    ) -> Result<Vec<bool>, DifficultyError> {
        let c = self.n_classes;
        // The cheap part of `check`, since the values were checked when the thresholds were taken.
        let expected = self.n_examples() as usize;
        if labels.len() != expected || probabilities.len() != expected * c || u32::try_from(expected).is_err() {
            let found = labels.len().max(probabilities.len() / c);
            return Err(DifficultyError::LengthMismatch { what: "labels and probabilities", found, expected });
        }
        let members = self.members(probabilities, labels)?;
        match filter {
            IssueFilter::ConfidentLearning => {
                let rows = probabilities.par_chunks_exact(c).zip(labels);
                let off_diagonal = |row, label| confident_class(row, &self.thresholds).is_some_and(|k| k != label);
                return Ok(rows
                    .map(|(row, &label)| off_diagonal(row, label) && !agrees_with_label(row, label))
                    .collect());
            }
            IssueFilter::PredictedNeqGiven => {
                let rows = probabilities.par_chunks_exact(c).zip(labels);
                return Ok(rows.map(|(row, &label)| !agrees_with_label(row, label)).collect());
            }
            IssueFilter::LowNormalizedMargin => {
                return self.lowest(probabilities, labels, LabelQuality::NormalizedMargin);
            }
            IssueFilter::LowSelfConfidence => {
                return self.lowest(probabilities, labels, LabelQuality::SelfConfidence);
            }
            IssueFilter::PruneByNoiseRate | IssueFilter::PruneByClass | IssueFilter::Both => {}
        }
        let ahead = ahead(probabilities, labels, c);
        let flagged: Vec<Vec<u32>> = members
            .par_iter()
            .enumerate()
            .map(|(label, members)| {
                let class = Class { label, members, ahead: &ahead, probabilities, n_classes: c };
                let row = |i: u32| &probabilities[i as usize * c..][..c];
                let mut flagged = match filter {
                    IssueFilter::PruneByClass => self.by_class(&class),
                    IssueFilter::Both => {
                        let by_class = self.by_class(&class);
                        let mut both = self.by_noise_rate(&class);
                        both.retain(|i| by_class.binary_search(i).is_ok());
                        both
                    }
                    _ => self.by_noise_rate(&class),
                };
                flagged.retain(|&i| !agrees_with_label(row(i), label));
                flagged
            })
            .collect();
        let mut issues = vec![false; labels.len()];
        flagged.into_iter().flatten().for_each(|i| issues[i as usize] = true);
        Ok(issues)
    }

    /// The examples of each label, in order.
    fn members<T: Scalar>(&self, probabilities: &[T], labels: &[usize]) -> Result<Vec<Vec<u32>>, DifficultyError> {
        let mut members: Vec<Vec<u32>> =
            self.label_counts.iter().map(|&count| Vec::with_capacity(count as usize)).collect();
        for (i, &label) in labels.iter().enumerate() {
            match members.get_mut(label) {
                Some(members) => members.push(i as u32),
                None => check(probabilities, labels, self.n_classes).map(drop)?,
            }
        }
        Ok(members)
    }

    /// How many examples of `label`, a class, have a right one: Q_ii, at least one. The others are those that
    /// [`IssueFilter::PruneByClass`] takes.
    pub fn right_count(&self, label: usize) -> usize {
        self.calibrated_joint.count(label, label).max(1) as usize
    }

    /// How many examples of `label`, a class, truly belong to each other class, where any do: the Q_ij that
    /// [`IssueFilter::PruneByNoiseRate`] takes, as (class, number). Where no label is right, the others give up one in
    /// equal parts (cleanlab).
    ///
    /// ```
    /// use cl_difficulty::ConfidentLearning;
    ///
    /// let probabilities = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.1, 0.9]].concat();
    /// let learned = ConfidentLearning::fit(&probabilities, &[0, 0, 0, 1], 2)?;
    /// assert_eq!((learned.right_count(0), learned.prune_counts(0)), (2, vec![(1, 1)]));
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn prune_counts(&self, label: usize) -> Vec<(usize, usize)> {
        let Some(row) = self.calibrated_joint.rows().get(label) else { return Vec::new() };
        let lacking = 1u64.saturating_sub(self.calibrated_joint.count(label, label)) as f64;
        let others = row.len() as f64 - 1.0;
        let left = |count: u64| (count as f64 - lacking / others.max(1.0)).max(0.0) as usize;
        let counts = row.iter().map(|&(class, count)| (class, left(count)));
        counts.filter(|&(class, count)| class != label && count > 0).collect()
    }

    fn by_class<T: Scalar>(&self, class: &Class<'_, T>) -> Vec<u32> {
        if class.members.len() <= 1 {
            return Vec::new();
        }
        let n_issues = class.members.len().saturating_sub(self.right_count(class.label));
        let mut scored: Vec<(f64, u32)> = class.members.iter().map(|&i| (class.p(i, class.label), i)).collect();
        let mut flagged = lowest(&mut scored, n_issues);
        flagged.sort_unstable();
        flagged
    }

    fn by_noise_rate<T: Scalar>(&self, class: &Class<'_, T>) -> Vec<u32> {
        if class.members.len() <= 1 {
            return Vec::new();
        }
        let counts = self.prune_counts(class.label);
        // Only an example that disagrees can stay flagged, and those whose p_j is ahead come first: as a rule
        // they are enough, and few.
        let mut ahead: Vec<Vec<(f64, u32)>> = vec![Vec::new(); counts.len()];
        for &i in class.members.iter().filter(|&&i| class.ahead[i as usize]) {
            let own = class.p(i, class.label);
            for (&(other, _), ahead) in counts.iter().zip(&mut ahead) {
                let margin = class.p(i, other) - own;
                if margin > AHEAD {
                    ahead.push((-margin, i));
                }
            }
        }
        let mut flagged = Vec::new();
        for ((other, n), mut scored) in counts.into_iter().zip(ahead) {
            if scored.len() < n {
                let margin = |i: u32| class.p(i, class.label) - class.p(i, other);
                scored = class.members.iter().map(|&i| (margin(i), i)).collect();
            }
            flagged.extend(lowest(&mut scored, n));
        }
        flagged.sort_unstable();
        flagged.dedup();
        flagged
    }

    fn lowest<T: Scalar>(
        &self,
        probabilities: &[T],
        labels: &[usize],
        quality: LabelQuality,
    ) -> Result<Vec<bool>, DifficultyError> {
        let found = self.issues(probabilities, labels, IssueFilter::ConfidentLearning)?;
        let n_issues = found.iter().filter(|&&issue| issue).count();
        let scores = quality.scores(probabilities, labels, self.n_classes)?;
        let mut scored: Vec<(f64, u32)> = scores.into_iter().zip(0..).collect();
        let mut issues = vec![false; labels.len()];
        lowest(&mut scored, n_issues).into_iter().for_each(|i| issues[i as usize] = true);
        Ok(issues)
    }
}

/// Whether another class is ahead of each example's label: in one pass over neighbours, because the examples of a
/// class lie scattered.
fn ahead<T: Scalar>(probabilities: &[T], labels: &[usize], n_classes: usize) -> Vec<bool> {
    let mut ahead = vec![false; labels.len()];
    let chunks = probabilities.par_chunks(CHUNK * n_classes).zip(labels.par_chunks(CHUNK));
    ahead.par_chunks_mut(CHUNK).zip(chunks).for_each(|(ahead, (probabilities, labels))| {
        for ((ahead, row), &label) in ahead.iter_mut().zip(probabilities.chunks_exact(n_classes)).zip(labels) {
            let largest = row.iter().fold(row[0], |largest, &p| if p > largest { p } else { largest });
            *ahead = largest.as_f64() - row[label].as_f64() > AHEAD;
        }
    });
    ahead
}

/// Whether the model predicts the given label, a class of `row`, which is 1e-6 ahead; the first class wins ties. No such
/// label is an issue, whatever the filter (but for the two lowest ones). O(C).
///
/// ```
/// use cl_difficulty::agrees_with_label;
///
/// assert!(agrees_with_label(&[0.4, 0.6], 1) && agrees_with_label(&[0.5, 0.5], 1));
/// assert!(!agrees_with_label(&[0.4, 0.6], 0));
/// ```
#[inline]
pub fn agrees_with_label<T: Scalar>(row: &[T], label: usize) -> bool {
    let Some(own) = row.get(label) else { return false };
    let own = own.as_f64() + AHEAD;
    row.iter().enumerate().all(|(class, p)| match class.cmp(&label) {
        std::cmp::Ordering::Less => own > p.as_f64(),
        _ => class == label || own >= p.as_f64(),
    })
}

/// The examples with the `n` lowest scores, in no order.
fn lowest(scored: &mut [(f64, u32)], n: usize) -> Vec<u32> {
    if n > 0 && n < scored.len() {
        scored.select_nth_unstable_by(n - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }
    scored.iter().take(n).map(|&(_, i)| i).collect()
}
