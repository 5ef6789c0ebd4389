use cl_study::{CrossoverSettings, PruneCurves};

/// A study of pruning, with what is made of it.
pub(crate) fn prune_curves(data: &[u8]) {
    let Ok(curves) = serde_json::from_slice::<PruneCurves>(data) else { return };
    let study = curves.study();
    let settings = CrossoverSettings { n_resamples: 8, ..CrossoverSettings::default() };
    let Some(control) = study.methods.first() else { return };
    for &budget in study.budgets.iter().take(2) {
        for method in study.methods.iter().take(4) {
            let _ = curves.crossover(method, control, budget, &settings);
            let _ = curves.curve(method, budget);
        }
        if let Ok(table) = curves.table(budget, control) {
            let _ = (table.to_csv(), table.to_json(), table.to_terminal(100));
        }
        if let Ok(figure) = curves.figure(budget) {
            let _ = figure.vertical(0.5, "here");
        }
    }
    let again = serde_json::to_string(&curves).expect("curves that were read can be written");
    assert_eq!(serde_json::from_str::<PruneCurves>(&again).expect("curves that were written can be read"), curves);
}
