//! The coresets by name.

use std::{collections::BTreeMap, sync::Arc};

use cl_data::{
    Scalar,
    catalogue::{CatalogueError, Options, find},
};
use serde::Serialize;

use super::{
    craig, disparity,
    entry::{AnyMethod, CoresetDescription, Entry},
    facility_location, feature_based,
    features::{AnyFeatures, Features},
    glister, grad_match, graph_cut,
    guarantee::Guarantee,
    herding, k_center, log_determinant,
    maximizer::{Maximization, submodular_options},
    objective::Coreset,
    per_class::per_class,
    request::{DataSize, Request, Size},
    saturated_coverage,
    start::Start,
    validation_taylor::ValidationTaylor,
};
use crate::error::PruneError;

static CORESETS: &[&Entry] = &[
    &k_center::ENTRY,
    &herding::ENTRY,
    &facility_location::ENTRY,
    &graph_cut::ENTRY,
    &log_determinant::ENTRY,
    &saturated_coverage::ENTRY,
    &feature_based::ENTRY,
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
}

impl CoresetSettings {
    /// The method `name` with `options`, the others at their defaults.
    ///
    /// # Errors
    /// On an unknown method, option or value: the known ones are named.
    pub fn parse(name: &str, options: &[(&str, &str)]) -> Result<Self, PruneError> {
        let Entry { description, read } = find("coreset", CORESETS, |entry| &entry.description.method, &[], name)?;
        let common = if description.submodular { submodular_options() } else { &[] };
        let mut options = Options::with_common(&description.method, common, options)?;
        let method = read(&mut options).map_err(|error| error.of_parameter(&options))?;
        // What constructors check is wrong for no examples, too, and is said before there are any.
        if !description.needs_validation {
            let none = Features::<f32>::new(&[], 1)?.into();
            let request = Request { count: 0, seed: 0, start: None, validation: None, chosen: None };
            method.choose_any(none, &request).map_err(|error| error.of_parameter(&options))?;
        }
        let (name, options) = (description.method.name, options.values().clone());
        Ok(Self { description, name, options, method })
    }

    /// How the list describes the method.
    pub fn description(&self) -> &'static CoresetDescription {
        self.description
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
        let &CoresetInputs { labels, start, validation } = inputs;
        let request = Request { count, seed, start, validation, chosen: None };
        match features.into() {
            AnyFeatures::F32(features) => self.run(&features, labels, &request),
            AnyFeatures::F64(features) => self.run(&features, labels, &request),
        }
    }

    fn run<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        labels: Option<&[usize]>,
        request: &Request<'_>,
    ) -> Result<Coreset, PruneError>
    where
        for<'a> AnyFeatures<'a>: From<Features<'a, T>>,
    {
        let (&Request { count, start, .. }, n_examples) = (request, features.n_examples());
        if count > n_examples {
            return Err(PruneError::Count { count, n_examples });
        }
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
        let Some(labels) = labels else { return self.method.choose_any((*features).into(), request) };
        let coreset = per_class(features, labels, count, |members, own, count| {
            // The first of its own class; those of the others are drawn.
            let start = start.and_then(|start| members.binary_search(&start).ok());
            self.method.choose_any((*own).into(), &Request { count, start, ..*request })
        })?;
        match start.filter(|start| !coreset.order.contains(start)) {
            Some(start) => {
                let expected = format!("an example of a class that has a share of the {count} examples");
                Err(PruneError::argument("start", format!("of class {}", labels[start]), expected))
            }
            None => Ok(coreset),
        }
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
        self.check_merge()?;
        let request = Request { count, seed, start: None, validation: None, chosen: Some(chosen) };
        self.method.choose_any(features.into(), &request)
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

impl PartialEq for CoresetSettings {
    /// All follows from the name and the options.
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.options) == (other.name, &other.options)
    }
}

#[cfg(test)]
mod tests {
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
            let as_given = ["feature-based", "k-center", "disparity-min"].contains(&name);
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
        let single: Vec<f32> = (0..40).map(|at| (at * at % 13) as f32 + 0.5).collect();
        let double: Vec<f64> = single.iter().map(|&value| value.into()).collect();
        let (single, double) = (Features::new(&single, 2).unwrap(), Features::new(&double, 2).unwrap());
        let validation = ValidationTaylor::new(&Features::new(&[1.0, -2.0], 2).unwrap()).unwrap();
        for description in coresets() {
            let name = description.method.name;
            let settings = CoresetSettings::parse(name, &[]).unwrap();
            assert_eq!(settings.description(), description);
            // The defaults that are named are the defaults that are used.
            let given: Vec<_> =
                description.method.parameters.iter().map(|p| (p.name, p.default.unwrap())).collect();
            assert_eq!(CoresetSettings::parse(name, &given).unwrap(), settings);
            assert_eq!(settings.method.maximization().is_some(), description.submodular, "{name}");
            assert_eq!(settings.check_merge().is_ok(), description.submodular, "{name}");
            let inputs = CoresetInputs { validation: Some(&validation), ..CoresetInputs::default() };
            let coreset = settings.select(single, 5, 3, &inputs).unwrap();
            assert!(coreset.order.len() == 5 || name == "grad-match", "{name}");
            assert_eq!(settings.select(double, 5, 3, &inputs).unwrap(), coreset, "{name}");
            let bare = settings.select(single, 5, 3, &CoresetInputs::default());
            assert_eq!(bare.is_err(), description.needs_validation, "{name}");
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
            ("feature-based", "concave", "convex"),
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
