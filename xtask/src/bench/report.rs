//! All that one run measured.

use serde::{Deserialize, Serialize};

use super::limits::{Limits, Share};
use super::machine::Machine;
use super::peers::Peers;
use super::rows::Row;

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The benches.
    pub benches: Vec<String>,
    /// Whether each row was measured but shortly.
    pub quick: bool,
    /// Whether peers were compared.
    pub peers: bool,
    /// Whether PyTorch was among them.
    pub torch: bool,
    /// The instruction set that was asked for.
    pub instructions: Option<String>,
}

/// A row with its share of the limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The row.
    #[serde(flatten)]
    pub row: Row,
    /// Multiply-adds, bytes, exponentials or elements per second.
    pub per_second: f64,
    /// How near it comes to its limit, where it has one.
    pub limit: Option<Share>,
}

/// The rows of one bench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bench {
    /// Its name.
    pub name: String,
    /// What it measures.
    pub summary: String,
    /// The rows that were measured.
    pub rows: Vec<Measurement>,
    /// Why there are not more.
    pub error: Option<String>,
}

/// One run of `cargo xtask bench`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and of what.
    #[serde(flatten)]
    pub machine: Machine,
    /// The instruction set of the kernels, as the benches say.
    pub instructions: Option<String>,
    /// What was asked for.
    pub options: Options,
    /// The benches, the limits first.
    pub benches: Vec<Bench>,
    /// The peers, where they were asked for.
    pub peers: Option<Peers>,
}

impl Report {
    /// With nothing measured yet.
    pub fn new(options: Options) -> Self {
        Self { machine: Machine::here(), instructions: None, options, benches: Vec::new(), peers: None }
    }

    /// Takes what a bench gave, with its shares of `limits`.
    pub fn add(&mut self, name: &str, summary: &str, rows: Vec<Row>, error: Option<String>, limits: &Limits) {
        if self.instructions.is_none() {
            self.instructions = rows.first().map(|row| row.instructions.clone());
        }
        let measured = rows.into_iter().map(|row| Measurement {
            per_second: row.rate(),
            limit: limits.share(row.work, row.threads, row.seconds),
            row,
        });
        let (name, summary, rows) = (name.to_owned(), summary.to_owned(), measured.collect());
        self.benches.push(Bench { name, summary, rows, error });
    }

    /// The benches that failed, and comparisons that ours failed in.
    pub fn failures(&self) -> Vec<String> {
        let benches = self.benches.iter().filter_map(|bench| {
            let error = bench.error.as_ref()?;
            Some(format!("bench {}: {error}", bench.name))
        });
        let compared = self.peers.iter().flat_map(|peers| &peers.compared).filter_map(|compared| {
            let error = compared.error.as_ref()?;
            Some(format!("comparison {}: {error}", compared.name))
        });
        benches.chain(compared).collect()
    }
}
