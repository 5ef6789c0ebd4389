use cl_data::Scalar;
use rayon::prelude::*;

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
/// models that were not trained on the example. Two passes of O(n C) over them, nothing of size n C is copied.
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
    pub(super) counts: Vec<u64>,
    confident_joint: Vec<u64>,
    calibrated_joint: Vec<u64>,
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
        let threshold =
            |(sum, &count): (&f64, &u64)| if count == 0 { 2.0 } else { (sum / count as f64).max(2e-6) };
        let thresholds: Vec<f64> = sums.iter().zip(&label_counts).map(threshold).collect();
        let counts = probabilities
            .par_chunks(CHUNK * n_classes)
            .zip(labels.par_chunks(CHUNK))
            .fold(
                || vec![0u64; n_classes * n_classes],
                |mut counts, (probabilities, labels)| {
                    for (row, &label) in probabilities.chunks_exact(n_classes).zip(labels) {
                        if let Some(class) = confident_class(row, &thresholds) {
                            counts[label * n_classes + class] += 1;
                        }
                    }
                    counts
                },
            )
            .reduce_with(|mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                a
            })
            .unwrap_or_default();
        let mut confident_joint = counts.clone();
        (0..n_classes).for_each(|k| {
            let diagonal = &mut confident_joint[k * n_classes + k];
            *diagonal = (*diagonal).max(1);
        });
        let calibrated_joint = calibrate(&confident_joint, &label_counts);
        Ok(Self { n_classes, label_counts, thresholds, counts, confident_joint, calibrated_joint })
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

    /// Confident counts C, given label by true class, row by row.
    pub fn confident_joint(&self) -> &[u64] {
        &self.confident_joint
    }

    /// The counts Q, whose rows sum to the number of examples with that label.
    pub fn calibrated_joint(&self) -> &[u64] {
        &self.calibrated_joint
    }

    /// The joint distribution Q / n.
    pub fn joint(&self) -> Vec<f64> {
        let total = self.calibrated_joint.iter().sum::<u64>() as f64;
        self.calibrated_joint.iter().map(|&count| count as f64 / total).collect()
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
        let c = self.n_classes;
        let mut matrix = vec![0.0; c * c];
        for column in 0..c {
            let count = |row: usize| self.calibrated_joint[at(row, column)] as f64;
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
        let (c, n) = (self.n_classes, self.n_examples() as f64);
        let mut distribution: Vec<f64> = (0..c)
            .map(|class| (0..c).map(|given| self.calibrated_joint[given * c + class]).sum::<u64>() as f64 / n)
            // A class whose diagonal is empty cannot be told from its rates.
            .enumerate()
            .map(|(class, share)| if self.calibrated_joint[class * c + class] == 0 { 0.0 } else { share })
            .map(|share| share.clamp(1e-6, 1.0))
            .collect();
        let sum: f64 = distribution.iter().sum();
        distribution.iter_mut().for_each(|share| *share /= sum);
        distribution
    }
}

/// The class that an example is confident of, the most probable one if there are several, the first of ties.
#[inline]
pub(super) fn confident_class<T: Scalar>(row: &[T], thresholds: &[f64]) -> Option<usize> {
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

/// Scales each row to the number of examples with its label and rounds it with its sum kept.
fn calibrate(confident_joint: &[u64], label_counts: &[u64]) -> Vec<u64> {
    let n_classes = label_counts.len();
    let rows: Vec<Vec<f64>> = confident_joint
        .chunks_exact(n_classes)
        .zip(label_counts)
        .map(|(row, &n)| {
            let sum = row.iter().sum::<u64>() as f64;
            row.iter().map(|&count| count as f64 / sum * n as f64).collect()
        })
        .collect();
    // Only rounding separates this from n, but that decides where a count ends in one half: summed class by
    // class in NumPy's order, as in cleanlab.
    let by_class: Vec<f64> = (0..n_classes).flat_map(|class| rows.iter().map(move |row| row[class])).collect();
    let total = pairwise_sum(&by_class);
    let n = label_counts.iter().sum::<u64>() as f64;
    rows.iter().flat_map(|row| round_to_sum(&row.iter().map(|x| x / total * n).collect::<Vec<_>>())).collect()
}

/// Whole numbers near `values` with the same rounded sum: those furthest from their rounding give way.
fn round_to_sum(values: &[f64]) -> Vec<u64> {
    let mut rounded: Vec<f64> = values.iter().map(|value| value.round_ties_even()).collect();
    let wanted = values.iter().sum::<f64>().round_ties_even();
    loop {
        let missing = wanted - rounded.iter().sum::<f64>();
        if missing == 0.0 {
            return rounded.into_iter().map(|value| value.max(0.0) as u64).collect();
        }
        let errors: Vec<f64> = values.iter().zip(&rounded).map(|(value, rounded)| value - rounded).collect();
        let mut order = ascending(&errors);
        if missing > 0.0 {
            order.reverse();
        }
        for &i in order.iter().take(missing.abs() as usize) {
            rounded[i] += missing.signum();
        }
    }
}

/// The sum in the order of NumPy: eight running sums in blocks of up to 128, halves of what is longer.
fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let mut eights = values.chunks_exact(8);
    if values.len() < 8 {
        return values.iter().sum();
    }
    let mut r = [0.0; 8];
    for eight in &mut eights {
        r.iter_mut().zip(eight).for_each(|(r, value)| *r += value);
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    eights.remainder().iter().fold(sum, |sum, value| sum + value)
}

/// The order of `keys`, ascending. Equal counts in a row are frequent, so that which of them gives way matters
/// where counts are compared: up to eight keys go as the sorting network has them that NumPy, and so cleanlab,
/// runs on processors with AVX-512; more keep their order.
fn ascending(keys: &[f64]) -> Vec<usize> {
    const NEIGHBOURS: [usize; 8] = [1, 0, 3, 2, 5, 4, 7, 6];
    /// Each step: with which lane to compare, and which lanes keep the larger key.
    const STEPS: [([usize; 8], u8); 6] = [
        (NEIGHBOURS, 0xaa),
        ([3, 2, 1, 0, 7, 6, 5, 4], 0xcc),
        (NEIGHBOURS, 0xaa),
        ([7, 6, 5, 4, 3, 2, 1, 0], 0xf0),
        ([2, 3, 0, 1, 6, 7, 4, 5], 0xcc),
        (NEIGHBOURS, 0xaa),
    ];
    let mut order: Vec<usize> = (0..keys.len()).collect();
    if keys.len() > 8 {
        order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
        return order;
    }
    let mut lanes: [(f64, usize); 8] =
        std::array::from_fn(|lane| (keys.get(lane).copied().unwrap_or(f64::INFINITY), lane));
    for (partners, larger) in STEPS {
        let before = lanes;
        for (lane, &partner) in partners.iter().enumerate() {
            let (own, other) = (before[lane], before[partner]);
            let exchange = if larger >> lane & 1 == 1 { other.0 > own.0 } else { other.0 < own.0 };
            lanes[lane] = if exchange { other } else { own };
        }
    }
    order.iter_mut().zip(lanes).for_each(|(order, (_, lane))| *order = lane);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What NumPy 2.4.6 has with AVX-512.
    #[test]
    fn ties_go_as_in_numpy() {
        assert_eq!(ascending(&[1.0, 1.0, -1.0, 1.0, 0.0]), [2, 4, 1, 0, 3]);
        assert_eq!(ascending(&[0.0, 0.0, -1.0, 1.0, -1.0, -1.0, 0.0]), [2, 4, 5, 0, 6, 1, 3]);
        assert_eq!(ascending(&[0.0, 0.0, -1.0, -1.0, -1.0, -1.0, -1.0]), [3, 2, 5, 4, 6, 1, 0]);
        assert_eq!(ascending(&[1.0, -1.0, 0.0, 1.0, -1.0, -1.0, 0.0, -1.0]), [1, 7, 5, 4, 2, 6, 3, 0]);
    }

    #[test]
    fn rounding_keeps_the_sum() {
        assert_eq!(round_to_sum(&[0.4, 0.4, 0.2]), [0, 1, 0]);
        assert_eq!(round_to_sum(&[1.5, 2.5, 3.0]), [2, 2, 3]);
        assert_eq!(round_to_sum(&[1.5, 1.5, 3.0]), [1, 2, 3]);
    }

    #[test]
    fn several_confident_classes_give_the_most_probable() {
        let thresholds = [0.3, 0.2, 2.0];
        assert_eq!(confident_class(&[0.3, 0.5, 0.2], &thresholds), Some(1));
        assert_eq!(confident_class(&[0.1, 0.3, 0.6], &thresholds), Some(1));
        assert_eq!(confident_class(&[0.1, 0.1, 0.8], &thresholds), None);
        assert_eq!(confident_class(&[0.3 - 0.9e-6, 0.1, 0.6], &thresholds), Some(0));
    }
}
