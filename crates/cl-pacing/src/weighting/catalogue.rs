//! The lists of weightings, the self-paced ones and the others; what each is stands in its own file.

use std::sync::Arc;

use cl_data::catalogue::{CatalogueError, Description, Options};

use super::entry::{CAP, QUANTILE};
use super::{Weighting, at_quantile::AtQuantile, capped::Capped, self_paced::SelfPaced};
use crate::entry::{Entry, Given, descriptions, find};
use crate::error::PacingError;

static SELF_PACED: &[&Entry<dyn SelfPaced>] = &[
    &super::hard_self_paced::ENTRY,
    &super::linear_self_paced::ENTRY,
    &super::logarithmic_self_paced::ENTRY,
    &super::mixture::ENTRY,
    &super::mixture2::ENTRY,
    &super::polynomial_self_paced::ENTRY,
    &super::logistic_self_paced::ENTRY,
    &super::diversity::ENTRY,
];

static OTHER_WEIGHTINGS: &[&Entry<dyn Weighting>] = &[
    &super::super_loss::ENTRY,
    &super::focal::FOCAL,
    &super::focal::DETACHED_FOCAL,
    &super::hard_mining::ENTRY,
    &super::l2_bounded::TOWARDS_HARD,
    &super::l2_bounded::TOWARDS_EASY,
    &super::mentornet::ENTRY,
];

/// Every weighting, the self-paced ones first.
pub fn weightings() -> Vec<Description> {
    descriptions(SELF_PACED).chain(descriptions(OTHER_WEIGHTINGS)).collect()
}

/// The weighting `name` with `parameters`, the others at their defaults.
///
/// # Errors
/// As [`pacing_by_name`](crate::pacing_by_name).
///
/// ```
/// use cl_pacing::{Given, Weighting, weighting_by_name};
///
/// let mut weights = [0.0; 3];
/// let linear = weighting_by_name("linear", &[("lambda", "2")], &Given::default())?;
/// linear.weights(&[0.0, 0.5, 3.0], &mut weights)?;
/// assert_eq!(weights, [1.0, 0.75, 0.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub fn weighting_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    given: &Given<'_>,
) -> Result<Arc<dyn Weighting>, PacingError> {
    let (options, weighting): (_, Arc<dyn Weighting>) = match find("weighting", SELF_PACED, name) {
        Ok(entry) => {
            let mut options = Options::new(&entry.description, parameters)?;
            let regulariser = (entry.make)(&mut options, given)?;
            match options.number_if_given(QUANTILE.name)? {
                Some(q) => (options, Arc::new(AtQuantile::of(regulariser, q)?)),
                None => (options, regulariser),
            }
        }
        Err(_) => {
            let all = |_| CatalogueError::unknown("weighting", name, weightings().iter().map(|known| known.name));
            let entry = find("weighting", OTHER_WEIGHTINGS, name).map_err(all)?;
            let mut options = Options::new(&entry.description, parameters)?;
            let weighting = (entry.make)(&mut options, given)?;
            (options, weighting)
        }
    };
    match options.number_if_given(CAP.name)? {
        Some(cap) => Ok(Arc::new(Capped::new(weighting, cap)?)),
        None => Ok(weighting),
    }
}

/// The self-paced regulariser `name` with `parameters`, the others at their defaults, for an
/// [alternation](crate::SelfPacedAlternation). Quantiles and caps, which an alternation has no use for, are refused.
///
/// # Errors
/// As [`pacing_by_name`](crate::pacing_by_name).
pub fn self_paced_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    given: &Given<'_>,
) -> Result<Arc<dyn SelfPaced>, PacingError> {
    let entry = find("self-paced weighting", SELF_PACED, name)?;
    let mut options = Options::new(&entry.description, parameters)?;
    for (parameter, instead) in [(QUANTILE, "annealing by quantile instead"), (CAP, "weights up to 1")] {
        if options.has(parameter.name) {
            return Err(options.invalid(parameter.name, instead).into());
        }
    }
    (entry.make)(&mut options, given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::checks::{GIVEN, check_list};

    #[test]
    fn every_weighting_is_made_of_what_it_needs_and_not_of_less() {
        check_list(&weightings(), |name, parameters| Ok(weighting_by_name(name, parameters, &GIVEN)?.to_string()));
    }

    #[test]
    fn what_all_take_wraps_what_there_is() {
        let made = |name, parameters: &[(&str, &str)]| weighting_by_name(name, parameters, &GIVEN);
        let mut weights = [0.0; 3];
        made("hard", &[("quantile", "0.6")]).unwrap().weights(&[30.0, 20.0, 10.0], &mut weights).unwrap();
        assert_eq!(weights, [0.0, 1.0, 1.0]);
        made("hard", &[("lambda", "9"), ("c", "2")]).unwrap().weights(&[1.0; 3], &mut weights).unwrap();
        assert_eq!(weights.iter().zip([1.0, 0.0, 2.0]).map(|(v, a)| v * a).sum::<f64>(), 2.0);
        made("superloss", &[("tau", "1"), ("cap", "1.5")]).unwrap().weights(&[0.0; 3], &mut weights).unwrap();
        assert_eq!(weights, [1.5; 3]);
        assert!(made("spld", &[("lambda", "1"), ("gamma", "1")]).is_ok());
        assert!(made("hard", &[("lambda", "1"), ("quantile", "0.5")]).is_err());
        assert!(
            made("mixture", &[("lambda1", "1"), ("lambda2", "2")]).unwrap_err().to_string().contains("lambda2")
        );
        assert!(made("logarithmic", &[("lambda", "1.5")]).unwrap_err().to_string().contains("(0, 1)"));

        assert_eq!(
            self_paced_by_name("mixture", &[("lambda1", "2"), ("lambda2", "1")], &GIVEN).unwrap().lambda(),
            2.0
        );
        assert!(self_paced_by_name("hard", &[("quantile", "0.5")], &GIVEN).is_err());
        assert!(self_paced_by_name("superloss", &[("tau", "0.5")], &GIVEN).is_err());
    }

    #[test]
    fn data_that_are_not_given_are_named() {
        let none = Given { total: 10, ..Given::default() };
        assert!(weighting_by_name("hard", &[("lambda", "1"), ("c", "1")], &none).is_err());
        assert!(weighting_by_name("diversity", &[("lambda", "1"), ("gamma", "1")], &none).is_err());
    }
}
