//! Selections of active learning: contrastive examples, and contextual diversity.

use cl_data::random::{stream, uniform};
use cl_prune::coreset::{Cal, ContextualDiversity, CoresetInputs, CoresetSettings, Features, Start};

use super::{distance, points};

const N: usize = 12;
const C: usize = 3;

fn probabilities(seed: u64) -> Vec<f64> {
    let rng = &mut stream(seed, "test probabilities", 0);
    let rows = (0..N).map(|_| [uniform(rng) + 0.05, uniform(rng), uniform(rng)]);
    rows.flat_map(|row| row.map(|value| value / row.iter().sum::<f64>())).collect()
}

fn kl(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * (p / q).ln()).sum()
}

/// The highest mean divergence of the neighbours first, with and without examples that have labels.
#[test]
fn contrastive_examples_are_unlike_their_neighbours() {
    for seed in 0..6 {
        let (values, rows) = (points(N, 2, seed), probabilities(seed));
        let (features, rows) = (Features::new(&values, 2).unwrap(), Features::new(&rows, C).unwrap());
        for (labelled, k) in [(vec![], 3), (vec![2, 7, 9, 11], 2), (vec![4], 5), (vec![], 100)] {
            let score = |x: usize| {
                let mut others: Vec<usize> = if labelled.is_empty() {
                    (0..N).filter(|&other| other != x).collect()
                } else {
                    labelled.clone()
                };
                let to = |other: usize| distance(features.example(x), features.example(other));
                others.sort_by(|&a, &b| to(a).total_cmp(&to(b)).then(a.cmp(&b)));
                others.truncate(k);
                others.iter().map(|&l| kl(rows.example(l), rows.example(x))).sum::<f64>() / others.len() as f64
            };
            let mut expected: Vec<usize> = (0..N).filter(|x| !labelled.contains(x)).collect();
            expected.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
            let n_left = expected.len();
            let coreset = Cal::new(k).unwrap().select(&features, rows, &labelled, n_left).unwrap();
            assert_eq!(coreset.order, expected);
            for (&example, gain) in coreset.order.iter().zip(&coreset.gains) {
                assert!((gain - score(example)).abs() < 1e-12);
            }
            for count in [0, 1, 5] {
                let part = Cal::new(k).unwrap().select(&features, rows, &labelled, count).unwrap();
                assert_eq!(part.order, expected[..count]);
            }
            assert!(Cal::new(k).unwrap().select(&features, rows, &labelled, n_left + 1).is_err());
            let option = k.to_string();
            let settings = CoresetSettings::parse("cal", &[("k", option.as_str())]).unwrap();
            let inputs =
                CoresetInputs { probabilities: Some(rows.into()), before: &labelled, ..CoresetInputs::default() };
            assert_eq!(settings.select(features, n_left, 0, &inputs).unwrap(), coreset);
        }
    }
}

/// Always the one farthest from all chosen by the symmetric divergence.
#[test]
fn contextual_diversity_is_farthest_first() {
    for seed in 0..6 {
        let rows = probabilities(seed);
        let rows = Features::new(&rows, C).unwrap();
        let d = |i: usize, j: usize| {
            let (p, q) = (rows.example(i), rows.example(j));
            0.5 * kl(p, q) + 0.5 * kl(q, p)
        };
        let coreset = ContextualDiversity.select(&rows, N, Start::Example(3)).unwrap();
        assert_eq!((coreset.order[0], coreset.gains[0]), (3, f64::INFINITY));
        for at in 1..N {
            let chosen = &coreset.order[..at];
            let nearest = |i: usize| chosen.iter().map(|&j| d(i, j)).fold(f64::INFINITY, f64::min);
            let best = (0..N).filter(|i| !chosen.contains(i)).map(nearest).fold(0.0, f64::max);
            assert!((coreset.gains[at] - best).abs() < 1e-12 && (nearest(coreset.order[at]) - best).abs() < 1e-12);
        }
        let extended = ContextualDiversity.extend(&rows, &coreset.order[..4], 5).unwrap();
        assert_eq!(extended.order, coreset.order[4..9]);
        assert!(ContextualDiversity.select(&rows, 0, Start::Example(0)).unwrap().order.is_empty());
    }
}

#[test]
fn equals_are_chosen_in_their_order_and_certainties_are_finite() {
    let equal = [0.5; 2 * N];
    let (features, rows) = (Features::new(&equal, 2).unwrap(), Features::new(&equal, 2).unwrap());
    let all: Vec<usize> = (0..N).collect();
    assert_eq!(Cal::new(3).unwrap().select(&features, rows, &[], N).unwrap().order, all);
    assert_eq!(ContextualDiversity.select(&rows, N, Start::Example(0)).unwrap().order, all);
    let sure: Vec<f64> = (0..N).flat_map(|i| if i % 2 == 0 { [1.0, 0.0] } else { [0.0, 1.0] }).collect();
    let rows = Features::new(&sure, 2).unwrap();
    let values = points(N, 2, 1);
    let scores = Cal::new(4).unwrap().select(&Features::new(&values, 2).unwrap(), rows, &[], N).unwrap().gains;
    assert!(scores.iter().all(|score| score.is_finite() && *score >= 0.0), "{scores:?}");
    let farthest = ContextualDiversity.select(&rows, N, Start::Example(0)).unwrap();
    assert!(farthest.order[1] == 1 && farthest.gains[1..].iter().all(|gain| gain.is_finite()));
}

#[test]
fn what_is_no_distribution_is_named() {
    let values = points(2, 2, 0);
    let features = Features::new(&values, 2).unwrap();
    let cal = |rows: &[f64]| {
        let error = Cal::new(1).unwrap().select(&features, Features::new(rows, 2).unwrap(), &[], 1).unwrap_err();
        error.to_string()
    };
    let expected = "argument probabilities is 1.5 of class 0 of example 1, expected a probability in [0, 1]";
    assert_eq!(cal(&[0.5, 0.5, 1.5, -0.5]), expected);
    let expected =
        "argument probabilities is 0.75 in sum over the classes of example 1, expected 1, give or take 0.001";
    assert_eq!(cal(&[0.5, 0.5, 0.5, 0.25]), expected);
    assert_eq!(cal(&[0.5, 0.5]), "probabilities has 1 entries, expected 2");
    let rows = Features::new(&[0.5, 0.5, 0.5, -0.5], 2).unwrap();
    let error = ContextualDiversity.select(&rows, 1, Start::Example(0)).unwrap_err().to_string();
    assert_eq!(error, "argument features is -0.5 of class 1 of example 1, expected a probability in [0, 1]");
    assert!(Cal::new(0).is_err());
    let message = CoresetSettings::parse("cal", &[("k", "0")]).unwrap_err().to_string();
    assert_eq!(message, "parameter cal.k is 0, expected at least 1");
    let settings = CoresetSettings::parse("cal", &[]).unwrap();
    let none = CoresetInputs::default();
    let message = settings.select(features, 1, 0, &none).unwrap_err().to_string();
    assert_eq!(message, "cal needs the predicted probabilities of each example");
    let herding = CoresetSettings::parse("herding", &[]).unwrap();
    let given = CoresetInputs { probabilities: Some(rows.into()), ..none };
    let message = herding.select(features, 1, 0, &given).unwrap_err().to_string();
    assert_eq!(message, "argument probabilities is given, expected none, as herding takes none");
}
