//! Checksums of what is saved, by which what was written is told from what was damaged since.
//!
//! A checksum is SHA-256. It stands at the end of a form's text or bytes, or beside its content where serde writes the
//! form in a format of the user's own.

use std::io::{self, Write};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::version::Version;

/// What is wrong with a sealed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no checksum.
    #[error("it has no checksum, or is cut off")]
    Missing,
    /// The checksum is another.
    #[error("its content is not what was written, as its checksum shows")]
    Broken,
}

const KEY: &str = ",\"sha256\":\"";
const DIGITS: usize = 64;

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A JSON object with its checksum as last member, `"sha256"`: the hash of the object's text without it.
///
/// What is sealed stays the text that it is: written anew, with other spaces say, it is another. O(n).
///
/// ```
/// use cl_data::seal::{SealError, open_json, seal_json};
///
/// let sealed = seal_json(r#"{"epoch":7}"#);
/// assert!(sealed.starts_with(r#"{"epoch":7,"sha256":""#));
/// assert_eq!(open_json(&sealed).unwrap(), r#"{"epoch":7}"#);
/// assert_eq!(open_json(&sealed.replace('7', "8")), Err(SealError::Broken));
/// assert_eq!(open_json(r#"{"epoch":7}"#), Err(SealError::Missing));
/// ```
pub fn seal_json(object: &str) -> String {
    let open = object.strip_suffix('}').unwrap_or(object);
    format!("{open}{KEY}{}\"}}", hex(&Sha256::digest(object)))
}

/// The object that [`seal_json`] was given. O(n).
///
/// # Errors
/// Where it has no checksum, or another.
pub fn open_json(sealed: &str) -> Result<String, SealError> {
    let parts = sealed.len().checked_sub(DIGITS + 2).and_then(|at| sealed.split_at_checked(at));
    let (before, end) = parts.ok_or(SealError::Missing)?;
    let open = before.strip_suffix(KEY).ok_or(SealError::Missing)?;
    let digits = end.strip_suffix("\"}").ok_or(SealError::Missing)?;
    let object = format!("{open}}}");
    if hex(&Sha256::digest(&object)) == digits { Ok(object) } else { Err(SealError::Broken) }
}

/// Bytes with the first `N` of their hash, at most 32, at their end. O(n).
///
/// ```
/// use cl_data::seal::{open_bytes, seal_bytes};
///
/// let mut sealed = seal_bytes::<8>(vec![1, 2, 3]);
/// assert_eq!((sealed.len(), open_bytes::<8>(&sealed)), (11, Ok(&[1, 2, 3][..])));
/// sealed[1] = 0;
/// assert!(open_bytes::<8>(&sealed).is_err());
/// ```
pub fn seal_bytes<const N: usize>(mut bytes: Vec<u8>) -> Vec<u8> {
    let hash = Sha256::digest(&bytes);
    bytes.extend_from_slice(&hash[..N.min(hash.len())]);
    bytes
}

/// The bytes that [`seal_bytes`] was given. O(n).
///
/// # Errors
/// Where there are fewer than the hash has, or the hash is another.
pub fn open_bytes<const N: usize>(sealed: &[u8]) -> Result<&[u8], SealError> {
    let at = sealed.len().checked_sub(N.min(32)).ok_or(SealError::Missing)?;
    let (bytes, hash) = sealed.split_at(at);
    if Sha256::digest(bytes)[..hash.len()] == *hash { Ok(bytes) } else { Err(SealError::Broken) }
}

/// A content with its version and its checksum, in whatever format serde writes it.
///
/// The hash is that of the version and the content as postcard writes them. A type whose saved form this is converts
/// through it, so that nobody reads one without the other. O(n), what is written is gone through twice.
///
/// ```
/// use cl_data::seal::Sealed;
///
/// let sealed = serde_json::to_string(&Sealed::<2, _>::new(vec![1.5, -0.25]))?;
/// assert!(sealed.starts_with(r#"{"version":2,"content":[1.5,-0.25],"sha256":""#));
/// let read = |text: &str| serde_json::from_str::<Sealed<2, Vec<f64>>>(text).map(Sealed::into_inner);
/// assert_eq!(read(&sealed)?, [1.5, -0.25]);
/// for (part, other) in [("-0", "0"), (":2", ":1"), ("[1.5,", "[")] {
///     assert!(read(&sealed.replacen(part, other, 1)).is_err());
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed<const VERSION: u32, T> {
    content: T,
}

impl<const VERSION: u32, T> Sealed<VERSION, T> {
    /// A content to be written; a reference is enough.
    pub fn new(content: T) -> Self {
        Self { content }
    }

    /// The content that was read, which is what was written.
    pub fn into_inner(self) -> T {
        self.content
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Sealed")]
struct Form<const VERSION: u32, T> {
    version: Version<VERSION>,
    content: T,
    sha256: String,
}

fn checksum<const VERSION: u32>(content: &impl Serialize) -> postcard::Result<String> {
    let mut hash = Blocks { bytes: Vec::with_capacity(BLOCK), hash: Sha256::new() };
    postcard::to_io(&(VERSION, content), &mut hash)?;
    hash.hash.update(&hash.bytes);
    Ok(hex(&hash.hash.finalize()))
}

/// Postcard writes number by number; the hash takes many at a time.
struct Blocks {
    bytes: Vec<u8>,
    hash: Sha256,
}

const BLOCK: usize = 4096;

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > BLOCK {
            self.hash.update(&self.bytes);
            self.bytes.clear();
        }
        if bytes.len() > BLOCK {
            self.hash.update(bytes)
        } else {
            self.bytes.extend_from_slice(bytes)
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<const VERSION: u32, T: Serialize> Serialize for Sealed<VERSION, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sha256 = checksum::<VERSION>(&self.content).map_err(serde::ser::Error::custom)?;
        Form { version: Version::<VERSION>, content: &self.content, sha256 }.serialize(serializer)
    }
}

impl<'de, const VERSION: u32, T: Serialize + Deserialize<'de>> Deserialize<'de> for Sealed<VERSION, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Form::<VERSION, T> { content, sha256, .. } = Form::deserialize(deserializer)?;
        match checksum::<VERSION>(&content).map_err(de::Error::custom)? == sha256 {
            true => Ok(Self { content }),
            false => Err(de::Error::custom(SealError::Broken)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_sealed_object_opens_and_no_other_text_does(
            text in ".{0,40}", at in any::<prop::sample::Index>(), bit in 0..8u32,
        ) {
            let object = serde_json::json!({ "text": text }).to_string();
            let sealed = seal_json(&object);
            prop_assert_eq!(open_json(&sealed).unwrap(), object);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&sealed).is_ok());
            let mut bytes = sealed.clone().into_bytes();
            bytes[at.index(sealed.len())] ^= 1 << bit;
            if let Ok(damaged) = String::from_utf8(bytes) {
                prop_assert!(open_json(&damaged).is_err());
            }
            for (end, _) in sealed.char_indices() {
                prop_assert!(open_json(&sealed[..end]).is_err());
            }
        }

        #[test]
        fn sealed_bytes_open_and_no_others_do(
            bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), bit in 0..8u32,
        ) {
            let mut sealed = seal_bytes::<32>(bytes.clone());
            prop_assert_eq!(open_bytes::<32>(&sealed).unwrap(), &bytes[..]);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(open_bytes::<32>(&sealed), Err(SealError::Broken));
        }

        #[test]
        fn the_checksum_is_that_of_all_bytes(lengths in prop::collection::vec(0..6000usize, 0..6)) {
            let content: Vec<String> = lengths.iter().map(|&n| "a".repeat(n)).collect();
            let bytes = postcard::to_stdvec(&(3u32, &content)).unwrap();
            prop_assert_eq!(checksum::<3>(&content).unwrap(), hex(&Sha256::digest(bytes)));
        }
    }

    #[test]
    fn every_damage_to_a_sealed_form_shows() {
        let content = (vec![1u64, 300, u64::MAX], "some text".to_owned(), Some(0.1f64));
        let sealed = postcard::to_stdvec(&Sealed::<2, _>::new(&content)).unwrap();
        type Content = (Vec<u64>, String, Option<f64>);
        let read = |bytes: &[u8]| postcard::from_bytes::<Sealed<2, Content>>(bytes).map(Sealed::into_inner);
        assert_eq!(read(&sealed).unwrap(), content);
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut damaged = sealed.clone();
                damaged[at] ^= 1 << bit;
                assert!(read(&damaged).is_err(), "byte {at}, bit {bit}");
            }
            assert!(read(&sealed[..at]).is_err());
        }
    }
}
