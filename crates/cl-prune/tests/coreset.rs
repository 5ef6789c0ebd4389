//! Coresets against reference implementations, brute force and their own definitions.

use std::collections::BTreeMap;

use cl_data::io::{Array, read_npz};
use cl_data::random::{permutation, stream, uniform};
use cl_prune::PruneError;
use cl_prune::coreset::{
    Concave, Coreset, FacilityLocation, FeatureBased, Features, GraphCut, GraphCutForm, Greedy, Herding, KCenter,
    LogDeterminant, Optimizer, SaturatedCoverage, Similarities, Similarity, Start, SubmodularObjective, Ties,
};
use proptest::prelude::*;

/// Six hundred examples with references, see `fixtures/README.md`.
struct Golden {
    arrays: BTreeMap<String, Array>,
    x: Vec<f32>,
}

impl Golden {
    fn read() -> Self {
        let arrays = read_npz(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/coreset.npz")).unwrap();
        let x = arrays["X"].to_floats().unwrap();
        Self { arrays, x }
    }

    fn features(&self) -> Features<'_, f32> {
        Features::new(&self.x, 16).unwrap()
    }

    fn indices(&self, name: &str) -> Vec<usize> {
        self.arrays[name].to_indices().unwrap()
    }

    fn floats(&self, name: &str) -> Vec<f64> {
        self.arrays[name].to_f64().unwrap()
    }
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{at}: {found} {expected}");
    }
}

fn points(n: usize, d: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, "test points", 0);
    // Groups, and examples around them.
    (0..n * d).map(|at| 3.0 * ((at / d % 4 + at % d) as f64).sin() + uniform(&mut rng)).collect()
}

#[test]
fn k_center_is_the_reference_and_deepcores() {
    let golden = Golden::read();
    for (seed, first) in [(0, 559), (1, 37), (42, 102)] {
        let coreset = KCenter::new(Start::Example(first)).select(&golden.features(), 60).unwrap();
        assert_eq!(coreset.order, golden.indices(&format!("kcenter_ref64_from{first}_order")));
        assert_eq!(coreset.order, golden.indices(&format!("kcenter_deepcore_seed{seed}_order")));
        // A gain is the radius before the pick.
        let radius = golden.floats(&format!("kcenter_ref64_from{first}_radius"));
        assert_close(&coreset.gains[1..], &radius, 1e-12);
        assert_eq!(coreset.gains[0], f64::INFINITY);
    }
    let coreset = KCenter::new(Start::Example(559)).select(&golden.features(), 60).unwrap();
    let radius = KCenter::radius(&golden.features(), &coreset.order).unwrap();
    assert!((radius - 11.40121887335771).abs() < 1e-12, "{radius}");
    // Sixty more after two, which DeepCore returns with them, sorted.
    let mut all = vec![0, 5];
    all.extend(KCenter::extend(&golden.features(), &[0, 5], 60).unwrap().order);
    all.sort_unstable();
    assert_eq!(all, golden.indices("kcenter_deepcore_already_0_5_sorted"));
}

/// Going on from a part is not having stopped.
#[test]
fn k_center_goes_on_where_it_was() {
    let golden = Golden::read();
    let whole = KCenter::new(Start::Example(37)).select(&golden.features(), 80).unwrap();
    for part in [1, 2, 40, 80] {
        let rest = KCenter::extend(&golden.features(), &whole.order[..part], 80 - part).unwrap();
        assert_eq!(rest.order, whole.order[part..]);
        assert_close(&rest.gains, &whole.gains[part..], 1e-12);
    }
    let features = Features::new(&[0.0, 1.0, 2.0], 1).unwrap();
    assert_eq!(KCenter::extend(&features, &[1, 0], 1).unwrap().order, [2]);
    for (chosen, count, expected) in
        [(&[][..], 1, "chosen"), (&[3][..], 1, "below 3"), (&[1, 1][..], 1, "twice"), (&[0, 1][..], 2, "2")]
    {
        let error = KCenter::extend(&features, chosen, count).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn herding_takes_the_nearest_where_deepcore_takes_the_farthest() {
    let golden = Golden::read();
    let coreset = Herding.select(&golden.features(), 60).unwrap();
    assert_eq!(coreset.order, golden.indices("herding_ref64_argmin_order"));
    assert_ne!(coreset.order, golden.indices("herding_deepcore_order"));
    assert_eq!(golden.indices("herding_ref64_argmax_order"), golden.indices("herding_deepcore_order"));
    // The gap that the reference measured, 66 times smaller than DeepCore's.
    assert!((-coreset.gains[59] - 0.1837261736496137).abs() < 1e-9, "{}", coreset.gains[59]);
}

/// Orders may differ only where two neighbours in them have equal gains: examples that each serve themselves and each
/// other. The set of the first k differs at most there.
fn assert_same_up_to_ties(found: &Coreset, order: &[usize], gains: &[f64], tolerance: f64) {
    assert_close(&found.gains, gains, tolerance);
    let differing = found.order.iter().zip(order).filter(|(a, b)| a != b).count();
    assert!(differing <= 2, "{differing} differ: {:?} {order:?}", found.order);
}

#[test]
fn facility_location_is_the_reference_and_the_peers() {
    let golden = Golden::read();
    for (name, similarity) in [("maxmd2", Similarity::MaxSquared), ("cos", Similarity::Cosine)] {
        let similarities = Similarities::new(&golden.features(), similarity).unwrap();
        assert_close(&similarities.of_all_to(0), &golden.floats(&format!("sim_{name}_row0")), 1e-12);
        let select = |optimizer| {
            let mut objective = FacilityLocation::new(similarities.clone());
            Greedy::new(optimizer).select(&mut objective, 60).unwrap()
        };
        let lazy = select(Optimizer::Lazy);
        assert_eq!(lazy, select(Optimizer::Naive));
        let peers: &[(&str, f64)] = match similarity {
            Similarity::Cosine => &[
                ("ref64", 1e-11),
                ("apricot_naive", 1e-11),
                ("apricot_lazy", 1e-11),
                ("apricot_two-stage", 1e-11),
                // In single precision.
                ("submodlib_NaiveGreedy", 2e-6),
                ("submodlib_LazyGreedy", 2e-6),
            ],
            _ => &[
                ("ref64", 1e-11),
                ("apricot_naive", 1e-11),
                ("apricot_lazy", 1e-11),
                ("apricot_two-stage", 1e-11),
            ],
        };
        for (peer, tolerance) in peers {
            let order = golden.indices(&format!("fl_{name}_{peer}_order"));
            let gains = golden.floats(&format!("fl_{name}_{peer}_gains"));
            assert_same_up_to_ties(&lazy, &order, &gains, *tolerance);
        }
    }
    // What apricot calls euclidean is the squared distance, and its cosine the squared cosine.
    let squared = Similarities::new(&golden.features(), Similarity::MaxSquared).unwrap();
    let coreset = Greedy::default().select(&mut FacilityLocation::new(squared), 60).unwrap();
    let gains = golden.floats("fl_apricot_euclidean_lazy_gains");
    assert_same_up_to_ties(&coreset, &golden.indices("fl_apricot_euclidean_lazy_order"), &gains, 1e-6);
    let squared = Similarities::new(&golden.features(), Similarity::CosineSquared).unwrap();
    let coreset = Greedy::default().select(&mut FacilityLocation::new(squared), 60).unwrap();
    let order = golden.indices("fl_apricot_cosine_lazy_order");
    let differing = coreset.order.iter().zip(&order).filter(|(a, b)| a != b).count();
    assert!(differing <= 2, "{:?} {order:?}", coreset.order);
}

/// DeepCore's are of the cosine. What approximates the greedy order or draws it is compared by its value.
#[test]
fn facility_location_and_graph_cut_are_deepcores() {
    let golden = Golden::read();
    let similarities = Similarities::new(&golden.features(), Similarity::Cosine).unwrap();
    let served = FacilityLocation::new(similarities.clone());
    let cut = GraphCut::new(similarities, 1.0, GraphCutForm::NoSelf).unwrap();
    let lazy = Greedy::default().select(&mut served.clone(), 60).unwrap();
    for name in ["NaiveGreedy", "LazyGreedy"] {
        let order = golden.indices(&format!("deepcore_FacilityLocation_{name}_order"));
        let differing = lazy.order.iter().zip(&order).filter(|(own, theirs)| own != theirs).count();
        assert!(differing <= 2, "{name}: {:?} {order:?}", lazy.order);
        let mut cut = cut.clone();
        let order = Greedy::default().select(&mut cut, 60).unwrap().order;
        assert_eq!(order, golden.indices(&format!("deepcore_GraphCut_{name}_order")));
    }
    // Values by NumPy. Apricot's epsilon is 0.9 where none is given: it draws from two at a time, and random sets of 60 are
    // worth 556.9 on average.
    let names = ["deepcore_FacilityLocation_ApproximateLazyGreedy_sorted", "fl_cos_apricot_stochastic_rs0_order"];
    for (name, expected) in names.into_iter().zip([565.6379731411762, 557.1687532162955]) {
        let found = value(&mut served.clone(), &golden.indices(name));
        assert_close(&[found], &[expected], 1e-13);
        assert!(found < lazy.value());
    }
    let stochastic = |epsilon| {
        let greedy = Greedy::new(Optimizer::Stochastic).with_epsilon(epsilon).unwrap();
        greedy.select(&mut served.clone(), 60).unwrap().value()
    };
    assert!((stochastic(0.9) / 557.1687532162955 - 1.0).abs() < 0.01);
    assert!(stochastic(0.1) > 0.99 * lazy.value());
    let approximate = golden.indices("deepcore_GraphCut_ApproximateLazyGreedy_sorted");
    let greedy = Greedy::default().select(&mut cut.clone(), 60).unwrap().value();
    let found = value(&mut cut.clone(), &approximate);
    assert_close(&[found, greedy], &[19192.842720031807, 19248.36318120969], 1e-12);
}

#[test]
fn graph_cut_is_the_reference_and_the_peers() {
    let golden = Golden::read();
    for (name, similarity) in [("maxmd2", Similarity::MaxSquared), ("cos", Similarity::Cosine)] {
        let similarities = Similarities::new(&golden.features(), similarity).unwrap();
        let select = |lambda, form, optimizer| {
            let mut objective = GraphCut::new(similarities.clone(), lambda, form).unwrap();
            Greedy::new(optimizer).select(&mut objective, 60).unwrap()
        };
        for (lambda, text) in [(1.0, "1_0"), (2.0, "2_0")] {
            let lazy = select(lambda, GraphCutForm::Conventional, Optimizer::Lazy);
            assert_eq!(lazy, select(lambda, GraphCutForm::Conventional, Optimizer::Naive));
            for peer in ["ref64", "apricot_naive", "apricot_lazy"] {
                let prefix = format!("gc_{name}_lam{text}_{peer}");
                assert_eq!(lazy.order, golden.indices(&format!("{prefix}_order")), "{prefix}");
                assert_close(&lazy.gains, &golden.floats(&format!("{prefix}_gains")), 1e-9);
            }
        }
        if similarity == Similarity::Cosine {
            // With all similarities to oneself 1 the three forms choose alike, and count differently.
            let diversity = select(1.0, GraphCutForm::Diversity, Optimizer::Lazy);
            assert_eq!(diversity.order, golden.indices("gc_cos_submodlib_lam1_order"));
            assert_close(&diversity.gains, &golden.floats("gc_cos_submodlib_lam1_gains"), 1e-5);
            let no_self = select(1.0, GraphCutForm::NoSelf, Optimizer::Lazy);
            assert_eq!(no_self.order, golden.indices("deepcore_GraphCut_NaiveGreedy_order"));
            assert_eq!(no_self.order, golden.indices("gc_cos_lam1_0_noself_ref64_order"));
            assert!((no_self.gains[0] - diversity.gains[0] - 1.0).abs() < 1e-9);
        }
    }
}

/// Four elements whose values are computed by hand and by apricot.
#[test]
fn four_elements() {
    let similarities = [1.0, 0.8, 0.1, 0.2, 0.8, 1.0, 0.2, 0.1, 0.1, 0.2, 1.0, 0.6, 0.2, 0.1, 0.6, 1.0];
    let similarities = Similarities::of_matrix(4, &similarities).unwrap();
    for optimizer in [Optimizer::Naive, Optimizer::Lazy] {
        let mut objective = FacilityLocation::new(similarities.clone());
        let coreset = Greedy::new(optimizer).select(&mut objective, 4).unwrap();
        // Apricot takes 0, 3, 2, 1: after 0, 2 and 3 both add 1.3.
        assert_eq!(coreset.order, [0, 2, 3, 1]);
        assert_close(&coreset.gains, &[2.1, 1.3, 0.4, 0.2], 1e-15);
        let mut objective = GraphCut::new(similarities.clone(), 1.0, GraphCutForm::Conventional).unwrap();
        let coreset = Greedy::new(optimizer).select(&mut objective, 4).unwrap();
        assert_eq!(coreset.order, [0, 2, 3, 1]);
        assert_close(&coreset.gains, &[1.1, 0.7, -0.7, -1.1], 1e-15);
    }
}

/// All objectives over the same examples.
fn objectives<'a>(
    values: &'a [f64],
    amounts: &'a [f64],
    d: usize,
) -> Vec<(&'static str, bool, Box<dyn SubmodularObjective + 'a>)> {
    let features = Features::new(values, d).unwrap();
    let amounts = Features::new(amounts, d).unwrap();
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
    ]
}

/// One of them, of these examples.
struct Case {
    values: Vec<f64>,
    amounts: Vec<f64>,
    d: usize,
}

impl Case {
    fn new(values: Vec<f64>, d: usize) -> Self {
        let amounts = values.iter().map(|value| value.abs()).collect();
        Self { values, amounts, d }
    }

    fn objective(&self, which: usize) -> (&'static str, bool, Box<dyn SubmodularObjective + '_>) {
        objectives(&self.values, &self.amounts, self.d).swap_remove(which)
    }

    fn select(&self, which: usize, greedy: Greedy, count: usize) -> Coreset {
        greedy.select(&mut *self.objective(which).2, count).unwrap()
    }
}

/// The value of a set, by adding its elements in this order.
fn value(objective: &mut dyn SubmodularObjective, set: &[usize]) -> f64 {
    set.iter()
        .map(|&element| {
            let gain = objective.gain(element);
            objective.add(element);
            gain
        })
        .sum()
}

const N_OBJECTIVES: usize = 13;

#[test]
fn all_objectives_are_tested() {
    let case = Case::new(points(4, 2, 0), 2);
    assert_eq!(objectives(&case.values, &case.amounts, 2).len(), N_OBJECTIVES);
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
    assert!("quick".parse::<Optimizer>().unwrap_err().to_string().contains("`quick`"));
    let saved = serde_json::to_string(&Greedy::default()).unwrap();
    assert_eq!(serde_json::from_str::<Greedy>(&saved).unwrap(), Greedy::default());
    let error = serde_json::from_str::<Greedy>(&saved.replace("0.1", "2.0")).unwrap_err().to_string();
    assert!(error.contains("epsilon"), "{error}");
}
