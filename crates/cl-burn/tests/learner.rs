//! Burn's Learner trains on the loader's batches, and the sampler learns in time: the same bytes as a loop of one's own.

use std::sync::Arc;

use burn::optim::AdamConfig;
use burn::train::{
    ClassificationOutput, ExecutionStrategy, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep,
    TrainingStrategy,
};
use cl_burn::{Sampled, per_example_losses};
use cl_prune::InfoBatchSampler;

use crate::support::{Batch, N, Net, Run, generator, loader};

impl TrainStep for Net {
    type Input = Sampled<Batch>;
    type Output = ClassificationOutput;

    fn step(&self, sampled: Sampled<Batch>) -> TrainOutput<ClassificationOutput> {
        let (pixels, labels) = sampled.batch.clone();
        sampled.seed_device(5);
        let logits = self.forward(pixels);
        let losses = per_example_losses(logits.clone(), labels.clone()).expect("one label for each row");
        sampled.tell(&losses).expect("one loss for each example");
        let loss = sampled.weighted_mean(losses).expect("one loss for each example");
        TrainOutput::new(self, loss.backward(), ClassificationOutput::new(loss, logits, labels))
    }
}

impl InferenceStep for Net {
    type Input = Sampled<Batch>;
    type Output = ClassificationOutput;

    fn step(&self, sampled: Sampled<Batch>) -> ClassificationOutput {
        let (pixels, labels) = sampled.batch;
        let logits = self.forward(pixels);
        let losses = per_example_losses(logits.clone(), labels.clone()).expect("one label for each row");
        ClassificationOutput::new(losses.mean(), logits, labels)
    }
}

#[test]
fn the_learner_trains_as_a_loop_does() {
    let _generator = generator();
    let sampler = || InfoBatchSampler::new(N, 40, 10, 3).unwrap();
    let n_epochs = 4;
    let mut own = Run::new(sampler(), 1);
    while own.loader.epoch().unwrap().index < n_epochs {
        let next = own.loader.position().unwrap() + 1;
        own.train(next);
        own.loader.seek(next).unwrap();
    }
    let n_steps = own.loader.position().unwrap();

    let folder = tempfile::tempdir().unwrap();
    let (train, valid) = (loader(sampler()), loader(cl_pacing::SequentialSampler::new(N, 100).unwrap()));
    let device = train.device().clone();
    let training = SupervisedTraining::new(folder.path(), Arc::new(train.clone()), Arc::new(valid))
        .num_epochs(n_epochs as usize)
        .with_training_strategy(TrainingStrategy::Default(ExecutionStrategy::SingleDevice(device)))
        .with_application_logger(None);
    let result = training.launch(Learner::new(Net::new(16, 1), AdamConfig::new().init(), 0.01));
    assert!(result.error.is_none());
    assert_eq!(train.position().unwrap(), n_steps);
    assert!(result.model.bytes() == own.net.bytes());
}
