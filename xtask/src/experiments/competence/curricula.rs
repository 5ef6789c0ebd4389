//! The arms, and the corpora that they are trained on for a time.

use anyhow::{Result, anyhow, bail};
use cl_data::{Sampler, random};
use cl_difficulty::data_based::{Case, UnseenWord, Vocabulary, sentence_length, word_rarity};
use cl_pacing::{
    BabySteps, Competence, CompetenceSampler, EasyFirst, EqualDifficulty, MiniBatchSampler, OnePass, Order,
    ShuffleSampler,
};
use cl_study::{Better, Record, time_to_target, value_at};
use serde_json::{Value, json};

use crate::{
    experiment::Context,
    language::{
        task::{Data, Source, Task},
        training::{Curves, Recipe, trailing_means},
    },
};

pub(super) const RATES: [f64; 5] = [0.125, 0.25, 0.5, 1.0, 2.0];
/// The competence at first, as in the paper.
const C0: f64 = 0.01;
const N_BUCKETS: u64 = 5;
/// The share of its gain over word frequencies that plain shuffling has made when the curriculum ends: the paper ends
/// it at about 90 % of the final BLEU.
pub(super) const MATURE: f64 = 0.9;

/// How hard a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difficulty {
    Length,
    Rarity,
}

/// How competence grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Growth {
    Linear,
    SquareRoot,
}

/// What a model is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arm {
    Shuffling,
    Competence(Difficulty, Growth),
    /// As many windows at every update, at random.
    Control(Difficulty, Growth),
    BabySteps,
    OnePass,
}

impl Arm {
    pub(super) fn curricula() -> [(Difficulty, Growth); 4] {
        use {Difficulty::*, Growth::*};
        [(Length, Linear), (Length, SquareRoot), (Rarity, Linear), (Rarity, SquareRoot)]
    }

    pub(super) fn all() -> Vec<Self> {
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

    pub(super) fn name(self) -> String {
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

    pub(super) fn settings(self) -> Value {
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

/// A corpus, and how long is trained on it.
pub(super) struct Timed {
    pub(super) task: Task,
    /// When plain shuffling's final loss is read.
    pub(super) horizon: u64,
    /// When the curricula end, T.
    pub(super) curriculum_length: u64,
}

/// Measurements until the horizon, and how many of them are averaged.
const N_MEASUREMENTS: u64 = 40;
pub(super) const N_AVERAGED: usize = 4;

impl Timed {
    pub(super) fn new(
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
        let task = Task { name, file: file.into(), source, n_words, n_held_out, recipe };
        Self { task, horizon, curriculum_length: horizon }
    }

    pub(super) fn settings(&self) -> Value {
        let mut settings = self.task.settings();
        settings["horizon"] = self.horizon.into();
        settings["curriculum_length"] = self.curriculum_length.into();
        settings
    }

    /// The learning rate that is best for plain shuffling, and the length of the curricula by the paper's rule.
    pub(super) fn tune(&mut self, context: &Context<'_>) -> Result<()> {
        let chosen = self.task.tuned(&RATES, context, |recipe, seed| {
            let recipe = Recipe { n_updates: self.horizon, ..*recipe };
            self.train(&recipe, Arm::Shuffling, seed, true)
        })?;
        let mature: Result<Vec<f64>> = chosen.records.iter().map(matures_at).collect();
        let mature = mature?;
        let mean = mature.iter().sum::<f64>() / mature.len() as f64;
        self.curriculum_length = (mean.round() as u64).max(1);
        self.task.recipe.learning_rate = chosen.candidate;
        Ok(())
    }

    pub(super) fn train(&self, recipe: &Recipe, arm: Arm, seed: u64, tuning: bool) -> Result<Curves> {
        let data = self.task.data(seed, tuning, true);
        let mut sampler = self.sampler(recipe, arm, &data, seed)?;
        recipe.train(&data.windows, &data.held_out, data.n_words, &mut *sampler, &|_| data.n_words, seed)
    }

    fn sampler(&self, recipe: &Recipe, arm: Arm, data: &Data<'_>, seed: u64) -> Result<Box<dyn Sampler>> {
        let (sentences, windows) = (&data.corpus.train, &data.windows);
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

    pub(super) fn record(&self, curves: Curves) -> Result<Record> {
        let at_horizon = |curve: &[f64]| -> Result<f64> {
            let means = trailing_means(curve, N_AVERAGED);
            value_at(&curves.updates, &means, self.horizon as f64)?.ok_or_else(|| anyhow!("nothing was measured"))
        };
        let (loss, log_rank) = (at_horizon(&curves.loss)?, at_horizon(&curves.log_rank)?);
        Ok(curves
            .record()
            .scalar("loss", loss)
            .scalar("log_rank", log_rank)
            .scalar("updates", self.horizon as f64)
            .scalar("examples", (self.horizon * self.task.recipe.batch_size as u64) as f64))
    }
}

/// The update at which a run has made most of its gain over word frequencies; its last where it gains nothing.
fn matures_at(record: &Record) -> Result<f64> {
    let (updates, by_frequency) = (&record.curves["updates"], record.scalars["by_frequency"]);
    let means = trailing_means(&record.curves["log_rank"], N_AVERAGED);
    let (Some(&end), Some(&last)) = (updates.last(), means.last()) else { bail!("nothing was measured") };
    let target = by_frequency - MATURE * (by_frequency - last).max(0.0);
    Ok(time_to_target(updates, &means, target, Better::Lower)?.unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::{Batch, TopicGrammar};

    fn timed() -> Timed {
        let source = Source::Made { language: TopicGrammar::new(60, 4, 3, 1).unwrap(), n_sentences: 80 };
        Timed { curriculum_length: 50, ..Timed::new("test", "test", source, 60, 90, 20) }
    }

    /// At every update a curriculum's control has as many windows to draw from, and neither shows one twice.
    #[test]
    fn controls_have_as_many_windows() {
        let timed = timed();
        let data = timed.task.data(3, false, true);
        let (windows, lengths) = (&data.windows, sentence_length(&data.corpus.train));
        for (difficulty, growth) in Arm::curricula() {
            let shown = |arm| -> Vec<Vec<usize>> {
                let mut sampler = timed.sampler(&timed.task.recipe, arm, &data, 3).unwrap();
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
        let curves = |log_rank: [f64; 5]| {
            let updates = vec![0.0, 10.0, 20.0, 30.0, 40.0];
            Curves { updates, log_rank: log_rank.to_vec(), loss: Vec::new(), by_frequency: 3.0 }.record()
        };
        assert_eq!(matures_at(&curves([9.0, 3.0, 1.5, 1.5, 0.0])).unwrap(), 40.0);
        assert_eq!(matures_at(&curves([3.0, 1.0, 1.0, 1.0, 1.0])).unwrap(), 40.0);
        assert_eq!(matures_at(&curves([1.0, 1.0, 1.0, 1.0, 1.0])).unwrap(), 0.0);
        assert_eq!(matures_at(&curves([9.0, 8.0, 7.0, 6.0, 5.0])).unwrap(), 40.0);
        assert!(matures_at(&Curves::default().record()).is_err());
    }
}
