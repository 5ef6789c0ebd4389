use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

use cl_data::Scalar;
use rayon::prelude::*;

use super::groups::{Components, DuplicateGroups};
use crate::coreset::Features;
use crate::error::PruneError;

/// Examples whose features are all equal (0 and -0 are): by a hash, then number by number. O(n d) expected.
///
/// ```
/// use cl_prune::{coreset::Features, duplicate::exact_duplicates};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 3.0, -0.0, 1.0], 2)?;
/// assert_eq!(exact_duplicates(&features)?.groups(), [vec![0, 2]]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
///
/// # Errors
/// Where there are 2^32 examples.
pub fn exact_duplicates<T: Scalar>(features: &Features<'_, T>) -> Result<DuplicateGroups, PruneError> {
    let row = |example: usize| features.example(example);
    equal(
        features.n_examples(),
        // 0 and -0 hash alike.
        |example| hash(row(example).iter().map(|value| (value.as_f64() + 0.0).to_bits()).collect::<Vec<u64>>()),
        |a, b| row(a).iter().zip(row(b)).all(|(a, b)| a.as_f64() == b.as_f64()),
    )
}

/// Texts that are equal, character by character. O(n) expected in their characters.
///
/// ```
/// let groups = cl_prune::duplicate::exact_texts(&["a b", "a  b", "a b"])?;
/// assert_eq!(groups.groups(), [vec![0, 2]]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
///
/// # Errors
/// Where there are 2^32 texts.
pub fn exact_texts<S: AsRef<str> + Sync>(texts: &[S]) -> Result<DuplicateGroups, PruneError> {
    let text = |example: usize| texts[example].as_ref();
    equal(texts.len(), |example| hash(text(example)), |a, b| text(a) == text(b))
}

/// A hash that is the same wherever it is computed.
fn hash(value: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

/// The components of what is `equal`, of which the hashes are.
fn equal(
    n: usize,
    hash: impl Fn(usize) -> u64 + Send + Sync,
    equal: impl Fn(usize, usize) -> bool,
) -> Result<DuplicateGroups, PruneError> {
    let mut components = Components::new(n)?;
    let hashes: Vec<u64> = (0..n).into_par_iter().map(hash).collect();
    // The first example of each hash, and of the rare hashes of several values the others.
    let mut first: HashMap<u64, Vec<u32>> = HashMap::with_capacity(n);
    for (example, hash) in hashes.into_iter().enumerate() {
        match first.entry(hash) {
            Entry::Vacant(entry) => drop(entry.insert(vec![example as u32])),
            Entry::Occupied(mut entry) => {
                match entry.get().iter().find(|&&other| equal(other as usize, example)) {
                    Some(&other) => components.join(other as usize, example),
                    None => entry.get_mut().push(example as u32),
                }
            }
        }
    }
    Ok(components.into_groups())
}
