//! Section 3 of the article: mean loss, closeness to the boundary and forgetting events, and how far they agree.

use cl_data::{Clusters, numpy::RandomState};
use cl_difficulty::{Forgetting, MeanLoss, boundary_closeness, spearman};
use cl_model::{LogisticRegression, epsilon_cross_entropy};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Clusters::default().generate(200, 42)?;
    let n = data.n_examples();
    let mut rng = RandomState::new(42);
    let weights = [rng.randn() * 0.01, rng.randn() * 0.01];
    let mut model = LogisticRegression::from_parts(&weights, 0.0);

    let (mut loss, mut forgetting) = (MeanLoss::new(n), Forgetting::new(n));
    for _ in 0..10 {
        for (i, &label) in data.labels().iter().enumerate() {
            // As it was before the step.
            let probability = model.step(data.example(i), label, 0.05);
            loss.record(i, epsilon_cross_entropy(probability, label))?;
            forgetting.record(i, (probability > 0.5) == (label == 1))?;
        }
    }
    let loss = loss.values()?;
    let margin: Vec<f64> = (0..n).map(|i| boundary_closeness(data.example(i))).collect();
    let events: Vec<f64> = forgetting.events().iter().map(|&events| f64::from(events)).collect();

    println!("Forgetting events: {}", forgetting.events().iter().sum::<u32>());
    for (pair, a, b) in [
        ("loss and margin", &loss, &margin),
        ("loss and forgetting", &loss, &events),
        ("margin and forgetting", &margin, &events),
    ] {
        match spearman(a, b)? {
            Some(correlation) => println!("Spearman of {pair}: {correlation:.4}"),
            None => println!("Spearman of {pair}: undefined, for one of them is constant"),
        }
    }
    Ok(())
}
