//! Groups of duplicates against brute force.

use std::collections::BTreeSet;

use cl_data::random::{below, stream, uniform};
use cl_prune::coreset::{Features, NeighborSearch, SearchMethod};
use cl_prune::duplicate::{
    DuplicateGroups, MinHash, NearDuplicates, Survivor, exact_duplicates, exact_texts, nearness_to_center,
};
use proptest::prelude::*;

/// The components of the pairs by repeated sweeps.
fn components(n: usize, is_pair: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut first: Vec<usize> = (0..n).collect();
    loop {
        let before = first.clone();
        for a in 0..n {
            for b in 0..n {
                if a != b && is_pair(a.min(b), a.max(b)) {
                    let least = first[a].min(first[b]);
                    (first[a], first[b]) = (least, least);
                }
            }
        }
        if first == before {
            return first;
        }
    }
}

fn firsts(groups: &DuplicateGroups) -> Vec<usize> {
    (0..groups.n_examples()).map(|example| groups.first_of(example).unwrap()).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

proptest! {
    #[test]
    fn pairs_make_components(n in 1usize..30, pairs in prop::collection::vec((0usize..30, 0usize..30), 0..40)) {
        let pairs: Vec<(usize, usize)> = pairs.into_iter().map(|(a, b)| (a % n, b % n)).collect();
        let groups = DuplicateGroups::of_pairs(n, pairs.iter().copied()).unwrap();
        let known: BTreeSet<(usize, usize)> = pairs.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        prop_assert_eq!(firsts(&groups), components(n, |a, b| known.contains(&(a, b))));
        // One of each group, each example once.
        let kept = groups.kept(Survivor::First).unwrap();
        prop_assert_eq!(kept.len() + groups.n_duplicates(), n);
        let scores: Vec<f64> = (0..n).map(|example| ((example * 7) % 5) as f64).collect();
        for (survivor, sign) in [(Survivor::Highest(&scores), 1.0), (Survivor::Lowest(&scores), -1.0)] {
            let kept = groups.kept(survivor).unwrap();
            prop_assert_eq!(kept.len() + groups.n_duplicates(), n);
            for &example in &kept {
                let own = groups.first_of(example);
                let others = (0..n).filter(|&other| groups.first_of(other) == own);
                prop_assert!(others.into_iter().all(|other| sign * scores[other] <= sign * scores[example]));
            }
        }
    }

    #[test]
    fn near_ones_are_those_of_all_pairs(n in 2usize..40, d in 1usize..5, seed: u64, threshold in 0.5f64..1.0) {
        let rng = &mut stream(seed, "test", 0);
        // Of few values, so that there are copies, multiples and zeros.
        let values: Vec<f32> = (0..n * d).map(|_| below(rng, 5) as f32 - 2.0).collect();
        let features = Features::new(&values, d).unwrap();
        let row = |example: usize| features.example(example);
        let is_zero = |example: usize| row(example).iter().all(|&value| value == 0.0);
        let is_near = |a: usize, b: usize| row(a) == row(b)
            || !is_zero(a) && !is_zero(b) && cosine(row(a), row(b)) >= threshold - 1e-12;
        // A threshold that some pair just reaches could go either way.
        let close = |a: usize, b: usize| !is_zero(a) && !is_zero(b) && (cosine(row(a), row(b)) - threshold).abs() < 1e-9;
        prop_assume!((0..n).all(|b| (0..b).all(|a| !close(a, b))));
        let search = NeighborSearch::new(n).unwrap();
        let near = NearDuplicates::new(threshold).unwrap().with_search(search).with_seed(seed);
        let (groups, report) = near.of(&features).unwrap();
        prop_assert_eq!(firsts(&groups), components(n, is_near));
        prop_assert_eq!(report.recall, 1.0);
        let copies = components(n, |a, b| row(a) == row(b));
        prop_assert_eq!(firsts(&exact_duplicates(&features).unwrap()), copies);
    }

    #[test]
    fn texts_are_those_of_all_pairs(seed: u64, threshold in 0.3f64..1.0) {
        let rng = &mut stream(seed, "test texts", 0);
        let texts: Vec<String> = (0..25).map(|_| {
            (0..below(rng, 9)).map(|_| ["a", "b", "c"][below(rng, 3)]).collect::<Vec<_>>().join(" ")
        }).collect();
        let shingles = |text: &str| -> BTreeSet<String> {
            let words: Vec<&str> = text.split_whitespace().collect();
            match words.len() {
                0 => BTreeSet::new(),
                1 => BTreeSet::from([words.join(" ")]),
                _ => words.windows(2).map(|pair| pair.join(" ")).collect(),
            }
        };
        let jaccard = |a: usize, b: usize| {
            let (a, b) = (shingles(&texts[a]), shingles(&texts[b]));
            a.intersection(&b).count() as f64 / a.union(&b).count().max(1) as f64
        };
        let min_hash = MinHash::new(threshold).unwrap().with_shingle(2).unwrap().with_hashes(512).unwrap();
        let (groups, report) = min_hash.with_seed(seed).of(&texts).unwrap();
        let all = components(25, |a, b| texts[a] == texts[b] || jaccard(a, b) >= threshold);
        // Never a pair below the threshold; what is missed is told.
        for (example, &first) in firsts(&groups).iter().enumerate() {
            prop_assert_eq!(all[first], all[example]);
        }
        prop_assert!(report.recall_at_threshold >= 0.98);
    }
}

/// Planted near copies of 3,000 examples of 16 features, sought in cells: all that brute force finds, but for 1 %.
#[test]
fn planted_duplicates_are_found_in_cells() {
    let rng = &mut stream(3, "test planted", 0);
    let (n, d) = (3000, 16);
    let mut values: Vec<f32> = (0..n * d).map(|_| uniform(rng) as f32 - 0.5).collect();
    for copy in 0..500 {
        for feature in 0..d {
            let noise = (uniform(rng) as f32 - 0.5) * 0.01;
            values.push(values[copy * 5 * d + feature] + noise);
        }
    }
    let features = Features::new(&values, d).unwrap();
    let search = NeighborSearch::new(8).unwrap().with_method(SearchMethod::Cells);
    let (groups, report) = NearDuplicates::new(0.99).unwrap().with_search(search).of(&features).unwrap();
    let found = (0..500).filter(|&copy| groups.first_of(n + copy) == groups.first_of(copy * 5)).count();
    assert!(found >= 495, "{found}");
    assert!(report.recall >= 0.98 && report.search.unwrap().n_cells > 40, "{report:?}");
    // Random directions in 16 dimensions are nowhere near 0.99.
    assert!(groups.groups().iter().all(|group| group.len() == 2));
}

#[test]
fn threads_change_nothing() {
    let rng = &mut stream(4, "test threads", 0);
    let values: Vec<f32> = (0..800 * 6).map(|_| below(rng, 7) as f32 - 3.0).collect();
    let features = Features::new(&values, 6).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| NearDuplicates::new(0.97).unwrap().of(&features).unwrap())
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn the_nearest_to_the_centre_stays() {
    let features = Features::new(&[0.0f32, 10.0, 1.0, 0.4, 10.0], 1).unwrap();
    let groups = DuplicateGroups::of_pairs(5, [(0, 2), (2, 3), (1, 4)]).unwrap();
    let nearness = nearness_to_center(&features, &groups).unwrap();
    assert_eq!(groups.kept(Survivor::Highest(&nearness)).unwrap(), [1, 3]);
}

#[test]
fn what_is_wrong_is_told() {
    let error =
        |result: Result<_, cl_prune::PruneError>| result.map(|_: DuplicateGroups| ()).unwrap_err().to_string();
    assert!(error(DuplicateGroups::of_pairs(3, [(0, 3)])).contains("a duplicate 3 is out of range"));
    assert!(NearDuplicates::new(1.5).unwrap_err().to_string().contains("threshold is 1.5"));
    assert!(NearDuplicates::new(f64::NAN).is_err() && MinHash::new(0.0).is_err());
    assert!(MinHash::new(0.5).unwrap().with_shingle(0).is_err());
    let groups = exact_texts(&["a", "a"]).unwrap();
    assert!(groups.kept(Survivor::Highest(&[1.0])).unwrap_err().to_string().contains("scores has 1 entries"));
    assert!(groups.kept(Survivor::Lowest(&[1.0, f64::NAN])).unwrap_err().to_string().contains("NaN"));
}
