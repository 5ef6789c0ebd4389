use cl_data::Scalar;
use rayon::prelude::*;

use super::calibration::calibrate;
use super::sparse_counts::{SparseCounts, tally};
use crate::error::DifficultyError;

/// Examples per task: sums are taken within and then over tasks, so that no number of threads changes them.
pub(super) const CHUNK: usize = 8192;

/// How far below its threshold a probability still counts as confident (cleanlab).
const SLACK: f64 = 1e-6;

/// How far from one the probabilities of an example may sum.
const SUM_TOLERANCE: f64 = 1e-3;

/// Confident learning: the joint distribution of given and true labels, counted where the model is confident.
///
/// ```text
/// t_j     = mean of p_j over examples labelled j
/// C_ij    = number of examples labelled i whose confident class is j         confident: p_j >= t_j, the largest
/// Q_ij    = C_ij / sum_j C_ij * n_i, rounded row by row with its sum kept    n_i examples are labelled i
/// ```
///
/// As cleanlab 2.9 counts: thresholds are at least 2e-6 and missed by up to 1e-6, a class without examples has
/// threshold 2 (nothing is confident of it), the diagonal of C is at least 1. `probabilities` should be those of
/// models that were not trained on the example. Two passes of O(n C) over them, nothing of size n C is copied and
/// nothing of size C^2 is held: C and Q are kept by their entries, of which there are at most n + C.
///
/// Source: Northcutt, Jiang, Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset Labels,
/// equations 1 to 3.
///
/// ```
/// use cl_difficulty::{ConfidentLearning, IssueFilter};
///
/// let probabilities = [0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.6, 0.4];
/// let labels = [0, 0, 0, 1, 1, 1];
/// let learned = ConfidentLearning::fit(&probabilities, &labels, 2)?;
/// assert_eq!(learned.confident_joint(), [2, 1, 1, 2]);
/// let issues = learned.issues(&probabilities, &labels, IssueFilter::PruneByNoiseRate)?;
/// assert_eq!(issues, [false, false, true, false, false, true]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidentLearning {
    pub(super) n_classes: usize,
    pub(super) label_counts: Vec<u64>,
    pub(super) thresholds: Vec<f64>,
    /// Counts by given label and confident class, the diagonal as counted.
    pub(super) counts: SparseCounts,
    confident_joint: SparseCounts,
    pub(super) calibrated_joint: SparseCounts,
}

impl ConfidentLearning {
    /// From the model's probabilities, c per example, and the given labels.
    ///
    /// # Errors
    /// Without an example or a second class, on lengths that do not agree, a label out of range, a probability
    /// outside [0, 1] and probabilities whose sum is not 1 within 0.001.
    pub fn fit<T: Scalar>(
        probabilities: &[T],
        labels: &[usize],
        n_classes: usize,
    ) -> Result<Self, DifficultyError> {
        let (sums, label_counts) = check(probabilities, labels, n_classes)?;
        let thresholds = thresholds(&sums, &label_counts);
        let confident =
            |(row, &label): (&[T], &usize)| confident_class(row, &thresholds).map(|class| (label, class));
        let chunks = probabilities.par_chunks(CHUNK * n_classes).zip(labels.par_chunks(CHUNK));
        let entries = chunks.flat_map_iter(|(probabilities, labels)| {
            tally(probabilities.chunks_exact(n_classes).zip(labels).map(confident), n_classes)
        });
        Ok(Self::new(SparseCounts::sum(n_classes, entries.collect()), label_counts, thresholds))
    }

    /// From what was counted elsewhere, where no machine has all probabilities: per class the sum of its probability over
    /// the examples that have its label and their number, and, by the thresholds that follow from these
    /// ([`Self::thresholds_of`]), how many examples of a label are confident of a class ([`confident_class`]): as
    /// (label, class, number), in any order. The same as [`Self::fit`] where the sums are. O(C + entries).
    ///
    /// # Errors
    /// As [`Self::thresholds_of`]; on a class out of range, and more entries of a label than it has examples.
    ///
    /// ```
    /// use cl_difficulty::{ConfidentLearning, confident_class};
    ///
    /// let (probabilities, labels) = ([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]], [0, 0, 1, 0]);
    /// let (sums, label_counts) = ([0.9 + 0.8 + 0.2, 0.9], [3, 1]);
    /// let thresholds = ConfidentLearning::thresholds_of(&sums, &label_counts)?;
    /// let classes = probabilities.iter().map(|p| confident_class(p, &thresholds));
    /// let entries = labels.into_iter().zip(classes).filter_map(|(label, class)| Some((label, class?, 1)));
    /// let counted = ConfidentLearning::of_counts(&sums, &label_counts, entries.collect())?;
    /// assert_eq!(counted, ConfidentLearning::fit(&probabilities.concat(), &labels, 2)?);
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn of_counts(
        sums: &[f64],
        label_counts: &[u64],
        entries: Vec<(usize, usize, u64)>,
    ) -> Result<Self, DifficultyError> {
        let thresholds = Self::thresholds_of(sums, label_counts)?;
        let n_classes = label_counts.len();
        if let Some((label, class, _)) = entries.iter().find(|(i, j, _)| *i >= n_classes || *j >= n_classes) {
            let expected = "classes below the number of sums";
            return Err(DifficultyError::argument("entries", format!("({label}, {class})"), expected));
        }
        let counts = SparseCounts::sum(n_classes, entries);
        for (label, (row, &n)) in counts.rows().iter().zip(label_counts).enumerate() {
            let found = row.iter().fold(0u64, |sum, &(_, count)| sum.saturating_add(count));
            if found > n {
                let value = format!("{found} of label {label}");
                return Err(DifficultyError::argument("entries", value, "at most the examples with the label"));
            }
        }
        Ok(Self::new(counts, label_counts.to_vec(), thresholds))
    }

    /// The threshold of each class, from the sum of its probability over the examples that have its label and their
    /// number.
    ///
    /// # Errors
    /// Without an example or a second class, where there are not as many sums as numbers, and on a sum that is none of so
    /// many probabilities.
    pub fn thresholds_of(sums: &[f64], label_counts: &[u64]) -> Result<Vec<f64>, DifficultyError> {
        if sums.len() < 2 || sums.len() != label_counts.len() {
            let found = format!("{} beside {} numbers of examples", sums.len(), label_counts.len());
            return Err(DifficultyError::argument("sums", found, "one per class, at least two"));
        }
        if label_counts.iter().all(|&count| count == 0) {
            return Err(DifficultyError::argument("label_counts", 0, "at least one example"));
        }
        let wrong = |(sum, count): &(&f64, &u64)| !(0.0..=**count as f64 * (1.0 + 1e-9)).contains(*sum);
        if let Some((sum, count)) = sums.iter().zip(label_counts).find(wrong) {
            let found = format!("{sum} of {count} examples");
            return Err(DifficultyError::argument("sums", found, "sums of as many probabilities"));
        }
        Ok(thresholds(sums, label_counts))
    }

    fn new(counts: SparseCounts, label_counts: Vec<u64>, thresholds: Vec<f64>) -> Self {
        let confident_joint = counts.clone().with_diagonal();
        let calibrated_joint = calibrate(&confident_joint, &label_counts);
        Self { n_classes: label_counts.len(), label_counts, thresholds, counts, confident_joint, calibrated_joint }
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// The number of examples.
    pub fn n_examples(&self) -> u64 {
        self.label_counts.iter().sum()
    }

    /// The threshold of each class; 2 for one without examples.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Confident counts C, given label by true class, row by row: a new vector of C^2.
    pub fn confident_joint(&self) -> Vec<u64> {
        self.confident_joint.dense()
    }

    /// The confident counts that are not zero, row by row: given label, true class and count. O(n + C).
    ///
    /// ```
    /// use cl_difficulty::ConfidentLearning;
    ///
    /// let probabilities = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.1, 0.9]].concat();
    /// let learned = ConfidentLearning::fit(&probabilities, &[0, 0, 0, 1], 2)?;
    /// assert!(learned.confident_entries().eq([(0, 0, 2), (0, 1, 1), (1, 1, 1)]));
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn confident_entries(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        self.confident_joint.entries()
    }

    /// The counts Q, whose rows sum to the number of examples with that label: a new vector of C^2.
    pub fn calibrated_joint(&self) -> Vec<u64> {
        self.calibrated_joint.dense()
    }

    /// The counts Q that are not zero, as [`Self::confident_entries`].
    pub fn calibrated_entries(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        self.calibrated_joint.entries()
    }

    /// The joint distribution Q / n.
    pub fn joint(&self) -> Vec<f64> {
        let joint = self.calibrated_joint();
        let total = joint.iter().sum::<u64>() as f64;
        joint.into_iter().map(|count| count as f64 / total).collect()
    }

    /// P(given label i | true class j), at row i and column j: columns sum to one.
    pub fn noise_matrix(&self) -> Vec<f64> {
        self.columns_to_one(|given, true_class| given * self.n_classes + true_class)
    }

    /// P(true class i | given label j), at row i and column j: columns sum to one.
    pub fn inverse_noise_matrix(&self) -> Vec<f64> {
        self.columns_to_one(|true_class, given| given * self.n_classes + true_class)
    }

    /// The calibrated counts at `at(row, column)` with columns divided by their sums, off the diagonal below 1.
    fn columns_to_one(&self, at: impl Fn(usize, usize) -> usize) -> Vec<f64> {
        let (c, joint) = (self.n_classes, self.calibrated_joint());
        let mut matrix = vec![0.0; c * c];
        for column in 0..c {
            let count = |row: usize| joint[at(row, column)] as f64;
            let sum: f64 = (0..c).map(count).sum();
            for row in 0..c {
                let rate = if sum > 0.0 { count(row) / sum } else { 0.0 };
                matrix[row * c + column] = if row == column { rate } else { rate.min(0.9999) };
            }
            let sum: f64 = (0..c).map(|row| matrix[row * c + column]).sum();
            if sum > 0.0 {
                (0..c).for_each(|row| matrix[row * c + column] /= sum);
            }
        }
        matrix
    }

    /// P(true class j): the share of j among the calibrated counts, at least 1e-6 before it is scaled to sum
    /// to one.
    pub fn true_class_distribution(&self) -> Vec<f64> {
        let (n, mut counts) = (self.n_examples() as f64, vec![0u64; self.n_classes]);
        self.calibrated_entries().for_each(|(_, class, count)| counts[class] += count);
        let mut distribution: Vec<f64> = counts
            .into_iter()
            .map(|count| count as f64 / n)
            // A class whose diagonal is empty cannot be told from its rates.
            .enumerate()
            .map(|(class, share)| if self.calibrated_joint.count(class, class) == 0 { 0.0 } else { share })
            .map(|share| share.clamp(1e-6, 1.0))
            .collect();
        let sum: f64 = distribution.iter().sum();
        distribution.iter_mut().for_each(|share| *share /= sum);
        distribution
    }
}

/// The threshold of each class: the mean of its probability over the examples with its label, at least 2e-6; 2 for one
/// without examples.
fn thresholds(sums: &[f64], label_counts: &[u64]) -> Vec<f64> {
    let threshold = |(sum, &count): (&f64, &u64)| if count == 0 { 2.0 } else { (sum / count as f64).max(2e-6) };
    sums.iter().zip(label_counts).map(threshold).collect()
}

/// The class that an example is confident of: the one whose probability reaches its threshold (1e-6 may lack), the most
/// probable one if there are several, the first of ties. O(C).
///
/// Source: Northcutt, Jiang, Chuang (2021), Confident Learning, equation 2, and cleanlab 2.9.
///
/// ```
/// use cl_difficulty::confident_class;
///
/// assert_eq!(confident_class(&[0.3, 0.7], &[0.2, 0.6]), Some(1));
/// assert_eq!(confident_class(&[0.3, 0.7], &[0.2, 0.8]), Some(0));
/// assert_eq!(confident_class(&[0.3, 0.7], &[0.9, 0.8]), None);
/// ```
#[inline]
pub fn confident_class<T: Scalar>(row: &[T], thresholds: &[f64]) -> Option<usize> {
    let (mut n_confident, mut confident, mut largest) = (0, 0, 0);
    for (class, (p, threshold)) in row.iter().zip(thresholds).enumerate() {
        if p.as_f64() >= threshold - SLACK {
            confident = if n_confident == 0 { class } else { confident };
            n_confident += 1;
        }
        largest = if *p > row[largest] { class } else { largest };
    }
    match n_confident {
        0 => None,
        1 => Some(confident),
        _ => Some(largest),
    }
}

/// Per class, the sum of its probability over the examples that have its label, and their number.
type ClassSums = (Vec<f64>, Vec<u64>);

/// Checks probabilities and labels on the way to the sums of the thresholds.
pub(super) fn check<T: Scalar>(
    probabilities: &[T],
    labels: &[usize],
    n_classes: usize,
) -> Result<ClassSums, DifficultyError> {
    let invalid = |argument, value: usize, expected| {
        Err(DifficultyError::InvalidArgument { argument, value: value.to_string(), expected })
    };
    if n_classes < 2 {
        return invalid("n_classes", n_classes, "at least two classes");
    }
    if labels.is_empty() {
        return invalid("labels", 0, "at least one example");
    }
    let expected = labels.len().saturating_mul(n_classes);
    if probabilities.len() != expected {
        let found = probabilities.len();
        return Err(DifficultyError::LengthMismatch { what: "probabilities", found, expected });
    }
    let chunk = |(number, (probabilities, labels)): (usize, (&[T], &[usize]))| {
        let (mut sums, mut counts) = (vec![0.0; n_classes], vec![0u64; n_classes]);
        for (i, (row, &label)) in probabilities.chunks_exact(n_classes).zip(labels).enumerate() {
            let (mut sum, mut within) = (0.0, true);
            for p in row {
                let p = p.as_f64();
                sum += p;
                within &= (0.0..=1.0).contains(&p);
            }
            let example = number * CHUNK + i;
            let problem = match row.iter().find(|p| !(0.0..=1.0).contains(&p.as_f64())) {
                _ if label >= n_classes => ("label", label as f64, "a class that has a probability"),
                Some(p) if !within => ("probability", p.as_f64(), "a number in [0, 1]"),
                _ if (sum - 1.0).abs() > SUM_TOLERANCE => ("sum of probabilities", sum, "1 within 0.001"),
                _ => {
                    sums[label] += row[label].as_f64();
                    counts[label] += 1;
                    continue;
                }
            };
            let (metric, value, expected) = (problem.0.to_owned(), problem.1, problem.2);
            return Err(DifficultyError::InvalidScore { metric, example, value, expected });
        }
        Ok((sums, counts))
    };
    let chunks = probabilities.par_chunks(CHUNK * n_classes).zip(labels.par_chunks(CHUNK)).enumerate();
    let chunks: Vec<Result<ClassSums, DifficultyError>> = chunks.map(chunk).collect();
    let (mut sums, mut counts) = (vec![0.0; n_classes], vec![0u64; n_classes]);
    for chunk in chunks {
        let (chunk_sums, chunk_counts) = chunk?;
        sums.iter_mut().zip(chunk_sums).for_each(|(sum, chunk)| *sum += chunk);
        counts.iter_mut().zip(chunk_counts).for_each(|(count, chunk)| *count += chunk);
    }
    Ok((sums, counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_confident_classes_give_the_most_probable() {
        let thresholds = [0.3, 0.2, 2.0];
        assert_eq!(confident_class(&[0.3, 0.5, 0.2], &thresholds), Some(1));
        assert_eq!(confident_class(&[0.1, 0.3, 0.6], &thresholds), Some(1));
        assert_eq!(confident_class(&[0.1, 0.1, 0.8], &thresholds), None);
        assert_eq!(confident_class(&[0.3 - 0.9e-6, 0.1, 0.6], &thresholds), Some(0));
    }
}
