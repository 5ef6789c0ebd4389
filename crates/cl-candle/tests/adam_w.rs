//! The optimiser's updates are candle's own, to the bit.

use candle_nn::{Optimizer, ParamsAdamW};
use cl_candle::AdamW;
use cl_pacing::ShuffleSampler;

use crate::support::{N, Run, bits};

fn trained(mut update: impl FnMut(&candle_core::Tensor), run: &mut Run) -> Vec<u32> {
    for _ in 0..20 {
        if let Some(drawn) = run.feed.next_of_epoch().unwrap() {
            update(&drawn.weighted_mean(&run.losses(&drawn).1).unwrap());
        }
    }
    bits(&run.network)
}

#[test]
fn updates_are_those_of_candle() {
    let new = || Run::new(ShuffleSampler::new(N, 64, 7).unwrap(), 16, 1);
    let parameters = ParamsAdamW { lr: 0.01, weight_decay: 0.1, ..ParamsAdamW::default() };
    let (mut own, mut theirs) = (new(), new());
    let mut optimizer = AdamW::of(&own.network, parameters.clone()).unwrap();
    let mut reference = candle_nn::AdamW::new(theirs.network.all_vars(), parameters).unwrap();
    for optimizer in [optimizer.learning_rate(), reference.learning_rate()] {
        assert_eq!(optimizer, 0.01);
    }
    let before = bits(&own.network);
    let own = trained(|loss| optimizer.backward_step(loss).unwrap(), &mut own);
    assert!(own != before);
    assert!(own == trained(|loss| reference.backward_step(loss).unwrap(), &mut theirs));
}
