//! Inputs that the benches and the comparisons with other programs share.

use cl_data::random;

/// `n` logits, uniform in [-4, 4).
pub fn logits(n: usize) -> Vec<f32> {
    let mut rng = random::stream(1, "bench", 0);
    (0..n).map(|_| (8.0 * random::uniform(&mut rng) - 4.0) as f32).collect()
}

/// The softmax of such logits for `n` examples of `c` classes, and labels: the most probable, a fifth of them anew at
/// random.
pub fn noisily_labelled(n: usize, c: usize) -> (Vec<f64>, Vec<usize>) {
    let probabilities: Vec<f64> = logits(n * c)
        .chunks_exact(c)
        .flat_map(|z| {
            let sum: f64 = z.iter().map(|&z| f64::from(z).exp()).sum();
            z.iter().map(move |&z| f64::from(z).exp() / sum)
        })
        .collect();
    let mut rng = random::stream(2, "bench", 0);
    let largest = |p: &[f64]| (0..c).fold(0, |best, k| if p[k] > p[best] { k } else { best });
    let label = |p: &[f64]| {
        let flip = random::uniform(&mut rng) < 0.2;
        if flip { random::below(&mut rng, c) } else { largest(p) }
    };
    let labels = probabilities.chunks_exact(c).map(label).collect();
    (probabilities, labels)
}
