//! Confident learning against cleanlab 2.9.0, and against its own definition.

use std::collections::BTreeMap;

use cl_difficulty::{ConfidentLearning, IssueFilter, LabelQuality, ThresholdSamples};
use proptest::prelude::*;
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

/// Labels flipped at a known rate, probabilities that know the truth with some error.
#[test]
fn the_noise_rate_is_found_and_its_interval_is_seeded() {
    let (n, c, rate) = (20_000, 4, 0.2);
    let mut rng = cl_data::random::stream(1, "noise", 0);
    let (mut labels, mut probabilities) = (Vec::new(), Vec::new());
    for i in 0..n {
        let truth = i % c;
        let flip = cl_data::random::uniform(&mut rng) < rate;
        labels.push(if flip { (truth + 1 + cl_data::random::below(&mut rng, c - 1)) % c } else { truth });
        let rest = 0.3 * cl_data::random::uniform(&mut rng);
        probabilities.extend((0..c).map(|k| if k == truth { 1.0 - rest } else { rest / (c - 1) as f64 }));
    }
    let learned = ConfidentLearning::fit(&probabilities, &labels, c).unwrap();
    let found = learned.noise_rate(500, 0.95, 7).unwrap();
    assert!(found.low < rate && rate < found.high && found.high - found.low < 0.02, "{found:?}");
    assert_eq!(found, learned.noise_rate(500, 0.95, 7).unwrap());
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

proptest! {
    /// The filters by their definition: rank everything, then unflag what the model predicts.
    #[test]
    fn filters_equal_a_brute_force(
        raw in prop::collection::vec(1u32..1000, 40 * 3),
        labels in prop::collection::vec(0usize..3, 40),
    ) {
        let probabilities: Vec<f64> = raw
            .chunks_exact(3)
            .flat_map(|row| row.iter().map(|&x| f64::from(x) / f64::from(row.iter().sum::<u32>())).collect::<Vec<_>>())
            .collect();
        let learned = ConfidentLearning::fit(&probabilities, &labels, 3).unwrap();
        let p = |i: usize, k: usize| probabilities[i * 3 + k];
        let mut expected = vec![false; 40];
        for given in 0..3 {
            let members: Vec<usize> = (0..40).filter(|&i| labels[i] == given).collect();
            let row = &learned.calibrated_joint()[given * 3..given * 3 + 3];
            // A label without a right example borrows one from its off-diagonal counts.
            prop_assume!(members.len() != 1 && row[given] > 0 || members.is_empty());
            for other in (0..3).filter(|&other| other != given) {
                let mut ranked = members.clone();
                ranked.sort_by(|&a, &b| (p(b, other) - p(b, given)).total_cmp(&(p(a, other) - p(a, given))));
                ranked.iter().take(row[other] as usize).for_each(|&i| expected[i] = true);
            }
        }
        for i in 0..40 {
            let own = p(i, labels[i]) + 1e-6;
            expected[i] &= (0..3).any(|k| k != labels[i] && p(i, k) > own);
        }
        let found = learned.issues(&probabilities, &labels, IssueFilter::PruneByNoiseRate).unwrap();
        prop_assert_eq!(found, expected);
    }
}

/// Times of the parts at many classes, to be read: `cargo test --release -- --ignored --nocapture times`.
#[test]
#[ignore = "a measurement"]
fn times_with_8000_classes() {
    use std::time::Instant;
    let n: usize = std::env::var("EXAMPLES").map_or(100, |n| n.parse().unwrap());
    let resamples: usize = std::env::var("RESAMPLES").map_or(1000, |n| n.parse().unwrap());
    let c = 8000;
    let mut rng = cl_data::random::stream(1, "many classes", 0);
    let mut probabilities = Vec::with_capacity(n * c);
    let labels: Vec<usize> = (0..n).map(|_| cl_data::random::below(&mut rng, c / 100)).collect();
    for label in &labels {
        let wrong = cl_data::random::uniform(&mut rng) < 0.2;
        let truth = if wrong { cl_data::random::below(&mut rng, c / 100) } else { *label };
        let rest = 0.6 * cl_data::random::uniform(&mut rng);
        probabilities.extend((0..c).map(|k| if k == truth { 1.0 - rest } else { rest / (c - 1) as f64 }));
    }
    let start = Instant::now();
    let learned = ConfidentLearning::fit(&probabilities, &labels, c).unwrap();
    println!("fit {:?}", start.elapsed());
    for (name, filter) in IssueFilter::NAMES {
        let start = Instant::now();
        let found = learned.issues(&probabilities, &labels, filter).unwrap();
        println!("{name} {:?}: {}", start.elapsed(), flagged(&found).len());
    }
    let start = Instant::now();
    println!("{:?} {:?}", learned.noise_rate(resamples, 0.95, 0).unwrap(), start.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap());
}
