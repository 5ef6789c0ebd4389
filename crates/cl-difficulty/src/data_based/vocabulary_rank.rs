use serde::{Deserialize, Serialize};

use super::word_rarity::Vocabulary;

/// Which rank stands for a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RankOf {
    /// That of its rarest word: with a vocabulary of the V most frequent words, the sentence can be shown from V on.
    RarestWord,
    /// The mean over its tokens.
    Mean,
}

/// Vocabulary rank: how far down the list of words by frequency a sentence reaches, higher = harder.
///
/// ```text
/// difficulty(s) = max (or mean) over tokens w of s of rank(w)          1 = the most frequent word
/// ```
///
/// A word never seen ranks after all others, at the number of words + 1; the empty sentence ranks 0. O(characters).
///
/// Source: Bengio, Louradour, Collobert, Weston (2009), Curriculum Learning, section 6: a vocabulary that grows by
/// frequency.
///
/// ```
/// use cl_difficulty::data_based::{Case, RankOf, Vocabulary, vocabulary_rank};
///
/// let vocabulary = Vocabulary::count(&["a a a b b c"], Case::Sensitive);
/// assert_eq!(vocabulary_rank(&vocabulary, &["a b", "c a", "z", ""], RankOf::RarestWord), [2.0, 3.0, 4.0, 0.0]);
/// ```
pub fn vocabulary_rank<S: AsRef<str>>(vocabulary: &Vocabulary, sentences: &[S], of: RankOf) -> Vec<f64> {
    let unseen = vocabulary.n_words() as f64 + 1.0;
    let rank = |sentence: &S| {
        let ranks = sentence.as_ref().split_whitespace().map(|token| vocabulary.rank(token).unwrap_or(unseen));
        match of {
            RankOf::RarestWord => ranks.fold(0.0, f64::max),
            RankOf::Mean => {
                let (sum, count) = ranks.fold((0.0, 0usize), |(sum, count), rank| (sum + rank, count + 1));
                sum / count.max(1) as f64
            }
        }
    };
    sentences.iter().map(rank).collect()
}
