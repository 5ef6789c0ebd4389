//! Choices towards a query and away from private examples, against the definitions of their measures.

use cl_data::random::{permutation, stream};
use cl_prune::coreset::{
    Concave, ConcaveOverModular, CoresetInputs, CoresetSettings, Costs, FacilityLocation, Features, Flcg, Flcmi,
    Flqmi, Flvmi, Gccg, Gcmi, GraphCut, GraphCutForm, GreeDi, Greedy, LogDetCg, LogDetCmi, LogDetMi,
    LogDeterminant, Optimizer, Similarities, Similarity, SubmodularObjective,
};

use super::{points, solve, value};

const N: usize = 12;
const M: usize = 3;
const D: usize = 3;
const ETA: f64 = 0.7;
const NU: f64 = 0.6;
const RIDGE: f64 = 1.0;

/// The value of a set by its definition.
type Value<'a> = Box<dyn Fn(&[usize]) -> f64 + 'a>;
/// A measure: its name, whether its gains never grow, whether they are never negative, itself and its definition.
type Measure<'a> = (&'static str, bool, bool, Box<dyn SubmodularObjective>, Value<'a>);

/// Twelve examples, three of a query and three private ones, and how alike all of them are.
struct Case {
    values: Vec<f64>,
    similarity: Similarity,
    s: Vec<Vec<f64>>,
}

impl Case {
    /// The farthest two are examples to choose from, so that similarities do not depend on the others, which some measures
    /// know and some do not.
    fn new(mut values: Vec<f64>, similarity: Similarity) -> Self {
        if values.iter().any(|value| *value != values[0]) {
            values[..D].fill(3.0);
            values[D..2 * D].fill(-3.0);
        }
        let all = Similarities::new(&Features::new(&values, D).unwrap(), similarity).unwrap();
        let s = (0..N + 2 * M).map(|j| all.of_all_to(j)).collect();
        Self { values, similarity, s }
    }

    fn part(&self, from: usize, to: usize) -> Features<'_, f64> {
        Features::new(&self.values[from * D..to * D], D).unwrap()
    }

    fn features(&self) -> Features<'_, f64> {
        self.part(0, N)
    }

    fn query(&self) -> Features<'_, f64> {
        self.part(N, N + M)
    }

    fn private(&self) -> Features<'_, f64> {
        self.part(N + M, N + 2 * M)
    }

    /// ln det of the kernel of these, the entries of two kinds times a factor.
    fn log_det(&self, set: &[usize], (eta, nu): (f64, f64)) -> f64 {
        let kind = |j: usize| usize::from(j >= N) + usize::from(j >= N + M);
        let factor = |i: usize, j: usize| match (kind(i).min(kind(j)), kind(i).max(kind(j))) {
            (0, 1) => eta,
            (0, 2) => nu,
            (1, 2) => eta * nu,
            _ => 1.0,
        };
        let entry = |i: usize, j: usize| factor(i, j) * self.s[i][j] + if i == j { RIDGE } else { 0.0 };
        let rows = set.iter().map(|&i| set.iter().map(|&j| entry(i, j)).collect()).collect();
        solve(rows, vec![0.0; set.len()]).1
    }

    fn largest(&self, of: &[usize], i: usize) -> f64 {
        of.iter().map(|&j| self.s[i][j]).fold(0.0, f64::max)
    }

    fn sum(&self, of: &[usize], i: usize) -> f64 {
        of.iter().map(|&j| self.s[i][j]).sum()
    }

    fn measures(&self) -> Vec<Measure<'_>> {
        let (v, q, p) = (self.features(), self.query(), self.private());
        let similarity = self.similarity;
        let queries: Vec<usize> = (N..N + M).collect();
        let privates: Vec<usize> = (N + M..N + 2 * M).collect();
        let everybody: Vec<usize> = (0..N).collect();
        let mut measures: Vec<Measure<'_>> = Vec::new();
        let of = queries.clone();
        measures.push((
            "flqmi",
            true,
            true,
            Box::new(Flqmi::new(&v, q, similarity, ETA).unwrap()),
            Box::new(move |set| {
                of.iter().map(|&q| self.largest(set, q)).sum::<f64>()
                    + ETA * set.iter().map(|&j| self.largest(&of, j)).sum::<f64>()
            }),
        ));
        let of = queries.clone();
        measures.push((
            "flvmi",
            true,
            true,
            Box::new(Flvmi::new(&v, q, similarity, ETA).unwrap()),
            Box::new(move |set| (0..N).map(|i| self.largest(set, i).min(ETA * self.largest(&of, i))).sum()),
        ));
        let of = queries.clone();
        measures.push((
            "gcmi",
            true,
            true,
            Box::new(Gcmi::new(&v, q, similarity, 1.3).unwrap()),
            Box::new(move |set| 2.0 * 1.3 * set.iter().map(|&j| self.sum(&of, j)).sum::<f64>()),
        ));
        for concave in [Concave::Sqrt, Concave::Log, Concave::Saturating] {
            let psi = move |x: f64| match concave {
                Concave::Sqrt => x.sqrt(),
                Concave::Log => (1.0 + x).ln(),
                Concave::Saturating => x / (1.0 + x),
            };
            let of = queries.clone();
            measures.push((
                "com",
                true,
                true,
                Box::new(ConcaveOverModular::new(&v, q, similarity, ETA, concave).unwrap()),
                Box::new(move |set| {
                    ETA * set.iter().map(|&j| psi(self.sum(&of, j))).sum::<f64>()
                        + of.iter().map(|&q| psi(self.sum(set, q))).sum::<f64>()
                }),
            ));
        }
        let of = privates.clone();
        measures.push((
            "flcg",
            true,
            true,
            Box::new(Flcg::new(&v, p, similarity, NU).unwrap()),
            Box::new(move |set| (0..N).map(|i| (self.largest(set, i) - NU * self.largest(&of, i)).max(0.0)).sum()),
        ));
        let of = privates.clone();
        measures.push((
            "gccg",
            true,
            false,
            Box::new(Gccg::new(&v, p, similarity, 0.4, NU).unwrap()),
            Box::new(move |set| {
                let all: f64 = set.iter().map(|&j| self.sum(&everybody, j)).sum();
                let within: f64 = set.iter().map(|&j| self.sum(set, j)).sum();
                let private: f64 = set.iter().map(|&j| self.sum(&of, j)).sum();
                all - 0.4 * within - 2.0 * 0.4 * NU * private
            }),
        ));
        let (of, away) = (queries.clone(), privates.clone());
        measures.push((
            "flcmi",
            true,
            true,
            Box::new(Flcmi::new(&v, q, p, similarity, ETA, NU).unwrap()),
            Box::new(move |set| {
                let served = |i: usize| self.largest(set, i).min(ETA * self.largest(&of, i));
                (0..N).map(|i| (served(i) - NU * self.largest(&away, i)).max(0.0)).sum()
            }),
        ));
        if !matches!(similarity, Similarity::Cosine | Similarity::CosineSquared) {
            return measures;
        }
        let of = queries.clone();
        measures.push((
            "logdetmi",
            false,
            true,
            Box::new(LogDetMi::new(&v, q, similarity, RIDGE, ETA).unwrap()),
            Box::new(move |set| {
                let f = |set: &[usize]| self.log_det(set, (ETA, 1.0));
                f(set) + f(&of) - f(&[set, &of].concat())
            }),
        ));
        let of = privates.clone();
        measures.push((
            "logdetcg",
            true,
            true,
            Box::new(LogDetCg::new(&v, p, similarity, RIDGE, NU).unwrap()),
            Box::new(move |set| {
                let f = |set: &[usize]| self.log_det(set, (1.0, NU));
                f(&[set, &of].concat()) - f(&of)
            }),
        ));
        let (of, away) = (queries, privates);
        measures.push((
            "logdetcmi",
            false,
            true,
            Box::new(LogDetCmi::new(&v, q, p, similarity, RIDGE, ETA, NU).unwrap()),
            Box::new(move |set| {
                let f = |set: &[usize]| self.log_det(set, (ETA, NU));
                f(&[set, &away].concat()) + f(&[&of[..], &away].concat())
                    - f(&[set, &of, &away].concat())
                    - f(&away)
            }),
        ));
        measures
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for similarity in
        [Similarity::Cosine, Similarity::CosineSquared, Similarity::MaxSquared, Similarity::MaxDistance]
    {
        cases.push(Case::new(points(N + 2 * M, D, 3), similarity));
        // Copies, of the query and of private examples, too; and all of them equal.
        let copies = points(N + 2 * M, D, 4).iter().map(|value| value.round() + 0.25).collect();
        cases.push(Case::new(copies, similarity));
        cases.push(Case::new(vec![0.5; (N + 2 * M) * D], similarity));
    }
    cases
}

/// Every marginal gain is the difference of two values by the definition, of sets built in any order; what is called monotone
/// and submodular is.
#[test]
fn gains_are_differences_of_values() {
    for case in cases() {
        for seed in 0..4 {
            let order = permutation(&mut stream(seed, "order", 0), N);
            for (name, is_submodular, is_monotone, mut objective, by_definition) in case.measures() {
                assert_eq!((objective.n_elements(), objective.is_submodular()), (N, is_submodular), "{name}");
                let mut earlier = [f64::INFINITY; N];
                for at in 0..N {
                    let mut gains = Vec::new();
                    objective.gains(&order[at..], &mut gains);
                    let before = by_definition(&order[..at]);
                    for (&element, gain) in order[at..].iter().zip(gains) {
                        assert_eq!(gain, objective.gain(element), "{name}");
                        let expected = by_definition(&[&order[..at], &[element]].concat()) - before;
                        let tolerance = if case.similarity == Similarity::MaxDistance { 1e-6 } else { 1e-9 };
                        assert!((gain - expected).abs() < tolerance, "{name} {at}: {gain} {expected}");
                        assert!(!is_monotone || gain >= 0.0, "{name} {gain}");
                        assert!(!is_submodular || gain <= earlier[element], "{name} {gain} {}", earlier[element]);
                        earlier[element] = gain;
                    }
                    objective.add(order[at]);
                }
            }
        }
    }
}

/// Greedy takes the largest gain by the definition, whatever the optimiser, none for k = 0 and all for k = n.
#[test]
fn greedy_takes_the_largest_gain() {
    for case in cases() {
        let n_measures = case.measures().len();
        for which in 0..n_measures {
            let select = |optimizer, count| {
                let (name, _, _, mut objective, by_definition) = case.measures().swap_remove(which);
                (name, Greedy::new(optimizer).select(&mut *objective, count).unwrap(), by_definition)
            };
            let (name, naive, by_definition) = select(Optimizer::Naive, N);
            assert_eq!(naive, select(Optimizer::Lazy, N).1, "{name}");
            assert_eq!(select(Optimizer::Stochastic, 5).1, select(Optimizer::LazierThanLazy, 5).1, "{name}");
            assert!(select(Optimizer::Lazy, 0).1.order.is_empty());
            let mut all = naive.order.clone();
            all.sort_unstable();
            assert_eq!(all, (0..N).collect::<Vec<_>>(), "{name}");
            for (at, &gain) in naive.gains.iter().enumerate() {
                let chosen = &naive.order[..at];
                let before = by_definition(chosen);
                let gain_of = |j: usize| by_definition(&[chosen, &[j]].concat()) - before;
                let best = (0..N).filter(|j| !chosen.contains(j)).map(gain_of).fold(f64::NEG_INFINITY, f64::max);
                assert!((gain - best).abs() < 1e-6, "{name} {at}: {gain} {best}");
            }
        }
    }
}

/// On all sets of three of twelve: 1 - 1/e of the best, where that is guaranteed.
#[test]
fn greedy_is_within_its_guarantee() {
    let case = Case::new(points(N + 2 * M, D, 5), Similarity::Cosine);
    for which in 0..case.measures().len() {
        let (name, is_submodular, is_monotone, mut objective, by_definition) = case.measures().swap_remove(which);
        let found = Greedy::default().select(&mut *objective, 3).unwrap().value();
        let sets = (0..1u32 << N).filter(|set| set.count_ones() == 3);
        let sets = sets.map(|set| (0..N).filter(|j| set >> j & 1 == 1).collect::<Vec<_>>());
        let best = sets.map(|set| by_definition(&set)).fold(f64::NEG_INFINITY, f64::max);
        assert!(found <= best + 1e-9, "{name}");
        assert!(!(is_submodular && is_monotone) || found >= GreeDi::guarantee(1, 1) * best - 1e-9, "{name}");
    }
}

/// Without private examples that matter a conditional gain is the objective itself.
#[test]
fn with_nu_at_nothing_the_private_examples_do_not_matter() {
    let case = Case::new(points(N + 2 * M, D, 6), Similarity::Cosine);
    let (features, query, private) = (case.features(), case.query(), case.private());
    let similarities = || Similarities::new(&features, Similarity::Cosine).unwrap();
    let cut = GraphCut::new(similarities(), 0.4, GraphCutForm::Diversity).unwrap();
    let log_det = LogDeterminant::new(&features, Similarity::Cosine, 1.0).unwrap();
    let pairs: [(Box<dyn SubmodularObjective>, Box<dyn SubmodularObjective>); 4] = [
        (
            Box::new(Flcg::new(&features, private, Similarity::Cosine, 0.0).unwrap()),
            Box::new(FacilityLocation::new(similarities())),
        ),
        (Box::new(Gccg::new(&features, private, Similarity::Cosine, 0.4, 0.0).unwrap()), Box::new(cut)),
        (Box::new(LogDetCg::new(&features, private, Similarity::Cosine, 1.0, 0.0).unwrap()), Box::new(log_det)),
        (
            Box::new(Flcmi::new(&features, query, private, Similarity::Cosine, 0.7, 0.0).unwrap()),
            Box::new(Flvmi::new(&features, query, Similarity::Cosine, 0.7).unwrap()),
        ),
    ];
    for (mut own, mut theirs) in pairs {
        let coreset = Greedy::default().select(&mut *own, 6).unwrap();
        assert!((coreset.value() - value(&mut *theirs, &coreset.order)).abs() < 1e-9);
    }
}

/// What is chosen is near the query and far from the private examples.
#[test]
fn choices_go_where_they_are_to() {
    // Three groups of four, at 0, 120 and 240 degrees.
    let at = |degrees: f64| [degrees.to_radians().cos(), degrees.to_radians().sin()];
    let values: Vec<f64> = (0..12).flat_map(|j| at(120.0 * (j / 4) as f64 + 5.0 * (j % 4) as f64)).collect();
    let features = Features::new(&values, 2).unwrap();
    let (query, private) = (at(125.0), at(8.0));
    let (query, private) = (Features::new(&query, 2).unwrap(), Features::new(&private, 2).unwrap());
    for method in ["flqmi", "flvmi", "gcmi", "logdetmi", "com", "flcmi", "logdetcmi", "flcg", "gccg", "logdetcg"] {
        let settings = CoresetSettings::parse(method, &[]).unwrap();
        let inputs = CoresetInputs {
            query: settings.needs_query().then(|| query.into()),
            private: settings.needs_private().then(|| private.into()),
            ..CoresetInputs::default()
        };
        let order = settings.select(features, 2, 0, &inputs).unwrap().order;
        let group = |example: usize| example / 4;
        if settings.needs_query() {
            assert_eq!(group(order[0]), 1, "{method} {order:?}");
        } else {
            assert!(order.iter().all(|&example| group(example) != 0), "{method} {order:?}");
        }
        // Beside what is chosen already, within costs, in groups, and from parts.
        let before = CoresetInputs { before: &order, ..inputs };
        let more = settings.select(features, 10, 0, &before).unwrap().order;
        assert!(more.iter().all(|example| !order.contains(example)), "{method}");
        let costs: Vec<f64> = (0..12).map(|j| (j % 3 + 1) as f64).collect();
        let costly = CoresetInputs { costs: Some(Costs { costs: &costs, budget: 5.0 }), ..inputs };
        let chosen = settings.select(features, 0, 0, &costly).unwrap().order;
        assert!(
            chosen.iter().map(|&example| costs[example]).sum::<f64>() <= 5.0 && !chosen.is_empty(),
            "{method}"
        );
        let groups: Vec<usize> = (0..12).map(|j| j / 2).collect();
        let grouped = CoresetInputs { groups: Some(&groups), ..inputs };
        let chosen = settings.select(features, 4, 0, &grouped).unwrap().order;
        assert!(chosen.iter().all(|&example| chosen.contains(&(example ^ 1))), "{method} {chosen:?}");
        let merged = settings.merge_with(features, &[vec![0, 4], vec![5, 9]], 2, 0, &inputs).unwrap();
        assert!(merged.order.iter().all(|example| [0, 4, 5, 9].contains(example)), "{method}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let (features, query) = ([1.0, 0.5, 0.5, 2.0], [1.0, 1.0]);
    let features = Features::new(&features, 2).unwrap();
    let query = Features::new(&query, 2).unwrap();
    let select = |method: &str, options: &[(&str, &str)], inputs: CoresetInputs<'_>| {
        let settings = CoresetSettings::parse(method, options).unwrap();
        settings.select(features, 1, 0, &inputs).unwrap_err().to_string()
    };
    let none = CoresetInputs::default();
    let towards = CoresetInputs { query: Some(query.into()), ..none };
    let away = CoresetInputs { private: Some(query.into()), ..none };
    assert_eq!(select("flqmi", &[], none), "flqmi needs query examples, which it chooses towards");
    assert_eq!(select("logdetcg", &[], none), "logdetcg needs private examples, which it chooses away from");
    assert_eq!(select("flcmi", &[], away), "flcmi needs query examples, which it chooses towards");
    assert_eq!(select("k-center", &[], towards), "argument query is given, expected none, as k-center takes none");
    assert_eq!(
        select("gcmi", &[], CoresetInputs { private: away.private, ..towards }),
        "argument private is given, expected none, as gcmi takes none"
    );
    let narrow = Features::new(&[1.0f32, 1.0], 1).unwrap();
    let narrow = CoresetInputs { query: Some(narrow.into()), ..none };
    assert_eq!(select("com", &[], narrow), "argument query is of 1 features, expected 2, as the examples have");
    let zero = Features::new(&[1.0, 1.0, 0.0, 0.0], 2).unwrap();
    let zero = CoresetInputs { private: Some(zero.into()), ..none };
    assert!(
        select("flcg", &[], zero).starts_with("argument private is 0 in feature 0 of row 1, expected a feature")
    );
    let error = Flqmi::new(&features, query, Similarity::Cosine, -1.0).unwrap_err().to_string();
    assert_eq!(error, "argument eta is -1, expected a finite number of at least 0");
    let error = LogDetMi::new(&features, query, Similarity::Cosine, 1.0, 1.5).unwrap_err().to_string();
    assert!(error.starts_with("argument eta is 1.5, expected a number in [0, 1]"), "{error}");
    assert!(LogDetCg::new(&features, query, Similarity::MaxSquared, 1.0, 1.0).is_err());
    assert!(LogDetCmi::new(&features, query, query, Similarity::Cosine, 0.0, 1.0, 1.0).is_err());
    assert!(Gccg::new(&features, query, Similarity::Cosine, f64::INFINITY, 1.0).is_err());
}
