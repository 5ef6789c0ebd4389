//! The ranking model's training.

use anyhow::{Result, bail};
use cl_data::{Batch, Sampler, random};
use cl_model::{Examples, Loss, Mode, Model, ModelError, RankingHinge, Target, WindowLanguageModel};
use cl_study::Record;
use rand::Rng;

use super::windows::{WINDOW, Windows};

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
    /// The curves as a record, with the scalar `by_frequency`.
    pub fn record(self) -> Record {
        Record::new()
            .scalar("by_frequency", self.by_frequency)
            .curve("updates", self.updates)
            .curve("log_rank", self.log_rank)
            .curve("loss", self.loss)
    }

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

impl Recipe {
    /// A small model, trained for `n_updates` and measured `n_measurements` times, the first after 0 updates aside.
    pub fn small(n_updates: u64, n_measurements: u64) -> Self {
        let measured_every = (n_updates / n_measurements).max(1);
        Self { width: 16, n_hidden: 32, batch_size: 32, learning_rate: 0.1, n_updates, measured_every }
    }

    /// Trains a model of `n_words` words and a start of sentences on the windows that `sampler` gives, each beside the
    /// same window with a wrong last word, drawn uniformly and anew each time from the `negatives(step)` most frequent
    /// words, and measures it.
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
            if let Some(at) = losses.iter().position(|loss| !loss.is_finite()) {
                return Err(ModelError::Diverged { step, example: batch.indices[at], loss: losses[at] }.into());
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

#[cfg(test)]
mod tests {
    use cl_pacing::ShuffleSampler;

    use super::super::windows::Lexicon;
    use super::*;

    fn text(sentences: &[&str]) -> Vec<String> {
        sentences.iter().map(|sentence| sentence.to_string()).collect()
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
    fn trailing_means_are_of_those_before() {
        assert_eq!(trailing_means(&[4.0, 2.0, 0.0, 6.0], 2), [4.0, 3.0, 1.0, 3.0]);
        assert_eq!(trailing_means(&[4.0, 2.0], 9), [4.0, 3.0]);
    }
}
