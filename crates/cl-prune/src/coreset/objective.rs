use serde::{Deserialize, Serialize};

/// A set function with diminishing returns, growing by one element at a time.
///
/// ```text
/// gain(e) = f(S + e) - f(S),   never larger for a larger S
/// ```
///
/// The lazy optimisers rest on that: a gain that was computed for a smaller S bounds today's. The objectives here
/// keep it to the last bit (each sums the same terms in the same order, and no term grows), so that lazy and naive
/// greedy choose the same elements in the same order.
pub trait SubmodularObjective {
    /// The number of elements that there are to choose from: `0..n`.
    fn n_elements(&self) -> usize;

    /// What adding `element` to the set would add to the objective.
    fn gain(&mut self, element: usize) -> f64;

    /// The gains of several elements, appended to `gains`: in parallel where that pays.
    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        for &element in elements {
            gains.push(self.gain(element));
        }
    }

    /// Upper bounds of the gains of `elements`, appended to `bounds`, where these are had for less; else the gains.
    ///
    /// A bound is never below what [`gains`](Self::gains) would compute, to the bit: a lazy optimiser then chooses by
    /// bounds whom to look at, and by gains whom to take.
    fn bounds(&mut self, elements: &[usize], bounds: &mut Vec<Bound>) {
        let mut gains = Vec::with_capacity(elements.len());
        self.gains(elements, &mut gains);
        bounds.extend(gains.into_iter().map(|value| Bound { value, is_gain: true }));
    }

    /// Adds `element` to the set.
    fn add(&mut self, element: usize);

    /// Whether gains never grow. Where they may, no earlier gain bounds a later one: the lazy optimisers then compute all
    /// of them, as the others do, and no guarantee holds.
    fn is_submodular(&self) -> bool {
        true
    }
}

/// What the gain of an element is at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// At least the gain.
    pub value: f64,
    /// Whether it is the gain.
    pub is_gain: bool,
}

/// The examples chosen, in the order in which they were chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coreset {
    /// The examples, the first chosen first. Where the method is nested, every prefix is what a smaller count gives.
    pub order: Vec<usize>,
    /// What each added, as its method defines it.
    pub gains: Vec<f64>,
    /// How much each counts for; `None` where all count the same.
    pub weights: Option<Vec<f64>>,
}

impl Coreset {
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { order: Vec::with_capacity(count), gains: Vec::with_capacity(count), weights: None }
    }

    pub(super) fn push(&mut self, element: usize, gain: f64) {
        self.order.push(element);
        self.gains.push(gain);
    }

    /// The sum of all gains: for a submodular objective its value f(S).
    pub fn value(&self) -> f64 {
        self.gains.iter().sum()
    }
}

/// The value of a set: the gains of its elements, added up in this order.
pub(super) fn value_of<O: SubmodularObjective + Clone>(objective: &O, set: &[usize]) -> f64 {
    let mut objective = objective.clone();
    let mut value = 0.0;
    for &element in set {
        value += objective.gain(element);
        objective.add(element);
    }
    value
}
