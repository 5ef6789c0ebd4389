//! Section 3: rankings by a teacher, which do not know the learner, and what curricula by them are worth.

mod learners;
mod source;

use anyhow::{Result, anyhow};
use cl_data::bundled;
use cl_study::{Cell, Figure, LineFigure, Metric, Record, Scale, Study, StudyResults, Summary, Table};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Experiment, Findings},
};
use learners::{Arm, OWN_END, Scoring, Task, agreement_with};
use source::{FASHION, Source};

const FIXED: Claim = Claim {
    id: "transfer/fixed",
    place: "section 3, text",
    article: "a teacher's confidence \"gives a fixed difficulty ranking independent of the learner's current state\": it stays \
              while the learner's own moves",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "1, the teacher's ranking with itself at any time, less the Spearman correlation of the learner's own \
                   loss ranking after its first epoch with that at its end",
        margin: 0.1,
    },
};

const SAME: Claim = Claim {
    id: "transfer/same-from-any-teacher",
    place: "section 3 (not in the article)",
    article: "(not in the article) another teacher of the same kind gives the same ranking",
    about: About::Training,
    judge: Judge::Within {
        quantity: "Spearman correlation of the rankings by two teachers that differ by their seed",
        low: 0.9,
        high: 1.0,
    },
};

const EARLY: Claim = Claim {
    id: "transfer/early",
    place: "section 3 (Hacohen and Weinshall 2019; not in the article)",
    article: "(not in the article) a curriculum by transfer learns faster",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "mean validation accuracy over the first quarter of the updates, curriculum by transfer less the other",
        margin: 0.005,
    },
};

const END: Claim = Claim {
    id: "transfer/end",
    place: "section 3 (Hacohen and Weinshall 2019; not in the article)",
    article: "(not in the article) a curriculum by transfer ends with a better network",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy after the last update, curriculum by transfer less the other",
        margin: 0.005,
    },
};

/// Hacohen and Weinshall (2019): transfer, self-taught and bootstrapped curricula.
pub(super) static TRANSFER: Experiment = Experiment {
    id: "transfer",
    section: "3",
    question: "Is a teacher's ranking fixed, and does a curriculum by it help?",
    claims: &[FIXED, SAME, EARLY, END],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    on(&mut findings, context, &Task::digits(context), &Source::Digits(bundled::digits().cast()?))?;
    if let Some(folder) = &context.data_dir {
        match folder.folder(FASHION) {
            Some(_) => on(&mut findings, context, &Task::fashion(context), &Source::fashion(folder)?)?,
            None => findings.notes.push(format!("Left out, because the data folder lacks it: {FASHION}/.")),
        }
    }
    findings.notes.push(NOTE.to_owned());
    Ok(findings)
}

const NOTE: &str = "Difficulty is 1 - p of the label under a teacher of another architecture (transfer), the loss under the learner's \
     own architecture trained in random order from other weights (self-taught), and that of a network trained with a \
     curriculum by the self-taught score (bootstrapped, one round). All are trained on the learner's training set with \
     the learner's recipe: the paper's transfer teacher had seen other, larger data. The learning rate is constant \
     and the same for every arm, where the paper tunes one for each arm. The learner's ranking at a time is that of \
     its current losses on the training set. Each mini-batch is drawn from what is available, uniformly and without \
     replacement. As in the paper's code, curricula and the anti-curriculum take classes in turn, the easiest (hardest) \
     of each class first, and the random order does not; the arm that takes classes as they come was run first, and \
     keeping both was decided after its figures had been seen. Validation data draws the curves; the test set is read once, after the \
     last update.";

/// One data set: who ranks it, what is trained by the rankings, and how far the learner agrees with them.
fn on(findings: &mut Findings, context: &Context<'_>, task: &Task, source: &Source) -> Result<()> {
    let key = task.key;
    let rate = task.tuned(source, context)?;
    let n_seeds = context.seeds.len();
    let mut scorings = Study::new(format!("transfer scores on {}", task.name), context.seeds.clone());
    for scoring in Scoring::ALL {
        scorings = scorings.arm(scoring.name(), task.settings(rate, source.fingerprint()));
    }
    let journal = |what: &str| format!("transfer-{key}-{what}-{}-{n_seeds}.jsonl", task.size);
    let scores = context.study(&scorings, journal("scores"), |run| {
        task.score(Scoring::ALL[run.arm_place], &task.parts(source, run.seed)?, rate, run.seed)
    })?;

    let mut learners = Study::new(format!("transfer on {}", task.name), context.seeds.clone());
    for arm in Arm::ALL {
        learners = learners.arm(arm.name(), task.settings(rate, source.fingerprint()));
    }
    let difficulty = |scoring: Scoring, seed: u64| -> Result<&[f64]> {
        let at = context.seeds.iter().position(|other| *other == seed).ok_or_else(|| anyhow!("no seed {seed}"))?;
        let record = scores.records("all", scoring.name())?[at].ok_or_else(|| anyhow!("seed {seed} failed"))?;
        Ok(&record.curves["difficulty"])
    };
    let results = context.study(&learners, journal("learners"), |run| {
        let [transfer, own, bootstrapped] = Scoring::ALL.map(|scoring| difficulty(scoring, run.seed));
        let difficulties = [transfer?, own?, bootstrapped?];
        task.learn(Arm::ALL[run.arm_place], &task.parts(source, run.seed)?, &difficulties, rate, run.seed)
    })?;

    let conditions = format!("{}, {n_seeds} splits", task.conditions());
    curricula(findings, task, &results, &conditions)?;
    rankings(findings, task, &scores, &results, &conditions)?;
    findings.number(format!("{key}_learning_rate"), rate)?;
    findings.notes.push(task.note(rate));
    Ok(())
}

fn records<'a>(results: &'a StudyResults, arm: &str) -> Result<Vec<&'a Record>> {
    Ok(results.records("all", arm)?.into_iter().flatten().collect())
}

/// How fixed the rankings are, and how far the learner agrees with them while it trains.
fn rankings(
    findings: &mut Findings,
    task: &Task,
    scores: &StudyResults,
    results: &StudyResults,
    conditions: &str,
) -> Result<()> {
    let key = task.key;
    let learners = records(results, Arm::Vanilla.name())?;
    let mut table =
        Table::new(["ranking", "with itself, other teacher", "learner after 1 epoch", "half-way", "at the end"]);
    let mut figure = LineFigure::new(
        format!("Whose ranking does the learner follow? {}", task.name),
        "epochs of the learner",
        "Spearman with the learner's losses",
    );
    let epochs: Vec<f64> = (0..=task.n_epochs).map(|epoch| epoch as f64).collect();
    let with = |name: &str| -> Vec<Vec<f64>> {
        learners.iter().map(|record| record.curves[&agreement_with(name)].clone()).collect()
    };
    let names = Scoring::ALL.map(Scoring::name).into_iter().chain([OWN_END]);
    for name in names {
        let curves = with(name);
        let at = |epoch: usize| -> Result<Cell> {
            let summary = Summary::of(&curves.iter().map(|curve| curve[epoch]).collect::<Vec<_>>())?;
            Ok(Cell::interval(summary.mean, summary.interval, 2))
        };
        let other = if name == OWN_END {
            Cell::Missing
        } else {
            let between: Vec<f64> =
                records(scores, name)?.iter().map(|record| record.scalars["between_teachers"]).collect();
            if name == Scoring::Transfer.name() {
                let measured =
                    Measurement::over_splits(&between, task.shared_training())?.on(Scale::Correlation)?;
                findings.measure(SAME.id, Part::Real, conditions, measured);
            }
            let summary = Summary::of(&between)?;
            findings.number(format!("{key}_between_teachers_{}", name.replace(' ', "_")), between)?;
            Cell::interval(summary.mean, summary.interval, 2)
        };
        table.row([
            Cell::text(name),
            other,
            at(1)?,
            at(task.n_epochs as usize / 2)?,
            at(task.n_epochs as usize)?,
        ])?;
        figure = with_band(figure, name, &epochs, &curves)?;
        findings.number(format!("{key}_learner_agrees_with_{}", name.replace(' ', "_")), curves)?;
    }
    let drift: Vec<f64> = with(OWN_END).iter().map(|curve| 1.0 - curve[1]).collect();
    let measured = Measurement::over_splits(&drift, task.shared_training())?;
    findings.measure(FIXED.id, Part::Real, conditions, measured);
    findings.tables.push((
        format!("Spearman correlation of the rankings with the losses of a learner in random order: {conditions}"),
        table,
    ));
    let caption = format!(
        "Spearman correlation of the ranking by the learner's current losses with each fixed ranking, and with its own \
         ranking at the end, epoch by epoch (0: before training); mean over splits, 95 % bands. {conditions}."
    );
    findings.figure(format!("{}-rankings", task.figure), caption, figure.render(800, 480)?);
    Ok(())
}

fn with_band(figure: LineFigure, name: &str, x: &[f64], curves: &[Vec<f64>]) -> Result<LineFigure> {
    let at = |k: usize| Summary::of(&curves.iter().map(|curve| curve[k]).collect::<Vec<_>>());
    let summaries: Vec<Summary> = (0..x.len()).map(at).collect::<Result<_, _>>()?;
    Ok(figure.line_of_means(name, x, &summaries))
}

/// What the orders come to.
fn curricula(findings: &mut Findings, task: &Task, results: &StudyResults, conditions: &str) -> Result<()> {
    let key = task.key;
    let (curriculum, random) = (Arm::Curriculum(Scoring::Transfer).name(), Arm::Random.name());
    let rivals = [(random, "random order, same pacing"), (Arm::Vanilla.name(), "all data from the start")];
    let curricula = [(curriculum, "classes in turn"), (Arm::Unbalanced.name(), "classes as they come")];
    for ((curriculum, classes), (rival, what)) in curricula.iter().flat_map(|c| rivals.map(|rival| (c, rival))) {
        for (claim, scalar) in [(EARLY, "early"), (END, "final")] {
            let paired = results.paired("all", curriculum, rival, &Metric::scalar(scalar))?;
            let conditions = format!("{classes}, against {what}; {conditions}");
            let measured = Measurement::over_splits(&paired.differences, task.test_to_train())?;
            findings.measure(claim.id, Part::Real, conditions, measured);
        }
    }
    for (title, scalar) in [
        ("Mean validation accuracy over the first quarter of the updates", "early"),
        ("Test accuracy after the last update", "final"),
    ] {
        findings
            .tables
            .push((format!("{title}: {conditions}"), results.table("all", random, &Metric::scalar(scalar), 4)?));
    }
    let mut figure = LineFigure::new(
        format!("Curriculum, anti-curriculum and random order: {}", task.name),
        "updates",
        "validation accuracy",
    );
    for arm in Arm::ALL {
        let records = records(results, arm.name())?;
        // Before the first update all are at chance, which would flatten the rest.
        let curves: Vec<Vec<f64>> = records.iter().map(|record| record.curves["accuracy"][1..].to_vec()).collect();
        figure = with_band(figure, arm.name(), &records[0].curves["updates"][1..], &curves)?;
        let arm_key = arm.name().replace([' ', ','], "_");
        findings.number(format!("{key}_validation_accuracy_{arm_key}"), curves)?;
        for scalar in ["early", "final"] {
            let values: Vec<f64> = records.iter().map(|record| record.scalars[scalar]).collect();
            findings.number(format!("{key}_{scalar}_{arm_key}"), values)?;
        }
    }
    let caption = format!(
        "Validation accuracy against updates, mean over splits, 95 % bands; the vertical line is where the pacing has \
         made all data available. {conditions}."
    );
    let svg = figure.vertical(task.full_at() as f64, "all data").log_x().render(860, 520)?;
    findings.figure(task.figure, caption, svg);
    Ok(())
}
