//! The methods that choose by gradients, with weights.

use cl_prune::coreset::{
    Coreset, Craig, FacilityLocation, Features, Glister, GradMatch, Greedy, Optimizer, Similarities, Similarity,
    ValidationTaylor,
};
use proptest::prelude::*;

use super::{distance, dot, points, solve};

/// E(S, w) of GradMatch.
fn matching_error(gradients: &Features<'_, f64>, target: &[f64], coreset: &Coreset, ridge: f64) -> f64 {
    let residual = residual(gradients, target, coreset);
    let weights = coreset.weights.as_ref().unwrap();
    dot(&residual, &residual) + ridge * dot(weights, weights)
}

fn residual(gradients: &Features<'_, f64>, target: &[f64], coreset: &Coreset) -> Vec<f64> {
    let mut residual = target.to_vec();
    for (&example, weight) in coreset.order.iter().zip(coreset.weights.as_ref().unwrap()) {
        residual.iter_mut().zip(gradients.example(example)).for_each(|(r, g)| *r -= weight * g);
    }
    residual
}

fn sum(gradients: &Features<'_, f64>) -> Vec<f64> {
    let d = gradients.n_features();
    (0..d).map(|f| gradients.values().iter().skip(f).step_by(d).sum()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The weights are the least squares solution of the normal equations, solved another way.
    #[test]
    fn matching_pursuit_is_least_squares(
        n in 1usize..25, d in 1usize..12, seed: u64, k in 1usize..10, ridge in prop_oneof![Just(0.0), Just(0.5)],
    ) {
        let values = points(n, d, seed);
        let gradients = Features::new(&values, d).unwrap();
        let k = k.min(n);
        let coreset = GradMatch::new(ridge, false).unwrap().select(&gradients, k).unwrap();
        let target = sum(&gradients);
        let atom = |at: usize| gradients.example(coreset.order[at]);
        let n_picked = coreset.order.len();
        prop_assert!(n_picked == k || ridge == 0.0);
        let rows = (0..n_picked)
            .map(|a| (0..n_picked).map(|b| dot(atom(a), atom(b)) + if a == b { ridge } else { 0.0 }).collect())
            .collect();
        let moments = (0..n_picked).map(|a| dot(atom(a), &target)).collect();
        let (expected, _) = solve(rows, moments);
        for (found, expected) in coreset.weights.as_ref().unwrap().iter().zip(expected) {
            prop_assert!((found - expected).abs() < 1e-6 * expected.abs().max(1.0), "{} {}", found, expected);
        }
        // Each pick has the largest correlation with what was missing, and lowers the error by its gain.
        let mut before = dot(&target, &target);
        for pick in 0..n_picked {
            let part = GradMatch::new(ridge, false).unwrap().select(&gradients, pick + 1).unwrap();
            prop_assert_eq!(&part.order[..], &coreset.order[..pick + 1]);
            let error = matching_error(&gradients, &target, &part, ridge);
            prop_assert!((before - error - coreset.gains[pick]).abs() < 1e-8 * before.max(1.0));
            before = error;
        }
    }

    /// Non-negative weights meet the Karush-Kuhn-Tucker conditions: no slope on those in use, none upwards on those at 0.
    #[test]
    fn nonnegative_weights_are_optimal(
        n in 1usize..30, d in 1usize..10, seed: u64, k in 1usize..15, ridge in prop_oneof![Just(0.0), Just(0.5)],
    ) {
        let values = points(n, d, seed);
        let gradients = Features::new(&values, d).unwrap();
        let coreset = GradMatch::new(ridge, true).unwrap().select(&gradients, k.min(n)).unwrap();
        let target = sum(&gradients);
        let residual = residual(&gradients, &target, &coreset);
        let size = dot(&target, &target).sqrt().max(1.0);
        for (&example, &weight) in coreset.order.iter().zip(coreset.weights.as_ref().unwrap()) {
            let slope = dot(gradients.example(example), &residual) - ridge * weight;
            prop_assert!(weight >= 0.0);
            prop_assert!(slope <= 1e-7 * size, "{} {}", slope, weight);
            prop_assert!(weight == 0.0 || slope.abs() <= 1e-7 * size, "{} {}", slope, weight);
        }
        prop_assert!(coreset.gains.iter().all(|&gain| gain >= -1e-9 * size));
        // It stops early only where nothing points towards what is missing, or it is a combination of what is in use.
        if coreset.order.len() < k.min(n) && ridge > 0.0 {
            for example in (0..n).filter(|example| !coreset.order.contains(example)) {
                prop_assert!(dot(gradients.example(example), &residual) <= 1e-9 * size);
            }
        }
    }
}

/// Gradients (1, 2) and (3, -1) of mean (2, 1/2), moved by (1, 1/2): along the first 2 / 2, along the second 2.5 / 2.
#[test]
fn the_validation_gradient_moves_along_its_examples() {
    let taylor = ValidationTaylor::new(&Features::new(&[1.0, 2.0, 3.0, -1.0], 2).unwrap()).unwrap();
    assert_eq!(taylor.at(&[0.0, 0.0]), [2.0, 0.5]);
    assert_eq!(taylor.at(&[1.0, 0.5]), [2.0 + 1.0 + 3.75, 0.5 + 2.0 - 1.25]);
    assert_eq!(taylor.at(&[2.0]), [2.0 + 1.0 + 9.0, 0.5 + 2.0 - 3.0]);
}

/// Within classes, the weights are the sizes of the clusters around the chosen gradients.
#[test]
fn craig_is_facility_location_within_classes() {
    let (n, d) = (90, 3);
    let values = points(n, d, 5);
    let gradients = Features::new(&values, d).unwrap();
    let labels: Vec<usize> = (0..n).map(|i| [0, 0, 3, 3, 3, 8][i % 6]).collect();
    let coreset = Craig::default().select(&gradients, &labels, 18).unwrap();
    let weights = coreset.weights.clone().unwrap();
    for (class, n_picked) in [(0, 6), (3, 9), (8, 3)] {
        let members: Vec<usize> = (0..n).filter(|&i| labels[i] == class).collect();
        let picked: Vec<usize> = (0..18).filter(|&at| labels[coreset.order[at]] == class).collect();
        assert_eq!(picked.len(), n_picked);
        let total: f64 = picked.iter().map(|&at| weights[at]).sum();
        assert_eq!(total, members.len() as f64);
        let mut sizes = vec![0.0; n_picked];
        for &i in &members {
            let away = |at: &usize| distance(gradients.example(i), gradients.example(coreset.order[*at]));
            let nearest = (0..n_picked).min_by(|&a, &b| away(&picked[a]).total_cmp(&away(&picked[b]))).unwrap();
            sizes[nearest] += 1.0;
        }
        assert_eq!(sizes, picked.iter().map(|&at| weights[at]).collect::<Vec<_>>());
        // The greedy choice within the class alone.
        let own: Vec<f64> = members.iter().flat_map(|&i| gradients.example(i).to_vec()).collect();
        let own = Features::new(&own, d).unwrap();
        let mut objective = FacilityLocation::new(Similarities::new(&own, Similarity::MaxDistance).unwrap());
        let alone = Greedy::new(Optimizer::Naive).select(&mut objective, n_picked).unwrap();
        let mapped: Vec<usize> = alone.order.iter().map(|&i| members[i]).collect();
        assert_eq!(mapped, picked.iter().map(|&at| coreset.order[at]).collect::<Vec<_>>());
    }
    // The error of the weighted sum is within the bound that facility location minimises.
    let mut weighted = vec![0.0; d];
    for (&j, weight) in coreset.order.iter().zip(&weights) {
        weighted.iter_mut().zip(gradients.example(j)).for_each(|(sum, g)| *sum += weight * g);
    }
    let bound: f64 = (0..n)
        .map(|i| {
            let same = coreset.order.iter().filter(|&&j| labels[j] == labels[i]);
            same.map(|&j| distance(gradients.example(i), gradients.example(j))).fold(f64::INFINITY, f64::min)
        })
        .sum();
    assert!(distance(&weighted, &sum(&gradients)) <= bound + 1e-9);
}

/// Every pick has the largest product with the validation gradient at where the picks before it lead.
#[test]
fn glister_refreshes_the_validation_gradient() {
    let (n, d) = (40, 4);
    let values = points(n, d, 9);
    let gradients = Features::new(&values, d).unwrap();
    // A quadratic loss: its gradient at theta + delta is b + A delta.
    let b = [0.5, -1.0, 0.25, 2.0];
    let diagonal = [1.0, 3.0, 0.5, 2.0];
    let mut n_calls = 0;
    let validation = |displacement: &[f64]| {
        n_calls += 1;
        (0..d).map(|f| b[f] + diagonal[f] * displacement[f]).collect()
    };
    let coreset = Glister::new(0.2, 1).unwrap().select(&gradients, validation, 12).unwrap();
    assert_eq!(n_calls, 12);
    let mut displacement = vec![0.0; d];
    for (pick, &picked) in coreset.order.iter().enumerate() {
        let gradient: Vec<f64> = (0..d).map(|f| b[f] + diagonal[f] * displacement[f]).collect();
        let gain = |j: usize| 0.2 * dot(gradients.example(j), &gradient);
        let best = (0..n).filter(|j| !coreset.order[..pick].contains(j)).map(gain).fold(f64::MIN, f64::max);
        assert!((gain(picked) - best).abs() < 1e-12 && (coreset.gains[pick] - best).abs() < 1e-12);
        displacement.iter_mut().zip(gradients.example(picked)).for_each(|(moved, g)| *moved -= 0.2 * g);
    }
    // Never refreshed, it is the top of one product.
    let fixed = Glister::new(0.2, 100).unwrap().select(&gradients, |_| b.to_vec(), 12).unwrap();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| dot(gradients.example(j), &b).total_cmp(&dot(gradients.example(i), &b)));
    assert_eq!(fixed.order, order[..12]);
    assert_ne!(fixed.order, coreset.order);
    // The Fisher form refreshes too.
    let own = points(7, d, 10);
    let taylor = ValidationTaylor::new(&Features::new(&own, d).unwrap()).unwrap();
    let refreshed = Glister::new(0.5, 1).unwrap().select(&gradients, |moved| taylor.at(moved), 12).unwrap();
    let fixed = Glister::new(0.5, 12).unwrap().select(&gradients, |moved| taylor.at(moved), 12).unwrap();
    assert_ne!(refreshed.order, fixed.order);
}
