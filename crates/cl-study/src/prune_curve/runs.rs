use std::{fmt::Display, path::Path};

use serde_json::json;

use super::{
    curves::{EndedPruneRun, PruneCurves},
    prune_study::{EqualBudget, PruneOutcome, PruneRun, PruneStudy},
};
use crate::{
    error::StudyError,
    record::{EndedRun, Outcome, Record},
    runs::Progress,
    study::{Run, Study},
};

impl PruneOutcome {
    fn record(&self) -> Record {
        let mut record = Record::new()
            .scalar("accuracy", self.accuracy)
            .scalar("kept", self.n_kept as f64)
            .scalar("updates", self.updates as f64)
            .scalar("examples", self.examples as f64)
            .scalar("scoring examples", self.scoring_examples as f64)
            .curve("kept per class", self.kept_per_class.iter().map(|&count| count as f64).collect::<Vec<_>>());
        if let Some(wrong) = self.wrong_labels {
            record = record.scalar("wrong labels", wrong as f64);
        }
        record
    }

    fn of(record: &Record) -> Option<Self> {
        let scalar = |name: &str| record.scalars.get(name).copied();
        let counts = record.curves.get("kept per class")?;
        Some(Self {
            accuracy: scalar("accuracy")?,
            kept_per_class: counts.iter().map(|&count| count as usize).collect(),
            wrong_labels: scalar("wrong labels").map(|wrong| wrong as usize),
            n_kept: scalar("kept")? as usize,
            updates: scalar("updates")? as u64,
            examples: scalar("examples")? as u64,
            scoring_examples: scalar("scoring examples")? as u64,
        })
    }
}

impl PruneStudy {
    /// Runs what is not yet in the journal, as [`Study::run`] does. Where all of the data is kept nothing is chosen:
    /// that is run once for all methods.
    ///
    /// # Errors
    /// As [`Study::run`].
    pub fn run<E: Display>(
        &self,
        jobs: Option<usize>,
        journal: Option<&Path>,
        progress: &dyn Progress,
        run: impl Fn(&PruneRun<'_>) -> Result<PruneOutcome, E> + Sync,
    ) -> Result<PruneCurves, StudyError> {
        self.check()?;
        let mut study = Study::new(&self.name, self.seeds.clone());
        for method in &self.methods {
            study = study.arm(method, json!(method));
        }
        let settings: Vec<(EqualBudget, f64)> =
            self.budgets.iter().flat_map(|&budget| self.kept.iter().map(move |&kept| (budget, kept))).collect();
        for (budget, kept) in &settings {
            study = study.setting(format!("equal {budget}, {kept} kept"), json!({"budget": budget, "kept": kept}));
        }
        let results = study.run(jobs, journal, progress, |one| {
            let (budget, kept) = settings[one.setting_place];
            let method = one.arm.name.as_str();
            if kept == 1.0 && method != Self::RANDOM {
                return Ok(Record::new());
            }
            run(&PruneRun { method, kept, budget, seed: one.seed }).map(|outcome| outcome.record())
        })?;
        let ended = |(run, at): (&EndedRun, Run<'_>)| {
            let (budget, kept) = settings[at.setting_place];
            let outcome = match &run.outcome {
                // Of the same setting and seed, by the first control.
                Outcome::Record(record) if record.scalars.is_empty() => {
                    let shared = results.runs.iter().find(|other| {
                        other.arm == Self::RANDOM && other.setting == run.setting && other.seed == run.seed
                    });
                    shared.map_or(&run.outcome, |shared| &shared.outcome)
                }
                outcome => outcome,
            };
            let outcome = match outcome {
                Outcome::Record(record) => {
                    PruneOutcome::of(record).ok_or_else(|| "its record is of another kind of study".to_owned())
                }
                Outcome::Failed(why) => Err(why.clone()),
            };
            EndedPruneRun::new(run.arm.clone(), kept, budget, run.seed, outcome)
        };
        let runs = results.runs.iter().zip(results.study.runs()).map(ended).collect();
        PruneCurves::new(self.clone(), runs)
    }
}
