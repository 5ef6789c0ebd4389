use serde::{Deserialize, Serialize};

use super::accumulate::{Presented, TooFew, same_length};
use super::block::{Block, LANES, Lanes};
use crate::error::DifficultyError;

/// The mean over presentations that loss, EL2N and AUM share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub(crate) struct RunningMean {
    sums: Vec<f64>,
    counts: Vec<u32>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl TryFrom<Unchecked> for RunningMean {
    type Error = DifficultyError;

    fn try_from(Unchecked { sums, counts }: Unchecked) -> Result<Self, DifficultyError> {
        same_length(sums.len(), counts.len())?;
        match sums.iter().position(|sum| sum.is_nan()) {
            None => Ok(Self { sums, counts }),
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
        Self { sums: vec![0.0; n_examples], counts: vec![0; n_examples] }
    }

    pub(crate) fn n_examples(&self) -> usize {
        self.sums.len()
    }

    pub(crate) fn record(&mut self, example: usize, value: f64) -> Result<(), DifficultyError> {
        let n_examples = self.sums.len();
        let sum = self.sums.get_mut(example).ok_or(DifficultyError::ExampleOutOfRange { example, n_examples })?;
        self.counts[example] = more(self.counts[example], 1, example)?;
        *sum += value;
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn update(&mut self, block: &Block, values: &Lanes) {
        block.update(&mut self.sums, values, |sum, value| *sum += value);
        block.update(&mut self.counts, &[1; LANES], |count, one| *count += one);
    }

    pub(crate) fn fits(&self, presented: &Presented) -> bool {
        self.counts == presented.counts && presented.has(&self.sums)
    }

    pub(crate) fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.sums[i] += other.sums[j];
        self.counts[i] += other.counts[j];
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        same_length(self.sums.len(), other.sums.len())?;
        for (example, (&count, &others)) in self.counts.iter().zip(&other.counts).enumerate() {
            more(count, others, example)?;
        }
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

/// So many presentations more of an example.
fn more(count: u32, more: u32, example: usize) -> Result<u32, DifficultyError> {
    count.checked_add(more).ok_or_else(|| {
        let value = format!("{count} and {more} of example {example}");
        DifficultyError::argument("the number of presentations", value, "fewer than 2^32")
    })
}
