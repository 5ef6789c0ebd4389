use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{DataError, Ids};

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
            hash.update((id.len() as u64).to_le_bytes());
            hash.update(id.as_bytes());
            hash.update(labels.get(index).map_or(u64::MAX, |&label| label as u64).to_le_bytes());
        }
        Self(hash.finalize().into())
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
