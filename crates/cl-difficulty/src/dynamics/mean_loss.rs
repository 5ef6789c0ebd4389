use cl_data::catalogue::Parameter;
use cl_data::seal::Sealed;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::accumulate::{Accumulate, Presented};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::last_epoch::{LastEpoch, Quantity};
use super::loss_average::LossAverage;
use super::metric::{FROM, HARD, Metric, OtherName, Reading, UNTIL, reading};
use super::running_mean::RunningMean;
use crate::error::DifficultyError;

/// The mean of an example's loss over its presentations: the simplest difficulty there is.
///
/// ```text
/// loss_i = 1/E sum_e l_i(e)              in nats, where the loss is cross-entropy; higher = harder
/// ```
///
/// O(1) per observation, O(n) memory.
///
/// ```
/// let mut loss = cl_difficulty::MeanLoss::new(1);
/// loss.record(0, 0.5)?;
/// loss.record(0, 1.5)?;
/// assert_eq!(loss.values()?, [1.0]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Sealed<2, RunningMean>")]
pub struct MeanLoss(RunningMean);

impl Serialize for MeanLoss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Sealed::<2, _>::new(&self.0).serialize(serializer)
    }
}

impl From<Sealed<2, RunningMean>> for MeanLoss {
    fn from(sealed: Sealed<2, RunningMean>) -> Self {
        Self(sealed.into_inner())
    }
}

impl MeanLoss {
    /// For `n_examples` examples, none presented yet.
    pub fn new(n_examples: usize) -> Self {
        Self(RunningMean::new(n_examples))
    }

    /// Example `example` was presented and had this loss.
    ///
    /// # Errors
    /// Where the loss is not finite or the example out of range.
    pub fn record(&mut self, example: usize, loss: f64) -> Result<(), DifficultyError> {
        if !loss.is_finite() {
            let expected = "a finite number";
            return Err(DifficultyError::InvalidScore { metric: "loss".into(), example, value: loss, expected });
        }
        self.0.record(example, loss)
    }

    /// Adds what another accumulator saw, of other examples or other epochs.
    ///
    /// # Errors
    /// Where it was made for another number of examples.
    pub fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        self.0.merge(&other.0)
    }

    /// The mean loss of each example.
    ///
    /// # Errors
    /// Where an example was never presented.
    pub fn values(&self) -> Result<Vec<f64>, DifficultyError> {
        self.0.values("loss")
    }

    pub(crate) fn n_examples(&self) -> usize {
        self.0.n_examples()
    }
}

#[derive(Clone, Copy)]
enum Average {
    Mean,
    Last,
    Moving,
}

pub(crate) fn metrics<R>() -> Vec<Metric<R>>
where
    R: From<Reading<MeanLoss>> + From<Reading<LastEpoch>> + From<Reading<LossAverage>>,
{
    const OPTIONS: &[Parameter] = &[
        Parameter::with_default("average", "mean (over epochs), last or ema (epochs in order)", "mean"),
        Parameter::with_default("decay", "what the moving average keeps of itself per epoch, in [0, 1)", "0.9"),
        FROM,
        UNTIL,
    ];
    const NAMES: &[OtherName] = &[
        OtherName { name: "loss_mean", option: "average", value: "mean" },
        OtherName { name: "loss_last", option: "average", value: "last" },
        OtherName { name: "loss_ema", option: "average", value: "ema" },
    ];
    let summary = "cross-entropy in nats: its mean, last value or moving average (loss_mean, loss_last, loss_ema)";
    let loss = Metric::new("loss", summary, OPTIONS, HARD, |options| {
        let averages = [("mean", Average::Mean), ("last", Average::Last), ("ema", Average::Moving)];
        match options.choice("average", &averages)? {
            Average::Mean => reading((), |loss: &MeanLoss, _| loss.0.mean().map(ColumnValues::Float)),
            Average::Last => reading(Quantity::Loss, LastEpoch::values),
            Average::Moving => {
                let decay =
                    options.number_in("decay", |decay| (0.0..1.0).contains(decay), "a number in [0, 1)")?;
                reading(decay, LossAverage::values)
            }
        }
    });
    vec![loss.known_as(NAMES)]
}

impl Accumulate for MeanLoss {
    type Settings = ();
    const INPUTS: &'static [Input] = &[Input::Loss];

    fn start(n_examples: usize, _: usize, (): ()) -> Self {
        Self::new(n_examples)
    }

    fn update(&mut self, block: &Block) {
        self.0.update(block, &block.loss);
    }

    fn fits(&self, _: &Self, presented: &Presented) -> bool {
        self.0.fits(presented)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.0.absorb(i, &other.0, j);
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RunningMean::deserialize(deserializer).map(Self)
    }
}
