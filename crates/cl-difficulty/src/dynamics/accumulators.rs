//! The list of accumulators, and all of them behind one face.

use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented, TooFew};
use super::aum::Aum;
use super::block::Block;
use super::cartography::Cartography;
use super::column::ColumnValues;
use super::dual::Dual;
use super::dyn_unc::DynUnc;
use super::el2n::El2n;
use super::forgetting::Forgetting;
use super::input::Input;
use super::l1_error::L1Error;
use super::last_epoch::LastEpoch;
use super::learning_time::LearningTime;
use super::loss_average::LossAverage;
use super::mean_loss::MeanLoss;
use super::mean_probabilities::MeanProbabilities;
use super::metric::{Metric, Needs, Reading};
use super::tdds::Tdds;
use super::turning_points::TurningPoints;

macro_rules! accumulators {
    ($($file:ident::$name:ident),* $(,)?) => {
        /// What must be accumulated for a metric; metrics that ask for the same share it.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub(crate) enum Accumulator {
            $($name(<$name as Accumulate>::Settings),)*
        }

        /// An accumulator of some examples.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub(crate) enum State {
            $($name(#[serde(serialize_with = "Accumulate::write", deserialize_with = "Accumulate::read")] $name),)*
        }

        /// Which accumulator a metric takes, and what it is of it.
        #[derive(Debug, Clone)]
        pub(crate) enum AnyReading {
            $($name(Reading<$name>),)*
        }

        $(impl From<Reading<$name>> for AnyReading {
            fn from(reading: Reading<$name>) -> Self {
                Self::$name(reading)
            }
        })*

        /// The metrics in the order of their accumulators, those of a second split last.
        pub(crate) fn metrics() -> Vec<Metric<AnyReading>> {
            let mut metrics = [$(super::$file::metrics(),)*].concat();
            metrics.sort_by_key(|metric: &Metric<_>| metric.description.needs == Needs::SecondSplit);
            metrics
        }

        #[cfg(test)]
        pub(crate) const FILES: &[&str] = &[$(stringify!($file),)*];

        impl AnyReading {
            pub(crate) fn accumulator(&self) -> Accumulator {
                match self {
                    $(Self::$name(reading) => Accumulator::$name(reading.settings),)*
                }
            }

            /// What the metric is made of.
            pub(crate) fn inputs(&self) -> &'static [Input] {
                match self {
                    $(Self::$name(reading) => reading.inputs,)*
                }
            }
        }

        impl Accumulator {
            /// Whether the epochs of an example must come in increasing order.
            pub(crate) fn order_bound(&self) -> bool {
                match self {
                    $(Self::$name(_) => $name::ORDER_BOUND,)*
                }
            }

            /// Whether a number per example and class is kept.
            pub(crate) fn keeps_probabilities(&self) -> bool {
                match self {
                    $(Self::$name(_) => $name::KEEPS_PROBABILITIES,)*
                }
            }

            /// What it reads of a block.
            pub(crate) fn inputs(&self) -> &'static [Input] {
                match *self {
                    $(Self::$name(settings) => $name::inputs(settings),)*
                }
            }

            pub(crate) fn start(&self, n_examples: usize, n_classes: usize) -> State {
                match *self {
                    $(Self::$name(settings) => State::$name($name::start(n_examples, n_classes, settings)),)*
                }
            }
        }

        impl State {
            #[inline(always)]
            pub(crate) fn update(&mut self, block: &Block) {
                match self {
                    $(Self::$name(accumulator) => accumulator.update(block),)*
                }
            }

            /// Whether this, read from a file, is what a fresh one has become by what its examples were presented.
            pub(crate) fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
                match (self, fresh) {
                    $((Self::$name(this), Self::$name(fresh)) => this.fits(fresh, presented),)*
                    _ => false,
                }
            }

            /// The same of another recorder with the same settings; of other settings nothing is taken.
            pub(crate) fn absorb(&mut self, i: usize, other: &Self, j: usize) {
                match (self, other) {
                    $((Self::$name(this), Self::$name(other)) => this.absorb(i, other, j),)*
                    _ => {}
                }
            }

            /// The values of a metric; `labels` are those of the examples. None of another accumulator's.
            pub(crate) fn values(
                &self,
                reading: &AnyReading,
                labels: &[u32],
            ) -> Option<Result<ColumnValues, TooFew>> {
                match (self, reading) {
                    $((Self::$name(this), AnyReading::$name(reading)) => Some(reading.values(this, labels)),)*
                    _ => None,
                }
            }
        }
    };
}

// The metrics are listed in this order.
accumulators! {
    el2n::El2n,
    l1_error::L1Error,
    mean_loss::MeanLoss,
    loss_average::LossAverage,
    forgetting::Forgetting,
    turning_points::TurningPoints,
    learning_time::LearningTime,
    cartography::Cartography,
    aum::Aum,
    last_epoch::LastEpoch,
    dyn_unc::DynUnc,
    dual::Dual,
    tdds::Tdds,
    mean_probabilities::MeanProbabilities,
}
