use serde::{Deserialize, Serialize};

use crate::error::PruneError;

/// What was kept and what was dropped, and why: together every example once.
///
/// Read back, it must agree with itself: ranks with lists, groups with their sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Selection {
    /// The name of the rule.
    pub rule: String,
    /// The examples kept, the most important first.
    pub kept: Vec<usize>,
    /// The examples dropped, the one that missed most narrowly first.
    pub dropped: Vec<usize>,
    /// One decision per example, by index.
    pub decisions: Vec<Decision>,
    /// The classes or strata within which examples competed; none where all competed with all.
    pub groups: Vec<Group>,
    /// One group per example, by index; empty where there are no groups.
    pub group_of: Vec<u32>,
}

/// A selection as it is written, of which nothing is known yet.
#[derive(Deserialize)]
struct Unchecked {
    rule: String,
    kept: Vec<usize>,
    dropped: Vec<usize>,
    decisions: Vec<Decision>,
    groups: Vec<Group>,
    group_of: Vec<u32>,
}

impl TryFrom<Unchecked> for Selection {
    type Error = &'static str;

    fn try_from(unchecked: Unchecked) -> Result<Self, Self::Error> {
        let Unchecked { rule, kept, dropped, decisions, groups, group_of } = unchecked;
        let names = groups.iter().map(|group| group.name.clone()).collect();
        let selection = Self { rule, kept, dropped, decisions, groups: Vec::new(), group_of: Vec::new() };
        if !selection.agrees() {
            return Err("a selection whose lists and decisions disagree, expected each example once, by its rank");
        }
        let (n_groups, n_examples) = (groups.len(), selection.decisions.len());
        let named = group_of.iter().all(|&group| (group as usize) < n_groups);
        let whole = group_of.len() == if groups.is_empty() { 0 } else { n_examples };
        if !(named && whole) {
            return Err("`group_of` does not name one of the groups for each example");
        }
        let selection = selection.grouped(names, group_of);
        if selection.groups != groups {
            return Err("sizes of groups that are not those of its examples");
        }
        Ok(selection)
    }
}

/// Why an example was kept or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether it was kept.
    pub kept: bool,
    /// Its rank in the rule's order, 0 for the most important; kept are the ranks below the number kept.
    pub rank: usize,
    /// Whether the rule held it equal to an example that was decided otherwise, so that the seed decided.
    pub tied: bool,
}

/// Examples that were decided on together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// What they have in common, such as `class 3`.
    pub name: String,
    /// How many they are.
    pub size: usize,
    /// How many of them were kept.
    pub n_kept: usize,
}

impl Selection {
    /// The first `n_kept` of a ranking that names every example once. `equal` tells whether the rule has no
    /// preference between two examples, which then stand side by side. O(n).
    pub(crate) fn of_ranking(
        rule: &str,
        ranking: Vec<usize>,
        n_kept: usize,
        equal: impl Fn(usize, usize) -> bool,
    ) -> Result<Self, PruneError> {
        // The seed decides only among examples equal to both of those next to the cut.
        let at_cut = match (n_kept.checked_sub(1).and_then(|last| ranking.get(last)), ranking.get(n_kept)) {
            (Some(&last), Some(&first_dropped)) if equal(last, first_dropped) => Some(first_dropped),
            _ => None,
        };
        Self::with_ties(rule, ranking, n_kept, |example| at_cut.is_some_and(|cut| equal(example, cut)))
    }

    /// The first `n_kept` of a ranking that names every example once, where `tied` tells of which examples the
    /// seed decided. O(n).
    pub(crate) fn with_ties(
        rule: &str,
        mut ranking: Vec<usize>,
        n_kept: usize,
        tied: impl Fn(usize) -> bool,
    ) -> Result<Self, PruneError> {
        let n_examples = ranking.len();
        if n_kept > n_examples {
            return Err(PruneError::Count { count: n_kept, n_examples });
        }
        let mut decisions = vec![Decision { kept: false, rank: 0, tied: false }; n_examples];
        for (rank, &example) in ranking.iter().enumerate() {
            decisions[example] = Decision { kept: rank < n_kept, rank, tied: tied(example) };
        }
        let dropped = ranking.split_off(n_kept);
        let rule = rule.to_owned();
        Ok(Self { rule, kept: ranking, dropped, decisions, groups: Vec::new(), group_of: Vec::new() })
    }

    /// The same, with the groups that the rule decided on one by one: `group_of` names one of `names` per example.
    pub(crate) fn grouped(mut self, names: Vec<String>, group_of: Vec<u32>) -> Self {
        self.groups = names.into_iter().map(|name| Group { name, size: 0, n_kept: 0 }).collect();
        for (&group, decision) in group_of.iter().zip(&self.decisions) {
            let group = &mut self.groups[group as usize];
            group.size += 1;
            group.n_kept += usize::from(decision.kept);
        }
        self.group_of = group_of;
        self
    }

    /// The same of `n_examples`, where this was decided among `members` alone, by their place: the others come last, and
    /// are not kept.
    ///
    /// # Errors
    /// [`PruneError::LengthMismatch`] where there is not a decision for each member,
    /// [`PruneError::IndexOutOfRange`] where one is no example.
    pub fn spread(self, members: &[usize], n_examples: usize) -> Result<Self, PruneError> {
        let (found, expected) = (self.decisions.len(), members.len());
        if found != expected {
            return Err(PruneError::LengthMismatch { what: "selection", found, expected });
        }
        if let Some(&index) = members.iter().find(|&&member| member >= n_examples) {
            return Err(PruneError::IndexOutOfRange { what: "member", index, n_examples });
        }
        let mut tied = vec![false; n_examples];
        members.iter().zip(&self.decisions).for_each(|(&member, decision)| tied[member] = decision.tied);
        let mut is_member = vec![false; n_examples];
        members.iter().for_each(|&member| is_member[member] = true);
        let others: Vec<usize> = (0..n_examples).filter(|&example| !is_member[example]).collect();
        let ranked = self.kept.iter().chain(&self.dropped).map(|&place| members[place]);
        let n_kept = self.kept.len();
        let spread = Self::with_ties(&self.rule, ranked.chain(others).collect(), n_kept, |example| tied[example])?;
        if self.groups.is_empty() {
            return Ok(spread);
        }
        let mut names: Vec<String> = self.groups.into_iter().map(|group| group.name).collect();
        let other = names.len() as u32;
        let mut group_of = vec![other; n_examples];
        members.iter().zip(&self.group_of).for_each(|(&member, &group)| group_of[member] = group);
        names.push("not chosen from".into());
        Ok(spread.grouped(names, group_of))
    }

    /// Whether each example stands in one of the lists, at its rank.
    fn agrees(&self) -> bool {
        let n_kept = self.kept.len();
        // Of as many places as examples, none of which is at two, each is taken.
        self.kept.len() + self.dropped.len() == self.decisions.len()
            && self.kept.iter().chain(&self.dropped).enumerate().all(|(rank, &example)| {
                let decision = self.decisions.get(example);
                decision.is_some_and(|decision| decision.rank == rank && decision.kept == (rank < n_kept))
            })
    }

    /// The number of examples kept.
    pub fn n_kept(&self) -> usize {
        self.kept.len()
    }

    /// The examples kept, by index.
    pub fn kept_sorted(&self) -> Vec<usize> {
        let mut kept = self.kept.clone();
        kept.sort_unstable();
        kept
    }

    /// One entry per example, by index: true = kept.
    pub fn mask(&self) -> Vec<bool> {
        self.decisions.iter().map(|decision| decision.kept).collect()
    }

    /// The group of example `example`; `None` where there are no groups or no such example.
    pub fn group(&self, example: usize) -> Option<&Group> {
        self.groups.get(*self.group_of.get(example)? as usize)
    }

    /// Why example `example` was kept or dropped, in words; `None` where there is no such example.
    pub fn reason(&self, example: usize) -> Option<String> {
        let Decision { kept, rank, tied } = *self.decisions.get(example)?;
        let verdict = if kept { "kept" } else { "dropped" };
        let (n_kept, n_examples) = (self.kept.len(), self.decisions.len());
        let mut reason = match self.group(example) {
            Some(Group { name, size, n_kept }) => {
                format!("{verdict}: {name}, {n_kept} of {size} kept by {}", self.rule)
            }
            None => format!("{verdict}: rank {} of {n_examples} by {}, {n_kept} kept", rank + 1, self.rule),
        };
        if tied {
            reason.push_str(", tied at the cut and decided by the seed");
        }
        Some(reason)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Every number of a value in turn, changed.
    fn changed(value: &Value) -> Vec<Value> {
        match value {
            Value::Number(number) => {
                let number = number.as_u64().unwrap();
                [number + 1, number ^ 2, u64::MAX].iter().map(|&other| other.into()).collect()
            }
            Value::Array(items) => {
                let one = |at: usize| changed(&items[at]).into_iter().map(move |item| (at, item));
                let with = |(at, item)| {
                    let mut items = items.clone();
                    items[at] = item;
                    Value::Array(items)
                };
                (0..items.len()).flat_map(one).map(with).collect()
            }
            Value::Object(fields) => {
                let one = |key: &String| {
                    let key = key.clone();
                    changed(&fields[&key]).into_iter().map(move |field| (key.clone(), field))
                };
                let with = |(key, field)| {
                    let mut fields = fields.clone();
                    fields.insert(key, field);
                    Value::Object(fields)
                };
                fields.keys().flat_map(one).map(with).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn what_disagrees_with_itself_is_refused() {
        let whole = Selection::with_ties("a rule", vec![3, 0, 2, 1], 2, |_| false).unwrap();
        for selection in [whole.clone(), whole.grouped(vec!["a".into(), "b".into()], vec![0, 1, 1, 0])] {
            let saved = serde_json::to_value(&selection).unwrap();
            assert_eq!(serde_json::from_value::<Selection>(saved.clone()).unwrap(), selection);
            let all = changed(&saved);
            assert!(all.len() >= 24);
            for other in all {
                assert!(serde_json::from_value::<Selection>(other.clone()).is_err(), "{other}");
            }
            let mut shorter = selection;
            shorter.decisions.pop();
            assert!(serde_json::from_value::<Selection>(serde_json::to_value(&shorter).unwrap()).is_err());
        }
    }
}
