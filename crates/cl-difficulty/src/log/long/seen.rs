use std::collections::HashSet;

/// Examples after which bits take less than a set.
const FEW: usize = 4096;

/// Which examples the rows of a run and epoch are of.
pub(super) enum Seen {
    /// Of steps, a batch each.
    Few(HashSet<u32>),
    Bits(Vec<u64>, usize),
}

impl Default for Seen {
    fn default() -> Self {
        Self::Few(HashSet::new())
    }
}

impl Seen {
    /// Adds an example; whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, example: u32) -> bool {
        match self {
            Self::Bits(bits, n) => {
                let (word, bit) = (example as usize / 64, 1u64 << (example % 64));
                if word >= bits.len() {
                    bits.resize((word + 1).max(bits.len() * 2), 0);
                }
                let new = bits[word] & bit == 0;
                bits[word] |= bit;
                *n += usize::from(new);
                new
            }
            Self::Few(few) if few.len() < FEW => few.insert(example),
            Self::Few(few) => {
                let few = std::mem::take(few);
                *self = Self::Bits(Vec::new(), 0);
                few.into_iter().for_each(|example| _ = self.insert(example));
                self.insert(example)
            }
        }
    }

    pub(super) fn contains(&self, example: u32) -> bool {
        match self {
            Self::Bits(bits, _) => {
                bits.get(example as usize / 64).is_some_and(|bits| bits >> (example % 64) & 1 == 1)
            }
            Self::Few(few) => few.contains(&example),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bits(_, n) => *n,
            Self::Few(few) => few.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_the_same() {
        let mut seen = Seen::default();
        let examples: Vec<u32> = (0..10_000).map(|i| i * 7919 % 20_011).collect();
        assert!(examples.iter().all(|&example| seen.insert(example)));
        assert!(examples.iter().all(|&example| !seen.insert(example) && seen.contains(example)));
        assert_eq!(seen.len(), 10_000);
        assert!((0..20_011).all(|example| seen.contains(example) == examples.contains(&example)));
    }
}
