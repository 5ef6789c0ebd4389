//! Softmax and what follows from it for some examples at once, one per lane: what one pass spends its time on.

use std::ops::Range;
use std::slice::from_mut;

use cl_data::exponential::{exp, exp_m1};
use cl_model::exponential::ln_1p;
use pulp::Simd;

use super::exponential::{UNSCALE, scaled_exp};
use super::input::{Input, Wanted};
use super::observations::AnyOutputs;
use super::output_kind::OutputKind;
use super::transpose::transpose;

/// Examples per block: a multiple of any vector's lanes, enough that what was just stored is not waited for.
pub(crate) const LANES: usize = 64;

/// One number for each example of a block.
pub(crate) type Lanes = [f64; LANES];

/// Where a block's examples stand among the observations.
pub(crate) enum Positions<'a> {
    /// One after the other from here on, in all lanes.
    Run(usize),
    Each(&'a [usize; LANES]),
}

/// What a model said in one epoch about up to [`LANES`] examples; lanes from `n` on repeat the last example.
pub(crate) struct Block {
    pub(crate) epoch: u64,
    /// How many lanes count.
    pub(crate) n: usize,
    /// The examples, by index into the accumulator.
    pub(crate) examples: [usize; LANES],
    /// Whether all lanes count and are neighbours in ascending order.
    pub(crate) contiguous: bool,
    pub(crate) labels: [usize; LANES],
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
    /// The label's logit or probability.
    label: Lanes,
    /// The largest of the others.
    other: Lanes,
    /// The numbers example by example.
    pub(super) rows: Vec<f64>,
}

impl Input {
    fn lanes(self, block: &mut Block) -> &mut [Lanes] {
        match self {
            Self::Right | Self::Label => &mut [],
            Self::LabelProbability => from_mut(&mut block.p_label),
            Self::Residual => from_mut(&mut block.residual),
            Self::ErrorNorm => from_mut(&mut block.error_norm),
            Self::Loss => from_mut(&mut block.loss),
            Self::Margin => from_mut(&mut block.margin),
            Self::ProbabilityMargin => from_mut(&mut block.probability_margin),
            Self::Probabilities => &mut block.probabilities,
        }
    }
}

impl Block {
    /// For outputs of this many numbers per example: classes, as a rule.
    pub(crate) fn new(epoch: u64, n_classes: usize) -> Self {
        let zeros = [0.0; LANES];
        Self {
            epoch,
            n: 0,
            examples: [0; LANES],
            contiguous: false,
            labels: [0; LANES],
            right: [false; LANES],
            p_label: zeros,
            residual: zeros,
            error_norm: zeros,
            loss: zeros,
            margin: zeros,
            probability_margin: zeros,
            probabilities: vec![zeros; n_classes],
            label: zeros,
            other: zeros,
            rows: vec![0.0; n_classes * LANES],
        }
    }

    /// Calls `update` with each example's entry of `state` and its `value`.
    #[inline(always)]
    pub(crate) fn update<A, V: Copy>(&self, state: &mut [A], values: &[V; LANES], update: impl Fn(&mut A, V)) {
        let first = self.examples[0];
        if self.contiguous && first + LANES <= state.len() {
            state[first..first + LANES].iter_mut().zip(values).for_each(|(state, &value)| update(state, value));
        } else {
            for (&example, &value) in self.examples[..self.n].iter().zip(values) {
                update(&mut state[example], value);
            }
        }
    }

    /// Each example's entry of `state`; 0 in lanes that do not count.
    #[inline(always)]
    pub(crate) fn gather<A: Copy + Default>(&self, state: &[A]) -> [A; LANES] {
        let mut gathered = [A::default(); LANES];
        let first = self.examples[0];
        if self.contiguous && first + LANES <= state.len() {
            gathered.copy_from_slice(&state[first..first + LANES]);
        } else {
            gathered.iter_mut().zip(&self.examples[..self.n]).for_each(|(lane, &example)| *lane = state[example]);
        }
        gathered
    }

    /// The examples and their lanes.
    pub(crate) fn examples(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.examples[..self.n].iter().copied().enumerate()
    }

    /// What these inputs are of one lane, as numbers.
    pub(crate) fn numbers(&mut self, inputs: &[Input], lane: usize) -> Vec<f64> {
        let mut numbers = Vec::new();
        for &input in inputs {
            if input == Input::Right {
                numbers.push(f64::from(u8::from(self.right[lane])));
            }
            numbers.extend(input.lanes(self).iter().map(|lanes| lanes[lane]));
        }
        numbers
    }

    /// Makes them so in the only lane that then counts.
    pub(crate) fn set_numbers(&mut self, inputs: &[Input], numbers: &[f64]) {
        let mut numbers = numbers.iter();
        self.n = 1;
        for &input in inputs {
            if input == Input::Right {
                self.right[0] = numbers.next().is_some_and(|&right| right != 0.0);
            }
            for (lanes, number) in input.lanes(self).iter_mut().zip(&mut numbers) {
                lanes[0] = *number;
            }
        }
    }

    /// Becomes the lanes `lanes` of `other`, whose examples count from `first` on; probabilities only if it was made for them.
    pub(crate) fn take(&mut self, other: &Self, lanes: Range<usize>, first: usize) {
        self.n = lanes.len();
        let to = ..lanes.len();
        for (example, other) in self.examples[to].iter_mut().zip(&other.examples[lanes.clone()]) {
            *example = other - first;
        }
        self.labels[to].copy_from_slice(&other.labels[lanes.clone()]);
        self.right[to].copy_from_slice(&other.right[lanes.clone()]);
        let numbers = [
            (&mut self.p_label, &other.p_label),
            (&mut self.residual, &other.residual),
            (&mut self.error_norm, &other.error_norm),
            (&mut self.loss, &other.loss),
            (&mut self.margin, &other.margin),
            (&mut self.probability_margin, &other.probability_margin),
        ];
        let numbers = numbers.into_iter().chain(self.probabilities.iter_mut().zip(&other.probabilities));
        numbers.for_each(|(own, other)| own[to].copy_from_slice(&other[lanes.clone()]));
    }

    /// Fills the block from `outputs`, as many per position as it was made for, that are valid. What they do not tell
    /// stays as it is, for nobody to read.
    #[inline(always)]
    pub(crate) fn fill<S: Simd>(
        &mut self,
        simd: S,
        outputs: AnyOutputs<'_>,
        positions: Positions<'_>,
        wanted: Wanted,
    ) {
        let c = self.probabilities.len();
        // In one go, so that many reads of memory are under way at once.
        match positions {
            Positions::Run(first) => outputs.numbers.to_f64s(first * c..(first + LANES) * c, &mut self.rows),
            Positions::Each(positions) => {
                for (row, position) in self.rows.chunks_exact_mut(c).zip(positions) {
                    outputs.numbers.to_f64s(position * c..(position + 1) * c, row);
                }
            }
        }
        match outputs.kind {
            OutputKind::Losses => return self.fill_from_losses(wanted),
            OutputKind::Correct => return self.fill_from_correct(),
            OutputKind::Logits | OutputKind::Probabilities | OutputKind::LogProbabilities => {}
        }
        if outputs.kind == OutputKind::LogProbabilities {
            self.rows.iter_mut().for_each(|p| *p = exp(*p));
        }
        transpose(simd, &self.rows, &mut self.probabilities);
        // The label's is taken out, so that no loop has to ask which class is the label's.
        let rows = self.rows.chunks_exact(c).zip(&self.labels);
        for (l, ((row, &label), own)) in rows.zip(&mut self.label).enumerate() {
            *own = row[label];
            self.probabilities[label][l] = f64::MIN;
        }
        self.find_largest(simd);
        self.find_right();
        if outputs.kind == OutputKind::Logits {
            self.fill_from_logits(simd, wanted);
        } else {
            self.fill_from_probabilities();
        }
    }

    /// l = -ln p_y, without an exponential where nobody asks for p_y.
    #[inline(always)]
    fn fill_from_losses(&mut self, wanted: Wanted) {
        self.loss.copy_from_slice(&self.rows);
        if wanted.label_probability {
            self.p_label.iter_mut().zip(&self.loss).for_each(|(p, loss)| *p = exp(0.0 - loss));
        }
        if wanted.residual {
            self.residual.iter_mut().zip(&self.loss).for_each(|(rest, loss)| *rest = 0.0 - exp_m1(0.0 - loss));
        }
    }

    #[inline(always)]
    fn fill_from_correct(&mut self) {
        self.right.iter_mut().zip(&self.rows).for_each(|(right, &correct)| *right = correct != 0.0);
    }

    /// Finds the largest of the others.
    #[inline(always)]
    fn find_largest<S: Simd>(&mut self, simd: S) {
        for v in 0..LANES / S::F64_LANES {
            let mut largest = simd.splat_f64s(f64::MIN);
            for column in &self.probabilities {
                largest = simd.max_f64s(S::as_simd_f64s(column).0[v], largest);
            }
            S::as_mut_simd_f64s(&mut self.other).0[v] = largest;
        }
    }

    /// Whether the label's is the first of the largest.
    #[inline(always)]
    fn find_right(&mut self) {
        let mut tie = false;
        for l in 0..LANES {
            self.right[l] = self.label[l] > self.other[l];
            tie |= self.label[l] == self.other[l];
        }
        if tie {
            for l in (0..LANES).filter(|&l| self.label[l] == self.other[l]) {
                let before = &self.rows[l * self.probabilities.len()..][..self.labels[l]];
                self.right[l] = before.iter().all(|z| *z < self.label[l]);
            }
        }
    }

    #[inline(always)]
    fn fill_from_logits<S: Simd>(&mut self, simd: S, wanted: Wanted) {
        // Exponentials and their sums carry the factor of `scaled_exp`.
        let (mut own, mut rest) = ([0.0; LANES], [0.0; LANES]);
        if S::REGISTER_COUNT >= 32 {
            self.softmax::<S, 4>(simd, wanted, &mut own, &mut rest);
        } else {
            self.softmax::<S, 2>(simd, wanted, &mut own, &mut rest);
        }
        if wanted.loss {
            for l in 0..LANES {
                // A confident right answer keeps all digits of its small loss.
                let below = (self.other[l] - self.label[l]).max(0.0);
                let without_largest =
                    if self.right[l] { rest[l] * UNSCALE } else { (rest[l] + own[l]) * UNSCALE - 1.0 };
                self.loss[l] = below + ln_1p(without_largest);
            }
        }
        if wanted.probabilities {
            let mut total = [0.0; LANES];
            (0..LANES).for_each(|l| total[l] = rest[l] + own[l]);
            (0..LANES).for_each(|l| self.probabilities[self.labels[l]][l] = own[l]);
            for column in &mut self.probabilities {
                column.iter_mut().zip(&total).for_each(|(p, total)| *p /= total);
            }
        }
    }

    /// The exponentials, `V` vectors of examples at a time, and what follows from their sums; the label's goes into
    /// `own`, the sum of the others into `rest`.
    #[inline(always)]
    fn softmax<S: Simd, const V: usize>(&mut self, simd: S, wanted: Wanted, own: &mut Lanes, rest: &mut Lanes) {
        for first in (0..LANES / S::F64_LANES).step_by(V) {
            let (label, other) = (load::<S, V>(&self.label, first), load::<S, V>(&self.other, first));
            let mut largest = label;
            for (largest, &other) in largest.iter_mut().zip(&other) {
                *largest = simd.max_f64s(*largest, other);
            }
            let mut sum = [simd.splat_f64s(0.0); V];
            let mut squares = sum;
            for column in &mut self.probabilities {
                let e = exp_below(simd, load::<S, V>(column, first), &largest);
                for v in 0..V {
                    sum[v] = simd.add_f64s(sum[v], e[v]);
                    squares[v] = simd.mul_add_f64s(e[v], e[v], squares[v]);
                }
                if wanted.probabilities {
                    S::as_mut_simd_f64s(column).0[first..first + V].copy_from_slice(&e);
                }
            }
            let own_exp = exp_below(simd, label, &largest);
            let other_exp = if wanted.probability_margin { exp_below(simd, other, &largest) } else { own_exp };
            for v in 0..V {
                let store = |lanes: &mut Lanes, value| S::as_mut_simd_f64s(lanes).0[first + v] = value;
                let scale = simd.div_f64s(simd.splat_f64s(1.0), simd.add_f64s(sum[v], own_exp[v]));
                let norm = simd.sqrt_f64s(simd.mul_add_f64s(sum[v], sum[v], squares[v]));
                store(&mut self.p_label, simd.mul_f64s(own_exp[v], scale));
                store(&mut self.residual, simd.mul_f64s(sum[v], scale));
                store(&mut self.error_norm, simd.mul_f64s(norm, scale));
                store(&mut self.margin, simd.sub_f64s(label[v], other[v]));
                store(own, own_exp[v]);
                store(rest, sum[v]);
                if wanted.probability_margin {
                    let margin = simd.sub_f64s(own_exp[v], other_exp[v]);
                    store(&mut self.probability_margin, simd.mul_f64s(margin, scale));
                }
            }
        }
    }

    #[inline(always)]
    fn fill_from_probabilities(&mut self) {
        (0..LANES).for_each(|l| self.probabilities[self.labels[l]][l] = self.label[l]);
        let mut squares: Lanes = [0.0; LANES];
        for (class, column) in self.probabilities.iter().enumerate() {
            for (l, squares) in squares.iter_mut().enumerate() {
                let other = if self.labels[l] == class { 1.0 - column[l] } else { column[l] };
                *squares += other * other;
            }
        }
        for (l, squares) in squares.iter().enumerate() {
            self.p_label[l] = self.label[l];
            self.residual[l] = 1.0 - self.label[l];
            self.error_norm[l] = squares.sqrt();
            self.loss[l] = 0.0 - self.label[l].ln();
            self.margin[l] = f64::NAN;
            self.probability_margin[l] = self.label[l] - self.other[l];
        }
    }
}

/// `V` vectors of the examples' numbers from vector `first` on.
#[inline(always)]
fn load<S: Simd, const V: usize>(lanes: &Lanes, first: usize) -> [S::f64s; V] {
    let mut loaded = [S::as_simd_f64s(lanes).0[first]; V];
    loaded.copy_from_slice(&S::as_simd_f64s(lanes).0[first..first + V]);
    loaded
}

/// e^(z - largest), with the factor of [`scaled_exp`].
#[inline(always)]
fn exp_below<S: Simd, const V: usize>(simd: S, z: [S::f64s; V], largest: &[S::f64s; V]) -> [S::f64s; V] {
    let mut x = z;
    for (x, &largest) in x.iter_mut().zip(largest) {
        *x = simd.sub_f64s(*x, largest);
    }
    scaled_exp(simd, x)
}
