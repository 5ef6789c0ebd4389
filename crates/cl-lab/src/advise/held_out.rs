use cl_data::{Dataset, Standardization};
use cl_pacing::ShuffleSampler;
use cl_study::Progress;
use rayon::prelude::*;

use super::folds::folds;
use crate::{
    error::LabError,
    metric::Metric,
    number_scale::NumberScale,
    problem::{Problem, Task},
    recipe::{Recipe, evaluated, probabilities},
    split::Parts,
};

/// The examples that are asked of, and what a model of them is made for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Whose classes and features a model has.
    pub(super) problem: &'a Problem,
    pub(super) data: &'a Dataset<f32>,
    /// Their groups, which folds keep whole.
    pub(super) groups: Option<&'a [usize]>,
}

impl<'a> Asked<'a> {
    /// All examples of a problem.
    pub(super) fn all(problem: &'a Problem) -> Self {
        Self { problem, data: problem.data(), groups: problem.groups() }
    }
}

/// How predictions of examples that a model has not seen are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct CrossValidation<'a> {
    pub(super) recipe: &'a Recipe,
    /// Passes over what a model is trained on.
    pub(super) epochs: u64,
    /// What weights are chosen by.
    pub(super) metric: Metric,
    pub(super) n_folds: usize,
    /// As often are folds drawn anew.
    pub(super) n_seeds: usize,
}

/// What models that have not seen an example say of it, averaged over the seeds of the folds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HeldOut {
    /// Of classes: c per example.
    pub(super) probabilities: Vec<f64>,
    /// Of numbers: the prediction, in the unit of the data.
    pub(super) numbers: Vec<f64>,
    /// The loss of each example.
    pub(super) losses: Vec<f64>,
}

/// What one fold gives: its examples, their probabilities or numbers, and their losses.
type FoldOutputs = (Vec<usize>, Vec<f64>, Vec<f64>);

impl CrossValidation<'_> {
    /// Holds out every example once for each seed; the weights are chosen on the next fold, and neither that nor the fold
    /// itself is trained on. Examples that are not `kept` are never trained or chosen on.
    ///
    /// Trainings run in parallel; the result is the same for any number of threads.
    ///
    /// # Errors
    /// Where a fold leaves nothing to train on.
    pub(super) fn held_out(
        &self,
        asked: Asked<'_>,
        kept: Option<&[bool]>,
        progress: &dyn Progress,
    ) -> Result<HeldOut, LabError> {
        let Asked { problem, data, groups } = asked;
        let width = if problem.task() == Task::Classification { data.n_classes() } else { 1 };
        let n = data.n_examples();
        let of_seed: Vec<Vec<usize>> =
            (0..self.n_seeds as u64).map(|seed| folds(problem.task(), data, groups, self.n_folds, seed)).collect();
        let runs: Vec<(usize, usize)> =
            (0..self.n_seeds).flat_map(|seed| (0..self.n_folds).map(move |fold| (seed, fold))).collect();
        let run = |&(seed, fold): &(usize, usize)| {
            let outputs = self.fold(asked, kept, &of_seed[seed], fold, (seed * self.n_folds + fold) as u64);
            progress.advanced();
            outputs
        };
        let outputs: Vec<Result<FoldOutputs, LabError>> = runs.par_iter().map(run).collect();
        let (mut sums, mut losses) = (vec![0.0; n * width], vec![0.0; n]);
        let share = 1.0 / self.n_seeds as f64;
        for outputs in outputs {
            let (examples, rows, of_fold) = outputs?;
            for ((example, row), loss) in examples.into_iter().zip(rows.chunks_exact(width)).zip(of_fold) {
                losses[example] += share * loss;
                sums[example * width..][..width].iter_mut().zip(row).for_each(|(sum, p)| *sum += share * p);
            }
        }
        Ok(match problem.task() {
            // Rounding may leave a certain class a little above 1.
            Task::Classification => {
                sums.iter_mut().for_each(|p| *p = p.min(1.0));
                HeldOut { probabilities: sums, numbers: Vec::new(), losses }
            }
            Task::Regression => HeldOut { probabilities: Vec::new(), numbers: sums, losses },
        })
    }

    fn fold(
        &self,
        Asked { problem, data, .. }: Asked<'_>,
        kept: Option<&[bool]>,
        folds: &[usize],
        fold: usize,
        seed: u64,
    ) -> Result<FoldOutputs, LabError> {
        let chosen_on = (fold + 1) % self.n_folds;
        let usable = |example: usize| kept.is_none_or(|kept| kept[example]);
        let part = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..data.n_examples()).filter(|&example| wanted(example)).collect()
        };
        let mut train = part(&|example| ![fold, chosen_on].contains(&folds[example]) && usable(example));
        let mut validation = part(&|example| folds[example] == chosen_on && usable(example));
        let held_out = part(&|example| folds[example] == fold);
        if train.is_empty() || validation.is_empty() {
            // Where nearly all were left out, all are trained on.
            train = part(&|example| ![fold, chosen_on].contains(&folds[example]));
            validation = part(&|example| folds[example] == chosen_on);
        }
        if held_out.is_empty() {
            // Fewer groups than folds.
            return Ok((held_out, Vec::new(), Vec::new()));
        }
        let train_data = data.subset(&train)?;
        let scale = (problem.task() == Task::Regression).then(|| NumberScale::of(&train_data));
        let features = Standardization::fit(&train_data)?;
        let standard = |part: Dataset<f32>| -> Result<Dataset<f32>, LabError> {
            let part = features.apply(part)?;
            match scale {
                Some(scale) => scale.apply(part),
                None => Ok(part),
            }
        };
        let parts = Parts {
            train: standard(train_data)?,
            validation: standard(data.subset(&validation)?)?,
            test: standard(data.subset(&held_out)?)?,
            examples: train,
            difficulty: None,
        };
        let n_train = parts.train.n_examples();
        let batch_size = self.recipe.batch_size.min(n_train);
        let n_updates = self.epochs.saturating_mul(n_train.div_ceil(batch_size) as u64).max(1);
        let recipe = Recipe { batch_size, n_updates, ..self.recipe.clone() };
        let mut sampler = ShuffleSampler::new(n_train, batch_size, seed)?;
        let fitted = recipe.fit(problem, &parts.train, &parts, self.metric, &mut sampler, seed)?;
        let evaluation = evaluated(problem.task(), &fitted.model, &parts.test)?;
        let rows = match scale {
            None => probabilities(&evaluation, data.n_classes()),
            Some(scale) => evaluation.outputs.iter().map(|&output| scale.back(f64::from(output))).collect(),
        };
        Ok((held_out, rows, evaluation.losses))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{ModelKind, TrainingLoss};
    use cl_study::Quiet;

    fn recipe() -> Recipe {
        Recipe {
            model: ModelKind::Linear,
            loss: TrainingLoss::Plain,
            batch_size: 16,
            n_updates: 1,
            learning_rate: 0.05,
            momentum: 0.9,
            weight_decay: 0.0,
        }
    }

    /// The label of an example cannot be told from the others, so that only a model that has seen it would know.
    #[test]
    fn no_model_has_seen_what_it_is_asked_of() {
        let n = 120;
        let features: Vec<f32> = (0..2 * n).map(|at| ((at * 7919) % 263) as f32 / 131.0 - 1.0).collect();
        let labels: Vec<usize> = (0..n).map(|example| (example * example / 3 + example / 7) % 2).collect();
        let data = Dataset::new(2, features, labels.clone(), 2).unwrap();
        let problem = Problem::new("made", Task::Classification, data).unwrap();
        let recipe = recipe();
        let validation =
            CrossValidation { recipe: &recipe, epochs: 20, metric: Metric::LogLoss, n_folds: 5, n_seeds: 2 };
        let held_out = validation.held_out(Asked::all(&problem), None, &Quiet).unwrap();
        let right = held_out.probabilities.chunks_exact(2).zip(&labels).filter(|(p, y)| p[**y] > 0.5).count();
        assert!((n / 4..=3 * n / 4).contains(&right), "{right}");
        assert!(held_out.probabilities.chunks_exact(2).all(|p| (p[0] + p[1] - 1.0).abs() < 1e-9));
        assert_eq!(held_out, validation.held_out(Asked::all(&problem), None, &Quiet).unwrap());
    }

    #[test]
    fn numbers_come_back_in_their_unit() {
        let features: Vec<f32> = (0..200).map(|at| ((at * 37) % 101) as f32 / 50.0 - 1.0).collect();
        let numbers: Vec<f32> = features.chunks_exact(2).map(|x| 1000.0 + 50.0 * x[0] - 20.0 * x[1]).collect();
        let data = Dataset::new(2, features, vec![0; 100], 1).unwrap().with_targets(1, numbers.clone()).unwrap();
        let problem = Problem::new("made", Task::Regression, data).unwrap();
        let recipe = recipe();
        let validation =
            CrossValidation { recipe: &recipe, epochs: 50, metric: Metric::R2, n_folds: 4, n_seeds: 1 };
        let held_out = validation.held_out(Asked::all(&problem), None, &Quiet).unwrap();
        let worst =
            held_out.numbers.iter().zip(&numbers).map(|(p, &y)| (p - f64::from(y)).abs()).fold(0.0, f64::max);
        assert!(worst < 5.0, "{worst}");
    }
}
