//! Coresets over neighbours, as a user of the library has them.

use cl_data::random::{below, stream, uniform};
use cl_prune::coreset::{
    ClientSample, CoresetInputs, CoresetSettings, FacilityLocation, Features, GivenSimilarities, GraphCutForm,
    Greedy, KCenter, NeighborSearch, Neighbors, Optimizer, SearchMethod, Similarities, Similarity,
    SparseFacilityLocation, SparseGraphCut, SparseSaturatedCoverage, SparseSimilarities, SubmodularObjective,
};
use proptest::prelude::*;

fn values(n: usize, d: usize, seed: u64) -> Vec<f32> {
    let rng = &mut stream(seed, "test", 0);
    (0..n * d).map(|_| 4.0 * uniform(rng) as f32 - 1.5).collect()
}

/// A matrix of `n` x `n`, symmetric where that is asked for, about half of it zero.
fn matrix(n: usize, seed: u64, symmetric: bool) -> Vec<f32> {
    let rng = &mut stream(seed, "test", 0);
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let value = if below(rng, 2) == 0 || i == j { (8.0 * uniform(rng)).ceil() as f32 / 8.0 } else { 0.0 };
            matrix[i * n + j] = if symmetric && j < i { matrix[j * n + i] } else { value };
        }
    }
    matrix
}

fn sparse(n: usize, matrix: &[f32]) -> SparseSimilarities {
    let (mut starts, mut indices, mut found) = (vec![0], Vec::new(), Vec::new());
    for row in matrix.chunks_exact(n) {
        for (column, &value) in (0..).zip(row).filter(|&(_, &value)| value > 0.0) {
            indices.push(column);
            found.push(value);
        }
        starts.push(indices.len());
    }
    SparseSimilarities::of_rows(n, &starts, &indices, &found).unwrap()
}

/// The value of every set of `k` of `n`, as `value` has it: the largest.
fn best_of(n: usize, k: usize, value: impl Fn(&[usize]) -> f64) -> f64 {
    let sets = (0u32..1 << n).filter(|set| set.count_ones() as usize == k);
    let members = sets.map(|set| (0..n).filter(|&element| set >> element & 1 == 1).collect::<Vec<_>>());
    members.map(|set| value(&set)).fold(0.0, f64::max)
}

const SHARE: f64 = 1.0 - 0.367_879_441_171_442_33;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Gains are differences of the objectives by their formulas, lazy is naive, and greedy keeps its guarantee.
    #[test]
    fn sparse_objectives_are_their_definitions(seed: u64, k in 1usize..5) {
        let n = 12;
        let rng = &mut stream(seed, "weights", 0);
        let weights: Vec<f64> = (0..n).map(|_| below(rng, 4) as f64).collect();
        let (any, both) = (matrix(n, seed, false), matrix(n, seed, true));
        let at = |matrix: &[f32], i: usize, j: usize| f64::from(matrix[i * n + j]);
        let served = |set: &[usize]| -> f64 {
            let best = |i| set.iter().map(|&j| at(&any, i, j)).fold(0.0, f64::max);
            (0..n).map(|i| weights[i] * best(i)).sum()
        };
        let covered = |set: &[usize]| -> f64 {
            let share = |i| 0.4 * (0..n).map(|j| at(&any, i, j)).sum::<f64>();
            (0..n).map(|i| weights[i] * set.iter().map(|&j| at(&any, i, j)).sum::<f64>().min(share(i))).sum()
        };
        let cut = |set: &[usize]| -> f64 {
            let to_all: f64 = set.iter().map(|&j| (0..n).map(|i| at(&both, i, j)).sum::<f64>()).sum();
            2.0 * to_all - set.iter().map(|&j| set.iter().map(|&k| at(&both, j, k)).sum::<f64>()).sum::<f64>()
        };
        let location = SparseFacilityLocation::new(sparse(n, &any)).with_weights(&weights).unwrap();
        let coverage = SparseSaturatedCoverage::new(sparse(n, &any), 0.4).unwrap().with_weights(&weights).unwrap();
        let graph_cut = SparseGraphCut::new(&sparse(n, &both), 2.0, GraphCutForm::Conventional).unwrap();
        fn check<O: SubmodularObjective + Clone>(
            objective: &O, k: usize, value: &dyn Fn(&[usize]) -> f64,
        ) -> Result<(), TestCaseError> {
            let lazy = Greedy::default().select(&mut objective.clone(), k).unwrap();
            let naive = Greedy::new(Optimizer::Naive).select(&mut objective.clone(), k).unwrap();
            prop_assert_eq!(&lazy, &naive);
            for at in 0..k {
                let gain = value(&lazy.order[..=at]) - value(&lazy.order[..at]);
                prop_assert!((lazy.gains[at] - gain).abs() < 1e-6, "{} {gain}", lazy.gains[at]);
            }
            prop_assert!(lazy.value() >= SHARE * best_of(12, k, value) - 1e-9);
            Ok(())
        }
        check(&location, k, &served)?;
        check(&coverage, k, &covered)?;
        check(&graph_cut, k, &cut)?;
    }

    /// With all as neighbours the choice is worth what that over all pairs is.
    #[test]
    fn all_neighbours_are_all_pairs(n in 2usize..40, d in 1usize..4, seed: u64, classes in 1usize..4) {
        let values = values(n, d, seed);
        let features = Features::new(&values, d).unwrap();
        let labels: Vec<usize> = (0..n).map(|example| example % classes).collect();
        let inputs = CoresetInputs { labels: (classes > 1).then_some(&labels), ..CoresetInputs::default() };
        let count = n / 2;
        for (method, options) in [
            ("facility-location", &[][..]), ("facility-location", &[("similarity", "cosine")]),
            ("graph-cut", &[("lambda", "2")]), ("saturated-coverage", &[]), ("craig", &[]),
            ("facility-location", &[("optimizer", "greedi"), ("parts", "2")]),
        ] {
            let settings = CoresetSettings::parse(method, options).unwrap();
            let dense = settings.select(features, count, seed, &inputs).unwrap();
            let search = NeighborSearch::new(n).unwrap().with_method(SearchMethod::Exact);
            let (coreset, report) =
                settings.select_by_neighbors(features, Neighbors::Search(search), count, seed, &inputs).unwrap();
            prop_assert!(report.is_none_or(|report| report.recall == 1.0));
            let (own, all) = (coreset.value(), dense.value());
            // Single precision decides otherwise between equals, such as two that are each other's nearest, after which gains
            // differ: each is a greedy choice, worth 1 - 1/e of the best and so of the other.
            prop_assert!(own >= SHARE * all - 1e-3 && all >= SHARE * own - 1e-3, "{method} {own} {all}");
            if method == "facility-location" && classes == 1 {
                // What it chose is worth over all pairs what it says, but for single precision.
                let is_cosine = options.contains(&("similarity", "cosine"));
                let similarity = if is_cosine { Similarity::Cosine } else { Similarity::MaxSquared };
                let mut objective = FacilityLocation::new(Similarities::new(&features, similarity).unwrap());
                let gain = |&element: &usize| {
                    let gain = objective.gain(element);
                    objective.add(element);
                    gain
                };
                let value: f64 = coreset.order.iter().map(gain).sum();
                prop_assert!((value - own).abs() <= 1e-5 * value.max(1.0), "{own} {value}");
            }
            prop_assert_eq!(coreset.weights.is_some(), method == "craig");
            if let Some(weights) = &coreset.weights {
                prop_assert!(weights.iter().sum::<f64>() <= n as f64);
            }
            let lists: Vec<u32> = (0..n).flat_map(|_| 0..n as u32).collect();
            let (given, _) = settings
                .select_by_neighbors(features, Neighbors::Given(&lists), count, seed, &inputs)
                .unwrap();
            prop_assert_eq!(given.order.len(), count);
        }
    }
}

/// Clusters of which each takes one: neighbours serve nearly as well as all pairs do.
#[test]
fn few_neighbours_are_nearly_as_good() {
    let (n, d, n_clusters) = (3000, 16, 30);
    let rng = &mut stream(1, "test", 0);
    let centres: Vec<f64> = (0..n_clusters * d).map(|_| 10.0 * uniform(rng)).collect();
    let values: Vec<f32> = (0..n * d)
        .map(|at| (centres[at / d % n_clusters * d + at % d] + uniform(rng) + uniform(rng)) as f32)
        .collect();
    let features = Features::new(&values, d).unwrap();
    let settings = CoresetSettings::parse("facility-location", &[]).unwrap();
    let inputs = CoresetInputs::default();
    let dense = settings.select(features, 30, 0, &inputs).unwrap();
    let mean = |chosen: &[usize]| {
        KCenter::distances(&features, chosen).unwrap().iter().map(|d| d * d).sum::<f64>() / n as f64
    };
    let exact = mean(&dense.order);
    let search = NeighborSearch::new(16).unwrap().with_method(SearchMethod::Cells);
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let neighbors = Neighbors::Search(search);
        pool.install(|| settings.select_by_neighbors(features, neighbors, 30, 0, &inputs).unwrap())
    };
    let (coreset, report) = run(1);
    assert_eq!((&coreset, report), (&run(3).0, run(3).1));
    assert!(report.unwrap().recall > 0.97, "{report:?}");
    assert!(mean(&coreset.order) < 1.1 * exact, "{} {exact}", mean(&coreset.order));
    let sample = ClientSample::new(n, 500, 0).unwrap();
    let sampled = settings.select(features, 30, 0, &CoresetInputs { clients: Some(&sample), ..inputs }).unwrap();
    assert!(mean(&sampled.order) < 1.1 * exact, "{} {exact}", mean(&sampled.order));
    // Those that count nothing are served by chance alone.
    let weights: Vec<f64> = (0..n).map(|example| f64::from(u8::from(example % n_clusters < 10))).collect();
    let weighted = CoresetInputs { weights: Some(&weights), ..inputs };
    for coreset in [
        settings.select(features, 10, 0, &weighted).unwrap(),
        settings.select_by_neighbors(features, Neighbors::Search(search), 10, 0, &weighted).unwrap().0,
    ] {
        let mut clusters: Vec<usize> = coreset.order.iter().map(|example| example % n_clusters).collect();
        clusters.sort_unstable();
        assert_eq!(clusters, (0..10).collect::<Vec<_>>());
    }
}

#[test]
fn given_similarities_are_taken_as_they_are() {
    let matrix = matrix(20, 5, true);
    let doubles: Vec<f64> = matrix.iter().copied().map(f64::from).collect();
    let dense = GivenSimilarities::Dense(Similarities::of_matrix(20, &doubles).unwrap());
    let sparse = GivenSimilarities::Sparse(sparse(20, &matrix));
    let inputs = CoresetInputs::default();
    for method in ["facility-location", "graph-cut", "saturated-coverage"] {
        let settings = CoresetSettings::parse(method, &[("similarity", "precomputed")]).unwrap();
        assert_eq!(settings.options()["similarity"], "precomputed");
        let chosen = settings.select_over(&dense, 7, 0, &inputs).unwrap();
        assert_eq!(settings.select_over(&sparse, 7, 0, &inputs).unwrap().order, chosen.order, "{method}");
        let features = Features::new(&matrix, 20).unwrap();
        let error = settings.select(features, 7, 0, &inputs).unwrap_err().to_string();
        assert!(error.contains("similarity is precomputed"), "{error}");
        assert!(settings.select_over(&sparse, 21, 0, &inputs).is_err());
        let weights = [1.0; 20];
        let weighted = CoresetInputs { weights: Some(&weights), ..inputs };
        assert_eq!(settings.select_over(&sparse, 7, 0, &weighted).unwrap().order, chosen.order, "{method}");
        assert!(settings.select_over(&dense, 7, 0, &weighted).is_err());
    }
    let settings = CoresetSettings::parse("herding", &[]).unwrap();
    let error = settings.select_over(&sparse, 7, 0, &inputs).unwrap_err().to_string();
    assert!(error.contains("facility-location, graph-cut, sum-redundancy, saturated-coverage, craig"), "{error}");
    assert!(CoresetSettings::parse("log-determinant", &[("similarity", "precomputed")]).is_err());
    let weights = [1.0; 20];
    let features = Features::new(&matrix, 20).unwrap();
    let error = settings.select(features, 7, 0, &CoresetInputs { weights: Some(&weights), ..inputs }).unwrap_err();
    assert!(error.to_string().contains("herding represents all examples alike"), "{error}");
}
