//! One run: equally many updates for every strategy, the test part read once, at the best validation accuracy.

use anyhow::Result;
use cl_data::Sampler;
use cl_model::{Budget, Cosine, CrossEntropy, Mlp, Model, ModelError, Sgd, Trainer, evaluate};
use cl_study::Record;

use super::{
    network::{MOMENTUM, WEIGHT_DECAY, network},
    problem::Problem,
};

/// How often a run is validated, at equal distances.
pub(super) const N_VALIDATIONS: u64 = 20;

/// What every run of a regime shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    pub(super) n_updates: u64,
    pub(super) learning_rate: f64,
}

impl Recipe {
    /// Trains on the batches of `sampler`; `seed` gives the first weights.
    ///
    /// A run that diverges ends there, with the best weights it had.
    pub(super) fn train(&self, problem: &Problem, sampler: &mut dyn Sampler, seed: u64) -> Result<Record> {
        let Self { n_updates, learning_rate } = *self;
        let mut model = network(&problem.train, seed)?;
        let mut sgd = Sgd::new(MOMENTUM, WEIGHT_DECAY)?;
        let trainer = Trainer::new(Budget::Updates(n_updates), Cosine::new(learning_rate, 0.0, n_updates)?)?;
        let validated = |model: &Mlp<f32>| {
            Ok::<_, ModelError>(evaluate(model, &CrossEntropy, &problem.validation)?.accuracy())
        };
        let mut best = (validated(&model)?, 0, model.parameters().to_vec());
        let mut run = trainer.start(&model, &CrossEntropy, &problem.train, None, sampler)?;
        let mut diverged = false;
        'run: for check in 1..=N_VALIDATIONS {
            let until = n_updates * check / N_VALIDATIONS;
            if run.training().n_updates == until {
                continue;
            }
            while run.training().n_updates < until {
                match run.step(&mut model, &CrossEntropy, &mut sgd, sampler, &mut []) {
                    Err(ModelError::Diverged { .. }) => {
                        diverged = true;
                        break 'run;
                    }
                    step => step?,
                };
            }
            let accuracy = validated(&model)?;
            if accuracy > best.0 {
                best = (accuracy, until, model.parameters().to_vec());
            }
        }
        let training = run.training();
        model.parameters_mut().copy_from_slice(&best.2);
        Ok(Record::new()
            .scalar("test", evaluate(&model, &CrossEntropy, &problem.test)?.accuracy())
            .scalar("validation", best.0)
            .scalar("best_at", best.1 as f64)
            .scalar("updates", training.n_updates as f64)
            .scalar("examples", training.n_presented as f64)
            .scalar("diverged", f64::from(u8::from(diverged))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::orderings::{network::BATCH_SIZE, problem::Source};
    use cl_pacing::ShuffleSampler;

    #[test]
    fn a_run_is_the_trainers() {
        let problem = Source::digits().unwrap().split(1).unwrap();
        let n_updates = 100;
        let recipe = Recipe { n_updates, learning_rate: 0.05 };
        let sampler = || ShuffleSampler::new(problem.train.n_examples(), BATCH_SIZE, 3).unwrap();
        let record = recipe.train(&problem, &mut sampler(), 3).unwrap();
        assert_eq!((record.scalars["updates"], record.scalars["examples"]), (100.0, 3200.0));
        // Without validation, the last weights by the trainer in one go.
        let mut model = network(&problem.train, 3).unwrap();
        let trainer =
            Trainer::new(Budget::Updates(n_updates), Cosine::new(0.05, 0.0, n_updates).unwrap()).unwrap();
        let mut sgd = Sgd::new(MOMENTUM, WEIGHT_DECAY).unwrap();
        trainer.train(&mut model, &CrossEntropy, &mut sgd, &problem.train, &mut sampler(), &mut []).unwrap();
        let last = evaluate(&model, &CrossEntropy, &problem.validation).unwrap().accuracy();
        assert!(record.scalars["validation"] >= last && last > 0.8, "{record:?} {last}");
        if record.scalars["best_at"] == 100.0 {
            let test = evaluate(&model, &CrossEntropy, &problem.test).unwrap().accuracy();
            assert_eq!(record.scalars["test"], test);
        }
    }
}
