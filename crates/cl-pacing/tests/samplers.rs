//! What holds of every sampler: ranks make up the whole, resuming is not interrupting, what several machines tell in
//! parts is what one tells at once, and weights are weights.

use cl_data::Fingerprint;
use cl_pacing::{
    Annealing, ApartSampler, Batch, BatchOrder, Competence, CompetenceSampler, DifficultySchedule,
    EqualDifficulty, GroupSampler, Hardness, HardnessSampler, HardnessSelection, HardnessSettings, LengthSampler,
    Linear, LinearSelfPaced, LongSequences, MiniBatchSampler, MixtureSampler, OnePass, PrefixSampler,
    Presentation, Proportions, Random, Remainder, Replacement, RhoLossSampler, Sampler, SamplerError, SelfPaced,
    SelfPacedCurriculum, SelfPacedDiversity, SelfPacedLambda, SelfPacedSampler, SequentialSampler, Sharding,
    ShuffleSampler, SourcesSampler, TaskPolicy, Teacher, TeacherSampler, TokenBudget, TokenBudgetSampler,
    WeightedSampler, share_of_rank,
};
use proptest::prelude::*;

fn self_paced(regulariser: impl SelfPaced + 'static, n: usize, batch_size: usize, seed: u64) -> SelfPacedSampler {
    let (growth, presentation) = (Annealing::growth(1.2).unwrap(), Presentation::Shuffled { seed });
    SelfPacedSampler::of(regulariser, growth, n, batch_size, presentation).unwrap()
}

/// A sampler of every kind over `n` examples, from the same settings the same.
fn samplers(n: usize, batch_size: usize, seed: u64, data: Fingerprint) -> Vec<(&'static str, Box<dyn Sampler>)> {
    let batch_size = batch_size.min(n);
    let order = || Random::of(n, seed);
    let linear = || Linear::new(0.8, 0.1).unwrap();
    let difficulty: Vec<f64> = (0..n).map(|i| (i * 7 % 5) as f64).collect();
    let lengths: Vec<u64> = (0..n).map(|i| 1 + (i * 7 % 11) as u64).collect();
    let tasks: Vec<usize> = (0..n).map(|i| i % 3.min(n)).collect();
    let hardness = |measure, selection| {
        let learning_rates = vec![0.3, 0.2, 0.1];
        let settings =
            HardnessSettings { measure, selection, warm_epochs: 1, learning_rates, ..Default::default() };
        HardnessSampler::new(n, batch_size, settings, seed).unwrap().with_data(data)
    };
    let teacher =
        |teacher, policy| TeacherSampler::new(&tasks, teacher, policy, batch_size, seed).unwrap().with_data(data);
    let schedule = || DifficultySchedule::fixed_linear(2, 11, 20, 3).unwrap();
    let length = |long| LengthSampler::new(&lengths, 2, schedule(), long, 24, seed).unwrap().with_data(data);
    let weighted = |replacement| {
        let weights: Vec<f64> = (0..n).map(|i| 1.0 + (i * 5 % 3) as f64).collect();
        WeightedSampler::new(weights, replacement, n, batch_size, seed).unwrap().with_data(data)
    };
    let diversity = SelfPacedDiversity::new(0.4, 0.3, tasks.clone()).unwrap();
    let lateness: Vec<f64> = (0..n).map(|i| i as f64 / n as f64).collect();
    let curriculum =
        SelfPacedCurriculum::new(LinearSelfPaced::new(0.9).unwrap(), lateness, 0.3 * n as f64).unwrap();
    let greedy = TaskPolicy::EpsilonGreedy { epsilon: 0.2 };
    let large = (2 * batch_size).min(n);
    vec![
        ("sequential", Box::new(SequentialSampler::in_order(order(), batch_size).unwrap())),
        ("shuffle", Box::new(ShuffleSampler::new(n, batch_size, seed).unwrap())),
        ("prefix", Box::new(PrefixSampler::new(order(), linear(), batch_size, 25, seed).unwrap().with_data(data))),
        (
            "window",
            Box::new(PrefixSampler::new(order(), OnePass::new(3, 5, 25).unwrap(), batch_size, 25, seed).unwrap()),
        ),
        (
            "mini-batch",
            Box::new(MiniBatchSampler::new(order(), linear(), batch_size, 25, seed).unwrap().with_data(data)),
        ),
        (
            "competence",
            Box::new(
                CompetenceSampler::new(
                    &difficulty,
                    EqualDifficulty::Covered,
                    Competence::square_root(0.1).unwrap(),
                    batch_size,
                    25,
                    seed,
                )
                .unwrap()
                .with_data(data),
            ),
        ),
        (
            "mixture",
            Box::new(
                MixtureSampler::new(n, vec![0, n - 1], order(), linear(), batch_size, 25, seed)
                    .unwrap()
                    .with_data(data),
            ),
        ),
        (
            "token budget",
            Box::new(
                TokenBudgetSampler::new(
                    &lengths,
                    TokenBudget { sequences: Some(batch_size), multiple_of: 2, ..TokenBudget::new(24) },
                    BatchOrder::Shuffled,
                    seed,
                )
                .unwrap()
                .with_data(data),
            ),
        ),
        (
            "sources",
            Box::new({
                let sizes = if n == 1 { vec![1] } else { vec![n / 2, n - n / 2] };
                let proportions = Proportions::of_sizes(&sizes, 0.5).unwrap();
                SourcesSampler::new(&sizes, proportions, batch_size, seed).unwrap().with_data(data)
            }),
        ),
        ("weighted", Box::new(weighted(Replacement::With))),
        ("weighted without replacement", Box::new(weighted(Replacement::Without))),
        ("apart", Box::new(ApartSampler::new(&tasks, batch_size, seed).unwrap().with_data(data))),
        ("groups", Box::new(GroupSampler::new(&tasks, Some(1), batch_size, seed).unwrap().with_data(data))),
        ("length", Box::new(length(LongSequences::Wait))),
        ("truncated length", Box::new(length(LongSequences::Truncate))),
        (
            "self-paced",
            Box::new(
                SelfPacedSampler::new(
                    n,
                    batch_size,
                    SelfPacedLambda::new(0.8, 1.2).unwrap(),
                    Presentation::Shuffled { seed },
                )
                .unwrap()
                .with_data(data),
            ),
        ),
        ("self-paced with diversity", Box::new(self_paced(diversity, n, batch_size, seed).with_data(data))),
        ("self-paced curriculum", Box::new(self_paced(curriculum, n, batch_size, seed).with_data(data))),
        ("hardness, loss, rand", Box::new(hardness(Hardness::Loss, HardnessSelection::Rand))),
        ("hardness, change, exp", Box::new(hardness(Hardness::LossChange, HardnessSelection::Exp))),
        ("hardness, loss, beta", Box::new(hardness(Hardness::Loss, HardnessSelection::Beta { c: 30.0 }))),
        (
            "RHO-LOSS",
            Box::new(RhoLossSampler::new(difficulty.clone(), large, batch_size, seed).unwrap().with_data(data)),
        ),
        ("online", Box::new(teacher(Teacher::Online { alpha: 0.1 }, greedy))),
        ("naive", Box::new(teacher(Teacher::Naive { alpha: 0.1, k: 3 }, TaskPolicy::Boltzmann { tau: 0.1 }))),
        ("window teacher", Box::new(teacher(Teacher::Window { k: 3 }, greedy))),
        ("sampling", Box::new(teacher(Teacher::Sampling { k: 3 }, TaskPolicy::Thompson { epsilon: 0.0 }))),
    ]
}

/// A learner whose losses depend on all that it was shown, and in which place of a batch.
#[derive(Clone)]
struct Learner(Vec<f64>);

impl Learner {
    fn of(n: usize) -> Self {
        Self((0..n).map(|i| 0.3 + (i * 13 % n) as f64 / n as f64 * 2.0).collect())
    }

    /// One update, as it is done on `world_size` machines: each evaluates its share, and all are told of all.
    fn step(&mut self, sampler: &mut dyn Sampler, step: u64, world_size: usize) -> Batch {
        let (mut wanted, mut batch) = (Vec::new(), Batch::default());
        sampler.wanted(step, &mut wanted);
        self.tell(sampler, step, &wanted, world_size);
        sampler.batch(step, &mut batch).unwrap();
        self.tell(sampler, step, &batch.indices, world_size);
        for (place, &index) in batch.indices.iter().enumerate() {
            self.0[index] *= 0.9 + 0.01 * (place % 7) as f64;
        }
        batch
    }

    fn tell(&self, sampler: &mut dyn Sampler, step: u64, indices: &[usize], world_size: usize) {
        // The last rank first: parts come as they come.
        for rank in (0..world_size).rev() {
            let part = &indices[share_of_rank(indices.len(), rank, world_size).unwrap()];
            let losses: Vec<f64> = part.iter().map(|&index| self.0[index]).collect();
            sampler.feedback(step, part, &losses).unwrap();
        }
    }
}

fn data(digit: &str) -> Fingerprint {
    digit.repeat(64).parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn ranks_make_up_the_whole(n in 1usize..40, batch_size in 1usize..12, seed: u64, world_size in 1usize..10) {
        let own = data("0");
        let mut ranks: Vec<_> = (0..world_size).map(|_| samplers(n, batch_size, seed, own)).collect();
        for (at, (name, mut single)) in samplers(n, batch_size, seed, own).into_iter().enumerate() {
            let mut learner = Learner::of(n);
            let mut learners = vec![learner.clone(); world_size];
            for step in 0..16 {
                let whole = learner.step(&mut *single, step, 1);
                prop_assert!(whole.weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0));
                prop_assert!(whole.weights.is_empty() || whole.weights.len() == whole.indices.len());
                prop_assert!(whole.indices.iter().all(|&index| index < n));
                let (mut union, mut part) = (Batch::default(), Batch::default());
                for rank in 0..world_size {
                    let sampler = &mut *ranks[rank][at].1;
                    // Each machine runs its own sampler, told the same losses.
                    prop_assert_eq!(&learners[rank].step(sampler, step, world_size), &whole, "{} {}", name, step);
                    sampler.batch_of_rank_with(step, rank, world_size, Remainder::Empty, &mut part).unwrap();
                    union.indices.extend_from_slice(&part.indices);
                    union.weights.extend_from_slice(&part.weights);
                    // No rank waits for the others in vain: none is given nothing where others are given something.
                    sampler.batch_of_rank(step, rank, world_size, &mut part).unwrap();
                    prop_assert_eq!(part.indices.is_empty(), whole.indices.is_empty(), "{}", name);
                }
                prop_assert_eq!(&union, &whole, "{} {}", name, step);
                let sampler = &mut *ranks[0][at].1;
                prop_assert!(sampler.batch_of_rank(step, world_size, world_size, &mut part).is_err());
                prop_assert!(sampler.batch_of_rank(step, 0, 0, &mut part).is_err());
            }
        }
    }

    /// Saved after every step and restored into a fresh sampler: the rest is bit for bit the same.
    #[test]
    fn resuming_is_not_interrupting(n in 1usize..30, batch_size in 1usize..9, seed: u64) {
        const N_STEPS: u64 = 24;
        let own = data("0");
        let fresh = || samplers(n, batch_size, seed, own);
        let mut resumed: Vec<_> = (0..N_STEPS).map(|_| fresh()).collect();
        for (at, (name, mut whole)) in fresh().into_iter().enumerate() {
            let mut learner = Learner::of(n);
            let mut running: Vec<Learner> = Vec::new();
            for step in 0..N_STEPS {
                let begin = &mut resumed[step as usize][at].1;
                let state = whole.save(step).unwrap();
                prop_assert_eq!(begin.restore(&state).unwrap(), step);
                prop_assert_eq!(begin.save(step).unwrap(), state, "{}", name);
                running.push(learner.clone());
                let shown = learner.step(&mut *whole, step, 1);
                // Those that began earlier go on beside it, for some steps.
                for from in step.saturating_sub(6)..=step {
                    let other = &mut *resumed[from as usize][at].1;
                    prop_assert_eq!(&running[from as usize].step(other, step, 1), &shown, "{} {} {}", name, from, step);
                    prop_assert_eq!(other.epoch(step), whole.epoch(step), "{}", name);
                }
            }
        }
    }
}

/// What every rank must be told are the losses of all ranks: one that knows its own share only gives no batch of the
/// epoch to come, or of the next step, rather than one of its own.
#[test]
fn a_rank_that_is_told_its_own_share_only_does_not_go_on() {
    let mut n_learning = 0;
    for (name, mut sampler) in samplers(24, 4, 1, data("0")) {
        if sampler.ready_until() == u64::MAX {
            continue;
        }
        n_learning += 1;
        let (mut wanted, mut batch) = (Vec::new(), Batch::default());
        let tell = |sampler: &mut Box<dyn Sampler>, step, examples: &[usize]| {
            let own = &examples[share_of_rank(examples.len(), 0, 2).unwrap()];
            let losses: Vec<f64> = own.iter().map(|&example| example as f64 / 30.0).collect();
            sampler.feedback(step, own, &losses)
        };
        let outcome = (0..60).try_for_each(|step| {
            sampler.wanted(step, &mut wanted);
            tell(&mut sampler, step, &wanted)?;
            sampler.batch(step, &mut batch)?;
            tell(&mut sampler, step, &batch.indices)
        });
        assert!(matches!(outcome, Err(SamplerError::OutOfTurn { .. })), "{name}: {outcome:?}");
    }
    assert!(n_learning >= 5, "{n_learning}");
}

/// No sampler takes a state of another kind, of another seed or batch size, or of other data.
#[test]
fn states_of_others_are_refused() {
    let own = || samplers(20, 4, 1, data("0"));
    let shown = |samplers: Vec<(&'static str, Box<dyn Sampler>)>| -> Vec<(&'static str, String)> {
        let save = |(name, mut sampler): (&'static str, Box<dyn Sampler>)| {
            let mut learner = Learner::of(20);
            (0..3).for_each(|step| drop(learner.step(&mut *sampler, step, 1)));
            (name, sampler.save(3).unwrap())
        };
        samplers.into_iter().map(save).collect()
    };
    for (at, (name, state)) in shown(own()).into_iter().enumerate() {
        for (other, (other_name, mut sampler)) in own().into_iter().enumerate() {
            assert_eq!(sampler.restore(&state).is_ok(), at == other, "{name} into {other_name}");
        }
    }
    for (n, batch_size, seed) in [(20, 4, 2), (20, 5, 1), (21, 4, 1)] {
        let others = samplers(n, batch_size, seed, data("0"));
        for ((name, state), (_, mut sampler)) in shown(own()).into_iter().zip(others) {
            // Lengths know no batch size, and a sequence of all has no seed but that of its order.
            if sampler.n_examples() == 20 && name.contains("length") {
                continue;
            }
            // These go on with another batch size.
            let resized = ["shuffle", "prefix", "window", "mini-batch", "competence", "sources"].contains(&name);
            if batch_size == 5 && resized {
                assert_eq!(sampler.restore(&state).unwrap(), 3);
                continue;
            }
            assert!(sampler.restore(&state).is_err(), "{name}");
            assert!(sampler.restore("").is_err() && sampler.restore("{}").is_err(), "{name}");
        }
    }
    for ((name, state), (_, mut sampler)) in shown(own()).into_iter().zip(samplers(20, 4, 1, data("1"))) {
        if ["sequential", "shuffle", "window"].contains(&name) {
            continue; // not bound to data here
        }
        let error = sampler.restore(&state).unwrap_err().to_string();
        assert!(error.contains("made with data 000"), "{name}: {error}");
    }
}
