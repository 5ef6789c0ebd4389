use std::collections::BTreeMap;
use std::ops::Range;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Int32Type, Int64Type, UInt64Type};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{col, lit};

use super::key::{BITS, Key, key};
use super::keyed::{Keyed, TIE};
use super::ranges::Ranges;
use crate::error::EngineError;

/// Keys that are collected and sorted instead of counted, at most.
const FEW: u64 = 1 << 20;

/// Counts per pass, at most: 2^20 for all ranges together.
const COUNTS: u32 = 20;

/// A rank that is looked for, among the keys of a range.
#[derive(Debug, Clone, Copy)]
struct Sought {
    /// Which of the ranks asked for.
    slot: usize,
    /// Its place among the keys of the range, from 0.
    rank: u64,
}

/// A range of keys of a group in which ranks are looked for: those that have these leading bits.
#[derive(Debug)]
struct Active {
    group: i64,
    first: Key,
    /// Bits that are not known.
    bits: u32,
    n: u64,
    sought: Vec<Sought>,
}

impl Active {
    fn last(&self) -> Key {
        self.first | Key::MAX.checked_shr(BITS - self.bits).unwrap_or(0)
    }
}

/// A key at a rank, and how many equal ones stand before and behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    key: Key,
    before: u64,
    behind: u64,
}

/// The first and the last key of a window of ranks in each group, both included, where the rows of a table have keys.
///
/// ```text
/// pass     counts of the next digit of the keys that have the digits so far of a key looked for, group by group;
///          the digit of each rank follows from their sums
/// ```
///
/// A digit has up to 16 bits, fewer where many groups are looked through, so that a pass has at most 2^20 counts; the keys
/// that are left are collected once they are at most 2^20. Counts add up, so that the result is the same for any
/// partitioning. O(n) per pass; 2 to 8 passes as a rule.
///
/// # Errors
/// Where the keys at the ends of a window are not those of one example: an id is there twice.
pub(super) async fn windows(
    keyed: &Keyed,
    sizes: &BTreeMap<i64, u64>,
    windows: &BTreeMap<i64, Range<usize>>,
) -> Result<Ranges, EngineError> {
    let filled = || windows.iter().filter(|(_, window)| !window.is_empty());
    let mut active = Vec::new();
    for (slot, (&group, window)) in filled().enumerate() {
        let ends = [(2 * slot, window.start), (2 * slot + 1, window.end - 1)];
        let sought = ends.map(|(slot, rank)| Sought { slot, rank: rank as u64 }).to_vec();
        let n = sizes.get(&group).copied().unwrap_or(0);
        active.push(Active { group, first: 0, bits: BITS, n, sought });
    }
    let mut found: Vec<Option<Found>> = vec![None; 2 * active.len()];
    while !active.is_empty() {
        let n: u64 = active.iter().map(|active| active.n).sum();
        active.sort_unstable_by_key(|active| (active.group, active.first));
        if n <= FEW {
            collect(keyed, &active, &mut found).await?;
            break;
        }
        active = narrow(keyed, active, &mut found).await?;
    }
    let mut entries = Vec::new();
    for (slot, (&group, _)) in filled().enumerate() {
        let ends = found[2 * slot].zip(found[2 * slot + 1]);
        let Some((first, last)) = ends else {
            let found = format!("another in a later pass, in group {group}");
            return Err(EngineError::cell("prune", "the table", found, "the same rows in every pass"));
        };
        if first.before > 0 || last.behind > 0 {
            let found = "twice in the table with the same score, where the budget ends";
            return Err(EngineError::cell("prune", "an id", found, "each id once"));
        }
        entries.push((group, first.key, last.key));
    }
    Ok(Ranges::new(entries))
}

fn ranges(active: &[Active]) -> Ranges {
    Ranges::new(active.iter().map(|active| (active.group, active.first, active.last())).collect())
}

/// One more digit of each.
async fn narrow(
    keyed: &Keyed,
    active: Vec<Active>,
    found: &mut [Option<Found>],
) -> Result<Vec<Active>, EngineError> {
    let unknown = active.iter().map(|active| active.bits).max().unwrap_or(0);
    let bits = COUNTS.saturating_sub(active.len().next_power_of_two().ilog2()).clamp(4, 16).min(unknown);
    let shift = unknown - bits;
    let counts = keyed
        .frame
        .clone()
        .select(vec![keyed.range(&ranges(&active)).alias("range"), keyed.digit(shift, bits).alias("digit")])?
        .filter(col("range").is_not_null())?
        .aggregate(vec![col("range"), col("digit")], vec![count(lit(1i64)).alias("n")])?;
    let mut of_digits: Vec<BTreeMap<u64, u64>> = vec![BTreeMap::new(); active.len()];
    for batch in counts.collect().await? {
        let places = batch.column(0).as_primitive::<Int32Type>().values();
        let digits = batch.column(1).as_primitive::<UInt64Type>().values();
        let counts = batch.column(2).as_primitive::<Int64Type>().values();
        for ((&place, &digit), &n) in places.iter().zip(digits).zip(counts) {
            if let Some(counts) = of_digits.get_mut(place as usize) {
                counts.insert(digit, n as u64);
            }
        }
    }
    let mut next = Vec::new();
    for (active, digits) in active.into_iter().zip(of_digits) {
        let mut sought = active.sought;
        sought.sort_unstable_by_key(|sought| sought.rank);
        let (mut before, mut sought) = (0, sought.into_iter().peekable());
        for (digit, n) in digits {
            let mut within = Vec::new();
            while let Some(here) = sought.next_if(|sought| sought.rank < before + n) {
                within.push(Sought { rank: here.rank - before, ..here });
            }
            let first = active.first | Key::from(digit) << shift;
            if shift == 0 {
                // All of the key is known.
                for Sought { slot, rank } in within {
                    found[slot] = Some(Found { key: first, before: rank, behind: n - 1 - rank });
                }
            } else if !within.is_empty() {
                next.push(Active { group: active.group, first, bits: shift, n, sought: within });
            }
            before += n;
        }
    }
    Ok(next)
}

/// The keys themselves; `active` is sorted as its ranges are.
async fn collect(keyed: &Keyed, active: &[Active], found: &mut [Option<Found>]) -> Result<(), EngineError> {
    let frame = keyed
        .frame
        .clone()
        .select(vec![keyed.range(&ranges(active)).alias("range"), keyed.code.clone().alias("code"), col(TIE)])?
        .filter(col("range").is_not_null())?;
    let mut keys: Vec<Vec<Key>> = vec![Vec::new(); active.len()];
    for batch in frame.collect().await? {
        let places = batch.column(0).as_primitive::<Int32Type>().values();
        let [codes, ties] = [1, 2].map(|at| batch.column(at).as_primitive::<UInt64Type>().values());
        for ((&place, &code), &tie) in places.iter().zip(codes).zip(ties) {
            if let Some(keys) = keys.get_mut(place as usize) {
                keys.push(key(code, tie));
            }
        }
    }
    for (active, mut keys) in active.iter().zip(keys) {
        keys.sort_unstable();
        for &Sought { slot, rank } in &active.sought {
            let Some(&key) = keys.get(rank as usize) else { continue };
            let [first, end] =
                [keys.partition_point(|&other| other < key), keys.partition_point(|&other| other <= key)];
            found[slot] = Some(Found { key, before: rank - first as u64, behind: end as u64 - 1 - rank });
        }
    }
    Ok(())
}
