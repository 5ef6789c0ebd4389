//! Optimisers and schedules against PyTorch; how its numbers were computed is said in the fixture.

use cl_data::Scalar;
use cl_model::{Adam, Cosine, Exponential, LearningRate, Optimizer, Plateau, Sgd, Step, WarmUp};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/optimizers.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// Twelve updates, saved and loaded after the fifth.
fn check<T, O>(optimizer: O, name: &str, precision: &str, tolerance: f64)
where
    T: Scalar,
    O: Optimizer<T> + serde::Serialize + serde::de::DeserializeOwned,
{
    let fixture = fixture();
    let mut parameters: Vec<T> = numbers(&fixture["start"]).into_iter().map(T::of_f64).collect();
    let learning_rate = fixture["learning_rate"].as_f64().unwrap();
    let mut optimizer = optimizer;
    for t in 0..12 {
        let rows = numbers(&fixture["gradients"][t]);
        let gradient: Vec<T> =
            rows.iter().zip(&parameters).map(|(&g, &theta)| T::of_f64(g) + T::of_f64(0.3) * theta).collect();
        optimizer.update(&mut parameters, &gradient, learning_rate);
        for (found, expected) in parameters.iter().zip(numbers(&fixture[name][precision][t])) {
            let error = (found.as_f64() - expected).abs();
            assert!(error <= tolerance * (1.0 + expected.abs()), "{name} {precision} {t}: {found} {expected}");
        }
        if t == 5 {
            optimizer = serde_json::from_str(&serde_json::to_string(&optimizer).unwrap()).unwrap();
        }
    }
}

#[test]
fn trajectories_are_pytorchs() {
    macro_rules! both {
        ($optimizer:expr, $name:expr) => {
            check::<f64, _>($optimizer, $name, "f64", 1e-10);
            check::<f32, _>($optimizer, $name, "f32", 1e-6);
        };
    }
    both!(Sgd::plain(), "sgd");
    both!(Sgd::new(0.0, 0.1).unwrap(), "sgd_decay");
    both!(Sgd::new(0.9, 0.01).unwrap(), "momentum");
    both!(Sgd::new(0.9, 0.01).unwrap().with_nesterov(), "nesterov");
    both!(Adam::default(), "adam");
    both!(Adam::new((0.8, 0.95), 1e-6, 0.1).unwrap(), "adam_decay");
    both!(Adam::decoupled((0.9, 0.999), 1e-8, 0.1).unwrap(), "adamw");
}

#[test]
fn schedules_are_pytorchs() {
    let fixture = fixture();
    let check = |schedule: &dyn LearningRate, name: &str| {
        for (t, expected) in numbers(&fixture[name]).into_iter().enumerate() {
            let found = schedule.at(t as u64);
            assert!((found - expected).abs() < 1e-14, "{name} {t}: {found} {expected}");
        }
    };
    check(&Step::new(0.1, 7, 0.3).unwrap(), "step");
    check(&Exponential::new(0.1, 0.9).unwrap(), "exponential");
    check(&Cosine::new(0.1, 0.002, 25).unwrap(), "cosine");
    check(&WarmUp::new(8, 0.25, Cosine::new(0.1, 0.002, 20).unwrap()).unwrap(), "warm_up_cosine");
    assert_eq!(Cosine::new(0.1, 0.002, 25).unwrap().at(90), 0.002);
    let boxed: Box<dyn LearningRate> = Box::new(0.5);
    assert_eq!(WarmUp::new(2, 0.5, boxed).unwrap().at(1), 0.375);
}

#[test]
fn a_plateau_is_pytorchs_and_is_saved() {
    let fixture = fixture();
    let mut plateau = Plateau::new(0.1, 0.3, 2, 0.001).unwrap();
    for (i, (expected, metric)) in
        numbers(&fixture["plateau"]).into_iter().zip(numbers(&fixture["plateau_metrics"])).enumerate()
    {
        assert!((plateau.at(i as u64) - expected).abs() < 1e-16, "{i} {expected}");
        plateau.observe(metric);
        let loaded: Plateau = serde_json::from_str(&serde_json::to_string(&plateau).unwrap()).unwrap();
        assert_eq!(loaded, plateau);
        plateau = loaded;
    }
}

#[test]
fn what_is_no_optimizer_or_schedule_is_refused() {
    assert!(Adam::<f32>::new((1.0, 0.9), 1e-8, 0.0).is_err());
    assert!(Adam::<f32>::new((0.9, 0.9), 0.0, 0.0).is_err());
    assert!(Adam::<f32>::decoupled((0.9, 0.9), 1e-8, f64::NAN).is_err());
    assert!(
        Step::new(0.1, 0, 0.5).is_err() && Step::new(-0.1, 1, 0.5).is_err() && Step::new(0.1, 1, 1.5).is_err()
    );
    assert!(Exponential::new(0.1, 0.0).is_err());
    assert!(Cosine::new(0.1, 0.2, 5).is_err() && Cosine::new(0.1, 0.0, 0).is_err());
    assert!(WarmUp::new(0, 0.1, 0.5).is_err() && WarmUp::new(3, 0.0, 0.5).is_err());
    assert!(Plateau::new(0.1, 0.5, 3, 0.2).is_err());
}
