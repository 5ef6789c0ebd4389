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

/// FLVMI, the mutual information of facility location over all examples: what serves every example best, as far as the query
/// does.
///
/// ```text
/// I(S; Q) = sum_{i in V} min(max_{j in S} s_ij, c_i),   c_i = eta max_{q in Q} s_iq
/// gain(j) = sum_{i in V} max(0, min(s_ij, c_i) - m_i),  m_i = min(max_{k in S} s_ik, c_i)
/// ```
///
/// Monotone submodular. Once what the query serves is served as well, nothing more is gained: the larger eta is, the more
/// representative of all the choice becomes, and the less of the query. Called FL1MI, too. O(n d) per gain after
/// O(n |Q| d) once, O(n d) memory; the largest distance, where the similarity takes one, is of all pairs, those with the query among
/// them.
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `FacilityLocationMutualInformationFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Flvmi, Greedy, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let query = Features::new(&[9.5f32], 1)?;
/// let mut objective = Flvmi::new(&features, query, Similarity::MaxDistance, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 1)?.order, [3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Flvmi {
    service: ClippedService,
}

pub(super) static ENTRY: Entry = Entry::new(
    "flvmi",
    "what serves every example best, as far as the query does",
    "growth of sum_V min(max_S s_ij, eta max_Q s_iq)",
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
        Flvmi::new(features, targets.query("flvmi")?, self.similarity, self.eta)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (2.0 * size.panels() + 160.0 * size.n, 16.0 * size.n)
    }
}

impl Flvmi {
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
        let largest = joint.largest(joint.of(0));
        Ok(Self { service: ClippedService::new(&joint, 0..joint.n, |_| 0.0, |row| eta * largest[row]) })
    }
}

impl SubmodularObjective for Flvmi {
    fn n_elements(&self) -> usize {
        self.service.n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.service.gain(element)
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        self.service.append_gains(elements, gains);
    }

    fn add(&mut self, element: usize) {
        self.service.add(element);
    }
}
