use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use cl_data::random::stream;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

use super::exact::exact_texts;
use super::groups::{Components, DuplicateGroups};
use crate::error::PruneError;

/// A prime above all hashes that enter, 2^61 - 1.
const PRIME: u64 = (1 << 61) - 1;

/// The probability with which a pair at the threshold is to be a candidate.
const RECALL: f64 = 0.98;

/// Near duplicates of texts by their word n-grams.
///
/// ```text
/// shingles     the set of n words in a row, parted by white space; of a shorter text all its words
/// J(A, B)      |A and B| / |A or B|
/// signature    min over shingles of a_i x + b_i mod 2^61 - 1, for i = 1, ..., H:  P(equal at i) = J
/// candidates   texts whose signatures are equal in all r places of one of b bands:  P = 1 - (1 - J^r)^b
/// pairs        candidates with J >= threshold, counted exactly
/// groups       the components of the pairs
/// ```
///
/// r is the largest, with b = floor(H / r), by which a pair just at the threshold is a candidate with probability 0.98 at
/// least: candidates are compared exactly, so that more of them cost time alone. No pair below the threshold is ever taken;
/// how many at it are missed [`MinHashReport::recall_at_threshold`] tells. Exact copies are found as such.
///
/// O(H) per shingle and O(b) per text, and O(shingles) per candidate. Memory: 8 H bytes per text while bands are compared.
///
/// Source: Broder (1997), On the resemblance and containment of documents; Leskovec, Rajaraman and Ullman (2020), Mining of
/// massive datasets, section 3.4.
///
/// ```
/// use cl_prune::duplicate::MinHash;
///
/// let texts = ["the cat sat on the mat", "a dog", "the cat sat on the red mat", "the cat sat on the mat ."];
/// let (groups, _) = MinHash::new(0.5)?.with_shingle(2)?.of(&texts)?;
/// assert_eq!(groups.groups(), [vec![0, 2, 3]]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinHash {
    threshold: f64,
    shingle: usize,
    n_hashes: usize,
    seed: u64,
}

/// How near duplicates were found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MinHashReport {
    /// The number of texts that are copies of an earlier one.
    pub n_exact: usize,
    /// The number of bands.
    pub n_bands: usize,
    /// The places of a band.
    pub n_rows: usize,
    /// How many candidates were compared.
    pub n_candidates: usize,
    /// How many of them are at or above the threshold.
    pub n_pairs: usize,
    /// The probability that a pair just at the threshold is a candidate: the lowest of all pairs that are sought.
    pub recall_at_threshold: f64,
}

impl MinHash {
    /// Where the Jaccard similarity of sets of 5 words in a row is at least this, by 128 hashes.
    ///
    /// # Errors
    /// Unless 0 < threshold <= 1.
    pub fn new(threshold: f64) -> Result<Self, PruneError> {
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(PruneError::argument("threshold", threshold, "a Jaccard similarity in (0, 1]"));
        }
        Ok(Self { threshold, shingle: 5, n_hashes: 128, seed: 0 })
    }

    /// The same with so many words in a row.
    ///
    /// # Errors
    /// Where these are none.
    pub fn with_shingle(self, shingle: usize) -> Result<Self, PruneError> {
        if shingle == 0 {
            return Err(PruneError::argument("shingle", shingle, "at least one word"));
        }
        Ok(Self { shingle, ..self })
    }

    /// The same with so many hashes.
    ///
    /// # Errors
    /// Unless there are 1 to 4096.
    pub fn with_hashes(self, n_hashes: usize) -> Result<Self, PruneError> {
        if !(1..=4096).contains(&n_hashes) {
            return Err(PruneError::argument("hashes", n_hashes, "1 to 4096"));
        }
        Ok(Self { n_hashes, ..self })
    }

    /// The same with hashes of another seed.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The groups of these texts, and how they were found.
    ///
    /// # Errors
    /// Where there are 2^32 texts.
    pub fn of<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<(DuplicateGroups, MinHashReport), PruneError> {
        let exact = exact_texts(texts)?;
        let distinct: Vec<usize> = (0..texts.len()).filter(|&text| exact.first_of(text) == Some(text)).collect();
        let shingles = |at: usize| self.shingles(texts[distinct[at]].as_ref());
        let hashes = self.hashes();
        let signatures: Vec<Vec<u64>> =
            (0..distinct.len()).into_par_iter().map(|at| signature(&shingles(at), &hashes)).collect();
        let (n_bands, n_rows) = self.bands();
        let mut components = Components::new(distinct.len())?;
        let (mut pairs, mut n_candidates) = (Vec::new(), 0);
        for band in 0..n_bands {
            let places = band * n_rows..(band + 1) * n_rows;
            let mut buckets: HashMap<&[u64], Vec<u32>> = HashMap::new();
            for (at, signature) in signatures.iter().enumerate() {
                // A text without a word is like no other.
                if signature.first() != Some(&u64::MAX) {
                    buckets.entry(&signature[places.clone()]).or_default().push(at as u32);
                }
            }
            let mut buckets: Vec<Vec<u32>> = buckets.into_values().filter(|bucket| bucket.len() > 1).collect();
            buckets.sort_unstable();
            for bucket in buckets {
                let sets: Vec<Vec<u64>> = bucket.par_iter().map(|&at| shingles(at as usize)).collect();
                for b in 1..bucket.len() {
                    for a in 0..b {
                        let (first, second) = (bucket[a] as usize, bucket[b] as usize);
                        // Already together: nothing would change.
                        if components.first_of(first) == components.first_of(second) {
                            continue;
                        }
                        n_candidates += 1;
                        if jaccard(&sets[a], &sets[b]) >= self.threshold {
                            components.join(first, second);
                            pairs.push((distinct[first], distinct[second]));
                        }
                    }
                }
            }
        }
        let report = MinHashReport {
            n_exact: exact.n_duplicates(),
            n_bands,
            n_rows,
            n_candidates,
            n_pairs: pairs.len(),
            recall_at_threshold: recall(self.threshold, n_bands, n_rows),
        };
        Ok((exact.joined(pairs)?, report))
    }

    /// The hashes of the shingles, in order, each once.
    fn shingles(&self, text: &str) -> Vec<u64> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let hash = |words: &[&str]| BuildHasherDefault::<DefaultHasher>::default().hash_one(words) % PRIME;
        let mut shingles: Vec<u64> = match words.len() {
            0 => Vec::new(),
            n if n < self.shingle => vec![hash(&words)],
            _ => words.windows(self.shingle).map(hash).collect(),
        };
        shingles.sort_unstable();
        shingles.dedup();
        shingles
    }

    /// The a and b of each hash, a not 0.
    fn hashes(&self) -> Vec<(u64, u64)> {
        let rng = &mut stream(self.seed, "min-hash", 0);
        (0..self.n_hashes).map(|_| (rng.random_range(1..PRIME), rng.random_range(0..PRIME))).collect()
    }

    /// How many bands of how many places.
    fn bands(&self) -> (usize, usize) {
        let all = (1..=self.n_hashes).rev().map(|n_rows| (self.n_hashes / n_rows, n_rows));
        let found = all.into_iter().find(|&(n_bands, n_rows)| recall(self.threshold, n_bands, n_rows) >= RECALL);
        found.unwrap_or((self.n_hashes, 1))
    }
}

/// The probability that texts of this similarity are candidates.
fn recall(j: f64, n_bands: usize, n_rows: usize) -> f64 {
    1.0 - (1.0 - j.powi(n_rows as i32)).powi(n_bands as i32)
}

/// The least hash of each kind; the largest number where there is no shingle.
fn signature(shingles: &[u64], hashes: &[(u64, u64)]) -> Vec<u64> {
    let least = |&(a, b): &(u64, u64)| {
        let hash = |&x: &u64| modulo(u128::from(a) * u128::from(x) + u128::from(b));
        shingles.iter().map(hash).min().unwrap_or(u64::MAX)
    };
    hashes.iter().map(least).collect()
}

/// Modulo 2^61 - 1 of what is below its square.
fn modulo(value: u128) -> u64 {
    let folded = (value as u64 & PRIME) + (value >> 61) as u64;
    let folded = (folded & PRIME) + (folded >> 61);
    if folded >= PRIME { folded - PRIME } else { folded }
}

/// The similarity of two sets, each in increasing order.
fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut common, mut i, mut j) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        common += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_modulo_the_prime() {
        for (a, x, b) in [(1, 0, 0), (PRIME - 1, PRIME - 1, PRIME - 1), (12345, 1 << 60, 7), (PRIME - 1, 1, 1)] {
            let value = u128::from(a) * u128::from(x) + u128::from(b);
            assert_eq!(u128::from(modulo(value)), value % u128::from(PRIME));
        }
    }

    #[test]
    fn sets_are_compared_exactly() {
        assert_eq!(jaccard(&[1, 3, 5], &[3, 5, 7]), 0.5);
        assert_eq!(jaccard(&[1], &[2]), 0.0);
        assert_eq!(jaccard(&[], &[]), 0.0);
        assert_eq!(jaccard(&[4, 9], &[4, 9]), 1.0);
    }

    /// A place of the signature agrees with the probability J: within 5 standard deviations.
    #[test]
    fn signatures_agree_as_often_as_sets_do() {
        let min_hash = MinHash::new(0.5).unwrap().with_hashes(4096).unwrap();
        let hashes = min_hash.hashes();
        let hash = |x: u64| BuildHasherDefault::<DefaultHasher>::default().hash_one(x) % PRIME;
        let scattered = |from: u64, to: u64| (from..to).map(hash).collect::<Vec<_>>();
        let (a, b) = (scattered(0, 60), scattered(30, 90));
        let (a, b) = (signature(&a, &hashes), signature(&b, &hashes));
        let equal = a.iter().zip(&b).filter(|(a, b)| a == b).count() as f64 / 4096.0;
        let deviation = (1.0f64 / 3.0 * 2.0 / 3.0 / 4096.0).sqrt();
        assert!((equal - 1.0 / 3.0).abs() < 5.0 * deviation, "{equal}");
    }

    #[test]
    fn bands_stand_by_the_threshold() {
        for threshold in [0.5, 0.7, 0.8, 0.9] {
            let (n_bands, n_rows) = MinHash::new(threshold).unwrap().bands();
            assert!(n_bands * n_rows <= 128);
            assert!(recall(threshold, n_bands, n_rows) >= 0.98, "{threshold}");
            assert!(recall(threshold, 128 / (n_rows + 1), n_rows + 1) < 0.98, "{threshold}");
        }
    }
}
