//! Training as a configuration says: what is refused, what is written, and that a run which was broken off goes on to the same
//! bytes.

use std::collections::BTreeMap;
use std::path::Path;

use cl_data::io::{exact, read_npy};
use cl_data::{Dataset, bundled};
use cl_difficulty::MetricSettings;
use cl_difficulty::log::{self, Scoring};
use cl_lab::training::{Configuration, Options, Outcome, Results, train};
use cl_lab::{Problem, Task};
use cl_pacing::{samplers, weightings};
use cl_prune::rules;

fn digits(n: usize) -> Problem {
    let some: Vec<usize> = (0..n).collect();
    let data = bundled::digits().subset(&some).unwrap().cast::<f32>().unwrap();
    Problem::new("digits", Task::Classification, data).unwrap()
}

/// y = 3 x0 - 2 x1 + 1, without noise.
fn plane() -> Problem {
    let n = 200;
    let features: Vec<f32> = (0..2 * n).map(|at| (at as f32 * 0.7).sin() * 2.0).collect();
    let number = |x: &[f32]| 3.0 * x[0] - 2.0 * x[1] + 1.0;
    let targets: Vec<f32> = features.chunks(2).map(number).collect();
    let data = Dataset::new(2, features, vec![0; n], 1).unwrap().with_targets(1, targets).unwrap();
    Problem::new("plane", Task::Regression, data).unwrap()
}

fn pairs(set: &[(&str, &str)]) -> Vec<(String, String)> {
    set.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn configuration(set: &[(&str, &str)]) -> Configuration {
    Configuration::read(Path::new("run.toml"), "", &pairs(set)).unwrap()
}

fn refused(text: &str) -> String {
    Configuration::read(Path::new("run.toml"), text, &[]).unwrap_err().to_string()
}

/// Small enough for a test of many runs.
const SMALL: [(&str, &str); 4] =
    [("training.epochs", "4"), ("model.hidden", "[8]"), ("difficulty.epochs", "2"), ("difficulty.folds", "2")];

fn with(set: &[(&str, &str)]) -> Configuration {
    configuration(&[&SMALL[..], set].concat())
}

fn ended(outcome: Outcome) -> Results {
    match outcome {
        Outcome::Ended(results) => *results,
        Outcome::BrokenOff(epoch) => panic!("broken off after epoch {epoch}"),
    }
}

fn trained(problem: &Problem, configuration: &Configuration, folder: &Path) -> Results {
    ended(train(problem, configuration, &Options::new(folder), &mut ()).unwrap())
}

fn failure(problem: &Problem, configuration: &Configuration, options: &Options) -> String {
    train(problem, configuration, options, &mut ()).unwrap_err().to_string()
}

/// Every file of a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            all.extend(files(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            all.insert(name, std::fs::read(&path).unwrap());
        }
    }
    all
}

/// Trains at one go, and broken off after an epoch that has no checkpoint of its own and resumed: the files must agree.
fn resumes(problem: &Problem, set: &[(&str, &str)]) {
    let configuration = with(set);
    let folder = tempfile::tempdir().unwrap();
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let expected = trained(problem, &configuration, &whole);
    let options = Options { checkpoint_every: 2, stop_after: Some(3), ..Options::new(&parts) };
    assert_eq!(train(problem, &configuration, &options, &mut ()).unwrap(), Outcome::BrokenOff(3), "{set:?}");
    let options = Options { resume: true, stop_after: None, ..options };
    let results = ended(train(problem, &configuration, &options, &mut ()).unwrap());
    assert_eq!(results, expected, "{set:?}");
    let (whole, parts) = (files(&whole), files(&parts));
    assert_eq!(whole.keys().collect::<Vec<_>>(), parts.keys().collect::<Vec<_>>(), "{set:?}");
    for (name, bytes) in &whole {
        assert!(parts[name] == *bytes, "{set:?}: {name} differs");
    }
}

#[test]
fn the_default_learns_the_digits() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let text = Configuration::default().commented();
    let configuration = Configuration::read(Path::new("run.toml"), &text, &[]).unwrap();
    assert_eq!(configuration, Configuration::default());
    let results = trained(&digits(1797), &configuration, &out);
    let [validation, test] = [results.validation.metric, results.test.metric].map(Option::unwrap);
    assert!(validation > 0.95 && test > 0.93, "{validation}, {test}");
    assert_eq!((results.n_epochs, results.n_never_shown), (30, 0));
    assert_eq!(results.n_presented, 30 * results.n_train as u64);
    // What was used reads back as what was asked for.
    let used = Configuration::load(&out.join("run.toml"), &[]).unwrap();
    assert_eq!(used, configuration);
    let history = std::fs::read_to_string(out.join("history.csv")).unwrap();
    assert_eq!(history.lines().count(), 31);
    let losses: Vec<f64> =
        history.lines().skip(1).map(|row| row.split(',').nth(4).unwrap().parse().unwrap()).collect();
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    // The model is that of the epoch of the lowest loss.
    assert_eq!(exact(results.validation.loss), exact(best));
    assert_eq!(losses[results.best_epoch.unwrap() as usize - 1], best);
}

#[test]
fn dynamics_are_what_score_reads() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let results = trained(&digits(300), &with(&[("data.noise", "0.1")]), &out);
    assert_eq!(results.n_wrong, 18);
    let mut source = log::open(out.join("dynamics"), &log::Options::default()).unwrap();
    assert_eq!((source.contents().epochs.as_slice(), source.contents().n_classes), (&[1, 2, 3, 4][..], 10));
    let metrics = ["forgetting", "loss_last"].map(|name| MetricSettings::parse(name, &[]).unwrap());
    let scored = log::score(source.as_mut(), &metrics, &Scoring::default(), &mut ()).unwrap();
    // The mean of the last losses, as one of these computes it from the logits.
    let logits = read_npy(out.join("dynamics/logits_epoch_00004.npy")).unwrap().to_f64().unwrap();
    let labels = read_npy(out.join("dynamics/labels.npy")).unwrap().to_indices().unwrap();
    let loss = |(row, &label): (&[f64], &usize)| row.iter().map(|z| z.exp()).sum::<f64>().ln() - row[label];
    let mean = logits.chunks(10).zip(&labels).map(loss).sum::<f64>() / labels.len() as f64;
    let last = scored.columns[1].values.to_floats();
    assert!((last.iter().sum::<f64>() / last.len() as f64 - mean).abs() < 1e-5);
    // The labels that were trained on, wrong ones among them.
    let wrong = std::fs::read_to_string(out.join("wrong.txt")).unwrap();
    let ids = read_npy(out.join("dynamics/ids.npy")).unwrap().to_indices().unwrap();
    let digits = bundled::digits();
    let differ: Vec<String> = ids
        .iter()
        .zip(&labels)
        .filter(|&(&id, &label)| digits.labels()[id] != label)
        .map(|(id, _)| id.to_string())
        .collect();
    assert_eq!(wrong.lines().collect::<Vec<_>>(), differ);
}

#[test]
fn a_number_is_learned_and_its_losses_are_the_dynamics() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let set = [("model.kind", "linear"), ("training.epochs", "40"), ("training.criterion", "metric")];
    let results = trained(&plane(), &configuration(&set), &out);
    assert!(results.test.metric.unwrap() > 0.999, "{results:?}");
    let mut source = log::open(out.join("dynamics"), &log::Options::default()).unwrap();
    assert_eq!(source.contents().epochs.len(), 40);
    let metrics = [MetricSettings::parse("loss_mean", &[]).unwrap()];
    let scored = log::score(source.as_mut(), &metrics, &Scoring::default(), &mut ()).unwrap();
    assert_eq!(scored.columns[0].values.to_floats().len(), 120);
}

#[test]
fn every_sampler_resumes_to_the_same_bytes() {
    let problem = digits(240);
    for sampler in samplers() {
        let mut set = vec![("sampler.name", sampler.name)];
        match sampler.name {
            "prefix" | "mini-batch" => set.extend([
                ("order.name", "easy-first"),
                ("pacing.name", "linear"),
                ("pacing.a", "0.8"),
                ("pacing.b", "0.4"),
            ]),
            "competence" => set.extend([("pacing.name", "competence"), ("pacing.c0", "0.4")]),
            "clocked" => set.extend([
                ("order.name", "hard-first"),
                ("pacing.name", "root"),
                ("pacing.a", "0.8"),
                ("pacing.b", "0.4"),
                ("sampler.total", "300"),
            ]),
            "sequential" => set.push(("order.name", "random")),
            "self-paced" => set.push(("sampler.lambda", "2.6")),
            "groups" => set.push(("sampler.k", "4")),
            // Examples of a table have no lengths, and no weights beside their scores.
            "token-budget" | "weighted" => {
                let text = format!("[sampler]\nname = \"{}\"", sampler.name);
                assert!(refused(&text).contains("apart, groups"), "{}", refused(&text));
                continue;
            }
            _ => {}
        }
        resumes(&problem, &set);
    }
}

#[test]
fn every_weighting_and_rule_trains_and_resumes() {
    let problem = digits(240);
    for weighting in weightings() {
        let keys: Vec<String> = weighting.parameters.iter().map(|of| format!("weighting.{}", of.name)).collect();
        let mut set = vec![("weighting.name", weighting.name)];
        for (parameter, key) in weighting.parameters.iter().zip(&keys).filter(|(of, _)| of.default.is_none()) {
            let key = key.as_str();
            match parameter.name {
                // Its lambda stays below 1, where no loss of the first epochs is.
                "lambda" if weighting.name == "logarithmic" => {}
                "quantile" if weighting.name == "logarithmic" => set.push((key, "0.7")),
                "quantile" | "c" | "cap" => {}
                "lambda" | "lambda1" | "threshold" | "tau" => set.push((key, "2.5")),
                "epoch" => set.push((key, "3")),
                "t" => set.push((key, "3")),
                _ => set.push((key, "0.5")),
            }
        }
        resumes(&problem, &set);
    }
    resumes(
        &problem,
        &[
            ("weighting.name", "linear"),
            ("weighting.lambda", "1"),
            ("pacing.name", "linear"),
            ("pacing.a", "0.8"),
            ("pacing.b", "0.3"),
        ],
    );
    resumes(
        &problem,
        &[
            ("weighting.name", "linear"),
            ("weighting.quantile", "0.7"),
            ("sampler.name", "rho-loss"),
            ("sampler.factor", "2"),
        ],
    );
    for rule in rules() {
        resumes(&problem, &[("pruning.rule", rule.method.name), ("pruning.keep", "0.6")]);
    }
}

#[test]
fn every_loss_optimiser_and_schedule_trains_and_resumes() {
    let problem = digits(120);
    let sets: [&[(&str, &str)]; 16] = [
        &[("loss.name", "cross-entropy"), ("optimizer.name", "adam"), ("training.learning_rate", "0.01")],
        &[("loss.name", "smoothed"), ("optimizer.name", "adamw"), ("training.learning_rate", "0.01")],
        &[("loss.name", "bootstrapping"), ("optimizer.nesterov", "true")],
        &[("loss.name", "focal"), ("loss.gamma", "1.5")],
        &[("loss.name", "super-loss")],
        &[("loss.name", "super-loss"), ("loss.tau", "classes")],
        &[("loss.name", "multi-margin")],
        &[("loss.name", "crammer-singer")],
        &[("schedule.name", "constant"), ("schedule.warm_up", "1")],
        &[("schedule.name", "step"), ("schedule.period", "1")],
        &[("schedule.name", "exponential")],
        &[("schedule.name", "plateau"), ("schedule.patience", "0"), ("training.learning_rate", "0.5")],
        &[("training.updates", "15"), ("training.batch_size", "20")],
        &[("model.dropout", "0.3"), ("model.activation", "gelu"), ("model.hidden", "[8, 6]")],
        &[("difficulty.by", "teacher"), ("pruning.rule", "hardest"), ("dynamics.every", "2")],
        &[("dynamics.every", "0"), ("training.patience", "3"), ("training.metric", "log-loss")],
    ];
    sets.iter().for_each(|set| resumes(&problem, set));
    for set in [
        &[("loss.name", "squared")][..],
        &[("loss.name", "super-loss")],
        &[("weighting.name", "hard"), ("weighting.lambda", "0.5")],
        &[("order.name", "hard-first"), ("sampler.name", "prefix"), ("pruning.rule", "ccs")],
    ] {
        resumes(&plane(), set);
    }
}

#[test]
fn a_file_is_validated_as_a_whole() {
    let text = "\
[training]
epochs = \"many\"
learning_rate = -1

[optimizer]
momentun = 0.8

[pacing]
name = \"rot\"

[sampler]
name = \"prefix\"

[lose]
name = \"focal\"
";
    let error = refused(text);
    assert!(error.starts_with("run.toml: line 2: parameter training.epochs is many, expected"), "{error}");
    for told in [
        "line 3: parameter training.learning_rate is -1, expected a finite number above 0",
        "line 6: unknown key `optimizer.momentun`, did you mean `momentum`? known: ",
        "line 9: unknown pacing `rot`, did you mean `root`? known: full, linear",
        "line 14: unknown section `lose`, did you mean `loss`? known: data, model",
    ] {
        assert!(error.contains(told), "{told}: {error}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, told) in [
        ("[sampler]\nname = \"shufle\"\n", "line 2: unknown sampler `shufle`, did you mean `shuffle`?"),
        ("[order]\nname = \"easiest\"\n[sampler]\nname = \"prefix\"\n", "line 2: unknown order `easiest`"),
        ("[model]\nhidden = [8, 0]\n", "line 2: parameter model.hidden is 8,0"),
        ("[model]\nkind = true\n", "line 2: parameter model.kind is true, expected one of mlp, linear"),
        ("[model]\nkind = \"linear\"\ndropout = 0.5\n", "line 3: parameter model.dropout is 0.5, expected 0"),
        ("[data]\ntrain = 0.9\nvalidation = 0.2\n", "line 3: parameter data.validation is 0.2"),
        ("[loss]\nname = \"focal\"\ngamma = -1\n", "line 3: argument gamma is -1"),
        ("[loss]\ngamma = 2\n", "line 2: unknown key `loss.gamma`"),
        ("[optimizer]\nmomentum = 1.5\n", "line 2: argument momentum is 1.5"),
        ("[schedule]\nwarm_up = 30\n", "line 2: parameter schedule.warm_up is 30"),
        ("[weighting]\nname = \"linear\"\n", "line 2: parameter linear.lambda is missing"),
        ("[weighting]\nname = \"hard\"\nlambda = -1\n", "line 3: argument lambda is -1"),
        (
            "[pacing]\nname = \"root\"\na = 0.8\nb = 7\n[sampler]\nname = \"prefix\"\n[order]\nname = \"random\"\n",
            "line 4: argument b is 7",
        ),
        ("[pacing]\na = 1\n", "line 2: unknown key `pacing.a`"),
        ("[pruning]\nrule = \"ccs\"\nbeta = 2\n", "line 3: "),
        ("[pruning]\nrule = \"hardest\"\nkeep = 0\n", "line 3: parameter pruning.keep is 0"),
        ("[training]\nepochs = 3\nepochs = 4\n", "line 3: column 1: duplicate key"),
        ("epochs = 3\n", "line 1: `epochs` stands in no section"),
        // What does not go together.
        (
            "[order]\nname = \"easy-first\"\n",
            "line 2: order `easy-first`: sampler `shuffle` takes no order; with an order: prefix",
        ),
        ("[sampler]\nname = \"prefix\"\n", "line 2: sampler `prefix` needs an order"),
        (
            "[pacing]\nname = \"full\"\n",
            "line 2: pacing `full`: sampler `shuffle` takes none; with a pacing: prefix",
        ),
        (
            "[weighting]\nname = \"hard\"\nlambda = 1\n[sampler]\nname = \"rho-loss\"\n",
            "line 2: weighting `hard` chooses the examples of each epoch itself",
        ),
        (
            "[weighting]\nname = \"spld\"\nquantile = 0.5\ngamma = 1\n",
            "line 3: weighting `diversity` weighs all examples at once",
        ),
        (
            "[loss]\nname = \"hinge\"\n[weighting]\nname = \"focal\"\ngamma = 2\n",
            "line 4: weighting `focal` goes by the probability e^-loss",
        ),
    ] {
        let error = refused(text);
        assert!(error.starts_with("run.toml: ") && error.contains(told), "{text}\n{told}\n{error}");
    }
    let error =
        Configuration::read(Path::new("run.toml"), "", &pairs(&[("training.epocs", "3"), ("nonsense", "1")]));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("`training.epocs` as it was set: unknown key `training.epocs`, did you mean `epochs`?")
    );
    assert!(error.contains("`nonsense` as it was set: expected section.key"), "{error}");
}

#[test]
fn what_makes_no_sense_of_a_number_is_refused_before_anything_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let refused = |set: &[(&str, &str)], told: &str| {
        let error = failure(&plane(), &with(set), &Options::new(&out));
        assert!(error.contains(told), "{set:?}: {error}");
        assert!(!out.exists(), "{set:?}");
    };
    refused(
        &[("loss.name", "focal")],
        "loss `focal` is none where a number is to be predicted, expected one of plain, squared",
    );
    refused(
        &[("order.name", "easy-first"), ("order.balance", "proportional"), ("sampler.name", "prefix")],
        "balance: `easy-first` goes by classes, and what is to be predicted is a number",
    );
    refused(&[("sampler.name", "teacher")], "`teacher` goes by classes");
    refused(&[("weighting.name", "focal"), ("weighting.gamma", "2")], "weighting `focal` goes by the probability");
    refused(&[("pruning.rule", "stratified-random")], "`stratified-random` goes by classes");
    refused(&[("pruning.rule", "dual")], "rule `dual` needs the probability of each label");
    refused(&[("data.noise", "0.1")], "noise = 0.1");
    refused(&[("training.metric", "auc")], "metric `auc` is none of this task, expected r2");
    refused(&[("difficulty.by", "scores"), ("pruning.rule", "hardest")], "no scores were given");
    refused(&[("training.batch_size", "500"), ("sampler.name", "prefix"), ("order.name", "random")], "batch_size");
    let error = failure(&digits(60), &with(&[("loss.name", "squared")]), &Options::new(&out));
    assert!(error.contains("loss `squared` is none where a class is to be predicted"), "{error}");
}

#[test]
fn scores_of_ones_own_order_and_prune() {
    let problem = digits(200);
    // The later, the harder.
    let problem = problem.with_difficulty((0..200).map(f64::from).collect()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let set = [("pruning.rule", "easiest"), ("pruning.keep", "0.25"), ("training.batch_size", "16")];
    let results = trained(&problem, &with(&set), &out);
    assert_eq!((results.difficulty.as_deref(), results.n_kept), (Some("scores"), 30));
    let kept = std::fs::read_to_string(out.join("kept.csv")).unwrap();
    let of = |kept_or_not: &str| -> Vec<usize> {
        let rows = kept.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
        rows.filter(|row| row[1] == kept_or_not).map(|row| row[0].parse().unwrap()).collect()
    };
    assert!(of("1").iter().max() < of("0").iter().min());
    assert_eq!(read_npy(out.join("dynamics/ids.npy")).unwrap().to_indices().unwrap(), of("1"));
}

#[test]
fn what_cannot_be_resumed_is_refused_by_name() {
    let problem = digits(120);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let broken = Options { stop_after: Some(2), ..Options::new(&out) };
    let resume = Options { resume: true, ..Options::new(&out) };
    let error = failure(&problem, &with(&[]), &resume);
    assert!(error.contains("there is none"), "{error}");
    train(&problem, &with(&[]), &broken, &mut ()).unwrap();
    // A run that is there is neither begun anew nor gone on with by accident.
    let error = failure(&problem, &with(&[]), &Options::new(&out));
    assert!(error.contains("it has a run: go on with that (resume), or write over it (overwrite)"), "{error}");
    let error = failure(&problem, &with(&[("training.learning_rate", "0.1")]), &resume);
    assert!(
        error.contains("checkpoint.json: of a run with training.learning_rate = 0.05, and it is 0.1 now"),
        "{error}"
    );
    let error = failure(&digits(121), &with(&[]), &resume);
    assert!(error.contains("of a run on other data: ids or labels differ"), "{error}");
    let data = problem.data();
    let mut features = data.features().as_slice().to_vec();
    features[7 * 64 + 20] += 1.0;
    let other = Dataset::new(64, features, data.labels().to_vec(), 10).unwrap();
    let other = Problem::new("digits", Task::Classification, other).unwrap();
    let error = failure(&other, &with(&[]), &resume);
    assert!(error.contains("features or numbers to predict differ"), "{error}");
    // Damaged in any way.
    let path = out.join("checkpoint.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let middle = text.len() / 2;
    let digit = text[middle..].find(|character: char| character.is_ascii_digit()).unwrap() + middle;
    let other = if &text[digit..=digit] == "7" { "3" } else { "7" };
    let flipped = format!("{}{other}{}", &text[..digit], &text[digit + 1..]);
    for damaged in [&text[..middle], "", "{}", &text.replace("\"version\":1", "\"version\":9"), &flipped] {
        std::fs::write(&path, damaged).unwrap();
        let error = failure(&problem, &with(&[]), &resume);
        assert!(error.contains("checkpoint.json: ") && error.contains("expected"), "{error}");
    }
    std::fs::write(&path, text).unwrap();
    ended(train(&problem, &with(&[]), &resume, &mut ()).unwrap());
    let error = failure(&problem, &with(&[]), &resume);
    assert!(error.contains("results.json has what it came to"), "{error}");
    std::fs::remove_file(out.join("results.json")).unwrap();
    let error = failure(&problem, &with(&[]), &resume);
    assert!(error.contains("a checkpoint.json to go on from, and it has none"), "{error}");
    // Written over, nothing of the run before is left.
    let overwrite = Options { overwrite: true, ..Options::new(&out) };
    ended(train(&problem, &with(&[("training.epochs", "1")]), &overwrite, &mut ()).unwrap());
    assert_eq!(files(&out).keys().filter(|name| name.starts_with("dynamics/logits")).count(), 1);
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("train.csv"), "a,label\n").unwrap();
    for options in [Options::new(folder.path()), Options { overwrite: true, ..Options::new(folder.path()) }] {
        let error = failure(&digits(60), &with(&[]), &options);
        assert!(error.contains("it holds other files (train.csv)"), "{error}");
    }
    assert_eq!(files(folder.path()).len(), 1);
    let file = folder.path().join("train.csv");
    assert!(failure(&digits(60), &with(&[]), &Options::new(file)).contains("a folder, and it is a file"));
}

#[test]
fn a_run_that_diverges_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let set = [("training.learning_rate", "1e30")];
    let error = failure(&digits(60), &with(&set), &Options::new(folder.path().join("run")));
    assert!(error.contains("the run diverged"), "{error}");
}
