//! Confident learning against cleanlab 2.9.0, and against its own definition.

use std::collections::BTreeMap;

use cl_difficulty::{ConfidentLearning, IssueFilter, LabelQuality, NoiseRate, ThresholdSamples};
use proptest::prelude::*;
use rayon::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    n_classes: usize,
    noise: Vec<Noise>,
}

/// What cleanlab 2.9.0 has for these probabilities and labels; the second case lacks a class.
#[derive(Deserialize)]
struct Noise {
    labels: Vec<usize>,
    probabilities: Vec<f64>,
    thresholds: Vec<f64>,
    confident_joint: Vec<u64>,
    calibrated_joint: Vec<u64>,
    noise_matrix: Vec<f64>,
    inverse_noise_matrix: Vec<f64>,
    true_class_distribution: Vec<f64>,
    issues: BTreeMap<String, Vec<usize>>,
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12, "{what}: {found}, expected {expected}");
    }
}

fn flagged(issues: &[bool]) -> Vec<usize> {
    (0..issues.len()).filter(|&i| issues[i]).collect()
}

#[test]
fn everything_equals_cleanlab() {
    let fixtures = [include_str!("fixtures/dynamics.json"), include_str!("fixtures/label_noise.json")];
    let fixtures = fixtures.map(|fixture| serde_json::from_str::<Fixture>(fixture).unwrap());
    for (fixture, noise) in
        fixtures.iter().flat_map(|fixture| fixture.noise.iter().map(move |noise| (fixture, noise)))
    {
        let learned = ConfidentLearning::fit(&noise.probabilities, &noise.labels, fixture.n_classes).unwrap();
        assert_close(learned.thresholds(), &noise.thresholds, "thresholds");
        assert_eq!(learned.confident_joint(), noise.confident_joint);
        assert_eq!(learned.calibrated_joint(), noise.calibrated_joint);
        assert_close(&learned.noise_matrix(), &noise.noise_matrix, "noise matrix");
        assert_close(&learned.inverse_noise_matrix(), &noise.inverse_noise_matrix, "inverse noise matrix");
        assert_close(&learned.true_class_distribution(), &noise.true_class_distribution, "true classes");
        assert_eq!(noise.issues.len(), IssueFilter::NAMES.len());
        for (name, expected) in &noise.issues {
            let issues = learned.issues(&noise.probabilities, &noise.labels, name.parse().unwrap()).unwrap();
            assert_eq!(flagged(&issues), *expected, "{name}");
        }
    }
}

const P: [f64; 27] = [
    0.9, 0.1, 0.0, 0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.1, 0.8, 0.1, 0.1, 0.6, 0.3, 0.7, 0.2, 0.1, 0.1, 0.1, 0.8, 0.2,
    0.2, 0.6, 0.05, 0.9, 0.05,
];
const Y: [usize; 9] = [0, 0, 0, 1, 1, 1, 2, 2, 2];

/// The values of cleanlab 2.9.0, to the digits printed.
#[test]
fn cleanlab_oracle() {
    let learned = ConfidentLearning::fit(&P, &Y, 3).unwrap();
    for (found, expected) in learned.thresholds().iter().zip([0.633333, 0.533333, 0.483333]) {
        assert!((found - expected).abs() < 1e-6);
    }
    assert_eq!(learned.confident_joint(), [2, 1, 0, 1, 2, 0, 0, 1, 2]);
    let margins = LabelQuality::NormalizedMargin.scores(&P, &Y, 3).unwrap();
    assert_close(&margins, &[0.9, 0.85, 0.25, 0.85, 0.65, 0.25, 0.85, 0.7, 0.075], "normalized margin");
    let entropies = LabelQuality::ConfidenceWeightedEntropy.scores(&P, &Y, 3).unwrap();
    let expected = [0.864594, 0.751541, 0.421103, 0.751541, 0.631027, 0.421103, 0.751541, 0.619207, 0.292717];
    for (found, expected) in entropies.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
    }
    for (name, filter) in &IssueFilter::NAMES[..5] {
        assert_eq!(flagged(&learned.issues(&P, &Y, *filter).unwrap()), [2, 5, 8], "{name}");
    }
}

#[test]
fn a_class_that_never_occurs_is_no_issue() {
    let labels = [0, 0, 1, 1];
    let probabilities = [0.6, 0.2, 0.2, 0.1, 0.8, 0.1, 0.2, 0.7, 0.1, 0.5, 0.2, 0.3];
    let learned = ConfidentLearning::fit(&probabilities, &labels, 3).unwrap();
    assert_eq!(learned.thresholds()[2], 2.0);
    assert_eq!(learned.calibrated_joint()[6..], [0, 0, 0]);
    assert!(learned.noise_matrix().iter().chain(&learned.true_class_distribution()).all(|p| p.is_finite()));
}

#[test]
fn bad_input_is_named() {
    let error = |p: &[f64], y: &[usize], c| ConfidentLearning::fit(p, y, c).unwrap_err().to_string();
    assert!(error(&[], &[], 2).contains("at least one example"));
    assert!(error(&[1.0], &[0], 1).contains("at least two classes"));
    assert!(error(&[1.0, 0.0, 0.5], &[0, 1], 2).contains("3 entries, expected 4"));
    assert!(error(&[1.0, 0.0, 0.5, 0.5], &[0, 2], 2).contains("label of example 1 is 2"));
    assert!(error(&[1.0, 0.0, 0.5, 0.4], &[0, 1], 2).contains("example 1 is 0.9"));
    assert!(error(&[1.0, 0.0, f64::NAN, 0.4], &[0, 1], 2).contains("probability of example 1 is NaN"));
    let learned = ConfidentLearning::fit(&P, &Y, 3).unwrap();
    assert!(learned.issues(&P[..24], &Y[..8], IssueFilter::Both).is_err());
    let mut other = Y;
    other[0] = 3;
    assert!(learned.issues(&P, &other, IssueFilter::Both).unwrap_err().to_string().contains("label of example 0"));
    assert!("prune".parse::<IssueFilter>().unwrap_err().to_string().contains("prune_by_class"));
    assert!(learned.noise_rate(0, 0.95, 0).is_err() && learned.noise_rate(10, 1.0, 0).is_err());
    assert!(ThresholdSamples::choose(3, 4, 0).is_err());
}

/// `per_class` examples of each of `c` classes. A share `flipped` of the labels and a share `erring` of the model's
/// predictions are another class, any alike; the model gives its prediction between 1 - `rest` and 1.
fn noisy(per_class: usize, c: usize, [flipped, erring, rest]: [f64; 3], seed: u64) -> (Vec<f64>, Vec<usize>) {
    let mut rng = cl_data::random::stream(seed, "noise", 0);
    let mut labels = Vec::new();
    let mut probabilities = vec![0.0; per_class * c * c];
    for (i, row) in probabilities.chunks_exact_mut(c).enumerate() {
        let mut otherwise = |share: f64| {
            let other = cl_data::random::uniform(&mut rng) < share;
            if other { (i + 1 + cl_data::random::below(&mut rng, c - 1)) % c } else { i % c }
        };
        labels.push(otherwise(flipped));
        let predicted = otherwise(erring);
        let rest = rest * cl_data::random::uniform(&mut rng);
        row.fill(rest / (c - 1) as f64);
        row[predicted] = 1.0 - rest;
    }
    (probabilities, labels)
}

#[test]
fn the_noise_rate_is_found_and_its_interval_is_seeded() {
    let rate = 0.2;
    let (probabilities, labels) = noisy(5000, 4, [rate, 0.0, 0.3], 1);
    let learned = ConfidentLearning::fit(&probabilities, &labels, 4).unwrap();
    let found = learned.noise_rate(500, 0.95, 7).unwrap();
    assert!(found.low < rate && rate < found.high && found.high - found.low < 0.02, "{found:?}");
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(found, pool.install(|| learned.noise_rate(500, 0.95, 7).unwrap()), "{threads} threads");
    }
    assert_ne!(found, learned.noise_rate(500, 0.95, 8).unwrap());
}

/// The predictions that are confident are so by a draw of their own, so that in the long run the rate is the share of
/// predictions unlike the label.
#[test]
fn the_interval_of_the_noise_rate_covers_as_often_as_its_level_says() {
    let (c, repetitions, level) = (10, 400, 0.95);
    let [flipped, erring] = [0.2, 0.05];
    let agree = (1.0 - flipped) * (1.0 - erring) + flipped * erring / (c - 1) as f64;
    let covers = |seed| {
        let (probabilities, labels) = noisy(2000, c, [flipped, erring, 0.6], seed);
        let learned = ConfidentLearning::fit(&probabilities, &labels, c).unwrap();
        let found = learned.noise_rate(300, level, seed).unwrap();
        found.low <= 1.0 - agree && 1.0 - agree <= found.high
    };
    let covered =
        (0..repetitions).into_par_iter().filter(|&seed| covers(seed)).count() as f64 / repetitions as f64;
    // Three standard errors of a share that is the level: 0.033.
    let margin = 3.0 * (level * (1.0 - level) / repetitions as f64).sqrt();
    assert!((covered - level).abs() <= margin, "{covered}");
}

/// Of five examples per class one is confidently of it and, in every tenth class, one of the next: 1/2 of 1/10 are
/// wrong. Resamples lose the right one of a third of the classes, so that their rates alone reach up to 4.6 %.
#[test]
fn the_noise_rate_of_small_classes_is_in_its_interval() {
    let c = 1000;
    let labels: Vec<usize> = (0..5 * c).map(|i| i / 5).collect();
    let mut probabilities = vec![0.0; 5 * c * c];
    for (i, (row, &label)) in probabilities.chunks_exact_mut(c).zip(&labels).enumerate() {
        let (class, p) = match i % 5 {
            0 => (label, 0.95),
            1 if label % 10 == 0 => (label + 1, 0.95),
            _ => (label, 0.3),
        };
        row.fill((1.0 - p) / (c - 1) as f64);
        row[class] = p;
    }
    let learned = ConfidentLearning::fit(&probabilities, &labels, c).unwrap();
    for seed in 0..6 {
        for level in [0.95, 0.01] {
            let NoiseRate { estimate, low, high } = learned.noise_rate(200, level, seed).unwrap();
            assert!((estimate - 0.05).abs() < 1e-12, "{estimate}");
            assert!(low <= estimate && estimate <= high, "{level}: {low} {estimate} {high}");
            assert!(level < 0.9 || low < 0.045 && high > 0.055, "{low} {high}");
            assert!(0.04 < low && high < 0.06, "{low} {high}");
        }
    }
}

/// Ends that would lie outside are put at 0 and 1.
#[test]
fn the_interval_of_the_noise_rate_is_one_of_shares() {
    let interval = |labels: &[usize]| {
        let probabilities: Vec<f64> = (0..labels.len()).flat_map(|_| [0.9, 0.1]).collect();
        ConfidentLearning::fit(&probabilities, labels, 2).unwrap().noise_rate(1000, 0.999, 0).unwrap()
    };
    for labels in [&[0, 0, 0, 0, 1][..], &[0, 1, 1, 1, 1], &[1, 1, 1], &[0, 0]] {
        let NoiseRate { estimate, low, high } = interval(labels);
        assert!(0.0 <= low && low <= estimate && estimate <= high && high <= 1.0, "{low} {estimate} {high}");
    }
}

/// What is dense in the classes takes minutes and gigabytes here, what goes by the examples about a tenth of a second.
#[test]
fn a_hundred_examples_of_8000_classes_are_no_work() {
    let (n, c) = (100, 8000);
    let mut rng = cl_data::random::stream(1, "many classes", 0);
    let labels: Vec<usize> = (0..n).map(|i| 100 * (i % 20)).collect();
    let mut probabilities = vec![0.0; n * c];
    for (row, &label) in probabilities.chunks_exact_mut(c).zip(&labels) {
        let wrong = cl_data::random::uniform(&mut rng) < 0.2;
        let rest = 0.6 * cl_data::random::uniform(&mut rng);
        row.fill(rest / (c - 1) as f64);
        row[if wrong { 1900 - label } else { label }] = 1.0 - rest;
    }
    let start = std::time::Instant::now();
    let learned = ConfidentLearning::fit(&probabilities, &labels, c).unwrap();
    let issues = |filter| flagged(&learned.issues(&probabilities, &labels, filter).unwrap());
    let found = IssueFilter::NAMES.map(|(_, filter)| issues(filter));
    let rate = learned.noise_rate(1000, 0.95, 0).unwrap();
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert!(found.iter().all(|issues| !issues.is_empty()) && rate.low < 0.2 && 0.2 < rate.high, "{rate:?}");

    let entries: Vec<_> = learned.confident_entries().collect();
    assert!(entries.len() <= n + c && entries.is_sorted());
    let off_diagonal: u64 = entries.iter().filter(|(given, class, _)| given != class).map(|entry| entry.2).sum();
    assert!((5..40).contains(&off_diagonal), "{off_diagonal}");
    assert!(learned.calibrated_entries().all(|(given, class, _)| given % 100 == 0 && class % 100 == 0));
    let total: u64 = learned.calibrated_entries().map(|(.., count)| count).sum();
    assert_eq!((total, learned.n_examples()), (n as u64, n as u64));
}

#[test]
fn entries_are_the_joint_without_its_zeros() {
    let (probabilities, labels) = noisy(40, 12, [0.2, 0.1, 0.9], 5);
    let learned = ConfidentLearning::fit(&probabilities, &labels, 12).unwrap();
    let there = |joint: Vec<u64>| -> Vec<_> {
        let entries = joint.into_iter().enumerate().map(|(cell, count)| (cell / 12, cell % 12, count));
        entries.filter(|&(.., count)| count > 0).collect()
    };
    assert_eq!(learned.confident_entries().collect::<Vec<_>>(), there(learned.confident_joint()));
    assert_eq!(learned.calibrated_entries().collect::<Vec<_>>(), there(learned.calibrated_joint()));
}

#[test]
fn threshold_samples_are_disjoint_and_flag_by_percentile() {
    let samples = ThresholdSamples::choose(1000, 10, 3).unwrap();
    let [a, b] = samples.sets();
    assert!(a.iter().all(|i| b.binary_search(i).is_err()));
    // AUM = index: the threshold samples of a run say where the line is.
    let aums: Vec<f64> = (0..1000).map(f64::from).collect();
    let issues = samples.issues([&aums, &aums], 0.99).unwrap();
    // 100 samples: more than one of them above means below the second largest.
    for (i, &issue) in issues.iter().enumerate() {
        let suspect = |set: &[usize]| set.contains(&i) || i < set[set.len() - 2];
        assert_eq!(issue, suspect(a) && suspect(b), "{i}");
    }
    let relabelled = samples.labels(&[0; 1000], 1).unwrap();
    assert!(b.iter().all(|&i| relabelled[i] == 10));
    assert!(samples.labels(&[0; 1000], 2).is_err() && samples.issues([&aums, &aums[1..]], 0.99).is_err());
}

/// The filters by their definition, over all pairs of classes: rank everything, then unflag what the model predicts.
fn brute_force(learned: &ConfidentLearning, probabilities: &[f64], labels: &[usize]) -> [Vec<bool>; 3] {
    let (n, c) = (labels.len(), learned.n_classes());
    let p = |i: usize, k: usize| probabilities[i * c + k];
    let joint = learned.calibrated_joint();
    let (mut by_rate, mut by_class) = (vec![false; n], vec![false; n]);
    for (given, row) in joint.chunks_exact(c).enumerate() {
        let members: Vec<usize> = (0..n).filter(|&i| labels[i] == given).collect();
        if members.len() <= 1 {
            continue;
        }
        // A label without a right example borrows one from the classes that have a count, in equal parts.
        let lacking = if row[given] == 0 { 1.0 } else { 0.0 };
        let others = row.iter().filter(|&&count| count > 0).count() as f64 - 1.0;
        let lowest = |flagged: &mut Vec<bool>, key: &dyn Fn(usize) -> f64, n: usize| {
            let mut ranked = members.clone();
            ranked.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
            ranked.iter().take(n).for_each(|&i| flagged[i] = true);
        };
        for other in (0..c).filter(|&other| other != given) {
            let count = (row[other] as f64 - lacking / others.max(1.0)).max(0.0) as usize;
            lowest(&mut by_rate, &|i| p(i, given) - p(i, other), count);
        }
        lowest(&mut by_class, &|i| p(i, given), members.len().saturating_sub(row[given].max(1) as usize));
    }
    let disagrees = |i: usize| (0..c).any(|k| k != labels[i] && p(i, k) > p(i, labels[i]) + 1e-6);
    let [by_rate, by_class] =
        [by_rate, by_class].map(|flagged| (0..n).map(|i| flagged[i] && disagrees(i)).collect());
    let by_rate: Vec<bool> = by_rate;
    let both = by_rate.iter().zip(&by_class as &Vec<bool>).map(|(a, b)| *a && *b).collect();
    [by_rate, by_class, both]
}

proptest! {
    #[test]
    fn filters_equal_a_brute_force(
        c in prop_oneof![Just(3usize), Just(12)],
        raw in prop::collection::vec(1u32..1000, 40 * 12),
        labels in prop::collection::vec(any::<prop::sample::Index>(), 40),
    ) {
        let labels: Vec<usize> = labels.iter().map(|label| label.index(c)).collect();
        let probabilities: Vec<f64> = raw
            .chunks_exact(c)
            .take(40)
            .flat_map(|row| row.iter().map(|&x| f64::from(x) / f64::from(row.iter().sum::<u32>())).collect::<Vec<_>>())
            .collect();
        let learned = ConfidentLearning::fit(&probabilities, &labels, c).unwrap();
        let expected = brute_force(&learned, &probabilities, &labels);
        let filters = [IssueFilter::PruneByNoiseRate, IssueFilter::PruneByClass, IssueFilter::Both];
        for (filter, expected) in filters.into_iter().zip(expected) {
            prop_assert_eq!(learned.issues(&probabilities, &labels, filter).unwrap(), expected, "{}", filter);
        }
    }
}
