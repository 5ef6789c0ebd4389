//! What an experiment is: claims declared as data, a run that measures, figures and raw numbers.

use std::path::PathBuf;

use anyhow::Result;
use cl_study::{Progress, Table};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::claim::{Claim, Measurement, Part};
use crate::data_dir::DataDir;

/// One experiment of the article: one file under `experiments/`, one line in its list.
pub trait Experiment: Sync {
    /// Its name on the command line.
    fn id(&self) -> &'static str;

    /// The article's section.
    fn section(&self) -> &'static str;

    /// The question it answers, in one line.
    fn question(&self) -> &'static str;

    /// What the article claims.
    fn claims(&self) -> &'static [Claim];

    /// Measures. Verdicts are computed from what it reports.
    ///
    /// # Errors
    /// Where anything went wrong; the other experiments go on.
    fn run(&self, context: &Context<'_>) -> Result<Findings>;
}

/// How to run.
pub struct Context<'a> {
    /// Seeds of every part that has a choice; the article's own code keeps its own.
    pub seeds: Vec<u64>,
    /// Threads; none for one per core.
    pub jobs: Option<usize>,
    /// A fraction of the work, for a first look.
    pub quick: bool,
    /// The sizes of the papers, where the usual run takes smaller ones.
    pub full: bool,
    /// Real data sets, where the user named a folder of them.
    pub data_dir: Option<DataDir>,
    /// Where journals of unfinished runs are kept.
    pub journals: PathBuf,
    /// Told of every run.
    pub progress: &'a (dyn Progress + Sync),
}

/// A claim, measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// The claim's id.
    pub claim: &'static str,
    /// Under which conditions.
    pub part: Part,
    /// The conditions in words.
    pub conditions: String,
    /// What was measured.
    pub measurement: Measurement,
}

/// What an experiment brings home.
#[derive(Debug, Default)]
pub struct Findings {
    /// Claims, measured.
    pub measured: Vec<Measured>,
    /// Raw numbers by name.
    pub numbers: Map<String, Value>,
    /// Figures as SVG: title and content, the first one the experiment's face.
    pub figures: Vec<Figure>,
    /// Tables for the report.
    pub tables: Vec<(String, Table)>,
    /// Paragraphs for the report: what was run, and what it means.
    pub notes: Vec<String>,
    /// Files beside the report: name and content.
    pub files: Vec<(String, String)>,
}

/// A figure of the report.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The file's name without `.svg`.
    pub name: String,
    /// What it shows, for its caption.
    pub caption: String,
    /// The SVG.
    pub svg: String,
}

impl Findings {
    /// Reports a measurement of `claim`.
    pub fn measure(
        &mut self,
        claim: &'static str,
        part: Part,
        conditions: impl Into<String>,
        measurement: Measurement,
    ) {
        self.measured.push(Measured { claim, part, conditions: conditions.into(), measurement });
    }

    /// Keeps a raw number, list or record.
    ///
    /// # Errors
    /// Where it has no JSON form.
    pub fn number(&mut self, name: impl Into<String>, value: impl Serialize) -> Result<()> {
        self.numbers.insert(name.into(), serde_json::to_value(value)?);
        Ok(())
    }

    /// Adds a figure.
    pub fn figure(&mut self, name: impl Into<String>, caption: impl Into<String>, svg: String) {
        self.figures.push(Figure { name: name.into(), caption: caption.into(), svg });
    }
}
