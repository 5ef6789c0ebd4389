//! Training-dynamics scores from a log in memory, and label issues.
//!
//! 20 epochs of 200,000 examples and 10 classes of f32 logits are 160 MB. EL2N, forgetting, AUM and Cartography
//! together take NumPy 640 to 730 ms, PyTorch 436 to 466 and Numba 114 to 145 on two cores; Cartography's own
//! code 38 s and the aum package 23 s. Reading the same bytes once, on all threads, is the limit beside them: the
//! throughput of each is that of the logits. A log in memory goes shard by shard through all epochs, a trainer's
//! epoch by epoch.
//! cleanlab finds the label issues of 1,000,000 x 10 in 0.7 to 1.7 s.
//!
//! Measured on two cores of an AMD EPYC (Zen 5) that others kept busy, in processor time of all threads together,
//! which two free cores halve: el2n + forgetting + aum + cartography of a log 54 ms (NumPy 970 ms), epoch by epoch
//! 74 ms, all metrics 650 ms; label issues 77 to 95 ms (cleanlab 2.9.0 600 to 930 ms). The memory read once: 3 to
//! 5 ms.

use std::hint::black_box;

use cl_data::random;
use cl_difficulty::{
    ConfidentLearning, DynamicsRecorder, IssueFilter, Log, MetricSettings, Observations, Outputs,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;

const N_EXAMPLES: usize = 200_000;
const N_CLASSES: usize = 10;
const N_EPOCHS: usize = 20;

fn logits(n: usize) -> Vec<f32> {
    let mut rng = random::stream(1, "bench", 0);
    (0..n).map(|_| (8.0 * random::uniform(&mut rng) - 4.0) as f32).collect()
}

fn one_pass(criterion: &mut Criterion) {
    let logits = logits(N_EPOCHS * N_EXAMPLES * N_CLASSES);
    let indices: Vec<usize> = (0..N_EXAMPLES).collect();
    let labels: Vec<usize> = (0..N_EXAMPLES).map(|i| i % N_CLASSES).collect();
    let names = ["el2n", "forgetting", "aum", "confidence", "variability", "correctness"];
    let some: Vec<MetricSettings> =
        names.iter().map(|name| MetricSettings::parse(name, &[]).expect("a metric")).collect();
    let mut group = criterion.benchmark_group("training dynamics");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(4 * logits.len() as u64));
    let epochs: Vec<u64> = (0..N_EPOCHS as u64).collect();
    for (name, metrics) in [("el2n + forgetting + aum + cartography", some), ("all", MetricSettings::all(true))] {
        let new = || DynamicsRecorder::new(N_EXAMPLES, N_CLASSES, &metrics).expect("metrics");
        for threads in [1, rayon::current_num_threads()] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            group.bench_function(format!("{name}, a log, {threads} threads"), |bench| {
                bench.iter(|| {
                    pool.install(|| {
                        let mut recorder = new();
                        let outputs = Outputs::Logits(black_box(&logits[..]));
                        let log = Log { epochs: &epochs, labels: &labels, outputs };
                        recorder.record_log(&log).expect("finite logits");
                        recorder.columns().expect("all epochs")
                    })
                })
            });
        }
        group.bench_function(format!("{name}, epoch by epoch"), |bench| {
            bench.iter(|| {
                let mut recorder = new();
                for (&epoch, logits) in epochs.iter().zip(black_box(&logits).chunks_exact(N_EXAMPLES * N_CLASSES))
                {
                    let outputs = Outputs::Logits(logits);
                    let observations = Observations { epoch, indices: &indices, labels: &labels, outputs };
                    recorder.record(&observations).expect("finite logits");
                }
                recorder.columns().expect("all epochs")
            })
        });
    }
    group.bench_function("the memory read once", |bench| {
        bench.iter(|| -> u32 {
            let sum = |part: &[f32]| part.iter().fold(0u32, |sum, z| sum.wrapping_add(z.to_bits()));
            black_box(&logits).par_chunks(1 << 16).map(sum).reduce(|| 0, u32::wrapping_add)
        })
    });
    group.finish();
}

fn label_issues(criterion: &mut Criterion) {
    let n = 1_000_000;
    let probabilities: Vec<f64> = logits(n * N_CLASSES)
        .chunks_exact(N_CLASSES)
        .flat_map(|z| {
            let sum: f64 = z.iter().map(|&z| f64::from(z).exp()).sum();
            z.iter().map(move |&z| f64::from(z).exp() / sum)
        })
        .collect();
    let mut rng = random::stream(2, "bench", 0);
    let largest = |p: &[f64]| (0..N_CLASSES).fold(0, |best, k| if p[k] > p[best] { k } else { best });
    let labels: Vec<usize> = probabilities
        .chunks_exact(N_CLASSES)
        .map(|p| {
            let flip = random::uniform(&mut rng) < 0.2;
            if flip { random::below(&mut rng, N_CLASSES) } else { largest(p) }
        })
        .collect();
    let mut group = criterion.benchmark_group("label issues 1,000,000 x 10");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(8 * probabilities.len() as u64));
    for filter in [IssueFilter::PruneByNoiseRate, IssueFilter::Both] {
        group.bench_function(filter.to_string(), |bench| {
            bench.iter(|| {
                let probabilities = black_box(&probabilities);
                let learned = ConfidentLearning::fit(probabilities, &labels, N_CLASSES).expect("probabilities");
                learned.issues(probabilities, &labels, filter).expect("the same examples")
            })
        });
    }
    group.finish();
}

criterion_group!(benches, one_pass, label_issues);
criterion_main!(benches);
