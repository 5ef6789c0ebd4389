//! What Baby Steps and One-Pass share: buckets of equal size, each with the same time.

use cl_data::catalogue::{Options, Parameter};
use serde::{Deserialize, Serialize};

use super::entry::total;
use super::units::{check_total, units_passed};
use crate::{entry::Given, error::PacingError, validated::deserialise_through_new};

pub(super) const N_BUCKETS: Parameter = Parameter::new("n_buckets", "the number of buckets");
pub(super) const BUCKET_LENGTH: Parameter = Parameter::new("bucket_length", "the steps of each");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub(super) struct Buckets {
    n_buckets: u64,
    bucket_length: u64,
    total: u64,
}

deserialise_through_new!(Buckets { n_buckets: u64, bucket_length: u64, total: u64 });

impl Buckets {
    pub(super) fn new(n_buckets: u64, bucket_length: u64, total: u64) -> Result<Self, PacingError> {
        PacingError::check("n_buckets", n_buckets, n_buckets > 0, "at least 1")?;
        PacingError::check("bucket_length", bucket_length, bucket_length > 0, "at least 1, the time of a bucket")?;
        check_total("total", total)?;
        Ok(Self { n_buckets, bucket_length, total })
    }

    pub(super) fn by_name(options: &mut Options, given: &Given<'_>) -> Result<Self, PacingError> {
        Self::new(options.number("n_buckets")?, options.number("bucket_length")?, total(options, given)?)
    }

    /// The bucket that is new at `progress`, counted from 0.
    pub(super) fn bucket(&self, progress: f64) -> u64 {
        (units_passed(progress, self.total) / self.bucket_length).min(self.n_buckets - 1)
    }

    /// The fraction of the data in the first `n` buckets.
    pub(super) fn first(&self, n: u64) -> f64 {
        n as f64 / self.n_buckets as f64
    }

    pub(super) fn is_one(&self) -> bool {
        self.n_buckets == 1
    }

    /// The progress at which the last bucket comes.
    pub(super) fn last_at(&self) -> f64 {
        (self.n_buckets - 1) as f64 * self.bucket_length as f64 / self.total as f64
    }

    pub(super) fn write(&self, name: &str, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { n_buckets, bucket_length, total } = self;
        write!(formatter, "{name} (n_buckets = {n_buckets}, bucket_length = {bucket_length}, total = {total})")
    }
}
