//! The example runs, on a log of its own and on others.

use cl_data::io::{Array, ArrayData, write_npy};
use cl_difficulty::table::Table;

#[allow(dead_code)]
#[path = "../examples/score_a_log.rs"]
mod example;

#[test]
fn any_known_log_is_scored_and_its_hardest_half_kept() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("scores.csv");
    example::score(&example::small_log(folder.path()).unwrap(), &out).unwrap();
    let table = Table::read(&out).unwrap();
    let (kept, el2n) = (table.column("kept").unwrap(), table.column("el2n").unwrap());
    assert_eq!(kept.values.iter().sum::<f64>(), 4.0);
    let extreme = |flag: f64, fold: fn(f64, f64) -> f64, start: f64| {
        let chosen = kept.values.iter().zip(&el2n.values).filter(|(kept, _)| **kept == flag);
        chosen.map(|(_, &el2n)| el2n).fold(start, fold)
    };
    assert!(extreme(1.0, f64::min, f64::INFINITY) >= extreme(0.0, f64::max, 0.0));
    // What is kept is no difficulty.
    assert_eq!((table.higher_is_harder("kept"), table.higher_is_harder("el2n")), (None, Some(true)));

    let run = tempfile::tempdir().unwrap();
    let write = |name: &str, shape: Vec<usize>, data| {
        write_npy(run.path().join(name), &Array::new(shape, data).unwrap()).unwrap();
    };
    write("labels.npy", vec![3], ArrayData::I64(vec![0, 1, 1]));
    for epoch in 0..2 {
        let logits = (0..6).map(|i| (i * (epoch + 2) % 5) as f32).collect();
        write(&format!("logits_{epoch}.npy"), vec![3, 2], ArrayData::F32(logits));
    }
    example::score(run.path(), &out).unwrap();
    assert_eq!(Table::read(&out).unwrap().sidecar.unwrap().format, "npy per epoch");
    let error = example::score(&out, &out).unwrap_err().to_string();
    assert!(error.contains("scores.csv: no column of epochs, the columns are id, label, el2n"), "{error}");
}
