//! A million log-normal lengths in batches of 16,384 tokens: coverage, padding, time to the first batch, the state.

use std::time::Instant;

use cl_data::random;
use cl_pacing::{Batch, BatchOrder, Sampler, TokenBudget, TokenBudgetSampler};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const N: usize = 1_000_000;
    const TOKENS: u64 = 16_384;
    let mut rng = random::stream(1, "lengths", 0);
    // exp(5.5 + z) with a normal z by Box and Muller: a median of 245 tokens, at most 8,192.
    let length = |_| {
        let (u, v) = (1.0 - random::uniform(&mut rng), random::uniform(&mut rng));
        let z = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        (5.5 + z).exp().round().clamp(1.0, 8192.0) as u64
    };
    let lengths: Vec<u64> = (0..N).map(length).collect();

    // What the same budget holds where batches are cut from a shuffled epoch.
    let shuffled = random::permutation(&mut random::stream(1, "shuffled", 0), N);
    let (mut padded, mut longest, mut n) = (0, 0, 0);
    for &example in &shuffled {
        if lengths[example].max(longest) * (n + 1) > TOKENS {
            padded += longest * n;
            (longest, n) = (0, 0);
        }
        (longest, n) = (longest.max(lengths[example]), n + 1);
    }
    padded += longest * n;
    let tokens: u64 = lengths.iter().sum();
    println!("shuffled, without buckets: {:.2} % padding", 100.0 * (1.0 - tokens as f64 / padded as f64));

    for (multiple_of, order) in
        [(1, BatchOrder::Shuffled), (8, BatchOrder::Shuffled), (64, BatchOrder::ShortFirst)]
    {
        let start = Instant::now();
        let budget = TokenBudget { multiple_of, ..TokenBudget::new(TOKENS) };
        let mut sampler = TokenBudgetSampler::new(&lengths, budget, order, 1)?;
        let mut batch = Batch::default();
        sampler.batch(0, &mut batch)?;
        let first = start.elapsed();

        let (n_steps, mut counts) = (sampler.epoch(0).n_steps, vec![0u32; N]);
        let start = Instant::now();
        for step in 0..n_steps {
            sampler.batch(step, &mut batch)?;
            let longest = batch.indices.iter().map(|&example| lengths[example]).max().unwrap_or(0);
            assert!(batch.indices.len() as u64 * longest <= TOKENS);
            batch.indices.iter().for_each(|&example| counts[example] += 1);
        }
        assert!(counts.iter().all(|&count| count == 1));
        println!(
            "multiples of {multiple_of}, {order}: each once in {n_steps} batches, {:.2} % padding, first batch after \
             {:.0} ms, an epoch in {:.0} ms, a state of {} bytes",
            100.0 * sampler.padding().waste(),
            1e3 * first.as_secs_f64(),
            1e3 * start.elapsed().as_secs_f64(),
            sampler.save(n_steps / 2)?.len()
        );
    }
    Ok(())
}
