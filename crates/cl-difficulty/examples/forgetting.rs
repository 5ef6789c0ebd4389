//! Section 6 of the article: how often each example is forgotten, and how many never are.

use cl_data::{Clusters, numpy::RandomState};
use cl_difficulty::Forgetting;
use cl_model::LogisticRegression;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Clusters::default().generate(200, 42)?;
    let n = data.n_examples();
    let mut rng = RandomState::new(42);
    let weights = [rng.randn() * 0.01, rng.randn() * 0.01];
    let mut model = LogisticRegression::from_parts(&weights, 0.0);

    let mut forgetting = Forgetting::new(n);
    for _ in 0..20 {
        for (i, &label) in data.labels().iter().enumerate() {
            let right = (model.probability(data.example(i)) > 0.5) == (label == 1);
            forgetting.record(i, right)?;
        }
        // From the generator that drew the weights.
        for i in rng.permutation(n) {
            model.step(data.example(i), data.labels()[i], 0.1);
        }
    }

    let unforgettable = forgetting.events().iter().filter(|&&events| events == 0).count();
    println!("Unforgettable: {unforgettable}/{n} ({:.1}%)", 100.0 * unforgettable as f64 / n as f64);
    println!("Forgotten 1+ times: {}/{n}", n - unforgettable);
    // Not in the article: without an event, too, and yet the hardest.
    let never_right = forgetting.never_learned().into_iter().filter(|&never| never).count();
    println!("Never right: {never_right}/{n}");
    Ok(())
}
