//! What an experiment is: claims declared as data, a run that measures, figures and raw numbers.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail};
use cl_model::ModelError;
use cl_study::{Choice, Chosen, EndedRun, Progress, Record, Run, Study, StudyResults, Table};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    claim::{Claim, Measurement, Part},
    data_dir::DataDir,
};

/// The first seed that is judged. Those below were run while claims and rules were still being decided.
pub const FIRST_SEED: u64 = 20_000;

/// One experiment of the article: one file under `experiments/`, one line in its list.
pub struct Experiment {
    /// Its name on the command line.
    pub id: &'static str,
    /// The article's section.
    pub section: &'static str,
    /// The question it answers, in one line.
    pub question: &'static str,
    /// What the article claims.
    pub claims: &'static [Claim],
    /// Measures. Verdicts are computed from what it reports. Where it fails, the other experiments go on.
    pub run: fn(&Context<'_>) -> Result<Findings>,
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

impl Context<'_> {
    /// Half of the seeds, six at least, for what draws data of its own and costs much.
    pub fn fewer_seeds(&self) -> &[u64] {
        &self.seeds[..self.seeds.len().min((self.seeds.len() / 2).max(6))]
    }

    /// How large the work is, in a word.
    pub fn size(&self) -> &'static str {
        match (self.full, self.quick) {
            (true, _) => "full",
            (_, true) => "quick",
            _ => "usual",
        }
    }

    /// Runs a study to its end, or goes on with the one in this journal.
    ///
    /// # Errors
    /// As [`Study::run`], and where a run failed.
    pub fn study(
        &self,
        study: &Study,
        journal: impl AsRef<Path>,
        run: impl Fn(&Run<'_>) -> Result<Record> + Sync,
    ) -> Result<StudyResults> {
        let journal = self.journals.join(journal);
        let results = study
            .run(self.jobs, Some(&journal), self.progress, |one| run(one).map_err(|error| format!("{error:#}")))?;
        if let Some(EndedRun { setting, arm, seed, outcome }) = results.failed().next() {
            bail!("{}, {setting}, {arm}, seed {seed}: {outcome:?}", study.name);
        }
        Ok(results)
    }

    /// Chooses settings on seeds on which nothing is judged; one with which training diverges is out. A choice at an
    /// end of what was tried is told on the terminal.
    ///
    /// # Errors
    /// As [`Choice::choose`].
    pub fn choose<C: Clone + Serialize + Sync>(
        &self,
        choice: &Choice,
        candidates: &[C],
        judged: &[u64],
        run: impl Fn(&C, u64) -> Result<Record> + Sync,
    ) -> Result<Chosen<C>> {
        let journal = self.journals.join(format!("{}-choice-{}.jsonl", choice.name, self.size()));
        let run = |candidate: &C, seed| match run(candidate, seed) {
            Err(error) if matches!(error.downcast_ref(), Some(ModelError::Diverged { .. })) => Ok(None),
            record => record.map(Some).map_err(|error| format!("{error:#}")),
        };
        let chosen = choice.choose(candidates, judged, self.jobs, Some(&journal), self.progress, run)?;
        chosen.at_ends.iter().for_each(|end| eprintln!("{}: {end}", choice.name));
        Ok(chosen)
    }
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
    /// Reports a measurement of `claim`. What is the same numbers as another one, is that one under both conditions.
    pub fn measure(
        &mut self,
        claim: &'static str,
        part: Part,
        conditions: impl Into<String>,
        measurement: Measurement,
    ) {
        let conditions = conditions.into();
        let same = |other: &&mut Measured| {
            let sampled = matches!(other.measurement, Measurement::Sampled { .. });
            sampled && other.claim == claim && other.part == part && other.measurement == measurement
        };
        match self.measured.iter_mut().find(same) {
            Some(other) => other.conditions += &format!("; the same to the digit: {conditions}"),
            None => self.measured.push(Measured { claim, part, conditions, measurement }),
        }
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

/// An experiment that was run.
pub struct Outcome {
    /// The experiment.
    pub experiment: &'static Experiment,
    /// What it found, or why it failed.
    pub findings: Result<Findings>,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// Every measurement beside its claim, claim by claim.
    pub fn judged(&self) -> impl Iterator<Item = (&'static Claim, &Measured)> {
        let measured = self.findings.iter().flat_map(|findings| &findings.measured);
        let claims = self.experiment.claims;
        claims.iter().flat_map(move |claim| {
            measured
                .clone()
                .filter(move |measured| measured.claim == claim.id)
                .map(move |measured| (claim, measured))
        })
    }
}
