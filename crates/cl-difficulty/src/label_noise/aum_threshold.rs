use cl_data::random;

use crate::error::DifficultyError;

/// Threshold samples: examples given a class that does not exist, whose AUM shows how low the AUM of a wrong
/// label is.
///
/// Two disjoint sets of n / C examples each are relabelled as class C in a run of their own, so that every
/// example is judged in at least one. In a run, an example is suspect if more than a share 1 - percentile of the
/// threshold samples have a larger AUM; it is an issue if it is suspect in every run in which it was no
/// threshold sample.
///
/// Source: Pleiss, Zhang, Elenberg, Weinberger (2020), Identifying Mislabeled Data using the Area Under the
/// Margin Ranking, section 3.2, and its published experiments.
///
/// ```
/// use cl_difficulty::ThresholdSamples;
///
/// let samples = ThresholdSamples::choose(100, 10, 0)?;
/// assert_eq!((samples.sets()[0].len(), samples.sets()[1].len()), (10, 10));
/// let relabelled = samples.labels(&vec![3; 100], 0)?;
/// assert_eq!(relabelled.iter().filter(|&&label| label == 10).count(), 10);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ThresholdSamples {
    n_examples: usize,
    n_classes: usize,
    sets: [Vec<usize>; 2],
}

/// What is read back, before it is checked.
#[derive(serde::Deserialize)]
struct Unchecked {
    n_examples: usize,
    n_classes: usize,
    sets: [Vec<usize>; 2],
}

impl TryFrom<Unchecked> for ThresholdSamples {
    type Error = DifficultyError;

    fn try_from(Unchecked { n_examples, n_classes, sets }: Unchecked) -> Result<Self, DifficultyError> {
        let size = n_examples.checked_div(n_classes).unwrap_or(0);
        let increasing = |set: &Vec<usize>| {
            set.len() == size
                && set.windows(2).all(|pair| pair[0] < pair[1])
                && set.iter().all(|&i| i < n_examples)
        };
        let [first, second] = &sets;
        let disjoint = first.iter().all(|i| second.binary_search(i).is_err());
        if n_classes < 2 || size == 0 || !sets.iter().all(increasing) || !disjoint {
            return Err(DifficultyError::InvalidArgument {
                argument: "threshold samples",
                value: format!("sets of {} and {} of {n_examples} examples", first.len(), second.len()),
                expected: "two disjoint sets in increasing order, each of one example in n_classes",
            });
        }
        Ok(Self { n_examples, n_classes, sets })
    }
}

impl ThresholdSamples {
    /// Draws both sets by `seed`.
    ///
    /// # Errors
    /// Without two classes, or with fewer examples than one per class.
    pub fn choose(n_examples: usize, n_classes: usize, seed: u64) -> Result<Self, DifficultyError> {
        if n_classes < 2 || n_examples < n_classes {
            return Err(DifficultyError::InvalidArgument {
                argument: "n_examples and n_classes",
                value: format!("{n_examples} and {n_classes}"),
                expected: "two classes or more and an example for each",
            });
        }
        DifficultyError::check_memory::<usize>("n_examples", n_examples)?;
        let size = n_examples / n_classes;
        let order = random::permutation(&mut random::stream(seed, "threshold samples", 0), n_examples);
        let set = |k: usize| {
            let mut set = order[k * size..(k + 1) * size].to_vec();
            set.sort_unstable();
            set
        };
        Ok(Self { n_examples, n_classes, sets: [set(0), set(1)] })
    }

    /// The examples of each set, in increasing order.
    pub fn sets(&self) -> &[Vec<usize>; 2] {
        &self.sets
    }

    /// The labels to train run `run` (0 or 1) with: those of its set are `n_classes`, a class more.
    ///
    /// # Errors
    /// On another number of labels, or a run that is neither.
    pub fn labels(&self, labels: &[usize], run: usize) -> Result<Vec<usize>, DifficultyError> {
        self.check_length("labels", labels.len())?;
        let set = self.sets.get(run).ok_or_else(|| DifficultyError::InvalidArgument {
            argument: "run",
            value: run.to_string(),
            expected: "0 or 1",
        })?;
        let mut labels = labels.to_vec();
        set.iter().for_each(|&example| labels[example] = self.n_classes);
        Ok(labels)
    }

    /// Whether each label is an issue, from the AUM of both runs; the paper's `percentile` is 0.99.
    ///
    /// # Errors
    /// On another number of values, one that is NaN, or a percentile outside [0, 1].
    pub fn issues(&self, aums: [&[f64]; 2], percentile: f64) -> Result<Vec<bool>, DifficultyError> {
        let mut issues = vec![true; self.n_examples];
        for (aums, set) in aums.into_iter().zip(&self.sets) {
            self.check_length("aums", aums.len())?;
            let suspects = suspects(aums, set, percentile)?;
            let mut threshold = vec![false; self.n_examples];
            set.iter().for_each(|&example| threshold[example] = true);
            for (i, issue) in issues.iter_mut().enumerate() {
                *issue &= threshold[i] || suspects[i];
            }
        }
        Ok(issues)
    }

    fn check_length(&self, what: &'static str, found: usize) -> Result<(), DifficultyError> {
        let expected = self.n_examples;
        if found == expected { Ok(()) } else { Err(DifficultyError::LengthMismatch { what, found, expected }) }
    }
}

/// In one run: more than a share `1 - percentile` of the threshold samples have a larger AUM.
fn suspects(aums: &[f64], set: &[usize], percentile: f64) -> Result<Vec<bool>, DifficultyError> {
    if !(0.0..=1.0).contains(&percentile) {
        return Err(DifficultyError::InvalidArgument {
            argument: "percentile",
            value: percentile.to_string(),
            expected: "a number in [0, 1]",
        });
    }
    if let Some(example) = aums.iter().position(|aum| aum.is_nan()) {
        let (metric, value, expected) = ("aum".to_owned(), f64::NAN, "a number");
        return Err(DifficultyError::InvalidScore { metric, example, value, expected });
    }
    let mut thresholds: Vec<f64> = set.iter().map(|&example| aums[example]).collect();
    thresholds.sort_by(f64::total_cmp);
    // The slack because 0.1 * 10 need not be 1 in floating point.
    let allowed = (1.0 - percentile) * thresholds.len() as f64 + 1e-9;
    let larger = |aum: f64| thresholds.len() - thresholds.partition_point(|&threshold| threshold <= aum);
    Ok(aums.iter().map(|&aum| larger(aum) as f64 > allowed).collect())
}
