//! Claims, tables, numbers and the account of a comparison.

use anyhow::{Result, anyhow};
use cl_study::{StandardBaselines, Summary, Table};
use serde_json::json;

use super::{
    claims::{CONTROL, NO_ORDER, NOISE, SHORT, SHORT_ANTI},
    comparison::Compared,
    design::{ARMS, Design, N_SEEDS, RATES, Regime},
    figures::draw,
    grid::Ordering,
    network::{BATCH_SIZE, MOMENTUM, N_HIDDEN, WEIGHT_DECAY},
    problem::Problem,
    training::N_VALIDATIONS,
};
use crate::{
    claim::{Claim, Measurement, Part, significant},
    experiment::Findings,
};

/// The place of standard training among the fresh ones.
const STANDARD: usize = 4;
const EASY: usize = 0;
const HARD: usize = 1;
const CONTROLS: usize = 3;

/// Claims, tables, figures, numbers and the account of one data set's study.
pub(super) fn report(
    design: &Design,
    findings: &mut Findings,
    clean: &Problem,
    compared: &[Compared],
) -> Result<()> {
    for regime in compared {
        measure(design, findings, regime)?;
    }
    findings.tables.push((format!("Strategies and baselines, {}", design.data), grid_table(design, compared)?));
    findings.tables.push((
        format!("The winners by validation accuracy on {} fresh seeds, {}", design.n_fresh, design.data),
        fresh_table(design, compared)?,
    ));
    draw(design, findings, compared)?;
    for regime in compared {
        let winners = regime.winners.map(|at| design.strategies[at].to_string());
        findings.number(
            format!("{}-{}", design.slug, regime.regime.slug()),
            json!({
                "n_updates": regime.recipe.n_updates,
                "learning_rate": regime.recipe.learning_rate,
                "labels_changed": regime.changed,
                "standard": regime.standard,
                "baselines": regime.baselines,
                "test_accuracy": regime.tests,
                "examples": regime.examples,
                "available_at_the_end": regime.available,
                "diverged": regime.n_diverged,
                "run_again": ARMS.iter().zip(&winners).collect::<Vec<_>>(),
                "fresh_seeds": regime.fresh,
            }),
        )?;
    }
    findings.number(format!("{}-strategies", design.slug), &design.strategies)?;
    findings.notes.push(account(design, clean, compared));
    Ok(())
}

fn measure(design: &Design, findings: &mut Findings, compared: &Compared) -> Result<()> {
    let regime = compared.regime;
    let k = design.per_order();
    let mut corrected = |claim: Claim, means: &[f64]| -> Result<()> {
        let conditions = format!(
            "{}, {}: best of {} means over {N_SEEDS} seeds, less the best of as many means of standard runs",
            design.data,
            regime.name(),
            means.len()
        );
        findings.measure(claim.id, Part::Real, conditions, compared.less_luck(design, means)?);
        Ok(())
    };
    let of = |order| compared.of_order(design, order);
    match regime {
        Regime { divisor: 1 | 2, noise: 0 } => corrected(NO_ORDER, &compared.means)?,
        Regime { noise: 0, .. } => {
            corrected(SHORT, &of(Ordering::EasyFirst))?;
            corrected(SHORT_ANTI, &of(Ordering::HardFirst))?;
        }
        _ => corrected(NOISE, &of(Ordering::EasyFirst))?,
    }
    let mut fresh = |claim: Claim, chosen: &str, arm: usize, other: usize| -> Result<()> {
        let conditions = format!(
            "{}, {}: {chosen} chosen by validation accuracy, on {} fresh seeds, less {}",
            design.data,
            regime.name(),
            design.n_fresh,
            if other == STANDARD { "standard training of the same seeds" } else { ARMS[other] },
        );
        let differences = compared.on_fresh_seeds(arm, other)?.differences;
        findings.measure(claim.id, Part::Real, conditions, Measurement::over_seeds(&differences)?);
        Ok(())
    };
    match regime {
        Regime { divisor: 1 | 2, noise: 0 } => {
            for (arm, order) in Ordering::ALL.into_iter().enumerate() {
                fresh(NO_ORDER, &format!("the {order} strategy of {k}"), arm, STANDARD)?;
            }
        }
        Regime { noise: 0, .. } => {
            fresh(SHORT, &format!("the strategy of {k}"), EASY, STANDARD)?;
            fresh(SHORT_ANTI, &format!("the strategy of {k}"), HARD, STANDARD)?;
            fresh(CONTROL, "the easy-first strategy", EASY, CONTROLS)?;
        }
        _ => {
            fresh(NOISE, &format!("the strategy of {k}"), EASY, STANDARD)?;
            fresh(CONTROL, "the easy-first strategy", EASY, CONTROLS)?;
        }
    }
    Ok(())
}

fn percent(accuracy: f64) -> String {
    format!("{:.2} %", 100.0 * accuracy)
}

fn grid_table(design: &Design, compared: &[Compared]) -> Result<Table> {
    let mut table = Table::new([
        "regime",
        "standard1",
        "standard2",
        "standard3",
        "order",
        "mean of its strategies",
        "its best",
        "which",
    ]);
    for regime in compared {
        let StandardBaselines { standard1, standard2, standard3 } = regime.baselines;
        for order in Ordering::ALL {
            let best = regime.best(design, order);
            let means = regime.of_order(design, order);
            let strategy = design.strategies[best];
            table.row([
                regime.regime.name(),
                percent(standard1),
                percent(standard2),
                percent(standard3),
                order.to_string(),
                percent(means.iter().sum::<f64>() / means.len() as f64),
                percent(regime.means[best]),
                format!("{}, a = {}, b = {}", strategy.family, strategy.a, strategy.b),
            ])?;
        }
    }
    Ok(table)
}

fn fresh_table(design: &Design, compared: &[Compared]) -> Result<Table> {
    let mut table = Table::new(["regime", "strategy", "test accuracy", "standard", "difference, 95 % interval"]);
    for regime in compared {
        let standard = Summary::of(&regime.fresh[STANDARD])?.mean;
        for (arm, &winner) in regime.winners.iter().enumerate() {
            let paired = regime.on_fresh_seeds(arm, STANDARD)?;
            let interval = paired.interval.ok_or_else(|| anyhow!("one seed gives no interval"))?;
            table.row([
                regime.regime.name(),
                design.strategies[winner].to_string(),
                percent(Summary::of(&regime.fresh[arm])?.mean),
                percent(standard),
                format!(
                    "{:+.2} [{:+.2}, {:+.2}] points",
                    100.0 * paired.mean_difference,
                    100.0 * interval.low,
                    100.0 * interval.high
                ),
            ])?;
        }
    }
    Ok(table)
}

fn account(design: &Design, clean: &Problem, compared: &[Compared]) -> String {
    let n_runs = compared.len() as u64
        * (design.strategies.len() as u64 * N_SEEDS + design.n_standard + ARMS.len() as u64 * design.n_fresh);
    let rates: Vec<String> = compared
        .iter()
        .map(|c| format!("{} at {} ({} updates)", c.recipe.learning_rate, c.regime.name(), c.recipe.n_updates))
        .collect();
    let noise: Vec<String> = compared
        .iter()
        .filter(|c| c.regime.noise > 0)
        .map(|c| format!("{} % of {} %", significant(100.0 * c.changed), c.regime.noise))
        .collect();
    let (least, most) = compared.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), c| {
        (least.min(c.examples[0] / c.examples[2]), most.max(c.examples[1] / c.examples[2]))
    });
    let part = if design.strategies.len() < 540 {
        format!("This was a part of the paper's grid: {} of its 540 strategies. ", design.strategies.len())
    } else {
        String::new()
    };
    format!(
        "{data}: {n_runs} runs in {n_regimes} regimes. {part}In each regime {n_strategies} strategies with {N_SEEDS} \
         seeds, {n_standard} runs of standard training, and the winners on {n_fresh} fresh seeds. {n_train} training, \
         {n_validation} validation and {n_test} test examples{part_of_data} the same split for every run as in the paper; a \
         perceptron with {N_HIDDEN} rectified hidden units, batches of {BATCH_SIZE}, momentum {MOMENTUM}, weight decay \
         {WEIGHT_DECAY}, a cosine to zero over the budget; standard time is {n_epochs} passes. Learning rates are the \
         best of {tried:?} for standard training by validation accuracy on seeds of their own, and shared by all \
         strategies: {rates}. Noise permutes the labels of a share of the training and validation examples among them, so that \
         some keep theirs (changed in the training part: {noise}); the test labels are clean. Difficulty is the mean \
         held-out loss under the labels given, by four-fold cross-validation repeated over {n_scoring} seeds of their \
         own; in every order, the random one too, the classes given take turns, as in the paper's code, so that no prefix \
         lacks one. Each run is validated {N_VALIDATIONS} times, at equal distances, and its test accuracy read once, at \
         the best validation accuracy. standard1 is the mean of the {n_standard} runs, standard2 the best of \
         their means by threes, standard3 the median of the simulated best of {k} means of three. The paper's \
         comparison, best test mean against the best of as many means of standard runs, is by its nature made on the \
         test accuracies; its interval spans 95 % of {n_simulations} simulations. The comparison on fresh seeds is free of \
         that: strategies are chosen by validation accuracy, and both arms share first weights and seeds. Budgets \
         are equal in updates; a strategy has short batches at the ends of its short passes, and saw from {least} to \
         {most} times the examples of standard training. Up to {never_full} strategies of a regime end before \
         all data are available, and {n_diverged} runs diverged. That an order must gain half a point to be called \
         better, and not merely more than nothing, was decided after a first run, in which the best of the easy-first \
         strategies below the luckiest standard training was called the opposite of helping; the learning rates 0.002 and \
         0.005 were added then, too. That first run had no balance of classes, and fresh seeds for the best of all orders \
         only.",
        data = design.data,
        part_of_data = if design.part.is_empty() { ", ".to_owned() } else { format!(", {}", design.part) },
        n_regimes = compared.len(),
        n_strategies = design.strategies.len(),
        n_standard = design.n_standard,
        n_fresh = design.n_fresh,
        n_train = clean.train.n_examples(),
        n_validation = clean.validation.n_examples(),
        n_test = clean.test.n_examples(),
        n_epochs = design.n_epochs,
        tried = RATES,
        rates = rates.join(", "),
        noise = noise.join(", "),
        n_scoring = design.n_scoring_seeds,
        k = design.per_order(),
        n_simulations = design.n_simulations,
        least = significant((least * 100.0).round() / 100.0),
        most = significant((most * 100.0).round() / 100.0),
        never_full = compared.iter().map(Compared::n_never_full).max().unwrap_or(0),
        n_diverged = compared.iter().map(|c| c.n_diverged).sum::<usize>(),
    )
}
