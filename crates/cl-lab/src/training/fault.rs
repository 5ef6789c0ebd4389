use std::{fmt, path::Path};

use cl_data::catalogue::CatalogueError;
use cl_model::ModelError;
use cl_pacing::PacingError;
use cl_prune::PruneError;

use crate::error::LabError;

/// Where something of a configuration stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// In this line of the file, counted from 1.
    Line(usize),
    /// It was set beside the file, under this key.
    Set(String),
    /// Nowhere: it is a default.
    Default,
}

/// Something that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fault {
    place: Place,
    text: String,
}

impl Fault {
    pub(super) fn new(place: Place, text: impl Into<String>) -> Self {
        Self { place, text: text.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Line(line) => write!(formatter, "line {line}: {}", self.text),
            Place::Set(key) => write!(formatter, "`{key}` as it was set: {}", self.text),
            Place::Default => formatter.write_str(&self.text),
        }
    }
}

/// All faults as one error, in the order of their places.
///
/// # Errors
/// Where there is one.
pub(super) fn refuse(path: &Path, mut faults: Vec<Fault>) -> Result<(), LabError> {
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort();
    faults.dedup();
    let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
    Err(LabError::Configuration { path: path.to_path_buf(), problem: texts.join("; ") })
}

/// The key that an error is about, as far as it says.
pub(super) fn argument_of(error: &LabError) -> Option<&str> {
    match error {
        LabError::InvalidArgument { argument, .. } => Some(argument),
        LabError::Model(ModelError::InvalidArgument { argument, .. }) => Some(argument),
        LabError::Pacing(PacingError::InvalidArgument { argument, .. }) => Some(argument),
        LabError::Prune(PruneError::InvalidArgument { argument, .. } | PruneError::Fraction { argument, .. }) => {
            Some(argument)
        }
        LabError::Pacing(PacingError::Catalogue(error)) | LabError::Prune(PruneError::Catalogue(error)) => {
            parameter_of(error)
        }
        _ => None,
    }
}

/// The parameter that an error of a catalogue is about, without what it is one of.
pub(super) fn parameter_of(error: &CatalogueError) -> Option<&str> {
    match error {
        CatalogueError::Invalid { parameter, .. } => parameter.rsplit('.').next(),
        CatalogueError::Unknown { what: "parameter", name, .. } => name.rsplit('.').next(),
        _ => None,
    }
}

/// Whether an error is that a method was not given `what` it is made of beside its parameters.
pub(super) fn lacks(error: &CatalogueError, what: &str) -> bool {
    let missing = matches!(error, CatalogueError::Invalid { value, .. } if value == "missing");
    missing && parameter_of(error) == Some(what)
}

/// An error of a catalogue as ours.
pub(super) fn named(error: CatalogueError) -> LabError {
    PacingError::from(error).into()
}
