//! Section 4 of the article: the share of the data, easiest first, that competence makes available by step t of T.

use cl_pacing::{Competence, Pacing, PacingError};

fn main() -> Result<(), PacingError> {
    let n_steps = 1000.0;
    let competence = Competence::square_root(0.01)?;
    let c = |step: f64| competence.fraction(step / n_steps);
    println!("c(0)={:.4}, c(250)={:.6}, c(1000)={:.4}", c(0.0), c(250.0), c(1000.0));
    Ok(())
}
