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
pub static ALL: &[&dyn Experiment] = &[
    &clusters::ClustersExperiment,
    &shapes::ShapesExperiment,
    &vocabulary::VocabularyExperiment,
    &continuation::ContinuationExperiment,
    &convergence::ConvergenceExperiment,
    &metrics::MetricsExperiment,
    &transfer::TransferExperiment,
    &self_paced::SelfPacedExperiment,
    &self_paced_demo::SelfPacedDemoExperiment,
    &competence::CompetenceExperiment,
    &race::RaceExperiment,
    &focal::FocalExperiment,
    &orderings::OrderingsExperiment,
    &forgetting::ForgettingExperiment,
    &el2n::El2nExperiment,
    &life_cycle::LifeCycleExperiment,
];
