//! Section 4 of the article: self-paced learning, in a training loop of one's own.

use cl_data::{Clusters, numpy::RandomState};
use cl_pacing::{HardSelfPaced, SelfPacedLambda, Weighting};

/// Logistic regression on two features.
struct Model {
    weights: [f64; 2],
    bias: f64,
}

impl Model {
    fn probability(&self, x: &[f64]) -> f64 {
        let logit = x[0] * self.weights[0] + x[1] * self.weights[1] + self.bias;
        1.0 / (1.0 + (-logit).exp())
    }

    fn step(&mut self, x: &[f64], label: usize, learning_rate: f64) {
        let scaled = learning_rate * (self.probability(x) - label as f64);
        self.weights[0] -= scaled * x[0];
        self.weights[1] -= scaled * x[1];
        self.bias -= scaled;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Clusters::default().generate(200, 42)?;
    let n = data.n_examples();
    let mut rng = RandomState::new(42);
    let mut model = Model { weights: [rng.randn() * 0.01, rng.randn() * 0.01], bias: 0.0 };
    let mut lambda = SelfPacedLambda::new(0.5, 1.3)?;
    let (mut losses, mut weights) = (vec![0.0; n], vec![0.0; n]);
    for epoch in 0..30 {
        let mut n_right = 0;
        for (i, &label) in data.labels().iter().enumerate() {
            let probability = model.probability(data.example(i));
            let of_class = if label == 1 { probability } else { 1.0 - probability };
            losses[i] = -(of_class + 1e-8).ln();
            n_right += usize::from((probability > 0.5) == (label == 1));
        }
        // 1 where the loss is below lambda, else 0.
        HardSelfPaced::new(lambda.value())?.weights(&losses, &mut weights)?;
        let selected: Vec<usize> = (0..n).filter(|&i| weights[i] > 0.0).collect();
        if epoch % 5 == 0 {
            let (lambda, n_selected, accuracy) = (lambda.value(), selected.len(), n_right as f64 / n as f64);
            println!("Epoch {epoch:2}: lambda={lambda:.2}, selected={n_selected:3}/{n}, acc={accuracy:.3}");
        }
        for &i in &selected {
            model.step(data.example(i), data.labels()[i], 0.1);
        }
        lambda.grow();
    }
    Ok(())
}
