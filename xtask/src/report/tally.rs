//! How comparisons came out, in words with numbers.

use cl_study::{Interval, Verdict};

use crate::verdicts::Row;

/// What each verdict says of a subject, as in "the subject is WORD".
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) reproduced: &'static str,
    pub(super) not_reproduced: &'static str,
}

impl Words {
    fn of(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Reproduced => self.reproduced,
            Verdict::NotReproduced | Verdict::Opposite => self.not_reproduced,
            Verdict::NoEffect => "no different",
            Verdict::Undecided => "undecided",
            Verdict::NotTested => "not tested",
        }
    }
}

/// Of these rows, how many have this verdict.
pub(super) fn count(rows: &[&Row<'_>], verdict: Verdict) -> usize {
    rows.iter().filter(|row| row.verdict == verdict).count()
}

/// What the rows say, each verdict with its count, as in "better in 2 of 5 comparisons, undecided in 3"; and the largest
/// of the decided differences in percentage points.
pub(super) fn tally(rows: &[&Row<'_>], words: &Words) -> String {
    let n = rows.len();
    let counts: Vec<(&str, usize)> = Verdict::ALL
        .into_iter()
        .map(|verdict| (words.of(verdict), count(rows, verdict)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let text = match counts[..] {
        [(word, 1)] => format!("{word} in the only comparison"),
        [(word, n)] => format!("{word} in all {n} comparisons"),
        _ => {
            let mut of = format!(" of {n} comparisons");
            let counted =
                counts.iter().map(|(word, count)| format!("{word} in {count}{}", std::mem::take(&mut of)));
            counted.collect::<Vec<String>>().join(", ")
        }
    };
    largest_decided(rows).map_or(text.clone(), |largest| format!("{text} ({largest})"))
}

/// The largest of the decided differences.
fn largest_decided(rows: &[&Row<'_>]) -> Option<String> {
    let decided = rows.iter().filter(|row| !matches!(row.verdict, Verdict::Undecided | Verdict::NotTested));
    let of = |row: &Row<'_>| row.measured.measurement.estimate().map_or(-1.0, f64::abs);
    // Of equal ones the first.
    let largest = decided.rev().max_by(|a, b| of(a).total_cmp(&of(b)))?;
    let estimate = largest.measured.measurement.estimate()?;
    Some(points(estimate, largest.judged.as_ref().and_then(|judged| judged.finding.interval)))
}

/// A difference of shares in percentage points.
fn points(difference: f64, interval: Option<Interval>) -> String {
    // Adding 0.0 to what was rounded lets no -0.0 be printed.
    let shown = |share: f64| format!("{:+.1}", (1000.0 * share).round() / 10.0 + 0.0);
    match interval {
        Some(Interval { low, high }) => {
            format!("{} points [{}, {}]", shown(difference), shown(low), shown(high))
        }
        None => format!("{} points", shown(difference)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_points() {
        let interval = Some(Interval { low: -0.000_4, high: 0.161 });
        assert_eq!(points(0.080_16, interval), "+8.0 points [+0.0, +16.1]");
        assert_eq!(points(-0.26, None), "-26.0 points");
    }
}
