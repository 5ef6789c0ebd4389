use cl_data::catalogue::{CatalogueError, Description, Options, Parameter};

use crate::split::Shares;

pub(super) static DATA: Description = Description {
    name: "data",
    summary: "how the data are cut, and what is made wrong of them",
    parameters: &[
        Parameter::with_default("train", "the share that is trained on", "0.6"),
        Parameter::with_default(
            "validation",
            "the share that the best epoch is chosen on; the rest is tested on",
            "0.2",
        ),
        Parameter::with_default("seed", "the seed of the cut and of the noise", "0"),
        Parameter::with_default("noise", "the share of training and validation labels that is made wrong", "0"),
    ],
};

/// How the data are cut, and what is made wrong of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DataSettings {
    pub(super) shares: Shares,
    pub(super) seed: u64,
    pub(super) noise: f64,
}

impl DataSettings {
    pub(super) fn read(options: &mut Options) -> Result<Self, CatalogueError> {
        let train: f64 =
            options.number_in("train", |share: &f64| *share > 0.0 && *share < 1.0, "a share in (0, 1)")?;
        let left = |share: &f64| *share > 0.0 && train + share < 1.0;
        let expected = "a share above 0 that leaves some to test on beside `train`";
        let validation = options.number_in("validation", left, expected)?;
        let noise = options.number_in("noise", |share: &f64| (0.0..1.0).contains(share), "a share in [0, 1)")?;
        Ok(Self { shares: Shares { train, validation }, seed: options.number("seed")?, noise })
    }
}
