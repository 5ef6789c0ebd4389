/// Where an example stands in the order of a rule: by its difficulty, and among equally difficult ones by the hash of its id.
///
/// Difficulty in the upper, hash in the lower half.
pub(crate) type Key = u128;

/// Bits of a key.
pub(crate) const BITS: u32 = Key::BITS;

/// The code of NaN, above all numbers.
pub(crate) const NAN: u64 = u64::MAX;

/// The order of a number among all, as an integer; -0.0 equals 0.0.
pub(crate) fn code(number: f64) -> u64 {
    if number.is_nan() {
        return NAN;
    }
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The number of a code.
pub(crate) fn number(code: u64) -> f64 {
    f64::from_bits(if code >> 63 == 1 { code ^ 1 << 63 } else { !code })
}

/// The key of two halves.
pub(crate) fn key(code: u64, tie: u64) -> Key {
    Key::from(code) << 64 | Key::from(tie)
}

/// A bijection of words that scatters them (the finaliser of SplitMix64: Steele, Lea, Flood 2014).
fn scatter(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// The hash of an id that is an integer: another of any two, whatever the seed.
pub(crate) fn hash_of_integer(seed: u64, id: i64) -> u64 {
    scatter(scatter(seed ^ 0x9e37_79b9_7f4a_7c15) ^ id as u64)
}

/// The hash of an id that is a text; that of an integer written plainly is the integer's.
pub(crate) fn hash_of_text(seed: u64, id: &str) -> u64 {
    if let Some(integer) = id.parse::<i64>().ok().filter(|integer| integer.to_string() == id) {
        return hash_of_integer(seed, integer);
    }
    let start = scatter(seed ^ id.len() as u64 ^ 0xd6e8_feb8_6659_fd93);
    id.as_bytes().chunks(8).fold(start, |hash, bytes| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        scatter(hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9fb2_1c65_1e98_df25)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn codes_are_in_the_order_of_numbers(a: f64, b: f64) {
            prop_assert_eq!(number(code(a)).to_bits(), (a + 0.0).to_bits());
            prop_assert_eq!(code(a) < code(b), a < b);
        }
    }

    #[test]
    fn extremes_have_codes() {
        let all = [f64::NEG_INFINITY, -1.0, -0.0, f64::MIN_POSITIVE, 1.0, f64::INFINITY, f64::NAN];
        assert!(all.windows(2).all(|pair| code(pair[0]) < code(pair[1])));
        assert_eq!(code(-0.0), code(0.0));
    }

    #[test]
    fn ids_have_hashes_of_their_own_by_the_seed() {
        let hashes = |seed| -> Vec<u64> {
            let texts = (0..5000).map(|id| hash_of_text(seed, &format!("image-{id}")));
            (-5000..5000).map(|id| hash_of_integer(seed, id)).chain(texts).collect()
        };
        let (one, other) = (hashes(1), hashes(2));
        assert_eq!(one.iter().collect::<HashSet<_>>().len(), 15_000);
        assert!(one.iter().zip(&other).all(|(a, b)| a != b));
        assert_eq!(hash_of_text(1, "-17"), hash_of_integer(1, -17));
        assert_ne!(hash_of_text(1, "017"), hash_of_integer(1, 17));
        // Of ten, each is first about as often.
        let first = |seed| (0..10).min_by_key(|&id| hash_of_integer(seed, id)).unwrap() as usize;
        let mut counts = [0; 10];
        (0..10_000).for_each(|seed| counts[first(seed)] += 1);
        // Six standard deviations of a binomial count.
        assert!(counts.iter().all(|&count: &i32| (count - 1000).abs() < 180), "{counts:?}");
    }
}
