//! Section 1: points near the boundary require a precise decision surface.

use anyhow::Result;
use cl_data::{Clusters, random};
use cl_model::LogisticRegression;
use rand_distr::{Distribution, StandardNormal};

use crate::{
    article,
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Findings},
};

pub(super) const PRECISE: Claim = Claim {
    id: "clusters/precise-surface",
    place: "section 1, text",
    article: "points near the boundary require a precise decision surface, those far away do not",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of points that a disturbed decision surface classifies otherwise than the trained one does, of the \
                   nearest third less of the farthest third",
        margin: 0.02,
    },
};

/// The deviation of the noise on each weight, in norms of the weights.
const NOISE: f64 = 0.5;
const N_DISTURBED: u64 = 200;

/// The article's clusters with fresh points for every seed, trained on by the article's learner, and its surface moved.
pub(super) fn run(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let n_seeds = if context.quick { 20 } else { 100 };
    for (std, part) in [(0.8, "the article's deviation 0.8"), (1.7, "overlapping, deviation 1.7")] {
        let mut differences = Vec::with_capacity(n_seeds);
        for seed in 0..n_seeds as u32 {
            let data = Clusters { std, ..Clusters::default() }.generate(200, seed)?;
            let model = article::metrics(&data, article::initial_model(article::SEED, 0.01).0).model;
            let mut nearest: Vec<usize> = (0..data.n_examples()).collect();
            nearest.sort_by(|&a, &b| data.example(a)[0].abs().total_cmp(&data.example(b)[0].abs()));
            let moved = moved(&model, seed);
            let changed = |examples: &[usize]| {
                let flips = moved.iter().flat_map(|other| {
                    let (data, model) = (&data, &model);
                    examples.iter().filter(move |&&at| {
                        (model.logit(data.example(at)) > 0.0) != (other.logit(data.example(at)) > 0.0)
                    })
                });
                flips.count() as f64 / (moved.len() * examples.len()) as f64
            };
            let third = data.n_examples() / 3;
            differences.push(changed(&nearest[..third]) - changed(&nearest[nearest.len() - third..]));
        }
        let conditions = format!("two clusters, {part}, {n_seeds} data sets");
        findings.measure(PRECISE.id, Part::Real, conditions, Measurement::over_seeds(&differences)?);
        findings.number(format!("precise_surface_std_{std}"), differences)?;
    }
    findings.notes.push(format!(
        "How precise a surface must be: the article's learner is trained for ten epochs on 200 points, then normal noise of {NOISE} \
         times the norm of its weights is added to weights and bias, {N_DISTURBED} times; near and far are thirds by the \
         distance |x0| from the boundary between the clusters."
    ));
    Ok(())
}

fn moved(model: &LogisticRegression<f64>, seed: u32) -> Vec<LogisticRegression<f64>> {
    let weights = model.weights();
    let norm = weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
    (0..N_DISTURBED)
        .map(|index| {
            let mut rng = random::stream(u64::from(seed), "disturbed surface", index);
            let mut noise = || {
                let z: f64 = StandardNormal.sample(&mut rng);
                NOISE * norm * z
            };
            let weights: Vec<f64> = weights.iter().map(|weight| weight + noise()).collect();
            LogisticRegression::from_parts(&weights, model.bias() + noise())
        })
        .collect()
}
