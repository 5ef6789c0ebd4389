use cl_data::random::{permutation, stream};

use super::{
    greedy::Greedy,
    objective::{Coreset, SubmodularObjective, value_of},
};
use crate::error::PruneError;

/// GreeDi: greedy on every part of the data, then greedy among what the parts chose.
///
/// ```text
/// round 1   A_p = greedy(V_p, k) on every machine p of m
/// round 2   B = greedy(A_1 + ... + A_m, k);   the best of B, A_1, ..., A_m
/// ```
///
/// For monotone objectives and the optimisers `naive` and `lazy` at least (1 - 1/e) / min(m, k) of the best value with any
/// parts, and (1 - 1/e) / 2 of it in expectation with random ones. In practice nearly what one greedy over all gives.
/// (Of the best k examples those in some one part are worth 1 / m of all, and greedy comes to 1 - 1/e of that there; one of
/// them alone is worth 1 / k, and the best single example is picked first.)
/// There is no guarantee for an objective that is not monotone: [`GraphCut`](super::GraphCut) with a lambda below 2 (in the
/// form `diversity`, above 1/2), [`LogDeterminant`](super::LogDeterminant) with a ridge below 1.
///
/// That is for one objective in both rounds. Log-determinant, feature-based coresets and covers need no more than the examples
/// chosen for it; facility location, graph cut and saturated coverage count all examples, so that where a round sees
/// some of them alone, what it compares and what is guaranteed is the value on these.
///
/// Source: Mirzasoleiman, Karbasi, Sarkar and Krause (2013), Distributed submodular maximization: identifying
/// representative elements in massive data; Barbosa, Ene, Nguyen and Ward (2015), The power of randomization: distributed
/// submodular maximization on massive datasets.
///
/// ```
/// use cl_prune::coreset::{FacilityLocation, Features, GreeDi, Greedy, Similarities, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let objective = FacilityLocation::new(Similarities::new(&features, Similarity::MaxDistance)?);
/// // What two machines have chosen, brought together.
/// let coreset = GreeDi::new(Greedy::default()).merge(&objective, &[vec![0, 2], vec![3, 4]], 2)?;
/// assert_eq!(coreset.order, [2, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GreeDi {
    greedy: Greedy,
}

impl GreeDi {
    /// With this greedy in both rounds.
    pub fn new(greedy: Greedy) -> Self {
        Self { greedy }
    }

    /// The examples `0..n_examples` in `n_parts` random parts whose sizes differ by one at most, each in ascending order.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `n_parts` is 0.
    pub fn parts(n_examples: usize, n_parts: usize, seed: u64) -> Result<Vec<Vec<usize>>, PruneError> {
        if n_parts == 0 {
            return Err(PruneError::argument("parts", n_parts, "at least 1"));
        }
        PruneError::check_memory::<usize>("n_examples", n_examples)?;
        let order = permutation(&mut stream(seed, "greedi parts", 0), n_examples);
        let mut parts = vec![Vec::new(); n_parts.min(n_examples.max(1))];
        let n_parts = parts.len();
        order.into_iter().enumerate().for_each(|(at, example)| parts[at % n_parts].push(example));
        parts.iter_mut().for_each(|part| part.sort_unstable());
        Ok(parts)
    }

    /// What is guaranteed of the best value, with any parts: (1 - 1/e) / min(m, k).
    pub fn guarantee(n_parts: usize, count: usize) -> f64 {
        (1.0 - (-1.0f64).exp()) / n_parts.min(count).max(1) as f64
    }

    /// Both rounds: `count` examples (of a part, as many as it has). `objective` holds nothing yet and stays so.
    ///
    /// # Errors
    /// [`PruneError::Count`] where the parts, which may overlap, hold fewer; [`PruneError::InvalidArgument`] where one of them
    /// holds an example twice or one that does not exist.
    pub fn select<O: SubmodularObjective + Clone>(
        &self,
        objective: &O,
        parts: &[Vec<usize>],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        let chosen: Result<Vec<Vec<usize>>, PruneError> = parts
            .iter()
            .map(|part| {
                let coreset = self.greedy.select_among(&mut objective.clone(), part, count.min(part.len()))?;
                Ok(coreset.order)
            })
            .collect();
        self.merge(objective, &chosen?, count)
    }

    /// The second round: `count` of what the parts have chosen, each in its order. `objective` is over all examples, or,
    /// where these are nowhere together, over those that the parts chose.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub fn merge<O: SubmodularObjective + Clone>(
        &self,
        objective: &O,
        chosen: &[Vec<usize>],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        let mut union: Vec<usize> = chosen.concat();
        union.sort_unstable();
        // Parts may overlap.
        union.dedup();
        let merged = self.greedy.select_among(&mut objective.clone(), &union, count)?;
        let mut best = (merged.value(), None);
        for part in chosen.iter().filter(|part| part.len() >= count) {
            let value = value_of(objective, &part[..count]);
            if value > best.0 {
                best = (value, Some(&part[..count]));
            }
        }
        let Some(part) = best.1 else { return Ok(merged) };
        let mut objective = objective.clone();
        let mut coreset = Coreset::with_capacity(count);
        for &element in part {
            coreset.push(element, objective.gain(element));
            objective.add(element);
        }
        Ok(coreset)
    }
}
