use std::collections::BinaryHeap;

use cl_data::random::{permutation, stream};

use super::{
    costs::Costs,
    greedy::{Candidate, Greedy, Ties, check_elements, renew_until_fresh},
    objective::{Bound, Coreset, SubmodularObjective},
};
use crate::error::PruneError;

/// Cost-effective greedy: elements of different cost within a budget, by gain and by gain per cost, the better of the two.
///
/// ```text
/// maximise f(S)   where sum_{j in S} c_j <= B
/// run 1    S + argmax_e gain(e)         of those that still fit
/// run 2    S + argmax_e gain(e) / c_e   of those that still fit
/// ```
///
/// Never over the budget. Either run alone may be as bad as it likes; the better one reaches (1 - 1/e) / 2 of the best
/// value for monotone submodular f. Lazy, as [`Optimizer::Lazy`](super::Optimizer::Lazy), in twice its time. An element of
/// negative gain ends a run.
///
/// Source: Leskovec, Krause, Guestrin, Faloutsos, VanBriesen and Glance (2007), Cost-effective outbreak detection in
/// networks.
///
/// ```
/// use cl_prune::coreset::{CostEffective, Greedy, SparseFacilityLocation, SparseSimilarities};
///
/// // One example serves four by 1 for 4 tokens, two others serve two each by 0.9 for one token.
/// let indices = vec![0, 1, 0, 1, 0, 2, 0, 2];
/// let similarities = [1.0, 0.9].repeat(4);
/// let objective = SparseFacilityLocation::new(SparseSimilarities::of_lists(4, 2, indices, similarities)?);
/// let costs = [4.0, 1.0, 1.0, 1.0];
/// let coreset = CostEffective::new(Greedy::default(), &costs, 2.0)?.select(&objective, &[0, 1, 2, 3])?;
/// assert_eq!(coreset.order, [1, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostEffective<'a> {
    greedy: Greedy,
    costs: &'a [f64],
    budget: f64,
}

/// Gains per cost.
struct PerCost<'a, O: ?Sized> {
    objective: &'a mut O,
    costs: &'a [f64],
}

impl<'a> CostEffective<'a> {
    /// The cost of each element, and what they may cost together; ties as `greedy` has them.
    ///
    /// # Errors
    /// [`PruneError::InvalidValue`] where a cost is negative or not finite, [`PruneError::InvalidArgument`] where the budget
    /// is, or is below the cheapest.
    pub fn new(greedy: Greedy, costs: &'a [f64], budget: f64) -> Result<Self, PruneError> {
        Costs { costs, budget }.check()?;
        Ok(Self { greedy, costs, budget })
    }

    /// As many of `elements` as the budget allows. `objective` stays as it is.
    ///
    /// # Errors
    /// [`PruneError::LengthMismatch`] where there is not a cost for each element of the objective, and
    /// [`PruneError::InvalidArgument`] where one of `elements` is none, or occurs twice.
    pub fn select<O: SubmodularObjective + Clone>(
        &self,
        objective: &O,
        elements: &[usize],
    ) -> Result<Coreset, PruneError> {
        let n = objective.n_elements();
        if self.costs.len() != n {
            return Err(PruneError::LengthMismatch { what: "costs", found: self.costs.len(), expected: n });
        }
        check_elements(elements, n)?;
        let by_gain = self.run(&mut objective.clone(), elements, O::gain);
        let mut copy = objective.clone();
        let mut per_cost = PerCost { objective: &mut copy, costs: self.costs };
        let by_ratio = self.run(&mut per_cost, elements, |objective, element| objective.objective.gain(element));
        Ok(if by_ratio.value() > by_gain.value() { by_ratio } else { by_gain })
    }

    /// By the gains of `objective`; `gain_of` is what a pick adds.
    fn run<O: SubmodularObjective>(
        &self,
        objective: &mut O,
        elements: &[usize],
        gain_of: impl Fn(&mut O, usize) -> f64,
    ) -> Coreset {
        let ranks = match self.greedy.ties() {
            Ties::LowestIndex => None,
            Ties::Seeded => {
                Some(permutation(&mut stream(self.greedy.seed(), "greedy ties", 0), objective.n_elements()))
            }
        };
        let candidate = |element: usize, bound: Bound, renewed: usize| {
            let rank = ranks.as_ref().map_or(element, |ranks| ranks[element]);
            Candidate::new(element, bound, rank, renewed)
        };
        let (mut spent, mut coreset) = (0.0, Coreset::default());
        let fits: Vec<usize> =
            elements.iter().copied().filter(|&element| self.costs[element] <= self.budget).collect();
        let mut bounds = Vec::with_capacity(fits.len());
        objective.bounds(&fits, &mut bounds);
        let mut heap: BinaryHeap<Candidate> =
            fits.iter().zip(bounds).map(|(&element, bound)| candidate(element, bound, 0)).collect();
        let mut gains = Vec::new();
        loop {
            let pick = coreset.order.len();
            if !objective.is_submodular() {
                // No bound holds where gains may grow: those of all that still fit are computed.
                let fits = |element: &usize| spent + self.costs[*element] <= self.budget;
                let left: Vec<usize> = heap.drain().map(|known| known.element()).filter(fits).collect();
                gains.clear();
                objective.gains(&left, &mut gains);
                let found = left.iter().zip(&gains);
                heap.extend(
                    found.map(|(&element, &value)| candidate(element, Bound { value, is_gain: true }, pick)),
                );
            }
            let renew = |element, bound| candidate(element, bound, pick);
            let Some(best) = renew_until_fresh(objective, &mut heap, pick, &mut gains, renew) else { break };
            let (element, cost) = (best.element(), self.costs[best.element()]);
            if best.gain() < 0.0 {
                break;
            }
            // What does not fit now never will.
            if spent + cost > self.budget {
                continue;
            }
            spent += cost;
            coreset.push(element, gain_of(objective, element));
            objective.add(element);
        }
        coreset
    }
}

impl<O: SubmodularObjective + ?Sized> PerCost<'_, O> {
    /// What costs nothing comes first, if it is worth anything.
    fn per_cost(&self, element: usize, gain: f64) -> f64 {
        match self.costs[element] {
            0.0 if gain > 0.0 => f64::MAX,
            0.0 => gain,
            cost => gain / cost,
        }
    }
}

impl<O: SubmodularObjective + ?Sized> SubmodularObjective for PerCost<'_, O> {
    fn n_elements(&self) -> usize {
        self.objective.n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        let gain = self.objective.gain(element);
        self.per_cost(element, gain)
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        let first = gains.len();
        self.objective.gains(elements, gains);
        for (gain, &element) in gains[first..].iter_mut().zip(elements) {
            *gain = self.per_cost(element, *gain);
        }
    }

    fn bounds(&mut self, elements: &[usize], bounds: &mut Vec<Bound>) {
        let first = bounds.len();
        self.objective.bounds(elements, bounds);
        for (bound, &element) in bounds[first..].iter_mut().zip(elements) {
            bound.value = self.per_cost(element, bound.value);
        }
    }

    fn add(&mut self, element: usize) {
        self.objective.add(element);
    }

    fn is_submodular(&self) -> bool {
        self.objective.is_submodular()
    }
}
