//! Advice on data of known truth, the schema of its JSON, and that its page says what its JSON has.

use std::path::Path;
use std::time::Duration;

use cl_data::{
    Dataset, bundled,
    io::{Array, ArrayData, write_npz},
    random, symmetric_noise,
};
use cl_difficulty::log;
use cl_lab::{
    Problem, Task,
    advise::{Advice, GivenScores, KeepVerdict, Options, Plan, advise, advise_files, advise_with_log},
    compare::{self, compare},
    problem::ReadOptions,
};
use cl_study::{Quiet, shown};
use serde_json::Value;

use crate::schema::Schema;

/// What is true of all advice: its JSON is as the schema says, and the page has nothing but facts, which the JSON has where
/// they say.
fn check(advice: &Advice) -> Value {
    let json = serde_json::to_value(advice).unwrap();
    let problems = Schema::read("advise-1.json").problems(&json);
    assert!(problems.is_empty(), "{}", problems.join("\n"));

    let page = advice.to_string();
    let mut rest = page.as_str();
    for fact in &advice.facts {
        let (before, after) = rest.split_once(&fact.text).unwrap_or_else(|| panic!("{fact:?} is not in {rest:?}"));
        assert!(
            !before.contains(|character: char| character.is_ascii_digit()),
            "{before:?} has a number that is no fact"
        );
        rest = after;
        let there = json.pointer(&fact.of).unwrap_or_else(|| panic!("{fact:?} stands nowhere"));
        match fact.value {
            None => assert_eq!(shown::name(there.as_str().unwrap()), fact.text, "{fact:?}"),
            Some(value) => {
                let scale = if fact.unit == Some("%") { 100.0 } else { 1.0 };
                let decimals = fact.text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                let written = format!("{:.decimals$}", scale * there.as_f64().unwrap());
                let same =
                    written == fact.text || (fact.value == Some(0.0) && written == format!("-{}", fact.text));
                assert!(same, "{fact:?}: the JSON has {there}");
                assert_eq!(fact.text.parse::<f64>().unwrap(), value);
            }
        }
    }
    assert!(!rest.contains(|character: char| character.is_ascii_digit()), "{rest:?} has a number that is no fact");
    json
}

/// A plan for the questions that are asked of models, and no others.
fn asked_alone(problem: &Problem) -> Options {
    let mut plan = whole_plan(problem);
    (plan.keep, plan.order, plan.forgetting_seeds) = (None, None, 0);
    Options { plan: Some(plan), ..Options::default() }
}

/// The plan that is made where time is no matter.
fn whole_plan(problem: &Problem) -> Plan {
    let n = problem.data().n_examples();
    let per_epoch = (0.6 * n as f64 / 32.0).ceil();
    let json = serde_json::json!({
        "time_limit": null, "update_seconds": null, "batch_size": 32,
        "epochs": ((1500.0 / per_epoch).ceil() as u64).clamp(10, 60),
        "noise": {
            "examples": null, "folds": 8, "seeds": 3, "rounds": 2, "tuning_splits": 2,
            "grid": {
                "models": ["linear", {"mlp": {"hidden": [64]}}],
                "learning_rates": [0.01, 0.03, 0.1, 0.3], "weight_decays": [0.0, 0.001, 0.01],
            },
        },
        "forgetting_seeds": 3,
        "keep": {
            "examples": null, "fractions": [0.9, 0.5, 0.1], "repetitions": 8, "models": 1, "choice_splits": 2,
            "grid": {"models": [{"mlp": {"hidden": [64]}}], "learning_rates": [0.02, 0.1], "weight_decays": [0.0001]},
        },
        "order": {"repetitions": 6},
        "left_out": [],
    });
    serde_json::from_value(json).unwrap()
}

/// Writes digits with wrong labels as a table, and says which are wrong.
fn noisy_digits(folder: &Path, rate: f64) -> (Problem, Vec<bool>) {
    let digits = bundled::digits();
    let noisy = symmetric_noise(digits.labels(), digits.n_classes(), rate, 7).unwrap();
    let noisy = noisy.apply(digits.clone()).unwrap();
    let path = folder.join("digits.csv");
    let mut text = format!("id,{},label\n", digits.feature_names().join(","));
    for example in 0..noisy.n_examples() {
        let features: Vec<String> = noisy.example(example).iter().map(f64::to_string).collect();
        text += &format!("d{example},{},{}\n", features.join(","), noisy.labels()[example]);
    }
    std::fs::write(&path, text).unwrap();
    let options = ReadOptions {
        label: Some("label".into()),
        id: Some("id".into()),
        task: Some(Task::Classification),
        ..ReadOptions::default()
    };
    let wrong = digits.labels().iter().zip(noisy.labels()).map(|(truth, given)| truth != given).collect();
    (Problem::read(&path.to_string_lossy(), &options).unwrap(), wrong)
}

#[test]
fn wrong_labels_are_counted_and_found() {
    let folder = tempfile::tempdir().unwrap();
    for rate in [0.0, 0.1, 0.3] {
        let (problem, wrong) = noisy_digits(folder.path(), rate);
        let advice = advise(&problem, &asked_alone(&problem), &Quiet).unwrap();
        check(&advice);
        let n_wrong = wrong.iter().filter(|&&wrong| wrong).count();
        let truth = n_wrong as f64 / wrong.len() as f64;
        let noise = &advice.noise;
        let (estimate, low, high) = (noise.rate.unwrap(), noise.low.unwrap(), noise.high.unwrap());
        let within = if rate == 0.0 { 0.01 } else { 0.05 };
        assert!((estimate - truth).abs() < within, "{truth}: {noise:?}");
        // The bundled set itself may have a wrong label.
        assert!(low <= truth + 0.002 && truth <= high && high - low < 0.15, "{truth}: {noise:?}");
        let found =
            advice.suspects.iter().filter(|suspect| wrong[suspect.id[1..].parse::<usize>().unwrap()]).count();
        let n_suspects = advice.suspects.len();
        if rate > 0.0 {
            assert!(found as f64 >= 0.8 * n_suspects as f64, "{found} of {n_suspects} are wrong");
            assert!(found as f64 >= 0.8 * n_wrong as f64, "{found} of {n_wrong} are found");
            // The most suspect first.
            let first = &advice.suspects[..n_suspects / 2];
            let right = first.iter().filter(|suspect| !wrong[suspect.id[1..].parse::<usize>().unwrap()]).count();
            assert!(right <= n_suspects - found - right, "{right} of the first half are right");
        } else {
            assert!(n_suspects <= 20, "{n_suspects}");
        }
        assert!(advice.suspects.windows(2).all(|pair| pair[0].margin <= pair[1].margin));
    }
}

#[test]
fn planted_duplicates_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("planted.csv");
    let wine = bundled::wine();
    let mut text = format!("id,{},label\n", (0..13).map(|at| format!("f{at}")).collect::<Vec<_>>().join(","));
    let row = |id: &str, example: usize, shift: f64, label: usize| {
        let features: Vec<String> =
            wine.example(example).iter().map(|x| (x * (1.0 + shift)).to_string()).collect();
        format!("{id},{},{}\n", features.join(","), ["a", "b", "c"][label])
    };
    for example in 0..178 {
        text += &row(&format!("w{example}"), example, 0.0, wine.labels()[example]);
    }
    text += &row("same", 3, 0.0, wine.labels()[3]);
    text += &row("other", 60, 0.0, 2);
    text += &row("near", 100, 1e-4, wine.labels()[100]);
    std::fs::write(&path, text).unwrap();
    let options = ReadOptions { label: Some("label".into()), id: Some("id".into()), ..ReadOptions::default() };
    let problem = Problem::read(&path.to_string_lossy(), &options).unwrap();
    let mut asked = asked_alone(&problem);
    asked.plan.as_mut().unwrap().noise = None;
    let advice = advise(&problem, &asked, &Quiet).unwrap();
    check(&advice);
    let exact = advice.duplicates.exact.unwrap();
    assert_eq!((exact.extra, exact.sets, exact.sets_with_other_labels), (2, 2, 1));
    assert!(
        exact.ids.contains(&vec!["w3".into(), "same".into()])
            && exact.ids.contains(&vec!["w60".into(), "other".into()])
    );
    let near = advice.duplicates.near.unwrap();
    let pairs: Vec<(&str, &str)> = near.pairs.iter().map(|pair| (&*pair.id, &*pair.other)).collect();
    assert_eq!(pairs, [("w100", "near")]);
    // What the plan leaves out cannot be said.
    assert!(advice.noise.cannot_say.is_some() && advice.keep.cannot_say.is_some() && advice.held_out.is_none());
}

fn made(n: usize, label: impl Fn(&[f32], &mut dyn FnMut() -> f64) -> usize) -> Problem {
    let mut rng = random::stream(11, "advice on made data", 0);
    let mut uniform = || random::uniform(&mut rng);
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let x: Vec<f32> = (0..4).map(|_| (2.0 * uniform() - 1.0) as f32).collect();
        labels.push(label(&x, &mut uniform));
        features.extend(x);
    }
    Problem::new("made", Task::Classification, Dataset::new(4, features, labels, 2).unwrap()).unwrap()
}

#[test]
fn labels_at_random_say_nothing() {
    let problem = made(400, |_, uniform| usize::from(uniform() < 0.5));
    let options = Options { plan: Some(whole_plan(&problem)), ..Options::default() };
    let advice = advise(&problem, &options, &Quiet).unwrap();
    let json = check(&advice);
    assert!(advice.noise.cannot_say.is_some() && advice.suspects.is_empty(), "{:?}", advice.noise);
    assert!(advice.keep.cannot_say.is_some() && advice.keep.fraction.is_none(), "{:?}", advice.keep);
    for pointer in ["/noise/rate", "/keep/fraction", "/keep/low", "/keep/high", "/order/best"] {
        assert_eq!(json.pointer(pointer), Some(&Value::Null), "{pointer}");
    }
    let page = advice.to_string();
    assert_eq!(page.matches("Cannot say: ").count(), 3, "{page}");
    assert!(page.contains("Needed: features that tell"), "{page}");
    // Labels that are never learned are often forgotten, and counted all the same.
    assert!(advice.forgetting.never_forgotten.unwrap() < 0.9);
}

#[test]
fn a_plan_can_be_followed() {
    let problem = Problem::read("iris", &ReadOptions::default()).unwrap();
    let mut plan = whole_plan(&problem);
    plan.noise.as_mut().unwrap().seeds = 1;
    let followed = |jobs: usize| {
        let options = Options { plan: Some(plan.clone()), jobs: Some(jobs), ..Options::default() };
        let advice = advise(&problem, &options, &Quiet).unwrap();
        (check(&advice), advice)
    };
    let ((one, advice), (other, _)) = (followed(1), followed(3));
    assert_eq!(one, other);
    assert_eq!((advice.keep.repetitions, advice.order.repetitions), (8, 6));
    assert_eq!(advice.plan, Some(plan));
    // Thirty test examples do not show half a point.
    assert!(advice.keep.fraction.is_none() && advice.keep.needed_examples.unwrap() > 1000, "{:?}", advice.keep);
    assert!(advice.keep.curve.iter().all(|point| point.chosen || point.verdict == KeepVerdict::NotTested));
    let commands: Vec<&str> = advice.commands.iter().map(|command| command.line.as_str()).collect();
    assert!(commands[0].starts_with("curriculum advise iris --difficulty difficulty.csv"), "{commands:?}");
}

#[test]
fn copies_can_go_and_the_difficulty_that_is_given_is_gone_by() {
    // A line that tells the classes apart, each example ten times, the copies called easy.
    let base = made(120, |x, _| usize::from(x[0] + x[1] > 0.0));
    let (mut features, mut labels, mut difficulty) = (Vec::new(), Vec::new(), Vec::new());
    for copy in 0..10 {
        for example in 0..120 {
            features.extend(base.data().example(example).iter().map(|x| x + 1e-5 * copy as f32));
            labels.push(base.data().labels()[example]);
            difficulty.push(10.0 - f64::from(copy) + example as f64 * 1e-3);
        }
    }
    let data = Dataset::new(4, features, labels, 2).unwrap();
    let problem = Problem::new("copies", Task::Classification, data).unwrap().with_difficulty(difficulty).unwrap();
    let mut plan = whole_plan(&problem);
    (plan.noise, plan.order, plan.forgetting_seeds) = (None, None, 0);
    let options = Options { plan: Some(plan), margin: Some(0.02), ..Options::default() };
    let advice = advise(&problem, &options, &Quiet).unwrap();
    check(&advice);
    let keep = &advice.keep;
    assert_eq!((keep.difficulty, keep.margin), ("yours", 2.0));
    assert!(keep.fraction.is_some_and(|fraction| fraction <= 0.5), "{keep:?}");
    assert!(keep.low.unwrap() <= keep.high.unwrap() && keep.high == keep.fraction);
}

#[test]
fn numbers_have_outliers_and_no_noise() {
    let mut rng = random::stream(5, "numbers", 0);
    let mut uniform = || random::uniform(&mut rng);
    let features: Vec<f32> = (0..900).map(|_| (2.0 * uniform() - 1.0) as f32).collect();
    let mut numbers: Vec<f32> =
        features.chunks_exact(3).map(|x| 10.0 * x[0] - 4.0 * x[1] + (uniform() - 0.5) as f32).collect();
    numbers[17] += 25.0;
    numbers[170] -= 25.0;
    let data = Dataset::new(3, features, vec![0; 300], 1).unwrap().with_targets(1, numbers).unwrap();
    let problem = Problem::new("numbers", Task::Regression, data).unwrap();
    let advice = advise(&problem, &asked_alone(&problem), &Quiet).unwrap();
    check(&advice);
    let outliers = advice.outliers.unwrap();
    let mut first: Vec<&str> = outliers.listed[..2].iter().map(|outlier| &*outlier.id).collect();
    first.sort_unstable();
    assert_eq!(first, ["17", "170"]);
    assert!(outliers.r2.unwrap() > 0.7 && outliers.count < 10, "{outliers:?}");
    assert!(advice.noise.cannot_say.is_some() && advice.forgetting.cannot_say.is_some());
    assert!(advice.balance.numbers.is_some() && advice.balance.classes.is_empty());
}

/// A log of two epochs: sure of all but every tenth label, of which the first is forgotten.
fn log_at(path: &Path, n: usize) {
    let mut logits = Vec::new();
    for epoch in 0..2 {
        for example in 0..n {
            let sure = 2.0 + ((example * 37) % 11) as f32 * 0.1;
            let right = example % 10 != 0 && !(example == 1 && epoch == 1);
            logits.extend(if right == (example % 2 == 0) { [sure, 0.0] } else { [0.0, sure] });
        }
    }
    let logits = Array::new(vec![2, n, 2], ArrayData::F32(logits)).unwrap();
    let labels = Array::new(vec![n], ArrayData::I64((0..n as i64).map(|example| example % 2).collect())).unwrap();
    write_npz(path, [("logits", &logits), ("labels", &labels)]).unwrap();
}

#[test]
fn a_log_alone_tells_what_it_tells() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dynamics.npz");
    log_at(&path, 200);
    let mut runs = log::open_runs(&path, &log::Options::default()).unwrap();
    let advice = advise_files(&mut runs, None, &Options::default()).unwrap();
    check(&advice);
    assert_eq!(advice.balance.classes[0].examples, 100);
    // Twenty are never right, one is forgotten.
    assert_eq!((advice.forgetting.never_learned, advice.forgetting.never_forgotten), (Some(0.1), Some(0.895)));
    assert_eq!((advice.forgetting.from, advice.forgetting.low), ("log", None));
    let rate = advice.noise.rate.unwrap();
    assert!((rate - 0.1).abs() < 0.03 && !advice.noise.rests_on.unwrap().held_out, "{:?}", advice.noise);
    let found = advice.suspects.iter().filter(|suspect| suspect.id.ends_with('0')).count();
    assert!(found >= 14 && advice.suspects.len() <= found + 1, "{:?}", advice.suspects);
    assert!(
        advice.keep.cannot_say.is_some()
            && advice.order.cannot_say.is_some()
            && advice.duplicates.cannot_say.is_some()
    );

    // With the data the rest is told, too, and what is forgotten is the model's own.
    let problem = Problem::read("iris", &ReadOptions::default()).unwrap();
    let mut options = asked_alone(&problem);
    options.plan.as_mut().unwrap().noise = None;
    let mut runs = log::open_runs(&path, &log::Options::default()).unwrap();
    let advice = advise_with_log(&problem, &mut runs, &options, &Quiet).unwrap();
    check(&advice);
    assert_eq!((advice.forgetting.from, advice.log.unwrap().examples), ("log", 200));
}

#[test]
fn scores_alone_tell_how_they_are_spread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let rows: String = (0..50).map(|at| format!("e{at},{},{}\n", at % 3, (at * 7) % 20)).collect();
    std::fs::write(&path, format!("id,label,el2n\n{rows}")).unwrap();
    let scores = GivenScores::read(&path, None, None).unwrap();
    let advice = advise_files(&mut [], Some(&scores), &Options::default()).unwrap();
    check(&advice);
    let facts = advice.scores.as_ref().unwrap();
    assert_eq!((facts.examples, facts.distinct, facts.high_is, facts.classes.len()), (50, 20, "hard", 3));
    assert_eq!(facts.classes.iter().map(|class| class.kept).sum::<usize>(), 25);
    assert_eq!(advice.to_string().matches("Cannot say: ").count(), 5);
    assert!(advise_files(&mut [], None, &Options::default()).is_err());
}

#[test]
fn wrong_options_are_refused() {
    let problem = Problem::read("iris", &ReadOptions::default()).unwrap();
    for (options, problem_told) in [
        (Options { jobs: Some(0), ..Options::default() }, "jobs is 0"),
        (Options { margin: Some(-1.0), ..Options::default() }, "margin is -1"),
        (Options { metric: Some(cl_lab::Metric::R2), ..Options::default() }, "metric is r2"),
        (Options { time_limit: Some(Duration::from_millis(10)), ..Options::default() }, "time-limit is 10ms"),
    ] {
        let error = advise(&problem, &options, &Quiet).unwrap_err().to_string();
        assert!(error.contains(problem_told), "{error}");
    }
}

#[test]
fn a_comparison_is_as_its_schema_says() {
    let problem = Problem::read("iris", &ReadOptions::default()).unwrap();
    let options = compare::Options { n_seeds: 6, epochs: Some(3), ..compare::Options::default() };
    let comparison = compare(&problem, &options, &Quiet).unwrap();
    let json = serde_json::to_value(&comparison).unwrap();
    let problems = Schema::read("compare-1.json").problems(&json);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for key in ["name", "difference", "low", "high"] {
        assert!(json["arms"][0].get(key).is_some(), "{key}");
    }
    assert!(json.get("detectable").is_some() && json.get("winner").is_some());
}

#[test]
fn schemas_describe_every_key_and_require_it() {
    for name in ["advise-1.json", "compare-1.json"] {
        let schema = Schema::read(name);
        assert_eq!(schema.undescribed(), [""; 0], "{name}");
        assert_eq!(schema.optional(), [""; 0], "{name}");
    }
}
