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

use super::input::{FeatureFile, Values};

/// A method as `--list` describes it.
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) gain: &'static str,
    pub(super) options: &'static [(&'static str, &'static str)],
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
        name: "k-center",
        summary: "always the example farthest from all chosen",
        gain: "its distance to the nearest of them",
        options: &[],
    },
    Description {
        name: "herding",
        summary: "what keeps the mean of the chosen at the mean of all",
        gain: "minus the distance of the two means",
        options: &[],
    },
    Description {
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
        name: "saturated-coverage",
        summary: "what covers every example up to a share of its similarity to all",
        gain: "coverage gained",
        options: &[SIMILARITY, ("alpha", "the share, 0.1"), OPTIMIZER, EPSILON, PARTS, TIES],
    },
    Description {
        name: "feature-based",
        summary: "enough of every feature, features being amounts of at least 0",
        gain: "growth of the sum over features of phi(amount)",
        options: &[("concave", "sqrt (default), log, saturating"), OPTIMIZER, EPSILON, PARTS, TIES],
    },
    Description {
        name: "disparity-sum",
        summary: "the largest sum of distances to the chosen",
        gain: "that sum",
        options: &[],
    },
    Description {
        name: "disparity-min",
        summary: "the largest smallest distance: k-center",
        gain: "that distance",
        options: &[],
    },
    Description {
        name: "craig",
        summary: "gradients that stand for all, weighted; within classes with --labels",
        gain: "distance saved over all examples",
        options: &[("optimizer", "naive, lazy (default), stochastic, lazier-than-lazy"), EPSILON, TIES],
    },
    Description {
        name: "grad-match",
        summary: "gradients that sum to the sum of all, weighted, by orthogonal matching pursuit",
        gain: "error removed",
        options: &[
            ("ridge", "the penalty of the squared weights, 0.5"),
            ("nonnegative", "true (default): weights of at least 0; or false"),
        ],
    },
    Description {
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

/// What was asked for.
pub(super) struct Request {
    pub(super) method: &'static Description,
    options: BTreeMap<String, String>,
    pub(super) count: usize,
    pub(super) start: Option<usize>,
    pub(super) seed: u64,
    /// What parts of the data have chosen elsewhere.
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
        if start.is_some() && !matches!(name, "k-center" | "disparity-sum" | "disparity-min") {
            bail!("--start: {name} has no first example, k-center and disparity have");
        }
        if name == "glister" && !request.options.contains_key("validation") {
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
        self.method.options.contains(&OPTIMIZER)
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

    fn start(&self) -> Start {
        self.start.map_or(Start::Seeded(self.seed), Start::Example)
    }

    fn optimizer(&self) -> &str {
        self.options.get("optimizer").map_or("lazy", String::as_str)
    }

    /// Bytes for facility location's lists.
    pub(super) fn list_memory(&self) -> anyhow::Result<usize> {
        if self.method.name != "facility-location" {
            return Ok(0);
        }
        Ok(self.value("memory", 1024usize)?.saturating_mul(1 << 20))
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
    fn select<T: Scalar>(&self, features: &Features<'_, T>, count: usize) -> anyhow::Result<Coreset> {
        if count > features.n_examples() {
            return Err(PruneError::Count { count, n_examples: features.n_examples() }.into());
        }
        let similarities = |default| -> anyhow::Result<Similarities> {
            Ok(Similarities::new(features, self.value("similarity", default)?)?)
        };
        Ok(match self.method.name {
            "k-center" => KCenter::new(self.start()).select(features, count)?,
            "herding" => Herding.select(features, count)?,
            "facility-location" => {
                let objective = FacilityLocation::new(similarities(Similarity::MaxSquared)?);
                self.maximize(objective.with_memory(self.list_memory()?), count)?
            }
            "graph-cut" => {
                let (lambda, form) = (self.value("lambda", 1.0)?, self.value("form", GraphCutForm::Conventional)?);
                self.maximize(GraphCut::new(similarities(Similarity::MaxSquared)?, lambda, form)?, count)?
            }
            "log-determinant" => {
                let similarity = self.value("similarity", Similarity::Cosine)?;
                self.maximize(LogDeterminant::new(features, similarity, self.value("ridge", 1.0)?)?, count)?
            }
            "saturated-coverage" => {
                let similarities = similarities(Similarity::MaxSquared)?;
                self.maximize(SaturatedCoverage::new(similarities, self.value("alpha", 0.1)?)?, count)?
            }
            "feature-based" => {
                self.maximize(FeatureBased::new(features, self.value("concave", Concave::Sqrt)?)?, count)?
            }
            "disparity-sum" => Disparity::Sum.select(features, count, self.start())?,
            "disparity-min" => Disparity::Min.select(features, count, self.start())?,
            "craig" => Craig::new(self.greedy()?).select(features, &vec![0; features.n_examples()], count)?,
            "grad-match" => GradMatch::new(self.value("ridge", 0.5)?, self.value("nonnegative", true)?)?
                .select(features, count)?,
            "glister" => self.glister(features, count)?,
            other => bail!("--method: `{other}` is listed and cannot be run"),
        })
    }

    fn glister<T: Scalar>(&self, features: &Features<'_, T>, count: usize) -> anyhow::Result<Coreset> {
        let path: PathBuf = self.value("validation", String::new())?.into();
        let file = FeatureFile::read(&path, |_| Ok(()))?;
        if file.n_features != features.n_features() {
            let (found, expected) = (file.n_features, features.n_features());
            bail!("{}: {found} features, expected {expected} as the examples have", path.display());
        }
        let place = || path.display().to_string();
        let validation = match &file.values {
            Values::F32(values) => {
                ValidationTaylor::new(&Features::new(values, file.n_features).with_context(place)?)
            }
            Values::F64(values) => {
                ValidationTaylor::new(&Features::new(values, file.n_features).with_context(place)?)
            }
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
        let Some(labels) = labels else { return self.select(features, self.count) };
        per_class(features, labels, self.count, |_, own, count| self.select(own, count))
    }
}
