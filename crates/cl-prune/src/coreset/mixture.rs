use std::sync::Arc;

use cl_data::catalogue::{Options, Parameter, find};

use super::{
    concave_over_modular,
    entry::{AnyMethod, Entry},
    facility_location, feature_based,
    features::AnyFeatures,
    flcg, flcmi, flqmi, flvmi, gccg, gcmi,
    given::{BoxedObjective, GivenSimilarities},
    graph_cut, log_det_cg, log_det_cmi, log_det_mi, log_determinant,
    maximizer::{Maximization, Maximizer, submodular_options},
    objective::{Bound, Coreset, SubmodularObjective},
    probabilistic_set_cover,
    request::{Request, Size},
    saturated_coverage, set_cover,
    similarity::Similarity,
    sum_redundancy,
    targets::Targets,
};
use crate::error::PruneError;

/// A mixture: the weighted sum of objectives.
///
/// ```text
/// f(S)    = sum_t w_t f_t(S),   w_t >= 0
/// gain(j) = sum_t w_t gain_t(j)
/// ```
///
/// Submodular where all its objectives are, and monotone where they are. Values are as large as each has them: facility location's
/// grows with the number of examples, log-determinant's with that of the chosen ones, and weights must allow for that. The time and
/// the memory of all of them.
///
/// Source: Lin and Bilmes (2012), Learning mixtures of submodular shells with application to document summarization;
/// `MixtureSelection` of apricot.
///
/// ```
/// use cl_prune::coreset::{Concave, FacilityLocation, FeatureBased, Features, Greedy, Mixture, Similarities, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let similarities = Similarities::new(&features, Similarity::MaxDistance)?;
/// // Representative, and large.
/// let large = FeatureBased::new(&features, Concave::Sqrt)?;
/// let mut mixture = Mixture::new(1.0, FacilityLocation::new(similarities))?.with(10.0, large)?;
/// assert_eq!(Greedy::default().select(&mut mixture, 2)?.order, [3, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Clone)]
pub struct Mixture<'a> {
    terms: Vec<(f64, BoxedObjective<'a>)>,
    n: usize,
}

pub(super) static ENTRY: Entry = Entry::new(
    "mixture",
    "a weighted sum of the objectives of other methods",
    "weighted sum of their gains",
    &[Parameter::with_default(
        "of",
        "METHOD:WEIGHT of each, separated by commas; options follow as METHOD:WEIGHT:KEY=VALUE",
        "facility-location:1,graph-cut:0.5",
    )],
    |options| {
        let text = options.text("of")?.to_owned();
        let parts: Result<Vec<Part>, PruneError> = text.split(',').map(|part| Part::read(part, options)).collect();
        Ok(Arc::new(ByName { parts: parts?, maximizer: Maximizer::read(options)? }))
    },
)
.submodular();

/// The methods with an objective.
static OBJECTIVES: &[&Entry] = &[
    &facility_location::ENTRY,
    &graph_cut::ENTRY,
    &sum_redundancy::ENTRY,
    &log_determinant::ENTRY,
    &saturated_coverage::ENTRY,
    &feature_based::ENTRY,
    &set_cover::ENTRY,
    &probabilistic_set_cover::ENTRY,
    &flqmi::ENTRY,
    &flvmi::ENTRY,
    &gcmi::ENTRY,
    &log_det_mi::ENTRY,
    &concave_over_modular::ENTRY,
    &flcg::ENTRY,
    &gccg::ENTRY,
    &log_det_cg::ENTRY,
    &flcmi::ENTRY,
    &log_det_cmi::ENTRY,
];

/// A method of a mixture, and what it counts.
#[derive(Debug)]
struct Part {
    weight: f64,
    method: Arc<dyn AnyMethod>,
    needs_query: bool,
    needs_private: bool,
}

impl Part {
    /// METHOD:WEIGHT, and KEY=VALUE after further colons.
    fn read(text: &str, mixture: &Options) -> Result<Self, PruneError> {
        let mut fields = text.split(':').map(str::trim);
        let (Some(name), Some(weight)) = (fields.next(), fields.next()) else {
            return Err(mixture.invalid("of", format!("METHOD:WEIGHT in {text:?}")).into());
        };
        let weight: f64 = weight
            .parse()
            .ok()
            .filter(|weight: &f64| weight.is_finite() && *weight >= 0.0)
            .ok_or_else(|| mixture.invalid("of", format!("a finite weight of at least 0 in {text:?}")))?;
        let Entry { description, read } =
            find("objective", OBJECTIVES, |entry| &entry.description.method, &[], name)?;
        let mut given = Vec::new();
        for field in fields {
            match field.split_once('=') {
                Some((key, value)) if submodular_options().iter().all(|common| common.name != key) => {
                    given.push((key, value));
                }
                _ => {
                    let expected = format!("options of {name} itself as KEY=VALUE, not {field:?} in {text:?}");
                    return Err(mixture.invalid("of", expected).into());
                }
            }
        }
        let mut options = Options::with_common(&description.method, submodular_options(), &given)?;
        let method = read(&mut options).map_err(|error| error.of_parameter(&options))?;
        let (needs_query, needs_private) = (description.needs_query, description.needs_private);
        Ok(Self { weight, method, needs_query, needs_private })
    }
}

#[derive(Debug)]
struct ByName {
    parts: Vec<Part>,
    maximizer: Maximizer,
}

impl AnyMethod for ByName {
    fn choose_any(&self, features: AnyFeatures<'_>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        let mut mixture: Option<Mixture<'_>> = None;
        for Part { weight, method, .. } in &self.parts {
            let Some(objective) = method.boxed(&features, &request.targets)? else { continue };
            mixture = Some(match mixture {
                None => Mixture::new(*weight, objective)?,
                Some(mixture) => mixture.with(*weight, objective)?,
            });
        }
        mixture.map_or_else(|| Ok(Coreset::default()), |mixture| self.maximizer.select(mixture, request))
    }

    fn bytes(&self, size: &Size) -> f64 {
        let n_copies = self.maximizer.n_copies(size.k as usize) as f64;
        n_copies * self.parts.iter().map(|part| part.method.bytes(size)).sum::<f64>()
    }

    fn similarity(&self) -> Option<Similarity> {
        None
    }

    fn represents_some(&self) -> bool {
        false
    }

    fn choose_over(&self, _: &GivenSimilarities, _: &Request<'_>) -> Result<Option<Coreset>, PruneError> {
        Ok(None)
    }

    fn maximization(&self) -> Option<Maximization> {
        let of: Vec<Maximization> = self.parts.iter().filter_map(|part| part.method.maximization()).collect();
        Some(Maximization {
            maximizer: self.maximizer,
            is_submodular: of.iter().all(|of| of.is_submodular),
            is_monotone: of.iter().all(|of| of.is_monotone),
            is_falling: of.iter().all(|of| of.is_falling),
            counts_all: of.iter().any(|of| of.counts_all),
        })
    }

    fn boxed<'a>(
        &'a self,
        _: &'a AnyFeatures<'a>,
        _: &'a Targets<'a>,
    ) -> Result<Option<BoxedObjective<'a>>, PruneError> {
        Ok(None)
    }

    fn needs_query(&self) -> bool {
        self.parts.iter().any(|part| part.needs_query)
    }

    fn needs_private(&self) -> bool {
        self.parts.iter().any(|part| part.needs_private)
    }
}

impl<'a> Mixture<'a> {
    /// Of this objective alone, as it is.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where the weight is negative or not finite.
    pub fn new(weight: f64, objective: impl SubmodularObjective + Clone + 'a) -> Result<Self, PruneError> {
        let n = objective.n_elements();
        Self { terms: Vec::new(), n }.with(weight, objective)
    }

    /// The same and another objective, of the same examples.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where the weight is negative or not finite; [`PruneError::LengthMismatch`] where the
    /// objective has another number of elements.
    pub fn with(
        mut self,
        weight: f64,
        objective: impl SubmodularObjective + Clone + 'a,
    ) -> Result<Self, PruneError> {
        if !(weight >= 0.0 && weight.is_finite()) {
            return Err(PruneError::argument("weight", weight, "a finite number of at least 0"));
        }
        let found = objective.n_elements();
        if found != self.n {
            return Err(PruneError::LengthMismatch { what: "an objective of a mixture", found, expected: self.n });
        }
        self.terms.push((weight, Box::new(objective)));
        Ok(self)
    }
}

impl SubmodularObjective for Mixture<'_> {
    fn n_elements(&self) -> usize {
        self.n
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.terms.iter_mut().map(|(weight, objective)| *weight * objective.gain(element)).sum()
    }

    // In the order of the terms, as for one: no sum grows where no gain does.
    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        let first = gains.len();
        gains.resize(first + elements.len(), 0.0);
        let mut own = Vec::with_capacity(elements.len());
        for (weight, objective) in &mut self.terms {
            own.clear();
            objective.gains(elements, &mut own);
            gains[first..].iter_mut().zip(&own).for_each(|(gain, own)| *gain += *weight * own);
        }
    }

    fn bounds(&mut self, elements: &[usize], bounds: &mut Vec<Bound>) {
        let first = bounds.len();
        bounds.resize(first + elements.len(), Bound { value: 0.0, is_gain: true });
        let mut own = Vec::with_capacity(elements.len());
        for (weight, objective) in &mut self.terms {
            own.clear();
            objective.bounds(elements, &mut own);
            for (bound, own) in bounds[first..].iter_mut().zip(&own) {
                // What counts nothing is bounded by nothing.
                bound.value += if *weight == 0.0 { 0.0 } else { *weight * own.value };
                bound.is_gain &= own.is_gain;
            }
        }
    }

    fn add(&mut self, element: usize) {
        self.terms.iter_mut().for_each(|(_, objective)| objective.add(element));
    }

    fn is_submodular(&self) -> bool {
        self.terms.iter().all(|(weight, objective)| *weight == 0.0 || objective.is_submodular())
    }
}
