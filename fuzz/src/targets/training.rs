//! Models, and runs of the trainer that were saved.

use cl_data::Dataset;
use cl_model::{
    Activation, Adam, Budget, Checkpoint, CrossEntropy, Examples, Initialization, LearningRate,
    LogisticRegression, Mlp, Mode, Model, Optimizer, Plateau, Sgd, SoftmaxRegression, SuperLoss, Trainer, WarmUp,
};
use cl_pacing::ShuffleSampler;
use serde::{Serialize, de::DeserializeOwned};

use super::{damage, input::Input};

fn data() -> Dataset<f32> {
    let features = (0..12).map(|at| (at * 5 % 7) as f32 / 7.0).collect();
    Dataset::new(2, features, vec![0, 1, 0, 1, 1, 0], 2).expect("data")
}

/// A checkpoint of a run, resumed.
pub(crate) fn checkpoint(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.byte() % 4 {
        0 => resumed(Sgd::<f32>::new(0.9, 0.01).expect("an optimiser"), 0.1, &mut input),
        1 => resumed(Adam::<f32>::new((0.9, 0.99), 1e-8, 0.0).expect("an optimiser"), 0.1, &mut input),
        2 => resumed(Sgd::<f32>::plain(), Plateau::new(0.1, 0.5, 1, 0.0).expect("a schedule"), &mut input),
        _ => resumed(Sgd::<f32>::plain(), WarmUp::new(2, 0.1, 0.1).expect("a schedule"), &mut input),
    }
}

fn resumed<O, R>(optimizer: O, learning_rate: R, input: &mut Input<'_>)
where
    O: Optimizer<f32> + Clone + Serialize + DeserializeOwned,
    R: LearningRate + Clone + Serialize + DeserializeOwned,
{
    let data = data();
    let trainer = Trainer::new(Budget::Epochs(3), learning_rate).expect("a trainer");
    let sampler = || ShuffleSampler::new(6, 2, 1).expect("a sampler");
    let (mut model, mut own, mut samples) = (SoftmaxRegression::<f32>::zeros(2, 2), optimizer.clone(), sampler());
    let mut run = trainer.start(&model, &CrossEntropy, &data, Some(&data), &samples).expect("a run");
    for _ in 0..input.byte() % 6 {
        run.step(&mut model, &CrossEntropy, &mut own, &mut samples, &mut []).expect("a step");
    }
    let saved = run.checkpoint(&model, &own, &samples).expect("a checkpoint");
    let Some(checkpoint): Option<Checkpoint<f32, O, R>> = damage::restored(&saved, input) else { return };
    damage::written_again(&checkpoint);
    let (mut model, mut own, mut samples) = (SoftmaxRegression::<f32>::zeros(2, 2), optimizer, sampler());
    let run = trainer.resume(checkpoint, &mut model, &CrossEntropy, &mut own, &data, Some(&data), &mut samples);
    let Ok(mut run) = run else { return };
    for _ in 0..5 {
        match run.step(&mut model, &CrossEntropy, &mut own, &mut samples, &mut []) {
            Ok(true) => {}
            Ok(false) | Err(_) => break,
        }
        let _ = run.checkpoint(&model, &own, &samples);
    }
    run.finish(&mut model);
}

/// Models that were saved, asked again.
pub(crate) fn models(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.byte() % 4 {
        0 => asked(
            &Mlp::<f32>::new(&[2, 3, 2], Activation::Tanh, Initialization::Xavier, 5)
                .and_then(|model| model.with_dropout(0.2))
                .expect("a model"),
            &mut input,
        ),
        1 => asked(&SoftmaxRegression::<f32>::zeros(2, 2), &mut input),
        2 => asked(&LogisticRegression::<f32>::zeros(2), &mut input),
        _ => {
            let saved = SuperLoss::new(CrossEntropy, cl_model::Threshold::fixed(0.5).expect("a threshold"), 1.0);
            let Some(loss) = damage::restored(&saved.expect("a loss"), &mut input) else { return };
            let (data, mut model) = (data(), SoftmaxRegression::<f32>::zeros(2, 2));
            let trainer = Trainer::new(Budget::Updates(2), 0.1).expect("a trainer");
            let mut sampler = ShuffleSampler::new(6, 2, 1).expect("a sampler");
            let _ = trainer.train(&mut model, &loss, &mut Sgd::plain(), &data, &mut sampler, &mut []);
        }
    }
}

fn asked<M: Model<f32> + Serialize + DeserializeOwned>(saved: &M, input: &mut Input<'_>) {
    let Some(model) = damage::restored(saved, input) else { return };
    damage::written_again(&model);
    let (d, c) = (model.n_features(), model.n_outputs());
    // One of no outputs has room for any inputs.
    if d.max(c) > 1 << 16 {
        return;
    }
    let (features, mut workspace, mut outputs) = (vec![0.5; d], model.workspace(1), vec![0.0; c]);
    model.forward(Examples::new(&features, d), Mode::Evaluation, &mut workspace, &mut outputs);
}
