use cl_data::{Scalar, memory, random};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::error::ModelError;
use crate::gemm::{Left, Packing, Right, gemm};
use crate::initialization::Initialization;
use crate::model::{Examples, Mode, Model, add_dense_gradient_squares};
use crate::sums;

/// A multilayer perceptron: dense layers with an activation between them and none after the last.
///
/// ```text
/// a_0 = x;   z_l = W_l a_(l-1) + b_l;   a_l = f(z_l) for l < L;   outputs = z_L
/// ```
///
/// Any depth and width. Parameters are layer by layer W_l (outputs x inputs, column by column), then b_l. With
/// dropout p, in training each hidden unit is zeroed with probability p and the others are scaled by 1 / (1 - p)
/// (inverted dropout), so that evaluation needs no scaling. O(parameters) per example.
///
/// ```
/// use cl_model::{Activation, Initialization, Mlp, Model};
///
/// let mlp = Mlp::<f32>::new(&[64, 32, 10], Activation::Relu, Initialization::He, 7)?;
/// assert_eq!(mlp.parameters().len(), 64 * 32 + 32 + 32 * 10 + 10);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Parts<T>")]
pub struct Mlp<T: Scalar> {
    widths: Vec<usize>,
    activation: Activation,
    dropout: f64,
    seed: u64,
    parameters: Vec<T>,
}

impl<T: Scalar> Mlp<T> {
    /// A perceptron with these widths, from the number of features to the number of outputs; weights are drawn
    /// from the stream of `seed`, biases start at zero.
    ///
    /// # Errors
    /// Unless there are at least two widths, none of them zero.
    pub fn new(
        widths: &[usize],
        activation: Activation,
        initialization: Initialization,
        seed: u64,
    ) -> Result<Self, ModelError> {
        check_widths(widths)?;
        let mut parameters = Vec::new();
        for (layer, pair) in widths.windows(2).enumerate() {
            let (n_inputs, n_outputs) = (pair[0], pair[1]);
            let mut rng = random::stream(seed, "initialization", layer as u64);
            let std = initialization.std(n_inputs, n_outputs);
            parameters.extend((0..n_inputs * n_outputs).map(|_| {
                let z: f64 = StandardNormal.sample(&mut rng);
                T::of_f64(z * std)
            }));
            parameters.extend(std::iter::repeat_n(T::zero(), n_outputs));
        }
        Ok(Self { widths: widths.to_vec(), activation, dropout: 0.0, seed, parameters })
    }

    /// The same with dropout of hidden units.
    ///
    /// # Errors
    /// Where the probability is outside [0, 1).
    pub fn with_dropout(self, probability: f64) -> Result<Self, ModelError> {
        if !(0.0..1.0).contains(&probability) {
            return Err(ModelError::argument("dropout", probability, "a probability in [0, 1)"));
        }
        Ok(Self { dropout: probability, ..self })
    }

    /// The widths, from the number of features to that of outputs.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    fn n_layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// Where the parameters of each layer begin.
    fn offset(&self, layer: usize) -> usize {
        self.widths.windows(2).take(layer).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }

    /// W and b of a layer.
    fn layer<'a>(&self, parameters: &'a [T], layer: usize) -> (&'a [T], &'a [T]) {
        let (n_inputs, n_outputs) = (self.widths[layer], self.widths[layer + 1]);
        let of_layer = &parameters[self.offset(layer)..][..(n_inputs + 1) * n_outputs];
        of_layer.split_at(n_inputs * n_outputs)
    }

    /// Which hidden units stay, scaled, at `step`: a stream per step and layer, so that nothing is remembered.
    fn draw_mask(&self, step: u64, first: usize, layer: usize, mask: &mut [T]) {
        let index = step.wrapping_mul(self.n_layers() as u64).wrapping_add(layer as u64);
        let mut rng = random::stream(self.seed, "dropout", index);
        // Two words a unit: a part of a batch drops what the whole batch would.
        rng.set_word_pos(2 * (first * self.widths[layer + 1]) as u128);
        let kept = T::of_f64(1.0 / (1.0 - self.dropout));
        for unit in mask {
            *unit = if random::uniform(&mut rng) < self.dropout { T::zero() } else { kept };
        }
    }
}

fn check_widths(widths: &[usize]) -> Result<(), ModelError> {
    if widths.len() < 2 || widths.contains(&0) {
        let expected = "at least two widths above 0, from the number of features to that of outputs";
        return Err(ModelError::argument("widths", format!("{widths:?}"), expected));
    }
    let of_layer = |pair: &[usize]| pair[0].saturating_add(1).saturating_mul(pair[1]);
    let n_parameters = widths.windows(2).fold(0usize, |sum, pair| sum.saturating_add(of_layer(pair)));
    memory::check::<f64>(n_parameters).map_err(|needed| {
        let value = format!("{widths:?}, of {needed} parameters");
        ModelError::argument("widths", value, memory::EXPECTED)
    })
}

/// Scratch memory of an [`Mlp`].
#[derive(Debug, Clone)]
pub struct MlpWorkspace<T> {
    /// Of each hidden layer: inputs of the activation, its outputs (after dropout), gradients and masks.
    hidden: Vec<HiddenLayer<T>>,
    packing: Packing<T>,
    /// Whether the last forward pass dropped units.
    dropped: bool,
}

#[derive(Debug, Clone)]
struct HiddenLayer<T> {
    before: Vec<T>,
    after: Vec<T>,
    deltas: Vec<T>,
    mask: Vec<T>,
}

impl<T: Scalar> Model<T> for Mlp<T> {
    type Workspace = MlpWorkspace<T>;

    fn n_features(&self) -> usize {
        self.widths[0]
    }

    fn n_outputs(&self) -> usize {
        self.widths[self.n_layers()]
    }

    fn parameters(&self) -> &[T] {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    fn workspace(&self, batch_size: usize) -> Self::Workspace {
        let hidden = self.widths[1..self.n_layers()].iter().map(|width| {
            let zeros = || vec![T::zero(); width * batch_size];
            let mask = if self.dropout > 0.0 { zeros() } else { Vec::new() };
            HiddenLayer { before: zeros(), after: zeros(), deltas: zeros(), mask }
        });
        MlpWorkspace { hidden: hidden.collect(), packing: Packing::default(), dropped: false }
    }

    fn forward(&self, examples: Examples<'_, T>, mode: Mode, workspace: &mut Self::Workspace, outputs: &mut [T]) {
        let b = examples.len();
        workspace.dropped = self.dropout > 0.0 && mode != Mode::Evaluation;
        for l in 0..self.n_layers() {
            let (n_inputs, n_outputs) = (self.widths[l], self.widths[l + 1]);
            let (lower, upper) = workspace.hidden.split_at_mut(l);
            let inputs = lower.last().map_or(examples.as_slice(), |layer| &layer.after[..n_inputs * b]);
            let z = match upper.first_mut() {
                Some(layer) => &mut layer.before[..n_outputs * b],
                None => &mut outputs[..n_outputs * b],
            };
            let (weights, biases) = self.layer(&self.parameters, l);
            gemm(
                Left::Plain(weights),
                Right::Plain(inputs),
                biases,
                z,
                (n_outputs, n_inputs, b),
                &mut workspace.packing,
            );
            if let Some(HiddenLayer { before, after, mask, .. }) = upper.first_mut() {
                let after = &mut after[..n_outputs * b];
                self.activation.apply(&mut before[..n_outputs * b], after);
                if let (true, Mode::Training { step, first }) = (workspace.dropped, mode) {
                    self.draw_mask(step, first, l, &mut mask[..n_outputs * b]);
                    after.iter_mut().zip(&*mask).for_each(|(after, &kept)| *after *= kept);
                }
            }
        }
    }

    fn backward(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        gradient: &mut [T],
    ) {
        let b = examples.len();
        self.propagate(deltas, b, workspace);
        for l in 0..self.n_layers() {
            let (n_inputs, n_outputs) = (self.widths[l], self.widths[l + 1]);
            let inputs = match l {
                0 => examples.as_slice(),
                _ => &workspace.hidden[l - 1].after[..n_inputs * b],
            };
            let deltas = workspace.hidden.get(l).map_or(deltas, |layer| &layer.deltas[..n_outputs * b]);
            let of_layer = &mut gradient[self.offset(l)..][..(n_inputs + 1) * n_outputs];
            let (weights, biases) = of_layer.split_at_mut(n_inputs * n_outputs);
            let shape = (n_outputs, b, n_inputs);
            gemm(Left::Plain(deltas), Right::Transposed(inputs), &[], weights, shape, &mut workspace.packing);
            sums::sum_columns(deltas, biases);
        }
    }

    fn gradient_norms(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        norms: &mut [f64],
    ) {
        let b = examples.len();
        self.propagate(deltas, b, workspace);
        norms.fill(0.0);
        for l in 0..self.n_layers() {
            let inputs = match l {
                0 => examples.as_slice(),
                _ => &workspace.hidden[l - 1].after[..self.widths[l] * b],
            };
            let deltas = workspace.hidden.get(l).map_or(deltas, |layer| &layer.deltas[..self.widths[l + 1] * b]);
            add_dense_gradient_squares(inputs, deltas, norms);
        }
        norms.iter_mut().for_each(|norm| *norm = norm.sqrt());
    }

    fn n_last_features(&self) -> usize {
        self.widths[self.n_layers() - 1]
    }

    fn last_features<'a>(&self, examples: Examples<'a, T>, workspace: &'a Self::Workspace) -> &'a [T] {
        match workspace.hidden.last() {
            Some(layer) => &layer.after[..self.n_last_features() * examples.len()],
            None => examples.as_slice(),
        }
    }
}

impl<T: Scalar> Mlp<T> {
    /// Takes the gradient with respect to the outputs down to every hidden layer.
    fn propagate(&self, deltas: &[T], b: usize, workspace: &mut MlpWorkspace<T>) {
        for l in (1..self.n_layers()).rev() {
            let (n_inputs, n_outputs) = (self.widths[l], self.widths[l + 1]);
            let (lower, upper) = workspace.hidden.split_at_mut(l);
            let above = upper.first().map_or(deltas, |layer| &layer.deltas[..n_outputs * b]);
            let HiddenLayer { before, deltas, mask, .. } = &mut lower[l - 1];
            let (weights, _) = self.layer(&self.parameters, l);
            let below = &mut deltas[..n_inputs * b];
            let shape = (n_inputs, n_outputs, b);
            gemm(Left::Transposed(weights), Right::Plain(above), &[], below, shape, &mut workspace.packing);
            if workspace.dropped {
                below.iter_mut().zip(&*mask).for_each(|(delta, &kept)| *delta *= kept);
            }
            self.activation.multiply_by_derivative(&before[..n_inputs * b], below);
        }
    }
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
#[serde(bound = "")]
struct Parts<T: Scalar> {
    widths: Vec<usize>,
    activation: Activation,
    dropout: f64,
    seed: u64,
    parameters: Vec<T>,
}

impl<T: Scalar> TryFrom<Parts<T>> for Mlp<T> {
    type Error = ModelError;

    fn try_from(Parts { widths, activation, dropout, seed, parameters }: Parts<T>) -> Result<Self, ModelError> {
        check_widths(&widths)?;
        let layer = |pair: &[usize]| pair[0].checked_add(1)?.checked_mul(pair[1]);
        let expected = widths.windows(2).try_fold(0usize, |sum, pair| sum.checked_add(layer(pair)?));
        if expected != Some(parameters.len()) {
            let expected = "(inputs + 1) times outputs, summed over the layers";
            return Err(ModelError::argument("number of parameters", parameters.len(), expected));
        }
        Self { widths, activation, dropout: 0.0, seed, parameters }.with_dropout(dropout)
    }
}
