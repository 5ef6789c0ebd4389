//! Section 1: a vocabulary that grows, the experiment of Bengio et al. (2009), section 6.

use std::fmt;

use anyhow::Result;
use cl_pacing::{EasyFirst, Order, Pacing, PrefixSampler, Random, Rounding, ShuffleSampler};
use cl_study::{Figure, LineFigure, Metric, Record, StudyResults};
use serde_json::json;

use crate::{
    claim::{About, Claim, Judge, Measurement, Part, significant},
    experiment::{Context, Experiment, Findings},
    language::{
        corpus::{Corpus, made_language},
        task::{Data, Source, TUNING_SEEDS, Task, Text, study, texts},
        times::{arrivals, saved, with_mean_curve},
        training::{Curves, Recipe},
        windows::WINDOW,
    },
};

/// A fifth of the paper's difference of 0.05.
const MARGIN: f64 = 0.01;

const CONVERGENCE: Claim = Claim {
    id: "vocabulary/convergence",
    place: "section 1, text (Bengio 2009, section 6)",
    article: "growing the vocabulary \"produced better convergence\"",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "mean log-rank of the true word on held-out windows over the last fifth of the updates, the other less the \
                   growing vocabulary",
        margin: MARGIN,
    },
};

const SOONER: Claim = Claim {
    id: "vocabulary/sooner",
    place: "section 1, text (Bengio 2009, section 6)",
    article: "growing the vocabulary \"produced better convergence\", read as speed (added after first results)",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of the updates saved until the full vocabulary's final log-rank, one less the ratio of updates",
        margin: 0.05,
    },
};

const BEHIND: Claim = Claim {
    id: "vocabulary/behind-at-first",
    place: "section 1 (Bengio 2009, Figure 5)",
    article: "(not in the article) the growing vocabulary is behind at first and crosses over later",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "mean log-rank at a tenth of the updates, the growing less the full vocabulary",
        margin: MARGIN,
    },
};

/// The vocabulary of a language model grows pass by pass, against the full one from the start.
pub(super) static VOCABULARY: Experiment = Experiment {
    id: "vocabulary",
    section: "1",
    question: "Does a language model converge better when its vocabulary grows?",
    claims: &[CONVERGENCE, SOONER, BEHIND],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let mut tasks = vec![made(context)?];
    tasks.extend(texts(&mut findings, context, &TEXTS)?.into_iter().map(|(name, text)| of(name, text, context)));
    for task in &mut tasks {
        let shown = |recipe: &Recipe, seed| Ok(train(task, recipe, Arm::Full, seed, true)?.curves);
        task.recipe.learning_rate = task.tuned(&RATES, context, shown)?.candidate;
    }
    let arms = Arm::ALL
        .map(|arm| (arm.name().to_owned(), json!({ "windows": arm.windows(), "wrong_words": arm.wrong_words() })));
    let settings = tasks.iter().map(|task| (task.name, task.settings()));
    let results = study("vocabulary", context, context.seeds.clone(), arms, settings, |run| {
        let task = &tasks[run.setting_place];
        Ok(train(task, &task.recipe, Arm::ALL[run.arm_place], run.seed, false)?.record())
    })?;
    for task in &tasks {
        report(task, &mut findings, &results)?;
    }
    findings.notes.push(ARMS.to_owned());
    findings.notes.push(paper(&results, &tasks)?);
    Ok(findings)
}

const TEXTS: [Text; 2] = [
    ("WikiText-2", "wikitext-2-valid-test", Corpus::wikitext2),
    ("tiny Shakespeare", "tinyshakespeare", Corpus::tiny_shakespeare),
];

/// Steps in which the vocabulary grows.
const N_STEPS: usize = 4;
const RATES: [f64; 5] = [0.125, 0.25, 0.5, 1.0, 2.0];

/// What a model is shown, and what it has to tell it from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arm {
    Full,
    Growing,
    GrowingWindows,
    SameNumber,
}

const ARMS: &str = "Arms. \"full vocabulary\": all windows in passes of random order, wrong words from the whole \
    vocabulary. \"growing vocabulary\": the curriculum; pass k of the first four shows the windows all of whose words are \
    among the k quarters most frequent words, and draws its wrong words from these alone; then passes over everything. \
    \"growing windows only\": the same windows, wrong words from the whole vocabulary: what the order of the windows does \
    by itself. \"random windows, same number\": the control; the first four passes are over as many windows, chosen at \
    random, wrong words from the whole vocabulary. All arms of a seed share data, first weights, held-out windows and the \
    number of updates. Final log-ranks, and those that times are read off, are means over the last fifth of the \
    measurements; this and the length of training were chosen after a look at results.";

impl Arm {
    const ALL: [Self; 4] = [Self::Full, Self::Growing, Self::GrowingWindows, Self::SameNumber];

    fn name(self) -> &'static str {
        match self {
            Self::Full => "full vocabulary",
            Self::Growing => "growing vocabulary",
            Self::GrowingWindows => "growing windows only",
            Self::SameNumber => "random windows, same number",
        }
    }

    fn windows(self) -> &'static str {
        match self {
            Self::Full => "all",
            Self::Growing | Self::GrowingWindows => "within the growing vocabulary",
            Self::SameNumber => "as many at random",
        }
    }

    fn wrong_words(self) -> &'static str {
        if self == Self::Growing { "from the growing vocabulary" } else { "from the whole vocabulary" }
    }
}

/// The made language.
fn made(context: &Context<'_>) -> Result<Task> {
    let (n_sentences, n_updates) = match (context.full, context.quick) {
        (true, _) => (32_000, 192_000),
        (_, false) => (4_000, 24_000),
        _ => (600, 800),
    };
    let language = made_language()?;
    let recipe = Recipe::small(n_updates, 24);
    Ok(Task {
        name: "made language",
        file: "vocabulary".into(),
        n_words: language.n_words(),
        source: Source::Made { language, n_sentences },
        n_held_out: if context.quick { 100 } else { 500 },
        recipe,
    })
}

/// A text.
fn of(name: &'static str, corpus: Corpus, context: &Context<'_>) -> Task {
    let n_updates = if context.quick { 800 } else { 24_000 };
    Task {
        name,
        file: format!("vocabulary-{}", name.to_lowercase().replace(' ', "-")),
        source: Source::Text(corpus),
        n_words: if context.quick { 400 } else { 4_000 },
        n_held_out: if context.quick { 100 } else { 500 },
        recipe: Recipe::small(n_updates, 12),
    }
}

fn train(task: &Task, recipe: &Recipe, arm: Arm, seed: u64, tuning: bool) -> Result<Run> {
    let Data { n_words, windows, held_out, .. } = task.data(seed, tuning, false);
    let rarest = windows.rarest_words();
    let passes = Passes::of(&rarest, n_words, recipe);
    let n = windows.len();
    let vocabulary = |step: u64| if arm == Arm::Growing { passes.vocabulary(step) } else { n_words };
    let paced = |order| PrefixSampler::new(order, passes.clone(), recipe.batch_size, recipe.n_updates, seed);
    let by_rank = |rarest: &[usize]| rarest.iter().map(|&word| word as f64).collect::<Vec<f64>>();
    let curves = match arm {
        Arm::Full => {
            let mut sampler = ShuffleSampler::new(n, recipe.batch_size, seed)?;
            recipe.train(&windows, &held_out, n_words, &mut sampler, &vocabulary, seed)?
        }
        Arm::Growing | Arm::GrowingWindows => {
            let mut sampler = paced(EasyFirst.order(&by_rank(&rarest), seed)?)?;
            recipe.train(&windows, &held_out, n_words, &mut sampler, &vocabulary, seed)?
        }
        Arm::SameNumber => {
            let mut sampler = paced(Random::of(n, seed))?;
            recipe.train(&windows, &held_out, n_words, &mut sampler, &vocabulary, seed)?
        }
    };
    let n_examples = (recipe.n_updates as usize * recipe.batch_size) as f64;
    Ok(Run { curves, passes, n_examples })
}

/// Until the full vocabulary's final log-rank of the same seed.
fn times(task: &Task, results: &StudyResults, arm: Arm) -> Result<Vec<Option<f64>>> {
    let targets = results.values(task.name, Arm::Full.name(), &Metric::scalar("log_rank"))?;
    let targets: Vec<f64> = targets.into_iter().flatten().collect();
    let records: Vec<&Record> = results.records(task.name, arm.name())?.into_iter().flatten().collect();
    let n = records.first().map_or(1, |record| record.curves["log_rank"].len().div_ceil(5));
    arrivals(&records, "log_rank", n, &targets)
}

fn report(task: &Task, findings: &mut Findings, results: &StudyResults) -> Result<()> {
    let n_seeds = results.study.seeds.len();
    let metric = Metric::scalar("log_rank");
    let full = Arm::Full.name();
    let growing = Arm::Growing.name();
    for (rival, what) in [(Arm::Full, "the full vocabulary"), (Arm::SameNumber, "as many windows at random")] {
        let less = results.paired(task.name, rival.name(), growing, &metric)?.differences;
        let conditions = format!("{}, against {what}, {n_seeds} seeds", task.name);
        findings.measure(CONVERGENCE.id, Part::Real, &conditions, Measurement::over_seeds(&less)?);
        let [own, theirs] = [Arm::Growing, rival].map(|arm| times(task, results, arm));
        let span = (task.recipe.measured_every, task.recipe.n_updates);
        let saved = Measurement::replicated(saved(span, &own?, &theirs?)?);
        findings.measure(SOONER.id, Part::Real, conditions, saved);
    }
    let early = Metric::at_budget("log_rank", "updates", task.recipe.n_updates as f64 / 10.0);
    let behind = results.paired(task.name, growing, full, &early)?.differences;
    let conditions = format!("{}, against the full vocabulary, {n_seeds} seeds", task.name);
    findings.measure(BEHIND.id, Part::Real, conditions, Measurement::over_seeds(&behind)?);

    let mut figure = LineFigure::new(
        format!("Growing the vocabulary: {}", task.name),
        "updates",
        "mean log-rank of the true word (95 % interval)",
    );
    for arm in Arm::ALL {
        let from = task.recipe.measured_every as f64;
        figure = with_mean_curve(figure, results, (task.name, arm.name()), "log_rank", from)?;
    }
    let records: Vec<&Record> = results.records(task.name, growing)?.into_iter().flatten().collect();
    for step in 1..N_STEPS {
        let starts = records.iter().map(|record| record.curves["passes"][step]);
        let quarters = format!("{}/{N_STEPS}", step + 1);
        figure = figure.vertical(starts.sum::<f64>() / records.len() as f64, quarters);
    }
    let by_frequency = results.summary(task.name, full, &Metric::scalar("by_frequency"))?.mean;
    figure = figure.horizontal(by_frequency, "word frequency alone");
    let caption = format!(
        "Mean log-rank of the true word among the whole vocabulary on held-out windows, {}: lower is better. Dashed: \
         where the growing vocabulary reaches 2, 3 and 4 quarters.",
        task.name
    );
    findings.figure(&task.file, caption, figure.render(820, 480)?);
    let title = format!("Final mean log-rank, {}", task.name);
    findings.tables.push((title, results.table(task.name, full, &metric, 4)?));
    findings.number(format!("{}_settings", task.file), task.settings())?;
    for arm in Arm::ALL {
        let name = format!("{}_log_rank_{}", task.file, arm.name().replace([' ', ','], "_"));
        let curves = results.records(task.name, arm.name())?.into_iter().flatten();
        findings.number(name, curves.map(|record| &record.curves["log_rank"]).collect::<Vec<_>>())?;
    }
    findings.notes.push(note(task, records.first().copied()));
    Ok(())
}

fn note(task: &Task, first: Option<&Record>) -> String {
    let Recipe { width, n_hidden, batch_size, learning_rate, n_updates, .. } = task.recipe;
    let counts = first.map_or(String::new(), |record| {
        let counts: Vec<String> = record.curves["counts"].iter().map(|&count| significant(count)).collect();
        format!(" ({} windows in its four passes, seed 0)", counts.join(", "))
    });
    let data = task.source.describe(|n| {
        format!(
            "the same {n} sentences for every seed, which decides weights, order, wrong words and which held-out \
             windows are taken"
        )
    });
    let source = match task.name {
        "WikiText-2" => " The validation part of WikiText-2 is trained on and its test part held out.",
        "tiny Shakespeare" => " The last tenth of the sentences is held out.",
        _ => "",
    };
    format!(
        "{}: {data}.{source} Windows of {WINDOW} words within a sentence, those with a word outside of the {} most \
         frequent dropped; the vocabulary grows by a quarter a pass{counts}. Embeddings of {width}, {n_hidden} tanh \
         units, ranking hinge loss with one wrong word drawn anew for every window shown; plain SGD in batches of \
         {batch_size}, learning rate {learning_rate}, the best of {RATES:?} for the full vocabulary on {} seeds of \
         its own and other held-out sentences; {n_updates} updates in every arm; {} held-out windows a seed.",
        task.name,
        task.n_words,
        TUNING_SEEDS.count(),
        task.n_held_out,
    )
}

/// One trained model.
struct Run {
    curves: Curves,
    passes: Passes,
    n_examples: f64,
}

impl Run {
    fn record(self) -> Record {
        let last = self.curves.updates.last().copied().unwrap_or(0.0);
        let log_rank = self.curves.final_log_rank();
        self.curves
            .record()
            .scalar("log_rank", log_rank)
            .scalar("updates", last)
            .scalar("examples", self.n_examples)
            .curve("passes", self.passes.first_steps.iter().map(|&step| step as f64).collect::<Vec<_>>())
            .curve("counts", self.passes.counts.iter().map(|&count| count as f64).collect::<Vec<_>>())
    }
}

/// A vocabulary that grows by a quarter with every pass over the windows within it: what of the data is available, as
/// a pacing.
#[derive(Debug, Clone, PartialEq)]
struct Passes {
    n_windows: usize,
    n_words: usize,
    /// Windows within the vocabulary of each pass, and the pass's first step.
    counts: Vec<usize>,
    first_steps: Vec<u64>,
    n_updates: u64,
}

impl Passes {
    fn of(rarest: &[usize], n_words: usize, recipe: &Recipe) -> Self {
        let within = |vocabulary: usize| rarest.iter().filter(|&&word| word < vocabulary).count();
        let counts: Vec<usize> = (1..=N_STEPS).map(|step| within(n_words * step / N_STEPS)).collect();
        let mut first_step = 0;
        let first_steps = counts.iter().map(|&count| {
            let this = first_step;
            // A pass has at least the batch that a sampler shows of nothing.
            first_step += count.max(recipe.batch_size.min(rarest.len())).div_ceil(recipe.batch_size) as u64;
            this
        });
        let first_steps = first_steps.collect();
        Self { n_windows: rarest.len(), n_words, counts, first_steps, n_updates: recipe.n_updates }
    }

    fn pass(&self, step: u64) -> usize {
        self.first_steps.partition_point(|&first| first <= step).max(1) - 1
    }

    /// The number of words in use at `step`.
    fn vocabulary(&self, step: u64) -> usize {
        self.n_words * (self.pass(step) + 1) / N_STEPS
    }
}

impl Pacing for Passes {
    fn fraction(&self, progress: f64) -> f64 {
        let step = (progress.max(0.0) * self.n_updates as f64).round() as u64;
        self.counts[self.pass(step)] as f64 / self.n_windows as f64
    }

    fn full_at(&self) -> Option<f64> {
        self.first_steps.last().map(|&step| step as f64 / self.n_updates as f64)
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }
}

impl fmt::Display for Passes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "passes over {:?} windows from steps {:?} on", self.counts, self.first_steps)
    }
}

/// The paper's figures beside ours.
fn paper(results: &StudyResults, tasks: &[Task]) -> Result<String> {
    let metric = Metric::scalar("log_rank");
    let mut ours = Vec::new();
    for task in tasks {
        let mean = |arm: Arm| results.summary(task.name, arm.name(), &metric).map(|summary| summary.mean);
        ours.push(format!("{}: {:.2} against {:.2}", task.name, mean(Arm::Growing)?, mean(Arm::Full)?));
    }
    Ok(format!(
        "Beside the paper. Bengio et al. report 2.78 with the curriculum against 2.83 without on 631 million windows of Wikipedia, a vocabulary of 5,000 words growing to 20,000, embeddings of 50 and \
         100 hidden units, one run each, on 10,000 test windows. Here: {}. The numbers are not on one scale: a rank is \
         among so many words, and the logarithm of a random rank among V is about ln V - 1 (8.9 for 20,000, {:.1} for \
         1,000, {:.1} for 4,000). The paper's model sees every window about as often as its passes say, ours far \
         fewer windows more often, by several passes over the whole after the vocabulary is full.",
        ours.join("; "),
        1_000f64.ln() - 1.0,
        4_000f64.ln() - 1.0,
    ))
}

#[cfg(test)]
mod tests {
    use cl_data::{Batch, Sampler};

    use super::*;

    /// Each pass shows the windows of its vocabulary once, and the words to be told apart are of the same vocabulary.
    #[test]
    fn passes_grow_with_the_vocabulary() {
        let (n_words, n) = (40, 700);
        let rarest: Vec<usize> = (0..n).map(|i| (i * i * 7 + i) % n_words).collect();
        let recipe = Recipe { batch_size: 16, ..Recipe::small(300, 10) };
        let passes = Passes::of(&rarest, n_words, &recipe);
        let order = EasyFirst.order(&rarest.iter().map(|&word| word as f64).collect::<Vec<_>>(), 3).unwrap();
        let mut sampler = PrefixSampler::new(order, passes.clone(), 16, 300, 3).unwrap();
        let mut shown: Vec<Vec<usize>> = vec![Vec::new(); 6];
        for step in 0..300 {
            let epoch = sampler.epoch(step).index as usize;
            if epoch >= shown.len() {
                break;
            }
            let mut batch = Batch::default();
            sampler.batch(step, &mut batch).unwrap();
            assert_eq!(passes.vocabulary(step), 10 * (epoch + 1).min(4));
            shown[epoch].extend(batch.indices);
        }
        for (epoch, mut shown) in shown.into_iter().enumerate() {
            shown.sort_unstable();
            let vocabulary = 10 * (epoch + 1).min(4);
            let expected: Vec<usize> = (0..n).filter(|&window| rarest[window] < vocabulary).collect();
            assert_eq!(shown, expected, "pass {epoch}");
        }
    }
}
