use cl_data::Scalar;

use super::{
    clipped_service::ClippedService,
    entry::Entry,
    features::{AnyFeatures, Features},
    objective::SubmodularObjective,
    request::Size,
    similarity::Similarity,
    submodular::{Submodular, maximized},
    targets::{ETA, Joint, NU, TARGET_SIMILARITY, Targets, check_factor},
};
use crate::error::PruneError;

/// FLCMI, the conditional mutual information of facility location: what serves every example as far as the query does, and
/// better than the private examples do.
///
/// ```text
/// I(S; Q | P) = sum_{i in V} max(0, min(max_{j in S} s_ij, c_i) - p_i)
/// gain(j)     = sum_{i in V} max(0, min(s_ij, c_i) - b_i),   b_i = max(p_i, min(max_{k in S} s_ik, c_i))
/// c_i = eta max_{q in Q} s_iq,   p_i = nu max_{p in P} s_ip
/// ```
///
/// Monotone submodular: [`Flvmi`](super::Flvmi) where nu is 0, [`Flcg`](super::Flcg) where eta is large. Only examples
/// that the query serves better than the private ones count; where there are none, all gains are 0. O(n d) per gain after
/// O(n (|Q| + |P|) d) once, O(n d) memory; the largest distance, where the similarity takes one, is of all pairs of examples,
/// query and private examples.
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `FacilityLocationConditionalMutualInformationFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Flcmi, Greedy, Similarity};
///
/// // The query is near two groups, of which one is private.
/// let features = Features::new(&[0.0f32, 1.0, 4.0, 5.0, 10.0], 1)?;
/// let (query, private) = (Features::new(&[1.0f32, 4.0], 1)?, Features::new(&[0.0f32], 1)?);
/// let mut objective = Flcmi::new(&features, query, private, Similarity::MaxDistance, 1.0, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 1)?.order, [2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Flcmi {
    service: ClippedService,
}

pub(super) static ENTRY: Entry = Entry::new(
    "flcmi",
    "what serves every example as far as the query does, and better than the private examples do",
    "growth of sum_V max(0, min(max_S s_ij, eta max_Q s_iq) - nu max_P s_ip)",
    &[TARGET_SIMILARITY, ETA, NU],
    |options| {
        let (eta, nu) = (options.number("eta")?, options.number("nu")?);
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, eta, nu }, options)
    },
)
.submodular()
.needs_query()
.needs_private();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    eta: f64,
    nu: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        let (query, private) = (targets.query("flcmi")?, targets.private("flcmi")?);
        Flcmi::new(features, query, private, self.similarity, self.eta, self.nu)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (2.0 * size.panels() + 160.0 * size.n, 16.0 * size.n)
    }
}

impl Flcmi {
    /// Of these examples with the query, beside the private ones, nothing chosen. O(n (|Q| + |P|) d), for distances O(n^2 d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `query` or `private` is empty, has other features or no direction, or `eta` or `nu`
    /// is negative or not finite; [`PruneError::Feature`] where an example has no direction and `similarity` is a cosine.
    pub fn new<'q, 'p, T: Scalar>(
        features: &Features<'_, T>,
        query: impl Into<AnyFeatures<'q>>,
        private: impl Into<AnyFeatures<'p>>,
        similarity: Similarity,
        eta: f64,
        nu: f64,
    ) -> Result<Self, PruneError> {
        check_factor("eta", eta)?;
        check_factor("nu", nu)?;
        let others = [("query", query.into()), ("private", private.into())];
        let joint = Joint::new(features, &others, similarity)?;
        let (caps, floors) = (joint.largest(joint.of(0)), joint.largest(joint.of(1)));
        let service = ClippedService::new(&joint, 0..joint.n, |row| nu * floors[row], |row| eta * caps[row]);
        Ok(Self { service })
    }
}

impl SubmodularObjective for Flcmi {
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
