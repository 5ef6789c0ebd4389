//! Set cover and probabilistic set cover against their definitions.

use cl_data::random::{permutation, stream, uniform};
use cl_prune::coreset::{
    CoresetInputs, CoresetSettings, Features, Greedy, ProbabilisticSetCover, SetCover, SubmodularObjective,
};

use super::value;

const N: usize = 12;
const D: usize = 5;

/// Probabilities, about half of them 0.
fn concepts(seed: u64) -> Vec<f64> {
    let rng = &mut stream(seed, "test covers", 0);
    (0..N * D).map(|_| (uniform(rng) * 2.0 - 1.0).max(0.0)).collect()
}

fn covered(features: &Features<'_, f64>, weights: &[f64], set: &[usize]) -> f64 {
    let has = |u: usize| set.iter().any(|&j| features.example(j)[u] > 0.0);
    (0..D).filter(|&u| has(u)).map(|u| weights[u]).sum()
}

fn expected(features: &Features<'_, f64>, weights: &[f64], set: &[usize]) -> f64 {
    let missed = |u: usize| set.iter().map(|&j| 1.0 - features.example(j)[u]).product::<f64>();
    (0..D).map(|u| weights[u] * (1.0 - missed(u))).sum()
}

type Value = fn(&Features<'_, f64>, &[f64], &[usize]) -> f64;

/// Of every set of twelve examples the value by the definition, and of every greedy pick the gain by it.
#[test]
fn covers_are_their_definitions() {
    let weights = [1.0, 0.5, 0.0, 2.0, 0.25];
    for seed in 0..3 {
        let values = concepts(seed);
        let features = Features::new(&values, D).unwrap();
        let new = || -> [(Box<dyn SubmodularObjective + '_>, Value); 2] {
            [
                (Box::new(SetCover::new(&features).unwrap().with_weights(&weights).unwrap()), covered),
                (
                    Box::new(ProbabilisticSetCover::new(&features).unwrap().with_weights(&weights).unwrap()),
                    expected,
                ),
            ]
        };
        for set in 0..1u32 << N {
            let set: Vec<usize> = (0..N).filter(|&element| set >> element & 1 == 1).collect();
            for (mut objective, by_definition) in new() {
                assert!((value(&mut *objective, &set) - by_definition(&features, &weights, &set)).abs() < 1e-12);
            }
        }
        for (mut objective, by_definition) in new() {
            let coreset = Greedy::default().select(&mut *objective, N).unwrap();
            for (at, &gain) in coreset.gains.iter().enumerate() {
                let with = |element: usize| {
                    let set = [&coreset.order[..at], &[element]].concat();
                    by_definition(&features, &weights, &set)
                };
                let before = by_definition(&features, &weights, &coreset.order[..at]);
                assert!((gain - (with(coreset.order[at]) - before)).abs() < 1e-12);
                let best = (0..N).filter(|j| !coreset.order[..at].contains(j)).map(with).fold(0.0, f64::max);
                assert!((before + gain - best).abs() < 1e-12, "{at}");
            }
        }
    }
}

#[test]
fn with_certainties_both_are_one() {
    let values: Vec<f64> = concepts(7).iter().map(|value| value.ceil()).collect();
    let features = Features::new(&values, D).unwrap();
    let order = permutation(&mut stream(7, "order", 0), N);
    let (mut cover, mut probable) =
        (SetCover::new(&features).unwrap(), ProbabilisticSetCover::new(&features).unwrap());
    for element in order {
        assert_eq!(cover.gain(element), probable.gain(element));
        cover.add(element);
        probable.add(element);
    }
}

#[test]
fn what_is_no_concept_is_refused() {
    let error = SetCover::new(&Features::new(&[1.0, 0.5, -0.5, 0.0], 2).unwrap()).unwrap_err().to_string();
    assert_eq!(error, "feature 0 of example 1 is -0.5, expected 0, or above where the example has the concept");
    for (values, message) in
        [([0.5, -0.1], "feature 1 of example 0 is -0.1"), ([1.5, 0.0], "feature 0 of example 0 is 1.5")]
    {
        let features = Features::new(&values, 2).unwrap();
        let error = ProbabilisticSetCover::new(&features).unwrap_err().to_string();
        assert!(error.starts_with(message) && error.ends_with("expected a probability in [0, 1]"), "{error}");
    }
    let features = Features::new(&[0.5, 0.25], 2).unwrap();
    let error = SetCover::new(&features).unwrap().with_weights(&[1.0, -2.0]).unwrap_err().to_string();
    assert_eq!(error, "argument concept_weights is -2 of feature 1, expected finite numbers of at least 0");
    let error = ProbabilisticSetCover::new(&features).unwrap().with_weights(&[1.0]).unwrap_err().to_string();
    assert_eq!(error, "concept_weights has 1 entries, expected 2");
    let settings = CoresetSettings::parse("set-cover", &[("concept_weights", "1,2,3")]).unwrap();
    let error = settings.select(features, 1, 0, &CoresetInputs::default()).unwrap_err().to_string();
    assert_eq!(error, "concept_weights has 3 entries, expected 2");
    let settings = CoresetSettings::parse("set-cover", &[("concept_weights", "1,8")]).unwrap();
    assert_eq!(settings.select(features, 1, 0, &CoresetInputs::default()).unwrap().gains, [9.0]);
}
