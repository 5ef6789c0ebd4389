//! What a pacing never makes available.

use std::ops::Range;

use super::Pacing;
use crate::error::PacingError;

/// The places of an order of `n_examples` that `pacing` makes available at none of `n_steps` steps, as ranges that do not
/// touch: 0 is the first place shown.
///
/// Where the pacing [grows](Pacing::grows_until) it is looked at where what is available moves on to something new alone,
/// so that neither the number of steps nor that of examples costs anything: O(log steps) looks for each such move, one for
/// a pacing that drops nothing.
///
/// ```
/// use cl_pacing::{Linear, never_available};
///
/// // Full data at 1.6 of the budget.
/// let never = never_available(&Linear::new(1.6, 0.1)?, 1_000_000_000_000, 32, 1 << 60)?;
/// assert_eq!(never, [662_500_000_000..1_000_000_000_000]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
///
/// # Errors
/// Where `n_steps` is 0, or the pacing falls, or moves on to something new, more than 2^24 times.
pub fn never_available(
    pacing: &dyn Pacing,
    n_examples: usize,
    batch_size: usize,
    n_steps: u64,
) -> Result<Vec<Range<usize>>, PacingError> {
    PacingError::check("n_steps", n_steps, n_steps > 0, "at least 1")?;
    let mut looks = Looks { pacing, n_examples, batch_size, n_steps, n_left: MOST_LOOKS };
    let mut shown = Ranges::default();
    let mut step = 0;
    while step < n_steps && !shown.cover(n_examples) {
        let last = looks.grows_until(step);
        looks.stretch(step, last, &mut shown)?;
        step = last + 1;
    }
    Ok(shown.gaps(n_examples))
}

/// Looks at a pacing, after which it is said to be too much of one.
const MOST_LOOKS: u32 = 1 << 24;

struct Looks<'a> {
    pacing: &'a dyn Pacing,
    n_examples: usize,
    batch_size: usize,
    n_steps: u64,
    n_left: u32,
}

impl Looks<'_> {
    fn progress(&self, step: u64) -> f64 {
        step as f64 / self.n_steps as f64
    }

    fn at(&mut self, step: u64) -> Result<Range<usize>, PacingError> {
        self.n_left = self.n_left.checked_sub(1).ok_or_else(|| {
            let value = format!("{} of {}", self.n_steps, self.pacing);
            PacingError::argument("n_steps", value, "steps in which what is available moves at most 2^24 times")
        })?;
        Ok(self.pacing.available(self.progress(step), self.n_examples, self.batch_size))
    }

    /// The last step of those from `step` on in which the pacing grows for certain, itself at least.
    fn grows_until(&self, step: u64) -> u64 {
        let until = self.pacing.grows_until(self.progress(step));
        // A bit less, because progress is a rounded quotient. What is left out is looked at step by step.
        let last = (until * self.n_steps as f64 * (1.0 - 1e-15)) as u64;
        let last = last.min(self.n_steps - 1);
        if last > step && self.progress(last) < until { last } else { step }
    }

    /// Adds what is available from `first` to `last`, between which neither end moves back.
    fn stretch(&mut self, first: u64, last: u64, shown: &mut Ranges) -> Result<(), PacingError> {
        let ends = ((first, self.at(first)?), (last, self.at(last)?));
        // Those to come last first, so that what is shown is added in order.
        let mut stretches = vec![ends];
        while let Some(((first, from), (last, to))) = stretches.pop() {
            if to.start <= from.end {
                // What is between holds all from the start of the last to the end of the first.
                shown.add(from.start.min(to.start)..from.end.max(to.end));
            } else if last - first <= 1 {
                shown.add(from);
                shown.add(to);
            } else {
                let middle = first + (last - first) / 2;
                let between = self.at(middle)?;
                stretches.push(((middle, between.clone()), (last, to)));
                stretches.push(((first, from), (middle, between)));
            }
        }
        Ok(())
    }
}

/// Ranges in order, with a gap between any two.
#[derive(Default)]
struct Ranges(Vec<Range<usize>>);

impl Ranges {
    fn add(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let from = self.0.partition_point(|known| known.end < range.start);
        let to = from + self.0[from..].partition_point(|known| known.start <= range.end);
        let Some(touched) = self.0.get(from..to).filter(|touched| !touched.is_empty()) else {
            return self.0.insert(from, range);
        };
        let joined = range.start.min(touched[0].start)..range.end.max(touched[touched.len() - 1].end);
        self.0[from] = joined;
        self.0.drain(from + 1..to);
    }

    fn cover(&self, n: usize) -> bool {
        self.0.first().is_some_and(|first| first.start == 0 && first.end >= n)
    }

    fn gaps(&self, n: usize) -> Vec<Range<usize>> {
        let starts = self.0.iter().map(|range| range.end);
        let ends = self.0.iter().map(|range| range.start).chain([n]);
        std::iter::once(0)
            .chain(starts)
            .zip(ends)
            .map(|(start, end)| start..end)
            .filter(|gap| !gap.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::{
        BabySteps, Competence, Cyclic, Decreasing, DifficultySchedule, Discrete, FixedExponential, FromFn, Full,
        Geometric, Linear, OnePass, Polynomial, Root, Rounding, SingleStep, VariedExponential,
    };
    use proptest::prelude::*;

    fn step_by_step(pacing: &dyn Pacing, n: usize, batch_size: usize, n_steps: u64) -> Vec<Range<usize>> {
        let mut is_shown = vec![false; n];
        for step in 0..n_steps {
            let available = pacing.available(step as f64 / n_steps as f64, n, batch_size);
            is_shown[available].fill(true);
        }
        let mut never = Ranges::default();
        (0..n).filter(|&place| !is_shown[place]).for_each(|place| never.add(place..place + 1));
        never.0
    }

    /// A pacing, and whether it knows exactly until when it grows.
    fn any_pacing() -> impl Strategy<Value = (Box<dyn Pacing>, bool)> {
        let numbers = (0.0..2.0, 0.01..1.0, 0.2..8.0, 1u64..40, 1u64..20, 0usize..18, 1u64..7);
        numbers.prop_map(|(a, b, p, k, length, kind, n_cycles)| {
            let total = 60;
            let pacing: Box<dyn Pacing> = match kind {
                0 => Box::new(Linear::new(a, b).unwrap()),
                1 => Box::new(Root::new(a, b).unwrap()),
                2 => Box::new(Polynomial::new(a, b, p).unwrap()),
                3 => Box::new(Competence::new(b, p.max(1.0)).unwrap()),
                4 => Box::new(Geometric::new(b).unwrap()),
                5 => Box::new(BabySteps::new(k, length, total).unwrap()),
                6 | 7 => Box::new(OnePass::new(k, length, total).unwrap()),
                8 => Box::new(Decreasing::new(0.8, b, length, total).unwrap()),
                9 => Box::new(
                    Discrete::new(vec![(0.0, b), (0.3, a / 2.0), (0.6, b / 2.0), (0.9, a / 4.0)]).unwrap(),
                ),
                10 => Box::new(FixedExponential::new(b, 1.0 + p, length, total).unwrap()),
                11 => Box::new(SingleStep::new(b, length, total).unwrap()),
                12 => Box::new(VariedExponential::new(b / 4.0, 1.5, vec![length, length + k], total).unwrap()),
                13 => Box::new(FromFn::new("wave", None, Rounding::Ceiling, move |t| b * (p * t).sin().abs())),
                14 => {
                    let schedule = DifficultySchedule::fixed_linear(1, k, length, 3.min(k)).unwrap();
                    Box::new(schedule.pacing_of_ranks(50, total).unwrap())
                }
                15 => Box::new(Full),
                _ => {
                    let schedule =
                        DifficultySchedule::fixed_discrete(vec![k, 2 * k, 3, k], vec![4, 9, 30]).unwrap();
                    Box::new(schedule.pacing_of_ranks(50, total).unwrap())
                }
            };
            let is_exact = n_cycles == 1 && ![8, 13].contains(&kind);
            (if n_cycles > 1 { Box::new(Cyclic::new(pacing, n_cycles).unwrap()) } else { pacing }, is_exact)
        })
    }

    proptest! {
        #[test]
        fn few_looks_are_as_good_as_all(
            (pacing, _) in any_pacing(), n in 1usize..300, batch_size in 1usize..30, n_steps in 1u64..400,
        ) {
            let (batch_size, all) = (batch_size.min(n), [60, n_steps]);
            for n_steps in all {
                let expected = step_by_step(&*pacing, n, batch_size, n_steps);
                prop_assert_eq!(never_available(&*pacing, n, batch_size, n_steps).unwrap(), expected, "{}", pacing);
            }
        }

        #[test]
        fn a_pacing_grows_until_where_it_says((pacing, is_exact) in any_pacing(), step in 0u64..90) {
            let of_step = |step: u64| step as f64 / 60.0;
            let at = |step: u64| [pacing.fraction(of_step(step)), pacing.dropped(of_step(step))];
            let falls = |&step: &u64| at(step).iter().zip(at(step - 1)).any(|(now, before)| *now < before - 1e-12);
            let until = pacing.grows_until(of_step(step));
            prop_assert!(until >= of_step(step), "{pacing}: {until}");
            match (step + 1..300).find(falls) {
                Some(fall) => {
                    prop_assert!(until <= of_step(fall), "{pacing}: {until}, {fall}");
                    prop_assert!(!is_exact || until > (fall as f64 - 1e-6) / 60.0, "{pacing}: {until}, {fall}");
                }
                None => prop_assert!(!is_exact || until == f64::INFINITY, "{pacing}: {until}"),
            }
        }

        #[test]
        fn all_are_available_from_where_a_pacing_says((pacing, _) in any_pacing(), later in 0.0..5.0) {
            let is_full = |at: f64| pacing.fraction(at) >= 1.0 - 1e-12 && pacing.dropped(at) == 0.0;
            match pacing.full_at() {
                Some(at) => {
                    prop_assert!(at >= 0.0 && is_full(at * (1.0 + 1e-9) + later), "{pacing}: {at}");
                    prop_assert!(at == 0.0 || !is_full(at * (1.0 - 1e-6)), "{pacing}: {at}");
                }
                None => prop_assert!((0..100).any(|k| !is_full(later + f64::from(k))), "{pacing}"),
            }
            let is_at_times_full = (0..=60).any(|step| is_full(f64::from(step) / 60.0));
            prop_assert!(pacing.reaches_full() || !is_at_times_full, "{pacing}");
        }
    }

    #[test]
    fn neither_steps_nor_examples_cost_anything() {
        let (n, n_steps) = (usize::MAX, u64::MAX);
        let never = |pacing: &dyn Pacing, n| never_available(pacing, n, 1, n_steps);
        assert!(never(&Linear::new(0.5, 0.1).unwrap(), n).unwrap().is_empty());
        assert_eq!(Full.grows_until(0.5), f64::INFINITY);
        let never_4_to_8 = never(&Discrete::new(vec![(0.0, 0.5), (0.5, 0.25)]).unwrap(), 8).unwrap();
        assert!(never_4_to_8.into_iter().eq(std::iter::once(4..8)));
        assert!(never(&OnePass::new(4, 1 << 62, n_steps).unwrap(), n).unwrap().is_empty());
        // A bucket that comes and goes between two steps.
        let second = never_available(&OnePass::new(4, 1, 8).unwrap(), 100, 1, 4).unwrap();
        assert!(second.into_iter().eq(std::iter::once(25..50)));
        let pacing = Cyclic::new(Linear::new(2.0, 0.5).unwrap(), 1 << 40).unwrap();
        let error = never(&pacing, 100).unwrap_err().to_string();
        assert!(error.contains("n_cycles = 1099511627776"), "{error}");
        assert!(never_available(&pacing, 100, 1, 0).is_err());
    }
}
