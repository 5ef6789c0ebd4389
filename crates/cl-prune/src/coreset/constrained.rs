//! Greedy choices as people have to make them: beside what is chosen already, within a budget of costs, groups whole.

use super::{
    cost_effective::CostEffective,
    costs::Costs,
    greedy::{Greedy, Optimizer, check_elements},
    grouped::Grouped,
    objective::{Coreset, SubmodularObjective},
    request::Request,
};
use crate::error::PruneError;

/// Adds what was chosen before to the objective, and says what is left to choose from.
pub(super) fn start<O: SubmodularObjective>(
    objective: &mut O,
    before: &[usize],
) -> Result<Vec<usize>, PruneError> {
    let n = objective.n_elements();
    check_elements(before, n)?;
    let mut is_open = vec![true; n];
    for &element in before {
        objective.add(element);
        is_open[element] = false;
    }
    Ok((0..n).filter(|&element| is_open[element]).collect())
}

/// By a greedy algorithm what the request asks for of `elements`; `objective` holds what was chosen before, and in the end
/// what is chosen, too.
pub(super) fn select<O: SubmodularObjective + Clone>(
    greedy: Greedy,
    objective: &mut O,
    elements: &[usize],
    request: &Request<'_>,
) -> Result<Coreset, PruneError> {
    let &Request { count, costs, groups, .. } = request;
    if costs.is_none() && groups.is_none() {
        return greedy.select_among(objective, elements, count);
    }
    if !matches!(greedy.optimizer(), Optimizer::Naive | Optimizer::Lazy) {
        let expected = "naive or lazy, with costs or groups";
        return Err(PruneError::argument("optimizer", greedy.optimizer(), expected));
    }
    let n = objective.n_elements();
    // A count is a budget in which each costs one.
    let ones = vec![1.0; n];
    let Costs { costs, budget } = costs.unwrap_or(Costs { costs: &ones, budget: count as f64 });
    for (what, found) in [("costs", costs.len()), ("groups", groups.map_or(n, <[usize]>::len))] {
        if found != n {
            return Err(PruneError::LengthMismatch { what, found, expected: n });
        }
    }
    let coreset = match groups {
        None => {
            let own: Vec<f64> = elements.iter().map(|&element| costs[element]).collect();
            Costs { costs: &own, budget }.check()?;
            // Those chosen before are paid for, and are not chosen again.
            let mut paid = costs.to_vec();
            let mut is_open = vec![false; n];
            elements.iter().for_each(|&element| is_open[element] = true);
            paid.iter_mut().zip(is_open).filter(|(_, is_open)| !is_open).for_each(|(cost, _)| *cost = budget);
            CostEffective::new(greedy, &paid, budget)?.select(objective, elements)?
        }
        Some(group_of) => {
            let grouped = Grouped::new(objective.clone(), elements, group_of);
            let sums: Vec<f64> = grouped
                .members()
                .iter()
                .map(|members| members.iter().map(|&member| costs[member]).sum())
                .collect();
            // A negative cost is the example's, not the group's.
            Costs { costs, budget: f64::MAX }.check()?;
            if let Some(group) = sums.iter().position(|&sum| sum > budget) {
                let (first, size) = (grouped.members()[group][0], grouped.members()[group].len());
                let value = format!("{}, of {size} examples that cost {}", group_of[first], sums[group]);
                return Err(PruneError::argument("group", value, format!("groups within the budget, {budget}")));
            }
            let all: Vec<usize> = (0..sums.len()).collect();
            let chosen = CostEffective::new(greedy, &sums, budget)?.select(&grouped, &all)?;
            grouped.expand(&chosen.order)
        }
    };
    coreset.order.iter().for_each(|&element| objective.add(element));
    Ok(coreset)
}
