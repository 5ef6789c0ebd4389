//! Section 5 of the article: how much the focal loss counts an example whose class has probability p.

use cl_model::{Focal, ModelError};

fn main() -> Result<(), ModelError> {
    for gamma in [0.0, 1.0, 2.0, 5.0] {
        let focal = Focal::new(gamma, 1.0)?;
        let weights = [0.1, 0.3, 0.5, 0.7, 0.9].map(|p| format!("{:<6?}", rounded(focal.weight(p))));
        println!("gamma={gamma}: weights = [{}]", weights.join(" "));
    }
    Ok(())
}

/// Four digits, halves to even, as NumPy rounds.
fn rounded(weight: f64) -> f64 {
    (weight * 1e4).round_ties_even() / 1e4
}
