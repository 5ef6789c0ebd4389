//! What stands between a measurement and a verdict.

use cl_study::{Evidence, Replications, Rule, Verdict};

use crate::{claim::Measurement, verdicts::Row};

/// What an undecided measurement lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lacks {
    /// So many repetitions in all would decide it by itself.
    Repetitions(u64),
    /// No number of repetitions on these data would.
    Data,
    /// It is decided by itself, and not by ranks or among all that was tested.
    Certainty,
    /// Cases: it is no mean of repetitions.
    Cases,
}

/// What this measurement lacks; none where it is not undecided or there is no rule.
pub(super) fn lacks(row: &Row<'_>) -> Option<Lacks> {
    let (Verdict::Undecided, Some(judged), Some(rule)) = (row.verdict, &row.judged, row.claim.judge.rule()) else {
        return None;
    };
    if judged.finding.verdict != Verdict::Undecided {
        return Some(Lacks::Certainty);
    }
    let Measurement::Sampled { evidence } = &row.measured.measurement else { return None };
    Some(match evidence {
        Evidence::Replications(values) => of_repetitions(values, rule),
        // The one that comes closest decides.
        Evidence::LeastOf { others } => match others.iter().min_by(|a, b| a.mean().total_cmp(&b.mean())) {
            Some(closest) => of_repetitions(closest, rule),
            None => Lacks::Cases,
        },
        Evidence::Trials { .. } | Evidence::Signs { .. } | Evidence::RankCorrelation { .. } => Lacks::Cases,
    })
}

fn of_repetitions(values: &Replications, rule: Rule) -> Lacks {
    let bounds = rule.bounds_of_part(values.mean()).into_iter().filter(|bound| bound.is_finite());
    let needed = bounds.map(|bound| values.needed(bound)).try_fold(0, |most: u64, needed| Some(most.max(needed?)));
    match needed {
        Some(needed) if needed <= values.values().len() as u64 => Lacks::Certainty,
        Some(needed) => Lacks::Repetitions(needed),
        None => Lacks::Data,
    }
}
