//! The demo is the article's learner.

use cl_data::{Clusters, numpy::RandomState};
use cl_model::{LogisticRegression, epsilon_cross_entropy};
use cl_web::{Growth, N_EPOCHS, N_POINTS, SelfPacedDemo, SelfPacedSettings, Start};

fn trained(settings: SelfPacedSettings, seed: u32) -> SelfPacedDemo {
    let mut demo = SelfPacedDemo::new(settings, seed).unwrap();
    while demo.step().unwrap() {}
    demo
}

fn counts(demo: &SelfPacedDemo) -> Vec<usize> {
    demo.epochs().iter().map(|epoch| epoch.n_selected()).collect()
}

/// Written out as the article does it: evaluate, select, step on the selected, grow.
#[test]
fn epochs_are_those_of_the_articles_learner() {
    let data = Clusters::default().generate(N_POINTS, 42).unwrap();
    for (start, seed, scale) in [(Start::NearZero, 42, 0.01), (Start::WrongWay, 735, 5.0)] {
        let demo = trained(SelfPacedSettings { start, ..SelfPacedSettings::default() }, 42);
        let mut rng = RandomState::new(seed);
        let mut model = LogisticRegression::from_parts(&[rng.randn() * scale, rng.randn() * scale], 0.0);
        let mut lambda = 0.68;
        assert_eq!(demo.epochs().len(), N_EPOCHS + 1);
        for epoch in demo.epochs() {
            let loss = |i: usize| epsilon_cross_entropy(model.probability(data.example(i)), data.labels()[i]);
            let losses: Vec<f64> = (0..N_POINTS).map(loss).collect();
            let selected: Vec<bool> = losses.iter().map(|&loss| loss < lambda).collect();
            assert_eq!((epoch.lambda, &epoch.losses, &epoch.selected), (lambda, &losses, &selected));
            assert_eq!(epoch.parameters, [model.weights()[0], model.weights()[1], model.bias()]);
            let right = (0..N_POINTS).filter(|&i| (model.logit(data.example(i)) > 0.0) == (data.labels()[i] == 1));
            assert_eq!(epoch.accuracy, right.count() as f64 / N_POINTS as f64);
            for i in (0..N_POINTS).filter(|&i| selected[i]) {
                model.step(data.example(i), data.labels()[i], 0.1);
            }
            lambda *= 1.3;
        }
    }
}

/// From weights that point the wrong way the selection grows over many epochs, and ends with all.
#[test]
fn a_selection_grows() {
    let settings = SelfPacedSettings { start: Start::WrongWay, ..SelfPacedSettings::default() };
    let counts = counts(&trained(settings, 42));
    assert!(counts[0] < 2 * N_POINTS / 3 && counts[N_EPOCHS] == N_POINTS, "{counts:?}");
    let mut sizes = counts;
    sizes.sort_unstable();
    sizes.dedup();
    assert!(sizes.len() >= 4, "{sizes:?}");
}

#[test]
fn a_quantile_selects_its_share() {
    let settings = SelfPacedSettings { growth: Growth::Quantile, start: Start::WrongWay, lambda: 0.68 };
    let demo = trained(settings, 42);
    assert_eq!(demo.epochs()[0].lambda, 0.68);
    for (epoch, found) in counts(&demo).into_iter().enumerate().skip(1) {
        let share = (0.3 + 0.05 * (epoch - 1) as f64).min(1.0);
        let expected = (share * (N_POINTS - 1) as f64 + 1.0 + 1e-9).floor();
        assert!((found as f64 - expected).abs() <= 1.0, "epoch {epoch}: {found}");
    }
}

#[test]
fn the_seed_decides_all_and_a_reset_goes_back() {
    let settings = SelfPacedSettings::default();
    let mut demo = trained(settings, 7);
    assert_eq!(demo.epochs(), trained(settings, 7).epochs());
    assert_ne!(demo.epochs(), trained(settings, 8).epochs());
    let all = demo.epochs().to_vec();
    assert!(!demo.step().unwrap());
    demo.reset().unwrap();
    assert_eq!(demo.epochs(), &all[..1]);
    while demo.step().unwrap() {}
    assert_eq!(demo.epochs(), all);
}

#[test]
fn what_does_not_grow_is_refused() {
    for (lambda, growth, name) in [
        (0.0, Growth::Factor(1.3), "lambda"),
        (f64::NAN, Growth::Quantile, "lambda"),
        (0.68, Growth::Factor(1.0), "mu"),
    ] {
        let settings = SelfPacedSettings { lambda, growth, ..SelfPacedSettings::default() };
        let error = SelfPacedDemo::new(settings, 1).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
