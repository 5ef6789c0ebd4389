use std::sync::Arc;

use cl_data::{Scalar, catalogue::Parameter};
use rayon::prelude::*;

use super::{
    entry::{Entry, Method},
    features::Features,
    greedy::check_left,
    kernel::{Panels, ROWS, Visitor, products},
    objective::Coreset,
    request::{Request, Size},
};
use crate::error::PruneError;

/// Below this share of what it was, nothing is left of a number but rounding.
const NOTHING: f64 = 1e-12;

/// Panels that a thread takes at a time.
const PANELS: usize = 16;

/// GradMatch: few weighted gradients that sum to a target gradient, by orthogonal matching pursuit.
///
/// ```text
/// E(S, w) = || b - sum_{j in S} w_j g_j ||^2 + ridge || w ||^2
/// next    = argmax_j | g_j r |,  r = b - sum_{j in S} w_j g_j;   w = argmin E(S, w) after every pick
/// ```
///
/// With non-negative weights (the default, as weights of examples are) next = argmax_j g_j r and w = argmin_{w >= 0}: a pick
/// may end with weight 0. The target b is the sum of all gradients unless another is given, so that weights are counts of
/// examples. The normal equations' Cholesky factor grows by a row per pick: O(n k d + k^3) in all, against the O(k^4) of
/// solving anew each time. A gain is by how much the pick lowered E.
///
/// Fewer than `count` are chosen where no other gradient points towards what is missing, or, without a ridge, all others are
/// combinations of those chosen. Nested.
///
/// Source: Killamsetty et al. (2021), GRAD-MATCH: gradient matching based data subset selection for efficient deep model
/// training; Pati, Rezaiifar and Krishnaprasad (1993), Orthogonal matching pursuit; Lawson and Hanson (1974), Solving least
/// squares problems, chapter 23.
///
/// ```
/// use cl_prune::coreset::{Features, GradMatch};
///
/// let gradients = Features::new(&[1.0f32, 0.0, 1.0, 0.1, 0.0, 2.0], 2)?; // sum (2, 2.1)
/// let coreset = GradMatch::new(0.0, true)?.select(&gradients, 2)?;
/// assert_eq!(coreset.order, [2, 0]);
/// let weights = coreset.weights.expect("weights");
/// assert!((weights[0] - 1.05).abs() < 1e-7 && (weights[1] - 2.0).abs() < 1e-7);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradMatch {
    ridge: f64,
    nonnegative: bool,
}

impl Default for GradMatch {
    /// The published ridge of 0.5 and non-negative weights.
    fn default() -> Self {
        Self { ridge: 0.5, nonnegative: true }
    }
}

pub(super) static ENTRY: Entry = Entry::new(
    "grad-match",
    "gradients that sum to the sum of all, weighted, by orthogonal matching pursuit",
    "error removed",
    &[
        Parameter::with_default("ridge", "the penalty of the squared weights", "0.5"),
        Parameter::with_default("nonnegative", "weights of at least 0: true or false", "true"),
    ],
    |options| {
        let nonnegative = options.choice("nonnegative", &[("true", true), ("false", false)])?;
        Ok(Arc::new(GradMatch::new(options.number("ridge")?, nonnegative)?))
    },
);

impl Method for GradMatch {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        let n = features.n_examples() as f64;
        let target: Vec<f64> = features.mean().into_iter().map(|mean| mean * n).collect();
        self.extend(features, &target, request.before, request.count)
    }

    fn bytes(&self, size: &Size) -> f64 {
        size.panels() + 48.0 * size.n + 8.0 * size.k * (size.d + size.k)
    }
}

impl GradMatch {
    /// With this ridge, and weights that may be negative or not.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where the ridge is negative or not finite.
    pub fn new(ridge: f64, nonnegative: bool) -> Result<Self, PruneError> {
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(PruneError::argument("ridge", ridge, "a finite number of at least 0"));
        }
        Ok(Self { ridge, nonnegative })
    }

    /// Up to `count` gradients that match the sum of all.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer.
    pub fn select<T: Scalar>(&self, gradients: &Features<'_, T>, count: usize) -> Result<Coreset, PruneError> {
        let n = gradients.n_examples() as f64;
        let target: Vec<f64> = gradients.mean().into_iter().map(|mean| mean * n).collect();
        self.select_for(gradients, &target, count)
    }

    /// Up to `count` gradients that match `target`, the validation set's for instance.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer; [`PruneError::InvalidArgument`] where the target is of another length or not
    /// finite.
    pub fn select_for<T: Scalar>(
        &self,
        gradients: &Features<'_, T>,
        target: &[f64],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        self.extend(gradients, target, &[], count)
    }

    /// Up to `count` gradients that with those `chosen` before, which count once each, match `target`.
    ///
    /// # Errors
    /// As [`select_for`](Self::select_for); [`PruneError::InvalidArgument`] where one of those is no example or occurs
    /// twice.
    pub fn extend<T: Scalar>(
        &self,
        gradients: &Features<'_, T>,
        target: &[f64],
        chosen: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        let (n_examples, d) = (gradients.n_examples(), gradients.n_features());
        check_gradient("target", target, d)?;
        check_left(chosen, n_examples, count)?;
        let mut target = target.to_vec();
        for &example in chosen {
            target.iter_mut().zip(gradients.example(example)).for_each(|(left, own)| *left -= own.as_f64());
        }
        let target = target.as_slice();
        let panels = Panels::new(n_examples, d, |example, values| {
            values.iter_mut().zip(gradients.example(example)).for_each(|(value, own)| *value = own.as_f64());
        });
        let norms: Vec<f64> = panels.squared_norms().iter().map(|norm| norm.sqrt()).collect();
        let floor = NOTHING * dot(target, target).sqrt();
        let mut support = Support::new(target, self.ridge);
        let mut is_open = vec![true; n_examples];
        chosen.iter().for_each(|&example| is_open[example] = false);
        let mut coreset = Coreset::with_capacity(count);
        while coreset.order.len() < count {
            let correlations = correlations(&panels, &support.residual);
            let strength = |example: usize| {
                if self.nonnegative { correlations[example] } else { correlations[example].abs() }
            };
            let next = (0..n_examples)
                .filter(|&example| is_open[example] && strength(example) > floor * norms[example])
                .reduce(|best, example| if strength(example) > strength(best) { example } else { best });
            let Some(next) = next else { break };
            is_open[next] = false;
            let before = support.error();
            if !support.push(&panels.gather(&[next])) {
                // A combination of those chosen: it can add nothing.
                continue;
            }
            if self.nonnegative {
                support.fit_nonnegative(floor);
            } else {
                support.fit();
            }
            coreset.push(next, before - support.error());
        }
        coreset.weights = Some(support.weights);
        Ok(coreset)
    }
}

/// A gradient has a finite number per feature.
pub(super) fn check_gradient(argument: &'static str, gradient: &[f64], d: usize) -> Result<(), PruneError> {
    if gradient.len() != d {
        let expected = format!("{d}, one per feature");
        return Err(PruneError::argument(argument, format!("{} numbers", gradient.len()), expected));
    }
    match gradient.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(PruneError::argument(argument, value, "finite numbers")),
        None => Ok(()),
    }
}

/// The product of every example with `vector`.
pub(super) fn correlations(panels: &Panels, vector: &[f64]) -> Vec<f64> {
    struct Column<'a>(&'a mut [[f64; ROWS]], usize);
    impl Visitor for Column<'_> {
        #[inline(always)]
        fn visit(&mut self, panel: usize, _: usize, products: &[f64; ROWS]) {
            self.0[panel - self.1] = *products;
        }
    }
    let mut correlations = vec![[0.0; ROWS]; panels.n_panels()];
    correlations.par_chunks_mut(PANELS).enumerate().for_each(|(chunk, column)| {
        let first = chunk * PANELS;
        products(panels, first..first + column.len(), vector, 1, &mut Column(column, first));
    });
    correlations.into_flattened()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a * b);
    }
    lanes.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// What was picked, and the best weights for it.
struct Support<'a> {
    target: &'a [f64],
    ridge: f64,
    atoms: Vec<Vec<f64>>,
    /// Row a: the products of atom a with those before it and itself, the ridge added to the last.
    gram: Vec<Vec<f64>>,
    /// The products of the atoms with the target.
    moments: Vec<f64>,
    /// One per atom; 0 for those that are not free.
    weights: Vec<f64>,
    /// The atoms that weights are solved for, in the order of the factor's rows.
    free: Vec<usize>,
    /// The Cholesky factor of the free atoms' Gram matrix, by rows of its lower triangle.
    factor: Vec<Vec<f64>>,
    residual: Vec<f64>,
}

impl<'a> Support<'a> {
    fn new(target: &'a [f64], ridge: f64) -> Self {
        let (weights, residual) = (Vec::new(), target.to_vec());
        let (atoms, gram, moments) = (Vec::new(), Vec::new(), Vec::new());
        Self { target, ridge, atoms, gram, moments, weights, free: Vec::new(), factor: Vec::new(), residual }
    }

    fn gram(&self, a: usize, b: usize) -> f64 {
        self.gram[a.max(b)][a.min(b)]
    }

    /// Adds an atom of weight 0; false where it is a combination of the free ones.
    fn push(&mut self, atom: &[f64]) -> bool {
        let mut row: Vec<f64> = self.atoms.iter().map(|other| dot(other, atom)).collect();
        row.push(dot(atom, atom) + self.ridge);
        self.gram.push(row);
        if !self.set_free(self.atoms.len()) {
            self.gram.pop();
            return false;
        }
        self.atoms.push(atom.to_vec());
        self.moments.push(dot(atom, self.target));
        self.weights.push(0.0);
        true
    }

    /// The factor's next row, for this atom. O(k^2).
    fn set_free(&mut self, atom: usize) -> bool {
        let mut row: Vec<f64> = Vec::with_capacity(self.free.len() + 1);
        for (&other, earlier) in self.free.iter().zip(&self.factor) {
            let at = row.len();
            row.push((self.gram(atom, other) - dot(&earlier[..at], &row)) / earlier[at]);
        }
        let own = self.gram(atom, atom);
        let left = own - dot(&row, &row);
        if left <= NOTHING * own {
            return false;
        }
        row.push(left.sqrt());
        self.factor.push(row);
        self.free.push(atom);
        true
    }

    /// Takes an atom out; the rows after its own are computed anew.
    fn fix_at_zero(&mut self, atom: usize) {
        self.weights[atom] = 0.0;
        let Some(at) = self.free.iter().position(|&free| free == atom) else { return };
        let later = self.free.split_off(at);
        self.factor.truncate(at);
        for atom in later.into_iter().skip(1) {
            if !self.set_free(atom) {
                self.weights[atom] = 0.0;
            }
        }
    }

    /// The free weights that minimise E, by forward and backward substitution. O(k^2).
    fn solve(&self) -> Vec<f64> {
        let k = self.free.len();
        let mut solution: Vec<f64> = Vec::with_capacity(k);
        for (at, (&atom, row)) in self.free.iter().zip(&self.factor).enumerate() {
            solution.push((self.moments[atom] - dot(&row[..at], &solution)) / row[at]);
        }
        for at in (0..k).rev() {
            let row = &self.factor[at];
            let value = solution[at] / row[at];
            solution[at] = value;
            solution[..at].iter_mut().zip(row).for_each(|(entry, factor)| *entry -= factor * value);
        }
        solution
    }

    fn fit(&mut self) {
        let solution = self.solve();
        self.free.iter().zip(solution).for_each(|(&atom, weight)| self.weights[atom] = weight);
        self.renew_residual();
    }

    /// Lawson and Hanson's active set method from the weights that there are.
    fn fit_nonnegative(&mut self, floor: f64) {
        // Every round lowers E; the bound is against rounding alone.
        for _ in 0..3 * self.atoms.len() + 10 {
            while !self.free.is_empty() {
                let solution = self.solve();
                let free = self.free.clone();
                let blocking = free.iter().zip(&solution).filter(|(_, wanted)| **wanted <= 0.0);
                let step = blocking
                    .map(|(&atom, wanted)| {
                        let weight = self.weights[atom];
                        // Where both are 0 there is no way to go.
                        if weight > *wanted { weight / (weight - wanted) } else { 0.0 }
                    })
                    .reduce(f64::min);
                let Some(step) = step else {
                    free.iter().zip(solution).for_each(|(&atom, weight)| self.weights[atom] = weight);
                    break;
                };
                let mut at_zero = Vec::new();
                for (&atom, wanted) in free.iter().zip(solution) {
                    let weight = self.weights[atom];
                    self.weights[atom] = weight + step * (wanted - weight);
                    let is_blocking = wanted <= 0.0 && (weight <= wanted || weight / (weight - wanted) <= step);
                    if is_blocking || self.weights[atom] < 0.0 {
                        at_zero.push(atom);
                    }
                }
                at_zero.into_iter().for_each(|atom| self.fix_at_zero(atom));
            }
            self.renew_residual();
            // Whether a weight of 0 should rise.
            let fixed = (0..self.atoms.len()).filter(|atom| !self.free.contains(atom));
            let slope = |atom: usize| dot(&self.atoms[atom], &self.residual);
            let rising = fixed
                .map(|atom| (slope(atom), atom))
                .filter(|&(slope, atom)| slope > floor * self.gram(atom, atom).sqrt())
                .max_by(|a, b| a.0.total_cmp(&b.0));
            match rising {
                Some((_, atom)) if self.set_free(atom) => {}
                _ => return,
            }
        }
    }

    fn renew_residual(&mut self) {
        self.residual.copy_from_slice(self.target);
        for (atom, &weight) in self.atoms.iter().zip(&self.weights) {
            if weight != 0.0 {
                self.residual.iter_mut().zip(atom).for_each(|(residual, value)| *residual -= weight * value);
            }
        }
    }

    /// E.
    fn error(&self) -> f64 {
        dot(&self.residual, &self.residual) + self.ridge * dot(&self.weights, &self.weights)
    }
}
