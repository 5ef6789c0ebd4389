//! The methods by name, their options, and how each is run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use cl_data::Scalar;
use cl_prune::PruneError;
use cl_prune::coreset::{
    Concave, Coreset, Craig, Disparity, FacilityLocation, FeatureBased, Features, Glister, GradMatch, GraphCut,
    GraphCutForm, GreeDi, Greedy, Herding, KCenter, LogDeterminant, Optimizer, SaturatedCoverage, SieveStreaming,
    Similarities, Similarity, Start, SubmodularObjective, Ties, ValidationTaylor, per_class,
};

use crate::features::{FeatureFile, Rows, Values};

/// A method as `--list` describes it, and which it is.
pub(super) struct Description {
    kind: Kind,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) gain: &'static str,
    pub(super) options: &'static [(&'static str, &'static str)],
}

impl Description {
    /// Whether it maximises a submodular objective with an optimiser of choice.
    pub(super) fn is_submodular(&self) -> bool {
        self.options.contains(&OPTIMIZER)
    }
}

/// The methods: each must be matched where it is run and where its memory is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    KCenter,
    Herding,
    FacilityLocation,
    GraphCut,
    LogDeterminant,
    SaturatedCoverage,
    FeatureBased,
    DisparitySum,
    DisparityMin,
    Craig,
    GradMatch,
    Glister,
}

const SIMILARITY: (&str, &str) = ("similarity", "max-squared (default), max-distance, cosine-squared, cosine");
const OPTIMIZER: (&str, &str) =
    ("optimizer", "naive, lazy (default), stochastic, lazier-than-lazy, sieve (one pass), greedi (in parts)");
const EPSILON: (&str, &str) = ("epsilon", "what stochastic, lazier-than-lazy and sieve may miss, 0.1");
const PARTS: (&str, &str) = ("parts", "the number of random parts of greedi, 4");
const TIES: (&str, &str) = ("ties", "lowest-index (default) or seeded");

/// All methods.
pub(super) const METHODS: &[Description] = &[
    Description {
        kind: Kind::KCenter,
        name: "k-center",
        summary: "always the example farthest from all chosen",
        gain: "its distance to the nearest of them",
        options: &[],
    },
    Description {
        kind: Kind::Herding,
        name: "herding",
        summary: "what keeps the mean of the chosen at the mean of all",
        gain: "minus the distance of the two means",
        options: &[],
    },
    Description {
        kind: Kind::FacilityLocation,
        name: "facility-location",
        summary: "what serves every example best",
        gain: "similarity gained over all examples",
        options: &[
            SIMILARITY,
            OPTIMIZER,
            EPSILON,
            PARTS,
            TIES,
            (
                "memory",
                "MiB for lists of who would be served better, 1024: the choice is the same, the time is not",
            ),
        ],
    },
    Description {
        kind: Kind::GraphCut,
        name: "graph-cut",
        summary: "similar to all, dissimilar among each other",
        gain: "lambda sum_i s_ij - s_jj - 2 sum_S s_jk",
        options: &[
            SIMILARITY,
            ("lambda", "the trade-off, 1"),
            ("form", "conventional (default), diversity (lambda weighs redundancy), no-self (without s_jj)"),
            OPTIMIZER,
            EPSILON,
            PARTS,
            TIES,
        ],
    },
    Description {
        kind: Kind::LogDeterminant,
        name: "log-determinant",
        summary: "what spans the largest volume",
        gain: "growth of ln det(K + ridge I)",
        options: &[
            ("similarity", "cosine (default) or cosine-squared"),
            ("ridge", "added to the diagonal, 1"),
            OPTIMIZER,
            EPSILON,
            PARTS,
            TIES,
        ],
    },
    Description {
        kind: Kind::SaturatedCoverage,
        name: "saturated-coverage",
        summary: "what covers every example up to a share of its similarity to all",
        gain: "coverage gained",
        options: &[SIMILARITY, ("alpha", "the share, 0.1"), OPTIMIZER, EPSILON, PARTS, TIES],
    },
    Description {
        kind: Kind::FeatureBased,
        name: "feature-based",
        summary: "enough of every feature, features being amounts of at least 0",
        gain: "growth of the sum over features of phi(amount)",
        options: &[("concave", "sqrt (default), log, saturating"), OPTIMIZER, EPSILON, PARTS, TIES],
    },
    Description {
        kind: Kind::DisparitySum,
        name: "disparity-sum",
        summary: "the largest sum of distances to the chosen",
        gain: "that sum",
        options: &[],
    },
    Description {
        kind: Kind::DisparityMin,
        name: "disparity-min",
        summary: "the largest smallest distance: k-center",
        gain: "that distance",
        options: &[],
    },
    Description {
        kind: Kind::Craig,
        name: "craig",
        summary: "gradients that stand for all, weighted; within classes with --labels",
        gain: "distance saved over all examples",
        options: &[("optimizer", "naive, lazy (default), stochastic, lazier-than-lazy"), EPSILON, TIES],
    },
    Description {
        kind: Kind::GradMatch,
        name: "grad-match",
        summary: "gradients that sum to the sum of all, weighted, by orthogonal matching pursuit",
        gain: "error removed",
        options: &[
            ("ridge", "the penalty of the squared weights, 0.5"),
            ("nonnegative", "true (default): weights of at least 0; or false"),
        ],
    },
    Description {
        kind: Kind::Glister,
        name: "glister",
        summary: "gradients whose step lowers the validation loss, its gradient renewed as picks move the model",
        gain: "loss removed, to first order",
        options: &[
            ("validation", "required: .npy of validation examples' gradients (examples, features)"),
            ("learning-rate", "the step per pick, 0.01"),
            ("refresh", "picks between renewals, 1"),
        ],
    },
];

/// Bytes that the program takes for itself.
const PROGRAM: u128 = 16 << 20;

/// What was asked for.
pub(super) struct Request {
    pub(super) method: &'static Description,
    options: BTreeMap<String, String>,
    pub(super) count: usize,
    pub(super) start: Option<usize>,
    pub(super) seed: u64,
    /// What parts of the data have chosen elsewhere, by the rows that were read.
    pub(super) parts: Vec<Vec<usize>>,
}

impl Request {
    pub(super) fn new(
        name: &str,
        options: &[(String, String)],
        count: usize,
        start: Option<usize>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let Some(method) = METHODS.iter().find(|method| method.name == name) else {
            let known: Vec<_> = METHODS.iter().map(|method| method.name).collect();
            bail!("--method: `{name}`, expected one of {}", known.join(", "));
        };
        let mut set = BTreeMap::new();
        for (key, value) in options {
            if !method.options.iter().any(|(known, _)| known == key) {
                let known: Vec<_> = method.options.iter().map(|(known, _)| *known).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                bail!("--option {key}: {name} has no such option, expected one of {known}");
            }
            if set.insert(key.clone(), value.clone()).is_some() {
                bail!("--option {key}: twice");
            }
        }
        let request = Self { method, options: set, count, start, seed, parts: Vec::new() };
        if start.is_some() && !matches!(method.kind, Kind::KCenter | Kind::DisparitySum | Kind::DisparityMin) {
            bail!("--start: {name} has no first example, k-center and disparity have");
        }
        if method.kind == Kind::Glister && !request.options.contains_key("validation") {
            bail!("--option validation=FILE: glister needs the gradients of validation examples");
        }
        request.greedy()?;
        Ok(request)
    }

    pub(super) fn options(&self) -> &BTreeMap<String, String> {
        &self.options
    }

    /// Whether it maximises a submodular objective with an optimiser of choice.
    pub(super) fn is_submodular(&self) -> bool {
        self.method.is_submodular()
    }

    fn value<V: FromStr>(&self, key: &str, default: V) -> anyhow::Result<V>
    where
        V::Err: std::fmt::Display,
    {
        match self.options.get(key) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|error| anyhow!("--option {key}={text}: {error}")),
        }
    }

    fn first(&self, example: Option<usize>) -> Start {
        example.map_or(Start::Seeded(self.seed), Start::Example)
    }

    /// Whether its optimiser is a greedy one, which can choose among what parts chose.
    pub(super) fn is_greedy(&self) -> bool {
        !matches!(self.optimizer(), "sieve" | "greedi")
    }

    fn optimizer(&self) -> &str {
        self.options.get("optimizer").map_or("lazy", String::as_str)
    }

    /// What facility location's lists may take: a GiB for CRAIG, which is one per class.
    fn list_memory(&self) -> anyhow::Result<usize> {
        Ok(self.value("memory", 1024usize)?.saturating_mul(1 << 20))
    }

    /// About how many bytes it takes to choose from `n` examples of `n_features` numbers of `width` bytes, the largest
    /// class having `class` of them: the features as they are read and in double precision, what is kept for each
    /// example, and copies of the objective. An upper bound, seldom more than twice of what is taken: lists of facility
    /// location are as long as the data make them, up to what is reckoned with.
    pub(super) fn memory(
        &self,
        n: usize,
        n_features: usize,
        width: usize,
        class: Option<usize>,
    ) -> anyhow::Result<u64> {
        let of_class = class.unwrap_or(n);
        // A class has its share of the count, rounded up.
        let k = (self.count as u128 * of_class as u128).div_ceil(n.max(1) as u128);
        let [d, width, all, n] = [n_features, width, n, of_class].map(|value| value as u128);
        // A class's features are gathered, and CRAIG gathers those of each class by itself.
        let n_gathered = u128::from(class.is_some()) + u128::from(self.method.kind == Kind::Craig);
        let read = all * d * width + n_gathered * n * d * width + 16 * all * u128::from(class.is_some());
        let panels = 8 * n.next_multiple_of(16) * d;
        // Elements, gains, ranks among ties and the heap of the optimisers.
        let greedy = 96 * n;
        let lists =
            || -> anyhow::Result<u128> { Ok(FacilityLocation::list_bytes(of_class, self.list_memory()?) as u128) };
        // What does not change while an objective grows, and what each copy of it has of its own.
        let (shared, own) = match self.method.kind {
            Kind::KCenter | Kind::DisparityMin => (8 * k * d + 40 * n + 8 * 512 * d, 0),
            Kind::Herding => (panels + 16 * n, 0),
            Kind::DisparitySum => (panels + 32 * n, 0),
            Kind::GradMatch => (panels + 48 * n + 8 * k * (d + k), 0),
            Kind::Glister => (panels + 32 * n, 0),
            // Sums and counts by lane while gains are computed for all, and the features of those whose best has
            // changed of late.
            Kind::FacilityLocation if self.optimizer() == "sieve" => (panels + greedy + 320 * n, 144 * n),
            Kind::FacilityLocation | Kind::Craig => (2 * panels + greedy + 320 * n, 144 * n + lists()?),
            Kind::GraphCut => (panels + greedy + 160 * n, 8 * n),
            Kind::SaturatedCoverage => (panels + greedy + 160 * n, 8 * n),
            Kind::LogDeterminant => (panels + greedy + 16 * n, 8 * n + 8 * n * k),
            Kind::FeatureBased => (greedy, 8 * d),
        };
        let n_copies = match self.optimizer() {
            "sieve" if self.is_submodular() => {
                SieveStreaming::new(self.value("epsilon", 0.1)?)?.n_guesses(k as usize)
            }
            _ => 1,
        };
        let needed = PROGRAM + read + shared + n_copies as u128 * own;
        Ok(u64::try_from(needed).unwrap_or(u64::MAX))
    }

    /// What is guaranteed of a choice in two rounds from `n_parts` parts that chose by the same method, `fewest` of them
    /// at least each; `sees_all` where both rounds count all examples.
    pub(super) fn guarantee(&self, n_parts: usize, fewest: usize, sees_all: bool) -> anyhow::Result<String> {
        if !matches!(self.greedy()?.optimizer(), Optimizer::Naive | Optimizer::Lazy) {
            return Ok("none: the optimiser takes samples".into());
        }
        let (is_monotone, counts_all) = match self.method.kind {
            Kind::GraphCut => {
                let lambda = self.value("lambda", 1.0)?;
                let diversity = self.value("form", GraphCutForm::Conventional)? == GraphCutForm::Diversity;
                (if diversity { lambda <= 0.5 } else { lambda >= 2.0 }, true)
            }
            Kind::LogDeterminant => (self.value("ridge", 1.0)? >= 1.0, false),
            Kind::FeatureBased => (true, false),
            _ => (true, true),
        };
        if !is_monotone {
            return Ok("none: with these options the objective is not monotone".into());
        }
        if counts_all && !sees_all {
            return Ok(
                "1 - 1/e = 0.632 of the best choice among what the parts chose, its value counted on these; \
                       none over all examples, of which each round sees some"
                    .into(),
            );
        }
        if fewest < self.count {
            return Ok(format!(
                "none: a part chose {fewest}, fewer than the {} that the bound asks of it, unless it had no more",
                self.count
            ));
        }
        let bound = GreeDi::guarantee(n_parts, self.count);
        Ok(format!(
            "(1 - 1/e) / min(m, k) = {bound:.3} of the best value for any {n_parts} parts, (1 - 1/e) / 2 = 0.316 in \
             expectation for random ones"
        ))
    }

    /// The parts of `--option optimizer=greedi`.
    pub(super) fn n_random_parts(&self) -> anyhow::Result<Option<usize>> {
        let in_parts = self.is_submodular() && self.optimizer() == "greedi";
        in_parts.then(|| self.value("parts", 4)).transpose()
    }

    fn greedy(&self) -> anyhow::Result<Greedy> {
        let optimizer = match self.optimizer() {
            // The optimiser of greedi's parts.
            "greedi" | "sieve" if self.is_submodular() => Optimizer::Lazy,
            _ => self.value("optimizer", Optimizer::Lazy)?,
        };
        let ties = match self.options.get("ties").map(String::as_str) {
            None | Some("lowest-index") => Ties::LowestIndex,
            Some("seeded") => Ties::Seeded,
            Some(other) => bail!("--option ties={other}: expected lowest-index or seeded"),
        };
        let greedy = Greedy::new(optimizer).with_ties(ties).with_seed(self.seed);
        Ok(greedy.with_epsilon(self.value("epsilon", 0.1)?)?)
    }

    fn maximize<O: SubmodularObjective + Clone>(&self, mut objective: O, count: usize) -> anyhow::Result<Coreset> {
        let n = objective.n_elements();
        let greedy = self.greedy()?;
        if !self.parts.is_empty() {
            return Ok(GreeDi::new(greedy).merge(&objective, &self.parts, count)?);
        }
        Ok(match self.optimizer() {
            "sieve" => {
                let elements: Vec<usize> = (0..n).collect();
                SieveStreaming::new(self.value("epsilon", 0.1)?)?.select(&objective, &elements, count)?
            }
            "greedi" => {
                let parts = GreeDi::parts(n, self.value("parts", 4)?, self.seed)?;
                GreeDi::new(greedy).select(&objective, &parts, count)?
            }
            _ => greedy.select(&mut objective, count)?,
        })
    }

    /// Chooses from these examples.
    fn select<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        count: usize,
        start: Start,
    ) -> anyhow::Result<Coreset> {
        if count > features.n_examples() {
            return Err(PruneError::Count { count, n_examples: features.n_examples() }.into());
        }
        let similarities = |default| -> anyhow::Result<Similarities> {
            Ok(Similarities::new(features, self.value("similarity", default)?)?)
        };
        Ok(match self.method.kind {
            Kind::KCenter => KCenter::new(start).select(features, count)?,
            Kind::Herding => Herding.select(features, count)?,
            Kind::FacilityLocation => {
                let objective = FacilityLocation::new(similarities(Similarity::MaxSquared)?);
                self.maximize(objective.with_memory(self.list_memory()?), count)?
            }
            Kind::GraphCut => {
                let (lambda, form) = (self.value("lambda", 1.0)?, self.value("form", GraphCutForm::Conventional)?);
                self.maximize(GraphCut::new(similarities(Similarity::MaxSquared)?, lambda, form)?, count)?
            }
            Kind::LogDeterminant => {
                let similarity = self.value("similarity", Similarity::Cosine)?;
                self.maximize(LogDeterminant::new(features, similarity, self.value("ridge", 1.0)?)?, count)?
            }
            Kind::SaturatedCoverage => {
                let similarities = similarities(Similarity::MaxSquared)?;
                self.maximize(SaturatedCoverage::new(similarities, self.value("alpha", 0.1)?)?, count)?
            }
            Kind::FeatureBased => {
                self.maximize(FeatureBased::new(features, self.value("concave", Concave::Sqrt)?)?, count)?
            }
            Kind::DisparitySum => Disparity::Sum.select(features, count, start)?,
            Kind::DisparityMin => Disparity::Min.select(features, count, start)?,
            Kind::Craig => Craig::new(self.greedy()?).select(features, &vec![0; features.n_examples()], count)?,
            Kind::GradMatch => GradMatch::new(self.value("ridge", 0.5)?, self.value("nonnegative", true)?)?
                .select(features, count)?,
            Kind::Glister => self.glister(features, count)?,
        })
    }

    fn glister<T: Scalar>(&self, features: &Features<'_, T>, count: usize) -> anyhow::Result<Coreset> {
        let path: PathBuf = self.value("validation", String::new())?.into();
        let file = FeatureFile::read(&path, |shape, _| Ok(Rows::Range(0..shape.n_examples)))?;
        let d = file.shape.n_features;
        if d != features.n_features() {
            let (found, expected) = (d, features.n_features());
            bail!("{}: {found} features, expected {expected} as the examples have", path.display());
        }
        let place = || path.display().to_string();
        let validation = match &file.values {
            Values::F32(values) => ValidationTaylor::new(&Features::new(values, d).with_context(place)?),
            Values::F64(values) => ValidationTaylor::new(&Features::new(values, d).with_context(place)?),
        }?;
        let method = Glister::new(self.value("learning-rate", 0.01)?, self.value("refresh", 1)?)?;
        Ok(method.select(features, |displacement| validation.at(displacement), count)?)
    }

    /// Chooses from all examples, within classes where there are labels.
    pub(super) fn run<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        labels: Option<&[usize]>,
    ) -> anyhow::Result<Coreset> {
        let Some(labels) = labels else { return self.select(features, self.count, self.first(self.start)) };
        let coreset = per_class(features, labels, self.count, |members, own, count| {
            // The first of its own class; those of the others are drawn.
            let start = self.start.and_then(|start| members.binary_search(&start).ok());
            self.select(own, count, self.first(start))
        })?;
        if let Some(start) = self.start.filter(|start| !coreset.order.contains(start)) {
            let (class, count) = (labels[start], self.count);
            bail!("--start: its class, {class}, has no share of the {count} examples, expected a larger --count");
        }
        Ok(coreset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(method: &str, options: &[&str], (n, d, k): (usize, usize, usize), class: Option<usize>) -> f64 {
        let options: Vec<(String, String)> = options
            .iter()
            .filter_map(|option| option.split_once('='))
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        let request = Request::new(method, &options, k, None, 0).unwrap();
        (request.memory(n, d, 4, class).unwrap() as f64) - PROGRAM as f64
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
        let found = memory("facility-location", &["memory=100000000"], (600, 16, 10), None);
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
        let log_determinant = |options: &[&str]| memory("log-determinant", options, (20_000, 16, 100), None);
        assert_within(log_determinant(&[]), factor, 1.4 * factor);
        assert_within(log_determinant(&["optimizer=sieve"]), 56.0 * factor, 58.0 * factor);
        assert_within(log_determinant(&["optimizer=greedi"]), factor, 1.4 * factor);
        assert_within(memory("k-center", &[], (1_000_000, 64, 100), None), 256e6, 300e6);
        assert_within(memory("grad-match", &[], (1000, 1000, 1000), None), 28e6, 30e6);
        assert!(memory("log-determinant", &[], (usize::MAX, 16, 100), None) > 1e19);
    }

    #[test]
    fn guarantees_are_those_of_monotone_objectives() {
        let guarantee = |method: &str, options: &[(&str, &str)], sees_all| {
            let options: Vec<_> = options.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
            Request::new(method, &options, 10, None, 0).unwrap().guarantee(4, 10, sees_all).unwrap()
        };
        let bound = "(1 - 1/e) / min(m, k) = 0.158 of the best value";
        let request = Request::new("feature-based", &[], 10, None, 0).unwrap();
        assert!(request.guarantee(4, 9, false).unwrap().starts_with("none: a part chose 9, fewer than the 10"));
        assert!(guarantee("feature-based", &[], false).starts_with(bound));
        assert!(guarantee("log-determinant", &[], false).starts_with(bound));
        assert!(guarantee("facility-location", &[], true).starts_with(bound));
        assert!(guarantee("graph-cut", &[("lambda", "2")], true).starts_with(bound));
        assert!(guarantee("graph-cut", &[("lambda", "0.5"), ("form", "diversity")], true).starts_with(bound));
        assert!(
            guarantee("facility-location", &[], false).starts_with("1 - 1/e = 0.632 of the best choice among")
        );
        for (method, options) in [
            ("graph-cut", &[][..]),
            ("graph-cut", &[("lambda", "2"), ("form", "diversity")]),
            ("log-determinant", &[("ridge", "0.5")]),
            ("facility-location", &[("optimizer", "stochastic")]),
        ] {
            assert!(guarantee(method, options, true).starts_with("none: "), "{method}");
        }
    }
}
