//! Coresets as people have to choose them: within a budget, beside what is chosen already, groups whole, classes alike.

use cl_data::random::{below, stream, uniform};
use cl_prune::coreset::{
    Balance, ClassShares, CoresetInputs, CoresetSettings, Costs, FeatureDomain, Features, GreeDi, Greedy,
    NeighborSearch, Neighbors, SparseFacilityLocation, SparseSimilarities, ValidationTaylor, coresets,
};
use cl_prune::coreset::{CostEffective, SubmodularObjective};
use proptest::prelude::*;

use crate::domains::in_domain;

fn values(n: usize, d: usize, seed: u64, grid: u64) -> Vec<f64> {
    let rng = &mut stream(seed, "test", 0);
    (0..n * d)
        .map(|_| if grid > 0 { below(rng, grid as usize) as f64 + 0.5 } else { 4.0 * uniform(rng) + 0.1 })
        .collect()
}

fn settings() -> Vec<CoresetSettings> {
    coresets().map(|known| CoresetSettings::parse(known.method.name, &[]).unwrap()).collect()
}

fn matrix_of(n: usize, seed: u64) -> (Vec<f32>, SparseSimilarities) {
    let rng = &mut stream(seed, "matrix", 0);
    let matrix: Vec<f32> =
        (0..n * n).map(|_| if below(rng, 3) == 0 { uniform(rng) as f32 } else { 0.0 }).collect();
    let starts: Vec<usize> = (0..=n).map(|row| row * n).collect();
    let columns: Vec<u32> = (0..n * n).map(|at| (at % n) as u32).collect();
    let sparse = SparseSimilarities::of_rows(n, &starts, &columns, &matrix).unwrap();
    (matrix, sparse)
}

fn served(matrix: &[f32], n: usize, set: &[usize]) -> f64 {
    (0..n).map(|i| set.iter().map(|&j| f64::from(matrix[i * n + j])).fold(0.0, f64::max)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What is chosen already is not chosen again, whatever the method, and the count is met beside it; points that are
    /// all equal or few different ones are no exception.
    #[test]
    fn what_is_chosen_already_is_not_chosen_again(
        n in 4usize..25, d in 1usize..4, seed: u64, grid in prop_oneof![Just(0u64), Just(1), Just(3)], share in 0.0..1.0,
    ) {
        let values = values(n, d, seed, grid);
        let validation = ValidationTaylor::new(&Features::new(&values, d).unwrap()).unwrap();
        let rng = &mut stream(seed, "before", 0);
        let mut before: Vec<usize> = (0..n).filter(|_| below(rng, 3) == 0).collect();
        if before.is_empty() {
            before.push(n - 1);
        }
        let count = (share * (n - before.len() + 1) as f64) as usize;
        for settings in settings() {
            let name = settings.description().method.name;
            let values = in_domain(settings.description().domain, &values, d);
            let features = Features::new(&values, d).unwrap();
            let validation = Some(&validation);
            let target = Features::new(&values[..d], d).unwrap();
            let query = settings.needs_query().then(|| target.into());
            let private = settings.needs_private().then(|| target.into());
            let rows = in_domain(FeatureDomain::Distribution, &values, d);
            let rows = Features::new(&rows, d).unwrap();
            let probabilities = settings.description().needs_probabilities.then(|| rows.into());
            let given = CoresetInputs { query, private, probabilities, ..CoresetInputs::default() };
            let inputs = CoresetInputs { before: &before, validation, ..given };
            let chosen = settings.select(features, count, seed, &inputs).unwrap().order;
            prop_assert!(chosen.len() == count || name == "grad-match", "{name} {chosen:?}");
            prop_assert!(chosen.iter().all(|example| !before.contains(example)), "{name} {chosen:?} {before:?}");
            prop_assert!((0..chosen.len()).all(|at| !chosen[..at].contains(&chosen[at])), "{name} {chosen:?}");
            let more = settings.select(features, n - before.len() + 1, seed, &inputs);
            prop_assert!(more.is_err(), "{name}");
            // Within classes, too.
            let labels: Vec<usize> = (0..n).map(|example| example % 2).collect();
            let inputs = CoresetInputs { labels: Some(&labels), ..inputs };
            let chosen = settings.select(features, count, seed, &inputs).unwrap().order;
            prop_assert!(chosen.len() == count || name == "grad-match", "{name} {chosen:?}");
            prop_assert!(chosen.iter().all(|example| !before.contains(example)), "{name} {chosen:?} {before:?}");
        }
        let by_neighbors = CoresetSettings::parse("craig", &[]).unwrap();
        let features = Features::new(&values, d).unwrap();
        let neighbors = Neighbors::Search(NeighborSearch::new(3).unwrap());
        let inputs = CoresetInputs { before: &before, ..CoresetInputs::default() };
        let (coreset, _) = by_neighbors.select_by_neighbors(features, neighbors, count, seed, &inputs).unwrap();
        prop_assert!(coreset.order.len() == count && coreset.order.iter().all(|example| !before.contains(example)));
    }

    /// Never over the budget, nothing left that would fit and add, and at least (1 - 1/e) / 2 of the best by brute force.
    #[test]
    fn budgets_are_kept(seed: u64, budget in 1u32..30, zero: bool) {
        let n = 12;
        let (matrix, sparse) = matrix_of(n, seed);
        let rng = &mut stream(seed, "costs", 0);
        let costs: Vec<f64> = (0..n).map(|_| (below(rng, 9) + usize::from(!zero)) as f64).collect();
        let budget = f64::from(budget);
        let objective = SparseFacilityLocation::new(sparse);
        let all: Vec<usize> = (0..n).collect();
        let cost = |set: &[usize]| set.iter().map(|&element| costs[element]).sum::<f64>();
        match CostEffective::new(Greedy::default(), &costs, budget) {
            Err(error) => {
                prop_assert!(costs.iter().all(|&cost| cost > budget), "{error}");
            }
            Ok(greedy) => {
                let coreset = greedy.select(&objective, &all).unwrap();
                prop_assert!(cost(&coreset.order) <= budget);
                prop_assert!((coreset.value() - served(&matrix, n, &coreset.order)).abs() < 1e-5);
                let best = (0u32..1 << n)
                    .map(|set| all.iter().copied().filter(|&element| set >> element & 1 == 1).collect::<Vec<_>>())
                    .filter(|set| cost(set) <= budget)
                    .map(|set| served(&matrix, n, &set))
                    .fold(0.0, f64::max);
                prop_assert!(coreset.value() >= GreeDi::guarantee(1, 1) / 2.0 * best - 1e-6);
                let mut left = objective.clone();
                coreset.order.iter().for_each(|&element| left.add(element));
                for &element in all.iter().filter(|element| !coreset.order.contains(element)) {
                    prop_assert!(cost(&coreset.order) + costs[element] > budget, "{element}");
                }
            }
        }
    }

    /// Groups are whole or absent, within the count or the costs.
    #[test]
    fn groups_are_whole(n in 4usize..30, seed: u64, per in 1usize..4, by_cost: bool) {
        let values = values(n, 2, seed, 0);
        let features = Features::new(&values, 2).unwrap();
        let groups: Vec<usize> = (0..n).map(|example| example * 31 % n / per).collect();
        let size = |group: usize| groups.iter().filter(|&&other| other == group).count();
        let costs: Vec<f64> = (0..n).map(|example| (example % 3 + 1) as f64).collect();
        let count = per.max(n / 2);
        let budget = if by_cost { 3.0 * count as f64 } else { count as f64 };
        for method in ["facility-location", "feature-based", "craig", "graph-cut"] {
            let settings = CoresetSettings::parse(method, &[]).unwrap();
            let own = by_cost.then_some(Costs { costs: &costs, budget });
            let inputs = CoresetInputs { groups: Some(&groups), costs: own, ..CoresetInputs::default() };
            let coreset = settings.select(features, count, seed, &inputs).unwrap();
            let spent: f64 =
                coreset.order.iter().map(|&example| if by_cost { costs[example] } else { 1.0 }).sum();
            prop_assert!(spent <= budget && (!coreset.order.is_empty() || method == "graph-cut"), "{method} {spent}");
            for &example in &coreset.order {
                let group = groups[example];
                let chosen = coreset.order.iter().filter(|&&other| groups[other] == group).count();
                prop_assert_eq!(chosen, size(group));
            }
        }
    }

    /// Floors are kept, and no class has more than there are beside those chosen before.
    #[test]
    fn floors_are_kept(n in 10usize..40, seed: u64, floor in 0usize..3) {
        let values = values(n, 2, seed, 2);
        let features = Features::new(&values, 2).unwrap();
        let labels: Vec<usize> = (0..n).map(|example| usize::from(example % 5 == 0)).collect();
        for balance in [Balance::Proportional, Balance::Equal, Balance::Sqrt] {
            let shares = ClassShares { balance, floor };
            let inputs = CoresetInputs { labels: Some(&labels), shares, before: &[0], ..CoresetInputs::default() };
            let settings = CoresetSettings::parse("herding", &[]).unwrap();
            match settings.select(features, 6, seed, &inputs) {
                Ok(coreset) => {
                    let of_second = coreset.order.iter().filter(|&&example| labels[example] == 1).count();
                    prop_assert_eq!(coreset.order.len(), 6);
                    prop_assert!((floor..=6 - floor).contains(&of_second), "{of_second}");
                }
                Err(error) => prop_assert!(error.to_string().contains("fewer than its floor"), "{error}"),
            }
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let values = values(6, 2, 1, 0);
    let features = Features::new(&values, 2).unwrap();
    let select = |method: &str, options: &[(&str, &str)], inputs: CoresetInputs<'_>| {
        let settings = CoresetSettings::parse(method, options).unwrap();
        settings.select(features, 2, 0, &inputs).unwrap_err().to_string()
    };
    let none = CoresetInputs::default();
    let costs = |costs, budget| CoresetInputs { costs: Some(Costs { costs, budget }), ..none };
    let message = select("facility-location", &[], costs(&[3.0, 4.0, 5.0, 3.0, 3.0, 3.0], 2.0));
    assert_eq!(message, "argument budget is 2, expected at least the cheapest, 3");
    let message = select("facility-location", &[], costs(&[3.0, -4.0, 5.0, 3.0, 3.0, 3.0], 9.0));
    assert_eq!(message, "cost of example 1 is -4, expected a finite number of at least 0");
    let message = select("facility-location", &[("optimizer", "stochastic")], costs(&[3.0; 6], 9.0));
    assert!(message.contains("optimizer is stochastic, expected naive or lazy"), "{message}");
    assert!(select("herding", &[], costs(&[3.0; 6], 9.0)).contains("none for herding; facility-location"));
    let message = select("sum-redundancy", &[], costs(&[3.0; 6], 9.0));
    assert!(message.contains("none for sum-redundancy, which every example lowers"), "{message}");
    assert!(select("graph-cut", &[], costs(&[3.0; 5], 9.0)).contains("costs has 5 entries, expected 6"));
    let groups = CoresetInputs { groups: Some(&[0, 0, 0, 1, 1, 2]), ..none };
    let message = select("facility-location", &[], groups);
    assert_eq!(message, "argument group is 0, of 3 examples that cost 3, expected groups within the budget, 2");
    let twice = CoresetInputs { before: &[1, 1], ..none };
    assert!(select("herding", &[], twice).contains("1 twice"));
    assert!(
        select("k-center", &[], CoresetInputs { start: Some(1), before: &[2], ..none }).contains("start is 1")
    );
}

/// Three scores are 0, and five are to be kept of six.
#[test]
fn those_of_weight_zero_are_counted() {
    use cl_prune::{BetaSampling, Budget, KeepHardest, SelectionRule};
    let rule = BetaSampling::new(vec![0.5; 6], 4.0).unwrap();
    let scores = [0.0, 0.3, 0.0, 0.2, 0.0, 0.1];
    let count = |k| rule.n_of_weight_zero(&scores, &rule.select(&scores, Budget::Count(k), 1).unwrap(), 1);
    assert_eq!((count(3), count(5)), (Some(0), Some(2)));
    let hardest = KeepHardest.select(&scores, Budget::Count(5), 1).unwrap();
    assert_eq!(KeepHardest.n_of_weight_zero(&scores, &hardest, 1), None);
    let spread = KeepHardest.select_among(&scores, &[0, 1, 3], Budget::Count(2), 1).unwrap();
    let spread = spread.spread(&[0, 1, 3], 6).unwrap();
    assert_eq!((spread.kept.clone(), spread.decisions.len()), (vec![1, 3], 6));
    assert!(spread.spread(&[0, 1], 6).is_err());
}
