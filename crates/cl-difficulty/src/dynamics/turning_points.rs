use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented, TooFew};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{EASY, HARD, Metric, Needs, RANGE, Reading, reading};

/// When an example was learned, and when it was lost: the first and last right and the last wrong presentation.
///
/// ```text
/// first_learned           min { t : right at t },                  -1 where never right
/// presentations_needed    max { t : wrong at t } + 1,               0 where never wrong
/// second-split forgetting min { t : wrong at all t' >= t } = max { t : right at t } + 1
/// ```
///
/// t counts the presentations of an example from 0. The last is meant for a log of the first split's examples
/// while the network is trained on the second one; an example never forgotten has E, the number of its
/// presentations, and mislabelled ones are forgotten at once.
///
/// Sources: Toneva et al. (2019), whose code has NaN for the first where never right; Maini, Garg, Lipton,
/// Kolter (2022), Characterizing Datapoints via Second-Split Forgetting, definition 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TurningPoints {
    presentations: Vec<u32>,
    /// One more than the presentation meant, 0 where there is none.
    first_right: Vec<u32>,
    last_right: Vec<u32>,
    last_wrong: Vec<u32>,
}

impl TurningPoints {
    fn plus(&self, values: &[u32], shift: i64) -> Result<ColumnValues, TooFew> {
        TooFew::check(&self.presentations, 1)?;
        Ok(ColumnValues::Integer(values.iter().map(|&value| i64::from(value) + shift).collect()))
    }
}

pub(crate) fn metrics<R: From<Reading<TurningPoints>>>() -> Vec<Metric<R>> {
    let summary = "the first right presentation, from 0; -1 where never right";
    let first = Metric::new("first_learned", summary, RANGE, None, |_| {
        reading((), |points: &TurningPoints, _| points.plus(&points.first_right, -1))
    });
    let summary = "the last wrong presentation + 1, from 0";
    let needed = Metric::new("presentations_needed", summary, RANGE, HARD, |_| {
        reading((), |points: &TurningPoints, _| points.plus(&points.last_wrong, 0))
    });
    let summary =
        "the presentation from which it stays wrong while another split is trained; E where never forgotten";
    let forgotten = Metric::new("second_split_forgetting", summary, RANGE, EASY, |_| {
        reading((), |points: &TurningPoints, _| points.plus(&points.last_right, 0))
    });
    [first, needed, forgotten.needs(Needs::SecondSplit)].map(Metric::order_bound).into()
}

impl Accumulate for TurningPoints {
    type Settings = ();
    const ORDER_BOUND: bool = true;
    const INPUTS: &'static [Input] = &[Input::Right];

    fn start(n_examples: usize, _: usize, (): ()) -> Self {
        let none = vec![0; n_examples];
        Self { presentations: none.clone(), first_right: none.clone(), last_right: none.clone(), last_wrong: none }
    }

    fn update(&mut self, block: &Block) {
        for (lane, i) in block.examples() {
            self.presentations[i] += 1;
            let now = self.presentations[i];
            if block.right[lane] {
                self.last_right[i] = now;
                if self.first_right[i] == 0 {
                    self.first_right[i] = now;
                }
            } else {
                self.last_wrong[i] = now;
            }
        }
    }

    fn fits(&self, _: &Self, presented: &Presented) -> bool {
        let Self { presentations, first_right, last_right, last_wrong } = self;
        let n = presentations.len();
        let possible = |i: usize| {
            let (all, first, right, wrong) = (presentations[i], first_right[i], last_right[i], last_wrong[i]);
            // The last is right or wrong, and not both; the one before the first right is wrong.
            right.max(wrong) == all
                && (right != wrong || all == 0)
                && (first == 0) == (right == 0)
                && first <= right
                && wrong >= first.saturating_sub(1)
        };
        *presentations == presented.counts
            && [first_right, last_right, last_wrong].iter().all(|values| values.len() == n)
            && (0..n).all(possible)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.presentations[i] = other.presentations[j];
        self.first_right[i] = other.first_right[j];
        self.last_right[i] = other.last_right[j];
        self.last_wrong[i] = other.last_wrong[j];
    }
}
