//! Softmax and what follows from it for a few examples at once, one per lane: what one pass spends its time on.

use cl_data::Scalar;
use cl_model::exponential::{exp, ln_1p};

use super::Outputs;

/// Examples per block: two registers of the widest kind.
pub(crate) const LANES: usize = 16;

/// One number for each example of a block.
pub(crate) type Lanes = [f64; LANES];

/// How far the probabilities of an example may be from summing to one.
pub(crate) const SUM_TOLERANCE: f64 = 1e-3;

/// Which quantities the accumulators of a recorder ask for beyond those that come for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) loss: bool,
    pub(crate) probability_margin: bool,
    pub(crate) probabilities: bool,
}

/// What a model said in one epoch about up to [`LANES`] examples; lanes from `n` on repeat the last example.
pub(crate) struct Block {
    pub(crate) epoch: u64,
    /// How many lanes count.
    pub(crate) n: usize,
    /// The examples, by index into the accumulator.
    pub(crate) examples: [usize; LANES],
    /// Whether they are neighbours in ascending order.
    pub(crate) contiguous: bool,
    pub(crate) labels: [u64; LANES],
    pub(crate) right: [bool; LANES],
    /// p_y.
    pub(crate) p_label: Lanes,
    /// 1 - p_y, with all digits where p_y is nearly one.
    pub(crate) residual: Lanes,
    /// The L2 norm of p - onehot(y).
    pub(crate) error_norm: Lanes,
    /// -ln p_y, where wanted.
    pub(crate) loss: Lanes,
    /// z_y - max of the others; NaN without logits.
    pub(crate) margin: Lanes,
    /// p_y - max of the others, where wanted.
    pub(crate) probability_margin: Lanes,
    /// The probabilities class by class, where wanted.
    pub(crate) probabilities: Vec<Lanes>,
}

impl Block {
    pub(crate) fn new(epoch: u64, n_classes: usize) -> Self {
        Self {
            epoch,
            n: 0,
            examples: [0; LANES],
            contiguous: false,
            labels: [0; LANES],
            right: [false; LANES],
            p_label: [0.0; LANES],
            residual: [0.0; LANES],
            error_norm: [0.0; LANES],
            loss: [0.0; LANES],
            margin: [0.0; LANES],
            probability_margin: [0.0; LANES],
            probabilities: vec![[0.0; LANES]; n_classes],
        }
    }

    /// Calls `update` with each example's entry of `state` and its `value`.
    #[inline(always)]
    pub(crate) fn update<A, V: Copy>(
        &self,
        state: &mut [A],
        values: &[V; LANES],
        mut update: impl FnMut(&mut A, V),
    ) {
        let first = self.examples[0];
        if self.contiguous && self.n == LANES && first + LANES <= state.len() {
            state[first..first + LANES].iter_mut().zip(values).for_each(|(state, &value)| update(state, value));
        } else {
            for (&example, &value) in self.examples[..self.n].iter().zip(values) {
                update(&mut state[example], value);
            }
        }
    }

    /// The examples and their lanes.
    pub(crate) fn examples(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.examples[..self.n].iter().copied().enumerate()
    }

    /// Fills the block from `outputs`, c per position; the first lane whose outputs are none, if any.
    #[inline(always)]
    pub(crate) fn fill<T: Scalar>(
        &mut self,
        outputs: &Outputs<'_, T>,
        positions: &[usize; LANES],
        wanted: Wanted,
    ) -> Option<usize> {
        let c = self.probabilities.len();
        let values = outputs.values();
        // Not `from_fn`, which is a call outside of the vectorised function.
        let mut rows = [&values[..0]; LANES];
        rows.iter_mut().zip(positions).for_each(|(row, &position)| *row = &values[position * c..][..c]);
        for (class, column) in self.probabilities.iter_mut().enumerate() {
            for (value, row) in column.iter_mut().zip(&rows) {
                *value = row[class].as_f64();
            }
        }
        let valid = match outputs {
            Outputs::Logits(_) => self.fill_from_logits(wanted),
            Outputs::Probabilities(_) => self.fill_from_probabilities(),
        };
        // One test for the block, because none fails as a rule.
        if valid.iter().sum::<f64>() == LANES as f64 { None } else { valid.iter().position(|&valid| valid != 1.0) }
    }

    #[inline(always)]
    fn fill_from_logits(&mut self, wanted: Wanted) -> Lanes {
        let labels = self.labels;
        // The label's logit is taken out, so that no loop has to ask which class is the label's.
        let mut largest = Largest::take(&mut self.probabilities, &labels);
        let (mut rest, mut squares) = ([0.0; LANES], [0.0; LANES]);
        for column in &mut self.probabilities {
            for l in 0..LANES {
                let e = exp(column[l] - largest.value[l]);
                column[l] = e;
                rest[l] += e;
                squares[l] += e * e;
            }
        }
        let (mut own, mut total) = ([0.0; LANES], [0.0; LANES]);
        for l in 0..LANES {
            own[l] = exp(largest.label[l] - largest.value[l]);
            total[l] = rest[l] + own[l];
        }
        for l in 0..LANES {
            let scale = 1.0 / total[l];
            self.p_label[l] = own[l] * scale;
            self.residual[l] = rest[l] * scale;
            self.error_norm[l] = (squares[l] + rest[l] * rest[l]).sqrt() * scale;
            self.margin[l] = largest.label[l] - largest.other[l];
            self.right[l] = largest.right[l];
        }
        if wanted.loss {
            for l in 0..LANES {
                // A confident right answer keeps all digits of its small loss.
                let without_largest = if self.right[l] { rest[l] } else { total[l] - 1.0 };
                self.loss[l] = (largest.value[l] - largest.label[l]) + ln_1p(without_largest);
            }
        }
        if wanted.probability_margin {
            for l in 0..LANES {
                self.probability_margin[l] = (own[l] - exp(largest.other[l] - largest.value[l])) / total[l];
            }
        }
        if wanted.probabilities {
            (0..LANES).for_each(|l| self.probabilities[labels[l] as usize][l] = own[l]);
            for column in &mut self.probabilities {
                (0..LANES).for_each(|l| column[l] /= total[l]);
            }
        }
        // exp hides a logit of -inf.
        largest.difference.iter_mut().for_each(|difference| *difference = f64::from(*difference == 0.0));
        largest.difference
    }

    #[inline(always)]
    fn fill_from_probabilities(&mut self) -> Lanes {
        let labels = self.labels;
        let largest = Largest::take(&mut self.probabilities, &labels);
        (0..LANES).for_each(|l| self.probabilities[labels[l] as usize][l] = largest.label[l]);
        let (mut total, mut squares, mut valid) = ([0.0; LANES], [0.0; LANES], [1.0; LANES]);
        for (class, column) in self.probabilities.iter().enumerate() {
            for l in 0..LANES {
                let p = column[l];
                let other = if labels[l] == class as u64 { 1.0 - p } else { p };
                total[l] += p;
                squares[l] += other * other;
                valid[l] = if (0.0..=1.0).contains(&p) { valid[l] } else { 0.0 };
            }
        }
        for l in 0..LANES {
            self.p_label[l] = largest.label[l];
            self.residual[l] = 1.0 - largest.label[l];
            self.error_norm[l] = squares[l].sqrt();
            self.loss[l] = 0.0 - largest.label[l].ln();
            self.margin[l] = f64::NAN;
            self.probability_margin[l] = largest.label[l] - largest.other[l];
            self.right[l] = largest.right[l];
            valid[l] = if (total[l] - 1.0).abs() <= SUM_TOLERANCE { valid[l] } else { 0.0 };
        }
        valid
    }
}

/// The largest entry of each example, the label's entry and the largest of the others.
struct Largest {
    value: Lanes,
    label: Lanes,
    other: Lanes,
    /// Whether the label's is the first of the largest.
    right: [bool; LANES],
    /// 0, or NaN where an entry is not finite.
    difference: Lanes,
}

impl Largest {
    /// Leaves -inf in the label's place.
    #[inline(always)]
    fn take(columns: &mut [Lanes], labels: &[u64; LANES]) -> Self {
        let lowest = [f64::NEG_INFINITY; LANES];
        let (mut label, mut other, mut difference) = (lowest, lowest, [0.0; LANES]);
        for column in columns.iter() {
            // 0 * z is NaN for NaN and both infinities.
            (0..LANES).for_each(|l| difference[l] += 0.0 * column[l]);
        }
        for l in 0..LANES {
            label[l] = std::mem::replace(&mut columns[labels[l] as usize][l], f64::NEG_INFINITY);
        }
        for column in columns.iter() {
            (0..LANES).for_each(|l| other[l] = larger(column[l], other[l]));
        }
        let (mut value, mut right) = (lowest, [false; LANES]);
        let first = |l: usize| columns[..labels[l] as usize].iter().all(|column| column[l] < label[l]);
        for l in 0..LANES {
            value[l] = larger(other[l], label[l]);
            right[l] = label[l] > other[l] || label[l] == other[l] && first(l);
        }
        Self { value, label, other, right, difference }
    }
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
