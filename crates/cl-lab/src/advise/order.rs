use std::time::{Duration, Instant};

use cl_study::Progress;
use serde::Serialize;

use super::{
    keep::decimals,
    options::Options,
    sentence::{CannotSay, Sentence},
};
use crate::{
    compare::{self, Arm, ArmFindings, ArmKind, BudgetFindings, Comparison, Decision, Strategy},
    error::LabError,
    metric::Metric,
    problem::Problem,
};

/// Which order helps at which budget.
///
/// An order helps where it is shown to be better than shuffling and than a random order with its pacing, by more than the
/// margin; the comparison is that of [`compare`](crate::compare::compare).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderAdvice {
    /// Why nothing can be said.
    pub cannot_say: Option<CannotSay>,
    /// The order that helps at the full budget; none where none is shown to.
    pub best: Option<Arm>,
    /// Everything by budget, the full one first.
    pub budgets: Vec<OrderBudget>,
    /// What is compared.
    pub metric: Metric,
    /// The unit of differences.
    pub unit: &'static str,
    /// The largest difference that is not worth naming, in that unit.
    pub margin: f64,
    /// Repetitions judged.
    pub repetitions: usize,
    /// What the comparison left out to keep the time limit.
    pub left_out: Vec<String>,
}

/// The orders at one budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderBudget {
    /// `full` or `short`, a tenth of it.
    pub name: String,
    /// In updates.
    pub updates: u64,
    /// In passes over the training part.
    pub epochs: f64,
    /// Examples of a mini-batch.
    pub batch_size: usize,
    /// The metric of shuffling.
    pub shuffling: f64,
    /// The order that helps; none where none is shown to.
    pub best: Option<Arm>,
    /// The greatest of the orders' least detectable gains.
    pub detectable: Option<f64>,
    /// The orders.
    pub arms: Vec<OrderArm>,
}

/// An order at a budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderArm {
    /// The arm.
    pub arm: Arm,
    /// Its name.
    pub name: String,
    /// Its pacing: when everything is available, as a share of the budget.
    pub a: Option<f64>,
    /// Its pacing: what is available at first, as a share of the examples.
    pub b: Option<f64>,
    /// The gain over shuffling.
    pub difference: f64,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The least gain that would have been found in four of five such comparisons.
    pub detectable: Option<f64>,
    /// What is said of it.
    pub verdict: Decision,
    /// What is said of its gain over a random order with its pacing; none for that one itself.
    pub over_random: Option<Decision>,
}

impl OrderAdvice {
    /// Compares the orders, in the time that is left.
    ///
    /// # Errors
    /// As [`compare`](crate::compare::compare), but for too little time, which is told.
    pub(super) fn of(
        problem: &Problem,
        options: &Options,
        metric: Metric,
        margin: f64,
        (n_seeds, deadline): (usize, Option<Instant>),
        progress: &dyn Progress,
    ) -> Result<Self, LabError> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let asked = compare::Options {
            arms: Some(vec![Arm::EasyFirst, Arm::HardFirst]),
            metric: Some(metric),
            model: Some(options.model.clone()),
            margin: Some(margin),
            n_seeds,
            time_limit: left.map(|left| left.max(Duration::from_secs(1))),
            jobs: options.jobs,
            ..compare::Options::default()
        };
        match compare::compare(problem, &asked, progress) {
            Ok(comparison) => Ok(Self::of_comparison(&comparison)),
            Err(LabError::InvalidArgument { argument, .. }) if argument == "time-limit" => {
                let cannot_say = CannotSay::because("there is no time left to compare orders", "more time");
                Ok(Self::unknown(metric, margin, cannot_say))
            }
            Err(error) => Err(error),
        }
    }

    fn of_comparison(comparison: &Comparison) -> Self {
        let (unit, _) = comparison.metric.unit();
        let budgets: Vec<OrderBudget> =
            comparison.budgets.iter().map(|budget| OrderBudget::of(budget, comparison.plan.batch_size)).collect();
        Self {
            cannot_say: None,
            best: budgets.first().and_then(|budget| budget.best),
            budgets,
            metric: comparison.metric,
            unit,
            margin: comparison.margin,
            repetitions: comparison.repetitions,
            left_out: comparison.plan.left_out.clone(),
        }
    }

    /// Where nothing can be said.
    pub(super) fn unknown(metric: Metric, margin: f64, cannot_say: CannotSay) -> Self {
        let (unit, scale) = metric.unit();
        Self {
            cannot_say: Some(cannot_say),
            best: None,
            budgets: Vec::new(),
            metric,
            unit,
            margin: scale * margin,
            repetitions: 0,
            left_out: Vec::new(),
        }
    }

    /// In words.
    pub(super) fn sentences(&self) -> Vec<Sentence> {
        let mut sentences: Vec<Sentence> = self.cannot_say.iter().map(CannotSay::sentence).collect();
        for (at, budget) in self.budgets.iter().enumerate() {
            sentences.extend(budget.sentences(at, self.metric, self.unit));
        }
        if !self.budgets.is_empty() {
            sentences.push(
                Sentence::new("Over ")
                    .count("/order/repetitions", self.repetitions)
                    .words(" splits; what is within ")
                    .number("/order/margin", self.margin, 2)
                    .words(" ")
                    .words(self.unit)
                    .words(" is no difference."),
            );
        }
        sentences
    }
}

impl OrderBudget {
    fn of(budget: &BudgetFindings, batch_size: usize) -> Self {
        let orders = budget.arms.iter().filter(|arm| arm.kind == ArmKind::Order);
        let arms: Vec<OrderArm> = orders.map(OrderArm::of).collect();
        Self {
            name: budget.name.clone(),
            updates: budget.n_updates,
            epochs: budget.epochs,
            batch_size,
            shuffling: budget.baseline,
            best: budget.best_order,
            detectable: budget.detectable,
            arms,
        }
    }

    fn sentences(&self, at: usize, metric: Metric, unit: &str) -> Vec<Sentence> {
        let of = |name: &str| format!("/order/budgets/{at}/{name}");
        let mut sentence = Sentence::new("With ").count(of("updates"), self.updates as usize).words(" updates ");
        sentence = match self.best {
            Some(best) => sentence.words(best.words()).words(" helps"),
            None => sentence.words("no order is shown to help"),
        };
        if let Some(detectable) = self.detectable {
            sentence = sentence
                .words("; a gain of ")
                .number(of("detectable"), detectable, decimals(metric))
                .words(" ")
                .words(unit)
                .words(" would have been found");
        }
        let mut sentences = vec![sentence.words(".")];
        for (which, arm) in self.arms.iter().enumerate() {
            let of = |name: &str| format!("/order/budgets/{at}/arms/{which}/{name}");
            let sentence = Sentence::new("Over shuffling, ").words(arm.arm.words()).words(": ");
            if !arm.difference.is_finite() {
                sentences.push(sentence.words("no number, as runs diverged."));
                continue;
            }
            let mut sentence = sentence.number(of("difference"), arm.difference, decimals(metric));
            if let (Some(low), Some(high)) = (arm.low, arm.high) {
                sentence = sentence
                    .words(" [")
                    .number(of("low"), low, decimals(metric))
                    .words(", ")
                    .number(of("high"), high, decimals(metric))
                    .words("]");
            }
            sentence = sentence.words(" ").words(unit).words(", ").words(arm.verdict.words());
            if let Some(over) = arm.over_random {
                sentence = sentence.words("; over a random order with its pacing ").words(over.words());
            }
            sentences.push(sentence.words("."));
        }
        sentences
    }
}

impl OrderArm {
    fn of(arm: &ArmFindings) -> Self {
        let (a, b) = match arm.strategy {
            Strategy::Ordered { a, b, .. } => (Some(a), Some(b)),
            _ => (None, None),
        };
        Self {
            arm: arm.arm,
            name: arm.name.clone(),
            a,
            b,
            difference: arm.difference,
            low: arm.low,
            high: arm.high,
            detectable: arm.detectable,
            verdict: arm.verdict,
            over_random: arm.over_control.as_ref().map(|over| over.verdict),
        }
    }
}
