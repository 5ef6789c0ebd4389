//! The methods with weights, streams and parts, and every objective against its definition.

use cl_data::random::{stream, uniform};
use cl_prune::coreset::{
    Concave, Coreset, Craig, Disparity, FacilityLocation, FeatureBased, Features, Glister, GradMatch, GraphCut,
    GraphCutForm, GreeDi, Greedy, Herding, KCenter, LogDeterminant, Optimizer, SaturatedCoverage, SieveStreaming,
    Similarities, Similarity, Start, SubmodularObjective, Ties, ValidationTaylor,
};
use proptest::prelude::*;

fn points(n: usize, d: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, "test points", 1);
    (0..n * d).map(|_| 2.0 * uniform(&mut rng) - 1.0).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// The solution of a symmetric positive definite system by Gaussian elimination with pivoting, and its log-determinant.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> (Vec<f64>, f64) {
    let k = right.len();
    let mut log_determinant = 0.0;
    for column in 0..k {
        let pivot =
            (column..k).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs())).unwrap();
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        log_determinant += matrix[column][column].abs().ln();
        let pivot = matrix[column].clone();
        for row in column + 1..k {
            let factor = matrix[row][column] / pivot[column];
            matrix[row].iter_mut().zip(&pivot).for_each(|(entry, pivot)| *entry -= factor * pivot);
            right[row] -= factor * right[column];
        }
    }
    for row in (0..k).rev() {
        let known: f64 = (row + 1..k).map(|at| matrix[row][at] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    (right, log_determinant)
}

/// The value of a set by its definition.
type Value<'a> = Box<dyn Fn(&[usize]) -> f64 + 'a>;

/// Objectives beside the definitions of their values.
fn definitions<'a>(
    features: &Features<'a, f64>,
    amounts: &Features<'a, f64>,
) -> Vec<(Box<dyn SubmodularObjective + 'a>, Value<'a>)> {
    let n = features.n_examples();
    let matrix = |kind| {
        let similarities = Similarities::new(features, kind).unwrap();
        (0..n).map(|j| similarities.of_all_to(j)).collect::<Vec<_>>()
    };
    let similarities = |kind| Similarities::new(features, kind).unwrap();
    let (squared, cosine, cosine_squared) =
        (matrix(Similarity::MaxSquared), matrix(Similarity::Cosine), matrix(Similarity::CosineSquared));
    let mut all: Vec<(Box<dyn SubmodularObjective + 'a>, Value<'a>)> = Vec::new();
    let s = squared.clone();
    all.push((
        Box::new(FacilityLocation::new(similarities(Similarity::MaxSquared))),
        Box::new(move |set| (0..n).map(|i| set.iter().map(|&j| s[j][i]).fold(0.0, f64::max)).sum()),
    ));
    for (lambda, form) in
        [(1.3, GraphCutForm::Conventional), (0.4, GraphCutForm::Diversity), (1.3, GraphCutForm::NoSelf)]
    {
        let s = cosine.clone();
        all.push((
            Box::new(GraphCut::new(similarities(Similarity::Cosine), lambda, form).unwrap()),
            Box::new(move |set| {
                let all: f64 = set.iter().map(|&j| s[j].iter().sum::<f64>()).sum();
                let within: f64 =
                    set.iter().flat_map(|&j| set.iter().map(move |&k| (j, k))).map(|(j, k)| s[j][k]).sum();
                let own: f64 = set.iter().map(|&j| s[j][j]).sum();
                match form {
                    GraphCutForm::Conventional => lambda * all - within,
                    GraphCutForm::Diversity => all - lambda * within,
                    GraphCutForm::NoSelf => lambda * all - (within - own),
                }
            }),
        ));
    }
    let s = cosine_squared;
    all.push((
        Box::new(LogDeterminant::new(features, Similarity::CosineSquared, 0.7).unwrap()),
        Box::new(move |set| {
            let entry = |j: usize, k: usize| s[j][k] + if j == k { 0.7 } else { 0.0 };
            let rows = set.iter().map(|&j| set.iter().map(|&k| entry(j, k)).collect()).collect();
            solve(rows, vec![0.0; set.len()]).1
        }),
    ));
    let s = squared;
    all.push((
        Box::new(SaturatedCoverage::new(similarities(Similarity::MaxSquared), 0.3).unwrap()),
        Box::new(move |set| {
            let covered = |i: usize| set.iter().map(|&j| s[j][i]).sum::<f64>();
            (0..n).map(|i| covered(i).min(0.3 * (0..n).map(|j| s[j][i]).sum::<f64>())).sum()
        }),
    ));
    for concave in [Concave::Sqrt, Concave::Log, Concave::Saturating] {
        let amounts = *amounts;
        all.push((
            Box::new(FeatureBased::new(&amounts, concave).unwrap()),
            Box::new(move |set| {
                let amount = |f: usize| set.iter().map(|&j| amounts.example(j)[f]).sum::<f64>();
                let worth = |x: f64| match concave {
                    Concave::Sqrt => x.sqrt(),
                    Concave::Log => (1.0 + x).ln(),
                    Concave::Saturating => x / (1.0 + x),
                };
                (0..amounts.n_features()).map(|f| worth(amount(f))).sum()
            }),
        ));
    }
    all
}

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

    /// Every gain is the difference of two values by the definition, of a set built in any order.
    #[test]
    fn gains_are_differences_of_values(n in 1usize..40, d in 1usize..5, seed: u64) {
        let values = points(n, d, seed);
        let amounts: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        let (features, amounts) = (Features::new(&values, d).unwrap(), Features::new(&amounts, d).unwrap());
        let order = cl_data::random::permutation(&mut stream(seed, "order", 0), n);
        for (which, (mut objective, value)) in definitions(&features, &amounts).into_iter().enumerate() {
            let mut set = Vec::new();
            for &element in order.iter().take(12) {
                let before = if set.is_empty() { 0.0 } else { value(&set) };
                set.push(element);
                let expected = value(&set) - before;
                let mut several = Vec::new();
                objective.gains(&[element, order[0]], &mut several);
                let gain = objective.gain(element);
                prop_assert_eq!(gain, several[0]);
                prop_assert!((gain - expected).abs() <= 1e-8 * expected.abs().max(1.0), "{} {} {}", which, gain, expected);
                objective.add(element);
            }
        }
    }

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

    /// Sieves against every set of that size, for any order of the stream.
    #[test]
    fn sieves_are_within_their_guarantee(n in 2usize..10, seed: u64, k in 1usize..4, epsilon in 0.05..0.3f64) {
        let k = k.min(n);
        let values = points(n, 2, seed);
        let features = Features::new(&values, 2).unwrap();
        let objective = FacilityLocation::new(Similarities::new(&features, Similarity::MaxSquared).unwrap());
        let order = cl_data::random::permutation(&mut stream(seed, "order", 0), n);
        let coreset = SieveStreaming::new(epsilon).unwrap().select(&objective, &order, k).unwrap();
        let best = best_value(&objective, n, k);
        prop_assert!(coreset.order.len() <= k);
        let value = value(&objective, &coreset.order);
        prop_assert!((value - coreset.value()).abs() < 1e-9);
        prop_assert!(value >= (0.5 - epsilon) * best - 1e-9, "{} {}", value, best);
        // In the order of the stream.
        let places: Vec<_> =
            coreset.order.iter().map(|example| order.iter().position(|other| other == example)).collect();
        prop_assert!(places.is_sorted());
    }

    /// Parts against every set of that size, whatever the parts.
    #[test]
    fn merged_parts_are_within_their_guarantee(n in 2usize..10, seed: u64, k in 1usize..4, n_parts in 1usize..4) {
        let k = k.min(n);
        let values = points(n, 2, seed);
        let features = Features::new(&values, 2).unwrap();
        let objective = FacilityLocation::new(Similarities::new(&features, Similarity::Cosine).unwrap());
        let parts = GreeDi::parts(n, n_parts, seed).unwrap();
        let mut all = parts.concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
        let method = GreeDi::new(Greedy::default());
        let coreset = method.select(&objective, &parts, k).unwrap();
        prop_assert_eq!(coreset.order.len(), k);
        let value = value(&objective, &coreset.order);
        prop_assert!((value - coreset.value()).abs() < 1e-9);
        prop_assert!(value >= GreeDi::guarantee(n_parts, k) * best_value(&objective, n, k) - 1e-9);
        // Never worse than any part alone; one part is greedy itself.
        for part in &parts {
            let own = Greedy::default().select_among(&mut objective.clone(), part, k.min(part.len())).unwrap();
            prop_assert!(value >= own.value() - 1e-9);
        }
        let whole = Greedy::default().select(&mut objective.clone(), k).unwrap();
        prop_assert_eq!(method.select(&objective, &[(0..n).collect()], k).unwrap(), whole);
    }

    /// The sum of distances, and farthest-first, by their definitions.
    #[test]
    fn disparity_is_its_definition(n in 1usize..40, d in 1usize..4, seed: u64) {
        let values = points(n, d, seed);
        let features = Features::new(&values, d).unwrap();
        let count = n.min(8);
        for disparity in [Disparity::Sum, Disparity::Min] {
            let coreset = disparity.select(&features, count, Start::Seeded(seed)).unwrap();
            for pick in 1..count {
                let chosen = &coreset.order[..pick];
                let gain = |j: usize| {
                    let distances = chosen.iter().map(|&k| distance(features.example(j), features.example(k)));
                    if disparity == Disparity::Sum { distances.sum() } else { distances.fold(f64::INFINITY, f64::min) }
                };
                let best = (0..n).filter(|j| !chosen.contains(j)).map(gain).fold(0.0, f64::max);
                prop_assert!((coreset.gains[pick] - best).abs() < 1e-7, "{} {}", coreset.gains[pick], best);
                prop_assert!((gain(coreset.order[pick]) - best).abs() < 1e-7);
            }
        }
    }
}

fn value<O: SubmodularObjective + Clone>(objective: &O, set: &[usize]) -> f64 {
    let mut objective = objective.clone();
    set.iter()
        .map(|&element| {
            let gain = objective.gain(element);
            objective.add(element);
            gain
        })
        .sum()
}

fn best_value<O: SubmodularObjective + Clone>(objective: &O, n: usize, k: usize) -> f64 {
    let sets = (0..1u32 << n).filter(|mask| mask.count_ones() as usize == k);
    let sets = sets.map(|mask| (0..n).filter(|element| mask >> element & 1 == 1).collect::<Vec<_>>());
    sets.map(|set| value(objective, &set)).fold(0.0, f64::max)
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

/// The greedy choice has the larger determinant; the redundant one has the smaller.
#[test]
fn log_determinant_avoids_copies() {
    // Four directions, each ten times.
    let directions = [[1.0, 0.1], [0.2, 1.0], [-1.0, 0.7], [0.6, -0.9]];
    let values: Vec<f64> = (0..40).flat_map(|i| directions[i / 10]).collect();
    let features = Features::new(&values, 2).unwrap();
    let mut objective = LogDeterminant::new(&features, Similarity::Cosine, 1e-3).unwrap();
    let coreset = Greedy::default().select(&mut objective, 3).unwrap();
    let mut groups: Vec<usize> = coreset.order.iter().map(|example| example / 10).collect();
    groups.sort_unstable();
    groups.dedup();
    assert_eq!(groups.len(), 3);
    // Beyond the rank of the kernel what is left is the ridge.
    let coreset = Greedy::default()
        .select(&mut LogDeterminant::new(&features, Similarity::Cosine, 1e-3).unwrap(), 40)
        .unwrap();
    assert!(coreset.gains.iter().all(|gain| gain.is_finite() && *gain >= 1e-3f64.ln() - 1e-9));
}

/// Every example's similarity to itself is 1, so that all first gains are one number and the rule for ties decides.
#[test]
fn log_determinants_first_pick_is_a_tie() {
    let values = points(300, 16, 5);
    let select = |scale: f64, similarity, greedy: Greedy| {
        let scaled: Vec<f64> = values.iter().map(|value| scale * value).collect();
        let features = Features::new(&scaled, 16).unwrap();
        greedy.select(&mut LogDeterminant::new(&features, similarity, 1.0).unwrap(), 20).unwrap()
    };
    for similarity in [Similarity::Cosine, Similarity::CosineSquared] {
        let coreset = select(1.0, similarity, Greedy::default());
        assert_eq!((coreset.order[0], coreset.gains[0]), (0, 2.0f64.ln()));
        assert_eq!(select(3.0, similarity, Greedy::default()).order, coreset.order, "{similarity}");
        let seeded =
            |seed| select(1.0, similarity, Greedy::default().with_ties(Ties::Seeded).with_seed(seed)).order[0];
        let firsts: std::collections::HashSet<usize> = (0..10).map(seeded).collect();
        assert!(firsts.len() > 5, "{firsts:?}");
    }
}

/// The largest features that are accepted are computed with: every gain is a number.
#[test]
fn nothing_overflows_up_to_the_largest_feature() {
    let largest = Features::<f64>::LARGEST;
    let mut values: Vec<f64> = points(60, 3, 6).iter().map(|value| largest * value).collect();
    values[..6].copy_from_slice(&[largest, -largest, largest, -largest, largest, -largest]);
    let features = Features::new(&values, 3).unwrap();
    let similar = |kind| Similarities::new(&features, kind).unwrap();
    let amounts: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    let amounts = Features::new(&amounts, 3).unwrap();
    let greedy = Greedy::default();
    let mut coresets = vec![
        Herding.select(&features, 20).unwrap(),
        KCenter::new(Start::Example(0)).select(&features, 20).unwrap(),
        Disparity::Sum.select(&features, 20, Start::Example(0)).unwrap(),
        GradMatch::default().select(&features, 20).unwrap(),
        Craig::default().select(&features, &[0; 60], 20).unwrap(),
        greedy.select(&mut LogDeterminant::new(&features, Similarity::Cosine, 1.0).unwrap(), 20).unwrap(),
    ];
    for kind in [Similarity::MaxSquared, Similarity::MaxDistance, Similarity::Cosine] {
        let graph_cut = GraphCut::new(similar(kind), 1.0, GraphCutForm::Conventional);
        coresets.push(greedy.select(&mut FacilityLocation::new(similar(kind)), 20).unwrap());
        coresets.push(greedy.select(&mut graph_cut.unwrap(), 20).unwrap());
        coresets.push(greedy.select(&mut SaturatedCoverage::new(similar(kind), 0.5).unwrap(), 20).unwrap());
    }
    for concave in [Concave::Sqrt, Concave::Log, Concave::Saturating] {
        coresets.push(greedy.select(&mut FeatureBased::new(&amounts, concave).unwrap(), 20).unwrap());
    }
    for (at, coreset) in coresets.iter().enumerate() {
        assert!(!coreset.order.is_empty());
        // The first gain of k-center is infinite by definition.
        assert!(coreset.gains.iter().skip(1).all(|gain| gain.is_finite()), "{at}: {:?}", coreset.gains);
        assert!(coreset.weights.iter().flatten().all(|weight| weight.is_finite()));
    }
    // A validation gradient is a product already.
    let error = Glister::new(1.0, 1).unwrap().select(&features, |_| vec![1e200; 3], 2).unwrap_err().to_string();
    assert!(error.contains("of example 0 is 1e140") && error.contains("validation gradient"), "{error}");
}

/// As many copies of the objective as there are guesses from the largest gain to 2 k times it.
#[test]
fn what_needs_memory_tells_how_much() {
    let sieves = SieveStreaming::new(0.1).unwrap();
    // 1.1^55 < 200 < 1.1^56
    assert_eq!((sieves.n_guesses(100), sieves.n_guesses(1), sieves.n_guesses(0)), (56, 8, 8));
    // 75 examples and a panel's more for each of 600, 12 bytes each; the budget only where it is less.
    assert_eq!(FacilityLocation::list_bytes(600, usize::MAX), 600 * (75 + 16) * 12);
    assert_eq!(FacilityLocation::list_bytes(600, 600 * 12 * 10), 600 * (10 + 16) * 12);
    assert_eq!(FacilityLocation::list_bytes(100, usize::MAX), 100 * (64 + 16) * 12);
}

#[test]
fn bad_arguments_are_refused() {
    let values = points(5, 2, 0);
    let features = Features::new(&values, 2).unwrap();
    let similarities = Similarities::new(&features, Similarity::Cosine).unwrap();
    let objective = FacilityLocation::new(similarities.clone());
    assert!(LogDeterminant::new(&features, Similarity::MaxSquared, 1.0).is_err());
    assert!(LogDeterminant::new(&features, Similarity::Cosine, 0.0).is_err());
    assert!(SaturatedCoverage::new(similarities, 1.5).is_err());
    assert!(SieveStreaming::new(0.5).is_err());
    assert!(SieveStreaming::new(0.1).unwrap().select(&objective, &[0, 1], 3).is_err());
    assert!(SieveStreaming::new(0.1).unwrap().select(&objective, &[0, 0, 1], 2).is_err());
    assert!(GreeDi::parts(5, 0, 0).is_err());
    assert!(GreeDi::default().merge(&objective, &[vec![0, 1], vec![1, 2]], 2).is_err());
    assert!(GradMatch::new(-1.0, true).is_err());
    assert!(GradMatch::default().select(&features, 6).is_err());
    let error = GradMatch::default().select_for(&features, &[1.0], 2).unwrap_err().to_string();
    assert_eq!(error, "argument target is 1 numbers, expected 2, one per feature");
    assert!(GradMatch::default().select_for(&features, &[1.0, f64::NAN], 2).is_err());
    assert!(Glister::new(0.0, 1).is_err() && Glister::new(1.0, 0).is_err());
    assert!(Glister::new(1.0, 1).unwrap().select(&features, |_| vec![1.0; 3], 2).is_err());
    assert!(ValidationTaylor::new(&Features::<f64>::new(&[], 2).unwrap()).is_err());
    assert!(Disparity::Sum.select(&features, 6, Start::Example(0)).is_err());
    assert!(Disparity::Sum.select(&features, 2, Start::Example(5)).is_err());
    let error = FeatureBased::new(&Features::new(&[1.0, -2.0], 2).unwrap(), Concave::Log).unwrap_err();
    assert_eq!(error.to_string(), "feature 1 of example 0 is -2, expected an amount of at least 0");
    assert!(Craig::default().select(&features, &[0, 1], 2).is_err());
    for text in [r#"{"ridge":-1.0,"nonnegative":true}"#, r#"{"ridge":null,"nonnegative":true}"#] {
        assert!(serde_json::from_str::<GradMatch>(text).is_err());
    }
    assert!(serde_json::from_str::<Glister>(r#"{"learning_rate":1.0,"refresh":0}"#).is_err());
    assert!(serde_json::from_str::<SieveStreaming>(r#"{"epsilon":0.7}"#).is_err());
    // Nothing of nothing is nothing.
    let none = Features::<f32>::new(&[], 2).unwrap();
    assert_eq!(GradMatch::default().select(&none, 0).unwrap().order, Vec::<usize>::new());
    assert_eq!(Craig::default().select(&none, &[], 0).unwrap().order, Vec::<usize>::new());
}
