//! Agreement between scores: against the plain correlations, and bootstrap intervals against resamples that are
//! really drawn and really ranked.

use cl_data::random;
use cl_difficulty::agreement::{
    Bootstrap, RankCorrelation, agreement_matrix, borda, mean_rank, stability, top_overlap,
};
use cl_difficulty::{DifficultyError, kendall, spearman};
use proptest::prelude::*;

type Correlation = fn(&[f64], &[f64]) -> Result<Option<f64>, DifficultyError>;

/// Three scores with ties, related to one another, and a constant.
fn scores(seed: u64, n: usize) -> Vec<Vec<f64>> {
    let mut rng = random::stream(seed, "test", 0);
    let base: Vec<f64> = (0..n).map(|_| random::uniform(&mut rng)).collect();
    let mut noisy = |levels: f64| -> Vec<f64> {
        base.iter().map(|x| ((x + random::uniform(&mut rng)) * levels).floor() / levels).collect()
    };
    vec![noisy(5.0), noisy(1000.0), noisy(3.0), vec![0.1; n]]
}

fn named(scores: &[Vec<f64>]) -> Vec<(&'static str, &[f64])> {
    ["a", "b", "c", "constant"].into_iter().zip(scores.iter().map(Vec::as_slice)).collect()
}

#[test]
fn intervals_are_those_of_real_resamples() {
    let (n, n_resamples, seed) = (60, 99, 5);
    let scores = scores(1, n);
    let bootstrap = Bootstrap { n_resamples, level: 0.9, seed };
    for (correlation, plain) in
        [(RankCorrelation::Spearman, spearman as Correlation), (RankCorrelation::Kendall, kendall as Correlation)]
    {
        let matrix = agreement_matrix(&named(&scores), correlation, Some(bootstrap)).unwrap();
        assert_eq!(matrix.names(), ["a", "b", "c", "constant"]);
        for i in 0..3 {
            for j in 0..i {
                let cell = matrix.get(i, j).unwrap();
                assert_eq!(Some(cell), matrix.get(j, i));
                assert_eq!(cell.value, plain(&scores[i], &scores[j]).unwrap());
                let mut values: Vec<f64> = (0..n_resamples as u64)
                    .map(|r| {
                        let mut rng = random::stream(seed, "bootstrap", r);
                        let drawn: Vec<usize> = (0..n).map(|_| random::below(&mut rng, n)).collect();
                        let gather = |score: &[f64]| drawn.iter().map(|&i| score[i]).collect::<Vec<_>>();
                        plain(&gather(&scores[i]), &gather(&scores[j])).unwrap().unwrap()
                    })
                    .collect();
                values.sort_by(f64::total_cmp);
                // (99 - 1) * 0.05 = 4.9 and (99 - 1) * 0.95 = 93.1, interpolated linearly.
                let low = values[4] + 0.9 * (values[5] - values[4]);
                let high = values[93] + 0.1 * (values[94] - values[93]);
                let (found_low, found_high) = cell.interval.unwrap();
                assert!((found_low - low).abs() < 1e-12 && (found_high - high).abs() < 1e-12);
                assert_eq!(cell.n_undefined, 0);
            }
        }
    }
}

#[test]
fn what_is_constant_agrees_with_nothing() {
    let scores = scores(2, 30);
    let bootstrap = Some(Bootstrap { n_resamples: 20, level: 0.95, seed: 0 });
    for correlation in [RankCorrelation::Spearman, RankCorrelation::Kendall] {
        let matrix = agreement_matrix(&named(&scores), correlation, bootstrap).unwrap();
        for j in 0..4 {
            let cell = matrix.get(3, j).unwrap();
            assert_eq!((cell.value, cell.interval), (None, None));
        }
        assert_eq!(matrix.get(1, 1).unwrap().value, Some(1.0));
        assert_eq!((matrix.get(4, 0), matrix.get(4, 4)), (None, None));
    }
    // One example stands out of three: every resample without it is constant.
    let rare = [0.0, 0.0, 1.0];
    let bootstrap = Some(Bootstrap { n_resamples: 400, level: 0.95, seed: 0 });
    let pair = [("rare", &rare[..]), ("other", &[1.0, 2.0, 3.0])];
    for correlation in [RankCorrelation::Spearman, RankCorrelation::Kendall] {
        let cell = agreement_matrix(&pair, correlation, bootstrap).unwrap().get(0, 1).unwrap();
        // Without it (2/3)^3, or it alone (1/3)^3: a third. Five standard deviations of 400 draws are 47.
        assert!((cell.n_undefined as f64 - 400.0 / 3.0).abs() < 47.0, "{}", cell.n_undefined);
        assert!(cell.interval.is_some());
    }
    let stability = stability(&[&scores[0], &scores[3], &scores[3]], RankCorrelation::Spearman).unwrap();
    assert_eq!((stability.mean, stability.n_pairs, stability.n_undefined), (None, 0, 3));
}

#[test]
fn the_matrix_does_not_depend_on_the_threads() {
    let scores = scores(3, 500);
    let bootstrap = Some(Bootstrap { n_resamples: 50, level: 0.95, seed: 9 });
    let with_threads = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| agreement_matrix(&named(&scores), RankCorrelation::Spearman, bootstrap).unwrap())
    };
    assert_eq!(with_threads(1), with_threads(3));
    let text = serde_json::to_string(&with_threads(2)).unwrap();
    assert_eq!(serde_json::from_str::<cl_difficulty::agreement::AgreementMatrix>(&text).unwrap(), with_threads(1));
}

#[test]
fn bad_input_is_refused() {
    let (a, b) = ([1.0, 2.0], [1.0, f64::NAN]);
    let matrix = |other: &[f64], bootstrap| {
        agreement_matrix(&[("a", &a), ("b", other)], RankCorrelation::Spearman, bootstrap)
    };
    assert!(matrix(&b, None).is_err() && matrix(&[1.0], None).is_err());
    for (n_resamples, level) in [(0, 0.9), (1, 0.0), (1, 1.0), (1, f64::NAN)] {
        assert!(matrix(&a, Some(Bootstrap { n_resamples, level, seed: 0 })).is_err());
    }
    let empty = agreement_matrix(&[("a", &[]), ("b", &[])], RankCorrelation::Spearman, None).unwrap();
    assert_eq!(empty.get(0, 1).unwrap().value, None);
    assert!(agreement_matrix(&[], RankCorrelation::Kendall, None).unwrap().names().is_empty());
    assert!(stability(&[&a], RankCorrelation::Spearman).is_err());
    assert!(stability(&[&a, &[1.0]], RankCorrelation::Spearman).is_err());
    assert!(mean_rank(&[]).is_err() && mean_rank(&[&a, &b]).is_err() && borda(&[&a, &[1.0]]).is_err());
    assert!(top_overlap(&a, &b, &[0.5], 0).is_err());
    assert!(top_overlap(&a, &a, &[1.5], 0).is_err());
    assert!(top_overlap(&a, &[1.0], &[0.5], 0).is_err());
}

#[test]
fn stability_is_the_mean_over_pairs() {
    let scores = scores(4, 40);
    let runs: Vec<&[f64]> = scores[..3].iter().map(Vec::as_slice).collect();
    for (correlation, plain) in
        [(RankCorrelation::Spearman, spearman as Correlation), (RankCorrelation::Kendall, kendall as Correlation)]
    {
        let pairs = [(1, 0), (2, 0), (2, 1)].map(|(i, j)| plain(runs[i], runs[j]).unwrap().unwrap());
        let stability = stability(&runs, correlation).unwrap();
        assert!((stability.mean.unwrap() - pairs.iter().sum::<f64>() / 3.0).abs() < 1e-15);
        assert_eq!(stability.lowest, pairs.into_iter().reduce(f64::min));
        assert_eq!(stability.highest, pairs.into_iter().reduce(f64::max));
        assert_eq!((stability.n_pairs, stability.n_undefined), (3, 0));
    }
}

#[test]
fn ties_overlap_as_chance_would_have_it() {
    let constant = vec![0.0; 10_000];
    let overlap = top_overlap(&constant, &constant, &[0.2], 1).unwrap()[0].unwrap();
    // 0.2 / 1.8; the count of common examples, 400, has a standard deviation of 16.
    let bound = 5.0 * 16.0 / 3600.0;
    assert!((overlap - 0.2 / 1.8).abs() < bound + 0.003, "{overlap}");
    assert_eq!(top_overlap(&[], &[], &[0.5], 0).unwrap(), [None]);
}

proptest! {
    #[test]
    fn overlaps_are_those_of_sets(
        pairs in prop::collection::vec((0u16..500, 0u16..500), 1..60), fraction in 0.0..=1.0f64, seed: u64,
    ) {
        // The index makes every value its own.
        let score = |value: u16, i: usize| f64::from(value) + i as f64 * 1e-3;
        let a: Vec<f64> = pairs.iter().enumerate().map(|(i, pair)| score(pair.0, i)).collect();
        let b: Vec<f64> = pairs.iter().enumerate().map(|(i, pair)| score(pair.1, i)).collect();
        let k = (fraction * a.len() as f64 + 0.5).floor() as usize;
        let hardest = |score: &[f64]| {
            let mut order: Vec<usize> = (0..score.len()).collect();
            order.sort_by(|&x, &y| score[y].total_cmp(&score[x]));
            order[..k].iter().copied().collect::<std::collections::HashSet<_>>()
        };
        let (of_a, of_b) = (hardest(&a), hardest(&b));
        let expected = of_a.intersection(&of_b).count() as f64 / of_a.union(&of_b).count() as f64;
        let found = top_overlap(&a, &b, &[fraction], seed)?[0];
        prop_assert_eq!(found, (k > 0).then_some(expected));
        prop_assert_eq!(top_overlap(&a, &a, &[fraction], seed)?[0], (k > 0).then_some(1.0));
    }

    #[test]
    fn combinations_count_defeats(
        rows in prop::collection::vec((-3i8..3, -3i8..3, -3i8..3), 1..40),
    ) {
        let scores = [
            rows.iter().map(|row| f64::from(row.0)).collect::<Vec<_>>(),
            rows.iter().map(|row| f64::from(row.1)).collect(),
            rows.iter().map(|row| f64::from(row.2).exp()).collect(),
        ];
        let scores = [&scores[0][..], &scores[1], &scores[2]];
        let (points, ranks) = (borda(&scores)?, mean_rank(&scores)?);
        for i in 0..rows.len() {
            let mut expected = 0.0;
            for score in scores {
                expected += score.iter().filter(|&&other| other < score[i]).count() as f64;
                expected += (score.iter().filter(|&&other| other == score[i]).count() as f64 - 1.0) / 2.0;
            }
            prop_assert_eq!(points[i], expected);
            prop_assert!((ranks[i] - (expected / 3.0 + 1.0)).abs() < 1e-12);
        }
    }
}
