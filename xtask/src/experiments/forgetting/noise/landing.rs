//! Where relabelled examples land in the ranking by forgetting.

use anyhow::Result;
use cl_difficulty::{NeverLearned, Recorder};
use cl_prune::{Budget as Keep, KeepHardest, SelectionRule};
use cl_study::Record;

use super::super::removal::Forgotten;
use crate::experiments::metrics::area_under_roc;

pub(super) const TENTHS: usize = 10;

/// The scores of the same passes whose rankings are cut into tenths.
pub(super) const SCORES: [&str; 2] = ["forgetting events", "EL2N, mean over the epochs"];

/// Examples whose events are counted, and under which labels.
pub(super) const GROUPS: [(&str, bool, bool); 4] = [
    ("relabelled, under noise", true, true),
    ("the same, under their right labels", true, false),
    ("the others, under noise", false, true),
    ("the others, without noise", false, false),
];

/// The share that is true; NaN of none.
pub(super) fn share(flags: impl Iterator<Item = bool>) -> f64 {
    let (n_true, n) = flags.fold((0usize, 0usize), |(n_true, n), flag| (n_true + usize::from(flag), n + 1));
    n_true as f64 / n as f64
}

/// The mean; NaN of none.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    sum / n as f64
}

/// Where the relabelled land. An example in a run is one count of events; one that the run never got right has none
/// to count, and is left out of means and told apart, or counts as forgotten at each presentation where a name says
/// `score`.
pub(super) fn landing(
    relabelled: &[bool],
    noisy: &Forgotten,
    right: &Forgotten,
    n_most: usize,
    seed: u64,
) -> Result<Record> {
    let n = relabelled.len();
    let mut record = Record::new();
    for (name, of_relabelled, under_noise) in GROUPS {
        let members = || (0..n).filter(|&example| relabelled[example] == of_relabelled);
        let (mut events, mut scores, mut learned, mut forgotten) = (vec![], vec![], vec![], vec![]);
        for run in if under_noise { &noisy.runs } else { &right.runs } {
            let never_learned = run.forgetting.never_learned();
            let values = run.forgetting.values(NeverLearned::Toneva);
            scores.extend(members().map(|example| values[example]));
            learned.extend(members().map(|example| !never_learned[example]));
            let counted = members().filter(|&example| !never_learned[example]);
            events.extend(counted.map(|example| run.forgetting.events()[example]));
            let unforgettable = run.forgetting.unforgettable();
            forgotten.extend(members().map(|example| !unforgettable[example]));
        }
        let mut histogram = vec![0.0; n_most + 1];
        events.iter().for_each(|&events| histogram[events as usize] += 1.0 / learned.len() as f64);
        record = record
            .scalar(format!("events, {name}"), mean(events.iter().map(|&events| f64::from(events))))
            .scalar(format!("score, {name}"), mean(scores.into_iter()))
            .scalar(format!("never learned, {name}"), share(learned.iter().map(|learned| !learned)))
            .scalar(format!("never forgotten, {name}"), share(forgotten.iter().map(|forgotten| !forgotten)))
            .curve(format!("histogram, {name}"), histogram);
    }
    for (name, of_relabelled) in [("relabelled", true), ("others", false)] {
        let (mut events, mut scores) = (vec![], vec![]);
        for (noisy, right) in noisy.runs.iter().zip(&right.runs) {
            let values = [noisy, right].map(|run| run.forgetting.values(NeverLearned::Toneva));
            let never_learned = [noisy, right].map(|run| run.forgetting.never_learned());
            for example in (0..n).filter(|&example| relabelled[example] == of_relabelled) {
                let added = values[0][example] - values[1][example];
                scores.push(added);
                if never_learned.iter().all(|never_learned| !never_learned[example]) {
                    events.push(added);
                }
            }
        }
        record = record
            .scalar(format!("added events, {name}"), mean(events.into_iter()))
            .scalar(format!("added score, {name}"), mean(scores.into_iter()));
    }
    // Of the examples that are never forgotten, or never learned, in a run.
    let wrong_among = |flags: fn(&Recorder) -> Vec<bool>| {
        let flags = noisy.runs.iter().flat_map(|run| flags(run).into_iter().zip(relabelled));
        share(flags.filter(|&(flag, _)| flag).map(|(_, &relabelled)| relabelled))
    };
    record = record
        .scalar("wrong among the never forgotten", wrong_among(|run| run.forgetting.unforgettable()))
        .scalar("wrong among the never learned", wrong_among(|run| run.forgetting.never_learned()));
    let el2n = noisy.runs.iter().try_fold(vec![0.0; n], |mut sum: Vec<f64>, run| {
        sum.iter_mut().zip(run.el2n.values()?).for_each(|(sum, value)| *sum += value);
        anyhow::Ok(sum)
    })?;
    for (name, scores) in SCORES.into_iter().zip([&noisy.scores, &el2n]) {
        let ranking = KeepHardest.select(scores, Keep::Count(n), seed)?.kept;
        let tenth = |at: usize| {
            share(ranking[at * n / TENTHS..(at + 1) * n / TENTHS].iter().map(|&example| relabelled[example]))
        };
        record = record
            .scalar(format!("area, {name}"), area_under_roc(scores, relabelled)?)
            .curve(format!("tenths, {name}"), (0..TENTHS).map(tenth).collect::<Vec<_>>());
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One run over ten examples, of which those named have these answers and the others are always right.
    fn counted(answers: &[(usize, [bool; 4])]) -> Forgotten {
        let mut run = Recorder::new(10);
        for example in 0..10 {
            let own = answers.iter().find(|(of, _)| *of == example);
            for right in own.map_or([true; 4], |(_, answers)| *answers) {
                run.forgetting.record(example, right).unwrap();
                let p = if right { 0.9 } else { 0.1 };
                run.el2n.record(example, &[p, 1.0 - p], 0).unwrap();
            }
        }
        Forgotten {
            scores: run.forgetting.values(NeverLearned::Toneva),
            n_unforgettable: 0,
            n_unforgettable_in_run: vec![0],
            n_never_learned: 0,
            runs: vec![run],
        }
    }

    #[test]
    fn the_never_learned_are_told_apart() {
        let mut relabelled = [false; 10];
        relabelled[..2].fill(true);
        let noisy = counted(&[(0, [true, false, true, false]), (1, [false; 4]), (2, [false, true, false, true])]);
        let record = landing(&relabelled, &noisy, &counted(&[]), 2, 0).unwrap();
        for (name, expected) in [
            ("events, relabelled, under noise", 2.0),
            ("score, relabelled, under noise", 3.0),
            ("never learned, relabelled, under noise", 0.5),
            ("never forgotten, relabelled, under noise", 0.0),
            ("never forgotten, the same, under their right labels", 1.0),
            ("events, the others, under noise", 0.125),
            ("never forgotten, the others, under noise", 0.875),
            ("added events, relabelled", 2.0),
            ("added score, relabelled", 3.0),
            ("added events, others", 0.125),
            ("wrong among the never forgotten", 0.0),
            ("wrong among the never learned", 1.0),
            ("area, forgetting events", 1.0),
        ] {
            assert_eq!(record.scalars[name], expected, "{name}");
        }
        assert_eq!(record.curves["histogram, relabelled, under noise"], [0.0, 0.0, 0.5]);
        assert_eq!(record.curves["tenths, forgetting events"][..3], [1.0, 1.0, 0.0]);
    }

    /// None of the relabelled was learned: there is no mean number of their events, and none is made up.
    #[test]
    fn what_does_not_exist_is_undefined() {
        let noisy = counted(&[(0, [false; 4])]);
        let mut relabelled = [false; 10];
        relabelled[0] = true;
        let record = landing(&relabelled, &noisy, &counted(&[]), 2, 0).unwrap();
        let events = record.scalars["events, relabelled, under noise"];
        assert!(events.is_nan());
        assert_eq!(record.scalars["score, relabelled, under noise"], 4.0);
    }
}
