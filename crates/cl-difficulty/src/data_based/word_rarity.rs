use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{correlation::average_ranks, error::DifficultyError};

/// Whether words that differ in case alone are the same word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Case {
    /// `The` and `the` are two words.
    Sensitive,
    /// Both are `the`.
    Lowered,
}

/// What becomes of a word that the vocabulary has never seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum UnseenWord {
    /// It is an error: the words are expected to be those that were counted.
    Refused,
    /// It gets this probability; Platanios et al.'s code takes 1e-3.
    Probability(f64),
}

/// How often each word of a corpus occurs.
///
/// Words are counted and looked up through the same rule of [`Case`], which is kept here: published code that
/// counted words in lower case and looked them up as written held every capitalised word to be unseen. Tokens are
/// split at white space.
///
/// ```
/// use cl_difficulty::data_based::{Case, Vocabulary};
///
/// let vocabulary = Vocabulary::count(&["The cat", "the dog"], Case::Lowered);
/// assert_eq!((vocabulary.frequency("THE"), vocabulary.frequency("cat")), (Some(0.5), Some(0.25)));
/// assert_eq!(vocabulary.rank("the"), Some(1.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    case: Case,
    words: HashMap<String, Word>,
    n_tokens: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Word {
    count: u64,
    rank: f64,
}

impl Vocabulary {
    /// Counts the words of `sentences`. O(characters + words log words).
    pub fn count<S: AsRef<str>>(sentences: &[S], case: Case) -> Self {
        let mut words: HashMap<String, Word> = HashMap::new();
        let mut n_tokens = 0;
        for token in sentences.iter().flat_map(|sentence| sentence.as_ref().split_whitespace()) {
            n_tokens += 1;
            let token = in_case(token, case);
            match words.get_mut(token.as_ref()) {
                Some(word) => word.count += 1,
                None => {
                    words.insert(token.into_owned(), Word { count: 1, rank: 0.0 });
                }
            }
        }
        let mut entries: Vec<&mut Word> = words.values_mut().collect();
        let negated: Vec<f64> = entries.iter().map(|word| -(word.count as f64)).collect();
        // Counts are numbers, which is all that ranking asks for.
        let ranks = average_ranks(&negated).unwrap_or_default();
        entries.iter_mut().zip(ranks).for_each(|(word, rank)| word.rank = rank);
        Self { case, words, n_tokens }
    }

    /// The number of different words.
    pub fn n_words(&self) -> usize {
        self.words.len()
    }

    /// The number of tokens counted.
    pub fn n_tokens(&self) -> u64 {
        self.n_tokens
    }

    /// The share of the tokens that are this word; `None` if it was never seen.
    pub fn frequency(&self, word: &str) -> Option<f64> {
        self.get(word).map(|word| word.count as f64 / self.n_tokens as f64)
    }

    /// The word's place by frequency, 1 for the most frequent; words of equal frequency share the mean of their
    /// places. `None` if it was never seen.
    pub fn rank(&self, word: &str) -> Option<f64> {
        self.get(word).map(|word| word.rank)
    }

    fn get(&self, word: &str) -> Option<&Word> {
        self.words.get(in_case(word, self.case).as_ref())
    }
}

fn in_case(token: &str, case: Case) -> Cow<'_, str> {
    match case {
        Case::Lowered => Cow::Owned(token.to_lowercase()),
        Case::Sensitive => Cow::Borrowed(token),
    }
}

/// Word rarity: how improbable a sentence's words are, one by one, higher = harder.
///
/// ```text
/// rarity(s) = - sum over tokens w of s of ln p(w)          p(w): share of the corpus' tokens; in nats
/// ```
///
/// Longer sentences are rarer, by definition; the empty one has rarity 0. O(characters).
///
/// Source: Platanios et al. (2019), equation 3.
///
/// ```
/// use cl_difficulty::data_based::{Case, UnseenWord, Vocabulary, word_rarity};
///
/// let corpus = ["a a a b"];
/// let vocabulary = Vocabulary::count(&corpus, Case::Sensitive);
/// assert_eq!(word_rarity(&vocabulary, &["b"], UnseenWord::Refused)?, [4.0f64.ln()]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where a word was never seen and that is refused, or its probability is outside (0, 1].
pub fn word_rarity<S: AsRef<str>>(
    vocabulary: &Vocabulary,
    sentences: &[S],
    unseen: UnseenWord,
) -> Result<Vec<f64>, DifficultyError> {
    if let UnseenWord::Probability(p) = unseen
        && !(p > 0.0 && p <= 1.0)
    {
        return Err(DifficultyError::argument("unseen", p, "a probability in (0, 1]"));
    }
    let rarity = |(example, sentence): (usize, &S)| {
        let mut rarity = 0.0;
        for token in sentence.as_ref().split_whitespace() {
            let p = match (vocabulary.frequency(token), unseen) {
                (Some(frequency), _) => frequency,
                (None, UnseenWord::Probability(p)) => p,
                (None, UnseenWord::Refused) => return Err(unseen_word(token, example)),
            };
            rarity -= p.ln();
        }
        Ok(rarity)
    };
    sentences.iter().enumerate().map(rarity).collect()
}

fn unseen_word(token: &str, example: usize) -> DifficultyError {
    DifficultyError::InvalidArgument {
        argument: "sentences",
        value: format!("with the unseen word {token:?} in example {example}"),
        expected: "words of the vocabulary, or a rule for unseen ones",
    }
}
