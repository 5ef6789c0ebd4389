//! What the published code selects, from the fixtures `coreset.json` and `coreset.npz`, and what the definitions give in
//! NumPy, from `dual.json`, `d2.json` and `info_batch.json`; each says how it was computed.

use std::collections::BTreeMap;

use cl_data::io::{Array, read_npz};
use cl_data::{Batch, Dataset, Sampler};
use cl_difficulty::model_based::class_median_distance;
use cl_prune::{
    Allocation, BetaSampling, Budget, ClassBalanced, CoverageCentric, Edges, Floor, InfoBatchSampler, KeepHardest,
    KeepMiddle, Mastery, MessagePassing, NeighborLists, PruningDraw, ReverseMessages, SelectionRule,
};
use serde::Deserialize;

/// By NumPy names of coverage-centric and moderate selections.
fn arrays() -> BTreeMap<String, Array> {
    read_npz(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/coreset.npz")).unwrap()
}

fn indices(arrays: &BTreeMap<String, Array>, name: &str) -> Vec<usize> {
    arrays[name].to_indices().unwrap()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{at}: {found} {expected}");
    }
}

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
        // What the published code returns are the ids that it drops; a copy of it returns the two tails, to be kept.
        let arrays = arrays();
        let name = format!("moderate_rate{rate}_dropped").replace("0.", "0_");
        let (mut dropped, mut published) = (selection.dropped.clone(), indices(&arrays, &name));
        dropped.sort_unstable();
        published.sort_unstable();
        assert_eq!(dropped, published);
        let tails = indices(&arrays, &format!("moderate_d2pruning_ratio{rate}_returned").replace("0.", "0_"));
        assert_eq!(tails.len(), kept.len());
        assert!(tails.iter().all(|example| !kept.contains(example)));
    }
}

/// The distances are those that cl-difficulty computes.
#[test]
fn moderate_distances_are_the_published_ones() {
    let (golden, arrays) = (golden(), arrays());
    let x: Vec<f32> = arrays["X"].to_floats().unwrap();
    assert_eq!(indices(&arrays, "y"), golden.labels);
    let data = Dataset::new(16, x.clone(), golden.labels.clone(), 6).unwrap();
    assert_close(&class_median_distance(&data).unwrap(), &golden.distance, 1e-6);
    // And so are the medians, of which an example of the class that stood there would have the distance 0.
    let medians: Vec<f32> = arrays["moderate_class_median"].to_floats().unwrap();
    for (label, median) in medians.chunks(16).enumerate() {
        let members = (0..600).filter(|&example| golden.labels[example] == label);
        let mut with_median: Vec<f32> = members.flat_map(|example| x[16 * example..][..16].to_vec()).collect();
        with_median.extend_from_slice(median);
        let n = with_median.len() / 16;
        let data = Dataset::new(16, with_median, vec![0; n], 1).unwrap();
        assert!(class_median_distance(&data).unwrap()[n - 1] < 1e-6, "class {label}");
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

/// What is drawn within the strata is up to a generator; how many of each, and from among whom, is not.
#[test]
fn coverage_centric_draws_from_the_published_strata() {
    let (golden, arrays) = (golden(), arrays());
    for Strata { beta, k, .. } in &golden.ccs {
        let cut = if *beta == 0.0 { String::new() } else { format!("beta{beta}_").replace("0.", "0_") };
        let published = indices(&arrays, &format!("ccs_{cut}k{k}_selected_torchseed0"));
        assert_eq!(published.len(), *k);
        let selection =
            CoverageCentric::new(*beta, 50).unwrap().select(&golden.score, Budget::Count(*k), 3).unwrap();
        let mut n_published = vec![0usize; selection.groups.len()];
        published.iter().for_each(|&example| n_published[selection.group_of[example] as usize] += 1);
        // None of those cut off, and of every stratum as many but for those that its end moves, and equal strata.
        assert!(n_published[50..].iter().all(|&n| n == 0), "beta {beta}: {n_published:?}");
        let differing: usize =
            n_published.iter().zip(&selection.groups).map(|(&n, stratum)| n.abs_diff(stratum.n_kept)).sum();
        assert!(differing <= 2 * 5, "beta {beta}, {k} kept: {differing}");
    }
}

/// The published balanced selection takes the last class's share of every class, which is right where classes are equal.
#[test]
fn keeping_the_hardest_is_the_published_monotonic_selection() {
    let (golden, arrays) = (golden(), arrays());
    let sorted = |name| {
        let mut kept = indices(&arrays, name);
        kept.sort_unstable();
        kept
    };
    let hardest = KeepHardest.select(&golden.score, Budget::Keep(0.1), 0).unwrap();
    assert_eq!(hardest.kept_sorted(), sorted("ccs_monotonic_desc_ratio0_1_cb0"));
    let balanced = ClassBalanced::new(KeepHardest, golden.labels, Allocation::Equal, Floor::None).unwrap();
    let balanced = balanced.select(&golden.score, Budget::Keep(0.1), 0).unwrap();
    assert_eq!(balanced.kept_sorted(), sorted("ccs_monotonic_desc_ratio0_1_cb1"));
}

/// Of tied scores, an argsort keeps what its order of indices says: only the scores kept can agree.
#[test]
fn the_scores_kept_are_those_of_an_argsort() {
    let scores: Vec<f64> = (0..100).map(|example| f64::from(example * 37 % 7)).collect();
    let mut sorted = scores.clone();
    sorted.sort_by(f64::total_cmp);
    for k in [1, 14, 50, 99] {
        let kept = KeepHardest.select(&scores, Budget::Count(k), 5).unwrap().kept;
        let mut kept: Vec<f64> = kept.into_iter().map(|example| scores[example]).collect();
        kept.sort_by(f64::total_cmp);
        assert_eq!(kept, sorted[100 - k..]);
    }
}

/// Toneva's sequences of right and wrong, over five presentations.
#[test]
fn forgetting_events_are_the_published_ones() {
    let sequences = ["00111", "10101", "00000", "11111", "11110", "01001"];
    let mut mastery = Mastery::new(6);
    for presentation in 0..5 {
        let right: Vec<bool> =
            sequences.iter().map(|sequence| sequence.as_bytes()[presentation] == b'1').collect();
        mastery.tell_right(&[0, 1, 2, 3, 4, 5], &right).unwrap();
    }
    // Never learned counts as all five presentations there and as infinite here: before all others either way.
    assert_eq!(mastery.forgetting(), [0.0, 2.0, f64::INFINITY, 0.0, 1.0, 1.0]);
    assert_eq!((0..6).filter(|&example| mastery.is_mastered(example)).collect::<Vec<_>>(), [0, 3]);
}

#[derive(Deserialize)]
struct Dual {
    confidence: Vec<f64>,
    score: Vec<f64>,
    cases: Vec<DualDraw>,
    inclusion: DualInclusion,
}

#[derive(Deserialize)]
struct DualDraw {
    k: usize,
    c: f64,
    seed: u64,
    kept: Vec<usize>,
    dropped: Vec<usize>,
}

#[derive(Deserialize)]
struct DualInclusion {
    confidence: Vec<f64>,
    score: Vec<f64>,
    cases: Vec<Inclusion>,
}

#[derive(Deserialize)]
struct Inclusion {
    k: usize,
    c: f64,
    probabilities: Vec<f64>,
}

#[test]
fn dual_draws_what_the_definition_draws() {
    let dual: Dual = serde_json::from_str(include_str!("fixtures/dual.json")).unwrap();
    for DualDraw { k, c, seed, kept, dropped } in dual.cases {
        let rule = BetaSampling::new(dual.confidence.clone(), c).unwrap();
        let selection = rule.select(&dual.score, Budget::Count(k), seed).unwrap();
        assert_eq!(selection.kept, kept, "{k} kept, c = {c}");
        assert_eq!(selection.dropped, dropped, "{k} kept, c = {c}");
    }
    // How often each of six is among those kept.
    for Inclusion { k, c, probabilities } in dual.inclusion.cases {
        let rule = BetaSampling::new(dual.inclusion.confidence.clone(), c).unwrap();
        let (mut counts, n_draws) = ([0.0; 6], 10_000);
        for seed in 0..n_draws {
            let kept = rule.select(&dual.inclusion.score, Budget::Count(k), seed).unwrap().kept;
            kept.into_iter().for_each(|example| counts[example] += 1.0);
        }
        for (count, p) in counts.iter().zip(&probabilities) {
            // Five standard errors.
            let error = 5.0 * (p * (1.0 - p) / n_draws as f64).sqrt();
            assert!((count / n_draws as f64 - p).abs() < error, "{k} kept: {counts:?} {probabilities:?}");
        }
    }
}

#[derive(Deserialize)]
struct D2 {
    k: usize,
    score: Vec<f64>,
    neighbors: Vec<usize>,
    distances: Vec<f64>,
    cases: Vec<Messages>,
}

#[derive(Deserialize)]
struct Messages {
    edges: Edges,
    gamma: Option<f64>,
    order: Vec<usize>,
}

#[test]
fn messages_are_those_of_the_dense_matrix() {
    let d2: D2 = serde_json::from_str(include_str!("fixtures/d2.json")).unwrap();
    for Messages { edges, gamma, order } in d2.cases {
        let graph = NeighborLists::new(d2.k, d2.neighbors.clone(), d2.distances.clone()).unwrap();
        let reverse = gamma.map_or(ReverseMessages::Absolute, |gamma| ReverseMessages::Weighted { gamma });
        let rule = MessagePassing::new(graph).with_edges(edges).with_reverse(reverse).unwrap();
        for k in [0, 7, 40] {
            let selection = rule.select(&d2.score, Budget::Count(k), 1).unwrap();
            assert_eq!(selection.kept, order[..k], "{edges:?}, {gamma:?}");
            assert_eq!(selection.dropped, order[k..], "{edges:?}, {gamma:?}");
        }
    }
}

#[derive(Deserialize)]
struct InfoBatch {
    losses: Vec<Vec<f64>>,
    cases: Vec<Epochs>,
}

#[derive(Deserialize)]
struct Epochs {
    r: f64,
    delta: f64,
    seed: u64,
    epochs: Vec<Shown>,
}

#[derive(Deserialize)]
struct Shown {
    shown: Vec<usize>,
    weights: Vec<f64>,
}

/// What the sampler shows in epochs whose losses are given, by index, with weights.
fn epochs_of(sampler: &mut InfoBatchSampler, losses: &[Vec<f64>]) -> Vec<BTreeMap<usize, f64>> {
    let (mut step, mut batch) = (0, Batch::default());
    let epochs = losses.iter().zip(0..).map(|(losses, epoch)| {
        let mut shown = BTreeMap::new();
        while sampler.epoch(step).index == epoch {
            sampler.batch(step, &mut batch);
            for (at, &example) in batch.indices.iter().enumerate() {
                let weight = batch.weights.get(at).copied().unwrap_or(1.0);
                assert_eq!(shown.insert(example, weight), None);
            }
            let told: Vec<f64> = batch.indices.iter().map(|&example| losses[example]).collect();
            sampler.feedback(step, &batch.indices, &told);
            step += 1;
        }
        shown
    });
    epochs.collect()
}

#[test]
fn info_batch_shows_and_weighs_what_the_definition_does() {
    let InfoBatch { losses, cases } = serde_json::from_str(include_str!("fixtures/info_batch.json")).unwrap();
    for Epochs { r, delta, seed, epochs } in cases {
        let new = || {
            let sampler = InfoBatchSampler::new(24, 5, 6, seed).unwrap().with_ratio(r).unwrap();
            sampler.with_delta(delta).unwrap()
        };
        let mut sampler = new();
        for (found, Shown { shown, weights }) in epochs_of(&mut sampler, &losses).iter().zip(&epochs) {
            assert!(found.keys().eq(shown), "r = {r}");
            assert_close(&found.values().copied().collect::<Vec<_>>(), weights, 1e-15);
        }
        assert_eq!(sampler.error(), None);
        // Drawn in a fixed number: of those below the mean the nearest number to its share, weights that sum to n.
        let mut sampler = new().with_draw(PruningDraw::FixedCount);
        let mut last = [0.0; 24];
        for (epoch, found) in epochs_of(&mut sampler, &losses).iter().enumerate() {
            let mean = last.iter().sum::<f64>() / 24.0;
            let low: Vec<usize> = (0..24).filter(|&example| last[example] < mean).collect();
            let prunes = epoch > 0 && (epoch + 1) as f64 <= delta * 6.0;
            let n_kept = if prunes { ((1.0 - r) * low.len() as f64).round().max(1.0) as usize } else { low.len() };
            assert_eq!(low.iter().filter(|example| found.contains_key(example)).count(), n_kept);
            assert_eq!(found.len(), 24 - low.len() + n_kept);
            assert!((found.values().sum::<f64>() - 24.0).abs() < 1e-12);
            found.keys().for_each(|&example| last[example] = losses[epoch][example]);
        }
    }
}
