//! The answer in four sentences, worded by the verdicts of the rows that were measured.

use cl_study::Verdict;

use super::{
    lacks::{Lacks, lacks},
    tally::{Words, count, tally},
};
use crate::{
    claim::{About, Judge, Part},
    verdicts::{Expected, Row},
};

/// What the report asks.
pub(super) const QUESTION: &str = "For this data, this model and this budget: is random order really the best you can \
                                   do, and which examples do you not need?";

/// How to read the numbers of the answer.
pub(super) const UNITS: &str = "Points are percentage points of test accuracy, of the largest decided difference, with \
                                its 95 % interval. Decided is what holds among all that was tested; what is undecided \
                                is not equal.";

/// What an order or a set of examples is.
const BETTER: Words = Words { reproduced: "better", not_reproduced: "worse" };

/// Is the article right about its own code, is random order the best, which examples can go, and what is left open?
pub(crate) fn answer(rows: &[Vec<Row<'_>>]) -> [String; 4] {
    let all: Vec<&Row<'_>> = rows.iter().flatten().collect();
    [printed(&all), order(&all), examples(&all), combination(&all, &Expected::of(rows))]
}

/// The rows of one claim.
fn of<'a>(all: &[&'a Row<'a>], id: &str) -> Vec<&'a Row<'a>> {
    all.iter().copied().filter(|row| row.claim.id == id).collect()
}

/// How many of the printed figures come from the code beside them.
fn printed(all: &[&Row<'_>]) -> String {
    let is_printed =
        |row: &&&Row<'_>| row.claim.about == About::Article && matches!(row.claim.judge, Judge::Printed { .. });
    let rows: Vec<&Row<'_>> = all.iter().filter(is_printed).copied().collect();
    let (own, others): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
        rows.into_iter().partition(|row| row.measured.part == Part::Article);
    let n = own.len();
    let false_ones: Vec<&&Row<'_>> = own.iter().filter(|row| row.verdict != Verdict::Reproduced).collect();
    let Some(first) = false_ones.first() else {
        return match n {
            0 => "No figure that the article prints was run.".into(),
            1 => "The one printed figure that was run comes from the article's code.".into(),
            _ => format!("All {n} printed figures that were run come from the article's code."),
        };
    };
    let is_mended = |row: &&&Row<'_>| {
        let id = row.claim.id;
        others.iter().any(|other| other.claim.id == id && other.verdict == Verdict::Reproduced)
    };
    let mended = match false_ones.iter().copied().filter(is_mended).count() {
        0 => String::new(),
        mended => format!("; a changed setting gives {mended} of the other {}", false_ones.len()),
    };
    let come = match (n, n - false_ones.len()) {
        (1, _) => "The one printed figure that was run does not come".to_owned(),
        (_, 0) => format!("Of {n} printed figures that were run, none comes"),
        (_, 1) => format!("Of {n} printed figures that were run, 1 comes"),
        (_, true_ones) => format!("Of {n} printed figures that were run, {true_ones} come"),
    };
    let (printed, given) = (first.claim.article, &first.measured.measurement);
    format!("{come} from the article's code: where it prints \"{printed}\", its code gives \"{given}\"{mended}.")
}

/// Whether any order beats a random one.
fn order(all: &[&Row<'_>]) -> String {
    let [usual, short, noise, control] =
        ["no-order", "short-time", "noise", "control"].map(|claim| of(all, &format!("orderings/{claim}")));
    let asked: Vec<&Row<'_>> = [&usual[..], &short, &noise].concat();
    if asked.is_empty() {
        return "Whether random order is the best was not measured in this run (experiment orderings).".into();
    }
    let is_beaten = count(&usual, Verdict::NotReproduced)
        + count(&short, Verdict::Reproduced)
        + count(&noise, Verdict::Reproduced)
        > 0;
    let is_open = count(&asked, Verdict::Undecided) + count(&asked, Verdict::NotTested) > 0;
    let lead = match (is_beaten, is_open) {
        (true, _) => "Random order is not always the best",
        (false, true) => "Whether random order can be beaten is not decided here",
        (false, false) => "No order beat a random one",
    };
    let no_better = Words { reproduced: "no better", not_reproduced: "better" };
    let mut clauses = Vec::new();
    for (rows, when, words) in [
        (&usual, "in standard and half time a chosen order is", no_better),
        (&short, "in short time easy first is", BETTER),
        (&noise, "under label noise easy first is", BETTER),
        (&control, "beside random order of the same pace it is", BETTER),
    ] {
        if !rows.is_empty() {
            clauses.push(format!("{when} {}", tally(rows, &words)));
        }
    }
    format!("{lead}: {}.", clauses.join("; "))
}

/// Which examples can go.
fn examples(all: &[&Row<'_>]) -> String {
    let claimed = of(all, "el2n/half").into_iter().filter(|row| row.verdict != Verdict::NotTested);
    let half: Vec<&Row<'_>> = claimed.chain(of(all, "el2n/half-elsewhere")).collect();
    let [least, forgotten] = ["el2n/crossover", "forgetting/can-go"].map(|claim| of(all, claim));
    let asked: Vec<&Row<'_>> = [&half[..], &forgotten].concat();
    if asked.is_empty() {
        return "Which examples can go was not measured in this run (experiments el2n and forgetting).".into();
    }
    let lead = if count(&asked, Verdict::Reproduced) > 0 {
        "Some examples can go without loss"
    } else if count(&asked, Verdict::NotReproduced) > 0 {
        "No part was shown to go without loss"
    } else {
        "Which examples can go without loss is not decided here"
    };
    let enough = Words { reproduced: "enough", not_reproduced: "not enough" };
    let mut clauses = Vec::new();
    for (rows, what, words) in [
        (&half, "the half of highest EL2N alone is", enough),
        (&forgotten, "what is forgotten most alone is", enough),
        (&least, "with least kept, random is, beside the hardest,", BETTER),
    ] {
        if !rows.is_empty() {
            clauses.push(format!("{what} {}", tally(rows, &words)));
        }
    }
    format!("{lead}: {}.", clauses.join("; "))
}

/// Whether the article's best strategy is the best, and what was left open and why.
fn combination(all: &[&Row<'_>], expected: &Expected) -> String {
    let both = of(all, "life-cycle/best");
    let open = left_open(all, expected);
    if both.is_empty() {
        return format!(
            "Whether combining both is the best was not measured in this run (experiment life-cycle); {open}."
        );
    }
    let is_better = count(&both, Verdict::Reproduced) > 0;
    let is_not = count(&both, Verdict::Opposite) + count(&both, Verdict::NoEffect) > 0;
    let lead = match (is_better, is_not) {
        (true, true) => "Combining both is the best in some settings and not in others",
        (true, false) => "Combining both is the best in some settings",
        (false, true) => "Combining both is not the best where that is decided",
        (false, false) => "Whether combining both is the best is not decided here",
    };
    format!("{lead}: it is {}; {open}.", tally(&both, &BETTER))
}

/// How much is decided, and what the rest lacks.
fn left_open(all: &[&Row<'_>], &Expected { tested, decided, .. }: &Expected) -> String {
    if tested == 0 {
        return "nothing with chance in it was judged".into();
    }
    let open: Vec<Lacks> = all.iter().filter_map(|row| lacks(row)).collect();
    let mut needed: Vec<u64> =
        open.iter().filter_map(|lack| if let Lacks::Repetitions(n) = lack { Some(*n) } else { None }).collect();
    needed.sort_unstable();
    let half =
        needed.get(needed.len() / 2).map_or(String::new(), |half| format!(" (half of them {half} or more)"));
    let how_many = |which: Lacks| open.iter().filter(|lack| **lack == which).count();
    let reasons = [
        (needed.len(), format!("need more repetitions{half}")),
        (how_many(Lacks::Data), "need more data".to_owned()),
        (how_many(Lacks::Certainty), "hold by themselves but not among all".to_owned()),
        (how_many(Lacks::Cases), "have too few cases".to_owned()),
    ];
    let reasons = reasons.into_iter().filter(|(n, _)| *n > 0).map(|(n, reason)| format!("{n} {reason}"));
    let of_all = format!("{decided} of {tested} measurements with an interval are decided");
    match reasons.collect::<Vec<String>>() {
        none if none.is_empty() => of_all,
        reasons => format!("{of_all}, of the others {}", reasons.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use cl_study::{Evidence, Finding, Interval, Judged, Replications};

    use super::*;
    use crate::{
        claim::{Claim, Measurement},
        experiment::Measured,
    };

    const fn claim(id: &'static str, about: About, judge: Judge) -> Claim {
        Claim { id, place: "", article: "acc=0.510", about, judge }
    }

    const MARGIN: f64 = 0.005;
    const DIFFERENCE: Judge = Judge::Positive { quantity: "accuracy", margin: MARGIN };
    const AT_MOST: Judge = Judge::Within { quantity: "accuracy", low: f64::NEG_INFINITY, high: MARGIN };
    const AT_LEAST: Judge = Judge::Within { quantity: "accuracy", low: -MARGIN, high: f64::INFINITY };
    static PRINT: Claim = claim("t/print", About::Article, Judge::Printed { text: "acc=0.510" });
    static NO_ORDER: Claim = claim("orderings/no-order", About::Training, AT_MOST);
    static SHORT: Claim = claim("orderings/short-time", About::Training, DIFFERENCE);
    static NOISE: Claim = claim("orderings/noise", About::Training, DIFFERENCE);
    static HALF: Claim = claim("el2n/half-elsewhere", About::Training, AT_LEAST);
    static CAN_GO: Claim = claim("forgetting/can-go", About::Training, AT_LEAST);
    static BEST: Claim = claim("life-cycle/best", About::Training, DIFFERENCE);

    /// A row with this verdict and, where it is a number, an estimate of so many points.
    fn told(of: &[(&'static Claim, Part, Verdict, f64)]) -> [String; 4] {
        let values = |points: f64| {
            Replications::independent([-0.5, 0.5, 0.1, -0.1].map(|z| (points + z) / 100.0).to_vec()).unwrap()
        };
        let measured: Vec<Measured> = of
            .iter()
            .map(|&(claim, part, _, points)| Measured {
                claim: claim.id,
                part,
                conditions: String::new(),
                measurement: match claim.judge {
                    Judge::Printed { .. } => Measurement::text("acc=0.995"),
                    _ => Measurement::Sampled { evidence: Evidence::Replications(values(points)) },
                },
            })
            .collect();
        let row = |(measured, &(claim, _, verdict, points)): (_, &(&'static Claim, Part, Verdict, f64))| {
            let interval = Some(Interval { low: points / 100.0 - 0.01, high: points / 100.0 + 0.01 });
            let finding = Finding {
                estimate: points / 100.0,
                interval,
                rank_interval: None,
                p: Some(0.5),
                verdict,
                leaning: verdict,
                why: None,
            };
            let judged = (!matches!(claim.judge, Judge::Printed { .. })).then_some(Judged {
                finding,
                holm_p: Some(0.5),
                q: Some(0.5),
                verdict,
            });
            Row { claim, measured, verdict, judged, note: String::new() }
        };
        answer(&[measured.iter().zip(of).map(row).collect()])
    }

    #[test]
    fn what_was_not_run_is_said() {
        let [printed, order, examples, combination] = told(&[]);
        assert_eq!(printed, "No figure that the article prints was run.");
        assert!(order.contains("not measured in this run (experiment orderings)"), "{order}");
        assert!(examples.contains("not measured in this run (experiments el2n and forgetting)"), "{examples}");
        assert!(combination.contains("(experiment life-cycle); nothing with chance in it was judged."));
    }

    #[test]
    fn printed_figures_are_counted() {
        let article = |verdict| (&PRINT, Part::Article, verdict, 0.0);
        assert_eq!(
            told(&[article(Verdict::Reproduced), article(Verdict::Reproduced)])[0],
            "All 2 printed figures that were run come from the article's code."
        );
        let one = told(&[article(Verdict::Reproduced), article(Verdict::NotReproduced)]);
        assert_eq!(
            one[0],
            "Of 2 printed figures that were run, 1 comes from the article's code: where it prints \"acc=0.510\", its \
             code gives \"acc=0.995\"."
        );
        let changed = (&PRINT, Part::Changed, Verdict::Reproduced, 0.0);
        let mended = told(&[article(Verdict::NotReproduced), changed]);
        assert!(
            mended[0].starts_with("The one printed figure that was run does not come from the article's code: ")
        );
        assert!(mended[0].ends_with("\"; a changed setting gives 1 of the other 1."), "{}", mended[0]);
    }

    #[test]
    fn the_order_is_worded_by_its_verdicts() {
        let real = |claim, verdict, points| (claim, Part::Real, verdict, points);
        let order = |of: &[_]| told(of)[1].clone();
        assert_eq!(
            order(&[
                real(&NO_ORDER, Verdict::Reproduced, -0.3),
                real(&NOISE, Verdict::Reproduced, 8.0),
                real(&NOISE, Verdict::Undecided, 12.0),
            ]),
            "Random order is not always the best: in standard and half time a chosen order is no better in the only \
             comparison (-0.3 points [-1.3, +0.7]); under label noise easy first is better in 1 of 2 comparisons, \
             undecided in 1 (+8.0 points [+7.0, +9.0])."
        );
        let none = order(&[real(&NO_ORDER, Verdict::Reproduced, -0.3), real(&SHORT, Verdict::Opposite, -4.0)]);
        assert!(none.starts_with("No order beat a random one: "), "{none}");
        assert!(
            none.contains("in short time easy first is worse in the only comparison (-4.0 points ["),
            "{none}"
        );
        assert_eq!(
            order(&[real(&SHORT, Verdict::Undecided, 1.0), real(&SHORT, Verdict::Undecided, -2.0)]),
            "Whether random order can be beaten is not decided here: in short time easy first is undecided in all 2 \
             comparisons."
        );
        let beaten = order(&[real(&NO_ORDER, Verdict::NotReproduced, 2.0)]);
        assert!(
            beaten.starts_with("Random order is not always the best")
                && beaten.contains("is better in the only comparison")
        );
    }

    #[test]
    fn examples_that_can_go_are_worded_by_their_verdicts() {
        let examples = |of: &[(&'static Claim, Verdict)]| {
            let rows: Vec<_> = of.iter().map(|&(claim, verdict)| (claim, Part::Real, verdict, -3.0)).collect();
            told(&rows)[2].clone()
        };
        let some = examples(&[(&HALF, Verdict::Reproduced), (&CAN_GO, Verdict::NotReproduced)]);
        assert!(some.starts_with("Some examples can go without loss: the half of highest EL2N alone is enough"));
        assert!(
            some.contains("what is forgotten most alone is not enough in the only comparison (-3.0 points ["),
            "{some}"
        );
        let none = examples(&[(&HALF, Verdict::NotReproduced), (&CAN_GO, Verdict::NotTested)]);
        assert!(
            none.starts_with("No part was shown to go without loss")
                && none.contains("not tested in the only comparison")
        );
        assert!(examples(&[(&HALF, Verdict::Undecided)]).starts_with("Which examples can go without loss is not"));
    }

    #[test]
    fn the_combination_is_worded_by_its_verdicts() {
        let lead = |verdicts: &[Verdict]| {
            let rows: Vec<_> = verdicts.iter().map(|&verdict| (&BEST, Part::Real, verdict, 1.0)).collect();
            told(&rows)[3].split(':').next().map(str::to_owned)
        };
        for (verdicts, expected) in [
            (
                &[Verdict::Reproduced, Verdict::Opposite][..],
                "Combining both is the best in some settings and not in others",
            ),
            (&[Verdict::Reproduced, Verdict::Undecided], "Combining both is the best in some settings"),
            (&[Verdict::NoEffect, Verdict::Undecided], "Combining both is not the best where that is decided"),
            (&[Verdict::Undecided, Verdict::NotTested], "Whether combining both is the best is not decided here"),
        ] {
            assert_eq!(lead(verdicts).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_left_open_says_why() {
        let combination = |of: &[(Verdict, f64)]| {
            let rows: Vec<_> = of.iter().map(|&(verdict, points)| (&BEST, Part::Real, verdict, points)).collect();
            told(&rows)[3].clone()
        };
        assert_eq!(
            combination(&[(Verdict::Reproduced, 8.0)]),
            "Combining both is the best in some settings: it is better in the only comparison (+8.0 points [+7.0, \
             +9.0]); 1 of 1 measurements with an interval are decided."
        );
        // At half a point, the margin, no number of repetitions tells; at 0.6 points some dozens do, and at 8 these.
        let open = combination(&[(Verdict::Undecided, 0.5), (Verdict::Undecided, 0.6), (Verdict::Undecided, 8.0)]);
        let (_, why) =
            open.split_once("; 0 of 3 measurements with an interval are decided, of the others ").unwrap();
        let needed: String = why.chars().filter(char::is_ascii_digit).collect();
        assert!(
            why.starts_with("1 need more repetitions (half of them ")
                && why.contains(" or more), 1 need more data, 1 hold")
        );
        assert!((4..7).contains(&needed.len()), "1, a number of one to three digits, 1 and 1: {why}");
    }
}
