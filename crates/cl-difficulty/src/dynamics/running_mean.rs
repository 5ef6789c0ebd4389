use cl_data::Version;
use serde::{Deserialize, Serialize};

use super::accumulate::{TooFew, same_length};
use super::block::{Block, LANES, Lanes};
use crate::error::DifficultyError;

/// The mean over presentations that loss, EL2N and AUM share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub(crate) struct RunningMean {
    version: Version<1>,
    sums: Vec<f64>,
    counts: Vec<u32>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    version: Version<1>,
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl TryFrom<Unchecked> for RunningMean {
    type Error = DifficultyError;

    fn try_from(Unchecked { version, sums, counts }: Unchecked) -> Result<Self, DifficultyError> {
        same_length(sums.len(), counts.len())?;
        match sums.iter().position(|sum| sum.is_nan()) {
            None => Ok(Self { version, sums, counts }),
            Some(example) => Err(DifficultyError::InvalidScore {
                metric: "sum".into(),
                example,
                value: sums[example],
                expected: "a number",
            }),
        }
    }
}

impl RunningMean {
    pub(crate) fn new(n_examples: usize) -> Self {
        Self { version: Version, sums: vec![0.0; n_examples], counts: vec![0; n_examples] }
    }

    pub(crate) fn n_examples(&self) -> usize {
        self.sums.len()
    }

    pub(crate) fn record(&mut self, example: usize, value: f64) -> Result<(), DifficultyError> {
        let n_examples = self.sums.len();
        let sum = self.sums.get_mut(example).ok_or(DifficultyError::ExampleOutOfRange { example, n_examples })?;
        *sum += value;
        self.counts[example] += 1;
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn update(&mut self, block: &Block, values: &Lanes) {
        block.update(&mut self.sums, values, |sum, value| *sum += value);
        block.update(&mut self.counts, &[1; LANES], |count, one| *count += one);
    }

    pub(crate) fn fits(&self, fresh: &Self) -> bool {
        self.sums.len() == fresh.sums.len()
    }

    pub(crate) fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.sums[i] += other.sums[j];
        self.counts[i] += other.counts[j];
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        same_length(self.sums.len(), other.sums.len())?;
        (0..self.sums.len()).for_each(|i| self.absorb(i, other, i));
        Ok(())
    }

    pub(crate) fn mean(&self) -> Result<Vec<f64>, TooFew> {
        TooFew::check(&self.counts, 1)?;
        Ok(self.sums.iter().zip(&self.counts).map(|(sum, &count)| sum / f64::from(count)).collect())
    }

    pub(crate) fn values(&self, metric: &'static str) -> Result<Vec<f64>, DifficultyError> {
        self.mean().map_err(|few| few.error(0, metric))
    }
}
