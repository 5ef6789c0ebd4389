use super::selection_rule::{SelectionRule, check_length};
use crate::{budget::Budget, coreset::Costs, error::PruneError, selection::Selection};

/// What a rule keeps where examples cost something, and a budget limits their costs and not their number.
///
/// ```text
/// nested       in the rule's order, each example that still fits
/// not nested   the largest number of examples whose costs are within the budget
/// ```
///
/// Never over the budget. O(n log n) of what the rule takes.
///
/// ```
/// use cl_prune::{KeepHardest, coreset::Costs, within_costs};
///
/// let costs = Costs { costs: &[500.0, 900.0, 300.0, 100.0], budget: 1000.0 };
/// let selection = within_costs(&KeepHardest, &[0.9, 0.8, 0.7, 0.1], costs, 0)?;
/// assert_eq!(selection.kept, [0, 2, 3]); // the second does not fit beside the first
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
///
/// # Errors
/// [`PruneError::InvalidValue`] where a cost is negative or not finite, [`PruneError::InvalidArgument`] where the budget is,
/// or is below the cheapest, and what the rule finds.
pub fn within_costs(
    rule: &dyn SelectionRule,
    scores: &[f64],
    costs: Costs<'_>,
    seed: u64,
) -> Result<Selection, PruneError> {
    check_length("costs", costs.costs.len(), scores.len())?;
    costs.check()?;
    let Costs { costs, budget } = costs;
    let select = |count: usize| rule.select(scores, Budget::Count(count), seed);
    let cost = |selection: &Selection| selection.kept.iter().map(|&example| costs[example]).sum::<f64>();
    // A rule may have fewer to choose from than there are.
    let most = largest(scores.len(), |count| select(count).is_ok());
    if rule.is_nested() {
        let whole = select(most)?;
        let (mut spent, mut kept, mut dropped) = (0.0, Vec::new(), Vec::new());
        for &example in &whole.kept {
            if spent + costs[example] <= budget {
                spent += costs[example];
                kept.push(example);
            } else {
                dropped.push(example);
            }
        }
        let n_kept = kept.len();
        let ranking = kept.into_iter().chain(dropped).chain(whole.dropped).collect();
        let selection = Selection::with_ties(&whole.rule, ranking, n_kept, |_| false)?;
        let names: Vec<String> = whole.groups.into_iter().map(|group| group.name).collect();
        return Ok(if names.is_empty() { selection } else { selection.grouped(names, whole.group_of) });
    }
    let count = largest(most, |count| select(count).is_ok_and(|selection| cost(&selection) <= budget));
    select(count)
}

/// The largest number up to `most` for which it holds, where it holds for all below one that it holds for; at least 0.
fn largest(most: usize, holds: impl Fn(usize) -> bool) -> usize {
    if holds(most) {
        return most;
    }
    let (mut low, mut high) = (0, most);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::super::{catalogue::RuleSettings, entry::RuleInputs};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Never above the budget, and of a nested rule nothing is left that would fit.
        #[test]
        fn budgets_are_kept(n in 1usize..60, seed: u64, budget in 1.0..200.0f64) {
            let rng = &mut cl_data::random::stream(seed, "test", 0);
            let scores: Vec<f64> = (0..n).map(|_| cl_data::random::uniform(rng)).collect();
            let costs: Vec<f64> = (0..n).map(|_| 1.0 + cl_data::random::below(rng, 40) as f64).collect();
            let own = Costs { costs: &costs, budget };
            for name in ["hardest", "easiest", "random", "middle", "ccs", "dual"] {
                let settings = RuleSettings::parse(name, &[]).unwrap();
                let inputs = RuleInputs { confidence: Some(&scores), ..RuleInputs::default() };
                let rule = settings.rule(&inputs).unwrap();
                match within_costs(&rule, &scores, own, seed) {
                    Ok(selection) => {
                        let spent: f64 = selection.kept.iter().map(|&example| costs[example]).sum();
                        prop_assert!(spent <= budget, "{name}");
                        prop_assert_eq!(selection.decisions.len(), n);
                        if ["hardest", "easiest", "random", "middle"].contains(&name) {
                            prop_assert!(selection.dropped.iter().all(|&example| spent + costs[example] > budget));
                        }
                    }
                    Err(error) => prop_assert!(costs.iter().all(|&cost| cost > budget), "{name} {error}"),
                }
            }
        }
    }
}
