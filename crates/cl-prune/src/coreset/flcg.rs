use cl_data::Scalar;

use super::{
    clipped_service::ClippedService,
    entry::Entry,
    features::{AnyFeatures, Features},
    objective::SubmodularObjective,
    request::Size,
    similarity::Similarity,
    submodular::{Submodular, maximized},
    targets::{Joint, NU, TARGET_SIMILARITY, Targets, check_factor},
};
use crate::error::PruneError;

/// FLCG, the conditional gain of facility location: what serves every example better than the private examples do.
///
/// ```text
/// f(S | P) = sum_{i in V} max(0, max_{j in S} s_ij - nu max_{p in P} s_ip)
/// gain(j)  = sum_{i in V} max(0, s_ij - b_i),   b_i = max(nu max_{p in P} s_ip, max_{k in S} s_ik)
/// ```
///
/// Monotone submodular: facility location beside what is there already, where nu is 1; 0 makes it facility location, and more
/// than 1 keeps farther away. O(n d) per gain after O(n |P| d) once, O(n d) memory; the largest distance, where the similarity
/// takes one, is of all pairs, those with private examples among them.
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `FacilityLocationConditionalGainFunction`.
///
/// ```
/// use cl_prune::coreset::{Features, Flcg, Greedy, Similarity};
///
/// // Neither of the three that the private one stands for.
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let private = Features::new(&[1.0f32], 1)?;
/// let mut objective = Flcg::new(&features, private, Similarity::MaxDistance, 1.0)?;
/// assert_eq!(Greedy::default().select(&mut objective, 1)?.order, [3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Flcg {
    service: ClippedService,
}

pub(super) static ENTRY: Entry = Entry::new(
    "flcg",
    "what serves every example better than the private examples do",
    "growth of sum_V max(0, max_S s_ij - nu max_P s_ip)",
    &[TARGET_SIMILARITY, NU],
    |options| {
        let nu = options.number("nu")?;
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, nu }, options)
    },
)
.submodular()
.needs_private();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    nu: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        Flcg::new(features, targets.private("flcg")?, self.similarity, self.nu)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (2.0 * size.panels() + 160.0 * size.n, 16.0 * size.n)
    }
}

impl Flcg {
    /// Of these examples beside the private ones, nothing chosen. O(n |P| d), for distances O(n^2 d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `private` is empty, has other features or no direction, or `nu` is negative or not
    /// finite; [`PruneError::Feature`] where an example has no direction and `similarity` is a cosine.
    pub fn new<'p, T: Scalar>(
        features: &Features<'_, T>,
        private: impl Into<AnyFeatures<'p>>,
        similarity: Similarity,
        nu: f64,
    ) -> Result<Self, PruneError> {
        check_factor("nu", nu)?;
        let joint = Joint::new(features, &[("private", private.into())], similarity)?;
        let largest = joint.largest(joint.of(0));
        let service = ClippedService::new(&joint, 0..joint.n, |row| nu * largest[row], |_| f64::INFINITY);
        Ok(Self { service })
    }
}

impl SubmodularObjective for Flcg {
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
