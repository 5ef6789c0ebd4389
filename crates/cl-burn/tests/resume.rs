//! A run stopped at any step goes on to the same bytes.

use cl_burn::Checkpoint;
use cl_data::Sampler;
use cl_pacing::ShuffleSampler;
use cl_prune::InfoBatchSampler;

use crate::support::{N, Run, generator};

fn stopped_anywhere(sampler: &dyn Fn() -> Box<dyn Sampler>, n_steps: u64, stops: std::ops::Range<u64>) -> Vec<u8> {
    let mut whole = Run::new(sampler(), 1);
    whole.train(n_steps);
    let expected = whole.result();
    for stop in stops {
        let mut first = Run::new(sampler(), 1);
        first.train(stop);
        let checkpoint = first.checkpoint(stop);
        drop(first);
        // Made alike, but for weights drawn otherwise.
        let mut second = Run::new(sampler(), 2).restore(&checkpoint);
        assert_eq!(second.loader.position().unwrap(), stop);
        second.train(n_steps);
        assert!(second.result() == expected, "stopped after {stop} of {n_steps} steps");
    }
    expected.0
}

fn info_batch() -> Box<dyn Sampler> {
    Box::new(InfoBatchSampler::new(N, 40, 10, 3).unwrap())
}

/// At every step of the second epoch, the first that leaves examples out and weighs, and of the third.
#[test]
fn a_run_stopped_at_any_step_goes_on_to_the_same_bytes() {
    let _generator = generator();
    let last = {
        let mut run = Run::new(info_batch(), 1);
        run.train(6);
        run.loader.epoch().unwrap().n_steps
    };
    assert!(last < 5, "the second epoch leaves examples out");
    stopped_anywhere(&info_batch, 13, 0..13);
    stopped_anywhere(&|| Box::new(ShuffleSampler::new(N, 64, 7).unwrap()), 9, 3..9);
}

#[test]
fn a_run_is_the_same_for_any_number_of_threads() {
    let _generator = generator();
    let of = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| stopped_anywhere(&info_batch, 8, 6..7))
    };
    let one = of(1);
    assert!(of(2) == one && of(4) == one);
}

/// What another optimiser, network, sampler or recorder wrote, and what is damaged, is refused by name; the loader
/// stays.
#[test]
fn what_does_not_fit_is_refused() {
    use burn::optim::{AdamConfig, SgdConfig};
    use cl_burn::{BurnError, Recorder};

    use crate::support::{Net, labels, metrics};

    let _generator = generator();
    let shuffle = |seed| ShuffleSampler::new(N, 64, seed).unwrap();
    let mut run = Run::new(shuffle(7), 1);
    run.train(2);
    let bytes = run.checkpoint(2);
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let other = Run::new(shuffle(7), 2);
    let says = |error: BurnError, parts: &[&str]| {
        let text = error.to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    let wide = checkpoint.restore(&other.loader, Net::new(17, 2), AdamConfig::new().init()).err().unwrap();
    says(wide, &["another network", "hidden.weight", "shape"]);
    let sgd = checkpoint.restore(&other.loader, other.net.clone(), SgdConfig::new().init()).err().unwrap();
    says(sgd, &["another optimiser", "moment"]);
    let seed = Run::new(shuffle(8), 2);
    let sampler = checkpoint.restore(&seed.loader, seed.net, AdamConfig::new().init()).err().unwrap();
    says(sampler, &["made with seed 7, not with 8"]);
    assert_eq!((other.loader.position().unwrap(), seed.loader.position().unwrap()), (0, 0));

    let mut few = Recorder::new(labels(), 10, &metrics()[..2]).unwrap();
    says(checkpoint.restore_recorder(&mut few).unwrap_err(), &["another recorder", "aum"]);
    let mut swapped = labels();
    swapped.swap(0, 1);
    let mut swapped = Recorder::new(swapped, 10, &metrics()).unwrap();
    says(checkpoint.restore_recorder(&mut swapped).unwrap_err(), &["another recorder", "labels"]);
    let without = Checkpoint::new(2, &run.loader, &run.net, &run.optimizer).unwrap();
    says(without.restore_recorder(&mut few).unwrap_err(), &["holds no recorder"]);
    says(Checkpoint::new(9, &run.loader, &run.net, &run.optimizer).unwrap_err(), &["step 9 is out of turn"]);

    for at in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        says(Checkpoint::from_bytes(&damaged).unwrap_err(), &["unusable"]);
    }
    says(Checkpoint::from_bytes(&[]).unwrap_err(), &["unusable"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    says(Checkpoint::load(&path).unwrap_err(), &["run.checkpoint"]);
    checkpoint.save(&path).unwrap();
    assert!(Checkpoint::load(&path).unwrap() == checkpoint);
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    says(Checkpoint::load(&path).unwrap_err(), &["run.checkpoint", "unusable"]);
}

/// A schedule of learning rates goes on where it stood.
#[test]
fn a_schedule_goes_on() {
    use burn::lr_scheduler::{cosine::CosineAnnealingLrSchedulerConfig, step::StepLrSchedulerConfig};

    let _generator = generator();
    let new = || CosineAnnealingLrSchedulerConfig::new(0.1, 10).init().unwrap();
    let mut schedule = new();
    for _ in 0..4 {
        schedule.step();
    }
    let run = Run::new(ShuffleSampler::new(N, 64, 7).unwrap(), 1);
    let checkpoint = Checkpoint::new(0, &run.loader, &run.net, &run.optimizer).unwrap();
    assert!(checkpoint.restore_scheduler(new()).err().unwrap().to_string().contains("holds no schedule"));
    let checkpoint = checkpoint.with_scheduler(&schedule).unwrap();
    let mut resumed = checkpoint.restore_scheduler(new()).unwrap();
    for _ in 0..4 {
        assert_eq!(resumed.step().base(), schedule.step().base());
    }
    let stepwise = StepLrSchedulerConfig::new(0.1, 10).init().unwrap();
    let error = checkpoint.restore_scheduler(stepwise).err().unwrap().to_string();
    assert!(error.contains("another schedule"), "{error}");
}
