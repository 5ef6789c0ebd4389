use std::ops::Range;

use cl_data::{Scalar, catalogue::Parameter};

use super::{
    entry::Entry,
    feature_based::Concave,
    features::{AnyFeatures, Features},
    kernel::ROWS,
    objective::SubmodularObjective,
    points::SimilarityVisitor,
    request::Size,
    similarities::{Similarities, sum_lanes},
    similarity::Similarity,
    submodular::{Submodular, maximized},
    targets::{ETA, Joint, TARGET_SIMILARITY, Targets, check_factor},
};
use crate::error::PruneError;

/// COM, concave over modular: what is like the query, the more the less of it there is yet.
///
/// ```text
/// I(S; Q) = eta sum_{j in S} psi(sum_{q in Q} s_jq) + sum_{q in Q} psi(sum_{j in S} s_jq),   psi concave
/// gain(j) = eta psi(sum_q s_jq) + sum_q psi(a_q + s_jq) - psi(a_q),   a_q = sum_{k in S} s_kq
/// ```
///
/// Monotone submodular. The first term is relevance to the query, the second covers all of it: enough like every one of the query
/// rather than much like one. O(|Q| d) per gain after O(n |Q| d) once, O(n d) memory; for `max-squared` and `max-distance`
/// the largest distance of all pairs takes O(n^2 d).
///
/// Source: Iyer, Khargonkar, Bilmes and Asnani (2021), Submodular combinatorial information measures with applications in
/// machine learning; Kothawade, Kaushal, Ramakrishnan, Bilmes and Iyer (2022), PRISM: a rich class of parameterized submodular
/// information measures for guided data subset selection; submodlib's `ConcaveOverModularFunction`.
///
/// ```
/// use cl_prune::coreset::{Concave, ConcaveOverModular, Features, Greedy, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let query = Features::new(&[1.0f32, 10.0], 1)?;
/// let similarity = Similarity::MaxDistance;
/// let mut objective = ConcaveOverModular::new(&features, query, similarity, 0.0, Concave::Sqrt)?;
/// assert_eq!(Greedy::default().select(&mut objective, 2)?.order, [2, 3]); // between the two, then near the other
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ConcaveOverModular {
    similarities: Similarities,
    panels: Range<usize>,
    concave: Concave,
    /// a_q, and infinity for what is none of the query: nothing more of it is worth anything.
    amounts: Vec<f64>,
    /// eta psi(sum_q s_jq).
    relevance: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "com",
    "concave over modular: what is like every one of the query",
    "growth of eta sum_S psi(sum_Q s_jq) + sum_Q psi(sum_S s_jq)",
    &[TARGET_SIMILARITY, ETA, Parameter::with_default("concave", "psi: sqrt, log or saturating", "sqrt")],
    |options| {
        let (eta, concave) = (options.number("eta")?, options.choice("concave", &Concave::NAMES)?);
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, eta, concave }, options)
    },
)
.submodular()
.needs_query();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    eta: f64,
    concave: Concave,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        ConcaveOverModular::new(features, targets.query("com")?, self.similarity, self.eta, self.concave)
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (2.0 * size.panels() + 160.0 * size.n, 16.0 * size.n)
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl ConcaveOverModular {
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
        concave: Concave,
    ) -> Result<Self, PruneError> {
        check_factor("eta", eta)?;
        let joint = Joint::new(features, &[("query", query.into())], similarity)?;
        let rows = joint.of(0);
        let mut relevance = joint.sums(rows.clone());
        relevance.iter_mut().for_each(|relevance| *relevance = eta * concave.difference(0.0, *relevance));
        let mut amounts = vec![f64::INFINITY; joint.similarities.n_panels() * ROWS];
        amounts[rows.clone()].fill(0.0);
        let panels = rows.start / ROWS..rows.end.div_ceil(ROWS);
        Ok(Self { similarities: joint.similarities, panels, concave, amounts, relevance })
    }
}

struct Gains<'a> {
    amounts: &'a [[f64; ROWS]],
    concave: Concave,
    lanes: Vec<[f64; ROWS]>,
}

impl SimilarityVisitor for Gains<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, column: usize, similarities: &[f64; ROWS]) {
        let (amounts, concave) = (&self.amounts[panel], self.concave);
        for ((lane, &similarity), &amount) in self.lanes[column].iter_mut().zip(similarities).zip(amounts) {
            *lane += concave.difference(amount, similarity);
        }
    }
}

impl SubmodularObjective for ConcaveOverModular {
    fn n_elements(&self) -> usize {
        self.relevance.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        let mut gains = Vec::with_capacity(1);
        self.gains(&[element], &mut gains);
        gains[0]
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        let (amounts, concave) = (self.amounts.as_chunks().0, self.concave);
        let new = |chunk: &[usize]| Gains { amounts, concave, lanes: vec![[0.0; ROWS]; chunk.len()] };
        let found = self.similarities.by_elements_in(self.panels.clone(), elements, new);
        let found = found.iter().flat_map(|found| found.lanes.iter().map(sum_lanes));
        gains.extend(found.zip(elements).map(|(gain, &element)| gain + self.relevance[element]));
    }

    fn add(&mut self, element: usize) {
        let column = self.similarities.column(element);
        self.amounts.iter_mut().zip(&column).for_each(|(amount, similarity)| *amount += similarity);
    }
}
