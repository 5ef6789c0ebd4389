//! Runs that are split over threads, saved, resumed, validated and counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use cl_data::{Batch, Clusters, Dataset, Epoch, Sampler, SamplerError, SamplerFingerprint, random};
use cl_model::{
    Activation, Budget, Checkpoint, Criterion, CrossEntropy, Initialization, LearningRate, Mlp, Model, ModelError,
    Observer, Sgd, SoftmaxRegression, Trainer, Validated, Validation,
};
use serde::{Deserialize, Serialize};

/// Counts the allocations of its own thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[allow(unsafe_code, reason = "an allocator is unsafe to write; this one hands everything to the system's")]
// SAFETY: every call is passed on unchanged to the system allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Shuffled epochs of which the last batch is smaller, and a memory of what it was told.
#[derive(Clone, Serialize, Deserialize)]
struct Remembering {
    n: usize,
    batch: usize,
    told: f64,
}

impl Sampler for Remembering {
    fn n_examples(&self) -> usize {
        self.n
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        let epoch = self.epoch(step);
        let order = random::permutation(&mut random::stream(1, "test", epoch.index), self.n);
        let start = epoch.step as usize * self.batch;
        batch.clear();
        batch.indices.extend_from_slice(&order[start..(start + self.batch).min(self.n)]);
        // What was told matters for what follows.
        batch.weights.extend(batch.indices.iter().map(|_| 1.0 + self.told.fract().abs()));
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = self.n.div_ceil(self.batch) as u64;
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }

    fn feedback(&mut self, _step: u64, _indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        self.told += losses.iter().sum::<f64>();
        Ok(())
    }

    fn validated(&mut self, score: f64) -> Result<(), SamplerError> {
        self.told += score;
        Ok(())
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        SamplerFingerprint::new("remembering").save(n_steps, self)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, restored) = SamplerFingerprint::new("remembering").restore(state)?;
        *self = restored;
        Ok(n_steps)
    }
}

/// A schedule that reacts to validation.
#[derive(Clone, Serialize, Deserialize)]
struct Shrinking(f64);

impl LearningRate for Shrinking {
    fn at(&self, step: u64) -> f64 {
        self.0 / (1.0 + step as f64 / 10.0)
    }

    fn validated(&mut self, loss: f64) {
        self.0 *= 1.0 - 0.1 * loss.fract();
    }
}

fn data(n: usize, seed: u32) -> Dataset<f32> {
    Clusters { std: 1.5, ..Clusters::default() }.generate(n, seed).unwrap().cast().unwrap()
}

fn network() -> Mlp<f32> {
    Mlp::new(&[2, 16, 2], Activation::Tanh, Initialization::Xavier, 5).unwrap().with_dropout(0.2).unwrap()
}

/// Saved through JSON after every single step, and resumed with everything made anew, a run gives the same bits
/// as one that was never interrupted: parameters, optimiser, schedule, sampler, dropout, best parameters.
#[test]
fn a_run_resumed_at_any_step_is_the_uninterrupted_run() {
    let (train, held_out) = (data(50, 1), data(30, 2));
    let validation = Validation { criterion: Criterion::Accuracy, patience: Some(4) };
    let trainer = Trainer::new(Budget::Epochs(6), Shrinking(0.3)).unwrap().with_validation(validation);
    let sgd = || Sgd::<f32>::new(0.9, 0.001).unwrap().with_nesterov();
    let sampler = || Remembering { n: 50, batch: 8, told: 0.0 };

    let (mut model, mut optimizer, mut samples) = (network(), sgd(), sampler());
    let mut run = trainer.start(&model, &CrossEntropy, &train, Some(&held_out), &samples).unwrap();
    let mut saved = Vec::new();
    while run.step(&mut model, &CrossEntropy, &mut optimizer, &mut samples, &mut []).unwrap() {
        saved.push(serde_json::to_string(&run.checkpoint(&model, &optimizer, &samples).unwrap()).unwrap());
    }
    let training = run.finish(&mut model);
    assert!(saved.len() > 20, "{}", saved.len());

    for checkpoint in saved {
        let checkpoint: Checkpoint<f32, Sgd<f32>, Shrinking> = serde_json::from_str(&checkpoint).unwrap();
        let (mut again, mut optimizer, mut samples) = (network(), sgd(), sampler());
        let mut run = trainer
            .resume(checkpoint, &mut again, &CrossEntropy, &mut optimizer, &train, Some(&held_out), &mut samples)
            .unwrap();
        while run.step(&mut again, &CrossEntropy, &mut optimizer, &mut samples, &mut []).unwrap() {}
        assert_eq!(run.finish(&mut again), training);
        let bits = |model: &Mlp<f32>| model.parameters().iter().map(|p| p.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&again), bits(&model));
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let train = data(50, 1);
    let sampler = || Remembering { n: 50, batch: 8, told: 0.0 };
    let trainer = Trainer::new(Budget::Epochs(6), 0.1).unwrap();
    let model = network();
    let run = trainer.start(&model, &CrossEntropy, &train, None, &sampler()).unwrap();
    let checkpoint = run.checkpoint(&model, &Sgd::<f32>::plain(), &sampler()).unwrap();
    let resume = |trainer: &Trainer, data: &Dataset<f32>, mut model: Mlp<f32>| {
        let (mut sgd, mut sampler) = (Sgd::plain(), sampler());
        let run =
            trainer.resume(checkpoint.clone(), &mut model, &CrossEntropy, &mut sgd, data, None, &mut sampler);
        run.map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(resume(&trainer, &train, network()), Ok(()));
    let other_labels = train.clone().with_labels(vec![0; 50]).unwrap();
    assert!(resume(&trainer, &other_labels, network()).unwrap_err().contains("another data"));
    let wider = Mlp::new(&[2, 17, 2], Activation::Tanh, Initialization::Xavier, 5).unwrap();
    assert!(resume(&trainer, &train, wider).unwrap_err().contains("number of parameters: 82, expected 87"));
    let longer = Trainer::new(Budget::Epochs(7), 0.1).unwrap();
    assert!(resume(&longer, &train, network()).unwrap_err().contains("another budget"));

    let saved = serde_json::to_string(&checkpoint).unwrap();
    let read = |text: &str| serde_json::from_str::<Checkpoint<f32, Sgd<f32>, f64>>(text).map(|_| ());
    assert!(read(&saved).is_ok() && saved.starts_with("{\"version\":2,"));
    let error = read(&saved.replacen(":2", ":1", 1)).unwrap_err().to_string();
    assert!(error.starts_with("saved in version 1, expected version 2"), "{error}");
    // One bit of one parameter, one count: whatever was changed shows.
    for (part, other) in [("\"parameters\":[", "\"parameters\":[-"), ("\"n_steps\":0", "\"n_steps\":1")] {
        assert!(saved.contains(part));
        let error = read(&saved.replacen(part, other, 1).replace("[--", "[")).unwrap_err().to_string();
        assert!(error.contains("not what was written"), "{error}");
    }
}

/// What a sampler has to say ends the run as it is, and so does a state of another sampler.
#[test]
fn errors_of_samplers_are_handed_on() {
    struct Waiting;
    impl Sampler for Waiting {
        fn n_examples(&self) -> usize {
            50
        }
        fn batch(&mut self, step: u64, _batch: &mut Batch) -> Result<(), SamplerError> {
            Err(SamplerError::out_of_turn(step, 0..0))
        }
        fn epoch(&self, step: u64) -> Epoch {
            Epoch { index: step, step: 0, n_steps: 1 }
        }
    }
    let (train, trainer) = (data(50, 1), Trainer::new(Budget::Epochs(6), 0.1).unwrap());
    let (mut model, mut sgd) = (network(), Sgd::<f32>::plain());
    let error = trainer.train(&mut model, &CrossEntropy, &mut sgd, &train, &mut Waiting, &mut []).unwrap_err();
    assert!(matches!(error, ModelError::Sampler(SamplerError::OutOfTurn { step: 0, .. })), "{error}");

    let run = trainer.start(&model, &CrossEntropy, &train, None, &Waiting).unwrap();
    let checkpoint = run.checkpoint(&model, &sgd, &Waiting).unwrap();
    let mut other = Remembering { n: 50, batch: 8, told: 0.0 };
    let resumed = trainer.resume(checkpoint, &mut model, &CrossEntropy, &mut sgd, &train, None, &mut other);
    let error = resumed.map(|_| ()).unwrap_err();
    assert!(matches!(error, ModelError::Sampler(SamplerError::OtherSettings { .. })), "{error}");
}

#[test]
fn the_best_parameters_are_kept_and_patience_ends_the_run() {
    #[derive(Default)]
    struct Watch(Vec<Validated>);
    impl Observer<f32> for Watch {
        fn validated(&mut self, validated: &Validated) {
            self.0.push(*validated);
        }
    }
    let (train, held_out) = (data(40, 1), data(60, 7));
    let validation = Validation { criterion: Criterion::Loss, patience: Some(3) };
    // A learning rate so large that the run soon leaves its best behind.
    let trainer = Trainer::new(Budget::Epochs(200), 3.0).unwrap().with_validation(validation);
    let (mut model, mut watch) = (network(), Watch::default());
    let mut sampler = Remembering { n: 40, batch: 8, told: 0.0 };
    let training = trainer
        .train_validated(
            &mut model,
            &CrossEntropy,
            &mut Sgd::plain(),
            &train,
            &held_out,
            &mut sampler,
            &mut [&mut watch],
        )
        .unwrap();
    assert!(training.stopped_early && training.n_updates < 200 * 5);
    let best = watch.0.iter().min_by(|a, b| a.mean_loss.total_cmp(&b.mean_loss)).unwrap();
    assert_eq!(training.best_at, Some(best.n_updates));
    assert_eq!(watch.0.iter().rev().take_while(|validated| !validated.is_best).count(), 3);
    let evaluation = cl_model::evaluate(&model, &CrossEntropy, &held_out).unwrap();
    assert_eq!(evaluation.mean_loss(), best.mean_loss);
}

/// A batch large enough to be split gives the same bits on any number of threads.
#[test]
fn a_split_batch_is_the_same_for_any_number_of_threads() {
    let n = 600;
    let mut rng = random::stream(3, "test", 0);
    let features: Vec<f32> = (0..n * 60).map(|_| random::uniform(&mut rng) as f32).collect();
    let train = Dataset::new(60, features, (0..n).map(|i| i % 10).collect(), 10).unwrap();
    let trained = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let mut model = Mlp::<f32>::new(&[60, 300, 10], Activation::Relu, Initialization::He, 5)
                .unwrap()
                .with_dropout(0.1)
                .unwrap();
            // 21,910 parameters times 250 examples are split, times 100 are not.
            let mut sampler = Remembering { n, batch: 250, told: 0.0 };
            let trainer = Trainer::new(Budget::Epochs(3), 0.1).unwrap();
            let mut sgd = Sgd::new(0.9, 0.0).unwrap();
            trainer.train(&mut model, &CrossEntropy, &mut sgd, &train, &mut sampler, &mut []).unwrap();
            model.parameters().iter().map(|p| p.to_bits()).collect::<Vec<_>>()
        })
    };
    let one = trained(1);
    assert_eq!(one, trained(2));
    assert_eq!(one, trained(7));
}

/// After its first update, a run allocates nothing.
#[test]
fn updates_allocate_nothing() {
    struct InOrder;
    impl Sampler for InOrder {
        fn n_examples(&self) -> usize {
            50
        }
        fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
            batch.clear();
            batch.indices.extend((0..16).map(|i| (step as usize * 16 + i) % 50));
            Ok(())
        }
        fn epoch(&self, step: u64) -> Epoch {
            Epoch { index: step, step: 0, n_steps: 1 }
        }
    }
    fn allocations<M: Model<f32>>(mut model: M) -> usize {
        let (train, mut sampler) = (data(50, 1), InOrder);
        let mut sgd = Sgd::new(0.9, 0.001).unwrap();
        let trainer = Trainer::new(Budget::Updates(1000), 0.1).unwrap();
        let mut run = trainer.start(&model, &CrossEntropy, &train, None, &sampler).unwrap();
        run.step(&mut model, &CrossEntropy, &mut sgd, &mut sampler, &mut []).unwrap();
        let before = ALLOCATIONS.with(Cell::get);
        for _ in 0..100 {
            run.step(&mut model, &CrossEntropy, &mut sgd, &mut sampler, &mut []).unwrap();
        }
        ALLOCATIONS.with(Cell::get) - before
    }
    assert_eq!(allocations(SoftmaxRegression::zeros(2, 2)), 0);
    assert_eq!(allocations(network()), 0);
    let deep = Mlp::new(&[2, 40, 33, 17, 2], Activation::Gelu, Initialization::He, 5).unwrap();
    assert_eq!(allocations(deep), 0);
}

#[test]
fn models_are_read_back_checked() {
    let saved = serde_json::to_string(&network()).unwrap();
    assert_eq!(serde_json::from_str::<Mlp<f32>>(&saved).unwrap(), network());
    assert!(serde_json::from_str::<Mlp<f32>>(&saved.replace("[2,16,2]", "[2,17,2]")).is_err());
    assert!(serde_json::from_str::<Mlp<f32>>(&saved.replace("[2,16,2]", "[2]")).is_err());
    assert!(serde_json::from_str::<Mlp<f32>>(&saved.replace("\"dropout\":0.2", "\"dropout\":2")).is_err());
    assert!(serde_json::from_str::<cl_model::LogisticRegression<f64>>("{\"parameters\":[]}").is_err());
    let inconsistent = "{\"parameters\":[1,2,3],\"n_features\":2,\"n_classes\":3}";
    assert!(serde_json::from_str::<SoftmaxRegression<f64>>(inconsistent).is_err());
}
