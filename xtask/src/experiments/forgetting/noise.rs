//! Label noise: where relabelled examples land in the ranking by forgetting, and what each rule keeps of them.

mod rules;

use anyhow::{Result, anyhow};
use cl_data::Dataset;
use cl_difficulty::{NeverLearned, Recorder};
use cl_prune::{Budget as Keep, KeepHardest, SelectionRule};
use cl_study::{Cell, Figure, LineFigure, Record, Study, Summary, Table, over_seeds};
use serde_json::json;

use super::removal::{Forgotten, Recipe, best_rate};
use crate::claim::{Claim, Judge, Measurement, Part, significant};
use crate::data_dir::DataDir;
use crate::experiment::{Context, Findings};
use crate::experiments::metrics::area_under_roc;
use crate::noisy_split::{NoisySplit, digits_and_test};
use rules::{HARDEST, RANDOM, RULES, Scores, TRAINED};

pub(super) const RELABELLED: Claim = Claim {
    id: "forgetting/relabelled",
    place: "section 6 (Toneva 2019, figure 3; not in the article)",
    article: "(not in the article) relabelled examples are forgotten more often than the others",
    judge: Judge::Positive {
        quantity: "forgetting events in a run, mean of the relabelled less mean of the others",
        margin: 0.5,
    },
};

pub(super) const RELABELLING: Claim = Claim {
    id: "forgetting/relabelling",
    place: "section 6 (Toneva 2019, figure 3; not in the article)",
    article: "(not in the article) the same examples are forgotten less often under their right labels",
    judge: Judge::Positive {
        quantity: "forgetting events in a run that the noise adds, mean of the relabelled less mean of the others",
        margin: 0.5,
    },
};

pub(super) const KEEPS_WRONG: Claim = Claim {
    id: "forgetting/keeps-wrong-labels",
    place: "section 6 (not in the article)",
    article: "(not in the article) under label noise removing the least forgotten keeps more wrong labels than \
              removing at random",
    judge: Judge::Positive {
        quantity: "share of wrong labels among the kept, least forgotten removed less random removed",
        margin: 0.02,
    },
};

pub(super) const WORSE: Claim = Claim {
    id: "forgetting/worse-under-noise",
    place: "section 6 (not in the article)",
    article: "(not in the article) under label noise removing the least forgotten is worse than removing at random",
    judge: Judge::Positive {
        quantity: "test accuracy, random removed less least forgotten removed",
        margin: 0.005,
    },
};

/// The share of the training labels that is wrong.
const NOISE: f64 = 0.2;

/// Parts of the training set that are kept.
const KEPT: [f64; 3] = [0.3, 0.5, 0.7];

/// Runs whose forgetting events are added up for a score.
const N_SCORING_RUNS: u64 = 5;

const NOTE: &str = "Label noise: the rules go by forgetting events over five runs that no arm trains from, but for DUAL \
     (one run), the median of the class as labelled, and prototypes (k-means on the features). `Tuned` is the learning \
     rate that validates best for training on everything under the noise, `memorising` the largest one tried, which \
     learns more of the wrong labels, as the paper's networks do: by its figure 3 (ResNet18, 200 epochs, CIFAR-10, \
     20 % relabelled; read off the figure) the relabelled have 5 to 20 events, most often 13, and of the same examples \
     0.39 had none before. Under the right labels everything else is the same: learning rate, first weights and orders. \
     Confident learning takes probabilities out of fold, and what these networks get wrong looks like noise to it. \
     Validation labels are as noisy as training labels; the test part is the same for all seeds, its labels are right, and \
     it is read once, after the last update. \
     D2's neighbours are the ten nearest by features, with distances in units of their mean; at the default gamma its \
     reverse messages then take from a neighbour nine tenths of the value of what was picked.";

const TENTHS: usize = 10;

/// Learning rates tried for training on everything. Noise asks for small ones, at which few wrong labels are learned.
const RATES: [f64; 6] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

/// How long and how fast a network is trained.
#[derive(Debug, Clone, Copy)]
enum Regime {
    /// With the learning rate that validates best for training on everything.
    Tuned,
    /// With the largest learning rate, so that wrong labels are learned in the end, as the paper's networks learn
    /// theirs.
    Memorising,
}

/// The scores of the same passes whose rankings are cut into tenths.
const SCORES: [&str; 2] = ["forgetting events", "EL2N, mean over the epochs"];

/// Examples whose events are counted, and under which labels.
const GROUPS: [(&str, bool, bool); 4] = [
    ("relabelled, under noise", true, true),
    ("the same, under their right labels", true, false),
    ("the others, under noise", false, true),
    ("the others, without noise", false, false),
];

/// A data set and the sizes of what is done with it.
struct NoisySet {
    key: &'static str,
    name: &'static str,
    data: Dataset<f32>,
    /// What is read once; no choice knows anything of it.
    test: Dataset<f32>,
    /// The share of the data that is not for validation.
    share: f64,
    batch_size: usize,
    n_epochs: u64,
    regimes: &'static [Regime],
    seeds: Vec<u64>,
}

/// The part of the experiment on UCI digits.
pub(super) fn noise(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let (data, test) = digits_and_test()?;
    let set = NoisySet {
        key: "digits",
        name: "UCI digits",
        data,
        test,
        share: 0.75,
        batch_size: 32,
        n_epochs: if context.quick { 10 } else { 50 },
        regimes: &[Regime::Tuned, Regime::Memorising],
        seeds: context.seeds.clone(),
    };
    set.report(findings, context)?;
    findings.notes.push(NOTE.to_owned());
    Ok(())
}

/// The same on the first images of Fashion-MNIST.
pub(super) fn images(findings: &mut Findings, context: &Context<'_>, folder: &DataDir) -> Result<()> {
    const FASHION: &str = "fashion-mnist";
    if folder.folder(FASHION).is_none() {
        findings.notes.push(format!("Label noise on images: no folder {FASHION}, left out."));
        return Ok(());
    }
    let first = |data: Dataset<f32>, n: usize| data.subset(&(0..n.min(data.n_examples())).collect::<Vec<_>>());
    let set = NoisySet {
        key: "fashion",
        name: "Fashion-MNIST",
        data: first(folder.images(FASHION, "train")?, if context.quick { 600 } else { 5_000 })?,
        test: first(folder.images(FASHION, "t10k")?, if context.quick { 500 } else { 10_000 })?,
        share: 0.8,
        batch_size: 32,
        n_epochs: if context.quick { 5 } else { 15 },
        regimes: &[Regime::Tuned],
        seeds: context.seeds.iter().copied().take(if context.full { 10 } else { 3 }).collect(),
    };
    set.report(findings, context)
}

impl NoisySet {
    fn parts(&self, seed: u64) -> Result<NoisySplit> {
        NoisySplit::new(&self.data, &self.test, self.share, NOISE, seed)
    }

    /// The recipe of the whole, with the rate that validates best under the noise, on seeds of its own.
    fn tuned(&self, context: &Context<'_>) -> Result<Recipe> {
        let n_train = self.parts(0)?.train.n_examples();
        let n_updates = self.n_epochs * n_train.div_ceil(self.batch_size) as u64;
        let recipe = Recipe { n_hidden: 32, batch_size: self.batch_size, n_updates, learning_rate: RATES[0] };
        let seeds: Vec<u64> = (2_000_000..2_000_003).collect();
        let accuracies = over_seeds(&seeds, context.jobs, context.progress, |seed| -> Result<_> {
            let parts = self.parts(seed)?;
            recipe.accuracies(RATES, &parts.train, &parts.validation, seed)
        })?;
        let accuracies: Vec<[f64; RATES.len()]> = accuracies.into_iter().collect::<Result<_>>()?;
        Ok(Recipe { learning_rate: best_rate(RATES, &accuracies), ..recipe })
    }

    /// Everything that one seed says.
    fn run(&self, recipe: Recipe, seed: u64) -> Result<Record> {
        let parts = self.parts(seed)?;
        let noisy = Forgotten::count(&parts.train, recipe, N_SCORING_RUNS, seed)?;
        // The same first weights and orders: only the labels differ.
        let right = Forgotten::count(&parts.right, recipe, N_SCORING_RUNS, seed)?;
        let n_most = self.n_epochs as usize / 2;
        let mut record = landing(&parts.mislabelled, &noisy, &right, n_most, seed)?;
        let scores = Scores::new(&parts, &noisy, recipe, seed)?;
        record = record
            .scalar("estimated noise", scores.estimated_noise)
            .scalar("accuracy, everything", recipe.accuracy(&parts.train, &parts.test, seed)?)
            .scalar("accuracy, right labels", recipe.accuracy(&parts.right, &parts.test, seed)?);
        for kept in KEPT {
            let cutoff = scores.validated_cutoff(kept)?;
            record = record.scalar(format!("validated cut-off, {kept} kept"), cutoff);
            for rule in RULES {
                let selection = scores.select(rule, kept, cutoff)?;
                let wrong = share(selection.kept.iter().map(|&example| parts.mislabelled[example]));
                record = record.scalar(format!("wrong, {rule}, {kept} kept"), wrong);
                if TRAINED.contains(&rule) {
                    let accuracy = recipe.accuracy(&parts.train.subset(&selection.kept)?, &parts.test, seed)?;
                    record = record.scalar(format!("accuracy, {rule}, {kept} kept"), accuracy);
                }
            }
        }
        Ok(record)
    }

    fn report(&self, findings: &mut Findings, context: &Context<'_>) -> Result<()> {
        let tuned = self.tuned(context)?;
        let recipe = |regime: Regime| match regime {
            Regime::Tuned => tuned,
            Regime::Memorising => Recipe { learning_rate: RATES[RATES.len() - 1], ..tuned },
        };
        let n_train = self.parts(0)?.train.n_examples();
        let mut study = Study::new(format!("forgetting under label noise on {}", self.name), self.seeds.clone());
        for &regime in self.regimes {
            study = study.arm(
                regime.name(),
                json!({
                    "data": self.data.fingerprint().to_string(), "noise": NOISE, "hidden": tuned.n_hidden,
                    "batch_size": self.batch_size, "epochs": self.n_epochs, "rate": recipe(regime).learning_rate,
                }),
            );
        }
        let journal =
            format!("forgetting-noise-{}-{n_train}-{}-{}.jsonl", self.key, self.n_epochs, self.seeds.len());
        let results = study.run(context.jobs, Some(&context.journals.join(journal)), context.progress, |run| {
            let regime = self.regimes.iter().find(|regime| regime.name() == run.arm.name);
            let regime = regime.ok_or_else(|| format!("no regime {}", run.arm.name))?;
            self.run(recipe(*regime), run.seed).map_err(|error| format!("{error:#}"))
        })?;
        if let Some(failed) = results.failed().next() {
            let (arm, seed) = (&failed.arm, failed.seed);
            return Err(anyhow!("label noise on {}, {arm}, seed {seed}: {:?}", self.name, failed.outcome));
        }
        for &regime in self.regimes {
            let rate = recipe(regime).learning_rate;
            let key = format!("{}-{}", self.key, regime.name());
            let records: Vec<&Record> = results.records("all", regime.name())?.into_iter().flatten().collect();
            findings.number(format!("noise_{}_{}_learning_rate", self.key, regime.name()), rate)?;
            findings.number(format!("noise_{}_{}", self.key, regime.name()), &records)?;
            let conditions = format!(
                "{}, {:.0} % of {n_train} training labels wrong, perceptron {}-{}-{}, {} epochs' updates at learning \
                 rate {rate} ({}), {} seeds with a split each",
                self.name,
                100.0 * NOISE,
                self.data.n_features(),
                tuned.n_hidden,
                self.data.n_classes(),
                self.n_epochs,
                regime.name(),
                self.seeds.len()
            );
            let report = Report { records, key, conditions };
            report.landing(findings)?;
            report.kept(findings)?;
            report.trained(findings)?;
        }
        Ok(())
    }
}

impl Regime {
    fn name(self) -> &'static str {
        match self {
            Self::Tuned => "tuned",
            Self::Memorising => "memorising",
        }
    }
}

/// The share that is true; NaN of none.
fn share(flags: impl Iterator<Item = bool>) -> f64 {
    let (n_true, n) = flags.fold((0usize, 0usize), |(n_true, n), flag| (n_true + usize::from(flag), n + 1));
    n_true as f64 / n as f64
}

/// The mean; NaN of none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    sum / n as f64
}

/// Where the relabelled land. An example in a run is one count of events; one that the run never got right has none
/// to count, and is left out of means and told apart, or counts as forgotten at each presentation where a name says
/// `score`.
fn landing(relabelled: &[bool], noisy: &Forgotten, right: &Forgotten, n_most: usize, seed: u64) -> Result<Record> {
    let n = relabelled.len();
    let mut record = Record::new();
    for (name, of_relabelled, under_noise) in GROUPS {
        let members = || (0..n).filter(|&example| relabelled[example] == of_relabelled);
        let (mut events, mut scores, mut learned, mut forgotten) = (vec![], vec![], vec![], vec![]);
        for run in if under_noise { &noisy.runs } else { &right.runs } {
            let never_learned = run.forgetting.never_learned();
            let values = run.forgetting.values(NeverLearned::Toneva);
            scores.extend(members().map(|example| values[example]));
            learned.extend(members().map(|example| !never_learned[example]));
            let counted = members().filter(|&example| !never_learned[example]);
            events.extend(counted.map(|example| run.forgetting.events()[example]));
            let unforgettable = run.forgetting.unforgettable();
            forgotten.extend(members().map(|example| !unforgettable[example]));
        }
        let mut histogram = vec![0.0; n_most + 1];
        events.iter().for_each(|&events| histogram[events as usize] += 1.0 / learned.len() as f64);
        record = record
            .scalar(format!("events, {name}"), mean(events.iter().map(|&events| f64::from(events))))
            .scalar(format!("score, {name}"), mean(scores.into_iter()))
            .scalar(format!("never learned, {name}"), share(learned.iter().map(|learned| !learned)))
            .scalar(format!("never forgotten, {name}"), share(forgotten.iter().map(|forgotten| !forgotten)))
            .curve(format!("histogram, {name}"), histogram);
    }
    for (name, of_relabelled) in [("relabelled", true), ("others", false)] {
        let (mut events, mut scores) = (vec![], vec![]);
        for (noisy, right) in noisy.runs.iter().zip(&right.runs) {
            let values = [noisy, right].map(|run| run.forgetting.values(NeverLearned::Toneva));
            let never_learned = [noisy, right].map(|run| run.forgetting.never_learned());
            for example in (0..n).filter(|&example| relabelled[example] == of_relabelled) {
                let added = values[0][example] - values[1][example];
                scores.push(added);
                if never_learned.iter().all(|never_learned| !never_learned[example]) {
                    events.push(added);
                }
            }
        }
        record = record
            .scalar(format!("added events, {name}"), mean(events.into_iter()))
            .scalar(format!("added score, {name}"), mean(scores.into_iter()));
    }
    // Of the examples that are never forgotten, or never learned, in a run.
    let wrong_among = |flags: fn(&Recorder) -> Vec<bool>| {
        let flags = noisy.runs.iter().flat_map(|run| flags(run).into_iter().zip(relabelled));
        share(flags.filter(|&(flag, _)| flag).map(|(_, &relabelled)| relabelled))
    };
    record = record
        .scalar("wrong among the never forgotten", wrong_among(|run| run.forgetting.unforgettable()))
        .scalar("wrong among the never learned", wrong_among(|run| run.forgetting.never_learned()));
    let el2n = noisy.runs.iter().try_fold(vec![0.0; n], |mut sum: Vec<f64>, run| {
        sum.iter_mut().zip(run.el2n.values()?).for_each(|(sum, value)| *sum += value);
        anyhow::Ok(sum)
    })?;
    for (name, scores) in SCORES.into_iter().zip([&noisy.scores, &el2n]) {
        let ranking = KeepHardest.select(scores, Keep::Count(n), seed)?.kept;
        let tenth = |at: usize| {
            share(ranking[at * n / TENTHS..(at + 1) * n / TENTHS].iter().map(|&example| relabelled[example]))
        };
        record = record
            .scalar(format!("area, {name}"), area_under_roc(scores, relabelled)?)
            .curve(format!("tenths, {name}"), (0..TENTHS).map(tenth).collect::<Vec<_>>());
    }
    Ok(record)
}

/// What the seeds of one data set say.
struct Report<'a> {
    records: Vec<&'a Record>,
    key: String,
    conditions: String,
}

impl Report<'_> {
    fn scalar(&self, name: &str) -> Vec<f64> {
        self.records.iter().map(|record| record.scalars[name]).collect()
    }

    fn less(&self, a: &str, b: &str) -> Vec<f64> {
        self.scalar(a).iter().zip(self.scalar(b)).map(|(a, b)| a - b).collect()
    }

    /// One mean with its interval for each place of a curve.
    fn curve(&self, name: &str) -> Result<Vec<Summary>> {
        let n = self.records.first().map_or(0, |record| record.curves[name].len());
        let at = |at: usize| {
            let values: Vec<f64> = self.records.iter().map(|record| record.curves[name][at]).collect();
            Ok(Summary::of(&values)?)
        };
        (0..n).map(at).collect()
    }

    fn landing(&self, findings: &mut Findings) -> Result<()> {
        for (what, counted) in
            [("events", "never learned left out"), ("score", "never learned as always forgotten")]
        {
            let conditions = format!("{counted}; {}", self.conditions);
            let difference = self.less(&format!("{what}, {}", GROUPS[0].0), &format!("{what}, {}", GROUPS[2].0));
            findings.measure(RELABELLED.id, Part::Real, &conditions, measured(&difference)?);
            let difference = self.less(&format!("added {what}, relabelled"), &format!("added {what}, others"));
            findings.measure(RELABELLING.id, Part::Real, &conditions, measured(&difference)?);
        }
        let mut table = Table::new(["examples", "events in a run", "never learned", "never forgotten"]);
        for (name, ..) in GROUPS {
            let cell = |what: &str, digits| cell(&self.scalar(&format!("{what}, {name}")), digits);
            table.row([
                Cell::text(name),
                cell("events", 2)?,
                cell("never learned", 3)?,
                cell("never forgotten", 3)?,
            ])?;
        }
        let title = format!("Forgetting events of relabelled examples, and shares of them: {}", self.conditions);
        findings.tables.push((title, table));
        let told = |name: &str| Ok::<_, anyhow::Error>(measured(&self.scalar(name))?.to_string());
        findings.notes.push(format!(
            "Relabelled among the never forgotten in a run: {}; among the never learned: {}. Area under the ROC curve of \
             the forgetting events for finding the relabelled: {}; of EL2N, averaged over the same passes: {}. The \
             noise adds {} events to a relabelled example and {} to another ({}).",
            told("wrong among the never forgotten")?,
            told("wrong among the never learned")?,
            told(&format!("area, {}", SCORES[0]))?,
            told(&format!("area, {}", SCORES[1]))?,
            told("added events, relabelled")?,
            told("added events, others")?,
            self.conditions,
        ));
        let tenths: Vec<f64> = (1..=TENTHS).map(|tenth| tenth as f64).collect();
        let mut figure = LineFigure::new(
            "Where do relabelled examples land?",
            "tenth of the ranking, hardest first",
            "share of relabelled",
        );
        for name in SCORES {
            figure = figure.line_of_means(name, &tenths, &self.curve(&format!("tenths, {name}"))?);
        }
        findings.figure(
            format!("forgetting-noise-{}-ranking", self.key),
            format!(
                "Share of relabelled examples in each tenth of the ranking, never learned as always forgotten; 95 % bands \
                 over seeds. {}.",
                self.conditions
            ),
            figure.horizontal(NOISE, "everywhere, by chance").render(800, 460)?,
        );
        let mut figure = LineFigure::new(
            "How often are relabelled examples forgotten?",
            "forgetting events in a run",
            "share of the examples",
        );
        let mut shares = Vec::new();
        for (name, ..) in GROUPS {
            shares.push(self.curve(&format!("histogram, {name}"))?);
        }
        // As far as there are any, on average.
        let most = |of: &Vec<Summary>| of.iter().rposition(|share| share.mean > 0.0005).unwrap_or(0);
        let most = shares.iter().map(most).max().unwrap_or(0);
        let events: Vec<f64> = (0..=most).map(|events| events as f64).collect();
        for ((name, ..), shares) in GROUPS.iter().zip(&shares) {
            figure = figure.line_of_means(*name, &events, &shares[..=most]);
        }
        findings.figure(
            format!("forgetting-noise-{}-events", self.key),
            format!(
                "Distribution of the forgetting events in a run; what is missing to 1 was never learned. 95 % bands over \
                 seeds. {}.",
                self.conditions
            ),
            figure.render(860, 480)?,
        );
        Ok(())
    }

    fn kept(&self, findings: &mut Findings) -> Result<()> {
        let mut table = Table::new(
            ["rule".to_owned()].into_iter().chain(KEPT.map(|kept| format!("{:.0} % kept", 100.0 * kept))),
        );
        for rule in RULES {
            let cells = KEPT.map(|kept| cell(&self.scalar(&format!("wrong, {rule}, {kept} kept")), 3));
            let cells: Vec<Cell> = cells.into_iter().collect::<Result<_>>()?;
            table.row([Cell::text(rule)].into_iter().chain(cells))?;
        }
        let title = format!("Share of wrong labels among the kept ({NOISE} by chance): {}", self.conditions);
        findings.tables.push((title, table));
        for kept in KEPT {
            let difference =
                self.less(&format!("wrong, {HARDEST}, {kept} kept"), &format!("wrong, {RANDOM}, {kept} kept"));
            let conditions = format!("{kept} kept; {}", self.conditions);
            findings.measure(KEEPS_WRONG.id, Part::Real, conditions, measured(&difference)?);
        }
        Ok(())
    }

    fn trained(&self, findings: &mut Findings) -> Result<()> {
        let name = |rule: &str, kept: f64| format!("accuracy, {rule}, {kept} kept");
        for kept in KEPT {
            let difference = self.less(&name(RANDOM, kept), &name(HARDEST, kept));
            let conditions = format!("{kept} kept; {}", self.conditions);
            findings.measure(WORSE.id, Part::Real, conditions, measured(&difference)?);
        }
        let percent = |kept: f64| format!("{:.0} % kept", 100.0 * kept);
        let mut table = Table::new(
            ["rule".to_owned()]
                .into_iter()
                .chain(KEPT.map(percent))
                .chain(KEPT.map(|kept| format!("{}, less random", percent(kept)))),
        );
        let mut figure =
            LineFigure::new("Which rule survives label noise?", "part of the data kept", "test accuracy");
        for rule in TRAINED {
            let mut cells = vec![Cell::text(rule)];
            let mut summaries = Vec::new();
            for kept in KEPT {
                let summary = Summary::of(&self.scalar(&name(rule, kept)))?;
                cells.push(Cell::mean(&summary, 3));
                summaries.push(summary);
            }
            for kept in KEPT {
                cells.push(cell(&self.less(&name(rule, kept), &name(RANDOM, kept)), 3)?);
            }
            table.row(cells)?;
            figure = figure.line_of_means(rule, &KEPT, &summaries);
        }
        let title = format!("Test accuracy of training on the kept, at equal updates: {}", self.conditions);
        findings.tables.push((title, table));
        let everything = ["accuracy, everything", "accuracy, right labels"].map(|name| self.scalar(name));
        let means = everything.each_ref().map(|values| mean(values.iter().copied()));
        findings.figure(
            format!("forgetting-noise-{}-accuracy", self.key),
            format!("Test accuracy of training on the kept, at equal updates; 95 % bands. {}.", self.conditions),
            figure
                .horizontal(means[0], "everything, wrong labels and all")
                .horizontal(means[1], "everything, right labels")
                .render(880, 540)?,
        );
        let cutoffs = KEPT.map(|kept| {
            let cutoffs = self.scalar(&format!("validated cut-off, {kept} kept"));
            format!("{} with {kept} kept", significant(mean(cutoffs.into_iter())))
        });
        findings.notes.push(format!(
            "Training on everything, at equal updates: {} with the wrong labels, {} with the right ones. Confident \
             learning estimates the share of wrong labels at {}; validation chooses a cut-off of {} on average ({}).",
            measured(&everything[0])?,
            measured(&everything[1])?,
            measured(&self.scalar("estimated noise"))?,
            cutoffs.join(", "),
            self.conditions,
        ));
        Ok(())
    }
}

/// The mean over seeds; undefined where a seed has no such example.
fn measured(values: &[f64]) -> Result<Measurement> {
    match values.iter().filter(|value| value.is_nan()).count() {
        0 => Ok(Measurement::over_seeds(values)?),
        missing => {
            Ok(Measurement::Undefined { why: format!("no such example in {missing} of {} seeds", values.len()) })
        }
    }
}

fn cell(values: &[f64], digits: usize) -> Result<Cell> {
    if values.iter().any(|value| value.is_nan()) {
        return Ok(Cell::text("undefined"));
    }
    Ok(Cell::mean(&Summary::of(values)?, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One run over ten examples, of which those named have these answers and the others are always right.
    fn counted(answers: &[(usize, [bool; 4])]) -> Forgotten {
        let mut run = Recorder::new(10);
        for example in 0..10 {
            let own = answers.iter().find(|(of, _)| *of == example);
            for right in own.map_or([true; 4], |(_, answers)| *answers) {
                run.forgetting.record(example, right).unwrap();
                let p = if right { 0.9 } else { 0.1 };
                run.el2n.record(example, &[p, 1.0 - p], 0).unwrap();
            }
        }
        Forgotten {
            scores: run.forgetting.values(NeverLearned::Toneva),
            n_unforgettable: 0,
            n_unforgettable_in_run: vec![0],
            n_never_learned: 0,
            runs: vec![run],
        }
    }

    #[test]
    fn the_never_learned_are_told_apart() {
        let mut relabelled = [false; 10];
        relabelled[..2].fill(true);
        let noisy = counted(&[(0, [true, false, true, false]), (1, [false; 4]), (2, [false, true, false, true])]);
        let record = landing(&relabelled, &noisy, &counted(&[]), 2, 0).unwrap();
        for (name, expected) in [
            ("events, relabelled, under noise", 2.0),
            ("score, relabelled, under noise", 3.0),
            ("never learned, relabelled, under noise", 0.5),
            ("never forgotten, relabelled, under noise", 0.0),
            ("never forgotten, the same, under their right labels", 1.0),
            ("events, the others, under noise", 0.125),
            ("never forgotten, the others, under noise", 0.875),
            ("added events, relabelled", 2.0),
            ("added score, relabelled", 3.0),
            ("added events, others", 0.125),
            ("wrong among the never forgotten", 0.0),
            ("wrong among the never learned", 1.0),
            ("area, forgetting events", 1.0),
        ] {
            assert_eq!(record.scalars[name], expected, "{name}");
        }
        assert_eq!(record.curves["histogram, relabelled, under noise"], [0.0, 0.0, 0.5]);
        assert_eq!(record.curves["tenths, forgetting events"][..3], [1.0, 1.0, 0.0]);
    }

    /// None of the relabelled was learned: there is no mean number of their events, and none is made up.
    #[test]
    fn what_does_not_exist_is_undefined() {
        let noisy = counted(&[(0, [false; 4])]);
        let mut relabelled = [false; 10];
        relabelled[0] = true;
        let record = landing(&relabelled, &noisy, &counted(&[]), 2, 0).unwrap();
        let events = record.scalars["events, relabelled, under noise"];
        assert!(matches!(measured(&[events, 1.0]).unwrap(), Measurement::Undefined { .. }));
        assert_eq!(record.scalars["score, relabelled, under noise"], 4.0);
    }
}
