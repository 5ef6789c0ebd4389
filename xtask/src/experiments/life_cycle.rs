//! Section 6, the article's closing claim: a curriculum first, and pruning once the model has matured.

mod early;
mod strategy;

use anyhow::Result;
use cl_study::{
    Bar, BarFigure, Better, Cell, Choice, Chosen, Evidence, Figure, LineFigure, Metric, Record, Replications,
    Study, StudyResults, Summary, Table,
};
use serde::Serialize;
use serde_json::json;

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    data_dir::{DataDir, first},
    experiment::{Context, Experiment, Findings},
    noisy_split::Pool,
};
use early::{HARD_EARLY, HARD_EARLY_WORSE};
use strategy::{
    BOTH, CONTROLS, CURRICULUM, CURRICULUM_CONTROL, Equal, FIRST_PART, NEITHER, PATIENCE, PRUNING,
    PRUNING_CONTROL, Recipe, Settings, Strategy, TEACHER_EPOCHS,
};

/// A difference of test accuracies that is not worth naming.
const MARGIN: f64 = 0.005;

const BEST: Claim = Claim {
    id: "life-cycle/best",
    place: "section 6, closing",
    article: "the best strategy \"combines both: easy-to-hard curriculum during training, aggressive pruning of the easy examples once the model has matured\"",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy, both less the best of curriculum only, pruning only and neither",
        margin: MARGIN,
    },
};

const BEATS_CONTROLS: Claim = Claim {
    id: "life-cycle/controls",
    place: "section 6 (not in the article)",
    article: "(not in the article) both is better than the same with a random order, with random pruning, or with both random",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy, both less the best of its three random controls",
        margin: MARGIN,
    },
};

const ORDER_MATTERS: Claim = Claim {
    id: "life-cycle/order",
    place: "section 6 (not in the article)",
    article: "(not in the article) an easy start is better than one of the same pace in random order",
    about: About::Training,
    judge: Judge::Positive { quantity: "test accuracy, curriculum only less its random control", margin: MARGIN },
};

const CHOICE_MATTERS: Claim = Claim {
    id: "life-cycle/choice",
    place: "section 6 (not in the article)",
    article: "(not in the article) pruning what is mastered is better than pruning as many at random",
    about: About::Training,
    judge: Judge::Positive { quantity: "test accuracy, pruning only less its random control", margin: MARGIN },
};

/// Label noise: none, and the share of the labels that is wrong.
const NOISES: [f64; 2] = [0.0, 0.2];

/// Learning rates tried for training on everything.
const RATES: [f64; 6] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/// Parts of the budget after which all examples are available.
const FULL_AT: [f64; 3] = [0.1, 0.3, 0.6];

/// The largest parts of the data that are pruned.
const AT_MOST: [f64; 3] = [0.3, 0.6, 0.9];

/// The first of the seeds that settings are chosen on.
const CHOOSING: u64 = 2_000_000;

/// A curriculum, pruning, both, neither, and their random controls, at equal compute.
pub(super) static LIFE_CYCLE: Experiment = Experiment {
    id: "life-cycle",
    section: "6",
    question: "Is a curriculum first and pruning later better than either, or neither?",
    claims: &[BEST, BEATS_CONTROLS, ORDER_MATTERS, CHOICE_MATTERS, HARD_EARLY, HARD_EARLY_WORSE],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    on(&mut findings, context, &digits(context)?)?;
    if let Some(folder) = &context.data_dir {
        match folder.folder(FASHION) {
            Some(_) => on(&mut findings, context, &fashion(context, folder)?)?,
            None => findings.notes.push(format!("Fashion-MNIST: no folder {FASHION}, left out.")),
        }
    }
    findings.notes.push(format!(
        "Before maturity the examples come shuffled, or a growing part of them (from {FIRST_PART} of the data to \
         all, linearly), easiest first or in random order. What is easy a network of other first weights says, by \
         its losses after {TEACHER_EPOCHS} epochs. Validated once for every pass's worth of updates, a model has \
         matured when {PATIENCE} validations in a row brought no improvement. Then goes what it has learned (given \
         its label more than one half when presented) and never forgotten, of lowest loss first, up to a largest \
         part; the control prunes as many at the same time at random. Without pruning the order goes on as it was. \
         The learning rate (of {RATES:?}) is the best for training on everything; the part of the budget after \
         which all examples are available (of {FULL_AT:?}) and the largest part pruned (of {AT_MOST:?}) are the best \
         of each strategy; all by validation at the end, under the same noise, on other cuts of the \
         same data. Controls take the settings of what they control. Claims are judged with the last weights: those that \
         validated best are from before the pruning in many runs (see the table), and the best strategy is judged \
         with them, too. Equal updates charge nothing for scores; equal examples charge every example that is \
         presented or scored, those of the network that tells what is easy included, but not validation, which all \
         arms do; with equal epochs whoever shows less works less. Every repetition cuts training, validation and \
         test part of digits anew, and intervals of measurements allow for what such cuts share; images are drawn anew from the \
         training set, on one test set. Test labels are clean. \"Less the best of\" is the smallest of the paired \
         differences: as the smallest of noisy means it is low on average, and its interval allows for that. After \
         looks at results the grid of the pace was widened, the seeds for choosing went from three to ten (five on \
         images), and the last weights took the place of those that validated best."
    ));
    early::early(&mut findings, context)?;
    Ok(findings)
}

const FASHION: &str = "fashion-mnist";

/// A data set and the sizes of what is done with it.
struct Task {
    key: &'static str,
    name: &'static str,
    pool: Pool,
    recipe: Recipe,
    seeds: Vec<u64>,
    /// How many other seeds settings are chosen on.
    n_choosing: u64,
}

fn digits(context: &Context<'_>) -> Result<Task> {
    let n_epochs = if context.quick { 8 } else { 40 };
    Ok(Task {
        key: "digits",
        name: "UCI digits",
        pool: Pool::digits()?,
        recipe: Recipe { n_hidden: 32, batch_size: 32, n_epochs, learning_rate: RATES[0] },
        seeds: context.seeds.clone(),
        n_choosing: if context.quick { 2 } else { 10 },
    })
}

/// The first images of the training set, cut by seed, and the whole test set.
fn fashion(context: &Context<'_>, folder: &DataDir) -> Result<Task> {
    let (train, test) = (folder.images(FASHION, "train")?, folder.images(FASHION, "t10k")?);
    let (n, n_test, n_epochs) = match (context.quick, context.full) {
        (true, _) => (600, 500, 6),
        (false, true) => (usize::MAX, usize::MAX, 30),
        (false, false) => (5_000, usize::MAX, 25),
    };
    Ok(Task {
        key: "fashion",
        name: "Fashion-MNIST",
        pool: Pool::images(train, first(&test, n_test)?, n),
        recipe: Recipe { n_hidden: 32, batch_size: 32, n_epochs, learning_rate: RATES[0] },
        seeds: context.seeds.clone(),
        n_choosing: if context.quick { 2 } else { 5 },
    })
}

/// The setting of each arm: those of what it controls.
struct Tuned {
    recipe: Recipe,
    curriculum: Settings,
    pruning: Settings,
    both: Settings,
}

impl Tuned {
    /// All arms with their settings: neither, the single ones, both, and the controls of each.
    fn arms(&self) -> [(Strategy, Settings); 9] {
        let [random_order, random_pruning, both_random] = CONTROLS;
        [
            // It has none.
            (NEITHER, self.both),
            (CURRICULUM, self.curriculum),
            (PRUNING, self.pruning),
            (BOTH, self.both),
            (CURRICULUM_CONTROL, self.curriculum),
            (PRUNING_CONTROL, self.pruning),
            (random_order, self.both),
            (random_pruning, self.both),
            (both_random, self.both),
        ]
    }
}

/// The first of the candidates with the best mean validation accuracy over seeds of their own, and all these means.
fn best<C: Copy + Serialize + Sync>(
    task: &Task,
    noise: f64,
    what: &str,
    candidates: &[C],
    arm: impl Fn(C) -> (Recipe, Strategy, Settings) + Sync,
    context: &Context<'_>,
) -> Result<Chosen<C>> {
    let seeds: Vec<u64> = (CHOOSING..CHOOSING + task.n_choosing).collect();
    let name = format!("life-cycle-{}-noise-{:.0}-{what}", task.key, 100.0 * noise);
    let choice = Choice::new(name, seeds, Metric::scalar("validation"), Better::Higher)
        .settings(task.pool.data().fingerprint().to_string().into());
    context.choose(&choice, candidates, &task.seeds, |&candidate, seed| {
        let (recipe, strategy, settings) = arm(candidate);
        let split = task.pool.split(noise, seed)?;
        recipe.train(&split, strategy, settings, Equal::Updates, seed)
    })
}

fn choose(findings: &mut Findings, task: &Task, noise: f64, context: &Context<'_>) -> Result<Tuned> {
    let any = Settings { full_at: FULL_AT[0], at_most: AT_MOST[0] };
    let recipe = |learning_rate| Recipe { learning_rate, ..task.recipe };
    let rate = best(task, noise, "rate", &RATES, |rate| (recipe(rate), NEITHER, any), context)?;
    let recipe = recipe(rate.candidate);
    let settings = |full_at: &[f64], at_most: &[f64]| -> Vec<Settings> {
        let of = |&full_at| at_most.iter().map(move |&at_most| Settings { full_at, at_most });
        full_at.iter().flat_map(of).collect()
    };
    let mut table = Table::new(["arm", "all available at", "pruned at most", "validation accuracy"]);
    let mut of = |strategy: Strategy, candidates: Vec<Settings>| -> Result<Settings> {
        let what = strategy.name.replace(' ', "-");
        let chosen = best(task, noise, &what, &candidates, |settings| (recipe, strategy, settings), context)?;
        for (Settings { full_at, at_most }, mean) in candidates.into_iter().zip(chosen.means) {
            table.row([
                Cell::text(strategy.name),
                if strategy.is_paced() { Cell::number(full_at, 1) } else { Cell::Missing },
                if strategy.prunes() { Cell::number(at_most, 1) } else { Cell::Missing },
                mean.map_or(Cell::Missing, |mean| Cell::number(mean, 4)),
            ])?;
        }
        Ok(chosen.candidate)
    };
    let curriculum = of(CURRICULUM, settings(&FULL_AT, &AT_MOST[..1]))?;
    let pruning = of(PRUNING, settings(&FULL_AT[..1], &AT_MOST))?;
    let both = of(BOTH, settings(&FULL_AT, &AT_MOST))?;
    let title = format!(
        "What the settings were chosen by, on {} other seeds: {}, {:.0} % label noise",
        task.n_choosing,
        task.name,
        100.0 * noise
    );
    findings.tables.push((title, table));
    Ok(Tuned { recipe, curriculum, pruning, both })
}

/// What one data set says, without and with label noise.
fn on(findings: &mut Findings, context: &Context<'_>, task: &Task) -> Result<()> {
    for noise in NOISES {
        let chosen = choose(findings, task, noise, context)?;
        let recipe = chosen.recipe;
        let arms = chosen.arms();
        let percent = (100.0 * noise).round();
        let (key, name) =
            (format!("{}-noise-{percent}", task.key), format!("{}, {percent} % label noise", task.name));
        let fingerprint = task.pool.data().fingerprint().to_string();
        let mut study = Study::new(format!("Life cycle on {name}"), task.seeds.clone());
        for (strategy, Settings { full_at, at_most }) in arms {
            study = study.arm(strategy.name, json!({ "full_at": full_at, "at_most": at_most }));
        }
        for equal in Equal::ALL {
            let settings = json!({ "recipe": recipe.settings(), "noise": noise, "data": fingerprint });
            study = study.setting(equal.name(), settings);
        }
        let n_train = task.pool.n_train();
        let journal = format!("life-cycle-{key}-{n_train}-{}-{}.jsonl", recipe.n_epochs, task.seeds.len());
        let results = context.study(&study, journal, |run| {
            let (strategy, settings) = arms[run.arm_place];
            let split = task.pool.split(noise, run.seed)?;
            recipe.train(&split, strategy, settings, Equal::ALL[run.setting_place], run.seed)
        })?;
        let data = task.pool.data();
        let widths = format!("{}-{}-{}", data.n_features(), recipe.n_hidden, data.n_classes());
        let conditions = format!(
            "{name}, about {n_train} training examples, perceptron {widths}, {} epochs at learning rate {}, {} splits",
            recipe.n_epochs,
            recipe.learning_rate,
            task.seeds.len()
        );
        judged(findings, task, &results, &conditions)?;
        table(findings, &results, &arms, &conditions)?;
        figures(findings, &results, &arms, (&key, &conditions))?;
        findings.number(format!("{key}_runs"), json!({ "study": results.study, "runs": results.runs }))?;
    }
    Ok(())
}

/// The test accuracy with the last weights.
const AT_THE_END: &str = "test";

/// The test accuracy with the weights that validated best.
const BEST_VALIDATED: &str = "test, best validated";

fn tests(results: &StudyResults, equal: Equal, strategy: Strategy, scalar: &str) -> Result<Vec<f64>> {
    let values = results.values(equal.name(), strategy.name, &Metric::scalar(scalar))?;
    Ok(values.into_iter().flatten().collect())
}

/// The claims, at equal compute.
fn judged(findings: &mut Findings, task: &Task, results: &StudyResults, conditions: &str) -> Result<()> {
    for equal in [Equal::Updates, Equal::Examples] {
        for (claim, own, others, scalar) in [
            (BEST, BOTH, &[CURRICULUM, PRUNING, NEITHER][..], AT_THE_END),
            (BEST, BOTH, &[CURRICULUM, PRUNING, NEITHER][..], BEST_VALIDATED),
            (BEATS_CONTROLS, BOTH, &CONTROLS[..], AT_THE_END),
            (ORDER_MATTERS, CURRICULUM, &[CURRICULUM_CONTROL][..], AT_THE_END),
            (CHOICE_MATTERS, PRUNING, &[PRUNING_CONTROL][..], AT_THE_END),
        ] {
            let values: Vec<Vec<f64>> =
                others.iter().map(|&other| tests(results, equal, other, scalar)).collect::<Result<_>>()?;
            let own = tests(results, equal, own, scalar)?;
            let differences: Vec<Replications> = values
                .iter()
                .map(|other| {
                    let less = own.iter().zip(other).map(|(own, other)| own - other).collect();
                    Replications::resplit(less, task.pool.test_to_train())
                })
                .collect::<Result<_, _>>()?;
            let measurement = match &differences[..] {
                [only] => Measurement::replicated(only.clone()),
                _ if differences.iter().any(Replications::is_constant) => {
                    Measurement::undefined("no run differs from that of one of the other arms")
                }
                _ => Measurement::Sampled { evidence: Evidence::least_of(differences.clone())? },
            };
            let least = |a: &usize, b: &usize| differences[*a].mean().total_cmp(&differences[*b].mean());
            let nearest = (0..differences.len()).min_by(least).unwrap_or(0);
            let closest = match others {
                [_] => String::new(),
                _ => format!(", closest: {}", others[nearest].name),
            };
            let weights = if scalar == AT_THE_END { "" } else { ", weights that validated best" };
            let conditions = format!("{}{weights}{closest}; {conditions}", equal.name());
            findings.measure(claim.id, Part::Real, conditions, measurement);
        }
    }
    Ok(())
}

/// Every arm under every budget: what it reached, what it was shown, what it kept.
fn table(
    findings: &mut Findings,
    results: &StudyResults,
    arms: &[(Strategy, Settings)],
    conditions: &str,
) -> Result<()> {
    let mut table = Table::new([
        "equal",
        "arm",
        "all available at",
        "pruned at most",
        "test accuracy",
        "less neither",
        "best validated",
        "matured",
        "after passes",
        "best after pruning",
        "kept",
        "wrong labels kept",
        "updates",
        "examples",
        "scored",
    ]);
    for equal in Equal::ALL {
        for &(strategy, settings) in arms {
            let records = results.records(equal.name(), strategy.name)?;
            let mean = |scalar: &str| -> Option<f64> {
                let values: Vec<f64> =
                    records.iter().flatten().filter_map(|record| record.scalars.get(scalar).copied()).collect();
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            };
            let cell = |value: Option<f64>, digits: usize| {
                value.map_or(Cell::Missing, |value| Cell::number(value, digits))
            };
            let accuracy = results.summary(equal.name(), strategy.name, &Metric::scalar(AT_THE_END))?;
            let difference =
                results.paired(equal.name(), strategy.name, NEITHER.name, &Metric::scalar(AT_THE_END))?;
            table.row([
                Cell::text(equal.name().trim_start_matches("equal ")),
                Cell::text(strategy.name),
                cell(strategy.is_paced().then_some(settings.full_at), 1),
                cell(strategy.prunes().then_some(settings.at_most), 1),
                Cell::mean(&accuracy, 4),
                match strategy == NEITHER {
                    true => Cell::Missing,
                    false => Cell::interval(difference.mean_difference, difference.interval, 4),
                },
                cell(mean(BEST_VALIDATED), 4),
                cell(mean("matured").filter(|_| strategy.prunes()), 2),
                cell(mean("matured_at"), 1),
                cell(mean("best after pruning"), 2),
                cell(mean("kept"), 3),
                cell(mean("wrong"), 3),
                cell(mean("updates"), 0),
                cell(mean("examples"), 0),
                cell(mean("scored"), 0),
            ])?;
        }
    }
    findings.tables.push((format!("Life cycle: {conditions}"), table));
    Ok(())
}

fn figures(
    findings: &mut Findings,
    results: &StudyResults,
    arms: &[(Strategy, Settings)],
    (key, conditions): (&str, &str),
) -> Result<()> {
    let names = arms[1..].iter().map(|(strategy, _)| strategy.name);
    let mut figure =
        BarFigure::new("What is gained over plain training?", "", "test accuracy, less neither", names);
    for equal in Equal::ALL {
        let bars = arms[1..].iter().map(|(strategy, _)| -> Result<Bar> {
            let paired = results.paired(equal.name(), strategy.name, NEITHER.name, &Metric::scalar(AT_THE_END))?;
            Ok(Bar { value: paired.mean_difference, interval: paired.interval })
        });
        figure = figure.series(equal.name(), bars.collect::<Result<Vec<Bar>>>()?);
    }
    let caption = format!("Test accuracy less that of plain training, paired, with 95 % intervals. {conditions}.");
    findings.figure(format!("life-cycle-{key}"), caption, figure.render(1080, 480)?);

    let mut figure = LineFigure::new("Validation at equal updates", "passes' worth of updates", "accuracy");
    for strategy in [NEITHER, CURRICULUM, PRUNING, BOTH] {
        let records: Vec<&Record> =
            results.records(Equal::Updates.name(), strategy.name)?.into_iter().flatten().collect();
        let n = records.iter().map(|record| record.curves["validations"].len()).min().unwrap_or(0);
        let at = |at: usize| {
            let values: Vec<f64> = records.iter().map(|record| record.curves["validations"][at]).collect();
            Ok(Summary::of(&values)?)
        };
        let summaries: Vec<Summary> = (0..n).map(at).collect::<Result<_>>()?;
        let passes: Vec<f64> = (1..=n).map(|pass| pass as f64).collect();
        figure = figure.line_of_means(strategy.name, &passes, &summaries);
    }
    let caption = format!("Validation accuracy as training goes on, 95 % bands over splits. {conditions}.");
    findings.figure(format!("life-cycle-validation-{key}"), caption, figure.render(820, 460)?);
    Ok(())
}
