use cl_study::StudyError;
use serde::{Deserialize, Serialize};

use super::scores::{ArmKind, OwnTraining, TrainedArm, Unit};
use crate::{
    error::LabError,
    judging::{
        Count, Decimals, Decision, FALSE_VERDICTS, Gains, JudgedGain, Terms, interval_of, judge_in_halves,
        judge_together, mean,
    },
};

/// What a comparison by one's own training came to: version 1 of `docs/schema/compare-own-1.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnComparison {
    /// The version of this form.
    pub version: u32,
    /// `compare`.
    pub command: String,
    /// `own training`, which tells this form from that of [`compare`](crate::compare::Comparison).
    pub model: String,
    /// The answer in plain sentences; each number of it stands below.
    pub verdict: Vec<String>,
    /// The name of the data.
    pub data: String,
    /// Examples that were trained on.
    pub n_examples: usize,
    /// The budget of every run in updates.
    pub n_updates: u64,
    /// What is compared.
    pub metric: String,
    /// Whether more of it is better; gains are positive where an arm is better, either way.
    pub higher_is_better: bool,
    /// The unit of means, differences and intervals.
    pub unit: String,
    /// How many of it a difference of 1 of the metric is.
    pub scale: f64,
    /// How many decimals sentences and tables have.
    pub decimals: usize,
    /// The largest difference that is not worth naming, in that unit.
    pub margin: f64,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Repetitions judged: as many as seeds.
    pub repetitions: usize,
    /// Examples tested on for each other one, by which intervals are widened; 0 where all are tested on the same.
    pub test_to_train: f64,
    /// What all arms are compared with.
    pub baseline: BaselineFindings,
    /// The arms beside it.
    pub arms: Vec<ArmFindings>,
    /// The arm that was chosen before any score was seen.
    pub chosen: Option<String>,
    /// Of the arms that are better than the baseline the chosen one, or else the one with the greatest gain.
    pub winner: Option<String>,
    /// How many arms have which verdict.
    pub count: Count,
    /// The greatest of the arms' least detectable gains: what no arm would have hidden.
    pub detectable: Option<f64>,
    /// Every run.
    pub runs: Vec<Run>,
}

/// What all arms are compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineFindings {
    /// The arm.
    pub arm: String,
    /// Its name in sentences.
    pub name: String,
    /// Its settings in words.
    pub settings: String,
    /// The mean of the metric over repetitions.
    pub mean: f64,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// Examples shown on average, each time counted; none where that was not counted.
    pub examples: Option<f64>,
}

/// An arm beside the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmFindings {
    /// The arm.
    pub arm: String,
    /// Its name in sentences.
    pub name: String,
    /// What kind of arm it is.
    pub kind: ArmKind,
    /// Its settings in words.
    pub settings: String,
    /// The mean of the metric over repetitions.
    pub mean: f64,
    /// Examples shown on average, each time counted; none where that was not counted.
    pub examples: Option<f64>,
    /// The gain over the baseline.
    pub difference: f64,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The least gain that would have been found in four of five such comparisons, corrected for as many as are judged beside it.
    pub detectable: Option<f64>,
    /// Its p value, corrected for all that is judged here.
    pub p: Option<f64>,
    /// What is said of it.
    pub verdict: Decision,
    /// The gain over the arm that does the same without looking at the examples.
    pub over_control: Option<Difference>,
}

/// A difference with its 95 % interval, positive where the first is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// From what.
    pub from: String,
    /// The mean over repetitions.
    pub difference: f64,
    /// The lower end of the interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The least difference that would have been found.
    pub detectable: Option<f64>,
    /// Its p value, corrected for all that is judged here.
    pub p: Option<f64>,
    /// What is said of it.
    pub verdict: Decision,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its arm.
    pub arm: String,
    /// Its seed.
    pub seed: u64,
    /// What it scored, as the metric has it.
    pub score: f64,
    /// The examples it showed, each time counted; none where that was not counted.
    pub examples: Option<f64>,
}

impl OwnTraining {
    /// Judges all gains over the baseline, and all over controls.
    ///
    /// ```text
    /// gain of an arm     score(arm) - score(baseline) with the same seed, or its opposite where less is better
    /// interval           Student's, widened where each seed cuts the same data anew: Nadeau and Bengio's
    /// verdict            better, worse, no difference (within the margin), undecided: by cl_study::verdict::judge_all
    /// ```
    ///
    /// Gains over the baseline are one family and gains over controls another: Holm within, Benjamini and Hochberg over both, at
    /// 5 % in all; and a rank-based interval must say the same. An arm that was chosen before is judged apart from all others, at
    /// 2.5 % each.
    ///
    /// Source: Nadeau and Bengio (2003), Inference for the generalization error; Holm (1979); Benjamini and Hochberg (1995).
    ///
    /// # Errors
    /// For fewer than 6 seeds or one twice, no arm beside the baseline, a name twice, an unknown control or chosen arm, as many
    /// scores as there are not seeds, a score that is no finite number, no margin of a metric that has no usual one, and any other
    /// argument outside of its domain.
    pub fn judged(&self) -> Result<OwnComparison, LabError> {
        self.check()?;
        let (unit, margin) = (self.unit()?, self.margin()?);
        let terms = Terms { margin, test_to_train: self.test_to_train };
        let controls = self.controls();
        let is_chosen = |arm: &TrainedArm| self.chosen.as_ref() == Some(&arm.arm);
        // Which arm over which other: each over the baseline, then over its control.
        let pairs: Vec<[usize; 2]> = (1..self.arms.len())
            .flat_map(|arm| [Some(0), controls[arm]].into_iter().flatten().map(move |from| [arm, from]))
            .collect();
        let of_pair = |&[arm, from]: &[usize; 2]| {
            let scores = self.arms[arm].scores.iter().zip(&self.arms[from].scores);
            Gains {
                family: usize::from(from > 0),
                chosen: is_chosen(&self.arms[arm]),
                values: scores.map(|(&score, &other)| self.gain(score, other)).collect(),
            }
        };
        let gains: Vec<Gains> = pairs.iter().map(of_pair).collect();
        let judged = match self.chosen {
            Some(_) => judge_in_halves(&gains, terms)?,
            None => judge_together(&gains.iter().collect::<Vec<_>>(), terms, FALSE_VERDICTS)?,
        };
        let differences: Vec<([usize; 2], Difference)> = pairs
            .iter()
            .zip(judged)
            .map(|(&[arm, from], judged)| ([arm, from], self.difference(judged, from, &unit)))
            .collect();
        let find =
            |pair: [usize; 2]| differences.iter().find(|(of, _)| *of == pair).map(|(_, found)| found.clone());
        let arms: Vec<ArmFindings> = (1..self.arms.len())
            .filter_map(|arm| {
                let over_control = controls[arm].and_then(|control| find([arm, control]));
                Some(findings(&self.arms[arm], find([arm, 0])?, over_control, &unit))
            })
            .collect();
        let baseline = self.baseline(&unit)?;
        let mut comparison = OwnComparison {
            version: 1,
            command: "compare".into(),
            model: "own training".into(),
            verdict: Vec::new(),
            data: self.data.clone(),
            n_examples: self.n_examples,
            n_updates: self.n_updates,
            metric: self.metric.clone(),
            higher_is_better: self.higher_is_better,
            decimals: decimals(unit.scale * margin, &arms, &baseline),
            margin: unit.scale * margin,
            unit: unit.name,
            scale: unit.scale,
            seeds: self.seeds.clone(),
            repetitions: self.seeds.len(),
            test_to_train: self.test_to_train,
            baseline,
            chosen: self.chosen.clone(),
            winner: self.winner(&arms),
            count: Count::of(arms.iter().map(|arm| arm.verdict)),
            detectable: arms.iter().filter_map(|arm| arm.detectable).reduce(f64::max),
            arms,
            runs: self.runs(),
        };
        comparison.verdict = comparison.in_words();
        Ok(comparison)
    }

    fn difference(&self, judged: JudgedGain, from: usize, unit: &Unit) -> Difference {
        let JudgedGain { mean, interval, detectable, p, decision } = judged;
        Difference {
            from: self.arms[from].arm.clone(),
            difference: unit.scale * mean,
            low: interval.map(|interval| unit.scale * interval.low),
            high: interval.map(|interval| unit.scale * interval.high),
            detectable: detectable.map(|gain| unit.scale * gain),
            p,
            verdict: decision,
        }
    }

    fn baseline(&self, unit: &Unit) -> Result<BaselineFindings, StudyError> {
        let baseline = &self.arms[0];
        let interval = interval_of(&baseline.scores, self.test_to_train)?;
        Ok(BaselineFindings {
            arm: baseline.arm.clone(),
            name: baseline.words(),
            settings: baseline.settings.clone(),
            mean: unit.scale * mean(&baseline.scores),
            low: interval.map(|interval| unit.scale * interval.low),
            high: interval.map(|interval| unit.scale * interval.high),
            examples: baseline.examples.as_deref().map(mean),
        })
    }

    fn winner(&self, arms: &[ArmFindings]) -> Option<String> {
        let better = || arms.iter().filter(|arm| arm.verdict == Decision::Better);
        let chosen = better().find(|arm| self.chosen.as_ref() == Some(&arm.arm));
        // Of equal gains the first.
        let greatest = better().reduce(|best, arm| if arm.difference > best.difference { arm } else { best });
        chosen.or(greatest).map(|arm| arm.arm.clone())
    }

    fn runs(&self) -> Vec<Run> {
        let of_seed = |(at, &seed): (usize, &u64)| {
            self.arms.iter().map(move |arm| Run {
                arm: arm.arm.clone(),
                seed,
                score: arm.scores[at],
                examples: arm.examples.as_ref().map(|examples| examples[at]),
            })
        };
        self.seeds.iter().enumerate().flat_map(of_seed).collect()
    }
}

fn findings(arm: &TrainedArm, gain: Difference, over_control: Option<Difference>, unit: &Unit) -> ArmFindings {
    let Difference { difference, low, high, detectable, p, verdict, .. } = gain;
    ArmFindings {
        arm: arm.arm.clone(),
        name: arm.words(),
        kind: arm.kind,
        settings: arm.settings.clone(),
        mean: unit.scale * mean(&arm.scores),
        examples: arm.examples.as_deref().map(mean),
        difference,
        low,
        high,
        detectable,
        p,
        verdict,
        over_control,
    }
}

/// As many decimals as show what matters: the margin or, where there is none, how well the best known gain is known.
fn decimals(margin: f64, arms: &[ArmFindings], baseline: &BaselineFindings) -> usize {
    let widths = arms.iter().filter_map(|arm| Some((arm.high? - arm.low?) / 2.0));
    let least = [Some(margin), widths.reduce(f64::min), Some(baseline.mean.abs() / 100.0)];
    // Half a hundredth where nothing has a size.
    let least = least.into_iter().flatten().find(|&least| least > 0.0).unwrap_or(0.005);
    Decimals::telling(least).0
}
