//! Verdicts on everything that was measured, computed together: how many claims were tested decides what each takes.

use std::collections::HashMap;

use anyhow::Result;
use cl_study::{
    Evidence, Interval, Judged, Replications, Rule, Verdict,
    verdict::{self, FALSE_DISCOVERY_RATE, judge_all},
};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part, significant},
    experiment::{Measured, Outcome},
};

/// A measurement with its verdict.
pub struct Row<'a> {
    /// The claim.
    pub claim: &'static Claim,
    /// What was measured.
    pub measured: &'a Measured,
    /// The verdict.
    pub verdict: Verdict,
    /// What it rests on, where chance has a part in it.
    pub judged: Option<Judged>,
    /// Why it was not tested, what an undecided one would take, and which repetitions stand apart; empty where there is
    /// nothing to say.
    pub note: String,
}

impl Row<'_> {
    /// The verdict in words: about what it is where that is not what the claim is about.
    pub fn in_words(&self) -> String {
        match (self.claim.about, self.measured.part) {
            _ if self.verdict == Verdict::NotTested => self.verdict.to_string(),
            (About::Article, Part::Changed) => format!("{}, as changed", self.verdict),
            (About::Article, Part::Real) => format!("{}, elsewhere", self.verdict),
            _ => self.verdict.to_string(),
        }
    }
}

/// Every measurement of every experiment, by experiment.
///
/// # Errors
/// Where evidence is none, which that of experiments is not.
pub fn rows(outcomes: &[Outcome]) -> Result<Vec<Vec<Row<'_>>>> {
    let all: Vec<Vec<(&'static Claim, &Measured)>> =
        outcomes.iter().map(|outcome| outcome.judged().collect()).collect();
    // A claim's conditions are a family.
    let mut families: HashMap<&str, usize> = HashMap::new();
    let mut tests: Vec<(usize, &Evidence, Rule)> = Vec::new();
    for (claim, measured) in all.iter().flatten() {
        if let Some((evidence, rule)) = sampled(claim, measured) {
            let next = families.len();
            tests.push((*families.entry(claim.id).or_insert(next), evidence, rule));
        }
    }
    let mut judged = judge_all(&tests)?.into_iter();
    let row = |(claim, measured): (&'static Claim, _)| {
        let judged = sampled(claim, measured).and_then(|_| judged.next());
        let verdict = match &judged {
            Some(judged) => judged.verdict,
            None => without_chance(claim, measured),
        };
        let note = note(claim, measured, verdict, judged.as_ref());
        Row { claim, measured, verdict, judged, note }
    };
    let mut row = row;
    Ok(all.into_iter().map(|of| of.into_iter().map(&mut row).collect()).collect())
}

/// What has chance in it and a rule to be judged by, on data that the claim is about.
fn sampled<'a>(claim: &Claim, measured: &'a Measured) -> Option<(&'a Evidence, Rule)> {
    match (&measured.measurement, claim.judge.rule()) {
        (Measurement::Sampled { evidence }, Some(rule)) if missing(claim, measured).is_none() => {
            Some((evidence, rule))
        }
        _ => None,
    }
}

/// The data that a claim is about, and what would test it, where it was measured on others.
fn missing(claim: &Claim, measured: &Measured) -> Option<(&'static str, &'static str)> {
    match claim.about {
        About::Data { name, tested_by } if !measured.conditions.contains(name) => Some((name, tested_by)),
        _ => None,
    }
}

fn without_chance(claim: &Claim, measured: &Measured) -> Verdict {
    if missing(claim, measured).is_some() {
        return Verdict::NotTested;
    }
    match (&claim.judge, &measured.measurement, claim.judge.rule()) {
        (Judge::Printed { text }, Measurement::Text { text: own }, _) => verdict::printed(text, own),
        (_, Measurement::Number { value }, Some(rule)) => rule.at(*value),
        // A text where a number was claimed says why there is none.
        _ => Verdict::NotTested,
    }
}

fn note(claim: &Claim, measured: &Measured, verdict: Verdict, judged: Option<&Judged>) -> String {
    if let Some((name, tested_by)) = missing(claim, measured) {
        return format!("the claim is about {name}: {tested_by} would test it");
    }
    let Some(judged) = judged else { return String::new() };
    let mut notes: Vec<String> = judged.finding.why.iter().cloned().collect();
    let (Measurement::Sampled { evidence }, Some(rule)) = (&measured.measurement, claim.judge.rule()) else {
        return notes.join("; ");
    };
    if verdict == Verdict::Undecided {
        notes.extend(why_undecided(judged));
        match evidence {
            Evidence::Replications(values) => notes.push(power(values, rule)),
            Evidence::LeastOf { others } => {
                // The one that comes closest decides.
                let closest = others.iter().min_by(|a, b| a.mean().total_cmp(&b.mean()));
                notes.extend(closest.map(|closest| format!("of the closest, {}", power(closest, rule))));
            }
            _ => {}
        }
    }
    if let Evidence::Replications(values) = evidence {
        notes.extend(apart(values, &claim.judge));
    }
    notes.join("; ")
}

/// What stands in the way where the interval by itself would decide.
fn why_undecided(judged: &Judged) -> Option<String> {
    let finding = &judged.finding;
    if finding.verdict != Verdict::Undecided {
        return Some(format!("{} by itself, undecided among all that was tested", finding.verdict));
    }
    (finding.p <= Some(0.05)).then(|| match finding.rank_interval {
        Some(Interval { low, high }) => {
            format!("the rank-based interval [{}, {}] does not say so", significant(low), significant(high))
        }
        None => "too few repetitions for a rank-based interval".to_owned(),
    })
}

/// What the repetitions could have seen by themselves, and how many would decide.
fn power(values: &Replications, rule: Rule) -> String {
    let range = values.scale().range();
    let seen = rule
        .bounds()
        .into_iter()
        .rev()
        .find(|bound| bound.is_finite())
        .and_then(|bound| values.least_detectable(bound).filter(|seen| *seen < range.high).map(significant));
    let seen =
        seen.map_or("nothing would have been seen".to_owned(), |seen| format!("{seen} would have been seen"));
    let bounds = rule.bounds_of_part(values.mean()).into_iter().filter(|bound| bound.is_finite());
    let needed = bounds.map(|bound| values.needed(bound)).try_fold(0, |most: u64, needed| Some(most.max(needed?)));
    let needed = match needed {
        Some(needed) if needed <= values.values().len() as u64 => {
            "these repetitions decide it by itself".to_owned()
        }
        Some(needed) => format!("{needed} repetitions would decide it by itself"),
        None if values.test_to_train() > 0.0 => "no number of splits of these data would decide".to_owned(),
        None => "no number of repetitions up to a million would decide".to_owned(),
    };
    format!("{seen}; {needed}")
}

/// Repetitions that stand apart, by number from 0, and what the others say.
fn apart(values: &Replications, judge: &Judge) -> Option<String> {
    let apart = values.collapses(judge.margin());
    if apart.is_empty() {
        return None;
    }
    let named: Vec<String> =
        apart.iter().take(5).map(|&at| format!("{at}: {}", significant(values.values()[at]))).collect();
    let more = if apart.len() > 5 { ", ..." } else { "" };
    let rest = values.without(&apart).map(|rest| format!("; without: {}", Measurement::replicated(rest)));
    Some(format!(
        "{} of {} far out ({}{more}){}",
        apart.len(),
        values.values().len(),
        named.join(", "),
        rest.unwrap_or_default()
    ))
}

/// How many verdicts rest on intervals, and how many of them may be false.
pub struct Expected {
    /// Measurements with an interval.
    pub tested: usize,
    /// Those of them that are decided.
    pub decided: usize,
    /// How many of these are expected to be false, at most.
    pub false_verdicts: f64,
}

impl Expected {
    /// Of all rows.
    pub fn of(rows: &[Vec<Row<'_>>]) -> Self {
        let tested = || rows.iter().flatten().filter(|row| row.judged.as_ref().is_some_and(|j| j.q.is_some()));
        let decided = tested().filter(|row| row.verdict != Verdict::Undecided).count();
        Self { tested: tested().count(), decided, false_verdicts: FALSE_DISCOVERY_RATE * decided as f64 }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::experiment::{Experiment, Findings};

    const SIGN: Claim = claim("t/sign", About::Training, Judge::Positive { quantity: "difference", margin: 0.1 });
    const RANGE: Claim =
        claim("t/range", About::Training, Judge::Within { quantity: "share", low: 0.3, high: 0.4 });
    const TEXT: Claim = claim("t/text", About::Article, Judge::Printed { text: "acc=0.510" });
    const CIFAR: Claim =
        claim("t/cifar", About::CIFAR_10, Judge::Within { quantity: "share", low: 0.3, high: 0.4 });

    const fn claim(id: &'static str, about: About, judge: Judge) -> Claim {
        Claim { id, place: "", article: "", about, judge }
    }

    static TEST: Experiment = Experiment {
        id: "t",
        section: "",
        question: "",
        claims: &[SIGN, RANGE, TEXT, CIFAR],
        run: |_| Ok(Findings::default()),
    };

    fn judged(claim: Claim, part: Part, conditions: &str, measurement: Measurement) -> (Verdict, String, String) {
        let mut findings = Findings::default();
        findings.measure(claim.id, part, conditions, measurement);
        let outcome = Outcome { experiment: &TEST, findings: Ok(findings), took: Duration::ZERO };
        let outcomes = [outcome];
        let rows = rows(&outcomes).unwrap();
        let row = &rows[0][0];
        (row.verdict, row.in_words(), row.note.clone())
    }

    fn spread(mean: f64, by: f64) -> Measurement {
        Measurement::over_seeds(&[-1.0, 1.0, 0.3, -0.3, 0.6, -0.6].map(|z| mean + by * z)).unwrap()
    }

    #[test]
    fn verdicts_follow_from_judge_and_measurement() {
        for (claim, measurement, verdict) in [
            (SIGN, spread(0.3, 0.05), Verdict::Reproduced),
            (SIGN, spread(0.3, 0.5), Verdict::Undecided),
            (SIGN, spread(-0.3, 0.05), Verdict::Opposite),
            (SIGN, spread(0.05, 0.02), Verdict::NoEffect),
            (SIGN, spread(0.1, 0.02), Verdict::Undecided),
            (SIGN, Measurement::Number { value: 0.0 }, Verdict::NoEffect),
            (SIGN, Measurement::text("0.5 of one pair"), Verdict::NotTested),
            (SIGN, Measurement::over_seeds(&[0.5]).unwrap(), Verdict::NotTested),
            (SIGN, Measurement::over_splits(&[0.5; 9], 0.25).unwrap(), Verdict::NotTested),
            (RANGE, spread(0.35, 0.01), Verdict::Reproduced),
            (RANGE, spread(0.2, 0.05), Verdict::NotReproduced),
            (RANGE, spread(0.3, 0.05), Verdict::Undecided),
            (RANGE, Measurement::Number { value: 0.3 }, Verdict::Reproduced),
            (RANGE, Measurement::undefined("constant"), Verdict::NotTested),
            (TEXT, Measurement::undefined("constant"), Verdict::NotTested),
            (TEXT, Measurement::text("acc=0.51"), Verdict::Reproduced),
            (TEXT, Measurement::text("acc=0.511"), Verdict::NotReproduced),
        ] {
            let told = format!("{claim:?} {measurement:?}");
            assert_eq!(judged(claim, Part::Real, "", measurement).0, verdict, "{told}");
        }
    }

    #[test]
    fn a_verdict_says_what_it_is_about() {
        let text = || Measurement::text("acc=0.51");
        assert_eq!(judged(TEXT, Part::Article, "", text()).1, "reproduced");
        assert_eq!(judged(TEXT, Part::Changed, "", text()).1, "reproduced, as changed");
        let (verdict, _, note) = judged(CIFAR, Part::Real, "UCI digits", spread(0.9, 0.01));
        assert_eq!(verdict, Verdict::NotTested);
        assert!(note.contains("cifar-10-batches-bin/"), "{note}");
        assert_eq!(judged(CIFAR, Part::Real, "CIFAR-10, 500 images", spread(0.9, 0.01)).0, Verdict::NotReproduced);
    }

    #[test]
    fn undecided_says_what_would_decide() {
        let note = judged(SIGN, Part::Real, "", spread(0.3, 0.5)).2;
        assert!(note.contains(" would have been seen; ") && note.contains("repetitions would decide"), "{note}");
        let shared = Measurement::over_splits(&[0.1, 0.3, 0.2, -0.1, 0.25, 0.05], 0.5).unwrap();
        let note = judged(SIGN, Part::Real, "", shared).2;
        assert!(note.contains("no number of splits of these data would decide"), "{note}");
        let collapsed = [0.5, 0.6, 0.4, 0.5, 0.55, 0.45, 0.5, 0.52, 0.48, -9.0];
        let note = judged(SIGN, Part::Real, "", Measurement::over_seeds(&collapsed).unwrap()).2;
        assert!(note.contains("1 of 10 far out (9: -9); without: 0.5 ["), "{note}");
    }
}
