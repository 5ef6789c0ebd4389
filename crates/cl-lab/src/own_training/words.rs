//! The answer of a comparison in plain sentences, each number of which stands in its results.

use cl_study::shown;

use super::{
    findings::{ArmFindings, Difference, OwnComparison},
    scores::ArmKind,
};
use crate::judging::{Decimals, Decision, power};

impl OwnComparison {
    /// The answer, sentence by sentence.
    pub(super) fn in_words(&self) -> Vec<String> {
        let mut sentences = self.on_winner();
        sentences.extend(ArmKind::ALL.into_iter().filter_map(|kind| self.on_kind(kind)));
        sentences.extend(self.on_power());
        sentences.push(self.on_conditions());
        sentences
    }

    pub(super) fn decimals(&self) -> Decimals {
        Decimals(self.decimals.min(Decimals::MOST))
    }

    /// An arm's name in sentences, by what it is asked for.
    pub(super) fn name<'a>(&'a self, arm: &'a str) -> &'a str {
        let found = self.arms.iter().find(|other| other.arm == arm).map(|other| other.name.as_str());
        found.unwrap_or(if arm == self.baseline.arm { &self.baseline.name } else { arm })
    }

    fn gain(&self, arm: &ArmFindings) -> String {
        format!("{} {}", self.decimals().signed(arm.difference, arm.low, arm.high), shown::name(&self.unit))
    }

    fn over(&self, over: &Difference) -> String {
        let gain = self.decimals().signed(over.difference, over.low, over.high);
        format!("{gain} over {} ({})", shown::name(self.name(&over.from)), over.verdict.words())
    }

    fn on_winner(&self) -> Vec<String> {
        let of =
            |arm: &Option<String>| arm.as_ref().and_then(|arm| self.arms.iter().find(|other| other.arm == *arm));
        let baseline = shown::name(&self.baseline.name);
        let after = format!("After {} updates", self.n_updates);
        let (winner, chosen) = (of(&self.winner), of(&self.chosen));
        let mut sentences = Vec::new();
        match winner {
            Some(winner) => {
                let (name, gain) = (shown::name(&winner.name), self.gain(winner));
                let control = match &winner.over_control {
                    Some(over) if over.verdict == Decision::Better => {
                        format!(
                            "; it beats {}, too: looking at the examples helps",
                            shown::name(self.name(&over.from))
                        )
                    }
                    Some(over) => {
                        format!("; that looking at the examples helps is not shown: {}", self.over(over))
                    }
                    None => String::new(),
                };
                sentences.push(format!("{after} {name} wins: {gain} over {baseline}{control}."));
                if self.count.better > 1 && self.winner != self.chosen {
                    sentences.push(format!(
                        "{} arms are better than {baseline}; that {name}, whose gain is the greatest, is the best of them was \
                         not tested.",
                        self.count.better
                    ));
                }
            }
            None if self.count.no_difference == self.count.compared => sentences.push(format!(
                "{after} no arm differs from {baseline} by more than {} {}.",
                self.decimals().number(self.margin),
                shown::name(&self.unit)
            )),
            None if self.count.compared == 1 => {
                sentences.push(format!("{after} no arm is shown to beat {baseline}."))
            }
            None => sentences.push(format!(
                "{after} no arm is shown to beat {baseline}: of {} arms {}.",
                self.count.compared,
                self.count.not_better()
            )),
        }
        if let Some(chosen) = chosen.filter(|_| self.winner != self.chosen) {
            let (name, verdict) = (shown::name(&chosen.name), chosen.verdict.words());
            sentences.push(format!("The arm chosen beforehand, {name}: {} ({verdict}).", self.gain(chosen)));
        }
        sentences
    }

    fn on_kind(&self, kind: ArmKind) -> Option<String> {
        let told: Vec<String> = self
            .arms
            .iter()
            .filter(|arm| arm.kind == kind)
            .map(|arm| {
                let control = arm.over_control.as_ref().map(|over| format!(", {}", self.over(over)));
                let (name, verdict) = (shown::name(&arm.name), arm.verdict.words());
                format!("{name} {} ({verdict}{})", self.gain(arm), control.unwrap_or_default())
            })
            .collect();
        let heading = match kind {
            ArmKind::Order => "Orders",
            ArmKind::Weighting => "Weighting",
            ArmKind::Pruning => "Pruning",
            ArmKind::Other => "Other arms",
        };
        let baseline = shown::name(&self.baseline.name);
        (!told.is_empty()).then(|| format!("{heading}, against {baseline}: {}.", told.join("; ")))
    }

    fn on_power(&self) -> Option<String> {
        let unit = shown::name(&self.unit);
        let gain = format!("{} {unit}", self.decimals().number(self.detectable?));
        Some(power(&[gain], &self.decimals().number(self.margin), &unit))
    }

    fn on_conditions(&self) -> String {
        let splits = if self.test_to_train > 0.0 {
            "each with a split of its own"
        } else {
            "each tested on the same examples: intervals speak of these data"
        };
        let unit = match self.unit.as_str() {
            "points" => String::new(),
            unit if unit == self.metric => String::new(),
            unit => format!(" {}", shown::name(unit)),
        };
        format!(
            "{} repetitions on {} examples of {}, {splits}; {}, {} {}{unit} with {} after {} updates.",
            self.repetitions,
            self.n_examples,
            shown::name(&self.data),
            self.model,
            shown::name(&self.metric),
            self.decimals().number(self.baseline.mean),
            shown::name(&self.baseline.name),
            self.n_updates
        )
    }
}
