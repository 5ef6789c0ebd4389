//! Losses against PyTorch, closed forms and finite differences; how they were computed is said in the fixture.

use cl_data::Scalar;
use cl_model::{
    Bootstrapping, CrammerSinger, CrossEntropy, Focal, Hinge, Loss, MultiMargin, RankingHinge, Squared, SuperLoss,
    Target, Threshold, lambert_w0,
};
use proptest::prelude::*;
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/losses.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{what}: {found} {expected}");
}

/// Losses and gradients of the fixture's examples, one by one and as a batch, to `tolerance` relative to
/// 1 + |expected|.
fn check<T: Scalar>(loss: &impl Loss<T>, name: &str, soft: bool, tolerance: f64) {
    let fixture = fixture();
    let to_t = |row: Vec<f64>| row.into_iter().map(T::of_f64).collect::<Vec<T>>();
    let logits: Vec<Vec<T>> = rows(&fixture["logits"]).into_iter().map(to_t).collect();
    let values: Vec<Vec<T>> = rows(&fixture["soft"]).into_iter().map(to_t).collect();
    let classes = numbers(&fixture["classes"]);
    let targets: Vec<Target<'_, T>> = (0..classes.len())
        .map(|i| Target { class: classes[i] as usize, values: if soft { &values[i] } else { &[] } })
        .collect();
    let (losses, gradients) = (numbers(&fixture[name]["losses"]), rows(&fixture[name]["gradients"]));
    let all: Vec<T> = logits.concat();
    let (mut batch, mut batch_gradients) = (Vec::new(), vec![T::zero(); all.len()]);
    loss.losses_and_gradients(&all, &targets, &mut batch, &mut batch_gradients);
    for i in 0..targets.len() {
        let mut gradient = vec![T::of_f64(f64::NAN); 5];
        let found = loss.loss_and_gradient(&logits[i], targets[i], &mut gradient);
        close(found, losses[i], tolerance, name);
        close(loss.loss(&logits[i], targets[i]), found, 1e-15, name);
        assert_eq!((batch[i], &batch_gradients[5 * i..][..5]), (found, &gradient[..]), "{name} {i}");
        for (found, &expected) in gradient.iter().zip(&gradients[i]) {
            close(found.as_f64(), expected, tolerance, name);
        }
    }
}

fn check_both(loss: &(impl Loss<f64> + Loss<f32>), name: &str, soft: bool) {
    check::<f64>(loss, name, soft, 1e-10);
    // Logits, targets and the result are rounded to f32: a few 6e-8 of what the loss sums up.
    check::<f32>(loss, name, soft, 1e-6);
}

#[test]
fn losses_are_pytorchs() {
    check_both(&CrossEntropy, "cross_entropy", false);
    check_both(&CrossEntropy, "soft_cross_entropy", true);
    check_both(&CrossEntropy::with_label_smoothing(0.1).unwrap(), "smoothed_0.1", false);
    check_both(&CrossEntropy::with_label_smoothing(0.3).unwrap(), "soft_smoothed_0.3", true);
    check_both(&CrossEntropy::with_label_smoothing(0.0).unwrap(), "cross_entropy", false);
    check_both(&Focal::new(0.0, 1.0).unwrap(), "cross_entropy", false);
    check_both(&Squared, "squared", true);
    check_both(&MultiMargin, "multi_margin", false);
    check_both(&Bootstrapping::soft(0.95).unwrap(), "bootstrapping_soft_0.95", false);
    check_both(&Bootstrapping::hard(0.8).unwrap(), "bootstrapping_hard_0.8", false);
    check_both(&Bootstrapping::soft(1.0).unwrap(), "cross_entropy", false);
}

#[test]
fn focal_losses_are_the_closed_form() {
    let fixture = &fixture()["focal"];
    let (logits, classes) = (rows(&fixture["logits"]), numbers(&fixture["classes"]));
    for gamma in ["1.0", "2.0", "5.0"] {
        let focal = Focal::new(gamma.parse().unwrap(), 1.0).unwrap();
        let (losses, gradients) = (numbers(&fixture[gamma]["losses"]), rows(&fixture[gamma]["gradients"]));
        for (i, logits) in logits.iter().enumerate() {
            let mut gradient = vec![f64::NAN; logits.len()];
            let loss = focal.loss_and_gradient(logits, (classes[i] as usize).into(), &mut gradient);
            close(loss, losses[i], 1e-10, gamma);
            gradient
                .iter()
                .zip(&gradients[i])
                .for_each(|(&found, &expected)| close(found, expected, 1e-10, gamma));
        }
    }
}

#[test]
fn binary_cross_entropy_keeps_both_tails() {
    let fixture = fixture();
    let logits = numbers(&fixture["binary_logits"]);
    for (name, class, values) in [("binary_0", 0, &[][..]), ("binary_1", 1, &[]), ("binary_soft_0.25", 1, &[0.25])]
    {
        let targets = vec![Target { class, values }; logits.len()];
        let (mut losses, mut gradients) = (Vec::new(), vec![f64::NAN; logits.len()]);
        CrossEntropy.losses_and_gradients(&logits, &targets, &mut losses, &mut gradients);
        let expected = (numbers(&fixture[name]["losses"]), numbers(&fixture[name]["gradients"]));
        for i in 0..logits.len() {
            // Relative, for both tails are small numbers with all their digits.
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-13 * b.abs();
            assert!(near(losses[i], expected.0[i]), "{name} {i} {} {}", losses[i], expected.0[i]);
            assert!((gradients[i] - expected.1[i]).abs() <= 4e-16 * (1.0 + expected.1[i].abs()), "{name} {i}");
            assert_eq!(CrossEntropy.loss(&logits[i..][..1], targets[i]), losses[i]);
        }
    }
}

/// A loss near 0 keeps its relative digits in f32 as well: ln(1 + 9 e^-d) for logits d above nine others.
#[test]
fn small_cross_entropies_keep_their_digits() {
    for d in [1.0f32, 10.0, 20.0, 40.0, 80.0] {
        let mut logits = [0.0f32; 10];
        logits[3] = d;
        let exact = (9.0 * (-f64::from(d)).exp()).ln_1p();
        let mut gradient = [0.0; 10];
        let loss = CrossEntropy.loss_and_gradient(&logits, 3.into(), &mut gradient);
        assert!((loss / exact - 1.0).abs() < 1e-6, "{loss} {exact}");
        assert!((f64::from(gradient[3]) / (-exact).exp_m1() - 1.0).abs() < 1e-6);
    }
}

#[test]
fn a_nan_output_is_a_nan_loss() {
    for c in [1, 2, 3, 10, 17] {
        for at in 0..c {
            let mut logits = vec![0.5f32; c];
            logits[at] = f32::NAN;
            assert!(CrossEntropy.loss(&logits, 1.into()).is_nan());
            assert!(CrossEntropy.loss_and_gradient(&logits, 1.into(), &mut vec![0.0; c]).is_nan());
        }
    }
    assert!(Hinge.loss(&[f64::NAN], 1.into()).is_nan());
    assert!(RankingHinge.loss(&[f64::NAN, 0.0], 0.into()).is_nan());
    assert!(MultiMargin.loss(&[0.0, f64::NAN, 0.0], 0.into()).is_nan());
}

#[test]
fn lambert_w_is_the_inverse_of_w_e_to_the_w() {
    let fixture = fixture();
    let (x, w) = (numbers(&fixture["lambert_w"]["x"]), numbers(&fixture["lambert_w"]["w"]));
    for (&x, &w) in x.iter().zip(&w) {
        // Near the branch point W is known as well as the root of e x + 1.
        let tolerance = 4e-15 * w.abs() + 1e-16 / (w + 1.0).max(1e-8);
        assert!((lambert_w0(x) - w).abs() <= tolerance, "{x} {} {w}", lambert_w0(x));
    }
    assert_eq!((lambert_w0(0.0), lambert_w0(f64::INFINITY)), (0.0, f64::INFINITY));
    assert!(lambert_w0(-0.3679).is_nan() && lambert_w0(f64::NAN).is_nan());
}

#[test]
fn super_loss_is_the_minimum_over_sigma() {
    let fixture = fixture();
    let losses = numbers(&fixture["super_loss_in"]);
    for (name, expected) in fixture["super_loss"].as_object().unwrap() {
        let (n_classes, lambda) = name.split_once(' ').unwrap();
        let threshold = Threshold::of_classes(n_classes.parse().unwrap()).unwrap();
        let loss = SuperLoss::new(Squared, threshold, lambda.parse().unwrap()).unwrap();
        let (sigma, value) = (numbers(&expected["sigma"]), numbers(&expected["value"]));
        for (i, &l) in losses.iter().enumerate() {
            close(loss.weight(l), sigma[i], 1e-10, name);
            let target = Target { class: 0, values: &[0.0] };
            close(loss.loss(&[l.sqrt()], target), value[i], 1e-10, name);
        }
    }
}

#[test]
fn thresholds_follow_batches_and_are_saved() {
    let logits = [0.0, 1.0, 2.0, -1.0f64];
    let targets = [Target::from(0), Target::from(1)];
    let (mut losses, mut gradients) = (Vec::new(), vec![0.0; 4]);
    CrossEntropy.losses_and_gradients(&logits, &targets, &mut losses, &mut gradients);
    let mean = (losses[0] + losses[1]) / 2.0;
    for (threshold, expected) in [
        (Threshold::fixed(0.3).unwrap(), 0.3),
        (Threshold::running_mean(), mean),
        (Threshold::moving_average(1.0, 0.9).unwrap(), 0.1 * 1.0 + 0.9 * mean),
    ] {
        let loss = SuperLoss::new(CrossEntropy, threshold, 1.0).unwrap();
        let untouched = loss.clone();
        loss.loss(&logits[..2], targets[0]);
        assert_eq!(loss, untouched);
        let mut reweighed = Vec::new();
        loss.losses_and_gradients(&logits, &targets, &mut reweighed, &mut gradients);
        assert!((loss.threshold().tau() - expected).abs() < 1e-15);
        assert_eq!(reweighed[1], loss.loss(&logits[2..], targets[1]));
        assert_eq!(untouched.threshold(), threshold);
        let saved = serde_json::to_string(&loss).unwrap();
        assert_eq!(serde_json::from_str::<SuperLoss<CrossEntropy>>(&saved).unwrap(), loss);
    }
    let mean_of_all = SuperLoss::new(CrossEntropy, Threshold::running_mean(), 1.0).unwrap();
    mean_of_all.observe(&[1.0, 2.0]);
    mean_of_all.observe(&[]);
    mean_of_all.observe(&[6.0]);
    assert_eq!(mean_of_all.threshold().tau(), 3.0);
}

/// The derivative by central differences, whose error is about h^2 |L'''| + eps |L| / h, below 1e-7 here.
fn check_gradient(loss: &impl Loss<f64>, outputs: &[f64], target: Target<'_, f64>) {
    let mut gradient = vec![f64::NAN; outputs.len()];
    loss.loss_and_gradient(outputs, target, &mut gradient);
    for k in 0..outputs.len() {
        let at = |shift: f64| {
            let mut moved = outputs.to_vec();
            moved[k] += shift;
            loss.loss(&moved, target)
        };
        let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
        assert!((numeric - gradient[k]).abs() < 1e-6, "{k} {numeric} {} {outputs:?}", gradient[k]);
    }
}

/// Whether no two of these are so near that a kink lies within the differences' step.
fn apart(kinks: &[f64]) -> bool {
    kinks.iter().all(|kink| kink.abs() > 1e-4)
}

proptest! {
    #[test]
    fn gradients_are_those_of_the_losses(
        outputs in prop::collection::vec(-6.0..6.0f64, 1..12), class in 0usize..12,
        raw in prop::collection::vec(0.01..1.0f64, 12), beta in 0.0..1.0f64, lambda in 0.2..4.0f64,
    ) {
        let c = outputs.len();
        let class = class % c.max(2);
        let total: f64 = if c == 1 { 1.0 } else { raw[..c].iter().sum() };
        let soft: Vec<f64> = raw[..c].iter().map(|t| t / total).collect();
        let both = [Target::from(class), Target { class, values: &soft }];
        for target in both {
            check_gradient(&CrossEntropy, &outputs, target);
            check_gradient(&CrossEntropy::with_label_smoothing(beta)?, &outputs, target);
            check_gradient(&Bootstrapping::soft(beta)?, &outputs, target);
        }
        check_gradient(&Squared, &outputs, both[1]);
        let own_loss = CrossEntropy.loss(&outputs, class.into());
        // W has a square root's edge where sigma begins to be clamped.
        if ((own_loss - 1.5) / lambda + 2.0 / std::f64::consts::E).abs() > 1e-2 {
            check_gradient(&SuperLoss::new(CrossEntropy, Threshold::fixed(1.5)?, lambda)?, &outputs, class.into());
        }
        if c == 1 {
            if apart(&[1.0 - outputs[0], 1.0 + outputs[0]]) {
                check_gradient(&Hinge, &outputs, class.into());
            }
            return Ok(());
        }
        let wrong: Vec<f64> = (0..c).filter(|&k| k != class).map(|k| outputs[k]).collect();
        let margins: Vec<f64> = wrong.iter().map(|z| 1.0 - outputs[class] + z).collect();
        let pairs: Vec<f64> = (0..c).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| outputs[i] - outputs[j]).collect();
        if apart(&margins) && apart(&pairs) {
            check_gradient(&MultiMargin, &outputs, class.into());
            check_gradient(&CrammerSinger, &outputs, class.into());
            check_gradient(&Bootstrapping::hard(beta)?, &outputs, class.into());
        }
        if c == 2 && apart(&[1.0 - outputs[0] + outputs[1]]) {
            check_gradient(&RankingHinge, &outputs, class.into());
        }
    }

    /// One example, a batch of any size and the loss alone go through the same operations.
    #[test]
    fn cross_entropy_does_not_depend_on_the_batch(
        c in 1usize..13, b in 1usize..70, seed in 0u64..1000, scale in prop_oneof![Just(1.0), Just(80.0), Just(1e4)],
    ) {
        let mut rng = cl_data::random::stream(seed, "test", 0);
        let logits: Vec<f32> =
            (0..b * c).map(|_| (scale * (2.0 * cl_data::random::uniform(&mut rng) - 1.0)) as f32).collect();
        let targets: Vec<Target<'_, f32>> =
            (0..b).map(|_| cl_data::random::below(&mut rng, c.max(2)).into()).collect();
        let (mut losses, mut gradients) = (Vec::new(), vec![f32::NAN; b * c]);
        CrossEntropy.losses_and_gradients(&logits, &targets, &mut losses, &mut gradients);
        prop_assert_eq!(losses.len(), b);
        for i in 0..b {
            let mut gradient = vec![f32::NAN; c];
            let loss = CrossEntropy.loss_and_gradient(&logits[i * c..][..c], targets[i], &mut gradient);
            prop_assert_eq!(loss, losses[i]);
            prop_assert_eq!(&gradient[..], &gradients[i * c..][..c]);
            prop_assert_eq!(CrossEntropy.loss(&logits[i * c..][..c], targets[i]), loss);
            prop_assert!(loss.is_finite() && loss >= 0.0 && gradient.iter().all(|g| g.is_finite()));
            let wide: Vec<f64> = logits[i * c..][..c].iter().map(|&z| z.into()).collect();
            let exact = CrossEntropy.loss(&wide, targets[i].class.into());
            // z_k - m is rounded once: half a unit of the largest difference in the exponent.
            prop_assert!((loss - exact).abs() <= (1e-6 + 1.2e-7 * scale) * exact + 1e-37, "{} {}", loss, exact);
        }
    }
}

#[test]
fn what_does_not_fit_a_loss_is_refused() {
    fn fits(loss: &impl Loss<f64>, n_outputs: usize, n_classes: usize, n_targets: usize) -> bool {
        loss.check(n_outputs, n_classes, n_targets).is_ok()
    }
    assert!(fits(&CrossEntropy, 3, 3, 0) && fits(&CrossEntropy, 3, 3, 3) && !fits(&CrossEntropy, 3, 4, 0));
    assert!(fits(&Squared, 2, 9, 2) && !fits(&Squared, 2, 2, 0) && !fits(&Squared, 2, 2, 1));
    assert!(fits(&Hinge, 1, 2, 0) && !fits(&Hinge, 2, 2, 0) && !fits(&Hinge, 1, 3, 0));
    assert!(fits(&MultiMargin, 3, 3, 0) && !fits(&MultiMargin, 1, 2, 0) && !fits(&CrammerSinger, 2, 3, 0));
    assert!(fits(&RankingHinge, 2, 1, 0) && !fits(&RankingHinge, 1, 1, 0));
    assert!(
        CrossEntropy::with_label_smoothing(1.1).is_err() && CrossEntropy::with_label_smoothing(f64::NAN).is_err()
    );
    assert!(Bootstrapping::soft(-0.1).is_err() && Bootstrapping::hard(2.0).is_err());
    assert!(Threshold::fixed(f64::INFINITY).is_err() && Threshold::of_classes(0).is_err());
    assert!(Threshold::moving_average(0.0, 0.0).is_err() && Threshold::moving_average(0.0, 1.1).is_err());
    let message = SuperLoss::new(CrossEntropy, Threshold::running_mean(), 0.0).unwrap_err().to_string();
    assert_eq!(message, "argument lambda is 0, expected a finite number above 0");
    assert!(!fits(&SuperLoss::new(Squared, Threshold::running_mean(), 1.0).unwrap(), 2, 2, 0));
}
