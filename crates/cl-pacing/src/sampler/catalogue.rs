//! The list of samplers that are had by name; what each is stands in its own file.

use cl_data::{
    Sampler,
    catalogue::{Description, Options, find},
};

use super::{
    apart, clocked, competence,
    entry::{SamplerEntry, SamplerInput, SamplerInputs},
    groups, instance_hardness, mini_batch, prefix, rho_loss, self_paced, sequential, shuffle, teacher,
    token_budget, weighted,
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
    &token_budget::ENTRY,
    &weighted::ENTRY,
    &apart::ENTRY,
    &groups::ENTRY,
];

/// Every sampler that is had by name.
pub fn samplers() -> Vec<Description> {
    SAMPLERS.iter().map(|entry| entry.description).collect()
}

/// What papers and their code call the same.
const OTHER_NAMES: &[(&str, &str)] =
    &[("rho", "rho-loss"), ("dih", "instance-hardness"), ("teacher-student", "teacher")];

fn entry(name: &str) -> Result<&'static SamplerEntry, PacingError> {
    Ok(*find("sampler", SAMPLERS, |entry| &entry.description, OTHER_NAMES, name)?)
}

/// What the sampler `name` is made of beside its parameters, a batch size and a seed.
///
/// ```
/// use cl_pacing::{SamplerInput, sampler_inputs};
///
/// assert_eq!(sampler_inputs("prefix")?, [SamplerInput::Order, SamplerInput::Pacing, SamplerInput::TotalSteps]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
///
/// # Errors
/// On an unknown name: the known ones are named.
pub fn sampler_inputs(name: &str) -> Result<&'static [SamplerInput], PacingError> {
    Ok(entry(name)?.inputs)
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
    let entry = entry(name)?;
    if let (Some((step, _)), false) = (inputs.later_batch_sizes.first(), entry.is_resized) {
        let value = format!("from step {step} of {}", entry.description.name);
        let expected = "prefix, mini-batch, competence or shuffle, whose batch size may change";
        return Err(PacingError::argument("later_batch_sizes", value, expected));
    }
    (entry.make)(&mut Options::new(&entry.description, parameters)?, inputs)
}
