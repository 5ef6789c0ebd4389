use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// Up to so many examples every value is looked at.
const FEW: usize = 4096;

/// Of more examples, how many are looked at first.
const SAMPLE: usize = 1024;

/// How many different values there are, where each goes with one label and they are fewer than half as many as examples: who
/// knows the value knows the label. `None` else. O(n), less where two labels of one value come early.
///
/// Of more than 4096 examples 1024 evenly spaced ones are looked at first: where no value comes twice among them there are
/// too many for labels in disguise.
pub(super) fn tells(values: &[u32], labels: &[u32]) -> Option<usize> {
    let n = values.len().min(labels.len());
    if n > FEW && !repeats(values) {
        return None;
    }
    let mut label_of: HashMap<u32, u32, BuildHasherDefault<Mixer>> = HashMap::default();
    for (&value, &label) in values.iter().zip(labels) {
        match label_of.entry(value) {
            Entry::Occupied(known) if *known.get() != label => return None,
            Entry::Occupied(_) => {}
            Entry::Vacant(new) => _ = new.insert(label),
        }
        if 2 * label_of.len() >= n {
            return None;
        }
    }
    Some(label_of.len())
}

/// Whether some value comes twice among evenly spaced ones.
fn repeats(values: &[u32]) -> bool {
    let mut sample: Vec<u32> = values.iter().copied().step_by(values.len() / SAMPLE).collect();
    sample.sort_unstable();
    sample.windows(2).any(|two| two[0] == two[1])
}

/// A hash of one number for a table that lives for a moment, some times faster than the standard one, which also
/// withstands numbers chosen to collide.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(byte.into()));
    }

    fn write_u32(&mut self, number: u32) {
        // 2^64 over the golden ratio; the high half of a product knows all of the number, the low half its end alone.
        let product = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_copy_in_another_spelling_tells() {
        let labels: Vec<u32> = (0..30).map(|i| i % 3).collect();
        let spelled: Vec<u32> = labels.iter().map(|&label| [70, 5, 9][label as usize]).collect();
        assert_eq!(tells(&spelled, &labels), Some(3));
        let mut wrong = spelled.clone();
        wrong[29] = 70;
        assert_eq!(tells(&wrong, &labels), None);
        // As many values as half the examples tell nothing.
        let pairs: Vec<u32> = (0..30).map(|i| i / 2).collect();
        let by_pair: Vec<u32> = (0..30).map(|i| i / 2 % 3).collect();
        assert_eq!(tells(&pairs, &by_pair), None);
    }

    #[test]
    fn many_examples_are_sampled_first() {
        let n = 100_000;
        let labels: Vec<u32> = (0..n).map(|i| i % 7).collect();
        assert_eq!(tells(&(0..n).map(|i| i % 14).collect::<Vec<_>>(), &labels), Some(14));
        assert_eq!(tells(&(0..n).collect::<Vec<_>>(), &labels), None);
    }

    proptest! {
        #[test]
        fn as_the_definition_says(pairs in proptest::collection::vec((0u32..12, 0u32..3), 1..60)) {
            let (values, labels): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
            let distinct = (0..12).filter(|value| values.contains(value)).count();
            let one_label = pairs.iter().all(|a| pairs.iter().all(|b| a.0 != b.0 || a.1 == b.1));
            let expected = (one_label && 2 * distinct < pairs.len()).then_some(distinct);
            prop_assert_eq!(tells(&values, &labels), expected);
        }
    }
}
