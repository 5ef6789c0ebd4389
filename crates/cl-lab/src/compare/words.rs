//! The answer of a comparison in plain sentences, each number of which stands in its results.

use super::{
    Comparison,
    arm::{Arm, ArmKind},
    findings::{ArmFindings, BudgetFindings, Difference},
};
use crate::{
    judging::{Decimals, Decision, power},
    metric::Metric,
};

/// How many decimals numbers have: one of points, three of nats.
pub(super) fn decimals(metric: Metric) -> Decimals {
    Decimals(if metric == Metric::LogLoss { 3 } else { 1 })
}

impl Comparison {
    /// The answer, sentence by sentence.
    pub(super) fn in_words(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for budget in &self.budgets {
            sentences.push(self.on_winner(budget));
            sentences.push(self.on_orders(budget));
            sentences.extend(self.on_others(budget, ArmKind::Weighting, "weighting"));
            sentences.extend(self.on_others(budget, ArmKind::Pruning, "pruning"));
        }
        sentences.extend(self.on_power());
        sentences.push(self.on_conditions());
        sentences
    }

    fn gain(&self, arm: &ArmFindings) -> String {
        decimals(self.metric).signed(arm.difference, arm.low, arm.high)
    }

    fn over(&self, difference: &Difference) -> String {
        let gain = decimals(self.metric).signed(difference.difference, difference.low, difference.high);
        format!("{gain} over {} ({})", difference.from.words(), difference.verdict.words())
    }

    fn at(&self, budget: &BudgetFindings) -> String {
        match budget.name.as_str() {
            "full" => format!("At the full budget of {} updates", budget.n_updates),
            _ => format!("At a tenth of the updates, {}", budget.n_updates),
        }
    }

    fn on_winner(&self, budget: &BudgetFindings) -> String {
        let at = self.at(budget);
        let of = |arm: Option<Arm>| arm.and_then(|arm| budget.arms.iter().find(|other| other.arm == arm));
        match (of(budget.winner), of(budget.chosen)) {
            (Some(winner), _) => {
                format!("{at} {} wins: {} {} over shuffling.", winner.name, self.gain(winner), self.unit)
            }
            (None, Some(chosen)) => format!(
                "{at} no arm is shown to beat shuffling; the one that looked best on other splits, {}: {} {} ({}).",
                chosen.name,
                self.gain(chosen),
                self.unit,
                chosen.verdict.words()
            ),
            (None, None) => format!("{at} no arm is shown to beat shuffling."),
        }
    }

    fn on_orders(&self, budget: &BudgetFindings) -> String {
        let unit = &self.unit;
        let at =
            if budget.name == "full" { "Orders, at the full budget" } else { "Orders, at a tenth of the updates" };
        let orders: Vec<&ArmFindings> = budget.arms.iter().filter(|arm| arm.kind == ArmKind::Order).collect();
        if orders.is_empty() {
            return format!("{at}: none was compared.");
        }
        let better: Vec<String> = orders
            .iter()
            .filter(|arm| arm.verdict == Decision::Better)
            .map(|arm| {
                let control =
                    arm.over_control.as_ref().map_or(String::new(), |over| format!(", {}", self.over(over)));
                format!("{} gains {} {unit} over shuffling{control}", arm.name, self.gain(arm))
            })
            .collect();
        if !better.is_empty() {
            let because = match budget.best_order {
                Some(order) => format!(
                    "; {} beats a random order with its pacing, too: it is the order that helps",
                    order.words()
                ),
                None => String::new(),
            };
            return format!("{at}: {}{because}.", better.join("; "));
        }
        // The order that validated best stands for all.
        let first = orders[0];
        let best = orders.iter().fold(first, |best, arm| {
            if self.metric.gain(arm.validation, best.validation) > 0.0 { arm } else { best }
        });
        let all = |decision| orders.iter().all(|arm| arm.verdict == decision);
        let rest = match all(Decision::NoDifference) || budget.orders.compared < 2 {
            true => String::new(),
            false => format!("; of {} orders {}", budget.orders.compared, budget.orders.not_better()),
        };
        let none = match all(Decision::NoDifference) {
            true => "no order makes a difference",
            false => "no order is shown to beat shuffling here",
        };
        format!("{at}: {none}; the one that validated best, {}, {} {unit}{rest}.", best.name, self.gain(best))
    }

    fn on_others(&self, budget: &BudgetFindings, kind: ArmKind, what: &str) -> Option<String> {
        let arms: Vec<&ArmFindings> = budget.arms.iter().filter(|arm| arm.kind == kind).collect();
        if arms.is_empty() {
            return None;
        }
        let told: Vec<String> = arms
            .iter()
            .map(|arm| {
                let control = match &arm.over_control {
                    Some(over) if over.verdict != Decision::NotTested => format!(", {}", self.over(over)),
                    _ => String::new(),
                };
                format!("{} {} {} ({}{control})", arm.name, self.gain(arm), self.unit, arm.verdict.words())
            })
            .collect();
        let at = match budget.name.as_str() {
            "full" => "at the full budget",
            _ => "at a tenth of the updates",
        };
        let what = match what {
            "pruning" => {
                let keep = arms.iter().find_map(|arm| match arm.strategy {
                    super::arm::Strategy::Kept { keep, .. } => Some(keep),
                    _ => None,
                });
                keep.map_or("Pruning".into(), |keep| format!("Pruning to a share of {keep} of the examples"))
            }
            _ => "Weighting".to_owned(),
        };
        Some(format!("{what}, {at}, against shuffling all of them: {}.", told.join("; ")))
    }

    fn on_power(&self) -> Option<String> {
        let told: Vec<String> = self
            .budgets
            .iter()
            .filter_map(|budget| {
                let gain = decimals(self.metric).number(budget.detectable?);
                let at = if budget.name == "full" { "the full budget" } else { "a tenth of it" };
                Some(format!("{gain} {} at {at}", self.unit))
            })
            .collect();
        let margin = decimals(self.metric).number(self.margin);
        (!told.is_empty()).then(|| power(&told, &margin, &self.unit))
    }

    fn on_conditions(&self) -> String {
        let of = match self.plan.n_examples {
            Some(n_examples) => {
                format!("{n_examples} of the {} examples of {}", self.data.examples, self.data.name)
            }
            None => format!("{} examples of {}", self.data.examples, self.data.name),
        };
        let splits = match self.data.test_examples {
            0 => "each with a split of its own".to_owned(),
            n => format!(
                "each trained on a part of its own and tested on the {n} examples given: intervals speak of these data"
            ),
        };
        let noise = match self.data.label_noise {
            0.0 => String::new(),
            noise => format!(", a share of {noise} of the training and validation labels made wrong"),
        };
        let level = decimals(self.metric).number(self.budgets.first().map_or(f64::NAN, |budget| budget.baseline));
        let unit = if self.metric == Metric::LogLoss { " nats" } else { "" };
        let mut text = format!(
            "{} repetitions on {of}{noise}, {splits}; {}, {} {level}{unit} with shuffling at the full budget.",
            self.repetitions, self.model, self.metric
        );
        if self.stopped_by_time {
            text += &format!(" Time ended before the {} repetitions that were asked for.", self.plan.n_seeds);
        }
        for left_out in &self.plan.left_out {
            text += &format!(" To keep the time limit, {left_out}.");
        }
        for budget in self.budgets.iter().filter(|budget| budget.learning_rate_at_end) {
            text += &format!(
                " The learning rate {} of the {} budget is at an end of those tried.",
                budget.learning_rate, budget.name
            );
        }
        let diverged: usize = self.budgets.iter().flat_map(|budget| &budget.arms).map(|arm| arm.diverged).sum();
        if diverged > 0 {
            text += &format!(" {diverged} runs diverged and count with the best weights they had.");
        }
        text
    }

    /// The names of the arms that were compared.
    pub fn names(&self) -> Vec<&'static str> {
        self.plan.arms.iter().map(|arm| Arm::words(*arm)).collect()
    }
}
