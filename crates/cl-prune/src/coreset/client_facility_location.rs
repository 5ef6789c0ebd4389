use std::sync::Arc;

use cl_data::Scalar;
use rayon::prelude::*;

use super::{
    features::Features,
    kernel::ROWS,
    objective::SubmodularObjective,
    points::{MAX_CHUNK, Rule},
    search_points::{Block, SearchPoints},
    similarities::sum_lanes,
    similarity::Similarity,
    sparse_facility_location::check_weights,
};
use crate::error::PruneError;

/// Facility location whose clients, the examples that are to be served, are not the examples to choose from.
///
/// ```text
/// f(S)    = sum_{i in C} w_i max_{j in S} s_ij
/// gain(j) = sum_{i in C} w_i max(0, s_ij - m_i)
/// ```
///
/// C is a sample of all ([`ClientSample`](super::ClientSample)), or all, with weights w_i. Monotone submodular. O(|C| d)
/// per gain, O(|C| d) memory beside the features, which are written out in double precision a few at a time; once O(n |C| d)
/// for the largest distance of a client and an element, where the similarity takes one.
///
/// Source: Wei, Iyer and Bilmes (2014), Fast multi-stage submodular maximization; submodlib's `separate_rep`.
///
/// ```
/// use cl_prune::coreset::{ClientFacilityLocation, Features, Greedy, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// // Only the last two are to be served.
/// let mut objective = ClientFacilityLocation::new(features, Similarity::MaxDistance, &[3, 4])?;
/// assert_eq!(Greedy::default().select(&mut objective, 1)?.order, [3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Clone)]
pub struct ClientFacilityLocation<'a, T> {
    points: Arc<SearchPoints<'a, T>>,
    clients: Clients,
}

/// Who is to be served, and how well each is.
#[derive(Clone)]
struct Clients {
    block: Arc<Block>,
    rule: Rule,
    /// m_i, and infinity for rows that are no clients.
    best: Vec<[f64; ROWS]>,
    weights: Option<Arc<Vec<[f64; ROWS]>>>,
}

/// Elements, one after the other, and their squared norms.
type Columns = (Vec<f64>, Vec<f64>);

impl Clients {
    /// What each of these elements would add.
    fn gains(&self, columns: &Columns) -> Vec<f64> {
        let mut lanes = vec![[0.0; ROWS]; columns.1.len()];
        let (best, weights) = (&self.best, self.weights.as_deref());
        self.block.visit(self.rule, columns, &mut |panel, column, similarities| {
            let terms = lanes[column].iter_mut().zip(similarities).zip(&best[panel]);
            match weights {
                None => terms.for_each(|((lane, s), best)| *lane += (s - best).max(0.0)),
                Some(weights) => {
                    let terms = terms.zip(&weights[panel]);
                    terms.for_each(|(((lane, s), best), weight)| *lane += weight * (s - best).max(0.0));
                }
            }
        });
        lanes.iter().map(sum_lanes).collect()
    }

    /// The similarities of all clients to one element.
    fn serve(&mut self, columns: &Columns) {
        let best = &mut self.best;
        self.block.visit(self.rule, columns, &mut |panel, _, similarities| {
            best[panel].iter_mut().zip(similarities).for_each(|(best, s)| *best = best.max(*s));
        });
    }

    /// The lowest rank, minus a squared distance, of a client and one of these elements.
    fn least(&self, columns: &Columns) -> f64 {
        let mut least = [0.0f64; ROWS];
        self.block.visit(self.rule, columns, &mut |_, _, ranks| {
            least.iter_mut().zip(ranks).for_each(|(least, rank)| *least = least.min(*rank));
        });
        least.into_iter().fold(0.0, f64::min)
    }
}

impl<'a, T: Scalar> ClientFacilityLocation<'a, T> {
    /// These clients, nothing chosen.
    ///
    /// # Errors
    /// [`PruneError::Feature`] where an example has no direction and `similarity` is a cosine;
    /// [`PruneError::IndexOutOfRange`] where there is no such client.
    pub fn new(features: Features<'a, T>, similarity: Similarity, clients: &[u32]) -> Result<Self, PruneError> {
        let n_examples = features.n_examples();
        if let Some(&client) = clients.iter().find(|&&client| client as usize >= n_examples) {
            return Err(PruneError::IndexOutOfRange { what: "client", index: client as usize, n_examples });
        }
        let points = SearchPoints::new(features, similarity)?;
        let mut block = Block::default();
        points.fill(&mut block, clients);
        let mut best = vec![[0.0; ROWS]; clients.len().div_ceil(ROWS)];
        if let Some(last) = best.last_mut().filter(|_| !clients.len().is_multiple_of(ROWS)) {
            last[clients.len() % ROWS..].fill(f64::INFINITY);
        }
        let clients = Clients { block: Arc::new(block), rule: points.rank, best, weights: None };
        let mut objective = Self { points: Arc::new(points), clients };
        objective.clients.rule = match similarity {
            Similarity::MaxSquared => Rule::MaxSquared(objective.largest_squared_distance()),
            Similarity::MaxDistance => Rule::MaxDistance(objective.largest_squared_distance().sqrt()),
            Similarity::CosineSquared => Rule::CosineSquared,
            Similarity::Cosine => Rule::Cosine,
        };
        Ok(objective)
    }

    /// The same with how much each client counts, in the clients' order.
    ///
    /// # Errors
    /// Where there is not one weight of at least 0 for each.
    pub fn with_weights(mut self, weights: &[f64]) -> Result<Self, PruneError> {
        check_weights(weights, self.clients.block.n_examples())?;
        let mut rows = weights.to_vec();
        rows.resize(self.clients.best.len() * ROWS, 0.0);
        self.clients.weights = Some(Arc::new(rows.as_chunks().0.to_vec()));
        Ok(self)
    }

    fn by_chunks<R: Send>(&self, elements: &[u32], one: impl Fn(&Columns) -> R + Sync + Send) -> Vec<R> {
        let of_chunk = |chunk: &[u32]| one(&self.points.columns(chunk));
        if elements.len() * self.clients.block.n_examples() * self.points.n_features() < 100_000 {
            elements.chunks(MAX_CHUNK).map(of_chunk).collect()
        } else {
            elements.par_chunks(MAX_CHUNK).map(of_chunk).collect()
        }
    }

    fn largest_squared_distance(&self) -> f64 {
        let all: Vec<u32> = (0..self.points.len() as u32).collect();
        let least = self.by_chunks(&all, |columns| self.clients.least(columns));
        -least.into_iter().fold(0.0, f64::min)
    }
}

impl<T: Scalar> SubmodularObjective for ClientFacilityLocation<'_, T> {
    fn n_elements(&self) -> usize {
        self.points.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.clients.gains(&self.points.columns(&[element as u32]))[0]
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        let elements: Vec<u32> = elements.iter().map(|&element| element as u32).collect();
        gains.extend(self.by_chunks(&elements, |columns| self.clients.gains(columns)).into_iter().flatten());
    }

    fn add(&mut self, element: usize) {
        self.clients.serve(&self.points.columns(&[element as u32]));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{facility_location::FacilityLocation, greedy::Greedy, similarities::Similarities};
    use super::*;
    use cl_data::random::{below, stream, uniform};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// With all as clients it is facility location; a weight of w is w copies; a sample is its sum by hand.
        #[test]
        fn gains_are_their_definition(n in 1usize..50, d in 1usize..5, seed: u64) {
            let rng = &mut stream(seed, "test", 0);
            let values: Vec<f64> = (0..n * d).map(|_| 4.0 * uniform(rng) - 1.7).collect();
            let features = Features::new(&values, d).unwrap();
            let all: Vec<u32> = (0..n as u32).collect();
            for (_, similarity) in Similarity::NAMES {
                let similarities = Similarities::new(&features, similarity).unwrap();
                let mut objective = ClientFacilityLocation::new(features, similarity, &all).unwrap();
                let dense = Greedy::default().select(&mut FacilityLocation::new(similarities.clone()), n).unwrap();
                // In one order: of gains that are equal but for rounding each would take its own.
                for (&element, dense) in dense.order.iter().zip(&dense.gains) {
                    let own = objective.gain(element);
                    prop_assert!((own - dense).abs() < 1e-9, "{own} {dense}");
                    objective.add(element);
                }
                let weights: Vec<f64> = (0..n).map(|_| below(rng, 4) as f64).collect();
                let copies: Vec<u32> = all
                    .iter()
                    .flat_map(|&client| vec![client; weights[client as usize] as usize])
                    .collect();
                let mut weighted =
                    ClientFacilityLocation::new(features, similarity, &all).unwrap().with_weights(&weights).unwrap();
                let mut copied = ClientFacilityLocation::new(features, similarity, &copies).unwrap();
                if similarity.is_cosine() {
                    for _ in 0..3 {
                        let element = below(rng, n);
                        for element in 0..n {
                            prop_assert!((weighted.gain(element) - copied.gain(element)).abs() < 1e-9);
                        }
                        weighted.add(element);
                        copied.add(element);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let features = Features::new(&[0.0, 1.0], 1).unwrap();
        let new = |clients: &[u32]| ClientFacilityLocation::new(features, Similarity::MaxSquared, clients);
        assert!(new(&[2]).is_err());
        assert!(new(&[0]).unwrap().with_weights(&[1.0, 1.0]).is_err());
        let error = new(&[0]).unwrap().with_weights(&[-1.0]).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "weight of example 0 is -1, expected a finite number of at least 0");
    }
}
