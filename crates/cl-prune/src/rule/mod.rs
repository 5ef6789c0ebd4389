//! Which examples stay, given a score for each.

mod beta_sampling;
mod catalogue;
mod class_balanced;
mod class_options;
mod coverage_centric;
mod cutoff_choice;
mod easiest;
mod entry;
mod forgetting;
mod hard_cutoff;
mod hardest;
mod message_passing;
mod middle;
mod neighbor_lists;
mod offset_window;
mod prototypes;
mod random;
mod ranking;
mod selection_rule;
mod stratified_random;
mod water_filling;
mod within_costs;

pub use beta_sampling::BetaSampling;
pub use catalogue::{RuleSettings, rules};
pub use class_balanced::{Allocation, ClassBalanced, Floor};
pub use class_options::class_options;
pub use coverage_centric::CoverageCentric;
pub use cutoff_choice::{CutoffChoice, choose_hard_cutoff};
pub use easiest::KeepEasiest;
pub use entry::{RuleDescription, RuleInputs, RuleNeeds};
pub use forgetting::{NeverLearnedFate, RemoveUnforgettable};
pub use hard_cutoff::HardCutoff;
pub use hardest::KeepHardest;
pub use message_passing::{Edges, MessagePassing, ReverseMessages};
pub use middle::KeepMiddle;
pub use neighbor_lists::NeighborLists;
pub use offset_window::{OffsetWindow, WindowStart};
pub use prototypes::{KeepByPrototype, PrototypeSide};
pub use random::KeepRandom;
pub use selection_rule::SelectionRule;
pub use stratified_random::StratifiedRandom;
pub use within_costs::within_costs;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{budget::Budget, error::PruneError, selection::Selection};
    use cl_data::random::stream;
    use proptest::prelude::*;

    const RULES: [&dyn SelectionRule; 3] = [&KeepEasiest, &KeepHardest, &KeepRandom];

    fn count_scores() -> impl Strategy<Value = Vec<f64>> {
        // As forgetting counts: few values, many ties, and what was never learned.
        let score = prop_oneof![(0u8..5).prop_map(f64::from), Just(f64::INFINITY)];
        prop::collection::vec(score, 0..80)
    }

    proptest! {
        #[test]
        fn the_count_is_exact_and_nothing_is_lost(
            scores in count_scores(), fraction in f64::MIN_POSITIVE..=1.0, seed: u64,
        ) {
            let n = scores.len();
            for rule in RULES {
                let selection = rule.select(&scores, Budget::Keep(fraction), seed).unwrap();
                prop_assert_eq!(selection.n_kept(), (fraction * n as f64 + 0.5).floor() as usize);
                let mut all = [selection.kept.as_slice(), selection.dropped.as_slice()].concat();
                for (rank, &example) in all.iter().enumerate() {
                    prop_assert_eq!(selection.decisions[example].rank, rank);
                }
                all.sort_unstable();
                prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
                let mask = selection.mask();
                let masked: Vec<usize> = (0..n).filter(|&example| mask[example]).collect();
                prop_assert_eq!(masked, selection.kept_sorted());
            }
        }

        #[test]
        fn less_is_a_part_of_more(scores in count_scores(), less in 0.01..=1.0, more in 0.01..=1.0, seed: u64) {
            let (less, more) = if less <= more { (less, more) } else { (more, less) };
            for rule in RULES {
                let less = rule.select(&scores, Budget::Keep(less), seed).unwrap();
                let more = rule.select(&scores, Budget::Keep(more), seed).unwrap();
                prop_assert!(more.kept.starts_with(&less.kept));
            }
        }

        #[test]
        fn kept_scores_bound_dropped_ones(scores in count_scores(), fraction in 0.01..=1.0, seed: u64) {
            for (rule, sign) in [(&KeepHardest as &dyn SelectionRule, 1.0), (&KeepEasiest, -1.0)] {
                let selection = rule.select(&scores, Budget::Keep(fraction), seed).unwrap();
                for &kept in &selection.kept {
                    for &dropped in &selection.dropped {
                        prop_assert!(sign * scores[kept] >= sign * scores[dropped]);
                    }
                }
                // Tied means: an example of equal score was decided otherwise.
                for (example, decision) in selection.decisions.iter().enumerate() {
                    let opposite = if decision.kept { &selection.dropped } else { &selection.kept };
                    let tied = opposite.iter().any(|&other| scores[other] == scores[example]);
                    prop_assert_eq!(decision.tied, tied);
                }
            }
        }

        /// Without ties, renaming the examples renames the selection and changes nothing else.
        #[test]
        fn selection_follows_the_examples(n in 1usize..60, seed: u64, other: u64, fraction in 0.01..=1.0) {
            let scores: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin()).collect();
            let renamed = cl_data::random::permutation(&mut stream(seed, "test", 0), n);
            let permuted: Vec<f64> = renamed.iter().map(|&example| scores[example]).collect();
            for rule in [&KeepHardest as &dyn SelectionRule, &KeepEasiest] {
                let own = rule.select(&scores, Budget::Keep(fraction), seed).unwrap().kept;
                let theirs = rule.select(&permuted, Budget::Keep(fraction), other).unwrap().kept;
                prop_assert_eq!(own, theirs.iter().map(|&example| renamed[example]).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn bad_scores_and_budgets_are_refused() {
        for rule in RULES {
            let error = rule.select(&[0.0, f64::NAN], Budget::Keep(0.5), 0).unwrap_err();
            assert_eq!(error, PruneError::NotANumber { example: 1 });
            assert!(rule.select(&[0.0, 1.0], Budget::Keep(0.0), 0).is_err());
            assert!(rule.select(&[0.0, 1.0], Budget::Count(3), 0).is_err());
            assert_eq!(rule.select(&[0.0, 1.0], Budget::Count(0), 0).unwrap().n_kept(), 0);
        }
    }

    /// Counts of sorted data: cut by index, a constant score would keep whole classes and drop others.
    #[test]
    fn ties_are_cut_by_the_seed() {
        for rule in RULES {
            let kept = |seed| rule.select(&[0.0; 10], Budget::Count(1), seed).unwrap().kept[0];
            let seen: std::collections::HashSet<usize> = (0..300).map(kept).collect();
            assert_eq!(seen.len(), 10, "{}", rule.name());
        }
    }

    #[test]
    fn selections_tell_why_and_survive_saving() {
        let selection = KeepHardest.select(&[1.0, 3.0, 1.0, f64::INFINITY], Budget::Count(3), 0).unwrap();
        assert_eq!(selection.reason(3).unwrap(), "kept: rank 1 of 4 by keep hardest, 3 kept");
        let last = selection.dropped[0];
        assert_eq!(
            selection.reason(last).unwrap(),
            "dropped: rank 4 of 4 by keep hardest, 3 kept, tied at the cut and decided by the seed"
        );
        assert_eq!(selection.reason(4), None);
        let text = serde_json::to_string(&selection).unwrap();
        assert_eq!(serde_json::from_str::<Selection>(&text).unwrap(), selection);
    }
}
