//! Coresets: examples chosen by their features, so that few stand for all.
//!
//! Every method takes [`Features`], a slice with one example after the other in single or double precision, and returns
//! a [`Coreset`]: the order in which examples were chosen and what each added. All arithmetic is in double precision and
//! in one fixed order, so that a result is the same for any number of threads, and for the lazy optimisers as for the
//! naive ones.
//!
//! | method | chooses | nested |
//! |---|---|---|
//! | [`KCenter`] | the farthest from all chosen | yes |
//! | [`Herding`] | what keeps the chosen mean at the mean | yes |
//! | [`FacilityLocation`] | what serves all best | yes |
//! | [`GraphCut`] | the representative and not redundant | yes |
//! | [`SumRedundancy`] | what is not alike among itself | yes |
//! | [`LogDeterminant`] | what spans the largest volume | yes |
//! | [`SaturatedCoverage`] | what covers all up to a share | yes |
//! | [`FeatureBased`] | enough of every feature | yes |
//! | [`SetCover`] | as many concepts as can be | yes |
//! | [`ProbabilisticSetCover`] | the same with probabilities | yes |
//! | [`Flqmi`], [`Flvmi`], [`Gcmi`], [`LogDetMi`], [`ConcaveOverModular`] | what is like a query | yes |
//! | [`Flcg`], [`Gccg`], [`LogDetCg`] | what is unlike private examples | yes |
//! | [`Flcmi`], [`LogDetCmi`] | what is like a query and unlike private examples | yes |
//! | [`Mixture`] | by several objectives at once | yes |
//! | [`Disparity`] | the far apart | yes |
//! | [`Cal`] | what is predicted unlike its neighbours | yes |
//! | [`ContextualDiversity`] | what is predicted unlike all chosen | yes |
//! | [`Craig`] | representative gradients, with weights | within classes |
//! | [`GradMatch`] | gradients that sum to the full one, with weights | yes |
//! | [`Glister`] | what lowers the validation loss | yes |
//! | [`SieveStreaming`] | for any objective, in one pass | no |
//! | [`GreeDi`] | for any objective, from several machines | no |
//!
//! A new objective implements [`SubmodularObjective`] and has all of [`Greedy`]'s optimisers, [`SieveStreaming`] and
//! [`GreeDi`]; [`per_class`] makes any method choose within classes. [`CoresetSettings`] has the methods of [`coresets`]
//! by name. Nested means: one run gives every smaller count.

mod cal;
mod catalogue;
mod cells;
mod class_shares;
mod client_facility_location;
mod client_sample;
mod clipped_service;
mod concave_over_modular;
mod concept_weights;
mod constrained;
mod contextual_diversity;
mod cost_effective;
mod costs;
mod craig;
mod disparity;
mod distributions;
mod entry;
mod facility_location;
mod feature_based;
mod feature_domain;
mod features;
mod flcg;
mod flcmi;
mod flqmi;
mod flvmi;
mod gccg;
mod gcmi;
mod given;
mod glister;
mod grad_match;
mod graph_cut;
mod graph_cut_form;
mod greedi;
mod greedy;
mod grouped;
mod guarantee;
mod herding;
mod k_center;
mod kernel;
mod log_det_cg;
mod log_det_cmi;
mod log_det_mi;
mod log_determinant;
mod maximizer;
mod mixture;
mod nearest_list;
mod neighbor_search;
mod objective;
mod parts;
mod per_class;
mod points;
mod probabilistic_set_cover;
mod request;
mod residual_variances;
mod saturated_coverage;
mod scaled_kernel;
mod search_points;
mod served_lists;
mod set_cover;
mod sieve_streaming;
mod similarities;
mod similarity;
mod sparse_facility_location;
mod sparse_graph_cut;
mod sparse_saturated_coverage;
mod sparse_similarities;
mod start;
mod submodular;
mod sum_redundancy;
mod targets;
mod validation_taylor;

pub use cal::Cal;
pub use catalogue::{CoresetInputs, CoresetSettings, coresets};
pub use class_shares::{Balance, ClassShares};
pub use client_facility_location::ClientFacilityLocation;
pub use client_sample::ClientSample;
pub use concave_over_modular::ConcaveOverModular;
pub use contextual_diversity::ContextualDiversity;
pub use cost_effective::CostEffective;
pub use costs::Costs;
pub use craig::Craig;
pub use disparity::Disparity;
pub use entry::CoresetDescription;
pub use facility_location::FacilityLocation;
pub use feature_based::{Concave, FeatureBased};
pub use feature_domain::FeatureDomain;
pub use features::{AnyFeatures, Features};
pub use flcg::Flcg;
pub use flcmi::Flcmi;
pub use flqmi::Flqmi;
pub use flvmi::Flvmi;
pub use gccg::Gccg;
pub use gcmi::Gcmi;
pub use given::{GivenSimilarities, Neighbors};
pub use glister::Glister;
pub use grad_match::GradMatch;
pub use graph_cut::GraphCut;
pub use graph_cut_form::GraphCutForm;
pub use greedi::GreeDi;
pub use greedy::{Greedy, Optimizer, Ties};
pub use guarantee::Guarantee;
pub use herding::Herding;
pub use k_center::KCenter;
pub use log_det_cg::LogDetCg;
pub use log_det_cmi::LogDetCmi;
pub use log_det_mi::LogDetMi;
pub use log_determinant::LogDeterminant;
pub use maximizer::submodular_options;
pub use mixture::Mixture;
pub use neighbor_search::{NeighborSearch, SearchMethod, SearchReport};
pub use objective::{Bound, Coreset, SubmodularObjective};
pub use parts::{PartChoice, join_parts};
pub use per_class::per_class;
pub use probabilistic_set_cover::ProbabilisticSetCover;
pub use request::DataSize;
pub use saturated_coverage::SaturatedCoverage;
pub use set_cover::SetCover;
pub use sieve_streaming::SieveStreaming;
pub use similarities::Similarities;
pub use similarity::Similarity;
pub use sparse_facility_location::SparseFacilityLocation;
pub use sparse_graph_cut::SparseGraphCut;
pub use sparse_saturated_coverage::SparseSaturatedCoverage;
pub use sparse_similarities::SparseSimilarities;
pub use start::Start;
pub use sum_redundancy::SumRedundancy;
pub use validation_taylor::ValidationTaylor;
