//! The coresets by name.

use std::{collections::BTreeMap, sync::Arc};

use cl_data::{
    Scalar,
    catalogue::{CatalogueError, Options, find},
};
use serde::Serialize;

use super::{
    cal,
    class_shares::ClassShares,
    client_sample::ClientSample,
    concave_over_modular, contextual_diversity,
    costs::Costs,
    craig, disparity,
    entry::{AnyMethod, CoresetDescription, Entry},
    facility_location, feature_based,
    features::{AnyFeatures, Features},
    flcg, flcmi, flqmi, flvmi, gccg, gcmi,
    given::{GivenSimilarities, Neighbors},
    glister, grad_match, graph_cut,
    greedy::check_left,
    guarantee::Guarantee,
    herding, k_center, log_det_cg, log_det_cmi, log_det_mi, log_determinant,
    maximizer::{Maximization, submodular_options},
    mixture,
    neighbor_search::{NeighborSearch, SearchReport},
    objective::Coreset,
    per_class::per_class_shared,
    probabilistic_set_cover,
    request::{DataSize, Request, Size},
    saturated_coverage, set_cover,
    similarity::Similarity,
    sparse_facility_location::check_weights,
    sparse_similarities::SparseSimilarities,
    start::Start,
    sum_redundancy,
    targets::Targets,
    validation_taylor::ValidationTaylor,
};
use crate::error::PruneError;

static CORESETS: &[&Entry] = &[
    &k_center::ENTRY,
    &herding::ENTRY,
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
    &mixture::ENTRY,
    &cal::ENTRY,
    &contextual_diversity::ENTRY,
    &disparity::SUM,
    &disparity::MIN,
    &craig::ENTRY,
    &grad_match::ENTRY,
    &glister::ENTRY,
];

/// Every method.
pub fn coresets() -> impl ExactSizeIterator<Item = &'static CoresetDescription> {
    CORESETS.iter().map(|entry| &entry.description)
}

/// What a method may be given beside the features.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoresetInputs<'a> {
    /// The class of each example: there is chosen within classes, of each its share of the count.
    pub labels: Option<&'a [usize]>,
    /// The first example, with labels that of its class; drawn from the seed where it is not given.
    pub start: Option<usize>,
    /// The gradients of validation examples.
    pub validation: Option<&'a ValidationTaylor>,
    /// Examples that the choice is to be like, with the features of those to choose from: for the methods of mutual information.
    pub query: Option<AnyFeatures<'a>>,
    /// Examples that the choice is to have nothing in common with: for the methods of conditional gain.
    pub private: Option<AnyFeatures<'a>>,
    /// The predicted probabilities of the classes, a row for each example: for contrastive active learning.
    pub probabilities: Option<AnyFeatures<'a>>,
    /// How much each example counts among those that are represented, all the same where it is not given; for facility
    /// location, and by neighbours.
    pub weights: Option<&'a [f64]>,
    /// The examples that are represented, where these are a sample; for facility location.
    pub clients: Option<&'a ClientSample>,
    /// The examples that are chosen already, such as those that have labels: not chosen again, and not counted.
    pub before: &'a [usize],
    /// What examples cost, and how much they may cost together: instead of a count. For submodular objectives and CRAIG,
    /// not within classes.
    pub costs: Option<Costs<'a>>,
    /// The group of each example: groups are chosen whole, or not at all. As for costs.
    pub groups: Option<&'a [usize]>,
    /// How classes share the count, where there are labels.
    pub shares: ClassShares,
}

/// A method by name with its options set and checked.
///
/// ```
/// use cl_prune::coreset::{CoresetInputs, CoresetSettings, Features};
///
/// let settings = CoresetSettings::parse("facility-location", &[("similarity", "max-distance")])?;
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let coreset = settings.select(features, 2, 0, &CoresetInputs::default())?;
/// assert_eq!(coreset.order, [2, 3]);
///
/// // Within classes, and the first example of one of them given.
/// let inputs = CoresetInputs { labels: Some(&[0, 0, 0, 1, 1]), start: Some(1), ..CoresetInputs::default() };
/// assert_eq!(CoresetSettings::parse("k-center", &[])?.select(features, 2, 0, &inputs)?.order[0], 1);
///
/// assert!(CoresetSettings::parse("k-centre", &[]).unwrap_err().to_string().contains("k-center, herding"));
/// assert!(CoresetSettings::parse("craig", &[("epsilon", "2")]).unwrap_err().to_string().contains("craig.epsilon is 2"));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct CoresetSettings {
    #[serde(skip)]
    description: &'static CoresetDescription,
    /// The method's name.
    name: &'static str,
    /// Its options, defaults among them.
    options: BTreeMap<String, String>,
    #[serde(skip)]
    method: Arc<dyn AnyMethod>,
    #[serde(skip)]
    is_precomputed: bool,
}

/// The similarity that is given, and not computed from features.
const PRECOMPUTED: (&str, &str) = ("similarity", "precomputed");

impl CoresetSettings {
    /// The method `name` with `options`, the others at their defaults.
    ///
    /// # Errors
    /// On an unknown method, option or value: the known ones are named.
    pub fn parse(name: &str, options: &[(&str, &str)]) -> Result<Self, PruneError> {
        let Entry { description, read } = find("coreset", CORESETS, |entry| &entry.description.method, &[], name)?;
        let common = if description.submodular { submodular_options() } else { &[] };
        let takes_similarity = description.method.parameters.iter().any(|known| known.name == PRECOMPUTED.0);
        let can = description.over_neighbors && takes_similarity;
        let is_precomputed = can && options.contains(&PRECOMPUTED);
        let computed: Vec<_> = options.iter().copied().filter(|option| !(can && *option == PRECOMPUTED)).collect();
        let mut options = Options::with_common(&description.method, common, &computed)?;
        let method = read(&mut options).map_err(|error| error.of_parameter(&options))?;
        // What constructors check is wrong for no examples, too, and is said before there are any.
        if !description.needs_validation {
            let none = Features::<f32>::new(&[], 1)?.into();
            // The choice of nothing is towards and away from anything.
            let any = Some(Features::new(&[1.0], 1)?.into());
            let targets = Targets { query: any, private: any };
            let request = Request { targets, probabilities: Some(none), ..Request::new(0, 0) };
            method.choose_any(none, &request).map_err(|error| error.of_parameter(&options))?;
        }
        let (name, mut options) = (description.method.name, options.values().clone());
        if is_precomputed {
            options.insert(PRECOMPUTED.0.into(), PRECOMPUTED.1.into());
        }
        Ok(Self { description, name, options, method, is_precomputed })
    }

    /// How the list describes the method.
    pub fn description(&self) -> &'static CoresetDescription {
        self.description
    }

    /// Whether the similarities are given, and not computed from features: `similarity` is `precomputed`, which
    /// [`select_over`](Self::select_over) alone takes.
    pub fn is_precomputed(&self) -> bool {
        self.is_precomputed
    }

    /// Its options, defaults among them.
    pub fn options(&self) -> &BTreeMap<String, String> {
        &self.options
    }

    /// `count` of these examples; sieves and matching pursuit may choose fewer. The seed draws first examples, samples,
    /// ties and parts.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer examples; [`PruneError::Missing`] and
    /// [`PruneError::InvalidArgument`] where the method needs what it is not given, or has no use for a first example;
    /// and what the method finds wrong with the features.
    pub fn select<'a>(
        &self,
        features: impl Into<AnyFeatures<'a>>,
        count: usize,
        seed: u64,
        inputs: &CoresetInputs<'_>,
    ) -> Result<Coreset, PruneError> {
        match features.into() {
            AnyFeatures::F32(features) => self.run(&features, inputs, &Self::request(count, seed, inputs)),
            AnyFeatures::F64(features) => self.run(&features, inputs, &Self::request(count, seed, inputs)),
        }
    }

    fn request<'a>(count: usize, seed: u64, inputs: &CoresetInputs<'a>) -> Request<'a> {
        let &CoresetInputs { start, validation, weights, clients, before, costs, groups, .. } = inputs;
        let &CoresetInputs { query, private, probabilities, .. } = inputs;
        let clients = clients.map(|clients| clients.clients.as_slice());
        Request {
            start,
            validation,
            probabilities,
            targets: Targets { query, private },
            weights,
            clients,
            before,
            costs,
            groups,
            ..Request::new(count, seed)
        }
    }

    /// What cannot be asked of this method together, and a count that cannot be met.
    fn check(&self, n: usize, inputs: &CoresetInputs<'_>, count: usize) -> Result<(), PruneError> {
        let CoresetDescription { submodular, over_neighbors, .. } = self.description;
        for (argument, is_given) in [("costs", inputs.costs.is_some()), ("groups", inputs.groups.is_some())] {
            if is_given && !(*submodular || *over_neighbors) {
                let can = coresets().filter(|other| other.submodular || other.over_neighbors);
                let can: Vec<_> = can.map(|other| other.method.name).collect();
                let expected = format!("none for {}; {} take them", self.name, can.join(", "));
                return Err(PruneError::argument(argument, "given", expected));
            }
            if is_given && self.method.maximization().is_some_and(|of| of.is_falling) {
                let expected =
                    format!("none for {}, which every example lowers: the best choice is none", self.name);
                return Err(PruneError::argument(argument, "given", expected));
            }
            if is_given && inputs.labels.is_some() {
                return Err(PruneError::argument(argument, "given", "none where there is chosen within classes"));
            }
        }
        self.check_targets(inputs)?;
        if let Some(found) = inputs.probabilities.map(|rows| rows.n_examples()).filter(|&found| found != n) {
            return Err(PruneError::LengthMismatch { what: "probabilities", found, expected: n });
        }
        check_left(inputs.before, n, if inputs.costs.is_some() { 0 } else { count })?;
        if let (Some(start), [_, ..]) = (inputs.start, inputs.before) {
            return Err(PruneError::argument("start", start, "none where some examples are chosen already"));
        }
        Ok(())
    }

    /// Whether it chooses towards query examples, and must be given some.
    pub fn needs_query(&self) -> bool {
        self.description.needs_query || self.method.needs_query()
    }

    /// Whether it chooses away from private examples, and must be given some.
    pub fn needs_private(&self) -> bool {
        self.description.needs_private || self.method.needs_private()
    }

    /// What the method chooses towards and away from must be given, and nothing else.
    fn check_targets(&self, inputs: &CoresetInputs<'_>) -> Result<(), PruneError> {
        let given = [
            ("query", inputs.query.is_some(), self.needs_query()),
            ("private", inputs.private.is_some(), self.needs_private()),
            ("probabilities", inputs.probabilities.is_some(), self.description.needs_probabilities),
        ];
        for (argument, is_given, is_needed) in given {
            if is_given && !is_needed {
                return Err(PruneError::argument(argument, "given", format!("none, as {} takes none", self.name)));
            }
        }
        Ok(())
    }

    /// How the method compares examples, where it can choose by neighbours or by similarities that are given.
    ///
    /// # Errors
    /// Where it cannot: those that can are named.
    pub fn similarity(&self) -> Result<Similarity, PruneError> {
        self.method.similarity().ok_or_else(|| {
            let can = CORESETS.iter().filter(|entry| entry.description.over_neighbors);
            let can: Vec<_> = can.map(|entry| entry.description.method.name).collect();
            PruneError::argument(
                "method",
                self.name,
                format!("one that chooses by neighbours: {}", can.join(", ")),
            )
        })
    }

    /// Whether that is by Euclidean distance.
    pub fn compares_by_distance(&self) -> bool {
        self.method.similarity().is_some_and(|similarity| !similarity.is_cosine())
    }

    /// The same as [`select`](Self::select) where every example is compared with its neighbours alone, and how these were
    /// found; with labels within classes, where a search for each class reports the lowest recall of all.
    ///
    /// ```
    /// use cl_prune::coreset::{CoresetInputs, CoresetSettings, Features, NeighborSearch, Neighbors};
    ///
    /// let settings = CoresetSettings::parse("facility-location", &[("similarity", "max-distance")])?;
    /// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
    /// let neighbors = Neighbors::Search(NeighborSearch::new(3)?);
    /// let (coreset, search) = settings.select_by_neighbors(features, neighbors, 2, 0, &CoresetInputs::default())?;
    /// assert_eq!((coreset.order, search.unwrap().recall), (vec![2, 3], 1.0));
    /// # Ok::<(), cl_prune::PruneError>(())
    /// ```
    ///
    /// # Errors
    /// As [`select`](Self::select), [`similarity`](Self::similarity), [`NeighborSearch::of`] and
    /// [`NeighborSearch::of_given`].
    pub fn select_by_neighbors<'a>(
        &self,
        features: impl Into<AnyFeatures<'a>>,
        neighbors: Neighbors<'_>,
        count: usize,
        seed: u64,
        inputs: &CoresetInputs<'_>,
    ) -> Result<(Coreset, Option<SearchReport>), PruneError> {
        match features.into() {
            AnyFeatures::F32(features) => self.by_neighbors(&features, neighbors, count, seed, inputs),
            AnyFeatures::F64(features) => self.by_neighbors(&features, neighbors, count, seed, inputs),
        }
    }

    fn by_neighbors<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        neighbors: Neighbors<'_>,
        count: usize,
        seed: u64,
        inputs: &CoresetInputs<'_>,
    ) -> Result<(Coreset, Option<SearchReport>), PruneError> {
        let &CoresetInputs { labels, start, weights, before, shares, .. } = inputs;
        let similarity = self.similarity()?;
        if self.is_precomputed {
            let expected = "one that is computed, where neighbours are sought or given";
            return Err(PruneError::argument(PRECOMPUTED.0, PRECOMPUTED.1, expected));
        }
        if let Some(start) = start {
            return Err(PruneError::argument(
                "start",
                start,
                format!("none, as {} has no first example", self.name),
            ));
        }
        let n = features.n_examples();
        self.check(n, inputs, count)?;
        let request = Self::request(count, seed, inputs);
        let mut report: Option<SearchReport> = None;
        let mut select = |members: Option<&[usize]>, own: &Features<'_, T>, count: usize| {
            let similarities = match neighbors {
                Neighbors::Search(search) => {
                    let (similarities, found) = search.with_seed(seed).of(own, similarity)?;
                    report = Some(match report {
                        Some(lowest) if lowest.recall <= found.recall => lowest,
                        _ => found,
                    });
                    similarities
                }
                Neighbors::Given(lists) => match members {
                    None => NeighborSearch::of_given(own, similarity, lists)?,
                    Some(members) => NeighborSearch::of_given(own, similarity, &within(lists, n, members))?,
                },
            };
            let own_weights: Option<Vec<f64>> = match (members, weights) {
                (Some(members), Some(weights)) => Some(members.iter().map(|&member| weights[member]).collect()),
                _ => None,
            };
            let own_before = members.map(|members| own_places(before, members));
            let before = own_before.as_deref().unwrap_or(before);
            let request = Request { count, weights: own_weights.as_deref().or(weights), before, ..request };
            self.over(&GivenSimilarities::Sparse(similarities), &request)
        };
        if let Some(weights) = weights {
            check_weights(weights, n)?;
        }
        let coreset = match labels {
            None => select(None, features, count)?,
            Some(labels) => per_class_shared(features, labels, count, (shares, before), |members, own, count| {
                select(Some(members), own, count)
            })?,
        };
        Ok((coreset, report))
    }

    /// `count` examples by similarities that are known: a matrix, or that of neighbours.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer examples; [`PruneError::InvalidArgument`] where the method does not
    /// choose by such, or there are labels or a first example, which it then does not take.
    pub fn select_over(
        &self,
        similarities: &GivenSimilarities,
        count: usize,
        seed: u64,
        inputs: &CoresetInputs<'_>,
    ) -> Result<Coreset, PruneError> {
        self.similarity()?;
        for (argument, is_given) in [("labels", inputs.labels.is_some()), ("start", inputs.start.is_some())] {
            if is_given {
                return Err(PruneError::argument(argument, "given", "none where similarities are"));
            }
        }
        self.check(similarities.n_examples(), inputs, count)?;
        self.over(similarities, &Self::request(count, seed, inputs))
    }

    fn over(&self, similarities: &GivenSimilarities, request: &Request<'_>) -> Result<Coreset, PruneError> {
        match self.method.choose_over(similarities, request)? {
            Some(coreset) => Ok(coreset),
            // What can be said was said before.
            None => self.similarity().map(|_| Coreset::default()),
        }
    }

    fn run<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        inputs: &CoresetInputs<'_>,
        request: &Request<'_>,
    ) -> Result<Coreset, PruneError>
    where
        for<'a> AnyFeatures<'a>: From<Features<'a, T>>,
    {
        if self.is_precomputed {
            let expected = "one that is computed, or similarities instead of features";
            return Err(PruneError::argument(PRECOMPUTED.0, PRECOMPUTED.1, expected));
        }
        let (&Request { count, start, before, .. }, n_examples) = (request, features.n_examples());
        self.check(n_examples, inputs, count)?;
        let (labels, shares) = (inputs.labels, inputs.shares);
        if let Some(start) = start {
            if !self.description.takes_start {
                return Err(PruneError::argument(
                    "start",
                    start,
                    format!("none, as {} has no first example", self.name),
                ));
            }
            Start::Example(start).resolve(n_examples)?;
        }
        self.check_represented(request, n_examples)?;
        let Some(labels) = labels else { return self.method.choose_any((*features).into(), request) };
        let coreset = per_class_shared(features, labels, count, (shares, before), |members, own, count| {
            // The first of its own class; those of the others are drawn.
            let start = start.and_then(|start| members.binary_search(&start).ok());
            let clients: Option<Vec<u32>> = request.clients.map(|clients| places(clients, members));
            let clients = clients.as_deref();
            let weights: Option<Vec<f64>> =
                request.weights.map(|weights| members.iter().map(|&member| weights[member]).collect());
            let weights = weights.as_deref();
            let before = &own_places(before, members);
            let rows: Option<(Vec<f64>, usize)> =
                request.probabilities.map(|rows| (rows.gather(members), rows.n_features()));
            let rows = rows.as_ref().map(|(values, n_classes)| Features::new(values, *n_classes)).transpose()?;
            let probabilities = rows.map(AnyFeatures::F64);
            let of_class = Request { count, start, clients, weights, before, probabilities, ..*request };
            self.method.choose_any((*own).into(), &of_class)
        })?;
        match start.filter(|start| !coreset.order.contains(start)) {
            Some(start) => {
                let expected = format!("an example of a class that has a share of the {count} examples");
                Err(PruneError::argument("start", format!("of class {}", labels[start]), expected))
            }
            None => Ok(coreset),
        }
    }

    /// That a method is given weights and clients that knows of such, one weight for each example.
    fn check_represented(&self, request: &Request<'_>, n_examples: usize) -> Result<(), PruneError> {
        for (argument, is_given) in
            [("weights", request.weights.is_some()), ("clients", request.clients.is_some())]
        {
            if is_given && !self.method.represents_some() {
                let expected = format!("none, as {} represents all examples alike", self.name);
                return Err(PruneError::argument(argument, "given", expected));
            }
        }
        request.weights.map_or(Ok(()), |weights| check_weights(weights, n_examples))
    }

    fn merging(&self) -> Result<Maximization, PruneError> {
        let maximization = self.method.maximization().ok_or_else(|| {
            let merged = coresets().filter(|other| other.submodular).map(|other| other.method.name);
            let merged = merged.collect::<Vec<_>>().join(", ");
            PruneError::argument("method", self.name, format!("one whose choices can be merged: {merged}"))
        })?;
        if maximization.maximizer.is_greedy() {
            return Ok(maximization);
        }
        let (parameter, expected) = (format!("{}.optimizer", self.name), "a greedy one, as chooses among choices");
        let value = self.options.get("optimizer").cloned().unwrap_or_default();
        Err(CatalogueError::Invalid { parameter, value, expected: expected.into() }.into())
    }

    /// Whether what parts of the examples chose can be merged.
    ///
    /// # Errors
    /// Where the method maximises no submodular objective, or its optimiser is none that chooses among choices.
    pub fn check_merge(&self) -> Result<(), PruneError> {
        self.merging().map(|_| ())
    }

    /// `count` of what parts of the examples have `chosen`, each in its order; `features` are those of all examples, or,
    /// where these are nowhere together, of those that the parts chose.
    ///
    /// # Errors
    /// As [`check_merge`](Self::check_merge) and [`GreeDi::merge`](super::GreeDi::merge).
    pub fn merge<'a>(
        &self,
        features: impl Into<AnyFeatures<'a>>,
        chosen: &[Vec<usize>],
        count: usize,
        seed: u64,
    ) -> Result<Coreset, PruneError> {
        self.merge_with(features, chosen, count, seed, &CoresetInputs::default())
    }

    /// The same for a method that takes more than the features: of `inputs` the query and the private examples count.
    ///
    /// # Errors
    /// As [`merge`](Self::merge), and where the method needs what it is not given, or takes none of what it is.
    pub fn merge_with<'a>(
        &self,
        features: impl Into<AnyFeatures<'a>>,
        chosen: &[Vec<usize>],
        count: usize,
        seed: u64,
        inputs: &CoresetInputs<'_>,
    ) -> Result<Coreset, PruneError> {
        self.check_merge()?;
        self.check_targets(inputs)?;
        let targets = Targets { query: inputs.query, private: inputs.private };
        let request = Request { chosen: Some(chosen), targets, ..Request::new(count, seed) };
        self.method.choose_any(features.into(), &request)
    }

    /// The number of random parts that are chosen from first, by the optimiser `greedi`.
    pub fn n_parts(&self) -> Option<usize> {
        self.method.maximization()?.maximizer.n_parts()
    }

    /// What is guaranteed of `count` examples that are chosen in random parts first, as the optimiser `greedi` does.
    pub fn guarantee(&self, count: usize) -> Option<Guarantee> {
        let maximization = self.method.maximization()?;
        Some(Guarantee::of(&maximization, maximization.maximizer.n_parts()?, count, count, true))
    }

    /// What is guaranteed of `count` of what parts of the examples have `chosen`, where each saw its own alone.
    ///
    /// # Errors
    /// As [`check_merge`](Self::check_merge).
    pub fn merge_guarantee(&self, chosen: &[Vec<usize>], count: usize) -> Result<Guarantee, PruneError> {
        let fewest = chosen.iter().map(Vec::len).min().unwrap_or(0);
        Ok(Guarantee::of(&self.merging()?, chosen.len(), fewest, count, false))
    }

    /// About how many bytes it takes to choose `count` examples: the features as they are given and in double precision,
    /// what is kept for each example, and copies of an objective. An upper bound, seldom more than twice of what is
    /// taken: lists of facility location are as long as the data make them, up to what is reckoned with.
    pub fn memory(&self, data: &DataSize, count: usize) -> u64 {
        let size = Size::new(data, count);
        let given = data.n_examples as f64 * size.d * size.width;
        // A class's features are gathered.
        let gathered = size.n * size.d * size.width + 16.0 * data.n_examples as f64;
        let gathered = if data.largest_class.is_some() { gathered } else { 0.0 };
        (given + gathered + self.method.bytes(&size)) as u64
    }
}

/// Where those of these examples stand that were chosen before.
fn own_places(before: &[usize], members: &[usize]) -> Vec<usize> {
    before.iter().filter_map(|example| members.binary_search(example).ok()).collect()
}

/// Which of these examples are clients, by their places; the first where there is none.
fn places(clients: &[u32], members: &[usize]) -> Vec<u32> {
    let is_client = |member: &usize| clients.binary_search(&(*member as u32)).is_ok();
    let places: Vec<u32> =
        (0..).zip(members).filter(|(_, member)| is_client(member)).map(|(place, _)| place).collect();
    if places.is_empty() { vec![0] } else { places }
}

/// The neighbours of these examples among themselves, by their places: those of others are none.
fn within(lists: &[u32], n: usize, members: &[usize]) -> Vec<u32> {
    let k = lists.len() / n.max(1);
    let place = |index: u32| match members.binary_search(&(index as usize)) {
        Ok(place) => place as u32,
        // What is out of range stays so.
        Err(_) if (index as usize) < n => SparseSimilarities::NONE,
        Err(_) => index,
    };
    members.iter().flat_map(|&member| lists[member * k..][..k].iter().map(|&index| place(index))).collect()
}

impl CoresetSettings {
    /// About how many bytes it takes where each example has `k` neighbours: the features as they are given, 8 bytes per
    /// neighbour and 128 per example; for graph cut and sum redundancy, whose neighbours are made so both ways, up to three times the
    /// neighbours.
    pub fn memory_by_neighbors(&self, data: &DataSize, k: usize) -> u64 {
        let size = Size::new(data, 0);
        let given = data.n_examples as f64 * size.d * size.width;
        let gathered = if data.largest_class.is_some() { size.n * size.d * size.width } else { 0.0 };
        let copies = if ["graph-cut", "sum-redundancy"].contains(&self.name) { 3.0 } else { 1.0 };
        (given + gathered + size.n * (8.0 * copies * (k as f64 + 1.0) + 128.0)) as u64
    }
}

impl PartialEq for CoresetSettings {
    /// All follows from the name and the options.
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.options) == (other.name, &other.options)
    }
}

#[cfg(test)]
mod tests {
    use super::super::feature_domain::FeatureDomain;
    use super::*;

    fn memory(
        method: &str,
        options: &[(&str, &str)],
        (n, d, k): (usize, usize, usize),
        class: Option<usize>,
    ) -> f64 {
        let size = DataSize { n_examples: n, n_features: d, width: 4, largest_class: class };
        CoresetSettings::parse(method, options).unwrap().memory(&size, k) as f64
    }

    fn assert_within(found: f64, least: f64, most: f64) {
        assert!((least..=most).contains(&found), "{found}");
    }

    /// By hand, what dominates: n d numbers of 4 and 8 bytes, lists of n (n / 8 + 16) entries of 12 bytes, factors of
    /// 8 n k bytes.
    #[test]
    fn memory_is_what_the_methods_hold() {
        // However much the lists may take, 600 of 75 entries are no more than 0.7 MB.
        let lists = 600.0 * 91.0 * 12.0;
        let found = memory("facility-location", &[("memory", "100000000")], (600, 16, 10), None);
        assert_within(found, lists, 2.0 * lists);
        assert_eq!(memory("facility-location", &[], (600, 16, 10), None), found);
        // Gradients as they are read, gathered and in double precision, and the lists that facility location has.
        let craig = 10_000.0 * (24.0 * 32.0 + 1266.0 * 12.0);
        assert_within(memory("craig", &[], (10_000, 32, 10), None), craig, 1.1 * craig);
        // Ten classes of a tenth each hold a hundredth of the lists at a time.
        let by_class = memory("craig", &[], (10_000, 32, 10), Some(1000));
        assert_within(by_class, 1000.0 * 141.0 * 12.0, craig / 10.0 + 10_000.0 * 4.0 * 32.0);
        // 56 sieves, each with a factor of its own.
        let factor = 8.0 * 20_000.0 * 100.0;
        let log_determinant = |options: &[_]| memory("log-determinant", options, (20_000, 16, 100), None);
        assert_within(log_determinant(&[]), factor, 1.4 * factor);
        assert_within(log_determinant(&[("optimizer", "sieve")]), 56.0 * factor, 58.0 * factor);
        assert_within(log_determinant(&[("optimizer", "greedi")]), factor, 1.4 * factor);
        assert_within(memory("k-center", &[], (1_000_000, 64, 100), None), 256e6, 300e6);
        assert_within(memory("grad-match", &[], (1000, 1000, 1000), None), 28e6, 30e6);
        assert!(memory("log-determinant", &[], (usize::MAX, 16, 100), None) > 1e19);
        assert!(memory("facility-location", &[], (usize::MAX, usize::MAX, usize::MAX), Some(1)) > 1e19);
    }

    /// Most methods hold the features in double precision beside what they are given, and twice as many take twice as much.
    #[test]
    fn memory_grows_with_the_data() {
        for description in coresets() {
            let name = description.method.name;
            let of = |n: usize| memory(name, &[], (n, 64, 10), None);
            let as_given = ["feature-based", "set-cover", "probabilistic-set-cover", "k-center", "disparity-min"];
            let as_given = as_given.contains(&name);
            let least = if as_given { 4.0 } else { 12.0 };
            assert!(of(10_000) >= least * 64e4, "{name}: {}", of(10_000));
            assert!(of(20_000) >= 1.9 * of(10_000), "{name}: {} and {}", of(10_000), of(20_000));
        }
    }

    #[test]
    fn guarantees_are_those_of_monotone_objectives() {
        let merged = |method: &str, options: &[(&str, &str)], chosen: usize| {
            let settings = CoresetSettings::parse(method, options).unwrap();
            settings.merge_guarantee(&vec![vec![0; chosen]; 4], 10).unwrap().to_string()
        };
        let in_parts = |method: &str, options: &[(&str, &str)]| {
            let options = [options, &[("optimizer", "greedi")]].concat();
            CoresetSettings::parse(method, &options).unwrap().guarantee(10).unwrap().to_string()
        };
        let bound = "(1 - 1/e) / min(m, k) = 0.158 of the best value";
        assert!(merged("feature-based", &[], 9).starts_with("none: a part chose 9, fewer than the 10"));
        assert!(merged("feature-based", &[], 10).starts_with(bound));
        assert!(merged("log-determinant", &[], 10).starts_with(bound));
        assert!(merged("facility-location", &[], 10).starts_with("1 - 1/e = 0.632 of the best choice among"));
        assert!(merged("facility-location", &[("optimizer", "stochastic")], 10).starts_with("none: "));
        assert!(in_parts("facility-location", &[]).starts_with(bound));
        assert!(in_parts("graph-cut", &[("lambda", "2")]).starts_with(bound));
        assert!(in_parts("graph-cut", &[("lambda", "0.5"), ("form", "diversity")]).starts_with(bound));
        for (method, options) in [
            ("graph-cut", &[][..]),
            ("sum-redundancy", &[]),
            ("gccg", &[]),
            ("logdetmi", &[]),
            ("graph-cut", &[("lambda", "2"), ("form", "diversity")]),
            ("log-determinant", &[("ridge", "0.5")]),
        ] {
            assert!(in_parts(method, options).starts_with("none: "), "{method}");
        }
        assert_eq!(CoresetSettings::parse("facility-location", &[]).unwrap().guarantee(10), None);
        assert_eq!(CoresetSettings::parse("herding", &[]).unwrap().guarantee(10), None);
    }

    #[test]
    fn every_coreset_of_the_list_chooses_in_either_precision_and_tells_what_it_lacks() {
        let any: Vec<f32> = (0..40).map(|at| (at * at % 13) as f32 + 0.5).collect();
        let target = Features::new(&[0.5, 0.25], 2).unwrap();
        let rows: Vec<f32> = (0..40).map(|at| if at % 2 == at / 2 % 2 { 0.75 } else { 0.25 }).collect();
        let rows = Features::new(&rows, 2).unwrap();
        let validation = ValidationTaylor::new(&Features::new(&[1.0, -2.0], 2).unwrap()).unwrap();
        for description in coresets() {
            let name = description.method.name;
            let single: Vec<f32> = match description.domain {
                FeatureDomain::Probability => any.iter().map(|value| value / 16.0).collect(),
                FeatureDomain::Distribution => {
                    any.chunks_exact(2).flat_map(|row| row.iter().map(|value| value / (row[0] + row[1]))).collect()
                }
                _ => any.clone(),
            };
            let double: Vec<f64> = single.iter().map(|&value| value.into()).collect();
            let (single, double) = (Features::new(&single, 2).unwrap(), Features::new(&double, 2).unwrap());
            let settings = CoresetSettings::parse(name, &[]).unwrap();
            assert_eq!(settings.description(), description);
            // The defaults that are named are the defaults that are used.
            let given: Vec<_> =
                description.method.parameters.iter().map(|p| (p.name, p.default.unwrap())).collect();
            assert_eq!(CoresetSettings::parse(name, &given).unwrap(), settings);
            assert_eq!(settings.method.maximization().is_some(), description.submodular, "{name}");
            assert_eq!(settings.check_merge().is_ok(), description.submodular, "{name}");
            let query = settings.needs_query().then(|| target.into());
            let private = settings.needs_private().then(|| target.into());
            let probabilities = description.needs_probabilities.then(|| rows.into());
            let given = CoresetInputs { query, private, probabilities, ..CoresetInputs::default() };
            let inputs = CoresetInputs { validation: Some(&validation), ..given };
            let coreset = settings.select(single, 5, 3, &inputs).unwrap();
            assert!(coreset.order.len() == 5 || name == "grad-match", "{name}");
            assert_eq!(settings.select(double, 5, 3, &inputs).unwrap(), coreset, "{name}");
            let bare = settings.select(single, 5, 3, &CoresetInputs::default());
            let needs = description.needs_validation || description.needs_probabilities;
            let needs = needs || settings.needs_query() || settings.needs_private();
            assert_eq!(bare.is_err(), needs, "{name}");
            assert_eq!(
                settings.select(single, 21, 3, &inputs),
                Err(PruneError::Count { count: 21, n_examples: 20 })
            );
            let labels: Vec<usize> = (0..20).map(|example| example % 2).collect();
            let inputs = CoresetInputs { labels: Some(&labels), start: Some(7), ..inputs };
            let started = settings.select(single, 4, 3, &inputs);
            assert_eq!(started.is_ok(), description.takes_start, "{name}");
            assert!(started.is_err() || started.unwrap().order.contains(&7), "{name}");
            let beyond = CoresetInputs { start: Some(20), ..inputs };
            assert!(settings.select(single, 4, 3, &beyond).unwrap_err().to_string().contains("start is 20"));
        }
    }

    #[test]
    fn what_is_wrong_is_told_before_there_are_data() {
        for (name, option, value) in [
            ("facility-location", "similarity", "euclidean"),
            ("facility-location", "optimizer", "fast"),
            ("facility-location", "epsilon", "2"),
            ("facility-location", "parts", "0"),
            ("facility-location", "ties", "first"),
            ("facility-location", "memory", "-1"),
            ("graph-cut", "lambda", "-1"),
            ("graph-cut", "form", "round"),
            ("log-determinant", "similarity", "max-squared"),
            ("log-determinant", "ridge", "0"),
            ("saturated-coverage", "alpha", "0"),
            ("flqmi", "eta", "-1"),
            ("flcg", "nu", "NaN"),
            ("gccg", "lambda", "inf"),
            ("com", "concave", "convex"),
            ("logdetmi", "eta", "1.5"),
            ("logdetmi", "similarity", "max-squared"),
            ("logdetcmi", "nu", "-0.5"),
            ("logdetcg", "ridge", "0"),
            ("feature-based", "concave", "convex"),
            ("set-cover", "concept_weights", "1,-2"),
            ("probabilistic-set-cover", "concept_weights", "1,NaN"),
            ("craig", "optimizer", "sieve"),
            ("grad-match", "ridge", "-1"),
            ("grad-match", "nonnegative", "yes"),
            ("glister", "learning_rate", "0"),
            ("glister", "refresh", "0"),
        ] {
            let message = CoresetSettings::parse(name, &[(option, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("parameter {name}.{option} is {value}, expected ")), "{message}");
        }
        let settings = CoresetSettings::parse("graph-cut", &[("optimizer", "sieve")]).unwrap();
        assert!(settings.check_merge().unwrap_err().to_string().contains("graph-cut.optimizer is sieve"));
        assert!(
            CoresetSettings::parse("facility-location", &[("optimizer", "sieve"), ("epsilon", "0.7")]).is_err()
        );
    }
}
