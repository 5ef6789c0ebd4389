use cl_data::{Dataset, Scalar, random};
use cl_model::{Loss, Model, ModelError, evaluate};
use rayon::prelude::*;

use super::recipe::{Recipe, first_error};
use crate::error::DifficultyError;

/// The loss of each example under models that have not seen it, by K-fold cross-validation repeated over seeds,
/// higher = harder.
///
/// ```text
/// difficulty_i = mean over seeds of L(f_(-fold(i)) (x_i), y_i)
/// ```
///
/// Folds hold an equal share of each class, to the nearest example, and are drawn anew for every seed. Seeds times
/// folds trainings, in parallel.
///
/// Source: Wu, Dyer, Neyshabur (2021), When Do Curricula Work?, whose loss-based c-score takes ten runs of four
/// folds.
///
/// # Errors
/// Where there is no seed, fewer than two folds or more than examples, and as [`Recipe::train`].
pub fn cross_validated_loss<T: Scalar, M: Model<T>>(
    make: impl Fn(u64) -> Result<M, ModelError> + Sync,
    recipe: &Recipe,
    loss: &impl Loss<T>,
    data: &Dataset<T>,
    n_folds: usize,
    seeds: &[u64],
) -> Result<Vec<f64>, DifficultyError> {
    let n = data.n_examples();
    if n_folds < 2 || n_folds > n {
        let expected = "at least 2 folds and at most one per example";
        return Err(DifficultyError::argument("n_folds", n_folds, expected));
    }
    if seeds.is_empty() {
        return Err(DifficultyError::argument("seeds", "empty", "at least one"));
    }
    let folds: Vec<Vec<usize>> = seeds.iter().map(|&seed| folds(data, n_folds, seed)).collect();
    let runs: Vec<(usize, usize)> = (0..seeds.len()).flat_map(|s| (0..n_folds).map(move |f| (s, f))).collect();
    let losses = runs.par_iter().map(|&(s, fold)| {
        let (held_out, rest): (Vec<usize>, Vec<usize>) = (0..n).partition(|&example| folds[s][example] == fold);
        let model = recipe.train(make(seeds[s])?, loss, &data.subset(&rest)?, seeds[s])?;
        let losses = evaluate(&model, loss, &data.subset(&held_out)?)?.losses;
        Ok((held_out, losses))
    });
    let mut sums = vec![0.0; n];
    for (held_out, losses) in first_error(losses.collect())? {
        held_out.into_iter().zip(losses).for_each(|(example, loss)| sums[example] += loss);
    }
    sums.iter_mut().for_each(|sum| *sum /= seeds.len() as f64);
    Ok(sums)
}

/// The fold of each example: classes dealt out in turn, each continuing where the last ended, so that folds differ
/// by at most one example in all and in every class.
fn folds<T: Scalar>(data: &Dataset<T>, n_folds: usize, seed: u64) -> Vec<usize> {
    let mut order = random::permutation(&mut random::stream(seed, "folds", 0), data.n_examples());
    order.sort_by_key(|&example| data.labels()[example]);
    let mut folds = vec![0; order.len()];
    order.into_iter().enumerate().for_each(|(at, example)| folds[example] = at % n_folds);
    folds
}

/// Who was in which training subset and who was then classified right: many models, each trained on a random subset
/// of the data, from which C-scores, memorisation and influence follow.
///
/// ```text
/// S_r: floor(fraction n + 0.5) examples, uniformly without replacement, for r = 1..R
/// ```
///
/// Source: Feldman and Zhang (2020), What Neural Networks Memorize and Why (70 % subsets, 2000 runs); Jiang, Zhang,
/// Talwar, Mozer (2021), Characterizing Structural Regularities (fractions 0.1 to 0.9).
///
/// ```
/// use cl_data::bundled;
/// use cl_difficulty::model_based::{Recipe, SubsetRuns, Subsets};
/// use cl_model::{Budget, CrossEntropy, SoftmaxRegression};
///
/// let (iris, subsets) = (bundled::iris(), Subsets { fraction: 0.7, n_runs: 20, seed: 1 });
/// let recipe = Recipe::plain(Budget::Epochs(5), 16, 0.05);
/// let make = |_seed| Ok(SoftmaxRegression::<f64>::zeros(4, 3));
/// let runs = SubsetRuns::train(make, &recipe, &CrossEntropy, &iris, None, subsets)?;
/// let c_scores = runs.held_out_accuracy()?; // high = regular = easy
/// assert!(c_scores.iter().all(|score| (0.0..=1.0).contains(score)));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubsetRuns {
    n_runs: usize,
    /// Of each training example: which runs trained on it, and which classified it right.
    trained_on: BitRows,
    correct: BitRows,
    /// Of each test example: which runs classified it right.
    test_correct: BitRows,
}

/// How many random subsets, and how large.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Subsets {
    /// The share of the data that a run trains on, in (0, 1).
    pub fraction: f64,
    /// The number of runs.
    pub n_runs: usize,
    /// The subset and the orders of run r follow from the seed and r.
    pub seed: u64,
}

/// A training example and its influence on a test example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Influence {
    /// The training example, by index.
    pub example: usize,
    /// By how much it raises the chance that the test example is classified right.
    pub influence: f64,
}

impl SubsetRuns {
    /// Trains the models, in parallel; model r is `make(seed_r)`. With `test`, its examples are classified, too, for
    /// [`influence`](Self::influence).
    ///
    /// R trainings and R (n + m) forward passes; R (2 n + m) bits are kept.
    ///
    /// # Errors
    /// Where the subsets would be empty or hold all examples, there is no run, and as [`Recipe::train`].
    pub fn train<T: Scalar, M: Model<T>>(
        make: impl Fn(u64) -> Result<M, ModelError> + Sync,
        recipe: &Recipe,
        loss: &impl Loss<T>,
        data: &Dataset<T>,
        test: Option<&Dataset<T>>,
        subsets: Subsets,
    ) -> Result<Self, DifficultyError> {
        let Subsets { fraction, n_runs, seed } = subsets;
        let n = data.n_examples();
        let size = (fraction * n as f64 + 0.5).floor();
        if !(size >= 1.0 && size < n as f64) {
            let expected = "a share in (0, 1) that leaves at least one example in and one out";
            return Err(DifficultyError::argument("fraction", fraction, expected));
        }
        if n_runs == 0 {
            return Err(DifficultyError::argument("n_runs", 0, "at least 1"));
        }
        // Three bits for each run and example.
        let n_words = n_runs.div_ceil(64).saturating_mul(n.saturating_mul(3));
        DifficultyError::check_memory::<u64>("n_runs", n_words)?;
        let run = |r: usize| {
            let mut rng = random::stream(seed, "training subset", r as u64);
            let mut subset = random::choose(&mut rng, n, size as usize);
            subset.sort_unstable();
            let seed = run_seed(seed, r);
            let model = recipe.train(make(seed)?, loss, &data.subset(&subset)?, seed)?;
            let correct = evaluate(&model, loss, data)?.correct;
            let test = test.map(|test| evaluate(&model, loss, test)).transpose()?;
            Ok((subset, correct, test.map_or(Vec::new(), |test| test.correct)))
        };
        let n_test = test.map_or(0, Dataset::n_examples);
        let mut runs = Self {
            n_runs,
            trained_on: BitRows::zeros(n, n_runs),
            correct: BitRows::zeros(n, n_runs),
            test_correct: BitRows::zeros(n_test, n_runs),
        };
        // In blocks, so that only one block's answers are ever held as whole bytes.
        for block in (0..n_runs).step_by(64) {
            let of_block: Vec<_> = (block..n_runs.min(block + 64)).into_par_iter().map(run).collect();
            for (at, (subset, correct, test)) in first_error(of_block)?.into_iter().enumerate() {
                subset.into_iter().for_each(|example| runs.trained_on.set(example, block + at));
                runs.correct.set_all(&correct, block + at);
                runs.test_correct.set_all(&test, block + at);
            }
        }
        Ok(runs)
    }

    /// The number of runs, R.
    pub fn n_runs(&self) -> usize {
        self.n_runs
    }

    /// How many runs held each example out.
    pub fn held_out_counts(&self) -> Vec<usize> {
        (0..self.trained_on.n_rows).map(|i| self.n_runs - self.trained_on.count(i)).collect()
    }

    /// The held-out accuracy of each example, an estimate of its C-score at this fraction: the share of the runs
    /// without it that classify it right. High = regular = **easy**; see [`held_out_error`](Self::held_out_error).
    ///
    /// O(n R / 64). An estimate from h held-out runs has a standard error of at most 1 / (2 sqrt(h)).
    ///
    /// Source: Jiang et al. (2021), equation 1.
    ///
    /// # Errors
    /// Where no run held an example out.
    pub fn held_out_accuracy(&self) -> Result<Vec<f64>, DifficultyError> {
        let counts = self.held_out_counts();
        (0..counts.len())
            .map(|i| {
                let n_held_out = some_runs(counts[i], i, "that hold every example out at least once")?;
                Ok(self.correct.count_without(i, self.trained_on.row(i)) as f64 / n_held_out)
            })
            .collect()
    }

    /// 1 - [`held_out_accuracy`](Self::held_out_accuracy): the C-score as a difficulty, higher = harder.
    ///
    /// # Errors
    /// As that.
    pub fn held_out_error(&self) -> Result<Vec<f64>, DifficultyError> {
        Ok(self.held_out_accuracy()?.into_iter().map(|accuracy| 1.0 - accuracy).collect())
    }

    /// Memorisation: by how much training on an example raises the chance that it is classified right,
    /// higher = harder.
    ///
    /// ```text
    /// mem_i = P[f_S(x_i) = y_i | i in S] - P[f_S(x_i) = y_i | i not in S]          in [-1, 1]
    /// ```
    ///
    /// O(n R / 64).
    ///
    /// Source: Feldman and Zhang (2020), equation 1, with their estimator over shared subsets.
    ///
    /// # Errors
    /// Where an example was in every subset or in none.
    pub fn memorization(&self) -> Result<Vec<f64>, DifficultyError> {
        (0..self.trained_on.n_rows).map(|i| self.effect(i, &self.correct, i)).collect()
    }

    /// Influence of every training example on test example `test`.
    ///
    /// ```text
    /// infl_ij = P[f_S(x_j) = y_j | i in S] - P[f_S(x_j) = y_j | i not in S]          in [-1, 1]
    /// ```
    ///
    /// O(n R / 64).
    ///
    /// Source: Feldman and Zhang (2020), equation 2.
    ///
    /// # Errors
    /// As [`memorization`](Self::memorization), and where the runs classified no such test example.
    pub fn influence(&self, test: usize) -> Result<Vec<f64>, DifficultyError> {
        if test >= self.test_correct.n_rows {
            let n_examples = self.test_correct.n_rows;
            return Err(DifficultyError::ExampleOutOfRange { example: test, n_examples });
        }
        (0..self.trained_on.n_rows).map(|i| self.effect(i, &self.test_correct, test)).collect()
    }

    /// The influence of all n training examples on all m test examples, n numbers per test example. O(n m R / 64)
    /// time and n m numbers: for large data, [`most_influential`](Self::most_influential) keeps k of each n.
    ///
    /// # Errors
    /// As [`influence`](Self::influence).
    pub fn influence_matrix(&self) -> Result<Vec<f64>, DifficultyError> {
        let columns = (0..self.test_correct.n_rows).into_par_iter().map(|test| self.influence(test));
        Ok(first_error(columns.collect())?.concat())
    }

    /// The k training examples of the highest influence on each test example, the most influential first, ties
    /// shuffled by `seed`.
    ///
    /// # Errors
    /// As [`influence`](Self::influence).
    pub fn most_influential(&self, k: usize, seed: u64) -> Result<Vec<Vec<Influence>>, DifficultyError> {
        let columns = (0..self.test_correct.n_rows).into_par_iter().map(|test| {
            let influence = self.influence(test)?;
            let order = random::argsort(&mut random::stream(seed, "influence ties", test as u64), &influence);
            let top = order.into_iter().rev().take(k);
            Ok(top.map(|example| Influence { example, influence: influence[example] }).collect())
        });
        first_error(columns.collect())
    }

    /// The accuracy on row j of `correct` with training example i, less that without it.
    fn effect(&self, i: usize, correct: &BitRows, j: usize) -> Result<f64, DifficultyError> {
        let expected = "enough for every example to be in some subset and out of another";
        let n_in = self.trained_on.count(i);
        let (with, without) = (some_runs(n_in, i, expected)?, some_runs(self.n_runs - n_in, i, expected)?);
        let right_without = correct.count_without(j, self.trained_on.row(i));
        let right_with = correct.count(j) - right_without;
        Ok(right_with as f64 / with - right_without as f64 / without)
    }
}

/// The C-score of each example: held-out accuracy averaged over the fractions of the data that were trained on.
/// High = regular = **easy**.
///
/// ```text
/// C_i = mean over fractions of P[f_S(x_i) = y_i | i not in S]
/// ```
///
/// Source: Jiang et al. (2021), section 2; their MNIST code takes the fractions 0.1 to 0.9 with 200 runs each.
///
/// # Errors
/// Where there are no runs, they are of data of other sizes, or one holds an example out never.
pub fn c_score(runs: &[SubsetRuns]) -> Result<Vec<f64>, DifficultyError> {
    super::mean_over(runs, "runs", SubsetRuns::held_out_accuracy)
}

fn some_runs(count: usize, example: usize, expected: &'static str) -> Result<f64, DifficultyError> {
    if count == 0 {
        let value = format!("too small for example {example}");
        return Err(DifficultyError::InvalidArgument { argument: "n_runs", value, expected });
    }
    Ok(count as f64)
}

/// The seed of run r: its own, so that no two runs start from the same parameters.
fn run_seed(seed: u64, r: usize) -> u64 {
    let mut rng = random::stream(seed, "subset run", r as u64);
    ((random::below(&mut rng, 1 << 32) as u64) << 32) | random::below(&mut rng, 1 << 32) as u64
}

/// A matrix of bits, one row per example and one column per run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BitRows {
    n_rows: usize,
    words_per_row: usize,
    words: Vec<u64>,
}

impl BitRows {
    fn zeros(n_rows: usize, n_columns: usize) -> Self {
        let words_per_row = n_columns.div_ceil(64);
        Self { n_rows, words_per_row, words: vec![0; n_rows * words_per_row] }
    }

    fn set(&mut self, row: usize, column: usize) {
        self.words[row * self.words_per_row + column / 64] |= 1 << (column % 64);
    }

    fn set_all(&mut self, rows: &[bool], column: usize) {
        rows.iter().enumerate().filter(|&(_, &bit)| bit).for_each(|(row, _)| self.set(row, column));
    }

    fn row(&self, row: usize) -> &[u64] {
        &self.words[row * self.words_per_row..][..self.words_per_row]
    }

    fn count(&self, row: usize) -> usize {
        self.row(row).iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The bits of a row that are not in `mask`.
    fn count_without(&self, row: usize, mask: &[u64]) -> usize {
        self.row(row).iter().zip(mask).map(|(word, mask)| (word & !mask).count_ones() as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::bundled;
    use proptest::prelude::*;

    proptest! {
        /// Counted by bits or one by one, over more runs than a word holds.
        #[test]
        fn estimates_are_conditional_shares(seed: u64, n_runs in 20usize..150, n in 1usize..6, m in 1usize..4) {
            let mut rng = random::stream(seed, "test", 0);
            let mut draw = |rows: usize| -> Vec<Vec<bool>> {
                let mut row = || (0..n_runs).map(|_| random::below(&mut rng, 2) == 1).collect();
                (0..rows).map(|_| row()).collect()
            };
            let (trained_on, correct, test_correct) = (draw(n), draw(n), draw(m));
            let bits = |rows: &[Vec<bool>]| {
                let mut bits = BitRows::zeros(rows.len(), n_runs);
                for run in 0..n_runs {
                    bits.set_all(&rows.iter().map(|row| row[run]).collect::<Vec<_>>(), run);
                }
                bits
            };
            let runs = SubsetRuns {
                n_runs,
                trained_on: bits(&trained_on),
                correct: bits(&correct),
                test_correct: bits(&test_correct),
            };
            let share = |trained_on: &[bool], correct: &[bool], with: bool| {
                let (mut right, mut all) = (0.0, 0.0);
                for (_, &correct) in trained_on.iter().zip(correct).filter(|&(&trained, _)| trained == with) {
                    right += f64::from(u8::from(correct));
                    all += 1.0;
                }
                right / all
            };
            prop_assume!(trained_on.iter().all(|row| row.contains(&true) && row.contains(&false)));
            let (accuracy, memorization) = (runs.held_out_accuracy()?, runs.memorization()?);
            for i in 0..n {
                prop_assert_eq!(accuracy[i], share(&trained_on[i], &correct[i], false));
                prop_assert_eq!(memorization[i], share(&trained_on[i], &correct[i], true) - accuracy[i]);
                for (j, test_correct) in test_correct.iter().enumerate() {
                    let effect =
                        share(&trained_on[i], test_correct, true) - share(&trained_on[i], test_correct, false);
                    prop_assert_eq!(runs.influence(j)?[i], effect);
                }
            }
        }
    }

    #[test]
    fn folds_are_of_equal_size_in_all_and_in_every_class() {
        let iris = bundled::iris();
        for n_folds in [2, 4, 7, 150] {
            let folds = folds(&iris, n_folds, 3);
            for class in 0..3 {
                let mut sizes = vec![0; n_folds];
                (0..150).filter(|&i| iris.labels()[i] == class).for_each(|i| sizes[folds[i]] += 1);
                assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            }
            let mut sizes = vec![0; n_folds];
            folds.iter().for_each(|&fold| sizes[fold] += 1);
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        }
    }
}
