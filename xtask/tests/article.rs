//! The article's blocks against what its own code gives under NumPy.

use std::collections::HashMap;

use cl_data::Clusters;
use serde::Deserialize;
use xtask::article;

#[derive(Deserialize)]
struct Fixture {
    runs: HashMap<String, Run>,
}

#[derive(Deserialize)]
struct Run {
    n: usize,
    seed: u32,
    ds_difficulty: Option<Vec<f64>>,
    dm_losses_over_time: Option<Vec<Vec<f64>>>,
    dm_avg_loss: Option<Vec<f64>>,
    dm_margin_diff: Option<Vec<f64>>,
    dm_w: Vec<f64>,
    dm_b: f64,
    dm_forgetting: HashMap<usize, u32>,
    spl_lambda: Vec<f64>,
    spl_n_selected: Vec<usize>,
    spl_accuracy: Vec<f64>,
    spl_w: Vec<f64>,
    spl_b: f64,
    spl_last_losses: Option<Vec<f64>>,
    fg_w: Vec<f64>,
    fg_b: f64,
    fg_counts: HashMap<usize, u32>,
    fg_last_order: Option<Vec<usize>>,
}

#[track_caller]
fn close(ours: &[f64], numpys: &[f64]) {
    assert_eq!(ours.len(), numpys.len());
    for (i, (a, b)) in ours.iter().zip(numpys).enumerate() {
        assert!((a - b).abs() <= 1e-12, "{i}: {a} {b}");
    }
}

#[track_caller]
fn sparse(ours: &[f64], numpys: &HashMap<usize, u32>) {
    for (i, &count) in ours.iter().enumerate() {
        assert_eq!(count, f64::from(numpys.get(&i).copied().unwrap_or(0)), "{i}");
    }
}

#[test]
fn every_block_gives_what_numpy_gives() {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/article.json")).unwrap();
    assert_eq!(fixture.runs.len(), 5);
    for (name, run) in fixture.runs {
        println!("{name}");
        let data = Clusters::default().generate(run.n, run.seed).unwrap();
        if let Some(difficulty) = run.ds_difficulty {
            assert_eq!(Clusters::difficulty(&data), difficulty);
        }
        let start = || article::initial_model(article::SEED, 0.01);

        let metrics = article::metrics(&data, start().0);
        if let Some(losses) = run.dm_losses_over_time {
            close(&metrics.losses_over_time, &losses.concat());
        }
        if let (Some(loss), Some(margin)) = (run.dm_avg_loss, run.dm_margin_diff) {
            close(&metrics.mean_loss, &loss);
            assert_eq!(metrics.margin, margin);
        }
        sparse(&metrics.forgetting, &run.dm_forgetting);
        close(metrics.model.weights(), &run.dm_w);
        close(&[metrics.model.bias()], &[run.dm_b]);

        let self_paced = article::self_paced(&data, start().0);
        close(&self_paced.lambda, &run.spl_lambda);
        assert_eq!(self_paced.n_selected, run.spl_n_selected);
        assert_eq!(self_paced.accuracy, run.spl_accuracy);
        close(self_paced.model.weights(), &run.spl_w);
        close(&[self_paced.model.bias()], &[run.spl_b]);
        if let Some(losses) = run.spl_last_losses {
            close(&self_paced.last_losses, &losses);
        }

        let forgetting = article::forgetting(&data, start());
        let counts: Vec<f64> = forgetting.counts.iter().map(|&count| f64::from(count)).collect();
        sparse(&counts, &run.fg_counts);
        close(forgetting.model.weights(), &run.fg_w);
        close(&[forgetting.model.bias()], &[run.fg_b]);
        if let Some(order) = run.fg_last_order {
            assert_eq!(forgetting.last_order, order);
        }
    }
}

/// One setting under which the article's qualitative claims hold together, computed with NumPy: std 1.7, data
/// seed 11, weights randn(2) from seed 119.
#[test]
fn the_overlapping_setting_gives_what_numpy_gives() {
    let data = Clusters { std: 1.7, ..Clusters::default() }.generate(200, 11).unwrap();
    let run = article::self_paced(&data, article::initial_model(119, 1.0).0);
    assert_eq!(run.n_selected[..11], [82, 128, 155, 164, 170, 179, 187, 190, 192, 194, 199]);
    assert_eq!([0, 5, 10].map(|epoch| run.accuracy[epoch]), [0.505, 0.84, 0.895]);
    let forgetting = article::forgetting(&data, article::initial_model(article::SEED, 0.01));
    assert_eq!(forgetting.counts.iter().filter(|&&count| count == 0).count(), 167);
}
