use cl_data::{Batch, Sampler, SamplerError, seal::Sealed};
use serde::{Deserialize, Serialize};

use crate::{error::PacingError, exposure_histogram::ExposureHistogram};

/// What the learner saw: how often each example was shown, when first, and which never; over time, how much of each
/// class and of each tenth of the difficulty.
///
/// It is told by whoever has batches: [record](Self::record) them while training, or let a sampler
/// [preview](Self::preview) them before. 24 bytes an example, and a bounded number of windows.
///
/// ```
/// use cl_pacing::{Exposure, Linear, PrefixSampler};
///
/// // Full data at 1.6 of the budget: the hardest third is never shown.
/// let mut sampler = PrefixSampler::new((0..100).collect(), Linear::new(1.6, 0.1)?, 10, 200, 0)?;
/// let mut exposure = Exposure::new(100).with_difficulty(&(0..100).map(f64::from).collect::<Vec<_>>())?;
/// exposure.preview(&mut sampler, 200)?;
/// assert!(exposure.never_shown().ends_with(&(65..100).collect::<Vec<_>>()));
/// let mut windows = exposure.deciles().into_iter().flat_map(|deciles| deciles.windows());
/// assert!(windows.all(|(_, shown)| shown[7..] == [0, 0, 0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Sealed<1, Unchecked>", into = "Sealed<1, Unchecked>")]
pub struct Exposure {
    counts: Vec<u64>,
    first_steps: Vec<Option<u64>>,
    classes: Option<ExposureHistogram>,
    deciles: Option<ExposureHistogram>,
}

/// The most windows that are kept of either histogram.
const MAX_WINDOWS: usize = 100;

#[derive(Serialize, Deserialize)]
struct Unchecked {
    counts: Vec<u64>,
    first_steps: Vec<Option<u64>>,
    classes: Option<ExposureHistogram>,
    deciles: Option<ExposureHistogram>,
}

impl From<Exposure> for Sealed<1, Unchecked> {
    fn from(Exposure { counts, first_steps, classes, deciles }: Exposure) -> Self {
        Self::new(Unchecked { counts, first_steps, classes, deciles })
    }
}

impl TryFrom<Sealed<1, Unchecked>> for Exposure {
    type Error = PacingError;

    fn try_from(sealed: Sealed<1, Unchecked>) -> Result<Self, PacingError> {
        let Unchecked { counts, first_steps, classes, deciles } = sealed.into_inner();
        let expected = counts.len();
        let histograms = classes.iter().chain(&deciles).map(ExposureHistogram::n_examples);
        for found in histograms.chain([first_steps.len()]) {
            PacingError::check_length("examples of the saved exposure", found, expected)?;
        }
        if let Some(example) = (0..expected).find(|&i| (counts[i] > 0) != first_steps[i].is_some()) {
            let expected = "a first step of what was shown, and of nothing else";
            return Err(PacingError::argument("example of the saved exposure", example, expected));
        }
        Ok(Self { counts, first_steps, classes, deciles })
    }
}

impl Exposure {
    /// Nothing shown yet of `n_examples`.
    pub fn new(n_examples: usize) -> Self {
        let (counts, first_steps) = (vec![0; n_examples], vec![None; n_examples]);
        Self { counts, first_steps, classes: None, deciles: None }
    }

    /// The same with a histogram of the classes over time, as `labels` gives them.
    ///
    /// # Errors
    /// Unless there is one label an example, each below 2^24.
    pub fn with_classes(mut self, labels: &[usize]) -> Result<Self, PacingError> {
        PacingError::check_length("labels", labels.len(), self.counts.len())?;
        self.classes = Some(ExposureHistogram::new(labels, MAX_WINDOWS)?);
        Ok(self)
    }

    /// The same with a histogram of ten equal parts of the difficulty over time.
    ///
    /// # Errors
    /// Unless there is one difficulty an example, none of them NaN.
    pub fn with_difficulty(mut self, difficulty: &[f64]) -> Result<Self, PacingError> {
        PacingError::check_length("difficulty", difficulty.len(), self.counts.len())?;
        self.deciles = Some(ExposureHistogram::by_difficulty(difficulty, 10, MAX_WINDOWS)?);
        Ok(self)
    }

    /// A dry run: what `sampler` shows in its first `n_steps` steps. A sampler that learns from losses has none to
    /// learn from here; [record](Self::record) its batches while it trains.
    ///
    /// # Errors
    /// [`PacingError::IndexOutOfRange`] where the sampler shows an example that it has not got.
    pub fn of(sampler: &mut dyn Sampler, n_steps: u64) -> Result<Self, SamplerError> {
        let mut exposure = Self::new(sampler.n_examples());
        exposure.preview(sampler, n_steps)?;
        Ok(exposure)
    }

    /// Records a dry run: what `sampler` shows in its first `n_steps` steps. It stands after them then; preview on a
    /// clone, or a sampler made anew, if its pacing is to be edited afterwards.
    ///
    /// # Errors
    /// [`PacingError::IndexOutOfRange`] where the sampler shows an example that is not among these.
    pub fn preview(&mut self, sampler: &mut dyn Sampler, n_steps: u64) -> Result<(), SamplerError> {
        let mut batch = Batch::default();
        for step in 0..n_steps {
            sampler.batch(step, &mut batch)?;
            self.record(step, &batch.indices)?;
        }
        Ok(())
    }

    /// Notes that the examples at `indices` were shown at `step`, once for each time that they are named.
    ///
    /// # Errors
    /// [`PacingError::IndexOutOfRange`]; nothing is noted then.
    pub fn record(&mut self, step: u64, indices: &[usize]) -> Result<(), PacingError> {
        let n_examples = self.counts.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= n_examples) {
            return Err(PacingError::IndexOutOfRange { what: "example shown", index, n_examples });
        }
        for &index in indices {
            self.counts[index] = self.counts[index].saturating_add(1);
            let first = self.first_steps[index].get_or_insert(step);
            *first = step.min(*first);
        }
        for histogram in self.classes.iter_mut().chain(&mut self.deciles) {
            histogram.record(step, indices);
        }
        Ok(())
    }

    /// How often each example was shown.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The step at which each example was shown first.
    pub fn first_steps(&self) -> &[Option<u64>] {
        &self.first_steps
    }

    /// How much of each class was shown over time, if there [are](Self::with_classes) classes.
    pub fn classes(&self) -> Option<&ExposureHistogram> {
        self.classes.as_ref()
    }

    /// How much of each tenth of the difficulty was shown over time, easy to hard, if there
    /// [is](Self::with_difficulty) a difficulty.
    pub fn deciles(&self) -> Option<&ExposureHistogram> {
        self.deciles.as_ref()
    }

    /// The examples never shown, by index.
    pub fn never_shown(&self) -> Vec<usize> {
        (0..self.counts.len()).filter(|&example| self.counts[example] == 0).collect()
    }

    /// How many examples were shown, each presentation counted.
    pub fn n_presented(&self) -> u64 {
        self.counts.iter().fold(0, |sum, &count| sum.saturating_add(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pacing::Linear, sampler::MiniBatchSampler};

    #[test]
    fn counts_repetitions_and_remembers_the_first() {
        let mut exposure = Exposure::new(4);
        exposure.record(7, &[1, 1, 3]).unwrap();
        exposure.record(2, &[3]).unwrap();
        assert_eq!(exposure.counts(), [0, 2, 0, 2]);
        assert_eq!(exposure.first_steps(), [None, Some(7), None, Some(2)]);
        assert_eq!((exposure.never_shown(), exposure.n_presented()), (vec![0, 2], 4));
        assert!(exposure.record(8, &[0, 4]).is_err());
        assert_eq!(exposure.n_presented(), 4);
    }

    /// The preview of a run is what the run then shows.
    #[test]
    fn a_dry_run_foretells_the_run() {
        let sampler = MiniBatchSampler::new((0..40).collect(), Linear::new(0.5, 0.1).unwrap(), 4, 250, 3).unwrap();
        let fresh = || {
            let labels: Vec<usize> = (0..40).map(|example| example % 3).collect();
            let difficulty: Vec<f64> = (0..40).map(f64::from).collect();
            Exposure::new(40).with_classes(&labels).unwrap().with_difficulty(&difficulty).unwrap()
        };
        let mut foretold = fresh();
        foretold.preview(&mut sampler.clone(), 250).unwrap();
        let (mut shown, mut running, mut batch) = (fresh(), sampler, Batch::default());
        for step in 0..250 {
            running.batch(step, &mut batch).unwrap();
            shown.record(step, &batch.indices).unwrap();
        }
        assert_eq!(foretold, shown);
        let deciles: Vec<_> = shown.deciles().unwrap().windows().collect();
        assert_eq!(deciles.len(), 63); // of four steps: 100 of two would not have been enough
        assert_eq!(deciles[0].1.iter().sum::<u64>(), 16);
        assert_eq!(deciles[0].1[1..], [0; 9]);
        assert!(deciles[40].1[9] > 0);
        assert_eq!(
            shown.classes().unwrap().windows().map(|(_, counts)| counts.iter().sum::<u64>()).sum::<u64>(),
            1000
        );
        let json = serde_json::to_string(&shown).unwrap();
        assert_eq!(serde_json::from_str::<Exposure>(&json).unwrap(), shown);
        assert!(serde_json::from_str::<Exposure>(r#"{"counts":[1],"first_steps":[]}"#).is_err());
    }

    #[test]
    fn groups_of_other_data_are_refused() {
        assert!(Exposure::new(2).with_classes(&[0]).is_err());
        let error = Exposure::new(2).with_difficulty(&[0.0]).unwrap_err().to_string();
        assert_eq!(error, "difficulty has 1 entries, expected 2");
        assert!(Exposure::new(1).with_difficulty(&[f64::NAN]).is_err());
    }
}
