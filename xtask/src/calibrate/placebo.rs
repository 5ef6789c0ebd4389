//! Whole experiments without a treatment: in every repetition the arms are exchanged or not, by chance.

use anyhow::{Context as _, Result};
use cl_data::random;
use cl_study::{Evidence, Quiet, Replications, Rule, Scale, Table, Verdict, verdict::judge_all};

use super::percent::percent;
use crate::{
    claim::{Judge, Measurement},
    experiment::{Context, Experiment, FIRST_SEED},
    experiments::ALL,
    progress::Bar,
};

/// A difference of two arms over repetitions.
struct Difference {
    experiment: usize,
    family: usize,
    values: Replications,
    rule: Rule,
}

/// How often something is said of a difference that is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placebo {
    /// Measured differences in a report.
    pub differences: usize,
    /// The mean share of them called reproduced or the opposite, by Student's interval alone and now.
    pub decided: [f64; 2],
    /// The share of reports in which any is, now.
    pub any: f64,
}

/// Runs experiments at the size of `--quick`, with `n_seeds` repetitions, and exchanges the arms of their differences
/// `exchanges` times.
///
/// # Errors
/// Where an experiment fails.
pub fn placebo(chosen: &[&str], n_seeds: u64, exchanges: u64) -> Result<Placebo> {
    let journals = tempfile::tempdir()?;
    let context = Context {
        seeds: (FIRST_SEED..FIRST_SEED + n_seeds).collect(),
        jobs: None,
        quick: true,
        full: false,
        data_dir: None,
        journals: journals.path().to_owned(),
        progress: &Quiet,
    };
    let mut differences: Vec<Difference> = Vec::new();
    let of_name = |id: &&&'static Experiment| chosen.is_empty() || chosen.contains(&id.id);
    for (at, experiment) in ALL.iter().filter(of_name).enumerate() {
        let findings = (experiment.run)(&context).with_context(|| experiment.id.to_owned())?;
        for (family, claim) in experiment.claims.iter().enumerate() {
            // A correlation is no difference of two arms, and of a ratio the other way round is no negative.
            let Judge::Positive { quantity, .. } = claim.judge else { continue };
            let Some(rule) = claim.judge.rule().filter(|_| quantity.contains(" less ")) else { continue };
            for measured in findings.measured.iter().filter(|measured| measured.claim == claim.id) {
                match &measured.measurement {
                    Measurement::Sampled { evidence: Evidence::Replications(values) }
                        if values.scale() == Scale::Plain =>
                    {
                        let values = values.clone();
                        differences.push(Difference { experiment: at, family: 1_000 * at + family, values, rule });
                    }
                    _ => {}
                }
            }
        }
    }
    let (mut decided, mut any) = ([0.0; 2], 0u64);
    for exchange in 0..exchanges {
        let mut exchanged = Vec::with_capacity(differences.len());
        for Difference { experiment, family, values, rule } in &differences {
            // In a repetition the arms of all comparisons of an experiment are exchanged, or none.
            let mut rng = random::stream(exchange, "exchanged arms", *experiment as u64);
            let signed =
                values.values().iter().map(|value| if random::below(&mut rng, 2) == 0 { *value } else { -value });
            let signed = Replications::resplit(signed.collect(), values.test_to_train())?;
            exchanged.push((*family, Evidence::Replications(signed), *rule));
        }
        let tests: Vec<(usize, &Evidence, Rule)> =
            exchanged.iter().map(|(family, evidence, rule)| (*family, evidence, *rule)).collect();
        let said = |verdict: &Verdict| matches!(verdict, Verdict::Reproduced | Verdict::Opposite);
        let now = judge_all(&tests)?.iter().filter(|judged| said(&judged.verdict)).count();
        let before = exchanged.iter().filter(|(_, evidence, rule)| {
            let Evidence::Replications(values) = evidence else { return false };
            let alone = Replications::independent(values.values().to_vec()).ok();
            let interval = alone.and_then(|alone| alone.interval(0.95));
            interval.is_some_and(|interval| said(&rule.of(interval)))
        });
        decided[0] += before.count() as f64 / differences.len().max(1) as f64;
        decided[1] += now as f64 / differences.len().max(1) as f64;
        any += u64::from(now > 0);
    }
    let n = exchanges as f64;
    Ok(Placebo { differences: differences.len(), decided: decided.map(|sum| sum / n), any: any as f64 / n })
}

pub(super) fn table(exchanges: u64, _bar: &Bar) -> Result<Table> {
    let Placebo { differences, decided, any } = placebo(&[], 10, exchanges)?;
    let mut table =
        Table::new(["differences", "exchanges", "said something of, before", "now", "reports that say anything"]);
    let [before, now] = decided.map(percent);
    table.row([differences.to_string(), exchanges.to_string(), before, now, percent(any)])?;
    Ok(table)
}
