use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{error::DataError, ids::Ids};

/// What ties a score, an order or a saved state to the data it was computed on: SHA-256 over the ids and
/// labels in order.
///
/// ```text
/// SHA-256( n | len(id_0) id_0 label_0 | len(id_1) id_1 label_1 | ... )      integers as 8 bytes, little endian
/// ```
///
/// Features do not enter: the same examples under another preprocessing keep their fingerprint, while another
/// order, another subset or one changed label gives another. O(n).
///
/// ```
/// use cl_data::{Fingerprint, Ids};
///
/// let whole = Fingerprint::of(&Ids::range(3), &[0, 1, 1]);
/// assert_ne!(whole, Fingerprint::of(&Ids::range(3), &[0, 1, 0]));
/// assert_eq!(whole, whole.to_string().parse().unwrap());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of examples with these ids and labels; a missing label counts as none.
    pub fn of(ids: &Ids, labels: &[usize]) -> Self {
        let mut hash = Sha256::new();
        hash.update((ids.len() as u64).to_le_bytes());
        for (index, id) in ids.iter().enumerate() {
            hash_row(&mut hash, id.as_bytes(), labels.get(index));
        }
        Self(hash.finalize().into())
    }

    /// The fingerprint of the set of these examples, whatever their order: SHA-256 over "set" and the rows of
    /// [`of`](Self::of) by ascending id. O(n log n).
    ///
    /// ```
    /// use cl_data::{Fingerprint, Ids};
    ///
    /// let [forth, back] = [[4, 9], [9, 4]].map(|ids| Ids::integers(ids.to_vec()).unwrap());
    /// assert_eq!(Fingerprint::of_set(&forth, &[0, 1]), Fingerprint::of_set(&back, &[1, 0]));
    /// assert_ne!(Fingerprint::of_set(&forth, &[0, 1]), Fingerprint::of_set(&back, &[0, 1]));
    /// ```
    pub fn of_set(ids: &Ids, labels: &[usize]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"set");
        hash.update((ids.len() as u64).to_le_bytes());
        match ids.integer_texts() {
            // Without a text of its own for each.
            Some(mut rows) => {
                rows.sort_unstable();
                for (text, index) in rows {
                    let len = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
                    hash_row(&mut hash, &text[..len], labels.get(index));
                }
            }
            None => {
                let mut rows: Vec<_> = ids.iter().zip(0..).collect();
                rows.sort_unstable();
                rows.iter().for_each(|(id, index)| hash_row(&mut hash, id.as_bytes(), labels.get(*index)));
            }
        }
        Self(hash.finalize().into())
    }
}

fn hash_row(hash: &mut Sha256, id: &[u8], label: Option<&usize>) {
    hash.update((id.len() as u64).to_le_bytes());
    hash.update(id);
    hash.update(label.map_or(u64::MAX, |&label| label as u64).to_le_bytes());
}

/// The fingerprint of numbers as they come: what was added so far has one at any time.
///
/// ```text
/// SHA-256( a_0 | a_1 | ... )      integers little endian, as 8 bytes or, of 32 bits, 4
/// ```
///
/// ```
/// use cl_data::FingerprintBuilder;
///
/// let (mut at_once, mut in_parts) = (FingerprintBuilder::default(), FingerprintBuilder::default());
/// at_once.add_u32s(&[3, 1, 2]);
/// in_parts.add_u32s(&[3, 1]);
/// assert_ne!(at_once.fingerprint(), in_parts.fingerprint());
/// in_parts.add_u32s(&[2]);
/// assert_eq!(at_once.fingerprint(), in_parts.fingerprint());
/// ```
#[derive(Debug, Clone, Default)]
pub struct FingerprintBuilder(Sha256);

impl FingerprintBuilder {
    /// Adds numbers. O(n).
    pub fn add(&mut self, numbers: impl IntoIterator<Item = u64>) {
        numbers.into_iter().for_each(|number| self.0.update(number.to_le_bytes()));
    }

    /// Adds numbers of 32 bits. O(n).
    pub fn add_u32s(&mut self, numbers: &[u32]) {
        // Many at a time: the hash takes its input by blocks of 64 bytes.
        let mut bytes = [0; 1024];
        for chunk in numbers.chunks(256) {
            bytes
                .chunks_exact_mut(4)
                .zip(chunk)
                .for_each(|(to, number)| to.copy_from_slice(&number.to_le_bytes()));
            self.0.update(&bytes[..4 * chunk.len()]);
        }
    }

    /// The fingerprint of what was added so far. O(1).
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.0.clone().finalize().into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let invalid = || DataError::argument("fingerprint", text, "64 hexadecimal digits");
        if text.len() != 64 || !text.is_ascii() {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = DataError;

    fn try_from(text: String) -> Result<Self, DataError> {
        text.parse()
    }
}
