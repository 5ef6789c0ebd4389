use serde::{Deserialize, Serialize};

use super::{
    evidence::{Evidence, Finding},
    rule::Rule,
    words::Verdict,
};
use crate::{
    error::StudyError,
    statistics::{benjamini_hochberg, holm},
};

/// A finding among all others that are made at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The finding by itself.
    pub finding: Finding,
    /// Its p value after Holm's correction over its family.
    pub holm_p: Option<f64>,
    /// That one after Benjamini and Hochberg's correction over all findings: decided is what has at most 0.05 here and
    /// whose rank-based interval, where it has one, says the same.
    pub q: Option<f64>,
    /// The verdict that counts.
    pub verdict: Verdict,
}

/// The rate of false verdicts among those decided that is allowed, on average.
pub const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// Judges many findings at once: within a family (the conditions of one claim) any false verdict is at most 5 % likely by
/// Holm's correction, and of all verdicts that are decided at most 5 % are expected to be false by Benjamini and Hochberg's,
/// which is given Holm's p values: given raw ones, the first correction would take part of what the second rejects, and a part
/// has no such bound.
///
/// `tests`: the family of each, by any number that its members share, its evidence and its rule. What has no interval is not
/// tested, and is counted nowhere. O(m log m) beside the intervals.
///
/// ```
/// use cl_study::{Evidence, Replications, Rule, Sign, Verdict, verdict::judge_all};
///
/// let gains = |scale: f64| {
///     let values = [1.0, 1.2, 0.8, 1.1, 0.9, 1.05].map(|gain| scale * gain);
///     Ok::<_, cl_study::StudyError>(Evidence::Replications(Replications::independent(values.to_vec())?))
/// };
/// let rule = Rule::difference(Sign::Positive, 0.5)?;
/// let (clear, at_the_margin) = (gains(1.0)?, gains(0.55)?);
/// let judged = judge_all(&[(0, &clear, rule), (0, &at_the_margin, rule)])?;
/// assert_eq!(judged[0].verdict, Verdict::Reproduced);
/// assert_eq!(judged[1].verdict, Verdict::Undecided);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where a p value is none, which evidence that was checked when it was made does not give.
pub fn judge_all(tests: &[(usize, &Evidence, Rule)]) -> Result<Vec<Judged>, StudyError> {
    let findings: Vec<Finding> = tests.iter().map(|(_, evidence, rule)| evidence.against(*rule)).collect();
    let mut holm_p: Vec<Option<f64>> = vec![None; tests.len()];
    let mut families: Vec<usize> = tests.iter().map(|(family, ..)| *family).collect();
    families.sort_unstable();
    families.dedup();
    for family in families {
        let members: Vec<(usize, f64)> = (0..tests.len())
            .filter(|&at| tests[at].0 == family)
            .filter_map(|at| Some((at, findings[at].p?)))
            .collect();
        let p: Vec<f64> = members.iter().map(|&(_, p)| p).collect();
        for (&(at, _), adjusted) in members.iter().zip(holm(&p)?) {
            holm_p[at] = Some(adjusted);
        }
    }
    let tested: Vec<f64> = holm_p.iter().flatten().copied().collect();
    let mut q = benjamini_hochberg(&tested)?.into_iter();
    let judged = findings.into_iter().zip(holm_p).zip(tests).map(|((finding, holm_p), (_, evidence, rule))| {
        let q = holm_p.and_then(|_| q.next());
        let verdict = match q {
            None => Verdict::NotTested,
            Some(q) if q <= FALSE_DISCOVERY_RATE && evidence.ranks_agree(*rule, finding.leaning) => {
                finding.leaning
            }
            Some(_) => Verdict::Undecided,
        };
        Judged { finding, holm_p, q, verdict }
    });
    Ok(judged.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Replications, Sign};
    use proptest::prelude::*;

    fn evidence(values: Vec<f64>) -> Evidence {
        Evidence::Replications(Replications::independent(values).unwrap())
    }

    #[test]
    fn more_tests_ask_for_more() {
        let rule = Rule::difference(Sign::Positive, 0.0).unwrap();
        // p = 0.0156 by itself.
        let weak = evidence(vec![0.2, 0.5, 0.9, 0.4, 1.3, 0.1, 0.05, 0.3]);
        let alone = judge_all(&[(0, &weak, rule)]).unwrap().remove(0);
        assert_eq!(alone.verdict, Verdict::Reproduced);
        assert_eq!((alone.q, alone.holm_p), (alone.finding.p, alone.finding.p));
        let none = evidence(vec![0.5, -0.4, 0.3, -0.6, 0.2, -0.1, 0.4, -0.35]);
        let tests: Vec<(usize, &Evidence, Rule)> =
            [(0, &weak, rule)].into_iter().chain((0..4).map(|_| (0, &none, rule))).collect();
        let judged = judge_all(&tests).unwrap();
        assert!(judged[0].holm_p.unwrap() > 4.9 * judged[0].finding.p.unwrap());
        assert_eq!(judged[0].verdict, Verdict::Undecided);
        assert_eq!(judged[0].finding.verdict, Verdict::Reproduced);
        // What was not tested asks for nothing.
        let constant = evidence(vec![1.0; 8]);
        let tests: Vec<(usize, &Evidence, Rule)> =
            [(0, &weak, rule)].into_iter().chain((0..4).map(|_| (0, &constant, rule))).collect();
        let judged = judge_all(&tests).unwrap();
        assert_eq!((judged[0].q, judged[4].verdict), (alone.q, Verdict::NotTested));
        assert!(judge_all(&[]).unwrap().is_empty());
    }

    proptest! {
        /// No verdict is decided that its finding alone would not decide, and the order does not matter.
        #[test]
        fn corrections_only_take_away(
            sets in prop::collection::vec((0..3usize, prop::collection::vec(-1.0..1.5f64, 1..9)), 1..12),
            margin in 0.0..0.5f64,
        ) {
            let rule = Rule::difference(Sign::Positive, margin)?;
            let all: Vec<(usize, Evidence)> = sets.into_iter().map(|(of, values)| (of, evidence(values))).collect();
            let tests: Vec<_> = all.iter().map(|(family, evidence)| (*family, evidence, rule)).collect();
            let judged = judge_all(&tests)?;
            for one in &judged {
                prop_assert!(one.verdict == one.finding.verdict || one.verdict == Verdict::Undecided);
                prop_assert!(one.finding.verdict != Verdict::NotTested || one.verdict == Verdict::NotTested);
            }
            let reversed: Vec<_> = tests.iter().rev().copied().collect();
            let mut back = judge_all(&reversed)?;
            back.reverse();
            for (one, other) in judged.iter().zip(&back) {
                prop_assert_eq!(one.verdict, other.verdict);
            }
        }
    }
}
