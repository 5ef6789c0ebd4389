//! A training loop of one's own, stopped in mid epoch and resumed: the weights have the same bits.

use cl_pacing::{Cursor, EasyFirst, Order, PrefixSampler, Root};

type Error = Box<dyn std::error::Error>;

/// Two features and a label of each of 60 examples: easy ones lie far from the line between the classes.
fn example(i: usize) -> ([f64; 2], f64) {
    let (x, y) = ((i as f64 * 0.7).sin(), (i as f64 * 1.3).cos());
    ([x, y], f64::from(u8::from(x + 0.5 * y > 0.0)))
}

fn cursor() -> Result<Cursor<PrefixSampler>, Error> {
    let difficulty: Vec<f64> = (0..60).map(|i| -(example(i).0[0] + 0.5 * example(i).0[1]).abs()).collect();
    let order = EasyFirst.order(&difficulty, 1)?;
    Ok(Cursor::new(PrefixSampler::new(order, Root::new(0.8, 0.2)?, 8, 100, 1)?))
}

/// Logistic regression by stochastic gradient descent up to step `end`.
fn train(weights: &mut [f64; 2], cursor: &mut Cursor<PrefixSampler>, end: u64) -> Result<(), Error> {
    while cursor.position() < end {
        let (_, batch) = cursor.next_batch()?;
        for &i in &batch.indices {
            let ([x, y], label) = example(i);
            let error = 1.0 / (1.0 + (-weights[0] * x - weights[1] * y).exp()) - label;
            weights[0] -= 0.1 * error * x;
            weights[1] -= 0.1 * error * y;
        }
    }
    Ok(())
}

pub(crate) fn main() -> Result<(), Error> {
    let (mut whole, mut weights) = ([0.0; 2], [0.0; 2]);
    train(&mut whole, &mut cursor()?, 100)?;

    let mut stopped = cursor()?;
    train(&mut weights, &mut stopped, 41)?;
    let (state, epoch) = (stopped.state(41)?, stopped.epoch());
    assert!(epoch.step > 0, "in mid epoch");
    let mut resumed = cursor()?;
    resumed.restore(&state)?;
    train(&mut weights, &mut resumed, 100)?;
    assert_eq!(weights.map(f64::to_bits), whole.map(f64::to_bits));
    println!(
        "stopped in step {} of epoch {}, and the same weights in the end: {weights:?}",
        epoch.step, epoch.index
    );
    Ok(())
}
