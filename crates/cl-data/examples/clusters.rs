//! Section 1 of the article: its data set, and how many of its examples are easy.

use cl_data::{Clusters, DataError};

fn main() -> Result<(), DataError> {
    // 100 points of class 0 around the first centre, then 100 of class 1 around the second.
    let clusters = Clusters { std: 0.8, centres: [[-2.0, 0.0], [2.0, 0.0]] };
    let data = clusters.generate(200, 42)?;

    // 1 / (|x0| + 0.1), scaled to [0, 1] over the data set.
    let difficulty = Clusters::difficulty(&data);
    let easy = difficulty.iter().filter(|&&difficulty| difficulty < 0.3).count();
    let hard = difficulty.len() - easy;
    println!("Easy examples: {easy}, Hard examples: {hard}");
    Ok(())
}
