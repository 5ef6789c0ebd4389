use cl_study::StudyError;
use serde::{Deserialize, Serialize};

use super::arm::{Arm, ArmKind, Strategy};
use crate::{
    judging::{Count, Decision, Gains, JudgedGain, Terms, interval_of, judge_in_halves, mean},
    metric::Metric,
};

/// A difference with its 95 % interval, in the unit of the comparison; positive where the first is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// From what.
    pub from: Arm,
    /// The mean over repetitions.
    pub difference: f64,
    /// The lower end of the interval; none where there is none.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The least difference that would have been found better in four of five such comparisons, corrected for as many as are
    /// judged beside it; none where repetitions do not differ.
    pub detectable: Option<f64>,
    /// Its p value, corrected for all that is judged here.
    pub p: Option<f64>,
    /// What is said of it.
    pub verdict: Decision,
}

/// An arm at a budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmFindings {
    /// The arm.
    pub arm: Arm,
    /// Its name.
    pub name: String,
    /// What kind of arm it is.
    pub kind: ArmKind,
    /// The settings that validated best.
    pub strategy: Strategy,
    /// The same in words.
    pub settings: String,
    /// The mean of the metric over repetitions, in the unit of the comparison.
    pub mean: f64,
    /// The mean on the validation parts of the splits that settings were chosen on.
    pub validation: f64,
    /// Examples shown on average, each time counted.
    pub examples: f64,
    /// The gain over shuffling.
    pub difference: f64,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The least gain that would have been found in four of five such comparisons.
    pub detectable: Option<f64>,
    /// Its p value, corrected for all that is judged here.
    pub p: Option<f64>,
    /// What is said of it.
    pub verdict: Decision,
    /// The gain over the arm that does the same without looking at the examples.
    pub over_control: Option<Difference>,
    /// Runs that diverged.
    pub diverged: usize,
}

/// All arms at one budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetFindings {
    /// `full` or `short`.
    pub name: String,
    /// In updates.
    pub n_updates: u64,
    /// In passes over the training part.
    pub epochs: f64,
    /// The learning rate that was best for shuffling.
    pub learning_rate: f64,
    /// Whether it is the least or the greatest that was tried.
    pub learning_rate_at_end: bool,
    /// Shuffling: the mean of the metric over repetitions.
    pub baseline: f64,
    /// The lower end of its 95 % interval.
    pub baseline_low: Option<f64>,
    /// The upper end.
    pub baseline_high: Option<f64>,
    /// The arms beside it.
    pub arms: Vec<ArmFindings>,
    /// The arm that validated best on splits that are not judged: what is asked first.
    pub chosen: Option<Arm>,
    /// Of the arms that are better than shuffling, the one that validated best; none where none is.
    pub winner: Option<Arm>,
    /// How many orders have which verdict.
    pub orders: Count,
    /// The order that is better than shuffling and than a random order with its pacing; none where none is.
    pub best_order: Option<Arm>,
    /// The greatest of the arms' least detectable gains: what no arm would have hidden.
    pub detectable: Option<f64>,
}

/// One arm's values at one budget, repetition by repetition, as the metric has them.
#[derive(Debug, Clone)]
pub(super) struct Values {
    pub(super) arm: Arm,
    pub(super) strategy: Strategy,
    pub(super) validation: f64,
    pub(super) test: Vec<f64>,
    pub(super) examples: Vec<f64>,
    pub(super) diverged: usize,
}

/// One budget's values, shuffling first.
#[derive(Debug, Clone)]
pub(super) struct BudgetValues {
    pub(super) name: String,
    pub(super) n_updates: u64,
    pub(super) epochs: f64,
    pub(super) learning_rate: f64,
    pub(super) learning_rate_at_end: bool,
    pub(super) arms: Vec<Values>,
}

/// How values are judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judging {
    pub(super) metric: Metric,
    pub(super) margin: f64,
    pub(super) test_to_train: f64,
}

/// One difference that is judged: at which budget, of which arm, from which other.
struct Test {
    budget: usize,
    arm: usize,
    from: usize,
    gains: Gains,
}

impl Judging {
    /// Judges the arm of each budget that validated best, and apart from it all others: what was chosen on other splits is not
    /// corrected for what it was chosen from. Within a family by Holm, over families by Benjamini and Hochberg, at 2.5 % each;
    /// and a rank-based interval must say the same.
    pub(super) fn judged(&self, budgets: &[BudgetValues]) -> Result<Vec<BudgetFindings>, StudyError> {
        let mut tests: Vec<Test> = Vec::new();
        for (budget, values) in budgets.iter().enumerate() {
            let place = |arm: Arm| values.arms.iter().position(|values| values.arm == arm);
            let chosen = self.chosen(values);
            for (arm, of_arm) in values.arms.iter().enumerate().skip(1) {
                let control = of_arm.arm.control().and_then(place);
                for from in [Some(0), control].into_iter().flatten() {
                    tests.push(self.test(values, [budget, arm, from], chosen == Some(arm)));
                }
            }
        }
        let gains: Vec<Gains> = tests.iter().map(|test| test.gains.clone()).collect();
        let terms = Terms { margin: self.margin, test_to_train: self.test_to_train };
        let judged = judge_in_halves(&gains, terms)?;
        let differences: Vec<Difference> = tests
            .iter()
            .zip(judged)
            .map(|(test, judged)| self.difference(judged, budgets[test.budget].arms[test.from].arm))
            .collect();
        let of_budget = |(at, values): (usize, &BudgetValues)| {
            let of = |arm: usize, over_shuffling: bool| {
                let mut of_arm =
                    tests.iter().zip(&differences).filter(|(test, _)| test.budget == at && test.arm == arm);
                of_arm.find(|(test, _)| (test.from == 0) == over_shuffling).map(|(_, difference)| difference)
            };
            let arms =
                values.arms.iter().enumerate().skip(1).filter_map(|(arm, of_arm)| {
                    Some(self.findings(of_arm, of(arm, true)?, of(arm, false).cloned()))
                });
            self.budget(values, arms.collect())
        };
        budgets.iter().enumerate().map(of_budget).collect()
    }

    /// The arm that validated best; what looks at no example is none to choose.
    fn chosen(&self, values: &BudgetValues) -> Option<usize> {
        let is_control = |arm: Arm| Arm::ALL.iter().any(|other| other.control() == Some(arm));
        let arms = values.arms.iter().enumerate().skip(1);
        let mut arms = arms.filter(|(_, values)| !is_control(values.arm) && !values.validation.is_nan());
        let first = arms.next()?;
        let best = arms.fold(first, |best, other| {
            if self.metric.gain(other.1.validation, best.1.validation) > 0.0 { other } else { best }
        });
        Some(best.0)
    }

    /// Those that are corrected for each other first are gains over shuffling, and gains over controls; those of the chosen arms
    /// at both budgets, those of all others budget by budget.
    fn test(&self, values: &BudgetValues, [budget, arm, from]: [usize; 3], chosen: bool) -> Test {
        let pairs = values.arms[arm].test.iter().zip(&values.arms[from].test);
        let gains = pairs.map(|(&value, &other)| self.metric.gain(value, other)).collect();
        let family = 2 * if chosen { 0 } else { budget } + usize::from(from > 0);
        Test { budget, arm, from, gains: Gains { family, chosen, values: gains } }
    }

    fn difference(&self, judged: JudgedGain, from: Arm) -> Difference {
        let (_, scale) = self.metric.unit();
        let JudgedGain { mean, interval, detectable, p, decision } = judged;
        Difference {
            from,
            difference: scale * mean,
            low: interval.map(|interval| scale * interval.low),
            high: interval.map(|interval| scale * interval.high),
            detectable: detectable.map(|gain| scale * gain),
            p,
            verdict: decision,
        }
    }

    fn findings(&self, values: &Values, gain: &Difference, over_control: Option<Difference>) -> ArmFindings {
        let (_, scale) = self.metric.unit();
        let Difference { difference, low, high, detectable, p, verdict, .. } = *gain;
        ArmFindings {
            arm: values.arm,
            name: values.arm.words().into(),
            kind: values.arm.kind(),
            strategy: values.strategy,
            settings: values.strategy.to_string(),
            mean: scale * mean(&values.test),
            validation: scale * values.validation,
            examples: mean(&values.examples),
            difference,
            low,
            high,
            detectable,
            p,
            verdict,
            over_control,
            diverged: values.diverged,
        }
    }

    fn budget(&self, values: &BudgetValues, arms: Vec<ArmFindings>) -> Result<BudgetFindings, StudyError> {
        let (_, scale) = self.metric.unit();
        let shuffling = &values.arms[0].test;
        let interval = interval_of(shuffling, self.test_to_train)?;
        let best = |keep: &dyn Fn(&ArmFindings) -> bool| {
            let better = arms.iter().filter(|arm| arm.verdict == Decision::Better && keep(arm));
            // Chosen by validation, not by what was judged; of equal ones the first.
            better.fold(None::<&ArmFindings>, |best, arm| match best {
                Some(best) if self.metric.gain(arm.validation, best.validation) <= 0.0 => Some(best),
                _ => Some(arm),
            })
        };
        let by_order = |arm: &ArmFindings| {
            let over = arm.over_control.as_ref().map(|difference| difference.verdict);
            matches!(arm.arm, Arm::EasyFirst | Arm::HardFirst) && over == Some(Decision::Better)
        };
        Ok(BudgetFindings {
            name: values.name.clone(),
            n_updates: values.n_updates,
            epochs: values.epochs,
            learning_rate: values.learning_rate,
            learning_rate_at_end: values.learning_rate_at_end,
            baseline: scale * mean(shuffling),
            baseline_low: interval.map(|interval| scale * interval.low),
            baseline_high: interval.map(|interval| scale * interval.high),
            chosen: self.chosen(values).map(|arm| values.arms[arm].arm),
            winner: best(&|_| true).map(|arm| arm.arm),
            orders: Count::of(arms.iter().filter(|arm| arm.kind == ArmKind::Order).map(|arm| arm.verdict)),
            best_order: best(&by_order).map(|arm| arm.arm),
            detectable: arms
                .iter()
                .filter_map(|arm| arm.detectable)
                .fold(None, |most, gain| Some(most.map_or(gain, |most: f64| most.max(gain)))),
            arms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::random;
    use rand_distr::{Distribution, StandardNormal};

    const JUDGING: Judging = Judging { metric: Metric::Accuracy, margin: 0.005, test_to_train: 0.25 };

    fn values(arm: Arm, test: Vec<f64>, validation: f64) -> Values {
        let strategy = arm.candidates(0.5).first().copied().unwrap_or(Strategy::Shuffling);
        let examples = vec![100.0; test.len()];
        Values { arm, strategy, validation, test, examples, diverged: 0 }
    }

    /// Twelve repetitions: splits differ by 2 points, arms within a split by `noise`.
    fn budget(gains: &[(Arm, f64)], noise: f64, seed: u64) -> BudgetValues {
        let mut rng = random::stream(seed, "made values", 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let splits: Vec<f64> = (0..12).map(|_| 0.9 + 0.02 * normal()).collect();
        let mut of = |arm, gain: f64| {
            let test = splits.iter().map(|split| split + gain + noise * normal()).collect();
            values(arm, test, 0.9 + gain)
        };
        let mut arms = vec![of(Arm::Shuffling, 0.0)];
        arms.extend(gains.iter().map(|&(arm, gain)| of(arm, gain)));
        let (name, n_updates, epochs) = ("full".into(), 100, 10.0);
        BudgetValues { name, n_updates, epochs, learning_rate: 0.1, learning_rate_at_end: false, arms }
    }

    #[test]
    fn what_is_better_is_told_from_what_is_not() {
        let gains = [(Arm::EasyFirst, 0.03), (Arm::HardFirst, -0.03), (Arm::RandomPaced, 0.0), (Arm::Focal, 0.02)];
        let found = &JUDGING.judged(&[budget(&gains, 0.002, 1)]).unwrap()[0];
        let verdicts: Vec<Decision> = found.arms.iter().map(|arm| arm.verdict).collect();
        assert_eq!(verdicts, [Decision::Better, Decision::Worse, Decision::NoDifference, Decision::Better]);
        assert_eq!((found.winner, found.best_order), (Some(Arm::EasyFirst), Some(Arm::EasyFirst)));
        let easy = &found.arms[0];
        assert!((easy.difference - 3.0).abs() < 0.3 && easy.low.unwrap() < 3.0 && easy.high.unwrap() > 3.0 - 0.3);
        assert_eq!(easy.over_control.as_ref().unwrap().verdict, Decision::Better);
        // A gain of the pacing alone is none of the order.
        let gains = [(Arm::EasyFirst, 0.03), (Arm::RandomPaced, 0.03)];
        let found = &JUDGING.judged(&[budget(&gains, 0.002, 2)]).unwrap()[0];
        assert!(found.winner.is_some() && found.best_order.is_none());
        // What was least detectable is no less than the margin, and what is noisier less so.
        let noisy = &JUDGING.judged(&[budget(&gains, 0.05, 3)]).unwrap()[0];
        assert!(found.detectable.unwrap() > 0.5 && noisy.detectable.unwrap() > 4.0 * found.detectable.unwrap());
        assert_eq!(noisy.winner, None);
    }

    #[test]
    fn without_a_difference_few_comparisons_name_one() {
        let arms =
            [Arm::EasyFirst, Arm::HardFirst, Arm::RandomPaced, Arm::SelfPaced, Arm::Focal, Arm::KeepHardest];
        let none: Vec<(Arm, f64)> = arms.into_iter().map(|arm| (arm, 0.0)).collect();
        let judging = Judging { margin: 0.0, test_to_train: 0.0, ..JUDGING };
        let named = (0..400)
            .filter(|&seed| {
                let budgets = [budget(&none, 0.01, 2 * seed), budget(&none, 0.01, 2 * seed + 1)];
                let found = judging.judged(&budgets).unwrap();
                found
                    .iter()
                    .flat_map(|budget| &budget.arms)
                    .any(|arm| matches!(arm.verdict, Decision::Better | Decision::Worse))
            })
            .count();
        // 5 % at most; four standard deviations of a binomial with 400 trials are 4.4 %.
        assert!(named <= 37, "{named} of 400");
    }

    #[test]
    fn what_cannot_be_judged_is_not() {
        let mut same = budget(&[(Arm::EasyFirst, 0.0)], 0.0, 1);
        assert_eq!(JUDGING.judged(&[same.clone()]).unwrap()[0].arms[0].verdict, Decision::NotTested);
        same.arms[1].test[3] = f64::NAN;
        let found = &JUDGING.judged(&[same]).unwrap()[0].arms[0];
        assert_eq!((found.verdict, found.low), (Decision::NotTested, None));
    }

    /// Scores of one's own are judged as those of our runs, to the last bit, where the same arm was chosen before.
    #[test]
    fn own_training_is_judged_as_ours() {
        use crate::own_training::{ArmKind as Kind, OwnTraining, TrainedArm};

        let arms = [
            (Arm::EasyFirst, 0.02),
            (Arm::HardFirst, -0.01),
            (Arm::RandomPaced, 0.004),
            (Arm::Focal, 0.01),
            (Arm::KeepHardest, 0.0),
            (Arm::RandomPruning, -0.02),
        ];
        for seed in 0..20 {
            let values = budget(&arms, 0.008, seed);
            let found = &JUDGING.judged(std::slice::from_ref(&values)).unwrap()[0];
            let trained = values.arms.iter().map(|values| {
                let has = |control: &Arm| arms.iter().any(|(arm, _)| arm == control);
                let control = values.arm.control().filter(has).map(|arm| arm.name().into());
                TrainedArm { control, ..TrainedArm::new(values.arm.name(), Kind::Other, values.test.clone()) }
            });
            let own = OwnTraining {
                n_examples: 100,
                n_updates: 100,
                test_to_train: JUDGING.test_to_train,
                seeds: (0..12).collect(),
                chosen: found.chosen.map(|arm| arm.name().into()),
                arms: trained.collect(),
                ..OwnTraining::of_metric("accuracy")
            };
            let own = own.judged().unwrap();
            assert_eq!(own.arms.len(), found.arms.len());
            for (own, ours) in own.arms.iter().zip(&found.arms) {
                assert_eq!(
                    (own.mean, own.difference, own.low, own.high, own.detectable, own.p, own.verdict),
                    (ours.mean, ours.difference, ours.low, ours.high, ours.detectable, ours.p, ours.verdict)
                );
                let over = own.over_control.as_ref().map(|over| (over.difference, over.low, over.p, over.verdict));
                let ours =
                    ours.over_control.as_ref().map(|over| (over.difference, over.low, over.p, over.verdict));
                assert_eq!(over, ours);
            }
            assert_eq!(
                (own.baseline.low, own.baseline.high, own.detectable),
                (found.baseline_low, found.baseline_high, found.detectable)
            );
        }
    }
}
