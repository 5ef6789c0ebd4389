//! The neighbours of each example: how many are sought, or which a file names.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::{Array, NpyReader, NpzReader, Signature, listed};
use cl_prune::coreset::{
    CoresetSettings, NeighborSearch, Neighbors, SearchMethod, SearchReport, SparseSimilarities,
};
use serde::Serialize;

use super::arguments::Arguments;
use crate::dynamics::ids_of;
use crate::features::{Rows, Shape};

/// The names that indices of neighbours have in archives: ours, faiss's and scikit-learn's.
const INDICES: [&str; 4] = ["indices", "I", "neighbors", "knn_indices"];

pub(super) enum NeighborSource {
    Search(NeighborSearch),
    File { path: PathBuf, k: usize, lists: Vec<u32> },
}

impl NeighborSource {
    /// As the arguments say, nothing read.
    pub(super) fn of(arguments: &Arguments, settings: &CoresetSettings) -> anyhow::Result<Option<Self>> {
        let Some(given) = &arguments.neighbors else { return Ok(None) };
        settings.similarity().context("--neighbors")?;
        let Ok(k) = given.parse::<usize>() else {
            if arguments.search.is_some() || arguments.probes.is_some() {
                bail!("--search, --probes: {given} names the neighbours, none are sought; expected --neighbors K");
            }
            return Ok(Some(Self::File { path: given.into(), k: 0, lists: Vec::new() }));
        };
        let method = arguments.search.unwrap_or(SearchMethod::Auto);
        let search = NeighborSearch::new(k)?.with_method(method);
        let search = arguments.probes.map_or(Ok(search), |n_probes| search.with_probes(n_probes))?;
        Ok(Some(Self::Search(search)))
    }

    /// Reads the file, where there is one, for these examples.
    pub(super) fn read(&mut self, rows: &Rows, shape: &Shape, ids: Option<&Ids>) -> anyhow::Result<()> {
        let Self::File { path, k, lists } = self else { return Ok(()) };
        let n = shape.n_examples;
        if rows.len() < n {
            bail!("{}: neighbours of all {n} examples, expected no --rows", path.display());
        }
        (*k, *lists) = read(path, n, ids)?;
        Ok(())
    }

    /// How many neighbours an example has at most.
    pub(super) fn k(&self) -> usize {
        match self {
            Self::Search(search) => search.k(),
            Self::File { k, .. } => k + 1,
        }
    }

    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Search(_) => None,
            Self::File { path, .. } => Some(path),
        }
    }

    pub(super) fn neighbors(&self) -> Neighbors<'_> {
        match self {
            Self::Search(search) => Neighbors::Search(*search),
            Self::File { lists, .. } => Neighbors::Given(lists),
        }
    }

    pub(super) fn report(&self, search: Option<SearchReport>) -> Report {
        let file = self.file().map(|file| file.display().to_string());
        Report { k: self.k(), file, search }
    }
}

/// How many neighbours each example has, and how they were found.
#[derive(Serialize)]
pub(super) struct Report {
    k: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(flatten)]
    search: Option<SearchReport>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} neighbours of each, itself among them, ", self.k)?;
        match (&self.search, &self.file) {
            (Some(search), _) if search.n_cells == 0 => write!(formatter, "sought among all"),
            (Some(SearchReport { n_cells, n_probes, recall, n_sampled, .. }), _) => write!(
                formatter,
                "sought in {n_probes} of {n_cells} cells: {:.1} % of the nearest were found, on {n_sampled} examples",
                100.0 * recall
            ),
            (None, file) => {
                write!(formatter, "named by {}", cl_study::shown::line(file.as_deref().unwrap_or_default()))
            }
        }
    }
}

/// So many neighbours for each of `n` examples.
fn read(path: &Path, n: usize, ids: Option<&Ids>) -> anyhow::Result<(usize, Vec<u32>)> {
    let shown = path.display();
    let array = match Signature::of(path)? {
        Signature::Npy => NpyReader::open(path)?.into_array()?,
        Signature::Npz => {
            let mut archive = NpzReader::open(path)?;
            let has = |name: &str| archive.names().iter().any(|known| known == name);
            if has("indptr") {
                return rows_of(path, &mut archive, n);
            }
            let Some(name) = INDICES.into_iter().find(|name| has(name)) else {
                bail!("{shown}: no `{}`, the members are {}", INDICES.join("`, `"), listed(archive.names()));
            };
            if has("ids") {
                check_ids(path, &ids_of(path, archive.read_at_most("ids", n)?)?, ids)?;
            }
            archive.read_at_most(name, n)?
        }
        _ => bail!("{shown}: neither .npz nor .npy, expected neighbours in one of them"),
    };
    let &[rows, k] = array.shape() else {
        bail!("{shown}: indices of shape {:?}, expected [{n}, K]", array.shape());
    };
    if rows != n || k == 0 {
        bail!("{shown}: indices of shape {:?}, expected [{n}, K], a row for each example", array.shape());
    }
    let indices = indices(path, array, |at| at / k, n)?;
    Ok((k, indices))
}

/// What a sparse matrix has in each row.
fn rows_of(path: &Path, archive: &mut NpzReader, n: usize) -> anyhow::Result<(usize, Vec<u32>)> {
    let (starts, elements) = csr(path, archive, Some(n))?;
    let lengths = || starts.windows(2).map(|ends| ends[1] - ends[0]);
    let k = lengths().max().unwrap_or(0).max(1);
    let mut lists = vec![SparseSimilarities::NONE; n * k];
    for (row, ends) in starts.windows(2).enumerate() {
        lists[row * k..][..ends[1] - ends[0]].copy_from_slice(&elements[ends[0]..ends[1]]);
    }
    Ok((k, lists))
}

/// Where the rows of a square CSR matrix begin, and which columns they have.
pub(super) fn csr(
    path: &Path,
    archive: &mut NpzReader,
    n: Option<usize>,
) -> anyhow::Result<(Vec<usize>, Vec<u32>)> {
    let shown = path.display();
    let format = || "a SciPy CSR matrix, as scipy.sparse.save_npz writes it";
    let shape =
        archive.read_at_most("shape", 2)?.to_indices().with_context(|| format!("{shown}: member `shape`"))?;
    let &[rows, columns] = shape.as_slice() else { bail!("{shown}: shape {shape:?}, expected {}", format()) };
    if rows != columns || n.is_some_and(|n| n != rows) {
        let expected =
            n.map_or("as many rows as columns".into(), |n| format!("[{n}, {n}], the number of examples"));
        bail!("{shown}: shape {shape:?}, expected {expected}");
    }
    if archive.names().iter().any(|name| name == "format") {
        let format_of = archive.read_at_most("format", 1)?;
        let is_csr = match format_of.data() {
            cl_data::io::ArrayData::Text(texts) => texts.first().is_some_and(|text| text == "csr"),
            _ => true,
        };
        if !is_csr {
            bail!("{shown}: member `format`: not csr, expected {}", format());
        }
    }
    let starts = archive.read_at_most("indptr", rows + 1)?.to_indices();
    let starts = starts.with_context(|| format!("{shown}: member `indptr`"))?;
    let array = archive.read("indices")?;
    let n_entries = array.shape().first().copied().unwrap_or(0);
    let ascends = starts.windows(2).all(|ends| ends[0] <= ends[1]);
    if starts.len() != rows + 1 || starts[0] != 0 || starts.last() != Some(&n_entries) || !ascends {
        bail!(
            "{shown}: member `indptr`: {} numbers up to {}, expected {} that rise from 0 to {n_entries}",
            starts.len(),
            starts.last().unwrap_or(&0),
            rows + 1
        );
    }
    let row_of = |at: usize| starts.partition_point(|&start| start <= at) - 1;
    let elements = indices(path, array, row_of, rows)?;
    Ok((starts, elements))
}

/// Indices below `n`; -1 where there is none, as faiss writes it.
fn indices(path: &Path, array: Array, row_of: impl Fn(usize) -> usize, n: usize) -> anyhow::Result<Vec<u32>> {
    let values = array.to_f64().with_context(|| path.display().to_string())?;
    let mut indices = Vec::with_capacity(values.len());
    for (at, value) in values.into_iter().enumerate() {
        indices.push(match value {
            -1.0 => SparseSimilarities::NONE,
            value if value >= 0.0 && value < n as f64 && value.fract() == 0.0 => value as u32,
            value => {
                let (path, row) = (path.display(), row_of(at));
                bail!("{path}: row {row}: neighbour {value}, expected an index below {n}, or -1 for none");
            }
        });
    }
    Ok(indices)
}

fn check_ids(path: &Path, own: &Ids, ids: Option<&Ids>) -> anyhow::Result<()> {
    let Some(ids) = ids else { return Ok(()) };
    if let Some(at) = (0..ids.len()).find(|&at| own.get(at) != ids.get(at)) {
        let [own, other] = [own, ids].map(|ids| ids.get(at).unwrap_or_default().into_owned());
        let path = path.display();
        bail!("{path}: row {at} is of id {own}, that of the features of {other}; expected the same order");
    }
    Ok(())
}
