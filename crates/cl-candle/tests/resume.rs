//! A run stopped at any step goes on to the same bytes.

use candle_nn::{Optimizer, ParamsAdamW, VarMap};
use cl_candle::{AdamW, Checkpoint, Recorder};
use cl_data::Sampler;
use cl_pacing::ShuffleSampler;
use cl_prune::InfoBatchSampler;

use crate::support::{N, Run, bits, labels, metrics, says};

fn stopped_anywhere(sampler: &dyn Fn() -> Box<dyn Sampler>, n_steps: u64, stops: std::ops::Range<u64>) {
    let mut whole = Run::new(sampler(), 16, 1);
    whole.train(n_steps);
    let expected = whole.result();
    for stop in stops {
        let mut first = Run::new(sampler(), 16, 1);
        first.train(stop);
        let checkpoint = first.checkpoint(stop);
        drop(first);
        // Made alike, but for weights drawn otherwise.
        let mut second = Run::new(sampler(), 16, 2);
        second.restore(&checkpoint);
        assert_eq!(second.feed.position(), stop);
        second.train(n_steps);
        assert!(second.result() == expected, "stopped after {stop} of {n_steps} steps");
    }
}

#[test]
fn a_run_stopped_at_any_step_goes_on_to_the_same_bytes() {
    stopped_anywhere(&|| Box::new(InfoBatchSampler::new(N, 40, 10, 3).unwrap()), 13, 0..13);
    stopped_anywhere(&|| Box::new(ShuffleSampler::new(N, 64, 7).unwrap()), 9, 3..9);
}

/// What another optimiser, network, sampler or recorder wrote, and what is damaged, is refused by name; all stays.
#[test]
fn what_does_not_fit_is_refused() {
    let shuffle = |seed| ShuffleSampler::new(N, 64, seed).unwrap();
    let mut run = Run::new(shuffle(7), 16, 1);
    run.train(2);
    let bytes = run.checkpoint(2);
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(checkpoint.n_steps(), 2);

    let mut wide = Run::new(shuffle(7), 17, 2);
    let error = checkpoint.restore(&mut wide.feed, &wide.network, &mut wide.optimizer).unwrap_err();
    says(error, &["another network", "hidden.bias", "[16], not", "[17]"]);
    let mut other = Run::new(shuffle(7), 16, 2);
    let before = bits(&other.network);
    let mut empty = AdamW::of(&VarMap::new(), ParamsAdamW::default()).unwrap();
    let error = checkpoint.restore(&mut other.feed, &other.network, &mut empty).unwrap_err();
    says(error, &["another optimiser", "it has a first.hidden.bias as well"]);
    let error = checkpoint.restore(&mut other.feed, &VarMap::new(), &mut other.optimizer).unwrap_err();
    says(error, &["another network", "hidden.bias as well"]);
    let mut unnamed = AdamW::new(other.network.all_vars(), ParamsAdamW::default()).unwrap();
    let error = checkpoint.restore(&mut other.feed, &other.network, &mut unnamed).unwrap_err();
    says(error, &["another optimiser", "it has no first.000000000"]);
    let mut seed = Run::new(shuffle(8), 16, 2);
    let error = checkpoint.restore(&mut seed.feed, &seed.network, &mut seed.optimizer).unwrap_err();
    says(error, &["made with seed 7, not with 8"]);
    assert!(bits(&seed.network) == before && bits(&other.network) == before);
    assert_eq!((other.feed.position(), other.optimizer.n_updates(), seed.feed.position()), (0, 0, 0));

    let mut few = Recorder::new(labels(), 10, &metrics()[..2]).unwrap();
    says(checkpoint.restore_recorder(&mut few).unwrap_err(), &["another recorder", "aum"]);
    let without = Checkpoint::new(2, &mut run.feed, &run.network, &run.optimizer).unwrap();
    says(without.restore_recorder(&mut few).unwrap_err(), &["holds no recorder"]);
    says(Checkpoint::new(9, &mut run.feed, &run.network, &run.optimizer).unwrap_err(), &["step 9 is out of turn"]);

    for at in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        says(Checkpoint::from_bytes(&damaged).unwrap_err(), &["unusable"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    says(Checkpoint::load(&path).unwrap_err(), &["run.checkpoint"]);
    checkpoint.save(&path).unwrap();
    assert!(Checkpoint::load(&path).unwrap() == checkpoint);
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    says(Checkpoint::load(&path).unwrap_err(), &["run.checkpoint", "unusable"]);
}
