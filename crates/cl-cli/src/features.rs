//! Features from files: the library's, whose rows a plan chooses once the shape is known.

use std::path::Path;

use cl_data::Ids;
use cl_data::io::FeatureReader;

pub(crate) use cl_data::io::{
    FeatureRows as Rows, FeatureShape as Shape, FeatureValues as Values, available_memory, ids_data, read_ids_for,
};

pub(crate) struct FeatureFile {
    pub(crate) values: Values,
    /// Of all the examples in the file those that were read.
    pub(crate) rows: Rows,
    pub(crate) shape: Shape,
    /// Of all the examples in the file.
    pub(crate) ids: Option<Ids>,
}

impl FeatureFile {
    /// `plan` sees the shape and the ids before any feature is read, and says which rows are.
    pub(crate) fn read(
        path: &Path,
        plan: impl FnOnce(&Shape, Option<&Ids>) -> anyhow::Result<Rows>,
    ) -> anyhow::Result<Self> {
        Self::read_with(path, (None, &[]), plan)
    }

    /// The same of the array of this name in an archive, and without these columns of a table.
    pub(crate) fn read_with(
        path: &Path,
        (member, beside): (Option<&str>, &[&str]),
        plan: impl FnOnce(&Shape, Option<&Ids>) -> anyhow::Result<Rows>,
    ) -> anyhow::Result<Self> {
        let reader = FeatureReader::open_with(path, member, beside)?;
        let (shape, ids) = (reader.shape(), reader.ids().cloned());
        let rows = plan(&shape, ids.as_ref())?;
        Ok(Self { values: reader.read(&rows)?, rows, shape, ids })
    }
}
