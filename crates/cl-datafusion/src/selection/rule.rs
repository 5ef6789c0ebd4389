use std::ops::Range;

use cl_prune::{Allocation, Budget, Floor, HardCutoff, NeverLearnedFate, PruneError, RuleSettings, WindowStart};

use crate::error::EngineError;

/// Of which examples of a ranking a rule keeps a window, or how it covers them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum TableRule {
    Hardest,
    Easiest,
    Middle,
    Offset {
        offset: f64,
        start: WindowStart,
    },
    /// All are equally good.
    Random,
    /// The hardest, those never learned as told.
    Forgetting {
        never: f64,
        fate: NeverLearnedFate,
    },
    Coverage {
        cutoff: HardCutoff,
        n_strata: usize,
    },
}

/// A rule of [`cl_prune::rules`] as the engine applies it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TableSelection {
    pub(crate) rule: TableRule,
    /// How classes share the budget, where they do.
    pub(crate) classes: Option<(Allocation, Floor)>,
    /// Whether scores are distances or counts, at least 0.
    pub(crate) at_least_0: bool,
}

impl TableSelection {
    /// From settings whose options are checked.
    ///
    /// # Errors
    /// Of a rule that an engine has not: those that it has are named.
    pub(crate) fn new(settings: &RuleSettings) -> Result<Self, EngineError> {
        let name = settings.description().method.name;
        let option = |key: &str| settings.options().get(key).map(String::as_str);
        let number = |key: &'static str| -> Result<Option<f64>, EngineError> {
            let parsed =
                option(key).map(|text| text.parse().map_err(|_| EngineError::argument(key, text, "a number")));
            parsed.transpose()
        };
        let mut classes = match option("balance") {
            Some("proportional") => Some(Allocation::Proportional),
            Some("equal") => Some(Allocation::Equal),
            Some("global") => Some(Allocation::Global),
            _ => None,
        };
        let rule = match name {
            "hardest" => TableRule::Hardest,
            "easiest" => TableRule::Easiest,
            "middle" => TableRule::Middle,
            "random" => TableRule::Random,
            "stratified-random" => {
                classes = Some(Allocation::Proportional);
                TableRule::Random
            }
            "offset" => {
                let start = match option("start") {
                    Some("hardest") => WindowStart::Hardest,
                    _ => WindowStart::Easiest,
                };
                TableRule::Offset { offset: number("offset")?.unwrap_or(0.0), start }
            }
            "prototypes" if option("side") == Some("near") => TableRule::Easiest,
            "prototypes" => TableRule::Hardest,
            "forgetting" => {
                let fate = match option("never_learned") {
                    Some("removed-first") => NeverLearnedFate::RemovedFirst,
                    Some("unforgettable") => NeverLearnedFate::Unforgettable,
                    _ => NeverLearnedFate::KeptFirst,
                };
                TableRule::Forgetting { never: number("never")?.unwrap_or(f64::INFINITY), fate }
            }
            "ccs" => {
                let cutoff = match number("noise_rate")? {
                    Some(rate) => HardCutoff::NoiseRate(rate),
                    None => HardCutoff::Given(number("beta")?.unwrap_or(0.0)),
                };
                let n_strata = number("strata")?.unwrap_or(50.0) as usize;
                TableRule::Coverage { cutoff, n_strata }
            }
            _ => {
                let known = "hardest, easiest, random, stratified-random, middle, offset, forgetting, ccs or prototypes, \
                             which need no more of an example than its score and its class";
                return Err(EngineError::argument("rule", name, known));
            }
        };
        let floor = match (option("floor"), number("floor_share")?) {
            (Some(count), _) => {
                let count =
                    count.parse().map_err(|_| EngineError::argument("floor", count, "a number of examples"))?;
                Floor::Count(count)
            }
            (None, Some(share)) => Floor::Share(share),
            (None, None) => Floor::None,
        };
        let classes = classes.map(|allocation| (allocation, floor));
        Ok(Self { rule, classes, at_least_0: matches!(name, "prototypes" | "forgetting") })
    }
}

impl TableRule {
    /// The ranks in increasing difficulty that are kept of `n` examples where `n_kept` are; of coverage, among which they
    /// are chosen.
    ///
    /// # Errors
    /// Where fewer are left.
    pub(crate) fn window(self, n: usize, n_kept: usize) -> Result<Range<usize>, PruneError> {
        let too_few =
            |rule, n_left, why| PruneError::TooFewLeft { rule, count: n_kept, n_left, n_examples: n, why };
        Ok(match self {
            Self::Hardest | Self::Forgetting { .. } => n - n_kept..n,
            Self::Easiest | Self::Random => 0..n_kept,
            Self::Middle => {
                let start = (n - n_kept) / 2;
                start..start + n_kept
            }
            Self::Offset { offset, start } => {
                let skipped = ((offset * n as f64 + 0.5).floor() as usize).min(n);
                if n_kept > n - skipped {
                    let why = format!("the window starts after {skipped} of the {start}");
                    return Err(too_few("offset window", n - skipped, why));
                }
                match start {
                    WindowStart::Easiest => skipped..skipped + n_kept,
                    WindowStart::Hardest => n - skipped - n_kept..n - skipped,
                }
            }
            Self::Coverage { cutoff, .. } => {
                let cut = |share: f64| ((share * n as f64 + 1e-9).floor() as usize).min(n);
                let n_cut = match cutoff {
                    HardCutoff::Given(share) => cut(share),
                    HardCutoff::NoiseRate(share) => cut(share).min(n - n_kept),
                };
                if n_kept > n - n_cut {
                    return Err(too_few("ccs", n - n_cut, format!("the cut-off takes the {n_cut} hardest")));
                }
                0..n - n_cut
            }
        })
    }
}

/// How many of `n` examples a budget keeps.
///
/// # Errors
/// As [`Budget::resolve`].
pub(crate) fn resolve(budget: Budget, n: u64) -> Result<usize, EngineError> {
    let n = usize::try_from(n).map_err(|_| EngineError::argument("examples", n, "as many as can be counted"))?;
    Ok(budget.resolve(n)?)
}

#[cfg(test)]
mod tests {
    use cl_prune::{RuleNeeds, rules};

    use super::*;

    #[test]
    fn every_rule_of_scores_and_labels_is_there() {
        for description in rules() {
            let name = description.method.name;
            let found = TableSelection::new(&RuleSettings::parse(name, &[]).unwrap());
            // Shares of a beta distribution are drawn example by example.
            let has = matches!(description.needs, RuleNeeds::Scores | RuleNeeds::Labels);
            assert_eq!(found.is_ok(), has, "{name}");
        }
        let error = TableSelection::new(&RuleSettings::parse("d2", &[]).unwrap()).unwrap_err().to_string();
        assert!(error.contains("rule is d2, expected hardest"), "{error}");
    }

    #[test]
    fn options_are_read() {
        let of = |name, options: &[(&str, &str)]| {
            TableSelection::new(&RuleSettings::parse(name, options).unwrap()).unwrap()
        };
        let offset =
            of("offset", &[("offset", "0.25"), ("start", "hardest"), ("balance", "equal"), ("floor", "3")]);
        assert_eq!(offset.rule, TableRule::Offset { offset: 0.25, start: WindowStart::Hardest });
        assert_eq!(offset.classes, Some((Allocation::Equal, Floor::Count(3))));
        let shares = of("hardest", &[("balance", "global"), ("floor_share", "0.5")]).classes;
        assert_eq!(shares, Some((Allocation::Global, Floor::Share(0.5))));
        let coverage = of("ccs", &[("noise_rate", "0.2"), ("strata", "7")]).rule;
        assert_eq!(coverage, TableRule::Coverage { cutoff: HardCutoff::NoiseRate(0.2), n_strata: 7 });
        assert_eq!(of("prototypes", &[("side", "near")]).rule, TableRule::Easiest);
        let forgetting = of("forgetting", &[("never", "9"), ("never_learned", "removed-first")]).rule;
        assert_eq!(forgetting, TableRule::Forgetting { never: 9.0, fate: NeverLearnedFate::RemovedFirst });
        assert_eq!(of("hardest", &[]).classes, None);
    }
}
