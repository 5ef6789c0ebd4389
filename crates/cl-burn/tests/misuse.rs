//! What is wrong is returned, by name.

use burn::data::dataloader::DataLoader;
use burn::prelude::*;
use cl_burn::{BurnError, Loader, device, per_example_losses};
use cl_pacing::{Presentation, SelfPacedLambda, SelfPacedSampler, ShuffleSampler};

use crate::support::{N, Stack, data, loader};

fn shuffle(n: usize) -> ShuffleSampler {
    ShuffleSampler::new(n, 64, 7).unwrap()
}

#[test]
fn devices_that_cannot_be_had() {
    let error = |name: &str| device(name).unwrap_err().to_string();
    for name in ["", "gpu", "cpu:x", "cuda:-1"] {
        assert_eq!(error(name), format!("unknown device `{name}`, expected one of cpu, cuda, wgpu"));
    }
    assert!(error("cpu:1").contains("`cpu:1` is not there: 1 found, expected an index below 1"));
    for name in ["cuda", "wgpu:1"] {
        let backend = &name[..4];
        if !cl_burn::backends().contains(&backend) {
            let expected = "which this program was built without";
            assert_eq!(error(name), format!("device `{name}` needs cl-burn's feature `{backend}`, {expected}"));
        }
    }
    if cl_burn::backends().contains(&"cuda") {
        assert!(error("cuda:999").contains("is not there"));
    }
}

#[test]
fn a_data_set_of_another_size() {
    let device = device("cpu").unwrap();
    let error = Loader::new(data(), Stack, shuffle(N + 1), &device).err().unwrap().to_string();
    assert_eq!(error, format!("argument dataset is one of {N} examples, expected the sampler's {}", N + 1));
    let error = loader(shuffle(N)).gather(&[3, N]).err().unwrap().to_string();
    assert!(error.contains(&format!("example {N} is out of range")), "{error}");
}

#[test]
fn losses_of_another_length_or_none() {
    let loader = loader(shuffle(N));
    let sampled = loader.batches().next().unwrap().unwrap();
    let losses = Tensor::<1>::ones([3], loader.device());
    for error in [sampled.tell(&losses).err(), sampled.weighted_mean(losses).err()] {
        let error = error.unwrap().to_string();
        assert!(error.contains("losses is 3 numbers, expected one for each of the 64"), "{error}");
    }
    let logits = Tensor::<2>::ones([4, 3], loader.device());
    let error = per_example_losses(logits, Tensor::zeros([2], loader.device())).unwrap_err().to_string();
    assert!(error.contains("labels is 2 classes for logits of shape (4, 3)"), "{error}");
}

/// A sampler that wants losses first says so, and what to do.
#[test]
fn a_sampler_that_wants_losses_says_so() {
    let lambda = SelfPacedLambda::new(0.5, 1.3).unwrap();
    let loader = loader(SelfPacedSampler::new(N, 32, lambda, Presentation::IndexOrder).unwrap());
    let error = loader.batches().next().unwrap().err().unwrap();
    assert!(matches!(error, BurnError::Wanted { step: 0, n_wanted: N }), "{error}");
    assert!(error.to_string().contains("tell_wanted"));
    let wrong =
        |(pixels, _): crate::support::Batch| Ok(Tensor::<1>::ones([pixels.dims()[0] - 1], &pixels.device()));
    assert!(loader.tell_wanted(0, wrong).is_err());
    assert!(loader.tell_wanted(50, wrong).unwrap_err().to_string().contains("losses is 49 numbers"));
    let nan =
        |(pixels, _): crate::support::Batch| Ok(Tensor::<1>::full([pixels.dims()[0]], f32::NAN, &pixels.device()));
    assert!(loader.tell_wanted(50, nan).unwrap_err().to_string().contains("loss of example 0 is NaN"));
    assert_eq!(loader.position().unwrap(), 0);
}

/// Burn asks for parts where it trains on several devices: an error, not all data on each of them.
#[test]
fn a_part_of_a_loader_is_an_error() {
    let loader = loader(shuffle(N));
    let part = loader.slice(0, 100).to_device(loader.device());
    assert_eq!(part.num_items(), 0);
    let errors: Vec<String> = part.iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    assert!(errors.len() == 1 && errors[0].contains("examples 0..100 of a loader"), "{errors:?}");
}
