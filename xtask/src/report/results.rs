//! `results.json`.

use std::iter;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{answer::answer, size::Size};
use crate::{
    experiment::{FIRST_SEED, Outcome},
    verdicts::Row,
};

/// Every number with its settings. Nothing in it depends on time or on the number of threads.
///
/// # Errors
/// Where a measurement has no JSON form.
pub(super) fn results(outcomes: &[Outcome], rows: &[Vec<Row<'_>>], size: Size) -> Result<Value> {
    let Size { n_seeds, quick, full } = size;
    let mut experiments = Map::new();
    for (outcome, rows) in iter::zip(outcomes, rows) {
        let experiment = outcome.experiment;
        let claims: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({
                    "id": row.claim.id,
                    "place": row.claim.place,
                    "article": row.claim.article,
                    "about": row.claim.about,
                    "judged_by": row.claim.judge,
                    "part": row.measured.part,
                    "conditions": row.measured.conditions,
                    "measured": row.measured.measurement.to_string(),
                    "measurement": row.measured.measurement,
                    "judged": row.judged,
                    "verdict": row.verdict.to_string(),
                    "verdict_in_words": row.in_words(),
                    "note": row.note,
                })
            })
            .collect();
        let mut entry = json!({
            "section": experiment.section,
            "question": experiment.question,
            "claims": claims,
        });
        match &outcome.findings {
            Ok(findings) => {
                entry["numbers"] = Value::Object(findings.numbers.clone());
                entry["figures"] = findings.figures.iter().map(|figure| format!("{}.svg", figure.name)).collect();
            }
            Err(error) => entry["failed"] = format!("{error:#}").into(),
        }
        experiments.insert(experiment.id.to_owned(), entry);
    }
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "settings": {
            "full": full,
            "n_seeds": n_seeds,
            "seeds": (FIRST_SEED..FIRST_SEED + n_seeds).collect::<Vec<_>>(),
            "quick": quick,
        },
        "answer": answer(rows),
        "experiments": experiments,
    }))
}
