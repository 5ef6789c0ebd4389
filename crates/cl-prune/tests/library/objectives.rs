//! Every objective and optimiser against brute force and its own definition.

use cl_data::random::{permutation, stream, uniform};
use cl_prune::PruneError;
use cl_prune::coreset::{
    Concave, Coreset, FacilityLocation, FeatureBased, Features, GraphCut, GraphCutForm, Greedy, Herding, KCenter,
    LogDeterminant, Optimizer, ProbabilisticSetCover, SaturatedCoverage, SetCover, Similarities, Similarity,
    Start, SubmodularObjective, SumRedundancy, Ties,
};
use proptest::prelude::*;

use super::{Golden, value};

fn points(n: usize, d: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, "test points", 0);
    // Groups, and examples around them.
    (0..n * d).map(|at| 3.0 * ((at / d % 4 + at % d) as f64).sin() + uniform(&mut rng)).collect()
}

/// All objectives over the same examples.
fn objectives(case: &Case) -> Vec<(&'static str, bool, Box<dyn SubmodularObjective + '_>)> {
    let of = |values| Features::new(values, case.d).unwrap();
    let (features, amounts) = (of(&case.values), of(&case.amounts));
    let (concepts, probabilities) = (of(&case.concepts), of(&case.probabilities));
    let weights: Vec<f64> = (0..case.d).map(|feature| 1.0 / (feature + 1) as f64).collect();
    let by_features = |concave| Box::new(FeatureBased::new(&amounts, concave).unwrap());
    let similarities = |kind| Similarities::new(&features, kind).unwrap();
    let cut = |lambda, form| Box::new(GraphCut::new(similarities(Similarity::Cosine), lambda, form).unwrap());
    vec![
        ("facility location", true, Box::new(FacilityLocation::new(similarities(Similarity::MaxSquared)))),
        ("facility location", true, Box::new(FacilityLocation::new(similarities(Similarity::MaxDistance)))),
        ("facility location", true, Box::new(FacilityLocation::new(similarities(Similarity::Cosine)))),
        (
            "facility location without lists",
            true,
            Box::new(FacilityLocation::new(similarities(Similarity::CosineSquared)).with_memory(0)),
        ),
        ("graph cut", false, cut(1.0, GraphCutForm::Conventional)),
        ("graph cut", true, cut(2.0, GraphCutForm::Conventional)),
        ("graph cut", false, cut(0.5, GraphCutForm::Diversity)),
        ("sum redundancy", false, Box::new(SumRedundancy::new(similarities(Similarity::MaxSquared)))),
        (
            "log-determinant",
            true,
            Box::new(LogDeterminant::new(&features, Similarity::CosineSquared, 1.0).unwrap()),
        ),
        ("log-determinant", false, Box::new(LogDeterminant::new(&features, Similarity::Cosine, 0.1).unwrap())),
        (
            "saturated coverage",
            true,
            Box::new(SaturatedCoverage::new(similarities(Similarity::MaxSquared), 0.2).unwrap()),
        ),
        ("feature-based", true, by_features(Concave::Sqrt)),
        ("feature-based", true, by_features(Concave::Log)),
        ("feature-based", true, by_features(Concave::Saturating)),
        ("set cover", true, Box::new(SetCover::new(&concepts).unwrap().with_weights(&weights).unwrap())),
        (
            "probabilistic set cover",
            true,
            Box::new(ProbabilisticSetCover::new(&probabilities).unwrap().with_weights(&weights).unwrap()),
        ),
    ]
}

/// One of them, of these examples.
struct Case {
    values: Vec<f64>,
    amounts: Vec<f64>,
    /// Some of them 0.
    concepts: Vec<f64>,
    probabilities: Vec<f64>,
    d: usize,
}

impl Case {
    fn new(values: Vec<f64>, d: usize) -> Self {
        let amounts: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        let concepts = values.iter().map(|value| value.max(0.0)).collect();
        let probabilities = amounts.iter().map(|amount| amount / (1.0 + amount)).collect();
        Self { values, amounts, concepts, probabilities, d }
    }

    fn objective(&self, which: usize) -> (&'static str, bool, Box<dyn SubmodularObjective + '_>) {
        objectives(self).swap_remove(which)
    }

    fn select(&self, which: usize, greedy: Greedy, count: usize) -> Coreset {
        greedy.select(&mut *self.objective(which).2, count).unwrap()
    }
}

const N_OBJECTIVES: usize = 16;

#[test]
fn all_objectives_are_tested() {
    let case = Case::new(points(4, 2, 0), 2);
    assert_eq!(objectives(&case).len(), N_OBJECTIVES);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The lazy optimisers choose what the others choose, in the same order and with the same bits.
    #[test]
    fn lazy_is_naive(n in 1usize..70, d in 1usize..4, seed: u64, grid: bool, seeded: bool, share in 0.0..=1.0f64) {
        let mut values = points(n, d, seed);
        if grid {
            // Copies and exact ties.
            values.iter_mut().for_each(|value| *value = (*value * 2.0).round() + 0.5);
        }
        let count = (share * n as f64).ceil() as usize;
        let case = Case::new(values, d);
        let ties = if seeded { Ties::Seeded } else { Ties::LowestIndex };
        for which in 0..N_OBJECTIVES {
            let select = |optimizer| {
                let greedy = Greedy::new(optimizer).with_ties(ties).with_seed(seed);
                case.select(which, greedy, count)
            };
            prop_assert_eq!(select(Optimizer::Naive), select(Optimizer::Lazy), "{}", which);
            prop_assert_eq!(select(Optimizer::Stochastic), select(Optimizer::LazierThanLazy), "{}", which);
        }
    }

    /// Gains fall, those of monotone objectives stay positive, prefixes are nested, nothing is chosen twice, and the
    /// value does not depend on the order in which a set was put together.
    #[test]
    fn greedy_properties(n in 2usize..50, d in 1usize..4, seed: u64, k in 0usize..50) {
        let case = Case::new(points(n, d, seed), d);
        let k = k.min(n);
        for which in 0..N_OBJECTIVES {
            let (name, monotone, mut objective) = case.objective(which);
            let all = case.select(which, Greedy::default(), n);
            let part = case.select(which, Greedy::default(), k);
            prop_assert_eq!(&all.order[..k], &part.order[..], "{}", name);
            let mut sorted = all.order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..n).collect::<Vec<_>>());
            for pair in all.gains.windows(2) {
                prop_assert!(pair[1] <= pair[0] + 1e-9, "{} {:?}", name, pair);
            }
            prop_assert!(!monotone || all.gains.iter().all(|&gain| gain >= -1e-9), "{}", name);
            let backwards: Vec<usize> = part.order.iter().rev().copied().collect();
            let found = value(&mut *objective, &backwards);
            prop_assert!((found - part.value()).abs() <= 1e-9 * found.abs().max(1.0), "{}", name);
        }
    }

    /// On small sets, against every set of that size: at least (1 - 1/e) of the best for monotone objectives.
    #[test]
    fn greedy_is_within_its_guarantee(n in 2usize..9, d in 1usize..3, seed: u64, k in 1usize..5) {
        let case = Case::new(points(n, d, seed), d);
        let k = k.min(n);
        for which in 0..N_OBJECTIVES {
            let mut best = f64::NEG_INFINITY;
            for mask in (0..1u32 << n).filter(|mask| mask.count_ones() as usize == k) {
                let set: Vec<usize> = (0..n).filter(|element| mask >> element & 1 == 1).collect();
                best = best.max(value(&mut *case.objective(which).2, &set));
            }
            let (name, monotone, _) = case.objective(which);
            let found = case.select(which, Greedy::default(), k).value();
            prop_assert!(found <= best + 1e-9 * best.abs().max(1.0), "{}", name);
            if monotone {
                prop_assert!(found >= (1.0 - (-1.0f64).exp()) * best - 1e-9, "{} {} {}", name, found, best);
            }
        }
    }

    /// Renaming the examples renames the choice and changes nothing else, where there are no ties, as of two examples.
    #[test]
    fn choices_follow_the_examples(n in 3usize..60, seed: u64) {
        let d = 3;
        let values = points(n, d, seed);
        let renamed = permutation(&mut stream(seed, "names", 0), n);
        let permuted: Vec<f64> = renamed.iter().flat_map(|&i| values[i * d..][..d].to_vec()).collect();
        let (own, theirs) = (Features::new(&values, d).unwrap(), Features::new(&permuted, d).unwrap());
        let back = |order: &[usize]| order.iter().map(|&example| renamed[example]).collect::<Vec<_>>();
        let count = n.div_ceil(2);
        prop_assert_eq!(
            Herding.select(&own, count).unwrap().order,
            back(&Herding.select(&theirs, count).unwrap().order)
        );
        let first = renamed.iter().position(|&example| example == 0).unwrap();
        prop_assert_eq!(
            KCenter::new(Start::Example(0)).select(&own, count).unwrap().order,
            back(&KCenter::new(Start::Example(first)).select(&theirs, count).unwrap().order)
        );
        let cut = |features| {
            let similarities = Similarities::new(features, Similarity::MaxSquared).unwrap();
            let mut objective = GraphCut::new(similarities, 1.3, GraphCutForm::Conventional).unwrap();
            Greedy::default().select(&mut objective, count).unwrap().order
        };
        prop_assert_eq!(cut(&own), back(&cut(&theirs)));
        // Facility location has ties of its own: two examples that serve but themselves and each other. The orders part
        // at the first of them and not before.
        let served = |features| {
            let similarities = Similarities::new(features, Similarity::Cosine).unwrap();
            Greedy::default().select(&mut FacilityLocation::new(similarities), count).unwrap()
        };
        let (served_own, served_theirs) = (served(&own), served(&theirs));
        let theirs = back(&served_theirs.order);
        let same = served_own.order.iter().zip(&theirs).take_while(|(own, theirs)| own == theirs).count();
        prop_assert!(same > 0);
        for at in 0..count.min(same + 1) {
            prop_assert!((served_own.gains[at] - served_theirs.gains[at]).abs() < 1e-9);
        }
    }

    /// k-center against the plain algorithm, with copies and exact ties, and beyond the number of candidates.
    #[test]
    fn k_center_is_farthest_first(
        n in prop_oneof![1usize..200, 4000usize..5000], d in 1usize..4, seed: u64, grid: bool,
    ) {
        let mut values = points(n, d, seed);
        if grid {
            values.iter_mut().for_each(|value| *value = (*value * 2.0).round());
        }
        let count = n.min(60);
        let start = (seed % n as u64) as usize;
        let features = Features::new(&values, d).unwrap();
        let found = KCenter::new(Start::Example(start)).select(&features, count).unwrap();
        let mut nearest = vec![f64::INFINITY; n];
        let mut next = start;
        for pick in 0..count {
            let expected = nearest[next];
            prop_assert!(
                found.gains[pick] == expected || (found.gains[pick] - expected).abs() < 1e-7,
                "{} {}", found.gains[pick], expected
            );
            // On the grid distances are exact, and so are ties.
            if grid {
                prop_assert_eq!(found.order[pick], next, "{}", pick);
            }
            let centre = features.example(found.order[pick]);
            for (i, nearest) in nearest.iter_mut().enumerate() {
                let squared: f64 = centre.iter().zip(features.example(i)).map(|(a, b)| (a - b) * (a - b)).sum();
                *nearest = nearest.min(squared.sqrt());
            }
            nearest[found.order[pick]] = -1.0;
            next = (0..n).fold(0, |best, i| if nearest[i] > nearest[best] { i } else { best });
        }
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let golden = Golden::read();
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let similarities = Similarities::new(&golden.features(), Similarity::MaxSquared).unwrap();
            let lazy = Greedy::default().select(&mut FacilityLocation::new(similarities.clone()), 100).unwrap();
            let mut cut = GraphCut::new(similarities, 1.0, GraphCutForm::Conventional).unwrap();
            let cut = Greedy::default().select(&mut cut, 100).unwrap();
            let centres = KCenter::new(Start::Seeded(3)).select(&golden.features(), 100).unwrap();
            (lazy, cut, centres)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

#[test]
fn single_and_double_precision_choose_alike() {
    let golden = Golden::read();
    let doubles: Vec<f64> = golden.x.iter().map(|&x| f64::from(x)).collect();
    let doubles = Features::new(&doubles, 16).unwrap();
    assert_eq!(Herding.select(&doubles, 60), Herding.select(&golden.features(), 60));
    let k_center = KCenter::new(Start::Example(0));
    assert_eq!(k_center.select(&doubles, 60), k_center.select(&golden.features(), 60));
}

#[test]
fn seeded_ties_fall_to_every_example() {
    let values = [1.0; 10];
    let case = Case::new(values.to_vec(), 1);
    let first = |seed| {
        let greedy = Greedy::default().with_ties(Ties::Seeded).with_seed(seed);
        case.select(0, greedy, 3).order[0]
    };
    let seen: std::collections::HashSet<usize> = (0..300).map(first).collect();
    assert_eq!(seen.len(), 10);
    assert_eq!(case.select(0, Greedy::default(), 3).order, [0, 1, 2]);
    assert_eq!(
        KCenter::new(Start::Example(4)).select(&Features::new(&values, 1).unwrap(), 3).unwrap().order,
        [4, 0, 1]
    );
}

#[test]
fn bad_arguments_are_refused() {
    let values = points(5, 2, 0);
    let features = Features::new(&values, 2).unwrap();
    let count = PruneError::Count { count: 6, n_examples: 5 };
    assert_eq!(KCenter::new(Start::Example(0)).select(&features, 6), Err(count.clone()));
    assert_eq!(Herding.select(&features, 6), Err(count.clone()));
    let similarities = Similarities::new(&features, Similarity::Cosine).unwrap();
    let mut objective = FacilityLocation::new(similarities.clone());
    assert_eq!(Greedy::default().select(&mut objective, 6), Err(count));
    let error = KCenter::new(Start::Example(5)).select(&features, 2).unwrap_err().to_string();
    assert_eq!(error, "argument start is 5, expected an example below 5");
    assert!(Greedy::default().select_among(&mut objective, &[0, 0], 1).is_err());
    assert!(Greedy::default().select_among(&mut objective, &[5], 1).is_err());
    assert!(objective.cluster_sizes(&[7]).is_err());
    assert!(Greedy::default().with_epsilon(1.0).is_err());
    assert!(GraphCut::new(similarities.clone(), -1.0, GraphCutForm::Conventional).is_err());
    assert!(GraphCut::new(similarities, f64::NAN, GraphCutForm::Conventional).is_err());
}
