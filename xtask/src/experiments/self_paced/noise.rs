//! Every regulariser on digits with label noise: does what is left out hold the noise, and does it help?

use anyhow::{Result, anyhow};
use cl_data::{Dataset, bundled};
use cl_study::{
    Bar, BarFigure, Better, Choice, Figure, Interval, LineFigure, Metric, Paired, Record, Scale, Study,
    StudyResults, Summary, Table,
};
use serde_json::json;

use super::learner::{
    Arm, BATCH_SIZE, FIRST_SHARE, LEFT_OUT, MU, N_CHECKS, N_HIDDEN, OLDEST_LOGARITHMIC, Pace, Problem, Recipe,
    Regularizer,
};
use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Findings},
};

/// A difference of test accuracies that is not worth naming.
const MARGIN: f64 = 0.005;

const PLACE: &str = "(not in the article)";

pub(super) const ACCURACY: Claim = Claim {
    id: "self-paced/noise-accuracy",
    place: PLACE,
    article: "under label noise self-paced learning learns better than plain training",
    about: About::Training,
    judge: Judge::Positive { quantity: "test accuracy, self-paced less plain training", margin: MARGIN },
};

pub(super) const REGULARIZERS: Claim = Claim {
    id: "self-paced/noise-regularizers",
    place: PLACE,
    article: "so does self-paced learning with the regularisers of later papers",
    about: About::Training,
    judge: Judge::Positive { quantity: "test accuracy, self-paced less plain training", margin: MARGIN },
};

pub(super) const SELECTION: Claim = Claim {
    id: "self-paced/noise-selection",
    place: PLACE,
    article: "under label noise it matters which examples are left out, and not only how many",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy, self-paced less training on as many examples at random",
        margin: MARGIN,
    },
};

pub(super) const PRECISION: Claim = Claim {
    id: "self-paced/noise-precision",
    place: PLACE,
    article: "what is left out at the end holds the noise",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of wrong labels among the examples left out, less that among all",
        margin: 0.1,
    },
};

pub(super) const RECALL: Claim = Claim {
    id: "self-paced/noise-recall",
    place: PLACE,
    article: "most of the noise is left out at the end",
    about: About::Training,
    judge: Judge::Within { quantity: "share of the wrong labels that is left out", low: 0.5, high: 1.0 },
};

pub(super) const QUANTILE: Claim = Claim {
    id: "self-paced/quantile",
    place: PLACE,
    article: "under label noise lambda is better a quantile of the losses than a growing value",
    about: About::Training,
    judge: Judge::Positive { quantity: "test accuracy, quantile less growing value", margin: MARGIN },
};

pub(super) const CLEAN: Claim = Claim {
    id: "self-paced/clean",
    place: PLACE,
    article: "without label noise self-paced learning costs nothing",
    about: About::Training,
    judge: Judge::Within {
        quantity: "test accuracy, self-paced less plain training (half a point may be lost)",
        low: -MARGIN,
        high: f64::INFINITY,
    },
};

/// What repetitions share: every one cuts a fifth to test on from the rest.
const TEST_TO_TRAIN: f64 = 0.2 / 0.8;

/// The same where it is measured on the training part: two of three fifths have three fifths in common.
const SHARED_TRAINING: f64 = 0.6 / 0.4;

/// Of the labels, in percent.
const NOISES: [u64; 3] = [0, 20, 40];

/// Learning rates tried for plain training.
const RATES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.5];

/// Last shares tried for hard self-paced learning; all other arms take over what is best.
const LAST_SHARES: [f64; 6] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
const N_TUNING_SEEDS: u64 = 5;
const FIRST_TUNING_SEED: u64 = 1_000_000;

const HARD: Arm = Arm::Paced(Regularizer::Hard, Pace::Quantile);
const HARD_VALUE: Arm = Arm::Paced(Regularizer::Hard, Pace::Value);

fn name(noise: u64) -> String {
    format!("{noise} % label noise")
}

/// The study and all that it says.
pub(super) fn report(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let digits = bundled::digits().cast::<f32>()?;
    let n_epochs = if context.quick { 8 } else { 40 };
    let recipes = tuned(&digits, n_epochs, context)?;
    let results = run(&digits, &recipes, context)?;
    let study = Report { results: &results, n_seeds: context.seeds.len(), n_epochs };
    study.measure(findings)?;
    for noise in NOISES {
        findings
            .tables
            .push((format!("UCI digits, {}, {} splits", name(noise), study.n_seeds), study.table(noise)?));
    }
    study.figures(findings)?;
    let recipe = |at: usize| {
        json!({
            "learning_rate": recipes[at].learning_rate,
            "last_share": recipes[at].last_share,
        })
    };
    findings.number("noise_recipes", (0..NOISES.len()).map(recipe).collect::<Vec<_>>())?;
    for noise in NOISES {
        for arm in Arm::all() {
            let records = study.records(noise, arm)?;
            let all = |scalar: &str| records.iter().map(|record| record.scalars[scalar]).collect::<Vec<f64>>();
            let last = |curve: &str| records.iter().map(|record| record.curves[curve].last()).collect::<Vec<_>>();
            findings.number(
                format!("noise_{noise}, {arm}"),
                json!({
                    "test": all("test"),
                    "test_last": all("test_last"),
                    "test_at_equal_examples": all("test_at_equal_examples"),
                    "validation": all("validation"),
                    "examples": all("examples"),
                    "updates": all("updates"),
                    "mislabelled": all("mislabelled"),
                    "left_out": last("left_out"),
                    "left_out_mislabelled": last("left_out_mislabelled"),
                }),
            )?;
        }
    }
    findings.notes.push(account(&digits, &recipes, n_epochs)?);
    Ok(())
}

/// Under every noise the learning rate with which plain training validates best, then the last share with which hard
/// self-paced learning does, on seeds of their own.
fn tuned(digits: &Dataset<f32>, n_epochs: u64, context: &Context<'_>) -> Result<Vec<Recipe>> {
    let seeds: Vec<u64> = (FIRST_TUNING_SEED..FIRST_TUNING_SEED + N_TUNING_SEEDS).collect();
    let best = |noise: u64, what: &str, candidates: &[Recipe], arm: Arm| -> Result<Recipe> {
        let name = format!("self-paced-noise-{noise}-{what}");
        let choice = Choice::new(name, seeds.clone(), Metric::scalar("validation"), Better::Higher);
        let chosen = context.choose(&choice, candidates, &context.seeds, |recipe, seed| {
            recipe.train(&Problem::new(digits, noise as f64 / 100.0, seed)?, arm, seed)
        })?;
        Ok(chosen.candidate)
    };
    let of_noise = |&noise: &u64| {
        let rates = RATES.map(|learning_rate| Recipe { n_epochs, learning_rate, last_share: 1.0 });
        let plain = best(noise, "rate", &rates, Arm::Plain)?;
        best(noise, "share", &LAST_SHARES.map(|last_share| Recipe { last_share, ..plain }), HARD)
    };
    NOISES.iter().map(of_noise).collect()
}

fn run(digits: &Dataset<f32>, recipes: &[Recipe], context: &Context<'_>) -> Result<StudyResults> {
    let mut study = Study::new("self-paced learning under label noise", context.seeds.clone());
    let arms = Arm::all();
    for arm in &arms {
        study = study.arm(arm.to_string(), serde_json::to_value(arm)?);
    }
    for (noise, recipe) in NOISES.iter().zip(recipes) {
        study = study.setting(name(*noise), serde_json::to_value(recipe)?);
    }
    let journal = format!("self-paced-noise-{}-{}.jsonl", recipes[0].n_epochs, study.seeds.len());
    context.study(&study, journal, |run| {
        let at = run.setting_place;
        let problem = Problem::new(digits, NOISES[at] as f64 / 100.0, run.seed)?;
        recipes[at].train(&problem, arms[run.arm_place], run.seed)
    })
}

struct Report<'a> {
    results: &'a StudyResults,
    n_seeds: usize,
    n_epochs: u64,
}

impl Report<'_> {
    fn records(&self, noise: u64, arm: Arm) -> Result<Vec<&Record>> {
        let records = self.results.records(&name(noise), &arm.to_string())?;
        records.into_iter().map(|record| record.ok_or_else(|| anyhow!("{arm} failed"))).collect()
    }

    /// One arm less another, seed by seed.
    fn paired(&self, noise: u64, arm: Arm, other: Arm, scalar: &str) -> Result<Paired> {
        let metric = Metric::scalar(scalar);
        Ok(self.results.paired(&name(noise), &arm.to_string(), &other.to_string(), &metric)?)
    }

    /// At every check, of every seed: examples left out, mislabelled ones among them, and how many those are in all.
    fn omitted(&self, noise: u64, arm: Arm) -> Result<Vec<Vec<[f64; 3]>>> {
        let of = |record: &Record| {
            let counts = record.curves["left_out"].iter().zip(&record.curves["left_out_mislabelled"]);
            counts.map(|(&all, &wrong)| [all, wrong, record.scalars["mislabelled"]]).collect()
        };
        Ok(self.records(noise, arm)?.into_iter().map(of).collect())
    }

    /// Of every seed the shares of the noise among what is left out at the end, where anything is, and of what is left
    /// out among the noise, where there is any.
    fn precision_and_recall(&self, noise: u64, arm: Arm) -> Result<(Vec<f64>, Vec<f64>)> {
        let last = self.omitted(noise, arm)?;
        let last = || last.iter().filter_map(|checks| checks.last());
        let precision = last().filter(|[all, ..]| *all > 0.0).map(|[all, wrong, _]| wrong / all);
        let recall = last().filter(|[.., noise]| *noise > 0.0).map(|[_, wrong, noise]| wrong / noise);
        Ok((precision.collect(), recall.collect()))
    }

    fn measure(&self, findings: &mut Findings) -> Result<()> {
        let conditions = |noise: u64, what: &str| {
            format!("UCI digits, {}, {what}, {} epochs, {} splits", name(noise), self.n_epochs, self.n_seeds)
        };
        let mut difference = |claim: Claim, noise: u64, arm: Arm, other: Arm, examples: bool| -> Result<()> {
            let (scalar, budget) = match examples {
                false => ("test", "equal updates"),
                true => ("test_at_equal_examples", "equal examples"),
            };
            let differences = self.paired(noise, arm, other, scalar)?.differences;
            let measured = Measurement::over_splits(&differences, TEST_TO_TRAIN)?;
            findings.measure(claim.id, Part::Real, conditions(noise, &format!("{arm}, {budget}")), measured);
            Ok(())
        };
        for noise in [20, 40] {
            for regularizer in Regularizer::ALL {
                let claim = if regularizer == Regularizer::Hard { ACCURACY } else { REGULARIZERS };
                difference(claim, noise, Arm::Paced(regularizer, Pace::Quantile), Arm::Plain, false)?;
            }
            difference(ACCURACY, noise, HARD, Arm::Plain, true)?;
            difference(ACCURACY, noise, HARD_VALUE, Arm::Plain, false)?;
            difference(SELECTION, noise, HARD, Arm::Random, false)?;
            difference(SELECTION, noise, HARD, Arm::Random, true)?;
            difference(QUANTILE, noise, HARD, HARD_VALUE, false)?;
            difference(QUANTILE, noise, HARD, HARD_VALUE, true)?;
        }
        for arm in [HARD, HARD_VALUE] {
            difference(CLEAN, 0, arm, Arm::Plain, false)?;
        }
        for noise in [20, 40] {
            for arm in [HARD, HARD_VALUE] {
                let (precision, recall) = self.precision_and_recall(noise, arm)?;
                let rate = noise as f64 / 100.0;
                let gain: Vec<f64> = precision.iter().map(|precision| precision - rate).collect();
                let measured = if gain.len() < 2 {
                    let n = self.n_seeds - gain.len();
                    Measurement::Undefined {
                        why: format!("nothing is left out at the end in {n} of {} splits", self.n_seeds),
                    }
                } else {
                    Measurement::over_splits(&gain, SHARED_TRAINING)?
                };
                let at = conditions(noise, &arm.to_string());
                findings.measure(PRECISION.id, Part::Real, &at, measured);
                let recall = Measurement::over_splits(&recall, SHARED_TRAINING)?.on(Scale::Share)?;
                findings.measure(RECALL.id, Part::Real, &at, recall);
            }
        }
        Ok(())
    }

    fn table(&self, noise: u64) -> Result<Table> {
        let mut table = Table::new([
            "arm",
            "test accuracy, %",
            "less plain, points",
            "equal examples, less plain",
            "last parameters, less plain",
            "left out at the end, %",
            "precision, %",
            "recall, %",
        ]);
        let points = |paired: Paired| match paired.interval {
            Some(Interval { low, high }) => {
                let [mean, low, high] = [paired.mean_difference, low, high].map(|value| 100.0 * value);
                format!("{mean:+.2} [{low:+.2}, {high:+.2}]")
            }
            None => format!("{:+.2}", 100.0 * paired.mean_difference),
        };
        // A mean over fewer seeds says so.
        let percent = |values: &[f64]| match values.len() {
            0 => "undefined".to_owned(),
            n => {
                let mean = 100.0 * values.iter().sum::<f64>() / n as f64;
                if n < self.n_seeds { format!("{mean:.1} ({n} splits)") } else { format!("{mean:.1}") }
            }
        };
        for arm in Arm::all() {
            let test = self.results.summary(&name(noise), &arm.to_string(), &Metric::scalar("test"))?;
            let against = |scalar: &str| -> Result<String> {
                Ok(if arm == Arm::Plain {
                    "".into()
                } else {
                    points(self.paired(noise, arm, Arm::Plain, scalar)?)
                })
            };
            let (precision, recall) = self.precision_and_recall(noise, arm)?;
            let n_train = self.records(noise, Arm::Plain)?[0].scalars["examples"] / self.n_epochs as f64;
            let left_out: Vec<f64> = self
                .omitted(noise, arm)?
                .iter()
                .filter_map(|checks| checks.last())
                .map(|[all, ..]| all / n_train)
                .collect();
            table.row([
                arm.to_string(),
                format!("{:.2}", 100.0 * test.mean),
                against("test")?,
                against("test_at_equal_examples")?,
                against("test_last")?,
                percent(&left_out),
                percent(&precision),
                percent(&recall),
            ])?;
        }
        Ok(table)
    }

    fn figures(&self, findings: &mut Findings) -> Result<()> {
        let arms = Regularizer::ALL.map(|regularizer| Arm::Paced(regularizer, Pace::Quantile));
        let mut figure = BarFigure::new(
            "Self-paced learning under label noise",
            "",
            "test accuracy less plain training, points",
            arms.iter().chain([&HARD_VALUE, &Arm::Random]).map(|arm| arm.to_string().replace(", quantile", "")),
        );
        for noise in NOISES {
            let bar = |&arm: &Arm| -> Result<Bar> {
                let paired = self.paired(noise, arm, Arm::Plain, "test")?;
                let scaled =
                    |interval: Interval| Interval { low: 100.0 * interval.low, high: 100.0 * interval.high };
                Ok(Bar { value: 100.0 * paired.mean_difference, interval: paired.interval.map(scaled) })
            };
            let bars: Result<Vec<Bar>> = arms.iter().chain([&HARD_VALUE, &Arm::Random]).map(bar).collect();
            figure = figure.series(name(noise), bars?);
        }
        let caption = "Test accuracy less that of plain training, equal updates, means over splits with 95 % intervals; \
                       lambda is a quantile of the losses except where a growing value is named.";
        findings.figure("self-paced-noise", caption, figure.render(1100, 480)?);

        let mut figure = LineFigure::new(
            "Wrong labels left out, of 40 % label noise",
            "share of the updates",
            "share of the wrong labels left out",
        );
        for arm in [HARD, HARD_VALUE, Arm::Paced(Regularizer::Logarithmic, Pace::Value), Arm::Random] {
            let omitted = self.omitted(40, arm)?;
            let n_checks = omitted.iter().map(Vec::len).min().unwrap_or(0);
            let at: Vec<f64> = (1..=n_checks).map(|check| check as f64 / n_checks as f64).collect();
            let summaries: Result<Vec<Summary>> = (0..n_checks)
                .map(|check| {
                    let recall: Vec<f64> = omitted.iter().map(|of| of[check][1] / of[check][2]).collect();
                    Ok(Summary::of(&recall)?)
                })
                .collect();
            let summaries = summaries?;
            figure = figure.line_of_means(arm.to_string(), &at, &summaries);
        }
        let caption = "Share of the wrong training labels that each way of training leaves out, over its updates, mean \
                       over splits, 95 % bands.";
        findings.figure("self-paced-left-out", caption, figure.render(760, 460)?);
        Ok(())
    }
}

fn account(digits: &Dataset<f32>, recipes: &[Recipe], n_epochs: u64) -> Result<String> {
    let n_train = Problem::new(digits, 0.0, 0)?.n_train();
    let recipes: Vec<String> = NOISES
        .iter()
        .zip(recipes)
        .map(|(&noise, recipe)| format!("{} and {} at {}", recipe.learning_rate, recipe.last_share, name(noise)))
        .collect();
    Ok(format!(
        "Label noise: UCI digits, {n_train} training examples, a fifth each of the data for validation and test, a split \
         for every seed. A share of the labels of training and validation part becomes another label; test labels are \
         clean. A perceptron with {N_HIDDEN} rectified hidden units, batches of {BATCH_SIZE}, plain SGD; {n_epochs} \
         passes of plain training, and for every other arm first as many updates, then as many examples shown. The first \
         epoch is on everything; after it, each epoch chooses the weights from all losses and passes once over the \
         examples with a weight above 0, weights scaled to a mean of 1. As a quantile, lambda is the age at which a \
         regulariser begins to count an example of that loss; the quantile grows from {FIRST_SHARE} to the last share at \
         half of the updates. As a value, lambda begins with the quantile 1/2 and grows by {MU} each epoch. Mixture has \
         lambda2 = lambda1 / 2, mixture2 gamma = 1, polynomial t = 3, SPLD gamma = lambda and the given classes for \
         groups; the logarithmic age stops at {OLDEST_LOGARITHMIC} (in a first run it came up to 1, which did no better), and what has a higher loss after the first epoch is never admitted. Left out is an example whose weight is below {LEFT_OUT} before scaling. The learning \
         rate is the best of {RATES:?} for plain training and the last share the best of {LAST_SHARES:?} for the hard \
         regulariser with it, by validation accuracy on {N_TUNING_SEEDS} seeds of their own, the same for every arm: {}. \
         Test accuracies are at the best validation accuracy of {N_CHECKS} checks within the budget, unless the last \
         parameters are named.",
        recipes.join(", "),
    ))
}
