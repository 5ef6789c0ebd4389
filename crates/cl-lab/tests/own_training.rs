//! Scores of a training of one's own, of known truth: what is better is found, what is not is seldom named, and nothing but the
//! scores decides.

use cl_data::random;
use cl_lab::own_training::{ArmKind, Decision, OwnComparison, OwnTraining, TrainedArm, Unit};
use rand_distr::{Distribution, StandardNormal};
use serde_json::Value;

use crate::schema::Schema;

const ARMS: [(&str, ArmKind, Option<&str>); 6] = [
    ("easy-first", ArmKind::Order, Some("random-paced")),
    ("hard-first", ArmKind::Order, Some("random-paced")),
    ("random-paced", ArmKind::Order, None),
    ("super-loss", ArmKind::Weighting, None),
    ("keep-hardest", ArmKind::Pruning, Some("random-pruning")),
    ("random-pruning", ArmKind::Pruning, None),
];

/// A training in which seeds differ by 2 points, arms with the same seed by `noise`, and each arm of [`ARMS`] gains what is
/// given.
fn training(gains: [f64; 6], noise: f64, n_seeds: usize, stream: u64) -> OwnTraining {
    let mut rng = random::stream(stream, "scores", 0);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let seeds: Vec<f64> = (0..n_seeds).map(|_| 0.9 + 0.02 * normal()).collect();
    let mut scores = |gain: f64| seeds.iter().map(|seed| seed + gain + noise * normal()).collect::<Vec<f64>>();
    let mut arms = vec![TrainedArm::new("shuffling", ArmKind::Other, scores(0.0))];
    for ((arm, kind, control), gain) in ARMS.into_iter().zip(gains) {
        let control = control.map(Into::into);
        let settings = "with its usual settings".into();
        arms.push(TrainedArm { control, settings, ..TrainedArm::new(arm, kind, scores(gain)) });
    }
    let seeds = (0..n_seeds as u64).collect();
    let data = "leaves".into();
    OwnTraining { data, n_examples: 5_000, n_updates: 2_345, seeds, arms, ..OwnTraining::of_metric("accuracy") }
}

fn of<'a>(comparison: &'a OwnComparison, arm: &str) -> &'a cl_lab::own_training::ArmFindings {
    comparison.arms.iter().find(|found| found.arm == arm).unwrap()
}

#[test]
fn what_is_better_is_found_and_told() {
    let comparison = training([0.03, -0.03, 0.0, 0.012, 0.0, -0.02], 0.002, 12, 1).judged().unwrap();
    let verdicts: Vec<Decision> = comparison.arms.iter().map(|arm| arm.verdict).collect();
    use Decision::{Better, NoDifference, Worse};
    assert_eq!(verdicts, [Better, Worse, NoDifference, Better, NoDifference, Worse]);
    assert_eq!(comparison.winner.as_deref(), Some("easy-first"));
    let easy = of(&comparison, "easy-first");
    assert!((easy.difference - 3.0).abs() < 0.3 && easy.low < Some(3.0) && easy.high > Some(2.7), "{easy:?}");
    // What is kept helps over as many drawn at random, and not over all.
    let over = of(&comparison, "keep-hardest").over_control.as_ref().unwrap();
    assert_eq!((over.from.as_str(), over.verdict), ("random-pruning", Better));
    let verdict = &comparison.verdict;
    assert!(verdict[0].starts_with("After 2345 updates easy-first wins: +3."), "{verdict:#?}");
    assert!(verdict[0].ends_with("it beats random-paced, too: looking at the examples helps."), "{verdict:#?}");
    assert!(verdict[1].starts_with("2 arms are better than shuffling"), "{verdict:#?}");
    assert_eq!((comparison.unit.as_str(), comparison.margin, comparison.decimals), ("points", 0.5, 1));
    // A gain of the pacing alone is none of the order.
    let comparison = training([0.03, 0.0, 0.03, 0.0, 0.0, 0.0], 0.002, 12, 2).judged().unwrap();
    let easy = of(&comparison, "easy-first");
    assert_eq!((easy.verdict, easy.over_control.as_ref().unwrap().verdict), (Better, NoDifference));
    // Nothing at all.
    let comparison = training([0.0; 6], 0.002, 12, 3).judged().unwrap();
    assert_eq!((comparison.count.no_difference, comparison.winner.as_deref()), (6, None));
    assert_eq!(comparison.verdict[0], "After 2345 updates no arm differs from shuffling by more than 0.5 points.");
    let comparison = training([0.0; 6], 0.05, 12, 3).judged().unwrap();
    assert!(comparison.verdict[0].contains("no arm is shown to beat shuffling: of 6 arms"), "{comparison:#?}");
}

#[test]
fn without_a_difference_few_comparisons_name_one() {
    for chosen in [None, Some("hard-first".to_owned())] {
        let named = (0..400).filter(|&stream| {
            let scores = OwnTraining {
                margin: Some(0.0),
                chosen: chosen.clone(),
                ..training([0.0; 6], 0.01, 8, 1_000 + stream)
            };
            let comparison = scores.judged().unwrap();
            let over_control = comparison.arms.iter().filter_map(|arm| arm.over_control.as_ref());
            let mut verdicts =
                comparison.arms.iter().map(|arm| arm.verdict).chain(over_control.map(|over| over.verdict));
            verdicts.any(|verdict| matches!(verdict, Decision::Better | Decision::Worse))
        });
        // 5 % at most; four standard deviations of a binomial with 400 trials are 4.4 %.
        let named = named.count();
        assert!(named <= 37, "{named} of 400");
    }
}

#[test]
fn a_large_effect_is_nearly_always_found() {
    let found = (0..100).filter(|&stream| {
        let comparison = training([0.04, 0.0, 0.0, 0.0, 0.0, 0.0], 0.01, 10, 5_000 + stream).judged().unwrap();
        comparison.winner.as_deref() == Some("easy-first")
    });
    let found = found.count();
    assert!(found >= 95, "{found} of 100");
}

/// What one arm could have been seen to gain is seen in four of five.
#[test]
fn what_is_detectable_is_detected() {
    let one = |gain: f64, stream: u64| {
        let mut scores = training([0.0, 0.0, 0.0, gain, 0.0, 0.0], 0.01, 12, stream);
        scores.arms = [0, 4].map(|at| scores.arms[at].clone()).to_vec();
        scores.judged().unwrap().arms.remove(0)
    };
    let mean = (0..100).map(|at| one(0.0, 20_000 + at).detectable.unwrap()).sum::<f64>() / 100.0 / 100.0;
    let found = (0..400).filter(|&stream| one(mean, 30_000 + stream).verdict == Decision::Better).count();
    let share = found as f64 / 400.0;
    assert!((0.7..0.9).contains(&share), "{share}");
}

#[test]
fn the_order_of_arms_and_seeds_decides_nothing() {
    for stream in 0..30 {
        let scores = training([0.012, -0.01, 0.004, 0.008, 0.0, -0.02], 0.008, 9, 100 + stream);
        let comparison = scores.judged().unwrap();
        let mut turned = scores.clone();
        turned.arms[1..].reverse();
        turned.arms[1..].rotate_left(stream as usize % 6);
        let turned = turned.judged().unwrap();
        for arm in &comparison.arms {
            assert_eq!(of(&turned, &arm.arm), arm);
        }
        assert_eq!((turned.winner, turned.count), (comparison.winner.clone(), comparison.count));
        // Seeds in another order are other sums, and the same decisions.
        let mut other = scores;
        other.seeds.reverse();
        other.arms.iter_mut().for_each(|arm| arm.scores.reverse());
        let other = other.judged().unwrap();
        for (arm, same) in comparison.arms.iter().zip(&other.arms) {
            assert_eq!(arm.verdict, same.verdict);
            assert!((arm.difference - same.difference).abs() < 1e-9);
        }
    }
}

/// Less is better: the same with every sign turned.
#[test]
fn lower_is_better_mirrors() {
    let scores = training([0.03, -0.03, 0.0, 0.01, 0.0, -0.02], 0.002, 12, 4);
    let comparison = scores.judged().unwrap();
    let mut errors =
        OwnTraining { metric: "error rate".into(), higher_is_better: false, margin: Some(0.005), ..scores };
    errors.unit = Some(Unit { name: "points".into(), scale: 100.0 });
    errors.arms.iter_mut().for_each(|arm| arm.scores.iter_mut().for_each(|score| *score = 1.0 - *score));
    let mirrored = errors.judged().unwrap();
    for (arm, same) in comparison.arms.iter().zip(&mirrored.arms) {
        assert_eq!(arm.verdict, same.verdict);
        assert!((arm.difference - same.difference).abs() < 1e-9 && (arm.mean + same.mean - 100.0).abs() < 1e-9);
    }
}

#[test]
fn splits_of_the_same_data_widen_intervals() {
    let scores = training([0.03, -0.03, 0.0, 0.01, 0.0, -0.02], 0.01, 10, 5);
    let half_width =
        |comparison: &OwnComparison| comparison.arms[0].high.unwrap() - comparison.arms[0].low.unwrap();
    let fixed = scores.judged().unwrap();
    let splits = OwnTraining { test_to_train: 0.25, ..scores }.judged().unwrap();
    assert!((half_width(&splits) / half_width(&fixed) - (1.0f64 + 10.0 * 0.25).sqrt()).abs() < 1e-9);
    assert!(splits.page().unwrap().contains("Nadeau and Bengio") && !fixed.page().unwrap().contains("Nadeau"));
}

#[test]
fn a_chosen_arm_is_judged_for_itself() {
    // One among many that gain nothing: alone it needs no correction for them.
    let scores = training([0.0, 0.04, 0.0, 0.0, 0.0, 0.0], 0.012, 8, 6);
    let among = scores.judged().unwrap();
    let chosen = OwnTraining { chosen: Some("hard-first".into()), ..scores }.judged().unwrap();
    let [p, alone] = [&among, &chosen].map(|comparison| of(comparison, "hard-first").p.unwrap());
    assert!(alone < p, "{alone} {p}");
    assert_eq!(chosen.winner.as_deref(), Some("hard-first"), "{:#?}", chosen.verdict);
    let page = chosen.page().unwrap();
    assert!(page.contains("hard-first was chosen before any score was seen") && page.contains("2.5 % each"));
    assert!(among.page().unwrap().contains("at 5 % in all"));
    // A chosen arm that does not win is told all the same.
    let other = training([0.03, 0.0, 0.0, 0.0, 0.0, 0.0], 0.002, 8, 7);
    let other = OwnTraining { chosen: Some("super-loss".into()), ..other }.judged().unwrap();
    assert!(other.verdict.iter().any(|sentence| sentence.starts_with("The arm chosen beforehand, super-loss:")));
    assert_eq!(other.winner.as_deref(), Some("easy-first"));
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let scores = || training([0.0; 6], 0.01, 8, 8);
    let refused = |change: &dyn Fn(&mut OwnTraining)| {
        let mut scores = scores();
        change(&mut scores);
        scores.judged().unwrap_err().to_string()
    };
    type Change = &'static dyn Fn(&mut OwnTraining);
    let cases: [(Change, &str); 20] = [
        (
            &|t| {
                t.seeds.truncate(5);
                t.arms.iter_mut().for_each(|arm| arm.scores.truncate(5));
            },
            "argument seeds is 5, expected at least 6",
        ),
        (&|t| t.seeds[3] = 1, "seeds is 1 more than once"),
        (
            &|t| t.arms[2].scores[3] = f64::NAN,
            "score of arm hard-first with seed 3 is NaN, expected a finite number",
        ),
        (&|t| t.arms[0].scores[1] = f64::INFINITY, "score of arm shuffling with seed 1 is inf"),
        (&|t| t.arms[0].scores[1] = 1e300, "score of arm shuffling with seed 1 is 1"),
        (&|t| t.arms[4].scores.truncate(7), "scores of arm super-loss is 7, expected 8, one per seed"),
        (&|t| t.arms[4].examples = Some(vec![1.0; 9]), "examples of arm super-loss is 9"),
        (&|t| t.arms[4].examples = Some(vec![-1.0; 8]), "examples of arm super-loss with seed 0 is -1"),
        (&|t| t.arms[4].arm = "hard-first".into(), "hard-first more than once"),
        (
            &|t| t.arms[1].control = Some("none".into()),
            "control of arm easy-first is none, expected one of easy-first",
        ),
        (&|t| t.arms[1].control = Some("easy-first".into()), "control of arm easy-first is easy-first"),
        (&|t| t.arms[1].control = Some("shuffling".into()), "control of arm easy-first is shuffling"),
        (&|t| t.arms[0].control = Some("easy-first".into()), "control of arm shuffling"),
        (&|t| t.arms.truncate(1), "shuffling alone"),
        (&|t| t.chosen = Some("shuffling".into()), "chosen is shuffling"),
        (&|t| t.margin = Some(-0.1), "margin is -0.1"),
        (&|t| t.metric = "f1".into(), "margin is not given for f1"),
        (&|t| t.metric = "log_loss".into(), "higher_is_better is true, expected false"),
        (&|t| t.test_to_train = f64::NAN, "test_to_train is NaN"),
        (&|t| t.n_updates = 0, "n_updates is 0"),
    ];
    for (change, told) in cases {
        let error = refused(change);
        assert!(error.contains(told), "{error}, expected {told}");
    }
    assert!(refused(&|t| t.unit = Some(Unit { name: "points".into(), scale: 0.0 })).contains("unit scale is 0"));
}

#[test]
fn what_is_the_same_in_all_repetitions_is_not_tested() {
    let mut scores = training([0.0; 6], 0.01, 8, 9);
    scores.arms[4].scores = scores.arms[0].scores.clone();
    let comparison = scores.judged().unwrap();
    let same = of(&comparison, "super-loss");
    assert_eq!((same.verdict, same.difference, same.low, same.p), (Decision::NotTested, 0.0, None, None));
    assert_eq!(comparison.count.not_tested, 1);
    comparison.page().unwrap();
}

#[test]
fn json_comes_back_and_is_as_its_schema_says() {
    let mut scores = training([0.03, -0.03, 0.0, 0.01, 0.0, -0.02], 0.002, 12, 10);
    scores.arms[1].examples = Some(vec![1_000.0; 12]);
    scores.arms[4].scores = scores.arms[0].scores.clone();
    let asked: OwnTraining = serde_json::from_str(&serde_json::to_string(&scores).unwrap()).unwrap();
    assert_eq!(asked, scores);
    for chosen in [None, Some("easy-first".to_owned())] {
        let comparison = OwnTraining { chosen, ..scores.clone() }.judged().unwrap();
        let text = serde_json::to_string_pretty(&comparison).unwrap();
        let back: OwnComparison = serde_json::from_str(&text).unwrap();
        assert_eq!(back, comparison);
        assert_eq!(
            (back.page().unwrap(), back.table().unwrap()),
            (comparison.page().unwrap(), comparison.table().unwrap())
        );
        let problems = Schema::read("compare-own-1.json").problems(&serde_json::from_str(&text).unwrap());
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
    let schema = Schema::read("compare-own-1.json");
    assert_eq!((schema.undescribed(), schema.optional()), (Vec::new(), Vec::new()));
    let least = r#"{"data": "x", "n_examples": 1, "n_updates": 1, "metric": "auc", "higher_is_better": true, "seeds": [],
        "arms": [{"arm": "a", "kind": "order", "scores": []}]}"#;
    assert_eq!(serde_json::from_str::<OwnTraining>(least).unwrap().arms[0].control, None);
    assert!(serde_json::from_str::<OwnTraining>(&least.replace("\"data\"", "\"date\"")).is_err());
}

/// Every number of the sentences stands in the results and in the page's tables, as it is printed.
#[test]
fn every_number_of_the_answer_is_in_the_results_and_on_the_page() {
    for stream in 0..10 {
        let mut scores =
            training([0.02, -0.03, 0.0, 0.01, 0.0, -0.02], 0.002 + 0.002 * stream as f64, 12, 40 + stream);
        if stream % 2 == 1 {
            scores.unit = Some(Unit { name: "hits".into(), scale: 1.0 });
            scores.chosen = Some("super-loss".into());
        }
        let comparison = scores.judged().unwrap();
        let mut numbers = Vec::new();
        collect(&serde_json::to_value(&comparison).unwrap(), &mut numbers);
        let page = comparison.page().unwrap();
        let (_, tables) = page.split_once("</figure>").unwrap();
        let shown: Vec<&str> = words(tables).collect();
        for sentence in &comparison.verdict {
            assert!(page.contains(sentence), "{sentence}");
            for word in words(sentence) {
                let Ok(value) = word.parse::<f64>() else { continue };
                let decimals = word.split_once('.').map_or(0, |(_, decimals)| decimals.len()) as i32;
                let half = 0.5 * 10f64.powi(-decimals) + 1e-9;
                assert!(
                    numbers.iter().any(|number| (number.abs() - value).abs() <= half),
                    "{value} of {sentence:?}"
                );
                assert!(shown.contains(&word), "{word} of {sentence:?} stands in no table");
            }
        }
    }
}

/// The numbers of a text, without signs.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let split = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
    split.map(|word| word.trim_matches(|c| c == '.' || c == '-')).filter(|word| !word.is_empty())
}

fn collect(json: &Value, numbers: &mut Vec<f64>) {
    match json {
        Value::Number(number) => numbers.extend(number.as_f64()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, numbers)),
        Value::Object(entries) => {
            // The sentences themselves do not count, nor do runs.
            let counts = entries.iter().filter(|(key, _)| !["verdict", "runs", "seeds"].contains(&key.as_str()));
            counts.for_each(|(_, value)| collect(value, numbers));
        }
        _ => {}
    }
}

#[test]
fn names_of_others_stay_text() {
    let hostile = "<script>alert(1)</script>\u{1b}[2J & \"quoted\"";
    let mut scores = training([0.03, -0.03, 0.0, 0.01, 0.0, -0.02], 0.002, 12, 11);
    scores.data = hostile.into();
    scores.metric = hostile.into();
    scores.margin = Some(0.005);
    for arm in &mut scores.arms {
        arm.arm += hostile;
        arm.settings = hostile.into();
        arm.control = arm.control.as_ref().map(|control| format!("{control}{hostile}"));
    }
    scores.chosen = Some(scores.arms[2].arm.clone());
    let comparison = scores.judged().unwrap();
    for text in
        [comparison.page().unwrap(), comparison.table().unwrap().to_terminal(100), comparison.verdict.join("\n")]
    {
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    assert!(!comparison.page().unwrap().contains("<script>"));
}

/// A metric of one's own without a margin is told with as many decimals as its gains are known to.
#[test]
fn any_metric_has_decimals_that_tell() {
    let mut scores = training([0.03, -0.03, 0.0, 0.01, 0.0, -0.02], 0.002, 12, 12);
    scores.metric = "perplexity".into();
    scores.arms.iter_mut().for_each(|arm| arm.scores.iter_mut().for_each(|score| *score *= 1_000.0));
    scores.margin = Some(0.0);
    let comparison = scores.judged().unwrap();
    assert_eq!((comparison.unit.as_str(), comparison.scale, comparison.decimals), ("perplexity", 1.0, 1));
    assert!(comparison.verdict[0].contains("perplexity over shuffling"), "{:#?}", comparison.verdict);
}
