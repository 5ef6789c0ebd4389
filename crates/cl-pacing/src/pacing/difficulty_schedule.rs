use std::fmt;

use cl_data::catalogue::{Options, Parameter};
use serde::{Deserialize, Serialize};

use super::entry::{pacing_entry, total};
use super::units::{before, check_total, units_passed};
use super::{Pacing, rounding::Rounding};
use crate::{entry::Given, error::PacingError};

/// A schedule of difficulty **values** instead of fractions: sequence lengths, vocabulary ranks.
///
/// ```text
/// fixed_linear, fixed_root     d = floor((t / T)^(1/r) (max - min) + min), r = 1 where linear
///                              max where d >= max, else d - (d mod step), at least ceil(min / step) step, at most max
/// fixed_discrete               difficulty_k for t in (max_step_{k-1}, max_step_k], the last one from then on
/// ```
///
/// t is the step, counted from 0, T the steps until max is reached. The published code starts below min where that
/// is no multiple of the difficulty step, and reaches a max that is none only steps later; both ends hold here. A
/// value within 1e-12 (relative) of an integer is that integer.
///
/// Source: Li, Zhang and He (2022), The stability-efficiency dilemma: investigating sequence length warmup for training
/// GPT models, and the curriculum scheduler of DeepSpeed, whose schedule types these are.
///
/// ```
/// use cl_pacing::DifficultySchedule;
///
/// let schedule = DifficultySchedule::fixed_linear(64, 1000, 100, 16)?;
/// assert_eq!([0, 50, 99, 100].map(|step| schedule.difficulty(step)), [64, 528, 976, 1000]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct DifficultySchedule(Kind);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    FixedRoot { min: u64, max: u64, total_step: u64, difficulty_step: u64, root_degree: f64 },
    FixedDiscrete { difficulties: Vec<u64>, max_steps: Vec<u64> },
}

#[derive(Deserialize)]
struct Unchecked(Kind);

impl TryFrom<Unchecked> for DifficultySchedule {
    type Error = PacingError;

    fn try_from(Unchecked(kind): Unchecked) -> Result<Self, PacingError> {
        match kind {
            Kind::FixedRoot { min, max, total_step, difficulty_step, root_degree } => {
                Self::fixed_root(min, max, total_step, difficulty_step, root_degree)
            }
            Kind::FixedDiscrete { difficulties, max_steps } => Self::fixed_discrete(difficulties, max_steps),
        }
    }
}

impl DifficultySchedule {
    /// From `min` to `max` linearly over `total_step` steps, in multiples of `difficulty_step`.
    ///
    /// # Errors
    /// Unless min <= max, and `total_step` and `difficulty_step` are at least 1.
    pub fn fixed_linear(min: u64, max: u64, total_step: u64, difficulty_step: u64) -> Result<Self, PacingError> {
        Self::fixed_root(min, max, total_step, difficulty_step, 1.0)
    }

    /// The same along a root of degree `root_degree`: fast at first.
    ///
    /// # Errors
    /// Also unless the degree is finite and above 0.
    pub fn fixed_root(
        min: u64,
        max: u64,
        total_step: u64,
        difficulty_step: u64,
        root_degree: f64,
    ) -> Result<Self, PacingError> {
        let expected = "a difficulty of at most the largest";
        PacingError::check("min", format!("{min}, and max {max}"), min <= max, expected)?;
        check_total("total_step", total_step)?;
        PacingError::check("difficulty_step", difficulty_step, difficulty_step > 0, "at least 1")?;
        if !(root_degree.is_finite() && root_degree > 0.0) {
            return Err(PacingError::argument("root_degree", root_degree, "a finite number above 0"));
        }
        Ok(Self(Kind::FixedRoot { min, max, total_step, difficulty_step, root_degree }))
    }

    /// The difficulties in turn, each but the last until its last step (inclusive).
    ///
    /// # Errors
    /// Unless there is one more difficulty than steps, and the steps increase.
    pub fn fixed_discrete(difficulties: Vec<u64>, max_steps: Vec<u64>) -> Result<Self, PacingError> {
        let difficulties_of = "the list of difficulties, one more than max_steps,";
        PacingError::check_length(difficulties_of, difficulties.len(), max_steps.len() + 1)?;
        if !max_steps.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err(PacingError::argument("max_steps", format!("{max_steps:?}"), "steps that increase"));
        }
        Ok(Self(Kind::FixedDiscrete { difficulties, max_steps }))
    }

    /// Whether the difficulty stays from `step` on.
    pub(crate) fn has_ended(&self, step: u64) -> bool {
        match &self.0 {
            Kind::FixedDiscrete { max_steps, .. } => max_steps.last().is_none_or(|&last| step > last),
            Kind::FixedRoot { total_step, .. } => step >= *total_step,
        }
    }

    /// The highest difficulty of any step.
    pub fn highest(&self) -> u64 {
        match &self.0 {
            Kind::FixedDiscrete { difficulties, .. } => difficulties.iter().copied().max().unwrap_or(0),
            Kind::FixedRoot { max, .. } => *max,
        }
    }

    /// The difficulty at `step`.
    pub fn difficulty(&self, step: u64) -> u64 {
        match &self.0 {
            Kind::FixedDiscrete { difficulties, max_steps } => {
                difficulties[max_steps.partition_point(|&last| last < step)]
            }
            &Kind::FixedRoot { min, max, total_step, difficulty_step, root_degree } => {
                let grown = (step as f64 / total_step as f64).powf(1.0 / root_degree);
                let exact = grown * (max - min) as f64 + min as f64;
                let nearest = exact.round();
                let whole =
                    if (exact - nearest).abs() <= 1e-12 * nearest { nearest } else { exact.floor() } as u64;
                if step >= total_step || whole >= max {
                    return max;
                }
                // At both ends: the least multiple that is not below min, and max.
                let least = min.checked_next_multiple_of(difficulty_step).unwrap_or(max);
                (whole - whole % difficulty_step).max(least).min(max)
            }
        }
    }

    /// The steps at which the difficulty is at its highest from then on.
    fn settled_at(&self) -> u64 {
        match &self.0 {
            Kind::FixedRoot { total_step, .. } => *total_step,
            Kind::FixedDiscrete { max_steps, .. } => max_steps.last().map_or(0, |last| last.saturating_add(1)),
        }
    }

    /// The pacing of data of these difficulties: the fraction of them that is at most the schedule's difficulty, for
    /// a run of `total` steps. With the order of the same difficulties, [`EasyFirst`](crate::EasyFirst), the examples
    /// available are exactly those. O(n log n) once, O(log n) per call, 8 bytes per example.
    ///
    /// # Errors
    /// Where a difficulty is NaN, or there is none, or `total` is 0.
    pub fn pacing(&self, difficulty: &[f64], total: u64) -> Result<DifficultyPacing, PacingError> {
        if let Some(example) = difficulty.iter().position(|difficulty| difficulty.is_nan()) {
            return Err(PacingError::NotANumber { what: "difficulty", example });
        }
        PacingError::check("n_examples", 0, !difficulty.is_empty(), "at least 1")?;
        check_total("total", total)?;
        let mut sorted = difficulty.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(DifficultyPacing { schedule: self.clone(), difficulties: Difficulties::Sorted(sorted), total })
    }

    /// The same of `n_examples` whose difficulties are their ranks from 1 on. O(1) per call, no memory.
    ///
    /// # Errors
    /// Where there is no example, or `total` is 0.
    pub fn pacing_of_ranks(&self, n_examples: usize, total: u64) -> Result<DifficultyPacing, PacingError> {
        PacingError::check("n_examples", n_examples, n_examples > 0, "at least 1")?;
        check_total("total", total)?;
        Ok(DifficultyPacing { schedule: self.clone(), difficulties: Difficulties::Ranks(n_examples), total })
    }
}

impl fmt::Display for DifficultySchedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::FixedRoot { min, max, total_step, difficulty_step, root_degree } => {
                let name = if *root_degree == 1.0 { "fixed_linear" } else { "fixed_root" };
                write!(formatter, "{name} (min = {min}, max = {max}, total_step = {total_step}, ")?;
                write!(formatter, "difficulty_step = {difficulty_step}, root_degree = {root_degree})")
            }
            Kind::FixedDiscrete { difficulties, max_steps } => {
                write!(formatter, "fixed_discrete (difficulties = {difficulties:?}, max_steps = {max_steps:?})")
            }
        }
    }
}

/// The pacing of a [`DifficultySchedule`] over the difficulties of a data set; made by
/// [`DifficultySchedule::pacing`].
#[derive(Debug, Clone, PartialEq)]
pub struct DifficultyPacing {
    schedule: DifficultySchedule,
    difficulties: Difficulties,
    total: u64,
}

#[derive(Debug, Clone, PartialEq)]
enum Difficulties {
    Sorted(Vec<f64>),
    /// From 1 to as many.
    Ranks(usize),
}

impl Difficulties {
    fn len(&self) -> usize {
        match self {
            Self::Sorted(sorted) => sorted.len(),
            Self::Ranks(n) => *n,
        }
    }

    fn n_within(&self, limit: u64) -> usize {
        match self {
            Self::Sorted(sorted) => sorted.partition_point(|&difficulty| difficulty <= limit as f64),
            Self::Ranks(n) => usize::try_from(limit).map_or(*n, |limit| limit.min(*n)),
        }
    }
}

impl DifficultyPacing {
    fn n_within(&self, step: u64) -> usize {
        self.difficulties.n_within(self.schedule.difficulty(step))
    }
}

impl Pacing for DifficultyPacing {
    fn fraction(&self, progress: f64) -> f64 {
        self.n_within(units_passed(progress, self.total)) as f64 / self.difficulties.len() as f64
    }

    /// O(log T log n).
    fn full_at(&self) -> Option<f64> {
        let full = |step| self.n_within(step) == self.difficulties.len();
        let settled = self.schedule.settled_at();
        if !full(settled) {
            return None;
        }
        let first = match &self.schedule.0 {
            // Grows: halve.
            Kind::FixedRoot { .. } => {
                let (mut below, mut first) = (0, settled);
                while below < first {
                    let middle = below + (first - below) / 2;
                    if full(middle) { first = middle } else { below = middle + 1 }
                }
                first
            }
            // May fall: back over the entries that stay full.
            Kind::FixedDiscrete { max_steps, .. } => {
                let start = |last: &u64| last.saturating_add(1);
                let starts = [0].into_iter().chain(max_steps.iter().map(start));
                let starts: Vec<u64> = starts.collect();
                starts.into_iter().rev().take_while(|&step| full(step)).last()?
            }
        };
        Some(first as f64 / self.total as f64)
    }

    /// A table may rise to all and fall again.
    fn reaches_full(&self) -> bool {
        let highest = match &self.schedule.0 {
            Kind::FixedRoot { .. } => self.schedule.difficulty(self.total),
            Kind::FixedDiscrete { difficulties, max_steps } => {
                let n_begun = 1 + max_steps.iter().filter(|&&last| last < self.total).count();
                difficulties[..n_begun].iter().copied().max().unwrap_or(0)
            }
        };
        self.difficulties.n_within(highest) == self.difficulties.len()
    }

    /// The next entry of a table that is below the one before it.
    fn grows_until(&self, progress: f64) -> f64 {
        let Kind::FixedDiscrete { difficulties, max_steps } = &self.schedule.0 else { return f64::INFINITY };
        let passed = max_steps.partition_point(|&last| last < units_passed(progress, self.total));
        let falls = difficulties[passed..].windows(2).position(|pair| pair[1] < pair[0]);
        falls.map_or(f64::INFINITY, |at| before(max_steps[passed + at] as f64 + 1.0, self.total))
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }
}

impl fmt::Display for DifficultyPacing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of difficulties (total = {})", self.schedule, self.total)
    }
}

const MIN: Parameter = Parameter::new("min", "the least difficulty");
const MAX: Parameter = Parameter::new("max", "the highest difficulty");
const TOTAL_STEP: Parameter = Parameter::new("total_step", "the steps until the highest difficulty");
const DIFFICULTY_STEP: Parameter =
    Parameter::with_default("difficulty_step", "of what difficulties are multiples", "1");

pacing_entry! {
    FIXED_LINEAR = "fixed-linear": "DeepSpeed: examples up to a difficulty that grows linearly",
    [MIN, MAX, TOTAL_STEP, DIFFICULTY_STEP],
    |options, given| of_difficulties(fixed_root(1.0, options)?, options, given)
}

pacing_entry! {
    FIXED_ROOT = "fixed-root": "DeepSpeed: examples up to a difficulty that grows as a root",
    [MIN, MAX, TOTAL_STEP, DIFFICULTY_STEP, Parameter::with_default("root_degree", "the degree of the root", "2")],
    |options, given| of_difficulties(fixed_root(options.number("root_degree")?, options)?, options, given)
}

pacing_entry! {
    FIXED_DISCRETE = "fixed-discrete": "DeepSpeed: examples up to a difficulty by a table",
    [
        Parameter::new("difficulties", "the difficulties, separated by commas"),
        Parameter::new("max_steps", "the last step of each but the last, separated by commas"),
    ],
    |options, given| {
        let (difficulties, max_steps) = (options.list("difficulties")?, options.list("max_steps")?);
        of_difficulties(DifficultySchedule::fixed_discrete(difficulties, max_steps)?, options, given)
    }
}

fn fixed_root(root_degree: f64, options: &mut Options) -> Result<DifficultySchedule, PacingError> {
    let (min, max, total_step) = (options.number("min")?, options.number("max")?, options.number("total_step")?);
    DifficultySchedule::fixed_root(min, max, total_step, options.number("difficulty_step")?, root_degree)
}

fn of_difficulties(
    schedule: DifficultySchedule,
    options: &mut Options,
    given: &Given<'_>,
) -> Result<DifficultyPacing, PacingError> {
    let total = total(options, given)?;
    if let (None, Some(n_examples)) = (given.difficulty, given.ranks) {
        return schedule.pacing_of_ranks(n_examples, total);
    }
    schedule.pacing(options.given(given.difficulty, "difficulty", "the difficulty of each example")?, total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn difficulties_stay_within_their_ends(
            min in 0u64..3000, more in 0u64..3000, total_step in 1u64..2000, difficulty_step in 1u64..70,
            root_degree in prop_oneof![Just(1.0), 0.5..6.0],
        ) {
            let max = min + more;
            let schedule = DifficultySchedule::fixed_root(min, max, total_step, difficulty_step, root_degree).unwrap();
            let difficulties: Vec<u64> = (0..=total_step + 2).map(|step| schedule.difficulty(step)).collect();
            prop_assert!(difficulties.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert!(difficulties.iter().all(|d| (min..=max).contains(d)));
            prop_assert!(difficulties.iter().all(|d| d % difficulty_step == 0 || *d == max));
            prop_assert_eq!(difficulties[total_step as usize], max);
        }

        #[test]
        fn what_is_available_is_what_is_no_harder(
            difficulty in prop::collection::vec(0u32..120, 1..60), min in 0u64..50, more in 1u64..80, total in 1u64..60,
        ) {
            let difficulty: Vec<f64> = difficulty.into_iter().map(f64::from).collect();
            let schedule = DifficultySchedule::fixed_linear(min, min + more, 40, 4).unwrap();
            let pacing = schedule.pacing(&difficulty, total).unwrap();
            let mut first_full = None;
            for step in 0..=total.max(40) {
                let n_easy = difficulty.iter().filter(|&&d| d <= schedule.difficulty(step) as f64).count();
                prop_assert_eq!(pacing.count(step as f64 / total as f64, difficulty.len(), 0), n_easy);
                if n_easy == difficulty.len() {
                    first_full.get_or_insert(step as f64 / total as f64);
                }
            }
            prop_assert_eq!(pacing.full_at(), first_full);
        }
    }

    /// min + floor(step (max - min) / total), in integers.
    #[test]
    fn a_line_is_not_rounded_down_twice() {
        for (min, max, total) in
            (0..40).flat_map(|min| [(min, min + 7, 10), (min, min + 29, 31), (min, min + 48, 49)])
        {
            let schedule = DifficultySchedule::fixed_linear(min, max, total, 1).unwrap();
            for step in 0..=total {
                let exact = min + step * (max - min) / total;
                assert_eq!(schedule.difficulty(step), exact, "{schedule} at {step}");
                assert_eq!(schedule.has_ended(step), step == total);
            }
        }
    }

    #[test]
    fn a_table_may_fall_and_says_when_it_is_full() {
        let schedule = DifficultySchedule::fixed_discrete(vec![9, 2, 9, 8], vec![3, 7, 9]).unwrap();
        assert_eq!([0, 3, 4, 7, 8, 9, 10].map(|step| schedule.difficulty(step)), [9, 9, 2, 2, 9, 9, 8]);
        let full_at = |hardest| schedule.pacing(&[1.0, hardest], 100).unwrap().full_at();
        assert_eq!([full_at(1.0), full_at(8.0), full_at(9.0)], [Some(0.0), Some(0.08), None]);
        // All of 9 are available from the first step, and again from the eighth; of a budget that ends before, too.
        let reaches_full = |hardest, total| schedule.pacing(&[1.0, hardest], total).unwrap().reaches_full();
        assert!(reaches_full(9.0, 100) && reaches_full(9.0, 2) && !reaches_full(10.0, 100));
        let late = DifficultySchedule::fixed_discrete(vec![2, 9, 3], vec![7, 9]).unwrap();
        let late = |total| late.pacing(&[1.0, 9.0], total).unwrap().reaches_full();
        assert_eq!([late(7), late(8), late(100)], [false, true, true]);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        assert!(DifficultySchedule::fixed_linear(9, 8, 10, 1).is_err());
        assert!(DifficultySchedule::fixed_linear(1, 8, 0, 1).is_err());
        assert!(DifficultySchedule::fixed_linear(1, 8, 10, 0).is_err());
        assert!(DifficultySchedule::fixed_root(1, 8, 10, 1, 0.0).is_err());
        assert!(DifficultySchedule::fixed_discrete(vec![1, 2], vec![]).is_err());
        assert!(DifficultySchedule::fixed_discrete(vec![1, 2, 3], vec![5, 5]).is_err());
        let schedule = DifficultySchedule::fixed_linear(1, 8, 10, 1).unwrap();
        assert!(schedule.pacing(&[], 10).is_err() && schedule.pacing(&[f64::NAN], 10).is_err());
        let json = serde_json::to_string(&schedule).unwrap();
        assert_eq!(serde_json::from_str::<DifficultySchedule>(&json).unwrap(), schedule);
        assert!(serde_json::from_str::<DifficultySchedule>(&json.replace("\"max\":8", "\"max\":0")).is_err());
    }
}
