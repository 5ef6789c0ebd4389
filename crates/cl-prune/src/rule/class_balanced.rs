use cl_data::MAX_CLASSES;
use cl_data::random::{permutation, shuffle, stream};
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    selection_rule::{SelectionRule, check, check_length, gather},
    water_filling::{places, quotas},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// How the budget is shared among the classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allocation {
    /// Every class keeps the same part of itself, to the nearest example.
    Proportional,
    /// Every class keeps the same number, or all it has where it has fewer.
    Equal,
    /// Beyond the floor, examples compete over all classes.
    Global,
}

/// What every class that occurs keeps at least.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Floor {
    /// Nothing.
    None,
    /// This many examples.
    Count(usize),
    /// This share of an equal share of the budget: floor(share k / classes).
    Share(f64),
}

/// Any rule, applied within each class, with the budget shared among the classes.
///
/// ```text
/// Proportional   the place (r + 1/2) / n_c of the r-th best of class c decides: the k lowest are kept (ties by seed)
/// Equal          from the smallest class, min(n_c, floor(budget left / classes left))
/// Global         the floors by class, and of all others the best over all classes
/// ```
///
/// The budget is met exactly. The proportional shares are those of Webster's method, in which a larger budget never
/// takes an example away. Floors are filled first. A class smaller than its floor is an error, and so are floors that
/// exceed the budget. Nested where the rule is and the floor is no share of the budget. Classes in parallel;
/// O(n log(classes)) beyond the rule, the same for any number of threads.
///
/// Source: the floor of half of an equal share is that of Sorscher et al. (2022), as we recall it.
///
/// ```
/// use cl_prune::{Allocation, Budget, ClassBalanced, Floor, KeepHardest, SelectionRule};
///
/// let labels = vec![0, 0, 0, 0, 1, 1];
/// let scores = [0.9, 0.8, 0.7, 0.6, 0.2, 0.1];
/// let rule = ClassBalanced::new(KeepHardest, labels, Allocation::Equal, Floor::None)?;
/// assert_eq!(rule.select(&scores, Budget::Count(4), 0)?.kept_sorted(), [0, 1, 4, 5]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClassBalanced<R> {
    rule: R,
    labels: Vec<usize>,
    allocation: Allocation,
    floor: Floor,
}

impl<R: SelectionRule> ClassBalanced<R> {
    /// `rule` within the classes that `labels` names, one per example.
    ///
    /// # Errors
    /// Where a label is beyond [`MAX_CLASSES`], or the share of a floor is outside of [0, 1].
    pub fn new(rule: R, labels: Vec<usize>, allocation: Allocation, floor: Floor) -> Result<Self, PruneError> {
        if let Some((example, &label)) = labels.iter().enumerate().find(|&(_, &label)| label >= MAX_CLASSES) {
            let (value, expected) = (label as f64, "a class below 2^20");
            return Err(PruneError::InvalidValue { what: "label", example, value, expected });
        }
        if let Floor::Share(share) = floor
            && !(0.0..=1.0).contains(&share)
        {
            return Err(PruneError::argument("floor_share", share, "a share of an equal share in [0, 1]"));
        }
        Ok(Self { rule, labels, allocation, floor })
    }

    fn select_labelled(
        &self,
        scores: &[f64],
        labels: &[usize],
        among: Option<&[usize]>,
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        let n_kept = budget.resolve(labels.len())?;
        let classes = Classes::of(labels);
        let sizes = &classes.sizes;
        let floor = self.resolved_floor(&classes, n_kept)?;
        let ((members, class_of), places) =
            rayon::join(|| classes.members(labels), || self.places(sizes, floor, seed));
        let quotas = match self.allocation {
            Allocation::Global => vec![floor; sizes.len()],
            _ => quotas(sizes.len(), &places, n_kept),
        };
        // The rule sees examples by index, whatever part of them is selected from.
        let select = |members: &[usize], count: usize, seed: u64| match among {
            None => self.rule.select_among(scores, members, Budget::Count(count), seed),
            Some(among) => {
                let indices: Vec<usize> = members.iter().map(|&at| among[at]).collect();
                self.rule.select_among(scores, &indices, Budget::Count(count), seed)
            }
        };
        let ranked = members.par_iter().zip(&quotas).zip(&classes.labels).map(|((members, &quota), &label)| {
            let selection = select(members, quota, stream(seed, "class", label as u64).next_u64())?;
            Ok(Ranked::new(selection, members))
        });
        // Of several errors the one of the first class.
        let ranked: Vec<Result<Ranked, PruneError>> = ranked.collect();
        let ranked = ranked.into_iter().collect::<Result<Vec<_>, _>>()?;

        let mut tied = vec![false; labels.len()];
        ranked.iter().flat_map(|ranked| &ranked.tied).for_each(|&example| tied[example] = true);
        let mut best: Vec<_> = ranked.iter().map(|ranked| ranked.order.iter().copied()).collect();
        let mut order = Vec::with_capacity(labels.len());
        if self.allocation == Allocation::Global {
            order.extend((0..floor).flat_map(|_| 0..sizes.len()).filter_map(|class| best[class].next()));
            let mut others: Vec<usize> = best.into_iter().flatten().collect();
            others.sort_unstable();
            let selection = select(&others, n_kept - order.len(), seed)?;
            others.iter().zip(&selection.decisions).for_each(|(&example, decision)| tied[example] = decision.tied);
            order.extend(selection.kept.into_iter().chain(selection.dropped).map(|at| others[at]));
        } else {
            order.extend(places.into_iter().filter_map(|class| best[class as usize].next()));
        }
        let names = classes.labels.iter().map(|label| format!("class {label}")).collect();
        let rule = format!("class-balanced {}", self.rule.name());
        Ok(Selection::with_ties(&rule, order, n_kept, |example| tied[example])?.grouped(names, class_of))
    }

    fn resolved_floor(&self, classes: &Classes, n_kept: usize) -> Result<usize, PruneError> {
        let n_classes = classes.labels.len();
        let floor = match self.floor {
            Floor::None => 0,
            Floor::Count(floor) => floor,
            Floor::Share(share) => (share * n_kept as f64 / n_classes.max(1) as f64 + 1e-9).floor() as usize,
        };
        for (&class, &size) in classes.labels.iter().zip(&classes.sizes) {
            if size < floor {
                return Err(PruneError::ClassTooSmall { class, size, floor });
            }
        }
        if floor.saturating_mul(n_classes) > n_kept {
            return Err(PruneError::FloorsAboveBudget { count: n_kept, n_classes, floor });
        }
        Ok(floor)
    }

    /// Which class each place of the ranking belongs to.
    fn places(&self, sizes: &[usize], floor: usize, seed: u64) -> Vec<u32> {
        let all = match self.allocation {
            Allocation::Global => return Vec::new(),
            Allocation::Equal => equal_places(sizes, seed),
            Allocation::Proportional => proportional_places(sizes, seed),
        };
        if floor == 0 {
            return all;
        }
        // The first `floor` places of each class are moved to the front.
        let mut given = vec![0; sizes.len()];
        let (mut floors, others): (Vec<u32>, Vec<u32>) = all.into_iter().partition(|&class| {
            given[class as usize] += 1;
            given[class as usize] <= floor
        });
        floors.extend(others);
        floors
    }
}

/// Places sorted at a time, few enough for a first-level cache.
const WINDOW: usize = 1 << 11;

/// Which class each place of equal shares belongs to; what does not divide falls to the larger classes, and of equally
/// large ones to those that the seed decides.
fn equal_places(sizes: &[usize], seed: u64) -> Vec<u32> {
    let classes = permutation(&mut stream(seed, "equal classes", 0), sizes.len());
    let shuffled: Vec<usize> = classes.iter().map(|&class| sizes[class]).collect();
    let mut places = places(&shuffled);
    places.iter_mut().for_each(|class| *class = classes[*class as usize] as u32);
    places
}

/// The classes by the places (r + 1/2) / n_c of their examples, in increasing order, equal ones in random order.
///
/// The places of a class are increasing, so that a window of them after the other is merged: O(n log(classes)).
fn proportional_places(sizes: &[usize], seed: u64) -> Vec<u32> {
    let n: usize = sizes.iter().sum();
    let rng = &mut stream(seed, "class places", 0);
    let place = |class: usize, r: usize| (r as f64 + 0.5) / sizes[class] as f64;
    let n_windows = n / WINDOW.max(sizes.len()) + 1;
    let mut next = vec![0; sizes.len()];
    let mut window: Vec<(f64, u32)> = Vec::new();
    let mut classes = Vec::with_capacity(n);
    for at in 1..=n_windows {
        let end = if at == n_windows { f64::INFINITY } else { at as f64 / n_windows as f64 };
        window.clear();
        for (class, next) in next.iter_mut().enumerate() {
            while *next < sizes[class] && place(class, *next) < end {
                window.push((place(class, *next), class as u32));
                *next += 1;
            }
        }
        // Stable, and fast where what is sorted consists of sorted runs.
        window.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        for ties in window.chunk_by_mut(|(a, _), (b, _)| a == b) {
            shuffle(rng, ties);
            classes.extend(ties.iter().map(|&(_, class)| class));
        }
    }
    classes
}

/// The examples of a class, the most important first, and those of them that the seed decided on.
struct Ranked {
    order: Vec<usize>,
    tied: Vec<usize>,
}

impl Ranked {
    /// From a selection among these members.
    fn new(selection: Selection, members: &[usize]) -> Self {
        let decisions = members.iter().zip(&selection.decisions);
        let tied = decisions.filter(|(_, decision)| decision.tied).map(|(&member, _)| member).collect();
        let mut order = selection.kept;
        order.extend(selection.dropped);
        order.iter_mut().for_each(|at| *at = members[*at]);
        Self { order, tied }
    }
}

impl<R: SelectionRule> SelectionRule for ClassBalanced<R> {
    fn name(&self) -> &'static str {
        "class-balanced"
    }

    fn is_nested(&self) -> bool {
        self.rule.is_nested() && !matches!(self.floor, Floor::Share(_))
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        check(scores)?;
        check_length("labels", self.labels.len(), scores.len())?;
        self.select_labelled(scores, &self.labels, None, budget, seed)
    }

    fn select_among(
        &self,
        scores: &[f64],
        members: &[usize],
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        check(&gather("member", scores, members)?)?;
        check_length("labels", self.labels.len(), scores.len())?;
        let labels: Vec<usize> = members.iter().map(|&member| self.labels[member]).collect();
        self.select_labelled(scores, &labels, Some(members), budget, seed)
    }
}

/// The classes that occur, in increasing order.
struct Classes {
    labels: Vec<usize>,
    sizes: Vec<usize>,
    /// Of every label the class, of those that occur.
    place: Vec<u32>,
}

impl Classes {
    fn of(labels: &[usize]) -> Self {
        let mut counts = vec![0; labels.iter().max().map_or(0, |&label| label + 1)];
        labels.iter().for_each(|&label| counts[label] += 1);
        let occurring: Vec<usize> = (0..counts.len()).filter(|&label| counts[label] > 0).collect();
        let mut place = vec![0; counts.len()];
        occurring.iter().zip(0..).for_each(|(&label, class)| place[label] = class);
        let sizes = occurring.iter().map(|&label| counts[label]).collect();
        Self { labels: occurring, sizes, place }
    }

    /// The examples of each class, and the class of each example.
    fn members(&self, labels: &[usize]) -> (Vec<Vec<usize>>, Vec<u32>) {
        let mut members: Vec<Vec<usize>> = self.sizes.iter().map(|&size| Vec::with_capacity(size)).collect();
        let class_of = labels.iter().enumerate().map(|(example, &label)| {
            let class = self.place[label];
            members[class as usize].push(example);
            class
        });
        let class_of = class_of.collect();
        (members, class_of)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        easiest::KeepEasiest,
        hardest::KeepHardest,
        random::KeepRandom,
        ranking::{From, ranking},
    };
    use super::*;
    use proptest::prelude::*;

    fn labelled() -> impl Strategy<Value = (Vec<usize>, Vec<f64>)> {
        let example = (prop_oneof![4 => 0usize..3, 1 => Just(7usize)], (0u8..6).prop_map(f64::from));
        prop::collection::vec(example, 1..60).prop_map(|examples| examples.into_iter().unzip())
    }

    fn counts(labels: &[usize], examples: &[usize]) -> Vec<usize> {
        let mut counts = vec![0; 8];
        examples.iter().for_each(|&example| counts[labels[example]] += 1);
        counts
    }

    proptest! {
        /// All places sorted at once, ties in seeded order: what merging them gives, example by example.
        #[test]
        fn merged_places_are_the_sorted_ones(
            sizes in prop_oneof![
                prop::collection::vec(1usize..40, 0..30),
                prop::collection::vec(1usize..3, 0..3000),
                prop::collection::vec(1usize..3000, 1..6),
                (1usize..2000, 1usize..8).prop_map(|(size, n)| vec![size; n]),
            ],
            seed: u64,
        ) {
            let owners = sizes.iter().zip(0u32..).flat_map(|(&size, class)| std::iter::repeat_n(class, size));
            let owners: Vec<u32> = owners.collect();
            let places = sizes.iter().flat_map(|&size| (0..size).map(move |r| (r as f64 + 0.5) / size as f64));
            let places: Vec<f64> = places.collect();
            let sorted = ranking(&places, From::Lowest, &mut stream(seed, "class places", 0));
            let sorted: Vec<u32> = sorted.into_iter().map(|place| owners[place]).collect();
            prop_assert_eq!(proportional_places(&sizes, seed), sorted);
        }

        #[test]
        fn shares_are_exact((labels, scores) in labelled(), fraction in 0.01..=1.0, seed: u64) {
            let n = labels.len();
            let sizes = counts(&labels, &(0..n).collect::<Vec<_>>());
            let k = Budget::Keep(fraction).resolve(n).unwrap();
            for allocation in [Allocation::Proportional, Allocation::Equal] {
                let rule = ClassBalanced::new(KeepRandom, labels.clone(), allocation, Floor::None).unwrap();
                let kept = rule.select(&scores, Budget::Count(k), seed).unwrap().kept;
                prop_assert_eq!(kept.len(), k);
                let kept = counts(&labels, &kept);
                if allocation == Allocation::Proportional {
                    // Webster: no class could give a place to another and both be nearer to their share.
                    for a in (0..8).filter(|&a| kept[a] > 0) {
                        for b in (0..8).filter(|&b| sizes[b] > kept[b]) {
                            let last = (kept[a] as f64 - 0.5) / sizes[a] as f64;
                            prop_assert!(last <= (kept[b] as f64 + 0.5) / sizes[b] as f64);
                        }
                    }
                } else {
                    // No class has two more than another that still has examples.
                    for b in (0..8).filter(|&b| sizes[b] > kept[b]) {
                        prop_assert!(kept.iter().all(|&count| count <= kept[b] + 1));
                    }
                }
            }
        }

        #[test]
        fn floors_hold_and_within_a_class_the_rule_does(
            (labels, scores) in labelled(), fraction in 0.01..=1.0, floor in 0usize..4, seed: u64,
        ) {
            let n = labels.len();
            let sizes = counts(&labels, &(0..n).collect::<Vec<_>>());
            let occurring: Vec<usize> = (0..8).filter(|&class| sizes[class] > 0).collect();
            let k = Budget::Keep(fraction).resolve(n).unwrap();
            for allocation in [Allocation::Proportional, Allocation::Equal, Allocation::Global] {
                let rule = ClassBalanced::new(KeepEasiest, labels.clone(), allocation, Floor::Count(floor)).unwrap();
                let selected = rule.select(&scores, Budget::Count(k), seed);
                let too_small = occurring.iter().any(|&class| sizes[class] < floor);
                if too_small || floor * occurring.len() > k {
                    let error = selected.unwrap_err();
                    let class = matches!(error, PruneError::ClassTooSmall { .. });
                    prop_assert!(class || matches!(error, PruneError::FloorsAboveBudget { .. }), "{}", error);
                    continue;
                }
                let selection = selected.unwrap();
                prop_assert_eq!(selection.n_kept(), k);
                let kept = counts(&labels, &selection.kept);
                prop_assert!(occurring.iter().all(|&class| kept[class] >= floor));
                let mask = selection.mask();
                for kept in (0..n).filter(|&example| mask[example]) {
                    for dropped in (0..n).filter(|&example| !mask[example] && labels[example] == labels[kept]) {
                        prop_assert!(scores[kept] <= scores[dropped]);
                    }
                }
                if allocation == Allocation::Global {
                    // A class above its floor has nothing that another class would rather have.
                    for a in (0..n).filter(|&a| mask[a] && kept[labels[a]] > floor) {
                        let worst = (0..n).filter(|&b| mask[b] && labels[b] == labels[a]).map(|b| scores[b]);
                        let worst = worst.fold(f64::NEG_INFINITY, f64::max);
                        prop_assert!((0..n).filter(|&b| !mask[b]).all(|b| worst <= scores[b]));
                    }
                }
            }
        }
    }

    #[test]
    fn unequal_classes_keep_their_share() {
        // Published code that takes the last class's size for every class keeps 5, 5 and 5 of these.
        let labels: Vec<usize> = [(0, 900), (1, 90), (2, 10)].iter().flat_map(|&(c, n)| vec![c; n]).collect();
        let scores = vec![0.0; 1000];
        let kept = |allocation, floor| {
            let rule = ClassBalanced::new(KeepRandom, labels.clone(), allocation, floor).unwrap();
            rule.select(&scores, Budget::Keep(0.5), 1)
                .map(|selection| counts(&labels, &selection.kept)[..3].to_vec())
        };
        assert_eq!(kept(Allocation::Proportional, Floor::None).unwrap(), [450, 45, 5]);
        assert_eq!(kept(Allocation::Equal, Floor::None).unwrap(), [400, 90, 10]);
        assert_eq!(kept(Allocation::Proportional, Floor::Count(10)).unwrap(), [445, 45, 10]);
        let error = kept(Allocation::Equal, Floor::Count(11)).unwrap_err();
        assert_eq!(error.to_string(), "class 2 has 10 examples, fewer than its floor of 11");
        assert!(kept(Allocation::Global, Floor::Share(0.5)).is_err()); // floor 83 of 10
    }

    /// Ten classes of one example and places for five: every class must have its chance.
    #[test]
    fn the_seed_decides_between_classes_of_equal_size() {
        let rule = ClassBalanced::new(KeepHardest, (0..10).collect(), Allocation::Equal, Floor::None).unwrap();
        let mut given = [false; 10];
        for seed in 0..40 {
            let kept = rule.select(&[0.5; 10], Budget::Count(5), seed).unwrap().kept;
            kept.into_iter().for_each(|class| given[class] = true);
        }
        assert_eq!(given, [true; 10]);
    }

    #[test]
    fn selections_do_not_depend_on_threads() {
        let (labels, scores): (Vec<usize>, Vec<f64>) =
            (0..20_000).map(|example| (example * example % 17, (example % 301) as f64)).unzip();
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            let allocations = [Allocation::Proportional, Allocation::Equal, Allocation::Global];
            pool.install(|| {
                allocations.map(|allocation| {
                    let rule =
                        ClassBalanced::new(KeepHardest, labels.clone(), allocation, Floor::Count(3)).unwrap();
                    rule.select(&scores, Budget::Keep(0.3), 4).unwrap()
                })
            })
        };
        let one = run(1);
        assert_eq!(one, run(2));
        assert_eq!(one, run(5));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let new = |labels, floor| ClassBalanced::new(KeepHardest, labels, Allocation::Equal, floor);
        assert!(new(vec![1 << 30], Floor::None).is_err());
        assert!(new(vec![0], Floor::Share(1.5)).is_err());
        let rule = new(vec![0, 1], Floor::Count(1)).unwrap();
        let error = rule.select(&[0.0; 3], Budget::Count(1), 0).unwrap_err();
        assert_eq!(error.to_string(), "labels has 2 entries, expected 3");
        let error = rule.select(&[0.0; 2], Budget::Count(1), 0).unwrap_err();
        assert_eq!(error.to_string(), "1 examples are to be kept, fewer than 2 classes with a floor of 1 each");
    }
}
