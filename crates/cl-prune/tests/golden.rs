//! What the published code selects, from the fixture `coreset.json`, which says how it was computed.

use cl_prune::{Budget, CoverageCentric, KeepMiddle, SelectionRule};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    labels: Vec<usize>,
    score: Vec<f64>,
    distance: Vec<f64>,
    ccs: Vec<Strata>,
    moderate: Vec<Moderate>,
}

#[derive(Deserialize)]
struct Strata {
    beta: f64,
    k: usize,
    sizes: Vec<usize>,
    shares: Vec<usize>,
}

#[derive(Deserialize)]
struct Moderate {
    rate: f64,
    kept: Vec<usize>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("fixtures/coreset.json")).unwrap()
}

#[test]
fn moderate_keeps_the_published_examples() {
    let golden = golden();
    assert_eq!(golden.labels.len(), golden.distance.len());
    for Moderate { rate, kept } in &golden.moderate {
        let selection = KeepMiddle.select(&golden.distance, Budget::Keep(*rate), 3).unwrap();
        assert_eq!(&selection.kept_sorted(), kept, "rate {rate}");
    }
}

fn sorted(strata: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut strata: Vec<_> = strata.collect();
    strata.sort_unstable();
    strata
}

/// Strata of the published sizes get the published shares; which of two equally large strata gets one more falls to
/// the order of a sort there.
#[test]
fn coverage_centric_shares_are_the_published_ones() {
    for Strata { beta, k, sizes, shares } in &golden().ccs {
        // Every example of stratum j at j: on [0, 49], the fiftieths are one integer each.
        let scores: Vec<f64> = sizes.iter().enumerate().flat_map(|(j, &size)| vec![j as f64; size]).collect();
        let selection = CoverageCentric::new(0.0, 50).unwrap().select(&scores, Budget::Count(*k), 3).unwrap();
        let own = sorted(selection.groups.iter().map(|stratum| (stratum.size, stratum.n_kept)));
        assert_eq!(own, sorted(sizes.iter().copied().zip(shares.iter().copied())), "beta {beta}, {k} kept");
    }
}

/// On the scores themselves, from the cut-off to the strata. The published strata end at 1.0001 times the maximum,
/// which moves a few examples next to an end into the stratum below.
#[test]
fn coverage_centric_strata_are_the_published_ones() {
    let golden = golden();
    for Strata { beta, k, sizes, .. } in &golden.ccs {
        let rule = CoverageCentric::new(*beta, 50).unwrap();
        let selection = rule.select(&golden.score, Budget::Count(*k), 3).unwrap();
        assert_eq!(selection.n_kept(), *k);
        let own = &selection.groups[..50];
        assert_eq!(own.iter().map(|stratum| stratum.size).sum::<usize>(), sizes.iter().sum::<usize>());
        let moved: usize = own.iter().zip(sizes).map(|(own, &size)| own.size.abs_diff(size)).sum();
        assert!(moved <= 2 * 3, "beta {beta}: {moved}");
        let n_cut = (beta * 600.0).floor() as usize;
        let hardest = selection.kept.iter().map(|&example| golden.score[example]).fold(f64::MIN, f64::max);
        assert!(golden.score.iter().filter(|&&score| score > hardest).count() >= n_cut);
    }
}
