use std::io::{Error, Read};
use std::path::{Path, PathBuf};

use cl_data::{DataError, io::write_atomically};

use super::purpose::Purpose;
use super::saved::{Hashing, Magic, damaged, open_sealed};
use super::source::Contents;
use crate::dynamics::{DynamicsRecorder, MetricSettings, SavedRecorder};

const MAGIC: &Magic = b"curriculum score: epochs";

/// A recorder between two epochs of a log, in a file, so that a long run goes on where it was stopped.
///
/// The file has a version and the hash of its bytes, and knows what it is of: ids and labels, kind of outputs,
/// classes, metrics with their options, and the rules for rows, and of each
/// epoch's file the length and the hash.
/// [`score`](super::score) keeps one where it is told to; this is for a visit of one's own.
pub struct StateFile {
    path: PathBuf,
    purpose: Purpose,
}

impl StateFile {
    /// The state of a run that has recorded nothing, to be kept at `path`.
    ///
    /// # Errors
    /// Where the log is a single file, of which no part is known again.
    pub fn new(
        path: impl AsRef<Path>,
        contents: &Contents,
        metrics: &[MetricSettings],
    ) -> Result<Self, DataError> {
        let path = path.as_ref().to_path_buf();
        let purpose = Purpose::new(&path, contents, metrics)?;
        Ok(Self { path, purpose })
    }

    /// The recorder where there is a state, which must be of the same log and metrics; how many epochs it has
    /// seen is then [`n_epochs`](Self::n_epochs).
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where the file is no state, of another version, damaged, or of
    /// another log or other metrics (the message says what differs).
    pub fn load(&mut self, contents: &Contents) -> Result<Option<DynamicsRecorder>, DataError> {
        let path = &self.path;
        if !path.exists() {
            return Ok(None);
        }
        let file = open_sealed(path, MAGIC, "epochs")?;
        let mut scratch = vec![0; 1 << 16];
        let read = postcard::from_io::<Purpose, _>((file, &mut scratch));
        let (saved, (mut file, _)) = read.map_err(|error| damaged(path, error))?;
        self.purpose.check(path, &saved, contents)?;
        let read = postcard::from_io::<SavedRecorder, _>((&mut file, &mut scratch));
        let (recorder, (rest, _)) = read.map_err(|error| damaged(path, error))?;
        let recorder = DynamicsRecorder::try_from(recorder).map_err(|error| damaged(path, error))?;
        if rest.read(&mut [0]).map_err(|error| damaged(path, error))? != 0 {
            return Err(damaged(path, "it goes on after its end"));
        }
        if (recorder.n_examples(), recorder.n_classes()) != (contents.n_examples(), contents.n_classes) {
            return Err(damaged(path, "its parts are of other examples"));
        }
        self.purpose = saved;
        Ok(Some(recorder))
    }

    /// How many epochs were recorded.
    pub fn n_epochs(&self) -> usize {
        self.purpose.n_epochs()
    }

    /// Saves the recorder after the epoch at `position` and all before it, whole or not at all.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn save(
        &mut self,
        contents: &Contents,
        position: usize,
        recorder: &DynamicsRecorder,
    ) -> Result<(), DataError> {
        self.purpose.push_to(contents, position)?;
        write_atomically(&self.path, |writer| {
            let mut writer = Hashing::start(writer, MAGIC)?;
            postcard::to_io(&self.purpose, &mut writer).map_err(Error::other)?;
            postcard::to_io(&recorder.fields(), &mut writer).map_err(Error::other)?;
            writer.seal()
        })
    }
}
