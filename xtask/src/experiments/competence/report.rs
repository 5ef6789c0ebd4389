//! How many updates each curriculum saves.

use anyhow::Result;
use cl_study::{Figure, Interval, LineFigure, Metric, Record, Replications, StudyResults, Table};

use super::{
    claims::{BABY_STEPS, BETTER, FASTER, ONE_PASS},
    curricula::{Arm, Difficulty, Growth, MATURE, N_AVERAGED, RATES, Timed},
};
use crate::{
    claim::{Measurement, Part, significant},
    experiment::Findings,
    language::{
        task::TUNING_SEEDS,
        times::{arrivals, saved, with_mean_curve},
        training::Recipe,
    },
};

pub(super) const NOTE: &str = "What the article says and what the paper says. Platanios et al. report a decrease in training time of up \
    to 70 % and up to 2.2 BLEU; both are the largest of several translation tasks and models, not of one run, and a \
    decrease of 70 % is training 3.3 times as fast, not \"70% faster\". Nothing here is translated, so there is no BLEU: \
    quality is the mean log-rank of the true word after equal updates. Their c(t) is a clock: it measures nothing of the \
    learner. Baby Steps is Spitkovsky, Alshawi and Jurafsky's (2010), who grow the training set by sentence length; its \
    form in buckets, and One-Pass, are Cirik, Hovy and Morency's (2016); the article gives both to Platanios. \
    \n\nHow it is run. A training example is a window of five words that ends at a word of a sentence, the sentence's start \
    filled up with a start mark; it has the difficulty of its sentence: its number of words, or the sum of -ln p(w) over \
    them with p from the training sentences. The difficulty's cumulative distribution is over windows, and every batch is \
    drawn uniformly from those whose share is at most c(t), c0 = 0.01. The controls draw from as many windows at every \
    update: the same difficulties, dealt to the windows at random. Baby Steps adds five buckets of equal size by length \
    until the same T; One-Pass gives each bucket a fifth of plain shuffling's updates and never comes back. Times are \
    when the mean of the last four measurements first is at or below plain shuffling's of the same seed at its last \
    update, of the ranking loss over all wrong words of held-out windows. Every arm may take a third more updates than that; one that has \
    not arrived by then counts as arriving at the end, which flatters it, and how many do is in the table. Ratios are \
    averaged by their logarithms, seed by seed. Chosen after a look at results: the length of training, the \
    averaging, and that T is read off the gain over word frequencies (the loss falls from its first value at once, which \
    made T short).";

/// Until plain shuffling's final loss of the same seed.
fn times(timed: &Timed, results: &StudyResults, arm: Arm) -> Result<Vec<Option<f64>>> {
    let targets = results.values(timed.task.name, &Arm::Shuffling.name(), &Metric::scalar("loss"))?;
    let targets: Vec<f64> = targets.into_iter().flatten().collect();
    let records: Vec<&Record> = results.records(timed.task.name, &arm.name())?.into_iter().flatten().collect();
    arrivals(&records, "loss", N_AVERAGED, &targets)
}

/// The share of the updates that an arm saves, seed by seed.
fn saving(timed: &Timed, results: &StudyResults, arm: Arm, control: Arm) -> Result<Replications> {
    let Recipe { measured_every, n_updates, .. } = timed.task.recipe;
    saved((measured_every, n_updates), &times(timed, results, arm)?, &times(timed, results, control)?)
}

/// Claims, tables, the figure, numbers and the account of one corpus.
pub(super) fn report(timed: &Timed, findings: &mut Findings, results: &StudyResults) -> Result<()> {
    let n_seeds = results.study.seeds.len();
    let conditions = |what: &str| format!("{}: {what}, {n_seeds} seeds", timed.task.name);
    let shuffling = Arm::Shuffling;
    let rank = Metric::scalar("log_rank");
    for (difficulty, growth) in Arm::curricula() {
        let (arm, control) = (Arm::Competence(difficulty, growth), Arm::Control(difficulty, growth));
        let against = |rival: &str| conditions(&format!("{}, against {rival}", arm.name()));
        for (rival, what) in [(shuffling, "plain shuffling"), (control, "as many at random")] {
            let saving = Measurement::replicated(saving(timed, results, arm, rival)?);
            findings.measure(FASTER.id, Part::Real, against(what), saving);
        }
        for (rival, what) in [(shuffling, "plain shuffling"), (control, "as many at random")] {
            let less = results.paired(timed.task.name, &rival.name(), &arm.name(), &rank)?.differences;
            findings.measure(BETTER.id, Part::Real, against(what), Measurement::over_seeds(&less)?);
        }
    }
    for (claim, arm) in [(BABY_STEPS, Arm::BabySteps), (ONE_PASS, Arm::OnePass)] {
        let saving = Measurement::replicated(saving(timed, results, arm, shuffling)?);
        findings.measure(claim.id, Part::Real, conditions("against plain shuffling"), saving);
    }
    table(timed, findings, results)?;
    let title = format!("Mean log-rank after {} updates, {}", timed.horizon, timed.task.name);
    findings.tables.push((title, results.table(timed.task.name, &shuffling.name(), &rank, 4)?));
    figure(timed, findings, results)?;
    findings.number(format!("{}_settings", timed.task.file), timed.settings())?;
    for arm in Arm::all() {
        let name = arm.name().replace(", ", "_").replace([' ', '-'], "_").to_lowercase();
        let losses = results.records(timed.task.name, &arm.name())?.into_iter().flatten();
        let losses: Vec<&Vec<f64>> = losses.map(|record| &record.curves["loss"]).collect();
        findings.number(format!("{}_loss_{name}", timed.task.file), losses)?;
        findings.number(format!("{}_updates_to_target_{name}", timed.task.file), times(timed, results, arm)?)?;
    }
    findings.notes.push(note(timed));
    Ok(())
}

/// Ratios of updates, and how many seeds never arrive.
fn table(timed: &Timed, findings: &mut Findings, results: &StudyResults) -> Result<()> {
    let mut table = Table::new(["arm", "ratio of updates to plain shuffling's", "never arrived", "sooner, seeds"]);
    let baseline = times(timed, results, Arm::Shuffling)?;
    for arm in Arm::all().into_iter().skip(1) {
        let times = times(timed, results, arm)?;
        let saving = saving(timed, results, arm, Arm::Shuffling)?;
        let ratio = 1.0 - saving.mean();
        let text = match saving.interval(0.95) {
            Some(Interval { low, high }) => format!("{ratio:.3} [{:.3}, {:.3}]", 1.0 - high, 1.0 - low),
            None => format!("{ratio:.3}"),
        };
        let never = times.iter().filter(|time| time.is_none()).count();
        let sooner = times
            .iter()
            .zip(&baseline)
            .filter(|(time, baseline)| time.zip(**baseline).is_some_and(|(time, baseline)| time < baseline));
        let n = times.len();
        table.row([arm.name(), text, format!("{never}/{n}"), format!("{}/{n}", sooner.count())])?;
    }
    findings.tables.push((format!("Updates until plain shuffling's final loss, {}", timed.task.name), table));
    Ok(())
}

fn figure(timed: &Timed, findings: &mut Findings, results: &StudyResults) -> Result<()> {
    let mut figure = LineFigure::new(
        format!("Competence-based curricula: {}", timed.task.name),
        "updates",
        "ranking loss on held-out windows (95 % interval)",
    );
    let root = |difficulty| Arm::Competence(difficulty, Growth::SquareRoot);
    let control = Arm::Control(Difficulty::Rarity, Growth::SquareRoot);
    let arms = [
        Arm::Shuffling,
        root(Difficulty::Length),
        root(Difficulty::Rarity),
        control,
        Arm::BabySteps,
        Arm::OnePass,
    ];
    for arm in arms {
        // The first measurements would flatten the rest.
        let from = timed.horizon as f64 / 10.0;
        figure = with_mean_curve(figure, results, (timed.task.name, &arm.name()), "loss", from)?;
    }
    let figure =
        figure.vertical(timed.curriculum_length as f64, "T").vertical(timed.horizon as f64, "final loss read");
    let caption = format!(
        "Held-out ranking loss, {}: lower is better. T is where the curricula end; the loss at the second dashed line is \
         plain shuffling's final one. Linear competence is in the tables.",
        timed.task.name
    );
    findings.figure(&timed.task.file, caption, figure.render(820, 480)?);
    Ok(())
}

fn note(timed: &Timed) -> String {
    let Recipe { width, n_hidden, batch_size, learning_rate, n_updates, .. } = timed.task.recipe;
    let data = timed
        .task
        .source
        .describe(|n| format!("{n} training sentences, the same for every seed; its test part is held out"));
    let part = if timed.task.name == "WikiText-2" {
        " The validation part is trained on, the test part held out."
    } else {
        ""
    };
    format!(
        "{}: {data}.{part} The {} most frequent words, windows with others dropped; embeddings of {width}, {n_hidden} tanh \
         units, ranking hinge loss with one wrong word drawn anew for every window shown, batches of {batch_size}, plain \
         SGD at the constant learning rate {learning_rate}, the best of {RATES:?} for plain shuffling on {} seeds of its \
         own and other held-out sentences. Plain shuffling's final loss is that after {} updates; all arms go on to \
         {n_updates}. T is {} updates, where plain shuffling has made {} % of its gain in log-rank over word frequencies, \
         the mean over the tuning seeds: the paper's rule with log-rank for BLEU. {} held-out windows a seed, measured every {} updates.",
        timed.task.name,
        timed.task.n_words,
        TUNING_SEEDS.count(),
        timed.horizon,
        timed.curriculum_length,
        significant(100.0 * MATURE),
        timed.task.n_held_out,
        timed.task.recipe.measured_every,
    )
}
