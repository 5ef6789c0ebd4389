use cl_study::{Evidence, Interval, Judged, Replications, Rule, Sign, StudyError, verdict::judge_all};

use super::decision::Decision;

/// The gains of one arm over another, repetition by repetition, in the unit of the metric; positive where the arm is better.
#[derive(Debug, Clone)]
pub(crate) struct Gains {
    /// Which others it is corrected for first: those with the same number.
    pub(crate) family: usize,
    /// Whether its arm was chosen before any of these gains was seen.
    pub(crate) chosen: bool,
    /// One per repetition.
    pub(crate) values: Vec<f64>,
}

/// By what gains are judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// The largest difference that is not worth naming.
    pub(crate) margin: f64,
    /// Examples tested on for each other one, where each repetition cuts the same data anew; else 0.
    pub(crate) test_to_train: f64,
}

/// Gains among all others that are judged with them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct JudgedGain {
    /// Their mean.
    pub(crate) mean: f64,
    /// Its 95 % interval, by itself.
    pub(crate) interval: Option<Interval>,
    /// The least gain that would have been found better in four of five such comparisons.
    pub(crate) detectable: Option<f64>,
    /// The p value, corrected for all that is judged with it.
    pub(crate) p: Option<f64>,
    /// What is said of them.
    pub(crate) decision: Decision,
}

/// The share of false verdicts that is allowed.
pub(crate) const FALSE_VERDICTS: f64 = 0.05;

/// Judges the gains of arms that were chosen before, and apart from them all others, at half each of the false verdicts that are
/// allowed: what was chosen by other numbers is not corrected for what it was chosen from.
pub(crate) fn judge_in_halves(gains: &[Gains], terms: Terms) -> Result<Vec<JudgedGain>, StudyError> {
    let of = |chosen: bool| {
        let these: Vec<&Gains> = gains.iter().filter(|gains| gains.chosen == chosen).collect();
        judge_together(&these, terms, FALSE_VERDICTS / 2.0).map(Vec::into_iter)
    };
    let (mut chosen, mut others) = (of(true)?, of(false)?);
    // Each half has one per member, in order.
    Ok(gains.iter().filter_map(|gains| if gains.chosen { chosen.next() } else { others.next() }).collect())
}

/// Judges gains at once, so that a share of at most `false_verdicts` of what is decided is expected to be false: within a family
/// by Holm, over families by Benjamini and Hochberg; and a rank-based interval must say the same. One for each, in order.
pub(crate) fn judge_together(
    gains: &[&Gains],
    terms: Terms,
    false_verdicts: f64,
) -> Result<Vec<JudgedGain>, StudyError> {
    let rule = Rule::difference(Sign::Positive, terms.margin)?;
    let evidence: Vec<Option<Evidence>> =
        gains.iter().map(|gains| evidence(&gains.values, terms)).collect::<Result<_, _>>()?;
    let sound: Vec<(usize, &Evidence, Rule)> = gains
        .iter()
        .zip(&evidence)
        .filter_map(|(gains, evidence)| Some((gains.family, evidence.as_ref()?, rule)))
        .collect();
    let mut judged = judge_all(&sound)?.into_iter();
    let of = |(of_pair, evidence): (&&Gains, &Option<Evidence>)| {
        let judged = evidence.as_ref().and_then(|_| judged.next());
        let n_beside = gains.iter().filter(|other| other.family == of_pair.family).count();
        let detectable = match evidence {
            Some(Evidence::Replications(values)) => {
                values.least_detectable_at(terms.margin, 1.0 - false_verdicts / n_beside.max(1) as f64)
            }
            _ => None,
        };
        JudgedGain {
            mean: mean(&of_pair.values),
            interval: evidence.as_ref().and_then(|evidence| evidence.interval(0.95)),
            detectable,
            p: judged.as_ref().and_then(|judged: &Judged| judged.q),
            decision: judged.map_or(Decision::NotTested, |judged| match judged.q {
                Some(q) if q > false_verdicts => Decision::Undecided,
                _ => judged.verdict.into(),
            }),
        }
    };
    Ok(gains.iter().zip(&evidence).map(of).collect())
}

/// Gains as evidence; none where one of them is no number.
fn evidence(gains: &[f64], terms: Terms) -> Result<Option<Evidence>, StudyError> {
    let sound = !gains.is_empty() && gains.iter().all(|gain| gain.is_finite());
    let replications = || Replications::resplit(gains.to_vec(), terms.test_to_train);
    sound.then(|| replications().map(Evidence::Replications)).transpose()
}

/// The 95 % interval of the mean of an arm's own values; none where one is no number, or all are the same.
pub(crate) fn interval_of(values: &[f64], test_to_train: f64) -> Result<Option<Interval>, StudyError> {
    match values.iter().all(|value| value.is_finite()) && !values.is_empty() {
        true => Ok(Replications::resplit(values.to_vec(), test_to_train)?.interval(0.95)),
        false => Ok(None),
    }
}

/// The mean.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { margin: 0.1, test_to_train: 0.0 };

    fn gains(family: usize, chosen: bool, of: f64) -> Gains {
        let values = [1.0, 1.4, 0.7, 1.2, 0.8, 1.1, 0.9].map(|gain| of * gain).to_vec();
        Gains { family, chosen, values }
    }

    #[test]
    fn halves_are_judged_as_if_the_other_were_not_there() {
        let all = [gains(0, false, 1.0), gains(0, true, 0.2), gains(1, false, -1.0), gains(1, true, 0.05)];
        let judged = judge_in_halves(&all, TERMS).unwrap();
        for (chosen, places) in [(false, [0, 2]), (true, [1, 3])] {
            let of_half: Vec<&Gains> = all.iter().filter(|gains| gains.chosen == chosen).collect();
            let alone = judge_together(&of_half, TERMS, 0.025).unwrap();
            assert_eq!(places.map(|at| judged[at]).to_vec(), alone);
        }
        let decisions: Vec<Decision> = judged.iter().map(|judged| judged.decision).collect();
        assert_eq!(&decisions[..3], [Decision::Better, Decision::Better, Decision::Worse]);
    }

    /// With half of the false verdicts a gain must be larger to be found, and what has a p value of 3 % is not.
    #[test]
    fn fewer_false_verdicts_ask_for_more() {
        let weak = Gains { family: 0, chosen: false, values: vec![0.11, 0.12, 0.14, 0.3, 0.5, 0.2, 0.35, 0.13] };
        let [whole, half] = [0.05, 0.025].map(|share| judge_together(&[&weak], TERMS, share).unwrap()[0]);
        assert!(whole.p.unwrap() > 0.025 && whole.p.unwrap() < 0.05, "{whole:?}");
        assert_eq!((whole.decision, half.decision), (Decision::Better, Decision::Undecided));
        assert!(half.detectable.unwrap() > whole.detectable.unwrap() && half.interval == whole.interval);
    }
}
