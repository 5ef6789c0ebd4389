//! The rules by name: what they are, what they need, which options they take.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{
    Allocation, BetaSampling, ClassBalanced, CoverageCentric, Edges, Floor, HardCutoff, KeepByPrototype,
    KeepEasiest, KeepHardest, KeepMiddle, KeepRandom, MessagePassing, NeighborLists, NeverLearnedFate,
    OffsetWindow, PrototypeSide, RemoveUnforgettable, ReverseMessages, SelectionRule, StratifiedRandom,
    WindowStart,
};
use crate::PruneError;

/// What a rule must be given beside the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleNeeds {
    /// Nothing.
    Scores,
    /// The labels.
    Labels,
    /// The mean probability of each example's label.
    Confidence,
    /// Each example's nearest neighbours.
    Neighbors,
}

impl fmt::Display for RuleNeeds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scores => "scores",
            Self::Labels => "labels",
            Self::Confidence => "the confidence of each example",
            Self::Neighbors => "the nearest neighbours of each example",
        })
    }
}

/// A rule as a list of rules shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RuleDescription {
    /// Its name.
    pub name: &'static str,
    /// What it keeps, in one line.
    pub summary: &'static str,
    /// What it must be given beside the scores.
    pub needs: RuleNeeds,
    /// Whether smaller budgets keep a part of what larger ones keep.
    pub nested: bool,
    /// Its own options and what they mean.
    pub options: &'static [(&'static str, &'static str)],
    #[serde(skip)]
    which: Which,
}

/// The rules that have a name. A rule of the list is one of these, and each must be matched where options are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Hardest,
    Easiest,
    Random,
    StratifiedRandom,
    Middle,
    Offset,
    Forgetting,
    CoverageCentric,
    Dual,
    D2,
    Prototypes,
}

/// The options that every rule takes beside its own, all of which need labels.
static CLASS_OPTIONS: &[(&str, &str)] = &[
    ("balance", "how classes share the budget: none (default), proportional, equal or global (beyond the floor)"),
    ("floor", "how many examples every class keeps at least"),
    ("floor_share", "the same as a share of an equal share of the budget, in [0, 1]"),
];

const fn rule(
    which: Which,
    name: &'static str,
    summary: &'static str,
    options: &'static [(&'static str, &'static str)],
) -> RuleDescription {
    RuleDescription { name, summary, needs: RuleNeeds::Scores, nested: true, options, which }
}

static RULES: &[RuleDescription] = &[
    rule(Which::Hardest, "hardest", "the highest difficulties", &[]),
    rule(Which::Easiest, "easiest", "the lowest difficulties", &[]),
    rule(Which::Random, "random", "a random part, the control", &[]),
    RuleDescription {
        needs: RuleNeeds::Labels,
        ..rule(
            Which::StratifiedRandom,
            "stratified-random",
            "a random part of each class in proportion, the second control",
            &[],
        )
    },
    rule(Which::Middle, "middle", "the middle ranks (moderate coreset, on the distance to the class median)", &[]),
    rule(
        Which::Offset,
        "offset",
        "a window of the ranking, after a share of it is skipped",
        &[
            ("offset", "the share of all examples skipped, in [0, 1) (default 0)"),
            ("start", "the end skipped from: easiest (default) or hardest"),
        ],
    ),
    rule(
        Which::Forgetting,
        RemoveUnforgettable::NAME,
        "the most forgotten: the unforgettable are removed first",
        &[
            (
                "never",
                "the count from which an example was never learned (default: as the scores' sidecar tells, else inf)",
            ),
            ("never_learned", "what becomes of those: kept-first (default), removed-first or unforgettable"),
        ],
    ),
    rule(
        Which::CoverageCentric,
        "ccs",
        "all difficulties evenly, after the hardest are cut off (coverage-centric)",
        &[
            ("beta", "the share of all examples cut off as too hard, in [0, 1) (default 0)"),
            ("noise_rate", "instead: as many as labels are estimated to be wrong, as the budget allows"),
            ("strata", "strata of equal width (default 50)"),
        ],
    ),
    RuleDescription {
        needs: RuleNeeds::Confidence,
        nested: false,
        ..rule(
            Which::Dual,
            "dual",
            "a sample by score and by a Beta density of the confidence (DUAL)",
            &[("c", "the exponent c_D, larger for easier data (default 4)")],
        )
    },
    RuleDescription {
        needs: RuleNeeds::Neighbors,
        ..rule(
            Which::D2,
            "d2",
            "difficulty and diversity by messages between nearest neighbours (D2)",
            &[
                ("gamma", "how fast reverse messages fade with the distance, at least 0 (default 0.1)"),
                ("reverse", "reverse messages: weighted (default) or absolute"),
                ("edges", "neighbours: undirected (of either list, default) or directed"),
            ],
        )
    },
    rule(
        Which::Prototypes,
        "prototypes",
        "by the distance to the nearest prototype",
        &[("side", "which are kept: far (default) or near")],
    ),
];

/// Every rule.
pub fn rules() -> &'static [RuleDescription] {
    RULES
}

/// The options that every rule but `stratified-random` takes beside its own, and what they mean; all need labels.
pub fn class_options() -> &'static [(&'static str, &'static str)] {
    CLASS_OPTIONS
}

/// What a rule may be given beside the scores.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleInputs<'a> {
    /// The class of each example.
    pub labels: Option<&'a [usize]>,
    /// The mean probability of each example's label.
    pub confidence: Option<&'a [f64]>,
    /// The nearest neighbours of each example.
    pub neighbors: Option<&'a NeighborLists>,
}

/// A rule by name with its options set and checked.
///
/// ```
/// use cl_prune::{Budget, RuleInputs, RuleSettings, SelectionRule};
///
/// let settings = RuleSettings::parse("ccs", &[("beta", "0.25"), ("strata", "3")])?;
/// let rule = settings.rule(&RuleInputs::default())?;
/// assert_eq!(rule.select(&[0.1, 0.2, 0.4, 9.0], Budget::Count(3), 0)?.kept_sorted(), [0, 1, 2]);
/// assert!(RuleSettings::parse("css", &[]).unwrap_err().to_string().contains("hardest, easiest"));
/// assert!(RuleSettings::parse("ccs", &[("beat", "1")]).unwrap_err().to_string().contains("beta"));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleSettings {
    #[serde(skip)]
    description: &'static RuleDescription,
    /// The rule's name.
    name: &'static str,
    /// Its options, defaults among them.
    options: BTreeMap<String, String>,
    #[serde(skip)]
    chosen: Chosen,
    #[serde(skip)]
    classes: Option<(Allocation, Floor)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Chosen {
    Hardest,
    Easiest,
    Random,
    StratifiedRandom,
    Middle,
    Offset(OffsetWindow),
    Forgetting(RemoveUnforgettable),
    CoverageCentric(CoverageCentric),
    Dual { c: f64 },
    D2 { edges: Edges, reverse: ReverseMessages },
    Prototypes(KeepByPrototype),
}

impl RuleSettings {
    /// The rule `name` with `options`, the others at their defaults.
    ///
    /// # Errors
    /// On an unknown rule, option or value: the known ones are named.
    pub fn parse(name: &str, options: &[(&str, &str)]) -> Result<Self, PruneError> {
        let description = RULES.iter().find(|description| description.name == name).ok_or_else(|| {
            let known = RULES.iter().map(|rule| rule.name).collect::<Vec<_>>().join(", ");
            PruneError::Unknown { what: "rule", name: name.to_owned(), known }
        })?;
        // The second control is balanced by itself.
        let of_classes = if description.which == Which::StratifiedRandom { &[] } else { CLASS_OPTIONS };
        let known: Vec<&str> = description.options.iter().chain(of_classes).map(|&(key, _)| key).collect();
        let mut reader = Options { rule: description.name, values: BTreeMap::new() };
        for &(key, value) in options {
            if !known.contains(&key) {
                let name = format!("{name}.{key}");
                return Err(PruneError::Unknown { what: "option", name, known: known.join(", ") });
            }
            if reader.values.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(reader.invalid(key, "to be given once"));
            }
        }
        let chosen = reader.chosen(description.which)?;
        let classes = if of_classes.is_empty() { None } else { reader.classes()? };
        Ok(Self { description, name: description.name, options: reader.values, chosen, classes })
    }

    /// How the catalogue describes the rule.
    pub fn description(&self) -> &'static RuleDescription {
        self.description
    }

    /// Its options, defaults among them.
    pub fn options(&self) -> &BTreeMap<String, String> {
        &self.options
    }

    /// Whether labels are needed, for the rule itself or to balance classes.
    pub fn needs_labels(&self) -> bool {
        self.classes.is_some() || self.description.needs == RuleNeeds::Labels
    }

    /// The rule itself.
    ///
    /// # Errors
    /// Where it needs what it is not given, or cannot use what it is given.
    pub fn rule(&self, inputs: &RuleInputs<'_>) -> Result<Box<dyn SelectionRule>, PruneError> {
        let missing = |what| PruneError::Missing { rule: self.description.name, what };
        let labels = || inputs.labels.map(<[usize]>::to_vec).ok_or(missing("labels"));
        let rule: Box<dyn SelectionRule> = match self.chosen {
            Chosen::Hardest => Box::new(KeepHardest),
            Chosen::Easiest => Box::new(KeepEasiest),
            Chosen::Random => Box::new(KeepRandom),
            Chosen::StratifiedRandom => Box::new(StratifiedRandom::new(labels()?)?),
            Chosen::Middle => Box::new(KeepMiddle),
            Chosen::Offset(rule) => Box::new(rule),
            Chosen::Forgetting(rule) => Box::new(rule),
            Chosen::CoverageCentric(rule) => Box::new(rule),
            Chosen::Dual { c } => {
                let confidence = inputs.confidence.ok_or(missing("the confidence of each example"))?;
                Box::new(BetaSampling::new(confidence.to_vec(), c)?)
            }
            Chosen::D2 { edges, reverse } => {
                let neighbors = inputs.neighbors.ok_or(missing("the nearest neighbours of each example"))?;
                Box::new(MessagePassing::new(neighbors.clone()).with_edges(edges).with_reverse(reverse)?)
            }
            Chosen::Prototypes(rule) => Box::new(rule),
        };
        Ok(match self.classes {
            Some((allocation, floor)) => Box::new(ClassBalanced::new(rule, labels()?, allocation, floor)?),
            None => rule,
        })
    }
}

/// The options of one rule while they are read; defaults are written back.
struct Options {
    rule: &'static str,
    values: BTreeMap<String, String>,
}

impl Options {
    fn invalid(&self, key: &str, expected: impl Into<String>) -> PruneError {
        PruneError::InvalidOption {
            option: format!("{}.{key}", self.rule),
            value: self.values.get(key).cloned().unwrap_or_default(),
            expected: expected.into(),
        }
    }

    fn number<N: FromStr>(&self, key: &str, expected: &str) -> Result<Option<N>, PruneError> {
        self.values.get(key).map(|value| value.parse().map_err(|_| self.invalid(key, expected))).transpose()
    }

    fn number_or<N: FromStr + fmt::Display + Copy>(
        &mut self,
        key: &str,
        default: N,
        expected: &str,
    ) -> Result<N, PruneError> {
        let value = self.number(key, expected)?;
        if value.is_none() {
            self.values.insert(key.to_owned(), default.to_string());
        }
        Ok(value.unwrap_or(default))
    }

    /// The first choice is the default.
    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Result<T, PruneError> {
        let value = self.values.entry(key.to_owned()).or_insert_with(|| choices[0].0.to_owned());
        let found = choices.iter().find(|(name, _)| name == value).map(|&(_, choice)| choice);
        let names = || choices.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| self.invalid(key, format!("one of {}", names())))
    }

    fn chosen(&mut self, which: Which) -> Result<Chosen, PruneError> {
        const SHARE: &str = "a share in [0, 1)";
        Ok(match which {
            Which::Hardest => Chosen::Hardest,
            Which::Easiest => Chosen::Easiest,
            Which::Random => Chosen::Random,
            Which::StratifiedRandom => Chosen::StratifiedRandom,
            Which::Middle => Chosen::Middle,
            Which::Offset => {
                let offset = self.number_or("offset", 0.0, SHARE)?;
                let start =
                    self.choice("start", &[("easiest", WindowStart::Easiest), ("hardest", WindowStart::Hardest)])?;
                Chosen::Offset(OffsetWindow::new(offset, start).map_err(|_| self.invalid("offset", SHARE))?)
            }
            Which::Forgetting => {
                let expected = "a positive count, or inf";
                let never = self.number_or("never", f64::INFINITY, expected)?;
                let fates =
                    [NeverLearnedFate::KeptFirst, NeverLearnedFate::RemovedFirst, NeverLearnedFate::Unforgettable];
                let names = fates.map(|fate| (fate.to_string(), fate));
                let fate =
                    self.choice("never_learned", &names.each_ref().map(|(name, fate)| (name.as_str(), *fate)))?;
                let rule = RemoveUnforgettable::new(never, fate);
                Chosen::Forgetting(rule.map_err(|_| self.invalid("never", expected))?)
            }
            Which::CoverageCentric => {
                let n_strata =
                    self.number_or("strata", CoverageCentric::STRATA, "a number of strata, at least 1")?;
                let cutoff = match self.number("noise_rate", SHARE)? {
                    Some(_) if self.values.contains_key("beta") => {
                        return Err(self.invalid("noise_rate", "to be given without beta"));
                    }
                    Some(rate) => HardCutoff::NoiseRate(rate),
                    None => HardCutoff::Given(self.number_or("beta", 0.0, SHARE)?),
                };
                let key = if matches!(cutoff, HardCutoff::Given(_)) { "beta" } else { "noise_rate" };
                if cutoff.check().is_err() {
                    return Err(self.invalid(key, SHARE));
                }
                let rule = CoverageCentric::with_cutoff(cutoff, n_strata);
                Chosen::CoverageCentric(rule.map_err(|_| self.invalid("strata", "a number, at least 1"))?)
            }
            Which::Dual => {
                let c: f64 = self.number_or("c", 4.0, "a positive number")?;
                if !(c > 0.0 && c.is_finite()) {
                    return Err(self.invalid("c", "a positive number"));
                }
                Chosen::Dual { c }
            }
            Which::D2 => {
                let edges =
                    self.choice("edges", &[("undirected", Edges::Undirected), ("directed", Edges::Directed)])?;
                let absolute = self.choice("reverse", &[("weighted", false), ("absolute", true)])?;
                let expected = "a finite number of at least 0, with weighted messages";
                if absolute && self.values.contains_key("gamma") {
                    return Err(self.invalid("gamma", expected));
                }
                let reverse = match absolute {
                    true => ReverseMessages::Absolute,
                    false => ReverseMessages::Weighted { gamma: self.number_or("gamma", 0.1, expected)? },
                };
                if let ReverseMessages::Weighted { gamma } = reverse
                    && !(gamma >= 0.0 && gamma.is_finite())
                {
                    return Err(self.invalid("gamma", expected));
                }
                Chosen::D2 { edges, reverse }
            }
            Which::Prototypes => {
                let side = self.choice("side", &[("far", PrototypeSide::Far), ("near", PrototypeSide::Near)])?;
                Chosen::Prototypes(KeepByPrototype { side })
            }
        })
    }

    fn classes(&mut self) -> Result<Option<(Allocation, Floor)>, PruneError> {
        let allocation = self.choice(
            "balance",
            &[
                ("none", None),
                ("proportional", Some(Allocation::Proportional)),
                ("equal", Some(Allocation::Equal)),
                ("global", Some(Allocation::Global)),
            ],
        )?;
        let count = self.number("floor", "a number of examples")?;
        let share: Option<f64> = self.number("floor_share", "a share in [0, 1]")?;
        let floor = match (count, share) {
            (Some(_), Some(_)) => return Err(self.invalid("floor_share", "to be given without floor")),
            (Some(count), None) => Floor::Count(count),
            (None, Some(share)) if !(0.0..=1.0).contains(&share) => {
                return Err(self.invalid("floor_share", "a share in [0, 1]"));
            }
            (None, Some(share)) => Floor::Share(share),
            (None, None) => Floor::None,
        };
        match allocation {
            None if floor != Floor::None => {
                let key = if count.is_some() { "floor" } else { "floor_share" };
                Err(self.invalid(key, "to be given with balance = proportional, equal or global"))
            }
            None => Ok(None),
            Some(allocation) => Ok(Some((allocation, floor))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Budget;

    fn inputs<'a>(neighbors: &'a NeighborLists) -> RuleInputs<'a> {
        RuleInputs {
            labels: Some(&[0, 0, 1, 1]),
            confidence: Some(&[0.9, 0.5, 0.4, 0.2]),
            neighbors: Some(neighbors),
        }
    }

    #[test]
    fn every_rule_of_the_catalogue_selects_and_tells_what_it_lacks() {
        let neighbors = NeighborLists::new(1, vec![1, 0, 3, 2], vec![0.5; 4]).unwrap();
        for description in rules() {
            let settings = RuleSettings::parse(description.name, &[]).unwrap();
            let rule = settings.rule(&inputs(&neighbors)).unwrap();
            assert_eq!(rule.is_nested(), description.nested, "{}", description.name);
            let selection = rule.select(&[0.1, 0.4, 0.2, 0.3], Budget::Count(3), 0).unwrap();
            assert_eq!(selection.n_kept(), 3, "{}", description.name);
            // The defaults that are named are the defaults that are used.
            let given: Vec<_> =
                settings.options().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(RuleSettings::parse(description.name, &given).unwrap(), settings);
            let bare = settings.rule(&RuleInputs::default());
            assert_eq!(bare.is_err(), description.needs != RuleNeeds::Scores, "{}", description.name);
        }
    }

    #[test]
    fn what_is_chosen_is_what_the_name_says() {
        let scores = [0.1, 0.4, 0.2, 0.3];
        let kept = |name, options: &[(&str, &str)], count| {
            let neighbors = NeighborLists::new(1, vec![1, 0, 3, 2], vec![0.5; 4]).unwrap();
            let rule = RuleSettings::parse(name, options).unwrap().rule(&inputs(&neighbors)).unwrap();
            rule.select(&scores, Budget::Count(count), 0).unwrap().kept_sorted()
        };
        assert_eq!(kept("hardest", &[], 1), [1]);
        assert_eq!(kept("easiest", &[], 1), [0]);
        assert_eq!(kept("middle", &[], 2), [2, 3]);
        assert_eq!(kept("offset", &[("offset", "0.25"), ("start", "hardest")], 1), [3]);
        assert_eq!(kept("offset", &[("offset", "0.25")], 1), [2]);
        assert_eq!(kept("forgetting", &[("never", "0.4"), ("never_learned", "removed-first")], 1), [3]);
        assert_eq!(kept("ccs", &[("noise_rate", "0.25"), ("strata", "1")], 3), [0, 2, 3]);
        assert_eq!(kept("prototypes", &[("side", "near")], 1), [0]);
        assert_eq!(kept("hardest", &[("balance", "equal")], 2), [1, 3]);
        assert_eq!(kept("easiest", &[("balance", "global"), ("floor", "1")], 2), [0, 2]);
        assert_eq!(kept("d2", &[("reverse", "absolute"), ("edges", "directed")], 1), [1]);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        let refused = |name, options: &[(&str, &str)]| RuleSettings::parse(name, options).unwrap_err().to_string();
        assert_eq!(
            refused("hard", &[]),
            "unknown rule `hard`, expected hardest, easiest, random, stratified-random, middle, offset, forgetting, \
             ccs, dual, d2, prototypes"
        );
        assert_eq!(
            refused("stratified-random", &[("floor", "1")]),
            "unknown option `stratified-random.floor`, expected none"
        );
        for (name, key, value) in [
            ("ccs", "beta", "1"),
            ("ccs", "noise_rate", "-0.1"),
            ("ccs", "strata", "0"),
            ("ccs", "strata", "x"),
            ("offset", "offset", "1"),
            ("offset", "start", "left"),
            ("forgetting", "never", "0"),
            ("dual", "c", "0"),
            ("d2", "gamma", "nan"),
            ("prototypes", "side", "both"),
            ("hardest", "balance", "yes"),
            ("hardest", "floor", "1"),
            ("hardest", "floor_share", "2"),
        ] {
            let message = refused(name, &[(key, value)]);
            assert!(message.starts_with(&format!("option {name}.{key} is {value:?}, expected ")), "{message}");
        }
        assert!(refused("ccs", &[("beta", "0"), ("noise_rate", "0.1")]).contains("without beta"));
        assert!(refused("ccs", &[("beta", "0"), ("beta", "0.1")]).contains("once"));
        assert!(refused("d2", &[("gamma", "1"), ("reverse", "absolute")]).contains("weighted messages"));
    }
}
