//! One corpus with the sizes of its model: its data, its learning rate, and the study of all arms on it.

use std::borrow::Cow;

use anyhow::Result;
use cl_data::TopicGrammar;
use cl_study::{Better, Choice, Chosen, Metric, Record, Run, Study, StudyResults};
use serde_json::{Value, json};

use super::{
    corpus::Corpus,
    training::{Curves, Recipe},
    windows::{Lexicon, WINDOW, Windows},
};
use crate::{
    data_dir::DataDir,
    experiment::{Context, Findings},
};

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

    /// The sentences in words; `of_text` tells of so many of a text.
    pub fn describe(&self, of_text: impl Fn(usize) -> String) -> String {
        match self {
            Self::Made { n_sentences, .. } => format!(
                "{n_sentences} fresh sentences for every seed of a generated language with a Zipf vocabulary, word \
                 classes, topics and collocations (cl-data, `TopicGrammar`), and a tenth as many held out"
            ),
            Self::Text(corpus) => of_text(corpus.train.len()),
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

/// A real text: its name, its folder, and how it is read.
pub type Text = (&'static str, &'static str, fn(&DataDir) -> Result<Corpus>);

/// Those of the texts that the folder of data sets has, cut short for a quick run; what it lacks is told.
///
/// # Errors
/// Where a text cannot be read.
pub fn texts(
    findings: &mut Findings,
    context: &Context<'_>,
    known: &[Text],
) -> Result<Vec<(&'static str, Corpus)>> {
    let mut found = Vec::new();
    let Some(data_dir) = &context.data_dir else { return Ok(found) };
    for &(name, folder, read) in known {
        if data_dir.folder(folder).is_none() {
            findings.notes.push(format!("{name} was left out: the folder of data sets has no {folder}."));
            continue;
        }
        let mut corpus = read(data_dir)?;
        if context.quick {
            corpus.train.truncate(1_000);
        }
        found.push((name, corpus));
    }
    Ok(found)
}

/// One corpus with the sizes of its model.
pub struct Task {
    /// Its name in tables.
    pub name: &'static str,
    /// The name of its figure's file.
    pub file: String,
    /// Where its sentences come from.
    pub source: Source,
    /// Words in the vocabulary, at most.
    pub n_words: usize,
    /// Held-out windows measured on.
    pub n_held_out: usize,
    /// How a model is trained.
    pub recipe: Recipe,
}

/// What one run trains on and is measured on.
pub struct Data<'a> {
    /// The sentences.
    pub corpus: Cow<'a, Corpus>,
    /// Words in the vocabulary.
    pub n_words: usize,
    /// The windows to train on.
    pub windows: Windows,
    /// Those to measure on.
    pub held_out: Windows,
}

/// Seeds of tuning begin here, far from those of the arms.
pub const TUNING_SEEDS: std::ops::Range<u64> = 1_000_000..1_000_002;

impl Task {
    /// All that a run depends on besides arm, seed and sentences.
    pub fn settings(&self) -> Value {
        let Recipe { width, n_hidden, batch_size, learning_rate, n_updates, .. } = self.recipe;
        json!({
            "n_words": self.n_words,
            "window": WINDOW,
            "width": width,
            "n_hidden": n_hidden,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "n_updates": n_updates,
            "n_held_out_windows": self.n_held_out,
        })
    }

    /// The data of a seed, for tuning or for an arm; `with_starts`, each sentence is preceded by start marks.
    pub fn data(&self, seed: u64, tuning: bool, with_starts: bool) -> Data<'_> {
        let corpus = if tuning { self.source.tuning_corpus(seed) } else { self.source.corpus(seed) };
        let lexicon = Lexicon::of(&corpus.train, self.n_words);
        let n_words = lexicon.n_words();
        let start = with_starts.then_some(n_words);
        let windows = Windows::of(&corpus.train, &lexicon, start);
        let held_out = Windows::of(&corpus.held_out, &lexicon, start).sample(self.n_held_out, seed);
        drop(lexicon);
        Data { corpus, n_words, windows, held_out }
    }

    /// The learning rate with the least final log-rank over the tuning seeds, `train` being the training at a rate.
    ///
    /// # Errors
    /// Where every rate diverges, or training fails.
    pub fn tuned(
        &self,
        rates: &[f64],
        context: &Context<'_>,
        train: impl Fn(&Recipe, u64) -> Result<Curves> + Sync,
    ) -> Result<Chosen<f64>> {
        let seeds: Vec<u64> = TUNING_SEEDS.collect();
        let choice =
            Choice::new(&self.file, seeds, Metric::scalar("log_rank"), Better::Lower).settings(self.settings());
        context.choose(&choice, rates, &context.seeds, |&learning_rate, seed| {
            let curves = train(&Recipe { learning_rate, ..self.recipe }, seed)?;
            let log_rank = curves.final_log_rank();
            Ok(curves.record().scalar("log_rank", log_rank))
        })
    }
}

/// Runs every arm on every task. Its journal is told by all that the command line may change of it: one of another
/// size is another study.
///
/// # Errors
/// Where a run fails.
pub fn study(
    name: &str,
    context: &Context<'_>,
    seeds: Vec<u64>,
    arms: impl IntoIterator<Item = (String, Value)>,
    tasks: impl IntoIterator<Item = (&'static str, Value)>,
    run: impl Fn(&Run<'_>) -> Result<Record> + Sync,
) -> Result<StudyResults> {
    let study = Study::new(name, seeds);
    let study = arms.into_iter().fold(study, |study, (name, settings)| study.arm(name, settings));
    let study = tasks.into_iter().fold(study, |study, (name, settings)| study.setting(name, settings));
    let (n_tasks, n_seeds) = (study.settings.len(), study.seeds.len());
    context.study(&study, format!("{name}-{}-{n_tasks}-{n_seeds}.jsonl", context.size()), run)
}
