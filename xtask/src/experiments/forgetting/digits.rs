//! The protocol on UCI digits, every seed with a split of its own.

use anyhow::Result;
use cl_data::{Dataset, Standardization, bundled, stratified_split};
use cl_study::{Scale, Summary, Table, over_seeds};

use super::{
    claims::{BEATS_RANDOM, CAN_GO, THIRD},
    removal::{RATES, Recipe, Removal, choice, figure, removal},
};
use crate::{
    claim::{Measurement, Part, significant},
    experiment::{Context, Findings},
};

const BATCH_SIZE: usize = 32;

/// The share that is trained on.
pub(super) const TRAIN: f64 = 0.8;

/// Runs whose forgetting events are added up for a score.
const N_SCORING_RUNS: u64 = 5;

/// Shares of the training set that are removed, in tenths.
const TENTHS: usize = 10;

/// Digits cut into a part to train on and one held out, by seed, standardised by the former.
pub(super) fn split(digits: &Dataset<f32>, seed: u64) -> Result<(Dataset<f32>, Dataset<f32>)> {
    let parts = stratified_split(digits.labels(), &[TRAIN, 1.0 - TRAIN], seed)?;
    let (train, held_out) = (digits.subset(&parts[0])?, digits.subset(&parts[1])?);
    let standardization = Standardization::fit(&train)?;
    Ok((standardization.apply(train)?, standardization.apply(held_out)?))
}

/// Toneva's protocol on UCI digits: forgetting counted in the training pass over several runs, then training
/// from scratch without the least forgotten, or without as many at random, for equally many updates. Every seed
/// has its own split of the data, its own scores and its own first weights.
pub(super) fn digits(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let digits = bundled::digits().cast::<f32>()?;
    let n_epochs = if context.quick { 10 } else { 50 };
    let n_updates = n_epochs * (digits.n_examples() * 4 / 5).div_ceil(BATCH_SIZE) as u64;
    let recipe = Recipe { n_hidden: 32, batch_size: BATCH_SIZE, n_updates, learning_rate: RATES[0] };
    let recipe = recipe.tuned(context, &choice("digits", 3, &digits), &RATES, &context.seeds, |seed| {
        split(&split(&digits, seed)?.0, seed)
    })?;
    let removed: Vec<f64> = (0..TENTHS).map(|tenth| tenth as f64 / TENTHS as f64).collect();
    let removals: Result<Vec<Removal>> = over_seeds(&context.seeds, context.jobs, context.progress, |seed| {
        let (train, test) = split(&digits, seed)?;
        removal((&train, &test), recipe, N_SCORING_RUNS, &removed, seed)
    })?
    .into_iter()
    .collect();
    let removals = removals?;

    let n_seeds = removals.len();
    let conditions = format!("UCI digits, perceptron 64-32-10, {n_epochs} epochs' updates, {n_seeds} splits");
    let over = |value: &dyn Fn(&Removal) -> f64| removals.iter().map(value).collect::<Vec<f64>>();
    let shares = over(&|removal| removal.forgotten.n_unforgettable as f64 / removal.n_train as f64);
    // Of a training part of a share f, two repetitions have f in common.
    let shared_training = TRAIN / (1.0 - TRAIN);
    let of_shares = Measurement::over_splits(&shares, shared_training)?.on(Scale::Share)?;
    findings.measure(THIRD.id, Part::Real, &conditions, of_shares);
    let mean_share = shares.iter().sum::<f64>() / n_seeds as f64;
    let lost = over(&|removal| removal.accuracy[0][0] - removal.without_unforgettable[1]);
    let at_line = format!(
        "all the never forgotten removed, {} % of the training part, of which as many at random lose {} points; {conditions}",
        significant((1000.0 * mean_share).round() / 10.0),
        significant((1000.0 * lost.iter().sum::<f64>() / n_seeds as f64).round() / 10.0),
    );
    let over_splits = |values: Vec<f64>| Measurement::over_splits(&values, (1.0 - TRAIN) / TRAIN);
    let cost = over(&|removal| removal.without_unforgettable[0] - removal.accuracy[0][0]);
    findings.measure(CAN_GO.id, Part::Real, &at_line, over_splits(cost)?);
    let gain = over(&|removal| removal.without_unforgettable[0] - removal.without_unforgettable[1]);
    findings.measure(BEATS_RANDOM.id, Part::Real, &at_line, over_splits(gain)?);
    let third = 3 * TENTHS / 10;
    let at_third = format!("the 30 % least forgotten removed; {conditions}");
    let tied = format!(
        "{} % are tied at no event, so that the 30 % least forgotten are a random choice among them",
        significant((1000.0 * mean_share).round() / 10.0)
    );
    let cost = over(&|removal| removal.accuracy[0][third] - removal.accuracy[0][0]);
    let gain = over(&|removal| removal.accuracy[0][third] - removal.accuracy[1][third]);
    for (claim, values) in [(CAN_GO, cost), (BEATS_RANDOM, gain)] {
        let measured = if mean_share > 0.3 { Measurement::undefined(&tied) } else { over_splits(values)? };
        findings.measure(claim.id, Part::Real, &at_third, measured);
    }

    let mut table = Table::new(["removed", "least forgotten removed", "random removed"]);
    let accuracy = |values: Vec<f64>| Measurement::over_seeds(&values).map(|measured| measured.to_string());
    for tenth in 0..TENTHS {
        let of = |arm: usize| accuracy(over(&|removal| removal.accuracy[arm][tenth]));
        table.row([format!("{} %", 100 * tenth / TENTHS), of(0)?, of(1)?])?;
    }
    let of = |arm: usize| accuracy(over(&|removal| removal.without_unforgettable[arm]));
    table.row(["the never forgotten".to_owned(), of(0)?, of(1)?])?;
    findings.tables.push((format!("Test accuracy after removal: {conditions}"), table));
    findings.notes.push(format!(
        "On digits {} % of the training examples were learned and never forgotten in any of {N_SCORING_RUNS} scoring \
         runs; an example was never learned in a run {} times in all. Every arm trains from scratch for {n_updates} \
         updates at learning rate {}, the best of {RATES:?} for training on everything, on seeds of its own; a smaller \
         set is seen more often.",
        significant(100.0 * mean_share),
        removals.iter().map(|removal| removal.forgotten.n_never_learned).sum::<usize>(),
        recipe.learning_rate,
    ));
    findings.number("digits_learning_rate", recipe.learning_rate)?;
    findings.number("digits_unforgettable_share", &shares)?;
    findings
        .number("digits_scores", removals.iter().map(|removal| &removal.forgotten.scores).collect::<Vec<_>>())?;
    for (arm, name) in ["selected", "random"].into_iter().enumerate() {
        let curves: Vec<&[f64]> = removals.iter().map(|removal| &removal.accuracy[arm][..]).collect();
        findings.number(format!("digits_accuracy_{name}"), curves)?;
        let without = over(&|removal| removal.without_unforgettable[arm]);
        findings.number(format!("digits_accuracy_{name}_without_unforgettable"), without)?;
    }
    let summaries = |arm: usize| -> Result<Vec<Summary>> {
        (0..TENTHS).map(|tenth| Ok(Summary::of(&over(&|removal| removal.accuracy[arm][tenth]))?)).collect()
    };
    findings.figure(
        "forgetting",
        format!(
            "Test accuracy after removing examples; the vertical line marks the never forgotten. {conditions}."
        ),
        figure(
            "Removing examples from UCI digits".into(),
            &removed,
            [&summaries(0)?, &summaries(1)?],
            mean_share,
        )?,
    );
    Ok(())
}
