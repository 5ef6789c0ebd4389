//! Words as indices, and the windows over them.

use std::collections::HashMap;

use cl_data::random;

/// Words in a window, the last of which is to be ranked.
pub const WINDOW: usize = 5;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(sentences: &[&str]) -> Vec<String> {
        sentences.iter().map(|sentence| sentence.to_string()).collect()
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
}
