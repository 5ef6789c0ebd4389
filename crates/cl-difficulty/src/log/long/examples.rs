use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use cl_data::io::{CellValues, Cells};
use cl_data::{DataError, Ids};
use rayon::prelude::*;

/// No example yet.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// The examples of a log by their ids, numbered as they come. An id is known by its text: 7 and "7" are the same.
#[derive(Default)]
pub(super) struct Examples {
    /// Of small integers, by themselves: as a rule ids are positions.
    dense: Vec<u32>,
    integers: HashMap<i64, u32, BuildHasherDefault<Mixer>>,
    texts: HashMap<Box<str>, u32>,
    ids: Vec<Id>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Id {
    Integer(i64),
    Text(Box<str>),
}

/// A hash of integers that only has to scatter: ids are not chosen by an enemy who could not as well send texts.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        let product = u128::from(self.0 ^ value ^ 0x9e37_79b9_7f4a_7c15)
            .wrapping_mul(0xd6e8_feb8_6659_fd93_5851_f42d_4c95_7f2d);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

/// The integer of which this is the plain text.
fn plain_integer(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let plain = match digits {
        [b'0'] => bytes.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if plain { text.parse().ok() } else { None }
}

impl Examples {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    fn integer(&self, id: i64) -> u32 {
        match usize::try_from(id).ok().and_then(|id| self.dense.get(id)) {
            Some(&example) if example != UNKNOWN => example,
            _ => self.integers.get(&id).copied().unwrap_or(UNKNOWN),
        }
    }

    fn text(&self, id: &str) -> u32 {
        match plain_integer(id) {
            Some(id) => self.integer(id),
            None => self.texts.get(id).copied().unwrap_or(UNKNOWN),
        }
    }

    /// The examples of a column of ids, [`UNKNOWN`] where they are new or none.
    pub(super) fn find(&self, ids: &Cells) -> Vec<u32> {
        match &ids.values {
            CellValues::Integers(values) if ids.missing.is_empty() => {
                values.iter().map(|&id| self.integer(id)).collect()
            }
            values => (0..values.len()).map(|row| ids.text(row).map_or(UNKNOWN, |id| self.text(&id))).collect(),
        }
    }

    /// The example of the id in a row, a new one where it is new; `None` where there is no id, or more than can be counted.
    pub(super) fn insert(&mut self, ids: &Cells, row: usize) -> Option<u32> {
        match &ids.values {
            CellValues::Integers(values) if !ids.is_missing(row) => self.insert_integer(*values.get(row)?),
            // Beyond 2^53 floating-point numbers are not what was written.
            CellValues::Numbers(values) if values.get(row)?.abs() > 9_007_199_254_740_992.0 => None,
            _ => self.insert_text(&ids.text(row)?),
        }
    }

    fn insert_text(&mut self, id: &str) -> Option<u32> {
        if let Some(id) = plain_integer(id) {
            return self.insert_integer(id);
        }
        if let Some(&found) = self.texts.get(id) {
            return Some(found);
        }
        let example = self.next()?;
        self.texts.insert(id.into(), example);
        self.ids.push(Id::Text(id.into()));
        Some(example)
    }

    fn insert_integer(&mut self, id: i64) -> Option<u32> {
        let found = self.integer(id);
        if found != UNKNOWN {
            return Some(found);
        }
        let example = self.next()?;
        let n = self.ids.len() + 65_536;
        // The first ids of shuffled ones are few and large.
        let limit = (4 * n).max((128 * n).min(1 << 25));
        match usize::try_from(id) {
            Ok(at) if at < limit => {
                if at >= self.dense.len() {
                    self.dense.resize((at + 1).max(self.dense.len() * 2).min(limit), UNKNOWN);
                }
                self.dense[at] = example;
            }
            _ => _ = self.integers.insert(id, example),
        }
        self.ids.push(Id::Integer(id));
        Some(example)
    }

    /// The number of a new example.
    fn next(&self) -> Option<u32> {
        u32::try_from(self.ids.len()).ok().filter(|&example| example < UNKNOWN >> 1)
    }

    /// The id of an example.
    pub(super) fn id(&self, example: u32) -> Cow<'_, str> {
        match self.ids.get(example as usize) {
            Some(Id::Integer(id)) => Cow::Owned(id.to_string()),
            Some(Id::Text(id)) => Cow::Borrowed(id),
            None => Cow::Borrowed("?"),
        }
    }

    /// The examples in the order of their ids (integers by size, then texts with the numbers in them by size), so that logs
    /// of the same data, shuffled each, give the same order.
    pub(super) fn in_order(&self) -> Vec<u32> {
        if self.integers.is_empty() && self.texts.is_empty() {
            return self.dense.iter().copied().filter(|&example| example != UNKNOWN).collect();
        }
        let mut order: Vec<u32> = (0..self.ids.len() as u32).collect();
        let key = |example: &u32| &self.ids[*example as usize];
        order.par_sort_unstable_by(|a, b| match (key(a), key(b)) {
            (Id::Integer(a), Id::Integer(b)) => a.cmp(b),
            (Id::Integer(_), Id::Text(_)) => Ordering::Less,
            (Id::Text(_), Id::Integer(_)) => Ordering::Greater,
            (Id::Text(a), Id::Text(b)) => natural(a, b),
        });
        order
    }

    /// The ids of these examples.
    pub(super) fn ids(&self, examples: &[u32]) -> Result<Ids, DataError> {
        let integer = |&example: &u32| match self.ids[example as usize] {
            Id::Integer(id) => Some(id),
            Id::Text(_) => None,
        };
        match examples.iter().map(integer).collect() {
            Some(ids) => Ids::integers(ids),
            None => Ids::texts(examples.iter().map(|&example| self.id(example).into_owned()).collect()),
        }
    }
}

/// Texts by their characters, runs of digits by the number that they are.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    loop {
        let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (n, m) = (digits(x), digits(y));
        if n > 0 && m > 0 {
            let number = |bytes: &[u8], n: usize| {
                let zeros = bytes[..n].iter().take_while(|&&byte| byte == b'0').count();
                (n - zeros, zeros)
            };
            let ((long, zeros), (other, others)) = (number(x, n), number(y, m));
            let by_number = long.cmp(&other).then_with(|| x[zeros..n].cmp(&y[others..m]));
            if by_number != Ordering::Equal {
                return by_number;
            }
            (x, y) = (&x[n..], &y[m..]);
            continue;
        }
        match (x.first(), y.first()) {
            (None, None) => return a.cmp(b),
            (p, q) if p != q => return p.cmp(&q),
            _ => (x, y) = (&x[1..], &y[1..]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_by_their_text() {
        let mut examples = Examples::default();
        for (id, expected) in
            [("7", 0), ("a", 1), ("9007199254740993", 2), ("07", 3), ("-1", 4), ("7", 0), ("a", 1), ("-0", 5)]
        {
            assert_eq!(examples.insert_text(id), Some(expected), "{id}");
        }
        let integers =
            Cells::full(CellValues::Integers(vec![7, 9_007_199_254_740_993, 9_007_199_254_740_992, -1]));
        assert_eq!(examples.find(&integers), [0, 2, UNKNOWN, 4]);
        assert_eq!(examples.id(2), "9007199254740993");
        let order = examples.in_order();
        let ids: Vec<_> = order.iter().map(|&example| examples.id(example).into_owned()).collect();
        assert_eq!(ids, ["-1", "7", "9007199254740993", "-0", "07", "a"]);
    }

    #[test]
    fn dense_and_scattered_integers_are_found() {
        let mut examples = Examples::default();
        let ids: Vec<i64> =
            (0..5000).map(|i| (i * 7919) % 1_000_003 * if i % 3 == 0 { 1 } else { 1000 }).collect();
        let mut known = HashMap::new();
        for &id in &ids {
            let next = known.len() as u32;
            let expected = *known.entry(id).or_insert(next);
            assert_eq!(examples.insert_integer(id), Some(expected));
        }
        let found = examples.find(&Cells::full(CellValues::Integers(ids.clone())));
        assert!(ids.iter().zip(found).all(|(id, example)| known[id] == example));
    }

    #[test]
    fn numbers_in_texts_sort_by_size() {
        let mut ids = ["doc-10", "doc-2", "doc-02", "doc-1", "b", "doc-2x", "doc"];
        ids.sort_by(|a, b| natural(a, b));
        assert_eq!(ids, ["b", "doc", "doc-1", "doc-02", "doc-2", "doc-2x", "doc-10"]);
    }
}
