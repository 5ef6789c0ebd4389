//! Claims, tables, numbers and the account of a comparison.

use anyhow::Result;
use cl_study::{Interval, Replications, StandardBaselines, Summary, Table};
use serde_json::json;

use super::{
    claims::{CONTROL, NO_ORDER, NOISE, SHORT, SHORT_ANTI},
    comparison::Compared,
    design::{ARMS, Design, N_SEEDS, RATES, Regime},
    figures::draw,
    grid::Ordering,
    network::{BATCH_SIZE, MOMENTUM, N_HIDDEN, WEIGHT_DECAY},
    problem::{Problem, Source},
    training::N_VALIDATIONS,
};
use crate::{
    claim::{Claim, Measurement, Part, significant},
    experiment::Findings,
};

/// Places among [`ARMS`].
const EASY: usize = 0;
const HARD: usize = 1;
const CHOSEN_RANDOM: usize = 2;
const CONTROLS: usize = 3;
const STANDARD: usize = 4;

/// Claims, tables, figures, numbers and the account of one data set's study.
pub(super) fn report(
    design: &Design,
    findings: &mut Findings,
    source: &Source,
    clean: &Problem,
    compared: &[Compared],
) -> Result<()> {
    for regime in compared {
        measure(design, findings, source, regime)?;
    }
    findings.tables.push((format!("Strategies and baselines, {}", design.data), grid_table(design, compared)?));
    findings.tables.push((
        format!("The winners by validation accuracy on {} fresh splits, {}", design.n_fresh, design.data),
        fresh_table(design, source, compared)?,
    ));
    draw(design, findings, source, compared)?;
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
                "fresh_splits": regime.fresh,
            }),
        )?;
    }
    findings.number(format!("{}-strategies", design.slug), &design.strategies)?;
    findings.notes.push(account(design, clean, compared));
    Ok(())
}

fn measure(design: &Design, findings: &mut Findings, source: &Source, compared: &Compared) -> Result<()> {
    let (regime, k) = (compared.regime, design.per_order());
    let mut fresh = |claim: Claim, arm: usize, other: usize| -> Result<()> {
        let other_in_words = match other {
            CHOSEN_RANDOM => format!("the random order chosen of {k} likewise"),
            other => ARMS[other].to_owned(),
        };
        let conditions = format!(
            "{}, {}: the {} strategy of {k} chosen by validation, on {} fresh splits, less {other_in_words}",
            design.data,
            regime.name(),
            ARMS[arm],
            design.n_fresh,
        );
        let differences = compared.on_fresh_splits(arm, other)?.differences;
        let measured = Measurement::over_splits(&differences, source.test_to_train())?;
        findings.measure(claim.id, Part::Real, conditions, measured);
        Ok(())
    };
    match regime {
        Regime { divisor: 1 | 2, noise: 0 } => {
            for arm in [EASY, HARD, CHOSEN_RANDOM] {
                fresh(NO_ORDER, arm, STANDARD)?;
            }
            for arm in [EASY, HARD] {
                fresh(NO_ORDER, arm, CHOSEN_RANDOM)?;
            }
        }
        Regime { noise: 0, .. } => {
            for other in [STANDARD, CHOSEN_RANDOM] {
                fresh(SHORT, EASY, other)?;
                fresh(SHORT_ANTI, HARD, other)?;
            }
            fresh(CONTROL, EASY, CONTROLS)?;
        }
        _ => {
            for other in [STANDARD, CHOSEN_RANDOM] {
                fresh(NOISE, EASY, other)?;
            }
            fresh(CONTROL, EASY, CONTROLS)?;
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
        "less luck",
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
                format!("{:+.2} points", 100.0 * regime.less_luck(design, &means)?),
                format!("{}, a = {}, b = {}", strategy.family, strategy.a, strategy.b),
            ])?;
        }
    }
    Ok(table)
}

fn fresh_table(design: &Design, source: &Source, compared: &[Compared]) -> Result<Table> {
    let mut table = Table::new(["regime", "strategy", "test accuracy", "standard", "difference, 95 % interval"]);
    for regime in compared {
        let standard = Summary::of(&regime.fresh[STANDARD])?.mean;
        for (arm, &winner) in regime.winners.iter().enumerate() {
            let differences = regime.on_fresh_splits(arm, STANDARD)?.differences;
            let less = Replications::resplit(differences, source.test_to_train())?;
            let interval = match less.interval(0.95) {
                Some(Interval { low, high }) => format!("[{:+.2}, {:+.2}] points", 100.0 * low, 100.0 * high),
                None => "without interval".into(),
            };
            table.row([
                regime.regime.name(),
                design.strategies[winner].to_string(),
                percent(Summary::of(&regime.fresh[arm])?.mean),
                percent(standard),
                format!("{:+.2} {interval}", 100.0 * less.mean()),
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
         seeds and {n_standard} runs of standard training, on one split of {n_train} training, {n_validation} validation and \
         {n_test} test examples{part_of_data} as in the paper; then the winners and standard training on {n_fresh} fresh splits, \
         each with its own noise, scores (of {n_fresh_scoring} runs of cross-validation) and first weights; a \
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
         comparison, the best test mean less standard3 (\"less luck\" in the table), is made on the test accuracies that the \
         best was picked by: it is no estimate of what an order gains, and no interval of it is. Verdicts rest on the fresh \
         splits alone: each order's strategy is chosen by validation accuracy, random order's like the others, and all arms \
         of a split share first weights and seeds. Budgets \
         are equal in updates; a strategy has short batches at the ends of its short passes, and saw from {least} to \
         {most} times the examples of standard training. Up to {never_full} strategies of a regime end before \
         all data are available, and {n_diverged} runs diverged. That an order must gain half a point to be called \
         better was decided after a first run, and the learning rates 0.002 and 0.005 were added then; the splits judged here \
         had not been looked at before.",
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
        n_fresh_scoring = design.n_fresh_scoring_seeds,
        k = design.per_order(),
        least = significant((least * 100.0).round() / 100.0),
        most = significant((most * 100.0).round() / 100.0),
        never_full = compared.iter().map(Compared::n_never_full).max().unwrap_or(0),
        n_diverged = compared.iter().map(|c| c.n_diverged).sum::<usize>(),
    )
}
