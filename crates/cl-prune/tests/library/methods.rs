//! Every objective against its definition; sieves, parts, disparity, and what is refused.

use cl_data::random::stream;
use cl_prune::coreset::{
    Concave, Craig, Disparity, FacilityLocation, FeatureBased, Features, Glister, GradMatch, GraphCut,
    GraphCutForm, GreeDi, Greedy, Herding, KCenter, LogDeterminant, SaturatedCoverage, SieveStreaming,
    Similarities, Similarity, Start, SubmodularObjective, SumRedundancy, Ties, ValidationTaylor,
};
use proptest::prelude::*;

use super::{distance, points, solve};

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
    let s = squared.clone();
    all.push((
        Box::new(SumRedundancy::new(similarities(Similarity::MaxSquared))),
        // Without the sum over all pairs, which is the same for every set.
        Box::new(move |set| {
            -set.iter().flat_map(|&j| set.iter().map(move |&k| (j, k))).map(|(j, k)| s[j][k]).sum::<f64>()
        }),
    ));
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
    // Parts may overlap, and hold each example once.
    assert!(GreeDi::default().merge(&objective, &[vec![0, 1], vec![1, 2]], 3).is_ok());
    assert!(GreeDi::default().select(&objective, &[vec![0, 0]], 1).is_err());
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
    // Nothing of nothing is nothing.
    let none = Features::<f32>::new(&[], 2).unwrap();
    assert_eq!(GradMatch::default().select(&none, 0).unwrap().order, Vec::<usize>::new());
    assert_eq!(Craig::default().select(&none, &[], 0).unwrap().order, Vec::<usize>::new());
}
