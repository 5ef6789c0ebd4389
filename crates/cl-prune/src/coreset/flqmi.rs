use cl_data::Scalar;

use super::{
    clipped_service::ClippedService,
    entry::Entry,
    features::{AnyFeatures, Features},
    objective::SubmodularObjective,
    request::Size,
    similarity::Similarity,
    submodular::{Submodular, maximized},
    targets::{ETA, Joint, TARGET_SIMILARITY, Targets, check_factor},
};
use crate::error::PruneError;

/// FLQMI, the mutual information of facility location between a choice and a query: what serves the query best, and is like it.
///
/// ```text
/// I(S; Q) = sum_{q in Q} max_{j in S} s_qj + eta sum_{j in S} max_{q in Q} s_qj
/// gain(j) = sum_{q in Q} max(0, s_qj - m_q) + eta r_j,   m_q = max_{k in S} s_qk,   r_j = max_{q in Q} s_qj
/// ```
///
/// Monotone submodular. With eta at 0 one example for each of the query is enough and the others add nothing; the larger it is,
/// the more the choice crowds where the query is. Called FL2MI, too. O(|Q| d) per gain after O(n |Q| d) once, O(n d) memory, so that
/// of all measures this is the one for many examples; for `max-squared` and `max-distance` the largest distance of all pairs takes
/// O(n^2 d).
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `FacilityLocationVariantMutualInformationFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Flqmi, Greedy, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let query = Features::new(&[1.0f32, 10.0], 1)?;
/// let mut objective = Flqmi::new(&features, query, Similarity::MaxDistance, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 2)?.order, [1, 4]); // one for each of the query
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Flqmi {
    service: ClippedService,
    /// eta r_j.
    relevance: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "flqmi",
    "what serves the query best, and is like it",
    "growth of sum_Q max_S s_qj + eta sum_S max_Q s_qj",
    &[TARGET_SIMILARITY, ETA],
    |options| {
        let eta = options.number("eta")?;
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, eta }, options)
    },
)
.submodular()
.needs_query();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    eta: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        Flqmi::new(features, targets.query("flqmi")?, self.similarity, self.eta)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (2.0 * size.panels() + 160.0 * size.n, 24.0 * size.n)
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl Flqmi {
    /// Of these examples with the query, nothing chosen. O(n |Q| d), for distances O(n^2 d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `query` is empty, has other features or no direction, or `eta` is negative or not
    /// finite; [`PruneError::Feature`] where an example has no direction and `similarity` is a cosine.
    pub fn new<'q, T: Scalar>(
        features: &Features<'_, T>,
        query: impl Into<AnyFeatures<'q>>,
        similarity: Similarity,
        eta: f64,
    ) -> Result<Self, PruneError> {
        check_factor("eta", eta)?;
        let joint = Joint::new(features, &[("query", query.into())], similarity)?;
        let mut relevance = joint.largest(joint.of(0));
        relevance.iter_mut().for_each(|relevance| *relevance *= eta);
        let service = ClippedService::new(&joint, joint.of(0), |_| 0.0, |_| f64::INFINITY);
        Ok(Self { service, relevance })
    }
}

impl SubmodularObjective for Flqmi {
    fn n_elements(&self) -> usize {
        self.relevance.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.service.gain(element) + self.relevance[element]
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        let first = gains.len();
        self.service.append_gains(elements, gains);
        for (gain, &element) in gains[first..].iter_mut().zip(elements) {
            *gain += self.relevance[element];
        }
    }

    fn add(&mut self, element: usize) {
        self.service.add(element);
    }
}
