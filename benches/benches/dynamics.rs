//! Training-dynamics scores from a log in memory, and label issues.
//!
//! 20 epochs of 200,000 examples and 10 classes of f32 logits are 160 MB. The limit of all metrics is one exponential
//! per logit, in double precision, because each needs a softmax; reading the same bytes once, on all threads, is a row
//! of its own. A log in memory goes shard by shard through all epochs, a trainer's epoch by epoch. Label issues need
//! the probabilities once, 80 MB.

use std::hint::black_box;

use cl_benches::inputs::{logits, noisily_labelled};
use cl_benches::{Rows, Work, all_threads};
use cl_data::random;
use cl_difficulty::{
    ConfidentLearning, DynamicsRecorder, IssueFilter, Log, MetricSettings, Observations, OutputKind, Outputs,
};
use criterion::{Criterion, criterion_group, criterion_main};
use rayon::prelude::*;

const N_EXAMPLES: usize = 200_000;
const N_CLASSES: usize = 10;
const N_EPOCHS: usize = 20;

fn one_pass(criterion: &mut Criterion) {
    let logits = logits(N_EPOCHS * N_EXAMPLES * N_CLASSES);
    let indices: Vec<usize> = (0..N_EXAMPLES).collect();
    let labels: Vec<usize> = (0..N_EXAMPLES).map(|i| i % N_CLASSES).collect();
    let some = |names: &[&str]| -> Vec<MetricSettings> {
        names.iter().map(|name| MetricSettings::parse(name, &[]).expect("a metric")).collect()
    };
    let mut rows = Rows::new(criterion, "training dynamics").sample_size(10);
    let softmax = Work::Exponentials { count: logits.len() as u64 };
    let epochs: Vec<u64> = (0..N_EPOCHS as u64).collect();
    for (name, metrics) in [
        ("el2n + forgetting + aum", some(&["el2n", "forgetting", "aum"])),
        (
            "el2n + forgetting + aum + cartography",
            some(&["el2n", "forgetting", "aum", "confidence", "variability", "correctness"]),
        ),
        ("all", MetricSettings::all(OutputKind::Logits)),
    ] {
        let new = || DynamicsRecorder::new(N_EXAMPLES, N_CLASSES, &metrics).expect("metrics");
        for threads in [1, all_threads()] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let many = if threads == 1 { "one thread" } else { "all threads" };
            rows.row(format!("{name}, a log, {many}"), softmax, threads, |bench| {
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
            if threads == all_threads() {
                break;
            }
        }
        rows.row(format!("{name}, epoch by epoch"), softmax, all_threads(), |bench| {
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
    in_shuffled_batches(&mut rows, &some(&["el2n", "forgetting", "aum", "confidence", "variability"]));
    rows.row("the memory read once", Work::Read { bytes: 4 * logits.len() as u64 }, all_threads(), |bench| {
        bench.iter(|| -> u32 {
            let sum = |part: &[f32]| part.iter().fold(0u32, |sum, z| sum.wrapping_add(z.to_bits()));
            black_box(&logits).par_chunks(1 << 16).map(sum).reduce(|| 0, u32::wrapping_add)
        })
    });
}

/// As a training loop has it: a batch's examples lie anywhere among very many.
fn in_shuffled_batches(rows: &mut Rows<'_>, metrics: &[MetricSettings]) {
    for (batch, n_classes, n_examples) in [(128, 10, 50_000), (512, 1_000, 1_280_000)] {
        let logits = logits(batch * n_classes);
        let labels: Vec<usize> = (0..batch).map(|i| i % n_classes).collect();
        let order = random::permutation(&mut random::stream(1, "batches", 0), n_examples);
        let softmax = Work::Exponentials { count: logits.len() as u64 };
        let new = || DynamicsRecorder::new(n_examples, n_classes, metrics).expect("metrics").with_partial_epochs();
        let (mut recorder, mut epoch) = (new(), 0);
        let mut batches = order.chunks_exact(batch);
        rows.row(format!("a shuffled batch of {batch} x {n_classes}"), softmax, all_threads(), |bench| {
            bench.iter(|| {
                let indices = batches.next().unwrap_or_else(|| {
                    (batches, epoch) = (order.chunks_exact(batch), epoch + 1);
                    batches.next().expect("more examples than a batch has")
                });
                let observations =
                    Observations { epoch, indices, labels: &labels, outputs: Outputs::Logits(&logits) };
                recorder.record(&observations).expect("an epoch has each example once")
            })
        });
    }
}

fn label_issues(criterion: &mut Criterion) {
    let n = 1_000_000;
    let (probabilities, labels) = noisily_labelled(n, N_CLASSES);
    let mut rows = Rows::new(criterion, "label issues 1,000,000 x 10").sample_size(10);
    let work = Work::Read { bytes: 8 * probabilities.len() as u64 };
    for filter in [IssueFilter::PruneByNoiseRate, IssueFilter::Both] {
        rows.row(filter.to_string(), work, all_threads(), |bench| {
            bench.iter(|| {
                let probabilities = black_box(&probabilities);
                let learned = ConfidentLearning::fit(probabilities, &labels, N_CLASSES).expect("probabilities");
                learned.issues(probabilities, &labels, filter).expect("the same examples")
            })
        });
    }
}

criterion_group!(benches, one_pass, label_issues);
criterion_main!(benches);
