//! How much gradient the never forgotten still give, epoch by epoch of one run.

use anyhow::{Result, anyhow};
use cl_data::{Dataset, bundled};
use cl_difficulty::Recorder;
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Sgd, Trainer, gradient_norms};
use cl_pacing::ShuffleSampler;
use cl_study::{Cell, Figure, LineFigure, Scale, Summary, Table, over_seeds};
use serde::Serialize;

use super::{
    digits::{TRAIN, split},
    removal::{RATES, Recipe, choice},
};
use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Findings},
};

pub(super) const NO_GRADIENT: Claim = Claim {
    id: "forgetting/no-gradient",
    place: "section 6, text",
    article: "the never forgotten give no useful gradient after the first epochs",
    about: About::Training,
    judge: Judge::Within {
        quantity: "1 less the ratio of the mean gradient norm of the never forgotten to that of the forgotten at least once",
        low: 0.9,
        high: 1.0,
    },
};

pub(super) const GRADIENT_SHARE: Claim = Claim {
    id: "forgetting/gradient-share",
    place: "section 6, text",
    article: "the never forgotten give no useful gradient after the first epochs",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of the summed gradient norm that the never forgotten give at the start of training, less \
                   that after a fifth of the epochs",
        margin: 0.1,
    },
};

const BATCH_SIZE: usize = 32;
const N_HIDDEN: usize = 32;

/// By the number of forgetting events in the run; the last group has more events, too.
const GROUPS: [&str; 4] =
    ["never forgotten", "forgotten once", "forgotten twice", "forgotten three times or more"];

/// Some examples of a run.
#[derive(Debug, Clone, Serialize)]
struct Group {
    n_examples: usize,
    /// Their mean gradient norm before training and after every epoch.
    norms: Vec<f64>,
}

/// The gradients of one run.
#[derive(Debug, Clone, Serialize)]
struct Gradients {
    n_train: usize,
    n_never_learned: usize,
    /// By the number of forgetting events; none where no example has so many.
    groups: [Option<Group>; GROUPS.len()],
    /// Those forgotten at least once.
    forgotten: Option<Group>,
    /// The share of the summed norms that the never forgotten give, before training and after every epoch.
    share: Vec<f64>,
}

impl Gradients {
    /// Trains for `n_epochs`; forgetting is counted in the training pass of this very run.
    fn measure(train: &Dataset<f32>, recipe: Recipe, n_epochs: usize, seed: u64) -> Result<Self> {
        let n = train.n_examples();
        let widths = [train.n_features(), recipe.n_hidden, train.n_classes()];
        let mut network = Mlp::<f32>::new(&widths, Activation::Relu, Initialization::He, seed)?;
        let mut sampler = ShuffleSampler::new(n, recipe.batch_size, seed)?;
        let per_epoch = n.div_ceil(recipe.batch_size) as u64;
        let trainer = Trainer::new(Budget::Updates(n_epochs as u64 * per_epoch), recipe.learning_rate)?;
        let mut sgd = Sgd::plain();
        let mut recorder = Recorder::new(n);
        let mut run = trainer.start(&network, &CrossEntropy, train, None, &sampler)?;
        let mut norms = vec![gradient_norms(&network, &CrossEntropy, train)?];
        while run.step(&mut network, &CrossEntropy, &mut sgd, &mut sampler, &mut [&mut recorder])? {
            if run.training().n_updates.is_multiple_of(per_epoch) {
                norms.push(gradient_norms(&network, &CrossEntropy, train)?);
            }
        }
        if let Some(error) = recorder.error() {
            return Err(anyhow!("{error}"));
        }
        let (events, never) = (recorder.forgetting.events(), recorder.forgetting.unforgettable());
        let group = |belongs: &dyn Fn(usize) -> bool| -> Option<Group> {
            let examples: Vec<usize> = (0..n).filter(|&example| belongs(example)).collect();
            let sum = |norms: &Vec<f64>| examples.iter().map(|&example| norms[example]).sum::<f64>();
            let norms = norms.iter().map(|norms| sum(norms) / examples.len() as f64).collect();
            (!examples.is_empty()).then_some(Group { n_examples: examples.len(), norms })
        };
        let share = |norms: &Vec<f64>| {
            let of_never = norms.iter().zip(&never).filter(|&(_, &never)| never);
            of_never.map(|(norm, _)| norm).sum::<f64>() / norms.iter().sum::<f64>()
        };
        Ok(Self {
            n_train: n,
            n_never_learned: recorder.forgetting.never_learned().iter().filter(|&&never| never).count(),
            groups: [
                // Without an event is also what was never right.
                group(&|example| never[example]),
                group(&|example| events[example] == 1),
                group(&|example| events[example] == 2),
                group(&|example| events[example] > 2),
            ],
            forgotten: group(&|example| events[example] > 0),
            share: norms.iter().map(share).collect(),
        })
    }

    /// The never forgotten and the forgotten; none where the run has not both.
    fn both(&self) -> Option<(&Group, &Group)> {
        self.groups[0].as_ref().zip(self.forgotten.as_ref())
    }

    /// The mean norm of the never forgotten in parts of that of the forgotten; none where the run has not both.
    fn ratio(&self, n_epochs: usize) -> Option<f64> {
        let (never, forgotten) = self.both()?;
        Some(never.norms[n_epochs] / forgotten.norms[n_epochs]).filter(|ratio| ratio.is_finite())
    }

    /// What the never forgotten have lost of their share; none where the run has not both kinds.
    fn lost_share(&self, n_epochs: usize) -> Option<f64> {
        self.both().map(|_| self.share[0] - self.share[n_epochs])
    }
}

/// Training with a look at every example's gradient after every epoch; every seed has a split of its own.
pub(super) fn gradients(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let digits = bundled::digits().cast::<f32>()?;
    let n_epochs = if context.quick { 10 } else { 50 };
    let per_epoch = split(&digits, 0)?.0.n_examples().div_ceil(BATCH_SIZE);
    let n_updates = (n_epochs * per_epoch) as u64;
    let recipe = Recipe { n_hidden: N_HIDDEN, batch_size: BATCH_SIZE, n_updates, learning_rate: RATES[0] };
    let recipe = recipe.tuned(context, &choice("gradients", 3, &digits), &RATES, &context.seeds, |seed| {
        split(&split(&digits, seed)?.0, seed)
    })?;
    let runs: Result<Vec<Gradients>> = over_seeds(&context.seeds, context.jobs, context.progress, |seed| {
        Gradients::measure(&split(&digits, seed)?.0, recipe, n_epochs, seed)
    })?
    .into_iter()
    .collect();
    let runs = runs?;

    let n_left_out = runs.iter().filter(|run| run.both().is_none()).count();
    let left_out = match n_left_out {
        0 => String::new(),
        n => format!(", {n} of them left out, in which no example was forgotten, or every one"),
    };
    let conditions = format!(
        "UCI digits, perceptron 64-{N_HIDDEN}-10, {n_epochs} epochs at learning rate {}, {} seeds with a split \
         each{left_out}",
        recipe.learning_rate,
        runs.len()
    );
    let (fifth, half) = (n_epochs / 5, n_epochs / 2);
    for (when, at) in [("a fifth", fifth), ("half", half)] {
        let ratios: Vec<f64> = runs.iter().filter_map(|run| run.ratio(at)).collect();
        let conditions = format!("after {when} of the epochs; {conditions}");
        let missing: Vec<f64> = ratios.iter().map(|ratio| 1.0 - ratio).collect();
        findings.measure(NO_GRADIENT.id, Part::Real, conditions, measurement(&missing)?.on(Scale::Saving)?);
    }
    let lost: Vec<f64> = runs.iter().filter_map(|run| run.lost_share(fifth)).collect();
    findings.measure(GRADIENT_SHARE.id, Part::Real, &conditions, measurement(&lost)?);

    report(findings, &runs, (n_epochs, &[0, 1, fifth, half, n_epochs]), &conditions)?;
    let mean = |value: &dyn Fn(&Gradients) -> f64| runs.iter().map(value).sum::<f64>() / runs.len() as f64;
    findings.notes.push(format!(
        "The gradient norm of an example is that of its own loss with respect to all weights, before training \
         and after every epoch, at learning rate {}, the best of {RATES:?} on seeds of its own. Forgetting is \
         counted in the training pass of the same run, over all its epochs: which examples are never forgotten \
         is known only at its end, and one that is wrong after some epochs, having been right, has a large \
         gradient and counts as forgotten. The never forgotten give {:.1} % of the summed norm before training, \
         {:.1} % after {fifth} epochs and {:.1} % after {half}. Examples that were never right, {:.1} of a run \
         on average, are in the sum but neither never forgotten nor forgotten.",
        recipe.learning_rate,
        100.0 * mean(&|run| run.share[0]),
        100.0 * mean(&|run| run.share[fifth]),
        100.0 * mean(&|run| run.share[half]),
        mean(&|run| run.n_never_learned as f64),
    ));
    findings.number("gradients_learning_rate", recipe.learning_rate)?;
    findings.number("gradients_runs", &runs)
}

/// Of values on the training part: of a share f of the data two repetitions have f in common.
fn measurement(values: &[f64]) -> Result<Measurement> {
    if values.len() < 2 {
        return Ok(Measurement::undefined(format!(
            "{} runs with both forgotten and never forgotten examples",
            values.len()
        )));
    }
    Ok(Measurement::over_splits(values, TRAIN / (1.0 - TRAIN))?)
}

/// Table and figure of the norms by forgetting events.
fn report(
    findings: &mut Findings,
    runs: &[Gradients],
    (n_epochs, shown): (usize, &[usize]),
    conditions: &str,
) -> Result<()> {
    let epochs: Vec<f64> = (0..=n_epochs).map(|epoch| epoch as f64).collect();
    let head = ["examples", "share of the training part"].map(str::to_owned).into_iter();
    let mut table = Table::new(head.chain(shown.iter().map(|&epoch| match epoch {
        0 => "before training".to_owned(),
        1 => "after 1 epoch".to_owned(),
        n => format!("after {n} epochs"),
    })));
    let mut figure =
        LineFigure::new("What examples still teach: UCI digits", "epochs", "mean gradient norm of an example");
    for (at, name) in GROUPS.into_iter().enumerate() {
        let groups: Vec<&Group> = runs.iter().filter_map(|run| run.groups[at].as_ref()).collect();
        if groups.is_empty() {
            continue;
        }
        let summary =
            |epoch: usize| Summary::of(&groups.iter().map(|group| group.norms[epoch]).collect::<Vec<f64>>());
        let summaries: Vec<Summary> = (0..=n_epochs).map(summary).collect::<Result<_, _>>()?;
        // The bands of a few runs would be all that is seen.
        if 2 * groups.len() >= runs.len() {
            figure = figure.line_of_means(name, &epochs, &summaries);
        }
        let n_examples = |run: &Gradients| run.groups[at].as_ref().map_or(0, |group| group.n_examples);
        let shares: Vec<f64> = runs.iter().map(|run| n_examples(run) as f64 / run.n_train as f64).collect();
        let head = [Cell::text(name), Cell::mean(&Summary::of(&shares)?, 3)].into_iter();
        table.row(head.chain(shown.iter().map(|&epoch| Cell::mean(&summaries[epoch], 3))))?;
    }
    findings.tables.push((format!("Mean gradient norm by forgetting events: {conditions}"), table));
    findings.figure(
        "forgetting-gradients",
        format!(
            "The mean gradient norm of an example by how often the run forgot it, where at least half of the \
             runs have such examples, with 95 % bands over those. {conditions}."
        ),
        figure.render(760, 460)?,
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_has_its_place_and_its_gradient() {
        let digits = bundled::digits().cast::<f32>().unwrap();
        let (train, _) = split(&digits, 1).unwrap();
        let recipe = Recipe { n_hidden: 8, batch_size: 32, n_updates: 0, learning_rate: 0.1 };
        let run = Gradients::measure(&train, recipe, 5, 1).unwrap();
        let sizes = run.groups.iter().flatten().map(|group| group.n_examples);
        assert_eq!(sizes.sum::<usize>() + run.n_never_learned, run.n_train);
        let [never, once, ..] = &run.groups;
        let (never, once) = (never.as_ref().unwrap(), once.as_ref().unwrap());
        assert!([&never.norms, &once.norms, &run.share].iter().all(|values| values.len() == 6));
        // Before training nobody knows which examples will be forgotten.
        let before = run.ratio(0).unwrap();
        assert!((0.5..2.0).contains(&before) && run.ratio(5).unwrap() < 0.7 * before, "{before}");
        assert!(run.share.iter().all(|share| (0.0..=1.0).contains(share)));
        assert!((run.lost_share(5).unwrap() - (run.share[0] - run.share[5])).abs() < 1e-15);
    }
}
