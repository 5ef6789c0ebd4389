use cl_data::Ids;
use cl_difficulty::{ConfidentLearning, IssueFilter, normalized_margin};
use cl_study::{Evidence, Progress};
use serde::Serialize;

use super::{
    held_out::{Asked, CrossValidation, HeldOut},
    sentence::{CannotSay, Sentence},
};
use crate::{error::LabError, problem::Problem};

/// The share of wrong labels, by models that have not seen the example, and on what the estimate rests.
///
/// ```text
/// confident learning    the rate that the confident joint implies (Northcutt, Jiang and Chuang 2021)
/// the surest half       of the examples predicted to be of a class the half that the model is surest of, by p_1 - p_2; what
///                       share of them bears another label; the mean over classes, weighted by how many are predicted of each
/// rate                  the mean of the two; where confident learning's lies above the surest half's interval, the surest
///                       half's: confident learning counts hard examples as wrong, and the surest half holds few of those
/// low, high             the hull of confident learning's 95 % intervals of all rounds and the surest half's exact one; low
///                       also not above the surest quarter's exact lower end, and 0 where the classes overlap
/// overlap               the surest quarter's exact upper end is below all that confident learning allows: disagreement goes
///                       on falling with certainty, as that over hard examples does and that over wrong labels does not
/// ```
///
/// Suspect are the labels that confident learning flags (for each pair of label i and class j the Q_ij examples of the largest
/// p_j - p_i), and where these are fewer than the rate says, those of the lowest margins for which models predict another class.
///
/// Models are tuned by the log loss of validation parts, labels as they are, so that they do not learn wrong ones by heart. In
/// the second round they are trained without what the first one found suspect. It cannot be said where they avoid less than a
/// tenth of the errors that guessing the largest class makes (by the lower end of the accuracy's exact interval).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noise {
    /// Why there is no estimate.
    pub cannot_say: Option<CannotSay>,
    /// The estimate, a share.
    pub rate: Option<f64>,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The level of the interval.
    pub level: f64,
    /// As many labels are wrong by the estimate.
    pub expected_wrong: Option<usize>,
    /// How many labels are suspect.
    pub suspects: usize,
    /// Whether classes overlap so that hard examples and wrong labels cannot be told apart.
    pub overlap: bool,
    /// Confident learning's estimate of the last round.
    pub confident_learning: Option<Rate>,
    /// Disagreement where the model is surest.
    pub surest_half: Option<Rate>,
    /// Disagreement where it is surer still.
    pub surest_quarter: Option<Rate>,
    /// On what it rests.
    pub rests_on: Option<RestsOn>,
}

/// A share with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// The estimate.
    pub rate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How good the models are that labels are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RestsOn {
    /// Examples that were asked of.
    pub examples: usize,
    /// The share of labels that the models predict.
    pub accuracy: f64,
    /// The lower end of its exact 95 % interval.
    pub accuracy_low: f64,
    /// The share of labels that guessing the largest class predicts.
    pub guessing: f64,
    /// The share of the errors of guessing that the models avoid: (accuracy - guessing) / (1 - guessing).
    pub avoided: f64,
    /// Whether the models had not seen what they were asked.
    pub held_out: bool,
    /// Rounds.
    pub rounds: usize,
}

/// A label that is probably wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suspect {
    /// The example.
    pub id: String,
    /// Its label.
    pub given: String,
    /// The class that the models hold most probable.
    pub suggested: String,
    /// The normalised margin: 0 where another class is certain, 1/2 where it is as probable as the label.
    pub margin: f64,
    /// The probability of the label.
    pub self_confidence: f64,
}

/// Below this share of avoided errors models say nothing of labels.
pub(super) const LEAST_AVOIDED: f64 = 0.1;

const LEVEL: f64 = 0.95;

/// Resamples behind confident learning's interval.
const N_RESAMPLES: usize = 1000;

/// Which examples probabilities are of, and under which names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labelled<'a> {
    pub(super) labels: &'a [usize],
    pub(super) ids: &'a Ids,
    pub(super) class_names: &'a [String],
}

impl Labelled<'_> {
    fn class(&self, class: usize) -> String {
        self.class_names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }
}

/// What one round says.
struct Round {
    learned: Rate,
    issues: Vec<bool>,
}

impl Round {
    fn of(probabilities: &[f64], labels: &[usize], n_classes: usize) -> Result<Self, LabError> {
        let learned = ConfidentLearning::fit(probabilities, labels, n_classes)?;
        let issues = learned.issues(probabilities, labels, IssueFilter::PruneByNoiseRate)?;
        let rate = learned.noise_rate(N_RESAMPLES, LEVEL, 0)?;
        Ok(Self { learned: Rate { rate: rate.estimate, low: rate.low, high: rate.high }, issues })
    }
}

impl Noise {
    /// By models that have not seen the example, and what they say of it in the last round.
    pub(super) fn of(
        problem: &Problem,
        validation: &CrossValidation<'_>,
        n_rounds: usize,
        progress: &dyn Progress,
    ) -> Result<(Self, Vec<Suspect>, HeldOut), LabError> {
        let data = problem.data();
        let labelled = Labelled { labels: data.labels(), ids: data.ids(), class_names: data.class_names() };
        let mut held_out = validation.held_out(Asked::all(problem), None, progress)?;
        let mut rounds = vec![Round::of(&held_out.probabilities, data.labels(), data.n_classes())?];
        for _ in 1..n_rounds {
            let suspect = rounds.last().map_or(&[][..], |round| &round.issues);
            let kept: Vec<bool> = suspect.iter().map(|suspect| !suspect).collect();
            held_out = validation.held_out(Asked::all(problem), Some(&kept), progress)?;
            rounds.push(Round::of(&held_out.probabilities, data.labels(), data.n_classes())?);
        }
        let (noise, suspects) = Self::judged(&held_out.probabilities, &labelled, &rounds, true)?;
        Ok((noise, suspects, held_out))
    }

    /// By probabilities from elsewhere.
    pub(super) fn of_probabilities(
        probabilities: &[f64],
        labelled: &Labelled<'_>,
        n_classes: usize,
        held_out: bool,
    ) -> Result<(Self, Vec<Suspect>), LabError> {
        let round = Round::of(probabilities, labelled.labels, n_classes)?;
        Self::judged(probabilities, labelled, &[round], held_out)
    }

    fn judged(
        probabilities: &[f64],
        labelled: &Labelled<'_>,
        rounds: &[Round],
        held_out: bool,
    ) -> Result<(Self, Vec<Suspect>), LabError> {
        let labels = labelled.labels;
        let c = probabilities.len() / labels.len().max(1);
        let rests_on = RestsOn::of(probabilities, labels, c, held_out, rounds.len())?;
        let avoided_low = (rests_on.accuracy_low - rests_on.guessing) / (1.0 - rests_on.guessing);
        let last = rounds.last().map(|round| (round.learned, &round.issues));
        let (learned, issues) = match last {
            Some((learned, issues)) if avoided_low >= LEAST_AVOIDED => (learned, issues),
            _ => {
                let why = Sentence::new("models predict ")
                    .percent("/noise/rests_on/accuracy", rests_on.accuracy)
                    .words(" of the labels, guessing the largest class ")
                    .percent("/noise/rests_on/guessing", rests_on.guessing)
                    .words(", so that they cannot tell a wrong label from a right one");
                let needed = Sentence::new("features that tell the classes apart, or more examples");
                let noise = Self { rests_on: Some(rests_on), ..Self::unknown(CannotSay::new(why, needed)) };
                return Ok((noise, Vec::new()));
            }
        };
        let [half, quarter] = [0.5, 0.25].map(|share| surest(probabilities, labels, c, share));
        let (half, quarter) = (half?, quarter?);
        let hull = |end: fn(&Rate) -> f64, pick: fn(f64, f64) -> f64, start: f64| {
            rounds.iter().map(|round| end(&round.learned)).fold(start, pick)
        };
        let learned_low = hull(|rate| rate.low, f64::min, 1.0);
        let learned_high = hull(|rate| rate.high, f64::max, 0.0);
        let overlap = quarter.high < learned_low;
        let rate = match () {
            // Where classes overlap only what disagrees among the surest is told from hard examples.
            () if overlap => quarter.rate,
            () if learned.rate > half.high => half.rate,
            () => (learned.rate + half.rate) / 2.0,
        };
        let n_wrong = (rate * labels.len() as f64).round() as usize;
        let low = if overlap { 0.0 } else { learned_low.min(half.low).min(quarter.low) };
        let suspects = suspects(probabilities, labelled, c, issues, n_wrong);
        let noise = Self {
            cannot_say: None,
            rate: Some(rate),
            low: Some(low.min(rate)),
            high: Some(learned_high.max(half.high).max(rate)),
            level: LEVEL,
            expected_wrong: Some(n_wrong),
            suspects: suspects.len(),
            overlap,
            confident_learning: Some(learned),
            surest_half: Some(half),
            surest_quarter: Some(quarter),
            rests_on: Some(rests_on),
        };
        Ok((noise, suspects))
    }

    /// Where there is no estimate.
    pub(super) fn unknown(cannot_say: CannotSay) -> Self {
        Self {
            cannot_say: Some(cannot_say),
            rate: None,
            low: None,
            high: None,
            level: LEVEL,
            expected_wrong: None,
            suspects: 0,
            overlap: false,
            confident_learning: None,
            surest_half: None,
            surest_quarter: None,
            rests_on: None,
        }
    }

    /// In words.
    pub(super) fn sentences(&self, suspects: &[Suspect]) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        if let Some(cannot_say) = &self.cannot_say {
            sentences.push(cannot_say.sentence());
            return sentences;
        }
        if let (Some(rate), Some(low), Some(high)) = (self.rate, self.low, self.high) {
            let wrong = self.expected_wrong.unwrap_or(0);
            let mut sentence = Sentence::new("By estimate ")
                .percent("/noise/rate", rate)
                .words(" of the labels are wrong (")
                .whole_percent("/noise/level", self.level)
                .words(" interval ")
                .percent("/noise/low", low)
                .words(" to ")
                .percent("/noise/high", high)
                .words("), ")
                .count("/noise/expected_wrong", wrong);
            if let Some(rests_on) = &self.rests_on {
                sentence = sentence.words(" of ").count("/noise/rests_on/examples", rests_on.examples);
            }
            sentences.push(sentence.words("."));
        }
        if let (true, Some(quarter), Some(learned)) =
            (self.overlap, &self.surest_quarter, &self.confident_learning)
        {
            sentences.push(
                Sentence::new(
                    "The classes overlap, so that hard examples look like wrong labels: where models are \
                     surest ",
                )
                .percent("/noise/surest_quarter/rate", quarter.rate)
                .words(" of the labels are others, over all ")
                .percent("/noise/confident_learning/rate", learned.rate)
                .words("; there may be no wrong label at all."),
            );
        }
        if let Some(rests_on) = &self.rests_on {
            let models = match rests_on.held_out {
                true => "It rests on models that had not seen the example, and predict ",
                false => {
                    "It rests on models that were trained on the examples, so that it may be too low; they predict "
                }
            };
            sentences.push(
                Sentence::new(models)
                    .percent("/noise/rests_on/accuracy", rests_on.accuracy)
                    .words(" of the labels (guessing the largest class: ")
                    .percent("/noise/rests_on/guessing", rests_on.guessing)
                    .words(")."),
            );
        }
        let shown = suspects.iter().take(N_SHOWN);
        let mut sentence = Sentence::new("Suspect labels: ").count("/noise/suspects", self.suspects);
        for (at, suspect) in shown.enumerate() {
            let of = |name: &str| format!("/suspects/{at}/{name}");
            sentence = sentence
                .words(if at == 0 { "; the most suspect: " } else { ", " })
                .name(of("id"), &suspect.id)
                .words(" (")
                .name(of("given"), &suspect.given)
                .words(", rather ")
                .name(of("suggested"), &suspect.suggested)
                .words(")");
        }
        sentences.push(sentence.words("."));
        sentences
    }
}

/// Suspects on the page.
const N_SHOWN: usize = 10;

impl RestsOn {
    fn of(
        probabilities: &[f64],
        labels: &[usize],
        c: usize,
        held_out: bool,
        rounds: usize,
    ) -> Result<Self, LabError> {
        let n = labels.len();
        let right = probabilities.chunks_exact(c).zip(labels).filter(|(p, label)| likeliest(p) == **label).count();
        let mut counts = vec![0usize; c];
        labels.iter().for_each(|&label| counts[label] += 1);
        let guessing = counts.iter().copied().max().unwrap_or(0) as f64 / n as f64;
        let accuracy = right as f64 / n as f64;
        let interval = Evidence::trials(right as u64, n as u64)?.interval(LEVEL);
        Ok(Self {
            examples: n,
            accuracy,
            accuracy_low: interval.map_or(0.0, |interval| interval.low),
            guessing,
            // Where all are of one class there is nothing to avoid.
            avoided: if guessing < 1.0 { (accuracy - guessing) / (1.0 - guessing) } else { 0.0 },
            held_out,
            rounds,
        })
    }
}

/// The first of the most probable classes.
fn likeliest(p: &[f64]) -> usize {
    (0..p.len()).fold(0, |best, class| if p[class] > p[best] { class } else { best })
}

/// How much more probable the most probable class is than the next.
fn certainty(p: &[f64], likeliest: usize) -> f64 {
    let others = p.iter().enumerate().filter(|(class, _)| *class != likeliest);
    p[likeliest] - others.map(|(_, &p)| p).fold(0.0, f64::max)
}

/// The share of labels that are others among the examples that models are surest of, `share` of those predicted to be of each
/// class; weighted by these, with the exact interval of as many trials.
fn surest(probabilities: &[f64], labels: &[usize], c: usize, share: f64) -> Result<Rate, LabError> {
    let mut of_class: Vec<Vec<(f64, usize)>> = vec![Vec::new(); c];
    for (example, p) in probabilities.chunks_exact(c).enumerate() {
        let class = likeliest(p);
        of_class[class].push((certainty(p, class), example));
    }
    let (mut rate, mut n_others, mut n_asked) = (0.0, 0, 0);
    for (class, mut members) in of_class.into_iter().enumerate().filter(|(_, members)| !members.is_empty()) {
        // Of equally sure ones the first.
        members.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let asked = ((share * members.len() as f64).ceil() as usize).max(1);
        let others = members[..asked].iter().filter(|(_, example)| labels[*example] != class).count();
        rate += members.len() as f64 / labels.len() as f64 * others as f64 / asked as f64;
        n_others += others;
        n_asked += asked;
    }
    let interval = Evidence::trials(n_others as u64, n_asked as u64)?.interval(LEVEL);
    let (low, high) = interval.map_or((0.0, 1.0), |interval| (interval.low, interval.high));
    Ok(Rate { rate, low: low.min(rate), high: high.max(rate) })
}

/// What is flagged, and at least `n_wrong` where models predict as many others; the most suspect first: the lowest normalised
/// margin, of equal ones the lowest probability.
fn suspects(
    probabilities: &[f64],
    labelled: &Labelled<'_>,
    c: usize,
    issues: &[bool],
    n_wrong: usize,
) -> Vec<Suspect> {
    let p = |example: usize| &probabilities[example * c..][..c];
    let margin = |example: usize| normalized_margin(p(example), labelled.labels[example]);
    let sorted = |wanted: &dyn Fn(usize) -> bool| {
        let mut examples: Vec<usize> = (0..labelled.labels.len()).filter(|&example| wanted(example)).collect();
        let own = |example: usize| p(example)[labelled.labels[example]];
        examples.sort_by(|&a, &b| margin(a).total_cmp(&margin(b)).then(own(a).total_cmp(&own(b))));
        examples
    };
    let n_flagged = issues.iter().filter(|&&issue| issue).count();
    let denied = sorted(&|example| !issues[example] && likeliest(p(example)) != labelled.labels[example]);
    let mut suspect = issues.to_vec();
    denied.into_iter().take(n_wrong.saturating_sub(n_flagged)).for_each(|example| suspect[example] = true);
    let of = |example: usize| {
        let label = labelled.labels[example];
        Suspect {
            id: labelled.ids.get(example).unwrap_or_default().into_owned(),
            given: labelled.class(label),
            suggested: labelled.class(likeliest(p(example))),
            margin: margin(example),
            self_confidence: p(example)[label],
        }
    };
    sorted(&|example| suspect[example]).into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes, every tenth label the other one, models sure of the right class.
    #[test]
    fn what_sure_models_deny_is_wrong() {
        let n = 400;
        let truth: Vec<usize> = (0..n).map(|example| example % 2).collect();
        let labels: Vec<usize> = (0..n).map(|example| truth[example] ^ usize::from(example % 10 == 0)).collect();
        let sure = |example: usize| 0.9 + 0.09 * ((example * 37) % 101) as f64 / 101.0;
        let probabilities: Vec<f64> = (0..n)
            .flat_map(|example| {
                if truth[example] == 0 {
                    [sure(example), 1.0 - sure(example)]
                } else {
                    [1.0 - sure(example), sure(example)]
                }
            })
            .collect();
        let names: Vec<String> = ["no", "yes"].map(String::from).to_vec();
        let ids = Ids::range(n);
        let labelled = Labelled { labels: &labels, ids: &ids, class_names: &names };
        let (noise, suspects) = Noise::of_probabilities(&probabilities, &labelled, 2, false).unwrap();
        let (rate, low, high) = (noise.rate.unwrap(), noise.low.unwrap(), noise.high.unwrap());
        assert!((rate - 0.1).abs() < 0.03 && low <= 0.1 && 0.1 <= high, "{noise:?}");
        let wrong: Vec<usize> = suspects.iter().map(|suspect| suspect.id.parse().unwrap()).collect();
        assert!(wrong.iter().all(|example| example % 10 == 0) && wrong.len() > 30, "{wrong:?}");
        assert!(suspects.windows(2).all(|pair| pair[0].margin <= pair[1].margin));
        assert!(!noise.overlap && noise.sentences(&suspects)[1].text.contains("trained on the examples"));
    }

    /// The label is right as often as the model says: hard examples, no wrong label.
    #[test]
    fn what_gets_rarer_with_certainty_may_be_none() {
        let n = 2000;
        let certainty = |example: usize| 0.5 + 0.5 * (example as f64 + 0.5) / n as f64;
        let labels: Vec<usize> = (0..n)
            .map(|example| usize::from(((example * 7919) % 1009) as f64 / 1009.0 >= certainty(example)))
            .collect();
        let probabilities: Vec<f64> =
            (0..n).flat_map(|example| [certainty(example), 1.0 - certainty(example)]).collect();
        // The other class as well, mirrored.
        let both =
            [probabilities.clone(), probabilities.chunks_exact(2).flat_map(|p| [p[1], p[0]]).collect()].concat();
        let labels: Vec<usize> = labels.iter().copied().chain(labels.iter().map(|label| 1 - label)).collect();
        let names: Vec<String> = ["0", "1"].map(String::from).to_vec();
        let ids = Ids::range(2 * n);
        let labelled = Labelled { labels: &labels, ids: &ids, class_names: &names };
        let (noise, _) = Noise::of_probabilities(&both, &labelled, 2, true).unwrap();
        assert!(noise.overlap && noise.low == Some(0.0), "{noise:?}");
        assert!(noise.rate < noise.confident_learning.map(|rate| rate.rate));
    }

    #[test]
    fn models_that_guess_say_nothing() {
        let n = 300;
        let labels: Vec<usize> = (0..n).map(|example| (example * example / 7) % 2).collect();
        let probabilities: Vec<f64> =
            (0..n).flat_map(|example| if (example * 31) % 17 < 8 { [0.6, 0.4] } else { [0.4, 0.6] }).collect();
        let names: Vec<String> = ["0", "1"].map(String::from).to_vec();
        let ids = Ids::range(n);
        let labelled = Labelled { labels: &labels, ids: &ids, class_names: &names };
        let (noise, suspects) = Noise::of_probabilities(&probabilities, &labelled, 2, true).unwrap();
        assert!(noise.cannot_say.is_some() && noise.rate.is_none() && suspects.is_empty());
        assert!(noise.sentences(&suspects)[0].text.starts_with("Cannot say: models predict "));
    }
}
