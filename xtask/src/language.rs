//! What the language experiments share: corpora of sentences, windows over them, and the ranking model's training.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};
use cl_data::io::read_lines;
use cl_data::{Batch, Sampler, TopicGrammar, random};
use cl_model::{Examples, Loss, Mode, Model, RankingHinge, Target, WindowLanguageModel};
use cl_study::{
    Better, Bootstrap, LineFigure, Record, Study, StudyResults, Summary, TimeRatio, over_seeds, time_ratio,
    time_to_target,
};
use rand::Rng;

use crate::claim::Measurement;
use crate::data_dir::DataDir;
use crate::experiment::Context;

/// Words in a window, the last of which is to be ranked.
pub const WINDOW: usize = 5;

/// Sentences to train on and others to measure on: tokens separated by blanks.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// What is trained on.
    pub train: Vec<String>,
    /// What is measured on.
    pub held_out: Vec<String>,
}

/// The made language of the default runs: of 1,000 words in 8 classes and 10 topics.
///
/// # Errors
/// Never, for its sizes are constants.
pub fn made_language() -> Result<TopicGrammar> {
    Ok(TopicGrammar::new(1_000, 8, 10, 0)?)
}

impl Corpus {
    /// `n` sentences of a made language to train on and a tenth as many to measure on, by seed.
    pub fn made(language: &TopicGrammar, n: usize, seed: u64) -> Self {
        let mut train = language.text(n + n / 10, seed);
        let held_out = train.split_off(n);
        Self { train, held_out }
    }

    /// WikiText-2, as far as the folder has it: its validation part to train on, its test part to measure on. A
    /// sentence ends at a full stop, exclamation or question mark; headings are left out, and words lower-cased.
    ///
    /// # Errors
    /// Where a file is missing or no text.
    pub fn wikitext2(data_dir: &DataDir) -> Result<Self> {
        let part = |file: &str| -> Result<Vec<String>> {
            let lines = lines(data_dir, "wikitext-2-valid-test", file)?;
            let text = lines.iter().filter(|line| !line.trim_start().starts_with('='));
            Ok(text.flat_map(|line| sentences(line.split_whitespace().map(str::to_lowercase))).collect())
        };
        Ok(Self { train: part("valid.txt.gz")?, held_out: part("test.txt.gz")? })
    }

    /// Tiny Shakespeare: the last tenth of its sentences to measure on, speakers' names left out.
    ///
    /// # Errors
    /// Where the file is missing or no text.
    pub fn tiny_shakespeare(data_dir: &DataDir) -> Result<Self> {
        let lines = lines(data_dir, "tinyshakespeare", "input.txt.gz")?;
        // A speech is a name with a colon, then lines up to a blank one.
        let speeches = lines.split(|line| line.trim().is_empty());
        let speech = |lines: &[String]| -> Vec<String> {
            let spoken = if lines.first().is_some_and(|line| line.ends_with(':')) { &lines[1..] } else { lines };
            sentences(spoken.iter().flat_map(|line| tokens(line)))
        };
        let mut train: Vec<String> = speeches.flat_map(speech).collect();
        let held_out = train.split_off(train.len() - train.len() / 10);
        Ok(Self { train, held_out })
    }

    /// The English captions of Multi30k, one a sentence: its training part, and its test part of 2016.
    ///
    /// # Errors
    /// Where a file is missing or no text.
    pub fn multi30k(data_dir: &DataDir) -> Result<Self> {
        let part = |file: &str| -> Result<Vec<String>> {
            let captions = lines(data_dir, "multi30k", file)?;
            Ok(captions.iter().map(|caption| tokens(caption).join(" ")).filter(|s| !s.is_empty()).collect())
        };
        Ok(Self { train: part("train.en.gz")?, held_out: part("test_2016_flickr.en.gz")? })
    }
}

/// The lines of a file that is gzipped, or was unpacked under its name without `.gz`.
fn lines(data_dir: &DataDir, folder: &str, file: &str) -> Result<Vec<String>> {
    let Some(folder) = data_dir.folder(folder) else { bail!("{folder} is not in the folder of data sets") };
    let packed = folder.join(file);
    let path = if packed.exists() { packed } else { packed.with_extension("") };
    read_lines(&path).with_context(|| format!("a text is read from {}", folder.display()))
}

/// Lower-cased words (letters, digits, apostrophes and hyphens within) and single marks.
fn tokens(line: &str) -> Vec<String> {
    let lowered = line.to_lowercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '\'' || c == '-';
    let mut tokens = Vec::new();
    for run in lowered.split_whitespace() {
        let mut word = String::new();
        for c in run.chars() {
            if is_word(c) {
                word.push(c);
                continue;
            }
            if !word.is_empty() {
                tokens.push(std::mem::take(&mut word));
            }
            tokens.push(c.to_string());
        }
        if !word.is_empty() {
            tokens.push(word);
        }
    }
    tokens
}

/// Cuts a text after every full stop, exclamation or question mark.
fn sentences(tokens: impl Iterator<Item = String>) -> Vec<String> {
    let (mut sentences, mut sentence) = (Vec::new(), Vec::new());
    for token in tokens {
        let ends = matches!(&*token, "." | "!" | "?");
        sentence.push(token);
        if ends {
            sentences.push(std::mem::take(&mut sentence).join(" "));
        }
    }
    if !sentence.is_empty() {
        sentences.push(sentence.join(" "));
    }
    sentences
}

/// The V most frequent words of a text, as indices by frequency; of equally frequent ones, the first by alphabet.
#[derive(Debug, Clone, PartialEq)]
pub struct Lexicon<'a> {
    index: HashMap<&'a str, usize>,
}

/// Stands in WikiText for words that were taken out, and is none.
const UNKNOWN: &str = "<unk>";

impl<'a> Lexicon<'a> {
    /// The `n_words` most frequent words of the sentences, or as many as there are.
    pub fn of(sentences: &'a [String], n_words: usize) -> Self {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        let words = sentences.iter().flat_map(|sentence| sentence.split(' ')).filter(|&word| word != UNKNOWN);
        words.for_each(|word| *counts.entry(word).or_default() += 1);
        let mut by_count: Vec<(&str, u64)> = counts.into_iter().collect();
        by_count.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let index = by_count.into_iter().take(n_words).enumerate().map(|(index, (word, _))| (word, index));
        Self { index: index.collect() }
    }

    /// The number of words, V.
    pub fn n_words(&self) -> usize {
        self.index.len()
    }

    /// The index of each word of a sentence; none where it is out of the vocabulary.
    pub fn indices(&self, sentence: &str) -> Vec<Option<usize>> {
        sentence.split(' ').map(|word| self.index.get(word).copied()).collect()
    }
}

/// All windows of [`WINDOW`] words within sentences; those with a word out of the vocabulary are dropped.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Windows {
    /// Words of the windows, one window after the other.
    words: Vec<usize>,
    /// The sentence of each.
    sentences: Vec<usize>,
}

impl Windows {
    /// The windows of these sentences. With `start`, every sentence is preceded by as many of this index as a window
    /// has words before its last, so that each of its own words is the last of one window.
    pub fn of(sentences: &[String], lexicon: &Lexicon<'_>, start: Option<usize>) -> Self {
        let mut windows = Self::default();
        for (at, sentence) in sentences.iter().enumerate() {
            let starts = start.iter().flat_map(|&start| std::iter::repeat_n(Some(start), WINDOW - 1));
            let words: Vec<Option<usize>> = starts.chain(lexicon.indices(sentence)).collect();
            for window in words.windows(WINDOW) {
                if window.iter().all(Option::is_some) {
                    windows.words.extend(window.iter().flatten());
                    windows.sentences.push(at);
                }
            }
        }
        windows
    }

    /// The number of windows.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// The words of window `at`.
    pub fn words(&self, at: usize) -> &[usize] {
        &self.words[at * WINDOW..][..WINDOW]
    }

    /// The sentence that each window is from.
    pub fn sentences(&self) -> &[usize] {
        &self.sentences
    }

    /// The index of the rarest word of each window.
    pub fn rarest_words(&self) -> Vec<usize> {
        self.words.chunks_exact(WINDOW).map(|window| window.iter().copied().fold(0, usize::max)).collect()
    }

    /// The mean log-rank of a model that knows word frequencies alone, which is what indices go by.
    pub fn log_rank_by_frequency(&self) -> f64 {
        let ranks = self.words.iter().skip(WINDOW - 1).step_by(WINDOW).map(|&word| (word as f64 + 1.0).ln());
        ranks.sum::<f64>() / self.len() as f64
    }

    /// `n` of them by seed, or all where there are not so many.
    pub fn sample(&self, n: usize, seed: u64) -> Self {
        let chosen = random::choose(&mut random::stream(seed, "held-out windows", 0), self.len(), n);
        let mut sample = Self::default();
        for at in chosen {
            sample.words.extend_from_slice(self.words(at));
            sample.sentences.push(self.sentences[at]);
        }
        sample
    }
}

/// How a model is trained, the same for every arm of a study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Numbers in a word's embedding.
    pub width: usize,
    /// Hidden units.
    pub n_hidden: usize,
    /// Windows in an update.
    pub batch_size: usize,
    /// Learning rate of plain SGD.
    pub learning_rate: f64,
    /// Updates in all.
    pub n_updates: u64,
    /// Updates from one measurement to the next.
    pub measured_every: u64,
}

/// What was measured on the held-out windows, at first and then every so many updates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// Updates made.
    pub updates: Vec<f64>,
    /// Mean over the windows of ln(1 + number of words that score above the true one), within the whole vocabulary.
    pub log_rank: Vec<f64>,
    /// Mean over windows and wrong words of max(0, 1 - f(s) + f(s~)): the training loss, with every wrong word instead
    /// of one at random.
    pub loss: Vec<f64>,
    /// The mean log-rank of word frequencies alone.
    pub by_frequency: f64,
}

impl Curves {
    /// The mean log-rank over the last fifth of the measurements.
    pub fn final_log_rank(&self) -> f64 {
        let n = self.log_rank.len().div_ceil(5);
        trailing_means(&self.log_rank, n).last().copied().unwrap_or(f64::NAN)
    }
}

/// The mean of each value of a curve with the `n - 1` before it (fewer at first): at a constant learning rate single
/// measurements are noisy ones.
pub fn trailing_means(curve: &[f64], n: usize) -> Vec<f64> {
    let mean = |window: &[f64]| window.iter().sum::<f64>() / window.len() as f64;
    (0..curve.len()).map(|at| mean(&curve[(at + 1).saturating_sub(n)..=at])).collect()
}

/// When each run's curve, in means of `n` measurements, first comes down to its target, seed by seed; none where it
/// never does.
///
/// # Errors
/// Where a curve is not there.
pub fn arrivals(records: &[&Record], curve: &str, n: usize, targets: &[f64]) -> Result<Vec<Option<f64>>> {
    let arrival = |(record, &target): (&&Record, &f64)| {
        let Some((updates, values)) = record.curves.get("updates").zip(record.curves.get(curve)) else {
            bail!("no curve {curve}")
        };
        let values = trailing_means(values, n);
        Ok(time_to_target(updates, &values, target, Better::Lower)?)
    };
    records.iter().zip(targets).map(arrival).collect()
}

/// The ratio of updates, of a treatment and a control, to their targets: a run that never arrives counts as arriving at
/// its `end`.
///
/// # Errors
/// Where there is no run.
pub fn ratio_by(end: u64, treatment: &[Option<f64>], control: &[Option<f64>]) -> Result<TimeRatio> {
    let by = |times: &[Option<f64>]| times.iter().map(|time| Some(time.unwrap_or(end as f64))).collect::<Vec<_>>();
    Ok(time_ratio(&by(treatment), &by(control), &Bootstrap::new(10_000, 0)?)?)
}

impl Recipe {
    /// A small model, trained for `n_updates` and measured `n_measurements` times, the first after 0 updates aside.
    pub fn small(n_updates: u64, n_measurements: u64) -> Self {
        let measured_every = (n_updates / n_measurements).max(1);
        Self { width: 16, n_hidden: 32, batch_size: 32, learning_rate: 0.1, n_updates, measured_every }
    }

    /// Trains a model of `n_words` words and a start of sentences on the windows that `sampler` gives, each beside the same window with a wrong
    /// last word, drawn uniformly and anew each time from the `negatives(step)` most frequent words, and measures it.
    ///
    /// # Errors
    /// Where the loss is no longer finite, or the sampler was made for another number of windows.
    pub fn train(
        &self,
        windows: &Windows,
        held_out: &Windows,
        n_words: usize,
        sampler: &mut dyn Sampler,
        negatives: &dyn Fn(u64) -> usize,
        seed: u64,
    ) -> Result<Curves> {
        if sampler.n_examples() != windows.len() {
            bail!("the sampler is for {} windows, the data has {}", sampler.n_examples(), windows.len());
        }
        let mut model = WindowLanguageModel::<f32>::new(n_words + 1, WINDOW, self.width, self.n_hidden, seed)?;
        let mut workspace = model.workspace(self.batch_size);
        let mut rng = random::stream(seed, "wrong words", 0);
        let mut curves = Curves { by_frequency: held_out.log_rank_by_frequency(), ..Curves::default() };
        let (mut batch, mut features) = (Batch::default(), Vec::new());
        let (mut outputs, mut losses, mut deltas, mut targets) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for step in 0..=self.n_updates {
            if step % self.measured_every == 0 {
                let (log_rank, loss) = measure(&model, held_out, n_words)?;
                curves.updates.push(step as f64);
                curves.log_rank.push(log_rank);
                curves.loss.push(loss);
            }
            if step == self.n_updates {
                break;
            }
            sampler.batch(step, &mut batch)?;
            let n_negatives = negatives(step);
            features.clear();
            for &at in &batch.indices {
                let words = windows.words(at);
                let wrong = wrong_word(words[WINDOW - 1], n_negatives, &mut rng);
                features.extend(words.iter().chain([&wrong]).map(|&word| word as f32));
            }
            let b = batch.indices.len();
            outputs.resize(2 * b, 0.0);
            deltas.resize(2 * b, 0.0);
            targets.resize(b, Target::from(0)); // a ranking has none
            let examples = Examples::new(&features, WINDOW + 1);
            model.forward(examples, Mode::Training { step, first: 0 }, &mut workspace, &mut outputs);
            RankingHinge.losses_and_gradients(&outputs, &targets, &mut losses, &mut deltas);
            if let Some(loss) = losses.iter().find(|loss| !loss.is_finite()) {
                bail!("the loss is {loss} at update {step}");
            }
            deltas.iter_mut().for_each(|delta: &mut f32| *delta /= b as f32);
            model.sparse_step(examples, &deltas, &mut workspace, self.learning_rate);
        }
        Ok(curves)
    }
}

/// One of `0..n` other than `right`.
fn wrong_word(right: usize, n: usize, rng: &mut impl Rng) -> usize {
    if right >= n {
        return random::below(rng, n);
    }
    let wrong = random::below(rng, n - 1);
    wrong + usize::from(wrong >= right)
}

/// Mean log-rank of the true last words and the mean ranking loss over all wrong ones.
fn measure(model: &WindowLanguageModel<f32>, held_out: &Windows, n_words: usize) -> Result<(f64, f64)> {
    let (mut scorer, mut scores) = (model.scorer(), Vec::new());
    let (mut log_ranks, mut losses) = (0.0, 0.0);
    for at in 0..held_out.len() {
        let (context, last) = held_out.words(at).split_at(WINDOW - 1);
        scorer.scores(context, &mut scores)?;
        // The start of sentences, which stands last, is no word.
        let (own, scores) = (scores[last[0]], &scores[..n_words]);
        let rank = 1 + scores.iter().filter(|&&score| score > own).count();
        log_ranks += (rank as f64).ln();
        let violations: f64 = scores.iter().map(|&score| f64::from((1.0 - own + score).max(0.0))).sum();
        // The true word itself has the margin 1.
        losses += (violations - 1.0) / (n_words - 1) as f64;
    }
    Ok((log_ranks / held_out.len() as f64, losses / held_out.len() as f64))
}

/// Where an experiment's sentences come from.
pub enum Source {
    /// Fresh sentences of a made language for every seed.
    Made {
        /// The language.
        language: TopicGrammar,
        /// Sentences to train on.
        n_sentences: usize,
    },
    /// The same text for every seed.
    Text(Corpus),
}

impl Source {
    /// What a run of this seed trains on and is measured on.
    pub fn corpus(&self, seed: u64) -> Cow<'_, Corpus> {
        match self {
            Self::Made { language, n_sentences } => Cow::Owned(Corpus::made(language, *n_sentences, seed)),
            Self::Text(corpus) => Cow::Borrowed(corpus),
        }
    }

    /// The same for tuning, which must not see what arms are measured on: other sentences of the made language, or the
    /// last tenth of a text's training part.
    pub fn tuning_corpus(&self, seed: u64) -> Cow<'_, Corpus> {
        match self {
            Self::Made { .. } => self.corpus(seed),
            Self::Text(corpus) => {
                let mut train = corpus.train.clone();
                let held_out = train.split_off(train.len() - train.len() / 10);
                Cow::Owned(Corpus { train, held_out })
            }
        }
    }
}

/// The journal of a study, by all that the command line may change of it: one of another size is another study.
pub fn journal(context: &Context<'_>, study: &Study) -> PathBuf {
    let size = match (context.full, context.quick) {
        (true, _) => "full",
        (_, true) => "quick",
        _ => "usual",
    };
    let name = format!("{}-{size}-{}-{}.jsonl", study.name, study.settings.len(), study.seeds.len());
    context.journals.join(name)
}

/// Seeds of tuning begin here, far from those of the arms.
pub const TUNING_SEEDS: std::ops::Range<u64> = 1_000_000..1_000_002;

/// The learning rate with the least final value over the tuning seeds, and the curves it gave; a rate that diverges is
/// out.
///
/// # Errors
/// Where every rate diverges.
pub fn tuned(
    rates: &[f64],
    context: &Context<'_>,
    train: impl Fn(f64, u64) -> Result<Curves> + Sync,
) -> Result<(f64, Vec<Curves>)> {
    let units: Vec<u64> =
        (0..rates.len() as u64).flat_map(|rate| TUNING_SEEDS.map(move |seed| rate << 32 | seed)).collect();
    let curves = over_seeds(&units, context.jobs, context.progress, |unit| {
        train(rates[(unit >> 32) as usize], unit & 0xffff_ffff).ok()
    })?;
    let n_seeds = TUNING_SEEDS.count();
    let mut best: Option<(f64, f64, Vec<Curves>)> = None;
    for (&rate, curves) in rates.iter().zip(curves.chunks(n_seeds)) {
        let Some(curves) = curves.iter().cloned().collect::<Option<Vec<Curves>>>() else { continue };
        let sum: f64 = curves.iter().map(Curves::final_log_rank).sum();
        if best.as_ref().is_none_or(|(least, ..)| sum < *least) {
            best = Some((sum, rate, curves));
        }
    }
    best.map(|(_, rate, curves)| (rate, curves))
        .ok_or_else(|| anyhow!("the loss diverges at every rate of {rates:?}"))
}

/// The share of updates that a treatment saves: one less the ratio of times.
pub fn saved(ratio: &TimeRatio) -> Measurement {
    match (ratio.ratio, ratio.interval) {
        (Some(mean), Some(interval)) => Measurement::Interval {
            mean: 1.0 - mean,
            low: 1.0 - interval.high,
            high: 1.0 - interval.low,
            n: ratio.both,
        },
        _ => Measurement::Undefined { why: "fewer than two seeds arrive".into() },
    }
}

/// Adds the mean of a curve over seeds with its 95 % interval, from update `from` on.
///
/// # Errors
/// Where a run failed or the curve is not there.
pub fn with_mean_curve(
    figure: LineFigure,
    results: &StudyResults,
    (setting, arm): (&str, &str),
    curve: &str,
    from: f64,
) -> Result<LineFigure> {
    let records: Vec<&Record> = results.records(setting, arm)?.into_iter().flatten().collect();
    let Some(first) = records.first() else { bail!("no run of {arm}") };
    let updates = &first.curves["updates"];
    let (mut x, mut summaries) = (Vec::new(), Vec::new());
    for (at, &update) in updates.iter().enumerate().filter(|&(_, &update)| update >= from) {
        let values: Vec<f64> = records.iter().map(|record| record.curves[curve][at]).collect();
        x.push(update);
        summaries.push(Summary::of(&values)?);
    }
    Ok(figure.line_of_means(arm, &x, &summaries))
}

#[cfg(test)]
mod tests {
    use cl_pacing::ShuffleSampler;
    use cl_study::Interval;

    use super::*;

    fn text(sentences: &[&str]) -> Vec<String> {
        sentences.iter().map(|sentence| sentence.to_string()).collect()
    }

    #[test]
    fn prose_is_cut_into_words_and_sentences() {
        assert_eq!(tokens("I'll go--now, \"Sir\"!"), ["i'll", "go--now", ",", "\"", "sir", "\"", "!"]);
        assert_eq!(sentences(tokens("One. Two? and three").into_iter()), ["one .", "two ?", "and three"]);
        assert!(tokens(" \t").is_empty());
    }

    #[test]
    fn words_are_numbered_by_frequency() {
        let sentences = text(&["b a c a <unk> <unk> <unk>", "b a d"]);
        let lexicon = Lexicon::of(&sentences, 3);
        assert_eq!(lexicon.indices("a b c d <unk>"), [Some(0), Some(1), Some(2), None, None]);
        assert_eq!((lexicon.n_words(), Lexicon::of(&sentences, 99).n_words()), (3, 4));
    }

    #[test]
    fn windows_stay_within_sentences_and_the_vocabulary() {
        let sentences = text(&["a a a b b b", "a b c d a a", "a a b"]);
        let lexicon = Lexicon::of(&sentences, 3);
        let windows = Windows::of(&sentences, &lexicon, None);
        assert_eq!((windows.len(), windows.sentences()), (2, &[0, 0][..]));
        assert_eq!([windows.words(0), windows.words(1)], [[0, 0, 0, 1, 1], [0, 0, 1, 1, 1]]);
        assert_eq!(windows.rarest_words(), [1, 1]);
        assert_eq!(windows.log_rank_by_frequency(), 2.0f64.ln());
        // With a start, each word ends one window, unless a word before it is out of the vocabulary.
        let windows = Windows::of(&sentences, &lexicon, Some(3));
        assert_eq!(windows.len(), 6 + 3 + 3);
        assert_eq!(windows.words(0), [3, 3, 3, 3, 0]);
        let sample = windows.sample(5, 1);
        assert_eq!((sample.len(), windows.sample(99, 1).len()), (5, 12));
        assert_eq!(sample, windows.sample(5, 1));
    }

    #[test]
    fn wrong_words_are_all_but_the_right_one() {
        let mut rng = random::stream(0, "test", 0);
        for (right, n) in [(0, 4), (2, 4), (3, 4), (9, 4)] {
            let drawn: std::collections::BTreeSet<usize> =
                (0..200).map(|_| wrong_word(right, n, &mut rng)).collect();
            assert_eq!(drawn, (0..n).filter(|&word| word != right).collect());
        }
    }

    /// What is measured is what forward passes say, and training lowers it far below word frequencies alone on a
    /// language where each word decides the next.
    #[test]
    fn a_model_learns_what_follows() {
        let words: Vec<String> = (0..40).map(|word| format!("w{}", word % 10)).collect();
        let sentences: Vec<String> = (0..30).map(|from| words[from % 10..from % 10 + 12].join(" ")).collect();
        let lexicon = Lexicon::of(&sentences, 10);
        let windows = Windows::of(&sentences, &lexicon, None);
        let recipe = Recipe { learning_rate: 0.2, ..Recipe::small(600, 4) };
        let mut sampler = ShuffleSampler::new(windows.len(), recipe.batch_size, 1).unwrap();
        let train =
            |sampler: &mut ShuffleSampler| recipe.train(&windows, &windows, 10, sampler, &|_| 10, 1).unwrap();
        let curves = train(&mut sampler);
        assert_eq!(curves.updates, [0.0, 150.0, 300.0, 450.0, 600.0]);
        assert!(curves.log_rank[0] > 1.0 && curves.log_rank[4] < 0.05, "{:?}", curves.log_rank);
        assert!(curves.loss[4] < 0.1 * curves.loss[0], "{:?}", curves.loss);
        assert_eq!(train(&mut sampler), curves);
        let mut other = ShuffleSampler::new(windows.len() + 1, 4, 1).unwrap();
        assert!(recipe.train(&windows, &windows, 10, &mut other, &|_| 10, 1).is_err());
    }

    #[test]
    fn the_loss_is_the_mean_over_all_wrong_words() {
        let sentences = text(&["a b c d e a c", "b b a c d e e"]);
        let lexicon = Lexicon::of(&sentences, 5);
        let windows = Windows::of(&sentences, &lexicon, None);
        let model = WindowLanguageModel::<f32>::new(6, WINDOW, 3, 4, 2).unwrap();
        let (mut log_ranks, mut losses, mut n_losses) = (0.0, 0.0, 0.0);
        for at in 0..windows.len() {
            let (context, last) = windows.words(at).split_at(WINDOW - 1);
            let scores = model.last_word_scores(context).unwrap();
            let mut rank = 1.0f64;
            for wrong in (0..5).filter(|&word| word != last[0]) {
                rank += if scores[wrong] > scores[last[0]] { 1.0 } else { 0.0 };
                let outputs = [scores[last[0]], scores[wrong]];
                losses += RankingHinge.loss(&outputs, 0.into());
                n_losses += 1.0;
            }
            log_ranks += rank.ln();
        }
        let (log_rank, loss) = measure(&model, &windows, 5).unwrap();
        assert_eq!(log_rank, log_ranks / windows.len() as f64);
        assert!((loss - losses / n_losses).abs() < 1e-6, "{loss} {}", losses / n_losses);
    }

    #[test]
    fn arrivals_are_those_of_trailing_means() {
        assert_eq!(trailing_means(&[4.0, 2.0, 0.0, 6.0], 2), [4.0, 3.0, 1.0, 3.0]);
        assert_eq!(trailing_means(&[4.0, 2.0], 9), [4.0, 3.0]);
        let record = Record::new().curve("updates", [0.0, 10.0, 20.0, 30.0]).curve("loss", [4.0, 1.0, 3.0, 1.0]);
        assert_eq!(arrivals(&[&record; 2], "loss", 2, &[2.0, 1.0]).unwrap(), [Some(20.0), None]);
        assert_eq!(arrivals(&[&record], "loss", 1, &[1.0]).unwrap(), [Some(10.0)]);
        assert!(arrivals(&[&record], "log_rank", 1, &[1.0]).is_err());
        let ratio = ratio_by(30, &[Some(20.0), None], &[Some(20.0), Some(30.0)]).unwrap();
        assert_eq!((ratio.ratio, ratio.both), (Some(1.0), 2));
    }

    #[test]
    fn what_is_saved_is_what_is_not_taken() {
        let interval = Some(Interval { low: 0.5, high: 1.25 });
        let ratio =
            TimeRatio { ratio: Some(0.75), interval, both: 3, only_treatment: 0, only_control: 0, neither: 0 };
        assert_eq!(saved(&ratio), Measurement::Interval { mean: 0.25, low: -0.25, high: 0.5, n: 3 });
        assert!(matches!(saved(&TimeRatio { interval: None, ..ratio }), Measurement::Undefined { .. }));
    }
}
