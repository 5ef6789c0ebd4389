//! A finished run, read back: its verdicts are computed anew from its values, and must be those that it has.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context as _, Result, bail};
use cl_study::{Evidence, Verdict};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    claim::{Claim, Measurement, Part},
    experiment::{Experiment, Findings, Measured, Outcome},
    experiments::ALL,
    run_record::RunRecord,
    verdicts::{self, Row},
};

/// A run that is finished.
pub(super) struct StoredRun {
    /// How large it was.
    pub(super) settings: Settings,
    /// Where it was run.
    pub(super) record: RunRecord,
    outcomes: Vec<Outcome>,
}

/// How large a run was.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Settings {
    pub(super) quick: bool,
    pub(super) full: bool,
    pub(super) n_seeds: u64,
}

/// What is read of `results.json`.
#[derive(Deserialize)]
struct Stored {
    settings: Settings,
    experiments: BTreeMap<String, StoredExperiment>,
}

#[derive(Deserialize)]
struct StoredExperiment {
    claims: Vec<StoredClaim>,
    failed: Option<String>,
}

#[derive(Deserialize)]
struct StoredClaim {
    id: String,
    article: String,
    about: Value,
    judged_by: Value,
    part: StoredPart,
    conditions: String,
    measurement: StoredMeasurement,
    verdict: Verdict,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredPart {
    Article,
    Changed,
    Real,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredMeasurement {
    Text { text: String },
    Number { value: f64 },
    Sampled { evidence: Evidence },
    Undefined { why: String },
}

impl StoredRun {
    /// The run in this folder.
    ///
    /// # Errors
    /// Where it is not finished, an experiment failed, or claims or rules were others then than they are now.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("results.json");
        let bytes = std::fs::read(&path)
            .with_context(|| format!("{}: expected, as a finished run writes it", path.display()))?;
        let read = || -> Result<(Settings, Vec<Outcome>)> {
            let Stored { settings, experiments } = serde_json::from_slice(&bytes)?;
            Ok((settings, outcomes(experiments)?))
        };
        let (settings, outcomes) = read().with_context(|| path.display().to_string())?;
        Ok(Self { settings, record: RunRecord::read(folder)?, outcomes })
    }

    /// The experiments that were run.
    pub(super) fn experiments(&self) -> impl Iterator<Item = &'static Experiment> {
        self.outcomes.iter().map(|outcome| outcome.experiment)
    }

    /// Every measurement with its verdict, by experiment.
    ///
    /// # Errors
    /// As [`verdicts::rows`].
    pub(super) fn rows(&self) -> Result<Vec<Vec<Row<'_>>>> {
        verdicts::rows(&self.outcomes)
    }
}

/// The outcomes, in the order of the list, with verdicts as they are stored.
fn outcomes(mut stored: BTreeMap<String, StoredExperiment>) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    let mut verdicts = Vec::new();
    for &experiment in ALL {
        let Some(StoredExperiment { claims, failed }) = stored.remove(experiment.id) else { continue };
        if let Some(why) = failed {
            bail!("experiment {} failed: {why}", experiment.id);
        }
        let mut findings = Findings::default();
        for stored in claims {
            let claim = as_it_is(experiment, &stored)?;
            verdicts.push(stored.verdict);
            findings.measured.push(measured(claim, stored));
        }
        if let Some(claim) = experiment.claims.iter().find(|claim| !is_measured(&findings, claim)) {
            bail!("claim {}: not measured, so that this is to be run again", claim.id);
        }
        outcomes.push(Outcome { experiment, findings: Ok(findings), took: Duration::ZERO });
    }
    if let Some(id) = stored.keys().next() {
        bail!("experiment {id}: expected one of {}", ALL.iter().map(|one| one.id).collect::<Vec<_>>().join(", "));
    }
    for (row, then) in verdicts::rows(&outcomes)?.iter().flatten().zip(verdicts) {
        if row.verdict != then {
            let now = row.verdict;
            bail!("claim {}, {}: {then}, and {now} by its values", row.claim.id, row.measured.conditions);
        }
    }
    Ok(outcomes)
}

/// The claim that was measured, which must say what it says now.
fn as_it_is(experiment: &Experiment, stored: &StoredClaim) -> Result<&'static Claim> {
    let Some(claim) = experiment.claims.iter().find(|claim| claim.id == stored.id) else {
        bail!("claim {}: there is none any more, so that this is to be run again", stored.id);
    };
    let is_same = claim.article == stored.article
        && serde_json::to_value(claim.about)? == stored.about
        && serde_json::to_value(claim.judge)? == stored.judged_by;
    if !is_same {
        bail!("claim {}: another one then than it is now, so that this is to be run again", claim.id);
    }
    Ok(claim)
}

fn is_measured(findings: &Findings, claim: &Claim) -> bool {
    findings.measured.iter().any(|measured| measured.claim == claim.id)
}

fn measured(claim: &Claim, stored: StoredClaim) -> Measured {
    let part = match stored.part {
        StoredPart::Article => Part::Article,
        StoredPart::Changed => Part::Changed,
        StoredPart::Real => Part::Real,
    };
    let measurement = match stored.measurement {
        StoredMeasurement::Text { text } => Measurement::Text { text },
        StoredMeasurement::Number { value } => Measurement::Number { value },
        StoredMeasurement::Sampled { evidence } => Measurement::Sampled { evidence },
        StoredMeasurement::Undefined { why } => Measurement::Undefined { why },
    };
    Measured { claim: claim.id, part, conditions: stored.conditions, measurement }
}
