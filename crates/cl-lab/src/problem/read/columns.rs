use cl_data::io::{TableReader, listed, malformed};
use cl_data::{Dataset, Ids};

use super::{
    categories::{Categories, MOST},
    cell::text,
    encoding::{Encoder, Encoding, MISSING},
    missing::refusal,
    options::Imputation,
    roles::{Roles, name_of},
    scan::ColumnScan,
};
use crate::error::LabError;

/// The columns of a table that are no labels, ids or groups, and what is found out about them.
pub(super) struct Columns<'a> {
    table: &'a TableReader,
    roles: &'a Roles,
    /// Places and what they hold.
    kept: Vec<(usize, ColumnScan)>,
    /// What is likely wrong with them.
    pub(super) warnings: Vec<String>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(table: &'a TableReader, roles: &'a Roles, scans: Vec<ColumnScan>) -> Self {
        let kept = roles.others.iter().copied().zip(scans).collect();
        Self { table, roles, kept, warnings: Vec::new() }
    }

    /// The ids of the `n` examples: of the column that is told; else of the first that is called as ids are and has each
    /// value once, which then is no feature; else their places.
    pub(super) fn ids(&mut self, told: Option<Vec<String>>, n: usize) -> Result<Ids, LabError> {
        if let (Some(ids), Some(column)) = (told, self.roles.id) {
            let place = format!("column `{}`", name_of(self.table, column));
            return Ids::texts(ids).map_err(|error| malformed(self.table.path(), place, error.to_string()).into());
        }
        let mut found = None;
        for &column in &self.roles.called_id {
            let name = name_of(self.table, column);
            let ids = if found.is_none() { self.ids_of(column, n)? } else { None };
            self.warnings.push(match ids {
                Some(_) => format!(
                    "column `{name}` is taken for ids and is no feature, for it is called so and has each value once; \
                     --id names another"
                ),
                None => format!("column `{name}` is called as ids are and is a feature, unless --id names it"),
            });
            if ids.is_some() {
                self.kept.retain(|&(kept, _)| kept != column);
                found = ids;
            }
        }
        Ok(found.unwrap_or_else(|| Ids::range(n)))
    }

    /// The values of a column where none is missing or there twice.
    fn ids_of(&self, column: usize, n: usize) -> Result<Option<Ids>, LabError> {
        let (mut ids, mut rows) = (Vec::new(), self.table.rows(&[column])?);
        while let Some(batch) = rows.next_batch()? {
            let cells =
                batch.columns.iter().flat_map(|cells| (0..batch.n_rows).filter_map(move |row| text(cells, row)));
            ids.extend(cells.map(|id| id.into_owned()));
        }
        Ok(if ids.len() == n { Ids::texts(ids).ok() } else { None })
    }

    /// How the columns become features, and the places of those that do.
    pub(super) fn encoder(&mut self, imputation: Imputation, n: usize) -> Result<(Encoder, Vec<usize>), LabError> {
        let path = self.table.path();
        match imputation {
            Imputation::Refuse => {
                let columns = self.kept.iter().map(|(_, column)| (column.name.as_str(), &column.missing));
                refusal(path, columns).map_or(Ok(()), Err)?;
            }
            Imputation::Impute => {
                let columns = std::mem::take(&mut self.kept).into_iter();
                let (empty, kept): (Vec<_>, Vec<_>) = columns.partition(|(_, column)| column.is_empty());
                self.kept = kept;
                if !empty.is_empty() {
                    let names: Vec<&str> = empty.iter().map(|(_, column)| column.name.as_str()).collect();
                    self.warnings.push(format!("columns without a single value are left out: {}", listed(&names)));
                }
            }
        }
        self.kept.iter().try_for_each(|(_, column)| column.expect_finite(path))?;
        let texts: Vec<usize> =
            self.kept.iter().filter(|(_, column)| column.is_text()).map(|&(place, _)| place).collect();
        let mut categories = Categories::read(self.table, &texts)?.into_iter();
        let (mut encoder, mut places) = (Encoder::default(), Vec::with_capacity(self.kept.len()));
        let (mut named, mut refused) = (Vec::new(), Vec::new());
        for (place, column) in &self.kept {
            let encoding = match column.is_text().then(|| categories.next()).flatten() {
                None => Encoding::Number,
                Some(Categories::AllDiffer) => {
                    named.push(format!("`{}`", column.name));
                    continue;
                }
                Some(Categories::TooMany(found)) => {
                    refused.push(too_many(column, found, n));
                    continue;
                }
                Some(Categories::Few(mut few)) => {
                    self.warnings.extend(mixed(column));
                    if let (true, Err(at)) =
                        (column.missing.n > 0, few.binary_search_by(|known| (**known).cmp(MISSING)))
                    {
                        few.insert(at, MISSING.to_owned());
                    }
                    Encoding::OneHot(few)
                }
            };
            encoder.push(column.name.clone(), self.table.columns()[*place].clone(), encoding);
            places.push(*place);
        }
        if !refused.is_empty() {
            let problem = format!(
                "too many categories: {}; expected at most {MOST} in a column and at most half as many as rows: leave \
                 such columns out, name one with --id or --groups, or bring categories together",
                listed(&refused)
            );
            return Err(malformed(path, "", problem).into());
        }
        if !named.is_empty() {
            self.warnings.push(format!(
                "columns of texts that all differ are left out, for they name the examples or are free text: {}",
                listed(&named)
            ));
        }
        Ok((encoder, places))
    }

    /// Warns of numbers that look like those of examples: whole ones that increase from row to row, or that are each of as
    /// many in a row once.
    pub(super) fn look_for_ids(&mut self, encoder: &Encoder, data: &Dataset<f32>) {
        let mut found = Vec::new();
        for (place, column) in self.kept.iter().filter(|(place, _)| !self.roles.called_id.contains(place)) {
            let is_each_once = |start: f64| {
                let header = &self.table.columns()[*place];
                let encoded = encoder.columns.iter().find(|encoded| encoded.header == *header);
                encoded.is_some_and(|encoded| each_once(data, encoded.features().start, start))
            };
            if column.counts_up() || column.range().is_some_and(is_each_once) {
                found.push(format!("`{}`", column.name));
            }
        }
        if !found.is_empty() {
            self.warnings.push(format!(
                "whole numbers of which each example has another look like ids, and are features unless --id names \
                 them: {}",
                listed(&found)
            ));
        }
    }
}

/// Whether a feature holds each of the n whole numbers from `start` on once.
fn each_once(data: &Dataset<f32>, feature: usize, start: f64) -> bool {
    /// Single precision tells whole numbers apart up to here.
    const EXACT: f64 = 16_777_216.0;
    let n = data.n_examples();
    if start.abs().max((start + n as f64).abs()) > EXACT {
        return false;
    }
    let mut seen = vec![false; n];
    (0..n).all(|example| {
        let place = f64::from(data.example(example)[feature]) - start;
        // Within 0..n, as smallest and largest number say.
        seen.get_mut(place as usize).is_some_and(|seen| !std::mem::replace(seen, true))
    })
}

/// What is said of a column of too many categories.
fn too_many(column: &ColumnScan, found: usize, n: usize) -> String {
    let Some((place, text)) = &column.text else { return format!("`{}`", column.name) };
    let first = if mixed(column).is_some() { "among numbers" } else { "such as" };
    let number = text.trim_matches('"').replacen(',', ".", 1);
    let hint = if text.contains(',') && number.parse::<f64>().is_ok() { ", a comma for a point?" } else { "" };
    format!("`{}` has {found} in {n} rows ({first} {text} on {place}{hint})", column.name)
}

/// What to say of a column of numbers with some texts among them.
fn mixed(column: &ColumnScan) -> Option<String> {
    let (place, text) = column.text.as_ref().filter(|_| column.n_numbers > 0)?;
    Some(format!(
        "column `{}` holds {} numbers and is taken for categories all the same, for {place} holds {text}",
        column.name, column.n_numbers
    ))
}
