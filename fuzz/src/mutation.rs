//! Inputs near those of a corpus, drawn without looking at what they reach.

use cl_data::random::below;
use rand::Rng;

/// What texts end at.
const WORDS: [&str; 16] = [
    "0",
    "-1",
    "1e999",
    "NaN",
    "Infinity",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[[",
    "4294967296",
    "18446744073709551615",
    ",",
    "\n",
    "\u{feff}",
];

/// One of the corpus, changed in some places.
pub fn damaged(corpus: &[Vec<u8>], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = corpus[below(rng, corpus.len())].clone();
    for _ in 0..=below(rng, 4) {
        let at = below(rng, bytes.len() + 1);
        let end = at + below(rng, (bytes.len() - at).min(16) + 1);
        match below(rng, 8) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << below(rng, 8)),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = below(rng, 256) as u8),
            2 => bytes.insert(at, below(rng, 256) as u8),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            5 => bytes.extend_from_within(at..end),
            6 => drop(bytes.splice(at..end, WORDS[below(rng, WORDS.len())].bytes())),
            _ => {
                let other = &corpus[below(rng, corpus.len())];
                let from = below(rng, other.len() + 1);
                drop(bytes.splice(at..end, other[from..other.len().min(from + 64)].iter().copied()));
            }
        }
    }
    bytes
}
