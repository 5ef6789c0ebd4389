//! Which accumulator a metric reads, how it reads it, and the accumulators behind one face.

use serde::{Deserialize, Serialize};

use super::block::{Block, Wanted};
use super::{
    Aum, Cartography, ColumnValues, Dual, DynUnc, El2n, Forgetting, L1Error, LastEpoch, LearningTime, LossAverage,
    Margins, MeanLoss, MeanProbabilities, NeverLearned, Quantity, Tdds,
};

/// What must be accumulated for a metric; metrics that ask for the same share it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Accumulator {
    El2n,
    L1Error,
    MeanLoss,
    LossAverage { decay: f64 },
    LastEpoch(Quantity),
    Forgetting,
    LearningTime,
    Cartography,
    Aum(Margins),
    DynUnc { window: usize },
    Dual { window: usize, epochs: Option<u32> },
    Tdds { window: usize, epochs: Option<u32> },
    MeanProbabilities,
}

/// Which of an accumulator's quantities a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum View {
    /// The only one that it has.
    Value,
    Forgetting(NeverLearned),
    ForgettingEvents,
    NeverLearned,
    Unforgettable,
    FirstLearned,
    PresentationsNeeded,
    SecondSplitForgetting,
    Confidence,
    Variability,
    Correctness,
    ThresholdCloseness,
    Quality(Quantity),
}

/// The epochs that enter, `from` included and `until` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Range {
    pub(crate) from: u64,
    pub(crate) until: Option<u64>,
}

impl Range {
    pub(crate) fn contains(&self, epoch: u64) -> bool {
        epoch >= self.from && self.until.is_none_or(|until| epoch < until)
    }
}

/// An example has fewer epochs than its metric needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooFew {
    pub(crate) example: usize,
    pub(crate) needed: u64,
    pub(crate) found: u64,
}

impl TooFew {
    /// Unless every example was presented `needed` times.
    pub(crate) fn check(counts: &[u32], needed: u32) -> Result<(), Self> {
        match counts.iter().position(|&count| count < needed) {
            Some(example) => Err(Self { example, needed: needed.into(), found: counts[example].into() }),
            None => Ok(()),
        }
    }
}

/// What all accumulators can do.
pub(crate) trait Accumulate {
    /// Takes in a block of examples of one epoch.
    fn update(&mut self, block: &Block);
    /// Whether this, read from a file, has the sizes and settings of a fresh one.
    fn fits(&self, fresh: &Self) -> bool;
    /// Takes in what `other` saw of example `i`: of other epochs, or where this one saw none.
    fn absorb(&mut self, i: usize, other: &Self);
}

/// Whether all are `n`.
pub(crate) fn same_lengths<const K: usize>(lengths: [usize; K], n: usize) -> bool {
    lengths.iter().all(|&length| length == n)
}

impl Accumulator {
    /// Whether the epochs of an example must come in increasing order.
    pub(crate) fn order_bound(&self) -> bool {
        match self {
            Self::LossAverage { .. }
            | Self::Forgetting
            | Self::LearningTime
            | Self::DynUnc { .. }
            | Self::Dual { .. }
            | Self::Tdds { .. } => true,
            Self::El2n
            | Self::L1Error
            | Self::MeanLoss
            | Self::LastEpoch(_)
            | Self::Cartography
            | Self::Aum(_)
            | Self::MeanProbabilities => false,
        }
    }

    pub(crate) fn want(&self, wanted: &mut Wanted) {
        match self {
            Self::MeanLoss | Self::LossAverage { .. } | Self::LastEpoch(Quantity::Loss) => wanted.loss = true,
            Self::Aum(Margins::Probabilities) => wanted.probability_margin = true,
            Self::LastEpoch(_) | Self::Tdds { .. } | Self::MeanProbabilities => wanted.probabilities = true,
            Self::El2n
            | Self::L1Error
            | Self::Forgetting
            | Self::LearningTime
            | Self::Cartography
            | Self::Aum(Margins::Logits)
            | Self::DynUnc { .. }
            | Self::Dual { .. } => {}
        }
    }

    pub(crate) fn start(self, n_examples: usize, n_classes: usize) -> State {
        match self {
            Self::El2n => State::El2n(El2n::new(n_examples)),
            Self::L1Error => State::L1Error(L1Error::new(n_examples)),
            Self::MeanLoss => State::MeanLoss(MeanLoss::new(n_examples)),
            Self::LossAverage { decay } => State::LossAverage(LossAverage::new(n_examples, decay)),
            Self::LastEpoch(quantity) => State::LastEpoch(LastEpoch::new(n_examples, quantity)),
            Self::Forgetting => State::Forgetting(Forgetting::new(n_examples)),
            Self::LearningTime => State::LearningTime(LearningTime::new(n_examples)),
            Self::Cartography => State::Cartography(Cartography::new(n_examples)),
            Self::Aum(margins) => State::Aum(Aum::new(n_examples, margins)),
            Self::DynUnc { window } => State::DynUnc(DynUnc::new(n_examples, window)),
            Self::Dual { window, epochs } => State::Dual(Dual::new(n_examples, window, epochs)),
            Self::Tdds { window, epochs } => State::Tdds(Tdds::new(n_examples, n_classes, window, epochs)),
            Self::MeanProbabilities => State::MeanProbabilities(MeanProbabilities::new(n_examples, n_classes)),
        }
    }
}

/// An accumulator of some examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum State {
    El2n(El2n),
    L1Error(L1Error),
    MeanLoss(MeanLoss),
    LossAverage(LossAverage),
    LastEpoch(LastEpoch),
    Forgetting(Forgetting),
    LearningTime(LearningTime),
    Cartography(Cartography),
    Aum(Aum),
    DynUnc(DynUnc),
    Dual(Dual),
    Tdds(Tdds),
    MeanProbabilities(MeanProbabilities),
}

macro_rules! each {
    ($state:expr, $accumulator:ident => $do:expr) => {
        match $state {
            Self::El2n($accumulator) => $do,
            Self::L1Error($accumulator) => $do,
            Self::MeanLoss($accumulator) => $do,
            Self::LossAverage($accumulator) => $do,
            Self::LastEpoch($accumulator) => $do,
            Self::Forgetting($accumulator) => $do,
            Self::LearningTime($accumulator) => $do,
            Self::Cartography($accumulator) => $do,
            Self::Aum($accumulator) => $do,
            Self::DynUnc($accumulator) => $do,
            Self::Dual($accumulator) => $do,
            Self::Tdds($accumulator) => $do,
            Self::MeanProbabilities($accumulator) => $do,
        }
    };
}

impl State {
    #[inline(always)]
    pub(crate) fn update(&mut self, block: &Block) {
        each!(self, accumulator => accumulator.update(block));
    }

    /// Whether this, read from a file, has the kind, sizes and settings of a fresh one.
    pub(crate) fn fits(&self, fresh: &Self) -> bool {
        match (self, fresh) {
            (Self::El2n(this), Self::El2n(fresh)) => this.fits(fresh),
            (Self::L1Error(this), Self::L1Error(fresh)) => this.fits(fresh),
            (Self::MeanLoss(this), Self::MeanLoss(fresh)) => this.fits(fresh),
            (Self::LossAverage(this), Self::LossAverage(fresh)) => this.fits(fresh),
            (Self::LastEpoch(this), Self::LastEpoch(fresh)) => this.fits(fresh),
            (Self::Forgetting(this), Self::Forgetting(fresh)) => this.fits(fresh),
            (Self::LearningTime(this), Self::LearningTime(fresh)) => this.fits(fresh),
            (Self::Cartography(this), Self::Cartography(fresh)) => this.fits(fresh),
            (Self::Aum(this), Self::Aum(fresh)) => this.fits(fresh),
            (Self::DynUnc(this), Self::DynUnc(fresh)) => this.fits(fresh),
            (Self::Dual(this), Self::Dual(fresh)) => this.fits(fresh),
            (Self::Tdds(this), Self::Tdds(fresh)) => this.fits(fresh),
            (Self::MeanProbabilities(this), Self::MeanProbabilities(fresh)) => this.fits(fresh),
            _ => false,
        }
    }

    /// The same of another recorder with the same settings; of other settings nothing is taken.
    pub(crate) fn absorb(&mut self, i: usize, other: &Self) {
        match (self, other) {
            (Self::El2n(this), Self::El2n(other)) => this.absorb(i, other),
            (Self::L1Error(this), Self::L1Error(other)) => this.absorb(i, other),
            (Self::MeanLoss(this), Self::MeanLoss(other)) => this.absorb(i, other),
            (Self::LossAverage(this), Self::LossAverage(other)) => this.absorb(i, other),
            (Self::LastEpoch(this), Self::LastEpoch(other)) => this.absorb(i, other),
            (Self::Forgetting(this), Self::Forgetting(other)) => this.absorb(i, other),
            (Self::LearningTime(this), Self::LearningTime(other)) => this.absorb(i, other),
            (Self::Cartography(this), Self::Cartography(other)) => this.absorb(i, other),
            (Self::Aum(this), Self::Aum(other)) => this.absorb(i, other),
            (Self::DynUnc(this), Self::DynUnc(other)) => this.absorb(i, other),
            (Self::Dual(this), Self::Dual(other)) => this.absorb(i, other),
            (Self::Tdds(this), Self::Tdds(other)) => this.absorb(i, other),
            (Self::MeanProbabilities(this), Self::MeanProbabilities(other)) => this.absorb(i, other),
            _ => {}
        }
    }

    /// The values of a metric; `labels` are those of the examples.
    pub(crate) fn values(&self, view: View, labels: &[u32]) -> Result<ColumnValues, TooFew> {
        match self {
            Self::El2n(el2n) => el2n.mean().map(ColumnValues::Float),
            Self::L1Error(l1_error) => l1_error.values().map(ColumnValues::Float),
            Self::MeanLoss(loss) => loss.mean().map(ColumnValues::Float),
            Self::LossAverage(average) => average.values().map(ColumnValues::Float),
            Self::LastEpoch(last) => last.values().map(ColumnValues::Float),
            Self::Forgetting(forgetting) => {
                TooFew::check(forgetting.presentations(), 1)?;
                Ok(match view {
                    View::ForgettingEvents => integers(forgetting.events()),
                    View::NeverLearned => ColumnValues::Flag(forgetting.never_learned()),
                    View::Unforgettable => ColumnValues::Flag(forgetting.unforgettable()),
                    View::Forgetting(rule) => ColumnValues::Float(forgetting.values(rule)),
                    _ => ColumnValues::Float(forgetting.values(NeverLearned::Toneva)),
                })
            }
            Self::LearningTime(time) => Ok(ColumnValues::Integer(match view {
                View::FirstLearned => time.first_learned()?,
                View::SecondSplitForgetting => time.forgotten()?,
                _ => time.presentations_needed()?,
            })),
            Self::Cartography(map) => Ok(match view {
                View::Variability => ColumnValues::Float(map.variability()?),
                View::Correctness => integers(map.correctness()?),
                View::ThresholdCloseness => ColumnValues::Float(map.threshold_closeness()?),
                _ => ColumnValues::Float(map.confidence()?),
            }),
            Self::Aum(aum) => aum.values().map(ColumnValues::Float),
            Self::DynUnc(dyn_unc) => dyn_unc.values().map(ColumnValues::Float),
            Self::Dual(dual) => dual.values().map(ColumnValues::Float),
            Self::Tdds(tdds) => tdds.values().map(ColumnValues::Float),
            Self::MeanProbabilities(mean) => {
                let quantity =
                    if let View::Quality(quantity) = view { quantity } else { Quantity::SelfConfidence };
                mean.qualities(quantity, labels).map(ColumnValues::Float)
            }
        }
    }
}

fn integers(values: &[u32]) -> ColumnValues {
    ColumnValues::Integer(values.iter().map(|&value| value.into()).collect())
}
