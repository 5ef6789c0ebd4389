//! Sentences to train on and to measure on.

use anyhow::{Context as _, Result, bail};
use cl_data::{TopicGrammar, io::read_lines};

use crate::data_dir::DataDir;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_cut_into_words_and_sentences() {
        assert_eq!(tokens("I'll go--now, \"Sir\"!"), ["i'll", "go--now", ",", "\"", "sir", "\"", "!"]);
        assert_eq!(sentences(tokens("One. Two? and three").into_iter()), ["one .", "two ?", "and three"]);
        assert!(tokens(" \t").is_empty());
    }
}
