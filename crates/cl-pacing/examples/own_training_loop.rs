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
        for i in cursor.next_batch()?.1.indices {
            let (features, label) = example(i);
            let error = 1.0 / (1.0 + (-weights[0] * features[0] - weights[1] * features[1]).exp()) - label;
            weights.iter_mut().zip(features).for_each(|(weight, x)| *weight -= 0.1 * error * x);
        }
    }
    Ok(())
}

pub(crate) fn main() -> Result<(), Error> {
    let (mut whole, mut weights, mut stopped, mut resumed) = ([0.0; 2], [0.0; 2], cursor()?, cursor()?);
    train(&mut whole, &mut cursor()?, 100)?;
    train(&mut weights, &mut stopped, 41)?;
    resumed.restore(&stopped.state(41)?)?;
    train(&mut weights, &mut resumed, 100)?;
    assert_eq!(weights.map(f64::to_bits), whole.map(f64::to_bits));
    println!("stopped after 41 of 100 steps and resumed: the same weights, {weights:?}");
    Ok(())
}
