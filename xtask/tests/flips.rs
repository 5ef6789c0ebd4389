//! The verdict hangs on the data: of each kind of judge, real claims are given results under which they are reproduced, by
//! every kind of evidence, and then the same results turned over.

use std::time::Duration;

use cl_study::{Evidence, Paired, Quiet, Replications, Scale, StudyError, Verdict};
use xtask::claim::{About, Claim, Judge, Measurement, Part};
use xtask::experiment::{Context, Experiment, FIRST_SEED, Findings, Measured, Outcome};
use xtask::experiments::ALL;
use xtask::verdicts::rows;

use Verdict::{NotReproduced, Opposite, Reproduced};

fn claims() -> impl Iterator<Item = &'static Claim> {
    ALL.iter().flat_map(|experiment| experiment.claims)
}

/// The verdict on a claim of which this alone was measured, on the data that it is about.
fn verdict(claim: &'static Claim, measurement: Measurement) -> Verdict {
    let experiment: &'static Experiment =
        ALL.iter().copied().find(|experiment| experiment.claims.iter().any(|own| own.id == claim.id)).unwrap();
    let conditions = match claim.about {
        About::Data { name, .. } => name,
        About::Article | About::Training => "made results",
    };
    let mut findings = Findings::default();
    findings.measure(claim.id, Part::Real, conditions, measurement);
    let outcomes = [Outcome { experiment, findings: Ok(findings), took: Duration::ZERO }];
    rows(&outcomes).unwrap()[0][0].verdict
}

#[track_caller]
fn flips(claim: &'static Claim, before: Measurement, after: Measurement, expected: [Verdict; 2]) {
    let told = format!("{claim:?}: {before:?}, {after:?}");
    assert_eq!([verdict(claim, before), verdict(claim, after)], expected, "{told}");
}

/// Repetitions about `centre`, none farther from it than `reach`.
fn spread(centre: f64, reach: f64) -> Vec<f64> {
    [-1.0, 0.6, -0.3, 0.1, -0.1, 0.3, -0.6, 1.0].map(|z| centre + reach * z).to_vec()
}

fn sampled(evidence: Result<Evidence, StudyError>) -> Measurement {
    Measurement::Sampled { evidence: evidence.unwrap() }
}

fn least_of(centres: [f64; 3], reach: f64) -> Measurement {
    let other = |centre| Replications::independent(spread(centre, reach));
    sampled(centres.into_iter().map(other).collect::<Result<Vec<_>, _>>().and_then(Evidence::least_of))
}

/// Each digit of a printed line in turn becomes the next one.
fn misprints(text: &str) -> Vec<String> {
    let digits = text.char_indices().filter(|(_, character)| character.is_ascii_digit());
    digits
        .map(|(at, digit)| {
            let next = (digit as u8 - b'0' + 1) % 10;
            format!("{}{next}{}", &text[..at], &text[at + 1..])
        })
        .collect()
}

#[test]
fn any_printed_digit_that_changes_flips_a_printed_claim() {
    let mut n = 0;
    for claim in claims() {
        let Judge::Printed { text } = claim.judge else { continue };
        let misprints = misprints(text);
        assert!(!misprints.is_empty(), "{text}");
        for misprint in misprints {
            let [before, after] = [text, misprint.as_str()].map(Measurement::text);
            flips(claim, before, after, [Reproduced, NotReproduced]);
        }
        n += 1;
    }
    assert!(n >= 10, "{n} claims");
}

#[test]
fn arms_that_are_exchanged_turn_a_difference_into_its_opposite() {
    let mut n = 0;
    for claim in claims() {
        let Judge::Positive { margin, .. } = claim.judge else { continue };
        assert!(margin < 0.9, "{}: what follows is of shares", claim.id);
        // In the middle between the margin and 1, and not near either.
        let (centre, reach) = ((1.0 + margin) / 2.0, (1.0 - margin) / 16.0);
        let number = |value| Measurement::Number { value };
        flips(claim, number(centre), number(-centre), [Reproduced, Opposite]);

        let control = spread(0.4, 0.05);
        let treatment: Vec<f64> = spread(centre, reach).iter().zip(&control).map(|(d, c)| d + c).collect();
        let arms = Paired::between(&treatment, &control).unwrap().differences;
        let exchanged = Paired::between(&control, &treatment).unwrap().differences;
        let of = |differences: &[f64]| Measurement::over_seeds(differences).unwrap();
        flips(claim, of(&arms), of(&exchanged), [Reproduced, Opposite]);
        let of = |differences: &[f64]| Measurement::over_splits(differences, 0.25).unwrap();
        flips(claim, of(&arms), of(&exchanged), [Reproduced, Opposite]);

        let negated = |values: &[f64]| values.iter().map(|value| -value).collect::<Vec<f64>>();
        let values = spread(centre, reach);
        let on = |values: &[f64], scale: Scale| Measurement::over_seeds(values).unwrap().on(scale).unwrap();
        let of = |values: &[f64]| on(values, Scale::Correlation);
        flips(claim, of(&values), of(&negated(&values)), [Reproduced, Opposite]);
        // A share s of the time saved is a ratio of 1 - s, and the exchanged one of 1 / (1 - s).
        let slower: Vec<f64> = values.iter().map(|saved| 1.0 - 1.0 / (1.0 - saved)).collect();
        let of = |values: &[f64]| on(values, Scale::Saving);
        flips(claim, of(&values), of(&slower), [Reproduced, Opposite]);

        let better = least_of([centre; 3], reach);
        flips(claim, better.clone(), least_of([-centre; 3], reach), [Reproduced, Opposite]);
        // Worse than one of the others is worse than the best of them.
        flips(claim, better, least_of([centre, -centre, centre], reach), [Reproduced, Opposite]);

        let signs = |above| sampled(Evidence::signs(above, 200));
        flips(claim, signs(199), signs(1), [Reproduced, Opposite]);
        let correlation = |rho| sampled(Evidence::rank_correlation(rho, 400));
        flips(claim, correlation(centre), correlation(-centre), [Reproduced, Opposite]);
        n += 1;
    }
    assert!(n >= 20, "{n} claims");
}

/// A value that bears a claim out, how far it may move, one that does not, and how far that one may.
struct Values {
    inside: f64,
    room: f64,
    outside: f64,
    outside_room: f64,
}

impl Values {
    /// In the range, and beyond the bound that has more room, of a quantity from `least` to `most`; none where the room is
    /// less than `needed`.
    fn of([low, high]: [f64; 2], [least, most]: [f64; 2], needed: f64) -> Option<Self> {
        let (below, above) = (low - least, most - high);
        let [low, high] = [low.max(least), high.min(most)];
        let (outside, outside_room) = match below >= above {
            true => (low - below / 2.0, below / 2.0),
            false => (high + above / 2.0, above / 2.0),
        };
        let room = (high - low) / 2.0;
        (room.min(outside_room) > needed).then_some(Self {
            inside: (low + high) / 2.0,
            room,
            outside,
            outside_room,
        })
    }
}

/// Ends for a quantity that has none: as far from the bounds as they are from one another, or 1 where there is one.
fn plain([low, high]: [f64; 2]) -> [f64; 2] {
    let reach = if (high - low).is_finite() { high - low } else { 1.0 };
    [
        if low.is_finite() { low } else { high } - 2.0 * reach,
        if high.is_finite() { high } else { low } + 2.0 * reach,
    ]
}

/// How many claims were flipped by each kind of evidence.
#[derive(Debug, Default)]
struct Flipped {
    numbers: usize,
    replications: usize,
    shares: usize,
    correlations: usize,
    savings: usize,
    least_of: usize,
    trials: usize,
    signs: usize,
    rank_correlations: usize,
}

/// By every kind of evidence for which the range has room.
fn moved_out(claim: &'static Claim, range: [f64; 2], flipped: &mut Flipped) {
    let flip = |before, after| flips(claim, before, after, [Reproduced, NotReproduced]);
    let [low, high] = range;
    // An end belongs to the range, and what is beyond it does not: to the next number.
    for (end, beyond) in
        [(low, low.next_down()), (high, high.next_up())].into_iter().filter(|(end, _)| end.is_finite())
    {
        flip(Measurement::Number { value: end }, Measurement::Number { value: beyond });
    }
    flipped.numbers += 1;

    let replications = |values: &Values| {
        [spread(values.inside, values.room / 8.0), spread(values.outside, values.outside_room / 8.0)]
    };
    if let Some(values) = Values::of(range, plain(range), 0.0) {
        let [inside, outside] = replications(&values);
        let of = |values: &[f64]| Measurement::over_seeds(values).unwrap();
        flip(of(&inside), of(&outside));
        let of = |values: &[f64]| Measurement::over_splits(values, 0.25).unwrap();
        flip(of(&inside), of(&outside));
        flipped.replications += 1;

        let Values { inside, room, outside, outside_room } = values;
        let reach = room.min(outside_room) / 8.0;
        let within = least_of([inside; 3], reach);
        flip(within.clone(), least_of([outside; 3], reach));
        // The least decides, and no other.
        if outside < inside {
            flip(within, least_of([inside, outside, inside], reach));
        } else {
            assert_eq!(verdict(claim, least_of([inside, outside, inside], reach)), Reproduced, "{claim:?}");
        }
        flipped.least_of += 1;
    }

    let on = |scale: Scale, [least, most]: [f64; 2]| {
        let Some(values) = Values::of(range, [least, most], 1e-3) else { return 0 };
        let [inside, outside] = replications(&values);
        let of = |values: &[f64]| Measurement::over_seeds(values).unwrap().on(scale).unwrap();
        flip(of(&inside), of(&outside));
        1
    };
    flipped.shares += on(Scale::Share, [0.0, 1.0]);
    flipped.correlations += on(Scale::Correlation, [-1.0, 1.0]);
    flipped.savings += on(Scale::Saving, [-1.0, 1.0]);

    // So many that the room is three standard errors at least.
    const N: u64 = 2_000;
    if let Some(Values { inside, outside, .. }) = Values::of(range, [0.0, 1.0], 0.04) {
        let of = |share: f64| sampled(Evidence::trials((share * N as f64).round() as u64, N));
        flip(of(inside), of(outside));
        flipped.trials += 1;
    }
    if let Some(Values { inside, outside, .. }) = Values::of(range, [-1.0, 1.0], 0.12) {
        let of = |value: f64| sampled(Evidence::signs(((value + 1.0) / 2.0 * N as f64).round() as u64, N));
        flip(of(inside), of(outside));
        flipped.signs += 1;
        let of = |rho| sampled(Evidence::rank_correlation(rho, N));
        flip(of(inside), of(outside));
        flipped.rank_correlations += 1;
    }
}

/// Every claim of a range, with one bound or with two, and how many of them each kind of evidence flipped.
fn ranges(has_two_bounds: bool) -> Flipped {
    let mut flipped = Flipped::default();
    for claim in claims() {
        if let Judge::Within { low, high, .. } = claim.judge
            && (low.is_finite() && high.is_finite()) == has_two_bounds
        {
            moved_out(claim, [low, high], &mut flipped);
        }
    }
    flipped
}

#[test]
fn what_is_moved_out_of_a_range_of_two_bounds_is_not_reproduced() {
    let Flipped {
        numbers,
        replications,
        shares,
        correlations,
        savings,
        least_of,
        trials,
        signs,
        rank_correlations,
    } = ranges(true);
    let each = [replications, shares, correlations, savings, least_of, trials, signs, rank_correlations];
    assert!(numbers >= 10 && each.into_iter().all(|n| n > 0), "{numbers} {each:?}");
}

#[test]
fn what_is_moved_beyond_a_single_bound_is_not_reproduced() {
    let flipped = ranges(false);
    assert!(flipped.numbers >= 5 && flipped.replications >= 5 && flipped.least_of >= 5, "{flipped:?}");
    // The claims that have one are of accuracies, shares and differences of them: there is room on either side.
    assert!(flipped.shares > 0 && flipped.correlations > 0 && flipped.savings > 0, "{flipped:?}");
    assert!(flipped.trials > 0 && flipped.signs > 0 && flipped.rank_correlations > 0, "{flipped:?}");
}

/// What an experiment measured, turned over: a text that was reproduced with a digit changed, and any other as the article
/// prints it; a number on the other side of its bound; differences between exchanged arms.
fn turned_over(claim: &Claim, measured: &Measured, before: Verdict) -> Measurement {
    match (&measured.measurement, claim.judge) {
        (Measurement::Text { .. }, Judge::Printed { text }) if before == Reproduced => {
            Measurement::text(misprints(text).remove(0))
        }
        (Measurement::Text { .. }, Judge::Printed { text }) => Measurement::text(text),
        (Measurement::Number { .. }, Judge::Within { low, high, .. }) => {
            let outside = Values::of([low, high], plain([low, high]), 0.0).unwrap();
            Measurement::Number { value: if before == Reproduced { outside.outside } else { outside.inside } }
        }
        (Measurement::Sampled { evidence: Evidence::Replications(values) }, Judge::Positive { .. }) => {
            assert_eq!(values.scale(), Scale::Plain);
            let exchanged: Vec<f64> = values.values().iter().map(|value| -value).collect();
            Measurement::over_splits(&exchanged, values.test_to_train()).unwrap()
        }
        (other, _) => other.clone(),
    }
}

/// From end to end: an experiment is run, and its results turned over.
#[test]
fn an_experiment_whose_results_are_turned_over_has_the_other_verdicts() {
    let experiment: &'static Experiment =
        ALL.iter().copied().find(|experiment| experiment.id == "clusters").unwrap();
    let journals = tempfile::tempdir().unwrap();
    let context = Context {
        seeds: (FIRST_SEED..FIRST_SEED + 6).collect(),
        jobs: None,
        quick: true,
        full: false,
        data_dir: None,
        journals: journals.path().to_path_buf(),
        progress: &Quiet,
    };
    let outcome = |findings| [Outcome { experiment, findings: Ok(findings), took: Duration::ZERO }];
    let before = outcome((experiment.run)(&context).unwrap());
    let before = rows(&before).unwrap().remove(0);

    let mut findings = Findings::default();
    for row in &before {
        let measurement = turned_over(row.claim, row.measured, row.verdict);
        findings.measured.push(Measured { measurement, ..row.measured.clone() });
    }
    let after = outcome(findings);
    let after = rows(&after).unwrap().remove(0);
    assert_eq!(before.len(), after.len());
    let mut turned = Vec::new();
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.claim.id, after.claim.id);
        let expected = match (&before.measured.measurement, before.claim.judge, before.verdict) {
            (Measurement::Text { .. } | Measurement::Number { .. }, _, Reproduced) => NotReproduced,
            (Measurement::Text { .. } | Measurement::Number { .. }, _, NotReproduced) => Reproduced,
            (_, Judge::Positive { .. }, Reproduced) => Opposite,
            (_, Judge::Positive { .. }, Opposite) => Reproduced,
            // What is undecided, or without effect, is so either way.
            (.., verdict) => verdict,
        };
        assert_eq!(after.verdict, expected, "{}: {:?}", after.claim.id, after.measured);
        turned.push((before.claim.id, before.verdict, after.verdict));
    }
    for expected in [
        ("clusters/counts", NotReproduced, Reproduced),
        ("clusters/counts", Reproduced, NotReproduced),
        ("clusters/scale", Reproduced, NotReproduced),
        ("clusters/precise-surface", Reproduced, Opposite),
    ] {
        assert!(turned.contains(&expected), "{expected:?} is not in {turned:?}");
    }
}
