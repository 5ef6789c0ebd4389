//! `curriculum train` as a user meets it.

use super::support::{Folder, curriculum, printed, refusal, report};

/// Two clouds of three features, with a number that follows from these.
fn table(folder: &Folder) -> String {
    let mut text = String::from("id,a,b,c,label,number\n");
    for row in 0..120 {
        let class = row % 2;
        let wave = |k: usize| ((row * k) as f64 * 0.37).sin();
        let [a, b, c] = [wave(1) + 2.0 * class as f64, wave(2) - class as f64, wave(3)];
        text += &format!("r{row},{a},{b},{c},{},{}\n", ["near", "far"][class], 2.0 * a - b + 0.5 * c);
    }
    folder.text("train.csv", text)
}

const SHORT: [&str; 8] =
    ["--set", "training.epochs=3", "--set", "model.hidden=[4]", "--label", "label", "--id", "id"];

#[test]
fn a_table_is_trained_on_and_its_dynamics_are_scored() {
    let folder = Folder::new();
    let (data, out) = (table(&folder), folder.path("run"));
    let text = printed(&[&["train", &data, "--out", &out], &SHORT[..]].concat());
    for told in
        ["3 epochs", "validation: accuracy ", "test: accuracy ", "written to ", "its dynamics: curriculum score "]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    // The command that it names works as it stands.
    let command = text.lines().find_map(|line| line.strip_prefix("its dynamics: curriculum ")).unwrap();
    printed(&command.split(' ').collect::<Vec<_>>());
    let scores = std::fs::read_to_string(folder.path("run/scores.csv")).unwrap();
    assert!(scores.starts_with("id,label,el2n,forgetting,aum\n"), "{scores}");
    assert_eq!(scores.lines().count(), 73);
    assert!(scores.lines().nth(1).unwrap().starts_with('r'));
}

#[test]
fn a_number_is_trained_on_and_its_losses_are_scored() {
    let folder = Folder::new();
    let (data, out) = (table(&folder), folder.path("run"));
    let arguments =
        ["-q", "train", &data, "--label", "number", "--id", "id", "--out", &out, "--set", "training.epochs=2"];
    let results = report(&arguments);
    assert_eq!((results["version"].as_u64(), results["task"].as_str()), (Some(1), Some("regression")));
    assert_eq!(results["metric"], "r2");
    let command = results["score"].as_str().unwrap().strip_prefix("curriculum ").unwrap().to_owned();
    printed(&command.split(' ').collect::<Vec<_>>());
}

#[test]
fn the_configuration_that_is_printed_is_the_default() {
    let folder = Folder::new();
    let text = printed(&["train", "--print-config"]);
    let config = folder.text("run.toml", &text);
    let [one, other] = ["one", "other"].map(|name| folder.path(name));
    let few = ["--set", "training.epochs=2"];
    printed(&[&["train", "iris", "--out", &one, "--config", &config], &few[..]].concat());
    printed(&[&["train", "iris", "--out", &other], &few[..]].concat());
    for name in ["run.toml", "history.csv", "model.json", "results.json", "dynamics/logits_epoch_00002.npy"] {
        let read = |folder: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
        assert!(read(&one) == read(&other), "{name} differs");
    }
    // What is set is in it, too.
    let text = printed(&["train", "--print-config", "--set", "training.epochs=7"]);
    assert!(text.contains("\nepochs = 7\n"), "{text}");
}

#[test]
fn what_is_wrong_is_refused_by_name() {
    let folder = Folder::new();
    let (data, out) = (table(&folder), folder.path("run"));
    let refused = |config: &str, extra: &[&str]| {
        let config = folder.text("run.toml", config);
        refusal(
            &[
                &["train", &data, "--label", "label", "--id", "id", "--config", &config, "--out", &out, "-q"],
                extra,
            ]
            .concat(),
        )
    };
    let error = refused("[optimizer]\n\nmomentun = 0.8\n", &[]);
    assert!(
        error.contains("run.toml: line 3: unknown key `optimizer.momentun`, did you mean `momentum`?"),
        "{error}"
    );
    let error = refused("[training]\nepochs = \"many\"\n", &[]);
    assert!(error.contains("run.toml: line 2: parameter training.epochs is many"), "{error}");
    let error = refused("[sampler]\nname = \"shufle\"\n", &[]);
    assert!(error.contains("line 2: unknown sampler `shufle`, did you mean `shuffle`?"), "{error}");
    let error = refused("", &["--set", "pacing.name=rooot"]);
    assert!(error.contains("unknown pacing `rooot`, did you mean `root`?"), "{error}");
    let error = refused("", &["--resume"]);
    assert!(error.contains("there is none"), "{error}");
    // Its own folder holds the data.
    let own = folder.0.path().to_str().unwrap().to_owned();
    let error = refusal(&["-q", "train", &data, "--label", "label", "--id", "id", "--out", &own]);
    assert!(error.contains("it holds other files"), "{error}");
    let output = curriculum(&["train", &own, "--out", &own]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is read"));
    let output = curriculum(&["train"]);
    assert_eq!(output.status.code(), Some(2));
}
