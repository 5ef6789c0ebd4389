//! Saved forms of a run over a log: sixteen characters and eight of what is saved, the version, then the content.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use cl_data::io::{io_error, malformed};
use cl_data::{DataError, Version};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// How a form begins.
pub(super) type Magic = [u8; 24];

/// Bytes of the magic and the version.
pub(super) const START: u64 = 28;

/// The version of both forms.
pub(super) const VERSION: u32 = 2;

const HASH: u64 = 32;

/// What a record is hashed with: the hash of the one before it, so that none is left out, doubled or moved unnoticed.
pub(super) type Before = [u8; HASH as usize];

/// The state is not as it was written.
pub(super) fn damaged(path: &Path, how: impl std::fmt::Display) -> DataError {
    malformed(path, "", format!("the state is damaged: {how}"))
}

/// The bytes of magic and version.
pub(super) fn start(magic: &Magic) -> Vec<u8> {
    [&magic[..], &VERSION.to_le_bytes()].concat()
}

/// Reads magic and version; `by` is what the form is of.
pub(super) fn check_start(path: &Path, reader: &mut impl Read, magic: &Magic, by: &str) -> Result<(), DataError> {
    let mut found = Magic::default();
    if reader.read_exact(&mut found).is_err() || found != *magic {
        let problem = format!("no state of scoring by {by}, expected one or a new file name");
        return Err(malformed(path, "", problem));
    }
    let mut version = [0; 4];
    reader.read_exact(&mut version).map_err(|error| damaged(path, error))?;
    Version::<VERSION>::try_from(u32::from_le_bytes(version))
        .map(drop)
        .map_err(|problem| malformed(path, "", format!("the state was {problem}")))
}

/// A file of which the hash of all before stands at the end, at its content, once the hash is found to be right.
pub(super) fn open_sealed(path: &Path, magic: &Magic, by: &str) -> Result<BufReader<impl Read>, DataError> {
    let fail = |error| io_error(path, error);
    let file = File::open(path).map_err(fail)?;
    let n_bytes = file.metadata().map_err(fail)?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    check_start(path, &mut reader, magic, by)?;
    let Some(n_content) = n_bytes.checked_sub(START + HASH) else {
        return Err(damaged(path, "it is cut off"));
    };
    reader.rewind().map_err(fail)?;
    let mut hash = Hashing { inner: std::io::sink(), hash: Sha256::new() };
    std::io::copy(&mut reader.by_ref().take(START + n_content), &mut hash).map_err(fail)?;
    let mut expected = Vec::new();
    reader.read_to_end(&mut expected).map_err(fail)?;
    if hash.hash.finalize()[..] != expected {
        return Err(damaged(path, "its bytes are not those that were written"));
    }
    reader.seek(SeekFrom::Start(START)).map_err(fail)?;
    Ok(BufReader::with_capacity(1 << 16, reader.take(n_content)))
}

/// A writer that hashes what it passes on.
pub(super) struct Hashing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Hashing<W> {
    /// Writes magic and version.
    pub(super) fn start(mut inner: W, magic: &Magic) -> std::io::Result<Self> {
        let start = start(magic);
        inner.write_all(&start)?;
        Ok(Self { inner, hash: Sha256::new_with_prefix(start) })
    }

    /// Writes the hash of all before.
    pub(super) fn seal(mut self) -> std::io::Result<()> {
        self.inner.write_all(&self.hash.finalize())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// A part of a file that grows: its length, its hash, its bytes. The hash is then that of the record before.
pub(super) fn record(content: &impl Serialize, before: &mut Before) -> std::io::Result<Vec<u8>> {
    let bytes = postcard::to_stdvec(content).map_err(std::io::Error::other)?;
    let mut record = (bytes.len() as u64).to_le_bytes().to_vec();
    *before = hash_after(before, &bytes);
    record.extend_from_slice(before);
    record.extend_from_slice(&bytes);
    Ok(record)
}

fn hash_after(before: &Before, bytes: &[u8]) -> Before {
    Sha256::new().chain_update(before).chain_update(bytes).finalize().into()
}

/// The bytes of the next record, of which `left` bytes are there; `None` where it is not as it was written.
pub(super) fn read_record(
    reader: &mut impl Read,
    left: &mut u64,
    before: &mut Before,
) -> std::io::Result<Option<Vec<u8>>> {
    let (mut length, mut hash) = ([0; 8], Before::default());
    let Some(most) = left.checked_sub(8 + HASH) else { return Ok(None) };
    reader.read_exact(&mut length)?;
    reader.read_exact(&mut hash)?;
    let length = u64::from_le_bytes(length);
    if length > most {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    if hash_after(before, &bytes) != hash {
        return Ok(None);
    }
    *before = hash;
    *left = most - length;
    Ok(Some(bytes))
}
