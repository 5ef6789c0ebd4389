//! The dynamic prunings by name; what each is stands in its own file.

use cl_data::{
    Sampler,
    catalogue::{Description, Options, find},
};

use super::entry::{DynamicInputs, Entry};
use crate::error::PruneError;

static DYNAMIC_PRUNINGS: &[&Entry] =
    &[&super::info_batch::ENTRY, &super::dynamic_random::ENTRY, &super::repeated_random::ENTRY];

/// Every dynamic pruning that is had by name.
pub fn dynamic_prunings() -> Vec<Description> {
    DYNAMIC_PRUNINGS.iter().map(|entry| entry.description).collect()
}

/// The dynamic pruning `name` with `parameters`, the others at their defaults.
///
/// ```
/// use cl_prune::{DynamicInputs, dynamic_pruning_by_name};
///
/// let inputs = DynamicInputs { n_examples: 10, batch_size: 3, seed: 0 };
/// let sampler = dynamic_pruning_by_name("dynamic-random", &[("fractions", "0.5")], inputs)?;
/// assert_eq!(sampler.epoch(0).n_steps, 2); // five of ten examples
/// let error = dynamic_pruning_by_name("info-batch", &[], inputs).err().unwrap();
/// assert!(error.to_string().contains("info-batch.n_epochs is missing"));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
///
/// # Errors
/// On an unknown name or parameter, of which the known ones are named; a parameter missing, given twice or out of its
/// domain.
pub fn dynamic_pruning_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    inputs: DynamicInputs,
) -> Result<Box<dyn Sampler>, PruneError> {
    let other_names = [("infobatch", "info-batch"), ("rs2", "repeated-random")];
    let entry = find("dynamic pruning", DYNAMIC_PRUNINGS, |entry| &entry.description, &other_names, name)?;
    let mut options = Options::new(&entry.description, parameters)?;
    (entry.make)(&mut options, inputs).map_err(|error| error.of_parameter(&options))
}

#[cfg(test)]
mod tests {
    use cl_data::Batch;

    use super::*;
    use crate::dynamic::{DynamicRandomSampler, EpochFractions, InfoBatchSampler, RepeatedRandomSampler};

    const INPUTS: DynamicInputs = DynamicInputs { n_examples: 20, batch_size: 6, seed: 5 };

    fn make(name: &str, parameters: &[(&str, &str)]) -> Result<Box<dyn Sampler>, PruneError> {
        dynamic_pruning_by_name(name, parameters, INPUTS)
    }

    #[test]
    fn a_name_makes_what_the_constructor_makes() {
        let fractions = || EpochFractions::new(vec![0.3, 0.6]).unwrap();
        let info_batch = InfoBatchSampler::new(20, 6, 10, 5).unwrap().with_ratio(0.4).unwrap();
        let given = [("fractions", "0.3,0.6")];
        type Given<'a> = &'a [(&'a str, &'a str)];
        let pairs: [(&str, Given<'_>, Box<dyn Sampler>); 3] = [
            ("info-batch", &[("n_epochs", "10"), ("r", "0.4")], Box::new(info_batch)),
            ("dynamic-random", &given, Box::new(DynamicRandomSampler::new(20, fractions(), 6, 5).unwrap())),
            ("repeated-random", &given, Box::new(RepeatedRandomSampler::new(20, fractions(), 6, 5).unwrap())),
        ];
        for (name, parameters, mut expected) in pairs {
            let mut found = make(name, parameters).unwrap();
            let (mut left, mut right) = (Batch::default(), Batch::default());
            for step in 0..4 {
                found.batch(step, &mut left).unwrap();
                expected.batch(step, &mut right).unwrap();
                assert_eq!(left, right, "{name} {step}");
            }
            assert_eq!(found.save(4).unwrap(), expected.save(4).unwrap(), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, parameters, told) in [
            ("info", &[][..], "info-batch, dynamic-random, repeated-random"),
            ("info-batch", &[("n_epochs", "0")], "info-batch.n_epochs is 0"),
            ("info-batch", &[("n_epochs", "2"), ("r", "1")], "info-batch.r is 1"),
            ("info-batch", &[("n_epochs", "2"), ("draw", "all")], "independent, fixed-count"),
            ("dynamic-random", &[("fractions", "0.5,2")], "fractions is 2"),
            ("dynamic-random", &[("rescaled", "yes")], "one of true, false"),
            ("rs2", &[("fraction", "1")], "fractions"),
        ] {
            let error = make(name, parameters).err().unwrap().to_string();
            assert!(error.contains(told), "{name}: {error}");
        }
    }
}
