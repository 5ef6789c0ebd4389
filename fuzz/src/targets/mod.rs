//! What is fuzzed: every reader of files and every state that is restored, each a function of the bytes of a round.
//! The targets of `cargo fuzz` call them, and so does a test of `xtask` on stable Rust.

mod arrays;
mod curves;
mod damage;
mod input;
mod labels;
mod logs;
mod pacings;
mod recorders;
mod samplers;
mod scores;
mod scratch;
mod selections;
mod states;
mod studies;
mod tables;
mod training;

/// A target: its name, and what is done with the bytes of a round. It panics where something is wrong.
type Target = (&'static str, fn(&[u8]));

/// All of them.
pub static TARGETS: &[Target] = &[
    ("npy", arrays::npy),
    ("npz", arrays::npz),
    ("npz_dataset", arrays::npz_dataset),
    ("features", arrays::features),
    ("ids_and_indices", arrays::ids_and_indices),
    ("idx", arrays::idx),
    ("cifar", arrays::cifar),
    ("csv_dataset", tables::csv_dataset),
    ("csv_table", tables::csv_table),
    ("json_table", tables::json_table),
    ("parquet_table", tables::parquet_table),
    ("summary", tables::summary),
    ("lines", tables::lines),
    ("labels", labels::labels),
    ("score_table", scores::score_table),
    ("sidecar", scores::sidecar),
    ("log_table", logs::log_table),
    ("log_arrays", logs::log_arrays),
    ("log_folder", logs::log_folder),
    ("log_order", logs::log_order),
    ("prune_curves", curves::prune_curves),
    ("state_epochs", states::state_epochs),
    ("state_blocks", states::state_blocks),
    ("dynamics_recorder", recorders::dynamics_recorder),
    ("example_state", recorders::example_state),
    ("accumulators", recorders::accumulators),
    ("scores", recorders::scores),
    ("sampler_fixed", samplers::sampler_fixed),
    ("sampler_clocked", samplers::sampler_clocked),
    ("sampler_self_paced", samplers::sampler_self_paced),
    ("sampler_hardness", samplers::sampler_hardness),
    ("sampler_rho_loss", samplers::sampler_rho_loss),
    ("sampler_teacher", samplers::sampler_teacher),
    ("sampler_info_batch", samplers::sampler_info_batch),
    ("sampler_repeated_random", samplers::sampler_repeated_random),
    ("sampler_life_cycle", samplers::sampler_life_cycle),
    ("pacings", pacings::pacings),
    ("exposure", pacings::exposure),
    ("weightings", pacings::weightings),
    ("checkpoint", training::checkpoint),
    ("models", training::models),
    ("selections", selections::selections),
    ("study_journal", studies::study_journal),
];

/// A round of the target of this name.
pub fn run(name: &str, data: &[u8]) {
    let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) else { panic!("no target {name}") };
    target(data);
}
