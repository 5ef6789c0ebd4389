//! The rules by name.

use std::{collections::BTreeMap, fmt, sync::Arc};

use cl_data::catalogue::{Options, find};
use serde::Serialize;

use super::{
    beta_sampling,
    class_balanced::{Allocation, ClassBalanced, Floor},
    class_options, coverage_centric, easiest,
    entry::{Entry, Make, RuleDescription, RuleInputs, RuleNeeds, needed},
    forgetting, hardest, message_passing, middle, offset_window, prototypes, random,
    selection_rule::SelectionRule,
    stratified_random,
};
use crate::error::PruneError;

static RULES: &[&Entry] = &[
    &hardest::ENTRY,
    &easiest::ENTRY,
    &random::ENTRY,
    &stratified_random::ENTRY,
    &middle::ENTRY,
    &offset_window::ENTRY,
    &forgetting::ENTRY,
    &coverage_centric::ENTRY,
    &beta_sampling::ENTRY,
    &message_passing::ENTRY,
    &prototypes::ENTRY,
];

/// Every rule.
pub fn rules() -> impl ExactSizeIterator<Item = &'static RuleDescription> {
    RULES.iter().map(|entry| &entry.description)
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
#[derive(Clone, Serialize)]
pub struct RuleSettings {
    #[serde(skip)]
    description: &'static RuleDescription,
    /// The rule's name.
    name: &'static str,
    /// Its options, defaults among them.
    options: BTreeMap<String, String>,
    #[serde(skip)]
    make: Arc<Make>,
    #[serde(skip)]
    classes: Option<(Allocation, Floor)>,
}

impl RuleSettings {
    /// The rule `name` with `options`, the others at their defaults.
    ///
    /// # Errors
    /// On an unknown rule, option or value: the known ones are named.
    pub fn parse(name: &str, options: &[(&str, &str)]) -> Result<Self, PruneError> {
        let Entry { description, read } = find("rule", RULES, |entry| &entry.description.method, &[], name)?;
        // What needs labels for itself, the second control, is balanced by itself.
        let by_itself = description.needs == RuleNeeds::Labels;
        let common = if by_itself { &[] } else { class_options::class_options() };
        let mut options = Options::with_common(&description.method, common, options)?;
        let make = read(&mut options).map_err(|error| error.of_parameter(&options))?;
        let classes = if by_itself { None } else { class_options::read(&mut options)? };
        let (name, options) = (description.method.name, options.values().clone());
        Ok(Self { description, name, options, make, classes })
    }

    /// How the list describes the rule.
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
        let rule = (self.make)(inputs)?;
        let Some((allocation, floor)) = self.classes else { return Ok(rule) };
        let labels = needed(inputs.labels, self.name, RuleNeeds::Labels)?.to_vec();
        Ok(Box::new(ClassBalanced::new(rule, labels, allocation, floor)?))
    }
}

impl fmt::Debug for RuleSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, options, .. } = self;
        formatter
            .debug_struct("RuleSettings")
            .field("name", name)
            .field("options", options)
            .finish_non_exhaustive()
    }
}

impl PartialEq for RuleSettings {
    /// All follows from the name and the options.
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.options) == (other.name, &other.options)
    }
}

#[cfg(test)]
mod tests {
    use super::super::neighbor_lists::NeighborLists;
    use super::*;
    use crate::budget::Budget;

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
            let name = description.method.name;
            let settings = RuleSettings::parse(name, &[]).unwrap();
            let rule = settings.rule(&inputs(&neighbors)).unwrap();
            assert_eq!(rule.is_nested(), description.nested, "{name}");
            assert_eq!(settings.needs_labels(), description.needs == RuleNeeds::Labels, "{name}");
            let selection = rule.select(&[0.1, 0.4, 0.2, 0.3], Budget::Count(3), 0).unwrap();
            assert_eq!(selection.n_kept(), 3, "{name}");
            // The defaults that are named are the defaults that are used.
            let given: Vec<_> =
                settings.options().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(RuleSettings::parse(name, &given).unwrap(), settings);
            let bare = settings.rule(&RuleInputs::default());
            assert_eq!(bare.is_err(), description.needs != RuleNeeds::Scores, "{name}");
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
            "unknown rule \"hard\", expected one of: hardest, easiest, random, stratified-random, middle, offset, \
             forgetting, ccs, dual, d2, prototypes"
        );
        assert_eq!(
            refused("stratified-random", &[("floor", "1")]),
            "unknown parameter \"stratified-random.floor\", expected none"
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
            ("d2", "gamma", "NaN"),
            ("prototypes", "side", "both"),
            ("hardest", "balance", "yes"),
            ("hardest", "floor", "1"),
            ("hardest", "floor_share", "2"),
        ] {
            let message = refused(name, &[(key, value)]);
            assert!(message.starts_with(&format!("parameter {name}.{key} is {value}, expected ")), "{message}");
        }
        assert!(refused("ccs", &[("beta", "0"), ("noise_rate", "0.1")]).contains("without beta"));
        assert!(refused("ccs", &[("beta", "0"), ("beta", "0.1")]).contains("once"));
        assert!(refused("d2", &[("gamma", "1"), ("reverse", "absolute")]).contains("weighted messages"));
    }
}
