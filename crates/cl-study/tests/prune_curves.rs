//! Prune studies from their declaration to the crossover, with a training that is a formula.

use std::sync::atomic::{AtomicUsize, Ordering};

use cl_study::{
    Crossing, CrossoverPoint, CrossoverSettings, EqualBudget, Figure, PruneCurves, PruneOutcome, PruneRun,
    PruneStudy, Quiet, StudyError,
};

/// Better than chance by `0.1 (kept - c)`, where c is 0.4 and a hundredth for each seed.
fn train(run: &PruneRun<'_>) -> Result<PruneOutcome, String> {
    let c = 0.4 + run.seed as f64 / 100.0;
    let gain = match run.method {
        "hardest" => 0.1 * (run.kept - c),
        "better" => 0.05,
        "worse" => -0.05,
        "broken" if run.seed == 2 => return Err("diverged".into()),
        _ => 0.0,
    };
    let n_kept = (run.kept * 1000.0) as usize;
    let updates = if run.budget == EqualBudget::Updates { 500 } else { n_kept as u64 / 2 };
    Ok(PruneOutcome {
        accuracy: 0.5 + 0.3 * run.kept + if run.kept < 1.0 { gain } else { 0.0 },
        kept_per_class: vec![n_kept / 4, n_kept - n_kept / 4],
        wrong_labels: (run.method == "hardest").then_some(n_kept / 10),
        n_kept,
        updates,
        examples: updates * 20,
        scoring_examples: if run.method == "hardest" { 700 } else { 0 },
    })
}

fn study() -> PruneStudy {
    let study = PruneStudy::new("formula", [0, 1, 2, 3], [0.1, 1.0, 0.75, 0.5, 0.25]).unwrap();
    ["hardest", "better", "worse", "broken"].into_iter().fold(study, PruneStudy::method)
}

fn curves() -> PruneCurves {
    study().run(Some(2), None, &Quiet, train).unwrap()
}

fn crossover(curves: &PruneCurves, method: &str) -> cl_study::Crossover {
    curves.crossover(method, "random", EqualBudget::Epochs, &CrossoverSettings::default()).unwrap()
}

#[test]
fn the_crossover_is_where_the_formula_has_it() {
    let curves = curves();
    let hardest = crossover(&curves, "hardest");
    // The mean over seeds of c is 0.415, and the formula is linear between the fractions.
    assert!((hardest.at.fraction().unwrap() - 0.415).abs() < 1e-9, "{hardest:?}");
    let [low, high] = hardest.interval.unwrap().map(|end| end.fraction().unwrap());
    assert!((0.4..0.415).contains(&low) && high > 0.415 && high <= 0.43, "{hardest:?}");
    assert_eq!((hardest.never_below, hardest.always_below, hardest.n_seeds), (0.0, 0.0, 4));
    let better = crossover(&curves, "better");
    assert_eq!((better.at, better.interval), (CrossoverPoint::NeverBelow, Some([better.at; 2])));
    assert_eq!(better.never_below, 1.0);
    // All are equal where everything is kept, so that it falls below from there.
    assert_eq!(crossover(&curves, "worse").at, CrossoverPoint::At(1.0));
    assert_eq!(crossover(&curves, "broken").n_seeds, 3);
}

/// With a margin of 0.05 a line that falls from 0 at 1 to -0.2 at 0.5 crosses a quarter of the way.
#[test]
fn a_margin_moves_the_crossover_and_one_seed_has_no_interval() {
    let study = PruneStudy::new("line", [3], [1.0, 0.5]).unwrap().method("m");
    let curves = study
        .run(None, None, &Quiet, |run| {
            let accuracy = if run.method == "m" && run.kept < 1.0 { 0.6 } else { 0.8 };
            Ok::<_, String>(PruneOutcome { accuracy, ..PruneOutcome::default() })
        })
        .unwrap();
    let at = |margin| {
        let settings = CrossoverSettings { margin, ..CrossoverSettings::default() };
        curves.crossover("m", "random", EqualBudget::Updates, &settings)
    };
    assert_eq!(at(0.0).unwrap().at, CrossoverPoint::At(1.0));
    let crossover = at(0.05).unwrap();
    assert!((crossover.at.fraction().unwrap() - 0.875).abs() < 1e-12, "{crossover:?}");
    assert_eq!(crossover.interval, None);
    assert_eq!(at(0.3).unwrap().at, CrossoverPoint::NeverBelow);
    assert!(at(-1.0).unwrap_err().to_string().contains("margin is -1"));
}

#[test]
fn an_end_of_the_interval_may_be_undefined() {
    let study = PruneStudy::new("noisy", [0, 1, 2, 3], [0.8, 0.4]).unwrap().method("m");
    let curves = study
        .run(None, None, &Quiet, |run| {
            // On three seeds far above, on one far below at the smaller fraction.
            let gain = match (run.method, run.kept < 0.5) {
                ("m", true) => [0.1, 0.1, 0.1, -0.5][run.seed as usize],
                ("m", false) => 0.1,
                _ => 0.0,
            };
            Ok::<_, String>(PruneOutcome { accuracy: 0.5 + gain, ..PruneOutcome::default() })
        })
        .unwrap();
    let crossover = crossover(&curves, "m");
    assert!(crossover.at.fraction().is_some());
    assert_eq!(crossover.interval.unwrap()[0], CrossoverPoint::NeverBelow);
    // A resample has none of the one seed with probability (3/4)^4.
    assert!((crossover.never_below - 0.316).abs() < 0.02, "{}", crossover.never_below);
}

#[test]
fn a_saved_study_is_the_study_and_all_data_is_run_once() {
    let n_runs = AtomicUsize::new(0);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("prune.journal");
    let run = |run: &PruneRun<'_>| {
        n_runs.fetch_add(1, Ordering::Relaxed);
        train(run)
    };
    let curves = study().run(None, Some(&journal), &Quiet, run).unwrap();
    // 6 methods x 4 fractions and 1 on all data, x 2 budgets x 4 seeds.
    assert_eq!(n_runs.load(Ordering::Relaxed), 25 * 8);
    assert_eq!(study().run(None, Some(&journal), &Quiet, run).unwrap(), curves);
    assert_eq!(n_runs.load(Ordering::Relaxed), 25 * 8);
    let text = serde_json::to_string(&curves).unwrap();
    assert_eq!(serde_json::from_str::<PruneCurves>(&text).unwrap(), curves);
    assert_eq!(curves.failed().count(), 4 * 2);
    let whole = curves.curve("hardest", EqualBudget::Updates).unwrap();
    assert_eq!((whole[0].kept, whole[0].accuracy.unwrap().mean), (1.0, 0.8));

    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["version"] = 2.into();
    let error = serde_json::from_value::<PruneCurves>(value.clone()).unwrap_err().to_string();
    assert!(error.contains("saved in version 2, expected version 1"), "{error}");
    // What was saved before forms had versions is of the first.
    value.as_object_mut().unwrap().remove("version");
    let runs = value["runs"].as_array_mut().unwrap();
    runs.reverse();
    assert_eq!(serde_json::from_value::<PruneCurves>(value.clone()).unwrap(), curves);
    let first = value["runs"][0].clone();
    value["runs"][1] = first;
    let error = serde_json::from_value::<PruneCurves>(value.clone()).unwrap_err().to_string();
    assert!(error.contains("every run of the study once"), "{error}");
    value["runs"].as_array_mut().unwrap().pop();
    assert!(
        serde_json::from_value::<PruneCurves>(value).unwrap_err().to_string().contains("runs has 239 entries")
    );
}

#[test]
fn tables_and_figures() {
    let curves = curves();
    let table = curves.table(EqualBudget::Epochs, "random").unwrap();
    let csv = table.to_csv();
    let row = csv.lines().find(|line| line.starts_with("hardest,0.5,")).unwrap();
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let cell = |name: &str| {
        let at = header.iter().position(|column| *column == name).unwrap_or_else(|| panic!("{header:?}"));
        row.split(',').nth(at).unwrap().parse::<f64>().unwrap()
    };
    assert!((cell("minus random") - 0.1 * (0.5 - 0.415)).abs() < 1e-12);
    assert!((cell("wrong labels") - 0.1).abs() < 1e-12);
    assert!((cell("class balance") - 0.8112781244591328).abs() < 1e-12);
    // 10,000 on all of the data; half of that, and 700 for the scores.
    assert_eq!((cell("examples"), cell("for scores"), cell("saved")), (5000.0, 700.0, 4300.0));
    assert_eq!(table.n_rows(), 6 * 5);
    let svg = curves.figure(EqualBudget::Updates).unwrap().render(800, 500).unwrap();
    assert!(svg.contains("stratified random") && svg.contains("at equal updates"));
}

#[test]
fn what_is_no_study_is_refused() {
    assert!(PruneStudy::new("x", [1], [0.5, 1.5]).is_err());
    assert!(PruneStudy::new("x", [1], [0.5, 0.5]).is_err());
    assert!(PruneStudy::new("x", [], [0.5]).is_err());
    assert!(PruneStudy::new("x", [1], []).is_err());
    let one = |study: PruneStudy| study.run(None, None, &Quiet, train);
    assert!(one(PruneStudy::new("x", [1, 1], [0.5]).unwrap()).is_err());
    assert!(one(PruneStudy::new("x", [1], [0.5]).unwrap().budgets([])).is_err());
    let curves = one(PruneStudy::new("x", [1], [0.5]).unwrap().budgets([EqualBudget::Epochs])).unwrap();
    let settings = CrossoverSettings::default();
    let error = curves.crossover("hard", "random", EqualBudget::Epochs, &settings).unwrap_err();
    assert!(matches!(error, StudyError::UnknownName { .. }), "{error}");
    assert!(curves.crossover("random", "random", EqualBudget::Updates, &settings).is_err());
    for settings in [
        CrossoverSettings { n_resamples: 99, ..settings },
        CrossoverSettings { level: 1.0, crossing: Crossing::Stays, ..settings },
    ] {
        assert!(curves.crossover("random", "random", EqualBudget::Epochs, &settings).is_err());
    }
}
