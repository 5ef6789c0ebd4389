use crate::random;
use crate::{
    dataset::{Dataset, Scalar},
    error::DataError,
};

/// Labels after noise, with the mask of what was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoisyLabels {
    /// One label per example.
    pub labels: Vec<usize>,
    /// Whether the example's label differs from the one it had.
    pub changed: Vec<bool>,
}

impl NoisyLabels {
    fn new(before: &[usize], labels: Vec<usize>) -> Self {
        let changed = before.iter().zip(&labels).map(|(before, after)| before != after).collect();
        Self { labels, changed }
    }

    /// The number of labels changed.
    pub fn n_changed(&self) -> usize {
        self.changed.iter().filter(|&&changed| changed).count()
    }

    /// `data` under these labels.
    ///
    /// # Errors
    /// Unless there is one label per example of `data`.
    pub fn apply<T: Scalar>(&self, data: Dataset<T>) -> Result<Dataset<T>, DataError> {
        data.with_labels(self.labels.clone())
    }
}

/// Symmetric (uniform) label noise: exactly floor(rate n + 0.5) examples, chosen uniformly, get a uniformly
/// random **other** label.
///
/// What "10 % noise" means differs: here, as with Toneva et al. (2019), every chosen label really changes. Code
/// that redraws among all classes changes only rate (1 - 1/C) of them. O(n).
///
/// ```
/// let noisy = cl_data::symmetric_noise(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0], 3, 0.2, 1)?;
/// assert_eq!(noisy.n_changed(), 2);
/// # Ok::<(), cl_data::DataError>(())
/// ```
///
/// # Errors
/// Where the rate is outside [0, 1], a label is not below `n_classes`, or there are fewer than two classes.
pub fn symmetric_noise(
    labels: &[usize],
    n_classes: usize,
    rate: f64,
    seed: u64,
) -> Result<NoisyLabels, DataError> {
    flip(labels, n_classes, rate, seed, |label, rng| {
        let other = random::below(rng, n_classes - 1);
        other + usize::from(other >= label)
    })
}

/// Pair (pair-flip) label noise: exactly floor(rate n + 0.5) examples, chosen uniformly, get the next class,
/// label + 1 modulo the number of classes. O(n).
///
/// Source: Han et al. (2018), Co-teaching, "pair flipping".
///
/// # Errors
/// As [`symmetric_noise`].
pub fn pair_noise(labels: &[usize], n_classes: usize, rate: f64, seed: u64) -> Result<NoisyLabels, DataError> {
    flip(labels, n_classes, rate, seed, |label, _| (label + 1) % n_classes)
}

fn flip(
    labels: &[usize],
    n_classes: usize,
    rate: f64,
    seed: u64,
    other: impl Fn(usize, &mut rand_chacha::ChaCha8Rng) -> usize,
) -> Result<NoisyLabels, DataError> {
    if !(0.0..=1.0).contains(&rate) {
        return Err(DataError::argument("rate", rate, "a share in [0, 1]"));
    }
    if n_classes < 2 {
        return Err(DataError::argument("n_classes", n_classes, "at least 2, to have another label to change to"));
    }
    check_labels(labels, n_classes)?;
    let n_flipped = (rate * labels.len() as f64 + 0.5).floor() as usize;
    let mut rng = random::stream(seed, "label noise", 0);
    let mut noisy = labels.to_vec();
    for example in random::choose(&mut rng, labels.len(), n_flipped) {
        noisy[example] = other(noisy[example], &mut rng);
    }
    Ok(NoisyLabels::new(labels, noisy))
}

/// The probability of each given label for each true one: row = true class, column = given class.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitionMatrix {
    rows: Vec<Vec<f64>>,
}

impl TransitionMatrix {
    /// A transition matrix from its rows.
    ///
    /// # Errors
    /// Unless it is square with entries in [0, 1] and rows that sum to 1 within 1e-8.
    pub fn new(rows: Vec<Vec<f64>>) -> Result<Self, DataError> {
        for row in &rows {
            if row.len() != rows.len() {
                let why = "a square matrix, one row and one column per class";
                return Err(DataError::LengthMismatch {
                    what: "transition matrix row",
                    found: row.len(),
                    expected: rows.len(),
                    why,
                });
            }
            if let Some(entry) = row.iter().find(|entry| !(0.0..=1.0).contains(*entry)) {
                return Err(DataError::argument("transition matrix entry", entry, "a probability in [0, 1]"));
            }
            let sum: f64 = row.iter().sum();
            if (sum - 1.0).abs() > 1e-8 {
                return Err(DataError::argument("transition matrix row sum", sum, "1 within 1e-8"));
            }
        }
        Ok(Self { rows })
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.rows.len()
    }
}

/// Class-conditional label noise: every example independently gets label j with probability T\[its label\]\[j\].
///
/// The share that changes is random, with the off-diagonal mass as its expectation. O(n C).
///
/// # Errors
/// Where a label has no row in the matrix.
pub fn transition_noise(labels: &[usize], matrix: &TransitionMatrix, seed: u64) -> Result<NoisyLabels, DataError> {
    check_labels(labels, matrix.n_classes())?;
    let mut rng = random::stream(seed, "label noise", 0);
    let noisy = labels.iter().map(|&label| {
        let mut rest = random::uniform(&mut rng);
        let row = &matrix.rows[label];
        row.iter()
            .position(|&probability| {
                rest -= probability;
                rest < 0.0
            })
            // Rounding can leave a sliver above the last sum; it belongs to the last class that can occur.
            .or_else(|| row.iter().rposition(|&probability| probability > 0.0))
            .unwrap_or(label)
    });
    Ok(NoisyLabels::new(labels, noisy.collect()))
}

fn check_labels(labels: &[usize], n_classes: usize) -> Result<(), DataError> {
    match labels.iter().position(|&label| label >= n_classes) {
        Some(example) => Err(DataError::LabelOutOfRange { label: labels[example], example, n_classes }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_count_is_exact_and_the_mask_true(
            labels in prop::collection::vec(0usize..5, 1..80), rate in 0.0..=1.0, seed: u64,
        ) {
            for noisy in [symmetric_noise(&labels, 5, rate, seed)?, pair_noise(&labels, 5, rate, seed)?] {
                prop_assert_eq!(noisy.n_changed(), (rate * labels.len() as f64 + 0.5).floor() as usize);
                for (i, &label) in labels.iter().enumerate() {
                    prop_assert!(noisy.labels[i] < 5);
                    prop_assert_eq!(noisy.changed[i], noisy.labels[i] != label);
                }
            }
        }
    }

    /// 9000 draws from a row: each count lies within five standard deviations of its expectation
    /// (sqrt(9000 p (1 - p)) <= 47.5), and an impossible label never occurs.
    #[test]
    fn transitions_follow_the_matrix() {
        let matrix =
            TransitionMatrix::new(vec![vec![0.5, 0.5, 0.0], vec![0.0, 1.0, 0.0], vec![0.2, 0.3, 0.5]]).unwrap();
        let labels: Vec<usize> = (0..27_000).map(|i| i / 9000).collect();
        let noisy = transition_noise(&labels, &matrix, 3).unwrap();
        for (class, row) in matrix.rows.iter().enumerate() {
            for (given, probability) in row.iter().enumerate() {
                let count = noisy.labels[class * 9000..][..9000].iter().filter(|&&label| label == given).count();
                let allowed = 5.0 * (9000.0 * probability * (1.0 - probability)).sqrt();
                assert!((count as f64 - 9000.0 * probability).abs() <= allowed, "{class} -> {given}: {count}");
            }
        }
    }

    #[test]
    fn what_is_no_noise_is_refused() {
        assert!(symmetric_noise(&[0, 1], 2, 1.5, 0).is_err());
        assert!(symmetric_noise(&[0, 2], 2, 0.5, 0).is_err());
        assert!(symmetric_noise(&[0, 0], 1, 0.5, 0).is_err());
        assert!(TransitionMatrix::new(vec![vec![0.5, 0.4], vec![0.0, 1.0]]).is_err());
        assert!(TransitionMatrix::new(vec![vec![1.0, 0.0]]).is_err());
        assert!(TransitionMatrix::new(vec![vec![f64::NAN]]).is_err());
    }
}
