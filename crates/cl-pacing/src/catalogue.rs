//! Pacings, orders and weightings by name: what they are, which parameters they take, and how they are made of them.
//!
//! One table for each; an entry is the name, the description and the constructor, so that none can be without the others.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use crate::{
    AtQuantile, BabySteps, Capped, ClassBalanced, Competence, Cyclic, Decreasing, DetachedFocal,
    DifficultySchedule, Discrete, EasyFirst, Exponential, FixedExponential, FocalGradient, Full, Geometric,
    HardFirst, HardMining, HardSelfPaced, L2Bounded, Linear, LinearSelfPaced, Logarithmic, LogarithmicSelfPaced,
    LogisticSelfPaced, MentorNet, Mixture, Mixture2, OnePass, Order, Pacing, PacingError, Permutation, Polynomial,
    PolynomialSelfPaced, Quadratic, Random, Root, SelfPaced, SelfPacedCurriculum, SelfPacedDiversity, Separable,
    SingleStep, Step, SuperLossWeight, VariedExponential, Weighting,
};

/// A pacing, an order or a weighting as a list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its parameters, under the names that they bear in the papers.
    pub parameters: &'static [Parameter],
}

/// A parameter of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The value that it has where none is given, or nothing where one must be or where it has no effect without.
    pub default: Option<&'static str>,
}

/// What some need beside their parameters: the run's length, and data that have one entry per example.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// The steps of the run, for pacings that count in steps.
    pub total: u64,
    /// The difficulty of each example, for pacings by difficulty.
    pub difficulty: Option<&'a [f64]>,
    /// The class of each example, for balanced orders and for diversity.
    pub classes: Option<&'a [usize]>,
    /// The order of the user's own.
    pub order: Option<&'a [usize]>,
    /// How late each example is to come, for curriculum regions.
    pub a: Option<&'a [f64]>,
}

struct Entry<T> {
    description: Description,
    make: fn(&Options<'_>) -> Result<T, PacingError>,
}

const fn needed(name: &'static str, meaning: &'static str) -> Parameter {
    Parameter { name, meaning, default: None }
}

const fn with(name: &'static str, meaning: &'static str, default: &'static str) -> Parameter {
    Parameter { name, meaning, default: Some(default) }
}

const fn entry<T>(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    make: fn(&Options<'_>) -> Result<T, PacingError>,
) -> Entry<T> {
    Entry { description: Description { name, summary, parameters }, make }
}

// Pacings.

const A: Parameter = needed("a", "the progress at which all data are available; above 1 they never are");
const B: Parameter = needed("b", "the fraction available at first, in [0, 1]");
const C0: Parameter = with("c0", "the fraction available at first", "0.01");
const S: Parameter = with("s", "the fraction available at first, in (0, 1]", "0.04");
const INCREASE: Parameter = with("increase", "the factor of an increase, above 1", "1.9");
const MIN: Parameter = needed("min", "the least difficulty");
const MAX: Parameter = needed("max", "the highest difficulty");
const TOTAL_STEP: Parameter = needed("total_step", "the steps until the highest difficulty");
const DIFFICULTY_STEP: Parameter = with("difficulty_step", "of what difficulties are multiples", "1");
const N_BUCKETS: Parameter = needed("n_buckets", "the number of buckets");
const BUCKET_LENGTH: Parameter = needed("bucket_length", "the steps of each");
/// Of every pacing.
const N_CYCLES: Parameter = with("n_cycles", "how often the pacing is gone through; any pacing takes it", "1");

type PacingEntry = Entry<Arc<dyn Pacing>>;

static PACINGS: &[PacingEntry] = &[
    entry("full", "all data from the start: standard training", &[N_CYCLES], |_| pacing(Ok(Full))),
    entry("linear", "Wu: from b to all at a, linearly", &[A, B, N_CYCLES], |o| {
        pacing(Linear::new(o.number("a")?, o.number("b")?))
    }),
    entry("quadratic", "Wu: from b to all at a, as the square", &[A, B, N_CYCLES], |o| {
        pacing(Quadratic::new(o.number("a")?, o.number("b")?))
    }),
    entry("root", "Wu: from b to all at a, as the square root", &[A, B, N_CYCLES], |o| {
        pacing(Root::new(o.number("a")?, o.number("b")?))
    }),
    entry(
        "polynomial",
        "Wu: from b to all at a, as a power",
        &[A, B, needed("p", "the power, above 0"), N_CYCLES],
        |o| pacing(Polynomial::new(o.number("a")?, o.number("b")?, o.number("p")?)),
    ),
    entry("exponential", "Wu: from b to all at a, most of it at the end", &[A, B, N_CYCLES], |o| {
        pacing(Exponential::new(o.number("a")?, o.number("b")?))
    }),
    entry("logarithmic", "Wu: from b to all at a, most of it at the start", &[A, B, N_CYCLES], |o| {
        pacing(Logarithmic::new(o.number("a")?, o.number("b")?))
    }),
    entry("step", "Wu: b until a, then all", &[A, B, N_CYCLES], |o| {
        pacing(Step::new(o.number("a")?, o.number("b")?))
    }),
    entry(
        "fixed-exponential",
        "Hacohen: the share grows by a factor every so many steps",
        &[S, INCREASE, with("step_length", "the steps between two increases", "100"), N_CYCLES],
        |o| {
            let step_length = o.number("step_length")?;
            pacing(FixedExponential::new(o.number("s")?, o.number("increase")?, step_length, o.total()?))
        },
    ),
    entry(
        "varied-exponential",
        "Hacohen: the share grows by a factor after each of the steps given",
        &[S, INCREASE, needed("after", "the steps after which it grows, separated by commas"), N_CYCLES],
        |o| {
            let after = o.list("after")?;
            pacing(VariedExponential::new(o.number("s")?, o.number("increase")?, after, o.total()?))
        },
    ),
    entry(
        "single-step",
        "Hacohen: a share for the first steps, then all",
        &[S, needed("step_length", "the steps that it lasts"), N_CYCLES],
        |o| pacing(SingleStep::new(o.number("s")?, o.number("step_length")?, o.total()?)),
    ),
    entry(
        "competence",
        "Platanios: root-p competence, from c0 to all at the end",
        &[C0, with("p", "the degree of the root, at least 1: 1 is linear, 2 the square root", "2"), N_CYCLES],
        |o| pacing(Competence::new(o.number("c0")?, o.number("p")?)),
    ),
    entry("geometric", "by equal factors in equal times, from c0 to all at the end", &[C0, N_CYCLES], |o| {
        pacing(Geometric::new(o.number("c0")?))
    }),
    entry(
        "baby-steps",
        "buckets from easy to hard, each joining those before it",
        &[N_BUCKETS, BUCKET_LENGTH, N_CYCLES],
        |o| pacing(BabySteps::new(o.number("n_buckets")?, o.number("bucket_length")?, o.total()?)),
    ),
    entry(
        "one-pass",
        "buckets from easy to hard, each in place of the one before it",
        &[N_BUCKETS, BUCKET_LENGTH, N_CYCLES],
        |o| pacing(OnePass::new(o.number("n_buckets")?, o.number("bucket_length")?, o.total()?)),
    ),
    entry(
        "discrete",
        "a table of fractions",
        &[needed("table", "progress:fraction, separated by commas, the first from 0"), N_CYCLES],
        |o| pacing(Discrete::new(o.pairs("table")?)),
    ),
    entry(
        "decreasing",
        "DIHCL: from all data down to b by a factor every so many steps",
        &[
            with("gamma", "the factor, in (0, 1)", "0.85"),
            with("b", "the fraction available at last", "0.2"),
            needed("step_length", "the steps between two decreases"),
            N_CYCLES,
        ],
        |o| {
            let step_length = o.number("step_length")?;
            pacing(Decreasing::new(o.number("gamma")?, o.number("b")?, step_length, o.total()?))
        },
    ),
    entry(
        "fixed-linear",
        "DeepSpeed: examples up to a difficulty that grows linearly",
        &[MIN, MAX, TOTAL_STEP, DIFFICULTY_STEP, N_CYCLES],
        |o| by_difficulty(o, o.fixed_root(1.0)?),
    ),
    entry(
        "fixed-root",
        "DeepSpeed: examples up to a difficulty that grows as a root",
        &[MIN, MAX, TOTAL_STEP, DIFFICULTY_STEP, with("root_degree", "the degree of the root", "2"), N_CYCLES],
        |o| by_difficulty(o, o.fixed_root(o.number("root_degree")?)?),
    ),
    entry(
        "fixed-discrete",
        "DeepSpeed: examples up to a difficulty by a table",
        &[
            needed("difficulties", "the difficulties, separated by commas"),
            needed("max_steps", "the last step of each but the last, separated by commas"),
            N_CYCLES,
        ],
        |o| by_difficulty(o, DifficultySchedule::fixed_discrete(o.list("difficulties")?, o.list("max_steps")?)?),
    ),
];

fn pacing(made: Result<impl Pacing + 'static, PacingError>) -> Result<Arc<dyn Pacing>, PacingError> {
    Ok(Arc::new(made?))
}

fn by_difficulty(o: &Options<'_>, schedule: DifficultySchedule) -> Result<Arc<dyn Pacing>, PacingError> {
    let difficulty = o.given(o.given.difficulty, "difficulty", "the difficulty of each example")?;
    pacing(schedule.pacing(difficulty, o.total()?))
}

/// Every pacing.
pub fn pacings() -> Vec<Description> {
    PACINGS.iter().map(|entry| entry.description).collect()
}

/// The pacing `name` with `parameters`, the others at their defaults.
///
/// # Errors
/// On an unknown name or parameter, of which the known ones are named; a parameter missing, given twice or out of its
/// domain; data that it needs and that are not given.
///
/// ```
/// use cl_pacing::{Given, Pacing, pacing_by_name};
///
/// let pacing = pacing_by_name("linear", &[("a", "0.8"), ("b", "0.2")], &Given::default())?;
/// assert_eq!(pacing.to_string(), "linear (a = 0.8, b = 0.2)");
/// let error = pacing_by_name("linaer", &[], &Given::default()).unwrap_err();
/// assert!(error.to_string().contains("linear, quadratic"));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub fn pacing_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    given: &Given<'_>,
) -> Result<Arc<dyn Pacing>, PacingError> {
    let entry = find("pacing", PACINGS, name)?;
    let options = Options::new(&entry.description, parameters, given)?;
    let pacing = (entry.make)(&options)?;
    match options.number("n_cycles")? {
        1 => Ok(pacing),
        n_cycles => Ok(Arc::new(Cyclic::new(pacing, n_cycles)?)),
    }
}

// Orders.

const BALANCE: Parameter = with(
    "balance",
    "over the classes given: none, round-robin (one of each in turn) or proportional (as often as in the data)",
    "none",
);

static ORDERS: &[Entry<Arc<dyn Order>>] = &[
    entry("easy-first", "easy to hard: the curriculum", &[BALANCE], |_| Ok(Arc::new(EasyFirst))),
    entry("hard-first", "hard to easy: the anti-curriculum", &[BALANCE], |_| Ok(Arc::new(HardFirst))),
    entry("random", "a random order, the control with the same pacing", &[BALANCE], |_| Ok(Arc::new(Random))),
    entry("permutation", "an order of one's own", &[BALANCE], |o| {
        Ok(Arc::new(Permutation::new(o.given(o.given.order, "order", "each example once")?.to_vec())?))
    }),
];

/// Every order.
pub fn orders() -> Vec<Description> {
    ORDERS.iter().map(|entry| entry.description).collect()
}

/// The order `name` with `parameters`, the others at their defaults.
///
/// # Errors
/// As [`pacing_by_name`].
///
/// ```
/// use cl_pacing::{Given, Order, order_by_name};
///
/// let given = Given { classes: Some(&[0, 0, 1]), ..Given::default() };
/// let order = order_by_name("hard-first", &[("balance", "round-robin")], &given)?;
/// assert_eq!(order.order(&[0.9, 0.8, 0.1], 0)?, [0, 2, 1]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub fn order_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    given: &Given<'_>,
) -> Result<Arc<dyn Order>, PacingError> {
    let entry = find("order", ORDERS, name)?;
    let options = Options::new(&entry.description, parameters, given)?;
    let order = (entry.make)(&options)?;
    let classes = || Ok(options.given(given.classes, "classes", "the class of each example")?.to_vec());
    Ok(match options.choice("balance", &["none", "round-robin", "proportional"])? {
        "round-robin" => Arc::new(ClassBalanced::round_robin(order, classes()?)),
        "proportional" => Arc::new(ClassBalanced::proportional(order, classes()?)),
        _ => order,
    })
}

// Weightings.

const LAMBDA: Parameter = needed("lambda", "the age, above 0: the older, the harder the examples that count");
const QUANTILE: Parameter =
    needed("quantile", "instead of lambda: the fraction of the losses to admit, in (0, 1]");
const C: Parameter = needed("c", "the lateness allowed within the curriculum region of the a given (SPCL)");
const CAP: Parameter = needed("cap", "no weight above it; any weighting takes it");
const GAMMA: Parameter = with("gamma", "the focusing parameter, at least 0", "2");
const RHO: Parameter = needed("rho", "the mean squared distance of the weights from 1, at most");

static SELF_PACED: &[Entry<Arc<dyn SelfPaced>>] = &[
    entry("hard", "self-paced: 1 below lambda, else 0", &[LAMBDA, QUANTILE, C, CAP], |o| {
        separable(o, HardSelfPaced::new(o.age()?)?)
    }),
    entry("linear", "self-paced: falls linearly to 0 at lambda", &[LAMBDA, QUANTILE, C, CAP], |o| {
        separable(o, LinearSelfPaced::new(o.age()?)?)
    }),
    entry(
        "logarithmic",
        "self-paced: falls logarithmically to 0 at lambda, below 1",
        &[LAMBDA, QUANTILE, C, CAP],
        |o| separable(o, LogarithmicSelfPaced::new(o.age()?)?),
    ),
    entry(
        "mixture",
        "self-paced: 1 up to lambda2, 0 from lambda1, soft between",
        &[
            needed("lambda1", "the loss from which on the weight is 0, the age"),
            needed("lambda2", "the loss up to which the weight is 1, below lambda1"),
            QUANTILE,
            C,
            CAP,
        ],
        |o| separable(o, Mixture::new(o.number("lambda1")?, o.number("lambda2")?)?),
    ),
    entry(
        "mixture2",
        "self-paced: hard at both ends, soft between, on the root of the loss",
        &[needed("gamma", "the width of the soft part"), LAMBDA, QUANTILE, C, CAP],
        |o| separable(o, Mixture2::new(o.number("gamma")?, o.age()?)?),
    ),
    entry(
        "polynomial",
        "self-paced: a linear fall to a power",
        &[LAMBDA, needed("t", "the degree of the regulariser, above 1"), QUANTILE, C, CAP],
        |o| separable(o, PolynomialSelfPaced::new(o.age()?, o.number("t")?)?),
    ),
    entry("logistic", "self-paced: falls logistically around lambda", &[LAMBDA, QUANTILE, C, CAP], |o| {
        separable(o, LogisticSelfPaced::new(o.age()?)?)
    }),
    entry(
        "diversity",
        "self-paced with diversity over the classes given (SPLD)",
        &[LAMBDA, needed("gamma", "the weight of diversity, above 0"), QUANTILE, CAP],
        |o| {
            let groups = o.given(o.given.classes, "classes", "the class or group of each example")?.to_vec();
            Ok(Arc::new(SelfPacedDiversity::new(o.age()?, o.number("gamma")?, groups)?))
        },
    ),
];

static OTHER_WEIGHTINGS: &[Entry<Arc<dyn Weighting>>] = &[
    entry(
        "superloss",
        "SuperLoss: above 1 below the threshold tau, less above it",
        &[
            needed("tau", "the loss that counts 1, ln C for C classes"),
            with("lambda", "the regularisation", "1"),
            CAP,
        ],
        |o| Ok(Arc::new(SuperLossWeight::new(o.number("tau")?, o.number("lambda")?)?)),
    ),
    entry("focal", "the factor that makes the gradient of cross-entropy focal", &[GAMMA, CAP], |o| {
        Ok(Arc::new(FocalGradient::new(o.number("gamma")?)?))
    }),
    entry("detached-focal", "(1 - p)^gamma held constant, which is not the focal gradient", &[GAMMA, CAP], |o| {
        Ok(Arc::new(DetachedFocal::new(o.number("gamma")?)?))
    }),
    entry(
        "hard-mining",
        "1 for the hardest examples, else 0",
        &[needed("fraction", "the fraction that counts, in (0, 1]"), CAP],
        |o| Ok(Arc::new(HardMining::new(o.number("fraction")?)?)),
    ),
    entry("l2-hard", "towards hard examples within a bound on the L2 norm", &[RHO, CAP], |o| {
        Ok(Arc::new(L2Bounded::towards_hard(o.number("rho")?)?))
    }),
    entry("l2-easy", "towards easy examples within a bound on the L2 norm", &[RHO, CAP], |o| {
        Ok(Arc::new(L2Bounded::towards_easy(o.number("rho")?)?))
    }),
    entry(
        "mentornet",
        "MentorNet's predefined curriculum in one of its epochs",
        &[
            with("gamma", "the width of the soft part from epoch 90 on", "1"),
            needed("epoch", "the epoch"),
            needed("threshold", "the loss that weights are relative to"),
            CAP,
        ],
        |o| Ok(Arc::new(MentorNet::new(o.number("gamma")?, o.number("epoch")?, o.number("threshold")?)?)),
    ),
];

/// Within the curriculum region of `c`, where it is given.
fn separable(o: &Options<'_>, regulariser: impl Separable + 'static) -> Result<Arc<dyn SelfPaced>, PacingError> {
    let Some(c) = o.number_if_given("c")? else { return Ok(Arc::new(regulariser)) };
    let a = o.given(o.given.a, "a", "how late each example is to come")?.to_vec();
    Ok(Arc::new(SelfPacedCurriculum::new(regulariser, a, c)?))
}

/// Every weighting, the self-paced ones first.
pub fn weightings() -> Vec<Description> {
    let others = OTHER_WEIGHTINGS.iter().map(|entry| entry.description);
    SELF_PACED.iter().map(|entry| entry.description).chain(others).collect()
}

/// The weighting `name` with `parameters`, the others at their defaults.
///
/// # Errors
/// As [`pacing_by_name`].
///
/// ```
/// use cl_pacing::{Given, Weighting, weighting_by_name};
///
/// let mut weights = [0.0; 3];
/// let linear = weighting_by_name("linear", &[("lambda", "2")], &Given::default())?;
/// linear.weights(&[0.0, 0.5, 3.0], &mut weights)?;
/// assert_eq!(weights, [1.0, 0.75, 0.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub fn weighting_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    given: &Given<'_>,
) -> Result<Arc<dyn Weighting>, PacingError> {
    let (options, weighting): (_, Arc<dyn Weighting>) = match find("weighting", OTHER_WEIGHTINGS, name) {
        Ok(entry) => {
            let options = Options::new(&entry.description, parameters, given)?;
            let weighting = (entry.make)(&options)?;
            (options, weighting)
        }
        Err(_) => {
            let entry = SELF_PACED.iter().find(|entry| entry.description.name == name);
            let entry =
                entry.ok_or_else(|| unknown("weighting", name, weightings().iter().map(|known| known.name)))?;
            let options = Options::new(&entry.description, parameters, given)?;
            let regulariser = (entry.make)(&options)?;
            match options.number_if_given("quantile")? {
                Some(q) => (options, Arc::new(AtQuantile::of(regulariser, q)?)),
                None => (options, regulariser),
            }
        }
    };
    match options.number_if_given("cap")? {
        Some(cap) => Ok(Arc::new(Capped::new(weighting, cap)?)),
        None => Ok(weighting),
    }
}

/// The self-paced regulariser `name` with `parameters`, the others at their defaults, for an
/// [alternation](crate::SelfPacedAlternation). Quantiles and caps, which an alternation has no use for, are refused.
///
/// # Errors
/// As [`pacing_by_name`].
pub fn self_paced_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    given: &Given<'_>,
) -> Result<Arc<dyn SelfPaced>, PacingError> {
    let entry = find("self-paced weighting", SELF_PACED, name)?;
    let options = Options::new(&entry.description, parameters, given)?;
    for (parameter, instead) in [("quantile", "annealing by quantile instead"), ("cap", "weights up to 1")] {
        if let Some(value) = options.values.get(parameter) {
            return Err(options.invalid(parameter, value, instead));
        }
    }
    (entry.make)(&options)
}

/// What papers and their code call the same; underscores stand for hyphens, too.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("log", "logarithmic"),
    ("exp", "exponential"),
    ("quad", "quadratic"),
    ("easy", "easy-first"),
    ("hard", "hard-first"),
    ("curriculum", "easy-first"),
    ("anti-curriculum", "hard-first"),
    ("spld", "diversity"),
    ("super-loss", "superloss"),
];

fn find<T>(
    what: &'static str,
    entries: &'static [Entry<T>],
    name: &str,
) -> Result<&'static Entry<T>, PacingError> {
    let hyphenated = name.replace('_', "-");
    let named = |name: &str| entries.iter().find(|entry| entry.description.name == name);
    let found = named(&hyphenated).or_else(|| {
        let (_, name) = OTHER_NAMES.iter().find(|(other, _)| *other == hyphenated)?;
        named(name)
    });
    found.ok_or_else(|| unknown(what, name, entries.iter().map(|entry| entry.description.name)))
}

fn unknown(what: &'static str, name: &str, known: impl Iterator<Item = &'static str>) -> PacingError {
    PacingError::Unknown { what, name: name.to_owned(), known: known.collect::<Vec<_>>().join(", ") }
}

/// The parameters of one while it is made.
struct Options<'a> {
    description: &'static Description,
    values: BTreeMap<&'a str, &'a str>,
    given: &'a Given<'a>,
}

impl<'a> Options<'a> {
    fn new(
        description: &'static Description,
        parameters: &[(&'a str, &'a str)],
        given: &'a Given<'a>,
    ) -> Result<Self, PacingError> {
        let mut options = Self { description, values: BTreeMap::new(), given };
        for &(name, value) in parameters {
            let known = description.parameters;
            if !known.iter().any(|parameter| parameter.name == name) {
                let name = format!("{}.{name}", description.name);
                return Err(unknown("parameter", &name, known.iter().map(|parameter| parameter.name)));
            }
            if options.values.insert(name, value).is_some() {
                return Err(options.invalid(name, value, "to be given once"));
            }
        }
        Ok(options)
    }

    fn invalid(&self, parameter: &str, value: &str, expected: impl Display) -> PacingError {
        PacingError::InvalidParameter {
            parameter: format!("{}.{parameter}", self.description.name),
            value: value.to_owned(),
            expected: expected.to_string(),
        }
    }

    fn described(&self, name: &str) -> Option<&'static Parameter> {
        self.description.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The text of a parameter, or its default.
    fn text(&self, name: &str) -> Result<&'a str, PacingError> {
        let described = self.described(name);
        let text = self.values.get(name).copied().or(described.and_then(|parameter| parameter.default));
        text.ok_or_else(|| self.invalid(name, "missing", described.map_or("", |parameter| parameter.meaning)))
    }

    fn read<N: FromStr>(&self, name: &str, text: &str) -> Result<N, PacingError> {
        let meaning = self.described(name).map_or("", |parameter| parameter.meaning);
        let kind = if text.parse::<f64>().is_ok() { "a whole number of at least 0" } else { "a number" };
        text.trim().parse().map_err(|_| self.invalid(name, text, format!("{kind}: {meaning}")))
    }

    fn number<N: FromStr>(&self, name: &str) -> Result<N, PacingError> {
        self.read(name, self.text(name)?)
    }

    fn number_if_given<N: FromStr>(&self, name: &str) -> Result<Option<N>, PacingError> {
        self.values.get(name).map(|text| self.read(name, text)).transpose()
    }

    /// lambda, or any age where a quantile sets it.
    fn age(&self) -> Result<f64, PacingError> {
        match (self.values.get("lambda"), self.values.get("quantile")) {
            (Some(lambda), Some(_)) => Err(self.invalid("lambda", lambda, "none beside a quantile")),
            (None, Some(_)) => Ok(0.5),
            _ => self.number("lambda"),
        }
    }

    fn list(&self, name: &str) -> Result<Vec<u64>, PacingError> {
        let text = self.text(name)?;
        text.split(',').filter(|part| !part.is_empty()).map(|part| self.read(name, part)).collect()
    }

    fn pairs(&self, name: &str) -> Result<Vec<(f64, f64)>, PacingError> {
        let text = self.text(name)?;
        let pair = |part: &str| {
            let (time, fraction) =
                part.split_once(':').ok_or_else(|| self.invalid(name, part, "progress:fraction"))?;
            Ok((self.read(name, time)?, self.read(name, fraction)?))
        };
        text.split(',').map(pair).collect()
    }

    fn choice(&self, name: &str, choices: &'static [&'static str]) -> Result<&'static str, PacingError> {
        let text = self.text(name)?;
        let found = choices.iter().find(|choice| **choice == text).copied();
        found.ok_or_else(|| self.invalid(name, text, format!("one of {}", choices.join(", "))))
    }

    fn given<T: ?Sized>(&self, data: Option<&'a T>, name: &str, meaning: &str) -> Result<&'a T, PacingError> {
        data.ok_or_else(|| self.invalid(name, "missing", meaning))
    }

    /// The steps of one cycle.
    fn total(&self) -> Result<u64, PacingError> {
        let n_cycles: u64 = self.number("n_cycles")?;
        match self.given.total.checked_rem(n_cycles) {
            Some(0) => Ok(self.given.total / n_cycles),
            _ => {
                let expected = format!("a divisor of the {} steps of the run", self.given.total);
                Err(self.invalid("n_cycles", &n_cycles.to_string(), expected))
            }
        }
    }

    fn fixed_root(&self, root_degree: f64) -> Result<DifficultySchedule, PacingError> {
        let (min, max, total_step) = (self.number("min")?, self.number("max")?, self.number("total_step")?);
        DifficultySchedule::fixed_root(min, max, total_step, self.number("difficulty_step")?, root_degree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value of every parameter without a default, whosever it is.
    fn value(parameter: &str) -> &'static str {
        match parameter {
            "a" | "b" | "lambda2" | "fraction" => "0.25",
            "lambda" | "rho" | "threshold" => "0.5",
            "gamma" | "tau" | "lambda1" | "min" | "epoch" => "1",
            "n_buckets" | "bucket_length" | "step_length" => "4",
            "p" | "t" => "3",
            "max" | "total_step" => "8",
            "after" => "1,2,5",
            "table" => "0:0.25,0.5:1",
            "difficulties" => "1,8",
            "max_steps" => "3",
            name => panic!("no value of {name}"),
        }
    }

    const GIVEN: Given<'_> = Given {
        total: 100,
        difficulty: Some(&[1.0, 5.0, 8.0]),
        classes: Some(&[0, 1, 0]),
        order: Some(&[2, 0, 1]),
        a: Some(&[1.0, 0.0, 2.0]),
    };

    fn needed_of(description: &Description) -> Vec<(&'static str, &'static str)> {
        let optional = ["quantile", "c", "cap"];
        let names = description.parameters.iter().filter(|parameter| parameter.default.is_none());
        let names = names.map(|parameter| parameter.name).filter(|name| !optional.contains(name));
        names.map(|name| (name, value(name))).collect()
    }

    #[test]
    fn everything_of_the_catalogue_is_made_of_what_it_needs_and_not_of_less() {
        type Make<'a> = &'a dyn Fn(&[(&str, &str)]) -> Result<String, PacingError>;
        let check = |description: Description, make: Make<'_>| {
            let parameters = needed_of(&description);
            make(&parameters).unwrap_or_else(|error| panic!("{}: {error}", description.name));
            for left_out in 0..parameters.len() {
                let mut fewer = parameters.clone();
                let (name, _) = fewer.remove(left_out);
                let error = make(&fewer).unwrap_err().to_string();
                assert!(
                    error.starts_with(&format!("parameter {}.{name} is missing", description.name)),
                    "{error}"
                );
            }
            for at in 0..parameters.len() {
                let mut wrong = parameters.clone();
                wrong[at].1 = "much";
                assert!(make(&wrong).unwrap_err().to_string().contains(parameters[at].0));
            }
            let unknown = [("nonsense", "1")];
            let error = make(&unknown).unwrap_err().to_string();
            assert!(description.parameters.iter().all(|parameter| error.contains(parameter.name)), "{error}");
        };
        for description in pacings() {
            check(
                description,
                &|parameters| Ok(pacing_by_name(description.name, parameters, &GIVEN)?.to_string()),
            );
        }
        for description in orders() {
            check(description, &|parameters| Ok(order_by_name(description.name, parameters, &GIVEN)?.to_string()));
        }
        for description in weightings() {
            check(description, &|parameters| {
                Ok(weighting_by_name(description.name, parameters, &GIVEN)?.to_string())
            });
        }
    }

    #[test]
    fn names_are_unique_and_unknown_ones_are_answered_with_all() {
        for (names, error) in [
            (pacings(), pacing_by_name("", &[], &GIVEN).unwrap_err()),
            (orders(), order_by_name("", &[], &GIVEN).unwrap_err()),
            (weightings(), weighting_by_name("", &[], &GIVEN).unwrap_err()),
        ] {
            let unique: std::collections::BTreeSet<&str> = names.iter().map(|known| known.name).collect();
            assert_eq!(unique.len(), names.len());
            assert!(unique.iter().all(|name| error.to_string().contains(name)), "{error}");
        }
    }

    #[test]
    fn what_all_take_wraps_what_there_is() {
        let made = |name, parameters: &[(&str, &str)]| pacing_by_name(name, parameters, &GIVEN);
        let cyclic = made("single-step", &[("s", "0.5"), ("step_length", "5"), ("n_cycles", "4")]).unwrap();
        assert_eq!(
            cyclic.to_string(),
            "cyclic (single step (s = 0.5, step_length = 5, total = 25), n_cycles = 4)"
        );
        assert!(made("single-step", &[("step_length", "5"), ("n_cycles", "3")]).is_err());
        assert!(made("full", &[("n_cycles", "0")]).is_err());
        assert!(made("full", &[("n_cycles", "2"), ("n_cycles", "2")]).unwrap_err().to_string().contains("once"));

        let made = |name, parameters: &[(&str, &str)]| weighting_by_name(name, parameters, &GIVEN);
        let mut weights = [0.0; 3];
        made("hard", &[("quantile", "0.6")]).unwrap().weights(&[30.0, 20.0, 10.0], &mut weights).unwrap();
        assert_eq!(weights, [0.0, 1.0, 1.0]);
        made("hard", &[("lambda", "9"), ("c", "2")]).unwrap().weights(&[1.0; 3], &mut weights).unwrap();
        assert_eq!(weights.iter().zip([1.0, 0.0, 2.0]).map(|(v, a)| v * a).sum::<f64>(), 2.0);
        made("superloss", &[("tau", "1"), ("cap", "1.5")]).unwrap().weights(&[0.0; 3], &mut weights).unwrap();
        assert_eq!(weights, [1.5; 3]);
        assert!(made("hard", &[("lambda", "1"), ("quantile", "0.5")]).is_err());
        assert!(
            made("mixture", &[("lambda1", "1"), ("lambda2", "2")]).unwrap_err().to_string().contains("lambda2")
        );
        assert!(made("logarithmic", &[("lambda", "1.5")]).unwrap_err().to_string().contains("(0, 1)"));

        assert_eq!(
            self_paced_by_name("mixture", &[("lambda1", "2"), ("lambda2", "1")], &GIVEN).unwrap().lambda(),
            2.0
        );
        assert!(self_paced_by_name("hard", &[("quantile", "0.5")], &GIVEN).is_err());
        assert!(self_paced_by_name("superloss", &[("tau", "0.5")], &GIVEN).is_err());
    }

    #[test]
    fn data_that_are_not_given_are_named() {
        let none = Given { total: 10, ..Given::default() };
        let fixed = [("min", "1"), ("max", "2"), ("total_step", "3")];
        let error = pacing_by_name("fixed-linear", &fixed, &none).unwrap_err().to_string();
        assert_eq!(error, "parameter fixed-linear.difficulty is missing, expected the difficulty of each example");
        assert!(order_by_name("permutation", &[], &none).is_err());
        assert!(order_by_name("random", &[("balance", "round-robin")], &none).is_err());
        assert!(
            order_by_name("random", &[("balance", "robin")], &GIVEN)
                .unwrap_err()
                .to_string()
                .contains("round-robin")
        );
        assert!(weighting_by_name("hard", &[("lambda", "1"), ("c", "1")], &none).is_err());
        assert!(weighting_by_name("diversity", &[("lambda", "1"), ("gamma", "1")], &none).is_err());
        let no_total = Given::default();
        assert!(pacing_by_name("baby-steps", &[("n_buckets", "2"), ("bucket_length", "2")], &no_total).is_err());
    }
}
