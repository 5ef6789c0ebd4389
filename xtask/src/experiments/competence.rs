//! Section 4: competence-based curricula (Platanios et al. 2019), and beside them Baby Steps and One-Pass.

use anyhow::{Result, anyhow, bail};
use cl_data::{Sampler, TopicGrammar, random};
use cl_difficulty::data_based::{Case, UnseenWord, Vocabulary, sentence_length, word_rarity};
use cl_pacing::{
    BabySteps, Competence, CompetenceSampler, EasyFirst, EqualDifficulty, MiniBatchSampler, OnePass, Order,
    ShuffleSampler,
};
use cl_study::{
    Better, Figure, LineFigure, Metric, Record, Study, StudyResults, Table, TimeRatio, time_to_target, value_at,
};
use serde_json::{Value, json};

use crate::claim::{Claim, Judge, Measurement, Part, significant};
use crate::data_dir::DataDir;
use crate::experiment::{Context, Experiment, Findings};
use crate::language::{
    Corpus, Curves, Lexicon, Recipe, Source, TUNING_SEEDS, WINDOW, Windows, arrivals, journal, ratio_by, saved,
    trailing_means, tuned, with_mean_curve,
};

/// A language model's sentences from short to long and from common to rare, by competence.
pub(super) struct CompetenceExperiment;

const SAVED: &str = "share of the updates saved until plain shuffling's final loss, one less the ratio of updates";
/// Less than one measurement in forty is not seen.
const SAVED_MARGIN: f64 = 0.025;

const FASTER: Claim = Claim {
    id: "competence/faster",
    place: "section 4, text (Platanios 2019)",
    article: "up to 70% faster training (the paper: up to a 70 % decrease in training time)",
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};

const SEVENTY: Claim = Claim {
    id: "competence/seventy",
    place: "section 4, text (Platanios 2019, abstract)",
    article: "up to 70% faster training (the paper: up to a 70 % decrease in training time)",
    judge: Judge::Within {
        quantity: "share of the updates saved by the one of the four curricula that saves most",
        low: 0.7,
        high: 1.0,
    },
};

const BETTER: Claim = Claim {
    id: "competence/better",
    place: "section 4, text (Platanios 2019, abstract)",
    article: "and 2.2 BLEU (nothing is translated here: is the model better after as many updates?)",
    judge: Judge::Positive {
        quantity: "mean log-rank of the true word after equal updates, the other less the curriculum",
        margin: 0.01,
    },
};

const BABY_STEPS: Claim = Claim {
    id: "competence/baby-steps",
    place: "section 4 (Spitkovsky 2010; the article names Platanios)",
    article: "(not in the article) Baby Steps, too, is faster",
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};

const ONE_PASS: Claim = Claim {
    id: "competence/one-pass",
    place: "section 4 (Cirik 2016; the article names Platanios)",
    article: "(not in the article) One-Pass, too, is faster",
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};

impl Experiment for CompetenceExperiment {
    fn id(&self) -> &'static str {
        "competence"
    }

    fn section(&self) -> &'static str {
        "4"
    }

    fn question(&self) -> &'static str {
        "How many updates does a competence-based curriculum save?"
    }

    fn claims(&self) -> &'static [Claim] {
        &[FASTER, SEVENTY, BETTER, BABY_STEPS, ONE_PASS]
    }

    fn run(&self, context: &Context<'_>) -> Result<Findings> {
        let mut findings = Findings::default();
        let mut tasks = vec![Task::made(context)?];
        if let Some(data_dir) = &context.data_dir {
            for (name, folder, read) in TEXTS {
                match data_dir.folder(folder) {
                    Some(_) => tasks.push(Task::text(name, read(data_dir)?, context)),
                    None => findings
                        .notes
                        .push(format!("{name} was left out: the folder of data sets has no {folder}.")),
                }
            }
        }
        for task in &mut tasks {
            task.tune(context)?;
        }
        let mut study = Study::new("competence", context.seeds.clone());
        for arm in Arm::all() {
            study = study.arm(arm.name(), arm.settings());
        }
        for task in &tasks {
            study = study.setting(task.name, task.settings());
        }
        let results = study.run(context.jobs, Some(&journal(context, &study)), context.progress, |run| {
            let task = tasks.iter().find(|task| task.name == run.setting.name);
            let arm = Arm::all().into_iter().find(|arm| arm.name() == run.arm.name);
            let (task, arm) =
                task.zip(arm).ok_or_else(|| format!("no {} in {}", run.arm.name, run.setting.name))?;
            let curves = task.train(&task.recipe, arm, run.seed, false);
            curves.and_then(|curves| task.record(curves)).map_err(|error| format!("{error:#}"))
        })?;
        if let Some(failed) = results.failed().next() {
            bail!("{}, seed {}: {:?}", failed.arm, failed.seed, failed.outcome);
        }
        for task in &tasks {
            task.report(&mut findings, &results)?;
        }
        findings.notes.push(NOTE.to_owned());
        Ok(findings)
    }
}

const NOTE: &str = "What the article says and what the paper says. Platanios et al. report a decrease in training time of up \
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
    not arrived by then counts as arriving at the end, which flatters it, and how many do is in the table. Ratios are of \
    sums over seeds, their intervals percentiles of a bootstrap over seeds. Chosen after a look at results: the length of training, the \
    averaging, and that T is read off the gain over word frequencies (the loss falls from its first value at once, which \
    made T short).";

type Read = fn(&DataDir) -> Result<Corpus>;

/// Real texts, by name and folder.
const TEXTS: [(&str, &str, Read); 2] =
    [("Multi30k", "multi30k", Corpus::multi30k), ("WikiText-2", "wikitext-2-valid-test", Corpus::wikitext2)];

const RATES: [f64; 5] = [0.125, 0.25, 0.5, 1.0, 2.0];
/// The competence at first, as in the paper.
const C0: f64 = 0.01;
const N_BUCKETS: u64 = 5;
/// The share of its gain over word frequencies that plain shuffling has made when the curriculum ends: the paper ends
/// it at about 90 % of the final BLEU.
const MATURE: f64 = 0.9;

/// How hard a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Difficulty {
    Length,
    Rarity,
}

/// How competence grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    Linear,
    SquareRoot,
}

/// What a model is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arm {
    Shuffling,
    Competence(Difficulty, Growth),
    /// As many windows at every update, at random.
    Control(Difficulty, Growth),
    BabySteps,
    OnePass,
}

impl Arm {
    fn curricula() -> [(Difficulty, Growth); 4] {
        use {Difficulty::*, Growth::*};
        [(Length, Linear), (Length, SquareRoot), (Rarity, Linear), (Rarity, SquareRoot)]
    }

    fn all() -> Vec<Self> {
        let curricula = Self::curricula();
        let competence = curricula.map(|(difficulty, growth)| Self::Competence(difficulty, growth));
        let controls = curricula.map(|(difficulty, growth)| Self::Control(difficulty, growth));
        [Self::Shuffling]
            .into_iter()
            .chain(competence)
            .chain(controls)
            .chain([Self::BabySteps, Self::OnePass])
            .collect()
    }

    fn name(self) -> String {
        let of = |difficulty, growth| {
            let difficulty = if difficulty == Difficulty::Length { "length" } else { "rarity" };
            let growth = if growth == Growth::Linear { "linear" } else { "square root" };
            format!("{difficulty}, {growth}")
        };
        match self {
            Self::Shuffling => "plain shuffling".into(),
            Self::Competence(difficulty, growth) => of(difficulty, growth),
            Self::Control(difficulty, growth) => format!("random, as {}", of(difficulty, growth)),
            Self::BabySteps => "Baby Steps".into(),
            Self::OnePass => "One-Pass".into(),
        }
    }

    fn settings(self) -> Value {
        match self {
            Self::Shuffling => json!({ "order": "random", "pacing": "full" }),
            Self::Competence(difficulty, growth) => {
                json!({ "order": format!("{difficulty:?}"), "pacing": format!("{growth:?}"), "c0": C0 })
            }
            Self::Control(difficulty, growth) => {
                json!({ "order": "random", "as": format!("{difficulty:?}"), "pacing": format!("{growth:?}"), "c0": C0 })
            }
            Self::BabySteps | Self::OnePass => json!({ "order": "Length", "buckets": N_BUCKETS }),
        }
    }
}

/// One corpus with the sizes of its model.
struct Task {
    name: &'static str,
    /// Of its figure.
    file: String,
    source: Source,
    n_words: usize,
    n_held_out: usize,
    recipe: Recipe,
    /// When plain shuffling's final loss is read.
    horizon: u64,
    /// When the curricula end, T.
    curriculum_length: u64,
}

/// Measurements until the horizon, and how many of them are averaged.
const N_MEASUREMENTS: u64 = 40;
const N_AVERAGED: usize = 4;

impl Task {
    fn new(
        name: &'static str,
        file: &str,
        source: Source,
        n_words: usize,
        horizon: u64,
        n_held_out: usize,
    ) -> Self {
        let recipe = Recipe { n_updates: horizon * 4 / 3, ..Recipe::small(horizon, N_MEASUREMENTS) };
        // Whole measurements, so that the last update is measured.
        let n_updates = recipe.n_updates.next_multiple_of(recipe.measured_every);
        let recipe = Recipe { n_updates, ..recipe };
        Self { name, file: file.into(), source, n_words, n_held_out, recipe, horizon, curriculum_length: horizon }
    }

    fn made(context: &Context<'_>) -> Result<Self> {
        let (n_sentences, horizon) = match (context.full, context.quick) {
            (true, _) => (24_000, 72_000),
            (_, false) => (6_000, 18_000),
            _ => (400, 400),
        };
        let language = TopicGrammar::new(500, 8, 10, 0)?;
        let (n_words, source) = (language.n_words(), Source::Made { language, n_sentences });
        Ok(Self::new(
            "made language",
            "competence",
            source,
            n_words,
            horizon,
            if context.quick { 100 } else { 300 },
        ))
    }

    fn text(name: &'static str, mut corpus: Corpus, context: &Context<'_>) -> Self {
        let (n_words, horizon, n_held_out) = if context.quick { (300, 400, 100) } else { (2_000, 20_000, 300) };
        if context.quick {
            corpus.train.truncate(1_000);
        }
        let file = format!("competence-{}", name.to_lowercase());
        Self::new(name, &file, Source::Text(corpus), n_words, horizon, n_held_out)
    }

    fn settings(&self) -> Value {
        let Recipe { width, n_hidden, batch_size, learning_rate, n_updates, .. } = self.recipe;
        json!({
            "n_words": self.n_words,
            "window": WINDOW,
            "width": width,
            "n_hidden": n_hidden,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "n_updates": n_updates,
            "horizon": self.horizon,
            "curriculum_length": self.curriculum_length,
            "n_held_out_windows": self.n_held_out,
        })
    }

    /// The learning rate that is best for plain shuffling, and the length of the curricula by the paper's rule.
    fn tune(&mut self, context: &Context<'_>) -> Result<()> {
        let shuffling = |rate: f64, seed: u64| {
            let recipe = Recipe { learning_rate: rate, n_updates: self.horizon, ..self.recipe };
            self.train(&recipe, Arm::Shuffling, seed, true)
        };
        let (rate, curves) = tuned(&RATES, context, shuffling)?;
        let mature: Result<Vec<f64>> = curves.iter().map(matures_at).collect();
        let mature = mature?;
        let mean = mature.iter().sum::<f64>() / mature.len() as f64;
        self.curriculum_length = (mean.round() as u64).max(1);
        self.recipe.learning_rate = rate;
        Ok(())
    }

    fn train(&self, recipe: &Recipe, arm: Arm, seed: u64, tuning: bool) -> Result<Curves> {
        let corpus = if tuning { self.source.tuning_corpus(seed) } else { self.source.corpus(seed) };
        let lexicon = Lexicon::of(&corpus.train, self.n_words);
        let n_words = lexicon.n_words();
        let windows = Windows::of(&corpus.train, &lexicon, Some(n_words));
        let held_out = Windows::of(&corpus.held_out, &lexicon, Some(n_words)).sample(self.n_held_out, seed);
        let mut sampler = self.sampler(recipe, arm, &corpus.train, &windows, seed)?;
        recipe.train(&windows, &held_out, n_words, &mut *sampler, &|_| n_words, seed)
    }

    fn sampler(
        &self,
        recipe: &Recipe,
        arm: Arm,
        sentences: &[String],
        windows: &Windows,
        seed: u64,
    ) -> Result<Box<dyn Sampler>> {
        let Recipe { batch_size, n_updates, .. } = *recipe;
        let of_windows = |difficulty| -> Result<Vec<f64>> {
            let of_sentences = match difficulty {
                Difficulty::Length => sentence_length(sentences),
                Difficulty::Rarity => {
                    let vocabulary = Vocabulary::count(sentences, Case::Sensitive);
                    word_rarity(&vocabulary, sentences, UnseenWord::Refused)?
                }
            };
            Ok(windows.sentences().iter().map(|&sentence| of_sentences[sentence]).collect())
        };
        let by_competence = |difficulty: &[f64], growth| -> Result<Box<dyn Sampler>> {
            let competence = match growth {
                Growth::Linear => Competence::linear(C0)?,
                Growth::SquareRoot => Competence::square_root(C0)?,
            };
            let (equal, length) = (EqualDifficulty::Covered, self.curriculum_length);
            Ok(Box::new(CompetenceSampler::new(difficulty, equal, competence, batch_size, length, seed)?))
        };
        let by_length = || -> Result<Vec<usize>> { Ok(EasyFirst.order(&of_windows(Difficulty::Length)?, seed)?) };
        Ok(match arm {
            Arm::Shuffling => Box::new(ShuffleSampler::new(windows.len(), batch_size, seed)?),
            Arm::Competence(difficulty, growth) => by_competence(&of_windows(difficulty)?, growth)?,
            Arm::Control(difficulty, growth) => {
                let mut dealt = of_windows(difficulty)?;
                random::shuffle(&mut random::stream(seed, "difficulties at random", 0), &mut dealt);
                by_competence(&dealt, growth)?
            }
            Arm::BabySteps => {
                // The last bucket joins when the competence of the others is full.
                let bucket_length = (self.curriculum_length / (N_BUCKETS - 1)).max(1);
                let pacing = BabySteps::new(N_BUCKETS, bucket_length, n_updates)?;
                Box::new(MiniBatchSampler::new(by_length()?, pacing, batch_size, n_updates, seed)?)
            }
            Arm::OnePass => {
                let pacing = OnePass::new(N_BUCKETS, (self.horizon / N_BUCKETS).max(1), n_updates)?;
                Box::new(MiniBatchSampler::new(by_length()?, pacing, batch_size, n_updates, seed)?)
            }
        })
    }

    fn record(&self, curves: Curves) -> Result<Record> {
        let at_horizon = |curve: &[f64]| -> Result<f64> {
            let means = trailing_means(curve, N_AVERAGED);
            value_at(&curves.updates, &means, self.horizon as f64)?.ok_or_else(|| anyhow!("nothing was measured"))
        };
        Ok(Record::new()
            .scalar("loss", at_horizon(&curves.loss)?)
            .scalar("log_rank", at_horizon(&curves.log_rank)?)
            .scalar("updates", self.horizon as f64)
            .scalar("examples", (self.horizon * self.recipe.batch_size as u64) as f64)
            .curve("updates", curves.updates)
            .curve("log_rank", curves.log_rank)
            .curve("loss", curves.loss))
    }

    /// Until plain shuffling's final loss of the same seed.
    fn times(&self, results: &StudyResults, arm: Arm) -> Result<Vec<Option<f64>>> {
        let targets = results.values(self.name, &Arm::Shuffling.name(), &Metric::scalar("loss"))?;
        let targets: Vec<f64> = targets.into_iter().flatten().collect();
        let records: Vec<&Record> = results.records(self.name, &arm.name())?.into_iter().flatten().collect();
        arrivals(&records, "loss", N_AVERAGED, &targets)
    }

    fn ratio(&self, results: &StudyResults, arm: Arm, control: Arm) -> Result<TimeRatio> {
        ratio_by(self.recipe.n_updates, &self.times(results, arm)?, &self.times(results, control)?)
    }

    fn report(&self, findings: &mut Findings, results: &StudyResults) -> Result<()> {
        let n_seeds = results.study.seeds.len();
        let conditions = |what: &str| format!("{}: {what}, {n_seeds} seeds", self.name);
        let shuffling = Arm::Shuffling;
        let rank = Metric::scalar("log_rank");
        let mut best: Option<(f64, String, Measurement)> = None;
        for (difficulty, growth) in Arm::curricula() {
            let (arm, control) = (Arm::Competence(difficulty, growth), Arm::Control(difficulty, growth));
            let saving = saved(&self.ratio(results, arm, shuffling)?);
            if let Measurement::Interval { mean, .. } = saving
                && best.as_ref().is_none_or(|(most, ..)| mean > *most)
            {
                best = Some((mean, arm.name(), saving.clone()));
            }
            let against = |rival: &str| conditions(&format!("{}, against {rival}", arm.name()));
            findings.measure(FASTER.id, Part::Real, against("plain shuffling"), saving);
            let saving = saved(&self.ratio(results, arm, control)?);
            findings.measure(FASTER.id, Part::Real, against("as many at random"), saving);
            for (rival, what) in [(shuffling, "plain shuffling"), (control, "as many at random")] {
                let less = results.paired(self.name, &rival.name(), &arm.name(), &rank)?.differences;
                findings.measure(BETTER.id, Part::Real, against(what), Measurement::over_seeds(&less)?);
            }
        }
        let (_, name, saving) = best.ok_or_else(|| anyhow!("no curriculum has an interval"))?;
        findings.measure(SEVENTY.id, Part::Real, conditions(&format!("{name}, the best of four")), saving);
        for (claim, arm) in [(BABY_STEPS, Arm::BabySteps), (ONE_PASS, Arm::OnePass)] {
            let saving = saved(&self.ratio(results, arm, shuffling)?);
            findings.measure(claim.id, Part::Real, conditions("against plain shuffling"), saving);
        }
        self.table(findings, results)?;
        let title = format!("Mean log-rank after {} updates, {}", self.horizon, self.name);
        findings.tables.push((title, results.table(self.name, &shuffling.name(), &rank, 4)?));
        self.figure(findings, results)?;
        findings.number(format!("{}_settings", self.file), self.settings())?;
        for arm in Arm::all() {
            let name = arm.name().replace(", ", "_").replace([' ', '-'], "_").to_lowercase();
            let losses = results.records(self.name, &arm.name())?.into_iter().flatten();
            let losses: Vec<&Vec<f64>> = losses.map(|record| &record.curves["loss"]).collect();
            findings.number(format!("{}_loss_{name}", self.file), losses)?;
            findings.number(format!("{}_updates_to_target_{name}", self.file), self.times(results, arm)?)?;
        }
        findings.notes.push(self.note());
        Ok(())
    }

    /// Ratios of updates, and how many seeds never arrive.
    fn table(&self, findings: &mut Findings, results: &StudyResults) -> Result<()> {
        let mut table =
            Table::new(["arm", "ratio of updates to plain shuffling's", "never arrived", "sooner, seeds"]);
        let baseline = self.times(results, Arm::Shuffling)?;
        for arm in Arm::all().into_iter().skip(1) {
            let times = self.times(results, arm)?;
            let ratio = self.ratio(results, arm, Arm::Shuffling)?;
            let text = match (ratio.ratio, ratio.interval) {
                (Some(ratio), Some(interval)) => format!("{ratio:.3} [{:.3}, {:.3}]", interval.low, interval.high),
                _ => "undefined".into(),
            };
            let never = times.iter().filter(|time| time.is_none()).count();
            let sooner = times
                .iter()
                .zip(&baseline)
                .filter(|(time, baseline)| time.zip(**baseline).is_some_and(|(time, baseline)| time < baseline));
            let n = times.len();
            table.row([arm.name(), text, format!("{never}/{n}"), format!("{}/{n}", sooner.count())])?;
        }
        findings.tables.push((format!("Updates until plain shuffling's final loss, {}", self.name), table));
        Ok(())
    }

    fn figure(&self, findings: &mut Findings, results: &StudyResults) -> Result<()> {
        let mut figure = LineFigure::new(
            format!("Competence-based curricula: {}", self.name),
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
            let from = self.horizon as f64 / 10.0;
            figure = with_mean_curve(figure, results, (self.name, &arm.name()), "loss", from)?;
        }
        let figure =
            figure.vertical(self.curriculum_length as f64, "T").vertical(self.horizon as f64, "final loss read");
        let caption = format!(
            "Held-out ranking loss, {}: lower is better. T is where the curricula end; the loss at the second dashed line is \
             plain shuffling's final one. Linear competence is in the tables.",
            self.name
        );
        findings.figure(&self.file, caption, figure.render(820, 480)?);
        Ok(())
    }

    fn note(&self) -> String {
        let Recipe { width, n_hidden, batch_size, learning_rate, n_updates, .. } = self.recipe;
        let data = match &self.source {
            Source::Made { n_sentences, .. } => format!(
                "{n_sentences} fresh sentences for every seed of a generated language with a Zipf vocabulary, word \
                 classes, topics and collocations (cl-data, `TopicGrammar`), and a tenth as many held out"
            ),
            Source::Text(corpus) => {
                format!(
                    "{} training sentences, the same for every seed; its test part is held out",
                    corpus.train.len()
                )
            }
        };
        let part = if self.name == "WikiText-2" {
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
            self.name,
            self.n_words,
            TUNING_SEEDS.count(),
            self.horizon,
            self.curriculum_length,
            significant(100.0 * MATURE),
            self.n_held_out,
            self.recipe.measured_every,
        )
    }
}

/// The update at which a run has made most of its gain over word frequencies; its last where it gains nothing.
fn matures_at(curves: &Curves) -> Result<f64> {
    let means = trailing_means(&curves.log_rank, N_AVERAGED);
    let (Some(&end), Some(&last)) = (curves.updates.last(), means.last()) else { bail!("nothing was measured") };
    let target = curves.by_frequency - MATURE * (curves.by_frequency - last).max(0.0);
    Ok(time_to_target(&curves.updates, &means, target, Better::Lower)?.unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::Batch;

    fn task() -> Task {
        let source = Source::Made { language: TopicGrammar::new(60, 4, 3, 1).unwrap(), n_sentences: 80 };
        Task { curriculum_length: 50, ..Task::new("test", "test", source, 60, 90, 20) }
    }

    /// At every update a curriculum's control has as many windows to draw from, and neither shows one twice.
    #[test]
    fn controls_have_as_many_windows() {
        let task = task();
        let corpus = task.source.corpus(3);
        let lexicon = Lexicon::of(&corpus.train, 60);
        let windows = Windows::of(&corpus.train, &lexicon, Some(lexicon.n_words()));
        let lengths = sentence_length(&corpus.train);
        for (difficulty, growth) in Arm::curricula() {
            let shown = |arm| -> Vec<Vec<usize>> {
                let mut sampler = task.sampler(&task.recipe, arm, &corpus.train, &windows, 3).unwrap();
                let batch = |step| {
                    let mut batch = Batch::default();
                    sampler.batch(step, &mut batch).unwrap();
                    batch.indices
                };
                (0..60).map(batch).collect()
            };
            let curriculum = shown(Arm::Competence(difficulty, growth));
            let control = shown(Arm::Control(difficulty, growth));
            let longest = |batches: &[Vec<usize>]| {
                let windows = batches.iter().flatten().map(|&window| lengths[windows.sentences()[window]]);
                windows.fold(0.0, f64::max)
            };
            assert!(longest(&curriculum[..2]) < longest(&control[..2]), "{difficulty:?}");
            assert!(longest(&curriculum[..2]) < longest(&curriculum[50..]));
            let lengths = |batches: &[Vec<usize>]| batches.iter().map(Vec::len).collect::<Vec<_>>();
            assert_eq!(lengths(&curriculum), lengths(&control));
        }
    }

    #[test]
    fn most_of_the_gain_over_frequencies() {
        let curves = |log_rank: [f64; 5]| Curves {
            updates: vec![0.0, 10.0, 20.0, 30.0, 40.0],
            log_rank: log_rank.to_vec(),
            loss: Vec::new(),
            by_frequency: 3.0,
        };
        assert_eq!(matures_at(&curves([9.0, 3.0, 1.5, 1.5, 0.0])).unwrap(), 40.0);
        assert_eq!(matures_at(&curves([3.0, 1.0, 1.0, 1.0, 1.0])).unwrap(), 40.0);
        assert_eq!(matures_at(&curves([1.0, 1.0, 1.0, 1.0, 1.0])).unwrap(), 0.0);
        assert_eq!(matures_at(&curves([9.0, 8.0, 7.0, 6.0, 5.0])).unwrap(), 40.0);
        assert!(matures_at(&Curves::default()).is_err());
    }
}
