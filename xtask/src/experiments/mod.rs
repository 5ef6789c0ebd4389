//! Every experiment of the article, one file each.

mod clusters;
mod continuation;
mod convergence;
mod focal;
mod forgetting;
mod metrics;
mod race;
mod self_paced;
mod shapes;
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
    &self_paced::SelfPacedExperiment,
    &race::RaceExperiment,
    &focal::FocalExperiment,
    &forgetting::ForgettingExperiment,
];
