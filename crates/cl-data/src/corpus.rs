use rand::Rng;

use crate::{error::DataError, random};

/// A made language with a Zipf vocabulary, real dependencies between its words, and sentences of many lengths: text
/// for language models where no corpus is at hand.
///
/// ```text
/// word r of 0..V         z_r = 1 / (r + 1 + 2.7), Zipf's law with Mandelbrot's shift; r is its rank by design
/// class of a word        one of C, dealt so that every class has frequent words and rare ones
/// topic of a word        one of K, or none for the V / 20 most frequent
/// sentence               1 + Geometric(1/2) clauses, 5 at most, of 3 to 9 words, each clause with a topic of its own
/// class of the next word the favourite successor of this class (0.6), the second (0.25), or any (0.15)
/// next word              a collocate of this word (0.2, within a clause), or of its class and the clause's topic k:
///                        P[w] ~ z_w (1 + 0.9 (K - 1)) where w's topic is k, z_w (1 - 0.9) where it is another, else z_w
/// ```
///
/// Successors of classes are permutations and the factors of the topics average to 1, so that Zipf's law survives the
/// dependencies. A word depends on the one before by class and collocation, on all of its clause by the topic; a
/// longer sentence has more clauses and with them more changes of topic. Two languages of the same sizes and other
/// seeds have other classes, topics and collocations.
///
/// Source: Zipf (1935); Mandelbrot (1953) for the shift; the grammar is our own.
///
/// ```
/// use cl_data::TopicGrammar;
///
/// let language = TopicGrammar::new(1000, 8, 10, 7)?;
/// let sentences = language.sentences(100, 1);
/// assert!(sentences.iter().flatten().all(|&word| word < 1000));
/// assert_eq!(language.text(3, 1)[0].split(' ').count(), sentences[0].len());
/// # Ok::<(), cl_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TopicGrammar {
    n_words: usize,
    n_topics: usize,
    class_of: Vec<usize>,
    /// The favourite successor of each class, and the second.
    successors: [Vec<usize>; 2],
    /// The words of each class, from frequent to rare.
    words: Vec<Vec<usize>>,
    /// Of class c and topic k, at c K + k: cumulative weights over the words of the class.
    cumulative: Vec<Vec<f64>>,
    /// Of each word.
    collocates: Vec<[usize; N_COLLOCATES]>,
}

/// Mandelbrot's shift.
const SHIFT: f64 = 2.7;
const TOPICALITY: f64 = 0.9;
const FAVOURITE: f64 = 0.6;
const SECOND: f64 = 0.25;
const COLLOCATION: f64 = 0.2;
const N_COLLOCATES: usize = 3;
const MOST_CLAUSES: usize = 5;
const CLAUSE: std::ops::RangeInclusive<usize> = 3..=9;

impl TopicGrammar {
    /// The language of `n_words` words, V, in `n_classes` classes, C, and `n_topics` topics, K, drawn from `seed`.
    /// O(V K).
    ///
    /// # Errors
    /// Unless there are at least one class and one topic and as many words as classes, 2^24 at most, with no more
    /// than 2^28 pairs of a word and a topic.
    pub fn new(n_words: usize, n_classes: usize, n_topics: usize, seed: u64) -> Result<Self, DataError> {
        if n_classes == 0 {
            return Err(DataError::argument("n_classes", n_classes, "at least 1"));
        }
        if !(n_classes..=1 << 24).contains(&n_words) {
            return Err(DataError::argument("n_words", n_words, "from the number of classes to 2^24"));
        }
        if n_topics == 0 || n_topics.checked_mul(n_words).is_none_or(|pairs| pairs > 1 << 28) {
            let expected = "at least 1, and n_words * n_topics at most 2^28";
            return Err(DataError::argument("n_topics", n_topics, expected));
        }
        let class_of = dealt(n_words, n_classes, seed, "classes of words");
        let mut words = vec![Vec::new(); n_classes];
        class_of.iter().enumerate().for_each(|(word, &class)| words[class].push(word));
        let topic_of = topics(n_words, &words, n_topics, seed);
        let cumulative: Vec<Vec<f64>> = words
            .iter()
            .flat_map(|words| {
                (0..n_topics).map(|topic| cumulative(words, &topic_of, topic, n_topics)).collect::<Vec<_>>()
            })
            .collect();
        let mut rng = random::stream(seed, "successors of classes", 0);
        let successors = [random::permutation(&mut rng, n_classes), random::permutation(&mut rng, n_classes)];
        let mut language =
            Self { n_words, n_topics, class_of, successors, words, cumulative, collocates: Vec::new() };
        language.collocates = (0..n_words)
            .map(|word| {
                let mut rng = random::stream(seed, "collocates", word as u64);
                let class = language.successors[0][language.class_of[word]];
                // Those of a common word are of any topic.
                let topic = topic_of[word].unwrap_or_else(|| random::below(&mut rng, n_topics));
                std::array::from_fn(|_| language.draw(class, topic, &mut rng))
            })
            .collect();
        Ok(language)
    }

    /// The number of words, V.
    pub fn n_words(&self) -> usize {
        self.n_words
    }

    /// `n` sentences as indices of words, from the most frequent, 0, to the rarest by design. Sentence i depends on
    /// the language, the seed and i alone, so that a larger corpus begins with the smaller one.
    pub fn sentences(&self, n: usize, seed: u64) -> Vec<Vec<usize>> {
        (0..n).map(|index| self.sentence(&mut random::stream(seed, "sentence", index as u64))).collect()
    }

    /// The same as text, the words separated by blanks.
    pub fn text(&self, n: usize, seed: u64) -> Vec<String> {
        let words: Vec<String> = (0..self.n_words).map(spelling).collect();
        let spelt =
            |sentence: Vec<usize>| -> Vec<&str> { sentence.into_iter().map(|word| &*words[word]).collect() };
        self.sentences(n, seed).into_iter().map(|sentence| spelt(sentence).join(" ")).collect()
    }

    fn sentence(&self, rng: &mut impl Rng) -> Vec<usize> {
        let mut sentence = Vec::new();
        let mut n_clauses = 1;
        while n_clauses < MOST_CLAUSES && random::uniform(rng) < 0.5 {
            n_clauses += 1;
        }
        let mut class = random::below(rng, self.words.len());
        for _ in 0..n_clauses {
            let topic = random::below(rng, self.n_topics);
            let n_words = CLAUSE.start() + random::below(rng, CLAUSE.end() - CLAUSE.start() + 1);
            let mut before: Option<usize> = None;
            for _ in 0..n_words {
                let word = match before {
                    Some(before) if random::uniform(rng) < COLLOCATION => {
                        self.collocates[before][random::below(rng, N_COLLOCATES)]
                    }
                    _ => self.draw(class, topic, rng),
                };
                sentence.push(word);
                before = Some(word);
                class = self.successor(self.class_of[word], rng);
            }
        }
        sentence
    }

    fn successor(&self, class: usize, rng: &mut impl Rng) -> usize {
        match random::uniform(rng) {
            u if u < FAVOURITE => self.successors[0][class],
            u if u < FAVOURITE + SECOND => self.successors[1][class],
            _ => random::below(rng, self.words.len()),
        }
    }

    /// A word of the class, as the topic has it.
    fn draw(&self, class: usize, topic: usize, rng: &mut impl Rng) -> usize {
        let (words, cumulative) = (&self.words[class], &self.cumulative[class * self.n_topics + topic]);
        let total = cumulative.last().copied().unwrap_or(0.0);
        let u = random::uniform(rng) * total;
        words[cumulative.partition_point(|&sum| sum <= u).min(words.len() - 1)]
    }
}

/// Each of `0..n` gets one of `0..n_hands`: every run of as many items is dealt once around, in random order.
fn dealt(n: usize, n_hands: usize, seed: u64, purpose: &str) -> Vec<usize> {
    let rounds = (0..n.div_ceil(n_hands) as u64)
        .flat_map(|round| random::permutation(&mut random::stream(seed, purpose, round), n_hands));
    rounds.take(n).collect()
}

/// The topic of each word, dealt within its class; none for the most frequent words.
fn topics(n_words: usize, words: &[Vec<usize>], n_topics: usize, seed: u64) -> Vec<Option<usize>> {
    let n_common = n_words / 20;
    let mut topic_of = vec![None; n_words];
    for (class, words) in words.iter().enumerate() {
        let content = words.iter().filter(|&&word| word >= n_common);
        // A seed of its own for each class: the rounds count the stream.
        let dealt = dealt(words.len(), n_topics, seed, &format!("topics of class {class}"));
        content.zip(dealt).for_each(|(&word, topic)| topic_of[word] = Some(topic));
    }
    topic_of
}

/// Cumulative weights over the words of a class under a topic.
fn cumulative(words: &[usize], topic_of: &[Option<usize>], topic: usize, n_topics: usize) -> Vec<f64> {
    let mut sum = 0.0;
    words
        .iter()
        .map(|&word| {
            let factor = match topic_of[word] {
                None => 1.0,
                Some(own) if own == topic => 1.0 + TOPICALITY * (n_topics - 1) as f64,
                Some(_) => 1.0 - TOPICALITY,
            };
            sum += factor / (word as f64 + 1.0 + SHIFT);
            sum
        })
        .collect()
}

/// A word's letters: one syllable for the 70 most frequent, two for the next 4,900, and so on.
fn spelling(word: usize) -> String {
    const CONSONANTS: &[u8; 14] = b"bdfgklmnprstvz";
    const VOWELS: &[u8; 5] = b"aeiou";
    let n_syllables = CONSONANTS.len() * VOWELS.len();
    let (mut letters, mut rest) = (String::new(), word + 1);
    while rest > 0 {
        let syllable = (rest - 1) % n_syllables;
        letters.push(char::from(CONSONANTS[syllable / VOWELS.len()]));
        letters.push(char::from(VOWELS[syllable % VOWELS.len()]));
        rest = (rest - 1) / n_syllables;
    }
    letters
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use proptest::prelude::*;

    fn corpus() -> Vec<Vec<usize>> {
        TopicGrammar::new(1000, 8, 10, 3).unwrap().sentences(8_000, 5)
    }

    /// Mutual information, in nats, of the words that stand `distance` apart in a sentence.
    fn information(sentences: &[Vec<usize>], distance: usize) -> f64 {
        let (mut pairs, mut left, mut right) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut n = 0.0;
        for sentence in sentences {
            for (&a, &b) in sentence.iter().zip(&sentence[distance.min(sentence.len())..]) {
                *pairs.entry((a, b)).or_insert(0.0) += 1.0;
                *left.entry(a).or_insert(0.0) += 1.0;
                *right.entry(b).or_insert(0.0) += 1.0;
                n += 1.0;
            }
        }
        pairs
            .into_iter()
            .map(|((a, b), count): (_, f64)| count / n * (count * n / (left[&a] * right[&b])).ln())
            .sum()
    }

    /// The slope of log frequency over log rank is near -1 where the shift no longer bends it.
    #[test]
    fn frequencies_follow_zipf() {
        for seed in 0..4 {
            let sentences = TopicGrammar::new(1000, 8, 10, seed).unwrap().sentences(8_000, 1);
            let mut counts = vec![0.0; 1000];
            sentences.iter().flatten().for_each(|&word| counts[word] += 1.0);
            counts.sort_by(|a: &f64, b| b.total_cmp(a));
            let points: Vec<(f64, f64)> =
                (10..500).map(|rank| (((rank + 1) as f64 + SHIFT).ln(), counts[rank].ln())).collect();
            let n = points.len() as f64;
            let (x, y) =
                (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
            let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>()
                / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
            assert!((-1.15..-0.85).contains(&slope), "{slope}");
        }
    }

    /// Words inform about those after them, next to them and further on, far beyond what the same words in any order
    /// seem to do by chance; the next one best.
    #[test]
    fn words_depend_on_words() {
        let sentences = corpus();
        let mut words: Vec<usize> = sentences.iter().flatten().copied().collect();
        random::shuffle(&mut random::stream(0, "test", 0), &mut words);
        let mut words = words.into_iter();
        let shuffled: Vec<Vec<usize>> =
            sentences.iter().map(|sentence| words.by_ref().take(sentence.len()).collect()).collect();
        let gains = [1, 2, 3].map(|distance| information(&sentences, distance) - information(&shuffled, distance));
        assert!(gains[0] > gains[1] && gains[1] > gains[2] && gains[2] > 0.1, "{gains:?}");
        assert!(gains[0] > 0.8, "{gains:?}");
    }

    #[test]
    fn sentences_are_of_many_lengths() {
        let mut counts = [0; 46];
        corpus().iter().for_each(|sentence| counts[sentence.len()] += 1);
        assert!(counts[..3].iter().all(|&count| count == 0));
        assert!(counts[3..=30].iter().all(|&count| count > 20), "{counts:?}");
    }

    #[test]
    fn words_are_spelt_differently_and_frequent_ones_shortly() {
        let words: HashSet<String> = (0..6000).map(spelling).collect();
        assert_eq!(words.len(), 6000);
        assert_eq!([0, 69, 70, 4969, 4970].map(|word| spelling(word).len()), [2, 2, 4, 4, 6]);
    }

    #[test]
    fn what_is_no_language_is_refused() {
        for (n_words, n_classes, n_topics, argument) in [
            (10, 0, 1, "n_classes"),
            (3, 4, 1, "n_words"),
            (10, 2, 0, "n_topics"),
            (1 << 20, 2, 1 << 20, "n_topics"),
        ] {
            let error = TopicGrammar::new(n_words, n_classes, n_topics, 0).unwrap_err().to_string();
            assert!(error.contains(argument), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn seeds_decide_everything(
            n_words in 8usize..300, n_classes in 1usize..8, n_topics in 1usize..12, language: u64, seed: u64,
        ) {
            let new = || TopicGrammar::new(n_words, n_classes, n_topics, language).unwrap();
            let (one, other) = (new(), new());
            let sentences = one.sentences(20, seed);
            prop_assert_eq!(&sentences, &other.sentences(20, seed));
            prop_assert_eq!(&sentences[..5], &one.sentences(5, seed)[..]);
            prop_assert!(sentences.iter().flatten().all(|&word| word < n_words));
            prop_assert!(sentences.iter().all(|sentence| (3..=45).contains(&sentence.len())));
            prop_assert_ne!(&sentences, &one.sentences(20, seed.wrapping_add(1)));
        }
    }
}
