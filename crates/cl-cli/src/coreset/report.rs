//! What is told of a choice.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use cl_prune::PruneError;
use cl_prune::coreset::{AnyFeatures, ClientSample, Coreset, CoresetSettings, Costs, KCenter, PartChoice};
use cl_study::shown;
use serde::Serialize;

use super::{classes::ClassCounts, neighbors, part::Part};
use crate::output::{place, short};

/// How a part was joined.
#[derive(Serialize)]
pub(super) struct Joined {
    pub(super) file: String,
    pub(super) n_chosen: usize,
    /// By `id` or by `index`.
    pub(super) by: &'static str,
    /// Of how many rows those with `kept` = 1 were taken, where the file has that column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kept_of: Option<usize>,
}

impl Joined {
    pub(super) fn new(Part { file, choice, kept }: Part, n_chosen: usize) -> Self {
        let by = if matches!(choice, PartChoice::Ids(_)) { "id" } else { "index" };
        Self { file, n_chosen, by, kept_of: kept.map(|(_, n_rows)| n_rows) }
    }
}

#[derive(Serialize)]
pub(super) struct Report {
    pub(super) output: String,
    pub(super) method: String,
    pub(super) options: BTreeMap<String, String>,
    pub(super) n_examples: usize,
    pub(super) n_features: usize,
    /// The rows read.
    pub(super) n_read: usize,
    /// The bytes of memory that this was reckoned to take.
    pub(super) memory: u64,
    /// What was asked for; sieves and matching pursuit may choose fewer.
    pub(super) count: usize,
    pub(super) n_chosen: usize,
    pub(super) within_classes: bool,
    #[serde(flatten)]
    pub(super) classes: Option<ClassCounts>,
    /// What was brought together.
    pub(super) parts: Vec<Joined>,
    /// How many each example has, and how they were found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) neighbors: Option<neighbors::Report>,
    /// Of how many examples there is a sample, and what that tells of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clients: Option<Clients>,
    /// Of how many parts, read one at a time, each saw its own examples alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) n_local: Option<usize>,
    /// The lowest recall of neighbours in one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recall: Option<f64>,
    /// How many were left out, as all their features are zero.
    pub(super) n_zero: usize,
    /// How many were chosen before, and count no longer.
    pub(super) n_before: usize,
    /// What was spent of a budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) costs: Option<Spent>,
    /// How many groups were chosen of how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) groups: Option<(usize, usize)>,
    /// How far all examples are from the chosen ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nearest: Option<Nearest>,
    /// Of a choice in two rounds.
    pub(super) guarantee: Option<String>,
    pub(super) seed: u64,
    /// The index of the first example chosen.
    pub(super) first: Option<usize>,
    pub(super) last_gain: Option<f64>,
    /// The sum of all gains, where that is finite.
    pub(super) value: Option<f64>,
    pub(super) total_weight: Option<f64>,
}

/// What a choice costs.
#[derive(Serialize)]
pub(super) struct Spent {
    pub(super) column: String,
    pub(super) budget: f64,
    pub(super) spent: f64,
    pub(super) left: f64,
}

impl Spent {
    pub(super) fn of(column: Option<&String>, costs: Option<Costs<'_>>, chosen: &[usize]) -> Option<Self> {
        let (Costs { costs, budget }, column) = costs.zip(column)?;
        let spent: f64 = chosen.iter().map(|&example| costs[example]).sum();
        Some(Self { column: column.clone(), budget, spent, left: budget - spent })
    }
}

/// A sample of what is represented, with Hoeffding's bounds at 95 %.
#[derive(Serialize)]
pub(super) struct Clients {
    n: usize,
    pub(super) bound: f64,
    pub(super) bound_of_chosen: f64,
}

impl Clients {
    pub(super) fn of(sample: &ClientSample, count: usize) -> Result<Self, PruneError> {
        const DELTA: f64 = 0.05;
        let (bound, bound_of_chosen) = (sample.bound(DELTA)?, sample.bound_of(DELTA, count)?);
        Ok(Self { n: sample.clients.len(), bound, bound_of_chosen })
    }
}

/// The distance of every example to the nearest chosen one.
#[derive(Serialize)]
pub(super) struct Nearest {
    pub(super) mean: f64,
    pub(super) largest: f64,
}

impl Nearest {
    pub(super) fn of(features: &AnyFeatures<'_>, chosen: &[usize]) -> Result<Self, PruneError> {
        let distances = match features {
            AnyFeatures::F32(features) => KCenter::distances(features, chosen)?,
            AnyFeatures::F64(features) => KCenter::distances(features, chosen)?,
        };
        let mean = distances.iter().sum::<f64>() / distances.len() as f64;
        Ok(Self { mean, largest: distances.into_iter().fold(0.0, f64::max) })
    }
}

impl Report {
    /// Of so many examples so many asked for, by this seed; all else as it is where nothing more is said.
    pub(super) fn new(
        output: &Path,
        settings: &CoresetSettings,
        (n_examples, count, seed): (usize, usize, u64),
        coreset: &Coreset,
    ) -> Self {
        let value = coreset.value();
        Self {
            output: output.display().to_string(),
            method: settings.description().method.name.to_owned(),
            options: settings.options().clone(),
            n_examples,
            n_features: 0,
            n_read: n_examples,
            memory: 0,
            count,
            n_chosen: coreset.order.len(),
            within_classes: false,
            classes: None,
            parts: Vec::new(),
            neighbors: None,
            clients: None,
            n_local: None,
            recall: None,
            n_zero: 0,
            n_before: 0,
            costs: None,
            groups: None,
            nearest: None,
            guarantee: None,
            seed,
            first: coreset.order.first().copied(),
            last_gain: coreset.gains.last().copied().filter(|gain| gain.is_finite()),
            value: value.is_finite().then_some(value),
            total_weight: coreset.weights.as_ref().map(|weights| weights.iter().sum()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, n_examples, n_features, n_read, count, n_chosen, .. } = self;
        let within = if self.within_classes { " within classes" } else { "" };
        writeln!(formatter, "{n_chosen} of {n_examples} examples of {n_features} features by {method}{within}")?;
        for Joined { file, n_chosen, by, kept_of } in &self.parts {
            let file = shown::line(file);
            let kept = kept_of.map(|n| format!(", kept = 1 in its {n} rows")).unwrap_or_default();
            writeln!(formatter, "of {file} {n_chosen} examples{kept}, found by their {by}")?;
        }
        if let Some(classes) = &self.classes {
            write!(formatter, "{classes}")?;
        }
        if n_read < n_examples {
            writeln!(formatter, "{n_read} examples were read")?;
        }
        if let Some(neighbors) = &self.neighbors {
            writeln!(formatter, "{neighbors}")?;
        }
        if let Some(Clients { n, bound, bound_of_chosen }) = &self.clients {
            writeln!(
                formatter,
                "{n} examples, drawn at random, are represented: their mean is that of all within {} of the largest \
                 similarity for any one set with a probability of 95 %, within {} for all sets of {count}",
                short(*bound),
                short(*bound_of_chosen)
            )?;
        }
        if let Some(Nearest { mean, largest }) = &self.nearest {
            let (mean, largest) = (short(*mean), short(*largest));
            writeln!(formatter, "distance to the nearest chosen: {mean} on average over all, {largest} at most")?;
        }
        if let Some(guarantee) = &self.guarantee {
            writeln!(formatter, "guarantee: {guarantee}")?;
        }
        if let Some(n_parts) = self.n_local {
            write!(formatter, "{n_parts} parts were read one at a time, in about {} MiB", self.memory >> 20)?;
            match self.recall {
                Some(recall) => {
                    writeln!(formatter, "; of the nearest {:.1} % were found or more", 100.0 * recall)?
                }
                None => writeln!(formatter)?,
            }
        }
        if self.n_zero > 0 {
            writeln!(formatter, "{} examples of zeros alone were left out", self.n_zero)?;
        }
        if self.n_before > 0 {
            writeln!(
                formatter,
                "{} examples were chosen before, and are neither chosen again nor counted",
                self.n_before
            )?;
        }
        if let Some((n_groups, n_all)) = self.groups {
            writeln!(formatter, "{n_groups} of {n_all} groups, each whole")?;
        }
        if let Some(Spent { column, budget, spent, left }) = &self.costs {
            let [budget, spent, left] = [budget, spent, left].map(|number| short(*number));
            writeln!(
                formatter,
                "{spent} of the budget of {budget} in {} spent, {left} left",
                shown::name(column)
            )?;
        }
        if n_chosen < count && self.costs.is_none() && self.groups.is_none() {
            writeln!(formatter, "fewer than the {count} asked for: no other would add anything")?;
        }
        if let Some(gain) = self.last_gain {
            writeln!(formatter, "gain of the last {}", short(gain))?;
        }
        if let Some(value) = self.value {
            writeln!(formatter, "sum of gains {}", short(value))?;
        }
        if let Some(weight) = self.total_weight {
            writeln!(formatter, "sum of weights {}", short(weight))?;
        }
        writeln!(formatter, "written to {}", place(&self.output))
    }
}
