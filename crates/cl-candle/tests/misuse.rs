//! What is wrong is returned, by name.

use candle_core::{DType, Device, Tensor};
use cl_candle::{CandleError, Feed, device, per_example_losses};
use cl_pacing::{Presentation, SelfPacedLambda, SelfPacedSampler, ShuffleSampler};

use crate::support::{N, says};

fn ones(n: usize) -> Tensor {
    Tensor::ones(n, DType::F32, &Device::Cpu).unwrap()
}

#[test]
fn devices_that_cannot_be_had() {
    let error = |name: &str| device(name).unwrap_err().to_string();
    for name in ["", "gpu", "cpu:x", "cuda:-1"] {
        assert_eq!(error(name), format!("unknown device `{name}`, expected one of cpu, cuda, metal"));
    }
    assert_eq!(error("cpu:1"), "device `cpu:1` is not there: there is one");
    if !cfg!(feature = "cuda") {
        let expected = "device `cuda` needs cl-candle's feature `cuda`, which this program was built without";
        assert_eq!(error("cuda"), expected);
    }
    assert!(error("cuda:999").contains(if cfg!(feature = "cuda") { "is not there" } else { "built without" }));
}

#[test]
fn losses_of_another_shape() {
    let mut feed = Feed::new(ShuffleSampler::new(N, 64, 7).unwrap(), &Device::Cpu);
    let drawn = feed.next_of_epoch().unwrap().unwrap();
    says(feed.tell(&drawn, &ones(3)).unwrap_err(), &["losses is of shape [3], expected [64]"]);
    says(drawn.weighted_mean(&ones(3)).unwrap_err(), &["losses is of shape [3]"]);
    assert!(drawn.select(&ones(3)).is_err());
    let logits = Tensor::ones((4, 3), DType::F32, &Device::Cpu).unwrap();
    says(
        per_example_losses(&logits, &ones(2)).unwrap_err(),
        &["labels is of shape [2] for logits of shape [4, 3]"],
    );
    says(per_example_losses(&logits, &ones(4)).unwrap_err(), &["labels is of type F32, expected integers"]);
    for no_class in [3, -1, i64::from(u32::MAX), 1 << 32] {
        let labels = Tensor::new(&[0, 1, 2, no_class], &Device::Cpu).unwrap();
        let expected = format!("labels is {no_class}, expected classes below 3");
        says(per_example_losses(&logits, &labels).unwrap_err(), &[&expected]);
    }
}

/// A sampler that wants losses first says so, and what to do.
#[test]
fn a_sampler_that_wants_losses_says_so() {
    let lambda = SelfPacedLambda::new(0.5, 1.3).unwrap();
    let sampler = SelfPacedSampler::new(N, 32, lambda, Presentation::IndexOrder).unwrap();
    let mut feed = Feed::new(sampler, &Device::Cpu);
    let error = feed.next_of_epoch().unwrap_err();
    assert!(matches!(error, CandleError::Wanted { step: 0, n_wanted: N }));
    says(error, &["tell_wanted"]);
    let of = |indices: &Tensor| indices.dims()[0];
    assert!(feed.tell_wanted(0, |indices| Ok(ones(of(indices)))).is_err());
    says(feed.tell_wanted(50, |indices| Ok(ones(of(indices) - 1))).unwrap_err(), &["losses is of shape [49]"]);
    let error = feed.tell_wanted(50, |indices| Ok((ones(of(indices)) * f64::NAN)?)).unwrap_err();
    says(error, &["loss of example 0 is NaN"]);
    assert_eq!(feed.position(), 0);
}
