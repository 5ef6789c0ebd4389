use std::cmp::Ordering;

use cl_data::{Dataset, Standardization, random};
use cl_difficulty::model_based::{Distance, Neighbors};
use cl_study::{Evidence, quantile};
use rayon::prelude::*;
use serde::Serialize;

use super::sentence::{CannotSay, Sentence};
use crate::{
    error::LabError,
    problem::{Problem, Task},
};

/// Examples with the same features, and examples that nearly have them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duplicates {
    /// Why nothing can be said.
    pub cannot_say: Option<CannotSay>,
    /// The same features, number by number.
    pub exact: Option<Exact>,
    /// Nearly the same.
    pub near: Option<Near>,
}

/// Examples whose features are all the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exact {
    /// Sets of examples with the same features.
    pub sets: usize,
    /// Examples beyond the first of each set.
    pub extra: usize,
    /// Their share of all examples.
    pub extra_share: f64,
    /// Sets whose examples do not all bear the same label.
    pub sets_with_other_labels: usize,
    /// Examples of a test set that was given whose features an example of the data has; none without a test set.
    pub in_test: Option<usize>,
    /// The ids of each set, in the order of the data; the first [`MOST_LISTED`] sets.
    pub ids: Vec<Vec<String>>,
}

/// Examples that lie very close together.
///
/// ```text
/// near    the distance to the nearest other example is below 1 % of the median distance of two examples
/// ```
///
/// Distances are Euclidean, of standardised features, and between examples that are not the same. Where examples and features
/// are many, the neighbours of a sample are sought among all of them, and what is said of all follows from that.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Near {
    /// Why nothing can be said.
    pub cannot_say: Option<CannotSay>,
    /// The share of the median below which examples are near.
    pub below: f64,
    /// The median distance of two examples, over pairs drawn at random: no duplicate moves it.
    pub median_distance: Option<f64>,
    /// Examples whose neighbours were sought.
    pub sought: usize,
    /// Examples among which they were sought: those that are not the same.
    pub among: usize,
    /// Examples sought that have a near one.
    pub found: usize,
    /// Their share.
    pub share: Option<f64>,
    /// The lower end of its exact 95 % interval; the share itself where all were sought.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// Those of them whose near one bears another label.
    pub with_other_label: usize,
    /// The nearest pairs, at most [`MOST_LISTED`].
    pub pairs: Vec<NearPair>,
}

/// Two examples that nearly have the same features.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearPair {
    /// One of them.
    pub id: String,
    /// The other.
    pub other: String,
    /// How far apart they are.
    pub distance: f64,
    /// Whether they bear the same label.
    pub same_label: bool,
}

/// Sets and pairs that are listed.
pub const MOST_LISTED: usize = 1000;

/// Below this share of the median distance examples are near.
const BELOW: f64 = 0.01;

/// Examples whose neighbours are sought, at most.
const MOST_SOUGHT: usize = 20_000;

/// Multiply-adds that may go into distances: half a minute of one core at most.
const MOST_WORK: usize = 40_000_000_000;

/// The median distance of pairs drawn at random.
fn typical_distance(data: &Dataset<f32>) -> Result<f64, LabError> {
    const PAIRS: usize = 2_000;
    let n = data.n_examples();
    let mut rng = random::stream(0, "pairs of examples", 0);
    let mut distances = Vec::with_capacity(PAIRS);
    while distances.len() < PAIRS {
        let (a, b) = (random::below(&mut rng, n), random::below(&mut rng, n));
        if a != b {
            let squares = data.example(a).iter().zip(data.example(b)).map(|(x, y)| f64::from(x - y).powi(2));
            distances.push(squares.sum::<f64>().sqrt());
        }
    }
    Ok(quantile(&distances, 0.5)?)
}

impl Duplicates {
    /// Of one's data. O(n log n) comparisons of features for the same ones, O(m n d) for near ones of which m are sought.
    ///
    /// # Errors
    /// Where a feature is beyond what distances are taken of.
    pub(super) fn of(problem: &Problem) -> Result<Self, LabError> {
        let data = problem.data();
        let sets = same_features(data);
        let exact = Exact::of(problem, &sets);
        // The first of each set stands for all.
        let mut repeated = vec![false; data.n_examples()];
        sets.iter().flat_map(|set| &set[1..]).for_each(|&example| repeated[example] = true);
        let distinct: Vec<usize> = (0..data.n_examples()).filter(|&example| !repeated[example]).collect();
        let near = Near::of(problem, &distinct)?;
        Ok(Self { cannot_say: None, exact: Some(exact), near: Some(near) })
    }

    /// Where nothing can be said.
    pub(super) fn unknown(cannot_say: CannotSay) -> Self {
        Self { cannot_say: Some(cannot_say), exact: None, near: None }
    }

    /// In words.
    pub(super) fn sentences(&self) -> Vec<Sentence> {
        let mut sentences: Vec<Sentence> = self.cannot_say.iter().map(CannotSay::sentence).collect();
        sentences.extend(self.exact.iter().map(Exact::sentence));
        sentences.extend(self.near.iter().map(Near::sentence));
        sentences
    }
}

/// Whether two examples have the same label or number.
fn same_label(problem: &Problem, a: usize, b: usize) -> bool {
    let data = problem.data();
    match problem.task() {
        Task::Classification => data.labels()[a] == data.labels()[b],
        Task::Regression => data.targets(a) == data.targets(b),
    }
}

fn compare(a: &[f32], b: &[f32]) -> Ordering {
    // Adding 0 makes -0 equal to 0.
    let unequal = a.iter().zip(b).map(|(a, b)| (a + 0.0).total_cmp(&(b + 0.0))).find(|order| order.is_ne());
    unequal.unwrap_or(Ordering::Equal)
}

/// The sets of two and more examples with the same features, each in the order of the data, by their first examples.
fn same_features(data: &Dataset<f32>) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..data.n_examples()).collect();
    order.par_sort_unstable_by(|&a, &b| compare(data.example(a), data.example(b)).then(a.cmp(&b)));
    let same = |a: &usize, b: &usize| compare(data.example(*a), data.example(*b)).is_eq();
    let mut sets: Vec<Vec<usize>> =
        order.chunk_by(same).filter(|set| set.len() > 1).map(<[usize]>::to_vec).collect();
    sets.sort_unstable_by_key(|set| set[0]);
    sets
}

impl Exact {
    fn of(problem: &Problem, sets: &[Vec<usize>]) -> Self {
        let data = problem.data();
        let extra: usize = sets.iter().map(|set| set.len() - 1).sum();
        let id = |&example: &usize| data.ids().get(example).unwrap_or_default().into_owned();
        Self {
            sets: sets.len(),
            extra,
            extra_share: extra as f64 / data.n_examples() as f64,
            sets_with_other_labels: sets
                .iter()
                .filter(|set| set.iter().any(|&example| !same_label(problem, set[0], example)))
                .count(),
            in_test: problem.test().map(|test| n_in(test, data)),
            ids: sets.iter().take(MOST_LISTED).map(|set| set.iter().map(id).collect()).collect(),
        }
    }

    fn sentence(&self) -> Sentence {
        let mut sentence = match self.extra {
            0 => Sentence::new("No two examples have the same features"),
            extra => Sentence::new("Examples with the features of an earlier one: ")
                .count("/duplicates/exact/extra", extra)
                .words(" (")
                .percent("/duplicates/exact/extra_share", self.extra_share)
                .words("); sets of such: ")
                .count("/duplicates/exact/sets", self.sets)
                .words(", with different labels: ")
                .count("/duplicates/exact/sets_with_other_labels", self.sets_with_other_labels),
        };
        if let Some(in_test) = self.in_test {
            sentence = sentence
                .words("; examples of the test set that the data have, too: ")
                .count("/duplicates/exact/in_test", in_test);
        }
        sentence.words(".")
    }
}

/// How many examples of `test` have the features of one of `data`.
fn n_in(test: &Dataset<f32>, data: &Dataset<f32>) -> usize {
    let mut order: Vec<usize> = (0..data.n_examples()).collect();
    order.par_sort_unstable_by(|&a, &b| compare(data.example(a), data.example(b)));
    let known =
        |example: usize| order.binary_search_by(|&own| compare(data.example(own), test.example(example))).is_ok();
    (0..test.n_examples()).into_par_iter().filter(|&example| known(example)).count()
}

impl Near {
    fn of(problem: &Problem, distinct: &[usize]) -> Result<Self, LabError> {
        let data = problem.data();
        let (n, d) = (distinct.len(), data.n_features());
        let nothing = Self {
            cannot_say: None,
            below: BELOW,
            median_distance: None,
            sought: 0,
            among: n,
            found: 0,
            share: None,
            low: None,
            high: None,
            with_other_label: 0,
            pairs: Vec::new(),
        };
        if d < 2 || n < 3 {
            // On a line neighbours are near each other by chance.
            let why =
                if d < 2 { "there is one feature" } else { "there are hardly two examples that are not the same" };
            let cannot_say = CannotSay::because(why, "at least two features, and some examples that differ");
            return Ok(Self { cannot_say: Some(cannot_say), ..nothing });
        }
        let distinct_data = data.subset(distinct)?;
        let standard = Standardization::fit(&distinct_data)?.apply(distinct_data)?;
        let n_sought = n.min(MOST_SOUGHT).min((MOST_WORK / n.saturating_mul(d)).max(200));
        // Of each example sought its place, the nearest other one and how far that is.
        let nearest: Vec<(usize, usize, f64)> = if n_sought == n {
            let neighbors = Neighbors::within(&standard, 1, Distance::Euclidean, 0)?;
            (0..n).map(|at| (at, neighbors.indices(at)[0], neighbors.distances(at)[0])).collect()
        } else {
            let mut sought = random::choose(&mut random::stream(0, "near duplicates", 0), n, n_sought);
            sought.sort_unstable();
            // The nearest of all is the example itself.
            let neighbors = Neighbors::between(&standard, &standard.subset(&sought)?, 2, Distance::Euclidean, 0)?;
            let other = |(query, &at): (usize, &usize)| {
                let place = usize::from(neighbors.indices(query)[0] == at);
                (at, neighbors.indices(query)[place], neighbors.distances(query)[place])
            };
            sought.iter().enumerate().map(other).collect()
        };
        let median = typical_distance(&standard)?;
        let mut near: Vec<(usize, usize, f64)> =
            nearest.into_iter().filter(|&(.., distance)| distance < BELOW * median).collect();
        let n_other = near.iter().filter(|&&(a, b, _)| !same_label(problem, distinct[a], distinct[b])).count();
        let found = near.len();
        let share = found as f64 / n_sought as f64;
        let (low, high) = match n_sought == n {
            true => (share, share),
            false => Evidence::trials(found as u64, n_sought as u64)?
                .interval(0.95)
                .map_or((0.0, 1.0), |interval| (interval.low, interval.high)),
        };
        // Two that are each other's nearest are one pair.
        near.iter_mut().for_each(|pair| *pair = (pair.0.min(pair.1), pair.0.max(pair.1), pair.2));
        near.sort_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)).then(a.1.cmp(&b.1)));
        near.dedup_by_key(|&mut (a, b, _)| (a, b));
        let id = |at: usize| data.ids().get(distinct[at]).unwrap_or_default().into_owned();
        let pair = |&(a, b, distance): &(usize, usize, f64)| NearPair {
            id: id(a),
            other: id(b),
            distance,
            same_label: same_label(problem, distinct[a], distinct[b]),
        };
        Ok(Self {
            median_distance: Some(median),
            sought: n_sought,
            found,
            share: Some(share),
            low: Some(low),
            high: Some(high),
            with_other_label: n_other,
            pairs: near.iter().take(MOST_LISTED).map(pair).collect(),
            ..nothing
        })
    }

    fn sentence(&self) -> Sentence {
        if let Some(cannot_say) = &self.cannot_say {
            return Sentence::new("Near-duplicates: ").sentence(cannot_say.sentence());
        }
        let of = |name: &str| format!("/duplicates/near/{name}");
        let (Some(share), Some(low), Some(high)) = (self.share, self.low, self.high) else {
            return Sentence::default();
        };
        let mut sentence = Sentence::new("Examples with a near-duplicate (nearer than ")
            .whole_percent(of("below"), self.below)
            .words(" of the median distance of two examples): ")
            .count(of("found"), self.found)
            .words(" (")
            .percent(of("share"), share);
        if self.sought < self.among {
            sentence = sentence
                .words(" of ")
                .count(of("sought"), self.sought)
                .words(" sampled; of all, ")
                .percent(of("low"), low)
                .words(" to ")
                .percent(of("high"), high);
        }
        sentence = sentence.words(")");
        if self.found > 0 {
            sentence =
                sentence.words("; with another label: ").count(of("with_other_label"), self.with_other_label);
        }
        sentence.words(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Points on a jittered grid, so that none are near each other.
    fn points(n: usize) -> Vec<f32> {
        (0..n)
            .flat_map(|at| {
                let jitter = |k: usize| ((at * k) % 101) as f32 / 400.0;
                [(at % 20) as f32 + jitter(37), (at / 20) as f32 + jitter(53), jitter(71)]
            })
            .collect()
    }

    fn problem(features: Vec<f32>, labels: Vec<usize>) -> Problem {
        Problem::new("made", Task::Classification, Dataset::new(3, features, labels, 2).unwrap()).unwrap()
    }

    #[test]
    fn what_was_planted_is_found() {
        let mut features = points(200);
        let mut labels: Vec<usize> = (0..200).map(|at| at % 2).collect();
        // 200 is 0 again, 201 and 202 are 7 again, one of them with another label; 203 nearly is 50, 204 nearly 51.
        for (of, shift, label) in [(0, 0.0, 0), (7, 0.0, 1), (7, 0.0, 0), (50, 1e-3, 0), (51, 1e-3, 0)] {
            let copied: Vec<f32> = features[of * 3..][..3].iter().map(|x| x + shift).collect();
            features.extend(copied);
            labels.push(label);
        }
        let found = Duplicates::of(&problem(features, labels)).unwrap();
        let exact = found.exact.as_ref().unwrap();
        assert_eq!((exact.sets, exact.extra, exact.sets_with_other_labels), (2, 3, 1));
        assert_eq!(exact.ids, [vec!["0", "200"], vec!["7", "201", "202"]]);
        let near = found.near.as_ref().unwrap();
        assert_eq!((near.sought, near.among, near.found, near.with_other_label), (202, 202, 4, 2));
        let pairs: Vec<(&str, &str, bool)> =
            near.pairs.iter().map(|pair| (pair.id.as_str(), pair.other.as_str(), pair.same_label)).collect();
        assert!(pairs.contains(&("50", "203", true)) && pairs.contains(&("51", "204", false)), "{pairs:?}");
        assert!(found.sentences()[0].text.contains(": 3 (1.5 %); sets of such: 2, with different labels: 1"));
    }

    #[test]
    fn without_any_none_is_found() {
        let found = Duplicates::of(&problem(points(200), (0..200).map(|at| at % 2).collect())).unwrap();
        assert_eq!((found.exact.as_ref().unwrap().extra, found.near.as_ref().unwrap().found), (0, 0));
        assert_eq!(found.sentences()[0].text, "No two examples have the same features.");
    }

    #[test]
    fn a_test_set_that_the_data_have_is_told() {
        let features = points(100);
        let test =
            Dataset::new(3, [&features[30..36], &[900.0, 1.0, 2.0][..]].concat(), vec![0, 1, 0], 2).unwrap();
        let problem = problem(features, (0..100).map(|at| at % 2).collect()).with_test(test).unwrap();
        assert_eq!(Duplicates::of(&problem).unwrap().exact.unwrap().in_test, Some(2));
    }

    proptest! {
        #[test]
        fn sets_are_those_of_all_pairs(features in prop::collection::vec(prop::sample::select(vec![0.0f32, -0.0, 1.0, 2.0]), 0..120)) {
            let n = features.len() / 2;
            let data = Dataset::new(2, features[..2 * n].to_vec(), vec![0; n], 1)?;
            let sets = same_features(&data);
            let set_of = |example: usize| sets.iter().position(|set| set.contains(&example));
            for a in 0..n {
                for b in 0..n {
                    let same = data.example(a) == data.example(b);
                    prop_assert_eq!(same && a != b, a != b && set_of(a).is_some() && set_of(a) == set_of(b));
                }
            }
        }
    }
}
