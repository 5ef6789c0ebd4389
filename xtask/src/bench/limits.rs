//! What the processor and its memory can do, measured in the same run, and how near a row comes to that.

use serde::{Deserialize, Serialize};

use super::rows::Row;
use super::work::{Precision, Work};

/// A limit, which is a row of the bench `limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Memory read by one thread.
    ReadOne,
    /// Memory read by all threads.
    ReadAll,
    /// A copy within a cache, by one thread.
    CopyOne,
    /// Multiply-adds of single precision on one core.
    MultiplyAddsF32,
    /// Multiply-adds of double precision on one core.
    MultiplyAddsF64,
    /// Exponentials of double precision on one core.
    Exponentials,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ReadOne,
        Self::ReadAll,
        Self::CopyOne,
        Self::MultiplyAddsF32,
        Self::MultiplyAddsF64,
        Self::Exponentials,
    ];

    /// The row's name in the group `limits`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOne => "read, one thread",
            Self::ReadAll => "read, all threads",
            Self::CopyOne => "copy in cache, one thread",
            Self::MultiplyAddsF32 => "multiply-adds f32, one core",
            Self::MultiplyAddsF64 => "multiply-adds f64, one core",
            Self::Exponentials => "exponentials f64, one core",
        }
    }

    /// The limit of some work, and how many times over `threads` threads have it: the cores for what is computed or
    /// lies in a core's cache, once for the memory, which they share.
    pub fn of(work: Work, threads: usize) -> Option<(Self, usize)> {
        Some(match work {
            Work::MultiplyAdds { of: Precision::F32, .. } => (Self::MultiplyAddsF32, threads),
            Work::MultiplyAdds { of: Precision::F64, .. } => (Self::MultiplyAddsF64, threads),
            Work::Exponentials { .. } => (Self::Exponentials, threads),
            Work::Copy { .. } => (Self::CopyOne, threads),
            Work::Read { .. } if threads > 1 => (Self::ReadAll, 1),
            Work::Read { .. } => (Self::ReadOne, 1),
            Work::Elements { .. } => return None,
        })
    }
}

/// The measured limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits(Vec<(Limit, f64)>);

impl Limits {
    /// From the rows of the bench `limits`, of each the fastest sample, because nothing exceeds a limit; those that
    /// were not measured are missing.
    pub fn of(rows: &[Row]) -> Self {
        let rate = |limit: Limit| {
            let row = rows.iter().find(|row| row.id.strip_prefix("limits/") == Some(limit.name()))?;
            Some((limit, row.work.amount() as f64 / row.fastest))
        };
        Self(Limit::ALL.into_iter().filter_map(rate).collect())
    }

    /// Per second, in the unit of the work, on one core.
    pub fn rate(&self, limit: Limit) -> Option<f64> {
        self.0.iter().find(|(known, _)| *known == limit).map(|&(_, rate)| rate)
    }

    /// Which limit some work has and the share of it that `seconds` is: the time at the limit by the time taken.
    pub fn share(&self, work: Work, threads: usize, seconds: f64) -> Option<Share> {
        let (limit, times) = Limit::of(work, threads)?;
        let least = work.amount() as f64 / (self.rate(limit)? * times as f64);
        Some(Share { limit, times, share: least / seconds })
    }
}

/// How near a row comes to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The limit.
    pub limit: Limit,
    /// How many cores have it.
    pub times: usize,
    /// The time at the limit by the time taken: 1 is the limit itself.
    pub share: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, work: Work, seconds: f64) -> Row {
        Row {
            id: name.into(),
            work,
            threads: 1,
            instructions: "avx2".into(),
            seconds: 1.5 * seconds,
            low: seconds,
            high: 2.0 * seconds,
            fastest: seconds,
        }
    }

    fn limits() -> Limits {
        Limits::of(&[
            row("limits/read, one thread", Work::Read { bytes: 400 }, 10.0),
            row("limits/read, all threads", Work::Read { bytes: 400 }, 5.0),
            row("limits/multiply-adds f32, one core", Work::MultiplyAdds { count: 1000, of: Precision::F32 }, 2.0),
            row("something/else", Work::Elements { count: 1 }, 1.0),
        ])
    }

    #[test]
    fn a_share_is_the_time_at_the_limit_by_the_time_taken() {
        let work = Work::MultiplyAdds { count: 4000, of: Precision::F32 };
        let one = limits().share(work, 1, 16.0).unwrap();
        assert_eq!((one.limit, one.times, one.share), (Limit::MultiplyAddsF32, 1, 0.5));
        let two = limits().share(work, 2, 16.0).unwrap();
        assert_eq!((two.times, two.share), (2, 0.25));
    }

    #[test]
    fn memory_is_shared_by_all_threads() {
        let work = Work::Read { bytes: 800 };
        assert_eq!(limits().share(work, 1, 20.0).unwrap().share, 1.0);
        let all = limits().share(work, 2, 20.0).unwrap();
        assert_eq!((all.limit, all.times, all.share), (Limit::ReadAll, 1, 0.5));
    }

    #[test]
    fn what_has_no_limit_or_none_that_was_measured_has_no_share() {
        assert_eq!(limits().share(Work::Elements { count: 1 }, 1, 1.0), None);
        assert_eq!(limits().share(Work::Exponentials { count: 1 }, 1, 1.0), None);
    }

    #[test]
    fn every_limit_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Limit::ALL.iter().map(|limit| limit.name()).collect();
        assert_eq!(names.len(), Limit::ALL.len());
    }
}
