//! The list of samplers that are had by name; what each is stands in its own file.

use cl_data::{
    Sampler,
    catalogue::{Description, Options, find},
};

use super::{
    clocked, competence,
    entry::{SamplerEntry, SamplerInputs},
    instance_hardness, mini_batch, prefix, rho_loss, self_paced, sequential, shuffle, teacher,
};
use crate::error::PacingError;

static SAMPLERS: &[&SamplerEntry] = &[
    &prefix::ENTRY,
    &mini_batch::ENTRY,
    &competence::ENTRY,
    &clocked::ENTRY,
    &shuffle::ENTRY,
    &sequential::ENTRY,
    &self_paced::ENTRY,
    &instance_hardness::ENTRY,
    &rho_loss::ENTRY,
    &teacher::ENTRY,
];

/// Every sampler that is had by name.
pub fn samplers() -> Vec<Description> {
    SAMPLERS.iter().map(|entry| entry.description).collect()
}

/// The sampler `name` with `parameters`, the others at their defaults.
///
/// # Errors
/// On an unknown name or parameter, of which the known ones are named; a parameter missing, given twice or out of its
/// domain; inputs that it needs and that are not given.
///
/// ```
/// use cl_pacing::{Batch, Sampler, SamplerInputs, sampler_by_name};
///
/// let inputs = SamplerInputs { n_examples: 5, batch_size: 2, seed: 1, ..SamplerInputs::default() };
/// let mut sampler = sampler_by_name("shuffle", &[], &inputs)?;
/// assert_eq!(sampler.epoch(7).index, 2);
/// let error = sampler_by_name("prefix", &[], &inputs).err().unwrap();
/// assert!(error.to_string().contains("prefix.order is missing"));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub fn sampler_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    inputs: &SamplerInputs<'_>,
) -> Result<Box<dyn Sampler>, PacingError> {
    let other_names = [("rho", "rho-loss"), ("dih", "instance-hardness"), ("teacher-student", "teacher")];
    let entry = find("sampler", SAMPLERS, |entry| &entry.description, &other_names, name)?;
    (entry.make)(&mut Options::new(&entry.description, parameters)?, inputs)
}
