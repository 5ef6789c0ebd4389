//! Every experiment of the article, one file each.

mod clusters;
mod competence;
mod continuation;
mod convergence;
mod el2n;
mod focal;
mod forgetting;
mod life_cycle;
mod metrics;
mod orderings;
mod race;
mod self_paced;
mod self_paced_demo;
mod shapes;
mod transfer;
mod vocabulary;

use crate::experiment::Experiment;

/// All experiments in the order of the article's sections. To add one: one file, one line here.
pub static ALL: &[&Experiment] = &[
    &clusters::CLUSTERS,
    &shapes::SHAPES,
    &vocabulary::VOCABULARY,
    &continuation::CONTINUATION,
    &convergence::CONVERGENCE,
    &metrics::METRICS,
    &transfer::TRANSFER,
    &self_paced::SELF_PACED,
    &self_paced_demo::SELF_PACED_DEMO,
    &competence::COMPETENCE,
    &race::RACE,
    &focal::FOCAL,
    &orderings::ORDERINGS,
    &forgetting::FORGETTING,
    &el2n::EL2N,
    &life_cycle::LIFE_CYCLE,
];
