//! How it was measured and judged, and what of it was decided when results had been seen: the report's end.

use super::size::Size;
use crate::{
    claim::Claim,
    verdicts::{Expected, Row},
};

/// The method in paragraphs of Markdown.
pub(super) fn method(rows: &[Vec<Row<'_>>], size: Size) -> Vec<String> {
    let Expected { tested, decided, false_verdicts } = Expected::of(rows);
    let n_seeds = size.n_seeds;
    let mut paragraphs = vec![
        "Verdicts are computed from the measurements and the rule stated with each claim. A difference is reproduced \
         where what its interval allows lies above the margin, opposite where it lies below minus the margin, no effect \
         where it lies between, and undecided otherwise; a number is reproduced inside its range and not reproduced \
         outside. Not tested is what could not be measured, or was measured on other data than the claim is about."
            .to_owned(),
        format!(
            "A number with brackets is an estimate with its interval. Intervals are 95 % over {n_seeds} repetitions \
             unless the conditions say otherwise. Where repetitions cut the same data anew, intervals are widened for \
             what they share (Nadeau and Bengio 2003); correlations are averaged by Fisher's z, ratios of times by \
             their logarithms. A verdict is decided where p values, corrected for the conditions of a claim (Holm) and \
             for all that is tested here (Benjamini and Hochberg), are at most 0.05 and, where values of repetitions \
             are averaged, a rank-based interval (Hodges and Lehmann) says the same. Of {tested} measurements with an \
             interval {decided} are decided, of which at most {false_verdicts:.1} are expected to be false. `cargo \
             xtask calibrate` shows that these rules keep what they promise, on data of known truth."
        ),
        "Intervals in figures and in tables other than those of measurements are Student's over the repetitions shown: \
         they say how runs on these data spread, and are not widened for what splits share."
            .to_owned(),
    ];
    paragraphs.extend(size.in_words().map(str::to_owned));
    paragraphs
}

/// What was chosen when results had been seen, before the claims of which that is so.
pub(super) const CHOSEN_AFTER: &str = "The rule for differences and how verdicts are corrected were decided after \
                                       results had been seen, and so was what stands with these claims; the \
                                       repetitions judged here were run after that.";

/// The claims among these rows of which something was decided after results had been seen, and what.
pub(super) fn decided_after(rows: &[Vec<Row<'_>>]) -> Vec<(&'static Claim, &'static str)> {
    let mut claims: Vec<(&'static Claim, &'static str)> = Vec::new();
    for row in rows.iter().flatten() {
        if let Some(what) = row.claim.decided_after()
            && claims.last().is_none_or(|(last, _)| last.id != row.claim.id)
        {
            claims.push((row.claim, what));
        }
    }
    claims
}
