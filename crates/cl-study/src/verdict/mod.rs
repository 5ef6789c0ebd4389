//! Claims judged by numbers: equality of what is printed, intervals for what is qualitative.

mod evidence;
mod report;
mod rule;
mod words;

use crate::{
    error::StudyError,
    statistics::{Interval, Paired},
};

pub use evidence::{Evidence, Finding};
pub use report::{FALSE_DISCOVERY_RATE, Judged, judge_all};
pub use rule::Rule;
pub use words::{Sign, Verdict};

/// A printed line against the one measured: every word equal, every number equal at the precision at which the
/// article prints it, whatever the spacing.
///
/// A measured number may have more digits or fewer: `0.510` is equalled by `0.51` and by `0.5102`. White space counts as one blank between words or numbers and as nothing beside punctuation and brackets, so
/// that `selected=  0/200` equals `selected=0/200` and `[0.  0.5 1. ]` equals `[0. 0.5 1.]`, while `1 2` and
/// `12` differ. Never undecided.
///
/// ```
/// use cl_study::{Verdict, verdict};
///
/// assert_eq!(verdict::printed("Easy examples: 155", "Easy examples: 185"), Verdict::NotReproduced);
/// assert_eq!(verdict::printed("[0.  0.5]", "[0. 0.5]"), Verdict::Reproduced);
/// ```
pub fn printed(article: &str, measured: &str) -> Verdict {
    let (article, measured) = (normalised(article), normalised(measured));
    let (article, measured) = (pieces(&article), pieces(&measured));
    let equal = |(article, measured): (&Piece<'_>, &Piece<'_>)| match (article, measured) {
        (Piece::Number(article), Piece::Number(measured)) => equal_as_printed(article, measured),
        (Piece::Words(article), Piece::Words(measured)) => article == measured,
        _ => false,
    };
    if article.len() == measured.len() && article.iter().zip(&measured).all(equal) {
        Verdict::Reproduced
    } else {
        Verdict::NotReproduced
    }
}

/// A part of a printed line.
enum Piece<'a> {
    Number(&'a str),
    Words(&'a str),
}

/// Cuts a line into its numbers and what stands between them.
fn pieces(line: &str) -> Vec<Piece<'_>> {
    let bytes = line.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let inside_word = at > start && bytes[at - 1].is_ascii_alphanumeric();
        let signed = bytes[at] == b'-' && digit(at + 1);
        if inside_word || !(signed || digit(at)) {
            at += 1;
            continue;
        }
        if at > start {
            pieces.push(Piece::Words(&line[start..at]));
        }
        start = at;
        at += usize::from(signed);
        while digit(at) || (bytes.get(at) == Some(&b'.') && !line[start..at].contains('.')) {
            at += 1;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
            let exponent = (at + 1 + sign..).take_while(|&at| digit(at)).count();
            at += if exponent > 0 { 1 + sign + exponent } else { 0 };
        }
        pieces.push(Piece::Number(&line[start..at]));
        start = at;
    }
    if start < line.len() {
        pieces.push(Piece::Words(&line[start..]));
    }
    pieces
}

/// Whether `measured` lies within half a unit of the last place that the article prints.
fn equal_as_printed(article: &str, measured: &str) -> bool {
    let mantissa = article.split(['e', 'E']).next().unwrap_or(article);
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len()) as i32;
    let exponent = article.split(['e', 'E']).nth(1).and_then(|digits| digits.parse::<i32>().ok()).unwrap_or(0);
    match (article.parse::<f64>(), measured.parse::<f64>()) {
        (Ok(article), Ok(measured)) => {
            (article - measured).abs() <= 0.5 * 10f64.powi(exponent - decimals) * (1.0 + 1e-9)
        }
        _ => article == measured,
    }
}

/// `text` with every run of white space as one blank, or as nothing where it stands beside punctuation or at
/// an end. A point, sign or exponent belongs to a number and is no punctuation here.
fn normalised(text: &str) -> String {
    let is_tight =
        |character: Option<char>| character.is_none_or(|character| "[](){}<>,;:=/|%".contains(character));
    let mut normalised = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !is_tight(normalised.chars().last()) && !is_tight(word.chars().next()) {
            normalised.push(' ');
        }
        normalised.push_str(word);
    }
    normalised
}

/// A claimed difference against the one measured over seeds, from its 95 % interval as [`difference`] judges it;
/// not tested by one seed.
///
/// `margin`: the smallest difference that would matter in practice, in units of the metric.
///
/// # Errors
/// Where the margin is negative or not finite.
pub fn effect(paired: &Paired, claimed: Sign, margin: f64) -> Result<Verdict, StudyError> {
    match paired.interval {
        Some(interval) => difference(interval, claimed, margin),
        None => Ok(Verdict::NotTested),
    }
}

/// A claimed difference from its interval:
///
/// ```text
/// the whole interval above  margin, on the claimed side   reproduced
/// the whole interval below -margin                        opposite
/// the whole interval within [-margin, margin]             no effect
/// otherwise                                               undecided
/// ```
///
/// An interval that lies within another gets the verdict of that, unless that was undecided: a narrower interval inside
/// may answer what was undecided, and never turns an answer into another. An interval that is the point 0 is no effect
/// with any margin.
///
/// ```
/// use cl_study::{Interval, Sign, Verdict, verdict::difference};
///
/// let judged = |low, high| difference(Interval { low, high }, Sign::Positive, 0.5);
/// assert_eq!(judged(0.2, 1.2)?, Verdict::Undecided);
/// assert_eq!(judged(0.6, 1.0)?, Verdict::Reproduced);
/// assert_eq!(judged(0.2, 0.4)?, Verdict::NoEffect);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where the margin is negative or not finite.
pub fn difference(interval: Interval, claimed: Sign, margin: f64) -> Result<Verdict, StudyError> {
    Ok(Rule::difference(claimed, margin)?.of(interval))
}

#[cfg(test)]
mod tests {
    use super::Verdict::*;
    use super::*;

    #[test]
    fn printing_ignores_the_spacing_of_numbers_alone() {
        for (article, measured, verdict) in [
            ("selected=  0/200, acc=0.995", "selected=0/200, acc=0.995", Reproduced),
            ("[0.  0.5 1. ]", "[0. 0.5 1.]", Reproduced),
            ("  w = [ 1.5  -2. ]\n", "w=[1.5 -2.]", Reproduced),
            ("1 2", "12", NotReproduced),
            ("1 -2", "1-2", NotReproduced),
            ("0.50", "0.5", Reproduced),
            ("0.5", "0.54", Reproduced),
            ("0.50", "0.51", NotReproduced),
            ("lambda=6.88", "lambda=6.89", NotReproduced),
            ("p1=2", "p1=2", Reproduced),
            ("p1=2", "p2=2", NotReproduced),
            ("-1.5e-3 s", "-0.0015 s", Reproduced),
            ("[0.0312 0.0   ]", "[0.0312 0]", Reproduced),
            ("1e", "1f", NotReproduced),
            ("1.", "1", Reproduced),
            ("acc=0.510", "acc=0.995", NotReproduced),
            ("", "", Reproduced),
        ] {
            assert_eq!(printed(article, measured), verdict, "{article:?} {measured:?}");
        }
    }

    #[test]
    fn effects_are_judged_by_their_interval() {
        for (differences, sign, verdict) in [
            (vec![1.0, 1.1, 0.9], Sign::Positive, Reproduced),
            (vec![1.0, 1.1, 0.9], Sign::Negative, Opposite),
            (vec![-1.0, -1.1, -0.9], Sign::Negative, Reproduced),
            (vec![-1.0, -1.1, -0.9], Sign::Positive, Opposite),
            (vec![0.001, -0.001, 0.002, -0.002], Sign::Positive, NoEffect),
            (vec![0.0, 0.0], Sign::Negative, NoEffect),
            (vec![1.0, -1.0, 2.0], Sign::Positive, Undecided),
            (vec![0.015, 0.02, 0.03], Sign::Positive, Undecided),
            (vec![5.0], Sign::Positive, NotTested),
        ] {
            let paired = Paired::of(differences).unwrap();
            assert_eq!(effect(&paired, sign, 0.01).unwrap(), verdict, "{paired:?}");
        }
        let paired = Paired::of(vec![0.004, 0.005, 0.006]).unwrap();
        assert_eq!(effect(&paired, Sign::Positive, 0.01).unwrap(), NoEffect, "too small to be worth naming");
        assert_eq!(effect(&paired, Sign::Negative, 0.001).unwrap(), Opposite);
        let paired = Paired::of(vec![0.0, 1.0]).unwrap();
        assert!(effect(&paired, Sign::Positive, -1.0).is_err());
        assert!(effect(&paired, Sign::Positive, f64::NAN).is_err());
    }

    #[test]
    fn words_are_the_same_in_print_and_json() {
        for verdict in Verdict::ALL {
            let json = serde_json::to_string(&verdict).unwrap();
            assert_eq!(json, format!("\"{verdict}\""));
            assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
        }
        assert_eq!(format!("{NotReproduced:>16}|"), "  not reproduced|");
    }
}
