use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use cl_data::{Fingerprint, FingerprintBuilder};

use crate::error::PacingError;

/// Examples in an order, in half the memory of `usize` and so twice as many in the cache, with their hash once it is
/// asked for: whoever changes them puts them back.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    examples: Vec<u32>,
    hash: OnceLock<Fingerprint>,
}

impl Ordered {
    /// Examples below their number, or below that of 32 bits.
    pub(super) fn new(examples: &[usize]) -> Result<Self, PacingError> {
        if u32::try_from(examples.len()).is_err() {
            let expected = "below 2^32, the examples that an order can hold";
            return Err(PacingError::argument("n_examples", examples.len(), expected));
        }
        let examples = examples.iter().map(|&example| example as u32).collect();
        Ok(Self { examples, hash: OnceLock::new() })
    }

    /// The same where each of `0..len` is named once.
    pub(super) fn permutation(order: &[usize]) -> Result<Self, PacingError> {
        let n_examples = order.len();
        let mut seen = vec![false; n_examples];
        for &example in order {
            match seen.get_mut(example) {
                Some(seen) if *seen => return Err(PacingError::NotAPermutation { example }),
                Some(seen) => *seen = true,
                None => {
                    let what = "ordered example";
                    return Err(PacingError::IndexOutOfRange { what, index: example, n_examples });
                }
            }
        }
        Self::new(order)
    }

    /// The hash. O(n) at first.
    pub(super) fn hash(&self) -> Fingerprint {
        *self.hash.get_or_init(|| {
            let mut hash = FingerprintBuilder::default();
            hash.add_u32s(&self.examples);
            hash.fingerprint()
        })
    }
}

impl Deref for Ordered {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.examples
    }
}

impl DerefMut for Ordered {
    fn deref_mut(&mut self) -> &mut [u32] {
        &mut self.examples
    }
}
