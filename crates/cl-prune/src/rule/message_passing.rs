use std::collections::BinaryHeap;
use std::sync::Arc;

use cl_data::{
    catalogue::Parameter,
    random::{permutation, stream},
};
use serde::{Deserialize, Serialize};

use super::{
    entry::{Entry, RuleNeeds, needed},
    neighbor_lists::NeighborLists,
    selection_rule::{SelectionRule, check, check_length, gather},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// Who hears from whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edges {
    /// Two examples are neighbours where either is in the other's list, as in the published code for small data.
    #[default]
    Undirected,
    /// An example's neighbours are those in its list, as in the published code for large data.
    Directed,
}

/// What a kept example takes from its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ReverseMessages {
    /// Its own value times exp(-gamma d): the nearer, the more.
    Weighted {
        /// How fast the message fades with the distance, gamma_r.
        gamma: f64,
    },
    /// All of its own value.
    Absolute,
}

impl Default for ReverseMessages {
    /// Weighted with gamma 0.1.
    fn default() -> Self {
        Self::Weighted { gamma: 0.1 }
    }
}

/// D2 pruning: difficulty and diversity by messages over a graph of nearest neighbours.
///
/// ```text
/// forward   u_i = s_i + sum over neighbours j of exp(-d_ij) max(s_j, 1e-7)
/// then, until the budget is met:
/// pick      i = argmax u over those not picked, ties by the seed
/// reverse   u_j = u_j - exp(-gamma d_ij) u_i       for the neighbours j of i     (absolute: u_j - u_i)
/// ```
///
/// The neighbours are the caller's, and so is the scale of their distances, on which exp(-d) depends. Scores must be
/// finite. Nested: it is a greedy order. O(n k log(n k)), where the published code for small data holds n x n.
///
/// Source: Maharana, Yadav and Bansal (2023), D2 Pruning: Message Passing for Balancing Diversity and Difficulty in
/// Data Pruning; the two kinds of edges and of reverse messages are the published code's.
///
/// ```
/// use cl_prune::{Budget, MessagePassing, NeighborLists, SelectionRule};
///
/// // Two pairs of twins: the second kept is of the other pair, though the twin of the first has a higher score.
/// let neighbors = NeighborLists::new(1, vec![1, 0, 3, 2], vec![0.1, 0.1, 0.1, 0.1])?;
/// let rule = MessagePassing::new(neighbors);
/// assert_eq!(rule.select(&[1.0, 0.9, 0.5, 0.6], Budget::Count(2), 0)?.kept, [0, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MessagePassing {
    neighbors: NeighborLists,
    edges: Edges,
    reverse: ReverseMessages,
}

pub(super) static ENTRY: Entry = Entry::new(
    "d2",
    "difficulty and diversity by messages between nearest neighbours (D2)",
    &[
        Parameter::with_default("gamma", "how fast reverse messages fade with the distance, at least 0", "0.1"),
        Parameter::with_default("reverse", "reverse messages: weighted or absolute", "weighted"),
        Parameter::with_default("edges", "neighbours: undirected (of either list) or directed", "undirected"),
    ],
    |options| {
        let edges =
            options.choice("edges", &[("undirected", Edges::Undirected), ("directed", Edges::Directed)])?;
        let reverse = match options.choice("reverse", &[("weighted", false), ("absolute", true)])? {
            true if options.has("gamma") => {
                return Err(options.invalid("gamma", "to be given with weighted messages").into());
            }
            true => ReverseMessages::Absolute,
            false => ReverseMessages::Weighted { gamma: options.number("gamma")? },
        };
        let none = NeighborLists::new(1, Vec::new(), Vec::new())?;
        let rule = MessagePassing::new(none).with_edges(edges).with_reverse(reverse)?;
        Ok(Arc::new(move |inputs| {
            let neighbors = needed(inputs.neighbors, "d2", RuleNeeds::Neighbors)?.clone();
            Ok(Box::new(MessagePassing { neighbors, ..rule.clone() }))
        }))
    },
)
.needs(RuleNeeds::Neighbors);

impl MessagePassing {
    /// Over undirected edges, with reverse messages of gamma 0.1.
    pub fn new(neighbors: NeighborLists) -> Self {
        Self { neighbors, edges: Edges::default(), reverse: ReverseMessages::default() }
    }

    /// The same over these edges.
    pub fn with_edges(mut self, edges: Edges) -> Self {
        self.edges = edges;
        self
    }

    /// The same with these reverse messages.
    ///
    /// # Errors
    /// Unless gamma is finite and at least 0.
    pub fn with_reverse(mut self, reverse: ReverseMessages) -> Result<Self, PruneError> {
        if let ReverseMessages::Weighted { gamma } = reverse
            && !(gamma >= 0.0 && gamma.is_finite())
        {
            return Err(PruneError::argument("gamma", gamma, "a finite number of at least 0"));
        }
        self.reverse = reverse;
        Ok(self)
    }

    fn select_on(
        &self,
        graph: &Graph,
        scores: &[f64],
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        check(scores)?;
        if let Some(example) = scores.iter().position(|score| score.is_infinite()) {
            let (value, expected) = (scores[example], "a finite number");
            return Err(PruneError::InvalidValue { what: "score", example, value, expected });
        }
        let n_kept = budget.resolve(scores.len())?;
        let mut values = forward(graph, scores);

        // Of equal values the one that the seed puts first.
        let precedence = permutation(&mut stream(seed, "score ties", 0), scores.len());
        let mut versions = vec![0u32; scores.len()];
        let candidate = |example: usize, value: f64, version| Candidate {
            value: value + 0.0,
            precedence: precedence[example],
            example,
            version,
        };
        let mut heap: BinaryHeap<Candidate> =
            values.iter().enumerate().map(|(example, &value)| candidate(example, value, 0)).collect();
        let mut order = Vec::with_capacity(scores.len());
        while let Some(Candidate { example, version, .. }) = heap.pop() {
            // An older value of one that has changed since, or was picked.
            if version != versions[example] {
                continue;
            }
            order.push(example);
            versions[example] = PICKED;
            for &(j, distance) in graph.neighbors(example) {
                if versions[j] == PICKED {
                    continue;
                }
                let share = match self.reverse {
                    ReverseMessages::Weighted { gamma } => (-gamma * distance).exp(),
                    ReverseMessages::Absolute => 1.0,
                };
                values[j] -= share * values[example];
                versions[j] += 1;
                heap.push(candidate(j, values[j], versions[j]));
            }
        }
        Selection::of_ranking(self.name(), order, n_kept, |_, _| false)
    }
}

/// The values after the forward messages.
fn forward(graph: &Graph, scores: &[f64]) -> Vec<f64> {
    let message = |&(j, distance): &(usize, f64)| (-distance).exp() * scores[j].max(1e-7);
    (0..scores.len()).map(|i| scores[i] + graph.neighbors(i).iter().map(message).sum::<f64>()).collect()
}

/// The version of one that is not changed any more; degrees, which bound the versions, stay below it.
const PICKED: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Candidate {
    value: f64,
    precedence: usize,
    example: usize,
    version: u32,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.total_cmp(&other.value).then(other.precedence.cmp(&self.precedence))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

/// The neighbours of each example, one list after the other.
struct Graph {
    starts: Vec<usize>,
    edges: Vec<(usize, f64)>,
}

impl Graph {
    /// The graph among `members`, which are spoken of by their place.
    fn of(lists: &NeighborLists, members: Option<&[usize]>, kind: Edges) -> Self {
        let n = members.map_or(lists.n_examples(), <[usize]>::len);
        let mut place = vec![None; lists.n_examples()];
        (0..n).for_each(|at| place[members.map_or(at, |members| members[at])] = Some(at));
        let mut edges = Vec::with_capacity(lists.indices.len());
        for from in 0..n {
            for (to, distance) in lists.of(members.map_or(from, |members| members[from])) {
                let Some(to) = place[to] else { continue };
                edges.push((from, to, distance));
                if kind == Edges::Undirected {
                    edges.push((to, from, distance));
                }
            }
        }
        edges.sort_by_key(|&(from, to, _)| (from, to));
        // Mutual neighbours share one edge.
        edges.dedup_by_key(|&mut (from, to, _)| (from, to));
        let mut starts = vec![0; n + 1];
        edges.iter().for_each(|&(from, ..)| starts[from + 1] += 1);
        (0..n).for_each(|at| starts[at + 1] += starts[at]);
        Self { starts, edges: edges.into_iter().map(|(_, to, distance)| (to, distance)).collect() }
    }

    fn neighbors(&self, example: usize) -> &[(usize, f64)] {
        &self.edges[self.starts[example]..self.starts[example + 1]]
    }
}

impl SelectionRule for MessagePassing {
    fn name(&self) -> &'static str {
        "d2"
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        check_length("lists of neighbours", self.neighbors.n_examples(), scores.len())?;
        self.select_on(&Graph::of(&self.neighbors, None, self.edges), scores, budget, seed)
    }

    /// Neighbours that are no members are left out.
    fn select_among(
        &self,
        scores: &[f64],
        members: &[usize],
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        check_length("lists of neighbours", self.neighbors.n_examples(), scores.len())?;
        let scores = gather("member", scores, members)?;
        self.select_on(&Graph::of(&self.neighbors, Some(members), self.edges), &scores, budget, seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition with a dense n x n matrix, as published for small data.
    fn dense(
        n: usize,
        k: usize,
        lists: &[usize],
        distances: &[f64],
        scores: &[f64],
        undirected: bool,
    ) -> Vec<usize> {
        let mut d = vec![vec![None; n]; n];
        for at in 0..n * k {
            d[at / k][lists[at]] = Some(distances[at]);
            if undirected {
                d[lists[at]][at / k] = Some(distances[at]);
            }
        }
        let mut u: Vec<f64> = (0..n)
            .map(|i| {
                let messages = (0..n).filter_map(|j| d[i][j].map(|d: f64| (-d).exp() * scores[j].max(1e-7)));
                scores[i] + messages.sum::<f64>()
            })
            .collect();
        let mut picked = Vec::new();
        while picked.len() < n {
            let best = (0..n).filter(|i| !picked.contains(i)).max_by(|&a, &b| u[a].total_cmp(&u[b])).unwrap();
            picked.push(best);
            for j in 0..n {
                if let Some(d) = d[best][j] {
                    u[j] -= (-0.1 * d).exp() * u[best];
                }
            }
        }
        picked
    }

    proptest! {
        #[test]
        fn lists_give_what_the_matrix_gives(n in 2usize..25, seed: u64, undirected: bool) {
            // Points on a line with random gaps: neighbours are mutual or not, distances symmetric and distinct.
            let mut rng = stream(seed, "test", 0);
            let x: Vec<f64> = (0..n).map(|_| cl_data::random::uniform(&mut rng) * 3.0).collect();
            let scores: Vec<f64> = (0..n).map(|_| cl_data::random::uniform(&mut rng) - 0.1).collect();
            let k = 3.min(n - 1);
            let (mut lists, mut distances) = (Vec::new(), Vec::new());
            for i in 0..n {
                let mut others: Vec<usize> = (0..n).filter(|&j| j != i).collect();
                others.sort_by(|&a, &b| (x[a] - x[i]).abs().total_cmp(&(x[b] - x[i]).abs()));
                lists.extend_from_slice(&others[..k]);
                distances.extend(others[..k].iter().map(|&j| (x[j] - x[i]).abs()));
            }
            let expected = dense(n, k, &lists, &distances, &scores, undirected);
            let edges = if undirected { Edges::Undirected } else { Edges::Directed };
            let rule = MessagePassing::new(NeighborLists::new(k, lists, distances).unwrap()).with_edges(edges);
            prop_assert_eq!(&rule.select(&scores, Budget::Keep(1.0), seed).unwrap().kept, &expected);
            // Among all in another order: the same examples.
            let members = permutation(&mut rng, n);
            let among = rule.select_among(&scores, &members, Budget::Keep(1.0), seed).unwrap().kept;
            prop_assert_eq!(among.iter().map(|&at| members[at]).collect::<Vec<_>>(), expected);
        }
    }

    /// The values after the forward messages, from the fixture, which says how they were computed.
    #[test]
    fn forward_messages_are_those_of_numpy() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/d2.json")).unwrap();
        let read = |value: &serde_json::Value| -> Vec<f64> { serde_json::from_value(value.clone()).unwrap() };
        let neighbors = serde_json::from_value(golden["neighbors"].clone()).unwrap();
        let lists = NeighborLists::new(5, neighbors, read(&golden["distances"])).unwrap();
        let scores = read(&golden["score"]);
        for case in golden["cases"].as_array().unwrap() {
            let graph = Graph::of(&lists, None, serde_json::from_value(case["edges"].clone()).unwrap());
            let values = forward(&graph, &scores);
            for (value, expected) in values.iter().zip(read(&case["first"])) {
                assert!((value - expected).abs() < 1e-14, "{value} {expected}");
            }
        }
    }

    #[test]
    fn no_graph_is_refused() {
        let new = |k, indices: &[usize], distances: &[f64]| {
            NeighborLists::new(k, indices.to_vec(), distances.to_vec()).unwrap_err().to_string()
        };
        assert!(new(0, &[], &[]).contains("argument k is 0"));
        assert!(new(1, &[1, 2], &[0.0, 0.0]).contains("neighbour 2 is out of range"));
        assert!(new(1, &[1, 1], &[0.0, 0.0]).contains("neighbour of example 1 is 1, expected another example"));
        assert!(new(1, &[1, 0], &[0.0]).contains("distances has 1 entries"));
        assert!(new(1, &[1, 0], &[0.0, f64::NAN]).contains("distance to a neighbour of example 1 is NaN"));
        let rule = MessagePassing::new(NeighborLists::new(1, vec![1, 0], vec![0.0, 0.0]).unwrap());
        assert!(rule.select(&[0.0; 3], Budget::Count(1), 0).is_err());
        assert!(rule.select(&[0.0, f64::INFINITY], Budget::Count(1), 0).is_err());
        assert!(rule.with_reverse(ReverseMessages::Weighted { gamma: -1.0 }).is_err());
    }

    #[test]
    fn ties_fall_to_the_seed() {
        let rule = MessagePassing::new(NeighborLists::new(1, vec![1, 0, 3, 2], vec![1.0; 4]).unwrap());
        let first = |seed| rule.select(&[1.0; 4], Budget::Count(1), seed).unwrap().kept[0];
        assert_eq!((0..100).map(first).collect::<std::collections::HashSet<_>>().len(), 4);
    }
}
