//! The list of pacings; what each is stands in its own file.

use std::sync::Arc;

use cl_data::catalogue::{Description, Options};

use super::{Pacing, cyclic::Cyclic, entry::N_CYCLES};
use crate::entry::{Entry, Given, descriptions, find};
use crate::error::PacingError;

static PACINGS: &[&Entry<dyn Pacing>] = &[
    &super::full::ENTRY,
    &super::linear::ENTRY,
    &super::quadratic::ENTRY,
    &super::root::ENTRY,
    &super::polynomial::ENTRY,
    &super::exponential::ENTRY,
    &super::logarithmic::ENTRY,
    &super::step::ENTRY,
    &super::fixed_exponential::ENTRY,
    &super::varied_exponential::ENTRY,
    &super::single_step::ENTRY,
    &super::competence::ENTRY,
    &super::geometric::ENTRY,
    &super::baby_steps::ENTRY,
    &super::one_pass::ENTRY,
    &super::discrete::ENTRY,
    &super::decreasing::ENTRY,
    &super::difficulty_schedule::FIXED_LINEAR,
    &super::difficulty_schedule::FIXED_ROOT,
    &super::difficulty_schedule::FIXED_DISCRETE,
];

/// Every pacing.
pub fn pacings() -> Vec<Description> {
    descriptions(PACINGS).collect()
}

/// The pacing `name` with `parameters`, the others at their defaults.
///
/// # Errors
/// On an unknown name or parameter, of which the known ones are named; a parameter missing, given twice or out of its
/// domain; data that it needs and that are not given.
///
/// ```
/// use cl_pacing::{Given, Pacing, pacing_by_name};
///
/// let pacing = pacing_by_name("linear", &[("a", "0.8"), ("b", "0.2")], &Given::default())?;
/// assert_eq!(pacing.to_string(), "linear (a = 0.8, b = 0.2)");
/// let error = pacing_by_name("linaer", &[], &Given::default()).unwrap_err();
/// assert!(error.to_string().contains("linear, quadratic"));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub fn pacing_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    given: &Given<'_>,
) -> Result<Arc<dyn Pacing>, PacingError> {
    let entry = find("pacing", PACINGS, name)?;
    let mut options = Options::new(&entry.description, parameters)?;
    let pacing = (entry.make)(&mut options, given)?;
    match options.number(N_CYCLES.name)? {
        1 => Ok(pacing),
        n_cycles => Ok(Arc::new(Cyclic::new(pacing, n_cycles)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::checks::{GIVEN, check_list};

    #[test]
    fn every_pacing_is_made_of_what_it_needs_and_not_of_less() {
        check_list(&pacings(), |name, parameters| Ok(pacing_by_name(name, parameters, &GIVEN)?.to_string()));
    }

    #[test]
    fn any_pacing_is_gone_through_in_cycles() {
        let made = |name, parameters: &[(&str, &str)]| pacing_by_name(name, parameters, &GIVEN);
        let cyclic = made("single-step", &[("s", "0.5"), ("step_length", "5"), ("n_cycles", "4")]).unwrap();
        assert_eq!(
            cyclic.to_string(),
            "cyclic (single step (s = 0.5, step_length = 5, total = 25), n_cycles = 4)"
        );
        assert!(made("single-step", &[("step_length", "5"), ("n_cycles", "3")]).is_err());
        assert!(made("full", &[("n_cycles", "0")]).is_err());
        assert!(made("full", &[("n_cycles", "2"), ("n_cycles", "2")]).unwrap_err().to_string().contains("once"));
    }

    #[test]
    fn data_that_are_not_given_are_named() {
        let none = Given { total: 10, ..Given::default() };
        let fixed = [("min", "1"), ("max", "2"), ("total_step", "3")];
        let error = pacing_by_name("fixed-linear", &fixed, &none).unwrap_err().to_string();
        assert_eq!(error, "parameter fixed-linear.difficulty is missing, expected the difficulty of each example");
        let no_total = Given::default();
        assert!(pacing_by_name("baby-steps", &[("n_buckets", "2"), ("bucket_length", "2")], &no_total).is_err());
    }
}
