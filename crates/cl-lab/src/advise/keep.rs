use std::time::Instant;

use cl_pacing::ShuffleSampler;
use cl_prune::{Budget, CoverageCentric, HardCutoff, KeepHardest, KeepRandom, SelectionRule};
use cl_study::{Evidence, Progress, Replications, Rule, Verdict, verdict::judge_all};
use rayon::prelude::*;
use serde::Serialize;

use super::{
    held_out::{Asked, CrossValidation},
    plan::{DIFFICULTY_FOLDS, FEWEST_REPETITIONS, KeepPlan, MOST_CHOICE_MODELS},
    sentence::{CannotSay, Sentence},
    tuning::{FIRST_TUNING_SEED, for_epochs},
};
use crate::{
    error::LabError,
    metric::Metric,
    problem::Problem,
    recipe::{Recipe, evaluated},
    split::{Parts, Shares},
};

/// How much of the data can go.
///
/// ```text
/// difference    metric(trained on a part) - metric(trained on all), on the test part of the same split, with as many updates;
///               the mean over some first weights and orders
/// rule          of hardest, coverage-centric and random, the one that is best on the validation parts of other splits, at a
///               share and those next to it
/// safe          the difference is shown to be above -margin; hurts: to be below it
/// fraction      the smallest share that is safe, as is every larger one that was tried; 1 where the largest one hurts
/// low           the smallest share such that neither it nor a larger one is shown to hurt
/// high          the smallest share that is shown to be safe: the fraction itself
/// hurts below   the largest share that is shown to hurt
/// ```
///
/// Differences are judged by [`judge_all`]. A share counts only where all larger ones are safe: tests that are asked one after
/// the other, as long as all are answered, need no correction among each other (Marcus, Peritz and Gabriel 1976), so that each
/// is a family of its own; Benjamini and Hochberg's correction over all of them, which also holds for the shares that hurt, is
/// kept. What is detectable is of each share alone. Random pruning beside the chosen rules is shown and not judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Keep {
    /// Why nothing can be said.
    pub cannot_say: Option<CannotSay>,
    /// The share that can be kept with no measurable loss.
    pub fraction: Option<f64>,
    /// The smallest share that is not shown to hurt.
    pub low: Option<f64>,
    /// The smallest share that is shown to be safe.
    pub high: Option<f64>,
    /// The largest share that is shown to hurt.
    pub hurts_below: Option<f64>,
    /// The rule that keeps the fraction.
    pub rule: Option<PruningRule>,
    /// What is compared.
    pub metric: Metric,
    /// The unit of differences.
    pub unit: &'static str,
    /// The largest loss that is not worth naming, in that unit.
    pub margin: f64,
    /// The metric of all examples, in that unit, the mean over repetitions.
    pub all: Option<f64>,
    /// Every share that was tried, the largest first: the chosen rule, and random pruning beside it.
    pub curve: Vec<KeepPoint>,
    /// Repetitions judged.
    pub repetitions: usize,
    /// The least loss that would have been found at any share, in four of five such comparisons.
    pub detectable: Option<f64>,
    /// About as many examples would show a loss of the margin.
    pub needed_examples: Option<u64>,
    /// Whose difficulty is gone by: `held-out loss`, or `yours`.
    pub difficulty: &'static str,
}

/// A share of the examples, and what training on it alone makes of the metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeepPoint {
    /// The share.
    pub fraction: f64,
    /// By which rule.
    pub rule: PruningRule,
    /// Whether the rule is the one that validated best at this share.
    pub chosen: bool,
    /// Examples that a training is on.
    pub examples: usize,
    /// The metric less that of all examples, in the unit; negative where it hurts.
    pub difference: f64,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// Its p value, corrected for all that is judged here.
    pub p: Option<f64>,
    /// The least difference that would have been found in four of five such comparisons.
    pub detectable: Option<f64>,
    /// What is said of it.
    pub verdict: KeepVerdict,
}

/// What is said of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepVerdict {
    /// No more than the margin is lost.
    Safe,
    /// More than the margin is lost.
    Hurts,
    /// The repetitions are too few, or differ too much, to say.
    Undecided,
    /// There is nothing to judge by: all differences are the same, or no numbers; or it is not what is judged.
    NotTested,
}

impl From<Verdict> for KeepVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Reproduced | Verdict::NoEffect => Self::Safe,
            Verdict::NotReproduced | Verdict::Opposite => Self::Hurts,
            Verdict::Undecided => Self::Undecided,
            Verdict::NotTested => Self::NotTested,
        }
    }
}

impl KeepVerdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Hurts => "hurts",
            Self::Undecided => "undecided",
            Self::NotTested => "not tested",
        }
    }
}

/// By what a part is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PruningRule {
    /// The hardest.
    Hardest,
    /// All difficulties evenly, without as many of the hardest as labels are estimated to be wrong.
    CoverageCentric,
    /// Whatever comes: what a difficulty must beat.
    Random,
}

impl PruningRule {
    const ALL: [Self; 3] = [Self::Hardest, Self::CoverageCentric, Self::Random];

    /// Its name in sentences.
    pub fn words(self) -> &'static str {
        match self {
            Self::Hardest => "the hardest",
            Self::CoverageCentric => "all difficulties evenly",
            Self::Random => "a random part",
        }
    }

    fn kept(self, difficulty: &[f64], fraction: f64, noise_rate: f64, seed: u64) -> Result<Vec<usize>, LabError> {
        let budget = Budget::Keep(fraction);
        let selection = match self {
            Self::Hardest => KeepHardest.select(difficulty, budget, seed)?,
            Self::CoverageCentric => {
                let cutoff = HardCutoff::NoiseRate(noise_rate);
                CoverageCentric::with_cutoff(cutoff, CoverageCentric::STRATA)?.select(difficulty, budget, seed)?
            }
            Self::Random => KeepRandom.select(difficulty, budget, seed)?,
        };
        Ok(selection.kept)
    }
}

/// The fewest examples that a part may have.
const FEWEST_KEPT: f64 = 10.0;

/// Which part a training is on; none for all.
type Part = Option<(f64, PruningRule)>;

/// How pruning is tried on one's data.
#[derive(Clone, Copy)]
pub(super) struct Pruning<'a> {
    pub(super) problem: &'a Problem,
    pub(super) plan: &'a KeepPlan,
    /// Chosen for training on all.
    pub(super) recipe: &'a Recipe,
    pub(super) epochs: u64,
    pub(super) metric: Metric,
    pub(super) margin: f64,
    /// As many of the hardest as this share the coverage-centric rule leaves out.
    pub(super) noise_rate: f64,
    /// When to stop, after some repetitions.
    pub(super) deadline: Option<Instant>,
    pub(super) progress: &'a dyn Progress,
}

/// A split, and the difficulty of the examples of its training part.
struct Split {
    parts: Parts,
    difficulty: Vec<f64>,
    seed: u64,
}

impl Pruning<'_> {
    /// Tries every rule at every share on some splits, and the best ones on fresh splits.
    ///
    /// # Errors
    /// Where the data cannot be split, or a rule does not suit the difficulty.
    pub(super) fn tried(&self) -> Result<Keep, LabError> {
        let n_train = self.split(FIRST_TUNING_SEED)?.parts.train.n_examples() as f64;
        let fractions: Vec<f64> =
            self.plan.fractions.iter().copied().filter(|fraction| fraction * n_train >= FEWEST_KEPT).collect();
        let chosen = self.chosen(&fractions)?;
        // The chosen rules, and random pruning where it is not one of them.
        let mut parts: Vec<(f64, PruningRule, bool)> = Vec::new();
        for (&fraction, &rule) in fractions.iter().zip(&chosen) {
            parts.push((fraction, rule, true));
            if rule != PruningRule::Random {
                parts.push((fraction, PruningRule::Random, false));
            }
        }
        let arms: Vec<Part> =
            std::iter::once(None).chain(parts.iter().map(|&(fraction, rule, _)| Some((fraction, rule)))).collect();
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); arms.len()];
        let mut repetitions = 0;
        for seed in 0..self.plan.repetitions as u64 {
            let began = Instant::now();
            let tests = self.values(&self.split(seed)?, &arms, self.plan.models)?;
            values.iter_mut().zip(tests).for_each(|(values, (_, test))| values.push(test));
            repetitions += 1;
            let late = self.deadline.is_some_and(|deadline| Instant::now() + began.elapsed() > deadline);
            if late && repetitions >= FEWEST_REPETITIONS {
                break;
            }
        }
        self.judged(&parts, &values, n_train, repetitions)
    }

    fn split(&self, seed: u64) -> Result<Split, LabError> {
        let parts = self.problem.split(Shares::default(), self.plan.examples, seed)?;
        let difficulty = match &parts.difficulty {
            Some(difficulty) => difficulty.clone(),
            None => {
                // Of models that have not seen the example, from the training part alone.
                let own = |groups: &[usize]| parts.examples.iter().map(|&example| groups[example]).collect();
                let groups: Option<Vec<usize>> = self.problem.groups().map(own);
                let asked = Asked { problem: self.problem, data: &parts.train, groups: groups.as_deref() };
                let validation = CrossValidation {
                    recipe: self.recipe,
                    epochs: self.epochs,
                    metric: self.metric,
                    n_folds: DIFFICULTY_FOLDS,
                    n_seeds: 1,
                };
                validation.held_out(asked, None, &cl_study::Quiet)?.losses
            }
        };
        Ok(Split { parts, difficulty, seed })
    }

    /// The metric on the validation and the test part of each arm, the mean over `n_models` trainings. All have as many
    /// updates.
    fn values(&self, split: &Split, arms: &[Part], n_models: usize) -> Result<Vec<(f64, f64)>, LabError> {
        let Split { parts, difficulty, seed } = split;
        let whole = for_epochs(self.recipe, parts.train.n_examples(), self.epochs);
        let kept = arms.iter().map(|arm| match arm {
            None => Ok(None),
            Some((fraction, rule)) => {
                let kept = rule.kept(difficulty, *fraction, self.noise_rate, *seed)?;
                Ok(Some(parts.train.subset(&kept)?))
            }
        });
        let kept = kept.collect::<Result<Vec<_>, LabError>>()?;
        let runs: Vec<(usize, u64)> =
            (0..arms.len()).flat_map(|arm| (0..n_models as u64).map(move |model| (arm, model))).collect();
        let run = |&(arm, model): &(usize, u64)| -> Result<(f64, f64), LabError> {
            let train = kept[arm].as_ref().unwrap_or(&parts.train);
            let recipe = Recipe { batch_size: whole.batch_size.min(train.n_examples()), ..whole.clone() };
            // The same first weights for all arms.
            let seed = seed.wrapping_mul(1000).wrapping_add(model);
            let mut sampler = ShuffleSampler::new(train.n_examples(), recipe.batch_size, seed)?;
            let fitted = recipe.fit(self.problem, train, parts, self.metric, &mut sampler, seed)?;
            let evaluation = evaluated(self.problem.task(), &fitted.model, &parts.test)?;
            self.progress.advanced();
            Ok((fitted.validation, self.metric.of(&evaluation, &parts.test)))
        };
        let values: Vec<Result<(f64, f64), LabError>> = runs.par_iter().map(run).collect();
        let values = values.into_iter().collect::<Result<Vec<_>, LabError>>()?;
        let mean = |values: &[(f64, f64)]| {
            let n = values.len() as f64;
            (
                values.iter().map(|value| value.0).sum::<f64>() / n,
                values.iter().map(|value| value.1).sum::<f64>() / n,
            )
        };
        Ok(values.chunks_exact(n_models).map(mean).collect())
    }

    /// At each share the rule that validates best.
    fn chosen(&self, fractions: &[f64]) -> Result<Vec<PruningRule>, LabError> {
        let arms: Vec<Part> =
            fractions.iter().flat_map(|&fraction| PruningRule::ALL.map(|rule| Some((fraction, rule)))).collect();
        let mut sums = vec![0.0; arms.len()];
        for split in 0..self.plan.choice_splits as u64 {
            let n_models = self.plan.models.min(MOST_CHOICE_MODELS);
            let values = self.values(&self.split(FIRST_TUNING_SEED + split)?, &arms, n_models)?;
            sums.iter_mut().zip(values).for_each(|(sum, (validation, _))| *sum += validation);
        }
        let n_rules = PruningRule::ALL.len();
        let chosen = (0..fractions.len()).map(|at| {
            // Rules differ little where little goes: the shares next to it have a say.
            let beside = at.saturating_sub(1)..(at + 2).min(fractions.len());
            let value = |rule: usize| beside.clone().map(|share| sums[share * n_rules + rule]).sum::<f64>();
            let best = (1..n_rules).fold(0, |best, rule| {
                let better = self.metric.gain(value(rule), value(best)) > 0.0;
                if value(best).is_nan() || better { rule } else { best }
            });
            PruningRule::ALL[best]
        });
        Ok(chosen.collect())
    }

    fn judged(
        &self,
        parts: &[(f64, PruningRule, bool)],
        values: &[Vec<f64>],
        n_train: f64,
        repetitions: usize,
    ) -> Result<Keep, LabError> {
        let (unit, scale) = self.metric.unit();
        let test_to_train = Shares::default().test_to_train(self.problem);
        let rule = Rule::range(-self.margin, f64::INFINITY)?;
        let gains = values[1..].iter().map(|arm| {
            let gains: Vec<f64> =
                arm.iter().zip(&values[0]).map(|(&value, &all)| self.metric.gain(value, all)).collect();
            let sound = gains.iter().all(|gain| gain.is_finite());
            Ok(if sound { Some(Replications::resplit(gains, test_to_train)?) } else { None })
        });
        let gains = gains.collect::<Result<Vec<Option<Replications>>, LabError>>()?;
        let evidence: Vec<Option<Evidence>> =
            gains.iter().map(|gains| gains.clone().map(Evidence::Replications)).collect();
        let tests: Vec<(usize, &Evidence, Rule)> = evidence
            .iter()
            .zip(parts)
            .enumerate()
            .filter_map(|(family, (evidence, part))| Some((family, evidence.as_ref().filter(|_| part.2)?, rule)))
            .collect();
        let mut judged = judge_all(&tests)?.into_iter();
        let curve = parts.iter().zip(&gains).map(|(&(fraction, rule, chosen), gains)| {
            let judged = gains.as_ref().filter(|_| chosen).and_then(|_| judged.next());
            let interval = gains.as_ref().and_then(|gains| gains.interval(0.95));
            let detectable = gains.as_ref().and_then(|gains| gains.least_detectable(0.0));
            KeepPoint {
                fraction,
                rule,
                chosen,
                examples: (fraction * n_train + 0.5).floor() as usize,
                difference: gains.as_ref().map_or(f64::NAN, |gains| scale * gains.mean()),
                low: interval.map(|interval| scale * interval.low),
                high: interval.map(|interval| scale * interval.high),
                p: judged.as_ref().and_then(|judged| judged.q),
                detectable: detectable.map(|gain| scale * gain),
                verdict: judged.map_or(KeepVerdict::NotTested, |judged| judged.verdict.into()),
            }
        });
        let curve: Vec<KeepPoint> = curve.collect();
        let all = values[0].iter().sum::<f64>() / values[0].len().max(1) as f64;
        let n = self.plan.examples.unwrap_or(self.problem.data().n_examples());
        Ok(Keep {
            metric: self.metric,
            unit,
            margin: scale * self.margin,
            all: all.is_finite().then_some(scale * all),
            repetitions,
            difficulty: if self.problem.difficulty().is_some() { "yours" } else { "held-out loss" },
            ..Keep::unknown(self.metric, self.margin, None)
        }
        .of_curve(curve, n))
    }
}

impl Keep {
    /// Where nothing can be said.
    pub(super) fn unknown(metric: Metric, margin: f64, cannot_say: Option<CannotSay>) -> Self {
        let (unit, scale) = metric.unit();
        Self {
            cannot_say,
            fraction: None,
            low: None,
            high: None,
            hurts_below: None,
            rule: None,
            metric,
            unit,
            margin: scale * margin,
            all: None,
            curve: Vec::new(),
            repetitions: 0,
            detectable: None,
            needed_examples: None,
            difficulty: "held-out loss",
        }
    }

    /// The same with what the curve of `n` examples says.
    fn of_curve(mut self, curve: Vec<KeepPoint>, n: usize) -> Self {
        // A share without a number ends what can be said of smaller ones: it is not shown to be safe.
        let mut ended = false;
        let curve: Vec<KeepPoint> = curve
            .into_iter()
            .filter(|point| {
                ended |= point.chosen && !point.difference.is_finite();
                !ended && point.difference.is_finite()
            })
            .collect();
        let chosen: Vec<&KeepPoint> = curve.iter().filter(|point| point.chosen).collect();
        let safe = |point: &&&KeepPoint| point.verdict == KeepVerdict::Safe;
        let hurts = |point: &&KeepPoint| point.verdict == KeepVerdict::Hurts;
        let smallest = chosen.iter().take_while(safe).last();
        self.hurts_below = chosen.iter().find(|point| hurts(point)).map(|point| point.fraction);
        let largest_hurts = chosen.first().is_some_and(hurts);
        self.fraction = smallest.map(|point| point.fraction).or(largest_hurts.then_some(1.0));
        self.rule = smallest.map(|point| point.rule);
        self.high = self.fraction;
        let unhurt = chosen.iter().take_while(|point| !hurts(point)).last().map(|point| point.fraction);
        self.low = unhurt.or(largest_hurts.then_some(1.0));
        self.detectable = chosen
            .iter()
            .filter_map(|point| point.detectable)
            .fold(None, |most, gain| Some(most.map_or(gain, |most: f64| most.max(gain))));
        // At the largest share least is lost, and least must be seen.
        let first = chosen.first().and_then(|point| point.detectable);
        let at = curve.iter().position(|point| point.chosen).unwrap_or(0);
        if self.fraction.is_none() {
            self.needed_examples = first.filter(|&gain| gain > self.margin).map(|gain| {
                // Intervals narrow with the root of the examples.
                two_digits(n as f64 * (gain / self.margin).powi(2))
            });
            let why = match first {
                Some(gain) => Sentence::new("a loss of ")
                    .number("/keep/margin", self.margin, 2)
                    .words(" ")
                    .words(self.unit)
                    .words(" cannot be seen with these splits: the least that would have been found at the largest share is ")
                    .number(format!("/keep/curve/{at}/detectable"), gain, 2),
                None => Sentence::new("repetitions do not differ, so that there is nothing to judge by"),
            };
            let needed = match self.needed_examples {
                Some(examples) => Sentence::new("about ")
                    .count("/keep/needed_examples", examples as usize)
                    .words(" examples in each comparison (more data, or more of these with a longer --time-limit), or a larger margin"),
                None => Sentence::new("more examples, a longer --time-limit, or a larger margin"),
            };
            self.cannot_say = Some(CannotSay::new(why, needed));
        }
        self.curve = curve;
        self
    }

    /// In words.
    pub(super) fn sentences(&self) -> Vec<Sentence> {
        let mut sentences: Vec<Sentence> = self.cannot_say.iter().map(CannotSay::sentence).collect();
        let loss = |sentence: Sentence| {
            sentence
                .words(" with no loss above ")
                .number("/keep/margin", self.margin, 2)
                .words(" ")
                .words(self.unit)
                .words(" of ")
                .words(self.metric.name())
        };
        match (self.fraction, self.rule) {
            (Some(fraction), Some(rule)) => {
                let sentence = Sentence::new("Keeping ")
                    .percent("/keep/fraction", fraction)
                    .words(" of the examples is enough: ")
                    .words(rule.words());
                sentences.push(loss(sentence).words("."));
            }
            (Some(_), None) => {
                sentences.push(Sentence::new("Nothing can go: already the largest part that was tried hurts."));
            }
            _ => {}
        }
        match self.hurts_below {
            Some(hurts) => sentences
                .push(Sentence::new("Keeping ").percent("/keep/hurts_below", hurts).words(" is shown to hurt.")),
            None if !self.curve.is_empty() => {
                sentences.push(Sentence::new("No part that was tried is shown to hurt."));
            }
            None => {}
        }
        for (at, point) in self.curve.iter().enumerate() {
            let of = |name: &str| format!("/keep/curve/{at}/{name}");
            let mut sentence = Sentence::new(if point.chosen { "Kept " } else { "Kept, for comparison, " })
                .percent(of("fraction"), point.fraction)
                .words(", ")
                .words(point.rule.words())
                .words(": ")
                .number(of("difference"), point.difference, decimals(self.metric));
            if let (Some(low), Some(high)) = (point.low, point.high) {
                sentence = sentence
                    .words(" [")
                    .number(of("low"), low, decimals(self.metric))
                    .words(", ")
                    .number(of("high"), high, decimals(self.metric))
                    .words("]");
            }
            sentence = sentence.words(" ").words(self.unit);
            if point.chosen {
                sentence = sentence.words(", ").words(point.verdict.words());
            }
            sentences.push(sentence.words("."));
        }
        if !self.curve.is_empty() {
            let mut sentence = Sentence::new("Over ").count("/keep/repetitions", self.repetitions).words(
                " splits, with as many updates as training on all; the rules were chosen on other splits, by ",
            );
            sentence =
                sentence.words(if self.difficulty == "yours" { "your difficulty" } else { "held-out loss" });
            sentences.push(sentence.words("."));
        }
        sentences
    }
}

/// Decimals of a difference in the metric's unit.
pub(super) fn decimals(metric: Metric) -> usize {
    if metric == Metric::LogLoss { 4 } else { 2 }
}

/// Rounded upwards to two digits.
fn two_digits(value: f64) -> u64 {
    let step = 10f64.powi((value.log10().floor() as i32 - 1).max(0));
    ((value / step).ceil() * step) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(fraction: f64, verdict: KeepVerdict) -> KeepPoint {
        KeepPoint {
            fraction,
            rule: PruningRule::Hardest,
            chosen: true,
            examples: 10,
            difference: 0.1,
            low: Some(-0.1),
            high: Some(0.2),
            p: Some(0.5),
            detectable: Some(2.0),
            verdict,
        }
    }

    fn keep(verdicts: &[KeepVerdict]) -> Keep {
        let fractions = [0.9, 0.7, 0.5, 0.3];
        let curve =
            fractions.into_iter().zip(verdicts).map(|(fraction, &verdict)| point(fraction, verdict)).collect();
        Keep::unknown(Metric::Accuracy, 0.005, None).of_curve(curve, 1000)
    }

    #[test]
    fn the_fraction_is_the_smallest_that_is_safe_all_the_way() {
        use KeepVerdict::{Hurts, Safe, Undecided};
        let found = keep(&[Safe, Safe, Undecided, Hurts]);
        let (fraction, low, high, hurts) = (found.fraction, found.low, found.high, found.hurts_below);
        assert_eq!((fraction, low, high, hurts), (Some(0.7), Some(0.5), Some(0.7), Some(0.3)));
        assert!(found.cannot_say.is_none() && found.rule == Some(PruningRule::Hardest));
        // A safe share behind one that is undecided does not count.
        let found = keep(&[Undecided, Safe, Undecided, Hurts]);
        assert_eq!((found.fraction, found.low, found.high), (None, Some(0.5), None));
        // 2 points are seen where half a point should be: 16 times as many examples.
        assert_eq!(found.needed_examples, Some(16_000));
        assert!(found.sentences()[0].text.starts_with("Cannot say: a loss of 0.50 points cannot be seen"));
        let found = keep(&[Hurts; 4]);
        assert_eq!((found.fraction, found.low, found.hurts_below), (Some(1.0), Some(1.0), Some(0.9)));
        assert!(found.sentences()[0].text.starts_with("Nothing can go"));
        let found = keep(&[Safe; 4]);
        assert_eq!((found.fraction, found.low, found.hurts_below), (Some(0.3), Some(0.3), None));
    }

    #[test]
    fn numbers_of_examples_are_rounded_upwards() {
        assert_eq!([12_345.0, 99.5, 7.2].map(two_digits), [13_000, 100, 8]);
    }
}
