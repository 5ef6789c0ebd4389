//! Examples that are chosen together or not at all.

use std::collections::HashMap;

use super::objective::{Bound, Coreset, SubmodularObjective};

/// An objective whose elements are groups of another's.
///
/// ```text
/// gain(G) = f(S + G) - f(S) <= sum_{j in G} gain(j)
/// ```
///
/// The sum bounds it, so that a lazy optimiser adds a group to a copy only where it could be the best.
#[derive(Clone)]
pub(super) struct Grouped<O> {
    objective: O,
    members: Vec<Vec<usize>>,
}

/// What rounding may make of a sum.
const ROUNDING: f64 = 1e-9;

impl<O: SubmodularObjective + Clone> Grouped<O> {
    /// The groups of these elements, in the order of their first members: `group_of` names one for each element there is.
    pub(super) fn new(objective: O, elements: &[usize], group_of: &[usize]) -> Self {
        let mut places: HashMap<usize, usize> = HashMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        for &element in elements {
            let place = *places.entry(group_of[element]).or_insert(members.len());
            if place == members.len() {
                members.push(Vec::new());
            }
            members[place].push(element);
        }
        Self { objective, members }
    }

    pub(super) fn members(&self) -> &[Vec<usize>] {
        &self.members
    }

    /// The members of these groups, with what each added.
    pub(super) fn expand(mut self, groups: &[usize]) -> Coreset {
        let mut coreset = Coreset::default();
        for &element in groups.iter().flat_map(|&group| &self.members[group]) {
            coreset.push(element, self.objective.gain(element));
            self.objective.add(element);
        }
        coreset
    }
}

impl<O: SubmodularObjective + Clone> SubmodularObjective for Grouped<O> {
    fn n_elements(&self) -> usize {
        self.members.len()
    }

    fn gain(&mut self, group: usize) -> f64 {
        if let &[element] = self.members[group].as_slice() {
            return self.objective.gain(element);
        }
        let (mut objective, mut gain) = (self.objective.clone(), 0.0);
        for &element in &self.members[group] {
            gain += objective.gain(element);
            objective.add(element);
        }
        gain
    }

    fn bounds(&mut self, groups: &[usize], bounds: &mut Vec<Bound>) {
        let elements: Vec<usize> = groups.iter().flat_map(|&group| self.members[group].iter().copied()).collect();
        let mut gains = Vec::with_capacity(elements.len());
        self.objective.gains(&elements, &mut gains);
        let mut gains = gains.into_iter();
        for &group in groups {
            let n = self.members[group].len();
            let (sum, size) =
                gains.by_ref().take(n).fold((0.0, 0.0), |(sum, size), gain| (sum + gain, size + gain.abs()));
            bounds.push(Bound { value: if n == 1 { sum } else { sum + ROUNDING * size }, is_gain: n == 1 });
        }
    }

    fn add(&mut self, group: usize) {
        self.members[group].iter().for_each(|&element| self.objective.add(element));
    }

    fn is_submodular(&self) -> bool {
        self.objective.is_submodular()
    }
}
