//! What the indices of batches stand for: the examples of one table, or those of several sources one after the other.

use std::borrow::Cow;
use std::io::Write;

use cl_data::Ids;
use cl_pacing::Exposure;

use crate::output_format::OutputFormat;
use crate::rows::{Field, RowWriter};

/// The examples of a source.
pub(super) struct Source {
    /// Its name, where there are several.
    pub(super) name: Option<String>,
    pub(super) ids: Ids,
}

/// All that batches are drawn from.
pub(super) struct Examples(pub(super) Vec<Source>);

impl Examples {
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|source| source.ids.len()).sum()
    }

    /// Whether it takes a name to say which source an example is of.
    pub(super) fn are_named(&self) -> bool {
        self.0.iter().any(|source| source.name.is_some())
    }

    /// The source of an index, its index within, and its id.
    pub(super) fn of(&self, mut index: usize) -> (&str, usize, Cow<'_, str>) {
        for Source { name, ids } in &self.0 {
            if index < ids.len() {
                return (name.as_deref().unwrap_or_default(), index, ids.get(index).unwrap_or_default());
            }
            index -= ids.len();
        }
        ("", index, Cow::default())
    }

    /// Where each source begins, and where the last ends.
    pub(super) fn bounds(&self) -> impl Iterator<Item = usize> {
        let mut end = 0;
        let ends = self.0.iter().map(move |source| {
            end += source.ids.len();
            end
        });
        [0].into_iter().chain(ends)
    }

    /// How often and when first each was shown.
    pub(super) fn write_exposure(
        &self,
        writer: &mut dyn Write,
        format: OutputFormat,
        exposure: &Exposure,
    ) -> anyhow::Result<()> {
        let names = ["source", "id", "count", "first_step"];
        let names = if self.are_named() { &names[..] } else { &names[1..] };
        let mut rows = RowWriter::new(writer, format, names)?;
        let all = self.0.iter().flat_map(|source| source.ids.iter().map(move |id| (source.name.as_deref(), id)));
        let counts = exposure.counts().iter().zip(exposure.first_steps());
        all.zip(counts).try_for_each(|((source, id), (&count, first))| {
            let mut row: Vec<Field<'_>> = source.map(|name| Cow::Borrowed(name).into()).into_iter().collect();
            row.extend([id.into(), Field::Count(count), first.map_or(Field::Missing, Field::Count)]);
            rows.write(&row)
        })
    }
}
