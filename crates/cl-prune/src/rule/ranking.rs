use cl_data::random::shuffle;
use rand::Rng;

/// From which end a ranking starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Lowest,
    Highest,
}

/// Below this a comparison sort is as fast as counting digits.
const FEW: usize = 1 << 12;
const DIGIT_BITS: u32 = 11;
const N_DIGITS: usize = 3;

/// The examples by key, equal keys in random order: never by index, which with counts for keys would favour whole
/// classes of sorted data. Keys are no NaN; -0.0 equals 0.0.
///
/// Keys are mapped to integers of the same order, of which the leading 32 significant bits are sorted by three
/// counting passes together with the index; the few that share those bits are then sorted by all of theirs. O(n)
/// for keys that spread, O(n log n) at worst.
pub(crate) fn ranking<R: Rng + ?Sized>(keys: &[f64], from: From, rng: &mut R) -> Vec<usize> {
    let code = |index: usize| match from {
        From::Lowest => ordered(keys[index]),
        From::Highest => !ordered(keys[index]),
    };
    // An index takes the lower half of a word.
    if u32::try_from(keys.len()).is_err() {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        sort_run(&mut order, |&index| index, &code, rng);
        return order;
    }
    let (least, most) =
        (0..keys.len()).map(code).fold((u64::MAX, 0), |(least, most), code| (code.min(least), code.max(most)));
    let spread = most.saturating_sub(least);
    let shift = (u64::BITS - spread.leading_zeros()).saturating_sub(32);
    let mut order: Vec<u64> =
        (0..keys.len()).map(|index| (((code(index) - least) >> shift) << 32) | index as u64).collect();
    if keys.len() < FEW {
        order.sort_unstable();
    } else {
        sort_by_digits(&mut order);
    }
    for run in order.chunk_by_mut(|a, b| a >> 32 == b >> 32) {
        match (run.len(), shift) {
            (1, _) => {}
            // The leading bits were all there are.
            (_, 0) => shuffle(rng, run),
            _ => sort_run(run, |&word| (word & u64::from(u32::MAX)) as usize, &code, rng),
        }
    }
    order.into_iter().map(|word| (word & u64::from(u32::MAX)) as usize).collect()
}

/// The keys' order as integers.
fn ordered(key: f64) -> u64 {
    // Adding 0.0 makes -0.0 equal to 0.0.
    let bits = (key + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Sorts by the whole key and shuffles what is equal.
fn sort_run<T: Copy, R: Rng + ?Sized>(
    run: &mut [T],
    index: impl Fn(&T) -> usize,
    code: &impl Fn(usize) -> u64,
    rng: &mut R,
) {
    run.sort_unstable_by_key(|item| (code(index(item)), index(item)));
    for ties in run.chunk_by_mut(|a, b| code(index(a)) == code(index(b))) {
        if ties.len() > 1 {
            shuffle(rng, ties);
        }
    }
}

/// Sorts words by their upper halves, stably.
fn sort_by_digits(words: &mut Vec<u64>) {
    const N: usize = 1 << DIGIT_BITS;
    let digit = |word: u64, place: usize| (word >> (32 + DIGIT_BITS * place as u32)) as usize & (N - 1);
    let mut counts = [[0usize; N]; N_DIGITS];
    for &word in words.iter() {
        for (place, counts) in counts.iter_mut().enumerate() {
            counts[digit(word, place)] += 1;
        }
    }
    let mut sorted = vec![0; words.len()];
    for (place, counts) in counts.iter_mut().enumerate() {
        // A digit that is the same everywhere sorts nothing.
        if counts.contains(&words.len()) {
            continue;
        }
        let mut next = 0;
        for count in counts.iter_mut() {
            next += std::mem::replace(count, next);
        }
        for &word in words.iter() {
            let at = &mut counts[digit(word, place)];
            sorted[*at] = word;
            *at += 1;
        }
        std::mem::swap(words, &mut sorted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::random::stream;
    use proptest::prelude::*;

    fn keys() -> impl Strategy<Value = Vec<f64>> {
        let any = any::<f64>().prop_filter("a number", |key| !key.is_nan());
        let count = (0u8..4).prop_map(f64::from);
        let key = prop_oneof![any, count, Just(-0.0), Just(f64::INFINITY), 1.0..1.0000001];
        prop::collection::vec(key, 0..150)
    }

    fn check(keys: &[f64], seed: u64) {
        for (from, sign) in [(From::Lowest, 1.0), (From::Highest, -1.0)] {
            let order = ranking(keys, from, &mut stream(seed, "test", 0));
            assert!(order.windows(2).all(|pair| sign * keys[pair[0]] <= sign * keys[pair[1]]));
            let mut all = order;
            all.sort_unstable();
            assert!(all.into_iter().eq(0..keys.len()));
        }
    }

    proptest! {
        #[test]
        fn sorts(keys in keys(), seed: u64) {
            check(&keys, seed);
        }

        /// Long enough for the counting passes.
        #[test]
        fn sorts_many(keys in keys(), seed: u64) {
            let many: Vec<f64> = keys.iter().copied().cycle().take(if keys.is_empty() { 0 } else { FEW + 7 }).collect();
            check(&many, seed);
        }
    }

    #[test]
    fn every_order_of_ties_is_as_likely() {
        let mut counts = std::collections::HashMap::new();
        for index in 0..6000 {
            *counts
                .entry(ranking(&[1.0, 0.0, 1.0, 1.0], From::Lowest, &mut stream(3, "test", index)))
                .or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Six standard deviations of a binomial count.
        assert!(counts.values().all(|&count: &i32| (count - 1000).abs() < 180), "{counts:?}");
    }
}
