//! Section 6: scores after a few epochs, what can be pruned by them, and where that fails.

mod task;

use anyhow::{Result, anyhow};
use cl_data::io::CifarPart;
use cl_model::{CrossEntropy, evaluate};
use cl_study::{
    Better, Cell, Choice, Crossing, CrossoverSettings, EqualBudget, Figure, LineFigure, Metric, PruneCurves,
    PruneStudy, Record, Scale, Study, Summary, Table,
};
use serde_json::json;

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    data_dir::{CIFAR_10, DataDir, first},
    experiment::{Context, Experiment, Findings},
    noisy_split::Pool,
};
use task::{CCS, CCS_ESTIMATED, EASIEST, GRAND, GRAND_FIRST, HARDEST, N_RUNS, OFFSETS, RATES, RUNS, Task, offset};

/// A difference of test accuracies that is not worth naming.
const MARGIN: f64 = 0.005;

const EARLY: Claim = Claim {
    id: "el2n/early",
    place: "section 6, text",
    article: "EL2N after a few epochs ranks the examples",
    about: About::Training,
    judge: Judge::Within {
        quantity: "Spearman correlation of the early EL2N, mean of ten runs, with that of ten others after the last epoch",
        low: 0.8,
        high: 1.0,
    },
};

const HALF: Claim = Claim {
    id: "el2n/half",
    place: "section 6, text",
    article: "half of CIFAR-10 pruned without loss",
    about: About::CIFAR_10,
    judge: Judge::Within {
        quantity: "test accuracy, the half of highest EL2N less the whole (half a point may be lost)",
        low: -MARGIN,
        high: f64::INFINITY,
    },
};

const HALF_ELSEWHERE: Claim = Claim {
    id: "el2n/half-elsewhere",
    place: "section 6 (not in the article)",
    article: "(not in the article) half is pruned without loss on other data, too",
    about: About::Training,
    judge: Judge::Within {
        quantity: "test accuracy, the half of highest EL2N less the whole (half a point may be lost)",
        low: -MARGIN,
        high: f64::INFINITY,
    },
};

const OVER_NETWORKS: Claim = Claim {
    id: "el2n/over-networks",
    place: "section 6, text (Paul 2021 average over networks)",
    article: "EL2N is averaged over a few early epochs (the paper: over networks, at one epoch)",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "Spearman correlation with ten other networks after the last epoch, of EL2N averaged over the early \
                   epochs of one network less averaged over as many networks at the last of these epochs",
        margin: 0.02,
    },
};

const BEATS_RANDOM: Claim = Claim {
    id: "el2n/beats-random",
    place: "section 6 (Paul 2021)",
    article: "the half of highest EL2N is better than half at random",
    about: About::Training,
    judge: Judge::Positive { quantity: "test accuracy, highest EL2N less random, half kept", margin: MARGIN },
};

const CROSSOVER: Claim = Claim {
    id: "el2n/crossover",
    place: "section 6 (Sorscher 2022, Zheng 2023; not in the article)",
    article: "(not in the article) where little is kept, keeping the hardest falls below random",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy, random less highest EL2N, at the smallest part kept",
        margin: MARGIN,
    },
};

const NOISE: Claim = Claim {
    id: "el2n/noise",
    place: "section 6 (not in the article)",
    article: "(not in the article) with label noise keeping the hardest falls below random while more is still kept",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "part of the data kept at which keeping the hardest falls below random by half a point and stays there, 20 % label noise less none",
        margin: 0.05,
    },
};

const FIRST: Claim = Claim {
    id: "el2n/initialisation",
    place: "section 6 (Paul 2021, doubted by Kirsch 2023; not in the article)",
    article: "(not in the article) GraNd at initialisation finds what matters",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy, highest GraNd at initialisation less random, half kept",
        margin: MARGIN,
    },
};

/// Label noise: none, and the share of the labels that is wrong.
const NOISES: [f64; 2] = [0.0, 0.2];

const METHODS: [&str; 6] = [HARDEST, EASIEST, CCS, CCS_ESTIMATED, GRAND, GRAND_FIRST];

const BUDGETS: [EqualBudget; 2] = [EqualBudget::Updates, EqualBudget::Epochs];

/// Paul, Ganguli and Dziugaite (2021): EL2N, GraNd, and pruning by them.
pub(super) static EL2N: Experiment = Experiment {
    id: "el2n",
    section: "6",
    question: "What can be pruned by a score after a few epochs, and when does it fail?",
    claims: &[EARLY, OVER_NETWORKS, HALF, HALF_ELSEWHERE, BEATS_RANDOM, CROSSOVER, NOISE, FIRST],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    on(&mut findings, context, &digits(context)?)?;
    if let Some(folder) = &context.data_dir {
        for (name, present) in [("Fashion-MNIST", FASHION), ("CIFAR-10", CIFAR_10)] {
            match folder.folder(present) {
                Some(_) => on(&mut findings, context, &images(context, folder, present, name)?)?,
                None => findings.notes.push(format!("{name}: no folder {present}, left out.")),
            }
        }
    }
    if !findings.measured.iter().any(|measured| measured.claim == HALF.id) {
        let nothing = Measurement::undefined("no CIFAR-10 was there; elsewhere see el2n/half-elsewhere");
        findings.measure(HALF.id, Part::Real, "by --data-dir", nothing);
    }
    findings.notes.push(NOTE.to_owned());
    Ok(findings)
}

const FASHION: &str = "fashion-mnist";

const NOTE: &str = "Scores are taken in evaluation mode after whole epochs and averaged over ten runs that no arm \
     trains from. Every arm trains from scratch with the learning rate that validated best for training on \
     everything, tuned on seeds of its own under the same noise; with equal updates a smaller set is seen more often \
     (a little less in all where the last batch of an epoch is short), with equal epochs it gets fewer updates. \
     Coverage-centric selection cuts off as many of the hardest as labels are wrong: once it is told the true rate, and \
     once it takes what confident learning estimates from the mean probabilities of the ten runs, which were trained on \
     these examples. Every repetition cuts training, validation and test part of digits anew, and intervals of measurements allow for what such cuts share; \
     images are drawn anew from the training set, and the test set is one. Test labels are clean and read once, after the \
     last update. A crossover is where the means over repetitions fall below random by half a point and stay there; the \
     comparison between noises takes that of every repetition by itself. Where none is found, it counts it at the smallest \
     part kept: a difference is then a bound. Scoring costs every presentation of the ten runs and a pass for the scores. The files `el2n-*.json` beside \
     this report hold every run; `curriculum crossover` reads them.";

fn digits(context: &Context<'_>) -> Result<Task> {
    let quick = context.quick;
    Ok(Task {
        key: "digits",
        name: "UCI digits",
        pool: Pool::digits()?,
        n_hidden: 32,
        batch_size: 32,
        n_epochs: if quick { 6 } else { 30 },
        checkpoints: if quick { vec![1, 2, 4] } else { vec![1, 2, 3, 4, 8, 16, 30] },
        early: if quick { 1 } else { 3 },
        kept: if quick { vec![1.0, 0.5, 0.1] } else { vec![1.0, 0.9, 0.7, 0.5, 0.35, 0.2, 0.1] },
        swept: if quick { vec![0.5, 0.1] } else { vec![0.7, 0.5, 0.35, 0.2, 0.1] },
        seeds: context.seeds.clone(),
    })
}

/// The first images of the training set, cut by seed, and the whole test set.
fn images(context: &Context<'_>, folder: &DataDir, present: &'static str, name: &'static str) -> Result<Task> {
    let (key, train, test) = match present {
        CIFAR_10 => ("cifar-10", folder.cifar10(CifarPart::Train)?, folder.cifar10(CifarPart::Test)?),
        _ => ("fashion", folder.images(present, "train")?, folder.images(present, "t10k")?),
    };
    let n = match (context.quick, context.full) {
        (true, _) => 600,
        (false, true) => usize::MAX,
        (false, false) => 5_000,
    };
    Ok(Task {
        key,
        name,
        pool: Pool::images(train, first(&test, if context.quick { 500 } else { 10_000 })?, n),
        n_hidden: 32,
        batch_size: 32,
        n_epochs: if context.quick { 2 } else { 10 },
        checkpoints: if context.quick { vec![1, 2] } else { vec![1, 2, 3, 10] },
        early: if context.quick { 1 } else { 2 },
        kept: if context.quick { vec![1.0, 0.5, 0.1] } else { vec![1.0, 0.9, 0.7, 0.5, 0.3, 0.1] },
        swept: if context.quick { vec![0.5, 0.1] } else { vec![0.7, 0.5, 0.3, 0.1] },
        seeds: context.seeds.iter().copied().take(if context.full { 10 } else { 6 }).collect(),
    })
}

/// The rate with the best validation accuracy of training on everything, on seeds of its own.
fn tuned(task: &Task, noise: f64, key: &str, context: &Context<'_>) -> Result<f64> {
    let seeds: Vec<u64> = (2_000_000..2_000_003).collect();
    let choice = Choice::new(format!("el2n-{key}"), seeds, Metric::scalar("validation"), Better::Higher)
        .settings(task.pool.data().fingerprint().to_string().into());
    let chosen = context.choose(&choice, &RATES, &task.seeds, |&rate, seed| {
        let parts = task.parts(noise, seed)?;
        let n_updates = task.updates(parts.train.n_examples());
        let (network, _) = task.trained(&parts.train, rate, n_updates, seed)?;
        let accuracy = evaluate(&network, &CrossEntropy, &parts.validation)?.accuracy();
        Ok(Record::new().scalar("validation", accuracy))
    })?;
    Ok(chosen.candidate)
}

/// What one data set says, without and with label noise.
fn on(findings: &mut Findings, context: &Context<'_>, task: &Task) -> Result<()> {
    let mut curves = Vec::new();
    for noise in NOISES {
        let percent = (100.0 * noise).round();
        let key = format!("{}-noise-{percent}", task.key);
        let rate = tuned(task, noise, &key, context)?;
        let name = format!("{}, {percent} % label noise", task.name);
        let journal = |what: &str| {
            let n = task.pool.n_train();
            let sizes = format!("{n}-{}-{}", task.n_epochs, task.seeds.len());
            format!("el2n-{key}-{what}-{sizes}.jsonl")
        };
        let settings = json!({
            "rate": rate, "noise": noise, "checkpoints": task.checkpoints, "hidden": task.n_hidden,
            "data": task.pool.data().fingerprint().to_string(), "batch_size": task.batch_size,
        });
        let scored = Study::new(format!("EL2N scores on {name}"), task.seeds.clone()).arm("scores", settings);
        let scored = context.study(&scored, journal("scores"), |run| {
            task.scores(&task.parts(noise, run.seed)?.train, rate, run.seed)
        })?;
        let records: Vec<&Record> = scored.records("all", "scores")?.into_iter().flatten().collect();
        let (n, n_hidden, n_epochs) = (task.pool.n_train(), task.n_hidden, task.n_epochs);
        let title =
            format!("{name}, {n} training examples, {n_hidden} units, {n_epochs} epochs at learning rate {rate}");
        let run = |study: PruneStudy, what: &str| -> Result<PruneCurves> {
            let pruned =
                study.run(context.jobs, Some(&context.journals.join(journal(what))), context.progress, |run| {
                    let at = task.seeds.iter().position(|&seed| seed == run.seed);
                    let scores = at
                        .and_then(|at| records.get(at))
                        .ok_or_else(|| format!("no scores of seed {}", run.seed))?;
                    task.pruned(run, noise, rate, scores).map_err(|error| format!("{error:#}"))
                })?;
            if let Some(failed) = pruned.failed().next() {
                return Err(anyhow!("{name}, {}, {} kept: {:?}", failed.method, failed.kept, failed.failed));
            }
            Ok(pruned)
        };
        let mut study = PruneStudy::new(&title, task.seeds.clone(), task.kept.clone())?;
        for method in METHODS {
            study = study.method(method);
        }
        let pruned = run(study, "prune")?;
        let mut study = PruneStudy::new(format!("{title}, offsets"), task.seeds.clone(), task.swept.clone())?;
        study = study.method(HARDEST);
        for share in OFFSETS {
            study = study.method(offset(share));
        }
        let swept = run(study, "offsets")?;
        let n_train = pruned.runs()[0].outcome.as_ref().map_or(0, |outcome| outcome.n_kept);
        let data = task.pool.data();
        let widths = format!("{}-{}-{}", data.n_features(), task.n_hidden, data.n_classes());
        let conditions = format!(
            "{name}, {n_train} training examples, perceptron {widths}, {} epochs at learning rate {rate}, {} repetitions",
            task.n_epochs,
            task.seeds.len()
        );
        stability(findings, task, &records, &key, &conditions)?;
        prune(findings, task, &pruned, &key, &conditions)?;
        sweep(findings, &swept, &key, &conditions)?;
        findings.number(format!("{key}_learning_rate"), rate)?;
        curves.push(pruned);
    }
    crossovers(findings, task, &curves)
}

/// How stable the scores are against the number of runs and of epochs.
fn stability(
    findings: &mut Findings,
    task: &Task,
    records: &[&Record],
    key: &str,
    conditions: &str,
) -> Result<()> {
    let epochs: Vec<f64> = task.checkpoints.iter().map(|&epoch| epoch as f64).collect();
    let of =
        |curve: &str, at: usize| -> Vec<f64> { records.iter().map(|record| record.curves[curve][at]).collect() };
    let early = of(&format!("last epoch, {N_RUNS} runs"), task.early);
    let when = format!(
        "after {} of {} epochs; {conditions}",
        task.checkpoints[task.early],
        task.checkpoints[epochs.len() - 1]
    );
    let measured = Measurement::over_splits(&early, task.pool.shared_training())?.on(Scale::Correlation)?;
    findings.measure(EARLY.id, Part::Real, when, measured);
    let over_networks: Vec<f64> = records.iter().map(|record| record.scalars["epochs less networks"]).collect();
    let when = format!("{} epochs or as many networks; {conditions}", task.early + 1);
    let measured = Measurement::over_splits(&over_networks, task.pool.shared_training())?;
    findings.measure(OVER_NETWORKS.id, Part::Real, when, measured);
    let mut figure = LineFigure::new(
        "How stable is EL2N?",
        "epochs before the score",
        "Spearman with ten other runs, last epoch",
    );
    let mut table = Table::new(["runs", "after epoch", "with ten others then", "with ten others at the end"]);
    for n_runs in RUNS {
        let (same, last) = (format!("same epoch, {n_runs} runs"), format!("last epoch, {n_runs} runs"));
        let summaries: Vec<Summary> =
            (0..epochs.len()).map(|at| Ok(Summary::of(&of(&last, at))?)).collect::<Result<_>>()?;
        for (at, summary) in summaries.iter().enumerate() {
            table.row([
                Cell::number(n_runs as f64, 0),
                Cell::number(epochs[at], 0),
                Cell::mean(&Summary::of(&of(&same, at))?, 3),
                Cell::mean(summary, 3),
            ])?;
        }
        let label = if n_runs == 1 { "1 run".to_owned() } else { format!("mean of {n_runs} runs") };
        figure = figure.line_of_means(label, &epochs, &summaries);
    }
    let scalars = |name: &str| -> Vec<f64> { records.iter().map(|record| record.scalars[name]).collect() };
    findings.notes.push(format!(
        "Estimated share of wrong labels: {}. Spearman correlation of early GraNd with early EL2N: {}; with GraNd at \
         initialisation: {} ({conditions}).",
        Measurement::over_seeds(&scalars("estimated noise"))?,
        Measurement::over_seeds(&scalars("grand with el2n"))?,
        Measurement::over_seeds(&scalars("grand at initialisation with grand"))?,
    ));
    findings.tables.push((format!("Stability of EL2N (Spearman): {conditions}"), table));
    let caption = format!("Stability of EL2N against runs and epochs; 95 % bands over repetitions. {conditions}.");
    findings.figure(format!("el2n-stability-{key}"), caption, figure.render(760, 440)?);
    findings.number(format!("{key}_scores"), records)?;
    Ok(())
}

/// The accuracy of one method at one part kept, seed by seed.
fn accuracies(curves: &PruneCurves, method: &str, budget: EqualBudget, kept: f64) -> Result<Vec<f64>> {
    let points = curves.curve(method, budget)?;
    let point =
        points.iter().find(|point| point.kept == kept).ok_or_else(|| anyhow!("no runs with {kept} kept"))?;
    Ok(point.outcomes.iter().map(|outcome| outcome.accuracy).collect())
}

fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// What pruning costs, against the whole and against random.
fn prune(findings: &mut Findings, task: &Task, curves: &PruneCurves, key: &str, conditions: &str) -> Result<()> {
    let smallest = curves.study().kept.last().copied().unwrap_or(1.0);
    for budget in BUDGETS {
        let at = |method: &str, kept: f64| accuracies(curves, method, budget, kept);
        let whole = at(PruneStudy::RANDOM, 1.0)?;
        let (half, random) = (at(HARDEST, 0.5)?, at(PruneStudy::RANDOM, 0.5)?);
        let few = less(&at(PruneStudy::RANDOM, smallest)?, &at(HARDEST, smallest)?);
        let first = less(&at(GRAND_FIRST, 0.5)?, &random);
        for (claim, differences, what) in [
            (
                if task.key == "cifar-10" { HALF } else { HALF_ELSEWHERE },
                less(&half, &whole),
                "half kept".to_owned(),
            ),
            (BEATS_RANDOM, less(&half, &random), "half kept".to_owned()),
            (CROSSOVER, few, format!("{smallest} kept")),
            (FIRST, first, "half kept".to_owned()),
        ] {
            let conditions = format!("equal {budget}, {what}; {conditions}");
            let measured = Measurement::over_splits(&differences, task.pool.test_to_train())?;
            findings.measure(claim.id, Part::Real, conditions, measured);
        }
        let title = format!(
            "Prune curves at equal {budget}, class balance and wrong labels of what is kept: {conditions}"
        );
        findings.tables.push((title, curves.table(budget, PruneStudy::RANDOM)?));
        let caption = format!("Test accuracy against the part kept, at equal {budget}; 95 % bands. {conditions}.");
        let figure = curves.figure(budget)?;
        findings.figure(format!("el2n-{key}-{budget}"), caption, figure.render(860, 520)?);
    }
    findings.files.push((format!("el2n-{key}.json"), serde_json::to_string(curves)?));
    Ok(())
}

/// What it helps to leave the hardest out.
fn sweep(findings: &mut Findings, curves: &PruneCurves, key: &str, conditions: &str) -> Result<()> {
    for budget in BUDGETS {
        let title = format!("The hardest but the very hardest, at equal {budget}: {conditions}");
        findings.tables.push((title, curves.table(budget, PruneStudy::RANDOM)?));
        let caption = format!("Leaving out the very hardest, at equal {budget}; 95 % bands. {conditions}.");
        let figure = curves.figure(budget)?;
        findings.figure(format!("el2n-offsets-{key}-{budget}"), caption, figure.render(820, 480)?);
    }
    findings.files.push((format!("el2n-offsets-{key}.json"), serde_json::to_string(curves)?));
    Ok(())
}

/// Where each method falls below random for good, and whether label noise moves that of the hardest.
fn crossovers(findings: &mut Findings, task: &Task, curves: &[PruneCurves]) -> Result<()> {
    let settings = CrossoverSettings { crossing: Crossing::Stays, margin: MARGIN, ..CrossoverSettings::default() };
    let mut table = Table::new(["method", "budget", "label noise", "falls below random at", "from", "to"]);
    for method in METHODS {
        for budget in BUDGETS {
            for (noise, curves) in NOISES.iter().zip(curves) {
                let found = curves.crossover(method, PruneStudy::RANDOM, budget, &settings)?;
                table.row([
                    Cell::text(method),
                    Cell::text(budget.to_string()),
                    Cell::text(format!("{:.0} %", 100.0 * noise)),
                    Cell::text(found.at.to_string()),
                    found.interval.map_or(Cell::Missing, |[low, _]| Cell::text(low.to_string())),
                    found.interval.map_or(Cell::Missing, |[_, high]| Cell::text(high.to_string())),
                ])?;
            }
        }
    }
    findings.tables.push((
        format!("Part kept at which a method falls below random by half a point and stays there: {}", task.name),
        table,
    ));
    let mut figure = LineFigure::new(
        "Where does keeping the hardest fall below random?",
        "part of the data kept",
        "accuracy, less random",
    )
    .horizontal(0.0, "as good as random");
    for budget in BUDGETS {
        // By noise, then by part kept, then by seed.
        let mut differences: Vec<Vec<Vec<f64>>> = Vec::new();
        for curves in curves {
            let at = |&kept: &f64| {
                let [own, random] =
                    [HARDEST, PruneStudy::RANDOM].map(|method| accuracies(curves, method, budget, kept));
                Ok(less(&own?, &random?))
            };
            differences.push(task.kept.iter().map(at).collect::<Result<_>>()?);
        }
        for (noise, of) in NOISES.iter().zip(&differences) {
            let summaries: Vec<Summary> = of.iter().map(|d| Ok(Summary::of(d)?)).collect::<Result<_>>()?;
            let label = format!("{:.0} % noise, equal {budget}", 100.0 * noise);
            figure = figure.line_of_means(label, &task.kept, &summaries);
        }
        let n = task.seeds.len();
        let conditions = format!("equal {budget}; {}, {n} repetitions", task.name);
        let smallest = task.kept.last().copied().unwrap_or(1.0);
        // Where nothing is pruned there is no difference, so that it is never below from there on.
        let of_one = |noise: usize, seed: usize| {
            let differences: Vec<f64> = differences[noise].iter().map(|of| MARGIN + of[seed]).collect();
            Crossing::Stays.point(&task.kept, &differences).fraction().unwrap_or(smallest)
        };
        let moved: Vec<f64> = (0..n).map(|seed| of_one(1, seed) - of_one(0, seed)).collect();
        let measured = Measurement::over_splits(&moved, task.pool.test_to_train())?;
        findings.measure(NOISE.id, Part::Real, conditions, measured);
    }
    let caption =
        format!("Keeping the hardest by EL2N less keeping as many at random; 95 % bands. {}.", task.name);
    findings.figure(format!("el2n-crossover-{}", task.key), caption, figure.render(820, 480)?);
    Ok(())
}
