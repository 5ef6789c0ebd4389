//! Weights against values computed elsewhere; see the fixture for how.

use cl_pacing::{
    HardSelfPaced, LinearSelfPaced, LogarithmicSelfPaced, LogisticSelfPaced, Mixture, Mixture2,
    PolynomialSelfPaced, SuperLossWeight, Weighting,
};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/weighting.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn weights(weighting: &dyn Weighting, losses: &[f64]) -> Vec<f64> {
    let mut weights = vec![f64::NAN; losses.len()];
    weighting.weights(losses, &mut weights).unwrap();
    weights
}

/// By the name of its array: the name of the regulariser, then its parameters, each after its letters.
fn regulariser(name: &str) -> Box<dyn Weighting> {
    let parts: Vec<&str> = name.split('_').collect();
    let number = |part: &str| part.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse::<f64>().unwrap();
    let last = number(parts[parts.len() - 1]);
    match parts[1] {
        "hard" => Box::new(HardSelfPaced::new(last).unwrap()),
        "linear" => Box::new(LinearSelfPaced::new(last).unwrap()),
        "log" => Box::new(LogarithmicSelfPaced::new(last).unwrap()),
        "logistic" => Box::new(LogisticSelfPaced::new(last).unwrap()),
        "mixture" => Box::new(Mixture::new(number(parts[2]), last).unwrap()),
        "mixture2" => Box::new(Mixture2::new(number(parts[2]), last).unwrap()),
        polynomial => Box::new(PolynomialSelfPaced::new(last, number(polynomial)).unwrap()),
    }
}

#[test]
fn self_paced_weights_are_the_closed_forms_and_the_numeric_minimisers() {
    let fixture = fixture();
    let losses = numbers(&fixture["spl_losses"]);
    let closed = fixture["spl_weights"].as_object().unwrap();
    assert_eq!(closed.len(), 26);
    for (name, expected) in closed {
        let weighting = regulariser(name);
        let ours = weights(&*weighting, &losses);
        for ((ours, expected), loss) in ours.iter().zip(numbers(expected)).zip(&losses) {
            assert!((ours - expected).abs() <= 1e-14, "{weighting} at {loss}: {ours} {expected}");
        }
        let Some(numeric) = fixture["spl_numeric"].get(name) else { continue };
        for (ours, numeric) in ours.iter().zip(numbers(numeric)) {
            assert!((ours - numeric).abs() <= 2e-5, "{weighting}: {ours} {numeric}");
        }
    }
}

#[test]
fn superloss_weights_are_those_of_fifty_digits() {
    let fixture = fixture();
    let losses = numbers(&fixture["sl_losses"]);
    for case in fixture["sl"].as_array().unwrap() {
        let number = |name: &str| case[name].as_f64().unwrap();
        let weighting = SuperLossWeight::new(number("tau"), number("lambda")).unwrap();
        let ours = weights(&weighting, &losses);
        for ((loss, sigma), (expected, value)) in
            losses.iter().zip(&ours).zip(numbers(&case["sigma"]).into_iter().zip(numbers(&case["value"])))
        {
            assert!((sigma / expected - 1.0).abs() <= 1e-13, "{weighting} at {loss}: {sigma} {expected}");
            assert!((weighting.objective(&[*sigma], &[*loss]) - value).abs() <= 1e-12 * (1.0 + value.abs()));
        }
    }
    let losses = numbers(&fixture["sl_ce"]);
    let weighting = SuperLossWeight::new(10f64.ln(), 1.0).unwrap();
    let ours = weights(&weighting, &losses);
    for (sigma, expected) in ours.iter().zip(numbers(&fixture["sl_ce_sigma"])) {
        assert!((sigma / expected - 1.0).abs() <= 1e-13, "{sigma} {expected}");
    }
    let mean = weighting.objective(&ours, &losses) / losses.len() as f64;
    assert!((mean - fixture["sl_ce_mean"].as_f64().unwrap()).abs() < 1e-13);
}
