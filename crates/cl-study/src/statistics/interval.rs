use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A closed interval of confidence, at 95 % wherever nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Half the width.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether `value` lies inside, ends included.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Student's 95 % interval of a mean, `mean +- t(0.975; n - 1) s / sqrt(n)`.
    pub(crate) fn student(mean: f64, standard_deviation: f64, n: usize) -> Option<Self> {
        Self::student_at(0.95, mean, standard_deviation, n)
    }

    /// Student's interval of a mean at a level, `mean +- t((1 + level) / 2; n - 1) s / sqrt(n)`.
    pub(crate) fn student_at(level: f64, mean: f64, standard_deviation: f64, n: usize) -> Option<Self> {
        let t = StudentsT::new(0.0, 1.0, n.checked_sub(1)? as f64).ok()?.inverse_cdf((1.0 + level) / 2.0);
        let half_width = t * standard_deviation / (n as f64).sqrt();
        Some(Self { low: mean - half_width, high: mean + half_width })
    }
}
